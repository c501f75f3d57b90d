//! Writes captures as pcapng: frames of several interfaces, with comments, every error reported.

use std::io::{self, Write};

use super::{Interface, Origin, Secrets};
use crate::frame::is_known_time;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE_FRAME: u32 = 3;
const FRAME: u32 = 6;
const SECRETS: u32 = 10;
/// Options of blocks (draft-ietf-opsawg-pcapng).
const COMMENT: u16 = 1;
const NAME: u16 = 2;
const DESCRIPTION: u16 = 3;
const HARDWARE: u16 = 2;
const SYSTEM: u16 = 3;
const USER_APPLICATION: u16 = 4;
const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;
/// Bytes that an option may have; it is cut between two characters.
const LONGEST: usize = 65_000;

/// Seconds before 1970 from which the times of early frames are counted: those since 1970 have no sign in this format.
const EARLY: u64 = 9_223_372_037;

/// An interface that was added.
#[derive(Clone, Debug)]
struct Described {
    interface: Interface,
    /// Number of the same, for frames before 1970.
    early: Option<u32>,
}

/// A pcapng file in the making: one section in little-endian byte order, times in nanoseconds.
#[derive(Debug)]
pub struct PcapngWriter<W: Write> {
    to: W,
    origin: Origin,
    /// Those of the section.
    interfaces: Vec<Described>,
    block: Vec<u8>,
}

impl<W: Write> PcapngWriter<W> {
    /// Begins a file. `program` is who writes it, `origin` what is known of where its frames come from: what that says of the program goes
    /// before.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(to: W, program: &str, origin: Origin) -> io::Result<Self> {
        let application = match origin.application {
            Some(before) if before.ends_with(program) => before,
            Some(before) => format!("{before}, saved by {program}"),
            None => program.to_owned(),
        };
        let origin = Origin { application: Some(application), ..origin };
        let mut writer = Self { to, origin, interfaces: Vec::new(), block: Vec::new() };
        writer.section()?;
        Ok(writer)
    }

    /// Begins another section: interfaces are numbered anew.
    ///
    /// # Errors
    /// What the system says.
    pub fn section(&mut self) -> io::Result<()> {
        self.interfaces.clear();
        self.word(0x1a2b_3c4d);
        self.word(1);
        // The length of the section is not known.
        self.word(u32::MAX);
        self.word(u32::MAX);
        let origin = std::mem::take(&mut self.origin);
        origin.comments.iter().for_each(|comment| self.option(COMMENT, up_to(comment).as_bytes()));
        let Origin { hardware, system, application, .. } = &origin;
        for (code, text) in [(HARDWARE, hardware), (SYSTEM, system), (USER_APPLICATION, application)] {
            text.iter().for_each(|text| self.option(code, up_to(text).as_bytes()));
        }
        self.origin = origin;
        self.end(SECTION, true)
    }

    /// Adds keys for what is encrypted in the section.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidInput`] for more than a block holds.
    pub fn secrets(&mut self, secrets: &Secrets) -> io::Result<()> {
        let length = u32::try_from(secrets.data.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "keys of more than 4 GiB"))?;
        self.word(secrets.kind);
        self.word(length);
        self.padded(&secrets.data);
        self.end(SECRETS, false)
    }

    /// Adds an interface, and gives its number.
    ///
    /// # Errors
    /// What the system says.
    pub fn interface(&mut self, interface: &Interface) -> io::Result<u32> {
        self.describe(interface, None)
    }

    /// Adds an interface whose times are counted from so many seconds before 1970.
    fn describe(&mut self, interface: &Interface, early: Option<u64>) -> io::Result<u32> {
        self.word(u32::from(interface.link.0));
        self.word(interface.snaplen);
        for (code, text) in [(NAME, &interface.name), (DESCRIPTION, &interface.description)] {
            if let Some(text) = text {
                self.option(code, text.as_bytes());
            }
        }
        self.option(RESOLUTION, &[9]);
        if let Some(early) = early {
            self.option(OFFSET, &0_u64.wrapping_sub(early).to_le_bytes());
        }
        self.end(INTERFACE, true)?;
        self.interfaces.push(Described { interface: interface.clone(), early: None });
        Ok(self.interfaces.len() as u32 - 1)
    }

    /// The number of an interface for frames before 1970.
    fn early(&mut self, interface: u32) -> io::Result<u32> {
        let Some(described) = self.interfaces.get(interface as usize) else { return Ok(interface) };
        if let Some(early) = described.early {
            return Ok(early);
        }
        let early = self.describe(&described.interface.clone(), Some(EARLY))?;
        if let Some(described) = self.interfaces.get_mut(interface as usize) {
            described.early = Some(early);
        }
        Ok(early)
    }

    /// Adds a frame of an interface: its time in nanoseconds since 1970, its length on the wire, and comments, each its own. For times
    /// before 1970 the interface is described once more.
    ///
    /// A frame whose time is not known goes into a simple block, which has no room for comments either; that is of the first interface of
    /// a section, so that others begin a section. Where such a block cannot hold it as it is, its time is set to 1970.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidInput`] for an interface that was not added.
    pub fn frame<S: AsRef<str>>(
        &mut self,
        interface: u32,
        time: i64,
        original_length: u32,
        bytes: &[u8],
        comments: &[S],
    ) -> io::Result<()> {
        let Some(snaplen) = self.interfaces.get(interface as usize).map(|described| described.interface.snaplen) else {
            let text = format!("interface {interface} is not described in this file");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        };
        let captured = u32::try_from(bytes.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a frame of more than 4 GiB"))?;
        let limit = if snaplen == 0 { original_length } else { original_length.min(snaplen) };
        if !is_known_time(time) && interface == 0 && captured == limit {
            self.word(original_length);
            self.padded(bytes);
            return self.end(SIMPLE_FRAME, false);
        }
        let (interface, time) = match time {
            time if !is_known_time(time) => (interface, 0),
            0.. => (interface, time as u64),
            _ => (self.early(interface)?, EARLY * 1_000_000_000 - time.unsigned_abs()),
        };
        for word in [interface, (time >> 32) as u32, time as u32, captured, original_length] {
            self.word(word);
        }
        self.padded(bytes);
        for comment in comments {
            self.option(COMMENT, up_to(comment.as_ref()).as_bytes());
        }
        self.end(FRAME, !comments.is_empty())
    }

    fn word(&mut self, word: u32) {
        self.block.extend(word.to_le_bytes());
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.block.extend(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..LONGEST).unwrap_or(value);
        self.block.extend(code.to_le_bytes());
        self.block.extend((value.len() as u16).to_le_bytes());
        self.padded(value);
    }

    /// Writes the block that was put together.
    fn end(&mut self, kind: u32, has_options: bool) -> io::Result<()> {
        if has_options {
            self.word(0);
        }
        let length = u32::try_from(self.block.len() + 12)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a block of more than 4 GiB"))?;
        self.to.write_all(&kind.to_le_bytes())?;
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(&self.block)?;
        self.to.write_all(&length.to_le_bytes())?;
        self.block.clear();
        Ok(())
    }

    /// Flushes, and gives back what was written to. A writer that is dropped instead loses what its buffer could not write.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.flush()?;
        Ok(self.to)
    }
}

/// As much of a text as an option holds.
fn up_to(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
