//! The timeline of an exchange, as drawn, against the numbers that `print -T json` has for it.

use coapscope::coap::Parameters;
use serde_json::Value;

use super::chart::Sender::{self, Client, Server};
use super::chart::{SECOND, WIDTH, made, panes, place, time};
use super::truth::{by_exchange, captures, told};

/// Columns of what names a line.
const TIMELINE: usize = 10;

#[test]
fn the_timeline_draws_the_copies() {
    let (mut timelines, mut copies, mut waiting) = (0, 0, 0);
    let folder = tempfile::tempdir().unwrap();
    let mut paths = captures();
    // No capture of the lab holds a request that timed out: here a ping comes so many milliseconds after it and its one retransmission.
    for (name, after) in [("open", 2600), ("slow", 40_000), ("late", 80_000), ("timed-out", 120_000), ("old", 400_000)]
    {
        let ask = "4101000161b177";
        let messages = [
            (0, Client(40000), ask),
            (2500, Client(40000), ask),
            (after, Client(40009), "40000009"),
            (after + 10, Server(40009), "70000009"),
        ];
        let path = folder.path().join(format!("{name}.pcap"));
        std::fs::rename(made(&folder, &messages), &path).unwrap();
        paths.push(path);
    }
    // So many copies that not all have a place of their own, some of them behind the time at which the sender should give up.
    for (name, times) in [
        ("many", (0..40).map(|copy| copy * 100).collect::<Vec<u64>>()),
        ("longer", vec![0, 2500, 7500, 99_000, 100_000, 120_000]),
    ] {
        let messages: Vec<(u64, Sender, &str)> =
            times.iter().map(|at| (*at, Client(40000), "4101000161b177")).collect();
        let path = folder.path().join(format!("{name}.pcap"));
        std::fs::rename(made(&folder, &messages), &path).unwrap();
        paths.push(path);
    }
    for path in paths {
        // Of a capture of the lab the last frame need not be a message.
        let is_made = path.starts_with(folder.path());
        let told = told(&path);
        let exchanges = by_exchange(&told);
        let is_request =
            |object: &&&Value| ["request", "registration"].contains(&object["role"].as_str().unwrap_or_default());
        let repeated = |messages: &Vec<&Value>| messages.iter().filter(is_request).count() > 1;
        if !exchanges.values().any(repeated) {
            continue;
        }
        let panes = panes(&path, "3", exchanges.len(), "exchange ");
        for (id, messages) in &exchanges {
            let requests: Vec<&&Value> = messages.iter().filter(is_request).collect();
            let is_copy = |request: &&&&Value| !request["retransmission_of"].is_null() || ***request == *requests[0];
            let Some(first) = requests.first().filter(|first| first["coap"]["type"] == "CON") else { continue };
            let answer = messages.iter().find(|object| {
                object["frame"]["number"] == first["answered_by"]
                    && (object["coap"]["type"] == "RST" || object["coap"]["code"] != "0.00")
            });
            let mut expected: Vec<(i64, String)> = requests
                .iter()
                .filter(is_copy)
                .enumerate()
                .map(|(index, copy)| {
                    let sign = if index == 0 { "1".to_owned() } else { format!("R{index}") };
                    (time(copy) - time(first), sign)
                })
                .collect();
            copies += expected.len();
            expected.extend(answer.map(|answer| (time(answer) - time(first), "A".to_owned())));
            // What waits is drawn up to the end of the capture, where that comes after the time at which its sender gives up.
            let now = told.iter().map(time).max().unwrap() - time(first);
            let waits = ["open", "timed-out"].iter().any(|state| first["exchange_state"] == *state);
            let last = expected.iter().map(|(time, _)| *time).max().unwrap();
            let until = (answer.is_none() && waits).then(|| (93 * SECOND).max(now.min(186 * SECOND)).max(last));
            // After an answer or an acknowledgement no copy is due.
            let ack = messages
                .iter()
                .find(|object| object["role"] == "empty-ack" && object["source"] == first["destination"]);
            let settled = answer.into_iter().chain(ack).map(|object| time(object) - time(first)).min();
            let at = format!("{} exchange {id}", path.display());
            let settled = settled.map(|at| {
                (
                    at,
                    if answer.is_some_and(|it| Some(time(it) - time(first)) == Some(at)) {
                        "if unanswered"
                    } else {
                        "if no ACK"
                    },
                )
            });
            let waits = until.map(|until| (until, is_made.then_some(now)));
            waiting += usize::from(timeline(&at, &panes[id], &expected, waits, settled));
            timelines += 1;
        }
    }
    println!("{timelines} timelines with {copies} copies, {waiting} of them up to now, are as print -T json says");
    assert!(timelines > 50 && copies > 100 && waiting >= 3, "{timelines}, {copies}, {waiting}");
}

