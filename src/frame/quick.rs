//! The quick way from a frame to its datagram, which most frames take.

use super::bytes::{be16, be32, byte, chunk};
use super::ip::Addresses;
use super::peel::{endpoint, is_multicast};
use super::{Datagram, Frame, FrameNotes, LinkType, Position};

/// Length in bytes of the headers of Ethernet, IPv4 without options, and UDP.
const HEADERS: usize = 14 + 20 + 8;

/// The datagram of a frame in which everything is as usual: Ethernet II without tags, to one receiver, IPv4 without options and in one
/// piece, UDP, lengths that agree, nothing cut.
#[derive(Clone, Copy, Debug)]
pub struct QuickDatagram<'a> {
    /// The address of the sender in the upper half, that of the receiver in the lower.
    pub addresses: u64,
    /// The port of the sender in the upper half, that of the receiver in the lower.
    pub ports: u32,
    /// IPv4 identification.
    pub ip_id: u16,
    /// IPv4 time to live.
    pub hop_limit: u8,
    /// What UDP carries.
    pub payload: &'a [u8],
}

impl<'a> QuickDatagram<'a> {
    /// Offset of the payload in the frame.
    pub const OFFSET: u16 = HEADERS as u16;

    /// Offset of addresses and ports, which stand one behind the other.
    pub const ENDS: usize = 26;

    /// Addresses and ports of a usual frame, of the bytes there; of other frames some numbers or other.
    #[inline(always)]
    pub fn ends(bytes: &[u8; 12]) -> (u64, u32) {
        let [first, second, ports] = [0, 4, 8].map(|at| be32(bytes, at).unwrap_or(0));
        (u64::from(first) << 32 | u64::from(second), ports)
    }

    /// The datagram of a usual frame. None says nothing of the frame: the general way then looks at it layer by layer. Of a usual
    /// frame that finds the same, so this one can be left out at any time; it does not verify checksums.
    #[inline(always)]
    pub(super) fn of(frame: &Frame<'a>) -> Option<Self> {
        if frame.link == LinkType::ETHERNET { Self::of_ethernet(frame.bytes) } else { None }
    }

    /// The same of a frame of Ethernet.
    #[inline(always)]
    pub fn of_ethernet(frame: &'a [u8]) -> Option<Self> {
        let (headers, behind) = frame.split_first_chunk::<HEADERS>()?;
        let (total, length) = (be16(headers, 16)?, be16(headers, 38)?);
        // EtherType, version and header length; offset 0 with no fragments to follow, and protocol; both lengths.
        if be32(headers, 12)? & 0xffff_ff00 != 0x0800_4500
            || be32(headers, 20)? & 0x3fff_00ff != 17
            || u32::from(length) + 20 != u32::from(total)
            || be32(headers, 0)? == u32::MAX
        {
            return None;
        }
        Some(Self {
            addresses: u64::from_be_bytes(*chunk(headers, Self::ENDS)?),
            ports: be32(headers, 34)?,
            ip_id: be16(headers, 18)?,
            hop_limit: byte(headers, 22)?,
            payload: behind.get(..usize::from(length).checked_sub(8)?)?,
        })
    }

    /// Whether it goes to a group, or to all hosts.
    pub fn is_multicast(&self) -> bool {
        is_multicast(&Addresses::V4(&self.addresses.to_be_bytes()), false)
    }

    /// The same as the general way has it. `position`: of the frame.
    pub fn datagram(&self, position: Position) -> Datagram<'a> {
        let (both, ports) = (self.addresses.to_be_bytes(), [(self.ports >> 16) as u16, self.ports as u16]);
        let addresses = Addresses::V4(&both);
        Datagram {
            source: endpoint(addresses.source(), ports[0], position),
            destination: endpoint(addresses.destination(), ports[1], position),
            payload: self.payload,
            payload_offset: HEADERS as u32,
            wire_length: self.payload.len() as u32,
            cut: false,
            ip_id: self.ip_id,
            hop_limit: self.hop_limit,
            multicast: self.is_multicast(),
            fragments: None,
            reassembled: &[],
            notes: FrameNotes::default(),
        }
    }
}
