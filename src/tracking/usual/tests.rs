//! What a message means does not depend on the path that it took.

use std::collections::HashMap;

use crate::coap::Message;
use crate::tracking::random::Random;
use crate::tracking::{Arrival, EndpointId, Facts, Patch, Role, Tracker, TrackerOptions};

/// The number of a group.
const GROUP: u32 = 20;

#[derive(Clone)]
struct Datagram {
    way: [u32; 2],
    bytes: Vec<u8>,
}

fn message(kind: u8, code: u8, message_id: u16, token: &[u8], options: &[u8], payload: usize) -> Vec<u8> {
    let mut bytes = vec![0x40 | kind << 4 | token.len() as u8, code];
    bytes.extend(message_id.to_be_bytes());
    bytes.extend(token);
    bytes.extend(options);
    if payload > 0 {
        bytes.push(0xff);
        bytes.resize(bytes.len() + payload, b'x');
    }
    bytes
}

/// A request. Where it is `calm`, little of it is odd.
fn request(random: &mut Random, message_id: &mut u16, calm: bool) -> Datagram {
    *message_id += random.pick(&[u16::from(calm), 1, 1, 1, 1, 1]);
    let token = [random.below(6) as u8, *message_id as u8];
    let token = &token[..random.pick(&[if calm { 2 } else { 0 }, 1, 2, 2, 2])];
    // Uri-Path "a"; with Observe 0 or 1, Accept, Echo, Block2 of a later number, or an unknown critical option.
    let options: &[u8] = random.pick(&[
        b"\xb1a",
        b"\xb1a",
        b"\xb1b",
        b"\x60\x51a",
        b"\x61\x01\x51a",
        b"\xb1a\x61\x32",
        b"\xb1a\xc1\x12",
    ]);
    let options =
        if calm && random.below(8) > 0 { random.pick(&[&b"\xb1a"[..], b"\xb1b", b"\x60\x51a"]) } else { options };
    let way = [random.below(8) as u32, 10 + random.below(4) as u32];
    let code = if calm && options[0] == 0x60 { 1 } else { random.pick(&[1, 1, 1, 2, 3, 4, 5]) };
    Datagram { way, bytes: message(random.pick(&[0, 0, 0, 1]), code, *message_id, token, options, 0) }
}

/// What most often follows an earlier datagram: the response to a request, or an ACK.
fn usual_answer(random: &mut Random, to: &Datagram, fresh: u16) -> Datagram {
    let (kind, message_id) = (to.bytes[0] >> 4 & 3, u16::from_be_bytes([to.bytes[2], to.bytes[3]]));
    let token = &to.bytes[4..4 + usize::from(to.bytes[0] & 15)];
    let code = if matches!(to.bytes[1], 1 | 5) { 0x45 } else { random.pick(&[0x44, 0x84]) };
    let observes = to.bytes.get(4 + token.len()) == Some(&0x60);
    let options: &[u8] = if observes { b"\x61\x01" } else { b"" };
    let payload = random.pick(&[0, 5, 30, 150]);
    let bytes = match kind {
        0 if to.bytes[1] > 31 => message(2, 0, message_id, b"", b"", 0),
        0 => match random.below(8) {
            0 | 1 => message(2, 0, message_id, b"", b"", 0),
            2 => message(0, code, fresh, token, options, payload),
            _ => message(2, code, message_id, token, options, payload),
        },
        1 if to.bytes[1] < 32 => message(1, code, fresh, token, options, payload),
        _ => return next(random, to, fresh),
    };
    Datagram { way: [to.way[1], to.way[0]], bytes }
}

/// The response of its own to a Confirmable request.
fn separate(to: &Datagram, fresh: u16) -> Datagram {
    let token = &to.bytes[4..4 + usize::from(to.bytes[0] & 15)];
    let code = if matches!(to.bytes[1], 1 | 5) { 0x45 } else { 0x44 };
    Datagram { way: [to.way[1], to.way[0]], bytes: message(0, code, fresh, token, b"", 5) }
}

/// It has an Observe with a number, in front of all other options.
fn is_numbered(datagram: &Datagram) -> bool {
    datagram.bytes.get(4 + usize::from(datagram.bytes[0] & 15)) == Some(&0x61)
}

/// A request to observe no more what is observed, or to go on.
fn again(random: &mut Random, of: &Datagram, message_id: &mut u16) -> Datagram {
    *message_id += 1;
    let token = &of.bytes[4..4 + usize::from(of.bytes[0] & 15)];
    let options: &[u8] = random.pick(&[b"\x61\x01\x51a", b"\x60\x51a"]);
    Datagram { way: [of.way[1], of.way[0]], bytes: message(0, 1, *message_id, token, options, 0) }
}

/// A request to a group under the token of another.
fn to_group(of: &Datagram, message_id: &mut u16) -> Datagram {
    *message_id += 1;
    let token = &of.bytes[4..4 + usize::from(of.bytes[0] & 15)];
    let client = of.way.into_iter().min().unwrap_or_default();
    Datagram { way: [client, GROUP], bytes: message(1, 1, *message_id, token, b"\xb1a", 0) }
}

/// A notification behind another, or behind the response that accepted the registration; most often the next.
fn next(random: &mut Random, to: &Datagram, fresh: u16) -> Datagram {
    let mut bytes = to.bytes.clone();
    bytes[0] = bytes[0] & 15 | random.pick(&[0x40, 0x50, 0x50]);
    bytes[2..4].copy_from_slice(&fresh.to_be_bytes());
    if is_numbered(to) {
        let number = &mut bytes[5 + usize::from(to.bytes[0] & 15)];
        *number = number.wrapping_add(random.pick(&[1, 1, 1, 1, 1, 1, 2, 9, 0, 255]));
    }
    Datagram { bytes, ..to.clone() }
}

