//! IPv4 and IPv6 headers, extension headers included, down to the first byte that they carry.

use std::net::IpAddr;

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::bytes::{be16, be32, behind, byte, chunk, up_to};
use super::protocol::extension;
use super::route::{self, Route};
use super::{Protocol, Reason};

/// Most extension headers of a packet: more than any sender has use for.
pub(super) const MAX_EXTENSIONS: usize = 16;

/// An IP packet, as far as it could be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub addresses: Addresses<'a>,
    /// 4 or 6.
    pub version: u8,
    /// What it carries.
    pub protocol: u8,
    /// Time to live or hop limit.
    pub hop_limit: u8,
    /// IPv4 identification, else 0.
    pub id: u16,
    /// Length of all its headers in bytes, extension headers included.
    pub header_length: usize,
    /// What it carries, as far as it was captured.
    pub payload: &'a [u8],
    /// Length in bytes of what it carries: as its header says, so that a packet of which the frame holds less counts as cut.
    pub wire: usize,
    /// The header gives no length: the sender leaves it to its network card (segmentation offload), or it is a jumbogram.
    pub open_ended: bool,
    /// It is under way on a route of a kind that is not known, so that the destination is only the next stop.
    pub stops_on_the_way: bool,
    /// Set where this is one part of several.
    pub fragment: Option<Part>,
}

/// The two addresses, where they stand. An [`IpAddr`] is made of them only where it goes to stay: copied from one
/// structure to the next it costs more than all the rest of the header.
#[derive(Clone, Copy, Debug)]
pub(super) enum Addresses<'a> {
    V4(&'a [u8; 8]),
    V6(&'a [u8; 32]),
    /// The header names the next stop on a route, or where a host on the way is just now. These are the ends that are meant.
    Routed {
        source: IpAddr,
        destination: IpAddr,
    },
}

impl Addresses<'_> {
    /// Who sent it, at home.
    #[inline]
    pub fn source(&self) -> IpAddr {
        match self {
            Self::Routed { source, .. } => *source,
            Self::V4([a, b, c, d, ..]) => IpAddr::from([*a, *b, *c, *d]),
            Self::V6(both) => IpAddr::from(both.first_chunk::<16>().copied().unwrap_or_default()),
        }
    }

    /// Whom it was sent to, in the end.
    #[inline]
    pub fn destination(&self) -> IpAddr {
        match self {
            Self::Routed { destination, .. } => *destination,
            Self::V4([.., a, b, c, d]) => IpAddr::from([*a, *b, *c, *d]),
            Self::V6(both) => IpAddr::from(both.last_chunk::<16>().copied().unwrap_or_default()),
        }
    }
}

/// What the header says of a fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Identification.
    pub id: u32,
    /// Offset of its first byte in what was divided.
    pub offset: u32,
    /// More follow.
    pub more: bool,
    /// Length of the headers that every fragment repeats.
    pub repeated: usize,
    /// Where those headers name the protocol that follows them (IPv6 only).
    pub next_header_at: usize,
}

/// Reads the headers of an IP packet of which `bytes` were captured and `wire` bytes were on the wire.
#[inline]
pub(super) fn parse(bytes: &[u8], wire: usize) -> Result<Packet<'_>, Reason> {
    match bytes.first() {
        Some(0x40..=0x4f) => parse_v4(bytes, wire),
        Some(0x60..=0x6f) => parse_v6(bytes, wire),
        _ => Err(short(Protocol::Ip, bytes, wire)),
    }
}

/// Length of a packet as its own header says, whatever is there of it; none where that leaves it open.
pub(super) fn told_length(bytes: &[u8]) -> Option<usize> {
    match byte(bytes, 0)? >> 4 {
        4 => be16(bytes, 2).map(usize::from).filter(|length| *length >= 20),
        6 => be16(bytes, 4).filter(|length| *length > 0).map(|length| usize::from(length) + 40),
        _ => None,
    }
}

/// An IPv4 packet that says to be shorter than its own header, which nobody accepts (RFC 1122 section 3.2.1); 0 is left to network cards. What
/// errors quote may have been changed on the way, and is not asked this.
pub(super) fn is_too_short(bytes: &[u8]) -> bool {
    matches!(bytes, [first @ 0x45..=0x4f, _, high, low, ..] if {
        let total = u16::from_be_bytes([*high, *low]);
        total != 0 && total < u16::from(first & 0x0f) * 4
    })
}

/// What to say of a header that is not whole.
pub(super) fn short(protocol: Protocol, bytes: &[u8], wire: usize) -> Reason {
    if wire > bytes.len() { Reason::Truncated(protocol) } else { Reason::Malformed(protocol) }
}

