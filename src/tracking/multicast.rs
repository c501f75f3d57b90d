//! Requests to a group, and the answers from its members (RFC 7252 section 8).

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Tracker;
use super::clock::{Moment, SECOND, between};
use super::context::Context;
use super::model::{NO_RECORD, RecordId};
use super::slots::{NONE, Slot};
use super::tokens::Token;
use crate::coap::Rule;
use crate::coap::parameters::MULTICAST_TOKEN_LIFETIME;

/// Answers closer together than this were not spread over the leisure time.
const CROWDED: i64 = SECOND / 200;
/// All answers together may be so many times the request.
const IMPLOSION: u64 = 10;

/// A request to a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// Its slot, or [`NONE`] once that is forgotten.
    slot: u32,
    request: RecordId,
    at: Moment,
    last_answer: Option<Moment>,
    last_server: u32,
    /// First answer of those that crowd now.
    crowded_since: Moment,
    crowd: u32,
    imploded: bool,
}

impl Default for Group {
    fn default() -> Self {
        let at = Moment::default();
        Self {
            slot: NONE,
            request: NO_RECORD,
            at,
            last_answer: None,
            last_server: 0,
            crowded_since: at,
            crowd: 0,
            imploded: false,
        }
    }
}

/// Requests to groups, by the [key](Token::key) of the token, for the client.
pub(super) type Groups = HashMap<[u64; 2], Group, RandomState>;

impl Tracker {
    /// Whether the token of a new request is that of one to a group.
    #[inline]
    pub(super) fn is_of_group(&self, token: &Token, context: &Context<'_, '_>) -> bool {
        let groups = &self.memory.groups;
        !groups.is_empty() && groups.contains_key(&token.key(context.arrival.source.0))
    }

    /// The token of a new request, to a group or to one server, was used for one to a group before.
    #[inline]
    pub(super) fn judge_group_token(&mut self, token: &Token, context: &mut Context<'_, '_>) {
        if self.is_of_group(token, context) {
            self.group_token_again(token, context);
        }
    }

    #[cold]
    #[inline(never)]
    fn group_token_again(&mut self, token: &Token, context: &mut Context<'_, '_>) {
        let Some(group) = self.memory.groups.get(&token.key(context.arrival.source.0)) else { return };
        // Observers of a group go on, and end it, under the token that they have (draft-ietf-core-groupcomm-bis section 3.7).
        let facts = context.facts;
        let observes = self.slots.get(group.slot).is_some_and(|slot| slot.asked.registers);
        if observes && (facts.registers() || facts.deregisters()) {
            return;
        }
        let request = i64::from(group.request);
        if let Some(elapsed) = between(group.at, context.now)
            && elapsed < MULTICAST_TOKEN_LIFETIME
        {
            context.find_token(Rule::McastTokenReuse, Rule::McastTokenReuse.severity(), request, elapsed);
        }
    }

    /// Enters a request to a group. A request before it with the same token gets no more answers.
    #[cold]
    #[inline(never)]
    pub(super) fn open_group(&mut self, index: u32, context: &Context<'_, '_>) {
        let (request, at) = (context.arrival.record, context.now);
        let group = Group { slot: index, request, at, ..Group::default() };
        self.memory.groups.insert(context.facts.token.key(context.arrival.source.0), group);
        self.timers.group(self.clock.stamp(), index);
    }

    /// The slot of the request to a group that a response answers.
    pub(super) fn group_of(&self, token: &Token, context: &Context<'_, '_>) -> Option<u32> {
        let group = self.memory.groups.get(&token.key(context.arrival.destination.0))?;
        (group.slot != NONE).then_some(group.slot)
    }

    /// The slot of a request to a group is forgotten.
    pub(super) fn forget_group(groups: &mut Groups, number: u32, slot: &Slot) {
        let key = slot.token.key(slot.row.client.0);
        if slot.row.multicast && groups.get(&key).is_some_and(|group| group.slot == number) {
            groups.remove(&key);
        }
    }

    /// What is odd about an answer to a request to a group.
    #[cold]
    #[inline(never)]
    pub(super) fn judge_group_answer(&mut self, index: u32, context: &mut Context<'_, '_>) {
        let Some(slot) = self.slots.get(index) else { return };
        let (sum, asked, cut) = (u64::from(slot.response_bytes), u64::from(slot.asked.length), slot.asked.cut);
        let (client, token) = (slot.row.client.0, slot.token);
        if context.facts.code.is_error() {
            context.find_code(Rule::McastErrorReply, i64::from(context.facts.code.0), 0);
        }
        let Some(group) = self.memory.groups.get_mut(&token.key(client)) else { return };
        let server = context.arrival.source.0;
        let gap = group.last_answer.and_then(|last| between(last, context.now));
        if group.last_server != server
            && gap.is_some_and(|gap| gap <= CROWDED)
            && let Some(span) = between(group.crowded_since, context.now)
        {
            group.crowd += 1;
            context.find_code(Rule::McastNoLeisure, i64::from(group.crowd) + 1, span);
        } else {
            group.crowd = 0;
            group.crowded_since = context.now;
        }
        group.last_answer = Some(context.now);
        group.last_server = server;
        if sum > asked * IMPLOSION && !cut && !group.imploded {
            group.imploded = true;
            context.find_code(Rule::McastImplosion, sum as i64, asked as i64);
        }
    }
}
