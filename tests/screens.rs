//! The screen, whole: captures and key scripts in, drawn frames out.
#![cfg(feature = "tui")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "screens/again.rs"]
mod again;
#[path = "screens/age.rs"]
mod age;
#[path = "screens/arrows.rs"]
mod arrows;
#[path = "screens/ascii.rs"]
mod ascii;
#[path = "screens/chart.rs"]
mod chart;
#[path = "screens/compare.rs"]
mod compare;
#[path = "screens/cut.rs"]
mod cut;
#[path = "screens/down.rs"]
mod down;
#[path = "screens/filter.rs"]
mod filter;
#[path = "screens/findings.rs"]
mod findings;
#[path = "screens/growing.rs"]
mod growing;
#[path = "screens/help.rs"]
mod help;
#[path = "screens/jumps.rs"]
mod jumps;
#[path = "screens/keys.rs"]
mod keys;
#[path = "screens/lasting.rs"]
mod lasting;
#[path = "screens/long.rs"]
mod long;
#[path = "screens/mark.rs"]
mod mark;
#[path = "screens/order.rs"]
mod order;
#[path = "screens/saving.rs"]
mod saving;
#[path = "screens/script.rs"]
mod script;
#[path = "screens/search.rs"]
mod search;
#[path = "screens/sentences.rs"]
mod sentences;
#[path = "screens/silent.rs"]
mod silent;
#[path = "screens/timeline.rs"]
mod timeline;
#[path = "screens/told.rs"]
mod told;
#[path = "screens/truth.rs"]
mod truth;
#[path = "screens/words.rs"]
mod words;

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;
use coapscope::store::{Ended, Offer, Summary};
use coapscope::tui::Outcome;
use script::{Film, Scene};

/// Runs a scene at a size and compares the last frame with the one on file.
fn check(name: &str, size: (u16, u16), scene: Scene) -> Film {
    let film = scene.at(size).run();
    insta::with_settings!({ snapshot_path => "screens/frames", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), film.last());
    });
    film
}

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 36);
const TINY: (u16, u16) = (40, 12);

#[test]
fn opening_shows_three_panes() {
    for size in [SMALL, LARGE, TINY] {
        check("opening", size, Scene::built_in());
    }
}

#[test]
fn every_problem_is_told_in_its_row() {
    for size in [SMALL, LARGE, TINY] {
        check("retransmission", size, Scene::lab("04-retransmit-libcoap.client.pcap").keys("]]]"));
    }
    check("observe", SMALL, Scene::lab("04-reorder.client.pcap").keys("20G"));
}

#[test]
fn a_field_lights_up_its_bytes_and_bits() {
    let scene = || Scene::lab("01-libcoap-basics-ipv4.pcap").keys("3G Enter j l j j");
    let film = check("field", SMALL, scene());
    assert!(film.last().contains("01[01]"), "the bits of the type are not marked:\n{}", film.last());
    check("field", LARGE, scene());
}

#[test]
fn a_byte_selects_its_field() {
    let film = check("byte", SMALL, Scene::lab("01-libcoap-basics-ipv4.pcap").keys("Enter Tab l l l"));
    assert!(film.last().contains("Message ID"), "{}", film.last());
    let scene = Scene::lab("01-libcoap-basics-ipv4.pcap").keys("x Tab Tab g").keys(&"l ".repeat(14));
    check("frame-byte", LARGE, scene);
}

#[test]
fn a_value_of_a_payload_lights_up_its_bytes() {
    let film = check("payload", LARGE, Scene::lab("07-formats.pcap").keys("12G Enter G k k k k k k k k"));
    assert!(film.last().contains("room: 107"), "{}", film.last());
}

#[test]
fn a_related_message_in_the_tree_is_a_way_there() {
    let film = Scene::lab("02-alarm-plain.pcap").keys("j Enter zR G k Enter").run();
    assert_eq!(selected_number(film.last()).as_deref(), Some("1"), "{}", film.last());
}

