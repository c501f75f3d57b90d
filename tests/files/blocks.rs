//! pcapng, with all the blocks that hold frames, in both byte orders.

use std::time::Duration;

use coapscope::capture::{Input, Next, open_all};
use coapscope::coap::UNKNOWN_TIME;
use coapscope::frame::LinkType;

use super::pcapng::Builder;
use super::{options, read};

const SECOND: i64 = 1_000_000_000;

#[test]
fn every_block_that_holds_a_frame() {
    for big_endian in [false, true] {
        let file = Builder::new(big_endian)
            .interface(1, 4, &[(2, b"eth0"), (3, b"uplink")])
            .frame(0, 5_000_000, b"new", &[])
            .old_frame(0, 6_000_000, b"old")
            .simple_frame(9, b"cut at four")
            .simple_frame(2, b"ab");
        let read = read(&file.bytes);
        assert_eq!((read.error.as_ref(), read.warnings.len()), (None, 0), "{:?}", read.warnings);
        assert_eq!(read.payloads(), ["new", "old", "cut ", "ab"]);
        let times: Vec<_> = read.frames.iter().map(|frame| frame.time).collect();
        // A simple block has no time.
        assert_eq!(times, [5 * SECOND, 6 * SECOND, UNKNOWN_TIME, UNKNOWN_TIME]);
        let lengths: Vec<_> = read.frames.iter().map(|frame| frame.original_length).collect();
        assert_eq!(lengths, [4, 3, 9, 2]);
        let interface = &read.interfaces[0];
        assert_eq!((interface.name.as_deref(), interface.description.as_deref()), (Some("eth0"), Some("uplink")));
        assert_eq!((interface.link, interface.snaplen), (LinkType::ETHERNET, 4));
    }
}

#[test]
fn interfaces_keep_their_own_links_and_clocks() {
    for big_endian in [false, true] {
        let offset = if big_endian { 100_i64.to_be_bytes() } else { 100_i64.to_le_bytes() };
        let file = Builder::new(big_endian)
            .interface(1, 0, &[])
            .interface(113, 0, &[(9, &[9])])
            .frame(1, 7_000_000_001, b"nano", &[])
            .interface(101, 0, &[(9, &[0x80 | 10]), (14, &offset)])
            .frame(2, 1536, b"binary", &[])
            .frame(0, 1, b"micro", &[]);
        let read = read(&file.bytes);
        let seen: Vec<_> = read.frames.iter().map(|frame| (frame.position.interface, frame.link, frame.time)).collect();
        assert_eq!(seen, [(1, 113, 7_000_000_001), (2, 101, 101_500_000_000), (0, 1, 1000)]);
    }
}

#[test]
fn clocks_of_the_wrong_length_say_nothing() {
    for big_endian in [false, true] {
        let file = Builder::new(big_endian)
            .interface(1, 0, &[(9, &[9, 0]), (14, &[1; 9])])
            .interface(1, 0, &[(9, &[]), (14, &[1; 4])])
            .frame(0, 7, b"one", &[])
            .frame(1, 8, b"two", &[]);
        let times: Vec<_> = read(&file.bytes).frames.iter().map(|frame| frame.time).collect();
        assert_eq!(times, [7000, 8000]);
    }
}

#[test]
fn options_end_where_they_say() {
    let noise = [(9, &[9][..]), (0, &[]), (9, &[0]), (2, b"eth9")];
    for big_endian in [false, true] {
        let file = Builder::new(big_endian)
            .interface(1, 0, &noise)
            .interface(1, 0, &noise[1..])
            .frame(0, 7, b"nano", &[(1, b"said"), (0, &[]), (1, b"not said")])
            .frame(1, 7, b"micro", &[]);
        let (read, comments) = (read(&file.bytes), comments(&file.bytes));
        assert_eq!(read.frames.iter().map(|frame| frame.time).collect::<Vec<_>>(), [7, 7000]);
        assert!(read.interfaces.iter().all(|interface| interface.name.is_none()), "{:?}", read.interfaces);
        assert_eq!(comments, [vec!["said".to_owned()], vec![]]);
    }
}

#[test]
fn comments_of_old_frames_are_read() {
    for big_endian in [false, true] {
        let file = Builder::new(big_endian).interface(1, 0, &[]);
        let mut body = [&file.n16(0)[..], &file.n16(7), &[0; 8], &file.n32(5), &file.n32(5), b"older\0\0\0"].concat();
        body.extend(file.options(&[(2, &[1, 0, 0, 0]), (1, b"said"), (1, b"and more")]));
        let file = file.block(2, &body).old_frame(0, 7, b"silent");
        assert_eq!(comments(&file.bytes), [vec!["said", "and more"], vec![]]);
    }
}

