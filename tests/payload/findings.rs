//! Findings of payloads: each line of `findings.txt` raises its rule, or nothing.

use coapscope::coap::Message;
use coapscope::payload::findings;

use super::root;

/// A body with repeats written out: `81*70 00` is 70 times 81 and then 00.
fn body(written: &str) -> Vec<u8> {
    let is_hex = written.starts_with("h'");
    let inner = written.strip_prefix("h'").and_then(|rest| rest.strip_suffix('\'')).unwrap_or(written);
    if !inner.contains('*') {
        return super::body(written);
    }
    let words = inner.split(' ').map(|word| match word.rsplit_once('*') {
        Some((what, times)) => what.repeat(times.parse().unwrap()),
        None => word.to_owned(),
    });
    let text: String = words.collect();
    // `1]*70` repeats only the bracket.
    let text = text.replace("1]", "]").replacen("[]", "[1]", 1);
    if is_hex { super::unhex(&text) } else { text.into_bytes() }
}

/// The message: code, Content-Format, whether it is a block, payload.
fn message(line: &str) -> Vec<u8> {
    let mut words = line.splitn(3, ' ');
    let (code, format, mut rest) =
        (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or("").trim_start());
    let (class, detail) = code.split_once('.').unwrap();
    let mut bytes = vec![0x40, class.parse::<u8>().unwrap() << 5 | detail.parse::<u8>().unwrap(), 0, 1];
    let mut last = 0;
    if let Ok(format) = format.parse::<u16>() {
        bytes.push(0xc2);
        bytes.extend(format.to_be_bytes());
        last = 12;
    }
    for (word, block) in [("more ", 0x0eu8), ("later ", 0x16)] {
        if let Some(left) = rest.strip_prefix(word) {
            rest = left;
            // Block2 is option 23.
            bytes.extend(if last == 12 { vec![0xb1, block] } else { vec![0xd1, 10, block] });
        }
    }
    bytes.push(0xff);
    bytes.extend(body(rest));
    bytes
}

#[test]
fn payloads_raise_what_their_lines_say() {
    let text = std::fs::read_to_string(root().join("tests/payload/findings.txt")).unwrap();
    let mut wrong = Vec::new();
    let mut lines = 0;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, rest) = line.split_once(' ').unwrap();
        let bytes = message(rest.trim_start());
        let message = Message::decode(&bytes);
        let found: Vec<String> = findings(&message)
            .iter()
            .map(|finding| {
                assert!(finding.span.end() as usize <= bytes.len() * 8, "{line}: {finding:?}");
                assert!(!finding.text().contains('{'), "{}", finding.text());
                let id = finding.rule.id();
                if finding.severity == finding.rule.severity() { id.into() } else { format!("{id}/note") }
            })
            .collect();
        let expected: &[&str] = if expected == "near" { &[] } else { &[expected] };
        lines += 1;
        if found != expected {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{lines} payloads");
}

#[test]
fn every_rule_of_payloads_has_a_case_and_a_near_miss() {
    use coapscope::coap::{RULES, RaisedBy};
    let text = std::fs::read_to_string(root().join("tests/payload/findings.txt")).unwrap();
    for rule in RULES.iter().filter(|rule| rule.row().raised_by == RaisedBy::Payload) {
        assert!(text.lines().any(|line| line.starts_with(rule.id())), "{} has no case", rule.id());
    }
}

#[test]
fn what_is_said_of_a_payload_is_true_of_every_flaw() {
    use coapscope::coap::Rule;
    // Names that occur twice follow the grammar of JSON, and NaN that of CBOR: what is said must hold for them, too.
    let teaching = Rule::CfParseFailed.row().teaching;
    assert!(teaching.contains("or programs differ") && !teaching.contains("grammar"), "{teaching}");
}
