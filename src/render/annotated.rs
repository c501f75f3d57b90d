//! The annotated dump: every field of a message beside its bytes and bits, for reading and for teaching. Fits 80 columns.

use std::collections::HashSet;

use super::facts::properties;
use super::hex::character;
use super::node::value_and_meaning;
use super::paint::{Ink, Paint};
use super::pattern;
use super::payload_bytes;
use super::wrap::wrap;
use crate::coap::{Field, Finding, Message, OptionNumber, count, escape, fields};
use crate::field::severity;
use crate::payload::About;

/// Columns of a line.
const WIDTH: usize = 80;
/// Bytes a line.
const PER_LINE: usize = 8;
/// Columns of offset and bytes.
const BYTES: usize = 2 + 4 + 2 + PER_LINE * 3 - 1 + 2;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Name, value and meaning of each field.
    Fields,
    /// Also, for each kind of field once, what it is for and where that is written.
    Teach,
}

/// The dump as lines.
pub fn lines(message: &Message<'_>, detail: Detail, paint: Paint) -> Vec<String> {
    lines_about(message, None, detail, paint)
}

/// The same of a message of which more is known.
pub fn lines_about(message: &Message<'_>, about: Option<About<'_>>, detail: Detail, paint: Paint) -> Vec<String> {
    let path = super::payload::path_of(message);
    let about = about.unwrap_or(About { path: &path, ..About::default() });
    let mut dump = Dump { message, about, detail, paint, printed: 0, explained: HashSet::new(), lines: Vec::new() };
    for field in fields(message) {
        dump.field(&field, 0);
    }
    dump.lines
}

struct Dump<'a> {
    message: &'a Message<'a>,
    about: About<'a>,
    detail: Detail,
    paint: Paint,
    /// Bytes that stand in the left column already.
    printed: usize,
    explained: HashSet<&'static str>,
    lines: Vec<String>,
}

