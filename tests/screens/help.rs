//! The help page against the program: every key does what its row says, every sign is drawn somewhere.

use std::collections::BTreeSet;
use std::path::PathBuf;

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;
use coapscope::tui::Outcome;

use super::script::Scene;
use super::{LARGE, SMALL};

/// A row of the help page: its keys, how its sentence begins; keys before one of them is pressed; what is on the screen then that was not.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Ends the program instead.
const ENDS: &str = "(ends)";
/// Draws nothing else.
const SAME: &str = "(same)";
const FILTERED: &str = "/ c o a p . t y p e = = 3 Enter";

const ROWS: &[Row] = &[
    ("j Down", "down", "", "\u{25b6}   2"),
    ("k Up", "up", ":3 Enter", "\u{25b6}   2"),
    ("PgDn", "a page down", "", "\u{25b6}   8"),
    ("PgUp C-b", "a page up", ":88 Enter", "\u{25b6}  81"),
    ("C-d", "half a page down", "", "\u{25b6}   5"),
    ("C-u", "half a page up", ":88 Enter", "\u{25b6}  84"),
    ("g Home", "to the first", ":9 Enter", "\u{25b6}   1"),
    ("G End", "to the last, and follow the newest", "", "\u{25b6}  88"),
    ("0 6 7 8 9", "begin a count, which is shown", "", " Esc drop "),
    ("h Left", "fold, or to the field above; in the bytes", "Enter", "\u{25b6}\u{25b8} CoAP"),
    ("h Left", "fold, or to the field above; in the bytes", "Enter Tab l l", "Byte 0 holds"),
    ("l Right", "unfold, or into the field; in the bytes", "Enter h", "\u{25b6}\u{25be} CoAP"),
    ("l Right", "unfold, or into the field; in the bytes", "Enter Tab", "Byte 0 holds"),
    ("Enter", "in: the tree, the field, its bytes; on a related message, go there", "Enter j", "\u{25be} Header"),
    ("Enter", "in: the tree, the field, its bytes; on a related message, go there", "Enter G", "\u{25b6}   2"),
    ("Esc", "out one level; in the list, take the filter away", FILTERED, "the filter is gone"),
    ("Tab", "the next pane", "f Tab", "CoAP, 11 bytes"),
    ("S-Tab", "the pane before", "f", "CoAP, 11 bytes"),
    ("f", "to the flow, on the selected message, and back", "", " Note"),
    ("1", "the messages", "3", "Since #1"),
    ("2", "the flow: who said what to whom", "", " Note"),
    ("3", "the exchanges: state, copies, time", "", " Ex "),
    ("4", "the observations: freshness, gaps", "", " Ob "),
    ("5", "the findings, the worst first", "", "Severity Finding"),
    ("o", "sort a table by its next column", "3", "sort: time"),
    ("O", "the other way round", "3", "largest first"),
    ("b", "group a table by its next column", "3", "by state"),
    ("J", "the next message, from any pane", "Enter", "\u{2500} #2 "),
    ("K", "the message before, from any pane", ":3 Enter Enter", "\u{2500} #2 "),
    ("]", "the next problem: a warning, an error, a retransmission", "", "\u{25b6}  21"),
    ("]", "the next problem: a warning, an error, a retransmission", ":88 Enter [ [", "\u{25b6}  87"),
    ("[", "the problem before", ":88 Enter", "\u{25b6}  87"),
    ("}", "the next message of the same exchange", ":41 Enter", "\u{25b6}  42"),
    ("{", "the message before in the same exchange", ":42 Enter", "\u{25b6}  41"),
    ("(", "the message that this one answers or repeats", ":2 Enter", "\u{25b6}   1"),
    (")", "the message that answers this one", "", "\u{25b6}   2"),
    ("Backspace C-o", "back to where the last jump began", ":41 Enter", "\u{25b6}   1"),
    ("C-f", "find a text in what the messages show", "", "Find>"),
    ("/", "show only some: a filter in Wireshark's language", "", "Filter>"),
    ("=", "only this exchange; in the tree only this value", "", "2 of 85 msg"),
    ("=", "only this exchange; in the tree only this value", "Enter j l j", "/ coap.version == 1"),
    ("!", "all but this exchange; in the tree all but this value", "", "83 of 85 msg"),
    ("!", "all but this exchange; in the tree all but this value", "Enter j l j", "/ !(coap.version == 1)"),
    ("n", "find on", "C-f P U T Enter |", "\u{25b6}  13"),
    ("N", "find backwards", "C-f P U T Enter | n |", "\u{25b6}   9"),
    ("D", "decode the other port that looks like CoAP, too", "", "nothing on other ports looks like CoAP"),
    (":", "go to a frame by its number", "", "Frame>"),
    ("Space", "compare: Space on one message, Space on another", "", "#1 is picked"),
    ("Space", "compare: Space on one message, Space on another", "Space j", "two messages, * where they differ"),
    ("ma", "mark this message: m and any letter", ":4 Enter", "\u{25b6}   4a"),
    ("ma", "mark this message: m and any letter", "ma", "#1 has mark a no more"),
    ("'a", "to the message with a mark: ' and its letter", ":4 Enter ma G", "\u{25b6}   4a"),
    ("''", "to where the last jump began (also g and G)", ":4 Enter G", "\u{25b6}   4"),
    ("zR", "unfold everything", "", "\u{25be} User Datagram"),
    ("zM", "fold everything", "", "\u{25b6}\u{25b8} CoAP"),
    ("x", "bytes of the CoAP message, or of the whole frame", "", "x CoAP only"),
    ("y", "copy: the message in hex, the field as text", "", "copied the message in hex"),
    ("\\", "this pane alone, or all again", "", " 17      24.988"),
    ("+", "a larger message list", "", "  9      15.988"),
    ("-", "a smaller message list", "", "\u{2026}+1"),
    ("=", "only the exchange of this message, or all", "f", "only exchange 1"),
    ("h Left", "lanes farther to the left", "f l", "c1 .21"),
    ("l Right", "lanes farther to the right", "f", "\u{ab}1"),
    ("P", "one lane a host, or one an endpoint", "f", "one lane an endpoint"),
    ("H", "hide the lane that this message comes from", "f", "are hidden"),
    ("A", "show all lanes again", "f H", "all lanes are shown"),
    ("zi", "pauses to scale, or long ones as one row", "f", "drawn to scale"),
    ("zb", "block transfers as one row, or block by block", "f", "every block has its rows"),
    ("zR", "unfold everything", "f", "all is unfolded"),
    ("zM", "fold everything", "f", "all is folded"),
    ("t", "next time format: relative, delta, clock", "", "time: seconds since the message before"),
    ("d", "time since the message before, or back; not in tables", "", " Delta "),
    ("d", "time since the message before, or back; not in tables", "3", "no deltas here"),
    ("r", "count time from this message", ":5 Enter", "Since #5"),
    ("F", "follow the newest message, or stay", "", "nothing new to follow"),
    ("p", "freeze what is shown; the capture goes on", "", "FROZEN"),
    ("q", "end; in the other panes and here, out one level", "", ENDS),
    ("q", "end; in the other panes and here, out one level", "3", "Since #1"),
    ("q", "end; in the other panes and here, out one level", "?", "Since #1"),
    ("C-c", "end at once", "/", ENDS),
    ("C-z", "stop until the shell's fg", "", SAME),
    ("C-l", "draw the screen again", "", SAME),
    ("? F1", "this page, or back", "", "half a page down"),
    ("Enter", "go there", ": 5", "\u{25b6}   5"),
    ("Enter", "filter by what was typed; nothing typed shows all", "/ c o a p . t y p e = = 3", "3 of 85 msg"),
    ("Tab", "put in what is proposed", "/ c o a p . m i", "Filter> coap.mid"),
    ("Up", "an older filter", "/ c o a p . t y p e = = 3 Enter | Esc /", "coap.type==3"),
    ("Down", "a newer filter", "/ c o a p . t y p e = = 3 Enter | / C-u c o a p Enter | / Up", "Filter> coap "),
    ("Enter", "find what was typed", "C-f P U T", "\u{25b6}   9"),
    ("Up", "change what was typed before", "C-f P U T Enter | C-f", "Find> PUT"),
    ("Esc", "drop what was typed", "C-f P U T", "Exchange: 1, answered"),
    ("s", "save what is shown: as .pcapng the frames", "", "Save> lab-session-part.pcapng"),
    ("Enter", "save in this file; one that is there is asked about", "(there) s C-u", "is there. Replace it?"),
    ("y", "replace the file", "(there) s C-u Enter", "saved 85 messages"),
    ("q y Enter", "end, although the capture is not saved", "(live) q", ENDS),
    ("Esc n", "go on", "(live) q", "Enter open"),
];

