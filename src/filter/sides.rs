//! The sides of comparisons: fields, slices, functions and calculations, and what kind their values have.

use std::ops::Range;

use super::compile::{Compiler, is_literal};
use super::error::{Fault, FilterError};
use super::item::Class;
use super::operand::{FUNCTIONS, Function, MEMBER, Operand, parts};
use super::parse::{Arithmetic, Node, NodeKind, Quantifier};
use super::relation::WHOLES;
use super::versions;
use crate::field::{self, Field, Kind};

/// A side of a comparison that has a kind of its own.
pub(super) struct Side {
    pub operand: Operand,
    pub class: Class,
    /// The field whose values it has unchanged.
    pub field: Option<&'static Field>,
    pub quantifier: Option<Quantifier>,
    pub span: Range<usize>,
}

/// Functions of newer versions of Wireshark, and what is written here.
const WIRESHARK_ALONE: &[(&str, &str)] = &[
    ("vals", "the names of types and codes need no function: coap.code == GET, coapscope.code.name"),
    ("float", "numbers and fractions compare without a function: coap.mid / 2.0 > 1.5"),
    ("double", "numbers and fractions compare without a function: coap.mid / 2.0 > 1.5"),
    ("dec", "string(coap.mid) is the number as text"),
    ("hex", "numbers are written in any base: coap.mid == 0x34fe"),
];

impl Side {
    /// Its bytes in place of whether it is there, for a protocol. `onward`: with what is behind them, as `contains` has it.
    pub fn or_bytes(self, onward: bool) -> Self {
        match (self.class, self.field) {
            (Class::Presence, Some(field)) if field.has_bytes() => {
                Self { operand: Operand::Bytes(field, onward), class: Class::Bytes, field: None, ..self }
            }
            _ => self,
        }
    }
}

/// The most bytes that a header or an address can have, where that is known (RFC 791 section 3.1, RFC 8200 section 3, RFC 768, IEEE 802.3 and
/// 802.1Q). A name of one protocol may stand for headers of several, and what is behind them is not theirs.
fn most_bytes(operand: &Operand) -> Option<usize> {
    match operand {
        Operand::Bytes(field, _) => match &*field.name {
            "udp" => Some(8),
            "eth" => Some(14),
            "vlan" => Some(4),
            "ip" => Some(60),
            "ipv6" => Some(40),
            _ => None,
        },
        Operand::Field(field) if field.kind == Kind::Mac => Some(6),
        Operand::Field(field) => match versions::of(field)?.0 {
            "IPv4" => Some(4),
            _ => Some(16),
        },
        _ => None,
    }
}

impl Compiler<'_> {
    /// A side of a comparison that has a kind of its own.
    pub fn side(&mut self, node: &Node) -> Result<Side, FilterError> {
        let span = node.span.clone();
        let side = |operand, class| Side { operand, class, field: None, quantifier: None, span: span.clone() };
        match &node.kind {
            NodeKind::Word => match field::find(self.part(&node.span)) {
                Ok(found) => Ok(Side { field: Some(found), ..side(Operand::Field(found), Class::of(found.kind)) }),
                Err(unknown) => self.unknown(unknown, &node.span),
            },
            NodeKind::Quantified(quantifier, inner) => {
                Ok(Side { quantifier: Some(*quantifier), span: span.clone(), ..self.side(inner)? })
            }
            NodeKind::Slice(of, brackets) => {
                let inner = self.side(of)?.or_bytes(false);
                if !matches!(inner.class, Class::Text | Class::Bytes | Class::Member | Class::Address) {
                    let fault = Fault::Operator { operator: "[...]", kind: inner.class.name() };
                    return self.fault(fault, &inner.span);
                }
                let parts = parts(self.part(brackets));
                if let Some(most) = most_bytes(&inner.operand)
                    && parts.iter().flatten().any(|part| part.is_beyond(most))
                {
                    let (of, slice) = (self.part(&of.span).to_owned(), self.part(brackets).to_owned());
                    return self.fault(Fault::Beyond { of, slice, most }, brackets);
                }
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
        if WHOLES.iter().any(|row| row.name == called) {
            return self.fault(Fault::Whole(called.to_owned()), span);
        }
        let Some(row) = FUNCTIONS.iter().find(|row| row.name == called) else {
            if let Some((_, instead)) = WIRESHARK_ALONE.iter().find(|(function, _)| *function == called) {
                return self.fault(Fault::Elsewhere { what: called.to_owned(), instead }, name);
            }
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
                let side = self.side(argument)?;
                class = Some(if row.function == Function::Len { side.or_bytes(false) } else { side }.class);
            }
        }
        let Some(class) = class else { return self.fault(Fault::NoField, span) };
        let mut operands = Vec::new();
        for argument in arguments {
            let operand = match is_literal(argument, self) {
                true => Operand::Constant(vec![self.value(argument, class, None)?]),
                false if row.function == Function::Len => self.side(argument)?.or_bytes(false).operand,
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
            (Arithmetic::BitAnd, Class::Address, Class::Address) => Class::Address,
            (_, Class::Number | Class::Member, Class::Number | Class::Member) => Class::Number,
            (_, Class::Duration | Class::Number, Class::Duration | Class::Number) if operator != Arithmetic::BitAnd => {
                Class::Duration
            }
            (_, left, right) => {
                let fault = Fault::Calculation { operator: operator.name(), left: left.name(), right: right.name() };
                return self.fault(fault, span);
            }
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
