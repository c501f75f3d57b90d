//! What three users look for in the built-in capture, and how few keys they need; on a terminal of today, and on the console of a C locale.

use std::time::Duration;

use portable_pty::CommandBuilder;

use super::DRAWN;
use super::pty::Pty;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Keys at most.
const KEYS: usize = 6;

/// Who looks for what; the keys; what the screen says then.
const WALKS: &[(&str, &[&str], &[&str])] = &[
    (
        "a student: why a PUT took so long",
        &["3", "o", "O", "g"],
        &["4 copies, answered", "R1 in its window: 2.04 s", "R2 in its window: 4.08 s", "R3 in its window: 8.15 s"],
    ),
    (
        "a teacher: CON and NON side by side, and what each bit means",
        &["\r", "z", "R", "j", "j"],
        &["c1>s1 CON  13566", "c2>s1 NON  44083", "01.. .... = Version: 1", "[01]00 0001", "Version of the protocol"],
    ),
    (
        "an engineer: which notification was stale, and by which rule",
        &["4", "]"],
        &["40    46.394", "STALE", "5 < 6 of #39, within 128 s: stale (RFC 7641 section 3.4)"],
    ),
];

#[test]
fn three_users_find_what_they_look_for() {
    for (terminal, locale) in [("xterm-256color", "C.UTF-8"), ("linux", "C")] {
        for (who, keys, said) in WALKS {
            assert!(keys.len() <= KEYS, "{who}: {keys:?}");
            let command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
            let mut pty = Pty::start_on(command, terminal, locale);
            pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN));
            pty.wait_for("all of it", |screen| screen.contents().contains("88 msg"));
            if locale == "C" {
                // In one go, as fast fingers do.
                pty.press(&keys.concat());
            }
            for key in keys.iter().filter(|_| locale != "C") {
                assert!(pty.answer_to(key, PATIENCE).is_some(), "{who}: no answer to {key}\n{}", pty.text());
                pty.wait_for("the order", |screen| !screen.contents().contains("sorting"));
            }
            pty.wait_for(who, |screen| said.iter().all(|words| screen.contents().contains(words)));
            assert!(locale != "C" || pty.text().is_ascii(), "{}", pty.text());
            assert!(locale != "C" || pty.raw().is_ascii(), "{who}: bytes beyond ASCII");
        }
    }
}
