//! Plays a scenario through the tracker in several ways, none of which may change what is said of it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use coapscope::coap::{DecodeMode, Message};
use coapscope::frame::{Endpoint, is_known_time};
use coapscope::tracking::{
    Arrival, Counters, EndpointId, ExchangeId, Facts, NO_RECORD, ObservationId, Patch, Quoted, RecordId, ResourceId,
    RouteTable, Tracked, Tracker, TrackerOptions, UsualFacts,
};

use crate::play::Seen;
use crate::script::{Script, Sent, Step};

/// Evidence records come after this number, so that messages keep theirs.
pub const EVIDENCE: RecordId = 1_000_000;

/// How a scenario is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Message by message.
    Plain,
    /// As the loader does it: endpoints and pairs are numbered outside, facts read ahead.
    Loader,
    /// Many others talked before, with the same message IDs and tokens.
    Crowd,
    /// Others talk between the messages as well.
    Between,
}

/// Records of strangers come after this number.
const STRANGERS: RecordId = 2_000_000;

/// Nanoseconds.
const HOUR: i64 = 3_600_000_000_000;

/// What strangers ask for.
const ELSEWHERE: &str = "/crowd";

/// A tracker, and what is needed to speak to it in some way.
struct Player {
    way: Way,
    tracker: Tracker,
    routes: RouteTable,
    /// Of these endpoints the tracker was told.
    met: usize,
    facts: Vec<Facts>,
    usual: UsualFacts<()>,
    /// Messages of strangers so far, and what they added to the counts.
    strangers: u32,
    counted: [u64; KEYS],
}

/// What the tracker says of a scenario. Rows are numbered as they would be without strangers.
pub fn play(script: &Script, way: Way) -> Seen {
    let tracker = Tracker::new(TrackerOptions::default());
    let mut player = Player {
        way,
        usual: UsualFacts::new(tracker.seed()),
        tracker,
        routes: RouteTable::default(),
        met: 0,
        facts: Vec::new(),
        strangers: 0,
        counted: [0; KEYS],
    };
    let mut seen = Seen::default();
    let mut sent: Vec<&Sent> = Vec::new();
    for step in &script.steps {
        let mut patches = Vec::new();
        match step {
            Step::Message(message) => {
                if sent.is_empty() && way == Way::Crowd {
                    (0..600).for_each(|_| player.stranger(message.time, &mut patches));
                }
                let since = sent.last().map_or(0, |last| message.time.saturating_sub(last.time));
                let record = sent.len() as RecordId;
                sent.push(message);
                let arrival = player.arrival(message, record);
                seen.tracked.push(player.message(message, record, &mut patches));
                if way == Way::Plain {
                    seen.keep(Some(&arrival), &patches);
                }
                // Where the clock jumped, somebody else's frame would say that it did so for good.
                if way == Way::Between && is_known_time(message.time) && (0..HOUR).contains(&since) {
                    (0..30).for_each(|_| player.stranger(message.time, &mut patches));
                }
            }
            Step::Icmp { time, quoted, icmp, bare } => {
                let arrival = player.arrival(sent[*quoted], 0);
                let evidence = EVIDENCE + seen.about.len() as RecordId;
                let quoted = Quoted {
                    source: arrival.source,
                    destination: arrival.destination,
                    pair: arrival.pair,
                    ip_id: arrival.ip_id,
                    bytes: if *bare { &[] } else { &sent[*quoted].bytes },
                    icmp: *icmp,
                };
                let about = player.tracker.unreachable(*time, evidence, &quoted, &mut patches);
                seen.about.push(about);
            }
            Step::Advance { time } => {
                player.tracker.advance(*time, &mut patches);
                seen.keep(None, &patches);
            }
            Step::End => {
                player.tracker.end(&mut patches);
                seen.keep(None, &patches);
            }
            Step::Claim { .. } => {}
        }
        seen.take(&patches);
    }
    player.finish(seen)
}

impl Player {
    fn arrival(&mut self, message: &Sent, record: RecordId) -> Arrival {
        let (source, destination, pair) = if self.way == Way::Loader {
            let route = self.routes.intern(&message.source, &message.destination);
            self.tracker.meet(&self.routes.endpoints()[self.met..]);
            self.met = self.routes.endpoints().len();
            (route.source, route.destination, Some(route.pair))
        } else {
            (self.tracker.endpoint(&message.source), self.tracker.endpoint(&message.destination), None)
        };
        Arrival {
            record,
            time: message.time,
            source,
            destination,
            pair,
            multicast: message.multicast,
            ip_id: message.ip_id,
            hop_limit: message.hop_limit,
            interface: message.interface,
            cut: message.cut,
        }
    }

