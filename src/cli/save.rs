//! `print -w OUT.pcapng`: the chosen messages as a capture, with what is odd about each as a comment on its frame.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::target;
use crate::capture::{FrameReader, PcapngWriter};
use crate::coap::{Rule, Severity};
use crate::field;
use crate::frame::{Position, is_known_time};
use crate::pipeline::Fetcher;
use crate::store::{RecordKind, Store};
use crate::tracking::{ExchangeId, NO_RECORD, RecordId};

/// Where chosen messages are saved.
pub(super) struct Save {
    path: PathBuf,
    /// The other messages of their exchanges as well.
    whole_exchanges: bool,
}

/// A frame to be saved, and the message whose findings stand on it.
struct Place {
    position: Position,
    record: Option<RecordId>,
}

impl Save {
    /// To a file, which must not be one of those that are read.
    ///
    /// # Errors
    /// Where it is one of them, or no name of a file.
    pub fn new(path: &Path, whole_exchanges: bool, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            bail!("-w -: frames and text cannot share standard output; name a file");
        }
        target::refuse_inputs("-w", path, inputs)?;
        Ok(Self { path: path.to_owned(), whole_exchanges })
    }

    /// Write the chosen messages, in the order of their frames.
    ///
    /// # Errors
    /// Where the capture cannot be read or the file not be written.
    pub fn write(&self, store: &Store, fetcher: &Fetcher, chosen: &[RecordId]) -> anyhow::Result<()> {
        let chosen = if self.whole_exchanges { with_exchanges(store, chosen) } else { chosen.to_vec() };
        let places = places(store, fetcher.reader(), &chosen)?;
        let written = write(store, fetcher, &places, BufWriter::new(target::create(&self.path)?))?;
        written.with_context(|| format!("{}: cannot be written", self.path.display()))
    }
}

/// The chosen messages and the others of their exchanges, evidence about these among them.
fn with_exchanges(store: &Store, chosen: &[RecordId]) -> Vec<RecordId> {
    let exchange = |id: RecordId| {
        let record = store.get(id)?;
        let of = match record.kind() {
            RecordKind::Evidence if record.relates_to != NO_RECORD => store.get(record.relates_to)?,
            _ => record,
        };
        Some(of.exchange).filter(|exchange| *exchange != ExchangeId(0))
    };
    let exchanges: HashSet<ExchangeId> = chosen.iter().filter_map(|id| exchange(*id)).collect();
    let alone: HashSet<RecordId> = chosen.iter().copied().filter(|id| exchange(*id).is_none()).collect();
    let all = store.first()..store.len() as RecordId;
    all.filter(|id| alone.contains(id) || exchange(*id).is_some_and(|of| exchanges.contains(&of))).collect()
}

/// All frames of these messages, each once, in the order of the capture.
fn places(store: &Store, reader: &FrameReader, chosen: &[RecordId]) -> anyhow::Result<Vec<Place>> {
    let mut places = Vec::new();
    for id in chosen {
        let Some(record) = store.get(*id) else { continue };
        let last = store.position(&record);
        let parts = store.extents(*id).unwrap_or_default().iter().filter(|position| **position != last);
        places.extend(parts.map(|position| Place { position: *position, record: None }));
        places.push(Place { position: last, record: Some(*id) });
    }
    let files: HashSet<u16> = places.iter().map(|place| place.position.file).collect();
    let mut buffer = Vec::new();
    let mut keyed = Vec::with_capacity(places.len());
    for place in places {
        // Files were merged by time.
        let time = if files.len() > 1 { reader.read(place.position, 0, &mut buffer)?.time } else { 0 };
        keyed.push(((time, place.position.file, place.position.offset, place.record.is_none()), place));
    }
    keyed.sort_by_key(|(key, _)| *key);
    let mut places: Vec<Place> = keyed.into_iter().map(|(_, place)| place).collect();
    places.dedup_by_key(|place| (place.position.file, place.position.offset));
    Ok(places)
}

