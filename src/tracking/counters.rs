//! The counts of the tracker.

use crate::coap::MessageType;

/// Counts as `stats --json` defines them. Plain sums; all start at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the keys that the command line pins")]
pub struct Counters {
    pub con: u64,
    pub non: u64,
    pub ack: u64,
    pub rst: u64,
    pub exchanges: u64,
    pub exchanges_retransmitted: u64,
    /// Exchanges that have a response: `exchanges_unanswered` is what is left of `exchanges` without these, the reset and the evicted ones.
    pub exchanges_answered: u64,
    pub exchanges_reset: u64,
    pub retransmissions: u64,
    pub duplicate_acks: u64,
    pub piggybacked_responses: u64,
    pub separate_responses: u64,
    pub non_responses: u64,
    pub observations: u64,
    pub notifications: u64,
    pub notifications_stale: u64,
    pub deregistrations: u64,
    pub malformed: u64,
    /// Message IDs, exchanges, observations and bodies that the cap on memory evicted before their time.
    pub evicted: u64,
    /// Exchanges among them that had no answer: whether they get one is not known.
    pub exchanges_evicted: u64,
}

impl Counters {
    /// Counts a message under its type.
    #[inline(always)]
    pub(super) fn count_type(&mut self, kind: MessageType) {
        self.con += u64::from(kind == MessageType::Confirmable);
        self.non += u64::from(kind == MessageType::NonConfirmable);
        self.ack += u64::from(kind == MessageType::Acknowledgement);
        self.rst += u64::from(kind == MessageType::Reset);
    }

    /// The same of one that is Confirmable or not.
    #[inline(always)]
    pub(super) fn count_sent(&mut self, confirmable: bool) {
        self.con += u64::from(confirmable);
        self.non += u64::from(!confirmable);
    }

    /// Exchanges with neither a response nor a Reset, as far as they could be followed.
    pub fn exchanges_unanswered(&self) -> u64 {
        self.exchanges.saturating_sub(self.exchanges_answered + self.exchanges_reset + self.exchanges_evicted)
    }
}
