//! Fragments put together, whatever order they come in, and refused where they contradict each other.

use coapscope::frame::{FragmentCounters, Frame, LinkType, Peeled, Peeler, Position, layers};

use super::{bytes, described, endpoint, peeler};

/// A datagram of 40 bytes of payload (0, 1, 2 ...) from 192.0.2.2 or 2001:db8::2, as UDP.
fn datagram() -> Vec<u8> {
    let mut datagram = bytes("9c40 1633 0030 0000");
    datagram.extend(0..40);
    datagram
}

/// An IPv4 fragment with these bytes at this offset.
fn v4(id: u16, offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = bytes("4500 0000 0000 0000 4011 0000 c000 0202 c000 0201");
    packet[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
    packet[4..6].copy_from_slice(&id.to_be_bytes());
    packet[6..8].copy_from_slice(&((offset / 8) | (u16::from(more) << 13)).to_be_bytes());
    packet.extend(payload);
    packet
}

/// An IPv6 fragment behind hop-by-hop options.
fn v6(id: u16, offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = bytes(
        "60000000 0000 00 40 20010db8000000000000000000000002 20010db8000000000000000000000001
         2c00 0104 0000 0000  1100 0000 0000 0000",
    );
    packet[4..6].copy_from_slice(&(16 + payload.len() as u16).to_be_bytes());
    packet[50..52].copy_from_slice(&(offset | u16::from(more)).to_be_bytes());
    packet[54..56].copy_from_slice(&id.to_be_bytes());
    packet.extend(payload);
    packet
}

type Maker = fn(u16, u16, bool, &[u8]) -> Vec<u8>;

/// The datagram in fragments of 16 bytes: 0-16, 16-32, 32-48.
fn parts(make: Maker, id: u16) -> [Vec<u8>; 3] {
    let datagram = datagram();
    [make(id, 0, true, &datagram[..16]), make(id, 16, true, &datagram[16..32]), make(id, 32, false, &datagram[32..])]
}

/// Peels frame number `number`, `seconds` into the capture.
fn peel<'a>(peeler: &'a mut Peeler, number: u64, seconds: i64, bytes: &'a [u8], wire: usize) -> Peeled<'a> {
    peeler.peel(&Frame {
        number,
        time: seconds * 1_000_000_000,
        link: LinkType::RAW,
        original_length: wire as u32,
        bytes,
        position: Position { offset: number * 100, ..Position::default() },
    })
}

/// Peels these frames one a second; says what came of each.
fn told(frames: &[Vec<u8>]) -> (Vec<String>, FragmentCounters) {
    let mut peeler = peeler();
    let mut told = Vec::new();
    for (number, bytes) in (0..).zip(frames) {
        told.push(described(&peel(&mut peeler, number, number as i64, bytes, bytes.len())));
    }
    (told, peeler.fragment_counters())
}

const HELD: &str = "IP fragment of an incomplete datagram";

#[test]
fn any_order_makes_the_same_datagram() {
    for make in [v4 as Maker, v6 as Maker] {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let parts = parts(make, 7);
            let mut peeler = peeler();
            for (number, part) in (0..).zip(order) {
                let peeled = peel(&mut peeler, number, 0, &parts[part], parts[part].len());
                if number < 2 {
                    assert_eq!(described(&peeled), HELD);
                    continue;
                }
                let Peeled::Datagram(datagram) = peeled else {
                    panic!("{order:?}: {}", described(&peeled));
                };
                assert_eq!(datagram.payload, (0..40).collect::<Vec<u8>>());
                assert!(!datagram.cut && datagram.wire_length == 40 && datagram.notes.udp_length.is_none());
                let offsets: Vec<_> = datagram.reassembled.unwrap().positions.iter().map(|at| at.offset).collect();
                assert_eq!(offsets, [0, 100, 200]);
                let start = datagram.payload_offset as usize;
                assert_eq!(&datagram.reassembled.unwrap().bytes[start..], datagram.payload);
                // The packet that was put together reads like one that was never divided.
                let whole = datagram.reassembled.unwrap().bytes.clone();
                let again = described(&peel(&mut super::peeler(), 0, 0, &whole, whole.len()));
                assert_eq!(again, described(&Peeled::Datagram(datagram)));
            }
            assert_eq!(
                peeler.fragment_counters(),
                FragmentCounters { completed: 1, joined: order.len() as u64 - 1, ..Default::default() }
            );
        }
    }
}

#[test]
fn what_contradicts_is_refused() {
    let refused = |fault: &str| format!("IP fragment refused: {fault}");
    for make in [v4 as Maker, v6 as Maker] {
        let [first, _, last] = parts(make, 7);
        let overlap = make(7, 8, true, &[0xee; 16]);
        let cases = [
            (vec![first.clone(), overlap], refused("it overlaps another one")),
            (vec![last.clone(), make(7, 40, false, &[0; 16])], refused("it reaches beyond the end")),
            (vec![last.clone(), make(7, 16, false, &[0; 8])], refused("another one is the last already")),
            (vec![first.clone(), make(7, 16, true, &[0; 9])], refused("its length is no multiple of 8 bytes")),
            (vec![make(7, 65_528, false, &[0; 16])], refused("it reaches beyond the end")),
        ];
        for (frames, expected) in cases {
            let (told, counters) = told(&frames);
            assert_eq!(told.last(), Some(&expected));
            assert_eq!(counters.refused, 1, "{told:?}");
        }
    }
}

#[test]
fn the_same_fragment_twice_is_no_overlap() {
    let [first, second, last] = parts(v4, 7);
    let (told, _) = told(&[first.clone(), first, second.clone(), second, last]);
    assert!(told[4].starts_with("192.0.2.2:40000 > 192.0.2.1:5683 0001"), "{told:?}");
}

