//! The row that is marked and the message that is selected are one thing, in every view: what a key does, it does to what is marked.

use super::script::Scene;
use super::truth::{EXCHANGES, OBSERVATIONS, columns, cut};
use super::{LARGE, SMALL};

/// The marked row of the upper pane.
fn marked(frame: &str) -> Option<&str> {
    let rows = frame.lines().skip(1).take_while(|row| !row.starts_with("\u{2500}\u{2500} "));
    rows.into_iter().find(|row| row.starts_with('\u{25b6}'))
}

/// The number in front of the marked row, which in list and flow is that of the message.
fn number(frame: &str) -> Option<u64> {
    marked(frame)?.trim_start_matches('\u{25b6}').split_whitespace().next()?.parse().ok()
}

#[test]
fn where_no_row_holds_the_message_none_is_marked_and_nothing_happens() {
    for (keys, typed, after, said) in [
        ("4", "", "", "no row is marked, since #1 is of no observation; j and k mark one"),
        ("4", "", "Enter", "no row is marked, since #1 is of no observation"),
        ("4", "", "Tab j", "no row is marked, since #1 is of no observation"),
        ("4", "OFF", "", "found \"OFF\"; n N go on; no row is marked, since #2 is of no observation"),
        (":48 Enter 3", "", "", "no row is marked, since #48 is of no exchange"),
        (":48 Enter 3", "", "Enter", "no row is marked, since #48 is of no exchange"),
        ("5", "", "Enter", "no row is marked, since #1 has no finding that stands here"),
        ("5", "", "Tab j Enter", "no row is marked, since #1 has no finding that stands here"),
        (":40 Enter 5", "", "J", "no row is marked, since #41 has no finding that stands here"),
        (":20 Enter 4", "", "{ }", ""),
    ] {
        let mut scene = Scene::built_in().keys(keys).wait();
        if !typed.is_empty() {
            scene = scene.keys("C-f").typed(typed).keys("Enter").wait();
        }
        let film = scene.keys(after).run();
        let what = format!("{keys} {typed} {after}:\n{}", film.last());
        assert!(film.last().contains(said), "{what}");
        assert_eq!(marked(film.last()).is_none(), !said.is_empty(), "{what}");
        // It is still a table.
        let orders = [" sort: start ", " sort: number ", " the worst first "];
        assert!(orders.iter().any(|order| film.last().contains(order)), "{what}");
    }
}

#[test]
fn the_first_step_marks_the_row_that_comes_next() {
    for (keys, expected) in
        [("4 j", 1), ("4 k", 1), (":48 Enter 3 j", 15), (":48 Enter 3 k", 14), (":48 Enter 3 PgDn", 26)]
    {
        let film = Scene::built_in().keys(keys).run();
        assert_eq!(number(film.last()), Some(expected), "{keys}:\n{}", film.last());
    }
}

