//! Saving what is shown: where, as what, and whether that may be. A file that is there is replaced only by whoever says so, and never one that
//! is being read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;

use tui_input::Input;

use super::action::View;
use super::app::{App, Overlay, Pane};
use super::event::Event;
use super::job::{Form, Job, Saved, Saving, shown};
use super::opening::{Opening, file_name};
use super::worker;
use crate::capture::InUse;
use crate::tracking::RecordId;

/// What is known of files when a name is typed.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Those that are read, or written with what is captured.
    pub in_use: InUse,
    /// The folder that `~` stands for.
    pub home: Option<PathBuf>,
}

impl Files {
    /// The file that a name means, `~` read as a shell does.
    ///
    /// # Errors
    /// What to write instead of a `~` that cannot be read.
    fn place(&self, name: &str) -> Result<PathBuf, String> {
        let (first, rest) = name.split_once('/').unwrap_or((name, ""));
        match (first.strip_prefix('~'), &self.home) {
            (Some(""), Some(home)) => Ok(home.join(rest.trim_start_matches('/'))),
            (Some(_), _) if name.contains('/') && !Path::new(first).exists() => {
                Err(format!("{} is not known here; write the folder out", shown(Path::new(first))))
            }
            _ => Ok(PathBuf::from(name)),
        }
    }
}

impl Opening {
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
        let text = match self.view {
            _ if self.saves_one() => "this message byte by byte",
            View::Messages => "a line each",
            View::Flow => "this diagram",
            View::Exchanges | View::Observations | View::Findings => "this table with all its columns",
        };
        match self.check_file(name.trim()) {
            Err(why) => (why, false),
            Ok(true) => ("a file of that name is there; Enter asks before it is replaced".into(), true),
            Ok(false) => (format!("as .pcapng the frames of all messages shown, as .txt {text}"), true),
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
        let path = &*self.files.place(name)?;
        if form(path).is_none() {
            return Err("name a file .pcapng (a capture) or .txt (text)".into());
        }
        let Ok(there) = std::fs::metadata(path) else { return Ok(false) };
        if !there.is_file() {
            return Err(format!("{} is there, and no file; name another", shown(path)));
        }
        if self.files.in_use.has(path) {
            return Err(format!("{} is the capture itself; name another file", shown(path)));
        }
        Ok(true)
    }

    /// The user gives up the file that is there; meanwhile it may have become another, or none.
    pub(super) fn replace_file(&mut self) {
        let Overlay::Replace(name) = std::mem::take(&mut self.overlay) else { return };
        match self.check_file(&name) {
            Ok(replaces) => self.save(&name, replaces),
            // Why stands below it.
            Err(_) => self.overlay = Overlay::Save(Input::new(name)),
        }
    }

    fn save(&mut self, name: &str, replaces: bool) {
        let Ok(path) = self.files.place(name) else { return };
        let Some(form) = form(&path) else { return };
        let (form, ids) = match self.list.selected.filter(|_| form == Form::Lines && self.saves_one()) {
            Some(selected) => (Form::Details, vec![selected]),
            None => (form, self.to_save()),
        };
        let is_all = form == Form::Capture && ids.len() == self.store.len();
        let all = is_all.then_some(self.store.len() as RecordId);
        let drawn = if form == Form::Lines { self.drawn() } else { None };
        let told = format!("saving to {}", shown(&path));
        let job = Job { path, form, store: self.store.clone(), times: self.times.format, ids, drawn, replaces, all };
        let fetcher = self.fetcher.clone();
        let (stop, (running, over)) = (Arc::new(AtomicBool::new(false)), channel());
        let stopped = Arc::clone(&stop);
        let work = move || {
            // Whoever waits for the end waits for no event to be taken.
            let _running = running;
            Some(Event::Saved(job.run(&fetcher, &stopped)))
        };
        match worker::spawn(("save", "saving"), self.events.clone(), work, |why| Event::Saved(Err(why))) {
            Ok(()) => {
                self.saving = Some(Saving { stop, over });
                self.say(told);
            }
            Err(error) => self.say(format!("cannot save: {error}")),
        }
    }

    /// A worker has saved, or could not.
    pub fn saved(&mut self, saved: Saved) {
        self.saving = None;
        match saved {
            Ok((said, kept)) => {
                self.kept.extend(kept);
                self.say(said);
            }
            Err(why) => self.say(why),
        }
    }

    /// What ending would lose, if anything: messages that are in no file, or in none any more.
    pub fn would_lose(&self) -> Option<String> {
        let newest = self.newest().len();
        // What is written there from now on is in no folder, and gone at the end.
        let is_gone = matches!(self.opening, Opening::Live { saved_to: Some(_), .. }) && !self.files.in_use.stand();
        if !(is_gone || self.opening.would_lose()) || newest == 0 {
            return None;
        }
        let upto = self.kept.iter().filter(|kept| kept.is_there()).map(|kept| kept.upto as usize).max();
        match (upto, self.kept.last()) {
            (Some(upto), _) if upto >= newest => None,
            (Some(_), _) => Some("What came since is not saved".into()),
            (None, Some(_)) => Some("The saved file is gone or changed".into()),
            (None, None) if is_gone => Some("The file of -w is gone; s saves what came".into()),
            (None, None) => Some("The capture is not saved".into()),
        }
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
    fn a_tilde_is_read_as_a_shell_does() {
        let files = |home: Option<&str>| Files { home: home.map(PathBuf::from), ..Files::default() };
        for (name, home, expected) in [
            ("~/x.txt", Some("/home/pi"), Ok("/home/pi/x.txt")),
            ("~//a/x.txt", Some("/home/pi"), Ok("/home/pi/a/x.txt")),
            ("~x.txt", Some("/home/pi"), Ok("~x.txt")),
            ("a~/x.txt", Some("/home/pi"), Ok("a~/x.txt")),
            ("./~/x.txt", Some("/home/pi"), Ok("./~/x.txt")),
            ("~/x.txt", None, Err("~ is not known here; write the folder out")),
            ("~pi/x.txt", Some("/home/pi"), Err("~pi is not known here; write the folder out")),
        ] {
            let expected = expected.map(PathBuf::from).map_err(str::to_owned);
            assert_eq!(files(home).place(name), expected, "{name}");
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
