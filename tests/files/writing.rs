//! Captures that are written are read again as they were, and no error is lost.

use std::io::{BufWriter, ErrorKind};

use coapscope::capture::{Origin, PcapWriter, PcapngWriter, Secrets};
use coapscope::coap::UNKNOWN_TIME;
use coapscope::frame::{Frame, LinkType, Position};

use super::pcapng::Builder;
use super::read;

#[test]
fn what_is_written_is_read_again() {
    let times = [0, 1, 999_999_999, 1_700_000_000_123_456_789, i64::from(u32::MAX) * 1_000_000_000];
    let mut writer = PcapWriter::new(Vec::new(), LinkType(276), 262_144).unwrap();
    for time in times {
        let bytes = time.to_string();
        let frame = Frame {
            number: 1,
            time,
            link: LinkType(276),
            original_length: 99,
            bytes: bytes.as_bytes(),
            position: Position::default(),
        };
        writer.write(&frame).unwrap();
    }
    let read = read(&writer.finish().unwrap());
    assert_eq!(read.frames.iter().map(|frame| frame.time).collect::<Vec<_>>(), times);
    assert!(read.frames.iter().all(|frame| frame.link == 276 && frame.original_length == 99));
    assert_eq!(read.payloads(), times.map(|time| time.to_string()));
}

#[test]
fn frames_without_a_time_are_written_without_one() {
    let described = read(&Builder::new(false).interface(1, 4, &[]).interface(101, 0, &[]).frame(0, 1, b"x", &[]).bytes);
    let [first, second] = &described.interfaces[..] else { panic!("{described:?}") };
    let mut writer = PcapngWriter::new(Vec::new(), "test", Origin::default()).unwrap();
    writer.secrets(&Secrets { kind: 0x544c_534b, data: b"keys\n".as_slice().into() }).unwrap();
    assert_eq!((writer.interface(first).unwrap(), writer.interface(second).unwrap()), (0, 1));
    let none: &[&str] = &[];
    writer.frame(0, UNKNOWN_TIME, 9, b"four", &["there is no room for this"]).unwrap();
    writer.frame(1, 5, 3, b"two", none).unwrap();
    // A simple block cannot hold these: of another interface, and shorter than the interface cuts.
    writer.frame(1, UNKNOWN_TIME, 3, b"lie", none).unwrap();
    writer.frame(0, UNKNOWN_TIME, 9, b"abc", none).unwrap();
    writer.section().unwrap();
    assert_eq!(writer.interface(second).unwrap(), 0);
    writer.frame(0, UNKNOWN_TIME, 5, b"three", none).unwrap();
    let read = read(&writer.finish().unwrap());
    assert_eq!((read.payloads().join(" ").as_str(), read.warnings.len()), ("four two lie abc three", 0), "{read:?}");
    let seen: Vec<_> = read.frames.iter().map(|frame| (frame.time, frame.link, frame.original_length)).collect();
    let expected = [(UNKNOWN_TIME, 1, 9), (5, 101, 3), (0, 101, 3), (0, 1, 9), (UNKNOWN_TIME, 101, 5)];
    assert_eq!(seen, expected);
}

#[test]
fn times_before_1970_are_written_as_they_are() {
    let described = read(&Builder::new(false).interface(1, 4, &[(2, b"eth0")]).interface(101, 0, &[]).bytes);
    let [first, second] = &described.interfaces[..] else { panic!("{described:?}") };
    let mut writer = PcapngWriter::new(Vec::new(), "test", Origin::default()).unwrap();
    assert_eq!(writer.interface(first).unwrap(), 0);
    let times = [-1, i64::MIN + 1, 0, -10_000_000_001, 7];
    for time in times {
        writer.frame::<&str>(0, time, 9, b"four", &[]).unwrap();
    }
    let other = writer.interface(second).unwrap();
    writer.frame::<&str>(other, -5, 1, b"x", &[]).unwrap();
    let read = read(&writer.finish().unwrap());
    assert_eq!(read.frames.iter().map(|frame| frame.time).collect::<Vec<_>>(), [&times[..], &[-5]].concat());
    assert_eq!(read.frames.iter().map(|frame| frame.link).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 101]);
    // Each of the two once more.
    assert_eq!((read.interfaces.len(), read.warnings.len()), (4, 0));
    assert!(read.interfaces[..2].iter().all(|interface| interface.name.as_deref() == Some("eth0")));
}

#[test]
fn a_time_before_1970_and_one_after_2106_are_set_to_the_nearest() {
    let mut writer = PcapWriter::new(Vec::new(), LinkType::RAW, 0).unwrap();
    writer.record(-5_000_000_000, 1, b"x").unwrap();
    writer.record(i64::MAX, 1, b"x").unwrap();
    let read = read(&writer.finish().unwrap());
    assert_eq!(
        read.frames.iter().map(|frame| frame.time / 1_000_000_000).collect::<Vec<_>>(),
        [0, i64::from(u32::MAX)]
    );
}

#[test]
fn frames_of_another_link_type_are_refused() {
    let mut writer = PcapWriter::new(Vec::new(), LinkType::RAW, 0).unwrap();
    let frame = Frame {
        number: 1,
        time: 0,
        link: LinkType::ETHERNET,
        original_length: 0,
        bytes: &[],
        position: Position::default(),
    };
    let error = writer.write(&frame).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "frames of link types 101 (RAW) and 1 (ETHERNET) do not go into one pcap file");
}

#[test]
fn a_full_disk_is_reported() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let mut writer = PcapWriter::new(BufWriter::new(full), LinkType::RAW, 0).unwrap();
    let result = (0..1000).try_for_each(|_| writer.record(0, 100, &[0; 100]));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::StorageFull);
}
