//! Fields of the frame, the addresses and the ports.

use std::net::IpAddr;

use super::{Field, Kind, Value, lower};
use crate::capture::Interface;
use crate::frame::{Protocol, is_known_time, time_between};
use crate::store::View;

pub(super) fn rows() -> Vec<Field> {
    [protocols(), frame(), addresses_and_ports()].into_iter().flatten().collect()
}

/// Where there is something else than a message, this is what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Message,
    Icmp,
    Dtls,
}

fn speaks(view: &View<'_>) -> Speaks {
    match view.source() {
        _ if view.is_message() => Speaks::Message,
        // A host that reports an error does so without a port.
        Some(source) if source.port == 0 => Speaks::Icmp,
        _ => Speaks::Dtls,
    }
}

fn is_version4(view: &View<'_>) -> bool {
    view.source().is_some_and(|source| source.address.is_ipv4())
}

/// Whether a protocol's bytes are not those of one header.
pub(super) fn is_of_bytes(name: &str) -> bool {
    matches!(name, "frame" | "coap")
}

/// The protocols whose headers are those of a row of [`protocols`].
pub(super) const fn protocols_of(name: &str) -> &'static [Protocol] {
    match name.as_bytes() {
        b"ip" => &[Protocol::Ipv4],
        b"ipv6" => &[Protocol::Ipv6],
        b"udp" => &[Protocol::Udp],
        b"icmp" => &[Protocol::Icmp],
        b"icmpv6" => &[Protocol::Icmpv6],
        _ => &[],
    }
}

