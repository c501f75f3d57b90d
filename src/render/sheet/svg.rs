//! A sheet as a picture: the bits in rows of 32, as the RFCs draw them, with the fields below.

use std::io::{self, Write};

use super::figure::{Cell, Figure, Line, ROW};
use super::{Oddity, Sheet};
use crate::render::ladder::svg::escaped;
use crate::render::wrap::{cut, wrap};

/// Pixels of a bit.
const BIT: u32 = 24;
/// Pixels left of the bits, for the offsets.
const LEFT: u32 = 48;
/// Pixels of all.
pub(super) const WIDTH: u32 = LEFT + ROW * BIT + 12;
/// Pixels of a row of bits.
const HIGH: u32 = 54;
/// Pixels of a row that says what is left out.
const LOW: u32 = 24;
/// Pixels above the rows, for the numbers of the bits.
const RULER: u32 = 34;
/// Pixels of a line of text.
const TEXT: u32 = 17;
/// Width of a letter in a cell, in tenths of a pixel.
const LETTER: u32 = 67;
/// Columns of the text below the figure.
const COLUMNS: usize = 80;

/// How a text looks: attributes, since not every program that takes a picture into a document reads style sheets.
#[derive(Clone, Copy)]
enum Look {
    Digits,
    Name,
    Value,
    Offset,
    Ruler,
    Line,
    Head,
}

impl Look {
    const fn attributes(self) -> &'static str {
        match self {
            Self::Digits => "font-size=\"11\" fill=\"#444\"",
            Self::Name => "font-size=\"11\" font-weight=\"bold\"",
            Self::Value => "font-size=\"11\"",
            Self::Offset => "text-anchor=\"end\" fill=\"#555\"",
            Self::Ruler => "font-size=\"10\" fill=\"#555\"",
            Self::Line => "text-anchor=\"start\"",
            Self::Head => "text-anchor=\"start\" font-weight=\"bold\"",
        }
    }
}

/// What all texts have in common.
const TEXTS: &str =
    "font-family=\"ui-monospace,Menlo,Consolas,monospace\" font-size=\"12\" fill=\"#111\" text-anchor=\"middle\"";

/// Writes the picture.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    let mut parts = vec![Part::Head(sheet.title.clone())];
    parts.extend(reading(sheet));
    if !sheet.known.is_empty() {
        parts.push(Part::Head("What is known of it".into()));
        parts.extend(sheet.known.iter().flat_map(|fact| wrap(fact, COLUMNS)).map(Part::Text));
    }
    if !sheet.findings.is_empty() {
        parts.push(Part::Head("What is odd, or worth knowing".into()));
        parts.extend(sheet.findings.iter().flat_map(oddity).map(Part::Text));
    }
    if let Some((why, other)) = &sheet.other {
        parts.push(Part::Text(String::new()));
        parts.extend(wrap(why, COLUMNS).into_iter().map(Part::Text));
        parts.push(Part::Head(other.title.clone()));
        parts.extend(reading(other));
    }
    let height = parts.iter().map(Part::height).sum::<u32>() + TEXT;
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\">"
    )?;
    writeln!(out, "<title>{}</title>", escaped(&sheet.title))?;
    writeln!(out, "<rect fill=\"#fff\" width=\"{WIDTH}\" height=\"{height}\"/>\n<g {TEXTS}>")?;
    let mut y = 0;
    for part in &parts {
        match part {
            Part::Head(words) => text(out, (LEFT, y + TEXT * 2 - 5), Look::Head, words)?,
            Part::Text(words) => text(out, (LEFT, y + TEXT - 5), Look::Line, words)?,
            Part::Figure(figure) => drawn(figure, y, out)?,
        }
        y += part.height();
    }
    writeln!(out, "</g>\n</svg>")
}

enum Part<'a> {
    Head(String),
    Text(String),
    Figure(&'a Figure),
}

