//! A message as a sheet for a handout: its figure, its fields and what is odd about it, then written as Markdown, HTML, SVG or LaTeX.

mod figure;
mod html;
mod latex;
mod markdown;
mod svg;

use std::collections::HashSet;

use super::annotated::{Detail, header_figure, lines_about};
use super::facts::properties;
use super::paint::Paint;
use super::payload_bytes;
use super::{message_tree, pattern, why_read_so};
use crate::coap::draft::other_reading;
use crate::coap::{Field, Finding, Message, count, escape, fields};
use crate::field::severity;
use crate::payload::About;
use figure::Figure;

pub use html::write as html;
pub use latex::write as latex;
pub use markdown::write as markdown;
pub use svg::write as svg;

/// Bytes of one field that are shown; the message itself has the rest.
const BYTES: usize = 64;
/// Bytes of a message that is shown whole above its fields.
const WHOLE: usize = 256;
/// Characters of a value.
const VALUE: usize = 200;

/// All that is said of a message. Every text is escaped for a terminal, and not yet for the form it is written in.
pub struct Sheet {
    /// `CON, 0.01 GET, MID 1, no token, 11 bytes`.
    title: String,
    /// The bytes of the message, those of a long one by their beginning.
    bytes: String,
    /// The header as the RFC draws it, in characters.
    header: Vec<String>,
    figure: Figure,
    /// Every field beside its bytes, in lines of 80 columns.
    dump: Vec<String>,
    rows: Vec<Row>,
    /// What the fields are for, once for each kind, with the source.
    lessons: Vec<Lesson>,
    values: Option<Values>,
    /// What the capture tells of the message: its exchange, what it answers or repeats.
    known: Vec<String>,
    findings: Vec<Oddity>,
    /// The same bytes read in another way, and why they may be.
    other: Option<(String, Box<Sheet>)>,
}

/// A field.
struct Row {
    depth: usize,
    /// Of its first byte.
    offset: usize,
    bytes: String,
    /// `..00 ....`, for a field that is not made of whole bytes.
    bits: String,
    name: String,
    value: String,
    meaning: String,
}

struct Lesson {
    /// Number of the first row of the kind.
    row: usize,
    name: &'static str,
    text: String,
    reference: &'static str,
}

/// The values of a payload with a structure.
struct Values {
    heading: String,
    rows: Vec<Value>,
}

struct Value {
    depth: usize,
    /// Place and bytes, where the value has some of its own.
    place: Option<(usize, String)>,
    text: String,
}

struct Oddity {
    severity: &'static str,
    id: &'static str,
    /// `at 0004 to 0009`; empty where no bytes are meant.
    place: String,
    text: String,
    reference: &'static str,
}

impl Sheet {
    /// The sheet of a message. `about`: what else is known for its payload; `known`: what the capture tells of it; `frame` prints
    /// the frame of a record.
    pub fn of(
        message: &Message<'_>,
        about: Option<About<'_>>,
        known: Vec<String>,
        findings: &[Finding],
        frame: &dyn Fn(u32) -> String,
    ) -> Self {
        let mut sheet = Self::reading(message, about);
        sheet.known = known;
        sheet.findings = findings.iter().map(|finding| oddity(finding, frame)).collect();
        sheet.other = other_reading(message).map(|other| {
            let why = format!("The other reading: {}. {}", other.mode().name(), why_read_so(other.mode()));
            (why, Box::new(Self::reading(&other, None)))
        });
        sheet
    }

    /// The same, of a message that is not there itself: `by` stands before its headline.
    pub fn quoted(self, by: String) -> Self {
        Self { title: by + &self.title, ..self }
    }

