//! Messages of a capture as a capture of their own, with what is odd about each as a comment on its frame.

use std::collections::{HashMap, HashSet};
use std::{fmt, io};

use crate::capture::{CaptureError, FrameReader, PcapngWriter};
use crate::coap::{Rule, Severity};
use crate::field;
use crate::frame::{Position, is_known_time};
use crate::pipeline::Fetcher;
use crate::store::Store;
use crate::tracking::RecordId;

/// Why an excerpt could not be written.
#[derive(Debug)]
pub enum ExcerptError {
    /// The capture cannot be read.
    Capture(CaptureError),
    /// The excerpt cannot be written.
    Output(io::Error),
    /// It was to stop.
    Stopped,
}

impl fmt::Display for ExcerptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capture(error) => error.fmt(f),
            Self::Output(error) => error.fmt(f),
            Self::Stopped => f.write_str("it was stopped"),
        }
    }
}

impl std::error::Error for ExcerptError {}

impl From<CaptureError> for ExcerptError {
    fn from(error: CaptureError) -> Self {
        Self::Capture(error)
    }
}

impl From<io::Error> for ExcerptError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Chosen messages, and where their frames are.
pub struct Excerpt<'a> {
    store: &'a Store,
    fetcher: &'a Fetcher,
    places: Vec<Place>,
}

impl<'a> Excerpt<'a> {
    /// Of these messages, in the order of their frames; that takes long where several files are read, and ends where `stop` says so.
    ///
    /// # Errors
    /// Where the capture cannot be read, or it was to stop.
    pub fn new(
        store: &'a Store,
        fetcher: &'a Fetcher,
        chosen: &[RecordId],
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, ExcerptError> {
        Ok(Self { store, fetcher, places: places(store, fetcher.reader(), chosen, stop)? })
    }

    /// How many frames it has.
    pub fn frames(&self) -> usize {
        self.places.len()
    }

    /// Write it as pcapng.
    ///
    /// # Errors
    /// Where the capture cannot be read, or the excerpt not be written.
    pub fn write(&self, to: impl io::Write) -> Result<(), ExcerptError> {
        write(self.store, self.fetcher, &self.places, to)
    }
}

/// A frame to be saved, and the message whose findings stand on it.
struct Place {
    position: Position,
    record: Option<RecordId>,
}

/// All frames of these messages, each once, in the order of the capture.
fn places(
    store: &Store,
    reader: &FrameReader,
    chosen: &[RecordId],
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Place>, ExcerptError> {
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
        if stop() {
            return Err(ExcerptError::Stopped);
        }
        // Files were merged by time.
        let time = if files.len() > 1 { reader.read(place.position, 0, &mut buffer)?.time } else { 0 };
        keyed.push(((time, place.position.file, place.position.offset, place.record.is_none()), place));
    }
    keyed.sort_by_key(|(key, _)| *key);
    let mut places: Vec<Place> = keyed.into_iter().map(|(_, place)| place).collect();
    places.dedup_by_key(|place| (place.position.file, place.position.offset));
    Ok(places)
}

fn write(store: &Store, fetcher: &Fetcher, places: &[Place], to: impl io::Write) -> Result<(), ExcerptError> {
    let numbers: HashMap<RecordId, usize> =
        places.iter().enumerate().filter_map(|(at, place)| Some((place.record?, at + 1))).collect();
    let mut fetcher = fetcher.clone();
    let mut buffer = Vec::new();
    let program = concat!("coapscope ", env!("CARGO_PKG_VERSION"));
    let mut writer = PcapngWriter::new(to, program, fetcher.reader().origin())?;
    // They are of the section that they stand in.
    let secrets = fetcher.reader().secrets();
    secrets.iter().try_for_each(|secrets| writer.secrets(secrets))?;
    let mut interfaces: HashMap<u16, u32> = HashMap::new();
    for place in places {
        let frame = fetcher.reader().read(place.position, 0, &mut buffer)?;
        // A frame without a time is of the first interface of a section.
        let is_first = interfaces.get(&place.position.interface) == Some(&0);
        if !is_known_time(frame.time) && !is_first && !interfaces.is_empty() {
            writer.section()?;
            secrets.iter().try_for_each(|secrets| writer.secrets(secrets))?;
            interfaces.clear();
        }
        let number = match (interfaces.get(&place.position.interface), interface(store, place)) {
            (Some(number), _) => *number,
            (None, Some(interface)) => writer.interface(interface)?,
            (None, None) => continue,
        };
        let comments = match place.record {
            Some(id) => comments(store, &mut fetcher, id, &numbers)?,
            None => Vec::new(),
        };
        interfaces.insert(place.position.interface, number);
        writer.frame(number, frame.time, frame.original_length, frame.bytes, &comments)?;
    }
    writer.finish()?;
    Ok(())
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
) -> Result<Vec<String>, CaptureError> {
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
