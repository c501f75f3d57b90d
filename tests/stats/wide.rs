//! The text of `stats` at 80 columns, for values as long as they come: nothing is cut without saying so.

use std::path::Path;

use coapscope::coap::escape;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::session::run;

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3600 * SECOND;

/// An address as long as they get.
fn address(last: u16) -> [u8; 16] {
    let groups = [0x2001, 0xdb88, 0x1111, 0x2222, 0x3333, 0x4444, 0x5555, last];
    groups.into_iter().flat_map(u16::to_be_bytes).collect::<Vec<u8>>().try_into().unwrap()
}

/// A datagram between two endpoints (last group of the address, port), without a link layer, and its time in microseconds.
fn datagram(time: u64, from: (u16, u16), to: (u16, u16), message: &[u8]) -> (u64, Vec<u8>) {
    let length = 8 + message.len() as u16;
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([17, 64]);
    packet.extend([address(from.0), address(to.0)].concat());
    packet.extend([from.1, to.1, length, 0].into_iter().flat_map(u16::to_be_bytes));
    packet.extend(message);
    (time, packet)
}

fn capture(path: &Path, packets: &[(u64, Vec<u8>)]) {
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101].into_iter().flat_map(u32::to_le_bytes).collect();
    for (time, packet) in packets {
        let length = packet.len() as u32;
        let head = [(time / SECOND) as u32, (time % SECOND) as u32, length, length];
        file.extend(head.into_iter().flat_map(u32::to_le_bytes));
        file.extend(packet);
    }
    std::fs::write(path, file).unwrap();
}

/// An option with extended delta and length where they are needed.
fn option(delta: usize, value: &[u8]) -> Vec<u8> {
    let part = |number: usize| match number {
        0..13 => (number as u8, vec![]),
        13..269 => (13, vec![(number - 13) as u8]),
        _ => (14, ((number - 269) as u16).to_be_bytes().to_vec()),
    };
    let ((delta, more), (length, also)) = (part(delta), part(value.len()));
    [vec![delta << 4 | length], more, also, value.to_vec()].concat()
}

/// Paths that are long, wide, hostile, or all of it.
fn paths() -> Vec<Vec<String>> {
    let one = |text: &str| vec![text.to_owned()];
    vec![
        vec![
            "building-7".into(),
            "floor-12".into(),
            "room-1234567890".into(),
            "sensors".into(),
            "temperature-of-the-air".into(),
        ],
        vec!["x".repeat(255)],
        vec!["y".repeat(255); 8],
        one("\u{1b}[31mred\u{7}\u{202e}gnal"),
        vec!["\u{65e5}\u{672c}\u{8a9e}".repeat(25)],
        vec!["a b  c".repeat(20)],
        one("e\u{301}\u{301}\u{301}\u{301}"),
        one("back\\slash"),
        one("\u{200b}\u{feff}"),
        vec![String::new(); 3],
        one("\u{1f600}\u{1f468}\u{200d}\u{1f469}"),
        one("tab\tand\nline"),
    ]
}

/// The capture: each path is read by a client of its own with a repeat, and answered a long time later; each is observed, with a gap.
fn packets() -> Vec<(u64, Vec<u8>)> {
    let server = (0x6666, 5683);
    let mut packets = Vec::new();
    for (at, path) in paths().iter().enumerate() {
        let client = (0x7777 + at as u16, 65000 + at as u16);
        let (start, token) = (at as u64 * 400 * HOUR, at as u8);
        let segments: Vec<u8> = path
            .iter()
            .enumerate()
            .flat_map(|(index, segment)| option(if index == 0 { 11 } else { 0 }, segment.as_bytes()))
            .collect();
        let observed: Vec<u8> = [option(6, b""), segments.clone()].concat();
        let observed = {
            let mut fixed = observed;
            // The first path option counts on from Observe.
            fixed[1] -= 6 << 4;
            fixed
        };
        for (kind, wait) in [(0x41, 0), (0x41, 3 * SECOND + 123_456), (0x41, 9 * SECOND + 500_000)] {
            let request = [&[kind, 1, token, 1, token][..], &segments].concat();
            packets.push(datagram(start + wait, client, server, &request));
        }
        packets.push(datagram(
            start + 100 * HOUR + 59 * 60 * SECOND,
            server,
            client,
            &[0x51, 0x45, token, 9, token, 0xff, b'1'],
        ));
        packets.push(datagram(
            start + 101 * HOUR,
            client,
            server,
            &[&[0x41, 1, token, 2, 0x80 | token][..], &observed].concat(),
        ));
        for (number, order) in [5u8, 6, 9, 7].into_iter().enumerate() {
            let kind = if number == 0 { 0x61 } else { 0x51 };
            let id = if number == 0 { 2 } else { 20 + number as u8 };
            let notification = [kind, 0x45, token, id, 0x80 | token, 0x61, order, 0xff, b'1'];
            packets.push(datagram(start + 101 * HOUR + (number as u64 + 1) * SECOND, server, client, &notification));
        }
        // Codes that nobody has registered, and a frame that is no CoAP on a port that looks like it.
        packets.push(datagram(start + 102 * HOUR, client, server, &[0x51, 0x1f, token, 3, token]));
        packets.push(datagram(
            start + 102 * HOUR,
            client,
            (0x6666, 30000 + at as u16),
            &[0x41, 1, token, 4, token, 0xb1, b'x'],
        ));
        packets.push(datagram(
            start + 102 * HOUR,
            (0x6666, 30000 + at as u16),
            client,
            &[0x61, 0x45, token, 4, token, 0xff, b'1'],
        ));
    }
    packets.push(datagram(u64::from(u32::MAX) * SECOND, server, (0x7777, 65000), &[0x50, 0x45, 1, 77]));
    packets
}

