//! The bits of a message as the RFCs draw them: rows of 32, one cell a field.

use crate::coap::{Field, Message, MessageType, escape};

/// Bits of a row.
pub(super) const ROW: u32 = 32;
/// Rows of one field before its middle is left out.
const MOST: usize = 5;
/// Rows of a field that stand before what is left out.
const FIRST: usize = 2;

/// The rows of the figure.
pub(super) struct Figure(pub Vec<Line>);

/// A row of the figure.
pub(super) enum Line {
    /// 32 bits or, at the end, fewer.
    Word {
        /// Of its first byte.
        offset: usize,
        cells: Vec<Cell>,
    },
    /// So many bytes of a long field are not drawn.
    Gap(usize),
}

/// A field, or the part of it that stands in one row.
pub(super) struct Cell {
    /// Of its first bit in the row.
    pub column: u32,
    pub bits: u32,
    /// One a bit, or one a byte: they share the width evenly.
    pub digits: Vec<String>,
    /// What it is called; empty where a row above says so.
    pub name: String,
    /// What it says: one text, or one character a byte.
    pub value: Vec<String>,
    /// Whether the field, counted with its neighbours, is an even one: such cells are shaded.
    pub shaded: bool,
}

impl Figure {
    /// The figure of a message with these fields.
    pub(super) fn of(message: &Message<'_>, fields: &[Field]) -> Self {
        let mut cells: Vec<(u32, Cell)> = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            add(message, field, field, index % 2 == 1, &mut cells);
        }
        let mut lines = Vec::new();
        let mut last: Option<u32> = None;
        for (word, cell) in cells {
            match lines.last_mut() {
                Some(Line::Word { cells, .. }) if last == Some(word) => cells.push(cell),
                _ => {
                    let skipped = word - last.map_or(word, |last| last + 1);
                    if skipped > 0 {
                        lines.push(Line::Gap(skipped as usize * 4));
                    }
                    lines.push(Line::Word { offset: word as usize * 4, cells: vec![cell] });
                }
            }
            last = Some(word);
        }
        Self(lines)
    }
}

/// The cells of the leaves of a field. The code is one cell, as in the RFC.
fn add(message: &Message<'_>, field: &Field, whole: &Field, shaded: bool, cells: &mut Vec<(u32, Cell)>) {
    if !field.children.is_empty() && field.name != "Code" {
        for child in &field.children {
            let whole = if whole.is_broken_option() { child } else { whole };
            add(message, child, whole, shaded, cells);
        }
        return;
    }
    let (first, end) = (field.span.bit, field.span.end());
    let pieces: Vec<(u32, u32)> =
        (first / ROW..end.div_ceil(ROW)).map(|word| ((word * ROW).max(first), ((word + 1) * ROW).min(end))).collect();
    let text = text_of(message, field);
    for (index, &(from, to)) in pieces.iter().enumerate() {
        if pieces.len() > MOST && index >= FIRST && index + 1 < pieces.len() {
            continue;
        }
        let name = if index == 0 { name(field, whole) } else { String::new() };
        let value = match (&text, index) {
            (true, _) => characters(message, from, to),
            (false, 0) => vec![value(message, field)],
            _ => Vec::new(),
        };
        let digits = if first < ROW || !first.is_multiple_of(8) || !end.is_multiple_of(8) {
            bits(message, from, to)
        } else {
            bytes(message, from, to).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        cells.push((from / ROW, Cell { column: from % ROW, bits: to - from, digits, name, value, shaded }));
    }
}

/// Whether the bytes of a value or of a payload are characters that can stand below them.
fn text_of(message: &Message<'_>, field: &Field) -> bool {
    let bytes = bytes(message, field.span.bit, field.span.end());
    let is_value = field.name == "Payload" || (field.name == "Option Value" && field.value == escape::bytes(bytes));
    is_value && !bytes.is_empty() && std::str::from_utf8(bytes).is_ok()
}

fn characters(message: &Message<'_>, from: u32, to: u32) -> Vec<String> {
    let shown = |byte: &u8| if matches!(byte, 0x21..=0x7e) { char::from(*byte).to_string() } else { String::new() };
    bytes(message, from, to).iter().map(shown).collect()
}

fn bytes<'a>(message: &Message<'a>, from: u32, to: u32) -> &'a [u8] {
    message.bytes().get(from as usize / 8..to as usize / 8).unwrap_or_default()
}

fn bits(message: &Message<'_>, from: u32, to: u32) -> Vec<String> {
    let bit = |at: u32| message.bytes().get(at as usize / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    (from..to).map(|at| bit(at).to_string()).collect()
}

/// What a cell is called: short, as the RFCs' figures have it. `whole`: the field of the message that it belongs to.
fn name(field: &Field, whole: &Field) -> String {
    let short = match field.name {
        "Version" => "Ver",
        "Type" => "T",
        "Token Length" => "TKL",
        "Option Count" => "OC",
        "Extended Token Length" => "TKL ext.",
        "Option Delta" => "Delta",
        "Option Length" => "Length",
        "Extended Option Delta" => "Delta ext.",
        "Extended Option Length" => "Length ext.",
        "Option Value" => whole.name,
        "Payload Marker" => "Marker",
        "Reserved Bits" => "Rsv",
        "Kid Context Flag" => "h",
        "Kid Flag" => "k",
        "Partial IV Length" => "n",
        "Kid Context Length" => "s",
        name => name,
    };
    short.to_owned()
}

fn value(message: &Message<'_>, field: &Field) -> String {
    match field.name {
        "Type" => message
            .bytes()
            .first()
            .map_or(String::new(), |first| MessageType::from_bits(first >> 4).abbreviation().to_owned()),
        "Code" => match message.header().and_then(|header| header.code.name()) {
            Some(name) => format!("{} {name}", field.value),
            None => field.value.clone(),
        },
        "Payload" => String::new(),
        // Its digits say it all.
        _ if field.value == escape::hex(bytes(message, field.span.bit, field.span.end())) => String::new(),
        _ => field.value.clone(),
    }
}
