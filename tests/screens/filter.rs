//! The filter bar: typing, errors, proposals, applying, history, filtering by the selection, and keys while a filter runs.

use super::script::Scene;
use super::{SMALL, check};

/// Rows of the list: frame numbers.
fn rows(frame: &str) -> Vec<u32> {
    let list = frame.lines().skip(2).take_while(|row| !row.starts_with('\u{2500}'));
    list.filter_map(|row| row.trim_start_matches(['\u{25b6}', '\u{2502}']).split_whitespace().next()?.parse().ok())
        .collect()
}

fn line<'f>(frame: &'f str, start: &str) -> &'f str {
    frame.lines().find(|row| row.starts_with(start)).unwrap_or_else(|| panic!("no {start} in\n{frame}"))
}

#[test]
fn a_filter_is_typed_mended_and_applied() {
    let film = check("filter-wrong", SMALL, Scene::built_in().keys("/").typed("coap.type == 3 && coap.mit > 2"));
    let lines: Vec<&str> = film.last().lines().collect();
    let at = lines.iter().position(|row| row.starts_with(" Filter> ")).unwrap();
    assert!(lines[at].contains("coap.mit > 2") && lines[at].ends_with("not valid"), "{}", lines[at]);
    assert_eq!(lines[at + 1].trim(), "^^^^^^^^");
    assert_eq!(lines[at].find("coap.mit"), lines[at + 1].find('^'));
    assert!(lines[at + 2].contains("no field is called `coap.mit`") && lines[at + 2].contains("Tab: coap.mid"));
    // An error is not applied: Enter leaves it there.
    let wrong = Scene::built_in().keys("/").typed("coap.mit > 2").keys("Enter").run();
    assert!(line(wrong.last(), " Filter> ").contains("not valid"));
    let scene = || Scene::built_in().keys("/").typed("coap.type == 3 && coap.mit").keys("Tab").typed(" > 2");
    let film = check("filter-valid", SMALL, scene());
    assert!(line(film.last(), " Filter> ").contains("coap.type == 3 && coap.mid > 2"), "{}", film.last());
    assert!(line(film.last(), " Filter> ").ends_with("valid") && film.colours > 0);
    let film = check("filtered", SMALL, scene().keys("Enter").wait());
    assert_eq!(rows(film.last()), [49, 59, 75]);
    let title = film.last().lines().next().unwrap();
    assert!(title.contains("3 of 85 msg") && title.ends_with("/ coap.type == 3 && coap.mid > 2"), "{title}");
}

#[test]
fn words_are_proposed_while_they_are_typed() {
    let film = check("filter-proposal", SMALL, Scene::built_in().keys("/").typed("coapscope.observe.o"));
    assert!(film.last().contains("Tab: coapscope.observe.order"), "{}", film.last());
    let film = Scene::built_in()
        .keys("/")
        .typed("coapscope.observe.o")
        .keys("Tab")
        .typed(" == stale")
        .keys("Enter")
        .wait()
        .run();
    assert_eq!(rows(film.last()), [40]);
}

#[test]
fn applied_filters_come_back_and_go() {
    let scene = || {
        let first = Scene::built_in().keys("/").typed("coap.type == 3").keys("Enter").wait();
        first.keys("/ C-u").typed("coap.code == 4.04").keys("Enter").wait()
    };
    assert_eq!(rows(scene().run().last()), [24]);
    let film = scene().keys("/ Up").run();
    assert!(line(film.last(), " Filter> ").contains("coap.type == 3"), "{}", film.last());
    assert_eq!(rows(scene().keys("/ Up Enter").wait().run().last()), [49, 59, 75]);
    let film = scene().keys("/ Up Down").run();
    assert!(line(film.last(), " Filter> ").contains("coap.code == 4.04"), "{}", film.last());
    // Nothing typed shows all; so does Esc in the list.
    for keys in ["/ C-u Enter", "Esc"] {
        let film = scene().keys(keys).run();
        assert!(film.last().lines().next().unwrap().contains(" 85 msg"), "{}", film.last());
    }
    let film = scene().keys("/").typed("xyz").keys("Esc").run();
    assert_eq!(rows(film.last()), [24], "what was dropped changes nothing");
}

#[test]
fn the_selection_is_filtered_to_and_out() {
    // In the list: the exchange.
    let film = check("filter-to", SMALL, Scene::built_in().keys("21G =").wait());
    assert_eq!(rows(film.last()), [17, 18, 21, 22]);
    let film = Scene::built_in().keys("21G !").wait().run();
    assert!(film.last().contains("81 of 85 msg"), "{}", film.last());
    // In the tree: the value of the field; a second one narrows it.
    let film = Scene::lab("01-libcoap-basics-ipv4.pcap").keys("3G Enter j j =").wait().run();
    let title = film.last().lines().next().unwrap();
    assert!(title.ends_with("/ coap.token == 01"), "{}", film.last());
}

