//! Findings that need the frame or the addresses beside the message (`raised_by` frame).

use std::net::IpAddr;

use crate::coap::{Code, Finding, Message, MessageType, OptionInstance, OptionNumber, Rule, Span};
use crate::frame::{Datagram, Endpoint};

/// CoIoT's vendor option and method (Shelly).
const COIOT_OPTION: OptionNumber = OptionNumber(3332);
const COIOT_METHOD: Code = Code(30);
/// Port of Thread's network management.
const THREAD_PORT: u16 = 61631;
/// Options whose absence means a value that they can also say.
const DEFAULTS: [OptionNumber; 4] =
    [OptionNumber::URI_PORT, OptionNumber::MAX_AGE, OptionNumber::URI_HOST, OptionNumber::NO_RESPONSE];
/// Seconds that an absent Max-Age means (RFC 7252 section 5.10.5).
const DEFAULT_MAX_AGE: u64 = 60;

/// What the frame tells of a message.
#[derive(Clone, Copy, Debug)]
pub struct FrameFacts {
    source: Endpoint,
    destination: Endpoint,
    multicast: bool,
    cut: bool,
    fragmented: bool,
    udp_length: bool,
    udp_checksum: bool,
}

impl FrameFacts {
    /// The facts of a datagram.
    pub fn of(datagram: &Datagram<'_>) -> Self {
        Self {
            source: datagram.source,
            destination: datagram.destination,
            multicast: datagram.multicast,
            cut: datagram.cut,
            fragmented: datagram.fragments.is_some(),
            udp_length: datagram.notes.udp_length.is_some(),
            udp_checksum: datagram.notes.udp_checksum.is_some(),
        }
    }

    fn port(&self, port: u16) -> bool {
        self.source.port == port || self.destination.port == port
    }

    fn global(&self) -> bool {
        is_global(self.source.address) || is_global(self.destination.address)
    }
}

/// All findings of the message's bytes and of its frame, in no particular order.
/// Of a message that the capture cut, the bytes cannot tell what was wrong with it: only that it was cut.
pub fn visit(message: &Message<'_>, facts: &FrameFacts, visit: &mut dyn FnMut(Finding)) {
    if facts.cut {
        visit(Finding::new(Rule::CaptureTruncated, whole(message)));
    } else {
        message.visit_findings(visit);
    }
    visit_frame(message, facts, visit);
}

/// Findings of the frame alone.
pub(super) fn visit_frame(message: &Message<'_>, facts: &FrameFacts, visit: &mut dyn FnMut(Finding)) {
    let mut raise = |on: bool, rule: Rule, span: Span| {
        if on {
            visit(Finding::new(rule, span));
        }
    };
    raise(facts.udp_length, Rule::UdpLength, whole(message));
    raise(facts.udp_checksum, Rule::UdpChecksum, whole(message));
    raise(facts.fragmented, Rule::SizeFragmented, whole(message));
    raise(facts.port(5684), Rule::SecPortMismatch, whole(message));
    raise(facts.port(5684) && facts.multicast, Rule::McastSecurePort, whole(message));
    raise(facts.port(61616), Rule::DraftPort, whole(message));
    let Some(header) = message.header() else { return };
    raise(facts.multicast && header.message_type == MessageType::Confirmable, Rule::McastCon, Span::of_bits(2, 2));
    visit_options(message, facts, visit);
}

