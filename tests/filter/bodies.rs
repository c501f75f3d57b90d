//! What is odd about a body that went in blocks is found by filters as it is told: with the block that completed it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Loaded;
use super::packets::{capture, datagram};

/// An upload in two blocks of 16 bytes, whose JSON breaks off, each block alone being sound; and an answer in one piece that is broken.
fn made(folder: &tempfile::TempDir) -> PathBuf {
    let first = b"\xff{\"on\": true, \"x\"";
    let upload = |id: u8, token: u8, block: u8, payload: &[u8]| {
        [&[0x41, 0x03, 0, id, token][..], b"\xb3led\x11\x32\xd1\x02", &[block], payload].concat()
    };
    let answer = |id: u8, token: u8, code: u8, block: u8| vec![0x61, code, 0, id, token, 0xd1, 0x0e, block];
    let path = folder.path().join("blocks.pcap");
    let packets = [
        datagram(40_001, true, &upload(1, 0xaa, 0x08, first)),
        datagram(40_001, false, &answer(1, 0xaa, 0x5f, 0x08)),
        datagram(40_001, true, &upload(2, 0xab, 0x10, b"\xff: ")),
        datagram(40_001, false, &answer(2, 0xab, 0x44, 0x10)),
        datagram(40_002, true, b"\x41\x01\x00\x05\xdd\xb1x"),
        datagram(40_002, false, b"\x61\x45\x00\x05\xdd\xc1\x32\xff{\"a\":1,}"),
    ];
    capture(&path, &packets);
    path
}

const FILTERS: &[(&str, &[u32])] = &[
    ("coapscope.finding == \"cf.parse-failed\"", &[3, 6]),
    ("coapscope.finding contains \"parse\"", &[3, 6]),
    ("coapscope.finding in {\"cf.parse-failed\", \"mid.spurious\"} && coap.code == PUT", &[3]),
    ("coap.code == PUT && coapscope.severity >= warn", &[3]),
    ("coap.code == PUT && coapscope.severity < warn", &[]),
    ("coap.code == PUT && !(coapscope.severity >= warn)", &[1]),
    ("whole_exchange(coapscope.finding == \"cf.parse-failed\")", &[3, 4, 5, 6]),
    ("whole_exchange(coap.opt.block_number && coapscope.severity == warn)", &[3, 4]),
    ("whole_body(coapscope.finding == \"cf.parse-failed\")", &[1, 2, 3, 4]),
];

#[test]
fn findings_of_bodies_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let all = Loaded::of(&made(&folder));
    for (filter, expected) in FILTERS {
        assert_eq!(all.frames(filter), *expected, "{filter}");
    }
}

