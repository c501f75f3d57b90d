//! Percentiles of round trips, without sorting them all.

/// Nearest-rank percentiles, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub count: usize,
    pub min: i64,
    pub p50: i64,
    pub p95: i64,
    pub p99: i64,
    pub max: i64,
}

/// From so many times on it is worth it to look first where about they are.
const MANY: usize = 2048;
/// Times of about the same length share a bucket.
const BUCKETS: usize = 1 << 11;

impl Times {
    /// Of these times, whose order changes. None of none.
    pub fn of(times: &mut [i64]) -> Option<Self> {
        if times.len() < MANY {
            return Self::among(times, ranks(times.len()), times.len());
        }
        let mut spread = Spread::default();
        times.iter().for_each(|time| spread.change(None, Some(*time)));
        spread.times(times.iter().copied())
    }

    /// Those of so many times that have these ranks among some of them.
    fn among(mut times: &mut [i64], ranks: [usize; 5], count: usize) -> Option<Self> {
        let mut found = [0; 5];
        for (found, rank) in found.iter_mut().zip(ranks).rev() {
            if rank >= times.len() {
                return None;
            }
            // What lies above one of them need not be looked at for a lower one.
            *found = *times.select_nth_unstable(rank).1;
            times = times.get_mut(..=rank)?;
        }
        let [min, p50, p95, p99, max] = found;
        Some(Self { count, min, p50, p95, p99, max })
    }
}

/// The ranks from 0 of the shortest of so many times, of the percentiles, and of the longest.
fn ranks(count: usize) -> [usize; 5] {
    [0, 50, 95, 99, 100].map(|percent| (count * percent).div_ceil(100).saturating_sub(1))
}

/// How many times there are of about each length.
pub(super) struct Spread(Box<[u32; BUCKETS]>);

impl Default for Spread {
    fn default() -> Self {
        Self(Box::new([0; BUCKETS]))
    }
}

impl Spread {
    /// A time is not there any more, and another is there.
    #[inline(always)]
    pub fn change(&mut self, gone: Option<i64>, new: Option<i64>) {
        if let Some(gone) = gone {
            self.0[bucket(gone)] -= 1;
        }
        if let Some(new) = new {
            self.0[bucket(new)] += 1;
        }
    }

    /// Of all times that are there, which are these. None of none.
    pub fn times(&self, times: impl Iterator<Item = i64>) -> Option<Times> {
        let count = self.0.iter().map(|count| *count as usize).sum();
        let sought = ranks(count);
        // Only the few in the buckets of these ranks are looked at, and the ranks then count among them.
        let (mut ranks, mut wanted, mut end, mut left_out) = (sought, [false; BUCKETS], 0, 0);
        for (count, wanted) in self.0.iter().zip(&mut wanted) {
            let start = end;
            end += *count as usize;
            for (rank, sought) in ranks.iter_mut().zip(sought).filter(|(_, sought)| (start..end).contains(sought)) {
                *wanted = true;
                *rank = sought - left_out;
            }
            left_out += if *wanted { 0 } else { *count as usize };
        }
        let mut among: Vec<i64> = times.filter(|time| wanted[bucket(*time)]).collect();
        Times::among(&mut among, ranks, count)
    }
}

/// The bucket of a time. That of a longer one is no lower.
#[inline(always)]
fn bucket(time: i64) -> usize {
    let time = time.max(0) as u64;
    // As in a floating-point number: the place of the highest bit, and the five bits behind it.
    let shift = 58 - (time | 63).leading_zeros();
    (shift as usize * 32 + (time >> shift) as usize) % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        assert_eq!(Times::of(&mut []), None);
        // The times are spread further the more there are of them, and some lie apart.
        for count in (1..=250_usize).chain([MANY - 1, MANY, MANY + 1, 10_000, 50_000]) {
            // All numbers below `count`, in a disorder of their own.
            let stretch = |time: i64| if time % 1000 == 0 { i64::MAX - time } else { time * (1 + time / 300) };
            let mut times: Vec<i64> = (0..count).map(|at| stretch((at * 7919 % count) as i64)).collect();
            times.sort_unstable();
            let expected = times.clone();
            times.reverse();
            times.rotate_left(count / 3);
            let at = |percent: usize| expected[(count * percent).div_ceil(100) - 1];
            let found = Times::of(&mut times).unwrap();
            let wanted =
                Times { count, min: expected[0], p50: at(50), p95: at(95), p99: at(99), max: expected[count - 1] };
            assert_eq!(found, wanted, "{count}");
        }
    }
}
