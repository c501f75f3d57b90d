//! What view 3 says below an exchange is true of the capture.

use super::chart::Sender::{self, Client, Server};
use super::chart::{made, words};
use super::script::Scene;

/// Messages, keys, what is said and what is not.
type Case<'a> = (&'a [(u64, Sender, &'a str)], &'a str, &'a [&'a str], &'a [&'a str]);

fn check(said: &str, told: &[&str], not_told: &[&str]) {
    for text in told {
        assert!(said.contains(text), "{text} is not in\n{said}");
    }
    for text in not_told {
        assert!(!said.contains(text), "{text} is in\n{said}");
    }
}

#[test]
fn what_is_off_or_does_not_count_is_not_denied() {
    let (ask, answer) = ("4101000161b177", "6145000161ff78");
    let off = &[(0, Client(40000), ask), (1750, Client(40000), ask), (8000, Client(40000), ask)];
    let belated = &[(0, Client(40000), ask), (248_000, Server(40000), answer)];
    let cases: &[Case<'_>] = &[
        (
            off,
            "j 3",
            &[
                "R1 a little early (within 10 % and 100 ms): 1.75 s after the first, due 2-3 s",
                "R2 a little late (within 10 % and 100 ms): 6.25 s after R1, due 4-6 s",
            ],
            &["in its window"],
        ),
        (
            belated,
            "3",
            &["5683: none that answers it.", "40000: none that answers it."],
            &["5683: none.", "40000: none."],
        ),
    ];
    for (messages, keys, told, not_told) in cases {
        let folder = tempfile::tempdir().unwrap();
        check(&words(&made(&folder, messages), keys), told, not_told);
    }
}

#[test]
fn what_an_icmp_error_says_is_not_called_unknown() {
    let film = Scene::built_in().at((120, 60)).keys("3 G").run();
    let said = film.last().split_whitespace().collect::<Vec<_>>().join(" ");
    check(&said, &["exchange 26:", "an ICMP error that quotes it: there is one."], &["Not known here"]);
}

#[test]
fn an_icmp_error_about_a_copy_is_not_denied_though_another_arrived() {
    let (ask, ack) = ("4101000161b177", "60000001");
    let messages =
        [(0, Client(40000), ask), (10, Server(40000), ack), (2500, Client(40000), ask), (2501, Sender::Refusal(2), "")];
    for (count, told) in [(4, "an ICMP error that quotes it: there is one, about #3."), (3, "quotes it: none.")] {
        let folder = tempfile::tempdir().unwrap();
        check(&words(&made(&folder, &messages[..count]), "3"), &["It reached s1", told], &[]);
    }
}

#[test]
fn an_answer_from_another_port_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let messages = &[
        (0, Client(40000), "4101000161b177"),
        (20, Sender::Astray(5684, 40000), "6145000161ff78"),
        (5000, Client(40000), "4101000261b177"),
    ];
    let path = made(&folder, messages);
    let said = words(&path, "3");
    check(
        &said,
        &[
            "exchange 1: GET /w c1 > s1, slow",
            "a response with its token to 10.0.0.2:40000: none that answers it",
            "With its token, but not from where it was sent, so that it answers nothing: #2.",
        ],
        &["It reached", "answered by"],
    );
}

