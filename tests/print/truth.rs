//! What is not known is not said: of cut messages, joined files and times that do not fit. And sentences speak of the case at hand.

use std::fs;

use serde_json::Value;

use super::packets::{self, capture, capture_at_micros, datagram};
use super::{capture_of, filtered, objects, printed, root, run};

/// The findings of a message by their identifiers: text and source.
fn finding<'a>(object: &'a Value, id: &str) -> &'a Value {
    let all = object["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no {id} in {object}"))
}

#[test]
fn nothing_is_said_of_what_the_capture_cut() {
    const CAPTURE: &str = "captures/lab/08-snaplen-60.pcap";
    let lines = printed(&format!("print {CAPTURE}"));
    for (number, expected) in [(10, "PUT          (cut)"), (5, "7 B captured \"Nov 23 \""), (12, "/time")] {
        let line = lines.lines().find(|line| line.trim_start().starts_with(&format!("{number} "))).unwrap();
        assert!(line.contains(expected) && line.contains("(cut)") == (number == 10), "{line}");
    }
    for text in [printed(&format!("print -V {CAPTURE}")), printed(&format!("explain -r {CAPTURE} --frame 10"))] {
        for false_word in ["format error", "Malformed", "because of the error", "[URI: /]", "0 of 0"] {
            assert!(!text.contains(false_word), "{false_word}: {text}");
        }
        assert!(text.contains("16 of 55 bytes were captured") && text.contains("URI: (cut)"), "{text}");
    }
    let all = objects(&printed(&format!("print -T json {CAPTURE}")));
    let cut = all.iter().find(|object| object["frame"]["number"] == 10).unwrap();
    assert!(cut["resource"].is_null() && cut["coap"]["cut"] == true && cut["cut_by_capture"] == true, "{cut}");
    let text = finding(cut, "capture.truncated")["text"].as_str().unwrap();
    assert!(text.starts_with("16 of 55 bytes were captured."), "{text}");
    let payload = all.iter().find(|object| object["frame"]["number"] == 5).unwrap();
    assert_eq!(payload["coap"]["payload"]["cut"], true, "{payload}");
    assert!(!printed(&format!("stats {CAPTURE}")).lines().any(|line| line.trim().ends_with("  /")));
    assert_eq!(printed(&format!("print -T fields -e coap.option_length_bad {CAPTURE}")).trim(), "");
}

#[test]
fn files_joined_with_cat_are_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| fs::read(root().join(format!("captures/lab/{name}"))).unwrap();
    let parts = ["08-ether-nano.pcap", "08-big-endian.pcap", "08-comments.pcapng", "03-observe-rst.pcap"];
    for (first, second) in [(0, 3), (3, 0), (3, 1), (1, 2), (2, 3), (2, 1), (0, 0)] {
        let (first, second) = (parts[first], parts[second]);
        let path = folder.path().join("joined.pcap");
        fs::write(&path, [read(first), read(second)].concat()).unwrap();
        let output = run(&format!("stats --json {}", path.display()));
        let warning = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && warning.contains("another capture begins at byte"), "{first}: {warning}");
        let frames = |arguments: &str| objects(&printed(arguments))[0]["frames"].as_u64().unwrap();
        let expected = [first, second].map(|name| frames(&format!("stats --json captures/lab/{name}")));
        let joined = objects(&String::from_utf8(output.stdout).unwrap())[0]["frames"].as_u64();
        assert_eq!(joined, Some(expected.iter().sum()), "{first} and {second}");
        // The messages of the second are found and read again by its own header.
        let lines = String::from_utf8(run(&format!("print -T fields -e coap.mid {}", path.display())).stdout).unwrap();
        let own = |name: &str| printed(&format!("print -T fields -e coap.mid captures/lab/{name}"));
        assert_eq!(lines, own(first) + &own(second), "{first} and {second}");
    }
}

