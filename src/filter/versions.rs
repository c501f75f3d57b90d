//! Fields that have addresses of one version of IP.

use crate::field::Field;

/// What the names of fields begin with, the addresses that they have, what others are in, and what one looks like.
const ROWS: &[(&str, &str, &str, &str)] = &[
    ("ip.", "IPv4", "ipv6.addr, ipv6.src and ipv6.dst", "; write 10.0.0.1 or 10.0.0.0/8"),
    ("ipv6.", "IPv6", "ip.addr, ip.src and ip.dst", "; write fe80::1 or fe80::/10"),
];

fn row(field: &Field) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    let is_address = field.kind == crate::field::Kind::Address;
    ROWS.iter().find(|(begin, ..)| is_address && field.name.starts_with(begin))
}

/// The version of a field of addresses, and what has those of the other.
pub(super) fn of(field: &Field) -> Option<(&'static str, &'static str)> {
    row(field).map(|(_, version, others, _)| (*version, *others))
}

/// How a value of it is written.
pub(super) fn hint(field: Option<&Field>) -> Option<&'static str> {
    row(field?).map(|(.., hint)| *hint)
}
