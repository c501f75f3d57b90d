//! The records of a pcap file, one after the other.

use super::{Current, Format, SEARCH, Savefile, Step};
use crate::capture::classic::{self, FileHeader, Lengths, MAX_CAPTURED};
use crate::capture::window::Have;
use crate::capture::{CaptureError, Head, Run, WarningKind};
use crate::frame::Position;

impl Savefile {
    /// The quick way to the next frames, which nearly all take: records of a current version of pcap, whole in memory, with nothing odd
    /// about their numbers. It ends before the first of another kind, which is left for [`Savefile::record`]; that would find the same in
    /// the others.
    pub(super) fn quick_records(&mut self, most: usize) -> Run<'_> {
        const HEADER: usize = 16;
        self.heads.clear();
        let Format::Classic { header, interface: (interface, network), last_seconds } = &mut self.format else {
            return Run::default();
        };
        if header.layout.lengths != Lengths::Usual || header.layout.header != HEADER {
            return Run::default();
        }
        self.window.consume(std::mem::take(&mut self.used));
        let bytes = self.window.bytes();
        while self.heads.len() < most
            && let Some(record) = bytes.get(self.used..).and_then(|bytes| header.layout.read(bytes))
        {
            let (start, captured) = (self.used + HEADER, record.captured as usize);
            let fraction = u64::from(record.fraction) * u64::from(header.tick);
            // An empty record may be the header of a file that was joined to this one.
            let is_odd = captured == 0 || record.original == 0;
            if is_odd || captured > MAX_CAPTURED || start + captured > bytes.len() || fraction >= 1_000_000_000 {
                break;
            }
            *last_seconds = record.seconds;
            self.heads.push(Head {
                time: (u64::from(record.seconds) * 1_000_000_000 + fraction) as i64,
                record: self.used as u32,
                start: start as u32,
                end: (start + captured) as u32,
                original_length: record.original,
            });
            self.used = start + captured;
        }
        let number = self.number + 1;
        self.number += self.heads.len() as u64;
        let position =
            Position { file: self.file, interface: *interface, network: *network, offset: self.window.offset() };
        Run { bytes, heads: &self.heads, number, link: header.link, position }
    }

    /// Reads a record of pcap.
    pub(super) fn record(&mut self) -> Result<Step, CaptureError> {
        let Format::Classic { header: FileHeader { layout, clock, link, .. }, interface: (interface, network), .. } =
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
        if captured > MAX_CAPTURED {
            return self.skip_records(record.captured);
        }
        match self.ensure(layout.header + captured)? {
            Have::All => {}
            Have::Pending => return Ok(Step::Pending),
            Have::Short if self.is_doubtful(&record) => return self.skip_records(record.captured),
            Have::Short => return Ok(self.cut((layout.header + captured) as u64)),
        }
        if record.is_carried(clock) && !std::mem::replace(&mut self.carried, true) {
            self.warn(self.window.offset(), WarningKind::FractionCarried { frame: self.number + 1 });
        }
        if let Format::Classic { last_seconds, .. } = &mut self.format {
            *last_seconds = record.seconds;
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

    /// Whether a record that the file ends in is more likely damaged than cut.
    fn is_doubtful(&self, record: &classic::RecordHeader) -> bool {
        let Format::Classic { header, .. } = self.format else {
            return false;
        };
        record.captured > record.original || header.snaplen > 0 && record.captured > header.snaplen.max(65_535)
    }

    /// Passes over a damaged record and what follows it, to the next that looks sound.
    fn skip_records(&mut self, claimed: u32) -> Result<Step, CaptureError> {
        let Format::Classic { header: FileHeader { layout, clock, .. }, last_seconds, .. } = self.format else {
            return Ok(Step::End);
        };
        let have = self.ensure(SEARCH)?;
        if have == Have::Pending {
            return Ok(Step::Pending);
        }
        let offset = self.window.offset();
        let bytes = self.window.bytes();
        let bytes = bytes.get(..SEARCH).unwrap_or(bytes);
        match classic::find_record(bytes, layout, clock, last_seconds, have == Have::Short) {
            Some(skipped) => {
                self.window.consume(skipped);
                self.warn(offset, WarningKind::RecordsSkipped { skipped: skipped as u64 });
                Ok(Step::Again)
            }
            None => {
                self.warn(offset, WarningKind::BadRecord { claimed });
                self.format = Format::Ended;
                Ok(Step::End)
            }
        }
    }
}
