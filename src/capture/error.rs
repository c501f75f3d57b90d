//! Why a capture cannot be read or written: one line each, with the way out.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What went wrong. Displayed in one line: what, which file or interface, why, and what to do.
#[derive(Debug)]
pub enum CaptureError {
    /// The file cannot be opened.
    Open {
        /// Its name.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// The file is a folder.
    Directory {
        /// Its name.
        file: String,
    },
    /// Standard input is a terminal, where keys come from.
    Terminal,
    /// The file has no byte.
    Empty {
        /// Its name.
        file: String,
    },
    /// The file is no capture.
    NotACapture {
        /// Its name.
        file: String,
        /// What it looks like.
        looks_like: &'static str,
    },
    /// The file is compressed in a way that is not read.
    Compressed {
        /// Its name.
        file: String,
        /// How it is compressed.
        method: &'static str,
        /// The command line that unpacks it and reads that; none where what comes through a pipe cannot be unpacked.
        way: Option<String>,
    },
    /// The file is followed, but gzipped.
    FollowedGzip {
        /// Its name.
        file: String,
    },
    /// The file is gzipped, and not one byte of it can be unpacked.
    NotUnpacked {
        /// Its name.
        file: String,
        /// What the decompressor says.
        why: String,
    },
    /// The file ends inside its own header.
    HeaderCut {
        /// Its name.
        file: String,
        /// Bytes it has.
        length: u64,
    },
    /// A version of the format that nobody has defined.
    Version {
        /// Its name.
        file: String,
        /// Major and minor number.
        version: (u16, u16),
    },
    /// A pcapng file whose numbers are in no known order.
    ByteOrder {
        /// Its name.
        file: String,
    },
    /// A read failed.
    Read {
        /// Name of the file.
        file: String,
        /// Where, in bytes.
        offset: u64,
        /// What the system says.
        error: io::Error,
    },
    /// The capture that fills the spool ended by an error of its own.
    Ended {
        /// Name of the interface.
        name: String,
        /// What the capturing thread says.
        error: io::Error,
    },
    /// A frame is not where it was: the file was changed.
    Changed {
        /// Name of the file.
        file: String,
        /// Where, in bytes.
        offset: u64,
    },
    /// A frame is not where it was: the file was followed, and was written anew or replaced since.
    Lost {
        /// Name of the file.
        file: String,
        /// Where, in bytes.
        offset: u64,
    },
    /// A message is no longer in memory, so that its place is not known any more.
    Gone,
    /// The system starts no further thread.
    Thread {
        /// What the system says.
        error: io::Error,
    },
    /// The spool cannot be created or filled.
    Spool {
        /// Its folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A capture cannot be written.
    Write {
        /// Name of the file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { file, error } => {
                let way = match error.kind() {
                    io::ErrorKind::NotFound => "; check its name and folder, or pipe a capture into `-`",
                    io::ErrorKind::PermissionDenied => {
                        "; ask its owner to let you read it (chmod a+r), or read it as one who may (sudo)"
                    }
                    _ if is_too_many_open(error) => MORE_FILES,
                    _ => "",
                };
                write!(f, "{file}: cannot be opened: {error}{way}")
            }
            Self::Directory { file } => {
                write!(f, "{file}: is a folder, not a capture; name a file in it")
            }
            Self::Terminal => f.write_str(
                "standard input: is a terminal, and nobody types a capture; pipe one into it: tcpdump -w - | coapscope -",
            ),
            Self::Empty { file } => {
                write!(
                    f,
                    "{file}: is empty; a capture has at least a header, so the capturing program wrote nothing yet"
                )
            }
            Self::NotACapture { file, looks_like } => {
                write!(f, "{file}: is not a capture but looks like {looks_like}; pcap and pcapng are read, gzipped too")
            }
            Self::Compressed { file, method, way } => {
                write!(f, "{file}: is compressed with {method}, which is not read here; ")?;
                match way {
                    Some(way) => write!(f, "unpack it: {way}"),
                    None => f.write_str("unpack it to a file, and read that"),
                }
            }
            Self::FollowedGzip { file } => {
                write!(
                    f,
                    "{file}: is gzipped, and such a file cannot be followed; read what is there without --follow, or pipe it: tail -c +1 -f {} | coapscope -",
                    typed(file)
                )
            }
            Self::NotUnpacked { file, why } => {
                write!(f, "{file}: is gzipped, and nothing can be unpacked of it ({why}); it is damaged or cut, copy it again")
            }
            Self::HeaderCut { file, length } => {
                write!(
                    f,
                    "{file}: ends after {length} {}, inside the file header; the capturing program was stopped too early",
                    if *length == 1 { "byte" } else { "bytes" }
                )
            }
            Self::Version { file, version: (major, minor) } => {
                write!(
                    f,
                    "{file}: is a capture of version {major}.{minor}, which is not known; save it again with a current tool"
                )
            }
            Self::ByteOrder { file } => {
                write!(f, "{file}: is pcapng, but its byte-order magic at byte 8 is none; the file is damaged, copy it again")
            }
            Self::Read { file, offset, error } => write!(f, "{file}: cannot be read at byte {offset}: {error}"),
            Self::Ended { name, error } => {
                let text = error.to_string();
                let why = text.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
                let why = why.strip_prefix("The ").map_or_else(|| why.to_owned(), |rest| format!("the {rest}"));
                write!(f, "{name}: {why}")
            }
            Self::Changed { file, offset } => {
                write!(f, "{file}: there is no longer a frame at byte {offset}; the file was changed, open it again")
            }
            Self::Lost { file, offset } => {
                write!(f, "{file}: the frame at byte {offset} is lost: the file was written anew or replaced since it was read")
            }
            Self::Gone => f.write_str("this message has left memory, which holds the newest ones; --memory keeps more"),
            Self::Thread { error } => {
                write!(f, "no further thread can be started: {error}; end other programs, or allow more processes or memory (ulimit -u, ulimit -v)")
            }
            Self::Spool { folder, error } => {
                let way =
                    if is_too_many_open(error) { MORE_FILES } else { "; choose another folder with --spool" };
                write!(
                    f,
                    "{}: the working copy of the capture cannot be written there: {error}{way}",
                    folder.display()
                )
            }
            Self::Write { file, error } => write!(f, "{file}: cannot be written: {error}"),
        }
    }
}

