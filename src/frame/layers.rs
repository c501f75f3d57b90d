//! Every field of every header below CoAP, with its place in the frame: for the tree, not for the hot path.

use std::net::IpAddr;

use etherparse::checksum::Sum16BitWords;

use super::bytes::{be16, behind, byte, up_to};
use super::layer_table::{CURRENT_ROUTE, DESTINATION, NFLOG_ATTRIBUTES, Row, Show, rows};
use super::peel::udp_checksum;
use super::protocol::extension;
use super::show::{self, Context};
use super::{Frame, Protocol, icmp, ip, link};
use crate::coap::{Span, count};

/// What a header is, and where it lies in the frame; its fields are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose header it is.
    pub protocol: Protocol,
    /// Where it lies in the frame, as far as it was captured.
    pub span: Span,
}

/// A header of a frame, or the bytes behind the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name, as Wireshark users know it.
    pub name: &'static str,
    /// Its most telling fields in one line; may be empty.
    pub summary: String,
    /// Where it lies in the frame.
    pub span: Span,
    /// Its fields, in the order of their bits.
    pub fields: Vec<LayerField>,
}

/// A field of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerField {
    /// Its name, as Wireshark users know it.
    pub name: &'static str,
    /// Where it lies in the frame.
    pub span: Span,
    /// Its value, in words.
    pub value: String,
}

/// The layers of a frame from its first byte down to the header of UDP (or what is there instead), as far as they go,
/// and what stands behind the IP packet. For a datagram that came in fragments call it with [the packet put together](super::Whole::frame).
pub fn layers(frame: &Frame<'_>) -> Vec<Layer> {
    Walk::through(frame, true).layers
}

/// The headers of a frame in their order, as [`layers`] has them, for whoever reads single fields out of them.
pub fn headers(frame: &Frame<'_>) -> Vec<Header> {
    Walk::through(frame, false).headers
}

struct Walk<'a> {
    frame: &'a [u8],
    headers: Vec<Header>,
    layers: Vec<Layer>,
    /// Fields are wanted, and what else goes into layers.
    in_full: bool,
}

impl<'a> Walk<'a> {
    fn through(frame: &Frame<'a>, in_full: bool) -> Self {
        let mut walk = Self { frame: frame.bytes, headers: Vec::new(), layers: Vec::new(), in_full };
        let wire = frame.bytes.len().max(frame.original_length as usize);
        if let Some(first) = frame.link.first()
            && let Some(end) = walk.link(first, wire)
            && in_full
        {
            walk.trailer(end);
        }
        walk
    }

    /// Passes the link headers and what they carry; gives the offset behind the IP packet.
    fn link(&mut self, first: Protocol, wire: usize) -> Option<usize> {
        let (mut protocol, mut at, mut end, mut wire) = (first, 0, self.frame.len(), wire);
        // Every turn but the last passes at least one byte.
        while protocol != Protocol::Ip {
            let bytes = self.frame.get(at..end)?;
            let Ok(step) = link::step(protocol, bytes) else {
                self.push(protocol, at, up_to(bytes, fixed_length(protocol)), Context::default());
                return None;
            };
            self.link_layer(protocol, at, step.length);
            at += step.length;
            wire = wire.saturating_sub(step.length);
            if let Some(length) = step.payload {
                end = end.min(at + length);
                wire = wire.min(length);
            }
            protocol = step.next;
        }
        self.ip(at, end, wire, true)
    }

    fn link_layer(&mut self, protocol: Protocol, at: usize, length: usize) {
        let header = up_to(behind(self.frame, at), length).to_vec();
        match protocol {
            Protocol::Ppp | Protocol::PppWithDirection => self.ppp(protocol, at, &header),
            Protocol::Nflog => self.nflog(at, &header),
            _ => self.push(protocol, at, &header, Context::default()),
        }
    }

    /// Passes an IP packet that begins at `at`; gives the offset behind it.
    fn ip(&mut self, at: usize, end: usize, wire: usize, may_quote: bool) -> Option<usize> {
        let bytes = self.frame.get(at..end)?.to_vec();
        let version = byte(&bytes, 0)? >> 4;
        let protocol = if version == 6 { Protocol::Ipv6 } else { Protocol::Ipv4 };
        let base = match protocol {
            Protocol::Ipv6 => 40,
            _ => (usize::from(byte(&bytes, 0)? & 0x0f) * 4).max(20),
        };
        let checksum = if self.in_full { header_checksum(&bytes, base) } else { None };
        let context = Context { version, checksum, udp_length: None };
        if matches!(version, 4 | 6) {
            self.push(protocol, at, up_to(&bytes, base), context);
        }
        let packet = ip::parse(&bytes, wire);
        if let Ok(ip::Packet { version: 4, addresses: ip::Addresses::Routed { destination, .. }, .. }) = packet {
            self.reroute(destination);
        }
        let number = byte(&bytes, if version == 6 { 6 } else { 9 })?;
        let extensions_end = packet.as_ref().map_or(end, |packet| at + packet.header_length);
        self.extensions(at + base, extensions_end, version, number);
        let packet = packet.ok()?;
        let start = at + packet.header_length;
        let behind_packet = start + packet.wire;
        match packet.fragment {
            Some(part) => {
                let summary = format!("fragment: {} from byte {} on", count(packet.wire, "byte"), part.offset);
                self.data("Data", summary, start, start + packet.payload.len());
            }
            None => self.transport(start, &packet, may_quote),
        }
        Some(behind_packet)
    }

