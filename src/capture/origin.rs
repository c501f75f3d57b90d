//! What a capture tells of itself, in the headers of its sections (draft-ietf-opsawg-pcapng section 4.1).

/// Comments that are kept of all sections, and bytes of them.
const COMMENTS: usize = 64;
const BYTES: usize = 1 << 20;

/// Where a capture comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Comments on the capture as a whole.
    pub comments: Vec<String>,
    /// The machine that captured it.
    pub hardware: Option<String>,
    /// The operating system of that.
    pub system: Option<String>,
    /// The program that wrote it.
    pub application: Option<String>,
}

impl Origin {
    /// Takes in what another section tells: comments that are new, and what was not told so far.
    pub(super) fn add(&mut self, other: Self) {
        for comment in other.comments {
            let held: usize = self.comments.iter().map(String::len).sum();
            if !self.comments.contains(&comment) && self.comments.len() < COMMENTS && held + comment.len() <= BYTES {
                self.comments.push(comment);
            }
        }
        self.hardware = self.hardware.take().or(other.hardware);
        self.system = self.system.take().or(other.system);
        self.application = self.application.take().or(other.application);
    }
}
