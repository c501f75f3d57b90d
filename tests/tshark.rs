//! Agreement with tshark: `print -T fields` against `tshark -T fields`, frame by frame and value by value, on every capture.
//!
//! What is left out, and why, stands in [`EXCLUDED`]: one row each. Where tshark is not installed the test is skipped by name;
//! with COAPSCOPE_PEERS=1 it then fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fields that are compared.
const FIELDS: &[&str] = &[
    "frame.len",
    "frame.time_epoch",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "udp.srcport",
    "udp.dstport",
    "coap.version",
    "coap.type",
    "coap.token_len",
    "coap.code",
    "coap.mid",
    "coap.token",
    "coap.opt.delta",
    "coap.opt.length",
    "coap.opt.desc",
    "coap.opt.if_match",
    "coap.opt.uri_host",
    "coap.opt.etag",
    "coap.opt.observe",
    "coap.opt.uri_port",
    "coap.opt.location_path",
    "coap.opt.uri_path",
    "coap.opt.ctype",
    "coap.opt.max_age",
    "coap.opt.uri_query",
    "coap.opt.hop_limit",
    "coap.opt.accept",
    "coap.opt.location_query",
    "coap.opt.block_number",
    "coap.opt.block_mflag",
    "coap.opt.block_size",
    "coap.opt.proxy_uri",
    "coap.opt.proxy_scheme",
    "coap.opt.size1",
    "coap.opt.object_security_piv",
    "coap.opt.object_security_kid",
    "coap.opt.object_security_kid_context",
    "coap.opt.end_marker",
    "coap.payload_length",
    "coap.block_length",
];

/// What tshark says beside that, to know what it looked at.
const CONTEXT: &[&str] =
    &["frame.protocols", "frame.cap_len", "_ws.malformed", "coap.opt.name", "coap.option_length_bad"];
/// What coapscope says beside that.
const OUR_CONTEXT: &[&str] = &["coapscope.read_as", "coapscope.finding", "coapscope.option"];

/// Fields that are text.
const TEXTS: &[&str] = &[
    "coap.opt.uri_host",
    "coap.opt.uri_path",
    "coap.opt.uri_query",
    "coap.opt.location_path",
    "coap.opt.location_query",
    "coap.opt.proxy_uri",
    "coap.opt.proxy_scheme",
];

/// Values of one frame by field.
type Row = BTreeMap<&'static str, String>;

/// Something that is not compared: these fields, or whole frames where `fields` is empty.
struct Excluded {
    name: &'static str,
    reason: &'static str,
    fields: &'static [&'static str],
    applies: fn(theirs: &Row, ours: &Row) -> bool,
}

fn has(row: &Row, field: &str, part: &str) -> bool {
    row.get(field).is_some_and(|value| value.contains(part))
}

fn number(row: &Row, field: &str) -> u64 {
    row.get(field).and_then(|value| value.parse().ok()).unwrap_or_default()
}

/// A layer among the protocols of a frame.
fn layer(row: &Row, name: &str) -> bool {
    row.get("frame.protocols").is_some_and(|all| all.split(':').any(|one| one == name))
}

