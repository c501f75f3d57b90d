//! Who owns a Message ID. Messages whose keys have the same hash, as far as there are places, are in a chain: each knows the one behind it.
//! Whoever is forgotten leaves the end of its chain by itself, so that nothing has to be cleared up.

use prefetch_index::prefetch_index;

use super::life::Lives;
use super::seed::two_numbers;
use super::sent::{MessageKey, Sent};
use super::slab::NOTHING;
use super::table::Key;

/// Where the owner of a key is or would go; good until something is put elsewhere. Small enough to be returned in registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    at: u32,
    /// Who has the key, or `NOTHING`.
    number: u32,
    /// What is first in its chain now, if it is known.
    behind: u32,
    /// See [`Due::tag`](super::life::Due::tag).
    tag: u16,
}

impl Place {
    /// The number of who has the key.
    #[inline]
    pub fn number(self) -> Option<u32> {
        (self.number != NOTHING).then_some(self.number)
    }
}

/// Bits of a number all of which are 0 once in 256 messages of a kind.
const NOW_AND_THEN: u32 = 0x3fc;

/// The beginning of a chain: it tells mostly by itself that a key has no owner, so that nothing farther away is asked.
#[derive(Clone, Copy)]
struct First {
    /// Who is first.
    number: u32,
    /// The tag of its key.
    tag: u16,
    /// Who may be behind it: a [bit](Self::bit) for each.
    behind: u16,
}

impl First {
    /// The beginning of a chain of nobody.
    const NOBODY: Self = Self { number: NOTHING, tag: 0, behind: 0 };

    /// Who is known under a number is first; who is behind it is not looked at.
    fn of(lives: &Lives, number: u32) -> Self {
        let anybody = |behind: u32| if behind == NOTHING { 0 } else { u16::MAX };
        lives.due(number).map_or(Self::NOBODY, |due| Self { number, tag: due.tag, behind: anybody(due.behind) })
    }

    /// A tag as one bit.
    fn bit(tag: u16) -> u16 {
        1 << ((tag >> 1) % 16)
    }

    /// Someone new, before whoever is there.
    fn with(self, number: u32, tag: u16) -> Self {
        let behind = if self.number == NOTHING { 0 } else { self.behind | Self::bit(self.tag) };
        Self { number, tag, behind }
    }

    /// Who has a tag may be behind it.
    fn hides(self, tag: u16) -> bool {
        self.behind & Self::bit(tag) != 0
    }
}

/// The chains.
pub(super) struct Owners {
    /// The beginning of each. As many as a power of two.
    first: Vec<First>,
    seed: [u64; 2],
}

impl Owners {
    /// Chains at the beginning.
    const FIRST: usize = 256;

    pub fn new() -> Self {
        Self { first: vec![First::NOBODY; Self::FIRST], seed: two_numbers() }
    }

    /// Which chain has a key, and its tag.
    #[inline]
    fn home(&self, key: MessageKey) -> (usize, u16) {
        let hash = key.hash(self.seed);
        // No key has the tag of who owns nothing any more.
        (hash as usize & (self.first.len() - 1), (hash >> 48) as u16 | 1)
    }

    /// Asks memory for where a key is looked for first.
    #[inline]
    pub fn ask(&self, key: MessageKey) {
        prefetch_index(&self.first, self.home(key).0);
    }

    /// The place of a key.
    #[inline(never)]
    pub fn place(&self, lives: &Lives, key: MessageKey) -> Place {
        let (at, tag) = self.home(key);
        let mut place = Place { at: at as u32, tag, behind: NOTHING, number: NOTHING };
        let Some(first) = self.first.get(at).filter(|first| lives.knows(first.number)) else { return place };
        place.behind = first.number;
        if first.tag == tag && lives.has(first.number, key) {
            place.number = first.number;
        } else if first.hides(tag) {
            place.number = Self::behind(lives, first.number, (key, tag));
        }
        place
    }

    /// Who has a key with a tag, of those in a chain behind the first.
    #[inline(never)]
    fn behind(lives: &Lives, first: u32, (key, tag): (MessageKey, u16)) -> u32 {
        let mut number = lives.due(first).map_or(NOTHING, |due| due.behind);
        while let Some(due) = lives.due(number) {
            if due.tag == tag && lives.has(number, key) {
                return number;
            }
            number = due.behind;
        }
        NOTHING
    }

    /// Adds a message, as the owner of the key of a place; gives its number. `long`: it is not Non-confirmable; `stamp`: the steady time.
    #[inline(always)]
    pub fn add(
        &mut self,
        lives: &mut Lives,
        mut place: Place,
        (long, stamp): (bool, i64),
        write: impl FnOnce(&mut Sent),
    ) -> u32 {
        if let Some(before) = place.number() {
            lives.disown(before);
        }
        if let Some((number, behind)) = lives.of_mut(Lives::kind(long)).forget()
            && lives.knows(behind)
        {
            self.leave(lives, &mut place, number, behind);
        }
        let life = lives.of_mut(Lives::kind(long));
        let number = life.next();
        life.push(stamp, place.tag, place.behind, write);
        if let Some(first) = self.first.get_mut(place.at as usize) {
            *first = if place.behind == NOTHING { First::NOBODY } else { *first }.with(number, place.tag);
        }
        if number & NOW_AND_THEN == 0 {
            self.fit(lives);
        }
        number
    }