impl Dump<'_> {
    fn field(&mut self, field: &Field, depth: usize) {
        let bits = pattern(self.message.bytes(), field.span);
        let range = field.span.byte_range();
        if field.name == "Payload" {
            self.payload(field);
            if self.detail == Detail::Teach {
                self.lines.push(String::new());
            }
            return;
        }
        // A field made of others shows the bytes of the first of them, which then need not show them again.
        let mut first = field;
        while let Some(inner) = first.children.first() {
            first = inner;
        }
        let end = if field.children.is_empty() { range.end } else { first.span.byte_range().end };
        let mut left = self.bytes(range.start, end);
        let mut right = self.text(field, &bits, depth);
        if self.detail == Detail::Teach {
            right.extend(self.lesson(field, depth));
        }
        let rows = left.len().max(right.len());
        left.resize(rows, String::new());
        right.resize(rows, (Ink::Plain, String::new()));
        for (left, (ink, text)) in left.into_iter().zip(right) {
            self.push(&left, ink, &text);
        }
        for child in &field.children {
            if child.name == "Option Value" {
                // The value means what the option means: once is enough.
                self.field(&Field { meaning: String::new(), ..child.clone() }, depth + 1);
            } else {
                self.field(child, depth + 1);
            }
        }
        if self.detail == Detail::Teach && depth == 0 && field.span.end().is_multiple_of(8) {
            self.lines.push(String::new());
        }
    }

    fn push(&mut self, left: &str, ink: Ink, right: &str) {
        let line = format!("{left:<BYTES$}");
        let line = if right.is_empty() { line.trim_end().to_owned() } else { line + &self.paint.paint(ink, right) };
        self.lines.push(line);
    }

    /// The left column: offset and bytes from `start` to `end` that were not shown yet.
    fn bytes(&mut self, start: usize, end: usize) -> Vec<String> {
        let start = start.max(self.printed);
        let bytes = self.message.bytes().get(start..end).unwrap_or_default();
        self.printed = self.printed.max(end);
        bytes
            .chunks(PER_LINE)
            .enumerate()
            .map(|(row, chunk)| {
                let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("  {:04x}  {}", start + row * PER_LINE, hex.join(" "))
            })
            .collect()
    }

    /// The right column: bits, name, value, meaning.
    fn text(&self, field: &Field, bits: &str, depth: usize) -> Vec<(Ink, String)> {
        let indent = " ".repeat(depth * 2);
        let width = WIDTH - BYTES - indent.len();
        let number = field.option.filter(|_| depth == 0 && !field.children.is_empty() && !field.is_broken_option());
        let mut text = match number {
            Some(number) => format!("{} (option {})", field.name, number.0),
            None => field.name.to_owned(),
        };
        if !bits.is_empty() {
            text = format!("{bits}  {text}");
        }
        let value =
            if matches!(field.name, "Undecoded" | "Incomplete") { String::new() } else { shortened(&field.value) };
        text += &value_and_meaning(&value, &field.meaning);
        let hanging = if bits.is_empty() { 2 } else { (bits.len() + 2).min(width / 2) };
        let mut lines = Vec::new();
        for (index, line) in wrap_hanging(&text, width, hanging).into_iter().enumerate() {
            let ink = if index == 0 && depth == 0 { Ink::Heading } else { Ink::Plain };
            lines.push((ink, format!("{indent}{line}")));
        }
        lines
    }

    /// What the field is for and where that is written, once for each kind of field.
    fn lesson(&mut self, field: &Field, depth: usize) -> Vec<(Ink, String)> {
        if field.explanation.is_empty() || !self.explained.insert(field.name) {
            return Vec::new();
        }
        let indent = " ".repeat(depth * 2 + 2);
        let mut sentence = field.explanation.to_owned();
        if let Some(number) = field.option.filter(|number| depth == 0 && number.definition().is_some()) {
            sentence += &format!(" It is {}.", properties(number, self.message.mode()));
        }
        if !field.reference.is_empty() {
            sentence += &format!(" [{}]", field.reference);
        }
        wrap(&sentence, WIDTH - BYTES - indent.len())
            .into_iter()
            .map(|line| (Ink::Faint, format!("{indent}{line}")))
            .collect()
    }

    /// The payload: its bytes with the characters beside them.
    fn payload(&mut self, field: &Field) {
        let payload = self.message.payload();
        let cut = if self.message.is_cut() { " captured, the rest was cut off" } else { "" };
        let format = match self.message.content_format() {
            _ if self.message.has(OptionNumber::OSCORE) => ", encrypted as OSCORE says".to_owned(),
            Some(format) => format!(", {format}"),
            None => String::new(),
        };
        let mut heading = vec![(Ink::Heading, format!("Payload: {}{cut}{format}", count(payload.len(), "byte")))];
        if self.detail == Detail::Teach {
            heading.extend(self.lesson(field, 0));
        }
        let range = field.span.byte_range();
        let values = payload_bytes::rows(self.message, self.about);
        if let Some(values) = values.as_ref().filter(|values| values.side_by_side) {
            heading.push((Ink::Plain, values.heading.clone()));
            self.headings(&heading);
            for row in &values.rows {
                self.row(row.bytes.start, row.bytes.end, row.depth, &row.text);
            }
            return self.row(range.end, range.end, 0, "");
        }
        let rows = self.bytes(range.start, range.end);
        let is_text = std::str::from_utf8(payload).is_ok() && self.message.option(OptionNumber::OSCORE).is_none();
        self.headings(&heading);
        for (row, chunk) in rows.iter().zip(payload.chunks(PER_LINE)) {
            let text: String =
                if is_text { chunk.iter().map(|byte| character(*byte)).collect() } else { String::new() };
            self.push(row, Ink::Plain, &if text.is_empty() { text } else { format!("  {text}") });
        }
        if let Some(values) = values {
            self.headings(&[(Ink::Plain, values.heading)]);
            for row in &values.rows {
                self.row(range.end, range.end, row.depth, &row.text);
            }
        }
    }

    /// Lines without bytes.
    fn headings(&mut self, lines: &[(Ink, String)]) {
        for (ink, line) in lines {
            for part in wrap(line, WIDTH - BYTES) {
                self.push("", *ink, &part);
            }
        }
    }

    /// Bytes that were not shown yet, those before `start` first, and what they mean.
    fn row(&mut self, start: usize, end: usize, depth: usize, text: &str) {
        for line in self.bytes(self.printed, start) {
            self.push(&line, Ink::Plain, "");
        }
        let indent = " ".repeat((depth * 2 + 2).min(20));
        let mut left = self.bytes(start, end);
        let mut right = if text.is_empty() { Vec::new() } else { wrap_hanging(text, WIDTH - BYTES - indent.len(), 2) };
        let rows = left.len().max(right.len());
        left.resize(rows, String::new());
        right.resize(rows, String::new());
        for (left, right) in left.iter().zip(right) {
            self.push(left, Ink::Plain, &if right.is_empty() { right } else { format!("{indent}{right}") });
        }
    }
}

