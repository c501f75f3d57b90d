//! Things that few others have, by a number that the other keeps.

use super::ring::reserve;

/// No thing.
pub(super) const NOTHING: u32 = u32::MAX;

/// Holds things under numbers that are used again.
pub(super) struct Slab<T> {
    things: Vec<T>,
    /// Whether there is one, or only was. Apart, so that nobody has to wait for a thing to know that.
    there: Vec<bool>,
    free: Vec<u32>,
}

impl<T: Clone> Slab<T> {
    pub const fn new() -> Self {
        Self { things: Vec::new(), there: Vec::new(), free: Vec::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.things.len() - self.free.len()
    }

    /// Things, and places where one was.
    #[inline]
    pub fn places(&self) -> usize {
        self.things.len()
    }

    #[inline]
    fn has(&self, number: u32) -> bool {
        self.there.get(number as usize).copied().unwrap_or(false)
    }

    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        self.things.get(number as usize).filter(|_| self.has(number))
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        if self.has(number) { self.things.get_mut(number as usize) } else { None }
    }

    /// What is or was under a number, to ask memory for it.
    #[inline]
    pub fn place(&self, number: u32) -> Option<&T> {
        self.things.get(number as usize)
    }

    /// Keeps a thing; its number is that until it is taken. Always in the very place, so that a large thing is made where it stays.
    #[inline(always)]
    pub fn put(&mut self, thing: T) -> u32 {
        if let Some(number) = self.free.pop()
            && let (Some(place), Some(there)) =
                (self.things.get_mut(number as usize), self.there.get_mut(number as usize))
        {
            (*place, *there) = (thing, true);
            return number;
        }
        if self.things.len() == self.things.capacity() {
            reserve(&mut self.things);
        }
        self.things.push(thing);
        self.there.push(true);
        (self.things.len() - 1) as u32
    }

    /// Takes a thing out, if there is one.
    pub fn take(&mut self, number: u32) -> Option<T> {
        let taken = self.get(number).cloned()?;
        self.free(number);
        Some(taken)
    }

    /// Lets a thing go, if there is one. It stays unseen until its place is used again.
    pub fn free(&mut self, number: u32) {
        if let Some(there) = self.there.get_mut(number as usize)
            && std::mem::take(there)
        {
            self.free.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again() {
        let mut slab = Slab::new();
        let [a, b] = ["a", "b"].map(|thing| slab.put(thing));
        assert_eq!((slab.get(a), slab.get(NOTHING), slab.len()), (Some(&"a"), None, 2));
        assert_eq!(slab.get_mut(b), Some(&mut "b"));
        assert_eq!((slab.take(a), slab.take(a), slab.get(a), slab.len()), (Some("a"), None, None, 1));
        assert_eq!((slab.put("c"), slab.get(a)), (a, Some(&"c")));
        assert_eq!(slab.put("d"), 2);
    }
}
