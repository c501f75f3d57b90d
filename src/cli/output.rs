//! Where text leaves the program: standard output and standard error, in the characters that the reader's terminal has.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, BufWriter, StdoutLock, Write};

use crate::coap::escape;

/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 16;

/// The locale's characters are UTF-8. The first of the three variables that is set decides, as in the C library.
pub fn locale_is_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .map(|value| value.to_string_lossy().to_ascii_lowercase());
    set.is_some_and(|value| value.contains("utf-8") || value.contains("utf8"))
}

/// What becomes of a character that is not ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    /// It stays.
    Kept,
    /// `\u{fc}`, as hidden characters are written.
    Escaped,
    /// `\u00fc`, which means the character itself to a reader of JSON.
    Json,
}

/// Standard output, buffered. Its errors say that they are its.
pub struct Out<'a> {
    inner: BufWriter<StdoutLock<'a>>,
    beyond: Beyond,
}

impl Out<'_> {
    /// Standard output for text: ASCII only where the locale is not UTF-8, since a terminal that takes each byte for a
    /// character may find one that steers it inside of another.
    pub fn stdout() -> Self {
        let beyond = if locale_is_utf8() { Beyond::Kept } else { Beyond::Escaped };
        Self { inner: BufWriter::with_capacity(BUFFER, io::stdout().lock()), beyond }
    }

    /// ASCII only, whatever the locale says.
    pub fn only_ascii(&mut self) {
        self.beyond = Beyond::Escaped;
    }

    /// From here on it is JSON.
    pub fn json(&mut self) {
        if self.beyond == Beyond::Escaped {
            self.beyond = Beyond::Json;
        }
    }

    /// From here on it is data for a program, which no locale may change; a terminal is none.
    pub fn data(&mut self) {
        if !io::IsTerminal::is_terminal(&io::stdout()) {
            self.beyond = Beyond::Kept;
        }
    }

    /// Forget what is still buffered: its reader has gone, and dropping would write it.
    pub fn abandon(self) {
        let (_, _) = self.inner.into_parts();
    }
}

impl Write for Out<'_> {
    /// Callers write whole texts, so that no character is cut in two.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.beyond {
            Beyond::Kept => self.inner.write_all(bytes),
            _ if bytes.is_ascii() => self.inner.write_all(bytes),
            beyond => self.inner.write_all(ascii(bytes, beyond).as_bytes()),
        };
        written.map(|()| bytes.len()).map_err(|error| blame(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(|error| blame(&error))
    }
}

fn blame(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("standard output: cannot be written: {error}"))
}

fn ascii(bytes: &[u8], beyond: Beyond) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match beyond {
                _ if character.is_ascii() => text.push(character),
                Beyond::Json => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        // Writing to a string cannot fail.
                        let _ = write!(text, "\\u{unit:04x}");
                    }
                }
                _ => {
                    let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
                }
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// One line on standard error, in which nothing steers the terminal: file names and arguments may hold anything. Where even
/// that is closed there is nobody left to tell.
pub fn complain(line: &str) {
    let line = escape::visible(line);
    let line = if locale_is_utf8() { line } else { Cow::Owned(ascii(line.as_bytes(), Beyond::Escaped)) };
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_ascii_is_written_out() {
        for (bytes, beyond, expected) in [
            ("gr\u{fc}n".as_bytes(), Beyond::Escaped, "gr\\u{fc}n"),
            ("\u{6db}31m \u{1f600}".as_bytes(), Beyond::Escaped, "\\u{6db}31m \\u{1f600}"),
            ("\"\u{6db} \u{1f600}\"".as_bytes(), Beyond::Json, "\"\\u06db \\ud83d\\ude00\""),
            (b"a\xff", Beyond::Escaped, "a\\xff"),
        ] {
            assert_eq!(ascii(bytes, beyond), expected);
        }
    }
}
