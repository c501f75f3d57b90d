//! One line of a ladder while it is drawn: columns of signs, and texts laid over them.

use unicode_width::UnicodeWidthStr;

use crate::coap::{Code, Severity, escape};
use crate::render::wrap;

/// How an arrow is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// CON.
    Confirmable,
    /// NON.
    NonConfirmable,
    /// ACK.
    Acknowledgement,
    /// RST.
    Reset,
    /// A frame that speaks of a message, or a message without a header.
    #[default]
    Evidence,
}

/// What a piece of a line is, for its colour. Every one of them can be told by its signs or words alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Plain,
    /// The line of a lane.
    Lane,
    /// Head of a lane or column.
    Head,
    /// An arrow, and the type that it has.
    Arrow(Kind),
    /// A code.
    Code(Code),
    /// A repeat.
    Repeat,
    /// An observation.
    Observe,
    /// Time that passes, what is folded.
    Idle,
    /// Something stands out.
    Severity(Severity),
}

/// A piece of a line.
pub type Piece = (String, Part);

/// Signs that a ladder is drawn with.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    /// A lane, and one on which nothing happens for long.
    pub lane: char,
    /// A lane while nothing happens.
    pub waiting: char,
    /// Lines of CON, NON, ACK, and of evidence.
    pub lines: [char; 4],
    /// Head towards the left and towards the right.
    pub heads: [char; 2],
    /// What a fold's line is.
    pub fold: char,
    /// A late message crosses what overtook it: down to the left, down to the right.
    pub slants: [char; 2],
    /// A loop from a lane to itself: towards the right.
    pub turn: char,
    /// A lane is farther to the left, to the right.
    pub beyond: [char; 2],
    /// The selected row.
    pub cursor: char,
    /// Texts from the wire may go beyond ASCII.
    pub unicode: bool,
}

/// Signs beyond ASCII.
pub const UNICODE: Signs = Signs {
    lane: '\u{2502}',
    waiting: '\u{250a}',
    lines: ['\u{2501}', '\u{2504}', '\u{2500}', '\u{254c}'],
    heads: ['\u{25c0}', '\u{25b6}'],
    fold: '\u{2550}',
    slants: ['\u{2571}', '\u{2572}'],
    turn: '\u{256e}',
    beyond: ['\u{ab}', '\u{bb}'],
    cursor: '\u{25b6}',
    unicode: true,
};

/// Signs of ASCII.
pub const ASCII: Signs = Signs {
    lane: '|',
    waiting: ':',
    lines: ['=', '~', '-', '.'],
    heads: ['<', '>'],
    fold: '#',
    slants: ['/', '\\'],
    turn: ')',
    beyond: ['+', '+'],
    cursor: '>',
    unicode: false,
};

impl Signs {
    /// The line of an arrow.
    pub const fn line(&self, kind: Kind) -> char {
        let [confirmable, non_confirmable, acknowledgement, evidence] = self.lines;
        match kind {
            Kind::Confirmable => confirmable,
            Kind::NonConfirmable => non_confirmable,
            Kind::Acknowledgement | Kind::Reset => acknowledgement,
            Kind::Evidence => evidence,
        }
    }

    /// The head of an arrow; that of a Reset is a cross.
    pub const fn head(&self, kind: Kind, to_the_right: bool) -> char {
        let [left, right] = self.heads;
        match (kind, to_the_right) {
            (Kind::Reset, _) => 'X',
            (_, true) => right,
            (_, false) => left,
        }
    }

    /// A text that was escaped already, in the characters that there are.
    pub fn show(&self, text: &str) -> String {
        if self.unicode { text.to_owned() } else { escape::ascii(text).into_owned() }
    }
}

/// A line of so many columns.
#[derive(Clone, Debug)]
pub struct Canvas {
    cells: Vec<(char, Part)>,
    /// Texts by column; they never overlap.
    texts: Vec<(usize, usize, Vec<Piece>)>,
}

