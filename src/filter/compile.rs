//! From the tree of a filter to what can be asked of messages: names become fields, values get the kind of what they stand beside.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use super::error::{Fault, FilterError};
use super::expr::{Check, Expr, Standing, Test};
use super::item::{Class, Item};
use super::lex::Comparison;
use super::literal;
use super::operand::{FUNCTIONS, MEMBER, Operand, parts};
use super::parse::{Arithmetic, Node, NodeKind, Quantifier};
use super::relation::{Relation, WHOLES, Whole};
use crate::field::{self, Field, Words};

/// Bytes that a regular expression may take when it is made ready.
const PATTERN_BYTES: usize = 256 << 10;

pub(super) struct Compiler<'t> {
    text: &'t str,
    /// Those that stand inside others come first.
    pub relations: Vec<Relation>,
}

/// A side of a comparison that has a kind of its own.
struct Side {
    operand: Operand,
    class: Class,
    /// The field whose values it has unchanged.
    field: Option<&'static Field>,
    quantifier: Option<Quantifier>,
    span: Range<usize>,
}

impl<'t> Compiler<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, relations: Vec::new() }
    }

    fn fault<T>(&self, fault: Fault, span: &Range<usize>) -> Result<T, FilterError> {
        Err(FilterError::new(fault, span.clone(), self.text))
    }

    fn part(&self, span: &Range<usize>) -> &'t str {
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
                Ok(field) => Ok(Expr::there(Operand::Field(field))),
                Err(unknown) => self.fault(Fault::Field(unknown), &node.span),
            },
            NodeKind::Call(name, _) if self.part(name) == MEMBER => Ok(Expr::there(self.side(node)?.operand)),
            NodeKind::Slice(..) => Ok(Expr::there(self.side(node)?.operand)),
            NodeKind::Arithmetic(Arithmetic::BitAnd, ..) => {
                // Wireshark's way to ask for bits: some of them are set.
                let side = self.side(node)?;
                if side.class != Class::Number {
                    return Ok(Expr::there(side.operand));
                }
                let zero = Operand::Constant(vec![Item::Integer(0)]);
                let check = Check::Compare(standing(Comparison::Differ), zero);
                Ok(Expr::test(Test::new(side.operand, check, Quantifier::Any)))
            }
            NodeKind::Call(..) => {
                self.side(node)?;
                self.fault(Fault::Test("a function"), &node.span)
            }
            NodeKind::Quantified(_, inner) => {
                self.side(inner)?;
                self.fault(Fault::Test("`any` or `all` alone"), &node.span)
            }
            NodeKind::Text(_) | NodeKind::Character(_) | NodeKind::Negative(_) | NodeKind::Arithmetic(..) => {
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
        let test = self.test(test)?;
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
                return match (&left.kind, field::find(self.part(&left.span))) {
                    (NodeKind::Word, Err(unknown)) if unknown.name.starts_with(|c: char| c.is_alphabetic()) => {
                        self.fault(Fault::Field(unknown), &left.span)
                    }
                    _ => self.fault(Fault::NoField, &(left.span.start..right.span.end)),
                };
            }
            return self.comparison(right, turned, left);
        }
        let side = self.side(left)?;
        self.allows(&side, operator)?;
        let quantifier = side.quantifier.unwrap_or(match operator {
            Comparison::AllDiffer | Comparison::AllEqual => Quantifier::All,
            _ => Quantifier::Any,
        });
        let check = match operator {
            Comparison::Matches => Check::Matches(self.pattern(right)?),
            _ if is_literal(right, self) => self.against_value(&side, operator, right)?,
            _ => {
                let other = self.side(right)?;
                if !side.class.meets(other.class) {
                    let fault = Fault::Kinds { left: side.class.name(), right: other.class.name() };
                    return self.fault(fault, &other.span);
                }
                match operator {
                    Comparison::Contains => Check::Contains(other.operand),
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
            return Ok(Check::Contains(Operand::Constant(vec![value])));
        }
        let value = self.value(right, side.class, side.field)?;
        if let (Some(Field { words: Words::Ranked(words), .. }), Some(text)) = (side.field, value.bytes())
            && let Some(place) = words.iter().position(|word| word.as_bytes() == text)
        {
            return Ok(Check::Ranked(standing(operator), words, place));
        }
        Ok(Check::Compare(standing(operator), Operand::Constant(vec![value])))
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
        let side = self.side(left)?;
        self.allows(&side, Comparison::Equal)?;
        let mut values = Vec::new();
        for (low, high) in members {
            let low = self.value(low, side.class, side.field)?;
            let high = high.as_ref().map(|high| self.value(high, side.class, side.field)).transpose()?;
            values.push((low, high));
        }
        let quantifier = side.quantifier.unwrap_or(Quantifier::Any);
        Ok(Expr::test(Test::new(side.operand, Check::In(values), quantifier)))
    }

    fn pattern(&self, node: &Node) -> Result<Regex, FilterError> {
        let text = match &node.kind {
            NodeKind::Text(text) => String::from_utf8_lossy(text).into_owned(),
            NodeKind::Word => self.part(&node.span).to_owned(),
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
            .unicode(!text.is_ascii())
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
    fn value(&self, node: &Node, class: Class, of: Option<&'static Field>) -> Result<Item<'static>, FilterError> {
        let text = self.part(&node.span);
        let name = of.map_or("this", |field| &field.name);
        let item = match &node.kind {
            NodeKind::Text(quoted) => literal::read(quoted, true, class).or_else(|| named(of, quoted)),
            NodeKind::Character(byte) if class == Class::Bytes => literal::read(&[*byte], true, class),
            NodeKind::Character(byte) => literal::read(byte.to_string().as_bytes(), false, class),
            // Text that looks like a field is a slip more often than a value.
            NodeKind::Word if class != Class::Address && class != Class::Bytes && is_name(text) => {
                match field::find(text) {
                    Err(unknown) => return self.fault(Fault::Field(unknown), &node.span),
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
            _ => return self.fault(Fault::Expected { what: "a value", found: format!("`{text}`") }, &node.span),
        };
        let Some(item) = item else {
            let fault = Fault::Value {
                text: text.to_owned(),
                field: name.to_owned(),
                kind: class.name(),
                hint: literal::hint(class),
            };
            return self.fault(fault, &node.span);
        };
        if let (Some(words), Some(bytes)) = (of.and_then(|field| field.words.list()), item.bytes())
            && !words.iter().any(|word| word.as_bytes() == bytes)
        {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let nearest = field::nearest_words(&text, words);
            return self.fault(Fault::Word { text, field: name.to_owned(), nearest, all: words }, &node.span);
        }
        Ok(item)
    }

    /// A side of a comparison that has a kind of its own.
    fn side(&mut self, node: &Node) -> Result<Side, FilterError> {
        let span = node.span.clone();
        let side = |operand, class| Side { operand, class, field: None, quantifier: None, span: span.clone() };
        match &node.kind {
            NodeKind::Word => match field::find(self.part(&node.span)) {
                Ok(found) => Ok(Side { field: Some(found), ..side(Operand::Field(found), Class::of(found.kind)) }),
                Err(unknown) => self.fault(Fault::Field(unknown), &node.span),
            },
            NodeKind::Quantified(quantifier, inner) => {
                Ok(Side { quantifier: Some(*quantifier), span: span.clone(), ..self.side(inner)? })
            }
            NodeKind::Slice(of, brackets) => {
                let inner = self.side(of)?;
                if !matches!(inner.class, Class::Text | Class::Bytes | Class::Member) {
                    let fault = Fault::Operator { operator: "[...]", kind: inner.class.name() };
                    return self.fault(fault, &inner.span);
                }
                let parts = parts(self.part(brackets));
                match parts {
                    Some(parts) => Ok(Side {
                        quantifier: inner.quantifier,
                        ..side(Operand::Slice(Box::new(inner.operand), parts), Class::Bytes)
                    }),
                    None => self.fault(Fault::Slice(self.part(brackets).to_owned()), brackets),
                }
            }
            NodeKind::Call(name, arguments) => self.call(name, arguments, &node.span),
            NodeKind::Negative(inner) => {
                let inner = self.side(inner)?;
                match inner.class {
                    Class::Number | Class::Duration => {
                        Ok(side(Operand::Negative(Box::new(inner.operand)), inner.class))
                    }
                    class => self.fault(Fault::Operator { operator: "-", kind: class.name() }, &inner.span),
                }
            }
            NodeKind::Arithmetic(operator, left, right) => self.arithmetic(*operator, left, right, &node.span),
            NodeKind::Text(_) | NodeKind::Character(_) => self.fault(Fault::NoField, &node.span),
            _ => self.fault(Fault::Expected { what: "a field or a value", found: "a test".into() }, &node.span),
        }
    }

    fn call(&mut self, name: &Range<usize>, arguments: &[Node], span: &Range<usize>) -> Result<Side, FilterError> {
        let called = self.part(name);
        if called == MEMBER {
            return self.payload_member(arguments, span);
        }
        let Some(row) = FUNCTIONS.iter().find(|row| row.name == called) else {
            let names: Vec<&'static str> =
                FUNCTIONS.iter().map(|row| row.name).chain([MEMBER]).chain(WHOLES.iter().map(|row| row.name)).collect();
            let nearest = field::nearest_words(called, &names);
            return self.fault(Fault::Function { name: called.to_owned(), nearest }, name);
        };
        let takes = if row.several { "fields and values" } else { "one field" };
        if arguments.is_empty() || arguments.len() > 1 && !row.several {
            return self.fault(Fault::Arguments { name: row.name, takes }, span);
        }
        let mut class = None;
        for argument in arguments {
            if class.is_none() && !is_literal(argument, self) {
                class = Some(self.side(argument)?.class);
            }
        }
        let Some(class) = class else { return self.fault(Fault::NoField, span) };
        let mut operands = Vec::new();
        for argument in arguments {
            let operand = match is_literal(argument, self) {
                true => Operand::Constant(vec![self.value(argument, class, None)?]),
                false => self.side(argument)?.operand,
            };
            operands.push(operand);
        }
        match row.function.class(class) {
            Some(class) => Ok(Side {
                operand: Operand::Call(row.function, operands),
                class,
                field: None,
                quantifier: None,
                span: span.clone(),
            }),
            None => self.fault(Fault::Operator { operator: row.name, kind: class.name() }, span),
        }
    }

    /// `member("a name", "one in it")`: for names that are no words.
    fn payload_member(&self, arguments: &[Node], span: &Range<usize>) -> Result<Side, FilterError> {
        let names: Option<Vec<&str>> = arguments
            .iter()
            .map(|argument| match &argument.kind {
                NodeKind::Text(text) => std::str::from_utf8(text).ok(),
                NodeKind::Word => Some(self.part(&argument.span)),
                _ => None,
            })
            .collect();
        match names.as_deref().and_then(field::member) {
            Some(found) => Ok(Side {
                operand: Operand::Field(found),
                class: Class::Member,
                field: Some(found),
                quantifier: None,
                span: span.clone(),
            }),
            None => self.fault(
                Fault::Arguments {
                    name: MEMBER,
                    takes: "the names of members in quotation marks, each within the one before",
                },
                span,
            ),
        }
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        left: &Node,
        right: &Node,
        span: &Range<usize>,
    ) -> Result<Side, FilterError> {
        let (one, other) = match (is_literal(left, self), is_literal(right, self)) {
            (true, true) => return self.fault(Fault::NoField, span),
            (false, false) => (self.side(left)?, self.side(right)?),
            (false, true) => {
                let side = self.side(left)?;
                let value = self.beside(&side, operator, right)?;
                (side, value)
            }
            (true, false) => {
                let side = self.side(right)?;
                let value = self.beside(&side, operator, left)?;
                (value, side)
            }
        };
        let class = match (operator, one.class, other.class) {
            (Arithmetic::Subtract, Class::Time, Class::Time) => Class::Duration,
            (Arithmetic::Add | Arithmetic::Subtract, Class::Time, Class::Duration) => Class::Time,
            (Arithmetic::BitAnd, Class::Bytes | Class::Text, Class::Bytes | Class::Text) => Class::Bytes,
            (_, Class::Number, Class::Number) => Class::Number,
            (_, Class::Duration | Class::Number, Class::Duration | Class::Number) if operator != Arithmetic::BitAnd => {
                Class::Duration
            }
            (_, left, right) => return self.fault(Fault::Kinds { left: left.name(), right: right.name() }, span),
        };
        let operand = Operand::Arithmetic(operator, Box::new(one.operand), Box::new(other.operand));
        Ok(Side { operand, class, field: None, quantifier: None, span: span.clone() })
    }

    /// A value that something is calculated with.
    fn beside(&self, side: &Side, operator: Arithmetic, node: &Node) -> Result<Side, FilterError> {
        let class = match (side.class, operator) {
            (Class::Time, Arithmetic::Add) => Class::Duration,
            (Class::Duration, Arithmetic::Multiply | Arithmetic::Divide) => Class::Number,
            (class, _) => class,
        };
        let value = match self.value(node, class, None) {
            // From a time a time or a duration can be taken.
            Err(_) if class == Class::Time => {
                return Ok(Side {
                    operand: Operand::Constant(vec![self.value(node, Class::Duration, None)?]),
                    class: Class::Duration,
                    field: None,
                    quantifier: None,
                    span: node.span.clone(),
                });
            }
            value => value?,
        };
        let operand = Operand::Constant(vec![value]);
        Ok(Side { operand, class, field: None, quantifier: None, span: node.span.clone() })
    }
}

fn whole(name: &str) -> Option<Whole> {
    WHOLES.iter().find(|row| row.name == name).map(|row| row.whole)
}

/// What the name stands for, in a field whose numbers have names.
fn named(field: Option<&Field>, text: &[u8]) -> Option<Item<'static>> {
    let number = literal::named(&field?.name, std::str::from_utf8(text).ok()?)?;
    Some(Item::Integer(number.into()))
}

/// Whether a node is a value that has no kind but from what it stands beside.
fn is_literal(node: &Node, compiler: &Compiler<'_>) -> bool {
    match &node.kind {
        NodeKind::Text(_) | NodeKind::Character(_) => true,
        NodeKind::Word => field::get(compiler.part(&node.span)).is_none(),
        NodeKind::Negative(inner) => is_literal(inner, compiler),
        _ => false,
    }
}

/// Whether a word looks like the name of a field.
fn is_name(word: &str) -> bool {
    word.split_once('.').is_some_and(|(first, _)| {
        matches!(first, "coap" | "coapscope" | "frame" | "ip" | "ipv6" | "udp" | "tcp" | "eth" | "icmp" | "icmpv6")
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