    /// Headline, figure and fields.
    fn reading(message: &Message<'_>, about: Option<About<'_>>) -> Self {
        let cut = if message.is_cut() { " captured, the rest was cut off" } else { "" };
        let title = format!("{}, {}{cut}", message_tree(message).value, count(message.bytes().len(), "byte"));
        let path = super::payload::path_of(message);
        let about = about.unwrap_or(About { path: &path, ..About::default() });
        let fields = fields(message);
        let mut maker = Maker { message, rows: Vec::new(), lessons: Vec::new(), explained: HashSet::new() };
        fields.iter().for_each(|field| maker.field(field, 0, true));
        Self {
            title,
            bytes: hex(message.bytes(), WHOLE),
            header: header_figure(message),
            figure: Figure::of(message, &fields),
            dump: lines_about(message, Some(about), Detail::Fields, Paint(false)),
            rows: maker.rows,
            lessons: maker.lessons,
            values: values(message, about),
            known: Vec::new(),
            findings: Vec::new(),
            other: None,
        }
    }
}

struct Maker<'a> {
    message: &'a Message<'a>,
    rows: Vec<Row>,
    lessons: Vec<Lesson>,
    explained: HashSet<&'static str>,
}

impl Maker<'_> {
    /// A field, then what is inside it. The value of an option means what the option means: that is said once.
    fn field(&mut self, field: &Field, depth: usize, with_meaning: bool) {
        let range = field.span.byte_range();
        let number = field.option.filter(|_| depth == 0 && !field.children.is_empty() && !field.is_broken_option());
        let name = number.map_or(field.name.to_owned(), |number| format!("{} (option {})", field.name, number.0));
        let value = if matches!(field.name, "Undecoded" | "Incomplete") { "" } else { field.value.as_str() };
        let meaning = if with_meaning && field.meaning != value { field.meaning.clone() } else { String::new() };
        let row = self.rows.len();
        self.rows.push(Row {
            depth,
            offset: range.start,
            bytes: hex(self.message.bytes().get(range).unwrap_or_default(), BYTES),
            bits: pattern(self.message.bytes(), field.span),
            name,
            value: shortened(value, VALUE),
            meaning,
        });
        if !field.explanation.is_empty() && self.explained.insert(field.name) {
            let mut text = field.explanation.to_owned();
            if let Some(number) = number.filter(|number| number.definition().is_some()) {
                text += &format!(" It is {}.", properties(number, self.message.mode()));
            }
            self.lessons.push(Lesson { row, name: field.name, text, reference: field.reference });
        }
        for child in &field.children {
            self.field(child, depth + 1, child.name != "Option Value");
        }
    }
}

fn values(message: &Message<'_>, about: About<'_>) -> Option<Values> {
    let made = payload_bytes::rows(message, about)?;
    let rows = made.rows.into_iter().map(|row| Value {
        depth: row.depth,
        place: (made.side_by_side && !row.bytes.is_empty())
            .then(|| (row.bytes.start, hex(message.bytes().get(row.bytes).unwrap_or_default(), BYTES))),
        text: row.text,
    });
    Some(Values { heading: made.heading, rows: rows.collect() })
}

fn oddity(finding: &Finding, frame: &dyn Fn(u32) -> String) -> Oddity {
    let bytes = finding.span.byte_range();
    let place = match bytes.len() {
        0 => String::new(),
        1 => format!("at {:04x}", bytes.start),
        _ => format!("at {:04x} to {:04x}", bytes.start, bytes.end - 1),
    };
    Oddity {
        severity: severity(finding.severity),
        id: finding.rule.row().id,
        place,
        text: escape::text(&finding.text_with(frame)).into_owned(),
        reference: finding.reference().trim_matches('-'),
    }
}

/// Bytes with blanks between them; of many the first, and how many there are.
fn hex(bytes: &[u8], most: usize) -> String {
    let shown: Vec<String> = bytes.iter().take(most).map(|byte| format!("{byte:02x}")).collect();
    let more = bytes.len().saturating_sub(most);
    let rest = if more > 0 { format!(" and {}", count(more, "more byte")) } else { String::new() };
    shown.join(" ") + &rest
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// A value and what it means, in one text.
fn said(row: &Row) -> String {
    match (row.value.as_str(), row.meaning.as_str()) {
        (value, "") => value.to_owned(),
        ("", meaning) => meaning.to_owned(),
        (value, meaning) => format!("{value} ({meaning})"),
    }
}
