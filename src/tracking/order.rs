//! The order of notifications by their numbers and their arrival (RFC 7641 section 3.4).

use super::climb::{Climb, WINDOW};
use super::clock::{Clock, Moment, between};
use super::context::Context;
use super::model::{NO_RECORD, ObserveOrder, Patch, RecordId};
use super::notification::Payload;
use super::observation::Observation;
use crate::coap::finding::PARTIAL_IV;
use crate::coap::finding::Skip;
use crate::coap::parameters::OBSERVE_REORDER_WINDOW;
use crate::coap::{Finding, OptionNumber, Rule};

/// Observe numbers have 24 bits.
pub(super) const MODULUS: u32 = 1 << 24;
/// Half of all numbers.
pub(super) const HALF: u32 = 1 << 23;

/// How far one number is ahead of another.
pub(super) fn ahead(number: u32, of: u32) -> u32 {
    number.wrapping_sub(of) % MODULUS
}

/// How a number stands to the freshest one so far, each with its time of arrival; `None` where that depends on a time that is not known.
pub(super) fn order(number: u32, now: Moment, freshest: u32, then: Moment) -> ObserveOrder {
    let ahead = ahead(number, freshest);
    match ahead {
        1 => ObserveOrder::Next,
        2..HALF => ObserveOrder::Gap,
        // Where nobody knows how much time passed, it may be newer by that.
        _ => match between(then, now) {
            None => ObserveOrder::None,
            Some(elapsed) if elapsed > OBSERVE_REORDER_WINDOW => ObserveOrder::NewerByTime,
            Some(_) if ahead == 0 => ObserveOrder::Same,
            Some(_) => ObserveOrder::Stale,
        },
    }
}

/// Orders the number of a notification, and says what is odd about it; the first has no `clock`.
pub(super) fn number(
    observation: &mut Observation,
    context: &mut Context<'_, '_>,
    clock: Option<&Clock>,
) -> ObserveOrder {
    let first = clock.is_none();
    let Some(value) = context.facts.observe else { return ObserveOrder::None };
    if context.facts.oscore {
        return protected_number(observation, value, context, first);
    }
    let Some(clock) = clock else {
        observation.climb = Climb::default();
        observation.set_freshest(value, context.now);
        observation.set_payload(Payload::of(context));
        return ObserveOrder::First;
    };
    let freshest = observation.row.freshest;
    let standing = observation.standing(value, context.now, clock);
    judge_number(observation, value, standing, context);
    if matches!(standing, ObserveOrder::Stale | ObserveOrder::Same | ObserveOrder::None) {
        return standing;
    }
    let by_number = matches!(standing, ObserveOrder::Next | ObserveOrder::Gap | ObserveOrder::Newer);
    if by_number {
        observation.steps += 1;
        observation.by_one &= standing == ObserveOrder::Next;
    }
    if !by_number {
        observation.climb = Climb::default();
    } else if let Some(first) = observation.climb.rise((freshest, observation.freshest_at()), (value, context.now)) {
        context.find_option(Rule::ObsJump, OptionNumber::OBSERVE, i64::from(value), i64::from(first));
    }
    observation.set_freshest(value, context.now);
    observation.set_payload(Payload::of(context));
    standing
}

/// Numbers that were skipped.
#[derive(Clone, Copy)]
pub(super) struct Skipped {
    first: u32,
    /// Those from the first on that have not come late, a bit for each; none where there are very many, of which nobody knows that.
    missing: u64,
    /// What is said of them, and of which message.
    finding: Finding,
    record: RecordId,
}

impl Observation {
    /// The number at hand is ahead of the next: those in between are missing.
    #[cold]
    fn skip(&mut self, number: u32, context: &mut Context<'_, '_>) {
        let first = (self.row.freshest + 1) % MODULUS;
        let others = 64_u32.checked_sub(ahead(number, first));
        let missing = others.and_then(|others| u64::MAX.checked_shr(others)).unwrap_or(0);
        let finding = Finding::new(Rule::ObsGap, context.option_span(OptionNumber::OBSERVE));
        let finding = finding.with(Skip { number, expected: first }.number(), NO_RECORD);
        let record = context.record();
        context.out.find(record, finding);
        self.row.gaps += 1;
        self.rare_mut().skipped = Some(Skipped { first, missing, finding, record });
    }

    /// A number that is not new: a gap whose numbers have all come is none, and its message says so. Whether that is it.
    #[cold]
    pub fn came_late(&mut self, number: u32, context: &mut Context<'_, '_>) -> bool {
        let Some(skipped) = self.rare().and_then(|rare| rare.skipped) else { return false };
        let place = 1_u64.checked_shl(ahead(number, skipped.first)).unwrap_or(0);
        if skipped.missing & place == 0 {
            return false;
        }
        let missing = skipped.missing ^ place;
        self.rare_mut().skipped = Some(Skipped { missing, ..skipped });
        if missing == 0 {
            self.row.gaps -= 1;
            let Skipped { record, finding, .. } = skipped;
            let finding = finding.with(finding.numbers[0], context.record());
            context.out.patch(Patch::Graver { record, finding, was: finding.severity });
        }
        missing == 0
    }

