//! When retransmissions come, and when they should (RFC 7252 sections 4.2 and 4.8).

use super::Tracker;
use super::again::{Again, GaveUp, Pace};
use super::clock::{SECOND, between};
use super::context::{Context, MESSAGE_ID, Output, less};
use super::early::is_near;
use super::facts::folded;
use super::marks::Marked;
use super::message_layer::PASSAGE;
use super::model::{Patch, RecordId, Role};
use super::pairs::{PairNumber, SILENT, STRAYED};
use super::schedule::Schedule;
use super::sent::{Handle, OUTSTANDING, Sent, stray_key};
use crate::coap::finding::PERHAPS_DOUBLED;
use crate::coap::{Copies, Finding, Rule, UNKNOWN_TIME};

/// An answer is not under way for longer than this from the capture point to the sender, however long the server thought about it.
const UNDER_WAY: i64 = SECOND / 4;

/// The time less the tolerance of the schedule: 10 % and 100 ms.
fn slack_below(time: i64) -> i64 {
    time - time / 10 - SECOND / 10
}

/// Which transmissions the captured copies are by the clock; the first transmission is 0.
#[derive(Clone, Copy)]
struct Reading {
    /// One bit for each that the first captured copy may be.
    firsts: u32,
    /// The first captured copy, the one before the newest, and the newest.
    first: u16,
    before: u16,
    step: u16,
    /// The newest may be a later one.
    unsure: bool,
}

impl Reading {
    /// Where the first transmission was not captured, the time between two copies may still tell which they are. `elapsed`: from the first
    /// captured copy to the newest, and to that before. `None` where the schedule has no place for all copies.
    fn new(schedule: &Schedule, firsts: u32, elapsed: [i64; 2]) -> Option<Self> {
        let mut read = Self { firsts: 0, first: 0, before: 0, step: u16::MAX, unsure: false };
        let (mut left, mut latest) = (firsts & ((1 << schedule.most()) - 1), 0);
        while left != 0 {
            let first = left.trailing_zeros() as u16;
            left &= left - 1;
            let before = match elapsed[1] {
                0 => Some(first),
                elapsed => schedule.find(first, first, elapsed),
            };
            let Some(before) = before else { continue };
            let Some(step) = schedule.find(first, before, elapsed[0]) else { continue };
            read.firsts |= 1 << first;
            latest = step.max(latest);
            if step < read.step {
                (read.first, read.before, read.step) = (first, before, step);
            }
        }
        read.unsure = latest > read.step || read.firsts & 1 == 0;
        (read.firsts != 0).then_some(read)
    }

    /// The newest copy is the next: none is missing.
    fn next(before: &Again) -> Self {
        let step = before.transmissions();
        Self { firsts: 0, first: 0, before: step.saturating_sub(1), step, unsure: false }
    }

    /// No copy is missing between so many that were captured.
    fn has_all(&self, captured: u16) -> bool {
        self.step - self.first < captured
    }
}

impl Tracker {
    /// A Confirmable message was sent again: counts it and judges when. Gives how many copies were captured.
    #[inline(always)]
    pub(super) fn retransmitted(&mut self, owner: Handle, sent: &Sent, context: &mut Context<'_, '_>) -> u16 {
        let before = self.sent.again(sent);
        let [gap, elapsed] = [before.last, sent.first].map(|copy| self.clock.took(copy.at(), context.now));
        let wait = gap.map(|gap| gap.saturating_add(before.since.into()));
        let at_once = self.is_at_once(&before, wait, context);
        let (explained, reading) = match at_once {
            true => (None, Reading { firsts: 0, first: 0, before: before.step, step: before.step, unsure: false }),
            false => self.read(sent, &before, elapsed),
        };
        let own = if at_once { None } else { self.own_schedule(sent, &before, wait, &reading, context) };
        let (explained, reading) = if own.is_some() { (None, Reading::next(&before)) } else { (explained, reading) };
        let mut again = Again {
            copies: before.copies.saturating_add(1),
            round_trip: before.round_trip(sent),
            gave_up: GaveUp::Unsaid,
            doubled: false,
            ..before
        };
        again.follow(sent, context);
        let now = match at_once {
            true => {
                let since = wait.and_then(|wait| u32::try_from(wait).ok()).unwrap_or(0);
                Again { at_once: before.at_once.saturating_add(1), since, ..again }
            }
            false => Again {
                since: 0,
                step: reading.step,
                firsts: explained.map_or(0, |read| read.firsts),
                // What was taken for doubled may have been sent, where the identification of all is the same.
                gap: wait.filter(|_| !before.doubled || before.last.ip_id != context.arrival.ip_id).unwrap_or(0),
                pace: Pace::Doubles,
                ..again
            },
        };
        self.sent.set_again(owner, now);
        let (before_it, by_clock) = (reading.before.saturating_add(1), reading.step.saturating_add(1));
        let copies = Copies {
            captured: now.copies,
            by_clock,
            before: before_it,
            unsure: reading.unsure,
            own: own == Some(true),
        };
        context.find(Rule::MidRetransmission, copies.number(), gap.unwrap_or(UNKNOWN_TIME));
        if before.gave_up != GaveUp::Unsaid {
            self.repeats_after_all(&before, context);
        }
        self.goes_on_after_all(owner, sent, context);
        if at_once {
            let (rule, gap) = (Rule::MidRetransmissionEarly, gap.unwrap_or(0));
            context.find_at(rule, less(rule.severity()), MESSAGE_ID, PERHAPS_DOUBLED, gap);
            return now.copies;
        }
        self.judge_spurious(sent, now.round_trip, context);
        if let (Some(gap), Some(wait), Some(elapsed)) = (gap, wait, elapsed) {
            if before.copies == 1 && wait <= self.schedule.latest_gap(1) {
                self.keeps_schedule(context);
            }
            let any = own.is_some() || sent.role == Role::Notification;
            let late = if any { i64::MAX } else { self.latest_gap(&before, &reading) };
            self.judge_schedule(&now, [gap, wait, late, elapsed], context);
            if explained.unwrap_or(reading).has_all(now.transmissions()) {
                self.judge_pace(owner, [&before, &now], elapsed, context);
            }
        }
        now.copies
    }