#[test]
fn related_messages_that_are_hidden_are_told() {
    let film = Scene::built_in().keys("/").typed("coap.type == 2").keys("Enter").wait().keys("(").run();
    assert!(film.last().contains("#1 is hidden by the filter"), "{}", film.last());
    let film = Scene::built_in().keys("/").typed("coap.mid == 1").keys("Enter").wait().run();
    assert!(film.last().contains("no message passes the filter"), "{}", film.last());
    check("filter-nothing", SMALL, Scene::built_in().keys("/").typed("coap.mid == 1").keys("Enter").wait());
    let film = Scene::built_in().keys("/").typed("coapscope.severity >= warn").keys("Enter").wait().keys("j j k").run();
    assert_eq!(rows(film.last()), [21, 40, 61, 81, 83, 85, 87]);
}

#[test]
fn a_filter_holds_for_what_comes() {
    let lab = "01-libcoap-basics-ipv4.pcap";
    let film = Scene::lab(lab).made_live().pieces(20).filtered("coap.type == 0").run();
    let all = Scene::lab(lab).filtered("coap.type == 0").run();
    assert_eq!(
        rows(film.last()).last(),
        rows(Scene::lab(lab).filtered("coap.type == 0").keys("G").run().last()).last()
    );
    assert!(all.last().lines().next().unwrap().contains("/ coap.type == 0"), "{}", all.last());
    // What becomes known later: looked at again when all is known.
    let film = Scene::built_in().filtered("coapscope.exchange.answer == separate").wait().run();
    assert_eq!(rows(film.last()), [43, 44, 46, 47]);
    let film = Scene::built_in().filtered("whole_exchange(coap.retransmitted)").wait().run();
    assert_eq!(rows(film.last()), [17, 18, 21, 22, 41, 42, 45, 50]);
}

#[test]
fn the_bar_fits_every_size() {
    let mut scene =
        Scene::lab("07-formats.pcap").keys("/").typed("coap.opt.uri_path contains \"\u{fc}ml\" && nonsense");
    for size in [(40, 8), (41, 12), (80, 19), (80, 20), (80, 24), (200, 60), (1, 1)] {
        scene = scene.resize(size);
    }
    let film = scene.run();
    assert!(film.frames.len() > 7);
}

/// A capture of so many requests, each of its own message ID.
fn many(count: u32) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    for number in 0..count {
        let [high, low] = (number as u16).to_be_bytes();
        let message = [0x41, 1, high, low, 7, 0xb4, b't', b'e', b'm', b'p', 0xff, b'{', b'}'];
        let length = message.len() as u32 + 28;
        for word in [1_700_000_000 + number / 100, number % 100 * 10_000, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0, 0, length as u8, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        file.extend([0x9c, 0x40, 0x16, 0x33, 0, length as u8 - 20, 0, 0]);
        file.extend(message);
    }
    file
}

#[test]
fn keys_are_answered_while_a_filter_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.pcap");
    std::fs::write(&path, many(1_000_000)).unwrap();
    // Each message is read whole, which takes long: nobody waits for the end.
    let scene =
        Scene::file(&path).keys("/").typed("coapscope.payload.value.x == 1 || coapscope.finding contains \"zzz\"");
    let film = scene.keys("Enter j j j").run();
    let running: Vec<&String> = film.frames.iter().filter(|frame| frame.contains(" filtering ")).collect();
    let selected = |frame: &str| frame.lines().find(|row| row.starts_with('\u{25b6}')).map(str::to_owned);
    assert!(running.len() > 1, "the filter ran for {} frames", running.len());
    assert_ne!(selected(running[0]), selected(running[running.len() - 1]), "no key was answered while it ran");
}

#[test]
fn every_view_says_why_it_is_empty() {
    for view in ["1", "2", "3", "4", "5"] {
        for size in [(80, 24), (40, 12)] {
            // What a worker is at is told where there is room.
            let film = Scene::built_in().filtered("coap.mid == 1").wait().keys(view).wait().resize(size).run();
            assert!(film.last().contains("passes the filter"), "{view}:\n{}", film.last());
            let film =
                Scene::built_in().at(size).filtered("coap.mid == 1").wait().keys(view).keys("1 Esc").wait().run();
            assert!(film.last().contains("85 msg") && film.last().contains("GET"), "{view}:\n{}", film.last());
        }
    }
    let film = Scene::built_in().filtered("coap.mid == 1").wait().keys("n").run();
    assert!(film.last().contains("nothing to look through"), "{}", film.last());
}

#[test]
fn a_message_that_a_filter_hid_is_selected_again() {
    let selected = |keys: &str| {
        let scene = Scene::built_in().keys("40G /").typed("coap.type == CON").keys("Enter").wait().keys(keys).run();
        let row = scene.last().lines().find(|row| row.starts_with('\u{25b6}')).unwrap().to_owned();
        row.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(selected(""), "41");
    assert_eq!(selected("Esc"), "40");
    assert_eq!(selected("/ C-u Enter"), "40");
    // Whoever moved on meanwhile stays there.
    assert_eq!(selected("j Esc"), "42");
    assert_eq!(selected("j k Esc"), "41");
}
