//! Where frames come from and go to: savefiles, live interfaces, standard input, the spool.

mod blocks;
mod classic;
mod clock;
mod error;
mod feed;
mod format;
mod interface;
#[cfg(feature = "live")]
pub mod live;
mod medium;
mod merge;
mod open;
mod pcapng;
mod reader;
mod run;
mod savefile;
pub mod spool;
mod warning;
mod window;
mod writer;

use std::time::Duration;

pub use blocks::Secrets;
pub use clock::Clock;
pub use error::CaptureError;
pub use interface::Interface;
pub use merge::Merged;
pub use open::{Input, OpenOptions, Opened, open, open_all, open_spool};
pub use pcapng::PcapngWriter;
pub use reader::FrameReader;
pub use run::RunReader;
pub use savefile::{MAX_WARNINGS, Savefile};
pub use warning::{Warning, WarningKind};
pub use writer::PcapWriter;

use crate::frame::{Frame, LinkType, Position};

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
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Head {
    time: i64,
    /// Where the record begins, and the frame behind its header.
    record: u32,
    start: u32,
    end: u32,
    original_length: u32,
}

impl<'a> Run<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// One of them, from 0.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<Frame<'a>> {
        let head = self.heads.get(index)?;
        Some(Frame {
            number: self.number + index as u64,
            time: head.time,
            link: self.link,
            original_length: head.original_length,
            bytes: self.bytes.get(head.start as usize..head.end as usize).unwrap_or_default(),
            position: Position { offset: self.position.offset + u64::from(head.record), ..self.position },
        })
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
