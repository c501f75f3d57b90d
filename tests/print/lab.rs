//! The captures of the lab: counts against what the peers' own logs say, and the right answer where tshark 4.0 has another.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use serde_json::Value;

use super::{objects, root, run};

/// Recordings of CoAP over TCP and WebSocket, which is not decoded.
const OTHER_TRANSPORTS: [&str; 2] = ["06-tcp-libcoap.pcap", "06-ws-aiocoap.pcap"];

/// What reading a recording needs besides its name.
fn options(file: &str) -> &'static str {
    if file == "08-other-ports.pcap" { " --port 5783" } else { "" }
}

/// All objects of a recording; one that was cut has a warning on standard error.
fn all(file: &str, options: &str) -> Vec<Value> {
    let output = run(&format!("print -T json captures/lab/{file}{options}"));
    assert!(output.status.success(), "{file}: {output:?}");
    objects(&String::from_utf8(output.stdout).unwrap())
}

fn messages(file: &str) -> Vec<Value> {
    let mut all = all(file, options(file));
    all.retain(|object| object["kind"] == "message");
    all
}

/// Names of the recordings that `counts.tsv` has.
fn recordings() -> BTreeSet<String> {
    rows().into_iter().map(|[file, ..]| file).filter(|file| !OTHER_TRANSPORTS.contains(&file.as_str())).collect()
}

/// Rows of `counts.tsv`: file, message, in the capture, in the logs, difference, why.
fn rows() -> Vec<[String; 6]> {
    let text = fs::read_to_string(root().join("captures/lab/counts.tsv")).unwrap();
    let row = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        [(); 6].map(|()| cells.next().unwrap_or_default())
    };
    text.lines().skip(1).map(row).collect()
}

fn number(object: &Value) -> u64 {
    object["frame"]["number"].as_u64().unwrap()
}