    fn message(&mut self, message: &Sent, record: RecordId, out: &mut Vec<Patch>) -> Tracked {
        let arrival = self.arrival(message, record);
        let before = self.facts.len();
        let ahead = self.way == Way::Loader
            && !message.cut
            && message.mode == DecodeMode::Rfc7252
            && self.usual.read(&mut self.facts, &message.bytes, message.bytes.first_chunk(), |_| Some(())).is_some();
        assert_eq!(ahead, self.facts.len() > before, "facts are there if it says that it read them");
        match self.facts.last() {
            Some(facts) if ahead => self.tracker.track_known(&arrival, &message.bytes, facts, out),
            _ => self.tracker.track(&arrival, &Message::decode_as(&message.bytes, message.mode), out),
        }
    }

    /// Somebody else asks the first server for something, under a message ID and a token that the scenario may use as well.
    /// Every third one is answered, and every third one observes.
    fn stranger(&mut self, time: i64, out: &mut Vec<Patch>) {
        let before = values(self.tracker.counters());
        let number = self.strangers;
        self.strangers += 1;
        let [_, _, high, low] = number.to_be_bytes();
        let client = Endpoint { address: [10, 9, high, low].into(), port: 40_001, scope: 0 };
        let server = Endpoint { address: [10, 0, 0, 1].into(), port: 5683, scope: 0 };
        let (id, token) = ((number % 9 + 1) as u8, 0xa0 + (number % 16) as u8);
        let mut request = vec![0x41, 1, 0, id, token];
        request.extend(if number.is_multiple_of(3) { &b"\x60\x55crowd"[..] } else { &b"\xb5crowd"[..] });
        let mut response = vec![0x61, 0x45, 0, id, token];
        response.extend(if number.is_multiple_of(3) { &b"\x61\x05\xff1"[..] } else { &b"\xff1"[..] });
        let datagram = |source, destination, bytes| Sent {
            time,
            source,
            destination,
            multicast: false,
            ip_id: 0,
            hop_limit: 64,
            interface: 0,
            cut: false,
            mode: DecodeMode::Rfc7252,
            bytes,
        };
        let record = STRANGERS + number * 2;
        self.message(&datagram(client, server, request), record, out);
        if number % 3 < 2 {
            self.message(&datagram(server, client, response), record + 1, out);
        }
        for (sum, (before, after)) in self.counted.iter_mut().zip(before.iter().zip(values(self.tracker.counters()))) {
            *sum += after - before;
        }
    }

    /// Leaves out what strangers added, and numbers everything as it would be without them.
    fn finish(self, mut seen: Seen) -> Seen {
        let resources = self.tracker.resources();
        let texts: Vec<_> = resources.texts().iter().map(|text| text.to_string()).collect();
        let by_number: Vec<_> = (0..=texts.len() as u32 + 1).filter_map(|id| resources.get(ResourceId(id))).collect();
        assert_eq!((by_number.len(), resources.is_empty()), (resources.len(), resources.texts().is_empty()));
        assert_eq!(by_number, texts);
        let theirs: BTreeSet<_> = seen
            .exchanges
            .iter()
            .filter(|(_, row)| row.request >= STRANGERS && row.request != NO_RECORD)
            .map(|(id, _)| id.0)
            .collect();
        let exchange = |id: &mut ExchangeId| id.0 -= theirs.range(..id.0).count() as u32;
        seen.exchanges.retain(|id, _| !theirs.contains(&id.0));
        let watched: BTreeSet<_> = seen
            .observations
            .iter()
            .filter(|(_, row)| row.registration >= STRANGERS && row.registration != NO_RECORD)
            .map(|(id, _)| id.0)
            .collect();
        let observation = |id: &mut ObservationId| id.0 -= watched.range(..id.0).count() as u32;
        seen.observations.retain(|id, _| !watched.contains(&id.0));
        let elsewhere = texts.iter().position(|text| text == ELSEWHERE).map_or(u32::MAX, |at| at as u32 + 1);
        let resource = |id: &mut ResourceId| id.0 -= u32::from(id.0 > elsewhere);
        let endpoint = |id: &mut EndpointId| *id = by_name(&self.tracker.endpoints()[id.0 as usize]);
        seen.findings.retain(|(record, _)| *record < STRANGERS || *record == NO_RECORD);
        seen.answered_by.retain(|record, _| *record < STRANGERS);
        for tracked in &mut seen.tracked {
            exchange(&mut tracked.exchange);
            observation(&mut tracked.observation);
        }
        for (mut id, mut row) in std::mem::take(&mut seen.exchanges) {
            [&mut row.client, &mut row.server].into_iter().for_each(endpoint);
            resource(&mut row.resource);
            observation(&mut row.observation);
            exchange(&mut id);
            seen.exchanges.insert(id, row);
        }
        for (mut id, mut row) in std::mem::take(&mut seen.observations) {
            [&mut row.client, &mut row.server].into_iter().for_each(endpoint);
            resource(&mut row.resource);
            exchange(&mut row.exchange);
            observation(&mut id);
            seen.observations.insert(id, row);
        }
        for row in seen.bodies.values_mut() {
            [&mut row.client, &mut row.server].into_iter().for_each(endpoint);
            resource(&mut row.resource);
        }
        seen.counters = *self.tracker.counters();
        seen.counted = values(&seen.counters);
        seen.counted.iter_mut().zip(self.counted).for_each(|(sum, theirs)| *sum -= theirs);
        seen.resources = texts.into_iter().filter(|text| text != ELSEWHERE).collect();
        seen
    }
}

