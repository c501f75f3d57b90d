//! A multicast on the ladder: who it reached, whatever the width.

use serde_json::Value;

use coapscope::render::ladder::Ports;

use crate::capture::{Capture, Form};

/// The row of a frame, its letters one a column.
fn row(text: &str, frame: u64) -> Vec<char> {
    let (_, ladder) = text.split_once("\n\n").unwrap();
    let is_of = |line: &&str| line.split_whitespace().next() == Some(frame.to_string().as_str());
    ladder.lines().find(is_of).unwrap().chars().collect()
}

/// The frames of the requests to groups and of their first answers from each.
fn multicasts(objects: &[Value]) -> Vec<(u64, Vec<(u64, String)>)> {
    let frame = |object: &Value| object["frame"]["number"].as_u64().unwrap();
    let to_group = |object: &&Value| {
        let address = object["destination"].as_str().unwrap();
        (address.starts_with("224.") || address.starts_with("[ff")) && object["coap"]["code"] == "0.01"
    };
    let answers = |request: &Value| {
        let mut found: Vec<(u64, String)> = Vec::new();
        for object in objects.iter().filter(|object| object["answers"] == request["frame"]["number"]) {
            let source = object["source"].as_str().unwrap().to_owned();
            if object["duplicate_of"].is_null() && found.iter().all(|(_, known)| *known != source) {
                found.push((frame(object), source));
            }
        }
        found
    };
    objects.iter().filter(to_group).map(|request| (frame(request), answers(request))).collect()
}

#[test]
fn a_multicast_has_a_head_for_each_who_answered() {
    let (mut heads, mut beyond) = (0, 0);
    for name in ["08-multicast-v4.pcap", "08-multicast-v6.pcap"] {
        let mut capture = Capture::lab(name);
        let groups = multicasts(&capture.json());
        for width in 60..=220 {
            let text = capture.text(Form { width, ports: Ports::Apart, unfolded: true, ..Form::default() }).0;
            for (request, answers) in &groups {
                let own = row(&text, *request);
                for (answer, _) in answers {
                    let answer = row(&text, *answer);
                    // Where the answer comes from is the last lane that it touches; the client has the first.
                    let Some(end) = answer.iter().position(|sign| *sign == '\u{25c0}').map(|at| at + 1) else {
                        continue;
                    };
                    let is_line = |sign: &char| "\u{2500}\u{2504}\u{2501}".contains(*sign);
                    let last = end + answer[end..].iter().rposition(is_line).unwrap_or(0) + 1;
                    match answer.get(last) {
                        Some('\u{bb}') => {
                            assert_eq!(
                                own.get(last),
                                Some(&'\u{bb}'),
                                "{name} at {width}:\n{}",
                                String::from_iter(&own)
                            );
                            beyond += 1;
                        }
                        Some('\u{2502}') => {
                            assert_eq!(own[last - 1], '\u{25b6}', "{name} at {width}:\n{}", String::from_iter(&own));
                            heads += 1;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    assert!(heads > 200 && beyond > 20, "{heads} {beyond}");
}

#[test]
fn who_answered_is_named_in_their_order() {
    let mut named = 0;
    for name in ["08-multicast-v4.pcap", "08-multicast-v6.pcap"] {
        let mut capture = Capture::lab(name);
        let groups = multicasts(&capture.json());
        let text = capture.text(Form { width: 250, ports: Ports::Apart, unfolded: true, ..Form::default() }).0;
        for (request, answers) in groups.iter().filter(|(_, answers)| !answers.is_empty()) {
            let alias = |place: &String| {
                let is_of = |line: &&str| line.split([' ', ',']).nth(2) == Some(place);
                text.lines().find(is_of).unwrap().split(' ').next().unwrap().to_owned()
            };
            let names: Vec<String> = answers.iter().map(|(_, place)| alias(place)).collect();
            let note = format!("answered by {}", names.join(", "));
            let own = String::from_iter(row(&text, *request));
            let told = own.contains(&note) || own.contains(&format!("{} answered", names.len()));
            assert!(told, "{name}, {note}:\n{own}");
            named += usize::from(own.contains(&note));
        }
        let group =
            text.lines().find(|line| line.ends_with(", a group")).unwrap().split(' ').next().unwrap().to_owned();
        assert!(text.contains(&format!(" {group} group ")), "{text}");
    }
    assert!(named > 1, "{named}");
}
