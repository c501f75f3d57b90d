//! No key draws nothing without a word.

use std::collections::BTreeSet;
use std::thread;

use coapscope::tui::Outcome;

use super::script::{Film, Scene};
use super::{SMALL, TINY};

/// Keys that lead somewhere, so that what is told there has gone again.
const PLACES: &[&str] = &[
    "",
    ":88 Enter",
    ":14 Enter Enter Tab",
    ":88 Enter Enter",
    ":40 Enter f =  Enter Esc",
    ":88 Enter f",
    ":88 Enter 3",
    ":13 Enter 3 Tab G k",
    ":40 Enter 4",
    ":61 Enter 5",
    "? G k",
];

/// Keys that draw the screen again, stop the program, or end it.
const OTHERS: &[&str] = &["C-l", "C-z", "C-c"];

/// Keys that are bound nowhere.
const UNBOUND: &str = "B 0 Space Insert Delete F5 C-x M-x zx";

/// The keys of the help page, and some others.
fn keys() -> Vec<String> {
    let film = Scene::built_in().at((250, 200)).keys("?").run();
    let rows = film.last().lines().skip(1).take_while(|row| !row.starts_with(" Signs"));
    let keys = rows.filter(|row| row.starts_with("  ")).flat_map(|row| row[..row.len().min(16)].split_whitespace());
    let keys: BTreeSet<String> = keys.chain(UNBOUND.split(' ')).map(str::to_owned).collect();
    assert!(keys.len() > 60, "{keys:?}");
    keys.into_iter().filter(|key| !OTHERS.contains(&key.as_str())).collect()
}

fn play(size: (u16, u16), place: &str, key: &str) -> Film {
    Scene::built_in().at(size).keys(place).wait().keys(key).wait().run()
}

#[test]
fn no_key_draws_nothing_without_a_word() {
    let keys = keys();
    let check = |size: (u16, u16), place: &str| {
        let before = play(size, place, "");
        for key in &keys {
            let after = play(size, place, key);
            let drawn = after.last() != before.last() || after.styles != before.styles;
            assert!(
                drawn || after.outcome == Outcome::Quit,
                "{place} {key} at {size:?} draws nothing:\n{}",
                after.last()
            );
        }
    };
    thread::scope(|scope| {
        for part in 0..2 {
            let check = &check;
            scope.spawn(move || PLACES.iter().skip(part).step_by(2).for_each(|place| check(SMALL, place)));
        }
    });
    ["Enter", ":40 Enter 4 Tab"].iter().for_each(|place| check(TINY, place));
}

#[test]
fn a_key_at_its_limit_says_so() {
    for (keys, said) in [
        ("k", "this is the first row"),
        (":88 Enter j", "this is the last row"),
        ("g", "this is the first row"),
        ("G G", "this is the last row"),
        ("PgUp", "this is the first row"),
        ("K", "this is the first message"),
        (":88 Enter J", "this is the last message"),
        ("f k", "this is the first row"),
        ("f G j", "this is the last row"),
        ("3 k", "this is the first row"),
        ("3 G j", "this is the last row"),
        ("3 Tab k", "this is the first line"),
        ("3 Tab G j", "this is the last line"),
        (":40 Enter 5 | G j", "this is the last row"),
        ("Enter G j", "this is the last line"),
        ("Enter Tab G G", "this is the last byte"),
        ("? k", "this is the first row of the help"),
        ("? G j", "this is the last row of the help"),
        ("+++++++++ +++++++++", "the list has as many rows as there can be; - takes some"),
        ("--------- ---------", "the list has as few rows as there can be; + gives some"),
        ("f +++++++++ +++++++++", "as many rows as there can be"),
        ("3 --------- ---------", "as few rows as there can be"),
        ("1", "this view is shown already"),
        ("4 4", "this view is shown already"),
        ("zM zM", "all of the tree is folded"),
        ("zR zR", "all of the tree is unfolded"),
        ("? x", "x does nothing here; ? closes"),
    ] {
        let (before, keys) = keys.split_once('|').unwrap_or(("", keys));
        let film = Scene::built_in().at(SMALL).keys(before).wait().keys(keys).wait().run();
        assert!(film.last().contains(said), "{keys}: {said} is missing:\n{}", film.last());
    }
    let film = Scene::built_in().at(TINY).keys("\\").run();
    assert!(film.last().contains("one pane is shown already"), "{}", film.last());
    // A single key back takes effect at once, however often the other was pressed at its limit.
    let tree = |keys: &str| {
        let film = Scene::built_in().at(SMALL).keys(keys).run();
        film.last().lines().position(|row| row.starts_with("\u{2500}\u{2500} #1 ")).unwrap()
    };
    assert_eq!(tree(&format!("{} -", "+".repeat(40))), tree(&"+".repeat(40)) - 1);
    assert_eq!(tree(&format!("{} +", "-".repeat(40))), tree(&"-".repeat(40)) + 1);
    // Where new messages may come, the last is the last so far.
    let film = Scene::built_in().made_live().pieces(500).keys_after_first("k j j").run();
    assert!(film.frames.iter().any(|frame| frame.contains("this is the last row so far")), "{}", film.last());
}
