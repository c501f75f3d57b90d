//! Where frames come from and go to: savefiles, live interfaces, standard input, the spool.

mod blocks;
mod carrier;
mod classic;
mod clock;
mod draft;
mod error;
mod feed;
mod format;
mod in_use;
mod interface;
#[cfg(feature = "live")]
pub mod live;
mod medium;
mod merge;
mod open;
mod origin;
mod pcapng;
mod reader;
mod run;
mod savefile;
pub mod spool;
mod until;
mod warning;
mod window;
mod writer;

use std::time::Duration;

pub use blocks::Secrets;
pub use carrier::Carrier;
pub use clock::Clock;
pub use draft::{Draft, behind_sudo};
pub use error::CaptureError;
#[cfg(feature = "live")]
pub(crate) use error::quoted;
pub(crate) use error::start;
pub use in_use::InUse;
pub use interface::Interface;
pub use merge::Merged;
pub use open::{Input, OpenOptions, Opened, is_same_file, open, open_all, open_spool};
pub use origin::Origin;
pub use pcapng::PcapngWriter;
pub use reader::FrameReader;
pub use run::RunReader;
pub use savefile::{MAX_WARNINGS, Savefile};
pub use until::Until;
pub use warning::{Warning, WarningKind};
pub use writer::PcapWriter;

use crate::frame::{Frame, LinkType, Position};

/// Said of a capture that an error ended, for as long as it is true.
#[cfg_attr(not(all(feature = "live", feature = "tui")), allow(dead_code))]
pub(crate) const STILL_SAVABLE: &str = "; what was captured before can still be saved";

/// What a source has to give.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// Nothing at the moment; more may come.
    Pending,
    /// Nothing, for ever.
    End,
}

/// Frames that lie in memory one behind the other, all of one interface.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run<'a> {
    bytes: &'a [u8],
    heads: &'a [Head],
    /// Number of the first.
    number: u64,
    link: LinkType,
    /// Where `bytes` stand.
    position: Position,
    /// No time is earlier than the one before it.
    in_order: bool,
}

/// Length in bytes of what stands before each frame of a run.
const RECORD_HEADER: usize = 16;

/// One of them.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    time: i64,
    /// Where the record begins, and where it ends with the frame.
    record: u32,
    end: u32,
    original_length: u32,
}

impl Head {
    /// Where the frame begins.
    #[inline(always)]
    fn start(&self) -> usize {
        self.record as usize + RECORD_HEADER
    }
}

impl<'a> Run<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// The link type of all.
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The first and the last time, where times do not go back.
    pub fn times(&self) -> Option<(i64, i64)> {
        let (first, last) = (self.heads.first()?, self.heads.last()?);
        self.in_order.then_some((first.time, last.time))
    }

    /// Some of them, from the one with this index on.
    #[inline(always)]
    pub fn part(&self, first: usize, most: usize) -> Self {
        let behind = self.heads.get(first..).unwrap_or_default();
        let heads = behind.get(..most).unwrap_or(behind);
        Self { heads, number: self.number + first as u64, ..*self }
    }

    /// All of them.
    #[inline(always)]
    pub fn frames(&self) -> impl Iterator<Item = Lent<'_>> {
        self.heads.iter().enumerate().map(move |(index, head)| Lent { run: self, head, index })
    }

    /// How long all are on the wire, as far as that is known.
    #[inline(always)]
    pub fn original_length(&self) -> u64 {
        self.heads.iter().map(|head| u64::from(head.original_length)).sum()
    }

    /// The length of each, and what lies in memory from its beginning on, whatever that belongs to.
    #[inline(always)]
    pub fn memory<const N: usize>(&self) -> impl Iterator<Item = (usize, Option<&'a [u8; N]>)> {
        let bytes = self.bytes;
        self.heads.iter().map(move |head| {
            let start = head.start();
            let memory = bytes.get(start..start + N).and_then(<[u8]>::first_chunk);
            ((head.end as usize).wrapping_sub(start), memory)
        })
    }
}

/// A frame of a run that was not looked at yet: whoever wants to know little of it need not have all put together.
#[derive(Clone, Copy, Debug)]
pub struct Lent<'r> {
    run: &'r Run<'r>,
    head: &'r Head,
    index: usize,
}

impl<'r> Lent<'r> {
    /// All of it.
    #[inline(always)]
    pub fn frame(&self) -> Frame<'r> {
        let Self { run: Run { bytes, number, link, position, .. }, head, index } = *self;
        Frame {
            number: number + index as u64,
            time: head.time,
            link: *link,
            original_length: head.original_length,
            bytes: bytes.get(head.start()..head.end as usize).unwrap_or_default(),
            position: Position { offset: position.offset + u64::from(head.record), ..*position },
        }
    }
}

/// Where frames come from, in the order they are numbered.
pub trait Source: Send {
    /// The next frame.
    ///
    /// # Errors
    /// The source is no capture, or cannot be read. What was read until then stands; asking again is of no use.
    fn next(&mut self) -> Result<Next<'_>, CaptureError>;

    /// The next frames, `most` at most, where they are in memory anyway and nothing is odd about them; often none. They need not be asked
    /// for with [`next`](Self::next) any more.
    fn next_run(&mut self, most: usize) -> Run<'_> {
        let _ = most;
        Run::default()
    }

    /// The interfaces met so far; [`crate::frame::Position::interface`] counts them. The list only grows.
    fn interfaces(&self) -> &[Interface] {
        &[]
    }

    /// Bytes read, and how many there are where that is known.
    fn progress(&self) -> (u64, Option<u64>) {
        (0, None)
    }

    /// What was odd since the last call.
    fn take_warnings(&mut self) -> Vec<Warning> {
        Vec::new()
    }

    /// Sleeps until more may be there after [`Next::Pending`], but not for longer than `timeout`.
    fn wait(&mut self, timeout: Duration);

    /// How many files it reads.
    fn files(&self) -> usize {
        1
    }

    /// Keys that the capture carries for what is encrypted in it.
    fn secrets(&self) -> &[Secrets] {
        &[]
    }
}
