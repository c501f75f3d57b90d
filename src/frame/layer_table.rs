//! The fields of the headers below CoAP, one row a field.

use super::Protocol;

/// How a field's value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// A decimal number.
    Number,
    /// A number in hexadecimal.
    Hex,
    /// A single bit: set or not.
    Flag,
    /// Hexadecimal bytes.
    Bytes,
    /// A MAC address.
    Mac,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An EtherType, or a length below 1,536.
    EtherType,
    /// The protocol of a cooked capture: an EtherType, or a number of Linux's own below 1,536.
    CookedProtocol,
    /// An IP protocol number.
    IpProtocol,
    /// A PPP protocol number.
    PppProtocol,
    /// A length in words of four bytes.
    Words,
    /// An offset in units of eight bytes.
    Eights,
    /// An address family, in either byte order.
    Family,
    /// A packet type of cooked captures.
    CookedKind,
    /// An ARP hardware type.
    Hardware,
    /// A checksum, with a verdict.
    Checksum,
    /// The checksum of UDP, with a verdict: 0 stands for none.
    UdpChecksum,
    /// The length in a UDP header, with a verdict.
    UdpLength,
    /// The type of an ICMP or ICMPv6 message.
    IcmpKind,
}

/// A field of a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Its name, as Wireshark users know it.
    pub name: &'static str,
    /// Its first bit in the header.
    pub bit: u32,
    /// Its length in bits; 0 for all that is left of the header.
    pub bits: u32,
    pub show: Show,
    /// How the header's summary calls it; empty where it leaves it out.
    pub short: &'static str,
}

const fn row(name: &'static str, bit: u32, bits: u32, show: Show) -> Row {
    Row { name, bit, bits, show, short: "" }
}

const fn main(name: &'static str, bit: u32, bits: u32, show: Show, short: &'static str) -> Row {
    Row { name, bit, bits, show, short }
}

/// The fields of a protocol's header, in the order of their bits.
pub(super) const fn rows(protocol: Protocol) -> &'static [Row] {
    match protocol {
        Protocol::Ethernet => ETHERNET,
        Protocol::Vlan => VLAN,
        Protocol::ServiceTag => SERVICE_TAG,
        Protocol::ServiceTags => SERVICE_TAGS,
        Protocol::Llc => LLC,
        Protocol::Sll => SLL,
        Protocol::Sll2 => SLL2,
        Protocol::Loopback => LOOPBACK,
        Protocol::Pppoe => PPPOE,
        Protocol::CiscoHdlc => CISCO_HDLC,
        Protocol::Nflog => NFLOG,
        Protocol::Ipv4 => IPV4,
        Protocol::Ipv6 => IPV6,
        Protocol::Routing => ROUTING,
        Protocol::Fragment => FRAGMENT,
        Protocol::HopByHop | Protocol::DestinationOptions | Protocol::OtherExtension => EXTENSION,
        Protocol::Authentication => AUTHENTICATION,
        Protocol::Udp => UDP,
        Protocol::Tcp => TCP,
        Protocol::Icmp | Protocol::Icmpv6 => ICMP,
        // Their headers have no fixed form, or they are only known by what is inside.
        Protocol::Ppp | Protocol::PppWithDirection | Protocol::Ip => &[],
    }
}

const ETHERNET: &[Row] = &[
    main("Destination", 0, 48, Show::Mac, "Dst"),
    main("Source", 48, 48, Show::Mac, "Src"),
    row("Type", 96, 16, Show::EtherType),
];

const VLAN: &[Row] = &[
    main("Priority", 0, 3, Show::Number, "PRI"),
    main("Drop Eligible Indicator", 3, 1, Show::Flag, "DEI"),
    main("ID", 4, 12, Show::Number, "ID"),
    row("Type", 16, 16, Show::EtherType),
];

const SERVICE_TAG: &[Row] = &[
    row("Priority", 0, 3, Show::Number),
    row("Drop Eligible Indicator", 3, 1, Show::Flag),
    main("ID", 4, 12, Show::Number, "ID"),
    row("Type", 16, 16, Show::EtherType),
];

