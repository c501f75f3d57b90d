//! Verdicts on the programs of the lab, whose habits `captures/README.md` tells.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{json, run};

/// What an endpoint is charged with at warning and above: identifier, frames of the first case and of what it is held against.
#[track_caller]
fn charges(capture: &str, endpoint: &str) -> Vec<(String, u64, Option<u64>)> {
    let value = json(&format!("captures/lab/{capture} --show warn --endpoint {endpoint}"));
    let findings = value["findings"].as_array().unwrap().iter().filter(|finding| finding["its_doing"] == true);
    findings
        .map(|finding| {
            assert_eq!(finding["endpoint"], endpoint);
            let case = &finding["cases"][0];
            (finding["id"].as_str().unwrap().to_owned(), case["frame"].as_u64().unwrap(), case["other_frame"].as_u64())
        })
        .collect()
}

#[track_caller]
fn markdown(capture: &str, endpoint: &str) -> String {
    let output = run(&format!("check -T markdown captures/lab/{capture} --endpoint {endpoint}"));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn libcoap_carries_copies_out_again() {
    let server = "198.51.100.2:5683";
    assert_eq!(charges("04-duplicates.client.pcap", server), [("ack.changed".into(), 31, Some(22))]);
    assert_eq!(charges("04-late-answer.pcap", server), [("ack.changed".into(), 18, Some(15))]);
    let text = markdown("04-duplicates.client.pcap", server);
    for part in [
        "It breaks 1 rule of the protocol.",
        "**`ack.changed`**, error, once",
        "no deduplication",
        "Frame 31: ACK 2.04",
        "Frame 22: ACK 2.01",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
}

#[test]
fn aiocoap_rejects_a_repeated_response() {
    for (capture, endpoint, reset, acknowledgement) in [
        ("04-separate.client.pcap", "198.51.100.1:42355", 53, 49),
        ("04-duplicates.client.pcap", "198.51.100.1:53865", 51, 49),
    ] {
        assert_eq!(charges(capture, endpoint), [("ack.and-rst".into(), reset, Some(acknowledgement))], "{capture}");
        let text = markdown(capture, endpoint);
        for part in [
            "rejected a copy of it with a Reset",
            &format!("Frame {reset}: RST Empty"),
            &format!("Frame {acknowledgement}: ACK Empty"),
        ] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
    }
}

#[test]
fn the_network_is_nobodys_fault() {
    // Lost, doubled and overtaken datagrams, and programs that left early.
    for (capture, endpoint) in [
        ("04-duplicates.client.pcap", "198.51.100.3:5683"),
        ("04-separate.client.pcap", "198.51.100.2:5683"),
        ("04-separate.client.pcap", "198.51.100.3:5683"),
        ("04-separate.server.pcap", "198.51.100.2:5683"),
        ("04-late-answer.pcap", "198.51.100.3:5683"),
        ("04-ack-lost.client.pcap", "198.51.100.2:5683"),
        ("04-ack-lost.client.pcap", "198.51.100.3:5683"),
        ("04-reorder.client.pcap", "198.51.100.2:5683"),
        ("04-reorder.server.pcap", "198.51.100.2:5683"),
        ("04-giveup-notify.libcoap.pcap", "198.51.100.2:5683"),
        ("03-observe-dies-icmp.pcap", "198.51.100.2:5683"),
        ("03-observe-rst.pcap", "198.51.100.2:5683"),
        ("02-alarm-plain.pcap", "127.0.0.1:5683"),
    ] {
        assert_eq!(charges(capture, endpoint), [], "{capture} {endpoint}");
        let text = markdown(capture, endpoint);
        assert!(!text.contains("It breaks") && !text.contains("probably at fault"), "{capture}:\n{text}");
    }
}

/// Every error that an endpoint of the lab is charged with; whoever adds a rule looks at what it says of sound programs.
#[test]
fn errors_of_the_lab() {
    let mut errors = BTreeSet::new();
    for entry in std::fs::read_dir(super::root().join("captures/lab")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Those are broken on purpose.
        if !name.contains(".pcap") || name.starts_with("11-") {
            continue;
        }
        let value: Value = json(&format!("captures/lab/{name} --show error"));
        for finding in value["findings"].as_array().unwrap() {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            errors.insert(format!("{name} {} {}", text("endpoint"), text("id")));
        }
    }
    let expected = [
        "04-duplicates.client.pcap 198.51.100.2:5683 ack.changed",
        "04-late-answer.pcap 198.51.100.2:5683 ack.changed",
        "05-block-errors.pcap 127.0.0.1:42101 block.szx7",
        "05-block-errors.pcap [::1]:42111 block.szx7",
        "05-block-errors.pcap [::1]:5683 block.szx7",
    ];
    assert_eq!(errors.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
