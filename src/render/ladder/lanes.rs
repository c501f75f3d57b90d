//! Lanes: who stands side by side at the top of a ladder, one lane an endpoint or one lane a host.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::coap::parameters::{PORT_COAP, PORT_COAPS};
use crate::frame::Endpoint;
use crate::store::{Record, RecordKind, Store};
use crate::tracking::{EndpointId, NO_RECORD, Role};

/// No lane, in tables.
const NONE: u32 = u32::MAX;

/// Number of a lane among those of its table, from the left.
pub type LaneId = usize;

/// Whether the ports of one host share a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ports {
    /// As the width allows: apart where all lanes fit.
    #[default]
    Auto,
    /// Each endpoint has its lane.
    Apart,
    /// Each host has one.
    Merged,
}

/// A lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The endpoint that it begins with.
    pub first: EndpointId,
    /// Endpoints that share it.
    pub endpoints: u32,
    /// The user does not want to see it, nor its messages.
    pub hidden: bool,
}

/// Lanes of one kind, and which endpoint has which.
#[derive(Clone, Debug, Default)]
struct Table {
    lanes: Vec<Lane>,
    of: Vec<u32>,
    /// How many of them are hidden.
    hidden: usize,
}

impl Table {
    fn of(&self, endpoint: EndpointId) -> Option<LaneId> {
        self.of.get(endpoint.0 as usize).filter(|lane| **lane != NONE).map(|lane| *lane as LaneId)
    }

    fn set(&mut self, endpoint: EndpointId, lane: LaneId) {
        let at = endpoint.0 as usize;
        if self.of.len() <= at {
            self.of.resize(at + 1, NONE);
        }
        if let Some(place) = self.of.get_mut(at) {
            *place = lane as u32;
        }
    }

    fn count_hidden(&mut self) {
        self.hidden = self.lanes.iter().filter(|lane| lane.hidden).count();
    }

    fn add(&mut self, endpoint: EndpointId) -> LaneId {
        self.lanes.push(Lane { first: endpoint, endpoints: 1, hidden: false });
        self.set(endpoint, self.lanes.len() - 1);
        self.lanes.len() - 1
    }
}

/// Which side of an exchange an endpoint was first seen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Client,
    Server,
}

/// A host, and where it talks to itself, a side of it.
type Host = (IpAddr, u16, Option<Side>);

/// All lanes, both ways: by endpoint and by host. They stand in the order in which they appear. A host that talks to itself has two: one
/// for the ports that ask, one for those that answer.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    apart: Table,
    merged: Table,
    hosts: HashMap<Host, LaneId>,
    /// The first endpoint lane of each address.
    first_of_host: HashMap<(IpAddr, u16), LaneId>,
    /// Hosts that talk to themselves.
    within: HashSet<(IpAddr, u16)>,
    /// All endpoints in their order, each with its side.
    seen: Vec<(EndpointId, Side)>,
    /// One lane a host.
    pub by_host: bool,
}

impl Lanes {
    /// Take in who a record is from and to.
    pub fn note(&mut self, store: &Store, record: &Record) {
        if record.kind() == RecordKind::Evidence && store.endpoint(record.source).is_some_and(|end| end.port == 0) {
            return self.note_evidence(store, record);
        }
        let (source, destination) = (self.merged.of(record.source), self.merged.of(record.destination));
        if source.is_none() || destination.is_none() {
            let (own, other) = sides(store, record);
            self.add(store, record.source, own);
            self.add(store, record.destination, other);
        } else if source != destination {
            return;
        }
        if self.merged.of(record.source) == self.merged.of(record.destination) {
            self.split(store, record);
        }
    }

    /// A host talks to itself: its two sides get lanes of their own.
    #[cold]
    fn split(&mut self, store: &Store, record: &Record) {
        let Some(endpoint) = store.endpoint(record.source) else { return };
        if record.source == record.destination || !self.within.insert((endpoint.address, endpoint.scope)) {
            return;
        }
        self.merged = Table::default();
        self.hosts.clear();
        for (id, side) in std::mem::take(&mut self.seen) {
            self.merge(store, id, side);
            self.seen.push((id, side));
        }
    }

