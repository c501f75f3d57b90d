//! Every figure of `stats` on the lab's session, computed once more from what `print -T json` says of each message.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::Command;

use serde_json::{Value, json};

const CAPTURE: &str = "captures/lab/09-lab-session.mirror.pcap";

pub fn run(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    let output =
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Nanoseconds of a time as JSON has it; the capture lies within one day.
fn nanoseconds(message: &Value) -> i64 {
    let text = message["frame"]["time"].as_str().unwrap();
    let (clock, fraction) = text.split_once('T').unwrap().1.trim_end_matches('Z').split_once('.').unwrap();
    let parts: Vec<i64> = clock.split(':').map(|part| part.parse().unwrap()).collect();
    let seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    seconds * 1_000_000_000 + format!("{fraction:0<9}").parse::<i64>().unwrap()
}

/// What is computed of exchanges that have something in common.
#[derive(Default)]
struct Sum {
    exchanges: u64,
    retransmitted: u64,
    retransmissions: u64,
    answered: u64,
    reset: u64,
    observations: u64,
    times: Vec<i64>,
}

impl Sum {
    fn json(&mut self) -> Value {
        json!({
            "exchanges": self.exchanges,
            "retransmitted": self.retransmitted,
            "retransmissions": self.retransmissions,
            "answered": self.answered,
            "reset": self.reset,
            "unanswered": self.exchanges - self.answered - self.reset,
            "observations": self.observations,
            "round_trip": percentiles(&mut self.times),
        })
    }
}

/// Nearest rank, as seconds.
fn percentiles(times: &mut [i64]) -> Value {
    if times.is_empty() {
        return Value::Null;
    }
    times.sort_unstable();
    let seconds = |time: i64| time as f64 / 1e9;
    let at = |percent: usize| seconds(times[(times.len() * percent).div_ceil(100) - 1]);
    let (min, max) = (seconds(times[0]), seconds(times[times.len() - 1]));
    json!({"count": times.len(), "min": min, "p50": at(50), "p95": at(95), "p99": at(99), "max": max})
}

/// The messages, and those that speak of messages.
struct Session {
    messages: Vec<Value>,
    evidence: Vec<Value>,
    by_frame: HashMap<u64, usize>,
}

impl Session {
    fn read() -> Self {
        let printed = run(&["print", "-T", "json", CAPTURE]);
        let all = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let (messages, evidence): (Vec<Value>, Vec<Value>) = all.partition(|object| object["kind"] == "message");
        let by_frame = messages
            .iter()
            .enumerate()
            .map(|(at, message)| (message["frame"]["number"].as_u64().unwrap(), at))
            .collect();
        Self { messages, evidence, by_frame }
    }

    fn at(&self, frame: &Value) -> Option<&Value> {
        Some(&self.messages[*self.by_frame.get(&frame.as_u64()?)?])
    }

    fn count(&self, is: impl Fn(&Value) -> bool) -> u64 {
        self.messages.iter().filter(|message| is(message)).count() as u64
    }

    /// First copies of requests.
    fn requests(&self) -> impl Iterator<Item = &Value> {
        self.messages.iter().filter(|message| is_request(message) && !is_repeat(message))
    }

    fn sum<'a>(&self, requests: impl Iterator<Item = &'a Value>) -> Sum {
        let mut sum = Sum::default();
        for request in requests {
            let number = &request["frame"]["number"];
            let repeats = self.count(|message| &message["retransmission_of"] == number);
            sum.exchanges += 1;
            sum.retransmitted += u64::from(repeats > 0);
            sum.retransmissions += repeats;
            let answer = self.at(&request["answered_by"]);
            let answer = answer.filter(|answer| is_response(answer) || answer["coap"]["type"] == "RST");
            if let Some(answer) = answer {
                sum.reset += u64::from(answer["coap"]["type"] == "RST");
                sum.answered += u64::from(is_response(answer));
                sum.times.push(nanoseconds(answer) - nanoseconds(request));
                let accepts = request["role"] == "registration" && option(answer, "Observe").is_some();
                sum.observations += u64::from(accepts);
            }
        }
        sum
    }
}

fn is_request(message: &Value) -> bool {
    message["role"] == "request" || message["role"] == "registration" || message["role"] == "deregistration"
}

fn is_response(message: &Value) -> bool {
    message["coap"]["code"].as_str().unwrap() >= "2"
}

