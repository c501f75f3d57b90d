//! Bytes as a message, in every mode: decode, fields, findings, URI. The fields must cover the message.
#![no_main]

use coapscope::coap::escape::is_hidden;
use coapscope::coap::{DecodeMode, Field, Message, draft, fields, looks_like_coap};
use libfuzzer_sys::fuzz_target;

const MODES: [DecodeMode; 6] = [
    DecodeMode::Rfc7252,
    DecodeMode::ExtendedTokens,
    DecodeMode::PlainTokens,
    DecodeMode::Draft03,
    DecodeMode::Draft08,
    DecodeMode::Draft12,
];

/// Checks that fields lie end to end from `bit` on, and returns where they end.
fn cover(tree: &[Field], mut bit: u32) -> u32 {
    for field in tree {
        assert_eq!(field.span.bit, bit);
        bit = field.span.end();
        assert!(field.children.is_empty() || cover(&field.children, field.span.bit) == bit);
        assert!(!field.value.chars().chain(field.meaning.chars()).any(is_hidden));
    }
    bit
}

fuzz_target!(|bytes: &[u8]| {
    for mode in MODES {
        let message = Message::decode_as(bytes, mode);
        let end = cover(&fields(&message), 0);
        assert_eq!(end as usize, bytes.len() * 8);
        for finding in message.findings() {
            assert!(finding.span.end() <= end && !finding.text().is_empty());
        }
        let _ = (message.is_malformed(), message.location());
        let uri = message.uri("coap", std::net::Ipv4Addr::LOCALHOST.into(), 5683);
        assert!(!uri.is_some_and(|uri| uri.chars().any(is_hidden)));
    }
    let other = draft::other_reading(&Message::decode(bytes));
    let _ = (looks_like_coap(bytes), draft::reading(bytes), other.map(|other| other.is_malformed()));
});
