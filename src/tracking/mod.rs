//! How messages relate over time: message layer, exchanges, observations, and what is odd about them.

mod addressee;
mod again;
mod ahead;
mod answers;
mod behind;
mod blocks;
mod bodies;
mod climb;
mod clock;
mod context;
mod counters;
mod critical;
mod crossing;
mod dues;
mod early;
mod endpoints;
mod exchange;
mod expiry;
mod facts;
mod habits;
mod holes;
mod judge;
mod life;
mod marks;
mod message_layer;
mod mistaken;
pub mod model;
mod multicast;
mod notification;
mod observation;
mod observers;
mod order;
mod orphans;
mod overheard;
mod overtaken;
mod owners;
mod pairs;
mod past;
mod pauses;
#[cfg(test)]
mod random;
mod registration;
mod resources;
mod responses;
mod retransmission;
mod ring;
mod routes;
mod schedule;
mod seed;
mod sent;
mod sharing;
mod slab;
mod slot;
mod slots;
mod table;
mod tags;
mod target;
mod tokens;
mod transfer;
mod unreachable;
mod uploads;
mod usual;

pub use ahead::{AHEAD, Ahead, Coming};
pub use behind::{AHEAD as FACTS_AHEAD, UsualFacts};
pub use counters::Counters;
pub use early::is_near;
pub use facts::Facts;
pub use model::*;
pub use pairs::PairNumber;
pub use resources::ResourceTable;
pub use routes::{Both, Route, RouteTable, Sought};
pub use seed::Seed;
pub(crate) use table::Table;
pub use unreachable::Quoted;

use crate::coap::{Finding, Message, MessageType, Parameters, Rule, Severity};
use crate::frame::Endpoint;
use bodies::Blocks;
use clock::{Clock, Step};
use context::{Context, MESSAGE_ID, Output, less};
use early::EarlyAnswers;
use endpoints::EndpointTable;
use expiry::Timers;
use judge::Memory;
use pairs::{PairTable, Pairs};
use schedule::Schedule;
use sent::SentTable;
use slots::Slots;

/// How to track.
#[derive(Clone, Debug)]
pub struct TrackerOptions {
    /// Transmission parameters of the peers (RFC 7252 section 4.8).
    pub parameters: Parameters,
    /// Most bytes to hold; the least recently used leave first.
    pub cap_bytes: usize,
}

impl Default for TrackerOptions {
    fn default() -> Self {
        Self { parameters: Parameters::default(), cap_bytes: 256 << 20 }
    }
}

