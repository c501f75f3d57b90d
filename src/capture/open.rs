//! Opens what a user names: files, pipes, standard input.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::feed::Feed;
use super::format::{self, Kind};
use super::interface::InterfaceTable;
use super::medium::{Followed, Later, Medium};
use super::spool::SpoolReader;
use super::until::{Ending, Until};
use super::{CaptureError, FrameReader, Merged, Savefile, Source, spool};

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file or a named pipe.
    Path(PathBuf),
    /// Standard input.
    StandardInput,
}

impl Input {
    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::StandardInput => "standard input".to_owned(),
        }
    }
}

/// Whether two names are those of one regular file, whatever links lead there. What is not there is none.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// Where a regular file is, whatever it is called: its device, and its number there.
fn place(path: &Path) -> Option<(u64, u64)> {
    let entry = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
    Some((entry.dev(), entry.ino()))
}

/// How to open.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Folder for the copies of what cannot be read twice.
    pub spool: PathBuf,
    /// Files are being written: at their end wait for more, for ever. One that is written anew, or whose name is given to another file,
    /// is read from its beginning, as `tail -F` does; of several merged by time it ends the capture.
    pub follow: bool,
    /// When it is enough of standard input and of named pipes, whose writers may stay.
    pub until: Option<Until>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { spool: PathBuf::from(spool::DEFAULT_FOLDER), follow: false, until: None }
    }
}

/// A capture that was opened.
pub struct Opened {
    /// Its frames, one after the other.
    pub source: Box<dyn Source>,
    /// Its frames, any of them again.
    pub reader: FrameReader,
    /// What messages call it.
    pub name: String,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("reader", &self.reader).finish_non_exhaustive()
    }
}

/// Opens one input; copies of what cannot be read twice go to `spool_dir`.
///
/// # Errors
/// As [`open_all`].
pub fn open(input: &Input, spool_dir: &Path) -> Result<Opened, CaptureError> {
    open_all(std::slice::from_ref(input), &OpenOptions { spool: spool_dir.to_owned(), ..OpenOptions::default() })
}

/// Opens several inputs as one capture, merged by time.
///
/// What stands in a file is looked at when the first frame is read, so that a slow pipe keeps nobody waiting.
///
/// # Errors
/// A file that cannot be opened, is a folder, or is to be followed and gzipped; standard input that is a terminal; a spool that cannot be created.
pub fn open_all(inputs: &[Input], options: &OpenOptions) -> Result<Opened, CaptureError> {
    let table = InterfaceTable::default();
    let mut files = Vec::with_capacity(inputs.len());
    let mut media = Vec::with_capacity(inputs.len());
    let mut places = HashSet::new();
    for (number, input) in (0..=u16::MAX).zip(inputs) {
        let (medium, feed) = medium(input, options)?;
        media.push((input.name(), medium.clone()));
        let mut file = Savefile::new(medium, input.name(), number, table.clone(), feed).among(inputs.len());
        if let Input::Path(path) = input
            && place(path).is_some_and(|place| !places.insert(place))
        {
            file.is_there_again();
        }
        files.push(file);
    }
    let later = Later::default();
    let source: Box<dyn Source> = match files.len() {
        1 => Box::new(files.remove(0).followed_by(later.clone())),
        _ => Box::new(Merged::new(files)),
    };
    let names: Vec<_> = inputs.iter().map(Input::name).collect();
    Ok(Opened { source, reader: FrameReader::new(media, table).followed_by(later), name: names.join(", ") })
}

/// Opens the capture that another thread writes into a spool; nothing need be there yet. `name` is what messages call it.
pub fn open_spool(spool: SpoolReader, name: &str) -> Opened {
    let medium = Medium::Spool(spool);
    let table = InterfaceTable::default();
    let reader = FrameReader::new(vec![(name.to_owned(), medium.clone())], table.clone());
    Opened { source: Box::new(Savefile::new(medium, name.to_owned(), 0, table, None)), reader, name: name.to_owned() }
}

/// A named pipe. Opening it waits until somebody opens the other end, so that whoever reads it opens it.
enum Pipe {
    Closed(PathBuf, Option<Until>),
    Open(Box<dyn Read + Send>),
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Closed(path, until) => *self = Self::Open(opened(path, until.take())?),
                Self::Open(file) => return file.read(buffer),
            }
        }
    }
}

fn opened(path: &Path, until: Option<Until>) -> io::Result<Box<dyn Read + Send>> {
    match until {
        // It opens at once, and reads as one that has nothing yet: so it can be enough while nobody writes, too. Linux has it so.
        #[cfg(target_os = "linux")]
        Some(until) => {
            use std::os::unix::fs::OpenOptionsExt as _;
            let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
            let file = File::options().read(true).custom_flags(flags).open(path)?;
            Ok(Box::new(Ending::new(file, until)))
        }
        _ => Ok(Box::new(File::open(path)?)),
    }
}

/// Standard input, to its end or until it is enough.
fn standard_input(until: Option<Until>) -> io::Result<Box<dyn Read + Send>> {
    Ok(match until {
        Some(until) => Box::new(Ending::new(File::from(io::stdin().as_fd().try_clone_to_owned()?), until)),
        None => Box::new(io::stdin()),
    })
}

/// What the bytes of an input are read from.
fn medium(input: &Input, options: &OpenOptions) -> Result<(Medium, Option<Feed>), CaptureError> {
    let feed = |from, length| {
        let (feed, reader) = Feed::start(from, length, &options.spool)?;
        Ok((Medium::Spool(reader), Some(feed)))
    };
    let Input::Path(path) = input else {
        if io::stdin().is_terminal() {
            return Err(CaptureError::Terminal);
        }
        let from = standard_input(options.until.clone());
        return feed(from.map_err(|error| CaptureError::Open { file: input.name(), error })?, None);
    };
    let name = || input.name();
    if std::fs::metadata(path).is_ok_and(|data| data.file_type().is_fifo()) {
        return feed(Box::new(Pipe::Closed(path.clone(), options.until.clone())), None);
    }
    let file = File::open(path).map_err(|error| CaptureError::Open { file: name(), error })?;
    let data = file.metadata().map_err(|error| CaptureError::Open { file: name(), error })?;
    if data.is_dir() {
        return Err(CaptureError::Directory { file: name() });
    }
    if !data.is_file() {
        return feed(Box::new(file), None);
    }
    let mut head = [0; format::LOOK];
    let length = file.read_at(&mut head, 0).map_err(|error| CaptureError::Read { file: name(), offset: 0, error })?;
    if format::kind(head.get(..length).unwrap_or_default()) == Kind::Gzip {
        if options.follow {
            return Err(CaptureError::FollowedGzip { file: name() });
        }
        return feed(Box::new(file), Some(data.len()));
    }
    Ok((Medium::File { file: Arc::new(file), followed: options.follow.then(|| Followed::new(path)) }, None))
}
