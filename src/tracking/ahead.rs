//! Looking ahead: what the next messages will need is asked of memory before they come, for many at once, so that it answers together and not
//! one after the other. Nothing is changed, and nothing but time depends on it.
//!
//! It is only for what lies far away: an ACK finds all it needs where the message that it answers was a moment ago.

use prefetch_index::prefetch_index;

use super::Tracker;
use super::facts::Facts;
use super::pairs::PairNumber;
use super::sent::key;
use super::tags::Tag;
use crate::coap::MessageType;

/// Asks memory for where a thing begins.
#[inline(always)]
pub(super) fn ask<T>(thing: &T) {
    prefetch_index(std::slice::from_ref(thing), 0);
}

/// So many messages are asked for at once.
pub const AHEAD: usize = 16;

/// What was asked for of groups of messages: each has its turn as the one that comes next, the one behind that, and the last.
#[derive(Default)]
pub struct Ahead {
    groups: [Group; 3],
    next: usize,
}

/// Messages that come one after the other.
#[derive(Default)]
struct Group {
    /// Tokens of the responses that do not come in an ACK, notifications among them.
    tokens: [Tag; AHEAD],
    /// Where these lead, if they lead anywhere.
    slots: [u32; AHEAD],
    responses: usize,
    new: New,
}

/// What begins with some messages.
#[derive(Clone, Copy, Default)]
struct New {
    confirmable: u32,
    other: u32,
    requests: u32,
}

impl Ahead {
    /// Forgets all groups.
    pub fn clear(&mut self) {
        for group in &mut self.groups {
            (group.responses, group.new) = (0, New::default());
        }
    }
}

impl Tracker {
    /// Asks for what the next [`AHEAD`] messages need, and for a part of it for those behind them. To be called before each so many messages,
    /// and twice before the first. `messages`: the rest of which nothing was asked.
    #[inline(never)]
    pub fn look_ahead<'a>(&self, ahead: &mut Ahead, messages: &mut impl Iterator<Item = (PairNumber, &'a Facts)>) {
        let Ahead { groups: [a, b, c], next } = ahead;
        let (near, far, farther) = match *next {
            0 => (a, b, c),
            1 => (b, c, a),
            _ => (c, a, b),
        };
        *next = (*next + 1) % 3;
        self.ask_observations(near);
        self.ask_things(far, near.new);
        self.ask_places(farther, messages);
    }

    /// Asks for where numbers and tokens are looked up.
    #[inline(always)]
    fn ask_places<'a>(&self, group: &mut Group, messages: impl Iterator<Item = (PairNumber, &'a Facts)>) {
        let (mut responses, mut new) = (0, New::default());
        for (pair, facts) in messages.take(AHEAD) {
            if facts.kind as u8 >= MessageType::Acknowledgement as u8 {
                continue;
            }
            let (request, confirmable) = (facts.code.is_request(), facts.kind == MessageType::Confirmable);
            let client = if request { pair } else { pair.reversed() };
            self.pairs.ask(pair);
            self.sent.ask(key(pair, facts.message_id));
            let token = self.slots.ask(client, &facts.token);
            if let Some(place) = group.tokens.get_mut(responses) {
                *place = token;
            }
            // Without a branch, which nobody can foretell.
            responses += usize::from(!request);
            new.requests += u32::from(request);
            new.confirmable += u32::from(confirmable);
            new.other += u32::from(!confirmable);
            self.memory.ask(pair, self.resources.at_hand(facts.digest));
        }
        (group.responses, group.new) = (responses, new);
    }

    /// Asks for what lies there, and for where new things will lie; `before`: what begins before.
    #[inline(always)]
    fn ask_things(&self, group: &mut Group, before: New) {
        for by in 0..group.new.confirmable {
            self.sent.ask_confirmable(before.confirmable + by);
        }
        for by in 0..group.new.other {
            self.sent.ask_other(before.other + by);
        }
        for by in 0..group.new.requests {
            self.slots.ask_ahead(before.requests + by);
        }
        for (token, slot) in group.tokens.iter().zip(&mut group.slots).take(group.responses) {
            *slot = self.slots.ask_slot(*token);
        }
    }

    /// Asks for what the slots lead to.
    #[inline(always)]
    fn ask_observations(&self, group: &Group) {
        for slot in group.slots.iter().take(group.responses) {
            if let Some(slot) = self.slots.ask_observation(*slot) {
                self.memory.ask(slot.pair, slot.row.resource);
            }
        }
    }
}
