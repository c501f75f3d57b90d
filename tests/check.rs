//! `check`: exit statuses, what is left out and what is known, SARIF by its schema, and the verdicts on the peers of the lab.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "check/baseline.rs"]
mod baseline;
#[path = "check/chosen.rs"]
mod chosen;
#[path = "check/hostile.rs"]
mod hostile;
#[path = "check/packets.rs"]
mod packets;
#[path = "check/sarif.rs"]
mod sarif;
#[path = "check/verdicts.rs"]
mod verdicts;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use packets::{capture, capture_at, datagram};
use serde_json::Value;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn command(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    command.args(arguments.split_whitespace()).current_dir(root()).env("LC_ALL", "C.UTF-8");
    command
}

fn run(arguments: &str) -> Output {
    command(arguments).output().unwrap()
}

/// The one object of `check -T json`.
#[track_caller]
fn json(arguments: &str) -> Value {
    let output = run(&format!("check -T json {arguments}"));
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{arguments}: {why}: {error}"))
}

/// A folder with captures in which each finding is known.
struct Known(TempDir);

const CLIENT: u16 = 40001;
/// A Non-confirmable message without content: `empty.non`.
const ERROR: &[u8] = b"\x50\x00\x00\x01";
/// GET with a path segment `..`: `opt.dot-segment`.
const WARN: &[u8] = b"\x41\x01\x00\x02\xaa\xb2..";
const ANSWER_TO_WARN: &[u8] = b"\x61\x84\x00\x02\xaa";
/// PUT /led with a payload and no Content-Format: `cf.missing`.
const NOTE: &[u8] = b"\x41\x03\x00\x03\xbb\xb3led\xffon";
const ANSWER_TO_NOTE: &[u8] = b"\x61\x44\x00\x03\xbb";
/// The same to /lamp.
const OTHER: &[u8] = b"\x41\x03\x00\x04\xcc\xb4lamp\xffon";
const ANSWER_TO_OTHER: &[u8] = b"\x61\x44\x00\x04\xcc";

impl Known {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir_in("/var/tmp").unwrap());
        let to = |port, bytes| datagram(port, true, bytes);
        let from = |port, bytes| datagram(port, false, bytes);
        let three = |port| {
            vec![
                to(port, ERROR),
                to(port, WARN),
                from(port, ANSWER_TO_WARN),
                to(port, NOTE),
                from(port, ANSWER_TO_NOTE),
            ]
        };
        let four = [three(CLIENT), vec![to(CLIENT, OTHER), from(CLIENT, ANSWER_TO_OTHER)]].concat();
        capture(&folder.path("three.pcap"), &three(CLIENT));
        capture(&folder.path("again.pcap"), &three(CLIENT + 1));
        capture(&folder.path("four.pcap"), &four);
        capture(&folder.path("clean.pcap"), &[to(CLIENT, WARN), from(CLIENT, ANSWER_TO_WARN)][..0]);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `three.pcap` packed, as `packed.pcap.gz`.
    fn packed(&self) -> File {
        let mut packed = GzEncoder::new(File::create(self.path("packed.pcap.gz")).unwrap(), Compression::default());
        packed.write_all(&std::fs::read(self.path("three.pcap")).unwrap()).unwrap();
        packed.finish().unwrap();
        File::open(self.path("packed.pcap.gz")).unwrap()
    }

    /// Arguments in which @ stands for the folder.
    fn run(&self, arguments: &str) -> Output {
        run(&arguments.replace('@', &format!("{}/", self.0.path().display())))
    }

    #[track_caller]
    fn check(&self, arguments: &str, status: i32) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments}:\n{text}{error}");
        if status == 2 {
            assert_eq!((text.as_str(), error.lines().count()), ("", 1), "{arguments}: {error}");
            return error;
        }
        text
    }
}

