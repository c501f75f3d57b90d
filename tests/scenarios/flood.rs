//! Floods: what is open for ever, and more message IDs and tokens than fit.

use coapscope::coap::{Message, Rule};
use coapscope::frame::Endpoint;
use coapscope::tracking::{
    Arrival, Counters, EndpointId, ExchangeState, NO_RECORD, ObservationEnd, Patch, RecordId, Tracker, TrackerOptions,
};

/// A message of the flood's millisecond with this number.
fn arrival(number: u32, source: EndpointId, destination: EndpointId, record: RecordId) -> Arrival {
    Arrival { hop_limit: 64, ..Arrival::new(record, i64::from(number) * 1_000_000, source, destination) }
}

/// Sends many different requests, one a millisecond; returns the counts, and the most bytes held. From the first eviction on the memory
/// stays full, since nothing leaves that need not.
fn flood(cap_bytes: usize, count: u32, observe: bool) -> (Counters, usize) {
    let mut tracker = Tracker::new(TrackerOptions { cap_bytes, ..TrackerOptions::default() });
    let mut ended = 0;
    let (mut out, mut most, mut evicted) = (Vec::new(), 0, 0);
    let server = tracker.endpoint(&Endpoint { address: [10, 0, 0, 1].into(), port: 5683, scope: 0 });
    for number in 0..count {
        let port = 1024 + (number >> 16) as u16;
        let client = tracker.endpoint(&Endpoint { address: [10, 1, 0, 1].into(), port, scope: 0 });
        let token = number.to_be_bytes();
        let mut request = vec![0x54, 1, token[2], token[3]];
        request.extend(token);
        request.extend(if observe { &[0x60, 0x51, b'a'][..] } else { &[0xb1, b'a'] });
        let mut response = vec![0x54, 0x45, token[2], token[3]];
        response.extend(token);
        response.extend([0x61, 1]);
        let arrival = |source, destination, record| arrival(number, source, destination, record);
        tracker.track(&arrival(client, server, number * 2), &Message::decode(&request), &mut out);
        if observe {
            tracker.track(&arrival(server, client, number * 2 + 1), &Message::decode(&response), &mut out);
        }
        for patch in out.drain(..) {
            if let Patch::Observation(_, row) = patch
                && row.end != ObservationEnd::Open
            {
                assert_eq!((row.end, row.ended_by), (ObservationEnd::Evicted, NO_RECORD));
                ended += 1;
            }
        }
        most = most.max(tracker.bytes());
        // Either half may be the one that is full.
        let full = tracker.counters().evicted == 0 || tracker.bytes() > cap_bytes / 16 * 7 * 9 / 10;
        assert!(full, "{} of {most} bytes are left after message {number}", tracker.bytes());
        assert!(tracker.counters().evicted - evicted <= 4, "message {number} threw out more than it needed");
        evicted = tracker.counters().evicted;
    }
    let counters = *tracker.counters();
    assert!(ended <= counters.observations && ended <= counters.evicted, "{ended} of {counters:?}");
    assert_eq!(observe && counters.evicted > 0, ended > 0, "{ended} of {counters:?}");
    (counters, most)
}

#[test]
fn the_cap_holds_and_counts_what_it_evicts() {
    for observe in [false, true] {
        let (counters, most) = flood(1 << 20, 50_000, observe);
        assert!(most <= (1 << 20) + 4096, "{most} bytes");
        assert!(counters.evicted > 20_000, "{counters:?}");
        let left = 50_000 - counters.exchanges_evicted;
        assert_eq!((counters.exchanges, counters.exchanges_unanswered()), (50_000, if observe { 0 } else { left }));
        assert_eq!(counters.exchanges_evicted > 10_000, !observe, "{counters:?}");
        assert_eq!(counters.observations, if observe { 50_000 } else { 0 });
    }
}

#[test]
fn below_the_cap_nothing_is_evicted() {
    for observe in [false, true] {
        let (counters, _) = flood(256 << 20, 20_000, observe);
        assert_eq!(counters.evicted, 0);
    }
}

