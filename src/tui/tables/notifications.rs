//! Below an observation: its notifications, the rule that decides each one's order (RFC 7641 section 3.4), and a chart of their numbers.

use super::columns::{self, Cells, ORDER};
use super::plot::{Scale, Track};
use super::{Context, Facts, Line, observations};
use crate::coap::parameters::DEFAULT_MAX_AGE;
use crate::coap::{Severity, escape};
use crate::field;
use crate::pipeline::Fetcher;
use crate::render::content;
use crate::render::time::{brief, duration};
use crate::store::Record;
use crate::tracking::{
    ExchangeId, NO_RECORD, ObservationEnd, ObservationId, ObservationRow, ObserveOrder, RecordId, Role,
};
use crate::tui::view::text;
use ratatui::style::Style;

/// Messages before the selected one, or before the last, that are told of.
const BEFORE: usize = 200;
/// Messages behind the selected one that are told of.
const BEHIND: usize = 200;
/// Messages that are looked through for those behind the selected one.
const LOOKED: u32 = 20_000;
/// Rows of the chart that hold numbers, at most.
const ROWS: usize = 6;
/// Observe numbers have 24 bits.
const MODULUS: i64 = 1 << 24;
/// Columns of the gap between two.
const GAP: usize = 8;
/// Numbers of a gap that are looked for among those that came late.
const FILLED: u32 = 64;
/// Columns of the numbers beside the chart.
const NAMES: usize = 9;
/// Characters of a value that are shown.
const VALUE: usize = 16;

/// A response of the observation.
#[derive(Clone, Debug)]
struct Note {
    id: RecordId,
    time: i64,
    number: Option<u32>,
    order: ObserveOrder,
    max_age: u32,
    /// OSCORE protects it: its number says nothing about its order.
    protected: bool,
    /// OSCORE protects it, and its Partial IV is higher than that of every one before.
    newer_by_iv: bool,
    /// The freshest number before it, and the message that had it.
    against: Option<(u32, RecordId)>,
}

/// What is said of an observation.
pub(super) fn say(context: &Context<'_>, id: ObservationId, fetcher: &mut Fetcher, facts: &mut Facts) {
    let Some(row) = context.store.observation(id) else { return };
    facts.title = title(context, id, row);
    let mut notes = Vec::new();
    let mut freshest = None;
    let wide = context.page.1 >= 104;
    let (mut members, ends) = members(context, id, row);
    let others = of_other_exchanges(context, id, row);
    members.extend(&others);
    members.sort_unstable();
    members.dedup();
    let mut rows = Vec::new();
    for id in members.iter().copied() {
        let Some(record) = context.store.get(id) else { continue };
        let note = note(context, id, &record, freshest, fetcher);
        rows.push((cells(context, &record, note.as_ref(), wide), style(context, &record), id));
        if let Some((note, _)) = note {
            let newer = note.newer_by_iv
                || !matches!(note.order, ObserveOrder::None | ObserveOrder::Stale | ObserveOrder::Same);
            if let Some(number) = note.number.filter(|_| newer) {
                freshest = Some((number, note.id));
            }
            // What ends it, and what is said to that, is none of its numbers.
            if !others.contains(&id) {
                notes.push(note);
            }
        }
    }
    for (gap, by) in filled(&notes) {
        let by = context.frame(by);
        let said = if wide { format!("gap, filled by {by}") } else { format!("gap till {by}") };
        rows.iter_mut().filter(|(_, _, id)| *id == gap).for_each(|(cells, ..)| cells[ORDER].clone_from(&said));
    }
    let more = context.theme.signs().more;
    let mut heads = columns::heads(context.since.as_deref());
    let only = rows.iter().map(|(cells, ..)| cells).chain([&heads]).cloned().collect::<Vec<_>>();
    let widths = columns::widths(&only, context.page.1);
    // The heads stay in sight, where there is room.
    let above = if context.page.0 >= 6 { &mut facts.head } else { &mut facts.lines };
    heads.iter_mut().last().filter(|_| !wide).into_iter().for_each(String::clear);
    above.push(Line::styled(columns::line(&heads, &widths, more), context.theme.heading()));
    if let Some(ends) = ends {
        facts.ends = Some(ends);
        let said = "Long: only messages around the selected one stand here and in the chart.";
        let lines = text::wrap(said, context.page.1.saturating_sub(2));
        facts.lines.extend(lines.into_iter().map(|line| Line::plain(format!(" {line}"))));
    }
    let lines = rows.iter().map(|(cells, style, id)| Line::styled(columns::line(cells, &widths, more), *style).of(*id));
    facts.lines.extend(lines);
    for sentence in sentences(context, row) {
        let lines = text::wrap(&sentence, context.page.1.saturating_sub(2));
        facts.lines.extend(lines.into_iter().map(|line| Line::plain(format!(" {line}"))));
    }
    let room = context.page.0.saturating_sub(4);
    if let Some(note) = notes.iter().find(|note| Some(note.id) == context.selected)
        && context.page.0 >= 6
    {
        let style = if note.order == ObserveOrder::Stale {
            context.theme.severity(Severity::Warn)
        } else {
            context.theme.observe()
        };
        let said = text::wrap(&rule(context, note), context.page.1.saturating_sub(2));
        facts.foot.extend(said.into_iter().map(|line| Line::styled(format!(" {line}"), style)));
    }
    if room >= 7 {
        facts.foot.extend(chart(context, &notes, (room - 4).min(ROWS)));
    }
}

