//! Reads many frames again in the order of the file: long runs at once instead of each frame by itself.

use super::interface::{Known, RecordForm};
use super::{CaptureError, FrameReader};
use crate::frame::{Frame, Position};

/// Bytes of a run: enough that the calls do not count, little enough to stay in the processor's cache.
const RUN: usize = 256 << 10;
/// Frames that are read singly before runs are worth it: whoever looks here and there reads little each time.
const NEAR: u64 = 64 << 10;

/// Reads frames whose places mostly rise. Has a buffer of its own; make one a thread.
#[derive(Clone, Debug)]
pub struct RunReader {
    reader: FrameReader,
    file: u16,
    /// Offset of the buffer in the file.
    start: u64,
    buffer: Vec<u8>,
    /// What was last asked for of an interface: the table of all of them is locked for each look.
    known: Option<(u16, Known)>,
}

impl RunReader {
    /// Reads from the files behind `reader`.
    pub fn new(reader: FrameReader) -> Self {
        Self { reader, file: 0, start: 0, buffer: Vec::new(), known: None }
    }

    /// The reader of single frames behind it.
    pub fn reader(&self) -> &FrameReader {
        &self.reader
    }

    /// The frame at a place, with the number it had. Its bytes stay until the next call.
    ///
    /// # Errors
    /// The file cannot be read, or is no longer what it was.
    pub fn frame(&mut self, position: Position, number: u64) -> Result<Frame<'_>, CaptureError> {
        let known = self.known(position)?;
        let record = match self.whole(position, known) {
            Some(length) => length,
            None => self.refill(position, known)?,
        };
        let at = usize::try_from(position.offset - self.start).unwrap_or(usize::MAX);
        let bytes = self.buffer.get(at..at.saturating_add(record)).unwrap_or_default();
        self.reader.lent_as(&known, position, number, bytes)
    }

    fn known(&mut self, position: Position) -> Result<Known, CaptureError> {
        match self.known {
            Some((interface, known)) if interface == position.interface => Ok(known),
            _ => {
                let known = self.reader.known(position)?;
                self.known = Some((position.interface, known));
                Ok(known)
            }
        }
    }

    /// Length of the record at the place, where all of it is in the buffer.
    fn whole(&self, position: Position, known: Known) -> Option<usize> {
        if position.file != self.file {
            return None;
        }
        let at = usize::try_from(position.offset.checked_sub(self.start)?).ok()?;
        let rest = self.buffer.get(at..)?;
        let length = match known.record {
            RecordForm::Classic(layout) => layout.header + layout.read(rest)?.captured as usize,
            RecordForm::Block { big_endian } => super::blocks::head(rest, big_endian)?.1,
        };
        (rest.len() >= length).then_some(length)
    }

    /// Reads on from the place, a run of it where the last place was near.
    fn refill(&mut self, position: Position, known: Known) -> Result<usize, CaptureError> {
        let end = self.start + self.buffer.len() as u64;
        let near = position.file == self.file && position.offset.abs_diff(end) < NEAR && end > 0;
        (self.file, self.start) = (position.file, position.offset);
        self.buffer.clear();
        if near {
            self.reader.fetch(position, RUN, &mut self.buffer)?;
        }
        match self.whole(position, known) {
            Some(length) => Ok(length),
            None => {
                // The first of a run, or a record longer than one.
                self.reader.load(position, &mut self.buffer)?;
                Ok(self.buffer.len())
            }
        }
    }
}
