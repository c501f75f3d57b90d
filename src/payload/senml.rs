//! SenML (RFC 8428): records whose base fields are worked into the names, times and values of those that follow.

use serde_json::{Map, Number, json};

use super::item::float;
use super::walk::Walk;
use super::{Item, Value, names, notation, time};
use crate::coap::flaw::Flaw;

/// A field: its label in JSON, its label in CBOR, what it is, and of which kind (RFC 8428 sections 4.3, 5 and 6).
struct FieldRow {
    json: &'static str,
    cbor: Option<i8>,
    name: &'static str,
    kind: Kind,
}

/// What the value of a field is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bool,
    /// Bytes in CBOR, text in JSON.
    Data,
}

const fn field(json: &'static str, cbor: i8, name: &'static str, kind: Kind) -> FieldRow {
    FieldRow { json, cbor: Some(cbor), name, kind }
}

const FIELDS: &[FieldRow] = &[
    field("bver", -1, "base version", Kind::Number),
    field("bn", -2, "base name", Kind::Text),
    field("bt", -3, "base time", Kind::Number),
    field("bu", -4, "base unit", Kind::Text),
    field("bv", -5, "base value", Kind::Number),
    field("bs", -6, "base sum", Kind::Number),
    field("n", 0, "name", Kind::Text),
    field("u", 1, "unit", Kind::Text),
    field("v", 2, "value", Kind::Number),
    field("vs", 3, "text", Kind::Text),
    field("vb", 4, "yes or no", Kind::Bool),
    field("s", 5, "sum", Kind::Number),
    field("t", 6, "time", Kind::Number),
    field("ut", 7, "update time", Kind::Number),
    field("vd", 8, "data", Kind::Data),
    FieldRow { json: "vlo", cbor: None, name: "object link", kind: Kind::Text },
];

/// The fields that are the value of a record.
const VALUES: [&str; 5] = ["v", "vs", "vb", "vd", "vlo"];

/// Times below this count from now (RFC 8428 section 4.5.3).
const RELATIVE: f64 = 268_435_456.0;

/// Bytes that base names and units may add to the records of one pack: they stand once in the payload, and again in each record, so that a
/// small payload could ask for any amount of memory.
const ADDED: usize = 1 << 18;

/// The value of a record, by its resolved name.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The base name and the record's own.
    pub name: String,
    /// Where the record's own name begins in it.
    own: usize,
    /// The value, that of the base added; of a record that has only a sum, the sum.
    pub value: Item,
}

impl Record {
    /// Whether it is called so: by its whole name, by its own, or by the last parts of its name, as URIs, URNs and device URNs
    /// (RFC 9039 section 3.2) divide it.
    pub fn is_called(&self, name: &str) -> bool {
        let Some(before) = self.name.strip_suffix(name) else { return false };
        let is_device = self.name.starts_with("urn:dev:");
        before.len() == self.own
            || before.is_empty()
            || before.ends_with(['/', ':'])
            || is_device && before.ends_with('_')
    }
}

/// What the records of a pack mean.
pub(super) struct Pack {
    /// Each in full, as JSON.
    pub resolved: Vec<serde_json::Value>,
    /// The values of those that have one.
    pub records: Vec<Record>,
}

/// How a pack is written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub in_cbor: bool,
    /// It selects or changes records: null takes one away (RFC 8790 section 3.2).
    pub is_etch: bool,
}

/// Base fields as they stand after the records so far.
#[derive(Default)]
struct Base {
    name: String,
    time: f64,
    unit: Option<String>,
    value: Option<f64>,
    sum: Option<f64>,
    version: Option<i128>,
    /// One of them could not be read: what the records mean from there on is not known.
    is_broken: bool,
}

