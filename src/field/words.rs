//! The words that the values of fields are: what the tracker says, and names of types, codes, formats and findings from their tables.

use std::sync::LazyLock;

use super::coap::media_type;
use crate::coap::{CODES, CONTENT_FORMATS, Code, CodeKind, DecodeMode, MessageType, OPTIONS, RULES, Severity};
use crate::store::Store;
use crate::store::spared::is_spared;
use crate::tracking::{AnswerKind, ExchangeRow, ExchangeState, ObservationEnd, ObserveOrder, Role};

/// The words that the values of a field are.
#[derive(Clone, Copy, Debug)]
pub enum Words {
    /// Any text, or no text at all.
    Any,
    /// One of these.
    OneOf(fn() -> &'static [&'static str]),
    /// One of these, from little to much.
    Ranked(&'static [&'static str]),
    /// One of these as a rule, and what else is said to be one.
    Among(fn() -> &'static [&'static str], fn(&str) -> bool),
    /// They are numbers, in whose place a name may stand: the names, and the number of what is written.
    Names(fn() -> &'static [&'static str], fn(&str) -> Option<u64>),
    /// The same, where each name stands for the number at its place.
    Numbers(&'static [&'static str], &'static [u64]),
}

impl Words {
    /// All words that are known.
    pub fn list(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Any => None,
            Self::OneOf(words) | Self::Among(words, _) | Self::Names(words, _) => Some(words()),
            Self::Ranked(words) | Self::Numbers(words, _) => Some(words),
        }
    }

    /// Whether a value can be this text.
    pub fn allows(self, text: &str) -> bool {
        match self {
            Self::Any | Self::Names(..) | Self::Numbers(..) => true,
            Self::OneOf(words) => words().contains(&text),
            Self::Ranked(words) => words.contains(&text),
            Self::Among(words, others) => words().contains(&text) || others(text),
        }
    }

    /// The number that a name stands for.
    pub fn number(self, name: &str) -> Option<u64> {
        match self {
            Self::Names(_, number) => number(name),
            Self::Numbers(names, numbers) => {
                let place = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
                numbers.get(place).copied()
            }
            _ => None,
        }
    }

    /// Whether a name may stand for a number.
    pub const fn has_numbers(self) -> bool {
        matches!(self, Self::Names(..) | Self::Numbers(..))
    }

    /// Letters of types.
    pub(super) const TYPES: Self = Self::OneOf(|| &TYPES);
    /// Types as numbers.
    pub(super) const TYPE_NUMBERS: Self = Self::Names(|| &TYPES, type_number);
    /// Codes as the RFCs write them.
    pub(super) const CODES: Self = Self::Among(|| &DOTTED, begins_with_digit);
    /// Codes as numbers.
    pub(super) const CODE_NUMBERS: Self = Self::Names(|| &NAMES, code_number);
    /// Names of codes.
    pub(super) const CODE_NAMES: Self = Self::OneOf(|| &NAMES);
    /// Names of methods; those without a name are written as codes.
    pub(super) const METHODS: Self = Self::Among(|| &METHODS, begins_with_digit);
    /// Content-Formats by their media types.
    pub(super) const FORMATS: Self = Self::Among(|| &FORMATS, |text| text.starts_with("Unknown Type "));
    /// Content-Formats as numbers.
    pub(super) const FORMAT_NUMBERS: Self = Self::Names(|| &FORMATS, format_number);
    /// Options as numbers.
    pub(super) const OPTION_NUMBERS: Self = Self::Names(|| &OPTION_NAMES, option_number);
    /// Documents by which messages are read.
    pub(super) const READINGS: Self = Self::OneOf(|| &READINGS);
    /// Identifiers of findings.
    pub(super) const FINDINGS: Self = Self::OneOf(|| &FINDINGS);
}

/// Abbreviations of the types.
static TYPES: LazyLock<Vec<&str>> =
    LazyLock::new(|| (0..4).map(|bits| MessageType::from_bits(bits).abbreviation()).collect());
/// Names of all codes.
static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| CODES.iter().map(|row| row.name).collect());
/// Names of all methods.
static METHODS: LazyLock<Vec<&str>> =
    LazyLock::new(|| CODES.iter().filter(|row| row.code.kind() == CodeKind::Request).map(|row| row.name).collect());
/// All codes as class and detail.
static DOTTED: LazyLock<Vec<&str>> =
    LazyLock::new(|| CODES.iter().map(|row| &*Box::leak(row.code.to_string().into_boxed_str())).collect());
