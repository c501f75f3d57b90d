//! Findings: every complaint coapscope can make, one row each, and the shape of one that was made.

use super::Span;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing, nothing odd. Never stored.
    Chat,
    /// Odd, allowed.
    Note,
    /// Probably a fault.
    Warn,
    /// A violation of the protocol.
    Error,
}

/// Which floor can know a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RaisedBy {
    /// The bytes of the message alone.
    Message,
    /// The message together with its addresses and the frame.
    Frame,
    /// The decoded payload.
    Payload,
    /// The relation to earlier messages.
    Tracking,
    /// A stream or record layer below CoAP.
    Transport,
    /// Decryption.
    Keys,
}

/// What is known of a rule: the row that text, JSON, help and the screen print from.
#[derive(Debug)]
pub struct RuleRow {
    /// Stable identifier, such as `hdr.truncated`.
    pub id: &'static str,
    /// Heading it is listed under.
    pub category: &'static str,
    /// Its usual severity.
    pub severity: Severity,
    /// Which floor raises it.
    pub raised_by: RaisedBy,
    /// Source, such as `RFC 7252 section 3`; `-` where there is none.
    pub reference: &'static str,
    /// One sentence for a learner.
    pub teaching: &'static str,
    /// What is said of the case at hand. `{0}` and `{1}` stand for the finding's numbers, with a kind behind a colon:
    /// `{0:frame}` a record, printed as its frame number; `{1:time}` nanoseconds; `{0:hex}`; plain `{0}` a decimal number.
    pub detail: &'static str,
}

/// A finding that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// The severity here: the rule's own, or less where the capture cannot know.
    pub severity: Severity,
    /// The bits of the CoAP message that it speaks of.
    pub span: Span,
    /// Numbers of the case, see [`RuleRow::detail`].
    pub numbers: [i64; 2],
}

/// A rule. `rule.row()` has what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rule {
    /// Placeholder until the table stands.
    HdrTruncated,
}
