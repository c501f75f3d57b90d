//! Text broken into lines of a width, counted in terminal columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Lines of at most `width` columns (a word that is longer is cut). Always at least one line.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        if !line.is_empty() && columns(&line) + 1 + columns(word) > width {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        while columns(&line) + columns(word) > width {
            let (head, tail) = split(word, width - columns(&line));
            line.push_str(head);
            lines.push(std::mem::take(&mut line));
            word = tail;
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// How many columns a text takes; of plain letters, as most is, that is soon told.
fn columns(text: &str) -> usize {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) { text.len() } else { text.width() }
}

/// The text cut to `width` columns; what was cut off shows as two dots.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    format!("{}{}", fit(text, width.saturating_sub(2)), ".".repeat(width.min(2)))
}

/// The text cut to `width` columns in its middle, where `mark` stands for what is left out: of a path both ends tell more than its middle.
pub fn cut_middle(text: &str, width: usize, mark: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(mark.width()) else { return fit(mark, width).to_owned() };
    let head = fit(text, room.div_ceil(2));
    let room = room - head.width();
    let mut columns = 0;
    let tail = text.char_indices().rev().take_while(|(_, character)| {
        columns += character.width().unwrap_or(0);
        columns <= room
    });
    let tail = tail.last().map_or("", |(start, _)| text.get(start..).unwrap_or_default());
    format!("{head}{mark}{tail}")
}

/// As much of the text as fits `width` columns; nothing where not even its first character does.
pub fn fit(text: &str, width: usize) -> &str {
    let mut columns = 0;
    let end = text.char_indices().find_map(|(at, character)| {
        columns += character.width().unwrap_or(0);
        (columns > width).then_some(at)
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

/// As many characters as fit `width` columns, and the rest. At least one character, so that callers come to an end.
fn split(text: &str, width: usize) -> (&str, &str) {
    let mut columns = 0;
    let end = text.char_indices().find_map(|(at, character)| {
        columns += character.width().unwrap_or(0);
        (columns > width && at > 0).then_some(at)
    });
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_they_can() {
        for (text, width, expected) in [
            ("one two three", 7, vec!["one two", "three"]),
            ("", 5, vec![""]),
            ("abcdefgh ij", 3, vec!["abc", "def", "gh", "ij"]),
            ("a  b", 10, vec!["a  b"]),
            ("\u{65e5}\u{672c}\u{8a9e}", 4, vec!["\u{65e5}\u{672c}", "\u{8a9e}"]),
            ("\u{65e5}", 1, vec!["\u{65e5}"]),
        ] {
            assert_eq!(wrap(text, width), expected, "{text:?} at {width}");
        }
        assert_eq!(
            (cut("temperature", 6), cut("temp", 6), cut("\u{65e5}\u{672c}\u{8a9e}", 5)),
            ("temp..".into(), "temp".into(), "\u{65e5}..".into())
        );
        for (width, expected) in
            [(12, "/example_dat"), (11, "/exam.._dat"), (6, "/e..at"), (3, "/.."), (1, "."), (0, "")]
        {
            assert_eq!(cut_middle("/example_dat", width, ".."), expected, "{width}");
        }
        assert_eq!(cut_middle("\u{65e5}\u{672c}\u{8a9e}", 5, ".."), "\u{65e5}..");
    }
}
