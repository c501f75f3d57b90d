//! A ladder as text: who is who, what the arrows are, then line after line.

use std::io::{self, Write};
use std::ops::Range;

use super::canvas::{Part, Piece, Signs, width};
use super::columns::{Columns, Needs};
use super::draw::Drawing;
use super::lanes::{Ports, place};
use super::row::Source;
use super::slant::slants;
use super::walk::{Entry, Item, Ladder, Line};
use crate::coap::count;
use crate::render::Aliases;
use crate::render::paint::{Ink, Paint};
use crate::render::time::TimeFormat;
use crate::render::wrap;
use crate::tracking::RecordId;

/// Lines that are made at a time.
const PAGE: usize = 256;
/// Lines behind a page that are looked at for late messages, whose slants begin on it.
const AHEAD: usize = 8;
/// Lanes that are explained above the ladder.
const EXPLAINED: usize = 40;
/// Width from which times have microseconds.
const WIDE: usize = 104;

/// How a ladder is written.
#[derive(Clone, Copy, Debug)]
pub struct TextForm<'a> {
    /// Columns of a line.
    pub width: usize,
    /// What it is drawn with.
    pub signs: &'a Signs,
    /// Colours.
    pub paint: Paint,
    /// How times are shown.
    pub times: TimeFormat,
    /// Whether the ports of a host share a lane.
    pub ports: Ports,
    /// Messages that are shown at most.
    pub limit: usize,
    /// What is left out, in a sentence above the ladder.
    pub left_out: Option<&'a str>,
}

/// Writes the ladder of the messages in a range; answers how many messages of it were left out at the end.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(
    ladder: &mut Ladder,
    source: &mut Source<'_>,
    aliases: &Aliases,
    range: &Range<RecordId>,
    form: &TextForm<'_>,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let needs = needs(ladder, source, range, form);
    let bare = Columns::new(form.width, needs, &ladder.lanes, 0);
    ladder.lanes.arrange(form.ports, Columns::room(bare.lanes.1));
    ladder.lanes_changed();
    let columns = Columns::new(form.width, needs, &ladder.lanes, 0);
    let mut page = Page { columns: &columns, form, aliases, shown: 0 };
    page.explain(ladder, source, out)?;
    let mut next = ladder.item(source, range.start, range);
    while let Some(from) = next {
        next = page.write(ladder, source, from, range, out)?;
        if page.shown >= form.limit && next.is_some() {
            return Ok(left(ladder, source, next, range));
        }
    }
    Ok(0)
}

/// Messages from an item on.
fn left(ladder: &mut Ladder, source: &mut Source<'_>, from: Option<Item>, range: &Range<RecordId>) -> u64 {
    let mut count = 0;
    let mut item = from;
    while let Some(here) = item {
        count += ladder.run(here).map_or(1, |run| run.messages as u64);
        item = ladder.next(source, here, range);
    }
    count
}

fn needs(ladder: &Ladder, source: &Source<'_>, range: &Range<RecordId>, form: &TextForm<'_>) -> Needs {
    let last = range.end.checked_sub(1).and_then(|id| source.store.get(id));
    let digits = |number: u64| number.to_string().len();
    let first = source.store.summary().first_time.unwrap_or(0);
    let time = widest_time(ladder.times(), form.times, first, form.width < WIDE);
    Needs {
        number: last.map_or(0, |last| digits(u64::from(last.frame))).max(2),
        time: time.max(6),
        exchange: digits(source.store.summary().counters.exchanges),
        cursor: 0,
    }
}

/// Characters of the longest text for a time, where the earliest and the latest are these. `first`: what relative times count from;
/// `brief`: with milliseconds.
pub fn widest_time(times: Option<(i64, i64)>, format: TimeFormat, first: i64, brief: bool) -> usize {
    let Some((earliest, latest)) = times else { return 0 };
    let texts = [earliest, latest].map(|time| format.show(time, first, Some(earliest)));
    texts.iter().map(|text| if brief { shortened(text).len() } else { text.len() }).max().unwrap_or(0)
}

/// A time with milliseconds instead of microseconds.
pub fn shortened(time: &str) -> &str {
    time.rfind('.').and_then(|point| time.get(..point + 4)).unwrap_or(time)
}

/// The head of the column of times.
pub fn time_head(times: TimeFormat) -> &'static str {
    match times {
        TimeFormat::Relative => "Time",
        TimeFormat::Delta => "Delta",
        TimeFormat::Absolute => "Local",
        TimeFormat::AbsoluteDate => "Local date",
        TimeFormat::Utc => "UTC",
        TimeFormat::Epoch => "Epoch",
    }
}

struct Page<'a> {
    columns: &'a Columns,
    form: &'a TextForm<'a>,
    aliases: &'a Aliases,
    shown: usize,
}

