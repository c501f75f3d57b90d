//! The time of the frames, made safe: steps back and far jumps never evict what is still needed.

use crate::coap::UNKNOWN_TIME;
use crate::frame::is_known_time;

/// Nanoseconds in a second.
pub(super) const SECOND: i64 = 1_000_000_000;
/// A step longer than this is a jump: the capture paused, or its clock was set.
const JUMP: i64 = 86_400 * SECOND;

/// A point in time that knows whether durations from it can be told. Packed, since an observation keeps five.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(Rust, packed(4))]
pub(super) struct Moment {
    /// Nanoseconds since 1970, as the frame says.
    pub time: i64,
    /// Counts the places where time went back.
    pub epoch: u32,
}

/// What the step to the next frame was like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The usual.
    Forward,
    /// The frame is earlier than the one before it, by so many nanoseconds.
    Back(i64),
    /// More than a day later, by so many nanoseconds.
    Jump(i64),
}

/// Keeps two times: that of the frames, and a steady one that only grows and drives what expires.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: i64,
    /// The last time that is known, where the last one is not.
    known: Option<i64>,
    steady: i64,
    /// A jump that is not confirmed.
    held: i64,
    /// See [`stamp`](Self::stamp).
    stamp: i64,
    /// A step of fewer nanoseconds is as usual: 0 at first and behind a jump, where none is.
    usual: u64,
    epoch: u32,
    started: bool,
    /// The first frame behind the last jump.
    jumped: Option<Moment>,
    /// Steady times between which the capture paused last, and saw nothing; or its clock was set, and no time passed.
    pause: Option<(i64, i64)>,
    /// The pause was not told of yet, see [`paused_anew`](Self::paused_anew).
    anew: bool,
    /// So long behind a jump what was there before it is kept, nanoseconds: see [`due`](Self::due).
    grace: i64,
}

impl Clock {
    /// A clock that keeps what was there before a jump for so many nanoseconds behind it.
    pub fn new(grace: i64) -> Self {
        Self { grace, ..Self::default() }
    }

    /// Moves to the time of the next frame, of whatever kind the step is.
    #[cfg(test)]
    fn step(&mut self, time: i64) -> Step {
        if self.go_on(time) { Step::Forward } else { self.step_oddly(time) }
    }

    /// Moves to the time of the next frame if that is one as usual, a little later than the last.
    #[inline(always)]
    pub fn go_on(&mut self, time: i64) -> bool {
        let usual = time.checked_sub(self.last).filter(|delta| (*delta as u64) < self.usual);
        let Some(delta) = usual else { return false };
        let Some(steady) = self.steady.checked_add(delta) else { return false };
        (self.last, self.steady, self.stamp) = (time, steady, steady);
        true
    }

    /// The same where [`go_on`](Self::go_on) did not: the first step, one back, a jump, and the one behind it.
    ///
    /// A jump is held back until the next frame confirms it: one frame with a wild timestamp ages nothing.
    #[cold]
    pub fn step_oddly(&mut self, time: i64) -> Step {
        let step = self.step_anyhow(time);
        self.went();
        step
    }

    /// To be called behind each step that was not as usual.
    fn went(&mut self) {
        self.stamp = self.steady.saturating_add(self.held);
        self.usual = if self.started && self.held == 0 { JUMP as u64 + 1 } else { 0 };
    }

    fn step_anyhow(&mut self, time: i64) -> Step {
        if !self.started {
            self.started = true;
            self.last = time;
            return Step::Forward;
        }
        let known = self.known();
        self.last = time;
        self.known = if is_known_time(time) { None } else { known };
        let Some(known) = known.filter(|_| is_known_time(time)) else {
            return Step::Forward;
        };
        let delta = time.saturating_sub(known);
        if delta >= -JUMP {
            self.confirm();
        }
        self.held = 0;
        if delta < 0 {
            self.epoch = self.epoch.wrapping_add(1);
            Step::Back(delta.saturating_neg())
        } else if delta > JUMP {
            self.held = delta;
            self.jumped = Some(self.now());
            Step::Jump(delta)
        } else {
            self.steady = self.steady.saturating_add(delta);
            Step::Forward
        }
    }

    /// The last time that is known.
    fn known(&self) -> Option<i64> {
        if is_known_time(self.last) { Some(self.last) } else { self.known }
    }

    /// A jump that was held back was a pause.
    pub fn confirm(&mut self) {
        if self.held > 0 {
            let end = self.steady.saturating_add(self.held);
            self.note_pause(end);
            self.held = 0;
            self.went();
        }
    }

    /// A pause lasted up to this steady time.
    fn note_pause(&mut self, end: i64) {
        (self.pause, self.anew) = (Some((self.steady, end)), true);
        self.steady = end;
    }

    /// Whether there was a pause since this was asked last.
    pub fn paused_anew(&mut self) -> bool {
        std::mem::take(&mut self.anew)
    }

    /// The steady time by which things are over. Where a jump was no pause, but the clock was set, what was under way goes on behind it: for a
    /// while nothing counts as over that would not be if no time had passed in it.
    #[inline]
    pub fn due(&self) -> i64 {
        match self.pause {
            Some((from, end)) if self.steady - end < self.grace => from + (self.steady - end),
            _ => self.steady,
        }
    }

