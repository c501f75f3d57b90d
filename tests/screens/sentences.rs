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
