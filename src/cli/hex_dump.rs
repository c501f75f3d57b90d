//! Dumps: lines of bytes behind offsets or addresses, often with the same bytes as text behind them.

use super::hex_text::{HexError, Typed, are_binary, begins, digits, plain, without_prefix};

/// Digits of the longest address.
const ADDRESS: usize = 16;
/// Bytes that no line has more of.
const WIDEST: usize = 32;

/// What sets an offset off from the bytes behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Spaces, as between bytes.
    None,
    Colon,
    Bar,
    Brackets,
}

/// One line of a dump.
struct DumpLine<'a> {
    offset: &'a str,
    rest: &'a str,
    mark: Mark,
    is_indented: bool,
}

/// What the first word is where there is one line only.
enum First {
    Offset,
    Bytes,
    Either,
}

/// Whether every line has what may be an offset.
pub(super) fn is_dump(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    lines.peek().is_some() && lines.all(|line| line.trim() == "*" || split(line).is_some())
}

/// The bytes of a dump with offsets; None where the text is none, or where that is not certain.
pub(super) fn read(text: &str) -> Option<Result<Typed, HexError>> {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    if lines().any(|line| line.trim() == "*") && lines().next().is_some_and(|first| split(first).is_some()) {
        return Some(Err(HexError::Squeezed));
    }
    let Some(lines) = lines().map(split).collect::<Option<Vec<DumpLine<'_>>>>() else {
        // Some lines have an offset, others none.
        let marked = lines().filter_map(split).find(|line| line.mark != Mark::None)?;
        return Some(Err(marked.refused(text)));
    };
    if are_several(&lines) {
        return Some(Err(HexError::Several));
    }
    if let [only] = lines.as_slice() {
        match only.first() {
            First::Offset => {}
            First::Bytes => return None,
            First::Either => return Some(Err(only.unclear())),
        }
    }
    let first = lines.first()?;
    if are_binary(&lines.iter().flat_map(|line| groups_of(line.rest)).collect::<Vec<_>>()) {
        return Some(Err(HexError::Binary));
    }
    let read = [16, 8, 10].into_iter().find_map(|base| with_offsets(&lines, base));
    let is_marked = |line: &DumpLine<'_>| line.mark != Mark::None;
    let are_marked =
        lines.iter().any(is_marked) && lines.iter().all(|line| is_marked(line) || line.rest.trim().is_empty());
    // The offsets of octal words fit no bytes that are read as hexadecimal.
    let is_dump = are_marked || read.is_some() || lines.iter().all(|line| line.offset.len() == 7);
    if is_dump && lines.iter().any(DumpLine::has_words) {
        return Some(Err(HexError::Words));
    }
    if let Some(read) = read {
        return Some(Ok(Typed { lines: read.iter().map(Vec::len).collect(), bytes: read.concat(), has_offsets: true }));
    }
    match misfit(&lines, are_marked) {
        Some(error) => Some(Err(error)),
        None => are_marked.then(|| Err(first.refused(text))),
    }
}

