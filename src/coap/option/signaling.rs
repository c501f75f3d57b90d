//! Options of signaling messages: each code has a numbering of its own (RFC 8323 section 5.2).

use super::OptionNumber;
use super::registry::{Direction, OptionDefinition, OptionFormat, OptionStatus, OscoreClass, Repeatable, definitions};
use crate::coap::Code;

definitions! {
    /// Options of 7.01 CSM.
    CSM_OPTIONS:
    2..2 "Max-Message-Size" Uint 0 4 Never Both Inner Assigned "1152" "RFC 8323 section 5.3.1" "The largest message that the sender takes, in bytes."
    4..4 "Block-Wise-Transfer" Empty 0 0 Never Both Inner Assigned "" "RFC 8323 section 5.3.2" "The sender knows block-wise transfer; with more than 1152 bytes a message also BERT."
    6..6 "Extended-Token-Length" Uint 0 3 Never Both Inner Assigned "8" "RFC 8974 section 2.2.1" "The longest token that the sender takes in requests, in bytes."
    9..9 "OSCORE" Oscore 0 255 Never Both Outer Assigned "" "RFC 8613 section 4.3" "The signaling message is protected with OSCORE."
}

definitions! {
    /// Options of 7.02 Ping and 7.03 Pong.
    PING_OPTIONS:
    2..2 "Custody" Empty 0 0 Never Both Inner Assigned "" "RFC 8323 section 5.4.1" "The Pong is to tell that everything before the Ping was processed."
    9..9 "OSCORE" Oscore 0 255 Never Both Outer Assigned "" "RFC 8613 section 4.3" "The signaling message is protected with OSCORE."
}

definitions! {
    /// Options of 7.04 Release.
    RELEASE_OPTIONS:
    2..2 "Alternative-Address" String 1 255 Always Both Inner Assigned "" "RFC 8323 section 5.5" "Where the peer should connect instead."
    4..4 "Hold-Off" Uint 0 3 Never Both Inner Assigned "" "RFC 8323 section 5.5" "How many seconds the peer should wait before it connects again."
    9..9 "OSCORE" Oscore 0 255 Never Both Outer Assigned "" "RFC 8613 section 4.3" "The signaling message is protected with OSCORE."
}

definitions! {
    /// Options of 7.05 Abort.
    ABORT_OPTIONS:
    2..2 "Bad-CSM-Option" Uint 0 2 Never Both Inner Assigned "" "RFC 8323 section 5.6" "Number of the CSM option that could not be processed."
    9..9 "OSCORE" Oscore 0 255 Never Both Outer Assigned "" "RFC 8613 section 4.3" "The signaling message is protected with OSCORE."
}

/// The options of a signaling code; none for codes that are not registered, and for others.
pub fn table(code: Code) -> &'static [OptionDefinition] {
    match code {
        Code::CSM => CSM_OPTIONS,
        Code::PING | Code::PONG => PING_OPTIONS,
        Code::RELEASE => RELEASE_OPTIONS,
        Code::ABORT => ABORT_OPTIONS,
        _ => &[],
    }
}
