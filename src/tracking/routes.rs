//! Who talks to whom: the numbers of two endpoints and of their pair, by one look-up.

use std::net::IpAddr;

use super::endpoints::EndpointTable;
use super::model::EndpointId;
use super::pairs::{PairNumber, PairTable};
use super::table::Table;
use crate::frame::{Endpoint, QuickDatagram};

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
        let [one, other] = self.ends;
        match way {
            0 => Route { source: one, destination: other, pair: self.pair, mark: self.marks[0] },
            _ => Route { source: other, destination: one, pair: self.pair.reversed(), mark: self.marks[1] },
        }
    }
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

#[inline(always)]
fn quick_key(datagram: &QuickDatagram<'_>) -> ([u64; 2], usize) {
    let QuickDatagram { addresses, ports, .. } = datagram;
    key((addresses >> 32) as u32, *addresses as u32, (ports >> 16) as u16, *ports as u16)
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

    /// Asks memory for the ways of several datagrams, so that it is waited for once.
    #[inline(always)]
    pub fn fetch(&self, datagrams: &[Option<QuickDatagram<'_>>]) {
        // A cell may lie across the border of two lines of memory.
        let all = |(key, both): &([u64; 2], Both)| key[0] as u32 ^ both.pair.0;
        let cells = datagrams.iter().flatten().filter_map(|datagram| self.quick.peek(quick_key(datagram).0));
        let sum = cells.fold(0, |sum, cell| sum ^ all(cell));
        // What nobody wants to know would not be looked up.
        std::hint::black_box(sum);
    }

    /// The way of a quick datagram, if it is known and has a mark, and where it is.
    #[inline(always)]
    pub fn spot(&self, datagram: &QuickDatagram<'_>) -> Option<([usize; 2], Route)> {
        let (key, way) = quick_key(datagram);
        let (spot, both) = self.quick.spot(key)?;
        let route = both.route(way);
        (route.mark != 0).then_some(([spot, way], route))
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
