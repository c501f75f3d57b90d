//! The end of a process, waited for as long as may be.

use std::process::{Child, ExitStatus};
use std::sync::mpsc::channel;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long an end may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for the end of a process; fails where it does not come.
pub fn end_of(child: &mut Child, what: &str) -> ExitStatus {
    // Whoever waits for a process closes its input: that would be another reason to end.
    let _input = child.stdin.take();
    let process = Pid::from_raw(child.id().cast_signed());
    std::thread::scope(|scope| {
        let (ended, end) = channel();
        scope.spawn(move || ended.send(child.wait()));
        let end = end.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            kill(process, Signal::SIGKILL).unwrap();
            panic!("{what}: the program does not end");
        });
        end.unwrap()
    })
}
