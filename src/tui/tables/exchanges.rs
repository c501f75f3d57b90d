//! A row an exchange: who asked whom for what, how it was answered, after how many copies and how long, and how it stands.

use super::order::{Column, Part};
use super::{Making, Row, state};
use crate::coap::{Code, Parameters, Severity, escape};
use crate::frame::time_between;
use crate::render::content;
use crate::render::time::duration;
use crate::store::spared::is_spared;
use crate::store::{Store, View};
use crate::tracking::{AnswerKind, ExchangeId, ExchangeRow, ExchangeState, NO_RECORD};

/// Columns in the order of the keys that sort.
pub const COLUMNS: &[Column] =
    &[Column::Start, Column::Time, Column::Count, Column::State, Column::Ends, Column::Resource, Column::Reply];
/// Columns that rows can be grouped by.
pub const GROUPS: &[Column] = &[Column::State, Column::Ends, Column::Resource, Column::Reply];

/// Heads of the columns; whether they stand on the right; when they are given up.
pub const HEADS: &[(&str, bool, u8)] = &[
    ("Ex", true, 0),
    ("#", true, 6),
    ("Start", true, 5),
    ("Dir", false, 4),
    ("T", false, 3),
    ("Request", false, 0),
    ("Reply", false, 2),
    ("Cop", true, 1),
    ("Time", true, 0),
    ("State", false, 0),
];

/// Column of the request.
const REQUEST: usize = 5;

/// What a row is compared by.
pub fn part(
    store: &Store,
    id: u32,
    row: &ExchangeRow,
    (now, parameters): (Option<i64>, &Parameters),
    column: Column,
) -> Part {
    match column {
        Column::State => Part::Word(state(row, store, now, parameters)),
        Column::Ends => Part::Ends(row.client, row.server),
        Column::Resource => Part::Resource(row.resource),
        Column::Reply => Part::Number(rank_of_reply(row)),
        Column::Count => Part::Number(row.transmissions.into()),
        Column::Time => took(store, row, now).map_or(Part::Unknown, Part::Number),
        Column::Start | Column::Gaps | Column::Stale => Part::Number(id.into()),
    }
}

/// From the first copy to the answer; while one is waited for, up to now.
fn took(store: &Store, row: &ExchangeRow, now: Option<i64>) -> Option<i64> {
    let waiting = (row.state.is_waiting() || row.state == ExchangeState::TimedOut) && !is_spared(store, row);
    if row.round_trip >= 0 {
        Some(row.round_trip)
    } else if waiting && row.response == NO_RECORD && store.is_steady_since(row.request) {
        time_between(row.started, now?)
    } else {
        None
    }
}

/// A number that puts replies in the order of their texts.
fn rank_of_reply(row: &ExchangeRow) -> i64 {
    let how = match row.answer {
        AnswerKind::None => return 2 << 16,
        AnswerKind::Reset => return 1 << 16,
        AnswerKind::Non => 0,
        AnswerKind::Piggybacked => 1,
        AnswerKind::Separate => 2,
    };
    i64::from(row.code) << 8 | how
}

/// The response in a few words: `2.05 in ACK`.
pub fn reply(row: &ExchangeRow) -> String {
    let how = match row.answer {
        AnswerKind::None => return "none".into(),
        AnswerKind::Reset => return "RST".into(),
        AnswerKind::Piggybacked => "in ACK",
        AnswerKind::Separate => "sep CON",
        AnswerKind::Non => "NON",
    };
    format!("{} {how}", Code(row.code))
}

/// How many of a group responded after the first; `None` where no other did, or more than are counted.
pub(super) fn further_responses(row: &ExchangeRow) -> Option<u16> {
    row.responses.checked_sub(1).filter(|others| row.multicast && *others > 0 && row.responses < u16::MAX)
}

/// What only the request itself tells: its blocks, and why its path is not known.
pub fn tell_request(row: &mut Row, request: &View<'_>) {
    let Some(cell) = row.cells.get_mut(REQUEST) else { return };
    if request.exchange().is_none_or(|exchange| request.store.resource(exchange.resource).is_none()) {
        *cell = format!("{} {}", cell.trim_end(), content::target(&request.message));
    }
    for block in content::blocks(&request.message) {
        *cell = format!("{} {}", cell.trim_end(), content::short_blocks(&block));
    }
}

/// The row of an exchange.
pub fn row(making: &Making<'_>, id: ExchangeId) -> Row {
    let Making { store, now, .. } = *making;
    let Some(row) = store.exchange(id) else { return Row::default() };
    let record = store.get(row.request);
    let method = Code(row.method);
    let method = method.name().map_or_else(|| method.to_string(), str::to_owned);
    let resource = store.resource(row.resource).map(escape::text).unwrap_or_default();
    let waiting = row.round_trip < 0;
    let took = took(store, &row, now).map(|time| {
        let text = duration(time).replace(' ', "");
        match (waiting, time) {
            (true, ..=0) => ">0s".into(),
            (true, _) => format!(">{text}"),
            (false, _) => text,
        }
    });
    let state = state(&row, store, now, making.parameters);
    let severity = match row.state {
        _ if is_spared(store, &row) => None,
        ExchangeState::TimedOut | ExchangeState::Unreachable | ExchangeState::Reset => Some(Severity::Error),
        _ if state == "slow" || row.transmissions > 1 => Some(Severity::Warn),
        _ => None,
    };
    let kind = if row.multicast {
        "NON*"
    } else if row.confirmable {
        "CON"
    } else {
        "NON"
    };
    let cells = vec![
        id.0.to_string(),
        record.map_or_else(|| "-".into(), |record| record.frame.to_string()),
        making.at(row.started),
        format!("{}>{}", making.aliases.name(row.client), making.aliases.name(row.server)),
        kind.into(),
        if row.request == NO_RECORD { format!("? {resource}") } else { format!("{method} {resource}") },
        further_responses(&row).map_or_else(|| reply(&row), |others| format!("{} +{others}", reply(&row))),
        row.transmissions.to_string(),
        took.unwrap_or_else(|| "-".into()),
        state.into(),
    ];
    Row { cells, severity, heading: false }
}