/// Protocols, which are there or not. A message that an ICMP error quotes is there, as it is for Wireshark.
fn protocols() -> Vec<Field> {
    macro_rules! protocol {
        ($name:literal $help:literal $holds:expr) => {
            Field::new($name, Kind::Presence, $help, |view, visit| {
                let holds: fn(&View<'_>) -> bool = $holds;
                if holds(view) {
                    visit(Value::Presence);
                }
            })
            .of_record()
        };
    }
    vec![
        protocol!("frame" "A frame: every message is in one." |_| true),
        protocol!("ip" "The frame holds IPv4." is_version4),
        protocol!("ipv6" "The frame holds IPv6." |view| !is_version4(view)),
        protocol!("udp" "The frame holds UDP, or quotes it." |_| true),
        protocol!("icmp" "An ICMP error that quotes CoAP." |view| speaks(view) == Speaks::Icmp && is_version4(view)),
        protocol!("icmpv6" "An ICMPv6 error that quotes CoAP." |view| speaks(view) == Speaks::Icmp && !is_version4(view)),
        protocol!("dtls" "A DTLS record on a port of plain CoAP." |view| speaks(view) == Speaks::Dtls),
        protocol!("coap" "A CoAP message, or an ICMP error that quotes one." |view| speaks(view) != Speaks::Dtls),
    ]
}

fn frame() -> Vec<Field> {
    vec![
        Field::new("frame.number", Kind::Unsigned, "Number of the frame in the capture, from 1.", |view, visit| {
            visit(Value::Unsigned(view.record.frame.into()));
        })
        .bits(32)
        .of_record(),
        Field::new("frame.time", Kind::Time, "When the frame was captured.", |view, visit| {
            if is_known_time(view.record.time) {
                visit(Value::Time(view.record.time));
            }
        })
        .of_record(),
        Field::new("frame.time_epoch", Kind::Duration, "Seconds since 1970-01-01 UTC.", |view, visit| {
            if is_known_time(view.record.time) {
                visit(Value::Duration(view.record.time));
            }
        })
        .of_record(),
        Field::new(
            "frame.time_relative",
            Kind::Duration,
            "Seconds since the first frame of the capture.",
            |view, visit| {
                let first = view.store.summary().first_time.unwrap_or(view.record.time);
                // What is earlier than the first frame has a negative time.
                if is_known_time(first) && is_known_time(view.record.time) {
                    visit(Value::Duration(view.record.time.saturating_sub(first)));
                }
            },
        )
        .of_record(),
        Field::new(
            "coapscope.delta",
            Kind::Duration,
            "Seconds since the message before, or what is listed in its place.",
            |view, visit| {
                let before = view.id.checked_sub(1).and_then(|id| view.store.get(id));
                if let Some(elapsed) = before.and_then(|before| time_between(before.time, view.record.time)) {
                    visit(Value::Duration(elapsed));
                }
            },
        )
        .of_record(),
        Field::new("frame.len", Kind::Unsigned, "Length of the frame on the wire, in bytes.", |view, visit| {
            visit(Value::Unsigned(view.frame.original_length.into()));
        })
        .bits(32),
        Field::new("frame.cap_len", Kind::Unsigned, "Bytes of the frame that were captured.", |view, visit| {
            visit(Value::Unsigned(view.frame.bytes.len() as u64));
        })
        .bits(32),
        Field::new(
            "frame.interface_id",
            Kind::Unsigned,
            "Number of the interface in its section of the capture, from 0, where that numbers them: pcapng does. Where several files are read, among the interfaces of all, one that several describe counted once.",
            |view, visit| {
                let interface = view.store.interfaces().get(usize::from(view.record.interface));
                if let Some(number) = interface.and_then(Interface::number) {
                    visit(Value::Unsigned(number.into()));
                }
            },
        )
        .of_record(),
        Field::new(
            "frame.interface_name",
            Kind::Text,
            "Name of the interface, where the capture tells it.",
            |view, visit| {
                let interface = view.store.interfaces().get(usize::from(view.record.interface));
                if let Some(name) = interface.and_then(|interface| interface.name.as_deref()) {
                    visit(Value::text(name));
                }
            },
        )
        .of_record(),
        Field::new("frame.comment", Kind::Text, "Comments that the capture has on the frame.", |view, visit| {
            view.comments.iter().for_each(|comment| visit(Value::text(comment)));
        })
        .of_all(),
        Field::new(
            "coapscope.file",
            Kind::Text,
            "Name of the file that the frame is in, where several files are read.",
            |view, visit| {
                if let Some(name) = view.file {
                    visit(Value::text(name));
                }
            },
        ),
        Field::new(
            "coapscope.number_in_file",
            Kind::Unsigned,
            "Number of the frame in its own file, where several files are read.",
            |view, visit| {
                if let Some(number) = view.store.number_in_file(view.id) {
                    visit(Value::Unsigned(number.into()));
                }
            },
        )
        .of_record(),
    ]
}

/// Which ends of a datagram are meant.
#[derive(Clone, Copy)]
enum Ends {
    Source,
    Destination,
    Both,
}

impl Ends {
    /// Those of a pair that are meant.
    fn of<T>(self, pair: &[T; 2]) -> &[T] {
        let [source, destination] = pair;
        match self {
            Self::Source => std::slice::from_ref(source),
            Self::Destination => std::slice::from_ref(destination),
            Self::Both => pair,
        }
    }
}

fn addresses_and_ports() -> Vec<Field> {
    macro_rules! field {
        ($name:literal $kind:ident $help:literal $ends:ident $visit:ident) => {
            Field::new($name, Kind::$kind, $help, |view, visit| $visit(view, Ends::$ends, visit)).of_record()
        };
    }
    vec![
        field!("ip.src" Address "IPv4 address of the sender." Source version4),
        field!("ip.dst" Address "IPv4 address of the receiver." Destination version4),
        Field::new("ip.cur_rt", Kind::Address, "Next stop of an IPv4 packet on its source route.", |view, visit| {
            if view.record.is_on_the_way() {
                lower::visit(view, Ends::Destination.of(&lower::IPV4_ENDS), visit);
            }
        })
        .of_record(),
        field!("ip.addr" Address "IPv4 address of the sender or the receiver." Both version4),
        field!("ipv6.src" Address "IPv6 address of the sender, as the IPv6 header has it." Source version6),
        field!("ipv6.dst" Address "IPv6 address of the receiver, or of the next stop on the way there." Destination version6),
        field!("ipv6.addr" Address "IPv6 address of the sender or the receiver, as the IPv6 header has it." Both version6),
        field!("udp.srcport" Unsigned "UDP port of the sender." Source ports).bits(16),
        field!("udp.dstport" Unsigned "UDP port of the receiver." Destination ports).bits(16),
        field!("udp.port" Unsigned "UDP port of the sender or the receiver." Both ports).bits(16),
        Field::new("udp.payload", Kind::Bytes, "What UDP carries: the message.", |view, visit| {
            let message = view.message.bytes();
            if !message.is_empty() {
                visit(Value::bytes(message));
            }
        }),
    ]
}

/// Of a packet on a route `ip.dst` is its end, and the next stop is called `ip.cur_rt`; `ipv6.dst` is the next stop. So Wireshark has it.
fn version4(view: &View<'_>, ends: Ends, visit: &mut dyn FnMut(Value<'_>)) {
    addresses(view, ends, &lower::IPV4_ENDS, IpAddr::is_ipv4, visit);
}

fn version6(view: &View<'_>, ends: Ends, visit: &mut dyn FnMut(Value<'_>)) {
    if view.record.is_on_the_way() {
        return lower::visit(view, ends.of(&lower::IPV6_ENDS), visit);
    }
    addresses(view, ends, &lower::IPV6_ENDS, IpAddr::is_ipv6, visit);
}

/// The addresses of a message; of evidence those of all headers, what it quotes included.
fn addresses(
    view: &View<'_>,
    ends: Ends,
    places: &[lower::Place; 2],
    is_meant: fn(&IpAddr) -> bool,
    visit: &mut dyn FnMut(Value<'_>),
) {
    if !view.is_message() {
        return lower::visit(view, ends.of(places), visit);
    }
    let pair = [view.source(), view.destination()];
    let addresses = ends.of(&pair).iter().flatten().map(|endpoint| endpoint.address);
    addresses.filter(is_meant).for_each(|address| visit(Value::Address(address)));
}

/// The ports of a message; of evidence those of what it quotes.
fn ports(view: &View<'_>, ends: Ends, visit: &mut dyn FnMut(Value<'_>)) {
    if !view.is_message() {
        return lower::visit(view, ends.of(&lower::UDP_ENDS), visit);
    }
    let pair = [view.source(), view.destination()];
    ends.of(&pair).iter().flatten().for_each(|endpoint| visit(Value::Unsigned(endpoint.port.into())));
}