/// The name of a file as a shell takes it.
pub(super) fn typed(file: &str) -> Cow<'_, str> {
    if file.starts_with('-') { Cow::Owned(quoted(&format!("./{file}")).into_owned()) } else { quoted(file) }
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+,:@%=".contains(letter);
    match word {
        "" => Cow::Borrowed("''"),
        _ if word.chars().all(is_plain) => Cow::Borrowed(word),
        _ => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

/// What helps where a program has too many files open.
const MORE_FILES: &str = "; allow it more open files (ulimit -n)";

fn is_too_many_open(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::EMFILE as i32)
}

/// Starts a thread with a name.
///
/// # Errors
/// [`CaptureError::Thread`], where the system starts none.
pub(crate) fn start<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<std::thread::JoinHandle<T>, CaptureError> {
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|error| CaptureError::Thread { error })
}

impl std::error::Error for CaptureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open { error, .. }
            | Self::Read { error, .. }
            | Self::Ended { error, .. }
            | Self::Thread { error }
            | Self::Spool { error, .. }
            | Self::Write { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_can_be_typed() {
        for (file, expected) in [
            ("a/b-1.pcap", "a/b-1.pcap"),
            ("größe.pcap", "größe.pcap"),
            ("my file", "'my file'"),
            ("it's", r"'it'\''s'"),
            ("-x", "./-x"),
            ("-x y", "'./-x y'"),
            ("$(rm)", "'$(rm)'"),
        ] {
            assert_eq!(typed(file), expected);
        }
    }

    #[test]
    fn a_capture_that_ended_says_so_once() {
        for (text, expected) in [
            ("d1: The interface disappeared", "d1: the interface disappeared"),
            ("d1: no space; so it is", "d1: no space; so it is"),
            ("no space", "d1: no space"),
        ] {
            let error = CaptureError::Ended { name: "d1".into(), error: io::Error::other(text) };
            assert_eq!(error.to_string(), expected);
        }
    }
}
