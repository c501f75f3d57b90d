//! Late notifications: each is drawn slanted, from above what overtook it to its own row.

use super::lanes::{LaneId, Lanes};
use super::walk::{Entry, Line};
use crate::store::Store;

/// Rows that a slant goes through at most.
const ROWS: usize = 8;
/// Columns between a lane and the topmost sign of a slant.
const OFF: usize = 2;

/// A piece of a slant on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slant {
    /// Where the message comes from.
    pub from: LaneId,
    /// Where it goes.
    pub to: LaneId,
    /// Columns off its lane.
    pub off: usize,
    /// It is the message's own row: here the arrow begins.
    pub own: bool,
}

/// The slants on each row of a page.
pub fn slants(entries: &[Entry], lanes: &Lanes, store: &Store) -> Vec<Vec<Slant>> {
    let mut all = vec![Vec::new(); entries.len()];
    for (at, entry) in entries.iter().enumerate() {
        let Line::Message(row) = &entry.line else { continue };
        let Some(top) = top(entries, at, &row.overtaken_by) else { continue };
        let Some((from, to)) = store.get(row.id).and_then(|record| lanes.ends(store, &record)) else { continue };
        for (index, slants) in all.iter_mut().enumerate().take(at + 1).skip(top) {
            slants.push(Slant { from, to, off: OFF + index - top, own: index == at });
        }
    }
    all
}

/// The row of the earliest message that overtook, among those that are near enough.
fn top(entries: &[Entry], at: usize, overtakers: &[crate::tracking::RecordId]) -> Option<usize> {
    let near = at.saturating_sub(ROWS)..at;
    let shows = |entry: &Entry| matches!(&entry.line, Line::Message(row) if overtakers.contains(&row.id));
    near.clone().zip(entries.get(near)?).find(|(_, entry)| shows(entry)).map(|(index, _)| index)
}
