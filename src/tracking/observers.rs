//! Which observations live, by what is observed, and by the token of its client. Of several that have the same the newest is found.

use super::model::EndpointId;
use super::pairs::PairNumber;
use super::slots::{Slot, Slots};
use super::tags::{Held, Tags};
use super::tokens::Token;

/// Each leads to the slot of an observation. What ends is taken out, so that all that is here lives.
pub(super) struct Observers {
    /// By pair and target.
    targets: Tags,
    /// By the [key](Token::key) of the token, for the client.
    tokens: Tags,
}

impl Observers {
    pub fn new() -> Self {
        Self { targets: Tags::new(), tokens: Tags::new() }
    }

    fn target(pair: PairNumber, target: u64) -> [u64; 2] {
        [target, u64::from(pair.0)]
    }

    fn has_target(slots: &Slots, number: u32, pair: PairNumber, target: u64) -> Held {
        let observed = slots.get(number).filter(|slot| slot.pair == pair).and_then(|_| slots.observation(number));
        same(observed.is_some_and(|observation| observation.target == target))
    }

    fn has_token(slots: &Slots, number: u32, client: EndpointId, token: &Token) -> Held {
        same(slots.get(number).is_some_and(|slot| slot.row.client == client && slot.token == *token))
    }

    /// Asks memory for where an observation is put.
    #[inline]
    pub fn ask(&self, pair: PairNumber, target: u64, client: EndpointId, token: &Token) {
        self.targets.ask(Self::target(pair, target));
        self.tokens.ask(token.key(client.0));
    }

    /// Where somebody observes a target.
    #[inline]
    pub fn of_target(&self, slots: &Slots, pair: PairNumber, target: u64) -> Option<u32> {
        self.targets.get(Self::target(pair, target), |number| Self::has_target(slots, number, pair, target))
    }

    /// Where a client observes under a token.
    pub fn of_token(&self, slots: &Slots, client: EndpointId, token: &Token) -> Option<u32> {
        self.tokens.get(token.key(client.0), |number| Self::has_token(slots, number, client, token))
    }

    /// The observation in a slot lives. `target`: 0 where that is not known.
    #[inline]
    pub fn put(&mut self, slots: &Slots, number: u32, slot: &Slot, target: u64) {
        let (pair, client) = (slot.pair, slot.row.client);
        if target != 0 {
            let held = |number| Self::has_target(slots, number, pair, target);
            let place = self.targets.place(Self::target(pair, target), held, |_| true);
            self.targets.put(place, number);
        }
        let held = |number| Self::has_token(slots, number, client, &slot.token);
        let place = self.tokens.place(slot.token.key(client.0), held, |_| true);
        self.tokens.put(place, number);
    }

    /// It does not any more, or another takes its place.
    pub fn remove(&mut self, number: u32, slot: &Slot, target: u64) {
        self.targets.take(Self::target(slot.pair, target), number);
        self.tokens.take(slot.token.key(slot.row.client.0), number);
    }
}

fn same(is: bool) -> Held {
    if is { Held::Same } else { Held::Other }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::tracking::clock::Moment;
    use crate::tracking::model::{ExchangeId, ExchangeRow, ObservationId};
    use crate::tracking::observation::Observation;
    use crate::tracking::random::Random;
    use crate::tracking::slots::SlotKind;

    #[test]
    fn the_newest_is_found_until_it_ends_and_no_older_one_behind_it() {
        let (mut slots, mut observers, mut random) = (Slots::new(), Observers::new(), Random(9));
        let mut below = |most: u64| random.below(most);
        let (mut targets, mut tokens, mut alive) = (HashMap::new(), HashMap::new(), Vec::new());
        let mut most = 0;
        for round in 0..6_000u32 {
            // Grows for a while, then shrinks.
            if below(4) < if round / 1_500 % 2 == 0 { 3 } else { 1 } {
                let (pair, client) = (PairNumber(below(40) as u32), EndpointId(below(5) as u32));
                let (target, token) = (below(20), Token::first_of(&below(300).to_le_bytes(), 2));
                let row = ExchangeRow { client, ..ExchangeRow::default() };
                let slot = Slot::new(SlotKind::Exchange, ExchangeId(round), row, token, pair, Moment::default());
                let observation = Observation::new(ObservationId(round), &slot, target, Moment::default());
                let number = slots.insert(slot, 0);
                slots.observe(number, 0);
                slots.put_observation(number, observation);
                observers.put(&slots, number, &slot, target);
                if target != 0 {
                    targets.insert((pair.0, target), number);
                }
                tokens.insert((client, token.bits()), number);
                alive.push((number, slot, target));
                most = most.max(alive.len());
            } else if !alive.is_empty() {
                let (number, slot, target) = alive.swap_remove(below(alive.len() as u64) as usize);
                // A second time it does nothing.
                for _ in 0..2 {
                    observers.remove(number, &slot, target);
                }
                slots.remove(number);
                targets.retain(|_, held| *held != number);
                tokens.retain(|_, held| *held != number);
            }
            let (pair, target, client, token) = (below(40) as u32, below(20), EndpointId(below(5) as u32), below(300));
            let found = observers.of_target(&slots, PairNumber(pair), target);
            assert_eq!(found, targets.get(&(pair, target)).copied());
            let found = observers.of_token(&slots, client, &Token::first_of(&token.to_le_bytes(), 2));
            assert_eq!(found, tokens.get(&(client, token)).copied());
        }
        assert!(most > 500, "the tables have not grown: {most}");
    }
}
