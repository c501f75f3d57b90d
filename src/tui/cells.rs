//! The texts of a message's row in the list: as they are drawn, and as they are searched.

use crate::coap::Severity;
use crate::frame::Endpoint;
use crate::render::Aliases;
use crate::render::content::{short_blocks, shortest_blocks};
use crate::render::ladder::short_end;
use crate::render::line::Line;
use crate::render::time::brief as brief_time;
use crate::store::{Record, Store};
use crate::tracking::{NO_RECORD, RecordId, Relation};

/// Columns from which endpoints are shown with address and port, and times with microseconds.
pub const WIDE: usize = 104;
/// Columns from which addresses are whole.
const WIDEST: usize = 150;
/// Messages of an exchange that are looked through for the copy before.
const COPIES: usize = 64;

/// A time with milliseconds instead of microseconds.
pub fn shortened(time: &str) -> String {
    match time.rfind('.') {
        Some(point) => time.get(..point + 4).unwrap_or(time).to_owned(),
        None => time.to_owned(),
    }
}

/// It was sent by the server of its exchange.
pub fn is_from_server(store: &Store, record: &Record) -> bool {
    store.exchange(record.exchange).is_some_and(|exchange| exchange.client == record.destination)
}

/// Sender and receiver, the client always on the left: `c1>s1`, or with address and port where there is room.
pub fn ends(store: &Store, aliases: &Aliases, record: &Record, width: usize) -> String {
    let named = |id, part| aliases.name(id).starts_with(part);
    let to_client = named(record.source, 's') && named(record.destination, 'c');
    let (first, second, arrow) = if is_from_server(store, record) || (record.exchange.0 == 0 && to_client) {
        (record.destination, record.source, '<')
    } else {
        (record.source, record.destination, '>')
    };
    if width < WIDE {
        return format!("{}{arrow}{}", aliases.name(first), aliases.name(second));
    }
    let full = |id| {
        let place = store.endpoint(id).map(|endpoint| short(endpoint, width)).unwrap_or_default();
        format!("{} {place}", aliases.name(id))
    };
    format!("{} {arrow} {}", full(first), full(second))
}

/// An endpoint in a few columns, whole where it is short and the list is wide.
fn short(endpoint: &Endpoint, width: usize) -> String {
    let whole = endpoint.address.to_string();
    if width < WIDEST || whole.len() > 15 {
        return short_end(endpoint);
    }
    // ICMP has none.
    let port = if endpoint.port == 0 { String::new() } else { format!(":{}", endpoint.port) };
    if endpoint.address.is_ipv4() { whole + &port } else { format!("[{whole}]{port}") }
}

/// The number of a retransmission whose flag is that of a finding.
fn hidden_number(record: &Record) -> Option<u8> {
    (record.relation() == Relation::Retransmits && record.severity() >= Some(Severity::Warn))
        .then(|| record.transmission.saturating_sub(1))
}

/// What it answers or repeats, and after how long: `=#1 11ms`.
pub fn link(store: &Store, record: &Record, id: RecordId) -> String {
    let relation = record.relation();
    if relation == Relation::None && record.relates_to == NO_RECORD {
        return String::new();
    }
    let to = store.shown_relation(id).unwrap_or(record.relates_to);
    let Some(other) = store.get(to) else { return "=gone".into() };
    if relation == Relation::None {
        return format!("=#{}", other.frame);
    }
    let since = if relation == Relation::Retransmits { copy_before(store, record) } else { to };
    let (elapsed, plus) = match record.is_repeat() {
        true => (store.elapsed(since, id), "+"),
        false => (store.answered_after(since, id), ""),
    };
    let after = elapsed.map(|elapsed| format!(" {plus}{}", brief_time(elapsed))).unwrap_or_default();
    let number = hidden_number(record).map(|number| format!("R{number}")).unwrap_or_default();
    format!("{number}=#{}{after}", other.frame)
}

/// The copy before this one: the wait that RFC 7252 section 4.2 speaks of.
fn copy_before(store: &Store, record: &Record) -> RecordId {
    let first = record.relates_to;
    let mut before = record.previous_in_exchange;
    for _ in 0..COPIES {
        match store.get(before) {
            Some(copy) if before == first || copy.relates_to == first && copy.is_repeat() => return before,
            Some(other) => before = other.previous_in_exchange,
            None => break,
        }
    }
    first
}

/// Words that are not empty, with blanks between them.
pub fn joined(words: &[&str]) -> String {
    words.iter().copied().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Path, blocks and payload, all of them.
pub fn summary(line: &Line, is_response: bool) -> String {
    let observe = line.observe.replacen("Observe", "Obs", 1);
    if is_response {
        joined(&[&observe, &line.blocks, &line.content, &line.path])
    } else {
        joined(&[&observe, &line.summary])
    }
}

/// The same as rows with little room may have it, but for what is cut.
fn short_summaries(line: &Line, is_response: bool) -> impl Iterator<Item = String> {
    let (observe, content) = (observe(&line.observe), brief(&line.content));
    [line.blocks.clone(), short_blocks(&line.blocks), shortest_blocks(&line.blocks)].into_iter().map(move |blocks| {
        if is_response {
            joined(&[&observe, &blocks, &content, &line.path])
        } else {
            joined(&[&observe, &line.path, &blocks, &content])
        }
    })
}

/// The Observe option in a few columns.
pub fn observe(words: &str) -> String {
    words.replacen("Observe", "Obs", 1).replacen("register", "reg", 1)
}

/// The text without the length of a payload that is quoted behind it: `"OFF"` instead of `text 3 B "OFF"`.
pub fn brief(text: &str) -> String {
    let Some((before, after)) = text.split_once(" B \"") else { return text.to_owned() };
    let kept = before.trim_end_matches(|letter: char| letter.is_ascii_digit());
    format!("{}\"{after}", kept.strip_suffix("text ").unwrap_or(kept))
}

/// All that columns of a row may have of a message, whatever the width, but for its time.
pub fn searched(store: &Store, aliases: &Aliases, (record, id): (&Record, RecordId), line: &Line) -> Vec<String> {
    let is_response = record.code.is_response();
    let mut texts: Vec<String> =
        [0, WIDE, WIDEST].into_iter().map(|width| ends(store, aliases, record, width)).collect();
    texts.extend([link(store, record, id), summary(line, is_response)]);
    texts.extend(short_summaries(line, is_response));
    texts
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn quoted_payloads_need_no_length() {
        for (text, expected) in [
            ("Obs 2 text 3 B \"OFF\" /alarm", "Obs 2 \"OFF\" /alarm"),
            ("3 B \"OFF\"", "\"OFF\""),
            ("/led json {\"on\":true}", "/led json {\"on\":true}"),
        ] {
            assert_eq!(brief(text), expected);
        }
    }
}
