//! The open requests of each client.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{EndpointId, NONE, Slots};
use crate::tracking::slot::Link;

/// Number of the newest open request of each client; the slots know the others. What has become old is in a list of its own, lest each new
/// request had to tell it.
#[derive(Default)]
pub(super) struct Clients {
    newest: Vec<u32>,
    old: HashMap<EndpointId, u32, RandomState>,
}

impl Clients {
    /// A request of a client was opened; returns the one before it.
    #[inline]
    pub fn add(&mut self, client: EndpointId, number: u32) -> u32 {
        match self.newest.get_mut(client.0 as usize) {
            Some(newest) => std::mem::replace(newest, number),
            None => self.add_first(client, number),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_first(&mut self, client: EndpointId, number: u32) -> u32 {
        self.newest.resize(client.0 as usize, NONE);
        self.newest.push(number);
        NONE
    }

    /// An open request of a client has become old; returns the one before it.
    pub fn add_old(&mut self, client: EndpointId, number: u32) -> u32 {
        self.old.insert(client, number).unwrap_or(NONE)
    }

    /// The newest of a client is another now.
    #[inline]
    pub fn set(&mut self, client: EndpointId, number: u32) {
        if let Some(newest) = self.newest.get_mut(client.0 as usize) {
            *newest = number;
        }
    }

    /// The same of what is old.
    fn set_old(&mut self, client: EndpointId, number: u32) {
        match number {
            NONE => self.old.remove(&client),
            number => self.old.insert(client, number),
        };
    }
}

impl Slots {
    /// So many of one client are looked at.
    const MOST: usize = 64;

    /// The newest open requests of a client, newest first.
    pub fn of_client(&self, client: EndpointId) -> impl Iterator<Item = u32> {
        let known = |number: &u32| *number != NONE;
        let next = move |number: &u32| self.get(*number).map(|slot| slot.of_client.behind).filter(known);
        let lists = [self.clients.newest.get(client.0 as usize), self.clients.old.get(&client)];
        let all = lists.into_iter().flat_map(move |newest| std::iter::successors(newest.copied().filter(known), next));
        all.take(Self::MOST)
    }

    /// Takes a request with these neighbours out of the list of its client.
    #[inline(never)]
    pub(super) fn leave_client(&mut self, client: EndpointId, link: Link, old: bool) {
        self.join(link, |slot| &mut slot.of_client);
        if link.before == NONE && old {
            self.clients.set_old(client, link.behind);
        } else if link.before == NONE {
            self.clients.set(client, link.behind);
        }
    }
}
