//! Pairs of endpoints, as small numbers, and what is known of each.

use std::cmp::Ordering;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use prefetch_index::prefetch_index;

use super::clock::Moment;
use super::model::{EndpointId, RecordId};
use super::tags::{Held, Tags};
use crate::coap::{Finding, Rule, Severity};

/// A direction between two endpoints: the number of the pair, and which of its two ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PairNumber(pub(super) u32);

impl PairNumber {
    /// The first there is.
    pub(super) const ZERO: Self = Self(0);

    /// One endpoint with itself: both ways are one.
    const SAME: u32 = 2;

    /// The other direction.
    #[inline]
    pub fn reversed(self) -> Self {
        Self(self.0 ^ u32::from(self.0 & Self::SAME == 0))
    }

    /// The other direction where that is wanted. Without a branch.
    #[inline]
    pub(super) fn reversed_if(self, wanted: bool) -> Self {
        Self(self.0 ^ (u32::from(self.0 & Self::SAME == 0) & u32::from(wanted)))
    }

    #[inline]
    fn index(self) -> (usize, usize) {
        ((self.0 >> 2) as usize, (self.0 & 1) as usize)
    }
}

/// What is known of one direction. Small, since there may be very many.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Direction {
    /// Interactions that wait for their ACK or response (RFC 7252 section 4.7).
    pub outstanding: u16,
    /// `SEEN`, `VERIFIED`, `TOLD`, `SILENT`, `REGISTERED`, `PROBED`, `WAITED_FOR`, `STRAYED`.
    marks: u8,
}

/// A message went this way.
const SEEN: u8 = 1;
/// The sender proved that it receives at its address (RFC 9175 section 2.4).
pub(super) const VERIFIED: u8 = 2;
/// A response this way said something about requests to come.
pub(super) const TOLD: u8 = 4;
/// A Confirmable message this way was sent as often as may be, and never answered.
pub(super) const SILENT: u8 = 8;
/// A registration went this way.
pub(super) const REGISTERED: u8 = 16;
/// What was sent this way is summed up, since nothing came back.
const PROBED: u8 = 32;
/// Findings of this way wait for something the other way.
const WAITED_FOR: u8 = 64;
/// An ACK or Reset went this way that answered nothing, or was malformed.
pub(super) const STRAYED: u8 = 128;

const _: () = assert!(size_of::<[Direction; 2]>() == 8);

impl Direction {
    #[inline]
    pub fn has(self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    /// A message went this way.
    #[inline]
    pub fn is_seen(&self) -> bool {
        self.has(SEEN)
    }

    #[inline]
    pub fn mark(&mut self, mark: u8) {
        self.marks |= mark;
    }
}

/// So many findings of one direction wait for something the other way, and so many of all.
const HELD: usize = 1024;
const HELD_BY_ALL: usize = 1 << 16;

/// What was sent to an endpoint that never answered.
#[derive(Clone, Debug)]
pub(super) struct Probing {
    /// When the first of it was sent.
    pub first: Moment,
    /// Bytes of different messages.
    pub bytes: u64,
    /// How severely `flow.probing-rate` was said, and of which message.
    pub said: Option<(Severity, RecordId)>,
}

/// What was sent where nothing came back. Most of it is answered very soon, and never gets to the map.
struct Probes {
    /// Each in the place that the number of its pair says.
    recent: [Option<(PairNumber, Probing)>; Probes::RECENT],
    others: HashMap<PairNumber, Probing, RandomState>,
}

impl Probes {
    /// A power of two.
    const RECENT: usize = 64;

    fn new() -> Self {
        Self { recent: [const { None }; Self::RECENT], others: HashMap::default() }
    }

    fn place(&mut self, pair: PairNumber) -> &mut Option<(PairNumber, Probing)> {
        &mut self.recent[pair.index().0 % Self::RECENT]
    }

    /// The first of a pair; what has its place makes room.
    fn add(&mut self, pair: PairNumber, first: Moment, bytes: u64) {
        let new = Probing { first, bytes, said: None };
        if let Some((before, probing)) = self.place(pair).replace((pair, new)) {
            self.put_aside(before, probing);
        }
    }

    #[cold]
    #[inline(never)]
    fn put_aside(&mut self, pair: PairNumber, probing: Probing) {
        self.others.insert(pair, probing);
    }

    fn get_mut(&mut self, pair: PairNumber) -> Option<&mut Probing> {
        match &mut self.recent[pair.index().0 % Self::RECENT] {
            Some((held, probing)) if *held == pair => Some(probing),
            _ => self.others.get_mut(&pair),
        }
    }

