//! Filters on what comes from standard input, and counts of what was chosen.

use std::collections::BTreeSet;
use std::fs::File;

use serde_json::Value;

use super::{coapscope, printed, root};

const CAPTURE: &str = "captures/lab-session.pcap";

/// What is printed of the capture when it comes from standard input.
fn streamed(arguments: &[&str]) -> String {
    let file = File::open(root().join(CAPTURE)).unwrap();
    let output = coapscope(&[&["print"][..], arguments, &["-"]].concat()).stdin(file).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_stream_lets_through_what_a_file_does() {
    let fields = ["-T", "fields", "-e", "frame.number"];
    for filter in [
        "coap.type == 3",
        "whole_exchange(coap.retransmitted)",
        "whole_observation(coap.type == 3)",
        "whole_body(coap.opt.block_number == 4)",
        "coapscope.exchange.answer == separate",
        "coapscope.finding == \"icmp.unreachable\"",
        "coapscope.answered_by == 51",
        "coapscope.severity >= warn",
    ] {
        let numbers = |text: String| text.lines().map(|line| line.parse::<u32>().unwrap()).collect::<Vec<_>>();
        let file = numbers(printed(&[&["print", CAPTURE, "-Y", filter][..], &fields].concat()));
        let stream = numbers(streamed(&[&["-Y", filter][..], &fields].concat()));
        // What passes later is printed later, once.
        let sorted: BTreeSet<u32> = stream.iter().copied().collect();
        assert_eq!(sorted.len(), stream.len(), "{filter}: twice in {stream:?}");
        assert_eq!(sorted.into_iter().collect::<Vec<_>>(), file, "{filter}");
    }
}

#[test]
fn updates_are_of_messages_that_were_printed() {
    let text = streamed(&["-T", "json", "-Y", "coap.mid == 57933 && coap.code == PUT"]);
    let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| -> BTreeSet<u64> {
        let these = all.iter().filter(|object| object["kind"] == kind);
        these.map(|object| object["frame"]["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(of("message"), BTreeSet::from([41, 42, 45, 50]));
    assert!(of("update").is_subset(&of("message")) && !of("update").is_empty(), "{text}");
    let answered = all.iter().any(|object| object["kind"] == "update" && object["answered_by"] == 51);
    assert!(answered, "{text}");
}

#[test]
fn counts_are_of_what_was_chosen() {
    let stats = |filter: &[&str]| -> Value {
        serde_json::from_str(&printed(&[&["stats", "--json", CAPTURE][..], filter].concat())).unwrap()
    };
    let (mut all, chosen) = (stats(&[]), stats(&["-Y", "frame"]));
    // Notifications of one resource are summed up from observations, of which a choice of messages may have a part.
    for row in all["resources"].as_array_mut().unwrap() {
        for key in ["notifications", "notifications_stale"] {
            row.as_object_mut().unwrap().remove(key).unwrap();
        }
    }
    for (key, value) in chosen.as_object().unwrap() {
        if !["not_coap", "looks_like_coap_on_port"].contains(&key.as_str()) {
            assert_eq!(value, &all[key], "{key}");
        }
    }
    let async_ = stats(&["-Y", "whole_exchange(coapscope.role == separate-response)"]);
    let counts =
        ["coap_messages", "exchanges", "separate_responses", "con", "ack"].map(|key| async_[key].as_u64().unwrap());
    assert_eq!(counts, [4, 1, 1, 2, 2]);
    assert_eq!(async_["resources"][0]["resource"], "/async?3");
}
