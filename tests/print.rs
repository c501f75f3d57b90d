//! `coapscope print` as its user meets it: expected texts for captures, objects as the contract has them, hostile bytes,
//! closed pipes, and what it says when it cannot.
//!
//! Expected texts are in `tests/print/`; `COAPSCOPE_UPDATE=1 cargo test --test print` writes them anew, to be read before they
//! are committed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "print/bodies.rs"]
mod bodies;
#[path = "print/clock.rs"]
mod clock;
#[path = "print/cut.rs"]
mod cut;
#[path = "print/early.rs"]
mod early;
#[path = "field/reports.rs"]
mod field;
#[path = "print/lab.rs"]
mod lab;
#[path = "check/packets.rs"]
mod packets;
#[path = "print/pieces.rs"]
mod pieces;
#[path = "print/streams.rs"]
mod streams;
#[path = "print/truth.rs"]
mod truth;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn coapscope(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    command
        .args(arguments.split_whitespace())
        .current_dir(root())
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8")]);
    command
}

fn run(arguments: &str) -> Output {
    coapscope(arguments).output().unwrap()
}

/// Standard output of a run that must succeed and be quiet on standard error.
fn printed(arguments: &str) -> String {
    let output = run(arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{arguments}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same, with a filter, which has blanks in it.
fn filtered(arguments: &str, filter: &str) -> String {
    let output = coapscope(arguments).args(["-Y", filter]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{arguments} -Y {filter}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Expected text, arguments. Each capture shows something of its own.
const EXPECTED: &[(&str, &str)] = &[
    ("alarm-lines", "print captures/lab/03-observe-alarm-two.pcap"),
    ("retransmit-lines", "print captures/lab/04-retransmit-libcoap.client.pcap"),
    ("separate-lines", "print -t u captures/lab/04-separate.client.pcap"),
    ("icmp-lines", "print captures/lab/04-server-down-icmp.pcap"),
    ("malformed-lines", "print -t d -c 60 captures/lab/11-malformed-libcoap.pcap"),
    ("separate-tree", "print -V -c 12 captures/lab/04-separate.client.pcap"),
    ("vlan-tree", "print -V -c 2 captures/lab/08-vlan.pcap"),
    ("fragments-tree", "print -V -c 2 captures/lab/08-ip-fragments.pcap"),
    ("options-bytes", "print -x -c 6 captures/lab/10-echo-request-tag.pcap"),
    ("malformed-bytes", "print -V -x -c 16 captures/lab/11-malformed-libcoap.pcap"),
    ("retransmit-json", "print -T json captures/lab/04-retransmit-libcoap.client.pcap"),
    ("icmp-json", "print -T json captures/lab/04-server-down-icmp.pcap"),
    ("payload-bytes", "explain -r captures/lab/07-formats.pcap --frame 18"),
    ("payload-json", "explain --format json -r captures/lab/07-formats.pcap --frame 18"),
    ("basics-csv", "print -T csv captures/lab/01-libcoap-basics-ipv4.pcap"),
    (
        "blocks-fields",
        "print captures/lab/05-block-aiocoap.pcap -T fields -E header=y -E separator=; -e frame.number \
      -e coapscope.block1.number -e coapscope.block2.number -e coapscope.block2.more -e coap.opt.block_size -e coapscope.resource \
      -e coap.response_to -e coap.response_in",
    ),
];

#[test]
fn output_is_as_expected() {
    let update = std::env::var_os("COAPSCOPE_UPDATE").is_some();
    let mut wrong = Vec::new();
    for (name, arguments) in EXPECTED {
        let path = root().join("tests/print").join(format!("{name}.txt"));
        let actual = printed(arguments);
        if update {
            fs::write(&path, &actual).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != actual {
            let expected = fs::read_to_string(&path).unwrap_or_default();
            let first = expected.lines().zip(actual.lines()).find(|(expected, actual)| expected != actual);
            wrong.push(format!("{name} ({arguments}): first difference {first:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_forms_fit_80_columns() {
    for capture in
        ["05-block2-libcoap", "07-errors-options", "07-formats", "10-echo-request-tag", "11-malformed-libcoap"]
    {
        let text = printed(&format!("print -x captures/lab/{capture}.pcap"));
        // The line of the message itself is long where the output is kept; its bytes are not.
        for line in text.lines().filter(|line| line.starts_with("  ") && !line.contains(" > ")) {
            assert!(line.chars().count() <= 80, "{capture}: {line}");
        }
    }
}

/// The keys that the contract names, and what they hold.
fn check_message(object: &Value) {
    let is = |pointer: &str, test: fn(&Value) -> bool| {
        let value = object.pointer(pointer).unwrap_or(&Value::Null);
        assert!(test(value), "{pointer}: {value} in {object}");
    };
    is("/kind", |value| value == "message");
    is("/frame/number", Value::is_u64);
    is("/frame/time", |value| value.as_str().is_some_and(|time| time.ends_with('Z') && time.len() >= 27));
    is("/frame/length", Value::is_u64);
    is("/source", Value::is_string);
    is("/destination", Value::is_string);
    is("/coap/options", Value::is_array);
    is("/findings", Value::is_array);
    for option in object["coap"]["options"].as_array().unwrap() {
        let (offset, length, value_offset) = (&option["offset"], &option["length"], &option["value_offset"]);
        let raw = option["raw"].as_str().unwrap();
        assert_eq!(length.as_u64().unwrap(), raw.len() as u64 / 2, "{option}");
        assert!(offset.as_u64().unwrap() < value_offset.as_u64().unwrap(), "{option}");
        assert!(option["number"].is_u64() && (option["name"].is_string() || option["name"].is_null()), "{option}");
    }
    for finding in object["findings"].as_array().unwrap() {
        let known = ["id", "severity", "text", "reference"].iter().all(|key| finding[*key].is_string());
        assert!(known && finding["offset"].is_u64() && finding["length"].is_u64(), "{finding}");
        assert!(!finding["text"].as_str().unwrap().contains('{'), "{finding}");
    }
    for key in ["exchange", "retransmission_of", "duplicate_of", "copy_of", "transmission", "answers", "answered_by"] {
        assert!(object[key].is_null() || object[key].is_u64(), "{key} in {object}");
    }
    assert!(object["elapsed_since_first"].is_null() || object["elapsed_since_first"].is_f64(), "{object}");
}

#[test]
fn objects_are_as_the_contract_has_them() {
    for capture in
        ["01-libcoap-basics-ipv4", "04-retransmit-libcoap.client", "07-errors-options", "11-malformed-libcoap"]
    {
        for object in objects(&printed(&format!("print -T json captures/lab/{capture}.pcap"))) {
            check_message(&object);
        }
    }
    let all = objects(&printed("print -T json captures/lab/04-retransmit-libcoap.client.pcap"));
    let copy = all.iter().find(|object| object["frame"]["number"] == 13).unwrap();
    let expected = [("retransmission_of", 5), ("transmission", 2), ("answered_by", 28)];
    for (key, value) in expected {
        assert_eq!(copy[key], value, "{key}");
    }
    assert_eq!(copy["elapsed_since_first"], 2.56295);
}

#[test]
fn from_a_stream_what_is_known_later_follows() {
    let capture = fs::File::open(root().join("captures/lab/04-retransmit-libcoap.client.pcap")).unwrap();
    let output = coapscope("print -T json -").stdin(capture).output().unwrap();
    let all = objects(&String::from_utf8(output.stdout).unwrap());
    let (messages, updates): (Vec<_>, Vec<_>) = all.iter().partition(|object| object["kind"] == "message");
    assert!(messages.iter().all(|object| object["answered_by"].is_null()));
    let answer =
        updates.iter().find(|update| update["frame"]["number"] == 5 && !update["answered_by"].is_null()).unwrap();
    assert_eq!((&answer["kind"], &answer["answered_by"]), (&Value::from("update"), &Value::from(28)));
    let place = |wanted: &Value| all.iter().position(|object| object == wanted).unwrap();
    let response = messages.iter().find(|object| object["frame"]["number"] == 28).unwrap();
    assert!(place(response) < place(answer), "an update names frames that were printed");
}

/// What is known of each message's relations in the end, updates taken in.
fn settled(objects: &[Value]) -> std::collections::BTreeMap<u64, [Value; 2]> {
    let mut known = std::collections::BTreeMap::new();
    for object in objects.iter().filter(|object| object["kind"] != "evidence") {
        let row: &mut [Value; 2] = known.entry(object["frame"]["number"].as_u64().unwrap()).or_default();
        for (place, key) in row.iter_mut().zip(["answered_by", "observation"]) {
            if !object[key].is_null() {
                *place = object[key].clone();
            }
        }
    }
    known
}

#[test]
fn a_stream_tells_in_the_end_what_a_file_does() {
    for name in ["03-observe-alarm-two", "04-retransmit-libcoap.client", "04-separate.client", "01-libcoap-basics-ipv4"]
    {
        let path = format!("captures/lab/{name}.pcap");
        let capture = fs::File::open(root().join(&path)).unwrap();
        let streamed = coapscope("print -T json -").stdin(capture).output().unwrap();
        let streamed = settled(&objects(&String::from_utf8(streamed.stdout).unwrap()));
        let read = settled(&objects(&printed(&format!("print -T json {path}"))));
        assert!(read.values().any(|row| !row[0].is_null()), "{name}: nothing is answered");
        for (frame, row) in read {
            assert_eq!(streamed[&frame], row, "{name}: frame {frame}");
        }
    }
}

#[test]
fn a_stream_tells_in_the_end_how_far_a_body_got() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upload.pcap");
    let block =
        |number: u8| [&[0x50, 3, 0, number, 0xb1, b'a', 0xd1, 3, number << 4 | 8, 0xff], &[b'x'; 16][..]].concat();
    let blocks = [0, 1, 2].map(block);
    fs::write(&path, capture_of(&[&blocks[0], &blocks[1], &blocks[2]])).unwrap();
    let output = coapscope("print -T json -").stdin(fs::File::open(&path).unwrap()).output().unwrap();
    let mut streamed = std::collections::BTreeMap::new();
    for object in objects(&String::from_utf8(output.stdout).unwrap()).iter().filter(|object| !object["body"].is_null())
    {
        streamed.insert(object["frame"]["number"].as_u64(), object["body"].clone());
    }
    let read = objects(&printed(&format!("print -T json {}", path.display())));
    assert_eq!(read.len(), 3);
    for object in read {
        assert_eq!((&object["body"]["received"], &object["body"]["complete"]), (&48.into(), &false.into()), "{object}");
        assert_eq!(streamed.get(&object["frame"]["number"].as_u64()), Some(&object["body"]));
    }
}

#[test]
fn a_file_that_is_written_anew_or_replaced_while_it_is_followed_is_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("x.pcap"), folder.path().join("x.pcap.1"));
    let messages = |method: u8| -> Vec<u8> { capture_of(&[&[0x40, method, 0, method][..]; 3]) };
    let (first, second) = (messages(1), messages(2));
    for (rename, anew) in
        [(false, &second[..]), (false, &[second.clone(), second[24..].to_vec()].concat()), (true, &second[..])]
    {
        fs::write(&path, &first).unwrap();
        let mut followed = coapscope("print --follow -T fields -e frame.number -e coap.code -r");
        let mut child = followed.arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.by_ref().take(3).collect::<Vec<_>>(), ["1\t1", "2\t1", "3\t1"]);
        if rename {
            fs::rename(&path, &aside).unwrap();
        }
        fs::write(&path, anew).unwrap();
        assert_eq!(lines.by_ref().take(3).collect::<Vec<_>>(), ["4\t2", "5\t2", "6\t2"]);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let word = String::from_utf8(output.stderr).unwrap();
        assert!(
            word.contains("x.pcap: was written anew or replaced, behind frame 3; the new file is read on"),
            "{word}"
        );
        assert_eq!(word.lines().count(), 1, "{word}");
    }
}

#[test]
fn what_a_followed_file_lost_is_said_and_the_rest_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    let get = b"\x41\x01\x00\x07\x99";
    let others: [&[u8]; 2] = [b"\x41\x01\x00\x08\x9a", b"\x41\x01\x00\x09\x9b"];
    fs::write(&path, capture_of(&[get, others[0]])).unwrap();
    // The whole exchange is asked for, whose first message was in the old file.
    let mut followed = coapscope("print --follow -T fields -e frame.number -e coap.token");
    followed.args(["-Y", "whole_exchange(coap.retransmitted) || coap.token == 9a", "-r"]);
    let mut child = followed.arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "2\t9a");
    fs::write(&path, capture_of(&[others[1], b"\x51\x01\x00\x0a\x9c", get])).unwrap();
    assert_eq!(lines.next().unwrap(), "5\t99");
    assert!(errors.next().unwrap().contains("behind frame 2; the new file is read on"));
    assert!(errors.next().unwrap().contains("the frame at byte 24 is lost: the file was written anew"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_capture_is_saved_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let of_file = "print -Y coap.type==0 captures/lab/02-alarm-plain.pcap -w";
    printed(&format!("{of_file} {}", path.display()));
    // In a locale without UTF-8, too, no byte is changed.
    let output = coapscope(&format!("{of_file} -")).env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(output.stdout == fs::read(path).unwrap() && output.stdout.starts_with(b"\x0a\x0d\x0d\x0a"));
}

#[test]
fn what_oscore_hides_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    fs::write(&path, capture_of(&[b"\x40\x02\x00\x01\x93\x09\x00\x01\xffsecret"])).unwrap();
    let path = path.display();
    assert!(printed(&format!("print {path}")).contains(" POST         (protected) 6 B"));
    assert!(objects(&printed(&format!("print -T json {path}")))[0]["resource"].is_null());
    assert!(!printed(&format!("print -V {path}")).contains("[URI: /]"));
}

#[test]
fn findings_that_were_saved_as_comments_stand_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    printed(&format!("print -w {} captures/lab/04-retransmit-libcoap.client.pcap", path("1")));
    printed(&format!("print -w {} {}", path("2"), path("1")));
    let comments = |name: &str| -> Vec<Value> {
        let all = objects(&printed(&format!("print -T json {}", path(name))));
        all.iter().map(|object| object["frame"]["comments"].clone()).collect()
    };
    assert!(comments("1").iter().any(|comments| !comments.is_null()));
    assert_eq!(comments("1"), comments("2"));
    // What it was a copy of is not saved: the finding is told as what it is.
    printed(&format!("print -Y coapscope.transmission==2 -w {} {}", path("3"), path("1")));
    printed(&format!("print -w {} {}", path("4"), path("3")));
    printed(&format!("print -w {} {}", path("5"), path("4")));
    assert_eq!(comments("4"), comments("5"));
    let first = comments("4")[0][0].to_string();
    assert!(first.contains("saved from: coapscope note, mid.retransmission: "), "{first}");
}

#[test]
fn a_stream_and_a_file_print_the_same_lines() {
    for capture in ["03-observe-alarm-two.pcap", "08-ip-fragments.pcap", "08-ether-nano.pcap.gz"] {
        let file = fs::File::open(root().join("captures/lab").join(capture)).unwrap();
        for form in ["", "-x ", "-T fields -e frame.number -e coap.token "] {
            let streamed = coapscope(&format!("print {form}-")).stdin(file.try_clone().unwrap()).output().unwrap();
            std::io::Seek::seek(&mut &file, std::io::SeekFrom::Start(0)).unwrap();
            let read = printed(&format!("print {form}captures/lab/{capture}"));
            assert_eq!(String::from_utf8(streamed.stdout).unwrap(), read, "{form}{capture}");
        }
    }
}

/// The trees of a file say what its JSON says of what came later; those of a stream, written at once, do not.
#[test]
fn trees_of_a_file_say_what_came_later() {
    let mut answered = 0;
    for capture in ["captures/lab-session.pcap", "captures/lab/04-retransmit-libcoap.client.pcap"] {
        let trees = printed(&format!("print -V {capture}"));
        let trees: Vec<&str> = trees.split("\n\n").filter(|tree| !tree.trim().is_empty()).collect();
        let messages = objects(&printed(&format!("print -T json {capture}")));
        assert_eq!(trees.len(), messages.len(), "{capture}");
        for (tree, object) in trees.iter().zip(&messages) {
            let by = object["answered_by"].as_u64();
            let line = by.map_or_else(|| "[Answered in:".into(), |by| format!("[Answered in: frame {by}"));
            assert_eq!(tree.contains(&line), by.is_some(), "{object}\n{tree}");
            answered += usize::from(by.is_some());
        }
        let streamed = coapscope("print -V -").stdin(fs::File::open(root().join(capture)).unwrap()).output().unwrap();
        assert!(streamed.status.success() && !String::from_utf8(streamed.stdout).unwrap().contains("[Answered in:"));
    }
    assert!(answered >= 40, "{answered}");
}

#[test]
fn counts_stop_after_messages() {
    assert_eq!(printed("print -c 3 captures/lab/08-any-sll2.pcap").lines().count(), 3);
    assert_eq!(printed("print -c 2 -T json captures/lab/08-any-sll2.pcap").lines().count(), 2);
}

/// A pcap of raw IPv4 with one datagram to port 5683 for each payload.
fn capture_of(messages: &[&[u8]]) -> Vec<u8> {
    let whole: Vec<_> = messages.iter().map(|message| ([40_000, 5683], *message, message.len())).collect();
    cut::capture_of(&whole)
}

#[test]
fn hostile_bytes_are_visible_and_harmless() {
    let mut path = b"\x40\x01\x00\x01\xbd\x0b".to_vec();
    path.extend("\u{1b}[31mred\u{202e}\u{9b}31m\u{200b}x\r\n".as_bytes());
    path[5] = (path.len() - 6 - 13) as u8;
    let invalid = b"\x40\x01\x00\x02\xb4\xff\xfe\x1b\x07\xff\x1b]0;title\x07\xff\xfe\x9b".to_vec();
    let tabbed = b"\x40\x02\x00\x03\xb3a\tb\xc0\xffx\ty\nz".to_vec();
    let capture = capture_of(&[&path, &invalid, &tabbed]);
    let fields = "-e coap.opt.uri_path -e coapscope.payload.text -e coapscope.resource -e coapscope.finding";
    let forms = ["", "-V", "-x", "-V -x", "-T json", "-T csv", &format!("-T fields {fields}"), "--color always"];
    let tables = ["", "-T csv", "-T json"].map(|form| format!("--table exchanges {form}"));
    for form in forms.into_iter().chain(tables.iter().map(String::as_str)) {
        let mut child =
            coapscope(&format!("print {form} -")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&capture).unwrap();
        let output = child.wait_with_output().unwrap();
        let mut text = String::from_utf8(output.stdout).expect(form);
        if form.contains("always") {
            for ink in ["0", "1", "2", "1;31", "33", "36", "32"] {
                text = text.replace(&format!("\x1b[{ink}m"), "");
            }
        }
        let allowed = |c: char| c == '\n' || (c == '\t' && form.contains("fields"));
        let hidden = text.chars().find(|c| !allowed(*c) && (c.is_control() || "\u{202e}\u{200b}".contains(*c)));
        assert_eq!(hidden, None, "{form}: {text}");
        if form == "-T json" {
            let all = objects(&text);
            assert_eq!(all[1]["coap"]["payload"]["raw"], "1b5d303b7469746c6507fffe9b");
            assert_eq!(all[1]["coap"]["options"][0]["raw"], "fffe1b07");
            assert_eq!(all[2]["coap"]["payload"]["text"], "x\ty\nz");
        }
        if form.contains("fields") {
            assert!(text.lines().all(|line| line.matches('\t').count() == 3), "{text}");
        }
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    // More output than a pipe holds, so that the program is still writing when the reader leaves.
    let message = [b"\x50\x02\x00\x01\xff".as_slice(), &[b'x'; 1000]].concat();
    let messages: Vec<&[u8]> = std::iter::repeat_n(message.as_slice(), 2000).collect();
    let folder = std::env::temp_dir().join(format!("coapscope-print-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("many.pcap");
    fs::write(&file, capture_of(&messages)).unwrap();
    for form in ["-x", "-T json", "-T fields -e coapscope.payload"] {
        let mut child = coapscope(&format!("print {form} {}", file.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{form}: {output:?}");
    }
    fs::remove_dir_all(folder).unwrap();
}

/// Arguments that cannot be done, and what the one line on standard error must say.
const REFUSED: &[(&str, &str)] = &[
    ("print", "no capture is named"),
    ("print no-such-file.pcap", "no-such-file.pcap"),
    ("print -T fields captures/lab/08-vlan.pcap", "-e coap.code"),
    ("print -T fields -e coap.uri_path captures/lab/08-vlan.pcap", "did you mean coap.opt.uri_path"),
    ("print -T fields -e coap.code -E header=maybe captures/lab/08-vlan.pcap", "header=y|n"),
    ("print -e coap.code captures/lab/08-vlan.pcap", "-T fields"),
    ("print -V -T json captures/lab/08-vlan.pcap", "-V and -x"),
    ("print -t x captures/lab/08-vlan.pcap", "-t/--time x: the values are r, d, a, ad, u, e"),
    ("print --follow -r captures/lab/08-vlan.pcap -r captures/lab/08-any-sll2.pcap", "only one can be followed"),
    ("print --follow", "waits at the end of a file"),
    ("print --follow captures/lab/08-ether-nano.pcap.gz", "pipe it: tail -c +1 -f captures/lab/08-ether-nano.pcap.gz"),
];

#[test]
fn refusals_say_what_to_do() {
    for (arguments, expected) in REFUSED {
        let output = run(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {text}");
        assert!(
            output.stdout.is_empty() && text.lines().count() == 1 && text.contains(expected),
            "{arguments}: {text}"
        );
    }
}
