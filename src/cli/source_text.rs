//! Bytes as programs have them: lists in braces or brackets, and quoted texts with escapes.

use super::hex_text::{HexError, are_bits, without_prefix};

/// The bytes of a list of C (`uint8_t m[] = {0x40, 0x01};`), Python (`[0x40, 0x01]`), Erlang (`<<64,1,200>>`) or Go (`[64 1 200]`); None where the
/// text is none. Comments are passed over.
pub fn list(text: &str) -> Option<Result<Vec<u8>, HexError>> {
    let text = without_comments(text);
    let inside = match text.trim().strip_prefix("<<") {
        Some(rest) => rest.split_once(">>")?.0,
        None => {
            // What stands before may be the length of an array, or the other members of an object.
            let (before, rest) = text.rsplit_once(['{', '['])?;
            let (inside, behind) = rest.split_once(['}', ']'])?;
            if has_bytes(before) || has_bytes(behind) {
                return None;
            }
            inside
        }
    };
    if !inside.contains(',') {
        let numbers: Vec<&str> = inside.split_whitespace().collect();
        // Go prints bytes so, which look like hexadecimal where none is of three digits.
        let may_be_decimal = text.contains('[') && numbers.len() > 1 && numbers.iter().all(|one| decimal(one).is_ok());
        return match numbers.first() {
            _ if are_decimal(&numbers) => Some(numbers.into_iter().map(decimal).collect()),
            Some(first) if may_be_decimal => Some(Err(refused(first))),
            _ => None,
        };
    }
    let elements: Vec<&str> = inside.split(',').map(value).filter(|one| !one.is_empty()).collect();
    let read = match &elements {
        all if are_decimal(all) => decimal,
        all if are_hexadecimal(all) => hexadecimal,
        _ => element,
    };
    Some(elements.into_iter().map(read).collect())
}

/// Whether bytes stand beside a list: two in a row, or one right before it.
fn has_bytes(text: &str) -> bool {
    let is_group = |word: &str| {
        let digits = without_prefix(word).0;
        digits.len() >= 2 && digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| pair.iter().all(|word| is_group(word)))
        || words.last().is_some_and(|last| is_group(last))
}

/// An element without quotes, the cast that Java needs, and the type that Rust may have behind it.
fn value(element: &str) -> &str {
    let element = element.trim().trim_matches(['\'', '"']);
    let element = element.strip_prefix("(byte)").unwrap_or(element).trim_start();
    element.strip_suffix("u8").unwrap_or(element)
}

/// Whether these are bytes in decimal, as one tells that could not be hexadecimal: of three digits, or below zero as Java has them.
fn are_decimal(elements: &[&str]) -> bool {
    let is_certain = |one: &&str| one.len() == 3 || one.starts_with('-');
    elements.iter().any(is_certain) && elements.iter().all(|one| decimal(one).is_ok())
}

/// Whether these are bytes in hexadecimal without a prefix, as a letter tells, or a zero in front in each of two digits.
fn are_hexadecimal(elements: &[&str]) -> bool {
    let are_pairs = elements.iter().all(|one| one.len() == 2);
    let is_certain =
        |one: &&str| one.bytes().any(|digit| digit.is_ascii_alphabetic()) || are_pairs && one.starts_with('0');
    elements.iter().any(is_certain) && elements.iter().all(|one| hexadecimal(one).is_ok())
}

fn refused(element: &str) -> HexError {
    HexError::Element(element.to_owned())
}

/// A byte in decimal, without zeros in front, which may be below zero where its upper bit is set.
fn decimal(text: &str) -> Result<u8, HexError> {
    let is_plain = text == "0" || text.trim_start_matches('-').starts_with(|digit: char| ('1'..='9').contains(&digit));
    let byte = if is_plain { text.parse().or_else(|_| text.parse().map(i8::cast_unsigned)).ok() } else { None };
    byte.ok_or_else(|| refused(text))
}

/// A byte of one or two hexadecimal digits.
fn hexadecimal(digits: &str) -> Result<u8, HexError> {
    let is_byte = (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_byte).ok_or_else(|| refused(digits))
}

/// `0x40`, `0b01000000`, or a single digit below ten, which is the same in every base.
fn element(text: &str) -> Result<u8, HexError> {
    if let Some(digits) = text.strip_prefix("0b").or_else(|| text.strip_prefix("0B")) {
        let digits = digits.replace('_', "");
        let is_byte = (1..=8).contains(&digits.len()) && are_bits(&digits);
        return u8::from_str_radix(&digits, 2).ok().filter(|_| is_byte).ok_or_else(|| refused(text));
    }
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => hexadecimal(digits).map_err(|_| refused(text)),
        None if text.len() == 1 => text.parse().map_err(|_| refused(text)),
        _ => Err(refused(text)),
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
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:".contains(c));
    is_name.then(|| (name, rest.trim()))
}

/// The text of digits that a program turns into bytes: Python's `bytes.fromhex('4001')` and `unhexlify('4001')`, `hex::decode("4001")` of Rust,
/// `hex.DecodeString("4001")` of Go, `Buffer.from('4001', 'hex')` of JavaScript, and `h'4001'` of CBOR's diagnostic notation; None where the text is none of these.
pub fn of_digits(text: &str) -> Option<&str> {
    let text = assigned(text);
    let inside = match call(text) {
        Some((name, inside))
            if ["fromhex", "unhexlify", "decode", "DecodeString"].iter().any(|end| name.ends_with(end)) =>
        {
            inside.trim_start_matches(['b', 'B'])
        }
        Some(("Buffer.from", inside)) => {
            let (digits, form) = inside.split_once(',')?;
            (form.trim().trim_matches(['\'', '"']) == "hex").then_some(digits)?
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
    let (mut rest, mut has_text) = (text, false);
    loop {
        let refused = || HexError::Quoted(rest.to_owned().trim_end_matches(quote).to_owned());
        let first = rest.chars().next().ok_or_else(refused)?;
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        if first == quote {
            return Ok((bytes, behind));
        }
        if first != '\\' {
            // In C digits behind `\x40` would belong to it, and spaces may only set bytes apart.
            let is_text = is_python || has_text || first.is_ascii_graphic();
            let is_byte = first.is_ascii() && !first.is_ascii_control() && is_text;
            has_text = true;
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
