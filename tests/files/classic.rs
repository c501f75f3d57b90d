//! pcap in all its forms.

use super::read;

/// How numbers are written.
type Write32 = fn(u32) -> [u8; 4];

/// A file header: magic number, version, snaplen, link type.
fn header(magic: u32, (major, minor): (u16, u16), order: Write32) -> Vec<u8> {
    let mut bytes = order(magic).to_vec();
    // Two numbers of 16 bits, each in the order of the file.
    let version = if order(1) == [0, 0, 0, 1] {
        u32::from(major) << 16 | u32::from(minor)
    } else {
        u32::from(minor) << 16 | u32::from(major)
    };
    for number in [version, 0, 0, 262_144, 1] {
        bytes.extend(order(number));
    }
    bytes
}

/// A record: seconds, fraction, first and second length, bytes behind the header, payload.
fn record(order: Write32, numbers: [u32; 4], extra: usize, payload: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| order(*number)).collect();
    bytes.extend(vec![0; extra]);
    bytes.extend(payload);
    bytes
}

#[test]
fn every_magic_number_in_both_orders() {
    for order in [u32::to_le_bytes as Write32, u32::to_be_bytes] {
        for (magic, extra, unit) in [(0xa1b2_c3d4, 0, 1000), (0xa1b2_3c4d, 0, 1), (0xa1b2_cd34, 8, 1000)] {
            let mut bytes = header(magic, (2, 4), order);
            bytes.extend(record(order, [1_700_000_000, 123, 5, 7], extra, b"first"));
            bytes.extend(record(order, [1_700_000_001, 0, 6, 6], extra, b"second"));
            let read = read(&bytes);
            assert_eq!((read.error.as_ref(), &read.warnings[..]), (None, &[][..]), "{magic:x}");
            assert_eq!(read.payloads(), ["first", "second"], "{magic:x}");
            let [first, second] = &read.frames[..] else { panic!() };
            assert_eq!((first.number, first.time), (1, 1_700_000_000_000_000_000 + 123 * unit));
            assert_eq!((first.original_length, first.link, first.position.offset), (7, 1, 24));
            assert_eq!((second.number, second.position.offset), (2, 24 + 16 + extra as u64 + 5));
            assert_eq!(read.interfaces.len(), 1);
        }
    }
}

/// What is read at a time ends at any place in a record.
#[test]
fn a_long_file_of_records_of_every_length() {
    let mut bytes = header(0xa1b2_c3d4, (2, 4), u32::to_le_bytes);
    let mut expected = Vec::new();
    for number in 0..600_u32 {
        let payload = vec![number as u8; number as usize * 2 % 1501];
        expected.push((
            u64::from(number) + 1,
            i64::from(number) * 1_000_000_000 + 7000,
            bytes.len() as u64,
            payload.clone(),
        ));
        bytes.extend(record(u32::to_le_bytes, [number, 7, payload.len() as u32, 1501], 0, &payload));
    }
    let read = read(&bytes);
    let frames = read.frames.into_iter().map(|frame| (frame.number, frame.time, frame.position.offset, frame.bytes));
    assert_eq!((frames.collect::<Vec<_>>(), read.warnings), (expected, vec![]));
}

#[test]
fn aix_has_kinds_of_interfaces_and_nanoseconds() {
    for (kind, version, link, time) in [
        (6, (2, 2), 1, 123_456_789),
        (9, (2, 2), 6, 123_456_789),
        (15, (2, 2), 10, 123_456_789),
        (24, (2, 2), 0, 123_456_789),
        (1, (2, 2), 1, 123_456_789_000),
        (6, (2, 4), 6, 123_456_789_000),
    ] {
        let mut bytes = header(0xa1b2_c3d4, version, u32::to_be_bytes);
        bytes[20..].copy_from_slice(&u32::to_be_bytes(kind));
        bytes.extend(record(u32::to_be_bytes, [0, 123_456_789, 5, 5], 0, b"frame"));
        let read = read(&bytes);
        let [frame] = &read.frames[..] else { panic!("{:?}", read.warnings) };
        assert_eq!((frame.link, frame.time), (link, time), "{kind}");
    }
}

#[test]
fn old_versions_have_their_lengths_the_other_way_round() {
    for (version, lengths) in
        [((2, 2), [9, 5]), ((2, 3), [9, 5]), ((2, 3), [5, 9]), ((543, 0), [9, 5]), ((2, 4), [5, 9])]
    {
        let mut bytes = header(0xa1b2_c3d4, version, u32::to_le_bytes);
        bytes.extend(record(u32::to_le_bytes, [1, 2, lengths[0], lengths[1]], 0, b"first"));
        let read = read(&bytes);
        assert_eq!((read.payloads(), read.frames[0].original_length), (vec!["first".to_owned()], 9), "{version:?}");
    }
}

