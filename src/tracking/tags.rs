//! An index whose cells hold 32 bits of a hash and a number: whoever looks something up checks it against what the number leads to.
//! Eight bytes a cell keep large tables in the processor's caches. What has had its time leaves when room is made.

use prefetch_index::prefetch_index;

use super::seed::two_numbers;
use super::table::Key;

/// The number of an empty cell.
const NOTHING: u32 = u32::MAX;

/// What a number leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// What has the key.
    Same,
    /// What has another key.
    Other,
    /// Nothing any more.
    Gone,
}

#[derive(Clone, Copy)]
struct Cell {
    tag: u32,
    number: u32,
}

const EMPTY: Cell = Cell { tag: 0, number: NOTHING };

/// What a key is told by in an index.
#[derive(Clone, Copy, Default)]
pub(super) struct Tag(u32);

/// Where the number of a key is or would go; good until something is put elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    at: usize,
    /// For [`remove`](Tags::remove).
    pub tag: u32,
    /// The number that is there, if it has the key.
    pub number: Option<u32>,
}

/// Open addressing with linear probing. The tag tells where a cell has its home, so that moving needs no keys.
pub(super) struct Tags {
    /// As many as a power of two.
    cells: Vec<Cell>,
    /// How many more cells may be filled before room is to be made.
    room: usize,
    /// Memory for [`make_room`](Self::make_room), used again.
    moving: Vec<Cell>,
    seed: [u64; 2],
}

impl Tags {
    /// Cells of a new index.
    const FIRST: usize = 64;

    pub fn new() -> Self {
        let (cells, room) = (vec![EMPTY; Self::FIRST], Self::room_of(Self::FIRST));
        Self { cells, room, moving: Vec::new(), seed: two_numbers() }
    }

    fn room_of(cells: usize) -> usize {
        cells / 4 * 3
    }

    #[inline]
    fn tag(&self, key: impl Key) -> u32 {
        key.hash(self.seed) as u32
    }

