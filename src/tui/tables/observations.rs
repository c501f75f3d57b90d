//! A row an observation: who observes what, how fresh it is, what was skipped or overtaken, and how it ended.

use super::order::{Column, Part};
use super::{Making, Row};
use crate::coap::{Severity, escape};
use crate::field;
use crate::frame::time_between;
use crate::tracking::{NO_RECORD, ObservationEnd, ObservationId, ObservationRow};

/// Columns in the order of the keys that sort.
pub const COLUMNS: &[Column] = &[
    Column::Start,
    Column::Time,
    Column::Count,
    Column::Gaps,
    Column::Stale,
    Column::State,
    Column::Ends,
    Column::Resource,
];
/// Columns that rows can be grouped by.
pub const GROUPS: &[Column] = &[Column::State, Column::Ends, Column::Resource];

/// Heads of the columns; whether they stand on the right; when they are given up.
pub const HEADS: &[(&str, bool, u8)] = &[
    ("Ob", true, 0),
    ("#", true, 6),
    ("Since", true, 5),
    ("Dir", false, 4),
    ("Resource", false, 0),
    ("Notif", true, 3),
    ("Last", true, 2),
    ("Age/Max", true, 1),
    ("Gaps", true, 0),
    ("Stale", true, 0),
    ("End", false, 0),
];

/// Seconds in nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// What a row is compared by.
pub fn part(id: u32, row: &ObservationRow, now: Option<i64>, column: Column) -> Part {
    match column {
        Column::State => Part::Word(field::end(row.end)),
        Column::Ends => Part::Ends(row.client, row.server),
        Column::Resource => Part::Resource(row.resource),
        Column::Count => Part::Number(row.notifications.into()),
        Column::Time => age(row, now).map_or(Part::Unknown, Part::Number),
        Column::Gaps => Part::Number(row.gaps.into()),
        Column::Stale => Part::Number(row.not_newer().into()),
        Column::Start | Column::Reply => Part::Number(id.into()),
    }
}

/// Nanoseconds since the freshest notification.
fn age(row: &ObservationRow, now: Option<i64>) -> Option<i64> {
    (row.end == ObservationEnd::Open).then(|| time_between(row.freshest_time, now?)).flatten()
}

/// The value is older than its Max-Age.
pub fn is_out_of_date(row: &ObservationRow, now: Option<i64>) -> bool {
    age(row, now).is_some_and(|age| age > i64::from(row.max_age).saturating_mul(SECOND))
}

/// The row of an observation.
pub fn row(making: &Making<'_>, id: ObservationId) -> Row {
    let Making { store, now, .. } = *making;
    let Some(row) = store.observation(id) else { return Row::default() };
    let heard = store.first_observed(id).unwrap_or(NO_RECORD);
    let first = [row.registration, heard, row.accepted, row.last].into_iter().find(|id| *id != NO_RECORD);
    let record = first.and_then(|id| store.get(id));
    let freshness = match age(row, now) {
        Some(age) if row.freshest != u32::MAX => format!("{}/{} s", age / SECOND, row.max_age),
        _ => "-".into(),
    };
    let severity = match row.end {
        ObservationEnd::TimedOut | ObservationEnd::Error | ObservationEnd::Unreachable => Some(Severity::Error),
        _ if row.not_newer() > 0 || is_out_of_date(row, now) => Some(Severity::Warn),
        _ if row.gaps > 0 => Some(Severity::Note),
        _ => None,
    };
    let end = match (row.end, is_out_of_date(row, now)) {
        (ObservationEnd::Open, true) => "open, too old".into(),
        (ObservationEnd::Open, false) => field::end(row.end).into(),
        (end, _) => {
            let by = store.get(row.ended_by).map(|record| format!(" #{}", record.frame)).unwrap_or_default();
            format!("{}{by}", field::end(end))
        }
    };
    let cells = vec![
        id.0.to_string(),
        record.map_or_else(|| "-".into(), |record| record.frame.to_string()),
        record.map_or_else(|| "-".into(), |record| making.at(record.time)),
        format!("{}>{}", making.aliases.name(row.client), making.aliases.name(row.server)),
        store.resource(row.resource).map_or_else(|| "?".into(), |text| escape::text(text).into_owned()),
        row.notifications.to_string(),
        if row.freshest == u32::MAX { "-".into() } else { row.freshest.to_string() },
        freshness,
        row.gaps.to_string(),
        row.not_newer().to_string(),
        end,
    ];
    Row { cells, severity, heading: false }
}
