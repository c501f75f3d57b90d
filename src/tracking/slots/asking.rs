//! What is needed soon is asked of memory: see [`ahead`](crate::tracking::ahead).

use super::{Slot, Slots};

impl Slots {
    /// Asks memory for where the slots will lie that come next.
    #[inline]
    pub fn ask_ahead(&self, by: u32) {
        if let Some(slot) = self.ring.cell_ahead(by) {
            slot.ask();
        }
    }

    /// Asks memory for the slot with a number, or for where an elder is looked up.
    #[inline]
    pub fn ask_of(&self, number: u32) {
        match self.ring.get(number) {
            Some(slot) => slot.ask(),
            None => drop(self.elders.ask(number)),
        }
    }

    /// Asks memory for the observations in slots, and for these.
    #[inline]
    pub fn ask_observed(&self, numbers: impl Iterator<Item = u32> + Clone) {
        numbers.clone().for_each(|number| self.ask_of(number));
        let elder = |number| self.elders.asked(self.elders.first(number));
        numbers.clone().filter(|number| !self.ring.holds(*number)).filter_map(elder).for_each(Slot::ask);
        let slots = numbers.filter_map(|number| self.ring.get(number).or_else(|| elder(number)));
        slots.for_each(|slot| self.ask_observation(slot));
    }

    /// Asks memory for the observation in a slot.
    #[inline]
    pub fn ask_observation(&self, slot: &Slot) {
        if let Some(observation) = self.observations.place(slot.observation) {
            observation.ask();
        }
    }
}
