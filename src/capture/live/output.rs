//! The file of `-w`: it ends with a whole frame, whatever happens to its disk.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::capture::draft::{FileId, id, is};
use crate::capture::spool::write_what_fits;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// Length in bytes of the header of a pcap file, and of that of each record.
const HEADERS: (usize, usize) = (24, 16);

/// A pcap file in the making. As a [`Write`] it takes the header of the file and then whole records, in pieces as they come; where the disk takes no
/// more, it is cut back to the last whole one, and a file that was made for nothing goes.
#[derive(Debug)]
pub struct Output {
    file: File,
    path: PathBuf,
    /// What was made here: it is taken back as long as it is not kept.
    made: Option<FileId>,
    kept: bool,
    gathered: Vec<u8>,
    /// Bytes of what is whole in the file.
    length: u64,
    /// Frames among that.
    frames: u64,
    has_failed: bool,
}

impl Output {
    /// Opens the file; one that is there is emptied.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        let (file, made) = match File::options().write(true).create_new(true).open(path) {
            Ok(file) => {
                let made = id(&file.metadata()?);
                (file, Some(made))
            }
            Err(_) => (File::create(path)?, None),
        };
        let path = path.to_owned();
        Ok(Self { file, path, made, kept: false, gathered: Vec::new(), length: 0, frames: 0, has_failed: false })
    }

    /// From here on it stays, with whatever it holds.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }

    /// Its name.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// It could not be written, so that it lacks some frames.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// How many of these bytes, behind what the file holds, are whole: the header of the file, and records; and how many records.
    fn whole(&self, bytes: &[u8]) -> (usize, u64) {
        let (file, record) = HEADERS;
        let (mut at, mut frames) = (if self.length == 0 { file } else { 0 }, 0);
        if at > bytes.len() {
            return (0, 0);
        }
        loop {
            let captured =
                bytes.get(at + 8..).and_then(|bytes| bytes.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes));
            match captured.and_then(|captured| at.checked_add(record)?.checked_add(captured as usize)) {
                Some(end) if end <= bytes.len() => (at, frames) = (end, frames + 1),
                _ => return (at, frames),
            }
        }
    }

    /// Writes what was gathered and is whole.
    fn write_out(&mut self) -> io::Result<()> {
        let (end, frames) = self.whole(&self.gathered);
        let gathered = self.gathered.get(..end).unwrap_or_default();
        let (written, result) = write_what_fits(gathered, |rest, _| (&self.file).write(rest));
        let (length, frames) = match result {
            Ok(()) => (end, frames),
            Err(_) => self.whole(self.gathered.get(..written).unwrap_or_default()),
        };
        (self.length, self.frames) = (self.length + length as u64, self.frames + frames);
        self.gathered.drain(..end);
        result.map_err(|error| {
            self.give_up();
            self.blame(&error)
        })
    }

    /// Cuts the file back to what is whole in it. A pipe or a device keeps what it has.
    fn give_up(&mut self) {
        self.has_failed = true;
        self.kept &= self.frames > 0;
        if self.file.metadata().is_ok_and(|about| about.is_file()) {
            // Where that fails, whoever reads it is told of the rest.
            let _ = self.file.set_len(self.length);
        }
    }

    fn blame(&self, error: &io::Error) -> io::Error {
        let holds = match self.frames {
            0 => "no frame was saved".to_owned(),
            1 => "it holds the first frame".to_owned(),
            frames => format!("it holds the first {frames} frames"),
        };
        let name = self.name();
        io::Error::new(
            error.kind(),
            format!("{name} cannot be written: {error}; {holds}; name a file elsewhere with -w"),
        )
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gathered.len() > BUFFER {
            self.flush()?;
        }
        self.gathered.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed || self.gathered.is_empty() { Ok(()) } else { self.write_out() }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(made) = self.made.filter(|_| !self.kept)
            && is(&self.path, made)
        {
            // Where that fails nobody can do more.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a file, or a record of so many bytes.
    fn record(captured: usize) -> Vec<u8> {
        let mut bytes = vec![0; 16 + captured];
        bytes.splice(8..12, (captured as u32).to_le_bytes());
        bytes
    }

    #[test]
    fn what_is_whole_is_told_in_any_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::create(&folder.path().join("x.pcap")).unwrap();
        output.keep();
        let all = [vec![1; 24], record(7), record(0), record(100_000), record(3)].concat();
        for piece in all.chunks(11) {
            output.write_all(piece).unwrap();
            output.flush().unwrap();
            let written = output.length as usize;
            let held = std::fs::read(&output.path).unwrap();
            assert!([0, 24, 47, 63, 100_079, 100_098].contains(&written), "{written}");
            assert_eq!(held, all[..written]);
        }
        assert_eq!((output.frames, output.length as usize), (4, all.len()));
    }

    #[test]
    fn what_was_made_for_nothing_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pcap");
        drop(Output::create(&path).unwrap());
        assert!(!path.exists(), "it was not begun");
        let mut begun = Output::create(&path).unwrap();
        begun.keep();
        begun.give_up();
        drop(begun);
        assert!(!path.exists(), "no frame went into it");
        std::fs::write(&path, "before").unwrap();
        drop(Output::create(&path).unwrap());
        assert!(path.exists(), "it was there before");
    }
}
