//! Lines and fields of a file say what its JSON says, also of an answer that was captured before what it answers, and of what came later.

use std::path::Path;

use super::{coapscope, filtered, objects, packets, printed, root};

const REQUEST: &[u8] = b"\x41\x01\x00\x07\xaa\xb4time";
const RESPONSE: &[u8] = b"\x61\x45\x00\x07\xaa\xff12:00";
/// Bytes of a capture that is printed while it is read: more than 8 MiB.
const LARGE: usize = 9 << 20;

/// A response, its request one millisecond later, and so many bytes of something else.
fn capture(path: &Path, padding: usize) {
    let mut packets =
        vec![(0, packets::datagram(40_000, false, RESPONSE)), (1000, packets::datagram(40_000, true, REQUEST))];
    let other = packets::datagram(40_000, true, &[0; 60_000]);
    for number in 0..padding.div_ceil(other.len()) {
        let mut other = other.clone();
        // To a port that nobody has for CoAP.
        other[22..24].copy_from_slice(&9u16.to_be_bytes());
        packets.push((2_000_000 + number as u32, other));
    }
    packets::capture_at_micros(path, &packets);
}

#[test]
fn an_early_answer_is_related_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    for padding in [0, LARGE] {
        let path = folder.path().join("early.pcap");
        capture(&path, padding);
        let path = path.display();
        let all = objects(&printed(&format!("print -T json {path}")));
        assert_eq!((&all[0]["answers"], &all[1]["answered_by"]), (&2.into(), &1.into()), "{padding}");
        let lines = printed(&format!("print {path}"));
        let frames: Vec<&str> = lines.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert!(frames == ["1", "2"] && lines.lines().next().unwrap().contains("re #2"), "{padding}: {lines}");
        for (field, expected) in [
            ("coapscope.answers", "2"),
            ("coap.response_to", "2"),
            ("coapscope.role", "piggybacked-response"),
            ("coapscope.resource", "/time"),
            ("coapscope.exchange", "1"),
        ] {
            let row = printed(&format!("print -T fields -e {field} {path}"));
            assert_eq!(row.lines().next(), Some(expected), "{field} {padding}");
            let chosen =
                filtered(&format!("print -T fields -e frame.number {path}"), &format!("{field} && frame.number == 1"));
            assert_eq!(chosen, "1\n", "{field} {padding}");
        }
        let first = printed(&format!("print -c 1 {path}"));
        assert_eq!(first.lines().count(), 1, "{first}");
    }
}

#[test]
fn lines_of_a_file_have_the_marks_that_its_findings_give_them() {
    for capture in ["captures/lab-session.pcap", "captures/lab/04-server-down-icmp.pcap"] {
        let lines = printed(&format!("print {capture}"));
        let all = objects(&printed(&format!("print -T json {capture}")));
        assert_eq!(lines.lines().count(), all.len());
        for (line, object) in lines.lines().zip(&all) {
            let findings = object["findings"].as_array().unwrap();
            let is_warned = findings.iter().any(|finding| finding["severity"] == "warn");
            let is_broken = findings.iter().any(|finding| finding["severity"] == "error");
            let mark = line.split_whitespace().nth(1).unwrap();
            if is_broken || is_warned {
                assert_eq!(mark, if is_broken { "E" } else { "W" }, "{capture}: {line}");
            }
        }
        let all = filtered(&format!("print {capture}"), "coapscope.answered_by || !coapscope.answered_by");
        assert_eq!(lines, all, "{capture}");
    }
}

#[test]
fn the_built_in_capture_reads_as_its_file() {
    let built_in = coapscope("").current_dir(root()).output().unwrap();
    assert_eq!(String::from_utf8(built_in.stdout).unwrap(), printed("print captures/lab-session.pcap"));
}
