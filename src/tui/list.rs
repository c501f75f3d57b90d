//! The message list: which one is selected, and what is on the pane.

use std::collections::HashMap;
use std::sync::Arc;

use super::action::Motion;
use super::app::App;
use super::detail::scrolled;
use super::theme::Theme;
use crate::coap::{Code, MessageType, Severity};
use crate::pipeline::Fetcher;
use crate::render::line::{self, Line};
use crate::store::{Chosen, Record, RecordKind, Store};
use crate::tracking::RecordId;

/// Rows kept at most; those of a few pages.
const KEPT: usize = 512;

/// A row, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its texts.
    pub line: Line,
    /// For its colour.
    pub message_type: MessageType,
    /// For its colour.
    pub code: Code,
    /// Worst finding.
    pub severity: Option<Severity>,
    /// It repeats an earlier message.
    pub repeat: bool,
    /// It is a message, not evidence of one.
    pub message: bool,
    /// Why it could not be read.
    pub error: Option<String>,
}

/// The state of the list.
#[derive(Debug, Default)]
pub struct List {
    /// The selected message.
    pub selected: Option<RecordId>,
    /// The one that was, as long as none is shown.
    place: Option<RecordId>,
    /// The one that was selected when a filter hid it, and that which is in its place as long as nobody selects another.
    hidden: Option<(RecordId, RecordId)>,
    /// The first row drawn.
    pub top: RecordId,
    /// Rows of the pane.
    pub page: usize,
    /// The newest message stays selected.
    pub follow: bool,
    /// Only these are shown; None for all.
    pub chosen: Option<Arc<Chosen>>,
    /// Messages below this id have been on the pane, or were there when the newest was drawn last.
    seen: RecordId,
    /// Where jumps began, those that were not gone back.
    pub(super) back: Vec<RecordId>,
    /// Where the last jump began, of whichever kind.
    pub(super) before: Option<RecordId>,
    rows: HashMap<RecordId, Row>,
}

impl List {
    /// An empty list that follows the newest message, or not.
    pub fn new(follow: bool) -> Self {
        Self { follow, ..Self::default() }
    }

    /// How many messages are chosen, where not all are.
    pub fn chosen_count(&self) -> Option<usize> {
        self.chosen.as_ref().map(|chosen| chosen.len())
    }

    /// A kept row.
    pub fn row(&self, id: RecordId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// What was known of earlier messages has changed.
    pub fn forget_rows(&mut self) {
        self.rows.clear();
    }

    /// Make the rows of these messages, where they are not kept already.
    fn fill(&mut self, ids: &[RecordId], fetcher: &mut Fetcher, store: &Store, theme: Theme) {
        if self.rows.len() > KEPT {
            self.rows.clear();
        }
        for id in ids {
            if let Some(record) = store.get(*id)
                && !self.rows.contains_key(id)
            {
                let mut row = make_row(*id, &record, fetcher, store);
                let line = &mut row.line;
                [&mut line.summary, &mut line.path, &mut line.content].into_iter().for_each(|text| theme.show(text));
                self.rows.insert(*id, row);
            }
        }
    }
}

fn make_row(id: RecordId, record: &Record, fetcher: &mut Fetcher, store: &Store) -> Row {
    let mut row = Row {
        line: Line::default(),
        message_type: record.message_type,
        code: record.code,
        severity: record.severity(),
        repeat: record.is_repeat(),
        message: record.kind() == RecordKind::Message,
        error: None,
    };
    match fetcher.view(store, id) {
        Ok(Some(view)) => row.line = line::parts(&view),
        Ok(None) => row.error = Some("it has left the memory".into()),
        Err(error) => {
            row.line.number = record.frame.to_string();
            row.error = Some(error.to_string());
        }
    }
    row
}

/// The messages that are shown, one a row.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// All from the first id up to the second.
    All(RecordId, RecordId),
    /// Those in these rows of the chosen ones.
    Some(&'a Chosen, usize, usize),
}

impl Shown<'_> {
    /// Rows.
    pub fn len(self) -> usize {
        match self {
            Self::All(first, end) => end.saturating_sub(first) as usize,
            Self::Some(_, first, end) => end.saturating_sub(first),
        }
    }

    /// The message in a row.
    pub fn at(self, row: usize) -> Option<RecordId> {
        match self {
            Self::All(first, end) => Some(first.saturating_add(row as RecordId)).filter(|id| *id < end),
            Self::Some(ids, first, end) => Some(first + row).filter(|row| *row < end).and_then(|row| ids.at(row)),
        }
    }

    /// The row of a message, or of the first behind it.
    pub fn row(self, id: RecordId) -> usize {
        match self {
            Self::All(first, end) => id.clamp(first, end.max(first)).saturating_sub(first) as usize,
            Self::Some(ids, first, end) => ids.row(id).clamp(first, end.max(first)) - first,
        }
    }

