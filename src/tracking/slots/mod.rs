//! Exchanges that are open, or closed so recently that more may come: where they lie and how they are found.
//!
//! They lie in the order in which they began, so that beginning and forgetting them goes through memory in one direction.
//! Those that are still open after the lifetime of an exchange move to the elders.

mod aging;
mod asked;
mod asking;
mod clients;
mod closing;
mod elders;
mod under;

use std::collections::VecDeque;

use aging::Term;
pub(super) use asked::asked;
use clients::Clients;
use elders::Elders;

use super::marks::Marked;
use super::model::EndpointId;
use super::observation::Observation;
use super::ring::Ring;
use super::slab::{NOTHING, Slab};
pub(super) use super::slot::{Asked, BARE, OVERDUE, Observes, SHARED, Slot, SlotKind, USUAL, Under};
use super::slot::{KEEPS, LIVE, Link, OPEN, SURVIVED, UNLINKED};
use super::tags::{Place, Tags};

/// No slot. Slots are numbered in the order in which they begin.
pub(super) const NONE: u32 = u32::MAX;

/// The exchanges.
pub(super) struct Slots {
    ring: Ring<Slot, Term>,
    elders: Elders,
    /// When each elder was last known to be used, the longest ago first.
    unused: VecDeque<(i64, u32)>,
    /// When elders were closed.
    closed: VecDeque<(i64, u32)>,
    /// Which slot keeps what is under a token.
    tokens: Tags,
    clients: Clients,
    observations: Slab<Observation>,
    asked: Slab<Asked>,
    /// What changed last.
    noted: u32,
}

impl Slots {
    pub fn new() -> Self {
        Self {
            ring: Ring::new(0),
            elders: Elders::new(),
            unused: VecDeque::new(),
            closed: VecDeque::new(),
            tokens: Tags::new(),
            clients: Clients::default(),
            observations: Slab::new(),
            asked: Slab::new(),
            noted: NONE,
        }
    }

    #[inline]
    pub fn get(&self, number: u32) -> Option<&Slot> {
        let slot = self.ring.get(number).or_else(|| self.elders.get(number));
        slot.filter(|slot| slot.kind != SlotKind::Free)
    }

