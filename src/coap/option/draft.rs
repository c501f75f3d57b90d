//! The option numbers of the drafts before RFC 7252, as software from 2010 to 2012 still sends them.

use super::OptionNumber;
use super::registry::{Direction, OptionDefinition, OptionFormat, OptionStatus, OscoreClass, Repeatable, definitions};
use crate::coap::DecodeMode;

definitions! {
    /// Options of drafts -01 to -03.
    DRAFT_03:
    1..1 "Content-Type" ContentFormat 0 2 Never Both Unknown Draft "" "draft-ietf-core-coap-03" "Format of the payload; Content-Format today."
    2..2 "Max-Age" Uint 0 4 Never Response Unknown Draft "" "draft-ietf-core-coap-03" "For how many seconds the response stays fresh."
    3..3 "Uri-Scheme" String 1 270 Never Request Unknown Draft "" "draft-ietf-core-coap-03" "Scheme of the URI, dropped later."
    4..4 "ETag" Opaque 1 8 Always Both Unknown Draft "" "draft-ietf-core-coap-03" "Names one version of a representation."
    5..5 "Uri-Authority" String 1 270 Never Request Unknown Draft "" "draft-ietf-core-coap-03" "Host of the URI; Uri-Host today."
    6..6 "Location-Path" String 0 270 Always Response Unknown Draft "" "draft-ietf-core-coap-03" "The path at which the new resource lies."
    9..9 "Uri-Path" String 0 270 Always Request Unknown Draft "" "draft-ietf-core-coap-03" "The path of the resource, or one segment of it."
    10..10 "Subscription-Lifetime" Uint 0 4 Never Both Unknown Draft "" "draft-ietf-core-coap-03" "Registers for notifications; Observe today."
    11..11 "Token" Opaque 1 8 Never Both Unknown Draft "" "draft-ietf-core-coap-03" "The token, an ordinary option in the drafts."
    13..13 "Block" Block 0 3 Never Both Unknown Draft "" "draft-ietf-core-coap-03" "Which block of the body this is."
    14..14 "(Fencepost)" Empty 0 0 Never Both Unknown Draft "" "draft-ietf-core-coap-03" "An empty option that keeps the next delta small enough for its nibble."
    15..15 "Uri-Query" String 0 270 Always Request Unknown Draft "" "draft-ietf-core-coap-03" "The query of the URI, or one argument of it."
    28..28 "(Fencepost)" Empty 0 0 Never Both Unknown Draft "" "draft-ietf-core-coap-03" "An empty option that keeps the next delta small enough for its nibble."
}

definitions! {
    /// Options of drafts -04 to -11.
    DRAFT_08:
    1..1 "Content-Type" ContentFormat 0 2 Never Both Unknown Draft "" "draft-ietf-core-coap-08" "Format of the payload; Content-Format today."
    2..2 "Max-Age" Uint 0 4 Never Response Unknown Draft "" "draft-ietf-core-coap-08" "For how many seconds the response stays fresh."
    3..3 "Proxy-Uri" String 1 270 Always Request Unknown Draft "" "draft-ietf-core-coap-08" "The complete URI that a proxy is to request."
    4..4 "ETag" Opaque 1 8 Always Both Unknown Draft "" "draft-ietf-core-coap-08" "Names one version of a representation."
    5..5 "Uri-Host" String 1 270 Never Request Unknown Draft "" "draft-ietf-core-coap-08" "Host of the resource."
    6..6 "Location-Path" String 0 270 Always Response Unknown Draft "" "draft-ietf-core-coap-08" "The path at which the new resource lies."
    7..7 "Uri-Port" Uint 0 2 Never Request Unknown Draft "" "draft-ietf-core-coap-08" "Port of the resource."
    8..8 "Location-Query" String 0 270 Always Response Unknown Draft "" "draft-ietf-core-coap-08" "The query at which the new resource lies."
    9..9 "Uri-Path" String 0 270 Always Request Unknown Draft "" "draft-ietf-core-coap-08" "The path of the resource, or one segment of it."
    10..10 "Observe" Uint 0 4 Never Both Unknown Draft "" "draft-ietf-core-coap-08" "Registers for notifications, or numbers them."
    11..11 "Token" Opaque 1 8 Never Both Unknown Draft "" "draft-ietf-core-coap-08" "The token, an ordinary option in the drafts."
    12..12 "Accept" ContentFormat 0 2 Always Request Unknown Draft "" "draft-ietf-core-coap-08" "The formats that the client accepts."
    13..13 "If-Match" Opaque 0 8 Always Request Unknown Draft "" "draft-ietf-core-coap-08" "Act only if the resource still has one of these ETags."
    14..14 "(Fencepost)" Empty 0 0 Never Both Unknown Draft "" "draft-ietf-core-coap-08" "An empty option that keeps the next delta small enough for its nibble."
    15..15 "Uri-Query" String 0 270 Always Request Unknown Draft "" "draft-ietf-core-coap-08" "The query of the URI, or one argument of it."
    17..17 "Block2" Block 0 3 Never Both Unknown Draft "" "draft-ietf-core-coap-08" "Which block of the response body this is."
    19..19 "Block1" Block 0 3 Never Both Unknown Draft "" "draft-ietf-core-coap-08" "Which block of the request body this is."
    21..21 "If-None-Match" Empty 0 0 Never Request Unknown Draft "" "draft-ietf-core-coap-08" "Act only if the resource does not exist yet."
    28..28 "(Fencepost)" Empty 0 0 Never Both Unknown Draft "" "draft-ietf-core-coap-08" "An empty option that keeps the next delta small enough for its nibble."
}

