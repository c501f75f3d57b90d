//! The thread that brings standard input, a pipe, or an unpacked file into a spool.

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use flate2::read::MultiGzDecoder;

use super::CaptureError;
use super::spool::{Spool, SpoolReader, SpoolWriter};

/// Bytes moved at a time.
const CHUNK: usize = 64 * 1024;

/// The reader's end of a feed. Dropping it ends the thread at its next move.
#[derive(Debug)]
pub(super) struct Feed {
    shared: Arc<Shared>,
    folder: PathBuf,
    length: Option<u64>,
}

#[derive(Debug, Default)]
struct Shared {
    consumed: AtomicU64,
    abandoned: AtomicBool,
    complaint: OnceLock<String>,
    /// The input itself could not be read.
    unreadable: AtomicBool,
}

impl Feed {
    /// Starts the thread: `from` is unpacked if it begins like gzip, and copied if not.
    ///
    /// # Errors
    /// The spool cannot be created in `folder`, or no thread can be started.
    pub fn start(
        from: Box<dyn Read + Send>,
        length: Option<u64>,
        folder: &Path,
    ) -> Result<(Self, SpoolReader), CaptureError> {
        let fail = |error| CaptureError::Spool { folder: folder.to_owned(), error };
        let (writer, reader) = Spool::create(folder).map_err(fail)?;
        let shared = Arc::new(Shared::default());
        let counted = Counted { from, shared: Arc::clone(&shared) };
        let state = Arc::clone(&shared);
        let thread = thread::Builder::new().name("feed".to_owned());
        thread.spawn(move || run(counted, writer, &state)).map_err(fail)?;
        Ok((Self { shared, folder: folder.to_owned(), length }, reader))
    }

    /// Bytes taken from the input, and how many it has.
    pub fn progress(&self) -> (u64, Option<u64>) {
        (self.shared.consumed.load(Ordering::Relaxed), self.length)
    }

    /// What is wrong with the compressed data, once the spool has ended.
    pub fn complaint(&self) -> Option<String> {
        self.shared.complaint.get().cloned()
    }

    /// The error behind what the spool says; `name` is what messages call the input.
    pub fn error(&self, error: io::Error, name: &str) -> CaptureError {
        if self.shared.unreadable.load(Ordering::Acquire) {
            let offset = self.shared.consumed.load(Ordering::Relaxed);
            return match error.kind() {
                ErrorKind::IsADirectory => CaptureError::Directory { file: name.to_owned() },
                _ => CaptureError::Read { file: name.to_owned(), offset, error },
            };
        }
        CaptureError::Spool { folder: self.folder.clone(), error }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.abandoned.store(true, Ordering::Relaxed);
    }
}

/// Input that counts what was taken from it.
struct Counted {
    from: Box<dyn Read + Send>,
    shared: Arc<Shared>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer).inspect_err(|error| {
            let is_final = error.kind() != ErrorKind::Interrupted;
            self.shared.unreadable.fetch_or(is_final, Ordering::Release);
        })?;
        self.shared.consumed.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn run(mut from: Counted, writer: SpoolWriter, shared: &Shared) {
    // gzip is told by two bytes, that a pipe may hand over one by one.
    let mut head = Vec::new();
    while head.len() < 2 {
        let mut byte = [0; 1];
        match from.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => head.extend(byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return writer.fail(&error),
        }
    }
    let is_gzip = head == [0x1f, 0x8b];
    let from = io::Cursor::new(head).chain(from);
    if is_gzip {
        copy(MultiGzDecoder::new(from), writer, shared);
    } else {
        copy(from, writer, shared);
    }
}

/// Moves bytes until there are no more, or nobody reads them; what is in the spool by then stands.
fn copy(mut from: impl Read, mut writer: SpoolWriter, shared: &Shared) {
    let mut buffer = vec![0; CHUNK];
    while !shared.abandoned.load(Ordering::Relaxed) {
        let count = match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if shared.unreadable.load(Ordering::Acquire) => return writer.fail(&error),
            Err(error) => return complain(shared, &error),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        // The writer keeps its error for the reader.
        if writer.write_all(bytes).and_then(|()| writer.commit()).is_err() {
            return;
        }
    }
}

fn complain(shared: &Shared, error: &io::Error) {
    shared.complaint.get_or_init(|| error.to_string());
}
