//! The table of findings, and the verdict below it.

use super::script::Scene;
use super::{LARGE, SMALL, check};

#[test]
fn the_worst_stands_first_with_its_verdict() {
    let scene = || Scene::lab("05-block-errors.pcap").keys("5").wait().keys("g");
    let film = check("findings", SMALL, scene());
    for text in ["block.szx7", "Verdict on 127.0.0.1:42101", "It breaks 1 rule of the protocol"] {
        assert!(film.last().contains(text), "{text} is missing:\n{}", film.last());
    }
    check("findings", LARGE, scene());
}

#[test]
fn a_finding_leads_to_its_message() {
    let film = check("finding-message", SMALL, Scene::lab("05-block-errors.pcap").keys("5").wait().keys("g Enter"));
    assert!(film.last().contains("block.szx7"), "{}", film.last());
}

#[test]
fn every_row_can_be_reached() {
    // Here one finding stands in two rows: held against its sender, and not.
    let film = Scene::lab("04-duplicates.client.pcap").keys("5").wait().keys(&"j ".repeat(20)).run();
    let current = |frame: &String| {
        let mut rows = frame.lines().filter_map(|row| row.strip_prefix('\u{25b6}'));
        let row = rows.find(|row| ["error ", "warn ", "note "].iter().any(|word| row.starts_with(word)))?;
        Some(row.split_whitespace().take(6).collect::<Vec<_>>().join(" "))
    };
    let rows: std::collections::BTreeSet<String> = film.frames.iter().filter_map(current).collect();
    assert_eq!(rows.iter().filter(|row| row.contains("cf.missing")).count(), 3, "{rows:#?}");
    assert_eq!(rows.len(), 13, "{rows:#?}");
}

/// The rows of the table.
fn rows(frame: &str) -> Vec<String> {
    let above = frame.lines().take_while(|row| !row.contains("the worst first") && !row.contains("Verdict on"));
    let rows = above.map(|row| row.trim_start_matches(['\u{25b6}', ' ']).to_owned());
    rows.filter(|row| ["error ", "warn ", "note "].iter().any(|word| row.starts_with(word))).collect()
}

#[test]
fn what_comes_in_pieces_is_counted_as_a_whole() {
    const TALL: (u16, u16) = (140, 120);
    // What is found out of earlier messages, taken back, made graver; copies; a filter that lets more through later.
    for (capture, filter) in [
        ("04-duplicates.client.pcap", ""),
        ("04-late-answer.pcap", ""),
        ("04-reorder.client.pcap", ""),
        ("04-retransmit-libcoap.client.pcap", ""),
        ("05-block-errors.pcap", ""),
        ("04-duplicates.client.pcap", "coapscope.finding"),
        ("04-late-answer.pcap", "coap.type == CON"),
    ] {
        let scene = || Scene::lab(capture).made_live().filtered(filter).at(TALL);
        let whole = scene().keys("5").wait().until(|frame| !rows(frame).is_empty()).run();
        let wanted = rows(whole.last());
        assert!(wanted.len() > 1, "{capture}: {}", whole.last());
        let expected = wanted.clone();
        let film = scene().pieces(7).keys_after_first("5").until(move |frame| rows(frame) == wanted).run();
        assert_eq!(rows(film.last()), expected, "{capture} {filter}");
    }
}

#[test]
fn what_time_alone_finds_out_is_counted() {
    use coapscope::coap::{Finding, Rule};
    use coapscope::tracking::Patch;
    let finding = Finding::new(Rule::MidGaveUp, Default::default());
    let scene =
        Scene::lab("02-alarm-plain.pcap").made_live().at(LARGE).keys("5").until(|frame| frame.contains("cf.missing"));
    let is_told = |frame: &str| rows(frame).iter().any(|row| row.contains("mid.gave-up"));
    let film = scene.patched(Patch::Finding(0, finding)).until(is_told).run();
    assert!(is_told(film.last()), "{}", film.last());
}

#[test]
fn no_row_is_hidden_above_an_empty_pane() {
    // The newest message has no finding: no row is marked, and nothing is told below.
    let film = Scene::lab("04-duplicates.client.pcap")
        .made_live()
        .at(SMALL)
        .keys("5")
        .until(|frame| rows(frame).len() > 9)
        .run();
    assert!(film.last().contains("no row is marked") && rows(film.last()).len() > 9, "{}", film.last());
}