/// Says of every record what it means, and returns the resolved records. One that is broken, or has a field of the wrong kind, is
/// left as it is.
pub(super) fn resolve(items: &mut [Item], form: Form, walk: &mut Walk) -> Option<Pack> {
    let root = items.first_mut()?;
    if !matches!(root.value, Value::List(_)) {
        if !matches!(root.value, Value::Rest(_)) {
            walk.flaw(Flaw::Structure, root.bytes.clone());
        }
        return None;
    }
    let mut base = Base::default();
    let mut pack = Pack { resolved: Vec::new(), records: Vec::new() };
    let mut added = 0;
    for record in &mut root.children {
        if !matches!(record.value, Value::Map(_)) {
            if !matches!(record.value, Value::Rest(_)) {
                walk.flaw(Flaw::Structure, record.bytes.clone());
            }
            continue;
        }
        let mut values = 0;
        let mut is_sound = !walk.is_broken_in(&record.bytes);
        for field in &mut record.children {
            let Some(row) = row_of(field, form.in_cbor) else { continue };
            values |= VALUES.iter().position(|label| *label == row.json).map_or(0, |at| 1_u8 << at);
            field.meaning = if form.in_cbor { format!("{}: {}", row.json, row.name) } else { row.name.to_owned() };
            if !fits(field, row.kind, form, walk) {
                is_sound = false;
                base.is_broken |= row.json.starts_with('b');
            }
        }
        // One value at most (RFC 8428 section 4.2).
        if values.count_ones() > 1 {
            walk.flaw(Flaw::Structure, record.bytes.clone());
            is_sound = false;
        }
        let read = |label: &str| record.children.iter().rev().find(|item| is(item, label, form.in_cbor));
        base.take(&read);
        added += base.name.len() + base.unit.as_ref().map_or(0, String::len);
        if added > ADDED {
            walk.flaw(Flaw::TooMany, record.bytes.clone());
            break;
        }
        if is_sound
            && !base.is_broken
            && let Some((object, meaning)) = record_of(&base, &read)
        {
            pack.resolved.push(serde_json::Value::Object(object));
            pack.records.extend(value_of(&base, &read));
            record.meaning = meaning;
        }
    }
    Some(pack)
}

/// Whether a field has a value of its kind; notes it where not. CBOR stands for what JSON can say (RFC 8428 section 6), and that has no
/// NaN and nothing infinite.
fn fits(field: &Item, kind: Kind, form: Form, walk: &mut Walk) -> bool {
    let value = &field.value;
    let fits = match kind {
        Kind::Bool => matches!(value, Value::Bool(_)),
        Kind::Number => field.as_number().is_some(),
        Kind::Data if form.in_cbor => matches!(value, Value::Bytes(_) | Value::Pieces { text: false }),
        Kind::Text | Kind::Data => matches!(value, Value::Text(_) | Value::Pieces { text: true }),
    };
    if !fits {
        let is_removed = form.is_etch && *value == Value::Null;
        // What is no UTF-8 is told already.
        if !is_removed && !walk.is_broken_in(&field.bytes) {
            walk.flaw(Flaw::Kind, field.bytes.clone());
        }
        return is_removed;
    }
    if matches!(value, Value::Float(number) if !number.is_finite()) {
        walk.flaw(Flaw::NotFinite, field.bytes.clone());
    }
    true
}

/// What a field is. In CBOR a text label means what it means in JSON.
fn row_of(item: &Item, in_cbor: bool) -> Option<&'static FieldRow> {
    match item.is_notation {
        false => FIELDS.iter().find(|row| row.json == item.name),
        true if in_cbor => item.name.parse().ok().and_then(|number| FIELDS.iter().find(|row| row.cbor == Some(number))),
        true => None,
    }
}

/// Whether an item is the field of that label.
fn is(item: &Item, label: &str, in_cbor: bool) -> bool {
    row_of(item, in_cbor).is_some_and(|row| row.json == label)
}

impl Base {
    fn take<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a Item>) {
        if let Some(name) = read("bn").and_then(text_of) {
            self.name = name;
        }
        if let Some(time) = read("bt").and_then(Item::as_number) {
            self.time = time;
        }
        self.unit = read("bu").and_then(text_of).or_else(|| self.unit.take());
        self.value = read("bv").and_then(Item::as_number).or(self.value);
        self.sum = read("bs").and_then(Item::as_number).or(self.sum);
        self.version = read("bver").and_then(Item::as_integer).or(self.version);
    }
}

