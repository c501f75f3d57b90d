//! What CoAP is: its facts as tables, and a decoder that keeps what it understood and says where it stopped.
#![deny(clippy::indexing_slicing)]

mod access;
mod cases;
mod check;
pub mod code;
pub mod content_format;
mod decode;
pub mod draft;
pub mod escape;
pub mod fields;
pub mod finding;
pub mod flaw;
pub mod message;
pub mod message_type;
pub mod option;
pub mod parameters;
pub mod rules;
pub mod span;
pub mod uri;
mod walk;

pub use access::Options;
pub use check::UsualMessage;
pub use code::{CODES, Code, CodeKind, CodeRow, PayloadUse};
pub use content_format::{CONTENT_FORMATS, ContentFormat, ContentFormatRow};
pub use escape::bytes as escape;
pub use fields::{Field, count, fields};
pub use finding::{Copies, Finding, NO_RECORD, RaisedBy, RuleRow, Severity, UNKNOWN_TIME};
pub(crate) use finding::{NO_CHECKSUM, THREAD_PATH, THREAD_TLVS};
pub use message::{DecodeMode, Header, Message, Stop, TokenPolicy};
pub use message_type::MessageType;
pub use option::{
    Block, Direction, OPTIONS, OptionDefinition, OptionFormat, OptionInstance, OptionNumber, OptionStatus, OptionValue,
    Oscore, OscoreClass, OscoreDefect, Repeatable,
};
pub use parameters::Parameters;
pub use rules::{RULES, Rule};
pub use span::Span;

/// Whether a datagram looks like CoAP, to be asked of ports that are not CoAP's: version 1, a plain token, a code in use, options that
/// parse to the end, and no error (RFC 7252 section 3). Short of an Empty message it proves little.
pub fn looks_like_coap(bytes: &[u8]) -> bool {
    Message::decode_as(bytes, DecodeMode::PlainTokens).is_without_errors()
}
