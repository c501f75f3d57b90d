//! Values of header fields as text.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::bytes::array;
use super::layer_table::{HARDWARE, Row, Show, icmp_name};
use super::protocol::{cooked_name, ether_type_name, ip_protocol_name, ppp_protocol_name};

/// What the value of a field is judged by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// 4 or 6: the IP version around it.
    pub version: u8,
    /// The checksum that fits; none where it cannot be told.
    pub checksum: Option<u16>,
    /// The length that the IP packet holds for UDP; none where it may be anything.
    pub udp_length: Option<usize>,
}

/// The bits of a field as a number; those beyond 64 are left out.
pub(super) fn number(header: &[u8], bit: u32, bits: u32) -> u64 {
    (bit..bit + bits.min(64)).fold(0, |number, bit| {
        let byte = header.get(bit as usize / 8).copied().unwrap_or_default();
        number << 1 | u64::from(byte >> (7 - bit % 8) & 1)
    })
}

/// The value of a field, in words.
pub(super) fn value(header: &[u8], row: &Row, bits: u32, context: Context) -> String {
    let number = number(header, row.bit, bits);
    let start = row.bit as usize / 8;
    let bytes = header.get(start..start + bits as usize / 8).unwrap_or_default();
    match row.show {
        Show::Number => number.to_string(),
        Show::Hex => hex(number, bits),
        Show::Flag => (if number == 1 { "Set" } else { "Not set" }).to_owned(),
        Show::Bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Show::Mac => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"),
        Show::Ipv4 => Ipv4Addr::from(array(bytes, 0).unwrap_or_default()).to_string(),
        Show::Ipv6 => Ipv6Addr::from(array::<16>(bytes, 0).unwrap_or_default()).to_string(),
        Show::CookedProtocol if number < 1536 => named(cooked_name(number as u16), &hex(number, bits)),
        Show::EtherType if number < 1536 => format!("{number} (length)"),
        Show::EtherType | Show::CookedProtocol => named(ether_type_name(number as u16), &hex(number, bits)),
        Show::IpProtocol => named(ip_protocol_name(number as u8), &number.to_string()),
        Show::PppProtocol => named(ppp_protocol_name(number as u16), &hex(number, 16)),
        Show::Words => format!("{} bytes ({number})", number * 4),
        Show::Eights => (number * 8).to_string(),
        Show::Family => family(number as u32),
        Show::CookedKind => named(cooked_kind(number), &number.to_string()),
        Show::Hardware => {
            let name = HARDWARE.iter().find(|row| u64::from(row.0) == number);
            named(name.map(|row| row.1), &number.to_string())
        }
        Show::IcmpKind => named(icmp_name(context.version, number as u8, None), &number.to_string()),
        Show::UdpChecksum if number == 0 && context.version == 6 => "0x0000 [none, which IPv6 forbids]".to_owned(),
        Show::UdpChecksum if number == 0 => "0x0000 [none]".to_owned(),
        Show::Checksum | Show::UdpChecksum => checksum(number as u16, context.checksum),
        Show::UdpLength => match context.udp_length {
            Some(held) if held as u64 != number => format!("{number} [the IP packet holds {held}]"),
            _ => number.to_string(),
        },
    }
}

fn hex(number: u64, bits: u32) -> String {
    format!("0x{number:0width$x}", width = bits.div_ceil(4) as usize)
}

fn named(name: Option<&str>, number: &str) -> String {
    match name {
        Some(name) => format!("{name} ({number})"),
        None => number.to_owned(),
    }
}

fn checksum(found: u16, fits: Option<u16>) -> String {
    match fits {
        Some(fits) if fits == found => format!("0x{found:04x} [correct]"),
        Some(fits) => format!("0x{found:04x} [not 0x{fits:04x}; usual on the machine that sent it]"),
        None => format!("0x{found:04x} [unverified]"),
    }
}

fn cooked_kind(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Unicast to us",
        1 => "Broadcast",
        2 => "Multicast",
        3 => "Unicast to another host",
        4 => "Sent by us",
        _ => return None,
    })
}

fn family(number: u32) -> String {
    // In the byte order of the machine that captured, so the smaller reading is the right one.
    let smaller = number.min(number.swap_bytes());
    let name = match smaller {
        2 => Some("IP"),
        10 | 23 | 24 | 28 | 30 => Some("IPv6"),
        _ => return named(ether_type_name(number as u16), &hex(u64::from(number), 32)),
    };
    named(name, &smaller.to_string())
}