/// Whether the offsets begin at zero, and anew further down. No message of version 1 begins with a zero, but a frame does, whose bytes stand in
/// groups without offsets.
fn are_several(lines: &[DumpLine<'_>]) -> bool {
    if lines.iter().all(|line| line.mark == Mark::None && line.has_words() && matches!(line.offset.len(), 4 | 8)) {
        return false;
    }
    let is_zero = |line: &DumpLine<'_>| line.offset.bytes().all(|digit| digit == b'0') && !line.rest.trim().is_empty();
    lines.first().is_some_and(is_zero) && lines.iter().skip(1).any(is_zero)
}

/// Why a dump of single bytes is not one of one packet: offsets that fall, or that do not fit the bytes before them. None where it need not
/// be a dump.
fn misfit(lines: &[DumpLine<'_>], are_marked: bool) -> Option<HexError> {
    // No message of version 1 begins with a zero.
    if !are_marked && !lines.iter().all(|line| line.offset.starts_with('0') && !line.has_words()) {
        return None;
    }
    let offsets: Vec<u64> =
        lines.iter().map(|line| u64::from_str_radix(line.offset, 16).ok()).collect::<Option<_>>()?;
    // Wireshark indents what one of the two sides sent; the first line may have lost that where it was copied from.
    let behind = lines.get(1..).unwrap_or_default();
    let of_both = behind.iter().zip(behind.iter().skip(1)).any(|(one, next)| one.is_indented != next.is_indented);
    if of_both || !offsets.is_sorted_by(|one, next| one < next) {
        return Some(HexError::Several);
    }
    // An offset fits where the line before it holds as many bytes as lie between the two.
    let fits = |before: &DumpLine<'_>, length: u64| {
        usize::try_from(length).is_ok_and(|length| line_bytes(before.rest, Some(length), WIDEST).0.len() == length)
    };
    let steps = offsets.iter().zip(offsets.iter().skip(1)).map(|(one, next)| next - one);
    let mut pairs = lines.iter().zip(behind).zip(steps);
    let (_, line) = pairs.find(|((before, _), length)| !fits(before, *length))?.0;
    Some(HexError::Offsets(line.offset.to_owned()))
}

impl DumpLine<'_> {
    /// What the first word is where there is one line only. What could begin a message of version 1 may be its bytes, but no offset of four
    /// digits and more has a colon for nothing.
    fn first(&self) -> First {
        let may_begin = self.offset.len().is_multiple_of(2) && self.offset.starts_with(['4', '5', '6', '7']);
        match self.mark {
            Mark::Brackets => First::Offset,
            Mark::Colon if self.offset.len() >= 4 => First::Offset,
            Mark::Colon | Mark::Bar => {
                if may_begin {
                    First::Either
                } else {
                    First::Offset
                }
            }
            Mark::None if !self.offset.starts_with("00") => First::Bytes,
            Mark::None => {
                let is_set_off = self.rest.starts_with("  ") || self.rest.starts_with('\t');
                let groups = groups_of(self.rest);
                if !self.offset.len().is_multiple_of(2) || is_set_off {
                    First::Offset
                } else if !groups.is_empty() && groups.iter().all(|group| without_prefix(group).0.len() == 2) {
                    First::Either
                } else {
                    First::Bytes
                }
            }
        }
    }

    /// Why the line has two meanings.
    fn unclear(&self) -> HexError {
        let offset = self.offset.to_owned();
        match self.mark {
            Mark::None => HexError::Offset(offset),
            Mark::Colon => HexError::Label(offset + ":"),
            Mark::Bar => HexError::Label(offset),
            Mark::Brackets => HexError::Label(format!("[{offset}]")),
        }
    }

    /// Why a text with this line is no bytes: what is wrong in it without any offsets, or that this may be one.
    fn refused(&self, text: &str) -> HexError {
        plain(text).err().unwrap_or_else(|| self.unclear())
    }

    /// Whether the line has words, whose bytes stand in the order of a machine. Without a mark groups of more than a byte are such (hexdump, od),
    /// behind a mark those with `0x` (gdb). Others stand in their order (xxd, tcpdump), if their text or the message that they begin does
    /// not say that it is not so (xxd -e).
    fn has_words(&self) -> bool {
        let Some(first) = groups_of(self.rest).first().copied() else { return false };
        let (group, has_prefix) = without_prefix(first);
        if group.len() <= 2 || !group.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return false;
        }
        if self.mark == Mark::None || has_prefix {
            return true;
        }
        let bytes = digits(group);
        let turned: Vec<u8> = bytes.iter().rev().copied().collect();
        let (all, text) = line_bytes(self.rest, None, WIDEST);
        let between = text.strip_prefix('|').unwrap_or(text);
        let begins_as = |bytes: &[u8]| !text.is_empty() && [text, between].iter().any(|text| starts_as(text, bytes));
        // A blank that the line begins with is no part of the text any more, and other marks show blanks as well.
        let in_order = begins_as(&bytes) || !text.is_empty() && says(text, &all);
        if in_order || begins_as(&turned) {
            return !in_order;
        }
        group.len() >= 8 && begins(&turned) && !begins(&bytes)
    }
}

