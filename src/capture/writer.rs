//! Writes captures: pcap with nanoseconds, every error reported.

use std::io::{self, Write};

use crate::frame::{Frame, LinkType};

/// A pcap file in the making, in little-endian byte order with nanoseconds.
#[derive(Debug)]
pub struct PcapWriter<W: Write> {
    to: W,
    link: LinkType,
}

impl<W: Write> PcapWriter<W> {
    /// Begins a file for frames of this link type; `snaplen` is the most bytes kept of a frame.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(mut to: W, link: LinkType, snaplen: u32) -> io::Result<Self> {
        let mut header = [0; 24];
        let fields = [0xa1b2_3c4d, 4 << 16 | 2, 0, 0, snaplen, u32::from(link.0)];
        for (place, field) in header.as_chunks_mut::<4>().0.iter_mut().zip(fields) {
            *place = u32::to_le_bytes(field);
        }
        to.write_all(&header)?;
        Ok(Self { to, link })
    }

    /// Link type of the file.
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// What is written to. Nothing may be written there but through this.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.to
    }

    /// Gives back what was written to, with what it may still hold.
    pub fn into_inner(self) -> W {
        self.to
    }

    /// Appends a frame. A time that pcap cannot hold (before 1970, after 2106) is set to the nearest it can.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidInput`] for a frame of another link type, which this format cannot hold.
    pub fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        if frame.link != self.link {
            let text = format!("frames of link types {} and {} do not go into one pcap file", self.link, frame.link);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.record(frame.time, frame.original_length, frame.bytes)
    }

    /// Appends the captured bytes of a frame: its time in nanoseconds since 1970, and its length on the wire.
    ///
    /// # Errors
    /// What the system says.
    pub fn record(&mut self, time: i64, original_length: u32, bytes: &[u8]) -> io::Result<()> {
        const SECOND: i64 = 1_000_000_000;
        let seconds = u32::try_from(time.div_euclid(SECOND).max(0)).unwrap_or(u32::MAX);
        let fraction = time.rem_euclid(SECOND) as u32;
        let captured = u32::try_from(bytes.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a frame of more than 4 GiB"))?;
        let mut header = [0; 16];
        let fields = [seconds, fraction, captured, original_length];
        for (place, field) in header.as_chunks_mut::<4>().0.iter_mut().zip(fields) {
            *place = field.to_le_bytes();
        }
        self.to.write_all(&header)?;
        self.to.write_all(bytes)
    }

    /// Hands what was written so far to the system.
    ///
    /// # Errors
    /// What the system says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
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
