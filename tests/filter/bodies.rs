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
