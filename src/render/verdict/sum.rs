//! Findings summed up by charge alone, in a few bytes each: the cases are read again where somebody looks at them.

use std::collections::HashMap;

use super::{CASES, Exhibit, Person, Tally, each_finding, is_of_sender};
use crate::capture::CaptureError;
use crate::coap::{Finding, Rule, Severity};
use crate::pipeline::Fetcher;
use crate::store::Store;
use crate::tracking::{EndpointId, RecordId, ResourceId};

/// What tells a sum from the others: one rule may stand twice, held against its sender and not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SumKey {
    /// Who sent the messages.
    pub endpoint: EndpointId,
    /// Which rule.
    pub rule: Rule,
    /// The severity here.
    pub severity: Severity,
    /// The endpoint did it.
    pub its_doing: bool,
}

/// The findings of one rule in the messages of one endpoint.
#[derive(Clone, Debug)]
pub struct Sum {
    /// Whose, and which.
    pub key: SumKey,
    /// How often.
    pub count: u64,
    /// What the messages were about, by their numbers.
    pub resources: Vec<ResourceId>,
    /// The messages of the first cases, in the order of the capture.
    pub first: Vec<RecordId>,
}

impl Sum {
    /// The findings of these records at a severity or above it, each charge's in one sum: no order.
    ///
    /// # Errors
    /// Where the capture cannot be read.
    pub fn of_store(
        store: &Store,
        fetcher: &Fetcher,
        ids: impl Iterator<Item = RecordId>,
        least: Severity,
    ) -> Result<Vec<Self>, CaptureError> {
        let mut sums = Sums::new(Vec::new());
        each_finding(store, fetcher, ids, least, &mut |finding, message, resource| {
            sums.count(finding, message, resource);
        })?;
        Ok(sums.all)
    }

    /// Adds findings that became known of these messages after the others were summed up.
    ///
    /// # Errors
    /// Where the capture cannot be read.
    pub fn add_late<'a>(
        sums: &mut Vec<Self>,
        store: &Store,
        fetcher: &Fetcher,
        late: impl Iterator<Item = &'a (RecordId, Finding)>,
    ) -> Result<(), CaptureError> {
        let mut all = Sums::new(std::mem::take(sums));
        for (id, finding) in late {
            let mut about = None;
            each_finding(store, fetcher, std::iter::once(*id), Severity::Chat, &mut |_, message, resource| {
                about = Some((message, resource));
            })?;
            if let Some((message, resource)) = about {
                all.count(finding, message, resource);
            }
        }
        *sums = all.all;
        Ok(())
    }

    /// Adds sums to others.
    pub fn join_all(sums: &mut Vec<Self>, others: &[Self]) {
        let mut all = Sums::new(std::mem::take(sums));
        others.iter().for_each(|other| all.add(other.key, other.count, &other.first, &other.resources));
        *sums = all.all;
    }

    fn add(&mut self, count: u64, first: &[RecordId], resources: &[ResourceId]) {
        self.count += count;
        for record in first {
            let place = self.first.partition_point(|known| known <= record);
            if place < CASES {
                self.first.insert(place, *record);
                self.first.truncate(CASES);
            }
        }
        for resource in resources {
            if let Err(at) = self.resources.binary_search(resource) {
                self.resources.insert(at, *resource);
            }
        }
    }
}

/// Sums, and where each key has its own.
struct Sums {
    all: Vec<Sum>,
    places: HashMap<SumKey, usize>,
}

impl Sums {
    fn new(all: Vec<Sum>) -> Self {
        let places = all.iter().enumerate().map(|(place, sum)| (sum.key, place)).collect();
        Self { all, places }
    }

    /// Adds a finding.
    fn count(&mut self, finding: &Finding, message: Exhibit, resource: ResourceId) {
        let its_doing = !message.is_copy && is_of_sender(finding.rule, finding.severity);
        let key = SumKey { endpoint: message.source, rule: finding.rule, severity: finding.severity, its_doing };
        let resources = if resource.0 == 0 { &[] } else { std::slice::from_ref(&resource) };
        self.add(key, 1, &[message.record], resources);
    }

    /// Adds to the sum of a key.
    fn add(&mut self, key: SumKey, count: u64, first: &[RecordId], resources: &[ResourceId]) {
        let place = *self.places.entry(key).or_insert(self.all.len());
        if place == self.all.len() {
            self.all.push(Sum { key, count: 0, resources: Vec::new(), first: Vec::new() });
        }
        if let Some(sum) = self.all.get_mut(place) {
            sum.add(count, first, resources);
        }
    }
}

impl Person {
    /// The person that these sums, of one endpoint, are about, with the cases read again.
    ///
    /// # Errors
    /// Where the capture cannot be read.
    pub fn of_sums(sums: &[&Sum], store: &Store, fetcher: &Fetcher) -> Result<Option<Self>, CaptureError> {
        let Some(endpoint) = sums.first().map(|sum| sum.key.endpoint) else { return Ok(None) };
        let mut ids: Vec<RecordId> = sums.iter().flat_map(|sum| &sum.first).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let least = sums.iter().map(|sum| sum.key.severity).min().unwrap_or(Severity::Note);
        let mut tally = Tally::of_store(store, fetcher, ids.into_iter(), least)?;
        tally.retain(&|key| key.endpoint == endpoint);
        let mut person = Self::all(tally.groups()).into_iter().next();
        for (list, its_doing) in
            person.iter_mut().flat_map(|person| [(&mut person.charges, true), (&mut person.acquitted, false)])
        {
            for charge in list {
                let key = SumKey { endpoint, rule: charge.rule, severity: charge.severity, its_doing };
                // Of the cases only the first were looked at.
                if let Some(sum) = sums.iter().find(|sum| sum.key == key) {
                    charge.count = sum.count;
                    charge.resources.clone_from(&sum.resources);
                }
            }
        }
        if let Some(person) = &mut person {
            person.finish();
        }
        Ok(person)
    }
}
