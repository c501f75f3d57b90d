//! Captures read to their end, and ladders of them.

use std::ops::Range;
use std::path::{Path, PathBuf};

use coapscope::capture::{Input, open};
use coapscope::coap::Parameters;
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
use coapscope::render::ladder::text::{TextForm, write};
use coapscope::render::ladder::{ASCII, Idle, Ladder, Ports, Scope, Signs, Source, UNICODE, mermaid, svg};
use coapscope::render::paint::Paint;
use coapscope::render::time::TimeFormat;
use coapscope::render::{Aliases, Known, json};
use coapscope::store::{Store, Update};
use coapscope::tracking::RecordId;
use serde_json::Value;

/// A capture in memory.
pub struct Capture {
    pub store: Store,
    fetcher: Fetcher,
    pub aliases: Aliases,
}

/// How a ladder is asked for.
#[derive(Clone, Copy)]
pub struct Form {
    pub width: usize,
    pub ports: Ports,
    pub ascii: bool,
    pub unfolded: bool,
    pub times: TimeFormat,
    pub limit: usize,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            width: 80,
            ports: Ports::Auto,
            ascii: false,
            unfolded: false,
            times: TimeFormat::default(),
            limit: usize::MAX,
        }
    }
}

/// All captures of the lab.
pub fn lab() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir("captures/lab").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().contains(".pcap"));
    paths.sort();
    assert!(paths.len() >= 50, "the lab's captures are not here");
    paths
}

impl Capture {
    pub fn lab(name: &str) -> Self {
        Self::read(&Path::new("captures/lab").join(name))
    }

    pub fn built_in() -> Self {
        Self::read(Path::new("captures/lab-session.pcap"))
    }

    pub fn read(path: &Path) -> Self {
        let opened = open(&Input::Path(path.to_owned()), Path::new("/var/tmp")).unwrap();
        let mut pipeline = Pipeline::new(opened.source, PipelineOptions::default());
        let (mut store, mut aliases) = (Store::default(), Aliases::default());
        let mut update = Update::default();
        loop {
            let step = pipeline.step(&mut update);
            let before = store.len() as RecordId;
            store.apply(std::mem::take(&mut update));
            (before..store.len() as RecordId).filter_map(|id| store.get(id)).for_each(|record| {
                aliases.note(&record);
            });
            if step == Step::Ended {
                break;
            }
        }
        Self { store, fetcher: Fetcher::new(opened.reader, false), aliases }
    }

    fn ladder(&self, form: Form) -> Ladder {
        let mut ladder = Ladder::default();
        ladder.fold_blocks(!form.unfolded);
        ladder.idle = if form.unfolded { Idle::Drawn } else { Idle::Folded };
        ladder.set_scope(Scope::All, &self.store);
        ladder
    }

    /// The ladder as text, and how many messages were left out.
    pub fn text(&mut self, form: Form) -> (String, u64) {
        let mut ladder = self.ladder(form);
        let signs: &Signs = if form.ascii { &ASCII } else { &UNICODE };
        let shape = TextForm {
            width: form.width,
            signs,
            paint: Paint(false),
            times: form.times,
            ports: form.ports,
            limit: form.limit,
            left_out: None,
        };
        let parameters = Parameters::default();
        let mut source =
            Source { store: &self.store, fetcher: &mut self.fetcher, parameters: &parameters, ended: true };
        let range = 0..self.store.len() as RecordId;
        let mut out = Vec::new();
        let left = write(&mut ladder, &mut source, &self.aliases, &range, &shape, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), left)
    }

    /// The ladder for Mermaid.
    pub fn mermaid(&mut self, form: Form) -> (String, mermaid::Written) {
        self.drawn(form, |ladder, source, aliases, range, out| {
            mermaid::write(ladder, source, aliases, range, form.limit, out).unwrap()
        })
    }

    /// The ladder as a picture, and how many messages were left out.
    pub fn svg(&mut self, form: Form) -> (String, u64) {
        let shape = (form.times, form.limit);
        self.drawn(form, |ladder, source, aliases, range, out| {
            svg::write(ladder, source, aliases, range, shape, out).unwrap()
        })
    }

    /// What is written of all messages on eight lanes, and what is said of it.
    fn drawn<T>(
        &mut self,
        form: Form,
        write: impl FnOnce(&mut Ladder, &mut Source<'_>, &Aliases, &Range<RecordId>, &mut Vec<u8>) -> T,
    ) -> (String, T) {
        let mut ladder = self.ladder(form);
        ladder.lanes.arrange(form.ports, 8);
        let parameters = Parameters::default();
        let mut source =
            Source { store: &self.store, fetcher: &mut self.fetcher, parameters: &parameters, ended: true };
        let (range, mut out) = (0..self.store.len() as RecordId, Vec::new());
        let said = write(&mut ladder, &mut source, &self.aliases, &range, &mut out);
        (String::from_utf8(out).unwrap(), said)
    }

    /// What `print -T json` says of every message and all evidence.
    pub fn json(&mut self) -> Vec<Value> {
        (0..self.store.len() as RecordId)
            .map(|id| json::record(&self.fetcher.view(&self.store, id).unwrap().unwrap(), Known::Later))
            .collect()
    }
}
