//! The quick way from a frame to its datagram, which most frames take.

use super::bytes::{be16, be32, byte, chunk};
use super::ip::Addresses;
use super::peel::{endpoint, is_multicast};
use super::{Datagram, Frame, FrameNotes, LinkType};

/// Length in bytes of the headers of Ethernet, IPv4 without options, and UDP.
const HEADERS: usize = 14 + 20 + 8;

/// The datagram of a frame in which everything is as usual: Ethernet II without tags, IPv4 without options and in one piece, UDP, lengths
/// that agree, nothing cut. None says nothing of the frame: the general way then looks at it layer by layer. Of a usual
/// frame that finds the same, so this one can be left out at any time; it does not verify checksums.
#[inline]
pub(super) fn datagram<'a>(frame: &Frame<'a>) -> Option<Datagram<'a>> {
    let (headers, behind) = frame.bytes.split_first_chunk::<HEADERS>()?;
    let (total, length) = (be16(headers, 16)?, be16(headers, 38)?);
    // EtherType, version and header length; offset 0 with no fragments to follow, and protocol; both lengths.
    if frame.link != LinkType::ETHERNET
        || be32(headers, 12)? & 0xffff_ff00 != 0x0800_4500
        || be32(headers, 20)? & 0x3fff_00ff != 17
        || u32::from(length) + 20 != u32::from(total)
    {
        return None;
    }
    let payload = behind.get(..usize::from(length).checked_sub(8)?)?;
    let addresses = Addresses::V4(chunk(headers, 26)?);
    Some(Datagram {
        source: endpoint(addresses.source(), be16(headers, 34)?, frame.position),
        destination: endpoint(addresses.destination(), be16(headers, 36)?, frame.position),
        payload,
        payload_offset: HEADERS as u32,
        wire_length: payload.len() as u32,
        cut: false,
        ip_id: be16(headers, 18)?,
        hop_limit: byte(headers, 22)?,
        multicast: is_multicast(&addresses, headers.starts_with(&[0xff; 6])),
        fragments: None,
        reassembled: &[],
        notes: FrameNotes::default(),
    })
}
