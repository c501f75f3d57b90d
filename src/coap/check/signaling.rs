//! Signaling messages: their options against their own rows (RFC 8323 section 5).

use super::Check;
use crate::coap::finding;
use crate::coap::{Code, OptionFormat, OptionInstance, Repeatable, Rule};

/// Number of Extended-Token-Length in a CSM, and the values that mean something (RFC 8974 section 2.2.1).
const EXTENDED_TOKEN_LENGTH: u16 = 6;
const TOKEN_LENGTHS: std::ops::RangeInclusive<u64> = 8..=65_804;

impl Check<'_, '_> {
    #[cold]
    pub(super) fn signaling(&mut self) {
        let mut is_first = true;
        for option in self.message.first_options() {
            self.signaling_option(&option, is_first);
            is_first = false;
        }
    }

    fn signaling_option(&mut self, option: &OptionInstance<'_>, is_first: bool) {
        // Signaling codes number their options each in its own way: the code tells which.
        let number = finding::signaling_option(self.header.code, option.number);
        let Some(definition) = option.definition() else {
            let rule = if option.number.is_critical() { Rule::OptUnknownCritical } else { Rule::OptUnknownElective };
            self.raise(rule, option.span(), number, 0);
            return;
        };
        if !option.has_good_length() {
            self.raise(Rule::OptBadLength, option.span(), number, option.value.len() as i64);
        }
        if option.delta == 0 && !is_first && definition.repeatable == Repeatable::Never {
            self.raise(Rule::OptRepeated, option.span(), number, 0);
        }
        if definition.format == OptionFormat::String && std::str::from_utf8(option.value).is_err() {
            self.raise(Rule::OptNotUtf8, option.value_span(), number, 0);
        }
        let Some(value) = option.uint().filter(|_| definition.format == OptionFormat::Uint) else {
            return;
        };
        if option.value.first() == Some(&0) {
            self.raise(Rule::OptUintLeadingZero, option.value_span(), number, 0);
        }
        if self.header.code == Code::CSM && option.number.0 == EXTENDED_TOKEN_LENGTH && !TOKEN_LENGTHS.contains(&value)
        {
            self.raise(Rule::OptUintRange, option.span(), number, i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}
