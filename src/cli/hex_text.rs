//! Bytes that somebody typed or pasted: hexadecimal in any of the usual forms, dumps with offsets included.

use std::fmt;

use super::{around, hex_dump, source_text};

/// Why a text is not bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HexError {
    /// There is nothing in it.
    Empty,
    /// A character that is no hexadecimal digit, with what stands around it.
    Digit(char, String),
    /// A group of digits that makes no whole bytes.
    Odd(String),
    /// An element of a list in braces or brackets that need not be hexadecimal.
    Element(String),
    /// A quoted text whose escapes or characters have more than one reading.
    Quoted(String),
    /// A dump of words, whose bytes stand in the order of the machine that printed it.
    Words,
    /// A dump whose offsets do not fit its bytes: the offset where that shows.
    Offsets(String),
    /// A dump that leaves out lines that repeat the one before.
    Squeezed,
    /// A group that may be an offset or bytes.
    Offset(String),
    /// The same with what sets it off from the bytes behind it.
    Label(String),
    /// A part in brackets, or a time, beside bytes: it may be some of them.
    Aside(String),
    /// Bytes behind a bar, which may be the text of those before it.
    Bar,
    /// Digits that may be binary.
    Binary,
    /// What other programs write of messages: what it is, and what to do.
    Foreign(&'static str),
    /// Several messages or dumps of packets.
    Several,
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no bytes are given; give the message in hexadecimal, such as 40 01 00 01"),
            Self::Digit(character, group) => {
                write!(f, "`{}` in `{}` is no hexadecimal digit", character.escape_default(), shown(group))
            }
            Self::Odd(group) => {
                let digits = if group.len() == 1 { "digit" } else { "digits" };
                write!(
                    f,
                    "`{}` has {} {digits}, and a byte has two: one is missing or too many",
                    shown(group),
                    group.len()
                )
            }
            Self::Element(element) => {
                write!(f, "`{}` in a list may be decimal or hexadecimal; write each byte as 0x40", shown(element))
            }
            Self::Quoted(part) => write!(
                f,
                "`{}` in quotes is not understood; each byte is \\x40, or in b'...' an ASCII character",
                shown(part)
            ),
            Self::Words => f.write_str(
                "a dump of words has its bytes in the order of a machine; dump single bytes: xxd, hexdump -C, od -A x -t x1",
            ),
            Self::Offsets(offset) => write!(
                f,
                "the dump has too few bytes in front of offset `{}`; give every line of it, without gaps",
                shown(offset)
            ),
            Self::Squeezed => f.write_str(
                "`*` in the dump stands for lines that were left out; dump them all: hexdump -v -C, od -v -A x -t x1",
            ),
            Self::Offset(group) => {
                write!(f, "`{0}` may be an offset or bytes; leave it out, or write `{0}:` for an offset", shown(group))
            }
            Self::Label(label) => {
                write!(f, "`{}` may be an offset or bytes; leave it out, or write nothing but bytes", shown(label))
            }
            Self::Aside(part) => {
                write!(f, "`{}` may be bytes, or a time or a count beside them; give nothing but bytes", shown(part))
            }
            Self::Bar => f.write_str("behind `|` may be bytes, or those before it as text; leave out the bar, or the text"),
            Self::Binary => f.write_str(
                "these digits may be binary or hexadecimal; write each byte as 0b01000000 or as 0x40, or dump it with xxd",
            ),
            Self::Foreign(what) => f.write_str(what),
            Self::Several => f.write_str(
                "there are several messages, or dumps of several packets; give one, and what is one message in one line",
            ),
        }
    }
}

impl std::error::Error for HexError {}

fn shown(group: &str) -> String {
    let short: String = group.chars().take(24).collect();
    let rest = if group.chars().nth(24).is_some() { ".." } else { "" };
    format!("{}{rest}", short.escape_debug())
}

