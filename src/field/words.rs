//! The words that fields have for what the tracker says.

use std::sync::LazyLock;

use crate::coap::{RULES, Severity};
use crate::tracking::{AnswerKind, ExchangeState, ObservationEnd, ObserveOrder, Role};

/// Makes a list of words, and the function that finds the word of a value. A value without a word does not compile.
macro_rules! words {
    ($($(#[$doc:meta])* $list:ident $function:ident $kind:ident { $($value:ident $word:literal)* })*) => {$(
        /// All the words.
        pub(super) const $list: &[&str] = &[$($word),*];

        $(#[$doc])*
        pub const fn $function(value: $kind) -> &'static str {
            match value {
                $($kind::$value => $word,)*
            }
        }
    )*};
}

words! {
    /// The word for a severity.
    SEVERITIES severity Severity { Chat "chat" Note "note" Warn "warn" Error "error" }
    /// The word for the part that a message plays.
    ROLES role Role {
        Other "other" Request "request" Registration "registration" Deregistration "deregistration"
        PiggybackedResponse "piggybacked-response" SeparateResponse "separate-response" NonResponse "non-response"
        Notification "notification" EmptyAck "empty-ack" Reset "reset" Ping "ping" Pong "pong"
    }
    /// The word for the state of an exchange.
    STATES state ExchangeState {
        Open "open" Acknowledged "acknowledged" Answered "answered" Observing "observing" Reset "reset"
        TimedOut "timed-out" Unreachable "unreachable" Evicted "evicted"
    }
    /// The word for how an exchange was answered.
    ANSWERS answer AnswerKind { None "none" Piggybacked "piggybacked" Separate "separate" Non "non" Reset "reset" }
    /// The word for how an observation ended.
    ENDS end ObservationEnd {
        Open "open" Deregistered "deregistered" Reset "reset" Error "error" NoObserve "no-observe" TimedOut "timed-out"
        Replaced "replaced" Unreachable "unreachable"
    }
    /// The word for how a notification stands to the freshest before it.
    ORDERS order ObserveOrder {
        None "none" First "first" Next "next" Gap "gap" NewerByTime "newer-by-time" Stale "stale" Same "same"
    }
}

/// Identifiers of all findings.
pub(super) fn rules() -> &'static [&'static str] {
    static IDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| RULES.iter().map(|rule| rule.row().id).collect());
    &IDS
}
