//! Reading a capture for its findings alone: a message is looked at again only where the loader said that something is odd about it.

use std::collections::HashSet;

use super::loose::Loose;
use crate::capture::CaptureError;
use crate::cli::bodies::{Bodies, LOOKED_AT, alone};
use crate::coap::{Finding, MessageType, Rule, Severity};
use crate::frame::Endpoint;
use crate::pipeline::Fetcher;
use crate::render::verdict::{Exhibit, Part, Tally};
use crate::store::{Chunked, Record, RecordFlags, Store, Update};
use crate::tracking::{EndpointId, ExchangeId, Patch, RecordId, Relation, ResourceId};

/// Messages of which a few words are kept, so that what becomes known of them later can be told.
const REMEMBERED: usize = 4 << 20;

/// Messages of one of which it is kept where its frame lies, and of the others how far from there: a power of two.
const NEAR: usize = 4096;
/// That is too far.
const FAR: i32 = i32::MIN;

/// What is kept of a message.
#[derive(Clone, Copy)]
struct Brief {
    frame: u32,
    source: EndpointId,
    destination: EndpointId,
    exchange: ExchangeId,
    message_id: u16,
    code: crate::coap::Code,
    /// Type in the two low bits, [`RecordFlags::HEADERLESS`], and [`Brief::COPY`].
    kind: u8,
    /// Its frame's record begins so many bytes behind that of the first of [`NEAR`] messages, or [`FAR`].
    behind: i32,
}

impl Brief {
    /// A copy that the sender of the message did not send.
    const COPY: u8 = 4;

    /// `near`: where the frame's record of the first of [`NEAR`] messages begins.
    fn new(record: &Record, near: u64) -> Self {
        let behind = i32::try_from(record.offset.wrapping_sub(near) as i64).unwrap_or(FAR);
        let copy = if record.relation() == Relation::CopyOf { Self::COPY } else { 0 };
        Self {
            frame: record.frame,
            source: record.source,
            destination: record.destination,
            exchange: record.exchange,
            message_id: record.message_id,
            code: record.code,
            kind: record.message_type as u8 | record.flags.0 & RecordFlags::HEADERLESS | copy,
            behind,
        }
    }

    fn exhibit(&self, record: RecordId) -> Exhibit {
        Exhibit {
            record,
            frame: self.frame,
            source: self.source,
            destination: self.destination,
            message_id: self.message_id,
            message_type: MessageType::from_bits(self.kind),
            code: self.code,
            has_header: self.kind & RecordFlags::HEADERLESS == 0,
            is_copy: self.kind & Self::COPY != 0,
        }
    }
}

/// Findings, as far as the capture is read.
pub(super) struct Scan {
    pub tally: Tally,
    pub endpoints: Vec<Endpoint>,
    pub resources: Vec<Box<str>>,
    /// Findings that were left out because the user named their rules.
    pub ignored: u64,
    /// What each endpoint did.
    pub parts: Vec<Part>,
    least: Severity,
    ignore: HashSet<Rule>,
    /// What was asked for, by the number of the exchange; 0 is none.
    asked: Vec<ResourceId>,
    /// By record.
    briefs: Chunked<Brief>,
    /// Where the frame's record of each [`NEAR`]th message begins in its file, in bytes.
    offsets: Vec<u64>,
    /// The first record that is remembered.
    first: RecordId,
    /// Messages that are looked at again.
    store: Store,
    fetcher: Fetcher,
    bodies: Bodies,
    loose: Loose,
}

impl Scan {
    /// Looks for findings at a severity or above it, but not of the rules to ignore.
    pub fn new(fetcher: Fetcher, least: Severity, ignore: HashSet<Rule>) -> Self {
        Self {
            tally: Tally::default(),
            endpoints: Vec::new(),
            resources: Vec::new(),
            ignored: 0,
            parts: Vec::new(),
            least,
            ignore,
            asked: Vec::new(),
            briefs: Chunked::default(),
            offsets: Vec::new(),
            first: 0,
            store: Store::with_limit(LOOKED_AT),
            fetcher,
            bodies: Bodies::default(),
            loose: Loose::default(),
        }
    }

    /// Take an update in. Its records and patches stay.
    ///
    /// # Errors
    /// Where the capture can no longer be read.
    pub fn take(&mut self, update: &mut Update) -> Result<(), CaptureError> {
        self.endpoints.extend(&update.endpoints);
        self.resources.append(&mut update.resources);
        self.parts.resize(self.endpoints.len(), Part::default());
        let first = self.briefs.len() as RecordId;
        self.keep(update, first);
        let bodies = self.bodies.take(update, first, &mut self.fetcher)?;
        let mut findings = Vec::new();
        for patch in &update.patches {
            match patch {
                Patch::Exchange(id, row) if id.0 as usize >= self.asked.len() => {
                    self.asked.resize(id.0 as usize, ResourceId::default());
                    self.asked.push(row.resource);
                    Part::count(&mut self.parts, row.client, row.server);
                }
                Patch::Finding(record, finding) => {
                    if finding.rule == Rule::NetDuplicate
                        && *record >= self.first
                        && let Some(brief) = self.briefs.get_mut(*record as usize)
                    {
                        brief.kind |= Brief::COPY;
                    }
                    findings.push((*record, *finding));
                }
                Patch::Graver { record, finding, was } => {
                    self.withdraw(*record, finding.rule, *was, &mut findings);
                    findings.push((*record, *finding));
                }
                Patch::Withdrawn { record, rule, was } => {
                    self.withdraw(*record, *rule, *was, &mut findings);
                }
                Patch::Related { record, tracked } => self.relate(*record, tracked.exchange),
                _ => {}
            }
        }
        for (id, finding) in findings {
            self.add(id, &finding);
        }
        self.look_again(update, first)?;
        for body in bodies {
            for finding in &body.findings {
                self.add(body.completed_by, finding);
            }
        }
        self.forget();
        Ok(())
    }

