//! Fields of the headers below CoAP, read out of the frame again for whoever asks: one row a field, with its place in its header.

use std::net::IpAddr;

use super::{Field, Getter, Kind, Reads, Value};
use crate::coap::Span;
use crate::frame::{Header, Protocol, headers};
use crate::store::View;

/// Where the values of a field stand in a header, and how they are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    protocol: Protocol,
    /// First bit in the header.
    bit: u32,
    bits: u32,
    shape: Shape,
}

/// How tshark 4.0 shows a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The header is there.
    There,
    /// A decimal number.
    Number,
    /// A decimal number that counts words of so many bytes.
    Words(u64),
    /// A number in so many hexadecimal digits.
    Hex(u8),
    Flag,
    Mac,
    /// A MAC address of cooked captures, if the length that begins at this bit says that there are six bytes.
    MacIfSix(u32),
    /// An IP address.
    Address,
    /// An EtherType, and no length.
    EtherType,
    /// A length, and no EtherType.
    Length,
}

/// EtherTypes begin there; what is less is a length (IEEE 802.3 section 3.2.6).
const ETHER_TYPES: u64 = 0x600;

const fn at(protocol: Protocol, bit: u32, bits: u32, shape: Shape) -> Place {
    Place { protocol, bit, bits, shape }
}

const fn there(protocol: Protocol) -> Place {
    at(protocol, 0, 0, Shape::There)
}

