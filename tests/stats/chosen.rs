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
