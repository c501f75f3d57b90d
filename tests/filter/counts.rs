//! How many messages filters let through: as many as tshark says, or as was counted by hand.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Loaded, root};

/// Captures that tshark reads otherwise, and why.
const APART: &[(&str, &str)] = &[
    ("06-dtls", "DTLS on a port of CoAP is decoded as CoAP"),
    ("06-tcp", "CoAP over TCP is not read here"),
    ("06-ws", "CoAP over WebSocket is not read here"),
    ("06-oscore", "the OSCORE option is taken apart otherwise"),
    ("08-snaplen-60", "what the capture cut is no fault"),
    ("08-truncated", "mergecap ends at the cut record"),
    ("08-other-ports", "ports that tshark does not take for CoAP"),
    ("10-", "options that Wireshark 4.0 does not know"),
    ("11-", "malformed messages, in which tshark goes on otherwise"),
    ("09-", "the same frames again"),
];

fn wireshark() -> Vec<String> {
    let text = fs::read_to_string(root().join("tests/filter/wireshark.txt")).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    assert!(found || std::env::var_os("COAPSCOPE_PEERS").is_none(), "{program} is missing");
    found
}

/// All captures of the lab that both read alike, one behind the other.
fn merged(folder: &std::path::Path) -> PathBuf {
    let merged = folder.join("all.pcapng");
    let mut captures: Vec<PathBuf> = fs::read_dir(root().join("captures/lab"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.contains(".pcap") && !APART.iter().any(|(start, _)| name.starts_with(start))
        })
        .collect();
    captures.sort();
    let done = Command::new("mergecap").arg("-a").arg("-w").arg(&merged).args(&captures).status().unwrap();
    assert!(done.success());
    merged
}

/// Counts of tshark for many filters, of which none has a comma.
fn counts(file: &std::path::Path, filters: &[&String]) -> Vec<u64> {
    let list: Vec<&str> = filters.iter().map(|filter| filter.as_str()).collect();
    let output = Command::new("tshark")
        .args(["-q", "-z", &format!("io,stat,0,{}", list.join(",")), "-r"])
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let row = text.lines().rfind(|line| line.contains("<>")).unwrap_or_else(|| panic!("{text} {:?}", output.stderr));
    let cells: Vec<&str> = row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
    cells[1..].iter().step_by(2).map(|cell| cell.parse().unwrap()).collect()
}

