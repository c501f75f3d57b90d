//! What is odd about a response, given its request (RFC 7252 sections 5.2 to 5.10 and relatives).

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::Tracker;
use super::blocks::others;
use super::clock::{Moment, SECOND, between};
use super::context::{CODE, Context};
use super::critical::bad_critical;
use super::facts::BlockPlace;
use super::habits::Habit;
use super::marks::Marked;
use super::model::{EndpointId, ExchangeRow, RecordId, ResourceId};
use super::multicast::Groups;
use super::observers::Observers;
use super::pairs::{PairNumber, TOLD, VERIFIED};
use super::past::Past;
use super::sent::Travel;
use super::slots::{Asked, BARE, Slot, USUAL};
use super::transfer::sum;
use super::unreachable::EarlyErrors;
use crate::coap::parameters::{AMPLIFICATION_FACTOR, AMPLIFICATION_SAFE_RESPONSE, DEFAULT_MAX_AGE};
use crate::coap::{Code, Message, MessageType, OptionNumber, Rule, Severity};

/// How many challenges, refusals and the like are remembered of each kind.
const REMEMBERED: usize = 4096;

/// The newest of things, up to [`REMEMBERED`] of them.
pub(super) struct Recent<K, V> {
    map: HashMap<K, V, RandomState>,
    order: VecDeque<K>,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    fn new() -> Self {
        Self { map: HashMap::default(), order: VecDeque::new() }
    }

    pub fn insert(&mut self, key: K, value: V) {
        if self.map.insert(key, value).is_some() {
            return;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
        self.order.push_back(key);
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        if self.map.is_empty() { None } else { self.map.get(key) }
    }

    /// Forgets one whose key is never used again.
    pub fn remove(&mut self, key: &K) {
        self.map.remove(key);
    }
}

/// A datagram that only an ICMP error speaks of: from whom to whom, its identification, the version, type and code of the error, and a hash of
/// what is quoted.
pub(super) type Stray = (EndpointId, EndpointId, u16, [u8; 3], u64);

/// A kind of request: from whom to whom, for what, by which method.
pub(super) type Similar = (PairNumber, ResourceId, u8);

/// Of which kind the request in a slot is, and whether a response to it may be stored for others. One from a group serves nobody else
/// (RFC 7252 section 8.2.1).
#[inline]
pub(super) fn similar(slot: &Slot) -> (Similar, bool) {
    let bare = slot.is(USUAL | BARE) && !slot.row.multicast;
    ((slot.pair, slot.row.resource, slot.row.method), bare)
}

/// What is remembered across exchanges.
pub(super) struct Memory {
    /// Requests to groups.
    pub groups: Groups,
    /// Slots of the observations of members of a group, by the [key](super::tokens::Token::key) of the token, for the client.
    pub members: HashMap<[u64; 2], Vec<u32>, RandomState>,
    /// The observations that live.
    pub observers: Observers,
    /// Requests that were told to wait: since when, how long, by which message.
    refused: Recent<Similar, (Moment, i64, RecordId)>,
    /// Requests that were challenged with Echo, and by which message; by none once one was answered.
    challenged: Recent<Similar, Option<RecordId>>,
    /// Who issued an Echo value, and with which message.
    issued: Recent<u64, (EndpointId, RecordId)>,
    /// GET requests that were answered: since when fresh, how long, by which message.
    fresh: Past,
    /// Datagrams that ICMP errors spoke of, and what they said of them.
    pub undelivered: Recent<(RecordId, [u8; 3]), ()>,
    /// Datagrams that ICMP errors spoke of and that are no message of the capture: from whom to whom, which, their bytes; and when.
    pub strays: Recent<Stray, Moment>,
    /// Errors that quote no message so far.
    pub early_errors: EarlyErrors,
    /// What the network doubled last of a message, and its record.
    pub doubled: Recent<RecordId, (Travel, RecordId)>,
    /// How long senders wait at first that wait longer than they should.
    pub habits: Recent<EndpointId, Habit>,
    /// Responses of their own that answered nothing, and what was said of them for that.
    pub orphans: Recent<RecordId, (Rule, Severity)>,
    /// Blocks that a server acknowledged, though the requests with them were not captured: from whom to whom these went, and where the block begins;
    /// where it ends, and the steady time.
    pub took: Recent<(PairNumber, u64), (u64, i64)>,
    /// Requests protected by OSCORE: to whom, and a hash of key identifier and sequence number.
    protected: Recent<(EndpointId, u64), RecordId>,
    /// By which name each server was asked first, as a hash, and in which request.
    hosts: Recent<EndpointId, u64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            groups: Groups::default(),
            members: HashMap::default(),
            observers: Observers::new(),
            refused: Recent::new(),
            challenged: Recent::new(),
            issued: Recent::new(),
            fresh: Past::default(),
            undelivered: Recent::new(),
            strays: Recent::new(),
            early_errors: EarlyErrors::default(),
            doubled: Recent::new(),
            habits: Recent::new(),
            orphans: Recent::new(),
            took: Recent::new(),
            protected: Recent::new(),
            hosts: Recent::new(),
        }
    }
}