#[test]
fn statuses() {
    let known = Known::new();
    for (arguments, status) in [
        ("check @three.pcap", 1),
        ("check -r @three.pcap --fail-on error", 1),
        ("check @three.pcap --fail-on warn", 1),
        ("check @three.pcap --fail-on note", 1),
        ("check @three.pcap --ignore empty.non", 0),
        ("check @three.pcap --ignore empty.non --fail-on warn", 1),
        ("check @three.pcap --ignore empty.non,opt.dot-segment --fail-on warn", 0),
        ("check @three.pcap --ignore empty.non --ignore opt.dot-segment --fail-on note", 1),
        ("check @three.pcap --ignore empty.non,opt.dot-segment,cf.missing --fail-on note", 0),
        // What is shown does not change what counts.
        ("check @three.pcap --ignore empty.non --fail-on note --show error", 1),
        ("check @three.pcap --ignore empty.non --show note", 0),
        ("check @clean.pcap --fail-on note", 0),
        ("check @three.pcap --endpoint 10.0.0.9", 1),
        ("check @three.pcap --endpoint 10.0.0.1 --fail-on note", 0),
        ("check @three.pcap -Y coap.mid==3", 0),
        ("check @three.pcap -Y coap.mid==3 --fail-on note", 1),
        ("check -T json @three.pcap", 1),
        ("check -T sarif @three.pcap", 1),
        ("check -T markdown @three.pcap", 1),
    ] {
        known.check(arguments, status);
    }
}

/// The last lines say what was judged: all of the capture, or what was chosen of it.
#[test]
fn what_was_judged_is_told() {
    let known = Known::new();
    for (options, judged) in [
        ("", "1 error, 1 warning, 1 note in 5 frames, 5 CoAP messages"),
        ("-Y coap.mid==3", "0 errors, 0 warnings, 1 note in 2 CoAP messages let through by -Y, of 5 in 5 frames"),
        ("--endpoint 10.0.0.1", "0 errors, 0 warnings, 0 notes in what 10.0.0.1 sent of 5 CoAP messages, 5 frames"),
        (
            "-Y coap.mid==1 --endpoint 10.0.0.9",
            "1 error, 0 warnings, 0 notes in what 10.0.0.9 sent of 1 CoAP message let through by -Y, of 5 in 5 frames",
        ),
        ("-Y coap.mid==99", "nothing was judged: -Y lets nothing through"),
    ] {
        let text = known.check(
            &format!("check @three.pcap {options}"),
            if options.is_empty() || options.contains("mid==1") { 1 } else { 0 },
        );
        assert!(text.contains(judged), "{options}: {text}");
        let name = known.path("three.pcap");
        let markdown = run(&format!("check -T markdown {options} {}", name.display())).stdout;
        let markdown = String::from_utf8(markdown).unwrap();
        let scope = judged.split_once(" in ").map_or("0 CoAP messages let through by -Y", |(_, scope)| scope);
        assert!(markdown.to_lowercase().contains(&scope.to_lowercase()), "{options}: {markdown}");
    }
    let object = json(&format!("-Y coap.mid==3 --endpoint 10.0.0.9 {}", known.path("three.pcap").display()));
    assert_eq!(object["judged"], serde_json::json!({"passed_by_filter": 2, "sent_by": ["10.0.0.9"]}));
}

#[test]
fn exit_statuses_are_documented() {
    let help = String::from_utf8(run("check --help").stdout).unwrap();
    let manual = String::from_utf8(run("man").stdout).unwrap();
    let page = manual.split_once(".TH coapscope-check").unwrap().1.split(".TH ").next().unwrap();
    let section = page.split_once(".SH \"EXIT STATUS\"").expect("a section").1;
    for status in 0..=2 {
        assert!(help.contains(&format!("\n  {status}  ")), "{help}");
        assert!(section.contains(&format!(".TP\n\\fB{status}\\fR\n")), "{section}");
    }
    assert!(!page.contains(".SH EXTRA"), "{page}");
}

