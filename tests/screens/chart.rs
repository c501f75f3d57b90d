//! The chart of an observation, as drawn, against the numbers that `print -T json` has for it; captures of one's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;
use serde_json::Value;

use super::script::Scene;
use super::truth::{captures, max_age, observe, told};

/// Columns of the screen.
pub const WIDTH: usize = 120;
/// Columns of what names a line of the chart, with the wall.
const CHART: usize = 11;
pub const SECOND: i64 = 1_000_000_000;
const MODULUS: i64 = 1 << 24;

/// Nanoseconds since 1970.
pub fn time(object: &Value) -> i64 {
    let text = object["frame"]["time"].as_str().unwrap();
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_nanos_opt().unwrap()
}

/// The nearest of `columns` places for a value between two others.
pub fn place(value: i64, from: i64, to: i64, columns: usize) -> usize {
    let share = (value - from) as f64 / (to - from).max(1) as f64;
    (share.clamp(0.0, 1.0) * (columns - 1) as f64).round() as usize
}

/// The lower pane of the last frame in which it is about this row, for each row.
pub fn panes(path: &Path, keys: &str, count: usize, what: &str) -> BTreeMap<u64, Vec<String>> {
    let film = Scene::file(path).at((WIDTH as u16, 36)).keys(keys).keys("g").keys(&"j ".repeat(count)).run();
    let mut panes = BTreeMap::new();
    for frame in &film.frames {
        let mut lines = frame.lines().skip_while(|line| !line.starts_with("\u{2500}\u{2500} "));
        let Some(title) = lines.next() else { continue };
        let Some((_, rest)) = title.split_once(what) else { continue };
        let id = rest.split(':').next().unwrap().trim().parse().unwrap();
        panes.insert(id, lines.map(str::to_owned).collect());
    }
    panes
}

/// What is said of a notification below its observation, and the order that JSON names so.
const ORDERS: &[(&str, &str)] =
    &[("first", "first"), ("next", "newer"), ("gap", "newer, gap"), ("newer", "newer"), ("stale", "STALE")];

#[test]
fn the_chart_draws_the_numbers() {
    let (mut charts, mut signs, mut lines) = (0, 0, 0);
    for path in captures() {
        let told = told(&path);
        let mut observations: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
        for object in told.iter().filter(|object| object["coap"]["code"].as_str().is_some_and(|code| code >= "2")) {
            if let Some(id) = object["observation"].as_u64() {
                observations.entry(id).or_default().push(object);
            }
        }
        let panes = panes(&path, "4", observations.len(), "observation ");
        for (id, notes) in &observations {
            let pane = panes.get(id).unwrap_or_else(|| panic!("{} observation {id} was never drawn", path.display()));
            let notes: Vec<&Value> = notes.iter().copied().filter(|note| !note["observe_order"].is_null()).collect();
            signs += chart(&format!("{} observation {id}", path.display()), pane, &notes);
            lines += orders(pane, &notes);
            charts += 1;
        }
    }
    println!("{charts} charts with {signs} signs, and {lines} lines above them, are as print -T json says");
    assert!(charts > 30 && signs > 200 && lines > 150, "{charts}, {signs}, {lines}");
}

/// Lines about notifications, as far as they are on the pane.
fn orders(pane: &[String], notes: &[&Value]) -> usize {
    let mut compared = 0;
    for note in notes {
        let start = format!("{:>6} ", note["frame"]["number"].to_string());
        let Some(line) = pane.iter().find(|line| line.chars().skip(1).collect::<String>().starts_with(&start)) else {
            continue;
        };
        let number = format!("{:>8} ", observe(note).unwrap());
        let order = ORDERS.iter().find(|(word, _)| note["observe_order"] == *word).unwrap().1;
        // A gap whose numbers came late is none: the message that brought the last of them has one of those.
        let filled = line.split_once("gap, filled by #").map(|(_, rest)| rest.split(' ').next().unwrap());
        let by = filled
            .map(|frame| notes.iter().find(|note| note["frame"]["number"].as_u64() == frame.parse().ok()).unwrap());
        let order = if filled.is_some() { "gap, fille" } else { order };
        if let Some(by) = by {
            assert!(
                note["observe_order"] == "gap" && by["observe_order"] == "stale" && observe(by) < observe(note),
                "{line}"
            );
        }
        let cell = |from: usize, to: usize| line.chars().skip(from).take(to - from).collect::<String>();
        assert_eq!((cell(22, 31), cell(47, 57).trim().to_owned()), (number, order.to_owned()), "{line}");
        compared += 1;
    }
    compared
}

