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
