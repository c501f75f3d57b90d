//! Things numbered in the order in which they come, the oldest of which leave first.

/// Holds things by number. A cell is used again in its turn, so that a look-up is one comparison and one access.
///
/// Numbers begin again by themselves. They go up in steps of `1 << BITS`: so rings can share the numbers, each beginning at its own, and
/// `u32::MAX` is nobody's where none begins at the last one below a step.
///
/// Of each thing what is needed together with that of its neighbours lies apart from the rest: its side.
pub(super) struct Ring<T, S, const BITS: u32 = 1> {
    /// At most `mask` and one more. Those not used yet are not there.
    cells: Vec<T>,
    /// As many.
    sides: Vec<S>,
    /// There may be a power of two of cells, so that the number of a thing alone tells its cell: these bits of it do.
    mask: u32,
    /// Number of the oldest thing.
    first: u32,
    length: u32,
}

impl<T: Copy, S: Copy, const BITS: u32> Ring<T, S, BITS> {
    /// Cells of a new ring.
    const FIRST: u32 = 64;

    /// A ring whose numbers begin at one, less than `1 << BITS`.
    pub const fn new(first: u32) -> Self {
        Self { cells: Vec::new(), sides: Vec::new(), mask: Self::FIRST - 1, first, length: 0 }
    }

    /// Number of the oldest thing.
    #[inline]
    pub fn first(&self) -> u32 {
        self.first
    }

    /// The number that comes next.
    #[inline]
    pub fn next(&self) -> u32 {
        self.first.wrapping_add(self.length << BITS)
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// How many things are between two numbers. What is no number of this ring counts as more than there can be.
    #[inline]
    pub fn between(first: u32, number: u32) -> u32 {
        number.wrapping_sub(first).rotate_right(BITS)
    }

    /// The cell of what is under a number.
    #[inline]
    fn cell(&self, number: u32) -> usize {
        (number >> BITS & self.mask) as usize
    }

    /// Whether there is something under a number.
    #[inline]
    pub fn holds(&self, number: u32) -> bool {
        Self::between(self.first, number) < self.length
    }

    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        if self.holds(number) { self.known(number) } else { None }
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        if self.holds(number) { self.known_mut(number) } else { None }
    }

    /// The same where the ring is known to hold the number.
    #[inline]
    pub fn known(&self, number: u32) -> Option<&T> {
        self.cells.get(self.cell(number))
    }

    #[inline]
    pub fn known_mut(&mut self, number: u32) -> Option<&mut T> {
        let cell = self.cell(number);
        self.cells.get_mut(cell)
    }

    /// The cell that the thing so many behind the next will have, whatever is in it.
    #[inline]
    pub fn cell_ahead(&self, by: u32) -> Option<&T> {
        self.cells.get(self.cell(self.next().wrapping_add(by << BITS)))
    }

    /// The number of what comes so many behind the oldest.
    #[inline]
    pub fn later(&self, by: u32) -> u32 {
        self.first.wrapping_add(by << BITS)
    }

    /// The number behind another.
    #[inline]
    pub fn after(number: u32) -> u32 {
        number.wrapping_add(1 << BITS)
    }

    /// The side of the thing under a number.
    #[inline]
    pub fn side(&self, number: u32) -> Option<&S> {
        if self.holds(number) { self.known_side(number) } else { None }
    }

    #[inline]
    pub fn side_mut(&mut self, number: u32) -> Option<&mut S> {
        let cell = self.cell(number);
        if self.holds(number) { self.sides.get_mut(cell) } else { None }
    }

    /// The same where the ring is known to hold the number.
    #[inline]
    pub fn known_side(&self, number: u32) -> Option<&S> {
        self.sides.get(self.cell(number))
    }

    /// The thing and its side, where the ring is known to hold the number.
    #[inline]
    pub fn known_both(&mut self, number: u32) -> Option<(&mut T, &mut S)> {
        let cell = self.cell(number);
        Some((self.cells.get_mut(cell)?, self.sides.get_mut(cell)?))
    }

    /// The thing and its side.
    #[inline]
    pub fn both(&mut self, number: u32) -> Option<(&mut T, &mut S)> {
        if self.holds(number) { self.known_both(number) } else { None }
    }

    /// The oldest thing.
    #[inline]
    pub fn front(&self) -> Option<&T> {
        self.get(self.first)
    }

    /// The side of the oldest thing.
    #[inline]
    pub fn front_side(&self) -> Option<&S> {
        if self.length > 0 { self.known_side(self.first) } else { None }
    }

