//! Options one by one against their rows (RFC 7252 section 5.4), and those that exclude each other.

use super::{Check, Kind};
use crate::coap::finding::EXPERIMENTAL_OPTION;
use crate::coap::option::{Direction, OptionDefinition, OptionFormat, OptionStatus, Repeatable, high_bit, mask_of};
use crate::coap::{ContentFormat, MessageType, OptionInstance, OptionNumber, Rule, Span};

/// First number for experiments, among options and Content-Formats alike (RFC 7252 sections 12.2 and 12.3).
const EXPERIMENTAL: u16 = 65_000;
/// First number for private and vendor options (RFC 7252 section 12.2).
const VENDOR: u16 = 2048;
/// The bits of No-Response that mean something (RFC 7967 section 2.1).
const NO_RESPONSE_BITS: u64 = 2 | 8 | 16;
/// The options that a complete URI replaces (RFC 7252 section 5.10.2).
const URI_PARTS: [OptionNumber; 5] = [
    OptionNumber::URI_HOST,
    OptionNumber::URI_PORT,
    OptionNumber::URI_PATH,
    OptionNumber::URI_PATH_ABBREV,
    OptionNumber::URI_QUERY,
];
/// The options below 64 that take part in [`Check::proxy`].
pub(super) const PROXY_LOW: u64 = mask_of(&[OptionNumber::PROXY_URI, OptionNumber::PROXY_SCHEME]);
/// Those from 64 up.
const PROXY_HIGH: u8 = high_bit(OptionNumber::PROXY_CRI.0) | high_bit(OptionNumber::PROXY_SCHEME_NUMBER.0);
/// The options that make a request one for a proxy.
const PROXY: [OptionNumber; 4] =
    [OptionNumber::PROXY_URI, OptionNumber::PROXY_SCHEME, OptionNumber::PROXY_CRI, OptionNumber::PROXY_SCHEME_NUMBER];
/// If-Match and If-None-Match.
const CONDITIONS: u64 = mask_of(&[OptionNumber::IF_MATCH, OptionNumber::IF_NONE_MATCH]);

impl Kind {
    /// Whether an option that is defined for `direction` may be in such a message.
    pub(super) const fn has_place_for(self, direction: Direction) -> bool {
        match direction {
            Direction::Both | Direction::Unknown => true,
            Direction::Request => !matches!(self, Self::Response),
            Direction::Response => !self.is_request(),
            Direction::ReadOrResponse => !matches!(self, Self::Write),
        }
    }

    /// Whether such a message may have an option more than once.
    pub(super) const fn may_repeat(self, repeatable: Repeatable) -> bool {
        match repeatable {
            Repeatable::Never => false,
            Repeatable::InRequests => !matches!(self, Self::Response),
            Repeatable::Always | Repeatable::Unknown => true,
        }
    }
}

impl Check<'_, '_> {
    /// Every option against its row, and all together.
    pub(super) fn options(&mut self) {
        let mut is_first = true;
        for option in self.message.first_options() {
            match option.number.definition() {
                Some(definition) => self.known(&option, definition, is_first),
                None => self.unknown(&option),
            }
            is_first = false;
        }
        if self.kind.is_request() {
            self.together();
        }
    }

    /// An option with a row.
    fn known(&mut self, option: &OptionInstance<'_>, definition: &OptionDefinition, is_first: bool) {
        let has_good_length = option.has_good_length();
        if !has_good_length {
            self.raise(Rule::OptBadLength, option.span(), option.number.0, option.value.len() as i64);
        }
        if !self.kind.has_place_for(definition.direction) {
            self.raise(Rule::OptWrongPlace, option.span(), option.number.0, self.header.code.0);
            // What is only drafted is said to be unknown in any case.
            if option.number.is_critical() && definition.status == OptionStatus::Assigned {
                self.raise(Rule::OptUnknownCritical, option.span(), option.number.0, 0);
            }
        }
        if option.delta == 0 && !is_first && !self.kind.may_repeat(definition.repeatable) {
            self.raise(Rule::OptRepeated, option.span(), option.number.0, 0);
        }
        match definition.format {
            OptionFormat::String => self.string(option),
            // A number in a value of another length is not read as one.
            OptionFormat::Uint | OptionFormat::ContentFormat | OptionFormat::Block => {
                if has_good_length {
                    self.uint(option, definition);
                }
            }
            OptionFormat::Empty | OptionFormat::Opaque | OptionFormat::Oscore | OptionFormat::Unknown => {}
        }
        if definition.status != OptionStatus::Assigned {
            self.unusual(option, definition.status);
        }
    }

    /// An option that is not simply registered.
    #[cold]
    fn unusual(&mut self, option: &OptionInstance<'_>, status: OptionStatus) {
        match status {
            OptionStatus::Reserved => self.raise(Rule::OptReserved, option.span(), option.number.0, 0),
            OptionStatus::Experimental => {
                self.raise(Rule::OptExperimental, option.span(), option.number.0, EXPERIMENTAL_OPTION);
                self.forwarded(option);
            }
            OptionStatus::Draft => {
                self.raise(Rule::OptDraftNumber, option.span(), option.number.0, 0);
                self.unknown(option);
            }
            OptionStatus::Unregistered => self.unknown(option),
            OptionStatus::Assigned => {}
        }
    }

