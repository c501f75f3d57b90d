//! What is wrong with a filter, and where.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::help::value;
use crate::field::{UnknownField, shortened};

/// Words that a message lists in full.
pub(super) const FEW: usize = 12;

/// A filter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong.
    pub fault: Fault,
    /// Which bytes of the filter's text it is about. Empty at the end where something is missing.
    pub span: Range<usize>,
    /// Number of the character that it begins at, from 1.
    pub character: usize,
}

/// What can be wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the texts below say what each is")]
pub enum Fault {
    Character(char),
    OpenText,
    OpenSlice,
    Escape(String),
    CharacterConstant,
    /// What was written, and how it is written here.
    Written {
        found: &'static str,
        as_: &'static str,
        what: &'static str,
    },
    /// What belongs to Wireshark, and what there is here.
    Elsewhere {
        what: String,
        instead: &'static str,
    },
    /// What is of libpcap's language, and what is written here.
    Kernel {
        what: String,
        instead: &'static str,
    },
    Expected {
        what: &'static str,
        found: String,
    },
    Field(UnknownField),
    Function {
        name: String,
        nearest: Vec<&'static str>,
    },
    Arguments {
        name: &'static str,
        takes: &'static str,
    },
    NoField,
    /// What is a test of its own, or is a function and stands alone.
    Whole(String),
    Bare {
        name: String,
        example: &'static str,
    },
    /// A value without its field.
    Alone {
        text: String,
        field: &'static str,
        word: &'static str,
    },
    /// Text that needs quotation marks.
    Unquoted(String),
    Calculation {
        operator: &'static str,
        left: &'static str,
        right: &'static str,
    },
    /// An address of the other version of IP than the field has.
    Version {
        is: &'static str,
        field: String,
        other: &'static str,
    },
    Zone(String),
    Value {
        text: String,
        field: String,
        kind: &'static str,
        hint: &'static str,
    },
    /// A number that the field is too small for; without `most` one below zero.
    Range {
        text: String,
        field: String,
        most: Option<u64>,
    },
    Word {
        text: String,
        field: String,
        nearest: Vec<&'static str>,
        all: &'static [&'static str],
    },
    Kinds {
        left: &'static str,
        right: &'static str,
    },
    Operator {
        operator: &'static str,
        kind: &'static str,
    },
    Test(&'static str),
    Slice(String),
    /// A slice where there are no bytes any more.
    Beyond {
        of: String,
        slice: String,
        most: usize,
    },
    EmptySet,
    /// A range that ends below its beginning.
    UpsideDown {
        low: String,
        high: String,
    },
    Pattern(String),
    Relation,
    /// A field is compared with nothing.
    Null(String),
    /// A member whose name is no word: how it is written.
    Member(String),
    Deep(usize),
    Long(usize),
}

impl FilterError {
    /// An error about these bytes of the text.
    pub(super) fn new(fault: Fault, span: Range<usize>, text: &str) -> Self {
        let before = text.char_indices().take_while(|(at, _)| *at < span.start).count();
        Self { fault, span, character: before + 1 }
    }

    /// The filter's text and under it a line with carets below what is wrong. `width` tells how many columns a character takes.
    pub fn carets(&self, text: &str, width: impl Fn(char) -> usize) -> (String, String) {
        let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let columns = |part: &str| part.chars().map(|c| if c.is_control() { 1 } else { width(c) }).sum::<usize>();
        let before = columns(text.get(..self.span.start).unwrap_or(text));
        let under = columns(text.get(self.span.clone()).unwrap_or_default()).max(1);
        (shown, format!("{}{}", " ".repeat(before), "^".repeat(under)))
    }

    /// What to write in place of what is wrong, where that can be guessed.
    pub fn proposal(&self) -> Option<Cow<'static, str>> {
        match &self.fault {
            Fault::Field(unknown) => unknown.nearest.first().map(|name| Cow::Borrowed(*name)),
            Fault::Function { nearest, .. } => nearest.first().map(|name| Cow::Borrowed(*name)),
            Fault::Word { nearest, .. } => nearest.first().map(|word| value(word)),
            Fault::Written { as_, .. } => Some(Cow::Borrowed(as_)),
            Fault::Member(call) => Some(Cow::Owned(call.clone())),
            _ => None,
        }
    }
}

impl std::error::Error for FilterError {}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.fault, self.character)
    }
}

