//! FIELDS: everything that a message can be asked for, one row a field. `-T fields`, filter, columns and completion follow from it.
//!
//! A field has Wireshark's name where Wireshark has the field and means the same by it; what Wireshark lacks or gets wrong is
//! called `coapscope.*`. Values print as tshark 4.0 prints them. The fields of options follow from the table of options.

mod coap;
mod elsewhere;
mod frame;
mod kin;
mod lower;
mod named;
mod options;
mod ours;
mod payload;
mod value;
mod words;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use crate::coap::OptionNumber;
use crate::frame::Protocol;
use crate::store::{Record, RecordFlags, View};

pub use elsewhere::Elsewhere;
pub use lower::of_header;
pub use ours::{FINDING, SEVERITY};
pub use payload::{MEMBERS, decoded_body, member};
pub use value::{Kind, Value};
pub use words::{Words, answer, end, exchange_state, order, role, severity};

/// One field.
#[derive(Debug)]
pub struct Field {
    /// Its name, as it is typed.
    pub name: Cow<'static, str>,
    /// What its values are.
    pub kind: Kind,
    /// One sentence for help and completion.
    pub help: Cow<'static, str>,
    /// Its value may become known only after the message: an answer, the state of an exchange, a finding.
    pub known_later: bool,
    /// What has to be read for it.
    pub reads: Reads,
    /// The words that its values are, where they are known.
    pub words: Words,
    /// The greatest number that it can hold, where its values are numbers.
    pub most: u64,
    getter: Getter,
}

/// What has to be read of a message for a field, from little to much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reads {
    /// The record and the tables; nothing of the file, as long as [`is_plain`] holds for the record.
    Record,
    /// The bytes of the message and the length of its frame.
    Message,
    /// The same, and the body that the message completed.
    Body,
    /// What is odd about the message and its frame. Where the record has no severity, that is seen from the message.
    Findings,
    /// Everything, also what the capture says of the frame.
    All,
}

/// Whether the record says all of the message's header and of its addresses, so that fields that read the record alone need nothing else.
pub fn is_plain(record: &Record) -> bool {
    let is_odd = record.flags.has(RecordFlags::HEADERLESS | RecordFlags::EVIDENCE) || record.is_on_the_way();
    !is_odd && !record.mode.is_draft()
}

/// Calls back with every value of a field in a message.
type Get = fn(&View<'_>, &mut dyn FnMut(Value<'_>));

/// Where the values come from.
#[derive(Debug)]
enum Getter {
    /// A function of its own.
    Call(Get),
    /// Every instance of an option.
    Option(OptionNumber),
    /// Places in the headers below CoAP.
    Lower(&'static [lower::Place]),
    /// Members of the payload under these names.
    Member(Vec<String>),
}

impl Field {
    /// A row of a fixed table.
    const fn new(name: &'static str, kind: Kind, help: &'static str, get: Get) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            help: Cow::Borrowed(help),
            known_later: false,
            reads: Reads::Message,
            words: Words::Any,
            most: if matches!(kind, Kind::Frame) { u32::MAX as u64 } else { u64::MAX },
            getter: Getter::Call(get),
        }
    }

    /// The same row, for numbers of so many bits.
    const fn bits(mut self, bits: u32) -> Self {
        self.most = lower::greatest(bits);
        self
    }

    /// The same row, for what becomes known only later.
    const fn later(mut self) -> Self {
        self.known_later = true;
        self
    }

    /// The same row, for what the record and the tables know.
    const fn of_record(mut self) -> Self {
        self.reads = Reads::Record;
        self
    }

    /// The same row, for what is in bodies.
    const fn of_body(mut self) -> Self {
        self.reads = Reads::Body;
        self
    }

    /// The same row, for what is odd.
    const fn of_findings(mut self) -> Self {
        self.reads = Reads::Findings;
        self
    }

    /// The same row, for what needs all that can be read.
    const fn of_all(mut self) -> Self {
        self.reads = Reads::All;
        self
    }

    /// The same row, whose values are these words.
    const fn words(mut self, words: Words) -> Self {
        self.words = words;
        self
    }

    /// Every value of the field in a message, in the order of the bytes. None where the message lacks it.
    pub fn visit(&self, view: &View<'_>, visit: &mut dyn FnMut(Value<'_>)) {
        match &self.getter {
            Getter::Call(get) => get(view, visit),
            Getter::Option(number) => options::visit(view, *number, visit),
            Getter::Lower(places) => lower::visit(view, places, visit),
            Getter::Member(path) => payload::visit(view, path, visit),
        }
    }

    /// It is a protocol of which the bytes can be asked for.
    pub fn has_bytes(&self) -> bool {
        self.kind == Kind::Presence && (frame::is_of_bytes(&self.name) || !self.protocols().is_empty())
    }

    /// Every header of the protocol that the field is, as Wireshark has it: `frame` is the whole frame and `coap` the whole message.
    /// `onward`: with all that is behind it.
    pub fn visit_bytes(&self, view: &View<'_>, onward: bool, visit: &mut dyn FnMut(&[u8])) {
        match &*self.name {
            "frame" => visit(view.frame.bytes),
            "coap" if view.message.bytes().is_empty() => {}
            "coap" => visit(view.message.bytes()),
            _ => lower::visit_bytes(view, &self.protocols(), onward, visit),
        }
    }

    /// The protocols whose headers it asks for.
    fn protocols(&self) -> Vec<Protocol> {
        match &self.getter {
            Getter::Lower(places) => lower::protocols_of(places),
            _ => frame::protocols_of(&self.name).to_vec(),
        }
    }

    /// The first value.
    pub fn first(&self, view: &View<'_>) -> Option<Value<'static>> {
        let mut first = None;
        self.visit(view, &mut |value| {
            if first.is_none() {
                first = Some(value.into_owned());
            }
        });
        first
    }
}

