//! What is said beside an arrow: how long it took, which copy it is and whether in time, what is odd.

use super::judge;
use super::label::order_word;
use super::row::{Fate, Row};
use crate::coap::finding::{PARTIAL_IV, Skip};
use crate::coap::{Finding, MessageType, Parameters, Rule, Severity};
use crate::render::time::duration;
use crate::store::{Record, View, spared};
use crate::tracking::{ExchangeState, NO_RECORD, ObserveOrder, RecordId, Relation, Role};

/// Messages behind a notification that are looked through for the one that it overtook, or before an answer for copies of what it answers.
const LOOKED: usize = 1_000;

/// A note from its longest form to its shortest.
pub fn notes(view: &View<'_>, row: &Row, parameters: &Parameters) -> Vec<String> {
    if !view.is_message() {
        return evidence(view);
    }
    let mut notes = match view.record.relation() {
        Relation::Retransmits => retransmission(view, parameters),
        Relation::Duplicates => repeat(view, "repeats"),
        Relation::CopyOf => repeat(view, "seen twice, as"),
        _ => answer(view),
    };
    let fate = fate(view, row);
    if let Some(order) = order(view) {
        notes = joined(order, &notes);
    }
    if !fate.is_empty() {
        notes = joined(fate, &notes);
    }
    if is_unreachable(view) && is_acknowledgement(view) {
        notes = joined(notes, &["unreachable".into()]);
    }
    let odd = odd(view);
    if !odd.is_empty() {
        notes = joined(notes, &odd);
    }
    notes
}

/// One after the other; where both do not fit, the first alone.
pub(super) fn joined(first: Vec<String>, second: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    for one in &first {
        notes.extend(second.iter().filter(|two| !two.is_empty()).map(|two| format!("{one}; {two}")));
    }
    // The shortest forms of both say more than a longer one of the first alone.
    notes.extend(first);
    if notes.is_empty() { second.to_vec() } else { notes }
}

fn number(view: &View<'_>, id: RecordId) -> String {
    view.frame_of(id).map_or_else(|| "an earlier one".into(), |frame| format!("#{frame}"))
}

/// A duration without the blank before its unit.
pub(super) fn brief(time: i64) -> String {
    duration(time).replace(' ', "")
}

fn retransmission(view: &View<'_>, parameters: &Parameters) -> Vec<String> {
    let Some(gap) = judge::gap(view.store, view.id, parameters) else { return repeat(view, "repeats") };
    let text = gap.text();
    let Some(since) = gap.since else { return vec![text] };
    if gap.at_once {
        return vec![text, format!("{}, {}", brief(since), judge::DOUBLED), "perhaps doubled".into()];
    }
    if gap.own {
        return vec![text, format!("{}, own pace", brief(since)), "own pace".into()];
    }
    let known = gap.verdict();
    let verdict = match known {
        Some(judge::Verdict::Early) => "early",
        Some(judge::Verdict::Late) => "late",
        _ => "in",
    };
    let window = gap.window_text();
    if gap.unseen() > 0 {
        let after = format!("after {}, {}", brief(since), gap.by_clock());
        let within = known.map(|_| format!("{after}, window {window}"));
        return [Some(text), within, Some(after), Some(gap.by_clock())].into_iter().flatten().collect();
    }
    if known.is_none() {
        return vec![text, format!("after {}", brief(since)), format!("+{}", brief(since))];
    }
    vec![
        text,
        format!("after {}, {verdict} {window}", brief(since)).replace(", in ", ", window "),
        format!("{} {verdict} {window}", brief(since)),
        format!("{verdict} {window}"),
    ]
}

fn repeat(view: &View<'_>, words: &str) -> Vec<String> {
    let to = view.store.shown_relation(view.id).unwrap_or(view.record.relates_to);
    let of = number(view, to);
    match view.store.elapsed(to, view.id) {
        Some(elapsed) => {
            vec![
                format!("{words} {of} after {}", duration(elapsed)),
                format!("={of} +{}", brief(elapsed)),
                format!("={of}"),
            ]
        }
        None => vec![format!("{words} {of}"), format!("={of}")],
    }
}

