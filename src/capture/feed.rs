//! The thread that brings standard input, a pipe, or an unpacked file into a spool.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flate2::bufread::GzDecoder;

use super::format::GZIP;
use super::spool::{Spool, SpoolReader, SpoolWriter};
use super::{CaptureError, WarningKind, start};

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
    packed: AtomicBool,
    complaint: OnceLock<WarningKind>,
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
        let (writer, reader) =
            Spool::create(folder).map_err(|error| CaptureError::Spool { folder: folder.to_owned(), error })?;
        let shared = Arc::new(Shared::default());
        let counted = Counted { from, shared: Arc::clone(&shared) };
        let state = Arc::clone(&shared);
        start("feed", move || run(counted, writer, &state))?;
        Ok((Self { shared, folder: folder.to_owned(), length }, reader))
    }

    /// Bytes taken from the input, and how many it has.
    pub fn progress(&self) -> (u64, Option<u64>) {
        (self.shared.consumed.load(Ordering::Relaxed), self.length)
    }

    /// It is a file, which is read by this way since it is gzipped.
    pub fn is_file(&self) -> bool {
        self.length.is_some()
    }

    /// What there is was gzipped.
    pub fn is_packed(&self) -> bool {
        self.shared.packed.load(Ordering::Relaxed)
    }

    /// What is wrong with the compressed data, once the spool has ended.
    pub fn complaint(&self) -> Option<WarningKind> {
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

/// Input of which the next bytes can be looked at before they are read.
struct Ahead {
    held: Vec<u8>,
    from: BufReader<Counted>,
}

impl Ahead {
    /// The next two bytes, or fewer at the end: gzip is told by them, and a pipe may hand them over one by one.
    fn look(&mut self) -> io::Result<&[u8]> {
        while self.held.len() < 2 {
            let mut byte = [0; 1];
            match self.from.read(&mut byte) {
                Ok(0) => break,
                Ok(_) => self.held.extend(byte),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.held)
    }

    /// What stands behind a member of a gzip file; zeros, with which tapes and downloads are filled up, are passed over.
    fn behind_member(&mut self, shared: &Shared) -> io::Result<Behind> {
        loop {
            match self.look()? {
                [] => return Ok(Behind::Nothing),
                GZIP => return Ok(Behind::Member),
                [0, ..] if !shared.abandoned.load(Ordering::Relaxed) => self.consume(1),
                _ => return Ok(Behind::Other),
            }
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.held.is_empty() { self.from.fill_buf() } else { Ok(&self.held) }
    }

    fn consume(&mut self, count: usize) {
        if self.held.is_empty() {
            self.from.consume(count);
        } else {
            self.held.drain(..count.min(self.held.len()));
        }
    }
}

/// What can stand behind a member of a gzip file (RFC 1952 section 2.2).
enum Behind {
    Nothing,
    Member,
    /// Something that is no gzip.
    Other,
}

fn run(from: Counted, mut writer: SpoolWriter, shared: &Shared) {
    let from = Ahead { held: Vec::new(), from: BufReader::with_capacity(CHUNK, from) };
    match unpack(from, &mut writer, shared) {
        Ok(()) => {}
        Err(error) if shared.unreadable.load(Ordering::Acquire) => writer.fail(&error),
        Err(error) => complain(shared, WarningKind::Compression { why: error.to_string() }),
    }
}

/// Moves what there is, unpacked where it is gzip.
fn unpack(mut from: Ahead, writer: &mut SpoolWriter, shared: &Shared) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    if from.look()? != GZIP {
        return copy(&mut from, &mut buffer, writer, shared).map(drop);
    }
    shared.packed.store(true, Ordering::Relaxed);
    loop {
        let mut member = GzDecoder::new(from);
        if !copy(&mut member, &mut buffer, writer, shared)? {
            return Ok(());
        }
        from = member.into_inner();
        match from.behind_member(shared)? {
            Behind::Member => {}
            Behind::Nothing => return Ok(()),
            Behind::Other => {
                complain(shared, WarningKind::BehindCompressed);
                return Ok(());
            }
        }
    }
}

/// Moves bytes until there are no more; false where nobody reads them. What is in the spool by then stands.
fn copy(from: &mut impl Read, buffer: &mut [u8], writer: &mut SpoolWriter, shared: &Shared) -> io::Result<bool> {
    while !shared.abandoned.load(Ordering::Relaxed) {
        let count = match from.read(buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        // The writer keeps its error for the reader.
        if writer.write_all(bytes).and_then(|()| writer.commit()).is_err() {
            return Ok(false);
        }
    }
    Ok(false)
}

fn complain(shared: &Shared, what: WarningKind) {
    shared.complaint.get_or_init(|| what);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::interface::InterfaceTable;
    use super::super::medium::Medium;
    use super::super::{Next, Savefile, Source};
    use super::*;

    /// A device that gives some bytes and then no more.
    struct Failing(io::Cursor<Vec<u8>>);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::from_raw_os_error(5)),
                count => Ok(count),
            }
        }
    }

    /// What became of reading these bytes and no more: frames, warnings, error.
    fn read(bytes: Vec<u8>) -> (u64, Vec<String>, String) {
        let from = Box::new(Failing(io::Cursor::new(bytes)));
        let (feed, reader) = Feed::start(from, None, &std::env::temp_dir()).unwrap();
        let table = InterfaceTable::default();
        let mut source = Savefile::new(Medium::Spool(reader), "pipe".into(), 0, table, Some(feed));
        let mut frames = 0;
        loop {
            match source.next() {
                Ok(Next::Frame(_)) => frames += 1,
                Ok(Next::Pending) => {
                    source.wait(Duration::from_secs(1));
                }
                Ok(Next::End) => break (frames, warnings(&mut source), String::new()),
                Err(error) => break (frames, warnings(&mut source), error.to_string()),
            }
        }
    }

    fn warnings(source: &mut Savefile) -> Vec<String> {
        source.take_warnings().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_failed_read_is_no_damage_of_the_data() {
        let capture = std::fs::read("captures/lab/02-alarm-plain.pcap").unwrap();
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&capture).unwrap();
        let packed = packer.finish().unwrap();
        for (name, bytes) in [("plain", capture.as_slice()), ("gzip", packed.as_slice())] {
            for length in [0, 1, 2, 24, bytes.len() / 2, bytes.len()] {
                let (frames, warnings, error) = read(bytes.get(..length).unwrap().to_vec());
                let case = format!("{name} to byte {length}: {frames} frames, {warnings:?}, {error}");
                assert!(error.contains(&format!("pipe: cannot be read at byte {length}: ")), "{case}");
                assert!(warnings.is_empty(), "{case}");
                assert_eq!(frames > 0, length > 100, "{case}");
            }
        }
    }
}
