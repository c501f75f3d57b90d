//! What the screen was opened on, as the user named it.

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Savefiles.
    Files {
        /// Their names.
        names: Vec<String>,
        /// At their end more is waited for (`--follow`).
        follow: bool,
    },
    /// Standard input, which may still grow.
    StandardInput,
    /// The capture that comes with the program.
    BuiltIn {
        /// The line that would open the first interface.
        live: String,
        /// Standard input is a file or a pipe, which nobody asked to read.
        unread: bool,
    },
    /// An interface.
    Live {
        /// Its name.
        interface: String,
        /// The kernel filter.
        filter: String,
        /// The user chose that (`-f`).
        own_filter: bool,
        /// With what rights: one line.
        rights: String,
        /// The file that every frame is written to (`-w`).
        saved_to: Option<String>,
        /// It carries only what this machine sends and receives, and multicast (Wi-Fi).
        wireless: bool,
    },
}

impl Opening {
    /// An interface is open.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// New messages may come.
    pub const fn grows(&self) -> bool {
        matches!(self, Self::Live { .. } | Self::StandardInput | Self::Files { follow: true, .. })
    }

    /// The newest message is selected as long as the user does not move.
    pub const fn is_followed(&self) -> bool {
        matches!(self, Self::Live { .. } | Self::Files { follow: true, .. })
    }

    /// What the user is told at first.
    pub fn notice(&self) -> Option<String> {
        let unread = matches!(self, Self::BuiltIn { unread: true, .. });
        unread.then(|| "standard input is not read: `coapscope -` reads it; this is the built-in lab session".into())
    }

    /// Ending loses what was captured.
    pub const fn would_lose(&self) -> bool {
        matches!(self, Self::Live { saved_to: None, .. })
    }

    /// The same where there is little room.
    pub fn short_title(&self) -> String {
        match self {
            Self::BuiltIn { .. } => "built-in lab".into(),
            _ => self.title(),
        }
    }

    /// Its name for the title.
    pub fn title(&self) -> String {
        match self {
            Self::Files { names, .. } => match names.as_slice() {
                [name] => file_name(name).to_owned(),
                names => format!("{} files", names.len()),
            },
            Self::StandardInput => "standard input".into(),
            Self::BuiltIn { .. } => "built-in lab session".into(),
            Self::Live { interface, .. } => interface.clone(),
        }
    }
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(path)
}
