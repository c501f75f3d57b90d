//! Ways from message to message: related ones, marks, and back from where a jump led.

use super::long::capture as long;
use super::script::Scene;
use super::{LARGE, SMALL, TINY, selected_number};

#[test]
fn relations_are_one_key_away() {
    let film = Scene::lab("04-retransmit-libcoap.client.pcap").keys("] ( ) Backspace Backspace").run();
    let selected: Vec<String> = film.frames.iter().filter_map(|frame| selected_number(frame)).collect();
    let last = selected.len();
    // To the first problem, to what it repeats, to what answers that, back, back.
    assert_eq!(selected[last - 1], selected[last - 5], "{selected:?}");
    assert_ne!(selected[last - 4], selected[last - 5], "{selected:?}");
    assert_ne!(selected[last - 3], selected[last - 4], "{selected:?}");
}

/// The selected message behind these keys, its mark behind its number.
fn selected(keys: &str) -> String {
    let film = keys.split('|').fold(Scene::built_in(), |scene, keys| scene.keys(keys).wait()).run();
    selected_number(film.last()).unwrap_or_else(|| panic!("{keys}: nothing is selected\n{}", film.last()))
}

#[test]
fn a_mark_leads_back_to_its_message() {
    for (keys, expected) in [
        ("4G ma G 'a", "4a"),
        ("4G ma 9G mb 20G 'a", "4a"),
        ("4G ma 9G mb 20G 'b", "9b"),
        // Large letters are others.
        ("4G ma 9G mA g 'a", "4a"),
        ("4G ma 9G mA g 'A", "9A"),
        // A letter is of one message, which may have several; the last one stands there.
        ("4G ma 9G ma g 'a", "9a"),
        ("4G ma mb", "4b"),
        ("4G ma mb mb", "4a"),
        ("4G ma mb mb ma", "4"),
        // From any pane and in any view.
        ("4G Enter ma Esc G Tab 'a Esc", "4a"),
        ("4G f ma G 'a", "4a"),
        ("4G f ma G 1 G 'a", "4a"),
        ("41G 3 ma G 'a 1", "41a"),
        // Half typed and dropped.
        ("4G m Esc", "4"),
        ("4G m Esc a ' Esc", "4"),
    ] {
        assert_eq!(selected(keys), expected, "{keys}");
    }
}

#[test]
fn two_quotes_lead_back_from_any_jump() {
    for (keys, expected) in [
        ("40G ''", "1"),
        ("40G '' ''", "40"),
        ("40G '' '' ''", "1"),
        ("] ''", "1"),
        ("88G [ ''", "88"),
        ("41G } ''", "41"),
        ("42G { ''", "42"),
        ("2G ( ''", "2"),
        ("G ''", "1"),
        ("G '' ''", "88"),
        ("30G g ''", "30"),
        ("4G ma 50G 'a ''", "50"),
        ("30G C-f P U T Enter | ''", "30"),
        ("5G 9G Backspace ''", "9"),
        ("5G 9G '' Backspace", "9"),
        ("5G 9G '' Backspace Backspace", "1"),
        ("5G f 30G ''", "5"),
        // Steps are no jumps.
        ("5G j j j ''", "1"),
    ] {
        assert_eq!(selected(keys), expected, "{keys}");
    }
}

#[test]
fn what_keeps_a_mark_from_being_reached_is_said() {
    let hidden = "/ c o a p . t y p e = = 3 Enter |";
    for (keys, said) in [
        ("'a", "no message has mark a: ma marks the selected one"),
        ("4G mb 9G ma 'c", "no message has mark c: mc marks the selected one; there is a #9, b #4"),
        ("4G ma", "mark a is on #4; 'a leads back to it"),
        ("4G ma 9G ma", "mark a is on #9 now, on #4 no more"),
        ("4G mb 9G ma '", "marks: a #9, b #4; ' again leads to where the last jump began"),
        ("'", "no message has a mark yet; ' again leads to where the last jump began"),
        ("4G ma ma", "#4 has mark a no more; ma gives it again"),
        ("4G ma 'a", "this is #4, with mark a"),
        ("4G m5", "m5 does nothing here; ? shows the keys"),
        ("''", "no jump yet to go back from"),
        ("4G '' g", ""),
        ("4G k k k ''", "the last jump began here"),
        (&format!("4G ma {hidden} 'a"), "#4, mark a, is hidden by the filter; Esc in the list takes it away"),
        (&format!("4G 9G {hidden} ''"), "where the jump began, is hidden by the filter; Esc in the list"),
        (&format!("4G 9G {hidden} Backspace"), "where the jump began, is hidden by the filter; Esc in the list"),
        ("/ c o a p . m i d = = 1 Enter | ma", "no message is selected: nothing to mark"),
        (":40 Enter 5 ( ma", "no row is marked, since #5 has no finding that stands here"),
    ] {
        let film = keys.split('|').fold(Scene::built_in(), |scene, keys| scene.keys(keys).wait()).run();
        assert!(film.last().contains(said), "{keys}: {said} is missing:\n{}", film.last());
    }
    // Nothing is lost by it.
    assert_eq!(selected(&format!("4G ma {hidden} 'a Esc | 'a")), "4a");
    assert_eq!(selected(&format!("4G 9G {hidden} Backspace Esc | Backspace")), "4");
}

