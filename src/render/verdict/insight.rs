//! What cases of a rule tell of the program behind them, where its rule alone does not say it.

use super::{Case, Charge};
use crate::coap::{MessageType, Rule};

/// A rule, the cases of it that tell something, and what they tell.
struct Row(Rule, fn(&Case) -> bool, &'static str);

const INSIGHTS: &[Row] = &[
    Row(
        Rule::AckChanged,
        both_respond,
        "Both are responses: the copy of the request was carried out again, so copies are not recognised (no deduplication). RFC 7252 section 4.5 leaves that to a server only for requests that can be carried out twice without harm.",
    ),
    Row(
        Rule::AckAndRst,
        rejects_acknowledged,
        "It acknowledged the message, and then rejected a copy of it with a Reset: copies are answered as the first one was (RFC 7252 section 4.5).",
    ),
];

/// What a charge tells.
pub(super) fn insight(charge: &Charge) -> Option<&'static str> {
    INSIGHTS.iter().find(|row| row.0 == charge.rule && charge.cases.iter().any(row.1)).map(|row| row.2)
}

fn both_respond(case: &Case) -> bool {
    case.message.code.is_response() && case.other.is_some_and(|other| other.code.is_response())
}

fn rejects_acknowledged(case: &Case) -> bool {
    let is = |kind, earlier| kind == MessageType::Reset && earlier == Some(MessageType::Acknowledgement);
    is(case.message.message_type, case.other.map(|other| other.message_type))
}
