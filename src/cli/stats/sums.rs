//! What `stats` sums up while a capture is read: one row an exchange, one sum a code. Everything else is made of these at the end.

use prefetch_index::prefetch_index;

use super::times::{Spread, Times};
use crate::coap::{Copies, Rule};
use crate::store::{Record, RecordFlags, Update};
use crate::tracking::{
    AnswerKind, EndpointId, ExchangeRow, ExchangeState, ObservationEnd, Patch, RecordId, ResourceId, Role, Table,
};

/// So many patches ahead memory is asked for what they are about.
const AHEAD: usize = 32;

/// Rows that are many: to get memory for eight times as many at once would be no trifle any more.
const MANY: usize = 1 << 19;

/// No round trip: no answer, or its time is not known.
const NONE: i64 = i64::MIN;

fn is_known(round_trip: &i64) -> bool {
    *round_trip != NONE
}

/// What is known of an exchange from its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opened {
    pub resource: ResourceId,
    /// The exchange before it between the same endpoints; number 0 is none.
    before: u32,
}

/// The exchanges of a client with a server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Between {
    pub count: u32,
    /// The last of them: each tells of the one before it.
    pub last: u32,
}

/// A client and a server as one number.
fn ends(client: EndpointId, server: EndpointId) -> u64 {
    u64::from(client.0) << 32 | u64::from(server.0)
}

/// What becomes known of it later.
#[derive(Clone, Copy, Debug)]
struct Latest {
    round_trip: i64,
    transmissions: u16,
    answered: bool,
    reset: bool,
    observes: bool,
    evicted: bool,
}

const UNKNOWN: Latest =
    Latest { round_trip: NONE, transmissions: 0, answered: false, reset: false, observes: false, evicted: false };

/// What is known of an observation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub client: EndpointId,
    pub server: EndpointId,
    pub resource: ResourceId,
    pub notifications: u32,
    pub gaps: u32,
    /// Notifications that a newer one overtook.
    pub late: u32,
    /// Those, and those with the number of the freshest.
    pub not_newer: u32,
    pub end: ObservationEnd,
    /// The response that accepts it was captured.
    pub accepted: bool,
}

/// One exchange in the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub opened: Opened,
    /// First copy of the request to its first answer, in nanoseconds.
    pub round_trip: Option<i64>,
    /// Repeats of the request.
    pub repeats: u64,
    /// A response came.
    pub answered: bool,
    /// A Reset came instead.
    pub reset: bool,
    /// It registered for an observation, and was accepted.
    pub observes: bool,
    /// It was not followed to its end.
    pub evicted: bool,
}

/// A Confirmable message was sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat {
    /// The copy.
    pub record: RecordId,
    pub sender: EndpointId,
    /// First captured copy of the message.
    pub first: RecordId,
    /// Which transmission it is by the clock, from 2.
    pub copy: i64,
    /// Which transmission the captured one before it is by the clock: the same, if this one is at once behind that.
    pub before: i64,
    /// Which captured one, from 2.
    pub captured: i64,
    /// Nanoseconds since the copy before it; below 0 where that is not known.
    pub gap: i64,
}

/// The sums.
pub(super) struct Sums {
    /// By exchange id.
    opened: Vec<Opened>,
    latest: Vec<Latest>,
    /// By [client and server](ends), whose numbers come from a capture.
    between: Table<u64, Between>,
    spread: Spread,
    /// By observation id.
    observed: Vec<Option<Observed>>,
    pub repeats: Vec<Repeat>,
    /// Records taken in.
    records: usize,
    /// Well-formed messages by the byte of their code.
    pub codes: [u64; 256],
    pub resources: Vec<Box<str>>,
    pub endpoints: Vec<crate::frame::Endpoint>,
    /// Which of them no CoAP message has come from or gone to so far, as who sends ICMP errors; and how many those are.
    silent: Vec<bool>,
    silent_count: usize,
    /// Only some messages are summed up: how many endpoints these have. Of observations nothing is known then.
    pub chosen: Option<usize>,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            opened: Vec::new(),
            latest: Vec::new(),
            between: Table::new(),
            spread: Spread::default(),
            observed: Vec::new(),
            repeats: Vec::new(),
            records: 0,
            codes: [0; 256],
            resources: Vec::new(),
            endpoints: Vec::new(),
            silent: Vec::new(),
            silent_count: 0,
            chosen: None,
        }
    }
}

