//! Ctrl-C in a pipeline: whoever writes the capture ends first, and what comes of all of it is still told.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{CAPTURE, command};

/// Most that an end may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(arguments: &str) -> Child {
    let mut command = command(&arguments.split_whitespace().collect::<Vec<_>>());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // With its first bytes read it has taken the signal over.
    child.stdin.as_mut().unwrap().write_all(&std::fs::read(CAPTURE).unwrap()[..100]).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !catches_interrupts(&child) {
        assert!(Instant::now() < deadline, "{arguments}: in vain waited for it to be ready for Ctrl-C");
        std::thread::yield_now();
    }
    child
}

fn catches_interrupts(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << (Signal::SIGINT as u64 - 1)) != 0
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
}

#[test]
fn what_is_written_after_ctrl_c_is_told() {
    for arguments in
        ["stats", "stats --json", "check", "print", "print -T json", "print -T csv --table exchanges", "flow"]
    {
        let mut child = start(&format!("{arguments} -"));
        interrupt(&child);
        // As tcpdump writes out what it still holds.
        let mut writer = child.stdin.take().unwrap();
        writer.write_all(&std::fs::read(CAPTURE).unwrap()[100..]).unwrap();
        drop(writer);
        let output = child.wait_with_output().unwrap();
        let mut whole = command(&format!("{arguments} -").split_whitespace().collect::<Vec<_>>());
        let whole = whole.stdin(std::fs::File::open(CAPTURE).unwrap()).output().unwrap();
        assert!(output.status.success(), "{arguments}: {output:?}");
        assert!(output.stdout == whole.stdout && !whole.stdout.is_empty(), "{arguments}");
    }
}

#[test]
fn a_writer_that_does_not_end_keeps_nobody() {
    for twice in [false, true] {
        let mut child = start("stats -");
        interrupt(&child);
        if twice {
            interrupt(&child);
        }
        let _writer = child.stdin.take();
        let (ended, end) = channel();
        std::thread::spawn(move || ended.send(child.wait_with_output()));
        let output = end.recv_timeout(PATIENCE).expect("it ends").unwrap();
        assert_eq!(output.status.signal(), Some(Signal::SIGINT as i32), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn who_is_busy_when_the_writer_has_ended_says_so() {
    let mut command = command(&["print", "-V", "-x", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(CAPTURE).unwrap()).unwrap();
    let deadline = Instant::now() + PATIENCE;
    // It waits for somebody to read what it prints.
    while !catches_interrupts(&child) {
        assert!(Instant::now() < deadline, "in vain waited for it to be ready for Ctrl-C");
        std::thread::yield_now();
    }
    interrupt(&child);
    let (told, tell) = channel();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        told.send(line)
    });
    let line = tell.recv_timeout(PATIENCE).expect("it says why it is still there");
    assert!(line.contains("what it wrote is still read: Ctrl-C again ends at once"), "{line}");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::SIGINT as i32));
}
