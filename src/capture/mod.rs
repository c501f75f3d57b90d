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

use crate::frame::Frame;

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

/// Where frames come from, in the order they are numbered.
pub trait Source: Send {
    /// The next frame.
    ///
    /// # Errors
    /// The source is no capture, or cannot be read. What was read until then stands; asking again is of no use.
    fn next(&mut self) -> Result<Next<'_>, CaptureError>;

    /// The interfaces met so far; [`crate::frame::Position::interface`] counts them. The list only grows.
    fn interfaces(&self) -> &[Interface];

    /// Bytes read, and how many there are where that is known.
    fn progress(&self) -> (u64, Option<u64>);

    /// What was odd since the last call.
    fn take_warnings(&mut self) -> Vec<Warning>;

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
