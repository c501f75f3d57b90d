//! `coapscope stats`: counts, exchanges, round-trip times, resources, pairs, observations, bytes and findings of a capture.

mod groups;
mod object;
mod sums;
mod text;
mod times;
mod waits;

use std::cmp::Reverse;
use std::io::Write;
use std::panic::resume_unwind;
use std::thread::{Builder, ScopedJoinHandle};

use super::bodies::Bodies;
use super::{Context, StatsArgs, StatsFormat, counted, input, print};
use crate::capture::Opened;
use crate::pipeline::{Apart, Fetcher, Step};
use crate::render::json::object_line;
use crate::render::lowest;
use crate::store::{Ended, RecordFlags, Summary, Update};
use crate::tracking::ResourceId;
use groups::{Pair, Sum};
use sums::{Observed, Sums};
use times::Times;
use waits::Waits;

/// Records that are no well-formed messages.
const NOT_COUNTED: u8 = RecordFlags::EVIDENCE | RecordFlags::MALFORMED | RecordFlags::HEADERLESS;
/// Pairs of endpoints, observations and senders that JSON tells of.
const LISTED: usize = 1000;

/// Read the capture to its end and print what was counted.
///
/// # Errors
/// Where the capture cannot be opened or read, or the output cannot be written.
pub fn run(args: &StatsArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let filter = print::wanted(&args.reading)?;
    let mut sums = Sums::default();
    let summary = if filter.is_empty() {
        all(args, &mut sums, context)?
    } else {
        let (mut update, heard) = counted::chosen(args, &filter, context)?;
        sums.take(&mut update);
        sums.chosen = Some(heard);
        update.summary
    };
    let is_json = args.json || args.format == StatsFormat::Json;
    let stats = Stats::new(&sums, &summary, if is_json { LISTED } else { text::LISTED });
    let written = if is_json {
        context.out.json();
        writeln!(context.out, "{}", object_line(|object| stats.json(object)))
    } else {
        stats.text(&mut context.out)
    };
    Ok(written.and_then(|()| context.out.flush())?)
}

/// Sum everything up while it is read; the last counts.
fn all(args: &StatsArgs, sums: &mut Sums, context: &mut Context<'_>) -> anyhow::Result<Summary> {
    let options = input::pipeline_options(&args.reading)?;
    let Opened { source, reader, .. } = input::open(args.input.paths("stats")?, false, &args.reading)?;
    let mut fetcher = Fetcher::new(reader, args.reading.checksums);
    let (mut bodies, mut more) = (Bodies::default(), [0; 4]);
    let mut pipeline = Apart::reading(source, options)?;
    let mut update = Update::default();
    loop {
        let step = pipeline.step(&mut update);
        let first = sums.records();
        if sums.take(&mut update) || !update.interfaces.is_empty() {
            for finding in bodies.take(&update, first, &mut fetcher)?.iter().flat_map(|body| &body.findings) {
                more[finding.severity as usize] += 1;
            }
        }
        context.warn(&update.warnings);
        context.progress(&update.summary.progress);
        if step == Step::Ended {
            break;
        }
    }
    context.progress_done();
    if let Some(why) = update.ended.as_ref().and_then(Ended::fault) {
        anyhow::bail!("{why}");
    }
    for (count, more) in update.summary.findings.iter_mut().zip(more) {
        *count += more;
    }
    Ok(update.summary)
}

/// All that is told of a capture.
struct Stats<'a> {
    sums: &'a Sums,
    summary: &'a Summary,
    /// From the first copy of a request to its first answer.
    times: Option<Times>,
    resources: Vec<(ResourceId, Sum)>,
    pairs: Vec<Pair>,
    /// How many pairs there are.
    all_pairs: usize,
    /// How senders wait before they repeat.
    waits: Vec<Waits>,
}

impl<'a> Stats<'a> {
    /// With `most` pairs at most.
    fn new(sums: &'a Sums, summary: &'a Summary, most: usize) -> Self {
        // Reading is over, and the processor has nothing else to do.
        std::thread::scope(|scope| {
            let others = || (groups::by_pair(sums, most), groups::sums_of_resources(sums), waits::by_sender(sums));
            let apart = Builder::new().name("groups".into()).spawn_scoped(scope, others);
            let (asked, times) = (groups::times_of_resources(sums), sums.round_trips());
            // Where the system starts no further thread, it is done here.
            let others = apart.map_or_else(|_| Ok(others()), ScopedJoinHandle::join);
            let ((pairs, all_pairs), rows, waits) = others.unwrap_or_else(|panic| resume_unwind(panic));
            let resources = groups::by_resource(sums, rows, asked);
            Self { sums, summary, times, resources, pairs, all_pairs, waits }
        })
    }

    /// Repeats of Confirmable messages among all Confirmable messages.
    fn retransmission_rate(&self) -> Option<f64> {
        let counters = &self.summary.counters;
        share(counters.retransmissions, counters.con)
    }

    /// Exchanges whose resource is not known: it is encrypted, or named in a way that is not read.
    fn without_resource(&self) -> u64 {
        let known: u64 = self.resources.iter().map(|(_, sum)| sum.exchanges).sum();
        self.summary.counters.exchanges.saturating_sub(known)
    }

    /// The `most` observations with the most notifications, those first, and of equals the oldest.
    fn observed(&self, most: usize) -> impl Iterator<Item = &'a Observed> {
        let all = self.sums.observations().zip(0_u32..).collect();
        let listed = lowest(all, most, |(observed, at)| (Reverse(observed.notifications), *at));
        listed.into_iter().map(|(observed, _)| observed)
    }

    /// Accepted observations by how they ended, in the order of their ends.
    fn ends(&self) -> Vec<(&'static str, u64)> {
        let mut ends: Vec<(&'static str, u64)> = Vec::new();
        for observed in self.sums.observations().filter(|observed| observed.accepted) {
            let word = crate::field::end(observed.end);
            match ends.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => ends.push((word, 1)),
            }
        }
        ends
    }
}

/// A part of a whole; None of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The pinned counts, in the order they are printed.
fn rows(summary: &Summary) -> impl Iterator<Item = (&'static str, u64)> {
    let counters = &summary.counters;
    [
        ("frames", summary.frames),
        ("coap_messages", summary.coap_messages),
        ("malformed", counters.malformed),
        ("con", counters.con),
        ("non", counters.non),
        ("ack", counters.ack),
        ("rst", counters.rst),
        ("exchanges", counters.exchanges),
        ("exchanges_retransmitted", counters.exchanges_retransmitted),
        ("exchanges_unanswered", counters.exchanges_unanswered()),
        ("exchanges_reset", counters.exchanges_reset),
        ("retransmissions", counters.retransmissions),
        ("duplicate_acks", counters.duplicate_acks),
        ("piggybacked_responses", counters.piggybacked_responses),
        ("separate_responses", counters.separate_responses),
        ("non_responses", counters.non_responses),
        ("observations", counters.observations),
        ("notifications", counters.notifications),
        ("notifications_stale", counters.notifications_stale),
        ("deregistrations", counters.deregistrations),
    ]
    .into_iter()
}

fn findings(summary: &Summary) -> impl Iterator<Item = (&'static str, u64)> {
    ["error", "warn", "note", "chat"].into_iter().zip(summary.findings.iter().rev().copied())
}
