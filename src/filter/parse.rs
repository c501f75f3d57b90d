//! From words to a tree: a Pratt parser, whose depth is bounded.

use std::ops::Range;

use super::error::{Fault, FilterError};
use super::lex::{Comparison, Lexeme, Token, lex};

/// How deep a filter may be nested.
pub(super) const DEPTH: usize = 64;
/// Bytes that a filter may have.
pub(super) const LENGTH: usize = 32 << 10;

/// A part of a filter.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: NodeKind,
    pub span: Range<usize>,
    /// How deep it is nested, itself included.
    depth: usize,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Or(Vec<Node>),
    Xor(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    /// Operands with what stands between them: `1 < x < 5`.
    Compare(Vec<Node>, Vec<Comparison>),
    /// An operand and ranges; single values have no end.
    In(Box<Node>, Vec<(Node, Option<Node>)>),
    Word,
    Text(Vec<u8>),
    Character(u8),
    /// An operand and the slice's text without its brackets.
    Slice(Box<Node>, Range<usize>),
    /// The name's place, and the arguments.
    Call(Range<usize>, Vec<Node>),
    /// `any` or `all` of the values.
    Quantified(Quantifier, Box<Node>),
    Negative(Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
}

/// How many of the values a comparison must hold for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Any,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    BitAnd,
}

impl Arithmetic {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::BitAnd => "&",
        }
    }
}

/// How tightly things bind.
mod power {
    pub const OR: u8 = 1;
    pub const XOR: u8 = 2;
    pub const AND: u8 = 3;
    pub const NOT: u8 = 4;
    pub const COMPARE: u8 = 5;
    pub const BIT_AND: u8 = 6;
    pub const SUM: u8 = 7;
    pub const PRODUCT: u8 = 8;
    pub const SIGN: u8 = 9;
}

/// Units of time, as they stand behind a number.
const UNITS: &[&str] = &["ns", "us", "\u{b5}s", "ms", "s", "min", "h", "d"];

/// Words of libpcap's language, and what is asked here in their place.
const KERNEL: &[(&str, &str)] = &[
    ("host", "ip.addr == 10.0.0.1"),
    ("net", "ip.addr == 10.0.0.0/8"),
    ("port", "udp.port == 5683"),
    ("portrange", "udp.port in {5683..5684}"),
    ("src", "ip.src == 10.0.0.1"),
    ("dst", "ip.dst == 10.0.0.1"),
    ("ether", "eth.addr == 02:00:5e:10:00:01"),
    ("proto", "ip.proto == 17"),
    ("less", "frame.len <= 100"),
    ("greater", "frame.len >= 100"),
];

/// The tree of a filter; None for an empty one.
pub(super) fn parse(text: &str) -> Result<Option<Node>, FilterError> {
    if text.len() > LENGTH {
        return Err(FilterError::new(Fault::Long(LENGTH), 0..0, text));
    }
    let words = lex(text)?;
    let mut parser = Parser { text, words, at: 0, depth: 0 };
    if *parser.peek() == Token::End {
        return Ok(None);
    }
    let node = parser.expression(0)?;
    if parser.expect(&Token::End, "`and`, `or` or the end").is_err() {
        return Err(parser.left_over(&node));
    }
    Ok(Some(node))
}

