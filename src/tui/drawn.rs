//! What is saved as it is drawn, not message by message: the rows of a table with all their columns, or the ladder.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::action::View;
use super::app::App;
use super::flow::AsText;
use super::job::stopped;
use super::tables::{Entry, Making, Row};
use super::view::text::{left, right, width};
use crate::coap::{Parameters, count};
use crate::pipeline::Fetcher;
use crate::render::Aliases;
use crate::render::ladder::text;
use crate::render::ladder::{Ladder, Scope, Source};
use crate::render::time::TimeFormat;
use crate::store::{Chosen, Store};
use crate::tracking::RecordId;

/// Where a table's column would be cut, which no file needs.
const MORE: char = '\u{2026}';

/// What is drawn, with all that it takes to write it.
#[derive(Debug)]
pub(super) enum Drawn {
    /// A table.
    Table(Box<Listing>),
    /// The flow.
    Flow(Box<AsText>),
}

/// A table.
#[derive(Debug)]
pub(super) struct Listing {
    view: View,
    heads: Vec<(String, bool)>,
    rows: Rows,
    aliases: Aliases,
    format: TimeFormat,
    first: i64,
    now: Option<i64>,
    parameters: Parameters,
}

/// Its rows.
#[derive(Debug)]
enum Rows {
    /// They are made one by one: in a large capture they are many.
    Entries(Vec<Entry>),
    Made(Vec<Row>),
}

impl App {
    /// What the upper pane shows as anything else than a line a message; `None` where it does not.
    pub(super) fn drawn(&self) -> Option<Drawn> {
        match self.view {
            View::Messages => None,
            View::Flow => Some(Drawn::Flow(Box::new(self.flow_as_text()))),
            View::Exchanges | View::Observations => Some(self.listing(Rows::Entries(self.entries()))),
            View::Findings => Some(self.listing(Rows::Made(self.rows_of_findings()))),
        }
    }

    fn listing(&self, rows: Rows) -> Drawn {
        let head = |(name, on_right, _): &(&'static str, bool, u8)| (self.table_head(name).into_owned(), *on_right);
        Drawn::Table(Box::new(Listing {
            view: self.view,
            heads: self.table_heads().iter().map(head).collect(),
            rows,
            aliases: self.aliases.clone(),
            format: self.times.format,
            first: self.first_time(),
            now: self.now(),
            parameters: self.tables.parameters,
        }))
    }
}

impl Drawn {
    /// Writes it. `ids`: the messages that are shown; `stop`: nobody wants it any more.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn write(
        &self,
        store: &Store,
        fetcher: &mut Fetcher,
        (ids, stop): (&[RecordId], &AtomicBool),
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match self {
            Self::Table(table) => table.write(store, fetcher, stop, out),
            Self::Flow(flow) => {
                let mut ladder = Ladder::default();
                flow.set(&mut ladder);
                ladder.set_scope(Scope::All, store);
                let chosen: Chosen = ids.iter().copied().collect();
                ladder.choose(&chosen, store);
                let mut source = Source { store, fetcher, parameters: &flow.parameters, ended: flow.ended };
                let range = store.first()..store.len() as RecordId;
                text::write(&mut ladder, &mut source, &flow.aliases, &range, &flow.form(), out).map(|_| ())
            }
        }
    }

    /// What is saved, in words; `messages`: those that are shown, in words.
    pub fn what(&self, messages: &str) -> String {
        match self {
            Self::Table(table) => count(table.len(), "row"),
            Self::Flow(_) => format!("the flow of {messages}"),
        }
    }
}

impl Listing {
    fn len(&self) -> usize {
        match &self.rows {
            Rows::Entries(entries) => entries.iter().filter(|entry| matches!(entry, Entry::Row(_))).count(),
            Rows::Made(rows) => rows.len(),
        }
    }

    /// Each row in its order.
    fn each(
        &self,
        store: &Store,
        fetcher: &mut Fetcher,
        see: &mut dyn FnMut(&Row) -> io::Result<()>,
    ) -> io::Result<()> {
        let Self { view, aliases, format, first, now, parameters, .. } = self;
        let making = Making { store, aliases, format: *format, first: *first, now: *now, parameters };
        match &self.rows {
            Rows::Made(rows) => rows.iter().try_for_each(see),
            Rows::Entries(entries) => entries.iter().try_for_each(|entry| {
                see(&match entry {
                    Entry::Row(id) => making.row(*view, *id, fetcher),
                    Entry::Heading(heading) => making.heading(*view, heading),
                })
            }),
        }
    }

    /// The heads, then the rows, every column as wide as its texts.
    fn write(&self, store: &Store, fetcher: &mut Fetcher, stop: &AtomicBool, out: &mut dyn Write) -> io::Result<()> {
        let mut widths: Vec<usize> = self.heads.iter().map(|(name, _)| width(name)).collect();
        // Made twice rather than kept: a large capture has more of them than memory may hold.
        self.each(store, fetcher, &mut |row| {
            if !row.heading {
                widths.iter_mut().zip(&row.cells).for_each(|(wide, cell)| *wide = (*wide).max(width(cell)));
            }
            if stop.load(Ordering::Relaxed) { Err(stopped()) } else { Ok(()) }
        })?;
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let columns = cells.zip(self.heads.iter().zip(&widths));
            let padded = columns.map(
                |(text, ((_, on_right), wide))| {
                    if *on_right { right(text, *wide, MORE) } else { left(text, *wide, MORE) }
                },
            );
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        writeln!(out, "{}", line(&mut self.heads.iter().map(|(name, _)| name.as_str())))?;
        self.each(store, fetcher, &mut |row| {
            if row.heading {
                return writeln!(out, "{}", row.cells.join(" "));
            }
            writeln!(out, "{}", line(&mut row.cells.iter().map(String::as_str)))
        })
    }
}
