//! The terminal is given back, whatever ends the screen: a real program in a pseudo-terminal.
#![cfg(feature = "tui")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "terminal/broken.rs"]
mod broken;
#[path = "terminal/cost.rs"]
mod cost;
#[path = "terminal/ending.rs"]
mod ending;
#[path = "terminal/follow.rs"]
mod follow;
#[path = "terminal/pty.rs"]
mod pty;
#[path = "terminal/quiet.rs"]
mod quiet;
#[path = "terminal/shells.rs"]
mod shells;
#[path = "common/skipped.rs"]
mod skipped;
#[path = "terminal/walks.rs"]
mod walks;

use std::time::Duration;

use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;
use pty::Pty;

const CAPTURE: &str = "captures/lab/02-alarm-plain.pcap";
/// In the last line of the screen, once it is drawn.
const DRAWN: &str = "? help";

fn coapscope() -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
    command.arg(CAPTURE);
    command
}

/// The test program itself, run again as one that breaks.
fn broken(what: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "broken::breaks", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("COAPSCOPE_TEST_BREAKS", what);
    command
}

/// Runs a command, ends it once it has drawn, and checks that the terminal is as it was before.
fn check(command: CommandBuilder, end: impl FnOnce(&mut Pty), status: u32, said: &str) {
    let mut pty = Pty::start(command);
    let before = pty.before.clone();
    pty.wait_for("the screen", |screen| screen.alternate_screen() && screen.contents().contains(DRAWN));
    assert_ne!(pty.modes(), before, "raw mode was not taken");
    pty.wait_for("pasting as text", vt100::Screen::bracketed_paste);
    end(&mut pty);
    let ended = pty.wait_for_end();
    pty.wait_for("the terminal given back", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    });
    assert_eq!(pty.modes(), before, "raw mode was left on");
    pty.wait_for("what it says", |screen| screen.contents().contains(said));
    assert_eq!(ended, status, "{}", pty.text());
}

#[test]
fn given_back_on_q() {
    check(coapscope(), |pty| pty.press("q"), 0, "");
}

#[test]
fn given_back_on_ctrl_c() {
    check(coapscope(), |pty| pty.press("\x03"), 0, "");
}

#[test]
fn given_back_on_signals() {
    use Signal::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU};
    for signal in [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGXCPU] {
        // portable-pty reports an end by signal as status 1.
        check(coapscope(), |pty| pty.send(signal), 1, "");
    }
}

#[test]
fn what_could_not_be_read_is_told_after_the_screen() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for file in ["CONTRIBUTING.md", empty.path().to_str().unwrap()] {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
        command.arg(file);
        let said = format!("coapscope: {file}: ");
        let mut pty = Pty::start(command);
        pty.wait_for("the page that tells it", |screen| screen.contents().contains("ENDED BY AN ERROR"));
        pty.press("q");
        assert_eq!(pty.wait_for_end(), 2, "{}", pty.text());
        pty.wait_for("what it says", |screen| !screen.alternate_screen() && screen.contents().contains(&said));
    }
}

#[test]
fn standard_input_that_nobody_asked_for_is_told() {
    let program = env!("CARGO_BIN_EXE_coapscope");
    for (line, is_told) in [
        (format!("exec {program} <{CAPTURE}"), true),
        (format!("cat {CAPTURE} | {program}"), true),
        (format!("exec {program} - <{CAPTURE}"), false),
        (format!("exec {program} </dev/null"), false),
        (format!("exec {program}"), false),
    ] {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", &line]);
        let mut pty = Pty::start(command);
        pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN));
        while pty.more_within(Duration::from_millis(200)) {}
        assert_eq!(pty.text().contains("`coapscope -` reads it"), is_told, "{line}\n{}", pty.text());
        pty.press("q");
        assert_eq!(pty.wait_for_end(), 0, "{line}");
    }
}

#[test]
fn given_back_on_a_panic_of_the_screen() {
    check(broken("screen"), |pty| pty.press("j"), 101, "the screen broke on purpose");
}

