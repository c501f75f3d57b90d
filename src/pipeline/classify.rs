//! Which datagrams are CoAP: by port, and by what their bytes can be.

use super::PipelineOptions;
use crate::coap::{DecodeMode, Message, looks_like_coap};
use crate::frame::{Datagram, IcmpQuote};

/// Port of CoAP without security (RFC 7252 section 12.6).
const COAP: u16 = 5683;
/// Port of CoAP over DTLS (RFC 7252 section 12.7).
const COAPS: u16 = 5684;
/// Ports that 6LoWPAN compresses to four bits (RFC 6282 section 4.3.1); other programs use them too.
const COMPRESSIBLE: std::ops::RangeInclusive<u16> = 61616..=61631;

/// Ports whose datagrams are CoAP: those of the RFCs and those that the user named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    named: Vec<u16>,
}

impl Ports {
    /// The RFCs' ports and these.
    pub fn with(mut named: Vec<u16>) -> Self {
        named.sort_unstable();
        named.dedup();
        Self { named }
    }

    /// Those that the user named.
    pub fn named(&self) -> &[u16] {
        &self.named
    }

    /// A datagram with this port is CoAP whatever it holds.
    fn surely(&self, port: u16) -> bool {
        port == COAP || port == COAPS || (!self.named.is_empty() && self.named.binary_search(&port).is_ok())
    }

    /// All datagrams with these ports are CoAP, but for DTLS.
    pub(super) fn surely_either(&self, datagram: &Datagram<'_>) -> bool {
        self.surely(datagram.source.port) || self.surely(datagram.destination.port)
    }

    /// An ICMP error quotes a datagram to or from a CoAP port, and not one of STUN. Where other programs use the port as well, what is quoted has
    /// to be sound as far as it goes. `mode` tells how these two speak.
    pub(super) fn quoted(&self, quote: &IcmpQuote<'_>, mode: impl FnOnce() -> DecodeMode) -> bool {
        let ports = [quote.source.port, quote.destination.port];
        if ports.iter().any(|port| self.surely(*port)) {
            return !is_stun(quote.payload);
        }
        if !ports.iter().any(|port| COMPRESSIBLE.contains(port)) {
            return false;
        }
        let message =
            Message::decode_as(quote.payload, mode()).cut_if((quote.payload.len() as u32) < quote.wire_length);
        message.header().is_some_and(|header| header.version == 1)
            && !is_unlikely(ports, &message)
            && (message.mode().is_draft() || message.is_without_errors())
    }
}

/// What a datagram is.
pub(super) enum Class<'a> {
    /// A CoAP message, or what was sent to a CoAP port as one.
    Coap {
        /// Read as RFC 7252 says.
        message: Message<'a>,
        /// Other programs use the port as well: it is CoAP only if it is sound, today or as an old draft, and not [unlikely](is_unlikely).
        doubtful: bool,
    },
    /// A DTLS record.
    Dtls {
        /// Where only plain CoAP belongs.
        on_plain_port: bool,
    },
    /// A STUN message, on a port of CoAP.
    Stun,
    /// It decodes cleanly as CoAP, on a port that is not CoAP's.
    Offer,
    /// Something else.
    Other,
}

/// Decide what a datagram is.
pub(super) fn classify<'a>(options: &PipelineOptions, datagram: &Datagram<'a>) -> Class<'a> {
    let (from, to) = (datagram.source.port, datagram.destination.port);
    let bytes = datagram.payload;
    if options.ports.surely_either(datagram) {
        let secure = from == COAPS || to == COAPS;
        let is_dtls = is_dtls_record(bytes)
            || if secure { is_encrypted_dtls13_record(bytes) } else { are_encrypted_dtls13_records(bytes) };
        if is_dtls || datagram.cut && begins_dtls(bytes, secure) {
            return Class::Dtls { on_plain_port: !secure };
        }
        if is_stun(bytes) || datagram.cut && begins_stun(bytes) {
            return Class::Stun;
        }
        return Class::Coap { message: Message::decode_as(bytes, mode(options)), doubtful: false };
    }
    if COMPRESSIBLE.contains(&from) || COMPRESSIBLE.contains(&to) {
        let message = Message::decode_as(bytes, mode(options));
        let is_version_1 = message.header().is_some_and(|header| header.version == 1);
        return if is_version_1 { Class::Coap { message, doubtful: true } } else { Class::Other };
    }
    if looks_like_coap(bytes) { Class::Offer } else { Class::Other }
}

