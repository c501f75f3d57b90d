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