#[test]
fn refusals_say_what_and_what_to_do() {
    let known = Known::new();
    std::fs::write(known.path("broken.json"), "{").unwrap();
    std::fs::write(known.path("other.json"), "{\"version\": 9}").unwrap();
    let unknown = "{\"version\": 1, \"findings\": [{\"id\": \"ack.change\"}]}";
    std::fs::write(known.path("unknown.json"), unknown).unwrap();
    let misspelt = "{\"version\": 1, \"findings\": [{\"id\": \"ack.changed\", \"resorce\": \"/x\"}]}";
    std::fs::write(known.path("misspelt.json"), misspelt).unwrap();
    std::fs::write(known.path("above.json"), "{\"version\": 1, \"findings\": [], \"endpoint\": \"::1\"}").unwrap();
    for (arguments, expected) in [
        (
            "check @three.pcap --ignore mid.retransmision",
            "--ignore mid.retransmision: no finding has this identifier; did you mean mid.retransmission",
        ),
        (
            "check @three.pcap --ignore zzz",
            "--ignore zzz: no finding has this identifier; `coapscope check --show chat FILE`",
        ),
        (
            "check @three.pcap --baseline @nowhere.json",
            "nowhere.json: the baseline cannot be read; make one with --write-baseline",
        ),
        ("check @three.pcap --baseline @broken.json", "broken.json: the baseline is no JSON"),
        ("check @three.pcap --baseline @other.json", "other.json: no baseline of version 1"),
        (
            "check @three.pcap --baseline @unknown.json",
            "unknown.json: line 1 cannot be understood: ack.change: no finding has this identifier; did you mean ack.changed",
        ),
        (
            "check @three.pcap --baseline @misspelt.json",
            "misspelt.json: line 1 cannot be understood: \"resorce\" is no key of it",
        ),
        (
            "check @three.pcap --baseline @above.json",
            "\"endpoint\" is no key of it; the keys are about, version, findings",
        ),
        ("check @three.pcap --write-baseline @no/where.json", "where.json: the baseline cannot be written"),
        (
            "check @three.pcap --endpoint 10.0.0.7",
            "--endpoint 10.0.0.7: the capture has no such endpoint; it has 10.0.0.9:40001, 10.0.0.1:5683",
        ),
        (
            "check captures/lab/06-tcp-libcoap.pcap --endpoint 127.0.0.1",
            "--endpoint 127.0.0.1: the capture has no such endpoint; it has none: no CoAP message is in it",
        ),
        ("check @nowhere.pcap", "nowhere.pcap: cannot be opened"),
        ("check", "no capture is named"),
        ("check @three.pcap --fail-on fatal", "--fail-on fatal: the values are error, warn, note"),
    ] {
        let error = known.check(arguments, 2);
        assert!(error.contains(expected), "{arguments}: {error}");
    }
}

#[test]
fn a_baseline_makes_findings_known() {
    let known = Known::new();
    known.check("check @three.pcap --fail-on note --write-baseline @known.json", 0);
    let text = std::fs::read_to_string(known.path("known.json")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("\"id\"")).collect();
    // No port: the client's changes from run to run.
    assert_eq!(
        rows,
        [
            r#"    {"id":"empty.non","endpoint":"10.0.0.9"},"#,
            r#"    {"id":"opt.dot-segment","endpoint":"10.0.0.9","resource":"/.."},"#,
            r#"    {"id":"cf.missing","endpoint":"10.0.0.9","resource":"/led"}"#,
        ]
    );
    let all = "--fail-on note --baseline @known.json";
    for (name, status) in [("three", 0), ("again", 0), ("four", 1), ("clean", 0)] {
        known.check(&format!("check @{name}.pcap {all}"), status);
    }
    let read =
        |name: &str| json(&format!("@{name}.pcap {all}").replace('@', &format!("{}/", known.0.path().display())));
    let three = read("three");
    assert_eq!(three["known"], serde_json::json!({"error": 1, "warn": 1, "note": 1, "chat": 0}));
    assert_eq!(three["new"], serde_json::json!({"error": 0, "warn": 0, "note": 0, "chat": 0}));
    assert_eq!(three["known_but_not_met"], 0);
    let four = read("four");
    let new: Vec<&Value> = four["findings"].as_array().unwrap().iter().filter(|one| one["known"] == false).collect();
    assert_eq!(new.len(), 1);
    assert_eq!((&new[0]["id"], &new[0]["resource"]), (&"cf.missing".into(), &"/lamp".into()));
    assert_eq!(read("clean")["known_but_not_met"], 3);
    let text = known.check("check @clean.pcap --baseline @known.json", 0);
    assert!(text.contains("in the baseline, and not met again: 3 kinds"), "{text}");

    // A line without endpoint or resource stands for any.
    std::fs::write(known.path("any.json"), "{\"version\": 1, \"findings\": [{\"id\": \"cf.missing\"}]}").unwrap();
    let ignore = "--ignore empty.non,opt.dot-segment";
    known.check(&format!("check @four.pcap --fail-on note --baseline @any.json {ignore}"), 0);
}

