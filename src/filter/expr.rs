//! A filter made ready: tests, and what holds of a message as far as it was read.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Not;

use regex::bytes::Regex;

use super::item::Item;
use super::odd::Odd;
use super::operand::Operand;
use super::parse::Quantifier;
use super::relation::Groups;
use crate::field::Reads;
use crate::store::View;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    No,
    Yes,
    /// More has to be read to tell.
    Open,
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            Self::Open => Self::Open,
        }
    }
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}

/// What is asked of a message. The parts of `And` and `Or` stand in the order of what they need to read.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Xor(Vec<Expr>),
    Not(Box<Expr>),
    /// There is such a value.
    There(Operand),
    Test(Box<Test>),
    /// A test of findings.
    Odd(Odd),
    /// The message belongs to a group of the relation with this number.
    Related(usize),
}

impl Expr {
    /// What must be read at most to tell.
    pub fn reads(&self) -> Reads {
        match self {
            Self::And(parts) | Self::Or(parts) | Self::Xor(parts) => {
                parts.iter().map(Self::reads).max().unwrap_or(Reads::Record)
            }
            Self::Not(inner) => inner.reads(),
            Self::There(operand) => operand.reads(),
            Self::Test(test) => test.reads(),
            Self::Odd(odd) => odd.reads(),
            Self::Related(_) => Reads::Record,
        }
    }

    /// A test; one of findings asks the record first.
    pub fn test(test: Test) -> Self {
        Odd::of(&test).map_or_else(|| Self::Test(Box::new(test)), Self::Odd)
    }

    /// Whether an operand has a value.
    pub fn there(operand: Operand) -> Self {
        Odd::there(&operand).map_or_else(|| Self::There(operand), Self::Odd)
    }

    /// Some field in it may change after the message.
    pub fn known_later(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) | Self::Xor(parts) => parts.iter().any(Self::known_later),
            Self::Not(inner) => inner.known_later(),
            Self::There(operand) => operand.known_later(),
            Self::Test(test) => test.left.known_later() || test.right().is_some_and(Operand::known_later),
            Self::Odd(_) => true,
            Self::Related(_) => false,
        }
    }

    /// Whether it holds of a message of which so much was read.
    pub fn holds(&self, view: &View<'_>, read: Reads, groups: &Groups) -> Truth {
        match self {
            Self::And(parts) => all(parts, Truth::No, view, read, groups),
            Self::Or(parts) => all(parts, Truth::Yes, view, read, groups),
            Self::Xor(parts) => {
                let mut odd = false;
                for part in parts {
                    match part.holds(view, read, groups) {
                        Truth::Open => return Truth::Open,
                        truth => odd ^= truth == Truth::Yes,
                    }
                }
                odd.into()
            }
            Self::Not(inner) => !inner.holds(view, read, groups),
            Self::There(operand) if operand.reads() > read => Truth::Open,
            Self::There(operand) => operand.is_there(view).into(),
            Self::Test(test) if test.reads > read => Truth::Open,
            Self::Test(test) => test.holds(view).into(),
            Self::Odd(odd) => odd.holds(view, read),
            Self::Related(relation) => groups.has(*relation, view.store, view.id).into(),
        }
    }
}

/// Whether all parts say the contrary of `end`; the first that says it settles all.
fn all(parts: &[Expr], end: Truth, view: &View<'_>, read: Reads, groups: &Groups) -> Truth {
    let mut open = false;
    for part in parts {
        match part.holds(view, read, groups) {
            Truth::Open => open = true,
            truth if truth == end => return end,
            _ => {}
        }
    }
    match (open, end) {
        (true, _) => Truth::Open,
        (false, Truth::No) => Truth::Yes,
        (false, _) => Truth::No,
    }
}

/// One comparison.
#[derive(Clone, Debug)]
pub(super) struct Test {
    left: Operand,
    check: Check,
    quantifier: Quantifier,
    reads: Reads,
}

/// What is asked of each value.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// It stands so to a value of the operand.
    Compare(Standing, Operand),
    /// Some value of the operand stands in it; `of_header`: in the bytes of a protocol.
    Contains {
        right: Operand,
        of_header: bool,
    },
    Matches(Regex),
    /// It is not zero: of bytes and addresses, some bit is set.
    NotZero,
    /// It is one of these, or lies between two of these.
    In(Vec<(Item<'static>, Option<Item<'static>>)>),
    /// Its place among the words stands so to this place.
    Ranked(Standing, &'static [&'static str], usize),
}

