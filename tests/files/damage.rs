//! Files cut at every byte, flipped, and random: one clear line or a decoded rest, no panic, no hang, bounded memory.

use std::io::Write;
use std::path::Path;

use super::pcapng::Builder;
use super::read;

fn first(mut bytes: Vec<u8>, most: usize) -> Vec<u8> {
    bytes.truncate(most);
    bytes
}

/// Small files to damage: both formats, both orders, compressed; the first `most` bytes of longer ones.
pub fn samples(most: usize) -> Vec<(&'static str, Vec<u8>)> {
    let lab =
        |name: &str| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/lab").join(name)).unwrap();
    let blocks = |big_endian| {
        Builder::new(big_endian)
            .interface(1, 0, &[(2, b"eth0"), (9, &[9])])
            .frame(0, 1_700_000_000_000_000_000, b"first frame", &[(1, b"a comment")])
            .block(10, &[0; 12])
            .section()
            .interface(101, 60, &[])
            .frame(0, 1_700_000_000_000_000, &[0x45; 70], &[])
            .bytes
    };
    let small = first(lab("08-filter-port.pcap"), most);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&small).unwrap();
    vec![
        ("pcap", small),
        ("pcap, big-endian", first(lab("08-big-endian.pcap"), most)),
        ("pcapng", blocks(false)),
        ("pcapng, big-endian", blocks(true)),
        ("pcap.gz", packed.finish().unwrap()),
        ("pcapng of dumpcap", first(lab("08-comments.pcapng"), most.max(1200))),
    ]
}

/// Where the records of a capture in the order of bytes of most machines begin.
fn records(bytes: &[u8]) -> Vec<usize> {
    let next = |at: &usize| {
        let captured = bytes.get(at + 8..at + 12)?.try_into().map(u32::from_le_bytes).ok()?;
        Some(at + 16 + captured as usize).filter(|next| *next < bytes.len())
    };
    std::iter::successors(Some(24), next).collect()
}

#[test]
fn fragments_with_odd_times_are_read_again_as_they_were_read_first() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/lab/08-ip-fragments.pcap");
    let (whole, folder) = (std::fs::read(path).unwrap(), tempfile::tempdir().unwrap());
    let (records, file) = (records(&whole), folder.path().join("odd.pcap"));
    assert!(records.len() > 20);
    for at in &records[10..] {
        let mut bytes = whole.clone();
        // One before is long behind its time, so that none behind it is old; this one is half an hour later than the fragments beside it.
        bytes[records[9] + 3] = 7;
        bytes[at + 7] = 128;
        std::fs::write(&file, bytes).unwrap();
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_coapscope")).arg("print").arg(&file).output().unwrap();
        assert!(ran.status.success(), "record at {at}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

/// Reads a damaged file; what is said must be one line.
#[track_caller]
fn check(bytes: &[u8]) -> usize {
    let read = read(bytes);
    for line in read.warnings.iter().chain(&read.error) {
        assert!(!line.contains('\n') && line.starts_with("capture: "), "{line:?}");
    }
    assert!(read.frames.iter().all(|frame| frame.bytes.len() <= bytes.len() * 1100));
    assert!(read.warnings.len() <= 101);
    read.frames.len()
}

#[test]
fn warnings_that_are_held_back_are_spoken_of() {
    for (blocks, expected) in [(100, 100), (101, 101), (2000, 101)] {
        let file = (0..blocks).fold(Builder::new(false), |file, _| file.frame(7, 0, b"of no interface", &[]));
        let read = read(&file.bytes);
        assert_eq!(read.warnings.len(), expected, "{blocks}");
        assert_eq!(read.warnings.last().unwrap().contains("there is more that is odd"), expected > 100);
    }
}

#[test]
fn cut_at_every_byte() {
    for (name, bytes) in samples(2000) {
        let all = check(&bytes);
        let mut last = 0;
        for length in 0..bytes.len() {
            let frames = check(&bytes[..length]);
            assert!(frames >= last && frames <= all, "{name} cut at {length}: {frames} of {all} frames, {last} before");
            last = frames;
        }
    }
}

#[test]
fn with_every_byte_changed() {
    for (_, mut bytes) in samples(600) {
        for at in 0..bytes.len() {
            let was = bytes[at];
            for value in [!was, was ^ 1] {
                bytes[at] = value;
                check(&bytes);
            }
            bytes[at] = was;
        }
    }
}

/// Numbers that look random and are the same every time.
pub fn numbers() -> impl FnMut() -> usize {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    }
}

#[test]
fn flipped_in_two_hundred_places_and_random_behind_a_header() {
    let mut random = numbers();
    for (_, bytes) in samples(600) {
        for _ in 0..50 {
            let mut flipped = bytes.clone();
            for _ in 0..200 {
                let at = random() % (flipped.len() * 8);
                flipped[at / 8] ^= 1 << (at % 8);
            }
            check(&flipped);
            let mut noise = bytes[..28].to_vec();
            noise.extend((0..random() % 3000).map(|_| random() as u8));
            check(&noise);
        }
    }
}

/// The largest amount of memory this process has had, in KiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn lengths_that_lie_take_no_memory() {
    let before = peak();
    let mut random = numbers();
    for claimed in [0x0040_0000_u32, 0x0040_0001, 0x7fff_fff0, 0xffff_fff0, 0xffff_ffff] {
        let mut classic = samples(600).remove(0).1;
        classic[24 + 8..24 + 12].copy_from_slice(&claimed.to_le_bytes());
        check(&classic);
        let mut blocks = Builder::new(false).interface(1, 0, &[]).frame(0, 1, &[0; 100], &[]).bytes;
        let at = blocks.len() - 132;
        blocks[at + 4..at + 8].copy_from_slice(&(claimed & !3).to_le_bytes());
        check(&blocks);
        // Three MiB of noise behind it.
        blocks.extend((0..3 << 20).map(|_| random() as u8));
        check(&blocks);
    }
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < 64 * 1024, "{} KiB more", after - before);
    }
}
