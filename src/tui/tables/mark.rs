//! Which row of a table is marked: the one that holds the selected message. Where none does, none is marked, and the screen says so.

use super::making::message_of;
use super::{Entry, exchange_of};
use crate::store::Store;
use crate::tracking::{ExchangeId, ObservationId, RecordId};
use crate::tui::action::{Motion, View};
use crate::tui::app::App;

/// The exchange or observation that a message is of; 0 for none.
pub(super) fn row_of(store: &Store, view: View, id: RecordId) -> u32 {
    if view == View::Observations {
        return store.observation_of(id).map_or(0, |id| id.0);
    }
    store.get(id).map_or(0, |record| exchange_of(store, &record).0)
}

/// The table has a row for it.
fn is_there(store: &Store, view: View, id: u32) -> bool {
    id != 0
        && match view {
            View::Observations => store.observation(ObservationId(id)).is_some(),
            _ => store.exchange(ExchangeId(id)).is_some(),
        }
}

impl App {
    /// Mark the row of the selected message, or none. While the newest message is followed, the row stays that was marked last, and its
    /// newest message is selected, as long as what comes is of none.
    pub(super) fn follow_selection(&mut self) {
        let (view, selected) = (self.view, self.list.selected);
        if self.tables.synced == selected && selected.is_some() {
            return;
        }
        self.tables.synced = selected;
        let row = selected.map_or(0, |id| row_of(&self.store, view, id));
        let row = if is_there(&self.store, view, row) { row } else { 0 };
        let before = self.tables.of(view).current;
        if row == 0 && self.list.follow && is_there(&self.store, view, before) {
            let message = self.message_of_row(before, true);
            if message.is_some() {
                (self.list.selected, self.tables.synced) = (message, message);
                return;
            }
        }
        self.tables.of_mut(view).current = row;
    }

    /// Mark the row of the selected message in the view that is shown, if it is a table.
    pub(in crate::tui) fn follow_to_row(&mut self) {
        match self.view {
            View::Exchanges | View::Observations => self.follow_selection(),
            View::Findings => self.follow_to_finding(),
            View::Messages | View::Flow => {}
        }
    }

    /// The message to select with a row: the first of it that is shown, or the newest.
    fn message_of_row(&self, id: u32, newest: bool) -> Option<RecordId> {
        let (view, visible) = (self.view, self.visible());
        let named = message_of(&self.store, view, id, newest, &|id| visible.has(id));
        named.or_else(|| {
            // A filter lets only others of it through.
            let mut messages = (0..visible.len()).filter_map(|row| visible.at(row));
            messages.find(|message| row_of(&self.store, view, *message) == id)
        })
    }

    /// The place of the marked row; where none is, that of the first which begins behind the selected message, or where one was last.
    pub(super) fn marked_place(&self) -> (usize, bool) {
        let table = self.tables.of(self.view);
        let first = self.first_id();
        let place = table.order.place(table.current, table.place, first).filter(|_| table.current != 0);
        match place.filter(|place| *place < self.table_len()) {
            Some(place) => (place, true),
            None if table.current == 0 && table.order.is_by_id() => (self.place_behind(first), false),
            None => (table.place, false),
        }
    }

    /// In the order of ids, how many rows begin before the selected message.
    fn place_behind(&self, first: u32) -> usize {
        let (store, view) = (&self.store, self.view);
        let selected = self.list.selected.unwrap_or(0);
        let begins_before =
            |id: u32| message_of(store, view, id, false, &|_| true).is_some_and(|begin| begin < selected);
        let (mut low, mut high) = (0, self.table_len());
        while low < high {
            let middle = low + (high - low) / 2;
            if begins_before(first.saturating_add(middle as u32)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// What is said where no row of the view's table is marked: whose row is missing.
    pub fn unmarked(&self) -> Option<String> {
        let record = self.list.selected.and_then(|id| self.store.get(id))?;
        let what = match self.view {
            View::Exchanges | View::Observations => {
                if self.tables.of(self.view).current != 0 || self.table_len() == 0 {
                    return None;
                }
                match (self.view, record.exchange.0) {
                    (View::Observations, _) => "is of no observation",
                    (_, 0) => "is of no exchange",
                    _ => "is of an exchange that has left the memory",
                }
            }
            View::Findings if self.has_unmarked_findings() => "has no finding that stands here",
            _ => return None,
        };
        Some(format!("no row is marked, since #{} {what}", record.frame))
    }

    /// What is said of a message in a table without rows.
    pub(in crate::tui) fn rowless(&self, id: RecordId) -> Option<String> {
        let is_empty = match self.view {
            View::Exchanges | View::Observations => self.table_len() == 0,
            View::Findings => self.findings.len() == 0,
            View::Messages | View::Flow => false,
        };
        let record = self.store.get(id).filter(|_| is_empty)?;
        Some(format!("it is in #{}, which has no row here; 1 shows it", record.frame))
    }

    /// Say that no row is marked; false where one is.
    pub(in crate::tui) fn refuse_unmarked(&mut self) -> bool {
        let Some(why) = self.unmarked() else { return false };
        self.say(format!("{why}; j and k mark one"));
        true
    }

    /// Move in the table; the first message of the row is selected with it.
    pub(in crate::tui) fn move_in_table(&mut self, motion: Motion, times: usize) {
        let count = self.table_len();
        let (view, page) = (self.view, self.tables.page.max(2));
        let (place, is_marked) = self.marked_place();
        let Some(target) = motion.row(place, times, page, count) else { return };
        // Without a mark the next row is the one that stands there.
        let target = if motion == Motion::Down && !is_marked { target.saturating_sub(1) } else { target };
        let is_end = matches!(motion, Motion::First | Motion::Last) && self.awaits_order(view);
        if motion == Motion::Last {
            self.thaw();
            self.list.follow = self.grows();
        }
        let down = target > place || motion == Motion::Down;
        let target = target.min(count.saturating_sub(1));
        // A heading is no row: the next one that is, in the direction of the motion, or else in the other.
        let row = |place: usize| match self.entry_at(place) {
            Some(Entry::Row(id)) => Some((place, id)),
            _ => None,
        };
        let found = if down {
            (target..count).find_map(row).or_else(|| (0..target).rev().find_map(row))
        } else {
            (0..=target).rev().find_map(row).or_else(|| (target..count).find_map(row))
        };
        let Some((place, id)) = found else { return };
        // Where it goes no farther the selected message stays, which may be another one of that row.
        if is_marked && id == self.tables.of(view).current && !matches!(motion, Motion::First | Motion::Last) {
            return;
        }
        let Some(message) = self.message_of_row(id, false) else {
            return self.say("no message of that row is here to be selected");
        };
        let table = self.tables.of_mut(view);
        (table.current, table.place) = (id, place);
        self.tables.facts.cursor = 0;
        self.tables.facts.top = 0;
        let follow = self.list.follow;
        self.select(message);
        if motion == Motion::Last {
            self.list.follow = follow;
        }
        self.tables.synced = self.list.selected;
        self.tables.of_mut(view).end = is_end.then_some((motion, self.list.selected));
    }
}
