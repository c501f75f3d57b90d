//! The classic savefile format, pcap: its header and its records.

use pcap_parser::parse_pcap_header;

use super::format::{self, Sound};
use super::savefile::REACH;
use super::{CaptureError, Clock, blocks};
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

/// What AIX writes into a header of version 2.2 in place of a link type, the kind of the interface (RFC 1573): Ethernet, Token Ring, FDDI and
/// loopback; and what it means. Such a file counts nanoseconds. Wireshark takes it so, too.
const AIX: [(u16, LinkType); 4] = [(6, LinkType(1)), (9, LinkType(6)), (15, LinkType(10)), (24, LinkType(0))];

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
    // The upper bits tell of a frame check sequence, whose length IP does without.
    let link = LinkType((header.network.0 & 0xffff) as u16);
    let aix = AIX.iter().find(|(kind, _)| version == (2, 2) && *kind == link.0).map(|(_, link)| *link);
    let (clock, tick) = match header.is_nanosecond_precision() || aix.is_some() {
        true => (Clock::NANOSECONDS, 1),
        false => (Clock::MICROSECONDS, 1000),
    };
    Ok(FileHeader {
        layout: Layout { big_endian: header.is_bigendian(), header: if modified { 24 } else { 16 }, lengths },
        clock,
        tick,
        link: aix.unwrap_or(link),
        snaplen: header.snaplen,
    })
}

/// Whether a whole file header stands here, of the current version and as every program writes it: no time zone, no accuracy.
pub(super) fn begins_file(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER && may_be_header(bytes)
}

/// Whether such a header begins here, as far as it is there.
pub(super) fn may_be_header(bytes: &[u8]) -> bool {
    format::is_classic(bytes)
        && matches!(bytes.get(4..8), Some([2, 0, 4, 0] | [0, 2, 0, 4]))
        && bytes.get(8..16).or(bytes.get(8..)).is_some_and(|zeros| zeros.iter().all(|byte| *byte == 0))
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

    /// Whether it is unlike all that is written: it has more bytes than the frame had or than fit into one, or such a fraction.
    pub fn is_odd(&self, clock: Clock) -> bool {
        self.captured > self.original || self.captured > 65_535 || self.is_carried(clock)
    }

    /// Whether it is of those that are not read in runs, many at once.
    pub fn is_single(&self, clock: Clock) -> bool {
        self.captured == 0 || self.captured > self.original || self.is_carried(clock)
    }

    /// Whether the other can be the next record, judged mildly: what is odd about this one may be so in all.
    pub fn is_before(&self, next: &Self, clock: Clock) -> bool {
        let alike_in_lengths = (next.captured <= next.original || self.captured > self.original)
            && (next.captured <= 65_535 || self.captured > 65_535);
        next.captured as usize <= MAX_CAPTURED
            && (!next.is_carried(clock) || self.is_carried(clock))
            && (alike_in_lengths || is_near(self.seconds, next.seconds))
    }

    /// The same, with the time judged, too.
    #[inline]
    pub fn is_just_before(&self, next: &Self, clock: Clock) -> bool {
        is_near(self.seconds, next.seconds) && self.is_before(next, clock)
    }

    /// Whether nothing but zeros is there, which is no record where others have times: a disk has such holes after a crash.
    pub fn is_hole(&self, times: Times) -> bool {
        self.captured == 0 && self.original == 0 && self.seconds == 0 && self.fraction == 0 && !times.fit(0)
    }
}

/// Times of the records so far, in seconds: those of the next ones are mostly near.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    last: Option<u32>,
    /// The last that was near the one before it, as a damaged one is not.
    steady: Option<u32>,
}

impl Times {
    /// Takes the time of a record.
    pub fn note(&mut self, seconds: u32) {
        // Where two are near each other, the clock was set, and none of them is damaged.
        if self.fit(seconds) {
            self.steady = Some(seconds);
        }
        self.last = Some(seconds);
    }

    /// Whether a record can have this time.
    pub fn fit(&self, seconds: u32) -> bool {
        self.is_steady(seconds) || self.last.is_some_and(|last| is_near(last, seconds))
    }

    /// Whether this time is later than those of the records so far.
    pub fn is_later(&self, seconds: u32) -> bool {
        self.steady.is_none_or(|steady| seconds > steady)
    }

    /// Whether there was no jump up to this time.
    pub fn is_steady(&self, seconds: u32) -> bool {
        self.steady.is_none_or(|steady| is_near(steady, seconds))
    }
}

