//! What stands on a side of a comparison: a field, a slice of it, a function of it, a calculation, or values.

use std::borrow::Cow;
use std::net::IpAddr;

use super::item::{Class, Item, Number};
use super::parse::Arithmetic;
use crate::field::{Field, Reads};
use crate::store::View;

/// An operand. It has any number of values in a message.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Field(&'static Field),
    /// The bytes of a protocol's headers; with what is behind them, if so.
    Bytes(&'static Field, bool),
    /// Values that the filter tells.
    Constant(Vec<Item<'static>>),
    /// Parts of the bytes of each value, one behind the other.
    Slice(Box<Operand>, Vec<Part>),
    Call(Function, Vec<Operand>),
    Negative(Box<Operand>),
    Arithmetic(Arithmetic, Box<Operand>, Box<Operand>),
}

/// Bytes of the longest header whose length is known: that of IPv4 (RFC 791 section 3.1).
const LONGEST: usize = 60;

/// A part of a slice: bytes from a place on; a negative place counts from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub from: i64,
    pub to: Until,
}

/// Where a part of a slice ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Length(u64),
    /// The last byte that belongs to it.
    Last(i64),
    End,
}

impl Part {
    /// Whether there is no such part in as many bytes, nor in fewer.
    pub fn is_beyond(self, length: usize) -> bool {
        let bytes = [0; LONGEST];
        bytes.get(..length).is_some_and(|bytes| self.of(bytes).is_none())
    }

    /// The part of these bytes; None where they are too few.
    fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        let place = |place: i64| {
            let at = if place < 0 { place.checked_add(bytes.len() as i64)? } else { place };
            usize::try_from(at).ok().filter(|at| *at < bytes.len())
        };
        let from = place(self.from)?;
        let end = match self.to {
            Until::Length(length) => from.checked_add(usize::try_from(length).ok()?)?,
            Until::Last(last) => place(last)? + 1,
            Until::End => bytes.len(),
        };
        bytes.get(from..end)
    }
}

/// What can be made of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Len,
    Count,
    Upper,
    Lower,
    Text,
    Abs,
    Max,
    Min,
}

/// One row a function: its name, what it takes (one operand unless several are allowed), one line of help.
pub(super) struct FunctionRow {
    pub function: Function,
    pub name: &'static str,
    pub several: bool,
    pub help: &'static str,
}

pub(super) const FUNCTIONS: &[FunctionRow] = &[
    FunctionRow { function: Function::Len, name: "len", several: false, help: "Bytes of each value." },
    FunctionRow { function: Function::Count, name: "count", several: false, help: "How many values there are." },
    FunctionRow { function: Function::Upper, name: "upper", several: false, help: "Text in capital letters (ASCII)." },
    FunctionRow { function: Function::Lower, name: "lower", several: false, help: "Text in small letters (ASCII)." },
    FunctionRow {
        function: Function::Text,
        name: "string",
        several: false,
        help: "Each value as text, as -T fields prints it.",
    },
    FunctionRow {
        function: Function::Abs,
        name: "abs",
        several: false,
        help: "A number or duration without its sign.",
    },
    FunctionRow { function: Function::Max, name: "max", several: true, help: "The greatest of all values." },
    FunctionRow { function: Function::Min, name: "min", several: true, help: "The least of all values." },
];

/// The function that finds members of payloads, whose arguments are names and no operands.
pub(super) const MEMBER: &str = "member";

impl Function {
    /// What the values are of a function of values of `class`; None where it takes none of that class.
    pub fn class(self, class: Class) -> Option<Class> {
        let is_bytes = matches!(class, Class::Text | Class::Bytes | Class::Member);
        let is_number = matches!(class, Class::Number | Class::Duration | Class::Member);
        match self {
            Self::Len if is_bytes || class == Class::Address => Some(Class::Number),
            Self::Count => Some(Class::Number),
            Self::Upper | Self::Lower if is_bytes => Some(Class::Text),
            Self::Text if class != Class::Presence => Some(Class::Text),
            Self::Abs if is_number => Some(class),
            Self::Max | Self::Min if class != Class::Presence => Some(class),
            _ => None,
        }
    }
}

