//! How a source ended.

/// How the source ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All was read.
    Complete,
    /// It could not be read on: one line that says what, where, why and what to do.
    Failed(String),
    /// The loader met a fault of its own: one line.
    Panicked(String),
}

impl Ended {
    /// Why not all was read, if so.
    pub fn fault(&self) -> Option<&str> {
        match self {
            Self::Complete => None,
            Self::Failed(why) | Self::Panicked(why) => Some(why),
        }
    }
}
