//! Rows in as few bits as those that lie together need: each number of a row is kept as what it is above the least of its kind.

use std::marker::PhantomData;

/// Bytes that are read at once, wherever a number begins.
const WORD: usize = size_of::<u64>();
/// The most bits that are in one word wherever in a byte they begin.
const ANYWHERE: u32 = u64::BITS - 7;

/// A row that is made of `N` numbers.
pub(super) trait Numbers<const N: usize>: Copy + PartialEq {
    /// Bits that each number is given at least, so that it can be changed in its place.
    const LEAST: [u32; N];

    /// Its numbers. `at` is the number of the row itself: what stands near it is told by the distance.
    fn numbers(&self, at: u64) -> [u64; N];

    /// The row of these numbers; only those of fields that are looked at are read.
    fn of_numbers(number: impl Fn(usize) -> u64, at: u64) -> Self;
}

/// Where one number of each row stands.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    /// The least of all.
    base: u64,
    /// As many ones as it has bits.
    mask: u64,
    /// The byte of the row in which it begins.
    byte: usize,
    /// The bit of that byte.
    shift: u32,
}

impl Column {
    #[inline(always)]
    fn number(&self, row: &[u8]) -> u64 {
        let word = row.get(self.byte..).and_then(<[u8]>::first_chunk).map_or(0, |word| u64::from_le_bytes(*word));
        (word >> self.shift & self.mask).wrapping_add(self.base)
    }

    fn holds(&self, number: u64) -> bool {
        number.wrapping_sub(self.base) & !self.mask == 0
    }

    /// Adds a number to the words of a row.
    #[inline]
    fn write(&self, number: u64, row: &mut [u64]) {
        let (number, bit) = (number.wrapping_sub(self.base), self.byte % WORD * 8 + self.shift as usize);
        let mut places = row.iter_mut().skip(self.byte / WORD);
        if let Some(place) = places.next() {
            *place |= number << bit;
        }
        if let Some(place) = places.next() {
            // By 64 in two steps, which at once is by none.
            *place |= number >> 1 >> (63 - bit);
        }
    }

    fn bits(&self) -> u32 {
        self.mask.count_ones()
    }
}

/// Rows that lie together.
#[derive(Clone, Debug)]
pub(super) struct Packed<T, const N: usize> {
    columns: [Column; N],
    /// Bytes a row.
    stride: usize,
    /// The rows, and what is read behind the last one.
    bytes: Vec<u8>,
    rows: PhantomData<T>,
}

impl<T: Numbers<N>, const N: usize> Packed<T, N> {
    /// Packs rows, the first of which has the number `first`.
    pub fn new(rows: &[T], first: u64) -> Self {
        Self::with_least(rows, first, &T::LEAST)
    }

    fn with_least(rows: &[T], first: u64, least: &[u32; N]) -> Self {
        let mut ranges = [(u64::MAX, 0); N];
        for (row, at) in rows.iter().zip(first..) {
            for ((low, high), number) in ranges.iter_mut().zip(row.numbers(at)) {
                (*low, *high) = ((*low).min(number), (*high).max(number));
            }
        }
        let mut columns = [Column::default(); N];
        let mut end = 0;
        for ((column, (low, high)), least) in columns.iter_mut().zip(ranges).zip(least) {
            let bits = (u64::BITS - high.saturating_sub(low).leading_zeros()).max(*least);
            if bits > ANYWHERE {
                end = u32::next_multiple_of(end, 8);
            }
            let mask = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
            *column = Column { base: low.min(high), mask, byte: (end / 8) as usize, shift: end % 8 };
            end += bits;
        }
        let stride = end.div_ceil(8) as usize;
        let mut packed = Self { columns, stride, bytes: Vec::new(), rows: PhantomData };
        packed.bytes.reserve_exact(rows.len() * stride + WORD);
        for (place, (row, at)) in rows.iter().zip(first..).enumerate() {
            // What comes with the last word is overwritten by the next row.
            let words = packed.words(row.numbers(at));
            packed.bytes.truncate(place * stride);
            words
                .iter()
                .take(stride.div_ceil(WORD))
                .for_each(|word| packed.bytes.extend_from_slice(&word.to_le_bytes()));
        }
        packed.bytes.resize(rows.len() * stride + WORD, 0);
        packed
    }

