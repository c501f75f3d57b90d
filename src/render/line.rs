//! A message in one line: who, when, what, and what it answers or repeats.

use std::borrow::Cow;

use super::ladder::judge;
use super::time::push_duration;
use super::{content, digits};
use crate::coap::{Header, MessageType, Severity, escape};
use crate::store::{Record, View};
use crate::tracking::{ObserveOrder, Relation, Role};

/// Characters of payload that a line shows.
const PREVIEW: usize = 60;

/// The parts of a line, escaped, each on its own so that lists can lay them out in columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Frame number.
    pub number: String,
    /// One or two letters, see [`flag`]; empty where nothing stands out.
    pub flag: String,
    /// Endpoint of the sender.
    pub source: String,
    /// Endpoint of the receiver.
    pub destination: String,
    /// CON, NON, ACK, RST; for evidence `ICMP` or `DTLS`.
    pub message_type: String,
    /// Message ID in decimal.
    pub message_id: String,
    /// Token in hex.
    pub token: String,
    /// Code and name: `GET`, `2.05 Content`.
    pub code: String,
    /// The Observe option: `Observe register`, `Observe 13 gap`.
    pub observe: String,
    /// What it is about: path, blocks, payload.
    pub summary: String,
    /// Of the summary: the path of a request, or of a response that stands far from its request.
    pub path: String,
    /// Of the summary: the Block options.
    pub blocks: String,
    /// Of the summary: the payload, and why the message could not be read to its end; of evidence all of it.
    pub content: String,
    /// What it answers or repeats, and after how long.
    pub link: String,
}

/// What stands out about a message, in one or two letters: `E` and `W` a finding, `R1` and so on a retransmission, `D` a
/// duplicate, `C` a frame captured twice, `G` a gap before a notification, `o` an observation. The first of these that holds is shown: a
/// retransmission that something is wrong with is `W`, and its link says which copy it is; so is a stale notification.
pub fn flag(record: &Record) -> Cow<'static, str> {
    match (record.severity(), record.relation(), record.order()) {
        (Some(Severity::Error), ..) => "E".into(),
        (Some(Severity::Warn), ..) => "W".into(),
        (_, Relation::Retransmits, _) => retransmission(record).into(),
        (_, Relation::Duplicates, _) => "D".into(),
        (_, Relation::CopyOf, _) => "C".into(),
        (.., ObserveOrder::Gap) => "G".into(),
        _ if matches!(record.role, Role::Registration | Role::Deregistration | Role::Notification) => "o".into(),
        _ if record.order() != ObserveOrder::None => "o".into(),
        _ => "".into(),
    }
}

/// `R1` for the first retransmission, which is the second transmission.
fn retransmission(record: &Record) -> String {
    format!("R{}", record.transmission.saturating_sub(1))
}

/// The parts of a message's line. Only what is known at that message goes in.
pub fn parts(view: &View<'_>) -> Line {
    let [source, destination] =
        [view.source(), view.destination()].map(|end| end.map(ToString::to_string).unwrap_or_default());
    let mut line = Line { source, destination, ..Line::default() };
    line.fill(view);
    line
}

impl Line {
    /// Empties it, and keeps its memory for the next line.
    pub(super) fn clear(&mut self) {
        let Self {
            number,
            flag,
            source,
            destination,
            message_type,
            message_id,
            token,
            code,
            observe,
            summary,
            path,
            blocks,
            content,
            link,
        } = self;
        [number, flag, source, destination, message_type, message_id, token].into_iter().for_each(String::clear);
        [code, observe, summary, path, blocks, content, link].into_iter().for_each(String::clear);
    }

    /// Fills in all but what sender and receiver are called.
    pub(super) fn fill(&mut self, view: &View<'_>) {
        digits::push(&mut self.number, view.record.frame);
        self.flag.push_str(&flag(&view.record));
        if !view.is_message() {
            return evidence(view, self);
        }
        escape::push_hex(&mut self.token, view.message.token().unwrap_or_default());
        if let Some(header) = view.message.header() {
            self.message_type.push_str(header.message_type.abbreviation());
            digits::push(&mut self.message_id, header.message_id);
            push_code(&mut self.code, view.record.role, header);
        }
        if let Some(number) = view.message.observe() {
            push_observe(&mut self.observe, view, number);
        }
        summarize(view, self);
        push_link(&mut self.link, view);
    }
}

/// Appends a code and its name.
pub(super) fn push_code(into: &mut String, role: Role, Header { code, message_type, .. }: Header) {
    match code.name() {
        _ if code.is_empty() => into.push_str(empty(role, message_type)),
        Some(name) if code.is_request() => into.push_str(name),
        _ => {
            digits::push(into, code.class());
            into.push('.');
            digits::push_padded(into, code.detail().into(), 2);
            into.push(' ');
            into.push_str(code.description());
        }
    }
}

/// What an Empty message is.
fn empty(role: Role, message_type: MessageType) -> &'static str {
    match (role, message_type) {
        (Role::Ping, _) => "ping",
        (Role::Pong, _) => "pong",
        (_, MessageType::Reset) => "reset",
        _ => "empty",
    }
}