#[test]
fn long_values_are_whole_or_said_to_be_cut() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = folder.path().join("wide.pcap");
    capture(&path, &packets());
    let name = path.to_str().unwrap();
    let text = run(&["stats", name]);
    let wide: Vec<&str> = text.lines().filter(|line| line.width() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    let stats: Value = serde_json::from_str(&run(&["stats", "--json", name])).unwrap();
    let is_listed = |title: &str, names: &[String]| {
        let part =
            text.split_once(title).unwrap_or_else(|| panic!("{title} is missing")).1.split("\n\n").next().unwrap();
        // Lines break between characters; white space is left out on both sides.
        let all = part.replace(char::is_whitespace, "");
        for name in names.iter().take(10) {
            let whole = escape::text(name).replace(char::is_whitespace, "");
            let shown = match whole.chars().count() {
                ..400 => whole,
                length => format!("{}..({length}characters)", whole.chars().take(400).collect::<String>()),
            };
            assert!(all.contains(&shown), "{shown} is not in {part}");
        }
        let more = format!("and {} more", names.len().saturating_sub(10));
        assert_eq!(part.contains(&more), names.len() > 10, "{more}: {part}");
    };
    let column = |table: &str, keys: &[&str]| -> Vec<String> {
        let rows = stats[table].as_array().unwrap().iter();
        let row = |row: &Value| keys.iter().map(|key| row[*key].as_str().unwrap()).collect::<Vec<_>>().join(" > ");
        rows.map(row).collect()
    };
    is_listed("resources, by exchanges", &column("resources", &["resource"]));
    is_listed("pairs of endpoints, by exchanges", &column("pairs", &["client", "server"]));
    is_listed("waits before a repeat", &column("waits", &["sender"]));
    let observed = run(&["print", "--table", "observations", "-T", "json", name]);
    let observed = observed.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap();
        assert_eq!(row["notifications"], 3, "{row}");
        (text("resource").to_owned(), format!(", {} > {}", text("client"), text("server")))
    });
    let observed: Vec<(String, String)> = observed.collect();
    assert_eq!(observed.len(), paths().len());
    is_listed("observations, by notifications", &observed.iter().map(|row| row.0.clone()).collect::<Vec<_>>());
    is_listed("observations, by notifications", &observed.iter().map(|row| row.1.clone()).collect::<Vec<_>>());
    // Ports that look like CoAP: three are named, the others counted.
    let advice = text.rsplit("\n\n").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(advice.contains("--port 30002 decodes them; as do those on 9 other ports"), "{advice}");
    let codes = stats["codes"].as_object().unwrap();
    let part = text.split_once("messages by code").unwrap().1.split("\n\n").next().unwrap();
    assert!(codes.keys().all(|code| part.contains(&**code)), "{part}");
}

#[test]
fn what_was_overheard_is_told_apart_from_what_was_accepted() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let file = folder.path().join("overheard.pcap");
    let (client, server) = ((1, 40000), (2, 5683));
    let notification = |time: u64, message: &[u8]| datagram(time * SECOND, server, client, message);
    let overheard = notification(1, b"\x51\x45\x00\x01\xaa\x61\x05");
    let figures = |packets: &[(u64, Vec<u8>)]| {
        capture(&file, packets);
        let [json, text] =
            [&["stats", "--json"][..], &["stats"]].map(|command| run(&[command, &[file.to_str().unwrap()]].concat()));
        let json: Value = serde_json::from_str(&json).unwrap();
        let how = text.lines().find(|line| line.contains("how they ended")).unwrap().trim().to_owned();
        (json["observations"].as_u64().unwrap(), json["observation_ends"].to_string(), how)
    };
    let expected = (0, "{}".to_owned(), "how they ended: not known how they began 1".to_owned());
    assert_eq!(figures(std::slice::from_ref(&overheard)), expected);
    let accepted = [
        datagram(2 * SECOND, client, server, b"\x41\x01\x00\x02\xbb\x60\x51a"),
        notification(3, b"\x61\x45\x00\x02\xbb\x61\x05"),
    ];
    let expected = (1, r#"{"open":1}"#.to_owned(), "how they ended: open 1, not known how they began 1".to_owned());
    assert_eq!(figures(&[vec![overheard], accepted.to_vec()].concat()), expected);
}
