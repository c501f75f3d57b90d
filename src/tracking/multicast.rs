//! Requests to a group, and the answers from its members (RFC 7252 section 8).

use std::collections::HashMap;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::Tracker;
use super::clock::{Moment, SECOND, between};
use super::context::Context;
use super::model::{EndpointId, ExchangeRow, ExchangeState, ObservationEnd, RecordId, Role, Tracked};
use super::pairs::REGISTERED;
use super::sent::Sent;
use super::slots::{Slot, SlotKind};
use super::tokens::Token;
use crate::coap::finding::{OF_GROUP, PERHAPS_BROADCAST};
use crate::coap::parameters::MULTICAST_TOKEN_LIFETIME;
use crate::coap::{MessageType, OptionNumber, Rule};

/// Answers closer together than this were not spread over the leisure time.
const CROWDED: i64 = SECOND / 200;
/// All answers together may be so many times the request.
const IMPLOSION: u64 = 10;

/// A request to a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// Its slot.
    slot: u32,
    request: RecordId,
    at: Moment,
    /// It gets no more answers, but notifications of what its members are observed by.
    over: bool,
    last_answer: Option<Moment>,
    last_server: u32,
    /// First answer of those that crowd now.
    crowded_since: Moment,
    crowd: u32,
    imploded: bool,
}

