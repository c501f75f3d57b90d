//! Payloads by Content-Format: every value with its bytes, within limits, for any bytes at all.
//!
//! [`decode`] is a total function. Nesting, announced lengths and numbers of items are the attacker's to choose, so everything is walked
//! with a stack on the heap, at most [`DEPTH`] levels and [`ITEMS`] items; what is beyond is kept as bytes and noted. Nothing is
//! decoded until somebody looks: the loader never comes here.

mod cbor;
mod cose;
mod decimal;
mod directory;
mod item;
mod json;
mod link_format;
mod lwm2m;
mod memo;
mod message;
mod multipart;
pub mod names;
mod notation;
mod references;
mod senml;
mod senml_fields;
mod shape;
mod text;
mod thread;
mod time;
mod walk;
mod xml;
mod zone;

pub use directory::{Description, Directory};
pub use item::{Item, Value};
pub use memo::shared;
pub use message::{About, Part, brief, findings, findings_of_body, findings_of_thread, judged, of_message, part};
pub use notation::notation;
pub use senml::Record;
pub use time::{of_local_time, tshark_absolute};
pub use walk::{DEPTH, ITEMS, Problem};

use crate::coap::ContentFormat;
use crate::coap::flaw::Flaw;
use walk::Walk;

/// What is known of a body beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Its Content-Format, where one is given.
    pub format: Option<ContentFormat>,
    /// What is known of the resource that it belongs to.
    pub about: About<'a>,
    /// It is the text of an error response without Content-Format (RFC 7252 section 5.5.2).
    pub is_diagnostic: bool,
}

/// A decoded body.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// What it was read as, for a reader: `JSON`, `SenML in CBOR`.
    pub form: &'static str,
    /// No Content-Format says so: it only looks like it.
    pub is_guess: bool,
    /// Its values.
    pub items: Vec<Item>,
    /// What is wrong with it, in the order in which it was found.
    pub problems: Vec<Problem>,
    /// CBOR in diagnostic notation, escaped.
    pub notation: Option<String>,
    /// SenML with names, times and values resolved (RFC 8428 section 4.6).
    pub resolved: Option<serde_json::Value>,
    /// The values of its records by their resolved names.
    pub records: Vec<Record>,
}