/// Plays keys, with waits at `|`; `(live)`: as from an interface; `(there)`: behind `C-u` the name of a file is typed that is there.
fn play(keys: &str) -> (Outcome, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.txt");
    std::fs::write(&file, "").unwrap();
    let name: String = file.to_str().unwrap().chars().map(|letter| format!("{letter} ")).collect();
    let named = keys.strip_prefix("(there)").map(|keys| keys.replace("C-u", &format!("C-u {name}")));
    let keys = named.as_deref().unwrap_or(keys);
    let (live, keys) = keys.strip_prefix("(live)").map_or((false, keys), |keys| (true, keys));
    let scene = if live { Scene::built_in().made_live().keys("G") } else { Scene::built_in() };
    let film = keys.split('|').fold(scene.at(SMALL), |scene, keys| scene.keys(keys).wait()).run();
    let last = film.last().to_owned();
    (film.outcome, last)
}

/// Rows of the page: what stands on the left, and the sentence.
type Entries = Vec<(String, String)>;

/// The keys of the page, and its signs.
fn page() -> (Entries, Entries) {
    let film = Scene::built_in().at((250, 250)).keys("?").run();
    let (mut keys, mut signs) = (Vec::new(), Vec::new());
    let mut at_signs = false;
    for row in film.last().lines().skip(1).take_while(|row| !row.starts_with(" This capture")) {
        at_signs |= row.starts_with(" Signs");
        let Some(row) = row.strip_prefix("  ") else { continue };
        let split = row.char_indices().nth(15).map_or(row.len(), |(at, _)| at);
        let entry = (row[..split].trim().to_owned(), row[split..].trim().to_owned());
        if at_signs { signs.push(entry) } else { keys.push(entry) }
    }
    (keys, signs)
}