/// Frames that `print` lets through, from a file or from standard input.
fn printed(path: &PathBuf, filter: &str, streams: bool, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    command.args(["print", "-Y", filter, "-T", "fields"]).args(fields.iter().flat_map(|field| ["-e", field]));
    command.arg(if streams { "-".as_ref() } else { path.as_os_str() });
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let bytes = if streams { std::fs::read(path).unwrap() } else { Vec::new() };
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{filter}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn print_finds_them_in_files_and_streams() {
    let folder = tempfile::tempdir().unwrap();
    let path = made(&folder);
    for (filter, expected) in FILTERS {
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(printed(&path, filter, false, &["frame.number"]), expected, "{filter}");
        let mut streamed = printed(&path, filter, true, &["frame.number"]);
        // What is let through later follows later.
        streamed.sort();
        assert_eq!(streamed, expected, "{filter} from standard input");
    }
    let row = printed(&path, "frame.number == 3", false, &["coapscope.severity", "coapscope.finding"]);
    assert!(row[0].starts_with("warn\t") && row[0].contains("cf.parse-failed"), "{row:?}");
}

/// A sound upload in three blocks, of which the second comes last, and an answer in two blocks; no member stands in one block.
fn sound(folder: &tempfile::TempDir) -> PathBuf {
    let body = br#"{"name": "boiler", "temp": 71.5, "set": true}"#;
    let upload = |id: u8, block: u8, payload: &[u8]| {
        [&[0x41, 0x03, 0, id, id][..], b"\xb3led\x11\x32\xd1\x02", &[block, 0xff], payload].concat()
    };
    let answer = |id: u8, code: u8, block: u8| vec![0x61, code, 0, id, id, 0xd1, 0x0e, block];
    let get = |id: u8, block: u8| [&[0x41, 0x01, 0, id, id][..], b"\xb1x\xc1", &[block]].concat();
    let part = |id: u8, block: u8, payload: &[u8]| {
        [&[0x61, 0x45, 0, id, id][..], b"\xc1\x32\xb1", &[block, 0xff], payload].concat()
    };
    let path = folder.path().join("sound.pcap");
    let packets = [
        datagram(40_001, true, &upload(1, 0x08, &body[..16])),
        datagram(40_001, false, &answer(1, 0x5f, 0x08)),
        datagram(40_001, true, &upload(3, 0x20, &body[32..])),
        datagram(40_001, false, &answer(3, 0x44, 0x20)),
        datagram(40_001, true, &upload(2, 0x18, &body[16..32])),
        datagram(40_001, false, &answer(2, 0x5f, 0x18)),
        datagram(40_002, true, &get(4, 0x00)),
        datagram(40_002, false, &part(4, 0x08, &body[..16])),
        datagram(40_002, true, &get(5, 0x10)),
        datagram(40_002, false, &part(5, 0x10, b"\", \"x\": 7}")),
    ];
    capture(&path, &packets);
    path
}

const MEMBERS: &[(&str, &[u32])] = &[
    ("coapscope.payload.value.temp > 70", &[5]),
    ("coapscope.payload.value.name == \"boiler\"", &[5, 10]),
    ("coapscope.payload.value.x == 7", &[10]),
    ("coapscope.payload.value contains \"boil\"", &[5, 10]),
    ("coapscope.payload.form == JSON", &[1, 5, 8, 10]),
    ("coapscope.body.data contains \"boiler\\\", \\\"temp\"", &[5]),
    ("coapscope.body.data && frame.len > 0", &[5, 10]),
    ("whole_body(coapscope.payload.value.temp > 70) && coap.code == PUT", &[1, 3, 5]),
    ("coapscope.payload.value.temp > 70 || coapscope.severity == error", &[5]),
    ("coap.code == PUT && !coapscope.payload.value.temp", &[1, 3]),
];

#[test]
fn members_of_bodies_are_found_with_the_block_that_completed_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = sound(&folder);
    let all = Loaded::of(&path);
    for (filter, expected) in MEMBERS {
        assert_eq!(all.frames(filter), *expected, "{filter}");
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        for streams in [false, true] {
            let mut found = printed(&path, filter, streams, &["frame.number"]);
            found.sort_by_key(|frame| frame.parse::<u32>().unwrap());
            assert_eq!(found, expected, "{filter} {streams}");
        }
    }
    let row =
        printed(&path, "frame.number in {5, 8}", false, &["coapscope.payload.value.temp", "coapscope.payload.form"]);
    assert_eq!(row, ["71.5\tJSON", "\tJSON"]);
    for arguments in [["stats", "--json"], ["check", "-Tjson"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
        let output =
            command.args(arguments).args(["-Y", "coapscope.payload.value.temp > 70"]).arg(&path).output().unwrap();
        let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let messages =
            if arguments[0] == "stats" { &object["coap_messages"] } else { &object["judged"]["passed_by_filter"] };
        assert_eq!(*messages, 1, "{object}");
    }
}

/// What a file says of every block, a stream says in the end.
#[test]
fn blocks_that_were_printed_are_told_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = sound(&folder);
    let bodies = |input: Stdio, name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
        let output = command.args(["print", "-T", "json", name]).stdin(input).output().unwrap();
        let mut bodies = std::collections::BTreeMap::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            if !object["body"].is_null() {
                let body: Vec<_> = ["id", "offset", "received", "length", "blocks", "complete"]
                    .map(|key| object["body"][key].clone())
                    .into();
                bodies.insert(object["frame"]["number"].as_u64().unwrap(), body);
            }
        }
        bodies
    };
    let read = bodies(Stdio::null(), path.to_str().unwrap());
    let streamed = bodies(std::fs::File::open(&path).unwrap().into(), "-");
    assert!(read.len() >= 5 && read.values().all(|body| body[5] == true), "{read:?}");
    assert_eq!(streamed, read);
}