    /// The same where it has not become old.
    #[inline]
    pub fn recent(&self, number: u32) -> Option<&Slot> {
        self.ring.get(number).filter(|slot| slot.kind != SlotKind::Free)
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Slot> {
        let slot = self.ring.get_mut(number).or_else(|| self.elders.get_mut(number));
        slot.filter(|slot| slot.kind != SlotKind::Free)
    }

    /// The observation in a slot.
    #[inline]
    pub fn observation(&self, number: u32) -> Option<&Observation> {
        self.observations.get(self.get(number)?.observation)
    }

    /// The same, to be changed, with its slot.
    #[inline(always)]
    pub fn observed_mut(&mut self, number: u32) -> Option<(&mut Slot, &mut Observation)> {
        self.observed_by_mut(number).map(|(slot, observation, _)| (slot, observation))
    }

    /// The same, and in what to [look](asked) for what its request asked.
    #[inline(always)]
    pub fn observed_by_mut(&mut self, number: u32) -> Option<(&mut Slot, &mut Observation, &Slab<Asked>)> {
        let slot = self.ring.get_mut(number).or_else(|| self.elders.get_mut(number));
        let slot = slot.filter(|slot| slot.kind != SlotKind::Free)?;
        let observation = self.observations.get_mut(slot.observation)?;
        Some((slot, observation, &self.asked))
    }

    /// Gives a slot an observation. Always in the very place, see [`Ring::push`].
    #[inline(always)]
    pub fn put_observation(&mut self, number: u32, observation: Observation) -> Option<&mut Slot> {
        self.noted = number;
        if let Some((slot, term)) = self.ring.both(number).filter(|(slot, _)| slot.kind != SlotKind::Free) {
            slot.observation = self.observations.put(observation);
            term.renew(slot);
            return Some(slot);
        }
        let slot = self.elders.get_mut(number)?;
        slot.observation = self.observations.put(observation);
        Some(slot)
    }

    /// Takes the observation out of a slot.
    pub fn take_observation(&mut self, number: u32) -> Option<Observation> {
        let place = std::mem::replace(&mut self.get_mut(number)?.observation, NOTHING);
        self.observations.take(place)
    }

    /// The number that the next slot gets.
    #[inline]
    pub fn next(&self) -> u32 {
        self.ring.next()
    }

    /// Adds an open exchange; `stamp` is the steady time.
    #[inline(always)]
    pub fn insert(&mut self, slot: Slot, stamp: i64) -> u32 {
        let place = self.place(slot.pair, &slot.token);
        self.insert_at(place, slot, stamp)
    }

    /// The same where the place of its token is known.
    #[inline(always)]
    pub fn insert_at(&mut self, place: Place, mut slot: Slot, stamp: i64) -> u32 {
        let number = self.ring.next();
        let overheard = slot.kind == SlotKind::Overheard;
        let open = !matches!(slot.kind, SlotKind::Overheard | SlotKind::Member);
        slot.opened_at = stamp;
        slot.mark(if open {
            OPEN | KEEPS
        } else if overheard {
            LIVE | KEEPS
        } else {
            KEEPS
        });
        if let Some(keeper) = place.number {
            let (under, survived) = self.inherit(keeper);
            slot.under = under;
            slot.mark(if survived { SURVIVED } else { 0 });
        }
        self.tokens.put(place, number);
        if overheard {
            slot.under.observing = number;
        } else if open {
            let next = std::mem::replace(&mut slot.under.open, number);
            slot.link = self.put_before(number, next, |slot| &mut slot.link);
            let next = self.clients.add(slot.row.client, number);
            slot.of_client = self.put_before(number, next, |slot| &mut slot.of_client);
        }
        let term = Term::of(&slot, place.tag);
        self.ring.push(slot, term);
        number
    }

    /// Notes when a slot is to be forgotten: to be called when something of it changed on which that depends.
    #[inline]
    fn note(&mut self, number: u32) {
        self.noted = number;
        if let Some((slot, term)) = self.ring.both(number) {
            term.renew(slot);
        }
    }

    /// An accepted registration, or one that goes on: it lives as an observation. Returns what observed under the token before.
    #[inline]
    pub fn observe(&mut self, number: u32, stamp: i64) -> Option<u32> {
        let alone = |slot: &Slot| {
            slot.is(KEEPS) && !slot.is(OPEN) && slot.under.observing == NONE && slot.kind != SlotKind::Free
        };
        match self.ring.both(number).filter(|(slot, _)| alone(slot)) {
            Some((slot, term)) => {
                slot.mark(LIVE);
                slot.under.observing = number;
                term.renew(slot);
                self.noted = number;
                None
            }
            None => self.observe_among_others(number, stamp),
        }
    }

    #[inline(never)]
    fn observe_among_others(&mut self, number: u32, stamp: i64) -> Option<u32> {
        if self.get(number)?.is(OPEN) {
            self.close(number, stamp);
        }
        let slot = self.get_mut(number)?;
        slot.mark(LIVE);
        self.note(number);
        let before = std::mem::replace(&mut self.under_mut(number)?.observing, number);
        self.get(before).is_some().then_some(before)
    }

    /// The observation is over.
    pub fn observe_no_more(&mut self, number: u32, stamp: i64) {
        let Some(slot) = self.get_mut(number) else { return };
        slot.unmark(LIVE);
        self.note_closed(number, stamp);
        if let Some(under) = self.under_mut(number) {
            if under.observing == number {
                under.observing = NONE;
            }
            under.ended = number;
        }
    }

    /// It was used just now.
    pub fn touch(&mut self, number: u32, stamp: i64) {
        if let Some(slot) = self.get_mut(number) {
            slot.touch(stamp);
        }
    }

    /// Estimated size in bytes.
    pub fn bytes(&self) -> usize {
        (self.ring.len() + self.elders.len()) * (size_of::<Slot>() + 64)
    }

    /// Tells the slot that follows in a list what is before it now; returns the neighbours of that.
    #[inline(always)]
    fn put_before(&mut self, number: u32, next: u32, link: impl Fn(&mut Slot) -> &mut Link) -> Link {
        if next != NONE
            && let Some(slot) = self.get_mut(next)
        {
            link(slot).before = number;
        }
        Link { before: NONE, behind: next }
    }

    /// Takes an open slot out of its lists; returns what is behind it under its token.
    fn unlink(&mut self, number: u32) -> u32 {
        let Some(slot) = self.get_mut(number) else { return NONE };
        slot.unmark(OPEN);
        let [link, of_client] = [&mut slot.link, &mut slot.of_client].map(|link| std::mem::replace(link, UNLINKED));
        let (client, old) = (slot.row.client, !self.ring.holds(number));
        self.leave_token(link);
        self.leave_client(client, of_client, old);
        link.behind
    }

    /// Takes a request with these neighbours out of the list of its token.
    #[inline(never)]
    fn leave_token(&mut self, left: Link) {
        self.join(left, |slot| &mut slot.link);
    }

    /// Makes those neighbours in a list that were so of a request that leaves it.
    #[inline(always)]
    fn join(&mut self, left: Link, link: impl Fn(&mut Slot) -> &mut Link) {
        if left.before != NONE
            && let Some(slot) = self.get_mut(left.before)
        {
            link(slot).behind = left.behind;
        }
        if left.behind != NONE
            && let Some(slot) = self.get_mut(left.behind)
        {
            link(slot).before = left.before;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tracking::clock::Moment;
    use crate::tracking::model::{
        AnswerKind, ExchangeId, ExchangeRow, ExchangeState, NO_RECORD, ObservationId, ResourceId,
    };
    use crate::tracking::pairs::PairNumber;
    use crate::tracking::random::Random;
    use crate::tracking::seed::Seed;
    use crate::tracking::tokens::Token;

    /// Short tokens know no seed.
    fn token(bytes: &[u8]) -> Token {
        Token::new(bytes, &Seed::default())
    }

    fn slot(id: u32, pair: u32, bytes: &[u8]) -> Slot {
        let row = ExchangeRow {
            request: id,
            response: NO_RECORD,
            last: id,
            client: EndpointId(pair),
            server: EndpointId(9),
            started: 0,
            round_trip: -1,
            resource: ResourceId(0),
            observation: ObservationId(0),
            transmissions: 1,
            responses: 0,
            method: 1,
            code: 0,
            state: ExchangeState::Open,
            answer: AnswerKind::None,
            confirmable: true,
            multicast: false,
            no_response: 0,
        };
        Slot::new(SlotKind::Exchange, ExchangeId(id), row, token(bytes), PairNumber(pair), Moment::default())
    }

    #[test]
    fn the_newest_open_request_is_first_in_every_list() {
        let mut slots = Slots::new();
        let t = token(b"t");
        let [a, b, c] = [1, 2, 3].map(|id| slots.insert(slot(id, 7, b"t"), 0));
        assert_eq!(slots.under(PairNumber(7), &t).open, c);
        assert_eq!(slots.of_client(EndpointId(7)).collect::<Vec<_>>(), [c, b, a]);
        assert_eq!(slots.oldest(), Some(a));
        slots.close(b, 0);
        assert_eq!(slots.of_client(EndpointId(7)).collect::<Vec<_>>(), [c, a]);
        slots.close(c, 0);
        assert_eq!((slots.under(PairNumber(7), &t).open, slots.under(PairNumber(7), &t).closed), (a, c));
        slots.remove(a);
        assert_eq!(slots.under(PairNumber(7), &t).open, NONE);
        slots.remove(c);
        slots.remove(b);
        assert_eq!(slots.under(PairNumber(7), &t).closed, NONE);
        assert_eq!(slots.bytes(), 0);
    }

    #[test]
    fn what_is_open_outlives_what_is_closed() {
        let mut slots = Slots::new();
        let known = |id: u32| {
            let mut slot = slot(id, 7, &[id as u8]);
            slot.row.multicast = true;
            slot
        };
        let [a, b, c] = [1, 2, 3].map(|id| slots.insert(known(id), 0));
        slots.close(a, 5);
        slots.close(c, 5);
        let mut forgotten = Vec::new();
        while slots.expire(14, 10, &mut |number, _| forgotten.push(number)) {}
        assert!(forgotten.is_empty());
        while slots.expire(16, 10, &mut |number, _| forgotten.push(number)) {}
        assert_eq!(forgotten, [a, c]);
        assert_eq!(slots.of_client(EndpointId(7)).collect::<Vec<_>>(), [b]);
        assert_eq!((slots.under(PairNumber(7), &token(&[2])).open, slots.oldest()), (b, Some(b)));
        slots.close(b, 20);
        while slots.expire(31, 10, &mut |number, _| forgotten.push(number)) {}
        assert_eq!((forgotten, slots.bytes()), (vec![a, c, b], 0));
    }

    #[test]
    fn the_least_recently_used_leaves_first() {
        let mut slots = Slots::new();
        let [a, b, c] = [1, 2, 3].map(|id| slots.insert(slot(id, 7, &[id as u8]), i64::from(id)));
        while slots.expire(100, 10, &mut |_, _| {}) {}
        slots.touch(a, 50);
        let d = slots.insert(slot(4, 7, b"d"), 40);
        for expected in [b, c, d, a] {
            assert_eq!(slots.oldest(), Some(expected));
            slots.remove(expected);
        }
        assert_eq!(slots.oldest(), None);
    }

    #[test]
    fn an_observation_replaces_the_one_before_it() {
        let mut slots = Slots::new();
        let a = slots.insert(slot(1, 7, b""), 0);
        assert_eq!(slots.observe(a, 0), None);
        let b = slots.insert(slot(2, 7, b""), 0);
        assert_eq!(slots.observe(b, 0), Some(a));
        slots.observe_no_more(a, 0);
        assert_eq!(slots.under(PairNumber(7), &token(b"")).observing, b);
        slots.observe_no_more(b, 0);
        assert_eq!(slots.under(PairNumber(7), &token(b"")).ended, b);
    }

    /// What is said of one token, kept apart from all slots.
    fn remembered(under: Under, alive: &BTreeSet<u32>) -> Under {
        let held = |number: u32| if alive.contains(&number) { number } else { NONE };
        Under {
            open: under.open,
            closed: held(under.closed),
            observing: held(under.observing),
            ended: held(under.ended),
        }
    }

    #[test]
    fn whoever_leaves_what_is_under_a_token_stays() {
        // Also where numbers get their highest bit, and where they begin again.
        for first in [1u32 << 31, 0] {
            stays(first.wrapping_sub(1 << 11));
        }
    }

    fn stays(first: u32) {
        let (mut slots, mut random, mut now) = (Slots::new(), Random(3), 0i64);
        slots.ring = Ring::new(first);
        let mut below = |most: u64| random.below(most);
        let (mut model, mut open) = (vec![Under::NOTHING; 64], Vec::<(u32, usize)>::new());
        let (mut alive, mut last) = (BTreeSet::new(), Vec::<(u32, usize)>::new());
        for round in 0..6_000 {
            // Now and then for long only what is few, so that what is old is alone.
            let key = if round / 500 % 3 == 0 { below(64) as usize } else { below(6) as usize };
            let (pair, name) = (key as u32 / 8, [key as u8 % 8]);
            now += below(4) as i64;
            let any = last.len().checked_sub(1 + below(40) as usize).map(|at| last[at]);
            let newest = |open: &[(u32, usize)], key: usize| {
                open.iter().rev().find(|(_, of)| *of == key).map_or(NONE, |(number, _)| *number)
            };
            match (below(16), any) {
                (0..6, _) => {
                    let mut new = slot(round, pair, &name);
                    let kind = below(12);
                    new.kind = match kind {
                        0 => SlotKind::Overheard,
                        1 => SlotKind::Member,
                        _ => SlotKind::Exchange,
                    };
                    let number = slots.insert(new, now);
                    match kind {
                        0 => model[key].observing = number,
                        1 => {}
                        _ => {
                            model[key].open = number;
                            open.push((number, key));
                        }
                    }
                    alive.insert(number);
                    last.push((number, key));
                }
                (op, Some((number, key))) if alive.contains(&number) => match op {
                    6 | 7 => {
                        slots.observe(number, now);
                        if open.contains(&(number, key)) {
                            model[key].closed = number;
                        }
                        open.retain(|(other, _)| *other != number);
                        model[key].observing = number;
                    }
                    8 | 9 => {
                        slots.observe_no_more(number, now);
                        model[key].observing = match model[key].observing {
                            observing if observing == number => NONE,
                            observing => observing,
                        };
                        model[key].ended = number;
                    }
                    10 => {
                        slots.remove(number);
                        open.retain(|(other, _)| *other != number);
                        alive.remove(&number);
                    }
                    _ if open.contains(&(number, key)) => {
                        slots.close(number, now);
                        open.retain(|(other, _)| *other != number);
                        model[key].closed = number;
                    }
                    _ => {}
                },
                _ => {}
            }
            while slots.expire(now, 60, &mut |_, _| {}) {}
            alive.retain(|number| slots.get(*number).is_some());
            let one = [any.map_or(key, |(_, key)| key), key, below(64) as usize];
            let all = 0..if round % 500 == 0 { 64 } else { 0 };
            for key in one.into_iter().chain(all) {
                model[key].open = newest(&open, key);
                let seen = slots.under(PairNumber(key as u32 / 8), &token(&[key as u8 % 8]));
                assert_eq!(seen, remembered(model[key], &alive), "round {round}, key {key}");
            }
            let client = below(8) as u32;
            let expected = open.iter().rev().filter(|(_, key)| *key as u32 / 8 == client).take(64);
            assert!(slots.of_client(EndpointId(client)).eq(expected.map(|(number, _)| *number)));
        }
    }
}
