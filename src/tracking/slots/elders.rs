//! Exchanges that stay for longer than the others, by the numbers of their slots.

use std::cell::Cell;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{NONE, Slot};
use crate::tracking::slab::Slab;

/// Slots lie apart from the index of their numbers: a map's empty places would be as large as slots.
pub(super) struct Elders {
    places: HashMap<u32, u32, RandomState>,
    /// What was looked up last: a message asks for one slot several times.
    known: Cell<(u32, Option<u32>)>,
    slots: Slab<Slot>,
}

impl Elders {
    pub fn new() -> Self {
        Self { places: HashMap::default(), known: Cell::new((NONE, None)), slots: Slab::new() }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    #[inline]
    pub fn holds(&self, number: u32) -> bool {
        self.place(number).is_some()
    }

    #[inline]
    pub fn get(&self, number: u32) -> Option<&Slot> {
        self.slots.get(self.place(number)?)
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.slots.get_mut(self.place(number)?)
    }

    /// Very often nothing is asked for, or the same again.
    #[inline]
    fn place(&self, number: u32) -> Option<u32> {
        let (known, place) = self.known.get();
        match number {
            NONE => None,
            number if number == known => place,
            _ => self.looked_up(number),
        }
    }

    #[inline(never)]
    fn looked_up(&self, number: u32) -> Option<u32> {
        let place = self.places.get(&number).copied();
        self.known.set((number, place));
        place
    }

    /// A slot has become old.
    pub fn add(&mut self, number: u32, slot: Slot) {
        let place = self.slots.put(slot);
        self.known.set((NONE, None));
        if let Some(before) = self.places.insert(number, place) {
            self.slots.take(before);
        }
    }

    pub fn remove(&mut self, number: u32) -> Option<Slot> {
        self.known.set((NONE, None));
        self.slots.take(self.places.remove(&number)?)
    }
}
