//! Things numbered in the order in which they come, the oldest of which leave first.

/// Numbers have 31 bits, and begin again at 0.
const NUMBERS: u32 = u32::MAX >> 1;

/// Holds things by number. A cell is used again in its turn, so that a look-up is one comparison and one access.
pub(super) struct Ring<T> {
    /// At most `room`. Those not used yet are not there.
    cells: Vec<T>,
    /// How many cells there may be. No power of two: a ring of large things would have up to twice the cells that it needs.
    room: u32,
    /// The cell of the oldest thing.
    head: u32,
    /// Number of the oldest thing.
    first: u32,
    length: u32,
}

impl<T> Ring<T> {
    /// Cells of a new ring.
    const FIRST: u32 = 64;

    pub fn new() -> Self {
        Self { cells: Vec::new(), room: Self::FIRST, head: 0, first: 0, length: 0 }
    }

    /// Number of the oldest thing.
    #[inline]
    pub fn first(&self) -> u32 {
        self.first
    }

    /// The number that comes next.
    #[inline]
    pub fn next(&self) -> u32 {
        self.first.wrapping_add(self.length) & NUMBERS
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// How many things are older than what is under a number, if anything is.
    #[inline]
    fn older(&self, number: u32) -> Option<u32> {
        let older = number.wrapping_sub(self.first) & NUMBERS;
        (number <= NUMBERS && older < self.length).then_some(older)
    }

    /// The cell of what comes behind so many.
    #[inline]
    fn cell(&self, older: u32) -> usize {
        let (at, room) = (self.head as usize + older as usize, self.room as usize);
        if at < room { at } else { at - room }
    }

    /// Whether there is something under a number.
    #[inline]
    pub fn holds(&self, number: u32) -> bool {
        self.older(number).is_some()
    }

    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        let older = self.older(number)?;
        self.cells.get(self.cell(older))
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let older = self.older(number)?;
        let cell = self.cell(older);
        self.cells.get_mut(cell)
    }

    /// The number behind another.
    pub fn after(number: u32) -> u32 {
        number.wrapping_add(1) & NUMBERS
    }

    /// The oldest thing.
    #[inline]
    pub fn front(&self) -> Option<&T> {
        self.get(self.first)
    }

    /// Adds a thing under the number that comes next. Always in the very place, so that a large thing is made where it stays: to copy what
    /// was just written bit by bit waits for the memory.
    #[inline(always)]
    pub fn push(&mut self, thing: T) {
        if self.length == self.room {
            self.grow();
        }
        let at = self.cell(self.length);
        self.length += 1;
        match self.cells.get_mut(at) {
            Some(cell) => *cell = thing,
            None => self.cells.push(thing),
        }
    }

    /// All cells are used: the oldest thing gets the first of more.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.cells.rotate_left(self.head as usize);
        let more = self.room / 4;
        self.cells.reserve_exact(more as usize);
        self.head = 0;
        self.room += more;
    }

    /// Lets the oldest thing go. It can be taken from the answer; else it stays there unseen until its cell is used again.
    #[inline]
    pub fn pop(&mut self) -> Option<&mut T> {
        if self.length == 0 {
            return None;
        }
        let cell = self.head as usize;
        self.head = if self.head + 1 == self.room { 0 } else { self.head + 1 };
        self.first = Self::after(self.first);
        self.length -= 1;
        self.cells.get_mut(cell)
    }

    /// All things with their numbers, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = (u32, &T)> {
        let number = |back: u32| self.next().wrapping_sub(back) & NUMBERS;
        (1..=self.length).map(number).filter_map(|number| Some((number, self.get(number)?)))
    }

    /// Number of the newest thing, if there is one.
    pub fn newest(&self) -> u32 {
        self.next().wrapping_sub(1) & NUMBERS
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn it_holds_what_a_queue_of_the_standard_library_holds() {
        let (mut ring, mut queue, mut state) = (Ring::<u64>::new(), VecDeque::new(), 1u64);
        ring.first = NUMBERS - 5_000;
        let mut first = ring.first;
        let after = |number: u32, by: u32| number.wrapping_add(by) & NUMBERS;
        for round in 0..40_000u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Grows for a while, then shrinks.
            if state >> 40 & 3 < if round / 4_000 % 2 == 0 { 3 } else { 1 } {
                assert_eq!(ring.next(), after(first, queue.len() as u32));
                ring.push(state);
                queue.push_back(state);
            } else {
                assert_eq!(ring.pop().copied(), queue.pop_front());
                first = ring.first();
            }
            assert_eq!((ring.len(), ring.front()), (queue.len(), queue.front()));
            let at = (state >> 20) as u32 % 3_000;
            assert_eq!(ring.get(after(first, at)), queue.get(at as usize));
        }
        assert_eq!((ring.get(after(first, NUMBERS)), ring.get(ring.next())), (None, None));
        assert_eq!(ring.get(ring.newest()), queue.back());
    }
}
