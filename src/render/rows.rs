//! Lines of messages laid out in columns: full where the output is kept, short enough for the terminal where it is read.

use std::borrow::Cow;

use super::line::{Line, parts_between};
use super::paint::{Ink, Paint};
use super::time::TimeFormat;
use super::wrap::cut;
use super::{Aliases, Node};
use crate::coap::Severity;
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
        Self { time, paint, width, first: None, previous: None, aliases: Aliases::default(), widths, names: Vec::new() }
    }

    /// What an endpoint is called.
    fn name(&mut self, id: EndpointId, view: &View<'_>) -> String {
        let made = || view.store.endpoint(id).map(ToString::to_string).unwrap_or_default();
        let place = id.0 as usize;
        if place >= NAMES {
            return made();
        }
        if place >= self.names.len() {
            self.names.resize(place + 1, None);
        }
        match self.names.get_mut(place) {
            Some(name) => name.get_or_insert_with(|| made().into()).clone().into(),
            None => made(),
        }
    }

    /// The lines of a message: its own, and before it, where endpoints are shown by alias, one that explains new ones.
    pub fn lines(&mut self, view: &View<'_>) -> Vec<String> {
        let first = *self.first.get_or_insert(view.store.summary().first_time.unwrap_or(view.record.time));
        let time = self.time.show(view.record.time, first, self.previous);
        self.previous = Some(view.record.time);
        let ends = [view.record.source, view.record.destination].map(|id| self.name(id, view));
        let mut line = parts_between(view, ends);
        match self.width {
            None => vec![self.full(&line, &time, view)],
            Some(width) => {
                let mut lines = Vec::new();
                if width < ROOM_FOR_ENDPOINTS {
                    lines.extend(self.introduce(view, &line));
                    line.source = self.aliases.name(view.record.source).into();
                    line.destination = self.aliases.name(view.record.destination).into();
                }
                lines.push(self.short(&line, &time, view, width));
                lines
            }
        }
    }

    /// A line that says which endpoints the aliases stand for, where one of them is new.
    fn introduce(&mut self, view: &View<'_>, line: &Line) -> Option<String> {
        let ends = [(view.record.source, &line.source), (view.record.destination, &line.destination)];
        let new: Vec<(EndpointId, &String)> =
            ends.into_iter().filter(|(endpoint, _)| self.aliases.name(*endpoint) == "?").collect();
        self.aliases.note(view.record);
        let named: Vec<String> =
            new.iter().map(|(endpoint, text)| format!("{} is {text}", self.aliases.name(*endpoint))).collect();
        (!named.is_empty()).then(|| self.paint.paint(Ink::Faint, &format!("# {}", named.join(", "))))
    }

    fn full(&mut self, line: &Line, time: &str, view: &View<'_>) -> String {
        let widths = &mut self.widths;
        widths.endpoint = widths.endpoint.max(line.source.len()).max(line.destination.len());
        widths.token = widths.token.max(line.token.len()).min(LONG_TOKEN);
        widths.code = widths.code.max(line.code.len()).min(LONG_CODE);
        let (endpoint, token, code) = (widths.endpoint, widths.token, widths.code);
        self.join(line, time, Some(endpoint), view, (token, code), None)
    }

    fn short(&mut self, line: &Line, time: &str, view: &View<'_>, width: usize) -> String {
        let widths = &mut self.widths;
        widths.endpoint = widths.endpoint.max(line.source.len()).max(line.destination.len());
        widths.token = widths.token.max(line.token.len()).min(TOKEN);
        widths.code = widths.code.max(line.code.len()).min(CODE);
        let (endpoint, token, code) = (widths.endpoint, widths.token, widths.code);
        let endpoint = (width >= ROOM_FOR_ENDPOINTS).then_some(endpoint);
        self.join(line, time, endpoint, view, (token, code), Some(width))
    }

    /// `endpoint`: columns of an endpoint; None where aliases stand for them.
    fn join(
        &mut self,
        line: &Line,
        time: &str,
        endpoint: Option<usize>,
        view: &View<'_>,
        (token, code): (usize, usize),
        width: Option<usize>,
    ) -> String {
        self.widths.time = self.widths.time.max(time.len());
        let mut text = String::with_capacity(TYPICAL);
        push_right(&mut text, &line.number, 5);
        text.push(' ');
        let left = text.len();
        self.push_painted(&mut text, flag_ink(view.record.severity()), &line.flag, 2);
        let begin = text.len();
        text.push(' ');
        push_right(&mut text, time, self.widths.time);
        text.push(' ');
        push_left(&mut text, &line.source, endpoint.unwrap_or(0));
        text.push_str(if endpoint.is_some() { " > " } else { ">" });
        push_left(&mut text, &line.destination, endpoint.unwrap_or(0));
        text.push(' ');
        // Evidence has no message ID, and a longer word than CON.
        if line.message_id.is_empty() {
            push_left(&mut text, &line.message_type, 9);
        } else {
            push_left(&mut text, &line.message_type, 3);
            text.push(' ');
            push_right(&mut text, &line.message_id, 5);
        }
        text.push(' ');
        push_left(&mut text, &shortened(&line.token, token), token);
        text.push(' ');
        let middle = text.len() - begin;
        let shown_code = shortened(&line.code, if width.is_some() { code } else { usize::MAX });
        self.push_painted(&mut text, code_ink(view), &shown_code, code);
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
        text
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

/// Bytes of a line, more or less.
const TYPICAL: usize = 192;

/// The text, cut to so many columns where it is longer.
fn shortened(text: &str, columns: usize) -> Cow<'_, str> {
    if text.len() <= columns { Cow::Borrowed(text) } else { Cow::Owned(cut(text, columns)) }
}

fn blanks(text: &mut String, part: &str, columns: usize) {
    (part.chars().count()..columns).for_each(|_| text.push(' '));
}

fn push_left(text: &mut String, part: &str, columns: usize) {
    text.push_str(part);
    blanks(text, part, columns);
}

fn push_right(text: &mut String, part: &str, columns: usize) {
    blanks(text, part, columns);
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
