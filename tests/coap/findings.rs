//! Every finding that the bytes of a message alone can tell: what raises it, and what is next to it and does not.

use coapscope::coap::{Copies, DecodeMode, Finding, Message, RULES, RaisedBy, Rule, Severity};

use super::{ids, lines, unhex};

const CASES: &str = include_str!("../vectors/message_findings.txt");

#[test]
fn messages_raise_what_their_lines_say() {
    let mut wrong = Vec::new();
    for line in lines(CASES) {
        let bytes = unhex(line[0]);
        let found = ids(&bytes);
        let hex: String = line[0].chars().take(80).collect();
        let mut findings = Message::decode(&bytes).findings();
        findings.dedup_by_key(|finding| (finding.rule, finding.span));
        assert_eq!(findings.len(), found.len(), "{hex} raises something twice in one place: {found:?}");
        for id in line[1].split_whitespace() {
            assert!(Rule::from_id(id).is_some(), "no finding is called {id}");
            if !found.contains(&id) {
                wrong.push(format!("{hex} raises no {id}, but {found:?}"));
            }
        }
        for id in line[2].split_whitespace() {
            assert!(Rule::from_id(id).is_some(), "no finding is called {id}");
            if found.contains(&id) {
                wrong.push(format!("{hex} raises {id}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_message_finding_has_a_case_and_a_near_miss() {
    let column =
        |at: usize| -> Vec<&str> { lines(CASES).into_iter().flat_map(|line| line[at].split_whitespace()).collect() };
    let (raised, missed) = (column(1), column(2));
    let rules: Vec<&str> =
        RULES.iter().filter(|rule| rule.row().raised_by == RaisedBy::Message).map(|rule| rule.id()).collect();
    assert_eq!(rules.len(), 75);
    let lacking = |listed: &[&str]| rules.iter().copied().filter(|id| !listed.contains(id)).collect::<Vec<_>>();
    assert!(lacking(&raised).is_empty(), "no case raises {:?}", lacking(&raised));
    assert!(lacking(&missed).is_empty(), "no near miss of {:?}", lacking(&missed));
}

#[test]
fn malformed_is_what_the_contract_lists() {
    const MALFORMED: &[&str] = &[
        "hdr.truncated",
        "hdr.version",
        "hdr.tkl-reserved",
        "hdr.token-truncated",
        "code.reserved-class",
        "code.signaling-on-udp",
        "empty.not-empty",
        "empty.non",
        "rst.not-empty",
        "ack.request",
        "opt.overrun",
        "opt.delta-15",
        "opt.length-15",
        "opt.ext-truncated",
        "opt.number-overflow",
        "payload.marker-empty",
    ];
    for line in lines(CASES) {
        let bytes = unhex(line[0]);
        let expected = ids(&bytes).iter().any(|id| MALFORMED.contains(id));
        assert_eq!(Message::decode(&bytes).is_malformed(), expected, "{}", line[0]);
    }
}

#[test]
fn rules_are_a_table_without_repetition() {
    assert_eq!(RULES.len(), 209);
    for rule in RULES {
        let row = rule.row();
        assert_eq!(Rule::from_id(row.id), Some(*rule));
        let name: String = row.id.split(['.', '-']).map(capital).collect();
        assert_eq!(format!("{rule:?}"), name);
        assert!(row.teaching.ends_with('.') && !row.reference.is_empty() && !row.category.is_empty(), "{}", row.id);
        assert!(row.detail.is_empty() || row.detail.ends_with(['.', ']']), "{}", row.id);
        let finding = Finding::new(*rule, Default::default()).with(1, 2);
        let text = finding.text();
        assert!(!text.contains(['{', '}']) && text.ends_with(finding.teaching()), "{text}");
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn an_icmp_error_is_told_of_by_what_it_says() {
    let told = |kind: i64, code: i64| Finding::new(Rule::IcmpUnreachable, Default::default()).with(kind, code);
    for (kind, code, reference, says) in [
        (3, 3, "RFC 1122 section 4.1.3.3", "nobody listens"),
        (3, 4, "RFC 1191 section 4", "smaller blocks"),
        (3, 10, "RFC 1122 section 3.2.2.1", "filter"),
        (3, 13, "RFC 1812 section 5.2.7.1", "filter"),
        (11, 0, "RFC 1122 section 3.2.2.4", "hop limit"),
        (11, 1, "RFC 1122 section 3.2.2.4", "fragments"),
        (12, 0, "RFC 1122 section 3.2.2.5", "headers"),
        (256 + 1, 1, "RFC 4443 section 3.1", "filter"),
        (256 + 1, 4, "RFC 4443 section 3.1", "nobody listens"),
        (256 + 2, 0, "RFC 4443 section 3.2", "smaller blocks"),
        (256 + 3, 0, "RFC 4443 section 3.3", "hop limit"),
        (256 + 3, 1, "RFC 4443 section 3.3", "fragments"),
        (256 + 4, 1, "RFC 4443 section 3.4", "headers"),
        (256 + 100, 0, "RFC 4443 section 2.1", "did not arrive."),
    ] {
        let finding = told(kind, code);
        assert_eq!(finding.reference(), reference, "type {kind}, code {code}");
        assert!(finding.teaching().contains(says), "type {kind}, code {code}: {}", finding.teaching());
    }
}

#[test]
fn sentences_are_true_of_their_case() {
    for (hex, rule, reference, says) in [
        // An option for experiments may be critical; a Content-Format cannot.
        ("44011234aabbccdde1fcdc61", Rule::OptExperimental, "RFC 7252 sections 5.4.1, 12.2", "4.02 Bad Option"),
        ("44011234aabbccdde1fcdb61", Rule::OptExperimental, "RFC 7252 section 12.2", "place in products."),
        ("44021234aabbccddc2fde9ff61", Rule::OptExperimental, "RFC 7252 section 12.3", "place in products."),
        // A Hop-Limit that is none is no option to pass over.
        ("44011234aabbccddd2030100", Rule::OptBadLength, "RFC 8768 section 3", "4.00 Bad Request"),
        ("44011234aabbccddd003", Rule::OptBadLength, "RFC 8768 section 3", "4.00 Bad Request"),
        ("44011234aabbccddd10300", Rule::OptUintRange, "RFC 8768 section 3", "4.00 Bad Request"),
        ("44021234aabbccdd9401057a7aff3031323334", Rule::OptBadLength, "RFC 8613 sections 2, 6.1", "flag byte"),
        // Who registers may be of LwM2M or not, and who numbers its resources, too.
        ("44021234aabbccddb272644465703d61", Rule::AppLwm2m, "OMA LwM2M; RFC 9176 section 5", "any other"),
        (
            "44021234aabbccddb272644465703d61096c776d326d3d312e30",
            Rule::AppLwm2m,
            "OMA LwM2M",
            "belong to LwM2M device management",
        ),
        ("44011234aabbccddb1330130", Rule::AppLwm2m, "OMA LwM2M", "another server's own"),
        // Two options that name more blocks than two.
        ("54011234aabbccddd112380140", Rule::QblockLost, "RFC 9177 sections 4.3, 4.4, 5", "did not get"),
    ] {
        let bytes = unhex(hex);
        let findings = Message::decode(&bytes).findings();
        let finding =
            findings.iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("{hex}: {findings:?}"));
        assert_eq!(finding.reference(), reference, "{hex}");
        assert!(finding.teaching().contains(says), "{hex}: {}", finding.teaching());
    }
    let thread = |sign: i64| Finding::new(Rule::AppThread, Default::default()).with(0, sign).teaching();
    let block = |option: i64| Finding::new(Rule::BlockMulticast, Default::default()).with(0, option).teaching();
    assert!(block(31).contains("ignore") && block(23).contains("first block only"));
    assert!(thread(0).starts_with("This is how") && thread(1).contains("another server's own"));
    let long = unhex(&format!("44021234aabbccdd9df3{}ff61", "0914".to_owned() + &"aa".repeat(254)));
    let findings = Message::decode(&long).findings();
    let long = findings.iter().find(|finding| finding.rule == Rule::OptBadLength).expect("256 bytes are too many");
    assert!(long.reference() == "RFC 7252 section 5.4.3" && !long.teaching().contains("flag byte"), "{}", long.text());
}

#[test]
fn texts_are_filled_with_the_numbers_of_the_case() {
    let text = |rule, first: i64, second: i64| {
        Finding::new(rule, Default::default()).with(first, second).detail_with(&|record| format!("#{record}"))
    };
    assert_eq!(text(Rule::MidSpurious, 7, 1_500_000), "The answer was captured 1.5 ms earlier (frame #7).");
    assert_eq!(text(Rule::OptWrongPlace, 11, 0x45), "Uri-Path (11) in 2.05 Content.");
    assert_eq!(text(Rule::OptDelta15, 0xf1, 0), "The byte is 0xf1.");
    assert_eq!(text(Rule::CfNotAccepted, 60, 50), "It asked for application/cbor (60) and got application/json (50).");
    assert_eq!(text(Rule::EmptyNon, 0, 0), "");
    for (captured, by_clock, said) in [
        (2, 2, "Copy 2, 6.900 s after the one before."),
        (
            2,
            4,
            "Copy 2 in this capture, 6.900 s after the one before; by the clock it is copy 4: 2 before it are not in the capture.",
        ),
        (
            3,
            4,
            "Copy 3 in this capture, 6.900 s after the one before; by the clock it is copy 4: 1 before it is not in the capture.",
        ),
    ] {
        let copies = Copies { captured, by_clock, before: 1, unsure: false, own: false };
        assert_eq!(Copies::of(copies.number()), copies);
        assert_eq!(text(Rule::MidRetransmission, copies.number(), 6_900_000_000), said);
    }
    let own = Copies { captured: 2, by_clock: 2, before: 1, unsure: false, own: true };
    assert_eq!(Copies::of(own.number()), own);
    assert_eq!(
        text(Rule::MidRetransmission, own.number(), 15_200_000_000),
        "Copy 2, 15.200 s after the one before; its sender's waits show an ACK_TIMEOUT of its own, by which no copy is missing."
    );
    let perhaps = Copies { captured: 2, by_clock: 3, before: 2, unsure: true, own: false };
    assert_eq!(Copies::of(perhaps.number()), perhaps);
    assert_eq!(
        text(Rule::MidRetransmission, perhaps.number(), 5_000_000_000),
        "Copy 2 in this capture, 5.000 s after the one before; by the clock perhaps copy 3 or a later one: some before it may not be in the capture."
    );
}

#[test]
fn extended_tokens_follow_the_mode() {
    let nine = unhex("49011234010203040506070809b161");
    let thirteen = unhex("4d01123403a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1b161");
    let token = |bytes: &[u8], mode| Message::decode_as(bytes, mode).token().map(<[u8]>::len);
    let cases = [
        (DecodeMode::Rfc7252, None, Some(16)),
        (DecodeMode::ExtendedTokens, Some(9), Some(16)),
        (DecodeMode::PlainTokens, None, None),
    ];
    for (mode, of_nine, of_thirteen) in cases {
        assert_eq!(token(&nine, mode), of_nine, "{mode:?}");
        assert_eq!(token(&thirteen, mode), of_thirteen, "{mode:?}");
    }
    // A token of eight bytes, options that overrun, half a header: the same in every reading of today.
    for hex in ["4801123401020304050607 08b161", "41011234aab561", "4d0112"] {
        let bytes = unhex(&hex.replace(' ', ""));
        for (mode, ..) in cases {
            let read = Message::decode_as(&bytes, mode);
            assert_eq!(
                (read.mode(), read.findings()),
                (DecodeMode::Rfc7252, Message::decode(&bytes).findings()),
                "{hex}"
            );
        }
    }
    assert_eq!(Message::decode(&thirteen).mode(), DecodeMode::ExtendedTokens);
    assert_eq!(Message::decode_as(&thirteen, DecodeMode::PlainTokens).mode(), DecodeMode::PlainTokens);
    let read = Message::decode_as(&nine, DecodeMode::ExtendedTokens);
    assert!(
        read.findings()
            .iter()
            .any(|finding| finding.rule == Rule::HdrTklExtended && finding.severity == Severity::Note)
    );
}
