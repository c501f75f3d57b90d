//! The protocols below CoAP whose headers are read, with the names that Wireshark shows.

/// A kind of header between the first byte of a frame and the CoAP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Ethernet, IEEE 802.3.
    Ethernet,
    /// A VLAN tag, IEEE 802.1Q; the old outer ones (0x9100) too.
    Vlan,
    /// A service tag, IEEE 802.1ad, with none of its kind behind it.
    ServiceTag,
    /// Two of them, which Wireshark takes for one header: the service's and the customer's.
    ServiceTags,
    /// IEEE 802.2 logical link control.
    Llc,
    /// Linux cooked capture, version 1.
    Sll,
    /// Linux cooked capture, version 2.
    Sll2,
    /// The address family that BSD puts before frames of its loopback interface.
    Loopback,
    /// PPP over Ethernet, session stage (RFC 2516).
    Pppoe,
    /// PPP (RFC 1661), with or without HDLC-like framing (RFC 1662).
    Ppp,
    /// PPP behind one byte that tells the direction.
    PppWithDirection,
    /// Cisco's HDLC.
    CiscoHdlc,
    /// Linux netfilter log.
    Nflog,
    /// IPv4 (RFC 791) or IPv6 (RFC 8200), as the first four bits say.
    Ip,
    /// IPv4 (RFC 791).
    Ipv4,
    /// IPv6 (RFC 8200).
    Ipv6,
    /// IPv6 hop-by-hop options (RFC 8200 section 4.3).
    HopByHop,
    /// IPv6 routing header (RFC 8200 section 4.4).
    Routing,
    /// IPv6 fragment header (RFC 8200 section 4.5).
    Fragment,
    /// IPv6 destination options (RFC 8200 section 4.6).
    DestinationOptions,
    /// An IPv6 extension header of another kind, in the common form (RFC 6564).
    OtherExtension,
    /// IP authentication header (RFC 4302).
    Authentication,
    /// UDP (RFC 768).
    Udp,
    /// TCP (RFC 9293).
    Tcp,
    /// ICMP (RFC 792).
    Icmp,
    /// ICMPv6 (RFC 4443).
    Icmpv6,
}

impl Protocol {
    /// The name, as Wireshark users know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "Ethernet II",
            Self::Vlan => "802.1Q Virtual LAN",
            Self::ServiceTag => "IEEE 802.1ad",
            Self::ServiceTags => "IEEE 802.1ad (two tags)",
            Self::Llc => "Logical-Link Control",
            Self::Sll => "Linux cooked capture v1",
            Self::Sll2 => "Linux cooked capture v2",
            Self::Loopback => "Null/Loopback",
            Self::Pppoe => "PPP-over-Ethernet Session",
            Self::Ppp | Self::PppWithDirection => "Point-to-Point Protocol",
            Self::CiscoHdlc => "Cisco HDLC",
            Self::Nflog => "Linux Netfilter NFLOG",
            Self::Ip => "Internet Protocol",
            Self::Ipv4 => "Internet Protocol Version 4",
            Self::Ipv6 => "Internet Protocol Version 6",
            Self::HopByHop => "IPv6 Hop-by-Hop Option",
            Self::Routing => "Routing Header for IPv6",
            Self::Fragment => "Fragment Header for IPv6",
            Self::DestinationOptions => "Destination Options for IPv6",
            Self::OtherExtension => "IPv6 Extension Header",
            Self::Authentication => "Authentication Header",
            Self::Udp => "User Datagram Protocol",
            Self::Tcp => "Transmission Control Protocol",
            Self::Icmp => "Internet Control Message Protocol",
            Self::Icmpv6 => "Internet Control Message Protocol v6",
        }
    }
}

/// What follows a header with this number in the IPv6 chain, where that is an extension header.
pub(super) const fn extension(number: u8) -> Option<Protocol> {
    Some(match number {
        0 => Protocol::HopByHop,
        43 => Protocol::Routing,
        44 => Protocol::Fragment,
        51 => Protocol::Authentication,
        60 => Protocol::DestinationOptions,
        // Mobility, HIP and Shim6.
        135 | 139 | 140 => Protocol::OtherExtension,
        _ => return None,
    })
}

