//! How the columns of a ladder share a width: time, lanes as wide as may be, the note; the least important go first.

use super::lanes::{LaneId, Lanes};

/// Columns between two lanes below which lanes scroll sideways instead.
const LEAST_GAP: usize = 18;
/// The same on a narrow screen.
const NARROW_GAP: usize = 12;
/// Columns beside the outermost lanes where others are beyond them.
const MARGIN: usize = 6;
/// Columns that two lanes and what is between them should have before anything else is shown beside them.
const WANTED: usize = 32;
/// Columns of a delta: `+4min07s`.
pub const DELTA: usize = 8;
/// Widths of the note, the widest that leaves the lanes enough is taken.
const NOTES: [usize; 4] = [34, 24, 16, 11];

/// Where the columns are; a width of 0 is one that is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// All of them.
    pub width: usize,
    /// Frame number, right-aligned.
    pub number: usize,
    /// The flag.
    pub flag: usize,
    /// Time, right-aligned.
    pub time: usize,
    /// Delta, right-aligned.
    pub delta: usize,
    /// Exchange, right-aligned.
    pub exchange: usize,
    /// Where the lanes begin, and how many columns they have.
    pub lanes: (usize, usize),
    /// Where the note begins, and how many columns it has.
    pub note: (usize, usize),
    /// The lanes that are shown, each with its column.
    pub shown: Vec<(LaneId, usize)>,
    /// Lanes that are not shown, to the left and to the right.
    pub beyond: (usize, usize),
}

/// What the texts of the columns need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Columns of the longest frame number; 0: do not show it.
    pub number: usize,
    /// Columns of the longest time.
    pub time: usize,
    /// Columns of the longest exchange number.
    pub exchange: usize,
    /// Columns in front of all, for a cursor.
    pub cursor: usize,
}

impl Columns {
    /// Share `width` columns. `first`: the first lane shown, among those that are not hidden.
    pub fn new(width: usize, needs: Needs, lanes: &Lanes, first: usize) -> Self {
        let mut columns = Self { width, flag: 2, ..Self::default() };
        let order: Vec<LaneId> =
            lanes.all().iter().enumerate().filter(|(_, lane)| !lane.hidden).map(|(id, _)| id).collect();
        let wanted = WANTED.max((order.len().min(6).saturating_sub(1)) * LEAST_GAP);
        let mut left = width.saturating_sub(needs.cursor + 3);
        let mut take = |columns: usize, least: usize| {
            let fits = columns > 0 && left >= columns + 1 + least;
            left -= if fits { columns + 1 } else { 0 };
            if fits { columns } else { 0 }
        };
        columns.time = take(needs.time, NARROW_GAP + 8);
        let note = take(NOTES[3], WANTED);
        columns.number = take(needs.number, WANTED);
        columns.delta = take(DELTA, WANTED);
        let more = NOTES.iter().find_map(|wide| Some(take(wide - NOTES[3], wanted + 8)).filter(|more| *more > 0));
        columns.exchange = take(needs.exchange.max(2) * usize::from(needs.exchange > 0), wanted + 30);
        let note = if note == 0 { 0 } else { note + more.map_or(0, |more| more + 1) };
        columns.place(needs.cursor, note);
        columns.spread(&order, first);
        columns
    }

    /// Where lanes and note begin.
    fn place(&mut self, cursor: usize, note: usize) {
        let taken: usize =
            [self.number, self.flag, self.time, self.delta].iter().filter(|wide| **wide > 0).map(|wide| wide + 1).sum();
        let begin = (cursor + taken).min(self.width);
        let behind = [note, self.exchange].iter().filter(|wide| **wide > 0).map(|wide| wide + 1).sum::<usize>();
        let wide = self.width.saturating_sub(begin + behind);
        self.lanes = (begin, wide);
        let note_at = begin + wide + 1 + if self.exchange > 0 { self.exchange + 1 } else { 0 };
        self.note = (note_at.min(self.width), note.min(self.width.saturating_sub(note_at)));
    }

