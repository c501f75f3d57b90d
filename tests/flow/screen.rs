//! The ladder on the screen.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::capture::{Capture, lab};
use crate::golden;
use crate::script::{Film, Scene};
use crate::text::agrees;

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 36);
const TINY: (u16, u16) = (40, 12);

/// Plays a scene in colour, without, and in ASCII; the frames of the first two are equal but for colour.
fn check(name: &str, size: (u16, u16), scene: impl Fn() -> Scene) -> Film {
    let film = scene().at(size).run();
    golden(&format!("screen-{name}-{}x{}", size.0, size.1), film.last());
    let plain = scene().plain().at(size).run();
    assert_eq!(plain.last(), film.last(), "colour carries what no sign says");
    assert!(plain.colours == 0 && film.colours > 0, "{name}: colours without a need, or none");
    let ascii = scene().ascii().at(size).run();
    golden(&format!("screen-{name}-{}x{}-ascii", size.0, size.1), ascii.last());
    assert!(ascii.frames.iter().all(|frame| frame.is_ascii()));
    film
}

#[test]
fn ladders_are_as_on_file() {
    for size in [SMALL, LARGE, TINY] {
        check("lab-session", size, || Scene::built_in().keys("f ]]]"));
        check("retransmission", size, || Scene::lab("04-retransmit-libcoap.client.pcap").keys("f ]]]="));
        check("reorder", size, || Scene::lab("04-reorder.client.pcap").keys(":11 Enter f"));
    }
    check("blocks", SMALL, || Scene::lab("05-block2-libcoap.pcap").keys("f"));
    check("blocks-open", SMALL, || Scene::lab("05-block2-libcoap.pcap").keys("f Enter"));
    check("multicast", LARGE, || Scene::lab("08-multicast-v4.pcap").keys("f"));
    check("icmp", SMALL, || Scene::lab("03-observe-dies-icmp.pcap").keys("f :28 Enter"));
    check("giveup-to-scale", LARGE, || Scene::lab("04-giveup-libcoap.pcap").keys("f zR G"));
}

/// The rows of the ladder over all frames of a film, by the numbers in front of them.
fn rows(film: &Film) -> BTreeMap<u64, String> {
    let is_ladder = |frame: &&String| frame.lines().nth(1).is_some_and(|heads| heads.contains(" Note"));
    let lines = film.frames.iter().filter(is_ladder).flat_map(|frame| frame.lines().skip(2));
    let row = |line: &str| {
        let own = line.trim_start_matches(['\u{25b6}', '\u{2022}']);
        Some((own.split_whitespace().next()?.parse().ok()?, own.to_owned()))
    };
    lines.filter_map(row).collect()
}

#[test]
fn rows_on_the_screen_are_those_of_print() {
    let mut compared = 0;
    for path in lab() {
        let objects = Capture::read(&path).json();
        // Alone in its place, every block for itself.
        let keys = format!("2 \\ zb g {}", "PgDn ".repeat(objects.len() / 30 + 1));
        let drawn = rows(&Scene::file(&path).at((250, 70)).keys(&keys).run());
        let number = |object: &Value| object["frame"]["number"].as_u64().unwrap();
        assert_eq!(
            drawn.keys().copied().collect::<Vec<_>>(),
            objects.iter().map(number).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
            "{}",
            path.display()
        );
        for object in &objects {
            agrees(&path, object, &drawn[&number(object)]);
            compared += 1;
        }
    }
    println!("{compared} rows of the ladder on the screen are as print -T json says");
    assert!(compared > 1500, "{compared}");
}

/// Number of the row that the cursor stands on.
fn selected(frame: &str) -> String {
    let row = frame.lines().find(|row| row.starts_with('\u{25b6}')).unwrap_or_else(|| panic!("no cursor in\n{frame}"));
    row.trim_start_matches('\u{25b6}').split_whitespace().next().unwrap().to_owned()
}

#[test]
fn one_selection_for_list_and_ladder() {
    for (keys, expected) in [
        ("f jjj", "4"),
        ("f jjj f", "4"),
        ("jjj f", "4"),
        ("f :41 Enter", "41"),
        ("f :41 Enter )", "51"),
        ("f :41 Enter ) (", "41"),
        ("f :41 Enter }", "42"),
        ("f ]", "21"),
        ("f G [", "87"),
        ("f G", "88"),
        ("f PgDn", "11"),
        ("f PgDn PgUp", "1"),
        ("f :41 Enter = G", "51"),
        ("f :41 Enter = g", "41"),
        ("f :41 Enter = Esc j", "42"),
        ("f Enter J J", "3"),
        ("f C-f m a n u a l Enter", "60"),
    ] {
        let film = Scene::built_in().keys(keys).wait().run();
        assert_eq!(selected(film.last()), expected, "{keys}:\n{}", film.last());
    }
}