fn has(object: &Value, id: &str) -> bool {
    object["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == id)
}

/// Frames of the messages with a finding.
fn with(messages: &[Value], id: &str) -> Vec<u64> {
    messages.iter().filter(|message| has(message, id)).map(number).collect()
}

#[test]
fn counts_by_type_and_code_equal_the_logs_of_the_peers() {
    let mut expected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for [file, message, captured, logged, difference, why] in rows() {
        let number = |text: &str| text.trim_start_matches('+').parse::<i64>().unwrap();
        assert_eq!(number(&captured) - number(&logged), number(&difference), "{file}: {message}");
        assert_eq!(number(&difference) != 0, !why.is_empty(), "{file}: {message}: a difference has its reason");
        if captured != "0" {
            expected.entry(file).or_default().insert(message, captured.parse().unwrap());
        }
    }
    for file in recordings() {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for message in messages(&file) {
            let coap = &message["coap"];
            let text = |key: &str| coap[key].as_str().unwrap().to_owned();
            let code = match text("code") {
                code if code == "0.00" => "EMPTY".to_owned(),
                code if code.starts_with("0.") => text("code_name"),
                code => code,
            };
            *counts.entry(format!("{} {code}", text("type"))).or_default() += 1;
        }
        assert_eq!(Some(&counts), expected.get(&file), "{file}");
    }
}

#[test]
fn answers_to_a_group_are_no_retransmissions_though_they_share_a_message_id() {
    let all = messages("08-multicast-v4.pcap");
    let answers = |frame: u64| {
        let message = all.iter().find(|message| number(message) == frame).unwrap();
        assert!(message["retransmission_of"].is_null() && message["duplicate_of"].is_null(), "{message}");
        message["answers"].as_u64()
    };
    let related = [16, 19, 22, 25, 26, 27, 28, 29, 30, 31].map(answers);
    let [first, second, third] = [16, 26, 30].map(Some);
    assert_eq!(related, [None, first, first, first, None, second, second, second, None, third]);
    assert!(with(&all, "mid.retransmission").is_empty() && with(&all, "mid.reuse").is_empty());
}

#[test]
fn every_repeat_is_related_to_its_first_copy_whatever_its_type() {
    // The second answer of frame 18 has another payload, under a Message ID that was answered before.
    const OTHER_CONTENT: (&str, u64) = ("04-late-answer.pcap", 18);
    let mut repeats: BTreeMap<String, u64> = BTreeMap::new();
    for file in recordings() {
        let mut first: HashMap<String, u64> = HashMap::new();
        for message in messages(&file) {
            let coap = &message["coap"];
            let related = ["retransmission_of", "duplicate_of", "copy_of"].map(|key| message[key].as_u64());
            if coap["type"].is_null() {
                continue;
            }
            let same = ["type", "code", "message_id", "token"].map(|key| coap[key].to_string());
            let key = format!("{} {} {}", message["source"], message["destination"], same.join(" "));
            let earlier = first.get(&key).copied();
            first.entry(key).or_insert_with(|| number(&message));
            let own = related.into_iter().flatten().next();
            if (file.as_str(), number(&message)) == OTHER_CONTENT {
                assert!(own.is_none() && has(&message, "ack.changed"), "{message}");
                continue;
            }
            assert_eq!(own, earlier, "{file}: {message}");
            let is_retransmission = coap["type"] == "CON" && !has(&message, "net.duplicate");
            let expected = if is_retransmission { related[0] } else { related[1] };
            assert!(earlier.is_none() || expected == earlier, "{file}: {message}");
            if earlier.is_some() {
                *repeats.entry(coap["type"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    for kind in ["CON", "NON", "ACK", "RST"] {
        assert!(repeats.get(kind).is_some_and(|count| *count > 0), "no repeated {kind}: {repeats:?}");
    }
}

#[test]
fn every_response_is_linked_to_the_request_with_its_token() {
    // Responses that come where nothing waits for them: why, by the finding on them.
    const UNLINKED: &[(&str, u64, &str)] = &[("04-reorder.client.pcap", 50, "obs.after-cancel")];
    let (mut linked, mut unlinked) = (BTreeMap::<&str, u64>::new(), Vec::new());
    for file in recordings().into_iter().chain(["11-malformed-libcoap.pcap".to_owned()]) {
        let mut requests: HashMap<String, BTreeSet<u64>> = HashMap::new();
        for message in messages(&file) {
            let (coap, key) = (&message["coap"], |from: &str, to: &str| {
                format!("{} {} {}", message[from], message[to], message["coap"]["token"])
            });
            let code = coap["code"].as_str().unwrap_or_default();
            if code.starts_with("0.") && code != "0.00" {
                requests.entry(key("source", "destination")).or_default().insert(number(&message));
            } else if code.starts_with(['2', '4', '5'])
                && let Some(requests) = requests.get(&key("destination", "source"))
            {
                let Some(request) = message["answers"].as_u64() else {
                    let reason = UNLINKED.iter().find(|(name, frame, _)| *name == file && *frame == number(&message));
                    assert!(reason.is_some_and(|(.., why)| has(&message, why)), "{file}: {message}");
                    unlinked.push(number(&message));
                    continue;
                };
                assert!(requests.contains(&request), "{file}: {message}");
                let kind = ["CON", "NON", "ACK"].into_iter().find(|kind| coap["type"] == *kind).unwrap();
                *linked.entry(kind).or_default() += 1;
            }
        }
    }
    assert_eq!(unlinked, [50]);
    assert!(linked["CON"] > 200 && linked["NON"] > 100 && linked["ACK"] > 1000, "{linked:?}");
}

#[test]
fn errors_of_headers_and_options_are_not_passed_over() {
    let all = messages("11-malformed-libcoap.pcap");
    for id in [
        "hdr.version",
        "hdr.tkl-reserved",
        "hdr.token-truncated",
        "payload.marker-empty",
        "empty.not-empty",
        "empty.non",
        "rst.not-empty",
        "ack.request",
        "code.reserved-class",
        "code.signaling-on-udp",
        "block.szx7",
        "opt.uint-range",
        "opt.repeated",
    ] {
        assert!(!with(&all, id).is_empty(), "no {id}");
    }
}

#[test]
fn a_cut_message_leaves_nothing_to_the_next() {
    let all = messages("08-snaplen-60.pcap");
    let of = |frame: u64| all.iter().find(|message| number(message) == frame).unwrap();
    assert_eq!((of(22)["resource"].as_str(), of(23)["resource"].as_str()), (Some("/nowhere"), Some("/nowhere")));
    assert_eq!((of(23)["answers"].as_u64(), of(23)["coap"]["code"].as_str()), (Some(22), Some("4.04")));
}

#[test]
fn what_icmp_quotes_is_no_message() {
    let all = all("04-server-down-icmp.pcap", "");
    let (messages, evidence): (Vec<_>, Vec<_>) = all.into_iter().partition(|object| object["kind"] == "message");
    assert_eq!((messages.len(), evidence.len()), (8, 8));
    assert!(evidence.iter().all(|icmp| icmp["about"].is_u64()), "{evidence:?}");
    let repeats = messages.iter().filter_map(|message| Some((number(message), message["retransmission_of"].as_u64()?)));
    assert_eq!(repeats.collect::<Vec<_>>(), [(3, 1), (5, 1), (7, 1), (11, 9)]);
    assert_eq!(with(&messages, "mid.retransmission"), [3, 5, 7, 11]);
}

#[test]
fn ports_are_decoded_that_are_named_or_convey_coap() {
    let frames = |options: &str| all("08-other-ports.pcap", options).iter().map(number).collect::<Vec<_>>();
    assert_eq!(frames(""), [3, 4, 5, 6]);
    assert_eq!(frames(" --port 5783"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(frames(" -d udp.port==5783,coap"), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_reset_with_message_id_0_answers_nothing() {
    let all = messages("03-observe-oversize.pcap");
    let resets: Vec<_> = all.iter().filter(|message| message["coap"]["type"] == "RST").collect();
    assert_eq!(resets.len(), 10);
    for reset in resets {
        assert!(reset["coap"]["message_id"] == 0 && reset["answers"].is_null() && has(reset, "rst.orphan"), "{reset}");
    }
    assert!(all.iter().all(|message| message["coap"]["code"] == "0.00" || message["exchange_state"] != "reset"));
}

/// What the peers sent in blocks: recording, method, resource, from the client, bytes, blocks, the frame that completes it.
const BODIES: &[(&str, &str, &str, bool, u64, u64, u64)] = &[
    ("05-block1-negotiation", "PUT", "/smallblocks", true, 2560, 25, 49),
    ("05-block1-negotiation", "PUT", "/smallblocks", true, 2560, 37, 123),
    ("05-block1-negotiation", "GET", "/big", false, 5000, 79, 282),
    ("05-block1-negotiation", "GET", "/big", false, 5000, 10, 302),
    ("05-block1-negotiation", "PUT", "/smallblocks", true, 1500, 9, 319),
    ("05-block1-negotiation", "GET", "/big", false, 5000, 79, 478),
    ("05-block2-libcoap", "PUT", "/example_data", true, 4800, 5, 9),
    ("05-block2-libcoap", "GET", "/example_data", false, 4800, 5, 20),
    ("05-block2-libcoap", "GET", "/example_data", false, 4800, 75, 170),
    ("05-block2-libcoap", "GET", "/example_data", false, 4800, 19, 208),
    ("05-block2-libcoap", "GET", "/example_data", false, 4800, 10, 230),
    ("05-block2-libcoap", "PUT", "/example_data", true, 4800, 38, 305),
    ("05-block2-libcoap", "PUT", "/example_data", true, 4800, 10, 325),
    ("05-block-aiocoap", "GET", "/big", false, 5000, 5, 10),
    ("05-block-aiocoap", "GET", "/huge", false, 40000, 40, 100),
    ("05-block-aiocoap", "POST", "/big", true, 2500, 3, 111),
    ("05-block-aiocoap", "POST", "/big", false, 2500, 3, 116),
    ("05-block-aiocoap", "FETCH", "/big", true, 1500, 2, 119),
    ("05-block-aiocoap", "FETCH", "/big", false, 1500, 2, 122),
    ("05-block-aiocoap", "GET", "/big", false, 3000, 47, 216),
    ("05-block-aiocoap", "GET", "/big", false, 3000, 3, 222),
    ("05-block-errors", "PUT", "/example_data", true, 1500, 24, 142),
    ("05-block-errors", "PUT", "/example_data", true, 1500, 24, 155),
];

#[test]
fn bodies_are_those_that_the_peers_sent() {
    for capture in BODIES.iter().map(|body| body.0).collect::<BTreeSet<_>>() {
        let all = messages(&format!("{capture}.pcap"));
        let methods: HashMap<u64, &str> = all
            .iter()
            .filter_map(|message| Some((message["exchange"].as_u64()?, message["coap"]["code_name"].as_str()?)))
            .rev()
            .collect();
        for &(_, method, resource, upload, length, blocks, frame) in BODIES.iter().filter(|body| body.0 == capture) {
            let message = all.iter().find(|message| number(message) == frame).unwrap();
            let body = &message["body"];
            let said = [&body["length"], &body["received"], &body["blocks"]].map(Value::as_u64);
            assert_eq!(said, [Some(length), Some(length), Some(blocks)], "{capture}: {message}");
            assert!(body["complete"] == true && body["upload"] == upload, "{capture}: {message}");
            assert_eq!(body["frames"].as_array().map(Vec::len), Some(blocks as usize), "{capture}: {message}");
            assert_eq!(methods[&message["exchange"].as_u64().unwrap()], method, "{capture}: {message}");
            let begin = body["frames"][0].as_u64().unwrap();
            let first = all.iter().find(|message| number(message) == begin).unwrap();
            let request = if upload { first } else { &all[at(&all, first["answers"].as_u64().unwrap())] };
            assert_eq!(request["resource"], resource, "{capture}: {message}");
        }
    }
}

fn at(messages: &[Value], frame: u64) -> usize {
    messages.iter().position(|message| number(message) == frame).unwrap()
}

#[test]
fn two_bodies_from_two_ports_with_the_same_tokens_stay_apart() {
    let all = messages("05-block-errors.pcap");
    let mut tokens: BTreeMap<u64, (BTreeSet<&str>, Vec<&str>)> = BTreeMap::new();
    for message in all.iter().filter(|message| message["coap"]["type"] == "CON" && number(message) >= 60) {
        if let Some(body) = message["body"]["id"].as_u64() {
            let entry = tokens.entry(body).or_default();
            entry.0.insert(message["source"].as_str().unwrap());
            entry.1.push(message["coap"]["token"].as_str().unwrap());
        }
    }
    let [(sources, first), (others, second)] = &tokens.into_values().collect::<Vec<_>>()[..] else {
        panic!("not two bodies")
    };
    assert!(sources.len() == 1 && others.len() == 1 && sources != others, "{sources:?} {others:?}");
    assert_eq!(first, second);
}
