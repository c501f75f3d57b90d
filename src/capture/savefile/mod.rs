//! Reads the frames of one capture, pcap or pcapng, from a file or a spool.

mod records;
mod search;
mod sections;

use search::Gap;
pub(in crate::capture) use search::REACH;
use std::io;
use std::time::Duration;

use crate::capture::blocks::{self, Secrets};
use crate::capture::classic::{self, FileHeader, Times};
use crate::capture::error;
use crate::capture::feed::Feed;
use crate::capture::format::{self, Kind};
use crate::capture::interface::{Added, InterfaceTable, RecordForm};
use crate::capture::medium::Later;
use crate::capture::medium::Medium;
use crate::capture::window::{Have, Trouble, Window};
use crate::capture::{CaptureError, Clock, Head, Interface, Next, Run, Source, Warning, WarningKind};
use crate::frame::{Frame, LinkType, Position};

/// Most warnings about one file, before one that says that there are more: a file that is damaged throughout has no more to say.
pub const MAX_WARNINGS: usize = 100;

/// Most bytes of keys that are kept.
const MAX_SECRETS: usize = 4 << 20;

/// A capture file, or a spool, read frame by frame.
#[derive(Debug)]
pub struct Savefile {
    window: Window,
    name: String,
    file: u16,
    format: Format,
    /// Damage that is being passed over.
    gap: Option<Gap>,
    /// Up to here nothing sound was found behind records that are doubted.
    barren: u64,
    /// Bytes of the records or the block that were handed out last.
    used: usize,
    number: u64,
    current: Current,
    /// The frames of the last run.
    heads: Vec<Head>,
    interfaces: Vec<Interface>,
    table: InterfaceTable,
    /// Sections met so far.
    sections: u32,
    secrets: Vec<Secrets>,
    warnings: Vec<Warning>,
    warned: usize,
    /// Told of these once.
    carried: bool,
    out_of_range: bool,
    secrets_left_out: bool,
    interfaces_left_out: bool,
    feed: Option<Feed>,
    is_one_of_several: bool,
    /// Where it is followed: what comes in its place.
    later: Option<Later>,
}

/// What was found out about the file.
#[derive(Debug)]
enum Format {
    Unknown,
    Classic { header: FileHeader, interface: (u16, u16), times: Times },
    Blocks(Section),
    Ended,
}

/// The section of pcapng that is being read.
#[derive(Clone, Debug, Default)]
struct Section {
    big_endian: bool,
    interfaces: Vec<Local>,
}

/// An interface of the section.
#[derive(Clone, Copy, Debug)]
struct Local {
    /// Its number among all, with that of its first description; or why frames of it are left out.
    number: Result<(u16, u16), Unusable>,
    link: LinkType,
    clock: Clock,
    snaplen: u32,
}

/// Why an interface cannot be told.
#[derive(Clone, Copy, Debug)]
enum Unusable {
    /// It is not described.
    Unknown,
    /// Its description is damaged.
    Damaged,
    /// There are more than can be numbered.
    Beyond,
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
pub(in crate::capture) enum Step {
    Frame,
    Pending,
    End,
    /// Something that is no frame was passed.
    Again,
}

impl Savefile {
    pub(in crate::capture) fn new(
        medium: Medium,
        name: String,
        file: u16,
        table: InterfaceTable,
        feed: Option<Feed>,
    ) -> Self {
        Self {
            window: Window::new(medium),
            name,
            file,
            format: Format::Unknown,
            gap: None,
            barren: 0,
            used: 0,
            number: 0,
            current: Current::default(),
            heads: Vec::new(),
            interfaces: Vec::new(),
            table,
            sections: 0,
            secrets: Vec::new(),
            warnings: Vec::new(),
            warned: 0,
            carried: false,
            out_of_range: false,
            secrets_left_out: false,
            interfaces_left_out: false,
            feed,
            is_one_of_several: false,
            later: None,
        }
    }

    /// The same as one of so many files that are read side by side.
    pub(in crate::capture) fn among(mut self, files: usize) -> Self {
        self.window.share(files);
        self.is_one_of_several = files > 1;
        self
    }

    /// Says that the file was named before among those that are read with it.
    pub(in crate::capture) fn is_there_again(&mut self) {
        self.warn(0, WarningKind::Twice);
    }

    /// The same, which goes on with the file that comes in its place. `later`: those that did, for whoever reads frames again.
    pub(in crate::capture) fn followed_by(self, later: Later) -> Self {
        Self { later: Some(later), ..self }
    }