/// What is not decoded yet, TCP, WebSocket and DTLS, does not come up here: tshark shows no version for it.
const EXCLUDED: &[Excluded] = &[
    Excluded {
        name: "icmp-quote",
        reason: "a message quoted in an ICMP error is evidence, not traffic",
        fields: &[],
        applies: |theirs, _| layer(theirs, "icmp") || layer(theirs, "icmpv6"),
    },
    Excluded {
        name: "802.15.4",
        reason: "802.15.4 under ZEP, with its 6LoWPAN, is not decoded yet",
        fields: &[],
        applies: |theirs, _| layer(theirs, "wpan") || layer(theirs, "zep"),
    },
    Excluded {
        name: "version",
        reason: "tshark decodes versions other than 1 as if they were 1, DTLS records among them",
        fields: &[],
        applies: |theirs, _| theirs["coap.version"] != "1",
    },
    Excluded {
        name: "token-length",
        reason: "tshark takes token lengths 9 to 15 literally",
        fields: &[],
        applies: |theirs, _| number(theirs, "coap.token_len") > 8,
    },
    Excluded {
        name: "snaplen",
        reason: "of frames that the capture cut tshark shows what it can read until it runs out",
        fields: &[],
        applies: |theirs, _| theirs["frame.len"] != theirs["frame.cap_len"],
    },
    Excluded {
        name: "block-payload",
        reason: "of the last block tshark shows the length of the whole body",
        fields: &["coap.payload_length"],
        applies: |theirs, _| !theirs["coap.opt.block_number"].is_empty(),
    },
    Excluded {
        name: "size2",
        reason: "tshark shows Size2 as a block size, masked with 7",
        fields: &["coap.opt.block_size"],
        applies: |theirs, _| has(theirs, "coap.opt.name", "Size2"),
    },
    Excluded {
        name: "option-number",
        reason: "tshark shows options above 65535, which do not exist (RFC 7252 section 12.2)",
        fields: &["coap.opt.delta", "coap.opt.length", "coap.opt.desc"],
        applies: |_, ours| has(ours, "coapscope.finding", "opt.number-overflow"),
    },
    Excluded {
        name: "bad-length",
        reason: "tshark cuts integers that are longer than they may be, and shows <MISSING> for empty bytes",
        fields: &[
            "coap.opt.max_age",
            "coap.opt.etag",
            "coap.opt.block_number",
            "coap.opt.block_mflag",
            "coap.opt.block_size",
        ],
        applies: |_, ours| has(ours, "coapscope.finding", "opt.bad-length"),
    },
    Excluded {
        name: "utf-8",
        reason: "tshark reads UTF-8 as ASCII",
        fields: TEXTS,
        applies: |theirs, _| TEXTS.iter().any(|field| has(theirs, field, "\u{fffd}")),
    },
    Excluded {
        name: "control-characters",
        reason: "tshark prints control characters as they are",
        fields: TEXTS,
        applies: |_, ours| TEXTS.iter().any(|field| has(ours, field, "\\")),
    },
    Excluded {
        name: "newer-formats",
        reason: "tshark 4.0 knows fewer Content-Formats",
        fields: &["coap.opt.ctype", "coap.opt.accept"],
        applies: |theirs, _| {
            ["coap.opt.ctype", "coap.opt.accept"].iter().any(|field| has(theirs, field, "Unknown Type"))
        },
    },
    Excluded {
        name: "accept-0",
        reason: "tshark shows an empty Accept, which means text/plain, as (null)",
        fields: &["coap.opt.accept"],
        applies: |theirs, _| theirs["coap.opt.accept"] == "(null)",
    },
];

fn tshark(capture: &Path) -> Option<Vec<Row>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(capture).args(["-d", "udp.port==61616,coap", "-T", "fields", "-e", "frame.number"]);
    let fields: Vec<&'static str> = FIELDS.iter().chain(CONTEXT).copied().collect();
    // tshark fails at the end of a file that was cut; the rows before that count.
    rows(command, &fields).map(|(rows, _)| rows)
}

fn coapscope(capture: &Path) -> Option<Vec<Row>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    command.args(["print", "--port", "61616", "-r"]).arg(capture).args(["-T", "fields", "-e", "frame.number"]);
    let fields: Vec<&'static str> = FIELDS.iter().chain(OUR_CONTEXT).copied().collect();
    let rows = rows(command, &fields);
    assert!(rows.as_ref().is_some_and(|(_, status)| *status == Some(0)), "coapscope reads {}", capture.display());
    rows.map(|(rows, _)| rows)
}