impl Memory {
    fn fresh_key(pair: PairNumber, resource: ResourceId) -> u64 {
        u64::from(pair.0) << 32 | u64::from(resource.0)
    }

    /// Asks memory for where a response for a resource is remembered.
    #[inline]
    pub fn ask(&self, pair: PairNumber, resource: ResourceId) {
        self.fresh.ask(Self::fresh_key(pair, resource));
    }

    /// What the response at hand means for those that are stored: that to a [bare](is_bare) GET may serve others for a while, and what changes
    /// a resource makes them stale (RFC 7252 sections 5.6 and 5.8).
    #[inline(always)]
    pub fn renew(
        &mut self,
        pair: PairNumber,
        resource: ResourceId,
        method: Code,
        bare: bool,
        context: &Context<'_, '_>,
    ) {
        let (facts, key) = (context.facts, Self::fresh_key(pair, resource));
        if resource == ResourceId(0) || !facts.says.succeeds {
            return;
        }
        if !matches!(method, Code::GET | Code::FETCH) {
            self.fresh.forget(key);
        } else if bare && method == Code::GET && facts.says.serves {
            let seconds = facts.max_age.unwrap_or(DEFAULT_MAX_AGE);
            self.fresh.put(key, context.arrival.record, context.now, seconds);
        }
    }

    /// The response that would have served in place of the request at hand, when it came, and for how many nanoseconds more.
    #[inline]
    pub fn fresh(&self, context: &Context<'_, '_>) -> Option<(RecordId, Moment, i64)> {
        if context.facts.code != Code::GET || context.resource == ResourceId(0) {
            return None;
        }
        let fresh = self.fresh.get(Self::fresh_key(context.pair, context.resource))?;
        let left = i64::from(fresh.seconds) * SECOND - between(fresh.at, context.now)?;
        (left > 0).then_some((fresh.record, fresh.at, left))
    }
}

/// Whether nothing but path and query tells what a request asks for: its cache key has no more (RFC 7252 section 5.6). The server is told by its
/// address.
pub(super) fn is_bare(context: &Context<'_, '_>) -> bool {
    let told = |number: OptionNumber| {
        let known = [
            OptionNumber::URI_HOST,
            OptionNumber::URI_PORT,
            OptionNumber::URI_PATH,
            OptionNumber::URI_QUERY,
            OptionNumber::OBSERVE,
        ];
        known.contains(&number) || number.is_no_cache_key()
    };
    !context.arrival.cut && (context.facts.plain || context.message().options().all(|option| told(option.number)))
}

/// Max-Age in nanoseconds, or its default.
fn max_age(context: &Context<'_, '_>) -> i64 {
    i64::from(context.facts.max_age.unwrap_or(DEFAULT_MAX_AGE)) * SECOND
}

