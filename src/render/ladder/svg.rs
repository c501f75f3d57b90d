//! A ladder as a picture: SVG for a page or a slide. Arrows differ by line and head, not by colour alone.

use std::io::{self, Write};
use std::ops::Range;

use super::canvas::{Kind, plain};
use super::lanes::{LaneId, place};
use super::row::{Fate, Row, Source};
use super::run::Run;
use super::text::{shortened, widest_time};
use super::walk::{Entry, Ladder, Line, pause};
use crate::render::Aliases;
use crate::render::time::{TimeFormat, duration};
use crate::render::wrap;
use crate::tracking::RecordId;

/// Height of a row in pixels.
const ROW: usize = 26;
/// Height of what stands above the rows.
const HEAD: usize = 44;
/// Where frame numbers of so many letters end.
const NUMBER: (usize, usize) = (40, 5);
/// Behind them, where times of so many letters end, with a flag between.
const TIME: (usize, usize) = (100, 10);
/// Between the times and the first lane.
const MARGIN: usize = 30;
/// Between two lanes.
const GAP: usize = 300;
/// For the notes.
const NOTE: usize = 290;
/// Width of a letter of 12 pixels' height, in tenths of a pixel.
const LETTER: usize = 73;
/// Rows of a picture at most.
const ROWS: usize = 10_000;

/// The arrows' heads and the letters.
const STYLE: &str = "<style>text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#111;paint-order:stroke;stroke:#fff;stroke-width:3px}.q{fill:#555}.b{font-weight:bold}\
.l{stroke:#999}.c{stroke:#111;stroke-width:2.2}.n{stroke:#111;stroke-width:1.4;stroke-dasharray:7 4}.a{stroke:#111}\
.r{stroke:#b00020;stroke-width:1.6}.e{stroke:#b25900;stroke-dasharray:2 4}.f{stroke:#555;stroke-width:5;opacity:.45}\
.w{fill:#fff;stroke:none}.s{fill:#b00020}</style>\
<defs><marker id=\"h\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
<path d=\"M0 0L10 5L0 10z\"/></marker>\
<marker id=\"x\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"11\" markerHeight=\"11\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
<path d=\"M1 1L9 9M9 1L1 9\" stroke=\"#b00020\" stroke-width=\"2\"/></marker></defs>";

/// Writes the picture of the messages in a range, `limit` of them at most; answers how many were left out.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(
    ladder: &mut Ladder,
    source: &mut Source<'_>,
    aliases: &Aliases,
    range: &Range<RecordId>,
    (times, limit): (TimeFormat, usize),
    out: &mut dyn Write,
) -> io::Result<u64> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut shown, mut left) = (0, 0_u64);
    let mut item = ladder.item(source, range.start, range);
    let mut before = None;
    while let Some(here) = item {
        let messages = ladder.run(here).map_or(1, |run| run.messages);
        if shown + messages > limit || entries.len() >= ROWS || left > 0 {
            left += messages as u64;
        } else {
            entries.extend(ladder.lines(source, here, before));
            shown += messages;
        }
        before = Some(here);
        item = ladder.next(source, here, range);
    }
    let lanes: Vec<LaneId> = (0..ladder.lanes.all().len()).collect();
    let first = source.store.summary().first_time.unwrap_or(0);
    let frames = entries.iter().filter_map(|entry| source.store.get(entry.item.first)).map(|record| record.frame);
    let number = end_of(NUMBER, frames.max().unwrap_or(0).to_string().len());
    let time = number + end_of(TIME, widest_time(ladder.times(), times, first, true));
    let picture = Picture { ladder, source, aliases, lanes, entries: &entries, times, ends: (number, time) };
    picture.write(out)?;
    Ok(left)
}

struct Picture<'a, 'b> {
    ladder: &'a Ladder,
    source: &'a Source<'b>,
    aliases: &'a Aliases,
    lanes: Vec<LaneId>,
    entries: &'a [Entry],
    times: TimeFormat,
    /// Where frame numbers end, and times.
    ends: (usize, usize),
}

