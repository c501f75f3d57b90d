//! The kernel filter that a live capture uses unless the user gives another.

use std::fmt::Write;
use std::ops::RangeInclusive;

use crate::frame::LinkType;

/// Link types on which libpcap compiles `vlan`: Ethernet, and Wi-Fi with its radio headers. Anywhere else it refuses
/// the whole filter, Linux cooked captures (`any`) among them.
const TAGGED: &[u16] = &[1, 105, 119, 127, 163];

/// Link types that libpcap has no filters for: 802.15.4, and the netfilter log, whose rule is its filter.
const UNFILTERED: &[u16] = &[195, 230, 239];

/// What else is let through beside the ports: any fragment (only the first has ports), error messages that may quote
/// a CoAP message, and IPv6 extension headers, behind which libpcap does not look for ports.
const BESIDE: &str = "icmp or icmp6 or ip[6:2] & 0x3fff != 0 \
    or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60";

/// The filter, in libpcap's language, for CoAP on `ports` (UDP and TCP) over `link`.
///
/// It also lets IP fragments, ICMP, ICMPv6 and IPv6 packets with extension headers through, and all of these once
/// more behind a VLAN tag where the link type can have one. The tagged branch stands last: `vlan` moves the offsets
/// of everything to its right. Empty, which lets everything through, where libpcap cannot filter the link type.
pub fn kernel_filter(link: LinkType, ports: &[RangeInclusive<u16>]) -> String {
    let mut wanted = String::new();
    if UNFILTERED.contains(&link.0) {
        return wanted;
    }
    for (index, range) in ports.iter().enumerate() {
        let or = if index == 0 { "" } else { " or " };
        // Writing to a String does not fail.
        let _ = if range.start() == range.end() {
            write!(wanted, "{or}port {}", range.start())
        } else {
            write!(wanted, "{or}portrange {}-{}", range.start(), range.end())
        };
    }
    if !wanted.is_empty() {
        wanted = format!("(udp or tcp) and ({wanted}) or ");
    }
    wanted.push_str(BESIDE);
    if TAGGED.contains(&link.0) {
        wanted = format!("({wanted}) or (vlan and ({wanted}))");
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap::{Capture, Linktype};

    const PORTS: &[RangeInclusive<u16>] = &[5683..=5684, 61616..=61631, 7000..=7000];

    fn compile(link: u16, filter: &str) -> Result<pcap::BpfProgram, pcap::Error> {
        Capture::dead(Linktype(link.into())).unwrap().compile(filter, true)
    }

    #[test]
    fn it_compiles_on_every_link_type_with_and_without_tags() {
        // DLT numbers: what libpcap gives for live interfaces, 12 for raw IP among them.
        for link in [0, 1, 9, 12, 50, 51, 105, 108, 113, 119, 127, 163, 195, 228, 229, 230, 239, 276] {
            for ports in [PORTS, &[]] {
                let filter = kernel_filter(LinkType(link), ports);
                if let Err(error) = compile(link, &filter) {
                    panic!("link type {link}: {error}: {filter}");
                }
            }
            let ports = compile(link, "udp port 5683").is_ok();
            assert_eq!(!ports, UNFILTERED.contains(&link), "does libpcap filter {link}?");
            let vlan = compile(link, "vlan and udp").is_ok();
            assert_eq!(vlan, TAGGED.contains(&link), "does libpcap compile vlan on {link}?");
        }
    }

    /// An Ethernet frame: type fields as given (tags first), then `rest`.
    fn ethernet(types: &[u8], rest: &[u8]) -> Vec<u8> {
        [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], types, rest, &[0; 40]].concat()
    }

    fn ipv4(flags_and_offset: [u8; 2], protocol: u8, ports: [u16; 2]) -> Vec<u8> {
        let [a, b] = flags_and_offset;
        let mut bytes = vec![0x45, 0, 0, 60, 0, 1, a, b, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        bytes.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
        bytes
    }

    fn ipv6(next: u8, after: &[u8]) -> Vec<u8> {
        [&[0x60, 0, 0, 0, 0, 40, next, 64][..], &[0xfd; 32], after].concat()
    }

    #[test]
    fn it_lets_through_what_may_concern_coap_and_nothing_else() {
        const UDP: u8 = 17;
        let program = compile(1, &kernel_filter(LinkType(1), PORTS)).unwrap();
        let v4 = |rest| ethernet(&[8, 0], rest);
        let tagged = |rest| ethernet(&[0x81, 0, 0, 5, 8, 0], rest);
        let v6 = |rest| ethernet(&[0x86, 0xdd], rest);
        let frames: &[(&str, Vec<u8>, bool)] = &[
            ("udp to 5683", v4(&ipv4([0, 0], UDP, [40000, 5683])), true),
            ("udp from 5684", v4(&ipv4([0, 0], UDP, [5684, 40000])), true),
            ("udp to 61620", v4(&ipv4([0, 0], UDP, [40000, 61620])), true),
            ("udp to the user's port", v4(&ipv4([0, 0], UDP, [40000, 7000])), true),
            ("tcp to 5683", v4(&ipv4([0, 0], 6, [40000, 5683])), true),
            ("sctp to 5683", v4(&ipv4([0, 0], 132, [40000, 5683])), false),
            ("udp to 53", v4(&ipv4([0, 0], UDP, [40000, 53])), false),
            ("a later fragment", v4(&ipv4([0, 9], UDP, [1, 2])), true),
            ("a first fragment", v4(&ipv4([0x20, 0], UDP, [1, 2])), true),
            ("do not fragment", v4(&ipv4([0x40, 0], UDP, [1, 2])), false),
            ("icmp", v4(&ipv4([0, 0], 1, [0x0303, 0])), true),
            ("tagged udp to 5683", tagged(&ipv4([0, 0], UDP, [40000, 5683])), true),
            ("tagged udp to 53", tagged(&ipv4([0, 0], UDP, [40000, 53])), false),
            ("tagged fragment", tagged(&ipv4([0, 9], UDP, [1, 2])), true),
            ("tagged icmp", tagged(&ipv4([0, 0], 1, [0x0303, 0])), true),
            ("v6 udp to 5683", v6(&ipv6(UDP, &[0x9c, 0x40, 0x16, 0x33])), true),
            ("v6 udp to 53", v6(&ipv6(UDP, &[0x9c, 0x40, 0, 53])), false),
            ("v6 fragment", v6(&ipv6(44, &[UDP, 0, 0, 8])), true),
            ("v6 hop-by-hop", v6(&ipv6(0, &[UDP, 0, 0, 0])), true),
            ("icmpv6", v6(&ipv6(58, &[1, 4, 0, 0])), true),
            ("arp", ethernet(&[8, 6], &[0, 1, 8, 0]), false),
        ];
        for (what, bytes, wanted) in frames {
            assert_eq!(program.filter(bytes), *wanted, "{what}");
        }
    }
}
