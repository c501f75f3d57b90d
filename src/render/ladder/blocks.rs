//! Block transfers folded: messages that follow one another and carry the blocks of one body become one row.

use std::collections::{HashMap, HashSet};

use super::row::Source;
use super::run::Run;
use crate::coap::{Block, Message, OptionNumber};
use crate::pipeline::Fetcher;
use crate::store::{Record, Store};
use crate::tracking::{BodyId, EndpointId, ExchangeId, NO_RECORD, RecordId, ResourceId};

/// A run never crosses a record whose id is a multiple of this, so that where one begins is found in bounded time.
pub const ALIGNED: RecordId = 1024;
/// Exchanges that are remembered.
const KEPT: usize = 1 << 14;
/// A block that an exchange carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The block.
    pub block: Block,
    /// Which option says so.
    pub option: OptionNumber,
    /// Bytes of payload, repeats not counted.
    pub bytes: usize,
    /// The body that the tracker counts it to.
    pub body: Option<BodyId>,
}

/// What an exchange carries of bodies: it may have the end of one that goes to the server, and the beginning of another that comes back (RFC
/// 7959 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose bodies, and what they are of.
    pub key: Key,
    /// The block that its request carries, and the one that its response does; without it the one that is asked for.
    pub pieces: [Option<Piece>; 2],
}

impl Part {
    /// Which of its pieces the payload of this message is.
    pub(super) fn carried_by(&self, record: &Record) -> Option<(usize, &Piece)> {
        let way = usize::from(!record.code.is_request());
        let is_carrier = !record.is_repeat() && (way == 0 || record.code.is_response());
        Some((way, self.pieces.get(way)?.as_ref().filter(|_| is_carrier)?))
    }

    /// The piece that tells how far its exchange came.
    pub(super) fn last(&self) -> Option<&Piece> {
        self.pieces.iter().flatten().next_back()
    }

    /// The tracker counts it to a body.
    pub(super) fn has_body(&self) -> bool {
        self.pieces.iter().flatten().any(|piece| piece.body.is_some())
    }
}

/// How an exchange stands to one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// Both carry parts of one body.
    Same,
    /// It may go on with what that carries: of one of them it is not known which body it is about.
    Open,
    /// It is about another body.
    Other,
}

/// Exchanges with different keys never belong to one body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    client: EndpointId,
    server: EndpointId,
    resource: ResourceId,
    method: u8,
}

/// Which exchanges carry blocks, found out on demand.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    known: HashMap<ExchangeId, Option<Part>>,
}

impl Blocks {
    /// What the messages of a run come to.
    pub fn sum(&mut self, source: &mut Source<'_>, members: &[RecordId]) -> Option<Run> {
        let store = source.store;
        let is_first = |id: &RecordId| store.get(*id).is_some_and(|record| !record.is_repeat());
        // Copies tell nothing of how far it came.
        let copies_alone = !members.iter().any(is_first);
        let mut run = Run::new(*members.first()?, store)?;
        let mut seen = HashSet::new();
        let mut asked = None;
        for id in members {
            let record = store.get(*id)?;
            run.note(*id, &record);
            let part = self.part(*id, store, source.fetcher)?;
            run.exchanges += usize::from(seen.insert(record.exchange));
            if copies_alone || !record.is_repeat() {
                run.reach(&part);
            }
            if let Some((way, piece)) = part.carried_by(&record) {
                run.carry(way, piece, *id, &record, store);
            }
            if record.code.is_request() && !record.is_repeat() {
                asked = Some((record.exchange, part.last()?.block.number));
            }
        }
        run.close(store);
        if let Some((last, number)) = asked {
            run.judge_exchanges(seen.into_iter().filter(|exchange| *exchange != last), store);
            run.judge_end(last, number, source);
        }
        Some(run)
    }

