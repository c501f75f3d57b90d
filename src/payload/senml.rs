//! SenML (RFC 8428): records whose base fields are worked into the names, times and values of those that follow.

use std::ops::Range;

use serde_json::{Map, Number, json};

use super::decimal::{Amount, of_f64};
use super::senml_fields::{Kind, is, is_of_json, row_of};
use super::walk::{Problem, Walk};
use super::{Item, Value, names, notation, time};
use crate::coap::flaw::Flaw;

/// Versions up to this one are those of RFC 8428 and of its drafts.
const VERSION: i128 = 10;
/// The same with the feature that RFC 9100 section 4 defines, secondary units; each is a bit of the number.
const WITH_SECONDARY_UNITS: i128 = VERSION + (1 << 4);

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
pub(super) struct Form<'a> {
    /// Its bytes.
    pub body: &'a [u8],
    pub in_cbor: bool,
    /// It may come bit by bit.
    pub is_stream: bool,
    /// It selects or changes records: null takes one away (RFC 8790 section 3.2).
    pub is_etch: bool,
}

/// Base fields as they stand after the records so far.
#[derive(Default)]
struct Base {
    name: String,
    /// Where that stands.
    named_at: Range<usize>,
    /// What is wrong with it was told.
    name_told: bool,
    time: Amount,
    unit: Option<String>,
    value: Option<Amount>,
    sum: Option<Amount>,
    version: Option<i128>,
    content_format: Option<String>,
    /// One of them could not be read: what the records mean from there on is not known.
    is_broken: bool,
}

/// Says of every record what it means, and returns the resolved records. One that is broken, or has a field of the wrong kind, is
/// left as it is; nothing is made of a pack that a reader is to refuse.
pub(super) fn resolve(items: &mut [Item], form: Form<'_>, walk: &mut Walk) -> Option<Pack> {
    let root = items.first_mut()?;
    if !matches!(root.value, Value::List(_)) {
        if !matches!(root.value, Value::Rest(_)) {
            walk.flaw(Flaw::NoArray, root.bytes.clone());
        }
        return None;
    }
    // One record at least (RFC 8428 section 3, RFC 8790 section 2).
    if root.children.is_empty() && walk.problems.is_empty() {
        walk.flaw(Flaw::Empty, root.bytes.clone());
    }
    if form.in_cbor && !form.is_stream && root.value == Value::List(true) {
        walk.flaw(Flaw::Indefinite, root.bytes.start..root.bytes.start + 1);
    }
    let is_refused = refuses(&root.children, form.in_cbor, walk);
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
        let is_sound = fields_of(record, form, &mut base, walk);
        let read = |label: &str| record.children.iter().rev().find(|item| is(item, label, form.in_cbor));
        base.take(&read);
        added += base.name.len() + base.unit.as_ref().map_or(0, String::len);
        if added > ADDED {
            walk.flaw(Flaw::TooMany, record.bytes.clone());
            break;
        }
        if !is_sound || base.is_broken || is_refused {
            continue;
        }
        let own = own_fields(record, form.in_cbor);
        judge(record, &own, &mut base, form, walk);
        let read = |label: &str| record.children.iter().rev().find(|item| is(item, label, form.in_cbor));
        let meant = if only_sets_base(record, &own, form.in_cbor) { None } else { record_of(&base, &own, &read) };
        if let Some((object, meaning)) = meant {
            pack.resolved.push(serde_json::Value::Object(object));
            pack.records.extend(value_of(&base, &read));
            record.meaning = meaning;
        }
    }
    (!is_refused).then_some(pack)
}

/// Whether a reader is to refuse the pack: it has a field that has to be understood, or a version that is not known (RFC 8428 section 4.4).
/// Notes why, and where the records differ in their version.
fn refuses(records: &[Item], in_cbor: bool, walk: &mut Walk) -> bool {
    let (mut is_refused, mut version) = (false, None);
    for record in records.iter().filter(|record| matches!(record.value, Value::Map(_))) {
        for field in &record.children {
            let row = row_of(field, in_cbor);
            if row.is_none() && !field.is_notation && field.name.ends_with('_') {
                walk.flaw(Flaw::NotUnderstood, field.bytes.clone());
                is_refused = true;
            }
            let Some(number) = row.filter(|row| row.json == "bver").and_then(|_| field.as_number()) else { continue };
            let own = whole(field);
            if !own.is_some_and(|own| (1..=VERSION).contains(&own) || own == WITH_SECONDARY_UNITS) {
                walk.flaw(Flaw::Version, field.bytes.clone());
                // No number of a version at all is a flaw, but no reason to refuse what can be read.
                is_refused |= number > VERSION as f64;
            } else if version.is_some_and(|version| Some(version) != own) {
                walk.flaw(Flaw::Mixed, field.bytes.clone());
            }
            version = own.or(version);
        }
        version = version.or(Some(VERSION));
    }
    is_refused
}

/// The integer that a number is, however it is written.
fn whole(item: &Item) -> Option<i128> {
    let number = || item.as_number().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
    item.as_integer().or_else(|| number().map(|number| number as i128))
}

