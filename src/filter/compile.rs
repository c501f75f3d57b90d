//! From the tree of a filter to what can be asked of messages: names become fields, values get the kind of what they stand beside.

use std::cmp::Ordering;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::error::{FEW, Fault, FilterError};
use super::expr::{Check, Expr, Standing, Test};
use super::item::{Class, Item};
use super::lex::Comparison;
use super::literal;
use super::operand::{MEMBER, Operand};
use super::parse::{Arithmetic, Node, NodeKind, Quantifier};
use super::quick::Asked;
use super::relation::{Relation, WHOLES, Whole};
use super::sides::Side;
use super::versions;
use super::worked::{elsewhere, first_word};
use crate::field::{self, Field, Kind, Words};

/// What the names of fields begin with that Wireshark has not.
const OURS: &str = "coapscope.";
/// What a value looks like of a field whose numbers have names.
const NAMED: &str = "; write 69, 0x45, 0105 or 0b1000101, or one of its names";
/// Bytes that a regular expression may take when it is made ready.
const PATTERN_BYTES: usize = 256 << 10;

pub(super) struct Compiler<'t> {
    text: &'t str,
    /// Those that stand inside others come first.
    pub relations: Vec<Relation>,
}

impl<'t> Compiler<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, relations: Vec::new() }
    }

    pub(super) fn fault<T>(&self, fault: Fault, span: &Range<usize>) -> Result<T, FilterError> {
        Err(FilterError::new(fault, span.clone(), self.text))
    }

    pub(super) fn part(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// What a node asks.
    pub fn test(&mut self, node: &Node) -> Result<Expr, FilterError> {
        match &node.kind {
            NodeKind::Or(parts) => Ok(Expr::Or(self.tests(parts)?)),
            NodeKind::And(parts) => Ok(Expr::And(self.tests(parts)?)),
            NodeKind::Xor(parts) => Ok(Expr::Xor(self.tests(parts)?)),
            NodeKind::Not(inner) => Ok(Expr::Not(Box::new(self.test(inner)?))),
            NodeKind::Compare(operands, operators) => self.comparisons(operands, operators),
            NodeKind::In(left, members) => self.member(left, members),
            NodeKind::Call(name, arguments) if whole(self.part(name)).is_some() => self.relation(name, arguments),
            NodeKind::Word => match field::find(self.part(&node.span)) {
                // Every message has most of ours, so that who writes one alone means that it is true.
                Ok(field) if field.kind == Kind::Boolean && field.name.starts_with(OURS) => {
                    let check =
                        Check::Compare(standing(Comparison::Equal), Operand::Constant(vec![Item::Boolean(true)]));
                    Ok(Expr::test(Test::new(Operand::Field(field), check, Quantifier::Any)))
                }
                Ok(field) => Ok(Expr::there(Operand::Field(field))),
                Err(unknown) => self.unknown(unknown, &node.span),
            },
            NodeKind::Call(name, _) if self.part(name) == MEMBER => Ok(Expr::there(self.side(node)?.operand)),
            NodeKind::Slice(..) => Ok(Expr::there(self.side(node)?.operand)),
            NodeKind::Arithmetic(operator, ..) => {
                // As in Wireshark what comes out must not be zero: so it asks for bits, some of which are set.
                let side = self.side(node)?;
                if !matches!(side.class, Class::Number | Class::Address) && *operator != Arithmetic::BitAnd {
                    return self.fault(Fault::Test("a value"), &node.span);
                }
                Ok(Expr::test(Test::new(side.operand, Check::NotZero, Quantifier::Any)))
            }
            NodeKind::Call(..) => {
                self.side(node)?;
                self.fault(Fault::Test("a function"), &node.span)
            }
            NodeKind::Quantified(_, inner) => {
                self.side(inner)?;
                self.fault(Fault::Test("`any` or `all` alone"), &node.span)
            }
            NodeKind::Text(_) | NodeKind::Character(_) | NodeKind::Negative(_) => {
                self.fault(Fault::Test("a value"), &node.span)
            }
        }
    }

    /// Parts, those first that need to read least.
    fn tests(&mut self, parts: &[Node]) -> Result<Vec<Expr>, FilterError> {
        let mut parts = parts.iter().map(|part| self.test(part)).collect::<Result<Vec<_>, _>>()?;
        parts.sort_by_key(Expr::reads);
        Ok(parts)
    }

    fn relation(&mut self, name: &Range<usize>, arguments: &[Node]) -> Result<Expr, FilterError> {
        let (Some(whole), [test]) = (whole(self.part(name)), arguments) else {
            return self.fault(Fault::Relation, name);
        };
        let test = Asked::new(self.test(test)?);
        self.relations.push(Relation { whole, test });
        Ok(Expr::Related(self.relations.len() - 1))
    }

    /// `a < b < c` asks `a < b` and `b < c`.
    fn comparisons(&mut self, operands: &[Node], operators: &[Comparison]) -> Result<Expr, FilterError> {
        let mut tests = Vec::new();
        for (pair, operator) in operands.windows(2).zip(operators) {
            if let [left, right] = pair {
                tests.push(self.comparison(left, *operator, right)?);
            }
        }
        if tests.len() > 1 {
            tests.sort_by_key(Expr::reads);
            return Ok(Expr::And(tests));
        }
        match tests.pop() {
            Some(test) => Ok(test),
            None => self.fault(Fault::NoField, &(0..0)),
        }
    }

    fn comparison(&mut self, left: &Node, operator: Comparison, right: &Node) -> Result<Expr, FilterError> {
        if is_literal(left, self) {
            let turned = match operator {
                Comparison::Less => Comparison::Greater,
                Comparison::LessOrEqual => Comparison::GreaterOrEqual,
                Comparison::Greater => Comparison::Less,
                Comparison::GreaterOrEqual => Comparison::LessOrEqual,
                other => other,
            };
            // The name that is no field is the first thing to mend.
            if is_literal(right, self) || matches!(operator, Comparison::Contains | Comparison::Matches) {
                let span = first_word(left).map(|word| word.span.clone()).unwrap_or_default();
                return match field::find(self.part(&span)) {
                    Err(unknown) if unknown.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                        self.unknown(unknown, &span)
                    }
                    _ => self.fault(Fault::NoField, &(left.span.start..right.span.end)),
                };
            }
            return self.comparison(right, turned, left);
        }
        let side = self.side(left)?.or_bytes(matches!(operator, Comparison::Contains | Comparison::Matches));
        if let Some((null, other)) = [(right, left), (left, right)].into_iter().find(|(one, _)| self.names_null(one))
            && !self.is_null(&side, right)
        {
            return self.fault(Fault::Null(self.part(&other.span).to_owned()), &null.span);
        }
        self.allows(&side, operator)?;
        let quantifier = side.quantifier.unwrap_or(match operator {
            Comparison::AllDiffer | Comparison::AllEqual => Quantifier::All,
            _ => Quantifier::Any,
        });
        let of_header = matches!(side.operand, Operand::Bytes(..));
        let check = match operator {
            Comparison::Matches => Check::Matches(self.pattern(right)?),
            _ if is_literal(right, self) || self.is_null(&side, right) => self.against_value(&side, operator, right)?,
            _ => {
                let other = self.side(right)?.or_bytes(false);
                if !side.class.meets(other.class) {
                    let fault = Fault::Kinds { left: side.class.name(), right: other.class.name() };
                    return self.fault(fault, &other.span);
                }
                if let Some((of, (is, _))) = side.field.zip(other.field.and_then(versions::of)) {
                    self.of_version(of, is, &other.span)?;
                }
                match operator {
                    Comparison::Contains => Check::Contains { right: other.operand, of_header },
                    _ => Check::Compare(standing(operator), other.operand),
                }
            }
        };
        Ok(Expr::test(Test::new(side.operand, check, quantifier)))
    }

    fn against_value(&self, side: &Side, operator: Comparison, right: &Node) -> Result<Check, FilterError> {
        if operator == Comparison::Contains {
            // A part of a word need not be one.
            let value = self.value(right, side.class, None)?;
            let of_header = matches!(side.operand, Operand::Bytes(..));
            return Ok(Check::Contains { right: Operand::Constant(vec![value]), of_header });
        }
        let ranks = matches!(
            operator,
            Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual
        );
        let value = self.value(right, side.class, side.field.filter(|field| !ranks || !is_beside_words(field)))?;
        if !ranks {
            self.is_size(&value, side.field, &right.span)?;
        }
        if let (Some(Field { words: Words::Ranked(words), .. }), Some(text)) = (side.field, value.bytes())
            && let Some(place) = words.iter().position(|word| word.as_bytes() == text)
        {
            return Ok(Check::Ranked(standing(operator), words, place));
        }
        Ok(Check::Compare(standing(operator), Operand::Constant(vec![value])))
    }

    /// Whether a word is what a member of a payload may be, and not the protocol of that name.
    fn is_null(&self, side: &Side, node: &Node) -> bool {
        side.class == Class::Member && self.names_null(node)
    }

    fn names_null(&self, node: &Node) -> bool {
        matches!(node.kind, NodeKind::Word) && self.part(&node.span) == "null"
    }

    /// Whether this can be asked of values of that kind.
    fn allows(&self, side: &Side, operator: Comparison) -> Result<(), FilterError> {
        let is_bytes = matches!(side.class, Class::Text | Class::Bytes | Class::Member);
        let allowed = match operator {
            Comparison::Contains | Comparison::Matches => is_bytes,
            _ => side.class != Class::Presence,
        };
        if allowed {
            return Ok(());
        }
        self.fault(Fault::Operator { operator: operator.name(), kind: side.class.name() }, &side.span)
    }

    fn member(&mut self, left: &Node, members: &[(Node, Option<Node>)]) -> Result<Expr, FilterError> {
        if is_literal(left, self) {
            return match field::find(self.part(&left.span)) {
                Err(unknown) if matches!(left.kind, NodeKind::Word) => self.fault(Fault::Field(unknown), &left.span),
                _ => self.fault(Fault::NoField, &left.span),
            };
        }
        let side = self.side(left)?.or_bytes(false);
        self.allows(&side, Comparison::Equal)?;
        let mut values = Vec::new();
        let mut tests = Vec::new();
        for (low, high) in members {
            if high.is_none() && !is_literal(low, self) && !self.is_null(&side, low) {
                tests.push(self.comparison(left, Comparison::Equal, low)?);
                continue;
            }
            match high {
                None => {
                    let value = self.value(low, side.class, side.field)?;
                    self.is_size(&value, side.field, &low.span)?;
                    values.push((value, None));
                }
                Some(high) => self.between(&side, low, high, &mut values)?,
            }
        }
        let quantifier = side.quantifier.unwrap_or(Quantifier::Any);
        tests.push(Expr::test(Test::new(side.operand, Check::In(values), quantifier)));
        tests.sort_by_key(Expr::reads);
        Ok(if tests.len() > 1 { Expr::Or(tests) } else { tests.remove(0) })
    }

    /// Adds the values from one to another, which must not be below it; of words with a rank those that have one between.
    fn between(
        &self,
        side: &Side,
        low: &Node,
        high: &Node,
        values: &mut Vec<(Item<'static>, Option<Item<'static>>)>,
    ) -> Result<(), FilterError> {
        let span = low.span.start..high.span.end;
        let field = side.field.filter(|field| !is_beside_words(field));
        let (from, to) = (self.value(low, side.class, field)?, self.value(high, side.class, field)?);
        let upside_down = || {
            let (low, high) = (self.part(&low.span).to_owned(), self.part(&high.span).to_owned());
            self.fault(Fault::UpsideDown { low, high }, &span)
        };
        if let Some(Field { words: Words::Ranked(words), .. }) = side.field {
            let place = |item: &Item<'_>| words.iter().position(|word| item.bytes() == Some(word.as_bytes()));
            let between = place(&from).zip(place(&to)).and_then(|(from, to)| words.get(from..=to));
            let Some(between) = between.filter(|between| !between.is_empty()) else { return upside_down() };
            values.extend(between.iter().map(|word| (Item::text(word), None)));
            return Ok(());
        }
        if from.compare(&to) == Some(Ordering::Greater) {
            return upside_down();
        }
        values.push((from, Some(to)));
        Ok(())
    }

    fn pattern(&self, node: &Node) -> Result<Regex, FilterError> {
        let (text, is_text) = match &node.kind {
            NodeKind::Text(text) => as_pattern(text),
            NodeKind::Word => (self.part(&node.span).to_owned(), true),
            _ => {
                return self.fault(
                    Fault::Expected {
                        what: "a regular expression in quotation marks",
                        found: format!("`{}`", self.part(&node.span)),
                    },
                    &node.span,
                );
            }
        };
        let pattern = RegexBuilder::new(&text)
            .case_insensitive(true)
            // Bytes need be no text; where the pattern is more than ASCII it is about text.
            .unicode(is_text && !text.is_ascii())
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES)
            .nest_limit(50)
            .build();
        pattern.or_else(|error| {
            let why = match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
            };
            self.fault(Fault::Pattern(why), &node.span)
        })
    }

    /// A value of a class, and one of the words of the field where that has only so many.
    pub(super) fn value(
        &self,
        node: &Node,
        class: Class,
        of: Option<&'static Field>,
    ) -> Result<Item<'static>, FilterError> {
        let text = self.part(&node.span);
        let name = of.map_or("this", |field| &field.name);
        let item = match &node.kind {
            // No six letters are meant by a MAC address between quotation marks.
            NodeKind::Text(quoted) if of.is_some_and(|field| field.kind == Kind::Mac) => {
                literal::read(quoted, false, class)
            }
            NodeKind::Text(quoted) => named(of, quoted).or_else(|| literal::read(quoted, true, class)),
            NodeKind::Character(byte) if matches!(class, Class::Bytes | Class::Text | Class::Member) => {
                literal::read(&[*byte], true, class)
            }
            NodeKind::Character(byte) => literal::read(byte.to_string().as_bytes(), false, class),
            // Text that looks like a field is a slip more often than a value.
            NodeKind::Word if class != Class::Address && class != Class::Bytes && is_name(text) && !has_words(of) => {
                match field::find(text) {
                    Err(unknown) => return self.unknown(unknown, &node.span),
                    Ok(_) => {
                        return self.fault(
                            Fault::Expected { what: "a value", found: format!("the field `{text}`") },
                            &node.span,
                        );
                    }
                }
            }
            // A code such as 2.05 would else be a number with a fraction.
            NodeKind::Word => named(of, text.as_bytes()).or_else(|| literal::read(text.as_bytes(), false, class)),
            NodeKind::Negative(inner) => literal::read(format!("-{}", self.part(&inner.span)).as_bytes(), false, class),
            NodeKind::Arithmetic(operator, left, right) => {
                self.calculated(*operator, (left, right), class, &node.span)?
            }
            NodeKind::Call(name, arguments) => self.in_letters(name, arguments, class),
            _ => return self.fault(Fault::Expected { what: "a value", found: format!("`{text}`") }, &node.span),
        };
        let words = of.map_or(Words::Any, |field| field.words);
        let is_never = |text: &str| {
            let (text, all) = (text.to_owned(), words.list().unwrap_or_default());
            Fault::Word { nearest: field::nearest_words(&text, all), text, field: name.to_owned(), all }
        };
        // A field of whole numbers has no fraction: nobody means what is never so.
        let is_whole = of.is_some_and(|field| matches!(field.kind, Kind::Unsigned | Kind::Frame));
        let item = item.filter(|item| !is_whole || !matches!(item, Item::Real(_)));
        let Some(item) = item else {
            let written = match &node.kind {
                NodeKind::Text(quoted) => String::from_utf8_lossy(quoted),
                _ => text.into(),
            };
            // A name that there is not; or a number that is none.
            let names = words.list().filter(|_| words.has_numbers()).unwrap_or_default();
            if !names.is_empty() && (!field::nearest_words(&written, names).is_empty() || names.len() <= FEW) {
                return self.fault(is_never(&written), &node.span);
            }
            let hint = if words.has_numbers() { NAMED } else { versions::hint(of).unwrap_or(literal::hint(class)) };
            let fault = Fault::Value { text: text.to_owned(), field: name.to_owned(), kind: class.name(), hint };
            return self.fault(fault, &node.span);
        };
        if let Some(text) = item.bytes().map(String::from_utf8_lossy).filter(|text| !words.allows(text)) {
            if let Some((kind, hint)) = elsewhere(name, &text) {
                let (text, field) = (text.into_owned(), name.to_owned());
                return self.fault(Fault::Value { text, field, kind, hint }, &node.span);
            }
            return self.fault(is_never(&text), &node.span);
        }
        self.fits(&item, of, text, &node.span)?;
        Ok(item)
    }
}

