//! Bodies in blocks, while a capture is read for its findings alone: what they say can be judged when the last block has come.

use std::collections::{BTreeMap, HashSet};

use crate::capture::CaptureError;
use crate::coap::{Finding, RaisedBy};
use crate::pipeline::Fetcher;
use crate::store::{Record, Store, Update};
use crate::tracking::{BodyId, BodyPart, BodyRow, ExchangeId, NO_RECORD, Patch, RecordId};

/// Blocks that are kept for bodies that are not complete.
const KEPT: usize = 1 << 17;
/// Blocks of the longest body that is judged.
const LONGEST: usize = 1 << 15;
/// Bytes of records that are looked at again, before they leave.
pub(super) const LOOKED_AT: usize = 1 << 20;

/// Blocks of bodies that are not complete yet.
pub(super) struct Bodies {
    blocks: BTreeMap<RecordId, (Record, BodyPart)>,
    /// Bodies that were complete before.
    judged: HashSet<BodyId>,
    /// The blocks of bodies that are looked at.
    store: Store,
}

/// What a body that is complete breaks.
pub(super) struct Judged {
    /// The message that completed it.
    pub completed_by: RecordId,
    pub findings: Vec<Finding>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self { blocks: BTreeMap::new(), judged: HashSet::new(), store: Store::with_limit(LOOKED_AT) }
    }
}

impl Bodies {
    /// Take an update in, whose first record has the number `first`: what the payloads of the bodies break that are complete now.
    ///
    /// # Errors
    /// Where the capture can no longer be read.
    pub fn take(
        &mut self,
        update: &Update,
        first: RecordId,
        fetcher: &mut Fetcher,
    ) -> Result<Vec<Judged>, CaptureError> {
        if !update.interfaces.is_empty() {
            self.store.apply(Update { interfaces: update.interfaces.clone(), ..Update::default() });
        }
        let mut complete = Vec::new();
        for patch in &update.patches {
            match patch {
                Patch::Part(id, part) => {
                    if let Some(record) = id.checked_sub(first).and_then(|at| update.records.get(at as usize)) {
                        self.add(*id, record, *part);
                    }
                }
                Patch::Body(id, row) if row.complete && row.completed_by != NO_RECORD => complete.push((*id, *row)),
                _ => {}
            }
        }
        let mut all = Vec::new();
        for (id, row) in complete {
            all.extend(self.judge(id, &row, fetcher)?);
        }
        Ok(all)
    }

    /// A message with a block.
    fn add(&mut self, id: RecordId, record: &Record, part: BodyPart) {
        if self.blocks.len() >= KEPT {
            self.blocks.pop_first();
        }
        self.blocks.insert(id, (*record, part));
    }

    /// What a body that is said to be complete breaks. None where some of its blocks are not here any more, or where it was judged before.
    fn judge(&mut self, id: BodyId, row: &BodyRow, fetcher: &mut Fetcher) -> Result<Option<Judged>, CaptureError> {
        let Some(chain) = self.chain(id, row.completed_by) else { return Ok(None) };
        // A body of one block is the payload of its message, which is judged when the message comes.
        if chain.len() == 1 {
            return Ok(None);
        }
        let start = self.store.len() as RecordId;
        let last = start + chain.len() as RecordId - 1;
        let mut update = Update::default();
        for ((record, part), number) in chain.into_iter().zip(start..) {
            update.records.push(alone(&record));
            let previous = if number == start { NO_RECORD } else { number - 1 };
            update.patches.push(Patch::Part(number, BodyPart { previous, ..part }));
        }
        update.patches.push(Patch::Body(id, BodyRow { first: start, last, completed_by: last, ..*row }));
        self.store.apply(update);
        let Some(view) = fetcher.view(&self.store, last)? else { return Ok(None) };
        let mut findings = view.findings();
        // All else was found when the message came.
        findings.retain(|one| one.rule.row().raised_by == RaisedBy::Payload);
        Ok(Some(Judged { completed_by: row.completed_by, findings }))
    }

    /// The blocks of a body in the order of the capture.
    fn chain(&mut self, id: BodyId, completed_by: RecordId) -> Option<Vec<(Record, BodyPart)>> {
        if !self.judged.insert(id) {
            return None;
        }
        let (mut chain, mut at) = (Vec::new(), completed_by);
        while at != NO_RECORD && chain.len() < LONGEST {
            let (record, part) = self.blocks.remove(&at)?;
            chain.push((record, part));
            at = part.previous;
        }
        chain.reverse();
        (at == NO_RECORD).then_some(chain)
    }
}

/// A record that stands alone. Its relations are told by the tracker's findings; the records that they name are not there.
pub(super) fn alone(record: &Record) -> Record {
    let mut alone = *record;
    (alone.relates_to, alone.previous_in_exchange) = (NO_RECORD, NO_RECORD);
    alone.exchange = ExchangeId(0);
    alone
}
