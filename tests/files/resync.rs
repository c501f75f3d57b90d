//! What follows damage is read, however long that is, wherever it ends, and while the file still grows.

use std::fs::OpenOptions as FileOptions;
use std::io::Write;

use coapscope::capture::{Input, Next, OpenOptions, open_all};

use super::damage::numbers;
use super::pcapng::Builder;
use super::{options, read};

const SECONDS: u32 = 1_700_000_000;

/// The header of a pcap file.
fn header() -> Vec<u8> {
    [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 262_144, 1_u32].map(u32::to_le_bytes).concat()
}

/// A record of pcap that claims to hold so many bytes.
fn claims(number: u32, length: u32, bytes: &[u8]) -> Vec<u8> {
    [&[SECONDS + number, 7, length, length].map(u32::to_le_bytes).concat(), bytes].concat()
}

fn record(number: u32) -> Vec<u8> {
    let text = format!("frame {number}");
    claims(number, text.len() as u32, text.as_bytes())
}

fn block(number: u32) -> Vec<u8> {
    let ticks = u64::from(SECONDS + number) * 1_000_000;
    Builder::default().whole_frame(0, ticks, format!("frame {number}").as_bytes()).bytes
}

/// A pcap and a pcapng: what stands before the frames, and how a frame is written.
type Form = (Vec<u8>, fn(u32) -> Vec<u8>);

fn forms() -> [Form; 2] {
    [(header(), record), (Builder::new(false).interface(1, 0, &[]).bytes, block)]
}

fn frames(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("frame {number}")).collect()
}

#[test]
fn damage_of_any_length_is_passed() {
    let mut random = numbers();
    for (head, frame) in forms() {
        let before = [head, frame(0), frame(1)].concat();
        let behind = [frame(2), frame(3), frame(4)].concat();
        for length in [64, 65, 4099, (3 << 20) + 1] {
            let noise = (0..length).map(|_| random() as u8).collect();
            for damage in [vec![0; length], vec![0xff; length], noise] {
                let read = read(&[&before[..], &damage, &behind].concat());
                assert_eq!(read.payloads(), frames(0..5), "{length}: {:?}", read.warnings);
                let [warning] = &read.warnings[..] else { panic!("{:?}", read.warnings) };
                assert!(warning.contains(&format!("at byte {} ", before.len())), "{warning}");
                assert!(warning.contains(&format!(" {length} bytes were skipped")), "{warning}");
            }
        }
    }
}

#[test]
fn lost_and_inserted_bytes_cost_what_they_are_in() {
    for (head, frame) in forms() {
        let part = [head, frame(0)].concat();
        let damaged = frame(1);
        for lost in [1, 2, 3, 5] {
            let less = damaged[..damaged.len() - lost].to_vec();
            let more = [&damaged[..20], &vec![b'z'; lost], &damaged[20..]].concat();
            for damaged in [less, more] {
                let read = read(&[&part[..], &damaged, &frame(2), &frame(3), &frame(4), &frame(5)].concat());
                assert_eq!(read.warnings.len(), 1, "{:?}", read.warnings);
                // What a record of pcap lacks it takes of the next one.
                let found = read.payloads();
                assert!(found.ends_with(&frames(3..6)) && found.starts_with(&frames(0..1)), "{lost}: {found:?}");
            }
        }
    }
}

#[test]
fn a_first_record_that_lies_is_passed_as_any_other() {
    for claimed in [5 << 20, u32::MAX] {
        for place in 0..3 {
            let records = (0..5).map(|number| match number {
                _ if number == place => claims(number, claimed, b"frame"),
                _ => record(number),
            });
            let read = read(&[header(), records.collect::<Vec<_>>().concat()].concat());
            assert_eq!((read.frames.len(), read.warnings.len()), (4, 1), "{place}: {:?}", read.warnings);
        }
    }
}

