//! What happens when nothing happens: lifetimes, waits in vain, and the cap on memory.

use std::collections::VecDeque;

use super::Tracker;
use super::again::GaveUp;
use super::clock::SECOND;
use super::context::{CODE, MESSAGE_ID, Output, less};
use super::dues::Dues;
use super::marks::Marked;
use super::model::{ExchangeRow, ExchangeState, NO_RECORD, ObservationEnd, Patch, Role};
use super::observation::lost_notification;
use super::pairs::SILENT;
use super::sent::{ARRIVED, CONFIRMABLE, Handle, MALFORMED, MULTICAST, OUTSTANDING, Sent, UNREACHABLE};
use super::slots::{OVERDUE, Slot, SlotKind};
use crate::coap::finding::ONE_WAY;
use crate::coap::{Finding, Rule, Severity};

/// An empty ACK promised a response: a note is due after this time without one.
pub(super) const PROMISE: i64 = 60 * SECOND;
/// How late something may be found due.
const STEP: i64 = SECOND / 20;
/// A multicast request gets answers for this long (rules for tokens: RFC 7390 section 2.5).
const GROUP: i64 = 500 * SECOND;

/// Of so many that are due memory is asked together for what is needed then.
const TOGETHER: usize = 16;

/// With one message what owns a Message ID, or what is open, grows by less than this. It begins one or two of a kind; early answers may add some.
const MOST_A_MESSAGE: usize = 16 << 10;

/// Slots that something is to happen with, each queue in the order of time.
#[derive(Default)]
pub(super) struct Timers {
    acknowledged: VecDeque<(i64, u32)>,
    /// Confirmable messages that no copy and no answer is captured of any more.
    unanswered: VecDeque<(i64, Handle)>,
    groups: VecDeque<(i64, u32)>,
    /// When senders give up messages whose pace is known: the numbers of their handles.
    given_up: Dues,
    /// When the state of an observation is out of date; the slot says whether that was put off.
    stale: Dues,
    /// The steady time at which was looked for what is due.
    looked: i64,
    /// Nothing is due up to this steady time.
    idle_until: i64,
}

impl Timers {
    pub fn acknowledged(&mut self, stamp: i64, slot: u32) {
        self.acknowledged.push_back((stamp, slot));
    }

    pub fn group(&mut self, stamp: i64, slot: u32) {
        self.groups.push_back((stamp, slot));
    }

    #[inline(never)]
    pub fn stale_at(&mut self, when: i64, slot: u32) {
        self.stale.put(when, slot);
        self.idle_until = self.idle_until.min(when);
    }

    /// Something may be due at once.
    pub fn hurry(&mut self) {
        self.idle_until = i64::MIN;
    }

    /// Takes back a jump of the clock that was not confirmed.
    pub fn clamp(&mut self, steady: i64) {
        self.hurry();
        self.looked = steady.min(self.looked);
        for queue in [&mut self.acknowledged, &mut self.groups] {
            if let Some((stamp, _)) = queue.back_mut() {
                *stamp = steady.min(*stamp);
            }
        }
    }

    fn due<T>(queue: &mut VecDeque<(i64, T)>, before: i64) -> Option<(i64, T)> {
        let (stamp, _) = queue.front()?;
        if *stamp >= before {
            return None;
        }
        queue.pop_front()
    }
}

impl Tracker {
    /// Everything that is due by the steady time, looked for in steps so that it costs next to nothing a message.
    #[inline]
    pub(super) fn expire_in_steps(&mut self, out: &mut Output<'_>) {
        let steady = self.clock.steady();
        if steady - self.timers.looked >= STEP {
            self.timers.looked = steady;
            if steady > self.timers.idle_until {
                self.expire(out);
            }
        }
    }

