//! Room: what each kind of message adds to the bytes held, and what stays where there is too little of it.

use coapscope::coap::{Message, Rule};
use coapscope::frame::Endpoint;
use coapscope::tracking::{Arrival, Counters, EndpointId, Patch, Relation, Tracked, Tracker, TrackerOptions};

use crate::script::encode;

/// A client that talks to a server, and to a group.
pub struct Wire {
    pub tracker: Tracker,
    pub out: Vec<Patch>,
    pub record: u32,
    /// Nanoseconds.
    pub time: i64,
    /// From one message to the next.
    step: i64,
}

impl Wire {
    pub fn new(cap_bytes: usize) -> Self {
        let tracker = Tracker::new(TrackerOptions { cap_bytes, ..TrackerOptions::default() });
        Self { tracker, out: Vec::new(), record: 0, time: 0, step: 1_000_000 }
    }

    /// A millisecond later somebody says something: `> NON 1 a1 GET /a` the client, `* NON ...` the client to the group, `< ...` the server.
    pub fn say(&mut self, line: &str) -> Tracked {
        self.of_client(1, line)
    }

    /// The same with another client.
    fn of_client(&mut self, client: u32, line: &str) -> Tracked {
        let [client, server, group] = [[10, 1, 0, client as u8], [10, 0, 0, 1], [224, 0, 1, 187]]
            .map(|address| self.tracker.endpoint(&Endpoint { address: address.into(), port: 5683, scope: 0 }));
        let (way, words) = line.split_once(' ').unwrap();
        let (source, destination) = match way {
            ">" => (client, server),
            "<" => (server, client),
            _ => (client, group),
        };
        self.time += self.step;
        self.record += 1;
        let multicast = destination == group;
        let arrival = Arrival { hop_limit: 64, multicast, ..Arrival::new(self.record, self.time, source, destination) };
        let bytes = encode(&words.split(' ').collect::<Vec<_>>()).unwrap();
        self.out.clear();
        self.tracker.track(&arrival, &Message::decode(&bytes), &mut self.out)
    }

    pub fn counters(&self) -> Counters {
        *self.tracker.counters()
    }
}

/// Bytes that each round of these messages adds; `#` in a line is a number of the round's own, `@` a token.
fn cost(lines: &[&str]) -> i64 {
    const ROUNDS: i64 = 1_000;
    let mut wire = Wire::new(256 << 20);
    for round in 0..ROUNDS {
        for (at, line) in lines.iter().enumerate() {
            let number = round * lines.len() as i64 + at as i64;
            wire.say(
                &line
                    .replace("/#", &format!("/{round}"))
                    .replace('#', &number.to_string())
                    .replace('@', &format!("{round:08x}")),
            );
        }
    }
    assert_eq!(wire.counters().evicted, 0);
    wire.tracker.bytes() as i64 / ROUNDS
}

#[test]
fn every_part_of_a_body_counts() {
    let request = cost(&["> NON # @ PUT /# payload=16"]);
    let answered = cost(&["> NON # @ GET /#", "< NON # @ 2.05 payload=16"]);
    let upload = cost(&["> NON # @ PUT /# block1=0/1/16 payload=16"]) - request;
    assert!(upload > 300, "{upload} bytes are less than a body takes");
    // When a block came, and what its request asked for.
    let next = ["> NON # @ PUT /# block1=0/1/16 payload=16", "> NON # @ PUT /# block1=1/1/16 payload=16"];
    assert_eq!(cost(&next) - upload - 2 * request, 48 + 96);
    // A download has no request in blocks, but perhaps an ETag.
    let download = cost(&["> NON # @ GET /#", "< NON # @ 2.05 block2=0/1/16 payload=16"]) - answered;
    assert_eq!(download - upload, 64 - 96);
}

#[test]
fn a_message_costs_about_what_it_takes() {
    // Itself, room for what further copies add, and what it is found by.
    let message = cost(&["> ACK #"]);
    let least = if cfg!(target_pointer_width = "64") { 208 } else { 192 };
    assert!((least..256).contains(&message), "{message} bytes for a message without an exchange");
    let exchange = cost(&["> NON # @ GET /a"]) - message;
    assert!((128..640).contains(&exchange), "{exchange} bytes for an exchange");
}

/// An upload in blocks of 16 bytes; gives the bytes captured of it, and those that the tracker holds.
struct Upload(Wire);

