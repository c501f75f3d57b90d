//! A record as a tree, a line, bytes, JSON and text. No screen, no file.

mod alias;
pub mod annotated;
mod body;
pub mod columns;
pub mod content;
mod digits;
pub mod excerpt;
mod facts;
pub mod hex;
pub mod json;
pub mod ladder;
pub mod line;
mod lowest;
pub mod members;
mod names;
mod node;
pub mod paint;
mod payload;
mod payload_bytes;
mod reading;
pub mod rows;
pub mod sheet;
pub mod time;
mod tree;
pub mod verdict;
pub mod wrap;

pub use alias::Aliases;
pub use lowest::lowest;
pub use node::{Node, NodeKind, Place, pattern};
pub use payload::{unfolds, values};
pub use reading::why_read_so;
pub use tree::{EvidenceLayer, Known, evidence_layer, frame_number, message_tree, no_frame, tree};