#[test]
fn records_of_zeros_count_where_others_have_no_time_either() {
    let zeros = vec![0; 48];
    let empty = read(&[header(), zeros.clone(), record(1), record(2)].concat());
    assert_eq!((empty.frames.len(), empty.warnings.len()), (5, 0), "{:?}", empty.warnings);
    let hole = read(&[header(), record(1), zeros.clone(), record(2), record(3)].concat());
    assert_eq!((hole.frames.len(), hole.warnings.len()), (3, 1));
    let end = read(&[header(), record(1), zeros].concat());
    assert_eq!(end.frames.len(), 1);
    assert_eq!(end.warnings, ["capture: the record at byte 47 is made of zeros; nothing can be read from there on"]);
}

#[test]
fn a_block_that_is_too_long_for_memory_is_passed() {
    let [_, (head, block)] = forms();
    let long = vec![b'k'; 17 << 20];
    let behind = [block(1), block(2)].concat();
    for (kind, expected) in
        [(0x7777_7777, ""), (4, ""), (10, "17825804 bytes of decryption secrets"), (6, "17825804 bytes were skipped")]
    {
        let long = Builder::default().block(kind, &long).bytes;
        let whole = read(&[&head[..], &block(0), &long, &behind].concat());
        assert_eq!((whole.payloads(), whole.warnings.len()), (frames(0..3), usize::from(!expected.is_empty())));
        assert!(whole.warnings.iter().all(|warning| warning.contains(expected)), "{:?}", whole.warnings);
    }
    let mut long = Builder::default().block(4, &long).bytes;
    let cut = read(&[&head[..], &block(0), &long[..1 << 20]].concat());
    assert!(cut.warnings.len() == 1 && cut.warnings[0].contains("ends in the middle"), "{:?}", cut.warnings);
    // Its two lengths differ.
    long[6] ^= 1;
    let damaged = read(&[&head[..], &block(0), &long, &behind].concat());
    assert_eq!((damaged.payloads(), damaged.warnings.len()), (frames(0..3), 1), "{:?}", damaged.warnings);
}

#[test]
fn a_long_block_that_comes_bit_by_bit_is_passed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    let [_, (head, block)] = forms();
    std::fs::write(&path, &head).unwrap();
    let mut file = FileOptions::new().append(true).open(&path).unwrap();
    let mut opened = open_all(&[Input::Path(path)], &OpenOptions { follow: true, ..options() }).unwrap();
    let long = Builder::default().block(4, &vec![b'k'; 17 << 20]).bytes;
    for piece in long.chunks(3 << 20) {
        assert!(matches!(opened.source.next().unwrap(), Next::Pending));
        file.write_all(piece).unwrap();
    }
    file.write_all(&block(1)).unwrap();
    let Next::Frame(frame) = opened.source.next().unwrap() else { panic!("no frame") };
    assert_eq!((frame.bytes, frame.position.offset), (&b"frame 1"[..], (head.len() + long.len()) as u64));
    assert!(opened.source.take_warnings().is_empty());
}

#[test]
fn where_nothing_follows_it_is_said() {
    let before = Builder::new(false).interface(1, 0, &[]).frame(0, 1, b"one", &[]).bytes;
    for length in [12, 3 << 20] {
        let read = read(&[&before[..], &vec![0xff; length]].concat());
        assert_eq!(read.payloads(), ["one"]);
        let expected = format!("nothing can be read from there on, {length} bytes to the end");
        assert!(read.warnings.len() == 1 && read.warnings[0].ends_with(&expected), "{:?}", read.warnings);
    }
}

#[test]
fn a_record_that_is_cut_is_not_searched_for_what_it_carries() {
    let inner: Vec<u8> = (5..9).flat_map(record).collect();
    let outer = claims(2, 600, &[&header()[..], &inner].concat());
    let blocks = (5..9).flat_map(block).collect::<Vec<_>>();
    let block = Builder::default().whole_frame(0, 7, &blocks.repeat(3)).bytes;
    let simple = Builder::default().simple_frame(blocks.len() as u32 * 3, &blocks.repeat(3)).bytes;
    let [pcap, pcapng] = forms();
    for ((head, frame), last) in [
        (pcap, outer),
        (pcapng.clone(), block[..block.len() - 100].to_vec()),
        (pcapng, simple[..simple.len() - 100].to_vec()),
    ] {
        let read = read(&[head, frame(0), frame(1), last].concat());
        assert_eq!(read.payloads(), frames(0..2));
        assert!(read.warnings.len() == 1 && read.warnings[0].contains("ends in the middle"), "{:?}", read.warnings);
    }
}

