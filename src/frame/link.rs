//! Link headers: from the first byte of a frame to the first byte of its IP header.

use super::bytes::{array, be16, behind, byte, up_to};
use super::{Frame, Protocol, Reason};

/// Most link headers of a frame: more than any network stacks. A chain of tags cannot hold the reader up.
pub(super) const MAX_HEADERS: usize = 16;

/// The 12 bits of a link: as many as a VLAN identifier has.
const LINKS: u16 = 0xfff;

/// Where the IP header of a frame begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network<'a> {
    /// Offset of its first byte in the frame.
    pub offset: usize,
    /// What was captured from there on, without what the link header says is padding.
    pub bytes: &'a [u8],
    /// How many bytes there were on the wire from there on.
    pub wire: usize,
    /// The link header says that it went to all stations.
    pub broadcast: bool,
    /// Which of the links that the interface sees, 12 bits: of its VLAN tags and, of "any" interface, the index; 0 where neither tells.
    pub link: u16,
    /// The machine that captured sent the frame, as the header of a cooked capture says.
    pub outgoing: bool,
}

/// What a link header says of what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Length of the header in bytes.
    pub length: usize,
    /// What follows.
    pub next: Protocol,
    /// Length of what follows, where the header has it.
    pub payload: Option<usize>,
    /// The header says that the frame went to all stations.
    pub broadcast: bool,
    /// The VLAN, or the index of the interface; 0 for none.
    pub link: u16,
    /// The header says that the machine that captured sent the frame.
    pub outgoing: bool,
}

impl Step {
    const fn new(length: usize, next: Protocol) -> Self {
        Self { length, next, payload: None, broadcast: false, link: 0, outgoing: false }
    }
}

/// Passes all link headers of a frame.
#[inline]
pub(super) fn network<'a>(frame: &Frame<'a>) -> Result<Network<'a>, Reason> {
    let wire = frame.bytes.len().max(frame.original_length as usize);
    if frame.link.0 == 1
        && let Some((header, bytes)) = frame.bytes.split_first_chunk::<14>()
        && let [_, .., 0x08, 0x00] = header
    {
        let broadcast = header.starts_with(&[0xff; 6]);
        return Ok(Network { offset: 14, bytes, wire: wire - 14, broadcast, link: 0, outgoing: false });
    }
    chain(frame, wire)
}

/// The general way through any number of link headers.
fn chain<'a>(frame: &Frame<'a>, wire: usize) -> Result<Network<'a>, Reason> {
    let mut protocol = frame.link.first().ok_or(Reason::LinkType(frame.link))?;
    let mut network = Network { offset: 0, bytes: frame.bytes, wire, broadcast: false, link: 0, outgoing: false };
    for _ in 0..MAX_HEADERS {
        if protocol == Protocol::Ip {
            break;
        }
        let cut = network.wire > network.bytes.len();
        let step = step(protocol, network.bytes).map_err(|reason| shortened(reason, cut))?;
        network.offset += step.length;
        network.bytes = behind(network.bytes, step.length);
        network.wire = network.wire.saturating_sub(step.length);
        network.broadcast |= step.broadcast;
        network.outgoing |= step.outgoing;
        network.link = joined(network.link, step.link);
        if let Some(length) = step.payload {
            network.bytes = up_to(network.bytes, length);
            network.wire = network.wire.min(length);
        }
        protocol = step.next;
    }
    if protocol == Protocol::Ip { Ok(network) } else { Err(Reason::LinkHeaders) }
}

/// The link of these headers and of one more, which may tell none.
fn joined(before: u16, link: u16) -> u16 {
    if link == 0 { before } else { (before << 5 ^ before >> 7 ^ link) & LINKS }
}

/// The reason, or the cut where a header is not whole because the capture cut it.
pub(super) fn shortened(reason: Reason, cut: bool) -> Reason {
    match reason {
        Reason::Malformed(protocol) if cut => Reason::Truncated(protocol),
        other => other,
    }
}

