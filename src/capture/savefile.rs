//! Reads the frames of one capture, pcap or pcapng, from a file or a spool.

use std::io;
use std::time::Duration;

use super::blocks::{self, Block, FrameBlock, Secrets};
use super::classic::{self, FileHeader};
use super::feed::Feed;
use super::format::{self, Kind};
use super::interface::{InterfaceTable, RecordForm};
use super::medium::Medium;
use super::window::{Have, Window};
use super::{CaptureError, Clock, Interface, Next, Source, Warning, WarningKind};
use crate::frame::{Frame, LinkType, Position};

/// Most warnings kept about one file; a file that is damaged throughout has no more to say.
const MAX_WARNINGS: usize = 100;

/// How far a sound record is looked for behind a damaged one.
const SEARCH: usize = 1 << 20;

/// Most bytes of keys that are kept.
const MAX_SECRETS: usize = 4 << 20;

/// A capture file, or a spool, read frame by frame.
#[derive(Debug)]
pub struct Savefile {
    window: Window,
    name: String,
    file: u16,
    format: Format,
    /// Bytes of the record or block that was handed out last.
    used: usize,
    number: u64,
    current: Current,
    interfaces: Vec<Interface>,
    table: InterfaceTable,
    secrets: Vec<Secrets>,
    warnings: Vec<Warning>,
    warned: usize,
    /// Told of these once.
    carried: bool,
    out_of_range: bool,
    feed: Option<Feed>,
}

/// What was found out about the file.
#[derive(Debug)]
enum Format {
    Unknown,
    Classic { header: FileHeader, interface: u16, last_seconds: u32 },
    Blocks(Section),
    Ended,
}

/// The section of pcapng that is being read.
#[derive(Clone, Debug, Default)]
struct Section {
    big_endian: bool,
    interfaces: Vec<Local>,
}

/// An interface of the section; its number among all is none where there are too many.
#[derive(Clone, Copy, Debug)]
struct Local {
    number: Option<u16>,
    link: LinkType,
    clock: Clock,
    snaplen: u32,
}

/// The frame that was read last; its bytes are in the window.
#[derive(Clone, Copy, Debug, Default)]
struct Current {
    time: i64,
    link: LinkType,
    original_length: u32,
    start: usize,
    end: usize,
    position: Position,
}

/// How far reading got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Frame,
    Pending,
    End,
    /// Something that is no frame was passed.
    Again,
}

impl Savefile {
    pub(super) fn new(medium: Medium, name: String, file: u16, table: InterfaceTable, feed: Option<Feed>) -> Self {
        Self {
            window: Window::new(medium),
            name,
            file,
            format: Format::Unknown,
            used: 0,
            number: 0,
            current: Current::default(),
            interfaces: Vec::new(),
            table,
            secrets: Vec::new(),
            warnings: Vec::new(),
            warned: 0,
            carried: false,
            out_of_range: false,
            feed,
        }
    }

