//! While a capture grows: what is counted as new, and what as unanswered.

use super::script::Scene;
use super::selected_number;

#[test]
fn what_came_before_a_draw_is_new_below() {
    let lab = "01-libcoap-basics-ipv4.pcap";
    // 20 of 54 were drawn when the key came.
    let film = Scene::lab(lab).followed().pieces(20).keys_with_second("k").run();
    assert!(film.last().contains("34 new below, G follows"), "{}", film.last());
    assert_eq!(selected_number(film.last()).as_deref(), Some("19"));
    // The same where the tree has all the screen.
    let film = Scene::lab(lab).followed().pieces(20).keys_after_first("Tab + k").run();
    assert!(!film.last().contains("20 new below"), "{}", film.last());
}

/// The number before `unanswered` in the first line.
fn unanswered(frame: &str) -> Option<u64> {
    let words: Vec<&str> = frame.lines().next()?.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "unanswered")?;
    words.get(at - 1)?.parse().ok()
}

#[test]
fn what_stays_unanswered_counts_while_more_comes() {
    let wide = (200, 24);
    let mut counted = 0;
    for entry in std::fs::read_dir("captures/lab").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Those in which requests are lost, refused, or want no answer.
        if !["03-", "04-", "10-"].iter().any(|kind| name.starts_with(kind)) {
            continue;
        }
        let so_far = Scene::lab(&name).followed().pieces(7).at(wide).run();
        let at_end = Scene::lab(&name).at(wide).run();
        let (so_far, at_end) = (unanswered(so_far.last()), unanswered(at_end.last()));
        assert!(so_far <= at_end, "{name}: {so_far:?}, and at the end {at_end:?}");
        counted += so_far.unwrap_or(0);
        // What comes behind a frozen view is counted with it.
        let frozen = Scene::lab(&name).followed().pieces(7).at(wide).keys_after_first("p").keys("p").run();
        assert_eq!(unanswered(frozen.last()), so_far, "{name}");
    }
    assert!(counted > 3, "{counted}");
    let film = Scene::lab("04-server-down-icmp.pcap").followed().at(wide).keys("3").run();
    let rows =
        film.last().lines().filter(|row| row.trim_end().ends_with("unreachable") && row.contains(" GET ")).count();
    assert_eq!(unanswered(film.last()), Some(rows as u64), "{}", film.last());
}
