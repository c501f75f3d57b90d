//! Answers to requests to a group may come from another port than the one that was asked (draft-ietf-core-groupcomm-bis): they are told by the
//! client and the token, since neither port need be one of CoAP's.

use std::collections::{HashSet, VecDeque};

use crate::coap::Message;
use crate::frame::{Datagram, Endpoint};

/// Requests, and pairs of endpoints, that are remembered.
const MOST: usize = 1024;

/// What was asked of groups, and who answered.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Clients and their tokens.
    asked: Recent<(Endpoint, Box<[u8]>)>,
    /// Client and server.
    met: Recent<(Endpoint, Endpoint)>,
}

/// The newest of many things.
#[derive(Debug)]
struct Recent<T> {
    things: HashSet<T>,
    order: VecDeque<T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { things: HashSet::new(), order: VecDeque::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Recent<T> {
    fn insert(&mut self, thing: T) {
        if !self.things.insert(thing.clone()) {
            return;
        }
        self.order.push_back(thing);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.things.remove(&oldest);
        }
    }
}

impl Groups {
    /// A message on a CoAP port: it may be a request to a group.
    pub fn note(&mut self, datagram: &Datagram<'_>, message: &Message<'_>) {
        let asks = datagram.multicast && message.header().is_some_and(|header| header.code.is_request());
        if let Some(token) = message.token().filter(|token| asks && !token.is_empty()) {
            self.asked.insert((datagram.source, token.into()));
        }
    }

    /// Whether a datagram on other ports is an answer to such a request, or goes between a client and a server that gave one.
    pub fn admit(&mut self, datagram: &Datagram<'_>) -> bool {
        if self.asked.things.is_empty() {
            return false;
        }
        let message = Message::decode(datagram.payload);
        let Some(header) = message.header().filter(|header| header.version == 1 && !message.is_malformed()) else {
            return false;
        };
        let (source, destination) = (datagram.source, datagram.destination);
        if [(source, destination), (destination, source)].iter().any(|pair| self.met.things.contains(pair)) {
            return true;
        }
        let answers = header.code.is_response()
            && message.token().is_some_and(|token| self.asked.things.contains(&(destination, token.into())));
        if answers {
            self.met.insert((destination, source));
        }
        answers
    }
}
