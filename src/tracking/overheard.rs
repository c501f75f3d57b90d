//! Observations of which the registration was not captured, or what renews it: what is known of them nevertheless (RFC 7641 section 3.5).

use super::Tracker;
use super::context::{CODE, Context, less};
use super::exchange::new_row;
use super::model::{NO_RECORD, ObservationId, ObserveOrder, Patch, RecordId, Role, Tracked};
use super::observation::Observation;
use super::order::number;
use super::pairs::REGISTERED;
use super::sent::Handle;
use super::slots::{Slot, SlotKind};
use super::tokens::Token;
use crate::coap::{Finding, Rule, Severity};

impl Tracker {
    /// No registration under the token is in force: one was refused, or none is known.
    #[inline(never)]
    pub(super) fn say_unknown(&mut self, refused: RecordId, context: &mut Context<'_, '_>) -> Severity {
        let severity = Rule::ObsUnknownToken.severity();
        // Who registers while the capture runs may have done so for other things before: but from then on it is the client's to know.
        let registers = self.pairs.direction(context.pair.reversed()).has(REGISTERED)
            && self.counters.evicted == 0
            && !self.clock.has_paused();
        let severity = match (registers, self.registered) {
            (true, _) => severity,
            (false, true) => self.unless_unseen(Rule::ObsUnknownToken, context),
            (false, false) => less(severity),
        };
        context.find_token(Rule::ObsUnknownToken, severity, i64::from(refused), 0);
        severity
    }

    /// A notification of an observation whose registration was not captured.
    #[inline(never)]
    pub(super) fn overhear(&mut self, handle: Handle, token: Token, context: &mut Context<'_, '_>) -> Tracked {
        let severity = self.say_unknown(NO_RECORD, context);
        if context.facts.code.is_error() {
            return Tracked::alone(Role::Other);
        }
        let mut row = new_row(context);
        (row.client, row.server) = (row.server, row.client);
        (row.request, row.method) = (NO_RECORD, 0);
        let mut slot =
            Slot::new(SlotKind::Overheard, Default::default(), row, token, context.pair.reversed(), context.now);
        self.observations += 1;
        let id = ObservationId(self.observations);
        let mut observation = Observation::new(id, &slot, 0, context.now);
        observation.row.last = context.arrival.record;
        observation.row.notifications = 1;
        observation.format = context.facts.content_format;
        observation.confirmable = handle;
        let order = number(&mut observation, context, None);
        slot.sent = handle;
        let index = self.slots.insert(slot, self.clock.stamp());
        observation.freshen(index, context, self.clock.stamp(), &mut self.timers);
        context.out.patch(Patch::Observation(id, observation.row));
        self.slots.put_observation(index, observation);
        self.own_response(handle, index);
        self.answers_nothing((Rule::ObsUnknownToken, severity), context);
        Tracked { observation: id, order, ..Tracked::alone(Role::Notification) }
    }

    /// The notification at hand is the last, which a rule tells. Where neither the registration nor what else goes to the server was captured, it
    /// may as well answer another request with its token.
    #[cold]
    pub(super) fn say_last(&mut self, (rule, registration): (Rule, RecordId), context: &mut Context<'_, '_>) {
        let finding = Finding::new(rule, CODE).with(i64::from(registration), 0);
        match registration {
            NO_RECORD => self.find_unless_one_way(finding, context),
            _ => context.out.find(context.record(), finding),
        }
    }

    /// Of an observation that is over neither the registration nor what else goes to its server was captured: its client may have registered again.
    pub(super) fn may_begin_anew(&self, ended: u32, context: &Context<'_, '_>) -> bool {
        let overheard = self.slots.get(ended).is_some_and(|slot| slot.kind == SlotKind::Overheard);
        overheard && !self.pairs.is_reached(context.arrival.source)
    }

    /// An ACK that answers nothing captured tells what is observed under its token: it answers a registration that renews that, and was not captured.
    #[cold]
    pub(super) fn renewed_unseen(&mut self, context: &mut Context<'_, '_>) {
        let observing = self.slots.under(context.pair.reversed(), &context.facts.token).observing;
        if context.facts.code.is_success() && !context.facts.oscore {
            self.tell_state(observing, context);
        }
    }

    /// The message at hand tells the state of the observation in a slot, though it is no notification of its own.
    #[cold]
    pub(super) fn tell_state(&mut self, index: u32, context: &mut Context<'_, '_>) -> ObserveOrder {
        let (Some(value), Some((_, observation))) = (context.facts.observe, self.slots.observed_mut(index)) else {
            return ObserveOrder::None;
        };
        // What would have come in between gave way to a refreshed copy (RFC 7641 section 4.5.2), so that nothing is missing.
        let order = match observation.standing(value, context.now, &self.clock) {
            ObserveOrder::Gap => ObserveOrder::Newer,
            order => order,
        };
        if [ObserveOrder::Next, ObserveOrder::Newer, ObserveOrder::NewerByTime].contains(&order) {
            observation.set_freshest(value, context.now);
            if !observation.is_over() {
                observation.freshen(index, context, self.clock.stamp(), &mut self.timers);
            }
            context.out.patch(Patch::Observation(observation.id, observation.row));
        }
        order
    }
}
