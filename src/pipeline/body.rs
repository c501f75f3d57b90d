//! Putting a body together again from the messages that carry its blocks (RFC 7959 section 2).

use super::Fetcher;
use crate::capture::CaptureError;
use crate::coap::{ContentFormat, Message};
use crate::store::{Body, Store};
use crate::tracking::{BodyId, NO_RECORD, RecordId};

/// Bytes of a body that are put together; what is behind them counts as missing.
const MOST: usize = 16 << 20;
/// Messages that are read for one body.
const MESSAGES: usize = 1 << 18;

impl Fetcher {
    /// The body that a message carries a block of, as far as it is captured by now; `None` where it carries none.
    ///
    /// # Errors
    /// Where the file can no longer be read at the place of one of its messages.
    pub fn body(&mut self, store: &Store, id: RecordId) -> Result<Option<Body>, CaptureError> {
        let Some((body, row)) = store.part(id).and_then(|part| Some((part.body, *store.body(part.body)?))) else {
            return Ok(None);
        };
        let mut made =
            Body { id: body, row, bytes: Vec::new(), messages: Vec::new(), missing: Vec::new(), format: None };
        let mut parts = parts_of(store, body, row.last);
        // Of blocks that were captured twice, the newest counts.
        parts.sort_by_key(|(id, offset)| (*offset, *id));
        let mut held = 0;
        for (id, offset) in parts {
            let payload = self.payload(store, id)?;
            made.messages.push(id);
            made.format = made.format.or(payload.1);
            let (begin, end) = (offset as usize, (offset as usize).saturating_add(payload.0.len()));
            if end > MOST {
                break;
            }
            if begin > held {
                made.missing.push(held..begin);
            }
            if made.bytes.len() < end {
                made.bytes.resize(end, 0);
            }
            if let Some(place) = made.bytes.get_mut(begin..end) {
                place.copy_from_slice(&payload.0);
            }
            held = held.max(end);
        }
        let length = usize::try_from(row.length).unwrap_or(usize::MAX);
        if length > held {
            made.missing.push(held..length);
        } else if length > 0 {
            // An older block may have gone beyond the end that a newer one told.
            made.bytes.truncate(length);
        }
        Ok(Some(made))
    }

    /// Shows each captured block of a body: where it begins in it, and its bytes; in that order, and of blocks that were captured twice the
    /// newest last.
    ///
    /// # Errors
    /// Where the file can no longer be read at the place of one of its messages, and those of `see`.
    pub fn each_block<E: From<CaptureError>>(
        &mut self,
        store: &Store,
        body: BodyId,
        mut see: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut parts = store.body(body).map(|row| parts_of(store, body, row.last)).unwrap_or_default();
        parts.sort_by_key(|(id, offset)| (*offset, *id));
        for (id, offset) in parts {
            see(offset, &self.payload(store, id)?.0)?;
        }
        Ok(())
    }

    /// Payload of a message, and its Content-Format.
    fn payload(&mut self, store: &Store, id: RecordId) -> Result<(Vec<u8>, Option<ContentFormat>), CaptureError> {
        let Some(record) = store.get(id) else { return Ok((Vec::new(), None)) };
        let bytes = self.message_bytes(store, id, &record)?;
        let message = Message::decode_as(bytes, record.mode);
        Ok((message.payload().to_vec(), message.content_format()))
    }
}

/// The messages with blocks of a body and where these begin in it, the newest first.
fn parts_of(store: &Store, body: BodyId, last: RecordId) -> Vec<(RecordId, u64)> {
    let mut parts = Vec::new();
    let mut next = last;
    while next != NO_RECORD
        && parts.len() < MESSAGES
        && let Some(part) = store.part(next).filter(|part| part.body == body)
    {
        parts.push((next, part.offset));
        next = part.previous;
    }
    parts
}
