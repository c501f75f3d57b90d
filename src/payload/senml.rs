//! SenML (RFC 8428): records whose base fields are worked into the names, times and values of those that follow.

use serde_json::{Map, Number, json};

use super::walk::Walk;
use super::{Item, Value, names, time};
use crate::coap::flaw::Flaw;

/// A field: its label in JSON, its label in CBOR, what it is (RFC 8428 sections 4.3 and 6).
struct FieldRow {
    json: &'static str,
    cbor: Option<i8>,
    name: &'static str,
}

const fn field(json: &'static str, cbor: i8, name: &'static str) -> FieldRow {
    FieldRow { json, cbor: Some(cbor), name }
}

const FIELDS: &[FieldRow] = &[
    field("bver", -1, "base version"),
    field("bn", -2, "base name"),
    field("bt", -3, "base time"),
    field("bu", -4, "base unit"),
    field("bv", -5, "base value"),
    field("bs", -6, "base sum"),
    field("n", 0, "name"),
    field("u", 1, "unit"),
    field("v", 2, "value"),
    field("vs", 3, "text"),
    field("vb", 4, "yes or no"),
    field("s", 5, "sum"),
    field("t", 6, "time"),
    field("ut", 7, "update time"),
    field("vd", 8, "data"),
    FieldRow { json: "vlo", cbor: None, name: "object link" },
];

/// Times below this count from now (RFC 8428 section 4.5.3).
const RELATIVE: f64 = 268_435_456.0;

/// Base fields as they stand after the records so far.
#[derive(Default)]
struct Base {
    name: String,
    time: f64,
    unit: Option<String>,
    value: Option<f64>,
    sum: Option<f64>,
    version: Option<i128>,
}

/// Says of every record what it means, and returns the resolved records as JSON.
pub(super) fn resolve(items: &mut [Item], in_cbor: bool, walk: &mut Walk) -> Option<serde_json::Value> {
    let root = items.first_mut()?;
    if !matches!(root.value, Value::List(_)) {
        if !matches!(root.value, Value::Rest(_)) {
            walk.flaw(Flaw::Structure, root.bytes.clone());
        }
        return None;
    }
    let mut base = Base::default();
    let mut resolved = Vec::new();
    for record in &mut root.children {
        if !matches!(record.value, Value::Map(_)) {
            if !matches!(record.value, Value::Rest(_)) {
                walk.flaw(Flaw::Structure, record.bytes.clone());
            }
            continue;
        }
        for field in &mut record.children {
            if let Some(row) = row_of(field, in_cbor) {
                field.meaning = if in_cbor { format!("{}: {}", row.json, row.name) } else { row.name.to_owned() };
            }
        }
        let read = |label: &str| record.children.iter().rev().find(|item| is(item, label, in_cbor));
        base.take(&read);
        if let Some((object, meaning)) = record_of(&base, &read) {
            resolved.push(serde_json::Value::Object(object));
            record.meaning = meaning;
        }
    }
    Some(resolved.into())
}

fn row_of(item: &Item, in_cbor: bool) -> Option<&'static FieldRow> {
    FIELDS.iter().find(|row| is(item, row.json, in_cbor))
}

/// Whether an item is the field of that label. In CBOR a text label means what it means in JSON.
fn is(item: &Item, label: &str, in_cbor: bool) -> bool {
    if !item.is_notation {
        return item.name == label;
    }
    let number = FIELDS.iter().find(|row| row.json == label).and_then(|row| row.cbor);
    in_cbor && number.is_some_and(|number| item.name == number.to_string())
}

impl Base {
    fn take<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a Item>) {
        if let Some(name) = read("bn").and_then(Item::as_text) {
            self.name = name.to_owned();
        }
        if let Some(time) = read("bt").and_then(Item::as_number) {
            self.time = time;
        }
        if let Some(unit) = read("bu").and_then(Item::as_text) {
            self.unit = Some(unit.to_owned());
        }
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
    const VALUES: [&str; 6] = ["v", "vs", "vb", "vd", "vlo", "s"];
    let has_value = VALUES.iter().any(|label| read(label).is_some());
    if !has_value && (base.value.is_none() && base.sum.is_none() || read("n").is_none()) {
        return None;
    }
    let mut object = Map::new();
    let name = base.name.clone() + read("n").and_then(Item::as_text).unwrap_or_default();
    let mut words = name.clone();
    object.insert("n".into(), json!(&name));
    if let Some(version) = base.version.filter(|version| *version != 10) {
        object.insert("bver".into(), json!(version.to_string().parse::<Number>().ok()));
    }
    let unit = read("u").and_then(Item::as_text).map(str::to_owned).or_else(|| base.unit.clone());
    if let Some(unit) = &unit {
        object.insert("u".into(), json!(unit));
    }
    let at = base.time + read("t").and_then(Item::as_number).unwrap_or(0.0);
    if at != 0.0 {
        object.insert("t".into(), number(at));
    }
    if let Some(update) = read("ut").and_then(Item::as_number) {
        object.insert("ut".into(), number(update));
    }
    let mut value = None;
    for label in ["vs", "vb", "vd", "vlo"] {
        if let Some(item) = read(label) {
            object.insert(label.into(), item.json());
            value = Some(item.text(60));
        }
    }
    let plain = read("v").map(Item::as_number);
    if plain.is_some() || value.is_none() && base.value.is_some() && read("s").is_none() {
        let sum = base.value.unwrap_or(0.0) + plain.flatten().unwrap_or(0.0);
        object.insert("v".into(), number(sum));
        value = Some(plain_number(sum));
    }
    if read("s").is_some() || base.sum.is_some() {
        let sum = base.sum.unwrap_or(0.0) + read("s").and_then(Item::as_number).unwrap_or(0.0);
        object.insert("s".into(), number(sum));
        value = Some(value.map_or_else(
            || format!("sum {}", plain_number(sum)),
            |value| format!("{value}, sum {}", plain_number(sum)),
        ));
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

/// A time in words: absolute, or against the moment of sending.
fn when(at: f64) -> String {
    match at {
        0.0 => String::new(),
        at if at >= RELATIVE => time::utc(at).map_or_else(String::new, |text| format!(", {text}")),
        at if at < 0.0 => format!(", {} s before now", plain_number(-at)),
        at => format!(", {} s from now", plain_number(at)),
    }
}

/// A number as JSON; whole numbers without a fraction.
fn number(value: f64) -> serde_json::Value {
    plain_number(value).parse::<Number>().map_or(serde_json::Value::Null, serde_json::Value::Number)
}

fn plain_number(value: f64) -> String {
    // Sums of decimal fractions are not exact in binary: twelve significant digits are more than any sensor has.
    let rounded = format!("{value:.11e}").parse::<f64>().unwrap_or(value);
    let shown = if (rounded - value).abs() <= value.abs() * 1e-15 { rounded } else { value };
    if shown.fract() == 0.0 && shown.abs() < 1e15 { format!("{shown:.0}") } else { format!("{shown:?}") }
}
