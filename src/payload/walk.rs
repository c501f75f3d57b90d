//! What a decoder notes while it walks: flaws with their place, and how much it may still make.

use std::ops::Range;

use super::Item;
use crate::coap::flaw::Flaw;

/// Levels of nesting that are walked.
pub const DEPTH: usize = 64;
/// Items that are made of one body.
pub const ITEMS: usize = 10_000;

/// A flaw and the bytes of the body that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub flaw: Flaw,
    /// Where.
    pub bytes: Range<usize>,
}

/// What one decoding has found, and what it may still make.
#[derive(Debug)]
pub(super) struct Walk {
    /// Flaws so far.
    pub problems: Vec<Problem>,
    /// Items that may still be made.
    left: usize,
    /// Levels of nesting that may still be entered: less inside an embedded body.
    pub levels: usize,
}

/// Flaws that are noted of one body; a list of thousands tells no more.
const PROBLEMS: usize = 20;

impl Walk {
    pub fn new() -> Self {
        Self { problems: Vec::new(), left: ITEMS, levels: DEPTH }
    }

    /// Notes a flaw. That not all is read is noted whatever stands there already.
    pub fn flaw(&mut self, flaw: Flaw, bytes: Range<usize>) {
        let is_limit = || matches!(flaw, Flaw::TooDeep | Flaw::TooMany) && !self.has(flaw);
        if self.problems.len() < PROBLEMS || is_limit() {
            self.problems.push(Problem { flaw, bytes });
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.problems.iter().any(|problem| problem.flaw == flaw)
    }

    /// Whether something in these bytes, or right behind them, could not be read.
    pub fn is_broken_in(&self, bytes: &Range<usize>) -> bool {
        let is_there = |problem: &Problem| (bytes.start..=bytes.end).contains(&problem.bytes.start);
        self.problems.iter().any(|problem| !problem.flaw.is_readable() && is_there(problem))
    }

    /// Takes one item from what may be made; notes it where none is left.
    pub fn take(&mut self, at: Range<usize>) -> bool {
        if self.left == 0 {
            if !self.has(Flaw::TooMany) {
                self.flaw(Flaw::TooMany, at);
            }
            return false;
        }
        self.left -= 1;
        true
    }

    /// Moves the flaws noted since there were `known` by `bytes`: those of an embedded body.
    pub fn shift(&mut self, known: usize, bytes: usize) {
        for problem in self.problems.iter_mut().skip(known) {
            problem.bytes = problem.bytes.start + bytes..problem.bytes.end + bytes;
        }
    }
}

/// What is left of a body, for a walk that ended early.
pub(super) fn rest(bytes: Range<usize>, why: &'static str) -> Item {
    Item::new(super::Value::Rest(why), bytes)
}