impl Operand {
    /// What must be read for it.
    pub fn reads(&self) -> Reads {
        match self {
            Self::Field(field) => field.reads,
            Self::Bytes(..) => Reads::Message,
            Self::Constant(_) => Reads::Record,
            Self::Slice(of, _) | Self::Negative(of) => of.reads(),
            Self::Call(_, arguments) => arguments.iter().map(Self::reads).max().unwrap_or(Reads::Record),
            Self::Arithmetic(_, left, right) => left.reads().max(right.reads()),
        }
    }

    /// Its values may change after the message.
    pub fn known_later(&self) -> bool {
        match self {
            Self::Field(field) => field.known_later,
            Self::Constant(_) | Self::Bytes(..) => false,
            Self::Slice(of, _) | Self::Negative(of) => of.known_later(),
            Self::Call(_, arguments) => arguments.iter().any(Self::known_later),
            Self::Arithmetic(_, left, right) => left.known_later() || right.known_later(),
        }
    }

    /// Whether it has a value.
    pub fn is_there(&self, view: &View<'_>) -> bool {
        let mut there = false;
        self.visit(view, &mut |_| there = true);
        there
    }

    /// All values.
    pub fn all(&self, view: &View<'_>) -> Vec<Item<'static>> {
        let mut all = Vec::new();
        self.visit(view, &mut |item| all.push(item.into_owned()));
        all
    }

    /// Calls back with every value.
    pub fn visit(&self, view: &View<'_>, visit: &mut dyn FnMut(Item<'_>)) {
        match self {
            Self::Field(field) => field.visit(view, &mut |value| visit(Item::of(value))),
            Self::Bytes(field, onward) => {
                field.visit_bytes(view, *onward, &mut |bytes| visit(Item::Bytes(Cow::Borrowed(bytes))));
            }
            Self::Constant(items) => items.iter().for_each(|item| visit(item.clone())),
            Self::Slice(of, parts) => of.visit(view, &mut |item| {
                let octets = item.octets();
                if let Some(bytes) = octets.as_deref().and_then(|bytes| slice(bytes, parts)) {
                    visit(Item::Bytes(bytes));
                }
            }),
            Self::Call(function, arguments) => call(*function, arguments, view, visit),
            Self::Negative(of) => of.visit(view, &mut |item| negative(&item).into_iter().for_each(&mut *visit)),
            Self::Arithmetic(operator, left, right) => {
                let right = right.all(view);
                left.visit(view, &mut |item| {
                    right.iter().filter_map(|other| calculate(*operator, &item, other)).for_each(&mut *visit);
                });
            }
        }
    }
}

/// The parts of `0,2-3,5:2`.
pub(super) fn parts(text: &str) -> Option<Vec<Part>> {
    let place = |text: &str| text.trim().parse::<i64>().ok();
    let one = |text: &str| -> Option<Part> {
        let text = text.trim();
        if let Some((from, length)) = text.split_once(':') {
            let from = if from.trim().is_empty() { 0 } else { place(from)? };
            let to = match length.trim() {
                "" => Until::End,
                length => Until::Length(length.parse().ok().filter(|length| *length > 0)?),
            };
            return Some(Part { from, to });
        }
        // The first character may be a sign.
        let dash = text.get(1..)?.find('-').map(|at| at + 1);
        match dash {
            Some(dash) => {
                let (from, last) = (place(text.get(..dash)?)?, place(text.get(dash + 1..)?)?);
                // No message is so long that it ends before it begins.
                let is_empty = (from < 0) == (last < 0) && last < from;
                (!is_empty).then_some(Part { from, to: Until::Last(last) })
            }
            None => Some(Part { from: place(text)?, to: Until::Length(1) }),
        }
    };
    text.split(',').map(one).collect()
}

fn slice<'a>(bytes: &'a [u8], parts: &[Part]) -> Option<Cow<'a, [u8]>> {
    if let [part] = parts {
        return part.of(bytes).map(Cow::Borrowed);
    }
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(part.of(bytes)?);
    }
    Some(Cow::Owned(joined))
}