const SERVICE_TAGS: &[Row] = &[
    row("Priority", 0, 3, Show::Number),
    row("Drop Eligible Indicator", 3, 1, Show::Flag),
    main("ID of the service", 4, 12, Show::Number, "S-VID"),
    row("Type", 16, 16, Show::EtherType),
    row("Priority", 32, 3, Show::Number),
    row("Drop Eligible Indicator", 35, 1, Show::Flag),
    main("ID of the customer", 36, 12, Show::Number, "C-VID"),
    row("Type", 48, 16, Show::EtherType),
];

const LLC: &[Row] = &[
    main("DSAP", 0, 8, Show::Hex, "DSAP"),
    main("SSAP", 8, 8, Show::Hex, "SSAP"),
    row("Control field", 16, 8, Show::Hex),
    row("Organization Code", 24, 24, Show::Hex),
    row("Type", 48, 16, Show::EtherType),
];

const SLL: &[Row] = &[
    main("Packet type", 0, 16, Show::CookedKind, "Packet type"),
    row("Link-layer address type", 16, 16, Show::Hardware),
    row("Link-layer address length", 32, 16, Show::Number),
    row("Source", 48, 64, Show::Bytes),
    row("Protocol", 112, 16, Show::CookedProtocol),
];

const SLL2: &[Row] = &[
    row("Protocol", 0, 16, Show::CookedProtocol),
    row("Reserved", 16, 16, Show::Hex),
    main("Interface index", 32, 32, Show::Number, "Interface index"),
    row("Link-layer address type", 64, 16, Show::Hardware),
    main("Packet type", 80, 8, Show::CookedKind, "Packet type"),
    row("Link-layer address length", 88, 8, Show::Number),
    row("Source", 96, 64, Show::Bytes),
];

const LOOPBACK: &[Row] = &[main("Family", 0, 32, Show::Family, "Family")];

const PPPOE: &[Row] = &[
    row("Version", 0, 4, Show::Number),
    row("Type", 4, 4, Show::Number),
    row("Code", 8, 8, Show::Hex),
    main("Session ID", 16, 16, Show::Hex, "Session"),
    row("Payload Length", 32, 16, Show::Number),
];

const CISCO_HDLC: &[Row] = &[
    main("Address", 0, 8, Show::Hex, "Address"),
    row("Control", 8, 8, Show::Hex),
    row("Protocol", 16, 16, Show::EtherType),
];

const NFLOG: &[Row] = &[
    row("Family", 0, 8, Show::Number),
    row("Version", 8, 8, Show::Number),
    main("Resource id", 16, 16, Show::Number, "Resource id"),
];

/// Name of the field that has the receiver's address.
pub(super) const DESTINATION: &str = "Destination Address";

/// The same of an IPv4 packet on a source route, where that is the next stop.
pub const CURRENT_ROUTE: &str = "Current Route";

const IPV4: &[Row] = &[
    row("Version", 0, 4, Show::Number),
    row("Header Length", 4, 4, Show::Words),
    row("Differentiated Services Codepoint", 8, 6, Show::Number),
    row("Explicit Congestion Notification", 14, 2, Show::Number),
    row("Total Length", 16, 16, Show::Number),
    row("Identification", 32, 16, Show::Hex),
    row("Reserved bit", 48, 1, Show::Flag),
    row("Don't fragment", 49, 1, Show::Flag),
    row("More fragments", 50, 1, Show::Flag),
    row("Fragment Offset", 51, 13, Show::Eights),
    row("Time to Live", 64, 8, Show::Number),
    row("Protocol", 72, 8, Show::IpProtocol),
    row("Header Checksum", 80, 16, Show::Checksum),
    main("Source Address", 96, 32, Show::Ipv4, "Src"),
    main(DESTINATION, 128, 32, Show::Ipv4, "Dst"),
    row("Options", 160, 0, Show::Bytes),
];

const IPV6: &[Row] = &[
    row("Version", 0, 4, Show::Number),
    row("Differentiated Services Codepoint", 4, 6, Show::Number),
    row("Explicit Congestion Notification", 10, 2, Show::Number),
    row("Flow Label", 12, 20, Show::Hex),
    row("Payload Length", 32, 16, Show::Number),
    row("Next Header", 48, 8, Show::IpProtocol),
    row("Hop Limit", 56, 8, Show::Number),
    main("Source Address", 64, 128, Show::Ipv6, "Src"),
    main(DESTINATION, 192, 128, Show::Ipv6, "Dst"),
];