/// What it answers, and after how long.
fn answer(view: &View<'_>) -> Vec<String> {
    let record = view.record;
    if record.relates_to == NO_RECORD {
        return Vec::new();
    }
    // As in the list: another request may be the one.
    let perhaps = if record.relation() == Relation::Answers && view.is_ambiguous() { "?" } else { "" };
    let of = format!("{}{perhaps}", number(view, record.relates_to));
    let copies = copies_before(view);
    let took = view.response_time();
    let after = took.map(|took| format!("{} after {of}", duration(took)));
    let brief = took.map(brief);
    match (record.relation(), record.role) {
        // A notification is no answer that somebody waits for.
        (Relation::Answers, Role::Notification) => Vec::new(),
        (Relation::Answers, _) if copies > 1 => {
            let all = format!("{copies} copies");
            forms(
                after.map(|after| format!("{after}, {all}")),
                brief.clone().map(|brief| format!("{brief}, {all}")),
                brief,
            )
        }
        (Relation::Acknowledges, _) => promised(view).unwrap_or_else(|| forms(after, brief, None)),
        (Relation::Resets, Role::Pong) => forms(after, brief, None),
        (Relation::Resets, _) => {
            vec![
                format!("rejects {of}{}", took.map(|took| format!(" after {}", duration(took))).unwrap_or_default()),
                format!("rejects {of}"),
                "rejects".into(),
            ]
        }
        (Relation::Answers, _) => forms(after, brief, None),
        _ => Vec::new(),
    }
}

/// Copies of the request that had been sent when it was answered; 0 where that is not known. Those behind the answer are none that it is for.
fn copies_before(view: &View<'_>) -> usize {
    let request = view.record.relates_to;
    if view.exchange().is_none_or(|exchange| exchange.request != request || exchange.transmissions < 2) {
        return 0;
    }
    let before = |id: &RecordId| view.store.get(*id).map(|record| record.previous_in_exchange);
    let known = std::iter::successors(Some(view.record.previous_in_exchange), before);
    let known = known.take(LOOKED).take_while(|id| *id != NO_RECORD && *id != request);
    let is_copy = |record: Record| {
        matches!(record.relation(), Relation::Retransmits | Relation::Duplicates) && record.relates_to == request
    };
    1 + known.filter(|id| view.store.get(*id).is_some_and(is_copy)).count()
}

fn forms(first: Option<String>, second: Option<String>, third: Option<String>) -> Vec<String> {
    [first, second, third].into_iter().flatten().collect()
}

/// Of an empty ACK to a request: where the response is that it promises.
fn promised(view: &View<'_>) -> Option<Vec<String>> {
    let exchange = view.exchange().filter(|exchange| exchange.request == view.record.relates_to)?;
    if exchange.response == NO_RECORD {
        if let Some(classes) = spared::classes(&exchange) {
            let said = format!("wants no {classes} response").replace("no any", "no");
            return Some(vec![said, "spared".into()]);
        }
        return Some(match exchange.state {
            ExchangeState::Acknowledged | ExchangeState::TimedOut => {
                vec!["promises a response; none seen".into(), "no response".into()]
            }
            _ => vec!["promises a response".into(), "promise".into()],
        });
    }
    if exchange.response < view.id {
        return None;
    }
    let response = number(view, exchange.response);
    Some(vec![format!("promises a response: {response}"), format!("see {response}")])
}

/// An ICMP error quotes this copy.
fn is_unreachable(view: &View<'_>) -> bool {
    view.store.is_found(view.id, Rule::IcmpUnreachable)
}

/// Nothing answers it, and of what it answers it is told first how long that took.
fn is_acknowledgement(view: &View<'_>) -> bool {
    matches!(view.record.message_type, MessageType::Acknowledgement | MessageType::Reset)
}

fn fate(view: &View<'_>, row: &Row) -> Vec<String> {
    match row.fate {
        // Also where an answer to another copy came.
        _ if is_unreachable(view) && !is_acknowledgement(view) => vec!["unreachable".into()],
        Fate::Waiting => vec!["no answer yet".into(), "waiting".into()],
        Fate::Unanswered if view.record.code.is_request() => vec!["no answer seen".into(), "no answer".into()],
        // A ping asks for a Reset.
        Fate::Unanswered if view.record.role == Role::Ping => vec!["no Reset seen".into(), "no Reset".into()],
        Fate::Unanswered => vec!["no ACK seen".into(), "no ACK".into()],
        Fate::Settled => Vec::new(),
    }
}

