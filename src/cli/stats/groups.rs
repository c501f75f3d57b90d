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
    let mut total = 0;
    for start in &mut starts {
        total += *start;
        *start = total;
    }
    let mut times = vec![0; total];
    let mut next = starts.clone();
    for exchange in sums.exchanges() {
        if let (Some(time), Some(at)) = (exchange.round_trip, next.get_mut(exchange.opened.resource.0 as usize)) {
            if let Some(place) = times.get_mut(*at) {
                *place = time;
            }
            *at += 1;
        }
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
    let mut starts = vec![0_usize; sums.endpoints.len() + 1];
    for (_, opened) in sums.opened() {
        if let Some(count) = starts.get_mut(opened.client.0 as usize + 1) {
            *count += 1;
        }
    }
    let mut total = 0;
    for start in &mut starts {
        total += *start;
        *start = total;
    }
    // Server and number of each exchange, those of one client side by side.
    let mut order = vec![0_u64; total];
    let mut next = starts.clone();
    for (number, opened) in sums.opened() {
        if let Some(at) = next.get_mut(opened.client.0 as usize) {
            if let Some(place) = order.get_mut(*at) {
                *place = u64::from(opened.server.0) << 32 | number as u64;
            }
            *at += 1;
        }
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    for ends in starts.windows(2) {
        let [start, end] = ends else { continue };
        let Some(own) = order.get_mut(*start..*end) else { continue };
        own.sort_unstable();
        let mut from = *start;
        for run in own.chunk_by(|a, b| a >> 32 == b >> 32) {
            found.push((run.len(), from));
            from += run.len();
        }
    }
    let count = found.len();
    // Of equals the one that came first stands first.
    found.sort_by_key(|(length, from)| (std::cmp::Reverse(*length), *from));
    found.truncate(most);
    let pairs = found.iter().filter_map(|(length, from)| pair(sums, order.get(*from..from + length)?)).collect();
    (pairs, count)
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
