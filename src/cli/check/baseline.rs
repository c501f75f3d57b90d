//! The baseline of `check`: a file of findings that are known, so that only new ones count.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::who;
use crate::capture::Draft;
use crate::coap::{Rule, escape};

/// What the file is, in its own words.
const ABOUT: &str = "Findings that are known to `coapscope check --baseline`. Without \"endpoint\" or \"resource\" a line stands for any.";
/// What the file has.
const KEYS: &[&str] = &["about", "version", "findings"];
/// What a line of it has.
const ROW_KEYS: &[&str] = &["id", "endpoint", "resource"];
/// Its form.
const VERSION: u64 = 1;

/// One kind of finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known {
    pub rule: Rule,
    /// Address of the endpoint, with its port where it was asked there: the ports of clients change from run to run. None: any.
    pub endpoint: Option<String>,
    /// Path without query. None: any.
    pub resource: Option<String>,
}

impl Known {
    /// In words: "ack.changed, 198.51.100.2:5683, /time".
    pub fn words(&self) -> String {
        let parts = [Some(self.rule.id()), self.endpoint.as_deref(), self.resource.as_deref()];
        escape::text(&parts.into_iter().flatten().collect::<Vec<_>>().join(", ")).into_owned()
    }

    /// Whether a finding is of this kind.
    fn covers(&self, found: &Self) -> bool {
        let is_endpoint = self
            .endpoint
            .as_ref()
            .is_none_or(|wanted| found.endpoint.as_ref().is_some_and(|endpoint| who::names(wanted, endpoint)));
        let is_resource = self.resource.is_none() || self.resource == found.resource;
        self.rule == found.rule && is_endpoint && is_resource
    }
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    known: Vec<Known>,
    met: Vec<bool>,
}

impl Baseline {
    /// Read the file.
    ///
    /// # Errors
    /// Where it cannot be read, or is no baseline: which file, where in it, and what to do.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("--baseline {name}: the baseline cannot be read; make one with --write-baseline")
        })?;
        let text = without_comments(text.strip_prefix('\u{feff}').unwrap_or(&text));
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{name}: the baseline is no JSON"))?;
        if value.get("version").and_then(Value::as_u64) != Some(VERSION) {
            bail!("{name}: no baseline of version {VERSION}; make one with --write-baseline");
        }
        only_keys(&value, KEYS).with_context(|| format!("{name}: the baseline cannot be understood"))?;
        // The rows as they are written, so that what is wrong with one can be told by its line.
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
        let rows = members.get("findings").and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
        let rows = rows.with_context(|| format!("{name}: the baseline has no list \"findings\""))?;
        let known = rows.iter().map(|row| {
            let before = (row.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let line = text.get(..before).unwrap_or_default().matches('\n').count() + 1;
            let row = serde_json::from_str(row.get()).unwrap_or_default();
            row_of(&row).with_context(|| format!("{name}: line {line} cannot be understood"))
        });
        let known: Vec<Known> = known.collect::<anyhow::Result<_>>()?;
        Ok(Self { met: vec![false; known.len()], known })
    }

    /// Whether a finding is known; notes that it was met.
    pub fn knows(&mut self, found: &Known) -> bool {
        let mut is_known = false;
        for (known, met) in self.known.iter().zip(&mut self.met) {
            if known.covers(found) {
                *met = true;
                is_known = true;
            }
        }
        is_known
    }

    /// Lines of the file that nothing was met of, where their rules were looked for.
    pub fn unmet(&self, is_sought: &dyn Fn(Rule) -> bool) -> Vec<&Known> {
        let lines = self.known.iter().zip(&self.met);
        lines.filter(|(known, met)| !**met && is_sought(known.rule)).map(|(known, _)| known).collect()
    }
}

/// The text with lines of comments (`// known since May`) left empty: JSON has none, but whoever edits the file by hand has.
fn without_comments(text: &str) -> String {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    text.split_inclusive('\n').map(|line| if is_comment(line) { "\n" } else { line }).collect()
}

/// Refuses a key that nothing reads: misspelt it would silently stand for any endpoint or resource.
fn only_keys(value: &Value, known: &[&str]) -> anyhow::Result<()> {
    let unknown = value.as_object().and_then(|object| object.keys().find(|key| !known.contains(&key.as_str())));
    match unknown {
        Some(key) => bail!("\"{key}\" is no key of it; the keys are {}", known.join(", ")),
        None => Ok(()),
    }
}

fn row_of(row: &Value) -> anyhow::Result<Known> {
    if !row.is_object() {
        bail!("it is no object with an \"id\"");
    }
    only_keys(row, ROW_KEYS)?;
    let text = |key: &str| match row.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => bail!("\"{key}\" is no text"),
    };
    let id = text("id")?.context("it has no \"id\"")?;
    Ok(Known { rule: super::rule(&id)?, endpoint: text("endpoint")?, resource: text("resource")? })
}

/// Write a baseline of these.
///
/// # Errors
/// Where the file cannot be written.
pub(super) fn write(path: &Path, mut known: Vec<Known>) -> anyhow::Result<usize> {
    known.sort();
    known.dedup();
    let rows: Vec<String> = known
        .iter()
        .map(|one| {
            let mut row = Map::new();
            row.insert("id".into(), json!(one.rule.id()));
            row.extend(one.endpoint.iter().map(|text| ("endpoint".to_owned(), json!(text))));
            row.extend(one.resource.iter().map(|text| ("resource".to_owned(), json!(text))));
            format!("    {}", crate::render::json::line(&Value::Object(row)))
        })
        .collect();
    // One line a finding, so that a change of the file reads well.
    let list = if rows.is_empty() { String::new() } else { format!("\n{}\n  ", rows.join(",\n")) };
    let text = format!("{{\n  \"about\": {},\n  \"version\": {VERSION},\n  \"findings\": [{list}]\n}}\n", json!(ABOUT));
    let write = |mut draft: Draft| draft.write_all(text.as_bytes()).and_then(|()| draft.finish());
    Draft::instead(path)
        .and_then(write)
        .with_context(|| format!("{}: the baseline cannot be written; name another file", path.display()))?;
    Ok(rows.len())
}
