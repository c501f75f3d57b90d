//! Folded block transfers: what they hide is told, nothing is cut without a sign, and a jump into one is seen.

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;
use serde_json::Value;

use crate::capture::{Capture, Form, lab};
#[cfg(feature = "tui")]
use crate::script::Scene;
use crate::text::udp;

/// What stands out about messages: the counts as a folded row has them, in letters and in words, and the gravest flag.
fn told(objects: &[&Value]) -> (String, String, String) {
    let severity = |object: &Value| {
        let findings = object["findings"].as_array().unwrap().iter();
        let rank = |finding: &Value| ["error", "warn"].iter().position(|known| finding["severity"] == *known);
        findings.filter_map(rank).min()
    };
    let count = |is: &dyn Fn(&Value) -> bool| objects.iter().filter(|object| is(object)).count();
    let retransmits = |object: &Value| !object["retransmission_of"].is_null();
    let copies = |object: &Value| !(object["duplicate_of"].is_null() && object["copy_of"].is_null());
    let kinds = [
        (count(&|object| severity(object) == Some(0)), "E", "error"),
        (count(&|object| severity(object) == Some(1)), "W", "warning"),
        (count(&retransmits), "R", "retransmission"),
        (count(&|object| copies(object) && !retransmits(object)), "D", "duplicate"),
    ];
    let there = || kinds.iter().filter(|(count, ..)| *count > 0);
    let letters: Vec<String> = there().map(|(count, letter, _)| format!("{count}{letter}")).collect();
    let words: Vec<String> = there().map(|(count, _, noun)| coapscope::coap::count(*count, noun)).collect();
    let transmission = objects.iter().filter(|object| retransmits(object)).map(|object| &object["transmission"]);
    let last = transmission.filter_map(Value::as_u64).max().unwrap_or(1) - 1;
    let flag = match there().next() {
        Some((_, "R", _)) => format!("R{last}"),
        Some((_, letter, _)) => (*letter).to_owned(),
        None => String::new(),
    };
    (letters.join(" "), words.join(", "), flag)
}

#[test]
fn a_fold_tells_what_it_hides() {
    let (mut folds, mut hiding) = (0, 0);
    for path in lab() {
        let mut capture = Capture::read(&path);
        let objects = capture.json();
        for width in [40, 60, 80, 100, 120, 160, 250] {
            let text = capture.text(Form { width, ..Form::default() }).0;
            let Some((_, ladder)) = text.split_once("\n\n") else { continue };
            let numbered = ladder.lines().next().unwrap().contains("No");
            let rows = ladder.lines().skip(1).filter(|row| !row.contains(" idle ")).collect::<Vec<_>>();
            let mut at = 0;
            for (index, row) in rows.iter().enumerate() {
                let fold = row.contains("[+]");
                let first = objects[at]["frame"]["number"].to_string();
                let mut words = row.split_whitespace();
                if numbered {
                    assert_eq!(words.next(), Some(first.as_str()), "{} at {width}:\n{row}", path.display());
                }
                let next = rows.get(index + 1).filter(|_| numbered).and_then(|row| row.split_whitespace().next());
                let is_next = |object: &Value| Some(object["frame"]["number"].to_string().as_str()) == next;
                let end =
                    if fold && numbered { objects.iter().position(is_next).unwrap_or(objects.len()) } else { at + 1 };
                if fold && !numbered {
                    // Which rows follow is not told.
                    break;
                }
                if fold {
                    let (letters, words_of, flag) = told(&objects[at..end].iter().collect::<Vec<_>>());
                    let says = row.contains(&letters) || row.contains(&words_of);
                    assert!(says, "{} at {width}, {letters}:\n{row}", path.display());
                    let shown = words.next().filter(|word| !word.contains('.')).unwrap_or_default();
                    assert_eq!(shown, flag, "{} at {width}:\n{row}", path.display());
                    hiding += usize::from(!letters.is_empty());
                    folds += 1;
                }
                at = end;
            }
        }
    }
    println!("{folds} folded rows, {hiding} of them hide something");
    assert!(folds > 200 && hiding > 80, "{folds} {hiding}");
}

