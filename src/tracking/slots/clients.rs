//! The open requests of each client.

use super::EndpointId;

/// Numbers of slots by client, oldest first. Of a client with very many open requests only the newest are kept.
#[derive(Default)]
pub(super) struct Clients(Vec<Vec<u32>>);

impl Clients {
    /// How many open requests of one client are kept at least.
    const MOST: usize = 64;
    /// So many are kept at most.
    const FULL: usize = 128;

    /// A request of a client was opened.
    #[inline]
    pub fn add(&mut self, client: EndpointId, number: u32) {
        let client = client.0 as usize;
        if self.0.len() <= client {
            self.0.resize(client + 1, Vec::new());
        }
        let list = &mut self.0[client];
        if list.len() >= Self::FULL {
            list.drain(..Self::MOST);
        }
        list.push(number);
    }

    /// It is open no more.
    #[inline]
    pub fn remove(&mut self, client: EndpointId, number: u32) {
        if let Some(list) = self.0.get_mut(client.0 as usize)
            && let Some(at) = list.iter().rposition(|held| *held == number)
        {
            list.remove(at);
        }
    }

    /// Those of a client, newest first.
    pub fn of(&self, client: EndpointId) -> impl Iterator<Item = u32> {
        self.0.get(client.0 as usize).into_iter().flatten().rev().take(Self::MOST).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept() {
        let (mut clients, client) = (Clients::default(), EndpointId(3));
        (0..1000).for_each(|number| clients.add(client, number));
        assert_eq!(clients.of(client).collect::<Vec<_>>(), (936..1000).rev().collect::<Vec<_>>());
        [999, 5, 998].into_iter().for_each(|number| clients.remove(client, number));
        assert_eq!(clients.of(client).next(), Some(997));
        assert_eq!(clients.of(EndpointId(4)).next(), None);
    }
}