    /// Who reports an error mostly has a lane already, as the one that the message went to.
    fn note_evidence(&mut self, store: &Store, record: &Record) {
        let about = store.get(record.relates_to).filter(|_| record.relates_to != NO_RECORD);
        let (asks, answers) = about.map_or((Side::Server, Side::Server), |about| sides(store, &about));
        for ((own, other), side) in ends_of_evidence(store, record).into_iter().zip([answers, asks]) {
            match other {
                // Where the message itself is not shown nobody has given it one.
                Some(other) => self.add(store, other, side),
                None => self.add(store, own, Side::Server),
            }
        }
    }

    fn add(&mut self, store: &Store, id: EndpointId, side: Side) {
        let Some(endpoint) = store.endpoint(id).filter(|_| self.merged.of(id).is_none()) else { return };
        let address = (endpoint.address, endpoint.scope);
        match self.first_of_host.get(&address) {
            // No port of its own: the host as such.
            Some(first) if endpoint.port == 0 => self.apart.set(id, *first),
            _ => {
                let lane = self.apart.add(id);
                self.first_of_host.entry(address).or_insert(lane);
            }
        }
        self.seen.push((id, side));
        self.merge(store, id, side);
    }

    /// Give an endpoint the lane of its host.
    fn merge(&mut self, store: &Store, id: EndpointId, side: Side) {
        let Some(endpoint) = store.endpoint(id) else { return };
        let within = self.within.contains(&(endpoint.address, endpoint.scope));
        let host = (endpoint.address, endpoint.scope, within.then_some(side));
        let Some(lane) = self.hosts.get(&host).copied() else {
            let lane = self.merged.add(id);
            self.hosts.insert(host, lane);
            return;
        };
        self.merged.set(id, lane);
        if endpoint.port != 0
            && let Some(lane) = self.merged.lanes.get_mut(lane)
        {
            lane.endpoints += 1;
        }
    }

    fn table(&self) -> &Table {
        if self.by_host { &self.merged } else { &self.apart }
    }

    /// Lanes, hidden ones included.
    pub fn all(&self) -> &[Lane] {
        &self.table().lanes
    }

    /// A lane.
    pub fn get(&self, lane: LaneId) -> Option<&Lane> {
        self.table().lanes.get(lane)
    }

    /// How many lanes there are one way and the other: apart, merged.
    pub fn counts(&self) -> (usize, usize) {
        (self.apart.lanes.len(), self.merged.lanes.len())
    }

    /// Merge or part as `ports` says; by itself only where `room` lanes are too few.
    pub fn arrange(&mut self, ports: Ports, room: usize) {
        self.by_host = match ports {
            Ports::Apart => false,
            Ports::Merged => true,
            Ports::Auto => {
                let (apart, merged) = self.counts();
                apart > room && merged < apart && merged > 1
            }
        };
    }

    /// The lane of an endpoint.
    pub fn of(&self, endpoint: EndpointId) -> Option<LaneId> {
        self.table().of(endpoint)
    }

    /// The lanes that a record goes from and to.
    pub fn ends(&self, store: &Store, record: &Record) -> Option<(LaneId, LaneId)> {
        if record.kind() == RecordKind::Evidence {
            let [from, to] = ends_of_evidence(store, record).map(|(own, other)| other.unwrap_or(own));
            return Some((self.of(from)?, self.of(to)?));
        }
        Some((self.of(record.source)?, self.of(record.destination)?))
    }

    /// Neither of its lanes is hidden.
    pub fn shows(&self, store: &Store, record: &Record) -> bool {
        let hidden = |lane: LaneId| self.get(lane).is_some_and(|lane| lane.hidden);
        !self.any_hidden() || self.ends(store, record).is_none_or(|(from, to)| !hidden(from) && !hidden(to))
    }

    /// Some lane is hidden.
    pub fn any_hidden(&self) -> bool {
        self.hidden() > 0
    }