#[test]
fn a_fraction_of_a_second_or_more_is_carried_and_said_once() {
    for (magic, fraction, expected) in
        [(0xa1b2_c3d4, 1_500_000, 11_500_000_000), (0xa1b2_3c4d, 4_000_000_000, 14_000_000_000)]
    {
        let mut bytes = header(magic, (2, 4), u32::to_le_bytes);
        for _ in 0..3 {
            bytes.extend(record(u32::to_le_bytes, [10, fraction, 1, 1], 0, b"x"));
        }
        let read = read(&bytes);
        assert!(read.frames.iter().all(|frame| frame.time == expected));
        assert_eq!(read.warnings.len(), 1);
        assert!(read.warnings[0].starts_with("capture: frame 1 has a fraction of a second"), "{:?}", read.warnings);
    }
}

#[test]
fn the_largest_time_fits() {
    let mut bytes = header(0xa1b2_3c4d, (2, 4), u32::to_le_bytes);
    bytes.extend(record(u32::to_le_bytes, [u32::MAX, u32::MAX, 1, 1], 0, b"x"));
    assert_eq!(read(&bytes).frames[0].time, i64::from(u32::MAX) * 1_000_000_001);
}

#[test]
fn records_beyond_the_snaplen_and_beyond_the_original_length_are_read() {
    let mut bytes = header(0xa1b2_c3d4, (2, 4), u32::to_le_bytes);
    bytes[16] = 3;
    bytes[18] = 0;
    bytes.extend(record(u32::to_le_bytes, [1, 0, 5, 5], 0, b"first"));
    bytes.extend(record(u32::to_le_bytes, [1, 0, 6, 2], 0, b"second"));
    let read = read(&bytes);
    assert_eq!((read.payloads(), read.warnings.len()), (vec!["first".to_owned(), "second".to_owned()], 0));
}

#[test]
fn a_cut_record_ends_the_file_with_a_warning() {
    let mut bytes = header(0xa1b2_c3d4, (2, 4), u32::to_le_bytes);
    bytes.extend(record(u32::to_le_bytes, [1, 0, 5, 5], 0, b"first"));
    bytes.extend(record(u32::to_le_bytes, [1, 0, 6, 6], 0, b"sec"));
    let cut_in_payload = read(&bytes);
    assert_eq!(cut_in_payload.payloads(), ["first"]);
    let expected =
        "capture: ends in the middle of a record: 19 of 22 bytes are there from byte 45 on; all whole ones were read";
    assert_eq!(cut_in_payload.warnings, [expected]);
    let cut_in_header = read(&bytes[..47]);
    assert_eq!((cut_in_header.payloads().len(), cut_in_header.warnings.len()), (1, 1));
    assert_eq!(read(&bytes[..45]).warnings.len(), 0);
}

#[test]
fn a_damaged_length_costs_one_record_where_the_next_can_be_found() {
    let sound = |number: u32| record(u32::to_le_bytes, [1000 + number, 5, 8, 8], 0, b"12345678");
    let mut bytes = header(0xa1b2_c3d4, (2, 4), u32::to_le_bytes);
    for number in 0..5 {
        bytes.extend(sound(number));
    }
    // The top byte of the captured length of the second record.
    bytes[24 + 24 + 11] = 0xff;
    let damaged = read(&bytes);
    assert_eq!(
        damaged.frames.iter().map(|frame| frame.time / 1_000_000_000).collect::<Vec<_>>(),
        [1000, 1002, 1003, 1004]
    );
    let expected =
        "capture: the record at byte 48 is damaged; 24 bytes were skipped up to the next one that can be read";
    assert_eq!(damaged.warnings, [expected]);
    // Behind the last record there is nothing to go on with.
    bytes.truncate(24 + 48);
    let damaged = read(&bytes);
    assert_eq!((damaged.frames.len(), damaged.warnings.len()), (1, 1));
    assert!(
        damaged.warnings[0].contains("claims to hold 4278190088 bytes; nothing can be read"),
        "{:?}",
        damaged.warnings
    );
}

#[test]
fn frames_of_odd_times_and_lengths_are_read_where_another_record_stands_behind_them() {
    const DAY: u32 = 86_400;
    let record = |days: u32, original: u32| record(u32::to_le_bytes, [days * DAY, 5, 8, original], 0, b"12345678");
    for (days, original) in
        [([1000, 3, 5000, 1000, 1000, 1000], 8), ([1000, 2000, 3000, 1000, 1000, 1000], 8), ([1000; 6], 2)]
    {
        let mut bytes = header(0xa1b2_c3d4, (2, 4), u32::to_le_bytes);
        bytes.extend(days.into_iter().flat_map(|days| record(days, original)));
        let read = read(&bytes);
        assert_eq!(
            read.frames.iter().map(|frame| frame.time / 1_000_000_000).collect::<Vec<_>>(),
            days.map(|day| i64::from(day * DAY))
        );
        assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    }
}

#[test]
fn a_header_that_cannot_be_is_an_error() {
    let bytes = header(0xa1b2_c3d4, (7, 9), u32::to_le_bytes);
    let expected = "capture: is a capture of version 7.9, which is not known; save it again with a current tool";
    assert_eq!(read(&bytes).error.as_deref(), Some(expected));
    let cut = read(&bytes[..20]).error.unwrap();
    assert!(cut.starts_with("capture: ends after 20 bytes, inside the file header"), "{cut}");
}
