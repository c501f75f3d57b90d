//! Short names for endpoints, where full ones do not fit: `c1` and `s1`, in the order in which they appear.

use crate::store::{Record, RecordKind};
use crate::tracking::{EndpointId, Role};

/// Names given so far. A name stays with its endpoint, whatever part it plays later.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    /// By the number of the endpoint; empty where none was given.
    names: Vec<String>,
    clients: usize,
    servers: usize,
    others: usize,
}

impl Aliases {
    /// Name the endpoints of a message, if they are new; true where one was. Take the messages in their order.
    pub fn note(&mut self, record: &Record) -> bool {
        let (source, destination) = match record.role {
            Role::Request | Role::Registration | Role::Deregistration | Role::Ping => ('c', 's'),
            Role::PiggybackedResponse
            | Role::SeparateResponse
            | Role::NonResponse
            | Role::Notification
            | Role::Pong => ('s', 'c'),
            // Who reports an error, or sends what is no CoAP at all, takes no part; the code is that of the message quoted.
            _ if record.kind() != RecordKind::Message => ('e', 'e'),
            _ if record.code.is_request() => ('c', 's'),
            _ if record.code.is_response() => ('s', 'c'),
            _ => ('e', 'e'),
        };
        let first = self.name_as(record.source, source);
        self.name_as(record.destination, destination) || first
    }

    fn name_as(&mut self, endpoint: EndpointId, part: char) -> bool {
        let place = endpoint.0 as usize;
        if self.names.get(place).is_some_and(|name| !name.is_empty()) {
            return false;
        }
        if place >= self.names.len() {
            self.names.resize_with(place + 1, String::new);
        }
        let count = match part {
            'c' => &mut self.clients,
            's' => &mut self.servers,
            _ => &mut self.others,
        };
        *count += 1;
        if let Some(name) = self.names.get_mut(place) {
            *name = format!("{part}{count}");
        }
        true
    }

    /// The name of an endpoint; `?` where none was given.
    pub fn name(&self, endpoint: EndpointId) -> &str {
        self.names.get(endpoint.0 as usize).filter(|name| !name.is_empty()).map_or("?", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Position;

    #[test]
    fn names_follow_the_first_part_played() {
        let mut aliases = Aliases::default();
        let mut record = |source, destination, role| {
            let mut record = Record::new(0, Position::default(), 1, EndpointId(source), EndpointId(destination));
            record.role = role;
            let new = aliases.note(&record);
            (new, format!("{}>{}", aliases.name(record.source), aliases.name(record.destination)))
        };
        for (source, destination, role, expected) in [
            (5, 9, Role::Request, (true, "c1>s1")),
            (9, 5, Role::PiggybackedResponse, (false, "s1>c1")),
            (9, 7, Role::Notification, (true, "s1>c2")),
            (7, 9, Role::EmptyAck, (false, "c2>s1")),
            (9, 5, Role::Request, (false, "s1>c1")),
            (1, 2, Role::EmptyAck, (true, "e1>e2")),
        ] {
            assert_eq!(record(source, destination, role), (expected.0, expected.1.to_owned()));
        }
    }
}
