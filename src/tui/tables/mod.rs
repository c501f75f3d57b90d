//! The tables of exchanges and of observations: which row is current, in which order rows stand, and what is said below them.

mod columns;
mod context;
mod exchanges;
mod making;
mod mark;
mod members;
mod nearly;
mod notifications;
mod observations;
mod order;
mod plot;
mod schedule;
mod timeline;

use super::action::{Motion, Sort, View};
use super::app::App;
use super::detail::scrolled;
use crate::coap::{Parameters, Severity};
use crate::frame::time_between;
use crate::store::spared::is_spared;
use crate::store::{Record, Store};
use crate::tracking::{ExchangeId, ExchangeRow, NO_RECORD, ObservationId, RecordId};
use crate::tui::view::{layout, text};
use ratatui::style::Style;

use context::Context;
pub use exchanges::tell_request;
pub use making::Making;
pub use order::{Column, Entry, Ordered};
use order::{Order, Ordering};

/// Pieces of a line below a table, each with its style.
pub type Pieces = Vec<(String, Style)>;

/// A line below a table.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What it says.
    pub pieces: Pieces,
    /// The message that it is about: selected where the cursor stands on it.
    pub record: Option<RecordId>,
}

impl Line {
    /// A line that is about no message.
    fn plain(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new())
    }

    /// The same in a style.
    fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { pieces: vec![(text.into(), style)], record: None }
    }

    /// The same for a message.
    fn of(mut self, record: RecordId) -> Self {
        self.record = Some(record).filter(|record| *record != NO_RECORD);
        self
    }
}

/// What is said of the current row.
#[derive(Debug, Default)]
pub struct Facts {
    /// For the rule above it.
    pub title: String,
    /// Lines that stay at the top: the timeline.
    pub head: Vec<Line>,
    /// Lines that scroll.
    pub lines: Vec<Line>,
    /// Lines that stay at the bottom: the chart.
    pub foot: Vec<Line>,
    /// The line with the cursor.
    pub cursor: usize,
    /// The message that was selected when they were made.
    pub(super) selected: Option<RecordId>,
    /// The first message and the last of what is told in part.
    pub(super) ends: Option<(RecordId, RecordId)>,
    /// The cursor goes to that message's line as soon as there are lines: a pane that is shown alone has none before.
    pub(super) seeks: bool,
    /// The first line drawn.
    pub top: usize,
    /// Rows and columns of the pane.
    pub page: (usize, usize),
    /// Where lines are those of paragraphs: how many lines each has, and all of its text.
    pub(super) paragraphs: Vec<(usize, String)>,
}

impl Facts {
    /// All texts of it.
    pub(super) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let lines = self.head.iter_mut().chain(&mut self.lines).chain(&mut self.foot);
        let texts = lines.flat_map(|line| line.pieces.iter_mut().map(|(text, _)| text));
        std::iter::once(&mut self.title).chain(texts)
    }

    /// Rows for the lines that scroll; where they are too few, one of them says how many lines are hidden.
    pub fn rows(&self) -> usize {
        let room = self.page.0.saturating_sub(self.head.len() + self.foot.len());
        room.saturating_sub(usize::from(self.lines.len() > room && room > 1))
    }

    /// Lines above those that are drawn, and below.
    pub fn hidden(&self) -> (usize, usize) {
        (self.top, self.lines.len().saturating_sub(self.top + self.rows()))
    }

    /// The cursor stands on the line of this message, where it has one.
    pub(super) fn go_to(&mut self, message: Option<RecordId>) {
        let own = self.lines.iter().position(|line| line.record.is_some() && line.record == message);
        let is_there = self.lines.get(self.cursor).is_some_and(|line| line.record.is_some() && line.record == message);
        self.cursor = own.filter(|_| !is_there).unwrap_or(self.cursor);
    }

    /// The line with the cursor, or the paragraph that it is of, as text.
    pub fn line(&self) -> Option<String> {
        let mut end = 0;
        let own = self.paragraphs.iter().find(|(lines, _)| {
            end += lines;
            self.cursor < end
        });
        if let Some((_, text)) = own {
            return Some(text.clone());
        }
        let pieces = &self.lines.get(self.cursor)?.pieces;
        Some(pieces.iter().map(|(text, _)| text.as_str()).collect::<String>().trim().to_owned())
    }
}

/// A row of a table, as texts.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// One text a column.
    pub cells: Vec<String>,
    /// For its colour.
    pub severity: Option<Severity>,
    /// It is the heading of a group.
    pub heading: bool,
}