    /// Says of the IPv4 header that was added last that its address is the next stop of a route to this end, as Wireshark does.
    fn reroute(&mut self, end: IpAddr) {
        let layer = self.layers.last_mut().filter(|_| self.in_full);
        let stop = layer.and_then(|Layer { summary, fields, .. }| {
            Some((summary, fields.iter_mut().find(|field| field.name == DESTINATION)?))
        });
        if let Some((summary, stop)) = stop {
            stop.name = CURRENT_ROUTE;
            *summary = summary.replace(&format!("Dst: {}", stop.value), &format!("Dst: {end}, Via: {}", stop.value));
        }
    }

    /// Shows extension headers, up to a fragment header that divides something.
    fn extensions(&mut self, mut at: usize, end: usize, version: u8, mut number: u8) {
        while let Some(protocol) = extension(number) {
            if version == 4 && protocol != Protocol::Authentication {
                return;
            }
            let bytes = self.frame.get(at..end).unwrap_or_default().to_vec();
            let Some(length) = ip::extension_length(protocol, &bytes) else {
                return;
            };
            self.push(protocol, at, up_to(&bytes, length), Context::default());
            let is_part = protocol == Protocol::Fragment && be16(&bytes, 2).is_none_or(|field| field & 0xfff9 != 0);
            number = byte(&bytes, 0).unwrap_or(59);
            at += length;
            if is_part || length > bytes.len() {
                return;
            }
        }
    }

    fn transport(&mut self, at: usize, packet: &ip::Packet<'_>, may_quote: bool) {
        let bytes = packet.payload;
        let (protocol, length) = match packet.protocol {
            17 => return self.udp(at, packet),
            6 => (Protocol::Tcp, usize::from(byte(bytes, 12).unwrap_or(0x50) >> 4) * 4),
            1 if packet.version == 4 => (Protocol::Icmp, icmp::HEADER),
            58 => (Protocol::Icmpv6, icmp::HEADER),
            _ => return,
        };
        let context = Context { version: packet.version, ..Context::default() };
        self.push(protocol, at, up_to(bytes, length), context);
        if may_quote
            && protocol != Protocol::Tcp
            && let Some(quoted) = icmp::quoted(packet)
        {
            let start = at + icmp::HEADER;
            self.ip(start, start + quoted.len(), icmp::wire_length(quoted), false);
        }
    }

    fn udp(&mut self, at: usize, packet: &ip::Packet<'_>) {
        let claimed = be16(packet.payload, 4).map_or(0, usize::from);
        let sound = (8..=packet.wire).contains(&claimed);
        let wire = if sound { claimed } else { packet.wire };
        let whole = up_to(packet.payload, wire);
        let context = Context {
            version: packet.version,
            checksum: if self.in_full && whole.len() == wire { udp_checksum(packet, whole) } else { None },
            udp_length: (!packet.open_ended).then_some(packet.wire),
        };
        self.push(Protocol::Udp, at, up_to(packet.payload, 8), context);
        if whole.len() < packet.payload.len() && !packet.open_ended {
            let summary = format!("{} behind the datagram", count(packet.payload.len() - whole.len(), "byte"));
            self.data("Trailing Data", summary, at + whole.len(), at + packet.payload.len());
        }
    }

    /// What stands behind the IP packet: padding up to the least length of a frame, and the frame check sequence.
    fn trailer(&mut self, at: usize) {
        let rest = behind(self.frame, at);
        let is_padding = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        let check = self.frame.split_last_chunk::<4>().filter(|_| rest.len() >= 4);
        let check = check.filter(|(frame, check)| crc32(frame) == u32::from_le_bytes(**check));
        let end = if check.is_some() { self.frame.len() - 4 } else { self.frame.len() };
        let padding = rest.get(..end.saturating_sub(at)).unwrap_or_default();
        if !padding.is_empty() {
            let name = if is_padding(padding) { "Padding" } else { "Trailer" };
            self.data(name, count(padding.len(), "byte"), at, end);
        }
        if let Some((_, check)) = check {
            let value = format!("0x{:08x} [correct]", u32::from_le_bytes(*check));
            self.data("Frame check sequence", value, end, end + 4);
        }
    }

