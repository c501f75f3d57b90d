//! Captures of what a filter chose: the same messages, with findings as comments that tshark shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::pcapng::Builder;
use super::{coapscope, folder, peer, printed};

/// Capture, filter.
const CASES: &[(&str, &str)] = &[
    ("captures/lab-session.pcap", "coap.retransmitted"),
    ("captures/lab-session.pcap", "whole_exchange(coap.retransmitted)"),
    ("captures/lab/08-ip-fragments.pcap", "coap"),
    ("captures/lab/08-dumpcap-two-ifaces.pcapng", "coap"),
    ("captures/lab/08-comments.pcapng", "frame.comment || coap.code == 1"),
    ("captures/lab/08-any-sll2.pcap", "coap.code > 0"),
    ("captures/lab/08-ether-nano.pcap.gz", "coap.type == 2"),
    ("captures/lab/11-malformed-libcoap.pcap", "coapscope.malformed == true"),
];

/// What a reader prints of each frame; comments last.
fn tshark(file: &Path) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    for field in ["frame.time_epoch", "frame.len", "coap.mid", "frame.comment"] {
        command.args(["-e", field]);
    }
    let output = command.args(["-T", "fields", "-E", "separator=|", "-r"]).arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.splitn(4, '|').map(str::to_owned).collect()).collect()
}

#[test]
fn what_is_saved_is_what_was_chosen() {
    let folder = folder("saved");
    let saved = folder.join("saved.pcapng");
    let has_tshark = peer(Path::new("tshark"), &["--version"]);
    let fields =
        ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "coap.mid", "-e", "coapscope.payload"];
    for (capture, filter) in CASES {
        let output = coapscope(&["print", "-Y", filter, "-w", saved.to_str().unwrap(), capture]).output().unwrap();
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        let chosen = printed(&[&["print", "-Y", filter, capture][..], &fields].concat());
        let again = printed(&[&["print", saved.to_str().unwrap()][..], &fields].concat());
        assert_eq!(again, chosen, "{capture} {filter}");
        assert!(!chosen.is_empty(), "{capture} {filter}");
        if !has_tshark {
            continue;
        }
        let theirs = tshark(&saved);
        let originals: BTreeSet<String> =
            tshark(Path::new(capture)).into_iter().map(|row| row[..3].join("|")).collect();
        assert!(theirs.iter().all(|row| originals.contains(&row[..3].join("|"))), "{capture} {filter}");
        let lines = printed(&["print", "-Y", filter, capture]).lines().count();
        if capture.contains("fragments") {
            // Each message with all its fragments.
            assert_eq!((lines, theirs.len()), (8, 16), "{capture} {filter}");
            continue;
        }
        assert_eq!(theirs.len(), lines, "{capture} {filter}");
        let objects = printed(&["print", "-T", "json", "-Y", filter, capture]);
        for (line, row) in objects.lines().zip(&theirs) {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            let findings = object["findings"].as_array().unwrap();
            assert_eq!(row[3].matches("coapscope ").count(), findings.len(), "{capture} {filter}: {row:?} {line}");
            for finding in findings {
                assert!(row[3].contains(finding["id"].as_str().unwrap()), "{capture} {filter}: {row:?} {finding}");
            }
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn comments_name_frames_of_the_new_file() {
    let folder = folder("comments");
    let saved = folder.join("saved.pcapng");
    let path = saved.to_str().unwrap();
    for (filter, named) in [
        ("frame.number in {17, 18, 21}", "frame 2"),
        ("frame.number == 21", "frame 18 of the original capture, which is not saved here"),
    ] {
        printed(&["print", "-Y", filter, "-w", path, "captures/lab-session.pcap"]);
        let tree = printed(&["print", "-V", path]);
        let comments: Vec<&str> = tree.lines().filter(|line| line.contains("Comment: coapscope ")).collect();
        assert!(comments.iter().any(|comment| comment.contains(named)), "{filter}: {comments:?}");
    }
    printed(&["print", "-Y", "coap.retransmitted", "--whole-exchanges", "-w", path, "captures/lab-session.pcap"]);
    assert_eq!(printed(&["print", path]).lines().count(), 13);
    // Asked for a form as well, it prints and saves.
    let text = printed(&["print", "-Y", "coap.retransmitted", "-T", "csv", "-w", path, "captures/lab-session.pcap"]);
    assert_eq!((text.lines().count(), printed(&["print", path]).lines().count()), (6, 5));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn several_files_are_saved_in_time_order() {
    let folder = folder("merged");
    let saved = folder.join("saved.pcapng");
    let pieces = ["-r", "captures/lab/08-vlan.pcap", "-r", "captures/lab/08-filter-port.pcap"];
    printed(&[&["print", "-Y", "coap", "-w", saved.to_str().unwrap()][..], &pieces].concat());
    let fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "coap.mid"];
    let merged = printed(&[&["print"][..], &pieces, &fields].concat());
    assert_eq!(printed(&[&["print", saved.to_str().unwrap()][..], &fields].concat()), merged);
    let files = printed(
        &[&["print"][..], &pieces, &["-T", "fields", "-e", "coapscope.file", "-e", "coapscope.number_in_file"]]
            .concat(),
    );
    assert!(files.lines().all(|line| line.contains(".pcap\t")), "{files}");
    fs::remove_dir_all(folder).unwrap();
}

/// The types of the blocks of a pcapng file, each with its body.
fn blocks(bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut at, mut blocks) = (0, Vec::new());
    while at < bytes.len() {
        let length = word(at + 4) as usize;
        blocks.push((word(at), &bytes[at + 8..at + length - 4]));
        at += length;
    }
    blocks
}

#[test]
fn keys_are_kept_and_no_time_is_invented() {
    const DATAGRAM: &str = "45000022123400004011e493c0000202c00002019c401633000ed7eb40010001b16c";
    let folder = folder("keys");
    let (original, saved) = (folder.join("original.pcapng"), folder.join("saved.pcapng"));
    let frame: Vec<u8> =
        (0..DATAGRAM.len()).step_by(2).map(|at| u8::from_str_radix(&DATAGRAM[at..at + 2], 16).unwrap()).collect();
    let keys = [&b"KSLT\x05\0\0\0keys\n"[..], &[0; 3]].concat();
    let file = Builder::new(false).block(10, &keys).interface(228, 0, &[]).interface(101, 0, &[]);
    let file = file.whole_frame(1, 7, &frame).simple_frame(34, &frame).simple_frame(34, &frame).bytes;
    fs::write(&original, file).unwrap();
    printed(&["print", "-Y", "coap", "-w", saved.to_str().unwrap(), original.to_str().unwrap()]);
    let saved_bytes = fs::read(&saved).unwrap();
    let blocks = blocks(&saved_bytes);
    // The first frame is of the other interface; those without a time are of the first of their section. Keys are of their section, too.
    let kinds: Vec<u32> = blocks.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [0x0a0d_0d0a, 10, 1, 6, 0x0a0d_0d0a, 10, 1, 3, 3]);
    assert_eq!((blocks[1].1, blocks[5].1), (&keys[..], &keys[..]));
    let fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "coap.mid"];
    let read = |file: &Path| printed(&[&["print", file.to_str().unwrap()][..], &fields].concat());
    assert_eq!(read(&saved), "0.000007000\t1\n\t1\n\t1\n");
    assert_eq!(read(&saved), read(&original));
    fs::remove_dir_all(folder).unwrap();
}

