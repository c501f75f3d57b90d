//! A ladder as a Mermaid sequence diagram: plain arrows for CON, open ones for NON, dashed ones for ACK, crosses for RST and for what
//! was never answered.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

use super::canvas::Kind;
use super::lanes::{LaneId, Lanes, place};
use super::row::{Fate, Row, Source};
use super::run::Run;
use super::walk::{Entry, Item, Ladder, Line, pause};
use crate::render::Aliases;
use crate::tracking::RecordId;

/// Characters of a diagram that renderers accept: the default of Mermaid's `maxTextSize` is 50,000.
const LIMIT: usize = 50_000;
/// Those who answered a multicast are named up to so many, else counted.
const NAMED: usize = 12;
/// Characters that are kept for the note that says what was cut.
const RESERVED: usize = 200;

/// What a diagram came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Messages in it, those in folds counted.
    pub shown: u64,
    /// Messages that it had no room for.
    pub cut: u64,
}

/// Writes the diagram of the messages in a range, as many as `limit` and a renderer allow.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(
    ladder: &mut Ladder,
    source: &mut Source<'_>,
    aliases: &Aliases,
    range: &Range<RecordId>,
    limit: usize,
    out: &mut dyn Write,
) -> io::Result<Written> {
    let mut diagram = Diagram { aliases, body: String::new(), used: BTreeSet::new(), written: Written::default() };
    let mut item = ladder.item(source, range.start, range);
    let mut before = None;
    while let Some(here) = item {
        let entries = ladder.lines(source, here, before);
        if diagram.written.cut > 0 || !diagram.add(ladder, source, here, &entries, limit) {
            diagram.written.cut += ladder.run(here).map_or(1, |run| run.messages as u64);
        }
        before = Some(here);
        item = ladder.next(source, here, range);
    }
    diagram.finish(&ladder.lanes, source, out)
}

struct Diagram<'a> {
    aliases: &'a Aliases,
    body: String,
    used: BTreeSet<LaneId>,
    written: Written,
}

