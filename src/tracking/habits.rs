//! Senders with another ACK_TIMEOUT than the one that holds otherwise, as their own waits show it (RFC 7252 sections 4.2 and 4.8.1).

use super::Tracker;
use super::again::Again;
use super::clock::SECOND;
use super::context::{Context, MESSAGE_ID, Output};
use super::model::{NO_RECORD, Patch, RecordId, Role};
use super::sent::Sent;
use crate::coap::{Copies, Finding, Rule};

/// So many first waits that are alike are a sender's habit.
const ALIKE: usize = 3;

/// How much longer than the shortest of them the longest of such waits is at most.
const NEARLY: f64 = 1.05;

/// What is known of a sender that waits longer at first than ACK_TIMEOUT and ACK_RANDOM_FACTOR permit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habit {
    /// Its shortest and its longest first wait of late, nanoseconds.
    ends: [i64; 2],
    /// So many such waits in a row are alike.
    count: usize,
    /// It has waited as the parameters say: what may look like another habit are lost copies.
    usual: bool,
    /// The first of them: the copy behind it, and how long it was. Of these was said that others before them are not in the capture.
    said: [(RecordId, i64); ALIKE - 1],
}

impl Habit {
    /// So many waits in a row that are as long as these.
    fn new(ends: [i64; 2], count: usize) -> Self {
        Self { ends, count, usual: false, said: [(NO_RECORD, 0); ALIKE - 1] }
    }

    /// Its waits are known to be what it waits.
    fn is_known(&self) -> bool {
        self.count >= ALIKE
    }

    /// The same with one more wait, where that is no less like the others than the random factor makes them. Those that make it known are more
    /// alike than that: where copies are lost, any wait may be a sum of others.
    fn with(self, wait: i64, factor: f64) -> Option<Self> {
        let ends = [self.ends[0].min(wait), self.ends[1].max(wait)];
        let apart = if self.is_known() { factor * 1.1 } else { NEARLY };
        let alike = ends[1] as f64 <= ends[0] as f64 * apart;
        alike.then_some(Self { ends, count: self.count.saturating_add(1), ..self })
    }
}

/// How far a time may be from what it should be: 10 % and 100 ms.
fn is_about(time: i64, expected: i64) -> bool {
    time.abs_diff(expected) <= (expected / 10 + SECOND / 10).unsigned_abs()
}

/// Says again of a copy that was captured second which one it is: none was lost before it.
fn say_second(record: RecordId, wait: i64, out: &mut Output<'_>) {
    let copies = Copies { captured: 2, by_clock: 2, before: 1, unsure: false, own: true };
    let finding = Finding::new(Rule::MidRetransmission, MESSAGE_ID).with(copies.number(), wait);
    out.patch(Patch::Graver { record, finding, was: finding.severity });
}

impl Tracker {
    /// Whether a copy that by the clock is a later one, or one that comes too late, is the next of a sender that has another schedule: all of
    /// its waits are alike where the first ones are, or the second is twice the first. False where the sender has one, but it does not tell
    /// which copy this is; none where the schedule that holds otherwise may be its. `wait`: since the copy before.
    #[cold]
    #[inline(never)]
    pub(super) fn has_own_schedule(
        &mut self,
        sent: &Sent,
        before: &Again,
        wait: Option<i64>,
        context: &mut Context<'_, '_>,
    ) -> Option<bool> {
        // A notification may go on with the timer of another, and what the network may have doubled leaves the waits open.
        let wait = wait.filter(|_| sent.role != Role::Notification && before.at_once == 0)?;
        let (sender, copies) = (context.arrival.source, before.transmissions());
        let known = self.memory.habits.get(&sender).copied();
        if known.is_some_and(|habit| habit.usual) {
            return None;
        }
        let usual = self.schedule.latest_gap(1);
        if copies == 1 {
            return if wait > usual { self.waits_alike(known, wait, context) } else { None };
        }
        // Behind the first copy that was captured waits double like this only if no copy between them is missing.
        if before.gap <= usual || !is_about(wait, before.gap.saturating_mul(2)) {
            return None;
        }
        let is_known = known.is_some_and(|habit| habit.is_known());
        if !is_known && self.may_be_later(before.gap) {
            return None;
        }
        if copies == 2 && before.step > 1 {
            say_second(before.last_record, before.gap, &mut context.out);
        }
        if copies == 2 && !is_known {
            self.memory.habits.insert(sender, Habit::new([before.gap; 2], ALIKE));
        }
        (copies == 2 || is_known).then_some(true)
    }

    /// The same of the first wait behind a message.
    fn waits_alike(&mut self, known: Option<Habit>, wait: i64, context: &mut Context<'_, '_>) -> Option<bool> {
        let (record, factor) = (context.record(), self.options.parameters.ack_random_factor);
        // One copy may have been lost each time: twice as long behind it as before it.
        if self.is_usual_times(1 + 2, wait) && known.is_none_or(|habit| !habit.is_known()) {
            return None;
        }
        let mut habit = match known.map(|habit| (habit, habit.with(wait, factor))) {
            Some((_, Some(habit))) => habit,
            // One that is known does not end because a copy is missing; by that schedule nobody can tell which.
            Some((habit, None)) if habit.is_known() => return Some(false),
            _ => Habit::new([wait; 2], 1),
        };
        if let Some(said) = habit.said.get_mut(habit.count - 1) {
            *said = (record, wait);
        }
        if habit.count == ALIKE {
            habit.said.iter().for_each(|(record, wait)| say_second(*record, *wait, &mut context.out));
        }
        self.memory.habits.insert(context.arrival.source, habit);
        habit.is_known().then_some(true)
    }

    /// Whether a wait that is followed by one twice as long may be that between two later copies by the usual schedule, before which the first
    /// one was lost.
    fn may_be_later(&self, wait: i64) -> bool {
        let most = self.options.parameters.max_retransmit.saturating_sub(1).min(20);
        (1..most).any(|step| self.is_usual_times(1 << step, wait))
    }

    /// Whether a wait is so many times one that the parameters permit at first.
    fn is_usual_times(&self, times: u32, wait: i64) -> bool {
        let parameters = &self.options.parameters;
        let shortest = parameters.ack_timeout as f64 * f64::from(times);
        (shortest * 0.98..=shortest * parameters.ack_random_factor * 1.02).contains(&(wait as f64))
    }

    /// A sender waited as long at first as the parameters say: what is known of its waits does not hold.
    #[cold]
    #[inline(never)]
    pub(super) fn keeps_schedule(&mut self, context: &Context<'_, '_>) {
        let sender = context.arrival.source;
        if self.memory.habits.get(&sender).is_none_or(|habit| !habit.usual) {
            self.memory.habits.insert(sender, Habit { usual: true, ..Habit::new([i64::MAX, 0], 0) });
        }
    }
}
