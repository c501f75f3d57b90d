//! Making what came from the wire harmless on a terminal: whatever is invisible or steers the terminal becomes visible.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters that draw nothing, reorder text or break lines, beside the control characters: first and last of each range.
const HIDDEN: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1345f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character must not reach a terminal as it is: control characters (C0, DEL and C1), bidirectional controls,
/// line and paragraph separators, zero-width and other invisible characters.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control() || HIDDEN.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Whether these are visible characters of ASCII, or blanks, and no backslash: what most of all texts are.
#[inline]
pub fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte) & (*byte != b'\\'))
}

/// The text with hidden characters written out: `\n`, `\t`, `\r`, and `\u{202e}` for the others. A backslash becomes two, so
/// that nothing can pretend to be an escape.
pub fn text(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || !text.chars().any(|c| c == '\\' || is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    push(&mut escaped, text);
    Cow::Owned(escaped)
}

/// A composed line, such as an error that quotes an argument: hidden characters as [`text()`] writes them, backslashes as they are,
/// since what it quotes may be escaped already.
pub fn visible(line: &str) -> Cow<'_, str> {
    if !line.chars().any(is_hidden) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len() + 8);
    for (at, part) in line.split('\\').enumerate() {
        if at > 0 {
            escaped.push('\\');
        }
        push(&mut escaped, part);
    }
    Cow::Owned(escaped)
}

/// Bytes as text: what is UTF-8 as [`text()`] writes it, other bytes as `\xff`.
pub fn bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(valid) = std::str::from_utf8(bytes) {
        return text(valid);
    }
    let mut escaped = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push(&mut escaped, chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    Cow::Owned(escaped)
}

/// Appends a text, escaped. Writing to a string cannot fail.
fn push(escaped: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            _ if is_hidden(c) => {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
            }
            _ => escaped.push(c),
        }
    }
}

/// A text that was escaped already, for where there is nothing but ASCII: what is beyond is written out, as `\u{6e29}`; an en dash is `-`.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        match character {
            '\u{2013}' => shown.push('-'),
            _ if character.is_ascii() => shown.push(character),
            _ => shown.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
        }
    }
    Cow::Owned(shown)
}

/// Bytes in lower-case hexadecimal, without anything between them.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

/// The same, appended to a text.
pub fn push_hex(into: &mut String, bytes: &[u8]) {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    for part in bytes.chunks(32) {
        let mut digits = [[0; 2]; 32];
        for (pair, byte) in digits.iter_mut().zip(part) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        let digits = digits.as_flattened().get(..part.len() * 2).unwrap_or_default();
        into.push_str(std::str::from_utf8(digits).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn hidden_characters_become_visible() {
        let cases: &[(&[u8], &str)] = &[
            (b"temp", "temp"),
            ("gr\u{fc}n \u{65e5}".as_bytes(), "gr\u{fc}n \u{65e5}"),
            (b"a\nb\tc\r", "a\\nb\\tc\\r"),
            (b"\x1b[31m\x07\x7f", "\\u{1b}[31m\\u{7}\\u{7f}"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
            (b"\x9b31m", "\\x9b31m"),
            ("\u{202e}evil\u{2066}\u{200b}\u{feff}".as_bytes(), "\\u{202e}evil\\u{2066}\\u{200b}\\u{feff}"),
            ("\u{2028}\u{e0041}".as_bytes(), "\\u{2028}\\u{e0041}"),
            (b"\\u{202e}", "\\\\u{202e}"),
            (b"a\xff\xc3", "a\\xff\\xc3"),
        ];
        for (input, expected) in cases {
            assert_eq!(super::bytes(input), *expected);
        }
        assert_eq!(super::text("a\u{0}b"), "a\\u{0}b");
        assert_eq!(super::visible("a\\nb\n\u{202e}"), "a\\nb\\n\\u{202e}");
    }
}