/// The signs of a chart: each notification at its time and number, `o` where it is newer, `x` where it is stale; and how long values are fresh.
fn chart(at: &str, pane: &[String], notes: &[&Value]) -> usize {
    let columns = WIDTH - CHART;
    let is_row = |line: &&String| line.chars().nth(CHART - 1) == Some('\u{2502}') && !line.contains("fresh");
    let after = |line: &str| format!("{:<columns$}", line.chars().skip(CHART).collect::<String>());
    let rows: Vec<(i64, String)> = pane
        .iter()
        .filter(is_row)
        .map(|line| (line.chars().take(CHART - 1).collect::<String>().trim().parse().unwrap(), after(line)))
        .collect();
    let fresh = pane.iter().find(|line| line.trim_start().starts_with("fresh\u{2502}")).map(|line| after(line));
    let axis = pane.iter().find(|line| line.trim_start().starts_with("time ") && fresh.is_some());
    let (Some(fresh), Some(axis)) = (fresh, axis) else { panic!("{at}: no chart in\n{}", pane.join("\n")) };
    let labels: Vec<f64> = axis.split_whitespace().skip(1).map(|label| label.parse().unwrap()).collect();
    let from = time(notes[0]);
    // The axis tells milliseconds; where it ends at a message the time is exact.
    let labelled = from + ((labels[1] - labels[0]) * 1e9) as i64;
    let times = notes.iter().map(|note| time(note));
    let until = |note: &Value| time(note) + max_age(note) as i64 * SECOND;
    let ends = times.chain(notes.iter().map(|note| until(note)));
    let to = ends.min_by_key(|end| (end - labelled).abs()).filter(|end| (end - labelled).abs() < SECOND / 500);
    let to = to.unwrap_or(labelled);
    // Numbers as they go on, past 2^24.
    let base = observe(notes[0]).unwrap() as i64;
    let ahead = |note: &Value| {
        let ahead = (observe(note).unwrap() as i64 - base).rem_euclid(MODULUS);
        if ahead > MODULUS / 2 { ahead - MODULUS } else { ahead }
    };
    let (low, high) = notes.iter().map(|note| ahead(note)).fold((0, 0), |(low, high), at| (low.min(at), high.max(at)));
    assert_eq!(rows.len() as i64, 6.min(high - low + 1), "{at}: rows in\n{}", pane.join("\n"));
    assert_eq!(
        (rows[0].0, rows[rows.len() - 1].0),
        ((base + high).rem_euclid(MODULUS), (base + low).rem_euclid(MODULUS))
    );
    // Rows between have their share of the numbers.
    for (row, (number, _)) in rows.iter().enumerate().filter(|_| rows.len() > 1) {
        let share = (high - low) * (rows.len() - 1 - row) as i64 / (rows.len() - 1) as i64;
        assert_eq!(*number, (base + low + share).rem_euclid(MODULUS), "{at}: row {row}");
    }
    assert!(axis.starts_with(&format!("{:>9} ", "time").replacen("", " ", 1)), "{at}: {axis}");
    assert_eq!(axis.chars().count(), WIDTH, "{at}: the axis ends with the pane: {axis}");
    // It ends with the last number, or later, as long as what is fresh then may be; never before, and never later than that.
    let (last, fresh_at_last) =
        (notes.iter().map(|note| time(note)).max().unwrap(), notes.iter().map(|note| until(note)).max().unwrap());
    assert!(
        (last - SECOND / 1000..=fresh_at_last + SECOND / 1000).contains(&to),
        "{at}: ends {} after the last",
        to - last
    );
    let mut expected = vec![vec![' '; columns]; rows.len()];
    let mut bar = vec![' '; columns];
    for note in notes {
        let row = rows.len() - 1 - if rows.len() == 1 { 0 } else { place(ahead(note), low, high, rows.len()) };
        let column = place(time(note), from, to, columns);
        if note["observe_order"] == "stale" {
            expected[row][column] = 'x';
        } else {
            if expected[row][column] == ' ' {
                expected[row][column] = 'o';
            }
            bar[column..=place(until(note), from, to, columns)].fill('=');
        }
    }
    let expected: Vec<String> = expected.iter().map(|row| row.iter().collect()).collect();
    let drawn: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
    assert_eq!(drawn, expected, "{at}");
    assert_eq!(fresh, bar.iter().collect::<String>(), "{at}");
    notes.len()
}

