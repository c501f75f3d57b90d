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
        for option in self.message.options_of(OptionNumber::OSCORE) {
            let oscore = Oscore::read(option.value);
            for defect in oscore.defects() {
                self.oscore_defect(&oscore, defect, option.value_span());
            }
        }
        // The flags alone tell what is there; but bytes that they do not announce may be the kid.
        let has_both = oscore.flags & 7 != 0 && oscore.flags & Oscore::KID != 0;
        if self.kind.is_request() && !has_both && !matches!(oscore.defect, Some(OscoreDefect::LeftOver(_))) {
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

    fn oscore_defect(&mut self, oscore: &Oscore<'_>, defect: OscoreDefect, value: Span) {
        let flags = Span::of_bits(value.bit, 8);
        match defect {
            // The IANA registry gives this one bit to Group OSCORE, which shares the fields behind it.
            OscoreDefect::ReservedBits if oscore.has_group_bit() => {
                self.raise_at(Severity::Note, Rule::OscoreReservedBits, Span::of_bits(value.bit, 3), oscore.flags);
            }
            OscoreDefect::ReservedBits => {
                self.raise(Rule::OscoreReservedBits, Span::of_bits(value.bit, 3), oscore.flags, 0);
            }
            OscoreDefect::PartialIvLength => {
                self.raise(Rule::OscorePivLength, Span::of_bits(value.bit + 5, 3), oscore.flags & 7, 0);
            }
            OscoreDefect::Truncated(missing) => self.raise(Rule::OscoreTruncated, value, missing, 0),
            OscoreDefect::LeftOver(_) => {
                let (number, length) = (OptionNumber::OSCORE.0, i64::from(value.bits / 8));
                self.raise(Rule::OptBadLength, value, number, length);
            }
            OscoreDefect::ZeroFlagByte => self.raise(Rule::OscoreZeroFlagByte, flags, 0, 0),
        }
    }
}