#[test]
fn a_folded_row_is_whole_or_bears_a_sign() {
    let mut signs = 0;
    for name in ["05-block-loss.client.pcap", "05-block2-libcoap.pcap", "05-block-aiocoap.pcap"] {
        let mut capture = Capture::lab(name);
        for width in 50..=160 {
            let text = capture.text(Form { width, ..Form::default() }).0;
            for row in text.lines().filter(|row| row.contains("[+] ")) {
                let label = row.split("[+] ").nth(1).unwrap().split(['\u{2502}', '\u{2550}']).next().unwrap().trim();
                let whole = ["/", "/big", "/huge", "/example_data", "/.well-known/core"];
                let cut = label.contains("..");
                let bare = label.starts_with(|letter: char| letter.is_ascii_digit());
                let path = label.split(' ').nth(1).unwrap_or_default();
                assert!(whole.contains(&path) || cut || bare || label.is_empty(), "{name} at {width}: {label}\n{row}");
                // Numbers never stand without the option that they are of.
                let numbers = label.split(' ').position(|word| word.starts_with('#'));
                let of = numbers.and_then(|at| label.split(' ').nth(at.checked_sub(1)?));
                assert!(
                    numbers.is_none() || ["B1", "B2", "Block1", "Block2"].contains(&of.unwrap_or_default()),
                    "{name} at {width}:\n{row}"
                );
                signs += usize::from(cut);
            }
        }
    }
    assert!(signs > 100, "{signs}");
}

/// The frame that a row with the cursor begins with, and the one that the tree below is of.
#[cfg(feature = "tui")]
fn row_and_tree(frame: &str) -> (String, String) {
    let row = frame.lines().skip(2).find_map(|line| line.strip_prefix('\u{25b6}')).unwrap_or_default();
    let title = frame.lines().find_map(|line| line.strip_prefix("\u{2500}\u{2500} #")).unwrap_or_default();
    let first = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    (first(row), first(title))
}

#[cfg(feature = "tui")]
#[test]
fn a_jump_into_a_fold_is_seen() {
    let mut seen = 0;
    for (name, keys) in [
        ("05-block-loss.client.pcap", "]".repeat(20)),
        ("05-block-loss.client.pcap", format!("G {}", "[ ".repeat(20))),
        ("05-block-loss.client.pcap", ":39 Enter ) ( Backspace } { :99 Enter ] [ Esc :38 Enter".to_owned()),
        ("05-block-loss.client.pcap", "C-f # 1 1 Enter".to_owned()),
        ("05-block2-libcoap.pcap", "]] :20 Enter Esc :3 Enter".to_owned()),
    ] {
        let film = Scene::lab(name).keys("f").keys(&keys).wait().run();
        let begun = film.frames.len() - keys.split_whitespace().map(str::len).sum::<usize>().min(film.frames.len() - 1);
        for frame in film.frames.iter().skip(begun.max(2)) {
            let (row, tree) = row_and_tree(frame);
            // What was folded before the first jump, or again by Esc, is said to be.
            let said = ["Enter unfolds ", "folded again", "Frame>", "Find>"].iter().any(|said| frame.contains(said));
            assert!(row == tree || said, "{keys}:\n{frame}");
            seen += usize::from(row == tree && frame.contains("unfolded; Esc folds again"));
        }
    }
    assert!(seen > 20, "{seen}");
    // Where the row stays folded, what it hides and which message of it the tree shows is said.
    let film = Scene::lab("05-block-loss.client.pcap").keys(":41 Enter f").run();
    let said = "Enter unfolds 11 messages, #37 to #47 (1 warning, 1 duplicate). Below is #41";
    assert!(film.last().contains(said), "{}", film.last());
}

#[test]
fn a_body_is_complete_where_all_of_it_was_captured() {
    for (name, first, said) in [
        ("05-block-errors.pcap", "7", "complete in 241 ms"),
        ("05-block-errors.pcap", "3", "more follow"),
        ("05-block2-libcoap.pcap", "1", "complete in 5.72 ms"),
        ("05-block2-libcoap.pcap", "11", "complete in 622 us; 1 warning"),
    ] {
        let text = Capture::lab(name).text(Form { width: 200, ..Form::default() }).0;
        let row = text.lines().find(|row| row.contains("[+]") && row.split_whitespace().next() == Some(first));
        let note =
            row.and_then(|row| row.rsplit('\u{2502}').next()).unwrap_or_else(|| panic!("no row {first}\n{text}"));
        assert!(note.contains(said), "{name}, {first}: {said}\n{row:?}");
    }
}

