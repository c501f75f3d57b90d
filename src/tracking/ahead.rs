//! Looking ahead: what the next messages will need is asked of memory before they come, for many at once, so that it answers together and not
//! one after the other. Nothing is changed, and nothing but time depends on it.
//!
//! It is only for what lies far away: an ACK finds all it needs where the message that it answers was a moment ago.

use prefetch_index::prefetch_index;

use super::Tracker;
use super::facts::Facts;
use super::model::{Arrival, ResourceId};
use super::pairs::PairNumber;
use super::sent::key;
use super::slots::Slot;
use super::tags::Tag;
use crate::coap::MessageType;

/// Asks memory for where a thing begins.
#[inline(always)]
pub(super) fn ask<T>(thing: &T) {
    prefetch_index(std::slice::from_ref(thing), 0);
}

/// The same for each line of a thing of type `T`, one word of which this is: so many bytes from its beginning.
#[inline(always)]
pub(super) fn ask_lines<T, W>(word: &W, offset: usize) {
    let (words, before) = (std::slice::from_ref(word), offset / size_of::<W>());
    // What begins in the last few bytes of a thing of many is asked for by its end.
    let lines = (0..size_of::<T>() - 16).step_by(64).chain([size_of::<T>() - size_of::<W>()]);
    lines.for_each(|at| prefetch_index(words, (at / size_of::<W>()).wrapping_sub(before)));
}

/// So many messages are asked for at once.
pub const AHEAD: usize = 16;

/// What was asked for of groups of messages: each has its turn as the one that comes next, the one behind that, and the last.
#[derive(Default)]
pub struct Ahead {
    groups: [Group; 3],
    next: usize,
}

/// What is known of messages that are still to come, one behind the other.
#[derive(Clone, Copy)]
pub struct Coming<'m> {
    /// How they arrived.
    pub arrivals: &'m [Arrival],
    /// As many.
    pub facts: &'m [Facts],
}

impl<'m> Coming<'m> {
    /// Takes the first of them off, at most [`AHEAD`].
    fn take(&mut self) -> Self {
        let first;
        (first, *self) = self.split();
        first
    }

    /// The first of them, at most [`AHEAD`], and the others.
    fn split(self) -> (Self, Self) {
        let (arrivals, arrive) = self.arrivals.split_at(self.arrivals.len().min(AHEAD));
        let (facts, tell) = self.facts.split_at(self.facts.len().min(AHEAD));
        (Self { arrivals, facts }, Self { arrivals: arrive, facts: tell })
    }

    /// Asks memory for what is known of the first of them: where another thread has written it, it lies in another processor's cache.
    #[inline(always)]
    fn ask(self) {
        let (Self { arrivals, facts }, _) = self.split();
        arrivals.iter().for_each(ask);
        for facts in facts {
            // Of two lines each at most, whose both ends these are.
            ask(&facts.hash);
            ask(&facts.kind);
        }
    }
}

/// Messages that come one after the other.
#[derive(Default)]
struct Group {
    /// Tokens of the responses that do not come in an ACK, notifications among them.
    tokens: Few<Tag>,
    /// Where these lead: to slots, and to such as have become old.
    slots: Few<u32>,
    elders: Few<u32>,
    new: New,
}

/// What begins with some messages.
#[derive(Clone, Copy, Default)]
struct New {
    confirmable: u32,
    other: u32,
    requests: u32,
}

/// Some of a group. They are sifted out without a branch, since nobody can foretell which they are.
struct Few<T> {
    all: [T; AHEAD],
    length: usize,
}

impl<T: Copy + Default> Default for Few<T> {
    fn default() -> Self {
        Self { all: [T::default(); AHEAD], length: 0 }
    }
}

impl<T: Copy> Few<T> {
    fn clear(&mut self) {
        self.length = 0;
    }

    #[inline(always)]
    fn put_if(&mut self, wanted: bool, one: T) {
        if let Some(place) = self.all.get_mut(self.length) {
            *place = one;
            self.length += usize::from(wanted);
        }
    }

