//! What is printed of a stream, with what its updates tell, is what is printed of the file.

use std::collections::BTreeMap;
use std::fs::File;

use serde_json::{Map, Value};

use super::{captures, coapscope};

/// What relates a message to others. A body that never becomes complete stands as it was when the message came.
const KEYS: [&str; 16] = [
    "role",
    "exchange",
    "resource",
    "retransmission_of",
    "duplicate_of",
    "copy_of",
    "transmission",
    "answers",
    "answered_by",
    "observation",
    "observe_order",
    "response_time",
    "round_trip_of_attempt",
    "may_answer",
    "ambiguous",
    "about",
];

type Messages = BTreeMap<u64, Map<String, Value>>;

/// A finding by its rule and severity.
fn names(one: &Value) -> [&str; 2] {
    ["id", "severity"].map(|key| one[key].as_str().unwrap())
}

/// The messages by frame, with what updates tell of them, as somebody who reads them would put it together.
fn messages(capture: &str, input: Option<File>) -> Messages {
    let name = if input.is_some() { "-" } else { capture };
    let mut command = coapscope(&["print", "-T", "json", name]);
    if let Some(file) = input {
        command.stdin(file);
    }
    let (mut all, mut states) = (Messages::new(), BTreeMap::new());
    for line in String::from_utf8(command.output().unwrap().stdout).unwrap().lines() {
        let Value::Object(object) = serde_json::from_str(line).unwrap() else { panic!("{capture}: {line}") };
        let frame = object["frame"]["number"].as_u64().unwrap();
        if object["kind"] != "update" {
            assert!(all.insert(frame, object).is_none(), "{capture}: frame {frame} twice");
            continue;
        }
        let message = all.get_mut(&frame).unwrap_or_else(|| panic!("{capture}: {line}: it was not printed"));
        let before = (message.clone(), states.clone());
        if let (Some(exchange), Some(state)) = (object.get("exchange"), object.get("exchange_state")) {
            states.insert(exchange.as_u64(), state.clone());
        }
        for one in object.get("withdrawn").and_then(Value::as_array).into_iter().flatten() {
            let findings = message["findings"].as_array_mut().unwrap();
            let place = findings.iter().position(|known| names(known) == names(one));
            findings.remove(place.unwrap_or_else(|| panic!("{capture}: {line}: it was not told")));
        }
        for (key, value) in object.into_iter().filter(|(key, _)| !["kind", "frame", "withdrawn"].contains(&&**key)) {
            match (key.as_str(), value) {
                ("findings", Value::Array(mut new)) => message["findings"].as_array_mut().unwrap().append(&mut new),
                ("exchange_state", _) => {}
                (_, value) => drop(message.insert(key, value)),
            }
        }
        assert!(before.0 != *message || before.1 != states, "{capture}: {line}: it tells nothing new");
    }
    all
}

#[test]
fn updates_make_of_a_stream_what_a_file_gives() {
    let (mut count, mut differ) = (0, Vec::new());
    for path in captures() {
        let capture = path.to_str().unwrap();
        let read = messages(capture, None);
        let streamed = messages(capture, Some(File::open(&path).unwrap()));
        assert_eq!(streamed.keys().collect::<Vec<_>>(), read.keys().collect::<Vec<_>>(), "{capture}");
        for ((frame, expected), told) in read.iter().zip(streamed.values()) {
            // What is not so is not told of a message, but of one that was told otherwise.
            let is_told = |value: &&Value| **value != Value::Bool(false);
            let known =
                |object: &Map<String, Value>, key: &str| object.get(key).filter(is_told).cloned().unwrap_or_default();
            for key in KEYS.into_iter().filter(|key| known(expected, key) != known(told, key)) {
                differ.push(format!("{capture} frame {frame}: {key} {} {}", known(expected, key), known(told, key)));
            }
            let [mut expected, mut told] = [expected, told].map(|object| {
                object["findings"].as_array().unwrap().iter().map(|one| names(one).join(" ")).collect::<Vec<_>>()
            });
            expected.sort();
            told.sort();
            if expected != told {
                differ.push(format!("{capture} frame {frame}: {expected:?} {told:?}"));
            }
            count += 1;
        }
    }
    assert!(differ.is_empty() && count > 3000, "{count} messages\n{}", differ.join("\n"));
}
