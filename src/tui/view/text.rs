//! Text on a screen of so many columns: cut, padded, wrapped by the width that a terminal gives it.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `columns` columns; where something is cut off, `more` stands at the end.
pub fn fit(text: &str, columns: usize, more: char) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        kept.push(character);
    }
    if columns > 0 {
        kept.push(more);
    }
    kept
}

/// The same, keeping both ends.
pub fn fit_middle(text: &str, columns: usize, more: char) -> String {
    crate::render::wrap::cut_middle(text, columns, more.encode_utf8(&mut [0; 4]))
}

/// Exactly `columns` columns, the text on the left.
pub fn left(text: &str, columns: usize, more: char) -> String {
    let text = fit(text, columns, more);
    let spaces = columns.saturating_sub(text.width());
    text + &" ".repeat(spaces)
}

/// Exactly `columns` columns, the text on the right.
pub fn right(text: &str, columns: usize, more: char) -> String {
    let text = fit(text, columns, more);
    " ".repeat(columns.saturating_sub(text.width())) + &text
}

/// Lines of at most `columns` columns, broken between words where that is possible.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        let used = lines.last().map_or(0, |line| line.width());
        if used > 0 && used + 1 + word.width() > columns {
            lines.push(String::new());
        }
        // A word that is longer than a line is cut into lines.
        while word.width() > columns {
            let part: String = take_columns(&word, columns);
            if part.is_empty() {
                break;
            }
            word = word.chars().skip(part.chars().count()).collect();
            lines.push(part);
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn take_columns(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

/// What there is room for of a text that is typed.
pub struct Window {
    /// From where on it is shown, in bytes.
    pub start: usize,
    /// Columns from there to the cursor.
    pub cursor: usize,
}

/// As much before the cursor, which stands behind so many characters, as fits with it into `columns` columns.
pub fn window(text: &str, cursor: usize, columns: usize) -> Window {
    let end = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
    let before = text.get(..end).unwrap_or_default();
    let from = |at: usize| before.get(at..).unwrap_or_default();
    let starts = before.char_indices().rev().map(|(at, _)| at);
    let start = starts.take_while(|at| from(*at).width() < columns).last().unwrap_or(end);
    // A mark stays with the character that it stands on.
    let marks = from(start).chars().take_while(|character| start > 0 && character.width() == Some(0));
    let start = start + marks.map(char::len_utf8).sum::<usize>();
    Window { start, cursor: from(start).width() }
}

/// Pieces of text, each with its style.
pub type Pieces = Vec<(String, Style)>;

/// Columns that pieces take.
pub fn pieces_width(pieces: &Pieces) -> usize {
    pieces.iter().map(|(text, _)| text.width()).sum()
}

/// Columns that pieces take without the blanks at their end, which nobody misses.
fn content_width(pieces: &Pieces) -> usize {
    let mut before = 0;
    let mut content = 0;
    for (text, _) in pieces {
        let own = text.trim_end_matches(' ').width();
        if own > 0 {
            content = before + own;
        }
        before += text.width();
    }
    content
}

/// Write pieces from `x` on in at most `columns` columns; where something does not fit, `more` stands at the end.
pub fn write(buffer: &mut Buffer, x: u16, y: u16, columns: u16, pieces: &Pieces, more: char) {
    let columns = usize::from(columns);
    if columns == 0 || y >= buffer.area.bottom() {
        return;
    }
    let cut = content_width(pieces) > columns;
    let room = columns - usize::from(cut);
    let mut used = 0;
    for (text, style) in pieces {
        let kept = take_columns(text, room - used);
        buffer.set_stringn(x + used as u16, y, &kept, room - used, *style);
        used += kept.width();
        if cut && kept.len() < text.len() {
            buffer.set_stringn(x + used as u16, y, more.encode_utf8(&mut [0; 4]), 1, *style);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns() {
        for (text, columns, start, ends) in [
            ("abc", 3, "abc", "abc"),
            ("abcd", 3, "ab~", "a~d"),
            ("abcd", 1, "~", "~"),
            ("abcd", 0, "", ""),
            ("\u{6e29}\u{5ea6}x", 4, "\u{6e29}~", "\u{6e29}~x"),
        ] {
            assert_eq!(fit(text, columns, '~'), start, "{text}");
            assert_eq!(fit_middle(text, columns, '~'), ends, "{text}");
        }
        assert_eq!((left("ab", 4, '~'), right("ab", 4, '~')), ("ab  ".into(), "  ab".into()));
    }

    #[test]
    fn what_does_not_fit_has_a_sign_whichever_piece_it_is() {
        for (pieces, columns, expected) in [
            (&["abc", "de"][..], 6, "abcde |"),
            (&["abc", "de"], 5, "abcde|"),
            (&["abc", "de"], 4, "abc~|"),
            (&["abc", "de"], 3, "ab~|"),
            (&["abc", "de"], 2, "a~|"),
            (&["abc", "de"], 1, "~|"),
            (&["abc", "de"], 0, "|"),
            (&["abc  ", "  "], 3, "abc|"),
            (&["abc  ", "d "], 5, "abc ~|"),
            (&["\u{6e29}\u{5ea6}", "x"], 4, "\u{6e29} ~ |"),
            (&["\u{6e29}\u{5ea6}", "x"], 5, "\u{6e29} \u{5ea6} x|"),
        ] {
            let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 7, 1));
            buffer.set_string(columns, 0, "|", Style::new());
            let pieces = pieces.iter().map(|text| ((*text).to_owned(), Style::new())).collect();
            write(&mut buffer, 0, 0, columns, &pieces, '~');
            let drawn: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
            assert_eq!(drawn.trim_end(), expected, "{pieces:?} in {columns}");
        }
    }

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
        assert_eq!(wrap("", 4), Vec::<String>::new());
        assert!(wrap("one two", 0).iter().all(|line| width(line) <= 1));
    }
}
