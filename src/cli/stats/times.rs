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

impl Times {
    /// Of these times, whose order changes. None of none.
    pub fn of(times: &mut [i64]) -> Option<Self> {
        let count = times.len();
        let rank = |percent: usize| (count * percent).div_ceil(100).saturating_sub(1);
        let (min, max) = (*times.iter().min()?, *times.iter().max()?);
        // What lies above one percentile need not be looked at for a lower one.
        let mut end = count;
        let mut at = |percent: usize| {
            let place = rank(percent);
            let (_, found, _) = times.get_mut(..end)?.select_nth_unstable(place);
            end = (place + 1).min(count);
            Some(*found)
        };
        let (p99, p95, p50) = (at(99)?, at(95)?, at(50)?);
        Some(Self { count, min, p50, p95, p99, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        assert_eq!(Times::of(&mut []), None);
        for count in 1..=250_usize {
            // All numbers below `count`, in a disorder of their own.
            let mut times: Vec<i64> = (0..count).map(|at| (at * 7919 % count) as i64).collect();
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
