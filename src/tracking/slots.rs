//! Exchanges that are open, or closed so recently that more may come: where they lie and how they are found.

use super::clock::Moment;
use super::endpoints::PairId;
use super::model::{EndpointId, ExchangeId, ExchangeRow};
use super::observation::Observation;
use super::sent::Handle;
use super::tokens::{Token, TokenMap};

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// A slot, and which of those that it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotRef {
    pub index: u32,
    serial: u32,
}

impl SlotRef {
    /// Points at nothing.
    pub const NONE: Self = Self { index: NONE, serial: 0 };
}

/// Which list a slot is linked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Open requests with the same token between the same endpoints, newest first.
    Token = 0,
    /// Open requests of one client, newest first.
    Client = 1,
    /// Everything that is open, least recently used first.
    Age = 2,
}

/// Neighbours in a list.
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    behind: u32,
}

const UNLINKED: Link = Link { before: NONE, behind: NONE };

/// What a slot holds besides an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotKind {
    /// Nothing.
    Free,
    /// An exchange.
    Exchange,
    /// A malformed request: answers may point to it, but it is no exchange.
    Malformed,
    /// An observation whose registration was not captured.
    Overheard,
}

/// What of a request is needed to judge its responses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// Hash of what it asks for, see `facts::target_hash`; 0 where nobody needs it.
    pub target: u64,
    pub length: u32,
    pub accept: Option<u16>,
    pub no_response: u8,
    pub etag: bool,
    pub registers: bool,
    pub deregisters: bool,
    pub block1: bool,
    pub oscore: bool,
    /// A critical option that the server had to refuse; 0 for none.
    pub bad_critical: u16,
}

/// An exchange.
pub(super) struct Slot {
    pub kind: SlotKind,
    pub id: ExchangeId,
    pub row: ExchangeRow,
    pub token: Token,
    /// From client to server.
    pub pair: PairId,
    pub started: Moment,
    /// The request in the table of messages.
    pub sent: Handle,
    pub asked: Asked,
    pub observation: Option<Box<Observation>>,
    /// The empty ACK, or `NO_RECORD`.
    pub acknowledgement: u32,
    /// Bytes of all responses.
    pub response_bytes: u64,
    pub open: bool,
    serial: u32,
    links: [Link; 3],
}

/// What is under one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Under {
    /// The newest open request.
    pub open: u32,
    /// The newest closed one.
    pub closed: u32,
    /// The observation that lives.
    pub observing: u32,
    /// The observation that ended last.
    pub ended: u32,
}

impl Default for Under {
    fn default() -> Self {
        NOTHING
    }
}

const NOTHING: Under = Under { open: NONE, closed: NONE, observing: NONE, ended: NONE };

/// The exchanges.
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    tokens: TokenMap<Under>,
    /// First open request of each client.
    clients: Vec<u32>,
    age: Link,
    heap: usize,
    serial: u32,
}