definitions! {
    /// Options of draft -12.
    DRAFT_12:
    1..1 "If-Match" Opaque 0 8 Always Request Unknown Draft "" "draft-ietf-core-coap-12" "Act only if the resource still has one of these ETags."
    3..3 "Uri-Host" String 1 270 Never Request Unknown Draft "" "draft-ietf-core-coap-12" "Host of the resource."
    4..4 "ETag" Opaque 1 8 Always Both Unknown Draft "" "draft-ietf-core-coap-12" "Names one version of a representation."
    5..5 "If-None-Match" Empty 0 0 Never Request Unknown Draft "" "draft-ietf-core-coap-12" "Act only if the resource does not exist yet."
    6..6 "Observe" Uint 0 4 Never Both Unknown Draft "" "draft-ietf-core-coap-12" "Registers for notifications, or numbers them."
    7..7 "Uri-Port" Uint 0 2 Never Request Unknown Draft "" "draft-ietf-core-coap-12" "Port of the resource."
    8..8 "Location-Path" String 0 270 Always Response Unknown Draft "" "draft-ietf-core-coap-12" "The path at which the new resource lies."
    11..11 "Uri-Path" String 0 270 Always Request Unknown Draft "" "draft-ietf-core-coap-12" "The path of the resource, or one segment of it."
    12..12 "Content-Type" ContentFormat 0 2 Never Both Unknown Draft "" "draft-ietf-core-coap-12" "Format of the payload; Content-Format today."
    14..14 "Max-Age" Uint 0 4 Never Response Unknown Draft "" "draft-ietf-core-coap-12" "For how many seconds the response stays fresh."
    15..15 "Uri-Query" String 0 270 Always Request Unknown Draft "" "draft-ietf-core-coap-12" "The query of the URI, or one argument of it."
    16..16 "Accept" ContentFormat 0 2 Always Request Unknown Draft "" "draft-ietf-core-coap-12" "The formats that the client accepts."
    19..19 "Token" Opaque 1 8 Never Both Unknown Draft "" "draft-ietf-core-coap-12" "The token, an ordinary option in the drafts."
    20..20 "Location-Query" String 0 270 Always Response Unknown Draft "" "draft-ietf-core-coap-12" "The query at which the new resource lies."
    23..23 "Block2" Block 0 3 Never Both Unknown Draft "" "draft-ietf-core-coap-12" "Which block of the response body this is."
    27..27 "Block1" Block 0 3 Never Both Unknown Draft "" "draft-ietf-core-coap-12" "Which block of the request body this is."
    35..35 "Proxy-Uri" String 1 270 Always Request Unknown Draft "" "draft-ietf-core-coap-12" "The complete URI that a proxy is to request."
}

/// The numbers of DRAFT_03 and what they are today.
static DRAFT_03_MODERN: &[(u16, u16)] =
    &[(1, 12), (2, 14), (4, 4), (5, 3), (6, 8), (9, 11), (10, 6), (13, 23), (15, 15)];

/// The numbers of DRAFT_08 and what they are today.
static DRAFT_08_MODERN: &[(u16, u16)] = &[
    (1, 12),
    (2, 14),
    (3, 35),
    (4, 4),
    (5, 3),
    (6, 8),
    (7, 7),
    (8, 20),
    (9, 11),
    (10, 6),
    (12, 17),
    (13, 1),
    (15, 15),
    (17, 23),
    (19, 27),
    (21, 5),
];

/// The numbers of DRAFT_12 and what they are today.
static DRAFT_12_MODERN: &[(u16, u16)] = &[
    (1, 1),
    (3, 3),
    (4, 4),
    (5, 5),
    (6, 6),
    (7, 7),
    (8, 8),
    (11, 11),
    (12, 12),
    (14, 14),
    (15, 15),
    (16, 17),
    (20, 20),
    (23, 23),
    (27, 27),
    (35, 35),
];

/// The option table of a draft; None for today's.
#[inline]
pub fn table(mode: DecodeMode) -> Option<&'static [OptionDefinition]> {
    match mode {
        DecodeMode::Draft03 => Some(DRAFT_03),
        DecodeMode::Draft08 => Some(DRAFT_08),
        DecodeMode::Draft12 => Some(DRAFT_12),
        DecodeMode::Rfc7252 | DecodeMode::ExtendedTokens | DecodeMode::PlainTokens => None,
    }
}

/// The number of the Token option in a draft.
pub fn token_number(mode: DecodeMode) -> Option<u16> {
    match mode {
        DecodeMode::Draft03 | DecodeMode::Draft08 => Some(11),
        DecodeMode::Draft12 => Some(19),
        DecodeMode::Rfc7252 | DecodeMode::ExtendedTokens | DecodeMode::PlainTokens => None,
    }
}

/// What a number on the wire is today; None where nothing corresponds.
#[inline]
pub fn modern(mode: DecodeMode, number: u16) -> Option<u16> {
    let table = match mode {
        DecodeMode::Rfc7252 | DecodeMode::ExtendedTokens | DecodeMode::PlainTokens => {
            return Some(number);
        }
        DecodeMode::Draft03 => DRAFT_03_MODERN,
        DecodeMode::Draft08 => DRAFT_08_MODERN,
        DecodeMode::Draft12 => DRAFT_12_MODERN,
    };
    table.iter().find(|(old, _)| *old == number).map(|(_, today)| *today)
}
