//! Things that few others have, by a number that the other keeps.

use super::ring::reserve;

/// No thing.
pub(super) const NOTHING: u32 = u32::MAX;

/// Holds things under numbers that are used again.
pub(super) struct Slab<T> {
    things: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub const fn new() -> Self {
        Self { things: Vec::new(), free: Vec::new() }
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
    pub fn get(&self, number: u32) -> Option<&T> {
        self.things.get(number as usize)?.as_ref()
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.things.get_mut(number as usize)?.as_mut()
    }

    /// Keeps a thing; its number is that until it is taken. Always in the very place, so that a large thing is made where it stays.
    #[inline(always)]
    pub fn put(&mut self, thing: T) -> u32 {
        if let Some(number) = self.free.pop()
            && let Some(place) = self.things.get_mut(number as usize)
        {
            *place = Some(thing);
            return number;
        }
        if self.things.len() == self.things.capacity() {
            reserve(&mut self.things);
        }
        self.things.push(Some(thing));
        (self.things.len() - 1) as u32
    }

    /// Takes a thing out, if there is one.
    pub fn take(&mut self, number: u32) -> Option<T> {
        let taken = self.things.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(taken)
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
