//! A message's tree arranged for the screen: what carried it in one line, its header in one, its findings at the end.

use crate::coap::Span;
use crate::render::{Node, NodeKind, Place};

/// The first four bytes of a message (RFC 7252 section 3).
const HEADER: Span = Span::of_bytes(0, 4);

/// Arrange a message's tree for the screen: the layers below CoAP as one, the findings at the end.
pub fn arrange(mut root: Node) -> Node {
    let mut findings = Vec::new();
    take_findings(&mut root, &mut findings);
    let upper = root
        .children
        .iter()
        .position(|node| matches!(node.place, Some(Place::Message(_))))
        .unwrap_or(root.children.len());
    let lower: Vec<Node> = root.children.drain(..upper).collect();
    let summary: Vec<String> =
        lower.iter().filter(|node| node.kind == NodeKind::Layer).map(short).filter(|text| !text.is_empty()).collect();
    let mut children = Vec::new();
    if lower.len() > 1 {
        let mut below = Node::layer("below", summary.join(" / "), "", Some(Place::Frame(whole_of(&lower))));
        below.explanation = "The layers that carried the message; unfold for their fields.".into();
        below.children = lower;
        children.push(below);
    } else {
        children.extend(lower);
    }
    children.extend(root.children.drain(..).map(arrange_message));
    children.append(&mut findings);
    root.children = children;
    root
}

/// The message's own layer: named shortly, the fields of its first four bytes as one.
fn arrange_message(mut layer: Node) -> Node {
    let header =
        |node: &Node| matches!(node.place, Some(Place::Message(span)) if span.bits > 0 && span.end() <= HEADER.end());
    if layer.label == "Constrained Application Protocol" {
        layer.label = "CoAP".into();
    }
    let fields = layer.children.iter().take_while(|node| header(node)).count();
    if fields > 1 {
        let fields: Vec<Node> = layer.children.drain(..fields).collect();
        let values: Vec<String> = fields.iter().map(brief).collect();
        let mut group = Node::field("coap.header", "Header", values.join(", "), Place::Message(HEADER));
        group.reference = "RFC 7252 section 3".into();
        group.explanation =
            "Four bytes that begin every message: version, type, token length, code, message ID; unfold for the bits."
                .into();
        group.severity = fields.iter().filter_map(|field| field.severity).max();
        group.children = fields;
        layer.children.insert(0, group);
    }
    layer
}

/// A field of the header in a few words.
fn brief(node: &Node) -> String {
    // Of `Confirmable, CON` the short name.
    let meaning = node.meaning.rsplit(", ").next().unwrap_or_default();
    match node.name.as_ref() {
        "coap.type" | "coap.code" if !meaning.is_empty() => meaning.to_owned(),
        _ => format!("{} {}", node.label.to_lowercase().replace("message id", "MID"), node.value),
    }
}

/// Lower layers by the label they have in the tree, and what they are called in a line that names them all; nothing for
/// what needs no mention.
const LAYERS: &[(&str, &str)] = &[
    ("Frame", ""),
    ("Ethernet II", "Ethernet"),
    ("802.1Q Virtual LAN", "VLAN"),
    ("IEEE 802.1ad", "802.1ad"),
    ("IEEE 802.1ad (two tags)", "802.1ad"),
    ("Linux cooked capture v1", "SLL"),
    ("Linux cooked capture v2", "SLL2"),
    ("Internet Protocol Version 4", "IPv4"),
    ("Internet Protocol Version 6", "IPv6"),
    ("User Datagram Protocol", "UDP"),
    ("Internet Control Message Protocol", "ICMP"),
    ("Internet Control Message Protocol v6", "ICMPv6"),
];

/// A lower layer in a few words: `IPv4 10.0.0.1 > 10.0.0.2`.
fn short(node: &Node) -> String {
    let label = if node.label.starts_with("Frame ") { "Frame" } else { node.label.as_ref() };
    let name = LAYERS.iter().find(|(known, _)| *known == label).map_or(label, |(_, name)| name);
    match (name, ends(&node.value)) {
        ("" | "Ethernet" | "SLL" | "SLL2", _) => name.into(),
        (_, Some((source, destination))) => format!("{name} {source} > {destination}"),
        ("VLAN", _) => format!("VLAN {}", node.value.rsplit("ID: ").next().unwrap_or_default()),
        (_, None) if node.value.is_empty() => name.into(),
        (_, None) => format!("{name} {}", node.value),
    }
}

/// Sender and receiver of `Src: 10.0.0.1, Dst: 10.0.0.2`, in whichever words.
fn ends(value: &str) -> Option<(&str, &str)> {
    let (source, destination) = value.strip_prefix("Src")?.split_once(", Dst")?;
    Some((source.split_once(": ")?.1, destination.split_once(": ")?.1))
}

/// The span from the first bit to the last of all layers.
fn whole_of(layers: &[Node]) -> Span {
    let spans = || layers.iter().filter_map(|node| node.place.map(Place::span));
    let first = spans().map(|span| span.bit).min().unwrap_or(0);
    let end = spans().map(Span::end).max().unwrap_or(first);
    Span::of_bits(first, end - first)
}

/// Move the findings out of the fields.
fn take_findings(node: &mut Node, into: &mut Vec<Node>) {
    let (mut findings, rest): (Vec<Node>, Vec<Node>) =
        std::mem::take(&mut node.children).into_iter().partition(|child| child.kind == NodeKind::Finding);
    node.children = rest;
    into.append(&mut findings);
    node.children.iter_mut().for_each(|child| take_findings(child, into));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_below_are_one_line_and_findings_come_last() {
        let place = |bit, bits| Some(Place::Message(Span::of_bits(bit, bits)));
        let mut coap = Node::layer("coap", "Constrained Application Protocol", "CON", place(0, 40));
        let fields =
            [("coap.version", "Version", 0, 2), ("coap.mid", "Message ID", 16, 16), ("coap.token", "Token", 32, 8)];
        for (name, label, bit, bits) in fields {
            coap.children.push(Node::field(name, label, "7", Place::Message(Span::of_bits(bit, bits))));
        }
        coap.children[1].children.push(Node { kind: NodeKind::Finding, label: "odd".into(), ..Node::default() });
        let ethernet = Node::layer("eth", "Ethernet II", "", Some(Place::Frame(Span::of_bytes(0, 14))));
        let tag = Node::layer("ieee8021ad", "IEEE 802.1ad", "ID: 5", Some(Place::Frame(Span::of_bytes(14, 4))));
        let udp = Node::layer(
            "udp",
            "User Datagram Protocol",
            "Src Port: 1, Dst Port: 2",
            Some(Place::Frame(Span::of_bytes(34, 8))),
        );
        let root = arrange(Node { children: vec![ethernet, tag, udp, coap], ..Node::default() });
        let mut lines = Vec::new();
        root.walk(&mut |node, depth| lines.push(format!("{depth} {}", node.text())));
        let expected = [
            "0 Ethernet / 802.1ad ID: 5 / UDP 1 > 2",
            "1 Ethernet II",
            "1 IEEE 802.1ad, ID: 5",
            "1 User Datagram Protocol, Src Port: 1, Dst Port: 2",
            "0 CoAP, CON",
            "1 Header: version 7, MID 7",
            "2 Version: 7",
            "2 Message ID: 7",
            "1 Token: 7",
            "0 odd",
        ];
        assert_eq!(lines, expected);
    }
}
