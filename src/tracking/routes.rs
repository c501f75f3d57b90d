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
    pub mark: u32,
}

/// Numbers endpoints, pairs of them, and remembers the way of each message.
pub struct RouteTable {
    endpoints: EndpointTable,
    pairs: PairTable,
    /// By what quick datagrams say of both endpoints. Endpoints that are good on one link only are not among them.
    quick: Table<[u64; 2], Route>,
}

/// What a quick datagram between two endpoints says of them, if there can be one.
fn key(source: &Endpoint, destination: &Endpoint) -> Option<[u64; 2]> {
    match (source.address, destination.address) {
        (IpAddr::V4(from), IpAddr::V4(to)) if source.scope == 0 && destination.scope == 0 => {
            let addresses = u64::from(from.to_bits()) << 32 | u64::from(to.to_bits());
            Some([addresses, u64::from(source.port) << 16 | u64::from(destination.port)])
        }
        _ => None,
    }
}

#[inline(always)]
fn quick_key(datagram: &QuickDatagram<'_>) -> [u64; 2] {
    [datagram.addresses, u64::from(datagram.ports)]
}

impl Default for RouteTable {
    fn default() -> Self {
        Self { endpoints: EndpointTable::default(), pairs: PairTable::default(), quick: Table::new() }
    }
}

impl RouteTable {
    /// The way from one endpoint to another, new where it is new.
    pub fn intern(&mut self, source: &Endpoint, destination: &Endpoint) -> Route {
        let quick = key(source, destination);
        if let Some(route) = quick.and_then(|key| self.quick.get(key)) {
            return *route;
        }
        let (from, to) = (self.endpoints.intern(source), self.endpoints.intern(destination));
        let route = Route { source: from, destination: to, pair: self.pairs.intern(from, to), mark: 0 };
        if let Some(key) = quick {
            *self.quick.get_or_default(key, |_| true) = route;
        }
        route
    }

    /// Asks memory for the ways of several datagrams, so that it is waited for once.
    #[inline(always)]
    pub fn fetch(&self, datagrams: &[Option<QuickDatagram<'_>>]) {
        // A cell may lie across the border of two lines of memory.
        let both = |(key, route): &([u64; 2], Route)| key[0] as u32 ^ route.mark;
        let cells = datagrams.iter().flatten().filter_map(|datagram| self.quick.peek(quick_key(datagram)));
        let sum = cells.fold(0, |sum, cell| sum ^ both(cell));
        // What nobody wants to know would not be looked up.
        std::hint::black_box(sum);
    }

    /// The way of a quick datagram, if it is known and has a mark, and where it is.
    #[inline(always)]
    pub fn spot(&self, datagram: &QuickDatagram<'_>) -> Option<(usize, Route)> {
        let (spot, route) = self.quick.spot(quick_key(datagram))?;
        (route.mark != 0).then_some((spot, *route))
    }

    /// The mark of the way that is in a place.
    #[inline(always)]
    pub fn mark_at(&mut self, spot: usize) -> &mut u32 {
        &mut self.quick.at(spot).mark
    }

    /// What is remembered of the way from one endpoint to another, if something went it before and quick datagrams can go it.
    pub fn mark(&mut self, source: &Endpoint, destination: &Endpoint) -> Option<&mut u32> {
        key(source, destination).and_then(|key| self.quick.get_mut(key)).map(|route| &mut route.mark)
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