#[test]
fn the_same_field_stays_selected_from_message_to_message() {
    let film = Scene::lab("02-alarm-plain.pcap").keys("Enter j j j j").keys("J J").run();
    let row = |frame: &str| frame.lines().skip(10).find(|row| row.starts_with('\u{25b6}')).map(str::to_owned);
    assert_eq!(row(film.last()).map(|row| row.contains("Uri-Path")), Some(true), "{}", film.last());
}

/// The row of the selected message.
fn marked_row(frame: &str) -> Option<&str> {
    frame.lines().skip(2).find(|row| row.starts_with('\u{25b6}'))
}

/// Number of the selected message, as its row shows it.
fn selected_number(frame: &str) -> Option<String> {
    let row = marked_row(frame)?;
    row.trim_start_matches('\u{25b6}').split_whitespace().next().map(str::to_owned)
}

#[test]
fn times_help_and_find() {
    check("times", SMALL, Scene::lab("01-libcoap-basics-ipv4.pcap").keys("5G r"));
    check("delta", SMALL, Scene::lab("01-libcoap-basics-ipv4.pcap").keys("5G d"));
    check("help", SMALL, Scene::built_in().keys("?"));
    check("help", LARGE, Scene::built_in().keys("? PgDn"));
    check("typing", SMALL, Scene::lab("02-alarm-plain.pcap").keys("C-f m e t h o d"));
    let film = check("found", SMALL, Scene::lab("02-alarm-plain.pcap").keys("C-f m e t h o d Enter").wait());
    assert!(film.last().contains("found \"method\""), "{}", film.last());
}

#[test]
fn typing_replaces_what_was_looked_for() {
    let typed = |keys: &str| {
        let film = Scene::lab("02-alarm-plain.pcap").keys("C-f m i d Enter").wait().keys(keys).run();
        film.last().lines().find(|row| row.starts_with(" Find>")).map(str::to_owned)
    };
    assert_eq!(typed("C-f").as_deref(), Some(" Find>  (Enter finds \"mid\" again)"));
    assert_eq!(typed("C-f x").as_deref(), Some(" Find> x"));
    assert_eq!(typed("C-f Up x").as_deref(), Some(" Find> midx"));
    let again = Scene::lab("02-alarm-plain.pcap").keys("C-f m i d Enter").wait().keys("C-f Enter").wait().run();
    assert!(again.last().contains("found \"mid\""), "{}", again.last());
}

#[test]
fn times_say_what_they_are() {
    for (keys, head) in [("", "Since #1"), ("jj r", "Since #3"), ("d", "Delta"), ("t t", "Local"), ("jj r d", "Delta")]
    {
        let film = Scene::lab("02-alarm-plain.pcap").keys(keys).run();
        let heads = film.last().lines().nth(1).unwrap();
        assert!(heads.contains(&format!(" {head} Dir")), "{keys}: {heads}");
    }
}

#[test]
fn a_quoted_dtls_record_is_no_message() {
    let film = Scene::lab("06-dtls-psk-gnutls.pcap").at(LARGE).run();
    assert!(film.last().contains("quotes DTLS") && film.last().contains("Datagram Transport Layer Security"));
    assert!(!film.last().contains("Message ID") && !film.last().contains("signaling"), "{}", film.last());
}

#[test]
fn what_is_selected_can_be_copied() {
    let film = Scene::lab("02-alarm-plain.pcap").keys("y Enter j j y Tab y Esc Esc x y").run();
    let message = "4203d82cab3c396c6f63616c686f737485616c61726dff4f4e";
    assert_eq!(film.copied, [message, "Token: ab3c (2 bytes)", "ab3c", message]);
    let said = |told: &str| film.frames.iter().any(|frame| frame.contains(told));
    assert!(said("copied the field's bytes in hex: ab3c"));
    // Cut, since it would fill the pane.
    assert!(said(&format!("{}\u{2026} (50 characters)", &message[..40])), "{}", film.frames[1]);
}

