//! The ladder: as text, for Mermaid, as a picture, and on the screen; its rows against what `print -T json` says of the same messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "flow/capture.rs"]
mod capture;
#[path = "flow/folds.rs"]
mod folds;
#[path = "flow/group.rs"]
mod group;
#[path = "flow/mermaid.rs"]
mod mermaid;
#[path = "flow/room.rs"]
mod room;
#[path = "flow/screen.rs"]
#[cfg(feature = "tui")]
mod screen;
#[path = "screens/script.rs"]
#[cfg(feature = "tui")]
#[allow(dead_code, reason = "the tests of the screen use the rest")]
mod script;
#[path = "flow/svg.rs"]
mod svg;
#[path = "flow/text.rs"]
mod text;
#[path = "flow/times.rs"]
mod times;
#[path = "flow/words.rs"]
mod words;

/// Compares a text with the one on file.
fn golden(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "flow/golden", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}
