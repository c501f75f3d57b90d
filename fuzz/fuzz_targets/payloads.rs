//! A Content-Format and a body: decoded, printed, as JSON. Values lie in the body, and those inside another in that one.
#![no_main]

use std::ops::Range;

use coapscope::coap::escape::is_hidden;
use coapscope::coap::{CONTENT_FORMATS, ContentFormat};
use coapscope::payload::{About, ITEMS, Item, Subject, decode, notation};
use libfuzzer_sys::fuzz_target;

/// Paths that change how a body is read.
const PATHS: [&str; 5] = ["", "/3/0", "/3303", "/c/as", "/a/aq"];

fn inside(item: &Item, outer: &Range<usize>) {
    assert!(outer.start <= item.bytes.start && item.bytes.start <= item.bytes.end && item.bytes.end <= outer.end);
    assert!(!item.text(80).chars().any(is_hidden));
    item.children.iter().for_each(|child| inside(child, &item.bytes));
}

fuzz_target!(|bytes: &[u8]| {
    let [first, path, body @ ..] = bytes else { return };
    // The first byte picks a row of the registry, or none; bodies of all formats share one corpus.
    let format = CONTENT_FORMATS.get(usize::from(*first)).map(|row| ContentFormat(row.number));
    let subject = Subject {
        format,
        about: About { path: PATHS[usize::from(*path) % PATHS.len()], is_thread: *path > 100 },
        is_diagnostic: *path > 250,
    };
    let decoded = decode(body, &subject);
    assert!(decoded.len() <= 2 * ITEMS + 2);
    for item in &decoded.items {
        inside(item, &(0..body.len()));
        assert!(!notation(item).chars().any(is_hidden));
    }
    for problem in &decoded.problems {
        assert!(problem.bytes.start <= problem.bytes.end && problem.bytes.end <= body.len());
    }
    let _ = decoded.json(body).to_string();
});