fn call(function: Function, arguments: &[Operand], view: &View<'_>, visit: &mut dyn FnMut(Item<'_>)) {
    if function == Function::Count {
        let mut count = 0;
        arguments.iter().for_each(|argument| argument.visit(view, &mut |_| count += 1));
        return visit(Item::Integer(count));
    }
    if matches!(function, Function::Max | Function::Min) {
        let mut best: Option<Item<'static>> = None;
        let mut see = |item: Item<'_>| {
            let better = best.as_ref().is_none_or(|best| match item.compare(best) {
                Some(order) if function == Function::Max => order.is_gt(),
                Some(order) => order.is_lt(),
                None => false,
            });
            if better {
                best = Some(item.into_owned());
            }
        };
        arguments.iter().for_each(|argument| argument.visit(view, &mut see));
        return best.into_iter().for_each(visit);
    }
    let mut see = |item: Item<'_>| {
        let made = match (function, item) {
            (Function::Len, item) => item.octets().map(|bytes| Item::Integer(bytes.len() as i128)),
            (Function::Upper, item) => item.bytes().map(|bytes| Item::Text(Cow::Owned(bytes.to_ascii_uppercase()))),
            (Function::Lower, item) => item.bytes().map(|bytes| Item::Text(Cow::Owned(bytes.to_ascii_lowercase()))),
            (Function::Text, item) => Some(Item::Text(Cow::Owned(text(&item)))),
            (Function::Abs, Item::Integer(number)) => Some(Item::Integer(number.saturating_abs())),
            (Function::Abs, Item::Real(number)) => Some(Item::Real(number.abs())),
            (Function::Abs, Item::Duration(time)) => Some(Item::Duration(time.saturating_abs())),
            _ => None,
        };
        made.into_iter().for_each(&mut *visit);
    };
    arguments.iter().for_each(|argument| argument.visit(view, &mut see));
}

/// A value as `-T fields` prints it.
fn text(item: &Item<'_>) -> Vec<u8> {
    use crate::field::Value;
    let value = match item {
        Item::Text(text) => return text.to_vec(),
        Item::Integer(number) => return number.to_string().into_bytes(),
        Item::Real(number) => return number.to_string().into_bytes(),
        Item::Network(address, bits) => return format!("{address}/{bits}").into_bytes(),
        Item::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        Item::Address(address) => Value::Address(*address),
        Item::Time(time) => return crate::payload::tshark_absolute(*time).into_bytes(),
        Item::Duration(time) => Value::Duration(*time),
        Item::Boolean(truth) => Value::Boolean(*truth),
        Item::Truth(truth) => Value::Truth(*truth),
        Item::There(word) => return word.as_bytes().to_vec(),
        Item::Either(both) => return text(&both.0),
    };
    value.to_string().into_bytes()
}

