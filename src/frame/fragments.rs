//! Fragments of IP packets, kept until they are complete, too old, or too many (RFC 791 section 3.2, RFC 8200 section 4.5).

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::IpAddr;

use etherparse::checksum::Sum16BitWords;

use super::bytes::up_to;
use super::ip::{Packet, Part};
use super::{Frame, LinkType, Position, time_between};

/// How long a fragment waits for the others, by the time in the frames (RFC 8200 section 4.5).
const LIFETIME: i64 = 60_000_000_000;

/// For so long what comes under the identification of a refused IPv4 datagram is refused with it: fragments of one travel together, and who has the
/// same identification for all datagrams sends the next. Of IPv6 all is refused until it is too old (RFC 5722 section 3).
const TOGETHER: i64 = 1_000_000_000;

/// Most incomplete datagrams at a time.
const MAX_DATAGRAMS: usize = 1024;

/// Most fragments of one datagram: 65,535 bytes in fragments of the least MTU of IPv4 are fewer.
const MAX_FRAGMENTS: usize = 1500;

/// What the bookkeeping of a fragment is counted with, in bytes.
const OVERHEAD: usize = 96;

/// Why fragments were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FragmentFault {
    /// Two of them claim the same place with different bytes: an attack or a reused identification (RFC 5722).
    Overlap,
    /// Two of them claim to be the last.
    TwoEnds,
    /// One reaches beyond the end, or the whole beyond 65,535 bytes.
    TooLong,
    /// One that is not the last has a length that is no multiple of 8 bytes.
    Unaligned,
    /// There are more than anybody sends.
    TooMany,
    /// Nothing is wrong with it, but another one of its datagram was refused.
    Spoiled,
}

impl fmt::Display for FragmentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overlap => "it overlaps another one",
            Self::TwoEnds => "another one is the last already",
            Self::TooLong => "it reaches beyond the end",
            Self::Unaligned => "its length is no multiple of 8 bytes",
            Self::TooMany => "there are too many of them",
            Self::Spoiled => "another one of its datagram was refused before",
        })
    }
}

/// What became of fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounters {
    /// Datagrams that were put together.
    pub completed: u64,
    /// Fragments that waited for the last one of those.
    pub joined: u64,
    /// Datagrams given up because a part was missing for too long.
    pub aged: u64,
    /// Datagrams given up because there were too many.
    pub evicted: u64,
    /// Datagrams refused.
    pub refused: u64,
}

/// What happened to a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Others are missing.
    Held,
    /// It contradicts the others.
    Refused(FragmentFault),
    /// It was the last one missing: see [`Fragments::completed`].
    Complete,
}

/// An IP packet put together from fragments.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// Headers and payload; cut where a fragment was cut by the capture.
    pub bytes: Vec<u8>,
    /// Its length on the wire in bytes.
    pub wire: usize,
    /// Length in bytes of the headers that every fragment has.
    pub repeated: usize,
    /// Where its fragments stand, in the order they came.
    pub positions: Vec<Position>,
}

impl Whole {
    /// The packet as a frame without link headers, with number and time of the one that completed it.
    pub fn frame<'a>(&'a self, last: &Frame<'_>) -> Frame<'a> {
        Frame {
            number: last.number,
            time: last.time,
            link: LinkType::RAW,
            original_length: self.wire as u32,
            bytes: &self.bytes,
            position: last.position,
        }
    }
}

/// What fragments of one packet have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    id: u32,
    /// IPv4 only: RFC 8200 does without.
    protocol: u8,
    network: u16,
}

#[derive(Debug)]
struct Piece {
    start: u32,
    /// Behind its last byte on the wire.
    end: u32,
    /// What was captured of it.
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Partial {
    started: i64,
    /// Sorted by place, without overlap.
    pieces: Vec<Piece>,
    positions: Vec<Position>,
    /// Length of the whole, once the last fragment was seen.
    end: Option<u32>,
    /// The headers of the first fragment, and where they name what follows.
    headers: Vec<u8>,
    next_header_at: usize,
    next_header: u8,
    fault: Option<FragmentFault>,
    /// When the first of its fragments was refused.
    refused: i64,
    /// Frames that were taken in, the same fragment seen again among them.
    held: u64,
    size: usize,
}

/// All fragments that wait.
#[derive(Debug)]
pub(super) struct Fragments {
    partials: HashMap<Key, Partial>,
    /// In the order they began; those that were completed since are passed over.
    order: VecDeque<(i64, Key)>,
    size: usize,
    cap: usize,
    counters: FragmentCounters,
    whole: Whole,
}

impl Fragments {
    pub fn new(cap: usize) -> Self {
        Self {
            partials: HashMap::new(),
            order: VecDeque::new(),
            size: 0,
            cap,
            counters: FragmentCounters::default(),
            whole: Whole::default(),
        }
    }

