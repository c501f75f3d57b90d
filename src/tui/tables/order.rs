//! The order of a table's rows. That of their ids needs nothing; any other is made by a worker from a snapshot, again as more becomes known.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Atomic};

use super::super::action::View;
use super::super::event::{Event, Sender};
use super::super::worker;
use super::{exchange_of, exchanges, observations};
use crate::coap::{Parameters, escape};
use crate::render::Aliases;
use crate::store::{Chosen, Store};
use crate::tracking::{EndpointId, ExchangeId, ObservationId, RecordId, ResourceId};

/// What rows are sorted or grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Column {
    /// The order of ids: that in which exchanges began.
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
    /// What the head of the column in a view stands for.
    const fn word(self, view: View) -> &'static str {
        match (self, view) {
            // They are numbered as they are accepted, or first heard of, which is not when they were asked for.
            (Self::Start, View::Observations) => "number",
            (Self::Start, _) => "start",
            (Self::State, View::Observations) => "end",
            (Self::State, _) => "state",
            (Self::Ends, _) => "client and server",
            (Self::Resource, _) => "resource",
            (Self::Reply, _) => "reply",
            (Self::Count, View::Observations) => "notifications",
            (Self::Count, _) => "copies",
            (Self::Time, View::Observations) => "age",
            (Self::Time, _) => "time",
            (Self::Gaps, _) => "gaps",
            (Self::Stale, _) => "stale",
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The exchange or observation with this id.
    Row(u32),
    /// The heading of a group.
    Heading(Heading),
}

/// The heading of the rows that have the same in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heading {
    /// The column.
    pub column: Column,
    /// The first row below it.
    pub first: u32,
    /// So many are below it.
    pub rows: usize,
    /// What they had in the column when they were put in order, where that changes by itself.
    pub word: Option<&'static str>,
}

/// Rows in an order, in four bytes each: a capture may have very many.
#[derive(Debug, Default)]
struct Rows {
    ids: Vec<u32>,
    /// What they are grouped by.
    group: Column,
    /// The place of each heading among all entries, and its word.
    headings: Vec<(usize, Option<&'static str>)>,
}

impl Rows {
    fn len(&self) -> usize {
        self.ids.len() + self.headings.len()
    }

    /// What stands at a place.
    fn at(&self, place: usize) -> Option<Entry> {
        // A row stands as many places further down as there are headings above it.
        let above = self.headings.partition_point(|(heading, _)| *heading <= place);
        let Some((heading, word)) = above.checked_sub(1).and_then(|last| self.headings.get(last)) else {
            return self.ids.get(place).copied().map(Entry::Row);
        };
        if *heading != place {
            return self.ids.get(place.checked_sub(above)?).copied().map(Entry::Row);
        }
        let from = (place + 1).checked_sub(above)?;
        let to = self.headings.get(above).map_or(self.ids.len(), |(next, _)| next.saturating_sub(above));
        let first = *self.ids.get(from)?;
        Some(Entry::Heading(Heading { column: self.group, first, rows: to.saturating_sub(from), word: *word }))
    }

    /// The place of a row.
    fn place(&self, id: u32) -> Option<usize> {
        let row = self.ids.iter().position(|other| *other == id)?;
        let above = self.headings.iter().enumerate().take_while(|(index, (heading, _))| heading - index <= row).count();
        Some(row + above)
    }
}

/// What the worker is given.
pub struct Order {
    pub view: View,
    pub store: Store,
    /// The messages that are shown, where not all are.
    pub chosen: Option<Arc<Chosen>>,
    pub aliases: Aliases,
    pub now: Option<i64>,
    pub parameters: Parameters,
}

/// What the worker found.
#[derive(Debug)]
pub struct Ordered {
    /// The view that it is for.
    pub view: View,
    generation: u64,
    /// None where another order was asked for meanwhile.
    rows: Option<Rows>,
    /// Why the rows stand as they came.
    pub fault: Option<String>,
}

/// How rows stand.
#[derive(Debug, Default)]
pub struct Ordering {
    column: Column,
    reversed: bool,
    group: Option<Column>,
    /// None: the order of ids.
    rows: Option<Rows>,
    /// Messages that the filter chose when it was made.
    chosen: Option<usize>,
    generation: Arc<AtomicU64>,
    running: bool,
    /// Shared with each worker that is at it, be it for an order that nobody wants any more.
    at_work: Arc<()>,
    /// More is known than when it was made.
    pub stale: bool,
}

impl Ordering {
    /// The order of ids, which costs next to nothing.
    pub fn is_natural(&self) -> bool {
        self.column == Column::Start && !self.reversed && self.group.is_none()
    }

