//! Frames that are cut, flipped or random: no panic, and spans that stay inside.

use coapscope::frame::{Frame, LINK_TYPES, Peeled, layers};

use super::cases::cases;
use super::{frame, peeler};

/// Peels a frame and lays it out; what is found must lie inside it.
#[track_caller]
fn check(frame: &Frame<'_>) {
    let mut peeler = peeler();
    match peeler.peel(frame) {
        Peeled::Datagram(datagram) => {
            let start = datagram.payload_offset as usize;
            let range = start..start + datagram.payload.len();
            assert_eq!(frame.bytes.get(range), Some(datagram.payload));
            assert_eq!(datagram.cut, datagram.payload.len() < datagram.wire_length as usize);
        }
        Peeled::Icmp(quote) => {
            let start = quote.payload_offset as usize;
            assert_eq!(frame.bytes.get(start..start + quote.payload.len()), Some(quote.payload));
        }
        Peeled::Other(reason) => assert!(!reason.to_string().is_empty()),
    }
    let mut reached = 0;
    for layer in layers(frame) {
        assert!(layer.span.bit >= reached, "{} begins before the layer above it ends", layer.name);
        assert!(layer.span.end() as usize <= frame.bytes.len() * 8, "{} runs beyond the frame", layer.name);
        reached = layer.span.end();
        let mut bit = layer.span.bit;
        for field in &layer.fields {
            assert!(field.span.bit >= bit, "{} in {} overlaps", field.name, layer.name);
            bit = field.span.end();
        }
        assert!(bit <= reached, "a field of {} runs beyond it", layer.name);
    }
}

#[test]
fn cut_at_every_byte() {
    for case in cases() {
        for length in 0..=case.bytes.len() {
            let bytes = &case.bytes[..length];
            check(&frame(case.link, Some(case.bytes.len() as u32), bytes));
            check(&frame(case.link, None, bytes));
        }
    }
}

#[test]
fn with_every_bit_flipped() {
    for case in cases() {
        let mut bytes = case.bytes.clone();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 0x80 >> (bit % 8);
            check(&frame(case.link, case.original_length, &bytes));
            bytes[bit / 8] ^= 0x80 >> (bit % 8);
        }
    }
}

#[test]
fn random_bytes_under_every_link_type() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for row in LINK_TYPES {
        for _ in 0..2000 {
            let length = random() as usize % 120;
            let bytes: Vec<u8> = (0..length).map(|_| random() as u8).collect();
            check(&frame(row.number, None, &bytes));
            check(&frame(row.number, Some(random() as u32), &bytes));
        }
    }
}

#[test]
fn link_types_are_listed_once() {
    for row in LINK_TYPES {
        assert_eq!(LINK_TYPES.iter().filter(|other| other.number == row.number).count(), 1, "{}", row.number);
    }
}
