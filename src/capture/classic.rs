//! The classic savefile format, pcap: its header and its records.

use pcap_parser::parse_pcap_header;

use super::format::{self, Kind};
use super::{CaptureError, Clock};
use crate::frame::LinkType;

/// Length of the file header in bytes.
pub(super) const HEADER: usize = 24;

/// More than any link carries; a record that claims more is damaged.
pub(super) const MAX_CAPTURED: usize = 4 << 20;

/// How the records of a file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub big_endian: bool,
    /// Length of a record's header in bytes: 16; 24 in the form that Alexey Kuznetzov's patches wrote.
    pub header: usize,
    /// Which of the two lengths comes first.
    pub lengths: Lengths,
}

/// The order of the two lengths in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lengths {
    /// Captured, then original.
    Usual,
    /// Original, then captured: before version 2.3.
    Swapped,
    /// Either, the smaller being the captured one: version 2.3, and 543.0 of DG/UX.
    Either,
}

/// What the file header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileHeader {
    pub layout: Layout,
    pub clock: Clock,
    /// Nanoseconds in a tick of the clock.
    pub tick: u32,
    pub link: LinkType,
    pub snaplen: u32,
}

/// What a record's header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordHeader {
    pub seconds: u32,
    /// Micro- or nanoseconds.
    pub fraction: u32,
    pub captured: u32,
    pub original: u32,
}

/// Reads the header of a file that begins with one of the magic numbers.
///
/// # Errors
/// [`CaptureError::Version`], and [`CaptureError::HeaderCut`] below [`HEADER`] bytes.
pub(super) fn file_header(bytes: &[u8], file: &str) -> Result<FileHeader, CaptureError> {
    let cut = || CaptureError::HeaderCut { file: file.to_owned(), length: bytes.len() as u64 };
    // The crate knows the modified format in one byte order only; the numbers behind the magic are the same.
    let mut head = bytes.first_chunk::<HEADER>().copied().ok_or_else(cut)?;
    let modified = matches!(head, [0x34, 0xcd, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0xcd, 0x34, ..]);
    if let [0xa1, 0xb2, third @ 0xcd, fourth @ 0x34, ..] = &mut head {
        (*third, *fourth) = (0xc3, 0xd4);
    }
    let (_, header) = parse_pcap_header(&head).map_err(|_| cut())?;
    let version = (header.version_major, header.version_minor);
    let lengths = match version {
        (2, 0..=2) => Lengths::Swapped,
        (2, 3) | (543, 0) => Lengths::Either,
        (2, _) => Lengths::Usual,
        _ => {
            return Err(CaptureError::Version { file: file.to_owned(), version });
        }
    };
    let (clock, tick) = match header.is_nanosecond_precision() {
        true => (Clock::NANOSECONDS, 1),
        false => (Clock::MICROSECONDS, 1000),
    };
    Ok(FileHeader {
        layout: Layout { big_endian: header.is_bigendian(), header: if modified { 24 } else { 16 }, lengths },
        clock,
        tick,
        // The upper bits tell of a frame check sequence, whose length IP does without.
        link: LinkType((header.network.0 & 0xffff) as u16),
        snaplen: header.snaplen,
    })
}

/// Whether a whole file header stands here, of the current version and as every program writes it: no time zone, no accuracy.
pub(super) fn begins_file(bytes: &[u8]) -> bool {
    format::kind(bytes) == Kind::Classic
        && bytes.get(8..16) == Some(&[0; 8])
        && matches!(bytes.get(4..8), Some([2, 0, 4, 0] | [0, 2, 0, 4]))
        && bytes.len() >= HEADER
}

impl Layout {
    /// Reads a record's header; none where there are fewer bytes than [`Layout::header`].
    #[inline]
    pub fn read(&self, bytes: &[u8]) -> Option<RecordHeader> {
        let (words, _) = bytes.first_chunk::<16>()?.as_chunks::<4>();
        let [seconds, fraction, first, second] = words else {
            return None;
        };
        let number = |word: &[u8; 4]| {
            if self.big_endian { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) }
        };
        let (first, second) = (number(first), number(second));
        let (captured, original) = match self.lengths {
            Lengths::Usual => (first, second),
            Lengths::Swapped => (second, first),
            Lengths::Either => (first.min(second), first.max(second)),
        };
        Some(RecordHeader { seconds: number(seconds), fraction: number(fraction), captured, original })
    }
}

impl RecordHeader {
    /// The time, with what is too much in the fraction carried.
    #[inline]
    pub fn nanoseconds(&self, clock: Clock) -> i64 {
        // At most 2^32 * 10^9 + 2^32 * 1000, which fits.
        i64::from(self.seconds) * 1_000_000_000
            + i64::from(self.fraction) * if clock == Clock::NANOSECONDS { 1 } else { 1000 }
    }

    /// Whether the fraction is a second or more.
    #[inline]
    pub fn is_carried(&self, clock: Clock) -> bool {
        u128::from(self.fraction) >= clock.per_second
    }

    /// Whether a record of a sound file can look like this, judged strictly: used to find one's way after damage.
    fn is_plausible(&self, clock: Clock, last_seconds: u32) -> bool {
        const DAY: u32 = 86_400;
        (1..=self.original).contains(&self.captured)
            && self.original <= 262_144
            && !self.is_carried(clock)
            && self.seconds.abs_diff(last_seconds) <= DAY
    }
}

/// Where in `bytes` a record begins, behind damage: it and the one behind it look sound, or it ends with the file.
pub(super) fn find_record(
    bytes: &[u8],
    layout: Layout,
    clock: Clock,
    last_seconds: u32,
    at_end: bool,
) -> Option<usize> {
    let sound = |at: usize| {
        let record = layout.read(bytes.get(at..)?)?;
        record.is_plausible(clock, last_seconds).then(|| at + layout.header + record.captured as usize)
    };
    (1..bytes.len()).find(|at| sound(*at).is_some_and(|next| sound(next).is_some() || at_end && next == bytes.len()))
}