/// Says of the fields of a record what they are, and whether they can be used. Notes where not.
fn fields_of(record: &mut Item, form: Form<'_>, base: &mut Base, walk: &mut Walk) -> bool {
    let (mut values, mut is_sound) = (0, !walk.is_broken_in(&record.bytes) || is_whole(record, form, walk));
    for field in &mut record.children {
        let Some(row) = row_of(field, form.in_cbor) else {
            if form.in_cbor && is_of_json(field) {
                walk.flaw(Flaw::Label, field.bytes.clone());
                is_sound = false;
            }
            continue;
        };
        values |= VALUES.iter().position(|label| *label == row.json).map_or(0, |at| 1_u8 << at);
        field.meaning = if form.in_cbor { format!("{}: {}", row.json, row.name) } else { row.name.to_owned() };
        if !fits(field, row.kind, form, walk) {
            is_sound = false;
            base.is_broken |= row.json.starts_with('b');
        }
    }
    // One value at most (RFC 8428 section 4.2).
    if values.count_ones() > 1 {
        walk.flaw(Flaw::ManyValues, record.bytes.clone());
        is_sound = false;
    }
    is_sound
}

/// Whether a record of JSON is all there, and only the text around it breaks.
fn is_whole(record: &Item, form: Form<'_>, walk: &Walk) -> bool {
    let is_here = |problem: &&Problem| (record.bytes.start..=record.bytes.end).contains(&problem.bytes.start);
    let breaks =
        |problem: &Problem| matches!(problem.flaw, Flaw::EndsEarly | Flaw::Syntax) || problem.flaw.is_readable();
    let is_closed = || {
        let text = form.body.get(record.bytes.clone()).unwrap_or_default();
        serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
    };
    !form.in_cbor && walk.problems.iter().filter(is_here).all(breaks) && is_closed()
}

/// The labels of a record's own fields, those of the base left out.
fn own_fields(record: &Item, in_cbor: bool) -> Vec<&'static str> {
    let rows = record.children.iter().filter_map(|field| row_of(field, in_cbor));
    rows.map(|row| row.json).filter(|label| !label.starts_with('b')).collect()
}

/// Whether a record has nothing of its own: as the first one in RFC 8428 section 5.1.7 it only sets the base for those behind it. One with no
/// field at all has the base value, since a value that is missing is 0 (section 4.5.4).
fn only_sets_base(record: &Item, own: &[&str], in_cbor: bool) -> bool {
    own.is_empty() && record.children.iter().any(|field| row_of(field, in_cbor).is_some())
}

/// Notes what is wrong with a sound record: its name, a value that is missing, sums that no number holds.
fn judge(record: &Item, own: &[&str], base: &mut Base, form: Form<'_>, walk: &mut Walk) {
    let read = |label: &str| record.children.iter().rev().find(|item| is(item, label, form.in_cbor));
    if only_sets_base(record, own, form.in_cbor) {
        return;
    }
    let name = base.name.clone() + &read("n").and_then(text_of).unwrap_or_default();
    let is_path = is_lwm2m_path(&name);
    if !is_name(&name) && !is_path {
        let is_of_base = !base.name.is_empty() && !is_name(&base.name);
        if !is_of_base {
            walk.flaw(Flaw::Name, read("n").unwrap_or(record).bytes.clone());
        } else if !std::mem::replace(&mut base.name_told, true) {
            walk.flaw(Flaw::Name, base.named_at.clone());
        }
    }
    let has_value = own.iter().any(|label| *label == "s" || VALUES.contains(label));
    let has_base = base.value.is_some() || base.sum.is_some();
    // What is asked for has names only (RFC 8790 section 3.1, and LwM2M's Read-Composite).
    if !has_value && !has_base && !form.is_etch && !is_path {
        walk.flaw(Flaw::NoValue, record.bytes.clone());
    }
    for (base, label) in [(Some(base.time), "t"), (base.value, "v"), (base.sum, "s")] {
        let Some((base, field)) = base.zip(read(label)) else { continue };
        let parts = [base.near, field.as_number().unwrap_or(0.0)];
        if parts.iter().all(|part| part.is_finite()) && !parts.iter().sum::<f64>().is_finite() {
            walk.flaw(Flaw::Overflow, field.bytes.clone());
        }
    }
}

/// Whether a name is one of RFC 8428 section 4.5.1.
fn is_name(name: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-:./_".contains(&byte);
    name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && name.bytes().all(is_inside)
}

/// Whether a name is a path of LwM2M, which begins with a slash against that section: numbers, behind the prefix of a device that a
/// gateway speaks for.
fn is_lwm2m_path(name: &str) -> bool {
    let Some(path) = name.strip_prefix('/') else { return false };
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_part = |(at, part): (usize, &str)| is_number(part) || at == 0 && is_name(part) && path.contains('/');
    path.is_empty() || path.split('/').enumerate().all(is_part)
}