#[test]
fn a_mark_whose_message_left_the_memory_is_told() {
    let (_folder, file) = long();
    let film = Scene::file(&file).made_live().memory(1).pieces(1000).keys_after_first("5G ma").keys("'a").run();
    let said = ", mark a, has left the memory; a larger --memory keeps more\n";
    assert!(film.last().contains(said), "{}", film.last());
}

/// Where two frames differ above their last lines: what stands in the second.
fn differences(before: &str, after: &str) -> Vec<(usize, usize, char)> {
    let mut found = Vec::new();
    let rows = before.lines().zip(after.lines()).enumerate().take_while(|(_, (row, _))| !row.starts_with('-'));
    for (y, (before, after)) in rows {
        let blank = std::iter::repeat(' ');
        let letters = before.chars().chain(blank.clone()).zip(after.chars().chain(blank)).take(250).enumerate();
        found.extend(letters.filter(|(_, (was, is))| was != is).map(|(x, (_, is))| (y, x, is)));
    }
    found
}

#[test]
fn a_mark_hides_and_moves_nothing() {
    for size in [SMALL, LARGE, TINY] {
        for view in ["", "f"] {
            // #13 is a retransmission: a flag stands behind its number.
            for frame in [4, 7, 13] {
                let scene = || Scene::lab("04-retransmit-libcoap.client.pcap").plain().ascii().at(size);
                let plain = scene().keys(view).keys(&format!("{frame}G g")).run();
                let marked = scene().keys(view).keys(&format!("{frame}G mQ g")).run();
                let found = differences(plain.last(), marked.last());
                let is_shown = found.len() == 1 && found.iter().all(|(.., is)| *is == 'Q');
                // On a narrow screen the row may be off the pane.
                assert!(is_shown || size == TINY && found.is_empty(), "{found:?}\n{}", marked.last());
            }
        }
    }
}

#[test]
fn a_mark_is_seen_with_and_without_colour() {
    for (plain, look) in [(false, "Cyan on default BOLD | UNDERLINED: a"), (true, "BOLD | UNDERLINED: a")] {
        let scene = Scene::built_in().keys("4G ma g");
        let film = if plain { scene.plain().ascii() } else { scene }.run();
        assert!(film.last().contains("   4a "), "{}", film.last());
        assert!(film.styles.contains(look), "{}", film.styles);
    }
}

#[test]
fn a_fold_shows_the_mark_of_a_message_in_it() {
    let film = Scene::lab("05-block-loss.client.pcap").at(LARGE).keys("f").run();
    let fold = film.last().lines().find(|row| row.contains("[+]")).unwrap().to_owned();
    let first: u32 = fold.trim_start_matches('\u{25b6}').split_whitespace().next().unwrap().parse().unwrap();
    let keys = format!("{first}G J J ma g f");
    let film = Scene::lab("05-block-loss.client.pcap").at(LARGE).keys(&keys).run();
    assert!(
        film.last().lines().any(|row| row.contains(&format!("{first}a")) && row.contains("[+]")),
        "{}",
        film.last()
    );
    // The way there opens it.
    let film = Scene::lab("05-block-loss.client.pcap").at(LARGE).keys(&keys).keys("'a").run();
    assert!(film.last().contains("unfolded; Esc folds again"), "{}", film.last());
}