impl Group {
    fn new(slot: u32, request: RecordId, at: Moment) -> Self {
        Self {
            slot,
            request,
            at,
            over: false,
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
        let observes = self.slots.get(group.slot).is_some_and(|slot| slot.registers());
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
        let group = Group::new(index, context.arrival.record, context.now);
        self.memory.groups.insert(context.facts.token.key(context.arrival.source.0), group);
        self.timers.group(self.clock.stamp(), index);
    }

    /// The slot of the request to a group that a response answers.
    pub(super) fn group_of(&self, token: &Token, context: &Context<'_, '_>) -> Option<u32> {
        let group = self.memory.groups.get(&token.key(context.arrival.destination.0))?;
        (!group.over).then_some(group.slot)
    }

    /// The address of an endpoint.
    pub(super) fn address(&self, endpoint: EndpointId) -> Option<IpAddr> {
        self.endpoints.list().get(endpoint.0 as usize).map(|endpoint| endpoint.address.to_canonical())
    }

    /// Nobody sends from an address, since it is that of a group or of all hosts.
    fn is_of_many(&self, endpoint: EndpointId) -> bool {
        self.address(endpoint).is_some_and(|address| match address {
            IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
            IpAddr::V6(address) => address.is_multicast(),
        })
    }

    /// The slot of the request to a group that a response would answer, if that did not say to come from a group itself: no receiver takes it.
    #[cold]
    #[inline(never)]
    pub(super) fn group_as_source(&self, token: &Token, context: &Context<'_, '_>) -> Option<u32> {
        let group = self.memory.groups.get(&token.key(context.arrival.destination.0))?;
        let (asked, source) = (self.slots.get(group.slot)?.row.server, context.arrival.source);
        let is_group = asked == source || self.address(asked).is_some_and(|group| Some(group) == self.address(source));
        (is_group || self.is_of_many(source)).then_some(group.slot)
    }

    /// An ACK or Reset that says to come from the group which the message with its number went to: it answers nothing.
    #[cold]
    #[inline(never)]
    pub(super) fn answer_from_group(&mut self, sent: &Sent, context: &mut Context<'_, '_>) -> Tracked {
        let reset = context.facts.kind == MessageType::Reset;
        self.counters.count_type(context.facts.kind);
        context.find(if reset { Rule::McastRst } else { Rule::McastAck }, i64::from(sent.record), 0);
        if context.facts.code.is_response() {
            self.say_wrong_endpoint(sent.slot, context);
        }
        Tracked::alone(if reset { Role::Reset } else { Role::Other })
    }

    /// The second number of `resp.wrong-endpoint`: why the response at hand may not come from where the request in a slot went to.
    #[cold]
    pub(super) fn kind_of_wrong_endpoint(&self, slot: u32, context: &Context<'_, '_>) -> i64 {
        let Some(slot) = self.slots.get(slot) else { return 0 };
        if slot.row.multicast || self.is_of_many(context.arrival.source) {
            return OF_GROUP;
        }
        // How long the host part of ones is nobody knows here: in a network of few hosts it is rather one of these that was asked.
        let of_ones = |address| matches!(address, IpAddr::V4(address) if address.octets()[3] & 31 == 31);
        let same_port = |endpoint: EndpointId| self.endpoints.list().get(endpoint.0 as usize).map(|it| it.port);
        let is_host = same_port(slot.row.server) == same_port(context.arrival.source);
        let other = self.address(slot.row.server) != self.address(context.arrival.source);
        if other && is_host && self.address(slot.row.server).is_some_and(of_ones) { PERHAPS_BROADCAST } else { 0 }
    }

    /// The slot of a request to a group is forgotten.
    pub(super) fn forget_group(groups: &mut Groups, number: u32, slot: &Slot) {
        let key = slot.token.key(slot.row.client.0);
        if slot.row.multicast && groups.get(&key).is_some_and(|group| group.slot == number) {
            groups.remove(&key);
        }
    }

    /// What a request to a group means for what the client observes of its members.
    #[cold]
    #[inline(never)]
    pub(super) fn before_group_request(&mut self, slot: &Slot, context: &mut Context<'_, '_>) -> Role {
        if slot.registers() {
            self.registered = true;
            return Role::Registration;
        }
        let key = slot.token.key(slot.row.client.0);
        let members = self.memory.members.get(&key).cloned().unwrap_or_default();
        let Some(registration) = members.iter().find_map(|member| Some(self.observation(*member)?.row.registration))
        else {
            return Role::Request;
        };
        self.counters.deregistrations += 1;
        context.find_option(Rule::ObsCancelDereg, OptionNumber::OBSERVE, i64::from(registration), 0);
        for member in members {
            self.end_observation(member, ObservationEnd::Deregistered, context.arrival.record, &mut context.out);
        }
        Role::Deregistration
    }

    /// A place for the observation of a member that accepts what a request to its group asked for.
    #[cold]
    #[inline(never)]
    pub(super) fn member(&mut self, index: u32, context: &Context<'_, '_>) -> Option<u32> {
        let group = self.slots.get_mut(index)?;
        group.row.state = ExchangeState::Observing;
        let group = *group;
        let asked = *self.slots.asked(&group);
        let kept = self.slots.keep_asked(asked);
        let round_trip = between(group.started(), context.now).unwrap_or(0);
        let row = ExchangeRow { server: context.arrival.source, round_trip, ..group.row };
        let pair = context.pair.reversed();
        let mut slot = Slot::new(SlotKind::Member, group.id, row, group.token, pair, group.started());
        (slot.length, slot.observes) = (group.length, group.observes);
        slot.asked = kept;
        let key = slot.token.key(slot.row.client.0);
        self.pairs.direction(pair).mark(REGISTERED);
        let member = self.slots.insert(slot, self.clock.stamp());
        self.memory.members.entry(key).or_default().push(member);
        Some(member)
    }

    /// The slot of the request by which a member is observed.
    pub(super) fn group_of_member(&self, member: u32) -> Option<u32> {
        let member = self.slots.get(member)?;
        let group = self.memory.groups.get(&member.token.key(member.row.client.0))?;
        self.slots.get(group.slot).is_some_and(|slot| slot.id == member.id).then_some(group.slot)
    }

    /// A request to a group gets no more answers: it is kept only for what its members are observed by.
    #[cold]
    #[inline(never)]
    pub(super) fn group_is_over(&mut self, index: u32) {
        let Some(slot) = self.slots.get(index) else { return };
        let (key, request) = (slot.token.key(slot.row.client.0), slot.row.request);
        let of_it = |member: &u32| self.slots.get(*member).is_some_and(|slot| slot.row.request == request);
        let observed = self.memory.members.get(&key).is_some_and(|members| members.iter().any(of_it));
        match self.memory.groups.get_mut(&key).filter(|group| group.slot == index && observed) {
            Some(group) => {
                group.over = true;
                self.timers.group(self.clock.steady(), index);
            }
            None => self.forget(index),
        }
    }

    /// The slot of a registration to a group that a member has not answered yet, which renews what it is observed by.
    pub(super) fn renewed_in_group(&self, observing: u32, token: &Token, context: &Context<'_, '_>) -> Option<u32> {
        let member = self.slots.get(observing).filter(|slot| slot.kind == SlotKind::Member)?;
        let group = self.group_of(token, context)?;
        self.renews(group, member).then_some(group)
    }

    fn renews(&self, group: u32, member: &Slot) -> bool {
        self.slots.get(group).is_some_and(|slot| slot.registers() && slot.row.request != member.row.request)
    }

    /// A notification is for an observation which is over, of a member or of one server, not for the request to a group.
    pub(super) fn ended_in_group(&self, ended: u32, group: u32, context: &Context<'_, '_>) -> bool {
        let Some(ended) = self.slots.get(ended).filter(|_| context.facts.observe.is_some()) else { return false };
        match ended.kind {
            SlotKind::Member => !self.renews(group, ended),
            _ => !self.slots.get(group).is_some_and(Slot::registers),
        }
    }

    /// What is odd about an answer to a request to a group.
    #[cold]
    #[inline(never)]
    pub(super) fn judge_group_answer(&mut self, index: u32, context: &mut Context<'_, '_>) {
        if let Some(asked) = self.slots.asked_mut(index) {
            asked.response_bytes = asked.response_bytes.saturating_add(context.facts.length);
        }
        let Some(slot) = self.slots.get(index) else { return };
        let asked = self.slots.asked(slot);
        let (sum, cut, asked) = (u64::from(asked.response_bytes), asked.cut, u64::from(slot.length));
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
