//! Where the findings of `check` come from: one pass over the capture, or, for a display filter, all of it in memory.

use std::collections::HashSet;

use anyhow::bail;

use super::scan::Scan;
use crate::capture::Opened;
use crate::cli::{CheckArgs, Context, input, print, printer};
use crate::coap::{Rule, Severity};
use crate::filter::Selection;
use crate::frame::Endpoint;
use crate::pipeline::{Apart, Fetcher, Pipeline, Step};
use crate::render::verdict::{Part, Tally};
use crate::store::{Ended, RecordKind, Store, Summary, Update};
use crate::tracking::{EndpointId, ResourceId};

/// What was found, and the names that it is told with.
pub(super) struct Findings {
    pub tally: Tally,
    pub endpoints: Vec<Endpoint>,
    pub resources: Vec<Box<str>>,
    pub parts: Vec<Part>,
    /// Findings of rules that the user named.
    pub ignored: u64,
    pub summary: Summary,
    /// How much the display filter let through, where there is one.
    pub passed: Option<Passed>,
    /// The bytes of the files themselves were read: not those of a copy, of standard input or unpacked.
    pub in_place: bool,
}

/// What a display filter let through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed {
    /// CoAP messages.
    pub messages: u64,
    /// Frames that speak of one.
    pub evidence: u64,
    /// That is all.
    pub is_all: bool,
}

impl Findings {
    /// What an endpoint did.
    pub fn part(&self, id: EndpointId) -> Part {
        self.parts.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// Path and query of a resource, as it came from the wire.
    pub fn resource(&self, id: ResourceId) -> Option<&str> {
        self.resources.get((id.0 as usize).checked_sub(1)?).map(|text| &**text)
    }

    /// What an endpoint is called.
    pub fn endpoint(&self, id: EndpointId) -> String {
        self.endpoints.get(id.0 as usize).map_or_else(|| "?".into(), ToString::to_string)
    }
}

/// Read the capture for its findings at a severity or above it.
///
/// # Errors
/// Where it cannot be opened or read, or the display filter cannot be used.
pub(super) fn findings(
    args: &CheckArgs,
    least: Severity,
    ignore: &HashSet<Rule>,
    context: &mut Context<'_>,
) -> anyhow::Result<Findings> {
    let filter = print::wanted(&args.reading)?;
    let options = input::pipeline_options(&args.reading)?;
    let Opened { source, reader, .. } = input::open(args.input.paths("check")?, false, &args.reading)?;
    let in_place = reader.is_in_place();
    let fetcher = Fetcher::new(reader, args.reading.checksums);
    let pipeline = Pipeline::read_ahead(source, options)?;
    if filter.is_empty() {
        let mut scan = Scan::new(fetcher, least, ignore.clone());
        let summary = read(pipeline, context, |update| Ok(scan.take(update)?))?;
        let Scan { tally, endpoints, resources, parts, ignored, .. } = scan;
        return Ok(Findings { tally, endpoints, resources, parts, ignored, summary, passed: None, in_place });
    }
    let mut store = Store::default();
    let summary = read(pipeline, context, |update| {
        store.apply(std::mem::take(update));
        Ok(())
    })?;
    let Selection::Chosen(ids) = filter.select(&store, &fetcher, printer::threads(), &|| false)? else {
        bail!("nobody stopped the search; please report it");
    };
    let mut passed = Passed { is_all: ids.iter().count() == store.len(), ..Passed::default() };
    for record in ids.iter().filter_map(|id| store.get(id)) {
        *(if record.kind() == RecordKind::Message { &mut passed.messages } else { &mut passed.evidence }) += 1;
    }
    let mut tally = Tally::of_store(&store, &fetcher, ids.iter(), least)?;
    let before: u64 = tally.counts().iter().sum();
    tally.retain(&|key| !ignore.contains(&key.rule));
    let ignored = before - tally.counts().iter().sum::<u64>();
    let ids = |count: usize| 0..count as u32;
    let endpoints: Vec<Endpoint> =
        ids(store.endpoints()).filter_map(|id| store.endpoint(EndpointId(id)).copied()).collect();
    let resources = ids(store.resources()).map(|id| store.resource(ResourceId(id + 1)).unwrap_or_default().into());
    let resources = resources.collect();
    let parts = Part::of_all(endpoints.len(), store.exchanges().map(|(_, row)| (row.client, row.server)));
    Ok(Findings { tally, endpoints, resources, parts, ignored, summary, passed: Some(passed), in_place })
}

/// Read to the end; the last counts.
fn read(
    pipeline: Pipeline,
    context: &mut Context<'_>,
    mut take: impl FnMut(&mut Update) -> anyhow::Result<()>,
) -> anyhow::Result<Summary> {
    let (mut pipeline, mut update) = (Apart::spawn(pipeline)?, Update::default());
    loop {
        let step = pipeline.step(&mut update);
        let warnings = std::mem::take(&mut update.warnings);
        context.warn(&warnings);
        context.progress(&update.summary.progress);
        let (summary, ended) = match step {
            Step::Ended => (Some(update.summary.clone()), update.ended.take()),
            _ => (None, None),
        };
        take(&mut update)?;
        if let Some(summary) = summary {
            context.progress_done();
            if let Some(why) = ended.as_ref().and_then(Ended::fault) {
                bail!("{why}");
            }
            return Ok(summary);
        }
    }
}
