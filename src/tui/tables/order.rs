//! The order of a table's rows. That of their ids needs nothing; any other is made by a worker from a snapshot, again as more becomes known.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Atomic};
use std::thread;

use super::super::action::View;
use super::super::event::{Event, Sender};
use super::{exchanges, observations};
use crate::coap::Parameters;
use crate::render::Aliases;
use crate::store::Store;
use crate::tracking::{ExchangeId, ObservationId, RecordId};

/// What rows are sorted or grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Column {
    /// When it began: the order of ids.
    #[default]
    Start,
    /// How it stands, or how it ended.
    State,
    /// Who asked whom.
    Ends,
    /// What was asked for.
    Resource,
    /// The response.
    Reply,
    /// Copies of the request, or notifications.
    Count,
    /// How long it took, or how fresh it is.
    Time,
    /// Numbers that were skipped.
    Gaps,
    /// Notifications that were overtaken.
    Stale,
}

impl Column {
    const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::State => "state",
            Self::Ends => "client and server",
            Self::Resource => "resource",
            Self::Reply => "reply",
            Self::Count => "count",
            Self::Time => "time",
            Self::Gaps => "gaps",
            Self::Stale => "stale",
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The exchange or observation with this id.
    Row(u32),
    /// The heading of a group.
    Heading(String),
}

/// What the worker is given.
pub struct Order {
    pub view: View,
    pub store: Store,
    /// The messages that are shown, where not all are.
    pub chosen: Option<Vec<RecordId>>,
    pub aliases: Aliases,
    pub now: Option<i64>,
    pub parameters: Parameters,
}

/// What the worker found.
#[derive(Debug)]
pub struct Ordered {
    view: View,
    generation: u64,
    entries: Vec<Entry>,
    /// Ids up to this one are in it.
    upto: u32,
}

impl Ordered {
    /// The view that it is for.
    pub fn view(&self) -> View {
        self.view
    }
}

/// How rows stand.
#[derive(Debug, Default)]
pub struct Ordering {
    column: Column,
    reversed: bool,
    group: Option<Column>,
    /// None: the order of ids.
    entries: Option<Vec<Entry>>,
    /// Ids up to this one are in it.
    upto: u32,
    /// Messages that the filter chose when it was made.
    chosen: Option<usize>,
    generation: Arc<AtomicU64>,
    running: bool,
    /// More is known than when it was made.
    pub stale: bool,
}

impl Ordering {
    fn is_natural(&self) -> bool {
        self.column == Column::Start && !self.reversed && self.group.is_none()
    }

    /// In words, for a rule.
    pub fn words(&self) -> String {
        let group = self.group.map(|column| format!(", by {}", column.word())).unwrap_or_default();
        let down = if self.reversed { ", largest first" } else { "" };
        format!("sort: {}{down}{group}", self.column.word())
    }

    pub fn next_column(&mut self, columns: &[Column]) {
        let here = columns.iter().position(|column| *column == self.column).unwrap_or(0);
        self.column = columns.get((here + 1) % columns.len().max(1)).copied().unwrap_or_default();
        self.reversed = false;
        self.renew();
    }

    pub fn reverse(&mut self) {
        self.reversed = !self.reversed;
        self.renew();
    }

    pub fn next_group(&mut self, groups: &[Column]) {
        self.group = match self.group {
            None => groups.first().copied(),
            Some(group) => groups.iter().skip_while(|column| **column != group).nth(1).copied(),
        };
        self.renew();
    }

    /// Who is at it stops; the old order stays until the new one is there.
    fn renew(&mut self) {
        self.generation.fetch_add(1, Atomic::Relaxed);
        self.running = false;
        self.stale = true;
    }

    /// A worker makes an order.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// An order is to be made.
    pub fn is_due(&self, chosen: Option<usize>) -> bool {
        let wanted = !self.is_natural() || chosen.is_some() || self.entries.is_some();
        wanted && !self.running && (self.stale || self.entries.is_none() || self.chosen != chosen)
    }

    /// Rows, of `all` ids.
    pub fn len(&self, all: usize) -> usize {
        self.entries.as_ref().map_or(all, Vec::len)
    }

    /// The row at a place; `first` is the first id.
    pub fn at(&self, place: usize, first: u32) -> Option<Entry> {
        match &self.entries {
            None => Some(Entry::Row(first.saturating_add(place as u32))),
            Some(entries) => entries.get(place).cloned(),
        }
    }