impl Tracker {
    /// What of a request is needed later; and what its past says of it.
    pub(super) fn asked(&mut self, context: &mut Context<'_, '_>) -> Asked {
        self.judge_repeat(context);
        if !context.facts.plain && !context.arrival.cut {
            self.judge_host(context);
            self.judge_protected(context);
        }
        let facts = &context.facts;
        if [facts.block1, facts.block2].contains(&BlockPlace::Later) || facts.echo {
            self.pairs.direction(context.pair).mark(VERIFIED);
        }
        let quick = !facts.plain && context.message().has(OptionNumber::Q_BLOCK1);
        Asked {
            target: 0,
            accept: facts.accept,
            etags: if facts.etag { marks_of_etags(&context.message()) } else { 0 },
            others: if facts.plain { 0 } else { others(&context.message(), &self.seed) },
            block1: quick || facts.block1 != BlockPlace::None,
            block2: facts.block2 != BlockPlace::None,
            later: facts.block2 == BlockPlace::Later,
            quick,
            oscore: facts.oscore,
            cut: context.arrival.cut,
            bad_critical: if facts.suspect { bad_critical(context) } else { 0 },
            response_bytes: 0,
            implicit: None,
        }
    }

    /// The host that a request names is not that which it is sent to, or the server has another name in other requests.
    #[cold]
    #[inline(never)]
    fn judge_host(&mut self, context: &mut Context<'_, '_>) {
        let message = context.message();
        let Some(host) = message.option(OptionNumber::URI_HOST) else { return };
        if context.arrival.multicast || message.option(OptionNumber::PROXY_SCHEME).is_some() {
            return;
        }
        let server = context.arrival.destination;
        let name = self.seed.hash(&host.value.to_ascii_lowercase());
        let address = str::from_utf8(host.value).ok().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        let known = self.endpoints.list().get(server.0 as usize).map(|endpoint| endpoint.address);
        let elsewhere = match (address, known) {
            (Some(address), Some(known)) => IpAddr::to_canonical(&address) != known.to_canonical(),
            _ => false,
        };
        let renamed = address.is_none() && self.memory.hosts.get(&server).is_some_and(|first| *first != name);
        if address.is_none() && self.memory.hosts.get(&server).is_none() {
            self.memory.hosts.insert(server, name);
        }
        if elsewhere || renamed {
            context.find_option(Rule::OptUriHostMismatch, OptionNumber::URI_HOST, 0, 0);
        }
    }

    /// Two requests with one key and one sequence number (RFC 8613 section 7.4).
    #[cold]
    #[inline(never)]
    fn judge_protected(&mut self, context: &mut Context<'_, '_>) {
        let message = context.message();
        let Some(oscore) = message.oscore() else { return };
        let (Some(kid), false) = (oscore.kid, oscore.partial_iv.is_empty()) else { return };
        let parts = [oscore.partial_iv, oscore.kid_context.unwrap_or_default(), kid];
        let all: Vec<u8> = parts.iter().flat_map(|part| [&[part.len() as u8], *part].concat()).collect();
        let key = (context.arrival.destination, self.seed.hash(&all));
        match self.memory.protected.get(&key).copied() {
            Some(other) => context.find_option(Rule::OscoreReplay, OptionNumber::OSCORE, i64::from(other), 0),
            None => self.memory.protected.insert(key, context.arrival.record),
        }
    }

    /// Hash of the Echo value.
    fn echo(&self, context: &Context<'_, '_>) -> Option<u64> {
        if !context.facts.echo {
            return None;
        }
        let echo = context.message().options().find(|option| option.number == OptionNumber::ECHO)?;
        Some(self.seed.hash(echo.value))
    }