impl Decoded {
    /// The value of this body, which it was decoded from, as JSON, as [`Self::write_json`] has it.
    pub fn json(&self, body: &[u8]) -> serde_json::Value {
        let mut text = Vec::new();
        self.write_json(body, &mut text);
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes the value of this body, which it was decoded from, as JSON; null for bytes, and where the format was only guessed. Of one that
    /// is broken, what could be read.
    pub fn write_json(&self, body: &[u8], text: &mut Vec<u8>) {
        let shape = FORMS.iter().find(|row| row.name == self.form && !self.is_guess).map(|row| row.json);
        match (shape, self.items.as_slice()) {
            (Some(Shape::One), [only, ..]) => only.write_json(text),
            (Some(Shape::Many), items) => item::write_list(items, text, Item::write_json),
            (Some(Shape::Links), items) => item::write_list(items, text, link_format::write_json),
            (Some(Shape::Text), _) => item::put(text, &std::str::from_utf8(body).ok()),
            _ => text.extend(b"null"),
        }
    }

    /// All values with their depth, 0 for the outermost.
    pub fn len(&self) -> usize {
        self.items.iter().map(Item::count).sum()
    }

    /// Nothing could be read.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// What the JSON of a form consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The first value.
    One,
    /// All values in an array.
    Many,
    /// The same, where names may be there several times.
    Links,
    /// The text as it is.
    Text,
}

type Reader = fn(&[u8], &Subject<'_>, &mut Walk) -> Vec<Item>;

/// A form that bodies are read as.
struct Form {
    name: &'static str,
    /// The numbers of the Content-Formats; those that are no row here are told by the end of their media type.
    formats: &'static [u16],
    /// It is CBOR, and has a diagnostic notation.
    is_cbor: bool,
    json: Shape,
    read: Reader,
}

const fn form(name: &'static str, formats: &'static [u16], is_cbor: bool, json: Shape, read: Reader) -> Form {
    Form { name, formats, is_cbor, json, read }
}

const TEXT: usize = 0;
const JSON: usize = 1;
const CBOR: usize = 2;
const CBOR_SEQUENCE: usize = 3;
const XML: usize = 4;
const CWT: usize = 5;
const THREAD: usize = 6;

// name, Content-Formats, whether it is CBOR, what its JSON is, its reader
const FORMS: &[Form] = &[
    form("text", &[0, 1541], false, Shape::Text, |body, _, walk| text::decode(body, walk)),
    form("JSON", &[50], false, Shape::One, |body, _, walk| json::decode(body, walk)),
    form("CBOR", &[60, 11544], true, Shape::One, |body, _, walk| cbor::decode(body, walk)),
    form("CBOR sequence", &[63, 64, 65], true, Shape::Many, |body, _, walk| cbor::sequence(body, walk)),
    form("XML", &[41, 310, 311, 30000], false, Shape::Text, |body, _, walk| xml::decode(body, walk)),
    form("CWT", &[61, 263, 293, 294, 10003, 10004, 10005, 279], true, Shape::One, |body, _, walk| {
        cose::message(body, None, true, walk)
    }),
    form("Thread TLVs", &[], false, Shape::One, |body, subject, walk| thread::decode(body, subject.about.path, walk)),
    form("link format", &[40], false, Shape::Links, |body, subject, walk| {
        link_format::decode(body, subject.about.path, walk)
    }),
    form("SenML in JSON", &[110, 111, 320], false, Shape::One, |body, _, walk| json::decode(body, walk)),
    form("SenML in CBOR", &[112, 113, 322], true, Shape::One, |body, _, walk| cbor::decode(body, walk)),
    form("LwM2M TLV", &[11542, 1542], false, Shape::One, |body, subject, walk| {
        lwm2m::decode(body, subject.about.path, walk)
    }),
    form("problem details", &[257], true, Shape::One, |body, _, walk| cose::problem(body, walk)),
    form("several representations", &[62], true, Shape::One, |body, _, walk| multipart::decode(body, walk)),
    form("COSE_Encrypt0", &[16], true, Shape::One, |body, _, walk| cose::message(body, Some(16), false, walk)),
    form("COSE_Mac0", &[17], true, Shape::One, |body, _, walk| cose::message(body, Some(17), false, walk)),
    form("COSE_Sign1", &[18], true, Shape::One, |body, _, walk| cose::message(body, Some(18), false, walk)),
    form("COSE_Encrypt", &[96], true, Shape::One, |body, _, walk| cose::message(body, Some(96), false, walk)),
    form("COSE_Mac", &[97], true, Shape::One, |body, _, walk| cose::message(body, Some(97), false, walk)),
    form("COSE_Sign", &[98], true, Shape::One, |body, _, walk| cose::message(body, Some(98), false, walk)),
    form("COSE_Key", &[101], true, Shape::One, |body, _, walk| cose::key(body, walk)),
    form("COSE_KeySet", &[102], true, Shape::One, |body, _, walk| cose::key_set(body, walk)),
    form("claims", &[601], true, Shape::One, |body, _, walk| cose::claims(body, walk)),
    // CSS and JavaScript may say inside what they are encoded in.
    form("text", &[20000, 10002], false, Shape::Text, |body, _, walk| {
        let known = walk.problems.len();
        let items = text::decode(body, walk);
        let found = walk.problems.split_off(known);
        walk.problems.extend(found.into_iter().filter(|problem| problem.flaw != Flaw::NotUtf8));
        items
    }),
    form("CBOR sequence", &[272], true, Shape::Many, |body, _, walk| cbor::missing_blocks(body, walk)),
    form("JSON", &[51], false, Shape::One, |body, _, walk| shape::patch(json::decode(body, walk), walk)),
    form("JSON", &[11543, 1543], false, Shape::One, |body, _, walk| shape::lwm2m(json::decode(body, walk), walk)),
    form("ACE parameters", &[19], true, Shape::One, |body, _, walk| cose::ace(body, walk)),
];

/// Ends of media types, without parameters, and what bodies of such a type are read as.
const SUFFIXES: &[(&str, usize)] =
    &[("+json", JSON), ("+cbor", CBOR), ("+cbor-seq", CBOR_SEQUENCE), ("+xml", XML), ("+cwt", CWT)];

/// What [`Decoded::form`] can be.
pub fn forms() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|form| form.name).chain([OCTETS, message::LATER])
}

