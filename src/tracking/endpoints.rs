//! Endpoints and pairs of them, as small numbers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use foldhash::fast::RandomState;

use super::clock::Moment;
use super::model::EndpointId;
use super::table::Table;
use crate::frame::Endpoint;

/// A direction between two endpoints: the number of the pair, and which of its two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PairId(pub u32);

impl PairId {
    /// One endpoint with itself: both ways are one.
    const SAME: u32 = 2;

    /// The other direction.
    #[inline]
    pub fn reversed(self) -> Self {
        Self(self.0 ^ u32::from(self.0 & Self::SAME == 0))
    }

    #[inline]
    fn index(self) -> (usize, usize) {
        ((self.0 >> 2) as usize, (self.0 & 1) as usize)
    }
}

/// What is known of one direction. Small, since there may be very many.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Direction {
    /// Interactions that wait for their ACK or response (RFC 7252 section 4.7).
    pub outstanding: u16,
    /// A message went this way.
    pub seen: bool,
    /// The sender proved that it receives at its address (RFC 9175 section 2.4).
    pub verified: bool,
    /// A response this way said something about requests to come.
    pub told: bool,
}

/// What was sent to an endpoint that never answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probing {
    /// When the first of it was sent.
    pub first: Moment,
    /// Bytes of different messages.
    pub bytes: u64,
    /// `flow.probing-rate` was said.
    pub said: bool,
}

/// Interns endpoints.
pub struct EndpointTable {
    /// IPv4 endpoints by address, port and scope in one number; the values are the numbers of the endpoints, and 1.
    short: Table<u64, u32>,
    /// IPv6 endpoints by address, and port and scope.
    long: Table<[u64; 3], u32>,
    list: Vec<Endpoint>,
}

/// Port and scope of an endpoint.
fn place(endpoint: &Endpoint) -> u64 {
    u64::from(endpoint.port) << 16 | u64::from(endpoint.scope)
}

/// Adds an endpoint; returns how many there are then.
#[cold]
fn add(list: &mut Vec<Endpoint>, endpoint: &Endpoint) -> u32 {
    list.push(*endpoint);
    list.len() as u32
}

impl Default for EndpointTable {
    fn default() -> Self {
        Self { short: Table::new(), long: Table::new(), list: Vec::new() }
    }
}

impl EndpointTable {
    /// The number of an endpoint, a new one where it is new.
    #[inline]
    pub fn intern(&mut self, endpoint: &Endpoint) -> EndpointId {
        let key = match endpoint.address {
            IpAddr::V4(address) => u64::from(address.to_bits()) << 32 | place(endpoint),
            IpAddr::V6(address) => return self.intern_long(address, endpoint),
        };
        let held = self.short.get_or_default(key, |_| true);
        if *held == 0 {
            *held = add(&mut self.list, endpoint);
        }
        EndpointId(*held - 1)
    }

    #[inline(never)]
    fn intern_long(&mut self, address: Ipv6Addr, endpoint: &Endpoint) -> EndpointId {
        let bits = address.to_bits();
        let held = self.long.get_or_default([(bits >> 64) as u64, bits as u64, place(endpoint)], |_| true);
        if *held == 0 {
            *held = add(&mut self.list, endpoint);
        }
        EndpointId(*held - 1)
    }

    /// All endpoints; the index is the number.
    pub fn list(&self) -> &[Endpoint] {
        &self.list
    }
}

/// What is known of pairs of endpoints.
pub(super) struct Pairs {
    /// By the smaller number and the larger: the number of the pair, and 1.
    index: Table<u64, u32>,
    /// By pair: its two directions.
    directions: Vec<[Direction; 2]>,
    probing: HashMap<PairId, Probing, RandomState>,
}

/// The same number for both directions, and what follows from the order of the two.
fn both(source: EndpointId, destination: EndpointId) -> (u64, u32) {
    let (source, destination) = (source.0, destination.0);
    let (low, high) = (source.min(destination), source.max(destination));
    let way = if source == destination { PairId::SAME } else { u32::from(source > destination) };
    (u64::from(low) << 32 | u64::from(high), way)
}

impl Pairs {
    pub fn new() -> Self {
        Self { index: Table::new(), directions: Vec::new(), probing: HashMap::default() }
    }

    /// The direction from one endpoint to another, new where it is new.
    #[inline]
    pub fn intern(&mut self, source: EndpointId, destination: EndpointId) -> PairId {
        let (key, way) = both(source, destination);
        let held = self.index.get_or_default(key, |_| true);
        if *held == 0 {
            self.directions.push(Default::default());
            *held = self.directions.len() as u32;
        }
        PairId((*held - 1) << 2 | way)
    }

    /// The direction from one endpoint to another, if anything went either way.
    pub fn find(&self, source: EndpointId, destination: EndpointId) -> Option<PairId> {
        let (key, way) = both(source, destination);
        self.index.get(key).map(|held| PairId((*held - 1) << 2 | way))
    }

    /// What is known of a direction.
    #[inline]
    pub fn direction(&mut self, pair: PairId) -> &mut Direction {
        let (pair, way) = pair.index();
        &mut self.directions[pair][way]
    }

    /// Whether a message went this way.
    #[inline]
    pub fn seen(&self, pair: PairId) -> bool {
        let (pair, way) = pair.index();
        self.directions[pair][way].seen
    }

    /// A message goes this way.
    #[inline]
    pub fn see(&mut self, pair: PairId) {
        if !std::mem::replace(&mut self.direction(pair).seen, true) {
            self.probing.remove(&pair.reversed());
        }
    }

    /// What was sent this way while nothing came back.
    pub fn probing(&mut self, pair: PairId, now: Moment) -> &mut Probing {
        self.probing.entry(pair).or_insert(Probing { first: now, bytes: 0, said: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(address: &str, port: u16, scope: u16) -> Endpoint {
        Endpoint { address: address.parse().unwrap(), port, scope }
    }

    #[test]
    fn equal_endpoints_share_a_number_and_others_do_not() {
        let mut endpoints = EndpointTable::default();
        let all = [
            endpoint("10.0.0.1", 5683, 0),
            endpoint("10.0.0.1", 5684, 0),
            endpoint("::a00:1", 5683, 0),
            endpoint("fe80::1", 5683, 1),
            endpoint("fe80::1", 5683, 2),
        ];
        for (index, one) in all.iter().chain(&all).enumerate() {
            assert_eq!(endpoints.intern(one), EndpointId((index % all.len()) as u32), "{one:?}");
        }
        assert_eq!(endpoints.list(), all);
    }

    #[test]
    fn a_pair_has_two_directions() {
        let mut pairs = Pairs::new();
        let [one, three] = [1, 3].map(EndpointId);
        let (there, itself) = (pairs.intern(three, one), pairs.intern(one, one));
        assert_eq!((there.reversed(), itself.reversed()), (pairs.intern(one, three), itself));
        assert_eq!((pairs.find(three, one), pairs.find(three, three)), (Some(there), None));
        pairs.see(there);
        assert_eq!([there, there.reversed(), itself].map(|pair| pairs.seen(pair)), [true, false, false]);
        pairs.direction(there.reversed()).outstanding = 2;
        assert_eq!(pairs.direction(there).outstanding, 0);
    }
}
