//! `stats --json` against the truth that the capture generator writes.
//!
//! The generator needs python3. Where there is none the tests are skipped by name; with COAPSCOPE_PEERS=1 they fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

#[path = "stats/chosen.rs"]
mod chosen;
#[path = "stats/late.rs"]
mod late;
#[path = "files/pcapng.rs"]
mod pcapng;
#[path = "stats/session.rs"]
mod session;
#[path = "common/skipped.rs"]
mod skipped;
#[path = "stats/times.rs"]
mod times;
#[path = "stats/wide.rs"]
mod wide;

use skipped::skipped;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Frames of each generated capture.
const FRAMES: &str = "200000";

#[track_caller]
fn check(seed: u32) {
    if Command::new("python3").arg("--version").output().is_err() {
        skipped("python3 is missing, which makes the captures");
        return;
    }
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let (capture, truth) = (folder.path().join("capture.pcap"), folder.path().join("truth.json"));
    generate(&capture, &truth, &["--frames", FRAMES, "--seed", &seed.to_string()]);
    let truth: Value = serde_json::from_slice(&std::fs::read(&truth).unwrap()).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_coapscope")).args(["stats", "--json", "-r"]).arg(&capture).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stats: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut compared = 0;
    for (key, expected) in truth.as_object().unwrap() {
        if key != "seed" {
            assert_eq!(&stats[key], expected, "seed {seed}: {key}");
            compared += 1;
        }
    }
    assert_eq!(compared, 18, "the generator writes another number of keys");
}

fn generate(capture: &Path, truth: &Path, options: &[&str]) {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/make_capture.py");
    let status = Command::new("python3")
        .arg(script)
        .arg(capture)
        .arg("--truth")
        .arg(truth)
        .args(options)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("python3, which every Debian has, makes the captures");
    assert!(status.success());
}

#[test]
fn seed_1() {
    check(1);
}

#[test]
fn seed_2() {
    check(2);
}

#[test]
fn seed_3() {
    check(3);
}

#[test]
fn seed_4() {
    check(4);
}

#[test]
fn seed_5() {
    check(5);
}
