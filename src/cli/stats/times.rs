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

/// From so many times on it is worth it to look first where about the percentiles are.
const MANY: usize = 2048;
/// Times of about the same length share a bucket.
const BUCKETS: usize = 1 << 11;

impl Times {
    /// Of these times, whose order changes. None of none.
    pub fn of(times: &mut [i64]) -> Option<Self> {
        let count = times.len();
        let (&first, rest) = times.split_first()?;
        let (min, max) = rest.iter().fold((first, first), |(min, max), time| (min.min(*time), max.max(*time)));
        let mut ranks = [50, 95, 99].map(|percent| (count * percent).div_ceil(100).saturating_sub(1));
        let mut among = if count < MANY { times } else { narrow(times, &mut ranks) };
        let mut found = [0; 3];
        for (found, rank) in found.iter_mut().zip(ranks).rev() {
            // What lies above one percentile need not be looked at for a lower one.
            *found = *among.select_nth_unstable(rank).1;
            among = among.get_mut(..=rank)?;
        }
        let [p50, p95, p99] = found;
        Some(Self { count, min, p50, p95, p99, max })
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

/// Gives the few times among which are those of these ranks, which count among them then.
fn narrow<'a>(times: &'a mut [i64], ranks: &mut [usize; 3]) -> &'a mut [i64] {
    let (mut counts, mut wanted) = ([0_usize; BUCKETS], [false; BUCKETS]);
    for time in times.iter() {
        counts[bucket(*time)] += 1;
    }
    let (sought, mut end, mut left_out) = (*ranks, 0, 0);
    for (count, wanted) in counts.iter().zip(&mut wanted) {
        let start = end;
        end += count;
        for (rank, sought) in ranks.iter_mut().zip(sought).filter(|(_, sought)| (start..end).contains(sought)) {
            *wanted = true;
            *rank = sought - left_out;
        }
        left_out += if *wanted { 0 } else { *count };
    }
    let mut kept = 0;
    for at in 0..times.len() {
        if wanted[bucket(times[at])] {
            times.swap(kept, at);
            kept += 1;
        }
    }
    &mut times[..kept]
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
