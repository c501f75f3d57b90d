//! The ladder: who said what to whom, one row a message, time going down. A model of lanes and rows, and its forms as text, Mermaid and SVG.
//!
//! [`walk::Ladder`] goes from row to row without counting them, so that a capture of any length is shown page by page; [`draw::Drawing`]
//! draws a row for a screen or a file; [`mermaid`] and [`svg`] write the same rows for pages and slides.

mod blocks;
mod canvas;
mod columns;
mod draw;
mod group;
pub mod judge;
mod label;
mod lanes;
pub mod mermaid;
mod note;
mod row;
mod run;
mod scope;
mod slant;
pub mod svg;
pub mod text;
mod walk;

pub use canvas::{ASCII, Kind, Part, Piece, Signs, UNICODE, plain, width};
pub use columns::{Columns, Needs};
pub use draw::Drawing;
pub use label::Label;
pub use lanes::{Lane, LaneId, Lanes, Ports, place};
pub use row::{Fate, Row, Source, short_end};
pub use run::Run;
pub use scope::Scope;
pub use slant::{Slant, slants};
pub use walk::{Entry, Idle, Item, Ladder, Line, pause};
