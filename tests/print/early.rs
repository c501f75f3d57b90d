//! Lines and fields of a file say what its JSON says, also of an answer that was captured before what it answers.

use std::path::Path;

use super::{coapscope, filtered, objects, packets, printed, root};

const REQUEST: &[u8] = b"\x41\x01\x00\x07\xaa\xb4time";
const RESPONSE: &[u8] = b"\x61\x45\x00\x07\xaa\xff12:00";

/// A response, and its request one millisecond later.
fn capture(path: &Path) {
    let packets =
        vec![(0, packets::datagram(40_000, false, RESPONSE)), (1000, packets::datagram(40_000, true, REQUEST))];
    packets::capture_at_micros(path, &packets);
}

#[test]
fn an_early_answer_is_related_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("early.pcap");
    capture(&path);
    let path = path.display();
    let all = objects(&printed(&format!("print -T json {path}")));
    assert_eq!((&all[0]["answers"], &all[1]["answered_by"]), (&2.into(), &1.into()));
    let lines = printed(&format!("print {path}"));
    let frames: Vec<&str> = lines.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(frames == ["1", "2"] && lines.lines().next().unwrap().contains("re #2"), "{lines}");
    for (field, expected) in [
        ("coapscope.answers", "2"),
        ("coap.response_to", "2"),
        ("coapscope.role", "piggybacked-response"),
        ("coapscope.resource", "/time"),
        ("coapscope.exchange", "1"),
    ] {
        let row = printed(&format!("print -T fields -e {field} {path}"));
        assert_eq!(row.lines().next(), Some(expected), "{field}");
        let chosen =
            filtered(&format!("print -T fields -e frame.number {path}"), &format!("{field} && frame.number == 1"));
        assert_eq!(chosen, "1\n", "{field}");
    }
    let first = printed(&format!("print -c 1 {path}"));
    assert_eq!(first.lines().count(), 1, "{first}");
}

/// What waits for a moment bears no mark of what comes long after it: an ACK without its message, a request, and minutes later what says that the
/// request had no ACK in time.
#[test]
fn lines_that_wait_tell_nothing_of_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later.pcap");
    let packets = vec![
        (0, packets::datagram(40_000, false, b"\x61\x44\x00\x03\x01\xffON")),
        (4_284, packets::datagram(40_000, true, b"\x41\x01\x00\x01\x01\x60\x51a")),
        (272_970_210, packets::datagram(40_000, false, b"\x61\x45\x00\x01\x01\x61\x04")),
    ];
    packets::capture_at_micros(&path, &packets);
    let file = std::fs::File::open(&path).unwrap();
    let streamed = coapscope("print -").stdin(file).output().unwrap();
    let lines = printed(&format!("print {}", path.display()));
    assert_eq!(lines, String::from_utf8(streamed.stdout).unwrap());
    let marks: Vec<&str> = lines.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(marks[1..], ["o", "W"], "{lines}");
    assert_eq!(printed(&format!("print -c 2 {}", path.display())).lines().last(), lines.lines().nth(1));
    let all = printed(&format!("print -T json {}", path.display()));
    assert!(
        objects(&all)[1]["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == "mid.no-ack"),
        "{all}"
    );
}

#[test]
fn the_built_in_capture_reads_as_its_file() {
    let built_in = coapscope("").current_dir(root()).output().unwrap();
    assert_eq!(String::from_utf8(built_in.stdout).unwrap(), printed("print captures/lab-session.pcap"));
}

/// The first copy of a message names the later ones, which name it; blocks name the frame that completed their body.
#[test]
fn trees_and_fields_of_a_file_look_forward() {
    let relations =
        [("retransmission_of", "Retransmitted in"), ("duplicate_of", "Repeated in"), ("copy_of", "Captured again in")];
    let mut seen = [0; 4];
    for capture in [
        "lab-session.pcap",
        "lab/04-retransmit-libcoap.client.pcap",
        "lab/05-block-loss.client.pcap",
        "lab/08-any-sll2.pcap",
    ] {
        let path = format!("captures/{capture}");
        let trees = printed(&format!("print -V {path}"));
        let trees: Vec<&str> = trees.split("\n\n").filter(|tree| !tree.trim().is_empty()).collect();
        let all = objects(&printed(&format!("print -T json {path}")));
        for (tree, object) in trees.iter().zip(&all) {
            let number = &object["frame"]["number"];
            for (place, (key, label)) in relations.iter().enumerate() {
                let later = all.iter().filter(|other| other[key] == *number).map(|other| &other["frame"]["number"]);
                let later: Vec<String> = later.map(ToString::to_string).collect();
                let plural = if later.len() == 1 { "" } else { "s" };
                // Copies of several kinds stand in one line.
                if !later.is_empty()
                    && relations.iter().all(|(other, _)| other == key || all.iter().all(|one| one[other] != *number))
                {
                    let line = format!("[{label}: frame{plural} {}]", later.join(", "));
                    assert!(tree.contains(&line) || later.len() > 12, "{capture} {number}: {line}\n{tree}");
                    let row = filtered(
                        &format!("print -T fields -e coapscope.repeated_in {path}"),
                        &format!("frame.number == {number}"),
                    );
                    assert_eq!(row.trim_end(), later.join(","), "{capture} {number}");
                    seen[place] += 1;
                }
            }
            let body = &object["body"];
            if body["complete"] == true {
                seen[3] += usize::from(tree.contains("[Put together in: frame "));
                assert!(
                    tree.contains("[Put together in: frame ") == body["frames"].is_null(),
                    "{capture} {number}: {tree}"
                );
            } else {
                assert!(!tree.contains("[Put together in:"), "{tree}");
            }
        }
    }
    assert!([0, 1, 3].iter().all(|place| seen[*place] > 0), "{seen:?}");
}

/// The state of an exchange is told with its number, so that it is known of all its messages.
#[test]
fn a_stream_tells_the_state_of_every_exchange() {
    for capture in ["captures/lab-session.pcap", "captures/lab/04-server-down-icmp.pcap"] {
        let file = std::fs::File::open(root().join(capture)).unwrap();
        let streamed = coapscope("print -T json -").stdin(file).output().unwrap();
        let mut states = std::collections::BTreeMap::new();
        for object in objects(&String::from_utf8(streamed.stdout).unwrap()) {
            if !object["exchange_state"].is_null() {
                states.insert(object["exchange"].as_u64().unwrap(), object["exchange_state"].clone());
            }
        }
        for object in objects(&printed(&format!("print -T json {capture}"))) {
            if let Some(exchange) = object["exchange"].as_u64() {
                let told = states.get(&exchange).cloned().unwrap_or_else(|| "open".into());
                assert_eq!(told, object["exchange_state"], "{capture} {object}");
            }
        }
    }
}
