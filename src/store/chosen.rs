//! Which records were chosen, by a bit each: as small for a million as for one, and cheap to copy.

use crate::tracking::RecordId;

/// Records that a word has the bits of.
const WORD: u32 = u64::BITS;
/// Words that are counted as one.
const COUNTED: usize = 8;

/// A set of records that grows by later ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The record of the first bit.
    first: RecordId,
    bits: Vec<u64>,
    /// How many are chosen before every eighth word.
    before: Vec<u32>,
    length: u32,
}

impl Chosen {
    /// All of these records.
    pub fn all(ids: std::ops::Range<RecordId>) -> Self {
        ids.collect()
    }

    /// Adds a record behind the last one. What is not behind it is passed over.
    pub fn push(&mut self, id: RecordId) {
        if self.bits.is_empty() {
            self.first = id / WORD * WORD;
        }
        let (word, bit) = self.place(id);
        if id < self.first || word + 1 < self.bits.len() {
            return;
        }
        while self.bits.len() <= word {
            if self.bits.len().is_multiple_of(COUNTED) {
                self.before.push(self.length);
            }
            self.bits.push(0);
        }
        if let Some(bits) = self.bits.get_mut(word).filter(|bits| **bits < bit) {
            *bits |= bit;
            self.length += 1;
        }
    }

    /// The word of a record, and its bit.
    fn place(&self, id: RecordId) -> (usize, u64) {
        let at = id.wrapping_sub(self.first);
        ((at / WORD) as usize, 1 << (at % WORD))
    }

    /// Where these are the records of `known` and others behind all of those: a record behind the last known one.
    pub fn goes_on(&self, known: &Self) -> Option<RecordId> {
        let Some((last, whole)) = known.bits.split_last() else { return Some(0) };
        let end = u64::BITS - last.leading_zeros();
        let below = u64::MAX.checked_shr(last.leading_zeros()).unwrap_or(0);
        let same = self.first == known.first && self.bits.get(..whole.len()) == Some(whole);
        let goes_on = same && self.bits.get(whole.len()).is_some_and(|bits| bits & below == *last);
        goes_on.then(|| known.first.saturating_add(whole.len() as u32 * WORD + end))
    }