    /// Nothing more is summed up of a pair, where that was. Gives what was said of it.
    fn remove(&mut self, pair: PairNumber) -> Option<(Severity, RecordId)> {
        let place = self.place(pair);
        match place {
            Some((held, probing)) if *held == pair => {
                let said = probing.said;
                *place = None;
                said
            }
            _ => self.remove_other(pair),
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_other(&mut self, pair: PairNumber) -> Option<(Severity, RecordId)> {
        self.others.remove(&pair)?.said
    }
}

/// Numbers pairs of endpoints. Numbers of different tables must not meet in one tracker.
pub struct PairTable {
    index: Tags,
    /// The smaller number and the larger.
    list: Vec<[EndpointId; 2]>,
}

impl Default for PairTable {
    fn default() -> Self {
        Self { index: Tags::new(), list: Vec::new() }
    }
}

/// The same for both directions, and what follows from the order of the two.
#[inline]
fn both(source: EndpointId, destination: EndpointId) -> ([EndpointId; 2], u32) {
    let way = match source.cmp(&destination) {
        Ordering::Less => 0,
        Ordering::Equal => PairNumber::SAME,
        Ordering::Greater => 1,
    };
    ([source.min(destination), source.max(destination)], way)
}

#[inline]
fn key([low, high]: [EndpointId; 2]) -> u64 {
    u64::from(low.0) << 32 | u64::from(high.0)
}

#[inline]
fn held(list: &[[EndpointId; 2]], number: u32, pair: [EndpointId; 2]) -> Held {
    if list.get(number as usize) == Some(&pair) { Held::Same } else { Held::Other }
}

impl PairTable {
    /// The direction from one endpoint to another, new where it is new.
    #[inline]
    pub fn intern(&mut self, source: EndpointId, destination: EndpointId) -> PairNumber {
        let (pair, way) = both(source, destination);
        let place = self.index.place(key(pair), |number| held(&self.list, number, pair), |_| true);
        let number = place.number.unwrap_or_else(|| {
            let number = self.list.len() as u32;
            self.list.push(pair);
            self.index.put(place, number);
            number
        });
        PairNumber(number << 2 | way)
    }

    /// The direction from one endpoint to another, if anything went either way.
    pub fn find(&self, source: EndpointId, destination: EndpointId) -> Option<PairNumber> {
        let (pair, way) = both(source, destination);
        let number = self.index.get(key(pair), |number| held(&self.list, number, pair))?;
        Some(PairNumber(number << 2 | way))
    }
}

/// What is known of pairs of endpoints.
pub(super) struct Pairs {
    /// By number of the pair: its two directions.
    directions: Vec<[Direction; 2]>,
    probes: Probes,
    /// Findings that were said with less severity, since the other direction may not be captured.
    held: HashMap<PairNumber, Vec<(RecordId, Finding)>, RandomState>,
    held_by_all: usize,
    /// One bit for each endpoint to which a message went.
    reached: Vec<u64>,
}

impl Pairs {
    /// Asks memory for a pair.
    #[inline]
    pub fn ask(&self, pair: PairNumber) {
        prefetch_index(&self.directions, pair.index().0);
    }

    pub fn new() -> Self {
        Self {
            directions: Vec::new(),
            probes: Probes::new(),
            held: HashMap::default(),
            held_by_all: 0,
            reached: Vec::new(),
        }
    }

    /// Has a place for a pair: needed before anything else is asked of it.
    #[inline]
    pub fn reserve(&mut self, pair: PairNumber) {
        let (pair, _) = pair.index();
        if pair >= self.directions.len() {
            self.directions.resize(pair + 1, Default::default());
        }
    }

    /// What is known of a direction.
    #[inline]
    pub fn direction(&mut self, pair: PairNumber) -> &mut Direction {
        let (pair, way) = pair.index();
        &mut self.directions[pair][way]
    }

    /// The same as it is now.
    #[inline]
    pub fn direction_of(&self, pair: PairNumber) -> Direction {
        let (pair, way) = pair.index();
        self.directions[pair][way]
    }

    /// Whether a direction has a mark.
    #[inline]
    pub fn has(&self, pair: PairNumber, mark: u8) -> bool {
        let (pair, way) = pair.index();
        self.directions[pair][way].has(mark)
    }

    /// Whether a message went this way.
    #[inline]
    pub fn seen(&self, pair: PairNumber) -> bool {
        let (pair, way) = pair.index();
        self.directions[pair][way].is_seen()
    }

    /// The first message goes this way, to that endpoint. Gives whether findings of the other way [wait](Self::no_longer_held) for that, and
    /// how severely `flow.probing-rate` was said of it, and of which message.
    #[inline(always)]
    pub fn see(&mut self, pair: PairNumber, to: EndpointId) -> (bool, Option<(Severity, RecordId)>) {
        let other = self.direction_of(pair.reversed());
        self.direction(pair).mark(SEEN);
        let (word, bit) = (to.0 as usize / 64, 1 << (to.0 % 64));
        match self.reached.get_mut(word) {
            Some(word) => *word |= bit,
            None => self.reach(word, bit),
        }
        let too_fast = if other.has(PROBED) { self.probes.remove(pair.reversed()) } else { None };
        (other.has(WAITED_FOR), too_fast)
    }

    #[cold]
    #[inline(never)]
    fn reach(&mut self, word: usize, bit: u64) {
        self.reached.resize(word, 0);
        self.reached.push(bit);
    }

    /// The findings that waited for something the other way.
    #[cold]
    #[inline(never)]
    pub fn no_longer_held(&mut self, pair: PairNumber) -> Vec<(RecordId, Finding)> {
        let held = self.held.remove(&pair).unwrap_or_default();
        self.held_by_all -= held.len();
        held
    }

    /// Keeps a finding as it is once it is known that both directions are captured, if there is room. Gives whether there was.
    #[cold]
    pub fn hold(&mut self, pair: PairNumber, record: RecordId, finding: Finding) -> bool {
        self.direction(pair).mark(WAITED_FOR);
        if self.held_by_all >= HELD_BY_ALL {
            return false;
        }
        let held = self.held.entry(pair).or_default();
        let has_room = held.len() < HELD;
        if has_room {
            self.held_by_all += 1;
            held.push((record, finding));
        }
        has_room
    }

    /// A finding that is [held](Self::hold) does not hold. Gives whether it was held still.
    #[cold]
    pub fn let_go(&mut self, pair: PairNumber, record: RecordId, rule: Rule) -> bool {
        let Some(held) = self.held.get_mut(&pair) else { return false };
        let it = held.iter().rposition(|(on, finding)| (*on, finding.rule) == (record, rule));
        if let Some(it) = it {
            held.remove(it);
            self.held_by_all -= 1;
        }
        it.is_some()
    }

    /// Whether the capture has something that went to an endpoint: if not, that direction may be missing in it.
    pub fn is_reached(&self, endpoint: EndpointId) -> bool {
        self.reached.get(endpoint.0 as usize / 64).is_some_and(|word| word >> (endpoint.0 % 64) & 1 == 1)
    }

    /// What was sent this way while nothing came back, if any was. If not, a message of so many bytes is the first of it.
    #[inline]
    pub fn probing(&mut self, pair: PairNumber, now: Moment, bytes: u64) -> Option<&mut Probing> {
        let direction = self.direction(pair);
        if !direction.has(PROBED) {
            direction.mark(PROBED);
            self.probes.add(pair, now, bytes);
            return None;
        }
        self.probes.get_mut(pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_two_directions() {
        let (mut table, mut pairs) = (PairTable::default(), Pairs::new());
        let [one, three] = [1, 3].map(EndpointId);
        let (there, itself) = (table.intern(three, one), table.intern(one, one));
        assert_eq!((there.reversed(), itself.reversed()), (table.intern(one, three), itself));
        assert_eq!((table.find(three, one), table.find(three, three)), (Some(there), None));
        [there, itself].into_iter().for_each(|pair| pairs.reserve(pair));
        assert_eq!(pairs.see(there, one), (false, None));
        assert_eq!([one, three].map(|endpoint| pairs.is_reached(endpoint)), [true, false]);
        assert_eq!([there, there.reversed(), itself].map(|pair| pairs.seen(pair)), [true, false, false]);
        pairs.direction(there.reversed()).outstanding = 2;
        assert_eq!(pairs.direction(there).outstanding, 0);
    }

    #[test]
    fn what_nobody_answers_is_summed_up_however_much_there_is() {
        let (mut table, mut pairs) = (PairTable::default(), Pairs::new());
        let all: Vec<_> = (1..200).map(|client| table.intern(EndpointId(client), EndpointId(0))).collect();
        for round in 1..4 {
            for (index, pair) in all.iter().enumerate() {
                pairs.reserve(*pair);
                let probing = pairs.probing(*pair, Moment::default(), index as u64);
                assert_eq!(probing.is_some(), round > 1);
                if let Some(probing) = probing {
                    probing.bytes += index as u64;
                    assert_eq!(probing.bytes, round * index as u64);
                    probing.said = Some((Severity::Warn, index as u32));
                }
            }
        }
        for (index, pair) in all.iter().enumerate() {
            let [said, nothing] = [(); 2].map(|()| pairs.probes.remove(*pair));
            assert_eq!((said, nothing), (Some((Severity::Warn, index as u32)), None));
        }
    }
}