/// Who sends a message of a made capture: the client from this port, or the server to it.
#[derive(Clone, Copy)]
pub enum Sender {
    Client(u16),
    Server(u16),
    /// The client, to a group.
    ToGroup(u16),
    /// The server, from another port than the one that was asked.
    Astray(u16, u16),
    /// The server's host, which says by ICMP that nobody listens: of the message in this place, the bytes of which it sends back.
    Refusal(usize),
}

/// A capture of these messages, each with its time in milliseconds and its bytes in hex.
pub fn made(folder: &tempfile::TempDir, messages: &[(u64, Sender, &str)]) -> PathBuf {
    let path = folder.path().join("own.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&path).unwrap(), LinkType::RAW, 65535).unwrap();
    let mut packets: Vec<Vec<u8>> = Vec::new();
    for (id, (time, from, hex)) in messages.iter().enumerate() {
        let message: Vec<u8> = hex
            .as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect();
        let (source, destination, ports) = match from {
            Sender::Client(port) => ([10, 0, 0, 2], [10, 0, 0, 1], [*port, 5683]),
            Sender::ToGroup(port) => ([10, 0, 0, 2], [224, 0, 1, 187], [*port, 5683]),
            Sender::Server(port) => ([10, 0, 0, 1], [10, 0, 0, 2], [5683, *port]),
            Sender::Astray(from, port) => ([10, 0, 0, 1], [10, 0, 0, 2], [*from, *port]),
            Sender::Refusal(_) => ([10, 0, 0, 1], [10, 0, 0, 2], [0x0303, 0]),
        };
        let (protocol, message) = match from {
            Sender::Refusal(place) => (1, packets[*place].clone()),
            _ => (17, message),
        };
        let length = 28 + message.len() as u16;
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend((id as u16 + 1).to_be_bytes());
        packet.extend([0, 0, 64, protocol, 0, 0]);
        packet.extend(source.iter().chain(&destination));
        packet.extend(
            [ports[0], ports[1], if protocol == 17 { length - 20 } else { 0 }, 0]
                .iter()
                .flat_map(|field| field.to_be_bytes()),
        );
        packet.extend(message);
        writer.record(1_000_000_000_000 + *time as i64 * 1_000_000, packet.len() as u32, &packet).unwrap();
        packets.push(packet);
    }
    writer.finish().unwrap();
    path
}

/// What the last frame says after these keys, blanks and ends of lines as one blank each.
pub fn words(path: &Path, keys: &str) -> String {
    let film = Scene::file(path).at((WIDTH as u16, 36)).keys(keys).wait().run();
    film.last().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_said_of_rows_fits_the_capture() {
    use Sender::{Client, Server};
    // A notification that was overheard: NON, token 6f, with an Observe number.
    let heard = |number: u8| format!("5145003{number}6f610{number}ff78");
    let heard: Vec<String> = (1..=3).map(heard).collect();
    let heard = |number: usize| heard[number - 1].as_str();
    let orphans: &[(u64, Sender, &str)] = &[
        (0, Server(40000), "6145000101ff78"),
        (1000, Server(40000), "5145000202ff78"),
        (2000, Server(41000), "6145000304ff78"),
        (3000, Server(40000), heard(1)),
        (4000, Server(40000), heard(2)),
        (5000, Server(40000), heard(3)),
    ];
    let (ask, ack, ping, pong) = ("4101000161b177", "60000001", "40000009", "70000009");
    let promised: &[(u64, Sender, &str)] = &[
        (0, Client(40000), ask),
        (10, Server(40000), ack),
        (300_000, Client(40000), ping),
        (300_010, Server(40000), pong),
    ];
    let unread: &[(u64, Sender, &str)] = &[
        (0, Client(40000), ask),
        (10, Server(40000), ack),
        (1000, Server(40000), "4145002061c0ff"),
        (1010, Client(40000), "70000020"),
    ];
    // OSCORE: a registration (kid only outside), its acceptance, two notifications whose numbers fall while their Partial IVs rise.
    let protected: &[(u64, Sender, &str)] = &[
        (0, Client(40000), "41050001616033090107ffaaaaaaaaaaaaaaaaaa"),
        (10, Server(40000), "6145000161610130ffaaaaaaaaaaaaaaaaaa"),
        (1000, Server(40000), "51450050616103320107ffaaaaaaaaaaaaaaaaaa"),
        (2000, Server(40000), "51450051616102320108ffaaaaaaaaaaaaaaaaaa"),
    ];
    let lost: &[(u64, Sender, &str)] =
        &[(0, Client(40000), ask), (14_000, Client(40000), ask), (14_010, Server(40000), "6145000161ff78")];
    type Case<'a> = (&'a [(u64, Sender, &'a str)], &'a str, &'a [&'a str], &'a [&'a str]);
    let cases: &[Case] = &[
        (
            orphans,
            "4 j",
            &["\u{25b6} 1 4 3.000 c1>s1 ? 3 3", " 5 4.000 NON 2 +1 ", " 6 5.000 NON 3 +1 "],
            &[" 0.000 ACK", " 1.000 NON", " 2.000 ACK"],
        ),
        (
            promised,
            "3",
            &["#2 +10.0 ms ACK empty: #1 arrived", "It reached s1, as #2 shows."],
            &["Not known here: whether it reached"],
        ),
        (
            unread,
            "3",
            &["none that can be read", "token or message ID would fit: #3.", "It reached s1, as #2 shows."],
            &["40000: none."],
        ),
        (
            protected,
            "4",
            &["NON 3 990 ms newer", "NON 2 1.00 s newer", "Partial IV is the highest", "No chart: OSCORE"],
            &["STALE", "-1"],
        ),
        (promised, "3", &["section 5.2.2) #2"], &["2 times"]),
        (
            lost,
            "j",
            &[
                " 2 R1 14.000000 ",
                "Copy 2 in this capture, 14.000 s after the one before; by the clock it is copy 4: 2 before it are not in the capture.",
            ],
            &["Copy 4,"],
        ),
        (
            lost,
            "j 3",
            &[
                "R1 in its window: 14.0 s after the first, due 14-21 s; R3 by the clock",
                "By the clock #2 is R3: 2 before it are not in this capture.",
            ],
            &["R3 in its window"],
        ),
        (lost, "j f", &["after 14.0s, R3 by the clock"], &["R3 after"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut print = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    let printed = print.args(["print", "-r"]).arg(made(&folder, lost)).output().unwrap().stdout;
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains("R1 of #1 +14.0 s, R3 by the clock"), "{printed}");
    for (messages, keys, told, not_told) in cases {
        let folder = tempfile::tempdir().unwrap();
        let said = words(&made(&folder, messages), keys);
        for text in *told {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(&text), "{keys}: {text} is not in\n{said}");
        }
        for text in *not_told {
            assert!(!said.contains(text.trim_start()), "{keys}: {text} is in\n{said}");
        }
    }
}

#[test]
fn numbers_that_begin_again_stand_above() {
    use Sender::{Client, Server};
    let numbers = ["fffffe", "ffffff", "", "01", "ffffff", "800000", "07"];
    let mut messages = vec![(0, Client(40000), "410100016160".to_owned())];
    for (at, number) in numbers.iter().enumerate() {
        let kind = if at == 0 { "61450001".to_owned() } else { format!("5145005{at}") };
        messages.push((1000 * (at as u64 + 1), Server(40000), format!("{kind}616{}{number}ff78", number.len() / 2)));
    }
    let messages: Vec<(u64, Sender, &str)> =
        messages.iter().map(|(at, from, hex)| (*at, *from, hex.as_str())).collect();
    let folder = tempfile::tempdir().unwrap();
    let film = Scene::file(&made(&folder, &messages)).at((WIDTH as u16, 36)).keys("4").run();
    let chart: Vec<&str> = film.last().lines().filter(|line| line.chars().nth(CHART - 1) == Some('\u{2502}')).collect();
    let heads: Vec<&str> = chart.iter().filter_map(|line| line.split('\u{2502}').next()).map(str::trim).collect();
    let signs = |row: usize| chart[row].chars().filter(|sign| "ox".contains(*sign)).collect::<String>();
    assert!(chart[0].contains("past 2^24: there numbers begin again at 0"), "{}", film.last());
    // 0x800000 is newer than 1, and 7 was overtaken by it: that stands beside 1, far below.
    assert_eq!((heads[1], signs(1).as_str()), ("^8388608", "o"), "{}", film.last());
    assert_eq!((heads[5], signs(5).as_str()), ("16777214", "ooooxx"), "{}", film.last());
}

#[test]
fn a_clock_that_goes_back_is_drawn_as_it_went() {
    use Sender::{Client, Server};
    let folder = tempfile::tempdir().unwrap();
    let messages = [
        (10_000, Client(40000), "410100016160515a"),
        (10_010, Server(40000), "61450001616101ff78"),
        (12_000, Server(40000), "51450050616102ff78"),
        (4_000, Server(40000), "51450051616103ff78"),
    ];
    let path = made(&folder, &messages);
    let film = Scene::file(&path).at((WIDTH as u16, 36)).keys("4").wait().run();
    let line = |start: &str| film.last().lines().find(|line| line.trim_start().starts_with(start)).unwrap().to_owned();
    let signs = |line: &str| line.chars().skip(CHART).collect::<String>().trim_end().to_owned();
    let place = |line: &str| signs(line).find('o').unwrap();
    assert_eq!(signs(&line("3\u{2502}")), "o", "{}", film.last());
    assert!(place(&line("2\u{2502}")) > place(&line("1\u{2502}")), "{}", film.last());
    let axis = line("time ");
    let labels: Vec<&str> = axis.split_whitespace().skip(1).collect();
    assert_eq!(labels.first(), Some(&"-6.000"), "{}", film.last());
}

#[test]
fn captures_of_hardly_anything_are_shown_in_every_view() {
    /// Messages, and what the five views say of them.
    type Case<'a> = (&'a [(u64, Sender, &'a str)], [&'a str; 5]);
    use Sender::{Client, Server};
    let cases: &[Case] = &[
        // Nothing that can be read.
        (
            &[(0, Client(40000), "40"), (10, Client(40000), "c0010005"), (20, Server(40000), "4f010001aa")],
            ["hdr.truncated", "hdr.truncated", "none in this capture", "none in this capture", "hdr.version"],
        ),
        // One request.
        (
            &[(0, Client(40000), "40010001b474656d70")],
            ["GET /temp", "no answer", "GET /temp", "none in this capture", "none in this capture"],
        ),
        // One answer to something that was not captured.
        (
            &[(0, Server(40000), "60450001ff3232")],
            ["2.05 Content", "2.05 Content", "none in this capture", "none in this capture", "ack.orphan"],
        ),
    ];
    for (messages, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = made(&folder, messages);
        for (view, said) in ["1", "2", "3", "4", "5"].into_iter().zip(expected) {
            let film = Scene::file(&path).keys(view).wait().run();
            let upper = film.last().lines().skip(1);
            let upper: Vec<&str> = if view == "5" {
                upper.collect()
            } else {
                upper.take_while(|line| !line.starts_with("\u{2500}\u{2500} ")).collect()
            };
            let upper = upper.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(upper.contains(said), "view {view}: no {said} in\n{}", film.last());
        }
    }
}