    /// A request like one before that was refused, challenged, or answered for a while.
    fn judge_repeat(&mut self, context: &mut Context<'_, '_>) {
        let unknown = context.resource == ResourceId(0);
        if let Some((record, at, left)) = self.memory.fresh(context)
            && context.facts.observe.is_none()
            && is_bare(context)
            && self.clock.took(at, context.now).is_some()
        {
            context.find_code(Rule::CacheRepeatWhileFresh, i64::from(record), left);
        }
        if unknown || !self.pairs.direction(context.pair.reversed()).has(TOLD) && !context.facts.echo {
            return;
        }
        let echo = self.echo(context);
        let similar = (context.pair, context.resource, context.facts.code.0);
        if let Some(&(since, wait, record)) = self.memory.refused.get(&similar)
            && let Some(elapsed) = self.clock.took(since, context.now)
            && elapsed < wait
        {
            context.find_code(Rule::RespRetryTooSoon, i64::from(record), elapsed);
        }
        if let Some(&Some(record)) = self.memory.challenged.get(&similar)
            && echo.is_none()
        {
            context.find_code(Rule::EchoIgnored, i64::from(record), 0);
        }
        if let Some(echo) = echo
            && let Some(&(issuer, record)) = self.memory.issued.get(&echo)
            && issuer != context.arrival.destination
        {
            context.find_option(Rule::EchoWrongEndpoint, OptionNumber::ECHO, i64::from(record), 0);
        }
    }

    /// Remembers what a response says about requests to come.
    #[inline(always)]
    pub(super) fn remember(&mut self, similar: Similar, bare: bool, context: &Context<'_, '_>) {
        let (pair, resource, method) = similar;
        if context.facts.says.tells || self.pairs.has(pair.reversed(), TOLD) {
            self.remember_told(pair, resource, method, context);
        }
        self.memory.renew(pair, resource, Code(method), bare, context);
    }

    /// The same where it asks its client for something, or one before did.
    #[cold]
    #[inline(never)]
    fn remember_told(&mut self, pair: PairNumber, resource: ResourceId, method: u8, context: &Context<'_, '_>) {
        let (similar, record) = ((pair, resource, method), context.arrival.record);
        let mut told = true;
        match context.facts.code {
            Code::SERVICE_UNAVAILABLE | Code::TOO_MANY_REQUESTS => {
                self.memory.refused.insert(similar, (context.now, max_age(context), record));
            }
            Code::UNAUTHORIZED if context.facts.echo => self.memory.challenged.insert(similar, Some(record)),
            code => {
                told = false;
                // The server took such a request: it asks for no Echo now, and for no patience.
                if code.is_success() && self.memory.challenged.get(&similar).is_some() {
                    self.memory.challenged.insert(similar, None);
                }
                if code.is_success() && self.memory.refused.get(&similar).is_some() {
                    self.memory.refused.insert(similar, (context.now, 0, record));
                }
            }
        }
        if told {
            self.pairs.direction(pair.reversed()).mark(TOLD);
        }
        if let Some(echo) = self.echo(context) {
            self.memory.issued.insert(echo, (context.arrival.source, record));
        }
    }

    /// What is odd about the first response to a request, so many nanoseconds after its first copy; negative: unknown.
    pub(super) fn judge_first(&mut self, index: u32, elapsed: i64, context: &mut Context<'_, '_>) {
        let Some(slot) = self.slots.get(index) else { return };
        let (row, asked, length, (similar, bare)) = (slot.row, *self.slots.asked(slot), slot.length, similar(slot));
        let pair = slot.pair;
        let request = i64::from(row.request);
        if !row.multicast {
            if elapsed > self.options.parameters.ack_timeout {
                context.find_code(Rule::RespSlow, request, elapsed);
            }
            let unusual = matches!(
                (row.confirmable, context.facts.kind),
                (true, MessageType::NonConfirmable) | (false, MessageType::Confirmable)
            );
            if unusual {
                context.find_at(Rule::RespTypeUnusual, Rule::RespTypeUnusual.severity(), TYPE, request, 0);
            }
            self.judge_amplification(&asked, length, pair, context);
        }
        judge_content(&asked, &row, context);
        self.remember(similar, bare, context);
    }