#[test]
fn datagrams_with_other_identifications_are_apart() {
    let ([a, b, c], [d, e, f]) = (parts(v6, 7), parts(v6, 8));
    let (told, counters) = told(&[a, d, b, e, c, f]);
    assert_eq!((counters.completed, &told[3][..]), (2, HELD));
}

#[test]
fn what_waits_too_long_is_given_up() {
    let [first, second, last] = parts(v4, 7);
    for (seconds, aged) in [(60, 0), (61, 1)] {
        let mut peeler = peeler();
        peel(&mut peeler, 1, 0, &first, first.len());
        peel(&mut peeler, 2, 0, &second, second.len());
        let peeled = peel(&mut peeler, 3, seconds, &last, last.len());
        assert_eq!(matches!(peeled, Peeled::Datagram(_)), aged == 0);
        assert_eq!(peeler.fragment_counters().aged, aged);
    }
}

#[test]
fn memory_is_bounded() {
    let mut peeler = peeler();
    for id in 0..60_000 {
        let part = v4(id, 0, true, &[0; 1480]);
        peel(&mut peeler, u64::from(id), 0, &part, part.len());
    }
    let counters = peeler.fragment_counters();
    assert!(counters.evicted >= 58_000, "{counters:?}");
}

#[test]
fn a_fragment_that_the_capture_cut_cuts_the_datagram() {
    let [first, second, last] = parts(v4, 7);
    let mut peeler = peeler();
    peel(&mut peeler, 1, 0, &first, first.len());
    peel(&mut peeler, 2, 0, &second[..30], second.len());
    let Peeled::Datagram(datagram) = peel(&mut peeler, 3, 0, &last, last.len()) else {
        panic!("not put together");
    };
    assert_eq!(datagram.payload, (0..18).collect::<Vec<u8>>());
    assert!(datagram.cut && datagram.wire_length == 40 && datagram.notes.udp_checksum.is_none());
    assert_eq!(endpoint(&datagram.source), "192.0.2.2:40000");
}

#[test]
fn of_a_cut_fragment_nothing_is_said_but_that_it_is_cut() {
    for make in [v4 as Maker, v6 as Maker] {
        let [mut first, second, last] = parts(make, 7);
        let checksum = first.len() - 10..first.len() - 8;
        first[checksum].copy_from_slice(&[0x12, 0x34]);
        for cut in 0..3 {
            let mut peeler = peeler();
            let mut whole = None;
            for (number, part) in (0..).zip([&first, &second, &last]) {
                let captured = part.len() - if number == cut { 4 } else { 0 };
                let peeled = peel(&mut peeler, number, 0, &part[..captured], part.len());
                if let Peeled::Datagram(datagram) = peeled {
                    assert!(datagram.cut);
                    whole = datagram.reassembled.cloned();
                }
            }
            let udp = layers(&whole.unwrap().frame(&super::frame(101, None, &[]))).pop().unwrap();
            let value = |name| udp.fields.iter().find(|field| field.name == name).unwrap().value.as_str();
            assert_eq!((value("Length"), value("Checksum")), ("48", "0x1234 [unverified]"), "{cut}");
        }
    }
}

#[test]
fn an_empty_fragment_is_in_nobodys_place() {
    for make in [v4 as Maker, v6 as Maker] {
        let [first, second, last] = parts(make, 7);
        let empty = |offset, more| make(7, offset, more, &[]);
        for (frames, at) in [
            (vec![empty(0, true), first.clone(), second.clone(), last.clone()], 3),
            (vec![first.clone(), empty(16, true), empty(8, true), second.clone(), last.clone()], 4),
            (vec![first.clone(), second.clone(), make(7, 32, true, &datagram()[32..]), empty(48, false)], 3),
        ] {
            let (told, counters) = told(&frames);
            assert!(told[..at].iter().all(|what| what == HELD) && told[at].contains(" of 40"), "{told:?}");
            assert_eq!((counters.completed, counters.refused), (1, 0));
        }
    }
}

#[test]
fn what_comes_behind_a_refused_fragment_is_not_blamed() {
    for make in [v4 as Maker, v6 as Maker] {
        let [first, second, last] = parts(make, 7);
        let mut other = second.clone();
        *other.last_mut().unwrap() ^= 1;
        let (told, counters) = told(&[first, second, other, last]);
        assert_eq!(told[..2], [HELD; 2]);
        assert_eq!(told[2], "IP fragment refused: it overlaps another one");
        assert_eq!(told[3], "IP fragment refused: another one of its datagram was refused before");
        assert_eq!(counters.refused, 1);
    }
}

#[test]
fn who_has_one_identification_for_all_datagrams_is_read_again_behind_a_lost_fragment() {
    for (make, expected) in [(v4 as Maker, 2), (v6 as Maker, 0)] {
        let [first, second, last] = parts(make, 7);
        let mut other = first.clone();
        *other.last_mut().unwrap() ^= 1;
        let mut peeler = peeler();
        // Of the first datagram one was lost, the second begins otherwise, and has the same identification, as the others have.
        let all = [(0, &first), (0, &last), (3, &other), (3, &second), (3, &last)];
        let rest = [6, 9].into_iter().flat_map(|time| [(time, &first), (time, &second), (time, &last)]);
        let mut whole = 0;
        for (number, (time, bytes)) in (0..).zip(all.into_iter().chain(rest)) {
            whole += u32::from(matches!(peel(&mut peeler, number, time, bytes, bytes.len()), Peeled::Datagram(_)));
        }
        assert_eq!((whole, peeler.fragment_counters().refused), (expected, 1));
    }
}
