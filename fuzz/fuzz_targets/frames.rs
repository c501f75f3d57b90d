//! Bytes as frames: the first two are the link type; the rest is cut into frames, so that fragments meet. Peel, layers, decode.
#![no_main]

use coapscope::coap::Message;
use coapscope::frame::{Frame, LinkType, PeelOptions, Peeled, Peeler, Position, layers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((link, rest)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let mut peeler = Peeler::new(PeelOptions { checksums: true, fragment_bytes: 1 << 16 });
    for (at, bytes) in rest.split(|byte| *byte == 0xfe).enumerate() {
        let frame = Frame {
            number: at as u64 + 1,
            time: at as i64 * 1_000_000,
            link: LinkType(u16::from_le_bytes(*link)),
            original_length: bytes.len() as u32,
            bytes,
            position: Position::default(),
        };
        for layer in layers(&frame) {
            assert!(layer.span.end() as usize <= bytes.len() * 8);
            for field in &layer.fields {
                assert!(field.span.end() as usize <= bytes.len() * 8);
            }
        }
        match peeler.peel(&frame) {
            Peeled::Datagram(datagram) => drop(Message::decode(datagram.payload).findings()),
            Peeled::Icmp(quote) => drop(Message::decode(quote.payload).findings()),
            Peeled::Other(reason) => drop(reason.to_string()),
        }
    }
});
