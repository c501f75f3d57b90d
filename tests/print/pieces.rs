//! Captures in pieces, files that grow, comments, and pairs of endpoints that speak a dialect.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{capture_of, coapscope, objects, packets, printed, root, run};

/// Where the records of a little-endian pcap begin, and where the last one ends.
fn records(capture: &[u8]) -> Vec<usize> {
    let mut places = vec![24];
    let mut at = 24;
    while let Some(length) = capture.get(at + 8..at + 12) {
        at += 16 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        places.push(at);
    }
    places
}

#[test]
fn pieces_of_a_capture_are_that_capture() {
    let folder = tempfile::tempdir().unwrap();
    // The second one has link-local addresses, which are good on one interface only: it is the same one in all pieces.
    for name in ["03-observe-alarm-two", "08-multicast-v6", "08-ip-fragments"] {
        let whole = fs::read(root().join(format!("captures/lab/{name}.pcap"))).unwrap();
        let places = records(&whole);
        // In three pieces, record by record in turn: merging has to interleave them.
        let mut pieces = vec![whole[..24].to_vec(); 3];
        for (index, pair) in places.windows(2).enumerate() {
            pieces[index % 3].extend(&whole[pair[0]..pair[1]]);
        }
        let mut arguments = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            let path = folder.path().join(format!("{index}.pcap"));
            fs::write(&path, piece).unwrap();
            arguments += &format!(" -r {}", path.display());
        }
        let expected = objects(&printed(&format!("print -T json captures/lab/{name}.pcap")));
        let mut merged = objects(&printed(&format!("print -T json{arguments}")));
        for object in &mut merged {
            let frame = object["frame"].as_object_mut().unwrap();
            let number = frame["number"].as_u64().unwrap();
            let (file, own) = (frame.remove("file").unwrap(), frame.remove("number_in_file").unwrap());
            assert!(file.as_str().unwrap().ends_with(&format!("{}.pcap", (number - 1) % 3)), "{number} {file}");
            assert_eq!(own, (number - 1) / 3 + 1, "{number}");
        }
        assert_eq!(merged, expected, "{name}");
        let counts = |arguments: &str| objects(&printed(&format!("stats --json{arguments}")));
        assert_eq!(counts(&arguments), counts(&format!(" -r captures/lab/{name}.pcap")), "{name}");
    }
}

