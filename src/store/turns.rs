//! Where the times of the records go back or jump: no duration is known across such a place.

use super::sparse::Sparse;
use super::{Record, Store};
use crate::frame::{is_known_time, time_between};
use crate::tracking::RecordId;

/// Records that are earlier than the one before them, or that the tracker calls the first behind a jump.
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

    /// The clock jumped in front of a record.
    #[cold]
    pub fn note_jump(&mut self, record: RecordId) {
        self.places.set(record, ());
    }

    /// Records before this one have left.
    pub fn drop_before(&mut self, first: RecordId) {
        self.places.drop_before(first);
    }
}

impl Store {
    /// Nanoseconds from one record to a later one; `None` where time went back or jumped anywhere between them, where one of the times is not
    /// known, and where one of the records has left.
    pub fn elapsed(&self, from: RecordId, to: RecordId) -> Option<i64> {
        let steady =
            from <= to && self.turns.places.range(from.saturating_add(1)..to.saturating_add(1)).next().is_none();
        time_between(self.get(from)?.time, self.get(to)?.time).filter(|_| steady)
    }

    /// Nanoseconds from a copy of what a message answers to that message, or to a copy of it: as [`elapsed`](Self::elapsed), and `None` where it
    /// is not sure that it is this message that answers.
    pub fn answered_after(&self, asked: RecordId, id: RecordId) -> Option<i64> {
        let first = self.first_copy(id)?;
        let exchange = self.exchange(self.get(first)?.exchange).filter(|row| row.response == first);
        // The times would tell how long it took, but the tracker does not.
        let unsure = exchange.is_some_and(|row| row.round_trip < 0 && self.elapsed(row.request, first).is_some());
        self.elapsed(asked, id).filter(|_| !unsure)
    }

    /// Time has neither gone back nor jumped since this record, as far as the capture has been read.
    pub fn is_steady_since(&self, from: RecordId) -> bool {
        self.turns.places.range(from.saturating_add(1)..self.len() as RecordId).next().is_none()
    }
}
