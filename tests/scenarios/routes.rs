//! Routes: who talks to whom has the same numbers whichever way it is asked for, and keeps its mark.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use coapscope::frame::Endpoint;
use coapscope::tracking::{RouteTable, Tracker, TrackerOptions};

/// Endpoints that differ in one thing each.
fn endpoints() -> Vec<Endpoint> {
    let four = |host: u32| IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 | host));
    let six = |host: u16| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, host]);
    (0..40_u16)
        .flat_map(|number| {
            let host = u32::from(number) << (number % 3 * 8);
            [(four(host), 0), (four(host | 0x80_0000), 2), (six(number), 0), (six(number), 1)]
                .map(|(address, scope)| [5683, 5684 + number, 61_000].map(|port| Endpoint { address, port, scope }))
        })
        .flatten()
        .collect()
}

/// Addresses and ports as the headers of a frame have them, where it can be read quickly.
fn quick(from: &Endpoint, to: &Endpoint) -> Option<[u8; 12]> {
    let octets = |endpoint: &Endpoint| match endpoint.address {
        IpAddr::V4(address) if endpoint.scope == 0 => Some(address.octets()),
        _ => None,
    };
    let ports = [from, to].map(|end| end.port.to_be_bytes()).concat();
    [octets(from)?.as_slice(), &octets(to)?, &ports].concat().try_into().ok()
}

#[test]
fn every_way_has_its_numbers_and_its_mark() {
    let (mut routes, mut tracker) = (RouteTable::default(), Tracker::new(TrackerOptions::default()));
    let endpoints = endpoints();
    let ways = (0..endpoints.len() * 9).map(|at| {
        let [from, to] = [at * 7, at * 11 + at / 13].map(|at| &endpoints[at % endpoints.len()]);
        if at % 2 == 0 { (from, to) } else { (to, from) }
    });
    let ways: Vec<_> = ways.flat_map(|(from, to)| [(from, to), (to, from)]).filter(|(from, to)| from != to).collect();
    let (mut marks, mut pairs) = (HashMap::new(), HashMap::new());
    for round in 0..2 {
        for (number, (from, to)) in (1..).zip(&ways) {
            let asked = routes.pair(tracker.endpoint(from), tracker.endpoint(to));
            let known = pairs.contains_key(&(*from, *to)) || pairs.contains_key(&(*to, *from));
            assert_eq!(asked.is_some(), known, "{from:?} {to:?}");
            let route = routes.intern(from, to);
            assert_eq!((route.source, route.destination), (tracker.endpoint(from), tracker.endpoint(to)));
            assert!(asked.is_none_or(|pair| pair == route.pair));
            assert_eq!(*pairs.entry((*from, *to)).or_insert(route.pair), route.pair);
            let back = routes.intern(to, from).pair;
            assert_eq!(*pairs.entry((*to, *from)).or_insert(back), back);
            let quick = quick(from, to);
            let mark = marks.get(&(*from, *to)).copied().unwrap_or(0);
            assert_eq!(route.mark, mark, "{from:?} {to:?}");
            let back = marks.get(&(*to, *from)).copied().unwrap_or(0);
            let found = quick.and_then(|ends| {
                let sought = routes.sought(&ends);
                routes.find(&sought).map(|both| (both.route(&sought), *both.mark(&sought), *both.mark_back(&sought)))
            });
            assert_eq!(found, quick.map(|_| (route, mark, back)), "{from:?} {to:?}");
            let kept = routes.mark(from, to);
            assert_eq!(kept.as_deref(), quick.map(|_| &mark));
            if let Some(kept) = kept
                && round == 0
            {
                *kept = number as u16;
                marks.insert((*from, *to), number as u16);
            }
        }
    }
    let different: std::collections::HashSet<_> = pairs.values().collect();
    assert_eq!(different.len(), pairs.len(), "each way has a number of its own");
    assert_eq!(routes.endpoints(), tracker.endpoints());
    let new = Endpoint { address: [192, 0, 2, 1].into(), port: 1, scope: 0 };
    assert_eq!(routes.endpoint(&new), tracker.endpoint(&new));
    assert!(routes.mark(&new, &endpoints[0]).is_none());
}
