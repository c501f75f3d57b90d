//! Tests of what stands in the record itself, made ready for a million records: a number, and the ranges in which it may lie.

use std::ops::RangeInclusive;

use super::expr::{Expr, Test, Truth};
use super::item::{Item, Number};
use super::operand::Operand;
use crate::field::{Field, is_plain};
use crate::store::{Record, RecordFlags};
use crate::tracking::{ObserveOrder, Relation};

/// A number of a record.
type Of = fn(&Record) -> Option<u64>;

/// How the values of a field follow from the number in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Domain {
    Number,
    Truth,
    /// The place of a word among those of the field.
    Word,
    /// It is there or not.
    Presence,
}

/// Fields of which the record alone knows the value, as long as [`is_plain`] holds for it: one row a field.
const COLUMNS: &[(&str, Domain, Of)] = &[
    ("frame.number", Domain::Number, |record| Some(record.frame.into())),
    ("coap.type", Domain::Number, |record| Some(record.message_type as u64)),
    ("coap.code", Domain::Number, |record| Some(record.code.0.into())),
    ("coap.mid", Domain::Number, |record| Some(record.message_id.into())),
    ("coap.retransmitted", Domain::Presence, |record| (record.relation() == Relation::Retransmits).then_some(1)),
    ("coapscope.type", Domain::Word, |record| Some(record.message_type as u64)),
    ("coapscope.code.class", Domain::Number, |record| Some(record.code.class().into())),
    ("coapscope.length", Domain::Number, |record| Some(record.coap_length.into())),
    ("coapscope.multicast", Domain::Truth, |record| Some(record.flags.has(RecordFlags::MULTICAST).into())),
    ("coapscope.malformed", Domain::Truth, |record| Some(record.flags.has(RecordFlags::MALFORMED).into())),
    ("coapscope.role", Domain::Word, |record| Some(record.role as u64)),
    ("coapscope.observe.order", Domain::Word, |record| {
        (record.order() != ObserveOrder::None).then_some(record.order() as u64)
    }),
    ("coapscope.transmission", Domain::Number, |record| {
        (record.transmission > 0).then_some(record.transmission.into())
    }),
];

/// A test of a message, and as much of it as the record alone answers.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub expr: Expr,
    quick: Quick,
}

impl Asked {
    pub fn new(expr: Expr) -> Self {
        Self { quick: Quick::of(&expr), expr }
    }

    /// Whether it holds, as far as the record alone tells.
    #[inline]
    pub fn of_record(&self, record: &Record) -> Truth {
        if is_plain(record) { self.quick.holds(record) } else { Truth::Open }
    }
}

#[derive(Clone, Debug)]
enum Quick {
    /// More than the record is needed.
    Open,
    /// The number is there, and lies in one of these ranges.
    Value(Of, Vec<RangeInclusive<u64>>),
    And(Vec<Quick>),
    Or(Vec<Quick>),
    Not(Box<Quick>),
}

impl Quick {
    fn of(expr: &Expr) -> Self {
        let all = |parts: &[Expr]| parts.iter().map(Self::of).collect();
        match expr {
            Expr::And(parts) => Self::And(all(parts)),
            Expr::Or(parts) => Self::Or(all(parts)),
            Expr::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            Expr::There(Operand::Field(field)) => {
                column(field).map_or(Self::Open, |(_, of)| Self::Value(of, vec![0..=u64::MAX]))
            }
            Expr::Test(test) => Self::test(test).unwrap_or(Self::Open),
            Expr::There(_) | Expr::Xor(_) | Expr::Odd(_) | Expr::Related(_) => Self::Open,
        }
    }

    fn test(test: &Test) -> Option<Self> {
        let Operand::Field(field) = test.left() else { return None };
        let (domain, of) = column(field)?;
        let ranges = match domain {
            Domain::Number => ranges(test)?,
            Domain::Truth => each([false, true].map(|truth| test.admits(&Item::Boolean(truth))))?,
            Domain::Word => each(field.words.list()?.iter().map(|word| test.admits(&Item::text(word))))?,
            Domain::Presence => return None,
        };
        Some(Self::Value(of, ranges))
    }

