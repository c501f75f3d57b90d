//! CBOR in diagnostic notation (RFC 8949 section 8).

use std::fmt::Write;

use super::{Item, Value, item::float};
use crate::coap::escape;

/// An item in diagnostic notation, on one line, escaped. It recurses no deeper than items are nested, which the walk limits.
pub fn notation(item: &Item) -> String {
    let mut text = String::new();
    write_item(item, &mut text);
    text
}

fn write_item(item: &Item, text: &mut String) {
    match &item.value {
        Value::Integer(number) => text.push_str(&number.to_string()),
        Value::Float(number) => text.push_str(&float(*number)),
        Value::Number(number) => text.push_str(number),
        Value::Text(value) => string(value, text),
        Value::Bytes(bytes) => bytes_in_hex(bytes, text),
        Value::List(is_open) => {
            text.push_str(if *is_open { "[_ " } else { "[" });
            list(item, text);
            text.push(']');
        }
        Value::Map(is_open) => {
            text.push_str(if *is_open { "{_ " } else { "{" });
            list(item, text);
            text.push('}');
        }
        Value::Pieces { text: is_text } if item.children.is_empty() => {
            text.push_str(if *is_text { "\"\"_" } else { "''_" });
        }
        Value::Pieces { .. } => {
            text.push_str("(_ ");
            list(item, text);
            text.push(')');
        }
        Value::Tag(tag) if item.children.is_empty() => drop(write!(text, "{tag}(..)")),
        Value::Tag(tag) => {
            let _ = write!(text, "{tag}(");
            list(item, text);
            text.push(')');
        }
        Value::Rest(_) => text.push_str(".."),
        Value::Null | Value::Undefined | Value::Bool(_) | Value::Simple(_) => text.push_str(&item.text(0)),
    }
}

/// What an item holds, with the names that the members of a map have.
fn list(item: &Item, text: &mut String) {
    let is_map = matches!(item.value, Value::Map(_));
    for (index, child) in item.children.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if is_map && child.is_notation {
            let _ = write!(text, "{}: ", child.name);
        } else if is_map && !(child.name.is_empty() && matches!(child.value, Value::Rest(_))) {
            string(&child.name, text);
            text.push_str(": ");
        }
        write_item(child, text);
    }
}

/// A text string, its escapes those of JSON, as the notation has them.
fn string(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            hidden if escape::is_hidden(hidden) => {
                for unit in hidden.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

fn bytes_in_hex(bytes: &[u8], text: &mut String) {
    let _ = write!(text, "h'{}'", escape::hex(bytes));
}
