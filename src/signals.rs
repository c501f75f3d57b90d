//! Signals as data: a thread waits for them and hands them on, so that no handler runs any code of ours. And the end of the terminal,
//! which may come without one.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

/// The signal that says that the terminal is gone.
pub const HANGUP: i32 = SIGHUP;

/// The signals that end a program unless it says otherwise, but for those of a fault of its own.
const ENDING: [i32; 9] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGXCPU];

/// What a signal asks of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// End: SIGINT, SIGTERM or another of those that do so, by number.
    End(i32),
    /// Stop until continued: SIGTSTP.
    Stop,
    /// It was stopped and goes on: SIGCONT.
    GoOn,
}

/// Start a thread that hands every signal to `tell`. The thread ends when `tell` answers false.
pub fn forward(mut tell: impl FnMut(Asked) -> bool + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(ENDING.iter().chain(&[SIGTSTP, SIGCONT]))?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let asked = match signal {
                SIGTSTP => Asked::Stop,
                SIGCONT => Asked::GoOn,
                other => Asked::End(other),
            };
            if !tell(asked) {
                return;
            }
        }
    })?;
    Ok(())
}

/// Stop this process as SIGTSTP would have, until somebody continues it.
pub fn stop_here() -> io::Result<()> {
    low_level::emulate_default_handler(SIGTSTP)
}

/// End this process as the signal would have, so that a shell sees what ended it.
pub fn end_by(signal: i32) -> io::Result<()> {
    low_level::emulate_default_handler(signal)
}

/// Whether this process was started with the signal ignored, as `nohup` does, and has not changed that. Known on Linux; false elsewhere.
pub fn is_ignored(signal: i32) -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, signal))
}

/// The same, of what `/proc` says of a process.
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(signal - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
}

/// Go on where a file may not grow any more (`ulimit -f`): writing it fails then, and that is told, as of a full disk. Unless asked for, it
/// ends the program without a word.
pub fn outlive_file_limits() {
    // Where the system does not have it, it stays as it was.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}

/// How long the other end of a pipe may take to end after a signal that both got.
const WRITER: Duration = Duration::from_secs(1);

/// Every so many milliseconds it is looked whether the signal came again meanwhile.
const LOOK: u16 = 20;

/// Who is still busy so long after Ctrl-C says why.
const QUIET: Duration = Duration::from_millis(700);

/// Let whoever writes into standard input, a pipe, end first: Ctrl-C reaches all programs of a pipeline, and what `tcpdump -w -` still writes
/// then is wanted, as is what follows from all of it. Asked a second time, or where the pipe stays open, the program ends.
pub fn outlive_writer() {
    let Ok(pipe) = io::stdin().as_fd().try_clone_to_owned().map(File::from) else { return };
    let kind = pipe.metadata().map(|entry| entry.file_type());
    if !kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket()) || is_ignored(SIGINT) {
        return;
    }
    // Where the system has no thread left it stays as it was.
    let Ok(mut signals) = Signals::new([SIGINT]) else { return };
    let _ = std::thread::Builder::new().name("signals".into()).spawn(move || {
        let signal = loop {
            if let Some(signal) = signals.wait().next() {
                break signal;
            }
        };
        if !goes(&pipe, &mut signals) {
            let _ = end_by(signal);
        }
        // It goes on with what was written. Who is done by then says nothing.
        let _ = std::thread::Builder::new().name("busy".into()).spawn(tell_busy);
        for signal in signals.forever() {
            let _ = end_by(signal);
        }
    });
}

/// Whether the other end of the pipe goes before its time is over, and before the signal comes again.
fn goes(pipe: &File, signals: &mut Signals) -> bool {
    let deadline = Instant::now() + WRITER;
    loop {
        if is_gone(pipe, PollTimeout::from(LOOK)) {
            return true;
        }
        if Instant::now() >= deadline || signals.pending().next().is_some() {
            return false;
        }
    }
}

fn tell_busy() {
    std::thread::sleep(QUIET);
    // Nobody is left to read where that fails.
    let _ = writeln!(
        io::stderr(),
        "coapscope: the program that wrote to standard input has ended; what it wrote is still read: Ctrl-C again ends at once"
    );
}

/// Start a thread that waits until the terminal of the keyboard is gone, and then asks to end, as SIGHUP does. That signal reaches the
/// leader of a session and whom it tells; a keyboard that is gone reads as one that is silent.
pub fn forward_hangup(tell: impl FnOnce(Asked) + Send + 'static) -> io::Result<()> {
    let keyboard = keyboard()?;
    std::thread::Builder::new().name("terminal".into()).spawn(move || {
        while !is_gone(&keyboard, PollTimeout::NONE) {}
        tell(Asked::End(SIGHUP));
    })?;
    Ok(())
}

/// Whether the terminal is gone, so that nobody is left to tell what failed.
pub fn is_hung_up() -> bool {
    keyboard().map_or(true, |keyboard| is_gone(&keyboard, PollTimeout::ZERO))
}

/// What keys are read from: standard input where it is a terminal, else the terminal of the session.
fn keyboard() -> io::Result<File> {
    let input = io::stdin();
    if input.is_terminal() {
        return Ok(File::from(input.as_fd().try_clone_to_owned()?));
    }
    File::open("/dev/tty")
}

/// Whether the other end of a terminal or a pipe is gone, or goes in that time.
fn is_gone(file: &File, timeout: PollTimeout) -> bool {
    // No event is asked for: an end is told anyway.
    let mut asked = [PollFd::new(file.as_fd(), PollFlags::empty())];
    let told = poll(&mut asked, timeout);
    told.is_ok() && asked.iter().any(|asked| asked.any() == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_bits_of_a_mask() {
        let status = "Name:\tcat\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
        for (signal, expected) in
            [(SIGHUP, true), (13, true), (SIGINT, false), (SIGTERM, false), (0, false), (65, false)]
        {
            assert_eq!(ignores(status, signal), expected, "{signal}");
        }
        assert!(!ignores("Name:\tcat\n", SIGHUP));
    }
}
