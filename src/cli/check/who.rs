//! Whom a text names: one endpoint, or an address with all its ports.

use std::net::{IpAddr, SocketAddr};

/// Whether a text of the user names an endpoint, which is given as text, too: an address without a port names any port of it.
pub(super) fn names(wanted: &str, endpoint: &str) -> bool {
    match (parts(wanted), parts(endpoint)) {
        (Some((wanted, None)), Some((address, _))) => wanted == address,
        (Some(wanted), Some(endpoint)) => wanted == endpoint,
        _ => wanted == endpoint,
    }
}

/// The address and the port that a text is; brackets may be round an address alone.
fn parts(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(whole) = text.parse::<SocketAddr>() {
        return Some((whole.ip(), Some(whole.port())));
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    Some((bare.parse().ok()?, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_all_its_ports() {
        for (wanted, endpoint, expected) in [
            ("10.0.0.1", "10.0.0.1:5683", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1:5683", "10.0.0.1:5683", true),
            ("10.0.0.1:5683", "10.0.0.1:5684", false),
            ("10.0.0.1:5683", "10.0.0.1", false),
            ("10.0.0.1", "10.0.0.10:5683", false),
            ("2001:db8::1", "[2001:db8::1]:5683", true),
            ("[2001:DB8:0::1]", "[2001:db8::1]:5683", true),
            ("[2001:db8:0::1]:5683", "[2001:db8::1]:5683", true),
            ("2001:db8::1:5683", "[2001:db8::1]:5683", false),
            ("here", "10.0.0.1:5683", false),
            ("", "10.0.0.1:5683", false),
            ("?", "?", true),
        ] {
            assert_eq!(names(wanted, endpoint), expected, "{wanted}, {endpoint}");
        }
    }
}