#[test]
fn sections_of_a_file_share_their_interfaces() {
    // Two pcapng files one behind the other: each has its own description of the one interface.
    let mut sections = Vec::new();
    for message in ["4001000101", "6045000101"] {
        let address = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let (ports, payload) = if sections.is_empty() {
            ([0x9c, 0x40, 0x16, 0x33], &message[..8])
        } else {
            ([0x16, 0x33, 0x9c, 0x40], &message[..8])
        };
        let bytes: Vec<u8> = (0..4).map(|i| u8::from_str_radix(&payload[i * 2..i * 2 + 2], 16).unwrap()).collect();
        let mut frame = vec![0x60, 0, 0, 0, 0, 12, 17, 64];
        frame.extend([address, address].concat());
        frame.extend(ports);
        frame.extend([0, 12, 0, 0]);
        frame.extend(bytes);
        let mut block = |kind: u32, body: &[u8]| {
            let length = (body.len() as u32 + 12).to_le_bytes();
            sections.extend([&kind.to_le_bytes()[..], &length, body, &length].concat());
        };
        block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        block(1, &[101, 0, 0, 0, 0, 0, 0, 0, 2, 0, 4, 0, b'l', b'o', b'w', b'0', 0, 0, 0, 0]);
        block(
            6,
            &[&[0; 12][..], &(frame.len() as u32).to_le_bytes(), &(frame.len() as u32).to_le_bytes(), &frame].concat(),
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.pcapng");
    fs::write(&path, sections).unwrap();
    let all = objects(&printed(&format!("print -T json {}", path.display())));
    assert_eq!(all[1]["answers"], 1, "{all:#?}");
}

#[test]
fn a_file_that_grows_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grows.pcap");
    let capture = capture_of(&[b"\x40\x01\x00\x01", b"\x40\x01\x00\x02\xb1a", b"\x40\x01\x00\x03"]);
    let places = records(&capture);
    let mut file = fs::File::create(&path).unwrap();
    // The second record is there in part.
    file.write_all(&capture[..places[1] + 20]).unwrap();
    let mut child =
        coapscope(&format!("print --follow -T json {}", path.display())).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["frame"]["number"], 1);
    file.write_all(&capture[places[1] + 20..places[2]]).unwrap();
    assert_eq!(next()["coap"]["options"][0]["value"], "a");
    file.write_all(&capture[places[2]..]).unwrap();
    assert_eq!(next()["coap"]["message_id"], 3);
    child.kill().unwrap();
    child.wait().unwrap();
    // Not followed, it ends where it ends.
    fs::write(&path, &capture[..places[1] + 20]).unwrap();
    let output = run(&format!("print {}", path.display()));
    assert!(output.status.success() && !output.stderr.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

#[test]
fn comments_are_shown() {
    let tree = printed("print -V captures/lab/08-comments.pcapng");
    assert_eq!(tree.matches("[Comment: ").count(), 1, "{tree}");
    assert!(tree.contains("[Comment: commented by the teacher]"));
}

#[test]
fn a_pair_is_read_in_its_dialect_and_both_readings_are_shown() {
    // GET with one option and its answer, as draft -08 has them; then an Empty message.
    let capture = capture_of(&[b"\x41\x01\x00\x01\x94time", b"\x61\x45\x00\x01\xb1\x2012:00", b"\x70\x00\x00\x01"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.pcap");
    fs::write(&path, capture).unwrap();
    let all = objects(&printed(&format!("print -T json {}", path.display())));
    for (object, read_as) in all.iter().zip(["draft-ietf-core-coap-08", "draft-ietf-core-coap-08"]) {
        assert_eq!(object["coap"]["read_as"], read_as);
        assert_eq!(object["other_reading"]["read_as"], "RFC 7252");
        assert_eq!(object["findings"][0]["id"], "draft.header");
    }
    assert_eq!(all[0]["coap"]["options"][0]["value"], "time");
    assert_eq!((&all[1]["coap"]["payload"]["text"], &all[1]["coap"]["token"]), (&"12:00".into(), &"20".into()));
    assert!(all[2]["other_reading"].is_null());
    let counts = &objects(&printed(&format!("stats --json {}", path.display())))[0];
    assert_eq!((&counts["malformed"], &counts["exchanges"]), (&0.into(), &1.into()));
    let tree = printed(&format!("print -V {}", path.display()));
    assert_eq!(tree.matches("Other reading, RFC 7252: ").count(), 2, "{tree}");
}

/// What `print -T json` and `stats --json` make of a capture with messages to and fro, on a server's port.
fn told(port: u16, messages: &[&str]) -> (Vec<Value>, Value) {
    let bytes = |hex: &&str| -> Vec<u8> {
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[i * 2..i * 2 + 2], 16).unwrap()).collect()
    };
    let messages: Vec<Vec<u8>> = messages.iter().map(bytes).collect();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let mut capture = capture_of(&messages);
    for (at, place) in records(&capture).into_iter().take(messages.len()).enumerate() {
        let (addresses, ports) = (place + 28, place + 36);
        capture[ports + 2..ports + 4].copy_from_slice(&port.to_be_bytes());
        if at % 2 == 1 {
            capture[addresses..addresses + 8].rotate_left(4);
            capture[ports..ports + 4].rotate_left(2);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.pcap");
    fs::write(&path, capture).unwrap();
    let counts = objects(&printed(&format!("stats --json {}", path.display()))).remove(0);
    (objects(&printed(&format!("print -T json {}", path.display()))), counts)
}

#[test]
fn bytes_that_are_there_and_empty_print_as_tshark_prints_them() {
    // If-Match once and twice, an ETag of no length, an OSCORE option with an empty kid and without or with an empty context, options that are
    // not registered; a host and a path; two OSCORE options.
    let messages: &[&[u8]] = &[
        b"\x41\x03\0\x01\x01\x10",
        b"\x41\x03\0\x02\x01\x12ab\x00",
        b"\x41\x01\0\x03\x01\x40",
        b"\x41\x02\0\x04\x01\x93\x19\x14\0\xffx",
        b"\x41\x02\0\x05\x01\x92\x09\x14\xffx",
        b"\x41\x01\0\x06\x01\xe0\x06\xc4\x01a",
        b"\x41\x01\0\x07\x01\x30\x80\x01a",
        b"\x41\x02\0\x08\x01\x93\x09\x14\xaa\x03\x09\x15\xbb\xffx",
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.pcap");
    fs::write(&path, capture_of(messages)).unwrap();
    let names = ["if_match", "etag", "object_security_kid", "object_security_kid_context", "unknown", "uri_path"];
    let fields: String = names.iter().map(|name| format!(" -e coap.opt.{name}")).collect();
    let lines = printed(&format!("print -T fields{fields} {}", path.display()));
    let expected = [
        "<MISSING>\t\t\t\t\t",
        "6162,<MISSING>\t\t\t\t\t",
        "\t<MISSING>\t\t\t\t",
        "\t\t<MISSING>\t<MISSING>\t\t",
        "\t\t<MISSING>\t\t\t",
        "\t\t\t\t<MISSING>,61\t",
        "\t\t\t\t\t,a",
        "\t\taa,bb\t\t\t",
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    let present = printed(&format!("print -T fields -e frame.number -Y coap.opt.if_match {}", path.display()));
    assert_eq!(present, "1\n2\n");
}

#[test]
fn a_request_and_its_answer_are_of_one_draft() {
    let (draft_03, draft_08, draft_12) =
        ("draft-ietf-core-coap-03", "draft-ietf-core-coap-08", "draft-ietf-core-coap-12");
    // The request can be read today, with something odd in it; the answer cannot.
    for (port, messages, read_as) in [
        (5683, ["42011234b773656e736f72738155", "62451234c100715532322e332043"], [draft_12; 2]),
        (5683, ["420112349773656e736f72730474656d70", "624512341100113c32322e332043"], [draft_08; 2]),
        (5683, ["43011234936f6273101155", "6345123411009105115532322e332043"], [draft_08; 2]),
        (5683, ["420112349773656e736f72730474656d70", "61501234110032322e332043"], [draft_08, draft_03]),
        (61616, ["420112349773656e736f72730474656d70", "61501234110032322e332043"], [draft_03; 2]),
        (61616, ["420112349773656e736f72732155", "625012341100a1553232"], [draft_03; 2]),
    ] {
        let (objects, counts) = told(port, &messages);
        let found: Vec<&str> = objects.iter().map(|object| object["coap"]["read_as"].as_str().unwrap_or("")).collect();
        assert_eq!(found, read_as, "{messages:?}");
        assert_eq!((&objects[1]["answers"], &counts["malformed"]), (&1.into(), &0.into()), "{messages:?}");
        let severities: Vec<&Value> = objects.iter().flat_map(|one| one["findings"].as_array().unwrap()).collect();
        assert!(severities.iter().all(|finding| finding["severity"] != "error"), "{severities:?}");
        assert!(severities.iter().all(|finding| finding["id"] != "code.unknown-response"), "{severities:?}");
    }
}

#[test]
fn between_endpoints_that_speak_as_today_no_message_is_in_question() {
    // A request and its answer of today; then what alone would be a draft, though it can be read today.
    let (request, answer) = ("4101000101b474696d65", "6145000101ff6f6b");
    let has = |object: &Value, id: &str| object["findings"].as_array().unwrap().iter().any(|found| found["id"] == id);
    for odd in ["41021234e078", "42011234b773656e736f72738155"] {
        let (objects, counts) = told(5683, &[request, answer, odd, answer, request]);
        assert!(!has(&objects[2], "draft.header") && objects[2]["other_reading"].is_null(), "{}", objects[2]);
        assert!(objects[2]["coap"]["read_as"].is_null(), "{}", objects[2]);
        let found: usize = objects.iter().map(|object| object["findings"].as_array().unwrap().len()).sum();
        let counted: u64 = counts["findings"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert_eq!(found as u64, counted, "{odd}: {counts}");
        // Alone it is a draft.
        let (objects, _) = told(5683, &[odd]);
        assert!(has(&objects[0], "draft.header") && !objects[0]["other_reading"].is_null(), "{}", objects[0]);
    }
}

/// Address and port.
type End = ([u8; 4], u16);

#[test]
fn an_answer_to_a_group_may_come_from_another_port() {
    let (client, group) = (([10, 0, 0, 1], 40_000), ([224, 0, 1, 187], 5683));
    let [near, far, other] = [([10, 0, 0, 2], 5683), ([10, 0, 0, 3], 6000), ([10, 0, 0, 1], 40_001)];
    let mut capture = capture_of(&[]);
    // Sender, receiver, message, and whether it is shown as CoAP.
    let datagrams: &[(End, End, &[u8], bool)] = &[
        (far, client, b"\x51\x45\x00\x01\x6d\xff0", false),
        (client, group, b"\x51\x01\x00\x01\x6d\xb1x", true),
        (near, client, b"\x51\x45\x00\x09\x6d\xff1", true),
        (far, client, b"\x41\x45\x00\x09\x6d\xff2", true),
        (client, far, b"\x60\x00\x00\x09", true),
        (far, other, b"\x51\x45\x00\x0a\x6d\xff3", false),
        (([10, 0, 0, 4], 6000), client, b"\x51\x45\x00\x09\x6e\xff4", false),
        (([10, 0, 0, 4], 6000), client, b"\x51\x01\x00\x09\x6d\xb1x", false),
    ];
    for (second, (source, destination, message, _)) in (0u32..).zip(datagrams) {
        let length = message.len() as u32 + 28;
        for word in [1_700_000_000 + second, 0, length, length] {
            capture.extend(word.to_le_bytes());
        }
        capture.extend([0x45, 0, 0, length as u8, 0, 0, 0, 0, 64, 17, 0, 0]);
        capture.extend([source.0, destination.0].concat());
        capture.extend([source.1.to_be_bytes(), destination.1.to_be_bytes()].concat());
        capture.extend([0, length as u8 - 20, 0, 0]);
        capture.extend(*message);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("group.pcap");
    fs::write(&path, capture).unwrap();
    let all = objects(&printed(&format!("print -T json {}", path.display())));
    let shown: Vec<u64> = all.iter().map(|object| object["frame"]["number"].as_u64().unwrap()).collect();
    let expected: Vec<u64> =
        (1..).zip(datagrams).filter(|(_, datagram)| datagram.3).map(|(number, _)| number).collect();
    assert_eq!(shown, expected);
    assert_eq!([&all[1]["answers"], &all[2]["answers"]], [2, 2]);
    assert_eq!(all[2]["answered_by"], 5);
}

/// Appends a record of raw IPv4 to a capture: ICMP from the server to the client, or a fragment of it.
fn add_icmp(capture: &mut Vec<u8>, second: u32, fragment: u16, bytes: &[u8]) {
    let length = bytes.len() as u32 + 20;
    for word in [1_700_000_000 + second, 0, length, length] {
        capture.extend(word.to_le_bytes());
    }
    let [high, low] = fragment.to_be_bytes();
    capture.extend([0x45, 0, 0, length as u8, 0, 7, high, low, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1]);
    capture.extend(bytes);
}

/// A capture of a GET, and an ICMP error of this type and code that quotes it.
fn quoted(kind: u8, code: u8) -> (Vec<u8>, Vec<u8>) {
    let capture = capture_of(&[b"\x40\x01\x00\x01\xb4time"]);
    let error = [&[kind, code, 0, 0, 0, 0, 0, 0], &capture[24 + 16..]].concat();
    (capture, error)
}

#[test]
fn an_icmp_error_in_fragments_is_evidence() {
    let (mut capture, error) = quoted(3, 3);
    add_icmp(&mut capture, 1, 0x2000, &error[..24]);
    add_icmp(&mut capture, 2, 3, &error[24..]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("icmp.pcap");
    fs::write(&path, capture).unwrap();
    let all = objects(&printed(&format!("print -T json {}", path.display())));
    let finding = &all[0]["findings"][0];
    assert_eq!(
        (&finding["id"], &finding["reference"]),
        (&"icmp.unreachable".into(), &"RFC 1122 section 4.1.3.3".into())
    );
    assert_eq!((&all[1]["kind"], &all[1]["about"]), (&"evidence".into(), &1.into()), "{all:#?}");
    let line = printed(&format!("print {}", path.display()));
    assert!(line.contains("ICMP") && line.contains("port unreachable"), "{line}");
    let tree = printed(&format!("print -V {}", path.display()));
    assert!(tree.contains("Quoted message, CON, 0.01 GET, MID 1"), "{tree}");
    assert!(tree.contains("Message in IP fragments: 2"), "{tree}");
}

#[test]
fn who_names_a_better_way_reports_no_loss() {
    for (kind, code) in [(4, 0), (5, 1)] {
        let (mut capture, error) = quoted(kind, code);
        add_icmp(&mut capture, 1, 0, &error);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redirect.pcap");
        fs::write(&path, capture).unwrap();
        let all = objects(&printed(&format!("print -T json {}", path.display())));
        assert_eq!((&all[1]["kind"], &all[1]["about"]), (&"evidence".into(), &1.into()), "{all:#?}");
        let text = format!("{all:?}");
        assert!(!text.contains("nreachable"), "ICMP type {kind}: {text}");
    }
}

/// Seconds of the frames of three files, and from which file each frame is then taken.
const EQUAL_TIMES: &[([&[u32]; 3], &str)] = &[
    ([&[1, 1, 2, 3], &[1, 2, 2, 3], &[]], "baabbaba"),
    ([&[0, 5], &[0, 5], &[0, 5]], "cbacba"),
    ([&[1, 2, 3], &[3, 3], &[2, 3, 3]], "acaccbba"),
    ([&[5, 1, 5], &[5, 5], &[1, 5]], "ccbbaaa"),
    ([&[0, 0, 0], &[0, 0, 0], &[0, 0, 0]], "cccbbbaaa"),
];

#[test]
fn frames_of_equal_times_come_as_mergecap_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let merged = folder.path().join("merged.pcapng");
    for (seconds, expected) in EQUAL_TIMES {
        let mut paths = Vec::new();
        for (file, seconds) in "abc".chars().zip(seconds) {
            let path = folder.path().join(format!("{file}.pcap"));
            let packets: Vec<_> = seconds
                .iter()
                .map(|second| (second * 10, packets::datagram(40_000, true, &[0x40, 1, 0, file as u8])))
                .collect();
            packets::capture_at(&path, &packets);
            paths.push(path);
        }
        let named: String = paths.iter().map(|path| format!(" -r {}", path.display())).collect();
        let ours = printed(&format!("print -T fields -e coap.mid{named}"));
        let files: String = ours.lines().map(|mid| char::from(mid.parse::<u8>().unwrap())).collect();
        assert_eq!(files, *expected, "{seconds:?}");
        if Command::new("mergecap").arg("-w").arg(&merged).args(&paths).status().is_ok_and(|status| status.success()) {
            let theirs = printed(&format!("print -T fields -e coap.mid {}", merged.display()));
            assert_eq!(ours, theirs, "{seconds:?}");
        }
    }
}
