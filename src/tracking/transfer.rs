//! A body on its way in blocks: what of it was captured (RFC 7959, RFC 9177).

use super::model::{BodyId, BodyPart, BodyRow, RecordId};
use super::slots::NONE;

/// Ranges of a body that are kept apart. One that is torn more than this is not known to be complete any more.
const RANGES: usize = 1024;

/// How a block stands to those of its body that were captured before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It goes on where they end, or fills a hole between them.
    New,
    /// It begins behind their end, which is given.
    Behind(u64),
    /// All of it was there already; their end is given.
    Again(u64),
}

/// Holes of a body that are told of.
const HOLES: usize = 64;

/// A hole in front of a block: `block.gap` was said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// The message with that block.
    pub record: RecordId,
    /// Its first byte, and the one behind it.
    pub range: (u64, u64),
    /// The server took the block behind it.
    pub passed: bool,
}

/// What a body is told by: the sum of what it is for each of its blocks, in whatever sizes they come.
pub(super) fn sum(offset: u64, block: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let inner = block.iter().rfold(0u64, |sum, byte| sum.wrapping_mul(FACTOR).wrapping_add(u64::from(*byte) + 1));
    inner.wrapping_mul(FACTOR.wrapping_pow(offset as u32))
}

/// A body and what was captured of it.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub id: BodyId,
    pub row: BodyRow,
    /// Steady time of the newest block.
    pub stamp: i64,
    /// Exponent of the block size that both sides use.
    pub szx: u8,
    /// Hash of the ETag of its first part that has one.
    pub etag: Option<u64>,
    /// Content-Format of its first part that has a byte.
    pub format: Option<u16>,
    /// An error was the last answer to a block of it. Its client may send that block once more, and go on.
    pub refused: bool,
    /// The bytes of an upload before this one are known to be the server's: it said so, or the client went on behind them.
    pub taken_to: u64,
    /// Slot of the newest request that carries a block of an upload.
    pub slot: u32,
    /// It began in the middle of the download of another state.
    pub strayed: bool,
    /// [Sum](sum) of what was captured, where it is that of a FETCH; of another upload, that of its first block.
    pub sum: u64,
    /// What was captured: begins and ends, rising and apart.
    ranges: Vec<(u64, u64)>,
    /// Those of its holes that are not filled.
    holes: Vec<Hole>,
    /// The server did what was asked for with the body, so it had all of it, whatever was captured.
    pub taken: bool,
    /// What was captured of the same state before its first block came once more: its client may go on with either.
    aside: Option<Box<Transfer>>,
}

impl Transfer {
    pub fn new(id: BodyId, row: BodyRow, stamp: i64, szx: u8) -> Self {
        Self {
            id,
            row,
            stamp,
            szx,
            etag: None,
            format: None,
            refused: false,
            taken_to: 0,
            slot: NONE,
            strayed: false,
            sum: 0,
            ranges: Vec::new(),
            holes: Vec::new(),
            taken: false,
            aside: None,
        }
    }

    /// Keeps what was captured before it.
    #[cold]
    pub fn put_aside(&mut self, mut before: Transfer) {
        before.aside = None;
        self.aside = Some(Box::new(before));
    }

    /// Whether a block at this offset is behind what was captured of this one, and goes on just where the one aside ends.
    pub fn leads_back(&self, offset: u64) -> bool {
        let is_behind = self.ranges.last().is_some_and(|&(_, end)| offset > end);
        is_behind && self.aside.as_ref().is_some_and(|before| before.ends_at(offset))
    }

    /// The one aside, with this one aside.
    #[cold]
    pub fn back(mut self) -> Self {
        let Some(before) = self.aside.take() else { return self };
        let mut back = *before;
        back.put_aside(self);
        back
    }

    /// The end of what was captured of it.
    pub fn end(&self) -> u64 {
        self.ranges.last().map_or(0, |&(_, end)| end)
    }

    /// Notes what was said of a hole.
    #[cold]
    pub fn note_hole(&mut self, hole: Hole) {
        if self.holes.len() < HOLES {
            self.holes.push(hole);
        }
    }

    /// There is a hole.
    #[inline]
    pub fn has_holes(&self) -> bool {
        !self.holes.is_empty()
    }

    /// The holes before an offset that the server was not known to [have passed](Hole::passed).
    #[cold]
    pub fn not_passed(&mut self, offset: u64) -> impl Iterator<Item = &mut Hole> {
        self.holes.iter_mut().filter(move |hole| hole.range.1 <= offset && !hole.passed)
    }

    /// Takes out the holes that are filled and need no more: where the body goes to a server, that has to take the block behind them.
    #[cold]
    pub fn filled(&mut self) -> Vec<Hole> {
        let (ranges, upload) = (&self.ranges, self.row.upload);
        let is_filled = |hole: &Hole| {
            let (begin, end) = hole.range;
            (hole.passed || !upload) && ranges.iter().any(|&(from, to)| from <= begin && end <= to)
        };
        self.holes.extract_if(.., |hole| is_filled(hole)).collect()
    }

    /// Something of it is still to come.
    pub fn is_open(&self) -> bool {
        !self.row.complete && !self.refused
    }

    /// A request carries a block of an upload that begins at this offset.
    pub fn go_on(&mut self, slot: u32, offset: u64) {
        (self.slot, self.refused) = (slot, false);
        self.taken_to = self.taken_to.max(offset);
    }

