//! Scenarios: short stories of messages in text files, and what the tracker must say of them. `tests/scenarios/README.md` tells how to write one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

#[path = "scenarios/age.rs"]
mod age;
#[path = "scenarios/examples.rs"]
mod examples;
#[path = "scenarios/flood.rs"]
mod flood;
#[path = "scenarios/known.rs"]
mod known;
#[path = "scenarios/play.rs"]
mod play;
#[path = "scenarios/room.rs"]
mod room;
#[path = "scenarios/routes.rs"]
mod routes;
#[path = "scenarios/script.rs"]
mod script;
#[path = "common/skipped.rs"]
mod skipped;
#[path = "scenarios/steady.rs"]
mod steady;
#[path = "scenarios/ways.rs"]
mod ways;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use coapscope::coap::{RULES, RaisedBy};
use script::{Script, Step};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files
}

/// Every scenario of every file.
fn scripts() -> Vec<Script> {
    let scripts: Vec<_> =
        files().iter().flat_map(|path| Script::read_all(path, &std::fs::read_to_string(path).unwrap())).collect();
    assert!(!scripts.is_empty());
    scripts
}

#[test]
fn every_scenario_holds() {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let wanted: Vec<_> = scripts().into_iter().filter(|script| script.name.contains(&only)).collect();
    let wrong: Vec<_> = wanted.iter().flat_map(play::check).collect();
    assert!(wrong.is_empty(), "{} of {} scenarios' claims are wrong:\n{}", wrong.len(), wanted.len(), wrong.join("\n"));
}

#[test]
fn every_tracking_rule_is_raised_once_and_missed_once() {
    let (mut raised, mut missed) = (BTreeSet::new(), BTreeSet::new());
    for script in scripts() {
        for step in &script.steps {
            match step {
                Step::Claim { words, .. } if words.iter().any(|word| word == "no-finding") => {
                    missed.extend(words.iter().cloned());
                }
                Step::Claim { words, .. } if words.iter().any(|word| word == "finding") => {
                    raised.extend(words.iter().cloned());
                }
                _ => {}
            }
        }
    }
    let mut lacking = Vec::new();
    for rule in RULES.iter().map(|rule| rule.row()).filter(|row| row.raised_by == RaisedBy::Tracking) {
        if !raised.contains(rule.id) {
            lacking.push(format!("{}: no scenario raises it", rule.id));
        }
        if !missed.contains(rule.id) {
            lacking.push(format!("{}: no scenario just misses it", rule.id));
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}
