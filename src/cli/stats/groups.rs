//! Exchanges summed up by resource and by pair of endpoints.

use super::sums::{Exchange, Sums};
use super::times::Times;
use crate::tracking::{EndpointId, ResourceId};

/// Exchanges that have something in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub exchanges: u64,
    /// Exchanges whose request was repeated.
    pub retransmitted: u64,
    /// Repeats of requests.
    pub retransmissions: u64,
    pub answered: u64,
    pub reset: u64,
    /// Registrations that were accepted.
    pub observations: u64,
    pub notifications: u64,
    pub stale: u64,
    pub times: Option<Times>,
    /// Exchanges that were not followed to their ends.
    pub evicted: u64,
}

impl Sum {
    fn add(&mut self, exchange: &Exchange) {
        self.exchanges += 1;
        self.retransmitted += u64::from(exchange.repeats > 0);
        self.retransmissions += exchange.repeats;
        self.answered += u64::from(exchange.answered);
        self.reset += u64::from(exchange.reset);
        self.observations += u64::from(exchange.observes);
        self.evicted += u64::from(exchange.evicted);
    }

    /// Exchanges with neither a response nor a Reset.
    pub fn unanswered(&self) -> u64 {
        self.exchanges - self.answered - self.reset - self.evicted
    }
}

/// A client and a server, and what passed between them.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub client: EndpointId,
    pub server: EndpointId,
    pub sum: Sum,
}

/// By resource, the most asked for first.
pub(super) fn by_resource(sums: &Sums) -> Vec<(ResourceId, Sum)> {
    // Number 0 is none.
    let mut rows = vec![Sum::default(); sums.resources.len() + 1];
    let mut starts = vec![0_usize; rows.len() + 1];
    for exchange in sums.exchanges() {
        let at = exchange.opened.resource.0 as usize;
        if let Some(row) = rows.get_mut(at) {
            row.add(&exchange);
        }
        if let (Some(_), Some(count)) = (exchange.round_trip, starts.get_mut(at + 1)) {
            *count += 1;
        }
    }
    for observed in sums.observations() {
        if let Some(row) = rows.get_mut(observed.resource.0 as usize) {
            row.notifications += u64::from(observed.notifications);
            row.stale += u64::from(observed.stale);
        }
    }
    // The times of each resource side by side.
    let mut times = vec![0; add_up(&mut starts)];
    let mut next = starts.clone();
    for (resource, time) in sums.times() {
        put(&mut times, &mut next, resource.0, time);
    }
    let mut rest = times.as_mut_slice();
    for (row, ends) in rows.iter_mut().zip(starts.windows(2)) {
        let [start, end] = ends else { continue };
        let (own, behind) = rest.split_at_mut((end - start).min(rest.len()));
        row.times = Times::of(own);
        rest = behind;
    }
    let mut rows: Vec<(ResourceId, Sum)> = (0..)
        .map(ResourceId)
        .zip(rows)
        .skip(1)
        .filter(|(_, row)| row.exchanges + row.observations + row.notifications > 0)
        .collect();
    let name = |id: ResourceId| sums.resources.get(id.0 as usize - 1);
    rows.sort_by(|a, b| b.1.exchanges.cmp(&a.1.exchanges).then_with(|| name(a.0).cmp(&name(b.0))));
    rows
}

/// The `most` pairs with the most exchanges, those first, and how many pairs there are.
pub(super) fn by_pair(sums: &Sums, most: usize) -> (Vec<Pair>, usize) {
    // Counted by server, and by client.
    let [mut by_server, mut by_client] = [(); 2].map(|()| vec![0_usize; sums.endpoints.len() + 1]);
    for (_, opened) in sums.opened() {
        for (counts, end) in [(&mut by_server, opened.server), (&mut by_client, opened.client)] {
            if let Some(count) = counts.get_mut(end.0 as usize + 1) {
                *count += 1;
            }
        }
    }
    let total = add_up(&mut by_server);
    add_up(&mut by_client);
    // Put in order by server and then, which keeps that order, by client: client or server, and number of each exchange.
    let (mut order, mut next) = (vec![0_u64; total], by_server.clone());
    for (number, opened) in sums.opened() {
        put(&mut order, &mut next, opened.server.0, u64::from(opened.client.0) << 32 | number as u64);
    }
    let (mut pairs, mut next) = (vec![0_u64; total], by_client.clone());
    for (server, own) in (0_u64..).zip(parts(&order, &by_server)) {
        for entry in own {
            put(&mut pairs, &mut next, (entry >> 32) as u32, server << 32 | entry & u64::from(u32::MAX));
        }
    }
    let (order, mut found, mut from) = (pairs, Vec::new(), 0);
    for own in parts(&order, &by_client) {
        for run in own.chunk_by(|a, b| a >> 32 == b >> 32) {
            found.push((run.len(), from));
            from += run.len();
        }
    }
    let count = found.len();
    // Of equals the one that came first stands first.
    let rank = |(length, from): &(usize, usize)| (std::cmp::Reverse(*length), *from);
    if most < count {
        found.select_nth_unstable_by_key(most, rank);
        found.truncate(most);
    }
    found.sort_unstable_by_key(rank);
    let pairs = found.iter().filter_map(|(length, from)| pair(sums, order.get(*from..from + length)?)).collect();
    (pairs, count)
}

/// Makes of counts, that of each behind its place, where each begins; gives the sum.
fn add_up(counts: &mut [usize]) -> usize {
    let mut total = 0;
    for count in counts {
        total += *count;
        *count = total;
    }
    total
}

/// Puts an entry behind those of the same `key` before it.
#[inline(always)]
fn put<T>(order: &mut [T], next: &mut [usize], key: u32, entry: T) {
    if let Some(at) = next.get_mut(key as usize) {
        if let Some(place) = order.get_mut(*at) {
            *place = entry;
        }
        *at += 1;
    }
}

/// What lies from each of the starts to the next.
fn parts<'a, T>(order: &'a [T], starts: &'a [usize]) -> impl Iterator<Item = &'a [T]> {
    starts.windows(2).map(|ends| match ends {
        [start, end] => order.get(*start..*end).unwrap_or_default(),
        _ => &[],
    })
}

/// The pair whose exchanges these are.
fn pair(sums: &Sums, run: &[u64]) -> Option<Pair> {
    let exchanges: Vec<Exchange> =
        run.iter().filter_map(|entry| sums.at((entry & u64::from(u32::MAX)) as usize)).collect();
    let mut sum = Sum::default();
    exchanges.iter().for_each(|exchange| sum.add(exchange));
    let mut times: Vec<i64> = exchanges.iter().filter_map(|exchange| exchange.round_trip).collect();
    sum.times = Times::of(&mut times);
    let opened = exchanges.first()?.opened;
    Some(Pair { client: opened.client, server: opened.server, sum })
}