    /// A message does not own its key any more, and nobody else does.
    #[cold]
    pub fn disown(&mut self, lives: &mut Lives, number: u32) {
        lives.disown(number);
        let Some(key) = lives.key(number) else { return };
        let (at, _) = self.home(key);
        if let Some(first) = self.first.get_mut(at).filter(|first| first.number == number) {
            first.tag = 0;
        }
    }

    /// A message was forgotten before the one behind it in its chain: that takes its place, also in front of what is put at a place next.
    #[cold]
    #[inline(never)]
    fn leave(&mut self, lives: &mut Lives, next: &mut Place, number: u32, behind: u32) {
        if next.behind == number {
            next.behind = behind;
        }
        let Some(key) = lives.key(number) else { return };
        let (at, _) = self.home(key);
        let Some(first) = self.first.get_mut(at) else { return };
        let mut before = first.number;
        if before == number {
            *first = First::of(lives, behind);
        }
        while let Some(due) = lives.due_mut(before) {
            before = due.behind;
            if before == number {
                due.behind = behind;
            }
        }
    }

    /// Sees to it that there are as many chains as messages that are known, and once more.
    #[cold]
    #[inline(never)]
    fn fit(&mut self, lives: &mut Lives) {
        let chains = (lives.known() * 2).next_power_of_two();
        if chains <= self.first.len() {
            return;
        }
        self.first.clear();
        self.first.resize(chains, First::NOBODY);
        for number in lives.numbers() {
            let Some(key) = lives.key(number) else { continue };
            let (at, tag) = self.home(key);
            if let (Some(first), Some(due)) = (self.first.get_mut(at), lives.due_mut(number)) {
                due.behind = NOTHING;
                if due.tag == tag {
                    due.behind = first.number;
                    *first = first.with(number, tag);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::tracking::model::{NO_RECORD, ObservationId, Role};
    use crate::tracking::random::Random;
    use crate::tracking::sent::{CONFIRMABLE, Handle, RESPONDED, SentTable, Travel};
    use crate::tracking::slots::NONE;

    /// A message that is answered: it lapses quietly.
    fn sent(key: MessageKey, stamp: i64, confirmable: bool) -> Sent {
        Sent {
            key,
            first: Travel::default(),
            hash: 0,
            refreshable: 0,
            ack_hash: 0,
            answer: Travel::default(),
            answered_by: 1,
            head: 0,
            record: stamp as u32,
            slot: NONE,
            exchange: 0,
            observation: ObservationId(0),
            acknowledgement: NO_RECORD,
            reset: NO_RECORD,
            code: 1,
            role: Role::Other,
            ack_role: Role::Other,
            marks: RESPONDED | if confirmable { CONFIRMABLE } else { 0 },
            again: NOTHING,
        }
    }

    #[test]
    fn it_finds_what_a_map_of_the_standard_library_holds() {
        // Those that are not Confirmable are forgotten sooner; now and then some are evicted.
        let (mut table, mut newest) = (SentTable::new(9_000, 3_000, 100), HashMap::<MessageKey, (Handle, Sent)>::new());
        let (mut random, mut found, mut past) = (Random(7), 0, 0);
        for time in 0..120_000i64 {
            let mut below = |most: u64| random.below(most);
            while table.freed(time).is_some() {}
            assert!(table.lapse(time).is_none());
            // Few keys for a while, many for long.
            let keys = if time / 10_000 % 4 == 1 { 2_000 } else { 200_000 };
            let (key, confirmable) = (below(keys), below(16) < if time / 20_000 % 2 == 0 { 8 } else { 14 });
            let place = table.place(key);
            let held = newest.get(&key);
            assert_eq!(table.find(key), held.map(|(handle, _)| *handle).filter(|handle| table.get(*handle).is_some()));
            let known = held.filter(|(handle, _)| table.knows(*handle));
            assert_eq!(SentTable::is_new(place), known.is_none(), "message {time}");
            if let (Some((_, before)), None) = (known, table.owner(place)) {
                assert_eq!(table.past(place).map(|(record, _)| record), Some(before.record));
                past += 1;
            }
            found += u32::from(known.is_some());
            let sent = sent(key, time, confirmable);
            let handle = table.add(place, confirmable, time, |cell| *cell = sent);
            newest.insert(key, (handle, sent));
            if time % 1_000 == 999
                && let Some(evicted) = table.evict()
                && newest.get(&evicted.key).is_some_and(|(_, sent)| sent.record == evicted.record)
            {
                newest.remove(&evicted.key);
            }
        }
        assert!(found > 1_000 && past > 100, "{found} found, {past} of them past");
    }
}