fn title(context: &Context<'_>, id: ObservationId, row: &ObservationRow) -> String {
    let what = context.store.resource(row.resource).map_or_else(|| "resource unknown".into(), escape::text);
    let registered = if row.registration == NO_RECORD {
        "registration not known".to_owned()
    } else {
        format!("registered {}", context.frame(row.registration))
    };
    let ends = format!("{} > {}", context.aliases.name(row.client), context.aliases.name(row.server));
    let after = format!("  {ends}, {registered}, {}", field::end(row.end));
    context.title(format!("observation {}: ", id.0), &what, &after)
}

/// Messages around the selected one, oldest first; where these are not all, the first and the last of all.
type Members = (Vec<RecordId>, Option<(RecordId, RecordId)>);

/// Messages of the observation.
fn members(context: &Context<'_>, id: ObservationId, row: &ObservationRow) -> Members {
    let store = context.store;
    if row.exchange.0 == 0 || store.exchange(row.exchange).is_some_and(|exchange| exchange.multicast) {
        return overheard(context, id, row);
    }
    let last = store.exchange(row.exchange).filter(|_| row.exchange.0 != 0).map_or(row.last, |exchange| exchange.last);
    let mut behind = Vec::new();
    let mut at = last;
    let of_it = |id: &RecordId| store.get(*id).is_some_and(|record| record.exchange == row.exchange);
    if let Some(selected) = context.selected.filter(|id| of_it(id) && *id < last) {
        let end = last.min(selected.saturating_add(LOOKED));
        behind = (selected + 1..=end).filter(of_it).take(BEHIND).collect();
        at = selected;
    }
    let mut found = Vec::new();
    while found.len() < BEFORE
        && let Some(record) = store.get(at)
    {
        found.push(at);
        at = record.previous_in_exchange;
    }
    found.reverse();
    found.extend(behind);
    let all = context.store.get(at).is_none() && found.last().is_none_or(|found| *found >= last);
    let first = store.exchange(row.exchange).map_or(row.registration, |exchange| exchange.request);
    (found, (!all).then_some((first, last)))
}

/// Messages of it in exchanges of their own: how it was ended, and the selected one with what it belongs to.
fn of_other_exchanges(context: &Context<'_>, id: ObservationId, row: &ObservationRow) -> Vec<RecordId> {
    let store = context.store;
    let selected = context.selected.filter(|selected| store.observation_of(*selected) == Some(id));
    let exchange = |id: RecordId| store.get(id).map(|record| record.exchange);
    let own = |id: &ExchangeId| id.0 != 0 && *id != row.exchange;
    let exchanges = [Some(row.ended_by), selected].into_iter().flatten().filter_map(exchange).filter(own);
    let last = exchanges.filter_map(|id| store.exchange(id)).map(|exchange| exchange.last);
    let chain = |last: RecordId| {
        let before = |id: &RecordId| store.get(*id).map(|record| record.previous_in_exchange);
        std::iter::successors(Some(last), before).take_while(|id| store.get(*id).is_some()).take(BEFORE)
    };
    last.flat_map(chain).filter(|other| store.observation_of(*other) == Some(id)).collect()
}

