//! A ladder drawn: its head, and line after line, as pieces of text with what they are.

use super::canvas::{Canvas, Kind, Part, Piece, Signs};
use super::columns::Columns;
use super::lanes::{Lane, LaneId, Lanes, place};
use super::row::{Fate, Row, short_end};
use super::slant::Slant;
use super::walk::{Entry, Line, pause};
use crate::render::Aliases;
use crate::render::time::brief;
use crate::render::wrap;
use crate::store::Store;
use unicode_width::UnicodeWidthStr;

/// Columns that an arrow stops short of its lane where nothing answers it.
const AIR: usize = 5;

/// What a ladder is drawn with.
pub struct Drawing<'a> {
    /// Where the columns are.
    pub columns: &'a Columns,
    /// Signs.
    pub signs: &'a Signs,
    /// Who has which lane.
    pub lanes: &'a Lanes,
    /// For endpoints.
    pub store: &'a Store,
    /// Names of endpoints.
    pub aliases: &'a Aliases,
    /// Columns in front of all are for a cursor.
    pub cursor: bool,
}

/// An arrow's two ends on the canvas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The lanes there are shown; else they are beyond an edge.
    seen: (bool, bool),
}

impl Ends {
    fn to_the_right(self) -> bool {
        self.to > self.from
    }

    /// Columns between them.
    pub(super) fn between(self) -> std::ops::Range<usize> {
        self.from.min(self.to) + 1..self.from.max(self.to)
    }
}

