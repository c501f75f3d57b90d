//! The message list: which one is selected, what is on the pane, and the ways from one message to another.

use std::collections::HashMap;

use super::action::{Jump, Motion};
use super::app::App;
use super::detail::scrolled;
use crate::coap::{Code, MessageType, Severity};
use crate::pipeline::Fetcher;
use crate::render::line::{self, Line};
use crate::store::{Record, RecordKind, Store};
use crate::tracking::{NO_RECORD, RecordId, Relation, Role};

/// Rows kept at most; those of a few pages.
const KEPT: usize = 512;
/// Jumps that can be gone back.
const STEPS_BACK: usize = 64;

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
    /// The retransmission's number is not in the flag, since a finding is.
    pub hidden_number: Option<u8>,
    /// It was sent by the server.
    pub from_server: bool,
    /// Why it could not be read.
    pub error: Option<String>,
}

/// The state of the list.
#[derive(Debug, Default)]
pub struct List {
    /// The selected message.
    pub selected: Option<RecordId>,
    /// The first row drawn.
    pub top: RecordId,
    /// Rows of the pane.
    pub page: usize,
    /// The newest message stays selected.
    pub follow: bool,
    /// Only messages below this id are shown.
    pub frozen: Option<RecordId>,
    /// Messages below this id have been on the pane, or were there when following ended.
    seen: RecordId,
    back: Vec<RecordId>,
    rows: HashMap<RecordId, Row>,
}

