//! The four types of messages (RFC 7252 section 4).

/// Type field T of the header (RFC 7252 section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum MessageType {
    /// Wants an Acknowledgement or a Reset.
    #[default]
    Confirmable = 0,
    /// Wants neither.
    NonConfirmable = 1,
    /// Acknowledges a Confirmable message, and may carry the response.
    Acknowledgement = 2,
    /// Rejects a message.
    Reset = 3,
}

impl MessageType {
    /// The type of the two low bits of `bits`.
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Confirmable,
            1 => Self::NonConfirmable,
            2 => Self::Acknowledgement,
            _ => Self::Reset,
        }
    }

    /// `CON`, `NON`, `ACK` or `RST`.
    pub const fn abbreviation(self) -> &'static str {
        match self {
            Self::Confirmable => "CON",
            Self::NonConfirmable => "NON",
            Self::Acknowledgement => "ACK",
            Self::Reset => "RST",
        }
    }

    /// The RFC's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmable => "Confirmable",
            Self::NonConfirmable => "Non-confirmable",
            Self::Acknowledgement => "Acknowledgement",
            Self::Reset => "Reset",
        }
    }
}

impl std::fmt::Display for MessageType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.abbreviation())
    }
}