impl Upload {
    fn block(&mut self, number: u64) -> (u64, usize) {
        let wire = &mut self.0;
        wire.say(&format!("> NON {} {number:08x} PUT /a block1={number}/1/16 payload=16", wire.record));
        let bytes = wire.out.iter().find_map(|patch| match patch {
            Patch::Body(_, row) => Some(row.bytes),
            _ => None,
        });
        (bytes.unwrap(), wire.tracker.bytes())
    }
}

#[test]
fn a_body_that_is_torn_stays_small() {
    const RANGES: u64 = 1024;
    let [mut torn, mut whole] = [(); 2].map(|()| Upload(Wire::new(256 << 20)));
    for number in 0..RANGES - 1 {
        torn.block(number * 4);
        whole.block(number);
    }
    let ((bytes, held), (_, least)) = (torn.block((RANGES - 1) * 4), whole.block(RANGES - 1));
    assert_eq!(bytes, RANGES * 16);
    let ranges = (held - least) as u64;
    assert!((RANGES * 15..RANGES * 32).contains(&ranges), "{ranges} bytes for {RANGES} ranges");
    let last = (RANGES..RANGES + 100).map(|number| torn.block(number * 4).0).last();
    assert_eq!(last, Some(RANGES * 16), "what lies apart is not taken in any more");
    assert_eq!(torn.block(22).0, RANGES * 16, "not even between others");
    assert_eq!(torn.block(5).0, (RANGES + 1) * 16, "what touches some of it is");
}

#[test]
fn bodies_alone_are_evicted_where_they_take_too_much() {
    let mut wire = Wire::new(8 << 20);
    for number in 0..6_000 {
        wire.say(&format!("> NON {number} {number:08x} PUT /{number} block1=0/1/16 payload=16"));
    }
    let counters = wire.counters();
    assert!(counters.evicted > 2_000 && counters.evicted < 6_000, "{counters:?}");
    assert_eq!(counters.exchanges_evicted, 0);
}

#[test]
fn resources_that_do_not_fit_are_one() {
    let mut wire = Wire::new(64 << 10);
    for number in 0..1_000 {
        wire.say(&format!("> NON {number} {number:08x} GET /{number:04}"));
    }
    let texts = wire.tracker.resources().texts();
    assert!(texts.iter().map(|text| text.len()).sum::<usize>() < 8 << 10);
    assert!(texts.len() > 128, "{} resources are few for 8 KiB", texts.len());
    let others: Vec<_> = texts.iter().filter(|text| !text.starts_with('/')).collect();
    assert_eq!(others, [&texts[texts.len() - 1]]);
}

#[test]
fn many_requests_to_a_group_are_found_by_their_numbers() {
    let mut wire = Wire::new(256 << 20);
    let records: Vec<_> = (0..300)
        .map(|number| {
            wire.say(&format!("* NON {number} {number:08x} GET /a"));
            wire.record
        })
        .collect();
    for (number, record) in records.into_iter().enumerate() {
        let tracked = wire.say(&format!("< ACK {number}"));
        assert_eq!((tracked.relation, tracked.relates_to), (Relation::Acknowledges, record), "number {number}");
    }
}

#[test]
fn what_is_old_stays_where_it_was_used_lately() {
    let mut wire = Wire::new(1 << 20);
    wire.say("> NON 60000 0b GET /o obs=0");
    wire.say("< NON 60000 0b 2.05 obs=0 max-age=100000");
    for number in 0..10_000 {
        wire.time += 500_000_000;
        wire.say(&format!("> NON {number} {number:08x} GET /a"));
        if number % 100 == 0 {
            wire.say(&format!("< NON {number} 0b 2.05 obs={} max-age=100000", number / 100 + 1));
        }
    }
    let counters = wire.counters();
    assert!(counters.exchanges_evicted > 5_000, "{counters:?}");
    assert_eq!((counters.observations, counters.notifications), (1, 100), "nobody forgets what is observed");
    let answer = |number: u32| format!("< NON {} {number:08x} 2.05", 30_000 + number);
    assert_eq!(wire.say(&answer(9_600)).relation, Relation::Answers, "a request of some minutes ago");
    assert_eq!(wire.say(&answer(100)).relation, Relation::None, "one of more than an hour ago");
}

