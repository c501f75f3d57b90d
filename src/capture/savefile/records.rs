//! The records of a pcap file, one after the other.

use super::search::Damage;
use super::{Current, Format, Savefile, Step};
use crate::capture::classic::{self, FileHeader, Layout, Lengths, MAX_CAPTURED};
use crate::capture::window::Have;
use crate::capture::{CaptureError, Head, RECORD_HEADER, Run, WarningKind};
use crate::frame::Position;

/// Length in bytes of the header of a record in current files.
const HEADER: usize = RECORD_HEADER;

/// The records at the beginning of `bytes` that are whole and have nothing odd about their numbers, as many as `heads` has room for, of a file
/// in one byte order with a clock of so many nanoseconds a tick. Gives how many they are, where the next one begins, and whether no time is
/// earlier than the one before it.
fn read_heads<const BIG_ENDIAN: bool>(bytes: &[u8], tick: u32, heads: &mut [Head]) -> (usize, usize, bool) {
    let layout = Layout { big_endian: BIG_ENDIAN, header: HEADER, lengths: Lengths::Usual };
    let (mut count, mut at, mut before, mut in_order) = (0, 0, 0, true);
    for head in heads {
        let Some(record) = bytes.get(at..).and_then(|bytes| layout.read(bytes)) else { break };
        let end = at + HEADER + record.captured as usize;
        let fraction = u64::from(record.fraction) * u64::from(tick);
        // An empty record may be the header of a file that was joined to this one.
        let is_odd = record.captured.wrapping_sub(1) >= MAX_CAPTURED as u32 || record.original < record.captured;
        if is_odd || end > bytes.len() || fraction >= 1_000_000_000 {
            break;
        }
        let time = (u64::from(record.seconds) * 1_000_000_000 + fraction) as i64;
        in_order &= time >= before;
        before = time;
        *head = Head { time, record: at as u32, end: end as u32, original_length: record.original };
        (at, count) = (end, count + 1);
    }
    (count, at, in_order)
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
        let (count, in_order);
        (count, self.used, in_order) = read(bytes, header.tick, heads);
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
            return Ok(self.pass(Damage::Record { claimed: record.captured }, 1, None));
        }
        let have = self.ensure(layout.header + captured)?;
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

    /// What is done where a record is not whole, or is no record.
    #[inline]
    fn unsound(&mut self, record: &classic::RecordHeader, have: Have) -> Option<Step> {
        let Format::Classic { header: FileHeader { layout, clock, .. }, .. } = self.format else {
            // Another file came in the place of this one.
            return Some(Step::Pending);
        };
        let damage = Damage::Record { claimed: record.captured };
        let length = (layout.header + record.captured as usize) as u64;
        match have {
            // Those in runs are not doubted either.
            Have::All if !record.is_single(clock) || !self.is_doubtful(record) || self.is_followed(record) => None,
            Have::All => self.is_disproved().then(|| self.pass(damage, 1, None)),
            Have::Pending if self.is_doubtful(record) && self.is_overtaken(1) => Some(self.pass(damage, 1, None)),
            Have::Pending => Some(Step::Pending),
            Have::Short if self.is_doubtful(record) => Some(self.pass(damage, 1, Some(length))),
            Have::Short => Some(self.cut(length)),
        }
    }

    /// Whether another record can stand behind this one; where nothing is there yet, it may.
    fn is_followed(&self, record: &classic::RecordHeader) -> bool {
        let Format::Classic { header: FileHeader { layout, clock, .. }, .. } = self.format else {
            return true;
        };
        let behind = self.window.bytes().get(layout.header + record.captured as usize..).unwrap_or_default();
        layout.read(behind).is_none_or(|next| record.is_before(&next, clock)) || classic::begins_any(behind)
    }

    /// Whether a record is more likely damaged than as it was written.
    fn is_doubtful(&self, record: &classic::RecordHeader) -> bool {
        let Format::Classic { header, times, .. } = &self.format else {
            return false;
        };
        record.is_odd(header.clock) || !times.is_steady(record.seconds)
    }
}
