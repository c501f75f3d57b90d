//! When a Confirmable message is sent again, worked out once (RFC 7252 sections 4.2 and 4.8).

use super::retransmission::slack_above;
use crate::coap::Parameters;

/// So many transmissions are told apart at most.
const MOST: u32 = 30;

/// The times that follow from the transmission parameters, nanoseconds.
pub(super) struct Schedule {
    /// Earliest and latest time of each transmission, counted from the first.
    times: Vec<(i64, i64)>,
    /// First to last transmission, at most.
    pub span: i64,
    /// First transmission until the sender gives up, at most.
    pub wait: i64,
    /// So long after the first copy a sender sends no more: MAX_TRANSMIT_SPAN, and what late copies are given.
    pub stops: i64,
}

impl Schedule {
    pub fn new(parameters: &Parameters) -> Self {
        let (span, wait) = (parameters.max_transmit_span(), parameters.max_transmit_wait());
        let again = (1..=parameters.max_retransmit.min(MOST)).map(|n| parameters.retransmission_time(n));
        Self { times: std::iter::once((0, 0)).chain(again).collect(), span, wait, stops: slack_above(span).min(wait) }
    }

    /// The last retransmission, of those that are told apart.
    pub fn most(&self) -> u16 {
        (self.times.len() - 1) as u16
    }

    /// Which transmission behind another one comes so long after `first`, which is one too.
    pub fn find(&self, first: u16, behind: u16, elapsed: i64, grain: i64) -> Option<u16> {
        let (from_earliest, from_latest) = *self.times.get(usize::from(first))?;
        let is_due = |(earliest, latest): (i64, i64)| {
            elapsed >= earliest.saturating_sub(from_earliest) - grain
                && elapsed <= latest.saturating_sub(from_latest).saturating_add(grain)
        };
        (behind + 1..)
            .zip(self.times.iter().skip(usize::from(behind) + 1))
            .find(|(_, time)| is_due(**time))
            .map(|(n, _)| n)
    }
}
