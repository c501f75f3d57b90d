//! Relations: all messages of what some message of holds a test.

use super::expr::Expr;
use crate::store::{RecordKind, Store};
use crate::tracking::{NO_RECORD, RecordId};

/// What messages can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Exchange,
    Observation,
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
];

impl Whole {
    /// Number of the group that a record belongs to. Evidence belongs where the message belongs that it speaks of.
    fn group(self, store: &Store, id: RecordId) -> Option<u32> {
        let record = store.get(id)?;
        let (id, record) = match record.kind() {
            RecordKind::Message => (id, record),
            RecordKind::Evidence if record.relates_to == NO_RECORD => return None,
            RecordKind::Evidence => (record.relates_to, store.get(record.relates_to)?),
        };
        let group = match self {
            Self::Exchange => record.exchange.0,
            Self::Observation => store.observation_of(id)?.0,
        };
        (group != 0).then_some(group)
    }
}

/// A relation in a filter.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub whole: Whole,
    /// What some message of the group must pass.
    pub test: Expr,
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
        let Some(group) = whole.group(store, id) else { return false };
        let (word, bit) = (group as usize / 64, 1 << (group % 64));
        if bits.len() <= word {
            bits.resize(word + 1, 0);
        }
        match bits.get_mut(word) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                true
            }
            _ => false,
        }
    }

    /// Whether a message belongs to a group of the relation.
    pub(super) fn has(&self, relation: usize, store: &Store, id: RecordId) -> bool {
        let Some((whole, bits)) = self.0.get(relation) else { return false };
        let Some(group) = whole.group(store, id) else { return false };
        bits.get(group as usize / 64).is_some_and(|word| word & 1 << (group % 64) != 0)
    }
}