impl Page<'_> {
    fn emit(&self, pieces: &[Piece], out: &mut dyn Write) -> io::Result<()> {
        let line: String = pieces.iter().map(|(text, part)| self.form.paint.paint(ink(*part), text)).collect();
        writeln!(out, "{line}")
    }

    /// What stands above the ladder.
    fn explain(&self, ladder: &Ladder, source: &Source<'_>, out: &mut dyn Write) -> io::Result<()> {
        let width = self.form.width;
        let lanes = ladder.lanes.all();
        for lane in lanes.iter().take(EXPLAINED) {
            let (name, place) = (self.aliases.name(lane.first), place(source.store, lane, ladder.lanes.by_host));
            let group = if self.drawing(ladder, source).is_group(lane) { ", a group" } else { "" };
            let text = format!("{name} = {place}{group}");
            self.emit(&[(wrap::cut(&text, width), Part::Plain)], out)?;
        }
        if lanes.len() > EXPLAINED {
            let text = format!("and {}", count(lanes.len() - EXPLAINED, "more lane"));
            self.emit(&[(wrap::cut(&text, width), Part::Plain)], out)?;
        }
        let beyond = self.columns.beyond.0 + self.columns.beyond.1;
        if beyond > 0 {
            let [_, right] = self.form.signs.beyond;
            let text = format!(
                "{beyond} of these lanes do not fit {width} columns: {right} leads there; coapscope flow --width N makes room"
            );
            for line in wrap::wrap(&text, width) {
                self.emit(&[(line, Part::Plain)], out)?;
            }
        }
        for line in self.form.left_out.iter().flat_map(|text| wrap::wrap(text, width)) {
            self.emit(&[(line, Part::Plain)], out)?;
        }
        let legend = legend(self.form.signs);
        if self::width(&legend) <= width {
            self.emit(&legend, out)?;
        }
        writeln!(out)?;
        let drawing = self.drawing(ladder, source);
        self.emit(&drawing.head(time_head(self.form.times)), out)
    }

    fn drawing<'a>(&'a self, ladder: &'a Ladder, source: &Source<'a>) -> Drawing<'a> {
        Drawing {
            columns: self.columns,
            signs: self.form.signs,
            lanes: &ladder.lanes,
            store: source.store,
            aliases: self.aliases,
            cursor: false,
        }
    }

    /// A page from an item on; answers the item behind it.
    fn write(
        &mut self,
        ladder: &mut Ladder,
        source: &mut Source<'_>,
        from: Item,
        range: &Range<RecordId>,
        out: &mut dyn Write,
    ) -> io::Result<Option<Item>> {
        let entries = ladder.page(source, from, range, PAGE + AHEAD);
        let slants = slants(&entries, &ladder.lanes, source.store);
        let first = source.store.summary().first_time.unwrap_or(0);
        for (entry, slants) in entries.iter().zip(&slants).take(self.whole(&entries)) {
            if self.shown >= self.form.limit {
                return Ok(Some(entry.item));
            }
            let time = source.store.get(entry.item.first).map_or(0, |record| record.time);
            let whole = self.form.times.show(time, first, entry.before);
            let text = if self.form.width < WIDE { shortened(&whole) } else { &whole };
            self.emit(&self.drawing(ladder, source).line(entry, text, slants, false), out)?;
            if matches!(entry.line, Line::Message(_) | Line::Fold(_)) {
                self.shown += ladder.run(entry.item).map_or(1, |run| run.messages);
            }
        }
        Ok(entries.get(self.whole(&entries)).map(|entry| entry.item))
    }

    /// How many lines of a page are written: so many that no item is torn.
    fn whole(&self, entries: &[Entry]) -> usize {
        if entries.len() < PAGE + AHEAD {
            return entries.len();
        }
        let mut at = PAGE;
        while at > 1 && entries.get(at).map(|entry| entry.item) == entries.get(at - 1).map(|entry| entry.item) {
            at -= 1;
        }
        at
    }
}

/// What the arrows are.
pub fn legend(signs: &Signs) -> Vec<Piece> {
    let [confirmable, non_confirmable, acknowledgement, _] = signs.lines;
    let [_, head] = signs.heads;
    let text = format!(
        "CON {confirmable}{confirmable}{head}  NON {non_confirmable}{non_confirmable}{head}  ACK {acknowledgement}{acknowledgement}{head}  RST {acknowledgement}{acknowledgement}X  copy {confirmable}{head}{head}  no answer {confirmable}{head} ?"
    );
    vec![(text, Part::Plain)]
}

/// The ink of a piece.
fn ink(part: Part) -> Ink {
    use super::canvas::Kind;
    match part {
        Part::Plain | Part::Arrow(Kind::NonConfirmable | Kind::Acknowledgement) => Ink::Plain,
        Part::Lane | Part::Idle => Ink::Faint,
        Part::Head | Part::Arrow(Kind::Confirmable) => Ink::Heading,
        Part::Arrow(Kind::Reset) => Ink::Error,
        Part::Arrow(Kind::Evidence) => Ink::Warn,
        Part::Code(code) if code.is_error() => Ink::Error,
        Part::Code(code) if code.is_success() => Ink::Good,
        Part::Code(_) => Ink::Plain,
        Part::Repeat | Part::Observe => Ink::Note,
        Part::Severity(severity) => Ink::of(severity),
    }
}