/// Offset and the rest of a line.
fn split(line: &str) -> Option<DumpLine<'_>> {
    let is_indented = line.starts_with([' ', '\t']);
    let line = line.trim();
    let inside = line.strip_prefix('[');
    let line = inside.unwrap_or(line);
    let line = line.strip_prefix("0x").unwrap_or(line);
    let end = line.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(line.len());
    let (offset, behind) = line.split_at(end);
    // gdb has the name of the place behind its address.
    let named = || behind.strip_prefix(" <")?.split_once(">:").map(|(_, rest)| rest);
    let of_colon = || behind.strip_prefix(':').or_else(named).filter(|rest| !has_colons(rest));
    let of_bar = || {
        // OpenSSL has a dash where others have a bar.
        let behind = behind.trim_start();
        let rest = behind.strip_prefix('|').or_else(|| behind.strip_prefix("- "))?;
        (are_bytes(rest) && !says(rest, &digits(offset))).then_some(rest)
    };
    let (mark, rest) = match inside {
        Some(_) => {
            let rest = behind.strip_prefix(']')?;
            (Mark::Brackets, rest.strip_prefix(':').unwrap_or(rest))
        }
        None => match (of_colon(), of_bar()) {
            (Some(rest), _) => (Mark::Colon, rest),
            (None, Some(rest)) => (Mark::Bar, rest),
            (None, None) => (Mark::None, behind),
        },
    };
    let shortest = if mark == Mark::None { 4 } else { 1 };
    let is_apart = mark == Mark::Bar || rest.starts_with([' ', '\t']) || rest.is_empty() && mark != Mark::Brackets;
    let fits = (shortest..=ADDRESS).contains(&offset.len()) && is_apart;
    fits.then_some(DumpLine { offset, rest, mark, is_indented })
}

/// Whether colons stand behind bytes, too.
fn has_colons(rest: &str) -> bool {
    rest.split_whitespace().next().is_some_and(|first| first.ends_with(':'))
}

/// Whether bytes stand before the next bar, or before what is none.
pub(super) fn are_bytes(rest: &str) -> bool {
    let groups = groups_of(rest);
    !groups.is_empty() && groups.iter().all(|group| without_prefix(group).0.len().is_multiple_of(2))
}