/// What is wrong with a file one of whose section headers is changed: the first, and one behind a frame.
#[track_caller]
fn check_section(change: (usize, &[u8]), error: &str, warning: &str) {
    for big_endian in [false, true] {
        let sound = Builder::new(big_endian).interface(1, 0, &[]).frame(0, 1, b"one", &[]);
        let mut bytes = sound.bytes.clone();
        let second = bytes.len();
        bytes.extend(sound.bytes.iter().chain(&sound.bytes));
        for at in [0, second] {
            let mut bytes = bytes.clone();
            bytes[at + change.0..][..change.1.len()].copy_from_slice(change.1);
            let read = read(&bytes);
            if at == 0 {
                assert!(read.frames.is_empty() && read.error.as_ref().is_some_and(|it| it.contains(error)), "{read:?}");
                continue;
            }
            // What is in the section is told by its own blocks.
            assert_eq!((read.payloads().len(), &read.error, read.warnings.len()), (3, &None, 1), "{read:?}");
            assert!(read.warnings[0].contains(warning), "{read:?}");
        }
    }
}

#[test]
fn a_section_of_another_kind_is_refused() {
    check_section((12, &[2, 2]), "is a capture of version 514.0, which is not known", "its version is not known");
    check_section((8, b"oops"), "its byte-order magic at byte 8 is none", "its byte-order magic is none");
    // A minor version adds to what is there.
    for minor in [2, 9] {
        let mut file = Builder::new(false).interface(1, 0, &[]).frame(0, 1, b"one", &[]).bytes;
        file[14] = minor;
        assert_eq!(read(&file).payloads(), ["one"]);
    }
}

#[test]
fn sections_begin_anew_in_either_order() {
    let mut file = Builder::new(false).interface(1, 0, &[]).frame(0, 1, b"one", &[]).bytes;
    file.extend(Builder::new(true).interface(101, 0, &[]).interface(276, 0, &[]).frame(1, 2, b"two", &[]).bytes);
    file.extend(Builder::new(false).interface(0, 0, &[]).frame(0, 3, b"three", &[]).bytes);
    let read = read(&file);
    assert_eq!(read.payloads(), ["one", "two", "three"]);
    let seen: Vec<_> = read.frames.iter().map(|frame| (frame.position.interface, frame.link)).collect();
    assert_eq!(seen, [(0, 1), (2, 276), (3, 0)]);
    assert_eq!(read.interfaces.len(), 4);
}

