//! Every way out where nothing comes: an interface without a frame, a pipe that nobody writes to, a terminal that is closed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use portable_pty::CommandBuilder;

use super::ending::{PATIENCE, end_of};
use super::pty::Pty;
use super::{CAPTURE, DRAWN, check};

const PROGRAM: &str = env!("CARGO_BIN_EXE_coapscope");
/// In a network namespace of its own, `lo` carries nothing.
const ALONE: &[&str] = &["unshare", "--user", "--map-root-user", "--net"];

fn command<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> CommandBuilder {
    CommandBuilder::from_argv(words.into_iter().map(|word| word.as_ref().to_owned()).collect())
}

/// The program on a network without traffic; `arguments` are words of a shell.
fn alone(arguments: &str) -> CommandBuilder {
    let line = format!("ip link set lo up && exec {PROGRAM} {arguments}");
    command(ALONE.iter().copied().chain(["sh", "-c", &line]))
}

/// Whether a live capture can be tested here; says so where not.
fn can_capture(test: &str) -> bool {
    let line = format!("ip link set lo up && exec {PROGRAM} print -i lo -w /dev/full");
    let tried = Command::new(ALONE[0]).args(&ALONE[1..]).args(["sh", "-c", &line]).output();
    // The capture itself fails, as it should, once it was opened.
    let opened = tried.is_ok_and(|output| String::from_utf8_lossy(&output.stderr).contains("No space left"));
    if !opened {
        let _ = writeln!(std::io::stderr(), "skipped {test}: no rights to capture in a network namespace");
    }
    opened
}

/// Ways to end a screen, and the status each leaves; portable-pty reports an end by signal as status 1.
type Way = (&'static str, fn(&mut Pty), u32);
const WAYS: &[Way] = &[
    ("q", |pty| pty.press("q"), 0),
    ("Ctrl-C", |pty| pty.press("\x03"), 0),
    ("SIGTERM", |pty| pty.send(Signal::SIGTERM), 1),
    ("SIGHUP", |pty| pty.send(Signal::SIGHUP), 1),
    ("SIGINT", |pty| pty.send(Signal::SIGINT), 1),
];

#[test]
fn a_quiet_interface_keeps_nobody() {
    if !can_capture("a_quiet_interface_keeps_nobody") {
        return;
    }
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let file = folder.path().join("quiet.pcap");
    let write = format!("-i lo -w {}", file.display());
    for arguments in ["-i lo", "-i any", "-i lo -c 5", &write] {
        for (_, end, status) in WAYS {
            check(alone(arguments), end, *status, "");
        }
    }
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 24, "more than the header of a pcap");
}

#[test]
fn an_interface_that_goes_away_is_told() {
    if !can_capture("an_interface_that_goes_away_is_told") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let made = "ip link add gone0 type veth peer name other0 && ip link set gone0 up && ip link set other0 up";
    let line = format!("{made} || exit; (read _ <{}; ip link del gone0) & exec {PROGRAM} -i gone0", fifo.display());
    let mut pty = Pty::start(command(ALONE.iter().copied().chain(["sh", "-c", &line])));
    pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN));
    std::fs::write(&fifo, "now\n").unwrap();
    pty.wait_for("the end", |screen| screen.contents().starts_with(" gone0 ") && screen.contents().contains("ERROR"));
    pty.press("q");
    assert_eq!(pty.wait_for_end(), 2, "{}", pty.text());
    pty.wait_for("what it says", |screen| {
        !screen.alternate_screen() && screen.contents().contains("coapscope: gone0: ")
    });
}

#[test]
fn a_quiet_interface_keeps_no_print() {
    if !can_capture("a_quiet_interface_keeps_no_print") {
        return;
    }
    for form in ["text", "json", "csv"] {
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let file = folder.path().join("quiet.pcap");
        let line = format!("ip link set lo up && exec {PROGRAM} print -i lo -T {form} -w {}", file.display());
        let mut child =
            Command::new(ALONE[0]).args(&ALONE[1..]).args(["sh", "-c", &line]).stdout(Stdio::null()).spawn().unwrap();
        let caught = |child: &Child| {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            // The shell before it does so too.
            if !status.starts_with("Name:\tcoapscope\n") {
                return false;
            }
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << (Signal::SIGINT as u64 - 1)) != 0
        };
        let deadline = Instant::now() + PATIENCE;
        while !caught(&child) {
            assert!(Instant::now() < deadline, "print never took Ctrl-C over");
            std::thread::yield_now();
        }
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
        assert!(end_of(&mut child, form).success(), "{form}");
    }
}

#[test]
fn a_pipe_that_nobody_writes_to_keeps_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    for (_, end, status) in WAYS {
        // Nobody has opened its other end.
        check(command([OsStr::new(PROGRAM), fifo.as_os_str()]), end, *status, "");
    }
    for (_, end, status) in WAYS {
        // Its writer is there and silent: a descriptor open for both is a writer, and opens at once.
        let writer = File::options().read(true).write(true).open(&fifo).unwrap();
        check(command([OsStr::new(PROGRAM), fifo.as_os_str()]), end, *status, "");
        drop(writer);
    }
    for (_, end, status) in WAYS {
        // A whole capture came through it, and it was left open.
        let mut writer = File::options().read(true).write(true).open(&fifo).unwrap();
        writer.write_all(&std::fs::read(CAPTURE).unwrap()).unwrap();
        let line = format!("exec {PROGRAM} - <{}", fifo.display());
        check(command(["sh", "-c", &line]), end, *status, "");
        drop(writer);
    }
}

/// A terminal all of whose descriptors but the program's own are in our hands, so that it can be closed under the program.
fn closed_under(words: &[&str]) -> (ExitStatus, String) {
    let size = nix::pty::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = nix::pty::openpty(&size, None).unwrap();
    for end in [&pair.master, &pair.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    }
    let slave = || Stdio::from(OwnedFd::try_clone(&pair.slave).unwrap());
    let (errors, report) = std::io::pipe().map(|(read, write)| (write, read)).unwrap();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
    command.stdin(slave()).stdout(slave()).stderr(errors);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut master = File::from(pair.master);
    drop(pair.slave);
    let mut shown = vt100::Parser::default();
    while !shown.screen().contents().contains(DRAWN) {
        let mut bytes = [0; 4096];
        let count = master.read(&mut bytes).unwrap();
        shown.process(&bytes[..count]);
    }
    drop(master);
    let status = end_of(&mut child, &words.join(" "));
    let mut said = String::new();
    std::io::BufReader::new(report).read_to_string(&mut said).unwrap();
    (status, said)
}

#[test]
fn a_terminal_that_is_closed_ends_it_quietly() {
    use std::os::unix::process::ExitStatusExt;
    let live = can_capture("a_terminal_that_is_closed_ends_it_quietly");
    let line = format!("ip link set lo up && exec {PROGRAM} -i lo");
    let alone: Vec<&str> = ALONE.iter().copied().chain(["sh", "-c", &line]).collect();
    // As the leader of a session it gets SIGHUP; else it finds out by itself.
    for leads in [true, false] {
        let setsid: &[&str] = if leads { &["setsid", "--ctty"] } else { &[] };
        for words in [Some(&[PROGRAM, CAPTURE][..]), live.then_some(&alone[..])].into_iter().flatten() {
            let (status, said) = closed_under(&[setsid, words].concat());
            assert_eq!(
                (status.signal(), said.as_str()),
                (Some(Signal::SIGHUP as i32), ""),
                "{words:?}, leads: {leads}"
            );
        }
    }
}
