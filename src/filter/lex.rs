//! The words of a filter, with their places.

use std::ops::Range;

use super::error::{Fault, FilterError};
use crate::field::MEMBERS;

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a number, an address, bytes: what it is follows from where it stands.
    Word,
    /// Between quotation marks, escapes resolved.
    Text(Vec<u8>),
    /// Between single quotation marks.
    Character(u8),
    /// `[` to `]`, taken apart later.
    Slice,
    Or,
    Xor,
    And,
    Not,
    Any,
    All,
    In,
    Compare(Comparison),
    BitAnd,
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    Comma,
    To,
    End,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `==`: some value is equal.
    Equal,
    /// `!=`: every value differs.
    AllDiffer,
    /// `===`: every value is equal.
    AllEqual,
    /// `!==`: some value differs.
    Differ,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    Matches,
}

impl Comparison {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::AllDiffer => "!=",
            Self::AllEqual => "===",
            Self::Differ => "!==",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "contains",
            Self::Matches => "matches",
        }
    }
}

/// A word and its place.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub token: Token,
    pub span: Range<usize>,
}

/// Signs, the longest first.
const SIGNS: &[(&str, Token)] = &[
    ("===", Token::Compare(Comparison::AllEqual)),
    ("!==", Token::Compare(Comparison::Differ)),
    ("==", Token::Compare(Comparison::Equal)),
    ("!=", Token::Compare(Comparison::AllDiffer)),
    ("~=", Token::Compare(Comparison::Differ)),
    ("<=", Token::Compare(Comparison::LessOrEqual)),
    (">=", Token::Compare(Comparison::GreaterOrEqual)),
    ("&&", Token::And),
    ("||", Token::Or),
    ("^^", Token::Xor),
    ("..", Token::To),
    ("<", Token::Compare(Comparison::Less)),
    (">", Token::Compare(Comparison::Greater)),
    ("~", Token::Compare(Comparison::Matches)),
    ("!", Token::Not),
    ("&", Token::BitAnd),
    ("+", Token::Plus),
    ("-", Token::Minus),
    ("*", Token::Times),
    ("/", Token::Over),
    ("%", Token::Modulo),
    ("(", Token::Open),
    (")", Token::Close),
    ("{", Token::OpenBrace),
    ("}", Token::CloseBrace),
    (",", Token::Comma),
];

/// Signs that are written otherwise: what is found, how it is written, and what it is.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("=~", "~", "a regular expression"),
    ("=<", "<=", "a comparison"),
    ("=>", ">=", "a comparison"),
    ("<>", "!=", "a comparison"),
    ("=", "==", "a comparison"),
    ("|", "||", "one or the other"),
    ("\u{201c}", "\"", "a quotation mark"),
    ("\u{201d}", "\"", "a quotation mark"),
    ("\u{201e}", "\"", "a quotation mark"),
    ("\u{ab}", "\"", "a quotation mark"),
    ("\u{bb}", "\"", "a quotation mark"),
    ("\u{2018}", "'", "a single quotation mark"),
    ("\u{2019}", "'", "a single quotation mark"),
];

/// What begins something that only Wireshark has, and what is done here.
const WIRESHARK_ALONE: &[(&str, &str)] = &[
    ("${", "write the value itself; on the screen `=` filters to the value of the selected field"),
    ("$", "a filter has no macros; write it out"),
    ("@", "the bytes of a field are a slice of its protocol: coap[2:2] == 34:fe"),
    ("#", "a field has the values of all layers; leave the number out"),
];

/// Words that are signs.
const KEYWORDS: &[(&str, Token)] = &[
    ("or", Token::Or),
    ("xor", Token::Xor),
    ("and", Token::And),
    ("not", Token::Not),
    ("any", Token::Any),
    ("all", Token::All),
    ("in", Token::In),
    ("eq", Token::Compare(Comparison::Equal)),
    ("any_eq", Token::Compare(Comparison::Equal)),
    ("ne", Token::Compare(Comparison::AllDiffer)),
    ("all_ne", Token::Compare(Comparison::AllDiffer)),
    ("all_eq", Token::Compare(Comparison::AllEqual)),
    ("any_ne", Token::Compare(Comparison::Differ)),
    ("lt", Token::Compare(Comparison::Less)),
    ("le", Token::Compare(Comparison::LessOrEqual)),
    ("gt", Token::Compare(Comparison::Greater)),
    ("ge", Token::Compare(Comparison::GreaterOrEqual)),
    ("contains", Token::Compare(Comparison::Contains)),
    ("matches", Token::Compare(Comparison::Matches)),
    ("bitand", Token::BitAnd),
    ("bitwise_and", Token::BitAnd),
];

