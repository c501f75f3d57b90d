//! Every finding that needs the frame beside the message: what raises it, and what is next to it and does not.

use std::io::Write;

use coapscope::capture::{PcapWriter, open_spool, spool::Spool};
use coapscope::coap::{RULES, RaisedBy, Rule};
use coapscope::frame::LinkType;
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
use coapscope::store::{Store, Update};
use coapscope::tracking::{ExchangeId, ExchangeState, RecordId};

use super::bytes;

const CASES: &str = include_str!("../vectors/frame_findings.txt");

/// The cases, cut at semicolons.
fn cases() -> impl Iterator<Item = [&'static str; 5]> {
    let lines = CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        line.split(';')
            .map(str::trim)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_else(|_| panic!("not five columns: {line}"))
    })
}

/// The records of a capture with these frames, and what reads them again.
pub(crate) fn read(link: &str, length: &str, frames: &str) -> (Store, Fetcher) {
    let mut capture = PcapWriter::new(Vec::new(), LinkType(link.parse().unwrap()), 65_535).unwrap();
    for (second, hex) in frames.split(' ').enumerate() {
        let frame = bytes(hex);
        let length = length.parse().unwrap_or(frame.len() as u32);
        capture.record(second as i64 * 1_000_000_000, length, &frame).unwrap();
    }
    let (mut writer, reader) = Spool::create(&std::env::temp_dir()).unwrap();
    writer.write_all(&capture.finish().unwrap()).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let opened = open_spool(reader, "frames");
    let options = PipelineOptions { checksums: true, ..PipelineOptions::default() };
    let (mut pipeline, mut store) = (Pipeline::new(opened.source, options), Store::default());
    loop {
        let mut update = Update::default();
        let step = pipeline.step(&mut update);
        store.apply(update);
        match step {
            Step::More => {}
            Step::Pending => panic!("the spool has ended"),
            Step::Ended => break,
        }
    }
    (store, Fetcher::new(opened.reader, true))
}

#[test]
fn an_icmp_error_that_quotes_stun_is_no_evidence_of_coap() {
    let error = |quoted: &str| {
        let length = 8 + quoted.len() / 2;
        let inner = format!("4500{:04x}123400004011e493c0000202c00002019c401633{length:04x}0000{quoted}", 20 + length);
        format!("4500{:04x}123400004001e487c0000201c00002020303812000000000{inner}", 48 + length)
    };
    for (quoted, records) in [("40010001b16c", 1), ("", 1), ("000100002112a442000000000000000000000000", 0)] {
        assert_eq!(read("101", "-", &error(quoted)).0.len(), records, "{quoted}");
    }
}

/// Ids of the findings on the last record of a capture with these frames.
fn found(link: &str, length: &str, frames: &str) -> Vec<&'static str> {
    let (store, mut fetcher) = read(link, length, frames);
    let last = store.len().checked_sub(1).expect("a message") as RecordId;
    let view = fetcher.view(&store, last).unwrap().unwrap();
    view.findings().iter().map(|finding| finding.rule.id()).collect()
}

