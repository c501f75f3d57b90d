//! Endpoints and pairs of them, as small numbers.

use std::collections::HashMap;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::clock::Moment;
use super::model::EndpointId;
use super::table::Table;
use crate::frame::Endpoint;

/// A direction between two endpoints: source in the upper half, destination in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PairId(pub u64);

impl PairId {
    pub fn new(source: EndpointId, destination: EndpointId) -> Self {
        Self(u64::from(source.0) << 32 | u64::from(destination.0))
    }

    /// The other direction.
    pub fn reversed(self) -> Self {
        Self(self.0.rotate_left(32))
    }

    /// The same number for both directions, and which of the two this is.
    fn both(self) -> (u64, usize) {
        let reversed = self.reversed().0;
        if self.0 <= reversed { (self.0, 0) } else { (reversed, 1) }
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
    /// IPv4 endpoints by address, port and scope in one number.
    short: Table<u64, u32>,
    /// IPv6 endpoints by address, and port and scope.
    long: HashMap<(u128, u32), u32, RandomState>,
    list: Vec<Endpoint>,
}

/// What is known of pairs of endpoints.
pub(super) struct Pairs {
    /// By pair: its two directions.
    pairs: Table<u64, [Direction; 2]>,
    probing: HashMap<u64, Probing, RandomState>,
}

impl Default for EndpointTable {
    fn default() -> Self {
        Self { short: Table::new(), long: HashMap::default(), list: Vec::new() }
    }
}

impl EndpointTable {
    /// The number of an endpoint, a new one where it is new.
    pub fn intern(&mut self, endpoint: &Endpoint) -> EndpointId {
        let place = u32::from(endpoint.port) << 16 | u32::from(endpoint.scope);
        let next = self.list.len() as u32;
        let id = match endpoint.address {
            IpAddr::V4(address) => {
                let key = u64::from(address.to_bits()) << 32 | u64::from(place);
                match self.short.get(key) {
                    Some(id) => return EndpointId(*id),
                    None => *self.short.get_or_insert(key, next, |_| true),
                }
            }
            IpAddr::V6(address) => *self.long.entry((address.to_bits(), place)).or_insert(next),
        };
        if id == next {
            self.list.push(*endpoint);
        }
        EndpointId(id)
    }

    /// All endpoints; the index is the number.
    pub fn list(&self) -> &[Endpoint] {
        &self.list
    }
}

impl Pairs {
    pub fn new() -> Self {
        Self { pairs: Table::new(), probing: HashMap::default() }
    }

    /// What is known of a direction.
    #[inline]
    pub fn direction(&mut self, pair: PairId) -> &mut Direction {
        let (key, way) = pair.both();
        &mut self.pairs.get_or_insert(key, Default::default(), |_| true)[way]
    }

    /// Whether a message went this way.
    pub fn seen(&self, pair: PairId) -> bool {
        let (key, way) = pair.both();
        self.pairs.get(key).is_some_and(|directions| directions[way].seen)
    }

    /// A message goes this way.
    #[inline]
    pub fn see(&mut self, pair: PairId) {
        if !std::mem::replace(&mut self.direction(pair).seen, true) {
            self.probing.remove(&pair.reversed().0);
        }
    }

    /// See [`Table::touch`].
    #[inline]
    pub fn touch(&self, pair: PairId) -> bool {
        self.pairs.touch(pair.both().0)
    }

    /// What was sent this way while nothing came back.
    pub fn probing(&mut self, pair: PairId, now: Moment) -> &mut Probing {
        self.probing.entry(pair.0).or_insert(Probing { first: now, bytes: 0, said: false })
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
        let there = PairId::new(EndpointId(3), EndpointId(1));
        assert_eq!(there.reversed(), PairId::new(EndpointId(1), EndpointId(3)));
        pairs.see(there);
        let itself = PairId::new(EndpointId(1), EndpointId(1));
        assert_eq!([there, there.reversed(), itself].map(|pair| pairs.seen(pair)), [true, false, false]);
        pairs.direction(there.reversed()).outstanding = 2;
        assert_eq!(pairs.direction(there).outstanding, 0);
    }
}