/// A field: its name, what it is, its places, and what it means.
type Row = (&'static str, Kind, &'static [Place], &'static str);

use Kind::{Boolean, Presence, Unsigned};
use Protocol::{
    CiscoHdlc, Ethernet, Fragment, Icmp, Icmpv6, Ipv4, Ipv6, Llc, Loopback, Nflog, Ppp, PppWithDirection, Pppoe,
    ServiceTag, ServiceTags, Sll, Sll2, Udp, Vlan,
};
use Shape::{EtherType, Flag, Hex, Length, Mac, MacIfSix, Number};

/// Where headers have the addresses and ports of the sender and the receiver.
pub(super) const IPV4_ENDS: [Place; 2] = [at(Ipv4, 96, 32, Shape::Address), at(Ipv4, 128, 32, Shape::Address)];
pub(super) const IPV6_ENDS: [Place; 2] = [at(Ipv6, 64, 128, Shape::Address), at(Ipv6, 192, 128, Shape::Address)];
pub(super) const UDP_ENDS: [Place; 2] = [at(Udp, 0, 16, Number), at(Udp, 16, 16, Number)];

const ROWS: &[Row] = &[
    ("eth", Presence, &[there(Ethernet)], "The frame begins with an Ethernet header."),
    ("eth.dst", Kind::Mac, &[at(Ethernet, 0, 48, Mac)], "Ethernet address of the receiver."),
    ("eth.src", Kind::Mac, &[at(Ethernet, 48, 48, Mac)], "Ethernet address of the sender."),
    (
        "eth.addr",
        Kind::Mac,
        &[at(Ethernet, 0, 48, Mac), at(Ethernet, 48, 48, Mac)],
        "Ethernet address of the sender or the receiver.",
    ),
    ("eth.type", Unsigned, &[at(Ethernet, 96, 16, EtherType)], "EtherType of what follows: 0x0800 is IPv4."),
    ("eth.len", Unsigned, &[at(Ethernet, 96, 16, Length)], "Length in an Ethernet header of IEEE 802.3."),
    (
        "eth.ig",
        Boolean,
        &[at(Ethernet, 7, 1, Flag), at(Ethernet, 55, 1, Flag)],
        "Group bit of an Ethernet address, of the receiver and the sender.",
    ),
    (
        "eth.lg",
        Boolean,
        &[at(Ethernet, 6, 1, Flag), at(Ethernet, 54, 1, Flag)],
        "Bit of an Ethernet address that was made up, of the receiver and the sender.",
    ),
    ("llc", Presence, &[there(Llc)], "The frame has a header of IEEE 802.2."),
    ("vlan", Presence, &[there(Vlan)], "The frame has a VLAN tag of IEEE 802.1Q."),
    ("vlan.id", Unsigned, &[at(Vlan, 4, 12, Number)], "Number of the VLAN, of each tag of IEEE 802.1Q."),
    ("vlan.priority", Unsigned, &[at(Vlan, 0, 3, Number)], "Priority in the VLAN tag."),
    ("vlan.dei", Boolean, &[at(Vlan, 3, 1, Flag)], "The VLAN tag says that the frame may be dropped."),
    ("vlan.etype", Unsigned, &[at(Vlan, 16, 16, EtherType)], "EtherType of what follows the VLAN tag."),
    ("ieee8021ad", Presence, &[there(ServiceTag), there(ServiceTags)], "The frame has a service tag of IEEE 802.1ad."),
    (
        "ieee8021ad.id",
        Unsigned,
        &[at(ServiceTag, 4, 12, Number)],
        "Number of the VLAN in a service tag that stands alone.",
    ),
    (
        "ieee8021ad.svid",
        Unsigned,
        &[at(ServiceTags, 4, 12, Number)],
        "Number of the VLAN in the first of two service tags.",
    ),
    (
        "ieee8021ad.cvid",
        Unsigned,
        &[at(ServiceTags, 36, 12, Number)],
        "Number of the VLAN in the second of two service tags.",
    ),
    (
        "ieee8021ad.priority",
        Unsigned,
        &[at(ServiceTag, 0, 3, Number), at(ServiceTags, 0, 3, Number), at(ServiceTags, 32, 3, Number)],
        "Priority in each service tag.",
    ),
    (
        "ieee8021ad.dei",
        Unsigned,
        &[at(ServiceTag, 3, 1, Number), at(ServiceTags, 3, 1, Number), at(ServiceTags, 35, 1, Number)],
        "The service tag says that the frame may be dropped.",
    ),
    (
        "ieee8021ah.etype",
        Unsigned,
        &[at(ServiceTag, 16, 16, EtherType), at(ServiceTags, 48, 16, EtherType)],
        "EtherType of what follows the service tags.",
    ),
    ("sll", Presence, &[there(Sll), there(Sll2)], "A frame of Linux' cooked capture, as of the interface `any`."),
    (
        "sll.pkttype",
        Unsigned,
        &[at(Sll, 0, 16, Number), at(Sll2, 80, 8, Number)],
        "Way of a frame of a cooked capture: 0 to this machine, 4 from it.",
    ),
    (
        "sll.hatype",
        Unsigned,
        &[at(Sll, 16, 16, Number), at(Sll2, 64, 16, Number)],
        "Hardware of the interface in a cooked capture: 1 Ethernet, 772 loopback.",
    ),
    (
        "sll.halen",
        Unsigned,
        &[at(Sll, 32, 16, Number), at(Sll2, 88, 8, Number)],
        "Length of the sender's address in a cooked capture, in bytes.",
    ),
    (
        "sll.src.eth",
        Kind::Mac,
        &[at(Sll, 48, 48, MacIfSix(32)), at(Sll2, 96, 48, MacIfSix(88))],
        "Ethernet address of the sender in a cooked capture.",
    ),
    (
        "sll.etype",
        Unsigned,
        &[at(Sll, 112, 16, EtherType), at(Sll2, 0, 16, EtherType)],
        "EtherType of what follows the header of a cooked capture.",
    ),
    ("sll.ifindex", Unsigned, &[at(Sll2, 32, 32, Number)], "Number of the interface in a cooked capture, version 2."),
    ("null", Presence, &[there(Loopback)], "The frame begins with the header of BSD's loopback interface."),
    ("pppoes", Presence, &[there(Pppoe)], "The frame has a header of PPP over Ethernet."),
    ("pppoe.session_id", Unsigned, &[at(Pppoe, 16, 16, Hex(4))], "Number of the session of PPP over Ethernet."),
    ("ppp", Presence, &[there(Ppp), there(PppWithDirection)], "The frame has a header of PPP."),
    ("chdlc", Presence, &[there(CiscoHdlc)], "The frame begins with a header of Cisco's HDLC."),
    ("nflog", Presence, &[there(Nflog)], "The frame comes from Linux' netfilter log."),
    ("ip.version", Unsigned, &[at(Ipv4, 0, 4, Number), at(Ipv6, 0, 4, Number)], "Version of IP: 4 or 6."),
    ("ip.hdr_len", Unsigned, &[at(Ipv4, 4, 4, Shape::Words(4))], "Length of the IPv4 header in bytes."),
    ("ip.dsfield", Unsigned, &[at(Ipv4, 8, 8, Hex(2))], "Differentiated services field of IPv4."),
    ("ip.dsfield.dscp", Unsigned, &[at(Ipv4, 8, 6, Number)], "Differentiated services code point of IPv4."),
    ("ip.dsfield.ecn", Unsigned, &[at(Ipv4, 14, 2, Number)], "Explicit congestion notification of IPv4."),
    ("ip.len", Unsigned, &[at(Ipv4, 16, 16, Number)], "Total length of the IPv4 packet in bytes."),
    ("ip.id", Unsigned, &[at(Ipv4, 32, 16, Hex(4))], "Identification of the IPv4 packet."),
    ("ip.flags", Unsigned, &[at(Ipv4, 48, 3, Hex(2))], "The three flags of IPv4."),
    ("ip.flags.rb", Boolean, &[at(Ipv4, 48, 1, Flag)], "The reserved flag of IPv4."),
    ("ip.flags.df", Boolean, &[at(Ipv4, 49, 1, Flag)], "Don't fragment, of IPv4."),
    ("ip.flags.mf", Boolean, &[at(Ipv4, 50, 1, Flag)], "More fragments, of IPv4."),
    ("ip.frag_offset", Unsigned, &[at(Ipv4, 51, 13, Number)], "Fragment offset of IPv4, in units of eight bytes."),
    ("ip.ttl", Unsigned, &[at(Ipv4, 64, 8, Number)], "Time to live of IPv4."),
    ("ip.proto", Unsigned, &[at(Ipv4, 72, 8, Number)], "Protocol in IPv4: 17 is UDP."),
    ("ip.checksum", Unsigned, &[at(Ipv4, 80, 16, Hex(4))], "Checksum of the IPv4 header."),
    ("ipv6.version", Unsigned, &[at(Ipv6, 0, 4, Number)], "Version of IP, in a header of IPv6."),
    ("ipv6.tclass", Unsigned, &[at(Ipv6, 4, 8, Hex(8))], "Traffic class of IPv6."),
    ("ipv6.tclass.dscp", Unsigned, &[at(Ipv6, 4, 6, Number)], "Differentiated services code point of IPv6."),
    ("ipv6.tclass.ecn", Unsigned, &[at(Ipv6, 10, 2, Number)], "Explicit congestion notification of IPv6."),
    ("ipv6.flow", Unsigned, &[at(Ipv6, 12, 20, Hex(6))], "Flow label of IPv6."),
    ("ipv6.plen", Unsigned, &[at(Ipv6, 32, 16, Number)], "Payload length of IPv6 in bytes."),
    ("ipv6.nxt", Unsigned, &[at(Ipv6, 48, 8, Number)], "Next header in the header of IPv6: 17 is UDP."),
    ("ipv6.hlim", Unsigned, &[at(Ipv6, 56, 8, Number)], "Hop limit of IPv6."),
    ("ipv6.hopopts", Presence, &[there(Protocol::HopByHop)], "The frame has hop-by-hop options of IPv6."),
    ("ipv6.dstopts", Presence, &[there(Protocol::DestinationOptions)], "The frame has destination options of IPv6."),
    ("ipv6.routing", Presence, &[there(Protocol::Routing)], "The frame has a routing header of IPv6."),
    ("ah", Presence, &[there(Protocol::Authentication)], "The frame has an authentication header."),
    ("ipv6.fraghdr", Presence, &[there(Fragment)], "The frame has a fragment header of IPv6."),
    (
        "ipv6.fraghdr.offset",
        Unsigned,
        &[at(Fragment, 16, 13, Number)],
        "Fragment offset of IPv6, in units of eight bytes.",
    ),
    ("ipv6.fraghdr.more", Boolean, &[at(Fragment, 31, 1, Flag)], "More fragments, of IPv6."),
    ("ipv6.fraghdr.ident", Unsigned, &[at(Fragment, 32, 32, Hex(8))], "Identification of the fragments of IPv6."),
    ("icmp.type", Unsigned, &[at(Icmp, 0, 8, Number)], "Type of an ICMP error: 3 is destination unreachable."),
    ("icmp.code", Unsigned, &[at(Icmp, 8, 8, Number)], "Code of an ICMP error: 3 is port unreachable."),
    ("icmp.checksum", Unsigned, &[at(Icmp, 16, 16, Hex(4))], "Checksum of an ICMP error."),
    ("icmpv6.checksum", Unsigned, &[at(Icmpv6, 16, 16, Hex(4))], "Checksum of an ICMPv6 error."),
    ("icmpv6.type", Unsigned, &[at(Icmpv6, 0, 8, Number)], "Type of an ICMPv6 error: 1 is destination unreachable."),
    ("icmpv6.code", Unsigned, &[at(Icmpv6, 8, 8, Number)], "Code of an ICMPv6 error: 4 is port unreachable."),
    ("udp.length", Unsigned, &[at(Udp, 32, 16, Number)], "Length in the UDP header, itself included."),
    ("udp.checksum", Unsigned, &[at(Udp, 48, 16, Hex(4))], "Checksum in the UDP header."),
];

pub(super) fn rows() -> Vec<Field> {
    let rows = ROWS.iter().map(|(name, kind, places, help)| Field {
        name: (*name).into(),
        kind: *kind,
        help: (*help).into(),
        known_later: false,
        reads: Reads::Message,
        words: super::named::of(name),
        most: places.iter().map(Place::most).max().unwrap_or(u64::MAX),
        getter: Getter::Lower(places),
    });
    let protocols = Field::new(
        "frame.protocols",
        Kind::Text,
        "Protocols of the frame down to CoAP, as Wireshark names them; its names of payloads are left out.",
        |view, visit| visit(Value::string(protocols(view))),
    );
    rows.chain([protocols]).collect()
}

/// Every header below CoAP, with the bytes that its span counts from. Those that every fragment has are the last one's.
fn each_header<'v>(view: &View<'v>, see: &mut dyn FnMut(&'v [u8], Header)) {
    headers(&view.frame).into_iter().for_each(|header| see(view.frame.bytes, header));
    let Some(whole) = view.reassembled else { return };
    let was_divided = |header: &Header| header.span.byte_range().start >= whole.repeated;
    let divided = headers(&whole.frame(&view.frame)).into_iter().filter(was_divided);
    divided.for_each(|header| see(&whole.bytes, header));
}

/// Every value that stands in one of these places.
pub(super) fn visit(view: &View<'_>, places: &[Place], visit: &mut dyn FnMut(Value<'_>)) {
    each_header(view, &mut |bytes, header| {
        for place in places.iter().filter(|place| place.protocol == header.protocol) {
            if let Some(value) = place.read(bytes, header.span) {
                visit(value);
            }
        }
    });
}

