//! What the bytes of a capture are read from, by offset: a file, or a spool.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

#[cfg(target_os = "linux")]
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use super::spool::SpoolReader;

/// Files of a name that was given to other files since, which are kept open: a file that is open keeps its room on the disk.
const KEPT: usize = 16;

/// A file or a spool. Cloning gives another reader of the same bytes.
#[derive(Clone, Debug)]
pub(super) enum Medium {
    File {
        file: Arc<File>,
        /// It is being written: its end is not the end.
        followed: Option<Followed>,
    },
    Spool(SpoolReader),
}

/// A file that is being written.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    path: Arc<Path>,
    /// Something else was written over what was read.
    lost: Arc<AtomicBool>,
}

impl Followed {
    pub fn new(path: &Path) -> Self {
        Self { path: path.into(), lost: Arc::default() }
    }
}

/// The files that came one after the other in the place of one that is followed, the oldest first: written by the source, read by whoever
/// reads frames again.
#[derive(Clone, Debug, Default)]
pub(super) struct Later(Arc<RwLock<Vec<Option<Medium>>>>);

impl Later {
    /// Adds one and gives its number among all, where the first file has 0; none where there are more than can be numbered.
    pub fn add(&self, medium: Medium) -> Option<u16> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let number = u16::try_from(all.len() + 1).ok()?;
        all.push(Some(medium));
        let old = all.len().checked_sub(KEPT + 1);
        if let Some(place) = old.and_then(|old| all.get_mut(old)) {
            *place = None;
        }
        Some(number)
    }

    /// The one with this number.
    pub fn get(&self, number: u16) -> Option<Medium> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(usize::from(number).checked_sub(1)?)?.clone()
    }
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
            Self::File { .. } if self.is_lost() => return Err(io::Error::other("it was written anew")),
            Self::File { file, followed } => match file.read_at(buffer, offset) {
                Ok(0) if followed.is_some() => return Ok(Filled::Pending),
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

    /// So many bytes from `offset` on are read soon: the system may fetch them from the disk meanwhile. It need not, so that nothing is said where
    /// it cannot.
    pub fn expect(&self, offset: u64, length: u64) {
        #[cfg(target_os = "linux")]
        if let (Self::File { file, .. }, Ok(offset), Ok(length)) = (self, offset.try_into(), length.try_into()) {
            let _ = posix_fadvise(file, offset, length, PosixFadviseAdvice::POSIX_FADV_WILLNEED);
        }
    }

    /// It is a file whose end is not the end.
    pub fn is_followed(&self) -> bool {
        matches!(self, Self::File { followed: Some(_), .. })
    }

    /// It is followed, and by now another file has its name.
    pub fn is_replaced(&self) -> bool {
        let Self::File { file, followed: Some(followed) } = self else { return false };
        let identity = |data: Metadata| (data.dev(), data.ino());
        let now = std::fs::metadata(&followed.path).map(identity);
        // Where there is none at the moment, there will be one.
        now.is_ok_and(|now| file.metadata().is_ok_and(|data| identity(data) != now))
    }

    /// What was read is no longer there: nobody may take what stands in its place for it.
    pub fn lose(&self) {
        if let Self::File { followed: Some(followed), .. } = self {
            followed.lost.store(true, Ordering::Relaxed);
        }
    }

    /// See [`Medium::lose`].
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::File { followed: Some(followed), .. } if followed.lost.load(Ordering::Relaxed))
    }

    /// The file that has the name of a followed one now.
    pub fn successor(&self) -> io::Result<Self> {
        let Self::File { followed: Some(followed), .. } = self else {
            return Err(ErrorKind::Unsupported.into());
        };
        let file = Arc::new(File::open(&followed.path)?);
        Ok(Self::File { file, followed: Some(Followed::new(&followed.path)) })
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
