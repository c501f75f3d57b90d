//! The order of the house: who imports whom, which crates stand on which floor, captions, lengths, names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of `src/`, its floor, and the external crates that it may name. Imports point to lower floors only, and
/// folders of the same floor never meet; on the top floor all is allowed.
struct Floor {
    folder: &'static str,
    floor: u8,
    crates: &'static [&'static str],
}

const fn floor(floor: u8, folder: &'static str, crates: &'static [&'static str]) -> Floor {
    Floor { folder, floor, crates }
}

const TOP: u8 = 7;

const FLOORS: &[Floor] = &[
    floor(0, "coap", &[]),
    floor(1, "frame", &["etherparse"]),
    floor(1, "payload", &["chrono", "quick_xml", "serde", "serde_json"]),
    floor(2, "capture", &["flate2", "nix", "pcap", "pcap_parser", "tempfile"]),
    floor(2, "tracking", &["foldhash", "prefetch_index"]),
    floor(3, "store", &[]),
    floor(4, "pipeline", &[]),
    floor(4, "field", &[]),
    floor(5, "filter", &["regex"]),
    floor(5, "render", &["chrono", "foldhash", "itoa", "serde", "serde_json", "unicode_width"]),
    floor(6, "tui", &["crossterm", "ratatui", "serde_json", "tui_input", "unicode_width"]),
    floor(6, "lab", &["coap_lite"]),
    floor(TOP, "cli", &[]),
    floor(TOP, "privilege", &[]),
    floor(TOP, "signals", &[]),
    floor(TOP, "main", &[]),
];

/// Longest file, in lines: about 500, and a little grace.
const LINES: usize = 520;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` whose name ends in `ending`.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The floor that a file of `src/` belongs to, if it has one: `src/lib.rs` has not.
fn floor_of(path: &Path) -> Option<&'static Floor> {
    let name = short(path);
    let first = name.strip_prefix("src/")?.split(['/', '.']).next()?.to_owned();
    if first == "lib" {
        return None;
    }
    let found = FLOORS.iter().find(|floor| floor.folder == first);
    Some(found.unwrap_or_else(|| panic!("{name}: src/{first} has no floor; give it a row in FLOORS")))
}

/// The code of a file: without comments, and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The first names of all paths that begin with `start`, such as `crate::`; groups in braces are opened.
fn named_after(text: &str, start: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (index, _) in text.match_indices(start) {
        let rest = &text[index + start.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut at_name = true;
            for (place, letter) in group.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => at_name = true,
                    letter if at_name && letter.is_alphabetic() => {
                        names.insert(first_name(&group[place..]));
                        at_name = false;
                    }
                    _ => {}
                }
            }
        } else {
            names.insert(first_name(rest));
        }
    }
    names
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// Whether `text` has a path that begins with the crate `name`.
fn names_crate(text: &str, name: &str) -> bool {
    let path = format!("{name}::");
    text.match_indices(&path).any(|(index, _)| {
        let before = text[..index].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':')
    })
}

/// The crates of `[dependencies]`, as code names them.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let rows = section.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| Some(line.split_once('=')?.0.trim().replace('-', "_"))).collect()
}

/// Fails with all complaints at once.
#[track_caller]
fn check(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn imports_point_down_only() {
    let mut complaints = Vec::new();
    for path in files("src", ".rs") {
        let Some(here) = floor_of(&path) else {
            continue;
        };
        let code = code(&path);
        for name in named_after(&code, "crate::") {
            let Some(there) = FLOORS.iter().find(|floor| floor.folder == name) else {
                continue;
            };
            let itself = there.folder == here.folder;
            if !itself && here.floor <= there.floor && here.floor != TOP {
                complaints.push(format!(
                    "{}: floor {} ({}) imports {} of floor {}",
                    short(&path),
                    here.floor,
                    here.folder,
                    there.folder,
                    there.floor
                ));
            }
        }
    }
    check(complaints);
}

#[test]
fn crates_stay_on_their_floors() {
    let dependencies = dependencies();
    assert!(dependencies.iter().any(|name| name == "etherparse"), "{dependencies:?}");
    let mut complaints = Vec::new();
    for path in files("src", ".rs") {
        let Some(here) = floor_of(&path).filter(|floor| floor.floor != TOP) else {
            continue;
        };
        let code = code(&path);
        for name in &dependencies {
            if names_crate(&code, name) && !here.crates.contains(&name.as_str()) {
                complaints.push(format!("{}: {} does not name the crate {name}", short(&path), here.folder));
            }
        }
    }
    check(complaints);
}

#[test]
fn every_file_has_a_caption_and_an_end() {
    let mut complaints = Vec::new();
    for path in [files("src", ".rs"), files("tests", ".rs"), files("benches", ".rs")].concat() {
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap_or("");
        if !first.starts_with("//! ") || first.len() < 12 {
            complaints.push(format!("{}: the first line is no caption: {first:?}", short(&path)));
        }
        let lines = text.lines().count();
        if lines > LINES {
            complaints.push(format!("{}: {lines} lines; split it", short(&path)));
        }
    }
    check(complaints);
}

#[test]
fn nothing_points_outside_the_project() {
    let outside = concat!("../", "shared");
    let machine = concat!("/wo", "rk/");
    let mut complaints = Vec::new();
    let endings = [".rs", ".md", ".sh", ".py", ".toml", ".csv"];
    let mut all = vec![root().join("Makefile"), root().join("Cargo.toml"), root().join(".ci/run")];
    all.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)));
    for folder in ["src", "tests", "scripts", "benches", "captures", "fuzz", "docs"] {
        all.extend(endings.iter().flat_map(|ending| files(folder, ending)));
    }
    for path in all {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let name = short(&path);
        if name.contains("/target/") {
            continue;
        }
        if text.contains(machine) {
            complaints.push(format!("{name}: names a folder of one machine"));
        }
        if text.contains(outside) && !name.starts_with("tests/") {
            complaints.push(format!("{name}: names {outside}"));
        }
    }
    check(complaints);
}

#[test]
fn the_readers_of_this_test_can_trust_it() {
    let text = "use crate::coap::Code;\nuse crate::{frame, store::{Record, Store}};\nlet x: crate::tui::App;";
    let names: Vec<String> = named_after(text, "crate::").into_iter().collect();
    assert_eq!(names, ["coap", "frame", "store", "tui"]);
    assert!(names_crate("use pcap::Capture;", "pcap"));
    assert!(names_crate("&pcap::Error", "pcap"));
    assert!(!names_crate("use super::pcap::Reader; my_pcap::x", "pcap"));
}