/// The bytes of every header that one of these places is of; `onward`: and those behind it.
pub(super) fn visit_bytes(view: &View<'_>, of: &[Protocol], onward: bool, visit: &mut dyn FnMut(&[u8])) {
    each_header(view, &mut |bytes, header| {
        let range = header.span.byte_range();
        let end = if onward { bytes.len() } else { range.end };
        if let Some(part) = bytes.get(range.start..end).filter(|_| of.contains(&header.protocol)) {
            visit(part);
        }
    });
}

/// The field of a header, or of some bits of it, of the protocol that is called so.
pub fn of_header(protocol: &str, bit: u32, bits: u32) -> Option<&'static str> {
    let [ip_src, ip_dst] = IPV4_ENDS;
    let [ipv6_src, ipv6_dst] = IPV6_ENDS;
    let [srcport, dstport] = UDP_ENDS;
    let others = [
        ("ip", there(Ipv4)),
        ("ip.src", ip_src),
        ("ip.dst", ip_dst),
        ("ipv6", there(Ipv6)),
        ("ipv6.src", ipv6_src),
        ("ipv6.dst", ipv6_dst),
        ("udp", there(Udp)),
        ("udp.srcport", srcport),
        ("udp.dstport", dstport),
        ("icmp", there(Icmp)),
        ("icmpv6", there(Icmpv6)),
    ];
    let rows = ROWS.iter().flat_map(|(name, _, places, _)| places.iter().map(move |place| (*name, *place)));
    let is_it = |place: &Place| (place.bit, place.bits) == (bit, bits) && place.protocol.name() == protocol;
    others.into_iter().chain(rows).find(|(_, place)| is_it(place)).map(|(name, _)| name)
}

