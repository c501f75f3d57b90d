//! How fast the numbers of notifications rise: in many steps, too, they may not pass half their range in four minutes (RFC 7641 section 4.4).

use std::collections::VecDeque;

use super::clock::{Moment, SECOND, between};
use super::order;

/// A rise by more than half of all numbers within this time is too fast to be ordered.
pub(super) const WINDOW: i64 = 256 * SECOND;
/// Half of all numbers.
const HALF: i64 = order::HALF as i64;
/// So many steps are looked at.
const KEPT: usize = 128;
/// As many smaller steps do not sum up to half of all numbers.
const LARGE: i64 = 65_536;

/// A number, when it came, and how far the numbers had risen with it.
#[derive(Clone, Copy)]
struct Step {
    at: Moment,
    number: u32,
    risen: i64,
}

/// The newest steps of numbers that rise fast, from a large one on. Others need no memory: no sum of small ones is too much.
#[derive(Clone, Default)]
pub(super) struct Climb(Option<Box<Steps>>);

/// Steps, the oldest first.
#[derive(Clone)]
struct Steps(VecDeque<Step>);

impl Climb {
    /// The numbers rose far lately.
    #[inline]
    pub fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// The numbers rose from one to another; returns the number from which they rose too far within the time.
    #[inline]
    pub fn rise(&mut self, from: (u32, Moment), to: (u32, Moment)) -> Option<u32> {
        let rise = i64::from(order::ahead(to.0, from.0));
        if between(from.1, to.1).is_none_or(|elapsed| elapsed > WINDOW) {
            self.0 = None;
            return None;
        }
        if self.0.is_none() && rise < LARGE { None } else { self.step(from, to, rise) }
    }

    #[cold]
    #[inline(never)]
    fn step(&mut self, from: (u32, Moment), to: (u32, Moment), rise: i64) -> Option<u32> {
        let begin = || Box::new(Steps(VecDeque::from([Step { at: from.1, number: from.0, risen: 0 }])));
        let Steps(steps) = &mut **self.0.get_or_insert_with(begin);
        let before = steps.back().copied()?;
        let past = |step: &Step| between(step.at, to.1).is_none_or(|elapsed| elapsed > WINDOW);
        while steps.len() >= KEPT || steps.front().is_some_and(past) {
            steps.pop_front();
        }
        steps.push_back(Step { at: to.1, number: to.0, risen: before.risen + rise });
        let first = *steps.front()?;
        let far = before.risen + rise - first.risen > HALF;
        // What was said is not said again with each number; numbers that are slow again need no memory.
        if far || steps.len() == 1 {
            self.0 = None;
        }
        far.then_some(first.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds and numbers; returns those that rose too far, with where they began.
    fn far(steps: &[(i64, u32)]) -> Vec<(u32, u32)> {
        let mut climb = Climb::default();
        let at = |time: i64| Moment { time: time * SECOND, epoch: 0 };
        let pairs = steps.windows(2);
        pairs
            .filter_map(|pair| {
                let (from, to) = ((pair[0].1, at(pair[0].0)), (pair[1].1, at(pair[1].0)));
                climb.rise(from, to).map(|first| (first, to.0))
            })
            .collect()
    }

    #[test]
    fn the_sum_of_steps_within_the_time_counts() {
        let half = 1 << 23;
        for (steps, expected) in [
            (&[(0, 1), (5, half / 2 + 1), (100, half)][..], &[][..]),
            (&[(0, 1), (5, half / 2 + 1), (100, half + 1)], &[]),
            (&[(0, 1), (5, half / 2 + 1), (100, half + 2)], &[(1, half + 2)]),
            (&[(0, 1), (5, half / 2 + 1), (256, half + 2)], &[(1, half + 2)]),
            (&[(0, 1), (5, half / 2 + 1), (257, half + 2)], &[]),
            (&[(0, 16_000_000), (5, 2_000_000), (9, 8_000_000), (10, 8_000_001)], &[(16_000_000, 8_000_000)]),
            // A slow step, and one that is slow and small.
            (&[(0, 1), (128, half / 2 + 1), (228, half + 2)], &[(1, half + 2)]),
            (&[(0, 1), (5, half / 2 + 1), (6, half / 2 + 2), (100, half + 2)], &[(1, half + 2)]),
            // What was said is not said again.
            (&[(0, 0), (1, half / 2), (2, half), (3, half + 1), (4, half + 2)], &[(0, half + 1)]),
        ] {
            assert_eq!(far(steps), expected, "{steps:?}");
        }
    }
}
