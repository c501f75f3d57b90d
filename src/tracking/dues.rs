//! When something is to happen with slots, or with messages, in the order of time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A steady time, and a slot or another number.
type Due = (i64, u32);

/// So many times that things wait for are told apart: one of them may be much longer than the others.
const QUEUES: usize = 3;

/// So many of each kind are told of together.
const NEXT: usize = 16;

/// Most wait for equally long as others, so that they are put in the order in which they come out. Only the rest needs a heap.
#[derive(Default)]
pub(super) struct Dues {
    in_order: [VecDeque<Due>; QUEUES],
    others: BinaryHeap<Reverse<Due>>,
}

impl Dues {
    #[inline]
    pub fn put(&mut self, when: i64, slot: u32) {
        let due = (when, slot);
        let fits = |queue: &&mut VecDeque<Due>| queue.back().is_none_or(|last| *last <= due);
        match self.in_order.iter_mut().find(fits) {
            Some(queue) => queue.push_back(due),
            None => self.others.push(Reverse(due)),
        }
    }

    /// The first in order, and in which queue that is.
    #[inline]
    fn front(&self) -> Option<(Due, usize)> {
        let fronts = self.in_order.iter().zip(0..).filter_map(|(queue, at)| Some((*queue.front()?, at)));
        fronts.min()
    }

    /// When the first is due.
    #[inline]
    pub fn first(&self) -> Option<i64> {
        let fronts = [self.front().map(|(due, _)| due), self.others.peek().map(|Reverse(due)| *due)];
        fronts.into_iter().flatten().map(|(when, _)| when).min()
    }

    /// The slots of those that are due before a steady time: of each kind some of the first, in no order.
    pub fn next(&self, steady: i64) -> impl Iterator<Item = u32> + Clone {
        let due = move |(when, slot): &Due| (*when < steady).then_some(*slot);
        self.in_order.iter().flat_map(move |queue| queue.iter().take(NEXT).map_while(due))
    }

    /// Takes out the first if it is due before a steady time.
    #[inline]
    pub fn take_before(&mut self, steady: i64) -> Option<u32> {
        let front = self.front();
        let other = self.others.peek().filter(|Reverse(other)| front.is_none_or(|(due, _)| *other < due));
        let (when, slot) = other.map(|Reverse(due)| *due).or(front.map(|(due, _)| due))?;
        if when >= steady {
            return None;
        }
        match (other, front) {
            (None, Some((_, at))) => drop(self.in_order.get_mut(at)?.pop_front()),
            _ => drop(self.others.pop()),
        }
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::random::Random;

    #[test]
    fn they_come_out_as_they_do_of_a_heap() {
        let (mut dues, mut heap, mut random) = (Dues::default(), BinaryHeap::new(), Random(5));
        for time in (0..20_000i64).map(|round| round / 3) {
            // Most wait for equally long, some for less, few for long; several at one time.
            let wait = match random.below(8) {
                0 | 1 => random.below(60) as i64,
                2 if random.below(64) == 0 => 5_000,
                _ => 60,
            };
            let slot = random.below(50) as u32;
            dues.put(time + wait, slot);
            heap.push(Reverse((time + wait, slot)));
            if random.below(4) == 0 {
                while let Some(Reverse((when, slot))) = heap.peek().copied().filter(|Reverse((when, _))| *when < time) {
                    assert_eq!(dues.first(), Some(when));
                    assert_eq!(dues.take_before(time), Some(slot));
                    heap.pop();
                }
                assert_eq!(dues.take_before(time), None);
            }
        }
        assert!(dues.others.len() < heap.len() / 4);
    }
}
