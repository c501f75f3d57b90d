//! Lines of messages laid out in columns: full where the output is kept, short enough for the terminal where it is read.

use std::borrow::Cow;

use super::line::{Line, flag, push_code, push_link, push_observe, push_summary};
use super::paint::{Ink, Paint};
use super::time::TimeFormat;
use super::wrap::cut;
use super::{Aliases, Node};
use crate::coap::{Severity, escape};
use crate::store::View;
use crate::tracking::EndpointId;

/// Below this width endpoints are shown by their aliases, which a line before their first message explains.
const ROOM_FOR_ENDPOINTS: usize = 120;
/// Columns that a code may take on a terminal.
const CODE: usize = 12;
/// Columns that a token may take on a terminal.
const TOKEN: usize = 8;
/// Columns that a code may take where lines are long.
const LONG_CODE: usize = 23;
/// Columns that a token may take where lines are long: 8 bytes, which is all that RFC 7252 allows, and two dots.
const LONG_TOKEN: usize = 18;

/// Lays out line after line; columns grow with what they have seen, and never shrink.
#[derive(Clone, Debug)]
pub struct Rows {
    time: TimeFormat,
    paint: Paint,
    /// Columns of the terminal; None where lines may be of any length.
    width: Option<usize>,
    first: Option<i64>,
    previous: Option<i64>,
    aliases: Aliases,
    widths: Widths,
    /// What endpoints are called, by number: the same few speak all the time.
    names: Vec<Option<Box<str>>>,
    /// The present message, and its lines.
    line: Line,
    time_text: String,
    text: String,
}

/// Endpoints whose names are kept.
const NAMES: usize = 1 << 16;

#[derive(Clone, Debug, Default)]
struct Widths {
    time: usize,
    endpoint: usize,
    token: usize,
    code: usize,
}

impl Rows {
    /// Rows for a terminal of `width` columns, or of any length.
    pub fn new(time: TimeFormat, paint: Paint, width: Option<usize>) -> Self {
        let widths = Widths { time: 8, endpoint: 15, token: 4, code: CODE };
        Self {
            time,
            paint,
            width,
            first: None,
            previous: None,
            aliases: Aliases::default(),
            widths,
            names: Vec::new(),
            line: Line::default(),
            time_text: String::new(),
            text: String::new(),
        }
    }

    /// Appends what an endpoint is called.
    fn name(&mut self, id: EndpointId, view: &View<'_>, into: &mut String) {
        let made = || view.store.endpoint(id).map(ToString::to_string).unwrap_or_default();
        let place = id.0 as usize;
        if place >= self.names.len() && place < NAMES {
            self.names.resize(place + 1, None);
        }
        match self.names.get_mut(place) {
            Some(name) => into.push_str(name.get_or_insert_with(|| made().into())),
            None => into.push_str(&made()),
        }
    }

    /// The lines of a message, each with its end: its own, and before it, where endpoints are shown by alias, one that explains new ones.
    pub fn lines(&mut self, view: &View<'_>) -> &str {
        let (mut time, mut text) = (std::mem::take(&mut self.time_text), std::mem::take(&mut self.text));
        time.clear();
        text.clear();
        let first = *self.first.get_or_insert(view.store.summary().first_time.unwrap_or(view.record.time));
        self.time.push(&mut time, view.record.time, first, self.previous);
        self.previous = Some(view.record.time);
        self.widths.time = self.widths.time.max(time.len());
        match self.width {
            None if !self.paint.0 && view.is_message() => self.plain(&mut text, &time, view),
            width => self.laid_out(&mut text, &time, view, width),
        }
        (self.time_text, self.text) = (time, text);
        &self.text
    }

    /// Appends the line of a message as [`Rows::laid_out`] does, where it may be of any length and has no colours: straight from the message.
    fn plain(&mut self, text: &mut String, time: &str, view: &View<'_>) {
        let mut buffer = itoa::Buffer::new();
        push_right(text, buffer.format(view.record.frame), 5);
        text.push(' ');
        push_left(text, &flag(&view.record), 2);
        text.push(' ');
        push_right(text, time, self.widths.time);
        text.push(' ');
        let mut line = std::mem::take(&mut self.line);
        line.source.clear();
        line.destination.clear();
        self.name(view.record.source, view, &mut line.source);
        self.name(view.record.destination, view, &mut line.destination);
        self.widths.endpoint = self.widths.endpoint.max(line.source.len()).max(line.destination.len());
        push_left(text, &line.source, self.widths.endpoint);
        text.push_str(" > ");
        push_left(text, &line.destination, self.widths.endpoint);
        text.push(' ');
        self.line = line;
        let header = view.message.header();
        match &header {
            None => push_left(text, "", 9),
            Some(header) => {
                text.push_str(header.message_type.abbreviation());
                text.push(' ');
                push_right(text, buffer.format(header.message_id), 5);
            }
        }
        text.push(' ');
        let token = view.message.token().unwrap_or_default();
        self.widths.token = self.widths.token.max(token.len() * 2).min(LONG_TOKEN);
        let start = text.len();
        if token.len() * 2 <= self.widths.token {
            escape::push_hex(text, token);
        } else {
            text.push_str(&cut(&escape::hex(token), self.widths.token));
        }
        pad(text, start, self.widths.token);
        text.push(' ');
        let start = text.len();
        if let Some(header) = header {
            push_code(text, view.record.role, header);
        }
        self.widths.code = self.widths.code.max(text.len() - start).min(LONG_CODE);
        pad(text, start, self.widths.code);
        text.push(' ');
        push_rest(text, view);
        text.truncate(text.trim_end().len());
        text.push('\n');
    }