impl Picture<'_, '_> {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let end = self.left_edge() + self.lanes.len().saturating_sub(1) * GAP;
        let (width, height) = (end + 30 + NOTE, HEAD + self.entries.len() * ROW + ROW / 2);
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">"
        )?;
        writeln!(out, "{STYLE}\n<rect class=\"w\" width=\"{width}\" height=\"{height}\"/>")?;
        for (at, lane) in self.lanes.iter().enumerate() {
            let x = self.left_edge() + at * GAP;
            writeln!(out, "<line class=\"l\" x1=\"{x}\" y1=\"{HEAD}\" x2=\"{x}\" y2=\"{height}\"/>")?;
            if let Some(lane) = self.ladder.lanes.get(*lane) {
                let name = self.aliases.name(lane.first);
                let place = place(self.source.store, lane, self.ladder.lanes.by_host);
                text(out, (x, 16), "middle", "b", name)?;
                text(out, (x, 32), "middle", "", &wrap::cut(&place, letters(GAP)))?;
            }
        }
        for (index, entry) in self.entries.iter().enumerate() {
            let y = HEAD + index * ROW + ROW / 2;
            match &entry.line {
                Line::Pause(length, unseen) => self.pause(out, y, &pause(*length, *unseen))?,
                Line::Tick(at) => self.pause(out, y, &format!("+{}", duration(*at)))?,
                Line::Message(row) => {
                    self.left(out, y, entry, row.frame, &row.flag)?;
                    self.message(out, index, y, row)?;
                    self.note(out, y, &row.notes)?;
                }
                Line::Fold(run) => {
                    let frame = self.source.store.get(run.first).map_or(0, |record| record.frame);
                    self.left(out, y, entry, frame, &run.flag)?;
                    self.fold(out, y, run)?;
                    self.note(out, y, &run.notes())?;
                }
            }
        }
        writeln!(out, "</svg>")
    }

    /// Where the first lane is.
    fn left_edge(&self) -> usize {
        self.ends.1 + MARGIN
    }

    fn x(&self, lane: LaneId) -> usize {
        self.left_edge() + self.lanes.iter().position(|other| *other == lane).unwrap_or(0) * GAP
    }

    fn pause(&self, out: &mut dyn Write, y: usize, words: &str) -> io::Result<()> {
        text(out, (self.left_edge() + self.lanes.len().saturating_sub(1) * GAP / 2, y + 4), "middle", "q", words)
    }

    fn left(&self, out: &mut dyn Write, y: usize, entry: &Entry, frame: u32, flag: &str) -> io::Result<()> {
        let store = self.source.store;
        let at = store.get(entry.item.first).map_or(0, |record| record.time);
        let shown = self.times.show(at, store.summary().first_time.unwrap_or(0), entry.before);
        let (number, time) = self.ends;
        text(out, (number, y + 4), "end", "q", &frame.to_string())?;
        text(out, (number + 6, y + 4), "start", "s", flag)?;
        text(out, (time, y + 4), "end", "", shortened(&shown))
    }

    fn note(&self, out: &mut dyn Write, y: usize, notes: &[String]) -> io::Result<()> {
        let x = self.left_edge() + self.lanes.len().saturating_sub(1) * GAP + 20;
        let room = letters(NOTE);
        let note = notes.iter().find(|note| note.len() <= room).or(notes.last());
        note.map_or(Ok(()), |note| text(out, (x, y + 4), "start", "q", note))
    }

    fn message(&self, out: &mut dyn Write, index: usize, y: usize, row: &Row) -> io::Result<()> {
        let Some(record) = self.source.store.get(row.id) else { return Ok(()) };
        let Some((from, to)) = self.ladder.lanes.ends(self.source.store, &record) else { return Ok(()) };
        let (x1, x2) = (self.x(from), self.x(to));
        if from == to {
            let words = plain(&joined(&row.label.fit(letters(GAP - 40))));
            return text(out, (x1 + 8, y + 4), "start", "", &format!("\u{21ba} {words}"));
        }
        // A late message left before what overtook it.
        let overtaken =
            |entry: &Entry| matches!(&entry.line, Line::Message(other) if row.overtaken_by.contains(&other.id));
        let above = self.entries.iter().take(index).position(overtaken);
        let y1 = above.map_or(y, |above| HEAD + above * ROW);
        let right = x2 > x1;
        let air = row.fate == Fate::Unanswered;
        let end = match (air, right) {
            (false, _) => x2,
            (true, true) => x2 - 60,
            (true, false) => x2 + 60,
        };
        let (class, head) = match row.kind {
            Kind::Confirmable => ("c", "h"),
            Kind::NonConfirmable => ("n", "h"),
            Kind::Acknowledgement => ("a", "h"),
            Kind::Reset => ("r", "x"),
            Kind::Evidence => ("e", "h"),
        };
        writeln!(
            out,
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{end}\" y2=\"{y}\" marker-end=\"url(#{head})\"/>"
        )?;
        if air {
            text(out, (if right { end + 12 } else { end - 12 }, y + 4), "middle", "s", "?")?;
        }
        for endpoint in &row.answerers {
            if let Some(x) = self.ladder.lanes.of(*endpoint).map(|lane| self.x(lane)).filter(|x| *x != x2 && *x != x1) {
                writeln!(
                    out,
                    "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y}\" x2=\"{x}\" y2=\"{y}\" marker-end=\"url(#h)\"/>"
                )?;
            }
        }
        let words = plain(&joined(&row.label.fit(letters(x1.abs_diff(x2) - 24))));
        text(out, ((x1 + x2) / 2, y - 5), "middle", if row.repeat { "s" } else { "" }, &words)
    }

    fn fold(&self, out: &mut dyn Write, y: usize, run: &Run) -> io::Result<()> {
        let lanes = &self.ladder.lanes;
        let (Some(client), Some(server)) = (lanes.of(run.client), lanes.of(run.server)) else { return Ok(()) };
        let (x1, x2) = (self.x(client), self.x(server));
        writeln!(out, "<line class=\"f\" x1=\"{x1}\" y1=\"{y}\" x2=\"{x2}\" y2=\"{y}\"/>")?;
        let words = run.label(&run.about, letters(x1.abs_diff(x2).max(GAP) - 24), true);
        text(out, ((x1 + x2) / 2, y - 6), "middle", "", &words)
    }
}

/// Where a column ends in which so many letters have room, farther to the right where there are more.
fn end_of((pixels, room): (usize, usize), count: usize) -> usize {
    pixels + (count.saturating_sub(room) * LETTER).div_ceil(10)
}

/// Letters that so many pixels hold.
fn letters(pixels: usize) -> usize {
    pixels * 10 / LETTER
}

/// Pieces with blanks between them.
fn joined(words: &[super::canvas::Piece]) -> Vec<super::canvas::Piece> {
    let mut pieces = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            pieces.push((" ".to_owned(), word.1));
        }
        pieces.push(word.clone());
    }
    pieces
}

fn text(out: &mut dyn Write, (x, y): (usize, usize), anchor: &str, class: &str, words: &str) -> io::Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>", escaped(words))
}

/// A text in which nothing is markup.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(super::escaped("</text><script>\"&amp;"), "&lt;/text&gt;&lt;script&gt;&quot;&amp;amp;");
    }
}
