//! Threads of the screen, each of which ends with an event, also where it panics: what waits for it goes on.

use std::io;
use std::thread;

use super::event::{Event, Sender};
use crate::pipeline::guarded;

/// Starts one, by its name and by what it does, in words. Its work answers with an event, or with none where nobody waits for it any more; of a panic `broken` makes one, from a line that
/// says what happened.
///
/// # Errors
/// Where the system has no thread left.
pub(super) fn spawn(
    (name, what): (&str, &'static str),
    events: Sender,
    work: impl FnOnce() -> Option<Event> + Send + 'static,
    broken: impl FnOnce(String) -> Event + Send + 'static,
) -> io::Result<()> {
    let run = move || {
        // All that the work holds is let go before its event is there.
        if let Some(event) = guarded(what, work).unwrap_or_else(|why| Some(broken(why))) {
            let _ = events.send(event);
        }
    };
    thread::Builder::new().name(name.into()).spawn(run).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::channel;

    #[test]
    fn whoever_waits_hears_of_a_panic() {
        let (sender, events) = channel();
        spawn(("save", "saving"), sender, || panic!("odd"), |why| Event::Saved(Err(why))).unwrap();
        let Ok(Event::Saved(Err(why))) = events.recv() else { panic!("no event") };
        assert!(why.contains("odd") && why.contains("report"), "{why}");
    }
}
