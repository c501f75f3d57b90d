//! The dissection tree of a message: every layer and field with its bits, what coapscope worked out, and the findings in place.

use std::borrow::Cow;

use super::facts;
use super::time::{known_rfc3339, seconds};
use super::{Node, NodeKind, Place, content, pattern, reading};
use crate::coap::parameters::PORT_COAPS;
use crate::coap::{Field, Finding, Message, OptionNumber, Span, count, escape, fields};
use crate::field::{self, of_option};
use crate::frame::{CURRENT_ROUTE, Endpoint, Frame, Layer, LayerField, is_known_time, layers};
use crate::payload::{self, About};
use crate::pipeline::is_dtls_record;
use crate::store::{Store, View};
use crate::tracking::{NO_RECORD, RecordId};

/// How much of what became known of a message goes into its tree, line or object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// What was known when the message arrived.
    SoFar,
    /// Also what became known later: its answer, the end of its exchange.
    Later,
}

/// The tree of a message or of evidence. The root stands for the frame; its children are the layers, CoAP last.
pub fn tree(view: &View<'_>, known: Known) -> Node {
    let mut root = Node::layer(
        "frame",
        format!("Frame {}", view.record.frame),
        "",
        Some(Place::Frame(Span::of_bytes(0, view.frame.bytes.len()))),
    );
    root.children.push(frame(view));
    root.children.extend(layers(&view.frame).iter().map(|layer| lower_layer(layer, view.frame.bytes)));
    root.children.extend(put_together(view));
    root.children.push(if view.is_message() { coap(view, known) } else { evidence(view) });
    root.settle();
    root
}

/// The tree of a message that stands alone: its fields and findings, no frame and no relations.
pub fn message_tree(message: &Message<'_>) -> Node {
    let path = super::payload::path_of(message);
    let mut layer = message_layer(message, About { path: &path, ..About::default() });
    for finding in message.findings().into_iter().chain(payload::findings(message)) {
        attach(&mut layer, &finding, finding_node(&finding, &no_frame));
    }
    layer.settle();
    layer
}

/// What was captured, and when.
fn frame(view: &View<'_>) -> Node {
    let (wire, captured) = (view.frame.original_length, view.frame.bytes.len());
    let lengths = if wire as usize == captured {
        count(wire, "byte")
    } else {
        format!("{}, {captured} captured", count(wire, "byte"))
    };
    let mut node = Node::layer("frame", format!("Frame {}", view.record.frame), lengths, None);
    let time = view.record.time;
    let at = known_rfc3339(time).unwrap_or_else(|| "not known".to_owned());
    node.children.push(Node::generated("frame.time", "Time", at));
    let known = |time: &i64| is_known_time(*time) && is_known_time(view.record.time);
    if let Some(first) = view.store.summary().first_time.filter(known) {
        let since = view.record.time.saturating_sub(first);
        node.children.push(Node::generated(
            "frame.time_relative",
            "Since the first frame",
            format!("{} s", seconds(since)),
        ));
    }
    let interface = view.store.interfaces().get(usize::from(view.record.interface));
    if let Some(name) = interface.and_then(|interface| interface.name.as_deref()) {
        node.children.push(Node::generated("frame.interface_name", "Interface", escape::text(name)));
    }
    if let Some(file) = view.file {
        let number = view.store.number_in_file(view.id).map(|number| format!(", frame {number} there"));
        let text = format!("{}{}", escape::text(file), number.unwrap_or_default());
        node.children.push(Node::generated("coapscope.file", "File", text));
    }
    for comment in view.comments {
        node.children.push(Node::generated("frame.comment", "Comment", escape::text(comment)));
    }
    if let Some(fragments) = view.store.extents(view.id) {
        node.children.push(Node::generated(
            "frame.fragments",
            "Message in IP fragments",
            format!("{}, of which this is the last", fragments.len()),
        ));
    }
    node
}

/// The layers of the IP packet that was put together from fragments. Their bytes are not those of the frame, so they have no place there.
fn put_together(view: &View<'_>) -> Vec<Node> {
    fn without_place(node: &mut Node) {
        node.place = None;
        node.children.iter_mut().for_each(without_place);
    }
    let Some(whole) = view.reassembled.map(|whole| whole.frame(&view.frame)) else { return Vec::new() };
    let mut nodes: Vec<Node> = layers(&whole).iter().map(|layer| lower_layer(layer, whole.bytes)).collect();
    nodes.iter_mut().for_each(without_place);
    if let Some(first) = nodes.first_mut() {
        first.label = format!("{} (put together)", first.label).into();
    }
    nodes
}