fn negative(item: &Item<'_>) -> Option<Item<'static>> {
    match item {
        Item::Either(both) => negative(&both.0),
        Item::Integer(number) => Some(Item::Integer(number.checked_neg()?)),
        Item::Real(number) => Some(Item::Real(-number)),
        Item::Duration(time) => Some(Item::Duration(time.checked_neg()?)),
        _ => None,
    }
}

/// The result; None where there is none, as of a division by zero.
pub(super) fn calculate(operator: Arithmetic, left: &Item<'_>, right: &Item<'_>) -> Option<Item<'static>> {
    use Arithmetic::{Add, BitAnd, Divide, Modulo, Multiply, Subtract};
    match (operator, left, right) {
        (Subtract, Item::Time(a), Item::Time(b)) => return a.checked_sub(*b).map(Item::Duration),
        (Add, Item::Time(a), Item::Duration(b)) => return a.checked_add(*b).map(Item::Time),
        (Subtract, Item::Time(a), Item::Duration(b)) => return a.checked_sub(*b).map(Item::Time),
        (Add, Item::Duration(a), Item::Duration(b)) => return a.checked_add(*b).map(Item::Duration),
        (Subtract, Item::Duration(a), Item::Duration(b)) => return a.checked_sub(*b).map(Item::Duration),
        (BitAnd, Item::Text(a) | Item::Bytes(a), Item::Text(b) | Item::Bytes(b)) => {
            let both: Vec<u8> = a.iter().zip(b.iter()).map(|(a, b)| a & b).collect();
            return Some(Item::Bytes(Cow::Owned(both)));
        }
        (BitAnd, Item::Address(a), Item::Address(b)) => {
            return match (a, b) {
                (IpAddr::V4(a), IpAddr::V4(b)) => Some(Item::Address(IpAddr::V4(*a & *b))),
                (IpAddr::V6(a), IpAddr::V6(b)) => Some(Item::Address(IpAddr::V6(*a & *b))),
                _ => None,
            };
        }
        _ => {}
    }
    let keeps_time = matches!((left, right), (Item::Duration(_), _) | (_, Item::Duration(_)));
    let (left, right) = (left.number()?, right.number()?);
    if let (Number::Whole(a), Number::Whole(b)) = (left, right) {
        return match operator {
            Add => a.checked_add(b),
            Subtract => a.checked_sub(b),
            Multiply => a.checked_mul(b),
            Divide => a.checked_div(b),
            Modulo => a.checked_rem(b),
            BitAnd => Some(a & b),
        }
        .map(Item::Integer);
    }
    let (a, b) = (left.real(), right.real());
    let result = match operator {
        Add => a + b,
        Subtract => a - b,
        Multiply => a * b,
        Divide if b != 0.0 => a / b,
        Modulo if b != 0.0 => a % b,
        _ => return None,
    };
    Some(if keeps_time { Item::Duration((result * 1e9) as i64) } else { Item::Real(result) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_cut() {
        let part = |from, to| Part { from, to };
        let bytes = b"abcdef";
        for (parts, expected) in [
            (vec![part(0, Until::Length(2))], Some("ab")),
            (vec![part(1, Until::Last(3))], Some("bcd")),
            (vec![part(-2, Until::End)], Some("ef")),
            (vec![part(-4, Until::Last(-2))], Some("cde")),
            (vec![part(0, Until::Length(1)), part(5, Until::Length(1))], Some("af")),
            (vec![part(6, Until::Length(1))], None),
            (vec![part(4, Until::Length(3))], None),
            (vec![part(-7, Until::End)], None),
            (vec![part(3, Until::Last(1))], None),
            (vec![part(i64::MAX, Until::Length(u64::MAX))], None),
            (vec![part(i64::MIN, Until::Last(i64::MAX))], None),
        ] {
            let cut = slice(bytes, &parts).map(|cut| String::from_utf8(cut.into_owned()).unwrap());
            assert_eq!(cut.as_deref(), expected, "{parts:?}");
        }
    }

    #[test]
    fn calculations_end_without_a_result_where_there_is_none() {
        let whole = |number| Item::Integer(number);
        let bytes = |bytes: &'static [u8]| Item::Bytes(Cow::Borrowed(bytes));
        for (operator, left, right, expected) in [
            (Arithmetic::Add, whole(2), whole(3), Some(whole(5))),
            (Arithmetic::Divide, whole(7), whole(2), Some(whole(3))),
            (Arithmetic::Divide, whole(7), whole(0), None),
            (Arithmetic::Modulo, whole(7), whole(0), None),
            (Arithmetic::Multiply, whole(i128::MAX), whole(2), None),
            (Arithmetic::BitAnd, whole(0x45), whole(0xe0), Some(whole(0x40))),
            (Arithmetic::BitAnd, bytes(&[0x45]), bytes(&[0x30]), Some(bytes(&[0]))),
            (Arithmetic::Subtract, Item::Time(5), Item::Time(3), Some(Item::Duration(2))),
            (Arithmetic::Subtract, Item::Time(i64::MIN), Item::Time(3), None),
            (Arithmetic::Multiply, Item::Duration(1_000_000_000), whole(2), Some(Item::Duration(2_000_000_000))),
            (Arithmetic::Add, Item::There("1"), whole(2), None),
        ] {
            assert_eq!(calculate(operator, &left, &right), expected, "{left:?} {right:?}");
        }
    }
}