/// Which orders of two values are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub less: bool,
    pub equal: bool,
    pub greater: bool,
}

impl Standing {
    fn holds(self, order: Option<Ordering>) -> bool {
        match order {
            Some(Ordering::Less) => self.less,
            Some(Ordering::Equal) => self.equal,
            Some(Ordering::Greater) => self.greater,
            // What cannot be compared differs.
            None => self.less && self.greater && !self.equal,
        }
    }
}

impl Test {
    pub fn new(left: Operand, check: Check, quantifier: Quantifier) -> Self {
        let mut test = Self { left, check, quantifier, reads: Reads::Record };
        test.reads = test.left.reads().max(test.right().map_or(Reads::Record, Operand::reads));
        test
    }

    pub fn reads(&self) -> Reads {
        self.reads
    }

    /// What is asked about.
    pub fn left(&self) -> &Operand {
        &self.left
    }

    /// Of how many of its values it must hold.
    pub fn quantifier(&self) -> Quantifier {
        self.quantifier
    }

    /// Whether it holds of a value, were that the only one; None where that depends on the message.
    pub fn admits(&self, value: &Item<'_>) -> Option<bool> {
        let right = match self.right() {
            None => &[],
            Some(Operand::Constant(items)) => items.as_slice(),
            Some(_) => return None,
        };
        Some(self.check.holds(value, right, self.quantifier))
    }

    /// All values that it names; None where some depend on the message, or it names none.
    pub fn constants(&self) -> Option<Vec<&Item<'static>>> {
        match &self.check {
            Check::Compare(_, Operand::Constant(items)) => Some(items.iter().collect()),
            Check::In(members) => {
                Some(members.iter().flat_map(|(low, high)| [Some(low), high.as_ref()]).flatten().collect())
            }
            _ => None,
        }
    }

    fn right(&self) -> Option<&Operand> {
        match &self.check {
            Check::Compare(_, right) | Check::Contains { right, .. } => Some(right),
            _ => None,
        }
    }

    fn holds(&self, view: &View<'_>) -> bool {
        let right: Cow<'_, [Item<'_>]> = match self.right() {
            None => Cow::Borrowed(&[]),
            Some(Operand::Constant(items)) => Cow::Borrowed(items.as_slice()),
            Some(operand) => Cow::Owned(operand.all(view)),
        };
        let (mut any, mut every, mut there) = (false, true, false);
        self.left.visit(view, &mut |item| {
            there = true;
            let holds = self.check.holds(&item, &right, self.quantifier);
            any |= holds;
            every &= holds;
        });
        match self.quantifier {
            Quantifier::Any => any,
            Quantifier::All => there && every,
        }
    }
}

impl Check {
    /// Whether it holds of a value, and of some or of each of the values on the right.
    fn holds(&self, item: &Item<'_>, right: &[Item<'_>], quantifier: Quantifier) -> bool {
        let against = |holds: &dyn Fn(&Item<'_>) -> bool| match quantifier {
            Quantifier::Any => right.iter().any(holds),
            Quantifier::All => !right.is_empty() && right.iter().all(holds),
        };
        match self {
            Self::Compare(standing, _) => against(&|other| standing.holds(item.compare(other))),
            Self::Contains { of_header, .. } => against(&|other| match (item.bytes(), other.bytes()) {
                // As Wireshark has it: nothing at all stands in a string of bytes, but in no text and in no header.
                (Some(_), Some([])) => matches!(item, Item::Bytes(_)) && !of_header,
                _ => item.contains(other),
            }),
            Self::NotZero => item.is_set(),
            Self::Matches(pattern) => item.bytes().is_some_and(|bytes| pattern.is_match(bytes)),
            Self::In(members) => members.iter().any(|(low, high)| match high {
                None => item.compare(low) == Some(Ordering::Equal),
                Some(high) => {
                    item.compare(low).is_some_and(Ordering::is_ge) && item.compare(high).is_some_and(Ordering::is_le)
                }
            }),
            Self::Ranked(standing, words, place) => {
                let at = words.iter().position(|word| item.bytes() == Some(word.as_bytes()));
                at.is_some_and(|at| standing.holds(Some(at.cmp(place))))
            }
        }
    }
}
