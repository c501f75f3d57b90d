//! Below an exchange: its copies against the schedule of RFC 7252 section 4.8, what answered them, and what the capture point cannot know.

use super::exchanges::further_responses;
use super::members::{Member, is_copy, members};
use super::nearly::{Nearly, astray, nearly};
use super::schedule::schedule;
use super::{Context, Facts, Line, state};
use crate::coap::{Code, Rule, Severity, count, escape};
use crate::pipeline::Fetcher;
use crate::render::content;
use crate::render::ladder::judge::{DOUBLED, Gap, OWN, Verdict, gap};
use crate::render::time::duration;
use crate::store::spared::{self, is_spared};
use crate::store::{Attempt, Record, RecordKind};
use crate::tracking::{AnswerKind, ExchangeId, ExchangeRow, ExchangeState, NO_RECORD, RecordId, Relation, Role};
use crate::tui::view::text;

/// Columns of the times of messages, at least.
const TIMES: usize = 9;
/// Columns for what is said of a message below which its further lines begin farther to the left, and where they begin then.
const TOLD: usize = 24;
const INDENT: usize = 9;

/// What is said of an exchange.
pub(super) fn say(context: &Context<'_>, id: ExchangeId, fetcher: &mut Fetcher, facts: &mut Facts) {
    let Some(row) = context.store.exchange(id) else { return };
    facts.title = title(context, id, &row, fetcher);
    let told = members(context, &row);
    let message = |member: &Member| match member {
        Member::Told(id, record) => Some((*id, *record)),
        Member::LeftOut(..) => None,
    };
    let members: Vec<(RecordId, Record)> = told.iter().filter_map(message).collect();
    if row.confirmable && context.page.0 >= 7 {
        facts.head = schedule(context, &row, &members);
    }
    if let Some(said) = told_in_part(&told) {
        // It stays in sight, where there is room.
        let lines = if context.page.0 >= 7 { &mut facts.head } else { &mut facts.lines };
        wrapped(context, &said, " ", |line| lines.push(Line::plain(line)));
    }
    let width = members.iter().map(|(id, _)| since_first(context, &row, *id).len()).max().unwrap_or(0).max(TIMES);
    for told in &told {
        let (id, record) = match told {
            Member::Told(id, record) => (*id, *record),
            Member::LeftOut(messages, exact) => {
                wrapped(context, &left_out(*messages, *exact), "         ", |line| facts.lines.push(Line::plain(line)));
                continue;
            }
        };
        facts.lines.extend(member(context, &row, id, &record, width));
        if let Some(quoting) = context.selected.filter(|selected| {
            context
                .store
                .get(*selected)
                .is_some_and(|other| other.kind() == RecordKind::Evidence && other.relates_to == id)
        }) {
            let said =
                format!(" {:>6}  {:>width$}  ICMP error that quotes #{}", context.frame(quoting), "", record.frame);
            facts.lines.push(Line::plain(said).of(quoting));
        }
        for (said, severity) in findings(context, id) {
            let style = context.theme.severity(severity);
            wrapped(context, &said, "         ", |line| facts.lines.push(Line::styled(line, style).of(id)));
        }
    }
    let nearly = if row.response == NO_RECORD { nearly(context, &row, fetcher) } else { Nearly::default() };
    for sentence in sentences(context, &row, &members, &nearly) {
        wrapped(context, &sentence, " ", |line| facts.lines.push(Line::plain(line)));
    }
}

/// What stands for messages that are not told of.
fn left_out(messages: usize, exact: bool) -> String {
    let or_more = if exact { "" } else { " or more" };
    format!(".. {}{or_more} left out", count(messages, "message"))
}

