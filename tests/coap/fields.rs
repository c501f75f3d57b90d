//! The field tree: what it says of some messages, and that it covers any bytes without gap or overlap.

use std::fmt::Write;

use coapscope::coap::escape::is_hidden;
use coapscope::coap::{DecodeMode, Field, Message, Span, fields};
use coapscope::render::annotated::{self, Detail};
use coapscope::render::json;
use coapscope::render::paint::Paint;
use proptest::prelude::*;

use super::{lines, unhex};

pub(crate) const MODES: [DecodeMode; 6] = [
    DecodeMode::Rfc7252,
    DecodeMode::ExtendedTokens,
    DecodeMode::PlainTokens,
    DecodeMode::Draft03,
    DecodeMode::Draft08,
    DecodeMode::Draft12,
];

/// Every message of the files of cases, once.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let files = [
        (include_str!("../vectors/examples.txt"), 1),
        (include_str!("../vectors/hex_vectors.txt"), 1),
        (include_str!("../vectors/message_findings.txt"), 0),
    ];
    let lines = files.into_iter().flat_map(|(file, column)| lines(file).into_iter().map(move |line| line[column]));
    let mut messages: Vec<Vec<u8>> =
        lines.filter(|hex| hex.bytes().all(|c| c.is_ascii_hexdigit()) && hex.len() > 5).map(unhex).collect();
    messages.sort();
    messages.dedup();
    messages
}

/// Everything that a message says of itself, in every mode; the fields must lie end to end.
fn check(bytes: &[u8]) {
    for mode in MODES {
        let message = Message::decode_as(bytes, mode);
        let tree = fields(&message);
        let end = cover(&tree, 0);
        assert_eq!(end, bytes.len() as u32 * 8, "{mode:?} {bytes:02x?} {tree:#?}");
        for finding in message.findings() {
            assert!(finding.span.end() <= end, "{mode:?} {bytes:02x?} {finding:?}");
            assert!(!finding.text().is_empty());
        }
        let options: usize = message.options().count();
        let named = tree.iter().filter(|field| field.option.is_some()).count();
        assert_eq!(options, named, "{mode:?} {bytes:02x?}");
        let _ = (message.is_malformed(), message.uri_path(), message.uri_query(), message.location());
        let _ = (message.observe(), message.block1(), message.block2(), message.oscore(), message.content_format());
    }
    let _ = (coapscope::coap::looks_like_coap(bytes), coapscope::coap::draft::reading(bytes));
}

/// Checks that fields lie end to end from `bit` on, each with its children inside it, and returns where they end.
fn cover(tree: &[Field], mut bit: u32) -> u32 {
    for field in tree {
        assert_eq!(field.span.bit, bit, "{field:#?}");
        assert!(field.span.bits > 0, "{field:#?}");
        bit = field.span.end();
        if !field.children.is_empty() {
            assert_eq!(cover(&field.children, field.span.bit), bit, "{field:#?}");
        }
        assert!(!field.value.chars().chain(field.meaning.chars()).any(is_hidden), "{field:#?}");
        assert!(
            !field.name.is_empty() && field.explanation.ends_with('.') && !field.reference.is_empty(),
            "{field:#?}"
        );
    }
    bit
}

#[test]
fn fields_cover_every_message_cut_anywhere_and_with_any_bit_flipped() {
    let corpus = corpus();
    assert!(corpus.len() > 400, "only {} messages", corpus.len());
    for message in &corpus {
        // In every mode; the messages of the examples lose no place in `examples_stand_every_cut_and_every_flipped_bit`.
        let step = 1 + message.len() / 50;
        for cut in (0..=message.len()).step_by(step) {
            check(&message[..cut]);
        }
        for bit in (0..message.len() * 8).step_by(step * step) {
            let mut flipped = message.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            check(&flipped);
        }
    }
}

/// The messages of the examples file, once each.
fn examples() -> Vec<Vec<u8>> {
    let lines = lines(include_str!("../vectors/examples.txt")).into_iter();
    let mut messages: Vec<Vec<u8>> =
        lines.filter(|line| !line[0].starts_with("group ")).map(|line| unhex(line[1])).collect();
    messages.sort();
    messages.dedup();
    messages
}

