//! Golden cases: bodies and every value that is read in them, with its bytes.

use std::fmt::Write;

use coapscope::coap::{ContentFormat, escape};
use coapscope::payload::{About, Decoded, Item, Subject, decode};

use super::{body, check_bounds, root};

/// A decoded body, one line a value: name, value, meaning, first byte and length.
pub fn dump(decoded: &Decoded) -> String {
    fn line(item: &Item, depth: usize, text: &mut String) {
        let name = if item.name.is_empty() { String::new() } else { format!("{}: ", escape::text(&item.name)) };
        let meaning =
            if item.meaning.is_empty() { String::new() } else { format!(" ({})", escape::text(&item.meaning)) };
        let (start, length) = (item.bytes.start, item.bytes.len());
        writeln!(text, "{}{name}{}{meaning} @{start}+{length}", "  ".repeat(depth), item.text(80)).unwrap();
        item.children.iter().for_each(|child| line(child, depth + 1, text));
    }
    let mut text = format!("  {}{}\n", decoded.form, if decoded.is_guess { ", a guess" } else { "" });
    decoded.items.iter().for_each(|item| line(item, 2, &mut text));
    if let Some(notation) = &decoded.notation {
        writeln!(text, "  ~ {notation}").unwrap();
    }
    if let Some(resolved) = &decoded.resolved {
        resolved.as_array().unwrap().iter().for_each(|record| writeln!(text, "  > {record}").unwrap());
    }
    for problem in &decoded.problems {
        writeln!(text, "  ! @{}+{} {}", problem.bytes.start, problem.bytes.len(), problem.flaw.says()).unwrap();
    }
    text
}

/// Subjects that take a reader of their own by the path: Thread's management, and an LwM2M client.
pub const BY_PATH: &[(Option<u16>, &str, bool)] = &[
    (None, "/c/as", true),
    (None, "/a/aq", true),
    (None, "/d/dg", true),
    (Some(42), "/c/mg", true),
    (None, "/c/as", false),
    (Some(11542), "/3/0", false),
    (Some(11542), "/3303/0/5700", false),
    (Some(40), "/rd", false),
];

/// A body by one of those.
pub fn read_by_path(body: &[u8], (format, path, is_thread): (Option<u16>, &str, bool)) -> Decoded {
    let about = About { path, is_thread };
    decode(body, &Subject { format: format.map(ContentFormat), about, is_diagnostic: false })
}

/// Reads a heading: `= FORMAT [/PATH[@61631]] BODY`; `-` for no Content-Format, the port where Thread's management is at home.
fn read(heading: &str) -> (String, Vec<u8>) {
    let (format, rest) = heading.split_once(' ').unwrap();
    let (path, written) = if rest.starts_with('/') { rest.split_once(' ').unwrap() } else { ("", rest) };
    let body = body(written);
    let (path, is_thread) = path.strip_suffix("@61631").map_or((path, false), |path| (path, true));
    let subject = Subject {
        format: format.parse().ok().map(ContentFormat),
        about: About { path, is_thread },
        is_diagnostic: false,
    };
    let decoded = decode(&body, &subject);
    check_bounds(&decoded, &body, heading);
    (dump(&decoded), body)
}

#[test]
fn bodies_are_read_as_written() {
    let path = root().join("tests/payload/cases.txt");
    let expected = std::fs::read_to_string(&path).unwrap();
    let mut actual = String::new();
    let mut cases = 0;
    for line in expected.lines() {
        if let Some(heading) = line.strip_prefix("= ") {
            cases += 1;
            writeln!(actual, "{line}\n{}", read(heading).0.trim_end()).unwrap();
        } else if !line.starts_with("  ") {
            writeln!(actual, "{line}").unwrap();
        }
    }
    if std::env::var_os("COAPSCOPE_UPDATE").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    let first = expected.lines().zip(actual.lines()).find(|(expected, actual)| expected != actual);
    assert!(expected == actual || std::env::var_os("COAPSCOPE_UPDATE").is_some(), "first difference: {first:#?}");
    println!("{cases} bodies");
}

