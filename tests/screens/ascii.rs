//! What is beyond ASCII, on a terminal that has nothing else.

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;

use super::LARGE;
use super::script::Scene;

/// A PUT of this text to a resource of this name, in a file.
fn put(folder: &tempfile::TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let file = folder.path().join("put.pcap");
    let mut message = vec![0x41, 0x03, 0x00, 0x01, 0x61, 0xb0 | name.len() as u8];
    message.extend(name.bytes());
    message.extend([0x10, 0xff]);
    message.extend(text.bytes());
    let length = 28 + message.len() as u8;
    let mut packet = vec![0x45, 0, 0, length, 0x12, 0x34, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet.extend([0x9c, 0x40, 0x16, 0x33, 0, length - 20, 0, 0]);
    packet.extend(message);
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    writer.record(1_000_000_000, packet.len() as u32, &packet).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn what_cannot_be_shown_is_written_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = put(&folder, "\u{6e29}?", "22\u{b0}");
    for (keys, shown) in [
        ("", "/\\u{6e29}%3F text 4 B \"22\\u{b0}\""),
        ("", "Uri-Path (11): \\u{6e29}?"),
        ("Enter G k k k", "\\u{6e29}?"),
        ("f", "PUT /\\u{6e29}%3F"),
        ("3", "/\\u{6e29}%3F"),
    ] {
        let film = Scene::file(&file).at(LARGE).ascii().keys(keys).wait().run();
        assert!(film.last().contains(shown), "{keys}: {shown} is missing:\n{}", film.last());
        assert!(film.last().is_ascii());
    }
    let film = Scene::file(&file).at(LARGE).keys("3").run();
    assert!(film.last().contains("/\u{6e29}%3F"), "{}", film.last());
}
