//! The URI of a request, put together from its options (RFC 7252 section 6.5).

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

use super::parameters::{PORT_COAP, PORT_COAPS};
use super::{Message, OptionInstance, OptionNumber};

/// Default port of a scheme; None for schemes without one here.
fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "coap" | "coap+tcp" => Some(PORT_COAP),
        "coaps" | "coaps+tcp" => Some(PORT_COAPS),
        "coap+ws" => Some(80),
        "coaps+ws" => Some(443),
        _ => None,
    }
}

impl Message<'_> {
    /// The path, as it stands in a URI: `/` and each segment, percent-encoded; `/` if there is none.
    pub fn uri_path(&self) -> String {
        joined(self, OptionNumber::URI_PATH, '/', '/').unwrap_or_else(|| "/".to_string())
    }

    /// The query with its question mark, percent-encoded; empty if there is none.
    pub fn uri_query(&self) -> String {
        joined(self, OptionNumber::URI_QUERY, '?', '&').unwrap_or_default()
    }

    /// Path and query of a resource that a response has created; None if it does not say.
    pub fn location(&self) -> Option<String> {
        let path = joined(self, OptionNumber::LOCATION_PATH, '/', '/');
        let query = joined(self, OptionNumber::LOCATION_QUERY, '?', '&');
        (path.is_some() || query.is_some())
            .then(|| format!("{}{}", path.unwrap_or_default(), query.unwrap_or_default()))
    }

    /// The path, for reading, as every list, diagram and table spells it: UTF-8 stays as it is; what would be ambiguous or is no text
    /// (`%`, `/`, `?` and `#` in a segment, control characters, bytes that are not UTF-8) is percent-encoded (RFC 7252 section 6.5).
    /// None if the message has no Uri-Path.
    pub fn readable_path(&self) -> Option<String> {
        let mut text = String::new();
        self.push_readable_path(&mut text).then_some(text)
    }

    /// The same, appended to a text; false if there is none.
    pub fn push_readable_path(&self, into: &mut String) -> bool {
        let mut any = false;
        for segment in self.options_of(OptionNumber::URI_PATH) {
            into.push('/');
            push_readable(into, segment.value, b"%/?#");
            any = true;
        }
        if !any && let Some(path) = self.uint(OptionNumber::URI_PATH_ABBREV).and_then(abbreviated) {
            into.push_str(path);
            any = true;
        }
        any
    }

    /// What stands for the path where a Uri-Path-Abbrev says one that is not known; None where the message has none, or the path is known.
    pub fn unknown_path(&self) -> Option<String> {
        self.option(OptionNumber::URI_PATH_ABBREV)?;
        match self.uint(OptionNumber::URI_PATH_ABBREV) {
            Some(number) if abbreviated(number).is_some() || self.has(OptionNumber::URI_PATH) => None,
            Some(number) => Some(format!("(abbreviated as {number})")),
            None => Some("(abbreviated)".into()),
        }
    }

    /// The query with its question mark, spelled as [`Message::readable_path`] does; empty if there is none.
    pub fn readable_query(&self) -> String {
        let mut text = String::new();
        self.push_readable_query(&mut text);
        text
    }

    /// The same, appended to a text.
    pub fn push_readable_query(&self, into: &mut String) {
        let mut mark = '?';
        for argument in self.options_of(OptionNumber::URI_QUERY) {
            into.push(mark);
            push_readable(into, argument.value, b"%&#");
            mark = '&';
        }
    }

    /// The Proxy-Uri, for reading: a URI already, so that its percent signs stay.
    pub fn readable_proxy_uri(&self) -> Option<String> {
        let mut text = String::new();
        push_readable(&mut text, self.option(OptionNumber::PROXY_URI)?.value, b"");
        Some(text)
    }

    /// It asks a proxy for something (RFC 7252 section 5.7.2).
    pub fn asks_proxy(&self) -> bool {
        self.has(OptionNumber::PROXY_URI) || self.has(OptionNumber::PROXY_SCHEME)
    }

    /// Scheme and authority of what a proxy is asked for by Proxy-Scheme: `coap://host:port`, or `coap:` where the request names no host.
    pub fn proxy_authority(&self) -> Option<String> {
        let scheme = self.proxy_scheme()?;
        Some(self.host().map_or_else(|| format!("{scheme}:"), |host| format!("{scheme}://{host}{}", self.port_text())))
    }

    /// The Uri-Port behind a host: `:5684`; empty where there is none.
    pub fn port_text(&self) -> String {
        self.uint(OptionNumber::URI_PORT).map(|port| format!(":{port}")).unwrap_or_default()
    }

    /// What a request asks for, for reading, as every list, diagram and table names it: path and query, spelled as
    /// [`Message::readable_path`] does; of a proxy the whole URI, which Proxy-Uri says instead of all other options, and Proxy-Scheme
    /// together with them (RFC 7252 sections 5.10.2, 6.5).
    pub fn readable_target(&self) -> String {
        if let Some(uri) = self.readable_proxy_uri() {
            return uri;
        }
        let authority = self.proxy_authority();
        let path = self.readable_path().or_else(|| self.unknown_path()).unwrap_or_else(|| "/".into());
        let query = self.readable_query();
        match authority {
            Some(authority) if path == "/" && query.is_empty() => authority,
            Some(authority) => authority + &path + &query,
            None => path + &query,
        }
    }

    /// The whole URI of a request that was sent to `address` and `port` by the transport of `scheme` (such as `coap`). None where an
    /// option says a part of it that is not read here: Proxy-Cri, Proxy-Scheme-Number, or a Uri-Path-Abbrev that is not known.
    pub fn uri(&self, scheme: &str, address: IpAddr, port: u16) -> Option<String> {
        if self.has(OptionNumber::PROXY_CRI) {
            return None;
        }
        if let Some(whole) = self.valid(OptionNumber::PROXY_URI) {
            return Some(encoded(whole, ":/?#[]@%&"));
        }
        if self.has(OptionNumber::PROXY_SCHEME_NUMBER) {
            return None;
        }
        let path = match self.uint(OptionNumber::URI_PATH_ABBREV).filter(|_| !self.has(OptionNumber::URI_PATH)) {
            Some(number) => abbreviated(number)?.to_owned(),
            None => self.uri_path(),
        };
        let host = self.host().unwrap_or_else(|| literal(address));
        let port = self.valid(OptionNumber::URI_PORT).and_then(super::option::value::uint).unwrap_or(port.into());
        let port = if default_port(scheme).map(u64::from) == Some(port) { String::new() } else { format!(":{port}") };
        // The scheme for a proxy takes the place of the other once the URI is complete (RFC 7252 section 5.10.2).
        let scheme = self.proxy_scheme().unwrap_or_else(|| scheme.to_owned());
        Some(format!("{scheme}://{host}{port}{path}{}", self.uri_query()))
    }

    /// The host that the request names, as it stands in a URI.
    pub fn host(&self) -> Option<String> {
        let value = self.valid(OptionNumber::URI_HOST)?;
        let text = std::str::from_utf8(value).unwrap_or_default();
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        Some(bare.parse().map_or_else(|_| encoded(value, "&"), |address: Ipv6Addr| literal(address.into())))
    }

    /// The scheme that a proxy is to use, as it stands in a URI.
    pub fn proxy_scheme(&self) -> Option<String> {
        self.valid(OptionNumber::PROXY_SCHEME).map(|scheme| encoded(scheme, ""))
    }

    /// The value of the first option of that kind, if the option allows its length: others count as unknown (RFC 7252 section 5.4.3).
    fn valid(&self, number: OptionNumber) -> Option<&[u8]> {
        self.option(number).filter(OptionInstance::has_good_length).map(|option| option.value)
    }
}