/// Reads one link header. `Malformed` means that it is not whole or makes no sense.
pub(super) fn step(protocol: Protocol, bytes: &[u8]) -> Result<Step, Reason> {
    let step = match protocol {
        Protocol::Ethernet => ethernet(bytes),
        Protocol::Vlan | Protocol::ServiceTag => vlan(bytes),
        Protocol::ServiceTags => service_tags(bytes),
        Protocol::Llc => llc(bytes),
        Protocol::Sll => sll(bytes),
        Protocol::Sll2 => sll2(bytes),
        Protocol::Loopback => loopback(bytes),
        Protocol::Pppoe => pppoe(bytes),
        Protocol::Ppp => ppp(bytes, 0),
        Protocol::PppWithDirection => ppp(bytes, 1),
        Protocol::CiscoHdlc => be16(bytes, 2).map(|number| typed(4, number)),
        Protocol::Nflog => nflog(bytes),
        _ => None,
    };
    let step = step.ok_or(Reason::Malformed(protocol))??;
    let has_second = step.next == Protocol::ServiceTag && be16(bytes, step.length + 2) == Some(SERVICE_TAG);
    Ok(Step { next: if has_second { Protocol::ServiceTags } else { step.next }, ..step })
}

/// The EtherType of IEEE 802.1ad.
const SERVICE_TAG: u16 = 0x88a8;

type Read = Option<Result<Step, Reason>>;

/// What follows a header of `length` bytes that ends in, or holds, this EtherType; below 1,536 it is a length (IEEE 802.3).
fn typed(length: usize, number: u16) -> Result<Step, Reason> {
    let next = match number {
        0x0800 | 0x86dd => Protocol::Ip,
        0x8100 | 0x9100 => Protocol::Vlan,
        SERVICE_TAG => Protocol::ServiceTag,
        0x8864 => Protocol::Pppoe,
        0..=1535 => {
            return Ok(Step { payload: Some(usize::from(number)), ..Step::new(length, Protocol::Llc) });
        }
        _ => return Err(Reason::EtherType(number)),
    };
    Ok(Step::new(length, next))
}

/// IEEE 802.1Q, or IEEE 802.1ad in the same form. Identifier 0 only gives a priority.
fn vlan(bytes: &[u8]) -> Read {
    let link = be16(bytes, 0)? & LINKS;
    be16(bytes, 2).map(|number| Ok(Step { link, ..typed(4, number)? }))
}

/// One behind the other.
fn service_tags(bytes: &[u8]) -> Read {
    let links = [be16(bytes, 0)? & LINKS, be16(bytes, 4)? & LINKS];
    let link = links.into_iter().fold(0, joined);
    be16(bytes, 6).map(|number| Ok(Step { link, ..typed(8, number)? }))
}

fn ethernet(bytes: &[u8]) -> Read {
    let broadcast = bytes.starts_with(&[0xff; 6]);
    be16(bytes, 12).map(|number| Ok(Step { broadcast, ..typed(14, number)? }))
}

/// IEEE 802.2; only the SNAP extension can carry IP with an EtherType.
fn llc(bytes: &[u8]) -> Read {
    let service = byte(bytes, 0)?;
    if bytes.starts_with(&[0xaa, 0xaa, 0x03]) {
        return be16(bytes, 6).map(|number| typed(8, number));
    }
    Some(Err(Reason::Llc(service)))
}

/// The protocol field of the cooked headers: an EtherType, or one of Linux's own numbers below 1,536 (`ETH_P_*`). `kind`: of the packet.
fn cooked(length: usize, hardware: u16, number: u16, kind: u16) -> Result<Step, Reason> {
    // ARPHRD_NETLINK: the field holds a netlink family.
    let step = match (hardware, number) {
        (824, _) => return Err(Reason::Netlink(number)),
        (_, 4) => Step::new(length, Protocol::Llc),
        (_, 0..=1535) => return Err(Reason::Cooked(number)),
        _ => typed(length, number)?,
    };
    Ok(Step { broadcast: kind == 1, outgoing: kind == 4, ..step })
}

/// <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html>; every ARP hardware type is taken.
fn sll(bytes: &[u8]) -> Read {
    let kind = be16(bytes, 0)?;
    let hardware = be16(bytes, 2)?;
    be16(bytes, 14).map(|number| cooked(16, hardware, number, kind))
}

/// <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>.
fn sll2(bytes: &[u8]) -> Read {
    let header = array::<20>(bytes, 0)?;
    let [_, _, _, _, _, _, index @ .., _, _, kind, _, _, _, _, _, _, _, _, _] = header;
    let (number, hardware) = (be16(bytes, 0)?, be16(bytes, 8)?);
    let step = cooked(20, hardware, number, u16::from(kind));
    Some(step.map(|step| Step { link: u16::from_be_bytes(index) & LINKS, ..step }))
}

