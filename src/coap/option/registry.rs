//! OPTIONS: one row for every option that is registered, reserved, drafted, or met without registration (RFC 7252 section 12.2).

use super::OptionNumber;

/// What the value of an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionFormat {
    /// No value.
    Empty,
    /// Bytes.
    Opaque,
    /// Unsigned integer, big-endian, in as few bytes as it needs.
    Uint,
    /// UTF-8 text.
    String,
    /// A uint that names a Content-Format.
    ContentFormat,
    /// A uint made of NUM, M and SZX (RFC 7959 section 2.2).
    Block,
    /// Bytes with the structure of RFC 8613 section 6.1.
    Oscore,
    /// Not known.
    Unknown,
}

impl OptionFormat {
    /// The RFC's word for the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Opaque | Self::Oscore => "opaque",
            Self::Uint | Self::ContentFormat | Self::Block => "uint",
            Self::String => "string",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the value is a number.
    pub const fn is_uint(self) -> bool {
        matches!(self, Self::Uint | Self::ContentFormat | Self::Block)
    }
}

/// Whether an option may occur more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeatable {
    /// Once at most.
    Never,
    /// Any number of times.
    Always,
    /// Any number of times in a request, once in a response.
    InRequests,
    /// Not known.
    Unknown,
}

/// The messages that an option is defined for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Requests and responses.
    Both,
    /// Requests.
    Request,
    /// Responses.
    Response,
    /// GET and FETCH, and responses.
    ReadOrResponse,
    /// Not known.
    Unknown,
}

/// What OSCORE does with an option (RFC 8613 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OscoreClass {
    /// Class E: encrypted.
    Inner,
    /// Class U: outside, for proxies.
    Outer,
    /// An inner and an outer one may exist.
    Both,
    /// Not said; an option that is not known counts as inner.
    Unknown,
}

/// Standing of an option number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionStatus {
    /// Registered.
    Assigned,
    /// Kept for later.
    Reserved,
    /// Proposed by an Internet-Draft, not registered.
    Draft,
    /// Met in the wild, not registered.
    Unregistered,
    /// For experiments.
    Experimental,
}

/// What is known of an option.
#[derive(Debug)]
pub struct OptionDefinition {
    /// Its number; whether it is critical, unsafe and part of the cache key follows from that.
    pub number: OptionNumber,
    /// Last number of the row; the same but for the experimental range.
    pub last: OptionNumber,
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub format: OptionFormat,
    /// Shortest value, bytes.
    pub min: u32,
    /// Longest value, bytes.
    pub max: u32,
    /// Whether it may occur more than once.
    pub repeatable: Repeatable,
    /// The messages that it is defined for.
    pub direction: Direction,
    /// What OSCORE does with it.
    pub oscore: OscoreClass,
    /// Standing of the number.
    pub status: OptionStatus,
    /// What its absence means; empty for nothing.
    pub default: &'static str,
    /// Source.
    pub reference: &'static str,
    /// One sentence of explanation.
    pub meaning: &'static str,
}

/// Longest value that the wire can express, for options whose limit is not known.
pub const ANY: u32 = 65_804;