    /// A sender of which was said that it gave a message up repeats it nevertheless.
    #[cold]
    #[inline(never)]
    fn repeats_after_all(&mut self, before: &Again, context: &mut Context<'_, '_>) {
        let (rule, record) = (Rule::MidGaveUp, before.last_record);
        let is_less = match before.gave_up {
            GaveUp::Less { held } => !held || self.pairs.let_go(context.pair, record, rule),
            GaveUp::Said | GaveUp::Unsaid => false,
        };
        let was = if is_less { less(rule.severity()) } else { rule.severity() };
        context.out.patch(Patch::Withdrawn { record, rule, was });
    }

    /// So soon behind another a copy may be the network's: no sender waits so short a time, unless it is told that this one does. What the
    /// sender numbered anew it has sent anew.
    fn is_at_once(&self, before: &Again, wait: Option<i64>, context: &Context<'_, '_>) -> bool {
        let (one, other) = (before.last.ip_id, context.arrival.ip_id);
        let numbered_anew = one != 0 && other != 0 && one != other;
        // A refreshed copy is another datagram.
        let differs = before.hash != folded(context.facts.hash) && !context.arrival.cut;
        let soon = PASSAGE.min(slack_below(self.options.parameters.ack_timeout));
        !numbered_anew && !differs && wait.is_some_and(|wait| wait < soon)
    }

    /// Whether the newest copy is the next one by a schedule of its sender's own, see [`has_own_schedule`](Self::has_own_schedule). Asked only of
    /// what the schedule that holds otherwise has no place for but behind others.
    fn own_schedule(
        &mut self,
        sent: &Sent,
        before: &Again,
        wait: Option<i64>,
        reading: &Reading,
        context: &mut Context<'_, '_>,
    ) -> Option<bool> {
        if reading.firsts != 0 && reading.has_all(before.transmissions() + 1) {
            return None;
        }
        let is_early = wait.is_none_or(|wait| wait < self.options.parameters.ack_timeout);
        if is_early { None } else { self.has_own_schedule(sent, before, wait, context) }
    }

    /// Which transmission the newest copy is: by the clock, where that has a place for all copies, and in any case.
    fn read(&self, sent: &Sent, before: &Again, elapsed: Option<i64>) -> (Option<Reading>, Reading) {
        let schedule = &self.schedule;
        let explained = elapsed.and_then(|elapsed| {
            let until_before = self.clock.took(sent.first.at(), before.last.at())? - i64::from(before.since);
            Reading::new(schedule, before.firsts, [elapsed, until_before])
        });
        // A notification in place of one that was not acknowledged goes on with its timer (RFC 7641 section 4.5.2).
        let goes_on = sent.role == Role::Notification;
        // Copies can be lost before the capture point, never added: the clock counts only where it says more.
        let reading = explained.filter(|read| !goes_on || read.firsts & 1 == 1).unwrap_or_else(|| {
            let odd = elapsed.filter(|_| explained.is_none());
            let by_clock = odd.and_then(|elapsed| schedule.exactly(elapsed));
            let step = by_clock.unwrap_or(0).max(before.transmissions());
            let (before, unsure) = (before.step.min(step.saturating_sub(1)), goes_on && explained.is_some());
            Reading { firsts: 0, first: 0, before, step, unsure }
        });
        (explained, reading)
    }