/// Uploads that stop after their first block, and downloads that nobody goes on with, each of a path of its own; returns the counts and
/// the most bytes held.
fn begin_bodies(cap_bytes: usize, count: u32) -> (Counters, usize) {
    let mut tracker = Tracker::new(TrackerOptions { cap_bytes, ..TrackerOptions::default() });
    let (mut out, mut most) = (Vec::new(), 0);
    let server = tracker.endpoint(&Endpoint { address: [10, 0, 0, 1].into(), port: 5683, scope: 0 });
    for number in 0..count {
        let port = 1024 + (number >> 16) as u16;
        let client = tracker.endpoint(&Endpoint { address: [10, 1, 0, 1].into(), port, scope: 0 });
        let token = number.to_be_bytes();
        let upload = number.is_multiple_of(2);
        let mut request = vec![0x54, if upload { 3 } else { 1 }, token[2], token[3]];
        request.extend(token);
        request.push(0xb8);
        request.extend(format!("{number:08}").bytes());
        let mut response = vec![0x54, if upload { 0x5f } else { 0x45 }, token[2], token[3]];
        response.extend(token);
        // Block1 or Block2: number 0, more to come, 16 bytes.
        if upload {
            request.extend([0xd1, 3, 0x08, 0xff]);
            request.extend([b'x'; 16]);
            response.extend([0xd1, 14, 0x08]);
        } else {
            response.extend([0xd1, 10, 0x08, 0xff]);
            response.extend([b'x'; 16]);
        }
        for (source, destination, bytes, record) in
            [(client, server, &request, number * 2), (server, client, &response, number * 2 + 1)]
        {
            tracker.track(&arrival(number, source, destination, record), &Message::decode(bytes), &mut out);
        }
        out.clear();
        most = most.max(tracker.bytes());
    }
    (*tracker.counters(), most)
}

#[test]
fn bodies_that_never_end_stay_below_the_cap() {
    let (counters, most) = begin_bodies(1 << 20, 40_000);
    assert!(most <= (1 << 20) + 4096, "{most} bytes");
    assert!(counters.evicted > 30_000, "{counters:?}");
    let (counters, most) = begin_bodies(256 << 20, 20_000);
    assert_eq!((counters.evicted, counters.malformed), (0, 0));
    assert!(most > 20_000 * 64, "{most} bytes hold 20,000 bodies");
}

/// A tracker that holds a mebibyte, a client and a server.
fn small() -> (Tracker, [EndpointId; 2]) {
    let mut tracker = Tracker::new(TrackerOptions { cap_bytes: 1 << 20, ..TrackerOptions::default() });
    let ends = [[10, 1, 0, 1], [10, 0, 0, 1]]
        .map(|address| tracker.endpoint(&Endpoint { address: address.into(), port: 5683, scope: 0 }));
    (tracker, ends)
}

#[test]
fn what_the_cap_evicted_is_neither_unanswered_nor_an_orphan() {
    let (mut tracker, [client, server]) = small();
    let mut out = Vec::new();
    // Each request is answered a thousand seconds later: by then some have been evicted, and nothing else is told of those.
    let bytes = |code: u8, number: u32| {
        let [_, _, high, low] = number.to_be_bytes();
        [0x54, code, high, low, 0, 0, high, low, 0xb1, b'a'][..if code == 1 { 10 } else { 8 }].to_vec()
    };
    const COUNT: u32 = 5_000;
    for number in 0..COUNT {
        tracker.track(&arrival(number, client, server, number), &Message::decode(&bytes(1, number)), &mut out);
    }
    let counters = *tracker.counters();
    assert!(counters.evicted >= counters.exchanges_evicted && counters.exchanges_evicted > 1_000, "{counters:?}");
    assert_eq!(counters.exchanges_unanswered(), u64::from(COUNT) - counters.exchanges_evicted);
    let states =
        out.iter().filter(|patch| matches!(patch, Patch::Exchange(_, row) if row.state == ExchangeState::Evicted));
    assert_eq!(states.count() as u64, counters.exchanges_evicted);
    out.clear();
    for number in 0..COUNT {
        let arrival = arrival(1_000_000 + number, server, client, COUNT + number);
        tracker.track(&arrival, &Message::decode(&bytes(0x45, number)), &mut out);
    }
    let unmatched: Vec<_> = out
        .iter()
        .filter_map(|patch| match patch {
            Patch::Finding(_, finding) if finding.rule == Rule::RespUnmatched => Some(finding.severity),
            _ => None,
        })
        .collect();
    assert_eq!(unmatched.len() as u64, counters.exchanges_evicted);
    assert!(unmatched.iter().all(|severity| *severity < Rule::RespUnmatched.severity()));
}

#[test]
fn what_is_closed_is_counted_too_when_the_cap_evicts_it() {
    let (mut tracker, [client, server]) = small();
    let mut out = Vec::new();
    let mut before = 0;
    for number in 0..20_000_u32 {
        let [_, _, high, low] = number.to_be_bytes();
        let request = [0x42, 1, high, low, high, low, 0xb1, b'a'];
        let response = [0x62, 0x45, high, low, high, low];
        tracker.track(&arrival(number, client, server, number * 2), &Message::decode(&request), &mut out);
        tracker.track(&arrival(number, server, client, number * 2 + 1), &Message::decode(&response), &mut out);
        before = before.max(tracker.bytes());
    }
    let counters = *tracker.counters();
    // 256 seconds are over the lifetime of none: whatever is not held any more was evicted.
    assert!(counters.evicted > 2 * 20_000 - before as u64 / 128, "{counters:?} of {before} bytes");
    assert_eq!((counters.exchanges_evicted, counters.exchanges_answered), (0, 20_000));
}
