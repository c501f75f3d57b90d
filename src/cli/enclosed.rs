//! The message in a whole frame: what a dump of a packet holds, where the message alone was to be pasted.

use super::hex_text::begins;
use crate::coap::Message;
use crate::coap::parameters::{PORT_COAP, PORT_COAPS};
use crate::frame::{Datagram, Frame, LinkType, PeelOptions, Peeled, Peeler, Position};
use crate::pipeline::PipelineOptions;

/// What dumps of packets begin with.
const LINKS: [(LinkType, &str); 4] = [
    (LinkType::RAW, "an IP packet"),
    (LinkType::ETHERNET, "an Ethernet frame"),
    (LinkType(113), "a frame of a cooked capture"),
    (LinkType(276), "a frame of a cooked capture"),
];
/// The only version of CoAP, in the first two bits.
const VERSION: u8 = 0b01;

/// The bytes of the CoAP message in a whole frame, and what they were taken from; None where the bytes are no frame, every length of which
/// fits, with CoAP in it.
pub fn message<'a>(bytes: &'a [u8], options: &PipelineOptions) -> Option<(&'a [u8], String)> {
    let of_udp = || {
        let inside = udp(bytes, options)?;
        Some((inside, "these bytes are a UDP datagram; explained is the message in it, from byte 8 on".to_owned()))
    };
    let mut packets = LINKS.into_iter().filter_map(|(link, what)| {
        let length = u32::try_from(bytes.len()).ok()?;
        let position = Position::default();
        let frame = Frame { number: 1, time: 0, link, original_length: length, bytes, position };
        let mut peeler = Peeler::new(PeelOptions::default());
        let Peeled::Datagram(datagram) = peeler.peel(&frame) else { return None };
        let is_whole = !datagram.cut && datagram.reassembled.is_none() && datagram.notes.udp_length.is_none();
        if !is_whole || !is_coap(&datagram, bytes, options) {
            return None;
        }
        let start = usize::try_from(datagram.payload_offset).ok()?;
        let end = start.checked_add(datagram.payload.len())?;
        // Ethernet fills short frames up.
        if link != LinkType::ETHERNET && end != bytes.len() {
            return None;
        }
        let inside = bytes.get(start..end)?;
        let (from, to) = (datagram.source, datagram.destination);
        Some((
            inside,
            format!("these bytes are {what} from {from} to {to}; explained is the message in it, from byte {start} on"),
        ))
    });
    packets.next().or_else(of_udp)
}

/// What is behind the header of a UDP datagram on a port of CoAP that tells just as many bytes (RFC 768).
fn udp<'a>(bytes: &'a [u8], options: &PipelineOptions) -> Option<&'a [u8]> {
    let (header, inside) = bytes.split_at_checked(8)?;
    let number = |at: usize| header.get(at..at + 2).and_then(|pair| pair.try_into().ok()).map(u16::from_be_bytes);
    let is_whole = number(4).is_some_and(|length| usize::from(length) == bytes.len());
    let has_port = [0, 2].into_iter().filter_map(number).any(|port| is_port(port, options));
    (is_whole && has_port && begins(inside) && !Message::decode(inside).is_malformed()).then_some(inside)
}

fn is_port(port: u16, options: &PipelineOptions) -> bool {
    port == PORT_COAP || port == PORT_COAPS || options.ports.named().contains(&port)
}

/// Whether a datagram holds CoAP: on a port of CoAP, or, where the whole cannot be a message, on any port.
fn is_coap(datagram: &Datagram<'_>, whole: &[u8], options: &PipelineOptions) -> bool {
    let has_port = is_port(datagram.source.port, options) || is_port(datagram.destination.port, options);
    let has_version = datagram.payload.first().is_some_and(|first| first >> 6 == VERSION);
    has_port && has_version
        || Message::decode(whole).is_malformed() && !Message::decode(datagram.payload).is_malformed()
}
