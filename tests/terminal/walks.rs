//! What three users look for in the built-in capture, by the keys that are recommended to them and by others that lead there too; on a
//! terminal of today, and on the console of a C locale.

use std::time::Duration;

use portable_pty::CommandBuilder;

use super::DRAWN;
use super::pty::Pty;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Keys at most.
const KEYS: usize = 6;

/// A user's question, and what the screen says to it.
struct Walk {
    who: &'static str,
    /// Ways there, the recommended one first; keys with blanks between them.
    ways: &'static [&'static str],
    /// What is to be read at the end of each of them.
    said: &'static [&'static str],
    /// What is to be read at the end of the recommended one besides.
    shown: &'static [&'static str],
}

const WALKS: &[Walk] = &[
    Walk {
        who: "a student: why a PUT took so long",
        ways: &["] ] ] 3", "3 o O g", ":41 Enter 3"],
        said: &[
            "13 41 52.070 c13>s1",
            "4 copies",
            "R1 in its window: 2.04 s",
            "R2 in its window: 4.08 s",
            "R3 in its window: 8.15 s",
            "It took 14.281 s.",
        ],
        shown: &["Copy 2, 2.041 s after the one before"],
    },
    Walk {
        who: "a teacher: CON and NON side by side",
        ways: &["2 Tab j j Tab", "f Tab Tab l l", "2"],
        said: &["CON 13566 GET /alarm", "NON 44083 GET /alarm"],
        shown: &["byte 4", "Token: 01 (1 byte) (RFC 7252 section 5.3.1)"],
    },
    Walk {
        who: "a teacher: what each bit means",
        ways: &["Enter z R j j"],
        said: &[
            "c1>s1 CON  13566",
            "c2>s1 NON  44083",
            "01.. .... = Version: 1",
            "[01]00 0001",
            "Version of the protocol",
        ],
        shown: &[],
    },
    Walk {
        who: "an engineer: which notification was stale, and by which rule",
        ways: &["] ] 4", "4 ]", ":40 Enter 4"],
        said: &["40    46.394", "STALE", "5 < 6 of #39, within 128 s: stale (RFC 7641 section 3.4)"],
        shown: &["warn obs.stale"],
    },
];

/// A key as a terminal sends it; `:41` are three.
fn sent(key: &str) -> String {
    match key {
        "Enter" => "\r".into(),
        "Tab" => "\t".into(),
        other => other.into(),
    }
}

#[test]
fn three_users_find_what_they_look_for() {
    for (terminal, locale) in [("xterm-256color", "C.UTF-8"), ("linux", "C")] {
        for walk in WALKS {
            for (rank, way) in walk.ways.iter().enumerate() {
                let who = walk.who;
                let keys: Vec<String> = way.split(' ').map(sent).collect();
                assert!(keys.concat().len() <= KEYS, "{who}: {way}");
                let command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
                let mut pty = Pty::start_on(command, terminal, locale);
                pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN));
                pty.wait_for("all of it", |screen| screen.contents().contains("85 msg"));
                if locale == "C" {
                    // In one go, as fast fingers do.
                    pty.press(&keys.concat());
                }
                for key in keys.iter().filter(|_| locale != "C") {
                    assert!(pty.answer_to(key, PATIENCE).is_some(), "{who}: no answer to {key}\n{}", pty.text());
                    pty.wait_for("the order", |screen| !screen.contents().contains("sorting"));
                }
                let shown = walk.shown.iter().filter(|_| rank == 0);
                let said: Vec<&str> = walk.said.iter().chain(shown).copied().collect();
                pty.wait_for(way, |screen| said.iter().all(|words| screen.contents().contains(words)));
                assert!(locale != "C" || pty.text().is_ascii(), "{}", pty.text());
                assert!(locale != "C" || pty.raw().is_ascii(), "{who}: bytes beyond ASCII");
            }
        }
    }
}
