//! A key that can do something does it; one that cannot says why.

use super::script::Scene;
use super::{LARGE, SMALL};

#[test]
fn no_key_is_without_a_word() {
    for (keys, said) in [
        ("3 x", "no bytes stand here; Enter leads to those of the message"),
        (":5 Enter 4 x", "no bytes stand here"),
        (":5 Enter 4 Tab x", "no bytes stand here"),
        (":40 Enter 5 x", "no bytes stand here"),
        ("f x", "bytes are those of the whole frame; Tab leads to them"),
        ("f x x", "bytes are those of the CoAP message; Tab leads to them"),
        ("Enter k x", "a field below CoAP is selected: its bytes are those of the frame"),
        (":40 Enter 5 o", "findings stand the worst first, and in no other order"),
        (":40 Enter 5 b", "findings stand the worst first, and in no other order"),
        ("3 Tab o", "sort: time"),
        ("3 P", "P does nothing here; ? shows the keys"),
        ("3 z R", "zR does nothing here; ? shows the keys"),
        ("Enter Tab Enter", "these are the bytes; Esc leads out"),
        ("Enter k h h", "nothing to fold here"),
        ("Enter j j l", "nothing to unfold here; Enter leads on"),
        ("\\ +", "one pane is shown: nothing to share with another"),
        ("Esc", "nothing to leave here; q ends"),
        // What jumps from a row to a message of no row says so.
        (":40 Enter 5 (", "no row is marked, since #5 has no finding that stands here"),
        (":40 Enter 5 ( Backspace", "obs.stale: A newer notification overtook this one"),
        ("Backspace", "no jump to go back from"),
    ] {
        let film = Scene::built_in().at(SMALL).keys(keys).wait().run();
        assert!(film.last().contains(said), "{keys}: {said} is missing:\n{}", film.last());
    }
}

#[test]
fn a_finding_has_a_flow_and_an_exchange() {
    let film = Scene::built_in().keys(":40 Enter 5").wait().keys("f").run();
    assert!(film.last().contains("\u{2500} #40 ") && film.last().contains("f back"), "{}", film.last());
    let film = Scene::built_in().keys(":40 Enter 5").wait().keys("f f").run();
    assert!(film.last().contains("obs.stale") && film.last().contains("f flow"), "{}", film.last());
    let film = Scene::built_in().keys(":21 Enter 5").wait().keys("=").wait().run();
    assert!(film.last().contains("filter: coapscope.exchange == "), "{}", film.last());
}

#[test]
fn hints_say_where_a_key_leads() {
    for (keys, expected) in
        [("f", "f back"), ("f Tab", "f back"), ("f Tab Tab", "f back"), ("Tab", "f flow"), ("3", "f flow")]
    {
        let film = Scene::built_in().keys(keys).at(LARGE).run();
        let hints = film.last().lines().last().unwrap();
        assert!(hints.contains(expected), "{keys}: {hints}");
    }
}

#[test]
fn counts_stay_on_a_narrow_screen() {
    let title = |size| Scene::built_in().at(size).run().last().lines().next().unwrap().to_owned();
    for count in ["85 msg", "5 retx", "1 stale", "1 unanswered", "sudo coapscope -i eth0"] {
        assert!(title(SMALL).contains(count), "{count}: {}", title(SMALL));
    }
    assert!(title(LARGE).contains("  26 exch  ! 5 retx  "), "{}", title(LARGE));
}

#[test]
fn a_flow_of_one_exchange_says_so_in_its_title() {
    for size in [SMALL, LARGE, (40, 12)] {
        let title = |keys| Scene::built_in().at(size).keys(keys).run().last().lines().next().unwrap().to_owned();
        let narrowed = title(":41 Enter f = j");
        assert!(narrowed.contains("only exchange 13"), "{narrowed}");
        for keys in [":41 Enter f = j =", ":41 Enter f = j 1", ":41 Enter f j"] {
            assert!(!title(keys).contains("only exchange"), "{keys}: {}", title(keys));
        }
    }
}

#[test]
fn the_title_of_a_live_capture_says_what_the_user_chose() {
    let title = |own, to, size| {
        let film = Scene::built_in().made_live().opened(own, to).at(size).run();
        film.last().lines().next().unwrap().to_owned()
    };
    let filter = "(udp or tcp)";
    for size in [SMALL, LARGE] {
        let bare = title(false, None, size);
        assert!(!bare.contains(filter) && !bare.contains("saved to"), "{bare}");
        let saved = title(true, Some("/tmp/captures/now.pcap"), size);
        assert!(saved.contains("saved to now.pcap"), "{saved}");
    }
    assert!(title(true, None, LARGE).contains(filter), "{}", title(true, None, LARGE));
}