/// That messages are left out of a long exchange, and how many.
fn told_in_part(told: &[Member]) -> Option<String> {
    let gaps = told.iter().filter_map(|member| match member {
        Member::LeftOut(messages, exact) => Some((*messages, *exact)),
        Member::Told(..) => None,
    });
    let (missing, exact, places) =
        gaps.fold((0, true, 0), |(sum, all, places), (messages, exact)| (sum + messages, all && exact, places + 1));
    let all = missing + told.len() - places;
    let how_many = if exact { format!("{missing} of {all}") } else { format!("{missing} or more") };
    (places > 0).then(|| format!("Long: {how_many} messages left out; here are those around the selected one."))
}

/// What is to be said of a message, each sentence once: every copy may have its own ICMP error, and all of them say the same.
fn findings(context: &Context<'_>, id: RecordId) -> Vec<(String, Severity)> {
    let mut said: Vec<(String, &str, Severity, usize)> = Vec::new();
    for finding in context.store.findings(id).filter(|finding| finding.rule != Rule::MidRetransmission) {
        let text = finding.text_with(&|id| crate::render::frame_number(context.store, id));
        let text = text.replacen("the datagram", &format!("the datagram of {}", context.frame(id)), 1);
        match said.iter_mut().find(|(known, ..)| *known == text) {
            Some((.., times)) => *times += 1,
            None => said.push((text, finding.reference(), finding.severity, 1)),
        }
    }
    let lines = said.into_iter().map(|(text, reference, severity, times)| {
        let times = if times > 1 { format!("; {times} times") } else { String::new() };
        (format!("{text} ({reference}{times})"), severity)
    });
    lines.collect()
}

/// A sentence in lines as wide as the pane, the further ones indented.
fn wrapped(context: &Context<'_>, sentence: &str, indent: &str, mut line: impl FnMut(String)) {
    let columns = context.page.1.saturating_sub(indent.len() + 1);
    text::wrap(sentence, columns).into_iter().for_each(|part| line(format!("{indent}{part}")));
}

fn title(context: &Context<'_>, id: ExchangeId, row: &ExchangeRow, fetcher: &mut Fetcher) -> String {
    let known = context.store.resource(row.resource).map(|text| escape::text(text).into_owned());
    // Why its path is not known, the request tells.
    let told = || fetcher.view(context.store, row.request).ok().flatten().map(|view| content::target(&view.message));
    let what = known.or_else(told).unwrap_or_default();
    let method = Code(row.method);
    let method = method.name().map_or_else(|| method.to_string(), str::to_owned);
    let ends = format!("{} > {}", context.aliases.name(row.client), context.aliases.name(row.server));
    let copies = if row.transmissions > 1 { format!(", {} copies", row.transmissions) } else { String::new() };
    let answers = further_responses(row).map_or_else(String::new, |_| format!(", {} responses", row.responses));
    let after = format!("  {ends}{copies}{answers}, {}", state(row, context.store, context.now, context.parameters));
    context.title(format!("exchange {}: {method} ", id.0), &what, &after)
}

/// How long after the first copy a message came: `+2.04 s`, nothing for that itself.
fn since_first(context: &Context<'_>, row: &ExchangeRow, id: RecordId) -> String {
    let after = context.store.elapsed(row.request, id).filter(|time| *time > 0);
    after.map(|time| format!("+{}", duration(time))).unwrap_or_default()
}

