//! `stats -Y`: the counts of chosen messages.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::session::run;

/// Counts that the command line pins of messages and exchanges.
const COUNTS: &str = "coap_messages malformed con non ack rst exchanges exchanges_retransmitted exchanges_unanswered \
    exchanges_reset retransmissions duplicate_acks piggybacked_responses separate_responses non_responses observations \
    notifications notifications_stale deregistrations";

#[test]
fn messages_count_the_same_whether_or_not_they_were_chosen() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut captures, mut folders) = (0, vec![root.join("captures"), root.join("tests/field")]);
    while let Some(folder) = folders.pop() {
        let paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in paths {
            let name = path.display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains(".pcap") {
                let read = |more: &[&str]| -> Value {
                    serde_json::from_str(&run(&[&["stats", "--json", &name], more].concat())).unwrap()
                };
                let (all, chosen) = (read(&[]), read(&["-Y", "frame.number > 0"]));
                for key in COUNTS.split_whitespace() {
                    assert!(all[key].is_u64(), "{name}: {key}");
                    assert_eq!(all[key], chosen[key], "{name}: {key}");
                }
                captures += 1;
            }
        }
    }
    println!("{captures} captures");
    assert!(captures > 50, "{captures}");
}

/// A message in IPv4 without checksums.
fn packet(source: ([u8; 4], u16), destination: ([u8; 4], u16), message: &[u8]) -> Vec<u8> {
    let length = message.len() as u16 + 28;
    let ip = [&[0x45, 0][..], &length.to_be_bytes(), &[0, 0, 0, 0, 64, 17, 0, 0], &source.0, &destination.0].concat();
    let [from, to, udp] = [source.1, destination.1, length - 20].map(u16::to_be_bytes);
    [&ip[..], &from, &to, &udp, &[0, 0], message].concat()
}

/// Each member of a group that accepts a registration is observed by itself, whether or not the messages were chosen.
#[test]
fn members_of_a_group_are_counted_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("group.pcap");
    let client = ([10, 1, 0, 1], 40_000);
    let registration = packet(client, ([224, 0, 1, 187], 5683), b"\x51\x01\x00\x08\x01\x60\x51a");
    let acceptance =
        |member| packet(([10, 0, 0, member], 5683), client, &[0x51, 0x45, 0, member, 1, 0x61, 2, 0xff, 0x78]);
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0".to_vec();
    for (second, packet) in (0_u32..).zip([registration, acceptance(1), acceptance(2), acceptance(3)]) {
        let length = (packet.len() as u32).to_le_bytes();
        file.extend([&second.to_le_bytes()[..], &[0; 4], &length, &length, &packet].concat());
    }
    std::fs::write(&path, file).unwrap();
    let path = path.display().to_string();
    for more in [&[][..], &["-Y", "coap"], &["-Y", "coap.code == 0.01"]] {
        let stats: Value = serde_json::from_str(&run(&[&["stats", "--json", &path], more].concat())).unwrap();
        assert_eq!(stats["observations"], 3, "{more:?}");
    }
}

/// Of a sender with a longer ACK_TIMEOUT the waits count that were seen before its habit showed, too.
#[test]
fn all_waits_of_a_slow_sender_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.pcap");
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0".to_vec();
    for (second, id) in [(0_u32, 1), (15, 1), (100, 2), (116, 2), (200, 3), (217, 3), (300, 4), (315, 4)] {
        let packet = packet(([10, 1, 0, 1], 40_000), ([10, 0, 0, 1], 5683), &[0x41, 1, 0, id, id, 0xb1, b'a']);
        let length = (packet.len() as u32).to_le_bytes();
        file.extend([&second.to_le_bytes()[..], &[0; 4], &length, &length, &packet].concat());
    }
    std::fs::write(&path, file).unwrap();
    let text = run(&["stats", "-r", &path.display().to_string()]);
    assert!(text.contains("         4   15.0 s  17.0 s"), "{text}");
}