/// A pcapng file of one interface with datagrams of CoAP at times in microseconds.
fn capture_at(messages: &[(u64, &[u8])]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let length = (padded as u32 + 12).to_le_bytes();
        let mut bytes = [kind.to_le_bytes(), length].concat();
        bytes.extend(body);
        bytes.resize(8 + padded, 0);
        bytes.extend(length);
        bytes
    };
    let mut bytes = block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    bytes.extend(block(1, &[101, 0, 0, 0, 0, 0, 4, 0]));
    for (time, message) in messages {
        let pcap = capture_of(&[message]);
        // The record behind the file header, whose link layer is the same.
        let frame = &pcap[40..];
        let mut body = vec![0; 4];
        body.extend(((time >> 32) as u32).to_le_bytes());
        body.extend((*time as u32).to_le_bytes());
        body.extend((frame.len() as u32).to_le_bytes());
        body.extend((frame.len() as u32).to_le_bytes());
        body.extend(frame);
        bytes.extend(block(6, &body));
    }
    bytes
}

#[test]
fn no_duration_is_counted_from_a_time_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("far.pcapng");
    let beyond = u64::MAX / 2;
    for times in [[beyond, beyond + 5], [1_000_000, beyond], [beyond, 1_000_000]] {
        fs::write(&path, capture_at(&times.map(|time| (time, &b"\x41\x01\0\x01\x01"[..])))).unwrap();
        let output = run(&format!("print -T json {}", path.display()));
        let warning = String::from_utf8(output.stderr).unwrap();
        assert!(warning.contains("no duration is counted"), "{warning}");
        for object in objects(&String::from_utf8(output.stdout).unwrap()) {
            assert!(object["elapsed_since_first"].is_null() && object["response_time"].is_null(), "{object}");
            let text = object["findings"].to_string();
            assert!(!text.contains(" h after") && !text.contains("capture.time"), "{text}");
        }
        let relative = run(&format!("print -T fields -e frame.time_relative {}", path.display())).stdout;
        assert!(!String::from_utf8(relative).unwrap().contains("000000000."), "{times:?}");
    }
}

#[test]
fn sentences_speak_of_the_case_at_hand() {
    let all = objects(&printed("print -T json --max-retransmit 0 captures/lab-session.pcap"));
    let copy = all.iter().find(|object| object["frame"]["number"] == 42).unwrap();
    let text = finding(copy, "mid.too-many")["text"].as_str().unwrap();
    assert!(text.contains("than MAX_RETRANSMIT permits") && !text.contains("four"), "{text}");
    // A ping that came twice within microseconds, behind its answer.
    let all = objects(&printed("print -T json captures/lab/04-rst-ping.pcap"));
    for object in all.iter().filter(|object| object["retransmission_of"].is_u64()) {
        let text = finding(object, "mid.retransmission")["text"].as_str().unwrap();
        assert!(!text.contains("No ACK arrived"), "{text}");
    }
    for (hex, id, text, reference) in [
        ("41 01 00 01 01 d1 03 00", "opt.uint-range", "Hop-Limit (16) is 0.", "RFC 8768 section 3"),
        ("41 01 00 01 01 61 02", "opt.uint-range", "Observe (6) is 2.", "RFC 7641 section 2"),
        ("41 45 00 01 01 c1 ff", "cf.without-payload", "Content-Format 255.", "RFC 7252 section 5.10.3"),
        ("41 45 00 01 01 ff 61", "cf.missing", "1 byte of payload.", "RFC 7252 sections 5.5.1, 5.10.3"),
        ("41 01 00 01 01 ff 61", "payload.not-allowed", "0.01 GET with 1 byte.", "RFC 7252 section 5.5"),
    ] {
        let object = &objects(&printed(&format!("explain --format json {hex}")))[0];
        let found = finding(object, id);
        assert!(found["text"].as_str().unwrap().starts_with(text) && found["reference"] == reference, "{found}");
    }
}

#[test]
fn the_reserved_block_size_has_no_bytes() {
    let object = &objects(&printed("explain --format json 41 45 00 01 01 d1 0a 0f ff 61"))[0];
    let block = &object["coap"]["options"][0]["value"];
    assert!(block["size"].is_null() && block["szx"] == 7, "{block}");
    let lines = printed("print captures/lab/05-block-errors.pcap");
    assert!(lines.contains("#0/reserved") && !printed("explain 41 45 00 01 01 d1 0a 0f ff 61").contains("1024"));
}

