//! The records of a pcap file, one after the other.

use super::search::Damage;
use super::{Current, Format, Savefile, Step};
use crate::capture::classic::{self, FileHeader, Layout, Lengths, MAX_CAPTURED};
use crate::capture::window::Have;
use crate::capture::{CaptureError, Head, RECORD_HEADER, Run, WarningKind};
use crate::frame::{Frame, Position};

/// Length in bytes of the header of a record in current files.
const HEADER: usize = RECORD_HEADER;

/// The records at the beginning of `bytes` that are whole and have nothing odd about their numbers, as many as `heads` has room for, of a file
/// in one byte order with a clock of so many nanoseconds a tick. Gives how many they are, where the next one begins, and whether no time is
/// earlier than the one before it.
fn read_heads<const BIG_ENDIAN: bool>(bytes: &[u8], tick: u32, heads: &mut [Head]) -> (usize, usize, bool) {
    let layout = Layout { big_endian: BIG_ENDIAN, header: HEADER, lengths: Lengths::Usual };
    let (mut count, mut at, mut before, mut in_order, mut seconds) = (0, 0, 0, true, 0);
    for head in heads {
        let Some(record) = bytes.get(at..).and_then(|bytes| layout.read(bytes)) else { break };
        let end = at + HEADER + record.captured as usize;
        let fraction = u64::from(record.fraction) * u64::from(tick);
        // An empty record may be the header of a file that was joined to this one.
        let is_odd = record.captured.wrapping_sub(1) >= MAX_CAPTURED as u32 || record.original < record.captured;
        let is_far = count > 0 && !classic::is_near(seconds, record.seconds);
        if is_odd || is_far || end > bytes.len() || fraction >= 1_000_000_000 {
            break;
        }
        seconds = record.seconds;
        let time = (u64::from(record.seconds) * 1_000_000_000 + fraction) as i64;
        in_order &= time >= before;
        before = time;
        *head = Head { time, record: at as u32, end: end as u32, original_length: record.original };
        (at, count) = (end, count + 1);
    }
    (count, at, in_order)
}

/// Whether another record can stand behind the one that `bytes` begin with, and is there.
fn is_followed(header: &FileHeader, bytes: &[u8]) -> bool {
    let FileHeader { layout, clock, .. } = header;
    layout.read(bytes).is_some_and(|record| {
        let behind = bytes.get(layout.header + record.captured as usize..).unwrap_or_default();
        layout.read(behind).is_some_and(|next| record.is_just_before(&next, *clock))
    })
}