/// The state of a table.
#[derive(Debug, Default)]
struct Table {
    /// The id of the marked row; 0 for none.
    current: u32,
    /// The first row drawn.
    top: usize,
    order: Ordering,
    /// Where the current row was last.
    place: usize,
    /// To this end once the rows stand in the order that was asked for, if this message is still selected then.
    end: Option<(Motion, Option<RecordId>)>,
}

/// Both tables.
#[derive(Debug)]
pub struct Tables {
    exchanges: Table,
    observations: Table,
    /// What is said below.
    pub facts: Facts,
    /// The rows on the pane, drawn from the first.
    pub rows: Vec<Row>,
    /// Which of them is current.
    pub cursor: Option<usize>,
    page: usize,
    /// The selected message for which the current row was looked up.
    synced: Option<RecordId>,
    pub(super) parameters: Parameters,
}

impl Tables {
    /// Tables that judge by this schedule.
    pub fn new(parameters: Parameters) -> Self {
        Self {
            exchanges: Table::default(),
            observations: Table::default(),
            facts: Facts::default(),
            rows: Vec::new(),
            cursor: None,
            page: 0,
            synced: None,
            parameters,
        }
    }

    /// Rows of the table's pane; rows and columns of the one below.
    pub fn sizes(&mut self, page: usize, facts: (usize, usize)) {
        self.page = page;
        self.facts.page = facts;
    }

    /// A view was entered: the current row follows the selected message.
    pub(super) fn entered(&mut self) {
        self.synced = None;
        self.facts.selected = None;
        self.facts.cursor = 0;
        self.facts.top = 0;
    }

    /// More is known: what was put in order may stand elsewhere.
    pub(super) fn changed(&mut self) {
        self.exchanges.order.stale = true;
        self.observations.order.stale = true;
    }

    fn of(&self, view: View) -> &Table {
        if view == View::Observations { &self.observations } else { &self.exchanges }
    }

    fn of_mut(&mut self, view: View) -> &mut Table {
        if view == View::Observations { &mut self.observations } else { &mut self.exchanges }
    }

    /// Where the cursor of a view's table is, and whether it is to go to an end later.
    pub(super) fn place(&self, view: View) -> (u32, usize, bool) {
        let table = self.of(view);
        (table.current, table.place, table.end.is_some())
    }

    /// How the rows of a view stand, in words.
    pub fn ordering(&self, view: View) -> String {
        if view == View::Findings { "the worst first".into() } else { self.of(view).order.words(view) }
    }

    /// The same where no rule below the table says so, and the user asked for an order.
    pub fn ordering_alone(&self, view: View) -> Option<String> {
        let is_sorted = matches!(view, View::Exchanges | View::Observations) && !self.of(view).order.is_natural();
        (is_sorted && self.facts.page.0 == 0).then(|| self.of(view).order.words(view))
    }
}

/// A time with milliseconds instead of microseconds.
fn short_time(time: &str) -> String {
    time.rfind('.').and_then(|point| time.get(..point + 4)).unwrap_or(time).to_owned()
}

/// How an exchange stands: its word in filters and JSON, or, as time alone may tell, that its first wait for an answer is over.
fn state(row: &ExchangeRow, store: &Store, now: Option<i64>, parameters: &Parameters) -> &'static str {
    let since = now.filter(|_| store.is_steady_since(row.request)).and_then(|now| time_between(row.started, now));
    // Members of a group need not answer (RFC 7252 section 8.2).
    let waits = row.state.is_waiting() && !row.multicast && !is_spared(store, row);
    if waits && since.is_some_and(|since| since > parameters.max_ack_timeout()) {
        "slow"
    } else {
        crate::field::exchange_state(store, row)
    }
}

/// The exchange of a message; evidence belongs to that of the message it is about.
pub(super) fn exchange_of(store: &Store, record: &Record) -> ExchangeId {
    match record.exchange {
        ExchangeId(0) => store.get(record.relates_to).map_or(ExchangeId(0), |other| other.exchange),
        id => id,
    }
}

impl App {
    /// The time up to which something is known: live it goes on without frames.
    pub(super) fn now(&self) -> Option<i64> {
        match &self.behind {
            Some(behind) if self.is_open() => Some(behind.since),
            None if self.is_open() => Some((self.wall)()),
            _ => self.store.summary().last_time,
        }
    }

    /// An interface is open, as far as what is shown knows.
    fn is_open(&self) -> bool {
        self.opening.is_live() && self.store.ended().is_none()
    }

    /// Something on the screen grows older by itself.
    pub fn ages(&self) -> bool {
        self.is_open() && !self.is_frozen() && self.view.is_table() && !self.is_empty()
    }

