//! Reads a capture, relates its messages, and lists the exchanges of which some message passes a filter:
//!
//! ```sh
//! cargo run --no-default-features --example slow_answers -- captures/lab-session.pcap 'coapscope.exchange.rtt > 1s'
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use coapscope::capture::{Input, open};
use coapscope::filter::{Filter, Selection};
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
use coapscope::store::{Store, Update};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let capture = arguments.next().unwrap_or_else(|| "captures/lab-session.pcap".into());
    let filter = Filter::parse(&arguments.next().unwrap_or_else(|| "coapscope.exchange.rtt > 1s".into()))?;

    let opened = open(&Input::Path(capture.into()), &std::env::temp_dir())?;
    let mut pipeline = Pipeline::new(opened.source, PipelineOptions::default());
    let (mut store, mut update) = (Store::default(), Update::default());
    while pipeline.step(&mut update) != Step::Ended {
        store.apply(std::mem::take(&mut update));
    }
    store.apply(update);

    let fetcher = Fetcher::new(opened.reader, false);
    let Selection::Chosen(ids) = filter.select(&store, &fetcher, 2, &|| false)? else { return Ok(()) };
    for (id, exchange) in store.exchanges() {
        if ids.has(exchange.request) {
            let (resource, time) = (store.resource(exchange.resource).unwrap_or_default(), exchange.round_trip);
            println!("exchange {}: {resource}, {:.3} s", id.0, time as f64 / 1e9);
        }
    }
    Ok(())
}
