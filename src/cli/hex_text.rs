//! Bytes that somebody typed or pasted: hexadecimal in any of the usual forms, dumps with offsets included.

use std::fmt;

use super::source_text;

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
    /// Dumps of several packets.
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
            Self::Several => f.write_str("there are dumps of several packets; give one"),
        }
    }
}

impl std::error::Error for HexError {}

fn shown(group: &str) -> String {
    let short: String = group.chars().take(24).collect();
    let rest = if group.chars().nth(24).is_some() { ".." } else { "" };
    format!("{}{rest}", short.escape_debug())
}

/// Reads bytes from a text: digits with or without spaces, colons, commas, hyphens, `0x` and `\x`; a dump with offsets as
/// xxd, hexdump, od, tcpdump and Wireshark print it, if the offsets fit the bytes; a list, a literal or a call of C or Python. What
/// could mean two things is refused.
///
/// # Errors
/// Where the text is neither, or empty.
pub fn parse(text: &str) -> Result<Vec<u8>, HexError> {
    let text = text.trim_start_matches('\u{feff}');
    if let Some(inside) = source_text::of_digits(text) {
        return plain(inside);
    }
    if let Some(read) = source_text::literal(text).or_else(|| source_text::list(text)) {
        return read;
    }
    match dump(behind_headline(text)?) {
        Some(read) => read,
        None => plain(text),
    }
}

fn plain(text: &str) -> Result<Vec<u8>, HexError> {
    let text = without_text(text).replace("\\x", " ");
    let text = text.trim_start().strip_prefix("<Buffer ").unwrap_or(&text);
    let is_separator = |c: char| c.is_whitespace() || ":,;-_{}[]()<>\"'".contains(c);
    let groups = text.split(is_separator).map(without_prefix).filter(|(group, _)| !group.is_empty());
    let groups: Vec<(&str, bool)> = groups.collect();
    if groups.is_empty() {
        return Err(HexError::Empty);
    }
    if let Some((group, wrong)) =
        groups.iter().find_map(|(group, _)| Some((group, group.chars().find(|c| !c.is_ascii_hexdigit())?)))
    {
        return Err(HexError::Digit(wrong, (*group).to_owned()));
    }
    let mut bytes = Vec::new();
    for (group, has_prefix) in groups {
        // A number that says its base may have one digit: `0x1`.
        if group.len() % 2 == 1 && !(has_prefix && group.len() == 1) {
            return Err(HexError::Odd(group.to_owned()));
        }
        bytes.extend(digits(group));
    }
    Ok(bytes)
}

/// The bytes of a dump without offsets, which has them as text, too, behind a bar in each line.
fn without_text(text: &str) -> String {
    let parts = text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.split_once('|'));
    let bytes: Option<Vec<&str>> = parts.map(|parts| parts.map(|(bytes, _)| bytes)).collect();
    bytes.map_or_else(|| text.to_owned(), |lines| lines.join("\n"))
}

/// The digits behind `0x`, and whether there is one.
fn without_prefix(group: &str) -> (&str, bool) {
    let digits = group.strip_prefix("0x").or_else(|| group.strip_prefix("0X"));
    (digits.unwrap_or(group), digits.is_some())
}

