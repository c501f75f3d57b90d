//! Signals as data: a thread waits for them and hands them on, so that no handler runs any code of ours.

use std::io;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

/// What a signal asks of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// End: SIGINT, SIGTERM, SIGHUP, by number.
    End(i32),
    /// Stop until continued: SIGTSTP.
    Stop,
    /// It was stopped and goes on: SIGCONT.
    GoOn,
}

/// Start a thread that hands every signal to `tell`. The thread ends when `tell` answers false.
pub fn forward(mut tell: impl FnMut(Asked) -> bool + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT])?;
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