/// A message of the exchange, in one line where it fits; its time has so many columns.
fn member(context: &Context<'_>, row: &ExchangeRow, id: RecordId, record: &Record, width: usize) -> Vec<Line> {
    let parameters = context.parameters;
    let after = since_first(context, row, id);
    let (what, severity) = match gap(context.store, id, parameters) {
        _ if id == row.request => ("first copy of the request".to_owned(), None),
        Some(gap) => judged(&gap),
        None => (part(context, record) + &since_last_copy(context, id), None),
    };
    let style = severity.map_or_else(ratatui::style::Style::new, |severity| context.theme.severity(severity));
    let code = if record.code.is_empty() { String::new() } else { format!("{} ", named(record.code)) };
    let head =
        format!(" {:>6}  {after:>width$}  {} ", format!("#{}", record.frame), record.message_type.abbreviation());
    let own = text::width(&head);
    let indent = if own + TOLD > context.page.1 { INDENT } else { own };
    let columns = context.page.1.saturating_sub(indent + 1);
    // The first line has what is left beside the head, the further ones begin below it.
    let mut words = format!("{code}{what}");
    words += &responder(context, row, record, context.page.1.saturating_sub(own + 1 + text::width(&words)));
    let first = text::wrap(&words, context.page.1.saturating_sub(own + 1)).into_iter().next().unwrap_or_default();
    let rest = words.get(first.len()..).unwrap_or_default();
    let rest = text::wrap(rest, columns).into_iter().map(|line| format!("{:indent$}{line}", ""));
    std::iter::once(head + &first).chain(rest).map(|line| Line::styled(line, style).of(id)).collect()
}

/// Who of a group answered, with the address where so many columns have room for it.
fn responder(context: &Context<'_>, row: &ExchangeRow, record: &Record, columns: usize) -> String {
    if !row.multicast || !record.code.is_response() {
        return String::new();
    }
    let name = format!(" of {}", context.aliases.name(record.source));
    let place = context.store.endpoint(record.source).map(|place| format!(", {place}")).unwrap_or_default();
    if text::width(&name) + text::width(&place) > columns { name } else { name + &place }
}

/// Of a first answer to what had been sent several times before it: how long after the last copy it came.
fn since_last_copy(context: &Context<'_>, id: RecordId) -> String {
    match context.store.attempts(id).unwrap_or_default()[..] {
        [_, .., Attempt { record, elapsed: Some(time) }] => context
            .store
            .get(record)
            .filter(|record| record.transmission > 1)
            .map_or_else(String::new, |record| format!("; R{} +{}", record.transmission - 1, duration(time))),
        _ => String::new(),
    }
}

/// Which copy the answer is for: its round-trip time, or the times among which it is.
fn round_trip(context: &Context<'_>, row: &ExchangeRow) -> Option<String> {
    let mut attempts = context.store.attempts(row.response)?;
    let all = attempts.len();
    attempts.retain(|attempt| !is_unreachable(context, attempt.record));
    if let [Attempt { record, elapsed: Some(time) }] = attempts[..]
        && all > 1
    {
        let (copy, time) = (context.frame(record), duration(time));
        return Some(format!(
            "The answer is for {copy}, as an ICMP error says of the other copies that they did not arrive: it took {time}."
        ));
    }
    let times: Vec<String> = attempts.iter().filter_map(|attempt| attempt.elapsed).map(duration).collect();
    match &times[..] {
        [time] if attempts.len() == 1 && row.transmissions > 1 => {
            Some(format!("The answer can only be for the first copy, so the round trip took {time}."))
        }
        [first @ .., last] if attempts.len() > 1 && times.len() == attempts.len() => Some(format!(
            "Which of the {} copies the answer is for cannot be told, so the round trip took {} or {last}.",
            attempts.len(),
            first.join(", ")
        )),
        _ => None,
    }
}

/// `#4`, `#4 and #6`, `#4, #6 and 3 more`.
fn frames(context: &Context<'_>, ids: &[RecordId]) -> Option<String> {
    match ids {
        [] => None,
        [one] => Some(context.frame(*one)),
        [one, two] => Some(format!("{} and {}", context.frame(*one), context.frame(*two))),
        [one, two, rest @ ..] => {
            Some(format!("{}, {} and {} more", context.frame(*one), context.frame(*two), rest.len()))
        }
    }
}

/// A code with its name.
fn named(code: Code) -> String {
    match code.name() {
        Some(name) if code.is_request() => name.to_owned(),
        Some(name) => format!("{code} {name}"),
        None => code.to_string(),
    }
}