#[test]
fn lanes_scroll_merge_and_hide() {
    let last = |keys: &str| Scene::built_in().keys(keys).run().last().to_owned();
    let head = |keys: &str| last(keys).lines().nth(1).unwrap().to_owned();
    assert!(head("f").contains("c1 .21") && head("f").contains('\u{bb}'), "{}", head("f"));
    assert!(!head("f l").contains("c1 .21") && head("f l").contains('\u{ab}'), "{}", head("f l"));
    assert_eq!(head("f l h"), head("f"));
    assert!(last("f h").contains("no lane farther to the left"));
    assert!(last("f P").contains("one lane an endpoint: 25"), "{}", last("f P"));
    assert!(last("f P P").contains("one lane a host: 7"), "{}", last("f P P"));
    let hidden = last("f H");
    assert!(hidden.contains("c1 and its messages are hidden") && !hidden.contains("PUT"), "{hidden}");
    assert_eq!(selected(&hidden), "5");
    assert!(last("f H A k").contains("PUT"));
}

/// A pcap of raw IPv4: so many clients, each of which asks one server and is answered.
fn capture_of_clients(count: u16) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    let mut add = |second: u32, ends: [[u8; 4]; 2], ports: [u16; 2], message: &[u8]| {
        let length = message.len() as u16 + 28;
        for word in [second, 0, u32::from(length), u32::from(length)] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0, 0, length as u8, 0, 0, 0, 0, 64, 17, 0, 0]);
        file.extend(ends.concat());
        file.extend(ports.map(u16::to_be_bytes).concat());
        file.extend([0, length as u8 - 20, 0, 0]);
        file.extend(message);
    };
    for client in 1..=count {
        let [high, low] = client.to_be_bytes();
        let (own, server, second) = ([10, 1, high, low], [10, 0, 0, 1], u32::from(client) * 2);
        add(second, [own, server], [40000, 5683], &[0x40, 1, high, low, 0xb1, b'x']);
        add(second + 1, [server, own], [5683, 40000], &[0x60, 0x45, high, low]);
    }
    file
}

#[test]
fn lanes_follow_the_selection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    std::fs::write(&path, capture_of_clients(200)).unwrap();
    let head = |keys: &str| {
        let film = Scene::file(&path).keys(keys).run();
        film.last().lines().nth(1).unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    for (keys, shown, absent) in [
        ("f", "c1", "c200"),
        ("f G", "c200", "c1"),
        ("f G k k", "c199", "c1"),
        ("f :201 Enter", "c101", "c200"),
        ("f G g", "c1", "c200"),
        ("f :201 Enter g", "s1", "c101"),
        // What the user scrolled to stays until the selection moves.
        ("f G h h h h h h", "c194", "c200"),
        ("f G h h h h h h k", "c200", "c1"),
    ] {
        let head = head(keys);
        let has = |name: &str| head.iter().any(|word| word == name);
        assert!(has(shown) && !has(absent), "{keys}: {head:?}");
    }
}

/// However many they are, the lanes beyond the edges are counted, apart from the names of those that are shown.
#[test]
fn lanes_beyond_the_edges_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    for clients in [60, 200, 3000] {
        std::fs::write(&path, capture_of_clients(clients)).unwrap();
        for (width, height) in [(80, 24), (120, 36)] {
            for keys in ["f", &format!("f :{clients} Enter"), "f G"] {
                let film = Scene::file(&path).at((width, height)).keys(keys).run();
                let head = film.last().lines().nth(1).unwrap().to_owned();
                let words = || head.split_whitespace();
                let left = words().find_map(|word| word.strip_prefix('«')).map_or(0, |count| count.parse().unwrap());
                let right = words().find_map(|word| word.strip_suffix('»')).map_or(0, |count| count.parse().unwrap());
                let is_lane = |word: &&str| word.len() > 1 && word.starts_with(['c', 's']);
                let shown = words().filter(is_lane).count();
                assert_eq!(left + shown + right, usize::from(clients) + 1, "{clients} clients, {keys}: {head}");
            }
        }
    }
}

