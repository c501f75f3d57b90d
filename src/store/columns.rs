//! Records and exchanges as the numbers that are kept of them: links as distances, what goes together in one number.

use super::packed::Numbers;
use super::record::{Record, RecordFlags};
use crate::coap::{Code, DecodeMode, MessageType};
use crate::tracking::{
    AnswerKind, EndpointId, ExchangeId, ExchangeRow, ExchangeState, NO_RECORD, ObservationId, RecordId, ResourceId,
    Role,
};

const ROLES: [Role; 12] = [
    Role::Other,
    Role::Request,
    Role::Registration,
    Role::Deregistration,
    Role::PiggybackedResponse,
    Role::SeparateResponse,
    Role::NonResponse,
    Role::Notification,
    Role::EmptyAck,
    Role::Reset,
    Role::Ping,
    Role::Pong,
];
const STATES: [ExchangeState; 9] = [
    ExchangeState::Open,
    ExchangeState::Acknowledged,
    ExchangeState::Answered,
    ExchangeState::Observing,
    ExchangeState::Reset,
    ExchangeState::TimedOut,
    ExchangeState::Unreachable,
    ExchangeState::Evicted,
    ExchangeState::Observed,
];
const ANSWERS: [AnswerKind; 5] =
    [AnswerKind::None, AnswerKind::Piggybacked, AnswerKind::Separate, AnswerKind::Non, AnswerKind::Reset];

/// Most captures tell no more than microseconds: what is below them is the same for all, and takes nothing.
const COARSE: u64 = 1000;

/// A time as two numbers, in the order of the times.
fn coarse_and_fine(time: i64) -> [u64; 2] {
    let time = time as u64 ^ 1 << 63;
    [time / COARSE, time % COARSE]
}

#[inline]
fn time([coarse, fine]: [u64; 2]) -> i64 {
    (coarse.wrapping_mul(COARSE).wrapping_add(fine) ^ 1 << 63) as i64
}

/// A record as the distance from another; 0 for none.
fn distance(from: RecordId, to: RecordId) -> u64 {
    if to == NO_RECORD { 0 } else { u64::from(to.wrapping_sub(from)) + 1 }
}

#[inline]
fn across(from: RecordId, distance: u64) -> RecordId {
    distance.checked_sub(1).map_or(NO_RECORD, |distance| from.wrapping_add(distance as u32))
}

/// The same where the other one came before, as is usual.
fn distance_back(from: RecordId, to: RecordId) -> u64 {
    if to == NO_RECORD { 0 } else { u64::from(from.wrapping_sub(to)) + 1 }
}

#[inline]
fn back(from: RecordId, distance: u64) -> RecordId {
    distance.checked_sub(1).map_or(NO_RECORD, |distance| from.wrapping_sub(distance as u32))
}

#[inline]
fn of_table<T: Copy + Default>(table: &[T], number: u64) -> T {
    table.get(number as usize).copied().unwrap_or_default()
}

/// So many bits of a number.
#[inline]
const fn bits(number: u64, from: u32, count: u32) -> u64 {
    number >> from & ((1 << count) - 1)
}

