//! The other reading of a message whose bytes can be read in two ways: as RFC 7252 says, and as an old draft or RFC 8974.

use super::{Node, NodeKind, message_tree};
use crate::coap::draft::other_reading;
use crate::coap::{DecodeMode, Message};

/// Why bytes may be read in that way: a sentence or two that end before the reading itself.
pub fn why_read_so(mode: DecodeMode) -> &'static str {
    match mode {
        DecodeMode::Draft03 | DecodeMode::Draft08 | DecodeMode::Draft12 => {
            "Before RFC 7252, the four bits behind the type counted the options instead of the bytes of the token, the token was an \
             option like others, and the payload followed the last option without a marker. The same bytes read so are a \
             sound message:"
        }
        DecodeMode::ExtendedTokens => {
            "RFC 8974 gives token lengths of 9 to 14 a meaning, which both sides must have agreed on. The same bytes read so are a \
             sound message:"
        }
        DecodeMode::Rfc7252 | DecodeMode::PlainTokens => {
            "This message, or others between these endpoints, are sound only as an old draft, and it is read so. By RFC 7252, \
             where the four bits behind the type are the length of the token, the same bytes are:"
        }
    }
}

/// The other reading as one node with all of its fields below; None where nothing is in doubt.
pub(super) fn node(message: &Message<'_>) -> Option<Node> {
    let other = other_reading(message)?;
    let mut layer = message_tree(&other);
    mark(&mut layer);
    Some(Node {
        name: "coapscope.other_reading".into(),
        label: format!("Other reading, {}", other.mode().name()).into(),
        explanation: why_read_so(other.mode()).trim_end_matches(':').into(),
        severity: None,
        ..layer
    })
}

/// Makes every node one of a reading, so that bits are still found where the message itself has them.
fn mark(node: &mut Node) {
    node.children.retain(|child| child.kind != NodeKind::Finding);
    node.kind = NodeKind::Reading;
    node.severity = None;
    node.children.iter_mut().for_each(mark);
}
