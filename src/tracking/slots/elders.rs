//! Exchanges that stay for longer than the others, by the numbers of their slots.

use std::cell::Cell;

use super::{NONE, Slot};
use crate::tracking::slab::{NOTHING, Slab};
use crate::tracking::tags::{Held, Tag, Tags};

/// Slots lie apart from the index of their numbers: a map's empty places would be as large as slots.
pub(super) struct Elders {
    index: Tags,
    /// What was looked up last, and its place: a message asks for one slot several times.
    known: Cell<(u32, u32)>,
    slots: Slab<(u32, Slot)>,
}

impl Elders {
    pub fn new() -> Self {
        Self { index: Tags::new(), known: Cell::new((NONE, NOTHING)), slots: Slab::new() }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there may be something at a place.
    #[inline]
    pub fn has(&self, place: u32) -> bool {
        (place as usize) < self.slots.places()
    }

    /// What is at a place, with its number.
    #[inline]
    pub fn at(&self, place: u32) -> Option<&(u32, Slot)> {
        let there = self.slots.get(place)?;
        self.known.set((there.0, place));
        Some(there)
    }

    /// What is or was at a place, to ask memory for it.
    #[inline]
    pub fn asked(&self, place: u32) -> Option<&Slot> {
        self.slots.place(place).map(|(_, slot)| slot)
    }

    /// Asks memory for where a number is looked up.
    #[inline]
    pub fn ask(&self, number: u32) -> Tag {
        self.index.ask(u64::from(number))
    }

    /// The place where the slot with a number may lie, or nothing.
    #[inline]
    pub fn first(&self, number: u32) -> u32 {
        self.index.first(self.ask(number))
    }

    #[inline]
    pub fn at_mut(&mut self, place: u32) -> Option<&mut Slot> {
        self.slots.get_mut(place).map(|(_, slot)| slot)
    }

    #[inline]
    pub fn get(&self, number: u32) -> Option<&Slot> {
        self.slots.get(self.place(number)).map(|(_, slot)| slot)
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.slots.get_mut(self.place(number)).map(|(_, slot)| slot)
    }

    /// Where the slot with a number lies. Very often nothing is asked for, or the same again.
    #[inline]
    pub fn place(&self, number: u32) -> u32 {
        let (known, place) = self.known.get();
        match number {
            NONE => NOTHING,
            number if number == known => place,
            _ => self.looked_up(number),
        }
    }

    #[inline(never)]
    fn looked_up(&self, number: u32) -> u32 {
        let place = self.index.get(u64::from(number), |place| held(&self.slots, place, number)).unwrap_or(NOTHING);
        self.known.set((number, place));
        place
    }

    /// A slot has become old. Its number is free. Returns its place.
    pub fn add(&mut self, number: u32, slot: Slot) -> u32 {
        self.known.set((NONE, NOTHING));
        let (index, slots) = (&mut self.index, &mut self.slots);
        let place = index.place(u64::from(number), |place| held(slots, place, number), |_| true);
        if let Some(before) = place.number {
            slots.take(before);
        }
        let at = slots.put((number, slot));
        index.put(place, at);
        at
    }

    pub fn remove(&mut self, number: u32) -> Option<Slot> {
        self.known.set((NONE, NOTHING));
        let slots = &self.slots;
        let place = self.index.place(u64::from(number), |place| held(slots, place, number), |_| true);
        let held = place.number?;
        self.index.remove(place.tag, held);
        self.slots.take(held).map(|(_, slot)| slot)
    }
}

/// What a place leads to.
#[inline]
fn held(slots: &Slab<(u32, Slot)>, place: u32, number: u32) -> Held {
    match slots.get(place) {
        Some((held, _)) if *held == number => Held::Same,
        _ => Held::Other,
    }
}
