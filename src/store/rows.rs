//! A growing table like [`super::Chunked`], of rows that are packed once they are no longer among the newest.

use std::sync::Arc;

use super::chunked::ROWS;
use super::packed::{Numbers, Packed};

/// Chunks at the end that stay as they are: the newest rows still change.
const PLAIN: usize = 3;

#[derive(Clone, Debug)]
enum Chunk<T, const N: usize> {
    Plain(Vec<T>),
    Packed(Packed<T, N>),
}

impl<T: Numbers<N>, const N: usize> Chunk<T, N> {
    fn len(&self) -> usize {
        match self {
            Self::Plain(rows) => rows.len(),
            Self::Packed(rows) => rows.len(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Plain(_) => ROWS * size_of::<T>(),
            Self::Packed(rows) => rows.bytes(),
        }
    }
}

/// Rows numbered from 0. Numbers are never reused; rows that left are `None`.
#[derive(Clone, Debug)]
pub(super) struct Rows<T, const N: usize> {
    chunks: Vec<Arc<Chunk<T, N>>>,
    /// Chunks that have left at the front.
    gone: usize,
    /// Bytes that the rows take.
    bytes: usize,
}

impl<T, const N: usize> Default for Rows<T, N> {
    fn default() -> Self {
        Self { chunks: Vec::new(), gone: 0, bytes: 0 }
    }
}

impl<T: Numbers<N>, const N: usize> Rows<T, N> {
    /// Number that the next row will have: all rows ever pushed.
    pub fn len(&self) -> usize {
        let full = self.gone + self.chunks.len().saturating_sub(1);
        full * ROWS + self.chunks.last().map_or(0, |chunk| chunk.len())
    }

    /// Number of the first row that is still here.
    pub fn first(&self) -> usize {
        self.gone * ROWS
    }

    /// Bytes that the rows take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The row with this number.
    #[inline(always)]
    pub fn get(&self, number: usize) -> Option<T> {
        let chunk = (number / ROWS).checked_sub(self.gone)?;
        match &**self.chunks.get(chunk)? {
            Chunk::Plain(rows) => rows.get(number % ROWS).copied(),
            Chunk::Packed(rows) => rows.get(number % ROWS, number as u64),
        }
    }

    /// Change the row with this number, if it is here.
    pub fn change(&mut self, number: usize, change: impl FnOnce(&mut T)) {
        let Some(old) = self.get(number) else { return };
        let mut row = old;
        change(&mut row);
        let Some(chunk) = self.chunks.get_mut(number / ROWS - self.gone).filter(|_| row != old) else { return };
        match Arc::make_mut(chunk) {
            Chunk::Plain(rows) => {
                if let Some(place) = rows.get_mut(number % ROWS) {
                    *place = row;
                }
            }
            Chunk::Packed(rows) => {
                self.bytes -= rows.bytes();
                rows.set(number % ROWS, number as u64, row);
                self.bytes += rows.bytes();
            }
        }
    }

    /// The last chunk, a new one where that is full.
    #[inline]
    fn last_with_room(&mut self) -> Option<&mut Vec<T>> {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == ROWS) {
            self.begin_chunk();
        }
        match self.chunks.last_mut().map(Arc::make_mut) {
            Some(Chunk::Plain(rows)) => {
                // What was copied because of a snapshot has no room; grown by itself it would take twice as much.
                rows.reserve_exact(ROWS - rows.len());
                Some(rows)
            }
            _ => None,
        }
    }

    #[cold]
    fn begin_chunk(&mut self) {
        let mut room = None;
        if let Some(at) = self.chunks.len().checked_sub(PLAIN)
            && let Some(chunk) = self.chunks.get_mut(at)
            && let Chunk::Plain(rows) = &**chunk
        {
            let packed = Packed::new(rows, ((self.gone + at) * ROWS) as u64);
            self.bytes = self.bytes + packed.bytes() - chunk.bytes();
            let plain = std::mem::replace(chunk, Arc::new(Chunk::Packed(packed)));
            // Where no snapshot holds it any more, its memory is used again.
            room = Arc::try_unwrap(plain).ok();
        }
        let rows = match room {
            Some(Chunk::Plain(mut rows)) => {
                rows.clear();
                rows
            }
            _ => Vec::with_capacity(ROWS),
        };
        let chunk = Chunk::Plain(rows);
        self.bytes += chunk.bytes();
        self.chunks.push(Arc::new(chunk));
    }

