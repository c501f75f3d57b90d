//! Fields as columns: tshark's `-T fields` with its `-E` options, and comma-separated values.

use std::fmt::{self, Write};

use super::digits;
use crate::coap::escape;
use crate::field::{Field, Kind, Reads, Value, find};
use crate::payload::tshark_absolute;
use crate::store::View;

/// Fields of `-T csv` where none are named.
pub const DEFAULT_FIELDS: &[&str] = &[
    "frame.number",
    "frame.time_epoch",
    "coapscope.source",
    "coapscope.destination",
    "coapscope.type",
    "coap.mid",
    "coap.token",
    "coapscope.code",
    "coapscope.resource",
    "coapscope.answers",
    "coapscope.transmission",
    "coapscope.rtt",
    "coap.payload_length",
];

/// Which of several values of a field are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occurrence {
    First,
    Last,
    All,
}

/// Fields and the form in which they are printed.
#[derive(Debug)]
pub struct Columns {
    fields: Vec<&'static Field>,
    separator: String,
    aggregator: String,
    occurrence: Occurrence,
    header: bool,
    byte_order_mark: bool,
    quote: Quote,
}

/// What stands around a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    None,
    /// Always this character, where there is a value.
    Always(char),
    /// Double quotes where a comma-separated file needs them (RFC 4180).
    WhereNeeded,
}

/// Why fields cannot be printed so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnsError {
    /// A name that no field has.
    Field(crate::field::UnknownField),
    /// Several fields in one word.
    Several,
    /// No field was named.
    NoField,
    /// An option of `-E` that does not exist, or a value that it does not take.
    Option(String),
}

impl fmt::Display for ColumnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(unknown) => write!(f, "-e: {unknown}; see `coapscope fields`"),
            Self::Several => f.write_str("-e: takes one field; write one -e for each: -e frame.number -e coap.mid"),
            Self::NoField => {
                f.write_str("-T fields: no field is named; name at least one with -e, such as -e coap.code")
            }
            Self::Option(option) => write!(
                f,
                "-E {option}: not understood; the options are separator=C, aggregator=C, occurrence=f|l|a, header=y|n, \
                 quote=d|s|n and bom=y|n, where C is one character, /t or /s"
            ),
        }
    }
}

impl std::error::Error for ColumnsError {}

impl Columns {
    /// Columns of the named fields as `-T fields` prints them.
    ///
    /// # Errors
    /// Where no field is named, a name is unknown or an option is not understood.
    pub fn fields<S: AsRef<str>>(names: &[S], options: &[S]) -> Result<Self, ColumnsError> {
        if names.is_empty() {
            return Err(ColumnsError::NoField);
        }
        let columns = Self {
            fields: look_up(names.iter().map(AsRef::as_ref))?,
            separator: "\t".into(),
            aggregator: ",".into(),
            occurrence: Occurrence::All,
            header: false,
            byte_order_mark: false,
            quote: Quote::None,
        };
        columns.with(options)
    }

    /// Columns as comma-separated values with a header; of the usual fields where none are named.
    ///
    /// # Errors
    /// Where a name is unknown or an option is not understood.
    pub fn csv<S: AsRef<str>>(names: &[S], options: &[S]) -> Result<Self, ColumnsError> {
        let fields = if names.is_empty() {
            look_up(DEFAULT_FIELDS.iter().copied())?
        } else {
            look_up(names.iter().map(AsRef::as_ref))?
        };
        let columns = Self {
            fields,
            separator: ",".into(),
            aggregator: " ".into(),
            occurrence: Occurrence::All,
            header: true,
            byte_order_mark: false,
            quote: Quote::WhereNeeded,
        };
        columns.with(options)
    }

    fn with<S: AsRef<str>>(mut self, options: &[S]) -> Result<Self, ColumnsError> {
        for option in options {
            let option = option.as_ref();
            self.set(option).ok_or_else(|| ColumnsError::Option(option.into()))?;
        }
        Ok(self)
    }