/// Whether there is a day between them at the most.
#[inline]
pub(super) fn is_near(seconds: u32, others: u32) -> bool {
    const DAY: u32 = 86_400;
    seconds.abs_diff(others) <= DAY
}

/// What the records of a file look like: used to find one's way after damage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trail {
    layout: Layout,
    clock: Clock,
    times: Times,
}

impl Trail {
    /// That of a file with this header, behind records of these times.
    pub fn new(header: &FileHeader, times: Times) -> Self {
        Self { layout: header.layout, clock: header.clock, times }
    }

    /// Whether a record begins here: it and the one behind it look sound, or it ends with the file. Or whether another file begins here.
    pub fn judge(&self, bytes: &[u8], at_end: bool) -> Sound {
        if begins_any(bytes) { begins_joined(bytes, at_end) } else { self.judge_record(bytes, at_end, true) }
    }

    /// The same of a record alone. `joined`: another file may begin behind it, of which more than its beginning must be sound.
    ///
    /// One that has about the time of those before is sound where the next one has, too. Where times are far apart, since nothing was captured
    /// for days, a row of records is. No time in it goes back: of small packets of IPv6 in a file of raw IP the four words behind the first one
    /// look like a header, too, in record after record, but for the fraction in place of the time.
    fn judge_record(&self, bytes: &[u8], at_end: bool, joined: bool) -> Sound {
        let mut rest = bytes;
        let mut before = None;
        for place in 0..ROW {
            match before {
                None => {}
                Some(_) if rest.is_empty() && at_end => return Sound::Yes,
                Some(_) if begins_any(rest) && joined => return begins_joined(rest, at_end),
                Some(_) if begins_any(rest) => return Sound::Yes,
                Some(_) => {}
            }
            let Some(record) = self.layout.read(rest) else { return Sound::short(at_end) };
            let seconds = record.seconds;
            let is_backwards = before.is_some_and(|before| seconds < before && !is_near(before, seconds));
            if !self.is_plausible(&record) || is_backwards || !(self.times.fit(seconds) || self.times.is_later(seconds))
            {
                return Sound::No;
            }
            if place == 1 && before.is_some_and(|before| self.times.fit(before) && is_near(before, seconds)) {
                return Sound::Yes;
            }
            before = Some(seconds);
            let Some(behind) = rest.get(self.layout.header + record.captured as usize..) else {
                return Sound::short(at_end);
            };
            rest = behind;
        }
        Sound::Yes
    }

    /// Whether a record of a sound file can look like this, judged strictly.
    fn is_plausible(&self, record: &RecordHeader) -> bool {
        (1..=record.original).contains(&record.captured) && record.original <= LONGEST && !record.is_carried(self.clock)
    }

    /// Where each of the records ends that follow each other from here on, as far as they look sound; `empty`: those without a byte, too.
    fn ends_in_a_row(&self, bytes: &[u8], empty: bool) -> impl Iterator<Item = usize> {
        let next = move |at: &usize| {
            let is_sound = |record: &RecordHeader| {
                self.is_plausible(record) || empty && record.captured == 0 && !record.is_carried(self.clock)
            };
            let record = self.layout.read(bytes.get(*at..)?).filter(is_sound)?;
            Some(*at + self.layout.header + record.captured as usize)
        };
        std::iter::successors(next(&0), next).take(MOST)
    }

    /// The same behind a record of this time, whatever came before that.
    pub fn behind(self, seconds: u32) -> Self {
        Self { times: Times { last: Some(seconds), steady: Some(seconds) }, ..self }
    }

    /// Whether a row of records begins here, or of as many as there are up to the end, whatever their times are.
    pub fn goes_on(&self, bytes: &[u8]) -> bool {
        let ends = self.ends_in_a_row(bytes, true).take(ROW);
        let (count, last) = ends.fold((0, 0), |(count, _), end| (count + 1, end));
        count == ROW || last == bytes.len()
    }

    /// Whether records follow each other from here on beyond so many bytes, and go on there: what a frame carries of a capture may end in the
    /// middle of a record, and behind that stands anything; or with a record, where the frame does by its `own` length.
    pub fn crosses(&self, bytes: &[u8], length: usize, own: Option<usize>) -> bool {
        let mut start = 0;
        self.ends_in_a_row(bytes, false).take_while(|end| own != Some(*end)).any(|end| {
            let record = std::mem::replace(&mut start, end);
            end > length && self.is_followed(bytes.get(record..).unwrap_or_default(), end - record)
        })
    }

