//! Floods: what is open for ever, and more message IDs and tokens than fit.

use coapscope::coap::Message;
use coapscope::frame::Endpoint;
use coapscope::tracking::{Arrival, Counters, Tracker, TrackerOptions};

/// Sends many different requests, one a millisecond; returns the counts, and the most bytes held.
fn flood(cap_bytes: usize, count: u32, observe: bool) -> (Counters, usize) {
    let mut tracker = Tracker::new(TrackerOptions { cap_bytes, ..TrackerOptions::default() });
    let (mut out, mut most) = (Vec::new(), 0);
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
        let time = i64::from(number) * 1_000_000;
        let arrival = |source, destination, record| Arrival {
            record,
            time,
            source,
            destination,
            pair: None,
            multicast: false,
            ip_id: 0,
            hop_limit: 64,
            cut: false,
        };
        tracker.track(&arrival(client, server, number * 2), &Message::decode(&request), &mut out);
        if observe {
            tracker.track(&arrival(server, client, number * 2 + 1), &Message::decode(&response), &mut out);
        }
        out.clear();
        most = most.max(tracker.bytes());
    }
    (*tracker.counters(), most)
}

#[test]
fn the_cap_holds_and_counts_what_it_evicts() {
    for observe in [false, true] {
        let (counters, most) = flood(1 << 20, 50_000, observe);
        assert!(most <= (1 << 20) + 4096, "{most} bytes");
        assert!(counters.evicted > 20_000, "{counters:?}");
        assert_eq!(counters.exchanges, 50_000);
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