#[test]
fn after_several_copies_nobody_knows_how_long_the_way_took() {
    const CAPTURE: &str = "captures/lab/04-retransmit-libcoap.client.pcap";
    let tree = printed(&format!("print -V {CAPTURE}"));
    let said =
        "frame 7, 2.25 s after its first copy, 4.59 ms after the last of 2; which of them it answers cannot be told";
    assert!(tree.contains(said), "{tree}");
    let fields = |capture: &str| {
        printed(&format!("print -T fields {capture} -Y coapscope.rtt -e coapscope.rtt.attempt -e coapscope.rtt.copies"))
    };
    assert_eq!(fields(CAPTURE).lines().next(), Some("\t2.254730000,0.004589000"));
    for line in fields("captures/lab/01-libcoap-basics-ipv4.pcap").lines() {
        let (attempt, copies) = line.split_once('\t').unwrap();
        assert!(attempt == copies && !attempt.is_empty(), "{line}");
    }
    for row in objects(&printed(&format!("print -T json --table exchanges {CAPTURE}"))) {
        assert_eq!(row["round_trip_of_attempt"].is_null(), row["transmissions"] != 1, "{row}");
    }
}

#[test]
fn a_response_that_may_be_for_either_request_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.pcap");
    let [first, second] = [1, 2].map(|number| datagram(40_001, true, &[0x51, 1, 0, number, 0xa1, 0xb1, b'a']));
    let [one, other] = [3, 4].map(|number| datagram(40_001, false, &[0x51, 0x45, 0, number, 0xa1]));
    capture(&path, &[first, second, one.clone(), one, other]);
    let file = path.display();
    let lines = printed(&format!("print {file}"));
    assert_eq!(
        ["re #2? 100 ms", "repeats #3", "re #1? 400 ms"].map(|said| lines.matches(said).count()),
        [1; 3],
        "{lines}"
    );
    let tree = printed(&format!("print -V {file}"));
    assert_eq!(tree.matches("; or another one that was open with the same token]").count(), 2, "{tree}");
    let all = objects(&printed(&format!("print -T json {file}")));
    let ambiguous: Vec<_> = all.iter().map(|object| object["ambiguous"] == true).collect();
    assert_eq!(ambiguous, [false, false, true, true, true]);
    assert!(all.iter().all(|object| object["round_trip_of_attempt"].is_null()));
    assert_eq!(printed(&format!("print -Y coapscope.ambiguous -T fields -e frame.number {file}")), "3\n4\n5\n");
}

/// What a filter lets through while the file is read is what it lets through at its end, and is printed as it is without a filter.
#[test]
fn a_filter_changes_no_line_and_chooses_alike_early_and_late() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("odd.pcap");
    // Good and bad JSON in answers.
    let answer = |number: u8, text: &[u8]| [&[0x51, 0x45, 0, number, number, 0xc1, 50, 0xff], text].concat();
    let bodies: [&[u8]; 4] = [b"{\"a\":1}", b"{\"a\":", b"{\"a\":1}", b"{\"a\":"];
    let packets = bodies.iter().zip(1..).map(|(text, number)| datagram(40_001, false, &answer(number, text)));
    capture(&odd, &packets.collect::<Vec<_>>());
    let lines = printed(&format!("print {}", odd.display()));
    assert_eq!(lines.matches(" W ").count(), 2, "{lines}");
    let mut captures = vec![odd.display().to_string()];
    for name in
        ["07-formats", "08-multicast-v4", "05-block-loss.client", "04-retransmit-libcoap.client", "02-alarm-plain"]
    {
        captures.push(format!("captures/lab/{name}.pcap"));
    }
    for file in captures {
        assert_eq!(filtered(&format!("print {file}"), "frame.number > 0"), printed(&format!("print {file}")), "{file}");
        for filter in [
            "coap.mid in {1..9000, 77} && coap.code != 0",
            "!(coap.type == 0 or coap.code >= 132)",
            "coap.retransmitted || coapscope.role == \"piggybacked-response\" || coap.opt.uri_path contains \"e\"",
        ] {
            let early = filtered(&format!("print -T fields -e frame.number {file}"), filter);
            let late = objects(&filtered(&format!("print -T json {file}"), filter));
            let late: String = late.iter().map(|object| format!("{}\n", object["frame"]["number"])).collect();
            assert_eq!(early, late, "{filter} of {file}");
        }
    }
}

