//! Which retransmission a copy is, how long after the copy before it came, and when it should have come (RFC 7252 section 4.2).

use crate::coap::{Copies, Parameters, Rule};
use crate::render::time::duration;
use crate::store::Store;
use crate::tracking::{RecordId, Relation};

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// What may be true of a copy at once behind another.
pub const DOUBLED: &str = "perhaps doubled on its way";

/// What is said where a sender keeps to an ACK_TIMEOUT of its own.
pub const OWN: &str = "at its sender's own pace";

/// How a gap stands to the window that the schedule gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Before the window, by more than the tolerance.
    Early,
    /// Inside of it, or off by no more than the tolerance.
    Inside,
    /// Behind it, by more than the tolerance.
    Late,
}

/// A captured copy of a Confirmable message against the copy before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Which captured retransmission it is, from 1: what `R1` counts everywhere.
    pub captured: u32,
    /// Which one it is by the clock: more than that where copies before it were not captured.
    pub number: u32,
    /// That is not sure, see [`Copies::unsure`].
    pub unsure: bool,
    /// Its sender waits by a schedule of its own, see [`Copies::own`]: the window is not its.
    pub own: bool,
    /// It came at once behind the copy before it, see [`Copies::is_at_once`]: nothing is due of it.
    pub at_once: bool,
    /// The tracker found it late: it knows what else may make a wait longer, such as copies that were not captured, and a notification that
    /// goes on with the timer of the one that it replaces (RFC 7641 section 4.5.2).
    pub late: bool,
    /// Nanoseconds since the captured copy before it; `None` where time went backwards or is not known.
    pub since: Option<i64>,
    /// Earliest and latest wait that the schedule has between those two, in nanoseconds.
    pub window: (i64, i64),
}

impl Gap {
    /// Verdict with a tolerance of 10 % and 100 ms, as the tracker's findings have it; `None` where it is not known when the copy was due.
    pub fn verdict(&self) -> Option<Verdict> {
        let since = self.since.filter(|_| !self.at_once && !self.own)?;
        let (earliest, latest) = self.window;
        if self.late {
            Some(Verdict::Late)
        } else if since < earliest - earliest / 10 - SECOND / 10 {
            Some(Verdict::Early)
        } else {
            let end = latest.saturating_add(latest / 10).saturating_add(SECOND / 10);
            (since <= end).then_some(Verdict::Inside)
        }
    }

    /// The window in seconds: `4-6 s`.
    pub fn window_text(&self) -> String {
        format!("{}-{} s", seconds(self.window.0), seconds(self.window.1))
    }

    /// Copies before it that are not in the capture.
    pub fn unseen(&self) -> u32 {
        self.number.saturating_sub(self.captured)
    }

    /// `R2 after 4.30 s, window 4-6 s`, and whether that is early or late, or may be no repetition at all.
    pub fn text(&self) -> String {
        let Some(since) = self.since else { return format!("R{}", self.captured) };
        if self.at_once {
            return format!("R{} after {}, {DOUBLED}", self.captured, duration(since));
        }
        if self.own {
            return format!("R{} after {}, {OWN}", self.captured, duration(since));
        }
        let window = match self.verdict() {
            Some(Verdict::Early) => format!(", early, window {}", self.window_text()),
            Some(Verdict::Late) => format!(", late, window {}", self.window_text()),
            Some(Verdict::Inside) => format!(", window {}", self.window_text()),
            None => String::new(),
        };
        let text = format!("R{} after {}{window}", self.captured, duration(since));
        match (self.unseen(), self.by_clock()) {
            (0, _) => text,
            (_, by_clock) if self.unsure => format!("{text}; {by_clock}"),
            (unseen, by_clock) => format!("{text}; {by_clock}, {unseen} not captured"),
        }
    }

    /// `R2 by the clock`, or `perhaps R2 by the clock`.
    pub fn by_clock(&self) -> String {
        by_clock(self.number, self.unsure)
    }
}

/// Which retransmission one is by the clock.
pub fn by_clock(number: u32, unsure: bool) -> String {
    format!("{}R{number} by the clock", if unsure { "perhaps " } else { "" })
}

