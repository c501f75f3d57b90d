//! A long exchange and its observation: what of them is told below the tables, and how far a search is.

use std::path::PathBuf;

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;

use super::SMALL;
use super::script::Scene;

/// Notifications of the observation.
const NOTIFICATIONS: u16 = 5000;

/// A capture in which one client observes one resource for long: frames 1 and 2 register it, each further one is a notification.
pub(super) fn capture() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    let mut write = |time: i64, from_server: bool, message: &[u8]| {
        let length = 28 + message.len() as u8;
        let (from, to) = if from_server { (1, 2) } else { (2, 1) };
        let ports = if from_server { [0x16, 0x33, 0x9c, 0x40] } else { [0x9c, 0x40, 0x16, 0x33] };
        let ip = [0x45, 0, 0, length, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, from, 10, 0, 0, to];
        let packet = [&ip[..], &ports, &[0, length - 20, 0, 0], message].concat();
        writer.record(time, packet.len() as u32, &packet).unwrap();
    };
    write(1_000_000_000, false, &[0x41, 1, 0, 1, 0x0b, 0x60, 0x51, b't']);
    write(1_010_000_000, true, &[0x61, 0x45, 0, 1, 0x0b, 0x61, 1, 0xff, b'0']);
    for number in 0..NOTIFICATIONS {
        let [mid, low] = (number + 1000).to_be_bytes();
        let observe = (number + 2).to_be_bytes();
        let message = [&[0x51, 0x45, mid, low, 0x0b, 0x62], &observe[..], &[0xff, b'x']].concat();
        write(2_000_000_000 + 500_000_000 * i64::from(number), true, &message);
    }
    writer.finish().unwrap();
    (folder, file)
}

/// Rows of the lower pane.
fn below(frame: &str) -> Vec<&str> {
    frame.lines().skip_while(|row| !row.starts_with('\u{2500}')).skip(1).collect()
}

#[test]
fn what_is_left_out_of_a_long_exchange_is_said() {
    let (_folder, file) = capture();
    for (keys, expected) in [
        (
            ":2500 Enter 3",
            &["Long: 4790 of 5002 messages left out; here are those around the selected one.", "\u{25b6} #2500 "][..],
        ),
        ("3", &["Long: 4900 of 5002 messages left out; here", "\u{25b6}    #1 ", "#2 ", "#3 "]),
        (":2500 Enter 3 Tab G", &["#5002 ", ".. 2401 messages left out"]),
        // Where the view shows it already, as well.
        ("3 :2500 Enter", &["\u{25b6} #2500 "]),
        ("3 :2500 Enter :60 Enter", &["\u{25b6}   #60 "]),
    ] {
        let film = Scene::file(&file).at(SMALL).keys(keys).run();
        let rows = below(film.last());
        for text in expected {
            assert!(rows.iter().any(|row| row.contains(text)), "{keys}: {text} is missing:\n{}", film.last());
        }
    }
}

#[test]
fn a_gap_in_a_long_exchange_has_a_row() {
    let (_folder, file) = capture();
    let film = Scene::file(&file).at((80, 400)).keys(":2500 Enter 3").run();
    let numbers = |row: &&str| row.contains(" #") || row.contains(" left out");
    let rows: Vec<&str> = below(film.last()).into_iter().filter(numbers).map(str::trim).collect();
    let place = |text: &str| rows.iter().position(|row| row.contains(text));
    let gaps = (place(".. 2389 messages left out"), place(".. 2401 messages left out"));
    assert_eq!(gaps.0.map(|at| at + 1), place("#2400 "), "{rows:#?}");
    assert_eq!(gaps.1.map(|at| at - 1), place("#2600 "), "{rows:#?}");
    assert_eq!(gaps.0.map(|at| at - 1), place("#10 "), "{rows:#?}");
}

#[test]
fn what_is_left_out_of_a_long_observation_is_said_whole() {
    let (_folder, file) = capture();
    for size in [SMALL, (40, 40)] {
        let film = Scene::file(&file).at(size).keys(":2500 Enter 4 Tab g g").run();
        let whole = below(film.last()).join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(whole.contains("Long: only messages around the selected one stand here and in the chart."), "{whole}");
    }
}

#[test]
fn what_has_left_the_memory_is_said_to_have() {
    let (_folder, file) = capture();
    let film = Scene::file(&file).memory(1).at(SMALL).keys(":5 Enter").run();
    let said = "not #5, which is older than all that is still in memory: #";
    assert!(film.last().contains(said), "{}", film.last());
}

#[test]
fn tables_say_that_they_are_without_what_left_the_memory() {
    let (_folder, file) = capture();
    for keys in ["3", "4", "5"] {
        let said = "without what left memory";
        let part = Scene::file(&file).memory(1).at((100, 30)).keys(keys).wait().run();
        assert!(part.last().contains(said), "{keys}:\n{}", part.last());
        let whole = Scene::file(&file).at((100, 30)).keys(keys).wait().run();
        assert!(!whole.last().contains(said), "{keys}:\n{}", whole.last());
    }
}

#[test]
fn a_search_says_how_far_it_is() {
    let (_folder, file) = capture();
    let film = Scene::file(&file).keys("C-f").typed("nowhere").keys("Enter").wait().run();
    let told = |frame: &String| frame.contains("looking for \"nowhere\"") && frame.contains("% of 5002 rows");
    assert!(film.frames.iter().any(told), "{}", film.last());
    assert!(film.last().contains("\"nowhere\"") && !film.frames.last().is_some_and(told), "{}", film.last());
}