    /// Goes on to the next frame.
    pub(in crate::capture) fn advance(&mut self) -> Result<Step, CaptureError> {
        self.window.consume(std::mem::take(&mut self.used));
        loop {
            let step = match self.format {
                _ if self.gap.is_some() => self.search()?,
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
    pub(in crate::capture) fn current(&self) -> Frame<'_> {
        let current = &self.current;
        Frame {
            number: self.number,
            time: current.time,
            link: current.link,
            original_length: current.original_length,
            bytes: self.window.bytes().get(current.start..current.end).unwrap_or_default(),
            position: current.position,
        }
    }

    fn warn(&mut self, offset: u64, kind: WarningKind) {
        let kind = match self.warned {
            ..MAX_WARNINGS => kind,
            MAX_WARNINGS => WarningKind::More,
            _ => return,
        };
        self.warned += 1;
        self.warnings.push(Warning { file: self.name.clone(), offset, kind });
    }

    fn ensure(&mut self, length: usize) -> Result<Have, CaptureError> {
        let result = self.window.ensure(length);
        self.outcome(result)
    }

    fn outcome(&mut self, result: Result<Have, Trouble>) -> Result<Have, CaptureError> {
        match result {
            Ok(have) => Ok(have),
            Err(Trouble::Anew) => self.begin_anew(),
            Err(Trouble::Read(error)) => Err(match &self.feed {
                Some(feed) => feed.error(error, &self.name),
                None if self.window.medium().has_failed() => CaptureError::Ended { name: self.name.clone(), error },
                None => self.read_error(error),
            }),
        }
    }

    /// Goes on at the beginning of the file that is there now, as `tail -F` does. What was read of the old one stays a part of the capture.
    #[cold]
    fn begin_anew(&mut self) -> Result<Have, CaptureError> {
        let medium = self.window.medium().successor().map_err(|error| self.read_error(error))?;
        let number = self.later.as_ref().and_then(|later| later.add(medium.clone()));
        let Some(number) = number else {
            return Err(self.read_error(io::Error::other("it was written anew while it was followed; start again")));
        };
        // Half a record was never whole.
        (self.file, self.used, self.format, self.gap, self.barren) = (number, 0, Format::Unknown, None, 0);
        self.window = self.window.anew(medium);
        self.warn(0, WarningKind::Anew { frames: self.number });
        Ok(Have::Pending)
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
            self.format = Format::Ended;
            return Err(match self.feed.as_ref().and_then(Feed::complaint) {
                Some(WarningKind::Compression { why }) => CaptureError::NotUnpacked { file, why },
                _ => CaptureError::Empty { file },
            });
        }
        match format::kind(head) {
            Kind::Classic => self.begin_classic(),
            Kind::Blocks => self.begin_blocks(),
            Kind::Gzip if self.window.medium().is_followed() => Err(CaptureError::FollowedGzip { file }),
            Kind::Gzip => Err(CaptureError::NotACapture { file, looks_like: "a file that was gzipped twice" }),
            Kind::Compressed(method) => {
                let way = self.way_out(&method);
                Err(CaptureError::Compressed { file, method: method.name, way })
            }
            Kind::Unknown(looks_like) => Err(CaptureError::NotACapture { file, looks_like }),
        }
    }

    /// The command line that unpacks the file and reads it.
    fn way_out(&self, method: &format::Method) -> Option<String> {
        Some(match self.feed.as_ref() {
            None => format!("{} {} | coapscope -", method.file, error::typed(&self.name)),
            Some(feed) if feed.is_file() => {
                format!("gzip -dc {} | {} | coapscope -", error::typed(&self.name), method.pipe?)
            }
            Some(feed) if feed.is_packed() => format!("... | gzip -dc | {} | coapscope -", method.pipe?),
            Some(_) => format!("... | {} | coapscope -", method.pipe?),
        })
    }

    /// Begins anew where the header of another file stands in the place of a record or block: somebody joined files with `cat`. A
    /// section of pcapng behind another needs nothing of that.
    #[inline]
    fn joined(&mut self) -> Result<Option<Step>, CaptureError> {
        let is_classic = matches!(self.format, Format::Classic { .. });
        if !format::may_begin_file(self.window.bytes(), is_classic) {
            return Ok(None);
        }
        self.joined_file(is_classic)
    }

    #[cold]
    fn joined_file(&mut self, is_classic: bool) -> Result<Option<Step>, CaptureError> {
        let have = self.ensure(classic::HEADER)?;
        if have == Have::Pending {
            return Ok(Some(Step::Pending));
        }
        let head = self.window.bytes();
        let head = head.get(..classic::HEADER).unwrap_or(head);
        let is_blocks = is_classic && format::begins_section(head);
        if have == Have::Short && classic::may_be_header(head) {
            return Ok(Some(self.cut(classic::HEADER as u64)));
        }
        if !is_blocks && !classic::begins_file(head) {
            return Ok(None);
        }
        self.warn(self.window.offset(), WarningKind::Joined { frames: self.number });
        if !is_blocks {
            return self.begin_classic().map(Some);
        }
        // If it is cut, or of a version that is not known, this is said as of any other section.
        self.format = Format::Blocks(Section::default());
        Ok(Some(Step::Again))
    }

    fn begin_classic(&mut self) -> Result<Step, CaptureError> {
        if self.ensure(classic::HEADER)? == Have::Pending {
            return Ok(Step::Pending);
        }
        if self.pass_cut_header() {
            return Ok(Step::Again);
        }
        let header = classic::file_header(self.window.bytes(), &self.name)?;
        self.window.consume(classic::HEADER);
        self.window.look_ahead(format::LOOK << 13);
        if classic::are_as_text(&header, self.window.bytes()) {
            self.warn(0, WarningKind::AsText);
        }
        self.sections += 1;
        let interface = Interface {
            file: self.file,
            name: None,
            description: None,
            link: header.link,
            snaplen: header.snaplen,
            clock: header.clock,
            record: RecordForm::Classic(header.layout),
            place: (self.sections, 0),
            among: None,
        };
        let interface = self.add_interface(interface).unwrap_or_default();
        self.format = Format::Classic { header, interface, times: Times::default() };
        Ok(Step::Again)
    }

    /// Passes over a header that is not whole, since that of another file begins in it: files were joined, and the first one was cut in there.
    fn pass_cut_header(&mut self) -> bool {
        self.window.look_ahead(2 * classic::HEADER);
        let bytes = self.window.bytes();
        let mut places = 1..classic::HEADER;
        let Some(held) = places.find(|at| bytes.get(*at..).is_some_and(classic::begins_any)) else { return false };
        self.warn(self.window.offset(), WarningKind::HeaderCut { held: held as u64 });
        self.window.consume(held);
        self.format = Format::Unknown;
        true
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
        let file = || self.name.clone();
        if self.window.bytes().get(16..24).is_some_and(format::are_changed_ones) {
            return Err(CaptureError::NotACapture { file: file(), looks_like: format::CHANGED });
        }
        match blocks::section(self.window.bytes()) {
            None => return Err(CaptureError::ByteOrder { file: file() }),
            Some((_, version)) if version.0 != blocks::VERSION => {
                return Err(CaptureError::Version { file: file(), version });
            }
            Some(_) => {}
        }
        self.format = Format::Blocks(Section::default());
        Ok(Step::Again)
    }

    /// Adds an interface, see [`InterfaceTable::add`].
    fn add_interface(&mut self, interface: Interface) -> Option<(u16, u16)> {
        let Added { number, first, rank, is_new } = self.table.add(&interface)?;
        if is_new {
            self.interfaces.push(Interface { among: self.is_one_of_several.then_some(rank), ..interface });
        }
        Some((number, first))
    }

    /// Ends the file in the middle of a record that should have so many bytes.
    fn cut(&mut self, claimed: u64) -> Step {
        self.cut_before(claimed, None)
    }

    /// The same, where another capture begins in that record.
    fn cut_before(&mut self, claimed: u64, capture: Option<u64>) -> Step {
        let held = self.window.bytes().len() as u64;
        if held > 0 {
            self.warn(self.window.offset(), WarningKind::Cut { held, claimed, capture });
        }
        self.end()
    }

    /// Ends the file, and says what its decompressor had to say.
    fn end(&mut self) -> Step {
        self.format = Format::Ended;
        if let Some(kind) = self.feed.as_ref().and_then(Feed::complaint) {
            self.warn(self.window.offset(), kind);
        }
        Step::End
    }
}

impl Source for Savefile {
    fn next(&mut self) -> Result<Next<'_>, CaptureError> {
        Ok(match self.advance()? {
            Step::Frame => Next::Frame(self.current()),
            Step::Pending => Next::Pending,
            Step::End | Step::Again => Next::End,
        })
    }

    fn next_run(&mut self, most: usize) -> Run<'_> {
        self.quick_records(most)
    }

    fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    fn progress(&self) -> (u64, Option<u64>) {
        match &self.feed {
            Some(feed) => feed.progress(),
            None => (self.window.offset(), self.window.length()),
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