impl Numbers<14> for Record {
    // Severities, relation and order change in their place.
    const LEAST: [u32; 14] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13];

    fn numbers(&self, at: u64) -> [u64; 14] {
        let id = at as RecordId;
        let [coarse, fine] = coarse_and_fine(self.time);
        let [severity, relation] = [u64::from(self.severity), u64::from(self.relation_and_order)];
        [
            coarse,
            fine,
            self.offset,
            u64::from(self.frame.wrapping_sub(id)),
            self.source.0.into(),
            self.destination.0.into(),
            self.exchange.0.into(),
            distance_back(id, self.relates_to),
            distance_back(id, self.previous_in_exchange),
            self.message_id.into(),
            u64::from(self.interface) << 16 | u64::from(self.coap_offset),
            self.coap_length.into(),
            u64::from(self.code.0)
                | (self.role as u64) << 8
                | (self.message_type as u64) << 12
                | (self.mode as u64) << 14
                | u64::from(self.transmission) << 17,
            bits(severity, 0, 3)
                | bits(severity, 4, 3) << 3
                | bits(relation, 0, 4) << 6
                | bits(relation, 4, 3) << 10
                | u64::from(self.flags.0) << 13
                | bits(relation, 7, 1) << 21,
        ]
    }

    #[inline(always)]
    fn of_numbers(number: impl Fn(usize) -> u64, at: u64) -> Self {
        let id = at as RecordId;
        let (place, kinds, marks) = (number(10), number(12), number(13));
        Self {
            time: time([number(0), number(1)]),
            offset: number(2),
            frame: (number(3) as u32).wrapping_add(id),
            source: EndpointId(number(4) as u32),
            destination: EndpointId(number(5) as u32),
            exchange: ExchangeId(number(6) as u32),
            relates_to: back(id, number(7)),
            previous_in_exchange: back(id, number(8)),
            message_id: number(9) as u16,
            interface: (place >> 16) as u16,
            coap_offset: place as u16,
            coap_length: number(11) as u16,
            code: Code(kinds as u8),
            role: of_table(&ROLES, bits(kinds, 8, 4)),
            message_type: MessageType::from_bits(bits(kinds, 12, 2) as u8),
            mode: of_table(&DecodeMode::ALL, bits(kinds, 14, 3)),
            transmission: (kinds >> 17) as u8,
            severity: (bits(marks, 0, 3) | bits(marks, 3, 3) << 4) as u8,
            relation_and_order: (bits(marks, 6, 4) | bits(marks, 10, 3) << 4 | bits(marks, 21, 1) << 7) as u8,
            flags: RecordFlags((marks >> 13) as u8),
        }
    }
}

/// A row is there.
const THERE: u64 = 1;

impl Numbers<14> for Option<ExchangeRow> {
    // Copies and responses may still come, and then it ends.
    const LEAST: [u32; 14] = [0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 26];

    fn numbers(&self, _: u64) -> [u64; 14] {
        let Some(row) = self else { return [0; 14] };
        let [coarse, fine] = coarse_and_fine(row.started);
        let [coarse_trip, fine_trip] = coarse_and_fine(row.round_trip);
        [
            u64::from(row.request),
            distance(row.request, row.response),
            distance(row.request, row.last),
            row.client.0.into(),
            row.server.0.into(),
            coarse,
            fine,
            coarse_trip,
            fine_trip,
            row.resource.0.into(),
            row.observation.0.into(),
            row.transmissions.into(),
            row.responses.into(),
            THERE
                | u64::from(row.confirmable) << 1
                | u64::from(row.multicast) << 2
                | (row.state as u64) << 3
                | (row.answer as u64) << 7
                | u64::from(row.code) << 10
                | u64::from(row.method) << 18
                | u64::from(row.no_response) << 26,
        ]
    }

