//! What comes from the loader: taken in, or kept behind a frozen view; followed, or not.

use super::app::App;
use super::opening::Opening;
use crate::store::spared::is_spared;
use crate::store::{Ended, RecordKind, Store, Update};
use crate::tracking::{ExchangeId, ExchangeRow, ExchangeState, NO_RECORD, Patch, RecordId};

/// What comes while the view is frozen: rows and what is said of them stay as they were, to the last column.
#[derive(Debug)]
pub struct Behind {
    /// All that is known by now.
    store: Store,
    /// Exchanges of it that are known to stay without a response.
    unanswered: u64,
    /// The time of day at which the view was frozen, nanoseconds since 1970.
    pub since: i64,
}

impl App {
    /// Take an update in.
    pub fn take(&mut self, update: Update) {
        if let Some(Ended::Failed(why)) = &update.ended {
            self.notice = Some(why.clone());
        } else if let Some(warning) = update.warnings.last() {
            self.notice = Some(warning.clone());
        }
        self.tell_carrier(&update);
        // At the end the tracker's counts tell it.
        let counted = self.opening.grows() && update.ended.is_none();
        if let Some(behind) = &mut self.behind {
            return apply(&mut behind.store, update, counted.then_some(&mut behind.unanswered));
        }
        self.findings.judging.note(&update.patches);
        let from = self.store.len() as RecordId;
        let (patched, ended) = (!update.patches.is_empty(), update.ended.is_some());
        let late = self.late_problem(&update.patches);
        apply(&mut self.store, update, counted.then_some(&mut self.unanswered));
        self.show_new(from, patched, ended);
        self.announce(from, late);
    }

    /// The interface went down, or is up again.
    fn tell_carrier(&mut self, update: &Update) {
        let (before, now) = (self.newest().summary().carrier, update.summary.carrier);
        if let Opening::Live { interface, .. } = &self.opening
            && before != now
            && update.ended.is_none()
        {
            self.say(now.news(interface));
        }
    }

    /// Show what the store has new: records from this one on, more about earlier ones, or that the source has ended.
    fn show_new(&mut self, from: RecordId, patched: bool, ended: bool) {
        if patched {
            self.list.forget_rows();
            self.detail.forget();
        }
        self.flow.ladder.take(&self.store, patched || ended);
        self.tables.changed();
        if ended {
            self.spared = self.store.exchanges().filter(|(_, row)| is_spared(&self.store, row)).count() as u64;
        }
        if ended && self.notice.is_none() {
            self.notice = self.offer();
        }
        for id in from..self.store.len() as RecordId {
            if let Some(record) = self.store.get(id) {
                self.aliases.note(&record);
                if record.kind() == RecordKind::Evidence {
                    self.evidence.push(id);
                }
            }
        }
        self.filter_update(from, patched || ended);
        self.go_to_awaited();
    }

    /// The view is frozen.
    pub fn is_frozen(&self) -> bool {
        self.behind.is_some()
    }

    /// All that is known by now, be it shown or kept behind a frozen view.
    pub fn newest(&self) -> &Store {
        self.behind.as_ref().map_or(&self.store, |behind| &behind.store)
    }

    /// Messages that came since the view was frozen.
    pub fn behind_view(&self) -> usize {
        self.newest().len().saturating_sub(self.store.len())
    }

    pub(super) fn toggle_freeze(&mut self) {
        if self.is_frozen() {
            self.thaw();
        } else {
            self.behind = Some(Behind { store: self.store.clone(), unanswered: self.unanswered, since: (self.wall)() });
        }
    }

    /// Show all that is known by now.
    pub(super) fn thaw(&mut self) {
        let Some(behind) = self.behind.take() else { return };
        let from = self.store.len() as RecordId;
        let ended = self.store.ended().is_none() && behind.store.ended().is_some();
        self.store = behind.store;
        self.unanswered = behind.unanswered;
        self.findings.judging.forget();
        self.show_new(from, true, ended);
    }

    pub(super) fn toggle_follow(&mut self) {
        if self.list.follow && !self.is_frozen() {
            self.stop_following();
            self.say("following stopped; F or G follows again");
        } else {
            self.thaw();
            self.list.follow = self.grows();
            if !self.list.follow {
                self.say("the capture has ended: nothing new to follow");
            }
        }
    }
}

/// Takes an update in, and counts the exchanges that stay without a response by it, where that is wanted.
fn apply(store: &mut Store, update: Update, unanswered: Option<&mut u64>) {
    let Some(unanswered) = unanswered else { return store.apply(update) };
    let touched = exchanges_of(&update.patches);
    let count = |store: &Store| {
        let rows = touched.iter().filter_map(|id| store.exchange(*id));
        rows.filter(|row| stays_without_response(store, row)).count() as u64
    };
    let before = count(store);
    store.apply(update);
    *unanswered = (*unanswered + count(store)).saturating_sub(before);
}

/// The exchanges that these are about, each once.
fn exchanges_of(patches: &[Patch]) -> Vec<ExchangeId> {
    let id = |patch: Patch| if let Patch::Exchange(id, _) = patch { Some(id) } else { None };
    let mut ids: Vec<ExchangeId> = patches.iter().flat_map(Patch::each).filter_map(id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Nothing came in the time a client waits, or nobody was reached, and a response was owed.
fn stays_without_response(store: &Store, row: &ExchangeRow) -> bool {
    matches!(row.state, ExchangeState::TimedOut | ExchangeState::Unreachable)
        && row.response == NO_RECORD
        && !is_spared(store, row)
}
