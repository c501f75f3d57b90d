//! A record as a tree, a line, bytes, JSON and text. No screen, no file.

pub mod hex;
mod node;
pub mod time;

pub use node::{Node, NodeKind, Place, pattern};