    /// How many are chosen.
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// None is.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether a record is.
    pub fn has(&self, id: RecordId) -> bool {
        let (word, bit) = self.place(id);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// How many records before this one are chosen.
    pub fn row(&self, id: RecordId) -> usize {
        if id < self.first {
            return 0;
        }
        let (word, bit) = self.place(id);
        let Some(bits) = self.bits.get(word) else { return self.len() };
        let counted = word / COUNTED;
        let between = self.bits.get(counted * COUNTED..word).unwrap_or_default();
        let before = self.before.get(counted).copied().unwrap_or_default();
        (before + between.iter().chain(&[bits & (bit - 1)]).map(|bits| bits.count_ones()).sum::<u32>()) as usize
    }

    /// The record before which so many are chosen.
    pub fn at(&self, row: usize) -> Option<RecordId> {
        let row = u32::try_from(row).ok().filter(|row| *row < self.length)?;
        let counted = self.before.partition_point(|before| *before <= row).checked_sub(1)?;
        let mut left = row - self.before.get(counted)?;
        for (word, bits) in (counted * COUNTED..).zip(self.bits.get(counted * COUNTED..)?) {
            match left.checked_sub(bits.count_ones()) {
                Some(rest) => left = rest,
                None => return Some(self.id(word, (0..left).fold(*bits, |bits, _| bits & bits.wrapping_sub(1)))),
            }
        }
        None
    }

    /// The record of the lowest bit of a word.
    fn id(&self, word: usize, bits: u64) -> RecordId {
        self.first + word as u32 * WORD + bits.trailing_zeros()
    }

    /// Those chosen from a record on, in rising order.
    pub fn from(&self, id: RecordId) -> impl Iterator<Item = RecordId> {
        let (first, bit) = self.place(id.max(self.first));
        let words = (first..self.bits.len()).filter_map(|word| Some((word, *self.bits.get(word)?)));
        words.flat_map(move |(word, bits)| {
            let mut left = if word == first { bits & !(bit - 1) } else { bits };
            std::iter::from_fn(move || {
                let lowest = left;
                left &= left.checked_sub(1)?;
                Some(self.id(word, lowest))
            })
        })
    }

    /// Those chosen before a record, the last of them first.
    pub fn before(&self, id: RecordId) -> impl Iterator<Item = RecordId> {
        (0..self.row(id)).rev().map_while(|row| self.at(row))
    }

    /// All that are chosen, in rising order.
    pub fn iter(&self) -> impl Iterator<Item = RecordId> {
        self.from(0)
    }
}

impl FromIterator<RecordId> for Chosen {
    /// Of records in rising order.
    fn from_iter<I: IntoIterator<Item = RecordId>>(ids: I) -> Self {
        let mut chosen = Self::default();
        ids.into_iter().for_each(|id| chosen.push(id));
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ids: &[RecordId]) {
        let chosen: Chosen = ids.iter().copied().collect();
        assert_eq!((chosen.len(), chosen.is_empty()), (ids.len(), ids.is_empty()));
        assert!(chosen.iter().eq(ids.iter().copied()));
        assert!((0..ids.len() + 2).map(|row| chosen.at(row)).eq((0..ids.len() + 2).map(|row| ids.get(row).copied())));
        let near = ids.iter().flat_map(|id| [id.saturating_sub(1), *id, id.saturating_add(1)]);
        for id in near.chain([0, 63, 64, 511, 512, 700_000, RecordId::MAX]) {
            let row = ids.partition_point(|other| *other < id);
            assert_eq!((chosen.row(id), chosen.has(id)), (row, ids.contains(&id)), "{id}");
            assert_eq!(chosen.from(id).next(), ids.get(row).copied(), "from {id}");
            assert!(chosen.before(id).take(3).eq(ids[..row].iter().rev().take(3).copied()), "before {id}");
        }
    }

    #[test]
    fn it_holds_what_a_list_holds() {
        check(&[]);
        check(&[0]);
        check(&[63, 64, 65, 511, 512, 513]);
        check(&[700_000, 700_001, 900_000]);
        check(&[RecordId::MAX - 1, RecordId::MAX]);
        check(&(0..2000).collect::<Vec<_>>());
        let mut state = 3u64;
        let mut id = 77;
        let ids = std::iter::from_fn(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            id += 1 + (state >> 33) as u32 % if state >> 62 == 0 { 2000 } else { 3 };
            Some(id)
        });
        check(&ids.take(3000).collect::<Vec<_>>());
    }

    #[test]
    fn what_goes_on_has_all_that_was_there_and_more_behind() {
        let chosen = |ids: &[RecordId]| ids.iter().copied().collect::<Chosen>();
        for (known, all, expected) in [
            (&[][..], &[5, 900][..], Some(0)),
            (&[5, 70], &[5, 70], Some(71)),
            (&[5, 70], &[5, 70, 71, 900], Some(71)),
            (&[63], &[63, 64], Some(64)),
            (&[127], &[127, 128], Some(128)),
            (&[5, 70], &[5, 69, 70], None),
            (&[5, 70], &[5], None),
            (&[5, 70], &[6, 70], None),
            (&[70], &[5, 70], None),
        ] {
            assert_eq!(chosen(all).goes_on(&chosen(known)), expected, "{known:?} {all:?}");
        }
        let last = chosen(&[RecordId::MAX]);
        assert_eq!(last.goes_on(&last), Some(RecordId::MAX));
    }

    #[test]
    fn what_is_not_behind_the_last_one_is_passed_over() {
        let mut chosen: Chosen = [65, 70].into_iter().collect();
        [70, 5, 6, 66, 0].into_iter().for_each(|id| chosen.push(id));
        assert!(chosen.iter().eq([65, 70]));
    }
}