    /// Appends a line in its columns, and before it the one that explains new aliases.
    fn laid_out(&mut self, text: &mut String, time: &str, view: &View<'_>, width: Option<usize>) {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        self.name(view.record.source, view, &mut line.source);
        self.name(view.record.destination, view, &mut line.destination);
        line.fill(view);
        match width {
            None => self.full(text, &line, time, view),
            Some(width) => {
                if width < ROOM_FOR_ENDPOINTS {
                    if let Some(introduction) = self.introduce(view, &line) {
                        text.push_str(&introduction);
                        text.push('\n');
                    }
                    line.source = self.aliases.name(view.record.source).into();
                    line.destination = self.aliases.name(view.record.destination).into();
                }
                self.short(text, &line, time, view, width);
            }
        }
        self.line = line;
    }

    /// A line that says which endpoints the aliases stand for, where one of them is new.
    fn introduce(&mut self, view: &View<'_>, line: &Line) -> Option<String> {
        let ends = [(view.record.source, &line.source), (view.record.destination, &line.destination)];
        let new: Vec<(EndpointId, &String)> =
            ends.into_iter().filter(|(endpoint, _)| self.aliases.name(*endpoint) == "?").collect();
        self.aliases.note(&view.record);
        let named: Vec<String> =
            new.iter().map(|(endpoint, text)| format!("{} is {text}", self.aliases.name(*endpoint))).collect();
        (!named.is_empty()).then(|| self.paint.paint(Ink::Faint, &format!("# {}", named.join(", "))))
    }

    fn full(&mut self, text: &mut String, line: &Line, time: &str, view: &View<'_>) {
        let widths = &mut self.widths;
        widths.endpoint = widths.endpoint.max(line.source.len()).max(line.destination.len());
        widths.token = widths.token.max(line.token.len()).min(LONG_TOKEN);
        widths.code = widths.code.max(line.code.len()).min(LONG_CODE);
        let (endpoint, token, code) = (widths.endpoint, widths.token, widths.code);
        self.join(text, line, time, Some(endpoint), view, (token, code), None);
    }

    fn short(&mut self, text: &mut String, line: &Line, time: &str, view: &View<'_>, width: usize) {
        let widths = &mut self.widths;
        widths.endpoint = widths.endpoint.max(line.source.len()).max(line.destination.len());
        widths.token = widths.token.max(line.token.len()).min(TOKEN);
        widths.code = widths.code.max(line.code.len()).min(CODE);
        let (endpoint, token, code) = (widths.endpoint, widths.token, widths.code);
        let endpoint = (width >= ROOM_FOR_ENDPOINTS).then_some(endpoint);
        self.join(text, line, time, endpoint, view, (token, code), Some(width));
    }