/// Bytes that somebody typed.
#[derive(Debug)]
pub struct Typed {
    pub bytes: Vec<u8>,
    /// How many of them stand in each line; of one line without an offset, in each word.
    pub lines: Vec<usize>,
    /// The lines have offsets.
    pub has_offsets: bool,
}

impl From<Vec<u8>> for Typed {
    fn from(bytes: Vec<u8>) -> Self {
        Self { lines: vec![bytes.len()], bytes, has_offsets: false }
    }
}

/// Reads bytes from a text: digits with or without spaces, colons, commas, hyphens, `0x` and `\x`, or binary with `0b`; a dump with offsets or
/// addresses as xxd, hexdump, od, gdb, tcpdump and Wireshark print it, if the offsets fit the bytes; a list, a literal or a call of C or Python.
/// What could mean two things is refused.
///
/// # Errors
/// Where the text is neither, or empty.
pub fn parse(text: &str) -> Result<Typed, HexError> {
    let text = around::behind_headline(text.trim_start_matches('\u{feff}'))?;
    if around::is_of_characters(text) {
        return Err(HexError::Foreign(
            "this is a dump of characters, as od -c makes; dump single bytes: od -v -A x -t x1",
        ));
    }
    // The text beside the bytes of a dump may look like anything else that is read here.
    if hex_dump::is_dump(text)
        && let Some(read) = hex_dump::read(text)
    {
        return read;
    }
    if let Some(inside) = source_text::of_digits(text) {
        return plain(inside);
    }
    if let Some(read) = source_text::literal(text).or_else(|| source_text::list(text)) {
        return read.map(Typed::from);
    }
    match hex_dump::read(text) {
        Some(read) => read,
        None => plain(text),
    }
}

/// Reads bytes that have no offsets.
pub(super) fn plain(text: &str) -> Result<Typed, HexError> {
    let text = without_text(text)?.replace("\\x", " ");
    let text = text.trim_start().strip_prefix("<Buffer ").unwrap_or(&text);
    let text = &around::bytes_alone(text)?;
    if let Some(bytes) = binary(text) {
        return bytes;
    }
    let is_separator = |c: char| c.is_whitespace() || ":,;-_{}[]()<>\"'".contains(c);
    let groups_of = |text: &str| -> Result<Vec<Vec<u8>>, HexError> {
        text.split(is_separator).filter(|word| !without_prefix(word).0.is_empty()).map(group).collect()
    };
    // What is no digit at all is told first.
    let wrong = |word: &str| without_prefix(word).0.chars().find(|c| !c.is_ascii_hexdigit());
    if let Some((word, wrong)) = text.split(is_separator).find_map(|word| Some((word, wrong(word)?))) {
        let digit = || HexError::Digit(wrong, without_prefix(word).0.to_owned());
        return Err(around::foreign(text).map_or_else(digit, HexError::Foreign));
    }
    let lines = text.lines().map(groups_of).collect::<Result<Vec<_>, _>>()?;
    let mut lines: Vec<Vec<Vec<u8>>> = lines.into_iter().filter(|groups| !groups.is_empty()).collect();
    if let [_] = lines.as_slice() {
        lines = lines.concat().into_iter().map(|word| vec![word]).collect();
    }
    let lines: Vec<Vec<u8>> = lines.into_iter().map(|groups| groups.concat()).collect();
    let bytes = lines.concat();
    if bytes.is_empty() {
        return Err(HexError::Empty);
    }
    Ok(Typed { lines: lines.iter().map(Vec::len).collect(), bytes, has_offsets: false })
}

/// The bytes of a word.
fn group(word: &str) -> Result<Vec<u8>, HexError> {
    let (group, has_prefix) = without_prefix(word);
    // A number that says its base may have one digit: `0x1`.
    if group.len() % 2 == 1 && !(has_prefix && group.len() == 1) {
        return Err(HexError::Odd(group.to_owned()));
    }
    Ok(digits(group))
}

