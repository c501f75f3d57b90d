//! The store: the receiver's side of the loader. One owner; updates are applied whole.

use std::collections::BTreeMap;

use super::rows::Rows;
use super::seen::Seen;
use super::sparse::Sparse;
use super::turns::Turns;
use super::{Chunked, Ended, Record, Summary};
use crate::capture::Interface;
use crate::coap::{Finding, Rule, Severity, Span};
use crate::frame::{Endpoint, Position};
use crate::tracking::{
    BodyId, BodyPart, BodyRow, EndpointId, ExchangeId, ExchangeRow, NO_RECORD, ObservationId, ObservationRow, Patch,
    RecordId, Relation, ResourceId,
};

/// What the loader sends. Ids in it are those of the loader's tables; new rows of a table come in order.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// New records; the first one's id is the store's length.
    pub records: Vec<Record>,
    /// What became known of earlier ones, in the order it became known.
    pub patches: Vec<Patch>,
    /// Where marks are asked for: of each new record, how many of the patches were there when it had been read.
    pub marks: Vec<u32>,
    /// Observations of records that belong to no exchange.
    pub observed: Vec<(RecordId, ObservationId)>,
    /// Positions of all frames of messages that arrived in fragments.
    pub extents: Vec<(RecordId, Box<[Position]>)>,
    /// Numbers of frames in their own files, where several files are read.
    pub numbers: Vec<(RecordId, u32)>,
    /// New endpoints.
    pub endpoints: Vec<Endpoint>,
    /// New resources.
    pub resources: Vec<Box<str>>,
    /// New interfaces.
    pub interfaces: Vec<Interface>,
    /// Warnings of the source, each one line.
    pub warnings: Vec<String>,
    /// Counts up to here.
    pub summary: Summary,
    /// The source has ended.
    pub ended: Option<Ended>,
}

impl Update {
    /// Empty it and keep its memory; the summary stays until it is replaced.
    pub fn clear(&mut self) {
        self.records.clear();
        self.patches.clear();
        self.marks.clear();
        self.observed.clear();
        self.extents.clear();
        self.numbers.clear();
        self.endpoints.clear();
        self.resources.clear();
        self.interfaces.clear();
        self.warnings.clear();
        self.ended = None;
    }

    /// Nothing in it changes what a reader sees, but perhaps counts.
    pub fn is_quiet(&self) -> bool {
        self.records.is_empty()
            && self.patches.is_empty()
            && self.interfaces.is_empty()
            && self.warnings.is_empty()
            && self.ended.is_none()
    }
}

/// A finding as it is kept: there may be very many, so there is no gap before its numbers.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(4))]
struct Noted {
    rule: Rule,
    severity: Severity,
    span: Span,
    numbers: [i64; 2],
}

const _: () = assert!(size_of::<Noted>() == 28);

impl From<Finding> for Noted {
    fn from(Finding { rule, severity, span, numbers }: Finding) -> Self {
        Self { rule, severity, span, numbers }
    }
}

impl From<Noted> for Finding {
    fn from(Noted { rule, severity, span, numbers }: Noted) -> Self {
        Self { rule, severity, span, numbers }
    }
}

/// In the place of a distance: the answer is not one of the next 65,534 records.
const FAR: u16 = u16::MAX;

/// Records, tables and counts, as far as the loader has sent them.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub(super) records: Rows<Record, 14>,
    /// How far behind each record its first answer stands; 0 for none, [`FAR`] where that is in `far_answers`.
    answered_by: Chunked<u16>,
    far_answers: Sparse<RecordId>,
    exchanges: Rows<Option<ExchangeRow>, 14>,
    observations: Chunked<Option<ObservationRow>>,
    bodies: Chunked<Option<BodyRow>>,
    parts: Sparse<BodyPart>,
    findings: Sparse<Noted>,
    observed: Sparse<ObservationId>,
    /// The first record of each observation in `observed`.
    first_observed: BTreeMap<ObservationId, RecordId>,
    extents: BTreeMap<RecordId, Box<[Position]>>,
    numbers: Chunked<u32>,
    pub(super) turns: Turns,
    endpoints: Chunked<Endpoint>,
    resources: Chunked<Box<str>>,
    interfaces: Vec<Interface>,
    warnings: Vec<String>,
    summary: Summary,
    ended: Option<Ended>,
    /// Bytes of records that may stay; 0 for no limit.
    limit: usize,
}

impl Store {
    /// A store that lets its oldest records go at `limit` bytes (0: never).
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Take an update in.
    pub fn apply(&mut self, mut update: Update) {
        self.apply_from(&mut update);
    }

    /// Take an update in, of which the memory stays, so that it can be used again.
    pub fn apply_from(&mut self, update: &mut Update) {
        self.add_rows(update);
        self.push(&update.records);
        self.patch_all(&update.patches);
        self.let_go();
    }

