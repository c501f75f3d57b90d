//! References in XML to single characters and to what is declared everywhere (XML 1.0 sections 4.1 and 4.6).

use std::borrow::Cow;

use super::walk::Walk;
use crate::coap::flaw::Flaw;

/// What every document has (XML 1.0 section 4.6).
const DECLARED: &[(&str, char)] = &[("lt", '<'), ("gt", '>'), ("amp", '&'), ("apos", '\''), ("quot", '"')];

/// What a document says of itself before its element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prolog {
    /// It has a document type, which may declare what references stand for.
    pub has_type: bool,
    /// It is of XML 1.1, where references may stand for control characters (XML 1.1 section 2.2).
    pub has_controls: bool,
}

/// A text, which begins at `start`, with what its references stand for. Those to what only a document type can declare stay; where there is
/// none they are noted, as are marks that begin no reference.
pub(super) fn resolved<'a>(text: &'a str, start: usize, prolog: Prolog, walk: &mut Walk) -> Cow<'a, str> {
    if !text.contains('&') {
        return text.into();
    }
    let (mut said, mut left) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = left.split_once('&') {
        said.push_str(before);
        let at = text.len() - behind.len() - 1;
        let name = behind.split_once(';').map(|(name, _)| name).filter(|name| is_reference(name));
        let written = text.get(at..at + 1 + name.map_or(0, |name| name.len() + 1)).unwrap_or_default();
        match name.and_then(|name| character(name, prolog.has_controls)) {
            Some(character) => said.push(character),
            None => {
                if !prolog.has_type || name.is_none_or(|name| name.starts_with('#')) {
                    walk.flaw(Flaw::Syntax, start + at..start + at + written.len());
                }
                said.push_str(written);
            }
        }
        left = text.get(at + written.len()..).unwrap_or_default();
    }
    said.push_str(left);
    said.into()
}

/// Whether there is a name or the number of a character before the semicolon.
fn is_reference(name: &str) -> bool {
    !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || "&<\"'".contains(character))
}

/// The character that a reference stands for, where it does not depend on the document.
fn character(name: &str, has_controls: bool) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return DECLARED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    let is_number = digits.bytes().all(|digit| char::from(digit).is_digit(radix));
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| is_number)?;
    let lowest = if has_controls { '\u{1}' } else { ' ' };
    char::from_u32(number)
        .filter(|found| *found >= lowest && !matches!(found, '\u{fffe}' | '\u{ffff}') || "\t\r\n".contains(*found))
}