#[test]
fn what_was_not_evicted_is_waited_for() {
    const COUNT: usize = 5_000;
    let mut wire = Wire::new(1 << 20);
    wire.say("> CON 60000 0a GET /a");
    wire.say("< ACK 60000 0a 2.05");
    for number in 0..COUNT {
        wire.say(&format!("> CON {number} {number:08x} GET /a"));
    }
    let evicted = wire.counters().evicted as usize;
    assert!(evicted > COUNT / 4, "{evicted} are few");
    wire.time += 200_000_000_000;
    wire.say("> CON 60001 0b GET /a");
    let alone = |patch: &&Patch| matches!(patch, Patch::Finding(_, finding) if finding.rule == Rule::MidNoAck);
    let alone = wire.out.iter().filter(alone).count();
    assert!(alone > COUNT / 10 && alone <= COUNT, "nobody waits for what is left but for {alone}");
}

/// Requests that nobody answers so far, of clients that take turns; each but a client's first is one too many at a time.
fn ask(wire: &mut Wire, client: u32, count: u32) {
    for number in 0..count {
        wire.of_client(client, &format!("> CON {number} {number:04x} GET /a"));
    }
}

/// The server is heard for the first time; gives how many of those findings are graver now, since both directions are captured.
fn answered(wire: &mut Wire, client: u32) -> usize {
    wire.of_client(client, "< NON 1 ff 2.05");
    let graver = |patch: &&Patch| matches!(patch, Patch::Graver { finding, .. } if finding.rule == Rule::FlowNstart);
    wire.out.iter().filter(graver).count()
}

#[test]
fn what_waits_for_the_other_direction_is_limited() {
    const OF_ONE: u32 = 1024;
    const OF_ALL: u32 = 1 << 16;
    let mut wire = Wire::new(256 << 20);
    wire.step = 1_000;
    ask(&mut wire, 1, OF_ONE + 10);
    assert_eq!(answered(&mut wire, 1), OF_ONE as usize);
    let clients = 2..2 + OF_ALL / OF_ONE;
    for client in clients.clone() {
        ask(&mut wire, client, OF_ONE + 1);
    }
    ask(&mut wire, clients.end, 10);
    assert_eq!(answered(&mut wire, clients.end), 0);
    for client in clients {
        assert_eq!(answered(&mut wire, client), OF_ONE as usize, "client {client}");
    }
}

#[test]
fn endpoints_keep_their_numbers() {
    let mut tracker = Tracker::new(TrackerOptions::default());
    let endpoints: Vec<_> = (0..500_u16)
        .flat_map(|number| {
            let [high, low] = number.to_be_bytes();
            let long = |scope| Endpoint { address: [0xfd00, 0, 0, 0, 0, 0, 0, number].into(), port: 5683, scope };
            let network = Endpoint { address: [0xfd00, 0, 0, number + 1, 0, 0, 0, 1].into(), port: 5683, scope: 0 };
            [Endpoint { address: [10, 0, high, low].into(), port: 5683, scope: 0 }, long(0), long(1), network]
        })
        .collect();
    for _ in 0..2 {
        for (number, endpoint) in (0..).zip(&endpoints) {
            assert_eq!(tracker.endpoint(endpoint), EndpointId(number), "{endpoint:?}");
        }
    }
    assert_eq!(tracker.endpoints(), endpoints);
}

#[test]
fn resources_that_differ_in_one_bit_are_two() {
    let mut wire = Wire::new(256 << 20);
    let mut count = 0;
    for length in [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40] {
        for at in 0..=length {
            // A letter that no other length begins with, and another case somewhere.
            let mut path = vec![b'a' + length % 32 % 26; usize::from(length)];
            if let Some(byte) = path.get_mut(usize::from(at)) {
                *byte ^= 0x20;
            }
            count += 1;
            wire.say(&format!("> NON {count} {count:08x} GET /{}", String::from_utf8(path).unwrap()));
            assert_eq!(wire.tracker.resources().texts().len(), count, "{length} letters, the one at {at} is large");
        }
    }
}

#[test]
fn whatever_is_evicted_is_counted() {
    const COUNT: u32 = 10_000;
    for kind in ["CON", "NON"] {
        let mut wire = Wire::new(1 << 20);
        // Responses to nothing have no exchange.
        (0..COUNT).for_each(|number| _ = wire.say(&format!("< {kind} {number} {number:08x} 2.05")));
        let left = wire.tracker.bytes() as u64 / 128;
        assert!(wire.counters().evicted > u64::from(COUNT) - left, "{:?}, {left} {kind} are left", wire.counters());
    }
}
