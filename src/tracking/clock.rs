//! The time of the frames, made safe: steps back and far jumps never evict what is still needed.

use super::pauses::Pauses;
use crate::coap::UNKNOWN_TIME;
use crate::frame::is_known_time;

/// Nanoseconds in a second.
pub(super) const SECOND: i64 = 1_000_000_000;
/// A step longer than this is a jump: the capture paused, or its clock was set.
const JUMP: i64 = 86_400 * SECOND;
/// A step back that is no longer is rather one of frames that are not sorted than of a clock that was set, nanoseconds.
const UNSORTED: i64 = SECOND / 10;

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

/// What the machine's clock (live) is to have jumped, where no frame came since.
#[derive(Clone, Copy, Debug)]
struct Untold {
    /// The steady time in front of it.
    steady: i64,
    /// The jump before it, see [`Clock::jumped`].
    jumped: Option<Moment>,
}

/// Keeps two times: that of the frames, and a steady one that only grows and drives what expires.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: i64,
    /// The last time that is known, where the last one is not.
    known: Option<i64>,
    /// The last time of a frame that is known, where time has passed without a frame since (live).
    framed: Option<i64>,
    steady: i64,
    /// A jump that is not confirmed.
    held: i64,
    /// The first frame behind that.
    held_at: Moment,
    /// See [`stamp`](Self::stamp).
    stamp: i64,
    /// A step of fewer nanoseconds is as usual: 0 at first and behind a jump, where none is.
    usual: u64,
    epoch: u32,
    /// The newest epoch that began with a step back by more than [`UNSORTED`].
    set_back: u32,
    started: bool,
    /// When the capture began to see behind the last jump.
    jumped: Option<Moment>,
    /// The last jump was met without a frame.
    untold: Option<Untold>,
    pauses: Pauses,
    /// The last pause was not told of yet, see [`paused_anew`](Self::paused_anew).
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
        // What has no time of its own may as well have come in front of the jump.
        let jump = if is_known_time(self.last) { self.held } else { 0 };
        self.stamp = self.steady.saturating_add(jump);
        let usual = self.started && self.held == 0 && self.framed.is_none();
        self.usual = if usual { JUMP as u64 + 1 } else { 0 };
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
        let (delta, before) = (time.saturating_sub(known), self.framed.take().unwrap_or(known));
        if delta >= -JUMP {
            self.confirm();
        }
        self.held = 0;
        let elapsed = time.saturating_sub(before);
        let untold = self.untold.take();
        if let Some(untold) = untold.filter(|_| elapsed <= JUMP) {
            // The machine's clock was set, and set back.
            (self.steady, self.jumped) = (untold.steady, untold.jumped);
            self.pauses.take_back(self.steady);
        } else if untold.is_some() {
            self.jumped = self.jumped.map(|jumped| Moment { time: jumped.time.min(time), ..jumped });
        }
        if elapsed < 0 {
            self.epoch = self.epoch.wrapping_add(1);
            if elapsed < -UNSORTED {
                self.set_back = self.epoch;
            }
            return Step::Back(elapsed.saturating_neg());
        }
        if delta > JUMP {
            (self.held, self.held_at) = (delta.min(self.longest()), self.now());
        } else {
            self.steady = self.steady.saturating_add(delta.max(0));
        }
        if delta > JUMP || untold.is_some() && elapsed > JUMP { Step::Jump(elapsed) } else { Step::Forward }
    }

    /// The last time that is known.
    fn known(&self) -> Option<i64> {
        if is_known_time(self.last) { Some(self.last) } else { self.known }
    }

    /// No pause counts as longer, in steady time, nanoseconds: many more may follow. Where there were many, each counts as little longer than what
    /// goes on behind one.
    fn longest(&self) -> i64 {
        let least = self.grace.saturating_mul(2).max(3600 * SECOND);
        if self.steady < i64::MAX / 2 { least.max(i64::MAX / 1024) } else { least }
    }

    /// A jump that was held back was a pause.
    pub fn confirm(&mut self) {
        if self.held > 0 {
            self.note_pause(self.held);
            self.jumped = Some(self.held_at);
            self.held = 0;
            self.went();
        }
    }

    /// There was a pause, so long.
    fn note_pause(&mut self, length: i64) {
        let end = self.steady.saturating_add(length.min(self.longest()));
        self.pauses.note(self.steady, end, self.grace);
        (self.steady, self.anew) = (end, true);
    }

    /// With the next pause it is forgotten what fell into those before it.
    pub fn forgets_pauses(&self) -> bool {
        self.pauses.are_full(self.steady, self.grace)
    }

    /// Whether there was a pause since this was asked last.
    pub fn paused_anew(&mut self) -> bool {
        std::mem::take(&mut self.anew)
    }

    /// The steady time by which things are over. Where a jump was no pause, but the clock was set, what was under way goes on behind it: for a
    /// while nothing counts as over that would not be if no time had passed in it.
    #[inline]
    pub fn due(&self) -> i64 {
        if self.pauses.is_empty() { self.steady } else { self.steady - self.pauses.unsettled(self.steady, self.grace) }
    }

    /// The time behind the last jump is long enough: what was there before it is over.
    pub fn settle(&mut self) {
        self.pauses.settle();
    }

    /// One of the last jumps, or one that is not confirmed, lies between a steady time and now.
    pub fn jumped_since(&self, stamp: i64) -> bool {
        self.held > 0 && stamp <= self.steady || self.pauses.began_since(stamp)
    }

    /// Time since a steady time, as if none had passed in the last jumps, nanoseconds.
    pub fn without_jump(&self, stamp: i64) -> i64 {
        self.steady.saturating_sub(stamp).saturating_sub(self.pauses.length(stamp))
    }

    /// Whether the end of a wait that began at a steady time fell into a pause: what came then is not known.
    pub fn paused(&self, stamp: i64, wait: i64) -> bool {
        self.pauses.began_between(stamp, stamp.saturating_add(wait))
    }

    /// Time since the capture began to see, nanoseconds: from its start, or from the end of a pause.
    pub fn watched(&self) -> i64 {
        if self.held > 0 { 0 } else { self.steady - self.pauses.end() }
    }

    /// The capture paused at least once.
    pub fn has_paused(&self) -> bool {
        self.held > 0 || !self.pauses.is_empty()
    }

    /// The first frame behind a jump that is not confirmed is at hand.
    pub fn is_jumping(&self) -> bool {
        self.held > 0
    }

    /// When the capture began to see behind the last jump, be that confirmed or not.
    fn last_jump(&self) -> Option<Moment> {
        if self.held > 0 { Some(self.held_at) } else { self.jumped }
    }

    /// A moment is known to be behind the last jump.
    pub fn is_behind_jump(&self, then: Moment) -> bool {
        self.last_jump().and_then(|jumped| between(jumped, then)).is_some_and(|elapsed| elapsed >= 0)
    }

    /// The later of a moment and the end of the last pause: from then on the capture saw everything.
    pub fn seen_since(&self, then: Moment) -> Moment {
        let jumped = self.last_jump();
        jumped.filter(|jumped| between(then, *jumped).is_some_and(|elapsed| elapsed >= 0)).unwrap_or(then)
    }

    /// Moves on without a frame (live); never back. A jump is one here, too: whoever looks again and again lets little time pass at once.
    pub fn advance(&mut self, now: i64) {
        let Some(known) = self.known().filter(|known| self.started && now > *known) else { return };
        self.confirm();
        self.framed = self.framed.or(Some(known));
        let delta = now.saturating_sub(known);
        (self.last, self.known) = (now, None);
        if delta > JUMP {
            self.untold = self.untold.or(Some(Untold { steady: self.steady, jumped: self.jumped }));
            self.note_pause(delta);
            self.jumped = Some(self.now());
        } else {
            self.steady = self.steady.saturating_add(delta);
        }
        self.went();
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment { time: self.last, epoch: self.epoch }
    }

    /// The steady time by which things expire: nanoseconds since the first frame; a very long pause counts as shorter.
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

    /// Nanoseconds from one stamp to another, whatever the clock did in between; `None` where one of them is not known.
    pub fn stamped_apart(&self, from: Moment, to: Moment) -> Option<i64> {
        (is_known_time(from.time) && is_known_time(to.time)).then(|| to.time.saturating_sub(from.time))
    }

    /// The same where time only went back as it does among frames that are not sorted.
    pub fn nearly_between(&self, from: Moment, to: Moment) -> Option<i64> {
        let nearly = from.epoch.min(to.epoch) >= self.set_back;
        if nearly { self.stamped_apart(from, to) } else { between(from, to) }
    }

    /// Age for lifetimes: by the frames, or by the steady time where the frames cannot tell.
    pub fn age(&self, then: Moment, stamp: impl FnOnce() -> i64) -> i64 {
        self.since(then).unwrap_or_else(|| self.steady.saturating_sub(stamp()))
    }

    /// The same where a jump that is not confirmed counts, as it does in the time of the frames.
    pub fn age_with_jump(&self, then: Moment, stamp: impl FnOnce() -> i64) -> i64 {
        self.since(then).unwrap_or_else(|| self.stamp.saturating_sub(stamp()))
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

    #[test]
    fn however_many_jumps_there_are_steady_time_has_room_and_few_are_kept() {
        let mut clock = Clock::new(247 * SECOND);
        for jump in 0..200_000 {
            // There, where the next frame is, too; and back.
            let there = if jump % 2 == 0 { 0 } else { i64::MAX / 2 };
            for nanosecond in [0, 1] {
                clock.step(there + nanosecond);
            }
        }
        assert!(clock.steady() < i64::MAX / 8 * 5);
        assert!(clock.pauses.length(0) <= clock.longest() * 8);
    }
}