/// Lets a file grow behind damage, a byte at a time: when frames are seen, and what is said.
#[track_caller]
fn check_growing(head: &[u8], damage: &[u8], frame: fn(u32) -> Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    std::fs::write(&path, head).unwrap();
    let mut file = FileOptions::new().append(true).open(&path).unwrap();
    let mut opened = open_all(&[Input::Path(path)], &OpenOptions { follow: true, ..options() }).unwrap();
    let mut seen = Vec::new();
    let mut grow = |bytes: &[u8]| {
        for byte in bytes {
            file.write_all(&[*byte]).unwrap();
            match opened.source.next().unwrap() {
                Next::Frame(frame) => seen.push(String::from_utf8(frame.bytes.to_vec()).unwrap()),
                Next::Pending => {}
                Next::End => panic!("a file that is followed has no end"),
            }
        }
        (seen.clone(), opened.source.take_warnings().len())
    };
    assert_eq!(grow(&frame(1)), (frames(1..2), 0));
    assert_eq!(grow(damage).0, frames(1..2));
    grow(&frame(2));
    // Where it stands alone it may be a part of what is damaged.
    let (seen, _) = grow(&frame(3));
    assert_eq!(seen, frames(1..4));
    assert_eq!(grow(&frame(4)).0, frames(1..5));
}

#[test]
fn a_growing_file_goes_on_as_soon_as_something_sound_follows() {
    let [(pcap, record), (pcapng, block)] = forms();
    check_growing(&pcap, &claims(2, u32::MAX, b"frame 2"), record);
    check_growing(&pcap, &claims(2, 100_000, b"frame 2"), record);
    check_growing(&pcap, &[0; 50], record);
    check_growing(&pcapng, &[0; 62], block);
    // A lying length, which the file may still come to.
    for length in [1000_u32, 1 << 20, 200 << 20] {
        let mut lying = block(9);
        lying[4..8].copy_from_slice(&length.to_le_bytes());
        check_growing(&pcapng, &lying, block);
    }
}

#[test]
fn a_capture_that_is_appended_to_half_a_record_is_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    let half = [header(), record(1), record(2)[..18].to_vec()].concat();
    std::fs::write(&path, &half).unwrap();
    let mut opened = open_all(&[Input::Path(path.clone())], &OpenOptions { follow: true, ..options() }).unwrap();
    let mut file = FileOptions::new().append(true).open(&path).unwrap();
    let mut count = 0;
    for bytes in [header()].into_iter().chain((3..23).map(record)) {
        file.write_all(&bytes).unwrap();
        while let Next::Frame(_) = opened.source.next().unwrap() {
            count += 1;
        }
    }
    // The half is not whole by what it takes of the header behind it.
    let whole = read(&std::fs::read(&path).unwrap());
    assert_eq!((whole.frames.len(), whole.warnings.len()), (21, 2), "{:?}", whole.warnings);
    // It was, as long as nothing stood behind that; and so was the rest of the header.
    assert!((22..24).contains(&count), "{count}");
}

#[test]
fn the_beginning_of_a_capture_in_a_damaged_frame_is_no_capture() {
    let other = [0xa1b2_c3d4, 2 << 16 | 4, 0, 0, 65_535, 1_u32].map(u32::to_be_bytes).concat();
    let section = [0x0a0d_0d0a_u32, 28, 0x1a2b_3c4d, 1].map(u32::to_le_bytes).concat();
    for carried in [header(), other, section] {
        let damaged = claims(1, 5_000_000, &[&b"a POST of "[..], &carried, b" to a server"].concat());
        let read = read(&[header(), record(0), damaged, record(2), record(3), record(4)].concat());
        assert_eq!(read.payloads(), [frames(0..1), frames(2..5)].concat(), "{carried:02x?}: {:?}", read.warnings);
        assert_eq!(read.warnings.len(), 1, "{:?}", read.warnings);
    }
}