    /// Hidden lanes.
    pub fn hidden(&self) -> usize {
        self.table().hidden
    }

    /// Hide a lane, of a host each of its endpoints, so that it stays hidden where its ports get lanes of their own; false where too few lanes
    /// would be left.
    pub fn hide(&mut self, lane: LaneId) -> bool {
        let left = self.all().len() - self.hidden();
        let by_host = self.by_host;
        let Self { apart, merged, .. } = self;
        let own = if by_host { &mut *merged } else { &mut *apart };
        match own.lanes.get_mut(lane) {
            Some(lane) if left > 2 && !lane.hidden => lane.hidden = true,
            _ => return false,
        }
        if by_host {
            let of_host = apart.lanes.iter_mut().filter(|endpoint| merged.of(endpoint.first) == Some(lane));
            of_host.for_each(|endpoint| endpoint.hidden = true);
        }
        apart.count_hidden();
        merged.count_hidden();
        true
    }

    /// Hide those lanes that are hidden among the lanes of more messages.
    pub fn hide_as(&mut self, more: &Self) {
        for (own, more) in [(&mut self.apart, &more.apart), (&mut self.merged, &more.merged)] {
            for lane in &mut own.lanes {
                lane.hidden = more.of(lane.first).and_then(|lane| more.lanes.get(lane)).is_some_and(|lane| lane.hidden);
            }
            own.count_hidden();
        }
    }

    /// Hide and show the lanes that fewer messages have as they are there; the others stay as they are.
    pub fn hide_as_part(&mut self, part: &Self) {
        for (own, part) in [(&mut self.apart, &part.apart), (&mut self.merged, &part.merged)] {
            for lane in &part.lanes {
                if let Some(own) = own.of(lane.first).and_then(|lane| own.lanes.get_mut(lane)) {
                    own.hidden = lane.hidden;
                }
            }
            own.count_hidden();
        }
    }

    /// Show all lanes again.
    pub fn show_all(&mut self) {
        for lane in self.apart.lanes.iter_mut().chain(&mut self.merged.lanes) {
            lane.hidden = false;
        }
        (self.apart.hidden, self.merged.hidden) = (0, 0);
    }
}

/// Which side the sender of a message is on, and its receiver; by their ports where the message does not tell.
fn sides(store: &Store, record: &Record) -> (Side, Side) {
    let port = |id| store.endpoint(id).map_or(0, |endpoint| endpoint.port);
    let asks = record.code.is_request() || record.role == Role::Ping;
    let answers = record.code.is_response() || record.role == Role::Pong;
    let serves = |id| matches!(port(id), PORT_COAP | PORT_COAPS);
    if !asks && (answers || (serves(record.source) && !serves(record.destination))) {
        (Side::Server, Side::Client)
    } else {
        (Side::Client, Side::Server)
    }
}

/// Reporter and receiver of an ICMP error, each with the endpoint of the message it speaks of that is the same host.
fn ends_of_evidence(store: &Store, record: &Record) -> [(EndpointId, Option<EndpointId>); 2] {
    let about = store.get(record.relates_to).filter(|_| record.relates_to != NO_RECORD);
    let same = |own: EndpointId, other: Option<EndpointId>| {
        let address = |id: EndpointId| store.endpoint(id).map(|endpoint: &Endpoint| (endpoint.address, endpoint.scope));
        other.filter(|other| address(*other) == address(own))
    };
    [
        (record.source, same(record.source, about.map(|about| about.destination))),
        (record.destination, same(record.destination, about.map(|about| about.source))),
    ]
}

/// What a lane stands for, as a reader calls it: the address, and the port where it is one; how many where they are several.
pub fn place(store: &Store, lane: &Lane, by_host: bool) -> String {
    let Some(endpoint) = store.endpoint(lane.first) else { return String::new() };
    match (by_host, lane.endpoints) {
        (true, 2..) => format!("{} ({} ports)", endpoint.address, lane.endpoints),
        _ => endpoint.to_string(),
    }
}