/// The bytes of words in binary, each of which says so; an error where they may be, None where they are not.
fn binary(text: &str) -> Option<Result<Typed, HexError>> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
    let is_prefixed = |word: &&str| word.starts_with("0b") || word.starts_with("0B");
    // Eight digits behind it are a byte, whatever the base of the others is.
    let is_byte = |word: &&str| is_prefixed(word) && word.len() == 10 && are_bits(word.get(2..).unwrap_or_default());
    if !words.iter().all(is_prefixed) && words.iter().any(is_byte) {
        return Some(Err(HexError::Binary));
    }
    if words.is_empty() || !words.iter().all(is_prefixed) {
        return are_binary(&words).then_some(Err(HexError::Binary));
    }
    // `0b01` is a hexadecimal number as well, and what other digits follow makes it one.
    let digits = words.iter().filter_map(|word| word.get(2..)).map(|word| word.replace(['_', '\''], ""));
    let digits: Vec<String> = digits.collect();
    if !digits.iter().all(|word| are_bits(word)) {
        return None;
    }
    let byte = |word: &String| u8::from_str_radix(word, 2).ok().filter(|_| word.len() == 8);
    let bytes: Option<Vec<u8>> = digits.iter().map(byte).collect();
    Some(bytes.map(Typed::from).ok_or(HexError::Binary))
}

/// Zeros and ones, and nothing else.
pub(super) fn are_bits(digits: &str) -> bool {
    digits.bytes().all(|digit| matches!(digit, b'0' | b'1'))
}

/// Whether words without a base may be binary: of eight digits, or of four, and all of them zeros and ones. As hexadecimal
/// they would be no message of version 1, whatever else they are. One word may be, too, if it is long enough for a header.
pub(super) fn are_binary(words: &[&str]) -> bool {
    if let [word] = words {
        return word.len() >= 32 && word.len().is_multiple_of(8) && are_bits(word);
    }
    let length = words.first().map_or(0, |word| word.len());
    matches!(length, 4 | 8) && words.iter().all(|word| word.len() == length && are_bits(word))
}

/// Whether bytes begin like a message: of version 1, with a token that there is, and with a code of a class that there is (RFC 7252 section 3).
pub(super) fn begins(bytes: &[u8]) -> bool {
    let [first, code, ..] = bytes else { return false };
    first >> 6 == 1 && first & 0x0f <= 8 && matches!(code >> 5, 0 | 2 | 4 | 5 | 7)
}

/// The bytes of a dump without offsets, which has them as text, too, behind a bar in each line.
fn without_text(text: &str) -> Result<String, HexError> {
    let parts = text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.split_once('|'));
    let Some(lines) = parts.collect::<Option<Vec<(&str, &str)>>>() else { return Ok(text.to_owned()) };
    let is_text = |(before, behind): &(&str, &str)| {
        !hex_dump::are_bytes(behind) || plain(before).is_ok_and(|before| hex_dump::says(behind, &before.bytes))
    };
    if lines.iter().any(|line| !is_text(line)) {
        return Err(HexError::Bar);
    }
    Ok(lines.iter().map(|(before, _)| *before).collect::<Vec<_>>().join("\n"))
}

/// The digits behind `0x`, and whether there is one.
pub(super) fn without_prefix(group: &str) -> (&str, bool) {
    let digits = group.strip_prefix("0x").or_else(|| group.strip_prefix("0X"));
    (digits.unwrap_or(group), digits.is_some())
}

