//! Who talks to whom: the numbers of two endpoints and of their pair, by one look-up.

use std::net::IpAddr;

use super::endpoints::EndpointTable;
use super::model::EndpointId;
use super::pairs::{PairNumber, PairTable};
use super::table::Table;
use crate::frame::Endpoint;

/// The way of a message from one endpoint to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Who sends.
    pub source: EndpointId,
    /// Who receives.
    pub destination: EndpointId,
    /// The direction from one to the other.
    pub pair: PairNumber,
    /// Whatever the owner of the table wants to remember; 0 where the route is new.
    pub mark: u16,
}

/// Numbers endpoints, pairs of them, and remembers the way of each message.
pub struct RouteTable {
    endpoints: EndpointTable,
    pairs: PairTable,
    /// By what quick datagrams say of both endpoints. Endpoints that are good on one link only are not among them.
    quick: Table<[u64; 2], Both>,
}

/// Both ways between two endpoints, so that a message and its answer share a cell.
#[derive(Clone, Copy, Default)]
struct Both {
    /// Of the endpoint with the lower address, and of the other.
    ends: [EndpointId; 2],
    /// From the first to the second.
    pair: PairNumber,
    /// From the first to the second, and back.
    marks: [u16; 2],
}

impl Both {
    #[inline(always)]
    fn route(&self, way: usize) -> Route {
        let (from, to) = (way & 1, way & 1 ^ 1);
        let pair = if from == 0 { self.pair } else { self.pair.reversed() };
        Route { source: self.ends[from], destination: self.ends[to], pair, mark: self.marks[from] }
    }
}

/// A way that is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sought {
    key: [u64; 2],
    hash: u64,
    /// 0 from the endpoint with the lower address, 1 to it.
    way: usize,
}

/// What quick datagrams say of two endpoints, the same for both ways, and which way it is.
#[inline(always)]
fn key(from: u32, to: u32, source: u16, destination: u16) -> ([u64; 2], usize) {
    let [one, other] = [u64::from(from) << 16 | u64::from(source), u64::from(to) << 16 | u64::from(destination)];
    ([one.min(other), one.max(other)], usize::from(one > other))
}

/// What a quick datagram between two endpoints says of them, if there can be one.
fn key_of(source: &Endpoint, destination: &Endpoint) -> Option<([u64; 2], usize)> {
    match (source.address, destination.address) {
        (IpAddr::V4(from), IpAddr::V4(to)) if source.scope == 0 && destination.scope == 0 => {
            Some(key(from.to_bits(), to.to_bits(), source.port, destination.port))
        }
        _ => None,
    }
}

impl Default for RouteTable {
    fn default() -> Self {
        Self { endpoints: EndpointTable::default(), pairs: PairTable::default(), quick: Table::new() }
    }
}

impl RouteTable {
    /// The way from one endpoint to another, new where it is new.
    pub fn intern(&mut self, source: &Endpoint, destination: &Endpoint) -> Route {
        let quick = key_of(source, destination);
        if let Some((key, way)) = quick
            && let Some(both) = self.quick.get(key)
        {
            return both.route(way);
        }
        let (from, to) = (self.endpoints.intern(source), self.endpoints.intern(destination));
        let route = Route { source: from, destination: to, pair: self.pairs.intern(from, to), mark: 0 };
        if let Some((key, way)) = quick {
            let (ends, pair) = if way == 0 { ([from, to], route.pair) } else { ([to, from], route.pair.reversed()) };
            *self.quick.get_or_default(key, |_| true) = Both { ends, pair, marks: [0; 2] };
        }
        route
    }

    /// What to look for with addresses and ports as a quick datagram has them.
    #[inline(always)]
    pub fn sought(&self, addresses: u64, ports: u32) -> Sought {
        let (key, way) = key((addresses >> 32) as u32, addresses as u32, (ports >> 16) as u16, ports as u16);
        Sought { key, hash: self.quick.hash(key), way }
    }

    /// Asks memory for the ways of several datagrams, so that it is waited for once: puts into `sought` what to look for, one by one.
    #[inline(always)]
    pub fn fetch(&self, ends: impl Iterator<Item = Option<(u64, u32)>>, sought: &mut [Sought]) {
        let mut sum = 0;
        for (place, ends) in sought.iter_mut().zip(ends) {
            // Where there are no such bytes, there is no such datagram.
            let Some((addresses, ports)) = ends else { continue };
            *place = self.sought(addresses, ports);
            // A cell may lie across the border of two lines of memory.
            sum ^= self.quick.peek(place.hash).map_or(0, |(key, both)| key[0] as u32 ^ both.pair.0);
        }
        // What nobody wants to know would not be looked up.
        std::hint::black_box(sum);
    }

    /// A way, if it is known and has a mark, and where it is.
    #[inline(always)]
    pub fn spot(&self, sought: &Sought) -> Option<([usize; 2], Route)> {
        let (spot, both) = self.quick.spot(sought.key, sought.hash)?;
        let route = both.route(sought.way);
        (route.mark != 0).then_some(([spot, sought.way], route))
    }

    /// Where a way is, if it is known but has no mark, and the mark of the way back.
    pub fn back(&self, sought: &Sought) -> Option<([usize; 2], u16)> {
        let (spot, both) = self.quick.spot(sought.key, sought.hash)?;
        let [mark, back] = [sought.way, sought.way ^ 1].map(|way| both.marks[way & 1]);
        (mark == 0).then_some(([spot, sought.way], back))
    }

    /// The mark of the way that is in a place.
    #[inline(always)]
    pub fn mark_at(&mut self, [spot, way]: [usize; 2]) -> &mut u16 {
        &mut self.quick.at(spot).marks[way & 1]
    }

    /// What is remembered of the way from one endpoint to another, if something went between them before and quick datagrams can go it.
    pub fn mark(&mut self, source: &Endpoint, destination: &Endpoint) -> Option<&mut u16> {
        let (key, way) = key_of(source, destination)?;
        self.quick.get_mut(key).map(|both| &mut both.marks[way])
    }

    /// The number of an endpoint, a new one where it is new.
    pub fn endpoint(&mut self, endpoint: &Endpoint) -> EndpointId {
        self.endpoints.intern(endpoint)
    }

    /// The direction from one endpoint to another, if anything went either way.
    pub fn pair(&self, source: EndpointId, destination: EndpointId) -> Option<PairNumber> {
        self.pairs.find(source, destination)
    }

    /// All endpoints; the index is the number.
    pub fn endpoints(&self) -> &[Endpoint] {
        self.endpoints.list()
    }
}
