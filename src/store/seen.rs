//! What [`Store::apply_wanted`](super::Store::apply_wanted) shows of a record.

use super::Record;
use crate::tracking::RecordId;

/// A moment at which the store is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'r> {
    /// This comes next: the store knows nothing of it yet, nor what it tells of others.
    Next(&'r Record),
    /// It came: the store holds it, and what became known with it.
    Came(RecordId),
}
