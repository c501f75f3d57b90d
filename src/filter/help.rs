//! What can be typed: names for help and completion, proposals for what is being typed.

use super::lex;
use super::operand::{FUNCTIONS, MEMBER};
use super::relation::WHOLES;
use crate::field::{FIELDS, Kind, Value};

/// A word that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The word.
    pub word: &'static str,
    /// One sentence of help; may be empty.
    pub help: &'static str,
    /// Bytes of the text that it would take the place of.
    pub replaces: std::ops::Range<usize>,
}

/// Functions and relations, each with one sentence of help.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let member = (MEMBER, "Members of the payload by their names: member(\"a name\", \"one in it\").");
    FUNCTIONS
        .iter()
        .map(|row| (row.name, row.help))
        .chain([member])
        .chain(WHOLES.iter().map(|row| (row.name, row.help)))
}

/// Words that are operators.
pub fn operators() -> impl Iterator<Item = &'static str> {
    lex::keywords()
}

/// Words that begin with what stands before the cursor (a place in bytes), then those that have it in them. None where the cursor is not
/// behind a word, or within quotation marks.
pub fn propose(text: &str, cursor: usize) -> Vec<Proposal> {
    let before = text.get(..cursor).unwrap_or_default();
    if before.matches('"').count() % 2 == 1 {
        return Vec::new();
    }
    let of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let start =
        before.rfind(|c| !of_word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let typed = before.get(start..).unwrap_or_default().to_ascii_lowercase();
    if typed.len() < 2 || !typed.starts_with(|c: char| c.is_alphabetic()) {
        return Vec::new();
    }
    let fields = FIELDS.iter().map(|field| (&*field.name, &*field.help));
    let mut found: Vec<(bool, usize, Proposal)> = fields
        .chain(names())
        .filter(|(word, _)| word.contains(&typed) && *word != typed)
        .map(|(word, help)| (!word.starts_with(&typed), word.len(), Proposal { word, help, replaces: start..cursor }))
        .collect();
    found.sort_by_key(|(inside, length, proposal)| (*inside, *length, proposal.word));
    found.into_iter().map(|(.., proposal)| proposal).collect()
}

/// A value as it is written in a filter; None where it cannot be.
pub fn quoted(kind: Kind, value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Text(text) => {
            let mut quoted = String::from("\"");
            for chunk in text.utf8_chunks() {
                for c in chunk.valid().chars() {
                    match c {
                        '"' | '\\' => quoted.extend(['\\', c]),
                        '\n' => quoted.push_str("\\n"),
                        '\r' => quoted.push_str("\\r"),
                        '\t' => quoted.push_str("\\t"),
                        c if c.is_control() => c
                            .encode_utf8(&mut [0; 4])
                            .bytes()
                            .for_each(|byte| quoted.push_str(&format!("\\x{byte:02x}"))),
                        c => quoted.push(c),
                    }
                }
                chunk.invalid().iter().for_each(|byte| quoted.push_str(&format!("\\x{byte:02x}")));
            }
            quoted.push('"');
            quoted
        }
        Value::Bytes(bytes) if bytes.is_empty() => return None,
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"),
        Value::Presence | Value::Time(_) => return None,
        Value::Boolean(truth) => truth.to_string(),
        other if kind != Kind::Presence => other.to_string(),
        _ => return None,
    })
}
