//! A record with its bytes read and decoded again: what fields, text and screen are made from.

use super::{Body, Record, RecordKind, Store};
use crate::coap::{Copies, Finding, Message, Rule};
use crate::frame::{Endpoint, Frame, Whole};
use crate::payload::{self, About, Description, Directory};
use crate::tracking::{ExchangeRow, NO_RECORD, RecordId, Relation};

/// One record, looked at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Its id.
    pub id: RecordId,
    /// The record.
    pub record: Record,
    /// The store that it stands in, for its relations.
    pub store: &'a Store,
    /// Its frame; of a message in IP fragments, the last one.
    pub frame: Frame<'a>,
    /// The message; of evidence, what is quoted of the message it speaks of.
    pub message: Message<'a>,
    /// Findings of the message's bytes and of its frame; the tracker's are in the store.
    pub own_findings: &'a [Finding],
    /// The IP packet that was put together from fragments; none where the message came in one piece.
    pub reassembled: Option<&'a Whole>,
    /// Comments that the capture has on the frame, as they stand there: escape before printing.
    pub comments: &'a [String],
    /// Name of the file that the frame is in, where several files are read.
    pub file: Option<&'a str>,
    /// Offset of the message in the frame in bytes; `None` where it was put together from several.
    pub coap_offset: Option<usize>,
    /// What servers said of their resources, in the records gone through so far.
    pub directory: &'a Directory,
    /// The body that its block completed.
    pub body: Option<&'a Body>,
}

impl<'a> View<'a> {
    /// It is a CoAP message, not evidence of one.
    pub fn is_message(&self) -> bool {
        self.record.kind() == RecordKind::Message
    }

    /// Who sent it.
    pub fn source(&self) -> Option<&'a Endpoint> {
        self.store.endpoint(self.record.source)
    }

    /// Whom it was sent to.
    pub fn destination(&self) -> Option<&'a Endpoint> {
        self.store.endpoint(self.record.destination)
    }

    /// Its exchange.
    pub fn exchange(&self) -> Option<ExchangeRow> {
        self.store.exchange(self.record.exchange)
    }

    /// All findings: of the message's bytes, of its payload, of the frame, of the tracker; worst first, then by place.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.own_findings.to_vec();
        findings.extend(self.payload_findings());
        findings.extend(self.store.findings(self.id));
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.span.bit, finding.rule));
        findings
    }

    /// Findings of its payload, and of the body that it completed.
    pub fn payload_findings(&self) -> Vec<Finding> {
        if !self.is_message() {
            return Vec::new();
        }
        let mut findings = payload::findings(&self.message);
        // A body of one block is the payload itself, which has been judged.
        let is_part = payload::part(&self.message) != payload::Part::Whole;
        if let Some(body) = self.body.filter(|body| is_part && body.missing.is_empty()) {
            findings.extend(payload::findings_of_body(&self.message, &body.bytes, body.format));
        }
        findings
    }

    /// Path of the resource that the message is about, without query; `None` where that is not known.
    pub fn path(&self) -> Option<&'a str> {
        let resource = self.store.resource(self.exchange()?.resource)?;
        Some(resource.split('?').next().unwrap_or(resource))
    }

    /// What is known of its payload beside the message.
    pub fn about(&self) -> About<'a> {
        let ports = [self.source(), self.destination()].map(|end| end.map_or(0, |end| end.port));
        let is_thread = ports.contains(&crate::coap::parameters::PORT_COMPRESSED_LAST);
        About { path: self.lwm2m_path().or_else(|| self.path()).unwrap_or_default(), is_thread }
    }

    /// Who has the resource that the message is about.
    fn server(&self) -> u32 {
        if self.record.code.is_request() { self.record.destination.0 } else { self.record.source.0 }
    }

    /// What the server had said, until this message, of the resource that the message is about.
    pub fn description(&self) -> Option<&'a Description> {
        let resource = self.store.resource(self.exchange()?.resource)?;
        self.directory.find(self.server(), resource, self.id)
    }

    /// The path in LwM2M, where the server had registered as a LwM2M client, and the resource is one of its objects.
    pub fn lwm2m_path(&self) -> Option<&'a str> {
        self.directory.lwm2m_path(self.server(), self.path()?, self.id)
    }

    /// Frame number of another record, for printing a relation.
    pub fn frame_of(&self, id: RecordId) -> Option<u32> {
        self.store.get(id).map(|record| record.frame)
    }

    /// Of a retransmission: which copy it is, of those captured and by the clock.
    pub fn copies(&self) -> Option<Copies> {
        let mut findings = self.store.findings(self.id).filter(|finding| finding.rule == Rule::MidRetransmission);
        findings.next().map(|finding| Copies::of(finding.numbers[0]))
    }

    /// First captured copy of a Confirmable message that this one retransmits.
    pub fn retransmission_of(&self) -> Option<RecordId> {
        self.record.related(Relation::Retransmits)
    }

    /// First captured copy that this one duplicates.
    pub fn duplicate_of(&self) -> Option<RecordId> {
        self.record.related(Relation::Duplicates)
    }

    /// The frame that the capture point saw twice.
    pub fn copy_of(&self) -> Option<RecordId> {
        self.record.related(Relation::CopyOf)
    }

    /// Of evidence: the first captured copy of the message that it speaks of. Which copy that is, `relates_to` says.
    pub fn about_message(&self) -> Option<RecordId> {
        let quoted = Some(self.record.relates_to).filter(|quoted| !self.is_message() && *quoted != NO_RECORD)?;
        self.store.first_copy(quoted)
    }

    /// See [`Store::is_ambiguous`].
    pub fn is_ambiguous(&self) -> bool {
        self.store.is_ambiguous(self.id)
    }

    /// Nanoseconds since the first captured copy of the same message; `None` for a first copy, and where time went backwards or
    /// jumped.
    pub fn elapsed_since_first(&self) -> Option<i64> {
        self.store.elapsed(self.record.is_repeat().then_some(self.record.relates_to)?, self.id)
    }

    /// Nanoseconds from the first captured copy of the message that this one answers; `None` where it answers none, and where nobody can tell:
    /// where time went backwards or jumped, and where it is not sure that this is the answer.
    pub fn response_time(&self) -> Option<i64> {
        self.store.answered_after(self.store.answers(self.id)?, self.id)
    }
}