    /// A layer without fields of its own.
    fn data(&mut self, name: &'static str, summary: String, start: usize, end: usize) {
        if end > start && self.in_full {
            let span = Span::of_bytes(start, end - start);
            self.layers.push(Layer { name, summary, span, fields: Vec::new() });
        }
    }

    /// Adds a header by its table; one that is cut has the fields that are whole.
    fn push(&mut self, protocol: Protocol, at: usize, header: &[u8], context: Context) {
        if header.is_empty() || !self.begins(protocol, at, header) {
            return;
        }
        let all = header.len() as u32 * 8;
        let mut fields = Vec::new();
        let mut summary = Vec::new();
        for row in rows(protocol) {
            let bits = if row.bits == 0 { all.saturating_sub(row.bit) } else { row.bits };
            if bits == 0 || row.bit + bits > all {
                continue;
            }
            let value = show::value(header, row, bits, context);
            if !row.short.is_empty() {
                summary.push(format!("{}: {value}", row.short));
            }
            let span = Span::of_bits(row.bit, bits).shifted(at);
            fields.push(LayerField { name: row.name, span, value });
        }
        let span = Span::of_bytes(at, header.len());
        self.layers.push(Layer { name: protocol.name(), summary: summary.join(", "), span, fields });
    }

    /// Notes a header; whether its fields are wanted.
    fn begins(&mut self, protocol: Protocol, at: usize, header: &[u8]) -> bool {
        self.headers.push(Header { protocol, span: Span::of_bytes(at, header.len()) });
        self.in_full
    }

    /// PPP, whose first fields may be there or not.
    fn ppp(&mut self, protocol: Protocol, at: usize, header: &[u8]) {
        if !self.begins(protocol, at, header) {
            return;
        }
        let mut rows = Vec::new();
        let mut bit = 0;
        let mut add = |name, bits, show| {
            rows.push(Row { name, bit, bits, show, short: "" });
            bit += bits;
        };
        let direction = usize::from(protocol == Protocol::PppWithDirection);
        if direction == 1 {
            add("Direction", 8, Show::Number);
        }
        let rest = behind(header, direction);
        let (framing, show) = match (rest, rest.len()) {
            ([0x0f | 0x8f, 0, ..], 4) => (2, Show::EtherType),
            (_, 3..) if rest.starts_with(&[0xff, 3]) => (2, Show::PppProtocol),
            ([3, ..], 2..) if direction == 1 => (1, Show::PppProtocol),
            _ => (0, Show::PppProtocol),
        };
        if framing == 2 {
            add("Address", 8, Show::Hex);
        }
        if framing > 0 {
            add("Control", 8, Show::Hex);
        }
        add("Protocol", (rest.len() - framing) as u32 * 8, show);
        let fields = rows.iter().map(|row| LayerField {
            name: row.name,
            span: Span::of_bits(row.bit, row.bits).shifted(at),
            value: show::value(header, row, row.bits, Context::default()),
        });
        let span = Span::of_bytes(at, header.len());
        let fields = fields.collect();
        self.layers.push(Layer { name: protocol.name(), summary: String::new(), span, fields });
    }

    /// The netfilter log: its header, and one field an attribute, without the bytes of the datagram.
    fn nflog(&mut self, at: usize, header: &[u8]) {
        self.push(Protocol::Nflog, at, header, Context::default());
        let Some(layer) = self.layers.last_mut().filter(|_| self.in_full) else {
            return;
        };
        let mut offset = 4;
        while let Some(attribute) = link::nflog_attribute(header, offset) {
            let name = NFLOG_ATTRIBUTES.iter().find(|row| row.0 == attribute.kind).map_or("Attribute", |row| row.1);
            let length = attribute.length.min(header.len() - offset);
            let value = behind(up_to(behind(header, offset), length), 4);
            layer.fields.push(LayerField {
                name,
                span: Span::of_bytes(at + offset, length),
                value: value.iter().map(|byte| format!("{byte:02x}")).collect(),
            });
            offset += attribute.length.next_multiple_of(4);
        }
    }
}

/// Length in bytes of the fields that the table has, for a header that cannot be passed.
fn fixed_length(protocol: Protocol) -> usize {
    rows(protocol).iter().map(|row| row.bit + row.bits).max().unwrap_or_default() as usize / 8
}

/// The checksum that fits an IPv4 header (RFC 791 section 3.1).
fn header_checksum(bytes: &[u8], length: usize) -> Option<u16> {
    let header = bytes.get(..length)?;
    let sum = Sum16BitWords::new().add_slice(header.get(..10)?).add_slice(header.get(12..)?);
    Some(sum.ones_complement().to_be())
}

/// The check sequence of Ethernet (IEEE 802.3 section 3.2.9), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let rest = bytes.iter().fold(u32::MAX, |rest, byte| {
        (0..8).fold(rest ^ u32::from(*byte), |rest, _| if rest & 1 == 1 { rest >> 1 ^ 0xedb8_8320 } else { rest >> 1 })
    });
    !rest
}
