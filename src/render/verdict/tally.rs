//! Findings summed up by what they have in common, with the first cases of each kind.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{CASES, Case, Exhibit, Key, each_finding};
use crate::capture::CaptureError;
use crate::coap::{Finding, Rule, Severity};
use crate::pipeline::Fetcher;
use crate::store::{Chunked, Store};
use crate::tracking::{RecordId, ResourceId};

/// No place.
const NONE: u32 = u32::MAX;

/// Findings with one key.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub cases: Cases<'a>,
}

/// The cases that are kept of a group.
#[derive(Clone, Copy, Debug)]
pub struct Cases<'a> {
    all: &'a Chunked<Kept>,
    first: u32,
    count: u32,
}

impl<'a> Cases<'a> {
    /// How many are kept.
    pub fn len(self) -> usize {
        self.count as usize
    }

    /// None is kept.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The first.
    pub fn first(self) -> Option<&'a Case> {
        self.iter().next()
    }

    /// In the order they came.
    pub fn iter(self) -> impl Iterator<Item = &'a Case> {
        let at = move |place: u32| self.all.get(place as usize);
        std::iter::successors(at(self.first), move |kept| at(kept.next)).map(|kept| &kept.case)
    }
}

/// A case, and the place of the next of its group.
#[derive(Clone, Debug)]
struct Kept {
    case: Case,
    next: u32,
}

/// How many findings have one key, and the places of the first and the last case that is kept.
#[derive(Clone, Debug)]
struct Found {
    count: u64,
    first: u32,
    last: u32,
    kept: u32,
}

/// Findings summed up. Grows with the kinds of findings, not with their number.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By keys whose numbers come from a capture.
    groups: HashMap<Key, Found, RandomState>,
    /// The cases of all groups: most groups are small, and there may be very many.
    cases: Chunked<Kept>,
    /// The first place in `cases` that is free again, which tells of the next.
    free: u32,
    /// Of all that were added: chat, note, warn, error.
    counts: [u64; 4],
}

impl Default for Tally {
    fn default() -> Self {
        Self { groups: HashMap::default(), cases: Chunked::default(), free: NONE, counts: [0; 4] }
    }
}

impl Tally {
    /// Add a finding on a message about a resource. `exhibit` finds an earlier message.
    pub fn add(
        &mut self,
        finding: &Finding,
        message: Exhibit,
        resource: ResourceId,
        offset: Option<u64>,
        exhibit: &dyn Fn(RecordId) -> Option<Exhibit>,
    ) {
        let key = Key::new(finding.rule, finding.severity, &message, resource);
        if let Some(count) = self.counts.get_mut(finding.severity as usize) {
            *count += 1;
        }
        let group = self.groups.entry(key).or_insert(Found { count: 0, first: NONE, last: NONE, kept: 0 });
        group.count += 1;
        if group.kept as usize >= CASES {
            return;
        }
        let mut finding = *finding;
        let mut other = None;
        for (number, is_record) in finding.numbers.iter_mut().zip(finding.rule.row().records()) {
            if is_record {
                let found = RecordId::try_from(*number).ok().and_then(exhibit);
                *number = i64::from(found.map_or(u32::MAX, |found| found.frame));
                other = other.or(found);
            }
        }
        let kept = Kept { case: Case { message, other, offset, finding }, next: NONE };
        let place = match self.cases.get_mut(self.free as usize) {
            Some(free) => {
                let next = std::mem::replace(free, kept).next;
                std::mem::replace(&mut self.free, next)
            }
            None => {
                self.cases.push(kept);
                self.cases.len() as u32 - 1
            }
        };
        match self.cases.get_mut(group.last as usize) {
            Some(last) => last.next = place,
            None => group.first = place,
        }
        (group.last, group.kept) = (place, group.kept + 1);
    }

    /// Take a finding of this rule and severity back that was added on a message about a resource.
    pub fn retract(&mut self, rule: Rule, severity: Severity, message: &Exhibit, resource: ResourceId) {
        let key = Key::new(rule, severity, message, resource);
        let Some(group) = self.groups.get_mut(&key) else { return };
        group.count -= 1;
        let (mut before, mut place) = (NONE, group.first);
        while let Some(kept) = self.cases.get(place as usize) {
            let next = kept.next;
            if kept.case.message.record != message.record {
                (before, place) = (place, next);
                continue;
            }
            match self.cases.get_mut(before as usize) {
                Some(before) => before.next = next,
                None => group.first = next,
            }
            if group.last == place {
                group.last = before;
            }
            group.kept -= 1;
            if let Some(kept) = self.cases.get_mut(place as usize) {
                kept.next = std::mem::replace(&mut self.free, place);
            }
            break;
        }
        if group.count == 0 {
            self.groups.remove(&key);
        }
        if let Some(count) = self.counts.get_mut(severity as usize) {
            *count -= 1;
        }
    }

