//! Lengths that lie, captures joined to records that were cut, and days between records: each sound record is read, whatever stands before it.

use std::fs::OpenOptions as FileOptions;
use std::io::Write;

use coapscope::capture::{Input, Next, OpenOptions, open_all};

use super::pcapng::Builder;
use super::{Read, options, read};

const SECONDS: u32 = 1_700_000_000;
const DAY: u32 = 86_400;

/// The header of a pcap file of IP packets.
fn header() -> Vec<u8> {
    [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 262_144, 101_u32].map(u32::to_le_bytes).concat()
}

/// An IPv4 packet that carries this.
fn packet(carried: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 0, 0, 1, 0, 0, 64, 253, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
    packet.extend(carried);
    let length = packet.len() as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet
}

/// A record that claims to hold so many bytes.
fn claims(seconds: u32, length: usize, bytes: &[u8]) -> Vec<u8> {
    [&[seconds, 7, length as u32, length as u32].map(u32::to_le_bytes).concat(), bytes].concat()
}

fn named(number: u32) -> Vec<u8> {
    packet(format!("frame {number}").as_bytes())
}

/// A record of so many seconds later than the first.
fn late(number: u32, seconds: u32) -> Vec<u8> {
    let bytes = named(number);
    claims(SECONDS + seconds, bytes.len(), &bytes)
}

fn record(number: u32) -> Vec<u8> {
    late(number, number)
}

fn records(numbers: std::ops::Range<u32>) -> Vec<u8> {
    numbers.flat_map(record).collect()
}

/// The numbers of the frames that were read; 99 for one that has none.
fn numbers(read: &Read) -> Vec<u32> {
    let number = |payload: &String| payload.rsplit("frame ").next().and_then(|number| number.parse().ok());
    read.payloads().iter().map(|payload| number(payload).unwrap_or(99)).collect()
}

/// Reads a file: these frames are there, and one warning that says this.
#[track_caller]
fn check(bytes: &[u8], expected: &[u32], warning: &str) {
    let read = read(bytes);
    assert_eq!(numbers(&read), expected, "{:?}", read.warnings);
    assert!(read.warnings.iter().any(|said| said.contains(warning)), "{warning}: {:?}", read.warnings);
    assert_eq!(read.error, None);
}

#[test]
fn what_was_captured_days_later_is_found_behind_damage() {
    let before = [header(), records(0..3)].concat();
    let lying = claims(SECONDS + 3, 0xffff_ffff, &named(9));
    for damage in [vec![0xff; 100], vec![0; 77], lying] {
        // All of one later day, or each of another one; up to the last one.
        for seconds in [|n: u32| 30 * DAY + n, |n| n * 9 * DAY] {
            for last in [4, 5, 9] {
                let behind = (3..last).flat_map(|number| late(number, seconds(number)));
                let file = [&before[..], &damage, &behind.collect::<Vec<_>>()].concat();
                let skipped = format!("{} bytes were skipped", damage.len());
                check(&file, &(0..last).collect::<Vec<_>>(), &skipped);
            }
        }
    }
}

#[test]
fn a_length_beyond_the_end_of_the_file_is_no_cut() {
    let before = [header(), records(0..2)].concat();
    // Of a packet of IP its own length tells what is behind it; of others, that no capture begins before.
    for bytes in [named(2), b"some other protocol".to_vec()] {
        for claimed in [3000, 60_000] {
            let lying = claims(SECONDS + 2, claimed, &bytes);
            let skipped = format!("the record at byte {} is damaged; {} bytes", before.len(), lying.len());
            check(&[&before[..], &lying, &records(3..6)].concat(), &[0, 1, 3, 4, 5], &skipped);
            check(&[&before[..], &lying, &record(3)].concat(), &[0, 1, 3], &skipped);
            check(&[&before[..], &lying].concat(), &[0, 1], "ends in the middle of a record");
        }
    }
    // What a packet carries is its own as far as that reaches.
    let carrying = packet(&[&header()[..], &records(5..9), &[7; 1000]].concat());
    let cut = claims(SECONDS + 2, carrying.len(), &carrying[..carrying.len() - 900]);
    check(&[&before[..], &cut].concat(), &[0, 1], "ends in the middle of a record");
}