/// A baseline holds all that was found, whatever would fail or is shown, so that a stricter run finds nothing new.
#[test]
fn a_baseline_holds_what_does_not_fail() {
    let known = Known::new();
    for options in ["", "--fail-on warn", "--show error", "-T json"] {
        known.check(&format!("check @three.pcap {options} --write-baseline @all.json"), 0);
        let text = std::fs::read_to_string(known.path("all.json")).unwrap();
        assert_eq!(text.matches("\"id\"").count(), 3, "{options}: {text}");
        known.check("check @three.pcap --fail-on note --baseline @all.json", 0);
    }
    // An address alone is any port of it; brackets may be round it; another is not.
    let rows = |endpoint: &str| {
        let row = |id: &str| format!("{{\"id\": \"{id}\", \"endpoint\": \"{endpoint}\"}}");
        format!("{{\"version\": 1, \"findings\": [{}]}}", row("cf.missing"))
    };
    let three = known.path("three.pcap").display().to_string();
    let late = "captures/lab/04-late-answer.pcap --fail-on warn";
    let server = rows("198.51.100.2").replace("cf.missing", "icmp.unreachable");
    for (text, capture, status) in [
        (rows("10.0.0.9"), &*three, 1),
        (server.clone(), late, 0),
        (server.replace("100.2", "100.2:5683"), late, 0),
        (server.replace("100.2", "100.2:5684"), late, 1),
        (server.replace("100.2", "100.3"), late, 1),
    ] {
        std::fs::write(known.path("device.json"), &text).unwrap();
        let output = run(&format!("check {capture} --baseline {}", known.path("device.json").display()));
        assert_eq!(output.status.code(), Some(status), "{text}");
    }
}

/// What is counted does not depend on what is shown; what is not listed is counted.
#[test]
fn json_counts_all() {
    let known = Known::new();
    let three = known.path("three.pcap").display().to_string();
    let counted = |options: &str| json(&format!("{three} {options}"))["new"].clone();
    let all = counted("--show chat");
    assert_eq!((&all["error"], &all["warn"], &all["note"]), (&1.into(), &1.into(), &1.into()));
    for options in ["", "--show error", "--show warn --fail-on error", "-Y coap"] {
        assert_eq!(counted(options), all, "{options}");
    }
    let many: Vec<Vec<u8>> = (0..11).map(|port| datagram(CLIENT + port, true, ERROR)).collect();
    let same: Vec<Vec<u8>> = (0..11).map(|id| datagram(CLIENT, true, &[0x50, 0, 0, id])).collect();
    capture(&known.path("many.pcap"), &many);
    capture(&known.path("same.pcap"), &same);
    let object = json(&known.path("same.pcap").display().to_string());
    let finding = object["findings"].as_array().unwrap().iter().find(|one| one["id"] == "empty.non").unwrap();
    let listed = finding["cases"].as_array().unwrap().len() as u64;
    assert_eq!(listed + finding["cases_left_out"].as_u64().unwrap(), 11, "{finding}");
    let text = |name: &str, format: &str| known.check(&format!("check @{name}.pcap {format}"), 1);
    let log: Value = serde_json::from_str(&text("same", "-T sarif")).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["properties"]["locationsLeftOut"], 11 - listed);
    let log: Value = serde_json::from_str(&text("many", "-T sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let marks: std::collections::HashSet<String> =
        results.iter().map(|one| one["partialFingerprints"].to_string()).collect();
    assert_eq!((results.len() >= 11, marks.len()), (true, results.len()), "{marks:?}");
}

#[test]
fn a_reader_that_has_gone_does_not_change_the_status() {
    let known = Known::new();
    let mut child =
        command("check").arg(known.path("three.pcap")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty());
}

/// A kind of finding in one line.
fn row(finding: &Value) -> String {
    let cases = finding["cases"].as_array().unwrap();
    let frames: Vec<u64> = cases.iter().map(|case| case["frame"].as_u64().unwrap()).collect();
    let text = |key: &str| finding[key].to_string();
    format!("{} {} {} {} {frames:?}", text("id"), text("severity"), text("endpoint"), text("resource"))
}

#[test]
fn a_body_in_blocks_is_judged_when_it_is_whole() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = folder.path().join("blocks.pcap");
    // PUT /led in two blocks of 16 bytes; the JSON of the whole breaks off.
    let packets = [
        datagram(CLIENT, true, b"\x41\x03\x00\x01\xaa\xb3led\x11\x32\xd1\x02\x08\xff{\"on\": true, \"x\""),
        datagram(CLIENT, false, b"\x61\x5f\x00\x01\xaa\xd1\x0e\x08"),
        datagram(CLIENT, true, b"\x41\x03\x00\x02\xab\xb3led\x11\x32\xd1\x02\x10\xff: "),
        datagram(CLIENT, false, b"\x61\x44\x00\x02\xab\xd1\x0e\x10"),
    ];
    capture(&path, &packets);
    for filter in ["", " -Y frame.number>0"] {
        let value = json(&format!("{} --show warn{filter}", path.display()));
        let found: Vec<String> = value["findings"].as_array().unwrap().iter().map(row).collect();
        assert_eq!(found, ["\"cf.parse-failed\" \"warn\" \"10.0.0.9:40001\" \"/led\" [3]"], "{filter}");
    }
}