/// Numbers in EtherType and their names: (number, name).
const ETHER_TYPES: &[(u16, &str)] = &[
    (0x0800, "IPv4"),
    (0x0806, "ARP"),
    (0x0842, "Wake-on-LAN"),
    (0x6003, "DECnet"),
    (0x8035, "RARP"),
    (0x809a, "IEEE 802.15.4"),
    (0x80f3, "AppleTalk ARP"),
    (0x8100, "802.1Q VLAN"),
    (0x8137, "IPX"),
    (0x86dd, "IPv6"),
    (0x8808, "Ethernet flow control"),
    (0x8809, "slow protocols (LACP)"),
    (0x8847, "MPLS"),
    (0x8848, "MPLS multicast"),
    (0x8863, "PPPoE discovery"),
    (0x8864, "PPPoE session"),
    (0x888e, "802.1X"),
    (0x8892, "PROFINET"),
    (0x8899, "Realtek loop detection"),
    (0x88a4, "EtherCAT"),
    (0x88a8, "802.1ad VLAN"),
    (0x88cc, "LLDP"),
    (0x88e1, "HomePlug AV"),
    (0x88e5, "MACsec"),
    (0x88f7, "PTP"),
    (0x890d, "802.11 management"),
    (0x893a, "IEEE 1905"),
    (0x9000, "loopback test"),
    (0x9100, "VLAN, old double tag"),
    (0xa0ed, "6LoWPAN encapsulation"),
];

/// Linux's own numbers in the place of an EtherType (`ETH_P_*` of `linux/if_ether.h`): (number, name).
const COOKED: &[(u16, &str)] = &[
    (0x0001, "802.3 without 802.2"),
    (0x0002, "AX.25"),
    (0x0003, "any"),
    (0x0004, "802.2"),
    (0x0005, "SNAP"),
    (0x0007, "WAN PPP"),
    (0x0008, "PPP"),
    (0x0009, "LocalTalk"),
    (0x000c, "CAN"),
    (0x000d, "CAN FD"),
    (0x000e, "CAN XL"),
    (0x0010, "Token Ring"),
    (0x0011, "802.2 of LLC2"),
    (0x0017, "IrDA"),
    (0x0019, "HDLC"),
    (0x00f5, "Phonet"),
    (0x00f6, "802.15.4"),
    (0x00f7, "CAIF"),
    (0x00fa, "MCTP"),
];

/// IP protocol numbers and their names: (number, name).
const IP_PROTOCOLS: &[(u8, &str)] = &[
    (0, "hop-by-hop options"),
    (1, "ICMP"),
    (2, "IGMP"),
    (4, "IPv4 in IP"),
    (6, "TCP"),
    (17, "UDP"),
    (33, "DCCP"),
    (41, "IPv6 in IP"),
    (43, "routing header"),
    (44, "fragment header"),
    (46, "RSVP"),
    (47, "GRE"),
    (50, "ESP"),
    (51, "AH"),
    (58, "ICMPv6"),
    (59, "no next header"),
    (60, "destination options"),
    (88, "EIGRP"),
    (89, "OSPF"),
    (103, "PIM"),
    (112, "VRRP"),
    (115, "L2TP"),
    (132, "SCTP"),
    (135, "mobility header"),
    (136, "UDP-Lite"),
    (137, "MPLS in IP"),
    (139, "HIP"),
    (140, "Shim6"),
];

/// PPP protocol numbers and their names (IANA "PPP DLL Protocol Numbers"): (number, name).
const PPP_PROTOCOLS: &[(u16, &str)] = &[
    (0x0021, "IPv4"),
    (0x002d, "Van Jacobson compressed TCP"),
    (0x0057, "IPv6"),
    (0x00fd, "compressed datagram"),
    (0x8021, "IPCP"),
    (0x8057, "IPv6CP"),
    (0x80fd, "CCP"),
    (0xc021, "LCP"),
    (0xc023, "PAP"),
    (0xc025, "LQR"),
    (0xc223, "CHAP"),
];

fn find<K: PartialEq + Copy>(table: &[(K, &'static str)], key: K) -> Option<&'static str> {
    table.iter().find(|row| row.0 == key).map(|row| row.1)
}

/// The name of an EtherType.
pub(super) fn ether_type_name(number: u16) -> Option<&'static str> {
    find(ETHER_TYPES, number)
}

/// The name of one of Linux's own numbers in the place of an EtherType.
pub(super) fn cooked_name(number: u16) -> Option<&'static str> {
    find(COOKED, number)
}

/// The name of an IP protocol number.
pub(super) fn ip_protocol_name(number: u8) -> Option<&'static str> {
    find(IP_PROTOCOLS, number)
}

/// The name of a PPP protocol number.
pub(super) fn ppp_protocol_name(number: u16) -> Option<&'static str> {
    find(PPP_PROTOCOLS, number)
}
