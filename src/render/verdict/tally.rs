//! Findings summed up by what they have in common, with the first cases of each kind.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{CASES, Case, Exhibit, Key, each_finding};
use crate::capture::CaptureError;
use crate::coap::finding::RuleRow;
use crate::coap::{Finding, Rule, Severity};
use crate::pipeline::Fetcher;
use crate::store::{Chunked, Store};
use crate::tracking::{RecordId, ResourceId};

/// No place.
const NONE: u32 = u32::MAX;
/// So many cases of a group are kept beyond those that are told, to take the place of what is taken back; and so many of all groups.
const SPARE: u32 = 24;
const SPARE_OF_ALL: u32 = 1 << 16;

/// Findings with one key.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// How many.
    pub count: u64,
    /// The first of them, in the order of the messages.
    pub cases: Cases<'a>,
}

/// The cases that are told of a group.
#[derive(Clone, Copy, Debug)]
pub struct Cases<'a> {
    all: &'a Chunked<Kept>,
    first: u32,
    count: u32,
}

impl<'a> Cases<'a> {
    /// How many are told.
    pub fn len(self) -> usize {
        CASES.min(self.count as usize)
    }

    /// None is told.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The first.
    pub fn first(self) -> Option<&'a Case> {
        self.iter().next()
    }

    /// In the order of the messages.
    pub fn iter(self) -> impl Iterator<Item = &'a Case> {
        let at = move |place: u32| self.all.get(place as usize);
        std::iter::successors(at(self.first), move |kept| at(kept.next)).map(|kept| &kept.case).take(self.len())
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

/// Where a finding stands: by this cases are in order, be it found out early or late.
fn place_of(message: &Exhibit, finding: &Finding) -> (RecordId, u32) {
    (message.record, finding.span.bit)
}

/// The cases of all groups: most groups are small, and there may be very many.
#[derive(Clone, Debug)]
struct Shelf {
    cases: Chunked<Kept>,
    /// The first place that is free again, which tells of the next.
    free: u32,
    /// How many are kept beyond those that are told.
    spare: u32,
}

impl Shelf {
    /// Whether a group is full of cases in front of that of a finding on a message.
    fn is_full_before(&self, group: &Found, message: &Exhibit, finding: &Finding) -> bool {
        let is_before = |kept: &Kept| self.place(kept) <= place_of(message, finding);
        self.is_full(group) && self.cases.get(group.last as usize).is_some_and(is_before)
    }

    fn is_full(&self, group: &Found) -> bool {
        group.kept >= CASES as u32 + if self.spare < SPARE_OF_ALL { SPARE } else { 0 }
    }

    fn place(&self, kept: &Kept) -> (RecordId, u32) {
        place_of(&kept.case.message, &kept.case.finding)
    }

    /// Keeps a case in its place among those of its group, instead of the last where that is full.
    fn keep(&mut self, group: &mut Found, case: Case) {
        if self.is_full(group) {
            let last = group.last;
            self.drop(group, |place, _| place == last);
        }
        let at = place_of(&case.message, &case.finding);
        let is_before = |kept: &&Kept| self.place(kept) <= at;
        // Nearly all come in their order.
        let mut before = group.last;
        if self.cases.get(before as usize).filter(is_before).is_none() {
            before = NONE;
            let mut place = group.first;
            while let Some(kept) = self.cases.get(place as usize).filter(is_before) {
                (before, place) = (place, kept.next);
            }
        }
        let next = self.cases.get(before as usize).map_or(group.first, |before| before.next);
        let kept = Kept { case, next };
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
        match self.cases.get_mut(before as usize) {
            Some(before) => before.next = place,
            None => group.first = place,
        }
        if next == NONE {
            group.last = place;
        }
        group.kept += 1;
        self.spare += u32::from(group.kept > CASES as u32);
    }

    /// Drops the first case of a group that is the one, if it is there.
    fn drop(&mut self, group: &mut Found, is_it: impl Fn(u32, &Case) -> bool) {
        let (mut before, mut place) = (NONE, group.first);
        while let Some(kept) = self.cases.get(place as usize) {
            let next = kept.next;
            if !is_it(place, &kept.case) {
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
            self.spare -= u32::from(group.kept > CASES as u32);
            group.kept -= 1;
            if let Some(kept) = self.cases.get_mut(place as usize) {
                kept.next = std::mem::replace(&mut self.free, place);
            }
            return;
        }
    }
}

/// Findings summed up. Grows with the kinds of findings, not with their number.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By keys whose numbers come from a capture.
    groups: HashMap<Key, Found, RandomState>,
    shelf: Shelf,
    /// Of all that were added: chat, note, warn, error.
    counts: [u64; 4],
}

impl Default for Tally {
    fn default() -> Self {
        let shelf = Shelf { cases: Chunked::default(), free: NONE, spare: 0 };
        Self { groups: HashMap::default(), shelf, counts: [0; 4] }
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
        if self.shelf.is_full_before(group, &message, finding) {
            return;
        }
        let mut finding = *finding;
        let mut other = None;
        for (number, is_record) in finding.numbers.iter_mut().zip(finding.rule.row().records()) {
            if is_record {
                let found = exhibit(RuleRow::record_in(*number));
                *number = RuleRow::with_record(*number, found.map_or(u32::MAX, |found| found.frame));
                other = other.or(found);
            }
        }
        self.shelf.keep(group, Case { message, other, offset, finding });
    }

    /// Take a finding of this rule and severity back that was added on a message about a resource.
    pub fn retract(&mut self, rule: Rule, severity: Severity, message: &Exhibit, resource: ResourceId) {
        let key = Key::new(rule, severity, message, resource);
        let Some(group) = self.groups.get_mut(&key) else { return };
        group.count -= 1;
        self.shelf.drop(group, |_, case| case.message.record == message.record);
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
            let cases = Cases { all: &self.shelf.cases, first: found.first, count: found.kept };
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
        let (mut tally, mut expected) = (Tally::default(), [(); 3].map(|()| Vec::new()));
        // Each four are added in the order of their swapped numbers; from time to time one of the last is taken back, as the first, the last or
        // one between, or one that is not kept.
        for record in (0..200_u32).map(|record| record ^ 6) {
            tally.add(&finding, message(record), ResourceId(0), None, &|_| None);
            expected[record as usize % 3].push(record);
            let back = (record * 7 % 40).checked_sub(12).and_then(|by| record.checked_sub(by));
            if let Some(back) = back.filter(|back| expected[*back as usize % 3].contains(back)) {
                tally.retract(finding.rule, finding.severity, &message(back), ResourceId(0));
                expected[back as usize % 3].retain(|record| *record != back);
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
        let expected: Vec<_> = (0..)
            .zip(&mut expected)
            .map(|(at, records)| {
                records.sort_unstable();
                (at, records.len() as u64, records.iter().copied().take(CASES).collect())
            })
            .collect();
        assert_eq!(found, expected);
        assert!(tally.shelf.cases.len() <= 3 * (CASES + SPARE as usize), "{}", tally.shelf.cases.len());
        let kept: u32 = tally.groups.values().map(|group| group.kept - CASES as u32).sum();
        assert_eq!(tally.shelf.spare, kept);
        assert_eq!(tally.counts().iter().sum::<u64>(), found.iter().map(|(_, count, _)| count).sum::<u64>());
    }
}
