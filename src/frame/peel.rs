//! The hot path: what a frame carries for CoAP.

use std::net::IpAddr;

use etherparse::UdpHeaderSlice;
use etherparse::checksum::Sum16BitWords;

use super::bytes::{be16, behind, up_to};
use super::fragments::{Fragments, Taken, Whole};
use super::ip::{self, Addresses, Packet};
use super::{Endpoint, FragmentCounters, Frame, Position, Protocol, QuickDatagram, Reason, icmp, link};

/// How to peel.
#[derive(Clone, Copy, Debug)]
pub struct PeelOptions {
    /// Verify UDP checksums. Off by default: senders leave them to their network card.
    pub checksums: bool,
    /// Most bytes that fragments of incomplete datagrams may take up; the oldest are given up beyond it.
    pub fragment_bytes: usize,
}

impl Default for PeelOptions {
    fn default() -> Self {
        Self { checksums: false, fragment_bytes: 4 << 20 }
    }
}

/// What a frame carries.
#[derive(Clone, Copy, Debug)]
pub enum Peeled<'a> {
    /// A UDP datagram.
    Datagram(Datagram<'a>),
    /// An ICMP error about a UDP datagram.
    Icmp(IcmpQuote<'a>),
    /// Something else.
    Other(Reason),
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// What UDP carries, as far as it was captured.
    pub payload: &'a [u8],
    /// Offset of the payload in the frame; in the packet put together where it came in fragments.
    pub payload_offset: u32,
    /// Length in bytes of the payload that the sender sent.
    pub wire_length: u32,
    /// The capture cut the payload.
    pub cut: bool,
    /// IPv4 identification; 0 where there is none.
    pub ip_id: u16,
    /// IPv4 time to live or IPv6 hop limit.
    pub hop_limit: u8,
    /// Tells apart where it was captured: the interface in the capture and, of a cooked capture, which of its interfaces, and whether it left
    /// the machine there.
    pub heard: u16,
    /// The destination is a multicast or broadcast address.
    pub multicast: bool,
    /// An address in the IP header is not that of the endpoint: the packet is under way on a route, or its sender is not at home.
    pub on_the_way: bool,
    /// The IP packet that was put together from fragments, of which this frame had the last; none where it came in one piece.
    pub reassembled: Option<&'a Whole>,
    /// What is odd about it.
    pub notes: FrameNotes,
}

/// What is odd about a datagram below CoAP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameNotes {
    /// `udp.length`: the length in the UDP header, and the length that the IP packet holds; both with the UDP header.
    pub udp_length: Option<(u16, u32)>,
    /// `udp.checksum`: the checksum in the UDP header, and the one that fits. Only where [`PeelOptions::checksums`] is set.
    pub udp_checksum: Option<(u16, u16)>,
    /// `udp.no-checksum`: there is none, over IPv6. Only where [`PeelOptions::checksums`] is set.
    pub no_checksum: bool,
}

/// A datagram quoted by an ICMP error.
#[derive(Clone, Copy, Debug)]
pub struct IcmpQuote<'a> {
    /// Who reports.
    pub reporter: IpAddr,
    /// Who is told.
    pub receiver: IpAddr,
    /// 4 for ICMP, 6 for ICMPv6.
    pub version: u8,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Sender of the quoted datagram.
    pub source: Endpoint,
    /// Receiver of the quoted datagram.
    pub destination: Endpoint,
    /// IPv4 identification of the quoted datagram; 0 for none.
    pub ip_id: u16,
    /// What is quoted of its payload.
    pub payload: &'a [u8],
    /// Offset of that in the frame; in the packet put together where the error itself came in fragments.
    pub payload_offset: u32,
    /// Length of its payload as sent.
    pub wire_length: u32,
    /// The error's own IP packet that was put together from fragments, of which this frame had the last; none where it came in one piece.
    pub reassembled: Option<&'a Whole>,
    /// Where the frame stands, for addresses that are good on one link only.
    pub(super) position: Position,
}

impl IcmpQuote<'_> {
    /// Who reports, with port 0.
    pub fn reporter_endpoint(&self) -> Endpoint {
        endpoint(self.reporter, 0, self.position)
    }

    /// Who is told, with port 0.
    pub fn receiver_endpoint(&self) -> Endpoint {
        endpoint(self.receiver, 0, self.position)
    }
}

/// Takes the layers off frames, one after the other; keeps fragments until they are complete.
#[derive(Debug)]
pub struct Peeler {
    options: PeelOptions,
    fragments: Fragments,
}

impl Peeler {
    /// A peeler that has seen nothing yet.
    pub fn new(options: PeelOptions) -> Self {
        Self { options, fragments: Fragments::new(options.fragment_bytes) }
    }

