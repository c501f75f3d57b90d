//! Names of numbers in the headers below CoAP and in options, as Wireshark spells them: one row a name. A filter takes them in any case.

use super::Words;

/// Makes the words of fields from rows of a number and its name.
macro_rules! names {
    ($($(#[$doc:meta])* $list:ident { $($number:literal $name:literal)* })*) => {$(
        $(#[$doc])*
        const $list: Words = Words::Numbers(&[$($name),*], &[$($number),*]);
    )*};
}

names! {
    /// What a GET or FETCH with Observe asks for (RFC 7641 section 2). In a notification the numbers have no names.
    OBSERVE { 0 "Register" 1 "Deregister" }
    /// Protocols that frames with CoAP pass through (IANA: protocol numbers).
    PROTOCOLS {
        0 "IPv6 Hop-by-Hop Option" 1 "ICMP" 4 "IPIP" 6 "TCP" 17 "UDP" 41 "IPv6" 43 "Routing Header for IPv6"
        44 "Fragment Header for IPv6" 47 "Generic Routing Encapsulation" 50 "Encap Security Payload"
        51 "Authentication Header" 58 "ICMPv6" 59 "No Next Header for IPv6" 60 "Destination Options for IPv6"
        135 "Mobile IPv6" 136 "UDPLite" 139 "HIP" 140 "Shim6 header"
    }
    /// EtherTypes that frames with CoAP have (IANA: IEEE 802 numbers).
    ETHER_TYPES {
        0x0800 "IPv4" 0x86dd "IPv6" 0x8100 "802.1Q Virtual LAN" 0x8847 "MPLS label switched packet" 0x8864 "PPPoE Session"
        0x88a8 "802.1ad Provider Bridge (Q-in-Q)" 0x9100 "QinQ: old non-standard 802.1ad" 0xa0ed "6LoWPAN"
    }
    /// ICMPv6 errors (RFC 4443 section 2.1).
    ICMPV6 { 1 "Destination Unreachable" 2 "Packet Too Big" 3 "Time Exceeded" 4 "Parameter Problem" }
    /// Differentiated services code points (IANA: DSCP).
    SERVICES {
        0 "Default" 1 "Lower Effort" 8 "Class Selector 1" 10 "Assured Forwarding 11" 12 "Assured Forwarding 12"
        14 "Assured Forwarding 13" 16 "Class Selector 2" 18 "Assured Forwarding 21" 20 "Assured Forwarding 22"
        22 "Assured Forwarding 23" 24 "Class Selector 3" 26 "Assured Forwarding 31" 28 "Assured Forwarding 32"
        30 "Assured Forwarding 33" 32 "Class Selector 4" 34 "Assured Forwarding 41" 36 "Assured Forwarding 42"
        38 "Assured Forwarding 43" 40 "Class Selector 5" 44 "Voice Admit" 46 "Expedited Forwarding" 48 "Class Selector 6"
        56 "Class Selector 7"
    }
    /// Explicit congestion notification (RFC 3168 section 5).
    CONGESTION {
        0 "Not ECN-Capable Transport" 1 "ECN-Capable Transport codepoint '01'" 2 "ECN-Capable Transport codepoint '10'"
        3 "Congestion Experienced"
    }
    /// Ways of a frame in Linux' cooked captures.
    WAYS { 0 "Unicast to us" 1 "Broadcast" 2 "Multicast" 3 "Unicast to another host" 4 "Sent by us" }
    /// Hardware of interfaces in Linux' cooked captures.
    HARDWARE {
        1 "Ethernet" 512 "PPP" 519 "Raw IP" 768 "IPIP tunnel" 772 "Loopback" 776 "sit0 device - IPv6-in-IPv4"
        778 "GRE over IP" 801 "IEEE 802.11" 804 "IEEE 802.15.4" 825 "IPv6 over LoWPAN" 65534 "zero header length"
    }
    /// Bits.
    GROUP { 1 "Group address (multicast/broadcast)" 0 "Individual address (unicast)" }
    ADMINISTRATION {
        1 "Locally administered address (this is NOT the factory default)" 0 "Globally unique address (factory default)"
    }
    SET { 1 "Set" 0 "Not set" }
    MORE { 1 "Yes" 0 "No" }
    ELIGIBLE { 1 "Eligible" 0 "Ineligible" }
}

/// The names of the numbers of a field, if they have any.
pub(super) fn of(field: &str) -> Words {
    match field {
        "coap.opt.observe" => OBSERVE,
        "ip.proto" | "ipv6.nxt" => PROTOCOLS,
        "eth.type" | "vlan.etype" | "ieee8021ah.etype" | "sll.etype" => ETHER_TYPES,
        "icmpv6.type" => ICMPV6,
        "ip.dsfield.dscp" | "ipv6.tclass.dscp" => SERVICES,
        "ip.dsfield.ecn" | "ipv6.tclass.ecn" => CONGESTION,
        "sll.pkttype" => WAYS,
        "sll.hatype" => HARDWARE,
        "eth.ig" => GROUP,
        "eth.lg" => ADMINISTRATION,
        "ip.flags.rb" | "ip.flags.df" | "ip.flags.mf" => SET,
        "ipv6.fraghdr.more" => MORE,
        "vlan.dei" => ELIGIBLE,
        _ => Words::Any,
    }
}
