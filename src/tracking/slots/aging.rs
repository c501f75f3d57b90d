//! When exchanges are forgotten, and which of them first.

use super::{NOTHING, Slot, SlotKind, Slots};
use crate::tracking::marks::Marked;
use crate::tracking::slot::{KEEPS, LIVE, OPEN, SURVIVED};

/// When a slot is to be forgotten, and what has to be done then. These lie close together, so that most slots are forgotten without being looked
/// at once more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// Steady time at which it began or was last used, if it lasts; else that at which it was closed.
    pub stamp: i64,
    /// Of the place of its token, to take it out of there.
    pub tag: u32,
    /// It is open, or lives as an observation.
    pub lasts: bool,
    /// It holds nothing any more.
    pub free: bool,
    /// Something else knows of it: an observation, the list of requests to groups, or others under its token.
    pub known: bool,
}

impl Term {
    #[inline(always)]
    pub fn of(slot: &Slot, tag: u32) -> Self {
        let (free, lasts) = (slot.kind == SlotKind::Free, slot.is(OPEN | LIVE));
        let known = [slot.observation, slot.asked] != [NOTHING; 2] || slot.row.multicast || slot.is(SURVIVED);
        Self { stamp: slot.opened_at, tag, lasts: lasts && !free, free, known }
    }

    /// The slot has changed.
    #[inline(always)]
    pub fn renew(&mut self, slot: &Slot) {
        // When it was closed only this knows.
        let stamp = if slot.is(OPEN | LIVE) { slot.opened_at } else { self.stamp };
        *self = Self { stamp, ..Self::of(slot, self.tag) };
    }

    /// The slot was closed, or does not live any more; else it is as before.
    #[inline(always)]
    pub fn close(&mut self, slot: &Slot, stamp: i64) {
        (self.stamp, self.lasts) = (stamp, slot.is(OPEN | LIVE));
    }
}

/// So many slots ahead memory is asked for what is needed to forget one.
const LATER: u32 = 8;

/// Whether so much time has gone by since.
#[inline(always)]
fn is_past(stamp: i64, steady: i64, life: i64) -> bool {
    steady.saturating_sub(stamp) > life
}

impl Slots {
    /// The steady time behind which [`expire`](Self::expire) finds something.
    pub fn next_due(&self, life: i64) -> Option<i64> {
        let last_used = |term: &Term| if term.free { i64::MIN } else { term.stamp };
        let stamps = [self.ring.front_side().map(last_used), self.closed.front().map(|(stamp, _)| *stamp)];
        stamps.into_iter().flatten().min().map(|stamp| stamp.saturating_add(life))
    }

    /// It was closed longer ago than `life`, and is still there only because one that began before it is: whatever others say to each other,
    /// it counts no longer.
    pub fn is_over(&self, number: u32, steady: i64, life: i64) -> bool {
        let term = self.ring.side(number);
        term.is_some_and(|term| !term.lasts && !term.free && is_past(term.stamp, steady, life))
    }

    /// Forgets the oldest slot if its time is over by the steady time; what is still open moves to the elders.
    /// `true` if there may be more to do. What is forgotten goes to `forgotten`.
    pub fn expire(&mut self, steady: i64, life: i64, forgotten: &mut impl FnMut(u32, &Slot)) -> bool {
        let over = |stamp| is_past(stamp, steady, life);
        while let Some(&term) = self.ring.front_side().filter(|term| term.free || over(term.stamp)) {
            if let Some(later) = self.ring.side(self.ring.later(LATER)) {
                self.tokens.ask_tag(later.tag);
            }
            let number = self.ring.first();
            let Some(slot) = self.ring.pop() else { return false };
            if term.lasts {
                let slot = *slot;
                self.unused.push_back((slot.opened_at, number));
                self.grow_old(number, slot);
            } else if term.known {
                forgotten(number, slot);
                self.observations.free(slot.observation);
                self.asked.free(slot.asked);
                if slot.is(KEEPS) && slot.is(SURVIVED) {
                    let slot = *slot;
                    self.hand_over(number, &slot);
                    continue;
                }
            }
            if !term.lasts {
                // If it is there.
                self.tokens.remove(term.tag, number);
            }
        }
        let Some(&(stamp, number)) = self.closed.front() else { return false };
        if !over(stamp) {
            return false;
        }
        self.closed.pop_front();
        if self.elders.get(number).is_some_and(|slot| !slot.is(OPEN | LIVE)) {
            let at = self.at(number);
            if let Some(slot) = self.elders.remove(number) {
                forgotten(number, &slot);
                self.observations.free(slot.observation);
                self.asked.free(slot.asked);
                if slot.is(KEEPS) {
                    self.hand_over(at, &slot);
                }
            }
        }
        true
    }

    /// A slot that lasts leaves the others of its time.
    fn grow_old(&mut self, number: u32, mut slot: Slot) {
        if slot.is(OPEN) {
            let (client, link) = (slot.row.client, slot.of_client);
            self.leave_client(client, link, false);
            let next = self.clients.add_old(client, number);
            slot.of_client = self.put_before(number, next, |slot| &mut slot.of_client);
        }
        let place = self.elders.add(number, slot);
        self.moved(number, place);
    }

    /// Forgets a slot before its time.
    pub fn remove(&mut self, number: u32) {
        let Some(&slot) = self.get(number) else { return };
        self.observations.free(slot.observation);
        self.asked.free(slot.asked);
        if slot.is(OPEN) {
            let next = self.unlink(number);
            if let Some(under) = self.under_mut(number)
                && under.open == number
            {
                under.open = next;
            }
        }
        let (kept, at) = (self.get(number).copied().filter(|slot| slot.is(KEEPS)), self.at(number));
        if self.elders.remove(number).is_none()
            && let Some(slot) = self.get_mut(number)
        {
            (slot.kind, slot.observation, slot.asked) = (SlotKind::Free, NOTHING, NOTHING);
            slot.unmark(KEEPS);
        }
        self.note(number);
        if let Some(slot) = kept {
            self.hand_over(at, &slot);
        }
        while self.ring.front_side().is_some_and(|term| term.free) {
            self.ring.pop();
        }
    }

    /// The least recently used slot.
    pub fn oldest(&mut self) -> Option<u32> {
        while let Some(&(stamp, number)) = self.unused.front() {
            let Some(slot) = self.elders.get(number).filter(|slot| slot.opened_at == stamp) else {
                // Gone, or used since.
                self.unused.pop_front();
                if let Some(slot) = self.elders.get(number) {
                    self.unused.push_back((slot.opened_at, number));
                }
                continue;
            };
            let younger = self.ring.front().is_none_or(|front| front.opened_at >= slot.opened_at);
            return Some(if younger { number } else { self.ring.first() });
        }
        self.ring.front().map(|_| self.ring.first())
    }

    /// Takes back a jump of the clock that was not confirmed: one frame came in it, which began an exchange, and changed another.
    pub fn clamp(&mut self, steady: i64) {
        for number in [self.ring.newest(), self.noted] {
            if let Some(slot) = self.get_mut(number) {
                slot.opened_at = slot.opened_at.min(steady);
            }
            if let Some(term) = self.ring.side_mut(number) {
                term.stamp = term.stamp.min(steady);
            }
        }
        for (stamp, _) in self.closed.iter_mut().rev().take(2) {
            *stamp = steady.min(*stamp);
        }
    }
}