const EXTENSION: &[Row] = &[
    row("Next Header", 0, 8, Show::IpProtocol),
    row("Length", 8, 8, Show::Number),
    row("Options", 16, 0, Show::Bytes),
];

const ROUTING: &[Row] = &[
    row("Next Header", 0, 8, Show::IpProtocol),
    row("Length", 8, 8, Show::Number),
    main("Type", 16, 8, Show::Number, "Type"),
    main("Segments Left", 24, 8, Show::Number, "Segments Left"),
    row("Data", 32, 0, Show::Bytes),
];

const FRAGMENT: &[Row] = &[
    row("Next header", 0, 8, Show::IpProtocol),
    row("Reserved octet", 8, 8, Show::Hex),
    main("Offset", 16, 13, Show::Eights, "Offset"),
    row("Reserved bits", 29, 2, Show::Number),
    main("More Fragments", 31, 1, Show::Flag, "More Fragments"),
    main("Identification", 32, 32, Show::Hex, "ID"),
];

const AUTHENTICATION: &[Row] = &[
    row("Next header", 0, 8, Show::IpProtocol),
    row("Length", 8, 8, Show::Number),
    row("Reserved", 16, 16, Show::Hex),
    main("AH SPI", 32, 32, Show::Hex, "SPI"),
    main("AH Sequence", 64, 32, Show::Number, "Sequence"),
    row("AH ICV", 96, 0, Show::Bytes),
];

const UDP: &[Row] = &[
    main("Source Port", 0, 16, Show::Number, "Src Port"),
    main("Destination Port", 16, 16, Show::Number, "Dst Port"),
    row("Length", 32, 16, Show::UdpLength),
    row("Checksum", 48, 16, Show::UdpChecksum),
];

const TCP: &[Row] = &[
    main("Source Port", 0, 16, Show::Number, "Src Port"),
    main("Destination Port", 16, 16, Show::Number, "Dst Port"),
    main("Sequence Number", 32, 32, Show::Number, "Seq"),
    main("Acknowledgment Number", 64, 32, Show::Number, "Ack"),
    row("Header Length", 96, 4, Show::Words),
    row("Flags", 100, 12, Show::Hex),
    row("Window", 112, 16, Show::Number),
    row("Checksum", 128, 16, Show::Hex),
    row("Urgent Pointer", 144, 16, Show::Number),
    row("Options", 160, 0, Show::Bytes),
];

const ICMP: &[Row] = &[
    main("Type", 0, 8, Show::IcmpKind, "Type"),
    main("Code", 8, 8, Show::Number, "Code"),
    row("Checksum", 16, 16, Show::Hex),
    row("Rest of Header", 32, 32, Show::Hex),
];