#[test]
fn a_body_of_which_a_block_is_missing_is_incomplete() {
    // Block 0 of 64 bytes, then block 2, which is the last.
    let put = |id: u8, block: u8, length: usize| {
        [&[0x40, 3, 0, id, 0xb1, b'x', 0xd1, 3, block, 0xff][..], &vec![b'.'; length]].concat()
    };
    let text = ladder(&[
        (0, true, put(1, 0x0a, 64)),
        (1, false, vec![0x60, 0x5f, 0, 1]),
        (2, true, put(2, 0x22, 10)),
        (3, false, vec![0x60, 0x44, 0, 2]),
    ]);
    assert!(text.contains("[+] PUT /x Block1 #0-2") && text.contains("incomplete"), "{text}");
}

#[test]
fn a_fold_with_an_end_beyond_the_edge_points_there() {
    let text = Capture::lab("09-lab-session.mirror.pcap").text(Form::default()).0;
    let row = text.lines().find(|row| row.starts_with(" 75 ")).unwrap();
    assert!(row.contains("[+]") && row.contains("\u{2550}\u{25b6}\u{bb}"), "{row}");
}

/// The ladder of messages between a client and a server: milliseconds, to the server, the message.
pub fn ladder(messages: &[(i64, bool, Vec<u8>)]) -> String {
    drawn(messages, false)
}

/// The same with every message in a row of its own.
fn unfolded(messages: &[(i64, bool, Vec<u8>)]) -> String {
    drawn(messages, true)
}

pub(super) fn drawn(messages: &[(i64, bool, Vec<u8>)], unfolded: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blocks.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    for (at, to_server, message) in messages {
        let packet = udp(if *to_server { (40000, 5683) } else { (5683, 40000) }, message);
        writer.record(1_000_000_000 + at * 1_000_000, packet.len() as u32, &packet).unwrap();
    }
    writer.finish().unwrap();
    Capture::read(&file).text(Form { width: 160, unfolded, ..Form::default() }).0
}

/// A NON with a token, a path, a block option by its delta to that, and a payload; of a response without a path.
fn set(code: u8, id: u8, option: Option<(u8, u8)>, length: usize) -> Vec<u8> {
    let mut message = vec![0x51, code, 0, id, id];
    let is_request = code < 32;
    if is_request {
        message.extend([0xb1, b'x']);
    }
    if let Some((number, value)) = option {
        let delta = number - if is_request { 11 } else { 0 };
        if delta < 13 {
            message.push(delta << 4 | 1);
        } else {
            message.extend([0xd1, delta - 13]);
        }
        message.push(value);
    }
    if length > 0 {
        message.push(0xff);
        message.extend(vec![b'.'; length]);
    }
    message
}

#[test]
fn a_set_of_blocks_is_one_row_and_its_response_speaks_for_all() {
    let put = |number: u8, id: u8, more: bool| {
        set(3, id, Some((19, number << 4 | u8::from(more) << 3 | 2)), if more { 64 } else { 10 })
    };
    // Block 1 of 4 is missing at first.
    let mut upload = vec![(0, true, put(0, 1, true)), (10, true, put(2, 3, true)), (20, true, put(3, 4, false))];
    upload.push((30, false, set(0x88, 4, None, 1)));
    let text = ladder(&upload);
    assert!(text.contains("Q-Block1 #0-3") && text.contains("4.08 to #3") && !text.contains("complete in"), "{text}");
    upload.extend([(60, true, put(1, 5, true)), (70, false, set(0x44, 5, None, 0))]);
    let text = ladder(&upload);
    assert!(text.contains("[+] PUT /x Q-Block1 #0-3 of 64 B, 202 B in 6 messages"), "{text}");
    assert!(text.contains("complete in 70.0 ms"), "{text}");
    // Message by message none of them is said to have no answer.
    assert!(!unfolded(&upload).contains("no answer seen"), "{}", unfolded(&upload));
    assert!(unfolded(&upload[..3]).contains("no answer seen"), "{}", unfolded(&upload[..3]));
    // Where nothing answers the set, that is said.
    let text = ladder(&upload[..3]);
    assert!(text.contains("no answer to #3"), "{text}");
}