/// Everything that is said of a message as RFC 7252 reads it: its tree, which must cover it; the text and the JSON, which take the most
/// time, of messages above 100 bytes for every sixteenth damage only.
fn say_all(bytes: &[u8], nth: usize) {
    let message = Message::decode(bytes);
    assert_eq!(cover(&fields(&message), 0), bytes.len() as u32 * 8, "{bytes:02x?}");
    if bytes.len() > 100 && !nth.is_multiple_of(16) {
        return;
    }
    for line in annotated::lines(&message, Detail::Teach, Paint(false)) {
        assert!(!line.chars().any(is_hidden), "{bytes:02x?} {line}");
    }
    let object = json::coap(&message);
    let text = json::line(&object);
    assert!(!text.contains('\n') && serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{bytes:02x?} {text}");
}

/// Step 1: no length and no bit is passed over.
#[test]
fn examples_stand_every_cut_and_every_flipped_bit() {
    let messages = examples();
    assert!(messages.len() > 150, "only {} messages", messages.len());
    let halves: Vec<Vec<&Vec<u8>>> = (0..2).map(|half| messages.iter().skip(half).step_by(2).collect()).collect();
    let tried: usize = std::thread::scope(|scope| {
        let damage = |messages: Vec<&Vec<u8>>| {
            let mut tried = 0;
            for message in messages {
                (0..=message.len()).for_each(|cut| say_all(&message[..cut], cut));
                for bit in 0..message.len() * 8 {
                    let mut flipped = message.clone();
                    flipped[bit / 8] ^= 0x80 >> (bit % 8);
                    // The bit of each byte wanders, so that all eight places come up.
                    say_all(&flipped, bit + bit / 16);
                }
                tried += 1 + message.len() * 9;
            }
            tried
        };
        let threads: Vec<_> = halves.into_iter().map(|half| scope.spawn(move || damage(half))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{tried} messages were told in full");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fields_cover_bytes_of_any_kind(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x40u8..0x50, 0xd0u8..=0xff], 0..80)) {
        check(&bytes);
    }
}

/// The tree as indented lines: name, bits, value, meaning.
fn show(fields: &[Field], depth: usize, text: &mut String) {
    for field in fields {
        let Span { bit, bits } = field.span;
        let value = if field.value.is_empty() { String::new() } else { format!(" {}", field.value) };
        let meaning = if field.meaning.is_empty() { String::new() } else { format!(" ({})", field.meaning) };
        let _ = writeln!(text, "{:indent$}{bit}+{bits} {}{value}{meaning}", "", field.name, indent = depth * 2);
        show(&field.children, depth + 1, text);
    }
}

#[test]
fn trees_read_as_written() {
    let cases = [
        (
            "a request",
            "44011234a1b2c3d439612e6578616d706c658474656d7045753d43656c21326102e102c401",
            DecodeMode::Rfc7252,
        ),
        (
            "the slide's message",
            "40020000b66576656e7473ff7b22616363657373546f6b656e223a22645f736b5f616263313233222c226e616d65223a2274656d7065726174757265222c2264617461223a223231227d",
            DecodeMode::Rfc7252,
        ),
        (
            "a block of a notification",
            "54451234a1b2c3d44361626322110060213c9108ff30313233343536373839616263646566",
            DecodeMode::Rfc7252,
        ),
        (
            "OSCORE",
            "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3",
            DecodeMode::Rfc7252,
        ),
        ("an overrun", "40011234bb74656d", DecodeMode::Rfc7252),
        ("a reserved token length", "490112340102030405060708090a", DecodeMode::Rfc7252),
        ("an extended token", "4d01123403a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b161", DecodeMode::Rfc7252),
        ("draft -12", "42017d34bb74656d70657261747572658120", DecodeMode::Draft12),
        ("a jump of draft -12", "61457d34f1412032322e332043", DecodeMode::Draft12),
        ("an open list of draft -09 to -11", "4f0110479474696d65f0", DecodeMode::Draft08),
        ("an open list of draft -12", "4f011047b474696d65f0", DecodeMode::Draft12),
        ("draft -03", "61507d34b12032322e332043", DecodeMode::Draft03),
        ("hidden characters", "4101123471b61b5b33316d07", DecodeMode::Rfc7252),
        ("two bytes", "4001", DecodeMode::Rfc7252),
    ];
    let mut text = String::new();
    for (name, hex, mode) in cases {
        let bytes = unhex(hex);
        let _ = writeln!(text, "{name}: {hex}");
        show(&fields(&Message::decode_as(&bytes, mode)), 1, &mut text);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn options_mean_what_their_place_says() {
    let mut wrong = Vec::new();
    for line in lines(include_str!("../vectors/option_meanings.txt")) {
        let bytes = unhex(line[0]);
        let mode = match line[1] {
            "today" => DecodeMode::Rfc7252,
            "-03" => DecodeMode::Draft03,
            "-08" => DecodeMode::Draft08,
            "-12" => DecodeMode::Draft12,
            other => panic!("no reading is called {other}"),
        };
        let tree = fields(&Message::decode_as(&bytes, mode));
        let meaning = find(&tree, line[2]).map(|field| field.meaning.as_str());
        // A meaning may hold semicolons.
        let expected = line[3..].join("; ");
        if meaning != Some(expected.as_str()) {
            wrong.push(format!("{} {}: {meaning:?} instead of {expected:?}", line[0], line[2]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The first field of a name.
fn find<'f>(tree: &'f [Field], name: &str) -> Option<&'f Field> {
    tree.iter().find_map(|field| if field.name == name { Some(field) } else { find(&field.children, name) })
}

#[test]
fn drafts_are_not_taught_what_they_do_not_have() {
    // A length of 15, and jumps of -12.
    for (hex, mode) in [
        ("410112349f0161616161616161616161616161616161", DecodeMode::Draft08),
        ("42011234b16181f17161", DecodeMode::Draft12),
        ("41011234bf0161616161616161616161616161616161", DecodeMode::Draft12),
    ] {
        let bytes = unhex(hex);
        let tree = fields(&Message::decode_as(&bytes, mode));
        for name in ["Option Delta", "Option Length", "Extended Option Length"] {
            let Some(field) = find(&tree, name) else { continue };
            assert!(field.reference.starts_with("draft-"), "{field:?}");
            assert!(!field.explanation.contains("13") && !field.explanation.contains("269"), "{field:?}");
        }
    }
}

#[test]
fn a_datagram_full_of_options_is_told_in_a_few_words() {
    // Options of no length: number 0 again and again, Uri-Path, one that is not registered in front, and a draft's; behind all a payload,
    // an option that overruns, or nothing.
    let most = 65_507;
    let full = |begin: &[u8], fill: u8, end: &[u8]| {
        let mut bytes = begin.to_vec();
        bytes.resize(most - end.len(), fill);
        bytes.extend(end);
        bytes
    };
    for (begin, end) in [
        ("40011234", ""),
        ("40011234b0", "ff61"),
        ("40011234d200ff", "05"),
        ("50021234900914aa", "ff61"),
        ("40e11234", ""),
        ("6045123460", ""),
    ] {
        let bytes = full(&unhex(begin), 0, &unhex(end));
        let message = Message::decode(&bytes);
        let tree = fields(&message);
        assert_eq!(cover(&tree, 0), bytes.len() as u32 * 8, "{begin}");
        assert!(tree.len() < 600 && message.findings().len() < 3000, "{begin}: {}", message.findings().len());
        let more = find(&tree, "Further Options").expect("options that are left out");
        let shown = tree.iter().filter(|field| field.option.is_some()).count();
        assert_eq!(more.meaning, format!("{} options", message.options().count() - shown), "{begin}");
        let object = json::coap(&message);
        assert_eq!(object["options"].as_array().map(Vec::len), Some(512));
        assert_eq!(object["options_left_out"], message.options().count() - 512);
        assert!(json::line(&object).len() < 200_000 && more.value.len() < 200, "{begin}");
    }
}

#[test]
fn few_further_options_are_shown_in_full() {
    for further in [1, 3, 31, 32, 33] {
        let bytes = [&unhex("40010001b161")[..], &[1, b'a'].repeat(511 + further)].concat();
        let tree = fields(&Message::decode(&bytes));
        let more = find(&tree, "Further Options").unwrap();
        let expected = "0161".repeat(further.min(32)) + if further > 32 { "..." } else { "" };
        assert_eq!(more.value, expected);
    }
}