/// ICMP types and codes that name an error: (version, type, code, name); a code of none names the type.
const ICMP_ERRORS: &[(u8, u8, Option<u8>, &str)] = &[
    (4, 0, None, "Echo (ping) reply"),
    (4, 3, None, "Destination unreachable"),
    (4, 3, Some(0), "Network unreachable"),
    (4, 3, Some(1), "Host unreachable"),
    (4, 3, Some(2), "Protocol unreachable"),
    (4, 3, Some(3), "Port unreachable"),
    (4, 3, Some(4), "Fragmentation needed"),
    (4, 3, Some(5), "Source route failed"),
    (4, 3, Some(6), "Destination network unknown"),
    (4, 3, Some(7), "Destination host unknown"),
    (4, 3, Some(8), "Source host isolated"),
    (4, 3, Some(9), "Network administratively prohibited"),
    (4, 3, Some(10), "Host administratively prohibited"),
    (4, 3, Some(11), "Network unreachable for TOS"),
    (4, 3, Some(12), "Host unreachable for TOS"),
    (4, 3, Some(13), "Communication administratively filtered"),
    (4, 3, Some(14), "Host precedence violation"),
    (4, 3, Some(15), "Precedence cutoff in effect"),
    (4, 4, None, "Source quench"),
    (4, 5, None, "Redirect"),
    (4, 5, Some(0), "Redirect for network"),
    (4, 5, Some(1), "Redirect for host"),
    (4, 5, Some(2), "Redirect for TOS and network"),
    (4, 5, Some(3), "Redirect for TOS and host"),
    (4, 8, None, "Echo (ping) request"),
    (4, 11, None, "Time-to-live exceeded"),
    (4, 11, Some(0), "Time to live exceeded in transit"),
    (4, 11, Some(1), "Fragment reassembly time exceeded"),
    (4, 12, None, "Parameter problem"),
    (4, 12, Some(0), "Pointer indicates the error"),
    (4, 12, Some(1), "Required option missing"),
    (4, 12, Some(2), "Bad length"),
    (6, 1, None, "Destination Unreachable"),
    (6, 1, Some(0), "no route to destination"),
    (6, 1, Some(1), "Administratively prohibited"),
    (6, 1, Some(2), "Beyond scope of source address"),
    (6, 1, Some(3), "Address unreachable"),
    (6, 1, Some(4), "Port unreachable"),
    (6, 1, Some(5), "Source address failed ingress/egress policy"),
    (6, 1, Some(6), "Reject route to destination"),
    (6, 1, Some(7), "Error in Source Routing Header"),
    (6, 1, Some(8), "Headers too long"),
    (6, 2, None, "Packet Too Big"),
    (6, 3, None, "Time Exceeded"),
    (6, 3, Some(0), "hop limit exceeded in transit"),
    (6, 3, Some(1), "fragment reassembly time exceeded"),
    (6, 4, None, "Parameter Problem"),
    (6, 4, Some(0), "erroneous header field encountered"),
    (6, 4, Some(1), "unrecognized Next Header type encountered"),
    (6, 4, Some(2), "unrecognized IPv6 option encountered"),
    (6, 4, Some(3), "IPv6 First Fragment has incomplete IPv6 Header Chain"),
    (6, 4, Some(4), "SR Upper-layer Header Error"),
    (6, 128, None, "Echo (ping) request"),
    (6, 129, None, "Echo (ping) reply"),
    (6, 130, None, "Multicast Listener Query"),
    (6, 133, None, "Router Solicitation"),
    (6, 134, None, "Router Advertisement"),
    (6, 135, None, "Neighbor Solicitation"),
    (6, 136, None, "Neighbor Advertisement"),
    (6, 143, None, "Multicast Listener Report Message v2"),
];

/// The name of an ICMP type (no code) or of one of its codes; `version` is 4 or 6.
pub fn icmp_name(version: u8, kind: u8, code: Option<u8>) -> Option<&'static str> {
    ICMP_ERRORS.iter().find(|row| (row.0, row.1, row.2) == (version, kind, code)).map(|row| row.3)
}

/// Attributes of a netfilter log: (type, name).
pub(super) const NFLOG_ATTRIBUTES: &[(u16, &str)] = &[
    (1, "NFULA_PACKET_HDR"),
    (2, "NFULA_MARK"),
    (3, "NFULA_TIMESTAMP"),
    (4, "NFULA_IFINDEX_INDEV"),
    (5, "NFULA_IFINDEX_OUTDEV"),
    (6, "NFULA_IFINDEX_PHYSINDEV"),
    (7, "NFULA_IFINDEX_PHYSOUTDEV"),
    (8, "NFULA_HWADDR"),
    (9, "NFULA_PAYLOAD"),
    (10, "NFULA_PREFIX"),
    (11, "NFULA_UID"),
    (12, "NFULA_SEQ"),
    (13, "NFULA_SEQ_GLOBAL"),
    (14, "NFULA_GID"),
    (15, "NFULA_HWTYPE"),
    (16, "NFULA_HWHEADER"),
    (17, "NFULA_HWLEN"),
    (18, "NFULA_CT"),
    (19, "NFULA_CT_INFO"),
];

/// ARP hardware types that cooked captures meet (`ARPHRD_*`): (number, name).
pub(super) const HARDWARE: &[(u16, &str)] = &[
    (1, "Ethernet"),
    (32, "InfiniBand"),
    (280, "CAN"),
    (512, "PPP"),
    (513, "Cisco HDLC"),
    (519, "raw IP"),
    (768, "IPIP tunnel"),
    (769, "IPv6 tunnel"),
    (772, "Loopback"),
    (776, "sit tunnel"),
    (778, "GRE over IP"),
    (801, "IEEE 802.11"),
    (803, "IEEE 802.11 radiotap"),
    (804, "IEEE 802.15.4"),
    (805, "IEEE 802.15.4 monitor"),
    (820, "phonet"),
    (823, "GRE over IPv6"),
    (824, "Netlink"),
    (825, "6LoWPAN"),
    (65_534, "none (tunnel)"),
];
