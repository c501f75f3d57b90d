//! The order of notifications by their numbers and their arrival (RFC 7641 section 3.4).

use super::clock::{Moment, between};
use super::model::ObserveOrder;
use crate::coap::parameters::OBSERVE_REORDER_WINDOW;

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