#[test]
fn folds_open_and_close() {
    let rows = |keys: &str| {
        let film = Scene::lab("05-block2-libcoap.pcap").keys(keys).run();
        film.last().lines().skip(2).take(10).filter(|row| row.contains("CON")).count()
    };
    // Of all requests here one is a block of a body that nothing else is of.
    for (keys, folded) in [
        ("f", true),
        ("f Enter", false),
        ("f Enter Esc", true),
        ("f zb", false),
        ("f zb zb", true),
        ("f zR", false),
        ("f zR zM", true),
    ] {
        assert_eq!(rows(keys) <= 1, folded, "{keys}");
    }
}

#[test]
fn a_live_ladder_follows_until_the_user_moves() {
    let lab = "01-libcoap-basics-ipv4.pcap";
    let scene = || Scene::lab(lab).made_live().pieces(20);
    let film = scene().keys_after_first("f").run();
    assert_eq!(selected(film.last()), "54", "{}", film.last());
    let film = scene().keys_after_first("f k").run();
    assert_ne!(selected(film.last()), "54");
    assert!(film.last().contains("new below, G follows"), "{}", film.last());
    let film = scene().keys_after_first("f k G").run();
    assert_eq!(selected(film.last()), "54", "{}", film.last());
}

#[test]
fn no_size_breaks_it() {
    for name in ["04-reorder.client.pcap", "05-block-loss.client.pcap", "07-formats.pcap"] {
        let mut scene = Scene::lab(name).keys("f :9 Enter zi");
        for width in (1..=250).step_by(9) {
            for height in (1..=80).step_by(11) {
                scene = scene.resize((width, height));
            }
        }
        scene.keys("G zR k k P l l = Esc").run();
    }
}

/// The second line of the screen: what stands over the lanes.
fn head(frame: &str) -> &str {
    frame.lines().nth(1).unwrap()
}

#[test]
fn lanes_under_a_filter_are_those_in_use() {
    let filter = "ip.addr==198.51.100.23";
    let other = "coap.code == PUT";
    let all = Scene::built_in().keys("f").run().last().to_owned();
    // A filter that was there, and one that comes.
    let at_once = Scene::built_in().filtered(filter).keys("f").run();
    let later = || Scene::built_in().keys("7G f /").typed(filter).keys("Enter").wait();
    let last = later().run().last().to_owned();
    for frame in [at_once.last(), &last] {
        let lanes = ["c4 ", "s1 ", "s3 ", "s4 "];
        assert!(lanes.iter().all(|lane| head(frame).contains(lane)) && !head(frame).contains('\u{bb}'), "{frame}");
        assert_eq!(selected(frame), "7");
    }
    assert_eq!(head(later().keys("/ C-u Enter g").run().last()), head(&all));
    // A lane that was hidden stays so while filters come and go.
    let hidden = |keys: &str| {
        let scene = Scene::built_in().keys("7G f H /").typed(filter).keys("Enter").wait();
        let scene = scene.keys("/ C-u").typed(other).keys("Enter").wait().keys(keys);
        scene.run().last().to_owned()
    };
    let frame = hidden("/ C-u Enter g");
    assert!(frame.contains("1 lane hidden") && !head(&frame).contains("c4"), "{frame}");
    let frame = hidden("/ C-u Enter A g");
    assert!(!frame.contains(" hidden") && head(&frame) == head(&all), "{frame}");
    // What is hidden under a filter is so without it, too.
    let frame = Scene::built_in().filtered(filter).keys("7G f H / C-u Enter").wait().run().last().to_owned();
    assert!(frame.contains("1 lane hidden"), "{frame}");
}

#[test]
fn lanes_under_a_filter_grow_with_what_comes() {
    let all = || Scene::built_in().filtered("coap.type == NON").at(LARGE);
    let whole = all().keys("f").run();
    let pieces = all().made_live().pieces(5).keys_after_first("f g").keys("g").run();
    assert_eq!(head(pieces.last()), head(whole.last()));
}

#[test]
fn hidden_lanes_are_told() {
    let last = |keys: &str| Scene::built_in().keys(keys).run().last().to_owned();
    let frame = last("g f H");
    assert!(frame.lines().next().unwrap().contains("1 lane hidden"), "{frame}");
    // Messages passed where none is shown.
    assert!(frame.contains("15.0 s, 8 not shown") && !frame.contains("idle 15"), "{frame}");
    let frame = last("g f H H H");
    assert!(frame.contains("every message is from or to a hidden lane; A shows all lanes"), "{frame}");
    assert!(frame.contains("3 lanes hidden") && !head(&frame).contains("c4"), "{frame}");
    let frame = last("g f H H H H");
    assert!(frame.contains("no row is left; A shows all lanes"), "{frame}");
    // A host stays hidden where its ports have lanes of their own.
    let frame = last("g f H P");
    assert!(!head(&frame).contains("c1 "), "{frame}");
}
