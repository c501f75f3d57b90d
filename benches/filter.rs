//! What filters cost over a capture that is loaded: `cargo bench --bench filter -- CAPTURE`. Prints milliseconds for each filter, the
//! best of five runs in two threads.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a measurement")]

use std::path::PathBuf;
use std::time::Instant;

use coapscope::capture::{Input, open};
use coapscope::filter::{Filter, Selection};
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
use coapscope::store::{Store, Update};

/// From what the record says to what the payload holds.
const FILTERS: &[&str] = &[
    "coap.code == GET && coap.mid == 77",
    "ip.src == 10.0.0.0/8 && coap.type == 0",
    "coapscope.rtt > 1s",
    "coapscope.resource contains \"temp\"",
    "coapscope.code == \"2.05\"",
    "coap.opt.uri_path contains \"temp\"",
    "coap.opt.uri_path matches \"^te.*r$\"",
    "coap.token[0:2] == 00:01 || coap.opt.observe > 100",
    "coapscope.payload contains \"22.5\"",
    "coapscope.severity >= warn",
    "coapscope.finding == \"mid.retransmission\"",
    "whole_exchange(coap.retransmitted)",
    "coapscope.payload.value > 100",
];

fn main() {
    let capture = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let capture = capture.map_or_else(|| PathBuf::from("captures/lab-session.pcap"), PathBuf::from);
    let opened = open(&Input::Path(capture), &std::env::temp_dir()).unwrap();
    let mut pipeline = Pipeline::read_ahead(opened.source, PipelineOptions::default()).unwrap();
    let (mut store, mut update) = (Store::default(), Update::default());
    let begun = Instant::now();
    while pipeline.step(&mut update) != Step::Ended {
        store.apply(std::mem::take(&mut update));
    }
    store.apply(update);
    println!("{} messages loaded in {:.0} ms", store.len(), begun.elapsed().as_secs_f64() * 1e3);
    let fetcher = Fetcher::new(opened.reader, false);
    let bad = "coap.type == 0 && coap.opt.uri_pat == \"x\"";
    let refused = (0..20).map(|_| {
        let begun = Instant::now();
        assert!(Filter::parse(bad).is_err());
        begun.elapsed()
    });
    println!("a bad filter is refused in {:.1?}", refused.min().unwrap_or_default());
    for text in FILTERS {
        let filter = Filter::parse(text).unwrap();
        let mut best = f64::MAX;
        let mut chosen = 0;
        for _ in 0..5 {
            let begun = Instant::now();
            match filter.select(&store, &fetcher, 2, &|| false).unwrap() {
                Selection::Chosen(ids) => chosen = ids.len(),
                Selection::Stopped => panic!("nobody stops it"),
            }
            best = best.min(begun.elapsed().as_secs_f64() * 1e3);
        }
        println!("{best:8.1} ms {chosen:>9} messages  {text}");
    }
}