/// A dump of tcpdump without the line above it, which says what packet it is.
fn behind_headline(text: &str) -> Result<&str, HexError> {
    const FIRST: &str = "0x0000:";
    let mut dumps = text.match_indices(FIRST).map(|(at, _)| at).filter(|at| {
        let line = text.get(..*at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        line.trim().is_empty()
    });
    match (dumps.next(), dumps.next()) {
        (Some(_), Some(_)) => Err(HexError::Several),
        (Some(at), None) => Ok(text.get(at..).unwrap_or(text)),
        (None, _) => Ok(text),
    }
}

/// Bytes of a group of pairs of digits.
fn digits(group: &str) -> Vec<u8> {
    let values: Vec<u8> = group.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    values.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// One line of a dump.
struct DumpLine<'a> {
    offset: &'a str,
    rest: &'a str,
    colon: bool,
}

/// The bytes of a dump with offsets; None where the text is none, or where that is not certain.
fn dump(text: &str) -> Option<Result<Vec<u8>, HexError>> {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    if lines().any(|line| line.trim() == "*") && lines().next().is_some_and(|first| split(first).is_some()) {
        return Some(Err(HexError::Squeezed));
    }
    let lines: Vec<DumpLine<'_>> = lines().map(split).collect::<Option<_>>()?;
    if are_several(&lines) {
        return Some(Err(HexError::Several));
    }
    if let [only] = lines.as_slice()
        && only.may_be_offset()
    {
        return Some(Err(HexError::Offset(only.offset.to_owned())));
    }
    let certain = lines.len() > 1 || lines.first()?.is_certain();
    if !certain {
        return None;
    }
    let are_words = lines.iter().any(DumpLine::has_words);
    let bytes = [16, 8, 10].into_iter().find_map(|base| with_offsets(&lines, base));
    // The offsets of octal words fit no bytes that are read as hexadecimal.
    let is_dump = bytes.is_some() || lines.iter().all(|line| line.offset.len() == 7);
    if are_words && is_dump {
        return Some(Err(HexError::Words));
    }
    bytes.map(Ok).or_else(|| misfit(&lines).map(|offset| Err(HexError::Offsets(offset.to_owned()))))
}

/// Whether the offsets begin at zero, and anew further down. No message of version 1 begins with a zero, but a frame does, whose bytes stand in
/// groups without offsets.
fn are_several(lines: &[DumpLine<'_>]) -> bool {
    if lines.iter().all(|line| line.has_words() && matches!(line.offset.len(), 4 | 8)) {
        return false;
    }
    let is_zero = |line: &DumpLine<'_>| line.offset.bytes().all(|digit| digit == b'0') && !line.rest.trim().is_empty();
    lines.first().is_some_and(is_zero) && lines.iter().skip(1).any(is_zero)
}

/// The offset of a dump of single bytes that does not fit those before it; None where it need not be a dump.
fn misfit<'a>(lines: &[DumpLine<'a>]) -> Option<&'a str> {
    let offsets: Vec<usize> =
        lines.iter().map(|line| usize::from_str_radix(line.offset, 16).ok()).collect::<Option<_>>()?;
    let rises = offsets.is_sorted_by(|one, next| one < next);
    // No message of version 1 begins with a zero.
    let is_dump = lines.iter().all(|line| line.offset.starts_with('0') && !line.has_words());
    if !rises || !is_dump {
        return None;
    }
    // An offset fits where the line before it holds as many bytes as lie between the two.
    let fits = |before: &DumpLine<'_>, length: usize| line_bytes(before.rest, length, false).len() == length;
    let steps = offsets.iter().zip(offsets.iter().skip(1)).map(|(one, next)| next - one);
    let mut pairs = lines.iter().zip(lines.iter().skip(1)).zip(steps);
    pairs.find(|((before, _), length)| !fits(before, *length)).map(|((_, line), _)| line.offset)
}

impl DumpLine<'_> {
    /// Where there is one line only: an offset behind which single bytes follow, or two bytes of an unheard-of version and more.
    fn may_be_offset(&self) -> bool {
        let groups: Vec<&str> = self.rest.split_whitespace().collect();
        let are_bytes = groups.iter().all(|group| group.len() == 2);
        !self.is_certain() && self.offset.starts_with("00") && !groups.is_empty() && are_bytes
    }

    /// An offset where there is one line only: followed by a colon, or of no even number of digits, or zero and set off from single
    /// bytes by more than a space.
    fn is_certain(&self) -> bool {
        // No message of version 1 begins with a zero byte.
        let is_zero = self.offset.starts_with("00");
        let is_set_off = self.rest.starts_with("  ") || self.rest.starts_with('\t');
        self.colon || is_zero && (self.offset.len() % 2 == 1 || is_set_off)
    }

    /// The first group is no single byte. With a colon (xxd, tcpdump) the bytes of a group stand in their order.
    fn has_words(&self) -> bool {
        let first = self.rest.split_whitespace().next().unwrap_or_default();
        !self.colon && first.len() > 2 && first.bytes().all(|digit| digit.is_ascii_hexdigit())
    }
}