/// Several threads print what one would: with -c there is one.
#[test]
fn many_messages_are_printed_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.pcap");
    let pair = |number: u16| {
        let [high, low] = number.to_be_bytes();
        let request = datagram(40_001, true, &[0x42, 1, high, low, high, low, 0xb1, b'a']);
        let answer = [&[0x62, 0x45, high, low, high, low, 0xff][..], format!("say \"{number}\"").as_bytes()].concat();
        [request, datagram(40_001, false, &answer)]
    };
    capture(&path, &(0..1_300).flat_map(pair).collect::<Vec<_>>());
    let file = path.display();
    for form in [
        "json",
        "csv -e frame.number -e coapscope.answered_by -e coapscope.payload.text -e coap.payload_desc -e ip.src",
        "fields -e coapscope.exchange.state -e coap.token -e frame.time -E quote=s -E header=y",
        "fields -e coap.opt.desc -e coapscope.answered_by -E occurrence=l",
    ] {
        let all = printed(&format!("print -T {form} {file}"));
        assert!(all.lines().count() >= 2_600, "{form}");
        assert!(all == printed(&format!("print -c 999999 -T {form} {file}")), "{form}");
    }
}

#[test]
fn what_the_capture_point_saw_twice_is_for_nothing_but_about_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twice.pcap");
    let [first, second] = [1, 2].map(|number| datagram(40_001, true, &[0x51, 1, 0, number, 0xa1, 0xb1, b'a']));
    // With an option that is too long.
    let mut answer = datagram(40_001, false, &[0x51, 0x45, 0, 3, 0xa1, 0xc3, 1, 2, 3]);
    answer[5] = 7;
    capture_at_micros(&path, &[(0, first), (100_000, second), (200_000, answer.clone()), (200_100, answer)]);
    let file = path.display();
    let all = objects(&printed(&format!("print -T json {file}")));
    assert_eq!((&all[2]["answers"], &all[3]["copy_of"]), (&2.into(), &3.into()), "{all:#?}");
    let ambiguous: Vec<_> = all.iter().map(|object| object["ambiguous"] == true).collect();
    assert_eq!(ambiguous, [false, false, true, false]);
    // What is found in the copy is found at the same resource.
    let found = objects(&printed(&format!("print --table findings -T json {file}")));
    let of_copy: Vec<_> = found.iter().filter(|row| row["frame"] == 4).collect();
    assert!(
        of_copy.len() > 1 && of_copy.iter().all(|row| row["resource"] == "/a" && row["exchange"].is_null()),
        "{found:#?}"
    );
    for filter in ["", "-Y coap"] {
        let report = objects(&printed(&format!("check -T json --show chat --fail-on error {filter} {file}"))).remove(0);
        let groups = report["findings"].as_array().unwrap();
        assert!(groups.len() > 1 && groups.iter().all(|group| group["resource"] == "/a"), "{report:#}");
    }
}

#[test]
fn the_findings_of_a_frame_are_the_same_in_every_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.pcap");
    let get = |number: u8| datagram(40_001, true, &[0x41, 1, 0, number, number, 0xb1, b'a']);
    let content = |number: u8| datagram(40_001, false, &[0x61, 0x45, 0, number, number]);
    let packets = [(0, get(1)), (1, content(1)), (20, get(2)), (21, content(2)), (4_000, get(1)), (4_001, content(1))];
    packets::capture_at(&path, &packets);
    let file = path.display();
    let expected = ["3 cache.repeat-while-fresh", "5 mid.recycled"];
    let of = |arguments: &str| {
        let told = |object: &Value| {
            let all = object["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap());
            all.map(|id| format!("{} {id}", object["frame"]["number"])).collect::<Vec<_>>()
        };
        objects(&printed(arguments)).iter().flat_map(told).collect::<Vec<_>>()
    };
    assert_eq!(of(&format!("print -T json {file}")), expected);
    assert_eq!(of(&format!("print -T json {file} -Y coapscope.finding==\"mid.recycled\"")), expected[1..]);
    let fields = printed(&format!("print -T fields -e frame.number -e coapscope.finding {file}"));
    let tree = printed(&format!("print -V {file}"));
    let check = printed(&format!("check --show chat {file}"));
    for told in expected {
        let (number, id) = told.split_once(' ').unwrap();
        assert!(fields.lines().any(|line| line == format!("{number}\t{id}")), "{fields}");
        assert!(tree.matches(id).count() == 1 && check.matches(id).count() == 1, "{tree}{check}");
    }
    assert_eq!(objects(&printed(&format!("stats --json {file}")))[0]["findings"]["chat"], 2);
    let rows = objects(&printed(&format!("print --table findings -T json {file}")));
    assert_eq!(rows.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), expected.map(|told| &told[2..]));
}

