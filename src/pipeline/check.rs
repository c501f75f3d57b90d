//! Findings that need the frame or the addresses beside the message (`raised_by` frame).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::coap::parameters::{DEFAULT_MAX_AGE, PORT_COAP, PORT_COAPS, PORT_COMPRESSED_FIRST, PORT_COMPRESSED_LAST};
use crate::coap::{
    Block, Code, Finding, Message, MessageType, NO_CHECKSUM, OptionInstance, OptionNumber, Rule, Severity, Span,
    THREAD_PATH, UsualMessage,
};
use crate::frame::{Datagram, Endpoint};
use crate::payload;

/// CoIoT's vendor option and method (Shelly).
const COIOT_OPTION: OptionNumber = OptionNumber(3332);
const COIOT_METHOD: Code = Code(30);
/// Options whose absence means a value that they can also say.
const DEFAULTS: [OptionNumber; 4] =
    [OptionNumber::URI_PORT, OptionNumber::MAX_AGE, OptionNumber::URI_HOST, OptionNumber::NO_RESPONSE];
/// Bytes of a token that is hard to guess (RFC 7252 section 5.3.1).
const STRONG_TOKEN: usize = 4;

/// The options below 64 among them.
const DEFAULT_BITS: u64 = 1 << OptionNumber::URI_PORT.0 | 1 << OptionNumber::MAX_AGE.0 | 1 << OptionNumber::URI_HOST.0;

/// Whether nothing is to be said of any usual message between the endpoints of this datagram, but of some of [those](concerns).
pub(super) fn is_quiet(datagram: &Datagram<'_>) -> bool {
    let is_special = |port| matches!(port, PORT_COAPS | PORT_COMPRESSED_FIRST | PORT_COMPRESSED_LAST);
    let ends = [datagram.source, datagram.destination];
    !datagram.multicast && !ends.iter().any(|end| is_special(end.port) || is_global(end.address))
}

/// Whether something may be to be said of a usual message, sent between quiet endpoints in a usual frame.
#[inline]
pub(super) fn concerns(usual: &UsualMessage<'_>) -> bool {
    usual.options & DEFAULT_BITS != 0 || may_be_thread_path(usual.first_segment)
}

/// All findings of the message's bytes and of its frame, in no particular order.
pub fn visit(message: &Message<'_>, datagram: &Datagram<'_>, visit: &mut dyn FnMut(Finding)) {
    if datagram.cut {
        visit(cut(datagram));
    }
    if has_port(datagram, PORT_COMPRESSED_LAST) && speaks_thread(message) {
        visit_thread(message, visit);
    } else {
        message.visit_findings(visit);
    }
    visit_frame(message, datagram, visit);
}

/// Whether a message on the port of Thread's management may be of that: a request with such a path, or any answer.
#[cold]
fn speaks_thread(message: &Message<'_>) -> bool {
    let is_request = message.header().is_some_and(|header| header.code.is_request());
    !message.mode().is_draft() && (!is_request || has_thread_path(message))
}

/// What the bytes of a message of Thread's management tell: its payload is TLVs, and needs no Content-Format to say so.
#[cold]
fn visit_thread(message: &Message<'_>, visit: &mut dyn FnMut(Finding)) {
    message.visit_findings(&mut |finding| {
        if finding.rule != Rule::CfMissing {
            visit(finding);
        }
    });
    if message.header().is_some_and(|header| header.code.is_request()) {
        payload::findings_of_thread(message).into_iter().for_each(visit);
    }
}

/// What is said of a message that the capture cut.
pub(super) fn cut(datagram: &Datagram<'_>) -> Finding {
    let captured = datagram.payload.len();
    Finding::new(Rule::CaptureTruncated, Span::of_bytes(0, captured)).with(captured as i64, datagram.wire_length)
}

