//! Colours and signs. Sixteen named colours at most, none of them bright black; every colour goes with a letter or a sign.

use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};

use crate::coap::{Code, MessageType, Severity, escape};

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Colours are wanted; else bold and reverse say it.
    pub colour: bool,
    /// Signs beyond ASCII can be shown.
    pub unicode: bool,
}

/// Signs that the screen draws.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    /// A horizontal rule.
    pub rule: &'static str,
    /// A vertical rule.
    pub wall: &'static str,
    /// Something was cut off.
    pub more: char,
    /// The selected row.
    pub cursor: &'static str,
    /// In the flow, of the exchange of the selected message.
    pub of_it: &'static str,
    /// A folded node.
    pub folded: &'static str,
    /// An unfolded node.
    pub unfolded: &'static str,
}

const UNICODE: Signs = Signs {
    rule: "\u{2500}",
    wall: "\u{2502}",
    more: '\u{2026}',
    cursor: "\u{25b6}",
    of_it: "\u{2022}",
    folded: "\u{25b8}",
    unfolded: "\u{25be}",
};
const ASCII: Signs = Signs { rule: "-", wall: "|", more: '~', cursor: ">", of_it: "*", folded: "+", unfolded: "-" };

impl Theme {
    /// The signs.
    pub const fn signs(self) -> &'static Signs {
        if self.unicode { &UNICODE } else { &ASCII }
    }

    /// A text with the characters that can be shown.
    pub fn shown(self, text: &str) -> Cow<'_, str> {
        if self.unicode { Cow::Borrowed(text) } else { escape::ascii(text) }
    }

    /// The same, in its place.
    pub fn show(self, text: &mut String) {
        if let Cow::Owned(shown) = self.shown(text) {
            *text = shown;
        }
    }

    fn fg(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// Title and last line.
    pub fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Head of a column, a heading.
    pub fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A rule between panes; that of the pane with the focus stands out.
    pub fn rule(self, focused: bool) -> Style {
        if focused { self.fg(Color::Cyan).add_modifier(Modifier::BOLD) } else { Style::new() }
    }

    /// A selected row.
    pub fn selected(self, focused: bool) -> Style {
        if focused { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new().add_modifier(Modifier::BOLD) }
    }

    /// Bytes of the selected field.
    pub fn marked(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// The letter of a message that the user marked.
    pub fn letter(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// A severity.
    pub fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.fg(Color::Red).add_modifier(Modifier::BOLD),
            Severity::Warn => self.fg(Color::Magenta).add_modifier(Modifier::BOLD),
            Severity::Note => self.fg(Color::Magenta),
            Severity::Chat => Style::new(),
        }
    }

    /// A retransmission or another repeat.
    pub fn repeat(self) -> Style {
        self.fg(Color::Magenta)
    }

    /// Something about an observation.
    pub fn observe(self) -> Style {
        self.fg(Color::Cyan)
    }

    /// A message type.
    pub fn message_type(self, message_type: MessageType) -> Style {
        match message_type {
            MessageType::Confirmable => Style::new().add_modifier(Modifier::BOLD),
            MessageType::Reset => self.fg(Color::Red).add_modifier(Modifier::BOLD),
            MessageType::NonConfirmable | MessageType::Acknowledgement => Style::new(),
        }
    }

    /// A code.
    pub fn code(self, code: Code) -> Style {
        match code.class() {
            0 if code.is_request() => self.fg(Color::Cyan),
            2 => self.fg(Color::Green),
            4 | 5 => self.fg(Color::Red),
            _ => Style::new(),
        }
    }

    /// What is typed is right, or wrong.
    pub fn verdict(self, good: bool) -> Style {
        if good { self.fg(Color::Green) } else { self.fg(Color::Red).add_modifier(Modifier::BOLD) }
    }

    /// Words that matter less. Never a darker colour: what is dim on one terminal is gone on another.
    pub fn quiet(self) -> Style {
        Style::new()
    }

    /// A key that may be pressed.
    pub fn key(self) -> Style {
        self.heading()
    }
}
