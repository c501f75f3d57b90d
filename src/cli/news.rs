//! What is told on standard error of a live capture while it runs.

use super::without;
use crate::capture::Carrier;
use crate::pipeline::LoaderOptions;
use crate::store::Summary;

/// What there is to know of a live capture.
#[derive(Default)]
pub(super) struct Live {
    /// The user's kernel filter; none stands for the usual one.
    pub filter: Option<String>,
    /// What its loader needs.
    loading: LoaderOptions,
    /// Frames that the kernel had dropped when that was told.
    dropped: u64,
    /// What the interface could carry when that was told.
    carrier: Carrier,
}

impl Live {
    /// One with this kernel filter, of which nothing was told.
    #[cfg(feature = "live")]
    pub fn new(filter: Option<String>, loading: LoaderOptions) -> Self {
        Self { filter, loading, ..Self::default() }
    }

    /// What its loader needs, for the one that reads.
    pub fn loading(&mut self) -> LoaderOptions {
        std::mem::take(&mut self.loading)
    }

    /// The lines that there are to say since the last time.
    pub fn news(&mut self, name: &str, summary: &Summary, has_ended: bool) -> Vec<String> {
        self.dropped(name, summary, has_ended).into_iter().chain(self.carrier(name, summary, has_ended)).collect()
    }

    /// That the kernel has dropped frames: once when it begins, and at the end if more were dropped until then.
    fn dropped(&mut self, name: &str, summary: &Summary, has_ended: bool) -> Option<String> {
        let is_told = summary.dropped == self.dropped || (self.dropped > 0 && !has_ended);
        if is_told {
            return None;
        }
        self.dropped = summary.dropped;
        Some(without::line_of_dropped(name, summary.dropped))
    }

    /// That the interface is switched off or has no link, from the first or of late, or is up again.
    fn carrier(&mut self, name: &str, summary: &Summary, has_ended: bool) -> Option<String> {
        let before = std::mem::replace(&mut self.carrier, summary.carrier);
        (before != summary.carrier && !has_ended).then(|| summary.carrier.news(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_once() {
        let mut live = Live::default();
        let mut told =
            |carrier, has_ended| live.news("eth0", &Summary { carrier, ..Summary::default() }, has_ended).join("|");
        assert_eq!(told(Carrier::Up, false), "");
        assert!(told(Carrier::Down, false).contains("eth0 is switched off: nothing comes until"));
        assert_eq!(told(Carrier::Down, false), "");
        assert_eq!(told(Carrier::Up, false), "eth0 is up again, and the capture goes on");
        // Why it ended is told by the capture.
        assert_eq!(told(Carrier::Down, true), "");
    }
}
