//! Which messages of an exchange are told of: all of a short one; of a long one its beginning, the copies of its request, its first answer and
//! those around the selected message, and how many were left out where.

use super::Context;
use crate::store::Record;
use crate::tracking::{ExchangeRow, NO_RECORD, RecordId, Relation};

/// So many messages are told of without leaving any out.
const ALL: usize = 400;
/// Of more, so many from the beginning,
const HEAD: usize = 10;
/// and so many before and behind the selected message, or before the last.
const AROUND: usize = 100;
/// Messages that are gone through from the last to the first.
const WALKED: usize = 20_000;
/// Records behind a message that are looked through for others of its exchange.
const LOOKED: RecordId = 20_000;

/// A message that is told of, or a place where some are not.
pub(super) enum Member {
    /// A message.
    Told(RecordId, Record),
    /// So many are left out here at least; whether these are all.
    LeftOut(usize, bool),
}

/// It is a copy of the request: the first, or a retransmission.
pub(super) fn is_copy(row: &ExchangeRow, id: RecordId, record: &Record) -> bool {
    id == row.request || record.relates_to == row.request && record.relation() == Relation::Retransmits
}

/// Messages of an exchange in the order of the capture, as far as they are still here.
pub(super) fn members(context: &Context<'_>, row: &ExchangeRow) -> Vec<Member> {
    let known = known(context, row);
    let selected = context.selected.and_then(|selected| known.binary_search(&selected).ok());
    let middle = selected.unwrap_or(known.len());
    let around = middle.saturating_sub(AROUND)..=middle.saturating_add(AROUND);
    let mut members = Vec::new();
    let (mut before, mut left_out, mut exact) = (None, 0, true);
    for (place, id) in known.iter().enumerate() {
        let Some(record) = context.store.get(*id) else { continue };
        // Where the one before is not known, an unknown number lies between.
        exact &= before.is_none_or(|before| record.previous_in_exchange == before);
        before = Some(*id);
        let told = known.len() <= ALL
            || place < HEAD
            || place + 1 == known.len()
            || around.contains(&place)
            || *id == row.response
            || is_copy(row, *id, &record);
        if !told {
            left_out += 1;
            continue;
        }
        if left_out > 0 || !exact {
            members.push(Member::LeftOut(left_out, exact));
        }
        (left_out, exact) = (0, true);
        members.push(Member::Told(*id, record));
    }
    members
}

/// Messages of the exchange that can be come by, in order: they point back, each to the one before.
fn known(context: &Context<'_>, row: &ExchangeRow) -> Vec<RecordId> {
    let store = context.store;
    let of = store.get(row.last).map(|record| record.exchange);
    let is_member = |id: &RecordId| store.get(*id).is_some_and(|record| Some(record.exchange) == of);
    let mut known = Vec::new();
    let mut walk = |from: RecordId, most: usize| {
        let mut at = from;
        for _ in 0..most {
            let Some(record) = store.get(at) else { return true };
            known.push(at);
            at = record.previous_in_exchange;
        }
        false
    };
    let mut whole = walk(row.last, WALKED);
    if let Some(selected) = context.selected.filter(|selected| !whole && is_member(selected)) {
        whole = walk(selected, WALKED);
        let end = row.last.min(selected.saturating_add(LOOKED));
        known.extend((selected + 1..=end).filter(is_member).take(AROUND));
    }
    if !whole && row.request != NO_RECORD {
        let end = row.last.min(row.request.saturating_add(LOOKED));
        known.extend((row.request..=end).filter(is_member).take(HEAD));
    }
    known.extend([row.request, row.response].into_iter().filter(|id| store.get(*id).is_some()));
    known.sort_unstable();
    known.dedup();
    known
}
