//! The spool: a private file that one thread appends to while others read what has been committed.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Folder for spools unless the user names another. Not `/tmp`, which is memory on current Debian.
pub const DEFAULT_FOLDER: &str = "/var/tmp";

/// Bytes the writer gathers before it writes them out on its own account.
const BUFFER: usize = 64 * 1024;

/// A growing file without a name; see [`Spool::create`].
#[derive(Debug)]
pub struct Spool {
    file: File,
    committed: AtomicU64,
    finished: AtomicBool,
    /// What ended the writer, if not the end of its input. Also what a waiting reader sleeps on.
    failure: Mutex<Option<(ErrorKind, String)>>,
    changed: Condvar,
}

impl Spool {
    /// Creates a spool in `folder` and hands out its two ends.
    ///
    /// The file is readable by its owner only and has no name from the start (or loses it at once), so it is gone
    /// when the last end is dropped, however the program ends.
    ///
    /// # Errors
    /// What the system says when it cannot create a file in `folder`.
    pub fn create(folder: &Path) -> io::Result<(SpoolWriter, SpoolReader)> {
        let file = tempfile::tempfile_in(folder)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(Self::on(file))
    }

    fn on(file: File) -> (SpoolWriter, SpoolReader) {
        let spool = Arc::new(Self {
            file,
            committed: AtomicU64::new(0),
            finished: AtomicBool::new(false),
            failure: Mutex::new(None),
            changed: Condvar::new(),
        });
        let (buffer, words) = (Vec::with_capacity(BUFFER), Default::default());
        let writer = SpoolWriter { spool: Arc::clone(&spool), buffer, words };
        (writer, SpoolReader { spool, position: 0, seen: 0 })
    }

    fn lock(&self) -> MutexGuard<'_, Option<(ErrorKind, String)>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change visible to readers that wait; the lock closes the gap between their check and their sleep.
    fn announce(&self, change: impl FnOnce(&mut Option<(ErrorKind, String)>)) {
        let mut guard = self.lock();
        change(&mut guard);
        drop(guard);
        self.changed.notify_all();
    }
}

/// The end that appends. As a [`Write`] it gathers what it is given; [`Write::flush`] commits.
///
/// Dropping it commits what was gathered and ends the spool.
#[derive(Debug)]
pub struct SpoolWriter {
    spool: Arc<Spool>,
    buffer: Vec<u8>,
    /// What is told before and behind an error of the file.
    words: (String, String),
}

impl SpoolWriter {
    /// The same, whose own errors, where its file cannot be written, are told between these words.
    #[must_use]
    pub fn blaming(mut self, before: &str, behind: String) -> Self {
        self.words = (before.to_owned(), behind);
        self
    }

    /// Writes out everything appended so far, then lets readers see it; of what does not fit on the disk as much as does.
    ///
    /// # Errors
    /// The failed write (a full disk, say). Readers get the same error behind the last committed byte.
    pub fn commit(&mut self) -> io::Result<()> {
        self.write_out().inspect_err(|error| self.record(error.kind(), error.to_string()))
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        // Nothing stands behind a gap.
        if let Some((kind, text)) = &*self.spool.lock() {
            return Err(io::Error::new(*kind, text.clone()));
        }
        let start = self.spool.committed.load(Ordering::Relaxed);
        let write = |rest: &[u8], written| self.spool.file.write_at(rest, start + written as u64);
        let (written, result) = write_what_fits(&self.buffer, write);
        self.buffer.clear();
        self.spool.announce(|_| self.spool.committed.store(start + written as u64, Ordering::Release));
        let (before, behind) = &self.words;
        result.map_err(|error| io::Error::new(error.kind(), format!("{before}{error}{behind}")))
    }

    /// Ends the spool with an error of the source, which readers meet behind the last committed byte.
    pub fn fail(mut self, error: &io::Error) {
        // That a disk failed has been recorded by `commit` already, and was there first; from now on this one is.
        let _ = self.write_out();
        self.record(error.kind(), error.to_string());
    }

    fn record(&self, kind: ErrorKind, text: String) {
        self.spool.announce(|failure| {
            failure.get_or_insert((kind, text));
        });
    }
}

/// Writes all of it, or as much as there is room for: how many bytes are written, and why no more. `write` takes what is left, and how many bytes
/// were written before that.
pub(super) fn write_what_fits(
    bytes: &[u8],
    mut write: impl FnMut(&[u8], usize) -> io::Result<usize>,
) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match write(rest, written) {
            Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

impl Write for SpoolWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.commit()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.commit()
    }
}

