//! Who talks to whom: the numbers of two endpoints and of their pair, by one look-up.

use std::net::IpAddr;

use prefetch_index::prefetch_index;

use super::endpoints::EndpointTable;
use super::model::EndpointId;
use super::pairs::{PairNumber, PairTable};
use super::seed::two_numbers;
use super::table::Key;
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
#[derive(Default)]
pub struct RouteTable {
    endpoints: EndpointTable,
    pairs: PairTable,
    /// By what quick datagrams say of both endpoints. Endpoints that are good on one link only are not among them.
    quick: Ways,
}

/// Both ways between two endpoints, so that a message and its answer share a cell.
#[derive(Clone, Copy, Default)]
pub struct Both {
    /// Of the endpoint with the lower address, and of the other.
    ends: [EndpointId; 2],
    /// From the first to the second.
    pair: PairNumber,
    /// From the first to the second, and back.
    marks: [u16; 2],
}

impl Both {
    /// The way that was looked for.
    #[inline(always)]
    pub fn route(&self, sought: &Sought) -> Route {
        let from = usize::from(sought.back);
        let to = from ^ 1;
        let pair = if sought.back { self.pair.reversed() } else { self.pair };
        Route { source: self.ends[from], destination: self.ends[to], pair, mark: self.marks[from] }
    }

    /// Its mark.
    #[inline(always)]
    pub fn mark(&mut self, sought: &Sought) -> &mut u16 {
        &mut self.marks[usize::from(sought.back)]
    }

    /// The mark of the way back.
    pub fn mark_back(&mut self, sought: &Sought) -> &mut u16 {
        &mut self.marks[usize::from(!sought.back)]
    }
}

/// A way that is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sought {
    key: [u64; 2],
    hash: u64,
    /// To the first of both ends, not from it.
    back: bool,
}

impl Sought {
    /// Of addresses and ports, the bytes of each as a number in little-endian order. The key is the same for both ways.
    #[inline(always)]
    fn new([from, to]: [u32; 2], [source, destination]: [u16; 2], seed: [u64; 2]) -> Self {
        let [one, other] = [u64::from(from) << 16 | u64::from(source), u64::from(to) << 16 | u64::from(destination)];
        let key = [one.min(other), one.max(other)];
        Self { key, hash: key.hash(seed), back: one > other }
    }
}

/// A cell of the table of ways.
#[derive(Clone, Copy)]
struct Cell {
    key: [u64; 2],
    both: Both,
}

impl Cell {
    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.key[1] == u64::MAX
    }

    #[inline(always)]
    fn has(&self, key: [u64; 2]) -> bool {
        (self.key[0] ^ key[0]) | (self.key[1] ^ key[1]) == 0
    }
}

/// No two endpoints have this key: they have 48 bits each.
const EMPTY: Cell =
    Cell { key: [u64::MAX; 2], both: Both { ends: [EndpointId(0); 2], pair: PairNumber::ZERO, marks: [0; 2] } };

/// As many cells as a line of memory has: whoever looks for a key waits for one line mostly, and need not guess which of its cells it is in.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([Cell; 2]);

const _: () = assert!(size_of::<Line>() == 64);

/// Open addressing, line by line; the first cell of a line is filled first. Nothing is taken out.
struct Ways {
    /// As many as a power of two.
    lines: Vec<Line>,
    /// How many more keys fit before there must be more lines.
    room: usize,
    seed: [u64; 2],
}

impl Default for Ways {
    fn default() -> Self {
        let (lines, room) = (vec![Line([EMPTY; 2]); Self::FIRST], Self::room_of(Self::FIRST));
        Self { lines, room, seed: two_numbers() }
    }
}

impl Ways {
    /// Lines of a new table.
    const FIRST: usize = 64;

    /// Up to so many there are four times as many when there must be more, and then twice as many: few keys are not in the first line that is
    /// looked at, and memory is not got again and again, which costs more than to have it.
    const FEW: usize = 1 << 14;

    fn room_of(lines: usize) -> usize {
        lines * 4 / 3
    }

    /// What to look for, if a quick datagram between two endpoints can say anything of them.
    fn sought(&self, source: &Endpoint, destination: &Endpoint) -> Option<Sought> {
        match (source.address, destination.address) {
            (IpAddr::V4(from), IpAddr::V4(to)) if source.scope == 0 && destination.scope == 0 => {
                let addresses = [from, to].map(|address| u32::from_le_bytes(address.octets()));
                Some(Sought::new(addresses, [source.port, destination.port].map(u16::swap_bytes), self.seed))
            }
            _ => None,
        }
    }

    #[inline(always)]
    fn line(&self, hash: u64) -> usize {
        hash as usize & (self.lines.len() - 1)
    }