#[test]
fn given_back_on_a_panic_of_the_loader() {
    check(broken("loader"), |pty| pty.press("j"), 2, "the loader broke on purpose");
}

/// A terminal with a shell in it.
fn in_shell() -> Pty {
    let mut shell = CommandBuilder::new("sh");
    shell.args(["-i"]);
    shell.env("PS1", "ready> ");
    shell.env("ENV", "");
    Pty::start(shell)
}

#[test]
fn given_back_when_stopped_and_taken_again() {
    let mut pty = in_shell();
    let ready = |screen: &vt100::Screen| {
        let given_back = !screen.alternate_screen() && !screen.bracketed_paste();
        given_back && screen.contents().trim_end().ends_with("ready>")
    };
    pty.wait_for("a shell", ready);
    pty.press(&format!("{} {CAPTURE}\r", env!("CARGO_BIN_EXE_coapscope")));
    let drawn = |screen: &vt100::Screen| {
        screen.alternate_screen() && screen.bracketed_paste() && screen.contents().contains(DRAWN)
    };
    pty.wait_for("the screen", drawn);
    for stop in ["\x1a", "\x1a"] {
        pty.press(stop);
        pty.wait_for("the shell again", |screen| ready(screen) && !screen.hide_cursor());
        pty.press("clear; stty -a\r");
        pty.wait_for("the terminal's modes", |screen| {
            ready(screen) && [" icanon", " echo "].iter().all(|mode| screen.contents().contains(mode))
        });
        pty.press("clear; fg\r");
        pty.wait_for("the screen again", drawn);
    }
    pty.press("q");
    pty.wait_for("the shell at the end", ready);
    pty.press("exit\r");
    pty.wait_for_end();
}

#[test]
fn taken_again_when_others_stopped_it() {
    let mut pty = in_shell();
    let ready = |screen: &vt100::Screen| screen.contents().trim_end().ends_with("ready>");
    pty.wait_for("a shell", ready);
    pty.press(&format!("{} {CAPTURE}\r", env!("CARGO_BIN_EXE_coapscope")));
    let drawn = |screen: &vt100::Screen| screen.alternate_screen() && screen.contents().contains(DRAWN);
    pty.wait_for("the screen", drawn);
    let raw = pty.modes();
    let shell = pty.process();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    let program = nix::unistd::Pid::from_raw(children.trim().parse().unwrap());
    nix::sys::signal::kill(program, Signal::SIGSTOP).unwrap();
    pty.wait_for("the shell again", |screen| screen.contents().contains("ready>"));
    pty.press("stty sane; clear\n");
    pty.wait_for("an empty screen", |screen| screen.contents().trim() == "ready>");
    assert_ne!(pty.modes(), raw);
    pty.press("fg\r");
    pty.wait_for("the screen again", drawn);
    assert_eq!(pty.modes(), raw, "raw mode was not taken again");
    pty.press("q");
    pty.wait_for("the shell at the end", |screen| !screen.alternate_screen() && ready(screen));
    pty.press("exit\r");
    pty.wait_for_end();
}

#[test]
fn a_terminal_without_a_screen_is_told() {
    let mut pty = Pty::start_on(coapscope(), "dumb", "C.UTF-8");
    assert_eq!(pty.wait_for_end(), 2, "{}", pty.text());
    pty.wait_for("one line", |screen| screen.contents().replace('\n', "").contains("`coapscope print` prints"));
    assert!(!pty.raw().contains(&b'\x1b'), "the screen was begun");
}

#[test]
fn what_is_pasted_presses_no_key() {
    let mut pty = Pty::start(coapscope());
    pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN));
    pty.press("\x1b[200~q\ry\n\x1b[201~");
    pty.wait_for("a word on it", |screen| screen.contents().contains("pasted text is not taken for keys"));
    pty.press("/");
    pty.wait_for("the line of the filter", |screen| screen.contents().contains("Filter>"));
    pty.press("\x1b[200~coap.code\n== PUT\r\n\x1b[201~");
    pty.wait_for("the filter", |screen| screen.contents().contains("Filter> coap.code == PUT"));
    pty.press("\r");
    pty.wait_for("the chosen messages", |screen| screen.contents().contains("/ coap.code == PUT"));
    pty.press("q");
    assert_eq!(pty.wait_for_end(), 0, "{}", pty.text());
}

