//! What is under each token. Of the slots under one token the newest keeps this, so that what is asked of a slot and of its token lies together,
//! and leaves together. If others remain, one of them keeps it from then on.

use std::cell::Cell;

use super::{KEEPS, NONE, SURVIVED, Slot, SlotKind, Slots, Under};
use crate::tracking::marks::Marked;
use crate::tracking::pairs::PairNumber;
use crate::tracking::tags::{Held, Place, Tag};
use crate::tracking::tokens::Token;

/// The index has the numbers of slots, which are even; of a slot that has become old its place, with this.
const OLD: u32 = 1;

/// What the index has of the elder at a place.
#[inline]
fn old(place: u32) -> u32 {
    place << 1 | OLD
}

/// The place of the elder that the index leads to, if it does.
#[inline]
fn old_place(at: u32) -> Option<u32> {
    (at & OLD != 0).then_some(at >> 1)
}

impl Slots {
    /// The slot that keeps what is under a token between client and server.
    #[inline(always)]
    fn keeper(&self, pair: PairNumber, token: &Token) -> Option<(u32, &Slot)> {
        let found = Cell::new(None);
        self.tokens.get(token.key(pair.0), |at| {
            let there = self.there(at);
            found.set(there);
            held(there.map(|(_, slot)| slot), pair, token)
        })?;
        found.get()
    }

    /// What the index leads to: a slot with its number.
    #[inline]
    fn there(&self, at: u32) -> Option<(u32, &Slot)> {
        match old_place(at) {
            None => self.ring.get(at).map(|slot| (at, slot)),
            Some(place) => self.elders.at(place).map(|(number, slot)| (*number, slot)),
        }
    }

    /// Asks memory for where a token is looked up.
    #[inline]
    pub fn ask(&self, pair: PairNumber, token: &Token) -> Tag {
        self.tokens.ask(token.key(pair.0))
    }

    /// The number of the slot that may keep what is under a token, or the place of the elder that may.
    #[inline(always)]
    pub fn first(&self, token: Tag) -> (Option<u32>, Option<u32>) {
        let at = self.tokens.first(token);
        let place = old_place(at);
        (Some(at).filter(|_| self.ring.holds(at) & place.is_none()), place.filter(|place| self.elders.has(*place)))
    }

    /// The slot with a number that is in the ring.
    #[inline]
    pub fn young(&self, number: u32) -> Option<&Slot> {
        self.ring.known(number)
    }

    /// The elder that is or was at a place, to ask memory for it.
    #[inline]
    pub fn elder(&self, place: u32) -> Option<&Slot> {
        self.elders.asked(place)
    }

    /// What the index leads to, to be changed.
    #[inline]
    fn there_mut(&mut self, at: u32) -> Option<&mut Slot> {
        match old_place(at) {
            None => self.ring.get_mut(at),
            Some(place) => self.elders.at_mut(place),
        }
    }

    /// What leads to a slot from the index.
    pub(super) fn at(&self, number: u32) -> u32 {
        if self.ring.holds(number) { number } else { old(self.elders.place(number)) }
    }

    /// What is under a token between client and server.
    pub fn under(&self, pair: PairNumber, token: &Token) -> Under {
        let Some((keeper, slot)) = self.keeper(pair, token) else { return Under::NOTHING };
        let known = |number: u32| number == NONE || number == keeper;
        let held = |number: u32| if known(number) || self.get(number).is_some() { number } else { NONE };
        let under = &slot.under;
        Under {
            open: under.open,
            closed: held(under.closed),
            observing: held(under.observing),
            ended: held(under.ended),
        }
    }

    /// What is observed under a token, where no request is open under it.
    #[inline]
    pub fn only_observed(&self, pair: PairNumber, token: &Token) -> Option<u32> {
        let under = &self.keeper(pair, token)?.1.under;
        (under.open == NONE && under.observing != NONE).then_some(under.observing)
    }

    /// The newest request that is open under a token.
    #[inline]
    pub fn open_under(&self, pair: PairNumber, token: &Token) -> Option<u32> {
        let open = self.keeper(pair, token)?.1.under.open;
        (open != NONE).then_some(open)
    }

    /// The same, where nothing is observed under it.
    #[inline]
    pub fn only_open(&self, pair: PairNumber, token: &Token) -> Option<u32> {
        let under = &self.keeper(pair, token)?.1.under;
        (under.open != NONE && under.observing == NONE).then_some(under.open)
    }

    /// Where a token between client and server is or would go; good until something changes here.
    #[inline(always)]
    pub fn place(&mut self, pair: PairNumber, token: &Token) -> Place {
        if self.tokens.is_full() {
            self.make_room();
        }
        self.tokens.find_key(token.key(pair.0), |at| held(self.there(at).map(|(_, slot)| slot), pair, token))
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        // What is old is taken out when it leaves.
        let ring = &self.ring;
        self.tokens.make_room(|at| old_place(at).is_some() || ring.holds(at));
    }

