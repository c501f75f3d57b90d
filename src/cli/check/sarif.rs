//! `check` as SARIF 2.1.0, which services for code review read (OASIS, Static Analysis Results Interchange Format).

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::of;
use super::report::Report;
use crate::coap::uri::push_percent;
use crate::coap::{Rule, Severity, escape};
use crate::field;
use crate::render::json::line;
use crate::render::verdict::{self, Case, Group, Key};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// SARIF's word for a severity.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warn => "warning",
        Severity::Note => "note",
        Severity::Chat => "none",
    }
}

impl Report<'_> {
    /// One log with one run: a result for each kind of finding that is shown, with its frames as locations.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn sarif(&self, out: &mut dyn Write) -> io::Result<()> {
        let shown = self.shown();
        let rules: Vec<Rule> = shown.iter().map(|(key, _)| key.rule).collect::<BTreeSet<_>>().into_iter().collect();
        let mut marks: HashMap<String, u32> = HashMap::new();
        let results: Vec<Value> =
            shown.iter().map(|(key, group)| self.result(key, group, &rules, &mut marks)).collect();
        let artifacts: Vec<Value> = self.captures.iter().map(|path| json!({"location": artifact(path)})).collect();
        let object = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "shortDescription": {"text": env!("CARGO_PKG_DESCRIPTION")},
                    "rules": rules.iter().map(|rule| descriptor(*rule)).collect::<Vec<_>>(),
                }},
                "invocations": [{"executionSuccessful": true, "exitCode": i32::from(self.failed)}],
                "artifacts": artifacts,
                "results": results,
                "columnKind": "unicodeCodePoints",
            }],
        });
        writeln!(out, "{}", line(&object))
    }

    fn result(&self, key: &Key, group: &Group<'_>, rules: &[Rule], marks: &mut HashMap<String, u32>) -> Value {
        let known = of(key, self.findings);
        let mark = [Some(key.rule.id()), known.endpoint.as_deref(), known.resource.as_deref()];
        let mark: Vec<&str> = mark.into_iter().map(Option::unwrap_or_default).collect();
        let mut mark = mark.join("|");
        // The ports of a client, which change from run to run, are told apart by their order.
        let met = marks.entry(mark.clone()).and_modify(|met| *met += 1).or_insert(1);
        if *met > 1 {
            mark += &format!("|{met}");
        }
        let mut result = Map::new();
        result.insert("ruleId".into(), json!(key.rule.id()));
        result.insert("ruleIndex".into(), json!(rules.binary_search(&key.rule).ok()));
        let is_fault = key.severity >= Severity::Note;
        // A result that is no failure has the level "none" (section 3.27.9).
        result.insert("kind".into(), json!(if is_fault { "fail" } else { "informational" }));
        result.insert("level".into(), json!(level(key.severity)));
        result.insert("message".into(), json!({"text": self.message(key, group)}));
        result.insert("locations".into(), group.cases.iter().map(|case| self.location(case)).collect());
        result.insert("occurrenceCount".into(), json!(group.count));
        result.insert("partialFingerprints".into(), json!({"endpointAndResource/v1": mark}));
        if self.baseline.is_some() {
            let state = if self.known.contains(key) { "unchanged" } else { "new" };
            result.insert("baselineState".into(), json!(state));
        }
        result.insert(
            "properties".into(),
            json!({
                "endpoint": self.findings.endpoint(key.endpoint),
                "resource": self.findings.resource(key.resource),
                "itsDoing": key.is_its_doing(),
                "locationsLeftOut": group.count.saturating_sub(group.cases.len() as u64),
            }),
        );
        Value::Object(result)
    }

    fn message(&self, key: &Key, group: &Group<'_>) -> String {
        let endpoint = self.findings.endpoint(key.endpoint);
        let about = self.findings.resource(key.resource).map(|name| format!(" on {}", plain(name)));
        let about = about.unwrap_or_default();
        let first = group.cases.first();
        let frame = first.map(|case| format!(", first in frame {}", case.message.frame)).unwrap_or_default();
        let times = if group.count == 1 { "once".to_owned() } else { format!("{} times", group.count) };
        let detail = first.map(Case::detail).filter(|detail| !detail.is_empty());
        let detail = detail.map(|detail| format!("{detail} ")).unwrap_or_default();
        // That of the first case stands first.
        let teachings = verdict::said(key.rule, group.cases.iter()).into_iter().map(|(teaching, _)| teaching);
        format!("{endpoint}, {times}{about}{frame}: {detail}{}", teachings.collect::<Vec<_>>().join(" "))
    }

    /// A frame: where its record stands in the capture, who sent it, and its number.
    fn location(&self, case: &Case) -> Value {
        let mut place = Map::new();
        // Of several captures it is not said which one a frame is in.
        if let [path] = self.captures {
            let mut physical = Map::new();
            let mut artifact = artifact(path);
            artifact.insert("index".into(), json!(0));
            physical.insert("artifactLocation".into(), artifact.into());
            let offset = case.offset.filter(|_| self.findings.in_place);
            physical.extend(offset.map(|offset| ("region".to_owned(), json!({"byteOffset": offset}))));
            place.insert("physicalLocation".into(), physical.into());
        }
        let name = self.findings.endpoint(case.message.source);
        place.insert("logicalLocations".into(), json!([{"fullyQualifiedName": name, "kind": "endpoint"}]));
        place.insert("message".into(), json!({"text": format!("Frame {}", case.message.frame)}));
        Value::Object(place)
    }
}

fn descriptor(rule: Rule) -> Value {
    let row = rule.row();
    let mut object = Map::new();
    object.insert("id".into(), json!(row.id));
    object.insert("shortDescription".into(), json!({"text": row.teaching}));
    object.insert("help".into(), json!({"text": format!("{} ({})", row.teaching, row.reference)}));
    object.insert("defaultConfiguration".into(), json!({"level": level(row.severity)}));
    object.insert(
        "properties".into(),
        json!({"category": row.category, "reference": row.reference, "severity": field::severity(row.severity)}),
    );
    Value::Object(object)
}

/// A path from the wire in a message, in which brackets make links and braces stand for arguments (sections 3.11.5 and 3.11.6): those, and
/// what cannot be seen, percent-encoded, as a URI has them anyway.
fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    for letter in path.chars() {
        if escape::is_hidden(letter) || matches!(letter, '[' | ']' | '{' | '}' | '\\') {
            push_percent(&mut plain, letter.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// Where a capture is (section 3.4).
fn artifact(path: &Path) -> Map<String, Value> {
    let (key, value) = match path.as_os_str().as_bytes() {
        b"-" => ("description", json!({"text": "standard input"})),
        absolute @ [b'/', ..] => ("uri", json!(format!("file://{}", uri(absolute)))),
        relative => ("uri", json!(uri(relative))),
    };
    std::iter::once((key.to_owned(), value)).collect()
}

/// A path as a URI reference (RFC 3986): as it is, with everything else than letters, digits and a few marks percent-encoded.
fn uri(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(*byte)),
            _ => push_percent(&mut uri, &[*byte]),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_capture_is_where_its_bytes_say() {
        for (path, key, expected) in [
            (&b"/a b/x#1.pcap"[..], "uri", json!("file:///a%20b/x%231.pcap")),
            (b"x:y.pcap", "uri", json!("x%3Ay.pcap")),
            (b"\xff\xfe.pcap", "uri", json!("%FF%FE.pcap")),
            (b"-", "description", json!({"text": "standard input"})),
        ] {
            let found = artifact(Path::new(OsStr::from_bytes(path)));
            assert_eq!(found.get(key), Some(&expected), "{path:?}");
        }
    }
}