#[inline]
fn parse_v4(bytes: &[u8], wire: usize) -> Result<Packet<'_>, Reason> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| short(Protocol::Ipv4, bytes, wire))?;
    let addresses = chunk(bytes, 12).ok_or(Reason::Malformed(Protocol::Ipv4))?;
    let length = header.slice().len();
    let total = usize::from(header.total_len());
    let open_ended = total < length;
    let offset = u32::from(header.fragments_offset().value()) * 8;
    let fragment = (header.is_fragmenting_payload()).then_some(Part {
        id: u32::from(header.identification()),
        offset,
        more: header.more_fragments(),
        repeated: length,
        next_header_at: 9,
    });
    let wire = if open_ended { wire } else { total } - length;
    let mut packet = Packet {
        addresses: Addresses::V4(addresses),
        version: 4,
        protocol: header.protocol().0,
        hop_limit: header.ttl(),
        id: header.identification(),
        header_length: length,
        payload: up_to(behind(bytes, length), wire),
        wire,
        open_ended,
        stops_on_the_way: false,
        fragment,
    };
    if length > 20
        && let Some(last) = route::of_options(header.options())
    {
        packet.addresses = Addresses::Routed { source: packet.addresses.source(), destination: last.into() };
    }
    if packet.protocol == 51 && packet.fragment.is_none() {
        pass_extensions(&mut packet)?;
    }
    Ok(packet)
}

#[inline]
fn parse_v6(bytes: &[u8], wire: usize) -> Result<Packet<'_>, Reason> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| short(Protocol::Ipv6, bytes, wire))?;
    let addresses = chunk(bytes, 8).ok_or(Reason::Malformed(Protocol::Ipv6))?;
    let claimed = usize::from(header.payload_length());
    let open_ended = claimed == 0;
    let wire = if open_ended { wire - 40 } else { claimed };
    let mut packet = Packet {
        addresses: Addresses::V6(addresses),
        version: 6,
        protocol: header.next_header().0,
        hop_limit: header.hop_limit(),
        id: 0,
        header_length: 40,
        payload: up_to(behind(bytes, 40), wire),
        wire,
        open_ended,
        stops_on_the_way: false,
        fragment: None,
    };
    if packet.protocol != 17 {
        pass_extensions(&mut packet)?;
    }
    Ok(packet)
}

/// Passes extension headers in whatever order they come, up to the first fragment header that divides something.
fn pass_extensions(packet: &mut Packet<'_>) -> Result<(), Reason> {
    let mut next_header_at = 6;
    for passed in 0..=MAX_EXTENSIONS {
        let Some(protocol) = extension(packet.protocol) else {
            return Ok(());
        };
        if packet.version == 4 && protocol != Protocol::Authentication {
            return Ok(());
        }
        if passed == MAX_EXTENSIONS {
            break;
        }
        let missing = short(protocol, packet.payload, packet.wire);
        let length = extension_length(protocol, packet.payload).ok_or(missing)?;
        let next = byte(packet.payload, 0).ok_or(missing)?;
        if protocol == Protocol::Fragment {
            let field = be16(packet.payload, 2).ok_or(missing)?;
            let part = Part {
                id: be32(packet.payload, 4).ok_or(missing)?,
                offset: u32::from(field & 0xfff8),
                more: field & 1 == 1,
                repeated: packet.header_length,
                next_header_at,
            };
            // Else it is an atomic fragment (RFC 6946), whole in itself.
            if part.more || part.offset > 0 {
                packet.fragment = Some(part);
            }
        }
        if length > packet.payload.len() {
            return Err(missing);
        }
        let header = up_to(packet.payload, length);
        match protocol {
            Protocol::Routing => follow(packet, header),
            Protocol::DestinationOptions => go_home(packet, header),
            _ => {}
        }
        next_header_at = packet.header_length;
        packet.header_length += length;
        packet.payload = behind(packet.payload, length);
        packet.wire -= length;
        packet.protocol = next;
        if packet.fragment.is_some() {
            return Ok(());
        }
    }
    Err(Reason::ExtensionHeaders)
}

/// Whom a packet with this routing header is meant for: for UDP its pseudo-header has that address already (RFC 8200 section 8.1).
#[cold]
fn follow(packet: &mut Packet<'_>, header: &[u8]) {
    match route::of_header(header, packet.addresses.destination()) {
        Route::Over => {}
        Route::To(destination) => {
            packet.addresses = Addresses::Routed { source: packet.addresses.source(), destination };
        }
        Route::Unknown => packet.stops_on_the_way = true,
    }
}

/// From whom a packet with these destination options is: for UDP its pseudo-header has the home address (RFC 6275 section 11.3.1).
#[cold]
fn go_home(packet: &mut Packet<'_>, header: &[u8]) {
    if let Some(home) = route::home(header) {
        packet.addresses = Addresses::Routed { source: home.into(), destination: packet.addresses.destination() };
    }
}

/// Length of an extension header in bytes.
pub(super) fn extension_length(protocol: Protocol, bytes: &[u8]) -> Option<usize> {
    let units = usize::from(byte(bytes, 1)?);
    Some(match protocol {
        Protocol::Fragment => 8,
        // RFC 4302 section 2.2 counts words of four bytes, less two.
        Protocol::Authentication => (units + 2) * 4,
        _ => (units + 1) * 8,
    })
}