    /// What is kept under a key.
    #[inline(always)]
    fn find(&mut self, sought: &Sought) -> Option<&mut Both> {
        let mut at = self.line(sought.hash);
        loop {
            let [one, other] = &self.lines[at].0;
            // Nobody can foretell which of the two it is: the number of the other is as quickly reckoned as asked for.
            let cell = usize::from(!one.has(sought.key));
            let held = if cell == 0 { one } else { other };
            if held.has(sought.key) {
                return Some(&mut self.lines[at].0[cell].both);
            }
            if other.is_empty() {
                return None;
            }
            at = (at + 1) & (self.lines.len() - 1);
        }
    }

    /// The empty cell where what has this hash would go.
    fn free(&mut self, hash: u64) -> &mut Cell {
        let mut at = self.line(hash);
        while !self.lines[at].0[1].is_empty() {
            at = (at + 1) & (self.lines.len() - 1);
        }
        let cell = usize::from(!self.lines[at].0[0].is_empty());
        &mut self.lines[at].0[cell]
    }

    /// Puts what is not there.
    fn put(&mut self, sought: &Sought, both: Both) {
        if self.room == 0 {
            let before = std::mem::take(&mut self.lines);
            let more = if before.len() > Self::FEW { 2 } else { 4 };
            self.lines = vec![Line([EMPTY; 2]); before.len() * more];
            self.room = Self::room_of(self.lines.len());
            for cell in before.iter().flat_map(|line| &line.0).filter(|cell| !cell.is_empty()) {
                *self.free(cell.key.hash(self.seed)) = *cell;
                self.room -= 1;
            }
        }
        *self.free(sought.hash) = Cell { key: sought.key, both };
        self.room -= 1;
    }
}

impl RouteTable {
    /// The way from one endpoint to another, new where it is new.
    pub fn intern(&mut self, source: &Endpoint, destination: &Endpoint) -> Route {
        let sought = self.quick.sought(source, destination);
        if let Some(sought) = &sought
            && let Some(both) = self.find(sought)
        {
            return both.route(sought);
        }
        let (from, to) = (self.endpoints.intern(source), self.endpoints.intern(destination));
        let route = Route { source: from, destination: to, pair: self.pairs.intern(from, to), mark: 0 };
        if let Some(sought) = &sought {
            let (ends, pair) = if sought.back { ([to, from], route.pair.reversed()) } else { ([from, to], route.pair) };
            self.quick.put(sought, Both { ends, pair, marks: [0; 2] });
        }
        route
    }

    /// What to look for with addresses and ports as they stand in a quick datagram: those of the sender first.
    #[inline(always)]
    pub fn sought(&self, ends: &[u8; 12]) -> Sought {
        let [a, b, c, d, e, f, g, h, source @ .., i, j] = *ends;
        let addresses = [[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes);
        Sought::new(addresses, [source, [i, j]].map(u16::from_le_bytes), self.quick.seed)
    }

    /// Asks memory for what is looked for: who asks for several ways waits once.
    #[inline(always)]
    pub fn ask(&self, sought: &Sought) {
        prefetch_index(&self.quick.lines, self.quick.line(sought.hash));
    }

    /// Both ways between two endpoints, if one of them is known.
    #[inline(always)]
    pub fn find(&mut self, sought: &Sought) -> Option<&mut Both> {
        self.quick.find(sought)
    }

    /// What is remembered of the way from one endpoint to another, if something went between them before and quick datagrams can go it.
    pub fn mark(&mut self, source: &Endpoint, destination: &Endpoint) -> Option<&mut u16> {
        let sought = self.quick.sought(source, destination)?;
        self.find(&sought).map(|both| both.mark(&sought))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_found_again_however_many_there_are() {
        let end = |number: u32, port| Endpoint { address: IpAddr::V4(number.into()), port, scope: 0 };
        let ends = |(from, source): (u32, u16), (to, destination): (u32, u16)| {
            let numbers =
                [&from.to_be_bytes()[..], &to.to_be_bytes(), &source.to_be_bytes(), &destination.to_be_bytes()];
            *numbers.concat().first_chunk().unwrap()
        };
        let mut table = RouteTable::default();
        let routes: Vec<_> = (0..3000).map(|n| table.intern(&end(n % 7, 5683), &end(n << 12, 40_000))).collect();
        for (n, route) in (0..).zip(routes) {
            let (one, other) = (end(n % 7, 5683), end(n << 12, 40_000));
            assert_eq!(table.intern(&one, &other), route);
            let back = table.sought(&ends((n << 12, 40_000), (n % 7, 5683)));
            let both = table.find(&back).unwrap();
            let found = both.route(&back);
            assert_eq!((found.source, found.destination), (route.destination, route.source));
            assert_eq!((found.pair, found.mark, both.mark_back(&back)), (route.pair.reversed(), 0, &mut 0));
            *both.mark(&back) = n as u16;
            assert_eq!(table.mark(&other, &one), Some(&mut (n as u16)));
            assert_eq!(table.mark(&one, &other), Some(&mut 0));
        }
        let other = table.sought(&ends((5, 0), (6, 7)));
        assert!(table.find(&other).is_none());
    }
}