    /// What was found out may have changed.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// What the exchange of a record carries; `None` where that is no block.
    pub fn part(&mut self, id: RecordId, store: &Store, fetcher: &mut Fetcher) -> Option<Part> {
        let exchange = store.get(id)?.exchange;
        if exchange.0 == 0 {
            return None;
        }
        if let Some(known) = self.known.get(&exchange) {
            return *known;
        }
        if self.known.len() >= KEPT {
            self.known.clear();
        }
        let part = read(exchange, store, fetcher);
        self.known.insert(exchange, part);
        part
    }
}

fn read(exchange: ExchangeId, store: &Store, fetcher: &mut Fetcher) -> Option<Part> {
    let row = store.exchange(exchange)?;
    // Notifications are messages of their own; what follows their first block has exchanges of its own.
    if row.observation.0 != 0 || row.multicast {
        return None;
    }
    let key = Key { client: row.client, server: row.server, resource: row.resource, method: row.method };
    let of = |block: Option<(OptionNumber, Block)>, bytes: usize, id: RecordId| {
        let body = store.part(id).map(|part| part.body);
        block.map(|(option, block)| Piece { block, option, bytes, body })
    };
    const UP: [OptionNumber; 2] = [OptionNumber::BLOCK1, OptionNumber::Q_BLOCK1];
    const DOWN: [OptionNumber; 2] = [OptionNumber::BLOCK2, OptionNumber::Q_BLOCK2];
    let (sent, asked) = with(row.request, store, fetcher, |message| {
        (of(find(message, UP), message.payload().len(), row.request), of(find(message, DOWN), 0, NO_RECORD))
    })?;
    let given =
        with(row.response, store, fetcher, |message| of(find(message, DOWN), message.payload().len(), row.response));
    // Of one that only asks nothing is known but what it asks for.
    let asked = asked.filter(|_| sent.is_none());
    let asked = asked.map(|piece| Piece { block: Block { more: true, ..piece.block }, ..piece });
    let pieces = [sent, given.flatten().or(asked)];
    pieces.iter().any(Option::is_some).then_some(Part { key, pieces })
}

fn find(message: &Message<'_>, options: [OptionNumber; 2]) -> Option<(OptionNumber, Block)> {
    options.into_iter().find_map(|option| Some((option, message.block(option)?)))
}

fn with<T>(id: RecordId, store: &Store, fetcher: &mut Fetcher, see: impl Fn(&Message<'_>) -> T) -> Option<T> {
    let view = (id != NO_RECORD).then(|| fetcher.view(store, id)).and_then(Result::ok).flatten()?;
    Some(see(&view.message))
}

/// How an exchange stands to one before it, with nothing but copies between them, or what may go on with either.
pub(super) fn bond(before: &Part, part: &Part) -> Bond {
    if before.key != part.key {
        return Bond::Other;
    }
    let both = || before.pieces.iter().zip(&part.pieces).filter_map(|(one, other)| one.as_ref().zip(other.as_ref()));
    if both().any(|(one, other)| one.body.is_some() && one.body == other.body) {
        return Bond::Same;
    }
    let may_go_on = |(one, other): (&Piece, &Piece)| {
        let is_unknown = one.body.is_none() || other.body.is_none();
        let (from, to) = (one.block.number, other.block.number);
        is_unknown && to != 0 && (to == from || to > from && (one.block.more || is_of_sets(one.option)))
    };
    let is_open = match (before.pieces, part.pieces) {
        // The response to the last block that is sent, which has the first of what comes back, was not captured.
        ([Some(sent), None], [None, Some(given)]) => !sent.block.more && given.block.number > 0,
        _ => both().any(may_go_on),
    };
    if is_open { Bond::Open } else { Bond::Other }
}

/// Blocks that come in any order, a whole set for one request or one response (RFC 9177 section 3).
pub(super) fn is_of_sets(option: OptionNumber) -> bool {
    matches!(option, OptionNumber::Q_BLOCK1 | OptionNumber::Q_BLOCK2)
}