impl Sums {
    /// How many records were taken in.
    pub fn records(&self) -> RecordId {
        self.records as RecordId
    }

    /// Take an update in. Tells whether it says something of bodies in blocks, which are not summed up here.
    pub fn take(&mut self, update: &mut Update) -> bool {
        let mut has_bodies = false;
        self.resources.append(&mut update.resources);
        self.silent_count += update.endpoints.len();
        self.endpoints.append(&mut update.endpoints);
        self.silent.resize(self.endpoints.len(), true);
        self.hear(update);
        for record in &update.records {
            if !record.flags.has(super::NOT_COUNTED)
                && let Some(count) = self.codes.get_mut(usize::from(record.code.0))
            {
                *count += 1;
            }
        }
        for (at, patch) in update.patches.iter().enumerate() {
            if let Some(Patch::Exchange(id, row) | Patch::Answered(id, row)) = update.patches.get(at + AHEAD) {
                self.ask(id.0 as usize, row);
            }
            match patch {
                Patch::Exchange(id, row) | Patch::Answered(id, row) => self.exchange(id.0 as usize, row),
                Patch::Observation(id, row) => {
                    let at = id.0 as usize;
                    if self.observed.len() <= at {
                        self.observed.resize(at + 1, None);
                    }
                    if let Some(place) = self.observed.get_mut(at) {
                        *place = Some(Observed {
                            client: row.client,
                            server: row.server,
                            resource: row.resource,
                            notifications: row.notifications,
                            gaps: row.gaps,
                            late: row.stale,
                            not_newer: row.not_newer(),
                            end: row.end,
                            accepted: row.accepted != crate::tracking::NO_RECORD,
                        });
                    }
                }
                Patch::Finding(record, finding) if finding.rule == Rule::MidRetransmission => {
                    let [copies, gap] = finding.numbers;
                    let place = (*record as usize).checked_sub(self.records);
                    // A notification may go on with the timer of the one that it replaces: then it shows no first wait (RFC 7641 section 4.5.2).
                    let goes_on = |row: &&Record| row.role == Role::Notification && Copies::of(copies).unsure;
                    if let Some(row) = place.and_then(|place| update.records.get(place)).filter(|it| !goes_on(it)) {
                        self.repeats.push(Repeat {
                            record: *record,
                            sender: row.source,
                            first: row.relates_to,
                            copy: i64::from(Copies::of(copies).by_clock),
                            before: i64::from(Copies::of(copies).before),
                            captured: i64::from(row.transmission),
                            gap,
                        });
                    }
                }
                Patch::Graver { record, finding, .. } if finding.rule == Rule::MidRetransmission => {
                    let copies = Copies::of(finding.numbers[0]);
                    // They are in the order of their records.
                    let at = self.repeats.partition_point(|repeat| repeat.record < *record);
                    if let Some(repeat) = self.repeats.get_mut(at).filter(|repeat| repeat.record == *record) {
                        (repeat.copy, repeat.before) = (i64::from(copies.by_clock), i64::from(copies.before));
                    }
                }
                Patch::Part(..) | Patch::Body(..) => has_bodies = true,
                _ => {}
            }
        }
        self.records += update.records.len();
        has_bodies
    }

    /// Asks memory for what is needed to take this in.
    #[inline]
    fn ask(&self, at: usize, row: &ExchangeRow) {
        if at < self.latest.len() {
            prefetch_index(&self.latest, at);
        } else {
            self.between.ask(ends(row.client, row.server));
        }
    }