#[test]
fn every_key_does_what_the_help_says() {
    let (rows, _) = page();
    for (keys, sentence) in &rows {
        let told = ROWS.iter().any(|row| row.0 == keys && sentence.starts_with(row.1));
        assert!(told, "no case for {keys}: {sentence}");
    }
    for (keys, sentence, before, said) in ROWS {
        assert!(
            rows.iter().any(|row| row.0 == *keys && row.1.starts_with(sentence)),
            "not in the help: {keys} {sentence}"
        );
        let (_, was) = play(before);
        for key in keys.split(' ') {
            let (outcome, is) = play(&format!("{before} {key}"));
            match *said {
                ENDS => assert!(matches!(outcome, Outcome::Quit), "{before} {key} does not end:\n{is}"),
                SAME => assert_eq!(was, is, "{before} {key}"),
                said => {
                    assert!(is.contains(said), "{before} {key}: {said} is missing in\n{is}");
                    assert!(!was.contains(said), "{before}: {said} was there before {key}:\n{was}");
                }
            }
        }
    }
    println!("{} rows of the help page, {} cases", rows.len(), ROWS.len());
}

/// A capture of one datagram that was captured twice.
fn captured_twice(folder: &tempfile::TempDir) -> PathBuf {
    let file = folder.path().join("twice.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    let message = [0x41, 0x01, 0x00, 0x01, 0x61, 0xb1, b'w'];
    let length = 28 + message.len() as u8;
    let mut packet = vec![0x45, 0, 0, length, 0x12, 0x34, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet.extend([0x9c, 0x40, 0x16, 0x33, 0, length - 20, 0, 0]);
    packet.extend(message);
    for at in [0, 50_000] {
        writer.record(1_000_000_000 + at, packet.len() as u32, &packet).unwrap();
    }
    writer.finish().unwrap();
    file
}

/// Flags in the list, of all captures there are: `R` for all retransmissions.
fn flags() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let lab = std::fs::read_dir("captures/lab").unwrap().map(|entry| entry.unwrap().path());
    let captures = lab.filter(|path| path.to_string_lossy().contains(".pcap"));
    let folder = tempfile::tempdir().unwrap();
    for path in captures.chain(["captures/lab-session.pcap".into(), captured_twice(&folder)]) {
        let film = Scene::file(&path).at((120, 900)).run();
        let rows = film.last().lines().skip(2).take_while(|row| !row.starts_with('\u{2500}'));
        let flag = |row: &str| {
            let row = row.trim_start_matches(['\u{25b6}', '\u{2502}']);
            let mut words = row.split_whitespace();
            words.next()?.parse::<u32>().ok()?;
            // What stands there otherwise, a time or the kind of evidence, is longer.
            words.next().filter(|word| word.len() < 3 || word.starts_with('R')).map(str::to_owned)
        };
        found.extend(rows.filter_map(flag));
    }
    found
}

#[test]
fn every_sign_of_the_help_is_drawn_and_every_flag_is_in_the_help() {
    let (_, signs) = page();
    let in_help: BTreeSet<&str> = signs.iter().flat_map(|(sign, _)| sign.split(' ')).collect();
    let drawn = flags();
    for flag in &drawn {
        let known = if flag.starts_with('R') { in_help.contains("R1") } else { in_help.contains(flag.as_str()) };
        assert!(known, "{flag} is drawn, and not in the help: {in_help:?}");
    }
    let scene = |name: &str, keys: &str| Scene::lab(name).at(LARGE).keys(keys).wait().run().last().to_owned();
    let built_in = |keys: &str| Scene::built_in().at(LARGE).keys(keys).wait().run().last().to_owned();
    // Each sign with a frame on which it stands, and how it stands there.
    let flag = |sign: &str| assert!(drawn.contains(sign), "no capture has {sign}: {drawn:?}");
    for (sign, sentence) in &signs {
        let (frame, expected) = match sign.as_str() {
            "E W" | "R1 R2" | "D C" | "G" | "o" => {
                sign.split(' ').for_each(flag);
                continue;
            }
            "=#4" => (built_in(""), vec!["=#1 7.24ms"]),
            "4a" => (built_in(":4 Enter m a"), vec!["\u{25b6}   4a"]),
            "R1=#4" => (built_in("]"), vec!["R1=#17 +2.47s"]),
            "\u{2502} before a row" => (built_in(""), vec!["\n\u{2502}   2"]),
            "c1 s1 e1" => (built_in("G"), vec!["e3 ", "c21 ", "s1 "]),
            "\u{2501}\u{2501}\u{25b6}" => (built_in("f"), vec!["CON GET /alarm \u{2501}\u{2501}\u{2501}\u{25b6}"]),
            "\u{2504}\u{2504}\u{25b6}" => (built_in("f"), vec!["NON GET /alarm \u{2504}\u{2504}\u{2504}\u{25b6}"]),
            "\u{2500}\u{2500}\u{25b6}" => (scene("04-rst-ping.pcap", "f"), vec!["X\u{2500}\u{2500}", "RST"]),
            "\u{254c}\u{254c}\u{25b6}" => (scene("03-observe-dies-icmp.pcap", "f G"), vec!["\u{254c}\u{254c}", "ICMP"]),
            "?" => (scene("04-giveup-libcoap.pcap", "f"), vec!["\u{25b6} ?"]),
            "[+]" => (scene("05-block-loss.client.pcap", "f"), vec!["[+]", "1W 1D", "1R"]),
            "\u{2022} before a row" => (built_in("f"), vec!["\n\u{2022} 2"]),
            "2\u{bb}" => (built_in("f"), vec!["\u{bb} Note"]),
            ">3.00s" => (scene("04-giveup-libcoap.pcap", "3"), vec![" none    5 >47.7s"]),
            "NON*" => (scene("08-multicast-v4.pcap", "3"), vec!["NON*"]),
            "1 R1 A" => (built_in(":41 Enter 3"), vec![" captured 1 ", "R1 ", "R3", "A", "===="]),
            "o x" => (built_in(":40 Enter 4"), vec![" x\n", " o\n", "fresh\u{2502}===="]),
            _ => panic!("no case for the sign {sign}: {sentence}"),
        };
        for text in expected {
            assert!(frame.contains(text), "{sign}: {text} is missing in\n{frame}");
        }
    }
}