/// The IP packet that was put together, or the frame where it came in one piece.
fn whole<'a>(view: &View<'a>) -> Frame<'a> {
    view.reassembled.map_or(view.frame, |whole| whole.frame(&view.frame))
}

/// A header below CoAP with its fields.
fn lower_layer(layer: &Layer, frame: &[u8]) -> Node {
    // Names of the field table, so that a filter can be made of what is selected.
    let of_header = |field: &LayerField| match field.name {
        CURRENT_ROUTE => Some("ip.cur_rt"),
        _ => field::of_header(layer.name, field.span.bit - layer.span.bit, field.span.bits),
    };
    let name = field::of_header(layer.name, 0, 0).unwrap_or(layer.name);
    let mut node = Node::layer(name, layer.name, layer.summary.clone(), Some(Place::Frame(layer.span)));
    node.children = layer
        .fields
        .iter()
        .map(|field| Node {
            pattern: pattern(frame, field.span),
            meaning: match field.name {
                "Code" => icmp_says(layer, frame).unwrap_or_default().into(),
                _ => String::new(),
            },
            ..Node::field(
                of_header(field).map_or_else(|| format!("{}.{}", layer.name, field.name).into(), Cow::Borrowed),
                field.name,
                field.value.clone(),
                Place::Frame(field.span),
            )
        })
        .collect();
    node
}

fn coap(view: &View<'_>, known: Known) -> Node {
    let mut layer = message_layer(&view.message, view.about());
    layer.children.extend(super::body::node(view, known));
    layer.children.extend(facts::generated(view, known));
    let frame = |id| frame_number(view.store, id);
    for finding in view.findings() {
        attach(&mut layer, &finding, finding_node(&finding, &frame));
    }
    layer.children.extend(reading::node(&view.message));
    layer
}

fn evidence(view: &View<'_>) -> Node {
    let found = evidence_layer(view);
    let mut layer = message_layer(&view.message, About::default());
    layer.label = "Quoted message".into();
    if found.name == "DTLS" || found.quotes_dtls {
        layer.label = "Datagram Transport Layer Security".into();
        layer.value = match found.quotes_dtls {
            true => format!("quoted record, {} B", view.message.bytes().len()),
            false => found.summary,
        };
        layer.children.clear();
    }
    layer.children.extend(facts::about(view));
    let frame = |id| frame_number(view.store, id);
    for finding in view.findings() {
        attach(&mut layer, &finding, finding_node(&finding, &frame));
    }
    layer
}

/// ICMP errors in words: whether it is ICMPv6, type, code (RFC 792, RFC 1812 section 5.2.7, RFC 4443 section 3, RFC 8883).
const ICMP: &[(bool, u8, u8, &str)] = &[
    (false, 3, 0, "network unreachable"),
    (false, 3, 1, "host unreachable"),
    (false, 3, 2, "protocol unreachable"),
    (false, 3, 3, "port unreachable"),
    (false, 3, 4, "fragmentation needed but forbidden"),
    (false, 3, 5, "source route failed"),
    (false, 3, 6, "network unknown"),
    (false, 3, 7, "host unknown"),
    (false, 3, 8, "source host isolated"),
    (false, 3, 9, "network prohibited"),
    (false, 3, 10, "host prohibited"),
    (false, 3, 11, "network unreachable for this type of service"),
    (false, 3, 12, "host unreachable for this type of service"),
    (false, 3, 13, "communication prohibited"),
    (false, 3, 14, "host precedence violation"),
    (false, 3, 15, "precedence cutoff in effect"),
    (false, 4, 0, "source quench: send more slowly"),
    (false, 5, 0, "redirect for the network"),
    (false, 5, 1, "redirect for the host"),
    (false, 5, 2, "redirect for type of service and network"),
    (false, 5, 3, "redirect for type of service and host"),
    (false, 11, 0, "time to live exceeded"),
    (false, 11, 1, "fragments did not all arrive in time"),
    (false, 12, 0, "parameter problem in a header field"),
    (false, 12, 1, "a required option is missing"),
    (false, 12, 2, "bad length"),
    (true, 1, 0, "no route to destination"),
    (true, 1, 1, "communication prohibited"),
    (true, 1, 2, "beyond the scope of the source address"),
    (true, 1, 3, "address unreachable"),
    (true, 1, 4, "port unreachable"),
    (true, 1, 5, "source address failed a policy"),
    (true, 1, 6, "route to destination rejected"),
    (true, 1, 7, "error in a source routing header"),
    (true, 1, 8, "headers too long"),
    (true, 2, 0, "packet too big"),
    (true, 3, 0, "hop limit exceeded"),
    (true, 3, 1, "fragments did not all arrive in time"),
    (true, 4, 0, "erroneous header field"),
    (true, 4, 1, "unrecognized next header"),
    (true, 4, 2, "unrecognized IPv6 option"),
    (true, 4, 3, "first fragment has an incomplete header chain"),
    (true, 4, 4, "error in the upper-layer header of a segment route"),
    (true, 4, 5, "unrecognized next header at an intermediate node"),
    (true, 4, 6, "extension header too big"),
    (true, 4, 7, "extension header chain too long"),
    (true, 4, 8, "too many extension headers"),
    (true, 4, 9, "too many options in an extension header"),
    (true, 4, 10, "option too big"),
];

