//! What users of other programs reported as bugs: every line of `reports.txt` against what coapscope says.

use std::collections::HashMap;
use std::process::Output;

use serde_json::Value;

use super::{coapscope, objects};

const REPORTS: &str = include_str!("reports.txt");
const SEVERITIES: [&str; 4] = ["chat", "note", "warn", "error"];

/// One report: where its capture is, and what coapscope has said about it so far.
struct Report {
    path: String,
    options: String,
    said: HashMap<String, Output>,
}

impl Report {
    fn new(heading: &str) -> Self {
        let [file, _, _, what] = heading.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("not four columns: {heading}")
        };
        let options = what.split_once(" [").map_or("", |(_, options)| options.trim_end_matches(']'));
        Self { path: format!("tests/field/{file}"), options: options.to_owned(), said: HashMap::new() }
    }

    fn run(&mut self, arguments: &str) -> &Output {
        let arguments = format!("{} {}", arguments.replace("FILE", &self.path), self.options);
        self.said.entry(arguments).or_insert_with_key(|arguments| coapscope(arguments).output().unwrap())
    }

    fn printed(&mut self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
        String::from_utf8(output.stdout.clone()).unwrap()
    }

    /// The objects that a fact is about.
    fn subjects(&mut self, frame: Option<u64>) -> Vec<Value> {
        let mut all = objects(&self.printed("print -T json FILE"));
        all.retain(|object| {
            frame.is_none_or(|frame| object["kind"] == "message" && object["frame"]["number"] == frame)
        });
        all
    }

    /// The object of `explain` for a file that holds a message in hexadecimal.
    fn explained(&mut self) -> Value {
        let hex = std::fs::read_to_string(super::root().join(&self.path)).unwrap();
        objects(&self.printed(&format!("explain --format json {}", hex.trim()))).remove(0)
    }

    /// Whether a fact is so; if not, what is there instead.
    fn check(&mut self, fact: &str) -> Result<(), String> {
        let (subject, rest) = fact.split_once(' ').unwrap();
        match subject {
            "frame" => {
                let (number, rest) = rest.split_once(' ').unwrap();
                let subjects = self.subjects(Some(number.parse().unwrap()));
                if subjects.is_empty() { Err("it is not printed".into()) } else { holds(&subjects, rest) }
            }
            "any" => holds(&self.subjects(None), rest),
            "explain" => holds(&[self.explained()], rest),
            "stats" => holds(&objects(&self.printed("stats --json -r FILE")), rest),
            "messages" => {
                let all = self.subjects(None).iter().filter(|object| object["kind"] == "message").count();
                same(&all.to_string(), rest)
            }
            "field" => {
                let (number, rest) = rest.split_once(' ').unwrap();
                let (name, expected) = rest.split_once(" = ").unwrap();
                let rows = self.printed(&format!("print -T fields -e frame.number -e {name} FILE"));
                let row = rows.lines().filter_map(|row| row.split_once('\t')).find(|(frame, _)| *frame == number);
                same(row.ok_or("it is not printed")?.1, expected)
            }
            "status" => {
                let (expected, arguments) = rest.split_once(' ').unwrap();
                same(&format!("{:?}", self.run(arguments).status.code().unwrap()), expected)
            }
            "complains" if self.run(rest).stderr.is_empty() => Err("it says nothing".into()),
            "complains" => Ok(()),
            _ => panic!("cannot be understood: {fact}"),
        }
    }
}

fn same(got: &str, expected: &str) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("it is {got}")) }
}

/// `PATH = JSON`, `has ID ...` or `lacks ID ...` of objects.
fn holds(objects: &[Value], fact: &str) -> Result<(), String> {
    if let Some((path, expected)) = fact.split_once(" = ") {
        let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
        let got = objects[0].pointer(&pointer).unwrap_or(&Value::Null);
        let expected: Value = serde_json::from_str(expected).unwrap();
        let equal = match (path, &expected) {
            // Times are given as finely as the capture has them.
            ("frame.time", Value::String(time)) => got.as_str().is_some_and(|got| {
                got.trim_end_matches('Z').trim_end_matches('0') == time.trim_end_matches('Z').trim_end_matches('0')
            }),
            _ => *got == expected,
        };
        return if equal { Ok(()) } else { Err(format!("it is {got}")) };
    }
    let found: Vec<(&str, &str)> = objects
        .iter()
        .flat_map(|object| object["findings"].as_array().into_iter().flatten())
        .map(|finding| (finding["id"].as_str().unwrap(), finding["severity"].as_str().unwrap()))
        .collect();
    let (verb, ids) = fact.split_once(' ').unwrap();
    let level = |name: &str| SEVERITIES.iter().position(|severity| *severity == name);
    let is_there = |id: &str| match level(id) {
        Some(least) => found.iter().any(|(_, severity)| level(severity) >= Some(least)),
        None => found.iter().any(|(found, _)| *found == id),
    };
    let any = ids.split(' ').any(is_there);
    if any == (verb == "has") { Ok(()) } else { Err(format!("there is {found:?}")) }
}

#[test]
fn reports_from_the_field_are_told_right() {
    let (mut report, mut wrong, mut facts) = (None::<Report>, Vec::new(), 0);
    for line in REPORTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix("report ") {
            report = Some(Report::new(heading));
            continue;
        }
        let (report, fact) = (report.as_mut().unwrap(), line.trim());
        facts += 1;
        if let Err(instead) = report.check(fact) {
            wrong.push(format!("{}: {fact}: {instead}", report.path));
        }
    }
    println!("{facts} facts");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(facts > 280, "only {facts} facts");
}