#[test]
fn frames_are_synchronized_and_idle_is_silent() {
    let mut pty = Pty::start(coapscope());
    pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN));
    assert!(pty.raw().windows(8).any(|bytes| bytes == b"\x1b[?2026h"), "no synchronized update");
    // Let the reading end be drawn, then nothing more may come.
    while pty.more_within(Duration::from_millis(200)) {}
    let before = pty.raw().len();
    assert!(!pty.more_within(Duration::from_millis(1500)), "idle, and yet {} bytes came", pty.raw().len() - before);
    // A key that changes nothing says so, and from then on sends nothing either.
    pty.press("k");
    pty.wait_for("a word", |screen| screen.contents().contains("this is the first row"));
    while pty.more_within(Duration::from_millis(200)) {}
    pty.press("k");
    assert!(!pty.more_within(Duration::from_millis(300)), "nothing changed, and yet bytes came");
    pty.press("q");
    assert_eq!(pty.wait_for_end(), 0);
}

/// Whether the terminal was told colours: numbers 30 to 49 and 90 to 107 of `ESC [ .. m`.
fn has_colours(raw: &[u8]) -> bool {
    let text = String::from_utf8_lossy(raw);
    let mut orders = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ';')?;
        rest[end..].starts_with('m').then(|| &rest[..end])
    });
    let is_colour =
        |number: &str| number.parse().is_ok_and(|n: u8| (30..=38).contains(&n) || (40..=48).contains(&n) || n >= 90);
    orders.any(|order| order.split(';').any(is_colour))
}

#[test]
fn no_color_leaves_bold_and_reverse() {
    for (value, colours) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
        command.env_remove("NO_COLOR");
        command.env_remove("CLICOLOR");
        if let Some(value) = value {
            command.env("NO_COLOR", value);
        }
        let mut pty = Pty::start(command);
        pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN) && screen.contents().contains("85 msg"));
        for key in ["]", "f", "3", "4", "5", "1"] {
            assert!(pty.answer_to(key, Duration::from_secs(20)).is_some(), "no answer to {key}");
        }
        assert_eq!(has_colours(pty.raw()), colours, "NO_COLOR={value:?}");
        // What is selected, and what warns, stands out all the same.
        let selected = |screen: &vt100::Screen| {
            (2..22).any(|row| {
                screen
                    .cell(row, 3)
                    .is_some_and(|cell| cell.inverse() && screen.cell(row + 1, 3).is_some_and(|next| !next.inverse()))
            })
        };
        pty.wait_for("a selected row", selected);
        pty.wait_for("bold heads", |screen| screen.cell(1, 1).is_some_and(vt100::Cell::bold));
    }
}

#[test]
fn a_burst_of_keys_leaves_none_behind() {
    // The buffers between here and there have all sorts of sizes.
    for count in [1023, 1024, 1025, 2048, 3000] {
        check(coapscope(), |pty| pty.press(&format!("{}q", "j".repeat(count - 1))), 0, "");
    }
}

#[test]
fn what_the_screen_cannot_do_is_refused_in_one_line() {
    for (arguments, said) in [
        (&["-"][..], "standard input: is a terminal"),
        (&["print", "-"], "standard input: is a terminal"),
        (&["stats", "-"], "standard input: is a terminal"),
        (&["-c", "5", CAPTURE], "coapscope print -c"),
        (&["-c", "5"], "coapscope print -c"),
    ] {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
        command.args(arguments);
        let mut pty = Pty::start(command);
        assert_eq!(pty.wait_for_end(), 2, "{}", pty.text());
        pty.wait_for("one line", |screen| screen.contents().replace('\n', "").contains(said));
        assert!(!pty.raw().windows(5).any(|bytes| bytes == b"\x1b[?10"), "the screen was begun");
    }
}
