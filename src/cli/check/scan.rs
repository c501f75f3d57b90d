//! Reading a capture for its findings alone: a message is looked at again only where the loader said that something is odd about it.

use std::collections::{HashSet, VecDeque};

use crate::capture::CaptureError;
use crate::cli::bodies::{Bodies, LOOKED_AT, alone};
use crate::coap::{Finding, MessageType, Rule, Severity};
use crate::frame::Endpoint;
use crate::pipeline::Fetcher;
use crate::render::verdict::{Exhibit, Part, Tally};
use crate::store::{Record, RecordFlags, Store, Update};
use crate::tracking::{EndpointId, ExchangeId, Patch, RecordId, Relation, ResourceId};

/// Messages of which a few words are kept, so that what becomes known of them later can be told.
const REMEMBERED: usize = 4 << 20;

/// What is kept of a message.
struct Brief {
    frame: u32,
    source: EndpointId,
    destination: EndpointId,
    exchange: ExchangeId,
    message_id: u16,
    code: crate::coap::Code,
    /// Type in the two low bits, and [`RecordFlags::HEADERLESS`].
    kind: u8,
    is_copy: bool,
}

impl Brief {
    fn new(record: &Record) -> Self {
        Self {
            frame: record.frame,
            source: record.source,
            destination: record.destination,
            exchange: record.exchange,
            message_id: record.message_id,
            code: record.code,
            kind: record.message_type as u8 | record.flags.0 & RecordFlags::HEADERLESS,
            is_copy: record.relation() == Relation::CopyOf,
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
            is_copy: self.is_copy,
        }
    }
}

/// Who asked whom for what, of each exchange.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    client: EndpointId,
    server: EndpointId,
    resource: ResourceId,
}

/// Findings, as far as the capture is read.
pub(super) struct Scan {
    pub tally: Tally,
    pub endpoints: Vec<Endpoint>,
    pub resources: Vec<Box<str>>,
    /// Findings that were left out because the user named their rules.
    pub ignored: u64,
    least: Severity,
    ignore: HashSet<Rule>,
    /// By number; 0 is none.
    exchanges: Vec<Asked>,
    briefs: VecDeque<Brief>,
    /// Id of the first of them.
    first: RecordId,
    /// Messages that are looked at again.
    store: Store,
    fetcher: Fetcher,
    bodies: Bodies,
}

impl Scan {
    /// Looks for findings at a severity or above it, but not of the rules to ignore.
    pub fn new(fetcher: Fetcher, least: Severity, ignore: HashSet<Rule>) -> Self {
        Self {
            tally: Tally::default(),
            endpoints: Vec::new(),
            resources: Vec::new(),
            ignored: 0,
            least,
            ignore,
            exchanges: Vec::new(),
            briefs: VecDeque::new(),
            first: 0,
            store: Store::with_limit(LOOKED_AT),
            fetcher,
            bodies: Bodies::default(),
        }
    }

    /// What each endpoint did.
    pub fn parts(&self) -> Vec<Part> {
        Part::of_all(self.endpoints.len(), self.exchanges.iter().skip(1).map(|asked| (asked.client, asked.server)))
    }

    /// Take an update in. Its records and patches stay.
    ///
    /// # Errors
    /// Where the capture can no longer be read.
    pub fn take(&mut self, update: &mut Update) -> Result<(), CaptureError> {
        self.endpoints.extend(&update.endpoints);
        self.resources.append(&mut update.resources);
        let first = self.first + self.briefs.len() as RecordId;
        update.records.iter().for_each(|record| self.keep(record));
        let bodies = self.bodies.take(update, first, &mut self.fetcher)?;
        let mut findings = Vec::new();
        for patch in &update.patches {
            match patch {
                Patch::Exchange(id, row) if id.0 as usize >= self.exchanges.len() => {
                    self.exchanges.resize(id.0 as usize, Asked::default());
                    let (client, server) = (row.client, row.server);
                    self.exchanges.push(Asked { client, server, resource: row.resource });
                }
                Patch::Finding(record, finding) => {
                    let at = record.checked_sub(self.first).map(|at| at as usize);
                    let brief = at.and_then(|at| self.briefs.get_mut(at));
                    if let (Rule::NetDuplicate, Some(brief)) = (finding.rule, brief) {
                        brief.is_copy = true;
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
                _ => {}
            }
        }
        for (id, finding) in findings {
            let offset = id.checked_sub(first).and_then(|at| update.records.get(at as usize)).map(|one| one.offset);
            self.add(id, &finding, offset);
        }
        self.look_again(update, first)?;
        for body in bodies {
            for finding in &body.findings {
                self.add(body.completed_by, finding, body.offset);
            }
        }
        self.forget();
        Ok(())
    }

    /// Keeps what is needed of a message. A frame that the capture point saw twice is about what the first one is.
    fn keep(&mut self, record: &Record) {
        let mut brief = Brief::new(record);
        if brief.is_copy
            && let Some(first) = record.relates_to.checked_sub(self.first).and_then(|at| self.briefs.get(at as usize))
        {
            brief.exchange = first.exchange;
        }
        self.briefs.push_back(brief);
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
            let offset = Some(view.record.offset);
            for finding in view.findings() {
                self.add(id, &finding, offset);
            }
        }
        Ok(())
    }

    fn add(&mut self, id: RecordId, finding: &Finding, offset: Option<u64>) {
        if finding.severity < self.least {
            return;
        }
        if self.ignore.contains(&finding.rule) {
            self.ignored += 1;
            return;
        }
        let Some((message, resource)) = self.about(id) else { return };
        let (briefs, first) = (&self.briefs, self.first);
        let exhibit = |id: RecordId| Some(briefs.get(id.checked_sub(first)? as usize)?.exhibit(id));
        self.tally.add(finding, message, resource, offset, &exhibit);
    }

    /// A message that is remembered, and what it is about.
    fn about(&self, id: RecordId) -> Option<(Exhibit, ResourceId)> {
        let brief = self.briefs.get(id.checked_sub(self.first)? as usize)?;
        let resource = self.exchanges.get(brief.exchange.0 as usize).map_or(ResourceId(0), |asked| asked.resource);
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
            self.tally.retract(rule, severity, &message, resource);
        }
    }

    /// Let the oldest messages go.
    fn forget(&mut self) {
        let over = self.briefs.len().saturating_sub(REMEMBERED);
        self.briefs.drain(..over);
        self.first += over as RecordId;
    }
}
