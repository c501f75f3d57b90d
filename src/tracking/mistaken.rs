//! Notifications that were taken for the first answer to a request under their token, until that came (RFC 7641 sections 3.2, 3.6 and 4.2).

use super::Tracker;
use super::context::{CODE, Context};
use super::marks::Marked;
use super::model::{
    AnswerKind, ExchangeId, ExchangeState, NO_RECORD, ObservationId, ObserveOrder, Patch, RecordId, Relation, Role,
    Tracked,
};
use super::notification::end_by;
use super::overtaken::Implicit;
use super::sent::{CONFIRMABLE, Sent, Travel};
use super::slots::{NONE, Observes, Slot, SlotKind};
use crate::coap::{Code, Finding, MessageType, Rule};

/// The observation under the token of a request when something of its own was taken for the answer to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beside {
    observation: ObservationId,
    /// The registration that was in force, its exchange, and what accepted it.
    registration: RecordId,
    exchange: ExchangeId,
    accepted: RecordId,
}

/// What was taken for the answer to a request, is found to be none.
struct Mistaken {
    slot: Slot,
    implicit: Implicit,
    beside: Beside,
    sent: Sent,
    /// The observation that it is of, where it lies.
    place: u32,
}

impl Tracker {
    /// What is observed under the token of the request in a slot, by an older registration; or what that request, which deregisters, ended.
    pub(super) fn observed_beside(&self, index: u32) -> Option<Beside> {
        let slot = self.slots.get(index).filter(|slot| slot.kind == SlotKind::Exchange && !slot.row.multicast)?;
        if slot.deregisters() {
            let observation = Some(slot.row.observation).filter(|observation| *observation != ObservationId(0))?;
            let nothing = NO_RECORD;
            return Some(Beside { observation, registration: nothing, exchange: ExchangeId(0), accepted: nothing });
        }
        let observation = self.slots.observation(self.slots.observing_beside(slot)?)?;
        let row = &observation.row;
        let is_older = row.registration != NO_RECORD && row.registration < slot.row.request;
        is_older.then_some(Beside {
            observation: observation.id,
            registration: row.registration,
            exchange: row.exchange,
            accepted: row.accepted,
        })
    }

    /// The closed slot under the token of the response at hand, where that is the answer rather than what was taken for it.
    pub(super) fn answered_by_notification(&self, closed: u32, context: &Context<'_, '_>) -> Option<u32> {
        self.mistaken(closed, context).map(|_| closed)
    }

    /// Whether the message at hand answers the request in a slot, and what was taken for its answer is a notification: then each of them is as it
    /// has to be, while else one is not. One that has Observe is no answer to a deregistration, an error may be the last notification, and nothing
    /// without Observe is a notification unless it is an error.
    fn mistaken(&self, index: u32, context: &Context<'_, '_>) -> Option<Mistaken> {
        let slot = self.slots.get(index).filter(|slot| slot.row.responses == 1)?;
        let implicit = self.slots.asked(slot).implicit?;
        self.mistaken_beside(*slot, implicit, context)
    }

    #[cold]
    #[inline(never)]
    fn mistaken_beside(&self, mut slot: Slot, implicit: Implicit, context: &Context<'_, '_>) -> Option<Mistaken> {
        let facts = context.facts;
        // An empty ACK behind what was taken for the answer promises another one.
        if let Some(asked) = self.sent.get(slot.sent).filter(|asked| asked.ack_role == Role::EmptyAck) {
            slot.acknowledgement = asked.acknowledgement;
        }
        let beside = implicit.beside.filter(|_| !facts.lacks_options && !context.arrival.cut)?;
        let sent = *self.sent.get(implicit.handle).filter(|sent| sent.record == slot.row.response)?;
        let of_its_own = facts.kind != MessageType::Acknowledgement;
        if of_its_own && !self.is_due(&slot, context) {
            return None;
        }
        let (was_error, is_plain, succeeds) =
            (Code(sent.code).is_error(), facts.observe.is_none(), facts.code.is_success());
        let is_so = match slot.observes {
            Observes::Deregisters => is_plain && (implicit.observed || was_error),
            Observes::Registers => was_error || implicit.observed && of_its_own && is_plain && succeeds,
            // Of two errors either may be the last notification.
            Observes::No => was_error && is_plain && (succeeds || !of_its_own),
        };
        if !is_so {
            return None;
        }
        let under = self.slots.under(slot.pair, &slot.token);
        let place = match slot.observes {
            Observes::Registers if was_error => under.ended,
            Observes::Deregisters => NONE,
            _ => under.observing,
        };
        let row = self.slots.observation(place).filter(|it| it.id == beside.observation).map(|it| it.row);
        let fits = row.is_some_and(|row| match slot.observes {
            Observes::Registers if was_error => row.ended_by == sent.record,
            Observes::Registers => row.accepted == sent.record && (row.last == NO_RECORD || row.last < sent.record),
            _ => row.last == NO_RECORD || row.last < sent.record,
        });
        (fits || slot.deregisters()).then_some(Mistaken { slot, implicit, beside, sent, place })
    }

    /// Whether the notification at hand, behind what accepted the registration that renews the observation in a slot, may have done that as well: it
    /// comes in the same way, and while the answer may come. Then the other one may be a notification (RFC 7641 section 3.3.1).
    pub(super) fn may_have_renewed(&mut self, index: u32, context: &mut Context<'_, '_>) -> bool {
        let in_doubt = self.slots.observation(index).and_then(|it| it.rare()).is_some_and(|rare| rare.in_doubt);
        in_doubt && self.is_one_of_two(index, context).unwrap_or(false)
    }