    /// What a frame carries: every UDP datagram, whatever its ports.
    #[inline]
    pub fn peel<'a>(&'a mut self, frame: &Frame<'a>) -> Peeled<'a> {
        if !self.options.checksums
            && let Some(quick) = QuickDatagram::of(frame)
        {
            return Peeled::Datagram(quick.datagram(frame.position));
        }
        self.layer_by_layer(frame)
    }

    /// The datagram of a frame in which everything is as usual; None says nothing of the frame.
    #[inline(always)]
    pub fn quick<'a>(&self, frame: &Frame<'a>) -> Option<QuickDatagram<'a>> {
        if self.options.checksums { None } else { QuickDatagram::of(frame) }
    }

    /// The general way, for frames of every kind.
    #[inline(never)]
    fn layer_by_layer<'a>(&'a mut self, frame: &Frame<'a>) -> Peeled<'a> {
        let network = match link::network(frame) {
            Ok(network) => network,
            Err(reason) => return Peeled::Other(reason),
        };
        let packet = match ip::parse(network.bytes, network.wire) {
            Ok(packet) => packet,
            Err(reason) => return Peeled::Other(reason),
        };
        if ip::is_too_short(network.bytes) {
            return Peeled::Other(Reason::Malformed(Protocol::Ipv4));
        }
        let frame = &Frame { position: on_link(frame.position, network.link), ..*frame };
        if packet.fragment.is_some() {
            return self.fragment(frame, &network, &packet);
        }
        match packet.protocol {
            17 => self.datagram(frame, &network, &packet),
            number => other(number, frame, &network, &packet),
        }
    }

    /// How many fragments were put together, and how many were not.
    pub fn fragment_counters(&self) -> FragmentCounters {
        self.fragments.counters()
    }

    #[inline]
    fn datagram<'a>(&self, frame: &Frame<'_>, network: &link::Network<'_>, packet: &Packet<'a>) -> Peeled<'a> {
        let Ok(header) = UdpHeaderSlice::from_slice(packet.payload) else {
            return Peeled::Other(ip::short(Protocol::Udp, packet.payload, packet.wire));
        };
        let claimed = usize::from(header.length());
        let mut notes = FrameNotes::default();
        let wire = match claimed {
            0 if packet.open_ended => packet.wire,
            _ if claimed == packet.wire => claimed,
            // No length in the IP header: what is behind the datagram may be padding.
            _ if packet.open_ended && (8..packet.wire).contains(&claimed) => claimed,
            _ => {
                notes.udp_length = Some((header.length(), packet.wire as u32));
                if (8..packet.wire).contains(&claimed) { claimed } else { packet.wire }
            }
        };
        let whole = up_to(packet.payload, wire);
        // RFC 8200 section 8.1; RFC 768 allows it over IPv4.
        notes.no_checksum = self.options.checksums && packet.version == 6 && header.checksum() == 0;
        if self.options.checksums && whole.len() == wire && notes.udp_length.is_none() {
            notes.udp_checksum = checksum_mismatch(packet, whole);
        }
        let payload = behind(whole, 8);
        Peeled::Datagram(Datagram {
            source: endpoint(packet.addresses.source(), header.source_port(), frame.position),
            destination: endpoint(packet.addresses.destination(), header.destination_port(), frame.position),
            payload,
            payload_offset: (network.offset + packet.header_length + 8) as u32,
            wire_length: (wire - 8) as u32,
            cut: whole.len() < wire,
            ip_id: packet.id,
            hop_limit: packet.hop_limit,
            heard: heard(frame.position.interface, network),
            multicast: is_multicast(&packet.addresses, network.broadcast),
            on_the_way: matches!(packet.addresses, Addresses::Routed { .. }),
            reassembled: None,
            notes,
        })
    }

    /// Keeps a fragment; the last missing one gives the datagram.
    #[inline(never)]
    fn fragment<'a>(&'a mut self, frame: &Frame<'a>, network: &link::Network<'a>, packet: &Packet<'a>) -> Peeled<'a> {
        match self.fragments.take(frame, network.bytes, packet) {
            Taken::Held => return Peeled::Other(Reason::Fragment),
            Taken::Refused(fault) => return Peeled::Other(Reason::FragmentRefused(fault)),
            Taken::Complete => {}
        }
        let whole = self.fragments.completed();
        let packet = match ip::parse(&whole.bytes, whole.wire) {
            Ok(packet) => packet,
            Err(reason) => return Peeled::Other(reason),
        };
        let network = link::Network { offset: 0, bytes: &whole.bytes, wire: whole.wire, ..*network };
        if packet.protocol != 17 {
            return match other(packet.protocol, frame, &network, &packet) {
                Peeled::Icmp(quote) => Peeled::Icmp(IcmpQuote { reassembled: Some(whole), ..quote }),
                other => other,
            };
        }
        match self.datagram(frame, &network, &packet) {
            Peeled::Datagram(datagram) => Peeled::Datagram(Datagram { reassembled: Some(whole), ..datagram }),
            other => other,
        }
    }
}

