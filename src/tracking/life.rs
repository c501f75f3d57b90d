//! Messages in the order of their first copies, until nothing more can come of them.

use super::ring::Ring;
use super::sent::Sent;
use super::slab::NOTHING;
use super::tags::Tags;

/// When the time of a message is over, and whether anything happens then. These lie close together, so that most messages are forgotten without
/// being looked at once more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    /// Steady time of the first copy.
    pub stamp: i64,
    /// Of its place in the index.
    pub tag: u32,
    /// Nothing happens when no copy of it is due any more.
    pub waits_not: bool,
    /// Nothing happens when its number is free again.
    pub lapses_quietly: bool,
}

impl Due {
    #[inline(always)]
    pub fn of(sent: &Sent, tag: u32) -> Self {
        let apart = sent.malformed || sent.stray || sent.multicast;
        let waits_not = sent.is_answered() || apart;
        let done = sent.responded || !sent.is_request() || apart;
        Self { stamp: sent.stamp, tag, waits_not, lapses_quietly: done && sent.again == NOTHING }
    }
}

/// Bits of a number that tell the kind of a message.
const KINDS: u32 = 2;

/// Messages of one kind, the oldest first. They are kept for as long as an answer to them may come.
pub(super) struct Life {
    pub ring: Ring<Sent, KINDS>,
    pub due: Ring<Due, KINDS>,
    /// Up to this number entries have waited or been looked at.
    waited: u32,
    /// So long they wait before something happens with them: the Confirmable for copies and an answer, the others until their number is free.
    pub wait: i64,
}

impl Life {
    /// `first`: the number of the first, which tells the kind.
    pub fn new(first: u32, wait: i64) -> Self {
        Self { ring: Ring::new(first), due: Ring::new(first), waited: first, wait }
    }

    /// Whether the oldest has had its time, `life` nanoseconds.
    #[inline]
    pub fn is_over(&self, steady: i64, life: i64) -> bool {
        self.due.front().is_some_and(|due| steady.saturating_sub(due.stamp) > life)
    }

    /// The next that has waited, each once, unless nothing happens with it.
    #[inline]
    pub fn next_waited(&mut self, steady: i64, quiet: impl Fn(&Due) -> bool) -> Option<u32> {
        loop {
            let number = self.waiting();
            let due = self.due.get(number)?;
            if steady.saturating_sub(due.stamp) <= self.wait {
                return None;
            }
            self.waited = Ring::<Sent, KINDS>::after(number);
            if !quiet(due) {
                return Some(number);
            }
        }
    }

    /// Takes out the oldest, and its number out of the index.
    #[inline]
    pub fn pop(&mut self, index: &mut Tags) -> Option<(Due, &mut Sent)> {
        let number = self.ring.first();
        let due = *self.due.pop()?;
        index.remove(due.tag, number);
        Some((due, self.ring.pop()?))
    }

    /// The next that has not been looked at for having waited.
    #[inline]
    pub fn waiting(&self) -> u32 {
        let first = self.ring.first();
        if self.waited == self.ring.next() || self.ring.holds(self.waited) { self.waited } else { first }
    }
}

/// The messages of both kinds.
pub(super) struct Lives {
    pub confirmable: Life,
    pub other: Life,
}

impl Lives {
    /// See [`Life::wait`].
    pub fn new(confirmable: i64, other: i64) -> Self {
        Self { confirmable: Life::new(0, confirmable), other: Life::new(1, other) }
    }

    /// Those of the kind of a number.
    #[inline]
    pub fn of(&self, number: u32) -> &Life {
        if number & 1 == 0 { &self.confirmable } else { &self.other }
    }

    #[inline]
    pub fn of_mut(&mut self, number: u32) -> &mut Life {
        if number & 1 == 0 { &mut self.confirmable } else { &mut self.other }
    }

    pub fn both(&mut self) -> [&mut Life; 2] {
        [&mut self.confirmable, &mut self.other]
    }
}