    /// Whether no request is open at a place, and nobody observes.
    #[inline]
    pub fn is_idle(&self, place: Place) -> bool {
        self.under_at(place).is_none_or(|under| under.open == NONE && under.observing == NONE)
    }

    /// What is observed at a place, or `NONE`; nothing where a request is open there.
    #[inline]
    pub fn observed_at(&self, place: Place) -> Option<u32> {
        match self.under_at(place) {
            None => Some(NONE),
            Some(under) => (under.open == NONE).then_some(under.observing),
        }
    }

    /// What was under a token last, at its place.
    #[inline]
    fn under_at(&self, place: Place) -> Option<&Under> {
        place.number.and_then(|at| self.there(at)).map(|(_, slot)| &slot.under)
    }

    /// The newest request that is open under the token of a slot.
    #[inline]
    pub fn open_beside(&self, slot: &Slot) -> Option<u32> {
        match slot.is(KEEPS) {
            true => Some(slot.under.open).filter(|open| *open != NONE),
            false => self.open_under(slot.pair, &slot.token),
        }
    }

    /// What is observed under the token of a slot.
    #[inline]
    pub fn observing_beside(&self, slot: &Slot) -> Option<u32> {
        let under = match slot.is(KEEPS) {
            true => &slot.under,
            false => &self.keeper(slot.pair, &slot.token)?.1.under,
        };
        (under.observing != NONE).then_some(under.observing)
    }

    /// Takes what the slot before kept, for a new one to keep; and whether others may remain when the new one leaves.
    #[inline]
    pub(super) fn inherit(&mut self, at: u32) -> (Under, bool) {
        let Some(slot) = self.there_mut(at) else { return (Under::NOTHING, false) };
        slot.unmark(KEEPS);
        let under = slot.under;
        let Under { open, closed, observing, ended } = under;
        // What is closed leaves before whatever begins later, unless it was open for long.
        let survived = open != NONE || observing != NONE || ended != NONE || closed != NONE && !self.ring.holds(closed);
        (under, survived)
    }

    /// What is under the token of a slot, to be changed: this slot may be there when the one that keeps it leaves.
    pub(super) fn under_mut(&mut self, number: u32) -> Option<&mut Under> {
        let slot = self.get(number)?;
        let keeper = match slot.is(KEEPS) {
            true => number,
            false => match self.keeper(slot.pair, &slot.token) {
                Some((keeper, _)) => keeper,
                None => {
                    self.keep(number, Under::NOTHING);
                    number
                }
            },
        };
        if keeper != number {
            self.survive(keeper);
        }
        self.get_mut(keeper).map(|slot| &mut slot.under)
    }

    /// A slot keeps what is under its token from now on.
    fn keep(&mut self, number: u32, under: Under) {
        let Some(slot) = self.get_mut(number) else { return };
        slot.under = under;
        slot.mark(KEEPS);
        let (pair, token) = (slot.pair, slot.token);
        let place = self.place(pair, &token);
        self.tokens.put(place, self.at(number));
        self.survive(number);
    }

    /// Others may be under the token of a slot when it leaves.
    fn survive(&mut self, number: u32) {
        if let Some(slot) = self.get_mut(number) {
            slot.mark(SURVIVED);
        }
        if let Some(term) = self.ring.side_mut(number) {
            term.known = true;
        }
    }

    /// A slot that keeps what is under its token has become old, and lies there now.
    pub(super) fn moved(&mut self, number: u32, place: u32) {
        if let Some(slot) = self.elders.get(number).filter(|slot| slot.is(KEEPS)) {
            let before = self.tokens.find_key(slot.token.key(slot.pair.0), |at| same(at, number));
            if before.number.is_some() {
                self.tokens.put(before, old(place));
            }
        }
    }

    /// A slot that kept what is under its token is gone from where the index says: another keeps it, if any is left.
    #[cold]
    #[inline(never)]
    pub(super) fn hand_over(&mut self, at: u32, slot: &Slot) {
        let Slot { pair, token, under, .. } = *slot;
        let before = self.tokens.find_key(token.key(pair.0), |other| same(other, at));
        if before.number.is_some() {
            self.tokens.remove(before.tag, at);
        }
        let heirs = [under.open, under.observing, under.ended, under.closed];
        let left = |number: &u32| self.get(*number).is_some_and(|slot| slot.has(pair, &token));
        if let Some(heir) = heirs.into_iter().find(left) {
            self.keep(heir, under);
        }
    }
}

/// What leads to a slot has its key, if the slot has it.
#[inline]
fn held(slot: Option<&Slot>, pair: PairNumber, token: &Token) -> Held {
    match slot.filter(|slot| slot.kind != SlotKind::Free) {
        Some(slot) if slot.has(pair, token) => Held::Same,
        Some(_) => Held::Other,
        None => Held::Gone,
    }
}

/// What leads to one slot only.
fn same(at: u32, sought: u32) -> Held {
    if at == sought { Held::Same } else { Held::Other }
}
