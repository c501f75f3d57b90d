//! What servers say of their resources, in answers to resource discovery (RFC 6690) and in registrations (RFC 9176, LwM2M).

use std::collections::{HashMap, HashSet};

use super::{Decoded, Item};

/// Links that are kept; what comes after them is not learned.
const LINKS: usize = 4096;
/// Longest text that is kept of an attribute, in characters.
const TEXT: usize = 120;

/// What a server says of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its title; empty where it has none.
    pub title: String,
    /// Resource types (`rt`).
    pub resource_type: String,
    /// Interfaces (`if`).
    pub interface: String,
    /// The frame that says so.
    pub frame: u32,
}

/// Descriptions by server and path. A server is a number that the caller has for it.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    links: HashMap<(u32, String), Description>,
    lwm2m: HashSet<u32>,
}

impl Directory {
    /// Takes in the links of a document in which a server describes itself. Links to other hosts are left out.
    pub fn learn(&mut self, server: u32, document: &Decoded, frame: u32) {
        if document.form != "link format" {
            return;
        }
        for link in &document.items {
            let told = |name: &str| -> String {
                let text = link.child(name).and_then(Item::as_text).unwrap_or_default();
                text.chars().take(TEXT).collect()
            };
            if told("rt").split(' ').any(|word| word == "oma.lwm2m") {
                self.is_lwm2m(server);
            }
            let path = link.name.split(['?', '#']).next().unwrap_or_default();
            let is_described = ["title", "rt", "if"].iter().any(|name| link.child(name).is_some());
            if path.contains("://") || !is_described || link.child("anchor").is_some() || self.links.len() >= LINKS {
                continue;
            }
            let path: String = ["/", path.trim_start_matches('/')].concat().chars().take(1024).collect();
            let description =
                Description { title: told("title"), resource_type: told("rt"), interface: told("if"), frame };
            self.links.insert((server, path), description);
        }
    }

    /// The server is a LwM2M client: its numbers are objects.
    pub fn is_lwm2m(&mut self, server: u32) {
        if self.lwm2m.len() < LINKS {
            self.lwm2m.insert(server);
        }
    }

    /// What the server says of the resource with this path.
    pub fn find(&self, server: u32, path: &str) -> Option<&Description> {
        if self.links.is_empty() {
            return None;
        }
        self.links.get(&(server, path.to_owned()))
    }

    /// The server has registered as a LwM2M client.
    pub fn speaks_lwm2m(&self, server: u32) -> bool {
        self.lwm2m.contains(&server)
    }
}
