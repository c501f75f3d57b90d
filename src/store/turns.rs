//! Where the times of the records go back: no duration is known across such a place.

use super::sparse::Sparse;
use super::{Record, Store};
use crate::frame::{is_known_time, time_between};
use crate::tracking::RecordId;

/// Records that are earlier than the one before them.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    places: Sparse<()>,
    /// The last time that is known.
    last: Option<i64>,
}

impl Turns {
    /// New records come, the first with this id, behind one of the time `before`. Times that are not known are passed over.
    #[cold]
    pub fn note(&mut self, first: RecordId, before: Option<i64>, records: &[Record]) {
        let mut last = before.filter(|time| is_known_time(*time)).or(self.last);
        for (id, record) in (first..).zip(records).filter(|(_, record)| is_known_time(record.time)) {
            if last.is_some_and(|last| record.time < last) {
                self.places.push(id, ());
            }
            last = Some(record.time);
        }
        self.last = last;
    }

    /// Records before this one have left.
    pub fn drop_before(&mut self, first: RecordId) {
        self.places.drop_before(first);
    }
}

impl Store {
    /// Nanoseconds from one record to a later one; `None` where time went back anywhere between them, where one of the times is not known,
    /// and where one of the records has left.
    pub fn elapsed(&self, from: RecordId, to: RecordId) -> Option<i64> {
        let steady =
            from <= to && self.turns.places.range(from.saturating_add(1)..to.saturating_add(1)).next().is_none();
        time_between(self.get(from)?.time, self.get(to)?.time).filter(|_| steady)
    }

    /// Time has not gone back since this record, as far as the capture has been read.
    pub fn is_steady_since(&self, from: RecordId) -> bool {
        self.turns.places.range(from.saturating_add(1)..self.len() as RecordId).next().is_none()
    }
}