fn mode(options: &PipelineOptions) -> DecodeMode {
    options.tokens.mode()
}

/// The port that a service is likely to have, of the two that talk: CoAP's own, else the lower one, since ephemeral ports are high.
pub(super) fn service_port(from: u16, to: u16) -> u16 {
    [from, to].into_iter().find(|port| matches!(*port, COAP | COAPS)).unwrap_or(from.min(to))
}

/// The same of UDP, where ports that 6LoWPAN compresses serve as well, though they are high: the client's is one of those that systems
/// give out, from 32,768 on.
pub(super) fn udp_service_port(from: u16, to: u16) -> u16 {
    let service = service_port(from, to);
    let compressible = [from.min(to), from.max(to)].into_iter().find(|port| COMPRESSIBLE.contains(port));
    if service < 32_768 { service } else { compressible.unwrap_or(service) }
}

/// From here on ports are not some well-known service's.
const WELL_KNOWN: u16 = 1024;

/// Whether a datagram on a port that other programs use as well is rather theirs: it comes from a well-known port or goes to one, or has a code
/// that nobody has assigned. Of the codes of old drafts some have not been since.
pub(super) fn is_unlikely(ports: [u16; 2], message: &Message<'_>) -> bool {
    let has_code = message.mode().is_draft() || message.header().is_none_or(|header| header.code.name().is_some());
    ports.iter().any(|port| *port < WELL_KNOWN) || !has_code
}

/// The port of the server in a datagram that looks like CoAP, and another that may be it, the same where there is none. A request goes to the
/// server, a response comes from it. What comes from a well-known port or goes to one is rather that service's, what has a code that nobody has
/// assigned may be anything, and an Empty message does not tell.
pub(super) fn offered_ports(datagram: &Datagram<'_>) -> [u16; 2] {
    let (from, to) = (datagram.source.port, datagram.destination.port);
    let likely = udp_service_port(from, to);
    let message = Message::decode(datagram.payload);
    let header = message.header().filter(|_| !is_unlikely([from, to], &message));
    match header.map(|header| header.code) {
        Some(code) if code.is_request() => [to; 2],
        Some(code) if code.is_response() => [from; 2],
        Some(_) if likely == from => [from, to],
        Some(_) => [to, from],
        None => [likely; 2],
    }
}

/// The bytes begin like a DTLS 1.0 or 1.2 record: a known content type, version, and a length that fits (RFC 6347 section 4.1,
/// RFC 9146 section 4). No CoAP of version 1 begins so.
pub fn is_dtls_record(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=26, 0xfe, 0xfd | 0xff, rest @ ..] if rest.len() >= 10)
}

/// What the capture left of a datagram can be the beginning of a DTLS record. On the secure port that is what to expect.
#[cold]
fn begins_dtls(bytes: &[u8], secure: bool) -> bool {
    match bytes {
        [20..=26, 0xfe, 0xfd | 0xff, ..] => true,
        [20..=26] | [20..=26, 0xfe] | [0x20..=0x3f, ..] => secure,
        _ => false,
    }
}

/// The same of a STUN message, some of whose magic cookie is there.
#[cold]
fn begins_stun(bytes: &[u8]) -> bool {
    matches!(bytes, [0..=3, _, _, _, cookie @ ..] if !cookie.is_empty() && [0x21, 0x12, 0xa4, 0x42].starts_with(cookie))
}

/// The bytes begin like a STUN message: two bits of 0, a method, and the magic cookie behind the length (RFC 8489 section 5). CoAP begins with a
/// version there, and no version is 0.
fn is_stun(bytes: &[u8]) -> bool {
    matches!(bytes, [0..=3, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..])
}

/// The whole datagram is encrypted DTLS 1.3 records with lengths that fit (RFC 9147 section 4), behind none or one and the same length of
/// connection ID, which only the handshake told. What says no length could be anything.
fn are_encrypted_dtls13_records(bytes: &[u8]) -> bool {
    matches!(bytes, [0x20..=0x3f, ..]) && (0..=LONGEST_ID).any(|id| fits_dtls13(bytes, id))
}