    /// What a table and the pane below it have to show. None where that is no table, or where it may change at any moment.
    pub fn table(&self) -> Option<layout::Table> {
        let (rows, is_marked) = match self.view {
            View::Messages | View::Flow => return None,
            View::Exchanges | View::Observations => (self.table_len(), self.marked_place().1),
            View::Findings => (self.findings.len(), self.findings.marked_key().is_some()),
        };
        // As long as more rows come, what is told below one stays where it is.
        (self.store.ended().is_some() || !is_marked).then_some(layout::Table { rows, is_marked })
    }

    /// Make the rows of the pane and what is said of the current one.
    pub(super) fn prepare_tables(&mut self) {
        self.follow_selection();
        self.put_in_order();
        let count = self.table_len();
        let page = self.tables.page;
        let (place, is_marked) = self.marked_place();
        let place = place.min(count.saturating_sub(1));
        let top = scrolled(self.tables.of(self.view).top, place, page, count);
        let entries: Vec<Option<Entry>> = (top..count.min(top + page)).map(|place| self.entry_at(place)).collect();
        let (view, first, now) = (self.view, self.first_time(), self.now());
        let App { store, fetcher, tables, aliases, times, .. } = self;
        let making = Making { store, aliases, format: times.format, first, now, parameters: &tables.parameters };
        let make = |entry| match entry {
            Some(Entry::Row(id)) => making.row(view, id, fetcher),
            Some(Entry::Heading(heading)) => making.heading(view, &heading),
            None => Row::default(),
        };
        let rows = entries.into_iter().map(make).collect();
        let table = self.tables.of_mut(view);
        (table.place, table.top) = (place, top);
        self.tables.rows = rows;
        self.tables.cursor = is_marked.then(|| place - top);
        self.say_facts();
    }

    fn first_id(&self) -> u32 {
        let store = &self.store;
        if self.view == View::Observations { store.observation_ids().start } else { store.exchange_ids().start }
    }

    fn table_len(&self) -> usize {
        let store = &self.store;
        let all = if self.view == View::Observations { store.observation_ids() } else { store.exchange_ids() };
        self.tables.of(self.view).order.len(all.len())
    }

    /// All rows and headings of the view in their order.
    pub(super) fn entries(&self) -> Vec<Entry> {
        (0..self.table_len()).map_while(|place| self.entry_at(place)).collect()
    }

    fn entry_at(&self, place: usize) -> Option<Entry> {
        self.tables.of(self.view).order.at(place, self.first_id()).filter(|_| place < self.table_len())
    }