#[test]
fn a_frozen_table_counts_all_that_was_there() {
    let whole = Scene::built_in().made_live().at(LARGE).keys("5").wait().run();
    // The last messages are too few for another look while more may come. The worker answers while keys come.
    let scene = Scene::built_in().made_live().pieces(80).at(LARGE).keys_after_first("5").wait().keys("p");
    let film = scene.keys(&"t ".repeat(120)).run();
    assert!(film.last().contains("FROZEN") && rows(whole.last()).len() > 5, "{}", whole.last());
    assert_eq!(rows(film.last()), rows(whole.last()), "{}", film.last());
    // Where nothing comes any more the rest is looked at, too.
    let scene = Scene::built_in().made_live().pieces(80).at(LARGE).keys_after_first("5");
    let film = scene.keys(&"t ".repeat(120)).run();
    assert_eq!(rows(film.last()), rows(whole.last()), "{}", film.last());
}

/// The marked row of the table.
fn marked(frame: &str) -> String {
    frame.lines().skip(2).find(|row| row.starts_with('\u{25b6}')).unwrap_or_default().to_owned()
}

#[test]
fn the_row_of_the_selected_message_is_marked() {
    for (keys, typed, after, expected) in [
        // Entered from a message, and from another view.
        ("40G 5", "", "", "obs.stale"),
        ("40G 4 5", "", "", "obs.stale"),
        // In the view.
        ("5", "", ":40 Enter", "obs.stale"),
        ("5", "", "38G ]", "obs.stale"),
        ("5", "obs.stale", "", "obs.stale"),
        // Whoever moves goes on from there.
        ("5", "", "40G k j", "obs.stale"),
    ] {
        let mut scene = Scene::built_in().keys(keys).wait();
        if !typed.is_empty() {
            scene = scene.keys("C-f").typed(typed).keys("Enter").wait();
        }
        let film = scene.keys(after).run();
        assert!(marked(film.last()).contains(expected), "{keys} {typed} {after}:\n{}", film.last());
    }
}

#[test]
fn entering_a_finding_keeps_a_message_that_has_it() {
    let film = Scene::built_in().keys("40G 5").wait().keys("Enter").run();
    assert!(marked(film.last()).starts_with("\u{25b6}  40 "), "{}", film.last());
}

#[test]
fn find_reads_the_rows_of_the_findings() {
    // Which finding was its sender's doing, the rows alone say.
    let scene = Scene::lab("04-late-answer.pcap").keys("5").wait().keys("C-f").typed("198.51.100.3:5683 not shown");
    let film = scene.keys("Enter").wait().run();
    let row = marked(film.last());
    assert!(row.contains("198.51.100.3:5683  not shown"), "{}", film.last());
}

#[test]
fn a_search_reaches_every_row() {
    // Several rows begin with one message here.
    for key in ["n", "N"] {
        let mut scene =
            Scene::lab("04-duplicates.client.pcap").keys("5").wait().keys("C-f").typed("198.51").keys("Enter").wait();
        for _ in 0..90 {
            scene = scene.keys(key).wait();
        }
        let film = scene.run();
        let rows: std::collections::BTreeSet<String> = film
            .frames
            .iter()
            .filter(|frame| frame.contains("found \"198.51\""))
            .map(|frame| marked(frame).split_whitespace().take(4).collect::<Vec<_>>().join(" "))
            // A message may show it that no row is about.
            .filter(|row| !row.is_empty())
            .collect();
        assert_eq!(rows.len(), 13, "{key}: {rows:#?}");
    }
}

#[test]
fn a_filter_acquits_nobody() {
    let scene = |filter| Scene::lab("05-block-errors.pcap").filtered(filter).at(LARGE).keys("5").wait();
    let last = scene("coapscope.severity == note && ip.version == 6").wait().keys("g").run().last().to_owned();
    let words = "Nothing in what the filter leaves shows that it breaks a rule.";
    assert!(last.contains(words) && last.contains(" requests in the whole capture"), "{last}");
    // One that leaves nothing out.
    let last = scene("frame.number > 0").wait().keys("g").run().last().to_owned();
    assert!(last.contains("It breaks 1 rule of the protocol, and") && !last.contains("whole capture"), "{last}");
}

#[test]
fn a_wrapped_sentence_is_copied_whole() {
    let scene = || Scene::lab("05-block-errors.pcap").at((60, 30)).keys("5").wait().keys("g \\ Tab g");
    let whole = "It breaks 1 rule of the protocol, and is probably at fault by 2 rules.";
    for keys in ["j y", "j j y"] {
        let film = scene().keys(keys).run();
        assert_eq!(film.copied, [whole], "{keys}:\n{}", film.last());
    }
}