    /// An option that is not registered.
    #[cold]
    fn unknown(&mut self, option: &OptionInstance<'_>) {
        let (number, span) = (option.number, option.span());
        let rule = if number.is_critical() { Rule::OptUnknownCritical } else { Rule::OptUnknownElective };
        self.raise(rule, span, number.0, 0);
        if (VENDOR..EXPERIMENTAL).contains(&number.0) {
            self.raise(Rule::OptVendor, span, number.0, 0);
        }
        self.forwarded(option);
    }

    /// An option that a proxy does not know, in a request that asks for one.
    fn forwarded(&mut self, option: &OptionInstance<'_>) {
        if option.number.is_unsafe() && PROXY.iter().any(|proxy| self.has(*proxy)) {
            self.raise(Rule::OptUnknownUnsafe, option.span(), option.number.0, 0);
        }
    }

    fn string(&mut self, option: &OptionInstance<'_>) {
        let (number, value, span) = (option.number, option.value, option.value_span());
        let is_path = matches!(number, OptionNumber::URI_PATH | OptionNumber::LOCATION_PATH);
        let is_query = matches!(number, OptionNumber::URI_QUERY | OptionNumber::LOCATION_QUERY);
        if std::str::from_utf8(value).is_err() {
            self.raise(Rule::OptNotUtf8, span, number.0, 0);
        }
        if is_path && matches!(value, b"." | b"..") {
            self.raise(Rule::OptDotSegment, span, number.0, 0);
        }
        if number == OptionNumber::URI_PATH && value.contains(&b'/') {
            self.raise(Rule::OptSlashInSegment, span, number.0, 0);
        }
        let is_escape =
            |triple: &[u8]| matches!(triple, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        if (is_path || is_query) && value.windows(3).any(is_escape) {
            self.raise(Rule::OptPercent, span, number.0, 0);
        }
    }

    fn uint(&mut self, option: &OptionInstance<'_>, definition: &OptionDefinition) {
        if option.value.first() == Some(&0) && option.value.len() as u32 > definition.min {
            self.raise(Rule::OptUintLeadingZero, option.value_span(), option.number.0, 0);
        }
        let Some(number) = option.uint() else {
            return;
        };
        let is_in_range = match option.number {
            OptionNumber::HOP_LIMIT => number != 0,
            OptionNumber::OBSERVE => number <= 1 || !self.kind.is_request(),
            OptionNumber::NO_RESPONSE => number & !NO_RESPONSE_BITS == 0,
            OptionNumber::CONTENT_FORMAT | OptionNumber::ACCEPT => {
                self.content_format(option, number);
                true
            }
            _ => true,
        };
        if !is_in_range {
            self.raise(
                Rule::OptUintRange,
                option.value_span(),
                option.number.0,
                i64::try_from(number).unwrap_or(i64::MAX),
            );
        }
    }

    /// The number in Content-Format or Accept.
    fn content_format(&mut self, option: &OptionInstance<'_>, number: u64) {
        // Text, CBOR and their like need no look into the table.
        if matches!(number, 0 | 40 | 50 | 60) {
            return;
        }
        let Ok(number) = u16::try_from(number) else {
            return;
        };
        let format = ContentFormat(number);
        let rule = match () {
            () if number >= EXPERIMENTAL => Rule::OptExperimental,
            () if format.is_registered() => return,
            () if format.is_deprecated() => Rule::CfDeprecated,
            () => Rule::CfUnknown,
        };
        // An option of no value has no bits of its own to point at.
        let span = if option.value.is_empty() { option.span() } else { option.value_span() };
        self.raise(rule, span, number, 0);
    }

    /// Options of a request that say something together.
    fn together(&mut self) {
        let message = self.message;
        if message.layout.seen & PROXY_LOW != 0 || message.layout.high & PROXY_HIGH != 0 {
            self.proxy();
        }
        if message.layout.seen & CONDITIONS == CONDITIONS {
            self.raise(Rule::OptIfMatchAndNone, self.option_span(OptionNumber::IF_NONE_MATCH), 0, 0);
        }
        if self.header.message_type == MessageType::Confirmable && self.has(OptionNumber::NO_RESPONSE) {
            self.raise(Rule::NoresponseCon, self.option_span(OptionNumber::NO_RESPONSE), 0, 0);
        }
    }

    /// Requests for a proxy (RFC 7252 section 5.7.2).
    #[cold]
    fn proxy(&mut self) {
        let Some(first) = PROXY.into_iter().find(|number| self.has(*number)) else {
            return;
        };
        self.raise(Rule::OptProxyRequest, self.option_span(first), first.0, 0);
        let (whole, cri) = (OptionNumber::PROXY_URI, OptionNumber::PROXY_CRI);
        if let Some(part) = URI_PARTS.into_iter().find(|number| self.has(*number)) {
            for complete in [whole, cri] {
                if self.has(complete) {
                    self.conflict(complete, part);
                }
            }
        }
        for (one, other) in [(whole, cri), (OptionNumber::PROXY_SCHEME, OptionNumber::PROXY_SCHEME_NUMBER)] {
            if self.has(one) && self.has(other) {
                self.conflict(one, other);
            }
        }
    }

    fn conflict(&mut self, one: OptionNumber, other: OptionNumber) {
        let span: Span = self.option_span(one);
        self.raise(Rule::OptProxyUriConflict, span, one.0, other.0);
    }
}