/// The address family in the byte order of the machine that captured (NULL) or of the network (LOOP): either is taken.
fn loopback(bytes: &[u8]) -> Read {
    let family = array::<4>(bytes, 0)?;
    let number = u32::from_be_bytes(family).min(u32::from_le_bytes(family));
    Some(match (number, family) {
        // IPv4; IPv6 on Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin.
        (2 | 10 | 23 | 24 | 28 | 30, _) => Ok(Step::new(4, Protocol::Ip)),
        // Some programs write an EtherType there, as Cisco's HDLC does.
        (_, [_, 0, 0x08, 0x00] | [_, 0, 0x86, 0xdd]) => Ok(Step::new(4, Protocol::Ip)),
        _ => Err(Reason::AddressFamily(number)),
    })
}

/// RFC 2516 section 4: version and type, code, session, length.
fn pppoe(bytes: &[u8]) -> Read {
    let header = array::<6>(bytes, 0)?;
    let [0x11, 0, _, _, length @ ..] = header else {
        return None;
    };
    let payload = Some(usize::from(u16::from_be_bytes(length)));
    Some(Ok(Step { payload, ..Step::new(6, Protocol::Ppp) }))
}

/// RFC 1661 section 2 and RFC 1662 section 3.1: address and control may be there or not, and the protocol may be one byte.
fn ppp(bytes: &[u8], direction: usize) -> Read {
    let rest = behind(bytes, direction);
    let framing = match rest {
        [0xff, 0x03, ..] => 2,
        // The driver of pppd writes its direction byte in place of the address.
        [0x03, ..] if direction == 1 => 1,
        // Cisco's HDLC under the same link type: address 0x0f (unicast) or 0x8f (all stations).
        [0x0f | 0x8f, 0x00, ..] => return be16(rest, 2).map(|number| typed(direction + 4, number)),
        _ => 0,
    };
    let first = byte(rest, framing)?;
    let (number, length) = if first & 1 == 1 { (u16::from(first), 1) } else { (be16(rest, framing)?, 2) };
    Some(match number {
        0x0021 | 0x0057 => Ok(Step::new(direction + framing + length, Protocol::Ip)),
        _ => Err(Reason::PppProtocol(number)),
    })
}

/// <https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html>: attributes, among them the datagram (type 9).
fn nflog(bytes: &[u8]) -> Read {
    let mut at = 4;
    array::<4>(bytes, 0)?;
    loop {
        let attribute = nflog_attribute(bytes, at)?;
        if attribute.kind == 9 {
            let payload = Some(attribute.length - 4);
            return Some(Ok(Step { payload, ..Step::new(at + 4, Protocol::Ip) }));
        }
        at += attribute.length.next_multiple_of(4);
    }
}

/// An attribute of a netfilter log.
#[derive(Clone, Copy, Debug)]
pub(super) struct NflogAttribute {
    /// Length with its own header of four bytes, without padding.
    pub length: usize,
    /// Its type; 9 is the datagram.
    pub kind: u16,
}

/// Reads the attribute at `at`; its numbers are in the byte order of the machine that captured.
pub(super) fn nflog_attribute(bytes: &[u8], at: usize) -> Option<NflogAttribute> {
    let [a, b, c, d] = array::<4>(bytes, at)?;
    // Types are small numbers, and lengths are seldom of the form n * 256: the byte that is 0 tells the order.
    let little_endian = d == 0;
    let (length, kind) = if little_endian {
        (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
    } else {
        (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
    };
    (length >= 4).then_some(NflogAttribute { length: usize::from(length), kind: kind & 0x7fff })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_tags_ends() {
        // Ethernet is one of the headers.
        for (tags, offset) in [(15, Ok(14 + 15 * 4)), (16, Err(Reason::LinkHeaders)), (100, Err(Reason::LinkHeaders))] {
            let mut bytes = vec![0; 12];
            bytes.extend([0x81, 0, 0, 1].repeat(tags));
            bytes.extend([0x08, 0]);
            let frame = Frame {
                number: 1,
                time: 0,
                link: crate::frame::LinkType::ETHERNET,
                original_length: bytes.len() as u32,
                bytes: &bytes,
                position: crate::frame::Position::default(),
            };
            assert_eq!(network(&frame).map(|network| network.offset), offset, "{tags}");
        }
    }
}
