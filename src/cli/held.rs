//! Lines that wait for a moment: a file may hold an answer just before what it answers, and its line says what it answers.

use std::collections::VecDeque;

use crate::store::{Record, RecordKind, Store};
use crate::tracking::{NO_RECORD, RecordId, is_near};

/// Messages that wait at most.
const MOST: usize = 4096;

/// Messages that are to be printed, in their order.
#[derive(Default)]
pub(super) struct Held {
    waiting: VecDeque<RecordId>,
}

impl Held {
    /// Another message comes, and all before it that are near waited for it.
    pub fn push(&mut self, id: RecordId) {
        self.waiting.push_back(id);
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next message of which no more will become known before it is to be printed. `time`: of what comes now, in nanoseconds since 1970; none where nothing
    /// comes any more.
    pub fn next(&mut self, store: &Store, time: Option<i64>) -> Option<RecordId> {
        let front = store.get(*self.waiting.front()?);
        let waits = |front: Record| is_unrelated(&front) && time.is_some_and(|time| is_near(front.time, time));
        if self.waiting.len() < MOST && front.is_some_and(waits) { None } else { self.waiting.pop_front() }
    }
}

/// It looks like an answer, and answers nothing so far.
fn is_unrelated(record: &Record) -> bool {
    let answers = record.code.is_response() || record.code.is_empty();
    record.kind() == RecordKind::Message && answers && record.relates_to == NO_RECORD
}
