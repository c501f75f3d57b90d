//! Text, line by line.

use super::walk::{Walk, rest};
use super::{Item, Value};
use crate::coap::escape;
use crate::coap::flaw::Flaw;

/// The lines of a text, each with its bytes; of what is not UTF-8 the lines before that place.
pub(super) fn decode(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let (text, left) = match std::str::from_utf8(body) {
        Ok(text) => (text, None),
        Err(error) => {
            let end = error.valid_up_to();
            walk.flaw(Flaw::NotUtf8, end..(end + error.error_len().unwrap_or(1)).min(body.len()));
            let valid = body.get(..end).and_then(|valid| std::str::from_utf8(valid).ok());
            (valid.unwrap_or_default(), Some(rest(end..body.len(), "not UTF-8")))
        }
    };
    let mut items = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bytes = at..at + line.len();
        if !walk.take(bytes.clone()) {
            items.push(rest(at..body.len(), "not read"));
            return items;
        }
        at = bytes.end;
        items.push(Item::new(Value::Text(line.trim_end_matches(['\n', '\r']).to_owned()), bytes));
    }
    items.extend(left);
    items
}

/// Whether bytes are text that is worth showing as text: UTF-8, without control characters but those of line ends and tabs.
pub(super) fn readable(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body);
    text.is_ok_and(|text| text.chars().all(|character| !escape::is_hidden(character) || "\r\n\t".contains(character)))
}
