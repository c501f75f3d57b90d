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
    headers: &'a [u8; HEADERS],
    /// What UDP carries.
    pub payload: &'a [u8],
}

impl<'a> QuickDatagram<'a> {
    /// Offset of the payload in the frame.
    pub const OFFSET: usize = HEADERS;

    /// The datagram of a usual frame. None says nothing of the frame: the general way then looks at it layer by layer. Of a usual
    /// frame that finds the same, so this one can be left out at any time; it does not verify checksums.
    #[inline(always)]
    pub(super) fn of(frame: &Frame<'a>) -> Option<Self> {
        if frame.link != LinkType::ETHERNET {
            return None;
        }
        let (headers, behind) = frame.bytes.split_first_chunk()?;
        Self::new(headers, behind, Self::payload_length(headers, frame.bytes.len())?)
    }

    /// The same of headers and a payload with whatever follows it. None where that is not so long.
    #[inline(always)]
    pub fn new(headers: &'a [u8; HEADERS], behind: &'a [u8], payload: usize) -> Option<Self> {
        Some(Self { headers, payload: behind.get(..payload)? })
    }

    /// Length of the payload of a frame of Ethernet with so many bytes that begins so, if it is a usual one.
    #[inline(always)]
    pub fn payload_length(headers: &[u8; HEADERS], frame: usize) -> Option<usize> {
        let (total, length) = (u32::from(be16(headers, 16)?), u32::from(be16(headers, 38)?));
        // Of a length below that of its header this makes one that no frame has.
        let payload = length.wrapping_sub(8);
        // EtherType, version and header length; offset 0 with no fragments to follow, and protocol; both lengths.
        let kind = (be32(headers, 12)? & 0xffff_ff00) ^ 0x0800_4500 | (be32(headers, 20)? & 0x3fff_00ff) ^ 17;
        if kind != 0
            || length + 20 != total
            || be32(headers, 0)? == u32::MAX
            || HEADERS as u64 + u64::from(payload) > frame as u64
        {
            return None;
        }
        Some(payload as usize)
    }

    /// Addresses and ports as they stand in the headers of a usual frame, one behind the other.
    #[inline(always)]
    pub fn ends(headers: &[u8; HEADERS]) -> &[u8; 12] {
        chunk(headers, 26).unwrap_or(&[0; 12])
    }

    /// Its headers.
    pub fn headers(&self) -> &'a [u8; HEADERS] {
        self.headers
    }

    /// IPv4 identification.
    #[inline(always)]
    pub fn ip_id(&self) -> u16 {
        be16(self.headers, 18).unwrap_or(0)
    }

    /// IPv4 time to live.
    #[inline(always)]
    pub fn hop_limit(&self) -> u8 {
        byte(self.headers, 22).unwrap_or(0)
    }

    /// Addresses of sender and receiver.
    fn addresses(&self) -> &'a [u8; 8] {
        chunk(self.headers, 26).unwrap_or(&[0; 8])
    }

    /// Whether it goes to a group, or to all hosts.
    pub fn is_multicast(&self) -> bool {
        is_multicast(&Addresses::V4(self.addresses()), false)
    }

    /// Whether it says to come from such: an answer would go there.
    pub fn is_from_group(&self) -> bool {
        let [a, b, c, d, _, _, _, _] = self.addresses();
        is_multicast(&Addresses::V4(&[0, 0, 0, 0, *a, *b, *c, *d]), false)
    }

    /// The same as the general way has it. `position`: of the frame.
    pub fn datagram(&self, position: Position) -> Datagram<'a> {
        let [source, destination] = [34, 36].map(|at| be16(self.headers, at).unwrap_or(0));
        let addresses = Addresses::V4(self.addresses());
        Datagram {
            source: endpoint(addresses.source(), source, position),
            destination: endpoint(addresses.destination(), destination, position),
            payload: self.payload,
            payload_offset: HEADERS as u32,
            wire_length: self.payload.len() as u32,
            cut: false,
            ip_id: self.ip_id(),
            hop_limit: self.hop_limit(),
            heard: position.interface,
            multicast: self.is_multicast(),
            on_the_way: false,
            reassembled: None,
            notes: FrameNotes::default(),
        }
    }
}