/// What an ICMP error says in words, where there are words for it; None for other layers.
fn icmp_says(layer: &Layer, bytes: &[u8]) -> Option<&'static str> {
    let version6 = layer.name.contains("v6");
    let [kind, code] = bytes.get(layer.span.byte_range())?.first_chunk::<2>()?;
    let is_said = |row: &&(bool, u8, u8, &'static str)| (row.0, row.1, row.2) == (version6, *kind, *code);
    ICMP.iter().find(|row| layer.name.contains("Control Message") && is_said(row)).map(|row| row.3)
}

/// What kind of evidence a frame is.
pub struct EvidenceLayer {
    /// `ICMP`, `ICMPv6` or `DTLS`.
    pub name: &'static str,
    /// What it says.
    pub summary: String,
    /// It is an ICMP error, and what it quotes is encrypted.
    pub quotes_dtls: bool,
}

/// What kind of evidence the frame is, and what it says.
pub fn evidence_layer(view: &View<'_>) -> EvidenceLayer {
    let whole = whole(view);
    let Some(layer) = layers(&whole).into_iter().find(|layer| layer.name.contains("Control Message")) else {
        let is_secure = |end: &Endpoint| end.port == PORT_COAPS;
        let is_secure = [view.source(), view.destination()].into_iter().flatten().any(is_secure);
        let place = if is_secure { "to a group" } else { "on a plain port" };
        let summary = format!("record {place}, {} B", view.message.bytes().len());
        return EvidenceLayer { name: "DTLS", summary, quotes_dtls: false };
    };
    let says = icmp_says(&layer, whole.bytes).map(str::to_owned);
    EvidenceLayer {
        name: if layer.name.contains("v6") { "ICMPv6" } else { "ICMP" },
        summary: says.unwrap_or(layer.summary),
        quotes_dtls: is_dtls_record(view.message.bytes()),
    }
}

/// The layer of a message with its fields.
fn message_layer(message: &Message<'_>, about: About<'_>) -> Node {
    let place = Place::Message(Span::of_bytes(0, message.bytes().len()));
    let mut layer = Node::layer("coap", "Constrained Application Protocol", headline(message), Some(place));
    layer.children = fields(message).iter().map(|field| field_node(field, message, about)).collect();
    layer
}

/// `CON, 0.03 PUT, MID 4098, token beef`.
fn headline(message: &Message<'_>) -> String {
    let Some(header) = message.header() else {
        return format!("{}{}", count(message.bytes().len(), "byte"), content::without_header(message));
    };
    let token = match message.token() {
        None => String::new(),
        Some([]) => ", no token".into(),
        Some(token) => format!(", token {}", escape::hex(token)),
    };
    let draft = if message.mode().is_draft() { format!(", read as {}", message.mode().name()) } else { String::new() };
    format!(
        "{}, {} {}, MID {}{token}{draft}",
        header.message_type.abbreviation(),
        header.code,
        header.code.description(),
        header.message_id
    )
}

/// Names of the field table for the fields of the header and the like.
const NAMES: &[(&str, &str)] = &[
    ("Version", "coap.version"),
    ("Type", "coap.type"),
    ("Token Length", "coap.token_len"),
    ("Code", "coap.code"),
    ("Class", "coapscope.code.class"),
    ("Message ID", "coap.mid"),
    ("Token", "coap.token"),
    ("Option Delta", "coap.opt.delta"),
    ("Option Length", "coap.opt.length"),
    ("Payload Marker", "coap.opt.end_marker"),
    ("Payload", "coapscope.payload"),
    ("NUM", "coap.opt.block_number"),
    ("M", "coap.opt.block_mflag"),
    ("SZX", "coap.opt.block_size"),
    ("Partial IV", "coap.opt.object_security_piv"),
    ("Kid Context", "coap.opt.object_security_kid_context"),
    ("Kid", "coap.opt.object_security_kid"),
];