/// The outer error is the capture's, the inner one the output's.
fn write(store: &Store, fetcher: &Fetcher, places: &[Place], to: impl io::Write) -> anyhow::Result<io::Result<()>> {
    let numbers: HashMap<RecordId, usize> =
        places.iter().enumerate().filter_map(|(at, place)| Some((place.record?, at + 1))).collect();
    let mut fetcher = fetcher.clone();
    let mut buffer = Vec::new();
    let program = concat!("coapscope ", env!("CARGO_PKG_VERSION"));
    let mut writer = match PcapngWriter::new(to, program, fetcher.reader().origin()) {
        Ok(writer) => writer,
        Err(error) => return Ok(Err(error)),
    };
    // They are of the section that they stand in.
    let secrets = fetcher.reader().secrets();
    if let Err(error) = secrets.iter().try_for_each(|secrets| writer.secrets(secrets)) {
        return Ok(Err(error));
    }
    let mut interfaces: HashMap<u16, u32> = HashMap::new();
    for place in places {
        let frame = fetcher.reader().read(place.position, 0, &mut buffer)?;
        // A frame without a time is of the first interface of a section.
        let is_first = interfaces.get(&place.position.interface) == Some(&0);
        if !is_known_time(frame.time) && !is_first && !interfaces.is_empty() {
            let begun = writer.section().and_then(|()| secrets.iter().try_for_each(|secrets| writer.secrets(secrets)));
            if let Err(error) = begun {
                return Ok(Err(error));
            }
            interfaces.clear();
        }
        let number = match (interfaces.get(&place.position.interface), interface(store, place)) {
            (Some(number), _) => Ok(*number),
            (None, Some(interface)) => writer.interface(interface),
            (None, None) => continue,
        };
        let comments = match place.record {
            Some(id) => comments(store, &mut fetcher, id, &numbers)?,
            None => Vec::new(),
        };
        let written = number.and_then(|number| {
            interfaces.insert(place.position.interface, number);
            writer.frame(number, frame.time, frame.original_length, frame.bytes, &comments)
        });
        if let Err(error) = written {
            return Ok(Err(error));
        }
    }
    Ok(writer.finish().map(drop))
}

fn interface<'a>(store: &'a Store, place: &Place) -> Option<&'a crate::capture::Interface> {
    store.interfaces().get(usize::from(place.position.interface))
}

/// What stands before a finding that was saved earlier and is not found any more.
const BEFORE: &str = "in the capture that this was saved from: ";

/// The rule of a comment that a finding was saved as.
fn rule_of(comment: &str) -> Option<Rule> {
    let (severity, rest) = comment.strip_prefix("coapscope ")?.split_once(", ")?;
    let severities = [Severity::Error, Severity::Warn, Severity::Note, Severity::Chat];
    let is_ours = severities.into_iter().any(|one| field::severity(one) == severity);
    Rule::from_id(rest.split_once(": ")?.0).filter(|_| is_ours)
}

/// The comments that the frame had, but for findings that are found again; then one for each finding. Frames are called by the numbers that they have in the new file.
fn comments(
    store: &Store,
    fetcher: &mut Fetcher,
    id: RecordId,
    numbers: &HashMap<RecordId, usize>,
) -> anyhow::Result<Vec<String>> {
    let Some(view) = fetcher.view(store, id)? else { return Ok(Vec::new()) };
    let frame = |id: RecordId| match (numbers.get(&id), store.get(id)) {
        (Some(number), _) => number.to_string(),
        (None, Some(record)) => format!("{} of the original capture, which is not saved here", record.frame),
        (None, None) => crate::render::no_frame(id),
    };
    let findings = view.findings();
    let is_found = |rule: Rule| findings.iter().any(|finding| finding.rule == rule);
    let mut comments: Vec<String> = Vec::new();
    for comment in view.comments {
        match rule_of(comment) {
            Some(rule) if is_found(rule) => {}
            // What it names may not be saved here, and the frames that are have other numbers now.
            Some(_) => comments.push(format!("{BEFORE}{comment}")),
            None => comments.push(comment.clone()),
        }
    }
    for finding in findings {
        let reference = match finding.reference() {
            "-" | "" => String::new(),
            reference => format!(" ({reference})"),
        };
        let text = finding.text_with(&frame);
        let severity = field::severity(finding.severity);
        comments.push(format!("coapscope {severity}, {}: {text}{reference}", finding.rule.row().id));
    }
    Ok(comments)
}