#[test]
fn a_length_that_takes_in_later_records_is_found_out() {
    let before = [header(), records(0..2)].concat();
    for claimed in [30, 50, 100, 200] {
        let lying = claims(SECONDS + 2, claimed, &named(2));
        let skipped = format!("the record at byte {} is damaged; {} bytes", before.len(), lying.len());
        check(
            &[&before[..], &lying, &records(3..30)].concat(),
            &[&[0, 1], &*(3..30).collect::<Vec<_>>()].concat(),
            &skipped,
        );
    }
    // A sound record before damage stays, whatever it carries.
    for behind in [records(3..9), [&header()[..], &records(3..9)].concat()] {
        let carrying = packet(&[&behind[..], b" frame 2"].concat());
        let whole = claims(SECONDS + 2, carrying.len(), &carrying);
        let file = [&before[..], &whole, &[0xff; 70], &records(20..23)].concat();
        check(&file, &[0, 1, 2, 20, 21, 22], "70 bytes were skipped");
    }
}

#[test]
fn sound_records_of_other_days_are_no_damage() {
    // Small packets of IPv6, of which the second word of a record looks like the first one of another.
    let small = |number: u32| [&[0x60, 0, 0, 0][..], format!("frame {number}").as_bytes()].concat();
    let record = |number: u32, seconds: u32| claims(seconds, small(number).len(), &small(number));
    let days: [fn(u32) -> u32; 5] =
        [|n| n, |n| n * DAY * 2, |n| n % 4 * DAY * 9, |n| (40 - n) * DAY * 2, |n| n % 2 * SECONDS];
    for seconds in days {
        for start in [0, SECONDS] {
            let all =
                (0..30).flat_map(|number| record(number, start.saturating_add(seconds(number)))).collect::<Vec<_>>();
            let read = read(&[header(), all].concat());
            assert_eq!((numbers(&read), read.warnings), ((0..30).collect(), vec![]));
        }
    }
    // Nor is the second word taken for the first behind damage that spoilt that.
    let [before, behind] = [0..3, 3..30].map(|all| all.flat_map(|n| record(n, SECONDS + n)).collect::<Vec<_>>());
    let file = [&header()[..], &before, &[0xff; 40], &behind[4..]].concat();
    check(&file, &[&[0, 1, 2], &*(4..30).collect::<Vec<_>>()].concat(), " bytes were skipped");
}

#[test]
fn what_follows_a_record_that_lacks_its_end_is_read() {
    let before = [header(), records(0..2)].concat();
    let whole = packet(&[b'x'; 100]);
    let whole = claims(SECONDS + 2, whole.len(), &whole);
    for held in [1, 8, 15, 16, 17, 40, 100, 134, 135] {
        let skipped = if held == 1 { "1 byte was skipped".to_owned() } else { format!("{held} bytes were skipped") };
        let said = format!("the record at byte {} is damaged; {skipped}", before.len());
        for last in [8, 20] {
            let file = [&before[..], &whole[..held], &records(3..last)].concat();
            check(&file, &[&[0, 1], &*(3..last).collect::<Vec<_>>()].concat(), &said);
        }
    }
}

#[test]
fn what_follows_a_block_that_lacks_its_end_is_read() {
    let ticks = u64::from(SECONDS) * 1_000_000;
    let block = |number: u32, bytes: &[u8]| Builder::default().whole_frame(0, ticks + u64::from(number), bytes).bytes;
    let before = [Builder::new(false).interface(101, 0, &[]).bytes, block(0, &named(0)), block(1, &named(1))].concat();
    for whole in [block(2, &packet(&[b'x'; 100])), block(2, &named(2))] {
        // Where eight bytes are missing, the length of a next block of the same length ends it as it should.
        for held in (1..whole.len()).filter(|held| held + 8 != whole.len()) {
            for last in [4, 8] {
                let behind = (3..last).flat_map(|number| block(number, &named(number))).collect::<Vec<_>>();
                let expected = [&[0, 1], &*(3..last).collect::<Vec<_>>()].concat();
                check(&[&before[..], &whole[..held], &behind].concat(), &expected, " skipped");
            }
        }
    }
}

