//! Every capture at hand: each frame read again by its place is the frame that was read first.

use std::path::{Path, PathBuf};

use super::{read, read_path};

pub(crate) fn captures(folders: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(root.join(folder)).ok()).flatten();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| [".pcap", ".pcapng", ".gz"].iter().any(|end| path.to_string_lossy().ends_with(end)));
    files.sort();
    files
}

#[test]
fn offsets_lead_back_to_the_same_frames() {
    let mut frames = 0;
    for path in captures(&["captures", "captures/lab", "tests/field", "../shared/captures/public"]) {
        // The comparison is in `drain`.
        let read = read_path(&path);
        assert_eq!(read.error, None);
        frames += read.frames.len();
        for (number, frame) in (1..).zip(&read.frames) {
            assert_eq!(frame.number, number, "{}", path.display());
        }
    }
    println!("{frames} frames read twice");
    assert!(frames > 4000, "{frames}");
}

#[test]
fn the_lab_captures_of_one_recording_are_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/lab");
    let plain = read_path(&root.join("08-ether-nano.pcap"));
    let packed = read_path(&root.join("08-ether-nano.pcap.gz"));
    assert_eq!(plain.frames, packed.frames);
    let little = read_path(&root.join("08-filter-port.pcap"));
    let big = read_path(&root.join("08-big-endian.pcap"));
    assert_eq!(little.frames, big.frames);
    let cut = read_path(&root.join("08-truncated-file.pcap"));
    assert_eq!(cut.frames, little.frames[..17]);
    assert_eq!(cut.warnings.len(), 1);
    let two = read_path(&root.join("08-dumpcap-two-ifaces.pcapng"));
    assert_eq!(two.interfaces.len(), 2);
    assert!(two.frames.iter().any(|frame| frame.position.interface == 1));
}

#[test]
fn a_capture_that_is_read_from_memory_is_the_same() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/lab/08-comments.pcapng");
    assert_eq!(read(&std::fs::read(&path).unwrap()).frames, read_path(&path).frames);
}
