//! An exchange as the tracker keeps it: the row, and what is needed to judge what comes.

use std::mem::offset_of;

use super::ahead::ask_lines;
use super::clock::Moment;
use super::marks::Marked;
use super::model::{ExchangeId, ExchangeRow, NO_RECORD};
use super::overtaken::Implicit;
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

const _: () = assert!(size_of::<Slot>() <= 144);

/// Whether a request is about an observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Observes {
    #[default]
    No,
    Registers,
    Deregisters,
}

/// What of a request is needed to judge its responses, but for what each has. Apart, since most have nothing of it, and slots are many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Hash of what it asks for, see `target::target_hash`; 0 where nobody needs it, or where it is not known.
    pub target: u64,
    pub accept: Option<u16>,
    /// Marks of the ETags that it has, see `judge::marks_of_etags`; 0 where it has none.
    pub etags: u64,
    /// Hash of what tells its body from others besides path and query, see `blocks::others`.
    pub others: u64,
    /// It carries a block, by Block1 or Q-Block1.
    pub block1: bool,
    /// It asks for a block, by Block2.
    pub block2: bool,
    /// It asks for a later block than the first.
    pub later: bool,
    /// By Q-Block1: the blocks of a set are not answered one by one (RFC 9177 section 4.3).
    pub quick: bool,
    pub oscore: bool,
    /// The capture cut the request: what was not seen of it may have been there.
    pub cut: bool,
    /// A critical option that the server had to refuse; 0 for none.
    pub bad_critical: u16,
    /// Bytes of all responses, if it was sent to a group.
    pub response_bytes: u32,
    /// What accepted or refused the registration that it is, if that had no ACK then.
    pub implicit: Option<Implicit>,
}

impl Asked {
    /// Of a request that has nothing of it.
    pub const NOTHING: Self = Self {
        target: 0,
        accept: None,
        etags: 0,
        others: 0,
        block1: false,
        block2: false,
        later: false,
        quick: false,
        oscore: false,
        cut: false,
        bad_critical: 0,
        response_bytes: 0,
        implicit: None,
    };
}

/// It waits for an answer.
pub(super) const OPEN: u8 = 1;
/// It has an observation that lives.
pub(super) const LIVE: u8 = 2;
/// Its request was one that nothing odd can be said of, see [`super::usual`].
pub(super) const USUAL: u8 = 4;
/// `resp.none-after-ack` was said of it.
pub(super) const OVERDUE: u8 = 8;
/// A response that may have been for it was taken for a newer request with its token.
pub(super) const SHARED: u8 = 16;
/// Of the slots under one token one keeps what is there.
pub(super) const KEEPS: u8 = 32;
/// There may be others under its token once it is gone.
pub(super) const SURVIVED: u8 = 64;
/// Nothing but path and query of its request tells what that asks for.
pub(super) const BARE: u8 = 128;

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
    /// Length of the request in bytes.
    pub length: u32,
    pub observes: Observes,
    /// What else of the request is needed, or `NOTHING`: see [`super::slots::Slots::asked`].
    pub asked: u32,
    /// Its observation, or `NOTHING`: see [`super::slots::Slots::observation`].
    pub observation: u32,
    /// The empty ACK, or `NO_RECORD`.
    pub acknowledgement: u32,
    /// `OPEN`, `LIVE`, `USUAL`, `OVERDUE`, `SHARED`, `KEEPS`, `SURVIVED`, `BARE`.
    marks: u8,
    /// What is under its token, if it is the slot that [keeps](KEEPS) this.
    pub under: Under,
    /// Steady time at which it began or was last used.
    pub opened_at: i64,
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
            length: 0,
            observes: Observes::No,
            asked: NOTHING,
            observation: NOTHING,
            acknowledgement: NO_RECORD,
            marks: 0,
            under: Under::NOTHING,
            opened_at: 0,
            link: UNLINKED,
            of_client: UNLINKED,
        }
    }

    /// Asks memory for it, line by line.
    #[inline]
    pub fn ask(&self) {
        ask_lines::<Self, _>(&self.opened_at, offset_of!(Self, opened_at));
    }

    /// Its request is about an observation.
    #[inline]
    pub fn observes(&self) -> bool {
        self.observes != Observes::No
    }

    /// Its request registers.
    #[inline]
    pub fn registers(&self) -> bool {
        self.observes == Observes::Registers
    }

    /// Its request asks to observe no more.
    #[inline]
    pub fn deregisters(&self) -> bool {
        self.observes == Observes::Deregisters
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
    pub fn close_as_newest(&mut self, number: u32) -> Link {
        self.unmark(OPEN);
        let link = std::mem::replace(&mut self.link, UNLINKED);
        (self.under.open, self.under.closed) = (link.behind, number);
        link
    }

    /// When the first copy of the request came.
    pub fn started(&self) -> Moment {
        Moment { time: self.row.started, epoch: self.epoch }
    }
}

impl Marked for Slot {
    #[inline(always)]
    fn marks(&self) -> u8 {
        self.marks
    }

    #[inline(always)]
    fn marks_mut(&mut self) -> &mut u8 {
        &mut self.marks
    }
}
