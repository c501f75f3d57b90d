//! The node of a dissection tree: what a field is called, holds and means, and which bits it comes from.

use std::borrow::Cow;

use crate::coap::{Severity, Span};
use crate::tracking::RecordId;

/// Where a node's bits lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the captured frame.
    Frame(Span),
    /// In the CoAP message. Where the message stands in the frame, see `View::coap_offset`.
    Message(Span),
}

impl Place {
    /// The span, in whichever of the two.
    pub const fn span(self) -> Span {
        match self {
            Self::Frame(span) | Self::Message(span) => span,
        }
    }

    /// The span in the frame, for a message that begins at `coap_offset` bytes there; `None` where the message was put
    /// together from several frames.
    pub fn in_frame(self, coap_offset: Option<usize>) -> Option<Span> {
        match self {
            Self::Frame(span) => Some(span),
            Self::Message(span) => coap_offset.map(|offset| span.shifted(offset)),
        }
    }
}

/// What kind of line a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum NodeKind {
    /// A protocol layer: its children are fields.
    Layer,
    /// A field that stands in the bytes.
    #[default]
    Field,
    /// What coapscope worked out: no bytes of its own, printed in brackets.
    Generated,
    /// A finding.
    Finding,
    /// A field as another reading of the same bytes has it.
    Reading,
}

/// One line of a dissection tree, with what is below it.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Stable name: that of the field table where there is one (`coap.mid`), else made of layer and label.
    pub name: Cow<'static, str>,
    /// What a reader sees: `Message ID`.
    pub label: Cow<'static, str>,
    /// The value, escaped: `4098`. Empty where the label says all.
    pub value: String,
    /// What the value means, escaped: `GET`. May be empty.
    pub meaning: String,
    /// Its bits, for a field that is not made of whole bytes: `..00 ....`.
    pub pattern: String,
    /// Where its bits lie; `None` for what was worked out.
    pub place: Option<Place>,
    /// Source, such as `RFC 7252 section 3`. May be empty.
    pub reference: Cow<'static, str>,
    /// One sentence for a learner. May be empty.
    pub explanation: Cow<'static, str>,
    /// Severity of a finding; of other nodes the worst one at or below them.
    pub severity: Option<Severity>,
    /// What kind of line it is.
    pub kind: NodeKind,
    /// The message that the node points to.
    pub target: Option<RecordId>,
    /// The nodes below.
    pub children: Vec<Node>,
}

impl Node {
    /// A field.
    pub fn field(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        place: Place,
    ) -> Self {
        Self { name: name.into(), label: label.into(), value: value.into(), place: Some(place), ..Self::default() }
    }

    /// Something that coapscope worked out.
    pub fn generated(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            value: value.into(),
            kind: NodeKind::Generated,
            ..Self::default()
        }
    }

    /// A protocol layer.
    pub fn layer(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        summary: impl Into<String>,
        place: Option<Place>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            value: summary.into(),
            place,
            kind: NodeKind::Layer,
            ..Self::default()
        }
    }

    /// The node points to another message.
    pub fn pointing_to(self, target: RecordId) -> Self {
        Self { target: Some(target), ..self }
    }

    /// The node as one line: `..00 .... = Type: 0 (Confirmable)`, `[Answers: frame 1]`, `Ethernet II, ...`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text);
        text
    }

    /// The same, behind what is there.
    pub fn write_text(&self, text: &mut String) {
        if self.kind == NodeKind::Generated {
            text.push('[');
        }
        if !self.pattern.is_empty() {
            text.push_str(&self.pattern);
            text.push_str(" = ");
        }
        text.push_str(&self.label);
        if self.kind == NodeKind::Layer && !self.value.is_empty() {
            text.push_str(", ");
            text.push_str(&self.value);
        } else {
            write_value_and_meaning(&self.value, &self.meaning, text);
        }
        if self.kind == NodeKind::Generated {
            text.push(']');
        }
    }

    /// Every node below this one with its depth (0 for the children), in the order they are printed.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Node, usize)) {
        fn down<'a>(node: &'a Node, depth: usize, visit: &mut dyn FnMut(&'a Node, usize)) {
            for child in &node.children {
                visit(child, depth);
                down(child, depth + 1, visit);
            }
        }
        down(self, 0, visit);
    }

    /// The path (child numbers) to the narrowest field that holds this bit of the message; `None` where none does.
    pub fn find_message_bit(&self, bit: u32) -> Option<Vec<usize>> {
        self.find(&|place| matches!(place, Place::Message(span) if span.contains(bit)))
    }

    /// The path (child numbers) to the narrowest field that holds this bit of the frame, the message's fields included.
    pub fn find_frame_bit(&self, bit: u32, coap_offset: Option<usize>) -> Option<Vec<usize>> {
        self.find(&|place| place.in_frame(coap_offset).is_some_and(|span| span.contains(bit)))
    }

    fn find(&self, inside: &dyn Fn(Place) -> bool) -> Option<Vec<usize>> {
        // The last match wins: upper layers lie inside the payload of lower ones.
        for (index, child) in self.children.iter().enumerate().rev() {
            if matches!(child.kind, NodeKind::Finding | NodeKind::Reading) {
                continue;
            }
            if let Some(mut path) = child.find(inside) {
                path.insert(0, index);
                return Some(path);
            }
            if child.place.is_some_and(inside) {
                return Some(vec![index]);
            }
        }
        None
    }

    /// Raise the severity of every node to the worst one below it; the tree is made once this has run.
    pub(super) fn settle(&mut self) -> Option<Severity> {
        let below = self.children.iter_mut().filter_map(Node::settle).max();
        self.severity = self.severity.max(below);
        self.severity
    }
}