/// The field of an option that has none of its own: what it has is a number.
const OPTION: &str = "coapscope.option";

/// The number that an option of a draft has today, by which its field is named.
fn modern(field: &Field, message: &Message<'_>) -> Option<OptionNumber> {
    let start = field.span.byte_range().start;
    message.options().find(|option| option.offset == start)?.modern()
}

fn field_node(field: &Field, message: &Message<'_>, about: About<'_>) -> Node {
    let number = field
        .option
        .filter(|_| field.children.iter().any(|child| child.name == "Option Delta") && !field.is_broken_option());
    let name = number
        .and_then(|number| if message.mode().is_draft() { modern(field, message) } else { Some(number) })
        .and_then(of_option)
        .or_else(|| NAMES.iter().find(|(label, _)| *label == field.name).map(|(_, name)| *name))
        .or_else(|| number.map(|_| OPTION));
    let label = match number {
        Some(number) => format!("{} ({})", field.name, number.0).into(),
        None => field.name.into(),
    };
    let mut node = Node {
        name: name.map_or_else(|| format!("coap.{}", field.name).into(), Into::into),
        label,
        value: field.value.clone(),
        meaning: field.meaning.clone(),
        pattern: pattern(message.bytes(), field.span),
        place: Some(Place::Message(field.span)),
        reference: field.reference.into(),
        explanation: field.explanation.into(),
        ..Node::default()
    };
    node.children = field.children.iter().map(|child| field_node(child, message, about)).collect();
    if let Some(number) = number {
        // The value means what the option means: once is enough.
        for child in node.children.iter_mut().filter(|child| child.label == "Option Value") {
            child.meaning.clear();
        }
        node.children.insert(
            0,
            Node::generated("coap.opt.desc", format!("Option {}", number.0), facts::properties(number, message.mode())),
        );
    }
    if field.name == "Payload" {
        let length = message.payload().len();
        let cut = if message.is_cut() { " captured, the rest was cut off" } else { "" };
        node.value = format!("{}{cut}", count(length, "byte"));
        node.meaning = message.content_format().map(|format| format.to_string()).unwrap_or_default();
        node.children = super::payload::nodes(message, about);
    }
    node
}

/// The number of a message's frame inside the sentence of a finding.
pub fn frame_number(store: &Store, id: RecordId) -> String {
    store.get(id).map_or_else(|| no_frame(id), |record| record.frame.to_string())
}

/// What stands in its place where the message is not known.
pub fn no_frame(id: RecordId) -> String {
    if id == NO_RECORD { "(not captured)".into() } else { "(no longer in memory)".into() }
}

/// A finding as a node. `frame` prints the frame of a record.
pub(super) fn finding_node(finding: &Finding, frame: &dyn Fn(u32) -> String) -> Node {
    let row = finding.rule.row();
    let detail = finding.detail_with(frame);
    Node {
        name: "coapscope.finding".into(),
        label: format!("{} {}", field::severity(finding.severity), row.id).into(),
        value: if detail.is_empty() { finding.teaching().into() } else { detail },
        place: Some(Place::Message(finding.span)),
        reference: finding.reference().into(),
        explanation: finding.teaching().into(),
        severity: Some(finding.severity),
        kind: NodeKind::Finding,
        ..Node::default()
    }
}

/// Hang a finding below the narrowest field that holds all of its bits.
fn attach(node: &mut Node, finding: &Finding, made: Node) {
    if node.kind == NodeKind::Field && node.place == Some(Place::Message(finding.span)) {
        node.children.push(made);
        return;
    }
    let holds = |child: &Node| match child.place {
        Some(Place::Message(span)) => {
            child.kind == NodeKind::Field
                && span.bit <= finding.span.bit
                && finding.span.end() <= span.end()
                && (finding.span.bits > 0 || span.contains(finding.span.bit))
        }
        _ => false,
    };
    match node.children.iter().position(holds).and_then(|index| node.children.get_mut(index)) {
        Some(child) => attach(child, finding, made),
        None => node.children.push(made),
    }
}
