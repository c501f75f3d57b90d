//! The bytes: hex and text, those of the selected field marked, with its bits in the rule above.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::text::{self, Pieces};
use crate::coap::{Span, count};
use crate::render::hex::{self, Row};
use crate::tui::app::{App, Pane};

/// Bytes a row for a pane so wide: a power of two, with offset, hex in groups of eight, and text.
pub fn per_row(columns: usize) -> usize {
    let needs = |bytes: usize| 1 + 4 + 2 + bytes * 3 + bytes.div_ceil(8) + 1 + bytes;
    [32, 16, 8].into_iter().find(|bytes| needs(*bytes) <= columns).unwrap_or(4)
}

/// Draw the bytes under their rule; `beside` the tree, with a wall on the left.
pub fn draw(buffer: &mut Buffer, area: Rect, app: &App, beside: bool) {
    let wall = u16::from(beside);
    let inner = Rect { x: area.x + wall, width: area.width - wall, ..area };
    if beside {
        for y in area.y..area.bottom() {
            text::write(buffer, area.x, y, 1, &vec![(app.theme.signs().wall.into(), Style::new())], ' ');
        }
    }
    let only = format!("x {} only", app.detail.message_word());
    let hint = if app.detail.shows_frame() { &only } else { "x whole frame" };
    super::rule(buffer, inner, app, Pane::Bytes, &title(app), hint);
    let (rows, per_row) = app.detail.byte_page;
    let bytes = app.detail.bytes();
    let marked = app.detail.marked();
    let first = app.detail.byte_top * per_row;
    let window = bytes.get(first..).unwrap_or_default();
    let window = window.get(..rows * per_row).unwrap_or(window);
    let moved = marked.and_then(|span| before(span, first));
    for (y, row) in (inner.y + 1..inner.bottom()).zip(hex::rows(window, per_row, moved)) {
        let pieces = row_pieces(&row, first, per_row, app);
        text::write(buffer, inner.x + 1, y, inner.width - 1, &pieces, app.theme.signs().more);
    }
    let below = bytes.len().div_ceil(per_row.max(1)).saturating_sub(app.detail.byte_top + rows);
    super::more_rows(buffer, inner, below, app);
}

/// A span as seen from a window that begins at `bytes`; `None` where it ends before.
fn before(span: Span, bytes: usize) -> Option<Span> {
    let start = bytes as u32 * 8;
    let bit = span.bit.saturating_sub(start);
    let end = span.end().checked_sub(start).filter(|end| *end > 0)?;
    Some(Span::of_bits(bit, end - bit))
}

/// What the bytes are, and the bits of the selected field where it is less than whole bytes.
fn title(app: &App) -> String {
    let bytes = app.detail.bytes();
    if bytes.is_empty() {
        return "no bytes".into();
    }
    let mut title = if app.detail.shows_frame() {
        let which = if app.detail.coap_offset().is_some() { "frame" } else { "last of its frames" };
        format!("{which}, {}", count(bytes.len(), "byte"))
    } else {
        let at =
            app.detail.coap_offset().map_or("from several frames".into(), |offset| format!("at frame byte {offset}"));
        format!("{}, {}, {at}", app.detail.message_word(), count(bytes.len(), "byte"))
    };
    if let Some(span) = app.detail.marked() {
        let range = span.byte_range();
        if span.bit % 8 != 0 || span.bits % 8 != 0 {
            let bits = bytes.get(range.start).map(|byte| bits(*byte, span)).unwrap_or_default();
            title = format!("{title}; byte {} = {bits}", range.start);
        } else if range.len() == 1 {
            title = format!("{title}; byte {}", range.start);
        } else {
            title = format!("{title}; bytes {}-{}", range.start, range.end - 1);
        }
    }
    title
}

/// A byte in bits with those of the span in brackets: `[01]00 0010`.
fn bits(byte: u8, span: Span) -> String {
    let start = span.byte_range().start as u32 * 8;
    let inside = |bit: u32| span.contains(start + bit);
    let mut text = String::new();
    for bit in 0..8 {
        if inside(bit) && (bit == 0 || !inside(bit - 1)) {
            text.push('[');
        }
        text.push(if byte >> (7 - bit) & 1 == 1 { '1' } else { '0' });
        if inside(bit) && (bit == 7 || !inside(bit + 1)) {
            text.push(']');
        }
        if bit == 3 {
            text.push(' ');
        }
    }
    text
}

fn row_pieces(row: &Row, first: usize, per_row: usize, app: &App) -> Pieces {
    let plain = Style::new();
    let marked = app.theme.marked();
    let focused = app.focus == Pane::Bytes;
    let under = |index: usize| focused && first + row.offset + index == app.detail.byte;
    let style = |index: usize, is_marked: bool| {
        let style = if is_marked { marked } else { plain };
        if under(index) { style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD) } else { style }
    };
    let mut pieces: Pieces = vec![(format!("{:04x} ", first + row.offset), plain)];
    for index in 0..per_row {
        let here = row.cells.get(index);
        let is_marked = here.is_some_and(|cell| cell.marked);
        let was = index.checked_sub(1).and_then(|before| row.cells.get(before)).is_some_and(|cell| cell.marked);
        // Brackets say without colour what is marked.
        let gap = match (was, is_marked) {
            (false, true) => "[",
            (true, false) => "]",
            _ => " ",
        };
        let gap = if index > 0 && index % 8 == 0 {
            if was && !is_marked { "] ".into() } else { format!(" {gap}") }
        } else {
            gap.to_owned()
        };
        pieces.push((gap, plain));
        pieces.push(here.map_or(("  ".into(), plain), |cell| (format!("{:02x}", cell.byte), style(index, is_marked))));
    }
    let closes = row.cells.get(per_row - 1).is_some_and(|cell| cell.marked);
    pieces.push((if closes { "] ".into() } else { "  ".into() }, plain));
    for (index, cell) in row.cells.iter().enumerate() {
        pieces.push((hex::character(cell.byte).to_string(), style(index, cell.marked)));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_bracketed() {
        for (byte, bit, length, expected) in [
            (0x42, 0, 2, "[01]00 0010"),
            (0x42, 2, 2, "01[00] 0010"),
            (0x42, 4, 4, "0100 [0010]"),
            (0xb3, 8, 4, "[1011] 0011"),
            (0xb3, 12, 8, "1011 [0011]"),
        ] {
            assert_eq!(bits(byte, Span::of_bits(bit, length)), expected);
        }
    }

    #[test]
    fn rows_fit_their_pane() {
        for (columns, expected) in [(20, 4), (45, 8), (53, 8), (80, 16), (150, 32)] {
            assert_eq!(per_row(columns), expected, "{columns}");
        }
    }

    #[test]
    fn spans_move_with_the_window() {
        assert_eq!(before(Span::of_bytes(3, 2), 4), Some(Span::of_bytes(0, 1)));
        assert_eq!(before(Span::of_bytes(3, 1), 4), None);
        assert_eq!(before(Span::of_bytes(6, 2), 4), Some(Span::of_bytes(2, 2)));
    }
}