#[test]
fn zoom_and_sizes_change_the_panes() {
    let rules = |keys: &str| {
        let film = Scene::lab("02-alarm-plain.pcap").keys(keys).run();
        film.last()
            .lines()
            .enumerate()
            .filter(|(_, row)| row.starts_with('\u{2500}'))
            .map(|(y, _)| y)
            .collect::<Vec<_>>()
    };
    assert_eq!(rules(""), [10, 17]);
    assert_eq!(rules("++"), [12, 17]);
    assert_eq!(rules("-"), [9, 17]);
    assert_eq!(rules("\\"), [0; 0]);
    assert_eq!(rules("Tab \\"), [1]);
    assert_eq!(rules("\\ \\"), [10, 17]);
}

#[test]
fn nothing_is_explained() {
    check("live-empty", SMALL, Scene::live());
    check("live-empty", LARGE, Scene::live());
    check("live-empty", TINY, Scene::live());
    check("no-coap", SMALL, Scene::lab("06-tcp-libcoap.pcap"));
    check("other-port", SMALL, Scene::lab("08-other-ports.pcap"));
    let mut summary = Summary { frames: 62, ..Summary::default() };
    summary.reasons.extend([("UDP port 5783".to_owned(), 6), ("TCP, ports 80 and 40000".to_owned(), 56)]);
    summary.offers.insert(5783, Offer { datagrams: 6, first_frame: 3 });
    let film = check("offer", SMALL, Scene::files().told(summary, Some(Ended::Complete)));
    assert!(film.last().contains("--port 5783"), "{}", film.last());
    let summary = Summary { frames: 9, dropped: 17, ..Summary::default() };
    let film = Scene::live().told(summary, None).run();
    assert!(film.last().lines().next().unwrap().contains("drop 17"), "{}", film.last());
    let failed = Some(Ended::Failed("x.pcap: cannot be read: input/output error".into()));
    let film = check("failed", SMALL, Scene::files().told(Summary::default(), failed));
    assert!(film.last().contains("ENDED BY AN ERROR: ? G"), "{}", film.last());
    check("cut", SMALL, Scene::lab("08-truncated-file.pcap"));
    let film = check("damaged", SMALL, Scene::files().warned(3));
    assert!(film.last().contains("3 warnings") && !film.last().contains("nothing was captured"), "{}", film.last());
    let film = Scene::files().warned(101).run();
    assert!(film.last().contains("100 or more warnings"), "{}", film.last());
}

#[test]
fn what_looks_like_coap_elsewhere_is_one_key_away() {
    let lab = "08-other-ports.pcap";
    let film = Scene::lab(lab).keys("D").run();
    assert!(matches!(film.outcome, Outcome::Decode(5783, _)), "{:?}", film.outcome);
    let film = Scene::lab(lab).made_live().keys("D").run();
    assert!(film.last().contains("start with --port 5783"), "{}", film.last());
    let film = Scene::built_in().keys("D").run();
    assert!(film.last().contains("nothing on other ports looks like CoAP"), "{}", film.last());
}

#[test]
fn a_live_list_follows_until_the_user_moves() {
    let lab = "01-libcoap-basics-ipv4.pcap";
    let followed = Scene::lab(lab).made_live().pieces(20).run();
    assert!(followed.last().lines().any(|row| row.starts_with("\u{25b6}  54")), "{}", followed.last());
    let film = check("new-below", SMALL, Scene::lab(lab).made_live().pieces(20).keys_after_first("k"));
    assert!(film.last().contains("new below, G follows"), "{}", film.last());
    let film = check("frozen", SMALL, Scene::lab(lab).made_live().pieces(20).keys_after_first("p"));
    assert!(film.last().contains("FROZEN 34 new"), "{}", film.last());
    let asked = Scene::lab(lab).made_live().keys("q").run();
    assert!(asked.last().contains("not saved"), "{}", asked.last());
}

#[test]
fn a_followed_file_is_shown_as_one_that_grows() {
    let scene = || Scene::lab("01-libcoap-basics-ipv4.pcap").followed().pieces(20);
    let film = check("followed", SMALL, scene());
    assert!(film.last().contains("following") && !film.last().contains("reading"), "{}", film.last());
    assert_eq!(selected_number(film.last()).as_deref(), Some("54"));
    let film = scene().keys_after_first("k").run();
    assert!(film.last().contains("34 new below, G follows"), "{}", film.last());
    let film = scene().keys_after_first("k").keys("F").run();
    assert_eq!(selected_number(film.last()).as_deref(), Some("54"));
}