/// Frames that tshark lets through.
fn frames(file: &std::path::Path, filter: &str) -> Vec<u32> {
    let output = Command::new("tshark")
        .args(["-Y", filter, "-T", "fields", "-e", "frame.number", "-r"])
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn counts_are_those_of_tshark() {
    if !has("tshark") || !has("mergecap") {
        println!("skipped: tshark is not installed");
        return;
    }
    let folder = std::env::temp_dir().join(format!("coapscope-filter-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = merged(&folder);
    let all = Loaded::of(&file);
    let filters = wireshark();
    let (with_commas, plain): (Vec<&String>, Vec<&String>) = filters.iter().partition(|filter| filter.contains(','));
    let mut theirs: Vec<(&String, usize)> =
        plain.iter().copied().zip(counts(&file, &plain).into_iter().map(|count| count as usize)).collect();
    theirs.extend(with_commas.into_iter().map(|filter| (filter, frames(&file, filter).len())));
    let (mut wrong, mut empty) = (Vec::new(), 0);
    for (filter, count) in &theirs {
        let ours = all.frames(filter);
        empty += usize::from(*count == 0);
        if ours.len() != *count {
            let theirs = frames(&file, filter);
            let more: Vec<_> = ours.iter().filter(|frame| !theirs.contains(frame)).take(5).collect();
            let less: Vec<_> = theirs.iter().filter(|frame| !ours.contains(frame)).take(5).collect();
            wrong
                .push(format!("{filter}: {} here, {count} there; only here {more:?}, only there {less:?}", ours.len()));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(theirs.len() >= 120, "{} filters", theirs.len());
    assert!(empty * 10 < theirs.len(), "{empty} of {} filters let nothing through", theirs.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Captures of `hand.txt` by their names there.
fn capture(name: &str) -> PathBuf {
    match name {
        "S" => root().join("captures/lab-session.pcap"),
        name => root().join(format!("captures/lab/{name}.pcap")),
    }
}

#[test]
fn counts_are_those_by_hand() {
    let text = fs::read_to_string(root().join("tests/filter/hand.txt")).unwrap();
    let mut loaded: std::collections::HashMap<String, Loaded> = std::collections::HashMap::new();
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(3, ' ');
        let (name, count, filter) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let all = loaded.entry(name.to_owned()).or_insert_with(|| Loaded::of(&capture(name)));
        let frames = all.frames(filter);
        if frames.len() != count.parse::<usize>().unwrap() {
            wrong.push(format!("{line}: {} {frames:?}", frames.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Filters that say what `stats` counts.
const STATS: &[(&str, &str)] = &[
    ("con", "coapscope.type == CON && WELL"),
    ("non", "coapscope.type == NON && WELL"),
    ("ack", "coapscope.type == ACK && WELL"),
    ("rst", "coapscope.type == RST && WELL"),
    ("malformed", "coapscope.malformed == true && !coapscope.copy_of"),
    ("exchanges", "FIRST && coapscope.role in {request, registration, deregistration}"),
    ("retransmissions", "coapscope.retransmission_of && coap.code > 0 && WELL"),
    ("piggybacked_responses", "FIRST && coapscope.role == piggybacked-response && coapscope.exchange"),
    ("separate_responses", "FIRST && coapscope.role == separate-response && coapscope.exchange"),
    ("non_responses", "FIRST && coapscope.role == non-response && coapscope.exchange"),
    ("notifications", "FIRST && coapscope.role == notification"),
    ("deregistrations", "FIRST && coapscope.role == deregistration"),
];

#[test]
fn counts_are_those_of_stats() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(root().join("captures/lab")).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().contains(".pcap") {
            continue;
        }
        let all = Loaded::of(&path);
        let counters = all.store.summary().counters;
        for (name, filter) in STATS {
            let filter = filter
                .replace("WELL", "coapscope.kind == message && !coapscope.copy_of || 0 > coap.mid")
                .replace("|| 0 > coap.mid", "&& coapscope.malformed == false")
                .replace("FIRST", "!coapscope.retransmission_of && !coapscope.duplicate_of && !coapscope.copy_of");
            let count = match *name {
                "con" => counters.con,
                "non" => counters.non,
                "ack" => counters.ack,
                "rst" => counters.rst,
                "malformed" => counters.malformed,
                "exchanges" => counters.exchanges,
                "retransmissions" => counters.retransmissions,
                "piggybacked_responses" => counters.piggybacked_responses,
                "separate_responses" => counters.separate_responses,
                "non_responses" => counters.non_responses,
                "notifications" => counters.notifications,
                "deregistrations" => counters.deregistrations,
                other => panic!("{other}"),
            };
            let frames = all.frames(&filter);
            seen += count;
            if frames.len() as u64 != count {
                wrong.push(format!("{}: {name} is {count}, {filter} has {} {frames:?}", path.display(), frames.len()));
            }
        }
    }
    assert!(seen > 5000 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every capture that the tests have.
fn captures() -> Vec<PathBuf> {
    let mut folders = vec![root().join("captures"), root().join("tests/field")];
    let mut captures = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().contains(".pcap") {
                captures.push(path);
            }
        }
    }
    captures
}

/// Filters on findings ask the record first; the answer is that of all findings.
#[test]
fn findings_are_found_wherever_they_are_told() {
    use std::collections::BTreeMap;

    use coapscope::coap::Severity;
    let words =
        [("chat", Severity::Chat), ("note", Severity::Note), ("warn", Severity::Warn), ("error", Severity::Error)];
    let (mut ids, mut compared) = (BTreeMap::<&str, u64>::new(), 0);
    for path in captures() {
        let mut all = Loaded::of(&path);
        let (mut by_id, mut worst) = (BTreeMap::<&str, Vec<u32>>::new(), Vec::new());
        for id in 0..all.store.len() as u32 {
            let view = all.fetcher.view(&all.store, id).unwrap().unwrap();
            let findings = view.findings();
            for finding in &findings {
                let frames = by_id.entry(finding.rule.row().id).or_default();
                if frames.last() != Some(&view.record.frame) {
                    frames.push(view.record.frame);
                }
            }
            worst.push((view.record.frame, findings.iter().map(|finding| finding.severity).max()));
        }
        let mut check = |filter: &str, expected: &[u32]| {
            compared += 1;
            assert_eq!(all.frames(filter), expected, "{}: {filter}", path.display());
        };
        for (id, frames) in &by_id {
            check(&format!("coapscope.finding == \"{id}\""), frames);
            *ids.entry(id).or_default() += frames.len() as u64;
        }
        let frames = |admits: &dyn Fn(Severity) -> bool| -> Vec<u32> {
            worst.iter().filter(|(_, one)| one.is_some_and(admits)).map(|(frame, _)| *frame).collect()
        };
        check("coapscope.finding", &frames(&|_| true));
        check("coapscope.severity", &frames(&|_| true));
        for (word, severity) in words {
            check(&format!("coapscope.severity >= {word}"), &frames(&|one| one >= severity));
            check(&format!("coapscope.severity < {word}"), &frames(&|one| one < severity));
            check(&format!("coapscope.severity == {word}"), &frames(&|one| one == severity));
            check(&format!("coapscope.severity != {word}"), &frames(&|one| one != severity));
        }
    }
    println!("{compared} filters on findings, {} rules, {} findings", ids.len(), ids.values().sum::<u64>());
    assert!(ids.len() > 60, "{ids:?}");
}

/// What a field reads is less than all only where that gives the same answer.
#[test]
fn little_read_is_as_good_as_all() {
    use coapscope::field::{FIELDS, Reads, is_plain};
    use coapscope::pipeline::Sweep;
    let mut looked = 0;
    for path in captures() {
        let mut all = Loaded::of(&path);
        let mut sweep = Sweep::new(&all.fetcher);
        for id in 0..all.store.len() as u32 {
            let record = all.store.get(id).unwrap();
            let values = |view: &coapscope::store::View<'_>, reads: Reads| -> Vec<Vec<String>> {
                let fields = FIELDS.iter().filter(|field| field.reads <= reads);
                fields
                    .map(|field| {
                        let mut all = Vec::new();
                        field.visit(view, &mut |value| all.push(value.to_string()));
                        all
                    })
                    .collect()
            };
            let whole = all.fetcher.view(&all.store, id).unwrap().unwrap();
            let most = match record.severity() {
                _ if all.store.completes_body(id) => Reads::Message,
                None => Reads::Findings,
                Some(_) => Reads::Body,
            };
            let message = sweep.message(&all.store, id).unwrap().unwrap();
            assert_eq!(values(&message, most), values(&whole, most), "{} frame {}", path.display(), record.frame);
            let body = sweep.body(&all.store, id).unwrap().unwrap();
            let reads = Reads::Body;
            assert_eq!(values(&body, reads), values(&whole, reads), "{} frame {}", path.display(), record.frame);
            let findings = sweep.findings(&all.store, id).unwrap().unwrap();
            let reads = Reads::Findings;
            assert_eq!(values(&findings, reads), values(&whole, reads), "{} frame {}", path.display(), record.frame);
            if is_plain(&record) {
                let bare = sweep.bare(&all.store, id, record);
                let record_alone = values(&bare, Reads::Record);
                assert_eq!(record_alone, values(&whole, Reads::Record), "{} frame {}", path.display(), record.frame);
                looked += 1;
            }
        }
    }
    assert!(looked > 4_000, "{looked} messages");
}

/// What the tree shows of the layers below CoAP has the name of its field, so that a filter can be made of it, and its value.
#[test]
fn what_the_tree_shows_is_what_its_field_says() {
    use coapscope::field::{self, Kind};
    use coapscope::frame::layers;
    let (mut named, mut wrong) = (0, Vec::new());
    for path in captures() {
        let mut all = Loaded::of(&path);
        for id in 0..all.store.len() as u32 {
            let view = all.fetcher.view(&all.store, id).unwrap().unwrap();
            for layer in layers(&view.frame) {
                for shown in &layer.fields {
                    let bit = shown.span.bit - layer.span.bit;
                    let Some(name) = field::of_header(layer.name, bit, shown.span.bits) else { continue };
                    let field = field::find(name).unwrap();
                    let mut values = Vec::new();
                    field.visit(&view, &mut |value| values.push(value.to_string()));
                    named += 1;
                    // Hexadecimal numbers may have more zeros before them, and flags are told in words.
                    let is_said = |value: &String| {
                        let number = value.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
                        let hex = number.map(|number| format!("{number:x}"));
                        shown.value.contains(hex.as_ref().unwrap_or(value).as_str())
                    };
                    // The tree counts bytes where tshark shows units of eight.
                    let otherwise = ["vlan.dei", "ip.frag_offset", "ipv6.fraghdr.offset"].contains(&name);
                    let is_apart = field.kind == Kind::Boolean || otherwise;
                    if values.is_empty() || !is_apart && !values.iter().any(is_said) {
                        wrong.push(format!("{} {name}: {} {values:?}", path.display(), shown.value));
                    }
                }
            }
        }
    }
    wrong.truncate(30);
    assert!(named > 80_000 && wrong.is_empty(), "{named}: {}", wrong.join("\n"));
}