macro_rules! definitions {
    ($(#[$doc:meta])* $table:ident: $($number:literal..$last:literal $name:literal $format:ident $min:tt $max:tt $repeatable:ident $direction:ident $oscore:ident $status:ident $default:literal $reference:literal $meaning:literal)*) => {
        $(#[$doc])*
        pub static $table: &[OptionDefinition] = &[
            $(OptionDefinition {
                number: OptionNumber($number),
                last: OptionNumber($last),
                name: $name,
                format: OptionFormat::$format,
                min: $min,
                max: $max,
                repeatable: Repeatable::$repeatable,
                direction: Direction::$direction,
                oscore: OscoreClass::$oscore,
                status: OptionStatus::$status,
                default: $default,
                reference: $reference,
                meaning: $meaning,
            },)*
        ];
    };
}
pub(super) use definitions;

// number and last number, name, format, shortest and longest value, repeatable, messages, OSCORE class, standing, default, source, meaning
definitions! {
    /// Every option that is known, rising.
    OPTIONS:
    0..0 "(Reserved)" Unknown 0 ANY Unknown Unknown Unknown Reserved "" "RFC 7252 section 12.2" "The number 0 is kept free; only a first option with delta 0 can have it."
    1..1 "If-Match" Opaque 0 8 Always Request Inner Assigned "" "RFC 7252 section 5.10.8.1" "Act only if the resource still has one of these ETags, or, with an empty value, if it exists at all."
    3..3 "Uri-Host" String 1 255 Never Request Outer Assigned "the address that the request is sent to" "RFC 7252 section 5.10.1" "Host of the resource, where several share one address."
    4..4 "ETag" Opaque 1 8 InRequests Both Inner Assigned "" "RFC 7252 section 5.10.6" "Names one version of a representation; a request lists the versions that the client has stored."
    5..5 "If-None-Match" Empty 0 0 Never Request Inner Assigned "" "RFC 7252 section 5.10.8.2" "Act only if the resource does not exist yet."
    6..6 "Observe" Uint 0 3 Never ReadOrResponse Both Assigned "" "RFC 7641 section 2" "A request registers with 0 and deregisters with 1; in a response it numbers the notifications."
    7..7 "Uri-Port" Uint 0 2 Never Request Outer Assigned "the port that the request is sent to" "RFC 7252 section 5.10.1" "Port of the resource, where it is not the one that the request is sent to."
    8..8 "Location-Path" String 0 255 Always Response Inner Assigned "" "RFC 7252 section 5.10.7" "One segment of the path at which the new resource lies."
    9..9 "OSCORE" Oscore 0 255 Never Both Outer Assigned "" "RFC 8613 section 2" "Says that the payload is an OSCORE ciphertext, and with which key and sequence number."
    11..11 "Uri-Path" String 0 255 Always Request Inner Assigned "" "RFC 7252 section 5.10.1" "One segment of the path of the resource."
    12..12 "Content-Format" ContentFormat 0 2 Never Both Inner Assigned "" "RFC 7252 section 5.10.3" "Format of the payload."
    13..13 "Uri-Path-Abbrev" Uint 0 4 Never Request Inner Draft "" "draft-ietf-core-uri-path-abbrev" "A number that stands for a whole well-known path."
    14..14 "Max-Age" Uint 0 4 Never Response Both Assigned "60" "RFC 7252 section 5.10.5" "For how many seconds the response stays fresh, or in 5.03 and 4.29 how long to wait."
    15..15 "Uri-Query" String 0 255 Always Request Inner Assigned "" "RFC 7252 section 5.10.1" "One argument of the query."
    16..16 "Hop-Limit" Uint 1 1 Never Request Unknown Assigned "16, set by the first proxy" "RFC 8768 section 3" "Each proxy takes one off, and forwards the request only if something is left."
    17..17 "Accept" ContentFormat 0 2 Never Request Inner Assigned "" "RFC 7252 section 5.10.4" "The one format that the client wants back."
    19..19 "Q-Block1" Block 0 3 Never Both Both Assigned "" "RFC 9177 section 4" "Which block of the request body this is, in a transfer that does not wait for each block."
    20..20 "Location-Query" String 0 255 Always Response Inner Assigned "" "RFC 7252 section 5.10.7" "One argument of the query at which the new resource lies."
    21..21 "EDHOC" Empty 0 0 Never Request Outer Assigned "" "RFC 9668" "The payload begins with the third message of a key exchange, and the ciphertext follows; a value would be ignored."
    23..23 "Block2" Block 0 3 Never Both Both Assigned "" "RFC 7959 section 2.1" "Which block of the response body this is, or which is wanted."
    27..27 "Block1" Block 0 3 Never Both Both Assigned "" "RFC 7959 section 2.1" "Which block of the request body this is, or which is acknowledged."
    28..28 "Size2" Uint 0 4 Never Both Both Assigned "" "RFC 7959 section 4" "Size of the response body; a request asks for it with 0."
    31..31 "Q-Block2" Block 0 3 InRequests Both Both Assigned "" "RFC 9177 section 4" "Which block of the response body this is, or which are wanted, in a transfer that does not wait for each block."
    35..35 "Proxy-Uri" String 1 1034 Never Request Outer Assigned "" "RFC 7252 section 5.10.2" "The complete URI that a proxy is to request."
    39..39 "Proxy-Scheme" String 1 255 Never Request Outer Assigned "" "RFC 7252 section 5.10.2" "The scheme with which a proxy completes the Uri options."
    60..60 "Size1" Uint 0 4 Never Both Both Assigned "" "RFC 7252 section 5.10.9; RFC 7959 section 4" "Size of the request body, or in 4.13 the largest that the server takes."
    128..128 "(Reserved for Location)" Unknown 0 ANY Unknown Response Unknown Reserved "" "RFC 7252 section 5.10.7" "Kept for further options that say where a new resource lies."
    132..132 "(Reserved for Location)" Unknown 0 ANY Unknown Response Unknown Reserved "" "RFC 7252 section 5.10.7" "Kept for further options that say where a new resource lies."
    136..136 "(Reserved for Location)" Unknown 0 ANY Unknown Response Unknown Reserved "" "RFC 7252 section 5.10.7" "Kept for further options that say where a new resource lies."
    140..140 "(Reserved for Location)" Unknown 0 ANY Unknown Response Unknown Reserved "" "RFC 7252 section 5.10.7" "Kept for further options that say where a new resource lies."
    235..235 "Proxy-Cri" Opaque 1 1023 Never Request Outer Assigned "" "RFC-to-be draft-ietf-core-href" "The complete target of a proxy request, as a URI in CBOR."
    239..239 "Proxy-Scheme-Number" Uint 0 3 Never Request Outer Assigned "" "RFC-to-be draft-ietf-core-href" "The scheme for a proxy, as a number."
    252..252 "Echo" Opaque 1 40 Never Both Both Assigned "" "RFC 9175 section 2.2" "A value that the server hands out and wants back, to see that a request is fresh and its sender reachable."
    258..258 "No-Response" Uint 0 1 Never Request Both Assigned "0" "RFC 7967 section 2" "The classes of responses that the client can do without: 2 for 2.xx, 8 for 4.xx, 16 for 5.xx."
    292..292 "Request-Tag" Opaque 0 8 Always Request Both Assigned "" "RFC 9175 section 3.2" "Keeps the blocks of different request bodies apart."
    548..548 "Request-Hash" Opaque 0 ANY Never Request Unknown Unregistered "" "draft-amsuess-core-cachable-oscore" "Hash of a request, for OSCORE responses that caches can keep."
    2049..2049 "OCF-Accept-Content-Format-Version" Uint 2 2 Unknown Request Unknown Assigned "" "OCF Core" "The version of OCF's content format that the client accepts."
    2053..2053 "OCF-Content-Format-Version" Uint 2 2 Unknown Both Unknown Assigned "" "OCF Core" "The version of OCF's content format in the payload."
    2055..2055 "SCP82-Params" Opaque 0 ANY Unknown Unknown Unknown Assigned "" "GlobalPlatform GPC_SPE_207" "Parameters for managing a secure element."
    2056..2056 "X-Admin-Protocol" String 0 ANY Unknown Unknown Unknown Assigned "" "GSMA SGP.32" "Protocol version of remote SIM provisioning."
    3332..3332 "CoIoT device" String 0 ANY Never Both Unknown Unregistered "" "Shelly CoIoT" "Type, number and version of the device that speaks."
    3412..3412 "CoIoT validity" Uint 0 ANY Never Both Unknown Unregistered "" "Shelly CoIoT" "How long the status is valid."
    3420..3420 "CoIoT serial" Uint 0 ANY Never Both Unknown Unregistered "" "Shelly CoIoT" "Counts the changes of the status."
    65000..65535 "(Experimental)" Unknown 0 ANY Unknown Unknown Unknown Experimental "" "RFC 7252 section 12.2" "For experiments, not for products."
}