/// A long value, such as a token of a thousand bytes, by its beginning: its bytes stand beside it anyway.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(120) {
        Some((at, _)) => format!("{}..", value.get(..at).unwrap_or(value)),
        None => value.to_owned(),
    }
}

fn wrap_hanging(text: &str, width: usize, hanging: usize) -> Vec<String> {
    let mut lines = wrap(text, width);
    if lines.len() > 1 {
        let first = lines.remove(0);
        let rest = text.get(first.len()..).unwrap_or_default().trim_start();
        lines = std::iter::once(first)
            .chain(wrap(rest, width - hanging).into_iter().map(|line| format!("{}{line}", " ".repeat(hanging))))
            .collect();
    }
    lines
}

/// The four bytes of the header as the RFC draws them, with the bits and what they say.
pub fn header_figure(message: &Message<'_>) -> Vec<String> {
    let Some((header, bytes)) = message.header().zip(message.bytes().first_chunk::<4>()) else { return Vec::new() };
    let word = u32::from_be_bytes(*bytes);
    let ruler = "+-".repeat(32) + "+";
    let edges = [0, 2, 4, 8, 16, 32];
    let row = |cells: [String; 5]| {
        let mut line = String::from("|");
        for (cell, edge) in cells.iter().zip(edges.windows(2)) {
            let [from, to] = edge else { continue };
            line += &format!("{cell:^width$}|", width = (to - from) * 2 - 1);
        }
        line
    };
    let bits = |from: usize, to: usize| {
        (from..to).map(|bit| if word >> (31 - bit) & 1 == 1 { "1" } else { "0" }).collect::<Vec<_>>().join(" ")
    };
    let mut all_bits = Vec::new();
    for edge in edges.windows(2) {
        if let [from, to] = edge {
            all_bits.push(bits(*from, *to));
        }
    }
    let third = if message.mode().is_draft() { "OC" } else { "TKL" };
    let code = match header.code.name() {
        Some(name) if name.len() <= 9 => format!("{} {name}", header.code),
        _ => header.code.to_string(),
    };
    vec![
        " 0                   1                   2                   3".into(),
        " 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1".into(),
        ruler.clone(),
        row(all_bits.try_into().unwrap_or_default()),
        row(["Ver", "T", third, "Code", "Message ID"].map(str::to_owned)),
        row([
            header.version.to_string(),
            header.message_type.abbreviation().into(),
            header.token_length.to_string(),
            code,
            header.message_id.to_string(),
        ]),
        ruler,
    ]
}

/// Findings as paragraphs of at most 80 columns: severity and name, what is said of the case, why, and where that is written.
pub fn finding_lines(findings: &[Finding], frame: &dyn Fn(u32) -> String, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        let row = finding.rule.row();
        let bytes = finding.span.byte_range();
        let place = match bytes.len() {
            0 => String::new(),
            1 => format!("at {:04x}", bytes.start),
            _ => format!("at {:04x} to {:04x}", bytes.start, bytes.end - 1),
        };
        let head = format!("{:<6}{}", severity(finding.severity), row.id);
        let gap = (WIDTH - 2).saturating_sub(head.len() + place.len()).max(2);
        lines.push(format!(
            "  {}{}{place}",
            paint.paint(Ink::of(finding.severity), &head),
            if place.is_empty() { String::new() } else { " ".repeat(gap) }
        ));
        lines.extend(
            wrap(&escape::text(&finding.text_with(frame)), WIDTH - 8).into_iter().map(|line| format!("        {line}")),
        );
        if finding.reference() != "-" {
            lines.push(format!("        {}", paint.paint(Ink::Faint, finding.reference())));
        }
    }
    lines
}
