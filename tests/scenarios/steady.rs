//! An endless stream: the generator's messages, one after the other without a pause, through the tracker alone.

use super::skipped::skipped;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use coapscope::coap::Message;
use coapscope::frame::Endpoint;
use coapscope::tracking::{Arrival, Tracker, TrackerOptions};

/// Bytes in front of the CoAP message: Ethernet, IPv4, UDP.
const HEADERS: usize = 14 + 20 + 8;

/// A datagram of the stream.
struct Datagram {
    time: i64,
    source: Endpoint,
    destination: Endpoint,
    message: Vec<u8>,
}

/// The generator at work; `None`, said by name, where there is no python3.
fn generator(frames: u32) -> Option<(Child, impl Iterator<Item = Datagram>)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/make_capture.py");
    let arguments = ["/dev/stdout", "--truth", "/dev/null", "--steady", "--seed", "7", "--frames"];
    let mut command = Command::new("python3");
    command.arg(script).args(arguments).arg(frames.to_string()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skipped("python3 is missing, which makes the stream");
        return None;
    };
    let mut stream = BufReader::with_capacity(1 << 20, child.stdout.take().unwrap());
    stream.read_exact(&mut [0; 24]).unwrap();
    Some((child, std::iter::from_fn(move || next(&mut stream)).take(frames as usize)))
}

fn next(stream: &mut impl Read) -> Option<Datagram> {
    let mut header = [0; 16];
    stream.read_exact(&mut header).ok()?;
    let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
    let mut frame = vec![0; word(8) as usize];
    stream.read_exact(&mut frame).ok()?;
    let endpoint = |address: usize, port: usize| Endpoint {
        address: <[u8; 4]>::try_from(&frame[address..address + 4]).unwrap().into(),
        port: u16::from_be_bytes([frame[port], frame[port + 1]]),
        scope: 0,
    };
    Some(Datagram {
        time: i64::from(word(0)) * 1_000_000_000 + i64::from(word(4)) * 1000,
        source: endpoint(26, 34),
        destination: endpoint(30, 36),
        message: frame.split_off(HEADERS),
    })
}

/// Most bytes that the tracker held, and time it took for a message, in one part of the stream.
#[derive(Debug)]
struct Part {
    most: usize,
    /// Observations that were accepted and not deregistered: the generator never ends them otherwise.
    living: u64,
    each: Duration,
}

/// Feeds so many messages in ten parts.
fn stream(frames: u32, cap_bytes: usize) -> Option<(Vec<Part>, u64)> {
    let (mut child, mut datagrams) = generator(frames)?;
    let mut tracker = Tracker::new(TrackerOptions { cap_bytes, ..TrackerOptions::default() });
    let (mut out, mut record, mut parts) = (Vec::new(), 0, Vec::new());
    for _ in 0..10 {
        let (mut most, mut spent) = (0, Duration::ZERO);
        let part = frames / 10;
        for _ in 0..part / 1000 {
            let batch: Vec<_> = datagrams.by_ref().take(1000).collect();
            let begun = Instant::now();
            for datagram in &batch {
                let [from, to] = [&datagram.source, &datagram.destination].map(|end| tracker.endpoint(end));
                let arrival = Arrival { hop_limit: 64, ..Arrival::new(record, datagram.time, from, to) };
                tracker.track(&arrival, &Message::decode(&datagram.message), &mut out);
                record += 1;
            }
            spent += begun.elapsed();
            out.clear();
            most = most.max(tracker.bytes());
        }
        let living = tracker.counters().observations - tracker.counters().deregistrations;
        parts.push(Part { most, living, each: spent / part });
    }
    assert!(record > frames / 10 * 9, "the generator ended after {record} messages");
    drop(datagrams);
    child.wait().unwrap();
    Some((parts, tracker.counters().evicted))
}

/// Bytes that an observation may keep for as long as it lives.
const OBSERVATION: u64 = 320;

/// What is held does not grow from the middle of the stream to its end, but by what lives on.
fn is_flat(parts: &[Part]) -> bool {
    let grown = |part: &Part| (part.living - parts[3].living) * OBSERVATION;
    parts[5..].iter().all(|part| part.most as u64 <= parts[4].most.max(parts[3].most) as u64 * 11 / 10 + grown(part))
}

#[test]
fn memory_is_flat_on_an_endless_stream() {
    const CAP: usize = 256 << 20;
    let Some((parts, evicted)) = stream(600_000, CAP) else { return };
    parts.iter().for_each(|part| eprintln!("{part:?}"));
    assert_eq!(evicted, 0, "below the cap nothing leaves before its time");
    assert!(is_flat(&parts) && parts.iter().all(|part| part.most < CAP), "{parts:?}");
}

#[test]
#[ignore = "takes ten minutes: cargo test --release --no-default-features --test scenarios -- --ignored --nocapture"]
fn ten_million_messages_cost_the_same_from_first_to_last() {
    const CAP: usize = 256 << 20;
    let Some((parts, evicted)) = stream(10_000_000, CAP) else { return };
    parts.iter().for_each(|part| eprintln!("{part:?}"));
    assert_eq!(evicted, 0);
    assert!(is_flat(&parts) && parts.iter().all(|part| part.most < CAP));
    let (first, last) = (parts[0].each, parts[9].each);
    assert!(last < first * 3 / 2, "{last:?} a message at the end, {first:?} at the beginning");
}
