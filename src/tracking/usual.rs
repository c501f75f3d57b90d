//! The messages that make up most of all traffic, each related in one go: the first copy of a request, its answer in an ACK, and the next
//! notification of an observation, of whose place nothing odd can be said.
//!
//! Whatever is not just so is left to the general path, before anything is changed. That one tells what is right: a test below holds that
//! nobody can see which of the two a message went through.

use super::Tracker;
use super::clock::between;
use super::context::Context;
use super::exchange::new_row;
use super::judge::{fits, similar};
use super::model::{AnswerKind, ExchangeId, ExchangeState, ObserveOrder, Patch, Relation, Role, Tracked};
use super::notification::pace;
use super::pairs::{TOLD, VERIFIED};
use super::sent::{Sent, SentTable, key};
use super::slots::{Slot, SlotKind};
use crate::coap::parameters::{AMPLIFICATION_FACTOR, AMPLIFICATION_SAFE_RESPONSE};
use crate::coap::{Code, MessageType};

impl Tracker {
    /// A well-formed message, if it is one of the usual.
    #[inline(always)]
    pub(super) fn track_usual(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, arrival) = (context.facts, context.arrival);
        if !facts.plain || arrival.cut || arrival.multicast {
            return None;
        }
        #[cfg(test)]
        if self.general_only {
            return None;
        }
        let tracked = match facts.kind {
            MessageType::Acknowledgement => self.usual_answer(context),
            MessageType::Confirmable | MessageType::NonConfirmable if facts.code.is_request() => {
                self.usual_request(context)
            }
            MessageType::Confirmable | MessageType::NonConfirmable if facts.code == Code::CONTENT => {
                self.usual_notification(context)
            }
            _ => None,
        };
        #[cfg(test)]
        {
            self.usual += u32::from(tracked.is_some());
        }
        tracked
    }

    /// The first copy of a request without Observe, under a Message ID and a token that are free.
    #[inline(always)]
    fn usual_request(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, pair) = (context.facts, context.pair);
        // A server that refused something may be asked again too soon.
        let told = self.pairs.direction(pair.reversed()).has(TOLD) || self.memory.fresh(context).is_some();
        if facts.observe.is_some() || told || self.early.answer(context) {
            return None;
        }
        if self.is_of_group(&facts.token, context) {
            return None;
        }
        let key = key(pair, facts.message_id);
        let owner = self.sent.place(key);
        let place = self.slots.place(pair, &facts.token);
        if !SentTable::is_new(owner) || !self.slots.is_idle(place) {
            return None;
        }
        self.count_type(context);
        self.exchanges += 1;
        self.counters.exchanges += 1;
        let (id, stamp) = (ExchangeId(self.exchanges), self.clock.stamp());
        let mut sent = Sent::new(key, stamp, context, false);
        (sent.slot, sent.exchange, sent.role) = (self.slots.next(), id.0, Role::Request);
        let transmission = u16::from(sent.confirmable);
        let handle = self.sent.insert(owner, sent);
        self.probe(context);
        self.outstanding(handle, context);
        let row = new_row(context);
        context.out.patch(Patch::Exchange(id, row));
        let mut slot = Slot::new(SlotKind::Exchange, id, row, facts.token, pair, context.now);
        (slot.sent, slot.asked.length, slot.usual) = (handle, facts.length, true);
        self.slots.insert_at(place, slot, stamp);
        Some(Tracked { exchange: id, transmission, ..Tracked::alone(Role::Request) })
    }

    /// A successful response in the ACK to a [usual request](Self::usual_request) that was sent once, soon enough.
    #[inline(always)]
    fn usual_answer(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, record) = (context.facts, context.arrival.record);
        if !facts.code.is_success() || facts.code == Code::VALID || facts.observe.is_some() {
            return None;
        }
        let handle = self.sent.find(key(context.pair.reversed(), facts.message_id))?;
        let sent = self.sent.get_mut(handle)?;
        let elapsed = between(sent.first.at(), context.now)?;
        if !sent.waits_alone() || elapsed > self.options.parameters.processing_delay() {
            return None;
        }
        let index = sent.slot;
        let slot = self.slots.get_mut(index)?;
        let direction = self.pairs.direction(slot.pair);
        let most = if direction.has(VERIFIED) {
            u32::MAX
        } else {
            slot.asked.length.saturating_mul(AMPLIFICATION_FACTOR).max(AMPLIFICATION_SAFE_RESPONSE as u32)
        };
        // A response in a CON of its own belongs to the slot as well.
        let other = slot.row.request != sent.record || slot.token != facts.token;
        if !slot.usual || other || facts.length > most || !fits(facts.code, Code(slot.row.method), false) {
            return None;
        }
        let request = sent.record;
        sent.answer = context.travel();
        (sent.answered_by, sent.acknowledgement) = (record, record);
        (sent.ack_hash, sent.ack_role) = (facts.hash, Role::PiggybackedResponse);
        sent.round_trip = elapsed.clamp(0, i64::from(u32::MAX)) as u32;
        sent.responded = true;
        if std::mem::take(&mut sent.outstanding) {
            direction.outstanding = direction.outstanding.saturating_sub(1);
        }
        // Written once it is whole: see `Ring::push`.
        let mut row = slot.row;
        let previous = std::mem::replace(&mut row.last, record);
        (row.responses, row.round_trip, row.response) = (1, elapsed, record);
        (row.code, row.answer) = (facts.code.0, AnswerKind::Piggybacked);
        row.state = ExchangeState::Answered;
        slot.row = row;
        slot.response_bytes = facts.length;
        let exchange = slot.id;
        self.memory.renew(slot.pair, row.resource, Code(row.method), true, context);
        context.out.patch(Patch::AnsweredBy { record: request, by: record });
        context.out.patch(Patch::Exchange(exchange, row));
        self.counters.ack += 1;
        self.counters.piggybacked_responses += 1;
        self.counters.exchanges_answered += 1;
        self.sent.settle(handle);
        self.close(index);
        Some(Tracked {
            exchange,
            relation: Relation::Answers,
            relates_to: request,
            previous_in_exchange: previous,
            ..Tracked::alone(Role::PiggybackedResponse)
        })
    }

    /// The first copy of a notification with the next number, of an observation under a token with which nothing else goes on.
    #[inline(always)]
    fn usual_notification(&mut self, context: &mut Context<'_, '_>) -> Option<Tracked> {
        let (facts, record) = (context.facts, context.arrival.record);
        let (value, key) = (facts.observe?, key(context.pair, facts.message_id));
        if self.early.answer(context) {
            return None;
        }
        let owner = self.sent.place(key);
        if !SentTable::is_new(owner) {
            return None;
        }
        let index = self.slots.only_observed(context.pair.reversed(), &facts.token)?;
        let (slot, observation) = self.slots.observed_mut(index)?;
        let (asked, row) = (&slot.asked, &slot.row);
        let formats = [asked.accept, observation.format].into_iter().flatten();
        let format_told = facts.content_format.is_some_and(|now| formats.into_iter().any(|format| format != now));
        let asked_oddly = asked.cut || asked.oscore || asked.no_response != 0 || asked.bad_critical != 0;
        let of_one = slot.kind == SlotKind::Exchange && !row.multicast;
        if !of_one
            || asked_oddly
            || format_told
            || !observation.is_next(value)
            || !fits(facts.code, Code(row.method), false)
        {
            return None;
        }
        let (steady, stamp) = (self.clock.steady(), self.clock.stamp());
        let mut sent = Sent::new(key, stamp, context, false);
        (sent.slot, sent.exchange, sent.observation) = (index, slot.id.0, observation.id);
        sent.role = Role::Notification;
        let transmission = u16::from(sent.confirmable);
        let handle = self.sent.insert(owner, sent);
        if facts.kind == MessageType::Confirmable {
            let before = std::mem::replace(&mut observation.confirmable, handle);
            self.no_longer_outstanding(before);
            self.outstanding(handle, context);
        }
        self.count_type(context);
        let (slot, observation) = self.slots.observed_mut(index)?;
        slot.opened_at = slot.opened_at.max(steady);
        let mut row = slot.row;
        let previous = std::mem::replace(&mut row.last, record);
        slot.row = row;
        let mut observed = observation.go_up(value, context);
        pace(observation, context, &self.clock);
        observation.freshen(index, context, stamp, &mut self.timers);
        observed.max_age = observation.row.max_age;
        self.counters.notifications += 1;
        context.out.patch(Patch::Observation(observation.id, observed));
        context.out.patch(Patch::Exchange(slot.id, row));
        let tracked = Tracked {
            exchange: slot.id,
            observation: observation.id,
            relation: Relation::Answers,
            relates_to: slot.row.request,
            previous_in_exchange: previous,
            order: ObserveOrder::Next,
            transmission,
            ..Tracked::alone(Role::Notification)
        };
        let (similar, bare) = similar(slot);
        self.remember(similar, bare, context);
        Some(tracked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coap::Message;
    use crate::tracking::{Arrival, EndpointId, Facts, TrackerOptions};

    /// Numbers that look random.
    struct Random(u64);

    impl Random {
        fn below(&mut self, most: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % most
        }

        fn pick<T: Copy>(&mut self, from: &[T]) -> T {
            from[self.below(from.len() as u64) as usize]
        }
    }

    #[derive(Clone)]
    struct Datagram {
        way: [u32; 2],
        bytes: Vec<u8>,
    }

    fn message(kind: u8, code: u8, message_id: u16, token: &[u8], options: &[u8], payload: usize) -> Vec<u8> {
        let mut bytes = vec![0x40 | kind << 4 | token.len() as u8, code];
        bytes.extend(message_id.to_be_bytes());
        bytes.extend(token);
        bytes.extend(options);
        if payload > 0 {
            bytes.push(0xff);
            bytes.resize(bytes.len() + payload, b'x');
        }
        bytes
    }

    fn request(random: &mut Random, message_id: &mut u16) -> Datagram {
        *message_id += random.pick(&[0, 1, 1, 1, 1, 1]);
        let token = [random.below(6) as u8, *message_id as u8];
        let token = &token[..random.pick(&[0, 1, 2, 2, 2])];
        // Uri-Path "a"; with Observe 0 or 1, Accept, Echo, Block2 of a later number, or an unknown critical option.
        let options: &[u8] = random.pick(&[
            b"\xb1a",
            b"\xb1a",
            b"\xb1b",
            b"\x60\x51a",
            b"\x61\x01\x51a",
            b"\xb1a\x61\x32",
            b"\xb1a\xc1\x12",
        ]);
        let way = [random.below(8) as u32, 10 + random.below(4) as u32];
        let code = random.pick(&[1, 1, 1, 2, 3, 4, 5]);
        Datagram { way, bytes: message(random.pick(&[0, 0, 0, 1]), code, *message_id, token, options, 0) }
    }

    /// Something that may answer an earlier datagram, or follow it.
    fn answer(random: &mut Random, to: &Datagram, fresh: u16) -> Datagram {
        let message_id = u16::from_be_bytes([to.bytes[2], to.bytes[3]]);
        let token = &to.bytes[4..4 + usize::from(to.bytes[0] & 15)];
        let code = if random.below(200) == 0 { 0xa3 } else { random.pick(&[0x45, 0x45, 0x45, 0x44, 0x43, 0x84, 0]) };
        let observe = [0x61, random.below(8) as u8, 0x60];
        let options = random.pick(&[&b""[..], b"", b"\xc0", b"\x41e", &observe, &observe[..2]]);
        let payload = random.pick(&[0, 5, 30, 150, 600]);
        let bytes = match random.below(6) {
            0 => message(2, 0, message_id, b"", b"", 0),
            1 if code == 0 => message(3, 0, message_id, b"", b"", 0),
            2 => message(random.pick(&[0, 1]), code.max(0x45), fresh, token, options, payload),
            _ if code == 0 => message(2, 0x45, message_id, b"other", options, payload),
            _ => message(2, code, message_id, token, options, payload),
        };
        Datagram { way: [to.way[1], to.way[0]], bytes }
    }

    #[test]
    fn nobody_can_see_which_path_a_message_took() {
        let mut usual = 0;
        for seed in 0..40 {
            let random = &mut Random(seed);
            let [mut fast, mut general] = [(); 2].map(|()| Tracker::new(TrackerOptions::default()));
            general.general_only = true;
            let (mut time, mut message_id, mut sent) = (1_000_000_000_000i64, 0, Vec::<Datagram>::new());
            for record in 0..3_000 {
                time += random.pick(&[20, 20, 300, 2_500, 3_100, 40_000]) * 1_000_000 * i64::from(random.below(3) > 0);
                time +=
                    400_000_000_000 * i64::from(random.below(300) == 0) - 5_000_000 * i64::from(random.below(200) == 0);
                let recent = sent.len().saturating_sub(1 + random.below(8) as usize);
                let datagram = match (sent.get(recent), random.below(10)) {
                    (Some(before), 0) => before.clone(),
                    (Some(before), 1..6) => answer(random, before, 30_000 + record as u16),
                    _ => request(random, &mut message_id),
                };
                let arrival = Arrival {
                    record,
                    time,
                    source: EndpointId(datagram.way[0]),
                    destination: EndpointId(datagram.way[1]),
                    pair: None,
                    multicast: false,
                    ip_id: 0,
                    hop_limit: 64,
                    interface: 0,
                    cut: false,
                };
                let message = Message::decode(&datagram.bytes);
                let seen = [&mut fast, &mut general].map(|tracker| {
                    let (mut patches, facts) = (Vec::new(), Facts::read(&message, &tracker.seed));
                    let tracked = tracker.track_known(&arrival, &datagram.bytes, &facts, &mut patches);
                    (tracked, format!("{patches:?}"))
                });
                assert_eq!(seen[0], seen[1], "seed {seed}, message {record}: {:02x?}", datagram.bytes);
                sent.push(datagram);
            }
            assert_eq!(format!("{:?}", fast.counters()), format!("{:?}", general.counters()));
            assert_eq!(fast.bytes(), general.bytes());
            usual += fast.usual;
        }
        assert!(usual > 15_000, "only {usual} of 120,000 messages took the shorter path");
    }
}