/// Goes through the rows of a table and from each to its message and back: the list marks what the row names, the flow too, and back in the table
/// the same row is marked.
fn check(capture: &str, view: &str, heads: &[(&'static str, bool)], name: &str) -> usize {
    let scene = || if capture.is_empty() { Scene::built_in() } else { Scene::lab(capture) };
    let steps = format!("Enter {view} f f {view} j ").repeat(40);
    let film = scene().at((220, 36)).keys(view).wait().keys("g").keys(&steps).run();
    let mut compared = 0;
    // Behind the frames of the view, its worker and `g`, six a row.
    let from = film.frames.len() - 1 - 40 * 6;
    for frames in film.frames[from..].windows(7).step_by(6) {
        let row = |frame: &str| {
            let places = columns(frame.lines().nth(1).unwrap(), heads);
            marked(frame).map(|row| cut(row, &places, heads))
        };
        let Some(before) = row(&frames[0]) else { panic!("{capture} {view}: no row is marked\n{}", frames[0]) };
        let named: u64 = before[name].trim_start_matches('#').parse().unwrap();
        assert_eq!(number(&frames[1]), Some(named), "{capture} {view}: {before:?}\n{}", frames[1]);
        // A row of the flow may hold several messages.
        assert!(
            frames[3].contains(&format!("\u{2500}\u{2500} #{named} ")),
            "{capture} {view}: {before:?}\n{}",
            frames[3]
        );
        for place in [2, 4, 5] {
            assert_eq!(row(&frames[place]).as_ref(), Some(&before), "{capture} {view}: back in the table");
        }
        compared += 1;
    }
    compared
}

const FINDINGS: &[(&str, bool)] = &[("Severity", false), ("Finding", false), ("Count", true), ("First", true)];

#[test]
fn keys_act_on_the_marked_row() {
    let mut compared = 0;
    for capture in [
        "",
        "04-reorder.client.pcap",
        "03-observe-alarm-two.pcap",
        "08-multicast-v4.pcap",
        "09-lab-session.mirror.pcap",
    ] {
        compared += check(capture, "3", EXCHANGES, "#");
        if capture != "08-multicast-v4.pcap" {
            compared += check(capture, "4", OBSERVATIONS, "#");
        }
        compared += check(capture, "5", FINDINGS, "First");
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn a_filtered_row_is_marked_by_what_passes() {
    // Neither the request, the response nor the last message of its exchange passes.
    let scene = || {
        Scene::lab("04-retransmit-libcoap.client.pcap")
            .filtered("coap.retransmitted && coapscope.transmission == 2")
            .wait()
    };
    let film = scene().keys("3").wait().keys("G Enter 3").wait().run();
    let rows: Vec<_> = film.frames.iter().rev().take(3).map(|frame| number(frame)).collect();
    let (back, message, row) = (rows[0], rows[1], rows[2]);
    assert!(row.is_some() && back == row, "{rows:?}\n{}", film.last());
    let film = Scene::lab("04-retransmit-libcoap.client.pcap").keys(&format!(":{} Enter 3", message.unwrap())).run();
    assert_eq!(number(film.last()), row, "{}", film.last());
}

#[test]
fn what_is_followed_is_what_is_marked() {
    for (view, name) in [("3", EXCHANGES), ("4", OBSERVATIONS)] {
        let scene = Scene::built_in().made_live().pieces(30).at(LARGE).keys_after_first(&format!("{view} G"));
        let film = scene.keys("Tab").keys("Enter").keys(view).run();
        let last = film.frames.len() - 1;
        let (table, list, back) = (&film.frames[last - 2], &film.frames[last - 1], &film.frames[last]);
        assert!(name.iter().all(|(head, _)| table.lines().nth(1).unwrap().contains(head)), "{table}");
        // The message that the lower pane marks.
        let lower = table.lines().skip(3).skip_while(|row| !row.starts_with("\u{2500}\u{2500} "));
        let own = lower.into_iter().find_map(|row| row.strip_prefix('\u{25b6}')).unwrap_or_else(|| panic!("{table}"));
        let own = own.split_whitespace().next().unwrap().trim_start_matches('#').parse().ok();
        assert_eq!((number(list), number(back)), (own, number(table)), "view {view}:\n{table}\n{list}");
    }
}

#[test]
fn who_reports_an_error_is_neither_client_nor_server() {
    for (size, reason) in [((80, 24), "port unr"), (LARGE, "port unreachable")] {
        let film = Scene::built_in().at(size).keys("G").run();
        let row = marked(film.last()).unwrap();
        assert!(row.contains(" e3>e4 ") || row.contains(" e3 .10 > e4 .21 "), "{row}");
        assert!(row.contains(reason), "{row}");
    }
}

#[test]
fn below_a_table_keys_act_on_its_lines() {
    let film = Scene::built_in().keys("] 3 Tab j y").run();
    let lower = film.last().lines().skip_while(|row| !row.starts_with("\u{2500}\u{2500} "));
    let line = lower.into_iter().find_map(|row| row.strip_prefix('\u{25b6}')).unwrap();
    assert_eq!(film.copied, [line.trim()], "{}", film.last());
    // In the verdict the cursor begins where the selected message is told of.
    let film = Scene::built_in().keys(":40 Enter 5").wait().keys("Tab y").run();
    assert_eq!(film.copied, ["warn   obs.stale, once, on /alarm: frame 40"], "{}", film.last());
    // A field that was chosen in the tree is not what stands below a table.
    let film = Scene::built_in().keys("Enter j j 3 Tab =").run();
    assert!(film.last().contains("coapscope.exchange == 1"), "{}", film.last());
    let film = Scene::built_in().keys("Enter j j 3 Tab").run();
    assert!(film.last().contains("Exchange: 1, answered") && !film.last().contains("Token (RFC"), "{}", film.last());
}

#[test]
fn another_message_than_the_one_asked_for_is_named() {
    let film = Scene::built_in().filtered("coap.code == 1").wait().keys(":2 Enter").run();
    assert!(film.last().contains("not #2, the filter hides it: #3 is the nearest"), "{}", film.last());
    let film = Scene::lab("08-ip-fragments.pcap").keys(":1 Enter").run();
    let found = number(film.last()).unwrap();
    assert!(
        found == 1 || film.last().contains(&format!("not #1, it holds no message that is shown: #{found}")),
        "{}",
        film.last()
    );
    // #1 comes from a lane that is hidden.
    let film = Scene::built_in().at((120, 36)).keys("f H g :1 Enter").run();
    let found = number(film.last()).unwrap();
    assert_ne!(found, 1);
    assert!(film.last().contains(&format!("#1 is on a hidden lane, so #{found} is selected")), "{}", film.last());
}

/// Wherever a jump leads in a table, the message that is selected is marked below its row.
#[test]
fn the_selected_message_is_marked_below_its_row() {
    let mut seen = 0;
    let captures = [
        "03-observe-alarm-two.pcap",
        "03-observe-dies-icmp.pcap",
        "03-observe-odd.pcap",
        "04-reorder.client.pcap",
        "05-block-loss.client.pcap",
        "10-proxy-libcoap.mirror.pcap",
    ];
    let all = captures.into_iter().chain([""]).flat_map(|name| [(name, "4"), (name, "3")]);
    for (name, view) in all {
        let scene = if name.is_empty() { Scene::built_in() } else { Scene::lab(name) };
        let keys = format!("{view} {} [[[ ( ) }} }} {{", "] ".repeat(12));
        let film = scene.at(SMALL).keys(&keys).run();
        for frame in film.frames.iter().filter(|frame| frame.contains("\u{2500}\u{2500} ")) {
            let rule = frame.lines().position(|row| row.starts_with("\u{2500}\u{2500} ")).unwrap();
            let marked = |rows: &[&str]| rows.iter().any(|row| row.starts_with('\u{25b6}'));
            let lines: Vec<&str> = frame.lines().collect();
            let is_table = [" Ex ", " Ob "].iter().any(|head| lines[1].starts_with(head));
            if is_table && marked(&lines[2..rule]) {
                assert!(marked(&lines[rule..]), "{name} {view}: no line is marked\n{frame}");
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen}");
}

/// Where one pane is shown at a time, the lower one begins at the selected message, and is as it was left when it is shown again.
#[test]
fn a_pane_alone_begins_at_the_selected_message() {
    let own = |frame: &str| {
        let row = frame.lines().find_map(|row| row.strip_prefix('\u{25b6}')).map(str::to_owned);
        row.unwrap_or_else(|| panic!("no line is marked\n{frame}"))
    };
    let number = |row: &str| row.split_whitespace().next().unwrap().trim_start_matches('#').parse::<u64>().ok();
    for size in [super::TINY, (50, 14), (40, 8), (79, 15), (60, 20), SMALL] {
        for (keys, expected) in [
            (":40 Enter 4 Tab", 40),
            (":40 Enter 3 Tab", 40),
            ("4 Tab", 5),
            (":40 Enter 4 Tab j", 53),
            (":40 Enter 4 Tab j Tab Tab", 53),
            (":40 Enter 4 Tab \\ \\", 40),
            (":40 Enter 4 \\ Tab", 40),
        ] {
            // Where nothing is selected of the view, its first row is marked.
            let keys = if keys.starts_with('4') { format!("{keys} Tab j Tab") } else { keys.to_owned() };
            let film = Scene::built_in().at(size).keys(&keys).run();
            let lower = film.last().lines().skip_while(|row| !row.starts_with("\u{2500}\u{2500} "));
            let lower = lower.collect::<Vec<_>>().join("\n");
            assert_eq!(number(&own(&lower)), Some(expected), "{size:?} {keys}:\n{}", film.last());
        }
        // What is said of the verdict begins there, too.
        let film = Scene::built_in().at(size).keys(":40 Enter 5").wait().keys("Tab y").run();
        assert_eq!(film.copied.len(), 1, "{size:?}:\n{}", film.last());
        assert!(film.copied[0].starts_with("warn   obs.stale"), "{size:?} {:?}:\n{}", film.copied, film.last());
    }
}

/// The ends of what is told in part are those of all of it.
#[test]
fn the_last_line_of_a_long_observation_is_its_last() {
    use super::chart::Sender::{Client, Server};
    let mut messages = vec![(0, Client(40000), "410100016160517a".to_owned())];
    let notes = (0..700_u64).map(|at| (1000 * (at + 1), Server(40000), format!("5145{at:04x}6162{:04x}ff78", at + 1)));
    messages.extend(notes);
    let messages: Vec<_> = messages.iter().map(|(at, from, hex)| (*at, *from, hex.as_str())).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = super::chart::made(&folder, &messages);
    for (keys, expected) in [("4 Tab G", 701), ("4 Tab G g", 1), ("4 Tab G k", 700)] {
        for size in [SMALL, super::TINY] {
            let film = Scene::file(&path).at(size).keys(keys).run();
            let lower = film.last().lines().skip_while(|row| !row.starts_with("\u{2500}\u{2500} "));
            let own = lower.filter_map(|row| row.strip_prefix('\u{25b6}')).next();
            let own = own.and_then(|row| row.split_whitespace().next()).map(str::to_owned);
            assert_eq!(own, Some(expected.to_string()), "{size:?} {keys}:\n{}", film.last());
        }
    }
}

/// On the narrowest screen it is told what became of each notification.
#[test]
fn the_order_of_notifications_stays_on_narrow_screens() {
    for columns in [40, 44, 50, 60, 70, 80, 103, 104, 200] {
        for height in [12, 24] {
            let film = Scene::built_in().at((columns, height)).keys(":40 Enter 4 Tab").run();
            let said = film.last();
            for text in
                ["Order", "Observe", " STALE", if columns < 104 { "gap till #40" } else { "gap, filled by #40" }]
            {
                assert!(said.contains(text), "{columns}x{height}: no {text} in\n{said}");
            }
        }
    }
}

#[test]
fn rows_that_the_user_gave_to_the_list_come_back_with_a_marked_row() {
    let rule = |keys: &str| {
        let film = Scene::built_in().at((120, 36)).keys(keys).run();
        film.last().lines().position(|line| line.contains(" sort: start ")).expect("a rule")
    };
    let given = rule("3 + + +");
    assert_eq!(given, rule("3") + 3);
    assert_ne!(given, rule("3 + + + :48 Enter"));
    assert_eq!(given, rule("3 + + + :48 Enter :1 Enter"));
}

#[test]
fn a_motion_beyond_the_last_row_moves_nothing() {
    // A message that is not the first of the only row.
    let film = Scene::built_in().keys("/").typed("coapscope.exchange == 3").keys("Enter").wait();
    let film = film.keys("6G 3").wait().keys("j 1").run();
    let row = film.last().lines().find(|row| row.starts_with('\u{25b6}')).unwrap();
    assert_eq!(row.split_whitespace().nth(1), Some("6"), "{}", film.last());
}