/// Findings on options, and those that depend on which options there are. Most messages have none of these: one look at which
/// options are there settles it.
fn visit_options(message: &Message<'_>, facts: &FrameFacts, visit: &mut dyn FnMut(Finding)) {
    let Some(header) = message.header() else { return };
    let code = header.code;
    if DEFAULTS.iter().any(|number| message.has(*number)) {
        for option in message.options().filter(|option| has_default_value(option, code, facts)) {
            visit(Finding::new(Rule::OptDefaultValue, option.span()));
        }
    }
    if !code.is_request() {
        return;
    }
    if facts.multicast {
        visit_group_options(message, code, visit);
    }
    let path = message.option(OptionNumber::URI_PATH);
    if facts.port(THREAD_PORT) || path.is_some_and(|first| matches!(first.value, b"a" | b"c" | b"d" | b"n")) {
        visit(Finding::new(Rule::AppThread, whole(message)));
    }
    if !message.has(OptionNumber::OSCORE) && !facts.port(5684) && facts.global() {
        if matches!(code, Code::PUT | Code::POST | Code::DELETE | Code::PATCH | Code::IPATCH) {
            visit(Finding::new(Rule::SecNosecWrite, Span::of_bytes(1, 1)));
        }
        if is_global(facts.destination.address) && message.token().is_some_and(|token| token.len() < 4) {
            visit(Finding::new(Rule::SecTokenWeak, Span::of_bits(4, 4)));
        }
    }
}

/// Options that a request to a group must not have, and the vendor protocol that is spoken to one.
fn visit_group_options(message: &Message<'_>, code: Code, visit: &mut dyn FnMut(Finding)) {
    for option in message.options() {
        match option.modern().unwrap_or(option.number) {
            COIOT_OPTION if code == COIOT_METHOD => visit(Finding::new(Rule::AppCoiot, Span::of_bytes(1, 1))),
            OptionNumber::ETAG if code == Code::GET => visit(Finding::new(Rule::OptEtagMulticast, option.span())),
            OptionNumber::Q_BLOCK2 => visit(Finding::new(Rule::BlockMulticast, option.span())),
            OptionNumber::BLOCK2 if option.uint().is_some_and(|value| value >> 4 != 0) => {
                visit(Finding::new(Rule::BlockMulticast, option.span()));
            }
            _ => {}
        }
    }
}

/// The option says what its absence would mean (RFC 7252 section 5.4.4).
fn has_default_value(option: &OptionInstance<'_>, code: Code, facts: &FrameFacts) -> bool {
    match option.modern().unwrap_or(option.number) {
        OptionNumber::URI_PORT => code.is_request() && option.uint() == Some(u64::from(facts.destination.port)),
        OptionNumber::MAX_AGE => code.is_response() && option.uint() == Some(DEFAULT_MAX_AGE),
        OptionNumber::URI_HOST => code.is_request() && is_literal(option.value, facts.destination.address),
        OptionNumber::NO_RESPONSE => code.is_request() && option.uint() == Some(0),
        _ => false,
    }
}

/// The text is the literal of this address, an IPv6 one with or without brackets.
fn is_literal(text: &[u8], address: IpAddr) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>() == Ok(address)
}

/// A DTLS record where only plain CoAP belongs.
pub(super) fn dtls_on_plain_port(length: usize) -> Finding {
    Finding::new(Rule::SecPortMismatch, Span::of_bytes(0, length))
}

fn whole(message: &Message<'_>) -> Span {
    Span::of_bytes(0, message.bytes().len())
}

/// A unicast address that is routed on the open Internet: not private, link-local, loopback, shared, or kept for documentation.
fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && b & 0xc0 == 64;
            let benchmarking = a == 198 && b & 0xfe == 18;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_unspecified()
                || shared
                || benchmarking
                || a == 0
                || a >= 240)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_global(IpAddr::V4(v4)),
            None => {
                let [first, second, ..] = v6.segments();
                first & 0xe000 == 0x2000 && !(first == 0x2001 && second == 0x0db8) && first != 0x3fff
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_addresses() {
        for (text, expected) in [
            ("8.8.8.8", true),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("192.0.2.1", false),
            ("198.51.100.7", false),
            ("224.0.1.187", false),
            ("2001:db8::1", false),
            ("2a00:1450::1", true),
            ("fe80::1", false),
            ("fd00::1", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
        ] {
            assert_eq!(is_global(text.parse().unwrap()), expected, "{text}");
        }
    }
}
