//! Verdicts on the programs of the lab, whose habits `captures/README.md` tells.

use std::collections::{BTreeMap, BTreeSet};

use coapscope::capture::{self, Input, Opened};
use coapscope::coap::Severity;
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
use coapscope::render::verdict::{Person, Sum, Tally};
use coapscope::store::{Store, Update};
use serde_json::Value;

use super::packets::{capture as write, capture_at_micros as write_at, datagram};
use super::{Known, json, root, run};

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
    // Copies of a PUT and a GET: it may.
    assert_eq!(charges("04-duplicates.client.pcap", server), []);
    assert_eq!(charges("04-late-answer.pcap", server), []);
    let text = markdown("04-duplicates.client.pcap", server);
    for part in [
        "Nothing in this capture shows that it breaks a rule.",
        "**`ack.changed`**, note, once",
        "no deduplication",
        "Frame 31: ACK 2.04",
        "Frame 22: ACK 2.01",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
}

#[test]
fn a_response_in_an_ack_with_another_message_id_is_its_servers_doing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.pcap");
    let ask = [0x44, 1, 7, 17, 0x3f, 0xe7, 0x7d, 0xd3, 0xb1, b'a'];
    let answer = [0x64, 69, 0xc6, 0xd2, 0x3f, 0xe7, 0x7d, 0xd3, 0xff, b'1'];
    write(&path, &[datagram(40001, true, &ask), datagram(40001, false, &answer)]);
    let value = json(&format!("{} --show warn", path.display()));
    let finding = value["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == "ack.orphan").unwrap();
    assert_eq!((&finding["its_doing"], &finding["severity"]), (&true.into(), &"error".into()), "{finding}");
    assert_eq!((&finding["endpoint"], &finding["cases"][0]["other_frame"]), (&"10.0.0.1:5683".into(), &1.into()));
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

/// What the endpoints of the lab are charged with, one line a kind: whoever adds a rule looks at what it says of
/// sound programs. Each line was compared with what triggers the rule (its row in `src/coap/rules.rs`) on the messages of the capture.
#[test]
fn charges_of_the_lab() {
    let path = super::root().join("tests/check/charges.txt");
    let mut names: Vec<String> = std::fs::read_dir(super::root().join("captures/lab"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pcap"))
        .collect();
    names.sort();
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let head: Vec<&str> = expected.lines().take_while(|line| line.starts_with('#')).collect();
    let mut actual = head.join("\n") + "\n";
    for name in names {
        let value: Value = json(&format!("captures/lab/{name} --show note"));
        let mut lines = BTreeSet::new();
        // Of notes, how often an endpoint has them in all.
        let mut notes: BTreeMap<String, u64> = BTreeMap::new();
        for finding in value["findings"].as_array().unwrap().iter().filter(|finding| finding["its_doing"] == true) {
            let text = |key: &str| finding[key].as_str().unwrap();
            let cases = finding["cases"].as_array().unwrap().iter().map(|case| case["frame"].to_string());
            let frames = cases.collect::<Vec<_>>().join(",");
            let what = format!("{} {}", text("severity"), text("id"));
            if text("severity") == "note" {
                let count = notes.entry(format!("{name} {} {what}", text("endpoint"))).or_default();
                *count += finding["count"].as_u64().unwrap();
                continue;
            }
            lines.insert(format!("{name} {} {what} {} times: {frames}\n", text("endpoint"), finding["count"]));
        }
        lines.extend(notes.into_iter().map(|(what, count)| format!("{what} {count} times\n")));
        actual.extend(lines);
    }
    if std::env::var_os("COAPSCOPE_UPDATE").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    let first = expected.lines().zip(actual.lines()).find(|(expected, actual)| expected != actual);
    assert!(expected == actual || std::env::var_os("COAPSCOPE_UPDATE").is_some(), "first difference: {first:#?}");
}

#[test]
fn copies_of_the_network_are_held_against_nobody() {
    let value = json("captures/lab/04-duplicates.client.pcap --show note --endpoint 198.51.100.2:5683");
    let all = value["findings"].as_array().unwrap();
    let mut doubled: Vec<u64> = Vec::new();
    for finding in all.iter().filter(|finding| finding["id"] == "net.duplicate") {
        assert_eq!(finding["its_doing"], false);
        doubled.extend(finding["cases"].as_array().unwrap().iter().map(|case| case["frame"].as_u64().unwrap()));
    }
    assert!([17, 23, 25].iter().all(|frame| doubled.contains(frame)), "{doubled:?}");
    let of = |doing: bool| {
        let rows = all.iter().filter(move |row| row["id"] == "cf.missing" && row["its_doing"] == doing);
        let frames = rows.clone().flat_map(|row| row["cases"].as_array().unwrap());
        let frames: Vec<u64> = frames.map(|case| case["frame"].as_u64().unwrap()).collect();
        (rows.map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), frames)
    };
    let (charged, copies) = (of(true), of(false));
    assert_eq!(charged.0, 11);
    assert!(charged.1.iter().all(|frame| !doubled.contains(frame)), "{charged:?}");
    assert_eq!(copies, (3, vec![17, 23, 25]));
    let text = markdown("04-duplicates.client.pcap", "198.51.100.2:5683");
    assert!(text.contains("**`cf.missing`**, note, 11 times"), "{text}");
}

#[test]
fn one_device_has_one_verdict_in_markdown() {
    let known = Known::new();
    // A Message ID for two messages, from three ports of one address; and what its own server answers.
    let ask = |path: u8| [&[0x41, 1, 0, 7, path, 0xb1][..], &[path]].concat();
    let packets: Vec<_> = [40001_u16, 40002, 40002, 40003]
        .into_iter()
        .enumerate()
        .flat_map(|(at, port)| [b'a', b'b'].map(|path| datagram(port, true, &ask(path + 2 * at as u8))))
        .collect();
    write(&known.path("one.pcap"), &packets);
    let text = known.check("check -T markdown --show error @one.pcap", 1);
    for part in [
        "\n## 10.0.0.9\n\nSent 8 requests from ports 40001, 40002, 40003.\n",
        "**`mid.reuse`**, error, 5 times,",
        "- Frame 2: CON 0.01, Message ID 7, from port 40001, to 10.0.0.1:5683.",
        "- Frame 8: CON 0.01, Message ID 7, from port 40003, to 10.0.0.1:5683.",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert_eq!(text.matches("\n## ").count(), 1, "{text}");
    let text = known.check("check -T markdown --show error --endpoint 10.0.0.9:40001 @one.pcap", 1);
    assert!(text.contains("\n## 10.0.0.9:40001\n\nSent 2 requests.\n") && !text.contains("from port"), "{text}");
    // In the text each endpoint has its own.
    let text = known.check("check --show error @one.pcap", 1);
    assert_eq!(text.matches(": sent ").count(), 3, "{text}");
}

/// An ICMP error, port unreachable, that quotes a packet.
fn icmp(quoted: &[u8]) -> Vec<u8> {
    let mut packet = datagram(40001, false, &[]);
    packet.truncate(20);
    packet[2..4].copy_from_slice(&(28 + quoted.len() as u16).to_be_bytes());
    packet[9] = 1;
    packet.extend([3, 3, 0, 0, 0, 0, 0, 0]);
    packet.extend(quoted);
    packet
}

#[test]
fn an_error_that_was_captured_twice_is_one_proof() {
    let known = Known::new();
    let [one, other] = [1, 2].map(|id| icmp(&datagram(40001, true, &[0x40, 1, 0, id])));
    // Both interfaces saw it; another datagram; the first is sent again, and reported again.
    let packets = [(0, one.clone()), (20, one.clone()), (40, other), (2_000_000, one)];
    write_at(&known.path("one.pcap"), &packets);
    let text = known.check("check -T json --show warn @one.pcap", 0);
    let value: Value = serde_json::from_str(&text).unwrap();
    let frames = |finding: &Value| -> Vec<u64> {
        finding["cases"].as_array().unwrap().iter().map(|case| case["frame"].as_u64().unwrap()).collect()
    };
    let found: Vec<_> =
        value["findings"].as_array().unwrap().iter().map(|one| (one["id"].clone(), frames(one))).collect();
    assert_eq!(found, [("icmp.unreachable".into(), vec![1, 3, 4])]);
}

#[test]
fn what_the_network_may_have_doubled_is_no_fault_of_the_sender() {
    let known = Known::new();
    let (request, answer) = (datagram(40001, true, &[0x40, 1, 0, 1]), datagram(40001, false, &[0x60, 0x45, 0, 1]));
    let at = |times: &[u32]| {
        let copies = times.iter().map(|millis| (millis * 1000, request.clone()));
        copies.chain([(times.last().unwrap() * 1000 + 100_000, answer.clone())]).collect::<Vec<_>>()
    };
    for (name, times, warnings) in [
        // The waits double; the second copy, or each, was doubled on its way.
        ("one", &[0, 2500, 2520, 7500][..], &[][..]),
        ("all", &[0, 1, 2500, 2501, 7500, 7501], &[]),
        // One copy was late.
        ("late", &[0, 4500, 7500, 17500], &[]),
        ("even", &[0, 2000, 4000], &["mid.no-backoff"]),
        ("soon", &[0, 500, 1500], &["mid.retransmission-early"]),
    ] {
        write_at(&known.path("one.pcap"), &at(times));
        let value: Value = serde_json::from_str(&known.check("check -T json --show warn @one.pcap", 0)).unwrap();
        let found: Vec<_> = value["findings"].as_array().unwrap().iter().map(|finding| &finding["id"]).collect();
        assert_eq!(found, warnings, "{name}");
    }
}

#[test]
fn programs_of_one_machine_are_no_device() {
    let text = String::from_utf8(run("check -T markdown captures/lab/04-server-down-icmp.pcap").stdout).unwrap();
    assert_eq!(text.matches("\n## 127.0.0.1:").count(), 2, "{text}");
    let text = String::from_utf8(run("check -T markdown captures/lab/09-lab-session.mirror.pcap").stdout).unwrap();
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("## 198.51.100.1")).collect();
    assert_eq!(heads, ["## 198.51.100.1"]);
}

/// What the screen keeps of a charge is enough to tell all that the tally of every case tells.
#[test]
fn a_person_told_from_sums_is_the_person_of_the_tally() {
    let mut people = 0;
    for file in std::fs::read_dir(root().join("captures/lab")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|kind| kind != "pcap") {
            continue;
        }
        let Opened { source, reader, .. } = capture::open(&Input::Path(file.clone()), &std::env::temp_dir()).unwrap();
        let mut pipeline = Pipeline::new(source, PipelineOptions::default());
        let (mut store, mut update) = (Store::default(), Update::default());
        while pipeline.step(&mut update) != Step::Ended {
            store.apply(std::mem::take(&mut update));
        }
        store.apply(update);
        let fetcher = Fetcher::new(reader, false);
        let ids = || store.first()..store.len() as u32;
        let tally = Tally::of_store(&store, &fetcher, ids(), Severity::Note).unwrap();
        let sums = Sum::of_store(&store, &fetcher, ids(), Severity::Note).unwrap();
        assert!(sums.iter().all(|sum| sum.first.len() as u64 == sum.count.min(8)));
        for person in Person::all(tally.groups()) {
            let own: Vec<&Sum> = sums.iter().filter(|sum| sum.key.endpoint == person.endpoint).collect();
            let told = Person::of_sums(&own, &store, &fetcher).unwrap().unwrap();
            assert_eq!(format!("{told:#?}"), format!("{person:#?}"), "{}", file.display());
            people += 1;
        }
    }
    assert!(people > 50, "{people}");
}

#[test]
fn what_is_true_of_one_case_is_not_said_of_another() {
    // Hop-Limit 0; Observe 5; and option 65001, a critical one for experiments, before Content-Format 65535.
    let options = ["d10300", "6105", "e1fcdc61", "c2ffff"];
    let packets: Vec<Vec<u8>> = options
        .iter()
        .zip(1..)
        .map(|(option, id)| {
            let bytes = (0..option.len()).step_by(2).map(|at| u8::from_str_radix(&option[at..at + 2], 16).unwrap());
            datagram(40_001, true, &[0x51, 1, 0, id, id].into_iter().chain(bytes).collect::<Vec<_>>())
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.pcap");
    write(&path, &packets);
    let output = run(&format!("check -T markdown {}", path.display()));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "has to be answered with 4.00 Bad Request. (RFC 8768 section 3) The value",
        "gives that number no meaning. (RFC 7641 section 2)",
        "rejects a response or a Non-confirmable message. (RFC 7252 sections 5.4.1, 12.2) Numbers",
        "no place in products. (RFC 7252 section 12.3)",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let value = json(&format!("{} --show note", path.display()));
    let range = value["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == "opt.uint-range").unwrap();
    assert_eq!(range["reference"], "RFC 8768 section 3; RFC 7641 section 2");
    let sentences = range["text"].as_str().unwrap();
    assert!(sentences.starts_with("A Hop-Limit is 1 to 255") && sentences.contains("no meaning"), "{sentences}");
    let output = run(&format!("check -T sarif {}", path.display()));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Hop-Limit (16) is 0. A Hop-Limit is 1 to 255"), "{text}");
    assert!(text.contains(sentences), "{text}");
}

#[test]
fn what_was_left_out_is_not_acquitted() {
    let known = Known::new();
    let file = known.path("known.json").display().to_string();
    let capture = "captures/lab/05-block-errors.pcap";
    run(&format!("check {capture} --write-baseline {file}"));
    let ignore = "--ignore block.szx7,block.interleaved";
    for (options, parts, verdict, end) in [
        ("", "sent 15 requests\n", "It breaks 1 rule of the protocol, and is", "failed: there are findings of"),
        // What lets all through leaves nothing out.
        (
            "-Y frame.number>0",
            "sent 15 requests\n",
            "It breaks 1 rule of the protocol, and is",
            "failed: there are findings of",
        ),
        (
            "-Y coapscope.severity==note",
            "sent 15 requests in the whole capture\n",
            "Nothing in what -Y leaves shows that it breaks a rule.",
            "passed: in what -Y leaves there is no finding of severity error",
        ),
        (
            ignore,
            "sent 15 requests\n",
            "In what --ignore leaves it breaks no rule outright; it is probably at fault by 1 rule.",
            "passed: in what --ignore leaves there is no finding of severity error",
        ),
        (
            "--show error",
            "sent 15 requests\n",
            "In what --show leaves it breaks 1 rule of the protocol.",
            "failed: there are",
        ),
    ] {
        let output = run(&format!("check {capture} --endpoint [::1]:42111 {options}"));
        let text = String::from_utf8(output.stdout).unwrap();
        let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("[::1]:42111: {parts}")), "{options}: {text}");
        assert!(flowing.contains(verdict) && flowing.contains(end), "{options}: {text}");
    }
    for (options, words) in [
        ("", "Nothing was found in what the baseline leaves."),
        ("--ignore cf.missing", "Nothing was found in what --ignore and the baseline leave."),
    ] {
        let output = run(&format!("check {capture} -T markdown --baseline {file} {options}"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(words), "{text}");
    }
    let output = run(&format!("check {capture} --baseline {file}"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("passed: in what the baseline leaves there is no finding of severity error\n"), "{text}");
}

#[test]
fn what_was_captured_once_was_not_answered_as_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("once.pcap");
    let post = datagram(40000, true, b"\x41\x02\0\x01\x01\xb1a\xff1");
    let answer = |letter: u8| datagram(40000, false, &[0x61, 0x44, 0, 1, 1, 0xff, letter]);
    let response = datagram(40000, false, b"\x41\x44\x30\x01\x01\xffx");
    let answers = [datagram(40000, true, b"\x60\0\x30\x01"), datagram(40000, true, b"\x70\0\x30\x01")];
    let told = |packets: &[Vec<u8>]| {
        let timed: Vec<_> = packets.iter().enumerate().map(|(at, it)| (2_200_000 * at as u32, it.clone())).collect();
        write_at(&file, &timed);
        let text = String::from_utf8(run(&format!("check --show note {}", file.display())).stdout).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let repeated = told(&[post.clone(), answer(b'x'), post.clone(), answer(b'y')]);
    assert!(repeated.contains("the copy of the request was carried out again"), "{repeated}");
    let once = told(&[post.clone(), answer(b'x'), answer(b'y')]);
    assert!(once.contains("no copy of the request was captured") && !once.contains("the copy of"), "{once}");
    let [acknowledgement, reset] = answers;
    let repeated = told(&[post.clone(), response.clone(), acknowledgement.clone(), response.clone(), reset.clone()]);
    assert!(repeated.contains("rejected a copy of it"), "{repeated}");
    let once = told(&[post, response, acknowledgement, reset]);
    assert!(once.contains("no copy of it was captured") && !once.contains("rejected a copy"), "{once}");
}