/// A GET in IPv4.
const GET: &[u8] = &[
    0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0x16, 0x33, 0, 12, 0, 0, 0x40, 1,
    0, 1,
];

/// What capinfos tells of a capture as a whole.
fn told(file: &Path) -> Vec<String> {
    let output = Command::new("capinfos").arg(file).env("LC_ALL", "C").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let is_origin = |line: &&str| {
        ["Capture hardware:", "Capture oper-sys:", "Capture application:", "Capture comment:"]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    text.lines().filter(is_origin).map(str::to_owned).collect()
}

#[test]
fn what_a_capture_tells_of_itself_is_saved() {
    let folder = folder("origin");
    let (saved, again) = (folder.join("saved.pcapng"), folder.join("again.pcapng"));
    let save = |from: &str, to: &Path| {
        let output = coapscope(&["print", "-c", "1", "-w", to.to_str().unwrap(), from]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    save("captures/lab/08-comments.pcapng", &saved);
    save(saved.to_str().unwrap(), &again);
    // Saved again it is the same file.
    assert_eq!(fs::read(&saved).unwrap(), fs::read(&again).unwrap());
    let bytes = fs::read(&saved).unwrap();
    let comment = b"CoAP lab, libcoap 4.3.1 and aiocoap 0.4.17";
    assert!(bytes.windows(comment.len()).any(|part| part == comment));
    if peer(Path::new("capinfos"), &["--version"]) {
        let mut expected = told(Path::new("captures/lab/08-comments.pcapng"));
        for line in &mut expected {
            if line.starts_with("Capture application:") {
                line.push_str(concat!(", saved by coapscope ", env!("CARGO_PKG_VERSION")));
            }
        }
        assert!(expected.len() == 4, "{expected:?}");
        assert_eq!(told(&saved), expected);
    }
    // Of two sections and of several files each comment is told once.
    let section = |big_endian: bool, hardware: &[u8], comments: &[&[u8]]| {
        let builder = Builder { bytes: Vec::new(), big_endian };
        let mut options: Vec<(u16, &[u8])> = comments.iter().map(|comment| (1, *comment)).collect();
        options.push((2, hardware));
        let mut body = [&builder.n32(0x1a2b_3c4d)[..], &builder.n16(1), &builder.n16(0), &[0xff; 8]].concat();
        body.extend(builder.options(&options));
        builder.block(0x0a0d_0d0a, &body).interface(101, 0, &[]).frame(0, 0, GET, &[]).bytes
    };
    let both = [section(false, b"board A", &[b"first", b"second"]), section(true, b"board B", &[b"second", b"third"])]
        .concat();
    let path = folder.join("sections.pcapng");
    fs::write(&path, both).unwrap();
    save(path.to_str().unwrap(), &saved);
    let text = fs::read(&saved).unwrap();
    let count = |what: &str| text.windows(what.len()).filter(|part| *part == what.as_bytes()).count();
    assert_eq!(["first", "second", "third", "board A", "board B"].map(count), [1, 1, 1, 1, 0]);
}

#[test]
fn an_interface_has_its_number_in_its_section() {
    let folder = folder("sections");
    let path = folder.join("sections.pcapng");
    let section = |big_endian| Builder::new(big_endian).interface(113, 0, &[]).interface(101, 0, &[]);
    let sections = [false, true, false].map(|big_endian| section(big_endian).whole_frame(1, 7, GET).bytes);
    fs::write(&path, sections.concat()).unwrap();
    assert_eq!(printed(&["print", path.to_str().unwrap(), "-T", "fields", "-e", "frame.interface_id"]), "1\n1\n1\n");
    fs::remove_dir_all(folder).unwrap();
}
