//! From row to row of a ladder, without ever counting them: what is shown, what is folded, how long nothing happened.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::blocks::{ALIGNED, Blocks, Bond, bond};
use super::lanes::Lanes;
use super::row::{Row, Source};
use super::run::Run;
use super::scope::Scope;
use crate::frame::time_between;
use crate::render::time::duration;
use crate::store::{Chosen, Store};
use crate::tracking::RecordId;

/// Rows kept at most; those of a few pages.
const KEPT: usize = 1024;
/// A pause of this length is a row of its own where idle time is folded, in nanoseconds.
const IDLE: i64 = 10_000_000_000;
/// A pause of this length is drawn to scale where it is not.
const DRAWN: i64 = 2_000_000_000;
/// Rows of a pause that is drawn to scale, at most.
const TICKS: i64 = 10;
/// Copies in a row, and messages of an unknown body, that are looked past for the message before them.
const COPIES: usize = 64;
/// What the messages of a ladder are among.
enum Among<'a> {
    All,
    Filtered(&'a Chosen),
    Members(&'a [RecordId]),
}

/// How pauses are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Idle {
    /// A long one as one row that says how long it was.
    #[default]
    Folded,
    /// To scale.
    Drawn,
}

/// A row: a message, or several folded into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its first message.
    pub first: RecordId,
    /// Its last message; the same where it is one.
    pub last: RecordId,
}

impl Item {
    fn one(id: RecordId) -> Self {
        Self { first: id, last: id }
    }

    /// Several messages in one row.
    pub fn is_fold(self) -> bool {
        self.first != self.last
    }

    /// A message is in it.
    pub fn holds(self, id: RecordId) -> bool {
        (self.first..=self.last).contains(&id)
    }
}

/// One line of a page.
#[derive(Clone, Debug)]
pub enum Line {
    /// A pause of so many nanoseconds, and how many messages passed in it that are not shown.
    Pause(i64, u32),
    /// A moment within a pause that is drawn to scale: nanoseconds since its start.
    Tick(i64),
    /// A message.
    Message(Rc<Row>),
    /// Several.
    Fold(Rc<Run>),
}

/// What a pause says of itself. Messages that are not shown may have passed in it: nobody was idle then.
pub fn pause(length: i64, unseen: u32) -> String {
    match unseen {
        0 => format!("idle {}", duration(length)),
        _ => format!("{}, {unseen} not shown", duration(length)),
    }
}

/// A line with what it belongs to.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The item that it shows, or stands before.
    pub item: Item,
    /// What it shows.
    pub line: Line,
    /// Time of the last message of the item before, where there is one.
    pub before: Option<i64>,
    /// Nanoseconds since then; none where that is not known.
    pub delta: Option<i64>,
}

/// What a ladder shows, and how.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    /// Who stands side by side.
    pub lanes: Lanes,
    /// How pauses are shown.
    pub idle: Idle,
    /// Block transfers are shown message by message.
    pub blocks_unfolded: bool,
    pub(super) scope: Scope,
    /// The lanes of all messages, while fewer are shown.
    pub(super) aside: Lanes,
    /// The messages of a scope that is less than all.
    pub(super) members: Vec<RecordId>,
    /// What a filter lets through.
    pub(super) filtered: Option<Arc<Chosen>>,
    /// Folds that are open, by their first message.
    open: HashSet<RecordId>,
    pub(super) blocks: Blocks,
    pub(super) runs: BTreeMap<RecordId, Rc<Run>>,
    pub(super) rows: HashMap<RecordId, Rc<Row>>,
    pub(super) noted: RecordId,
    /// The earliest time of all messages that were taken in, and the latest.
    pub(super) times: Option<(i64, i64)>,
}

impl Ladder {
    /// Fold or unfold block transfers, all of them.
    pub fn fold_blocks(&mut self, folded: bool) {
        self.blocks_unfolded = !folded;
        self.open.clear();
        self.runs.clear();
    }

    /// Open one fold.
    pub fn open(&mut self, item: Item) {
        self.open.insert(item.first);
        self.runs.clear();
    }

    /// Close the folds that were opened one by one; false where there was none.
    pub fn close(&mut self) -> bool {
        self.runs.clear();
        !std::mem::take(&mut self.open).is_empty()
    }

    /// Who is shown has changed.
    pub fn lanes_changed(&mut self) {
        self.runs.clear();
    }

    /// A message has a row: no lane of it is hidden, and it is one of those that are shown.
    pub fn shows(&self, store: &Store, id: RecordId) -> bool {
        self.includes(id) && self.has_lanes(store, id)
    }