/// How a notification stands to the others.
fn order(view: &View<'_>) -> Option<Vec<String>> {
    let word = order_word(view.record.order());
    if word.is_empty() {
        return None;
    }
    let numbers = |rule: Rule| view.store.findings(view.id).find(|finding| finding.rule == rule).map(|it| it.numbers);
    Some(match view.record.order() {
        ObserveOrder::Stale => match numbers(Rule::ObsStale) {
            Some([_, fresher]) if fresher >= PARTIAL_IV => {
                let fresher = fresher - PARTIAL_IV;
                vec![format!("stale: Partial IV {fresher} came before it"), "stale by Partial IV".into(), word.into()]
            }
            Some([_, fresher]) => {
                vec![format!("stale: {fresher} came before it"), format!("stale: {fresher} first"), word.into()]
            }
            None => vec![word.into()],
        },
        ObserveOrder::Gap => match numbers(Rule::ObsGap) {
            Some([skip, last]) => skipped(view, Skip::of(skip), last, word),
            None => vec!["skips numbers".into(), word.into()],
        },
        ObserveOrder::Same if view.message.oscore().is_some() => vec!["same Partial IV".into(), "same IV".into()],
        _ => vec![word.into()],
    })
}

/// A notification skips numbers, the last of which came with a message behind it where all of them did.
fn skipped(view: &View<'_>, skip: Skip, last: i64, word: &str) -> Vec<String> {
    let expected = skip.expected;
    match late(view, skip, last) {
        Some(frame) => vec![
            format!("gap: {expected} comes later, #{frame}"),
            format!("{expected} comes later, #{frame}"),
            format!("{expected} late: #{frame}"),
            format!("{expected} is late"),
            word.into(),
        ],
        None => vec![format!("gap: {expected} was expected"), format!("gap: no {expected}"), word.into()],
    }
}

/// Frame of the notification behind this one that has the first number which was missed, where all came late.
fn late(view: &View<'_>, skip: Skip, last: i64) -> Option<u32> {
    let store = view.store;
    let last = store.get(RecordId::try_from(last).ok()?)?;
    if skip.is_of_one() {
        return Some(last.frame);
    }
    let number = i64::from(skip.expected);
    let observation = store.observation_of(view.id)?;
    let behind = (view.id.saturating_add(1)..).take(LOOKED).map_while(|id| Some((id, store.get(id)?)));
    let mut late = behind.filter(|(id, record)| {
        record.order() == ObserveOrder::Stale
            && store.observation_of(*id) == Some(observation)
            && store
                .findings(*id)
                .any(|finding| finding.rule == Rule::ObsStale && finding.numbers.first() == Some(&number))
    });
    late.next().map(|(_, record)| record.frame)
}

/// Rules whose case the note, the arrow or the flag tells already.
const TOLD: [Rule; 12] = [
    Rule::ObsStale,
    Rule::ObsGap,
    Rule::ObsSameNumber,
    Rule::MidRetransmission,
    Rule::MidRetransmissionEarly,
    Rule::MidRetransmissionLate,
    Rule::MidNoAck,
    Rule::RespNone,
    Rule::RespNoneNon,
    Rule::RespNoneAfterAck,
    Rule::IcmpUnreachable,
    Rule::RstRejects,
];

/// The worst warning or error that nothing else here tells.
fn odd(view: &View<'_>) -> Vec<String> {
    let findings = view.findings();
    let tells = |finding: &&Finding| finding.severity >= Severity::Warn && !TOLD.contains(&finding.rule);
    match findings.iter().find(tells) {
        Some(finding) => {
            let letter = if finding.severity == Severity::Error { 'E' } else { 'W' };
            vec![format!("{letter} {}", finding.rule.row().id)]
        }
        None => Vec::new(),
    }
}

fn evidence(view: &View<'_>) -> Vec<String> {
    let about = view.record.relates_to;
    let Some(other) = view.store.get(about).filter(|_| about != NO_RECORD) else {
        return match view.message.header() {
            Some(_) => vec!["about no message captured here".into(), "about none".into()],
            // Too little is quoted to tell one message from another.
            None => vec!["does not tell which message it is about".into(), "about which?".into()],
        };
    };
    let of = format!("about #{}", other.frame);
    match view.store.elapsed(about, view.id) {
        Some(after) => vec![format!("{of}, {} after it", duration(after)), of],
        None => vec![of],
    }
}
