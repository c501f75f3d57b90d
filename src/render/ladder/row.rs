//! A message as an arrow: where from and to, of which kind, with which words, and what is to be said beside it.

use std::collections::HashSet;

use super::canvas::Kind;
use super::label::Label;
use super::note;
use crate::coap::{Code, MessageType, OptionNumber, Parameters, Severity};
use crate::frame::Endpoint;
use crate::pipeline::Fetcher;
use crate::render::line;
use crate::store::spared::is_spared;
use crate::store::{Record, RecordFlags, RecordKind, Store, View};
use crate::tracking::{EndpointId, ExchangeState, NO_RECORD, ObserveOrder, RecordId, Relation, Role};

/// Messages of an exchange that are looked through for those who answered a multicast.
const ANSWERS: usize = 1 << 14;
/// Messages of an observation that are looked through for those that overtook a late one.
const OVERTAKERS: usize = 32;

/// Messages behind one that are looked through for its ACK, where that is no answer.
const LOOKED: RecordId = 256;
/// Blocks of a body that are looked through for the one that a response for the whole set went to.
const BLOCKS: usize = 4096;

/// Whether what a message needs came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Fate {
    /// It came, or it needs nothing.
    #[default]
    Settled,
    /// It may still come.
    Waiting,
    /// It was not captured: the arrow ends in the air.
    Unanswered,
}

/// A row of a ladder, whatever its lanes are.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which record it is.
    pub id: RecordId,
    /// Frame number.
    pub frame: u32,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Its exchange, or 0.
    pub exchange: u32,
    /// How the arrow is drawn.
    pub kind: Kind,
    /// Another copy of an earlier message.
    pub repeat: bool,
    /// Whether what it needs came.
    pub fate: Fate,
    /// The words on it.
    pub label: Label,
    /// What is to be said beside it, from the longest form to the shortest.
    pub notes: Vec<String>,
    /// One or two letters, as in the list of messages.
    pub flag: String,
    /// Worst finding.
    pub severity: Option<Severity>,
    /// For its colour.
    pub code: Code,
    /// Observe number of a notification.
    pub observe: Option<u32>,
    /// Of a late notification: the earlier ones that overtook it, the latest first.
    pub overtaken_by: Vec<RecordId>,
    /// Of a multicast: who answered.
    pub answerers: Vec<EndpointId>,
    /// Why it could not be read, one line.
    pub error: Option<String>,
}

/// What rows are made with.
pub struct Source<'a> {
    /// What was loaded.
    pub store: &'a Store,
    /// Reads messages.
    pub fetcher: &'a mut Fetcher,
    /// The schedule that copies are held against.
    pub parameters: &'a Parameters,
    /// Nothing will follow: what has no answer gets none.
    pub ended: bool,
}

impl Source<'_> {
    /// The row of a record; `None` where it has left memory.
    pub fn row(&mut self, id: RecordId) -> Option<Row> {
        let record = self.store.get(id)?;
        let mut row = blank(id, &record);
        let stale = record.order() == ObserveOrder::Stale;
        match self.fetcher.view(self.store, id) {
            Ok(Some(view)) => {
                row.label = Label::new(&view, row.kind);
                row.observe = view.message.observe().filter(|_| !record.code.is_request());
                row.fate = fate(&view, self.parameters, self.ended);
                if record.flags.has(RecordFlags::MULTICAST) && record.code.is_request() {
                    row.answerers = answerers(self.store, &record);
                }
                row.notes = note::notes(&view, &row, self.parameters);
            }
            Ok(None) => return None,
            Err(error) => row.error = Some(error.to_string()),
        }
        if stale {
            row.overtaken_by = self.overtakers(id, row.observe);
        }
        Some(row)
    }

    /// Notifications that were captured before this one, but have a higher number: the last ones before it, without a break.
    fn overtakers(&mut self, id: RecordId, number: Option<u32>) -> Vec<RecordId> {
        let Some(number) = number else { return Vec::new() };
        let mut found = Vec::new();
        let mut at = self.store.get(id).map_or(NO_RECORD, |record| record.previous_in_exchange);
        for _ in 0..OVERTAKERS {
            let Some(record) = self.store.get(at).filter(|_| at != NO_RECORD) else { break };
            if record.role == Role::Notification && !record.is_repeat() {
                let Ok(Some(view)) = self.fetcher.view(self.store, at) else { break };
                match view.message.observe() {
                    Some(other) if is_newer(other, number) => found.push(at),
                    // It was overtaken itself.
                    _ if record.order() == ObserveOrder::Stale => {}
                    _ => break,
                }
            }
            at = record.previous_in_exchange;
        }
        found
    }
}

/// Serial number arithmetic of 24 bits (RFC 7641 section 3.4), without its clock.
fn is_newer(one: u32, other: u32) -> bool {
    let ahead = one.wrapping_sub(other) & 0xff_ffff;
    ahead > 0 && ahead < 1 << 23
}

fn blank(id: RecordId, record: &Record) -> Row {
    Row {
        id,
        frame: record.frame,
        time: record.time,
        exchange: record.exchange.0,
        kind: kind(record),
        repeat: record.is_repeat(),
        fate: Fate::Settled,
        label: Label::default(),
        notes: Vec::new(),
        flag: line::flag(record).into_owned(),
        severity: record.severity(),
        code: record.code,
        observe: None,
        overtaken_by: Vec::new(),
        answerers: Vec::new(),
        error: None,
    }
}

