//! What a response must or should say, and what Echo and Observe mean in it.

use super::{Check, Kind};
use crate::coap::option::mask_of;
use crate::coap::{Code, OptionNumber, Rule};

const LOCATION: u64 = mask_of(&[OptionNumber::LOCATION_PATH, OptionNumber::LOCATION_QUERY]);
pub(super) const OBSERVE: u64 = mask_of(&[OptionNumber::OBSERVE]);

impl Check<'_, '_> {
    pub(super) fn response(&mut self) {
        if self.kind != Kind::Response {
            return;
        }
        let (message, code) = (self.message, self.header.code);
        if !code.is_success() && message.layout.seen & OBSERVE != 0 {
            self.raise(Rule::ObsErrorWithObserve, self.option_span(OptionNumber::OBSERVE), code.0, 0);
        }
        if self.has(OptionNumber::ECHO) {
            self.raise(Rule::EchoChallenge, self.option_span(OptionNumber::ECHO), 0, 0);
        }
        // The code says it, whatever else there is.
        if code == Code::HOP_LIMIT_REACHED {
            self.raise_code(Rule::HopExhausted);
        }
        if !self.is_complete() || self.has(OptionNumber::OSCORE) {
            return;
        }
        match code {
            Code::VALID if !self.has(OptionNumber::ETAG) => self.raise_code(Rule::RespValidWithoutEtag),
            Code::CREATED if message.layout.seen & LOCATION == 0 => self.raise_code(Rule::RespCreatedNoLocation),
            Code::REQUEST_ENTITY_TOO_LARGE if !self.has(OptionNumber::SIZE1) => {
                self.raise_code(Rule::RespTooLargeNoSize1);
            }
            _ => {}
        }
    }
}