    /// The findings of these records (all of them: `store.first()..store.len()`) at a severity or above it.
    ///
    /// # Errors
    /// Where the capture cannot be read.
    pub fn of_store(
        store: &Store,
        fetcher: &Fetcher,
        ids: impl Iterator<Item = RecordId>,
        least: Severity,
    ) -> Result<Self, CaptureError> {
        let mut tally = Self::default();
        let exhibit = |id: RecordId| store.get(id).map(|record| Exhibit::new(id, &record));
        each_finding(store, fetcher, ids, least, &mut |finding, message, resource| {
            let offset = store.get(message.record).map(|record| record.offset);
            tally.add(finding, message, resource, offset, &exhibit);
        })?;
        Ok(tally)
    }

    /// How many findings were added: chat, note, warn, error.
    pub fn counts(&self) -> [u64; 4] {
        self.counts
    }

    /// Nothing was added.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups, in the order of their keys.
    pub fn groups(&self) -> Vec<(Key, Group<'_>)> {
        let group = |found: &Found| {
            let cases = Cases { all: &self.cases, first: found.first, count: found.kept };
            Group { count: found.count, cases }
        };
        let mut groups: Vec<_> = self.groups.iter().map(|(key, found)| (*key, group(found))).collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }

    /// Keep only the groups that `keep` says, and what was counted of them.
    pub fn retain(&mut self, keep: &dyn Fn(&Key) -> bool) {
        self.groups.retain(|key, _| keep(key));
        self.counts = [0; 4];
        for (key, found) in &self.groups {
            if let Some(count) = self.counts.get_mut(key.severity as usize) {
                *count += found.count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coap::{Code, MessageType, Span};
    use crate::tracking::EndpointId;

    #[test]
    fn groups_keep_their_first_cases_whatever_is_taken_back() {
        let message = |record: u32| Exhibit {
            record,
            frame: record + 1,
            source: EndpointId(record % 3),
            destination: EndpointId(9),
            message_id: 1,
            message_type: MessageType::Confirmable,
            code: Code::GET,
            has_header: true,
            is_copy: false,
        };
        let finding = Finding::new(Rule::MidReuse, Span::of_bytes(0, 1));
        let (mut tally, mut expected) = (Tally::default(), [(); 3].map(|()| (0_u64, Vec::new())));
        // Added one by one; from time to time one of the last is taken back, as the first, the last or one between, or one that is not kept.
        for record in 0..200_u32 {
            tally.add(&finding, message(record), ResourceId(0), None, &|_| None);
            let (count, kept) = &mut expected[record as usize % 3];
            *count += 1;
            if kept.len() < CASES {
                kept.push(record);
            }
            if let Some(back) = (record * 7 % 40).checked_sub(12).and_then(|by| record.checked_sub(by)) {
                tally.retract(finding.rule, finding.severity, &message(back), ResourceId(0));
                let (count, kept) = &mut expected[back as usize % 3];
                *count = count.saturating_sub(1);
                kept.retain(|record| *record != back);
            }
        }
        let groups = tally.groups();
        let found: Vec<_> = groups
            .iter()
            .map(|(key, group)| {
                let kept: Vec<u32> = group.cases.iter().map(|case| case.message.record).collect();
                assert_eq!((group.cases.len(), group.cases.is_empty()), (kept.len(), kept.is_empty()));
                (key.endpoint.0 as usize, group.count, kept)
            })
            .collect();
        let expected: Vec<_> = (0..).zip(expected).map(|(at, (count, kept))| (at, count, kept)).collect();
        assert_eq!(found, expected);
        assert!(tally.cases.len() <= 3 * CASES, "{}", tally.cases.len());
        assert_eq!(tally.counts().iter().sum::<u64>(), found.iter().map(|(_, count, _)| count).sum::<u64>());
    }
}