/// The same of an observation whose messages no exchange has to itself: its registration was not captured, or it is one member's of a group.
fn overheard(context: &Context<'_>, id: ObservationId, row: &ObservationRow) -> Members {
    let store = context.store;
    let selected = context.selected.filter(|selected| store.observation_of(*selected) == Some(id));
    let middle = selected.unwrap_or(row.last.saturating_add(1));
    let of_it = |(record, of): (RecordId, ObservationId)| (of == id).then_some(record);
    let before = store.observed(0..middle).rev().take(LOOKED as usize).filter_map(of_it);
    let mut found: Vec<RecordId> = before.take(BEFORE).collect();
    found.reverse();
    found.extend(store.observed(middle..RecordId::MAX).take(LOOKED as usize).filter_map(of_it).take(BEHIND));
    let first = store.first_observed(id);
    let all = found.first().copied() == first && found.last().is_some_and(|last| *last >= row.last);
    (found, (!all).then_some((first.unwrap_or(NO_RECORD), row.last)))
}

/// A response of the observation with its number, and its value.
fn note(
    context: &Context<'_>,
    id: RecordId,
    record: &Record,
    against: Option<(u32, RecordId)>,
    fetcher: &mut Fetcher,
) -> Option<(Note, String)> {
    if !record.code.is_response() {
        return None;
    }
    let view = fetcher.view(context.store, id).ok().flatten()?;
    let note = Note {
        id,
        time: record.time,
        number: view.message.observe(),
        order: record.order(),
        max_age: view.message.max_age().unwrap_or(DEFAULT_MAX_AGE),
        protected: view.message.oscore().is_some(),
        newer_by_iv: !record.is_repeat()
            && record.order() == ObserveOrder::None
            && view.message.oscore().is_some_and(|oscore| !oscore.partial_iv.is_empty()),
        against,
    };
    Some((note, content::payload(&view.message, VALUE)))
}

/// Gaps of which all numbers came late, before the next gap, and which message brought the last of them.
fn filled(notes: &[Note]) -> Vec<(RecordId, RecordId)> {
    let mut filled = Vec::new();
    let mut missing: (RecordId, Vec<u32>) = (NO_RECORD, Vec::new());
    for note in notes {
        let Some(number) = note.number else { continue };
        match (note.order, note.against) {
            (ObserveOrder::Gap, Some((before, _))) => {
                let skipped = step(number, before).saturating_sub(1);
                let skipped = u32::try_from(skipped).ok().filter(|skipped| *skipped <= FILLED).unwrap_or(0);
                let others = (1..=skipped).map(|by| before.wrapping_add(by) % MODULUS as u32);
                missing = (note.id, others.collect());
            }
            (ObserveOrder::Gap, None) => missing = (NO_RECORD, Vec::new()),
            (ObserveOrder::Stale, _) if missing.1.contains(&number) => {
                missing.1.retain(|other| *other != number);
                if missing.1.is_empty() {
                    filled.push((missing.0, note.id));
                }
            }
            _ => {}
        }
    }
    filled
}

/// The time since the freshest one before, as long as its column is wide.
fn gap_text(gap: i64) -> String {
    Some(duration(gap)).filter(|text| text.len() <= GAP).unwrap_or_else(|| brief(gap))
}

/// A response, or a message beside them; whether the pane has room for rules.
fn cells(context: &Context<'_>, record: &Record, valued: Option<&(Note, String)>, wide: bool) -> Cells {
    let note = valued.map(|(note, _)| note);
    let number = note.and_then(|note| note.number);
    let against = note.and_then(|note| note.against).filter(|_| number.is_some());
    let step = number
        .filter(|_| note.is_some_and(|note| !note.protected))
        .zip(against)
        .map(|(number, (freshest, _))| format!("{:+}", step(number, freshest)));
    let since = against.zip(note).and_then(|((_, before), note)| context.store.elapsed(before, note.id));
    let value = match valued {
        _ if record.role == Role::Registration => format!("{} registers", record.code.name().unwrap_or("?")),
        _ if record.role == Role::Deregistration => format!("{} deregisters", record.code.name().unwrap_or("?")),
        Some((_, value)) if record.code.class() == 2 => value.clone(),
        _ if record.code.is_empty() => "empty".into(),
        _ => record.code.name().unwrap_or("empty").to_owned(),
    };
    let order = match note {
        _ if record.is_repeat() => "repeat",
        Some(note) if note.newer_by_iv => "newer",
        _ => order_word(record.order()),
    };
    [
        record.frame.to_string(),
        context.at(record.time),
        record.message_type.abbreviation().to_string(),
        number.map(|number| number.to_string()).unwrap_or_default(),
        step.unwrap_or_default(),
        since.map(gap_text).unwrap_or_default(),
        order.to_owned(),
        value,
        note.filter(|_| wide).map(|note| rule(context, note)).unwrap_or_default(),
    ]
}

