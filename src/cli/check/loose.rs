//! Findings on messages that belong to no exchange: an answer that was captured just before what it answers belongs to one after all.

use std::collections::VecDeque;

use crate::coap::{Finding, Rule, Severity};
use crate::tracking::RecordId;

/// So many are kept: what an early answer answers follows at once.
const KEPT: usize = 1024;

/// The newest findings on messages without an exchange, and the newest frames that are such a message once more.
#[derive(Default)]
pub(super) struct Loose {
    findings: VecDeque<(RecordId, Finding)>,
    /// The frame, and what it is a copy of.
    copies: VecDeque<(RecordId, RecordId)>,
}

impl Loose {
    /// A finding stands on such a message.
    pub fn note(&mut self, id: RecordId, finding: &Finding) {
        push(&mut self.findings, (id, *finding));
    }

    /// A frame is such a message, which the capture point saw twice.
    pub fn note_copy(&mut self, id: RecordId, first: RecordId) {
        push(&mut self.copies, (id, first));
    }

    /// A finding stands there no more.
    pub fn withdraw(&mut self, id: RecordId, rule: Rule, severity: Severity) {
        let same = |(on, one): &(RecordId, Finding)| *on == id && one.rule == rule && one.severity == severity;
        if let Some(at) = self.findings.iter().position(same) {
            self.findings.remove(at);
        }
    }

    /// A message and its frames.
    pub fn frames_of(&self, id: RecordId) -> Vec<RecordId> {
        let copies = self.copies.iter().filter(|(_, first)| *first == id).map(|(copy, _)| *copy);
        [id].into_iter().chain(copies).collect()
    }

    /// Takes the findings on a message, which has an exchange now.
    pub fn take(&mut self, id: RecordId) -> Vec<Finding> {
        let own = self.findings.iter().filter(|(on, _)| *on == id).map(|(_, finding)| *finding).collect();
        self.findings.retain(|(on, _)| *on != id);
        own
    }
}

fn push<T>(list: &mut VecDeque<T>, new: T) {
    if list.len() >= KEPT {
        list.pop_front();
    }
    list.push_back(new);
}
