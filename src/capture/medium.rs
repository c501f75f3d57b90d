//! What the bytes of a capture are read from, by offset: a file, or a spool.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use super::spool::SpoolReader;

/// A file or a spool. Cloning gives another reader of the same bytes.
#[derive(Clone, Debug)]
pub(super) enum Medium {
    File {
        file: Arc<File>,
        /// It is being written: its end is not the end.
        follow: bool,
    },
    Spool(SpoolReader),
}

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Bytes(usize),
    Pending,
    End,
}

impl Medium {
    /// Reads what there is from `offset`, as much as fits.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<Filled> {
        let result = match self {
            Self::File { file, follow } => match file.read_at(buffer, offset) {
                Ok(0) if *follow => return Ok(Filled::Pending),
                result => result,
            },
            Self::Spool(spool) => spool.read_at(offset, buffer),
        };
        match result {
            Ok(0) => Ok(Filled::End),
            Ok(count) => Ok(Filled::Bytes(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Filled::Pending),
            Err(error) if error.kind() == ErrorKind::Interrupted => self.read_at(offset, buffer),
            Err(error) => Err(error),
        }
    }

    /// It is a file whose end is not the end.
    pub fn is_followed(&self) -> bool {
        matches!(self, Self::File { follow: true, .. })
    }

    /// What fills it has ended by an error.
    pub fn has_failed(&self) -> bool {
        matches!(self, Self::Spool(spool) if spool.failure().is_some())
    }

    /// Length in bytes, where it is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::File { file, .. } => file.metadata().ok().map(|data| data.len()),
            Self::Spool(spool) => spool.finished().then(|| spool.committed()),
        }
    }

    /// Sleeps until there may be more, `timeout` at the longest.
    pub fn wait(&mut self, timeout: Duration) {
        match self {
            // A file says nothing when it grows.
            Self::File { .. } => std::thread::sleep(timeout.min(Duration::from_millis(20))),
            Self::Spool(spool) => {
                spool.wait(timeout);
            }
        }
    }
}
