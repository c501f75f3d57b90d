//! Bytes as text for a terminal: nothing hidden may be left, and what was harmless stays as it is.
#![no_main]

use coapscope::coap::escape::{bytes as escape, is_hidden};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let escaped = escape(bytes);
    assert!(!escaped.chars().any(is_hidden));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let is_harmless = !text.chars().any(|c| c == '\\' || is_hidden(c));
        assert_eq!(is_harmless, escaped == text);
    }
});
