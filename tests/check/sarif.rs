//! SARIF: every log against the schema that OASIS published (`sarif-schema-2.1.0.json`), and what services read of it.

use serde_json::Value;

use super::{Known, run};

const SCHEMA: &str = include_str!("sarif-schema-2.1.0.json");

/// The schema has one regular expression that is none by the letter of ECMA-262: a bracket that nothing opened.
fn validator() -> jsonschema::Validator {
    let schema = SCHEMA.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$");
    jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap()
}

/// The same of a log that was made elsewhere.
#[track_caller]
pub fn follows_the_schema(log: &Value) {
    let faults: Vec<String> =
        validator().iter_errors(log).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[track_caller]
fn log(schema: &jsonschema::Validator, arguments: &str) -> Value {
    let output = run(&format!("check -T sarif {arguments}"));
    let text = String::from_utf8(output.stdout).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{arguments}: {why}: {text}"));
    let faults: Vec<String> =
        schema.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{arguments}:\n{}", faults.join("\n"));
    value
}

#[test]
fn logs_follow_the_schema() {
    let schema = validator();
    // A schema that lets everything through would prove nothing.
    assert!(!schema.is_valid(&serde_json::json!({"version": "2.1.0"})));
    assert!(!schema.is_valid(&serde_json::json!({"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]})));
    let (mut results, mut placed) = (0, 0);
    for entry in std::fs::read_dir(super::root().join("captures/lab")).unwrap() {
        let path = entry.unwrap().path().display().to_string();
        if path.contains(".pcap") {
            let value = log(&schema, &format!("--show chat {path}"));
            let all = value["runs"][0]["results"].as_array().unwrap();
            results += all.len();
            // Each says where its frame is, also what was found long after that: else it would depend on how messages came together.
            let begins = records(&path);
            for location in all.iter().flat_map(|result| result["locations"].as_array().unwrap()) {
                let offset = location["physicalLocation"]["region"]["byteOffset"].as_u64();
                let frame: usize = location["message"]["text"].as_str().unwrap()["Frame ".len()..].parse().unwrap();
                let expected = begins.as_ref().map_or(offset, |begins| Some(begins[frame - 1]));
                // What is compressed has no such places.
                assert_eq!(offset.is_none(), path.ends_with(".gz"), "{path}: frame {frame}");
                assert_eq!(offset, expected, "{path}: frame {frame}");
                placed += usize::from(begins.is_some());
            }
        }
    }
    println!("{results} results follow the schema, {placed} places are those of the frames");
    assert!(results > 400 && placed > 400, "{results}, {placed}");
}

/// Where each record of a pcap file begins; none for other files.
fn records(path: &str) -> Option<Vec<u64>> {
    let bytes = std::fs::read(path).unwrap();
    let big = match bytes[..4] {
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => false,
        [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => true,
        _ => return None,
    };
    let (mut at, mut begins) = (24, Vec::new());
    while let Some(length) = bytes.get(at + 8..at + 12) {
        let length: [u8; 4] = length.try_into().unwrap();
        begins.push(at as u64);
        at += 16 + if big { u32::from_be_bytes(length) } else { u32::from_le_bytes(length) } as usize;
    }
    Some(begins)
}

#[test]
fn results_say_what_services_ask_for() {
    let schema = validator();
    let known = Known::new();
    let folder = format!("{}/", known.0.path().display());
    known.check("check @three.pcap --fail-on note --write-baseline @known.json", 0);
    let value = log(&schema, &format!("{folder}four.pcap --baseline {folder}known.json --fail-on note"));
    let run = &value["runs"][0];
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(rules, ["empty.non", "opt.dot-segment", "cf.missing"]);
    let told: Vec<(String, String, String, u64, u64)> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let text = |key: &str| result[key].as_str().unwrap().to_owned();
            assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"]["region"]["byteOffset"];
            (
                text("ruleId"),
                text("level"),
                text("baselineState"),
                place.as_u64().unwrap(),
                result["occurrenceCount"].as_u64().unwrap(),
            )
        })
        .collect();
    let row = |id: &str, level: &str, state: &str, place, count| (id.into(), level.into(), state.into(), place, count);
    // Offsets of the records in the file: 24 bytes of header, then 16 and the packet of each.
    assert_eq!(
        told,
        [
            row("empty.non", "error", "unchanged", 24, 1),
            row("opt.dot-segment", "warning", "unchanged", 24 + 48, 1),
            row("cf.missing", "note", "unchanged", 24 + 48 + 52 + 49, 1),
            row("cf.missing", "note", "new", 24 + 48 + 52 + 49 + 56 + 49, 1),
        ]
    );
    let marks: Vec<&str> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["partialFingerprints"]["endpointAndResource/v1"].as_str().unwrap())
        .collect();
    assert_eq!(
        marks,
        [
            "empty.non|10.0.0.9|",
            "opt.dot-segment|10.0.0.9|/..",
            "cf.missing|10.0.0.9|/led",
            "cf.missing|10.0.0.9|/lamp"
        ]
    );
}