/// Relates each message to those before it. Messages come in the order of arrival; the cost of each is constant on average.
pub struct Tracker {
    options: TrackerOptions,
    /// EXCHANGE_LIFETIME, nanoseconds.
    lifetime: i64,
    schedule: Schedule,
    seed: Seed,
    clock: Clock,
    endpoints: EndpointTable,
    pair_table: PairTable,
    pairs: Pairs,
    resources: ResourceTable,
    sent: SentTable,
    slots: Slots,
    timers: Timers,
    memory: Memory,
    blocks: Blocks,
    counters: Counters,
    exchanges: u32,
    observations: u32,
    /// A registration was seen.
    registered: bool,
    early: EarlyAnswers,
    /// So many messages may come before the cap can be reached.
    room: u32,
    /// Leave all to the general path.
    #[cfg(test)]
    general_only: bool,
    /// How many messages did not need it, by the part that they play.
    #[cfg(test)]
    usual: std::collections::HashMap<Role, u32>,
}

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new(options: TrackerOptions) -> Self {
        let parameters = &options.parameters;
        let (schedule, clock) = (Schedule::new(parameters), Clock::new(parameters.exchange_lifetime()));
        Self {
            sent: SentTable::new(parameters.exchange_lifetime(), parameters.non_lifetime(), schedule.stops),
            lifetime: parameters.exchange_lifetime(),
            schedule,
            resources: ResourceTable::new(options.cap_bytes / 8),
            options,
            seed: Seed::default(),
            clock,
            endpoints: EndpointTable::default(),
            pair_table: PairTable::default(),
            pairs: Pairs::new(),
            slots: Slots::new(),
            timers: Timers::default(),
            memory: Memory::default(),
            blocks: Blocks::default(),
            counters: Counters::default(),
            exchanges: 0,
            observations: 0,
            registered: false,
            early: EarlyAnswers::default(),
            room: 0,
            #[cfg(test)]
            general_only: false,
            #[cfg(test)]
            usual: Default::default(),
        }
    }

    /// What its hashes begin with, for [`Facts::read`].
    pub fn seed(&self) -> Seed {
        self.seed.clone()
    }

    /// The number of an endpoint, for [`Arrival`]. Whoever has a [`RouteTable`] of its own takes the numbers from there instead.
    pub fn endpoint(&mut self, endpoint: &Endpoint) -> EndpointId {
        self.endpoints.intern(endpoint)
    }

    /// Takes over the endpoints that a [`RouteTable`] of the caller's has numbered since the last call.
    pub fn meet(&mut self, endpoints: &[Endpoint]) {
        self.endpoints.meet(endpoints);
    }

    /// All endpoints; the index is the number.
    pub fn endpoints(&self) -> &[Endpoint] {
        self.endpoints.list()
    }

    /// Path and query of the requests so far.
    pub fn resources(&self) -> &ResourceTable {
        &self.resources
    }

    /// Counts so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Estimated bytes held; at most the cap, and what endpoints and tables need besides.
    pub fn bytes(&self) -> usize {
        self.sent.bytes() + self.slots.bytes() + self.blocks.bytes()
    }

    /// Relates a message. What becomes known of earlier messages, new and changed rows, and findings go to `out`.
    pub fn track(&mut self, arrival: &Arrival, message: &Message<'_>, out: &mut Vec<Patch>) -> Tracked {
        let facts = Facts::read(&message.cut_if(arrival.cut), &self.seed);
        self.track_known(arrival, message.bytes(), &facts, out)
    }

    /// The same for a message whose facts were read before, with the [`seed`](Self::seed) of this tracker, from these bytes.
    pub fn track_known(&mut self, arrival: &Arrival, bytes: &[u8], facts: &Facts, out: &mut Vec<Patch>) -> Tracked {
        let mut tracked = Tracked::alone(Role::Other);
        self.track_and_tell(arrival, bytes, facts, out, |told| tracked = *told);
        tracked
    }

    /// The same, where what is known of the message is told where it is found out: were it handed on and on, reading it in large would wait for
    /// what was written in small.
    #[inline(always)]
    pub fn track_and_tell(
        &mut self,
        arrival: &Arrival,
        bytes: &[u8],
        facts: &Facts,
        out: &mut Vec<Patch>,
        mut told: impl FnMut(&Tracked),
    ) {
        let mut out = Output { patches: out };
        self.step(arrival.time, arrival.record, &mut out);
        let pair = arrival.pair.unwrap_or_else(|| self.pair_table.intern(arrival.source, arrival.destination));
        self.pairs.reserve(pair);
        let (now, resource) = (self.clock.now(), ResourceId(0));
        let mut context = Context { arrival, now, facts, bytes, resource, pair, out };
        if !self.may_be_usual(&context) {
            if facts.headerless {
                // What the capture cut may have been well-formed.
                self.counters.malformed += u64::from(!arrival.cut);
                told(&Tracked::alone(Role::Other));
                return;
            }
            told(&self.track_unusual(&mut context));
        } else if self.track_usual(&mut context, &mut told).is_none() {
            told(&self.track_any(&mut context));
        }
        if !self.pairs.seen(pair) {
            self.first_of_direction(&mut context);
        }
        self.shrink(&mut context.out);
    }

    #[inline(always)]
    fn may_be_usual(&self, context: &Context<'_, '_>) -> bool {
        #[cfg(test)]
        if self.general_only {
            return false;
        }
        context.is_usual()
    }

    /// One that is not, as far as it tells by itself.
    #[inline(never)]
    fn track_unusual(&mut self, context: &mut Context<'_, '_>) -> Tracked {
        let Context { arrival, facts, bytes, .. } = *context;
        if !arrival.cut {
            context.resource = self.resource(bytes, facts);
            return self.track_any(context);
        }
        let facts = facts.cut(bytes, &self.seed, arrival.record);
        let resource = self.resource_of_cut(bytes, &facts);
        let out = Output { patches: context.out.patches };
        self.track_any(&mut Context { facts: &facts, resource, out, ..*context })
    }

    /// Both directions may be captured now.
    #[cold]
    #[inline(never)]
    fn first_of_direction(&mut self, context: &mut Context<'_, '_>) {
        let (held, too_fast) = self.pairs.see(context.pair, context.arrival.destination);
        if held || too_fast.is_some() {
            self.said_before(too_fast, context);
        }
    }

    /// What was said of the other direction holds.
    #[cold]
    #[inline(never)]
    fn said_before(&mut self, too_fast: Option<(Severity, RecordId)>, context: &mut Context<'_, '_>) {
        for (record, finding) in self.pairs.no_longer_held(context.pair.reversed()) {
            context.out.patch(Patch::Graver { record, finding, was: less(finding.severity) });
        }
        // Nor was it silent, if that was not sure.
        let (rule, was) = (Rule::FlowProbingRate, less(Rule::FlowProbingRate.severity()));
        if let Some((_, record)) = too_fast.filter(|(said, _)| *said == was) {
            context.out.patch(Patch::Withdrawn { record, rule, was });
        }
    }

    /// The general path.
    #[inline(never)]
    fn track_any(&mut self, context: &mut Context<'_, '_>) -> Tracked {
        if context.facts.malformed {
            return self.track_malformed(context);
        }
        match context.facts.kind {
            MessageType::Confirmable | MessageType::NonConfirmable => self.track_sent(context),
            MessageType::Acknowledgement | MessageType::Reset => self.track_answer(context),
        }
    }

    /// Path and query of a request; none where OSCORE hides them.
    fn resource(&mut self, bytes: &[u8], facts: &Facts) -> ResourceId {
        if !facts.code.is_request() || facts.oscore {
            return ResourceId(0);
        }
        self.resources.intern(facts.digest, &self.seed, || Message::decode_as(bytes, facts.mode))
    }

    /// The same for a request that the capture cut: none where a part of the path may be missing.
    #[cold]
    fn resource_of_cut(&mut self, bytes: &[u8], facts: &Facts) -> ResourceId {
        let message = Message::decode_as(bytes, facts.mode).cut_by_capture();
        if message.lacks_options() { ResourceId(0) } else { self.resource(bytes, facts) }
    }

    /// Lets time pass without a message (live): what is overdue by `now`, nanoseconds since 1970, goes to `out`.
    pub fn advance(&mut self, now: i64, out: &mut Vec<Patch>) {
        let mut out = Output { patches: out };
        self.settle_in_time(&mut out);
        self.clock.advance(now);
        self.close_in_pause();
        self.expire(&mut out);
    }

    /// No frame follows: a jump in front of the last one was a pause, since nothing can say any more that its timestamp is wild, nor that what
    /// was under way went on behind it.
    pub fn end(&mut self, out: &mut Vec<Patch>) {
        if self.clock.has_paused() {
            let mut out = Output { patches: out };
            self.settle_in_time(&mut out);
            self.clock.confirm();
            self.clock.settle();
            self.expire(&mut out);
        }
    }

    /// What fell into a pause that is forgotten with the next one is judged while it is known.
    fn settle_in_time(&mut self, out: &mut Output<'_>) {
        if self.clock.forgets_pauses() {
            self.clock.settle();
            self.expire(out);
        }
    }

    /// Nobody knows what is still open behind a pause.
    fn close_in_pause(&mut self) {
        if self.clock.paused_anew() {
            let open: Vec<_> = self.sent.outstanding().collect();
            open.into_iter().for_each(|handle| self.no_longer_outstanding(handle));
        }
    }

    /// Moves to the time of the next frame; what was due before it comes first.
    #[inline]
    fn step(&mut self, time: i64, record: RecordId, out: &mut Output<'_>) {
        if !self.clock.go_on(time) {
            self.step_oddly(time, record, out);
        }
        self.expire_in_steps(out);
    }

    #[cold]
    fn step_oddly(&mut self, time: i64, record: RecordId, out: &mut Output<'_>) {
        if self.clock.is_jumping() {
            self.settle_in_time(out);
        }
        let before = self.clock.stamp();
        let step = self.clock.step_oddly(time);
        self.close_in_pause();
        if self.clock.stamp() < before {
            self.clamp(self.clock.stamp());
        }
        match step {
            Step::Forward => {}
            Step::Back(by) => out.find(record, Finding::new(Rule::CaptureTimeOrder, MESSAGE_ID).with(0, by)),
            Step::Jump(by) => out.find(record, Finding::new(Rule::CaptureTimeJump, MESSAGE_ID).with(0, by)),
        }
    }

    /// Takes back a jump of the clock that was not confirmed.
    fn clamp(&mut self, steady: i64) {
        self.sent.clamp(steady);
        self.timers.clamp(steady);
        self.slots.clamp(steady);
        self.blocks.clamp(steady);
    }
}
