//! How exchanges are closed.

use super::{NONE, Slot, Slots};
use crate::tracking::slot::UNLINKED;

impl Slots {
    /// An answer came: the request is open no more, but is still found as the newest closed one.
    #[inline]
    pub fn close(&mut self, number: u32, stamp: i64) {
        let newest = |slot: &Slot| slot.keeps && slot.open && slot.under.open == number;
        let Some((slot, term)) = self.ring.both(number).filter(|(slot, _)| newest(slot)) else {
            self.close_any(number, stamp);
            return;
        };
        let link = slot.close_as_newest(number, stamp);
        let of_client = std::mem::replace(&mut slot.of_client, UNLINKED);
        let client = slot.row.client;
        term.renew(slot);
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
        let newest = |slot: &&Slot| slot.keeps && slot.open && slot.under.open == number && alone(slot);
        if self.ring.get(number).filter(newest).is_none() {
            return self.closed_among_others(number, stamp);
        }
        let (slot, term) = self.ring.known_both(number)?;
        slot.close_as_newest(number, stamp);
        term.renew(slot);
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
        let Some(slot) = self.get_mut(number).filter(|slot| slot.open) else { return };
        slot.closed_at = stamp;
        let next = self.unlink(number);
        if let Some(under) = self.under_mut(number) {
            if under.open == number {
                under.open = next;
            }
            under.closed = number;
        }
        self.note(number);
        self.old_and_closed(number, stamp);
    }

    /// Elders are forgotten by the time at which they were closed.
    #[inline]
    pub(super) fn old_and_closed(&mut self, number: u32, stamp: i64) {
        if !self.ring.holds(number) {
            self.closed.push_back((stamp, number));
        }
    }
}