/// Copies and answer at their times, and the windows of RFC 7252 section 4.8, on one scale.
/// `waits`: where the line of one that waits ends, and the time by now where that is known. Whether "now" stands on it.
/// `settled`: when that came after which no copy is due, and what is said of a window behind it.
fn timeline(
    at: &str,
    pane: &[String],
    events: &[(i64, String)],
    waits: Option<(i64, Option<i64>)>,
    settled: Option<(i64, &str)>,
) -> bool {
    let until = waits.map(|(until, _)| until);
    let columns = WIDTH - TIMELINE;
    let line = |name: &str| -> String {
        let found = pane.iter().find(|line| line.starts_with(&format!(" {name} ")));
        let found = found.unwrap_or_else(|| panic!("{at}: no line {name} in\n{}", pane.join("\n")));
        format!("{:<columns$}", found.chars().skip(TIMELINE).collect::<String>())
    };
    let (windows, captured, axis) = (line("expected"), line("captured"), line("time"));
    let label = axis.split("  ").last().unwrap().trim().to_owned();
    // Windows end at these seconds after the first copy; what is answered is drawn up to the end of the window that it falls into.
    let last = events.iter().map(|(time, _)| *time).max().unwrap();
    let answered = [3, 9, 21, 45].into_iter().map(|end| end * SECOND).find(|end| *end >= last).unwrap_or(last);
    let to = until.unwrap_or(answered);
    assert_eq!(label, coapscope::render::time::duration(to), "{at}");
    let parameters = Parameters::default();
    let mut bar = vec![' '; columns];
    let give_up = (62 * SECOND, 93 * SECOND);
    for (from, until) in (1..=4).map(|step| parameters.retransmission_time(step)).chain(until.map(|_| give_up)) {
        let first = place(from, 0, to, columns);
        let last_copy = events.iter().filter(|(_, sign)| sign != "A").map(|(time, _)| *time).max().unwrap();
        if let Some((_, said)) = settled.filter(|(at, _)| *at < from && last_copy < from && from <= to) {
            let begin = first
                .checked_sub(said.len() + 1)
                .filter(|begin| *begin == 0 || bar[begin - 1..first].iter().all(|it| *it == ' '));
            let Some(begin) = begin else { continue };
            bar.splice(begin..begin + said.len(), said.chars());
        }
        if from <= to {
            bar[first..=place(until, 0, to, columns)].fill('=');
        }
    }
    assert_eq!(windows, bar.iter().collect::<String>(), "{at}");
    let known = waits.and_then(|(_, now)| now);
    let drawn: Vec<char> = captured.replace("now", "   ").chars().collect();
    let now = known.filter(|now| *now <= to).map(|now| place(now, 0, to, columns).min(columns - 3));
    let now = now.filter(|column| drawn[*column..column + 3].iter().all(|place| *place == ' '));
    if let Some(column) = now {
        assert_eq!(captured.chars().skip(column).take(3).collect::<String>(), "now", "{at}");
    }
    // Each sign stands over its place, alone or with others that stand there, and none stands elsewhere.
    let mut named = Vec::new();
    for (begin, text) in runs(&drawn) {
        let signs = signs(&text);
        for (index, sign) in signs.iter().enumerate() {
            let own =
                events.iter().find(|(_, own)| own == sign).unwrap_or_else(|| panic!("{at}: {sign} in {captured}"));
            let own = place(own.0, 0, to, columns);
            let end = begin + text.len();
            assert!(begin <= own && own < end, "{at}: {sign} belongs to {own}:\n{captured}");
            assert!(index > 0 || begin == own || end == columns, "{at}: {sign} belongs to {own}:\n{captured}");
        }
        named.extend(signs);
    }
    let mut expected: Vec<&(i64, String)> = events.iter().collect();
    expected.sort_by_key(|(time, _)| *time);
    assert_eq!(named, expected.iter().map(|(_, sign)| sign.clone()).collect::<Vec<_>>(), "{at}:\n{captured}");
    // Each but the first copy has its time below it, its middle where the sign begins, where others leave a blank beside it.
    let mut times = vec![' '; columns];
    times[0] = '0';
    times.splice(columns - label.chars().count().., label.chars());
    for (time, _) in &events[1..] {
        let text = coapscope::render::time::duration(*time);
        let length = text.chars().count();
        let from = place(*time, 0, to, columns).saturating_sub(length / 2).min(columns - length);
        if times[from.saturating_sub(1)..(from + length + 1).min(columns)].iter().all(|place| *place == ' ') {
            times.splice(from..from + length, text.chars());
        }
    }
    assert_eq!(axis, times.iter().collect::<String>(), "{at}");
    now.is_some()
}

/// What stands in a line between blanks, each with its place.
fn runs(line: &[char]) -> Vec<(usize, String)> {
    let mut runs: Vec<(usize, String)> = Vec::new();
    for (column, sign) in line.iter().enumerate().filter(|(_, sign)| **sign != ' ') {
        match runs.last_mut() {
            Some((begin, text)) if *begin + text.len() == column => text.push(*sign),
            _ => runs.push((column, sign.to_string())),
        }
    }
    runs
}

/// The signs of a label one by one: of `1R1-3A` they are `1`, `R1`, `R2`, `R3` and `A`.
fn signs(label: &str) -> Vec<String> {
    let mut signs = Vec::new();
    let spaced = label.replace('R', " R").replace('A', " A");
    for word in spaced.split_whitespace() {
        match word.strip_prefix('R').and_then(|numbers| numbers.split_once('-')) {
            Some((from, to)) => {
                let numbers = from.parse::<u32>().unwrap()..=to.parse().unwrap();
                signs.extend(numbers.map(|number| format!("R{number}")));
            }
            None => signs.push(word.to_owned()),
        }
    }
    signs
}
