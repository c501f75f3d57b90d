//! Messages in the order of their first copies: until nothing more can come of them, and for a while in which is known that they were there.

use super::ahead::ask;
use super::marks::Marked;
use super::ring::Ring;
use super::sent::{MALFORMED, MULTICAST, MessageKey, RESPONDED, Sent};
use super::slab::NOTHING;

/// So many are known at least whose time is over.
const REMEMBERED: usize = 4096;

/// Bits of a number that tell the kind of a message.
const KINDS: u32 = 2;

/// When the time of a message is over, and whether anything happens then. These lie close together, so that most messages are forgotten without
/// being looked at once more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Due {
    /// Steady time of the first copy.
    pub stamp: i64,
    /// What is behind it in its chain, see [`Owners`](super::owners::Owners).
    pub behind: u32,
    /// A part of the hash of its key; 0 if it does not own that any more.
    pub tag: u16,
    /// Nothing happens when no copy of it is due any more.
    pub waits_not: bool,
    /// Nothing happens when its number is free again.
    pub lapses_quietly: bool,
}

impl Due {
    /// Whether nothing happens: when no copy is due any more, and when the number is free again.
    #[inline(always)]
    fn quiet(sent: &Sent) -> (bool, bool) {
        (sent.is_answered() || Self::is_apart(sent), Self::is_done(sent) && sent.again == NOTHING)
    }

    /// Nobody waits for an answer to it.
    #[inline(always)]
    fn is_apart(sent: &Sent) -> bool {
        sent.is(MALFORMED | MULTICAST) || sent.is_stray()
    }

    /// No response to it can be missing.
    #[inline(always)]
    pub fn is_done(sent: &Sent) -> bool {
        sent.is(RESPONDED) || !sent.is_request() || Self::is_apart(sent)
    }

    /// A message has changed.
    #[inline(always)]
    pub fn note(&mut self, sent: &Sent) {
        (self.waits_not, self.lapses_quietly) = Self::quiet(sent);
    }
}

type Messages = Ring<Sent, Due, KINDS>;

/// Messages of one kind, the oldest first. They live for as long as an answer to them may come.
pub(super) struct Life {
    /// First those that are past.
    ring: Messages,
    /// Number of the oldest that lives.
    oldest: u32,
    /// How many live.
    living: u32,
    /// Up to this number entries have waited or been looked at.
    waited: u32,
    /// So long they wait before something happens with them: the Confirmable for copies and an answer, the others until their number is free.
    pub wait: i64,
}

impl Life {
    /// `first`: the number of the first, which tells the kind.
    fn new(first: u32, wait: i64) -> Self {
        Self { ring: Ring::new(first), oldest: first, living: 0, waited: first, wait }
    }

    /// Number of the oldest that lives.
    pub fn oldest(&self) -> u32 {
        self.oldest
    }

    /// How many live.
    #[inline]
    pub fn len(&self) -> usize {
        self.living as usize
    }

    /// The number that comes next.
    #[inline]
    pub fn next(&self) -> u32 {
        self.ring.next()
    }

    #[inline]
    fn lives(&self, number: u32) -> bool {
        Messages::between(self.oldest, number) < self.living
    }