    fn iter(&self) -> impl Iterator<Item = T> {
        self.all.get(..self.length).unwrap_or_default().iter().copied()
    }
}

impl Ahead {
    /// Forgets all groups.
    pub fn clear(&mut self) {
        for Group { tokens, slots, elders, new } in &mut self.groups {
            tokens.clear();
            slots.clear();
            elders.clear();
            *new = New::default();
        }
    }
}

impl Tracker {
    /// Asks for what the next [`AHEAD`] messages need, and for a part of it for those behind them. To be called before each so many messages,
    /// and twice before the first. `coming`: those of which nothing was asked; the first [`AHEAD`] are taken off.
    #[inline(never)]
    pub fn look_ahead(&self, ahead: &mut Ahead, coming: &mut Coming<'_>) {
        let Ahead { groups: [a, b, c], next } = ahead;
        let (near, far, farther) = match *next {
            0 => (a, b, c),
            1 => (b, c, a),
            _ => (c, a, b),
        };
        *next = (*next + 1) % 3;
        self.ask_observations(near);
        self.ask_slots(far, near.new);
        self.ask_places(farther, coming.take());
        coming.ask();
    }

    /// Asks for where numbers and tokens are looked up, and answers to like requests.
    #[inline(always)]
    fn ask_places(&self, group: &mut Group, Coming { arrivals, facts }: Coming<'_>) {
        let mut sent = Few::<u8>::default();
        for (at, facts) in (0..).zip(facts) {
            sent.put_if((facts.kind as u8) < MessageType::Acknowledgement as u8, at);
        }
        group.tokens.clear();
        let mut confirmable = 0;
        let mut requests = Few::<(PairNumber, ResourceId)>::default();
        for at in sent.iter().map(usize::from) {
            let (Some(arrival), Some(facts)) = (arrivals.get(at), facts.get(at)) else { return };
            let (pair, request) = (arrival.pair.unwrap_or_default(), facts.code.is_request());
            self.pairs.ask(pair);
            self.sent.ask(key(pair, facts.message_id));
            group.tokens.put_if(!request, self.slots.ask(pair.reversed_if(!request), &facts.token));
            requests.put_if(request, (pair, self.resources.at_hand(facts.digest)));
            confirmable += u32::from(facts.kind == MessageType::Confirmable);
        }
        let new = (sent.length as u32 - confirmable, requests.length as u32);
        group.new = New { confirmable, other: new.0, requests: new.1 };
        for (pair, resource) in requests.iter() {
            self.memory.ask(pair, resource);
        }
    }

    /// Asks for the slots that the tokens lead to.
    #[inline(always)]
    fn ask_slots(&self, group: &mut Group, before: New) {
        let Group { tokens, slots, elders, new } = group;
        for by in 0..new.confirmable {
            self.sent.ask_confirmable(before.confirmable + by);
        }
        for by in 0..new.other {
            self.sent.ask_other(before.other + by);
        }
        for by in 0..new.requests {
            self.slots.ask_ahead(before.requests + by);
        }
        slots.clear();
        elders.clear();
        for token in tokens.iter() {
            let (slot, elder) = self.slots.first(token);
            slots.put_if(slot.is_some(), slot.unwrap_or_default());
            elders.put_if(elder.is_some(), elder.unwrap_or_default());
        }
        slots.iter().filter_map(|slot| self.slots.young(slot)).for_each(Slot::ask);
        elders.iter().filter_map(|elder| self.slots.elder(elder)).for_each(Slot::ask);
    }

    /// Asks for what the slots lead to.
    #[inline(always)]
    fn ask_observations(&self, group: &Group) {
        let young = group.slots.iter().filter_map(|slot| self.slots.young(slot));
        let old = group.elders.iter().filter_map(|elder| self.slots.elder(elder));
        young.for_each(|slot| self.ask_observation(slot));
        old.for_each(|slot| self.ask_observation(slot));
    }

    #[inline(always)]
    fn ask_observation(&self, slot: &Slot) {
        if slot.observes() {
            self.slots.ask_observation(slot);
            self.memory.ask(slot.pair, slot.row.resource);
        }
    }
}
