//! The pauses of a capture behind which what was under way may still go on.

/// So many are told apart. More of them within a few minutes are no clock that is set, but times that say nothing.
const MOST: usize = 8;

/// Steady times between which the capture paused, and saw nothing; or its clock was set, and no time passed.
#[derive(Clone, Copy, Debug)]
struct Pause {
    from: i64,
    end: i64,
}

/// The last pauses, the oldest first: each began while it was not settled whether what was there before the one in front of it is over.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    kept: Vec<Pause>,
    /// What was there before is over, however short the time since.
    settled: bool,
}

impl Pauses {
    /// There was none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Steady time at which the last one ended; 0 if there was none.
    pub fn end(&self) -> i64 {
        self.kept.last().map_or(0, |pause| pause.end)
    }

    /// What was there before them is over: the last one ended a time of `grace` ago.
    fn is_settled(&self, steady: i64, grace: i64) -> bool {
        self.settled || steady - self.end() >= grace
    }

    /// What was there before them is over.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// With the next pause these are forgotten: what fell into them is to be judged before.
    pub fn are_full(&self, steady: i64, grace: i64) -> bool {
        !self.is_empty() && (self.is_settled(steady, grace) || self.kept.len() >= MOST)
    }

    /// There was a pause between two steady times.
    pub fn note(&mut self, from: i64, end: i64, grace: i64) {
        if self.are_full(from, grace) {
            self.kept.clear();
        }
        self.settled = false;
        self.kept.push(Pause { from, end });
    }

    /// There was no such pause behind a steady time.
    pub fn take_back(&mut self, steady: i64) {
        self.kept.retain(|pause| pause.end <= steady);
    }

    /// How long they lasted behind a steady time.
    pub fn length(&self, stamp: i64) -> i64 {
        self.kept.iter().filter(|pause| stamp <= pause.from).map(|pause| pause.end - pause.from).sum()
    }

    /// So much of the steady time may not have passed.
    pub fn unsettled(&self, steady: i64, grace: i64) -> i64 {
        if self.is_settled(steady, grace) { 0 } else { self.length(i64::MIN) }
    }

    /// One of them began behind a steady time.
    pub fn began_since(&self, stamp: i64) -> bool {
        self.kept.last().is_some_and(|pause| stamp <= pause.from)
    }

    /// One of them began between two steady times.
    pub fn began_between(&self, stamp: i64, end: i64) -> bool {
        self.kept.iter().any(|pause| stamp <= pause.from && end > pause.from)
    }
}