/// What stands behind a label: `: 0 (Confirmable)`, `: 0`, `: Confirmable`, or nothing.
pub(super) fn value_and_meaning(value: &str, meaning: &str) -> String {
    let mut text = String::new();
    write_value_and_meaning(value, meaning, &mut text);
    text
}

fn write_value_and_meaning(value: &str, meaning: &str, text: &mut String) {
    let pieces = match (value, meaning) {
        ("", "") => return,
        (one, "") | ("", one) => [": ", one, "", "", ""],
        (value, meaning) if value == meaning => [": ", value, "", "", ""],
        (value, meaning) => [": ", value, " (", meaning, ")"],
    };
    text.extend(pieces);
}

/// The bits of a field that is not made of whole bytes, drawn in their bytes: `..00 ....`. Empty for whole bytes, and for
/// more than four bytes.
pub fn pattern(bytes: &[u8], span: Span) -> String {
    let range = span.byte_range();
    if (span.bit.is_multiple_of(8) && span.bits.is_multiple_of(8)) || range.len() > 4 {
        return String::new();
    }
    let Some(touched) = bytes.get(range.clone()) else { return String::new() };
    let mut text = String::new();
    for (index, byte) in touched.iter().enumerate() {
        for bit in 0..8u32 {
            if bit == 4 || (bit == 0 && index > 0) {
                text.push(' ');
            }
            let place = (range.start + index) as u32 * 8 + bit;
            text.push(match (span.contains(place), byte >> (7 - bit) & 1) {
                (false, _) => '.',
                (true, 0) => '0',
                (true, _) => '1',
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_draw_the_bits() {
        for (span, expected) in [
            (Span::of_bits(0, 2), "01.. ...."),
            (Span::of_bits(2, 2), "..00 ...."),
            (Span::of_bits(4, 4), ".... 0010"),
            (Span::of_bits(0, 8), ""),
            (Span::of_bits(4, 6), ".... 0010 00.. ...."),
            (Span::of_bits(12, 9), ""),
        ] {
            assert_eq!(pattern(&[0x42, 0x03], span), expected, "{span:?}");
        }
    }

    #[test]
    fn text_reads_like_the_textbook() {
        let mut node = Node::field("coap.type", "Type", "0", Place::Message(Span::of_bits(2, 2)));
        node.pattern = "..00 ....".into();
        node.meaning = "Confirmable".into();
        assert_eq!(node.text(), "..00 .... = Type: 0 (Confirmable)");
        assert_eq!(Node::generated("x", "Answers", "frame 1").text(), "[Answers: frame 1]");
        assert_eq!(
            Node::layer("udp", "User Datagram Protocol", "40000 > 5683", None).text(),
            "User Datagram Protocol, 40000 > 5683"
        );
    }

    #[test]
    fn the_narrowest_field_is_found() {
        let place = |bit, bits| Place::Message(Span::of_bits(bit, bits));
        let mut header = Node::field("h", "Header", "", place(0, 32));
        header.children.push(Node::field("v", "Version", "1", place(0, 2)));
        let mut layer = Node::layer("coap", "CoAP", "", Some(place(0, 64)));
        layer.children.push(header);
        let root = Node {
            children: vec![Node::layer("eth", "Ethernet", "", Some(Place::Frame(Span::of_bytes(0, 14)))), layer],
            ..Node::default()
        };
        assert_eq!(root.find_message_bit(1), Some(vec![1, 0, 0]));
        assert_eq!(root.find_message_bit(8), Some(vec![1, 0]));
        assert_eq!(root.find_message_bit(40), Some(vec![1]));
        assert_eq!(root.find_message_bit(64), None);
        assert_eq!(root.find_frame_bit(8, Some(14)), Some(vec![0]));
        assert_eq!(root.find_frame_bit(14 * 8, Some(14)), Some(vec![1, 0, 0]));
    }
}
