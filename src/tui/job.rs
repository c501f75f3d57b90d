//! What is saved, written to its file by a worker: the messages as a capture, as lines or as they are drawn, or one of them byte by byte.

use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

use super::drawn::Drawn;
use crate::capture::Draft;
use crate::coap::{count, escape};
use crate::pipeline::Fetcher;
use crate::render::annotated::{self, Detail};
use crate::render::excerpt::Excerpt;
use crate::render::paint::Paint;
use crate::render::rows::{Rows, tree_lines};
use crate::render::time::TimeFormat;
use crate::render::{Known, tree};
use crate::store::{RecordKind, Store};
use crate::tracking::RecordId;

/// A file has no colours.
const PLAIN: Paint = Paint(false);
/// How long the end of the program waits for a file that is being written to be taken back.
const TAKING_BACK: Duration = Duration::from_secs(1);

/// In which form messages are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Their frames, as pcapng.
    Capture,
    /// A line each, as `print` has them.
    Lines,
    /// Tree and bytes, as `print -V -x` has them.
    Details,
}

/// A file that is being written. Dropping it takes it back.
#[derive(Debug)]
pub struct Saving {
    pub(super) stop: Arc<AtomicBool>,
    /// Closed when nothing more is written.
    pub(super) over: Receiver<()>,
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Nothing is ever sent.
        let _ = self.over.recv_timeout(TAKING_BACK);
    }
}

/// What is saved, and where.
#[derive(Debug)]
pub(super) struct Job {
    pub path: PathBuf,
    pub form: Form,
    pub store: Store,
    pub times: TimeFormat,
    pub ids: Vec<RecordId>,
    /// What is written in place of lines where the messages are not shown as such.
    pub drawn: Option<Drawn>,
    /// The file was there, and the user gave it up.
    pub replaces: bool,
    /// All messages below this one are saved, as they came.
    pub all: Option<RecordId>,
}

/// What to tell of a file that was saved, and the file itself where all messages are in it; or why it could not be.
pub type Saved = Result<(String, Option<Kept>), String>;

/// A file in which all messages up to one were saved, as it was then.
#[derive(Debug)]
pub struct Kept {
    /// Where it stands, links followed.
    pub path: PathBuf,
    /// All messages below this one are in it.
    pub upto: RecordId,
    state: State,
}

/// What tells that a file is the same, and as it was: device, number, bytes, and when it was written to.
type State = (u64, u64, u64, Option<SystemTime>);

fn state(path: &Path) -> Option<State> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino(), file.len(), file.modified().ok()))
}

impl Kept {
    fn new(path: &Path, upto: RecordId) -> Option<Self> {
        let path = std::fs::canonicalize(path).ok()?;
        Some(Self { state: state(&path)?, path, upto })
    }

    /// Nobody has removed it since, or written to it.
    pub fn is_there(&self) -> bool {
        state(&self.path) == Some(self.state)
    }
}

/// Writes as long as nobody wants it to stop.
struct Stoppable<'a, W> {
    to: W,
    stop: &'a AtomicBool,
    written: u64,
}

pub(super) fn stopped() -> io::Error {
    io::Error::other("the program ended")
}