/// Something that may answer an earlier datagram, or follow it.
fn answer(random: &mut Random, to: &Datagram, fresh: u16) -> Datagram {
    let message_id = u16::from_be_bytes([to.bytes[2], to.bytes[3]]);
    let token = &to.bytes[4..4 + usize::from(to.bytes[0] & 15)];
    // Rarely one that says something about requests to come: 5.03, or 4.01 with Echo.
    let code = match random.below(4_000) {
        0 => 0xa3,
        1 => 0x81,
        _ => random.pick(&[0x45, 0x45, 0x45, 0x44, 0x43, 0x84, 0]),
    };
    let observe = [0x61, random.below(8) as u8, 0x60];
    let options = random.pick(&[&b""[..], b"", b"\xc0", b"\x41e", &observe, &observe[..2]]);
    let options = if code == 0x81 { b"\xd1\xefz" } else { options };
    let payload = random.pick(&[0, 5, 30, 150, 600]);
    let bytes = match random.below(6) {
        0 => message(2, 0, message_id, b"", b"", 0),
        1 if code == 0 => message(3, 0, message_id, b"", b"", 0),
        1 | 2 => message(random.pick(&[0, 1]), code.max(0x43), fresh, token, options, payload),
        _ if code == 0 => message(2, 0x45, message_id, b"other", options, payload),
        _ => message(2, code, message_id, token, options, payload),
    };
    Datagram { way: [to.way[1], to.way[0]], bytes }
}

#[test]
fn nobody_can_see_which_path_a_message_took() {
    let mut usual = HashMap::<Role, u32>::new();
    for seed in 0..40 {
        let random = &mut Random(seed);
        let [mut fast, mut general] = [(); 2].map(|()| Tracker::new(TrackerOptions::default()));
        general.general_only = true;
        let (mut time, mut message_id, mut sent) = (1_000_000_000_000i64, 0, Vec::<Datagram>::new());
        for record in 0..3_000 {
            time +=
                random.pick(&[20, 20, 20, 300, 300, 2_500, 3_100, 40_000]) * 1_000_000 * i64::from(random.below(3) > 0);
            time += 400_000_000_000 * i64::from(random.below(300) == 0) - 5_000_000 * i64::from(random.below(200) == 0);
            // Rarely the capture pauses for more than a day.
            time += 100_000_000_000_000 * i64::from(random.below(1_000) == 0);
            let (fresh, calm) = (30_000 + record as u16, seed % 4 > 0);
            let turn = random.below(if calm { 24 } else { 12 });
            let recent = sent.len().saturating_sub(1 + random.below(if turn < 12 { 8 } else { 2 }) as usize);
            let observed = sent.iter().rev().take(20).find(|before| before.bytes[1] == 0x45 && is_numbered(before));
            let observed = observed.filter(|_| (18..21).contains(&turn));
            // An empty ACK promises a response of its own to the request before it.
            let promised = match sent.as_slice() {
                [.., asked, ack] if ack.bytes.len() == 4 && asked.bytes[1] < 32 => Some(asked),
                _ => None,
            };
            let datagram = match (sent.get(recent), observed, turn) {
                (Some(before), _, 0) => before.clone(),
                (Some(before), _, 7) if seed % 8 == 7 => to_group(before, &mut message_id),
                (Some(before), _, 1..4) => answer(random, before, fresh),
                (Some(before), _, 4..7 | 12..18) => match promised {
                    Some(asked) => separate(asked, fresh),
                    None => usual_answer(random, before, fresh),
                },
                (_, Some(before), 20) => again(random, before, &mut message_id),
                (_, Some(before), _) => next(random, before, fresh),
                _ => request(random, &mut message_id, calm),
            };
            let [from, to] = datagram.way.map(EndpointId);
            let multicast = to == EndpointId(GROUP);
            let arrival = Arrival { hop_limit: 64, multicast, ..Arrival::new(record, time, from, to) };
            let message = Message::decode(&datagram.bytes);
            let seen = [&mut fast, &mut general].map(|tracker| {
                let (mut patches, facts) = (Vec::new(), Facts::read(&message, &tracker.seed));
                let tracked = tracker.track_known(&arrival, &datagram.bytes, &facts, &mut patches);
                (tracked, format!("{:?}", patches.iter().flat_map(Patch::each).collect::<Vec<_>>()))
            });
            assert_eq!(seen[0], seen[1], "seed {seed}, message {record}: {:02x?}", datagram.bytes);
            sent.push(datagram);
        }
        assert_eq!(format!("{:?}", fast.counters()), format!("{:?}", general.counters()));
        assert_eq!(fast.bytes(), general.bytes());
        for (role, times) in fast.usual {
            *usual.entry(role).or_default() += times;
        }
    }
    for (role, least) in [
        (Role::Request, 10_000),
        (Role::Registration, 1_000),
        (Role::Deregistration, 100),
        (Role::PiggybackedResponse, 1_500),
        (Role::SeparateResponse, 100),
        (Role::NonResponse, 800),
        (Role::EmptyAck, 2_500),
        (Role::Notification, 4_000),
    ] {
        let times = usual.get(&role).copied().unwrap_or(0);
        assert!(times > least, "only {times} of 120,000 messages took the shorter path as {role:?}");
    }
}