    pub fn counters(&self) -> FragmentCounters {
        self.counters
    }

    /// The packet that was completed last.
    pub fn completed(&self) -> &Whole {
        &self.whole
    }

    /// Takes in a fragment, whose IP header begins at `bytes`.
    pub fn take(&mut self, frame: &Frame<'_>, bytes: &[u8], packet: &Packet<'_>) -> Taken {
        let Some(part) = packet.fragment else {
            return Taken::Held;
        };
        let key = Key {
            source: packet.addresses.source(),
            destination: packet.addresses.destination(),
            id: part.id,
            protocol: if packet.version == 4 { packet.protocol } else { 0 },
            network: frame.position.network,
        };
        self.expire(frame.time);
        if packet.version == 4 {
            self.let_refused_go(key, frame.time);
        }
        let partial = self.partials.entry(key).or_insert_with(|| {
            self.order.push_back((frame.time, key));
            Partial { started: frame.time, size: OVERHEAD, ..Partial::default() }
        });
        let before = if partial.size == OVERHEAD { 0 } else { partial.size };
        let was_refused = partial.fault.is_some();
        let taken = partial.take(frame.position, bytes, packet, part);
        self.size = (self.size + partial.size).saturating_sub(before);
        match taken {
            Taken::Complete => {
                if let Some(partial) = self.partials.remove(&key) {
                    self.size = self.size.saturating_sub(partial.size);
                    self.counters.completed += 1;
                    self.counters.joined += partial.held;
                    partial.join(packet.version, &mut self.whole);
                }
            }
            Taken::Refused(_) if !was_refused => {
                self.counters.refused += 1;
                if let Some(partial) = self.partials.get_mut(&key) {
                    partial.refused = frame.time;
                }
            }
            _ => {}
        }
        self.shrink();
        taken
    }

    /// Forgets a datagram that was refused, if what comes now is not of it any more.
    fn let_refused_go(&mut self, key: Key, now: i64) {
        let Some(partial) = self.partials.get(&key).filter(|partial| partial.fault.is_some()) else { return };
        if time_between(partial.refused, now).is_some_and(|waited| waited > TOGETHER) {
            self.forget(partial.started, key);
        }
    }

    /// Gives up what has waited too long.
    fn expire(&mut self, now: i64) {
        while let Some((started, key)) = self.order.front().copied() {
            if time_between(started, now).is_none_or(|waited| waited <= LIFETIME) {
                return;
            }
            self.order.pop_front();
            if self.forget(started, key) {
                self.counters.aged += 1;
            }
        }
    }

    /// Gives up the oldest while there are too many.
    fn shrink(&mut self) {
        while self.size > self.cap || self.order.len() > MAX_DATAGRAMS {
            let Some((started, key)) = self.order.pop_front() else {
                return;
            };
            if self.forget(started, key) {
                self.counters.evicted += 1;
            }
        }
    }

    /// Removes an incomplete packet; true where one that was not refused was lost.
    fn forget(&mut self, started: i64, key: Key) -> bool {
        // The key may have been used again since.
        if self.partials.get(&key).is_none_or(|partial| partial.started != started) {
            return false;
        }
        self.partials.remove(&key).is_some_and(|partial| {
            self.size = self.size.saturating_sub(partial.size);
            partial.fault.is_none()
        })
    }
}

impl Partial {
    fn take(&mut self, position: Position, bytes: &[u8], packet: &Packet<'_>, part: Part) -> Taken {
        let fault = match self.fault {
            Some(_) => Some(FragmentFault::Spoiled),
            None => self.insert(position, packet, part).err(),
        };
        if let Some(fault) = fault {
            self.fault.get_or_insert(fault);
            // What follows is refused too, so the bytes are of no more use.
            self.pieces = Vec::new();
            self.positions = Vec::new();
            self.size = OVERHEAD + 1;
            return Taken::Refused(fault);
        }
        if part.offset == 0 {
            self.size = self.size.saturating_sub(self.headers.len());
            self.headers = up_to(bytes, part.repeated).to_vec();
            self.size += self.headers.len();
            self.next_header_at = part.next_header_at;
            self.next_header = packet.protocol;
        }
        if self.is_complete() {
            return Taken::Complete;
        }
        self.held += 1;
        Taken::Held
    }