#[test]
fn other_blocks_are_passed_and_keys_are_kept() {
    for big_endian in [false, true] {
        let builder = Builder::new(big_endian);
        let mut keys = builder.n32(0x544c_534b).to_vec();
        keys.extend(builder.n32(5));
        keys.extend(b"keys\n");
        let file = builder
            .block(10, &keys)
            .interface(1, 0, &[])
            .block(4, &[0; 8])
            .frame(0, 1, b"one", &[])
            .block(5, &[0; 12])
            .block(0x0000_0bad, &[0; 40])
            .block(0x4000_0bad, &[0; 4])
            .block(0x7777_7777, b"nobody knows")
            .frame(0, 2, b"two", &[]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capture");
        std::fs::write(&path, &file.bytes).unwrap();
        let mut opened = open_all(&[Input::Path(path)], &options()).unwrap();
        while let Next::Frame(_) = opened.source.next().unwrap() {}
        let [secrets] = opened.source.secrets() else { panic!("{:?}", opened.source.secrets()) };
        assert_eq!((secrets.kind, &secrets.data[..]), (0x544c_534b, &b"keys\n"[..]));
        assert_eq!((read(&file.bytes).payloads().len(), opened.source.take_warnings()), (2, vec![]));
        opened.source.wait(Duration::ZERO);
    }
}

#[test]
fn keys_beyond_what_is_kept_are_told_of_once() {
    let keys = |length: usize| [&b"KSLT"[..], &(length as u32).to_le_bytes(), &vec![b'k'; length]].concat();
    let file =
        Builder::new(false).block(10, &keys(4 << 20)).block(10, &keys(4)).interface(1, 0, &[]).block(10, &keys(8));
    let file = file.frame(0, 1, b"one", &[]).bytes;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    std::fs::write(&path, &file).unwrap();
    let mut opened = open_all(&[Input::Path(path)], &options()).unwrap();
    while let Next::Frame(_) = opened.source.next().unwrap() {}
    let kept = opened.source.secrets();
    assert_eq!(kept.iter().map(|secrets| secrets.data.len()).collect::<Vec<_>>(), [4 << 20]);
    // One copy, whoever holds it.
    assert!(std::sync::Arc::ptr_eq(&kept[0].data, &opened.reader.secrets()[0].data));
    let warnings = opened.source.take_warnings();
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(warning.to_string().contains("4 bytes of decryption secrets at byte 4194352 were left out"), "{warning}");
}

/// The comments on each frame of a file.
fn comments(file: &[u8]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    std::fs::write(&path, file).unwrap();
    let mut opened = open_all(&[Input::Path(path)], &options()).unwrap();
    let (mut comments, mut block) = (Vec::new(), Vec::new());
    while let Next::Frame(frame) = opened.source.next().unwrap() {
        opened.reader.load(frame.position, &mut block).unwrap();
        comments.push(opened.reader.comments(frame.position, &block));
    }
    comments
}

#[test]
fn comments_are_found_with_their_frame() {
    for big_endian in [false, true] {
        let file = Builder::new(big_endian).interface(1, 0, &[]).frame(0, 1, b"plain", &[]).frame(
            0,
            2,
            b"noted",
            &[(1, b"first"), (2, &[0; 4]), (1, "zweiter \u{fc}ber".as_bytes())],
        );
        assert_eq!(comments(&file.bytes), [vec![], vec!["first".to_owned(), "zweiter \u{fc}ber".to_owned()]]);
    }
}

#[test]
fn a_time_out_of_range_is_clamped_and_said_once() {
    let file = Builder::new(false).interface(1, 0, &[]).frame(0, u64::MAX, b"a", &[]).frame(0, u64::MAX - 1, b"b", &[]);
    let read = read(&file.bytes);
    assert_eq!(read.frames.iter().map(|frame| frame.time).collect::<Vec<_>>(), [i64::MAX; 2]);
    assert_eq!(read.warnings.len(), 1);
}

/// A file of three frames whose second block is changed by `damage` (its offset and length are given).
#[track_caller]
fn check_damage(damage: impl Fn(&mut Vec<u8>, usize, usize), expected: &[&str], warnings: usize) {
    for big_endian in [false, true] {
        let first = Builder::new(big_endian).interface(1, 0, &[]).frame(0, 1, b"one", &[]);
        let at = first.bytes.len();
        let second = first.frame(0, 2, b"two two two", &[]);
        let length = second.bytes.len() - at;
        let mut bytes = second.frame(0, 3, b"three", &[]).bytes;
        damage(&mut bytes, at, length);
        let read = read(&bytes);
        assert_eq!(
            (read.error.as_ref(), read.payloads()),
            (None, expected.iter().map(|text| text.to_string()).collect())
        );
        assert_eq!(read.warnings.len(), warnings, "{:?}", read.warnings);
    }
}

#[test]
fn a_damaged_block_is_left_out_and_what_follows_is_read() {
    let lost = ["one", "three"];
    // Captured length, interface, length behind, length before: not a multiple of 4, too large, too small.
    check_damage(|bytes, at, _| bytes[at + 20..at + 24].fill(0x7f), &lost, 1);
    check_damage(|bytes, at, _| bytes[at + 8..at + 12].fill(1), &lost, 1);
    check_damage(|bytes, at, length| bytes[at + length - 4..at + length].fill(9), &lost, 1);
    check_damage(|bytes, at, _| bytes[at + 4..at + 8].fill(0x35), &lost, 1);
    check_damage(|bytes, at, _| bytes[at + 4..at + 8].fill(0xfc), &lost, 1);
    check_damage(|bytes, at, _| bytes[at + 4..at + 8].fill(0), &lost, 1);
    check_damage(|bytes, at, _| bytes[at + 4..at + 8].copy_from_slice(&[0, 0x01, 0x01, 0]), &lost, 1);
    // A type that nobody knows is no damage.
    check_damage(|bytes, at, _| bytes[at..at + 4].fill(0x55), &lost, 0);
}

#[test]
fn a_cut_block_ends_the_file_with_a_warning() {
    let first = Builder::new(false).interface(1, 0, &[]).frame(0, 1, b"one", &[]).bytes;
    let whole = Builder { bytes: first.clone(), big_endian: false }.frame(0, 2, b"two", &[]).bytes;
    for length in first.len() + 1..whole.len() {
        let read = read(&whole[..length]);
        assert_eq!((read.payloads(), read.warnings.len()), (vec!["one".to_owned()], 1), "{length}");
        assert!(read.warnings[0].contains("ends in the middle of a record"), "{:?}", read.warnings);
    }
}

#[test]
fn a_damaged_description_keeps_its_place() {
    for big_endian in [false, true] {
        let head = Builder::new(big_endian).interface(101, 0, &[]).bytes;
        let rest = Builder { big_endian, ..Builder::default() }
            .interface(1, 0, &[])
            .interface(113, 0, &[])
            .frame(0, 1, b"zero", &[])
            .frame(1, 2, b"one", &[])
            .frame(2, 3, b"two", &[])
            .bytes;
        // Its length, the length behind it, an option beyond its end.
        for (at, value) in [(4, 0x33), (16, 0x33), (4, 0)] {
            let mut damaged = rest.clone();
            damaged[at..at + 4].fill(value);
            let read = read(&[&head[..], &damaged].concat());
            assert_eq!(read.payloads(), ["zero", "two"], "{at}: {:?}", read.warnings);
            assert_eq!(read.frames.iter().map(|frame| frame.link).collect::<Vec<_>>(), [101, 113]);
            let [damage, refused] = &read.warnings[..] else { panic!("{:?}", read.warnings) };
            assert!(damage.contains("the block of type 0x00000001 at byte 48 is damaged"), "{damage}");
            assert!(refused.contains("was left out: the description of its interface is damaged"), "{refused}");
        }
    }
}

#[test]
fn a_damaged_section_header_begins_a_section() {
    let first = Builder::new(false).interface(1, 0, &[]).frame(0, 1, b"one", &[]).bytes;
    let second = Builder::new(false).frame(0, 2, b"of none", &[]).interface(101, 0, &[]).frame(0, 3, b"two", &[]).bytes;
    for at in [4, 24] {
        let mut damaged = second.clone();
        damaged[at] ^= 1;
        let read = read(&[&first[..], &damaged].concat());
        assert_eq!(read.payloads(), ["one", "two"], "{at}: {:?}", read.warnings);
        assert_eq!(read.frames.iter().map(|frame| frame.link).collect::<Vec<_>>(), [1, 101]);
        assert_eq!(read.warnings.len(), 2, "{:?}", read.warnings);
    }
}

#[test]
fn sections_that_describe_the_same_share_it() {
    let section =
        |name: &[u8]| Builder::new(false).interface(1, 0, &[(2, name)]).interface(1, 0, &[]).frame(1, 1, b"x", &[]);
    // The same again and again, and one that differs.
    let mut bytes: Vec<u8> = (0..40_000).flat_map(|_| section(b"eth0").bytes).collect();
    bytes.extend(section(b"eth1").bytes);
    let read = read(&bytes);
    assert_eq!((read.frames.len(), read.interfaces.len(), read.warnings.len()), (40_001, 3, 0));
    assert!(read.frames.iter().all(|frame| frame.position.interface == 1));
    assert_eq!(read.interfaces.iter().map(|interface| interface.number()).collect::<Vec<_>>(), [0, 1, 0].map(Some));
}

#[test]
fn interfaces_beyond_what_is_numbered_are_told_of_once() {
    let mut file = Builder::new(false);
    for _ in 0..66_000 {
        file = file.interface(1, 0, &[]);
    }
    file = [65_535, 65_536, 65_999].into_iter().fold(file, |file, number| file.frame(number, 1, b"x", &[]));
    let one = read(&file.bytes);
    let several = read(&file.section().interface(101, 0, &[]).frame(0, 1, b"y", &[]).bytes);
    for read in [one, several] {
        assert_eq!(read.frames.len(), 1);
        let [warning] = &read.warnings[..] else { panic!("{:?}", read.warnings) };
        assert!(warning.contains("was left out, as are all of interfaces beyond the first 65536"), "{warning}");
    }
}

#[test]
fn a_long_name_of_an_interface_is_cut() {
    let long = "\u{e4}".repeat(30_000);
    for (name, expected) in [
        ("eth0\0\0", "eth0".to_owned()),
        (&"x".repeat(4096), "x".repeat(4096)),
        (&"x".repeat(4097), "x".repeat(4096) + "..."),
        (&("x".to_owned() + &long), "x".to_owned() + &"\u{e4}".repeat(2047) + "..."),
    ] {
        let options: &[(u16, &[u8])] = &[(2, name.as_bytes()), (3, name.as_bytes())];
        let read = read(&Builder::new(false).interface(1, 0, options).frame(0, 1, b"x", &[]).bytes);
        let [interface] = &read.interfaces[..] else { panic!("{read:?}") };
        assert_eq!(interface.name.as_deref(), Some(expected.as_str()));
        assert_eq!(interface.description, interface.name);
        // Whoever holds the interface shares its texts.
        assert!(std::sync::Arc::ptr_eq(interface.name.as_ref().unwrap(), &interface.clone().name.unwrap()));
    }
}
