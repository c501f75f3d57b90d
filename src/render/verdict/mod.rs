//! Verdicts: the findings of a capture summed up by rule and by the endpoint that they speak of, with the frames that prove them.

mod blame;
mod insight;
mod page;
mod part;
mod person;
mod sum;
mod tally;

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
pub use tally::{Cases, Group, Tally};

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

/// What is said of cases of a rule, each sentence once and with the places where it is written: of no case what is true of another alone.
pub fn said<'a>(rule: Rule, cases: impl Iterator<Item = &'a Case>) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut said: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    let row = rule.row();
    let of_cases = cases.map(|case| (case.finding.teaching(), case.finding.reference()));
    let mut of_cases = of_cases.peekable();
    let of_rule = of_cases.peek().is_none().then_some((row.teaching, row.reference));
    for (teaching, reference) in of_cases.chain(of_rule) {
        match said.iter_mut().find(|(known, _)| *known == teaching) {
            Some((_, references)) if references.contains(&reference) => {}
            Some((_, references)) => references.push(reference),
            None => said.push((teaching, vec![reference])),
        }
    }
    said
}

/// The same as a text, places in brackets.
pub fn sentences<'a>(rule: Rule, cases: impl Iterator<Item = &'a Case>) -> String {
    let sentence = |(teaching, references): (&str, Vec<&str>)| match &*references.join("; ") {
        // Written nowhere.
        "-" => teaching.to_owned(),
        references => format!("{teaching} ({references})"),
    };
    said(rule, cases).into_iter().map(sentence).collect::<Vec<_>>().join(" ")
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
        !self.on_copies && is_of_sender(self.rule, self.severity)
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