#[test]
fn a_growing_file_finds_a_length_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    std::fs::write(&path, [header(), records(0..2), claims(SECONDS + 2, 3000, &named(2))].concat()).unwrap();
    let mut file = FileOptions::new().append(true).open(&path).unwrap();
    let mut opened = open_all(&[Input::Path(path)], &OpenOptions { follow: true, ..options() }).unwrap();
    let mut count = 0;
    for number in 3..6 {
        while let Next::Frame(_) = opened.source.next().unwrap() {
            count += 1;
        }
        file.write_all(&record(number)).unwrap();
    }
    // The last of three is not asked for.
    assert_eq!((count, opened.source.take_warnings().len()), (4, 1));
}

#[test]
fn a_capture_joined_to_a_cut_record_is_read() {
    let ticks = u64::from(SECONDS) * 1_000_000;
    let blocks = (3..9).fold(Builder::new(false).interface(101, 0, &[]), |file, number| {
        file.whole_frame(0, ticks + u64::from(number), &named(number))
    });
    let days = (3..9).flat_map(|number| late(number, number * 9 * DAY)).collect::<Vec<_>>();
    for joined in [[header(), records(3..9)].concat(), [header(), days].concat(), blocks.bytes] {
        for held in [0, 1, 20, 60, 90] {
            let whole = packet(&[b'x'; 100]);
            let cut = &claims(SECONDS + 2, whole.len(), &whole)[..16 + held];
            let before = [&header()[..], &records(0..2), cut].concat();
            let expected = format!("another capture begins at byte {}, behind frame 2", before.len());
            check(&[&before[..], &joined].concat(), &[0, 1, 3, 4, 5, 6, 7, 8], &expected);
        }
    }
}

#[test]
fn a_joined_capture_that_is_cut_or_unknown_is_no_error() {
    let before = [header(), records(0..2)].concat();
    let section = Builder::new(false).bytes;
    for (joined, length) in [(&header()[..], 24), (&section, 28)] {
        for held in 16..length {
            let expected = format!("{held} of {length} bytes are there from byte {}", before.len());
            check(&[&before[..], &joined[..held]].concat(), &[0, 1], &expected);
        }
    }
    let mut unknown = section;
    unknown[12] = 2;
    let known = Builder::new(false).interface(101, 0, &[]).whole_frame(0, 7, &named(2)).bytes;
    check(&[before, unknown, known].concat(), &[0, 1, 2], "its version is not known");
}

#[test]
fn what_begins_like_a_capture_again_and_again_costs_no_time() {
    // Two bytes of one of the magic numbers, which are text besides: 2 MiB of them, and a record of as many.
    let noise = b"M<".repeat(1 << 20);
    let carrying = claims(SECONDS + 2, noise.len(), &noise);
    check(&[header(), records(0..2), vec![0xff; 20], noise].concat(), &[0, 1], "nothing can be read from there on");
    check(&[&header()[..], &records(0..2), &carrying, &[0xff; 20]].concat(), &[0, 1, 99], "nothing can be read");
}

/// Captures of both kinds as a frame carries them, of frames with the numbers 50 and more.
fn carried() -> [Vec<u8>; 2] {
    let blocks = (50..56).fold(Builder::new(false).interface(101, 0, &[]), |file, number| {
        file.whole_frame(0, u64::from(SECONDS + number) * 1_000_000, &named(number))
    });
    [[header(), records(50..56)].concat(), blocks.bytes]
}

