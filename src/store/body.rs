//! A body that went in blocks, put together again from its messages.

use std::ops::Range;

use crate::coap::ContentFormat;
use crate::store::Store;
use crate::tracking::{BodyId, BodyRow, RecordId};

/// A body, as far as it was captured.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its number.
    pub id: BodyId,
    /// What is known of it.
    pub row: BodyRow,
    /// Its bytes; those that are missing are 0.
    pub bytes: Vec<u8>,
    /// The messages that carry its blocks, in order of the blocks.
    pub messages: Vec<RecordId>,
    /// Which of its bytes are missing, as far as its length is known.
    pub missing: Vec<Range<usize>>,
    /// Content-Format that its blocks have.
    pub format: Option<ContentFormat>,
}

impl Store {
    /// Whether a message has the block that completed its body.
    pub fn completes_body(&self, id: RecordId) -> bool {
        self.part(id).and_then(|part| self.body(part.body)).is_some_and(|row| row.completed_by == id)
    }
}
