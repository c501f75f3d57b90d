//! What looks like CoAP on another port, and the key that reads the capture again with it.

use super::app::{App, Effect};
use super::opening::Opening;

/// Reasons that are named at most.
const REASONS: usize = 8;

impl App {
    /// The port on which most of what looks like CoAP came, and how many datagrams that is.
    fn offered(&self) -> Option<(u16, u64)> {
        let offers = self.store.summary().offers.iter();
        offers.map(|(port, offer)| (*port, offer.datagrams)).max_by_key(|(_, datagrams)| *datagrams)
    }

    /// What looks like CoAP on other ports, and how it is decoded.
    pub(super) fn offer(&self) -> Option<String> {
        let (port, count) = self.offered()?;
        let others = self.store.summary().offers.len() - 1;
        let more = if others > 0 { format!("; {others} more such ports") } else { String::new() };
        let how = if self.reads_again() { "D decodes them" } else { "start with --port to see them" };
        Some(format!("{count} datagrams on UDP port {port} look like CoAP too: {how}{more}"))
    }

    /// Frames that are not CoAP, by reason, the most frequent first.
    pub fn reasons(&self) -> Vec<(&str, u64)> {
        let reasons = self.store.summary().reasons.iter();
        let mut reasons: Vec<(&str, u64)> = reasons.map(|(name, frames)| (name.as_str(), *frames)).collect();
        reasons.sort_by_key(|(name, frames)| (std::cmp::Reverse(*frames), *name));
        let rest: u64 = reasons.iter().skip(REASONS).map(|(_, frames)| *frames).sum();
        if rest > 0 {
            reasons.truncate(REASONS);
            reasons.push(("for other reasons", rest));
        }
        reasons
    }

    /// The rows are no messages, but speak of some, and none came: what did.
    pub fn has_evidence_alone(&self) -> bool {
        !self.store.is_empty() && self.messages() == 0 && self.store.ended().is_some()
    }

    /// What was opened can be opened again from its beginning; an interface and standard input cannot.
    pub fn reads_again(&self) -> bool {
        matches!(self.opening, Opening::Files { .. } | Opening::BuiltIn { .. })
    }

    /// Read the capture again, with the port that is offered.
    pub(super) fn decode_offered(&mut self) -> Effect {
        match self.offered() {
            None => self.say("nothing on other ports looks like CoAP so far"),
            Some((port, _)) if !self.reads_again() => {
                self.say(format!("what came once cannot be read again here: start with --port {port} to see it"));
            }
            // What begins again leaves nothing of it.
            Some(_) if self.saving.is_some() => self.say("a file is still being written; D again when it is there"),
            Some((port, _)) => return Effect::Decode(port),
        }
        Effect::None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::capture::{Input, OpenOptions, open_all};
    use crate::coap::Parameters;
    use crate::pipeline::Fetcher;
    use crate::render::time::TimeFormat;
    use crate::store::{Store, Update};
    use crate::tui::job::Saving;
    use crate::tui::{Theme, channel as events};

    #[test]
    fn a_file_that_is_written_is_not_given_up_unasked() {
        let inputs = [Input::Path("captures/lab-session.pcap".into())];
        let reader = open_all(&inputs, &OpenOptions::default()).unwrap().reader;
        let mut store = Store::default();
        let mut update = Update::default();
        update.summary.offers.insert(9999, Default::default());
        store.apply(update);
        let opening = Opening::Files { names: vec!["x".into()], follow: false };
        let theme = Theme { colour: false, unicode: false };
        let fetchers = Box::new(move || Fetcher::new(reader.clone(), false));
        let clock = (Parameters::default(), (|| 0) as fn() -> i64);
        let mut app = App::new(store, opening, theme, TimeFormat::Relative, clock, fetchers, events().0);
        let (running, over) = channel();
        app.saving = Some(Saving { stop: Arc::default(), over });
        assert_eq!(app.decode_offered(), Effect::None);
        assert!(app.notice.as_ref().is_some_and(|said| said.contains("still being written")), "{:?}", app.notice);
        drop(running);
        app.saving = None;
        assert_eq!(app.decode_offered(), Effect::Decode(9999));
    }
}