    /// Append a row.
    pub fn push(&mut self, row: T) {
        if let Some(last) = self.last_with_room() {
            last.push(row);
        }
    }

    /// Append rows that lie side by side.
    pub fn append_all(&mut self, mut rows: &[T]) {
        while !rows.is_empty() {
            let Some(last) = self.last_with_room() else { return };
            let (fit, rest) = rows.split_at_checked(ROWS - last.len()).unwrap_or((rows, &[]));
            last.extend_from_slice(fit);
            rows = rest;
        }
    }

    /// Write a row at its number, filling with `blank` up to it.
    pub fn put(&mut self, number: usize, row: T, blank: T) {
        while self.len() < number {
            self.push(blank);
        }
        if number == self.len() {
            self.push(row);
        } else {
            self.change(number, |place| *place = row);
        }
    }

    /// Let the oldest chunk go; false where only one is left.
    pub fn drop_oldest(&mut self) -> bool {
        if self.chunks.len() < 2 {
            return false;
        }
        self.bytes -= self.chunks.remove(0).bytes();
        self.gone += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Row(u64);

    impl Numbers<1> for Row {
        const LEAST: [u32; 1] = [0];

        fn numbers(&self, _: u64) -> [u64; 1] {
            [self.0]
        }

        fn of_numbers(number: impl Fn(usize) -> u64, _: u64) -> Self {
            Self(number(0))
        }
    }

    /// All that is here, and that it is counted as it is.
    #[track_caller]
    fn check(table: &Rows<Row, 1>, expected: &[u64]) {
        let first = table.first();
        assert_eq!((table.len(), table.get(table.len())), (expected.len(), None));
        assert_eq!(first.checked_sub(1).and_then(|before| table.get(before)), None);
        let rows: Vec<u64> = (first..table.len()).filter_map(|number| table.get(number)).map(|row| row.0).collect();
        assert_eq!(rows, expected[first..]);
        assert_eq!(table.bytes(), table.chunks.iter().map(|chunk| chunk.bytes()).sum::<usize>());
    }

    #[test]
    fn rows_survive_packing_changing_and_dropping() {
        let mut expected: Vec<u64> = (0..ROWS as u64 * 5 + 7).map(|number| number % 500).collect();
        let mut table = Rows::default();
        let (one, rest) = expected.split_first().unwrap();
        table.push(Row(*one));
        table.append_all(&rest.iter().copied().map(Row).collect::<Vec<_>>());
        check(&table, &expected);
        let packed = table.chunks.iter().filter(|chunk| matches!(***chunk, Chunk::Packed(_))).count();
        assert_eq!((packed, table.chunks.len()), (3, 6), "the newest are not packed");
        let (snapshot, before) = (table.clone(), expected.clone());
        for (number, value) in [(0, 3), (ROWS, 1 << 50), (ROWS * 4, 1), (ROWS * 5 + 6, 2)] {
            table.change(number, |row| row.0 = value);
            expected[number] = value;
        }
        table.put(ROWS * 2, Row(9), Row(0));
        expected[ROWS * 2] = 9;
        table.put(ROWS * 6 + 1, Row(8), Row(4));
        expected.resize(ROWS * 6 + 1, 4);
        expected.push(8);
        table.change(ROWS * 9, |row| row.0 = 1);
        check(&table, &expected);
        check(&snapshot, &before);
        drop(snapshot);
        assert!(table.drop_oldest() && table.drop_oldest());
        table.change(5, |row| row.0 = 1);
        check(&table, &expected);
    }

    #[test]
    fn what_a_snapshot_holds_is_copied_with_room_for_all() {
        let mut table = Rows::default();
        table.push(Row(1));
        let snapshot = table.clone();
        table.push(Row(2));
        let Chunk::Plain(rows) = &*table.chunks[0] else { panic!("packed") };
        assert_eq!((rows.capacity(), snapshot.len()), (ROWS, 1));
    }
}