#[test]
fn an_old_draft_is_shown_in_both_readings() {
    // draft-ietf-core-coap-12: two options are counted where today the token's length stands.
    let message =
        [0x42, 0x01, 0x7d, 0x34, 0xbb, 0x74, 0x65, 0x6d, 0x70, 0x65, 0x72, 0x61, 0x74, 0x75, 0x72, 0x65, 0x81, 0x20];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    let length = 28 + message.len() as u8;
    let ip = [0x45, 0, 0, length, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let udp = [0x9c, 0x40, 0x16, 0x33, 0, length - 20, 0, 0];
    let packet = [&ip[..], &udp, &message].concat();
    writer.record(1_000_000_000, packet.len() as u32, &packet).unwrap();
    writer.finish().unwrap();
    for size in [SMALL, LARGE] {
        let film = check("other-reading", size, Scene::file(&file).keys("Enter zM G k l G k Enter j"));
        assert!(film.last().contains("Other reading"), "{}", film.last());
    }
}

#[test]
fn what_is_frozen_stays_to_the_last_column() {
    for view in ["1", "2", "3", "4"] {
        let scene = Scene::lab("04-retransmit-libcoap.client.pcap").made_live().pieces(10);
        let film = scene.keys_after_first(&format!("g {view} p")).run();
        let frozen: Vec<&String> = film.frames.iter().filter(|frame| frame.contains("FROZEN")).collect();
        let below = |frame: &str| frame.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert!(film.last().contains("FROZEN 14 new"), "{}", film.last());
        assert_eq!(below(frozen[0]), below(film.last()), "view {view}");
        let thawed = Scene::lab("04-retransmit-libcoap.client.pcap").made_live().pieces(10);
        let thawed = thawed.keys_after_first(&format!("g {view} p")).keys("p").run();
        let never = Scene::lab("04-retransmit-libcoap.client.pcap").made_live().pieces(10);
        let never = never.keys_after_first(&format!("g {view}")).keys("p p").run();
        assert_eq!(below(thawed.last()), below(never.last()), "view {view}");
    }
}

#[test]
fn signs_stay_without_colour_and_beyond_ascii() {
    let scene = || Scene::lab("04-retransmit-libcoap.client.pcap").keys("]]");
    let plain = scene().plain().at(SMALL).run();
    assert_eq!(plain.last(), scene().at(SMALL).run().last(), "colour carries what no sign says");
    assert_eq!(plain.colours, 0, "NO_COLOR, and yet colours");
    let ascii = check("ascii", SMALL, scene().ascii());
    assert!(ascii.frames.iter().all(|frame| frame.is_ascii()));
}

#[test]
fn no_size_breaks_it() {
    let mut scene = Scene::lab("07-formats.pcap");
    for keys in ["g", "Tab", "Tab", "zR", "\\", "?", "Esc 2", "3", "3 Tab", "4", "4 Tab", "5", "5 Tab", "1 C-f"] {
        scene = scene.keys(keys);
        for size in [(1, 1), (250, 80), (39, 8), (40, 7), (40, 8), (104, 16), (103, 15), (7, 60), (200, 2), (80, 24)] {
            scene = scene.resize(size);
        }
    }
    let film = scene.run();
    assert!(film.frames.len() > 140);
}

#[test]
fn every_size_can_be_drawn() {
    for (keys, columns, rows) in
        [("9G Enter zR", 7, 5), ("f", 13, 7), ("3 b Tab j", 13, 7), ("11G 4 Tab j", 13, 7), ("11G 5 Tab j", 13, 7)]
    {
        let mut scene = Scene::lab("04-reorder.client.pcap").keys(keys);
        for width in (1..=250).step_by(columns) {
            for height in (1..=80).step_by(rows) {
                scene = scene.resize((width, height));
            }
        }
        for size in [(250, 80), (40, 8), (40, 7), (39, 8), (250, 8), (40, 80)] {
            scene = scene.resize(size);
        }
        scene.run();
    }
}

/// Keys that a restless user presses; none ends the screen.
const RESTLESS: &str = "1 2 3 4 5 5 f Tab S-Tab Enter Esc j k G g PgDn PgUp C-d C-u ] [ } { ( ) Backspace o O b = ! x t d r p F zR zM zi zb P H A \
                        h l \\ + - ? / C-f : n N Up Down y m a ' '' mb 'b 0 9 7 Space Space";

#[test]
fn any_keys_at_any_size_break_nothing() {
    let keys: Vec<&str> = RESTLESS.split_whitespace().collect();
    // A generator of Lehmer's: the same every time.
    let mut state = 20_061_969u64;
    let mut random = |below: usize| {
        state = state * 48_271 % 2_147_483_647;
        state as usize % below
    };
    for (round, capture) in
        ["04-reorder.client.pcap", "05-block-loss.client.pcap", "07-formats.pcap", "08-multicast-v4.pcap"]
            .into_iter()
            .enumerate()
    {
        let mut scene = Scene::lab(capture);
        if round % 2 == 1 {
            scene = scene.made_live().pieces(5);
        }
        for step in 0..150 {
            // Mostly sizes near the limits, where panes come and go.
            let limit = if step % 2 == 0 { (250, 80) } else { (130, 30) };
            scene = scene.resize((1 + random(limit.0) as u16, 1 + random(limit.1) as u16));
            scene = scene.keys(keys[random(keys.len())]).keys(keys[random(keys.len())]);
        }
        let film = scene.run();
        assert!(film.frames.len() > 450, "{}", film.frames.len());
    }
}

#[test]
fn q_leads_out_of_every_view() {
    for keys in
        ["q", "f q q", "3 q q", "4 q q", "5 q q", "3 Tab q q q", "3 Enter q q q", "3 4 5 q q q q", "Enter Enter q q q"]
    {
        let film = Scene::lab("03-observe-alarm-two.pcap").keys(keys).run();
        assert_eq!(film.outcome, Outcome::Quit, "{keys}:\n{}", film.last());
    }
}

#[test]
fn folds_need_no_message() {
    let film =
        Scene::lab("02-alarm-plain.pcap").filtered("coap.mid == 1").wait().keys("zM zR zM Tab zM Tab zR l h").run();
    assert!(film.last().contains("no message passes the filter"), "{}", film.last());
}

#[test]
fn a_lost_file_is_said_in_place() {
    let film = Scene::lab("02-alarm-plain.pcap").lose_file().keys("j").run();
    assert!(film.last().contains("cannot be read"), "{}", film.last());
}

#[test]
fn exchanges_and_observations_have_their_views() {
    for size in [SMALL, LARGE, TINY] {
        check("exchanges", size, Scene::lab("04-retransmit-libcoap.client.pcap").keys("3"));
        check("observations", size, Scene::lab("04-reorder.client.pcap").keys("11G 4"));
        check("flow", size, Scene::lab("04-retransmit-libcoap.client.pcap").keys("f"));
    }
    // Each order is made by a worker.
    let ordered = Scene::built_in().plain().ascii().keys("3 o").wait().keys("O").wait().keys("b").wait();
    check("exchanges-plain", SMALL, ordered);
    check("observations-ascii", SMALL, Scene::built_in().plain().ascii().keys("4 j Tab j j j"));
}

/// Every view, on a capture that has something to show in it.
const VIEWS: &[(&str, &str, &str)] = &[
    ("messages", "04-retransmit-libcoap.client.pcap", "]]]"),
    ("flow", "04-reorder.client.pcap", "11G f"),
    ("exchanges", "04-retransmit-libcoap.client.pcap", "]]] 3"),
    ("observations", "04-reorder.client.pcap", "11G 4"),
    ("findings", "04-reorder.client.pcap", "11G 5"),
];

#[test]
fn every_view_is_readable_on_every_terminal() {
    for (view, capture, keys) in VIEWS {
        for size in [SMALL, LARGE, TINY] {
            let scene = || Scene::lab(capture).keys(keys).wait();
            let colour = scene().at(size).run();
            let plain = scene().plain().at(size).run();
            assert_eq!(plain.last(), colour.last(), "{view}: colour carries what no sign says");
            assert!(plain.colours == 0 && colour.colours > 0, "{view}: colours without a need, or none");
            let ascii = check(&format!("ascii-{view}"), size, scene().ascii());
            assert!(ascii.frames.iter().all(|frame| frame.is_ascii()), "{view}");
        }
        let film = Scene::lab(capture).keys(keys).wait().at(SMALL).run();
        insta::with_settings!({ snapshot_path => "screens/frames", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{view}-colours-80x24"), film.styles);
        });
    }
}

#[test]
fn every_view_finds_what_its_rows_show() {
    for (view, text, expected) in [
        ("1", "c13>s1", "41"),
        ("f", "c13<s1", "51"),
        ("3", "c13>s1", "13"),
        ("3", "unreachable", "25"),
        ("3", "in ACK", "3"),
        ("3", "2.05 in ack", "3"),
        ("4", "c4>s1", "2"),
        ("4", "deregistered", "1"),
    ] {
        let film = Scene::built_in().keys(view).keys("C-f").typed(text).keys("Enter").wait().run();
        assert_eq!(selected_number(film.last()).as_deref(), Some(expected), "{view} {text}:\n{}", film.last());
    }
}

#[test]
fn times_are_found_as_they_are_shown() {
    for (presses, expected) in [(0, "41"), (1, "41"), (2, "41"), (3, "41"), (4, "41"), (5, "41")] {
        // Each format, on a wide screen and on a narrow one.
        for size in [SMALL, LARGE] {
            let shown = Scene::built_in().at(size).keys(&"t ".repeat(presses)).keys("41G").run();
            let row =
                shown.last().lines().find(|row| row.starts_with(&format!("\u{25b6}  {expected} "))).unwrap().to_owned();
            let time = row.split_whitespace().find(|word| word.contains('.')).unwrap();
            let found = Scene::built_in().at(size).keys(&"t ".repeat(presses)).keys("C-f").typed(time).keys("Enter");
            let found = found.wait().run();
            assert_eq!(selected_number(found.last()).as_deref(), Some(expected), "{time}:\n{}", found.last());
        }
    }
    // Seconds count from the message that was made their beginning.
    let film = Scene::built_in().keys("40G r g C-f").typed("-21.398").keys("Enter").wait().run();
    assert_eq!(selected_number(film.last()).as_deref(), Some("20"), "{}", film.last());
}

#[test]
fn problems_of_observations_are_one_key_away() {
    let film = Scene::built_in().keys("4 ]").run();
    assert!(film.last().contains("within 128 s: stale (RFC 7641 section 3.4)"), "{}", film.last());
}

#[test]
fn what_a_copy_after_the_answer_means_is_said() {
    let film = Scene::built_in().keys("] 3 Tab G").run();
    assert!(film.last().contains("A copy was sent after the answer had passed here."), "{}", film.last());
    let whole = film.last().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(whole.contains("The answer can only be for the first copy, so the round trip took"), "{whole}");
}

#[test]
fn one_selection_is_shared_by_the_views() {
    let film = Scene::lab("04-reorder.client.pcap").keys("11G 4 Enter").run();
    assert_eq!(selected_number(film.last()).as_deref(), Some("11"), "{}", film.last());
    let film = Scene::lab("04-reorder.client.pcap").keys("11G 3 f f Esc").run();
    assert_eq!(selected_number(film.last()).as_deref(), Some("11"), "{}", film.last());
}

#[test]
fn a_frame_that_is_not_there_is_refused() {
    for (keys, told) in [
        (":4 Enter :99999 Enter", "no frame 99999: there are 88 frames"),
        (":4 Enter :0 Enter", "no frame 0: there are 88 frames"),
        (":4 Enter :99999999999 Enter", "no frame 99999999999: there are 88 frames"),
        (":88 Enter", ""),
    ] {
        let film = Scene::built_in().keys(keys).run();
        let number = if told.is_empty() { " 88 " } else { " 4 " };
        let selected = film.last().lines().find(|row| row.starts_with(['>', '\u{25b6}'])).unwrap_or_default();
        assert!(film.last().contains(told) && selected.contains(number), "{keys}:\n{}", film.last());
    }
}
