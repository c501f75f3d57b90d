//! What CoAP is: its facts as tables, and a decoder that keeps what it understood and says where it stopped.

pub mod finding;
pub mod span;

pub use finding::{Finding, RaisedBy, Rule, RuleRow, Severity};
pub use span::Span;