    /// In words, for a rule.
    pub fn words(&self, view: View) -> String {
        let group = self.group.map(|column| format!(", by {}", column.word(view))).unwrap_or_default();
        let down = if self.reversed { ", largest first" } else { "" };
        format!("sort: {}{down}{group}", self.column.word(view))
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

    /// A worker has not ended yet: two at a time would take twice the memory.
    pub fn is_at_work(&self) -> bool {
        Arc::strong_count(&self.at_work) > 1
    }

    /// An order is to be made.
    pub fn is_due(&self, chosen: Option<usize>) -> bool {
        let wanted = !self.is_natural() || chosen.is_some() || self.rows.is_some();
        wanted && !self.running && (self.stale || self.rows.is_none() || self.chosen != chosen)
    }

    /// Rows, of `all` ids.
    pub fn len(&self, all: usize) -> usize {
        self.rows.as_ref().map_or(all, Rows::len)
    }

    /// The row at a place; `first` is the first id.
    pub fn at(&self, place: usize, first: u32) -> Option<Entry> {
        match &self.rows {
            None => Some(Entry::Row(first.saturating_add(place as u32))),
            Some(rows) => rows.at(place),
        }
    }

    /// The rows stand in the order of their ids, all of them.
    pub fn is_by_id(&self) -> bool {
        self.rows.is_none()
    }

    /// The place of an id, looked for first where it was last; `None` where it has none.
    pub fn place(&self, id: u32, last: usize, first: u32) -> Option<usize> {
        let Some(rows) = &self.rows else { return id.checked_sub(first).map(|place| place as usize) };
        if rows.at(last) == Some(Entry::Row(id)) { Some(last) } else { rows.place(id) }
    }

    /// Let a worker make the order.
    pub fn start(&mut self, work: Order, events: Sender) -> std::io::Result<()> {
        self.chosen = work.chosen.as_ref().map(|chosen| chosen.len());
        if self.is_natural() && work.chosen.is_none() {
            self.rows = None;
            return Ok(());
        }
        let (column, reversed, group) = (self.column, self.reversed, self.group);
        let room = Room::of(work.ids().len(), (column, reversed) != (Column::Start, false), group.is_some());
        let mine = self.generation.load(Atomic::Relaxed);
        let (generation, at_work) = (Arc::clone(&self.generation), Arc::clone(&self.at_work));
        let view = work.view;
        let work = move || {
            let go_on = || generation.load(Atomic::Relaxed) == mine;
            let rows = work.run(column, reversed, group, room, &go_on);
            // Whoever hears of it may begin the next one, and need not keep what is otherwise by now.
            drop((work, at_work));
            Some(Event::Ordered(Ordered { view, generation: mine, rows, fault: None }))
        };
        let broken = move |why| Event::Ordered(Ordered { view, generation: mine, rows: None, fault: Some(why) });
        worker::spawn(("sort", "sorting"), events, work, broken)?;
        self.running = true;
        self.stale = false;
        Ok(())
    }

    /// Take what a worker made, unless another order was asked for since.
    pub fn take(&mut self, ordered: Ordered) {
        if ordered.generation == self.generation.load(Atomic::Relaxed) {
            self.running = false;
            self.rows = ordered.rows;
        }
    }
}

/// What a row has in a column, as far as rows are compared by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A number, or what stands for a text in the same order.
    Number(i64),
    /// It is not known.
    Unknown,
    /// A word.
    Word(&'static str),
    /// Client and server.
    Ends(EndpointId, EndpointId),
    /// A path.
    Resource(ResourceId),
}

/// A row that is being put in order.
#[derive(Clone, Copy)]
#[repr(Rust, packed(4))]
struct Sorted {
    key: u64,
    /// Its id, or where it stands by another column.
    row: u32,
}

/// What a worker puts in order. The screen's thread has it made: of memory that another thread has asked for, the system's allocator keeps a part
/// for that thread when it is let go, which adds up.
struct Room {
    ids: Vec<u32>,
    grouped: Vec<u32>,
    rows: Vec<Sorted>,
}

impl Room {
    fn of(count: usize, sorted: bool, grouped: bool) -> Self {
        let room = |wanted: bool| if wanted { count } else { 0 };
        Self {
            ids: Vec::with_capacity(count),
            grouped: Vec::with_capacity(room(grouped)),
            rows: Vec::with_capacity(room(sorted || grouped)),
        }
    }
}

impl Order {
    /// All that could have a row.
    fn ids(&self) -> Range<u32> {
        match self.view {
            View::Observations => self.store.observation_ids(),
            _ => self.store.exchange_ids(),
        }
    }

