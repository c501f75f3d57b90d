//! Agreement with tshark: `print -T fields` against `tshark -T fields`, frame by frame and value by value, on every capture.
//!
//! What is left out, and why, stands in [`EXCLUDED`]: one row each. Where tshark is not installed the test is skipped by name;
//! with COAPSCOPE_PEERS=1 it then fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "tshark/compared.rs"]
mod compared;
#[path = "common/skipped.rs"]
mod skipped;
#[path = "tshark/spans.rs"]
mod spans;

use skipped::skipped;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use compared::FIELDS;

/// What tshark says beside that, to know what it looked at.
const CONTEXT: &[&str] = &["frame.protocols", "frame.cap_len", "_ws.malformed", "coap.option_length_bad"];
/// What coapscope says beside that.
const OUR_CONTEXT: &[&str] =
    &["coapscope.read_as", "coapscope.finding", "coapscope.option", "coapscope.length", "frame.protocols"];

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

/// A message that tshark gets wrong: what it prints for a field, and what is right.
struct Proof {
    message: &'static str,
    field: &'static str,
    theirs: &'static str,
    ours: &'static str,
}

const fn proof(message: &'static str, field: &'static str, theirs: &'static str, ours: &'static str) -> Option<Proof> {
    Some(Proof { message, field, theirs, ours })
}

/// Values of one frame by field.
type Row = BTreeMap<&'static str, String>;

