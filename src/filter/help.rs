//! What can be typed: names for help and completion, proposals for what is being typed.

use std::borrow::Cow;
use std::ops::Range;

use super::item::Class;
use super::lex::{self, Comparison, Token};
use super::operand::{FUNCTIONS, MEMBER};
use super::relation::WHOLES;
use crate::field::{self, FIELDS, Field, Kind, Value};

/// A word that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The word.
    pub word: Cow<'static, str>,
    /// One sentence of help; may be empty.
    pub help: &'static str,
    /// Bytes of the text that it would take the place of.
    pub replaces: Range<usize>,
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

/// Values that are proposed before a letter is typed, if there are no more of them.
const FEW: usize = 12;

/// Words that begin with what stands before the cursor (a place in bytes), then those that have it in them: where a value is typed the
/// values of the field, elsewhere names. None where the cursor is not behind a word, or within quotation marks in which anything may stand.
pub fn propose(text: &str, cursor: usize) -> Vec<Proposal> {
    let before = text.get(..cursor).unwrap_or_default();
    let is_quoted = before.matches('"').count() % 2 == 1;
    let of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let of_value = |c: char| of_word(c) || matches!(c, '-' | '/' | ':');
    let begins = |of: &dyn Fn(char) -> bool| {
        before.rfind(|c| !of(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))
    };
    let (start, from) = match before.rfind('"').filter(|_| is_quoted) {
        Some(quote) => (quote, quote + 1),
        None => (begins(&of_value), begins(&of_value)),
    };
    let compared = before.get(..start).and_then(compared);
    if let Some(words) = compared.and_then(values) {
        return propose_values(words, before.get(from..).unwrap_or_default(), &(start..cursor));
    }
    let start = begins(&of_word);
    let typed = before.get(start..).unwrap_or_default().to_ascii_lowercase();
    if is_quoted || typed.len() < 2 || !typed.starts_with(|c: char| c.is_alphabetic()) {
        return Vec::new();
    }
    // Beside a field without words only a field of its kind can stand.
    let meets = |field: &Field| compared.is_none_or(|other| Class::of(other.kind).meets(Class::of(field.kind)));
    let fields = FIELDS.iter().filter(|field| meets(field)).map(|field| (&*field.name, &*field.help));
    let mut found: Vec<(bool, usize, &str, Proposal)> = fields
        .chain(names().filter(|_| compared.is_none()))
        .filter(|(word, _)| word.contains(&typed) && *word != typed)
        .map(|(word, help)| {
            let proposal = Proposal { word: Cow::Borrowed(word), help, replaces: start..cursor };
            (!word.starts_with(&typed), word.len(), word, proposal)
        })
        .collect();
    found.sort_by_key(|(inside, length, word, _)| (*inside, *length, *word));
    found.into_iter().map(|(.., proposal)| proposal).collect()
}

/// Values that begin with what is typed, then those that have it in them, each half in the order of their table.
fn propose_values(words: &[&'static str], typed: &str, replaces: &Range<usize>) -> Vec<Proposal> {
    if typed.is_empty() && words.len() > FEW {
        return Vec::new();
    }
    let lower = typed.to_ascii_lowercase();
    let (mut found, inside): (Vec<&'static str>, Vec<_>) =
        words.iter().filter(|word| **word != typed).partition(|word| word.to_ascii_lowercase().starts_with(&lower));
    // Two letters are in everything.
    if lower.len() > 2 {
        found.extend(inside.into_iter().filter(|word| word.to_ascii_lowercase().contains(&lower)));
    }
    let proposal = |word| Proposal { word: value(word), help: "", replaces: replaces.clone() };
    found.into_iter().map(proposal).collect()
}

/// The values that a field has, where they have names.
fn values(field: &Field) -> Option<&'static [&'static str]> {
    if field.kind == Kind::Boolean { Some(&["true", "false"]) } else { field.words.list() }
}

/// The field whose value is typed behind this: it is compared with something, or is to be in a set.
fn compared(before: &str) -> Option<&'static Field> {
    let lexemes = lex::lex(before).ok()?;
    let mut back = lexemes.iter().rev().filter(|lexeme| lexeme.token != Token::End);
    let mut operator = back.next()?;
    if matches!(operator.token, Token::OpenBrace | Token::Comma | Token::To) {
        let of_set = |token: &Token| {
            matches!(
                token,
                Token::Comma | Token::To | Token::Word | Token::Text(_) | Token::Character(_) | Token::Minus
            )
        };
        while operator.token != Token::OpenBrace {
            operator = back.next().filter(|lexeme| of_set(&lexeme.token) || lexeme.token == Token::OpenBrace)?;
        }
        operator = back.next().filter(|lexeme| lexeme.token == Token::In)?;
    }
    let takes_value = match operator.token {
        Token::In => true,
        Token::Compare(comparison) => !matches!(comparison, Comparison::Contains | Comparison::Matches),
        _ => false,
    };
    let field = back.next().filter(|lexeme| takes_value && lexeme.token == Token::Word)?;
    field::get(before.get(field.span.clone())?)
}

/// A word as it is written as a value: between quotation marks where it would be taken for something else.
pub(super) fn value(word: &'static str) -> Cow<'static, str> {
    match lex::lex(word).as_deref() {
        Ok([only, _]) if only.token == Token::Word && field::get(word).is_none() => Cow::Borrowed(word),
        _ => format!("\"{word}\"").into(),
    }
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
        Value::Nothing(word @ ("null" | "undefined")) => (*word).to_owned(),
        Value::Presence | Value::Nothing(_) | Value::Time(_) => return None,
        Value::Boolean(truth) => truth.to_string(),
        other if kind != Kind::Presence => other.to_string(),
        _ => return None,
    })
}