struct Parser<'t> {
    text: &'t str,
    words: Vec<Lexeme>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.words.get(self.at).map_or(&Token::End, |word| &word.token)
    }

    fn peek_second(&self) -> &Token {
        self.words.get(self.at + 1).map_or(&Token::End, |word| &word.token)
    }

    fn span(&self) -> Range<usize> {
        self.words.get(self.at).map_or(self.text.len()..self.text.len(), |word| word.span.clone())
    }

    fn advance(&mut self) -> Lexeme {
        let word = self.words.get(self.at).cloned();
        // The last word is the end, which stays.
        self.at = (self.at + 1).min(self.words.len().saturating_sub(1));
        word.unwrap_or(Lexeme { token: Token::End, span: self.text.len()..self.text.len() })
    }

    fn fault(&self, fault: Fault, span: Range<usize>) -> FilterError {
        FilterError::new(fault, span, self.text)
    }

    fn unexpected(&self, what: &'static str) -> FilterError {
        let span = self.span();
        let found = match self.peek() {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", self.text.get(span.clone()).unwrap_or_default()),
        };
        self.fault(Fault::Expected { what, found }, span)
    }

    /// What is wrong with words behind a whole filter: it may be in the language of kernel filters.
    fn left_over(&self, before: &Node) -> FilterError {
        let words = [&before.span, &self.span()].map(|span| self.text.get(span.clone()).unwrap_or_default());
        match KERNEL.iter().find(|(word, _)| words.contains(word)) {
            Some((_, instead)) => {
                let span = before.span.start..self.span().end;
                let what = self.text.get(span.clone()).unwrap_or_default().to_owned();
                self.fault(Fault::Kernel { what, instead }, span)
            }
            None if UNITS.contains(&words[1]) => {
                self.unexpected("`and`, `or` or the end (a unit stands at its number without a blank: 20ms)")
            }
            None => self.unexpected("`and`, `or` or the end"),
        }
    }

    fn expect(&mut self, token: &Token, what: &'static str) -> Result<Range<usize>, FilterError> {
        if self.peek() == token { Ok(self.advance().span) } else { Err(self.unexpected(what)) }
    }

    /// A node above others; too deep is an error.
    fn node(&self, kind: NodeKind, span: Range<usize>, below: usize) -> Result<Node, FilterError> {
        if below >= DEPTH {
            return Err(self.fault(Fault::Deep(DEPTH), span));
        }
        Ok(Node { kind, span, depth: below + 1 })
    }

    fn expression(&mut self, least: u8) -> Result<Node, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.fault(Fault::Deep(DEPTH), self.span()));
        }
        let node = self.climb(least);
        self.depth -= 1;
        node
    }

    fn climb(&mut self, least: u8) -> Result<Node, FilterError> {
        let mut left = self.prefix()?;
        loop {
            left = match self.peek() {
                Token::Slice => self.slice(left)?,
                Token::Or if least < power::OR => self.logical(left, &Token::Or, power::OR, NodeKind::Or)?,
                Token::Xor if least < power::XOR => self.logical(left, &Token::Xor, power::XOR, NodeKind::Xor)?,
                Token::And if least < power::AND => self.logical(left, &Token::And, power::AND, NodeKind::And)?,
                Token::Compare(_) if least < power::COMPARE => self.compare(left)?,
                Token::In if least < power::COMPARE => self.member(left)?,
                Token::Not if least < power::COMPARE && *self.peek_second() == Token::In => {
                    self.advance();
                    let inner = self.member(left)?;
                    let (span, depth) = (inner.span.clone(), inner.depth);
                    self.node(NodeKind::Not(Box::new(inner)), span, depth)?
                }
                token => match arithmetic(token) {
                    Some((operator, power)) if least < power => {
                        self.advance();
                        let right = self.expression(power)?;
                        let (span, depth) = (left.span.start..right.span.end, left.depth.max(right.depth));
                        self.node(NodeKind::Arithmetic(operator, Box::new(left), Box::new(right)), span, depth)?
                    }
                    _ => return Ok(left),
                },
            };
        }
    }

    /// `a and b and c` as one node, so that long chains are not deep.
    fn logical(
        &mut self,
        first: Node,
        sign: &Token,
        power: u8,
        kind: fn(Vec<Node>) -> NodeKind,
    ) -> Result<Node, FilterError> {
        let (start, mut depth) = (first.span.start, first.depth);
        let mut parts = vec![first];
        while self.peek() == sign {
            self.advance();
            let part = self.expression(power)?;
            depth = depth.max(part.depth);
            parts.push(part);
        }
        let end = parts.last().map_or(start, |part| part.span.end);
        self.node(kind(parts), start..end, depth)
    }

    fn compare(&mut self, first: Node) -> Result<Node, FilterError> {
        let (start, mut depth) = (first.span.start, first.depth);
        let (mut operands, mut operators) = (vec![first], Vec::new());
        while let Token::Compare(comparison) = *self.peek() {
            self.advance();
            let operand = self.expression(power::COMPARE)?;
            depth = depth.max(operand.depth);
            operators.push(comparison);
            operands.push(operand);
        }
        let end = operands.last().map_or(start, |operand| operand.span.end);
        self.node(NodeKind::Compare(operands, operators), start..end, depth)
    }

    fn member(&mut self, left: Node) -> Result<Node, FilterError> {
        self.advance();
        let open = self.expect(&Token::OpenBrace, "`{` and the members of the set")?;
        let (mut members, mut depth) = (Vec::new(), left.depth);
        while *self.peek() != Token::CloseBrace {
            let low = self.expression(power::BIT_AND)?;
            depth = depth.max(low.depth);
            let high = if *self.peek() == Token::To {
                self.advance();
                let high = self.expression(power::BIT_AND)?;
                depth = depth.max(high.depth);
                Some(high)
            } else {
                None
            };
            members.push((low, high));
            // Wireshark 4.0 parts members by commas, older ones by spaces.
            if *self.peek() == Token::Comma {
                self.advance();
            } else if *self.peek() == Token::End {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        let close = self.advance().span;
        if members.is_empty() {
            return Err(self.fault(Fault::EmptySet, open.start..close.end));
        }
        let span = left.span.start..close.end;
        self.node(NodeKind::In(Box::new(left), members), span, depth)
    }

    fn slice(&mut self, of: Node) -> Result<Node, FilterError> {
        let brackets = self.advance().span;
        let (span, depth) = (of.span.start..brackets.end, of.depth);
        self.node(NodeKind::Slice(Box::new(of), brackets.start + 1..brackets.end - 1), span, depth)
    }

    fn prefix(&mut self) -> Result<Node, FilterError> {
        let Lexeme { token, span } = match self.peek() {
            Token::End
            | Token::Close
            | Token::CloseBrace
            | Token::Comma
            | Token::To
            | Token::In
            | Token::Slice
            | Token::Or
            | Token::Xor
            | Token::And
            | Token::Compare(_) => return Err(self.unexpected("a field, a value or `(`")),
            _ => self.advance(),
        };
        match token {
            Token::Word if *self.peek() == Token::Open => self.call(span),
            Token::Word => self.node(NodeKind::Word, span, 0),
            Token::Text(text) => self.node(NodeKind::Text(text), span, 0),
            Token::Character(byte) => self.node(NodeKind::Character(byte), span, 0),
            Token::Open | Token::OpenBrace => {
                let (close, what) = match token {
                    Token::Open => (Token::Close, "`)`"),
                    _ => (Token::CloseBrace, "`}`"),
                };
                let inner = self.expression(0)?;
                let end = self.expect(&close, what)?;
                // A word is read where it stands.
                let span = if matches!(inner.kind, NodeKind::Word) { inner.span.clone() } else { span.start..end.end };
                Ok(Node { span, ..inner })
            }
            Token::Not => {
                let inner = self.expression(power::NOT)?;
                let (span, depth) = (span.start..inner.span.end, inner.depth);
                self.node(NodeKind::Not(Box::new(inner)), span, depth)
            }
            Token::Any | Token::All => {
                let quantifier = if token == Token::Any { Quantifier::Any } else { Quantifier::All };
                let inner = self.expression(power::COMPARE)?;
                let (span, depth) = (span.start..inner.span.end, inner.depth);
                self.node(NodeKind::Quantified(quantifier, Box::new(inner)), span, depth)
            }
            Token::Minus => {
                let inner = self.expression(power::SIGN)?;
                let (span, depth) = (span.start..inner.span.end, inner.depth);
                self.node(NodeKind::Negative(Box::new(inner)), span, depth)
            }
            Token::Plus => self.expression(power::SIGN),
            // A path without quotation marks.
            Token::Over => {
                let rest = self.text.get(span.start..).unwrap_or_default();
                let length = rest.find(|c: char| c.is_whitespace() || "),}".contains(c)).unwrap_or(rest.len());
                let text = rest.get(..length).unwrap_or_default().to_owned();
                Err(self.fault(Fault::Unquoted(text), span.start..span.start + length))
            }
            _ => {
                let found = format!("`{}`", self.text.get(span.clone()).unwrap_or_default());
                Err(self.fault(Fault::Expected { what: "a field, a value or `(`", found }, span))
            }
        }
    }

    fn call(&mut self, name: Range<usize>) -> Result<Node, FilterError> {
        self.advance();
        let (mut arguments, mut depth) = (Vec::new(), 0);
        while *self.peek() != Token::Close {
            let argument = self.expression(0)?;
            depth = depth.max(argument.depth);
            arguments.push(argument);
            match self.peek() {
                Token::Comma => drop(self.advance()),
                Token::Close => {}
                _ => return Err(self.unexpected("`,` or `)`")),
            }
        }
        let close = self.advance().span;
        let span = name.start..close.end;
        self.node(NodeKind::Call(name, arguments), span, depth)
    }
}

fn arithmetic(token: &Token) -> Option<(Arithmetic, u8)> {
    Some(match token {
        Token::BitAnd => (Arithmetic::BitAnd, power::BIT_AND),
        Token::Plus => (Arithmetic::Add, power::SUM),
        Token::Minus => (Arithmetic::Subtract, power::SUM),
        Token::Times => (Arithmetic::Multiply, power::PRODUCT),
        Token::Over => (Arithmetic::Divide, power::PRODUCT),
        Token::Modulo => (Arithmetic::Modulo, power::PRODUCT),
        _ => return None,
    })
}
