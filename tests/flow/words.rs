//! What the notes beside arrows say.

use super::folds::drawn;

/// Checks what is said of messages, each with its time in milliseconds, whether it goes to the server, and its bytes in hex.
#[track_caller]
fn check(messages: &[(i64, bool, &str)], told: &[&str], not_told: &[&str]) {
    let messages: Vec<_> = messages.iter().map(|(at, way, hex)| (*at, *way, bytes(hex))).collect();
    let text = drawn(&messages, true);
    for words in told {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    for words in not_told {
        assert!(!text.contains(words), "{words} is in\n{text}");
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_ping_waits_for_a_reset() {
    check(&[(0, true, "40000007"), (150_000, true, "40010008b161")], &["no Reset seen"], &["no ACK seen"]);
}

#[test]
fn a_response_that_may_be_for_another_request_has_a_sign() {
    let [one, two] = ["41010001aab161", "41010002aab162"];
    let answer = "41450050aaff31";
    check(&[(0, true, one), (500, true, two), (520, false, answer)], &["20.0 ms after #2?"], &[]);
    check(&[(0, true, one), (20, false, answer)], &["20.0 ms after #1"], &["#1?"]);
}

#[test]
fn what_is_not_observed_does_not_end() {
    let [register, accept, end, other] = ["41010001aa60", "61450001aa6101ff31", "41010002aa6101", "41010002bb6101"];
    check(&[(0, true, register), (10, false, accept), (2000, true, end)], &["Observe end"], &["Observe 1"]);
    check(&[(0, true, register), (10, false, accept), (2000, true, other)], &["Observe 1"], &["Observe end"]);
}

#[test]
fn a_sender_with_a_longer_timeout_is_in_time() {
    let ask = "41010001aab161";
    let copies = [0, 15_200, 45_600].map(|at| (at, true, ask));
    check(&copies, &["15.2s, own pace", "30.4s, own pace"], &["late"]);
}
