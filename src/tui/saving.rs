//! Saving what is shown: the messages as a capture or as lines, and one message byte by byte. A file that is there is replaced only by whoever
//! says so, and never one that is being read.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tui_input::Input;

use super::action::View;
use super::app::{App, Overlay, Pane};
use super::event::Event;
use super::opening::{Opening, file_name};
use crate::capture::is_same_file;
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
enum Form {
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
    stop: Arc<AtomicBool>,
    /// Closed when nothing more is written.
    over: Receiver<()>,
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
struct Job {
    path: PathBuf,
    form: Form,
    store: Store,
    times: TimeFormat,
    ids: Vec<RecordId>,
    /// The file was there, and the user gave it up.
    replaces: bool,
    /// All messages up to this one are saved, as they came.
    all: Option<RecordId>,
}

/// What to tell of a file that was saved, and where all messages are in it the one behind the last; or why it could not be.
pub type Saved = Result<(String, Option<RecordId>), String>;

/// Writes to a file as long as nobody wants it to stop.
struct Stoppable {
    file: File,
    stop: Arc<AtomicBool>,
    written: u64,
}

impl Write for Stoppable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("the program ended"));
        }
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Job {
    /// Writes the file; one that was not there before is taken back where that fails. Answers what to tell of it.
    fn run(&self, fetcher: &Fetcher, stop: Arc<AtomicBool>) -> Result<String, String> {
        let mut options = OpenOptions::new();
        options.write(true);
        if self.replaces {
            options.truncate(true)
        } else {
            options.create_new(true)
        };
        let file = options.open(&self.path).map_err(|error| cannot(&self.path, &error, way(&self.path, &error)))?;
        if !self.replaces {
            give_to_user(&file);
        }
        let mut out = BufWriter::with_capacity(1 << 16, Stoppable { file, stop, written: 0 });
        let written = self.write(fetcher, &mut out).and_then(|()| Ok(out.flush()?));
        let bytes = out.get_ref().written;
        // What its buffer holds after a fault is not written either.
        drop(out.into_parts());
        ended(&self.path, self.replaces, written)?;
        Ok(format!("saved {} to {} ({bytes} bytes)", self.what(), shown(&self.path)))
    }

    fn write(&self, fetcher: &Fetcher, mut out: impl Write) -> Result<(), Box<dyn std::error::Error>> {
        if self.form == Form::Capture {
            return Ok(Excerpt::new(&self.store, fetcher, &self.ids)?.write(out)?);
        }
        let mut fetcher = fetcher.clone();
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
        match self.ids.len() - messages {
            0 => count(messages, "message"),
            others => format!("{} and {} that tell of some", count(messages, "message"), count(others, "row")),
        }
    }
}

/// A file was written, or could not be: then it is taken back, unless it was there before.
fn ended(path: &Path, replaces: bool, written: Result<(), Box<dyn std::error::Error>>) -> Result<(), String> {
    written.map_err(|error| {
        let is_gone = !replaces && std::fs::remove_file(path).is_ok();
        let left = if is_gone { "nothing of it is kept" } else { "what is there is not whole" };
        cannot(path, error.as_ref(), &format!("; {left}"))
    })
}

/// Why a file cannot be written, and the way out.
fn cannot(path: &Path, error: &(impl std::fmt::Display + ?Sized), way: &str) -> String {
    format!("{} cannot be written: {error}{way}", shown(path))
}

/// A path, safe for a terminal.
fn shown(path: &Path) -> String {
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

/// A file that root makes for a user behind `sudo` is that user's.
fn give_to_user(file: &File) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    let is_roots = file.metadata().is_ok_and(|file| file.uid() == 0);
    if let (true, Some(user), Some(group)) = (is_roots, number("SUDO_UID"), number("SUDO_GID")) {
        // Where that fails it is root's, and says so itself.
        let _ = fchown(file, Some(user), Some(group));
    }
}

impl Opening {
    /// The files that are read, or written with what is captured.
    fn files(&self) -> Vec<&str> {
        match self {
            Self::Files { names, .. } => names.iter().map(String::as_str).collect(),
            Self::Live { saved_to: Some(file), .. } => vec![file],
            Self::StandardInput => vec!["/dev/stdin"],
            Self::BuiltIn { .. } | Self::Live { .. } => Vec::new(),
        }
    }

    /// A name for what is saved of it.
    fn proposal(&self) -> String {
        let stem = match self {
            Self::Files { names, .. } => match names.as_slice() {
                [name] => file_name(name).split('.').find(|part| !part.is_empty()).unwrap_or("capture"),
                _ => "captures",
            },
            Self::StandardInput => "capture",
            Self::BuiltIn { .. } => "lab-session",
            Self::Live { interface, .. } => interface,
        };
        format!("{stem}-part.pcapng")
    }
}

impl App {
    /// Ask where to save.
    pub(super) fn ask_where(&mut self) {
        if self.saving.is_some() {
            self.say("a file is being written; one at a time");
        } else if self.to_save().is_empty() {
            self.say("no message is shown: nothing to save");
        } else {
            self.overlay = Overlay::Save(Input::new(self.opening.proposal()));
        }
    }

    /// The messages that would be saved: those that are shown.
    fn to_save(&self) -> Vec<RecordId> {
        let visible = self.visible();
        let is_shown = |id: &RecordId| self.view != View::Flow || self.flow.ladder.shows(&self.store, *id);
        (0..visible.len()).filter_map(|row| visible.at(row)).filter(is_shown).collect()
    }