    /// What came before the message at hand is newer than that, by its number, or its Partial IV where OSCORE protects it.
    #[cold]
    pub fn has_overtaken(&self, context: &Context<'_, '_>, clock: &Clock) -> bool {
        if context.facts.oscore {
            let before = self.rare().and_then(|rare| rare.sequence);
            return sequence(context).zip(before).is_some_and(|(now, before)| now < before);
        }
        let standing = context.facts.observe.map(|number| self.standing(number, context.now, clock));
        standing == Some(ObserveOrder::Stale)
    }
}

/// The Partial IV of the message at hand, if it has one (RFC 8613 section 6.1).
#[cold]
fn sequence(context: &Context<'_, '_>) -> Option<i64> {
    let partial_iv = context.message().oscore()?.partial_iv;
    (!partial_iv.is_empty()).then(|| partial_iv.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte)))
}

/// The same where OSCORE protects them: their order is that of their Partial IVs, and the number outside tells nothing (RFC 8613
/// section 4.1.3.5.2). The first may have none.
#[cold]
fn protected_number(
    observation: &mut Observation,
    value: u32,
    context: &mut Context<'_, '_>,
    first: bool,
) -> ObserveOrder {
    let sequence = sequence(context);
    let before = observation.rare().filter(|_| !first).and_then(|rare| rare.sequence);
    if let (Some(now), Some(before)) = (sequence, before)
        && now <= before
    {
        let (rule, order) = match now == before {
            true => (Rule::ObsSameNumber, ObserveOrder::Same),
            false => (Rule::ObsStale, ObserveOrder::Stale),
        };
        context.find_option(rule, OptionNumber::OSCORE, now + PARTIAL_IV, before + PARTIAL_IV);
        return order;
    }
    observation.rare_mut().sequence = sequence.or(before);
    if first || sequence.is_some() {
        observation.set_freshest(value, context.now);
    }
    if first { ObserveOrder::First } else { ObserveOrder::None }
}

fn judge_number(observation: &mut Observation, value: u32, standing: ObserveOrder, context: &mut Context<'_, '_>) {
    let freshest = observation.row.freshest;
    let (number, before) = (i64::from(value), i64::from(freshest));
    let rise = value.wrapping_sub(freshest);
    let soon = between(observation.freshest_at(), context.now).is_some_and(|elapsed| elapsed <= WINDOW);
    // Close below a number that has just wrapped is late, not far ahead.
    if rise > HALF && rise < MODULUS - (1 << 22) && soon {
        context.find_option(Rule::ObsJump, OptionNumber::OBSERVE, number, before);
    }
    match standing {
        ObserveOrder::Stale => {
            observation.came_late(value, context);
            context.find_option(Rule::ObsStale, OptionNumber::OBSERVE, number, before);
        }
        // A client takes it as newer after a while, but in so short a time the numbers of no server come round.
        ObserveOrder::NewerByTime if rise == 0 && soon && observation.payload().is_none() => {
            context.find_option(Rule::ObsSameNumber, OptionNumber::OBSERVE, number, 0);
        }
        ObserveOrder::Same => context.find_option(Rule::ObsSameNumber, OptionNumber::OBSERVE, number, 0),
        ObserveOrder::Gap => observation.skip(value, context),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_serials_of_24_bits() {
        use ObserveOrder::*;
        const TOP: u32 = MODULUS - 1;
        for (number, freshest, seconds, expected) in [
            (13, 12, 1, Next),
            (14, 12, 1, Gap),
            (11, 12, 1, Stale),
            (12, 12, 1, Same),
            (0, TOP, 1, Next),
            (3, TOP, 1, Gap),
            (TOP, 0, 1, Stale),
            (HALF, 0, 1, Stale),
            (0, HALF, 1, Stale),
            (HALF - 1, 0, 1, Gap),
            (HALF + 1, 0, 1, Stale),
            (0, HALF + 1, 1, Gap),
            (11, 12, 128, Stale),
            (11, 12, 129, NewerByTime),
            (12, 12, 129, NewerByTime),
            (13, 12, 129, Next),
        ] {
            let at = |seconds: i64| Moment { time: seconds * 1_000_000_000, epoch: 0 };
            assert_eq!(
                order(number, at(seconds), freshest, at(0)),
                expected,
                "{number} after {freshest} in {seconds} s"
            );
        }
        let (then, now) = (Moment { time: 0, epoch: 0 }, Moment { time: i64::MAX, epoch: 1 });
        for (number, expected) in [(11, None), (12, None), (13, Next), (14, Gap)] {
            assert_eq!(order(number, now, 12, then), expected, "{number}, and time went back in between");
        }
    }
}
