//! Routes and homes that packets carry with them: whom they are meant for in the end (RFC 791 section 3.1, RFC 8200 section 4.4), and from whom
//! they are (RFC 6275 section 6.3).

use std::net::{IpAddr, Ipv6Addr};

use super::bytes::{array, behind, byte};

/// What a routing header says of the way that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Nothing is left of it: the destination in the IP header is the last.
    Over,
    /// It ends here.
    To(IpAddr),
    /// It goes on, but its kind is not known, or it contradicts itself.
    Unknown,
}

/// The end of the route in an IPv6 routing header, which is whole. `next` is the destination in the IPv6 header.
pub(super) fn of_header(header: &[u8], next: IpAddr) -> Route {
    let (Some(kind), Some(left)) = (byte(header, 2), byte(header, 3)) else {
        return Route::Unknown;
    };
    if left == 0 {
        return Route::Over;
    }
    let addresses = (header.len() - 8) / 16;
    let last = match kind {
        // RFC 2460 section 4.4: the addresses in the order of the visits.
        0 if usize::from(left) <= addresses => array::<16>(header, 8 + (addresses - 1) * 16),
        // RFC 6275 section 6.4: the home address.
        2 if addresses == 1 => array::<16>(header, 8),
        3 => compressed(header, left, next),
        // RFC 8754 section 2: the last segment comes first; the first need not be listed.
        4 if byte(header, 4).is_some_and(|last| left.saturating_sub(1) <= last) => array::<16>(header, 8),
        _ => None,
    };
    last.map_or(Route::Unknown, |last| Route::To(IpAddr::from(last)))
}

/// The last address of a route of RPL (RFC 6554 section 3), which leaves out what all have in common with the destination.
fn compressed(header: &[u8], left: u8, next: IpAddr) -> Option<[u8; 16]> {
    let IpAddr::V6(next) = next else { return None };
    let (left_out, padding) = (byte(header, 4)?, usize::from(byte(header, 5)? >> 4));
    let (each, last) = (16 - usize::from(left_out >> 4), 16 - usize::from(left_out & 0x0f));
    let end = header.len().checked_sub(padding)?;
    let before = end.checked_sub(8 + last)?;
    if !before.is_multiple_of(each) || usize::from(left) > before / each + 1 {
        return None;
    }
    let mut address = Ipv6Addr::octets(&next);
    address.get_mut(16 - last..)?.copy_from_slice(header.get(end - last..end)?);
    Some(address)
}

/// The address at which a host on the way is at home, in destination options of IPv6, which are whole (RFC 6275 section 6.3).
pub(super) fn home(header: &[u8]) -> Option<[u8; 16]> {
    const HOME_ADDRESS: u8 = 201;
    let mut options = behind(header, 2);
    loop {
        let (kind, length) = match options {
            [] => return None,
            [0, ..] => (0, 1),
            [kind, length, ..] => (*kind, usize::from(*length) + 2),
            _ => return None,
        };
        let (option, rest) = options.split_at_checked(length)?;
        if (kind, length) == (HOME_ADDRESS, 18) {
            return array(option, 2);
        }
        options = rest;
    }
}

/// The end of the route in the options of an IPv4 header (loose or strict source route), where something is left of it.
#[cold]
pub(super) fn of_options(mut options: &[u8]) -> Option<[u8; 4]> {
    const LOOSE: u8 = 131;
    const STRICT: u8 = 137;
    loop {
        let (kind, length) = match options {
            [0, ..] | [] => return None,
            [1, ..] => (1, 1),
            [kind, length, ..] if *length >= 2 => (*kind, usize::from(*length)),
            _ => return None,
        };
        let (option, rest) = options.split_at_checked(length)?;
        if matches!(kind, LOOSE | STRICT) {
            // The pointer counts from 1, and the addresses begin behind it. One that points into an address, or before them, tells nothing.
            let pointer = usize::from(byte(option, 2)?);
            let is_left = pointer >= 4 && pointer.is_multiple_of(4) && pointer <= length && length % 4 == 3;
            return if is_left { array(option, length - 4) } else { None };
        }
        options = rest;
    }
}
