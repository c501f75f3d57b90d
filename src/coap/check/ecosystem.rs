//! Conventions that can be told by paths and options: LwM2M and OCF.

use super::{Check, Kind};
use crate::coap::finding::{NUMBERED_PATH, REGISTRATION};
use crate::coap::option::high_bit;
use crate::coap::{Code, Message, OptionNumber, Rule};

/// The options that OCF has registered.
const OCF: [OptionNumber; 2] =
    [OptionNumber::OCF_ACCEPT_CONTENT_FORMAT_VERSION, OptionNumber::OCF_CONTENT_FORMAT_VERSION];
/// Their bit in the set of options from 64 up.
const OCF_BIT: u8 = high_bit(OptionNumber::OCF_CONTENT_FORMAT_VERSION.0);

/// Whether a request whose path begins so can follow a convention.
#[inline(always)]
pub(super) fn may_be_convention(first: &[u8]) -> bool {
    matches!(first, b"oic" | b"rd" | b"bs" | b"dp" | [b'0'..=b'9', ..])
}

impl Check<'_, '_> {
    /// Looks at the first segment of a path, which decides whether there is more to look at, and at OCF's options.
    pub(super) fn ecosystem(&mut self) {
        let path = if self.kind.is_request() { self.message.value(OptionNumber::URI_PATH) } else { None };
        let first = path.unwrap_or_default();
        if self.message.is_of_ocf() {
            let option = OCF.into_iter().find(|number| self.has(*number)).unwrap_or(OptionNumber::URI_PATH);
            self.raise(Rule::AppOcf, self.option_span(option), 0, 0);
        }
        let (is_lwm2m, sign) = match first {
            b"rd" if !self.has_argument(b"lwm2m=") => (self.has_argument(b"ep="), REGISTRATION),
            b"rd" | b"bs" => (self.has_argument(b"ep="), 0),
            b"dp" => (self.header.code == Code::POST && self.segments() == 1, 0),
            [digit, ..] if digit.is_ascii_digit() => (self.is_object_path(), NUMBERED_PATH),
            _ => (false, 0),
        };
        if is_lwm2m {
            self.raise(Rule::AppLwm2m, self.option_span(OptionNumber::URI_PATH), 0, sign);
        }
    }

    /// Whether a query argument begins so: `ep=` names an endpoint, as registrations have it.
    fn has_argument(&self, name: &[u8]) -> bool {
        self.message.options_of(OptionNumber::URI_QUERY).any(|option| option.value.starts_with(name))
    }

    fn segments(&self) -> usize {
        self.message.options_of(OptionNumber::URI_PATH).count()
    }

    /// Whether the path is object, instance, and perhaps resource and resource instance: two to four numbers up to 65535.
    fn is_object_path(&self) -> bool {
        (2..=4).contains(&self.segments())
            && self.message.options_of(OptionNumber::URI_PATH).all(|option| is_number(option.value))
    }
}

impl Message<'_> {
    /// Whether path or options are those of OCF.
    pub(crate) fn is_of_ocf(&self) -> bool {
        let Some(kind) = self.header().map(|header| Kind::of(header.code)) else { return false };
        let has_option = self.layout.high & OCF_BIT != 0 && kind != Kind::Neither;
        has_option || kind.is_request() && self.value(OptionNumber::URI_PATH) == Some(b"oic")
    }
}

/// Whether a segment is a number up to 65535, without leading zeros.
fn is_number(segment: &[u8]) -> bool {
    let is_short = matches!(segment, [b'0'] | [b'1'..=b'9'] | [b'1'..=b'9', .., b'0'..=b'9']) && segment.len() <= 5;
    is_short
        && segment.iter().all(u8::is_ascii_digit)
        && segment.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')) <= 0xffff
}