/// A regular expression, and whether all of it is text: bytes that are none, of escapes such as `\xff`, stand for themselves.
fn as_pattern(text: &[u8]) -> (String, bool) {
    let (mut pattern, mut is_text) = (String::new(), true);
    for chunk in text.utf8_chunks() {
        pattern.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| pattern.push_str(&format!("\\x{byte:02x}")));
        is_text &= chunk.invalid().is_empty();
    }
    (pattern, is_text)
}

fn whole(name: &str) -> Option<Whole> {
    WHOLES.iter().find(|row| row.name == name).map(|row| row.whole)
}

/// Whether a field has words for values, which may look like names of fields: `icmp.unreachable`.
fn has_words(field: Option<&Field>) -> bool {
    field.is_some_and(|field| !matches!(field.words, Words::Any) && !field.words.has_numbers())
}

/// Whether text that is none of a field's words may stand above or below them: they are texts without a rank of their own.
fn is_beside_words(field: &Field) -> bool {
    matches!(field.words, Words::OneOf(_) | Words::Among(..))
}

/// What the name stands for, in a field whose numbers have names.
fn named(field: Option<&Field>, text: &[u8]) -> Option<Item<'static>> {
    let number = field?.words.number(std::str::from_utf8(text).ok()?)?;
    Some(Item::Integer(number.into()))
}

