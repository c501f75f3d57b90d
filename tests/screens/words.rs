//! What the screen says is true, whole, and said where the reader looks: how a table is sorted, what times are, what a pane hides, what
//! a filter by the selection comes to.

use super::script::Scene;
use super::{LARGE, SMALL, TINY};

const PROXY: &str = "10-proxy-libcoap.mirror.pcap";

#[test]
fn how_a_table_is_sorted_stays_beside_any_title() {
    let sizes = (40..=130).step_by(5).map(|width| (width, 24)).chain([TINY, (60, 12), (200, 50)]);
    for size in sizes {
        for (name, keys, said) in [
            (PROXY, ":16 Enter 3 b | o | O", "time, largest first, by state"),
            ("03-observe-odd.pcap", ":7 Enter 4 b | o | O", "age, largest first, by end"),
        ] {
            let scene = keys.split('|').fold(Scene::lab(name).at(size), |scene, keys| scene.keys(keys).wait());
            // Another key, and what was said of the last one is gone.
            let film = scene.keys("C-l").run();
            assert!(film.last().contains(said), "{name} at {size:?}:\n{}", film.last());
            let notice = film.last().lines().rev().take(4).any(|row| row.contains(said));
            assert!(!notice, "{name} at {size:?}:\n{}", film.last());
        }
    }
}

#[test]
fn a_pane_says_how_many_lines_it_hides() {
    let (mut whole, mut cut) = (0, 0);
    for (name, keys) in [
        (PROXY, ":81 Enter 3"),
        (PROXY, ":60 Enter 4"),
        ("04-reorder.client.pcap", ":11 Enter 4"),
        ("04-giveup-libcoap.pcap", ":8 Enter 3"),
        ("04-reorder.client.pcap", ":11 Enter 5"),
    ] {
        let last = |frame: &str| {
            let below = frame.lines().skip_while(|row| !row.starts_with("\u{2500}\u{2500} ")).skip(1);
            let below = below.take_while(|row| !row.contains("fresh\u{2502}"));
            below.take(frame.lines().count() - 6).map(str::to_owned).collect::<Vec<_>>()
        };
        for height in (16..=60).step_by(4) {
            let frame = Scene::lab(name).at((80, height)).keys(keys).wait().run().last().to_owned();
            let sign = last(&frame).iter().find(|row| row.starts_with(" \u{2026} ")).cloned();
            let number = |word: &str| {
                let words: Vec<String> = sign.iter().flat_map(|row| row.split([' ', ':'])).map(str::to_owned).collect();
                words.windows(2).find(|pair| pair[1] == word).map_or(0, |pair| pair[0].parse::<usize>().unwrap())
            };
            // The keys that it names lead there: as many lines as it says come up.
            let below = number("more");
            let keys = format!("{keys} | Tab {}", "j ".repeat(60));
            let scene = Scene::lab(name).at((80, height));
            let end = keys.split('|').fold(scene, |scene, keys| scene.keys(keys).wait()).run().last().to_owned();
            let is_end =
                |frame: &str| !last(frame).iter().any(|row| row.starts_with(" \u{2026} ") && row.contains(" more"));
            assert!(is_end(&end), "{name} {keys} at {height}: the end is not reached\n{end}");
            assert_eq!(sign.is_none(), below == 0 && number("above") == 0 && number("lines") == 0, "{frame}");
            if sign.is_none() {
                let lines = |frame: &str| last(frame).iter().filter(|row| !row.trim().is_empty()).count();
                assert!(
                    lines(&frame) + 3 >= lines(&end),
                    "{name} at {height}: lines are hidden without a word\n{frame}\n{end}"
                );
                whole += 1;
            } else {
                assert!(frame.contains("Tab, then j and k"), "{frame}");
                cut += 1;
            }
        }
    }
    assert!(whole > 5 && cut > 12, "{whole} {cut}");
    // Tree and bytes tell it at their end, by rows.
    let film = Scene::built_in().at(SMALL).run();
    assert!(film.last().contains("\u{2026}+2"), "{}", film.last());
    let film = Scene::built_in().at((80, 40)).run();
    assert!(!film.last().contains("\u{2026}+"), "{}", film.last());
}

#[test]
fn times_are_as_the_screen_says() {
    for width in (40..=140).step_by(10) {
        for (keys, head) in [("3", " Start "), ("4", " Since "), ("1", ""), ("2", "")] {
            for presses in 1..=6 {
                let scene = Scene::built_in().at((width, 24)).keys(keys).keys(&"t".repeat(presses));
                let frame = scene.run().last().to_owned();
                let heads = frame.lines().nth(1).unwrap();
                let said = frame.lines().find(|row| row.starts_with(" time: ")).unwrap_or_else(|| panic!("{frame}"));
                let table = !head.is_empty();
                assert!(!(table && said.contains("message before")), "{width} {keys} {presses}:\n{frame}");
                let heads_of_times = ["Since #", "Delta", "Local", "UTC", "Epoch", "Time"];
                let shown =
                    if table { heads.contains(head) } else { heads_of_times.iter().any(|head| heads.contains(head)) };
                let denied = frame.split_whitespace().collect::<Vec<_>>().join(" ").contains("no times stand here");
                assert_eq!(denied, !shown, "{width} {keys} {presses}:\n{frame}");
            }
        }
    }
    for (keys, said) in [
        ("3 d", "no deltas here, where rows need not stand in the order of time"),
        ("4 d", "no deltas here"),
        ("5 t", "time: time of day, local; no times stand here"),
        ("d 3", " 0.000 c1>s1"),
        (":5 Enter 3 r", "time counts from #5"),
        (":5 Enter r t t t t t t", "time: seconds since #5"),
    ] {
        let film = Scene::built_in().at(SMALL).keys(keys).wait().run();
        assert!(film.last().contains(said), "{keys}: {said} is missing\n{}", film.last());
    }
}

