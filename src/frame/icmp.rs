//! ICMP and ICMPv6 errors that quote the datagram they are about.

use super::bytes::{be16, byte, up_to};
use super::ip::{self, Packet};
use super::peel::{IcmpQuote, endpoint};
use super::{Position, Reason};

/// The datagram that an ICMP error quotes; the IP protocol number is the reason where it is no error or quotes something else.
pub(super) fn quote<'a>(packet: &Packet<'a>, offset: usize, position: Position) -> Result<IcmpQuote<'a>, Reason> {
    let other = Reason::IpProtocol(packet.protocol);
    let quoted = quoted(packet).ok_or(other)?;
    // Routers quote as much as they please, so the quoted header's own length says what is missing.
    let inner = ip::parse(quoted, quoted.len()).map_err(|_| other)?;
    let is_first = inner.fragment.is_none_or(|part| part.offset == 0);
    let (Some(source), Some(destination), 17, true) =
        (be16(inner.payload, 0), be16(inner.payload, 2), inner.protocol, is_first)
    else {
        return Err(other);
    };
    // The ports tell whose datagram it is, though the capture may have cut what is behind them.
    let length = be16(inner.payload, 4).map(usize::from);
    let length = length.unwrap_or_else(|| wire_length(quoted).saturating_sub(inner.header_length));
    let wire_length = length.saturating_sub(8) as u32;
    let payload = up_to(super::bytes::behind(inner.payload, 8), wire_length as usize);
    Ok(IcmpQuote {
        reporter: packet.addresses.source(),
        receiver: packet.addresses.destination(),
        version: packet.version,
        kind: byte(packet.payload, 0).unwrap_or_default(),
        code: byte(packet.payload, 1).unwrap_or_default(),
        source: endpoint(inner.addresses.source(), source, position),
        destination: endpoint(inner.addresses.destination(), destination, position),
        ip_id: inner.id,
        payload,
        payload_offset: (offset + packet.header_length + HEADER + inner.header_length + inner.payload.len().min(8))
            as u32,
        wire_length,
        reassembled: None,
        position,
    })
}

/// Length on the wire of the packet of which an error quotes these bytes, as its own header says: the error may have cut it.
pub(super) fn wire_length(quoted: &[u8]) -> usize {
    ip::told_length(quoted).unwrap_or_default().max(quoted.len())
}

/// Length in bytes of the ICMP header before the quoted datagram.
pub(super) const HEADER: usize = 8;

/// The bytes that an ICMP error quotes, without the extensions of RFC 4884 behind them; none where it is no error.
pub(super) fn quoted<'a>(packet: &Packet<'a>) -> Option<&'a [u8]> {
    let kind = byte(packet.payload, 0)?;
    let is_error = match packet.version {
        // RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem.
        4 => matches!(kind, 3 | 4 | 5 | 11 | 12),
        // RFC 4443 section 2.1: errors have numbers below 128.
        _ => kind < 128,
    };
    if !is_error {
        return None;
    }
    let quoted = packet.payload.get(HEADER..)?;
    // RFC 4884 sections 4.1 to 4.3: the length of the quotation in words of 4 or 8 bytes, 0 for all.
    let length = match (packet.version, kind) {
        (4, 3 | 11 | 12) => usize::from(byte(packet.payload, 5)?) * 4,
        (6, 1 | 3) => usize::from(byte(packet.payload, 4)?) * 8,
        _ => 0,
    };
    Some(if length == 0 { quoted } else { up_to(quoted, length) })
}
