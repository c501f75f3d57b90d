//! `coapscope explain`: what it says of a message, in every form of hex, and what it refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use coapscope::coap::{DecodeMode, Message, RaisedBy, Rule};
use coapscope::render::annotated::{self, Detail};
use coapscope::render::paint::Paint;
use coapscope::render::sheet::{self, Sheet};
use coapscope::render::{Node, NodeKind, Place, json, message_tree, rows};
use proptest::prelude::*;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// The message of the course's slide: `POST /events` with JSON and no token.
const SLIDE: &str = "4002 0000 b66576656e7473 ff 7b22616363657373546f6b656e223a22645f736b5f616263313233222c226e616d65223a2274656d7065726174757265222c2264617461223a223231227d";

fn explain(arguments: &[&str]) -> Output {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_coapscope"))
        .arg("explain")
        .args(arguments)
        .current_dir(root)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = explain(arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn object(hex: &str) -> Value {
    serde_json::from_str(&text(&["--format", "json", hex])).unwrap()
}

#[test]
fn the_slide_is_explained_field_by_field() {
    let text = text(&SLIDE.split(' ').collect::<Vec<_>>());
    // Each line: the bytes on the left, and what they are on the right.
    for (bytes, meaning) in [
        ("0000  40 ", "01.. ....  Version: 1"),
        ("", "..00 ....  Type: 0 (Confirmable, CON)"),
        ("", ".... 0000  Token Length: 0 (no token)"),
        ("0001  02 ", "Code: 0.02 (POST)"),
        ("0002  00 00 ", "Message ID: 0"),
        ("0004  b6 ", "Uri-Path (option 11): events"),
        ("", "1011 ....  Option Delta: 11"),
        ("", ".... 0110  Option Length: 6"),
        ("0005  65 76 65 6e 74 73 ", "Option Value: events"),
        ("000b  ff ", "Payload Marker"),
        ("", "Payload: 62 bytes"),
        ("000c  7b 22 61 63 63 65 73 73 ", "{\"access"),
        ("0044  3a 22 32 31 22 7d ", ":\"21\"}"),
        ("", "req.empty-token"),
        ("", "cf.missing"),
        ("", "RFC 7252 section 3"),
    ] {
        assert!(text.lines().any(|line| line.contains(bytes) && line.contains(meaning)), "{bytes}{meaning} in\n{text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

/// Handouts, each by its name in `tests/explain/` and its arguments; `COAPSCOPE_UPDATE=1` writes them anew.
const HANDOUTS: &[(&str, &str)] = &[
    ("slide.md", "--format markdown 4002 0000 b66576656e7473 ff 7b226163636573733a"),
    ("slide.html", "--format html 4002 0000 b66576656e7473 ff 7b226163636573733a"),
    ("slide.svg", "--format svg 4002 0000 b66576656e7473 ff 7b226163636573733a"),
    ("slide.tex", "--format latex 4002 0000 b66576656e7473 ff 7b226163636573733a"),
    ("retransmitted.md", "--format markdown -r captures/lab/04-retransmit-libcoap.client.pcap --frame 13"),
    ("senml.html", "--format html 40450001 c13c ff a26474656d70f94d9c627473c11a6553f100"),
    (
        "long.svg",
        "--format svg 64450001aabbccdd 2105 d20b0c36 ff 3031323334353637303132333435363730313233343536373031323334353637",
    ),
    // Two readings; letters that are commands elsewhere.
    ("draft.tex", "--format latex 41010001 9474696d65"),
    ("hostile.md", "--format markdown 44010001aabbccdd bd07 7c2a5f605b785d283c623e24265c257e5e7b7d23"),
    ("hostile.tex", "--format latex 44010001aabbccdd bd07 7c2a5f605b785d283c623e24265c257e5e7b7d23"),
    ("hostile.html", "--format html 44010001aabbccdd bd07 7c2a5f605b785d283c623e24265c257e5e7b7d23"),
];

#[test]
fn handouts_are_as_expected() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    for (name, arguments) in HANDOUTS {
        let printed = text(&arguments.split_whitespace().collect::<Vec<_>>());
        if std::env::var_os("COAPSCOPE_UPDATE").is_some() {
            fs::write(folder.join(name), &printed).unwrap();
        }
        let expected = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(printed == expected, "{name} differs; COAPSCOPE_UPDATE=1 writes it anew:\n{printed}");
    }
}

/// The tags that a text in angle brackets has.
fn tags(text: &str) -> BTreeSet<&str> {
    text.split('<').skip(1).map(|part| part.split([' ', '>', '\n']).next().unwrap_or_default()).collect()
}

/// Braces close, and nothing from a message is a command: what follows a backslash is a command of ours or a sign.
fn check_latex(text: &str) {
    let (mut depth, mut signs) = (0, text.chars().peekable());
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => {
                signs.next();
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => assert!(sign.is_ascii() || sign.is_alphabetic(), "{sign:?} in {text}"),
        }
        assert!(depth >= 0, "{text}");
    }
    assert_eq!(depth, 0, "{text}");
}

/// Leaves of a field tree: first bit and length.
fn leaves(fields: &Value, found: &mut Vec<(u64, u64)>) {
    for field in fields.as_array().unwrap() {
        for key in ["name", "hex", "value", "meaning", "reference"] {
            assert!(field[key].is_string(), "{key} in {field}");
        }
        if field["children"].as_array().unwrap().is_empty() {
            found.push((field["bit_offset"].as_u64().unwrap(), field["bit_length"].as_u64().unwrap()));
        }
        leaves(&field["children"], found);
    }
}

#[test]
fn leaves_cover_the_message() {
    for hex in [
        SLIDE,
        "40",
        "4201",
        "40010000",
        "4d0100000001020304050607080910111213",
        "61450001a1600a0bd101ffff",
        "6145a1b20160c1325109ffdeadbeef",
        "40010001f1",
        "400100011f",
        "40010001e0",
        "40010001b9616263",
        "44010001a1",
        "00000000ff",
        "8f",
        "7f ff ff ff ff ff ff",
        "40010001ff",
        "440100019409616263de00000102e0fef1",
    ] {
        let object = object(hex);
        let mut found = Vec::new();
        leaves(&object["fields"], &mut found);
        let mut next = 0;
        for (offset, length) in found {
            assert_eq!(offset, next, "{hex}");
            next += length;
        }
        let bytes = hex.chars().filter(char::is_ascii_hexdigit).count() as u64 / 2;
        assert_eq!(next, bytes * 8, "{hex}");
        assert!(object["coap"].is_object() && object["findings"].is_array());
    }
}

#[test]
fn hex_may_be_written_in_any_usual_way() {
    let expected = text(&["4002", "0001b6", "6576656e7473"]);
    for arguments in [
        vec!["40020001b66576656e7473"],
        vec!["40", "02", "00", "01", "b6", "65", "76", "65", "6e", "74", "73"],
        vec!["40:02:00:01:B6:65:76:65:6E:74:73"],
        vec!["0x40,0x02,0x00,0x01,0xb6,0x65,0x76,0x65,0x6e,0x74,0x73"],
        vec!["0x4002 0001 b665 7665 6e74 73"],
        vec!["00000000: 4002 0001 b665 7665 6e74 73              @....events"],
        vec!["0000  40 02 00 01 b6 65 76 65\n0008  6e 74 73"],
    ] {
        assert_eq!(text(&arguments), expected, "{arguments:?}");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_coapscope"))
        .args(["explain", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"40 02 00 01 b6\n65 76 65 6e 74 73\n").unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), expected);
}

#[test]
fn of_a_whole_frame_the_message_in_it_is_explained() {
    // Ping from 10.0.0.2:40000 to 10.0.0.1:5683, as tcpdump -x and -xx print it.
    let packet = "4500 0020 0000 4000 4011 26ca 0a00 0002 0a00 0001 9c40 1633 000c 0000 4000 0001";
    let frame = ["0200 0000 0001 0200 0000 0002 0800", packet, "0000 0000 0000 0000 0000 0000 0000"].join(" ");
    let message = text(&["40000001"]);
    let says = |what: &str, start| {
        format!(
            "coapscope: explain: these bytes are {what} from 10.0.0.2:40000 to 10.0.0.1:5683; explained is the message in it, from byte {start} on\n"
        )
    };
    for (bytes, expected) in [
        (packet, says("an IP packet", 28)),
        (frame.as_str(), says("an Ethernet frame", 42)),
        ("40000001", String::new()),
    ] {
        let output = explain(&[bytes]);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), message);
    }
    // A length that does not fit, and another port with no message behind it: these are explained as they stand.
    for bytes in [packet.replace("000c", "000e"), packet.replace("1633", "1634").replace("4000 0001", "0000 0001")] {
        assert!(!text(&[&bytes]).contains("MID 1\n"), "{bytes}");
    }
}

#[test]
fn malformed_messages_are_explained_as_far_as_they_go() {
    for (hex, expected) in [
        ("40", "hdr.truncated"),
        ("80010001", "hdr.version"),
        ("49010001", "hdr.tkl-reserved"),
        ("44010001a1", "hdr.token-truncated"),
        ("40010001b9616263", "opt.overrun"),
        ("40010001ff", "payload.marker-empty"),
    ] {
        let text = text(&[hex]);
        assert!(text.contains(expected), "{hex}: {text}");
        assert!(object(hex)["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == expected), "{hex}");
    }
}

#[test]
fn an_oscore_option_that_cannot_be_read_has_no_fields() {
    // Reserved bits, a Partial IV of 6 bytes, and no kid context where one is announced; then a whole one, and one of Group OSCORE.
    for (option, expected) in [
        ("934914aa", serde_json::json!("4914aa")),
        ("970e010203040506", serde_json::json!("0e010203040506")),
        ("921914", serde_json::json!("1914")),
        ("930914aa", serde_json::json!({"partial_iv": "14", "kid_context": null, "kid": "aa"})),
        ("932914aa", serde_json::json!({"partial_iv": "14", "kid_context": null, "kid": "aa"})),
    ] {
        let object = object(&format!("4402000161626364{option}ff01"));
        assert_eq!(object["coap"]["options"][0]["value"], expected, "{option}");
    }
}

#[test]
fn pre_standard_headers_are_explained_in_both_readings() {
    // GET with one option (Uri-Path "time"), as draft-ietf-core-coap-08 and -12 encode it: no token, an option count of 1.
    for (hex, draft) in
        [("41010001 9474696d65", "draft-ietf-core-coap-08"), ("41010001 b474696d65", "draft-ietf-core-coap-12")]
    {
        let text = text(&[hex]);
        for part in ["Token Length: 1", "Option Count: 1", draft, "token"] {
            assert!(text.contains(part), "{hex}: {part} in\n{text}");
        }
        let object = object(hex);
        assert_eq!(
            (&object["coap"]["read_as"], &object["other_reading"]["read_as"]),
            (&draft.into(), &"RFC 7252".into())
        );
        let errors = object["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
        assert_eq!(errors.count(), 0, "{hex}");
    }
    assert!(!text(&[SLIDE]).contains("other reading"));
}

#[test]
fn a_message_of_a_capture_comes_with_its_relations() {
    let capture = "captures/lab/04-retransmit-libcoap.client.pcap";
    let text = text(&["-r", capture, "--frame", "13"]);
    assert!(text.contains("Retransmission of: frame 5") && text.contains("Answered in: frame 28"), "{text}");
    let output = explain(&["-r", capture, "--frame", "13", "--format", "json"]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&object["answered_by"], &object["transmission"]), (&Value::from(28), &Value::from(2)));
    assert!(object["fields"].is_array());
    // A message that only an error speaks of says so.
    let error = ["-r", "captures/lab/04-server-down-icmp.pcap", "--frame", "2"];
    for format in ["text", "markdown"] {
        let quoted = self::text(&[&error[..], &["--format", format]].concat());
        assert!(quoted.contains("Quoted by ICMP (port unreachable): CON, 0.01 GET, MID 12939"), "{quoted}");
    }
}

/// A capture of messages, each between two endpoints of its own: raw IP packets, 400 s apart.
fn capture_of(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0];
    for (at, message) in messages.iter().enumerate() {
        let at = at as u16;
        let length = message.len() as u16;
        let is_request = message.get(1).is_none_or(|code| code >> 5 == 0);
        let (client, server) = ([10, 0, (at >> 8) as u8, at as u8], [10, 1, 0, 1]);
        let (mut addresses, mut ports) = ([client, server].concat(), [40_000_u16, 5683]);
        if !is_request {
            addresses.rotate_left(4);
            ports.reverse();
        }
        for word in [1_700_000_000 + u32::from(at) * 400, 0, u32::from(length) + 28, u32::from(length) + 28] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0]);
        for word in [length + 28, at + 1, 0x4000, 0x4011, 0] {
            file.extend(word.to_be_bytes());
        }
        file.extend(addresses);
        for word in [ports[0], ports[1], length + 8, 0] {
            file.extend(word.to_be_bytes());
        }
        file.extend(message);
    }
    file
}