/// All fields: frame and addresses, `coap.*`, the options, `coapscope.*`.
pub static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    [frame::rows(), lower::rows(), coap::rows(), options::rows(), ours::rows(), kin::rows(), payload::rows()]
        .into_iter()
        .flatten()
        .collect()
});

/// A name that no field has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// The name that was asked for.
    pub name: String,
    /// The names nearest to it, the nearest first.
    pub nearest: Vec<&'static str>,
    /// Wireshark has it, and here it has another name or none.
    pub elsewhere: Option<&'static Elsewhere>,
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Elsewhere { why, instead, .. }) = self.elsewhere {
            return write!(f, "`{}` {why}; here: {}", shortened(&self.name), instead.join(", "));
        }
        write!(f, "no field is called `{}`", shortened(&self.name))?;
        match self.nearest.split_last() {
            None => Ok(()),
            Some((only, [])) => write!(f, "; did you mean {only}?"),
            Some((last, others)) => write!(f, "; did you mean {} or {last}?", others.join(", ")),
        }
    }
}

impl std::error::Error for UnknownField {}

/// The field of this name, if there is one.
pub fn get(name: &str) -> Option<&'static Field> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Field>> =
        LazyLock::new(|| FIELDS.iter().map(|field| (&*field.name, field)).collect());
    if let Some(field) = BY_NAME.get(name) {
        return Some(field);
    }
    let members = name.strip_prefix(payload::MEMBERS)?.strip_prefix('.')?;
    payload::member(&members.split('.').collect::<Vec<_>>())
}

/// The field of this name.
///
/// # Errors
/// [`UnknownField`], with the names nearest to it.
pub fn find(name: &str) -> Result<&'static Field, UnknownField> {
    get(name).ok_or_else(|| {
        let elsewhere = elsewhere::find(name);
        let nearest = elsewhere.map_or_else(|| nearest(name), |row| row.instead.to_vec());
        UnknownField { name: name.into(), nearest, elsewhere }
    })
}

/// Name of the field of an option, if it has one of its own.
pub fn of_option(number: OptionNumber) -> Option<&'static str> {
    options::name_of(number)
}

/// Letters in which names differ that have nothing in common.
const FAR: usize = 7;
/// Bytes beyond which nothing resembles a name.
const LONGEST: usize = 80;

/// The beginning of what may be long, for a message.
pub fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Up to three names that resemble this one: those that end in its last part, then those a few letters away.
fn nearest(name: &str) -> Vec<&'static str> {
    if name.len() > LONGEST {
        return Vec::new();
    }
    let wanted = name.to_ascii_lowercase().replace('-', "_");
    let wanted = wanted.trim_end_matches('.');
    let last = wanted.rsplit('.').next().unwrap_or_default();
    let most = 1 + wanted.len() / 4;
    // What differs in length by more differs in more letters, too.
    let within = |most: usize, a: &str, b: &str| (a.len().abs_diff(b.len()) <= most).then(|| edits(a, b));
    let mut rated: Vec<(usize, usize, &'static str)> = FIELDS
        .iter()
        .filter_map(|field| {
            let their_last = field.name.rsplit('.').next().unwrap_or_default();
            let whole = within(most.max(FAR), wanted, &field.name).unwrap_or(usize::MAX);
            let part = within(most / 2, last, their_last).unwrap_or(usize::MAX);
            let near = whole.min(part.saturating_mul(2)).min(if has_part(&field.name, last) { 1 } else { usize::MAX });
            (near <= most).then(|| (near * 8 + whole.min(FAR), field.name.len(), &*field.name))
        })
        .collect();
    rated.sort_unstable();
    rated.into_iter().take(3).map(|(.., name)| name).collect()
}

