//! What the README shows of the command line is what the program prints: every `console` block is run.
#![allow(clippy::expect_used, reason = "helpers of tests, too, may stop a test")]

#[cfg(feature = "tui")]
#[allow(dead_code, reason = "one scene of many is played here")]
#[path = "screens/script.rs"]
mod script;

use std::path::Path;
use std::process::Command;

/// The commands and outputs in the `console` blocks of a Markdown page: a command follows `$ `, its output
/// goes to the next command or the end of the block.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            examples.push((command.to_owned(), String::new()));
        } else if let (true, Some((_, output))) = (inside, examples.last_mut()) {
            output.push_str(line);
            output.push('\n');
        }
    }
    examples
}

/// Run a line in a shell that finds this build's program, and compare what it prints, errors included.
fn check(command: &str, expected: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_coapscope"));
    let folder = program.parent().expect("the program is in a folder").display();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", format!("{folder}:{path}"))
        .envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8"), ("COLUMNS", "80")])
        .output()
        .expect("sh runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let (printed, expected) = (printed.trim_end(), expected.trim_end());
    assert!(printed == expected, "$ {command}\nprints\n{printed}\nand the README shows\n{expected}");
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let examples = examples(include_str!("../README.md"));
    assert!(examples.len() >= 6, "only {} examples: is the README still Markdown?", examples.len());
    for (command, output) in examples {
        check(&command, &output);
    }
}

#[test]
fn the_built_in_capture_counts_as_its_page_says() {
    let expected: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(include_str!("../captures/lab-session.expected.json")).expect("JSON");
    let output = Command::new(env!("CARGO_BIN_EXE_coapscope"))
        .args(["stats", "--json", "-r", "captures/lab-session.pcap"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let counted: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(expected.len(), 18);
    for (key, number) in &expected {
        assert_eq!(&counted[key], number, "{key}");
    }
}

#[cfg(feature = "tui")]
#[test]
fn the_picture_is_the_screen() {
    let page = include_str!("../README.md");
    let picture = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a picture");
    let film = script::Scene::built_in().keys("4 2 G Tab j j j").at((80, 24)).run();
    let rows = |text: &str| text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert!(rows(picture) == rows(film.last()), "the screen is\n{}\nand the README shows\n{picture}", film.last());
}
