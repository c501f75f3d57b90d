//! Learning from a capture what its servers say of their resources, by whoever looks at messages: nothing of it is in the loader.

use std::collections::HashSet;

use crate::coap::Code;
use crate::payload::Directory;
use crate::store::{Record, RecordKind, Store};
use crate::tracking::{RecordId, ResourceId};

/// Records that are gone through at one look at most; the next look goes on.
const AT_ONCE: RecordId = 2_000_000;
/// Documents that are read of one capture.
const DOCUMENTS: u32 = 256;

/// What a document says, and of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// An answer to resource discovery: its sender describes itself.
    Discovery,
    /// A registration with a resource directory or a LwM2M server: its sender describes itself.
    Registration {
        /// With a LwM2M server.
        lwm2m: bool,
    },
}

/// Where a document stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// The record that holds it.
    pub id: RecordId,
    /// The record from which on it counts: a registration counts once it has been accepted.
    pub since: RecordId,
}

/// Where the search for documents stands, and what they said.
#[derive(Clone, Default)]
pub(super) struct Learner {
    pub directory: Directory,
    /// The first record that was not gone through.
    next: RecordId,
    /// The first resource that was not looked at.
    next_resource: u32,
    discovery: HashSet<ResourceId>,
    registration: HashSet<ResourceId>,
    lwm2m: HashSet<ResourceId>,
    documents: u32,
}

impl Learner {
    /// The next record that holds a document.
    pub fn next(&mut self, store: &Store) -> Option<(Found, Document)> {
        self.sort_resources(store);
        let nothing = self.discovery.is_empty() && self.registration.is_empty();
        let end = store.len() as RecordId;
        if nothing || self.documents >= DOCUMENTS {
            self.next = end;
            return None;
        }
        self.next = self.next.max(store.first());
        let last = end.min(self.next.saturating_add(AT_ONCE));
        while self.next < last {
            let id = self.next;
            self.next += 1;
            if let Some(found) = store.get(id).and_then(|record| self.document(store, id, &record)) {
                self.documents += 1;
                return Some(found);
            }
        }
        None
    }

    /// Notes which of the resources that are new stand for discovery and registration.
    fn sort_resources(&mut self, store: &Store) {
        // Their numbers run from 1.
        while (self.next_resource as usize) < store.resources() {
            self.next_resource += 1;
            let id = ResourceId(self.next_resource);
            let Some(text) = store.resource(id) else { continue };
            let (path, query) = text.split_once('?').unwrap_or((text, ""));
            // With `base` or `anchor` it is another that is described.
            let is_own = !query.split('&').any(|argument| argument.starts_with("base="));
            match path {
                "/.well-known/core" => drop(self.discovery.insert(id)),
                "/rd" if is_own && query.split('&').any(|argument| argument.starts_with("ep=")) => {
                    self.registration.insert(id);
                    if query.split('&').any(|argument| argument.starts_with("lwm2m=")) {
                        self.lwm2m.insert(id);
                    }
                }
                _ => {}
            }
        }
    }

    fn document(&self, store: &Store, since: RecordId, record: &Record) -> Option<(Found, Document)> {
        let is_fresh = record.kind() == RecordKind::Message && !record.is_repeat();
        if !is_fresh || !matches!(record.code, Code::CONTENT | Code::CREATED) {
            return None;
        }
        let row = store.exchange(record.exchange)?;
        let (id, document) = match record.code {
            Code::CONTENT if self.discovery.contains(&row.resource) => (since, Document::Discovery),
            Code::CREATED if self.registration.contains(&row.resource) && Code(row.method) == Code::POST => {
                (row.request, Document::Registration { lwm2m: self.lwm2m.contains(&row.resource) })
            }
            _ => return None,
        };
        // Of a body in blocks the first says something, and the one that completes it says all.
        if store.part(id).is_some_and(|part| part.offset > 0) && !store.completes_body(id) {
            return None;
        }
        Some((Found { id, since }, document))
    }
}