    /// Whether a message is among them.
    pub fn has(self, id: RecordId) -> bool {
        self.at(self.row(id)) == Some(id)
    }

    /// The messages of these rows, as far as there are so many.
    fn rows(self, rows: std::ops::Range<usize>) -> Vec<RecordId> {
        rows.map_while(|row| self.at(row)).collect()
    }
}

impl App {
    /// The messages that are shown.
    pub fn visible(&self) -> Shown<'_> {
        let ids = self.shown();
        match &self.list.chosen {
            None => Shown::All(ids.start, ids.end),
            Some(chosen) => Shown::Some(chosen, chosen.row(ids.start), chosen.row(ids.end)),
        }
    }

    /// All messages that came, without what speaks of some.
    pub fn messages(&self) -> usize {
        self.store.len().saturating_sub(self.evidence.len())
    }

    /// Those of them that are shown.
    pub fn messages_shown(&self) -> usize {
        let visible = self.visible();
        let others = self.evidence.from(self.store.first()).filter(|id| visible.has(*id)).count();
        visible.len().saturating_sub(others)
    }

    /// The messages on the pane.
    pub fn on_pane(&self) -> Vec<RecordId> {
        let visible = self.visible();
        let top = visible.row(self.list.top);
        visible.rows(top..top + self.list.page)
    }

    /// The ids that may be shown.
    pub fn shown(&self) -> std::ops::Range<RecordId> {
        self.store.first()..self.store.len() as RecordId
    }

    /// Messages that arrived below since the user stopped following.
    pub fn new_below(&self) -> u32 {
        if self.list.follow || !self.grows() {
            0
        } else {
            let visible = self.visible();
            (visible.len() - visible.row(self.list.seen).min(visible.len())) as u32
        }
    }

    /// The selected message, or the one that was as long as none is shown.
    pub(super) fn place_in_list(&self) -> Option<RecordId> {
        self.list.selected.or(self.list.place)
    }

    /// Select a message, or the nearest that is shown; following ends unless it is the newest and it was on.
    pub(super) fn select(&mut self, id: RecordId) {
        let visible = self.visible();
        let row = visible.row(id).min(visible.len().saturating_sub(1));
        let Some(id) = visible.at(row) else { return };
        if row + 1 < visible.len() {
            self.stop_following();
        }
        self.list.selected = Some(id);
    }

    /// Stay where the user is.
    pub(super) fn stop_following(&mut self) {
        self.list.follow = false;
    }

    /// Keep selection and pane inside of what may be shown, then read the rows of the pane.
    pub(super) fn prepare_list(&mut self) {
        if self.list.follow {
            self.list.seen = self.store.len() as RecordId;
        }
        self.select_hidden_again();
        let visible = self.visible();
        let place = self.place_in_list();
        let Some(last) = visible.len().checked_sub(1) else {
            (self.list.selected, self.list.place) = (None, place);
            return;
        };
        let row = if self.list.follow { last } else { place.map_or(0, |id| visible.row(id)).min(last) };
        let top = scrolled(visible.row(self.list.top), row, self.list.page, visible.len());
        let (selected, first) = (visible.at(row), visible.at(top).unwrap_or_default());
        if !self.list.follow
            && let (Some(wanted), Some(instead)) = (place, selected)
            && wanted != instead
        {
            let first = self.list.hidden.filter(|(_, instead)| *instead == wanted).map_or(wanted, |(first, _)| first);
            self.list.hidden = Some((first, instead));
        }
        (self.list.selected, self.list.top) = (selected, first);
        let ids = self.on_pane();
        self.list.seen = self.list.seen.max(ids.last().map_or(0, |id| id + 1));
        self.list.fill(&ids, &mut self.fetcher, &self.store, self.theme);
    }

    /// A message that a filter hid is selected again when it is shown, unless another one was selected meanwhile.
    fn select_hidden_again(&mut self) {
        let Some((wanted, instead)) = self.list.hidden else { return };
        if self.list.follow || self.list.selected.is_some_and(|selected| selected != instead) {
            self.list.hidden = None;
        } else if self.visible().has(wanted) {
            (self.list.selected, self.list.hidden) = (Some(wanted), None);
        }
    }

    /// Move in the list.
    pub(super) fn move_in_list(&mut self, motion: Motion, times: usize) {
        let Some(selected) = self.list.selected else { return };
        if motion == Motion::Last {
            self.thaw();
            self.list.follow = self.grows();
        }
        let visible = self.visible();
        let Some(target) = motion.row(visible.row(selected), times, self.list.page.max(2), visible.len()) else {
            return;
        };
        if let Some(id) = visible.at(target.min(visible.len().saturating_sub(1))) {
            self.select(id);
        }
    }
}