    /// Puts the fragment in its place.
    fn insert(&mut self, position: Position, packet: &Packet<'_>, part: Part) -> Result<(), FragmentFault> {
        let start = part.offset;
        let end = start + packet.wire as u32;
        if part.more && !packet.wire.is_multiple_of(8) {
            return Err(FragmentFault::Unaligned);
        }
        if end > 0xffff || self.end.is_some_and(|last| end > last) {
            return Err(FragmentFault::TooLong);
        }
        if self.pieces.len() >= MAX_FRAGMENTS {
            return Err(FragmentFault::TooMany);
        }
        if start == end && part.more {
            // Without a byte it is in nobody's place, and it ends nothing.
            return Ok(());
        }
        let at = self.pieces.partition_point(|piece| piece.start < start);
        if let Some(same) = self.pieces.get(at)
            && (same.start, same.end) == (start, end)
            && (same.bytes.starts_with(packet.payload) || packet.payload.starts_with(&same.bytes))
        {
            // Seen twice, which a mirror port or a careless network does: no contradiction.
            return Ok(());
        }
        let before = at.checked_sub(1).and_then(|index| self.pieces.get(index));
        let overlaps =
            before.is_some_and(|piece| piece.end > start) || self.pieces.get(at).is_some_and(|piece| piece.start < end);
        if overlaps {
            return Err(FragmentFault::Overlap);
        }
        if !part.more {
            if self.end.is_some_and(|last| last != end) {
                return Err(FragmentFault::TwoEnds);
            }
            if self.pieces.last().is_some_and(|piece| piece.end > end) {
                return Err(FragmentFault::TooLong);
            }
            self.end = Some(end);
        }
        self.pieces.insert(at, Piece { start, end, bytes: packet.payload.to_vec() });
        self.positions.push(position);
        self.size += packet.payload.len() + OVERHEAD;
        Ok(())
    }

    fn is_complete(&self) -> bool {
        let Some(end) = self.end else {
            return false;
        };
        let mut reached = 0;
        for piece in &self.pieces {
            if piece.start != reached {
                return false;
            }
            reached = piece.end;
        }
        reached == end
    }

    /// The IP packet as it was before it was divided, up to the first byte that the capture cut out.
    fn join(self, version: u8, whole: &mut Whole) {
        whole.bytes.clear();
        whole.bytes.extend_from_slice(&self.headers);
        let end = self.end.unwrap_or_default() as usize;
        whole.repeated = self.headers.len();
        whole.wire = whole.repeated + end;
        whole.positions = self.positions;
        for piece in &self.pieces {
            whole.bytes.extend_from_slice(&piece.bytes);
            if piece.bytes.len() < (piece.end - piece.start) as usize {
                break;
            }
        }
        if version == 4 {
            let total = u16::try_from(whole.wire).unwrap_or_default();
            set(&mut whole.bytes, 2, &total.to_be_bytes());
            set(&mut whole.bytes, 6, &[0, 0]);
            set(&mut whole.bytes, 10, &[0, 0]);
            let sum = Sum16BitWords::new().add_slice(up_to(&whole.bytes, whole.repeated));
            set(&mut whole.bytes, 10, &sum.ones_complement().to_be().to_be_bytes());
        } else {
            let length = u16::try_from(whole.wire.saturating_sub(40)).unwrap_or_default();
            set(&mut whole.bytes, 4, &length.to_be_bytes());
            set(&mut whole.bytes, self.next_header_at, &[self.next_header]);
        }
    }
}

/// Writes bytes at a place, where they fit.
fn set(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..value.len())) {
        place.copy_from_slice(value);
    }
}