    #[inline(always)]
    fn of_numbers(number: impl Fn(usize) -> u64, _: u64) -> Self {
        let kinds = number(13);
        if kinds & THERE == 0 {
            return None;
        }
        let request = number(0) as RecordId;
        Some(ExchangeRow {
            request,
            response: across(request, number(1)),
            last: across(request, number(2)),
            client: EndpointId(number(3) as u32),
            server: EndpointId(number(4) as u32),
            started: time([number(5), number(6)]),
            round_trip: time([number(7), number(8)]),
            resource: ResourceId(number(9) as u32),
            observation: ObservationId(number(10) as u32),
            transmissions: number(11) as u16,
            responses: number(12) as u16,
            confirmable: bits(kinds, 1, 1) != 0,
            multicast: bits(kinds, 2, 1) != 0,
            state: of_table(&STATES, bits(kinds, 3, 4)),
            answer: of_table(&ANSWERS, bits(kinds, 7, 3)),
            code: bits(kinds, 10, 8) as u8,
            method: bits(kinds, 18, 8) as u8,
            no_response: bits(kinds, 26, 8) as u8,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::super::packed::Packed;
    use super::*;
    use crate::coap::Severity;
    use crate::frame::Position;
    use crate::tracking::{ObserveOrder, Relation};

    /// Rows come back as they were, alone and among others.
    #[track_caller]
    fn check<T: Numbers<N> + Debug, const N: usize>(rows: &[T], first: u64) {
        let same = |rows: &[T], first: u64| {
            let packed = Packed::new(rows, first);
            for (place, row) in rows.iter().enumerate() {
                assert_eq!(packed.get(place, first + place as u64).as_ref(), Some(row), "{place}");
            }
        };
        same(rows, first);
        (first..).zip(rows).for_each(|(first, row)| same(&[*row], first));
    }

    fn record(id: RecordId, time: i64) -> Record {
        Record::new(time, Position::default(), id + 1, EndpointId(0), EndpointId(1))
    }

    #[test]
    fn records_come_back() {
        let position = Position { offset: u64::MAX, ..Position::default() };
        let odd = Record { frame: u32::MAX, ..Record::new(i64::MIN, position, 1, EndpointId(u32::MAX), EndpointId(7)) };
        let links = |relates_to, previous_in_exchange| Record { relates_to, previous_in_exchange, ..record(9, 0) };
        let mut rows =
            vec![record(0, 0), record(1, -1), record(2, i64::MAX), record(3, 1_700_000_000_123_456_789), odd];
        // Before, itself, and the one behind it; none.
        rows.extend([links(0, 1), links(4098, 4101), links(4104, 4103), links(NO_RECORD, NO_RECORD - 1)]);
        rows.extend(ROLES.map(|role| Record { role, ..record(0, 0) }));
        rows.extend(DecodeMode::ALL.map(|mode| Record { mode, transmission: 255, ..record(0, 0) }));
        for bits in 0..4 {
            let message_type = MessageType::from_bits(bits);
            rows.push(Record { message_type, code: Code(255), message_id: u16::MAX, interface: 9, ..record(0, 5) });
        }
        let (lengths, exchange) =
            (Record { coap_offset: 66, coap_length: u16::MAX, ..record(0, 0) }, ExchangeId(u32::MAX));
        rows.extend([lengths, Record { exchange, flags: RecordFlags(255), ..record(0, 0) }]);
        let mut related = record(0, 0);
        related.set_relation(Relation::CopyOf, ObserveOrder::Newer);
        related.set_repeated();
        related.set_on_the_way(true);
        related.raise(Severity::Error);
        related.set_tracked_severity(Some(Severity::Error));
        rows.push(related);
        check(&rows, 4096);
    }

    #[test]
    fn exchanges_come_back() {
        let row = ExchangeRow { request: 5, response: 7, last: 9, round_trip: -1, ..ExchangeRow::default() };
        let many = ExchangeRow {
            client: EndpointId(u32::MAX),
            server: EndpointId(1),
            resource: ResourceId(u32::MAX),
            observation: ObservationId(u32::MAX),
            transmissions: u16::MAX,
            responses: u16::MAX,
            method: 255,
            code: 255,
            confirmable: true,
            multicast: true,
            no_response: 255,
            ..row
        };
        let mut rows = vec![None, Some(ExchangeRow::default()), Some(row), Some(many)];
        rows.push(Some(ExchangeRow { response: 4, last: NO_RECORD, round_trip: i64::MAX, started: i64::MIN, ..row }));
        rows.push(Some(ExchangeRow { request: NO_RECORD, response: NO_RECORD, round_trip: 1, started: -5, ..row }));
        rows.extend(STATES.map(|state| Some(ExchangeRow { state, ..row })));
        rows.extend(ANSWERS.map(|answer| Some(ExchangeRow { answer, ..row })));
        check(&rows, 0);
    }

    #[test]
    fn kinds_stand_in_the_order_of_their_numbers() {
        assert!(ROLES.iter().enumerate().all(|(number, role)| *role as usize == number));
        assert!(STATES.iter().enumerate().all(|(number, state)| *state as usize == number));
        assert!(ANSWERS.iter().enumerate().all(|(number, answer)| *answer as usize == number));
        assert!(DecodeMode::ALL.iter().enumerate().all(|(number, mode)| *mode as usize == number));
    }
}