#[test]
fn what_nearly_answers_is_told_as_what_it_is() {
    let ask = (0, Client(40000), "4101000161b177");
    for (near, told) in [
        ("6145000162ff78", "With its message ID, but another token, so that it answers nothing: #2."),
        ("6145000961ff78", "With its token, but in an ACK of another message ID, so that it answers nothing: #2."),
    ] {
        let folder = tempfile::tempdir().unwrap();
        check(&words(&made(&folder, &[ask, (20, Server(40000), near)]), "3"), &[told], &["answered by"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let other = "6145000962ff78";
    check(&words(&made(&folder, &[ask, (20, Server(40000), other)]), "3"), &[], &["so that it answers nothing"]);
}

#[test]
fn copies_behind_the_end_of_the_wait_are_not_counted_as_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let messages: Vec<_> = [0, 2500, 7500, 100_000].map(|at| (at, Client(40000), "4101000161b177")).into();
    let said = words(&made(&folder, &messages), "3");
    check(&said, &["4 copies", "It was seen 3 times within MAX_TRANSMIT_WAIT."], &["It was seen 3 times."]);
}

#[test]
fn of_a_group_it_is_said_who_answered() {
    for (size, keys, texts) in [
        ((120, 36), "3", &["the response of s2, 198.51.100.4:5683", ", 3 responses, answered", " NON +2 "][..]),
        ((40, 12), "3 Tab", &["the response of s2 "][..]),
    ] {
        let film = Scene::lab("08-multicast-v4.pcap").at(size).keys(keys).run();
        check(&film.last().split_whitespace().collect::<Vec<_>>().join(" "), texts, &[]);
    }
}

/// No-Response (258) of these values in CON and NON requests; what answers them; the state of the row, what is said below it and what not.
type Spared<'a> = (&'a [(u64, Sender, &'a str)], &'a str, &'a [&'a str], &'a [&'a str]);

#[test]
fn whoever_asks_for_no_response_misses_none() {
    let never = &["Looked for", "an answer got lost", "a response got lost before", "unanswered", "promises"][..];
    // The option follows Uri-Path: delta 247, which is 234 in its extended byte, and one byte of value.
    let (non, con, ack) = ("5101000161b177d1ea1a", "4101000161b177d1ea1a", "60000001");
    let (ping, pong) = ((100_000, Client(40009), "40000009"), (100_010, Server(40009), "70000009"));
    let cases: &[Spared<'_>] = &[
        (
            &[(0, Client(40000), non), ping, pong],
            "spared",
            &["to be spared any responses (No-Response 26; RFC 7967", "Not known here: whether it reached s1."],
            never,
        ),
        (
            &[(0, Client(40000), con), (10, Server(40000), ack), ping, pong],
            "spared",
            &["to be spared any responses", "It reached s1, as #2 shows."],
            never,
        ),
        (
            &[(0, Client(40000), "5101000161b177d1ea02"), ping, pong],
            "spared",
            &["to be spared 2.xx responses (No-Response 2", "whether a response of another class got lost"],
            &["Looked for"],
        ),
        // An acknowledgement is owed all the same; and 0 asks for every response.
        (&[(0, Client(40000), con), ping, pong], "timed-out", &["Looked for: ACK"], &["to be spared"]),
        (&[(0, Client(40000), "5101000161b177d0ea"), ping, pong], "slow", &["Looked for"], &["to be spared"]),
    ];
    for (messages, state, told, not_told) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = made(&folder, messages);
        let said = words(&path, "3");
        check(&said, told, not_told);
        check(&said, &[&format!(" {state} "), &format!(", {state} ")], &[]);
        let is_spared = *state == "spared";
        let title = said.split(" Ex ").next().unwrap();
        assert_eq!(title.contains("unanswered"), !is_spared, "{title}");
        // The arrow arrives, and the note says no more than what is known.
        let flow = words(&path, "2");
        assert_eq!(flow.contains("no answer seen") || flow.contains("no answer yet"), !is_spared, "{flow}");
        assert!(!flow.contains("none seen"), "{flow}");
    }
    let flow = Scene::lab("10-no-response.pcap").at((120, 36)).keys("2").run();
    check(flow.last(), &["wants no 2.xx response", "wants no response"], &["promises"]);
}

#[test]
fn of_a_repeat_it_is_said_first_why_it_repeats() {
    // A note on its payload is as grave.
    let film = Scene::lab("04-giveup-notify.libcoap.pcap").keys("G").run();
    check(film.last(), &["note mid.retransmission: Copy 5"], &["note cf.missing"]);
}

#[test]
fn only_what_has_its_message_id_shows_that_a_request_arrived() {
    let ask = (0, Client(40000), "4101000161b177");
    let next = (100_000, Client(40000), "4101000261b178");
    for (messages, told, not_told) in [
        // Malformed, in the ACK of the next request under the token.
        (
            vec![ask, next, (100_100, Server(40000), "6145000261ff")],
            vec!["whether it reached s1"],
            vec!["Malformed", "#3"],
        ),
        // Malformed as well, and it may be for either.
        (
            vec![ask, next, (100_100, Server(40000), "5145010061ff")],
            vec!["whether it reached s1"],
            vec!["Malformed", "#3"],
        ),
        (vec![ask, (100, Server(40000), "5145010061ff")], vec!["Malformed", ": #2.", "whether it reached s1"], vec![]),
        (
            vec![ask, (100, Server(40000), "6145000161ff")],
            vec!["Malformed", ": #2.", "It reached s1, as #2 shows"],
            vec![],
        ),
        (
            vec![ask, (100, Server(40000), "6145000162ff78")],
            vec!["another token", "It reached s1, as #2 shows"],
            vec![],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        check(&words(&made(&folder, &messages), "3"), &told, &not_told);
    }
}

#[test]
fn what_became_of_copies_is_not_called_unknown_where_it_is_known() {
    let ask = |at| (at, Client(40000), "4101000161b177");
    let unknown = "whether copies were lost beyond it, or the server was slow";
    let (ack, separate) = ("60000001", "4145010061ff78");
    for (messages, told, not_told) in [
        (
            vec![ask(0), (100, Server(40000), ack), ask(2200), (5000, Server(40000), separate)],
            "It reached s1, as #2 shows, before #3 was sent",
            unknown,
        ),
        (vec![ask(0), ask(2200), (2300, Server(40000), ack), (5000, Server(40000), separate)], unknown, "It reached"),
        (
            vec![ask(0), (100, Sender::Refusal(0), ""), ask(2200), (2300, Server(40000), "6145000161ff78")],
            "The answer is for #3, as an ICMP error says of the other copies that they did not arrive: it took 100 ms.",
            unknown,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        check(&words(&made(&folder, &messages), "3"), &[told], &[not_told]);
    }
}

#[test]
fn nobody_is_slow_who_need_not_answer() {
    let group = (0, Sender::ToGroup(40000), "5101000161b177");
    let messages = &[group, (300_000, Client(40001), "5101000261b177"), (310_000, Client(40001), "5101000362b17868")];
    let folder = tempfile::tempdir().unwrap();
    let film = Scene::file(&made(&folder, messages)).keys("3").run();
    let state = |row: &str| film.last().lines().find(|line| line.contains(row)).unwrap_or_default().to_owned();
    assert!(state("NON* GET /w").contains("open") && state("NON  GET /w").contains("slow"), "{}", film.last());
}