/// The path that a Uri-Path-Abbrev stands for (draft-ietf-core-uri-path-abbrev).
pub fn abbreviated(number: u64) -> Option<&'static str> {
    match number {
        0 => Some("/.well-known/core"),
        1 => Some("/.well-known/rd"),
        2 => Some("/.well-known/edhoc"),
        _ => None,
    }
}

/// An address as a host: IPv6 in brackets.
fn literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The values of all options of one kind, percent-encoded, `first` before the first and `next` before the others.
fn joined(message: &Message<'_>, number: OptionNumber, first: char, next: char) -> Option<String> {
    let keep = if next == '&' { ":@/?" } else { ":@&" };
    let mut text = String::new();
    for option in message.options_of(number) {
        text.push(if text.is_empty() { first } else { next });
        text.push_str(&encoded(option.value, keep));
    }
    (!text.is_empty()).then_some(text)
}

/// Percent-encodes all but unreserved characters, sub-delims other than the ampersand, and the characters in `keep`.
fn encoded(value: &[u8], keep: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for &byte in value {
        let c = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~!$'()*+,;=".contains(c) || byte.is_ascii() && keep.contains(c) {
            text.push(c);
        } else {
            push_percent(&mut text, &[byte]);
        }
    }
    text
}

/// Appends bytes as text, percent-encoding control characters, what is no text, and these characters.
pub(crate) fn push_readable(into: &mut String, value: &[u8], reserved: &[u8]) {
    let is_plain = super::escape::is_plain(value) && !reserved.iter().any(|reserved| value.contains(reserved));
    if is_plain && let Ok(value) = std::str::from_utf8(value) {
        return into.push_str(value);
    }
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || u8::try_from(character).is_ok_and(|byte| reserved.contains(&byte)) {
                push_percent(into, character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                into.push(character);
            }
        }
        push_percent(into, chunk.invalid());
    }
}

/// Appends bytes, percent-encoded. Writing to a string cannot fail.
pub(crate) fn push_percent(into: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(into, "%{byte:02X}");
    }
}