#[test]
fn a_message_alone_raises_what_it_raises_in_a_capture() {
    let mut hexes: Vec<&str> = include_str!("vectors/message_findings.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(';').map(|(hex, _)| hex.trim()))
        .collect();
    // Max-Age 60, and 61; No-Response 0 in POST; a path of Thread's; TLVs and JSON that break off.
    hexes.extend([
        "64451234aabbccddd1013c",
        "64451234aabbccddd1013d",
        "54021234aabbccddd0f5",
        "52021234aabbb1610261710102",
    ]);
    hexes.extend(["64451234aabbccddc22d16ffc10005c2", "64451234aabbccddc132ff7b"]);
    let unhex = |hex: &&str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alone.pcap");
    fs::write(&path, capture_of(&hexes.iter().map(unhex).collect::<Vec<_>>())).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_coapscope"))
        .args(["print", "-T", "json", path.to_str().unwrap()])
        .output()
        .unwrap();
    let printed: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(printed.len(), hexes.len());
    // What a message alone tells, and what it tells though a frame may tell it, too.
    let is_own = |id: &str| {
        let raised_by = Rule::from_id(id).unwrap().row().raised_by;
        matches!(raised_by, RaisedBy::Message | RaisedBy::Payload) || matches!(id, "opt.default-value" | "app.thread")
    };
    let own = |object: &Value| -> BTreeSet<String> {
        let findings = object["findings"].as_array().unwrap();
        findings.iter().filter(|found| is_own(found["id"].as_str().unwrap())).map(Value::to_string).collect()
    };
    for (hex, printed) in hexes.iter().zip(&printed) {
        let alone = object(hex);
        assert_eq!(own(&alone), own(printed), "{hex}");
        assert_eq!(alone["coap"]["read_as"], printed["coap"]["read_as"], "{hex}");
    }
}

#[test]
fn what_is_no_message_is_refused() {
    let capture = "captures/lab/04-retransmit-libcoap.client.pcap";
    for (arguments, expected) in [
        (vec![], "no message is given"),
        (vec![""], "no bytes"),
        (vec!["hello"], "hexadecimal"),
        (vec!["400"], "a byte has two"),
        (vec!["--format", "pdf", "40010001"], "text, markdown, html, svg, latex, json"),
        (vec!["-r", capture, "--frame", "1000"], "there is no frame 1000"),
        (vec!["-r", capture, "--frame", "1"], "frame 1 holds no CoAP message"),
        (vec!["-r", "tests/field/leshan-1604.pcap", "--frame", "1"], "no CoAP message that can be read, but DTLS"),
        (vec!["-r", "no-such-file", "--frame", "1"], "no-such-file"),
    ] {
        let output = explain(&arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.lines().count() == 1 && text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn several_messages_are_told_from_one() {
    let refused = |text: &str, is_refused: bool| {
        let output = explain(&[text]);
        let says = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(if is_refused { 2 } else { 0 }), "{text:?}: {says}");
        assert_eq!(says.contains("several messages"), is_refused, "{text:?}: {says}");
    };
    for several in [
        // As Wireshark follows a stream: datagrams behind each other, the offsets go on.
        "\t00000000  62 45 35 87 0b e8 60 60  ff 4f 46 46              bE5...`` .OFF\n\t0000000C  42 45 70 53 0b e8 61 01  60 ff 4f 4e              BEpS..a. `.ON\n\t00000018  42 45 70 55 0b e8 61 02  60 ff 4f 46 46           BEpU..a. `.OFF\n",
        "00000000  42 01 35 87 0b e8 39 6c  6f 63 61 6c 68 6f 73 74  B.5...9l ocalhost\n00000010  30 55 61 6c 61 72 6d                              0Ualarm\n00000017  60 00 70 53                                       `.pS\n",
        "00000017  60 00 70 53                                       `.pS\n0000001B  60 00 70 55                                       `.pU\n",
        // One in a line, as `tshark -T fields -e udp.payload` prints them, or behind an arrow, or a word each.
        "410134fe01b5616c61726d\n614534fe01ff4f4e\n",
        "614534fe01ff4f4e\n614534ff01ff4f4e\n",
        "> 40010001\n< 60450001",
        "40010001 60450001",
        "40 01 00 01\n60 45 00 01 ff\n",
        "4500002000004000401126ca0a0000020a0000019c401633000c000040000001\n4500002000004000401126ca0a0000010a00000216339c40000c000060000001",
    ] {
        refused(several, true);
    }
    for one in [
        "4002 0001b6 6576656e7473",
        "40 02 00 01 b6\n65 76 65 6e 74 73\n",
        "44 02 00 01\n61 62 63 64\nff 7b 7d",
        "0000  40 02 00 01\n0004  b6 65 76 65 6e 74 73\n000b  ff 7b 7d",
        // A payload whose second line of a dump would be a message as well.
        "0000   60 45 00 01 ff 41 42 43 44 45 46 47 48 49 4a 4b   `E...ABCDEFGHIJK\n0010   40 41 42 43                                       @ABC",
    ] {
        refused(one, false);
    }
}

/// Bytes that are more like messages than random ones: a header, then options of which each may be broken.
fn message_bytes() -> impl Strategy<Value = Vec<u8>> {
    let header = (0x40u8..0x90, any::<u8>(), any::<u16>()).prop_map(|(first, code, id)| {
        let [high, low] = id.to_be_bytes();
        vec![first, code, high, low]
    });
    let option = (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..20))
        .prop_map(|(byte, value)| [vec![byte], value].concat());
    let options = proptest::collection::vec(option, 0..6).prop_map(|options| options.concat());
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        (header, options).prop_map(|(header, options)| [header, options].concat())
    ]
}

/// Fields lie inside the field above them and do not overlap.
fn check_places(node: &Node, end: u32) {
    let mut next = 0;
    for child in node.children.iter().filter(|child| child.kind == NodeKind::Field) {
        let Some(Place::Message(span)) = child.place else { panic!("{} has no place", child.label) };
        assert!(span.bit >= next && span.end() <= end, "{} at {span:?} behind {next}", child.label);
        next = span.end();
        check_places(child, span.end());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_shown_without_harm(bytes in message_bytes(), mode in 0usize..6) {
        let modes = [
            DecodeMode::Rfc7252,
            DecodeMode::ExtendedTokens,
            DecodeMode::PlainTokens,
            DecodeMode::Draft03,
            DecodeMode::Draft08,
            DecodeMode::Draft12,
        ];
        let message = Message::decode_as(&bytes, modes[mode]);
        let tree = message_tree(&message);
        check_places(&tree, bytes.len() as u32 * 8);
        let mut lines = rows::tree_lines(&Node { children: vec![tree], ..Node::default() }, Paint(false));
        lines.push(json::line(&json::coap(&message)));
        lines.push(json::line(&json::field_array(&message)));
        for detail in [Detail::Fields, Detail::Teach] {
            let dump = annotated::lines(&message, detail, Paint(false));
            prop_assert!(dump.iter().all(|line| line.width() <= 80), "{dump:#?}");
            lines.extend(dump);
        }
        lines.extend(annotated::header_figure(&message));
        lines.extend(annotated::finding_lines(&message.findings(), &|id| id.to_string(), Paint(false)));
        let sheet = Sheet::of(&message, None, Vec::new(), &message.findings(), &|id| id.to_string());
        let (mut svg, mut html, mut latex, mut markdown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        sheet::svg(&sheet, &mut svg).unwrap();
        sheet::html(&sheet, &mut html).unwrap();
        sheet::latex(&sheet, &mut latex).unwrap();
        sheet::markdown(&sheet, &mut markdown).unwrap();
        let [svg, html, latex, markdown] = [svg, html, latex, markdown].map(|text| String::from_utf8(text).unwrap());
        let known = ["svg", "title", "rect", "g", "text", "/svg", "/title", "/g", "/text"];
        prop_assert!(tags(&svg).iter().all(|tag| known.contains(tag)), "{svg}");
        prop_assert!(!tags(&html).iter().any(|tag| ["script", "img", "a", "b>"].contains(tag)), "{html}");
        check_latex(latex.split_once("\\begin{document}").unwrap().1);
        lines.extend([svg, html, latex, markdown].iter().flat_map(|text| text.lines().map(str::to_owned)));
        prop_assert!(lines.iter().all(|line| !line.chars().any(coapscope::coap::escape::is_hidden)), "{lines:#?}");
    }
}