    /// The bytes of a row, a word at a time.
    #[inline]
    fn words(&self, numbers: [u64; N]) -> [u64; N] {
        let mut words = [0; N];
        self.columns.iter().zip(numbers).for_each(|(column, number)| column.write(number, &mut words));
        words
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.bytes.len().saturating_sub(WORD).checked_div(self.stride).unwrap_or(0)
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The row at a place below [`Packed::len`]; `at` is its number. Where it is called, what is not looked at is not even read.
    #[inline(always)]
    pub fn get(&self, place: usize, at: u64) -> Option<T> {
        let begin = place * self.stride;
        let row = self.bytes.get(begin..begin + self.stride + WORD)?;
        Some(T::of_numbers(|index| self.columns.get(index).map_or(0, |column| column.number(row)), at))
    }

    /// Puts another row in its place. Where that has numbers for which there is no room, all rows get wider.
    pub fn set(&mut self, place: usize, at: u64, row: T) {
        let numbers = row.numbers(at);
        if self.columns.iter().zip(numbers).all(|(column, number)| column.holds(number)) {
            let words = self.words(numbers);
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            let row = self.bytes.iter_mut().skip(place * self.stride).take(self.stride);
            return row.zip(bytes).for_each(|(place, byte)| *place = byte);
        }
        // Twice the room of what did not fit: however rows change, this is not done often.
        let mut least = self.columns.map(|column| column.bits());
        for ((least, column), number) in least.iter_mut().zip(&self.columns).zip(numbers) {
            *least = (*least + u32::from(!column.holds(number))).min(u64::BITS);
        }
        let first = at.wrapping_sub(place as u64);
        let mut rows = self.rows(first);
        if let Some(old) = rows.get_mut(place) {
            *old = row;
        }
        *self = Self::with_least(&rows, first, &least);
    }

    fn rows(&self, first: u64) -> Vec<T> {
        (0..self.len()).filter_map(|place| self.get(place, first.wrapping_add(place as u64))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Row([u64; 4]);

    impl Numbers<4> for Row {
        const LEAST: [u32; 4] = [0, 0, 3, 0];

        fn numbers(&self, at: u64) -> [u64; 4] {
            let [first, second, third, fourth] = self.0;
            [first, second, third, at.wrapping_sub(fourth)]
        }

        fn of_numbers(number: impl Fn(usize) -> u64, at: u64) -> Self {
            Self([number(0), number(1), number(2), at.wrapping_sub(number(3))])
        }
    }

    /// Rows come back as they were, and so after each of them was changed for the next.
    #[track_caller]
    fn check(rows: &[[u64; 4]], stride: usize) {
        let first = 4096;
        let mut rows: Vec<Row> = rows.iter().copied().map(Row).collect();
        let mut packed = Packed::new(&rows, first);
        assert_eq!((packed.stride, packed.len(), packed.rows(first)), (stride, rows.len(), rows.clone()));
        for place in 0..rows.len() {
            let other = rows[(place + 1) % rows.len()];
            rows[place] = other;
            packed.set(place, first + place as u64, other);
            assert_eq!(packed.rows(first), rows, "{place}");
        }
        let odd = Row([1 << 40, u64::MAX, 5, 9]);
        rows[0] = odd;
        packed.set(0, first, odd);
        assert_eq!(packed.rows(first), rows);
        assert_eq!(packed.get(rows.len(), 0), None);
    }

    #[test]
    fn rows_come_back() {
        // All the same, and each the distance from itself: only the bits that are asked for.
        check(&[[7, u64::MAX, 2, 4096], [7, u64::MAX, 2, 4097], [7, u64::MAX, 2, 4098]], 1);
        // 1 + 64 bits from a whole byte on, 3, 2.
        check(&[[8, 0, 2, 4096], [9, u64::MAX, 2, 4094], [8, 1 << 63, 0, 4098]], 10);
        // 57 + 7 + 3 + 13 bits.
        check(&[[1 << 56, 100, 1, 0], [(1 << 57) - 1, 3, 7, 0], [0, 100, 0, 4000]], 10);
    }
}