impl Slots {
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            tokens: TokenMap::new(),
            clients: Vec::new(),
            age: UNLINKED,
            heap: 0,
            serial: 0,
        }
    }

    pub fn get(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize).filter(|slot| slot.kind != SlotKind::Free)
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Slot> {
        self.slots.get_mut(slot as usize).filter(|slot| slot.kind != SlotKind::Free)
    }

    /// What holds the place of a slot now.
    pub fn reference(&self, index: u32) -> SlotRef {
        self.slots.get(index as usize).map_or(SlotRef::NONE, |slot| SlotRef { index, serial: slot.serial })
    }

    /// The slot if it still holds the same.
    pub fn of(&mut self, slot: SlotRef) -> Option<&mut Slot> {
        self.get_mut(slot.index).filter(|held| held.serial == slot.serial)
    }

    /// What is under a token between client and server.
    pub fn under(&self, pair: PairId, token: &Token) -> Under {
        self.tokens.get(pair.0, token).copied().unwrap_or(NOTHING)
    }

    /// Adds an open exchange.
    pub fn insert(&mut self, mut slot: Slot) -> u32 {
        self.heap += slot.token.heap();
        self.serial = self.serial.wrapping_add(1);
        slot.serial = self.serial;
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                self.slots.len() as u32 - 1
            }
        };
        self.link_open(index);
        index
    }

    fn link_open(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.open = true;
        let (client, overheard) = (slot.row.client.0 as usize, slot.kind == SlotKind::Overheard);
        let under = self.tokens.get_or_insert(slot.pair.0, &slot.token, NOTHING);
        if overheard {
            under.observing = index;
        } else {
            let next = std::mem::replace(&mut under.open, index);
            self.put_before(List::Token, index, next);
            if self.clients.len() <= client {
                self.clients.resize(client + 1, NONE);
            }
            let next = std::mem::replace(&mut self.clients[client], index);
            self.put_before(List::Client, index, next);
        }
        self.push_age(index);
    }

    /// An answer came: the request is open no more, but is still found as the newest closed one.
    pub fn close(&mut self, index: u32) {
        if !self.slots[index as usize].open {
            return;
        }
        self.slots[index as usize].open = false;
        self.unlink_client(index);
        self.unlink_age(index);
        let link = self.unlink(List::Token, index);
        let slot = &self.slots[index as usize];
        let under = self.tokens.get_or_insert(slot.pair.0, &slot.token, NOTHING);
        if under.open == index {
            under.open = link.behind;
        }
        under.closed = index;
    }

    /// An accepted registration: it lives as an observation. Returns the slot that observed under the token before.
    pub fn observe(&mut self, index: u32) -> Option<u32> {
        self.close(index);
        let slot = &self.slots[index as usize];
        let under = self.tokens.get_or_insert(slot.pair.0, &slot.token, NOTHING);
        let before = std::mem::replace(&mut under.observing, index);
        self.push_age(index);
        (before != NONE && before != index).then_some(before)
    }

    /// The observation is over.
    pub fn observe_no_more(&mut self, index: u32) {
        let slot = &self.slots[index as usize];
        if let Some(under) = self.tokens.get_mut(slot.pair.0, &slot.token)
            && under.observing == index
        {
            under.observing = NONE;
        }
        self.tokens.get_or_insert(slot.pair.0, &slot.token, NOTHING).ended = index;
        self.unlink_age(index);
    }

    /// It was used just now.
    pub fn touch(&mut self, index: u32) {
        if self.is_aged(index) {
            self.unlink_age(index);
            self.push_age(index);
        }
    }

    /// Forgets a slot.
    pub fn remove(&mut self, index: u32) {
        if self.slots[index as usize].open {
            self.unlink_token(index);
            self.unlink_client(index);
        }
        self.unlink_age(index);
        let slot = &mut self.slots[index as usize];
        slot.kind = SlotKind::Free;
        slot.observation = None;
        self.heap -= slot.token.heap();
        if let Some(under) = self.tokens.get_mut(slot.pair.0, &slot.token) {
            if under.closed == index {
                under.closed = NONE;
            }
            if under.observing == index {
                under.observing = NONE;
            }
            if under.ended == index {
                under.ended = NONE;
            }
            if *under == NOTHING {
                self.tokens.remove(slot.pair.0, &slot.token);
            }
        }
        self.free.push(index);
    }

    /// The least recently used of what is open.
    pub fn oldest(&self) -> Option<u32> {
        (self.age.behind != NONE).then_some(self.age.behind)
    }

    /// The open requests of a client, newest first.
    pub fn of_client(&self, client: EndpointId) -> impl Iterator<Item = u32> {
        let first = self.clients.get(client.0 as usize).copied().unwrap_or(NONE);
        std::iter::successors(Some(first), |&index| {
            Some(self.slots.get(index as usize)?.links[List::Client as usize].behind)
        })
        .take_while(|&index| index != NONE)
    }

    /// Estimated size in bytes.
    pub fn bytes(&self) -> usize {
        (self.slots.len() - self.free.len()) * (size_of::<Slot>() + 64) + self.heap
    }

    fn link(&mut self, list: List, index: u32) -> &mut Link {
        &mut self.slots[index as usize].links[list as usize]
    }

    fn put_before(&mut self, list: List, index: u32, next: u32) {
        *self.link(list, index) = Link { before: NONE, behind: next };
        if next != NONE {
            self.link(list, next).before = index;
        }
    }

    /// Takes a slot out of a list; returns its neighbours.
    fn unlink(&mut self, list: List, index: u32) -> Link {
        let link = std::mem::replace(self.link(list, index), UNLINKED);
        if link.before != NONE {
            self.link(list, link.before).behind = link.behind;
        }
        if link.behind != NONE {
            self.link(list, link.behind).before = link.before;
        }
        link
    }

    fn unlink_token(&mut self, index: u32) {
        let link = self.unlink(List::Token, index);
        let slot = &self.slots[index as usize];
        if let Some(under) = self.tokens.get_mut(slot.pair.0, &slot.token)
            && under.open == index
        {
            under.open = link.behind;
        }
    }

    fn unlink_client(&mut self, index: u32) {
        let link = self.unlink(List::Client, index);
        let client = self.slots[index as usize].row.client.0 as usize;
        if self.clients.get(client) == Some(&index) {
            self.clients[client] = link.behind;
        }
    }

    fn is_aged(&self, index: u32) -> bool {
        let link = self.slots[index as usize].links[List::Age as usize];
        link.before != NONE || self.age.behind == index
    }

    /// `age.behind` is the oldest, `age.before` the newest; in a slot `before` is older.
    fn push_age(&mut self, index: u32) {
        let newest = std::mem::replace(&mut self.age.before, index);
        *self.link(List::Age, index) = Link { before: newest, behind: NONE };
        if newest == NONE {
            self.age.behind = index;
        } else {
            self.link(List::Age, newest).behind = index;
        }
    }

    fn unlink_age(&mut self, index: u32) {
        if !self.is_aged(index) {
            return;
        }
        let link = self.unlink(List::Age, index);
        if self.age.behind == index {
            self.age.behind = link.behind;
        }
        if self.age.before == index {
            self.age.before = link.before;
        }
    }
}