/// A gap, its window and the verdict.
fn judged(gap: &Gap) -> (String, Option<Severity>) {
    let Some(since) = gap.since else { return (format!("R{}", gap.captured), None) };
    let (verdict, severity) = match gap.verdict() {
        Some(Verdict::Early) => ("early", Some(Severity::Warn)),
        Some(Verdict::Late) => ("late", Some(Severity::Note)),
        Some(Verdict::Inside) if since < gap.window.0 => ("a little early (within 10 % and 100 ms)", None),
        Some(Verdict::Inside) if since > gap.window.1 => ("a little late (within 10 % and 100 ms)", None),
        Some(Verdict::Inside) => ("in its window", None),
        None => ("not judged", None),
    };
    let before = if gap.captured <= 1 { "the first".into() } else { format!("R{}", gap.captured - 1) };
    if gap.at_once {
        return (format!("R{} {DOUBLED}: {} after {before}", gap.captured, duration(since)), None);
    }
    if gap.own {
        return (format!("R{} {OWN}: {} after {before}", gap.captured, duration(since)), None);
    }
    // The verdict comes first: it is what a narrow screen must not cut off.
    let due = gap.verdict().map(|_| format!(", due {}", gap.window_text())).unwrap_or_default();
    let text = format!("R{} {verdict}: {} after {before}{due}", gap.captured, duration(since));
    (if gap.unseen() == 0 { text } else { format!("{text}; {}", gap.by_clock()) }, severity)
}

/// What a message is to the exchange.
fn part(context: &Context<'_>, record: &Record) -> String {
    match (record.relation(), record.role) {
        (Relation::Duplicates, _) => "a duplicate",
        (Relation::CopyOf, _) => "the same frame, captured twice",
        (Relation::Retransmits, _) => "sent again",
        (_, Role::PiggybackedResponse) => "in the ACK: the response",
        (_, Role::SeparateResponse) => "the response, in a message of its own",
        (_, Role::NonResponse) => "the response",
        (_, Role::Notification) => "a notification",
        // What arrived is another message than this one, of which an ICMP error may say that it did not.
        (_, Role::EmptyAck) if is_unreachable(context, record.relates_to) => {
            return format!("empty: a copy of {} arrived", context.frame(record.relates_to));
        }
        (_, Role::EmptyAck) if record.relates_to != NO_RECORD => {
            return format!("empty: {} arrived", context.frame(record.relates_to));
        }
        (_, Role::EmptyAck) => "empty",
        (_, Role::Reset) => "rejects it",
        _ => "",
    }
    .into()
}