    fn holds(&self, record: &Record) -> Truth {
        match self {
            Self::Open => Truth::Open,
            Self::Value(of, ranges) => {
                of(record).is_some_and(|number| ranges.iter().any(|range| range.contains(&number))).into()
            }
            Self::And(parts) => all(parts, Truth::No, record),
            Self::Or(parts) => all(parts, Truth::Yes, record),
            Self::Not(inner) => !inner.holds(record),
        }
    }
}

/// Whether all parts say the contrary of `end`; the first that says it settles all.
fn all(parts: &[Quick], end: Truth, record: &Record) -> Truth {
    let mut all = !end;
    for part in parts {
        match part.holds(record) {
            Truth::Open => all = Truth::Open,
            truth if truth == end => return end,
            _ => {}
        }
    }
    all
}

fn column(field: &Field) -> Option<(Domain, Of)> {
    COLUMNS.iter().find(|(name, ..)| *name == field.name).map(|(_, domain, of)| (*domain, *of))
}

/// The places of those that are admitted.
fn each(admitted: impl IntoIterator<Item = Option<bool>>) -> Option<Vec<RangeInclusive<u64>>> {
    let mut ranges = Vec::new();
    for (place, admitted) in (0..).zip(admitted) {
        if admitted? {
            ranges.push(place..=place);
        }
    }
    Some(ranges)
}

/// The numbers of which a test holds. Between two of those that it names the answer is the same everywhere.
fn ranges(test: &Test) -> Option<Vec<RangeInclusive<u64>>> {
    let mut points = Vec::new();
    for item in test.constants()? {
        match item.number()? {
            // What is below all numbers, or above them, is told apart by none.
            Number::Whole(number) => points.extend(u64::try_from(number)),
            Number::Real(number) => points.extend([number.floor() as u64, number.ceil() as u64]),
        }
    }
    points.sort_unstable();
    points.dedup();
    let mut ranges: Vec<RangeInclusive<u64>> = Vec::new();
    let mut ask = |range: RangeInclusive<u64>| -> Option<()> {
        if !range.is_empty() && test.admits(&Item::Integer((*range.start()).into()))? {
            match ranges.last_mut() {
                Some(last) if last.end() + 1 == *range.start() => *last = *last.start()..=*range.end(),
                _ => ranges.push(range),
            }
        }
        Some(())
    };
    let mut next = Some(0);
    for point in points {
        if let Some(start) = next.filter(|start| *start < point) {
            ask(start..=point - 1)?;
        }
        ask(point..=point)?;
        next = point.checked_add(1);
    }
    if let Some(start) = next {
        ask(start..=u64::MAX)?;
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;

    fn quick(text: &str) -> Quick {
        Filter::parse(text).unwrap().test.unwrap().quick
    }

    #[track_caller]
    fn check(text: &str, expected: &[RangeInclusive<u64>]) {
        match quick(text) {
            Quick::Value(_, ranges) => assert_eq!(ranges, expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn tests_become_ranges() {
        check("coap.mid == 77", &[77..=77]);
        check("coap.mid != 77", &[0..=76, 78..=u64::MAX]);
        check("coap.mid != 0", &[1..=u64::MAX]);
        check("coap.mid < 0", &[]);
        check("coap.mid >= 77", &[77..=u64::MAX]);
        check("coap.code in {1..4, 5, 69}", &[1..=5, 69..=69]);
        check("coapscope.role == \"notification\"", &[7..=7]);
        check("coapscope.type in {\"CON\", \"RST\"}", &[0..=0, 3..=3]);
        check("coapscope.malformed", &[1..=1]);
        check("coap.retransmitted", &[0..=u64::MAX]);
    }
}
