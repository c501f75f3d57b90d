//! The views against `print -T json`: for every capture of the lab, what stands on the drawn screens, scrolled through to the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use coapscope::render::time::duration;
use serde_json::Value;

use super::arrows::{direction, seconds, time};
use super::script::Scene;

/// Wide enough for every column, and rows for a pane alone.
pub const SIZE: (u16, u16) = (220, 70);
/// Rows of a pane alone at least.
const PAGE: usize = 60;
/// Below the pane: what explains the selection, and the hints.
pub const BELOW: usize = 4;

/// Captures of the lab, and the built-in one.
pub fn captures() -> Vec<PathBuf> {
    let lab = std::fs::read_dir("captures/lab").unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = lab.filter(|path| path.to_string_lossy().contains(".pcap")).collect();
    paths.push("captures/lab-session.pcap".into());
    paths.sort();
    assert!(paths.len() > 50, "the lab's captures are not here");
    paths
}

/// What `print -T json` says, a value a line.
pub fn told(path: &Path) -> Vec<Value> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_coapscope")).args(["print", "-T", "json", "-r"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The messages of each exchange.
pub fn by_exchange(told: &[Value]) -> BTreeMap<u64, Vec<&Value>> {
    let mut exchanges: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for object in told {
        if let Some(id) = object["exchange"].as_u64() {
            exchanges.entry(id).or_default().push(object);
        }
    }
    exchanges
}

/// A row as it was drawn, by the heads of its columns.
pub type Row = BTreeMap<&'static str, String>;

