//! Layouts: a message put together again from its layout says in every respect what the decoded one says.

use coapscope::coap::{DecodeMode, Layout, Message, OPTIONS, fields};
use proptest::prelude::*;

use super::fields::{MODES, corpus};

/// Everything that a message says of itself.
fn all(message: &Message<'_>) -> String {
    let mut findings = Vec::new();
    message.visit_findings(&mut |finding| findings.push(finding));
    let options: Vec<_> = message.options().collect();
    let of_each: Vec<_> = OPTIONS
        .iter()
        .map(|row| row.number)
        .map(|number| (message.has(number), message.option(number), message.uint(number), message.block(number)))
        .collect();
    let header = (message.bytes(), message.mode(), message.header(), message.layout(), message.stop());
    let token = (message.token(), message.token_span(), message.token_extension_span());
    let payload = (message.payload(), message.payload_offset(), message.is_malformed());
    let numbers = (message.observe(), message.content_format(), message.accept(), message.max_age());
    let others = (message.etag(), message.oscore(), message.unusable_critical_option());
    let uri = (message.uri_path(), message.uri_query(), message.location());
    format!(
        "{header:?} {token:?} {payload:?} {numbers:?} {others:?} {uri:?} {options:?} {of_each:?} {findings:?} {:?}",
        fields(message)
    )
}

fn check(bytes: &[u8]) {
    for mode in MODES {
        let decoded = Message::decode_as(bytes, mode);
        assert_eq!(all(&decoded.layout().on(bytes)), all(&decoded), "{mode:?} {bytes:02x?}");
    }
}

#[test]
fn a_layout_is_small_and_independent_of_the_bytes() {
    fn is_sent<T: Copy + Send + Sync + 'static>() {}
    is_sent::<Layout>();
    assert!(size_of::<Layout>() <= 40, "{}", size_of::<Layout>());
}

#[test]
fn layouts_of_all_cases_give_their_messages() {
    corpus().iter().for_each(|bytes| check(bytes));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layouts_give_their_messages(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x40u8..0x50, 0xd0u8..=0xff], 0..80)) {
        check(&bytes);
    }

    #[test]
    fn layouts_take_the_bytes_of_others(
        one in prop::collection::vec(prop_oneof![any::<u8>(), 0x40u8..0x50], 0..24),
        other in prop::collection::vec(prop_oneof![any::<u8>(), 0x40u8..0x50], 0..24),
        mode in prop::sample::select(&MODES[..]),
    ) {
        let (layout, decoded) = (Message::decode_as(&one, mode).layout(), Message::decode_as(&other, mode));
        let message = layout.on(&other);
        if one.len() != other.len() {
            prop_assert_eq!(all(&message), all(&decoded));
        } else {
            // Nothing is promised of what it says.
            let _ = all(&message);
        }
    }
}

#[test]
fn bytes_of_another_length_are_decoded() {
    let (short, long) = ([0x40, 1, 0, 1], [0x40, 1, 0, 1, 0xb1, b'a']);
    let message = Message::decode_as(&short, DecodeMode::PlainTokens).layout().on(&long);
    assert_eq!((message.mode(), message.uri_path().as_str()), (DecodeMode::PlainTokens, "/a"));
}
