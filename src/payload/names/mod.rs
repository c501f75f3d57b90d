//! What paths are called by convention: well-known URIs, those of OCF, Thread and others, and the objects and resources of LwM2M.
//! The tables are the CSV files beside this one.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a path is by convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// What it is, in a few words.
    pub meaning: &'static str,
    /// Where that is written.
    pub reference: &'static str,
}

/// A resource of a LwM2M object (OMA registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name.
    pub name: &'static str,
    /// Type of its value; opaque where it has none, as what can only be executed.
    pub kind: Kind,
}

/// Types of LwM2M values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Signed, 1 to 8 bytes.
    Integer,
    /// Unsigned, 1 to 8 bytes.
    Unsigned,
    /// 4 or 8 bytes.
    Float,
    /// One byte.
    Boolean,
    /// Seconds since 1970.
    Time,
    /// Bytes.
    Opaque,
    /// Object and instance.
    Link,
}

/// How the registry writes types.
const KINDS: &[(&str, Kind)] = &[
    ("String", Kind::Text),
    ("Corelnk", Kind::Text),
    ("Integer", Kind::Integer),
    ("Unsigned Integer", Kind::Unsigned),
    ("Float", Kind::Float),
    ("Boolean", Kind::Boolean),
    ("Time", Kind::Time),
    ("Objlnk", Kind::Link),
];

/// The rows of a table behind its heading, cut into `N` columns; only the last may hold commas, and then stands in quotation marks.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).filter_map(|line| {
        let mut columns = line.splitn(N, ',');
        let row: [Option<&str>; N] = std::array::from_fn(|_| columns.next());
        row.iter().all(Option::is_some).then(|| row.map(|column| column.unwrap_or_default().trim_matches('"')))
    })
}

static CONVENTIONS: LazyLock<HashMap<&str, Convention>> = LazyLock::new(|| {
    let made = |[path, reference, meaning]: [&'static str; 3]| (path, Convention { meaning, reference });
    rows(include_str!("uri_conventions.csv")).map(made).collect()
});

static OBJECTS: LazyLock<HashMap<u16, &str>> = LazyLock::new(|| {
    let made = |[object, name]: [&'static str; 2]| Some((object.parse().ok()?, name));
    rows(include_str!("lwm2m_objects.csv")).filter_map(made).collect()
});

static RESOURCES: LazyLock<HashMap<(u16, u16), Resource>> = LazyLock::new(|| {
    let made = |[object, resource, kind, name]: [&'static str; 4]| {
        let kind = KINDS.iter().find(|(word, _)| *word == kind).map_or(Kind::Opaque, |(_, kind)| *kind);
        Some(((object.parse().ok()?, resource.parse().ok()?), Resource { name, kind }))
    };
    rows(include_str!("lwm2m_resources.csv")).filter_map(made).collect()
});

/// How many rows the tables have: conventions, objects, resources.
pub fn sizes() -> [usize; 3] {
    [CONVENTIONS.len(), OBJECTS.len(), RESOURCES.len()]
}

/// The name of a LwM2M object.
pub fn object(object: u16) -> Option<&'static str> {
    OBJECTS.get(&object).copied()
}

/// A resource of a LwM2M object.
pub fn resource(object: u16, resource: u16) -> Option<Resource> {
    RESOURCES.get(&(object, resource)).copied()
}

/// A number as LwM2M writes it in a path: no sign, no leading zero.
fn number(segment: &str) -> Option<u16> {
    let is_plain =
        segment.bytes().all(|byte| byte.is_ascii_digit()) && (segment.len() == 1 || !segment.starts_with('0'));
    segment.parse().ok().filter(|_| is_plain)
}

/// What a path like `/3/0/0` is called in LwM2M: `Device, instance 0, Manufacturer`. None where it is no such path, or its object is
/// not registered. Whether the device speaks LwM2M at all is for the caller to know.
pub fn lwm2m(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or(path);
    let numbers: Option<Vec<u16>> = path.strip_prefix('/')?.split('/').map(number).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 4)?;
    let mut numbers = numbers.into_iter();
    let object_id = numbers.next()?;
    let mut name = object(object_id)?.to_owned();
    if let Some(instance) = numbers.next() {
        name += &format!(", instance {instance}");
    }
    if let Some(id) = numbers.next() {
        name += &resource(object_id, id).map_or_else(|| format!(", resource {id}"), |row| format!(", {}", row.name));
    }
    if let Some(instance) = numbers.next() {
        name += &format!(" [{instance}]");
    }
    Some(name)
}

/// What a path is by convention; a query may follow it.
pub fn convention(resource: &str) -> Option<Convention> {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let is_lwm2m = query.split('&').any(|argument| argument.starts_with("lwm2m="));
    let reference = "OMA LwM2M";
    match path {
        "/rd" if is_lwm2m => return Some(Convention { meaning: "LwM2M: registration", reference }),
        "/rd" if query.split('&').any(|argument| argument.starts_with("ep=")) => {
            return Some(Convention { meaning: "Resource directory: registration", reference: "RFC 9176 section 5" });
        }
        _ if path.strip_prefix("/rd/").is_some_and(|place| !place.is_empty()) => {
            let meaning = "A registration (resource directory or LwM2M)";
            return Some(Convention { meaning, reference: "RFC 9176 section 5.3; OMA LwM2M" });
        }
        _ => {}
    }
    CONVENTIONS.get(path).copied()
}
