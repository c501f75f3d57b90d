//! The timeline of an exchange: when copies were due, when they and the answer were captured, on one scale.

use super::members::is_copy;
use super::plot::{Scale, Track};
use super::{Context, Line};
use crate::frame::time_between;
use crate::render::ladder::judge::gap;
use crate::render::time::duration;
use crate::store::Record;
use crate::tracking::{ExchangeRow, ExchangeState, RecordId, Role};
use ratatui::style::Style;

/// Columns of what names its lines.
const NAMES: usize = 9;

/// What a sign stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// The first copy of the request: 0; or the so many-th one after it.
    Copy(u32),
    /// What answered.
    Answer,
}

/// Signs that stand together: copies that follow each other as `R1-39`.
fn label(signs: &[Sign]) -> String {
    let goes_on =
        |one: &Sign, next: &Sign| matches!((one, next), (Sign::Copy(one @ 1..), Sign::Copy(next)) if one + 1 == *next);
    let text = |run: &[Sign]| match run {
        [Sign::Copy(0)] => "1".to_owned(),
        [Sign::Copy(number)] => format!("R{number}"),
        [Sign::Copy(from), .., Sign::Copy(to)] => format!("R{from}-{to}"),
        _ => "A".to_owned(),
    };
    signs.chunk_by(goes_on).map(text).collect()
}

/// Labels at their columns. Where one would stand in the place of another they are one: it begins where the first of them belongs, and covers
/// the places of all. At the right end it is moved to the left.
fn labels(mut signs: Vec<(i64, Sign)>, scale: &Scale) -> Vec<(usize, String)> {
    signs.sort_by_key(|(at, _)| *at);
    let mut groups: Vec<(usize, Vec<Sign>)> = Vec::new();
    let length = |signs: &[Sign]| label(signs).chars().count();
    for (at, sign) in signs {
        let column = scale.column(at);
        match groups.last_mut() {
            Some((from, before)) if column < *from + length(before) => before.push(sign),
            _ => groups.push((column, vec![sign])),
        }
    }
    while let Some((from, signs)) = groups.pop() {
        let from = from.min(scale.columns.saturating_sub(length(&signs)));
        match groups.last_mut() {
            Some((before, others)) if from < *before + length(others) => others.extend(signs),
            _ => {
                groups.push((from, signs));
                break;
            }
        }
    }
    groups.into_iter().map(|(from, signs)| (from, label(&signs))).collect()
}

/// Windows, what was captured, and an axis, on one scale that begins with the first copy.
pub(super) fn schedule(context: &Context<'_>, row: &ExchangeRow, members: &[(RecordId, Record)]) -> Vec<Line> {
    let parameters = context.parameters;
    let columns = context.page.1.saturating_sub(NAMES + 1);
    let since = |id: RecordId| context.store.elapsed(row.request, id);
    let copies: Vec<i64> =
        members.iter().filter(|(id, record)| is_copy(row, *id, record)).filter_map(|(id, _)| since(*id)).collect();
    let response = since(row.response);
    let open = response.is_none() && matches!(row.state, ExchangeState::Open | ExchangeState::TimedOut);
    let give_up = (parameters.retransmission_time(parameters.max_retransmit + 1).0, parameters.max_transmit_wait());
    let now = context
        .now
        .filter(|_| context.store.is_steady_since(row.request))
        .and_then(|now| time_between(row.started, now))
        .filter(|_| open);
    let steps = parameters.max_retransmit;
    let last_copy = copies.iter().copied().max().unwrap_or(0);
    let last = last_copy.max(response.unwrap_or(0));
    let next_window = (1..=steps).map(|n| parameters.retransmission_time(n).1).find(|end| *end >= last);
    let end = if open {
        give_up.1.max(now.unwrap_or(0).min(give_up.1 * 2)).max(last)
    } else {
        last.max(next_window.unwrap_or(last))
    };
    let scale = Scale { from: 0, to: end.max(1), columns };
    let acknowledged = members
        .iter()
        .filter(|(_, record)| record.role == Role::EmptyAck && record.source == row.server)
        .find_map(|(id, _)| since(*id));
    // After what settles it no copy is due any more.
    let settled = response.into_iter().chain(acknowledged).min();
    let otherwise = if response == settled { "if unanswered" } else { "if no ACK" };
    let mut windows = Track::new(columns);
    for (from, to) in (1..=steps).map(|n| parameters.retransmission_time(n)).chain(open.then_some(give_up)) {
        let is_due = last_copy >= from || settled.is_none_or(|at| at >= from);
        let (first, length) = (scale.column(from), otherwise.chars().count() + 1);
        if from <= scale.to && (is_due || first.checked_sub(length).is_some_and(|at| windows.put_apart(at, otherwise)))
        {
            windows.fill(first, scale.column(to), '=');
        }
    }
    let mut events = Track::new(columns);
    let copy = |(id, record): &(RecordId, Record)| {
        let number = gap(context.store, *id, parameters).filter(|_| is_copy(row, *id, record))?.captured;
        Some((since(*id)?, Sign::Copy(number)))
    };
    let answer = response.map(|at| (at, Sign::Answer));
    let signs = std::iter::once((0, Sign::Copy(0))).chain(members.iter().filter_map(copy)).chain(answer);
    for (column, text) in labels(signs.collect(), &scale) {
        let _ = events.put(column, &text);
    }
    if let Some(now) = now.filter(|now| *now <= scale.to) {
        let _ = events.put(scale.column(now), "now");
    }
    let mut axis = Track::new(columns);
    let _ = axis.put(0, "0");
    let right = duration(scale.to);
    let _ = axis.put(columns.saturating_sub(right.chars().count()), &right);
    for at in copies.iter().skip(1).copied().chain(response) {
        let text = duration(at);
        let column = scale.column(at).saturating_sub(text.chars().count() / 2);
        let _ = axis.put_apart(column, &text);
    }
    let line = |name: &str, track: &Track, style| Line {
        pieces: vec![(format!(" {name:<NAMES$}"), context.theme.heading()), (track.text(), style)],
        record: None,
    };
    vec![
        line("expected", &windows, context.theme.observe()),
        line("captured", &events, context.theme.repeat()),
        line("time", &axis, Style::new()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cover_the_places_of_what_they_name() {
        let copies = |times: &[i64]| -> Vec<(i64, Sign)> {
            times.iter().enumerate().map(|(number, at)| (*at, Sign::Copy(number as u32))).collect()
        };
        let many: Vec<i64> = (0..40).map(|number| number / 10).collect();
        let with = |mut signs: Vec<(i64, Sign)>, at| {
            signs.push((at, Sign::Answer));
            signs
        };
        for (signs, expected) in [
            (copies(&[0]), "1"),
            (copies(&[0, 5, 12]), "1    R1     R2"),
            (copies(&[0, 0]), "1R1"),
            (copies(&[0, 1, 2]), "1R1-2"),
            (copies(&many), "1R1-39"),
            (with(copies(&[0, 2]), 2), "1 R1A"),
            (with(copies(&[0, 2, 4]), 3), "1 R1AR2"),
            (with(copies(&[0, 5, 6, 7, 8]), 12), "1    R1-4   A"),
            (copies(&[0, 19]), "1                 R1"),
            (copies(&[0, 16, 18, 19]), "1               R1-3"),
        ] {
            let mut track = Track::new(20);
            let scale = Scale { from: 0, to: 19, columns: 20 };
            assert!(labels(signs, &scale).iter().all(|(column, text)| track.put(*column, text)));
            assert_eq!(track.text().trim_end(), expected);
        }
    }
}
