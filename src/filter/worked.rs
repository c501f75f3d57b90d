//! Values that are worked out while a filter is made ready, and whether a value can be one of a field.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::Range;

use super::compile::Compiler;
use super::error::{Fault, FilterError};
use super::item::{Class, Item};
use super::operand::{FUNCTIONS, MEMBER, calculate};
use super::parse::{Arithmetic, Node, NodeKind};
use super::relation::WHOLES;
use super::versions;
use crate::field::{FIELDS, Field, Kind, UnknownField};

/// Fields of endpoints, and how a value of them is written.
const ENDPOINTS: &[(&str, &str)] = &[
    ("coapscope.client", "; write \"10.0.0.1:5683\", or ask for a part: coapscope.client contains \"10.0.0.1\""),
    ("coapscope.server", "; write \"10.0.0.1:5683\", or ask for a part: coapscope.server contains \"10.0.0.1\""),
    ("coapscope.source", "; write \"10.0.0.1:5683\", or ask for the address alone: ip.src == 10.0.0.1"),
    ("coapscope.destination", "; write \"10.0.0.1:5683\", or ask for the address alone: ip.dst == 10.0.0.1"),
];

/// The first word in a calculation.
pub(super) fn first_word(node: &Node) -> Option<&Node> {
    match &node.kind {
        NodeKind::Word => Some(node),
        NodeKind::Negative(inner) => first_word(inner),
        NodeKind::Arithmetic(_, left, right) => first_word(left).or_else(|| first_word(right)),
        _ => None,
    }
}

/// What a value of a field is, and which field has the number of what this has the name of, or the name of what this has in digits.
pub(super) fn elsewhere(field: &str, text: &str) -> Option<(&'static str, &'static str)> {
    let is_number = text.parse::<u16>().is_ok();
    match field {
        "coap.opt.ctype" if is_number => Some(("media type", "; the number is coapscope.content_format")),
        "coap.opt.accept" if is_number => Some(("media type", "; the number is coapscope.accept")),
        "coapscope.code" if !is_number => {
            Some(("code in digits", "; write 0.01 or 2.05, or coapscope.code.name == GET"))
        }
        _ => None,
    }
}

/// Sizes of blocks (RFC 7959 section 2.2).
const SIZES: &[&str] = &["16", "32", "64", "128", "256", "512", "1024"];

/// The first field that has a word for a value where no field is called so, nor nearly so.
fn value_of(unknown: &UnknownField) -> Option<(&'static str, &'static str)> {
    let is_it = |word: &&&str| word.eq_ignore_ascii_case(&unknown.name);
    let has = |field: &'static Field| Some((&*field.name, *field.words.list()?.iter().find(is_it)?));
    // What Wireshark has is what its users know.
    let theirs = |(field, _): &(&str, &str)| field.starts_with("coap.");
    let mut found = FIELDS.iter().filter_map(has);
    let first = found.next().filter(|_| unknown.elsewhere.is_none())?;
    Some([first].into_iter().chain(found).find(theirs).unwrap_or(first))
}