    /// Take an update with marks in, record by record: `see` is called with each when it and what became known with it are in the store, and
    /// nothing later; at the end once without a record, with what became known of earlier ones after the last.
    ///
    /// # Errors
    /// The first error of `see`, which ends it.
    pub fn apply_each<E>(
        &mut self,
        update: &mut Update,
        mut see: impl FnMut(&Self, Option<RecordId>, &[Patch]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.add_rows(update);
        let mut rest = update.patches.as_slice();
        let mut taken = 0;
        let all = rest.len() as u32;
        for (record, mark) in update.records.drain(..).zip(update.marks.iter().copied().chain(std::iter::repeat(all))) {
            // One by one: a later record whose exchange is not there yet would be passed over by whoever learns from records.
            let id = self.len() as RecordId;
            self.push(std::slice::from_ref(&record));
            let (own, behind) = rest.split_at_checked(mark as usize - taken).unwrap_or((rest, &[]));
            self.patch_all(own);
            (rest, taken) = (behind, mark as usize);
            see(self, Some(id), own)?;
        }
        self.patch_all(rest);
        self.let_go();
        see(self, None, rest)
    }

    /// Take an update with marks in, and look only at some records: `see` is called with each that is `wanted` as it came, before it and what
    /// became known with it are in the store, and then, before anything later is.
    ///
    /// # Errors
    /// The first error of `see`, which ends it.
    pub fn apply_wanted<E>(
        &mut self,
        update: &mut Update,
        wanted: impl Fn(&Record) -> bool,
        mut see: impl FnMut(&Self, Seen<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.add_rows(update);
        let (mut records, mut patches) = (update.records.as_slice(), update.patches.as_slice());
        let mut marks = update.marks.as_slice();
        let mut patched = 0;
        while let Some(at) = records.iter().position(&wanted) {
            let (new, rest) = records.split_at_checked(at + 1).unwrap_or((records, &[]));
            let (mark, later) = marks.split_at_checked(at + 1).unwrap_or((marks, &[]));
            let mark = mark.last().map_or(usize::MAX, |mark| *mark as usize);
            let (known, unknown) = patches.split_at_checked(mark - patched).unwrap_or((patches, &[]));
            new.last().map_or(Ok(()), |next| see(self, Seen::Next(next)))?;
            self.push(new);
            self.patch_all(known);
            (records, marks, patches, patched) = (rest, later, unknown, mark);
            see(self, Seen::Came(self.len() as RecordId - 1))?;
        }
        self.push(records);
        self.patch_all(patches);
        self.let_go();
        Ok(())
    }

    fn push(&mut self, records: &[Record]) {
        if self.summary.unsure_times {
            let first = self.len() as RecordId;
            let before = first.checked_sub(1).and_then(|id| self.get(id)).map(|record| record.time);
            self.turns.note(first, before, records);
        }
        if let [record] = records {
            self.answered_by.push(0);
            self.records.push(*record);
        } else {
            self.answered_by.append(std::iter::repeat_n(0, records.len()));
            self.records.append_all(records);
        }
        self.note_copies(records);
    }

    fn patch_all(&mut self, patches: &[Patch]) {
        patches.iter().for_each(|patch| self.patch(patch));
    }

    /// All of an update but its records and patches.
    fn add_rows(&mut self, update: &mut Update) {
        self.interfaces.append(&mut update.interfaces);
        self.endpoints.append(update.endpoints.drain(..));
        self.resources.append(update.resources.drain(..));
        for (record, observation) in update.observed.drain(..) {
            self.first_observed.entry(observation).or_insert(record);
            self.observed.set(record, observation);
        }
        self.extents.extend(update.extents.drain(..));
        update.numbers.drain(..).for_each(|(id, number)| self.numbers.put(id as usize, number, &0));
        self.warnings.append(&mut update.warnings);
        self.summary.clone_from(&update.summary);
        self.ended = update.ended.take().or(self.ended.take());
    }

    fn patch(&mut self, patch: &Patch) {
        match *patch {
            Patch::Exchange(id, row) => self.exchanges.put(id.0 as usize, Some(row), None),
            Patch::Observation(id, row) => self.observations.put(id.0 as usize, Some(row), &None),
            Patch::Body(id, row) => self.bodies.put(id.0 as usize, Some(row), &None),
            Patch::Part(record, part) => self.parts.set(record, part),
            Patch::Answered(id, row) => {
                self.answer(row.request, row.last);
                self.exchanges.put(id.0 as usize, Some(row), None);
            }
            Patch::AnsweredBy { record, by } => self.answer(record, by),
            Patch::Finding(record, finding) => {
                self.records.change(record as usize, |row| row.raise_tracked(finding.severity));
                self.findings.push(record, finding.into());
                if finding.rule == Rule::CaptureTimeJump {
                    self.turns.note_jump(record);
                }
            }
            Patch::Graver { record, finding, was } => {
                self.records.change(record as usize, |row| row.raise_tracked(finding.severity));
                let known = |one: &Noted| one.rule == finding.rule && one.severity == was;
                if let Some(known) = self.findings.find_mut(record, known) {
                    *known = finding.into();
                }
            }
            Patch::Withdrawn { record, rule, was } => {
                self.findings.remove(record, |one| one.rule == rule && one.severity == was);
                let worst = self.findings(record).map(|finding| finding.severity).max();
                self.records.change(record as usize, |row| row.set_tracked_severity(worst));
            }
            Patch::Related { record, tracked } => {
                self.records.change(record as usize, |row| row.relate(&tracked));
                self.relate_copies(record, tracked.role);
                // What was taken for part of an observation alone is in an exchange after all.
                if tracked.exchange.0 != 0 && !tracked.apart {
                    self.observed.remove(record, |_| true);
                    if self.first_observed.get(&tracked.observation) == Some(&record) {
                        self.first_observed.remove(&tracked.observation);
                    }
                } else if tracked.apart {
                    self.observed.set(record, tracked.observation);
                }
            }
        }
    }

    /// A message is answered by another.
    fn answer(&mut self, record: RecordId, by: RecordId) {
        if let Some(place) = self.answered_by.get_mut(record as usize) {
            let near = by.checked_sub(record).and_then(|far| u16::try_from(far).ok());
            *place = if by == NO_RECORD { 0 } else { near.filter(|far| *far > 0).unwrap_or(FAR) };
            if *place == FAR {
                self.far_answers.set(record, by);
            }
        }
    }

    /// Drop the oldest chunks while the records take more than the limit.
    fn let_go(&mut self) {
        while self.limit > 0
            && self.records.bytes() + self.answered_by.bytes() > self.limit
            && self.records.drop_oldest()
        {
            self.answered_by.drop_oldest();
            self.numbers.drop_oldest();
            let first = self.records.first() as RecordId;
            self.findings.drop_before(first);
            self.observed.drop_before(first);
            self.parts.drop_before(first);
            self.far_answers.drop_before(first);
            self.turns.drop_before(first);
            self.extents = self.extents.split_off(&first);
        }
    }

    /// Records ever stored: the id that the next one will have.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// No record yet.
    pub fn is_empty(&self) -> bool {
        self.records.len() == 0
    }

    /// Id of the oldest record that is still here.
    pub fn first(&self) -> RecordId {
        self.records.first() as RecordId
    }

    /// A record; `None` where it has left or never was.
    #[inline(always)]
    pub fn get(&self, id: RecordId) -> Option<Record> {
        self.records.get(id as usize)
    }

    /// The first answer to a message; copies share that of their first copy. A frame that the capture point saw twice has none.
    pub fn answered_by(&self, id: RecordId) -> Option<RecordId> {
        let first = self.first_copy(id)?;
        match *self.answered_by.get(first as usize)? {
            0 => None,
            FAR => self.far_answers.of(first).next().copied(),
            near => Some(first + RecordId::from(near)),
        }
    }

    /// The first copy of a message, which is the message itself or an earlier one; `None` for a frame that the capture point saw twice.
    pub(super) fn first_copy(&self, id: RecordId) -> Option<RecordId> {
        let record = self.get(id)?;
        match record.relation() {
            Relation::CopyOf => None,
            _ if record.is_repeat() => Some(record.relates_to),
            _ => Some(id),
        }
    }

    /// It is a later copy of that message.
    pub fn is_copy_of(&self, id: RecordId, first: RecordId) -> bool {
        id != first && self.first_copy(id) == Some(first)
    }

    /// The message that this one answers, acknowledges or resets; copies share that of their first copy. A frame that the capture point saw
    /// twice answers nothing.
    pub fn answers(&self, id: RecordId) -> Option<RecordId> {
        use crate::tracking::Relation::{Acknowledges, Answers, Resets};
        let first = self.get(self.first_copy(id)?)?;
        (matches!(first.relation(), Answers | Acknowledges | Resets) && first.relates_to != NO_RECORD)
            .then_some(first.relates_to)
    }

    /// The resource that a message is about; a frame that the capture point saw twice is about what the first one is.
    pub fn resource_of(&self, record: &Record) -> ResourceId {
        let exchange = match record.relation() {
            Relation::CopyOf => self.get(record.relates_to).map_or(ExchangeId(0), |first| first.exchange),
            _ => record.exchange,
        };
        self.exchange(exchange).map_or(ResourceId(0), |row| row.resource)
    }

    /// A row of the exchange table.
    #[inline(always)]
    pub fn exchange(&self, id: ExchangeId) -> Option<ExchangeRow> {
        self.exchanges.get(id.0 as usize)?
    }

    /// All exchanges, oldest first.
    pub fn exchanges(&self) -> impl Iterator<Item = (ExchangeId, ExchangeRow)> {
        (self.exchanges.first()..self.exchanges.len())
            .filter_map(|id| Some((ExchangeId(id as u32), self.exchanges.get(id)??)))
    }

    /// Ids of the exchanges that are here.
    pub fn exchange_ids(&self) -> std::ops::Range<u32> {
        (self.exchanges.first() as u32).max(1)..self.exchanges.len() as u32
    }

    /// Ids of the observations that are here.
    pub fn observation_ids(&self) -> std::ops::Range<u32> {
        (self.observations.first() as u32).max(1)..self.observations.len() as u32
    }

    /// A row of the observation table.
    pub fn observation(&self, id: ObservationId) -> Option<&ObservationRow> {
        self.observations.get(id.0 as usize)?.as_ref()
    }

    /// A body that went in blocks.
    pub fn body(&self, id: BodyId) -> Option<&BodyRow> {
        self.bodies.get(id.0 as usize)?.as_ref()
    }

    /// All bodies that went in blocks, oldest first.
    pub fn bodies(&self) -> impl Iterator<Item = (BodyId, &BodyRow)> {
        (self.bodies.first()..self.bodies.len())
            .filter_map(|id| Some((BodyId(id as u32), self.bodies.get(id)?.as_ref()?)))
    }

    /// Which part of a body a message has.
    pub fn part(&self, id: RecordId) -> Option<&BodyPart> {
        self.parts.of(id).next()
    }

    /// All observations, oldest first.
    pub fn observations(&self) -> impl Iterator<Item = (ObservationId, &ObservationRow)> {
        (self.observations.first()..self.observations.len())
            .filter_map(|id| Some((ObservationId(id as u32), self.observations.get(id)?.as_ref()?)))
    }

    /// The observation that a record belongs to.
    pub fn observation_of(&self, id: RecordId) -> Option<ObservationId> {
        if let Some(observation) = self.observed.of(id).next() {
            return Some(*observation);
        }
        let observation = self.exchange(self.get(id)?.exchange)?.observation;
        (observation.0 != 0).then_some(observation)
    }

    /// The first record of an observation that is in no exchange of its own: whose registration was not captured, or went to a group. It may have
    /// left; `None` for other observations.
    pub fn first_observed(&self, id: ObservationId) -> Option<RecordId> {
        self.first_observed.get(&id).copied()
    }

    /// Records with these ids that are of such observations, and which those are.
    pub fn observed(
        &self,
        ids: std::ops::Range<RecordId>,
    ) -> impl DoubleEndedIterator<Item = (RecordId, ObservationId)> {
        self.observed.range(ids).map(|(record, observation)| (record, *observation))
    }

    /// Findings of the tracker and of the frame on a record. Those of the message alone are derived from its bytes.
    pub fn findings(&self, id: RecordId) -> impl Iterator<Item = Finding> {
        self.findings.of(id).map(|noted| (*noted).into())
    }

    /// Whether the tracker or the frame has a finding of a rule on a record.
    pub fn is_found(&self, id: RecordId, rule: Rule) -> bool {
        self.findings(id).any(|finding| finding.rule == rule)
    }

    /// Positions of all frames of a message that arrived in fragments.
    pub fn extents(&self, id: RecordId) -> Option<&[Position]> {
        self.extents.get(&id).map(|positions| &**positions)
    }

    /// Number of a record's frame in its own file, where several files are read.
    pub fn number_in_file(&self, id: RecordId) -> Option<u32> {
        self.numbers.get(id as usize).copied()
    }

    /// An endpoint.
    pub fn endpoint(&self, id: EndpointId) -> Option<&Endpoint> {
        self.endpoints.get(id.0 as usize)
    }

    /// Path and query of a resource, as it came from the wire: escape before printing.
    pub fn resource(&self, id: ResourceId) -> Option<&str> {
        self.resources.get((id.0 as usize).checked_sub(1)?).map(|text| &**text)
    }

    /// Distinct resources.
    pub fn resources(&self) -> usize {
        self.resources.len()
    }

    /// Distinct endpoints.
    pub fn endpoints(&self) -> usize {
        self.endpoints.len()
    }

    /// Interfaces of the files, by the number in the records.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Where a record's frame stands on disk.
    pub fn position(&self, record: &Record) -> Position {
        let file = self.interfaces.get(usize::from(record.interface)).map_or(0, |interface| interface.file);
        Position { file, interface: record.interface, network: record.interface, offset: record.offset }
    }

    /// Warnings of the source, each one line.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Counts.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// How the source ended; `None` while it goes on.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }
}
