//! `coapscope stats`: counts, exchanges, round-trip times, resources and findings of a capture.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::input;
use super::{Context, StatsArgs, print, without};
use crate::capture::Opened;
use crate::coap::escape;
use crate::pipeline::{Pipeline, Step};
use crate::render::json::line;
use crate::store::{Ended, Summary, Update};
use crate::tracking::{NO_RECORD, Patch};

/// Resources that the text form lists.
const LISTED: usize = 10;

/// Read the capture to its end and print what was counted.
///
/// # Errors
/// Where the capture cannot be opened or read, or the output cannot be written.
pub fn run(args: &StatsArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let filter = print::wanted(&args.reading)?;
    let mut counted = Counted::default();
    let update = if filter.is_empty() {
        all(args, &mut counted, context)?
    } else {
        let update = super::counted::chosen(args, &filter, context)?;
        counted.take(&update);
        update
    };
    let summary = &update.summary;
    let written = if args.json {
        context.out.json();
        writeln!(context.out, "{}", line(&counted.json(summary)))
    } else {
        counted.text(summary, &mut context.out)
    };
    Ok(written.and_then(|()| context.out.flush())?)
}

/// Count everything while it is read; the last update has the sums.
fn all(args: &StatsArgs, counted: &mut Counted, context: &mut Context<'_>) -> anyhow::Result<Update> {
    let options = input::pipeline_options(&args.reading)?;
    let Opened { source, .. } = input::open(args.input.paths()?, false, &args.reading)?;
    let mut pipeline = Pipeline::read_ahead(source, options)?;
    let mut update = Update::default();
    loop {
        let step = pipeline.step(&mut update);
        counted.take(&update);
        context.warn(&update.warnings);
        context.progress(&update.summary.progress);
        match step {
            Step::More => {}
            Step::Pending => pipeline.wait(super::WAIT),
            Step::Ended => break,
        }
    }
    context.progress_done();
    if let Some(Ended::Failed(why) | Ended::Panicked(why)) = &update.ended {
        anyhow::bail!("{why}");
    }
    Ok(update)
}

/// One exchange, as far as the statistics need it.
#[derive(Clone, Copy)]
struct Exchange {
    resource: u32,
    round_trip: i64,
}

/// What is summed up while the capture is read.
#[derive(Default)]
struct Counted {
    /// By exchange id.
    exchanges: Vec<Option<Exchange>>,
    resources: Vec<Box<str>>,
    endpoints: usize,
}

/// Round-trip times in nanoseconds.
struct RoundTrip {
    count: usize,
    points: [(&'static str, i64); 5],
}

impl Counted {
    fn take(&mut self, update: &Update) {
        self.resources.extend(update.resources.iter().cloned());
        self.endpoints += update.endpoints.len();
        for patch in &update.patches {
            if let Patch::Exchange(id, row) = patch {
                let at = id.0 as usize;
                if self.exchanges.len() <= at {
                    self.exchanges.resize(at + 1, None);
                }
                if let Some(place) = self.exchanges.get_mut(at) {
                    let round_trip = if row.response == NO_RECORD { -1 } else { row.round_trip };
                    *place = Some(Exchange { resource: row.resource.0, round_trip });
                }
            }
        }
    }

    /// Nearest-rank percentiles of the times from the first copy of a request to its first answer.
    fn round_trip(&self) -> Option<RoundTrip> {
        let mut times: Vec<i64> =
            self.exchanges.iter().flatten().map(|one| one.round_trip).filter(|time| *time >= 0).collect();
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(RoundTrip {
            count: times.len(),
            points: [
                ("min", *times.first()?),
                ("p50", at(50)?),
                ("p95", at(95)?),
                ("p99", at(99)?),
                ("max", *times.last()?),
            ],
        })
    }

    /// Exchanges by resource, the most asked for first.
    fn by_resource(&self) -> Vec<(&str, usize)> {
        let mut counts = vec![0_usize; self.resources.len()];
        for one in self.exchanges.iter().flatten() {
            if let Some(count) = (one.resource as usize).checked_sub(1).and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
        }
        let mut rows: Vec<(&str, usize)> =
            self.resources.iter().map(|text| &**text).zip(counts).filter(|(_, count)| *count > 0).collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        rows
    }

    fn json(&self, summary: &Summary) -> Value {
        let mut object: Map<String, Value> = rows(summary).map(|(key, value)| (key.to_owned(), json!(value))).collect();
        object.insert("evicted".into(), json!(summary.counters.evicted));
        object.insert(
            "findings".into(),
            findings(summary).map(|(name, count)| (name.to_owned(), json!(count))).collect::<Map<_, _>>().into(),
        );
        let resources =
            self.by_resource().into_iter().map(|(path, count)| json!({"resource": path, "exchanges": count}));
        object.insert("resources".into(), resources.collect());
        object.insert("endpoints".into(), json!(self.endpoints));
        let round_trip = self.round_trip().map(|times| {
            let seconds = times.points.iter().map(|(name, time)| ((*name).to_owned(), json!(*time as f64 / 1e9)));
            seconds.collect::<Map<_, _>>()
        });
        object.insert("round_trip".into(), round_trip.map_or(Value::Null, Value::from));
        if summary.secrets > 0 {
            object.insert("decryption_secrets".into(), json!(summary.secrets));
        }
        object.insert("not_coap".into(), json!(summary.reasons));
        let offers = summary.offers.iter().map(|(port, offer)| (port.to_string(), json!(offer.datagrams)));
        object.insert("looks_like_coap_on_port".into(), offers.collect::<Map<_, _>>().into());
        Value::Object(object)
    }

    fn text(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        for (name, value) in rows(summary) {
            writeln!(out, "{:<26} {value:>12}", name.replace('_', " "))?;
        }
        writeln!(out, "{:<26} {:>12}", "endpoints", self.endpoints)?;
        if summary.counters.evicted > 0 {
            writeln!(
                out,
                "{:<26} {:>12}  open exchanges and observations that the cap on memory ended",
                "evicted", summary.counters.evicted
            )?;
        }
        if summary.secrets > 0 {
            let what = "blocks with keys in the capture, for what is encrypted in it";
            writeln!(out, "{:<26} {:>12}  {what}", "decryption secrets", summary.secrets)?;
        }
        writeln!(out, "\nfindings")?;
        for (name, count) in findings(summary) {
            writeln!(out, "  {name:<24} {count:>12}")?;
        }
        if let Some(times) = self.round_trip() {
            writeln!(
                out,
                "\nround trip, seconds (first copy of a request to its first answer, {} exchanges)",
                times.count
            )?;
            for (name, time) in times.points {
                writeln!(out, "  {name:<24} {:>12.6}", time as f64 / 1e9)?;
            }
        }
        let resources = self.by_resource();
        if !resources.is_empty() {
            writeln!(out, "\nresources, by exchanges")?;
            for (path, count) in resources.iter().take(LISTED) {
                writeln!(out, "  {count:>10}  {}", escape::text(path))?;
            }
            if resources.len() > LISTED {
                writeln!(out, "  and {} more (--json lists all)", resources.len() - LISTED)?;
            }
        }
        without::list(summary, LISTED, out)?;
        without::advice(summary).map_or(Ok(()), |advice| writeln!(out, "\n{advice}"))
    }
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
