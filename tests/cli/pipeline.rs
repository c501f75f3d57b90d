//! Ctrl-C in a pipeline: whoever writes the capture ends first, and what comes of all of it is still told.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{CAPTURE, set};

/// Most that an end may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, which is asked to end by signals even where whoever runs the tests has these ignored, as a shell does in the background.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=INT,TERM,HUP", env!("CARGO_BIN_EXE_coapscope")]);
    set(command, arguments)
}

fn start(arguments: &str) -> Child {
    let mut command = command(&arguments.split_whitespace().collect::<Vec<_>>());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // With its first bytes read it has taken the signal over.
    child.stdin.as_mut().unwrap().write_all(&std::fs::read(CAPTURE).unwrap()[..100]).unwrap();
    wait_for_signals(&child);
    child
}

fn wait_for_signals(child: &Child) {
    let deadline = Instant::now() + PATIENCE;
    while !catches_interrupts(child) {
        assert!(Instant::now() < deadline, "in vain waited for it to be ready for Ctrl-C");
        std::thread::yield_now();
    }
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

/// What a command says that has all of the capture, and its writer stays; it is asked to end by these signals.
fn outcome(mut child: Child, signals: &[Signal], pid: u32) -> Output {
    let _writer = child.stdin.take();
    for signal in signals {
        kill(Pid::from_raw(pid.cast_signed()), *signal).unwrap();
    }
    let (ended, end) = channel();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    end.recv_timeout(PATIENCE).expect("it ends").unwrap()
}

#[test]
fn what_came_is_told_though_the_writer_stays() {
    for (arguments, signal) in [
        ("stats", Signal::SIGINT),
        ("stats", Signal::SIGTERM),
        ("stats --json", Signal::SIGTERM),
        ("check", Signal::SIGTERM),
        ("flow", Signal::SIGTERM),
        ("print", Signal::SIGTERM),
        ("print -T json", Signal::SIGINT),
        ("print -T csv --table exchanges", Signal::SIGTERM),
    ] {
        let mut child = start(&format!("{arguments} -"));
        child.stdin.as_mut().unwrap().write_all(&std::fs::read(CAPTURE).unwrap()[100..]).unwrap();
        let pid = child.id();
        let output = outcome(child, &[signal], pid);
        let mut whole = command(&format!("{arguments} -").split_whitespace().collect::<Vec<_>>());
        let whole = whole.stdin(std::fs::File::open(CAPTURE).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), whole.status.code(), "{arguments}: {output:?}");
        assert!(output.stdout == whole.stdout && !whole.stdout.is_empty(), "{arguments}: {output:?}");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let child = start("stats -");
    let pid = child.id();
    let output = outcome(child, &[Signal::SIGINT, Signal::SIGTERM], pid);
    assert!(output.status.signal().is_some() && output.stdout.is_empty(), "{output:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_named_pipe_that_stays_open_keeps_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for is_written in [false, true] {
        let mut child = command(&["stats", path.to_str().unwrap()]);
        let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_signals(&child);
        let writer = is_written.then(|| std::fs::File::options().write(true).open(&path).unwrap());
        if let Some(mut writer) = writer.as_ref() {
            writer.write_all(&std::fs::read(CAPTURE).unwrap()).unwrap();
        }
        let pid = child.id();
        let output = outcome(child, &[Signal::SIGTERM], pid);
        assert_eq!(output.status.success(), is_written, "{output:?}");
        let word = if is_written { &output.stdout } else { &output.stderr };
        let expected = if is_written { "frames " } else { "is empty" };
        assert!(String::from_utf8_lossy(word).contains(expected), "{output:?}");
    }
}

#[test]
fn who_is_busy_when_the_writer_has_ended_says_so() {
    let mut command = command(&["print", "-V", "-x", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(CAPTURE).unwrap()).unwrap();
    // It waits for somebody to read what it prints.
    wait_for_signals(&child);
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
