//! A growing table in shared chunks: cheap to snapshot, cheap to append to, and the oldest chunks can leave.

use std::sync::Arc;

/// Rows a chunk. Small enough that copying one that a snapshot still holds is cheap.
pub(super) const ROWS: usize = 4096;

/// Rows numbered from 0. Numbers are never reused; rows that left are `None`.
#[derive(Clone, Debug)]
pub struct Chunked<T> {
    chunks: Vec<Arc<Vec<T>>>,
    /// Chunks that have left at the front.
    gone: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), gone: 0 }
    }
}

impl<T: Clone> Chunked<T> {
    /// Number that the next row will have: all rows ever pushed.
    pub fn len(&self) -> usize {
        self.gone * ROWS
            + self.chunks.len().saturating_sub(1) * ROWS
            + self.chunks.last().map_or(0, |chunk| chunk.len())
    }

    /// No row was ever pushed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of the first row that is still here.
    pub fn first(&self) -> usize {
        self.gone * ROWS
    }

    /// Bytes that the rows take.
    pub fn bytes(&self) -> usize {
        self.chunks.len() * ROWS * size_of::<T>()
    }

    /// The row with this number.
    pub fn get(&self, number: usize) -> Option<&T> {
        let chunk = (number / ROWS).checked_sub(self.gone)?;
        self.chunks.get(chunk)?.get(number % ROWS)
    }

    /// The row with this number, to change it.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let chunk = (number / ROWS).checked_sub(self.gone)?;
        Arc::make_mut(self.chunks.get_mut(chunk)?).get_mut(number % ROWS)
    }

    /// The last chunk, a new one where that is full.
    #[inline]
    fn last_with_room(&mut self) -> Option<&mut Vec<T>> {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == ROWS) {
            self.chunks.push(Arc::new(Vec::with_capacity(ROWS)));
        }
        let last = self.chunks.last_mut().map(Arc::make_mut)?;
        // What was copied because of a snapshot has no room; grown by itself it would take twice as much.
        last.reserve_exact(ROWS - last.len());
        Some(last)
    }

    /// Append a row.
    pub fn push(&mut self, row: T) {
        if let Some(last) = self.last_with_room() {
            last.push(row);
        }
    }

    /// Append rows.
    pub fn append(&mut self, rows: impl IntoIterator<Item = T>) {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            if let Some(last) = self.last_with_room() {
                last.extend(rows.by_ref().take(ROWS - last.len()));
            }
        }
    }

    /// Write a row at its number, filling with `blank` up to it.
    pub fn put(&mut self, number: usize, row: T, blank: &T) {
        while self.len() < number {
            self.push(blank.clone());
        }
        if number == self.len() {
            self.push(row);
        } else if let Some(place) = self.get_mut(number) {
            *place = row;
        }
    }

    /// Let the chunks go all of whose rows have lower numbers; the last one stays.
    pub fn drop_before(&mut self, number: usize) {
        while self.first() + ROWS <= number && self.drop_oldest() {}
    }

    /// Let the oldest chunk go; false where only one is left.
    pub fn drop_oldest(&mut self) -> bool {
        if self.chunks.len() < 2 {
            return false;
        }
        self.chunks.remove(0);
        self.gone += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_dropping() {
        let mut table = Chunked::default();
        for row in 0..ROWS * 3 + 5 {
            table.push(row);
        }
        let snapshot = table.clone();
        assert!(table.drop_oldest());
        assert_eq!((table.first(), table.len()), (ROWS, ROWS * 3 + 5));
        assert_eq!((table.get(0), table.get(ROWS)), (None, Some(&ROWS)));
        *table.get_mut(ROWS).unwrap() = 7;
        assert_eq!((table.get(ROWS), snapshot.get(ROWS), snapshot.get(0)), (Some(&7), Some(&ROWS), Some(&0)));
    }

    #[test]
    fn put_fills_up() {
        let mut table = Chunked::default();
        table.put(2, 9, &0);
        table.put(0, 4, &0);
        assert_eq!((table.get(0), table.get(1), table.get(2), table.len()), (Some(&4), Some(&0), Some(&9), 3));
    }
}
