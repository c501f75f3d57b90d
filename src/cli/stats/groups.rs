//! Exchanges summed up by resource and by pair of endpoints.

use std::cmp::Reverse;

use super::sums::{Exchange, Sums};
use super::times::Times;
use crate::render::lowest;
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

/// What was asked of each resource, by its number, without the times.
pub(super) fn sums_of_resources(sums: &Sums) -> Vec<Sum> {
    // Number 0 is none.
    let mut rows = vec![Sum::default(); sums.resources.len() + 1];
    for exchange in sums.exchanges() {
        if let Some(row) = rows.get_mut(exchange.opened.resource.0 as usize) {
            row.add(&exchange);
        }
    }
    for observed in sums.observations() {
        if let Some(row) = rows.get_mut(observed.resource.0 as usize) {
            row.notifications += u64::from(observed.notifications);
            row.stale += u64::from(observed.not_newer);
        }
    }
    rows
}

/// How long each resource took to answer, by its number.
pub(super) fn times_of_resources(sums: &Sums) -> Vec<Option<Times>> {
    let mut starts = vec![0_usize; sums.resources.len() + 2];
    for (resource, _) in sums.times() {
        if let Some(count) = starts.get_mut(resource.0 as usize + 1) {
            *count += 1;
        }
    }
    // The times of each resource side by side.
    let mut times = vec![0; add_up(&mut starts)];
    let mut next = starts.clone();
    for (resource, time) in sums.times() {
        put(&mut times, &mut next, resource.0, time);
    }
    let mut rest = times.as_mut_slice();
    let own = starts.windows(2).map(|ends| match ends {
        [start, end] => {
            let length = (end - start).min(rest.len());
            let (own, behind) = std::mem::take(&mut rest).split_at_mut(length);
            rest = behind;
            Times::of(own)
        }
        _ => None,
    });
    own.collect()
}

/// By resource, the most asked for first, of what both tell.
pub(super) fn by_resource(sums: &Sums, rows: Vec<Sum>, times: Vec<Option<Times>>) -> Vec<(ResourceId, Sum)> {
    let mut rows: Vec<(ResourceId, Sum)> = (0..)
        .map(ResourceId)
        .zip(rows.into_iter().zip(times).map(|(row, times)| Sum { times, ..row }))
        .skip(1)
        .filter(|(_, row)| row.exchanges + row.observations + row.notifications > 0)
        .collect();
    let name = |id: ResourceId| sums.resources.get(id.0 as usize - 1);
    rows.sort_by(|a, b| b.1.exchanges.cmp(&a.1.exchanges).then_with(|| name(a.0).cmp(&name(b.0))));
    rows
}

/// The `most` pairs with the most exchanges, those first, and how many pairs there are.
pub(super) fn by_pair(sums: &Sums, most: usize) -> (Vec<Pair>, usize) {
    let all: Vec<_> = sums.between().collect();
    let (count, mut times) = (all.len(), Vec::new());
    let listed = lowest(all, most, |(client, server, between)| (Reverse(between.count), *client, *server));
    let pairs = listed.into_iter().map(|(client, server, between)| {
        let mut sum = Sum::default();
        times.clear();
        for exchange in sums.exchanges_between(between) {
            sum.add(&exchange);
            times.extend(exchange.round_trip);
        }
        sum.times = Times::of(&mut times);
        Pair { client, server, sum }
    });
    (pairs.collect(), count)
}

/// Makes of counts, that of each behind its place, where each begins; gives the sum.
pub(super) fn add_up(counts: &mut [usize]) -> usize {
    let mut total = 0;
    for count in counts {
        total += *count;
        *count = total;
    }
    total
}

/// Puts an entry behind those of the same `key` before it.
#[inline(always)]
pub(super) fn put<T>(order: &mut [T], next: &mut [usize], key: u32, entry: T) {
    if let Some(at) = next.get_mut(key as usize) {
        if let Some(place) = order.get_mut(*at) {
            *place = entry;
        }
        *at += 1;
    }
}

/// What lies from each of the starts to the next.
pub(super) fn parts<'a, T>(order: &'a [T], starts: &'a [usize]) -> impl Iterator<Item = &'a [T]> {
    starts.windows(2).map(|ends| match ends {
        [start, end] => order.get(*start..*end).unwrap_or_default(),
        _ => &[],
    })
}