    /// How long the newest copy may come after the one before; without end where copies between them were not captured.
    fn latest_gap(&self, before: &Again, reading: &Reading) -> i64 {
        if reading.step > reading.before + 1 {
            return i64::MAX;
        }
        let step = if reading.firsts == 0 { reading.step.max(before.step + 1) } else { reading.step };
        self.schedule.latest_gap(step)
    }

    /// Whether a copy came in time, and whether it was due at all. `gap`: since the copy before it; `wait`: since the one before that is not at
    /// once behind another.
    #[inline(always)]
    fn judge_schedule(&self, now: &Again, [gap, wait, late, elapsed]: [i64; 4], context: &mut Context<'_, '_>) {
        let parameters = &self.options.parameters;
        if wait < slack_below(parameters.ack_timeout) {
            context.find(Rule::MidRetransmissionEarly, 0, gap);
        }
        if wait > late {
            context.find(Rule::MidRetransmissionLate, 0, gap);
        }
        let (span, copies) = (self.schedule.span, u32::from(now.transmissions()));
        if copies > parameters.max_retransmit + 1 || elapsed > span.saturating_add(span / 10) {
            context.find(Rule::MidTooMany, i64::from(now.copies), elapsed);
        }
    }

    /// Whether the waits of a sender double. Where a copy was late, and the next came when it was due, they need not: that they do not is then
    /// said of both once the copy behind is not due either.
    #[inline(always)]
    fn judge_pace(&mut self, owner: Handle, [before, now]: [&Again; 2], elapsed: i64, context: &mut Context<'_, '_>) {
        if now.gap == 0 || now.gap.saturating_mul(2) >= before.gap.saturating_mul(3) {
            return;
        }
        let is_due = self.schedule.is_due(now.transmissions().saturating_sub(1), elapsed);
        let pace = if is_due && before.pace != Pace::Kept { Pace::Caught } else { Pace::Kept };
        if let Some(again) = self.sent.again_mut(owner) {
            (again.pace, again.uneven, again.uneven_wait) = (pace, now.last_record, before.gap);
        }
        if pace == Pace::Caught {
            return;
        }
        let finding = Finding::new(Rule::MidNoBackoff, MESSAGE_ID);
        if before.pace == Pace::Caught {
            context.out.find(before.uneven, finding.with(before.uneven_wait, before.gap));
        }
        context.out.find(now.last_record, finding.with(before.gap, now.gap));
    }

    /// The answer had passed here long enough before to have reached the sender.
    #[inline(always)]
    fn judge_spurious(&self, sent: &Sent, round_trip: Option<u32>, context: &mut Context<'_, '_>) {
        // An ACK with the token of another is no answer to whoever sent this.
        let of_another = sent.answered_by == sent.acknowledgement && sent.ack_role == Role::Other;
        if !sent.is_answered() || of_another {
            return;
        }
        let Some(since) = between(sent.answer.at(), context.now) else { return };
        if since > i64::from(round_trip.unwrap_or(0) / 2).min(UNDER_WAY) {
            context.find(Rule::MidSpurious, i64::from(sent.answered_by), since);
        }
    }

    /// How long after its first copy the sender of a Confirmable message gives it up, where the copies tell its pace; a little less, since
    /// timers are not that exact. What it sends then is no second interaction at a time.
    #[cold]
    pub(super) fn gives_up(&self, sent: &Sent) -> Option<i64> {
        let again = self.sent.again(sent);
        let waits = |step: u32| 1i64.checked_shl(step).filter(|all| *all > 1).map(|all| all - 1);
        let (past, all) = (waits(again.step.into())?, waits(self.options.parameters.max_retransmit.checked_add(1)?)?);
        // That the first copy was captured is sure.
        let elapsed = between(sent.first.at(), again.last.at()).filter(|_| again.firsts == 1)?;
        let wait = (elapsed / past).saturating_mul(all);
        Some(wait - wait / 50)
    }

    /// One more interaction is open from this sender to this receiver.
    #[inline(always)]
    pub(super) fn outstanding(&mut self, handle: Handle, context: &mut Context<'_, '_>) {
        // Its answer may have been captured before it.
        let early = self.early.may_answer(context.now.time);
        if context.arrival.multicast || early && self.sent.get(handle).is_some_and(|sent| self.answered_early(sent)) {
            return;
        }
        if let Some(sent) = self.sent.get_mut(handle) {
            sent.mark(OUTSTANDING);
        }
        self.one_more_open(context);
    }

