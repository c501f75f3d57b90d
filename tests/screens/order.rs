//! Tables sorted and grouped by each column: the rows as drawn stand in that order, all of them, and headings count what is below them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::chart::{Sender, made};
use super::script::Scene;
use super::truth::{EXCHANGES, OBSERVATIONS, Row, columns, cut};

/// Wide enough for every column, and high enough for every row of the captures.
const SIZE: (u16, u16) = (220, 70);

/// What rows are compared by: letters as they are, numbers by their value; what is not known is greater than all.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
    Names(Vec<(char, u32)>),
    Unknown,
}

/// The number that a text begins with.
fn number(text: &str) -> Key {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().map_or(Key::Unknown, Key::Number)
}

/// `>14.3s`: seconds.
fn time(text: &str) -> Key {
    let text = text.trim_start_matches('>');
    let unit = text.find(char::is_alphabetic).unwrap_or(text.len());
    let value: f64 = match text[..unit].parse() {
        Ok(value) => value,
        Err(_) => return Key::Unknown,
    };
    match &text[unit..] {
        "us" => Key::Number(value / 1e6),
        "ms" => Key::Number(value / 1e3),
        "s" => Key::Number(value),
        // `2min03s`
        rest => match rest.strip_prefix("min").and_then(|rest| rest.strip_suffix('s')) {
            Some(seconds) => Key::Number(value * 60.0 + seconds.parse::<f64>().unwrap()),
            None => panic!("{text}"),
        },
    }
}

/// `c1>s10`, or with a blank around the sign.
fn names(text: &str) -> Key {
    let names = text.split('>').map(str::trim).map(|name| {
        let mut letters = name.chars();
        (letters.next().unwrap(), letters.as_str().parse().unwrap())
    });
    Key::Names(names.collect())
}

/// A path behind the method, and before blocks.
fn path(text: &str) -> Key {
    Key::Text(text.split(' ').find(|word| word.starts_with(['/', '?', '('])).unwrap_or("?").into())
}

/// The words before the number of a message.
fn words(text: &str) -> Key {
    Key::Text(text.split(" #").next().unwrap().split(", ").next().unwrap().into())
}

/// A reply without how many more of a group answered.
fn first(text: &str) -> Key {
    whole(text.split(" +").next().unwrap())
}

fn whole(text: &str) -> Key {
    Key::Text(text.into())
}

/// A heading and how many rows it tells of, where there is one, and the rows below it.
type Part<'a> = (Option<(&'a str, usize)>, Vec<&'a Row>);

/// What the rule below the table says of a key, the head of its column, and how its texts compare.
type Column = (&'static str, &'static str, fn(&str) -> Key);

/// In the order of the key that sorts: what the rule below says, the head, and how its texts compare.
const OF_EXCHANGES: &[Column] = &[
    ("start", "Ex", number),
    ("time", "Time", time),
    ("count", "Cop", number),
    ("state", "State", whole),
    ("client and server", "Dir", names),
    ("resource", "Request", path),
    ("reply", "Reply", first),
];
const OF_OBSERVATIONS: &[Column] = &[
    ("start", "Ob", number),
    ("time", "Age/Max", number),
    ("count", "Notif", number),
    ("gaps", "Gaps", number),
    ("stale", "Stale", number),
    ("state", "End", words),
    ("client and server", "Dir", names),
    ("resource", "Resource", path),
];

/// A line of the table: a row, or a heading with the number it tells.
enum Drawn {
    Row(Row),
    Heading(String, usize),
}