/// The longest connection ID that is looked for, bytes.
const LONGEST_ID: usize = 20;
/// What is encrypted of a record has at least so many bytes, since they hide its sequence number (RFC 9147 section 4.2.3).
const SHORTEST_RECORD: usize = 16;

/// Whether records with connection IDs of `id` bytes, or none, lie end to end up to the last byte.
fn fits_dtls13(mut bytes: &[u8], id: usize) -> bool {
    while let Some((&first, rest)) = bytes.split_first() {
        let (has_id, number, has_length) = (first & 0x10 != 0, 1 + usize::from(first >> 3 & 1), first & 4 != 0);
        let before = number + if has_id { id } else { 0 };
        let length = rest.get(before..).and_then(<[u8]>::first_chunk::<2>).map(|pair| u16::from_be_bytes(*pair));
        let Some(length) = length.map(usize::from).filter(|length| *length >= SHORTEST_RECORD) else { return false };
        // A record without an ID fits whatever length IDs have: once is enough.
        if first >> 5 != 1 || !has_length || has_id != (id > 0) {
            return false;
        }
        match rest.get(before + 2 + length..) {
            Some(behind) => bytes = behind,
            None => return false,
        }
    }
    true
}

/// The first byte is that of an encrypted DTLS 1.3 record (RFC 9147 section 4). Without a version field: enough on the secure port only.
fn is_encrypted_dtls13_record(bytes: &[u8]) -> bool {
    matches!(bytes, [0x20..=0x3f, rest @ ..] if rest.len() >= 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_told_from_clients() {
        for (from, to, expected) in [
            (40_000, 5684, 5684),
            (53, 61_620, 53),
            (40_000, 61_616, 61_616),
            (61_631, 50_000, 61_631),
            (61_617, 61_616, 61_616),
            (50_000, 60_000, 50_000),
        ] {
            assert_eq!((udp_service_port(from, to), udp_service_port(to, from)), (expected, expected), "{from} {to}");
        }
    }

    #[test]
    fn dtls_and_stun_are_told_from_coap() {
        assert!(is_dtls_record(&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]));
        assert!(!is_dtls_record(&[22, 0xfe, 0xfd]));
        assert!(!is_dtls_record(&[0x40, 1, 0, 1]));
        assert!(!is_dtls_record(&[0x14, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        for (cut, secure, expected) in [
            (&[23, 0xfe, 0xfd, 0, 1][..], false, true),
            (&[23, 0xfe], true, true),
            (&[23, 0xfe], false, false),
            (&[23, 1], true, false),
            (&[0x2f, 1, 2], true, true),
            (&[0x2f, 1, 2], false, false),
            (&[], true, false),
        ] {
            assert_eq!(begins_dtls(cut, secure), expected, "{cut:02x?}");
        }
        assert!(begins_stun(&[0, 1, 0, 0, 0x21]) && !begins_stun(&[0, 1, 0, 0]) && !begins_stun(&[0, 1, 0, 0, 0x22]));
        assert!(is_stun(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 7]));
        assert!(!is_stun(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43]) && !is_stun(&[0x40, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]));
        let record = |head: &[u8], length: usize| [head, &vec![0xa5; length]].concat();
        for (expected, bytes) in [
            (true, record(&[0x2f, 0, 1, 0, 0x20], 32)),
            (true, record(&[0x24, 1, 0, 16], 16)),
            (true, record(&[0x3f, 1, 2, 3, 0, 1, 0, 0x20], 32)),
            (true, [record(&[0x2f, 0, 1, 0, 0x20], 32), record(&[0x2e, 0, 2, 0, 17], 17)].concat()),
            (false, record(&[0x2f, 0, 1, 0, 0x20], 33)),
            (false, record(&[0x2f, 0, 1, 0, 0x20], 31)),
            (false, record(&[0x2b, 0, 1, 0, 0x20], 32)),
            (false, record(&[0x2f, 0, 1, 0, 15], 15)),
            (false, record(&[0x6f, 0, 1, 0, 0x20], 32)),
            (false, vec![]),
        ] {
            assert_eq!(are_encrypted_dtls13_records(&bytes), expected, "{bytes:02x?}");
        }
    }
}