    /// What is said below the line in which a file is named, and whether it can be saved in.
    pub fn about_saving(&self, name: &str) -> (String, bool) {
        let text = if self.saves_one() { "this message byte by byte" } else { "a line each" };
        match self.check_file(name.trim()) {
            Err(why) => (why, false),
            Ok(true) => ("a file of that name is there; Enter asks before it is replaced".into(), true),
            Ok(false) => (format!("as .pcapng the frames of all that is shown, as .txt {text}"), true),
        }
    }

    /// What is asked again when an answer is dropped.
    pub(super) fn asked_before(&mut self) -> Overlay {
        match std::mem::take(&mut self.overlay) {
            Overlay::Replace(name) => Overlay::Save(Input::new(name)),
            _ => Overlay::None,
        }
    }

    /// The message that tree and bytes show is what a text is saved of.
    fn saves_one(&self) -> bool {
        self.focus != Pane::List && !self.view.is_table()
    }

    /// A file was named.
    pub(super) fn accept_file(&mut self) {
        let Overlay::Save(input) = &self.overlay else { return };
        let name = input.value().trim().to_owned();
        match self.check_file(&name) {
            // What is wrong stands below it, to be changed.
            Err(_) => {}
            Ok(true) => self.overlay = Overlay::Replace(name),
            Ok(false) => {
                self.overlay = Overlay::None;
                self.save(&name, false);
            }
        }
    }

    /// Whether there is such a file already; or why nothing can be saved in it.
    fn check_file(&self, name: &str) -> Result<bool, String> {
        let path = Path::new(name);
        if form(path).is_none() {
            return Err("name a file .pcapng (a capture) or .txt (text)".into());
        }
        let Ok(there) = std::fs::metadata(path) else { return Ok(false) };
        if !there.is_file() {
            return Err(format!("{} is there, and no file; name another", shown(path)));
        }
        if self.opening.files().into_iter().any(|other| is_same_file(path, Path::new(other))) {
            return Err(format!("{} is the capture itself; name another file", shown(path)));
        }
        Ok(true)
    }

    /// The user gives up the file that is there.
    pub(super) fn replace_file(&mut self) {
        if let Overlay::Replace(name) = std::mem::take(&mut self.overlay) {
            self.save(&name, true);
        }
    }

    fn save(&mut self, name: &str, replaces: bool) {
        let path = PathBuf::from(name);
        let Some(form) = form(&path) else { return };
        let (form, ids) = match self.list.selected.filter(|_| form == Form::Lines && self.saves_one()) {
            Some(selected) => (Form::Details, vec![selected]),
            None => (form, self.to_save()),
        };
        let is_all = form == Form::Capture && ids.len() == self.store.len();
        let all = is_all.then_some(self.store.len() as RecordId);
        let job = Job { path, form, store: self.store.clone(), times: self.times.format, ids, replaces, all };
        let (fetcher, events) = (self.fetcher.clone(), self.events.clone());
        let (stop, (running, over)) = (Arc::new(AtomicBool::new(false)), channel());
        let stopped = Arc::clone(&stop);
        let started = thread::Builder::new().name("save".into()).spawn(move || {
            let saved = job.run(&fetcher, stopped).map(|said| (said, job.all));
            // What changes from now on need not be kept as it was; and whoever waits for the end waits for no event to be taken.
            drop((job, fetcher, running));
            let _ = events.send(Event::Saved(saved));
        });
        match started {
            Ok(_) => {
                self.saving = Some(Saving { stop, over });
                self.say(format!("saving to {}", shown(Path::new(name))));
            }
            Err(error) => self.say(format!("cannot save: {error}")),
        }
    }

    /// A worker has saved, or could not.
    pub fn saved(&mut self, saved: Saved) {
        self.saving = None;
        match saved {
            Ok((said, all)) => {
                self.saved_all = all.or(self.saved_all);
                self.say(said);
            }
            Err(why) => self.say(why),
        }
    }

    /// Ending would lose messages that are in no file.
    pub(super) fn would_lose(&self) -> bool {
        let newest = self.newest().len();
        self.opening.would_lose() && newest > 0 && self.saved_all.is_none_or(|all| (all as usize) < newest)
    }
}

/// The form that a name asks for.
fn form(path: &Path) -> Option<Form> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "pcapng" => Some(Form::Capture),
        "txt" => Some(Form::Lines),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_finished_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        for replaces in [false, true] {
            let mut file =
                Stoppable { file: File::create(&path).unwrap(), stop: Arc::new(AtomicBool::new(true)), written: 0 };
            let failed = file.write(b"x").map(|_| ()).map_err(Into::into);
            let said = ended(&path, replaces, failed).unwrap_err();
            let left = if replaces { "what is there is not whole" } else { "nothing of it is kept" };
            assert!(said.ends_with(left), "{said}");
            assert_eq!(path.exists(), replaces);
        }
    }

    #[test]
    fn names_are_proposed_and_understood() {
        let proposal = |name: &str| Opening::Files { names: vec![name.into()], follow: false }.proposal();
        assert_eq!(proposal("/a/b.c/lab.1.pcap.gz"), "lab-part.pcapng");
        assert_eq!(proposal(".hidden"), "hidden-part.pcapng");
        assert_eq!(Opening::StandardInput.proposal(), "capture-part.pcapng");
        for (name, expected) in [
            ("x.pcapng", Some(Form::Capture)),
            ("x.Txt", Some(Form::Lines)),
            ("x.pcap", None),
            (".txt", None),
            ("", None),
        ] {
            assert_eq!(form(Path::new(name)), expected, "{name}");
        }
    }
}
