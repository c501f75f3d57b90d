//! Two messages compared: what is the same, what is not, and what is told of both.

use super::chart::{Sender, made};
use super::long::capture as long;
use super::script::{Film, Scene};
use super::{LARGE, SMALL, TINY, check, marked_row};

const COPIES: &str = "04-retransmit-libcoap.client.pcap";

/// Plays keys on a capture, with waits at `|`.
fn play(capture: &str, keys: &str) -> Film {
    keys.split('|').fold(Scene::lab(capture), |scene, keys| scene.keys(keys).wait()).run()
}

#[test]
fn two_messages_stand_beside_or_below_each_other() {
    for size in [SMALL, LARGE, TINY] {
        check("compare-copy", size, Scene::lab(COPIES).keys("7G Space 11G Space"));
        check("compare-two", size, Scene::lab("07-formats.pcap").keys("2G Space 4G Space"));
    }
    let film = check("compare-ascii", SMALL, Scene::lab(COPIES).plain().ascii().keys("4G Space 12G Space"));
    assert!(film.styles.contains(" * #4  Type"), "what differs has no look of its own:\n{}", film.styles);
}

#[test]
fn what_differs_is_said() {
    for (capture, keys, said) in [
        (COPIES, "7G Space 11G Space", "The same 11 bytes, one by one."),
        (COPIES, "7G Space 11G Space", "#11 is a retransmission of #7, 2.25 s later."),
        // Whichever was picked first.
        (COPIES, "11G Space 7G Space", "#11 is a retransmission of #7, 2.25 s later."),
        (COPIES, "15G Space 20G Space", "Both are copies of #4; #20 comes "),
        (COPIES, "4G Space 5G Space", "Message ID, Token differ: bytes 2-3, 5 of 11."),
        (COPIES, "4G Space 12G Space", "differ: 11 and 25 bytes, other ones from the first."),
        ("11-malformed-libcoap.pcap", "7G Space 9G Space", "Message ID"),
        // What was cut may go on otherwise; what is whole ends where the other goes on.
        ("08-snaplen-60.pcap", "5G Space 13G Space", "They differ from byte 2 on, as far as both were captured."),
        ("08-snaplen-60.pcap", "14G Space 15G Space", "They differ from byte 0 on, as far as both were captured."),
        // From flow, tree and bytes.
        (COPIES, "f 7G Space 11G Space", "The same 11 bytes, one by one."),
        (COPIES, "7G Enter Space 0 1 1 G Space", "The same 11 bytes, one by one."),
        (COPIES, "7G Enter Tab Space 11G Space", "The same 11 bytes, one by one."),
        (COPIES, "7G Space f 11G Space", "The same 11 bytes, one by one."),
        // What is hidden can be compared all the same.
        (COPIES, "7G Space / c o a p . t y p e = = 2 Enter | Space", "#7 is hidden by the filter."),
        (COPIES, "7G Space", "#7 is picked; Space on another message compares the two, Esc drops it"),
        (COPIES, "7G Space Space", "#7 is picked no more"),
        (COPIES, "7G Space Esc", "#7 is picked no more"),
        (COPIES, "/ c o a p . m i d = = 1 Enter | Space", "no message is selected: nothing to compare"),
        ("03-observe-dies-icmp.pcap", "G Space", "speaks of a message and is none: nothing to compare"),
        (COPIES, "3 Space", "Space does nothing here; ? shows the keys"),
    ] {
        let film = play(capture, keys);
        assert!(film.last().contains(said), "{keys}: {said} is missing:\n{}", film.last());
    }
}

#[test]
fn what_says_the_same_in_other_bytes_is_told_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let messages = [(0, Sender::Client(40000), "410100010160516e"), (10, Sender::Client(40000), "41010002016100516e")];
    let film = Scene::file(&made(&folder, &messages)).keys("Space j Space").run();
    for said in ["Observe (6): 0 (register) [no bytes]", "Observe (6): 0 (register) [00]"] {
        assert!(film.last().contains(said), "{said} is missing:\n{}", film.last());
    }
}

#[test]
fn what_was_picked_and_left_the_memory_is_told() {
    let (_folder, file) = long();
    let film = Scene::file(&file).made_live().memory(1).pieces(1000).keys_after_first("5G Space").keys("Space").run();
    let said = " has left the memory (a larger --memory keeps more): #5002 is picked now";
    assert!(film.last().contains(said), "{}", film.last());
}

#[test]
fn the_comparison_is_left_as_it_was_entered() {
    for size in [SMALL, LARGE, TINY] {
        for (keys, leave) in [("", "Space"), ("", "Esc"), ("", "q"), ("f", "Space"), ("", "? ? Esc"), ("", "j ? q q")] {
            let scene = || Scene::lab(COPIES).at(size).keys(keys).keys("7G 11G");
            let film = scene().keys("g 7G Space 11G Space").keys(leave).run();
            assert_eq!(marked_row(film.last()), marked_row(scene().run().last()), "{size:?} {keys} {leave}");
            assert!(!film.last().contains("two messages"), "{size:?} {keys} {leave}\n{}", film.last());
        }
    }
    // Nothing is picked any more, and the next one begins anew.
    let film = play(COPIES, "7G Space 11G Space Space Space");
    assert!(film.last().contains("#11 is picked; Space on another"), "{}", film.last());
}

#[test]
fn a_comparison_scrolls() {
    let rows = |keys: &str| {
        let film = Scene::lab("07-formats.pcap").keys("2G Space 12G Space").keys(keys).run();
        film.last().lines().nth(2).unwrap().to_owned()
    };
    assert!(rows("").contains("#2 "), "{}", rows(""));
    assert_ne!(rows("j"), rows(""));
    assert_eq!(rows("j k"), rows(""));
    assert_eq!(rows("0 2 j"), rows("j j"));
    assert_eq!(rows("9 9 9 9 j"), rows("G"));
    assert_eq!(rows("G g"), rows(""));
    assert_eq!(rows("0 3 G"), rows("j j"));
}

#[test]
fn what_is_picked_can_be_seen() {
    for (keys, row) in [
        ("4G Space 5G", "    4+"),
        ("f 4G Space 5G", " 4+"),
        ("4G ma Space 5G", "    4+"),
        ("4G ma Space Space 5G", "    4a"),
    ] {
        let film = play(COPIES, keys);
        assert!(film.last().lines().any(|line| line.contains(row)), "{keys}: {row} is missing\n{}", film.last());
    }
}

#[test]
fn the_readme_tells_the_truth() {
    let film = Scene::built_in().keys("41G Space 45G Space").run();
    assert!(
        film.last().contains("one by one.") && film.last().contains("#45 is a retransmission of #41"),
        "{}",
        film.last()
    );
}