    /// Everything that is due by the steady time.
    #[inline(never)]
    pub(super) fn expire(&mut self, out: &mut Output<'_>) {
        self.timers.looked = self.clock.steady();
        let steady = self.clock.due();
        while let Some(handle) = self.sent.waited(steady) {
            self.sent_no_more(handle, out);
        }
        while let Some(number) = self.timers.given_up.take_before(steady) {
            self.no_longer_outstanding(Handle(number));
        }
        let wait = self.schedule.wait;
        while let Some((_, handle)) = Timers::due(&mut self.timers.unanswered, steady.saturating_sub(wait)) {
            self.waited_in_vain(handle, out);
        }
        let promised = steady.saturating_sub(PROMISE);
        let due = self.timers.acknowledged.iter().take(TOGETHER).take_while(|(since, _)| *since < promised);
        due.for_each(|(_, slot)| self.slots.ask_of(*slot));
        while let Some((since, slot)) = Timers::due(&mut self.timers.acknowledged, promised) {
            if !self.clock.paused(since, PROMISE) {
                self.promise_broken(slot, less(Rule::RespNoneAfterAck.severity()), out);
            }
        }
        while let Some(handle) = self.sent.freed(steady) {
            self.no_longer_outstanding(handle);
            if let Some(sent) = self.sent.get(handle).copied() {
                self.lapsed(self.sent.stamp(handle), &sent, out);
            }
        }
        while let Some((stamp, sent)) = self.sent.lapse(steady) {
            self.lapsed(stamp, &sent, out);
        }
        while let Some((_, slot)) = Timers::due(&mut self.timers.groups, steady.saturating_sub(GROUP)) {
            self.group_is_over(slot);
        }
        let groups = &mut self.memory.groups;
        while self.slots.expire(steady, self.lifetime, &mut |number, slot| Self::forget_group(groups, number, slot)) {}
        self.slots.ask_observed(self.timers.stale.next(steady));
        while let Some(slot) = self.timers.stale.take_before(steady) {
            self.out_of_date(slot, steady, out);
        }
        self.expire_blocks(steady, out);
        self.timers.idle_until = self.next_due(steady);
    }

    /// Up to when nothing is due, whatever comes.
    fn next_due(&self, steady: i64) -> i64 {
        let timers = &self.timers;
        let front =
            |queue: &VecDeque<(i64, u32)>, life: i64| queue.front().map(|(stamp, _)| stamp.saturating_add(life));
        let wait = self.schedule.wait;
        let soonest = PROMISE.min(GROUP).min(self.lifetime).min(self.sent.shortest());
        let due = [
            self.sent.next_due(),
            self.slots.next_due(self.lifetime),
            self.blocks.next_due(self.lifetime),
            front(&timers.acknowledged, PROMISE),
            timers.unanswered.front().map(|(stamp, _)| stamp.saturating_add(wait)),
            front(&timers.groups, GROUP),
            timers.given_up.first(),
            timers.stale.first(),
        ];
        due.into_iter().flatten().fold(steady.saturating_add(soonest), i64::min)
    }

    /// Forgets a slot before its time.
    #[cold]
    #[inline(never)]
    pub(super) fn forget(&mut self, number: u32) {
        self.timers.hurry();
        self.forget_observed(number);
        if let Some(slot) = self.slots.get(number) {
            Self::forget_group(&mut self.memory.groups, number, slot);
        }
        self.slots.remove(number);
    }

    /// No copy of a Confirmable message is due any more, and nothing answered it.
    #[cold]
    #[inline(never)]
    fn sent_no_more(&mut self, handle: Handle, out: &mut Output<'_>) {
        let Some(sent) = self.sent.get(handle).copied() else { return };
        let stamp = self.sent.stamp(handle);
        self.timers.unanswered.push_back((stamp, handle));
        if let Some(wait) = self.gives_up(&sent) {
            self.timers.given_up.put(stamp.saturating_add(wait), handle.0);
        }
        let hidden = self.clock.paused(stamp, self.schedule.stops);
        let hidden = hidden || self.is_crossed(&sent);
        let apart = sent.is(ARRIVED | UNREACHABLE) || hidden || is_notification(&sent);
        if !apart && self.is_captured_two_way(&sent) && !self.answered_early(&sent) {
            self.gave_up(handle, &sent, true, out);
        }
    }

    /// The sender sent all copies, as far as those that were captured tell, or the clock where it explains them.
    fn sent_all(&self, sent: &Sent) -> bool {
        let (again, most) = (self.sent.again(sent), self.options.parameters.max_retransmit);
        u32::from(again.transmissions()) > most || again.firsts != 0 && u32::from(again.step) >= most
    }

    /// The sender stopped before it had to.
    fn gave_up(&mut self, handle: Handle, sent: &Sent, two_way: bool, out: &mut Output<'_>) {
        let copies = self.sent.copies(sent);
        // Of those at once behind another nobody knows whether it sent them.
        let perhaps_all = u32::from(copies) > self.options.parameters.max_retransmit;
        if perhaps_all || self.sent_all(sent) || sent.code == 0 || self.sent.again(sent).gave_up != GaveUp::Unsaid {
            return;
        }
        let finding = Finding::new(Rule::MidGaveUp, MESSAGE_ID).with(i64::from(copies), 0);
        let record = self.sent.again(sent).last_record;
        let said = if two_way {
            out.find(record, finding);
            GaveUp::Said
        } else {
            // It may have been answered, too: nobody knows.
            out.find(record, finding.with(i64::from(copies), ONE_WAY).at(less(finding.severity)));
            GaveUp::Less { held: self.pairs.hold(sent.pair(), record, finding) }
        };
        if let Some(again) = self.sent.again_mut(handle) {
            again.gave_up = said;
        }
    }

