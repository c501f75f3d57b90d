//! Bodies that went in blocks: shown whole with the block that completed them, as a table, and exported.

use serde_json::Value;

use super::{objects, printed, run};

/// Payloads of frames, joined.
fn joined(messages: &[Value], frames: &[Value]) -> Vec<u8> {
    let raw = |frame: &Value| {
        let message = messages.iter().find(|message| message["frame"]["number"] == *frame).unwrap();
        let hex = message["coap"]["payload"]["raw"].as_str().unwrap().to_owned();
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect::<Vec<_>>()
    };
    frames.iter().flat_map(raw).collect()
}

#[test]
fn exported_bodies_are_the_payloads_of_their_frames() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = 0;
    for capture in ["05-block-aiocoap", "05-block2-libcoap", "05-block1-negotiation", "05-block-loss.client"] {
        let path = format!("captures/lab/{capture}.pcap");
        let messages = objects(&printed(&format!("print -T json {path}")));
        let into = folder.path().join(capture);
        let said = printed(&format!("print --export-objects {} {path}", into.display()));
        let table = objects(&printed(&format!("print --table bodies -T json {path}")));
        assert_eq!(said.lines().count(), table.len(), "{said}");
        for message in &messages {
            let Some(frames) = message["body"]["frames"].as_array() else { continue };
            let row = table.iter().find(|row| row["body"] == message["body"]["id"]).unwrap();
            let line = said.lines().find(|line| line.contains(&format!("/{}-", row["first"]))).unwrap();
            let bytes = std::fs::read(line.split("  ").next().unwrap()).unwrap();
            assert_eq!(bytes, joined(&messages, frames), "{capture}: {row}");
            assert_eq!(message["body"]["length"], bytes.len(), "{capture}: {row}");
            assert!(row["complete"] == true && !line.contains("incomplete"), "{line}");
            whole += 1;
        }
    }
    assert!(whole > 10, "only {whole} bodies");
}

#[test]
fn a_huge_body_is_exported_with_what_was_captured() {
    use std::os::unix::fs::{FileExt, MetadataExt};
    let folder = tempfile::tempdir().unwrap();
    let (capture, into) = (folder.path().join("x.pcap"), folder.path().join("out"));
    // PUT /h, Block1 1048575 of 1024 bytes, the last.
    std::fs::write(&capture, super::capture_of(&[b"\x40\x03\x00\x01\xb1h\xd3\x03\xff\xff\xf6\xffabcd"])).unwrap();
    let said = printed(&format!("print --export-objects {} {}", into.display(), capture.display()));
    let expected = "1073740804 bytes in 1 block, 1073740800 of them not captured, which read as 0 in the file\n";
    assert!(said.ends_with(expected), "{said}");
    let file = std::fs::File::open(into.join("1-h.incomplete")).unwrap();
    let mut end = [0; 5];
    file.read_exact_at(&mut end, 1_073_740_799).unwrap();
    assert_eq!(&end, b"\0abcd");
    let data = file.metadata().unwrap();
    assert!(data.len() == 1_073_740_804 && data.blocks() < 1000, "{} blocks on disk", data.blocks());
}

#[test]
fn a_name_from_the_wire_stays_in_the_folder_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("new");
    let command = format!("print --export-objects {} captures/lab/05-block2-libcoap.pcap", into.display());
    printed(&command);
    for entry in std::fs::read_dir(&into).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{name}");
    }
    let again = run(&command);
    let why = String::from_utf8(again.stderr).unwrap();
    assert!(
        !again.status.success()
            && why.contains("is there already, and nothing is written over; name another folder")
            && why.lines().count() == 1,
        "{why}"
    );
}