/// A number that tells the endpoint, whenever it was met.
fn by_name(endpoint: &Endpoint) -> EndpointId {
    match endpoint.address {
        IpAddr::V4(address) => {
            let [_, group, _, last] = address.octets();
            EndpointId(u32::from_be_bytes([group, last, 0, 0]) | u32::from(endpoint.port))
        }
        IpAddr::V6(_) => panic!("scenarios have IPv4 only"),
    }
}

/// How many counts there are.
pub const KEYS: usize = 19;

fn values(counters: &Counters) -> [u64; KEYS] {
    let Counters { con, non, ack, rst, exchanges, exchanges_retransmitted, exchanges_answered, .. } = *counters;
    let Counters { exchanges_reset, retransmissions, duplicate_acks, piggybacked_responses, .. } = *counters;
    let Counters { separate_responses, non_responses, observations, notifications, .. } = *counters;
    let Counters { notifications_stale, deregistrations, malformed, evicted, .. } = *counters;
    [
        con,
        non,
        ack,
        rst,
        exchanges,
        exchanges_retransmitted,
        exchanges_answered,
        exchanges_reset,
        retransmissions,
        duplicate_acks,
        piggybacked_responses,
        separate_responses,
        non_responses,
        observations,
        notifications,
        notifications_stale,
        deregistrations,
        malformed,
        evicted,
    ]
}

/// Where another way to play the scenario leads to something else.
pub fn differences(script: &Script) -> Vec<String> {
    let plain = lines(&play(script, Way::Plain));
    let mut wrong = Vec::new();
    for way in [Way::Loader, Way::Crowd, Way::Between] {
        let seen = play(script, way);
        let found = lines(&seen);
        let other = plain.iter().filter(|line| !found.contains(line)).map(|line| format!("    missing: {line}"));
        let more = found.iter().filter(|line| !plain.contains(line)).map(|line| format!("    instead: {line}"));
        let all: Vec<_> = other.chain(more).collect();
        if !all.is_empty() {
            wrong.push(format!("{}, played {way:?}:\n{}", script.name, all.join("\n")));
        }
    }
    wrong
}

/// All that was seen.
fn lines(seen: &Seen) -> Vec<String> {
    let mut all: Vec<_> = seen.tracked.iter().enumerate().map(|(at, it)| format!("#{} {it:?}", at + 1)).collect();
    all.extend(seen.findings.iter().map(|(record, it)| {
        format!("#{} {} {:?} {:?}", record.wrapping_add(1), it.rule.row().id, it.severity, it.span)
    }));
    all.extend(seen.exchanges.iter().map(|row| format!("{row:?}")));
    all.extend(seen.observations.iter().map(|row| format!("{row:?}")));
    all.extend(seen.bodies.iter().map(|row| format!("{row:?}")));
    all.extend(seen.parts.iter().map(|(record, part)| format!("#{} {part:?}", record + 1)));
    all.extend(
        seen.answered_by.iter().map(|(record, by)| format!("#{} answered by #{}", record + 1, by.wrapping_add(1))),
    );
    all.push(format!("counts {:?}", seen.counted));
    all.push(format!("ICMP errors about {:?}; resources {:?}", seen.about, seen.resources));
    all
}
