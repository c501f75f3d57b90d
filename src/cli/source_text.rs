//! Bytes as programs have them: lists in braces or brackets, and quoted texts with escapes.

use super::hex_text::HexError;

/// The bytes of a list of C (`uint8_t m[] = {0x40, 0x01};`) or Python (`[0x40, 0x01]`); None where the text is none. Comments are
/// passed over.
pub fn list(text: &str) -> Option<Result<Vec<u8>, HexError>> {
    let text = without_comments(text);
    let (open, close) = if text.contains('{') { ('{', '}') } else { ('[', ']') };
    let (_, rest) = text.split_once(open)?;
    let (inside, _) = rest.split_once(close)?;
    inside.contains(',').then(|| inside.split(',').map(str::trim).filter(|one| !one.is_empty()).map(element).collect())
}

/// `0x40`, in quotes or not, or a single digit below ten, which is the same in every base.
fn element(text: &str) -> Result<u8, HexError> {
    let text = text.trim_matches(['\'', '"']);
    let refused = || HexError::Element(text.to_owned());
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if (1..=2).contains(&digits.len()) => u8::from_str_radix(digits, 16).map_err(|_| refused()),
        None if text.len() == 1 => text.parse().map_err(|_| refused()),
        _ => Err(refused()),
    }
}

fn without_comments(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        let (before, comment) = rest.split_at(start);
        left.push_str(before);
        let end = if comment.starts_with("/*") { comment.find("*/").map(|end| end + 2) } else { comment.find('\n') };
        rest = end.and_then(|end| comment.get(end..)).unwrap_or_default();
        left.push(' ');
    }
    left + rest
}

/// The bytes of a literal, or of several in a row; None where the text is none. `b'...'` is Python's, where characters stand for
/// themselves; quotes without a `b` count as a literal where they hold escapes.
pub fn literal(text: &str) -> Option<Result<Vec<u8>, HexError>> {
    let mut rest = assigned(text);
    if let Some((name, inside)) = call(rest)
        && ["bytes", "bytearray", "memoryview"].contains(&name)
    {
        rest = inside;
    }
    let starts = |rest: &str| ["b'", "b\"", "B'", "B\"", "'", "\""].iter().any(|start| rest.starts_with(start));
    if !starts(rest) || !(rest.starts_with(['b', 'B']) || rest.contains('\\')) {
        return None;
    }
    let mut bytes = Vec::new();
    while starts(rest) {
        let is_python = rest.starts_with(['b', 'B']);
        rest = rest.trim_start_matches(['b', 'B']);
        let quote = rest.chars().next()?;
        match quoted(rest.get(1..)?, quote, is_python) {
            Ok((part, behind)) => {
                bytes.extend(part);
                rest = behind_break(behind);
            }
            Err(error) => return Some(Err(error)),
        }
    }
    let is_over = rest.trim_end_matches(';').is_empty();
    Some(if is_over { Ok(bytes) } else { Err(HexError::Quoted(rest.to_owned())) })
}

/// What stands behind a literal: a backslash at the end of a line only says that it goes on, as Wireshark's escaped strings have it.
fn behind_break(text: &str) -> &str {
    let rest = text.trim_start();
    rest.strip_prefix('\\').filter(|next| next.trim_start_matches('\r').starts_with('\n')).map_or(rest, str::trim_start)
}

/// The value of `name = value`, or the text itself.
fn assigned(text: &str) -> &str {
    match text.split_once('=') {
        Some((name, value)) if !name.contains(['\'', '"']) => value.trim(),
        _ => text.trim(),
    }
}

/// Name and argument of `name(argument)`.
fn call(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.trim_end_matches(';').trim_end().strip_suffix(')')?.split_once('(')?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    is_name.then(|| (name, rest.trim()))
}

/// The text of digits that a program turns into bytes: Python's `bytes.fromhex('4001')` and `unhexlify('4001')`, and `h'4001'` of CBOR's
/// diagnostic notation; None where the text is none of these.
pub fn of_digits(text: &str) -> Option<&str> {
    let text = assigned(text);
    let inside = match call(text) {
        Some((name, inside)) if name.ends_with("fromhex") || name.ends_with("unhexlify") => {
            inside.trim_start_matches(['b', 'B'])
        }
        Some(_) => return None,
        None => text.strip_prefix('h')?,
    };
    let quote = inside.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    inside.strip_prefix(quote)?.strip_suffix(quote)
}

/// Bytes up to the closing quote, and what stands behind it.
fn quoted(text: &str, quote: char, is_python: bool) -> Result<(Vec<u8>, &str), HexError> {
    let mut bytes = Vec::new();
    let mut rest = text;
    loop {
        let refused = || HexError::Quoted(rest.to_owned().trim_end_matches(quote).to_owned());
        let first = rest.chars().next().ok_or_else(refused)?;
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        if first == quote {
            return Ok((bytes, behind));
        }
        if first != '\\' {
            // In C digits behind `\x40` would belong to it.
            let is_byte = first.is_ascii() && !first.is_ascii_control() && is_python;
            bytes.push(u8::try_from(first).ok().filter(|_| is_byte).ok_or_else(refused)?);
            rest = behind;
            continue;
        }
        let (byte, length) = escape(behind).ok_or_else(refused)?;
        let next = behind.get(length..).unwrap_or_default();
        if !is_python && next.starts_with(|c: char| c.is_ascii_hexdigit()) {
            return Err(refused());
        }
        bytes.push(byte);
        rest = next;
    }
}

/// The byte of an escape, and how many characters stand for it behind the backslash.
fn escape(text: &str) -> Option<(u8, usize)> {
    let first = text.chars().next()?;
    let byte = match first {
        'x' => {
            let digits = text.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            return u8::from_str_radix(digits, 16).ok().map(|byte| (byte, 3));
        }
        '0'..='7' => {
            let length = text.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
            return u8::from_str_radix(text.get(..length)?, 8).ok().map(|byte| (byte, length));
        }
        'a' => 7,
        'b' => 8,
        't' => b'\t',
        'n' => b'\n',
        'v' => 11,
        'f' => 12,
        'r' => b'\r',
        '\\' | '\'' | '"' => u8::try_from(first).ok()?,
        _ => return None,
    };
    Some((byte, 1))
}