impl Drawing<'_> {
    /// The heads of the columns and lanes. `time`: what the times are.
    pub fn head(&self, time: &str) -> Vec<Piece> {
        let columns = self.columns;
        let mut canvas = Canvas::new(columns.width);
        self.left(&mut canvas, ["No", "!", time, "Delta"], Part::Head, Part::Head);
        let at: Vec<usize> = columns.shown.iter().map(|(_, column)| *column).collect();
        let (begin, end) = (columns.lanes.0, columns.lanes.0 + columns.lanes.1);
        // How many lanes are beyond stands in the margins, and a blank beside it.
        let beyond = self.beyond();
        let [left, right] = beyond.each_ref().map(|text| text.as_ref().map_or(0, |text| text.width() + 1));
        let (begin_heads, end_heads) = (begin + left, end.saturating_sub(right));
        for (index, (lane, column)) in columns.shown.iter().enumerate() {
            let before = index
                .checked_sub(1)
                .and_then(|index| at.get(index))
                .map_or(begin_heads, |other| (other + column) / 2 + 1);
            let behind = at.get(index + 1).map_or(end_heads, |other| (other + column) / 2);
            let room = behind.saturating_sub(before);
            let text = self.lane_head(*lane, room);
            let start =
                column.saturating_sub(text.width() / 2).clamp(before, behind.saturating_sub(text.width()).max(before));
            canvas.text(start, room, &text, Part::Head);
        }
        let ((first, last), [left, right]) = (columns.edges(), beyond);
        if let Some(text) = left {
            canvas.text(first, text.width(), &text, Part::Head);
        }
        if let Some(text) = right {
            canvas.text((last + 1).saturating_sub(text.width()), text.width(), &text, Part::Head);
        }
        let (note, wide) = columns.note;
        if columns.exchange > 0 {
            canvas.text(end + 1, columns.exchange, &format!("{:>1$}", "Ex", columns.exchange), Part::Head);
        }
        canvas.text(note, wide, "Note", Part::Head);
        canvas.finish()
    }

    /// How many lanes are beyond the edges, with the signs that point there.
    fn beyond(&self) -> [Option<String>; 2] {
        let ([left, right], (before, behind)) = (self.signs.beyond, self.columns.beyond);
        [(before, format!("{left}{before}")), (behind, format!("{behind}{right}"))]
            .map(|(count, text)| (count > 0).then_some(text))
    }

    fn lane_head(&self, lane: LaneId, room: usize) -> String {
        let Some(lane) = self.lanes.get(lane) else { return String::new() };
        let forms = self.lane_forms(lane);
        let fits = forms.iter().find(|form| form.width() < room.max(1));
        fits.map_or_else(|| wrap::fit(forms.last().map_or("", String::as_str), room).to_owned(), Clone::clone)
    }

    /// What stands over a lane, from the longest form to the shortest.
    fn lane_forms(&self, lane: &Lane) -> Vec<String> {
        let (store, by_host) = (self.store, self.lanes.by_host);
        let own = self.aliases.name(lane.first);
        let name = if self.is_group(lane) { format!("{own} group") } else { own.to_owned() };
        let mut forms = vec![format!("{name} {}", place(store, lane, by_host))];
        if let Some(endpoint) = store.endpoint(lane.first) {
            let several = by_host && lane.endpoints > 1;
            let bare = if several { crate::frame::Endpoint { port: 0, ..*endpoint } } else { *endpoint };
            if several {
                forms.push(format!("{name} {}", bare.address));
            }
            forms.push(format!("{name} {}", short_end(&bare)));
        }
        forms.extend([name, own.to_owned()]);
        forms
    }

    /// The columns to the left of the lanes.
    fn left(&self, canvas: &mut Canvas, [number, flag, time, delta]: [&str; 4], part: Part, flag_part: Part) {
        let columns = self.columns;
        let mut at = usize::from(self.cursor);
        let cells = [
            (number, columns.number, true, part),
            (flag, columns.flag, false, flag_part),
            (time, columns.time, true, part),
            (delta, columns.delta, true, part),
        ];
        for (text, wide, right, part) in cells.into_iter().filter(|(_, wide, ..)| *wide > 0) {
            let shift = if right { wide.saturating_sub(text.width()) } else { 0 };
            canvas.text(at + shift, wide - shift, text, part);
            at += wide + 1;
        }
    }

    /// A line. `time`: the time of a message.
    pub fn line(&self, entry: &Entry, time: &str, slants: &[Slant], selected: bool) -> Vec<Piece> {
        let mut canvas = Canvas::new(self.columns.width);
        let waiting = matches!(entry.line, Line::Pause(..) | Line::Tick(_));
        let lane = if waiting { self.signs.waiting } else { self.signs.lane };
        let part = if waiting { Part::Idle } else { Part::Lane };
        self.columns.shown.iter().for_each(|(_, column)| canvas.put(*column, lane, part));
        if selected && self.cursor && !waiting {
            canvas.put(0, self.signs.cursor, Part::Plain);
        }
        match &entry.line {
            Line::Pause(length, unseen) => {
                let text = format!(" {} ", pause(*length, *unseen));
                self.across(&mut canvas, &text, Part::Idle);
            }
            Line::Tick(at) => {
                let text = tick(*at);
                self.left(&mut canvas, ["", "", "", &text], Part::Idle, Part::Idle);
            }
            Line::Message(row) => {
                let delta = entry.delta.map(|delta| format!("+{}", brief(delta))).unwrap_or_default();
                let flag = row.severity.filter(|severity| *severity >= crate::coap::Severity::Warn);
                let flag = flag.map_or(if row.repeat { Part::Repeat } else { Part::Observe }, Part::Severity);
                self.left(&mut canvas, [&row.frame.to_string(), &row.flag, time, &delta], Part::Plain, flag);
                self.message(&mut canvas, row, slants);
                self.right(&mut canvas, row.exchange, &self.notes_of(row), flag);
            }
            Line::Fold(run) => {
                let delta = entry.delta.map(|delta| format!("+{}", brief(delta))).unwrap_or_default();
                let severity = run.severity.filter(|severity| *severity >= crate::coap::Severity::Warn);
                let part = severity.map_or(Part::Repeat, Part::Severity);
                let number = self.store.get(run.first).map(|record| record.frame.to_string()).unwrap_or_default();
                self.left(&mut canvas, [&number, &run.flag, time, &delta], Part::Plain, part);
                self.fold(&mut canvas, run);
                self.right(&mut canvas, run.exchange, &run.notes(), Part::Plain);
            }
        }
        canvas.finish()
    }

    /// A text in the middle of the lanes.
    fn across(&self, canvas: &mut Canvas, text: &str, part: Part) {
        let (begin, wide) = self.columns.lanes;
        let text = wrap::cut(text, wide);
        canvas.text(begin + wide.saturating_sub(text.width()) / 2, wide, &text, part);
    }

    /// The columns to the right of the lanes.
    fn right(&self, canvas: &mut Canvas, exchange: u32, notes: &[String], part: Part) {
        let columns = self.columns;
        let end = columns.lanes.0 + columns.lanes.1;
        if columns.exchange > 0 && exchange > 0 {
            let text = format!("{exchange:>0$}", columns.exchange);
            canvas.text(end + 1, columns.exchange, &text, Part::Plain);
        }
        let (at, wide) = columns.note;
        let shown: Vec<String> = notes.iter().map(|note| self.signs.show(note)).collect();
        let fitting = shown.iter().find(|note| note.width() <= wide);
        let text = fitting.cloned().or_else(|| shown.last().map(|note| wrap::cut(note, wide))).unwrap_or_default();
        canvas.text(at, wide, &text, if part == Part::Observe { Part::Plain } else { part });
    }

    /// Where the ends of an arrow are; `None` where both are beyond the same edge.
    pub(super) fn ends(&self, from: LaneId, to: LaneId) -> Option<Ends> {
        let (begin, last) = self.columns.edges();
        let edge = |lane| if self.columns.is_left(lane) { begin } else { last };
        let (x, y) = (self.columns.column(from), self.columns.column(to));
        if x.is_none() && y.is_none() && self.columns.is_left(from) == self.columns.is_left(to) {
            return None;
        }
        Some(Ends {
            from: x.unwrap_or_else(|| edge(from)),
            to: y.unwrap_or_else(|| edge(to)),
            seen: (x.is_some(), y.is_some()),
        })
    }

    fn message(&self, canvas: &mut Canvas, row: &Row, slants: &[Slant]) {
        if let Some(why) = &row.error {
            return self.across(
                canvas,
                &format!(" cannot be read: {why} "),
                Part::Severity(crate::coap::Severity::Error),
            );
        }
        let Some((from, to)) = self.store.get(row.id).and_then(|record| self.lanes.ends(self.store, &record)) else {
            return;
        };
        if from == to {
            return self.turn(canvas, row, from);
        }
        let reached = self.reached(row, from, to);
        let Some(widest) = reached.first().copied() else { return self.elsewhere_of(canvas, row, (from, to)) };
        let part = if row.repeat { Part::Repeat } else { Part::Arrow(row.kind) };
        let own = slants.iter().find(|slant| slant.own).map_or(0, |slant| slant.off);
        // The longest first: its line lies over no head of the others.
        reached.iter().for_each(|ends| self.arrow(canvas, row, *ends, part));
        if own > 0 {
            self.late(canvas, widest, own);
        }
        let reserved = slants
            .iter()
            .filter(|slant| slant.from == from && slant.to == to)
            .map(|slant| slant.off)
            .max()
            .unwrap_or(0);
        self.slants(canvas, slants, part);
        if reached.len() > 1 {
            self.group_label(canvas, row, &reached);
        } else {
            self.label(canvas, row, widest, reserved);
        }
    }

    /// Signs at the edges behind which an end is.
    fn beyond_edges(&self, canvas: &mut Canvas, ends: Ends, part: Part) {
        let [left, right] = self.signs.beyond;
        for (column, seen) in [(ends.from, ends.seen.0), (ends.to, ends.seen.1)] {
            if !seen {
                canvas.put(column, if column == self.columns.edges().0 { left } else { right }, part);
            }
        }
    }

    fn arrow(&self, canvas: &mut Canvas, row: &Row, ends: Ends, part: Part) {
        let right = ends.to_the_right();
        let between = ends.between();
        let head = self.signs.head(row.kind, right);
        self.beyond_edges(canvas, ends, part);
        let line = self.signs.line(row.kind);
        canvas.fill(between.clone(), line, part);
        let near = |off: usize| if right { ends.to.checked_sub(off) } else { Some(ends.to + off) };
        let mut put = |off: usize, sign: char| {
            if let Some(column) = near(off).filter(|column| between.contains(column)) {
                canvas.put(column, sign, part);
            }
        };
        if row.fate == Fate::Unanswered && between.len() > 2 * AIR {
            (1..AIR).for_each(|off| put(off, ' '));
            put(AIR - 2, '?');
            put(AIR, head);
        } else {
            put(1, if row.fate == Fate::Unanswered { '?' } else { head });
            if row.repeat {
                put(2, head);
            }
        }
    }

    /// A late message leaves its lane farther up: on its own row the arrow begins off the lane.
    fn late(&self, canvas: &mut Canvas, ends: Ends, off: usize) {
        for off in 1..off {
            let column = if ends.to_the_right() { ends.from + off } else { ends.from.saturating_sub(off) };
            if ends.between().contains(&column) {
                canvas.put(column, ' ', Part::Plain);
            }
        }
    }

    fn slants(&self, canvas: &mut Canvas, slants: &[Slant], part: Part) {
        let [left, right] = self.signs.slants;
        for slant in slants {
            let Some(ends) = self.ends(slant.from, slant.to) else { continue };
            let to_the_right = ends.to_the_right();
            let column = if to_the_right { ends.from + slant.off } else { ends.from.saturating_sub(slant.off) };
            if ends.between().contains(&column) {
                let part = if slant.own { part } else { Part::Arrow(Kind::NonConfirmable) };
                canvas.put(column, if to_the_right { right } else { left }, part);
            }
        }
    }

    /// The words of an arrow: on it, or where it is short, beside it.
    fn label(&self, canvas: &mut Canvas, row: &Row, ends: Ends, reserved: usize) {
        let long = row.fate == Fate::Unanswered && ends.between().len() > 2 * AIR;
        let head = if long { AIR } else { 1 + usize::from(row.repeat) };
        let (left, right) = if ends.to_the_right() { (reserved, head) } else { (head, reserved) };
        self.caption(canvas, ends, (left, right), row.label.wanted(), &|columns| self.words(row, columns));
    }

    /// Words between two lanes, `taken` columns at both ends left as they are; where fewer than `wanted` columns are left and there is
    /// more room beside, there.
    fn caption(
        &self,
        canvas: &mut Canvas,
        ends: Ends,
        taken: (usize, usize),
        wanted: usize,
        words: &dyn Fn(usize) -> Vec<Piece>,
    ) {
        let between = ends.between();
        let (left, right) = (taken.0.max(1), taken.1.max(1));
        // A blank on both sides.
        let inside = between.len().saturating_sub(left + right + 2);
        let (begin, last) = self.columns.edges();
        let sides = (between.start.saturating_sub(begin + 3), last.saturating_sub(between.end + 1));
        if inside >= wanted || inside >= sides.0.max(sides.1) {
            let words = words(inside);
            let wide = super::canvas::width(&words);
            if wide == 0 {
                return;
            }
            let start = between.start + left + 1 + (inside - wide) / 2;
            canvas.put(start - 1, ' ', Part::Plain);
            canvas.put(start + wide, ' ', Part::Plain);
            canvas.write(start, wide, &words);
        } else if sides.1 >= sides.0 {
            canvas.write(between.end + 2, sides.1 - 1, &words(sides.1 - 1));
        } else {
            let words = words(sides.0);
            let wide = super::canvas::width(&words);
            canvas.write((between.start - 2).saturating_sub(wide), wide, &words);
        }
    }

    /// The words that fit, with blanks between them.
    pub(super) fn words(&self, row: &Row, columns: usize) -> Vec<Piece> {
        let label = if self.signs.unicode { row.label.clone() } else { row.label.map(|text| self.signs.show(text)) };
        let mut pieces = Vec::new();
        for (word, part) in label.fit(columns) {
            if !pieces.is_empty() {
                pieces.push((" ".to_owned(), Part::Plain));
            }
            pieces.push((word, if row.repeat && matches!(part, Part::Arrow(_)) { Part::Repeat } else { part }));
        }
        pieces
    }

    /// From a lane to itself.
    fn turn(&self, canvas: &mut Canvas, row: &Row, lane: LaneId) {
        let part = if row.repeat { Part::Repeat } else { Part::Arrow(row.kind) };
        let Some(column) = self.columns.column(lane) else { return self.elsewhere_of(canvas, row, (lane, lane)) };
        let (begin, last) = self.columns.edges();
        let right = last.saturating_sub(column + 6);
        let left = column.saturating_sub(begin + 6);
        // Of an endpoint that talks to itself the lane's head tells.
        let record = self.store.get(row.id).filter(|record| record.source != record.destination);
        let ends = record
            .map(|record| format!("{}>{} ", self.aliases.name(record.source), self.aliases.name(record.destination)));
        let ends = ends.unwrap_or_default();
        let mut pieces = vec![(ends, part)];
        let room = right.max(left).saturating_sub(super::canvas::width(&pieces));
        pieces.extend(self.words(row, room));
        let wide = super::canvas::width(&pieces);
        if right >= left {
            canvas.put(column + 1, self.signs.heads[0], part);
            canvas.put(column + 2, self.signs.line(row.kind), part);
            canvas.put(column + 3, self.signs.turn, part);
            canvas.write(column + 5, right, &pieces);
        } else {
            canvas.put(column - 1, self.signs.heads[1], part);
            canvas.put(column - 2, self.signs.line(row.kind), part);
            canvas.write(column.saturating_sub(wide + 4), wide, &pieces);
        }
    }

    /// Both lanes of a message are beyond the same edge.
    fn elsewhere_of(&self, canvas: &mut Canvas, row: &Row, ends: (LaneId, LaneId)) {
        self.elsewhere(canvas, ends, Part::Arrow(row.kind), &|room| self.words(row, room));
    }

    /// Both lanes are beyond the same edge.
    fn elsewhere(
        &self,
        canvas: &mut Canvas,
        (from, to): (LaneId, LaneId),
        part: Part,
        words: &dyn Fn(usize) -> Vec<Piece>,
    ) {
        let (begin, last) = self.columns.edges();
        let [left, right] = self.signs.beyond;
        let is_left = self.columns.is_left(from);
        let name = |lane| self.lanes.get(lane).map_or("?", |lane: &Lane| self.aliases.name(lane.first));
        let mut pieces = vec![(format!("{}>{} ", name(from), name(to)), part)];
        let room = self.columns.lanes.1.saturating_sub(super::canvas::width(&pieces) + 3);
        pieces.extend(words(room));
        let wide = super::canvas::width(&pieces);
        if is_left {
            canvas.put(begin, left, part);
            canvas.write(begin + 2, wide, &pieces);
        } else {
            canvas.put(last, right, part);
            canvas.write(last.saturating_sub(wide + 1).max(begin), wide, &pieces);
        }
    }

    fn fold(&self, canvas: &mut Canvas, run: &super::run::Run) {
        let about = self.signs.show(&run.about);
        let pick = |room: usize| vec![(run.label(&about, room, self.columns.note.1 > 0), Part::Idle)];
        let (Some(client), Some(server)) = (self.lanes.of(run.client), self.lanes.of(run.server)) else { return };
        if client != server && self.ends(client, server).is_none() {
            return self.elsewhere(canvas, (client, server), Part::Idle, &pick);
        }
        let Some(ends) = self.ends(client, server).filter(|_| client != server) else {
            let words = super::canvas::plain(&pick(self.columns.lanes.1.saturating_sub(2)));
            return self.across(canvas, &format!(" {words} "), Part::Idle);
        };
        let between = ends.between();
        self.beyond_edges(canvas, ends, Part::Idle);
        canvas.fill(between.clone(), self.signs.fold, Part::Idle);
        canvas.put(between.start, self.signs.heads[0], Part::Idle);
        canvas.put(between.end.saturating_sub(1).max(between.start), self.signs.heads[1], Part::Idle);
        self.caption(canvas, ends, (2, 2), run.wanted(&about), &pick);
    }
}

/// A moment on a scale: `+4s`, `+5min`.
fn tick(at: i64) -> String {
    let seconds = at / 1_000_000_000;
    match seconds {
        ..120 => format!("+{seconds}s"),
        120..7200 if seconds % 60 == 0 => format!("+{}min", seconds / 60),
        7200.. if seconds % 3600 == 0 => format!("+{}h", seconds / 3600),
        _ => format!("+{}", brief(at)),
    }
}