/// Whether a node is a value that has no kind but from what it stands beside.
pub(super) fn is_literal(node: &Node, compiler: &Compiler<'_>) -> bool {
    match &node.kind {
        NodeKind::Text(_) | NodeKind::Character(_) => true,
        NodeKind::Word => field::get(compiler.part(&node.span)).is_none(),
        NodeKind::Negative(inner) => is_literal(inner, compiler),
        NodeKind::Arithmetic(_, left, right) => is_literal(left, compiler) && is_literal(right, compiler),
        NodeKind::Call(name, arguments) => match (compiler.part(name), &arguments[..]) {
            ("upper" | "lower", [only]) => is_literal(only, compiler),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a word looks like the name of a field.
fn is_name(word: &str) -> bool {
    word.split_once('.').is_some_and(|(first, _)| {
        matches!(
            first,
            "_ws"
                | "coap"
                | "coapscope"
                | "eth"
                | "frame"
                | "icmp"
                | "ieee8021ad"
                | "icmpv6"
                | "ip"
                | "ipv6"
                | "sll"
                | "tcp"
                | "udp"
                | "vlan"
        )
    })
}

const fn standing(operator: Comparison) -> Standing {
    let (less, equal, greater) = match operator {
        Comparison::AllDiffer | Comparison::Differ => (true, false, true),
        Comparison::Less => (true, false, false),
        Comparison::LessOrEqual => (true, true, false),
        Comparison::Greater => (false, false, true),
        Comparison::GreaterOrEqual => (false, true, true),
        _ => (false, true, false),
    };
    Standing { less, equal, greater }
}