impl List {
    /// An empty list that follows the newest message, or not.
    pub fn new(follow: bool) -> Self {
        Self { follow, ..Self::default() }
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
    fn fill(&mut self, ids: std::ops::Range<RecordId>, fetcher: &mut Fetcher, store: &Store) {
        if self.rows.len() > KEPT {
            self.rows.clear();
        }
        for id in ids {
            if let Some(record) = store.get(id)
                && !self.rows.contains_key(&id)
            {
                self.rows.insert(id, make_row(id, record, fetcher, store));
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
        hidden_number: (record.relation() == Relation::Retransmits && record.severity() >= Some(Severity::Warn))
            .then(|| record.transmission.saturating_sub(1)),
        from_server: store.exchange(record.exchange).is_some_and(|exchange| exchange.client == record.destination),
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

/// A stop of the problem keys: a warning, an error, a retransmission.
fn is_problem(record: &Record) -> bool {
    record.severity() >= Some(Severity::Warn) || record.relation() == Relation::Retransmits
}

impl App {
    /// The ids that may be shown.
    pub fn shown(&self) -> std::ops::Range<RecordId> {
        let end = self.store.len() as RecordId;
        self.store.first()..self.list.frozen.unwrap_or(end).min(end)
    }

    /// Messages that arrived below since the user stopped following.
    pub fn new_below(&self) -> u32 {
        if self.list.follow || !self.grows() {
            0
        } else {
            (self.store.len() as RecordId).saturating_sub(self.list.seen)
        }
    }

    /// Select a message; following ends unless it is the newest and it was on.
    pub(super) fn select(&mut self, id: RecordId) {
        let shown = self.shown();
        if shown.is_empty() {
            return;
        }
        let id = id.clamp(shown.start, shown.end - 1);
        if id + 1 < shown.end {
            self.stop_following();
        }
        self.list.selected = Some(id);
    }

    /// Stay where the user is.
    pub(super) fn stop_following(&mut self) {
        if std::mem::take(&mut self.list.follow) {
            self.list.seen = self.store.len() as RecordId;
        }
    }

    /// Keep selection and pane inside of what may be shown, then read the rows of the pane.
    pub(super) fn prepare_list(&mut self) {
        let shown = self.shown();
        if shown.is_empty() {
            self.list.selected = None;
            return;
        }
        let last = shown.end - 1;
        let selected =
            if self.list.follow { last } else { self.list.selected.unwrap_or(shown.start).clamp(shown.start, last) };
        self.list.selected = Some(selected);
        let row = (selected - shown.start) as usize;
        let top = self.list.top.saturating_sub(shown.start) as usize;
        self.list.top = shown.start + scrolled(top, row, self.list.page, shown.len()) as RecordId;
        let end = (self.list.top + self.list.page as RecordId).min(shown.end);
        self.list.seen = self.list.seen.max(end);
        self.list.fill(self.list.top..end, &mut self.fetcher, &self.store);
    }

    /// Move in the list.
    pub(super) fn move_in_list(&mut self, motion: Motion, count: Option<u32>) {
        let Some(selected) = self.list.selected else { return };
        let rows = count.unwrap_or(1);
        let page = self.list.page.max(2) as u32;
        let shown = self.shown();
        let target = match motion {
            Motion::Down => selected.saturating_add(rows),
            Motion::Up => selected.saturating_sub(rows),
            Motion::PageDown => selected.saturating_add(rows.saturating_mul(page - 1)),
            Motion::PageUp => selected.saturating_sub(rows.saturating_mul(page - 1)),
            Motion::HalfDown => selected.saturating_add(rows.saturating_mul(page / 2)),
            Motion::HalfUp => selected.saturating_sub(rows.saturating_mul(page / 2)),
            Motion::First | Motion::Last if count.is_some() => return self.go_to_frame(rows),
            Motion::First => shown.start,
            Motion::Last => {
                self.list.follow = self.grows();
                self.list.frozen = None;
                self.shown().end.saturating_sub(1)
            }
            Motion::Left | Motion::Right => return,
        };
        self.select(target);
    }

    /// Select the message of a frame number, or the one behind it.
    fn go_to_frame(&mut self, frame: u32) {
        let shown = self.shown();
        let (mut low, mut high) = (shown.start, shown.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.store.get(middle).is_some_and(|record| record.frame < frame) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.jump_to(low);
    }

    /// Select another message, and remember where from.
    pub(super) fn jump_to(&mut self, id: RecordId) {
        if let Some(from) = self.list.selected.filter(|from| *from != id) {
            if self.list.back.len() == STEPS_BACK {
                self.list.back.remove(0);
            }
            self.list.back.push(from);
        }
        self.select(id);
    }

    /// Go to a related message, or say that there is none.
    pub(super) fn jump(&mut self, jump: Jump, count: Option<u32>) {
        let Some(mut at) = self.list.selected else { return };
        match jump {
            Jump::Next => return self.move_in_list(Motion::Down, count),
            Jump::Previous => return self.move_in_list(Motion::Up, count),
            Jump::Back => {
                match self.list.back.pop() {
                    Some(id) => self.select(id),
                    None => self.say("no jump to go back from"),
                }
                return;
            }
            _ => {}
        }
        let start = at;
        for _ in 0..count.unwrap_or(1) {
            match self.related(at, jump) {
                Some(id) => at = id,
                None => break,
            }
        }
        if at == start {
            self.say(self.no_such(jump));
        } else if self.store.get(at).is_none() {
            self.say("that message has left the memory; it is still in the file");
        } else if at >= self.shown().end {
            self.say("that message came after the view was frozen; p thaws it");
        } else {
            self.jump_to(at);
        }
    }

    fn related(&self, at: RecordId, jump: Jump) -> Option<RecordId> {
        let record = self.store.get(at)?;
        let shown = self.shown();
        match jump {
            Jump::NextInExchange => {
                let last = self.store.exchange(record.exchange).filter(|_| record.exchange.0 != 0)?.last;
                (at + 1..shown.end.min(last.saturating_add(1)))
                    .find(|id| self.store.get(*id).is_some_and(|other| other.exchange == record.exchange))
            }
            Jump::PreviousInExchange => Some(record.previous_in_exchange).filter(|id| *id != NO_RECORD),
            Jump::NextProblem => (at + 1..shown.end).find(|id| self.store.get(*id).is_some_and(is_problem)),
            Jump::PreviousProblem => (shown.start..at).rev().find(|id| self.store.get(*id).is_some_and(is_problem)),
            Jump::Cause => Some(record.relates_to).filter(|id| *id != NO_RECORD),
            Jump::Answer => self.store.answered_by(at),
            Jump::Next | Jump::Previous | Jump::Back => None,
        }
    }

    fn no_such(&self, jump: Jump) -> &'static str {
        let role = self.list.selected.and_then(|id| self.store.get(id)).map(|record| record.role);
        match jump {
            Jump::NextInExchange => "no later message of this exchange",
            Jump::PreviousInExchange => "no earlier message of this exchange",
            Jump::NextProblem => "no problem below",
            Jump::PreviousProblem => "no problem above",
            Jump::Cause
                if matches!(role, Some(Role::Request | Role::Registration | Role::Deregistration | Role::Ping)) =>
            {
                "it answers and repeats nothing: it begins an exchange"
            }
            Jump::Cause => "it answers and repeats nothing that was captured",
            Jump::Answer => "nothing that was captured answers it",
            Jump::Next | Jump::Previous | Jump::Back => "",
        }
    }
}
