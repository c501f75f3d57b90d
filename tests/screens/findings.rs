//! The table of findings, and the verdict below it.

use super::script::Scene;
use super::{LARGE, SMALL, check};

#[test]
fn the_worst_stands_first_with_its_verdict() {
    let scene = || Scene::lab("04-late-answer.pcap").keys("5").wait();
    let film = check("findings", SMALL, scene());
    for text in ["ack.changed", "Verdict on 198.51.100.2:5683", "It breaks 1 rule of the protocol."] {
        assert!(film.last().contains(text), "{text} is missing:\n{}", film.last());
    }
    check("findings", LARGE, scene());
}

#[test]
fn a_finding_leads_to_its_message() {
    let film = check("finding-message", SMALL, Scene::lab("04-late-answer.pcap").keys("5").wait().keys("Enter"));
    assert!(film.last().contains("ack.changed"), "{}", film.last());
}

#[test]
fn every_row_can_be_reached() {
    // Here one finding stands in two rows: held against its sender, and not.
    let film = Scene::lab("04-duplicates.client.pcap").keys("5").wait().keys(&"j ".repeat(20)).run();
    let current = |frame: &String| {
        let mut rows = frame.lines().filter_map(|row| row.strip_prefix('\u{25b6}'));
        let row = rows.find(|row| ["error ", "warn ", "note "].iter().any(|word| row.starts_with(word)))?;
        Some(row.split_whitespace().take(6).collect::<Vec<_>>().join(" "))
    };
    let rows: std::collections::BTreeSet<String> = film.frames.iter().filter_map(current).collect();
    assert_eq!(rows.iter().filter(|row| row.contains("cf.missing")).count(), 3, "{rows:#?}");
    assert_eq!(rows.len(), 13, "{rows:#?}");
}