    #[inline(never)]
    fn judge_amplification(&mut self, asked: &Asked, length: u32, pair: PairNumber, context: &mut Context<'_, '_>) {
        let (response, request) = (context.facts.length, length.max(1));
        // An address may have been verified inside of OSCORE: Echo is encrypted there (RFC 9175 section 2.3).
        if asked.cut
            || asked.oscore
            || response as usize <= AMPLIFICATION_SAFE_RESPONSE
            || self.pairs.direction(pair).has(VERIFIED)
        {
            return;
        }
        if response > request.saturating_mul(AMPLIFICATION_FACTOR) {
            let severity =
                if response > request.saturating_mul(10) { Severity::Warn } else { Rule::AmpRatio.severity() };
            context.find_at(Rule::AmpRatio, severity, CODE, i64::from(response), i64::from(length));
        }
    }
}

/// Four bits for each ETag of a message, by its hash. Of many ETags hardly one has all its bits in those of others: for telling that one is
/// not among them they are enough.
#[cold]
#[inline(never)]
fn marks_of_etags(message: &Message<'_>) -> u64 {
    let hashes = message.options().filter(|option| option.number == OptionNumber::ETAG).map(|etag| sum(1, etag.value));
    hashes.flat_map(|hash| [40, 46, 52, 58].map(|at| 1 << (hash >> at & 63))).fold(0, |marks, mark: u64| marks | mark)
}

/// What is odd about the code and content of a response.
pub(super) fn judge_content(asked: &Asked, row: &ExchangeRow, context: &mut Context<'_, '_>) {
    let (method, request) = (row.method, i64::from(row.request));
    if asked.cut || context.arrival.cut {
        return;
    }
    let code = context.facts.code;
    if !asked.oscore && !fits(code, Code(method), asked.block1) {
        context.find_code(Rule::RespCodeVsMethod, i64::from(code.0), i64::from(method));
    }
    if code == Code::VALID {
        let named = if context.facts.etag { marks_of_etags(&context.message()) } else { 0 };
        if asked.etags == 0 || named & !asked.etags != 0 {
            context.find_code(Rule::RespValidUnasked, request, 0);
        }
    }
    if let (Code::CONTENT, Some(accept), Some(format)) = (code, asked.accept, context.facts.content_format)
        && accept != format
    {
        context.find_option(Rule::CfNotAccepted, OptionNumber::CONTENT_FORMAT, i64::from(accept), i64::from(format));
    }
    let suppressed = match code.class() {
        2 => row.no_response & 2,
        4 => row.no_response & 8,
        5 => row.no_response & 16,
        _ => 0,
    };
    if suppressed != 0 {
        context.find_code(Rule::NoresponseViolated, request, 0);
    }
    if code.is_success() && asked.bad_critical != 0 {
        context.find_code(Rule::OptCriticalAccepted, request, i64::from(asked.bad_critical));
    }
    if asked.oscore
        && !context.facts.oscore
        && matches!(code, Code::BAD_REQUEST | Code::UNAUTHORIZED | Code::BAD_OPTION)
    {
        context.find_code(Rule::OscoreUnprotectedError, i64::from(code.0), request);
    }
}

/// Bits of the type (RFC 7252 section 3).
const TYPE: crate::coap::Span = crate::coap::Span::of_bits(2, 2);

/// Whether a success code is defined for a method (RFC 7252 section 5.9.1, RFC 7959 section 2.9.1).
pub(super) fn fits(code: Code, method: Code, block1: bool) -> bool {
    has_method(fitting(code), method.0) || code == Code::CONTINUE && block1
}

/// The methods for which a code is defined in a response to a request without Block1, a bit for each.
pub(super) fn fitting(code: Code) -> u32 {
    const fn bit(method: Code) -> u32 {
        1 << method.0
    }
    const READS: u32 = bit(Code::GET) | bit(Code::FETCH);
    match code {
        Code::CONTENT => !(bit(Code::PUT) | bit(Code::POST) | bit(Code::DELETE)),
        Code::CREATED | Code::DELETED | Code::CHANGED => !READS,
        Code::VALID => READS,
        Code::CONTINUE => 0,
        _ => u32::MAX,
    }
}

/// Whether a method, which has 5 bits, is among some.
#[inline]
pub(super) fn has_method(methods: u32, method: u8) -> bool {
    methods >> (method & 31) & 1 == 1
}
