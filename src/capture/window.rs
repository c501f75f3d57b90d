//! A buffered look at the bytes of a capture, with the exact offset of each.

use std::io;

use super::medium::{Filled, Medium};

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// The part of a capture that is in memory, seen from the place that was reached.
#[derive(Debug)]
pub(super) struct Window {
    medium: Medium,
    buffer: Vec<u8>,
    /// The bytes not yet consumed are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Offset in the capture of `buffer[0]`.
    base: u64,
}

/// Whether so many bytes are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Have {
    All,
    /// Not yet.
    Pending,
    /// Never: the capture ends before.
    Short,
}

impl Window {
    pub fn new(medium: Medium) -> Self {
        Self { medium, buffer: Vec::new(), start: 0, end: 0, base: 0 }
    }

    /// Offset of the place that was reached.
    #[inline]
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// What is in memory from there on.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Goes on by so many bytes, that must be in memory.
    #[inline]
    pub fn consume(&mut self, length: usize) {
        self.start = (self.start + length).min(self.end);
    }

    pub fn medium(&self) -> &Medium {
        &self.medium
    }

    pub fn medium_mut(&mut self) -> &mut Medium {
        &mut self.medium
    }

    /// Gets the next `length` bytes into memory.
    #[inline]
    pub fn ensure(&mut self, length: usize) -> io::Result<Have> {
        if self.end - self.start >= length {
            return Ok(Have::All);
        }
        self.fill(length)
    }

    #[inline(never)]
    fn fill(&mut self, length: usize) -> io::Result<Have> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        while self.end < length {
            if self.end == self.buffer.len() {
                // Grows with what is there, not with what a length field claims.
                self.buffer.resize((self.end * 2).max(CHUNK), 0);
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.medium.read_at(self.base + self.end as u64, free)? {
                Filled::Bytes(count) => self.end += count,
                Filled::Pending => return Ok(Have::Pending),
                Filled::End => return Ok(Have::Short),
            }
        }
        Ok(Have::All)
    }
}
