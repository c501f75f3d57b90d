//! Later copies of messages: which they are, told from the first.

use super::{Record, RecordFlags, Store};
use crate::coap::{Finding, Rule};
use crate::tracking::{NO_RECORD, RecordId, Relation, Role};

/// Messages behind the first copy that are looked through: copies come within minutes.
const LOOKED: RecordId = 1 << 14;

impl Store {
    /// New records came: those that they repeat know it. Frames that the capture point saw twice are repeats as well.
    #[inline]
    pub(super) fn note_copies(&mut self, records: &[Record]) {
        for record in records.iter().filter(|record| record.is_repeat()) {
            self.records.change(record.relates_to as usize, Record::set_repeated);
        }
    }

    /// The later copies of a message that were captured, in their order; none for a copy. Of one that was repeated after very many others the
    /// late ones may be missing.
    pub fn repeated_in(&self, id: RecordId) -> Vec<RecordId> {
        if !self.get(id).is_some_and(|record| record.is_repeated()) {
            return Vec::new();
        }
        let behind = id.saturating_add(1)..id.saturating_add(LOOKED).min(self.len() as RecordId);
        let is_copy = |other: &RecordId| self.get(*other).is_some_and(|one| one.is_repeat() && one.relates_to == id);
        behind.filter(is_copy).collect()
    }

    /// What a message repeats, as that is shown: of a datagram that came twice, be it to the capture point alone, the frame that is the same one;
    /// of what was sent again the first copy; of others what they relate to. Relations by name are those of JSON, and name the first copy.
    pub fn shown_relation(&self, id: RecordId) -> Option<RecordId> {
        let record = self.get(id)?;
        let may_be = matches!(record.relation(), Relation::CopyOf | Relation::Duplicates);
        let is_same = |finding: &Finding| matches!(finding.rule, Rule::CaptureCopy | Rule::NetDuplicate);
        let same = may_be.then(|| self.findings(id).find(is_same)).flatten();
        let same = same.and_then(|finding| RecordId::try_from(finding.numbers[0]).ok());
        Some(same.unwrap_or(record.relates_to)).filter(|other| *other != NO_RECORD)
    }

    /// A message turned out to play another part: its copies play the same.
    #[cold]
    pub(super) fn relate_copies(&mut self, id: RecordId, role: Role) {
        for copy in self.repeated_in(id) {
            self.records.change(copy as usize, |record| record.role = role);
        }
    }

    /// It is a response, or a copy of one, that may be for another open request with its token. A frame that the capture point saw twice is
    /// for nothing.
    pub fn is_ambiguous(&self, id: RecordId) -> bool {
        let first = self.first_copy(id).and_then(|first| self.get(first));
        first.is_some_and(|first| first.flags.has(RecordFlags::AMBIGUOUS))
    }
}
