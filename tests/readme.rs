//! The README shows what the program shows: its commands are run, its picture is drawn. `UPDATE_README=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests, too, may stop a test")]

#[cfg(feature = "tui")]
#[allow(dead_code, reason = "one scene of many is played here")]
#[path = "screens/script.rs"]
mod script;

use std::path::Path;
use std::process::Command;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// What a line prints, errors included, in a shell that finds this build's program.
fn printed(command: &str) -> String {
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
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The screen of the README's picture, as a user without rights sees it.
#[cfg(feature = "tui")]
fn picture() -> Option<String> {
    Some(script::Scene::built_in().keys("4 2 G Tab j j j").at((80, 24)).run().last().to_owned())
}

#[cfg(not(feature = "tui"))]
fn picture() -> Option<String> {
    None
}

/// The page as it should be: behind each `$ ` in a `console` block what that command prints, and the picture in the
/// `text` block, unless there is no screen in this build.
fn true_page(page: &str) -> Vec<String> {
    let picture = picture();
    let (mut lines, mut block) = (Vec::new(), "");
    let append = |text: &str, lines: &mut Vec<String>| {
        lines.extend(text.trim_end().lines().map(|line| line.trim_end().to_owned()));
    };
    for line in page.lines() {
        if let Some(opened) = line.strip_prefix("```") {
            block = opened;
            lines.push(line.to_owned());
            if let ("text", Some(picture)) = (block, &picture) {
                append(picture, &mut lines);
            }
        } else if let (true, Some(command)) = (block == "console", line.strip_prefix("$ ")) {
            lines.push(line.to_owned());
            append(&printed(command), &mut lines);
        } else if !(block == "console" || block == "text" && picture.is_some()) {
            lines.push(line.to_owned());
        }
    }
    lines
}

#[test]
fn the_readme_shows_what_the_program_shows() {
    let page = std::fs::read_to_string(README).expect("README.md");
    let expected = true_page(&page);
    let commands = expected.iter().filter(|line| line.starts_with("$ ")).count();
    assert!(commands >= 6, "only {commands} commands: is the README still Markdown?");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(README, expected.join("\n") + "\n").expect("README.md can be written");
        return;
    }
    let shown: Vec<&str> = page.lines().collect();
    if let Some(number) =
        (0..expected.len().max(shown.len())).find(|&n| expected.get(n).map(String::as_str) != shown.get(n).copied())
    {
        let (shown, expected) = (shown.get(number).unwrap_or(&""), expected.get(number).map_or("", String::as_str));
        panic!("README.md:{}: shows\n{shown}\nand the program\n{expected}\nUPDATE_README=1 mends it", number + 1);
    }
}

#[test]
fn the_built_in_capture_counts_as_its_page_says() {
    let expected: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(include_str!("../captures/lab-session.expected.json")).expect("JSON");
    let counted: serde_json::Value =
        serde_json::from_str(&printed("coapscope stats --json -r captures/lab-session.pcap")).expect("JSON");
    assert_eq!(expected.len(), 18);
    for (key, number) in &expected {
        assert_eq!(&counted[key], number, "{key}");
    }
}