    fn set(&mut self, option: &str) -> Option<()> {
        let (name, value) = option.split_once('=')?;
        match name {
            "separator" => self.separator = character(value)?,
            "aggregator" => self.aggregator = character(value)?,
            "header" => self.header = yes(value)?,
            "bom" => self.byte_order_mark = yes(value)?,
            "occurrence" => {
                self.occurrence = match value {
                    "f" => Occurrence::First,
                    "l" => Occurrence::Last,
                    "a" => Occurrence::All,
                    _ => return None,
                }
            }
            "quote" => {
                self.quote = match value {
                    "d" => Quote::Always('"'),
                    "s" => Quote::Always('\''),
                    "n" => Quote::None,
                    _ => return None,
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// What has to be read of a message for its row.
    pub fn reads(&self) -> Reads {
        self.fields.iter().map(|field| field.reads).max().unwrap_or(Reads::Record)
    }

    /// Some field is known only after the message.
    pub fn need_later(&self) -> bool {
        self.fields.iter().any(|field| field.known_later)
    }

    /// What stands before the first row, without a line end; None where nothing does.
    pub fn heading(&self) -> Option<String> {
        let mark = if self.byte_order_mark { "\u{feff}" } else { "" };
        if !self.header {
            return (!mark.is_empty()).then(|| mark.to_owned());
        }
        let names: Vec<&str> = self.fields.iter().map(|field| &*field.name).collect();
        Some(format!("{mark}{}", names.join(&self.separator)))
    }

    /// Whether the heading is a line of its own.
    pub fn has_header(&self) -> bool {
        self.header
    }

    /// The row of a message.
    pub fn row(&self, view: &View<'_>) -> String {
        let mut row = String::with_capacity(128);
        for (index, field) in self.fields.iter().enumerate() {
            row.push_str(if index > 0 { &self.separator } else { "" });
            self.push_cell(&mut row, field, view);
        }
        row
    }

    /// Appends the values of a field in a message.
    fn push_cell(&self, into: &mut String, field: &Field, view: &View<'_>) {
        let start = into.len();
        let mut any = false;
        field.visit(view, &mut |value| {
            match self.occurrence {
                Occurrence::First if any => return,
                Occurrence::Last => into.truncate(start),
                Occurrence::All if any => into.push_str(&self.aggregator),
                _ => {}
            }
            any = true;
            push_value(into, &value);
        });
        match self.quote {
            Quote::Always(quote) if any => {
                into.insert(start, quote);
                into.push(quote);
            }
            Quote::WhereNeeded => {
                let cell = into.get(start..).unwrap_or_default();
                let is_text = field.kind == Kind::Text;
                // What has only these is what it is; all else may need something.
                let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b".:_/".contains(&byte);
                if !cell.bytes().all(is_safe) || cell.contains(&self.separator) {
                    let cell = csv_cell(cell, is_text, &self.separator);
                    into.truncate(start);
                    into.push_str(&cell);
                }
            }
            _ => {}
        }
    }
}

/// A cell of comma-separated values (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe before it, since
/// text comes from the wire.
pub fn csv_cell(cell: &str, is_text: bool, separator: &str) -> String {
    let is_formula = is_text
        && cell.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let harmless = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    // Where a comma is the decimal sign, spreadsheets take what stands behind a semicolon for a cell of its own.
    if harmless.contains(['"', '\n', '\r', ';', '\t']) || harmless.contains(separator) {
        return format!("\"{}\"", harmless.replace('"', "\"\""));
    }
    harmless
}

/// A value as tshark prints it.
pub fn text(value: &Value<'_>) -> String {
    let mut text = String::new();
    push_value(&mut text, value);
    text
}

/// The same, appended to a text.
fn push_value(into: &mut String, value: &Value<'_>) {
    match value {
        Value::Time(time) => into.push_str(&tshark_absolute(*time)),
        Value::Unsigned(number) => digits::push(into, *number),
        Value::Frame(number) => digits::push(into, *number),
        Value::Bytes(bytes) if !bytes.is_empty() => escape::push_hex(into, bytes),
        Value::Text(text) => into.push_str(&escape::bytes(text)),
        Value::Presence => into.push('1'),
        // Writing to a string cannot fail.
        other => drop(write!(into, "{other}")),
    }
}

fn look_up<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<&'static Field>, ColumnsError> {
    let one = |name: &'a str| match find(name) {
        Err(_) if name.contains(',') => Err(ColumnsError::Several),
        found => found.map_err(ColumnsError::Field),
    };
    names.map(one).collect()
}

fn character(value: &str) -> Option<String> {
    match value {
        "/t" => Some("\t".into()),
        "/s" => Some(" ".into()),
        _ => (value.chars().count() == 1).then(|| value.to_owned()),
    }
}

fn yes(value: &str) -> Option<bool> {
    match value {
        "y" => Some(true),
        "n" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_tshark() {
        let columns = Columns::fields(&["coap.code", "coap.mid"], &["separator=;", "header=y", "bom=y"]).unwrap();
        assert_eq!(columns.heading().unwrap(), "\u{feff}coap.code;coap.mid");
        for (options, expected) in [
            ("separator=/t", true),
            ("separator=ab", false),
            ("aggregator=/s", true),
            ("occurrence=x", false),
            ("quote=d", true),
            ("header=yes", false),
            ("colour=y", false),
            ("header", false),
        ] {
            assert_eq!(Columns::fields(&["coap.code"], &[options]).is_ok(), expected, "{options}");
        }
    }

    #[test]
    fn spreadsheets_find_no_formula() {
        for (cell, is_text, expected) in [
            ("=cmd|' /C calc'!A0", true, "'=cmd|' /C calc'!A0"),
            ("-1+1", true, "'-1+1"),
            ("@SUM(A1,A2)", true, "\"'@SUM(A1,A2)\""),
            ("-0.5", false, "-0.5"),
            ("a\"b", true, "\"a\"\"b\""),
            (";=1", true, "\";=1\""),
            ("a\t=1", true, "\"a\t=1\""),
            ("plain", true, "plain"),
        ] {
            assert_eq!(csv_cell(cell, is_text, ","), expected);
        }
    }

    #[test]
    fn faults_say_what_to_do() {
        let none: &[&str] = &[];
        assert!(Columns::fields(none, none).unwrap_err().to_string().contains("-e coap.code"));
        assert!(Columns::fields(&["coap.cod"], none).unwrap_err().to_string().contains("coap.code"));
        assert!(Columns::csv(none, none).unwrap().has_header());
    }
}
