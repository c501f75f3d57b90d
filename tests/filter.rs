//! The display filter: counts against tshark and by hand, faults and their places, hostile filters, relations, and what `print` does
//! with it all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "filter/bodies.rs"]
mod bodies;
#[path = "filter/counts.rs"]
mod counts;
#[path = "filter/faults.rs"]
mod faults;
#[path = "filter/members.rs"]
mod members;
#[path = "check/packets.rs"]
mod packets;

use std::path::{Path, PathBuf};

use coapscope::capture::{self, Input, OpenOptions, Opened};
use coapscope::filter::{Filter, Selection};
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
use coapscope::store::{Store, Update};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A capture, read to its end.
struct Loaded {
    store: Store,
    fetcher: Fetcher,
}

impl Loaded {
    fn of(path: &Path) -> Self {
        let options = OpenOptions { spool: std::env::temp_dir(), ..OpenOptions::default() };
        let Opened { source, reader, .. } = capture::open_all(&[Input::Path(path.to_owned())], &options).unwrap();
        let mut pipeline = Pipeline::new(source, PipelineOptions::default());
        let (mut store, mut update) = (Store::default(), Update::default());
        while pipeline.step(&mut update) != Step::Ended {
            store.apply(std::mem::take(&mut update));
        }
        store.apply(update);
        Self { store, fetcher: Fetcher::new(reader, false) }
    }

    /// Numbers of the frames that a filter lets through.
    fn frames(&self, filter: &str) -> Vec<u32> {
        let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        match filter.select(&self.store, &self.fetcher, 2, &|| false).unwrap() {
            Selection::Chosen(ids) => ids.iter().map(|id| self.store.get(id).unwrap().frame).collect(),
            Selection::Stopped => panic!("nobody stops it"),
        }
    }
}