/// Something that is not compared: these fields, or whole frames where `fields` is empty. Where it is tshark that is wrong, and not
/// only different by habit, `proof` has the bytes.
struct Excluded {
    name: &'static str,
    reason: &'static str,
    proof: Option<Proof>,
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

/// Rows of whole frames stand first. Those that apply to nothing name what is not compared at all: [`FIELDS`] does not have it, or tshark
/// shows no `coap.version` for it.
const EXCLUDED: &[Excluded] = &[
    Excluded {
        name: "icmp-quote",
        reason: "a message quoted in an ICMP error is evidence, not traffic",
        proof: None,
        fields: &[],
        applies: |theirs, _| layer(theirs, "icmp") || layer(theirs, "icmpv6"),
    },
    Excluded {
        name: "802.15.4",
        reason: "802.15.4 under ZEP, with its 6LoWPAN, is not decoded yet",
        proof: None,
        fields: &[],
        applies: |theirs, _| layer(theirs, "wpan") || layer(theirs, "zep"),
    },
    Excluded {
        name: "relations",
        reason: "not in FIELDS: tshark calls a repeated NON retransmitted, and links and times responses in full only where they are piggybacked",
        proof: None,
        fields: &["coap.retransmitted", "coap.response_in", "coap.response_to", "coap.response_time"],
        applies: |_, _| false,
    },
    Excluded {
        name: "tcp",
        reason: "CoAP over TCP (RFC 8323) is not decoded yet; tshark shows no version for it, since its header has none",
        proof: None,
        fields: &[],
        applies: |theirs, _| layer(theirs, "tcp") && theirs["coap.version"].is_empty(),
    },
    Excluded {
        name: "websocket",
        reason: "CoAP over WebSockets (RFC 8323) is not decoded yet; tshark shows no version for it",
        proof: None,
        fields: &[],
        applies: |theirs, _| layer(theirs, "websocket"),
    },
    Excluded {
        name: "dtls",
        reason: "DTLS is not decrypted; tshark shows a version only where it takes a record on a port of CoAP for a message",
        proof: None,
        fields: &[],
        applies: |theirs, _| layer(theirs, "dtls"),
    },
    Excluded {
        name: "empty-datagram",
        reason: "tshark shows nothing of a datagram without a byte; coapscope shows a message whose header is missing",
        proof: None,
        fields: &[],
        applies: |theirs, ours| theirs["coap.version"].is_empty() && ours["coapscope.length"] == "0",
    },
    Excluded {
        name: "version",
        reason: "tshark decodes versions other than 1 as if they were 1, DTLS records among them",
        proof: None,
        fields: &[],
        applies: |theirs, _| !theirs["coap.version"].is_empty() && theirs["coap.version"] != "1",
    },
    Excluded {
        name: "token-length",
        reason: "tshark takes token lengths 9 to 15 literally",
        proof: None,
        fields: &[],
        applies: |theirs, _| number(theirs, "coap.token_len") > 8,
    },
    Excluded {
        name: "snaplen",
        reason: "of frames that the capture cut tshark shows what it can read until it runs out",
        proof: None,
        fields: &[],
        applies: |theirs, _| theirs["frame.len"] != theirs["frame.cap_len"],
    },
    Excluded {
        name: "block-payload",
        reason: "of the last block tshark shows the whole body, of the others nothing",
        proof: None,
        fields: &["coap.payload_length", "coap.payload_desc"],
        applies: |theirs, _| !theirs["coap.opt.block_number"].is_empty(),
    },
    Excluded {
        name: "size2",
        reason: "tshark shows Size2 as a block size, masked with 7",
        proof: proof("40010001d10f45", "coap.opt.block_size", "5", ""),
        fields: &["coap.opt.block_size"],
        applies: |theirs, _| has(theirs, "coap.opt.name", "Size2"),
    },
    Excluded {
        name: "option-number",
        reason: "tshark shows options above 65535, which do not exist (RFC 7252 section 12.2)",
        proof: proof("40010001e0fef210", "coap.opt.delta", "14,1", "14"),
        fields: &[
            "coap.opt.delta",
            "coap.opt.delta_ext",
            "coap.opt.length",
            "coap.opt.length_ext",
            "coap.opt.name",
            "coap.opt.desc",
        ],
        applies: |_, ours| has(ours, "coapscope.finding", "opt.number-overflow"),
    },
    Excluded {
        name: "bad-length",
        reason: "tshark cuts integers that are longer than they may be, and shows <MISSING> for empty bytes",
        proof: None,
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
        proof: proof("40010001b2c3bc", "coap.opt.uri_path", "\u{fffd}\u{fffd}", "\u{fc}"),
        fields: TEXTS,
        applies: |theirs, _| TEXTS.iter().any(|field| has(theirs, field, "\u{fffd}")),
    },
    Excluded {
        name: "control-characters",
        reason: "tshark prints control characters as they are",
        proof: proof("40010001b107", "coap.opt.uri_path", "\u{7}", "\\u{7}"),
        fields: TEXTS,
        applies: |_, ours| TEXTS.iter().any(|field| has(ours, field, "\\")),
    },
    Excluded {
        name: "newer-formats",
        reason: "tshark 4.0 knows fewer Content-Formats",
        proof: proof("6145000101c20131ff61", "coap.opt.ctype", "Unknown Type 305", "application/cose-c509-pem+cbor"),
        fields: &["coap.opt.ctype", "coap.opt.accept", "coap.payload_desc"],
        applies: |theirs, _| {
            ["coap.opt.ctype", "coap.opt.accept"].iter().any(|field| has(theirs, field, "Unknown Type"))
        },
    },
    Excluded {
        name: "newer-options",
        reason: "tshark 4.0 knows fewer options, and takes multiples of 14 for the No-Op of an old draft",
        // Option 19, Q-Block1 (RFC 9177 section 4.1).
        proof: proof("40030001d10608", "coap.opt.name", "#1: Unknown Option (19)", "#1: Q-Block1"),
        fields: &["coap.opt.name"],
        applies: |theirs, _| ["Unknown Option", "No-Op"].iter().any(|none| has(theirs, "coap.opt.name", none)),
    },
    Excluded {
        name: "old-drafts",
        reason: "tshark knows no draft and reads a message of one as today's",
        proof: proof("42017d34bb74656d70657261747572658120", "coap.token", "bb74", "20"),
        fields: &[],
        applies: |_, ours| has(ours, "coapscope.read_as", "draft"),
    },
    Excluded {
        name: "fraction",
        reason: "tshark prints a fraction of a second of a second and more as it stands, or negative (ntopng-5728.pcap)",
        proof: None,
        fields: &["frame.time_epoch"],
        applies: |theirs, _| theirs["frame.time_epoch"].split_once('.').is_some_and(|(_, fraction)| fraction.len() > 9),
    },
    Excluded {
        name: "accept-0",
        reason: "tshark shows an empty Accept, which means text/plain, as (null)",
        proof: proof("40010001d004", "coap.opt.accept", "(null)", "text/plain; charset=utf-8"),
        fields: &["coap.opt.accept"],
        applies: |theirs, _| theirs["coap.opt.accept"] == "(null)",
    },
];

fn tshark(capture: &Path) -> Option<Vec<Row>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(capture).args([
        "-d",
        "udp.port==61616-61631,coap",
        "-T",
        "fields",
        "-e",
        "frame.number",
    ]);
    let fields: Vec<&'static str> = FIELDS.iter().chain(CONTEXT).copied().collect();
    // tshark fails at the end of a file that was cut; the rows before that count.
    rows(command, &fields).map(|(rows, _)| rows)
}

