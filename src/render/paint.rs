//! Colours of printed text, by meaning. Sixteen colours only, and never one that carries a meaning which the letters lack.

use crate::coap::Severity;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// As it is.
    Plain,
    /// The name of a layer, a heading.
    Heading,
    /// Less important: references, bytes beside their meaning.
    Faint,
    /// An error.
    Error,
    /// A warning.
    Warn,
    /// A note, a repeat.
    Note,
    /// Success.
    Good,
}

impl Ink {
    /// The ink of a severity.
    pub const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warn => Self::Warn,
            Severity::Note => Self::Note,
            Severity::Chat => Self::Faint,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Heading => "1",
            Self::Faint => "2",
            Self::Error => "1;31",
            Self::Warn => "33",
            Self::Note => "36",
            Self::Good => "32",
        }
    }
}

/// Whether colours are used at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// The text in this ink.
    pub fn paint(self, ink: Ink, text: &str) -> String {
        if !self.0 || ink == Ink::Plain || text.trim().is_empty() {
            text.to_owned()
        } else {
            format!("\x1b[{}m{text}\x1b[0m", ink.code())
        }
    }
}