/// The rows of a program that prints fields, and its exit status; None where it is not installed.
fn rows(mut command: Command, fields: &[&'static str]) -> Option<(Vec<Row>, Option<i32>)> {
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().ok()?;
    let names: Vec<&'static str> = std::iter::once("frame.number").chain(fields.iter().copied()).collect();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |line: &str| {
        names.iter().copied().zip(line.split('\t').map(str::to_owned).chain(std::iter::repeat(String::new()))).collect()
    };
    Some((text.lines().map(row).collect(), output.status.code()))
}

/// Every capture below a folder.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.to_string_lossy();
        if path.is_dir() {
            found.extend(captures(&path));
        } else if [".pcap", ".pcapng", ".pcap.gz"].iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[derive(Default)]
struct Tally {
    frames: usize,
    values: usize,
    excluded: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn excluded(&mut self, field: &str, theirs: &Row, ours: &Row) -> bool {
        let speaks = |row: &&Excluded| if field == "*" { row.fields.is_empty() } else { row.fields.contains(&field) };
        let row = EXCLUDED.iter().filter(speaks).find(|row| (row.applies)(theirs, ours));
        if let Some(row) = row {
            *self.excluded.entry(row.name).or_default() += 1;
        }
        row.is_some()
    }

    fn compare(&mut self, capture: &Path, theirs: &[Row], ours: &[Row]) {
        let empty: Row = FIELDS.iter().chain(CONTEXT).chain(OUR_CONTEXT).map(|field| (*field, String::new())).collect();
        let by_number = |rows: &[Row]| {
            rows.iter().map(|row| (number(row, "frame.number"), row.clone())).collect::<BTreeMap<_, _>>()
        };
        let (theirs, ours) = (by_number(theirs), by_number(ours));
        let mut numbers: Vec<u64> =
            theirs.iter().filter(|(_, row)| !row["coap.version"].is_empty()).map(|(number, _)| *number).collect();
        numbers.extend(ours.keys());
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let (theirs, ours) = (theirs.get(&number).unwrap_or(&empty), ours.get(&number).unwrap_or(&empty));
            if self.excluded("*", theirs, ours) {
                continue;
            }
            self.frames += 1;
            for field in FIELDS {
                if theirs[field] == ours[field] {
                    self.values += usize::from(!ours[field].is_empty());
                } else if !self.excluded(field, theirs, ours) {
                    let name = capture.file_name().unwrap_or_default().to_string_lossy();
                    let context = format!("{}; {}", theirs["coap.opt.name"], ours["coapscope.finding"]);
                    self.wrong.push(format!(
                        "{name} frame {number} {field}: tshark `{}`, coapscope `{}` ({context})",
                        theirs[field], ours[field]
                    ));
                }
            }
        }
    }
}

#[test]
fn fields_agree_with_tshark() {
    if Command::new("tshark").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("COAPSCOPE_PEERS").is_none_or(|value| value != "1"),
            "tshark is not installed; make peers"
        );
        println!("fields_agree_with_tshark: skipped, since tshark is not installed");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tally = Tally::default();
    let mut files = captures(&root.join("captures"));
    files.extend(captures(&root.join("../shared/captures/public")));
    // tshark takes most of the time: run two at once.
    for pair in files.chunks(2) {
        let both: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> =
                pair.iter().map(|capture| scope.spawn(|| (tshark(capture), coapscope(capture)))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (capture, (theirs, ours)) in pair.iter().zip(both) {
            tally.compare(capture, &theirs.expect("tshark runs"), &ours.expect("coapscope runs"));
        }
    }
    println!("compared {} frames and {} values of {} captures", tally.frames, tally.values, files.len());
    for row in EXCLUDED {
        println!("left out: {:>6} {} ({})", tally.excluded.get(row.name).unwrap_or(&0), row.name, row.reason);
    }
    let shown: Vec<&str> = tally.wrong.iter().take(60).map(String::as_str).collect();
    assert!(tally.wrong.is_empty(), "{} differences:\n{}", tally.wrong.len(), shown.join("\n"));
    assert!(tally.frames >= 3_400, "only {} frames were compared", tally.frames);
}
