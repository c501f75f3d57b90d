//! What can be told of an OSCORE message without its keys (RFC 8613).

use super::{Check, Kind};
use crate::coap::option::{OscoreClass, OscoreDefect, mask_of};
use crate::coap::{Code, OptionNumber, Oscore, Rule, Severity, Span};

pub(super) const OSCORE: u64 = mask_of(&[OptionNumber::OSCORE]);

impl Check<'_, '_> {
    pub(super) fn oscore(&mut self) {
        if self.message.layout.seen & OSCORE != 0 {
            self.protected();
        }
    }

    #[cold]
    fn protected(&mut self) {
        let Some(option) = self.message.option(OptionNumber::OSCORE) else {
            return;
        };
        let (span, oscore) = (option.span(), Oscore::read(option.value));
        if self.is_complete() && self.message.payload_offset().is_none() {
            self.raise(Rule::OscoreNoPayload, span, 0, 0);
        }
        self.oscore_defect(&oscore, option.value_span());
        if self.kind.is_request() && oscore.is_readable() && (oscore.partial_iv.is_empty() || oscore.kid.is_none()) {
            self.raise(Rule::OscoreRequestIncomplete, span, 0, 0);
        }
        let has_observe = self.has(OptionNumber::OBSERVE);
        let is_usual = match self.header.code {
            Code::POST | Code::CHANGED => !has_observe,
            Code::FETCH | Code::CONTENT => has_observe,
            _ => self.kind == Kind::Neither,
        };
        if !is_usual {
            self.raise_code(Rule::OscoreOuterCode);
        }
        for option in self.message.first_options() {
            let class = option.definition().map_or(OscoreClass::Unknown, |definition| definition.oscore);
            // What no document speaks of is inner. Hop-Limit is for proxies, which have only the outside to put it.
            let is_inner = class == OscoreClass::Inner
                || class == OscoreClass::Unknown && option.number != OptionNumber::HOP_LIMIT;
            if is_inner {
                self.raise(Rule::OscoreOuterEOption, option.span(), option.number.0, 0);
            }
        }
    }

    fn oscore_defect(&mut self, oscore: &Oscore<'_>, value: Span) {
        let flags = Span::of_bits(value.bit, 8);
        match oscore.defect {
            None => {}
            // The IANA registry gives this one bit to Group OSCORE, which shares the fields behind it.
            Some(OscoreDefect::ReservedBits) if oscore.is_of_group() => {
                self.raise_at(Severity::Note, Rule::OscoreReservedBits, Span::of_bits(value.bit, 3), oscore.flags);
            }
            Some(OscoreDefect::ReservedBits) => {
                self.raise(Rule::OscoreReservedBits, Span::of_bits(value.bit, 3), oscore.flags, 0);
            }
            Some(OscoreDefect::PartialIvLength) => {
                self.raise(Rule::OscorePivLength, Span::of_bits(value.bit + 5, 3), oscore.flags & 7, 0);
            }
            Some(OscoreDefect::Truncated(missing)) => self.raise(Rule::OscoreTruncated, value, missing, 0),
            Some(OscoreDefect::LeftOver(_)) => {
                let (number, length) = (OptionNumber::OSCORE.0, i64::from(value.bits / 8));
                self.raise(Rule::OptBadLength, value, number, length);
            }
            Some(OscoreDefect::ZeroFlagByte) => self.raise(Rule::OscoreZeroFlagByte, flags, 0, 0),
        }
    }
}
