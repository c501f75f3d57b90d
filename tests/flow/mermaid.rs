//! The ladder for Mermaid: every line by a strict grammar, every arrow by what `print -T json` says.

use std::collections::HashMap;

use coapscope::render::ladder::Ports;

use crate::capture::{Capture, Form, lab};
use crate::golden;
use crate::text::{HOSTILE, hostile};

const ARROWS: [&str; 6] = ["-->>", "->>", "--x", "-x", "--)", "-)"];
/// Words that begin statements of the language.
const KEYWORDS: [&str; 14] = [
    "participant",
    "actor",
    "note",
    "loop",
    "alt",
    "opt",
    "par",
    "end",
    "box",
    "rect",
    "autonumber",
    "activate",
    "critical",
    "break",
];

/// An arrow of a diagram: from, arrow, to, text.
type Arrow = (String, &'static str, String, String);

/// Reads a diagram; panics at the first line that is not of the grammar.
fn parse(diagram: &str) -> (HashMap<String, String>, Vec<Arrow>) {
    let mut lines = diagram.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    let (mut participants, mut arrows) = (HashMap::new(), Vec::new());
    for line in lines {
        let statement = line.strip_prefix("    ").unwrap_or_else(|| panic!("not indented: {line}"));
        if let Some(rest) = statement.strip_prefix("participant ") {
            let (id, description) = rest.split_once(" as ").unwrap();
            check_id(id);
            check_text(description);
            assert!(
                arrows.is_empty() && participants.insert(id.to_owned(), description.to_owned()).is_none(),
                "{line}"
            );
            continue;
        }
        let (head, text) = statement.split_once(": ").unwrap_or_else(|| panic!("no text: {line}"));
        check_text(text);
        if let Some(over) = head.strip_prefix("Note over ") {
            assert!(over.split(',').count() <= 2);
            over.split(',').for_each(|id| assert!(participants.contains_key(id), "{line}"));
            continue;
        }
        let (arrow, (from, to)) = ARROWS
            .iter()
            .find_map(|arrow| Some((*arrow, head.split_once(arrow)?)))
            .unwrap_or_else(|| panic!("no arrow: {line}"));
        assert!(participants.contains_key(from) && participants.contains_key(to), "{line}");
        arrows.push((from.to_owned(), arrow, to.to_owned(), text.to_owned()));
    }
    assert!(diagram.len() <= 50_000, "{} characters", diagram.len());
    (participants, arrows)
}

fn check_id(id: &str) {
    assert!(!id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
    assert!(!KEYWORDS.contains(&id), "{id}");
}

/// A text in which every sign that means something is an entity.
fn check_text(text: &str) {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('#') {
        check_plain(before, text);
        let (number, after) = behind.split_once(';').unwrap_or_else(|| panic!("a bare # in {text}"));
        assert!(!number.is_empty() && number.chars().all(|c| c.is_ascii_digit()), "{text}");
        rest = after;
    }
    check_plain(rest, text);
    assert!(!text.trim().is_empty());
}

fn check_plain(part: &str, text: &str) {
    let bad = |c: char| ";<>&%`$\u{fb02}\u{b0}\u{b6}\u{df}".contains(c) || coapscope::coap::escape::is_hidden(c);
    assert!(!part.chars().any(bad), "{text:?}");
    assert!(!part.contains("style") || !text.contains(':'), "{text:?}");
}

#[test]
fn diagrams_are_as_on_file() {
    golden("lab-session.mermaid", &Capture::built_in().mermaid(Form::default()).0);
    for name in ["04-reorder.client", "04-giveup-libcoap", "05-block2-libcoap", "08-multicast-v4"] {
        golden(&format!("{name}.mermaid"), &Capture::lab(&format!("{name}.pcap")).mermaid(Form::default()).0);
    }
}

#[test]
fn arrows_are_those_of_print() {
    let (mut compared, mut cut) = (0, 0);
    for path in lab() {
        let mut capture = Capture::read(&path);
        let objects = capture.json();
        let form = Form { ports: Ports::Apart, unfolded: true, ..Form::default() };
        let (diagram, written) = capture.mermaid(form);
        let (participants, arrows) = parse(&diagram);
        assert_eq!((arrows.len() as u64, written.shown + written.cut), (written.shown, objects.len() as u64));
        cut += written.cut;
        for (object, (from, arrow, to, text)) in objects.iter().zip(&arrows) {
            compared += 1;
            let at = || format!("{}: {text}", path.display());
            let coap = &object["coap"];
            assert!(text.starts_with(&format!("{}. ", object["frame"]["number"])), "{}", at());
            if object["kind"] != "message" || coap["type"].is_null() {
                assert_eq!(*arrow, "--)", "{}", at());
                continue;
            }
            for (id, end) in [(from, "source"), (to, "destination")] {
                let expected = format!("{id} {}", object[end].as_str().unwrap());
                assert_eq!(participants[id], expected, "{}", at());
            }
            let expected = match coap["type"].as_str().unwrap() {
                "CON" => "->>",
                "NON" => "-)",
                "ACK" => "-->>",
                _ => "--x",
            };
            let open = *arrow == "-x" && object["answered_by"].is_null();
            assert!(*arrow == expected || open, "{arrow} {}", at());
            let words = format!("{} {}", coap["type"].as_str().unwrap(), coap["message_id"]);
            assert!(text.contains(&words), "{}", at());
        }
    }
    println!("{compared} arrows are as print -T json says; {cut} messages were cut, and counted");
    assert!(compared > 1200, "{compared}");
}

#[test]
fn every_diagram_is_of_the_grammar() {
    for path in lab() {
        let (diagram, _) = Capture::read(&path).mermaid(Form::default());
        parse(&diagram);
    }
    for text in HOSTILE {
        let (diagram, written) = hostile(text.as_bytes()).mermaid(Form::default());
        assert_eq!((parse(&diagram).1.len(), written.cut), (2, 0));
    }
}

#[test]
fn what_is_cut_is_said() {
    let (diagram, written) = Capture::built_in().mermaid(Form { limit: 20, ..Form::default() });
    assert_eq!((written.shown, written.cut), (20, 68));
    assert!(diagram.ends_with(": 68 more messages are not shown\n"), "{diagram}");
    parse(&diagram);
}