    /// Appends a line. `endpoint`: columns of an endpoint; None where aliases stand for them.
    #[expect(clippy::too_many_arguments, reason = "the parts of one line")]
    fn join(
        &mut self,
        text: &mut String,
        line: &Line,
        time: &str,
        endpoint: Option<usize>,
        view: &View<'_>,
        (token, code): (usize, usize),
        width: Option<usize>,
    ) {
        let start = text.len();
        push_right(text, &line.number, 5);
        text.push(' ');
        let left = text.len() - start;
        self.push_painted(text, flag_ink(view.record.severity()), &line.flag, 2);
        let begin = text.len();
        text.push(' ');
        push_right(text, time, self.widths.time);
        text.push(' ');
        push_left(text, &line.source, endpoint.unwrap_or(0));
        text.push_str(if endpoint.is_some() { " > " } else { ">" });
        push_left(text, &line.destination, endpoint.unwrap_or(0));
        text.push(' ');
        // Evidence has no message ID, and a longer word than CON.
        if line.message_id.is_empty() {
            push_left(text, &line.message_type, 9);
        } else {
            push_left(text, &line.message_type, 3);
            text.push(' ');
            push_right(text, &line.message_id, 5);
        }
        text.push(' ');
        push_left(text, &shortened(&line.token, token), token);
        text.push(' ');
        let middle = text.len() - begin;
        let shown_code = shortened(&line.code, if width.is_some() { code } else { usize::MAX });
        self.push_painted(text, code_ink(view), &shown_code, code);
        text.push(' ');
        if let Some(width) = width {
            let used = left + 2 + middle + shown_code.len().max(code);
            text.push_str(&fit(line, width.saturating_sub(used + 1)));
        } else {
            let parts = [&line.observe, &line.summary, &line.link].into_iter().filter(|part| !part.is_empty());
            for (index, part) in parts.enumerate() {
                text.push_str(if index > 0 { "  " } else { "" });
                text.push_str(part);
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }

    /// A text in so many columns, in its colour where there are colours.
    fn push_painted(&self, text: &mut String, ink: Ink, part: &str, columns: usize) {
        if self.paint.0 {
            text.push_str(&self.paint.paint(ink, &format!("{part:<columns$}")));
        } else {
            push_left(text, part, columns);
        }
    }
}

/// The text, cut to so many columns where it is longer.
fn shortened(text: &str, columns: usize) -> Cow<'_, str> {
    if text.len() <= columns { Cow::Borrowed(text) } else { Cow::Owned(cut(text, columns)) }
}

/// Appends Observe, summary and link, as far as there are such, with two blanks between them.
fn push_rest(text: &mut String, view: &View<'_>) {
    let start = text.len();
    if let Some(number) = view.message.observe() {
        push_observe(text, view, number);
    }
    for push in [push_summary, push_link] {
        let before = text.len();
        text.push_str(if before > start { "  " } else { "" });
        let begin = text.len();
        push(text, view);
        if text.len() == begin {
            text.truncate(before);
        }
    }
}

/// More than any column has.
const BLANKS: &str = "                                                                ";

/// Appends blanks, so many.
fn blanks(text: &mut String, mut left: usize) {
    while left > 0 {
        let blanks = BLANKS.get(..left).unwrap_or(BLANKS);
        text.push_str(blanks);
        left -= blanks.len();
    }
}

/// Appends blanks behind the part that begins at `start`, up to so many columns.
fn pad(text: &mut String, start: usize, columns: usize) {
    blanks(text, columns.saturating_sub(text.len() - start));
}

fn characters(part: &str) -> usize {
    if part.is_ascii() { part.len() } else { part.chars().count() }
}

fn push_left(text: &mut String, part: &str, columns: usize) {
    text.push_str(part);
    blanks(text, columns.saturating_sub(characters(part)));
}

fn push_right(text: &mut String, part: &str, columns: usize) {
    blanks(text, columns.saturating_sub(characters(part)));
    text.push_str(part);
}

/// Observe, link and as much of the summary as fits: what relates a message to others is kept before what it carries.
fn fit(line: &Line, room: usize) -> String {
    let observe = line.observe.replace("Observe", "Obs");
    let link = compact(&line.link);
    let taken: usize = [&observe, &link].iter().filter(|part| !part.is_empty()).map(|part| part.len() + 1).sum();
    let summary = match room.saturating_sub(taken) {
        // A path or payload of three letters tells nothing.
        left if left < 4 && taken > 0 => String::new(),
        left => cut(&line.summary, left),
    };
    let parts = [observe, summary, link];
    cut(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "), room)
}

/// The duration at the end of a link without its space: `re #1 302us`.
fn compact(link: &str) -> String {
    match link.rsplit_once(' ') {
        Some((before, unit))
            if before.ends_with(|c: char| c.is_ascii_digit()) && unit.chars().all(char::is_alphabetic) =>
        {
            format!("{before}{unit}")
        }
        _ => link.to_owned(),
    }
}

fn flag_ink(severity: Option<Severity>) -> Ink {
    match severity {
        Some(severity @ (Severity::Error | Severity::Warn)) => Ink::of(severity),
        _ => Ink::Note,
    }
}

fn code_ink(view: &View<'_>) -> Ink {
    let code = view.record.code;
    match () {
        () if !view.is_message() => Ink::Warn,
        () if code.is_error() => Ink::Error,
        () if code.is_success() => Ink::Good,
        () => Ink::Plain,
    }
}

/// A tree as indented lines, what it is rooted in left out.
pub fn tree_lines(root: &Node, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    root.walk(&mut |node, depth| {
        let ink = match (node.kind, node.severity) {
            (super::NodeKind::Finding, Some(severity)) => Ink::of(severity),
            (super::NodeKind::Layer, _) => Ink::Heading,
            (super::NodeKind::Generated, _) => Ink::Faint,
            _ => Ink::Plain,
        };
        let indent = "    ".repeat(depth);
        let mut text = node.text();
        if node.kind == super::NodeKind::Finding && !node.reference.is_empty() && node.reference != "-" {
            text += &format!(" ({})", node.reference);
        }
        lines.push(format!("{indent}{}", paint.paint(ink, &text)));
        if node.kind == super::NodeKind::Finding && node.explanation != node.value {
            lines.push(format!("{indent}    {}", paint.paint(Ink::Faint, &node.explanation)));
        }
    });
    lines
}
