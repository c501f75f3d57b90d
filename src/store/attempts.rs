//! Which transmission an answer belongs to, as far as that can be told, and the time since each that it may be.

use super::{Record, RecordFlags, Store};
use crate::tracking::{NO_RECORD, RecordId, Relation, Role};

/// Messages between an answer and what it answers that are looked through.
const LOOKED: usize = 4_000;

/// A captured copy of a message that an answer may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The copy.
    pub record: RecordId,
    /// Nanoseconds from it to the answer; `None` where nobody can tell.
    pub elapsed: Option<i64>,
}

impl Store {
    /// The captured copies of a message that its first ACK, Reset or response may be for, oldest first: those before it. An empty ACK before a
    /// response tells that the copies after that did not bring it about.
    ///
    /// With one copy its time is the round-trip time. Copies are alike, and so are the answers to them: with several nobody can tell which one
    /// it is (the ambiguity that Karn's algorithm avoids, RFC 6298 section 3). `None` for what is no first answer, or may be one to another request, and where what was captured
    /// in between has left or is too much.
    pub fn attempts(&self, id: RecordId) -> Option<Vec<Attempt>> {
        let answer = self.get(id)?;
        let asked = answer.relates_to;
        let answers = matches!(answer.relation(), Relation::Answers | Relation::Acknowledges | Relation::Resets);
        let ambiguous = answer.flags.has(RecordFlags::AMBIGUOUS);
        if !answers || asked == NO_RECORD || answer.role == Role::Notification || ambiguous {
            return None;
        }
        // What belongs to no exchange is looked for among all.
        let alone = answer.exchange.0 == 0;
        let before =
            |id: RecordId, record: &Record| if alone { id.wrapping_sub(1) } else { record.previous_in_exchange };
        let mut copies = Vec::new();
        let mut at = before(id, &answer);
        for _ in 0..LOOKED {
            let record = self.get(at)?;
            match record.relation() {
                _ if at == asked => {
                    copies.push(at);
                    copies.reverse();
                    let since = |record| Attempt { record, elapsed: self.answered_after(record, id) };
                    return Some(copies.into_iter().map(since).collect());
                }
                _ if record.relates_to != asked => {}
                Relation::Retransmits | Relation::Duplicates => copies.push(at),
                Relation::Acknowledges | Relation::Resets if answer.relation() == Relation::Answers => copies.clear(),
                Relation::Acknowledges | Relation::Resets => return None,
                // Each member of a group answers for itself.
                Relation::Answers if answer.relation() == Relation::Answers && record.source == answer.source => {
                    return None;
                }
                Relation::None | Relation::Answers | Relation::CopyOf => {}
            }
            at = before(at, &record);
        }
        None
    }
}

/// Nanoseconds from the copy that a first answer is for to that answer, where only one can be meant.
pub fn round_trip(attempts: &[Attempt]) -> Option<i64> {
    match attempts {
        [attempt] => attempt.elapsed,
        _ => None,
    }
}
