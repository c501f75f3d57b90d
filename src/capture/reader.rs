//! Reads single frames again, by their place.

use super::blocks::{self, Block};
use super::classic::MAX_CAPTURED;
use super::interface::{InterfaceTable, Known, RecordForm};
use super::medium::{Filled, Later, Medium};
use super::{CaptureError, Origin, Secrets};
use crate::frame::{Frame, Position};

/// Bytes read at first: most frames are shorter.
const GUESS: usize = 2048;

/// Reads frames of a capture again. A clone is cheap and independent, for another thread.
#[derive(Clone, Debug)]
pub struct FrameReader {
    files: Vec<(String, Medium)>,
    interfaces: InterfaceTable,
    /// What came in the place of a file that is followed.
    later: Later,
}

impl FrameReader {
    pub(super) fn new(files: Vec<(String, Medium)>, interfaces: InterfaceTable) -> Self {
        Self { files, interfaces, later: Later::default() }
    }

    /// The same, which reads from these as well.
    pub(super) fn followed_by(self, later: Later) -> Self {
        Self { later, ..self }
    }

    /// All bytes are read where they stand in the files that were named: none from a copy, of what came through a pipe or was packed.
    pub fn is_in_place(&self) -> bool {
        self.files.iter().all(|(_, medium)| matches!(medium, Medium::File { .. }))
    }

    /// Reads the frame at a place into `buffer`, and gives it the number it had.
    ///
    /// # Errors
    /// The file cannot be read, or is no longer what it was.
    pub fn read<'a>(
        &self,
        position: Position,
        number: u64,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Frame<'a>, CaptureError> {
        self.load(position, buffer)?;
        self.lent(position, number, buffer)
    }

    /// Reads the record of the frame at a place into `buffer`, for [`FrameReader::lent`].
    ///
    /// # Errors
    /// As [`FrameReader::read`].
    pub fn load(&self, position: Position, buffer: &mut Vec<u8>) -> Result<(), CaptureError> {
        let changed = || self.changed(position);
        let interface = self.interfaces.get(position.interface).ok_or_else(changed)?;
        buffer.clear();
        self.fetch(position, GUESS, buffer)?;
        match interface.record {
            RecordForm::Classic(layout) => {
                let record = layout.read(buffer).ok_or_else(changed)?;
                let captured = record.captured as usize;
                if captured > MAX_CAPTURED {
                    return Err(changed());
                }
                self.fetch(position, layout.header + captured, buffer)
            }
            RecordForm::Block { big_endian } => self.fetch_block(position, big_endian, buffer),
        }
    }

    /// The frame in a record that [`FrameReader::load`] or [`FrameReader::read`] put into memory.
    ///
    /// # Errors
    /// There is no frame of that place in `record`.
    pub fn lent<'a>(&self, position: Position, number: u64, record: &'a [u8]) -> Result<Frame<'a>, CaptureError> {
        self.lent_as(&self.known(position)?, position, number, record)
    }

    /// What is needed to read a frame of that place.
    pub(super) fn known(&self, position: Position) -> Result<Known, CaptureError> {
        self.interfaces.get(position.interface).ok_or_else(|| self.changed(position))
    }

    /// The same as [`FrameReader::lent`], where the interface was looked up before.
    pub(super) fn lent_as<'a>(
        &self,
        known: &Known,
        position: Position,
        number: u64,
        record: &'a [u8],
    ) -> Result<Frame<'a>, CaptureError> {
        let changed = || self.changed(position);
        let Known { link, snaplen, clock, record: form } = *known;
        let (range, time, original_length) = match form {
            RecordForm::Classic(layout) => {
                let head = layout.read(record).ok_or_else(changed)?;
                let range = layout.header..layout.header + head.captured as usize;
                (range, head.nanoseconds(clock), head.original)
            }
            RecordForm::Block { big_endian } => {
                let Ok(Block::Frame(frame)) = blocks::read(record, big_endian, snaplen) else {
                    return Err(changed());
                };
                (frame.bytes, clock.time(frame.ticks), frame.original)
            }
        };
        let bytes = record.get(range).ok_or_else(changed)?;
        Ok(Frame { number, time, link, original_length, bytes, position })
    }

    /// The comments that a pcapng file has on the frame in a record that [`FrameReader::load`] put into memory.
    pub fn comments(&self, position: Position, record: &[u8]) -> Vec<String> {
        match self.interfaces.get(position.interface) {
            Some(Known { record: RecordForm::Block { big_endian }, .. }) => blocks::comments(record, big_endian),
            _ => Vec::new(),
        }
    }

    /// The keys in the capture for what is encrypted in it, as far as it was read.
    pub fn secrets(&self) -> Vec<Secrets> {
        self.interfaces.secrets()
    }

    /// What the capture tells of itself, as far as it was read.
    pub fn origin(&self) -> Origin {
        self.interfaces.origin()
    }

    /// Which of several files a place is in; None where there is one only.
    pub fn file_name(&self, position: Position) -> Option<&str> {
        let file = self.files.get(usize::from(position.file)).filter(|_| self.files.len() > 1);
        file.map(|(name, _)| name.as_str())
    }

    /// What is said where something else stands at a place than when it was read first.
    #[cold]
    pub fn changed(&self, position: Position) -> CaptureError {
        let file = self.files.get(usize::from(position.file)).or(self.files.first());
        let is_followed = file.is_some_and(|(_, medium)| medium.is_followed());
        let (file, offset) = (file.map_or_else(String::new, |(name, _)| name.clone()), position.offset);
        if is_followed { CaptureError::Lost { file, offset } } else { CaptureError::Changed { file, offset } }
    }

    /// Gets the whole block, of which the beginning is there.
    fn fetch_block(&self, position: Position, big_endian: bool, buffer: &mut Vec<u8>) -> Result<(), CaptureError> {
        let changed = || self.changed(position);
        let (_, length, _) = blocks::head(buffer, big_endian).ok_or_else(changed)?;
        if !blocks::is_sound(length) || length > blocks::MAX_BLOCK {
            return Err(changed());
        }
        self.fetch(position, length, buffer)?;
        buffer.truncate(length);
        if buffer.len() < length { Err(changed()) } else { Ok(()) }
    }

    /// Gets as many bytes from the place on as there are, up to `length`.
    pub(super) fn fetch(&self, position: Position, length: usize, buffer: &mut Vec<u8>) -> Result<(), CaptureError> {
        let mut have = buffer.len();
        if have >= length {
            return Ok(());
        }
        let later;
        let (name, medium) = match self.files.get(usize::from(position.file)) {
            Some((name, medium)) => (name, medium),
            None => {
                let name = &self.files.first().ok_or_else(|| self.changed(position))?.0;
                let lost = || CaptureError::Lost { file: name.clone(), offset: position.offset };
                later = self.later.get(position.file).ok_or_else(lost)?;
                (name, &later)
            }
        };
        buffer.resize(length, 0);
        while have < length {
            let free = buffer.get_mut(have..).unwrap_or_default();
            let offset = position.offset + have as u64;
            match medium.read_at(offset, free) {
                Ok(Filled::Bytes(count)) => have += count,
                Ok(Filled::Pending | Filled::End) => break,
                // Nothing comes behind what is there, which may be the whole frame.
                Err(_) if medium.has_failed() => break,
                Err(_) if medium.is_lost() => {
                    return Err(CaptureError::Lost { file: name.clone(), offset: position.offset });
                }
                Err(error) => {
                    return Err(CaptureError::Read { file: name.clone(), offset, error });
                }
            }
        }
        buffer.truncate(have);
        Ok(())
    }
}