#[test]
fn what_a_sound_frame_carries_of_a_capture_is_its_own_before_damage() {
    let before = [header(), records(0..2)].concat();
    for capture in carried() {
        // Whole, cut in the middle of a record, and a piece of its middle.
        for piece in [&capture[..], &capture[..capture.len() - 7], &capture[..190], &capture[60..230]] {
            let carrying = packet(&[piece, b" frame 2"].concat());
            let whole = claims(SECONDS + 2, carrying.len(), &carrying);
            let noise: Vec<u8> = (0..300_u32).map(|at| ((at * at * 31) >> 3) as u8).collect();
            for damage in [&[0xff; 70][..], &[0; 50], &claims(SECONDS + 3, 5 << 20, &named(9)), &noise] {
                let file = [&before[..], &whole, damage, &records(20..24)].concat();
                check(&file, &[0, 1, 2, 20, 21, 22, 23], "skipped");
            }
        }
    }
}

#[test]
fn what_a_damaged_frame_carries_of_a_capture_is_passed_with_it() {
    let before = [header(), records(0..2)].concat();
    let mut blocks = Builder::new(false).interface(101, 0, &[]);
    for number in 0..2 {
        blocks = blocks.whole_frame(0, u64::from(SECONDS) * 1_000_000, &named(number));
    }
    let behind = (20..24)
        .fold(Builder::default(), |file, number| file.whole_frame(0, u64::from(SECONDS) * 1_000_000, &named(number)));
    for capture in carried() {
        for piece in [&capture[..], &capture[..190]] {
            let carrying = packet(piece);
            for claimed in [carrying.len() + 100, 5 << 20, 70_000] {
                let lying = claims(SECONDS + 2, claimed, &carrying);
                check(&[&before[..], &lying, &records(20..24)].concat(), &[0, 1, 20, 21, 22, 23], "skipped");
            }
            for claimed in [5 << 20, 1 << 30, 70_000, 333, 128] {
                let mut lying = Builder::default().whole_frame(0, u64::from(SECONDS) * 1_000_000, &carrying).bytes;
                lying[4..8].copy_from_slice(&(claimed as u32).to_le_bytes());
                let file = [&blocks.bytes[..], &lying, &behind.bytes].concat();
                check(&file, &[0, 1, 20, 21, 22, 23], "skipped");
            }
        }
    }
}

#[test]
fn a_short_capture_behind_a_cut_record_or_header_is_told() {
    let before = [header(), records(0..2)].concat();
    let whole = packet(&[b'x'; 900]);
    let cut = &claims(SECONDS + 2, whole.len(), &whole)[..60];
    for capture in carried() {
        // Its frame may carry it.
        let file = [&before[..], cut, &capture].concat();
        check(&file, &[0, 1], &format!("tail -c +{} capture | coapscope - reads that", before.len() + 61));
        for held in 17..24 {
            let file = [&header()[..held], &capture].concat();
            let expected = format!("the file header at byte 0 ends after {held} bytes, where another capture begins");
            check(&file, &[50, 51, 52, 53, 54, 55], &expected);
        }
    }
}

#[test]
fn a_pcap_that_was_copied_as_text_says_so() {
    let changed = |bytes: &[u8]| {
        bytes
            .iter()
            .flat_map(|byte| if *byte == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(byte) })
            .copied()
            .collect()
    };
    let whole = [header(), records(0..30)].concat();
    let as_text: Vec<u8> = changed(&whole);
    let said = |bytes: &[u8]| read(bytes).warnings.iter().any(|warning| warning.contains("copy it again, as binary"));
    assert!(said(&as_text) && !said(&whole));
    // Damage alone is not that.
    assert!(!said(&[&whole[..300], &[0; 40], &whole[310..]].concat()));
    // Nor are lines in what frames carry.
    let lines = packet(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let lines = claims(SECONDS, lines.len(), &lines);
    assert!(!said(&[header(), lines.repeat(9)].concat()));
    assert!(!said(&[header(), lines.repeat(9), vec![0xff; 20], lines.repeat(9)].concat()));
}