fn style(context: &Context<'_>, record: &Record) -> Style {
    match record.order() {
        ObserveOrder::Stale | ObserveOrder::Same => context.theme.severity(Severity::Warn),
        ObserveOrder::Gap => context.theme.severity(Severity::Note),
        _ => Style::new(),
    }
}

/// From one number to another, by the shorter way round 2^24.
fn step(number: u32, from: u32) -> i64 {
    let ahead = (i64::from(number) - i64::from(from)).rem_euclid(MODULUS);
    if ahead > MODULUS / 2 { ahead - MODULUS } else { ahead }
}

/// The order in a word.
fn order_word(order: ObserveOrder) -> &'static str {
    match order {
        ObserveOrder::None => "",
        ObserveOrder::First => "first",
        ObserveOrder::Next => "newer",
        ObserveOrder::Gap => "newer, gap",
        ObserveOrder::Newer | ObserveOrder::NewerByTime => "newer",
        ObserveOrder::Stale => "STALE",
        ObserveOrder::Same => "same",
    }
}

/// The rule that decides a notification's order.
fn rule(context: &Context<'_>, note: &Note) -> String {
    let Some(number) = note.number else { return "no Observe option: nothing to order".into() };
    let Some((freshest, id)) = note.against else {
        return match note.order {
            ObserveOrder::First => "the first number: nothing to compare it with".into(),
            order => format!("{}, by what came before the lines shown here", order_word(order)),
        };
    };
    let frame = context.frame(id);
    match note.order {
        ObserveOrder::Stale if note.protected => "its Partial IV is lower than that of one before: stale".into(),
        ObserveOrder::Same if note.protected => "the Partial IV of one before: not newer".into(),
        ObserveOrder::None if note.newer_by_iv => "its Partial IV is the highest so far".into(),
        ObserveOrder::None if note.protected => "protected, and without a Partial IV: order not known".into(),
        ObserveOrder::None => String::new(),
        ObserveOrder::First => "the first number: nothing to compare it with".into(),
        ObserveOrder::Next | ObserveOrder::Gap | ObserveOrder::Newer if freshest < number => {
            format!("{freshest} < {number} and {number} - {freshest} < 2^23: newer than {frame}")
        }
        ObserveOrder::Next | ObserveOrder::Gap | ObserveOrder::Newer => {
            format!("{freshest} > {number} and {freshest} - {number} > 2^23: newer than {frame}, past 2^24")
        }
        ObserveOrder::NewerByTime => format!("more than 128 s after {frame}: newer, whatever the number"),
        ObserveOrder::Stale if number < freshest => {
            format!("{number} < {freshest} of {frame}, within 128 s: stale (RFC 7641 section 3.4)")
        }
        ObserveOrder::Stale => {
            format!("{number} - {freshest} >= 2^23 ({frame}), within 128 s: stale (RFC 7641 section 3.4)")
        }
        ObserveOrder::Same => format!("the same number as {frame}: not newer (RFC 7641 section 3.4)"),
    }
}

fn sentences(context: &Context<'_>, row: &ObservationRow) -> Vec<String> {
    let mut said = Vec::new();
    if row.end == ObservationEnd::Evicted {
        said.push(
            "It was not followed to its end, for want of memory: what came later may have belonged to it.".into(),
        );
    } else if row.end != ObservationEnd::Open {
        let by = if row.ended_by == NO_RECORD { String::new() } else { format!(" by {}", context.frame(row.ended_by)) };
        said.push(format!("Ended{by}: {}.", field::end(row.end)));
    } else if observations::is_out_of_date(row, context.now) {
        said.push(format!("Open, but its value is older than its Max-Age of {} s.", row.max_age));
    }
    if row.gaps > 0 {
        said.push("A gap is no proof of loss: numbers need only rise.".into());
    }
    if row.stale > 0 {
        said.push(
            "A stale one was overtaken on the way, or its server numbers wrongly: a client is to ignore it.".into(),
        );
    }
    if row.same() > 0 {
        said.push("One with the number (or Partial IV) of the freshest is not newer: a client is to ignore it.".into());
    }
    said
}

/// It tells of a state that the client had not had.
fn is_newer(note: &Note) -> bool {
    !matches!(note.order, ObserveOrder::Stale | ObserveOrder::Same)
}