/// Media types of all Content-Formats.
static FORMATS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let names = CONTENT_FORMATS.iter().filter_map(|row| media_type(row.number.into()));
    names.map(|name| &*Box::leak(name.into_boxed_str())).collect()
});
/// Names of the options that stand for one number.
static OPTION_NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    OPTIONS.iter().filter(|row| row.number == row.last && !row.name.starts_with('(')).map(|row| row.name).collect()
});
/// Names of all readings.
static READINGS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut names: Vec<&str> = DecodeMode::ALL.iter().map(|mode| mode.name()).collect();
    names.dedup();
    names
});
/// Identifiers of all findings.
static FINDINGS: LazyLock<Vec<&str>> = LazyLock::new(|| RULES.iter().map(|rule| rule.row().id).collect());

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn type_number(text: &str) -> Option<u64> {
    let is_it =
        |kind: MessageType| [kind.abbreviation(), kind.name()].iter().any(|name| text.eq_ignore_ascii_case(name));
    (0..4).find(|bits| is_it(MessageType::from_bits(*bits))).map(u64::from)
}

fn code_number(text: &str) -> Option<u64> {
    // As Wireshark has it.
    let text = if text.eq_ignore_ascii_case("Empty Message") { "Empty" } else { text };
    let is_it = |code: Code| {
        let name = code.name().unwrap_or_default();
        let dotted = code.to_string();
        text == dotted
            || !name.is_empty()
                && (text.eq_ignore_ascii_case(name) || text.eq_ignore_ascii_case(&format!("{dotted} {name}")))
    };
    (0..=255).find(|byte| is_it(Code(*byte))).map(u64::from)
}

fn format_number(text: &str) -> Option<u64> {
    let mut numbers = CONTENT_FORMATS.iter().map(|row| u64::from(row.number));
    numbers.find(|number| media_type(*number).is_some_and(|name| text.eq_ignore_ascii_case(&name)))
}

fn option_number(text: &str) -> Option<u64> {
    OPTIONS
        .iter()
        .find(|row| row.number == row.last && text.eq_ignore_ascii_case(row.name))
        .map(|row| row.number.0.into())
}

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
        TimedOut "timed-out" Unreachable "unreachable" Evicted "evicted" Observed "observed"
    }
    /// The word for how an exchange was answered.
    ANSWERS answer AnswerKind { None "none" Piggybacked "piggybacked" Separate "separate" Non "non" Reset "reset" }
    /// The word for how an observation ended.
    ENDS end ObservationEnd {
        Open "open" Deregistered "deregistered" Reset "reset" Error "error" NoObserve "no-observe" TimedOut "timed-out"
        Replaced "replaced" Unreachable "unreachable" Evicted "evicted"
    }
    /// The word for how a notification stands to the freshest before it.
    ORDERS order ObserveOrder {
        None "none" First "first" Next "next" Gap "gap" NewerByTime "newer-by-time" Stale "stale" Same "same" Newer "newer"
    }
}

/// No response came, and none is owed.
const SPARED: &str = "spared";

/// All the words for how an exchange stands.
pub(super) const STANDINGS: [&str; STATES.len() + 1] = {
    let mut all = [SPARED; STATES.len() + 1];
    let mut at = 0;
    while at < STATES.len() {
        all[at] = STATES[at];
        at += 1;
    }
    all
};

/// The word for how an exchange stands: for its state, or that its request asked to be spared the response that has not come.
pub fn exchange_state(store: &Store, row: &ExchangeRow) -> &'static str {
    if is_spared(store, row) { SPARED } else { state(row.state) }
}

#[cfg(test)]
mod tests {
    use crate::field;

    #[test]
    fn numbers_have_names() {
        for (name, text, expected) in [
            ("coap.code", "GET", Some(1)),
            ("coap.code", "2.05", Some(69)),
            ("coap.code", "Content", Some(69)),
            ("coap.code", "2.05 Content", Some(69)),
            ("coap.type", "con", Some(0)),
            ("coap.type", "Acknowledgement", Some(2)),
            ("coap.code", "GOT", None),
            ("coap.mid", "GET", None),
            ("coapscope.content_format", "application/JSON", Some(50)),
            ("coapscope.accept", "application/json, coding deflate", Some(11050)),
            ("coapscope.option", "uri-path", Some(11)),
            ("coap.code", "Empty Message", Some(0)),
            ("coap.type", "Non-Confirmable", Some(1)),
            ("coap.opt.observe", "deregister", Some(1)),
            ("ipv6.nxt", "udp", Some(17)),
            ("ip.flags.df", "Not set", Some(0)),
        ] {
            assert_eq!(field::get(name).unwrap().words.number(text), expected, "{name} {text}");
        }
    }

    #[test]
    fn what_fields_say_is_among_their_words() {
        for field in field::FIELDS.iter() {
            for word in field.words.list().unwrap_or_default() {
                assert!(field.words.allows(word), "{} {word}", field.name);
                let number = matches!(field.kind, field::Kind::Unsigned | field::Kind::Boolean);
                assert_eq!(field.words.number(word).is_some(), number, "{} {word}", field.name);
            }
        }
    }
}
