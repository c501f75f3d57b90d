//! Relations: all messages of what some message of holds a test.

use super::quick::Asked;
use crate::store::{RecordKind, Store};
use crate::tracking::RecordId;

/// What messages can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Exchange,
    Observation,
    Body,
}

/// One row a relation: its name, and one line of help.
pub(super) struct WholeRow {
    pub whole: Whole,
    pub name: &'static str,
    pub help: &'static str,
}

pub(super) const WHOLES: &[WholeRow] = &[
    WholeRow {
        whole: Whole::Exchange,
        name: "whole_exchange",
        help: "All messages of the exchanges in which some message passes the test.",
    },
    WholeRow {
        whole: Whole::Observation,
        name: "whole_observation",
        help: "All messages of the observations in which some message passes the test.",
    },
    WholeRow {
        whole: Whole::Body,
        name: "whole_body",
        help: "All messages that carry or fetch blocks of the bodies in which some message passes the test.",
    },
];

impl Whole {
    /// Numbers of the groups that a record belongs to. Evidence belongs where the message belongs that it speaks of.
    fn groups(self, store: &Store, id: RecordId) -> [Option<u32>; 3] {
        let Some(record) = store.get(id) else { return [None; 3] };
        let (id, record) = match (record.kind(), store.get(record.relates_to)) {
            (RecordKind::Message, _) => (id, record),
            (RecordKind::Evidence, Some(about)) => (record.relates_to, about),
            (RecordKind::Evidence, None) => return [None; 3],
        };
        let known = |group: u32| (group != 0).then_some(group);
        match self {
            Self::Exchange => [known(record.exchange.0), None, None],
            Self::Observation => [store.observation_of(id).and_then(|id| known(id.0)), None, None],
            Self::Body => {
                // A request that asks for a block carries none, but its answer does.
                let body = |id: RecordId| store.part(id).and_then(|part| known(part.body.0));
                let exchange = store.exchange(record.exchange);
                [body(id), exchange.and_then(|row| body(row.request)), exchange.and_then(|row| body(row.response))]
            }
        }
    }
}

/// A relation in a filter.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub whole: Whole,
    /// What some message of the group must pass.
    pub test: Asked,
}

/// The groups of each relation of a filter in which some message passed, as far as messages were looked at.
#[derive(Clone, Debug, Default)]
pub struct Groups(Vec<(Whole, Vec<u64>)>);

impl Groups {
    pub(super) fn new(relations: &[Relation]) -> Self {
        Self(relations.iter().map(|relation| (relation.whole, Vec::new())).collect())
    }

    /// Notes that a message passed the test of a relation; whether that is news.
    pub(super) fn add(&mut self, relation: usize, store: &Store, id: RecordId) -> bool {
        let Some((whole, bits)) = self.0.get_mut(relation) else { return false };
        let mut news = false;
        for group in whole.groups(store, id).into_iter().flatten() {
            let (word, bit) = (group as usize / 64, 1 << (group % 64));
            if bits.len() <= word {
                bits.resize(word + 1, 0);
            }
            if let Some(word) = bits.get_mut(word) {
                news |= *word & bit == 0;
                *word |= bit;
            }
        }
        news
    }

    /// Whether a message belongs to a group of the relation.
    pub(super) fn has(&self, relation: usize, store: &Store, id: RecordId) -> bool {
        let Some((whole, bits)) = self.0.get(relation) else { return false };
        let is_set = |group: u32| bits.get(group as usize / 64).is_some_and(|word| word & 1 << (group % 64) != 0);
        whole.groups(store, id).into_iter().flatten().any(is_set)
    }
}
