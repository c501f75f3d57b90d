//! What stands around bytes: the line above a dump, brackets, and what may be a time or a count.

use super::hex_text::{HexError, without_prefix};

/// What may stand around bytes, or around each of them.
const OPENING: [char; 4] = ['{', '[', '(', '<'];
const CLOSING: [char; 4] = ['}', ']', ')', '>'];

/// A dump without the line above it, which says what packet it is: of tcpdump, or of tshark, where a frame has several.
pub(super) fn behind_headline(text: &str) -> Result<&str, HexError> {
    const FIRST: &str = "0x0000:";
    let names_part =
        |line: &&str| line.trim_end().ends_with(" bytes):") && !line.starts_with(|c: char| c.is_ascii_digit());
    let line_at = |at: usize| text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    match text.lines().filter(names_part).count() {
        0 => {}
        1 => {
            let text = text.trim_start();
            if let Some((_, dump)) = text.split_once('\n').filter(|(first, _)| names_part(first)) {
                return Ok(dump);
            }
        }
        _ => return Err(HexError::Several),
    }
    let mut dumps = text.match_indices(FIRST).map(|(at, _)| at).filter(|at| line_at(*at).trim().is_empty());
    match (dumps.next(), dumps.next()) {
        (Some(_), Some(_)) => Err(HexError::Several),
        (Some(at), None) => Ok(text.get(at..).unwrap_or(text)),
        (None, _) => Ok(text),
    }
}

