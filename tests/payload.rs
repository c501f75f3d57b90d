//! Payloads: every format as it should be read, hostile bodies, findings, names, and what other programs make of the same bytes.
//!
//! Expected values are in `tests/payload/`; `COAPSCOPE_UPDATE=1 cargo test --test payload` writes them anew, to be read before they are
//! committed. The comparisons with Python need `.venv` (`make peers`): without it they are skipped by name, and fail under
//! COAPSCOPE_PEERS=1.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the comparisons print how much they compared")]

#[path = "payload/cases.rs"]
mod cases;
#[path = "payload/findings.rs"]
mod findings;
#[path = "payload/hostile.rs"]
mod hostile;
#[path = "payload/names.rs"]
mod names;
#[path = "payload/peers.rs"]
mod peers;
#[path = "common/skipped.rs"]
mod skipped;

#[path = "payload/printed.rs"]
mod printed;

use std::path::PathBuf;

use coapscope::coap::ContentFormat;
use coapscope::payload::{Decoded, Item, Subject, decode};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The bytes that a case writes: `h'..'` for hexadecimal, else the text itself.
fn body(written: &str) -> Vec<u8> {
    match written.strip_prefix("h'").and_then(|rest| rest.strip_suffix('\'')) {
        Some(hex) => unhex(&hex.replace(' ', "")),
        None => written.as_bytes().to_vec(),
    }
}

/// What is always true of a decoded body: bytes lie inside it, those of children inside their parent's, and flaws too.
fn check_bounds(decoded: &Decoded, body: &[u8], what: &str) {
    fn inside(item: &Item, outer: &std::ops::Range<usize>, what: &str) {
        let bytes = &item.bytes;
        assert!(
            outer.start <= bytes.start && bytes.start <= bytes.end && bytes.end <= outer.end,
            "{what}: {item:?} in {outer:?}"
        );
        item.children.iter().for_each(|child| inside(child, bytes, what));
    }
    decoded.items.iter().for_each(|item| inside(item, &(0..body.len()), what));
    for problem in &decoded.problems {
        assert!(problem.bytes.start <= problem.bytes.end && problem.bytes.end <= body.len(), "{what}: {problem:?}");
    }
    for item in &decoded.items {
        assert!(!item.text(100).chars().any(coapscope::coap::escape::is_hidden), "{what}: {item:?}");
    }
}

fn read(body: &[u8], format: u16) -> Decoded {
    decode(body, &Subject { format: Some(ContentFormat(format)), ..Subject::default() })
}

/// Content-Formats with a decoder of their own, one of each.
const FORMATS: &[u16] =
    &[0, 16, 17, 18, 19, 40, 41, 50, 60, 61, 62, 63, 96, 97, 98, 101, 102, 110, 112, 257, 310, 601, 11542, 42];