/// The groups of digits at the beginning of a line, up to a bar.
fn groups_of(rest: &str) -> Vec<&str> {
    let rest = rest.split('|').next().unwrap_or(rest);
    let groups = rest.split_whitespace();
    groups
        .take_while(|group| {
            without_prefix(group.trim_end_matches(',')).0.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
        .collect()
}

/// The bytes of each line, if every offset, read in this base, stands where the bytes before it say.
fn with_offsets(lines: &[DumpLine<'_>], base: u32) -> Option<Vec<Vec<u8>>> {
    let offsets: Vec<u64> =
        lines.iter().map(|line| u64::from_str_radix(line.offset, base).ok()).collect::<Option<_>>()?;
    let mut read: Vec<Vec<u8>> = Vec::new();
    let mut width = 0;
    for (index, line) in lines.iter().enumerate() {
        // Where the next offset tells how many bytes stand in this line, text that looks like bytes cannot mislead.
        let length = match offsets.get(index + 1) {
            Some(next) => Some(usize::try_from(next.checked_sub(*offsets.get(index)?)?).ok()?),
            None => None,
        };
        let (found, behind) = line_bytes(line.rest, length, if width == 0 { WIDEST } else { width });
        let is_fit = length.map_or_else(|| is_text(line.rest, &found, behind), |length| found.len() == length);
        if !is_fit {
            return None;
        }
        width = width.max(found.len());
        read.push(found);
    }
    read.iter().any(|line| !line.is_empty()).then_some(read)
}

/// The bytes at the beginning of a line, and the text behind them. `length` is how many they are, where the next offset tells; in the last
/// line, where nobody does, text is told by the gap or the bar before it: by what it says, or because the lines before have no more than `width`
/// bytes.
fn line_bytes(rest: &str, length: Option<usize>, width: usize) -> (Vec<u8>, &str) {
    let mut bytes: Vec<u8> = Vec::new();
    let (mut left, mut digits_before) = (rest, 0);
    loop {
        let next = left.trim_start_matches([' ', '\t']);
        // hexdump and Wireshark leave one more space in the middle of a line.
        let is_gap = left.len() - next.len() > 1 && !bytes.is_empty();
        let end = next.find([' ', '\t', '|']).unwrap_or(next.len());
        let (word, behind) = next.split_at(end);
        let (group, has_prefix) = without_prefix(word.trim_end_matches(','));
        let is_bytes = !group.is_empty()
            && (group.len().is_multiple_of(2) || has_prefix && group.len() == 1)
            && group.bytes().all(|digit| digit.is_ascii_hexdigit());
        let is_over = match length {
            // More bytes than the next offset says: it is none, for text is set off by more than a space.
            Some(length) => is_gap && bytes.len() + group.len() / 2 > length,
            None => is_gap && (bytes.len() >= width || says(next, &bytes) || group.len() > digits_before),
        };
        if !is_bytes || is_over {
            return (bytes, next);
        }
        bytes.extend(digits(group));
        digits_before = group.len();
        left = behind;
    }
}

/// Whether what stands behind the bytes of a line is their text, or a remark, and no byte that is misspelled: it is behind a bar or a gap, or no
/// letter or digit begins it, or it says what the bytes say.
fn is_text(rest: &str, bytes: &[u8], text: &str) -> bool {
    let before = rest.strip_suffix(text).unwrap_or(rest);
    let is_apart = text.starts_with('|') || before.ends_with("  ");
    is_apart || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || says(text, bytes)
}

/// How a dump shows a byte as text: as it is, or as a mark of its own where it is no graphic character.
fn shows(character: char, byte: u8) -> bool {
    match byte {
        0x21..=0x7e => character == char::from(byte),
        _ => !character.is_ascii_alphanumeric(),
    }
}

/// Whether a text is what a dump shows of these bytes, between bars or without; blanks at its ends may be lost, and one may stand in its middle.
pub(super) fn says(text: &str, bytes: &[u8]) -> bool {
    let is_blank = |byte: &u8| *byte == b' ';
    let start = bytes.iter().take_while(|byte| is_blank(byte)).count();
    let end = bytes.len() - bytes.iter().rev().take_while(|byte| is_blank(byte)).count();
    let bytes = bytes.get(start..end).unwrap_or_default();
    let is_all = |text: &[char]| text.len() == bytes.len() && text.iter().zip(bytes).all(|(c, byte)| shows(*c, *byte));
    let says = |text: &str| {
        let text: Vec<char> = text.trim().chars().collect();
        let halves = || {
            let middle = 8_usize.checked_sub(start).filter(|middle| text.get(*middle) == Some(&' '))?;
            Some([text.get(..middle)?, text.get(middle + 1..)?].concat())
        };
        is_all(&text) || halves().is_some_and(|text| is_all(&text))
    };
    // A bar at an end may be one of two around the text, or the text's own.
    let text = text.trim();
    let (behind, before) = (text.strip_prefix('|'), text.strip_suffix('|'));
    let between = behind.and_then(|text| text.strip_suffix('|'));
    [Some(text), behind, before, between].into_iter().flatten().any(says)
}

/// Whether a text begins as a dump shows these bytes.
fn starts_as(text: &str, bytes: &[u8]) -> bool {
    let mut characters = text.chars();
    bytes.iter().all(|byte| characters.next().is_some_and(|character| shows(character, *byte)))
}

#[cfg(test)]
mod tests {
    use super::super::hex_text::parse;

    /// Lines of a dump: an offset of some digits and what is behind it, bytes in groups, what the text stands between, and where it has a blank.
    fn dump(bytes: &[u8], (digits, mark, size, bar, has_middle): (usize, &str, usize, &str, bool)) -> String {
        let line = |(index, line): (usize, &[u8])| {
            let groups: Vec<String> =
                line.chunks(size).map(|group| group.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
            let text: Vec<String> = line
                .chunks(8)
                .map(|half| {
                    half.iter()
                        .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' })
                })
                .map(Iterator::collect)
                .collect();
            let text = text.join(if has_middle { " " } else { "" });
            format!("{:0digits$x}{mark}  {:48}  {bar}{text}{bar}\n", index * 16, groups.join(" "))
        };
        bytes.chunks(16).enumerate().map(line).collect()
    }

    #[test]
    fn the_text_of_a_dump_is_text_whatever_it_looks_like() {
        for text in [
            "[255]",
            "{1,2}",
            "[1,2,3]",
            "{\"a\":[64, 1]}",
            "12|",
            "|12",
            "12 | 34",
            "|",
            "||",
            "a='\\x40'",
            "b'12'",
            "h'dead'",
            "=h'dead'",
            "0x0000:",
            "(29) 44 01",
            "<<1,2>>",
            "/* 1 */ {1,2}",
            "12 34 56 78",
            "[12:00:01] 44 01",
            "*",
            "de ad [1,2] be ef 12|",
            "x(1 bytes):",
            "12 34 56 7 8",
            " 34 56 78",
        ] {
            let bytes = [&[0x41, 0x45, 0, 1, 0xaa, 0xff], text.as_bytes()].concat();
            for form in [
                (8, ":", 2, "", false),
                (8, ":", 1, "", false),
                (8, "", 1, "|", false),
                (4, "", 1, "", false),
                (4, "", 1, "", true),
                (6, "", 1, ">", false),
            ] {
                let dump = dump(&bytes, form);
                assert_eq!(parse(&dump).map(|typed| typed.bytes), Ok(bytes.clone()), "{dump}");
            }
        }
    }
}