/// It is not newer than the freshest before it (RFC 7641 section 3.4).
fn is_not_newer(message: &Value) -> bool {
    message["observe_order"] == "stale" || message["observe_order"] == "same"
}

/// Rules of what is malformed.
const MALFORMED: &str = "hdr.truncated hdr.version hdr.tkl-reserved hdr.token-truncated code.reserved-class code.signaling-on-udp \
                         empty.not-empty empty.non rst.not-empty ack.request opt.overrun opt.delta-15 opt.length-15 opt.ext-truncated \
                         opt.number-overflow payload.marker-empty";

fn is_malformed(message: &Value) -> bool {
    message["findings"].as_array().unwrap().iter().any(|it| MALFORMED.split(' ').any(|id| it["id"] == id))
}

fn is_repeat(message: &Value) -> bool {
    ["retransmission_of", "duplicate_of", "copy_of"].iter().any(|key| !message[*key].is_null())
}

fn option<'a>(message: &'a Value, name: &str) -> Option<&'a Value> {
    message["coap"]["options"].as_array()?.iter().find(|option| option["name"] == name)
}

/// Frames of the file, which are of Ethernet, each with its time in nanoseconds.
fn frames() -> Vec<(i64, Vec<u8>)> {
    let bytes = std::fs::read(CAPTURE).unwrap();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut at, mut frames) = (24, Vec::new());
    while at < bytes.len() {
        let (time, behind) = (i64::from(word(at)) * 1_000_000_000 + i64::from(word(at + 4)) * 1000, at + 16);
        at = behind + word(at + 8) as usize;
        frames.push((time, bytes[behind..at].to_vec()));
    }
    frames
}

/// How many of them are no UDP, by what they are.
fn without_udp(frames: &[(i64, Vec<u8>)]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (_, frame) in frames {
        let what = match (&frame[12..14], frame[14 + 9], frame[14 + 6]) {
            (b"\x08\x06", ..) => "ARP (EtherType 0x0806)",
            (b"\x08\x00", 1, _) => "ICMP",
            // Reports of multicast listeners stand behind hop-by-hop options.
            (b"\x86\xdd", _, next) if next == 58 || next == 0 && frame[14 + 40] == 58 => "ICMPv6 (IP protocol 58)",
            _ => continue,
        };
        *counts.entry(what).or_insert(0) += 1;
    }
    counts
}

fn groups(session: &Session, key: impl Fn(&Value) -> String) -> BTreeMap<String, Vec<&Value>> {
    let mut groups: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for request in session.requests() {
        groups.entry(key(request)).or_default().push(request);
    }
    groups
}

/// The counts that the command line pins.
fn counts(session: &Session, frames: usize) -> Value {
    let of_type = |name: &str| session.count(|message| message["coap"]["type"] == name);
    let role = |name: &str| session.count(|message| message["role"] == name && !is_repeat(message));
    let all = session.sum(session.requests());
    json!({
        "frames": frames,
        "coap_messages": session.messages.len(),
        "malformed": session.count(|one| is_malformed(one) && one["copy_of"].is_null()),
        "con": of_type("CON"),
        "non": of_type("NON"),
        "ack": of_type("ACK"),
        "rst": of_type("RST"),
        "exchanges": all.exchanges,
        "exchanges_retransmitted": all.retransmitted,
        "exchanges_unanswered": all.exchanges - all.answered - all.reset,
        "exchanges_reset": all.reset,
        "retransmissions": session.count(|one| !one["retransmission_of"].is_null() && one["coap"]["code"] != "0.00"),
        "duplicate_acks": session.count(|one| {
            one["coap"]["type"] == "ACK" && is_response(one) && !one["duplicate_of"].is_null()
        }),
        "piggybacked_responses": role("piggybacked-response"),
        "separate_responses": role("separate-response"),
        "non_responses": role("non-response"),
        "observations": all.observations,
        "notifications": role("notification"),
        "notifications_stale": session.count(|one| !is_repeat(one) && is_not_newer(one)),
        "deregistrations": role("deregistration"),
    })
}

/// The same, whatever a JSON parser makes of a number.
#[track_caller]
fn same(found: &Value, expected: &Value, what: &str) -> usize {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            assert_eq!(found.keys().collect::<BTreeSet<_>>(), expected.keys().collect(), "{what}");
            expected.iter().map(|(key, value)| same(&found[key], value, &format!("{what}.{key}"))).sum()
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() < 1e-9, "{what}: {found} is not {expected}");
            1
        }
        _ => {
            assert_eq!(found, expected, "{what}");
            1
        }
    }
}