/// The bytes without brackets around all of them or around each, and without an arrow before a line, as mails and Markdown quote it; an
/// error where some stand in brackets and others do not, or behind a time.
pub(super) fn bytes_alone(text: &str) -> Result<String, HexError> {
    let lines: Vec<&str> = text.lines().map(behind_arrow).collect();
    if let Some(time) = lines.iter().find_map(|line| time_before(line)) {
        return Err(HexError::Aside(time.to_owned()));
    }
    let text = lines.join("\n");
    let inside = text.trim_start_matches(|c: char| c.is_whitespace() || OPENING.contains(&c));
    let inside = inside.trim_end_matches(|c: char| c.is_whitespace() || c == ';' || CLOSING.contains(&c));
    let is_bracket = |c: char| OPENING.contains(&c) || CLOSING.contains(&c);
    if !inside.contains(is_bracket) {
        return Ok(inside.to_owned());
    }
    // What stands in no digits at all is told as such.
    let is_other =
        |c: char| !(c.is_ascii_hexdigit() || c.is_whitespace() || is_bracket(c) || "xX:,;-_\"'\\".contains(c));
    if inside.contains(is_other) {
        return Ok(text.replace(is_bracket, " "));
    }
    let words = inside.split(|c: char| is_bracket(c) || c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let are_single = words.clone().all(|word| without_prefix(word).0.len() == 2);
    let parts = inside.split(|c: char| CLOSING.contains(&c));
    let are_alike = parts.clone().all(|part| part.split_whitespace().count() <= 1);
    if are_single && are_alike && words.count() == parts.count() {
        return Ok(inside.replace(is_bracket, " "));
    }
    Err(HexError::Aside(in_brackets(&text)))
}

/// A line without the arrow that it begins with, if it does.
fn behind_arrow(line: &str) -> &str {
    let line = line.trim_start();
    let is_arrow = |word: &str| !word.is_empty() && word.chars().all(|c| "<>-=".contains(c));
    line.split_once([' ', '\t']).filter(|(first, _)| is_arrow(first)).map_or(line, |(_, rest)| rest)
}

/// The first part in brackets, with them.
fn in_brackets(text: &str) -> String {
    let start = text.find(OPENING).unwrap_or_default();
    let part = text.get(start..).unwrap_or_default();
    let end = part.find(CLOSING).map_or(part.len(), |at| at + 1);
    part.get(..end).unwrap_or(part).to_owned()
}

/// What a text is that is no hexadecimal, where that can be told, and what to do.
pub(super) fn foreign(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let is_of_64 = |c: char| c.is_ascii_alphanumeric() || "+/-_=\n\r".contains(c);
    let has_more = |c: char| c.is_ascii_alphabetic() && !c.is_ascii_hexdigit();
    let is_base64 = text.len() >= 8 && text.chars().all(is_of_64) && text.contains(has_more) && {
        let end = text.trim_end_matches('=');
        !end.contains('=') && text.len() - end.len() <= 2
    };
    if is_base64 {
        return Some("this may be base64, which is not read here; turn it into hexadecimal: base64 -d FILE | xxd -p");
    }
    let has = |part: &str| text.contains(part);
    if has(" t:") && has(" c:") && has(" i:") {
        return Some(
            "this is what libcoap says of a message, which has not all of its bytes; give those in hexadecimal",
        );
    }
    None
}

/// Whether the lines have offsets of seven digits and behind them a character in each four columns, as it is or escaped (`od -c`).
pub(super) fn is_of_characters(text: &str) -> bool {
    let is_cell = |cell: &[u8]| cell.first() == Some(&b' ');
    let is_character = |cell: &[u8]| match cell {
        [b' ', b' ', b' ', byte] => byte.is_ascii_graphic() && !byte.is_ascii_digit(),
        [b' ', b' ', b'\\', _] => true,
        _ => false,
    };
    let mut has_character = false;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.all(|line| {
        let Some((offset, cells)) = line.as_bytes().split_at_checked(7) else { return false };
        has_character |= cells.chunks(4).any(is_character);
        offset.iter().all(u8::is_ascii_digit) && cells.chunks(4).all(is_cell)
    }) && has_character
}

/// A date or a time before the bytes of a line. No message begins with such bytes.
fn time_before(line: &str) -> Option<&str> {
    let line = line.trim().trim_start_matches(OPENING);
    let (first, rest) = line.split_once([' ', '\t'])?;
    let word = first.trim_end_matches([':', ',', ';']).trim_end_matches(CLOSING).trim_end_matches(':');
    let is_number = |part: &&str| part.bytes().all(|digit| digit.is_ascii_digit());
    let below = |part: &str, end: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number < end);
    let of = |mark: char| word.split(mark).collect::<Vec<&str>>();
    let is_time = match of(':').as_slice() {
        [hour, minute] => below(hour, 24) && below(minute, 60),
        [hour, minute, second] => below(hour, 24) && below(minute, 60) && below(second, 61),
        _ => false,
    };
    let is_date = match of('-').as_slice() {
        [year, month, day] => year.len() == 4 && is_number(year) && below(month, 13) && below(day, 32),
        _ => false,
    };
    (!rest.trim().is_empty() && (is_time || is_date)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::super::hex_text::parse;

    #[test]
    fn what_stands_beside_bytes_is_none() {
        for (text, part) in [
            ("[12:00:01] 44 01 12 34 de ad be ef", "12:00:01"),
            ("12:00:01 44 01 12 34 de ad be ef", "12:00:01"),
            ("12:00:01: 44:01:12:34:de:ad:be:ef", "12:00:01"),
            ("2026-11-28 12:00:01 44 01 12 34", "2026-11-28"),
            ("(29) 44 01 12 34 de ad be ef", "(29)"),
            ("44 01 12 34 de ad be ef [12]", "[12]"),
            ("44 01 12 34 [de ad] be ef", "[de ad]"),
            ("44 01 12 34 de ad be ef [1, 2]", "[1, 2]"),
            ("[44 01 12 34] [de ad be ef]", "[44 01 12 34]"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            let expected = format!("`{part}` may be bytes, or a time or a count beside them; give nothing but bytes");
            assert_eq!(error, expected, "{text}");
        }
        for text in
            ["97 69 18 52 65", "[97, 69, 18, 52, 65]", "[97 69 18 52 65]", "[64 1 18 52]", "[]byte{64, 69, 18, 52}"]
        {
            let is_list = text.contains('[');
            assert_eq!(parse(text).is_err(), is_list, "{text}");
        }
    }

    #[test]
    fn what_other_programs_write_is_named() {
        for (text, begins) in [
            ("RAESNN6tvu9gWy53ZWxsLWtub3duBGNvcmU=", "this may be base64"),
            ("v:1 t:CON c:GET i:1234 {deadbeef} [ Uri-Path:a ]", "this is what libcoap says"),
            ("0000000   D 001 022   4 336 255 276 357\n0000010", "this is a dump of characters"),
            ("hello", "`h` in `hello`"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(begins), "{text}: {error}");
        }
    }

    #[test]
    fn brackets_around_bytes_are_passed_over() {
        let expected = [0x44, 0x01, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef];
        for text in [
            "[44 01 12 34 de ad be ef]",
            "(44 01 12 34 de ad be ef)",
            "<44011234 deadbeef>",
            "(44) (01) (12) (34) (de) (ad) (be) (ef)",
            "<44><01><12><34><de><ad><be><ef>",
            "44 01 12 34 de ad be ef]",
            "> 44 01 12 34\n> de ad be ef",
            "-> 44 01 12 34 de ad be ef",
            "<< 44 01 12 34 de ad be ef",
            "Frame (8 bytes):\n\n0000  44 01 12 34 de ad be ef                           D..4....\n",
            "44 01 12 34 de ad-be ef",
        ] {
            assert_eq!(parse(text).unwrap().bytes, expected, "{text}");
        }
        let both = "Frame (2 bytes):\n\n0000  44 01   D.\n\nReassembled CoAP (2 bytes):\n\n0000  44 01   D.\n";
        assert!(parse(both).unwrap_err().to_string().starts_with("there are several messages"));
    }
}