    /// The server refused the newest block of an upload, and what begins at this offset is not that block once more: it does not have that.
    pub fn lacks_refused(&self, offset: u64) -> bool {
        self.refused && offset > self.taken_to
    }

    /// Nothing of an upload was captured but its first block, and nothing shows that the server took it.
    pub fn is_only_begun(&self) -> bool {
        self.taken_to == 0 && self.row.blocks <= 1 && !self.row.complete
    }

    /// A block of an upload was there already, as the last of it, but nothing shows that the server took it: its client tries once more.
    pub fn is_tried_again(&self, offset: u64, end: u64) -> bool {
        self.row.upload && offset >= self.taken_to && self.ends_at(end)
    }

    /// Its first byte was captured.
    pub fn has_first(&self) -> bool {
        self.ranges.first().is_some_and(|&(begin, _)| begin == 0)
    }

    /// All before this offset was captured, and nothing else.
    pub fn ends_at(&self, offset: u64) -> bool {
        self.ranges.as_slice() == [(0, offset)]
    }

    /// Where a block would stand.
    pub fn place(&self, offset: u64, length: u64) -> Place {
        let Some(&(_, end)) = self.ranges.last() else { return Place::New };
        if offset > end {
            return Place::Behind(end);
        }
        let within = |&(begin, end): &(u64, u64)| begin <= offset && offset + length <= end;
        if length > 0 && self.ranges.iter().any(within) { Place::Again(end) } else { Place::New }
    }

    /// Takes a block in; `more` follow. Gives what the message with it is to be known by. Where blocks disagree about the end, the newest is right.
    pub fn add(&mut self, record: RecordId, offset: u64, length: u32, more: bool) -> BodyPart {
        let before = self.captured();
        self.merge(offset, offset + u64::from(length));
        let row = &mut self.row;
        let previous = if row.blocks == 0 { super::model::NO_RECORD } else { row.last };
        let end = offset + u64::from(length);
        if !more {
            row.length = end;
            self.ranges.retain(|range| range.0 < end);
            self.ranges.iter_mut().for_each(|range| range.1 = range.1.min(end));
        } else if end > row.length && !row.complete {
            row.length = 0;
        }
        row.last = record;
        let captured = self.captured();
        let row = &mut self.row;
        row.blocks += u32::from(captured > before || length == 0);
        row.bytes = captured;
        let empty = !more && row.length == 0;
        let complete = empty || self.ranges.as_slice() == [(0, row.length)];
        // Of several tries to send the last block of an upload it is the newest.
        if complete && (!row.complete || row.upload && !self.taken) {
            (row.complete, row.completed_by) = (true, record);
        }
        BodyPart { body: self.id, offset, length, previous }
    }

    fn captured(&self) -> u64 {
        self.ranges.iter().map(|(begin, end)| end - begin).sum()
    }

    fn merge(&mut self, mut begin: u64, mut end: u64) {
        if begin == end
            || self.ranges.len() >= RANGES && !self.ranges.iter().any(|&(from, to)| from <= end && begin <= to)
        {
            return;
        }
        self.ranges.retain(|&(from, to)| {
            let touches = from <= end && begin <= to;
            if touches {
                (begin, end) = (begin.min(from), end.max(to));
            }
            !touches
        });
        self.ranges.push((begin, end));
        self.ranges.sort_unstable();
    }

    /// Estimated size in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.ranges.capacity() * size_of::<(u64, u64)>()
            + self.holes.capacity() * size_of::<Hole>()
            + self.aside.as_ref().map_or(0, |aside| aside.bytes())
            + 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::model::{EndpointId, NO_RECORD, ResourceId};

    fn transfer() -> Transfer {
        let row = BodyRow {
            first: 0,
            last: 0,
            client: EndpointId(0),
            server: EndpointId(1),
            resource: ResourceId(1),
            upload: true,
            method: 3,
            blocks: 0,
            bytes: 0,
            length: 0,
            announced: None,
            complete: false,
            completed_by: NO_RECORD,
        };
        Transfer::new(BodyId(1), row, 0, 0)
    }

    #[test]
    fn blocks_find_their_places() {
        let mut body = transfer();
        assert_eq!((body.place(0, 16), body.add(10, 0, 16, true).previous), (Place::New, NO_RECORD));
        assert_eq!((body.place(0, 16), body.place(32, 16)), (Place::Again(16), Place::Behind(16)));
        assert_eq!(body.add(11, 32, 5, false).previous, 10);
        assert_eq!((body.row.complete, body.row.length, body.row.bytes), (false, 37, 21));
        assert_eq!((body.place(16, 16), body.add(12, 16, 16, true).previous), (Place::New, 11));
        assert_eq!((body.row.complete, body.row.blocks, body.is_open()), (true, 3, false));
    }

    #[test]
    fn it_is_never_longer_than_its_end() {
        let mut body = transfer();
        body.add(1, 16, 16, true);
        body.add(2, 0, 16, true);
        body.add(3, 16, 6, false);
        assert_eq!((body.row.complete, body.row.length, body.row.bytes), (true, 22, 22));
        let mut body = transfer();
        body.add(1, 16, 6, false);
        body.add(2, 16, 16, true);
        assert_eq!((body.row.complete, body.row.length, body.row.bytes), (false, 0, 16));
    }

    #[test]
    fn an_empty_body_is_complete_with_its_only_block() {
        let mut body = transfer();
        body.add(1, 0, 0, false);
        assert!(body.row.complete && body.row.blocks == 1);
    }
}