/// Findings of the frame alone.
pub(super) fn visit_frame(message: &Message<'_>, datagram: &Datagram<'_>, visit: &mut dyn FnMut(Finding)) {
    let whole = Span::of_bytes(0, message.bytes().len());
    let notes = &datagram.notes;
    if let Some((claimed, held)) = notes.udp_length {
        visit(Finding::new(Rule::UdpLength, whole).with(claimed, held));
    }
    if let Some((found, fits)) = notes.udp_checksum {
        visit(Finding::new(Rule::UdpChecksum, whole).with(found, fits));
    }
    if notes.no_checksum {
        visit(Finding::new(Rule::UdpChecksum, whole).with(0, NO_CHECKSUM).at(Severity::Warn));
    }
    if let Some(packet) = datagram.reassembled {
        visit(Finding::new(Rule::SizeFragmented, whole).with(packet.positions.len() as i64, 0));
    }
    if has_port(datagram, PORT_COAPS) {
        // Where nothing of it was captured, nobody knows that it is not DTLS.
        if !datagram.cut || !datagram.payload.is_empty() {
            visit(Finding::new(Rule::SecPortMismatch, whole).with(PORT_COAPS, 0));
        }
        if datagram.multicast {
            visit(Finding::new(Rule::McastSecurePort, whole));
        }
    }
    if has_port(datagram, PORT_COMPRESSED_FIRST) {
        visit(Finding::new(Rule::DraftPort, whole));
    }
    let Some(header) = message.header() else { return };
    if datagram.multicast && header.message_type == MessageType::Confirmable {
        visit(Finding::new(Rule::McastCon, Span::of_bits(2, 2)));
    }
    visit_options(message, datagram, visit);
}

fn has_port(datagram: &Datagram<'_>, port: u16) -> bool {
    datagram.source.port == port || datagram.destination.port == port
}

/// Findings on options, and those that depend on which options there are. Most messages have none of these: one look at which
/// options are there settles it.
fn visit_options(message: &Message<'_>, datagram: &Datagram<'_>, visit: &mut dyn FnMut(Finding)) {
    let Some(header) = message.header() else { return };
    let code = header.code;
    visit_defaults(message, code, Some(datagram.destination), visit);
    if !code.is_request() {
        return;
    }
    if datagram.multicast {
        visit_group_options(message, code, visit);
        // A message that does not show all its options may be one.
        if is_ocf_group(datagram.destination.address) && !message.is_of_ocf() && !message.lacks_options() {
            visit(Finding::new(Rule::AppOcf, whole(message)));
        }
    }
    if has_port(datagram, PORT_COMPRESSED_LAST) {
        visit(Finding::new(Rule::AppThread, whole(message)));
    } else {
        visit_thread_path(message, visit);
    }
    if !message.has(OptionNumber::OSCORE)
        && !message.lacks_options()
        && !has_port(datagram, PORT_COAPS)
        && (is_global(datagram.source.address) || is_global(datagram.destination.address))
    {
        if matches!(code, Code::PUT | Code::POST | Code::DELETE | Code::PATCH | Code::IPATCH) {
            visit(Finding::new(Rule::SecNosecWrite, Span::of_bytes(1, 1)).with(code.0, 0));
        }
        let token = message.token().map_or(STRONG_TOKEN, <[u8]>::len);
        if token < STRONG_TOKEN && is_global(datagram.destination.address) {
            visit(Finding::new(Rule::SecTokenWeak, Span::of_bits(4, 4)).with(token as i64, 0));
        }
    }
}

/// Findings of the frame that a message without a frame tells as well.
pub fn visit_alone(message: &Message<'_>, visit: &mut dyn FnMut(Finding)) {
    let Some(header) = message.header() else { return };
    visit_defaults(message, header.code, None, visit);
    if header.code.is_request() {
        visit_thread_path(message, visit);
    }
}

/// Options that could have been left out, sent to that destination where it is known.
fn visit_defaults(message: &Message<'_>, code: Code, to: Option<Endpoint>, visit: &mut dyn FnMut(Finding)) {
    if DEFAULTS.iter().any(|number| message.has(*number)) {
        for option in message.first_options().filter(|option| has_default_value(option, code, to)) {
            visit(Finding::new(Rule::OptDefaultValue, option.span()).with(option.number.0, 0));
        }
    }
}

