//! Bodies in blocks, while a capture is read for its findings: what they say can be judged when the last block has come.

use std::collections::{BTreeMap, HashSet};

use crate::store::Record;
use crate::tracking::{BodyId, BodyPart, BodyRow, NO_RECORD, Patch, RecordId};

/// Blocks that are kept for bodies that are not complete.
const KEPT: usize = 1 << 17;
/// Blocks of the longest body that is judged.
const LONGEST: usize = 1 << 15;

/// Blocks of bodies that are not complete yet.
#[derive(Default)]
pub(super) struct Bodies {
    blocks: BTreeMap<RecordId, (Record, BodyPart)>,
    /// Bodies that were complete before.
    judged: HashSet<BodyId>,
}

/// A body that is complete: its blocks in the order of the capture, numbered anew.
pub(super) struct Whole {
    /// The message that completed it.
    pub completed_by: RecordId,
    pub records: Vec<Record>,
    pub patches: Vec<Patch>,
}

impl Bodies {
    /// A message with a block.
    pub fn add(&mut self, id: RecordId, record: &Record, part: BodyPart) {
        if self.blocks.len() >= KEPT {
            self.blocks.pop_first();
        }
        self.blocks.insert(id, (*record, part));
    }

    /// The whole of a body that was said to be complete, for a store whose next record is `start`. None where some of its blocks are
    /// not here any more, or where it was judged before.
    pub fn whole(&mut self, id: BodyId, row: &BodyRow, start: RecordId) -> Option<Whole> {
        if !self.judged.insert(id) {
            return None;
        }
        let mut chain = Vec::new();
        let mut at = row.completed_by;
        while at != NO_RECORD && chain.len() < LONGEST {
            let (record, part) = self.blocks.remove(&at)?;
            chain.push((record, part));
            at = part.previous;
        }
        if at != NO_RECORD {
            return None;
        }
        chain.reverse();
        let last = start + chain.len() as RecordId - 1;
        let mut whole = Whole { completed_by: row.completed_by, records: Vec::new(), patches: Vec::new() };
        for ((record, part), number) in chain.into_iter().zip(start..) {
            whole.records.push(super::scan::alone(&record));
            let previous = if number == start { NO_RECORD } else { number - 1 };
            whole.patches.push(Patch::Part(number, BodyPart { previous, ..part }));
        }
        whole.patches.push(Patch::Body(id, BodyRow { first: start, last, completed_by: last, ..*row }));
        Some(whole)
    }
}
