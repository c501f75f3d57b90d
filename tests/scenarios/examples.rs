//! The examples of the reference, where its folder is there: what they expect of the tracker is raised, and nothing else is warned of.

use std::collections::BTreeSet;
use std::path::Path;

use coapscope::coap::{Message, RaisedBy, Rule, Severity};
use coapscope::frame::Endpoint;
use coapscope::tracking::{Arrival, Patch, Tracker, TrackerOptions};
use serde_json::Value;

/// What is warned of besides, and why it is right.
const BESIDES: &[(&str, &str)] = &[
    ("7252-F19 mid.spurious", "the ACK passed the capture point before the copy"),
    ("7959-F13 block.gap", "the figure leaves blocks out, and so do its datagrams"),
];

/// The rules that the tracker raises in a group of datagrams, with their severities.
fn raised(group: &Value) -> BTreeSet<(Severity, &'static str)> {
    let mut tracker = Tracker::new(TrackerOptions::default());
    let (mut out, mut found) = (Vec::new(), BTreeSet::new());
    for (record, packet) in group["packets"].as_array().unwrap().iter().enumerate() {
        let endpoint = |address: &str, port: &str| Endpoint {
            address: packet[address].as_str().unwrap().parse().unwrap(),
            port: packet[port].as_u64().unwrap() as u16,
            scope: 0,
        };
        let destination = endpoint("dst", "dport");
        let hex = packet["hex"].as_str().unwrap();
        let bytes: Vec<u8> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let time = (packet["t"].as_f64().unwrap() * 1e9) as i64;
        let [from, to] = [endpoint("src", "sport"), destination].map(|end| tracker.endpoint(&end));
        let multicast = destination.address.is_multicast();
        let arrival = Arrival { hop_limit: 64, multicast, ..Arrival::new(record as u32, time, from, to) };
        tracker.track(&arrival, &Message::decode(&bytes), &mut out);
    }
    for patch in out {
        if let Patch::Finding(_, finding) = patch {
            found.insert((finding.severity, finding.rule.row().id));
        }
    }
    found
}

#[test]
fn the_examples_raise_what_they_expect() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/examples.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no examples at {}", path.display());
        return;
    };
    let groups: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for group in &groups {
        let id = group["id"].as_str().unwrap();
        if group["packets"]
            .as_array()
            .is_none_or(|packets| packets.iter().any(|packet| !packet["hex"].is_string() || !packet["sport"].is_u64()))
        {
            continue;
        }
        let found = raised(group);
        let expected = group["expected_findings"].as_str().unwrap_or_default();
        let words: Vec<_> = expected.split([' ', ';', ',', ':']).filter(|word| word.contains('.')).collect();
        for word in &words {
            let tracked = Rule::from_id(word).is_some_and(|rule| rule.row().raised_by == RaisedBy::Tracking);
            if tracked && !found.iter().any(|(_, id)| id == word) {
                wrong.push(format!("{id}: {word} is not raised"));
            }
        }
        for (severity, rule) in &found {
            let known = words.contains(rule) || BESIDES.iter().any(|(what, _)| *what == format!("{id} {rule}"));
            if *severity >= Severity::Warn && !known {
                wrong.push(format!("{id}: {rule} is raised besides"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