/// Whether a name has this as one of its parts, or its last part begins or ends so: `echo` in `coap.opt.opt_echo`, `block1` in
/// `coapscope.block1.number`.
fn has_part(name: &str, part: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let rest = || last.strip_prefix(part).filter(|rest| rest.starts_with('_')).is_some();
    let front = || last.strip_suffix(part).filter(|front| front.ends_with('_')).is_some();
    part.len() > 2 && (name.split('.').skip(1).any(|whole| whole == part) || rest() || front())
}

/// Up to three of these words that resemble this one, the nearest first: a few letters away, or with it at their beginning or in them.
pub fn nearest_words(wanted: &str, words: &[&'static str]) -> Vec<&'static str> {
    if wanted.is_empty() || wanted.len() > LONGEST {
        return Vec::new();
    }
    let wanted = wanted.to_ascii_lowercase();
    let rate = |word: &str| {
        let word = word.to_ascii_lowercase();
        let edits = Some(edits(&wanted, &word)).filter(|edits| *edits <= 1 + wanted.len() / 3);
        let part = match wanted.len() {
            2.. if word.starts_with(&wanted) => Some(1),
            3.. if word.contains(&wanted) => Some(2),
            _ => None,
        };
        edits.into_iter().chain(part).min()
    };
    let mut rated: Vec<(usize, usize, &'static str)> =
        words.iter().filter_map(|word| Some((rate(word)?, word.len(), *word))).collect();
    rated.sort_unstable();
    rated.into_iter().take(3).map(|(.., word)| word).collect()
}

/// Letters to insert, delete or replace to turn one text into the other.
pub(crate) fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or_default();
            let here = (diagonal + usize::from(x != *y)).min(left + 1).min(above + 1);
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            (diagonal, left) = (above, here);
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::coap::{OPTIONS, OptionFormat};

    #[test]
    fn names_are_unique_and_explained() {
        let mut seen = HashSet::new();
        for field in FIELDS.iter() {
            assert!(seen.insert(&*field.name), "{} twice", field.name);
            assert!(
                field.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c)),
                "{}",
                field.name
            );
            assert!(field.help.ends_with('.') && field.help.len() > 10, "{}: {}", field.name, field.help);
        }
    }

    #[test]
    fn every_option_has_a_field() {
        for row in OPTIONS.iter().filter(|row| row.number == row.last && !row.name.starts_with('(')) {
            let reached =
                FIELDS.iter().any(|field| matches!(field.getter, Getter::Option(number) if number == row.number));
            assert!(
                reached || row.format == OptionFormat::Block || row.format == OptionFormat::Oscore,
                "{} has no field",
                row.name
            );
        }
    }

    #[test]
    fn contract_names_are_known() {
        for name in "frame.number frame.time_epoch frame.len ip.src ip.dst ipv6.src ipv6.dst udp.srcport udp.dstport coap.version coap.type \
             coap.token_len coap.code coap.mid coap.token coap.opt.uri_path coap.opt.uri_query coap.opt.observe coap.opt.block_number \
             coap.opt.block_mflag coap.opt.max_age coap.opt.etag coap.payload_length coap.retransmitted coap.response_to \
             coap.response_in coap.response_time coapscope.exchange coapscope.exchange.state coapscope.transmission coapscope.rtt \
             coapscope.answers coapscope.observe.order coapscope.block1.number coapscope.block2.number coapscope.finding \
             coapscope.severity coapscope.resource coapscope.payload"
            .split_whitespace()
        {
            assert!(find(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn unknown_names_come_with_the_nearest() {
        for (name, expected) in [
            ("coap.uri_path", "coap.opt.uri_path"),
            ("coap.opt.uri-path", "coap.opt.uri_path"),
            ("coap.mit", "coap.mid"),
            ("observe", "coap.opt.observe"),
            ("coap.payload", "coapscope.payload"),
            ("payload.value.", "coapscope.payload.value"),
        ] {
            let unknown = find(name).unwrap_err();
            assert!(unknown.nearest.contains(&expected), "{unknown}");
        }
        assert_eq!(find("qqqqqqqq").unwrap_err().to_string(), "no field is called `qqqqqqqq`");
    }
}
