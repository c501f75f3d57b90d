//! What coapscope worked out about a message, as nodes of its tree: relations, exchange, observation.

use super::content;
use super::time::duration;
use super::{Known, Node};
use crate::coap::{DecodeMode, OptionNumber, count, escape};
use crate::field;
use crate::store::{View, spared};
use crate::tracking::{
    AnswerKind, ExchangeRow, ExchangeState, NO_RECORD, ObservationEnd, ObserveOrder, RecordId, Relation, Role,
};

/// Nodes in the order in which a reader asks: what it is about, what it belongs to, what it repeats, what it answers.
pub(super) fn generated(view: &View<'_>, known: Known) -> Vec<Node> {
    let mut nodes = Vec::new();
    if view.record.code.is_request() {
        nodes.extend(uri(view).map(|uri| Node::generated("coapscope.uri", "URI", uri)));
    }
    nodes.extend(exchange(view, known));
    nodes.extend(relation(view));
    if known == Known::Later {
        nodes.extend(repeated_in(view));
        nodes.extend(answered_by(view));
    }
    nodes.extend(observation(view, known));
    nodes.extend(super::names::nodes(view));
    nodes
}

/// The URI that was requested; what can be read of it, where its parts are not all there to be read.
fn uri(view: &View<'_>) -> Option<String> {
    let message = &view.message;
    if message.lacks_options() || message.has(OptionNumber::OSCORE) || !view.is_message() {
        let path = content::path(message);
        return Some(content::authority(message).map_or_else(|| path.clone(), |authority| authority + &path));
    }
    let to = view.destination()?;
    message.uri("coap", to.address, to.port)
}

/// The message that evidence speaks of.
pub(super) fn about(view: &View<'_>) -> Option<Node> {
    let about = view.record.relates_to;
    let frame = (about != NO_RECORD).then(|| view.frame_of(about)).flatten()?;
    Some(Node::generated("coapscope.about", "About the message in", format!("frame {frame}")).pointing_to(about))
}

/// What follows from an option's number. Up to draft -11 that was less than today.
pub(super) fn properties(number: OptionNumber, mode: DecodeMode) -> String {
    let critical = if number.is_critical() { "critical" } else { "elective" };
    if matches!(mode, DecodeMode::Draft03 | DecodeMode::Draft08) {
        return critical.to_owned();
    }
    let forward = match (number.is_unsafe(), number.is_no_cache_key()) {
        (true, _) => "unsafe to forward",
        (false, true) => "safe to forward, not part of the cache key",
        (false, false) => "safe to forward, part of the cache key",
    };
    format!("{critical}, {forward}")
}

fn frame(view: &View<'_>, id: RecordId) -> String {
    view.frame_of(id).map_or_else(|| "a frame that has left memory".into(), |frame| format!("frame {frame}"))
}

fn exchange(view: &View<'_>, known: Known) -> Option<Node> {
    let row = view.exchange()?;
    let mut text = view.record.exchange.0.to_string();
    if row.request != NO_RECORD
        && row.request != view.id
        && !(view.record.is_repeat() && view.record.relates_to == row.request)
    {
        text += &format!(", requested in {}", frame(view, row.request));
    }
    if !view.record.code.is_request()
        && let Some(resource) = view.store.resource(row.resource)
    {
        text += &format!(", {}", escape::text(resource));
    }
    if known == Known::Later {
        match spared::classes(&row).filter(|_| spared::is_spared(view.store, &row)) {
            Some(classes) => {
                let acknowledged = if row.confirmable { "acknowledged" } else { "sent" };
                text += &format!(", {acknowledged}, asks to be spared {classes} responses");
            }
            None => text += &format!(", {}", state(view, &row)),
        }
        if row.round_trip >= 0 {
            text += &format!(" after {}", duration(row.round_trip));
        }
        if row.transmissions > 1 {
            text += &format!(", {} transmissions of the request", row.transmissions);
        }
        if row.responses > 1 {
            text += &format!(", {} responses", row.responses);
        }
    }
    let node = Node::generated("coapscope.exchange", "Exchange", text);
    Some(if row.request == NO_RECORD || row.request == view.id { node } else { node.pointing_to(row.request) })
}

/// The state of an exchange in words.
fn state(view: &View<'_>, row: &ExchangeRow) -> String {
    let how = match row.answer {
        AnswerKind::None | AnswerKind::Reset => "",
        AnswerKind::Piggybacked => ", response in the ACK",
        AnswerKind::Separate => ", separate response",
        AnswerKind::Non => ", Non-confirmable response",
    };
    let word = match row.state {
        ExchangeState::Open => "no answer seen",
        ExchangeState::Acknowledged => "acknowledged, no response seen",
        ExchangeState::TimedOut => "timed out",
        ExchangeState::Evicted => "not followed to its end, for want of memory",
        _ => field::exchange_state(view.store, row),
    };
    format!("{word}{how}")
}

