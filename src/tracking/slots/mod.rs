//! Exchanges that are open, or closed so recently that more may come: where they lie and how they are found.
//!
//! They lie in the order in which they began, so that beginning and forgetting them goes through memory in one direction.
//! Those that are still open after the lifetime of an exchange move to the elders.

mod aging;
mod clients;
mod elders;

use std::collections::VecDeque;

use aging::Term;
use clients::Clients;
use elders::Elders;

use super::model::EndpointId;
use super::observation::Observation;
use super::pairs::PairNumber;
use super::ring::Ring;
use super::slab::{NOTHING as NO_OBSERVATION, Slab};
pub(super) use super::slot::{Asked, Slot, SlotKind};
use super::slot::{Link, UNLINKED};
use super::tokens::{Token, TokenMap};

/// No slot. Slots are numbered in the order in which they begin.
pub(super) const NONE: u32 = u32::MAX;

/// What is under one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Under {
    /// The newest open request.
    pub open: u32,
    /// The newest closed one.
    pub closed: u32,
    /// The observation that lives.
    pub observing: u32,
    /// The observation that ended last.
    pub ended: u32,
}

impl Default for Under {
    fn default() -> Self {
        NOTHING
    }
}

const NOTHING: Under = Under { open: NONE, closed: NONE, observing: NONE, ended: NONE };

/// The exchanges.
pub(super) struct Slots {
    ring: Ring<Slot>,
    terms: Ring<Term>,
    elders: Elders,
    /// When each elder was last known to be used, the longest ago first.
    unused: VecDeque<(i64, u32)>,
    /// When elders were closed.
    closed: VecDeque<(i64, u32)>,
    tokens: TokenMap<Under>,
    clients: Clients,
    observations: Slab<Observation>,
    /// What changed last.
    noted: u32,
}

impl Slots {
    pub fn new() -> Self {
        Self {
            ring: Ring::new(0),
            terms: Ring::new(0),
            elders: Elders::new(),
            unused: VecDeque::new(),
            closed: VecDeque::new(),
            tokens: TokenMap::new(),
            clients: Clients::default(),
            observations: Slab::new(),
            noted: NONE,
        }
    }