    fn run(
        &self,
        column: Column,
        reversed: bool,
        group: Option<Column>,
        room: Room,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Rows> {
        let ids = self.ids();
        let wanted = self.chosen.as_ref().map(|chosen| Marks::of(ids.clone(), self.rows_of(chosen)));
        let is_wanted = |id: &u32| wanted.as_ref().is_none_or(|wanted| wanted.has(*id)) && self.is_there(*id);
        let Room { ids: mut sorted, mut grouped, mut rows } = room;
        if (column, reversed) == (Column::Start, false) {
            sorted.extend(ids.clone().filter(is_wanted));
        } else {
            let keys = Keys::new(self, column, ids.clone());
            for id in ids.clone().filter(is_wanted) {
                if id % 4096 == 0 && !go_on() {
                    return None;
                }
                let key = keys.key(id);
                // What is not known stands last either way.
                rows.push(Sorted { key: if reversed && key != UNKNOWN { !key } else { key }, row: id });
            }
            rows.sort_unstable_by_key(|row| (row.key, row.row));
            sorted.extend(rows.iter().map(|row| row.row));
        }
        let mut headings = Vec::new();
        if let Some(column) = group.filter(|_| go_on()) {
            let keys = Keys::new(self, column, ids);
            rows.clear();
            rows.extend(sorted.iter().zip(0..).map(|(id, place)| Sorted { key: keys.key(*id), row: place }));
            rows.sort_unstable_by_key(|row| (row.key, row.row));
            grouped.extend(rows.iter().filter_map(|row| sorted.get(row.row as usize)));
            std::mem::swap(&mut sorted, &mut grouped);
            let mut before = None;
            for (at, (row, id)) in rows.iter().zip(&sorted).enumerate() {
                if before.replace(row.key) != Some(row.key) {
                    headings.push((at + headings.len(), keys.word(*id)));
                }
            }
        }
        sorted.shrink_to_fit();
        go_on().then(|| Rows { ids: sorted, group: group.unwrap_or_default(), headings })
    }

    /// The exchanges or observations of these messages.
    fn rows_of(&self, chosen: &Chosen) -> impl Iterator<Item = u32> {
        let of = |id: RecordId| match self.view {
            View::Observations => self.store.observation_of(id).map(|id| id.0),
            _ => self.store.get(id).map(|record| exchange_of(&self.store, &record).0),
        };
        chosen.iter().filter_map(of)
    }

    fn is_there(&self, id: u32) -> bool {
        match self.view {
            View::Observations => self.store.observation(ObservationId(id)).is_some(),
            _ => self.store.exchange(ExchangeId(id)).is_some(),
        }
    }

    fn part(&self, id: u32, column: Column) -> Option<Part> {
        match self.view {
            View::Observations => {
                let row = self.store.observation(ObservationId(id))?;
                Some(observations::part(id, row, self.now, column))
            }
            _ => {
                let row = self.store.exchange(ExchangeId(id))?;
                Some(exchanges::part(&self.store, id, &row, (self.now, &self.parameters), column))
            }
        }
    }
}

/// Ids that were marked.
struct Marks {
    first: u32,
    bits: Vec<u64>,
}

impl Marks {
    fn of(ids: Range<u32>, marked: impl Iterator<Item = u32>) -> Self {
        let mut marks = Self { first: ids.start, bits: vec![0; ids.len() / 64 + 1] };
        for id in marked.filter(|id| ids.contains(id)) {
            let (word, bit) = marks.place(id);
            if let Some(bits) = marks.bits.get_mut(word) {
                *bits |= bit;
            }
        }
        marks
    }