/// Whether a field has a value of its kind; notes it where not. CBOR stands for what JSON can say (RFC 8428 section 6), and that has no
/// NaN and nothing infinite.
fn fits(field: &Item, kind: Kind, form: Form<'_>, walk: &mut Walk) -> bool {
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
    match value {
        // RFC 8428 section 6.
        Value::Pieces { .. } if is(field, "vs", true) || is(field, "vd", true) => {
            walk.flaw(Flaw::Indefinite, field.bytes.clone());
        }
        Value::Float(number) if !number.is_finite() => walk.flaw(Flaw::NotFinite, field.bytes.clone()),
        // The exponent has a small letter (RFC 8428 section 5).
        Value::Number(text) if text.contains('E') => walk.flaw(Flaw::Syntax, field.bytes.clone()),
        Value::Text(text) if kind == Kind::Data && !is_base64url(text) => walk.flaw(Flaw::Kind, field.bytes.clone()),
        _ if field.as_number().is_some_and(f64::is_infinite) => walk.flaw(Flaw::Overflow, field.bytes.clone()),
        _ => {}
    }
    true
}

/// Whether a text is base64url without padding, which data is in JSON (RFC 8428 section 5).
fn is_base64url(text: &str) -> bool {
    text.len() % 4 != 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl Base {
    fn take<'a>(&mut self, read: &dyn Fn(&str) -> Option<&'a Item>) {
        if let Some((item, name)) = read("bn").and_then(|item| Some((item, text_of(item)?))) {
            (self.name, self.named_at, self.name_told) = (name, item.bytes.clone(), false);
        }
        if let Some(time) = read("bt").and_then(Amount::of) {
            self.time = time;
        }
        self.unit = read("bu").and_then(text_of).or_else(|| self.unit.take());
        self.value = read("bv").and_then(Amount::of).or(self.value);
        self.sum = read("bs").and_then(Amount::of).or(self.sum);
        self.version = read("bver").and_then(whole).or(self.version);
        self.content_format = read("bct").and_then(text_of).or_else(|| self.content_format.take());
    }
}

/// A record with everything that it leaves to the base fields, and the same in words; None where it has no value.
fn record_of<'a>(
    base: &Base,
    own: &[&str],
    read: &dyn Fn(&str) -> Option<&'a Item>,
) -> Option<(Map<String, serde_json::Value>, String)> {
    let has_value = own.iter().any(|label| *label == "s" || VALUES.contains(label));
    if !has_value && base.value.is_none() && base.sum.is_none() {
        return None;
    }
    let mut object = Map::new();
    let name = base.name.clone() + &read("n").and_then(text_of).unwrap_or_default();
    let mut words = name.clone();
    object.insert("n".into(), json!(&name));
    if let Some(version) = base.version.filter(|version| *version != VERSION) {
        object.insert("bver".into(), json!(version.to_string().parse::<Number>().ok()));
    }
    let unit = read("u").and_then(text_of).or_else(|| base.unit.clone());
    if let Some(unit) = &unit {
        object.insert("u".into(), json!(unit));
    }
    let at = base.time.plus(read("t").and_then(Amount::of).unwrap_or_default());
    if at.near != 0.0 {
        object.insert("t".into(), at.shown().0);
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
    let content_format = read("ct").and_then(text_of).or_else(|| base.content_format.clone());
    if let Some(content_format) = content_format.filter(|_| read("vd").is_some()) {
        object.insert("ct".into(), json!(content_format));
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
    let number = |base: Option<Amount>, label: &str| match (base.filter(|base| base.near != 0.0), read(label)) {
        (None, own) => own.cloned(),
        (Some(base), own) => {
            let sum = base.plus(own.and_then(Amount::of).unwrap_or_default());
            Some(Item::new(sum.value(), own.map_or(0..0, |own| own.bytes.clone())))
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
fn amount(base: Option<Amount>, own: Option<&Item>) -> (serde_json::Value, String) {
    match own {
        Some(own) if own.value == Value::Null => (own.json(), own.text(60)),
        Some(own) if base.is_none_or(|base| base.near == 0.0) => match own.value {
            Value::Integer(_) | Value::Number(_) => (own.json(), own.text(60)),
            Value::Float(number) => of_f64(number),
            _ => match Amount::of(own).filter(|number| number.near.is_finite()) {
                Some(number) => number.shown(),
                // More than a double holds.
                None => (serde_json::Value::Null, notation(own)),
            },
        },
        _ => base.unwrap_or_default().plus(own.and_then(Amount::of).unwrap_or_default()).shown(),
    }
}

/// A time in words: absolute, or against the moment of sending.
fn when(at: Amount) -> String {
    match at.near {
        0.0 => String::new(),
        near if !near.is_finite() => ", no time".into(),
        near if near >= RELATIVE => match time::utc(near) {
            Some(text) => format!(", {text}"),
            None => format!(", {} s since 1970", at.shown().1),
        },
        near if near < 0.0 => format!(", {} s before now", at.shown().1.trim_start_matches('-')),
        _ => format!(", {} s from now", at.shown().1),
    }
}
