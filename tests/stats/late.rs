//! Notifications that come late, and those with the number of another.

use serde_json::{Value, json};

use super::session::run;
use super::times::{packet, write, write_at};

#[test]
fn a_number_that_came_late_is_told_once() {
    let text = run(&["stats", "captures/lab/04-reorder.client.pcap"]);
    let part = text.split_once("observations, by notifications").unwrap().1.split("\n\n").next().unwrap();
    let cells = |line: &str| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    let rows: Vec<String> = part.lines().skip(2).map(cells).collect();
    assert_eq!(rows, ["notif. gaps late resource,", "16 0 5 /time,", "14 0 2 /time,"], "{part}");
}

#[test]
fn what_is_late_has_another_number() {
    // A registration and its answer; numbers 7, 7 once more, 9, and then 8.
    let notification = |id: u8, number: u8| vec![0x51, 0x45, 0, id, 0xaa, 0x61, number, 0xff, id];
    let messages = [vec![0x41, 1, 0, 1, 0xaa, 0x60, 0x51, b'a'], vec![0x61, 0x45, 0, 1, 0xaa, 0x61, 5, 0xff, b'v']];
    let later = [(10, 7), (11, 7), (12, 9), (13, 8)].map(|(id, number)| notification(id, number));
    let frames: Vec<Vec<u8>> =
        messages.into_iter().chain(later).map(|message| packet(message[1] == 1, &message)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.pcapng");
    write(&path, &frames);
    let file = path.to_str().unwrap();
    let stats: Value = serde_json::from_str(&run(&["stats", "--json", file])).unwrap();
    let [one] = &stats["observed"].as_array().unwrap()[..] else { panic!("{stats}") };
    assert_eq!((&one["notifications"], &one["late"]), (&json!(4), &json!(1)), "{one}");
    assert_eq!(stats["notifications_stale"], 2, "{stats}");
    assert_eq!(stats["resources"][0]["notifications_stale"], 2, "{stats}");
    let text = run(&["stats", file]);
    let part = text.split_once("observations, by notifications").unwrap().1;
    let row = part.lines().find(|line| line.contains("/a, ")).unwrap();
    assert_eq!(row.split_whitespace().take(3).collect::<Vec<_>>(), ["4", "0", "1"], "{text}");
    let table: Value =
        serde_json::from_str(run(&["print", "--table", "observations", "-T", "json", file]).trim()).unwrap();
    assert_eq!(table["stale"], 1, "{table}");
}

#[test]
fn a_notification_in_place_of_another_shows_no_first_wait() {
    let notification = |id: u8, number: u8| vec![0x41, 0x45, 1, id, 0xaa, 0x61, number, 0xff, b'v'];
    let registration = vec![0x41, 1, 0, 1, 0xaa, 0x60, 0x51, b'a'];
    let accepted = vec![0x61, 0x45, 0, 1, 0xaa, 0x61, 1, 0xff, b'v'];
    // The copy of the second comes when that of the first would have.
    let timed = [
        (0, registration),
        (10, accepted),
        (10_000, notification(1, 2)),
        (12_500, notification(2, 3)),
        (17_500, notification(2, 3)),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("place.pcapng");
    let frame = |(millis, message): (u64, Vec<u8>)| (millis * 1000, packet(message[1] == 1, &message));
    let frames: Vec<_> = timed.into_iter().map(frame).collect();
    write_at(&path, &frames);
    let stats: Value = serde_json::from_str(&run(&["stats", "--json", path.to_str().unwrap()])).unwrap();
    assert_eq!((&stats["retransmissions"], &stats["waits"]), (&json!(1), &json!([])), "{stats}");
}