    /// Adds a thing under the number that comes next. Always in the very place, so that a large thing is made where it stays: to copy what
    /// was just written bit by bit waits for the memory.
    #[inline(always)]
    pub fn push(&mut self, thing: T, side: S) {
        if self.length > self.mask {
            self.grow();
        }
        let at = self.cell(self.next());
        self.length += 1;
        if let (Some(cell), Some(beside)) = (self.cells.get_mut(at), self.sides.get_mut(at)) {
            (*cell, *beside) = (thing, side);
        } else {
            cold();
            self.cells.push(thing);
            self.sides.push(side);
        }
    }

    /// The same for a thing that is to be written there, each field of it.
    #[inline(always)]
    pub fn push_place(&mut self) -> Option<(&mut T, &mut S)>
    where
        T: Default,
        S: Default,
    {
        if self.length > self.mask {
            self.grow();
        }
        let number = self.next();
        if self.cell(number) >= self.cells.len() {
            cold();
            self.cells.push(T::default());
            self.sides.push(S::default());
        }
        self.length += 1;
        self.known_both(number)
    }

    /// All cells are used. Of twice as many, each thing has the one that it had or the one as far behind the middle: it is put into both,
    /// except where those that have come round are the only ones to move.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let (middle, comes_round) = (self.cells.len(), self.first >> BITS & (self.mask + 1) == 0);
        reserve(&mut self.cells);
        reserve(&mut self.sides);
        let moved = if comes_round { self.cell(self.first) } else { middle };
        self.cells.extend_from_within(..moved);
        self.sides.extend_from_within(..moved);
        self.mask = self.mask << 1 | 1;
    }

    /// Lets the oldest thing go. It can be taken from the answer; else it stays there unseen until its cell is used again.
    #[inline]
    pub fn pop(&mut self) -> Option<&mut T> {
        if self.length == 0 {
            return None;
        }
        let cell = self.cell(self.first);
        self.first = Self::after(self.first);
        self.length -= 1;
        self.cells.get_mut(cell)
    }

    /// The numbers of all things, the oldest first.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<T, S, BITS> {
        let first = self.first;
        (0..self.length).map(move |by| first.wrapping_add(by << BITS))
    }

    /// All things with their numbers, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = (u32, &T)> {
        let number = |back: u32| self.next().wrapping_sub(back << BITS);
        (1..=self.length).map(number).filter_map(|number| Some((number, self.get(number)?)))
    }

    /// Number of the newest thing, if there is one.
    pub fn newest(&self) -> u32 {
        self.next().wrapping_sub(1 << BITS)
    }
}

/// Makes room for as much again. If that means to copy, for much more: memory that is not used costs nothing, but copying takes memory anew.
pub(super) fn reserve<T>(things: &mut Vec<T>) {
    if things.capacity() < 2 * things.len() {
        things.reserve_exact(7 * things.len());
    }
}

/// What is done beside this is done rarely.
#[cold]
#[inline(never)]
fn cold() {}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn it_holds_what_a_queue_of_the_standard_library_holds() {
        let (mut ring, mut queue, mut state) = (Ring::<u64, u64, 2>::new(1), VecDeque::new(), 1u64);
        // Numbers begin again in it. The first has the first cell.
        ring.first = 1u32.wrapping_sub(4 * 64 * 80);
        let mut first = ring.first;
        let after = |number: u32, by: u32| number.wrapping_add(by << 2);
        for round in 0..40_000u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Grows for a while, then shrinks.
            if state >> 40 & 3 < if round / 4_000 % 2 == 0 { 3 } else { 1 } {
                assert_eq!(ring.next(), after(first, queue.len() as u32));
                ring.push(state, !state);
                queue.push_back(state);
            } else {
                assert_eq!(ring.pop().copied(), queue.pop_front());
                first = ring.first();
            }
            assert_eq!((ring.len(), ring.front()), (queue.len(), queue.front()));
            let at = (state >> 20) as u32 % 3_000;
            assert_eq!(ring.get(after(first, at)), queue.get(at as usize));
            assert_eq!(ring.side(after(first, at)).map(|side| !side), queue.get(at as usize).copied());
            let others = [after(first, at) - 1, after(first, at) + 1, u32::MAX];
            assert!(others.iter().all(|number| !ring.holds(*number)));
        }
        assert_eq!((ring.get(after(first, u32::MAX)), ring.get(ring.next())), (None, None));
        assert_eq!(ring.get(ring.newest()), queue.back());
    }
}
