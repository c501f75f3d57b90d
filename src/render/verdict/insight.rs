//! What cases of a rule tell of the program behind them, where its rule alone does not say it.

use super::{Case, Charge};
use crate::coap::finding::ONCE;
use crate::coap::{MessageType, Rule};

/// A rule, the cases of it that tell something, and what they tell: where a copy of the message that was answered twice was captured, and where
/// none was.
struct Row(Rule, fn(&Case) -> bool, [&'static str; 2]);

const INSIGHTS: &[Row] = &[
    Row(
        Rule::AckChanged,
        both_respond,
        [
            "Both are responses: the copy of the request was carried out again, so copies are not recognised (no deduplication). RFC 7252 section 4.5 leaves that to a server only for requests that can be carried out twice without harm.",
            "Both are responses, and no copy of the request was captured: one that came all the same was carried out again (no deduplication, which RFC 7252 section 4.5 leaves to a server only for requests that can be carried out twice without harm), or the request was answered twice.",
        ],
    ),
    Row(
        Rule::AckAndRst,
        rejects_acknowledged,
        [
            "It acknowledged the message, and then rejected a copy of it with a Reset: copies are answered as the first one was (RFC 7252 section 4.5).",
            "It acknowledged the message, and then sent a Reset, though no copy of it was captured: it answered one message twice, or a copy that came all the same not as the first one (RFC 7252 section 4.5).",
        ],
    ),
];

/// What a charge tells: of cases of both kinds what is surely true.
pub(super) fn insight(charge: &Charge) -> Option<&'static str> {
    let cases = |row: &Row| charge.cases.iter().filter(|case| row.1(case)).map(is_of_one).min();
    let of_rule = |row: &&Row| row.0 == charge.rule;
    INSIGHTS.iter().filter(of_rule).find_map(|row| row.2.get(usize::from(cases(row)?)).copied())
}

fn both_respond(case: &Case) -> bool {
    case.message.code.is_response() && case.other.is_some_and(|other| other.code.is_response())
}

fn rejects_acknowledged(case: &Case) -> bool {
    let is = |kind, earlier| kind == MessageType::Reset && earlier == Some(MessageType::Acknowledgement);
    is(case.message.message_type, case.other.map(|other| other.message_type))
}

/// No other copy of the message that both answer was captured.
fn is_of_one(case: &Case) -> bool {
    case.finding.numbers.get(1) == Some(&ONCE)
}
