//! Signals as data: a thread waits for them and hands them on, so that no handler runs any code of ours. And the end of the terminal,
//! which may come without one.

use std::fs::{File, FileType};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::capture::Until;

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

/// Where one of the inputs is a pipe: end it at a signal, so that what came by then is told. Ctrl-C reaches all programs of a pipeline, and
/// what `tcpdump -w -` still writes then is wanted: its writer may end first. Where the pipe stays open, and at SIGTERM and SIGHUP, which reach
/// this program alone, no more is read of it. Asked a second time, the program ends.
pub fn end_pipes<'p>(inputs: impl Iterator<Item = &'p Path>) -> Option<Until> {
    let pipes: Vec<Option<File>> = inputs.filter_map(pipe).collect();
    let asked: Vec<i32> = [SIGHUP, SIGTERM, SIGINT].into_iter().filter(|signal| !is_ignored(*signal)).collect();
    if pipes.is_empty() || asked.is_empty() {
        return None;
    }
    // Where the system has no file or thread left it stays as it was.
    let (enough, until) = Until::dropped().ok()?;
    let mut signals = Signals::new(asked).ok()?;
    let started = std::thread::Builder::new().name("signals".into()).spawn(move || {
        let signal = loop {
            if let Some(signal) = signals.wait().next() {
                break signal;
            }
        };
        let why = match signal {
            SIGINT => wait_for_writers(&pipes, &mut signals),
            _ => Some(Busy::Enough),
        };
        let Some(why) = why else {
            let _ = end_by(signal);
            return;
        };
        if why == Busy::Enough {
            drop(enough);
        }
        // It goes on with what was written. Who is done by then says nothing.
        let _ = std::thread::Builder::new().name("busy".into()).spawn(move || tell_busy(why));
        for signal in signals.forever() {
            let _ = end_by(signal);
        }
    });
    started.is_ok().then_some(until)
}

/// Whether an input is a pipe; and the pipe, where it is open here.
fn pipe(input: &Path) -> Option<Option<File>> {
    let is_pipe = |kind: FileType| kind.is_fifo() || kind.is_socket();
    if input == Path::new("-") {
        let pipe = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
        return is_pipe(pipe.metadata().ok()?.file_type()).then_some(Some(pipe));
    }
    std::fs::metadata(input).is_ok_and(|entry| entry.file_type().is_fifo()).then_some(None)
}

/// Why this program is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    /// The writers have ended.
    Gone,
    /// No more is read.
    Enough,
}

/// Waits until the other ends of the pipes go, for a while. None where the signal comes again before.
fn wait_for_writers(pipes: &[Option<File>], signals: &mut Signals) -> Option<Busy> {
    let deadline = Instant::now() + WRITER;
    loop {
        let are_gone = match pipes {
            // Whether that of a named pipe has gone only its reader knows.
            [Some(pipe)] => is_gone(pipe, PollTimeout::from(LOOK)),
            _ => {
                std::thread::sleep(Duration::from_millis(LOOK.into()));
                false
            }
        };
        if are_gone {
            return Some(Busy::Gone);
        }
        if signals.pending().next().is_some() {
            return None;
        }
        if Instant::now() >= deadline {
            return Some(Busy::Enough);
        }
    }
}

fn tell_busy(why: Busy) {
    std::thread::sleep(QUIET);
    let why = match why {
        Busy::Gone => "the program that wrote to standard input has ended; what it wrote is still read",
        Busy::Enough => "no more is read, but what came before is still worked on",
    };
    // Nobody is left to read where that fails.
    let _ = writeln!(io::stderr(), "coapscope: {why}: Ctrl-C again ends at once");
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