    /// The time behind the last jump is long enough: what was there before it is over.
    pub fn settle(&mut self) {
        self.grace = 0;
    }

    /// The last jump, or one that is not confirmed, lies between a steady time and now.
    pub fn jumped_since(&self, stamp: i64) -> bool {
        self.held > 0 && stamp <= self.steady || self.pause.is_some_and(|(from, _)| stamp <= from)
    }

    /// Time since a steady time, as if none had passed in the last jump, nanoseconds.
    pub fn without_jump(&self, stamp: i64) -> i64 {
        let jump = self.pause.filter(|(from, _)| stamp <= *from).map_or(0, |(from, end)| end - from);
        self.steady.saturating_sub(stamp).saturating_sub(jump)
    }

    /// Whether the end of a wait that began at a steady time fell into a pause: what came then is not known.
    pub fn paused(&self, stamp: i64, wait: i64) -> bool {
        self.pause.is_some_and(|(from, _)| stamp <= from && stamp.saturating_add(wait) > from)
    }

    /// Time since the capture began to see, nanoseconds: from its start, or from the end of a pause.
    pub fn watched(&self) -> i64 {
        if self.held > 0 { 0 } else { self.steady - self.pause.map_or(0, |(_, end)| end) }
    }

    /// The capture paused at least once.
    pub fn has_paused(&self) -> bool {
        self.held > 0 || self.pause.is_some()
    }

    /// The first frame behind a jump that is not confirmed is at hand.
    pub fn is_jumping(&self) -> bool {
        self.held > 0
    }

    /// The later of a moment and the end of the last pause: from then on the capture saw everything.
    pub fn seen_since(&self, then: Moment) -> Moment {
        self.jumped.filter(|jumped| between(then, *jumped).is_some_and(|elapsed| elapsed >= 0)).unwrap_or(then)
    }

    /// Moves on without a frame (live); never back.
    pub fn advance(&mut self, now: i64) {
        let delta = self.known().map_or(0, |known| now.saturating_sub(known));
        if self.started && delta > 0 {
            self.confirm();
            let end = self.steady.saturating_add(delta);
            match delta > JUMP {
                true => self.note_pause(end),
                false => self.steady = end,
            }
            (self.last, self.known) = (now, None);
            self.went();
        }
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment { time: self.last, epoch: self.epoch }
    }

    /// The steady time by which things expire: nanoseconds since the first frame.
    pub fn steady(&self) -> i64 {
        self.steady
    }

    /// The steady time to stamp on what begins now; a jump not yet confirmed is in it.
    pub fn stamp(&self) -> i64 {
        self.stamp
    }

    /// Nanoseconds since then, or `None` where time went back in between.
    pub fn since(&self, then: Moment) -> Option<i64> {
        between(then, self.now())
    }

    /// Nanoseconds from one moment to a later one, or `None` where time went back or jumped in between: behind a jump nobody knows how much
    /// time passed.
    pub fn took(&self, from: Moment, to: Moment) -> Option<i64> {
        between(from, to).filter(|elapsed| !may_hide_jump(*elapsed) || self.seen_since(from) == from)
    }

    /// Age for lifetimes: by the frames, or by the steady time where the frames cannot tell.
    pub fn age(&self, then: Moment, stamp: impl FnOnce() -> i64) -> i64 {
        self.since(then).unwrap_or_else(|| self.steady.saturating_sub(stamp()))
    }
}

/// So much time passed that it may have done so in a jump.
#[inline]
pub(super) fn may_hide_jump(elapsed: i64) -> bool {
    elapsed > JUMP
}

/// Nanoseconds from one moment to a later one, or `None` where time went back in between, or where one of them is not known.
#[inline]
pub(super) fn between(from: Moment, to: Moment) -> Option<i64> {
    if from.epoch != to.epoch || !is_known_time(from.time) || !is_known_time(to.time) {
        return None;
    }
    Some(to.time.checked_sub(from.time).unwrap_or_else(|| too_long(to.time)))
}

/// The longest duration, forwards or back.
#[cold]
fn too_long(to: i64) -> i64 {
    if to < 0 { i64::MIN } else { i64::MAX }
}

/// The same as the number of a finding.
pub(super) fn elapsed(from: Moment, to: Moment) -> i64 {
    between(from, to).unwrap_or(UNKNOWN_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds times in seconds; returns the steady time in seconds afterwards.
    fn steady(times: &[i64]) -> i64 {
        let mut clock = Clock::default();
        for time in times {
            clock.step(time.saturating_mul(SECOND));
        }
        clock.steady() / SECOND
    }

    #[test]
    fn only_confirmed_time_passes() {
        for (times, expected) in [
            (&[100, 110, 120][..], 20),
            (&[100, 90, 95], 5),
            (&[100, 1_000_000, 101, 102], 1),
            (&[100, 1_000_000, 1_000_001], 999_901),
            (&[i64::MIN, i64::MAX, 5], 0),
            (&[100, i64::MIN, 110, i64::MIN, i64::MAX, 120], 20),
            (&[i64::MIN, 100, i64::MIN, 90, i64::MIN, 95], 5),
        ] {
            assert_eq!(steady(times), expected, "{times:?}");
        }
    }
}
