//! A display filter that lets all through: both ways of reading say the same, whatever becomes known when.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::packets::{capture_at, capture_at_micros, datagram};
use super::{CLIENT, json, root, run};

fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            captures(&path, found);
        } else if path.to_string_lossy().contains(".pcap") {
            found.push(path);
        }
    }
}

/// What `check` prints of a capture, with the filter and without, is the same, but for how much the filter let through. How many lines that is.
#[track_caller]
fn is_the_same(path: &Path) -> usize {
    let mut compared = 0;
    for form in ["text", "json", "sarif"] {
        // Every frame has a number.
        let [all, chosen] = ["", "-Y frame.number>0"].map(|filter| {
            let output = run(&format!("check -T {form} --show chat {} {filter}", path.display()));
            let text = String::from_utf8(output.stdout).unwrap();
            let text = if form == "text" { text } else { pretty(&text) };
            (output.status.code(), text)
        });
        assert_eq!(all.0, chosen.0, "{path:?} {form}");
        assert_eq!(all.1.lines().count(), chosen.1.lines().count(), "{path:?} {form}: {} {}", all.1, chosen.1);
        for (all, chosen) in all.1.lines().zip(chosen.1.lines()) {
            let both = all.split_once(" in ").zip(chosen.split_once(" in "));
            match both {
                Some((all, chosen)) if chosen.1.contains("let through by -Y") => assert_eq!(all.0, chosen.0),
                _ => assert_eq!(all, chosen, "{path:?} {form}"),
            }
            compared += 1;
        }
    }
    compared
}

/// An object of JSON in many lines, without how much a filter let through.
fn pretty(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap();
    let text = format!("{value:#}");
    text.lines().filter(|line| !line.contains("\"passed_by_filter\"")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_filter_that_lets_all_through_changes_nothing() {
    let mut paths = Vec::new();
    ["captures", "tests/field"].iter().for_each(|folder| captures(&root().join(folder), &mut paths));
    let compared: usize = paths.iter().map(|path| is_the_same(path)).sum();
    println!("{compared} lines of {} captures are the same", paths.len());
    assert!(paths.len() > 100 && compared > 20_000, "{compared} lines of {} captures", paths.len());
}

const GET: u8 = 1;

fn request(number: u8) -> Vec<u8> {
    datagram(CLIENT, true, &[0x41, GET, 0, number, number, 0xb1, b'a'])
}

/// Without a Content-Format, of which something is said.
fn answer(number: u8) -> Vec<u8> {
    datagram(CLIENT, false, &[0x61, 0x45, 0, number, number, 0xff, b'a'])
}

/// The cases of a finding: how often it was found, on which resource, and the frames that are told.
fn cases(path: &Path, id: &str) -> Vec<(u64, Value, Vec<u64>)> {
    let value = json(&format!("--show chat {}", path.display()));
    let all = value["findings"].as_array().unwrap().iter().filter(|finding| finding["id"] == id);
    let frames = |finding: &Value| {
        let cases = finding["cases"].as_array().unwrap().iter();
        cases.map(|case| case["frame"].as_u64().unwrap()).collect()
    };
    all.map(|finding| (finding["count"].as_u64().unwrap(), finding["resource"].clone(), frames(finding))).collect()
}

#[test]
fn cases_come_in_the_order_of_their_messages() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = folder.path().join("given-up.pcap");
    // The first is repeated, so that its end is known later than that of the others.
    let others = (2..14).map(|number| (u32::from(number), request(number)));
    let late = [(30, request(1)), (90, request(1)), (5000, request(99))];
    let frames: Vec<_> = [(1, request(1))].into_iter().chain(others).chain(late).collect();
    capture_at(&path, &frames);
    let found = cases(&path, "mid.no-ack");
    assert_eq!(found, [(13, "/a".into(), (1..=8).collect())]);
    is_the_same(&path);
}

#[test]
fn what_is_found_on_an_early_answer_is_about_what_it_answers() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = folder.path().join("early.pcap");
    // The second is captured twice, and then a copy of it comes.
    let twice = |number| [answer(number), answer(number)];
    let frames = [answer(1), request(1)].into_iter().chain(twice(2)).chain([request(2), answer(2)]);
    let frames: Vec<_> = frames.zip([0, 500, 10_000, 10_001, 10_500, 500_000]).collect();
    let frames: Vec<_> = frames.into_iter().map(|(frame, micros)| (micros, frame)).collect();
    capture_at_micros(&path, &frames);
    assert_eq!(cases(&path, "cf.missing"), [(4, "/a".into(), vec![1, 3, 4, 6])]);
    is_the_same(&path);
}