fn coapscope(capture: &Path) -> Option<Vec<Row>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    let ports = (61_616..=61_631).map(|port| port.to_string()).collect::<Vec<_>>().join(",");
    command.args(["print", "--port", &ports, "-r"]).arg(capture).args(["-T", "fields", "-e", "frame.number"]);
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
            // tshark goes on with the payload.
            let (name, protocols) = (capture.display(), &ours["frame.protocols"]);
            if !format!("{}:", theirs["frame.protocols"]).starts_with(&format!("{protocols}:")) {
                self.wrong.push(format!("{name} frame {number}: {} {protocols}", theirs["frame.protocols"]));
            }
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

/// tshark is not there: whoever needs it is skipped by name, or fails where it must be there.
fn is_missing() -> bool {
    let missing = Command::new("tshark").arg("--version").output().is_err();
    if missing {
        skipped("tshark is missing");
    }
    missing
}

/// Every capture of the project, and the public ones where they are at hand.
fn all_captures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["captures", "tests/field", "../shared/captures/public"];
    folders.iter().flat_map(|folder| captures(&root.join(folder))).collect()
}

#[test]
fn fields_agree_with_tshark() {
    if is_missing() {
        return;
    }
    let mut tally = Tally::default();
    let files = all_captures();
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

/// Each field that Wireshark has of CoAP is here and means the same, or is refused with the name of what is asked in its place.
#[test]
fn every_coap_field_of_tshark_is_here_or_named() {
    if is_missing() {
        return;
    }
    let list = String::from_utf8(Command::new("tshark").args(["-G", "fields"]).output().unwrap().stdout).unwrap();
    let names = list.lines().filter_map(|line| line.split('\t').nth(2)).filter(|name| name.starts_with("coap."));
    let (mut here, mut elsewhere, mut wrong) = (0, 0, Vec::new());
    for name in names {
        match coapscope::field::find(name) {
            Ok(_) => here += 1,
            Err(unknown) if unknown.elsewhere.is_some() => elsewhere += 1,
            Err(unknown) => wrong.push(unknown.to_string()),
        }
    }
    println!("{here} fields are here, {elsewhere} are called otherwise");
    assert!(wrong.is_empty() && here >= 50 && elsewhere >= 15, "{here}, {elsewhere}: {}", wrong.join("\n"));
}

#[test]
fn places_agree_with_tshark() {
    if is_missing() {
        return;
    }
    let files = all_captures();
    let (mut messages, mut places, mut wrong) = (0, 0, Vec::new());
    // tshark takes most of the time: run two at once.
    for pair in files.chunks(2) {
        let results: Vec<_> = std::thread::scope(|scope| {
            let one = |capture| {
                let mut wrong = Vec::new();
                (spans::compare(capture, &mut wrong), wrong)
            };
            let started: Vec<_> = pair.iter().map(|capture| scope.spawn(move || one(capture))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for ((more, compared), differences) in results {
            messages += more;
            places += compared;
            wrong.extend(differences);
        }
    }
    println!("compared {places} places in {messages} messages of {} captures", files.len());
    let shown: Vec<&str> = wrong.iter().take(60).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), shown.join("\n"));
    // Those of the project alone.
    assert!(messages >= 3_900, "only {messages} messages were compared");
}

/// A pcap of raw IPv4 with one datagram to port 5683 for each message.
fn capture_of(messages: &[&str]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    for (port, hex) in (40_000_u16..).zip(messages) {
        let message: Vec<u8> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let length = message.len() as u8 + 28;
        for word in [1_700_000_000, 0, u32::from(length), u32::from(length)] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0, 0, length, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        file.extend(port.to_be_bytes());
        file.extend([0x16, 0x33, 0, length - 20, 0, 0]);
        file.extend(message);
    }
    file
}

#[test]
fn bytes_prove_tshark_wrong() {
    let proofs: Vec<(&str, &Proof)> = EXCLUDED.iter().filter_map(|row| Some((row.name, row.proof.as_ref()?))).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proofs.pcap");
    fs::write(&path, capture_of(&proofs.iter().map(|(_, proof)| proof.message).collect::<Vec<_>>())).unwrap();
    let ours = coapscope(&path).unwrap();
    assert_eq!(ours.len(), proofs.len());
    for ((name, proof), row) in proofs.iter().zip(&ours) {
        assert_eq!(row[proof.field], proof.ours, "{name}");
    }
    if is_missing() {
        return;
    }
    let theirs = tshark(&path).unwrap();
    assert_eq!(theirs.len(), proofs.len());
    for ((name, proof), row) in proofs.iter().zip(&theirs) {
        match &row[proof.field] {
            right if right == proof.ours => println!("{name}: this tshark has it right"),
            wrong => assert_eq!(wrong, proof.theirs, "{name}"),
        }
    }
}
