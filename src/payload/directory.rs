//! What servers say of their resources, in answers to resource discovery (RFC 6690) and in registrations (RFC 9176, LwM2M).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::link_format::{attribute, title};
use super::{Decoded, Item};
use crate::coap::parameters::PORT_COAP;
use crate::coap::uri::push_readable;

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
    /// Its record: what came before it was not yet called so.
    pub since: u32,
}

/// Descriptions by server and path. A server is a number that the caller has for it.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// What was said of a resource, in the order of the capture; later words replace earlier ones for what comes after them.
    links: HashMap<(u32, String), Vec<Description>>,
    said: usize,
    /// Since when a server has its objects, and the path that they are under; empty for the root.
    lwm2m: HashMap<u32, (u32, String)>,
}

impl Directory {
    /// Takes in the links of a document in which a server, which has this address, describes itself: what counts from record `since` on, and
    /// stands in `frame`. Links to other hosts are left out.
    pub fn learn(&mut self, server: u32, own: Option<SocketAddr>, document: &Decoded, frame: u32, since: u32) {
        if document.form != "link format" {
            return;
        }
        for link in &document.items {
            let told = |name: &str| -> String {
                let text = attribute(link, name).and_then(Item::as_text).unwrap_or_default();
                text.chars().take(TEXT).collect()
            };
            let target = link.name.split('#').next().unwrap_or_default();
            let path = own_path(target, own);
            if told("rt").split(' ').any(|word| word == "oma.lwm2m") {
                self.is_lwm2m(server, since);
                let root = path.unwrap_or(target).split('?').next().unwrap_or_default();
                if let Some((_, known)) = self.lwm2m.get_mut(&server).filter(|(first, _)| *first == since) {
                    *known = readable(root).trim_end_matches('/').to_owned();
                }
            }
            let is_described = ["title", "title*", "rt", "if"].iter().any(|name| attribute(link, name).is_some());
            let Some(path) = path.filter(|_| is_described && attribute(link, "anchor").is_none() && self.said < LINKS)
            else {
                continue;
            };
            let path = readable(path).chars().take(1024).collect();
            let title = title(link).unwrap_or_default().chars().take(TEXT).collect();
            let description = Description { title, resource_type: told("rt"), interface: told("if"), frame, since };
            self.said += 1;
            self.links.entry((server, path)).or_default().push(description);
        }
    }

    /// The server is a LwM2M client from a record on: its numbers are objects.
    pub fn is_lwm2m(&mut self, server: u32, since: u32) {
        if self.lwm2m.len() < LINKS {
            self.lwm2m.entry(server).or_insert((since, String::new()));
        }
    }

    /// What the server had said, when a record was captured, of this resource, path and query; of its path, if it said nothing of the query.
    pub fn find(&self, server: u32, resource: &str, record: u32) -> Option<&Description> {
        if self.links.is_empty() {
            return None;
        }
        let said = |name: &str| {
            let all = self.links.get(&(server, name.to_owned()))?;
            all.iter().rev().find(|one| one.since <= record)
        };
        said(resource).or_else(|| said(resource.split_once('?')?.0))
    }

    /// The path in LwM2M of what a server has at `path`, where it had registered as a LwM2M client when a record was captured, and has it
    /// under the root of its objects.
    pub fn lwm2m_path<'p>(&self, server: u32, path: &'p str, record: u32) -> Option<&'p str> {
        let (_, root) = self.lwm2m.get(&server).filter(|(since, _)| *since <= record)?;
        path.strip_prefix(root.as_str()).filter(|rest| rest.starts_with('/'))
    }
}

/// Path and query of a target at the server itself, which has this address: of a relative one, or of a URI that names that address (RFC 3986
/// section 4.2). None of other hosts, and of names of hosts.
fn own_path(target: &str, own: Option<SocketAddr>) -> Option<&str> {
    let (head, _) = target.split_at(target.find(['/', '?']).unwrap_or(target.len()));
    let rest = match head.strip_suffix(':').filter(|scheme| scheme.eq_ignore_ascii_case("coap")) {
        Some(_) => target.get(head.len()..)?,
        None if head.contains(':') => return None,
        None => target,
    };
    let Some(rest) = rest.strip_prefix("//") else { return (rest.len() == target.len()).then_some(target) };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let named = match authority.parse::<SocketAddr>() {
        Ok(named) => named,
        Err(_) => {
            // Without a port, or with an empty one, it is the default.
            let host = authority.strip_suffix(':').unwrap_or(authority);
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let address: IpAddr = match bare {
                Some(bare) => bare.parse::<Ipv6Addr>().ok()?.into(),
                None => host.parse::<Ipv4Addr>().ok()?.into(),
            };
            SocketAddr::new(address, PORT_COAP)
        }
    };
    (Some(named) == own).then_some(path)
}

/// A target as [`crate::coap::Message::readable_path`] and `readable_query` spell what a request asks for.
fn readable(target: &str) -> String {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut text = String::with_capacity(target.len() + 1);
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        text.push('/');
        push_readable(&mut text, &unescaped(segment), b"%/?#");
    }
    for (at, argument) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        push_readable(&mut text, &unescaped(argument), b"%&#");
    }
    text
}

/// The bytes behind a percent-encoded text; a percent sign without two digits behind it stands for itself.
pub(super) fn unescaped(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.as_bytes();
    while let Some((&first, behind)) = left.split_first() {
        left = behind;
        match (first, digit(behind.first()), digit(behind.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                left = behind.get(2..).unwrap_or_default();
            }
            _ => bytes.push(first),
        }
    }
    bytes
}