#[test]
fn each_member_of_a_group_has_its_own_observation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("group.pcap");
    let mut asked = datagram(40_001, true, b"\x51\x01\x00\x01\xaa\x60\x51a");
    asked[16..20].copy_from_slice(&[224, 0, 1, 187]);
    let answer = |server: u8, number: u8| {
        let mut packet = datagram(40_001, false, &[0x51, 0x45, 0, number, 0xaa, 0x61, number]);
        packet[15] = server;
        packet
    };
    capture(&path, &[asked, answer(1, 5), answer(2, 6), answer(1, 7), answer(2, 8), answer(2, 9)]);
    let file = path.display();
    let fields = "-e coapscope.observation -e coapscope.observe.order -e coapscope.exchange";
    assert_eq!(
        printed(&format!("print -T fields {fields} {file}")),
        "\t\t1\n1\tfirst\t1\n2\tfirst\t1\n1\tnewer\t1\n2\tnewer\t1\n2\tnext\t1\n"
    );
    let rows = objects(&printed(&format!("print --table observations -T json {file}")));
    let told: Vec<_> = rows.iter().map(|row| (&row["registration"], &row["accepted"], &row["notifications"])).collect();
    assert_eq!(format!("{told:?}"), "[(Number(1), Number(2), Number(1)), (Number(1), Number(3), Number(2))]");
}

#[test]
fn nothing_tells_how_long_it_took_across_a_place_where_time_went_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("back.pcap");
    let get = |number: u8| datagram(40_001, true, &[0x41, 1, 0, number, number, 0xb1, b'a']);
    let content = |number: u8| datagram(40_001, false, &[0x61, 0x45, 0, number, number]);
    // Each is later than what it belongs to, but not than what stands in between; then one that is whole.
    let packets =
        [(0, get(1)), (100, get(2)), (50, get(3)), (60, get(1)), (70, content(1)), (80, get(4)), (90, content(4))];
    packets::capture_at(&path, &packets);
    let file = path.display();
    let fields = "-e frame.number -e coapscope.rtt -e coap.response_time -e coapscope.exchange.rtt";
    assert_eq!(
        printed(&format!("print -T fields {fields} {file}")),
        "1\t\t\t\n2\t\t\t\n3\t\t\t\n4\t\t\t\n5\t\t\t\n6\t\t\t1.000000000\n7\t1.000000000\t1.000000000\t1.000000000\n"
    );
    let lines = printed(&format!("print {file}"));
    let end = |line: &str| line.find(" of #").or(line.find(" re #")).map(|at| line[at + 1..].to_owned());
    assert_eq!(lines.lines().filter_map(end).collect::<Vec<_>>(), ["of #1", "re #1", "re #6 1.00 s"], "{lines}");
    let told: Vec<_> = objects(&printed(&format!("print -T json {file}")))
        .iter()
        .skip(3)
        .map(|object| format!("{} {} {}", object["elapsed_since_first"], object["response_time"], object["may_answer"]))
        .collect();
    assert_eq!(told[0], "null null null");
    assert_eq!(told[1], r#"null null [{"frame":1,"elapsed":null},{"frame":4,"elapsed":1.0}]"#);
    assert_eq!(told[3], "null 1.0 null");
    let tree = printed(&format!("print -V {file}"));
    assert!(!tree.contains("7.00 s") && !tree.contains("6.00 s"), "{tree}");
}