/// Both scripts end on the same screen, but for what is said in the lines at its end.
fn check_same(counted: &str, repeated: &str) {
    let body = |keys: &str| {
        let film = keys.split('|').fold(Scene::built_in(), |scene, keys| scene.keys(keys).wait()).run();
        film.last().lines().take(20).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(body(counted).join("\n"), body(repeated).join("\n"), "{counted}: not as {repeated}");
}

#[test]
fn a_count_does_what_so_many_keys_do() {
    for (counted, repeated) in [
        ("0 5 j", "j j j j j"),
        ("7 j", "j j j j j j j"),
        ("0 1 0 j", "j j j j j j j j j j"),
        ("20G 0 3 k", "20G k k k"),
        ("0 2 PgDn", "PgDn PgDn"),
        ("0 3 ]", "] ] ]"),
        ("88G 0 2 [", "88G [ ["),
        ("41G 0 2 }", "41G } }"),
        ("44G 0 2 {", "44G { {"),
        ("0 2 0 G", ":20 Enter"),
        ("0 2 0 g", ":20 Enter"),
        ("0 2 0 End", ":20 Enter"),
        ("f 0 2 0 G", "f :20 Enter"),
        ("Enter 0 2 0 G", "Enter :20 Enter"),
        ("Enter 0 4 J", "Enter J J J J"),
        ("5G 9G 20G 0 2 Backspace", "5G 9G 20G Backspace Backspace"),
        ("5G 9G 20G 9 Backspace", "1G"),
        ("0 3 ] ''", "] g"),
        ("f 0 6 j", "f j j j j j j"),
        ("f 0 2 l", "f l l"),
        ("f 41G = 0 2 j", "f 41G = j j"),
        ("3 0 4 j", "3 j j j j"),
        ("4 0 2 j", "4 j j"),
        ("5 | 0 3 j", "5 | j j j"),
        ("3 Tab 0 3 j", "3 Tab j j j"),
        ("Enter 0 3 j", "Enter j j j"),
        ("Enter 0 2 l", "Enter l l"),
        ("Enter 0 4 h", "Enter h"),
        ("Enter zR Tab 0 6 l", "Enter zR Tab l l l l l l"),
        ("? 0 6 j", "? j j j j j j"),
        ("? 6 j", "? 0 6 j"),
        ("? 0 2 0 G", "? 0 1 9 j"),
        // A count that was dropped, and one that its key has no use for.
        ("0 5 Esc j", "j"),
        ("0 5 z Esc j", "j"),
        ("0 5 t j", "t j"),
        // Views are a key away as ever, also behind each other.
        ("3 4 2 j", "f j"),
        ("0 3", ""),
    ] {
        check_same(counted, repeated);
    }
}

#[test]
fn huge_counts_do_no_harm() {
    let huge = "9 ".repeat(30);
    for (view, down, up) in [
        ("", "j", "G"),
        ("30G", "k", "g"),
        ("", "PgDn", "G"),
        ("f", "j", "f G"),
        ("f 30G", "C-u", "g"),
        ("3", "j", "G"),
        ("3 G", "k", "g"),
        ("4", "j", "G"),
        ("5 |", "j", "G"),
        ("Enter", "j", "G"),
        ("Enter G", "C-u", "g"),
        ("Enter Tab", "j", "G"),
        ("3 Tab", "j", "G"),
        ("?", "j", "G"),
        ("? G", "k", "g"),
        ("f 41G =", "j", "G"),
        ("f 41G = G", "k", "g"),
        ("", "J", "G"),
    ] {
        let end = up.strip_prefix("f ").unwrap_or(up);
        check_same(&format!("{view} {huge} {down}"), &format!("{view} {end}"));
    }
    for (keys, said) in [
        (format!("{huge} ]"), " of 999999999999 steps: no problem below"),
        (format!("41G {huge} }}"), " of 999999999999 steps: no later message of this exchange"),
        (format!("{huge} G"), "no frame 999999999999: there are 88 frames"),
        (format!("5G {huge} '"), "Esc drop"),
    ] {
        let film = Scene::built_in().keys(&keys).run();
        assert!(film.last().contains(said), "{keys}: {said} is missing:\n{}", film.last());
    }
}

#[test]
fn a_count_is_shown_while_it_is_typed() {
    for size in [SMALL, LARGE, TINY] {
        let last = |keys: &str| {
            let film = Scene::built_in().at(size).keys(keys).run();
            film.last().lines().last().unwrap().to_owned()
        };
        assert!(last("0 1 7").starts_with(" 017 Esc drop "), "{}", last("0 1 7"));
        assert!(last("f 9").starts_with(" 9 Esc drop "), "{}", last("f 9"));
        assert!(last("0 1 z").starts_with(" 01z Esc drop "), "{}", last("0 1 z"));
        assert!(!last("0 1 7 Esc").contains("Esc drop"), "{}", last("0 1 7 Esc"));
        assert!(last("0 1 7").ends_with("? help"), "{}", last("0 1 7"));
    }
    // Who types a count as elsewhere is told how it is typed here.
    for keys in ["0 j", "2 0 G", "0 0 ]"] {
        let film = Scene::built_in().keys(keys).run();
        assert!(film.last().contains("0 begins a count: 020G goes to message 20"), "{keys}:\n{}", film.last());
    }
    let film = Scene::built_in().keys("G 0 2 [").run();
    assert!(!film.last().contains("steps"), "{}", film.last());
}