/// A record with everything that it leaves to the base fields, and the same in words; None where it holds base fields only.
fn record_of<'a>(
    base: &Base,
    read: &dyn Fn(&str) -> Option<&'a Item>,
) -> Option<(Map<String, serde_json::Value>, String)> {
    let has_value = VALUES.iter().chain(&["s"]).any(|label| read(label).is_some());
    if !has_value && (base.value.is_none() && base.sum.is_none() || read("n").is_none()) {
        return None;
    }
    let mut object = Map::new();
    let name = base.name.clone() + &read("n").and_then(text_of).unwrap_or_default();
    let mut words = name.clone();
    object.insert("n".into(), json!(&name));
    if let Some(version) = base.version.filter(|version| *version != 10) {
        object.insert("bver".into(), json!(version.to_string().parse::<Number>().ok()));
    }
    let unit = read("u").and_then(text_of).or_else(|| base.unit.clone());
    if let Some(unit) = &unit {
        object.insert("u".into(), json!(unit));
    }
    let at = rounded(base.time + read("t").and_then(Item::as_number).unwrap_or(0.0));
    if at != 0.0 {
        object.insert("t".into(), of_f64(at).0);
    }
    if let Some(update) = read("ut") {
        object.insert("ut".into(), amount(None, Some(update)).0);
    }
    let mut value = None;
    for label in ["vs", "vb", "vd", "vlo"] {
        if let Some(item) = read(label) {
            object.insert(label.into(), item.json());
            value = Some(item.text(60));
        }
    }
    if read("v").is_some() || value.is_none() && base.value.is_some() && read("s").is_none() {
        let (number, shown) = amount(base.value, read("v"));
        object.insert("v".into(), number);
        value = Some(shown);
    }
    if read("s").is_some() || base.sum.is_some() {
        let (number, shown) = amount(base.sum, read("s"));
        object.insert("s".into(), number);
        value = Some(value.map_or_else(|| format!("sum {shown}"), |value| format!("{value}, sum {shown}")));
    }
    words += &format!(" = {}", value.unwrap_or_default());
    if let Some(unit) = unit {
        words += &format!(" {unit}");
    }
    words += &when(at);
    if let Some(resource) = names::lwm2m(&name) {
        words += &format!("; in LwM2M: {resource}");
    }
    Some((object, words))
}

/// The value of a record that has one, under its name.
fn value_of<'a>(base: &Base, read: &dyn Fn(&str) -> Option<&'a Item>) -> Option<Record> {
    let number = |base: Option<f64>, label: &str| match (base.filter(|base| *base != 0.0), read(label)) {
        (None, own) => own.cloned(),
        (Some(base), own) => {
            let sum = rounded(base + own.and_then(Item::as_number).unwrap_or(0.0));
            Some(Item::new(Value::Float(sum), own.map_or(0..0, |own| own.bytes.clone())))
        }
    };
    let own = ["vs", "vb", "vd", "vlo"].into_iter().find_map(read).cloned();
    let value = match read("s") {
        Some(_) if read("v").is_none() => own.or_else(|| number(base.sum, "s")),
        _ => own.or_else(|| number(base.value, "v")).or_else(|| number(base.sum, "s")),
    };
    let name = base.name.clone() + &read("n").and_then(text_of).unwrap_or_default();
    Some(Record { name, own: base.name.len(), value: value.filter(|value| value.value != Value::Null)? })
}

fn text_of(item: &Item) -> Option<String> {
    match item.value {
        Value::Pieces { text: true } => Some(item.joined_text()),
        _ => item.as_text().map(str::to_owned),
    }
}

/// A base and what a record adds to it, as JSON and for a reader: where there is no base, exactly as it came.
fn amount(base: Option<f64>, own: Option<&Item>) -> (serde_json::Value, String) {
    match own {
        Some(own) if own.value == Value::Null => (own.json(), own.text(60)),
        Some(own) if base.unwrap_or(0.0) == 0.0 => match own.value {
            Value::Integer(_) | Value::Number(_) => (own.json(), own.text(60)),
            Value::Float(number) => of_f64(number),
            _ => match own.as_number().filter(|number| number.is_finite()) {
                Some(number) => of_f64(number),
                // More than a double holds.
                None => (serde_json::Value::Null, notation(own)),
            },
        },
        _ => of_f64(rounded(base.unwrap_or(0.0) + own.and_then(Item::as_number).unwrap_or(0.0))),
    }
}

/// A time in words: absolute, or against the moment of sending.
fn when(at: f64) -> String {
    match at {
        0.0 => String::new(),
        at if !at.is_finite() => ", no time".into(),
        at if at >= RELATIVE => time::utc(at).map_or_else(String::new, |text| format!(", {text}")),
        at if at < 0.0 => format!(", {} s before now", of_f64(-at).1),
        at => format!(", {} s from now", of_f64(at).1),
    }
}

/// A number as JSON, null where that has none, and for a reader; whole numbers without a fraction.
fn of_f64(value: f64) -> (serde_json::Value, String) {
    let shown = match value.fract() == 0.0 && value.abs() < 1e15 {
        true => format!("{value:.0}"),
        false => float(value),
    };
    (shown.parse::<Number>().map_or(serde_json::Value::Null, serde_json::Value::Number), shown)
}

/// Sums of decimal fractions are not exact in binary: twelve significant digits are more than any sensor has.
fn rounded(sum: f64) -> f64 {
    let rounded = format!("{sum:.11e}").parse::<f64>().unwrap_or(sum);
    if (rounded - sum).abs() <= sum.abs() * 1e-15 { rounded } else { sum }
}