impl Drop for SpoolWriter {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.record(ErrorKind::Other, "the thread that fills the spool stopped".to_owned());
        } else {
            let _ = self.commit();
        }
        self.spool.announce(|_| self.spool.finished.store(true, Ordering::Release));
    }
}

/// The end that reads, at any place and as often as wanted. Each clone reads and waits on its own.
#[derive(Debug)]
pub struct SpoolReader {
    spool: Arc<Spool>,
    /// Where [`Read`] stands, in bytes.
    position: u64,
    /// How much was committed when [`SpoolReader::wait`] last returned.
    seen: u64,
}

impl Clone for SpoolReader {
    /// Another reader of the same spool, from its first byte.
    fn clone(&self) -> Self {
        Self { spool: Arc::clone(&self.spool), position: 0, seen: 0 }
    }
}

impl SpoolReader {
    /// Reads committed bytes from `offset`, as many as there are and fit.
    ///
    /// `Ok(0)` (for a buffer that is not empty) means the end: the writer has finished and nothing follows.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] where nothing is committed yet behind `offset`; the writer's error behind the last
    /// byte of a spool that failed; what the system says about the file.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        // In this order: whoever sees `finished` also sees the last commit.
        let finished = self.finished();
        let available = self.committed().saturating_sub(offset);
        if available > 0 {
            let length = buffer.len().min(usize::try_from(available).unwrap_or(usize::MAX));
            let (head, _) = buffer.split_at_mut(length);
            return self.spool.file.read_at(head, offset);
        }
        match self.failure() {
            Some(error) => Err(error),
            None if finished => Ok(0),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Bytes that can be read; never falls.
    pub fn committed(&self) -> u64 {
        self.spool.committed.load(Ordering::Acquire)
    }

    /// Whether the writer is gone, so that [`SpoolReader::committed`] is final (if asked for after this).
    pub fn finished(&self) -> bool {
        self.spool.finished.load(Ordering::Acquire)
    }

    /// The error that ended the writer, if one did.
    pub fn failure(&self) -> Option<io::Error> {
        let failure = self.spool.lock();
        failure.as_ref().map(|(kind, text)| io::Error::new(*kind, text.clone()))
    }

    /// Sleeps until more is committed than when this reader last came back from here, until the writer has
    /// finished, or until `timeout` has passed; true unless it was the timeout.
    pub fn wait(&mut self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut guard = self.spool.lock();
        loop {
            let (finished, committed) = (self.finished(), self.committed());
            if finished || committed > self.seen {
                self.seen = committed;
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = self.spool.changed.wait_timeout(guard, left);
            guard = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.read_at(self.position, buffer)?;
        self.position += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool() -> (SpoolWriter, SpoolReader) {
        Spool::create(&std::env::temp_dir()).unwrap()
    }

    /// What a reader gets at `offset`: the bytes, or the kind of error.
    #[track_caller]
    fn check(reader: &SpoolReader, offset: u64, expected: Result<&[u8], ErrorKind>) {
        let mut buffer = [0; 16];
        let got = reader.read_at(offset, &mut buffer);
        assert_eq!(got.map(|n| &buffer[..n]).map_err(|e| e.kind()), expected);
    }

    #[test]
    fn readers_see_what_is_committed_and_no_more() {
        let (mut writer, mut reader) = spool();
        check(&reader, 0, Err(ErrorKind::WouldBlock));
        writer.write_all(b"abc").unwrap();
        check(&reader, 0, Err(ErrorKind::WouldBlock));
        writer.commit().unwrap();
        writer.write_all(b"def").unwrap();
        check(&reader, 0, Ok(b"abc"));
        check(&reader, 1, Ok(b"bc"));
        check(&reader, 3, Err(ErrorKind::WouldBlock));
        assert_eq!((reader.committed(), reader.finished()), (3, false));
        drop(writer);
        assert_eq!((reader.committed(), reader.finished()), (6, true));
        check(&reader, 6, Ok(b""));
        check(&reader, 600, Ok(b""));
        let mut all = String::new();
        reader.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abcdef");
    }

    #[test]
    fn an_error_of_the_source_follows_the_last_byte() {
        let (mut writer, reader) = spool();
        writer.write_all(b"abc").unwrap();
        writer.fail(&io::Error::new(ErrorKind::NetworkDown, "wlan0 went away"));
        check(&reader, 0, Ok(b"abc"));
        check(&reader, 3, Err(ErrorKind::NetworkDown));
        assert_eq!(reader.failure().unwrap().to_string(), "wlan0 went away");
    }

    #[test]
    fn a_spool_that_cannot_be_written_is_told_in_the_words_of_its_user() {
        // A file that is open for reading takes as little as one on a full disk.
        let (writer, reader) = Spool::on(File::open("/proc/self/exe").unwrap());
        let mut writer = writer.blaming("the copy: ", "; no more".to_owned());
        // More than is gathered, so that it is written at once.
        let written = writer.write_all(&[0; BUFFER]).and_then(|()| writer.write_all(&[0; BUFFER])).unwrap_err();
        let told = written.to_string();
        assert!(told.starts_with("the copy: ") && told.ends_with("; no more"), "{told}");
        assert_eq!(reader.failure().unwrap().to_string(), written.to_string());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_still_fits_is_read_before_the_error() {
        use nix::fcntl::{FcntlArg, SealFlag, fcntl};
        use nix::sys::memfd::{MFdFlags, memfd_create};
        // Room for one page of memory, and no more.
        const ROOM: usize = 4096;
        let file = File::from(memfd_create("full", MFdFlags::MFD_ALLOW_SEALING).unwrap());
        file.set_len(ROOM as u64).unwrap();
        fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_GROW)).unwrap();
        let (mut writer, reader) = Spool::on(file);
        writer.write_all(&[7; ROOM + 100]).unwrap();
        writer.commit().unwrap_err();
        drop(writer);
        let mut held = vec![0; 2 * ROOM];
        assert_eq!(reader.read_at(0, &mut held).unwrap(), ROOM);
        assert!(held.iter().take(ROOM).all(|byte| *byte == 7));
        assert!(reader.read_at(ROOM as u64, &mut held).is_err());
    }

    #[test]
    fn nothing_stands_behind_a_gap() {
        let (mut writer, reader) = Spool::on(File::options().read(true).write(true).open("/dev/full").unwrap());
        for bytes in [b"abc", b"def"] {
            writer.write_all(bytes).unwrap();
            assert_eq!(writer.commit().unwrap_err().kind(), ErrorKind::StorageFull);
            check(&reader, 0, Err(ErrorKind::StorageFull));
        }
    }

    #[test]
    fn a_writer_that_panics_is_an_error_not_an_end() {
        let (mut writer, mut reader) = spool();
        let thread = std::thread::spawn(move || {
            writer.write_all(b"abc").unwrap();
            writer.commit().unwrap();
            std::panic::resume_unwind(Box::new("test"));
        });
        thread.join().unwrap_err();
        assert!(reader.wait(Duration::from_secs(10)));
        check(&reader, 0, Ok(b"abc"));
        check(&reader, 3, Err(ErrorKind::Other));
    }

    #[test]
    fn a_waiting_reader_is_woken_by_every_commit() {
        const COUNT: u32 = 1000;
        let (mut writer, mut reader) = spool();
        let thread = std::thread::spawn(move || {
            for number in 0..COUNT {
                writer.write_all(&number.to_be_bytes()).unwrap();
                writer.commit().unwrap();
            }
        });
        let mut offset = 0;
        let mut buffer = [0; 4];
        loop {
            match reader.read_at(offset, &mut buffer) {
                Ok(0) => break,
                Ok(_) => {
                    assert_eq!(u64::from(u32::from_be_bytes(buffer)) * 4, offset);
                    offset += 4;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    assert!(reader.wait(Duration::from_secs(60)), "a commit was missed");
                }
            }
        }
        thread.join().unwrap();
        assert_eq!(offset, u64::from(COUNT) * 4);
        assert!(reader.wait(Duration::ZERO), "nothing to wait for when the writer has finished");
    }

    #[test]
    fn nothing_in_time_is_said() {
        let (_writer, mut reader) = spool();
        assert!(!reader.wait(Duration::ZERO));
    }

    #[test]
    fn the_file_has_no_name_and_no_other_readers() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let (writer, _reader) = Spool::create(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(writer.spool.file.metadata().unwrap().mode() & 0o777, 0o600);
        assert!(Spool::create(&folder.path().join("missing")).is_err());
    }
}