#[test]
fn every_figure_is_computed_once_more() {
    let session = Session::read();
    let stats: Value = serde_json::from_str(&run(&["stats", "--json", CAPTURE])).unwrap();
    let frames = frames();
    let duration = frames[frames.len() - 1].0 - frames[0].0;
    let mut compared = 0;
    let mut check = |key: &str, expected: &Value| compared += same(&stats[key], expected, key);

    let counts = counts(&session, frames.len());
    for (key, expected) in counts.as_object().unwrap() {
        check(key, expected);
    }
    check("duration", &json!(duration as f64 / 1e9));
    check("evicted", &json!(0));
    check("looks_like_coap_on_port", &json!({}));
    check("retransmission_rate", &json!(counts["retransmissions"].as_f64().unwrap() / counts["con"].as_f64().unwrap()));
    check("round_trip", &percentiles(&mut session.sum(session.requests()).times));

    let mut codes = BTreeMap::new();
    for message in &session.messages {
        *codes.entry(message["coap"]["code"].as_str().unwrap()).or_insert(0) += 1;
    }
    check("codes", &json!(codes));

    let mut findings = BTreeMap::from([("error", 0), ("warn", 0), ("note", 0), ("chat", 0)]);
    for object in session.messages.iter().chain(&session.evidence) {
        for finding in object["findings"].as_array().unwrap() {
            *findings.get_mut(finding["severity"].as_str().unwrap()).unwrap() += 1;
        }
    }
    check("findings", &json!(findings));

    let sum = |get: &dyn Fn(&Value) -> u64| session.messages.iter().map(get).sum::<u64>();
    let on_wire = sum(&|message| message["frame"]["length"].as_u64().unwrap());
    let coap = sum(&|message| message["coap"]["length"].as_u64().unwrap());
    let payload = sum(&|message| message["coap"]["payload"]["length"].as_u64().unwrap_or(0));
    let overhead = |part: u64, whole: u64| (whole - part) as f64 / whole as f64;
    check(
        "bytes",
        &json!({
            "messages": session.messages.len(),
            "frames": on_wire,
            "coap": coap,
            "payload": payload,
            "overhead": overhead(payload, on_wire),
            "coap_overhead": overhead(payload, coap),
        }),
    );

    let ends = ["source", "destination"];
    let endpoints: BTreeSet<&str> =
        session.messages.iter().flat_map(|object| ends.map(|end| object[end].as_str().unwrap())).collect();
    // Who only sends ICMP errors is none.
    assert!(session.evidence.iter().any(|object| !endpoints.contains(object["source"].as_str().unwrap())));
    check("endpoints", &json!(endpoints.len()));
    check("exchanges_without_resource", &json!(session.requests().filter(|one| one["resource"].is_null()).count()));
    let others = without_udp(&frames);
    assert_eq!((others.len(), others["ICMP"]), (3, session.evidence.len()), "{others:?}");
    check("not_coap", &json!(others));

    let (mut how, mut observed) = (BTreeMap::new(), Vec::new());
    let observations: BTreeSet<u64> =
        session.messages.iter().filter_map(|message| message["observation"].as_u64()).collect();
    for number in observations {
        let has = |role: &str| session.count(|one| one["observation"] == number && one["role"] == role) > 0;
        let end = if has("deregistration") {
            "deregistered"
        } else if has("reset") {
            "reset"
        } else {
            "open"
        };
        *how.entry(end).or_insert(0) += 1;
        let of = |one: &Value| one["observation"] == number && one["role"] == "notification" && !is_repeat(one);
        let first = session.messages.iter().find(|one| of(one)).unwrap();
        observed.push(json!({
            "resource": first["resource"], "client": first["destination"], "server": first["source"],
            "notifications": session.count(of), "end": end, "registration_captured": has("registration"),
            // Nothing comes late in this session, so that every gap stays one: see `what_is_late_has_another_number`.
            "gaps": session.count(|one| of(one) && one["observe_order"] == "gap"),
            "late": session.count(|one| of(one) && one["observe_order"] == "stale"),
        }));
    }
    check("observation_ends", &json!(how));
    observed.sort_by_key(|row| std::cmp::Reverse(row["notifications"].as_u64()));
    check("observed", &json!(observed));
    check("observed_not_listed", &json!(0));

    let mut resources = BTreeMap::new();
    for (name, requests) in groups(&session, |request| request["resource"].as_str().unwrap().to_owned()) {
        let mut row = session.sum(requests.iter().copied()).json();
        let of = |message: &Value| message["role"] == "notification" && message["resource"] == name.as_str();
        row["notifications"] = json!(session.count(|one| of(one) && !is_repeat(one)));
        row["notifications_stale"] = json!(session.count(|one| of(one) && !is_repeat(one) && is_not_newer(one)));
        resources.insert(name, row);
    }
    compared += rows(&stats["resources"], &resources, |row| row["resource"].as_str().unwrap().to_owned());

    let pair = |one: &str, other: &str| format!("{one} > {other}");
    let of_pair =
        groups(&session, |request| pair(request["source"].as_str().unwrap(), request["destination"].as_str().unwrap()));
    let pairs = of_pair.into_iter().map(|(name, requests)| (name, session.sum(requests.iter().copied()).json()));
    compared += rows(&stats["pairs"], &pairs.collect(), |row| {
        pair(row["client"].as_str().unwrap(), row["server"].as_str().unwrap())
    });
    assert_eq!(stats["pairs_not_listed"], 0);

    compared += waits(&session, &stats["waits"]);
    println!("{compared} figures computed once more");
    // Nothing is told that was not looked at here.
    let looked_at = "bytes codes duration endpoints evicted exchanges_without_resource findings looks_like_coap_on_port not_coap observation_ends observed \
                     observed_not_listed pairs \
                     pairs_not_listed resources retransmission_rate round_trip waits";
    let known: BTreeSet<&str> =
        looked_at.split_whitespace().chain(counts.as_object().unwrap().keys().map(String::as_str)).collect();
    assert_eq!(stats.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
}

/// First waits of each sender, from the first copy of a message to the second, and how many times the wait before it each later wait is:
/// the median of those, the upper of two in the middle.
#[track_caller]
fn waits(session: &Session, found: &Value) -> usize {
    let mut waits: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for copy in session.messages.iter().filter(|one| one["transmission"] == 2 && !one["retransmission_of"].is_null()) {
        let first = session.at(&copy["retransmission_of"]).unwrap();
        waits.entry(copy["source"].as_str().unwrap()).or_default().push(nanoseconds(copy) - nanoseconds(first));
    }
    let mut growth: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for first in session.messages.iter().filter(|one| one["transmission"] == 1) {
        let copies = session.messages.iter().filter(|one| one["retransmission_of"] == first["frame"]["number"]);
        let times: Vec<i64> = std::iter::once(first).chain(copies).map(nanoseconds).collect();
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let ratios = gaps.windows(2).map(|pair| pair[1] / pair[0]);
        growth.entry(first["source"].as_str().unwrap()).or_default().extend(ratios);
    }
    growth.values_mut().for_each(|ratios| ratios.sort_by(f64::total_cmp));
    for row in found.as_array().unwrap() {
        let sender = row["sender"].as_str().unwrap();
        let ratios = growth.get(sender).map_or(&[][..], Vec::as_slice);
        same(&row["apparent_growth"], &json!(ratios.get(ratios.len() / 2)), sender);
        let own = &waits[sender];
        let (shortest, longest) = (*own.iter().min().unwrap(), *own.iter().max().unwrap());
        // Of fewer than five waits their spread says little.
        let factor = (own.len() >= 5).then(|| longest as f64 / shortest as f64);
        same(&row["apparent_ack_random_factor"], &json!(factor), sender);
        let seconds = |time: Option<&i64>| json!(*time.unwrap() as f64 / 1e9);
        same(&row["messages"], &json!(own.len()), "messages");
        same(&row["apparent_ack_timeout"], &seconds(own.iter().min()), "apparent_ack_timeout");
        same(&row["longest_first_wait"], &seconds(own.iter().max()), "longest_first_wait");
    }
    assert_eq!(found.as_array().unwrap().len(), waits.len());
    5 * waits.len()
}

/// Compares the rows of a table, which stand in falling order of their exchanges.
#[track_caller]
fn rows(found: &Value, expected: &BTreeMap<String, Value>, name: impl Fn(&Value) -> String) -> usize {
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), expected.len());
    let order: Vec<u64> = found.iter().map(|row| row["exchanges"].as_u64().unwrap()).collect();
    assert!(order.is_sorted_by(|a, b| a >= b), "{order:?}");
    found
        .iter()
        .map(|row| {
            let (name, mut bare) = (name(row), row.clone());
            ["resource", "client", "server"].iter().for_each(|key| {
                bare.as_object_mut().unwrap().remove(*key);
            });
            same(&bare, &expected[&name], &name)
        })
        .sum()
}

