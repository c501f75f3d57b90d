//! A multicast drawn: one arrow that reaches the group's lane and the lanes of those who answered, with a head at each.

use super::canvas::{Canvas, Part};
use super::draw::{Drawing, Ends};
use super::lanes::{Lane, LaneId};
use super::note;
use super::row::Row;

impl Drawing<'_> {
    /// The ends of an arrow, one for each lane that it reaches, the longest first: its lane, and the lanes of those who answered it; an
    /// edge where they are beyond it.
    pub(super) fn reached(&self, row: &Row, from: LaneId, to: LaneId) -> Vec<Ends> {
        let answerers = row.answerers.iter().filter_map(|endpoint| self.lanes.of(*endpoint));
        let mut reached: Vec<Ends> = Vec::new();
        for ends in [to].into_iter().chain(answerers).filter_map(|lane| self.ends(from, lane)) {
            if ends.to != ends.from && reached.iter().all(|other| other.to != ends.to) {
                reached.push(ends);
            }
        }
        reached.sort_by_key(|ends| std::cmp::Reverse(ends.between().len()));
        reached
    }

    /// The words of a multicast stand where no head is: between two lanes, or beside them all; where most of them fit.
    pub(super) fn group_label(&self, canvas: &mut Canvas, row: &Row, reached: &[Ends]) {
        let Some(from) = reached.first().map(|ends| ends.from) else { return };
        let mut columns: Vec<usize> = reached.iter().map(|ends| ends.to).chain([from]).collect();
        columns.sort_unstable();
        // The columns that heads and lanes leave, with a blank on both sides where an arrow is.
        let within =
            columns.iter().zip(columns.iter().skip(1)).map(|(left, right)| (left + 3, right.saturating_sub(3)));
        let (begin, last) = self.columns.edges();
        let outside = [
            columns.first().map(|left| (begin, left.saturating_sub(2))),
            columns.last().map(|right| (right + 2, last)),
        ];
        let room = |(start, end): &(usize, usize)| (end + 1).saturating_sub(*start);
        let inside = within.clone().max_by_key(room).filter(|gap| room(gap) >= row.label.wanted());
        let Some(gap) = inside.or_else(|| within.chain(outside.into_iter().flatten()).max_by_key(room)) else { return };
        let words = self.words(row, room(&gap));
        let wide = super::canvas::width(&words);
        if wide == 0 {
            return;
        }
        let start = if gap.0 == begin && gap.1 < columns.first().copied().unwrap_or(0) {
            (gap.1 + 1).saturating_sub(wide)
        } else if gap.0 > columns.last().copied().unwrap_or(0) {
            gap.0
        } else {
            canvas.fill(gap.0 - 1..gap.1 + 2, self.signs.line(row.kind), Part::Arrow(row.kind));
            let start = gap.0 + (room(&gap) - wide) / 2;
            canvas.put(start - 1, ' ', Part::Plain);
            canvas.put(start + wide, ' ', Part::Plain);
            start
        };
        canvas.write(start, wide, &words);
    }

    /// What is said beside a message: of a multicast who answered, before all else.
    pub(super) fn notes_of(&self, row: &Row) -> Vec<String> {
        if row.answerers.is_empty() {
            return row.notes.clone();
        }
        let names: Vec<&str> = row.answerers.iter().map(|endpoint| self.aliases.name(*endpoint)).collect();
        note::joined(vec![format!("answered by {}", names.join(", ")), format!("{} answered", names.len())], &row.notes)
    }

    /// The lane of a group: nobody answers from there.
    pub(super) fn is_group(&self, lane: &Lane) -> bool {
        self.store.endpoint(lane.first).is_some_and(|endpoint| endpoint.address.is_multicast())
    }
}