/// What is said of a packet that carries no UDP.
#[inline(never)]
fn other<'a>(protocol: u8, frame: &Frame<'_>, network: &link::Network<'_>, packet: &Packet<'a>) -> Peeled<'a> {
    match protocol {
        1 | 58 => match icmp::quote(packet, network.offset, frame.position) {
            Ok(quote) => Peeled::Icmp(quote),
            Err(reason) => Peeled::Other(reason),
        },
        6 => Peeled::Other(match (be16(packet.payload, 0), be16(packet.payload, 2)) {
            (Some(source), Some(destination)) => Reason::Tcp { source, destination },
            _ => ip::short(Protocol::Tcp, packet.payload, packet.wire),
        }),
        number => Peeled::Other(Reason::IpProtocol(number)),
    }
}

/// The position of a frame with one link for each that its interface sees: VLANs, and all interfaces where "any" was captured.
#[inline]
fn on_link(position: Position, link: u16) -> Position {
    match link {
        0 => position,
        link => Position { network: 0x8000 | (position.network & 7) << 12 | link, ..position },
    }
}

/// See [`Datagram::heard`]: the low bits differ for any two of the few interfaces that one capture has.
#[inline]
fn heard(interface: u16, network: &link::Network<'_>) -> u16 {
    let link = network.link << 1 | u16::from(network.outgoing);
    // So far apart that few interfaces of the capture make no other link of one, in the low byte alone, too.
    interface.wrapping_add(link.wrapping_mul(37)).wrapping_add((link >> 8).wrapping_mul(101))
}

/// The endpoint, with the interface where the address is good on one link only.
#[inline]
pub(super) fn endpoint(address: IpAddr, port: u16, position: Position) -> Endpoint {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            let [first, second, ..] = address.octets();
            // fe80::/10 and multicast of link-local scope (RFC 4291 sections 2.5.6 and 2.7).
            first == 0xfe && second & 0xc0 == 0x80 || first == 0xff && second & 0x0f == 2
        }
    };
    let scope = if link_local { position.network.saturating_add(1) } else { 0 };
    Endpoint { address, port, scope }
}

/// Whether the destination is the address of a group, or of all hosts on a network.
#[inline]
pub(super) fn is_multicast(addresses: &Addresses<'_>, link_broadcast: bool) -> bool {
    match addresses {
        Addresses::V4([.., first, second, third, last]) => {
            let everybody = [first, second, third, last] == [&255; 4];
            // A network's own broadcast address has a host part of ones (RFC 919); how long that is only the link tells.
            (224..=239).contains(first) || everybody || link_broadcast && last & 3 == 3
        }
        Addresses::Routed { destination, .. } => destination.is_multicast(),
        Addresses::V6(both) => both.last_chunk::<16>().is_some_and(|[first, ..]| *first == 0xff),
    }
}

/// The checksum of a whole UDP datagram and the one that fits, where it has one and they differ (RFC 768, RFC 8200 section 8.1).
pub(super) fn checksum_mismatch(packet: &Packet<'_>, whole: &[u8]) -> Option<(u16, u16)> {
    let found = be16(whole, 6)?;
    let fits = udp_checksum(packet, whole)?;
    (found != 0 && found != fits).then_some((found, fits))
}

/// The checksum that fits a whole UDP datagram; none where its receiver is not known, who is a part of it.
pub(super) fn udp_checksum(packet: &Packet<'_>, whole: &[u8]) -> Option<u16> {
    if packet.stops_on_the_way {
        return None;
    }
    let mut sum = Sum16BitWords::new();
    sum = match (packet.addresses.source(), packet.addresses.destination()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => sum.add_4bytes(a.octets()).add_4bytes(b.octets()),
        (IpAddr::V6(a), IpAddr::V6(b)) => sum.add_16bytes(a.octets()).add_16bytes(b.octets()),
        _ => return None,
    };
    let sum = sum
        .add_4bytes((whole.len() as u32).to_be_bytes())
        .add_2bytes([0, 17])
        .add_slice(whole.get(..6)?)
        .add_slice(behind(whole, 8));
    Some(match sum.ones_complement().to_be() {
        0 => 0xffff,
        fits => fits,
    })
}