fn evidence(view: &View<'_>, line: &mut Line) {
    let findings = view.findings();
    let about =
        (view.record.relates_to != crate::tracking::NO_RECORD).then(|| view.frame_of(view.record.relates_to)).flatten();
    let layer = super::tree::evidence_layer(view);
    line.message_type = layer.name.into();
    line.summary = layer.summary;
    if layer.quotes_dtls {
        line.summary += ", quotes DTLS";
    }
    if let Some(finding) = findings.first().filter(|_| about.is_none()) {
        line.summary += &format!(", {}", finding.rule.row().id);
    }
    // Whatever it quotes, this is all that it says.
    line.content.clone_from(&line.summary);
    line.link = about.map(|frame| format!("about #{frame}")).unwrap_or_default();
}

/// What the message is about, in the order in which a reader asks.
fn summarize(view: &View<'_>, line: &mut Line) {
    push_path(&mut line.path, view);
    push_blocks(&mut line.blocks, view);
    push_content(&mut line.content, view);
    [&line.path, &line.blocks, &line.content].into_iter().for_each(|part| push_word(&mut line.summary, part));
}

/// Appends the same as one text.
pub(super) fn push_summary(into: &mut String, view: &View<'_>) {
    let start = into.len();
    for push in [push_path, push_blocks, push_content] {
        let before = into.len();
        if before > start {
            into.push(' ');
        }
        let begin = into.len();
        push(into, view);
        if into.len() == begin {
            into.truncate(before);
        }
    }
}

fn push_path(into: &mut String, view: &View<'_>) {
    if view.record.code.is_request() {
        content::push_target(into, &view.message);
    } else if matches!(view.record.role, Role::SeparateResponse | Role::NonResponse | Role::Notification)
        && let Some(resource) = view.exchange().and_then(|exchange| view.store.resource(exchange.resource))
    {
        into.push_str(&escape::text(resource));
    }
}

fn push_blocks(into: &mut String, view: &View<'_>) {
    for (index, block) in content::each_block(&view.message).enumerate() {
        into.push_str(if index > 0 { " " } else { "" });
        into.push_str(&block);
    }
}

/// Appends the payload, and why the message could not be read to its end.
fn push_content(into: &mut String, view: &View<'_>) {
    let message = &view.message;
    let start = into.len();
    content::push_payload(into, message, PREVIEW);
    let gap = if into.len() > start { " " } else { "" };
    if let Some(stop) = message.fault() {
        into.push_str(&format!("{gap}malformed: {}", stop.rule.row().id));
    } else if message.header().is_none() {
        let why = content::without_header(message);
        into.push_str(&format!("{gap}{} B{why}", message.bytes().len()));
    }
}

/// Appends a word, with a blank between it and those before it.
fn push_word(into: &mut String, word: &str) {
    if !into.is_empty() && !word.is_empty() {
        into.push(' ');
    }
    into.push_str(word);
}

/// Appends the Observe option in words.
pub(super) fn push_observe(into: &mut String, view: &View<'_>, number: u32) {
    let order = match (view.record.code.is_request(), number, view.record.order()) {
        (true, 0, _) => return into.push_str("Observe register"),
        (true, 1, _) => return into.push_str("Observe deregister"),
        (_, _, ObserveOrder::Stale) => " stale",
        (_, _, ObserveOrder::Gap) => " gap",
        // Of what is protected the Partial IV tells the order (RFC 8613 section 7.4.1).
        (_, _, ObserveOrder::Same) if view.message.oscore().is_some() => ", Partial IV again",
        (_, _, ObserveOrder::Same) => " again",
        _ => "",
    };
    into.push_str("Observe ");
    digits::push(into, number);
    into.push_str(order);
}

/// Which retransmission it is by the clock, where copies before it are not in the capture.
fn by_clock(view: &View<'_>) -> String {
    match view.copies() {
        Some(copies) if copies.unseen() > 0 => {
            format!(", {}", judge::by_clock(u32::from(copies.by_clock.saturating_sub(1)), copies.unsure))
        }
        _ => String::new(),
    }
}

/// Appends what the message answers or repeats, and after how long.
pub(super) fn push_link(into: &mut String, view: &View<'_>) {
    let record = view.record;
    let what = match record.relation() {
        Relation::None => return,
        Relation::Answers => "re ",
        Relation::Acknowledges => "acks ",
        Relation::Resets => "resets ",
        Relation::Retransmits => {
            into.push_str(&retransmission(&record));
            " of "
        }
        Relation::Duplicates => "repeats ",
        Relation::CopyOf => "same as ",
    };
    into.push_str(what);
    let to = view.store.shown_relation(view.id).unwrap_or(record.relates_to);
    match view.frame_of(to) {
        Some(frame) => {
            into.push('#');
            digits::push(into, frame);
        }
        None => into.push_str("an earlier message"),
    }
    if record.relation() == Relation::Answers && view.is_ambiguous() {
        into.push('?');
    }
    let (time, before) =
        if record.is_repeat() { (view.store.elapsed(to, view.id), " +") } else { (view.response_time(), " ") };
    if let Some(time) = time {
        into.push_str(before);
        push_duration(into, time);
    }
    if record.relation() == Relation::Retransmits {
        into.push_str(&by_clock(view));
    }
    // It is the same datagram as a later copy; a relation by name is to the first.
    if to != record.relates_to
        && let Some(first) = view.frame_of(record.relates_to)
    {
        into.push_str(", first #");
        digits::push(into, first);
    }
}