    /// What lives under a number.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&Sent> {
        if self.lives(number) { self.ring.known(number) } else { None }
    }

    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Sent> {
        if self.lives(number) { self.ring.known_mut(number) } else { None }
    }

    /// What lives under a number or is past.
    #[inline]
    pub fn known(&self, number: u32) -> Option<&Sent> {
        self.ring.get(number)
    }

    /// Asks memory for where the message so many behind the next will lie, and for what is due of the one that it makes be
    /// [forgotten](Self::forget).
    #[inline]
    pub fn ask_ahead(&self, by: u32) {
        if let Some(sent) = self.ring.cell_ahead(by) {
            sent.ask();
        }
        if let Some(due) = self.ring.side(self.ring.later(by)) {
            ask(due);
        }
    }

    /// Those that live, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = (u32, &Sent)> {
        self.ring.newest_first().take(self.len())
    }

    /// Forgets the oldest that is past if enough others are. Gives its number, and what was behind it in its chain.
    #[inline]
    pub fn forget(&mut self) -> Option<(u32, u32)> {
        if self.ring.len() - self.len() <= REMEMBERED {
            return None;
        }
        let number = self.ring.first();
        let behind = self.ring.front_side()?.behind;
        self.ring.pop();
        Some((number, behind))
    }

    /// Adds a message, which is written where it stays. `stamp`, `tag`, `behind`: see [`Due`].
    #[inline(always)]
    pub fn push(&mut self, stamp: i64, tag: u16, behind: u32, write: impl FnOnce(&mut Sent)) {
        let Some((sent, due)) = self.ring.push_place() else { return };
        self.living += 1;
        write(sent);
        let (waits_not, lapses_quietly) = Due::quiet(sent);
        *due = Due { stamp, behind, tag, waits_not, lapses_quietly };
    }

    /// What lives under a number, to be changed, and what is due of it, to be [noted](Due::note) then.
    #[inline(always)]
    pub fn changing(&mut self, number: u32) -> Option<(&mut Sent, &mut Due)> {
        if !self.lives(number) {
            return None;
        }
        self.ring.known_both(number)
    }

    /// What is due of the oldest that lives.
    #[inline]
    pub fn front(&self) -> Option<&Due> {
        if self.living > 0 { self.ring.known_side(self.oldest) } else { None }
    }

    /// What is due of the next that has not waited.
    #[inline]
    pub fn waiting(&self) -> Option<&Due> {
        let number = self.next_waiting();
        if self.lives(number) { self.ring.known_side(number) } else { None }
    }

    /// Whether the oldest has waited, and nothing happens for that any more.
    #[inline]
    pub fn has_waited(&self) -> bool {
        self.living > 0 && self.next_waiting() != self.oldest
    }

    /// Whether the oldest is of an earlier time.
    #[inline]
    pub fn begins_before(&self, steady: i64) -> bool {
        self.front().is_some_and(|due| due.stamp < steady)
    }

    /// The next that has waited, each once, unless nothing happens with it.
    #[inline]
    pub fn next_waited(&mut self, steady: i64, quiet: impl Fn(&Due) -> bool) -> Option<u32> {
        let (mut number, before) = (self.next_waiting(), steady.saturating_sub(self.wait));
        let mut left = self.living - Messages::between(self.oldest, number);
        let mut found = None;
        while left > 0
            && let Some(due) = self.ring.known_side(number).filter(|due| due.stamp < before)
        {
            let this = number;
            (number, left) = (Messages::after(number), left - 1);
            if !quiet(due) {
                found = Some(this);
                break;
            }
        }
        self.waited = number;
        found
    }

    /// The oldest lives no more. It is still known; what was due of it is told with it.
    #[inline]
    pub fn pass(&mut self) -> Option<(Due, &mut Sent)> {
        let number = self.oldest;
        if self.living == 0 {
            return None;
        }
        self.living -= 1;
        self.oldest = Messages::after(number);
        let (sent, due) = self.ring.known_both(number)?;
        Some((*due, sent))
    }

    /// Of the oldest those live no more that are of an earlier time and lapse quietly, the first of them that does not excepted; only such as
    /// have waited, if so.
    #[inline]
    pub fn pass_quietly(&mut self, steady: i64, waited: bool) {
        let mut number = self.oldest;
        let most = if waited { Messages::between(number, self.next_waiting()) } else { self.living };
        let mut left = most;
        while left > 0
            && let Some(due) = self.ring.known_side(number)
            && due.lapses_quietly
            && due.stamp < steady
        {
            (number, left) = (Messages::after(number), left - 1);
        }
        (self.oldest, self.living) = (number, self.living - (most - left));
    }

    /// The next that has not been looked at for having waited.
    #[inline]
    fn next_waiting(&self) -> u32 {
        // Who lives no more has waited.
        let ahead = Messages::between(self.oldest, self.waited);
        if ahead <= self.living { self.waited } else { self.oldest }
    }

    /// Takes back a jump of the clock that was not confirmed: only the newest message can have been sent in it.
    pub fn clamp(&mut self, steady: i64) {
        let newest = self.ring.newest();
        if self.lives(newest)
            && let Some((_, due)) = self.ring.known_both(newest)
        {
            due.stamp = due.stamp.min(steady);
        }
    }
}

/// The messages of both kinds.
pub(super) struct Lives {
    pub confirmable: Life,
    pub other: Life,
}

impl Lives {
    /// See [`Life::wait`].
    pub fn new(confirmable: i64, other: i64) -> Self {
        Self { confirmable: Life::new(0, confirmable), other: Life::new(1, other) }
    }

    /// The kind of messages that live long, or of the others, as a number of such.
    #[inline]
    pub fn kind(long: bool) -> u32 {
        u32::from(!long)
    }

    /// Those of the kind of a number.
    #[inline]
    pub fn of(&self, number: u32) -> &Life {
        if number & 1 == 0 { &self.confirmable } else { &self.other }
    }

    #[inline]
    pub fn of_mut(&mut self, number: u32) -> &mut Life {
        if number & 1 == 0 { &mut self.confirmable } else { &mut self.other }
    }

    pub fn both(&mut self) -> [&mut Life; 2] {
        [&mut self.confirmable, &mut self.other]
    }

    /// Whether something lives under a number or is past.
    #[inline]
    pub fn knows(&self, number: u32) -> bool {
        self.of(number).ring.holds(number)
    }

    /// The same where it has a key.
    #[inline]
    pub fn has(&self, number: u32, key: MessageKey) -> bool {
        self.key(number) == Some(key)
    }

    /// The key of what lives under a number, or is past, or was so until just now.
    #[inline]
    pub fn key(&self, number: u32) -> Option<MessageKey> {
        self.of(number).ring.known(number).map(|sent| sent.key)
    }

    /// What is due of what lives under a number or is past.
    #[inline]
    pub fn due(&self, number: u32) -> Option<&Due> {
        self.of(number).ring.side(number)
    }

    #[inline]
    pub fn due_mut(&mut self, number: u32) -> Option<&mut Due> {
        self.of_mut(number).ring.side_mut(number)
    }

    /// The numbers of all that live or are past.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        [&self.confirmable, &self.other].map(|life| life.ring.numbers()).into_iter().flatten()
    }

    /// How many live or are past.
    pub fn known(&self) -> usize {
        self.confirmable.ring.len() + self.other.ring.len()
    }

    /// A message does not own its key any more.
    #[cold]
    pub fn disown(&mut self, number: u32) {
        if let Some(due) = self.due_mut(number) {
            due.tag = 0;
        }
    }
}
