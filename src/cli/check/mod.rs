//! `coapscope check`: the findings of a capture, for a test pipeline and for whoever made the device.

mod baseline;
mod devices;
mod gather;
mod loose;
mod report;
mod sarif;
mod scan;
mod text;
mod who;

use std::collections::HashSet;
use std::path::Path;

use anyhow::{anyhow, bail};

use super::{CheckArgs, CheckFormat, Context, Level, target};
use crate::coap::{RULES, Rule, Severity};
use crate::field::nearest_words;
use crate::frame::Endpoint;
use crate::render::verdict::{Key, Tally};
use baseline::{Baseline, Known};
use gather::Findings;
use report::Report;

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Note => Self::Note,
            Level::Chat => Self::Chat,
        }
    }
}

/// Judge the capture and print what was found. The context's status becomes 1 where that is bad enough.
///
/// # Errors
/// Where an argument makes no sense, the capture or the baseline cannot be read, or something cannot be written.
pub fn run(args: &CheckArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let ignore: HashSet<Rule> = args
        .ignore
        .iter()
        .map(|id| rule(id).map_err(|error| anyhow!("--ignore {error}")))
        .collect::<anyhow::Result<_>>()?;
    let mut baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let paths = args.input.paths("check")?;
    if let Some(path) = &args.write_baseline {
        target::refuse_inputs("--write-baseline", path, paths)?;
    }
    let level = Severity::from(args.fail_on);
    let show = args.show.map_or(Severity::Note, Severity::from);
    // What a baseline knows, or is to know, is looked for, whatever is shown: else it would seem to be gone, or be new in the next run; and
    // JSON has the counts of all.
    let has_baseline = baseline.is_some() || args.write_baseline.is_some();
    let sought = match args.format {
        CheckFormat::Json if args.write_baseline.is_none() => Severity::Chat,
        _ if has_baseline => Severity::Note,
        _ => Severity::Error,
    };
    let least = level.min(show).min(sought);
    let mut findings = gather::findings(args, least, &ignore, context)?;
    only_of(&args.endpoint, &mut findings)?;

    if let Some(path) = &args.write_baseline {
        return write_baseline(path, &findings, context);
    }
    let groups = findings.tally.groups();
    let mut is_known = |key: &Key| baseline.as_mut().is_some_and(|baseline| baseline.knows(&of(key, &findings)));
    let known: HashSet<Key> = groups.iter().map(|(key, _)| *key).filter(|key| is_known(key)).collect();
    let failed = groups.iter().any(|(key, _)| key.severity >= level && !known.contains(key));
    let is_all = args.endpoint.is_empty() && args.reading.display_filter.is_none();
    let report = Report {
        captures: paths,
        findings: &findings,
        endpoints: &args.endpoint,
        groups,
        known,
        baseline: baseline.as_ref().map(|baseline| {
            let least = level.min(show).min(Severity::Note);
            let is_sought = |rule: Rule| !ignore.contains(&rule) && rule.severity() >= least;
            is_all.then(|| baseline.unmet(&is_sought))
        }),
        level,
        show,
        failed,
    };
    // Whoever stops reading the output still learns of it.
    context.status = u8::from(failed);
    match args.format {
        CheckFormat::Text => report.text(&mut context.out)?,
        CheckFormat::Markdown => report.markdown(&mut context.out)?,
        CheckFormat::Json => {
            context.out.json();
            report.json(&mut context.out)?;
        }
        CheckFormat::Sarif => {
            context.out.json();
            report.sarif(&mut context.out)?;
        }
    }
    Ok(())
}

/// The rule of that identifier.
fn rule(id: &str) -> anyhow::Result<Rule> {
    if let Some(rule) = Rule::from_id(id) {
        return Ok(rule);
    }
    let ids: Vec<&'static str> = RULES.iter().map(|rule| rule.id()).collect();
    let prefix = id.trim_end_matches('*').trim_end_matches('.');
    let of_kind: Vec<&str> = ids.iter().filter(|known| known.split('.').next() == Some(prefix)).copied().collect();
    if !of_kind.is_empty() {
        bail!("{id}: findings are named one by one: {}", of_kind.join(","));
    }
    let id = if id.is_empty() { "\"\"" } else { id };
    let near = nearest_words(id, &ids);
    let way = match near.split_last() {
        Some((only, [])) => format!("did you mean {only}?"),
        Some((last, others)) => format!("did you mean {} or {last}?", others.join(", ")),
        None => "`coapscope check --show chat FILE` names those of a capture".into(),
    };
    bail!("{id}: no finding has this identifier; {way}")
}

/// Keep only what these endpoints sent.
fn only_of(wanted: &[String], findings: &mut Findings) -> anyhow::Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let is = |text: &str, endpoint: &Endpoint| who::names(text, &endpoint.to_string());
    if let Some(unknown) = wanted.iter().find(|text| !findings.endpoints.iter().any(|one| is(text, one))) {
        if findings.endpoints.is_empty() {
            bail!("--endpoint {unknown}: the capture has no such endpoint; it has none: no CoAP message is in it");
        }
        let some: Vec<String> = findings.endpoints.iter().take(4).map(ToString::to_string).collect();
        let more = if findings.endpoints.len() > some.len() { " and others" } else { "" };
        bail!("--endpoint {unknown}: the capture has no such endpoint; it has {}{more}", some.join(", "));
    }
    let chosen: HashSet<u32> = (findings.endpoints.iter().zip(0..))
        .filter(|(endpoint, _)| wanted.iter().any(|text| is(text, endpoint)))
        .map(|(_, id)| id)
        .collect();
    findings.tally.retain(&|key| chosen.contains(&key.endpoint.0));
    Ok(())
}

/// A finding as a baseline has it.
fn of(key: &Key, findings: &Findings) -> Known {
    let endpoint = findings.endpoints.get(key.endpoint.0 as usize).map(|endpoint| {
        let was_asked = findings.part(key.endpoint).asked > 0;
        if was_asked { endpoint.to_string() } else { endpoint.address.to_string() }
    });
    let resource = findings.resource(key.resource).map(|text| text.split('?').next().unwrap_or(text).to_owned());
    Known { rule: key.rule, endpoint, resource }
}

/// Write all that was found, whatever would fail: a later run may ask for more.
fn write_baseline(path: &Path, findings: &Findings, context: &mut Context<'_>) -> anyhow::Result<()> {
    let tally: &Tally = &findings.tally;
    let groups = tally.groups();
    let count = baseline::write(path, groups.iter().map(|(key, _)| of(key, findings)).collect())?;
    let lines = if count == 1 { "1 kind of finding".to_owned() } else { format!("{count} kinds of findings") };
    context.tell(&format!("{}: {lines} written, for --baseline", path.display()));
    Ok(())
}