/// The protocols of a field that says whether one is there; none for other fields.
pub(super) fn protocols_of(places: &[Place]) -> Vec<Protocol> {
    places.iter().filter(|place| place.shape == Shape::There).map(|place| place.protocol).collect()
}

/// The greatest number of so many bits.
pub(super) const fn greatest(bits: u32) -> u64 {
    if bits < 64 { (1 << bits) - 1 } else { u64::MAX }
}

impl Place {
    /// The greatest number that can stand there.
    const fn most(&self) -> u64 {
        match self.shape {
            Shape::Words(length) => greatest(self.bits) * length,
            Shape::Length => ETHER_TYPES - 1,
            _ => greatest(self.bits),
        }
    }

    /// The value in a header that lies there; None where that is cut before it, or the place holds something else.
    fn read(self, frame: &[u8], header: Span) -> Option<Value<'static>> {
        if self.bit + self.bits > header.bits {
            return None;
        }
        let bytes = frame.get(header.byte_range())?;
        let number = number(bytes, self.bit, self.bits);
        Some(match self.shape {
            Shape::There => Value::Presence,
            Shape::Number => Value::Unsigned(number),
            Shape::Words(length) => Value::Unsigned(number * length),
            Shape::Hex(digits) => Value::Hex(number, digits),
            Shape::Flag => Value::Boolean(number != 0),
            Shape::Mac => Value::Mac(*bytes.get(self.bit as usize / 8..)?.first_chunk()?),
            Shape::MacIfSix(length) => {
                let bits = if self.protocol == Sll2 { 8 } else { 16 };
                let is_six = header.bits >= length + bits && self::number(bytes, length, bits) == 6;
                Value::Mac(*bytes.get(self.bit as usize / 8..)?.first_chunk().filter(|_| is_six)?)
            }
            Shape::Address => {
                let bytes = bytes.get(self.bit as usize / 8..)?;
                Value::Address(match self.bits {
                    32 => IpAddr::from(*bytes.first_chunk::<4>()?),
                    _ => IpAddr::from(*bytes.first_chunk::<16>()?),
                })
            }
            Shape::EtherType if number < ETHER_TYPES => return None,
            Shape::EtherType => Value::Hex(number, 4),
            Shape::Length if number >= ETHER_TYPES => return None,
            Shape::Length => Value::Unsigned(number),
        })
    }
}