    /// Where what has a tag is looked for first.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        tag as usize & (self.cells.len() - 1)
    }

    /// The number under a key, told by what the numbers with its tag lead to.
    #[inline(always)]
    pub fn get(&self, key: impl Key, held: impl Fn(u32) -> Held) -> Option<u32> {
        self.find(self.tag(key), held).number
    }

    /// Asks memory for where a key is looked for first.
    #[inline]
    pub fn ask(&self, key: impl Key) -> Tag {
        let tag = self.tag(key);
        self.ask_tag(tag);
        Tag(tag)
    }

    /// The same for a tag.
    #[inline]
    pub fn ask_tag(&self, tag: u32) {
        prefetch_index(&self.cells, self.home(tag));
    }

    /// The number that is there, or of something else, or `u32::MAX`.
    #[inline]
    pub fn first(&self, Tag(tag): Tag) -> u32 {
        let cell = self.cells.get(self.home(tag)).copied().unwrap_or(EMPTY);
        if cell.tag == tag { cell.number } else { NOTHING }
    }

    /// The place of a key, where there [is room](Self::is_full).
    #[inline(always)]
    pub fn find_key(&self, key: impl Key, held: impl Fn(u32) -> Held) -> Place {
        self.find(self.tag(key), held)
    }

    #[inline(always)]
    fn find(&self, tag: u32, held: impl Fn(u32) -> Held) -> Place {
        let (cells, mask) = (self.cells.as_slice(), self.cells.len() - 1);
        let mut at = self.home(tag);
        let mut free = None;
        while let Some(cell) = cells.get(at)
            && cell.number != NOTHING
        {
            if cell.tag == tag {
                match held(cell.number) {
                    Held::Same => return Place { at, tag, number: Some(cell.number) },
                    Held::Other => {}
                    Held::Gone => free = free.or(Some(at)),
                }
            }
            at = (at + 1) & mask;
        }
        Place { at: free.unwrap_or(at), tag, number: None }
    }

    /// The place of a key, for [`put`](Self::put). `alive` tells the numbers that still lead to something; it is asked once of each when room
    /// is made (and of `u32::MAX`), and the others leave.
    #[inline]
    pub fn place(&mut self, key: impl Key, held: impl Fn(u32) -> Held, alive: impl FnMut(u32) -> bool) -> Place {
        if self.room == 0 {
            self.make_room(alive);
        }
        self.find(self.tag(key), held)
    }

    /// Puts a number at a place.
    #[inline]
    pub fn put(&mut self, place: Place, number: u32) {
        let cell = &mut self.cells[place.at];
        self.room -= usize::from(cell.number == NOTHING);
        *cell = Cell { tag: place.tag, number };
    }

    /// Takes a number out, if it is there, and gives its room back. `tag`: of the place where it was put.
    #[inline]
    pub fn remove(&mut self, tag: u32, number: u32) {
        let mask = self.cells.len() - 1;
        let (home, after) = (|tag: u32| tag as usize & mask, |at: usize| (at + 1) & mask);
        let mut at = home(tag);
        loop {
            match self.cells.get(at) {
                Some(cell) if cell.number == number => break,
                Some(cell) if cell.number != NOTHING => at = after(at),
                _ => return,
            }
        }
        self.room += 1;
        // What has been put behind it for want of room moves up.
        let mut next = after(at);
        while let Some(&cell) = self.cells.get(next)
            && cell.number != NOTHING
        {
            if (next.wrapping_sub(home(cell.tag)) & mask) >= (next.wrapping_sub(at) & mask) {
                self.cells[at] = cell;
                at = next;
            }
            next = after(next);
        }
        self.cells[at] = EMPTY;
    }

    /// Takes the number of a key out, if it is there.
    #[inline]
    pub fn take(&mut self, key: impl Key, number: u32) {
        self.remove(self.tag(key), number);
    }

    /// Whether room is to be made before anything can be put.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Lets go of what leads nowhere, and grows where much does not.
    #[cold]
    #[inline(never)]
    pub fn make_room(&mut self, mut alive: impl FnMut(u32) -> bool) {
        // Asks once of each. Without a branch on the answer, which nobody can foretell.
        let (full, mut many) = (self.cells.len(), 0);
        for at in 0..self.cells.len() {
            let cell = self.cells[at];
            self.cells[many] = cell;
            many += usize::from((cell.number != NOTHING) & alive(cell.number));
        }
        self.moving.clear();
        self.moving.extend_from_slice(&self.cells[..many]);
        // At most half full, so that there is time until the next such call, and little room that is not needed.
        // Nor does it get much smaller at once: what has left is often followed by as much.
        let cells = (many * 2).next_power_of_two().max(full / 2).max(Self::FIRST);
        self.cells.clear();
        self.cells.resize(cells, EMPTY);
        self.room = Self::room_of(cells) - many;
        for &cell in &self.moving {
            let mut at = cell.tag as usize & (cells - 1);
            while self.cells[at].number != NOTHING {
                at = (at + 1) & (cells - 1);
            }
            self.cells[at] = cell;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::tracking::random::Random;

    #[test]
    fn it_holds_what_a_map_of_the_standard_library_holds() {
        // Numbers lead to keys; the oldest are gone.
        let (mut tags, mut keys, mut map, mut left) = (Tags::new(), Vec::<u64>::new(), HashMap::new(), Vec::new());
        let mut random = Random(7);
        for number in 0..40_000u32 {
            let key = random.below(700);
            let first = number.saturating_sub(300);
            let held = |keys: &[u64], at: u32, key: u64| match keys[at as usize] {
                _ if at < first => Held::Gone,
                same if same == key => Held::Same,
                _ => Held::Other,
            };
            let place = tags.place(key, |at| held(&keys, at, key), |at| at >= first);
            assert_eq!(place.number, map.get(&key).copied().filter(|at| *at >= first));
            keys.push(key);
            tags.put(place, number);
            map.insert(key, number);
            left.push(place.tag);
            let other = random.below(700);
            let expected = map.get(&other).copied().filter(|at| *at >= first);
            assert_eq!(tags.get(other, |at| held(&keys, at, other)), expected);
            // One of two that leave is taken out at once, the others when room is made.
            if let Some(gone) = number.checked_sub(300).filter(|gone| gone % 2 == 0) {
                tags.remove(left[gone as usize], gone);
                tags.remove(left[gone as usize], gone);
            }
        }
        assert!(tags.cells.len() <= 1024, "{} cells for 300 that are alive", tags.cells.len());
    }
}