/// Bytes of a group of pairs of digits.
pub(super) fn digits(group: &str) -> Vec<u8> {
    let values: Vec<u8> = group.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    values.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(text: &str) -> Result<Vec<u8>, HexError> {
        parse(text).map(|typed| typed.bytes)
    }

    const WORDS: HexError = HexError::Words;
    const BINARY: HexError = HexError::Binary;
    const SQUEEZED: HexError = HexError::Squeezed;
    const SEVERAL: HexError = HexError::Several;

    #[test]
    fn every_usual_form_is_read() {
        let expected = [0x40, 0x02, 0x00, 0x00, 0xb6, 0x65];
        for text in [
            "40020000b665",
            "40 02 00 00 b6 65",
            "40:02:00:00:B6:65",
            "\u{feff}40 02 00 00 b6 65",
            "0x40 0x2 0x0 0x0 0xb6 0x65",
            "['0x40', '0x2', '0x0', '0x0', '0xb6', '0x65']",
            "bytes.fromhex('4002 0000 b665')",
            "m = bytes.fromhex(\"40020000b665\");",
            "binascii.unhexlify(b'40020000b665')",
            "bytearray(b'@\\x02\\x00\\x00\\xb6e')",
            "h'40020000b665'",
            "\"\\x40\\x02\\x00\" \\\n\"\\x00\\xb6\\x65\"",
            "\"\\x40\\x02\\x00\" \\\r\n\"\\x00\\xb6\\x65\"\r\n",
            "08:00:00.000000 IP 10.0.0.2.40000 > 10.0.0.1.5683: UDP, length 6\n\t0x0000:  4002 0000 b665  @....e",
            "40-02-00-00-b6-65",
            "0x40, 0x02, 0x00, 0x00, 0xb6, 0x65",
            "{0x40,0x2,0x0,0x0,0xb6,0x65}",
            "uint8_t m[] = { 0x40, 2, 0x00, 0, /* @..., */ 0xb6, 0x65, };",
            "unsigned char m[6] = {\n  0x40, 0x02, 0x00, // header\n  0x00, 0xb6, 0x65\n};\nunsigned int m_len = 6;",
            "bytes([0x40, 0x02, 0, 0, 0xB6, 0x65])",
            "b'@\\x02\\x00\\x00\\xb6e'",
            "b\"\\x40\\x02\\0\\x00\" b'\\xb6e'",
            "m = b'@\\x02\\x00\\x00\\xb6e'",
            "\"\\x40\\x02\\x00\\x00\\xb6\\x65\"",
            "'40020000b665'",
            "0000  40 02 00 00 b6 65                                   @....e",
            "0000   40 02 00 00 b6 65",
            "00000000  40 02 00 00 b6 65                                 |@....e|",
            "0000000 40 02 00 00 b6 65",
            "0x40020000b665",
            "4002 0000 b665",
            "<<40020000b665>>",
            "<Buffer 40 02 00 00 b6 65>",
            "<40020000 b665>",
            "Buffer.from('40020000b665', 'hex')",
            "hex::decode(\"40020000b665\")",
            "40 02 00 00 b6 65   |@.....|\n",
            "[64 2 0 0 182 101]",
            "[64, 2, 0, 0, 182, 101]",
            "[64, 2, 0, 0, -74, 101]",
            "<<64,2,0,0,182,101>>",
            "Uint8Array(6) [\n  64, 2, 0, 0, 182, 101\n]",
            "{\"type\":\"Buffer\",\"data\":[64,2,0,0,182,101]}",
            "[40, 02, 00, 00, b6, 65]",
            "[40, 2, 0, 0, b6, 65]",
            "let m = [0x40u8, 0x02, 0, 0, 0xb6, 0x65];",
            "byte[] m = {(byte) 0x40, (byte)0x02, 0, 0, (byte) 0xb6, 0x65};",
            "\"@\\x02\\x00\\x00\\xb6\\x65\"",
            "0000000 40 02 00 00\n0000004 b6 65\n0000006",
            "\\x40\\x02\\x00\\x00\\xb6\\x65",
            "00000000: 4002 0000 b665                           @....e",
            "0010  40 02 00 00 b6 65",
            "0010: 40 02 00 00 b6 65",
            "0010  40 02 00 00\n0014  b6 65",
            "0000   40 02 00 00\n0004   b6 65",
            "\t0x0000:  4002 0000 b665  @....e",
            "0x20000400:\t0x40\t0x02\t0x00\t0x00\n0x20000404:\t0xb6\t0x65",
            "0x7ffe1000 <buffer>:\t0x40\t0x02\t0x00\t0x00\t0xb6\n0x7ffe1005 <buffer+5>:\t0x65",
            "0x20000400:\t0x40\t0x02\t0x00\t0x00\t0xb6\t0x65",
            "0000: 0x40 0x02 0x00 0x00 0xb6 0x65",
            "0000: 0x40, 0x02, 0x00, 0x00, 0xb6, 0x65",
            "00: 40 02 00 00\n04: b6 65",
            "00: 40 02 00 00 b6 65",
            "10: 40 02 00 00 b6 65",
            "0: 40 02 00 00 b6 65",
            "[0000] 40 02 00 00 b6 65",
            "[100] 40 02 00 00 b6 65",
            "[40] 40 02 00 00 b6 65",
            "[0x00] 40 02 00 00\n[0x04] b6 65",
            "0000 | 40 02 00 00 b6 65 | @....e",
            "0000 | 40 02 00 00 b6 65",
            "0000 - 40 02 00 00 b6 65   @....e",
            "[0000]: 40 02 00 00 b6 65",
            "0000: 40 02 00 00 b6 65 @....e",
            "0000: 40 02 00 00 b6 65 # request",
            "0000 | 40 02 00 00 | @...\n0004 | b6 65 | .e",
            "000000000000  40 02 00 00 b6 65",
            "000000000000: 40 02 00 00\n000000000004: b6 65",
            "00007ffe00001000 40 02 00 00\n00007ffe00001004 b6 65",
            "00: 4002 0000 b665  @....e",
            "00000000: 40020000 b665  @....e",
            "40: 02: 00: 00: b6: 65",
            "4002 0000 | @...\nb665 | .e",
            "0b01000000 0b00000010 0b00000000 0b00000000 0b10110110 0b01100101",
            "0b0100_0000, 0b0000_0010, 0b0000_0000, 0b0000_0000, 0b1011_0110, 0b0110_0101",
            "{0b1000000, 0b10, 0, 0, 0xb6, 0x65}",
            "0000: 40 02 00 00  b6 65",
            "0000000 40 02 00 00 b6 65\n0000006",
            "00000000  40 02 00 00 b6 65                                 |@....e|\n00000006",
        ] {
            assert_eq!(bytes_of(text).unwrap(), expected, "{text:?}");
        }
    }

    /// A line is looked at once, however many there are: this took minutes where each was looked at with all before it.
    #[test]
    fn a_long_dump_with_a_gap_is_refused_at_once() {
        let mut text: String = (0..50_000).map(|at| format!("{at:05x} 40\n")).collect();
        text += "0c360 40\n";
        let started = std::time::Instant::now();
        assert_eq!(bytes_of(&text).unwrap_err(), HexError::Offsets("0c360".into()));
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    /// In groups of two or four bytes, as xxd and tcpdump print them, without their offsets.
    #[test]
    fn a_frame_of_many_zeros_is_no_dump_of_several() {
        let frame: Vec<u8> = (0..60).map(|at| if at == 12 { 8 } else { 0 }).collect();
        for size in [2, 4] {
            let lines = frame.chunks(16).map(|line| {
                let groups = line.chunks(size).map(|group| group.iter().map(|byte| format!("{byte:02x}")).collect());
                groups.collect::<Vec<String>>().join(" ")
            });
            assert_eq!(bytes_of(&lines.collect::<Vec<_>>().join("\n")), Ok(frame.clone()));
        }
    }

    #[test]
    fn offsets_may_be_decimal() {
        let bytes: Vec<u8> = (0x40..0x64).collect();
        let lines = bytes.chunks(16).enumerate().map(|(at, line)| {
            let bytes: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{:07} {}\n", at * 16, bytes.join(" "))
        });
        assert_eq!(bytes_of(&(lines.collect::<String>() + "0000036\n")), Ok(bytes));
    }

    #[test]
    fn text_beside_a_dump_is_not_bytes() {
        let bytes: Vec<u8> = (0..18).map(|at| b"abcdef0123456789be".get(at).copied().unwrap_or(0)).collect();
        for text in [
            "00000000: 6162 6364 6566 3031 3233 3435 3637 3839  abcdef0123456789\n00000010: 6265                                     be",
            "00000000  61 62 63 64 65 66 30 31  32 33 34 35 36 37 38 39  |abcdef0123456789|\n00000010  62 65                                             |be|\n00000012",
            "0000000 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39\n0000020 62 65\n0000022",
            "0000   61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39   abcdef0123456789\n0010   62 65                                             be",
        ] {
            assert_eq!(bytes_of(text).unwrap(), bytes, "{text}");
        }
        let bytes = b"\x42\x45\x00\x01\xaa\xbb\xffx20261128";
        for text in [
            "00000000: 4245 0001 aabb ff78  BE.....x\n00000008: 3230 3236 3131 3238  20261128",
            "0000  42 45 00 01 aa bb ff 78  BE.....x\n0008  32 30 32 36 31 31 32 38  20261128",
            "0000  42 45 00 01 aa bb ff 78  32 30 32 36 31 31 32 38  BE.....x 20261128",
            "0000  42 45 00 01 aa bb ff 78  32 30 32 36 31 31 32 38",
        ] {
            assert_eq!(bytes_of(text).unwrap(), bytes, "{text}");
        }
        for text in [
            "0000  32 30 32 36 31 31 32 38  20261128",
            "00000000: 3230 3236 3131 3238  20261128",
            "0000  32 30 32 36 31 31 32 38   |20261128|",
        ] {
            assert_eq!(bytes_of(text).unwrap(), b"20261128", "{text}");
        }
        assert_eq!(bytes_of("0000  61 62 7c 20 20 63  ab|  c").unwrap(), b"ab|  c");
        // A blank in front, which is lost where the text is taken: what is left begins as the bytes do when they are turned.
        let blank = "00000000: 4245 0001 aabb ff78  BE.....x\n00000008: 2021 2223 2425 2627   !\"#$%&'";
        assert_eq!(bytes_of(blank).unwrap(), b"\x42\x45\x00\x01\xaa\xbb\xff\x78 !\"#$%&'");
    }

    #[test]
    fn what_is_no_hex_is_refused() {
        for (text, expected) in [
            ("", "no bytes are given; give the message in hexadecimal, such as 40 01 00 01"),
            (" :, ", "no bytes are given; give the message in hexadecimal, such as 40 01 00 01"),
            ("40 0g", "`g` in `0g` is no hexadecimal digit"),
            ("b 40 01", "`b` has 1 digit, and a byte has two: one is missing or too many"),
            ("4 1 0 f", "`4` has 1 digit, and a byte has two: one is missing or too many"),
            ("b\\x40\\x01", "`b` has 1 digit, and a byte has two: one is missing or too many"),
            ("{64, 1, 0, 1}", "`64` in a list may be decimal or hexadecimal; write each byte as 0x40"),
            ("[0x40, 010]", "`010` in a list may be decimal or hexadecimal; write each byte as 0x40"),
            ("{0x40, 0x100}", "`0x100` in a list may be decimal or hexadecimal; write each byte as 0x40"),
            (
                "\"\\x401\"",
                "`\\\\x401` in quotes is not understood; each byte is \\x40, or in b'...' an ASCII character",
            ),
            ("b'\\q'", "`\\\\q` in quotes is not understood; each byte is \\x40, or in b'...' an ASCII character"),
            ("b'\u{fc}'", "`\u{fc}` in quotes is not understood; each byte is \\x40, or in b'...' an ASCII character"),
            ("0000000 0240 0000\n0000004", &WORDS.to_string()),
            ("0000000 001100 000000\n0000004", &WORDS.to_string()),
            ("0x20000400:\t0x34120140\t0x6d6574b4", &WORDS.to_string()),
            ("00000000: 34120140 6d6574b4       70           @..4.temp", &WORDS.to_string()),
            ("00000000: 34120140 6d6574b4", &WORDS.to_string()),
            ("00000000: 6869 6a6b  ihkj", &WORDS.to_string()),
            ("01000000 00000001 00010010 00110100", &BINARY.to_string()),
            ("0100 0000 0000 0001", &BINARY.to_string()),
            ("0b01 0b00", &BINARY.to_string()),
            ("0b01000000 0x45 0x12 0x34", &BINARY.to_string()),
            ("0b01000000 01 00 07", &BINARY.to_string()),
            ("01000000000000010000000000000111", &BINARY.to_string()),
            ("00000000: 01000000 00000001 00010010 00110100  @..4", &BINARY.to_string()),
            ("00000000: 01000000 00000001\n00000002: 00010010 00110100", &BINARY.to_string()),
            ("0000: 40 01 0g 01", "`g` in `0g` is no hexadecimal digit"),
            ("0x20000400:\t64\t1\t0\t1", "`1` has 1 digit, and a byte has two: one is missing or too many"),
            ("0000 - 40 01 00 01-b1 61", "`0000` may be an offset or bytes; leave it out, or write nothing but bytes"),
            ("40: 01 00 01", "`40:` may be an offset or bytes; leave it out, or write nothing but bytes"),
            ("4001 | 0001 b161", "`4001` may be an offset or bytes; leave it out, or write nothing but bytes"),
            ("0000: 40 01 00 01\nb1 61", "`0000:` may be an offset or bytes; leave it out, or write nothing but bytes"),
            (
                "40 01 | 00 01 | b1 61",
                "behind `|` may be bytes, or those before it as text; leave out the bar, or the text",
            ),
            (
                "0x400: 40 01 00 01\n0x410: b1 61",
                "the dump has too few bytes in front of offset `410`; give every line of it, without gaps",
            ),
            ("00000023  60 00 70 59\n\t0000003E  42 45 70 5b\n00000027  60 00 70 5b", &SEVERAL.to_string()),
            ("00000017  60 00 70 53\n\t00000018  42 45 70 55\n0000001B  60 00 70 55", &SEVERAL.to_string()),
            (
                "0000 40 01 00 01\n0020 b1 61",
                "the dump has too few bytes in front of offset `0020`; give every line of it, without gaps",
            ),
            ("0010 40 01 00 01", "`0010` may be an offset or bytes; leave it out, or write `0010:` for an offset"),
            ("0000 40 01 00 01", "`0000` may be an offset or bytes; leave it out, or write `0000:` for an offset"),
            ("00000000  40 01 00 01 00 00 00 00  00 00 00 00 00 00 00 00  |@...|\n*\n00000030", &SQUEEZED.to_string()),
            ("0000000 40 01 00 01\n*\n0000030", &SQUEEZED.to_string()),
            ("0000  40 01 00 01\n\n0000  60 45 00 01", &SEVERAL.to_string()),
            ("IP a > b\n\t0x0000:  4001 0001\nIP b > a\n\t0x0000:  6045 0001\n", &SEVERAL.to_string()),
            ("0x40 0x123", "`123` has 3 digits, and a byte has two: one is missing or too many"),
            ("400", "`400` has 3 digits, and a byte has two: one is missing or too many"),
            ("40\u{1b}", "`\\u{1b}` in `40\\u{1b}` is no hexadecimal digit"),
        ] {
            assert_eq!(bytes_of(text).unwrap_err().to_string(), expected);
        }
    }
}
