//! The values of a payload for the annotated dump: which bytes stand beside which value.

use std::ops::Range;

use super::payload::{SHOWN, Within, label};
use crate::coap::{Message, escape};
use crate::payload::{self, About, Decoded, Item};

/// Values that are shown; the tree has all.
const ROWS: usize = 300;

/// One row: the bytes of the message that it explains, how deep it stands, what it says.
pub(super) struct Row {
    /// Empty where all its bytes are explained by the rows below it.
    pub bytes: Range<usize>,
    pub depth: usize,
    pub text: String,
}

/// The values of a payload with a structure.
pub(super) struct Rows {
    /// Bytes and values go side by side; else the bytes are text, and the values follow it.
    pub side_by_side: bool,
    /// What the payload was read as.
    pub heading: String,
    pub rows: Vec<Row>,
}

/// The rows of a message's payload; None where there is no structure to show.
pub(super) fn rows(message: &Message<'_>, about: About<'_>) -> Option<Rows> {
    let offset = message.payload_offset()?;
    let decoded = payload::of_message(message, about)?;
    if matches!(decoded.form, "text" | "octets" | "a later block") {
        return None;
    }
    let guess = if decoded.is_guess { ", a guess: no Content-Format says so" } else { "" };
    let mut made = Rows {
        side_by_side: !is_text(&decoded, message.payload()),
        heading: format!("Read as {}{guess}", decoded.form),
        rows: Vec::new(),
    };
    for (index, item) in decoded.items.iter().enumerate() {
        add(&mut made.rows, item, index, 0, Within::List, offset);
    }
    if made.rows.len() >= ROWS {
        made.rows.push(Row { bytes: 0..0, depth: 0, text: "and more values, which the tree has".into() });
    }
    Some(made)
}

fn is_text(decoded: &Decoded, body: &[u8]) -> bool {
    decoded.notation.is_none() && std::str::from_utf8(body).is_ok() && !decoded.form.contains("TLV")
}

/// A value, then what it holds: its own bytes are those before the first value inside it.
fn add(rows: &mut Vec<Row>, item: &Item, index: usize, depth: usize, within: Within, offset: usize) {
    if rows.len() >= ROWS {
        return;
    }
    let end = item.children.first().map_or(item.bytes.end, |child| child.bytes.start);
    let name = if depth == 0 && item.name.is_empty() { String::new() } else { label(item, index, within) + ": " };
    let meaning = if item.meaning.is_empty() { String::new() } else { format!(" ({})", escape::text(&item.meaning)) };
    let text = format!("{name}{}{meaning}", item.text(SHOWN / 4));
    rows.push(Row { bytes: offset + item.bytes.start..offset + end, depth, text });
    let within = Within::of(item);
    for (index, child) in item.children.iter().enumerate() {
        add(rows, child, index, depth + 1, within, offset);
    }
}
