//! From a captured frame to a UDP datagram with its endpoints, and the spans of every layer passed on the way.
#![deny(clippy::indexing_slicing)]

mod bytes;
mod fragments;
mod icmp;
mod ip;
mod layer_table;
mod layers;
mod link;
mod link_type;
mod peel;
mod protocol;
mod quick;
mod reason;
mod route;
mod show;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub use fragments::{FragmentCounters, FragmentFault, Whole};
pub use layer_table::{CURRENT_ROUTE, icmp_name};
pub use layers::{Header, Layer, LayerField, headers, layers};
pub use link_type::{LINK_TYPES, LinkType, LinkTypeRow};
pub use peel::{Datagram, FrameNotes, IcmpQuote, PeelOptions, Peeled, Peeler};
pub use protocol::Protocol;
pub use quick::QuickDatagram;
pub use reason::Reason;

/// Whether a time, nanoseconds since 1970, is that of the capture. Times that do not fit are set to the ends of the range: nothing can be
/// counted from them.
#[inline]
pub const fn is_known_time(time: i64) -> bool {
    time != i64::MIN && time != i64::MAX
}

/// Nanoseconds from one time to another; None where one of them is not known or the other is earlier.
pub fn time_between(from: i64, to: i64) -> Option<i64> {
    let known = is_known_time(from) && is_known_time(to);
    to.checked_sub(from).filter(|elapsed| known && *elapsed >= 0)
}

/// A captured frame, lent by its source.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Position in the capture, from 1, frames that are not CoAP included.
    pub number: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
    /// Link type of the interface it was captured on.
    pub link: LinkType,
    /// Length on the wire in bytes; more than `bytes.len()` where the capture cut it.
    pub original_length: u32,
    /// The captured bytes.
    pub bytes: &'a [u8],
    /// Where it can be read again.
    pub position: Position,
}

impl Frame<'_> {
    /// Length in bytes up to the end of its IP packet, as that says of itself; padding and what else is behind it not counted. None where it has no
    /// IP header, or one without a length.
    pub fn told_length(&self) -> Option<usize> {
        let network = link::network(self).ok()?;
        ip::told_length(network.bytes).map(|length| network.offset + length)
    }
}

/// Where a frame stands on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Position {
    /// Which file, in the order they were named.
    pub file: u16,
    /// Which interface, counted through all sections of all files; gives link type and time resolution.
    pub interface: u16,
    /// The first interface that is the same one: another file or section of the capture may have described it before.
    pub network: u16,
    /// Offset of the record or block in the file, in bytes.
    pub offset: u64,
}

/// An address and a port (RFC 7252 section 1.2, without security).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// IPv4 or IPv6 address.
    pub address: IpAddr,
    /// UDP port.
    pub port: u16,
    /// Where the address is link-local, which link: interface number + 1, or made from that and the VLAN or the index of the interface; else 0.
    /// The same link-local address on two links is two endpoints (RFC 4007 section 6).
    pub scope: u16,
}

impl fmt::Display for Endpoint {
    /// `10.0.0.1:5683`, `[fe80::1]:5683`; the address alone where there is no port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            0 => write!(f, "{}", self.address),
            port => write!(f, "{}", SocketAddr::new(self.address, port)),
        }
    }
}