/// What is read as nothing but bytes.
const OCTETS: &str = "octets";

/// The form of a Content-Format. None for what has no structure that is known here: octets, images, EXI, compressed bodies.
fn form_of(format: ContentFormat) -> Option<&'static Form> {
    if let Some(row) = FORMS.iter().find(|row| row.formats.contains(&format.0)) {
        return Some(row);
    }
    let row = format.row().filter(|row| row.coding.is_empty() && format.is_registered())?;
    let media_type = row.media_type.split(';').next().unwrap_or_default();
    let (_, form) = SUFFIXES.iter().find(|(suffix, _)| media_type.ends_with(suffix))?;
    FORMS.get(*form)
}

/// Whether bodies of this Content-Format are CBOR.
fn is_cbor(format: ContentFormat) -> bool {
    form_of(format).is_some_and(|form| form.is_cbor)
}

/// Reads a body of a known Content-Format; returns what it was read as.
fn by_format(body: &[u8], format: ContentFormat, subject: &Subject<'_>, walk: &mut Walk) -> (&'static str, Vec<Item>) {
    match form_of(format) {
        Some(form) => (form.name, (form.read)(body, subject, walk)),
        None => (OCTETS, vec![Item::new(Value::Bytes(body.to_vec()), 0..body.len())]),
    }
}

/// Reads a body. Total: any bytes give a result.
pub fn decode(body: &[u8], subject: &Subject<'_>) -> Decoded {
    let mut walk = Walk::new();
    let (form, is_guess) = match subject.format {
        Some(ContentFormat::OCTET_STREAM) | None if thread::fits(body, subject.about) => {
            (FORMS.get(THREAD), !subject.about.is_thread)
        }
        Some(format) => match form_of(format) {
            None if text::readable(body) => (FORMS.get(TEXT), true),
            form => (form, false),
        },
        None if subject.is_diagnostic => (FORMS.get(TEXT), false),
        None => (guess(body), true),
    };
    let Some(form) = form else {
        return Decoded {
            form: OCTETS,
            is_guess: false,
            items: vec![Item::new(Value::Bytes(body.to_vec()), 0..body.len())],
            problems: Vec::new(),
            notation: None,
            resolved: None,
            records: Vec::new(),
        };
    };
    let mut items = (form.read)(body, subject, &mut walk);
    let pack = match form.name {
        "SenML in JSON" | "SenML in CBOR" => {
            let is_etch = matches!(subject.format, Some(ContentFormat(320 | 322)));
            let is_stream = matches!(subject.format, Some(ContentFormat(111 | 113)));
            senml::resolve(&mut items, senml::Form { body, in_cbor: form.is_cbor, is_stream, is_etch }, &mut walk)
        }
        _ => None,
    };
    let (resolved, records) = pack.map_or((None, Vec::new()), |pack| (Some(pack.resolved.into()), pack.records));
    let notation = form.is_cbor.then(|| items.iter().map(notation).collect::<Vec<_>>().join(", "));
    Decoded { form: form.name, is_guess, items, problems: walk.problems, notation, resolved, records }
}

/// What a body without Content-Format looks like: JSON, if all of it is an object or array, or readable text; None for anything else.
fn guess(body: &[u8]) -> Option<&'static Form> {
    if !text::readable(body) {
        return None;
    }
    let mut walk = Walk::new();
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(first, Some(b'{' | b'[')) {
        json::decode(body, &mut walk);
        if walk.problems.is_empty() {
            return FORMS.get(JSON);
        }
    }
    FORMS.get(TEXT)
}