/// `a, b or c`.
fn either(words: &[&'static str]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// A noun with its article.
fn a(noun: &str) -> String {
    format!("{} {noun}", if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" })
}

fn did_you_mean(nearest: &[&'static str]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", either(nearest)) }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(c) => write!(f, "`{}` means nothing here", c.escape_debug()),
            Self::OpenText => f.write_str("the text has no end; put a quotation mark behind it"),
            Self::OpenSlice => f.write_str("the slice has no end; put a ] behind it"),
            Self::Escape(text) => {
                write!(
                    f,
                    r#"`{text}` is no escape; there are \" \\ \n \r \t \0 \NNN \xHH, \uHHHH and \u{{H...}}, and r"..." has none"#
                )
            }
            Self::CharacterConstant => {
                f.write_str("between single quotation marks stands one character; text stands in double ones")
            }
            Self::Written { found: "=", as_, what } => write!(f, "{what} is written {as_}"),
            Self::Written { found, as_, what } => write!(f, "{what} is written {as_}, not {found}"),
            Self::Elsewhere { what, instead } => {
                write!(f, "`{}` is of Wireshark alone; here {instead}", shortened(what))
            }
            Self::Kernel { what, instead } => {
                write!(f, "`{}` is of the language of kernel filters (-f); here {instead}", shortened(what))
            }
            Self::Expected { what, found } => write!(f, "expected {what}, found {}", shortened(found)),
            Self::Field(unknown) => write!(f, "{unknown}"),
            Self::Function { name, nearest } => {
                write!(f, "no function is called `{}`{}", shortened(name), did_you_mean(nearest))
            }
            Self::Arguments { name, takes } => write!(f, "{name} takes {takes}"),
            Self::NoField => f.write_str("there is no field in this comparison, so it says the same of every message"),
            Self::Whole(name) => {
                write!(f, "{name}(...) is a test of its own: nothing is compared with it, and nothing made of it")
            }
            Self::Bare { name, example } => {
                write!(f, "`{name}` is no field; it is asked about a field or a test: {example}")
            }
            Self::Alone { text, field, word } => {
                write!(f, "`{}` is no field but a value; write {field} == {}", shortened(text), value(word))
            }
            Self::Unquoted(text) => write!(f, "text stands in quotation marks: \"{}\"", shortened(text)),
            Self::Calculation { operator, left, right } => {
                write!(f, "`{operator}` cannot be calculated with {} and {}", a(left), a(right))
            }
            Self::Version { is, field, other } => write!(f, "{field} is never an {is} address; those are in {other}"),
            Self::Zone(zone) => {
                write!(f, "a message does not tell the zone of an address; leave out `{}`", shortened(zone))
            }
            Self::Value { text, field, kind, hint } => {
                write!(f, "`{}` is no {kind}, which {field} is{hint}", shortened(text))
            }
            Self::Range { text, field, most: Some(most) } => {
                write!(f, "{field} is never `{}`: it is {most} at most", shortened(text))
            }
            Self::Range { text, field, most: None } => {
                write!(f, "{field} is never `{}`: it is never less than 0", shortened(text))
            }
            Self::Word { text, field, nearest, all } => {
                write!(f, "{field} is never `{}`", shortened(text))?;
                match (nearest.is_empty(), all.len()) {
                    (false, _) => f.write_str(&did_you_mean(nearest)),
                    (true, ..=FEW) => write!(f, "; it is {}", either(all)),
                    (true, _) => Ok(()),
                }
            }
            Self::Kinds { left, right } => write!(f, "{} cannot be compared with {}", a(left), a(right)),
            Self::Operator {
                operator: operator @ ("contains" | "matches" | "[...]" | "len" | "upper" | "lower"),
                kind,
            } if matches!(*kind, "number" | "address" | "duration" | "time") => {
                write!(f, "`{operator}` cannot be asked of {}, but of it as text: string(...)", a(kind))
            }
            Self::Operator { operator, kind } => write!(f, "`{operator}` cannot be asked of {}", a(kind)),
            Self::Test(what) => write!(f, "{what} is neither true nor false; compare it with something"),
            Self::Slice(text) => {
                write!(
                    f,
                    "`[{}]` is no slice; there are [3], [3:2] (from byte 3, 2 bytes), [3-4], [:2], [3:] and [0,2-3]",
                    shortened(text)
                )
            }
            Self::Beyond { of, slice, most } => write!(
                f,
                "{} has {most} bytes at most, and [{}] is not within them; those of the message are coap[..], all are frame[..]",
                shortened(of),
                shortened(slice)
            ),
            Self::UpsideDown { low, high } => {
                let (low, high) = (shortened(low), shortened(high));
                write!(f, "nothing is between `{low}` and `{high}`: a range begins with its lower end, {high}..{low}")
            }
            Self::EmptySet => f.write_str("the set is empty"),
            Self::Pattern(why) => write!(f, "the regular expression cannot be used: {why}"),
            Self::Relation => f.write_str("a relation takes one test, such as whole_exchange(coap.retransmitted)"),
            Self::Null(field) => {
                write!(
                    f,
                    "a field without a value is not there, which is written !{}; null is of payloads",
                    shortened(field)
                )
            }
            Self::Member(call) => write!(f, "the name of a member that is no word stands in quotation marks: {call}"),
            Self::Deep(most) => write!(f, "nested, or calculated, more than {most} deep"),
            Self::Long(most) => write!(f, "longer than {most} bytes"),
        }
    }
}
