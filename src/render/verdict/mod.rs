//! Verdicts: the findings of a capture summed up by rule and by the endpoint that they speak of, with the frames that prove them.

mod blame;
mod insight;
mod page;
mod part;
mod person;
mod sum;

use std::collections::HashMap;

use crate::capture::CaptureError;
use crate::coap::{Code, Finding, MessageType, Rule, Severity};
use crate::pipeline::Fetcher;
use crate::store::{Record, RecordFlags, Store};
use crate::tracking::{EndpointId, RecordId, Relation, ResourceId};

pub use blame::is_of_sender;
pub use page::{Device, Form, Item, Page, code};
pub use part::Part;
pub use person::{Charge, Person};
pub use sum::{Sum, SumKey};

/// Cases that are kept of a group; the others are counted.
pub const CASES: usize = 8;

/// What is said of a message where it serves as proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Its record.
    pub record: RecordId,
    /// Number of its frame.
    pub frame: u32,
    /// Who sent it.
    pub source: EndpointId,
    /// Whom it was sent to.
    pub destination: EndpointId,
    /// Message ID.
    pub message_id: u16,
    /// Type.
    pub message_type: MessageType,
    /// Code.
    pub code: Code,
    /// It has a header: type, code and Message ID are its own.
    pub has_header: bool,
    /// Its sender sent it once: this copy is the network's (`net.duplicate`) or the capture point's.
    pub is_copy: bool,
}

impl Exhibit {
    /// The message of a record.
    pub fn new(id: RecordId, record: &Record) -> Self {
        Self {
            record: id,
            frame: record.frame,
            source: record.source,
            destination: record.destination,
            message_id: record.message_id,
            message_type: record.message_type,
            code: record.code,
            has_header: !record.flags.has(RecordFlags::HEADERLESS),
            is_copy: record.relation() == Relation::CopyOf,
        }
    }
}

/// One finding with its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// The message that has the finding.
    pub message: Exhibit,
    /// The earlier message that it is held against, where there is one.
    pub other: Option<Exhibit>,
    /// Where its frame's record begins in its file, in bytes, where that was at hand.
    pub offset: Option<u64>,
    /// The finding; numbers that stood for records are those of their frames, or -1.
    pub finding: Finding,
}

impl Case {
    /// What is said of this case alone; may be empty.
    pub fn detail(&self) -> String {
        let known = |frame: u32| if frame == u32::MAX { "that has left memory".into() } else { frame.to_string() };
        self.finding.detail_with(&known)
    }
}

/// What findings have in common that are told as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The endpoint: who sent the message.
    pub endpoint: EndpointId,
    /// Which rule.
    pub rule: Rule,
    /// The severity here.
    pub severity: Severity,
    /// What the message was about; 0 where that is not known.
    pub resource: ResourceId,
    /// It stands on copies that its sender did not send.
    pub on_copies: bool,
}

impl Key {
    fn new(rule: Rule, severity: Severity, message: &Exhibit, resource: ResourceId) -> Self {
        Self { endpoint: message.source, rule, severity, resource, on_copies: message.is_copy }
    }

    /// Whether the endpoint did it.
    pub fn is_its_doing(&self) -> bool {
        !self.on_copies && is_of_sender(self.rule)
    }
}

/// Findings with one key.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub cases: Vec<Case>,
}

/// Findings summed up. Grows with the kinds of findings, not with their number.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    groups: HashMap<Key, Group>,
    /// Of all that were added: chat, note, warn, error.
    counts: [u64; 4],
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
        let group = self.groups.entry(key).or_default();
        group.count += 1;
        if group.cases.len() < CASES {
            let mut finding = *finding;
            let mut other = None;
            for (number, is_record) in finding.numbers.iter_mut().zip(finding.rule.row().records()) {
                if is_record {
                    let found = RecordId::try_from(*number).ok().and_then(exhibit);
                    *number = i64::from(found.map_or(u32::MAX, |found| found.frame));
                    other = other.or(found);
                }
            }
            // Most groups are small, and there may be very many.
            group.cases.reserve_exact(1);
            group.cases.push(Case { message, other, offset, finding });
        }
    }

    /// Take a finding of this rule and severity back that was added on a message about a resource.
    pub fn retract(&mut self, rule: Rule, severity: Severity, message: &Exhibit, resource: ResourceId) {
        let key = Key::new(rule, severity, message, resource);
        let Some(group) = self.groups.get_mut(&key) else { return };
        group.count -= 1;
        if let Some(at) = group.cases.iter().position(|case| case.message.record == message.record) {
            group.cases.remove(at);
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
    pub fn groups(&self) -> Vec<(Key, &Group)> {
        let mut groups: Vec<(Key, &Group)> = self.groups.iter().map(|(key, group)| (*key, group)).collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }

    /// Keep only the groups that `keep` says, and what was counted of them.
    pub fn retain(&mut self, keep: &dyn Fn(&Key) -> bool) {
        self.groups.retain(|key, _| keep(key));
        self.counts = [0; 4];
        for (key, group) in &self.groups {
            if let Some(count) = self.counts.get_mut(key.severity as usize) {
                *count += group.count;
            }
        }
    }
}

/// Visits the findings of these records at a severity or above it, each with its message and the resource that this is about.
fn each_finding(
    store: &Store,
    fetcher: &Fetcher,
    ids: impl Iterator<Item = RecordId>,
    least: Severity,
    visit: &mut dyn FnMut(&Finding, Exhibit, ResourceId),
) -> Result<(), CaptureError> {
    let mut fetcher = fetcher.clone();
    for id in ids {
        let is_odd = |record: &Record| record.severity() >= Some(least) || store.completes_body(id);
        let Some(record) = store.get(id).filter(is_odd) else { continue };
        let resource = store.resource_of(&record);
        let Some(view) = fetcher.view(store, id)? else { continue };
        let mut message = Exhibit::new(id, &record);
        let findings = view.findings();
        message.is_copy |= findings.iter().any(|finding| finding.rule == Rule::NetDuplicate);
        findings
            .iter()
            .filter(|finding| finding.severity >= least)
            .for_each(|finding| visit(finding, message, resource));
    }
    Ok(())
}
