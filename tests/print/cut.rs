//! Frames that lack something or stand on other ports: what rows and counts say of them.

use std::fs;

use super::{coapscope, printed};

/// A capture of raw IPv4: ports, message, and how many bytes of that were captured.
pub fn capture_of(messages: &[([u16; 2], &[u8], usize)]) -> Vec<u8> {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x65\0\0\0".to_vec();
    for (second, ([from, to], message, captured)) in (1_700_000_000u32..).zip(messages) {
        let length = message.len() as u16 + 28;
        for word in [second, 0, *captured as u32 + 28, length.into()] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0]);
        file.extend(length.to_be_bytes());
        file.extend(b"\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02");
        [*from, *to, length - 20, 0].iter().for_each(|word| file.extend(word.to_be_bytes()));
        file.extend(&message[..*captured]);
    }
    file
}

#[test]
fn rows_say_what_the_capture_cut_off() {
    // POST /abc, Content-Format 0, "hi"; and a response with the same payload.
    let (post, content) = (b"\x41\x02\0\x01\x77\xb3abc\x10\xffhi", b"\x61\x45\0\x01\x77\xc0\xffhi");
    let mut frames: Vec<([u16; 2], &[u8], usize)> = Vec::new();
    frames.extend((0..=post.len()).map(|captured| ([40_000, 5683], &post[..], captured)));
    frames.extend((4..=content.len()).map(|captured| ([5683, 40_000], &content[..], captured)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.pcap");
    fs::write(&path, capture_of(&frames)).unwrap();
    let rows = printed(&format!("print -r {}", path.display()));
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows.len(), frames.len(), "{rows:#?}");
    for (row, (ports, message, captured)) in rows.iter().zip(&frames) {
        let is_said = match captured {
            0..4 => row.contains(&format!("{captured} B captured, cut in the header")),
            whole if *whole == message.len() => !row.contains("cut") && row.contains("2 B \"hi\""),
            part if part + 1 == message.len() => row.contains("1 B captured \"h\""),
            _ => row.matches("(cut)").count() == 1,
        };
        assert!(is_said, "{ports:?} {captured}: {row}");
        assert!(!row.contains("too short"), "{row}");
    }
}

#[test]
fn the_port_of_the_server_is_offered_whichever_is_the_lower() {
    const GET: &[u8] = b"\x40\x01\0\x01\xb2hi";
    const ACK: &[u8] = b"\x60\0\0\x01";
    const CONTENT: &[u8] = b"\x50\x45\0\x02\xffhi";
    for (messages, expected) in [
        (&[([40_000, 61_632], GET), ([40_001, 61_632], GET), ([61_632, 40_001], CONTENT)][..], &[(61_632, 3)][..]),
        (&[([40_000, 50_001], GET), ([50_001, 40_000], ACK), ([50_001, 40_000], CONTENT)], &[(50_001, 3)]),
        (&[([61_000, 7777], GET), ([7777, 61_000], CONTENT)], &[(7777, 2)]),
        // An Empty message alone tells nothing, and who speaks from a well-known port is the server.
        (&[([50_001, 40_000], ACK)], &[(40_000, 1)]),
        (&[([53, 40_000], GET)], &[(53, 1)]),
        // BJNP, of a scanner: as CoAP it were 2.10, which means nothing.
        (&[([55_369, 8612], b"BJNP\x02\x01\0\0\0\x01\0\0\0\0\0\0")], &[(8612, 1)]),
    ] {
        let frames: Vec<_> = messages.iter().map(|(ports, message)| (*ports, *message, message.len())).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ports.pcap");
        fs::write(&path, capture_of(&frames)).unwrap();
        let output = coapscope(&format!("stats -r {} --json", path.display())).output().unwrap();
        let stats: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let offers = stats["looks_like_coap_on_port"].as_object().unwrap();
        let offers: Vec<(u16, u64)> =
            offers.iter().map(|(port, datagrams)| (port.parse().unwrap(), datagrams.as_u64().unwrap())).collect();
        assert_eq!(offers, expected, "{messages:?}");
    }
}
