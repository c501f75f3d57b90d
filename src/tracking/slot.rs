//! An exchange as the tracker keeps it: the row, and what is needed to judge what comes.

use super::ahead::ask;
use super::clock::Moment;
use super::model::{ExchangeId, ExchangeRow, NO_RECORD};
use super::pairs::PairNumber;
use super::sent::Handle;
use super::slab::NOTHING;
use super::tokens::Token;

/// Neighbours in a list of open requests, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub before: u32,
    pub behind: u32,
}

pub(super) const UNLINKED: Link = Link { before: u32::MAX, behind: u32::MAX };

/// What is under one token between client and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Under {
    /// The newest open request.
    pub open: u32,
    /// The newest closed one.
    pub closed: u32,
    /// The observation that lives.
    pub observing: u32,
    /// The observation that ended last.
    pub ended: u32,
}

impl Under {
    pub const NOTHING: Self = Self { open: u32::MAX, closed: u32::MAX, observing: u32::MAX, ended: u32::MAX };
}

/// What a slot holds besides an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SlotKind {
    /// Nothing.
    #[default]
    Free,
    /// An exchange.
    Exchange,
    /// A malformed request: answers may point to it, but it is no exchange.
    Malformed,
    /// An observation whose registration was not captured.
    Overheard,
    /// The observation of one member of a group, which was asked in a request to all.
    Member,
}

const _: () = assert!(size_of::<Slot>() <= 200);

/// What of a request is needed to judge its responses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// Hash of what it asks for, see `facts::target_hash`; 0 where nobody needs it, or where it is not known.
    pub target: u64,
    pub length: u32,
    pub accept: Option<u16>,
    pub no_response: u8,
    pub etag: bool,
    pub registers: bool,
    pub deregisters: bool,
    /// Hash of what tells its body from others besides path and query, see `blocks::others`.
    pub others: u64,
    /// It carries a block, by Block1 or Q-Block1.
    pub block1: bool,
    /// By Q-Block1: the blocks of a set are not answered one by one (RFC 9177 section 4.3).
    pub quick: bool,
    pub oscore: bool,
    /// The capture cut the request: what was not seen of it may have been there.
    pub cut: bool,
    /// Nothing but its path and query tells what it asks for.
    pub bare: bool,
    /// A critical option that the server had to refuse; 0 for none.
    pub bad_critical: u16,
}

impl Asked {
    /// It is about an observation.
    #[inline]
    pub fn observes(&self) -> bool {
        self.registers || self.deregisters
    }
}

/// An exchange. It is not aligned to lines of memory: what is can only grow by copying, and its old place is lost to others.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub kind: SlotKind,
    pub id: ExchangeId,
    pub row: ExchangeRow,
    pub token: Token,
    /// From client to server.
    pub pair: PairNumber,
    /// See [`started`](Self::started).
    epoch: u32,
    /// The request in the table of messages.
    pub sent: Handle,
    pub asked: Asked,
    /// Its observation, or `NOTHING`: see [`super::slots::Slots::observation`].
    pub observation: u32,
    /// The empty ACK, or `NO_RECORD`.
    pub acknowledgement: u32,
    /// Bytes of all responses.
    pub response_bytes: u32,
    pub open: bool,
    /// It has an observation that lives.
    pub live: bool,
    /// Its request was one that nothing odd can be said of, see [`super::usual`].
    pub usual: bool,
    /// `resp.none-after-ack` was said of it.
    pub overdue: bool,
    /// A response that may have been for it was taken for a newer request with its token.
    pub shared: bool,
    /// What is under its token, if it is the slot that [keeps](Self::keeps) this.
    pub under: Under,
    /// Of the slots under one token one keeps what is there.
    pub keeps: bool,
    /// There may be others under its token once it is gone.
    pub survived: bool,
    /// Steady time at which it began or was last used, and that at which it was closed.
    pub opened_at: i64,
    pub closed_at: i64,
    /// Among those with its token between the same endpoints.
    pub link: Link,
    /// Among those of the client.
    pub of_client: Link,
}

impl Slot {
    /// A slot with nothing but the row; the caller fills in the rest.
    #[inline(always)]
    pub fn new(
        kind: SlotKind,
        id: ExchangeId,
        row: ExchangeRow,
        token: Token,
        pair: PairNumber,
        started: Moment,
    ) -> Self {
        Self {
            kind,
            id,
            row,
            token,
            pair,
            epoch: started.epoch,
            sent: Handle::NONE,
            asked: Asked::default(),
            observation: NOTHING,
            acknowledgement: NO_RECORD,
            response_bytes: 0,
            open: false,
            live: false,
            usual: false,
            overdue: false,
            shared: false,
            under: Under::NOTHING,
            keeps: false,
            survived: false,
            opened_at: 0,
            closed_at: 0,
            link: UNLINKED,
            of_client: UNLINKED,
        }
    }

    /// Asks memory for it.
    #[inline]
    pub fn ask(&self) {
        ask(&self.opened_at);
        ask(&self.row.request);
        ask(&self.under.open);
        ask(&self.keeps);
    }

    /// It was used just now.
    #[inline]
    pub fn touch(&mut self, stamp: i64) {
        self.opened_at = self.opened_at.max(stamp);
    }

    /// Its token lies between these endpoints.
    #[inline]
    pub fn has(&self, pair: PairNumber, token: &Token) -> bool {
        self.pair == pair && self.token == *token
    }

    /// It is an exchange that waits for its response.
    pub fn is_waiting(&self) -> bool {
        self.kind == SlotKind::Exchange && self.row.state.is_waiting()
    }

    /// An answer came to the request with this number, the newest under the token; gives its neighbours there.
    #[inline(always)]
    pub fn close_as_newest(&mut self, number: u32, stamp: i64) -> Link {
        (self.open, self.closed_at) = (false, stamp);
        let link = std::mem::replace(&mut self.link, UNLINKED);
        (self.under.open, self.under.closed) = (link.behind, number);
        link
    }

    /// When the first copy of the request came.
    pub fn started(&self) -> Moment {
        Moment { time: self.row.started, epoch: self.epoch }
    }
}