#[test]
fn frames_raise_what_their_lines_say() {
    let mut wrong = Vec::new();
    for [link, length, frames, raised, missed] in cases() {
        let found = found(link, length, frames);
        for id in raised.split_whitespace().chain(missed.split_whitespace()) {
            assert!(Rule::from_id(id).is_some(), "no finding is called {id}");
        }
        if raised.split_whitespace().any(|id| !found.contains(&id))
            || missed.split_whitespace().any(|id| found.contains(&id))
        {
            wrong.push(format!("{frames}\n    {raised} and not {missed}, but {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_checksum_has_all_its_digits() {
    let frame = "45000022123400004011e493c0000202c00002019c401633000e001240010001b16c";
    let (store, mut fetcher) = read("101", "-", frame);
    let view = fetcher.view(&store, 0).unwrap().unwrap();
    let found = view.findings().into_iter().find(|finding| finding.rule == Rule::UdpChecksum).unwrap();
    assert_eq!(found.detail_with(&|frame| frame.to_string()), "The field says 0x0012, the bytes give 0xd7eb.");
}

#[test]
fn every_frame_finding_has_a_case_and_a_near_miss() {
    let rules: Vec<&str> =
        RULES.iter().map(|rule| rule.row()).filter(|row| row.raised_by == RaisedBy::Frame).map(|row| row.id).collect();
    assert_eq!(rules.len(), 15);
    for column in [3, 4] {
        let listed: Vec<&str> = cases().flat_map(|case| case[column].split_whitespace()).collect();
        let lacking: Vec<_> = rules.iter().filter(|id| !listed.contains(id)).collect();
        assert!(lacking.is_empty(), "column {column} lacks {lacking:?}");
    }
}

/// A frame of raw IPv4 with a datagram from port 40000 to this one.
fn datagram(port: u16, payload: &str) -> String {
    datagram_from(40_000, port, payload)
}

fn datagram_from(from: u16, to: u16, payload: &str) -> String {
    let length = payload.len() / 2 + 28;
    format!("4500{length:04x}0000000040110000c0000201c0000202{from:04x}{to:04x}{:04x}0000{payload}", length - 20)
}

#[test]
fn on_ports_that_others_use_too_only_what_is_sound_is_coap() {
    // GET with one option as today, as draft -08 and as draft -12 have it; what is none; what breaks off; a Reset.
    let (today, old, newer) = ("40010001b474696d65", "410100019474696d65", "41010001b474696d65");
    let (other, broken, reset) = ("0001000000010203", "40010001b974696d65", "70000001");
    for (ports, payloads, expected) in [
        (5683..=5684, vec![today, old, newer, other, broken, reset], 6),
        (61616..=61631, vec![today, old, newer, other, broken, reset], 4),
        (61615..=61615, vec![today, old, newer, other, broken, reset], 0),
        (61632..=61632, vec![today, old, newer, other, broken, reset], 0),
        // Between endpoints that have spoken today's CoAP, what can hardly be anything but a draft's request is one all the same; what a
        // draft may explain as well is broken.
        (61617..=61617, vec!["4101000101b474696d65", "4101000202b474696d65", old], 3),
        (61617..=61617, vec!["4101000101b474696d65", "4101000202b474696d65", "61450001c0b980b5"], 2),
    ] {
        for port in ports {
            let frames: Vec<String> = payloads.iter().map(|payload| datagram(port, payload)).collect();
            assert_eq!(read("101", "-", &frames.join(" ")).0.len(), expected, "{port} {payloads:?}");
        }
    }
}

#[test]
fn on_ports_that_others_use_too_nothing_unlikely_is_coap() {
    // Sound; a code that nobody has assigned; OSCORE without what it needs, which is an error.
    let (get, unassigned, erroneous) = ("40010001b474696d65", "405a0001", "400100019109");
    for (from, to, payload, expected) in [
        (40_000, 61_617, get, 1),
        (61_617, 40_000, get, 1),
        (61_617, 443, get, 0),
        (40_000, 61_617, unassigned, 0),
        (40_000, 61_617, erroneous, 0),
        (40_000, 5683, unassigned, 1),
        (40_000, 5683, erroneous, 1),
    ] {
        let sent = datagram_from(from, to, payload);
        assert_eq!(read("101", "-", &sent).0.len(), expected, "{from} to {to}: {payload}");
        // An error that quotes it speaks of CoAP just then.
        let length = 28 + sent.len() / 2;
        let quote = format!("4500{length:04x}0000000040010000c0000202c00002010303000000000000{sent}");
        assert_eq!(read("101", "-", &quote).0.len(), expected, "quoted {from} to {to}: {payload}");
    }
}

#[test]
fn what_the_capture_left_of_other_protocols_is_not_malformed_coap() {
    let dtls = "17fefd000100000000000a0010a1a2a3a4a5a6a7a8a9aaabacadaeaf";
    let stun = "000100002112a4420102030405060708090a0b0c";
    for (port, payload, kept, expected) in [
        // Nothing was kept: it may be anything, plain CoAP among it.
        (5684, dtls, 0, vec!["capture.truncated"]),
        (5684, dtls, 1, vec![]),
        (5684, dtls, 6, vec![]),
        (5684, dtls, 28, vec![]),
        (5683, dtls, 3, vec!["sec.port-mismatch"]),
        (5683, dtls, 28, vec!["sec.port-mismatch"]),
        (5683, stun, 5, vec![]),
        (5683, stun, 20, vec![]),
    ] {
        let frame = datagram(port, payload);
        let (cut, whole) = (&frame[..2 * (28 + kept)], (frame.len() / 2).to_string());
        let (store, mut fetcher) = read("101", &whole, cut);
        let ids: Vec<_> = match store.len() {
            0 => vec![],
            _ => fetcher.view(&store, 0).unwrap().unwrap().findings().iter().map(|finding| finding.rule.id()).collect(),
        };
        assert_eq!(ids, expected, "{kept} bytes to {port}");
    }
}

#[test]
fn ipv4_shorter_than_its_own_header_is_not_read() {
    let frame = datagram(5683, "40010001b474696d65");
    for (total, expected) in [("0000", 1), ("0013", 0), ("000a", 0), ("0025", 1)] {
        let frame = format!("4500{total}{}", &frame[8..]);
        assert_eq!(read("101", "-", &frame).0.len(), expected, "{total}");
    }
}

#[test]
fn an_error_that_the_first_fragment_draws_speaks_of_the_message() {
    // A PUT with a payload of 26 bytes, of which the first fragment has 10.
    let datagram = format!("9c40163300290000{}{}", "40030001b16cff", "78".repeat(26));
    let fragment = |id: &str, offset: u16, data: &str| {
        let (length, flags) = (20 + data.len() / 2, if offset == 0 { 0x2000 } else { 0 });
        let place = offset / 8 + flags;
        format!("4500{length:04x}{id}{place:04x}40110000c0000201c0000202{data}")
    };
    let (first, last) = (fragment("0077", 0, &datagram[..48]), fragment("0077", 24, &datagram[48..]));
    let error = |quoted: &str| {
        let length = 28 + quoted.len() / 2;
        format!("4500{length:04x}0000000040010000c0000203c00002010301000000000000{quoted}")
    };
    let other = fragment("0078", 0, &datagram[..48]);
    for (frames, place, about) in [
        // The error before the message is complete, and behind it; all of the header, and that of UDP alone.
        ([&first, &error(&first), &last], [0, 1], Some(1)),
        ([&first, &last, &error(&first)], [1, 0], Some(0)),
        ([&first, &error(&first[..56]), &last], [0, 1], Some(1)),
        // Another packet.
        ([&first, &error(&other), &last], [0, 0], None),
    ] {
        let (store, mut fetcher) = read("101", "-", &frames.map(String::as_str).join(" "));
        let [error, message] = place;
        assert_eq!(fetcher.view(&store, error).unwrap().unwrap().about_message(), about, "{frames:?}");
        let said = |id| store.findings(id).filter(|finding| finding.rule == Rule::IcmpUnreachable).count();
        assert_eq!((said(0), said(1)), if message == 1 { (0, 1) } else { (1, 0) }, "{frames:?}");
        let told = store.exchange(ExchangeId(1)).unwrap().state == ExchangeState::Unreachable;
        assert_eq!(told, about.is_some(), "{frames:?}");
    }
}
