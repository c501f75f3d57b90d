//! What `print` hands on to other programs: JSON against the published schema, CSV and JSON read by Python, jq and DuckDB, captures
//! read by tshark.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "files/pcapng.rs"]
mod pcapng;
#[path = "schema/readers.rs"]
mod readers;
#[path = "schema/saved.rs"]
mod saved;
#[path = "common/skipped.rs"]
mod skipped;
#[path = "schema/streams.rs"]
mod streams;
#[path = "schema/updates.rs"]
mod updates;

use skipped::skipped;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn coapscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    command.args(arguments).current_dir(root()).envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8")]);
    command
}

/// Standard output of a run that must succeed.
fn printed(arguments: &[&str]) -> String {
    let output = coapscope(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of this test, made empty.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("coapscope-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A program that tests compare with; without it a test is skipped by name, but with COAPSCOPE_PEERS=1.
fn peer(program: &Path, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = run.is_ok_and(|status| status.success());
    if !found {
        skipped(&format!("{} is missing", program.display()));
    }
    found
}

fn captures() -> Vec<PathBuf> {
    let folders = ["captures", "tests/field", "tests/schema/early"];
    let (mut open, mut found) = (folders.map(|folder| root().join(folder)).to_vec(), Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().contains(".pcap") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Checks each line, and gives the kinds that were seen.
fn check(schema: &jsonschema::Validator, what: &str, output: &Output, kinds: &mut Vec<String>) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{what}: {complaint}");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{what}: {error}: {line}"));
        if let Err(error) = schema.validate(&value) {
            // Of all kinds one fits: which part of it does not?
            panic!("{what}: {line}\n{error}\nA new key belongs into schema/print.schema.json.");
        }
        let kind = value["kind"].as_str().unwrap().to_owned();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
}

/// The names of all tables.
fn tables() -> impl Iterator<Item = &'static str> {
    ["bodies", "exchanges", "findings", "observations", "resources"].into_iter()
}

/// What there are tables of is told by help, README and schema alike, and every table has the same columns in all forms.
#[test]
fn tables_are_told_alike_everywhere() {
    let help = printed(&["print", "--help"]);
    let (_, values) = help.split_once("--table <TABLE>").unwrap();
    let mut named: Vec<&str> = values
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("- "))
        .map_while(|line| line.trim_start().strip_prefix("- ")?.split(':').next())
        .collect();
    named.sort_unstable();
    assert_eq!(named, tables().collect::<Vec<_>>());
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let sentence = readme.split_once("`--table` has").unwrap().1.split_once("instead of messages").unwrap().0;
    for table in tables() {
        assert!(sentence.contains(table), "README: {table}: {sentence}");
        let csv = printed(&["print", "--table", table, "-T", "csv", "captures/lab-session.pcap"]);
        let columns: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
        let text = printed(&["print", "--table", table, "captures/lab-session.pcap"]);
        assert_eq!(text.lines().count(), csv.lines().count(), "{table}");
        for line in printed(&["print", "--table", table, "-T", "json", "captures/lab-session.pcap"]).lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let keys: Vec<&str> =
                row.as_object().unwrap().keys().map(String::as_str).filter(|key| *key != "kind").collect();
            assert_eq!(keys, columns, "{table}");
        }
    }
}

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(root().join("schema/print.schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// What would be wrong in a line is against the schema: here a value is put in its place, or the key left out.
#[test]
fn a_wrong_line_is_not_as_the_schema_says() {
    const CAPTURE: &str = "captures/lab-session.pcap";
    let schema = schema();
    let lines = |arguments: &[&str]| {
        let text = printed(&[&["print", "-T", "json", CAPTURE], arguments].concat());
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    for (table, pointer, wrong) in [
        (None, "/frame/time", Some(json!("2026-11-25 20:07:15"))),
        (None, "/response_time", Some(json!(-0.001))),
        (None, "/elapsed_since_first", Some(json!(-1))),
        (None, "/round_trip_of_attempt", Some(json!(-1))),
        (None, "/observe_order", None),
        (None, "/coap/type", None),
        (None, "/coap/code", Some(json!("8.00"))),
        (None, "/coap/message_id", None),
        (None, "/coap/token", None),
        (Some("exchanges"), "/exchange", Some(json!(0))),
        (Some("exchanges"), "/started", Some(json!("yesterday"))),
        (Some("exchanges"), "/code", Some(json!("205"))),
        (Some("exchanges"), "/round_trip", Some(json!(-1))),
        (Some("exchanges"), "/response", None),
        (Some("observations"), "/registration", None),
        (Some("findings"), "/id", Some(json!("no rule"))),
        (Some("findings"), "/source", None),
        (Some("resources"), "/round_trip_p95", Some(json!(-1))),
        (Some("resources"), "/unanswered", None),
    ] {
        let more = table.map_or_else(Vec::new, |table| vec!["--table", table]);
        for mut line in lines(&more).into_iter().filter(|line| line["kind"] != "evidence") {
            assert!(schema.is_valid(&line), "{line}");
            let (within, key) = pointer.rsplit_once('/').unwrap();
            let object = line.pointer_mut(within).unwrap().as_object_mut().unwrap();
            let was = match &wrong {
                Some(wrong) => object.insert(key.to_owned(), wrong.clone()),
                None => object.remove(key),
            };
            assert!(was.is_some() && !schema.is_valid(&line), "{pointer}: {line}");
        }
    }
    let update = json!({"kind": "update", "frame": {"number": 1}});
    assert!(!schema.is_valid(&update), "{update}");
}

#[test]
fn every_line_is_as_the_schema_says() {
    let schema = schema();
    let mut kinds = Vec::new();
    for path in captures() {
        let name = path.to_str().unwrap();
        let whole = ["print", "-T", "json", name];
        let forms = tables().map(|table| [&whole[..], &["--table", table]].concat());
        for arguments in forms.chain([whole.to_vec()]) {
            check(&schema, &arguments.join(" "), &coapscope(&arguments).output().unwrap(), &mut kinds);
        }
        let file = fs::File::open(&path).unwrap();
        let output = coapscope(&["print", "-T", "json", "-"]).stdin(file).output().unwrap();
        check(&schema, &format!("print -T json - < {name}"), &output, &mut kinds);
    }
    let pieces = ["-r", "captures/lab/08-filter-port.pcap", "-r", "captures/lab/08-vlan.pcap"];
    let merged = [&["print", "-T", "json"][..], &pieces].concat();
    check(&schema, "two files", &coapscope(&merged).output().unwrap(), &mut kinds);
    kinds.sort();
    assert_eq!(kinds, ["body", "evidence", "exchange", "finding", "message", "observation", "resource", "update"]);
}
