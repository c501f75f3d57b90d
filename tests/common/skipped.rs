//! Tests that need another program.

use std::io::Write;

/// Says which test is skipped and why. What `println!` writes would be kept back, since the test passes.
///
/// # Panics
/// With `COAPSCOPE_PEERS=1`, under which nothing may be skipped.
#[track_caller]
pub fn skipped(why: &str) {
    assert!(std::env::var_os("COAPSCOPE_PEERS").is_none_or(|value| value != "1"), "{why}; make peers");
    let thread = std::thread::current();
    let _ = writeln!(std::io::stderr(), "skipped {}: {why}", thread.name().unwrap_or("a test"));
}
