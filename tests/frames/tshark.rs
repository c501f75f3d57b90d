//! tshark's word against ours: addresses, ports and lengths of every frame of every capture at hand.

use super::skipped::skipped;
use std::path::{Path, PathBuf};
use std::process::Command;

use coapscope::capture::{Input, Next, open};
use coapscope::frame::{Peeled, Reason};

use super::peeler;

/// Fields asked of tshark, the first occurrence of each (the outermost header).
const FIELDS: &[&str] = &[
    "frame.number",
    "frame.len",
    "frame.cap_len",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "icmp.type",
    "icmpv6.type",
];

/// Captures left out, with the reason.
const LEFT_OUT: &[(&str, &str)] =
    &[("hadrielk-be__test102.pcapng", "tshark numbers custom blocks as if they were frames")];

/// Captures of the project, and of the folder beside it where there is one.
pub(crate) fn captures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["captures", "captures/lab", "../shared/captures/public", "../shared/field"];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(root.join(folder)).ok()).flatten();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| [".pcap", ".pcapng", ".gz"].iter().any(|end| path.to_string_lossy().ends_with(end)));
    files.sort();
    files
}

/// What tshark says of every frame; none where there is no tshark.
fn tshark(path: &Path) -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-T", "fields", "-E", "occurrence=f", "--disable-protocol", "zep", "-r"]).arg(path);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

#[test]
fn endpoints_and_lengths_agree_with_tshark() {
    if Command::new("tshark").arg("-v").output().is_err() {
        skipped("tshark is missing");
        return;
    }
    let (mut frames, mut datagrams, mut wrong) = (0, 0, Vec::new());
    for path in captures() {
        if LEFT_OUT.iter().any(|(name, _)| path.ends_with(name)) {
            continue;
        }
        let theirs = tshark(&path).unwrap();
        let ours = ours(&path);
        if ours.len() != theirs.len() {
            wrong.push(format!("{}: {} frames, tshark has {}", path.display(), ours.len(), theirs.len()));
            continue;
        }
        for (our, their) in ours.iter().zip(&theirs) {
            frames += 1;
            datagrams += usize::from(our.len() > 3);
            let their: Vec<_> = judged(our, their);
            if *our != their {
                wrong.push(format!("{}:\n  ours   {our:?}\n  tshark {their:?}", path.display()));
            }
        }
    }
    println!("{frames} frames compared, {datagrams} of them datagrams");
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(datagrams > 0);
}

/// Our reading of each frame: number, length, captured length, then for a datagram addresses, ports and length.
fn ours(path: &Path) -> Vec<Vec<String>> {
    let mut opened = open(&Input::Path(path.to_owned()), &std::env::temp_dir()).unwrap();
    let mut peeler = peeler();
    let mut list = Vec::new();
    loop {
        let frame = match opened.source.next().unwrap() {
            Next::Frame(frame) => frame,
            Next::Pending => {
                opened.source.wait(std::time::Duration::from_secs(1));
                continue;
            }
            Next::End => return list,
        };
        let mut row = vec![frame.number.to_string(), frame.original_length.to_string(), frame.bytes.len().to_string()];
        match peeler.peel(&frame) {
            Peeled::Datagram(datagram) => {
                row.extend([datagram.source.address.to_string(), datagram.destination.address.to_string()]);
                row.extend([datagram.source.port.to_string(), datagram.destination.port.to_string()]);
                let claimed = datagram.notes.udp_length.map(|(claimed, _)| u32::from(claimed));
                row.push(claimed.unwrap_or(datagram.wire_length + 8).to_string());
            }
            Peeled::Icmp(_) => row.push("icmp".to_owned()),
            Peeled::Other(Reason::Truncated(_)) => row.push("cut".to_owned()),
            Peeled::Other(_) => {}
        }
        list.push(row);
    }
}

/// tshark's row in the form of ours.
fn judged(our: &[String], their: &[String]) -> Vec<String> {
    let [
        number,
        length,
        captured,
        ip_source,
        ip_destination,
        v6_source,
        v6_destination,
        source,
        destination,
        udp,
        icmp,
        icmp6,
    ] = their
    else {
        panic!("not the fields that were asked for: {their:?}");
    };
    let mut row = vec![number.clone(), length.clone(), captured.clone()];
    if our.last().is_some_and(|last| last == "cut") {
        // tshark shows the fields it has; ours are in the layers.
        row.push("cut".to_owned());
    } else if !(icmp.is_empty() && icmp6.is_empty()) {
        if !source.is_empty() {
            row.push("icmp".to_owned());
        }
    } else if !source.is_empty() {
        let first = |a: &String, b: &String| if a.is_empty() { b.clone() } else { a.clone() };
        row.extend([first(ip_source, v6_source), first(ip_destination, v6_destination)]);
        row.extend([source.clone(), destination.clone(), udp.clone()]);
    }
    row
}