fn kind(record: &Record) -> Kind {
    if record.kind() == RecordKind::Evidence || record.flags.has(RecordFlags::HEADERLESS) {
        return Kind::Evidence;
    }
    match record.message_type {
        MessageType::Confirmable => Kind::Confirmable,
        MessageType::NonConfirmable => Kind::NonConfirmable,
        MessageType::Acknowledgement => Kind::Acknowledgement,
        MessageType::Reset => Kind::Reset,
    }
}

/// Whether what a message needs came. Only what was captured is known.
fn fate(view: &View<'_>, parameters: &Parameters, ended: bool) -> Fate {
    let record = view.record;
    if !view.is_message() || record.flags.has(RecordFlags::MALFORMED) || view.message.header().is_none() {
        return Fate::Settled;
    }
    if record.relation() == Relation::CopyOf {
        return Fate::Settled;
    }
    let first = if record.is_repeat() { record.relates_to } else { view.id };
    let answered = view.store.answered_by(view.id).is_some();
    let confirmable = record.message_type == MessageType::Confirmable;
    if record.code.is_request() {
        let is_of_set = view.message.has(OptionNumber::Q_BLOCK1);
        return match fate_of_request(view.store, view.id, ended) {
            Fate::Unanswered | Fate::Waiting if is_of_set && is_set_answered(view.store, first) => Fate::Settled,
            fate => fate,
        };
    }
    if !confirmable || answered || is_acknowledged(view.store, first) {
        return Fate::Settled;
    }
    let first = view.store.get(first).map_or(record.time, |first| first.time);
    let last = view.store.summary().last_time.unwrap_or(record.time);
    let over = last.saturating_sub(first) > parameters.max_transmit_wait();
    if over { Fate::Unanswered } else { waiting(ended) }
}

/// Whether what a request needs came, by what the tracker knows of its exchange.
pub(super) fn fate_of_request(store: &Store, id: RecordId, ended: bool) -> Fate {
    let Some(record) = store.get(id) else { return Fate::Settled };
    let first = if record.is_repeat() { record.relates_to } else { id };
    let exchange = store.exchange(record.exchange).filter(|exchange| exchange.request == first);
    // Whoever asks for no response misses none, and the acknowledgement is one answer.
    let spared = exchange.is_some_and(|exchange| is_spared(store, &exchange));
    match exchange.map(|exchange| exchange.state) {
        _ if spared || store.answered_by(id).is_some() => Fate::Settled,
        Some(ExchangeState::TimedOut) => Fate::Unanswered,
        Some(ExchangeState::Open) => waiting(ended),
        _ => Fate::Settled,
    }
}

/// A response to a later block speaks for all blocks before it (RFC 9177 section 4.3).
fn is_set_answered(store: &Store, id: RecordId) -> bool {
    let body = store.part(id).and_then(|part| store.body(part.body));
    let mut at = body.map_or(NO_RECORD, |body| body.last);
    for _ in 0..BLOCKS {
        let Some(part) = store.part(at).filter(|_| at != NO_RECORD && at >= id) else { return false };
        if store.answered_by(at).is_some() {
            return true;
        }
        at = part.previous;
    }
    // Too many to tell: nobody is accused.
    true
}

/// An ACK came, though one that answers nothing: that of a ping.
fn is_acknowledged(store: &Store, id: RecordId) -> bool {
    let mut later = (id..=id.saturating_add(LOOKED)).map_while(|id| store.get(id));
    later.any(|record| record.relates_to == id && record.relation() == Relation::Acknowledges)
}

fn waiting(ended: bool) -> Fate {
    if ended { Fate::Unanswered } else { Fate::Waiting }
}

/// Who answered a request to a group, each once, in their order.
fn answerers(store: &Store, record: &Record) -> Vec<EndpointId> {
    let Some(exchange) = store.exchange(record.exchange).filter(|_| record.exchange.0 != 0) else { return Vec::new() };
    let mut answers = Vec::new();
    let mut at = exchange.last;
    for _ in 0..ANSWERS {
        let Some(other) = store.get(at).filter(|_| at != NO_RECORD) else { break };
        if other.destination == record.source && other.code.is_response() {
            answers.push(other.source);
        }
        at = other.previous_in_exchange;
    }
    let mut seen = HashSet::new();
    answers.into_iter().rev().filter(|source| seen.insert(*source)).collect()
}

/// An endpoint in a few columns: the end of its address, and its port.
pub fn short_end(endpoint: &Endpoint) -> String {
    let whole = endpoint.address.to_string();
    let end = match endpoint.address.is_ipv4() {
        true => format!(".{}", whole.rsplit('.').next().unwrap_or(&whole)),
        false if whole.len() <= 8 => format!("[{whole}]"),
        // The dots say that it is the end of an address.
        false => format!("[..:{}]", whole.rsplit(':').next().unwrap_or(&whole)),
    };
    if endpoint.port == 0 { end } else { format!("{end}:{}", endpoint.port) }
}