impl Compiler<'_> {
    /// There is no such field; perhaps it is a function, or a relation.
    pub(super) fn unknown<T>(&self, unknown: UnknownField, span: &Range<usize>) -> Result<T, FilterError> {
        let examples = WHOLES.iter().map(|row| (row.name, "whole_exchange(coap.retransmitted)"));
        let examples = examples.chain(FUNCTIONS.iter().map(|row| (row.name, "len(coap.token) > 2")));
        match examples.chain([(MEMBER, "member(\"a name\") > 2")]).find(|(name, _)| *name == unknown.name) {
            Some((name, example)) => self.fault(Fault::Bare { name: name.to_owned(), example }, span),
            None => match value_of(&unknown) {
                Some((field, word)) => self.fault(Fault::Alone { text: unknown.name, field, word }, span),
                None => self.fault(Fault::Field(unknown), span),
            },
        }
    }

    /// What a calculation with values alone comes to.
    pub(super) fn calculated(
        &self,
        operator: Arithmetic,
        (left, right): (&Node, &Node),
        class: Class,
        span: &Range<usize>,
    ) -> Result<Option<Item<'static>>, FilterError> {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        if class == Class::Address && operator == Arithmetic::Modulo {
            return self.fault(Fault::Zone(format!("%{}", self.part(&right.span))), span);
        }
        let classes = match (class, operator) {
            (Class::Time, Add | Subtract) => (Class::Time, Class::Duration),
            (Class::Duration, Multiply | Divide) => (Class::Duration, Class::Number),
            (Class::Number | Class::Duration, _) => (class, class),
            (Class::Member, _) => (Class::Number, Class::Number),
            _ => {
                let fault = Fault::Calculation { operator: operator.name(), left: class.name(), right: class.name() };
                return self.fault(fault, span);
            }
        };
        let (left, right) = (self.value(left, classes.0, None)?, self.value(right, classes.1, None)?);
        Ok(calculate(operator, &left, &right))
    }

    /// A text in other letters: `lower("ALARM")`.
    pub(super) fn in_letters(&self, name: &Range<usize>, arguments: &[Node], class: Class) -> Option<Item<'static>> {
        let item = self.value(arguments.first()?, class, None).ok()?;
        let (bytes, is_upper) = (item.bytes()?, self.part(name) == "upper");
        let bytes = if is_upper { bytes.to_ascii_uppercase() } else { bytes.to_ascii_lowercase() };
        Some(if class == Class::Bytes { Item::Bytes(Cow::Owned(bytes)) } else { Item::Text(Cow::Owned(bytes)) })
    }

    /// A field has addresses of one version of IP.
    pub(super) fn of_version(&self, field: &Field, is: &'static str, span: &Range<usize>) -> Result<(), FilterError> {
        match versions::of(field) {
            Some((version, other)) if version != is => {
                self.fault(Fault::Version { is, field: field.name.to_string(), other }, span)
            }
            _ => Ok(()),
        }
    }

    /// A block has one of a few sizes.
    pub(super) fn is_size(
        &self,
        item: &Item<'_>,
        field: Option<&Field>,
        span: &Range<usize>,
    ) -> Result<(), FilterError> {
        let name = |field: &Field| {
            let block = field.name.strip_prefix("coapscope.")?.strip_suffix(".size")?;
            ["block1", "block2", "q_block1", "q_block2"].contains(&block).then(|| field.name.to_string())
        };
        match (item, field.and_then(name)) {
            (Item::Integer(size), Some(field)) if !SIZES.contains(&size.to_string().as_str()) => {
                let text = size.to_string();
                self.fault(Fault::Word { text, field, nearest: Vec::new(), all: SIZES }, span)
            }
            _ => Ok(()),
        }
    }

    /// Whether some value of the field could be this one.
    pub(super) fn fits(
        &self,
        item: &Item<'_>,
        field: Option<&Field>,
        text: &str,
        span: &Range<usize>,
    ) -> Result<(), FilterError> {
        let Some(field) = field else { return Ok(()) };
        match item {
            Item::Address(address) | Item::Network(address, _) => {
                let is = if matches!(address, IpAddr::V4(_)) { "IPv4" } else { "IPv6" };
                self.of_version(field, is, span)
            }
            Item::Integer(number)
                if matches!(field.kind, Kind::Unsigned | Kind::Frame)
                    && !(0..=i128::from(field.most)).contains(number) =>
            {
                let (text, most) = (text.to_owned(), (*number > 0).then_some(field.most));
                self.fault(Fault::Range { text, field: field.name.to_string(), most }, span)
            }
            // Those who speak CoAP have a port.
            Item::Text(address) if str::from_utf8(address).is_ok_and(|text| text.parse::<IpAddr>().is_ok()) => {
                match ENDPOINTS.iter().find(|(name, _)| field.name == *name) {
                    Some((field, hint)) => {
                        let (text, field) = (text.to_owned(), (*field).to_owned());
                        self.fault(Fault::Value { text, field, kind: "address and port", hint }, span)
                    }
                    None => Ok(()),
                }
            }
            Item::Bytes(bytes) if field.kind == Kind::Mac && bytes.len() != 6 => {
                let (text, field) = (text.to_owned(), field.name.to_string());
                let hint = "; write 02:00:5e:10:00:01, or a part of it as in eth.src[0:3] == 02:00:5e";
                self.fault(Fault::Value { text, field, kind: "MAC address", hint }, span)
            }
            _ => Ok(()),
        }
    }
}