    #[inline]
    pub fn get(&self, number: u32) -> Option<&Slot> {
        let slot = self.ring.get(number).or_else(|| self.elders.get(number));
        slot.filter(|slot| slot.kind != SlotKind::Free)
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
    #[inline]
    pub fn observed_mut(&mut self, number: u32) -> Option<(&mut Slot, &mut Observation)> {
        let slot = self.ring.get_mut(number).or_else(|| self.elders.get_mut(number));
        let slot = slot.filter(|slot| slot.kind != SlotKind::Free)?;
        let observation = self.observations.get_mut(slot.observation)?;
        Some((slot, observation))
    }

    /// Gives a slot an observation.
    pub fn put_observation(&mut self, number: u32, observation: Observation) {
        let place = self.observations.put(observation);
        match self.get_mut(number) {
            Some(slot) => slot.observation = place,
            None => drop(self.observations.take(place)),
        }
        self.note(number);
    }

    /// Takes the observation out of a slot.
    pub fn take_observation(&mut self, number: u32) -> Option<Observation> {
        let place = std::mem::replace(&mut self.get_mut(number)?.observation, NO_OBSERVATION);
        self.observations.take(place)
    }

    /// What is under a token between client and server.
    pub fn under(&self, pair: PairNumber, token: &Token) -> Under {
        let Some(under) = self.tokens.get(pair.0, token) else { return NOTHING };
        let held = |number: u32| if self.get(number).is_some() { number } else { NONE };
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
        let under = self.tokens.get(pair.0, token)?;
        (under.open == NONE && under.observing != NONE).then_some(under.observing)
    }

    /// Where a token between client and server is; good until the next such call.
    #[inline]
    pub fn place(&mut self, pair: PairNumber, token: &Token) -> usize {
        self.place_from(usize::MAX, pair, token)
    }

    /// The same where it is known where the token was.
    #[inline]
    fn place_from(&mut self, was: usize, pair: PairNumber, token: &Token) -> usize {
        let (ring, elders) = (&self.ring, &self.elders);
        let held = |number: u32| ring.holds(number) || elders.holds(number);
        let alive = |under: &Under| [under.open, under.closed, under.observing, under.ended].into_iter().any(held);
        self.tokens.place(was, pair.0, token, alive)
    }

    /// What is under the token of a slot, to be changed.
    #[inline]
    fn under_mut(&mut self, pair: PairNumber, token: &Token) -> &mut Under {
        let place = self.place(pair, token);
        self.tokens.at(place)
    }

    /// Whether no request is open at a place, and nobody observes.
    #[inline]
    pub fn is_idle(&mut self, place: usize) -> bool {
        let under = self.tokens.at(place);
        under.open == NONE && under.observing == NONE
    }

    /// The number that the next slot gets.
    #[inline]
    pub fn next(&self) -> u32 {
        self.ring.next()
    }

    /// Adds an open exchange; `stamp` is the steady time.
    pub fn insert(&mut self, slot: Slot, stamp: i64) -> u32 {
        let place = self.place(slot.pair, &slot.token);
        self.insert_at(place, slot, stamp)
    }

    /// The same where the place of its token is known.
    #[inline(always)]
    pub fn insert_at(&mut self, place: usize, mut slot: Slot, stamp: i64) -> u32 {
        let number = self.ring.next();
        let overheard = slot.kind == SlotKind::Overheard;
        let open = !matches!(slot.kind, SlotKind::Overheard | SlotKind::Member);
        (slot.opened_at, slot.closed_at) = (stamp, stamp);
        (slot.open, slot.live) = (open, overheard);
        slot.place = place as u32;
        let under = self.tokens.at(place);
        if overheard {
            under.observing = number;
        } else if open {
            let next = std::mem::replace(&mut under.open, number);
            slot.link = self.put_before(number, next);
            self.clients.add(slot.row.client, number);
        }
        self.terms.push(Term::of(&slot));
        self.ring.push(slot);
        number
    }

    /// Notes when a slot is to be forgotten: to be called when something of it changed on which that depends.
    #[inline]
    fn note(&mut self, number: u32) {
        self.noted = number;
        if let Some(slot) = self.ring.get(number)
            && let Some(term) = self.terms.get_mut(number)
        {
            *term = Term::of(slot);
        }
    }

    /// An answer came: the request is open no more, but is still found as the newest closed one.
    pub fn close(&mut self, number: u32, stamp: i64) {
        let Some(slot) = self.get_mut(number).filter(|slot| slot.open) else { return };
        slot.closed_at = stamp;
        let (pair, token, place) = (slot.pair, slot.token, slot.place);
        let next = self.unlink(number);
        let place = self.place_from(place as usize, pair, &token);
        let under = self.tokens.at(place);
        if under.open == number {
            under.open = next;
        }
        under.closed = number;
        self.note(number);
        self.old_and_closed(number, stamp);
    }

    /// Elders are forgotten by the time at which they were closed.
    #[inline]
    fn old_and_closed(&mut self, number: u32, stamp: i64) {
        if !self.ring.holds(number) {
            self.closed.push_back((stamp, number));
        }
    }

    /// An accepted registration, or one that goes on: it lives as an observation. Returns what observed under the token before.
    pub fn observe(&mut self, number: u32, stamp: i64) -> Option<u32> {
        self.close(number, stamp);
        let slot = self.get_mut(number)?;
        slot.live = true;
        let (pair, token) = (slot.pair, slot.token);
        self.note(number);
        let before = std::mem::replace(&mut self.under_mut(pair, &token).observing, number);
        self.get(before).is_some().then_some(before)
    }

    /// The observation is over.
    pub fn observe_no_more(&mut self, number: u32, stamp: i64) {
        let Some(slot) = self.get_mut(number) else { return };
        slot.live = false;
        slot.closed_at = stamp;
        let (pair, token) = (slot.pair, slot.token);
        self.note(number);
        let under = self.under_mut(pair, &token);
        if under.observing == number {
            under.observing = NONE;
        }
        under.ended = number;
        self.old_and_closed(number, stamp);
    }

    /// It was used just now.
    pub fn touch(&mut self, number: u32, stamp: i64) {
        if let Some(slot) = self.get_mut(number) {
            slot.opened_at = slot.opened_at.max(stamp);
        }
    }

    /// The newest open requests of a client, newest first.
    pub fn of_client(&self, client: EndpointId) -> impl Iterator<Item = u32> {
        self.clients.of(client)
    }

    /// Estimated size in bytes.
    pub fn bytes(&self) -> usize {
        (self.ring.len() + self.elders.len()) * (size_of::<Slot>() + 64)
    }

    /// Tells the slot that follows under a token what is before it now; returns the neighbours of that.
    #[inline]
    fn put_before(&mut self, number: u32, next: u32) -> Link {
        if let Some(slot) = self.get_mut(next) {
            slot.link.before = number;
        }
        Link { before: NONE, behind: next }
    }

    /// Takes an open slot out of its lists; returns what is behind it under its token.
    fn unlink(&mut self, number: u32) -> u32 {
        let Some(slot) = self.get_mut(number) else { return NONE };
        slot.open = false;
        let (client, link) = (slot.row.client, std::mem::replace(&mut slot.link, UNLINKED));
        if let Some(slot) = self.get_mut(link.before) {
            slot.link.behind = link.behind;
        }
        if let Some(slot) = self.get_mut(link.behind) {
            slot.link.before = link.before;
        }
        self.clients.remove(client, number);
        link.behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::clock::Moment;
    use crate::tracking::model::{
        AnswerKind, ExchangeId, ExchangeRow, ExchangeState, NO_RECORD, ObservationId, ResourceId,
    };
    use crate::tracking::seed::Seed;

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
}