#[test]
fn a_set_of_responses_has_all_its_blocks() {
    let get = |number: u8, id: u8, more: bool| (set(1, id, Some((31, number << 4 | u8::from(more) << 3 | 2)), 0), id);
    let part = |number: u8, id: u8, more: bool| {
        let mut message = set(0x45, id, Some((31, number << 4 | u8::from(more) << 3 | 2)), 64);
        // Message IDs of their own, the token of the request.
        message[2] = 9;
        message[3] = number;
        message
    };
    let text = ladder(&[
        (0, true, get(0, 1, true).0),
        (10, false, part(0, 1, true)),
        (20, false, part(2, 1, true)),
        (30, false, part(3, 1, false)),
        (1000, true, get(1, 2, false).0),
        (1010, false, part(1, 2, true)),
    ]);
    assert!(text.contains("[+] GET /x Q-Block2 #0-3 of 64 B, 256 B") && text.contains("complete in 1.01 s"), "{text}");
}

#[test]
fn a_fold_says_how_a_transfer_died() {
    let get = |number: u8| [&[0x40, 1, 0, number, 0xb1, b'x', 0xc1, number << 4 | 2][..]].concat();
    let given = |number: u8| [&[0x60, 0x45, 0, number, 0xd1, 10, number << 4 | 0xa, 0xff][..], &[b'.'; 64]].concat();
    let begun =
        [(0, true, get(0)), (10, false, given(0)), (20, true, get(1)), (30, false, given(1)), (40, true, get(2))];
    for (end, said) in [
        (None, "no answer to #2"),
        (Some(vec![0x70, 0, 0, 2]), "#2 is rejected"),
        (Some(vec![0x60, 0x84, 0, 2]), "4.04 to #2"),
    ] {
        let mut messages = begun.to_vec();
        messages.extend(end.map(|message| (50, false, message)));
        let text = ladder(&messages);
        let row = text
            .lines()
            .find(|row| row.contains("[+] GET /x Block2 #0-2 of 64 B, 128 B"))
            .unwrap_or_else(|| panic!("{text}"));
        assert!(row.contains(said) && !row.contains("more follow"), "{said}:\n{row}");
    }
}

/// A request to `/q` or its response in an ACK, with Block2 and Block1 by their numbers, whether more follow, and size exponents.
fn blocks(code: u8, id: u8, block2: Option<(u8, bool, u8)>, block1: Option<(u8, bool, u8)>, length: usize) -> Vec<u8> {
    let is_request = code < 32;
    let mut message = vec![if is_request { 0x41 } else { 0x61 }, code, 0, id, id];
    let mut last = 0;
    if is_request {
        message.extend([0xb1, b'q']);
        last = 11;
    }
    for (number, block) in [(23, block2), (27, block1)] {
        let Some((at, more, exponent)) = block else { continue };
        match number - last {
            delta @ ..13 => message.push(delta << 4 | 1),
            delta => message.extend([0xd1, delta - 13]),
        }
        message.push(at << 4 | u8::from(more) << 3 | exponent);
        last = number;
    }
    if length > 0 {
        message.push(0xff);
        message.extend(vec![b'.'; length]);
    }
    message
}

const GET: u8 = 1;
const POST: u8 = 2;
const PUT: u8 = 3;
const CONTENT: u8 = 0x45;
const CHANGED: u8 = 0x44;
const CONTINUE: u8 = 0x5f;

/// The ladder of requests and their responses, half a second between them.
fn exchanged(messages: &[Vec<u8>]) -> String {
    let timed = messages.iter().enumerate().map(|(at, message)| (500 * at as i64, at % 2 == 0, message.clone()));
    ladder(&timed.collect::<Vec<_>>())
}

#[test]
fn both_ways_of_a_transfer_are_told() {
    let text = exchanged(&[
        blocks(POST, 1, None, Some((0, true, 1)), 32),
        blocks(CONTINUE, 1, None, Some((0, true, 1)), 0),
        blocks(POST, 2, Some((0, false, 0)), Some((1, false, 1)), 2),
        blocks(CHANGED, 2, Some((0, true, 0)), Some((1, false, 1)), 16),
        blocks(POST, 3, Some((1, false, 0)), None, 0),
        blocks(CHANGED, 3, Some((1, false, 0)), None, 1),
    ]);
    let told = "[+] POST /q Block1 #0-1 of 32 B, 34 B up, Block2 #0-1 of 16 B, 17 B down in 6 messages";
    assert!(text.contains(told) && text.contains("complete in"), "{text}");
}