#[test]
fn no_two_messages_are_called_alike() {
    let film = Scene::lab(PROXY).at((120, 40)).keys(":81 Enter 3").run();
    let said = film.last().split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "#82 +336 us ACK empty: #81 arrived",
        "reports that the datagram of #82 did not arrive",
        "reports that the datagram of #86 did not arrive",
        "The response #86 passed here, but an ICMP error says that it did not arrive at c14.",
    ] {
        assert!(said.contains(text), "{text} is missing in\n{}", film.last());
    }
    assert!(!said.contains("it arrived"), "{said}");
    // An exchange is called the same in the table and below it.
    let film = Scene::built_in().at(SMALL).keys(":5 Enter 3").run();
    assert!(film.last().contains("observed\n") && !film.last().contains("observing"), "{}", film.last());
    // What OSCORE hides is called the same in the table and above what is said of it.
    let film = Scene::lab("06-oscore.pcap").at(SMALL).keys("3").run();
    assert!(film.last().contains("exchange 1: POST (protected)  c1 > s1"), "{}", film.last());
}

#[test]
fn filters_by_the_selection_never_contradict_themselves() {
    for (name, keys, said) in [
        ("", "5 | j = | !", "without it nothing would be left; 1, then Esc takes it away"),
        ("", "= | !", "without it nothing would be left; Esc takes it away"),
        ("", "= | =", "the filter shows coapscope.exchange == 1 alone already"),
        ("", "! | =", "filter: !(coapscope.exchange == 1) && coapscope.exchange == 2"),
        ("", "! | !", "filter: !(coapscope.exchange == 1) && !(coapscope.exchange == 2)"),
        ("", "3 = | !", "without it nothing"),
        // The second key may come before what the first asked for is there.
        ("", "!=", "filter"),
        ("", "3 !=", "filter"),
        ("", "5 | j !=", "filter"),
        ("", "5 | j ! | =", "filter"),
        ("", "Enter j l j j !=", "filter"),
        ("", "Enter j l j = | !", "the filter shows coap.version == 1 alone"),
        ("", ":41 Enter f = !", "only one exchange is shown: without it nothing would be; = or Esc shows all again"),
        ("", "/ c o a p . t y p e = = 0 Enter | =", "filter: coap.type==0 && coapscope.exchange == 1"),
        // What speaks of an exchange comes and goes with it.
        (PROXY, ":81 Enter =", "3 of 65 msg"),
        (PROXY, ":81 Enter !", "62 of 65 msg"),
        (PROXY, ":83 Enter =", "3 of 65 msg"),
        (PROXY, ":83 Enter = | !", "without it nothing would be left"),
        (PROXY, ":83 Enter = | j j j = ", "alone already"),
    ] {
        let scene = if name.is_empty() { Scene::built_in() } else { Scene::lab(name) };
        let film = keys.split('|').fold(scene.at(SMALL), |scene, keys| scene.keys(keys).wait()).run();
        assert!(
            film.last().split_whitespace().collect::<Vec<_>>().join(" ").contains(said),
            "{keys}: {said}\n{}",
            film.last()
        );
        assert!(!film.last().contains(" 0 of "), "{keys}: nothing is left\n{}", film.last());
    }
}

#[test]
fn problem_keys_stop_at_all_that_they_promise() {
    let film = Scene::built_in().at(SMALL).keys(":40 Enter 5").wait().keys("]").wait().run();
    let row = film.last().lines().find(|row| row.starts_with('\u{25b6}')).unwrap_or_default();
    assert!(row.contains("mid.retransmission") && row.contains("#42"), "{}", film.last());
    for (keys, said) in [
        (":88 Enter ]", "no problem below"),
        (":40 Enter 4 ] ] ]", "no problem below in an observation; 1 shows the others"),
        (":50 Enter f =|]", "no problem below in this exchange; = shows all messages"),
        ("=|]", "no problem below that passes the filter"),
        (":41 Enter f =|f f", "only exchange 13 is shown; = or Esc shows all again"),
    ] {
        // A filter takes its time.
        let film = keys.split('|').fold(Scene::built_in().at(SMALL), |scene, keys| scene.keys(keys).wait()).run();
        assert!(film.frames.iter().any(|frame| frame.contains(said)), "{keys}: {said} is missing\n{}", film.last());
    }
}

#[test]
fn an_icmp_error_says_what_it_reports_whatever_it_quotes() {
    for size in [SMALL, LARGE, (250, 60)] {
        for (frame, capture) in [(84, Scene::built_in()), (86, Scene::built_in())] {
            let film = capture.at(size).keys(&format!("{frame}G")).run();
            let row = film.last().lines().find(|row| row.starts_with('\u{25b6}')).unwrap();
            assert!(row.contains("port unreach"), "{size:?}: {row}");
        }
    }
}