/// The table as drawn after these keys.
fn drawn(capture: &Path, keys: &[&str], heads: &[(&'static str, bool)]) -> Vec<Drawn> {
    let mut scene = Scene::file(capture).at(SIZE);
    for key in keys {
        scene = scene.keys(key).wait();
    }
    let film = scene.keys("\\ g").run();
    let mut lines = film.last().lines().skip(1);
    let places = columns(lines.next().unwrap(), heads);
    let of_table = lines.take(SIZE.1 as usize - 6).filter(|line| !line.is_empty());
    let rows = of_table.map(|line| {
        let row = cut(line, &places, heads);
        match line.trim_start_matches(['\u{25b6}', ' ']).rsplit_once(": ") {
            Some((text, count)) if row[heads[0].0].parse::<u32>().is_err() => {
                Drawn::Heading(text.trim().into(), count.trim().parse().unwrap())
            }
            _ => Drawn::Row(row),
        }
    });
    rows.collect()
}

/// Keys rise, or fall where they are reversed; what is not known stands last either way.
#[track_caller]
fn check(at: &str, keys: &[Key], reversed: bool) {
    for pair in keys.windows(2) {
        let [one, next] = pair else { unreachable!() };
        let in_order = match (one, next) {
            (_, Key::Unknown) => true,
            (Key::Unknown, _) => false,
            _ if reversed => one >= next,
            _ => one <= next,
        };
        assert!(in_order, "{at}: {next:?} behind {one:?}");
    }
}

/// Every column, either way, alone and in every group.
fn check_table(view: &str, captures: &[PathBuf], heads: &[(&'static str, bool)], sorts: &[Column], groups: &[&str]) {
    let (mut differing, mut unknown) = (BTreeSet::new(), 0);
    for capture in captures {
        let id = |row: &Row| row[heads[0].0].parse::<u32>().unwrap();
        let ids = |rows: &[Drawn]| {
            let rows = rows.iter().filter_map(|line| match line {
                Drawn::Row(row) => Some(id(row)),
                Drawn::Heading(..) => None,
            });
            rows.collect::<Vec<u32>>()
        };
        let natural = ids(&drawn(capture, &[view], heads));
        let capture_name = capture.display();
        assert!(natural.len() > 1 && natural.is_sorted(), "{capture_name}: {natural:?}");
        for (presses, (name, head, key)) in sorts.iter().enumerate() {
            for (reversed, grouped) in [(false, 0), (true, 0), (false, 1 + presses % groups.len())] {
                let mut keys = vec![view];
                keys.extend(std::iter::repeat_n("o", presses));
                keys.extend(reversed.then_some("O"));
                keys.extend(std::iter::repeat_n("b", grouped));
                let lines = drawn(capture, &keys, heads);
                let at = format!("{capture_name} {keys:?}, by {name}");
                let mut sorted = ids(&lines);
                if sorted != natural {
                    differing.insert((*name, reversed));
                }
                sorted.sort_unstable();
                assert_eq!(sorted, natural, "{at}: other rows");
                // Group after group; without groups there is one.
                let mut parts: Vec<Part<'_>> = vec![(None, Vec::new())];
                for line in &lines {
                    match line {
                        Drawn::Heading(text, count) => parts.push((Some((text, *count)), Vec::new())),
                        Drawn::Row(row) => parts.last_mut().unwrap().1.push(row),
                    }
                }
                if let Some(group) = grouped.checked_sub(1).and_then(|group| groups.get(group)) {
                    let (_, head, key) = sorts.iter().find(|(name, ..)| name == group).unwrap();
                    assert!(parts[0].1.is_empty() && parts.len() > 1, "{at}: rows before the first heading");
                    let headings: Vec<Key> = parts.iter().filter_map(|part| Some(key(part.0?.0))).collect();
                    check(&at, &headings, false);
                    for (heading, rows) in &parts[1..] {
                        let (text, count) = heading.unwrap();
                        assert_eq!(rows.len(), count, "{at}: below {text}");
                        assert!(rows.iter().all(|row| key(&row[head]) == key(text)), "{at}: {text} heads {rows:?}");
                    }
                }
                for (_, rows) in &parts {
                    let keys: Vec<Key> = rows.iter().map(|row| key(&row[head])).collect();
                    unknown += keys.iter().filter(|key| **key == Key::Unknown).count();
                    check(&at, &keys, reversed);
                    // Of those that are equal the earlier comes first.
                    for pair in rows.windows(2).filter(|pair| key(&pair[0][head]) == key(&pair[1][head])) {
                        assert!(id(pair[0]) < id(pair[1]) || *head == "Time", "{at}: equal, and {pair:?}");
                    }
                }
            }
        }
    }
    // An order in which nothing moves shows nothing.
    let expected = sorts.iter().map(|(name, ..)| (*name, true)).collect::<BTreeSet<_>>();
    assert!(differing.is_superset(&expected), "never moved: {:?}", expected.difference(&differing));
    assert!(unknown > 0, "no row of which something is not known");
}

/// A capture of the lab.
fn lab(name: &str) -> PathBuf {
    Path::new("captures/lab").join(name)
}

#[test]
fn exchanges_stand_in_the_order_of_each_column() {
    check_table(
        "3",
        &["captures/lab-session.pcap".into(), lab("04-retransmit-libcoap.client.pcap"), lab("08-multicast-v4.pcap")],
        EXCHANGES,
        OF_EXCHANGES,
        &["state", "client and server", "resource", "reply"],
    );
}

/// Observations of several clients: by port, path, the second at which it begins, the numbers of its notifications, and how it ends.
const OBSERVED: &[(u16, char, u64, &[u8], &str)] = &[
    (40000, 'b', 0, &[2, 3, 4], ""),
    (40001, 'a', 5, &[2, 5, 4], ""),
    (40002, 'c', 9, &[2], "deregistered"),
    (40003, 'a', 1, &[9, 20, 19, 18, 30], "reset"),
    (40004, 'b', 30, &[], ""),
];

#[test]
fn observations_stand_in_the_order_of_each_column() {
    let mut messages: Vec<(u64, Sender, String)> = Vec::new();
    for (index, (port, path, second, numbers, end)) in OBSERVED.iter().enumerate() {
        let (client, server) = (Sender::Client(*port), Sender::Server(*port));
        let (begin, path) = (second * 1000, *path as u32);
        messages.push((begin, client, format!("410100010{index}6051{path:02x}")));
        messages.push((begin + 10, server, format!("614500010{index}6101ff30")));
        for (at, number) in numbers.iter().enumerate() {
            let time = begin + 1000 + 1000 * at as u64;
            messages.push((time, server, format!("514500{at:02x}0{index}61{number:02x}ff31")));
        }
        let last = begin + 20_000;
        match *end {
            "reset" => {
                messages.push((last, server, format!("414500700{index}6140ff31")));
                messages.push((last + 10, client, "70000070".into()));
            }
            "deregistered" => {
                messages.push((last, client, format!("410100020{index}610151{path:02x}")));
                messages.push((last + 10, server, format!("614500020{index}ff31")));
            }
            _ => {}
        }
    }
    messages.sort_by_key(|(time, ..)| *time);
    let messages: Vec<(u64, Sender, &str)> =
        messages.iter().map(|(at, from, hex)| (*at, *from, hex.as_str())).collect();
    let folder = tempfile::tempdir().unwrap();
    let captures = [made(&folder, &messages), "captures/lab-session.pcap".into()];
    check_table("4", &captures, OBSERVATIONS, OF_OBSERVATIONS, &["state", "client and server", "resource"]);
}
