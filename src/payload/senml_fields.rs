//! The fields of SenML: their labels, and what their values are.

use super::Item;

/// A field: its label in JSON, its label in CBOR, what it is, and of which kind (RFC 8428 sections 4.3, 5 and 6).
pub(super) struct FieldRow {
    pub json: &'static str,
    pub cbor: Option<i8>,
    pub name: &'static str,
    pub kind: Kind,
}

/// What the value of a field is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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
    // RFC 9193, and LwM2M: without labels in CBOR.
    FieldRow { json: "bct", cbor: None, name: "base Content-Format", kind: Kind::Text },
    FieldRow { json: "ct", cbor: None, name: "Content-Format of the data", kind: Kind::Text },
    FieldRow { json: "vlo", cbor: None, name: "object link", kind: Kind::Text },
];

/// Whether an item has a label that is a field's in JSON alone: extensions have labels of text, so that in CBOR it is another field.
pub(super) fn is_of_json(item: &Item) -> bool {
    !item.is_notation && FIELDS.iter().any(|row| row.cbor.is_some() && row.json == item.name)
}

/// What a field is. In CBOR those with a number have no other label (RFC 8428 section 6).
pub(super) fn row_of(item: &Item, in_cbor: bool) -> Option<&'static FieldRow> {
    match item.is_notation {
        false => FIELDS.iter().find(|row| row.json == item.name && !(in_cbor && row.cbor.is_some())),
        true if in_cbor => item.name.parse().ok().and_then(|number| FIELDS.iter().find(|row| row.cbor == Some(number))),
        true => None,
    }
}

/// Whether an item is the field of that label.
pub(super) fn is(item: &Item, label: &str, in_cbor: bool) -> bool {
    row_of(item, in_cbor).is_some_and(|row| row.json == label)
}