/// The number in so many bits of bytes that hold them; the last 64 of more.
fn number(bytes: &[u8], bit: u32, bits: u32) -> u64 {
    let place = |bit: u32| bytes.get(bit as usize / 8).map_or(0, |byte| u64::from(byte >> (7 - bit % 8) & 1));
    (bit..bit + bits).fold(0, |number, bit| number << 1 | place(bit))
}

fn protocols(view: &View<'_>) -> String {
    let mut names = Vec::new();
    // Frames that begin with IP, whichever version, have no header of their own for that.
    if view.frame.link.first() == Some(Protocol::Ip) && !matches!(view.frame.link.0, 228 | 229) {
        names.push("raw");
    }
    each_header(view, &mut |bytes, header| {
        names.push(name(header.protocol));
        let types = match header.protocol {
            Ethernet => Some(96),
            Vlan | ServiceTag => Some(16),
            ServiceTags => Some(48),
            Sll => Some(112),
            Sll2 => Some(0),
            _ => None,
        };
        let header_bytes = bytes.get(header.span.byte_range()).unwrap_or_default();
        if types.is_some_and(|bit| number(header_bytes, bit, 16) >= ETHER_TYPES) {
            names.push("ethertype");
        }
    });
    names.push(if view.is_message() || view.source().is_some_and(|source| source.port == 0) { "coap" } else { "dtls" });
    names.join(":")
}

/// What Wireshark calls a protocol in filters.
const fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Ethernet => "eth",
        Vlan => "vlan",
        ServiceTag | ServiceTags => "ieee8021ad",
        Llc => "llc",
        Sll | Sll2 => "sll",
        Loopback => "null",
        Pppoe => "pppoes",
        Ppp | PppWithDirection => "ppp",
        CiscoHdlc => "chdlc",
        Nflog => "nflog",
        Protocol::Ip => "raw",
        Ipv4 => "ip",
        Ipv6 => "ipv6",
        Protocol::HopByHop => "ipv6.hopopts",
        Protocol::Routing => "ipv6.routing",
        Fragment => "ipv6.fraghdr",
        Protocol::DestinationOptions => "ipv6.dstopts",
        Protocol::OtherExtension => "ipv6.extension",
        Protocol::Authentication => "ah",
        Udp => "udp",
        Protocol::Tcp => "tcp",
        Icmp => "icmp",
        Icmpv6 => "icmpv6",
    }
}
