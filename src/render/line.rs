//! A message in one line: who, when, what, and what it answers or repeats.

use super::content;
use super::ladder::judge;
use super::time::duration;
use crate::coap::{MessageType, Severity, escape};
use crate::store::{Record, View};
use crate::tracking::{ObserveOrder, RecordId, Relation, Role};

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
    /// Of the summary: the payload, and why the message could not be read to its end.
    pub content: String,
    /// What it answers or repeats, and after how long.
    pub link: String,
}

/// What stands out about a message, in one or two letters: `E` and `W` a finding, `R1` and so on a retransmission, `D` a
/// duplicate, `C` a frame captured twice, `G` a gap before a notification, `o` an observation. The first of these that holds is shown: a
/// retransmission that something is wrong with is `W`, and its link says which copy it is; so is a stale notification.
pub fn flag(record: &Record) -> String {
    match (record.severity(), record.relation(), record.order()) {
        (Some(Severity::Error), ..) => "E".into(),
        (Some(Severity::Warn), ..) => "W".into(),
        (_, Relation::Retransmits, _) => retransmission(record),
        (_, Relation::Duplicates, _) => "D".into(),
        (_, Relation::CopyOf, _) => "C".into(),
        (.., ObserveOrder::Gap) => "G".into(),
        _ if matches!(record.role, Role::Registration | Role::Deregistration | Role::Notification) => "o".into(),
        _ if record.order() != ObserveOrder::None => "o".into(),
        _ => String::new(),
    }
}

/// `R1` for the first retransmission, which is the second transmission.
fn retransmission(record: &Record) -> String {
    format!("R{}", record.transmission.saturating_sub(1))
}

/// The parts of a message's line. Only what is known at that message goes in.
pub fn parts(view: &View<'_>) -> Line {
    let ends = [view.source(), view.destination()];
    parts_between(view, ends.map(|end| end.map(ToString::to_string).unwrap_or_default()))
}

/// The same, given what sender and receiver are called.
pub fn parts_between(view: &View<'_>, [source, destination]: [String; 2]) -> Line {
    let mut line =
        Line { number: view.record.frame.to_string(), flag: flag(view.record), source, destination, ..Line::default() };
    if !view.is_message() {
        evidence(view, &mut line);
        return line;
    }
    line.token = escape::hex(view.message.token().unwrap_or_default());
    if let Some(header) = view.message.header() {
        line.message_type = header.message_type.abbreviation().into();
        line.message_id = header.message_id.to_string();
        line.code = match header.code.name() {
            _ if header.code.is_empty() => empty(view.record.role, header.message_type).into(),
            Some(name) if header.code.is_request() => name.into(),
            Some(name) => format!("{} {name}", header.code),
            None => format!("{} {}", header.code, header.code.description()),
        };
    }
    line.observe = view.message.observe().map(|number| observe(view, number)).unwrap_or_default();
    summarize(view, &mut line);
    line.link = link(view);
    line
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
    line.link = about.map(|frame| format!("about #{frame}")).unwrap_or_default();
}

/// What the message is about, in the order in which a reader asks.
fn summarize(view: &View<'_>, line: &mut Line) {
    let message = &view.message;
    if view.record.code.is_request() {
        let path = content::path(message);
        // Uri-Host names what the message is sent to anyway; what a proxy is asked for does not.
        line.path = match content::proxied(message) {
            Some(target) if path != "/" => target + &path,
            Some(target) => target,
            None => path,
        };
    } else if matches!(view.record.role, Role::SeparateResponse | Role::NonResponse | Role::Notification)
        && let Some(resource) = view.exchange().and_then(|exchange| view.store.resource(exchange.resource))
    {
        line.path = escape::text(resource).into_owned();
    }
    line.blocks = content::blocks(message).join(" ");
    let mut words = Words::default();
    words.push(&content::payload(message, PREVIEW));
    if let Some(stop) = message.stop().filter(|_| !message.is_cut()) {
        words.push(&format!("malformed: {}", stop.rule.row().id));
    } else if message.header().is_none() {
        words.push(&format!("{} B, too short for a header", message.bytes().len()));
    }
    line.content = words.0;
    let mut words = Words::default();
    [&line.path, &line.blocks, &line.content].into_iter().for_each(|part| words.push(part));
    line.summary = words.0;
}

/// Words with blanks between them.
#[derive(Default)]
struct Words(String);

impl Words {
    fn push(&mut self, word: &str) {
        if !self.0.is_empty() && !word.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(word);
    }
}

/// The Observe option in words.
fn observe(view: &View<'_>, number: u32) -> String {
    match (view.record.code.is_request(), number, view.record.order()) {
        (true, 0, _) => "Observe register".into(),
        (true, 1, _) => "Observe deregister".into(),
        (_, _, ObserveOrder::Stale) => format!("Observe {number} stale"),
        (_, _, ObserveOrder::Gap) => format!("Observe {number} gap"),
        (_, _, ObserveOrder::Same) => format!("Observe {number} again"),
        _ => format!("Observe {number}"),
    }
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

/// What the message answers or repeats, and after how long.
fn link(view: &View<'_>) -> String {
    let record = view.record;
    let to = |id: RecordId| view.frame_of(id).map_or_else(|| "an earlier message".into(), |frame| format!("#{frame}"));
    let after = |time: Option<i64>| time.map(|time| format!(" +{}", duration(time))).unwrap_or_default();
    let took = |time: Option<i64>| time.map(|time| format!(" {}", duration(time))).unwrap_or_default();
    match record.relation() {
        Relation::None => String::new(),
        Relation::Answers if view.is_ambiguous() => {
            format!("re {}?{}", to(record.relates_to), took(view.response_time()))
        }
        Relation::Answers => format!("re {}{}", to(record.relates_to), took(view.response_time())),
        Relation::Acknowledges => format!("acks {}{}", to(record.relates_to), took(view.response_time())),
        Relation::Resets => format!("resets {}{}", to(record.relates_to), took(view.response_time())),
        Relation::Retransmits => {
            let to = to(record.relates_to);
            format!("{} of {to}{}{}", retransmission(record), after(view.elapsed_since_first()), by_clock(view))
        }
        Relation::Duplicates => format!("repeats {}{}", to(record.relates_to), after(view.elapsed_since_first())),
        Relation::CopyOf => format!("same as {}{}", to(record.relates_to), after(view.elapsed_since_first())),
    }
}
