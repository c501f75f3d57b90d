//! The ladder as text.

use std::path::Path;

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;
use coapscope::render::ladder::Ports;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::capture::{Capture, Form, lab};
use crate::golden;

#[test]
fn ladders_are_as_on_file() {
    golden("lab-session-80", &Capture::built_in().text(Form::default()).0);
    golden("lab-session-120", &Capture::built_in().text(Form { width: 120, ..Form::default() }).0);
    golden("lab-session-40-ascii", &Capture::built_in().text(Form { width: 40, ascii: true, ..Form::default() }).0);
    for (name, form) in [
        ("04-retransmit-libcoap.client", Form::default()),
        ("04-reorder.client", Form { width: 100, ..Form::default() }),
        ("04-giveup-libcoap", Form { ascii: true, ..Form::default() }),
        ("04-giveup-notify.libcoap", Form { width: 100, unfolded: true, ..Form::default() }),
        ("03-observe-dies-icmp", Form { width: 100, ..Form::default() }),
        ("05-block-loss.client", Form { width: 100, ..Form::default() }),
        ("08-multicast-v4", Form { width: 130, ..Form::default() }),
        ("10-no-response", Form { width: 100, ..Form::default() }),
        ("11-malformed-libcoap", Form { width: 100, ascii: true, ..Form::default() }),
    ] {
        golden(name, &Capture::lab(&format!("{name}.pcap")).text(form).0);
    }
}

/// The rows of a ladder: frame number, flag, and the whole line.
fn rows(text: &str) -> Vec<(u64, String)> {
    let (_, ladder) = text.split_once("\n\n").unwrap();
    let row = |line: &str| Some((line.split_whitespace().next()?.parse().ok()?, line.to_owned()));
    ladder.lines().skip(1).filter_map(row).collect()
}

/// A row of the ladder tells of a message what `print -T json` does.
#[track_caller]
pub fn agrees(path: &Path, object: &Value, row: &str) {
    let has = |word: &str| {
        let found = row.split(|c: char| c.is_whitespace() || "\u{2502}".contains(c)).any(|other| other == word);
        assert!(found, "{} frame {}: no {word} in\n{row}", path.display(), object["frame"]["number"]);
    };
    let coap = &object["coap"];
    if object["kind"] != "message" || coap["type"].is_null() {
        return;
    }
    has(coap["type"].as_str().unwrap());
    match (coap["code"].as_str().unwrap(), object["retransmission_of"].as_u64()) {
        (_, Some(_)) => has(&format!("R{}", object["transmission"].as_u64().unwrap() - 1)),
        ("0.00", _) => {}
        (code, _) if code.starts_with("0.") => has(coap["code_name"].as_str().unwrap_or(code)),
        (code, _) => has(code),
    }
    if !object["duplicate_of"].is_null() || !object["copy_of"].is_null() {
        has("again");
    }
    for finding in object["findings"].as_array().unwrap() {
        match finding["id"].as_str().unwrap() {
            "obs.stale" => assert!(row.contains("stale"), "{row}"),
            "obs.gap" => assert!(row.contains("gap"), "{row}"),
            _ => {}
        }
    }
}

