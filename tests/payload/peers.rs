//! The same bodies read by others: JSON by Python's json, CBOR by cbor2, links by aiocoap; SenML as RFC 8428 resolves it.

use super::skipped::skipped;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use coapscope::capture::{Input, Next, open};
use coapscope::coap::Message;
use coapscope::frame::{PeelOptions, Peeled, Peeler};
use coapscope::payload::{Part, part};
use serde_json::{Map, Value};

use super::{body, read, root, unhex};

/// The Python that has cbor2 and aiocoap, or a line that says which test is skipped.
fn python() -> Option<Command> {
    let path = root().join(".venv/bin/python");
    let works =
        Command::new(&path).args(["-c", "import cbor2, aiocoap"]).output().is_ok_and(|output| output.status.success());
    if !works {
        skipped(&format!("{path:?} lacks cbor2 or aiocoap"));
        return None;
    }
    let mut command = Command::new(path);
    command.arg(root().join("tests/peers/payloads.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    Some(command)
}

/// What Python makes of each body; None where it refuses it.
fn ask(mut python: Command, kind: &str, bodies: &[Vec<u8>]) -> Vec<Option<Value>> {
    let mut child = python.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = bodies
        .iter()
        .map(|body| format!("{kind} {}\n", body.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
        .collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers: Vec<Option<Value>> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap().get("value").cloned())
        .collect();
    assert_eq!(answers.len(), bodies.len());
    answers
}

/// Whole payloads of all captures with their Content-Format, each once.
pub fn all_captured() -> BTreeSet<(u16, Vec<u8>)> {
    let mut found = BTreeSet::new();
    let files = ["captures/lab", "tests/field"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng"));
    for path in files {
        let Ok(mut opened) = open(&Input::Path(path), &std::env::temp_dir()) else { continue };
        let mut peeler = Peeler::new(PeelOptions::default());
        while let Ok(Next::Frame(frame)) = opened.source.next() {
            let Peeled::Datagram(datagram) = peeler.peel(&frame) else { continue };
            let message = Message::decode(datagram.payload);
            let format = message.content_format().filter(|_| !message.payload().is_empty());
            if let Some(format) = format.filter(|_| part(&message) == Part::Whole) {
                found.insert((format.0, message.payload().to_vec()));
            }
        }
    }
    found
}

/// Those with one of these Content-Formats.
fn captured(formats: &[u16]) -> Vec<Vec<u8>> {
    all_captured().into_iter().filter(|(format, _)| formats.contains(format)).map(|(_, body)| body).collect()
}

/// Bodies that stand in a file of this folder, one a line.
fn written(file: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(root().join("tests/payload").join(file)).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(body).collect()
}

/// Bodies of the golden cases with one of these Content-Formats.
fn cases(formats: &[u16]) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(root().join("tests/payload/cases.txt")).unwrap();
    let headings = text.lines().filter_map(|line| line.strip_prefix("= ")?.split_once(' '));
    headings
        .filter(|(format, _)| format.parse().is_ok_and(|format| formats.contains(&format)))
        .map(|(_, rest)| body(rest))
        .collect()
}

/// Equal but for how numbers are written; a time of Python's is one here in seconds or as text.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => {
            ours.to_string() == theirs.to_string()
                || ours.as_f64().is_some_and(|number| Some(number) == theirs.as_f64())
        }
        // Beyond what Python's numbers hold.
        (Value::Number(ours), Value::Null) => ours.as_f64().is_none_or(f64::is_infinite),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (ours, Value::Object(theirs)) if theirs.contains_key("$time") => {
            let at = theirs["$time"].as_f64().unwrap();
            match ours {
                Value::String(text) => chrono::DateTime::parse_from_rfc3339(text)
                    .is_ok_and(|time| time.timestamp_micros() as f64 == (at * 1e6).round()),
                ours => ours.as_f64().is_some_and(|ours| (ours - at).abs() < 1e-6),
            }
        }
        // Something that cbor2 has a class for: a URI, a UUID, a regular expression.
        (_, Value::Object(theirs)) if theirs.contains_key("$other") => true,
        // A map with a name twice: Python keeps the last member so called.
        (Value::Array(members), Value::Object(_)) if !members.is_empty() => {
            let members = members.iter().map(Value::as_object).collect::<Option<Vec<_>>>();
            let last = |members: Vec<&Map<String, Value>>| {
                members.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
            };
            members.is_some_and(|members| same(&Value::Object(last(members)), theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(name, ours)| theirs.get(name).is_some_and(|theirs| same(ours, theirs)))
        }
        (ours, theirs) => ours == theirs,
    }
}

/// Whether a body is refused here: a second occurrence of a name is told, but read.
fn is_refused(decoded: &coapscope::payload::Decoded) -> bool {
    decoded.problems.iter().any(|problem| !problem.flaw.is_readable())
}

fn compare(kind: &str, format: u16, bodies: &[Vec<u8>], least: usize, exceptions: &[(&str, &str)]) {
    let test = format!("{kind} against Python");
    let Some(python) = python() else { return };
    let mut wrong = Vec::new();
    let (mut read_by_both, mut refused_by_both) = (0, 0);
    for (body, theirs) in bodies.iter().zip(ask(python, kind, bodies)) {
        let decoded = read(body, format);
        let shown = String::from_utf8_lossy(body).into_owned();
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        if exceptions.iter().any(|(known, _)| *known == hex || *known == shown) {
            continue;
        }
        match (is_refused(&decoded), theirs) {
            (true, None) => refused_by_both += 1,
            (false, Some(theirs)) if same(&decoded.json(body), &theirs) => read_by_both += 1,
            (refused, theirs) => {
                wrong.push(format!("{hex} {shown}: refused {refused}, {} and {theirs:?}", decoded.json(body)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!(
        "{test}: {read_by_both} values agree, {refused_by_both} are refused by both, {} known differences",
        exceptions.len()
    );
    assert!(read_by_both >= least, "only {read_by_both}");
}

#[test]
fn json_agrees_with_python() {
    let bodies = [captured(&[50, 51, 52, 110, 111, 11543]), cases(&[50, 51, 110, 432]), written("json.txt")].concat();
    compare("json", 50, &bodies, 60, &[]);
}

#[test]
fn cbor_agrees_with_cbor2() {
    let bodies =
        [captured(&[60, 112, 113, 61, 257]), cases(&[60, 112, 61, 257, 601, 62]), written("cbor.txt")].concat();
    // What cbor2 reads although RFC 8949 says that it is not well-formed, or cannot hold.
    let exceptions = [
        ("f818", "section 3.3: simple values below 32 in two bytes are not well-formed"),
        (
            "82a200616102c48221190ba4a200616202c4821b7fffffffffffffff01",
            "section 3.4.4: an exponent is any integer, but Python's decimal numbers end before",
        ),
        ("bf6161ff", "section 3.2.2: a map left open has an even number of items"),
    ];
    compare("cbor", 60, &bodies, 100, &exceptions);
}

/// Each body with every byte changed in a few ways, and every beginning of it.
fn damaged(bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut found = BTreeSet::new();
    for body in bodies {
        for at in 0..body.len().min(60) {
            found.insert(body[..at].to_vec());
            for change in [0x01, 0x04, 0x20, 0x80] {
                let mut changed = body.clone();
                changed[at] ^= change;
                found.insert(changed);
            }
        }
    }
    found.into_iter().filter(|body| !body.is_empty()).collect()
}

#[test]
fn damaged_json_is_judged_as_python_does() {
    let bodies = damaged(&[cases(&[50]), written("json.txt")].concat());
    compare("json", 50, &bodies, 500, &[]);
}

#[test]
fn damaged_cbor_is_judged_as_cbor2_does() {
    let mut bodies = damaged(&[cases(&[60]), written("cbor.txt")].concat());
    // cbor2 looks into tags, and refuses a date that is none: that is more than well-formedness. A byte that may be a tag is left out.
    bodies.retain(|body| body.iter().all(|byte| byte >> 5 != 6));
    compare("cbor", 60, &bodies, 500, &[]);
}

/// Where the grammar of RFC 6690 section 2 and aiocoap disagree.
const LINKS_APART: &[(&str, &str)] = &[
    ("</a>;t=a\\b", "a backslash needs quotation marks"),
    ("</a>;title=gr\u{fc}n", "so do letters beyond ASCII"),
    ("</a></b>;rt=x", "a comma stands between links"),
    ("</a>;ver=1.1(</b>;x*=UTF-8''e", "parentheses, < and > do not"),
];

#[test]
fn links_agree_with_aiocoap() {
    let test = "links against aiocoap";
    let Some(python) = python() else { return };
    let bodies = [captured(&[40]), cases(&[40]), written("links.txt")].concat();
    let mut wrong = Vec::new();
    let (mut links, mut read_by_both) = (0, 0);
    for (body, theirs) in bodies.iter().zip(ask(python, "links", &bodies)) {
        let decoded = read(body, 40);
        if LINKS_APART.iter().any(|(known, _)| known.as_bytes() == body) {
            continue;
        }
        if is_refused(&decoded) {
            if theirs.is_some() {
                wrong.push(format!("{}: {theirs:?}", String::from_utf8_lossy(body)));
            }
            continue;
        }
        let ours: Vec<Value> = decoded
            .items
            .iter()
            .map(|link| {
                let attributes: Vec<Value> = link.children[1..]
                    .iter()
                    .map(|attribute| {
                        let value = attribute.as_text().map_or(Value::Null, Value::from);
                        Value::from(vec![Value::from(attribute.name.clone()), value])
                    })
                    .collect();
                Value::from(vec![Value::from(link.name.clone()), Value::from(attributes)])
            })
            .collect();
        let ours = Value::from(ours);
        if theirs.as_ref() == Some(&ours) {
            read_by_both += 1;
            links += decoded.items.len();
        } else {
            wrong.push(format!("{}: {ours} and {theirs:?}", String::from_utf8_lossy(body)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{test}: {read_by_both} documents with {links} links agree, {} known differences", LINKS_APART.len());
    assert!(read_by_both >= 20, "only {read_by_both}");
}

/// Packs of RFC 8428 in `senml.txt`: a line with the pack, JSON or CBOR, and a line for each resolved record.
#[test]
fn senml_is_resolved_as_the_rfc_does() {
    let text = std::fs::read_to_string(root().join("tests/payload/senml.txt")).unwrap();
    let mut packs: Vec<(Vec<u8>, Vec<Value>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("> ") {
            Some(record) => packs.last_mut().unwrap().1.push(serde_json::from_str(record).unwrap()),
            None => packs.push((body(line), Vec::new())),
        }
    }
    let mut records = 0;
    for (pack, expected) in &packs {
        let format = if pack.starts_with(b"[") { 110 } else { 112 };
        let resolved = read(pack, format).resolved.unwrap();
        let resolved = resolved.as_array().unwrap();
        assert_eq!(resolved.len(), expected.len(), "{resolved:?}");
        for (ours, expected) in resolved.iter().zip(expected) {
            assert!(same(ours, expected), "{ours} is not {expected}");
            records += 1;
        }
    }
    println!("{records} records of {} packs are resolved as in RFC 8428", packs.len());
    assert!(unhex("00").len() == 1 && records >= 30, "only {records}");
}