impl Canvas {
    /// An empty line.
    pub fn new(columns: usize) -> Self {
        Self { cells: vec![(' ', Part::Plain); columns], texts: Vec::new() }
    }

    /// A sign of one column.
    pub fn put(&mut self, column: usize, sign: char, part: Part) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = (sign, part);
        }
    }

    /// The same sign in all columns of a range.
    pub fn fill(&mut self, columns: std::ops::Range<usize>, sign: char, part: Part) {
        columns.for_each(|column| self.put(column, sign, part));
    }

    /// Texts from a column on, in at most so many columns. Nothing that is laid over another text is drawn.
    pub fn write(&mut self, column: usize, columns: usize, pieces: &[Piece]) {
        let room = columns.min(self.cells.len().saturating_sub(column));
        let mut fitted = Vec::new();
        let mut used = 0;
        for (text, part) in pieces {
            let text = wrap::fit(text, room - used);
            used += text.width();
            if !text.is_empty() {
                fitted.push((text.to_owned(), *part));
            }
        }
        let free = self.texts.iter().all(|(at, wide, _)| column + used <= *at || at + wide <= column);
        if used > 0 && free {
            self.texts.push((column, used, fitted));
        }
    }

    /// One text.
    pub fn text(&mut self, column: usize, columns: usize, text: &str, part: Part) {
        self.write(column, columns, &[(text.to_owned(), part)]);
    }

    /// The pieces of the line, blanks at its end left out.
    pub fn finish(mut self) -> Vec<Piece> {
        self.texts.sort_by_key(|(column, ..)| *column);
        let mut pieces: Vec<Piece> = Vec::new();
        let mut at = 0;
        let texts = std::mem::take(&mut self.texts);
        for (column, wide, text) in texts {
            self.cells_to(at, column, &mut pieces);
            text.into_iter().for_each(|piece| push(&mut pieces, &piece.0, piece.1));
            at = column + wide;
        }
        self.cells_to(at, self.cells.len(), &mut pieces);
        while let Some((text, _)) = pieces.last_mut() {
            text.truncate(text.trim_end_matches(' ').len());
            if !text.is_empty() {
                break;
            }
            pieces.pop();
        }
        pieces
    }

    fn cells_to(&self, from: usize, to: usize, pieces: &mut Vec<Piece>) {
        let mut buffer = [0; 4];
        for (sign, part) in self.cells.get(from..to).unwrap_or_default() {
            push(pieces, sign.encode_utf8(&mut buffer), *part);
        }
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str, part: Part) {
    match pieces.last_mut() {
        Some((last, same)) if *same == part => last.push_str(text),
        _ => pieces.push((text.to_owned(), part)),
    }
}

/// Columns of pieces.
pub fn width(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(text, _)| text.width()).sum()
}

/// The text of pieces.
pub fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(|(text, _)| text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthChar;

    use super::*;

    #[test]
    fn signs_take_one_column() {
        for signs in [UNICODE, ASCII] {
            let all = [signs.lane, signs.waiting, signs.fold, signs.turn, signs.cursor];
            let more = signs.lines.into_iter().chain(signs.heads).chain(signs.slants).chain(signs.beyond);
            for sign in all.into_iter().chain(more) {
                assert!(sign.width() == Some(1) && (signs.unicode || sign.is_ascii()), "{sign}");
            }
        }
    }

    #[test]
    fn texts_lie_over_signs_and_never_overflow() {
        for columns in 0..12 {
            let mut canvas = Canvas::new(columns);
            canvas.fill(0..columns, '-', Part::Lane);
            canvas.text(2, 5, "\u{6e29}\u{5ea6}x", Part::Plain);
            canvas.text(4, 5, "over", Part::Plain);
            assert!(width(&canvas.clone().finish()) <= columns, "{columns}");
            if columns == 10 {
                assert_eq!(plain(&canvas.finish()), "--\u{6e29}\u{5ea6}x---");
            }
        }
    }
}