fn relation(view: &View<'_>) -> Option<Node> {
    let (record, first) = (view.record, view.record.relates_to);
    let to = view.store.shown_relation(view.id).unwrap_or(first);
    let after =
        |time: Option<i64>| time.map(|time| format!(", {} after its first copy", duration(time))).unwrap_or_default();
    let (name, label, text) = match record.relation() {
        Relation::None => return None,
        Relation::Answers => {
            let label = if record.role == Role::Notification {
                "Notifies the registration in"
            } else {
                "Answers the request in"
            };
            ("coapscope.answers", label, frame(view, to) + &after(view.response_time()) + &which_copy(view))
        }
        Relation::Acknowledges => {
            let label = "Acknowledges the message in";
            ("coapscope.answers", label, frame(view, to) + &after(view.response_time()) + &which_copy(view))
        }
        Relation::Resets => (
            "coapscope.answers",
            if record.role == Role::Pong { "Answers the ping in" } else { "Rejects the message in" },
            frame(view, to) + &after(view.response_time()) + &which_copy(view),
        ),
        Relation::Retransmits => {
            let captured = match view.copies() {
                Some(copies) if copies.unseen() > 0 => {
                    let perhaps = if copies.unsure { "perhaps " } else { "" };
                    format!(" in this capture, {perhaps}{} by the clock", copies.by_clock)
                }
                _ => String::new(),
            };
            let copy = format!(
                "{}{}, transmission {}{captured}",
                frame(view, to),
                after(view.elapsed_since_first()),
                record.transmission
            );
            ("coapscope.retransmission_of", "Retransmission of", copy)
        }
        Relation::Duplicates => {
            let text = frame(view, first) + &after(view.elapsed_since_first()) + &same_datagram(view, to);
            ("coapscope.duplicate_of", "Duplicate of", text)
        }
        Relation::CopyOf => ("coapscope.copy_of", "The same frame was captured before, as", frame(view, to)),
    };
    Some(Node::generated(name, label, text).pointing_to(to))
}

/// Of a later copy that the network doubled: which one that is. A relation names the first.
fn same_datagram(view: &View<'_>, same: RecordId) -> String {
    if same == view.record.relates_to {
        return String::new();
    }
    let after = view.store.elapsed(same, view.id).map(|time| format!(", {} before", duration(time)));
    format!("; the same datagram as {}{}", frame(view, same), after.unwrap_or_default())
}

/// Of a first answer to what had been sent several times before it: how long after the last copy, and that nobody knows which copy it is for.
fn which_copy(view: &View<'_>) -> String {
    let attempts = view.store.attempts(view.id).unwrap_or_default();
    match attempts[..] {
        _ if view.is_ambiguous() => "; or another one that was open with the same token".into(),
        [_, .., last] => {
            let after = last.elapsed.map(|time| format!(", {} after the last of {}", duration(time), attempts.len()));
            let after = after.unwrap_or_else(|| format!(", behind {} copies", attempts.len()));
            format!("{after}; which of them it answers cannot be told")
        }
        _ => String::new(),
    }
}

/// The later copies of a message.
fn repeated_in(view: &View<'_>) -> Option<Node> {
    let copies = view.store.repeated_in(view.id);
    let first = *copies.first()?;
    let of = |id: RecordId| view.store.get(id).map(|copy| copy.relation());
    let all = of(first).filter(|relation| copies.iter().all(|copy| of(*copy) == Some(*relation)));
    let label = match all {
        Some(Relation::Retransmits) => "Retransmitted in",
        Some(Relation::CopyOf) => "Captured again in",
        _ => "Repeated in",
    };
    Some(Node::generated("coapscope.repeated_in", label, super::body::frames_of(view, &copies)).pointing_to(first))
}

fn answered_by(view: &View<'_>) -> Option<Node> {
    let by = view.store.answered_by(view.id)?;
    let took = view.store.answered_after(view.id, by);
    let after = took.map(|time| format!(", {} after this copy", duration(time))).unwrap_or_default();
    Some(Node::generated("coapscope.answered_by", "Answered in", frame(view, by) + &after).pointing_to(by))
}

fn observation(view: &View<'_>, known: Known) -> Option<Node> {
    let Some(id) = view.store.observation_of(view.id) else { return ends_none(view) };
    let row = view.store.observation(id)?;
    let mut text = id.0.to_string();
    if row.registration != NO_RECORD && row.registration != view.id {
        text += &format!(", registered in {}", frame(view, row.registration));
    } else if row.registration == NO_RECORD {
        text += ", its registration is not known";
    }
    match view.record.order() {
        ObserveOrder::None => {}
        ObserveOrder::First => text += ", its first number",
        ObserveOrder::Next => text += ", newer by one",
        ObserveOrder::Newer => text += ", newer",
        ObserveOrder::Gap => text += ", newer, numbers in between had not come",
        ObserveOrder::NewerByTime => text += ", newer because more than 128 s passed",
        ObserveOrder::Stale => text += ", stale: a newer one came before it",
        ObserveOrder::Same if view.message.oscore().is_some() => text += ", the same Partial IV as the freshest",
        ObserveOrder::Same => text += ", the same number as the freshest",
    }
    if known == Known::Later {
        text += &format!(", {} in all", count(row.notifications, "notification"));
        match row.end {
            ObservationEnd::Open => {}
            ObservationEnd::Evicted => text += ", not followed to its end, for want of memory",
            end if row.ended_by == NO_RECORD => text += &format!(", ended: {}", field::end(end)),
            end => text += &format!(", ended by {}: {}", frame(view, row.ended_by), field::end(end)),
        }
    }
    let node = Node::generated("coapscope.observation", "Observation", text);
    Some(if row.registration == NO_RECORD || row.registration == view.id {
        node
    } else {
        node.pointing_to(row.registration)
    })
}

/// A request to observe no more, under a token that nothing is observed under (RFC 7641 section 3.6).
fn ends_none(view: &View<'_>) -> Option<Node> {
    let asks =
        view.record.role == Role::Request && view.message.observe() == Some(1) && !view.message.mode().is_draft();
    asks.then(|| {
        Node::generated("coapscope.observation", "Observation", "none: nothing captured is observed under this token")
    })
}
