//! A buffered look at the bytes of a capture, with the exact offset of each.

use std::cell::Cell;
use std::io;

use super::medium::{Filled, Medium};

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;
/// So many more are asked of the disk ahead, lest each of them be waited for.
const AHEAD: u64 = 4 << 20;
/// So many at once: of more Linux may let the rest go, where its disk reads no more ahead by itself.
const AT_ONCE: u64 = 128 << 10;
/// Bytes by which a file that is followed is known again; a frame's time is among them.
const TAIL: usize = 256;

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
    /// Of a file that is followed, the last bytes that were read: they stay as they are where it only grows.
    tail: Vec<u8>,
    /// The last look found its end.
    waits: bool,
    /// What lies before this offset is read, or was asked of the disk.
    asked: u64,
    /// So far ahead of what is read.
    ahead: u64,
    /// Length of the capture when it was last asked for.
    length: Cell<u64>,
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

/// Why there is no telling.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It cannot be read.
    Read(io::Error),
    /// The file is followed, and was written anew, or another has its name.
    Anew,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl Window {
    pub fn new(medium: Medium) -> Self {
        Self {
            medium,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            base: 0,
            tail: Vec::new(),
            waits: false,
            asked: 0,
            ahead: AHEAD,
            length: Cell::new(0),
        }
    }

    /// It is one of so many, which share what is asked ahead.
    pub fn share(&mut self, all: usize) {
        self.ahead = (AHEAD / all.max(1) as u64).max(AT_ONCE);
    }

    /// The same look at another file.
    pub fn anew(&self, medium: Medium) -> Self {
        Self { ahead: self.ahead, ..Self::new(medium) }
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

    /// Goes on by so many bytes, of which those that are not in memory are left out.
    pub fn skip(&mut self, length: u64) {
        match usize::try_from(length) {
            Ok(length) if length <= self.end - self.start => self.consume(length),
            _ => {
                (self.base, self.start, self.end) = (self.offset() + length, 0, 0);
                self.tail.clear();
            }
        }
    }

    /// Gets bytes that stand further on, of which those between are left out.
    pub fn peek(&mut self, ahead: u64, into: &mut [u8]) -> Result<Have, Trouble> {
        if !self.has_only_grown(self.base + self.end as u64)? {
            return Err(Trouble::Anew);
        }
        let (from, mut have) = (self.offset() + ahead, 0);
        while have < into.len() {
            match self.medium.read_at(from + have as u64, into.get_mut(have..).unwrap_or_default())? {
                Filled::Bytes(count) => have += count,
                Filled::Pending if self.medium.is_replaced() => return Err(Trouble::Anew),
                Filled::Pending => {
                    self.waits = true;
                    return Ok(Have::Pending);
                }
                Filled::End => return Ok(Have::Short),
            }
        }
        Ok(Have::All)
    }

    /// Length of the capture, where it is known. The system is asked again only where that may have changed since.
    pub fn length(&self) -> Option<u64> {
        if self.medium.is_followed() || self.offset() >= self.length.get() {
            self.length.set(self.medium.length()?);
        }
        Some(self.length.get())
    }

    pub fn medium(&self) -> &Medium {
        &self.medium
    }

    pub fn medium_mut(&mut self) -> &mut Medium {
        &mut self.medium
    }

    /// Gets the next `length` bytes into memory.
    #[inline]
    pub fn ensure(&mut self, length: usize) -> Result<Have, Trouble> {
        if self.end - self.start >= length {
            return Ok(Have::All);
        }
        self.fill(length)
    }

    /// Whether, before reading on where it waited, at this offset, what was read last is still there.
    fn has_only_grown(&mut self, at: u64) -> io::Result<bool> {
        if !std::mem::take(&mut self.waits) || self.tail.is_empty() {
            return Ok(true);
        }
        let mut now = [0; TAIL];
        let now = now.get_mut(..self.tail.len()).unwrap_or_default();
        let is_there = match self.medium.read_at(at - self.tail.len() as u64, now)? {
            Filled::Bytes(count) => count == self.tail.len() && now == self.tail,
            _ => false,
        };
        if !is_there {
            self.medium.lose();
        }
        Ok(is_there)
    }

    /// Gets so many bytes where they are there: what they tell is welcome, but nothing depends on it. Whether the capture ends before.
    #[inline]
    pub fn look_ahead(&mut self, length: usize) -> bool {
        // Whoever needs them is told what is wrong.
        self.end - self.start < length
            && !self.medium.is_followed()
            && self.fill(length).is_ok_and(|have| have == Have::Short)
    }

    #[inline(never)]
    fn fill(&mut self, length: usize) -> Result<Have, Trouble> {
        while self.end - self.start < length {
            if self.end == self.buffer.len() {
                self.make_room();
            }
            let at = self.base + self.end as u64;
            if !self.has_only_grown(at)? {
                return Err(Trouble::Anew);
            }
            while self.asked < at + self.ahead {
                let from = self.asked.max(at);
                self.medium.expect(from, AT_ONCE);
                self.asked = from + AT_ONCE;
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            let filled = match self.medium.read_at(at, free)? {
                // What came to the old file up to now is read yet.
                Filled::Pending if self.medium.is_replaced() => match self.medium.read_at(at, free)? {
                    Filled::Pending => return Err(Trouble::Anew),
                    filled => filled,
                },
                filled => filled,
            };
            match filled {
                Filled::Bytes(count) => {
                    if self.medium.is_followed() {
                        let read = free.get(..count).unwrap_or_default();
                        self.tail.clear();
                        self.tail.extend(read.get(count.saturating_sub(TAIL)..).unwrap_or_default());
                    }
                    self.end += count;
                }
                Filled::Pending => {
                    self.waits = true;
                    return Ok(Have::Pending);
                }
                Filled::End => return Ok(Have::Short),
            }
        }
        Ok(Have::All)
    }

    /// The buffer is full. What is held goes to its beginning only where as much was handed out: so no byte is moved again and again, however
    /// little is handed out at a time.
    fn make_room(&mut self) {
        let held = self.end - self.start;
        if self.start >= held.max(1) {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            (self.start, self.end) = (0, held);
        } else {
            // Grows with what is there, not with what a length field claims.
            self.buffer.resize((self.end * 2).max(CHUNK), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn many_files_ask_for_as_much_as_one() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &[0; 3 * CHUNK]).unwrap();
        let medium = Medium::File { file: Arc::new(file), followed: None };
        let asked = |files: usize| {
            let mut window = Window::new(medium.clone());
            window.share(files);
            let mut asked = Vec::new();
            for _ in 0..3 {
                assert_eq!(window.ensure(CHUNK).ok(), Some(Have::All));
                window.consume(CHUNK);
                asked.push(window.asked - window.base);
            }
            asked
        };
        for (files, most) in [(1, AHEAD), (4, AHEAD / 4), (500, AT_ONCE)] {
            assert!(
                asked(files).iter().all(|asked| (most..most + AT_ONCE).contains(asked)),
                "{files}: {:?}",
                asked(files)
            );
        }
    }
}
