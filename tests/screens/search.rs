//! Finding: what is on the screen is found, and what is said where it is not.

use super::script::Scene;
use super::{LARGE, SMALL, selected_number};

#[test]
fn whatever_a_row_shows_is_found() {
    // Flags, the short words for Observe, what is answered and after how long, and the bytes below.
    for (size, view, text, expected) in [
        (SMALL, "1", "R1", "21"),
        (SMALL, "1", "Obs 5", "35"),
        (SMALL, "1", "=#1", "2"),
        (SMALL, "1", "+2.47s", "21"),
        (LARGE, "1", "R1=#17", "21"),
        (SMALL, "1", "41 01 34", "1"),
        (SMALL, "3", "41 01 34", "1"),
    ] {
        let film = Scene::built_in().at(size).keys(view).keys("C-f").typed(text).keys("Enter").wait().run();
        assert_eq!(selected_number(film.last()).as_deref(), Some(expected), "{view} {text}:\n{}", film.last());
    }
}

#[test]
fn every_word_of_every_row_is_found_in_it() {
    // The last row of a page is where a search from the row above it leads, whichever of its words is looked for.
    for (size, keys) in [(SMALL, ""), ((170, 30), "t"), (SMALL, "f")] {
        for frame in [14, 21, 42] {
            let above = format!("{keys} {frame}G k");
            let shown = Scene::built_in().at(size).keys(&format!("{keys} {frame}G")).run();
            let Some(row) = shown.last().lines().find(|row| row.starts_with('\u{25b6}')) else { continue };
            let words: Vec<String> = row
                .split_whitespace()
                .skip(1)
                .filter(|word| word.chars().all(|letter| letter.is_ascii_graphic() && !"|<>-~".contains(letter)))
                .map(str::to_owned)
                .collect();
            for word in words {
                let film = Scene::built_in().at(size).keys(&above).keys("C-f").typed(&word).keys("Enter").wait().run();
                let expected = frame.to_string();
                assert_eq!(selected_number(film.last()).as_deref(), Some(&*expected), "{size:?} {word}: {row}");
            }
        }
    }
}

#[test]
fn what_a_filter_hides_is_not_told_as_missing() {
    let scene = || Scene::built_in().filtered("coap.code == 2").wait();
    for view in ["1", "2", "3", "5"] {
        let film = scene().keys(view).wait().keys("C-f").typed("13566").keys("Enter").wait().run();
        assert!(film.last().contains("the filter hides #1, which shows \"13566\""), "{view}:\n{}", film.last());
        let film = scene().keys(view).wait().keys("C-f").typed("qqq").keys("Enter").wait().run();
        assert!(film.last().contains("no message shows \"qqq\""), "{view}:\n{}", film.last());
    }
}

/// The marked row of a table.
fn marked(frame: &str) -> &str {
    frame.lines().find(|row| row.starts_with('\u{25b6}')).unwrap_or_default()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_search_in_the_findings_goes_from_row_to_row() {
    for (text, count) in [("2001:db8:1ab::10", 3), ("/manual", 1)] {
        let scene = |keys: &str| {
            let scene = Scene::built_in().at(LARGE).keys("5").wait().keys("C-f").typed(text).keys("Enter").wait();
            scene.keys(keys).wait().run()
        };
        let mut rows = Vec::new();
        for steps in 0..12 {
            let film = scene(&"n ".repeat(steps));
            let row = words(marked(film.last()));
            assert!(row.contains(text) && !film.last().contains("no row is marked"), "{text}:\n{}", film.last());
            assert!(film.last().contains(&format!("found \"{text}\"")), "{}", film.last());
            if rows.first() == Some(&row) {
                assert!(film.last().contains("past the end"), "{}", film.last());
                break;
            }
            rows.push(row);
        }
        assert_eq!(rows.len(), count, "{text}: {rows:?}");
        // Back again, by the same way.
        assert_eq!(Some(words(marked(scene("n N").last()))), rows.first().cloned());
    }
    // What only messages show is found all the same.
    let film = Scene::built_in().keys("5").wait().keys("C-f").typed("c13>s1").keys("Enter").wait().run();
    assert!(film.last().contains("found \"c13>s1\""), "{}", film.last());
}

#[test]
fn a_find_in_an_empty_table_says_where_it_led() {
    let scene = Scene::built_in().filtered("coap.code == 2").wait().keys("4").keys("C-f").typed("POST").keys("Enter");
    let film = scene.wait().run();
    assert!(film.last().contains("found \"POST\"") && film.last().contains("has no row here"), "{}", film.last());
}

#[test]
fn the_nearest_frame_is_the_nearest() {
    for (filter, frame, expected) in [("coap.code == 1", 10, 7), ("coap.code == 1", 16, 23)] {
        let film = Scene::built_in().filtered(filter).wait().keys(&format!("{frame}G")).run();
        let said = format!("not #{frame}, the filter hides it: #{expected} is the nearest");
        assert!(film.last().contains(&said), "{said}\n{}", film.last());
        assert_eq!(selected_number(film.last()), Some(expected.to_string()));
    }
}

#[test]
fn a_filter_that_leaves_nothing_keeps_the_place() {
    let nothing = |scene: Scene| scene.keys("/ C-u").typed("coap.mid == 1").keys("Enter").wait();
    let scene = || nothing(Scene::built_in().keys("G k k k"));
    let at = selected_number(Scene::built_in().keys("G k k k").run().last());
    assert_eq!(selected_number(scene().keys("Esc").run().last()), at);
    // In another view, and by way of others that leave nothing.
    for view in ["2", "3", "5"] {
        let film = scene().keys(view).wait().keys("j k 1 Esc").run();
        assert_eq!(selected_number(film.last()), at, "{view}:\n{}", film.last());
    }
    let film = nothing(scene()).keys("/ C-u").typed("coap.mid == 2").keys("Enter").wait().keys("Esc").run();
    assert_eq!(selected_number(film.last()), at, "{}", film.last());
    let film = scene().keys("/ C-u").typed("frame.number >= 1").keys("Enter").wait().run();
    assert_eq!(selected_number(film.last()), at, "{}", film.last());
}

#[test]
fn what_is_no_frame_number_stays_to_be_mended() {
    for (typed, said) in
        [("abc", "that is no frame number"), ("#", "is missing"), ("99999999999999999999", "no capture has so many")]
    {
        for size in [SMALL, (40, 8)] {
            let film = Scene::built_in().at(size).keys(":").typed(typed).keys("Enter").run();
            let shown = film.last();
            let tail = typed.get(typed.len().saturating_sub(3)..).unwrap();
            assert!(shown.contains(" Frame> ") && shown.contains(tail), "{typed}:\n{shown}");
            assert!(size != SMALL || shown.contains(said), "{typed}:\n{shown}");
        }
    }
    let film = Scene::built_in().keys(":").typed("x").keys("Enter Backspace").typed("7").keys("Enter").run();
    assert_eq!(selected_number(film.last()).as_deref(), Some("7"), "{}", film.last());
}

#[test]
fn a_screen_that_is_too_small_says_what_its_keys_do() {
    let said = |scene: Scene, keys: &str| words(scene.resize((39, 6)).keys(keys).run().last());
    let live = || Scene::lab("02-alarm-plain.pcap").made_live();
    assert!(said(Scene::built_in(), "").contains("q ends."));
    assert!(said(Scene::built_in(), "Tab").contains("C-c ends."));
    assert!(said(live(), "").contains("q asks, C-c ends."));
    assert!(said(live(), "q").contains("The capture is not saved: q ends all the same, Esc goes on."));
    assert!(said(live(), "q Esc").contains("q asks"));
}
