//! The message in a whole frame: what a dump of a packet holds, where the message alone was to be pasted.

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
    LINKS.into_iter().find_map(|(link, what)| {
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
    })
}

/// Whether a datagram holds CoAP: on a port of CoAP, or, where the whole cannot be a message, on any port.
fn is_coap(datagram: &Datagram<'_>, whole: &[u8], options: &PipelineOptions) -> bool {
    let is_port = |port| port == PORT_COAP || port == PORT_COAPS || options.ports.named().contains(&port);
    let has_port = is_port(datagram.source.port) || is_port(datagram.destination.port);
    let has_version = datagram.payload.first().is_some_and(|first| first >> 6 == VERSION);
    has_port && has_version
        || Message::decode(whole).is_malformed() && !Message::decode(datagram.payload).is_malformed()
}
