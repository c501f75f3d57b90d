//! How exchanges are closed.

use super::{NONE, Slot, Slots};
use crate::tracking::marks::Marked;
use crate::tracking::slot::{KEEPS, OPEN, UNLINKED};

impl Slots {
    /// An answer came: the request is open no more, but is still found as the newest closed one.
    #[inline]
    pub fn close(&mut self, number: u32, stamp: i64) {
        let newest = |slot: &Slot| slot.is(KEEPS) && slot.is(OPEN) && slot.under.open == number;
        let Some((slot, term)) = self.ring.both(number).filter(|(slot, _)| newest(slot)) else {
            self.close_any(number, stamp);
            return;
        };
        let link = slot.close_as_newest(number);
        let of_client = std::mem::replace(&mut slot.of_client, UNLINKED);
        let client = slot.row.client;
        term.close(slot, stamp);
        self.noted = number;
        if link != UNLINKED {
            self.leave_token(link);
        }
        if of_client == UNLINKED {
            self.clients.set(client, NONE);
        } else {
            self.leave_client(client, of_client, false);
        }
    }

    /// The same, and gives the slot, to be changed.
    #[inline(always)]
    pub fn closed_mut(&mut self, number: u32, stamp: i64) -> Option<&mut Slot> {
        let alone = |slot: &Slot| slot.link == UNLINKED && slot.of_client == UNLINKED;
        let newest = |slot: &&Slot| slot.is(KEEPS) && slot.is(OPEN) && slot.under.open == number && alone(slot);
        if self.ring.get(number).filter(newest).is_none() {
            return self.closed_among_others(number, stamp);
        }
        let (slot, term) = self.ring.known_both(number)?;
        slot.close_as_newest(number);
        term.close(slot, stamp);
        self.noted = number;
        self.clients.set(slot.row.client, NONE);
        Some(slot)
    }

    #[inline(never)]
    fn closed_among_others(&mut self, number: u32, stamp: i64) -> Option<&mut Slot> {
        self.close(number, stamp);
        self.get_mut(number)
    }

    /// The same wherever the slot lies, and whichever keeps what is under its token.
    #[inline(never)]
    fn close_any(&mut self, number: u32, stamp: i64) {
        if !self.get(number).is_some_and(|slot| slot.is(OPEN)) {
            return;
        }
        let next = self.unlink(number);
        if let Some(under) = self.under_mut(number) {
            if under.open == number {
                under.open = next;
            }
            under.closed = number;
        }
        self.note_closed(number, stamp);
    }

    /// Notes when a slot is to be forgotten that is closed or lives no more: elders by the time at which they were.
    #[inline]
    pub(super) fn note_closed(&mut self, number: u32, stamp: i64) {
        self.noted = number;
        match self.ring.both(number) {
            Some((slot, term)) => term.close(slot, stamp),
            None => self.closed.push_back((stamp, number)),
        }
    }
}
