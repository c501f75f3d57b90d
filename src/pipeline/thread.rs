//! Threads of the pipeline, whose panics are told to whoever waits for them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::capture;

/// Start a thread that holds something and runs with it. What is to be said of a panic goes to `panicked`.
///
/// # Errors
/// Where the system has no thread left.
pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    mut held: T,
    run: impl FnOnce(&mut T) + Send + 'static,
    panicked: impl FnOnce(&mut T, String) + Send + 'static,
) -> std::io::Result<()> {
    let run = move || {
        if let Err(why) = guarded("the loader", || run(&mut held)) {
            panicked(&mut held, why);
        }
    };
    capture::start(name, run).map(drop).map_err(std::io::Error::other)
}

/// Runs something here, `what` in words.
///
/// # Errors
/// What is to be said of a panic in it.
pub(crate) fn guarded<T>(what: &str, run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| fault(what, panic.as_ref()))
}

/// What is said of a panic.
fn fault(what: &str, panic: &(dyn Any + Send)) -> String {
    let why = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("{what} stopped on a fault of its own ({}); please report it with the capture", why.unwrap_or("unknown"))
}
