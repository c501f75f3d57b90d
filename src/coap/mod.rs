//! What CoAP is: its facts as tables, and a decoder that keeps what it understood and says where it stopped.
#![deny(clippy::indexing_slicing)]

mod check;
pub mod code;
pub mod content_format;
pub mod draft;
pub mod escape;
pub mod fields;
pub mod finding;
pub mod message;
pub mod message_type;
pub mod option;
pub mod parameters;
pub mod rules;
pub mod span;
mod walk;

pub use code::{CODES, Code, CodeKind, CodeRow, PayloadUse};
pub use content_format::{CONTENT_FORMATS, ContentFormat, ContentFormatRow};
pub use fields::{Field, fields};
pub use finding::{Finding, RaisedBy, RuleRow, Severity};
pub use message::{DecodeMode, Header, Message, Options, Stop};
pub use message_type::MessageType;
pub use option::{
    Block, Direction, OPTIONS, OptionDefinition, OptionFormat, OptionInstance, OptionNumber,
    OptionValue, Oscore,
};
pub use parameters::Parameters;
pub use rules::{RULES, Rule};
pub use span::Span;