/// Where the columns stand whose heads are in this line; heads in capitals' stead: (name, whether its texts stand on the right).
pub fn columns(line: &str, heads: &[(&'static str, bool)]) -> Vec<(usize, usize)> {
    let mut from = 0;
    heads
        .iter()
        .map(|(name, _)| {
            let at = line.get(from..).and_then(|rest| rest.find(name));
            let start = from + at.unwrap_or_else(|| panic!("no column {name} in {line}"));
            from = start + name.len();
            (start, from)
        })
        .collect()
}

/// A row cut at its columns. A text on the left that one on the right follows has the blanks between them.
pub fn cut(row: &str, places: &[(usize, usize)], heads: &[(&'static str, bool)]) -> Row {
    let letters: Vec<char> = row.chars().collect();
    let part = |from: usize, to: usize| -> String {
        letters.iter().skip(from).take(to.saturating_sub(from)).collect::<String>().trim().to_owned()
    };
    let (mut cells, mut from) = (Row::new(), 1);
    for (index, ((name, on_right), (start, end))) in heads.iter().zip(places).enumerate() {
        let next = places.get(index + 1).zip(heads.get(index + 1));
        match (on_right, next) {
            (true, _) => {
                let text = part(from, *end);
                let own = text.rsplit("  ").next().unwrap_or_default();
                cells.insert(name, if from < *start { own.trim().to_owned() } else { text });
                from = end + 1;
            }
            (false, Some(((_, end_of_next), (_, true)))) => {
                // What follows stands at the end of both, with a blank before it.
                let both: Vec<char> = letters.iter().take(*end_of_next).skip(*start).copied().collect();
                let own = both.iter().rposition(|letter| *letter == ' ').unwrap_or(0);
                cells.insert(name, part(*start, start + own));
                from = start + own;
            }
            (false, Some(((start_of_next, _), _))) => {
                cells.insert(name, part(*start, *start_of_next));
                from = *start_of_next;
            }
            (false, None) => {
                cells.insert(name, part(*start, letters.len()));
            }
        }
    }
    cells
}

/// A cell shows a text, or as much of it as the column holds.
fn shows(cell: &str, text: &str) -> bool {
    let ends = |(start, end): (&str, &str)| cell.len() > 40 && text.starts_with(start) && text.ends_with(end);
    cell == text || cell.split_once('\u{2026}').is_some_and(ends)
}

/// The rows of a view's upper pane, shown alone, over all frames in which it is drawn; by the number in front of them.
pub fn rows(path: &Path, keys: &str, count: usize, heads: &[(&'static str, bool)]) -> BTreeMap<u64, Row> {
    let numbered =
        drawn(path, keys, count, heads).into_iter().filter_map(|row| Some((row[heads[0].0].parse().ok()?, row)));
    numbered.collect()
}

/// The same, all of them as they were drawn.
fn drawn(path: &Path, keys: &str, count: usize, heads: &[(&'static str, bool)]) -> BTreeSet<Row> {
    let through = format!("\\ g {}", "PgDn ".repeat(count / (PAGE - 1) + 1));
    let film = Scene::file(path).at(SIZE).keys(keys).wait().keys(&through).run();
    let mut rows = BTreeSet::new();
    for frame in &film.frames {
        let lines: Vec<&str> = frame.lines().collect();
        let Some(head) = lines.get(1).filter(|line| heads.iter().all(|(name, _)| line.contains(name))) else {
            continue;
        };
        if lines.iter().any(|line| line.starts_with("\u{2500}\u{2500} ")) {
            continue;
        }
        let places = columns(head, heads);
        for line in lines.iter().take(usize::from(SIZE.1) - BELOW).skip(2).filter(|line| !line.is_empty()) {
            rows.insert(cut(line, &places, heads));
        }
    }
    rows
}

pub const MESSAGES: &[(&str, bool)] = &[
    ("No", true),
    ("!", false),
    ("Since #1", true),
    ("Client > server", false),
    ("T", false),
    ("MID", true),
    ("Tok", false),
    ("Code", false),
    ("Summary", false),
];

#[test]
fn rows_of_the_list_are_those_of_print() {
    let (mut compared, mut ends) = (0, 0);
    for path in captures() {
        let told = told(&path);
        let drawn = rows(&path, "", told.len(), MESSAGES);
        let first =
            told.first().map(|object| (time(object), seconds(&drawn[&object["frame"]["number"].as_u64().unwrap()])));
        let numbers: BTreeSet<u64> = told.iter().map(|object| object["frame"]["number"].as_u64().unwrap()).collect();
        assert_eq!(drawn.keys().copied().collect::<BTreeSet<_>>(), numbers, "{}", path.display());
        for object in &told {
            let number = object["frame"]["number"].as_u64().unwrap();
            let coap = &object["coap"];
            let row = &drawn[&number];
            let (from, drawn_from) = first.unwrap();
            // Both are cut to microseconds.
            let off = (time(object) - from) / 1000 - (seconds(row) - drawn_from);
            assert!(off.abs() <= 1, "{} frame {number}: {off} us off in {row:?}", path.display());
            ends += usize::from(
                direction(object, row).unwrap_or_else(|| panic!("{} frame {number}: {row:?}", path.display())),
            );
            if object["kind"] != "message" || coap["type"].is_null() {
                continue;
            }
            let at = format!("{} frame {number}: {row:?}", path.display());
            let code = coap["code"].as_str().unwrap();
            let code = match (code, coap["code_name"].as_str()) {
                ("0.00", _) => "",
                (code, Some(name)) if code.starts_with("0.") => name,
                (code, _) => code,
            };
            assert_eq!(row["T"], coap["type"].as_str().unwrap(), "{at}");
            assert_eq!(row["MID"], coap["message_id"].to_string(), "{at}");
            assert!(row["Code"].to_lowercase().starts_with(&code.to_lowercase()), "{at}: {code}");
            let link =
                ["retransmission_of", "duplicate_of", "copy_of", "answers"].iter().find_map(|of| object[of].as_u64());
            // Of a datagram that came twice the row names the frame that is the same.
            let same = object["findings"].as_array().unwrap().iter().find_map(|finding| {
                let text = finding["text"].as_str()?.strip_prefix("The same datagram is frame ")?;
                text.split_once(',')?.0.parse().ok()
            });
            match same.or(link) {
                Some(other) => {
                    assert!(format!("{} ", row["Summary"]).contains(&format!("=#{other} ")), "{at}: {other}");
                }
                None => assert!(!row["Summary"].contains(" =#"), "{at}"),
            }
            if let (Some(copy), Some(_)) = (object["transmission"].as_u64(), object["retransmission_of"].as_u64()) {
                let number = format!("R{}", copy - 1);
                assert!(
                    row["!"].contains(&number) || row["Summary"].contains(&format!("{number}=#")),
                    "{at}: {number}"
                );
            }
            compared += 1;
        }
    }
    println!("{compared} rows of the list are as print -T json says, {ends} with the client on the left");
    assert!(compared > 1500 && ends > 1000, "{compared}, {ends}");
}

#[test]
fn blocks_and_codes_are_readable_at_any_width() {
    let mut compared = 0;
    for path in captures() {
        let told = told(&path);
        let name = |option: &Value| option["name"].as_str().is_some_and(|name| name.contains("Block"));
        let words = |option: &Value| {
            let value = &option["value"];
            let more = if value["more"] == true { "+" } else { " " };
            Some(format!("{} #{}/{}{more}", option["name"].as_str()?, value["number"], value["size"].as_u64()?))
        };
        let blocks_of = |object: &Value| {
            let options = object["coap"]["options"].as_array()?.iter().filter(|option| name(option));
            let blocks: Vec<String> = options.filter_map(words).collect();
            (!blocks.is_empty()).then_some((object["frame"]["number"].as_u64()?, blocks))
        };
        let blocks: BTreeMap<u64, Vec<String>> = told.iter().filter_map(blocks_of).collect();
        if blocks.is_empty() {
            continue;
        }
        for size in [(40, 70), (60, 70), (80, 70), (120, 70)] {
            let through = format!("\\ g {}", "PgDn ".repeat(told.len() / (PAGE - 1) + 1));
            let film = Scene::file(&path).at(size).keys(&through).run();
            let mut missing: BTreeSet<u64> = blocks.keys().copied().collect();
            let of_list =
                |frame: &String| frame.lines().take(usize::from(size.1) - BELOW).map(str::to_owned).collect::<Vec<_>>();
            for row in film.frames.iter().filter(|frame| !frame.contains("\u{2500}\u{2500} ")).flat_map(of_list) {
                let mut words = row.trim_start_matches(['\u{25b6}', '\u{2502}', ' ']).split(' ');
                let number = words.next().filter(|word| !word.starts_with('0')).and_then(|word| word.parse().ok());
                let Some(number) = number else { continue };
                let Some(block) = blocks.get::<u64>(&number) else { continue };
                let text = format!("{row} ").replace(" more ", "+ ").replace('\u{2026}', " ");
                // Two do not fit the narrowest.
                let brief = |block: &str| block.trim_end_matches(['+', ' ']).replace("Block", "B");
                let shown = |block: &String| text.contains(block) || text.contains(&brief(block));
                let shown =
                    if size.0 < 80 { block.iter().any(shown) } else { block.iter().all(|block| text.contains(block)) };
                let object = told.iter().find(|object| object["frame"]["number"] == number).unwrap();
                let code = object["coap"]["code"].as_str().unwrap();
                let code = if code < "1" { object["coap"]["code_name"].as_str().unwrap() } else { code };
                assert!(shown, "{} at {size:?}: {block:?} in\n{row}", path.display());
                assert!(row.contains(&format!(" {code}")), "{} at {size:?}: {code} in\n{row}", path.display());
                let severe = object["findings"].as_array().unwrap().iter().any(|finding| finding["severity"] == "warn");
                assert!(!severe || row.contains(" W ") || row.contains(" E "), "{}: {row}", path.display());
                missing.remove(&number);
                compared += 1;
            }
            assert!(missing.is_empty(), "{} at {size:?}: {missing:?} were never drawn", path.display());
        }
    }
    println!("{compared} rows tell their blocks");
    assert!(compared > 2000, "{compared}");
}

pub const EXCHANGES: &[(&str, bool)] = &[
    ("Ex", true),
    ("#", true),
    ("Start", true),
    ("Dir", false),
    ("T", false),
    ("Request", false),
    ("Reply", false),
    ("Cop", true),
    ("Time", true),
    ("State", false),
];

/// What an exchange is, told by its messages: its cells.
fn exchange(messages: &[&Value]) -> Row {
    let mut row = Row::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    row.insert("State", text(&messages[0]["exchange_state"]));
    let is_request = |object: &&&Value| {
        ["request", "registration", "deregistration"].contains(&object["role"].as_str().unwrap_or_default())
    };
    let Some(request) = messages.iter().find(is_request) else { return row };
    let resource = text(&request["resource"]);
    let code = &request["coap"];
    let options = code["options"].as_array().unwrap();
    let is_block = |option: &&Value| option["name"].as_str().is_some_and(|name| name.contains("Block"));
    let blocks = options.iter().filter(is_block).filter(|option| !option["value"]["number"].is_null());
    let blocks = blocks.map(|option| {
        let value = &option["value"];
        let size = value["size"].as_u64().map_or("reserved".into(), |size| size.to_string());
        let more = if value["more"] == true { "+" } else { "" };
        format!(" {} #{}/{size}{more}", text(&option["name"]), value["number"])
    });
    let protected = options.iter().any(|option| option["name"] == "OSCORE");
    let resource = if protected && resource.is_empty() { "(protected)".to_owned() } else { resource };
    let method = code["code_name"].as_str().unwrap_or(&text(&code["code"])).to_owned();
    row.insert("Request", format!("{method} {resource}{}", blocks.collect::<String>()).trim().to_owned());
    row.insert("#", request["frame"]["number"].to_string());
    row.insert("T", text(&code["type"]) + if request["multicast"] == true { "*" } else { "" });
    let copies = messages.iter().filter(is_request).filter_map(|copy| copy["transmission"].as_u64());
    row.insert("Cop", copies.max().unwrap_or(1).to_string());
    let answer = messages.iter().find(|object| {
        let answers = object["coap"]["type"] == "RST" || object["coap"]["code"] != "0.00";
        answers && object["frame"]["number"] == request["answered_by"]
    });
    let Some(answer) = answer else {
        row.insert("Reply", "none".into());
        return row;
    };
    let reply = match answer["coap"]["type"].as_str().unwrap() {
        "RST" => "RST".into(),
        "ACK" => text(&answer["coap"]["code"]) + " in ACK",
        "CON" => text(&answer["coap"]["code"]) + " sep CON",
        _ => text(&answer["coap"]["code"]) + " NON",
    };
    // Of a group it is told how many more answered.
    let is_first = |object: &&&Value| object["duplicate_of"].is_null() && object["copy_of"].is_null();
    let is_answer = |object: &&&Value| object["coap"]["code"].as_str().is_some_and(|code| code >= "2");
    let others = messages.iter().filter(is_first).filter(is_answer).count().saturating_sub(1);
    let is_told = request["multicast"] == true && others > 0;
    let reply = if is_told { format!("{reply} +{others}") } else { reply };
    row.insert("Reply", reply);
    if let Some(time) = answer["response_time"].as_f64() {
        row.insert("Time", duration((time * 1e9).round() as i64).replace(' ', ""));
    }
    row
}

#[test]
fn rows_of_exchanges_are_those_of_print() {
    let (mut compared, mut times) = (0, 0);
    for path in captures() {
        let told = told(&path);
        let exchanges = by_exchange(&told);
        let drawn = rows(&path, "3", exchanges.len(), EXCHANGES);
        let ids = |rows: &mut dyn Iterator<Item = u64>| rows.collect::<Vec<_>>();
        assert_eq!(ids(&mut drawn.keys().copied()), ids(&mut exchanges.keys().copied()), "{}", path.display());
        let ends = ends(&path);
        let is_over = |messages: &[&Value]| {
            let observation = messages.iter().find_map(|object| object["observation"].as_u64());
            observation.is_some_and(|id| ends[&id] != "open")
        };
        for (id, messages) in &exchanges {
            let open = messages.iter().any(|object| object["exchange_state"] == "observing");
            assert!(!open || !is_over(messages), "{} exchange {id}", path.display());
            assert_eq!(drawn[id]["State"] == "observing", open, "{} exchange {id}", path.display());
            for (name, expected) in exchange(messages) {
                let cell = &drawn[id][name];
                // Why the path is not known.
                let cell = &cell.replace(" (cut)", "").replace(" (unread)", "");
                // Age makes it slow; print tells of the end of the capture only what the tracker says.
                let slow = name == "State" && cell == "slow" && (expected == "open" || expected == "acknowledged");
                assert!(
                    shows(cell, &expected) || slow,
                    "{} exchange {id}, {name}: {cell}, print says {expected}",
                    path.display()
                );
                times += usize::from(name == "Time");
            }
            compared += 1;
        }
    }
    println!("{compared} rows of exchanges, {times} times among them, are as print -T json says");
    assert!(compared > 500 && times > 400, "{compared}, {times}");
}

pub const OBSERVATIONS: &[(&str, bool)] = &[
    ("Ob", true),
    ("#", true),
    ("Since", true),
    ("Dir", false),
    ("Resource", false),
    ("Notif", true),
    ("Last", true),
    ("Age/Max", true),
    ("Gaps", true),
    ("Stale", true),
    ("End", false),
];

/// Whether a message repeats an earlier one.
fn is_repeat(object: &Value) -> bool {
    ["retransmission_of", "duplicate_of", "copy_of"].iter().any(|of| !object[of].is_null())
}

/// The number of the Observe option.
pub fn observe(object: &Value) -> Option<u64> {
    object["coap"]["options"].as_array()?.iter().find(|option| option["number"] == 6)?["value"].as_u64()
}

/// Seconds that a value is fresh.
pub fn max_age(object: &Value) -> u64 {
    let options = object["coap"]["options"].as_array();
    let option = options.and_then(|options| options.iter().find(|option| option["number"] == 14));
    option.and_then(|option| option["value"].as_u64()).unwrap_or(60)
}

/// How each observation ended, which only fields tell.
fn ends(path: &Path) -> BTreeMap<u64, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    command.args(["print", "-T", "fields", "-e", "coapscope.observation", "-e", "coapscope.observation.end", "-r"]);
    let output = String::from_utf8(command.arg(path).output().unwrap().stdout).unwrap();
    output
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(id, end)| Some((id.parse().ok()?, end.into())))
        .collect()
}

/// What an observation is, told by its messages: its cells.
fn observation(messages: &[&Value]) -> Row {
    let count = |wanted: &dyn Fn(&Value) -> bool| messages.iter().filter(|object| wanted(object)).count().to_string();
    let order = |object: &Value| object["observe_order"].as_str().unwrap_or_default().to_owned();
    let newer = |object: &&&Value| !["", "stale", "same"].contains(&order(object).as_str());
    let freshest = messages.iter().filter(newer).filter_map(|object| observe(object)).next_back();
    // What was skipped, and did not come late either.
    let gaps = messages.iter().enumerate().filter(|(_, object)| order(object) == "gap").filter(|(at, object)| {
        let (before, after) = messages.split_at(*at);
        let last = before.iter().filter(newer).filter_map(|object| observe(object)).next_back().unwrap();
        let late: Vec<_> =
            after.iter().filter(|object| order(object) == "stale").map(|object| observe(object)).collect();
        !(last + 1..observe(object).unwrap()).all(|number| late.contains(&Some(number)))
    });
    Row::from([
        ("#", messages[0]["frame"]["number"].to_string()),
        ("Resource", messages[0]["resource"].as_str().unwrap_or("?").to_owned()),
        ("Notif", count(&|object| object["role"] == "notification" && !is_repeat(object))),
        ("Last", freshest.map_or("-".into(), |number| number.to_string())),
        ("Gaps", gaps.count().to_string()),
        ("Stale", count(&|object| ["stale", "same"].contains(&order(object).as_str()))),
        ("Age/Max", messages.iter().rfind(newer).map_or("-".into(), |object| format!("/{} s", max_age(object)))),
    ])
}

#[test]
fn rows_of_observations_are_those_of_print() {
    let mut compared = 0;
    for path in captures() {
        let told = told(&path);
        let mut observations: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
        for object in &told {
            if let Some(id) = object["observation"].as_u64() {
                observations.entry(id).or_default().push(object);
            }
        }
        let ends = ends(&path);
        let drawn = rows(&path, "4", observations.len(), OBSERVATIONS);
        let ids = |rows: &mut dyn Iterator<Item = u64>| rows.collect::<Vec<_>>();
        assert_eq!(ids(&mut drawn.keys().copied()), ids(&mut observations.keys().copied()), "{}", path.display());
        for (id, messages) in &observations {
            for (name, expected) in observation(messages).into_iter().chain([("End", ends[id].clone())]) {
                let cell = &drawn[id][name];
                let agrees = match name {
                    // How old it is depends on the last frame of the file; which message ended it stands behind the word.
                    "Age/Max" => cell.ends_with(&expected) || cell == "-",
                    "End" => cell.starts_with(&expected),
                    _ => shows(cell, &expected),
                };
                assert!(agrees, "{} observation {id}, {name}: {cell}, print says {expected}", path.display());
            }
            compared += 1;
        }
    }
    println!("{compared} rows of observations are as print -T json says");
    assert!(compared > 30, "{compared}");
}

const FINDINGS: &[(&str, bool)] = &[
    ("Severity", false),
    ("Finding", false),
    ("Count", true),
    ("First", true),
    ("Sender", false),
    ("Its doing", false),
    ("Resource", false),
];

#[test]
fn rows_of_findings_are_those_of_print() {
    let mut compared = 0;
    for path in captures() {
        let told = told(&path);
        // By severity, rule and sender: how many, and the frame of the first.
        let mut expected: BTreeMap<[String; 3], (u64, u64)> = BTreeMap::new();
        for object in &told {
            for finding in object["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] != "chat")
            {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let key = [text(&finding["severity"]), text(&finding["id"]), text(&object["source"])];
                expected.entry(key).or_insert((0, object["frame"]["number"].as_u64().unwrap())).0 += 1;
            }
        }
        let rows = drawn(&path, "5", expected.len(), FINDINGS);
        let number = |text: &str| text.trim_start_matches('#').parse().unwrap_or_else(|_| panic!("{text}"));
        let rows = rows.iter().filter(|row| !row["Sender"].is_empty()).map(|row| {
            let key = ["Severity", "Finding", "Sender"].map(|name| row[name].clone());
            (key, (number(&row["Count"]), number(&row["First"])))
        });
        // What the network did and what the sender did stand apart.
        let mut shown: BTreeMap<[String; 3], (u64, u64)> = BTreeMap::new();
        for (key, (count, first)) in rows {
            let row = shown.entry(key).or_insert((0, first));
            *row = (row.0 + count, row.1.min(first));
        }
        assert_eq!(shown, expected, "{}", path.display());
        compared += expected.len();
    }
    println!("{compared} rows of findings are as print -T json says");
    assert!(compared > 150, "{compared}");
}