impl Slot {
    /// A slot with nothing but the row; the caller fills in the rest.
    pub fn new(kind: SlotKind, id: ExchangeId, row: ExchangeRow, token: Token, pair: PairId, started: Moment) -> Self {
        Self {
            kind,
            id,
            row,
            token,
            pair,
            started,
            sent: Handle::NONE,
            asked: Asked::default(),
            observation: None,
            acknowledgement: super::model::NO_RECORD,
            response_bytes: 0,
            open: false,
            serial: 0,
            links: [UNLINKED; 3],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::model::{AnswerKind, ExchangeState, NO_RECORD, ObservationId, ResourceId};

    fn slot(id: u32, pair: u32, token: &[u8]) -> Slot {
        let row = ExchangeRow {
            request: id,
            response: NO_RECORD,
            last: id,
            client: EndpointId(pair),
            server: EndpointId(9),
            started: 0,
            round_trip: -1,
            resource: ResourceId(0),
            observation: ObservationId(0),
            transmissions: 1,
            responses: 0,
            method: 1,
            code: 0,
            state: ExchangeState::Open,
            answer: AnswerKind::None,
            confirmable: true,
            multicast: false,
        };
        Slot::new(SlotKind::Exchange, ExchangeId(id), row, Token::new(token), PairId(pair), Moment::default())
    }

    #[test]
    fn the_newest_open_request_is_first_in_every_list() {
        let mut slots = Slots::new();
        let token = Token::new(b"t");
        let [a, b, c] = [1, 2, 3].map(|id| slots.insert(slot(id, 7, b"t")));
        assert_eq!(slots.under(PairId(7), &token).open, c);
        assert_eq!(slots.of_client(EndpointId(7)).collect::<Vec<_>>(), [c, b, a]);
        assert_eq!(slots.oldest(), Some(a));
        slots.close(b);
        slots.touch(a);
        assert_eq!(slots.of_client(EndpointId(7)).collect::<Vec<_>>(), [c, a]);
        assert_eq!(slots.oldest(), Some(c));
        slots.close(c);
        assert_eq!((slots.under(PairId(7), &token).open, slots.under(PairId(7), &token).closed), (a, c));
        slots.remove(a);
        assert_eq!(slots.oldest(), None);
        slots.remove(c);
        slots.remove(b);
        assert_eq!(slots.under(PairId(7), &token).closed, NONE);
        assert_eq!(slots.bytes(), 0);
    }

    #[test]
    fn an_observation_replaces_the_one_before_it() {
        let mut slots = Slots::new();
        let a = slots.insert(slot(1, 7, b""));
        assert_eq!(slots.observe(a), None);
        let b = slots.insert(slot(2, 7, b""));
        assert_eq!(slots.observe(b), Some(a));
        assert_eq!(slots.oldest(), Some(a));
        slots.observe_no_more(a);
        assert_eq!(slots.under(PairId(7), &Token::new(b"")).observing, b);
        slots.observe_no_more(b);
        assert_eq!(slots.oldest(), None);
    }
}