    /// Goes on to the next frame.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<Step, CaptureError> {
        self.window.consume(std::mem::take(&mut self.used));
        loop {
            let step = match self.format {
                Format::Classic { .. } => self.record()?,
                Format::Blocks(_) => self.block()?,
                Format::Unknown => self.begin()?,
                Format::Ended => Step::End,
            };
            match step {
                Step::Again => {}
                Step::Frame => {
                    self.number += 1;
                    return Ok(Step::Frame);
                }
                step => return Ok(step),
            }
        }
    }

    /// The frame that [`Savefile::advance`] came to.
    #[inline]
    pub(super) fn current(&self) -> Frame<'_> {
        Frame {
            number: self.number,
            time: self.current.time,
            link: self.current.link,
            original_length: self.current.original_length,
            bytes: self.window.bytes().get(self.current.start..self.current.end).unwrap_or_default(),
            position: self.current.position,
        }
    }

    fn warn(&mut self, offset: u64, kind: WarningKind) {
        if self.warned < MAX_WARNINGS {
            self.warned += 1;
            self.warnings.push(Warning { file: self.name.clone(), offset, kind });
        }
    }

    fn ensure(&mut self, length: usize) -> Result<Have, CaptureError> {
        let have = self.window.ensure(length);
        have.map_err(|error| match &self.feed {
            Some(feed) => feed.error(error),
            None => self.read_error(error),
        })
    }

    fn read_error(&self, error: io::Error) -> CaptureError {
        CaptureError::Read { file: self.name.clone(), offset: self.window.offset(), error }
    }

    /// Looks at the first bytes.
    fn begin(&mut self) -> Result<Step, CaptureError> {
        let have = self.ensure(format::LOOK)?;
        if have == Have::Pending {
            return Ok(Step::Pending);
        }
        let file = self.name.clone();
        let head = self.window.bytes();
        if head.is_empty() {
            self.end();
            return match self.warnings.is_empty() {
                true => Err(CaptureError::Empty { file }),
                false => Ok(Step::End),
            };
        }
        match format::kind(head.get(..64).unwrap_or(head)) {
            Kind::Classic => self.begin_classic(),
            Kind::Blocks => self.begin_blocks(),
            Kind::Gzip => Err(CaptureError::NotACapture { file, looks_like: "a file that was gzipped twice" }),
            Kind::Compressed(method, command) => Err(CaptureError::Compressed { file, method, command }),
            Kind::Unknown(looks_like) => Err(CaptureError::NotACapture { file, looks_like }),
        }
    }

    fn begin_classic(&mut self) -> Result<Step, CaptureError> {
        if self.ensure(classic::HEADER)? == Have::Pending {
            return Ok(Step::Pending);
        }
        let header = classic::file_header(self.window.bytes(), &self.name)?;
        self.window.consume(classic::HEADER);
        let interface = Interface {
            file: self.file,
            name: None,
            description: None,
            link: header.link,
            snaplen: header.snaplen,
            clock: header.clock,
            record: RecordForm::Classic(header.layout),
        };
        let interface = self.add_interface(interface).unwrap_or_default();
        self.format = Format::Classic { header, interface, last_seconds: 0 };
        Ok(Step::Again)
    }

    fn begin_blocks(&mut self) -> Result<Step, CaptureError> {
        let have = self.ensure(28)?;
        if have == Have::Pending {
            return Ok(Step::Pending);
        }
        let length = self.window.bytes().len() as u64;
        if have == Have::Short {
            return Err(CaptureError::HeaderCut { file: self.name.clone(), length });
        }
        self.format = Format::Blocks(Section::default());
        Ok(Step::Again)
    }

    /// Adds an interface; none where there are more than can be numbered.
    fn add_interface(&mut self, interface: Interface) -> Option<u16> {
        let number = self.table.add(interface.clone())?;
        self.interfaces.push(interface);
        Some(number)
    }

    /// Reads a record of pcap.
    #[inline]
    fn record(&mut self) -> Result<Step, CaptureError> {
        let Format::Classic { header: FileHeader { layout, clock, link, .. }, interface, .. } = self.format else {
            return Ok(Step::End);
        };
        match self.ensure(layout.header)? {
            Have::All => {}
            Have::Pending => return Ok(Step::Pending),
            Have::Short => return Ok(self.cut(layout.header as u64)),
        }
        let Some(record) = layout.read(self.window.bytes()) else {
            return Ok(Step::End);
        };
        let captured = record.captured as usize;
        if captured > classic::MAX_CAPTURED {
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
            position: Position { file: self.file, interface, offset: self.window.offset() },
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

    /// Ends the file in the middle of a record that should have so many bytes.
    fn cut(&mut self, claimed: u64) -> Step {
        let held = self.window.bytes().len() as u64;
        if held > 0 {
            self.warn(self.window.offset(), WarningKind::Cut { held, claimed });
        }
        self.end()
    }

    /// Ends the file, and says what its decompressor had to say.
    fn end(&mut self) -> Step {
        self.format = Format::Ended;
        if let Some(why) = self.feed.as_ref().and_then(Feed::complaint) {
            self.warn(self.window.offset(), WarningKind::Compression { why });
        }
        Step::End
    }

    /// Reads a block of pcapng.
    #[inline]
    fn block(&mut self) -> Result<Step, CaptureError> {
        let Format::Blocks(Section { big_endian, .. }) = self.format else {
            return Ok(Step::End);
        };
        match self.ensure(12)? {
            Have::All => {}
            Have::Pending => return Ok(Step::Pending),
            Have::Short => return Ok(self.cut(12)),
        }
        let Some((kind, length, big_endian)) = blocks::head(self.window.bytes(), big_endian) else {
            return Ok(Step::End);
        };
        if !blocks::is_sound(length) {
            return self.skip_blocks(kind, big_endian, "its length cannot be");
        }
        if length > blocks::MAX_BLOCK {
            return self.skip_blocks(kind, big_endian, "it is longer than any that is written");
        }
        match self.ensure(length)? {
            Have::All => {}
            Have::Pending => return Ok(Step::Pending),
            Have::Short => return self.cut_block(length, big_endian),
        }
        let block = self.window.bytes().get(..length).unwrap_or_default();
        if blocks::trailer(block, length, big_endian) != Some(length) {
            return self.skip_unclosed(kind, length, big_endian);
        }
        if kind == blocks::SECTION {
            self.format = Format::Blocks(Section { big_endian, interfaces: Vec::new() });
            self.window.consume(length);
            return Ok(Step::Again);
        }
        let Format::Blocks(section) = &self.format else {
            return Ok(Step::End);
        };
        let snaplen = section.interfaces.first().map_or(0, |interface| interface.snaplen);
        match blocks::read(block, big_endian, snaplen) {
            Ok(Block::Frame(frame)) => Ok(self.frame(&frame, kind, length)),
            Ok(block) => {
                self.note(block);
                self.window.consume(length);
                Ok(Step::Again)
            }
            Err(why) => Ok(self.bad_block(kind, length, why)),
        }
    }

    /// Takes the frame of a block.
    #[inline]
    fn frame(&mut self, frame: &FrameBlock, kind: u32, length: usize) -> Step {
        let Format::Blocks(section) = &self.format else {
            return Step::End;
        };
        let local = section.interfaces.get(frame.interface as usize).copied();
        let Some(Local { number: Some(interface), link, clock, .. }) = local else {
            return self.bad_block(kind, length, "it names an interface that was not described");
        };
        let ticks = frame.ticks.unwrap_or_default();
        let time = clock.nanoseconds(ticks);
        if matches!(time, i64::MIN | i64::MAX) && !std::mem::replace(&mut self.out_of_range, true) {
            self.warn(self.window.offset(), WarningKind::TimeOutOfRange { frame: self.number + 1 });
        }
        self.current = Current {
            time,
            link,
            original_length: frame.original,
            start: frame.bytes.start,
            end: frame.bytes.end,
            position: Position { file: self.file, interface, offset: self.window.offset() },
        };
        self.used = length;
        Step::Frame
    }

    /// Takes what a block says that is no frame.
    fn note(&mut self, block: Block) {
        match block {
            Block::Interface(it) => {
                let Format::Blocks(Section { big_endian, .. }) = self.format else {
                    return;
                };
                let number = self.add_interface(Interface {
                    file: self.file,
                    name: it.name,
                    description: it.description,
                    link: it.link,
                    snaplen: it.snaplen,
                    clock: it.clock,
                    record: RecordForm::Block { big_endian },
                });
                if let Format::Blocks(section) = &mut self.format
                    && section.interfaces.len() <= usize::from(u16::MAX)
                {
                    section.interfaces.push(Local { number, link: it.link, clock: it.clock, snaplen: it.snaplen });
                }
            }
            Block::Secrets(secrets) => {
                let held: usize = self.secrets.iter().map(|secrets| secrets.data.len()).sum();
                if held + secrets.data.len() <= MAX_SECRETS {
                    self.secrets.push(secrets);
                }
            }
            Block::Frame(_) | Block::Other => {}
        }
    }

    /// Leaves out a block whose length is sound.
    fn bad_block(&mut self, kind: u32, length: usize, why: &'static str) -> Step {
        self.warn(self.window.offset(), WarningKind::BadBlock { kind, skipped: length as u64, why });
        self.window.consume(length);
        Step::Again
    }

    /// Leaves out a block that does not end as it should: by its length where a block follows there.
    fn skip_unclosed(&mut self, kind: u32, length: usize, big_endian: bool) -> Result<Step, CaptureError> {
        const WHY: &str = "its two lengths differ";
        if self.ensure(length + 12)? == Have::Pending {
            return Ok(Step::Pending);
        }
        let follows = self.window.bytes().get(length..).unwrap_or_default();
        if follows.is_empty() || blocks::is_plausible(follows, big_endian) {
            return Ok(self.bad_block(kind, length, WHY));
        }
        self.skip_blocks(kind, big_endian, WHY)
    }

    /// Ends the file in the middle of a block; but if a sound block stands in what is left, the length was wrong.
    fn cut_block(&mut self, length: usize, big_endian: bool) -> Result<Step, CaptureError> {
        let bytes = self.window.bytes();
        let kind = blocks::head(bytes, big_endian).map_or(0, |(kind, ..)| kind);
        match blocks::find_block(bytes.get(..SEARCH).unwrap_or(bytes), big_endian) {
            Some(skipped) => Ok(self.bad_block(kind, skipped, "its length cannot be")),
            None => Ok(self.cut(length as u64)),
        }
    }

    /// Passes over a block whose length is wrong, to the next that is sound.
    fn skip_blocks(&mut self, kind: u32, big_endian: bool, why: &'static str) -> Result<Step, CaptureError> {
        if self.ensure(SEARCH)? == Have::Pending {
            return Ok(Step::Pending);
        }
        let bytes = self.window.bytes();
        let bytes = bytes.get(..SEARCH).unwrap_or(bytes);
        let all = bytes.len();
        match blocks::find_block(bytes, big_endian) {
            Some(skipped) => Ok(self.bad_block(kind, skipped, why)),
            None => {
                self.bad_block(kind, all, why);
                Ok(self.end())
            }
        }
    }
}

impl Source for Savefile {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, CaptureError> {
        Ok(match self.advance()? {
            Step::Frame => Next::Frame(self.current()),
            Step::Pending => Next::Pending,
            Step::End | Step::Again => Next::End,
        })
    }

    fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    fn progress(&self) -> (u64, Option<u64>) {
        match &self.feed {
            Some(feed) => feed.progress(),
            None => (self.window.offset(), self.window.medium().length()),
        }
    }

    fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    fn wait(&mut self, timeout: Duration) {
        self.window.medium_mut().wait(timeout);
    }

    fn secrets(&self) -> &[Secrets] {
        &self.secrets
    }
}