impl Savefile {
    /// The quick way to the next frames, which nearly all take: records of a current version of pcap, whole in memory, with nothing odd
    /// about their numbers. It ends before the first of another kind, which is left for [`Savefile::record`]; that would find the same in
    /// the others.
    pub(super) fn quick_records(&mut self, most: usize) -> Run<'_> {
        let Format::Classic { header, interface: (interface, network), times } = &mut self.format else {
            return Run::default();
        };
        if self.gap.is_some() || header.layout.lengths != Lengths::Usual || header.layout.header != HEADER {
            return Run::default();
        }
        self.window.consume(std::mem::take(&mut self.used));
        let bytes = self.window.bytes();
        // There are no more than fit.
        let most = most.min(bytes.len() / HEADER);
        if self.heads.len() < most {
            self.heads.resize(most, Head::default());
        }
        let heads = self.heads.get_mut(..most).unwrap_or_default();
        let read = if header.layout.big_endian { read_heads::<true> } else { read_heads::<false> };
        let (mut count, in_order);
        (count, self.used, in_order) = read(bytes, header.tick, heads);
        // The last one is left, too, where nothing tells yet that its length is right.
        if let Some(last) = count.checked_sub(1).and_then(|last| heads.get(last))
            && !is_followed(header, bytes.get(last.record as usize..).unwrap_or_default())
        {
            (count, self.used) = (count - 1, last.record as usize);
        }
        let heads = heads.get(..count).unwrap_or_default();
        if let Some(last) = heads.last() {
            times.note((last.time / 1_000_000_000) as u32);
        }
        let number = self.number + 1;
        self.number += count as u64;
        let position =
            Position { file: self.file, interface: *interface, network: *network, offset: self.window.offset() };
        Run { bytes, heads, number, link: header.link, position, in_order }
    }

    /// Reads a record of pcap.
    pub(super) fn record(&mut self) -> Result<Step, CaptureError> {
        let Format::Classic { header: FileHeader { layout, clock, link, .. }, interface: (interface, network), times } =
            self.format
        else {
            return Ok(Step::End);
        };
        match self.ensure(layout.header)? {
            Have::All => {}
            Have::Pending => return Ok(Step::Pending),
            Have::Short => return Ok(self.cut(layout.header as u64)),
        }
        if let Some(step) = self.joined()? {
            return Ok(step);
        }
        let Some(record) = layout.read(self.window.bytes()) else {
            return Ok(Step::End);
        };
        let captured = record.captured as usize;
        if captured > MAX_CAPTURED || record.is_hole(times) {
            return Ok(self.unlike(&record));
        }
        let have = self.ensure(layout.header + captured)?;
        if have == Have::All {
            self.window.look_ahead(2 * layout.header + captured);
        }
        if let Some(step) = self.unsound(&record, have) {
            return Ok(step);
        }
        if record.is_carried(clock) && !std::mem::replace(&mut self.carried, true) {
            self.warn(self.window.offset(), WarningKind::FractionCarried { frame: self.number + 1 });
        }
        if let Format::Classic { times, .. } = &mut self.format
            && !record.is_odd(clock)
        {
            times.note(record.seconds);
        }
        self.current = Current {
            time: record.nanoseconds(clock),
            link,
            original_length: record.original,
            start: layout.header,
            end: layout.header + captured,
            position: Position { file: self.file, interface, network, offset: self.window.offset() },
        };
        self.used = layout.header + captured;
        Ok(Step::Frame)
    }

    /// Passes over what is no record, whatever follows.
    #[cold]
    fn unlike(&mut self, record: &classic::RecordHeader) -> Step {
        let own = self.own(record).filter(|_| record.captured > 0);
        self.pass_own(Damage::Record { claimed: record.captured }, own, None)
    }

    /// What is done where a record is not whole, or is no record.
    #[inline]
    fn unsound(&mut self, record: &classic::RecordHeader, have: Have) -> Option<Step> {
        let Format::Classic { header: FileHeader { layout, clock, .. }, .. } = self.format else {
            // Another file came in the place of this one.
            return Some(Step::Pending);
        };
        let length = layout.header + record.captured as usize;
        let behind = self.window.bytes().get(length..).unwrap_or_default();
        match have {
            // Where nothing is there yet, another record may come.
            Have::All if layout.read(behind).is_none_or(|next| record.is_just_before(&next, clock)) => None,
            Have::All if classic::begins_any(behind) => None,
            _ => self.doubt(record, length, have),
        }
    }

    /// The same of one behind which nothing sound stands, or something of quite another time.
    #[cold]
    #[inline(never)]
    fn doubt(&mut self, record: &classic::RecordHeader, length: usize, have: Have) -> Option<Step> {
        let damage = Damage::Record { claimed: record.captured };
        let is_doubtful = self.is_doubtful(record);
        let own = self.own(record);
        match have {
            Have::All if is_doubtful && !self.may_stand(record, length) && self.is_disproved() => {
                Some(self.pass_own(damage, own, None))
            }
            Have::All => self.ends_before(record.seconds, own, length).map(|own| self.pass(damage, own, None)),
            Have::Pending if is_doubtful && self.is_overtaken(1) => Some(self.pass_own(damage, own, None)),
            Have::Pending if own.is_some_and(|own| self.is_overtaken(own)) => Some(self.pass(damage, own?, None)),
            Have::Pending => Some(Step::Pending),
            Have::Short if is_doubtful => Some(self.pass_own(damage, own, Some(length as u64))),
            Have::Short => Some(self.pass_or_cut(damage, Some(record.seconds), own, length)),
        }
    }

    /// Bytes at the beginning of the record that are its own, whatever its length says: the frame in it has so many by its IP header.
    fn own(&self, record: &classic::RecordHeader) -> Option<usize> {
        let Format::Classic { header: FileHeader { layout, link, .. }, .. } = self.format else {
            return None;
        };
        let (number, time, original_length) = (0, 0, record.original);
        let bytes = self.window.bytes().get(layout.header..)?;
        let bytes = bytes.get(..record.captured as usize).unwrap_or(bytes);
        let frame = Frame { number, time, link, original_length, bytes, position: Position::default() };
        frame.told_length().map(|length| layout.header + length)
    }

    /// Those in runs may, and what another record can follow on.
    fn may_stand(&self, record: &classic::RecordHeader, length: usize) -> bool {
        let Format::Classic { header: FileHeader { layout, clock, .. }, .. } = self.format else {
            return true;
        };
        let behind = self.window.bytes().get(length..).unwrap_or_default();
        !record.is_single(clock) || layout.read(behind).is_none_or(|next| record.is_before(&next, clock))
    }

    /// Whether a record is more likely damaged than as it was written.
    fn is_doubtful(&self, record: &classic::RecordHeader) -> bool {
        let Format::Classic { header, times, .. } = &self.format else {
            return false;
        };
        record.is_odd(header.clock) || !times.is_steady(record.seconds)
    }
}
