//! Findings summed up by charge alone, in a few bytes each: the cases are read again where somebody looks at them.

use std::collections::HashMap;

use super::{CASES, Person, Tally, each_finding, is_of_sender};
use crate::capture::CaptureError;
use crate::coap::{Rule, Severity};
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
        let mut places: HashMap<SumKey, u32> = HashMap::new();
        let mut sums: Vec<Self> = Vec::new();
        each_finding(store, fetcher, ids, least, &mut |finding, message, resource| {
            let its_doing = !message.is_copy && is_of_sender(finding.rule);
            let key = SumKey { endpoint: message.source, rule: finding.rule, severity: finding.severity, its_doing };
            let place = *places.entry(key).or_insert(sums.len() as u32) as usize;
            if place == sums.len() {
                sums.push(Self { key, count: 0, resources: Vec::new(), first: Vec::new() });
            }
            let Some(sum) = sums.get_mut(place) else { return };
            sum.count += 1;
            if sum.first.len() < CASES {
                sum.first.push(message.record);
            }
            if let Err(at) = sum.resources.binary_search(&resource)
                && resource.0 != 0
            {
                sum.resources.insert(at, resource);
            }
        })?;
        Ok(sums)
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