    fn place(&self, id: u32) -> (usize, u64) {
        let at = id.wrapping_sub(self.first);
        ((at / 64) as usize, 1 << (at % 64))
    }

    fn has(&self, id: u32) -> bool {
        let (word, bit) = self.place(id);
        self.bits.get(word).is_some_and(|marks| marks & bit != 0)
    }
}

/// The key of what is not known.
const UNKNOWN: u64 = u64::MAX;

/// The rank of each number below `count` by its key; equal keys have the same.
fn ranks<K: Ord>(count: usize, key: impl Fn(u32) -> K) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count as u32).collect();
    numbers.sort_unstable_by_key(|number| key(*number));
    let mut ranks = vec![0; count];
    let mut rank = 0;
    for (at, number) in numbers.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| numbers.get(at));
        rank += u32::from(before.is_some_and(|before| key(*before) != key(*number)));
        if let Some(place) = ranks.get_mut(*number as usize) {
            *place = rank;
        }
    }
    ranks
}

/// A resource as tables show it.
pub fn path(store: &Store, id: ResourceId) -> Cow<'_, str> {
    escape::text(store.resource(id).unwrap_or("?"))
}

/// Makes the numbers that stand for what rows have in a column: in the same order, and equal where that is.
struct Keys<'a> {
    order: &'a Order,
    column: Column,
    /// Ranks of the texts that stand for endpoints or resources.
    ranks: Vec<u32>,
    /// Words in their order.
    words: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    fn new(order: &'a Order, column: Column, ids: Range<u32>) -> Self {
        let (mut ranks, mut words) = (Vec::new(), Vec::new());
        match column {
            Column::State => {
                let word = |id| match order.part(id, column) {
                    Some(Part::Word(word)) => Some(word),
                    _ => None,
                };
                let mut known = BTreeSet::new();
                // One by one: a set that is made of all at once makes a list of all first.
                known.extend(ids.filter_map(word));
                words = known.into_iter().collect();
            }
            Column::Ends => {
                // `c2` comes before `c10`.
                let name = |id: u32| order.aliases.name(EndpointId(id));
                ranks = self::ranks(order.store.endpoints(), |id| (name(id).get(..1), name(id).len(), name(id)));
            }
            Column::Resource => {
                ranks = self::ranks(order.store.resources() + 1, |id| path(&order.store, ResourceId(id)));
            }
            _ => {}
        }
        Self { order, column, ranks, words }
    }

    fn rank(&self, number: u32) -> u64 {
        self.ranks.get(number as usize).map_or(u64::from(u32::MAX), |rank| u64::from(*rank))
    }

    fn key(&self, id: u32) -> u64 {
        match self.order.part(id, self.column) {
            None | Some(Part::Unknown) => UNKNOWN,
            Some(Part::Number(number)) => number.cast_unsigned() ^ (1 << 63),
            Some(Part::Word(word)) => self.words.partition_point(|other| *other < word) as u64,
            Some(Part::Ends(client, server)) => self.rank(client.0) << 32 | self.rank(server.0),
            Some(Part::Resource(id)) => self.rank(id.0),
        }
    }

    /// The word of a row, where it is one.
    fn word(&self, id: u32) -> Option<&'static str> {
        match self.order.part(id, self.column) {
            Some(Part::Word(word)) => Some(word),
            _ => None,
        }
    }
}
