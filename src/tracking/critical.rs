//! Options for which a server has to refuse a request (RFC 7252 sections 5.4 and 5.10.7, RFC 7959 section 2.2).

use super::context::Context;
use crate::coap::{Message, OptionNumber, Rule};

/// It has a Location, beside which options that are reserved for that count as critical (RFC 7252 section 5.10.7).
fn locates(message: &Message<'_>) -> bool {
    message.has(OptionNumber::LOCATION_PATH) || message.has(OptionNumber::LOCATION_QUERY)
}

/// A critical option that makes a server refuse the request (RFC 7252 section 5.4); 0 for none.
pub(super) fn bad_critical(context: &Context<'_, '_>) -> u16 {
    let mut number = 0;
    let message = context.message();
    message.visit_findings(&mut |finding| {
        let refused = matches!(
            finding.rule,
            Rule::OptUnknownCritical
                | Rule::OptExperimental
                | Rule::OptVendor
                | Rule::OptBadLength
                | Rule::OptRepeated
                | Rule::OptWrongPlace
                | Rule::BlockSzx7
        );
        // These rules have the number of the option first.
        let option = OptionNumber(finding.numbers[0] as u16);
        let refused = refused && option.is_critical() || finding.rule == Rule::OptReserved && locates(&message);
        if refused && number == 0 && message.option(option).is_some() {
            number = option.0;
        }
    });
    number
}
