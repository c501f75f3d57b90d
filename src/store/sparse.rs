//! What few records have, by record: as cheap to snapshot as the records, and much smaller than a tree.

use std::ops::Range;
use std::sync::Arc;

use crate::tracking::{NO_RECORD, RecordId};

/// Records a chunk.
const RECORDS: u32 = super::chunked::ROWS as u32;
/// By how much the memory of a chunk grows: chunks are many, and most of what they hold comes in order.
const GROWTH: usize = 32;

/// Values of records, several of one record in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Sparse<T> {
    /// Sorted by record.
    chunks: Vec<Arc<Vec<(RecordId, T)>>>,
    /// Chunks that have left at the front.
    gone: usize,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), gone: 0 }
    }
}

/// Where the values of a record, and of those behind it, begin.
fn place<T>(chunk: &[(RecordId, T)], record: RecordId) -> usize {
    chunk.partition_point(|(held, _)| *held < record)
}

/// Where the first value of the record is that is `wanted`.
fn find<T>(chunk: &[(RecordId, T)], record: RecordId, wanted: impl Fn(&T) -> bool) -> Option<usize> {
    let own = place(chunk, record)..place(chunk, record + 1);
    let first = own.start;
    chunk.get(own)?.iter().position(|(_, value)| wanted(value)).map(|at| first + at)
}

impl<T: Clone> Sparse<T> {
    /// The chunk of a record; `None` where it has left, or there is none.
    fn chunk(&self, record: RecordId) -> Option<usize> {
        if record == NO_RECORD {
            return None;
        }
        ((record / RECORDS) as usize).checked_sub(self.gone)
    }

    /// The same, to be changed.
    fn chunk_mut(&mut self, record: RecordId) -> Option<&mut Vec<(RecordId, T)>> {
        let chunk = self.chunk(record)?;
        if chunk >= self.chunks.len() {
            self.chunks.resize_with(chunk + 1, Arc::default);
        }
        self.chunks.get_mut(chunk).map(Arc::make_mut)
    }

    /// Adds a value behind those that the record has.
    pub fn push(&mut self, record: RecordId, value: T) {
        let Some(chunk) = self.chunk_mut(record) else { return };
        if chunk.len() == chunk.capacity() {
            chunk.reserve_exact(GROWTH.max(chunk.len() / 4));
        }
        let at = match chunk.last() {
            Some((last, _)) if *last > record => place(chunk, record + 1),
            _ => chunk.len(),
        };
        chunk.insert(at, (record, value));
    }

    /// Makes it the only value of the record.
    pub fn set(&mut self, record: RecordId, value: T) {
        match self.find_mut(record, |_| true) {
            Some(place) => *place = value,
            None => self.push(record, value),
        }
    }

    /// The first value of the record that is `wanted`, to be changed.
    pub fn find_mut(&mut self, record: RecordId, wanted: impl Fn(&T) -> bool) -> Option<&mut T> {
        let chunk = self.chunk_mut(record)?;
        let at = find(chunk, record, wanted)?;
        chunk.get_mut(at).map(|(_, value)| value)
    }

    /// Takes out the first value of the record that is `wanted`.
    pub fn remove(&mut self, record: RecordId, wanted: impl Fn(&T) -> bool) {
        let Some(chunk) = self.chunk_mut(record) else { return };
        if let Some(at) = find(chunk, record, wanted) {
            chunk.remove(at);
        }
    }

    /// The values of a record.
    pub fn of(&self, record: RecordId) -> impl DoubleEndedIterator<Item = &T> {
        self.range(record..record.saturating_add(1)).map(|(_, value)| value)
    }

    /// The values of these records, with the records.
    pub fn range(&self, records: Range<RecordId>) -> impl DoubleEndedIterator<Item = (RecordId, &T)> {
        let first = self.chunk(records.start).unwrap_or(0).min(self.chunks.len());
        let last =
            self.chunk(records.end.saturating_sub(1)).map_or(0, |chunk| chunk + 1).clamp(first, self.chunks.len());
        let chunks = self.chunks.get(first..last).unwrap_or_default();
        chunks.iter().flat_map(move |chunk| {
            let within = place(chunk, records.start)..place(chunk, records.end);
            chunk.get(within).unwrap_or_default().iter().map(|(record, value)| (*record, value))
        })
    }

    /// Lets go of what is of records before `first`, where a whole chunk of them can leave.
    pub fn drop_before(&mut self, first: RecordId) {
        let gone = (first / RECORDS) as usize;
        self.chunks.drain(..gone.saturating_sub(self.gone).min(self.chunks.len()));
        self.gone = self.gone.max(gone);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_holds_what_a_map_of_the_standard_library_holds() {
        let (mut sparse, mut map) = (Sparse::default(), BTreeMap::<RecordId, Vec<u32>>::new());
        let mut state = 3u64;
        for value in 0..30_000u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Mostly in order.
            let record = value * 2 - ((state >> 33) as u32 % 3 * 700).min(value);
            if value % 5 == 0 {
                let only = map.get(&record).is_none_or(|held| held.len() == 1);
                if only {
                    sparse.set(record, value);
                    map.insert(record, vec![value]);
                }
            } else {
                sparse.push(record, value);
                map.entry(record).or_default().push(value);
            }
        }
        let all = |map: &BTreeMap<RecordId, Vec<u32>>, range: Range<RecordId>| {
            map.range(range).flat_map(|(record, held)| held.iter().map(|value| (*record, *value))).collect::<Vec<_>>()
        };
        for range in [0..70_000, 0..0, 4096..8192, 4095..4097, 10_000..10_001, 59_000..u32::MAX] {
            assert_eq!(
                sparse.range(range.clone()).map(|(at, value)| (at, *value)).collect::<Vec<_>>(),
                all(&map, range)
            );
        }
        let (record, held) = map.iter().find(|(_, held)| held.len() > 2).unwrap();
        assert!(sparse.of(*record).eq(held));
        let (record, second) = (*record, held[1]);
        sparse.remove(record, |value| *value == second);
        sparse.remove(record, |value| *value == u32::MAX);
        map.get_mut(&record).unwrap().remove(1);
        assert!(sparse.of(record).eq(&map[&record]));
        let snapshot = sparse.clone();
        sparse.drop_before(8192);
        sparse.push(5, 1);
        assert_eq!(
            sparse.range(0..70_000).map(|(at, value)| (at, *value)).collect::<Vec<_>>(),
            all(&map, 8192..70_000)
        );
        assert_eq!(snapshot.range(0..70_000).count(), all(&map, 0..70_000).len());
        assert_eq!(sparse.of(5).next(), None);
    }
}