#[test]
fn text_keeps_to_80_columns_and_says_what_it_leaves_out() {
    let stats: Value = serde_json::from_str(&run(&["stats", "--json", CAPTURE])).unwrap();
    let text = run(&["stats", CAPTURE]);
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    for (title, key) in [("resources, by exchanges", "resources"), ("pairs of endpoints, by exchanges", "pairs")] {
        let rows = stats[key].as_array().unwrap();
        let part = text.split_once(title).unwrap().1.split("\n\n").next().unwrap();
        let numbers: Vec<String> = part
            .lines()
            .filter(|line| line.get(2..9).is_some_and(|cell| cell.trim().parse::<u64>().is_ok()))
            .map(|line| line[2..25].split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let expected: Vec<String> = rows
            .iter()
            .take(10)
            .map(|row| format!("{} {} {}", row["exchanges"], row["retransmissions"], row["unanswered"]))
            .collect();
        assert_eq!(numbers, expected, "{title}");
        assert!(part.contains(&format!("and {} more (--json lists more)", rows.len() - 10)), "{part}");
        // Names are whole, if need be in two lines.
        let joined = part.split_whitespace().collect::<Vec<_>>().join(" ");
        for row in rows.iter().take(10) {
            for name in ["resource", "client", "server"].iter().filter_map(|key| row[*key].as_str()) {
                assert!(joined.contains(name), "{name}: {part}");
            }
        }
    }
}

#[test]
fn the_table_of_observations_is_computed_once_more() {
    let session = Session::read();
    let text = run(&["stats", CAPTURE]);
    let part = text.split_once("observations, by notifications").unwrap().1.split("\n\n").next().unwrap();
    let joined = part.split_whitespace().collect::<Vec<_>>().join(" ");
    let numbers: BTreeSet<u64> =
        session.messages.iter().filter_map(|message| message["observation"].as_u64()).collect();
    let mut expected = Vec::new();
    for number in &numbers {
        let of = |one: &&Value| one["observation"] == *number && one["role"] == "notification" && !is_repeat(one);
        let all: Vec<&Value> = session.messages.iter().filter(of).collect();
        let late = all.iter().filter(|one| one["observe_order"] == "stale").count();
        let Some(one) = all.first() else { continue };
        let name = |key: &str| one[key].as_str().unwrap();
        let row = format!("{}, {} > {}", name("resource"), name("destination"), name("source"));
        assert!(joined.contains(&row), "{row} is not in {part}");
        expected.push((all.len(), late));
    }
    expected.sort_by_key(|row| std::cmp::Reverse(*row));
    let rows: Vec<(usize, usize)> = part
        .lines()
        .filter(|line| line.get(2..9).is_some_and(|cell| cell.trim().parse::<u64>().is_ok()))
        .map(|line| {
            let cells: Vec<usize> = line.split_whitespace().take(3).map(|cell| cell.parse().unwrap()).collect();
            (cells[0], cells[2])
        })
        .collect();
    assert_eq!(rows, expected, "{part}");
}

#[test]
fn a_filter_that_lets_all_through_changes_no_figure() {
    let read = |arguments: &[&str]| -> Value { serde_json::from_str(&run(arguments)).unwrap() };
    let mut all = read(&["stats", "--json", CAPTURE]);
    let chosen = read(&["stats", "--json", CAPTURE, "-Y", "frame.number > 0"]);
    // Frames that are no messages are not there to be chosen, and observations belong to more than the chosen messages.
    for key in ["frames", "not_coap", "observation_ends", "observed", "observed_not_listed", "evicted", "waits"] {
        all.as_object_mut().unwrap().remove(key);
    }
    for row in all["resources"].as_array_mut().unwrap() {
        ["notifications", "notifications_stale"].iter().for_each(|key| {
            row.as_object_mut().unwrap().remove(*key);
        });
    }
    let mut compared = 0;
    for (key, expected) in all.as_object().unwrap() {
        compared += match (&chosen[key], expected) {
            (Value::Array(found), Value::Array(expected)) => {
                assert_eq!(found.len(), expected.len(), "{key}");
                found.iter().zip(expected).map(|(found, expected)| same(found, expected, key)).sum()
            }
            (found, expected) => same(found, expected, key),
        };
    }
    println!("{compared} figures are the same");
}
