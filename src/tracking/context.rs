//! The message at hand, and where what is found out about it goes.

use super::clock::Moment;
use super::facts::{Facts, Usual};
use super::model::{Arrival, NO_RECORD, Patch, RecordId, Relation, ResourceId, Role, Tracked};
use super::pairs::PairNumber;
use super::sent::Travel;
use crate::coap::{Finding, Message, OptionNumber, Rule, Severity, Span};

/// Where patches go.
pub(super) struct Output<'o> {
    pub patches: &'o mut Vec<Patch>,
}

impl Output<'_> {
    /// A finding on any message.
    #[cold]
    #[inline(never)]
    pub fn find(&mut self, record: RecordId, finding: Finding) {
        self.find_here(record, finding);
    }

    /// The same, made where it stays.
    #[inline(always)]
    fn find_here(&mut self, record: RecordId, finding: Finding) {
        if record != NO_RECORD {
            self.patches.push(Patch::Finding(record, finding));
        }
    }

    #[inline(always)]
    pub fn patch(&mut self, patch: Patch) {
        self.patches.push(patch);
    }
}

/// The message at hand.
pub(super) struct Context<'b, 'o> {
    pub arrival: &'b Arrival,
    pub now: Moment,
    pub facts: &'b Facts,
    /// Its bytes: decoded again by the few that need more than the facts.
    pub bytes: &'b [u8],
    /// Path and query of a request.
    pub resource: ResourceId,
    /// From its sender to its receiver.
    pub pair: PairNumber,
    pub out: Output<'o>,
}

impl<'b> Context<'b, '_> {
    /// The message, decoded again.
    #[cold]
    #[inline(never)]
    pub fn message(&self) -> Message<'b> {
        Message::decode_as(self.bytes, self.facts.mode)
    }

    /// Whole, to one receiver, and with nothing in it but what the facts tell: see [`super::usual`].
    #[inline(always)]
    pub fn is_usual(&self) -> bool {
        self.facts.usual != Usual::None && !self.arrival.cut && !self.arrival.multicast
    }

    pub fn record(&self) -> RecordId {
        self.arrival.record
    }

    #[inline(always)]
    pub fn travel(&self) -> Travel {
        let arrival = self.arrival;
        Travel {
            time: self.now.time,
            epoch: self.now.epoch,
            ip_id: arrival.ip_id,
            hops: arrival.hop_limit,
            interface: arrival.interface as u8,
        }
    }

    /// A finding about the Message ID.
    #[cold]
    #[inline(never)]
    pub fn find(&mut self, rule: Rule, first: i64, second: i64) {
        self.find_here(rule, rule.severity(), MESSAGE_ID, first, second);
    }

    /// A finding about the code.
    #[cold]
    #[inline(never)]
    pub fn find_code(&mut self, rule: Rule, first: i64, second: i64) {
        self.find_here(rule, rule.severity(), CODE, first, second);
    }

    /// A finding about the token.
    #[cold]
    #[inline(never)]
    pub fn find_token(&mut self, rule: Rule, severity: Severity, first: i64, second: i64) {
        self.find_at(rule, severity, self.token_span(), first, second);
    }

    /// Bits of the token, or of its length where there is none.
    #[cold]
    pub fn token_span(&self) -> Span {
        match self.message().token_span() {
            Span { bits: 0, .. } => TOKEN_LENGTH,
            span => span,
        }
    }

    /// A finding about an option, or about the code where the option is absent.
    #[cold]
    #[inline(never)]
    pub fn find_option(&mut self, rule: Rule, option: OptionNumber, first: i64, second: i64) {
        self.find_at(rule, rule.severity(), self.option_span(option), first, second);
    }

    /// Bits of an option, or of the code where the option is absent.
    #[cold]
    pub fn option_span(&self, option: OptionNumber) -> Span {
        let plain = if option == OptionNumber::OBSERVE { self.plain_observe() } else { None };
        plain.or_else(|| Some(self.message().option(option)?.span())).unwrap_or(CODE)
    }

    /// Where an Observe that is not empty lies in a message that has none of the options that come before it. Its bytes are not looked at: they
    /// are far away.
    fn plain_observe(&self) -> Option<Span> {
        let (facts, token) = (self.facts, self.facts.token.length());
        let here = facts.plain && facts.observe_length > 0 && token <= 8;
        here.then(|| Span::of_bytes(4 + token as usize, 1 + usize::from(facts.observe_length)))
    }

    /// A finding with a severity of its own.
    #[cold]
    #[inline(never)]
    pub fn find_at(&mut self, rule: Rule, severity: Severity, span: Span, first: i64, second: i64) {
        self.find_here(rule, severity, span, first, second);
    }

    #[inline(always)]
    fn find_here(&mut self, rule: Rule, severity: Severity, span: Span, first: i64, second: i64) {
        self.out.find_here(self.arrival.record, Finding { rule, severity, span, numbers: [first, second] });
    }
}

/// Bits of the Message ID (RFC 7252 section 3).
pub(super) const MESSAGE_ID: Span = Span::of_bits(16, 16);
/// Bits of the code.
pub(super) const CODE: Span = Span::of_bits(8, 8);
/// Bits of the token length.
const TOKEN_LENGTH: Span = Span::of_bits(4, 4);

/// One step less severe: for what the capture cannot know.
pub(super) fn less(severity: Severity) -> Severity {
    match severity {
        Severity::Error => Severity::Warn,
        Severity::Warn => Severity::Note,
        Severity::Note | Severity::Chat => Severity::Chat,
    }
}

impl Tracked {
    /// A message that relates to nothing.
    pub(super) fn alone(role: Role) -> Self {
        Self {
            exchange: Default::default(),
            observation: Default::default(),
            relation: Relation::None,
            relates_to: NO_RECORD,
            previous_in_exchange: NO_RECORD,
            transmission: 0,
            role,
            order: Default::default(),
            ambiguous: false,
            apart: false,
        }
    }
}