    /// Whether a new message to one receiver opens an interaction, whatever came before it.
    #[inline(always)]
    pub(super) fn opens(&self, context: &Context<'_, '_>) -> bool {
        !self.early.may_answer(context.now.time)
    }

    /// The same of a new message to one receiver, of which is noted that it [opens](Self::opens) one, if it does.
    #[inline(always)]
    pub(super) fn opened(&mut self, handle: Handle, opens: bool, context: &mut Context<'_, '_>) {
        match opens {
            true => self.one_more_open(context),
            false => self.outstanding(handle, context),
        }
    }

    #[inline(always)]
    fn one_more_open(&mut self, context: &mut Context<'_, '_>) {
        let direction = self.pairs.direction(context.pair);
        direction.outstanding = direction.outstanding.saturating_add(1);
        let count = u32::from(direction.outstanding);
        if count > self.options.parameters.nstart {
            self.too_many_open(count, context);
        }
    }

    #[cold]
    #[inline(never)]
    fn too_many_open(&mut self, count: u32, context: &mut Context<'_, '_>) {
        // What was open in front of a pause is so no more.
        if self.clock.is_jumping() {
            return;
        }
        self.find_unless_one_way(Finding::new(Rule::FlowNstart, MESSAGE_ID).with(count, 0), context);
    }

    /// Says of the message at hand what is missing in the other direction.
    #[cold]
    #[inline(never)]
    pub(super) fn find_unless_one_way(&mut self, finding: Finding, context: &mut Context<'_, '_>) {
        let two_way = self.is_two_way(context);
        self.unless_one_way(two_way, context.pair, context.record(), finding, &mut context.out);
    }

    /// Says what is missing in the other direction: with less severity while that may not be captured.
    #[cold]
    pub(super) fn unless_one_way(
        &mut self,
        two_way: bool,
        pair: PairNumber,
        record: RecordId,
        finding: Finding,
        out: &mut Output<'_>,
    ) {
        if two_way {
            out.find(record, finding);
        } else {
            out.find(record, finding.at(less(finding.severity)));
            self.pairs.hold(pair, record, finding);
        }
    }

    /// Whether what goes back to the sender is captured too, as far as one can know.
    fn is_two_way(&mut self, context: &Context<'_, '_>) -> bool {
        let silent = self.pairs.direction(context.pair).has(SILENT);
        silent || self.pairs.is_reached(context.arrival.source)
    }

    /// An ACK or Reset to a message was captured just before it, as happens where several queues are captured.
    #[cold]
    #[inline(never)]
    pub(super) fn answered_early(&self, sent: &Sent) -> bool {
        let back = sent.pair().reversed();
        self.pairs.has(back, STRAYED)
            && [false, true].into_iter().any(|reset| {
                let key = stray_key(back, sent.key as u16, reset);
                let answer = self.sent.find(key).and_then(|handle| self.sent.get(handle));
                answer.is_some_and(|answer| is_near(answer.first.time, sent.first.time))
            })
    }

    /// Sums up what is asked of an endpoint that never answers: of one that had the time to.
    #[inline(always)]
    pub(super) fn probe(&mut self, context: &mut Context<'_, '_>) {
        if !self.pairs.seen(context.pair.reversed()) {
            self.probe_unanswered(context);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn probe_unanswered(&mut self, context: &mut Context<'_, '_>) {
        let asks = context.facts.code.is_request() || context.facts.code.is_empty();
        if context.arrival.multicast || !asks {
            return;
        }
        let bytes = u64::from(context.facts.length);
        // Of the first nothing can be said.
        if self.pairs.probing(context.pair, context.now, bytes).is_some() {
            self.probe_again(bytes, context);
        }
    }

    #[cold]
    #[inline(never)]
    fn probe_again(&mut self, bytes: u64, context: &mut Context<'_, '_>) {
        let (rate, two_way) = (i64::from(self.options.parameters.probing_rate), self.is_two_way(context));
        let Some(probing) = self.pairs.probing(context.pair, context.now, bytes) else { return };
        let severity = Rule::FlowProbingRate.severity();
        let severity = if two_way { severity } else { less(severity) };
        if probing.said.is_none_or(|(said, _)| said < severity)
            && let Some(elapsed) = between(probing.first, context.now)
            && elapsed >= self.options.parameters.ack_timeout
        {
            let per_second = i128::from(probing.bytes) * i128::from(SECOND) / i128::from(elapsed.max(1));
            let per_second = i64::try_from(per_second).unwrap_or(i64::MAX);
            if per_second > rate {
                probing.said = Some((severity, context.record()));
                context.find_at(Rule::FlowProbingRate, severity, MESSAGE_ID, per_second, 0);
            }
        }
        probing.bytes += bytes;
    }
}
