//! Why a frame holds no UDP datagram that can be looked into.

use std::fmt;

use super::fragments::FragmentFault;
use super::protocol::{cooked_name, ether_type_name, ip_protocol_name, ppp_protocol_name};
use super::{LinkType, Protocol, ip, link};

/// What was there instead of a UDP datagram. Displayed in one line; made for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A link type that is not read.
    LinkType(LinkType),
    /// An EtherType other than IP.
    EtherType(u16),
    /// A protocol of a cooked capture that is no EtherType but one of Linux's own numbers (`ETH_P_*`).
    Cooked(u16),
    /// A message of a netlink socket, with its family.
    Netlink(u16),
    /// An 802.2 frame that carries no IP; the number is its destination service access point.
    Llc(u8),
    /// A PPP protocol other than IP.
    PppProtocol(u16),
    /// An address family other than IP on a BSD loopback interface.
    AddressFamily(u32),
    /// An IP protocol other than UDP; also ICMP that quotes no UDP datagram.
    IpProtocol(u8),
    /// TCP, with its ports.
    Tcp {
        /// Port of the sender.
        source: u16,
        /// Port of the receiver.
        destination: u16,
    },
    /// An IP fragment, kept until the others have come.
    Fragment,
    /// An IP fragment that was not taken, and with it the whole of what it belongs to.
    FragmentRefused(FragmentFault),
    /// The capture cut the frame inside this header.
    Truncated(Protocol),
    /// This header does not fit the frame, or its fields contradict each other.
    Malformed(Protocol),
    /// More headers before IP than are passed; they may be sound.
    LinkHeaders,
    /// More IPv6 extension headers, or authentication headers of IPv4, than are passed; they may be sound.
    ExtensionHeaders,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LinkType(link) => write!(f, "link type {link}"),
            Self::EtherType(number) => named(f, "EtherType", ether_type_name(number), format_args!("0x{number:04x}")),
            Self::Cooked(number) => named(f, "Linux protocol", cooked_name(number), format_args!("0x{number:04x}")),
            Self::Netlink(family) => write!(f, "netlink, family {family}"),
            Self::Llc(service) => write!(f, "802.2 LLC, service access point 0x{service:02x}"),
            Self::PppProtocol(number) => {
                named(f, "PPP protocol", ppp_protocol_name(number), format_args!("0x{number:04x}"))
            }
            Self::AddressFamily(number) => write!(f, "address family {number}"),
            Self::IpProtocol(number) => named(f, "IP protocol", ip_protocol_name(number), format_args!("{number}")),
            Self::Tcp { source, destination } => write!(f, "TCP, ports {source} and {destination}"),
            Self::Fragment => f.write_str("IP fragment of an incomplete datagram"),
            Self::FragmentRefused(fault) => write!(f, "IP fragment refused: {fault}"),
            Self::Truncated(protocol) => write!(f, "cut by the capture inside the header of {}", protocol.name()),
            Self::Malformed(protocol) => write!(f, "malformed header: {}", protocol.name()),
            Self::LinkHeaders => write!(f, "more than {} link headers, which is the limit here", link::MAX_HEADERS),
            Self::ExtensionHeaders => {
                write!(f, "more than {} IP extension headers, which is the limit here", ip::MAX_EXTENSIONS)
            }
        }
    }
}

fn named(f: &mut fmt::Formatter<'_>, what: &str, name: Option<&str>, number: fmt::Arguments<'_>) -> fmt::Result {
    match name {
        Some(name) => write!(f, "{name} ({what} {number})"),
        None => write!(f, "{what} {number}"),
    }
}