#[test]
fn a_block_that_comes_again_counts_once() {
    let given = |id: u8, at: u8, more: bool, length: usize| blocks(CONTENT, id, Some((at, more, 1)), None, length);
    let get = |id: u8, at: u8| blocks(GET, id, Some((at, false, 1)), None, 0);
    let text = exchanged(&[
        get(1, 0),
        given(1, 0, true, 32),
        get(2, 1),
        given(2, 1, true, 32),
        get(3, 1),
        given(3, 1, true, 32),
        get(4, 2),
        given(4, 2, false, 3),
    ]);
    assert!(text.contains("[+] GET /q Block2 #0-2 of 32 B, 67 B in 8 messages"), "{text}");
    // Smaller blocks from the second on.
    let text = exchanged(&[
        blocks(GET, 1, Some((0, false, 2)), None, 0),
        blocks(CONTENT, 1, Some((0, true, 2)), None, 64),
        get(2, 1),
        given(2, 1, true, 32),
        get(3, 2),
        given(3, 2, false, 3),
    ]);
    assert!(text.contains("[+] GET /q Block2 #0-2 of 32 B, 67 B in 6 messages"), "{text}");
}

#[test]
fn a_refused_block_is_told() {
    let put = |id: u8, at: u8, more: bool| blocks(PUT, id, None, Some((at, more, 1)), 32);
    let text = exchanged(&[
        put(1, 0, true),
        blocks(CONTINUE, 1, None, Some((0, true, 1)), 0),
        put(2, 1, true),
        vec![0x70, 0, 0, 2],
        put(3, 1, true),
        blocks(CONTINUE, 3, None, Some((1, true, 1)), 0),
        put(4, 2, false),
        blocks(CHANGED, 4, None, Some((2, false, 1)), 0),
    ]);
    assert!(text.contains("[+] PUT /q Block1 #0-2 of 32 B, 96 B in 8 messages"), "{text}");
    assert!(text.contains("complete in 3.50 s; 1 refusal"), "{text}");
}

#[test]
fn each_body_is_a_row() {
    let put = |id: u8, at: u8, more: bool| blocks(PUT, id, None, Some((at, more, 1)), 32);
    // An upload that leaves out the block that was refused is another.
    let text = exchanged(&[
        put(1, 0, true),
        blocks(CONTINUE, 1, None, Some((0, true, 1)), 0),
        put(2, 1, true),
        blocks(0xa0, 2, None, Some((1, false, 1)), 0),
        put(3, 2, false),
        blocks(CHANGED, 3, None, Some((2, false, 1)), 0),
    ]);
    assert!(text.contains("[+] PUT /q Block1 #0-1 of 32 B, 64 B in 4 messages"), "{text}");
    assert!(text.contains("5.00 to #1") && text.contains("ACK 3 2.04"), "{text}");
    // The end of one that is whole, and what its client asks for later.
    let text = exchanged(&[
        blocks(GET, 1, Some((0, false, 1)), None, 0),
        blocks(CONTENT, 1, Some((0, true, 1)), None, 32),
        blocks(GET, 2, Some((1, false, 1)), None, 0),
        blocks(CONTENT, 2, Some((1, false, 1)), None, 3),
        blocks(GET, 3, Some((1, false, 1)), None, 0),
        blocks(CONTENT, 3, Some((1, false, 1)), None, 4),
    ]);
    assert!(text.contains("[+] GET /q Block2 #0-1 of 32 B, 35 B in 4 messages"), "{text}");
    assert!(text.contains("ACK 3 2.05"), "{text}");
}

#[test]
fn a_copy_that_goes_on_with_the_timer_of_another_is_not_late() {
    // A notification takes the place of one that was not acknowledged (RFC 7641 section 4.5.2).
    let notification = |id: u8, number: u8| vec![0x41, 0x45, 1, id, 0x11, 0x61, number, 0xff, b'v'];
    let text = ladder(&[
        (0, true, vec![0x41, 1, 0, 1, 0x11, 0x60, 0x51, b'o']),
        (10, false, vec![0x61, 0x45, 0, 1, 0x11, 0x61, 1, 0xff, b'v']),
        (10_000, false, notification(1, 2)),
        (12_500, false, notification(2, 3)),
        (17_500, false, notification(2, 3)),
        (18_000, true, vec![0x60, 0, 1, 2]),
    ]);
    assert!(text.contains("R1 after 5.00 s") && !text.contains("late"), "{text}");
}
