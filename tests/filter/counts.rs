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