/// Seconds with at most one decimal: `4`, `2.5`.
fn seconds(time: i64) -> String {
    let tenths = time.saturating_add(SECOND / 20) / (SECOND / 10);
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

/// The gap before a retransmission; `None` for what is none.
pub fn gap(store: &Store, id: RecordId, parameters: &Parameters) -> Option<Gap> {
    let record = store.get(id).filter(|record| record.relation() == Relation::Retransmits)?;
    let captured = u32::from(record.transmission.saturating_sub(1));
    let finding = store.findings(id).find(|finding| finding.rule == Rule::MidRetransmission);
    let (copies, since) = finding.map_or((Copies::default(), None), |finding| {
        let [copies, gap] = finding.numbers;
        (Copies::of(copies), Some(gap).filter(|gap| *gap > 0))
    });
    // Of those captured before it some may be the network's: the clock tells them.
    let number = copies.by_clock.checked_sub(1).map_or(captured, u32::from);
    let (at_once, before) = (copies.is_at_once(), u32::from(copies.before.saturating_sub(1)));
    let before = if at_once { number } else { before.min(number.saturating_sub(1)) };
    let ((early, late), (first_early, first_late)) = (at(parameters, number), at(parameters, before));
    let window = (early.saturating_sub(first_early), late.saturating_sub(first_late));
    let late = store.is_found(id, Rule::MidRetransmissionLate);
    Some(Gap { captured, number, unsure: copies.unsure, own: copies.own, at_once, late, since, window })
}

/// Earliest and latest time of retransmission `n` since the first transmission, which is number 0.
fn at(parameters: &Parameters, n: u32) -> (i64, i64) {
    if n == 0 { (0, 0) } else { parameters.retransmission_time(n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_judged_with_tolerance() {
        let parameters = Parameters::default();
        for (before, number, since, verdict, text) in [
            (0, 1, 2.04, Verdict::Inside, "R1 after 2.04 s, window 2-3 s"),
            (0, 1, 1.75, Verdict::Inside, "R1 after 1.75 s, window 2-3 s"),
            (0, 1, 0.5, Verdict::Early, "R1 after 500 ms, early, window 2-3 s"),
            (1, 2, 4.3, Verdict::Inside, "R2 after 4.30 s, window 4-6 s"),
            (1, 2, 7.0, Verdict::Late, "R2 after 7.00 s, late, window 4-6 s"),
            (0, 2, 6.4, Verdict::Inside, "R1 after 6.40 s, window 6-9 s; R2 by the clock, 1 not captured"),
            (2, 4, 30.0, Verdict::Inside, "R3 after 30.0 s, window 24-36 s; R4 by the clock, 1 not captured"),
        ] {
            let ((early, late), (from, to)) = (at(&parameters, number), at(&parameters, before));
            let since = (since * SECOND as f64) as i64;
            let window = (early - from, late - to);
            let (captured, late) = (before + 1, verdict == Verdict::Late);
            let gap =
                Gap { captured, number, unsure: false, own: false, at_once: false, late, since: Some(since), window };
            assert_eq!((gap.verdict(), gap.text().as_str()), (Some(verdict), text));
            // What the tracker does not find late has a window that nobody knows.
            let unknown = Gap { late: false, ..gap };
            let (known, told) =
                (Some(verdict).filter(|_| !late), text.split_once(", late").map_or(text, |text| text.0));
            assert_eq!((unknown.verdict(), unknown.text().as_str()), (known, told));
            let told =
                text.replace("; R2", "; perhaps R2").replace("; R4", "; perhaps R4").replace(", 1 not captured", "");
            assert_eq!(Gap { unsure: true, ..gap }.text(), told);
            let own = Gap { own: true, number: before + 1, ..gap };
            let text = format!("R{} after {}, at its sender's own pace", before + 1, duration(since));
            assert_eq!((own.verdict(), own.text()), (None, text));
            let at_once = Gap { at_once: true, number: before, since: Some(SECOND / 50), window: (0, 0), ..gap };
            let text = format!("R{} after 20.0 ms, perhaps doubled on its way", before + 1);
            assert_eq!((at_once.verdict(), at_once.text()), (None, text));
        }
    }
}