impl Part<'_> {
    fn height(&self) -> u32 {
        match self {
            Self::Head(_) => TEXT * 2,
            Self::Text(_) => TEXT,
            Self::Figure(figure) => height(figure) + TEXT,
        }
    }
}

/// Figure and fields.
fn reading(sheet: &Sheet) -> impl Iterator<Item = Part<'_>> {
    std::iter::once(Part::Figure(&sheet.figure)).chain(sheet.dump.iter().map(|line| Part::Text(line.clone())))
}

fn oddity(one: &Oddity) -> Vec<String> {
    let mut lines = vec![format!("{:<6}{}  {}", one.severity, one.id, one.place).trim_end().to_owned()];
    let texts = [one.text.as_str(), one.reference].into_iter().filter(|text| !text.is_empty());
    lines.extend(texts.flat_map(|text| wrap(text, COLUMNS - 6)).map(|line| format!("      {line}")));
    lines
}

/// Pixels of a figure from top to bottom.
pub(super) fn height(figure: &Figure) -> u32 {
    RULER + figure.0.iter().map(Line::height).sum::<u32>() + 2
}

impl Line {
    fn height(&self) -> u32 {
        match self {
            Self::Word { .. } => HIGH,
            Self::Gap(_) => LOW,
        }
    }
}

/// The figure, from `top` on.
pub(super) fn drawn(figure: &Figure, top: u32, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<g {TEXTS}>")?;
    for bit in 0..ROW {
        let x = LEFT + bit * BIT + BIT / 2;
        if bit % 10 == 0 {
            text(out, (x, top + 14), Look::Ruler, &(bit / 10).to_string())?;
        }
        text(out, (x, top + RULER - 6), Look::Ruler, &(bit % 10).to_string())?;
    }
    let mut y = top + RULER;
    for line in &figure.0 {
        match line {
            Line::Word { offset, cells } => {
                text(out, (LEFT - 6, y + HIGH / 2 + 4), Look::Offset, &format!("{offset:04x}"))?;
                cells.iter().try_for_each(|one| cell(one, y, out))?;
            }
            Line::Gap(bytes) => {
                text(out, (LEFT + ROW * BIT / 2, y + LOW - 8), Look::Ruler, &format!("... {bytes} more bytes ..."))?;
            }
        }
        y += line.height();
    }
    writeln!(out, "</g>")
}

fn cell(cell: &Cell, y: u32, out: &mut dyn Write) -> io::Result<()> {
    let (x, width) = (LEFT + cell.column * BIT, cell.bits * BIT);
    let fill = if cell.shaded { "#e9eef5" } else { "#fff" };
    writeln!(out, "<rect fill=\"{fill}\" stroke=\"#222\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HIGH}\"/>")?;
    let room = (width * 10 / LETTER) as usize;
    evenly(out, (x, y + 15, width), Look::Digits, &cell.digits)?;
    text(out, (x + width / 2, y + 31), Look::Name, &cut(&cell.name, room))?;
    match cell.value.as_slice() {
        [only] => text(out, (x + width / 2, y + 47), Look::Value, &cut(only, room)),
        several => evenly(out, (x, y + 47, width), Look::Value, several),
    }
}

/// Texts that share a width.
fn evenly(out: &mut dyn Write, (x, y, width): (u32, u32, u32), look: Look, texts: &[String]) -> io::Result<()> {
    let many = texts.len() as u32;
    (0..many)
        .zip(texts)
        .try_for_each(|(index, words)| text(out, (x + width * (2 * index + 1) / (2 * many), y), look, words))
}

fn text(out: &mut dyn Write, (x, y): (u32, u32), look: Look, words: &str) -> io::Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    // Two blanks are one to a reader of XML, and columns would be lost.
    let words = escaped(words).replace("  ", "\u{a0}\u{a0}");
    writeln!(out, "<text x=\"{x}\" y=\"{y}\" {}>{words}</text>", look.attributes())
}