/// Offset and the rest of a line.
fn split(line: &str) -> Option<DumpLine<'_>> {
    let line = line.trim();
    let line = line.strip_prefix("0x").unwrap_or(line);
    let end = line.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(line.len());
    let (offset, rest) = line.split_at(end);
    let colon = rest.starts_with(':');
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let fits = (4..=8).contains(&offset.len()) && (rest.is_empty() || rest.starts_with([' ', '\t']));
    fits.then_some(DumpLine { offset, rest, colon })
}

/// The bytes, if every offset, read in this base, stands where the bytes before it say.
fn with_offsets(lines: &[DumpLine<'_>], base: u32) -> Option<Vec<u8>> {
    let offsets: Vec<usize> =
        lines.iter().map(|line| usize::from_str_radix(line.offset, base).ok()).collect::<Option<_>>()?;
    let start = *offsets.first()?;
    let mut bytes = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if offsets.get(index)? - start.min(*offsets.get(index)?) != bytes.len() {
            return None;
        }
        // Where the next offset tells how many bytes stand in this line, text that looks like bytes cannot mislead.
        let expected = offsets
            .get(index + 1)
            .map(|next| next.checked_sub(*offsets.get(index)?))
            .map_or(Some(None), |length| length.map(Some))?;
        let found = line_bytes(line.rest, expected.unwrap_or(32), expected.is_none());
        if expected.is_some_and(|expected| found.len() != expected) {
            return None;
        }
        bytes.extend(found);
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Up to `limit` bytes from the beginning of a line. The text column is told by what is no pair of digits, and in the last
/// line, whose length nobody tells, by the gap before it.
fn line_bytes(rest: &str, limit: usize, last: bool) -> Vec<u8> {
    let rest = rest.split('|').next().unwrap_or(rest);
    let mut bytes = Vec::new();
    let mut gap = 0;
    for group in rest.split([' ', '\t']) {
        if group.is_empty() {
            gap += 1;
            continue;
        }
        // hexdump and Wireshark leave one more space in the middle of a line.
        let middle = gap == 1 && bytes.len() == 8;
        let is_text = !group.len().is_multiple_of(2) || !group.chars().all(|c| c.is_ascii_hexdigit());
        // More bytes than the next offset says: it is none, for text is set off by more than a space.
        let is_more = !last && (gap == 0 || bytes.is_empty());
        if is_text
            || bytes.len() + group.len() / 2 > limit && !is_more
            || (last && !bytes.is_empty() && gap > 0 && !middle)
        {
            break;
        }
        bytes.extend(digits(group));
        gap = 0;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: HexError = HexError::Words;
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
            "0000000 40 02 00 00 b6 65\n0000006",
            "00000000  40 02 00 00 b6 65                                 |@....e|\n00000006",
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text:?}");
        }
    }

    /// A line is looked at once, however many there are: this took minutes where each was looked at with all before it.
    #[test]
    fn a_long_dump_with_a_gap_is_refused_at_once() {
        let mut text: String = (0..50_000).map(|at| format!("{at:05x} 40\n")).collect();
        text += "0c360 40\n";
        let started = std::time::Instant::now();
        assert_eq!(parse(&text).unwrap_err(), HexError::Offsets("0c360".into()));
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
            assert_eq!(parse(&lines.collect::<Vec<_>>().join("\n")), Ok(frame.clone()));
        }
    }

    #[test]
    fn offsets_may_be_decimal() {
        let bytes: Vec<u8> = (0x40..0x64).collect();
        let lines = bytes.chunks(16).enumerate().map(|(at, line)| {
            let bytes: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{:07} {}\n", at * 16, bytes.join(" "))
        });
        assert_eq!(parse(&(lines.collect::<String>() + "0000036\n")), Ok(bytes));
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
            assert_eq!(parse(text).unwrap(), bytes, "{text}");
        }
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
            assert_eq!(parse(text).unwrap_err().to_string(), expected);
        }
    }
}