impl<W: Write> Write for Stoppable<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(stopped());
        }
        let written = self.to.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Job {
    /// Writes the file; where that fails nothing of it is left, and what was there stays.
    pub fn run(&self, fetcher: &Fetcher, stop: &AtomicBool) -> Saved {
        let begin = if self.replaces { Draft::instead } else { Draft::new };
        let draft = begin(&self.path).map_err(|error| cannot(&self.path, &error, way(&self.path, &error)))?;
        let mut out = BufWriter::with_capacity(1 << 16, Stoppable { to: draft, stop, written: 0 });
        let written = self.write(fetcher, &mut out, stop).and_then(|()| Ok(out.flush()?));
        // What its buffer holds after a fault is not written either.
        let (Stoppable { to: draft, written: bytes, .. }, _) = out.into_parts();
        let left = match (self.replaces, draft.keeps()) {
            (true, true) => "what is there stays as it was",
            (true, false) => "what is there is not whole",
            (false, _) => "nothing of it is kept",
        };
        let finish = || if stop.load(Ordering::Relaxed) { Err(stopped()) } else { draft.finish() };
        written
            .and_then(|()| Ok(finish()?))
            .map_err(|error| cannot(&self.path, error.as_ref(), &format!("; {left}")))?;
        let said = format!("saved {} to {} ({bytes} bytes)", self.what(), shown(&self.path));
        Ok((said, self.all.and_then(|all| Kept::new(&self.path, all))))
    }

    fn write(
        &self,
        fetcher: &Fetcher,
        mut out: impl Write,
        stop: &AtomicBool,
    ) -> Result<(), Box<dyn std::error::Error>> {
        if self.form == Form::Capture {
            let is_over = || stop.load(Ordering::Relaxed);
            return Ok(Excerpt::new(&self.store, fetcher, &self.ids, &is_over)?.write(out)?);
        }
        let mut fetcher = fetcher.clone();
        if let Some(drawn) = &self.drawn {
            return Ok(drawn.write(&self.store, &mut fetcher, (&self.ids, stop), &mut out)?);
        }
        let mut rows = Rows::new(self.times, PLAIN, None);
        for id in &self.ids {
            let Some(view) = fetcher.view(&self.store, *id)? else { continue };
            out.write_all(rows.lines(&view).as_bytes())?;
            if self.form == Form::Details {
                let bytes = annotated::lines_about(&view.message, Some(view.about()), Detail::Fields, PLAIN);
                for line in tree_lines(&tree(&view, Known::Later), PLAIN).into_iter().chain(bytes) {
                    writeln!(out, "{line}")?;
                }
            }
        }
        Ok(())
    }

    /// What is saved, in words.
    fn what(&self) -> String {
        let is_message = |id: &&RecordId| self.store.get(**id).is_some_and(|it| it.kind() == RecordKind::Message);
        let messages = self.ids.iter().filter(is_message).count();
        if self.form == Form::Details {
            return format!(
                "#{} byte by byte",
                self.ids.first().and_then(|id| self.store.get(*id)).map_or(0, |it| it.frame)
            );
        }
        let messages = match self.ids.len() - messages {
            0 => count(messages, "message"),
            others => format!("{} and {} that tell of some", count(messages, "message"), count(others, "row")),
        };
        self.drawn.as_ref().map(|drawn| drawn.what(&messages)).unwrap_or(messages)
    }
}

/// Why a file cannot be written, and the way out.
fn cannot(path: &Path, error: &(impl std::fmt::Display + ?Sized), way: &str) -> String {
    format!("{} cannot be written: {error}{way}", shown(path))
}

/// A path, safe for a terminal.
pub(super) fn shown(path: &Path) -> String {
    escape::text(&path.display().to_string()).into_owned()
}

/// What to look at where a file cannot be made.
fn way(path: &Path, error: &io::Error) -> &'static str {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; name one in a folder of yours",
        _ if folder.is_some_and(|folder| !folder.is_dir()) => "; check its folder",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Input, open_all};

    /// A job of saving what is in no file.
    fn job(path: &Path, replaces: bool, all: Option<RecordId>) -> (Job, Fetcher) {
        let inputs = [Input::Path("captures/lab-session.pcap".into())];
        let reader = open_all(&inputs, &crate::capture::OpenOptions::default()).unwrap().reader;
        let (store, times) = (Store::default(), TimeFormat::Relative);
        let job = Job {
            path: path.to_owned(),
            form: Form::Capture,
            store,
            times,
            ids: Vec::new(),
            drawn: None,
            replaces,
            all,
        };
        (job, Fetcher::new(reader, false))
    }

    #[test]
    fn what_was_not_finished_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pcapng");
        for (replaces, left) in [(false, "nothing of it is kept"), (true, "what is there stays as it was")] {
            if replaces {
                std::fs::write(&path, "precious").unwrap();
            }
            let (job, fetcher) = job(&path, replaces, None);
            let said = job.run(&fetcher, &AtomicBool::new(true)).unwrap_err();
            assert!(said.contains("the program ended") && said.ends_with(left), "{said}");
            assert_eq!(std::fs::read_to_string(&path).ok().as_deref(), replaces.then_some("precious"));
            assert_eq!(folder.path().read_dir().unwrap().count(), usize::from(replaces));
        }
    }

    #[test]
    fn a_file_that_is_gone_or_changed_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pcapng");
        let saved = |replaces: bool, all| {
            let (job, fetcher) = job(&path, replaces, all);
            job.run(&fetcher, &AtomicBool::new(false)).unwrap().1
        };
        let first = saved(false, Some(7)).unwrap();
        assert!(first.is_there() && first.upto == 7);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(Kept::new(&link, 7).unwrap().path, first.path);
        // A part takes its place.
        assert!(saved(true, None).is_none() && !first.is_there());
        let second = saved(true, Some(8)).unwrap();
        assert!(second.is_there());
        std::fs::remove_file(&path).unwrap();
        assert!(!second.is_there());
    }
}
