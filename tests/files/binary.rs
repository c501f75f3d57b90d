//! The program over damaged files: one clear line or a decoded rest, an exit status that the contract knows, no panic, and little memory.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::damage::{numbers, samples};

/// What the data of the program may grow to, in KiB; the files are of a few kilobytes.
const DATA: u64 = 64 * 1024;
/// What is asked of each file.
const WAYS: &[&str] = &["stats -r FILE", "print -r FILE -T json", "print -r FILE -V -x"];

/// Runs the program with its data limited: what asks for more than that dies. Where the shell cannot set that limit, it runs without.
fn run(arguments: &str, file: &Path) -> Output {
    let script = format!("ulimit -d {DATA} 2>/dev/null; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_coapscope")).env("LC_ALL", "C.UTF-8");
    for argument in arguments.split(' ') {
        if argument == "FILE" {
            command.arg(file)
        } else {
            command.arg(argument)
        };
    }
    command.output().unwrap()
}

/// Asks everything of a file, and says whether any of it was read.
#[track_caller]
fn check(what: &str, bytes: &[u8], file: &Path) -> bool {
    fs::write(file, bytes).unwrap();
    let mut is_read = false;
    for way in WAYS {
        let output = run(way, file);
        let said = String::from_utf8(output.stderr).unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let status = output.status.code();
        assert!(matches!(status, Some(0..=2)), "{what}: {way}: {:?} {said}", output.status);
        for word in ["panicked", "RUST_BACKTRACE", "overflow", "memory allocation"] {
            assert!(!said.contains(word), "{what}: {way}: {said}");
        }
        // Complaints are of one line each, and say which file.
        for line in said.lines() {
            assert!(line.contains("capture"), "{what}: {way}: {said}");
        }
        if status != Some(0) {
            assert!(!said.is_empty(), "{what}: {way} ends with {status:?} and says nothing: {printed}");
        }
        is_read |= status == Some(0) && !printed.is_empty();
    }
    is_read
}

#[test]
fn the_program_stands_damaged_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture");
    let mut random = numbers();
    let mut tried = 0;
    check("an empty file", &[], &file);
    for length in [1, 3, 4, 23, 24, 100, 4096, 200_000] {
        let noise: Vec<u8> = (0..length).map(|_| random() as u8).collect();
        check(&format!("{length} random bytes"), &noise, &file);
        tried += 1;
    }
    for (name, bytes) in samples(2000) {
        let whole = check(&format!("{name}, whole"), &bytes, &file);
        assert!(whole, "{name} is read");
        // Sampled: the library reads each length (`cut_at_every_byte`).
        for length in (0..bytes.len()).step_by(97) {
            check(&format!("{name} cut at {length}"), &bytes[..length], &file);
        }
        for round in 0..6 {
            let mut flipped = bytes.clone();
            for _ in 0..200 {
                let at = random() % (flipped.len() * 8);
                flipped[at / 8] ^= 1 << (at % 8);
            }
            check(&format!("{name} flipped, round {round}"), &flipped, &file);
        }
        tried += 7 + bytes.len() / 97;
    }
    println!("{tried} files, {} ways each, within {DATA} KiB of data", WAYS.len());
}