impl Diagram<'_> {
    /// Adds the lines of an item; false where they do not fit any more.
    fn add(&mut self, ladder: &Ladder, source: &Source<'_>, item: Item, entries: &[Entry], limit: usize) -> bool {
        let messages = ladder.run(item).map_or(1, |run| run.messages as u64);
        let mut text = String::new();
        let mut used = BTreeSet::new();
        for entry in entries {
            match &entry.line {
                Line::Message(row) => self.message(row, &ladder.lanes, source, &mut text, &mut used),
                Line::Fold(run) => self.fold(run, &ladder.lanes, &mut text, &mut used),
                Line::Pause(length, unseen) => self.pause(&pause(*length, *unseen), &ladder.lanes, &mut text),
                Line::Tick(_) => {}
            }
        }
        let lanes = self.used.union(&used).count();
        let fits = self.body.len() + text.len() + lanes * 80 + RESERVED <= LIMIT;
        if !fits || self.written.shown + messages > limit as u64 {
            return false;
        }
        self.used.append(&mut used);
        self.body.push_str(&text);
        self.written.shown += messages;
        true
    }

    fn name(&self, lanes: &Lanes, lane: LaneId) -> String {
        lanes.get(lane).map_or_else(|| "x".into(), |lane| identifier(self.aliases.name(lane.first)))
    }

    fn message(&self, row: &Row, lanes: &Lanes, source: &Source<'_>, text: &mut String, used: &mut BTreeSet<LaneId>) {
        let Some((from, to)) = source.store.get(row.id).and_then(|record| lanes.ends(source.store, &record)) else {
            return;
        };
        used.extend([from, to]);
        let words = match &row.error {
            Some(why) => format!("cannot be read: {why}"),
            None => row.label.text(),
        };
        let (from, to) = (self.name(lanes, from), self.name(lanes, to));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {from}{}{to}: {}", arrow(row), escaped(&format!("{}. {words}", row.frame)));
        let mut notes = row.notes.first().cloned().unwrap_or_default();
        if !row.answerers.is_empty() {
            let names: Vec<&str> = row.answerers.iter().map(|endpoint| self.aliases.name(*endpoint)).collect();
            notes = match names.len() {
                ..=NAMED => format!("answered by {}", names.join(", ")),
                many => format!("answered by {many}"),
            };
        }
        if !notes.is_empty() {
            let _ = writeln!(text, "    Note over {from}: {}", escaped(&notes.replace('#', "frame ")));
        }
    }

    fn fold(&self, run: &Run, lanes: &Lanes, text: &mut String, used: &mut BTreeSet<LaneId>) {
        let (Some(client), Some(server)) = (lanes.of(run.client), lanes.of(run.server)) else { return };
        used.extend([client, server]);
        let note = run.notes().into_iter().next().unwrap_or_default();
        let over = if client == server {
            self.name(lanes, client)
        } else {
            format!("{},{}", self.name(lanes, client), self.name(lanes, server))
        };
        let _ = writeln!(text, "    Note over {over}: {}", escaped(&format!("{}, {note}", run.words())));
    }

    /// A pause stands over all who have spoken so far.
    fn pause(&self, words: &str, lanes: &Lanes, text: &mut String) {
        let (Some(first), Some(last)) = (self.used.first(), self.used.last()) else { return };
        let _ = writeln!(text, "    Note over {},{}: {words}", self.name(lanes, *first), self.name(lanes, *last));
    }

    fn finish(self, lanes: &Lanes, source: &Source<'_>, out: &mut dyn Write) -> io::Result<Written> {
        writeln!(out, "sequenceDiagram")?;
        for lane in &self.used {
            let Some(known) = lanes.get(*lane) else { continue };
            let description =
                format!("{} {}", self.aliases.name(known.first), place(source.store, known, lanes.by_host));
            writeln!(out, "    participant {} as {}", self.name(lanes, *lane), escaped(&description))?;
        }
        out.write_all(self.body.as_bytes())?;
        if self.written.cut > 0
            && let Some(first) = self.used.first()
        {
            let name = self.name(lanes, *first);
            writeln!(
                out,
                "    Note over {name}: {}",
                escaped(&format!("{} more messages are not shown", self.written.cut))
            )?;
        }
        Ok(self.written)
    }
}

/// The arrow of a message.
fn arrow(row: &Row) -> &'static str {
    match (row.kind, row.fate) {
        (_, Fate::Unanswered) => "-x",
        (Kind::Confirmable, _) => "->>",
        (Kind::NonConfirmable, _) => "-)",
        (Kind::Acknowledgement, _) => "-->>",
        (Kind::Reset, _) => "--x",
        (Kind::Evidence, _) => "--)",
    }
}

/// A name that the language takes for one word and no keyword.
fn identifier(name: &str) -> String {
    let word: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if word.is_empty() { "unknown".into() } else { word }
}

/// A text in which nothing is syntax: what ends a statement, begins an entity, a tag or a comment becomes an entity itself. A colon is
/// written so too where a style might be looked for in front of it.
fn escaped(text: &str) -> String {
    let styled = text.contains("style") || text.contains("classDef");
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '#' | ';' | '<' | '>' | '&' | '%' | '`' | '$' | '\u{ad}' => {
                let _ = write!(safe, "#{};", u32::from(character));
            }
            ':' if styled => safe.push_str("#58;"),
            // The renderer's own marks for entities.
            '\u{fb02}' | '\u{b0}' | '\u{b6}' | '\u{df}' => {
                let _ = write!(safe, "#{};", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_syntax() {
        for (text, expected) in [
            ("/led json {\"on\":true}", "/led json {\"on\":true}"),
            ("a;b#c%%d", "a#59;b#35;c#37;#37;d"),
            ("<b>&amp;", "#60;b#62;#38;amp#59;"),
            ("/style x:y", "/style x#58;y"),
            ("stra\u{df}e", "stra#223;e"),
        ] {
            assert_eq!(escaped(text), expected);
        }
        assert_eq!((identifier("c1"), identifier("-->>")), ("c1".into(), "unknown".into()));
    }
}