    /// A Confirmable message was sent MAX_TRANSMIT_WAIT ago.
    #[cold]
    #[inline(never)]
    fn waited_in_vain(&mut self, handle: Handle, out: &mut Output<'_>) {
        let Some(sent) = self.sent.get(handle).copied().filter(|sent| !sent.is_answered()) else { return };
        self.no_longer_outstanding(handle);
        if sent.is(ARRIVED | UNREACHABLE) || self.is_crossed(&sent) || self.answered_early(&sent) {
            return;
        }
        if self.clock.paused(self.sent.stamp(handle), self.schedule.wait) {
            // As at the end of a capture nobody knows what came.
            self.timed_out(&sent, out);
            return;
        }
        let (copies, all) = (self.sent.copies(&sent), self.sent_all(&sent));
        if all {
            self.pairs.direction(sent.pair()).mark(SILENT);
        }
        // Who repeats to the end was not answered. Else one direction may be missing.
        let two_way = self.is_captured_two_way(&sent);
        if is_notification(&sent) {
            if two_way {
                self.notification_lost(&sent, out);
            } else if all {
                self.notification_repeated(&sent, out);
            }
            return;
        }
        let finding = Finding::new(Rule::MidNoAck, MESSAGE_ID).with(i64::from(copies), 0);
        self.unless_one_way(two_way || all, sent.pair(), sent.record, finding, out);
        self.gave_up(handle, &sent, two_way, out);
        self.timed_out(&sent, out);
    }

    /// Whether what goes back to the sender of a message is captured too, as far as one can know.
    fn is_captured_two_way(&self, sent: &Sent) -> bool {
        let sender = |row: &ExchangeRow| if sent.is_request() { row.client } else { row.server };
        let sender = self.slots.get(sent.slot).filter(|_| sent.code != 0).map(|slot| sender(&slot.row));
        self.pairs.seen(sent.pair().reversed()) || sender.is_some_and(|it| self.pairs.is_reached(it))
    }

    #[cold]
    #[inline(never)]
    fn timed_out(&mut self, sent: &Sent, out: &mut Output<'_>) {
        let Some(slot) = self.slots.get_mut(sent.slot).filter(|slot| slot.row.request == sent.record) else { return };
        if slot.row.state.is_waiting() {
            slot.row.state = ExchangeState::TimedOut;
            out.patch(Patch::Exchange(slot.id, slot.row));
        }
    }

    /// Nobody acknowledged a notification. A newer one takes over its retransmissions (RFC 7641 section 4.5.2).
    #[cold]
    #[inline(never)]
    fn notification_lost(&mut self, sent: &Sent, out: &mut Output<'_>) {
        let (record, last, all) = (sent.record, self.sent.again(sent).last_record, self.sent_all(sent));
        let observed = self.slots.observed_mut(sent.slot).map(|(_, observation)| observation);
        match observed.filter(|observation| !observation.is_over()) {
            Some(observation) if observation.last_record() == record => {
                observation.rare_mut().lost_said = Some(last);
                out.find(last, lost_notification(record, NO_RECORD));
                self.end_observation(sent.slot, ObservationEnd::TimedOut, record, out);
            }
            // Newer ones did not take its retransmissions over.
            observed if all => {
                let next = observed.map_or(NO_RECORD, |observation| observation.last_record());
                out.find(last, lost_notification(record, next));
            }
            _ => {}
        }
    }

    /// A server sent all copies of a notification, and what goes to it is not captured. It had no ACK to the copies before the last, but may have
    /// had one to that: whether the observation goes on is not known.
    #[cold]
    #[inline(never)]
    fn notification_repeated(&mut self, sent: &Sent, out: &mut Output<'_>) {
        let (record, last) = (sent.record, self.sent.again(sent).last_record);
        let observed = self.slots.observed_mut(sent.slot).map(|(_, observation)| observation.last_record());
        let next = observed.filter(|newest| *newest != record).unwrap_or(NO_RECORD);
        self.unless_one_way(false, sent.pair(), last, lost_notification(record, next), out);
    }