    /// Keeps what is needed of the messages. A frame that the capture point saw twice is about what the first one is.
    fn keep(&mut self, update: &Update, first: RecordId) {
        let Self { briefs, offsets, .. } = self;
        briefs.append(update.records.iter().zip(first as usize..).map(|(record, at)| {
            if at % NEAR == 0 {
                offsets.push(record.offset);
            }
            Brief::new(record, offsets.last().copied().unwrap_or_default())
        }));
        for (record, id) in update.records.iter().zip(first..) {
            if record.relation() == Relation::CopyOf
                && let Some(exchange) = self.brief(record.relates_to).map(|first| first.exchange)
                && let Some(brief) = self.briefs.get_mut(id as usize)
            {
                brief.exchange = exchange;
                if exchange == ExchangeId(0) {
                    self.loose.note_copy(id, record.relates_to);
                }
            }
        }
    }

    /// A message belongs to an exchange, which was not known when it came: so do the findings on it, and its frame that was captured twice.
    fn relate(&mut self, record: RecordId, exchange: ExchangeId) {
        for id in self.loose.frames_of(record) {
            let findings = self.loose.take(id);
            findings.iter().for_each(|finding| self.retract(id, finding.rule, finding.severity));
            if let Some(brief) = self.briefs.get_mut(id as usize) {
                brief.exchange = exchange;
            }
            findings.iter().for_each(|finding| self.add(id, finding));
        }
    }

    /// What is remembered of a message.
    fn brief(&self, id: RecordId) -> Option<&Brief> {
        self.briefs.get(id as usize).filter(|_| id >= self.first)
    }

    /// Where the frame's record of a message begins. It must not depend on which messages came together: that is another in each run.
    fn offset(&self, id: RecordId) -> Option<u64> {
        let behind = self.brief(id)?.behind;
        let near = self.offsets.get(id as usize / NEAR)?;
        (behind != FAR).then(|| near.wrapping_add_signed(behind.into()))
    }

    /// Findings of the bytes, of frames and of payloads.
    fn look_again(&mut self, update: &mut Update, first: RecordId) -> Result<(), CaptureError> {
        let mut chosen = Update { interfaces: std::mem::take(&mut update.interfaces), ..Update::default() };
        let mut ids = Vec::new();
        for (record, id) in update.records.iter().zip(first..) {
            if record.severity() >= Some(self.least) {
                chosen.records.push(alone(record));
                ids.push(id);
            }
        }
        if ids.is_empty() && chosen.interfaces.is_empty() {
            return Ok(());
        }
        let start = self.store.len() as RecordId;
        for (id, positions) in update.extents.drain(..) {
            if let Ok(at) = ids.binary_search(&id) {
                chosen.extents.push((start + at as RecordId, positions));
            }
        }
        self.store.apply(chosen);
        for (place, id) in (start..).zip(ids) {
            let Some(view) = self.fetcher.view(&self.store, place)? else { continue };
            for finding in view.findings() {
                self.add(id, &finding);
            }
        }
        Ok(())
    }

    fn add(&mut self, id: RecordId, finding: &Finding) {
        if finding.severity < self.least {
            return;
        }
        if self.ignore.contains(&finding.rule) {
            self.ignored += 1;
            return;
        }
        let Some((message, resource)) = self.about(id) else { return };
        if self.brief(id).is_some_and(|brief| brief.exchange == ExchangeId(0)) {
            self.loose.note(id, finding);
        }
        let (briefs, first, offset) = (&self.briefs, self.first, self.offset(id));
        let exhibit = |id: RecordId| Some(briefs.get(id as usize).filter(|_| id >= first)?.exhibit(id));
        self.tally.add(finding, message, resource, offset, &exhibit);
    }

    /// A message that is remembered, and what it is about.
    fn about(&self, id: RecordId) -> Option<(Exhibit, ResourceId)> {
        let brief = self.brief(id)?;
        let resource = self.asked.get(brief.exchange.0 as usize).copied().unwrap_or_default();
        Some((brief.exhibit(id), resource))
    }

    /// A finding does not stand there any more. It may be one of this very update, which have not been added yet.
    fn withdraw(&mut self, id: RecordId, rule: Rule, severity: Severity, findings: &mut Vec<(RecordId, Finding)>) {
        let same = |(on, one): &(RecordId, Finding)| *on == id && one.rule == rule && one.severity == severity;
        match findings.iter().position(same) {
            Some(at) => drop(findings.remove(at)),
            None => self.retract(id, rule, severity),
        }
    }

    /// A finding that was added stands there no more.
    fn retract(&mut self, id: RecordId, rule: Rule, severity: Severity) {
        if severity < self.least {
            return;
        }
        if self.ignore.contains(&rule) {
            self.ignored -= 1;
        } else if let Some((message, resource)) = self.about(id) {
            self.loose.withdraw(id, rule, severity);
            self.tally.retract(rule, severity, &message, resource);
        }
    }

    /// Let the oldest messages go.
    fn forget(&mut self) {
        self.first = self.first.max(self.briefs.len().saturating_sub(REMEMBERED) as RecordId);
        self.briefs.drop_before(self.first as usize);
    }
}
