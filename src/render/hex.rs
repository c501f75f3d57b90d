//! Bytes as rows of hex and text, with a run of bits highlighted.

use crate::coap::Span;

/// One byte of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The byte.
    pub byte: u8,
    /// It holds a bit of the highlighted span.
    pub marked: bool,
}

/// A row of a hex dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Offset of its first byte.
    pub offset: usize,
    /// Its bytes, as many as fit, fewer in the last row.
    pub cells: Vec<Cell>,
}

/// What a byte looks like in the text column: itself if it is printable ASCII, else a dot.
pub const fn character(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { byte as char } else { '.' }
}

/// Rows of `per_row` bytes (at least 1). `marked` is the span to highlight, in bits from the first byte.
pub fn rows(bytes: &[u8], per_row: usize, marked: Option<Span>) -> Vec<Row> {
    let range = marked.map_or(0..0, Span::byte_range);
    let per_row = per_row.max(1);
    bytes
        .chunks(per_row)
        .enumerate()
        .map(|(row, chunk)| {
            let offset = row * per_row;
            let cells = chunk
                .iter()
                .enumerate()
                .map(|(index, byte)| Cell { byte: *byte, marked: range.contains(&(offset + index)) })
                .collect();
            Row { offset, cells }
        })
        .collect()
}

impl Row {
    /// The row as text, `per_row` bytes wide: offset, hex in groups of eight with `[` and `]` around what is highlighted, text.
    pub fn text(&self, per_row: usize) -> String {
        let mut text = format!("{:04x} ", self.offset);
        for index in 0..per_row {
            let here = self.cells.get(index).copied();
            let before = index.checked_sub(1).and_then(|before| self.cells.get(before)).is_some_and(|cell| cell.marked);
            let marked = here.is_some_and(|cell| cell.marked);
            if index > 0 && index % 8 == 0 {
                text.push(if before && !marked { ']' } else { ' ' });
                text.push(if marked && !before { '[' } else { ' ' });
            } else {
                text.push(match (before, marked) {
                    (false, true) => '[',
                    (true, false) => ']',
                    _ => ' ',
                });
            }
            match here {
                Some(cell) => text.push_str(&format!("{:02x}", cell.byte)),
                None => text.push_str("  "),
            }
        }
        text.push(if self.cells.get(per_row.saturating_sub(1)).is_some_and(|cell| cell.marked) { ']' } else { ' ' });
        text.push_str("  ");
        text.extend(self.cells.iter().map(|cell| character(cell.byte)));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_mark_the_bytes_of_a_span() {
        let bytes: Vec<u8> = (0x40..0x40 + 18).collect();
        let lines: Vec<String> =
            rows(&bytes, 16, Some(Span::of_bits(6 * 8 + 4, 12))).iter().map(|row| row.text(16)).collect();
        assert_eq!(
            lines,
            [
                "0000  40 41 42 43 44 45[46 47] 48 49 4a 4b 4c 4d 4e 4f   @ABCDEFGHIJKLMNO",
                "0010  50 51                                              PQ",
            ]
        );
        assert_eq!(rows(&bytes, 0, None).len(), 18);
    }
}