/// Every payload of the captures whose Content-Format has a decoder, once.
#[test]
fn payloads_of_the_captures_are_read_as_written() {
    let mut actual = String::from(
        "# Payloads of the captures by Content-Format, as cases.txt has them; written by COAPSCOPE_UPDATE=1.\n",
    );
    let mut payloads = 0;
    for (format, body) in super::peers::all_captured() {
        let decoded = super::read(&body, format);
        check_bounds(&decoded, &body, "captured");
        payloads += 1;
        let beginning = escape::hex(&body[..body.len().min(40)]);
        let rest = if body.len() > 40 { ".." } else { "" };
        writeln!(actual, "= {format} {} bytes {beginning}{rest}\n{}", body.len(), dump(&decoded).trim_end()).unwrap();
    }
    let path = root().join("tests/payload/captured.txt");
    if std::env::var_os("COAPSCOPE_UPDATE").is_some() {
        std::fs::write(&path, &actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let first = expected.lines().zip(actual.lines()).find(|(expected, actual)| expected != actual);
    assert!(expected == actual, "first difference: {first:#?}");
    println!("{payloads} payloads of captures");
}

#[test]
fn no_prefix_and_no_flipped_bit_breaks_a_decoder() {
    let cases = std::fs::read_to_string(root().join("tests/payload/cases.txt")).unwrap();
    let mut tried = 0;
    for heading in cases.lines().filter_map(|line| line.strip_prefix("= ")) {
        let (_, body) = read(heading);
        for format in super::FORMATS {
            for end in 0..body.len().min(200) {
                check_bounds(&super::read(&body[..end], *format), &body[..end], heading);
                let mut flipped = body.clone();
                flipped[end] ^= 1 << (end % 8);
                check_bounds(&super::read(&flipped, *format), &flipped, heading);
                tried += 2;
            }
        }
        for subject in BY_PATH {
            for end in 0..body.len().min(200) {
                check_bounds(&read_by_path(&body[..end], *subject), &body[..end], heading);
                let mut flipped = body.clone();
                flipped[end] ^= 1 << (end % 8);
                check_bounds(&read_by_path(&flipped, *subject), &flipped, heading);
                tried += 2;
            }
        }
    }
    println!("{tried} bodies");
}

#[test]
fn what_a_link_has_several_times_is_an_array() {
    for (body, expected) in [
        ("</a>;rt=\"x\";obs", r#"[{"href":"/a","rt":"x","obs":true}]"#),
        ("</a>;x=1;x=2;x,</b>", r#"[{"href":"/a","x":["1","2",true]},{"href":"/b"}]"#),
        ("</a>;href=\"/b\"", r#"[{"href":["/a","/b"]}]"#),
        ("</a>,</b", r#"[{"href":"/a"},null]"#),
        ("</a>;ct=0 41", r#"[{"href":"/a","ct":"0"}]"#),
    ] {
        let found = super::read(body.as_bytes(), 40).json(body.as_bytes());
        assert_eq!(found, serde_json::from_str::<serde_json::Value>(expected).unwrap(), "{body}");
    }
}

#[test]
fn what_was_not_read_is_no_member() {
    for (format, body, expected) in [
        (11542, "c800050 1", "{}"),
        (11542, "c10005c2", r#"{"0":"05"}"#),
        (60, "a2 6161 01 d826", r#"{"a":1}"#),
        (60, "bf 6161 ff", r#"{"a":null}"#),
        (60, "a1 60 f6", r#"{"":null}"#),
        (257, "a1 781d 75", "{}"),
    ] {
        let body = super::unhex(&body.replace(' ', ""));
        let found = super::read(&body, format).json(&body);
        assert_eq!(found, serde_json::from_str::<serde_json::Value>(expected).unwrap(), "{body:x?}");
    }
}