#[test]
fn a_byte_tells_all_its_fields() {
    let scene = || Scene::lab("01-libcoap-basics-ipv4.pcap").at(LARGE);
    // The first step goes to the byte under the cursor, not past it.
    let film = scene().keys("Enter Tab l").run();
    for part in [
        "; byte 0 = ",
        "Byte 0 holds 01.. .... = Version: 1",
        "..00 .... = Type: 0 (Confirmable, CON)",
        ".... 0001 = Token Length: 1",
    ] {
        assert!(film.last().contains(part), "{part}:\n{}", film.last());
    }
    let film = scene().keys("Enter Tab l l").run();
    assert!(film.last().contains("byte 1"), "{}", film.last());
    let film = scene().keys("Enter Tab l l h").run();
    assert!(film.last().contains("Byte 0 holds"), "{}", film.last());
    // A field that was chosen in the tree is left, not narrowed.
    let film = scene().keys("Enter j l j j Tab l").run();
    assert!(film.last().contains("byte 1"), "{}", film.last());
}

#[test]
fn the_selection_stays_in_sight_in_any_order() {
    for (view, starts) in [("3", [":41 Enter", ":72 Enter"]), ("4", [":7 Enter", ":40 Enter"])] {
        for start in starts {
            let mut scene = Scene::built_in().keys(start).keys(view);
            for key in ["o", "o", "O", "o", "b", "b", "O", "b", "b", "o", "O"] {
                scene = scene.keys(key).wait();
            }
            let film = scene.run();
            let mut rows = Vec::new();
            for frame in film.frames.iter().filter(|frame| frame.contains(" sort: ")) {
                let row = frame.lines().skip(2).take(6).find_map(|row| row.strip_prefix('\u{25b6}'));
                let row = row.unwrap_or_else(|| panic!("{view} {start}: no row is marked\n{frame}"));
                rows.push(row.split_whitespace().next().unwrap().to_owned());
            }
            assert!(rows.len() > 12 && rows.iter().all(|row| *row == rows[0]), "{view} {start}: {rows:?}");
        }
    }
}

#[test]
fn what_is_pasted_goes_into_an_open_line_only() {
    for (open, pasted, row) in [
        ("", "qqq\n", "pasted text is not taken for keys; open a line for it with / C-f or :"),
        ("?", "q", "pasted text is not taken for keys"),
        ("/", "coap.code\r\n== PUT\n", " Filter> coap.code == PUT"),
        ("C-f", "temp\nq\x1b\n", " Find> temp q"),
        (":", "5\r", " Frame> 5"),
    ] {
        let film = Scene::built_in().keys(open).pasted(pasted).run();
        assert!(film.last().contains(row), "{open}: {row} is missing:\n{}", film.last());
    }
    let film = Scene::built_in().keys("/").typed("coap.code ==").keys("Left Left Left").pasted(".x").run();
    assert!(film.last().contains("Filter> coap.code.x =="), "{}", film.last());
}

#[test]
fn a_key_that_terminals_send_for_two_has_its_usual_name() {
    for (keys, name) in [("C-4", "C-\\"), ("C-5", "C-]"), ("C-6", "C-^"), ("C-7", "C-_")] {
        let film = Scene::built_in().keys(keys).run();
        assert!(film.last().contains(&format!("{name} does nothing here")), "{keys}: {}", film.last());
    }
}

#[test]
fn the_mark_of_problems_stays_longer_than_the_name() {
    let title = |scene: Scene, columns| {
        let film = scene.at((columns, 24)).run();
        film.last().lines().next().unwrap().to_owned()
    };
    let malformed = || Scene::lab("11-malformed-libcoap.pcap");
    let title_of = |columns| title(malformed(), columns);
    assert!(title_of(40).contains("! 40 bad"), "{}", title_of(40));
    // Given up counts leave a sign.
    assert!(title(Scene::built_in(), 40).contains("! 5 retx"), "{}", title(Scene::built_in(), 40));
    for columns in 40..80 {
        let title = title(Scene::built_in(), columns);
        assert!(title.contains(" !") && (title.contains("1 unanswered") || title.contains('\u{2026}')), "{title}");
    }
    let file = std::path::Path::new("captures/lab/11-malformed-libcoap.pcap");
    let named = || Scene::called(file, "2026-11-28-laboratory-group-07-raspberry-pi-alarm-server-capture.pcap");
    assert!(title(named(), 80).contains("! 40 bad 1 unanswered"), "{}", title(named(), 80));
    let filtered = title(named().filtered("coap.type == CON"), 80);
    assert!(filtered.ends_with("/ coap.type == CON"), "{filtered}");
}