/// What was looked for, what cannot be known here, and when the message ID is free.
fn sentences(context: &Context<'_>, row: &ExchangeRow, members: &[(RecordId, Record)], nearly: &Nearly) -> Vec<String> {
    let mut said = Vec::new();
    let Some(request) = context.store.get(row.request) else {
        said.push("The request is not in the capture, or has left memory.".into());
        return said;
    };
    let place = |id| context.store.endpoint(id).map(ToString::to_string).unwrap_or_default();
    let answered = row.response != NO_RECORD;
    let is_unreachable = |id| is_unreachable(context, id);
    if row.state == ExchangeState::Evicted {
        said.push("It was not followed to its end, for want of memory: whether an answer came is not known.".into());
    } else if let Some(classes) = spared::classes(row).filter(|_| is_spared(context.store, row)) {
        said.extend(nothing_owed(context, row, &classes, members));
    } else if !answered && row.answer == AnswerKind::None {
        let mid = request.message_id;
        let acknowledged = members.iter().find(|(_, record)| record.role == Role::EmptyAck).map(|(id, _)| *id);
        // Others may be there: from another endpoint, too late, or with another token.
        let unread = &nearly.malformed[..];
        let none = if unread.is_empty() { "none that answers it" } else { "none that can be read and answers it" };
        let ack = acknowledged.map_or_else(|| none.to_owned(), |id| format!("an empty ACK, {}", context.frame(id)));
        if row.confirmable {
            said.push(format!("Looked for: ACK or RST with message ID {mid} from {}: {ack}.", place(row.server)));
        }
        said.push(format!("Looked for: a response with its token to {}: {none}.", place(row.client)));
        if let Some(list) = frames(context, unread) {
            said.push(format!(
                "Malformed, so that it answers nothing, although its token or message ID would fit: {list}."
            ));
        }
        if let Some(list) = frames(context, &nearly.other_token) {
            said.push(format!("With its message ID, but another token, so that it answers nothing: {list}."));
        }
        if let Some(list) = frames(context, &nearly.other_id) {
            said.push(format!(
                "With its token, but in an ACK of another message ID, so that it answers nothing: {list}."
            ));
        }
        if let Some(list) = frames(context, &astray(context, row)) {
            said.push(format!("With its token, but not from where it was sent, so that it answers nothing: {list}."));
        }
        let copies = members.iter().filter(|(id, record)| *id == row.request || is_copy(row, *id, record));
        let quoted: Vec<RecordId> = copies.map(|(id, _)| *id).filter(|id| is_unreachable(*id)).collect();
        let icmp = match frames(context, &quoted) {
            _ if row.state == ExchangeState::Unreachable => "there is one".into(),
            // One copy did not arrive; another did.
            Some(list) => format!("there is one, about {list}"),
            None => "none".into(),
        };
        said.push(format!("Looked for: an ICMP error that quotes it: {icmp}."));
        let server = context.aliases.name(row.server);
        // Where an ICMP error speaks of it, that says what became of it.
        if row.state != ExchangeState::Unreachable {
            said.push(match acknowledged.or(nearly.reached) {
                Some(proof) => format!(
                    "It reached {server}, as {} shows. Not known here: whether a response got lost before it came here; a capture at {server} tells.",
                    context.frame(proof)
                ),
                None => format!(
                    "Not known here: whether it reached {server}, and whether an answer got lost before it came here; a capture there tells."
                ),
            });
        }
    } else if row.transmissions > 1
        && members.iter().any(|(id, record)| *id > row.response && is_copy(row, *id, record))
    {
        said.push(format!(
            "A copy was sent after the answer had passed here. Not known here: whether the answer was lost on its way to {0}, or came too late; a capture at {0} tells.",
            context.aliases.name(row.client)
        ));
    } else if row.transmissions > 1 {
        said.extend(on_the_way(context, row, members));
    } else {
        said.push("Times are those of the capture point: the way between it and the client is not in them.".into());
    }
    said.extend(round_trip(context, row));
    let mut missing = members.iter().filter_map(|(id, _)| Some((*id, gap(context.store, *id, context.parameters)?)));
    if let Some((id, gap)) = missing.rfind(|(_, gap)| gap.unseen() > 0) {
        said.push(if gap.unsure {
            let frame = context.frame(id);
            format!("R1, R2 ... count what was captured. By the clock {frame} may be R{} or later: some before it may not be in this capture.", gap.number)
        } else { format!(
            "R1, R2 ... count what was captured. By the clock {} is R{}: {} before it {} not in this capture.",
            context.frame(id),
            gap.number,
            gap.unseen(),
            if gap.unseen() == 1 { "is" } else { "are" }
        ) });
    }
    if answered && is_unreachable(row.response) {
        let (response, client) = (context.frame(row.response), context.aliases.name(row.client));
        said.push(format!(
            "The response {response} passed here, but an ICMP error says that it did not arrive at {client}."
        ));
    }
    said.extend(next_copy(context, row, members).filter(|_| row.confirmable));
    let (lifetime, name) = if row.confirmable {
        (context.parameters.exchange_lifetime(), "EXCHANGE_LIFETIME")
    } else {
        (context.parameters.non_lifetime(), "NON_LIFETIME")
    };
    let free = row.started.saturating_add(lifetime);
    said.push(format!(
        "{} may use message ID {} towards {} again from {} on ({name}, {} after the first copy; RFC 7252 section 4.4).",
        context.aliases.name(row.client),
        request.message_id,
        context.aliases.name(row.server),
        context.at(free),
        duration(lifetime),
    ));
    said
}