fn visit_thread_path(message: &Message<'_>, visit: &mut dyn FnMut(Finding)) {
    if has_thread_path(message) {
        visit(Finding::new(Rule::AppThread, whole(message)).with(0, THREAD_PATH));
    }
}

/// All OCF devices, whatever the scope: `ff0x::158`.
fn is_ocf_group(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if matches!(address.segments(), [0xff00..=0xff0f, 0, 0, 0, 0, 0, 0, 0x158]))
}

/// The path is one of Thread's: `/a/...`, `/c/...`, `/d/...` or `/n/...`.
fn has_thread_path(message: &Message<'_>) -> bool {
    let mut path = message.options_of(OptionNumber::URI_PATH);
    path.next().is_some_and(|first| may_be_thread_path(first.value)) && path.next().is_some()
}

#[inline]
fn may_be_thread_path(first: &[u8]) -> bool {
    matches!(first, b"a" | b"c" | b"d" | b"n")
}

/// Options that a request to a group must not have, and the vendor protocol that is spoken to one.
fn visit_group_options(message: &Message<'_>, code: Code, visit: &mut dyn FnMut(Finding)) {
    let is_non = message.header().is_some_and(|header| header.message_type == MessageType::NonConfirmable);
    for option in message.first_options() {
        match option.modern().unwrap_or(option.number) {
            COIOT_OPTION if code == COIOT_METHOD && is_non => visit(Finding::new(Rule::AppCoiot, Span::of_bytes(1, 1))),
            OptionNumber::ETAG if code == Code::GET => visit(Finding::new(Rule::OptEtagMulticast, option.span())),
            OptionNumber::BLOCK2 | OptionNumber::Q_BLOCK2 => {
                // What is too long is read as no block.
                let block = Block::read(option.value).map_or(0, |block| block.number);
                if block != 0 || option.number == OptionNumber::Q_BLOCK2 {
                    visit(Finding::new(Rule::BlockMulticast, option.span()).with(block, option.number.0));
                }
            }
            _ => {}
        }
    }
}

/// The option says what its absence would mean (RFC 7252 section 5.4.4). A number in a value of another length is not read as one.
fn has_default_value(option: &OptionInstance<'_>, code: Code, to: Option<Endpoint>) -> bool {
    let number = option.uint().filter(|_| option.has_good_length());
    match option.modern().unwrap_or(option.number) {
        OptionNumber::URI_PORT => code.is_request() && number.is_some() && number == to.map(|to| u64::from(to.port)),
        OptionNumber::MAX_AGE => code.is_response() && number == Some(u64::from(DEFAULT_MAX_AGE)),
        OptionNumber::URI_HOST => code.is_request() && to.is_some_and(|to| is_literal(option.value, to.address)),
        OptionNumber::NO_RESPONSE => code.is_request() && number == Some(0),
        _ => false,
    }
}

/// The text is the literal of this address, an IPv6 one with or without brackets.
fn is_literal(text: &[u8], address: IpAddr) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>() == Ok(address)
}

/// A DTLS record of so many bytes where only plain CoAP belongs, or to a group.
pub(super) fn dtls(length: usize, plain_port: bool, multicast: bool) -> impl Iterator<Item = Finding> {
    let whole = Span::of_bytes(0, length);
    let misplaced = plain_port.then(|| Finding::new(Rule::SecPortMismatch, whole).with(PORT_COAP, 0));
    let group = multicast.then_some(Finding::new(Rule::McastSecurePort, whole));
    misplaced.into_iter().chain(group)
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
        IpAddr::V6(v6) => match v6.to_ipv4_mapped().or_else(|| translated(v6)) {
            Some(v4) => is_global(IpAddr::V4(v4)),
            None => {
                let [first, second, ..] = v6.segments();
                first & 0xe000 == 0x2000 && !(first == 0x2001 && second == 0x0db8) && first != 0x3fff
            }
        },
    }
}

/// The IPv4 address that an address of the well-known prefix of translators stands for (RFC 6052 section 2.1).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.octets() {
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
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
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b:1::8.8.8.8", false),
        ] {
            assert_eq!(is_global(text.parse().unwrap()), expected, "{text}");
        }
    }
}