    /// The place of an id, looked for first where it was last.
    pub fn place(&self, id: u32, last: usize, first: u32) -> usize {
        let Some(entries) = &self.entries else { return id.saturating_sub(first) as usize };
        let is = |entry: &Entry| *entry == Entry::Row(id);
        if entries.get(last).is_some_and(is) {
            return last;
        }
        entries.iter().position(is).unwrap_or(last)
    }

    /// Let a worker make the order.
    pub fn start(&mut self, work: Order, events: Sender) -> std::io::Result<()> {
        self.chosen = work.chosen.as_ref().map(Vec::len);
        if self.is_natural() && work.chosen.is_none() {
            self.entries = None;
            return Ok(());
        }
        let (column, reversed, group) = (self.column, self.reversed, self.group);
        let mine = self.generation.load(Atomic::Relaxed);
        let generation = Arc::clone(&self.generation);
        thread::Builder::new().name("sort".into()).spawn(move || {
            let go_on = || generation.load(Atomic::Relaxed) == mine;
            if let Some(ordered) = work.run(column, reversed, group, mine, &go_on) {
                let _ = events.send(Event::Ordered(ordered));
            }
        })?;
        self.running = true;
        self.stale = false;
        Ok(())
    }

    /// Take what a worker made, unless another order was asked for since.
    pub fn take(&mut self, ordered: Ordered) {
        if ordered.generation == self.generation.load(Atomic::Relaxed) {
            self.running = false;
            self.upto = ordered.upto;
            self.entries = Some(ordered.entries);
        }
    }
}

/// What a row is compared by: a number, then a text.
pub type Key = (i64, String);

impl Order {
    fn run(
        &self,
        column: Column,
        reversed: bool,
        group: Option<Column>,
        generation: u64,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Ordered> {
        let ids = match self.view {
            View::Observations => self.store.observation_ids(),
            _ => self.store.exchange_ids(),
        };
        let upto = ids.end;
        let wanted: Option<HashSet<u32>> = self.chosen.as_ref().map(|chosen| self.rows_of(chosen));
        let mut rows: Vec<(Key, Key, u32)> = Vec::new();
        for id in ids {
            if id % 4096 == 0 && !go_on() {
                return None;
            }
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&id)) {
                continue;
            }
            let Some(key) = self.key(id, column) else { continue };
            let group = group.and_then(|column| self.key(id, column)).unwrap_or_default();
            rows.push((group, key, id));
        }
        rows.sort_by(|(group, key, id), (other_group, other_key, other_id)| {
            // What is not known stands last either way.
            let unknown = |key: &Key| key.0 == i64::MAX;
            let by_key = if reversed { other_key.cmp(key) } else { key.cmp(other_key) };
            let by_key = unknown(key).cmp(&unknown(other_key)).then(by_key);
            let by_id = if reversed && column == Column::Start { other_id.cmp(id) } else { id.cmp(other_id) };
            group.cmp(other_group).then(by_key).then(by_id)
        });
        let mut entries = Vec::with_capacity(rows.len());
        let mut rest = rows.as_slice();
        while let Some((first, ..)) = rest.first() {
            let size = rest.iter().take_while(|(other, ..)| other == first).count();
            let (these, others) = rest.split_at(size);
            if group.is_some() {
                entries.push(Entry::Heading(format!("{}: {size}", first.1)));
            }
            entries.extend(these.iter().map(|(.., id)| Entry::Row(*id)));
            rest = others;
        }
        Some(Ordered { view: self.view, generation, entries, upto })
    }

    /// The exchanges or observations of these messages.
    fn rows_of(&self, chosen: &[RecordId]) -> HashSet<u32> {
        let of = |id: &RecordId| match self.view {
            View::Observations => self.store.observation_of(*id).map(|id| id.0),
            _ => self.store.get(*id).map(|record| super::exchange_of(&self.store, record).0),
        };
        chosen.iter().filter_map(of).filter(|id| *id != 0).collect()
    }

    fn key(&self, id: u32, column: Column) -> Option<Key> {
        match self.view {
            View::Observations => {
                let row = self.store.observation(ObservationId(id))?;
                Some(observations::key(&self.store, &self.aliases, row, self.now, column))
            }
            _ => {
                let row = self.store.exchange(ExchangeId(id))?;
                Some(exchanges::key(&self.store, &self.aliases, row, (self.now, &self.parameters), column))
            }
        }
    }
}