/// An ICMP error says that a message did not arrive.
fn is_unreachable(context: &Context<'_>, id: RecordId) -> bool {
    context.store.is_found(id, Rule::IcmpUnreachable)
}

/// Of a request with several copies, the last of them before its answer: what became of them on their way, as far as that can be known.
fn on_the_way(context: &Context<'_>, row: &ExchangeRow, members: &[(RecordId, Record)]) -> Option<String> {
    let copies = members.iter().filter(|(id, record)| *id == row.request || is_copy(row, *id, record));
    let copies: Vec<RecordId> = copies.map(|(id, _)| *id).collect();
    if copies.iter().any(|id| is_unreachable(context, *id)) {
        // That is said of the copy.
        return None;
    }
    let [server, client] = [row.server, row.client].map(|end| context.aliases.name(end));
    let is_ack = |(id, record): &&(RecordId, Record)| record.role == Role::EmptyAck && *id < row.response;
    let ack = members.iter().find(is_ack).map(|(id, _)| *id);
    let again = ack.and_then(|ack| copies.iter().rfind(|copy| **copy > ack));
    Some(match (ack, again) {
        (Some(ack), Some(copy)) => format!(
            "It reached {server}, as {} shows, before {} was sent: either that ACK got lost on its way to {client}, or it came too late; a capture at {client} tells.",
            context.frame(ack),
            context.frame(*copy),
        ),
        _ => format!(
            "{} passed the capture point. Not known here: whether copies were lost beyond it, or the server was slow; a capture at {server} tells.",
            count(usize::from(row.transmissions), "transmission"),
        ),
    })
}

/// That no response came, as the request asked; and what is not known all the same.
fn nothing_owed(
    context: &Context<'_>,
    row: &ExchangeRow,
    classes: &str,
    members: &[(RecordId, Record)],
) -> [String; 2] {
    let server = context.aliases.name(row.server);
    let acknowledged = members.iter().find(|(_, record)| record.role == Role::EmptyAck).map(|(id, _)| *id);
    let otherwise = if classes == "any" { "" } else { ", or whether a response of another class got lost" };
    [
        format!(
            "It asks to be spared {classes} responses (No-Response {}; RFC 7967 section 2.1): that none came is as it should be.",
            row.no_response
        ),
        match acknowledged {
            Some(ack) if otherwise.is_empty() => format!("It reached {server}, as {} shows.", context.frame(ack)),
            Some(ack) => format!(
                "It reached {server}, as {} shows. Not known here{}.",
                context.frame(ack),
                otherwise.replacen(", or", ":", 1)
            ),
            None => format!("Not known here: whether it reached {server}{otherwise}."),
        },
    ]
}

/// The copy that would come next, where no answer came: when, or that there is none left.
fn next_copy(context: &Context<'_>, row: &ExchangeRow, members: &[(RecordId, Record)]) -> Option<String> {
    if row.response != NO_RECORD || row.state != ExchangeState::Open {
        return None;
    }
    let last = members.iter().rfind(|(id, record)| is_copy(row, *id, record))?;
    let last = gap(context.store, last.0, context.parameters);
    if last.as_ref().is_some_and(|gap| gap.unsure || gap.own) {
        return None;
    }
    let step = last.map_or(0, |gap| gap.number) + 1;
    let captured = last.map_or(0, |gap| gap.captured) + 1;
    let by_clock = if step > captured { format!(", by the clock R{step}") } else { String::new() };
    let (from, to) = context.parameters.retransmission_gap(step);
    Some(if step > context.parameters.max_retransmit {
        format!("No copy is left; the sender gives up {} to {} after the last.", duration(from), duration(to))
    } else {
        format!("Next: R{captured}{by_clock}, expected {} to {} after the last copy.", duration(from), duration(to))
    })
}
