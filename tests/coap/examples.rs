//! The protocol examples: what each message decodes to, and what must be found in each group.

use std::collections::BTreeSet;

use coapscope::coap::{DecodeMode, Message, Severity, draft};

use super::{has_severity, ids, lines, unhex};

const EXAMPLES: &str = include_str!("../vectors/examples.txt");

/// Groups of a message that is written with what a reader could make of it, and that the RFCs forbid to read on in: not compared.
const UNREADABLE: &[(&str, &str)] = &[
    ("BAD-NUMBIG", "no option has a number above 65535 (RFC 7252 section 12.2)"),
    ("BAD-TKL9", "token lengths 9 to 15 are a format error (RFC 7252 section 3)"),
    ("BAD-VER2", "of an unknown version nothing behind the header is known (RFC 7252 section 3)"),
];

/// Groups that are figures of the RFCs themselves: nothing in them is wrong.
fn is_figure(group: &str) -> bool {
    group.starts_with(|c: char| c.is_ascii_digit())
}

/// A message in the notation of the file.
fn notation(message: &Message<'_>) -> String {
    let Some(header) = message.header() else {
        return String::new();
    };
    let hex = |bytes: &[u8]| if bytes.is_empty() { "-".to_string() } else { coapscope::coap::escape::hex(bytes) };
    let plain_hex = |bytes: &[u8]| coapscope::coap::escape::hex(bytes);
    let options: Vec<String> =
        message.options().map(|option| format!("{}={}", option.number.0, plain_hex(option.value))).collect();
    let options = if options.is_empty() { "-".to_string() } else { options.join(",") };
    let token = message.token().map_or("?".to_string(), hex);
    format!(
        "{} {} {} {token} {options} {}",
        header.message_type,
        header.code,
        header.message_id,
        hex(message.payload())
    )
}

#[test]
fn examples_decode_and_are_judged_as_written() {
    let (mut group, mut missing, mut messages) = ("", Vec::new(), 0);
    let (mut wrong, mut unreadable) = (Vec::new(), BTreeSet::new());
    for line in lines(EXAMPLES) {
        if let Some(name) = line[0].strip_prefix("group ") {
            assert!(missing.is_empty(), "{group} raises no {missing:?}");
            group = name;
            missing = line[1].split_whitespace().collect();
            continue;
        }
        let bytes = unhex(line[1]);
        let message = Message::decode(&bytes);
        messages += 1;
        let found = ids(&bytes);
        missing.retain(|id| !found.contains(id));
        if group.starts_with("DRAFT") {
            let expected = if group == "DRAFT12" { DecodeMode::Draft12 } else { DecodeMode::Draft08 };
            assert_eq!(draft::reading(&bytes), Some(expected), "{group} {}", line[1]);
            assert!(found.contains(&"draft.header"), "{group} {found:?}");
        } else if line[2].is_empty() {
            assert!(message.stop().is_some(), "{group} {}", line[1]);
        } else if UNREADABLE.iter().any(|(name, _)| *name == group) && message.stop().is_some() {
            unreadable.insert(group);
        } else if notation(&message) != line[2] {
            wrong.push(format!("{group} {}: {} instead of {}", line[1], notation(&message), line[2]));
        }
        // 5.08 is a warning wherever it occurs.
        let least = if group == "8768" { Severity::Error } else { Severity::Warn };
        if is_figure(group) && has_severity(&bytes, least) {
            wrong.push(format!("{group} {}: {found:?}", line[1]));
        }
    }
    assert!(missing.is_empty(), "{group} raises no {missing:?}");
    assert!(messages > 150, "only {messages} messages");
    assert_eq!(unreadable, UNREADABLE.iter().map(|(name, _)| *name).collect(), "a row that leaves nothing out");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn uris_are_put_together_as_in_appendix_b() {
    let mut uri = "";
    let mut compared = 0;
    for line in lines(EXAMPLES) {
        if line[0].starts_with("group ") {
            uri = line[2..].first().copied().unwrap_or_default();
            continue;
        }
        if uri.is_empty() {
            continue;
        }
        let bytes = unhex(line[1]);
        let message = Message::decode(&bytes);
        let place: Vec<&str> = line[0].split(' ').collect();
        let (address, port) = (place[2].parse().expect("an address"), place[3].parse().expect("a port"));
        // Example 5 escapes a slash in the query, which section 6.5 leaves as it is: the same URI (RFC 3986 section 3.4).
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let expected =
            if query.is_empty() { path.to_string() } else { format!("{path}?{}", query.replace("%2F", "/")) };
        assert_eq!(message.uri("coap", address, port), Some(expected));
        uri = "";
        compared += 1;
    }
    assert!(compared >= 4, "only {compared} URIs");
}

#[test]
fn uris_are_uris_whatever_the_options_say() {
    for line in lines(include_str!("../vectors/uris.txt")) {
        let bytes = unhex(line[0]);
        let (address, port) = line[1].split_once(' ').expect("an address and a port");
        let (address, port) = (address.parse().expect("an address"), port.parse().expect("a port"));
        let uri = Message::decode(&bytes).uri("coap", address, port);
        assert_eq!(uri.as_deref().unwrap_or("-"), line[2], "{}", line[0]);
    }
}