    /// Heads of the columns, each with whether its texts stand on the right, and when it is given up: the highest first, 0 never.
    pub fn table_heads(&self) -> &'static [(&'static str, bool, u8)] {
        match self.view {
            View::Observations => observations::HEADS,
            View::Findings => super::findings::HEADS,
            _ => exchanges::HEADS,
        }
    }

    /// Move among the lines below the table; a message that a line is about is selected.
    pub(super) fn move_in_facts(&mut self, motion: Motion, times: usize) {
        if self.refuse_unmarked() {
            return;
        }
        let end = match (motion, self.tables.facts.ends) {
            (Motion::First, Some((first, _))) => Some(first),
            (Motion::Last, Some((_, last))) => Some(last),
            _ => None,
        };
        // The ends of what is told in part are not among the lines.
        if let Some(end) = end.filter(|end| self.list.selected != Some(*end) && self.visible().has(*end)) {
            self.select(end);
            self.tables.synced = self.list.selected;
            self.tables.facts.seeks = true;
            return;
        }
        let facts = &self.tables.facts;
        let (last, page) = (facts.lines.len().saturating_sub(1), facts.rows().max(2));
        let Some(cursor) = motion.row(facts.cursor, times, page, last + 1).map(|row| row.min(last)) else { return };
        let record = facts.lines.get(cursor).and_then(|line| line.record);
        self.tables.facts.cursor = cursor;
        if let Some(record) = record.filter(|record| self.visible().has(*record)) {
            self.select(record);
            self.tables.synced = self.list.selected;
        }
    }

    /// What is said of the current row.
    fn say_facts(&mut self) {
        let id = self.tables.of(self.view).current;
        let (cursor, top, page) = (self.tables.facts.cursor, self.tables.facts.top, self.tables.facts.page);
        let mut facts = Facts { page, ..Facts::default() };
        if page.0 > 0 && id != 0 {
            let first = self.first_time();
            let (now, since) = (self.now(), self.since_head());
            let App { store, fetcher, tables, aliases, theme, list, times, .. } = self;
            let making = Making { store, aliases, format: times.format, first, now, parameters: &tables.parameters };
            let beside = text::width(&tables.ordering(self.view));
            let context = Context { making, theme: *theme, selected: list.selected, page, beside, since };
            match self.view {
                View::Observations => notifications::say(&context, ObservationId(id), fetcher, &mut facts),
                _ => timeline::say(&context, ExchangeId(id), fetcher, &mut facts),
            }
        }
        let selected = self.list.selected;
        let before = &self.tables.facts;
        if page.0 == 0 {
            // Where it stood is known again once it is shown.
            (facts.cursor, facts.top, facts.selected, facts.seeks) = (cursor, top, before.selected, before.seeks);
            self.tables.facts = facts;
            return;
        }
        let on = |cursor: usize| facts.lines.get(cursor).and_then(|line| line.record);
        // Around another message other lines stand.
        let moved = before.selected != selected || before.seeks;
        facts.selected = selected;
        facts.cursor = if on(cursor).is_some() && on(cursor) == selected || selected.is_none() {
            cursor
        } else {
            let own = facts.lines.iter().position(|line| line.record.is_some() && line.record == selected);
            own.filter(|_| on(cursor).is_some() || moved).unwrap_or(cursor)
        };
        facts.cursor = facts.cursor.min(facts.lines.len().saturating_sub(1));
        facts.top = scrolled(top, facts.cursor, facts.rows(), facts.lines.len());
        self.tables.facts = facts;
    }

    /// Sort, reverse or group.
    pub(super) fn sort(&mut self, sort: Sort) {
        let view = self.view;
        if view == View::Findings {
            return self.say("findings stand the worst first, and in no other order");
        }
        let columns: &[Column] = if view == View::Observations { observations::COLUMNS } else { exchanges::COLUMNS };
        let groups: &[Column] = if view == View::Observations { observations::GROUPS } else { exchanges::GROUPS };
        let order = &mut self.tables.of_mut(view).order;
        match sort {
            Sort::Next => order.next_column(columns),
            Sort::Reverse => order.reverse(),
            Sort::Group => order.next_group(groups),
        }
        let words = order.words(view);
        self.say(words);
    }

    /// Ask for the order where that is not the order of ids, and nobody is at it.
    fn put_in_order(&mut self) {
        let chosen = self.list.chosen_count();
        let order = &self.tables.of(self.view).order;
        let waits = self.is_read_soon() && !order.is_natural() || self.must_wait() || order.is_at_work();
        if !order.is_due(chosen) || waits {
            return;
        }
        let work = Order {
            view: self.view,
            store: self.store.clone(),
            chosen: self.list.chosen.clone(),
            aliases: self.aliases.clone(),
            now: self.now(),
            parameters: self.tables.parameters,
        };
        let (view, events) = (self.view, self.events.clone());
        if let Err(error) = self.tables.of_mut(view).order.start(work, events) {
            self.say(format!("cannot sort: {error}"));
        }
    }

    /// A file is read whose end is near: an order made before would be made again, and takes memory while the tracker needs its own.
    fn is_read_soon(&self) -> bool {
        !self.opening.grows() && self.store.ended().is_none() && self.store.summary().progress.total.is_some()
    }

    /// A file is read, and a worker looks through what is there: what it looks at is kept as it was, beside what became of it. One at a
    /// time is enough while the tracker needs its own memory.
    pub(super) fn must_wait(&self) -> bool {
        let tables = [&self.tables.exchanges, &self.tables.observations];
        let is_busy = self.filter.running
            || self.finder.running
            || self.findings.is_running()
            || tables.iter().any(|table| table.order.is_at_work());
        is_busy && !self.opening.grows() && self.store.ended().is_none()
    }

    /// The rows of the view are being put in another order, or soon will be.
    pub fn is_sorting(&self) -> bool {
        matches!(self.view, View::Exchanges | View::Observations) && self.awaits_order(self.view)
    }

    /// The rows stand in another order soon.
    fn awaits_order(&self, view: View) -> bool {
        let order = &self.tables.of(view).order;
        order.is_running() || order.is_due(self.list.chosen_count())
    }

    /// A worker has put a table in order.
    pub fn ordered(&mut self, ordered: Ordered) {
        let view = ordered.view;
        if let Some(why) = &ordered.fault {
            self.say(format!("cannot sort: {why}"));
        }
        self.tables.of_mut(view).order.take(ordered);
        // Whoever asked for an end meanwhile meant that of the new order.
        if view == self.view
            && !self.awaits_order(view)
            && let Some((motion, selected)) = self.tables.of_mut(view).end.take()
            && selected == self.list.selected
        {
            self.move_in_table(motion, 1);
        }
    }
}