#[test]
fn what_is_odd_about_a_body_of_one_block_is_told_once() {
    let folder = Known(tempfile::tempdir().unwrap());
    // Content-Format, payload, and the byte that breaks it.
    for (format, payload, text) in [
        (50, &b"{\"a\":1,}"[..], "Byte 7 of it"),
        (41, b"<a b='1' c=2></a>", "Byte 11 of it"),
        (41, b"<a b></a>", "Byte 4 of it"),
    ] {
        let request = datagram(CLIENT, true, b"\x41\x01\x00\x05\xdd\xb1x");
        let answer = [&[0x61, 0x45, 0, 5, 0xdd, 0xc1, format, 0xb1, 0x06, 0xff][..], payload].concat();
        capture(&folder.path("one.pcap"), &[request, datagram(CLIENT, false, &answer)]);
        for filter in ["", "-Y coap"] {
            let found = json(&format!("{} {filter}", folder.path("one.pcap").display()));
            let all = found["findings"].as_array().unwrap();
            let cases = all.iter().filter(|one| one["id"] == "cf.parse-failed").map(|one| &one["cases"]);
            let cases: Vec<&Value> = cases.flat_map(|cases| cases.as_array().unwrap()).collect();
            let details: Vec<&str> = cases.iter().map(|one| one["detail"].as_str().unwrap()).collect();
            assert!(details.len() == 1 && details[0].starts_with(text), "{payload:?}: {details:#?}");
        }
    }
}