/// All words that mean something by themselves, for proposals.
pub(super) fn keywords() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().map(|(word, _)| *word)
}

/// Takes a filter apart. The last word is [`Token::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>, FilterError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut words = Vec::new();
    loop {
        let word = lexer.next()?;
        let ended = word.token == Token::End;
        words.push(word);
        if ended {
            return Ok(words);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, fault: Fault, from: usize) -> FilterError {
        FilterError::new(fault, from..self.at.max(from), self.text)
    }

    fn next(&mut self) -> Result<Lexeme, FilterError> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let from = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(Lexeme { token: Token::End, span: from..from });
        };
        let token = match first {
            '"' => Token::Text(self.text_with_escapes(from)?),
            'r' | 'R' if self.rest().get(1..2) == Some("\"") => Token::Text(self.raw_text(from)?),
            '\'' => self.character(from)?,
            '[' => {
                let length = self
                    .rest()
                    .find(']')
                    .ok_or_else(|| FilterError::new(Fault::OpenSlice, from..self.text.len(), self.text))?;
                self.at += length + 1;
                Token::Slice
            }
            c if begins_word(c, self.rest()) => {
                self.at += word_length(self.rest());
                let word = self.text.get(from..self.at).unwrap_or_default();
                if let Some((call, length)) = member_of(word, self.rest()) {
                    self.at += length;
                    return Err(self.fault(Fault::Member(call), from));
                }
                let known =
                    |upper: &str| KEYWORDS.iter().find(|(name, _)| *name == upper).map(|(_, token)| token.clone());
                // Whole words in capitals are taken as well, mixtures are not: they are values.
                let lower = word.to_ascii_lowercase();
                known(word)
                    .or_else(|| known(&lower).filter(|_| word == word.to_ascii_uppercase()))
                    .unwrap_or(Token::Word)
            }
            _ => self.sign(from, first)?,
        };
        Ok(Lexeme { token, span: from..self.at })
    }

    fn sign(&mut self, from: usize, first: char) -> Result<Token, FilterError> {
        let sign = SIGNS.iter().find(|(sign, _)| self.rest().starts_with(sign));
        // Of both the longer one stands there: `==` is no `=`, and `<>` no `<`.
        let is_longer = |found: &str| sign.is_none_or(|(sign, _)| found.len() > sign.len());
        let mut written = WRITTEN.iter().filter(|(found, ..)| self.rest().starts_with(found));
        if let Some((found, as_, what)) = written.find(|(found, ..)| is_longer(found)) {
            self.at += found.len();
            return Err(self.fault(Fault::Written { found, as_, what }, from));
        }
        if let Some((sign, token)) = sign {
            self.at += sign.len();
            return Ok(token.clone());
        }
        let goes_on = |rest: &str| rest.starts_with(|c| is_of_word(c) || c == '[');
        let alone = |(begin, _): &&(&str, &str)| self.rest().strip_prefix(begin).is_some_and(goes_on);
        if let Some((_, instead)) = WIRESHARK_ALONE.iter().find(alone) {
            // What belongs together is pointed at as a whole.
            let of_it = |c: char| is_of_word(c) || matches!(c, '$' | '@' | '#' | '{' | '}');
            self.at += self.rest().find(|c| !of_it(c)).unwrap_or(self.rest().len());
            let what = self.text.get(from..self.at).unwrap_or_default().to_owned();
            return Err(self.fault(Fault::Elsewhere { what, instead }, from));
        }
        self.at += first.len_utf8();
        Err(self.fault(Fault::Character(first), from))
    }

    fn raw_text(&mut self, from: usize) -> Result<Vec<u8>, FilterError> {
        self.at += 2;
        let Some(length) = self.rest().find('"') else {
            return Err(FilterError::new(Fault::OpenText, from..self.text.len(), self.text));
        };
        let text = self.rest().as_bytes().get(..length).unwrap_or_default().to_vec();
        self.at += length + 1;
        Ok(text)
    }

    fn text_with_escapes(&mut self, from: usize) -> Result<Vec<u8>, FilterError> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match self.rest().chars().next() {
                None => return Err(FilterError::new(Fault::OpenText, from..self.text.len(), self.text)),
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => self.escape(&mut text)?,
                Some(c) => {
                    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// One escape, at its backslash.
    fn escape(&mut self, into: &mut Vec<u8>) -> Result<(), FilterError> {
        let from = self.at;
        let Some(letter) = self.rest().chars().nth(1) else {
            return Err(FilterError::new(Fault::OpenText, from..self.text.len(), self.text));
        };
        let hex = |digits: usize| {
            let digits = self.rest().get(2..2 + digits)?;
            if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                u32::from_str_radix(digits, 16).ok()
            } else {
                None
            }
        };
        let (length, value) = match letter {
            '"' | '\\' | '\'' | '/' | '.' | '?' => (2, Some(letter)),
            'n' => (2, Some('\n')),
            'r' => (2, Some('\r')),
            't' => (2, Some('\t')),
            // As in C: up to three octal digits.
            '0'..='7' => {
                let digits = self.rest().bytes().skip(1).take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
                let digits: Vec<u32> = digits.map(|byte| u32::from(byte - b'0')).collect();
                self.at += 1 + digits.len();
                let value = digits.iter().fold(0, |sum, digit| sum * 8 + digit);
                return u8::try_from(value).map(|byte| into.push(byte)).map_err(|_| self.no_escape(from));
            }
            'x' => {
                let byte = hex(2).and_then(|value| u8::try_from(value).ok());
                self.at += 4.min(self.rest().len());
                return match byte {
                    Some(byte) => {
                        into.push(byte);
                        Ok(())
                    }
                    None => Err(self.no_escape(from)),
                };
            }
            // As texts are printed.
            'u' if self.rest().get(2..3) == Some("{") => {
                let digits =
                    self.rest().get(3..).and_then(|rest| rest.split_once('}')).map_or("", |(digits, _)| digits);
                let is_hex = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
                (4 + digits.len(), value.and_then(char::from_u32))
            }
            'u' => (6, hex(4).and_then(char::from_u32)),
            _ => (1 + letter.len_utf8(), None),
        };
        self.at = (self.at + length).min(self.text.len());
        match value {
            Some(value) => into.extend_from_slice(value.encode_utf8(&mut [0; 4]).as_bytes()),
            None => return Err(self.no_escape(from)),
        }
        Ok(())
    }

    /// The escape that begins there is none; ends at a whole character.
    fn no_escape(&mut self, from: usize) -> FilterError {
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        let text = self.text.get(from..self.at).unwrap_or_default().to_owned();
        self.fault(Fault::Escape(text), from)
    }

    fn character(&mut self, from: usize) -> Result<Token, FilterError> {
        self.at += 1;
        let mut bytes = Vec::new();
        match self.rest().chars().next() {
            Some('\\') => self.escape(&mut bytes)?,
            Some(c) => {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                self.at += c.len_utf8();
            }
            None => {}
        }
        match (bytes.as_slice(), self.rest().starts_with('\'')) {
            ([byte], true) => {
                self.at += 1;
                Ok(Token::Character(*byte))
            }
            _ => Err(self.fault(Fault::CharacterConstant, from)),
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | ':')
}

fn begins_word(c: char, rest: &str) -> bool {
    is_of_word(c) && !rest.starts_with("..")
}

/// How the member is written that this word and what stands behind it are meant to name, and how much that is; None where the word is whole.
fn member_of(word: &str, behind: &str) -> Option<(String, usize)> {
    let names = word.strip_prefix(MEMBERS)?.strip_prefix('.')?;
    let names = names.strip_suffix('.').or_else(|| names.is_empty().then_some(names))?;
    let (last, length) = match behind.strip_prefix('"') {
        Some(text) => text.find('"').map(|end| (text.get(..end).unwrap_or_default(), end + 2))?,
        None => {
            let end =
                behind.find(|c: char| c.is_whitespace() || "=!<>~&|(){},[]\"'".contains(c)).unwrap_or(behind.len());
            (behind.get(..end).unwrap_or_default(), end)
        }
    };
    let names: Vec<String> =
        names.split('.').filter(|name| !name.is_empty()).chain([last]).map(|name| format!("\"{name}\"")).collect();
    (!last.is_empty()).then(|| (format!("member({})", names.join(", ")), length))
}

/// Whether this is a number that still wants its exponent: `1.0e`.
fn asks_for_exponent(word: &str) -> bool {
    let digits = word.strip_suffix(['e', 'E']).filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// Length of the word that begins here. A `-` or `/` between letters or digits belongs to it: `separate-response`, `10.0.0.0/8`; and a `+` to
/// the number whose exponent it begins.
fn word_length(rest: &str) -> usize {
    let mut before = false;
    for (at, c) in rest.char_indices() {
        let behind = rest.get(at + c.len_utf8()..).unwrap_or_default();
        let is_signed_exponent = || c == '+' && rest.get(..at).is_some_and(asks_for_exponent);
        let is_joint = matches!(c, '-' | '/') && before || is_signed_exponent();
        let joins = is_joint && behind.starts_with(char::is_alphanumeric);
        let ranges = c == '.' && behind.starts_with('.');
        if !(is_of_word(c) && !ranges || joins) {
            return at;
        }
        before = c.is_alphanumeric() || c == ':';
    }
    rest.len()
}