    /// Whether behind the record that begins here, and is so long, another one or a file begins, or these bytes end.
    fn is_followed(&self, bytes: &[u8], length: usize) -> bool {
        let Some(behind) = bytes.get(length..) else { return false };
        let next = self.layout.read(behind).filter(|next| self.is_plausible(next));
        let is_near =
            || self.layout.read(bytes).zip(next).is_some_and(|(record, next)| is_near(record.seconds, next.seconds));
        let is_row = || self.ends_in_a_row(behind, false).take(ROW).count() == ROW;
        behind.is_empty() || begins_any(behind) || is_near() || is_row()
    }

    /// Whether records follow each other from here on up to the end.
    pub fn ends(&self, bytes: &[u8]) -> bool {
        self.ends_in_a_row(bytes, false).any(|end| end == bytes.len())
    }
}

/// Longest frame that is taken for sound behind damage.
const LONGEST: u32 = 262_144;

/// So many records in a row, of whatever times, are no accident. All but the last are whole, so that they lie within what is looked at.
const ROW: usize = 4;
const _: () = assert!((ROW - 1) * (LONGEST as usize + 24) + 24 <= REACH);

/// Records or blocks that a frame which carries a capture may hold of it.
pub(super) const MOST: usize = 1024;

/// Whether another file begins in these bytes and goes on beyond so many of them, which are of a record: then that was cut, and the file joined to
/// it. One that the frame in the record carries ends with it at the latest, or where the frame does by its `own` length.
pub(super) fn crosses(bytes: &[u8], length: usize, own: Option<usize>) -> bool {
    if format::begins_section(bytes) {
        return blocks::cross(bytes, false, length, own, MOST);
    }
    match (file_header(bytes, ""), bytes.get(HEADER..), length.checked_sub(HEADER)) {
        (Ok(header), Some(behind), Some(length)) => {
            let own = own.and_then(|own| own.checked_sub(HEADER));
            Trail::new(&header, Times::default()).crosses(behind, length, own)
        }
        (Ok(_), _, None) => begins_joined(bytes, false) == Sound::Yes,
        _ => false,
    }
}

/// Whether another file begins in these bytes, and ends with them behind one of its records.
pub(super) fn ends(bytes: &[u8]) -> bool {
    if format::begins_section(bytes) {
        return blocks::end(bytes, false, MOST);
    }
    let header = file_header(bytes, "").ok().zip(bytes.get(HEADER..));
    header.is_some_and(|(header, behind)| Trail::new(&header, Times::default()).ends(behind))
}

/// Whether these bytes behind the header of a file look like records only without the CR before each LF, as after a transfer as text.
pub(super) fn are_as_text(header: &FileHeader, bytes: &[u8]) -> bool {
    let bytes = bytes.get(..TEXT_LOOK).unwrap_or(bytes);
    let trail = Trail::new(header, Times::default());
    let reach = |bytes: &[u8]| trail.ends_in_a_row(bytes, true).last().unwrap_or_default();
    let found = reach(bytes);
    if found >= bytes.len() || bytes.iter().enumerate().any(|(at, byte)| *byte == b'\n' && !is_behind_cr(bytes, at)) {
        return false;
    }
    let is_kept = |(at, byte): &(usize, &u8)| **byte != b'\r' || bytes.get(at + 1) != Some(&b'\n');
    let as_written: Vec<u8> = bytes.iter().enumerate().filter(is_kept).map(|(_, byte)| *byte).collect();
    reach(&as_written) > found && trail.goes_on(&as_written)
}

/// So many bytes are looked at for that.
const TEXT_LOOK: usize = 64 << 10;

fn is_behind_cr(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\r')
}

/// Whether what begins here as a file is one that was joined to this one, as its first records tell: a frame may hold the beginning of a file.
pub(super) fn begins_joined(bytes: &[u8], at_end: bool) -> Sound {
    if format::begins_section(bytes) {
        return blocks::judge(bytes, false, at_end);
    }
    match (file_header(bytes, ""), bytes.get(HEADER..)) {
        (Ok(header), Some(behind)) => Trail::new(&header, Times::default()).judge_record(behind, at_end, false),
        (Err(CaptureError::HeaderCut { .. }), _) => Sound::short(at_end),
        _ => Sound::No,
    }
}

/// Whether a file begins here that was joined to this one.
pub(super) fn begins_any(bytes: &[u8]) -> bool {
    format::may_begin_file(bytes, true) && (format::begins_section(bytes) || begins_file(bytes))
}