    #[inline]
    fn exchange(&mut self, at: usize, row: &ExchangeRow) {
        let has_answer = row.response != crate::tracking::NO_RECORD;
        let round_trip = if has_answer && row.round_trip >= 0 { row.round_trip } else { NONE };
        let reset = row.answer == AnswerKind::Reset;
        let latest = Latest {
            round_trip,
            transmissions: row.transmissions,
            answered: has_answer && !reset,
            reset,
            observes: row.state.is_accepted(),
            evicted: row.state == ExchangeState::Evicted,
        };
        let was = match self.latest.get_mut(at) {
            Some(place) => std::mem::replace(place, latest),
            None => {
                // Ids rise by one unless only some are wanted; number 0 is none.
                reserve(&mut self.latest);
                reserve(&mut self.opened);
                self.latest.resize(at, UNKNOWN);
                self.opened.resize(at, Opened::default());
                self.latest.push(latest);
                let between = self.between.get_or_default(ends(row.client, row.server), |_| true);
                between.count += 1;
                let before = std::mem::replace(&mut between.last, at as u32);
                self.opened.push(Opened { resource: row.resource, before });
                UNKNOWN
            }
        };
        if was.round_trip != round_trip {
            self.spread.change(Some(was.round_trip).filter(is_known), Some(round_trip).filter(is_known));
        }
    }

    /// All exchanges, oldest first.
    pub fn exchanges(&self) -> impl Iterator<Item = Exchange> {
        self.opened.iter().zip(&self.latest).filter_map(|(opened, latest)| exchange(opened, latest))
    }

    /// The exchange with this number.
    fn at(&self, at: u32) -> Option<Exchange> {
        exchange(self.opened.get(at as usize)?, self.latest.get(at as usize)?)
    }

    /// The round trip of each exchange that has one, with its resource.
    pub fn times(&self) -> impl Iterator<Item = (ResourceId, i64)> {
        let all = self.opened.iter().zip(&self.latest);
        all.filter(|(_, latest)| latest.transmissions > 0 && is_known(&latest.round_trip))
            .map(|(opened, latest)| (opened.resource, latest.round_trip))
    }

    /// Who asked whom, and in which exchanges; in no order.
    pub fn between(&self) -> impl Iterator<Item = (EndpointId, EndpointId, Between)> {
        self.between.iter().map(|(ends, between)| (EndpointId((ends >> 32) as u32), EndpointId(ends as u32), *between))
    }

    /// These exchanges, the last first.
    pub fn exchanges_between(&self, between: Between) -> impl Iterator<Item = Exchange> {
        std::iter::successors(self.at(between.last), |exchange| self.at(exchange.opened.before))
    }

    /// Notes whom messages came from and went to. Once all endpoints are known to have some there is nothing to look at.
    fn hear(&mut self, update: &Update) {
        for record in &update.records {
            if self.silent_count == 0 {
                return;
            }
            if record.flags.has(RecordFlags::EVIDENCE) {
                continue;
            }
            for end in [record.source, record.destination] {
                if let Some(silent) = self.silent.get_mut(end.0 as usize)
                    && std::mem::take(silent)
                {
                    self.silent_count -= 1;
                }
            }
        }
    }

    /// How many endpoints have sent or been sent a CoAP message.
    pub fn heard(&self) -> usize {
        self.chosen.unwrap_or(self.endpoints.len() - self.silent_count)
    }

    /// Of all round trips.
    pub fn round_trips(&self) -> Option<Times> {
        self.spread.times(self.latest.iter().map(|latest| latest.round_trip).filter(is_known))
    }

    /// All observations, oldest first.
    pub fn observations(&self) -> impl Iterator<Item = &Observed> {
        self.observed.iter().flatten()
    }
}

/// Sees to it that one more has room. If that means to copy, for much more: memory that is not used costs nothing, but copying takes memory anew.
#[inline]
fn reserve<T>(rows: &mut Vec<T>) {
    if rows.len() == rows.capacity() {
        let more = if rows.len() > MANY { 1 } else { 7 };
        rows.reserve_exact(more * rows.len().max(64));
    }
}

/// An exchange in the end; None where none has that number.
#[inline]
fn exchange(opened: &Opened, latest: &Latest) -> Option<Exchange> {
    (latest.transmissions > 0).then(|| Exchange {
        opened: *opened,
        round_trip: Some(latest.round_trip).filter(is_known),
        repeats: u64::from(latest.transmissions.saturating_sub(1)),
        answered: latest.answered,
        reset: latest.reset,
        observes: latest.observes,
        evicted: latest.evicted,
    })
}
