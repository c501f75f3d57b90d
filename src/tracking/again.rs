//! What few messages have: more copies, and more answers.

use super::clock::between;
use super::context::Context;
use super::facts::folded;
use super::model::{NO_RECORD, RecordId, Role};
use super::sent::{Handle, Sent, SentTable, Travel};
use crate::coap::finding::ONCE;

/// So many copies are known between the first and the newest: as many as there are by the defaults (RFC 7252 section 4.8).
const BETWEEN: usize = 3;

/// More copies of a message, and more answers to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    /// Newest copy.
    pub last: Travel,
    /// Newest copy.
    pub last_record: RecordId,
    /// Identification and record of the newest copies between the first and the newest, the newer ones behind.
    pub between: ([u16; BETWEEN], [RecordId; BETWEEN]),
    /// What tells the newest copy from others, folded.
    pub hash: u32,
    /// Captured transmissions.
    pub copies: u16,
    /// So many of them came at once behind another, which the network may have doubled.
    pub at_once: u16,
    /// So many nanoseconds before the newest copy came the newest of the others: 0 where it is that.
    pub since: u32,
    /// Which retransmission the newest copy is by the clock; 0 for the first transmission.
    pub step: u16,
    /// One bit for each transmission that the first captured copy may be by the clock; none where that has no place for all copies.
    pub firsts: u32,
    /// What the sender waited before the newest copy, those at once behind another left out; 0: none, or unknown.
    pub gap: i64,
    /// Whether the newest waits double.
    pub pace: Pace,
    /// Where they do not, the copy behind them.
    pub uneven: RecordId,
    /// The former of them then.
    pub uneven_wait: i64,
    /// The newest ACK or Reset and its record, where it is not what answered first.
    pub answer: Option<(Travel, RecordId)>,
    /// The first ACK, where a different one followed.
    pub first_ack: Option<Acknowledged>,
    /// Time from the newest copy before the first answer to that, once there are copies behind it; 0 where unknown. Only short ones matter.
    pub round_trip: Option<u32>,
    /// Whether `mid.gave-up` was said of the newest copy.
    pub gave_up: GaveUp,
    /// Behind the newest copy came what has its identification, and was taken for the network's doing.
    pub doubled: bool,
}

/// How the last two waits of a sender stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// The later one is longer, or there are no two.
    Doubles,
    /// It is not, but the copy behind it came when it was due: the one before was late.
    Caught,
    /// It is not, which was said.
    Kept,
}

/// Whether it was said that a sender gave a message up early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GaveUp {
    /// It was not.
    Unsaid,
    /// With the severity of the rule.
    Said,
    /// With less, since the other direction may not be captured; and whether that is held to be said with the severity of the rule after all.
    Less { held: bool },
}

/// An ACK to a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledged {
    pub record: RecordId,
    /// Folded.
    pub hash: u32,
    pub role: Role,
}

impl Again {
    /// The copy at hand is the newest now.
    pub fn follow(&mut self, sent: &Sent, context: &Context<'_, '_>) {
        if self.last_record != sent.record {
            let (ids, records) = &mut self.between;
            ids.rotate_left(1);
            records.rotate_left(1);
            (ids[BETWEEN - 1], records[BETWEEN - 1]) = (self.last.ip_id, self.last_record);
        }
        (self.last, self.last_record) = (context.travel(), context.record());
        self.hash = folded(context.facts.hash);
    }

    /// The copy whose datagram had this IPv4 identification, the newest of several.
    pub fn numbered(&self, sent: &Sent, ip_id: u16) -> Option<RecordId> {
        let (ids, records) = self.between;
        let between = ids.into_iter().zip(records).rev();
        let ends = [(self.last.ip_id, self.last_record), (sent.first.ip_id, sent.record)];
        let mut newest_first = ends.into_iter().take(1).chain(between).chain(ends.into_iter().skip(1));
        newest_first.find(|(id, record)| *id == ip_id && ip_id != 0 && *record != NO_RECORD).map(|(_, record)| record)
    }

    /// Captured transmissions, those left out of which nobody knows whether the network doubled the one before.
    pub fn transmissions(&self) -> u16 {
        self.copies.saturating_sub(self.at_once)
    }

    /// [`ONCE`] where no other copy of the message was captured, else 0.
    pub fn once(&self) -> i64 {
        if self.copies > 1 || self.doubled { 0 } else { ONCE }
    }

    /// Time to the first answer, where there is one: see the field.
    pub fn round_trip(&self, sent: &Sent) -> Option<u32> {
        if !sent.is_answered() {
            return None;
        }
        let elapsed = || between(self.last.at(), sent.answer.at()).unwrap_or(0);
        Some(self.round_trip.unwrap_or_else(|| elapsed().clamp(0, i64::from(u32::MAX)) as u32))
    }
}

impl SentTable {
    /// Copies of a message and further answers to it.
    pub fn again(&self, sent: &Sent) -> Again {
        let none = Again {
            last: sent.first,
            last_record: sent.record,
            between: ([0; BETWEEN], [NO_RECORD; BETWEEN]),
            hash: folded(sent.hash),
            copies: 1,
            at_once: 0,
            since: 0,
            step: 0,
            firsts: u32::MAX,
            gap: 0,
            pace: Pace::Doubles,
            uneven: NO_RECORD,
            uneven_wait: 0,
            answer: None,
            first_ack: None,
            round_trip: None,
            gave_up: GaveUp::Unsaid,
            doubled: false,
        };
        self.agains.get(sent.again).copied().unwrap_or(none)
    }

    /// The same, to be changed.
    #[cold]
    pub fn again_mut(&mut self, handle: Handle) -> Option<&mut Again> {
        let sent = self.get(handle)?;
        if sent.is_alone() {
            let again = self.again(sent);
            self.set_again(handle, again);
        }
        self.agains.get_mut(self.get(handle)?.again)
    }

    /// Notes copies of a message and further answers to it.
    pub fn set_again(&mut self, handle: Handle, again: Again) {
        let Some((sent, due)) = self.lives.of_mut(handle.0).changing(handle.0) else { return };
        match self.agains.get_mut(sent.again) {
            Some(before) => *before = again,
            None => {
                sent.again = self.agains.put(again);
                due.note(sent);
            }
        }
    }

    /// The newest copy.
    pub fn last(&self, sent: &Sent) -> Travel {
        self.agains.get(sent.again).map_or(sent.first, |again| again.last)
    }

    /// Captured transmissions.
    pub fn copies(&self, sent: &Sent) -> u16 {
        self.agains.get(sent.again).map_or(1, |again| again.copies)
    }

    /// The newest ACK or Reset, and its record.
    pub fn newest_answer(&self, sent: &Sent) -> (Travel, RecordId) {
        let newest = self.agains.get(sent.again).and_then(|again| again.answer);
        newest.unwrap_or((sent.answer, sent.answered_by))
    }
}