#[test]
fn what_was_acknowledged_does_not_end_in_the_air() {
    let reports = std::fs::read_dir("tests/field").unwrap().map(|entry| entry.unwrap().path());
    let reports = reports.filter(|path| path.extension().is_some_and(|end| end == "pcap"));
    let mut compared = 0;
    for path in lab().into_iter().chain(reports) {
        let mut capture = Capture::read(&path);
        let answered: Vec<u64> = capture.json().iter().filter_map(|object| object["answers"].as_u64()).collect();
        if answered.is_empty() {
            continue;
        }
        let (text, _) = capture.text(Form { width: 250, ports: Ports::Merged, unfolded: true, ..Form::default() });
        for (number, row) in rows(&text).iter().filter(|(number, _)| answered.contains(number)) {
            let said = ["no ACK", "no answer"].iter().any(|words| row.contains(words));
            assert!(!said, "{} frame {number} is answered:\n{row}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn rows_are_those_of_print() {
    let (mut captures, mut compared) = (0, 0);
    for path in lab() {
        let mut capture = Capture::read(&path);
        let objects = capture.json();
        let form = Form { width: 250, ports: Ports::Merged, unfolded: true, ..Form::default() };
        let (text, left) = capture.text(form);
        let rows = if objects.is_empty() { Vec::new() } else { rows(&text) };
        let frames: Vec<u64> = objects.iter().map(|object| object["frame"]["number"].as_u64().unwrap()).collect();
        assert_eq!((rows.iter().map(|row| row.0).collect::<Vec<_>>(), left), (frames, 0), "{}", path.display());
        for (object, (_, row)) in objects.iter().zip(&rows) {
            compared += 1;
            agrees(&path, object, row);
        }
        captures += 1;
    }
    println!("{compared} rows of {captures} captures are as print -T json says");
    assert!(compared > 1500, "{compared}");
}

#[test]
fn what_was_never_answered_ends_in_the_air() {
    for path in lab() {
        let mut capture = Capture::read(&path);
        let objects = capture.json();
        let form = Form { width: 250, ports: Ports::Merged, unfolded: true, ..Form::default() };
        let rows = if objects.is_empty() { Vec::new() } else { rows(&capture.text(form).0) };
        for (object, (frame, row)) in objects.iter().zip(&rows) {
            let air = row.contains("\u{25b6} ?") || row.contains("? \u{25c0}") || row.contains("no answer seen");
            let asks = object["kind"] == "message" && object["coap"]["type"] == "CON";
            let answered = !object["answered_by"].is_null();
            if air {
                assert!(!answered, "{} frame {frame} was answered:\n{row}", path.display());
            }
            let malformed = row.contains("malformed") || row.contains("E code.");
            if asks && !answered && !malformed && !row.contains("unreachable") {
                assert!(air || row.contains("no ACK seen"), "{} frame {frame}:\n{row}", path.display());
            }
        }
    }
}

#[test]
fn no_line_overflows_any_width() {
    for name in ["04-reorder.client.pcap", "03-observe-odd.pcap", "07-formats.pcap", "08-multicast-v4.pcap"] {
        let mut capture = Capture::lab(name);
        check_widths(name, &mut capture, 9);
    }
    check_widths("the built-in capture", &mut Capture::built_in(), 1);
}

/// Widths from 1 to 250, and how many columns lie between those that are tried.
fn check_widths(name: &str, capture: &mut Capture, step: usize) {
    for width in (1..=250).step_by(step) {
        for ascii in [false, true] {
            let unfolded = width % 2 == 0;
            let (text, _) = capture.text(Form { width, ascii, unfolded, ..Form::default() });
            for line in text.lines() {
                assert!(line.width() <= width, "{name} at {width}: {} columns\n{line}", line.width());
                assert!(!ascii || line.is_ascii(), "{line}");
                assert!(!line.ends_with(' '), "{line:?}");
            }
        }
    }
}

/// A capture of one NON GET whose path is these bytes, and its answer with the same as payload.
pub fn hostile(path: &[u8]) -> Capture {
    let mut request = vec![0x50, 0x01, 0x12, 0x34, 0xbd, path.len() as u8 - 13];
    request.extend_from_slice(path);
    let mut response = vec![0x50, 0x45, 0x12, 0x35, 0xff];
    response.extend_from_slice(path);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostile.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    for (at, (ports, message)) in [((40000, 5683), &request), ((5683, 40000), &response)].into_iter().enumerate() {
        let packet = udp(ports, message);
        writer.record(1_000_000_000 + at as i64, packet.len() as u32, &packet).unwrap();
    }
    writer.finish().unwrap();
    let capture = Capture::read(&file);
    // Messages are read again when they are drawn.
    std::mem::forget(folder);
    assert_eq!(capture.store.len(), 2);
    capture
}

/// A datagram of raw IPv4 between two hosts, to the port 5683 of one or from there.
pub fn udp((from, to): (u16, u16), payload: &[u8]) -> Vec<u8> {
    let length = 28 + payload.len() as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 1, 0, 0, 64, 17, 0, 0]);
    packet.extend(if from == 5683 { [10, 0, 0, 2, 10, 0, 0, 1] } else { [10, 0, 0, 1, 10, 0, 0, 2] });
    packet.extend(from.to_be_bytes());
    packet.extend(to.to_be_bytes());
    packet.extend((length - 20).to_be_bytes());
    packet.extend([0, 0]);
    packet.extend_from_slice(payload);
    packet
}

/// A capture of frames, each at so many milliseconds, as a ladder, and what JSON says of each.
fn ladder(name: &str, frames: &[(i64, Vec<u8>)]) -> (String, Vec<serde_json::Value>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    for (millis, frame) in frames {
        writer.record(1_000_000_000 + millis * 1_000_000, frame.len() as u32, frame).unwrap();
    }
    writer.finish().unwrap();
    let mut capture = Capture::read(&file);
    let text = capture.text(Form { width: 120, ..Form::default() }).0;
    (text, capture.json())
}

/// The same with an identification.
fn numbered(id: u8, mut packet: Vec<u8>) -> Vec<u8> {
    packet[5] = id;
    packet
}

/// The end of the line of a frame.
#[track_caller]
fn note_of(text: &str, frame: usize) -> &str {
    let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{frame} "))).unwrap();
    line.rsplit('\u{2502}').next().unwrap().trim()
}

#[test]
fn an_icmp_error_is_told_of_the_copy_that_it_quotes() {
    let copy = |id| numbered(id, udp((40000, 5683), b"\x41\x01\0\x01a"));
    let answer = udp((5683, 40000), b"\x61\x45\0\x01a");
    let error = |id| {
        let quoted = copy(id);
        let mut error = vec![0x45, 0, 0, 28 + quoted.len() as u8, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
        error.extend([3, 3, 0, 0, 0, 0, 0, 0]);
        error.extend(quoted);
        error
    };
    let frames = [(0, copy(1)), (2500, copy(2)), (7500, copy(3)), (7600, error(2)), (7700, answer)];
    for frames in [&frames[..4], &frames] {
        let (text, json) = ladder("icmp.pcap", frames);
        let notes: Vec<_> = (1..=4).map(|frame| note_of(&text, frame)).collect();
        assert!(notes[1].starts_with("unreachable; "), "{text}");
        assert_eq!(notes[3], "about #2, 5.10 s after it", "{text}");
        assert!(!notes[0].contains("unreachable") && !notes[2].contains("unreachable"), "{text}");
        // A relation names the first copy.
        assert_eq!(json[3]["about"], 1);
        assert_eq!(json[1]["findings"][0]["id"], "icmp.unreachable");
    }
}

#[test]
fn a_datagram_that_came_twice_is_told_of_the_copy_that_it_is() {
    let copy = |id| numbered(id, udp((40000, 5683), b"\x41\x01\0\x01a"));
    let answer = |id| numbered(id, udp((5683, 40000), b"\x61\x45\0\x01a"));
    let frames = [
        (0, copy(1)),
        (1, copy(1)),
        (2500, copy(2)),
        (2501, copy(2)),
        (2600, copy(2)),
        (2700, answer(1)),
        (2800, answer(2)),
        (2801, answer(2)),
    ];
    let (text, json) = ladder("twice.pcap", &frames);
    for (frame, note, key) in [
        (2, "seen twice, as #1 after 1.00 ms", "copy_of"),
        (4, "seen twice, as #3 after 1.00 ms", "copy_of"),
        (5, "repeats #3 after 100 ms", "duplicate_of"),
        (8, "seen twice, as #7 after 1.00 ms", "copy_of"),
    ] {
        assert_eq!(note_of(&text, frame), note, "{text}");
        assert_eq!(json[frame - 1][key], if frame < 6 { 1 } else { 6 }, "{frame}");
    }
}

/// Texts that would steer a terminal, break a diagram, or take more columns than letters.
pub const HOSTILE: &[&str] = &[
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\u{202e}evil\u{200b}\u{feff}text",
    "a;b#c%%d<br/>&amp;`e`$f",
    "end\nparticipant x\n%%{init: {}}%%",
    "style x:y#red; classDef z:w#1;",
    "\u{6e29}\u{5ea6}\u{8a08}\u{6e29}\u{5ea6}\u{8a08}",
    "\u{1f321}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} e\u{301}\u{301}\u{301}",
    "stra\u{df}e \u{fb02}\u{b0}\u{b0}35\u{b6}\u{df}",
    "\"quoted\\\" 'and' -->> ->> : note over",
];

#[test]
fn texts_from_the_wire_are_harmless() {
    for text in HOSTILE {
        let mut capture = hostile(text.as_bytes());
        check_widths(text, &mut capture, 1);
        let shown = capture.text(Form { width: 200, ..Form::default() }).0;
        assert!(!shown.chars().any(|c| c != '\n' && coapscope::coap::escape::is_hidden(c)), "{shown:?}");
    }
}

#[test]
fn a_limit_says_what_it_left_out() {
    let mut capture = Capture::built_in();
    let (text, left) = capture.text(Form { limit: 10, width: 100, ..Form::default() });
    assert_eq!((rows(&text).len(), left), (10, 78));
}

/// What the program prints.
fn printed(arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_coapscope"));
    let output = command.args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_icmp_error_alone_has_its_lanes() {
    let text = printed(&["flow", "captures/lab-session.pcap", "-Y", "icmp", "--width", "100"]);
    let row = text.lines().find(|line| line.starts_with("86 ")).unwrap();
    assert!(row.contains("\u{2502}\u{254c}") && row.contains("ICMP port unreachable"), "{text}");
    assert!(text.contains("s1 = 198.51.100.10:5683"), "{text}");
}

#[test]
fn a_doubled_copy_names_the_first_one_and_the_one_that_it_is() {
    let capture = ["captures/lab/04-duplicates.client.pcap", "-Y", "frame.number == 23"];
    let of = |form: &[&str]| printed(&[&["print"], &capture[..], form].concat());
    assert!(of(&["-T", "json"]).contains("\"duplicate_of\":12"));
    assert!(of(&[]).trim_end().ends_with("repeats #17 +29.3 ms, first #12"), "{}", of(&[]));
    let tree = of(&["-V"]);
    let said = "Duplicate of: frame 12, 60.2 ms after its first copy; the same datagram as frame 17, 29.3 ms before";
    assert!(tree.contains(said), "{tree}");
}

#[test]
fn a_fold_on_lanes_beyond_an_edge_has_its_ends() {
    // Others speak first, so that the lanes of the body are the last ones.
    let mut frames: Vec<(i64, Vec<u8>)> =
        (0..8).map(|at| (i64::from(at), udp((40_000 + at, 61616), b"\x41\x01\0\x01a"))).collect();
    let block = |number: u8, port| {
        let more = if number < 3 { 8 } else { 0 };
        let request =
            [&[0x41, 3, 1, number, b'b', 0xb1, b'x', 0xd1, 3, number << 4 | more, 0xff][..], &[0; 16]].concat();
        let code = if number < 3 { 95 } else { 68 };
        let answer = vec![0x61, code, 1, number, b'b', 0xd1, 14, number << 4 | more];
        [udp((port, 5683), &request), udp((5683, port), &answer)]
    };
    for number in 0..4 {
        for (at, frame) in (0..).zip(block(number, 40_100)) {
            frames.push((100 + i64::from(number) * 10 + at, frame));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fold.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    for (millis, frame) in &frames {
        writer.record(1_000_000_000 + millis * 1_000_000, frame.len() as u32, frame).unwrap();
    }
    writer.finish().unwrap();
    let text = printed(&["flow", &file.display().to_string(), "--width", "80", "--lanes", "endpoints"]);
    let row = text.lines().find(|line| line.contains("[+]")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains("c9>s2 ") && row.contains('\u{bb}'), "{text}");
}