    /// Give the lanes their columns, as far apart as the width allows.
    fn spread(&mut self, order: &[LaneId], first: usize) {
        let (begin, wide) = self.lanes;
        if wide == 0 || order.is_empty() {
            self.beyond = (0, order.len());
            return;
        }
        let room = Self::room(wide);
        if order.len() <= room {
            // The words beside a lane that is alone have all columns.
            self.shown = spread(order, begin, wide);
            return;
        }
        let inner = wide.saturating_sub(2 * MARGIN);
        let count = Self::room(inner).clamp(1, order.len());
        let first = first.min(order.len() - count);
        let part = order.get(first..first + count).unwrap_or_default();
        self.beyond = (first, order.len() - first - count);
        let left = if self.beyond.0 > 0 { MARGIN.min(wide / 4) } else { 0 };
        let right = if self.beyond.1 > 0 { MARGIN.min(wide / 4) } else { 0 };
        let middle = if part.len() == 1 { (wide - left - right) / 2 } else { 0 };
        self.shown = spread(part, begin + left + middle, wide - left - right);
    }

    /// Lanes that so many columns hold.
    pub fn room(wide: usize) -> usize {
        let gap = if wide < 60 { NARROW_GAP } else { LEAST_GAP };
        1 + wide.saturating_sub(1) / gap
    }

    /// The column of a lane, where it is shown.
    pub fn column(&self, lane: LaneId) -> Option<usize> {
        self.shown.iter().find(|(shown, _)| *shown == lane).map(|(_, column)| *column)
    }

    /// Whether a lane that is not shown is farther to the left.
    pub fn is_left(&self, lane: LaneId) -> bool {
        self.shown.first().is_some_and(|(first, _)| lane < *first)
    }

    /// The last column of the lanes, and the first.
    pub fn edges(&self) -> (usize, usize) {
        (self.lanes.0, (self.lanes.0 + self.lanes.1).saturating_sub(1))
    }
}

fn spread(lanes: &[LaneId], begin: usize, wide: usize) -> Vec<(LaneId, usize)> {
    let last = wide.saturating_sub(1);
    let gaps = lanes.len().saturating_sub(1).max(1);
    lanes.iter().enumerate().map(|(at, lane)| (*lane, begin + last * at / gaps)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Endpoint, Position};
    use crate::store::{Record, Store, Update};
    use crate::tracking::EndpointId;

    fn lanes(count: u32) -> Lanes {
        let endpoint = |id: u32| Endpoint { address: [10, 0, 0, 1 + id as u8].into(), port: 5683, scope: 0 };
        let mut store = Store::default();
        store.apply(Update { endpoints: (0..count).map(endpoint).collect(), ..Update::default() });
        let mut lanes = Lanes::default();
        for id in 0..count {
            lanes.note(&store, &Record::new(0, Position::default(), 1, EndpointId(id), EndpointId(0)));
        }
        lanes
    }

    #[test]
    fn columns_fill_every_width_and_never_overflow() {
        for count in [0, 1, 2, 3, 5, 30] {
            let lanes = lanes(count);
            for width in 0..260 {
                for (first, number) in [(0, 0), (2, 5), (900, 7)] {
                    let needs = Needs { number, time: 9, exchange: 3, cursor: 1 };
                    let columns = Columns::new(width, needs, &lanes, first);
                    let (begin, wide) = columns.lanes;
                    assert!(begin + wide <= width && columns.note.0 + columns.note.1 <= width, "{width} {columns:?}");
                    let places: Vec<usize> = columns.shown.iter().map(|(_, column)| *column).collect();
                    assert!(places.is_sorted() && places.iter().all(|at| (begin..begin + wide).contains(at)));
                    assert_eq!(columns.shown.len() + columns.beyond.0 + columns.beyond.1, count as usize);
                }
            }
        }
    }
}
