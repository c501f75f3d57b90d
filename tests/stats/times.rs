//! Captures whose frames have no time, or go back in time: nothing is counted across such a place, and nothing negative is shown.

use std::path::Path;

use serde_json::{Value, json};

use super::pcapng::Builder;

/// A datagram between 10.0.0.2, port 40000, and 10.0.0.1, port 5683, without a link layer.
pub fn packet(up: bool, message: &[u8]) -> Vec<u8> {
    let length = message.len() as u16;
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
    packet[2..4].copy_from_slice(&(length + 28).to_be_bytes());
    if !up {
        (packet[15], packet[19]) = (1, 2);
    }
    let ports = if up { [40_000, 5683] } else { [5683, 40_000_u16] };
    packet.extend(ports.into_iter().chain([length + 8, 0]).flat_map(u16::to_be_bytes));
    packet.extend(message);
    packet
}

/// A request and its response at these seconds, in simple blocks where there is none.
fn capture(seconds: [Option<u64>; 2]) -> Vec<u8> {
    let messages: [&[u8]; 2] = [b"\x41\x01\0\x01\xaa\xb1a", b"\x61\x45\0\x01\xaa\xffhi"];
    let frames = [true, false].into_iter().zip(seconds.into_iter().zip(messages));
    let file = frames.fold(Builder::new(false).interface(228, 0, &[]), |file, (up, (seconds, message))| {
        let frame = packet(up, message);
        let length = frame.len() as u32;
        match seconds {
            None => file.simple_frame(length, &frame),
            Some(seconds) => file.whole_frame(0, seconds * 1_000_000, &frame),
        }
    });
    file.bytes
}

/// Writes packets as a capture, a second apart.
pub fn write(path: &Path, packets: &[Vec<u8>]) {
    let timed: Vec<(u64, Vec<u8>)> = (1..).map(|second| second * 1_000_000).zip(packets.iter().cloned()).collect();
    write_at(path, &timed);
}

/// The same, each at so many microseconds.
pub fn write_at(path: &Path, packets: &[(u64, Vec<u8>)]) {
    let file = packets
        .iter()
        .fold(Builder::new(false).interface(228, 0, &[]), |file, (at, packet)| file.whole_frame(0, *at, packet));
    std::fs::write(path, file.bytes).unwrap();
}

fn run(arguments: &[&str], file: &Path) -> String {
    super::session::run(&[arguments, &["-r", file.to_str().unwrap()]].concat())
}

#[test]
fn nothing_is_counted_where_a_time_is_not_known() {
    const NONE: Value = Value::Null;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcapng");
    // Seconds; the times in JSON, the duration in `stats` and how its text begins, the last line of `print` behind the code.
    let at = |second: &str| json!(format!("1970-01-01T00:00:{second}.000000Z"));
    for (seconds, times, duration, text, line) in [
        ([Some(5), Some(7)], [at("05"), at("07")], json!(2.0), "2.00 s  from the first", "re #1 2.00 s"),
        ([Some(5), Some(5)], [at("05"), at("05")], json!(0.0), "0 ns  from the first", "re #1 0 ns"),
        ([Some(7), Some(5)], [at("07"), at("05")], NONE, "unknown  a time is missing, or", "re #1"),
        ([None, None], [NONE, NONE], NONE, "unknown  a time is missing, or", "re #1"),
        ([Some(5), None], [at("05"), NONE], NONE, "unknown  a time is missing, or", "re #1"),
        ([None, Some(5)], [NONE, at("05")], NONE, "unknown  a time is missing, or", "re #1"),
    ] {
        std::fs::write(&path, capture(seconds)).unwrap();
        let case = format!("{seconds:?}");
        let messages: Vec<Value> =
            run(&["print", "-T", "json"], &path).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let found: Vec<&Value> = messages.iter().map(|message| &message["frame"]["time"]).collect();
        assert_eq!(found, [&times[0], &times[1]], "{case}");
        assert_eq!(messages[1]["answers"], json!(1), "{case}");
        let is_late = messages[1]["findings"].as_array().unwrap().iter().any(|it| it["id"] == "capture.time-order");
        assert_eq!(is_late, seconds == [Some(7), Some(5)], "{case}");
        let stats: Value = serde_json::from_str(&run(&["stats", "--json"], &path)).unwrap();
        assert_eq!(stats["duration"], duration, "{case}");
        assert_eq!(stats["round_trip"].is_null(), !line.ends_with('s'), "{case}");
        let told = run(&["stats"], &path);
        let told = told.lines().find_map(|line| line.strip_prefix("duration")).unwrap().trim();
        assert!(told.starts_with(text), "{case}: {told}");
        let last = run(&["print"], &path);
        assert!(last.trim_end().ends_with(line), "{case}: {last}");
        // As tshark has it: empty.
        let epochs = run(&["print", "-T", "fields", "-e", "frame.time_epoch", "-e", "coap.mid"], &path);
        let has_time: Vec<bool> = epochs.lines().map(|line| !line.starts_with('\t')).collect();
        assert_eq!(has_time, seconds.map(|seconds| seconds.is_some()), "{case}");
    }
}

#[test]
fn nothing_is_counted_across_a_pause_that_print_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcapng");
    let (request, other, response): (&[u8], &[u8], &[u8]) =
        (b"\x51\x01\0\x01\xaa\xb1a", b"\x51\x01\0\x02\xbb\xb1a", b"\x51\x45\0\x07\xaa\xffhi");
    for (case, frames) in [
        ("the first frame behind it", vec![(5, request), (100_005, response)]),
        ("another came between", vec![(5, request), (100_005, other), (100_006, response)]),
    ] {
        let file = frames.iter().fold(Builder::new(false).interface(228, 0, &[]), |file, (seconds, message)| {
            file.whole_frame(0, seconds * 1_000_000, &packet(message[1] == 1, message))
        });
        std::fs::write(&path, file.bytes).unwrap();
        let printed = run(&["print", "-T", "json"], &path);
        let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
        assert_eq!((&last["answers"], &last["response_time"]), (&json!(1), &Value::Null), "{case}");
        assert_eq!(run(&["print", "-T", "fields", "-e", "coap.response_time"], &path).trim(), "", "{case}");
        let stats: Value = serde_json::from_str(&run(&["stats", "--json"], &path)).unwrap();
        assert_eq!(stats["round_trip"], Value::Null, "{case}");
        assert_eq!(stats["non_responses"], json!(1), "{case}");
    }
}