#[test]
fn what_grows_worse_is_told_once() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = folder.path().join("promises.pcap");
    let request = |number: u8| datagram(CLIENT, true, &[0x41, 1, 0, number, number, 0xb1, b'a']);
    let ack = |number: u8| datagram(CLIENT, false, &[0x60, 0, 0, number]);
    // Three promises: two are broken for good when the capture ends, one has only been overdue so far.
    let packets =
        [(0, 1), (600, 2), (2400, 3)].map(|(tenth, number)| [(tenth, request(number)), (tenth + 1, ack(number))]);
    let last = [(3200, datagram(CLIENT, true, &[0x51, 1, 0, 9, 9, 0xb1, b'b']))];
    capture_at(&path, &[packets.concat(), last.to_vec()].concat());
    let file = path.display().to_string();
    let all = json(&format!("--show chat {file}"));
    let groups = all["findings"].as_array().unwrap();
    let of = |severity: &str| {
        let same = |group: &&Value| group["id"] == "resp.none-after-ack" && group["severity"] == severity;
        groups.iter().filter(same).map(|group| group["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((of("warn"), of("note")), (2, 1), "{all}");
    let stats: Value = serde_json::from_slice(&run(&format!("stats --json {file}")).stdout).unwrap();
    let table = String::from_utf8(run(&format!("print -T json --table findings {file}")).stdout).unwrap();
    for severity in ["note", "warn"] {
        let listed = table.lines().filter(|line| line.contains(&format!("\"severity\":\"{severity}\""))).count();
        assert_eq!(stats["findings"][severity], listed, "{severity}: {stats} {table}");
    }
    assert_eq!(table.matches("resp.none-after-ack").count(), 3, "{table}");
    // A response that came later is in the capture, and the sentence is true all the same.
    assert_eq!(table.matches("within 60 s of the ACK").count(), 3, "{table}");
    let ignored = run(&format!("check {file} --ignore resp.none-after-ack"));
    assert!(String::from_utf8_lossy(&ignored.stdout).contains("left out by --ignore: 3"), "{ignored:?}");
}

#[test]
fn an_answer_captured_just_before_its_request_is_its_answer() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = folder.path().join("early.pcap");
    let request = |number: u8| datagram(CLIENT, true, &[0x41, 1, 0, number, number, 0xb1, b'a']);
    let ack = |number: u8| datagram(CLIENT, false, &[0x61, 0x45, 0, number, number]);
    // The second ACK answers nothing: its request comes a second later.
    let frames = [(0, ack(1)), (0, request(1)), (10, ack(2)), (20, request(2)), (21, ack(2))];
    capture_at(&path, &frames);
    let file = path.display().to_string();
    let objects = |output: Output| -> Vec<Value> {
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = objects(run(&format!("print -T json {file}")));
    let relations: Vec<_> = all.iter().map(|one| (one["answers"].as_u64(), one["answered_by"].as_u64())).collect();
    assert_eq!(relations, [(Some(2), None), (None, Some(1)), (None, None), (None, Some(5)), (Some(4), None)]);
    assert_eq!([&all[0]["role"], &all[1]["exchange_state"]], ["piggybacked-response", "answered"]);
    assert_eq!(
        (&all[0]["findings"], all[2]["findings"][0]["id"].as_str()),
        (&Value::Array(vec![]), Some("ack.orphan"))
    );
    let lines = String::from_utf8(run(&format!("print -V {file} -Y coapscope.severity")).stdout).unwrap();
    assert_eq!(lines.matches("ack.orphan").count(), 1, "{lines}");
    let counted = json(&format!("--show chat {file}"));
    let groups = counted["findings"].as_array().unwrap();
    let orphans: Vec<_> = groups.iter().filter(|group| group["id"] == "ack.orphan").collect();
    assert!(orphans.len() == 1 && orphans[0]["count"] == 1, "{counted}");
    let stats = &objects(run(&format!("stats --json {file}")))[0];
    assert_eq!((&stats["exchanges_unanswered"], &stats["piggybacked_responses"]), (&0.into(), &2.into()), "{stats}");
    assert_eq!(stats["findings"]["note"], 1, "{stats}");
    // From a stream the first ACK is printed before that is known.
    let mut child = command("print -T json -").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::copy(&mut std::fs::File::open(&path).unwrap(), &mut child.stdin.take().unwrap()).unwrap();
    let stream = objects(child.wait_with_output().unwrap());
    let of_first = |one: &&Value| one["kind"] == "update" && one["frame"]["number"] == 1;
    let updates: Vec<_> = stream.iter().filter(of_first).collect();
    let related = updates.iter().find(|one| one["answers"] == 2).expect("what it answers");
    assert_eq!((&related["role"], &related["exchange"]), (&"piggybacked-response".into(), &all[0]["exchange"]));
    let orphan = &all[2]["findings"][0]["severity"];
    let withdrawn: Vec<_> = updates
        .iter()
        .filter(|one| one["withdrawn"] == serde_json::json!([{"id": "ack.orphan", "severity": orphan}]))
        .collect();
    assert_eq!(withdrawn.len(), 1, "{stream:?}");
}