/// Numbers that go on past 2^24, as the order of their notifications has it: what is newer by its number lies ahead of the freshest before
/// it, what is stale behind, whatever the way round (RFC 7641 section 3.4).
fn unwrapped<'a>(notes: impl Iterator<Item = &'a Note>) -> Vec<(&'a Note, i64)> {
    let mut freshest: Option<(u32, i64)> = None;
    let mut all = Vec::new();
    for note in notes {
        let Some(number) = note.number else { continue };
        let at = match freshest {
            None => i64::from(number),
            Some((before, at)) => {
                let ahead = (i64::from(number) - i64::from(before)).rem_euclid(MODULUS);
                at + match note.order {
                    ObserveOrder::Next | ObserveOrder::Gap | ObserveOrder::Newer => ahead,
                    ObserveOrder::Stale if ahead > 0 => ahead - MODULUS,
                    _ => step(number, before),
                }
            }
        };
        if is_newer(note) || freshest.is_none() {
            freshest = Some((number, at));
        }
        all.push((note, at));
    }
    all
}

/// Numbers over time, below them how long each newer value is fresh.
fn chart(context: &Context<'_>, notes: &[Note], rows: usize) -> Vec<Line> {
    // A copy of a notification says nothing new.
    let told = || notes.iter().filter(|note| note.order != ObserveOrder::None);
    if notes.iter().any(|note| note.protected) {
        return vec![Line::plain(" No chart: OSCORE protects these, and the numbers outside do not tell their order.")];
    }
    let numbered = unwrapped(told());
    // Frames need not stand in the order of their times.
    let times = || numbered.iter().map(|(note, _)| note.time);
    let (Some(from), Some(last)) = (times().min(), times().max()) else { return Vec::new() };
    let fresh_until = |note: &Note| note.time.saturating_add(i64::from(note.max_age).saturating_mul(1_000_000_000));
    let freshest = numbered.iter().rfind(|(note, _)| is_newer(note)).map(|(note, _)| fresh_until(note));
    let now = context.now.unwrap_or(last).max(last);
    // A value stays fresh whether more are to come or not.
    let end = now.min(freshest.unwrap_or(last)).max(last);
    let columns = context.page.1.saturating_sub(NAMES + 2);
    let scale = Scale { from, to: end.max(from.saturating_add(1)), columns };
    let (low, high) = numbered.iter().fold((i64::MAX, i64::MIN), |(low, high), (_, at)| (low.min(*at), high.max(*at)));
    let wraps = high >= MODULUS || low < 0;
    let rows = (rows - usize::from(wraps)).min((high - low + 1).max(1) as usize).max(1);
    let height = Scale { from: low, to: high, columns: rows };
    let mut tracks = vec![Track::new(columns); rows];
    let mut fresh = Track::new(columns);
    for (note, at) in &numbered {
        let newer = is_newer(note);
        if let Some(track) = tracks.get_mut(rows - 1 - height.column(*at)) {
            // Where two stand in one place, the overtaken one is the news.
            let place = scale.column(note.time);
            if newer {
                let _ = track.put(place, "o");
            } else {
                track.fill(place, place, 'x');
            }
        }
        if newer {
            let until = fresh_until(note).min(end);
            fresh.fill(scale.column(note.time), scale.column(until), '=');
        }
    }
    let number_at = |row: usize| {
        let at = if rows == 1 { low } else { low + (high - low) * (rows - 1 - row) as i64 / (rows - 1) as i64 };
        let mark = if wraps && at.div_euclid(MODULUS) > low.div_euclid(MODULUS) { "^" } else { "" };
        format!("{mark}{}", at.rem_euclid(MODULUS))
    };
    let wall = if context.theme.unicode { '\u{2502}' } else { '|' };
    let mut lines: Vec<Line> = tracks
        .iter()
        .enumerate()
        .map(|(row, track)| Line::plain(format!(" {:>NAMES$}{wall}{}", number_at(row), track.text())))
        .collect();
    if wraps {
        lines.insert(0, Line::plain(format!(" {:>NAMES$}{wall} past 2^24: there numbers begin again at 0", "^")));
    }
    lines.push(Line::styled(format!(" {:>NAMES$}{wall}{}", "fresh", fresh.text()), context.theme.observe()));
    let mut axis = Track::new(columns);
    let _ = axis.put(0, &context.at(scale.from));
    let right = context.at(scale.to);
    let _ = axis.put(columns.saturating_sub(right.chars().count()), &right);
    lines.push(Line::plain(format!(" {:>NAMES$} {}", "time", axis.text())));
    lines
}
