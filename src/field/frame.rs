//! Fields of the frame, the addresses and the ports.

use std::net::IpAddr;

use super::{Field, Kind, Value};
use crate::capture::Interface;
use crate::frame::{Endpoint, is_known_time};

pub(super) fn rows() -> Vec<Field> {
    vec![
        Field::new("frame.number", Kind::Unsigned, "Number of the frame in the capture, from 1.", |view, visit| {
            visit(Value::Unsigned(view.record.frame.into()));
        }),
        Field::new("frame.time", Kind::Time, "When the frame was captured.", |view, visit| {
            visit(Value::Time(view.record.time));
        }),
        Field::new("frame.time_epoch", Kind::Duration, "Seconds since 1970-01-01 UTC.", |view, visit| {
            visit(Value::Duration(view.record.time));
        }),
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
        ),
        Field::new("frame.len", Kind::Unsigned, "Length of the frame on the wire, in bytes.", |view, visit| {
            visit(Value::Unsigned(view.frame.original_length.into()));
        }),
        Field::new("frame.cap_len", Kind::Unsigned, "Bytes of the frame that were captured.", |view, visit| {
            visit(Value::Unsigned(view.frame.bytes.len() as u64));
        }),
        Field::new(
            "frame.interface_id",
            Kind::Unsigned,
            "Number of the interface in the capture, from 0, where the capture numbers them: pcapng does.",
            |view, visit| {
                let interface = view.store.interfaces().get(usize::from(view.record.interface));
                if interface.is_some_and(Interface::is_numbered) {
                    visit(Value::Unsigned(view.record.interface.into()));
                }
            },
        ),
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
        ),
        Field::new("ip.src", Kind::Address, "IPv4 address of the sender.", |view, visit| {
            addresses(&[view.source()], true, visit);
        }),
        Field::new("ip.dst", Kind::Address, "IPv4 address of the receiver.", |view, visit| {
            addresses(&[view.destination()], true, visit);
        }),
        Field::new("ip.addr", Kind::Address, "IPv4 address of the sender or the receiver.", |view, visit| {
            addresses(&[view.source(), view.destination()], true, visit);
        }),
        Field::new("ipv6.src", Kind::Address, "IPv6 address of the sender.", |view, visit| {
            addresses(&[view.source()], false, visit);
        }),
        Field::new("ipv6.dst", Kind::Address, "IPv6 address of the receiver.", |view, visit| {
            addresses(&[view.destination()], false, visit);
        }),
        Field::new("ipv6.addr", Kind::Address, "IPv6 address of the sender or the receiver.", |view, visit| {
            addresses(&[view.source(), view.destination()], false, visit);
        }),
        Field::new("udp.srcport", Kind::Unsigned, "UDP port of the sender.", |view, visit| {
            ports(&[view.source()], visit);
        }),
        Field::new("udp.dstport", Kind::Unsigned, "UDP port of the receiver.", |view, visit| {
            ports(&[view.destination()], visit);
        }),
        Field::new("udp.port", Kind::Unsigned, "UDP port of the sender or the receiver.", |view, visit| {
            ports(&[view.source(), view.destination()], visit);
        }),
    ]
}

fn addresses(endpoints: &[Option<&Endpoint>], version4: bool, visit: &mut dyn FnMut(Value<'_>)) {
    for endpoint in endpoints.iter().flatten() {
        if matches!(endpoint.address, IpAddr::V4(_)) == version4 {
            visit(Value::Address(endpoint.address));
        }
    }
}

fn ports(endpoints: &[Option<&Endpoint>], visit: &mut dyn FnMut(Value<'_>)) {
    for endpoint in endpoints.iter().flatten() {
        visit(Value::Unsigned(endpoint.port.into()));
    }
}
