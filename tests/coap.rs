//! The decoder against other people's messages, tables and decoders, and against bytes of any kind.
#![allow(clippy::expect_used, reason = "helpers of tests, too, may stop a test")]

#[path = "coap/examples.rs"]
mod examples;
#[path = "coap/fields.rs"]
mod fields;
#[path = "coap/findings.rs"]
mod findings;
#[path = "coap/numbers.rs"]
mod numbers;
#[path = "coap/second_opinion.rs"]
mod second_opinion;
#[path = "coap/vectors.rs"]
mod vectors;

use coapscope::coap::{Message, Severity};

/// The bytes of a line of hexadecimal digits.
fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().map(|c| char::from(c).to_digit(16).expect("hexadecimal") as u8).collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {hex}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The lines of a file of cases: comments and empty lines left out, cut at semicolons.
fn lines(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(';').map(str::trim).collect()).collect()
}

/// The ids of the findings of a message.
fn ids(bytes: &[u8]) -> Vec<&'static str> {
    Message::decode(bytes).findings().iter().map(|finding| finding.rule.id()).collect()
}

/// Whether a message has a finding of that severity or above.
fn has_severity(bytes: &[u8], least: Severity) -> bool {
    Message::decode(bytes).findings().iter().any(|finding| finding.severity >= least)
}