    #[cold]
    #[inline(never)]
    fn is_one_of_two(&mut self, index: u32, context: &mut Context<'_, '_>) -> Option<bool> {
        let observation = self.observation(index)?;
        let id = observation.id;
        observation.rare_mut().in_doubt = false;
        let slot = self.slots.get(index)?;
        let implicit = self.slots.asked(slot).implicit.filter(|it| it.beside.is_some())?;
        let sent = self.sent.get(implicit.handle).filter(|sent| sent.record == slot.row.response)?;
        let (record, confirmable) = (sent.record, sent.is(CONFIRMABLE));
        let is_alike = confirmable == (context.facts.kind == MessageType::Confirmable);
        let facts = context.facts;
        if !is_alike || facts.observe.is_none() || !facts.code.is_success() || !self.is_awaited(slot, context) {
            return None;
        }
        let tracked = Tracked {
            exchange: slot.id,
            observation: id,
            relation: Relation::Answers,
            relates_to: slot.row.request,
            previous_in_exchange: implicit.previous,
            transmission: u16::from(confirmable),
            order: ObserveOrder::First,
            ambiguous: true,
            ..Tracked::alone(if confirmable { Role::SeparateResponse } else { Role::NonResponse })
        };
        context.out.patch(Patch::Related { record, tracked });
        // Which of them is the answer is not known, nor when it came.
        self.slots.get_mut(index)?.row.round_trip = -1;
        self.observation(index)?.rare_mut().in_doubt = true;
        Some(true)
    }

    /// The response at hand answers the request in a slot: if what was taken for its answer is a notification, that had none so far.
    #[cold]
    #[inline(never)]
    pub(super) fn take_for_notification(&mut self, index: u32, context: &mut Context<'_, '_>) {
        let Some(Mistaken { slot, implicit, beside, sent, place }) = self.mistaken(index, context) else { return };
        self.open_once_more(index, &slot, sent.record);
        self.take_back_answer(&slot, &implicit, context);
        let before = Tracked {
            exchange: slot.id,
            previous_in_exchange: implicit.previous,
            transmission: u16::from(sent.is(CONFIRMABLE)),
            ..Tracked::alone(Role::Other)
        };
        let mut tracked = before;
        if !slot.deregisters() {
            tracked = Tracked {
                observation: beside.observation,
                relation: Relation::Answers,
                relates_to: beside.registration,
                role: Role::Notification,
                apart: slot.row.observation != beside.observation,
                ..before
            };
            self.counters.notifications += 1;
            self.notified_beside(place, &beside, &sent, context);
        }
        context.out.patch(Patch::Related { record: sent.record, tracked });
        if let Some(sent) = self.sent.get_mut(implicit.handle) {
            (sent.role, sent.observation) = (tracked.role, tracked.observation);
        }
    }

    /// What was taken for the answer was a notification of the observation at a place: it goes on by the registration before, or ended with it.
    fn notified_beside(&mut self, place: u32, beside: &Beside, sent: &Sent, context: &mut Context<'_, '_>) {
        let code = Code(sent.code);
        let Some(observation) = self.observation(place) else { return };
        let (is_over, row) = (observation.is_over(), &mut observation.row);
        row.notifications += 1;
        row.last = sent.record;
        if !code.is_error() {
            (row.registration, row.exchange, row.accepted) = (beside.registration, beside.exchange, beside.accepted);
        }
        context.out.patch(Patch::Observation(beside.observation, *row));
        if code.is_error() {
            let (rule, end) = end_by(code);
            context.out.find(sent.record, Finding::new(rule, CODE).with(i64::from(beside.registration), 0));
            if !is_over {
                self.end_observation(place, end, sent.record, &mut context.out);
            }
        }
    }

    /// The request in a slot had no response so far.
    fn open_once_more(&mut self, index: u32, slot: &Slot, answer: RecordId) {
        self.counters.exchanges_answered -= 1;
        match slot.row.answer {
            AnswerKind::Separate => self.counters.separate_responses -= 1,
            _ => self.counters.non_responses -= 1,
        }
        if slot.registers() && slot.row.observation != ObservationId(0) {
            self.counters.observations -= 1;
        }
        let acknowledgement = slot.acknowledgement;
        let state = if acknowledgement != NO_RECORD { ExchangeState::Acknowledged } else { ExchangeState::Open };
        if let Some(slot) = self.slots.get_mut(index) {
            let nothing = (NO_RECORD, 0, 0, AnswerKind::None);
            (slot.row.response, slot.row.responses, slot.row.code, slot.row.answer) = nothing;
            (slot.row.round_trip, slot.row.state, slot.acknowledgement) = (-1, state, acknowledgement);
        }
        if let Some(asked) = self.slots.asked_mut(index) {
            asked.implicit = None;
        }
        self.sent.change(slot.sent, |sent| {
            if sent.answered_by == answer {
                (sent.answer, sent.answered_by) = (Travel::default(), NO_RECORD);
            }
        });
    }

    /// What was said of the answer does not hold.
    fn take_back_answer(&self, slot: &Slot, implicit: &Implicit, context: &mut Context<'_, '_>) {
        let accepted = slot.row.observation != ObservationId(0);
        let said = [
            (Rule::AckImplicit, implicit.before_ack),
            (Rule::ObsRegistered, slot.registers() && accepted),
            (Rule::ObsRefused, slot.registers() && !accepted),
            (Rule::ObsDeregAnswer, slot.deregisters() && implicit.observed),
        ];
        let said: Vec<_> = said.into_iter().filter_map(|(rule, said)| said.then_some(rule)).collect();
        self.take_back(&slot.row, &said, context);
    }
}