    /// The Message ID of a message that came at a steady time is free again: what its exchange still waits for does not come any more.
    fn lapsed(&mut self, stamp: i64, sent: &Sent, out: &mut Output<'_>) {
        self.release(sent.is(OUTSTANDING).then(|| sent.pair()));
        if sent.is(MALFORMED | MULTICAST) {
            return;
        }
        let Some(slot) = self.slots.get(sent.slot).filter(|slot| slot.row.request == sent.record) else { return };
        if slot.row.response != NO_RECORD || sent.is(UNREACHABLE) {
            return;
        }
        let (acknowledged, suppressed, place) =
            (slot.acknowledgement != NO_RECORD, slot.row.no_response != 0 || self.slots.asked(slot).quick, sent.slot);
        // What the capture cut off may have asked for no response (RFC 7967).
        let is_cut = self.slots.asked(slot).cut;
        let in_doubt = self.slots.get(place).is_some_and(|slot| self.may_be_answered(slot));
        if in_doubt || self.answered_early(sent) || self.is_crossed(sent) {
            return;
        }
        // Nobody waits for more than an ACK to that.
        if suppressed && (acknowledged || !sent.is(CONFIRMABLE)) {
            return;
        }
        let spares = is_cut && (acknowledged || !sent.is(CONFIRMABLE));
        if spares || self.clock.paused(stamp, self.sent.life(sent)) {
            self.timed_out(sent, out);
            return;
        }
        if !sent.is(CONFIRMABLE) {
            let (two_way, finding) = (self.is_captured_two_way(sent), Finding::new(Rule::RespNoneNon, CODE));
            self.unless_one_way(two_way, sent.pair(), sent.record, finding, out);
        } else if acknowledged {
            self.promise_broken(place, Rule::RespNoneAfterAck.severity(), out);
        } else if sent.is_answered() {
            out.find(sent.record, Finding::new(Rule::RespNone, CODE));
        }
        self.timed_out(sent, out);
    }

    /// An empty ACK, and no response since.
    #[cold]
    #[inline(never)]
    fn promise_broken(&mut self, slot: u32, severity: Severity, out: &mut Output<'_>) {
        let awaits = |slot: &&Slot| {
            let asked = self.slots.asked(slot);
            let asks = slot.row.no_response == 0 && !asked.quick && !asked.cut;
            slot.row.response == NO_RECORD && asks && !self.may_be_answered(slot)
        };
        if self.slots.get(slot).filter(awaits).is_none() {
            return;
        }
        if let Some(slot) = self.slots.get_mut(slot) {
            let (record, was) = (slot.row.request, less(Rule::RespNoneAfterAck.severity()));
            let finding =
                Finding::new(Rule::RespNoneAfterAck, CODE).with(i64::from(slot.acknowledgement), 0).at(severity);
            // It is one fact, however long it lasts.
            match slot.is(OVERDUE) {
                false => out.find(record, finding),
                true => out.patch(Patch::Graver { record, finding, was }),
            }
            slot.mark(OVERDUE);
        }
    }

    /// Holds the cap: bodies have an eighth; of the rest what owns a Message ID and what is open each have a half.
    #[inline]
    pub(super) fn shrink(&mut self, out: &mut Output<'_>) {
        match self.room.checked_sub(1) {
            Some(room) => self.room = room,
            None => self.shrink_now(out),
        }
    }

    #[cold]
    #[inline(never)]
    fn shrink_now(&mut self, out: &mut Output<'_>) {
        let half = self.options.cap_bytes / 16 * 7;
        if self.sent.bytes() >= half || self.slots.bytes() >= half {
            self.shrink_to(half, out);
        }
        let left = half.saturating_sub(self.sent.bytes().max(self.slots.bytes())) / MOST_A_MESSAGE;
        self.room = u32::try_from(left.saturating_sub(1)).unwrap_or(u32::MAX);
    }

    #[cold]
    #[inline(never)]
    fn shrink_to(&mut self, half: usize, out: &mut Output<'_>) {
        while self.sent.bytes() >= half {
            if self.sent.shed() {
                continue;
            }
            let Some(sent) = self.sent.evict() else { break };
            self.counters.evicted += 1;
            self.release(sent.is(OUTSTANDING).then(|| sent.pair()));
        }
        while self.slots.bytes() >= half {
            let Some(oldest) = self.slots.oldest() else { break };
            self.counters.evicted += 1;
            self.evicted(oldest, out);
            self.forget(oldest);
        }
    }

    /// Whether an exchange gets its answer, and whether an observation goes on, is not known any more.
    fn evicted(&mut self, place: u32, out: &mut Output<'_>) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        let is_unsure = slot.row.state.is_waiting() || slot.row.state == ExchangeState::TimedOut;
        if slot.kind == SlotKind::Exchange && is_unsure {
            slot.row.state = ExchangeState::Evicted;
            self.counters.exchanges_evicted += 1;
            out.patch(Patch::Exchange(slot.id, slot.row));
        }
        if let Some((_, observation)) = self.slots.observed_mut(place)
            && observation.row.end == ObservationEnd::Open
        {
            observation.row.end = ObservationEnd::Evicted;
            out.patch(Patch::Observation(observation.id, observation.row));
            self.in_force(place, false, out);
        }
    }
}

/// A message of an observation, of which it is told otherwise that nothing acknowledged it.
fn is_notification(sent: &Sent) -> bool {
    sent.role == Role::Notification || sent.observation.0 != 0 && sent.code >= 64
}