    fn has_lanes(&self, store: &Store, id: RecordId) -> bool {
        store.get(id).is_some_and(|record| self.lanes.shows(store, &record))
    }

    /// What the ids that are shown are among; a filter does not narrow an exchange.
    fn among(&self) -> Among<'_> {
        match (&self.scope, &self.filtered) {
            (Scope::All, None) => Among::All,
            (Scope::All, Some(ids)) => Among::Filtered(ids),
            (Scope::Exchange(_) | Scope::Chosen, _) => Among::Members(&self.members),
        }
    }

    /// The first shown message from `id` on.
    fn on(&self, store: &Store, id: RecordId, range: &Range<RecordId>) -> Option<RecordId> {
        let from = id.max(range.start);
        let has_lanes = |id: &RecordId| self.has_lanes(store, *id);
        match self.among() {
            Among::All => (from..range.end).find(has_lanes),
            Among::Filtered(ids) => ids.from(from).take_while(|id| *id < range.end).find(has_lanes),
            Among::Members(ids) => {
                let at = ids.partition_point(|member| *member < from);
                ids.get(at..)?.iter().copied().take_while(|id| *id < range.end).find(has_lanes)
            }
        }
    }

    /// The last shown message before `id`.
    fn before(&self, store: &Store, id: RecordId, range: &Range<RecordId>) -> Option<RecordId> {
        let to = id.min(range.end);
        let has_lanes = |id: &RecordId| self.has_lanes(store, *id);
        match self.among() {
            Among::All => (range.start..to).rev().find(has_lanes),
            Among::Filtered(ids) => ids.before(to).take_while(|id| *id >= range.start).find(has_lanes),
            Among::Members(ids) => {
                let at = ids.partition_point(|member| *member < to);
                ids.get(..at)?.iter().rev().copied().take_while(|id| *id >= range.start).find(has_lanes)
            }
        }
    }

    /// The item of a message, or of the first one behind it that is shown, or of the last.
    pub fn item(&mut self, source: &mut Source<'_>, id: RecordId, range: &Range<RecordId>) -> Option<Item> {
        let id = self.on(source.store, id, range).or_else(|| self.before(source.store, id, range))?;
        Some(self.item_of(source, id, range))
    }

    /// The next item.
    pub fn next(&mut self, source: &mut Source<'_>, item: Item, range: &Range<RecordId>) -> Option<Item> {
        let id = self.on(source.store, item.last + 1, range)?;
        Some(self.item_of(source, id, range))
    }

    /// The item before.
    pub fn previous(&mut self, source: &mut Source<'_>, item: Item, range: &Range<RecordId>) -> Option<Item> {
        let id = self.before(source.store, item.first, range)?;
        Some(self.item_of(source, id, range))
    }

    /// The folded messages that a message is one of.
    pub fn run(&self, item: Item) -> Option<&Rc<Run>> {
        self.runs.get(&item.first).filter(|run| run.last == item.last)
    }

    fn item_of(&mut self, source: &mut Source<'_>, id: RecordId, range: &Range<RecordId>) -> Item {
        if self.blocks_unfolded {
            return Item::one(id);
        }
        if let Some((_, run)) = self.runs.range(..=id).next_back().filter(|(_, run)| run.last >= id) {
            return Item { first: run.first, last: run.last };
        }
        if self.blocks.part(id, source.store, source.fetcher).is_none() {
            return Item::one(id);
        }
        let members = self.run_around(source, id, range);
        let (Some(first), Some(last)) = (members.first().copied(), members.last().copied()) else {
            return Item::one(id);
        };
        if self.open.contains(&first) {
            return Item::one(id);
        }
        match self.blocks.sum(source, &members) {
            Some(run) if run.exchanges > 1 => {
                self.runs.insert(first, Rc::new(run));
                Item { first, last }
            }
            _ => Item::one(id),
        }
    }

    /// All messages of the run that a message is in.
    fn run_around(&mut self, source: &mut Source<'_>, id: RecordId, range: &Range<RecordId>) -> Vec<RecordId> {
        let aligned = id / ALIGNED * ALIGNED;
        let range = range.start.max(aligned)..range.end.min(aligned.saturating_add(ALIGNED));
        let mut members = vec![id];
        let mut at = id;
        while let Some(before) = self.before(source.store, at, &range)
            && self.same_run(source, before, at, &range)
        {
            members.push(before);
            at = before;
        }
        members.reverse();
        at = id;
        while let Some(next) = self.on(source.store, at + 1, &range)
            && self.same_run(source, at, next, &range)
        {
            members.push(next);
            at = next;
        }
        members
    }

    /// Whether a message goes on with the run of the one before it. Copies of what came earlier of the same body break no run.
    fn same_run(&mut self, source: &mut Source<'_>, one: RecordId, other: RecordId, range: &Range<RecordId>) -> bool {
        let (store, fetcher) = (source.store, &mut *source.fetcher);
        let Some(part) = self.blocks.part(other, store, fetcher) else { return false };
        let record = |id: RecordId| store.get(id);
        let is_copy = |id: RecordId| record(id).is_some_and(|record| record.is_repeat());
        let exchange = record(other).map(|record| record.exchange);
        let mut at = one;
        for _ in 0..COPIES {
            let Some(before) = self.blocks.part(at, store, fetcher).filter(|before| before.key == part.key) else {
                // Copies alone are before it, or what may go on with any body.
                return at != one;
            };
            if record(at).map(|record| record.exchange) == exchange || is_copy(other) {
                return true;
            }
            if !is_copy(at) {
                match bond(&before, &part) {
                    Bond::Same => return true,
                    Bond::Other => return false,
                    Bond::Open if before.has_body() || !part.has_body() => return true,
                    // What is before that tells which body both may be of.
                    Bond::Open => {}
                }
            }
            match self.before(store, at, range) {
                Some(before) => at = before,
                None => return true,
            }
        }
        false
    }

    /// The lines of an item: pauses before it, then its own. `previous`: the item before it.
    pub fn lines(&mut self, source: &mut Source<'_>, item: Item, previous: Option<Item>) -> Vec<Entry> {
        let before = previous.and_then(|previous| self.end_of(source.store, previous));
        let line = match self.run(item) {
            Some(run) => Line::Fold(Rc::clone(run)),
            None => match self.row(source, item.first) {
                Some(row) => Line::Message(row),
                None => return Vec::new(),
            },
        };
        let time = source.store.get(item.first).map_or(i64::MAX, |record| record.time);
        let delta = before.and_then(|before| time_between(before, time));
        let unseen = previous.map_or(0, |previous| item.first.saturating_sub(previous.last + 1));
        let mut lines = self.pauses(delta.unwrap_or(0), unseen);
        lines.push(line);
        lines.into_iter().map(|line| Entry { item, line, before, delta }).collect()
    }

    fn pauses(&self, length: i64, unseen: u32) -> Vec<Line> {
        match self.idle {
            Idle::Folded if length >= IDLE => vec![Line::Pause(length, unseen)],
            Idle::Drawn if length >= DRAWN => {
                let step = step(length);
                (1..=length / step).map(|tick| tick * step).filter(|at| *at < length).map(Line::Tick).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Time of the last message of an item.
    pub fn end_of(&self, store: &Store, item: Item) -> Option<i64> {
        store.get(item.last).map(|record| record.time)
    }

    /// A row, made where it is not kept already.
    pub fn row(&mut self, source: &mut Source<'_>, id: RecordId) -> Option<Rc<Row>> {
        if let Some(row) = self.rows.get(&id) {
            return Some(Rc::clone(row));
        }
        if self.rows.len() >= KEPT {
            self.rows.clear();
        }
        let row = Rc::new(source.row(id)?);
        self.rows.insert(id, Rc::clone(&row));
        Some(row)
    }

    /// Lines from an item on, `rows` of them or a few more; the pause before the first item is left out where `pause` says so.
    pub fn page(&mut self, source: &mut Source<'_>, from: Item, range: &Range<RecordId>, rows: usize) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut last = self.previous(source, from, range);
        let mut item = Some(from);
        while let Some(here) = item.filter(|_| entries.len() < rows) {
            entries.extend(self.lines(source, here, last));
            last = Some(here);
            item = self.next(source, here, range);
        }
        entries
    }
}

/// The step of a scale that needs few rows.
fn step(length: i64) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    let steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];
    let fits = steps.into_iter().map(|step| step * SECOND).find(|step| length / step <= TICKS);
    fits.unwrap_or(length / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_need_few_rows() {
        for length in [2_000_000_000, 9_999_999_999, 10_970_000_000, 247_000_000_000, 90_000_000_000_000, i64::MAX] {
            assert!((1..=TICKS + 1).contains(&(length / step(length))), "{length}");
        }
    }
}
