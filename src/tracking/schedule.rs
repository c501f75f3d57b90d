//! When a Confirmable message is sent again, worked out once (RFC 7252 sections 4.2 and 4.8).

use super::clock::SECOND;
use crate::coap::Parameters;

/// So many transmissions are told apart at most.
const MOST: u32 = 30;

/// Timers are set and run out in steps of their own.
const GRAIN: i64 = SECOND / 10;

/// Behind so many retransmissions the next one is due never, or at once: 2^63 times a wait of a nanosecond is more than can be told.
const DOUBLED: usize = 64;

/// The time and the tolerance of the schedule.
fn slack_above(time: i64) -> i64 {
    time.saturating_add(time / 10).saturating_add(SECOND / 10)
}

/// Earliest and latest time.
#[derive(Clone, Copy)]
struct Window(i64, i64);

/// The times that follow from the transmission parameters, nanoseconds.
pub(super) struct Schedule {
    /// When each transmission comes, counted from the first.
    times: Vec<Window>,
    /// When each comes counted from each, give or take a step of the timer: as many for the first, then as many for the next.
    behind: Vec<Window>,
    /// How long after the copy before it a retransmission comes at the latest.
    late: [i64; DOUBLED + 1],
    /// First to last transmission, at most.
    pub span: i64,
    /// First transmission until the sender gives up, at most.
    pub wait: i64,
    /// So long after the first copy a sender sends no more: MAX_TRANSMIT_SPAN, and what late copies are given.
    pub stops: i64,
}

impl Schedule {
    pub fn new(parameters: &Parameters) -> Self {
        let (span, wait) = (parameters.max_transmit_span(), parameters.max_transmit_wait());
        let again = (1..=parameters.max_retransmit.min(MOST)).map(|n| parameters.retransmission_time(n));
        let times: Vec<_> =
            std::iter::once((0, 0)).chain(again).map(|(earliest, latest)| Window(earliest, latest)).collect();
        let from = |from: Window| {
            let grain = |Window(earliest, latest): &Window| {
                let earliest = earliest.saturating_sub(from.0).saturating_sub(GRAIN);
                Window(earliest, latest.saturating_sub(from.1).saturating_add(GRAIN))
            };
            times.iter().map(grain).collect::<Vec<_>>()
        };
        let behind = times.iter().flat_map(|time| from(*time)).collect();
        let late = std::array::from_fn(|step| slack_above(parameters.retransmission_gap(step as u32).1));
        Self { times, behind, late, span, wait, stops: slack_above(span).min(wait) }
    }

    /// The last retransmission, of those that are told apart.
    #[inline]
    pub fn most(&self) -> u16 {
        (self.times.len() - 1) as u16
    }

    /// Which transmission behind another one comes so long after `first`, which is one too.
    #[inline]
    pub fn find(&self, first: u16, behind: u16, elapsed: i64) -> Option<u16> {
        let all = self.times.len();
        let from = self.behind.get(usize::from(first) * all..)?.get(..all)?;
        next(from, behind, elapsed)
    }

    /// Which retransmission comes exactly so long after the first transmission.
    pub fn exactly(&self, elapsed: i64) -> Option<u16> {
        next(&self.times, 0, elapsed)
    }

    /// Whether a retransmission is due so long after the first transmission, give or take a step of the timer.
    pub fn is_due(&self, step: u16, elapsed: i64) -> bool {
        let window = self.behind.get(usize::from(step)).filter(|_| step <= self.most());
        window.is_some_and(|Window(earliest, latest)| (*earliest..=*latest).contains(&elapsed))
    }

    /// How long after the copy before it a retransmission comes at the latest, and what late copies are given.
    #[inline]
    pub fn latest_gap(&self, step: u16) -> i64 {
        self.late.get(usize::from(step).min(DOUBLED)).copied().unwrap_or(i64::MAX)
    }
}

/// The first transmission behind another in whose window a time is. No window begins before the one in front of it.
#[inline]
fn next(windows: &[Window], behind: u16, time: i64) -> Option<u16> {
    let later = windows.get(usize::from(behind) + 1..)?;
    let by = later.iter().position(|window| time <= window.1)?;
    let begun = later.get(by).is_some_and(|window| time >= window.0);
    begun.then_some(behind + 1 + by as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> impl Iterator<Item = Parameters> {
        let timeouts = [0, 1, 3, 999_999_999, SECOND, 2 * SECOND, 3 * SECOND + 7, 86_400 * SECOND, i64::MAX / 2];
        let factors = [1.0, 1.1, 1.5, 1.7, 3.0];
        let times = [0, 1, 4, 7, 30, 31, 64, 5000];
        timeouts.into_iter().flat_map(move |ack_timeout| {
            factors.into_iter().flat_map(move |ack_random_factor| {
                times.map(|max_retransmit| Parameters {
                    ack_timeout,
                    ack_random_factor,
                    max_retransmit,
                    ..Default::default()
                })
            })
        })
    }

    #[test]
    fn the_latest_gap_is_that_of_the_parameters_for_every_retransmission() {
        for parameters in parameters() {
            let schedule = Schedule::new(&parameters);
            for step in (0..2_100).chain([u16::MAX - 1, u16::MAX]) {
                let expected = slack_above(parameters.retransmission_gap(u32::from(step)).1);
                assert_eq!(schedule.latest_gap(step), expected, "{step} of {parameters:?}");
            }
        }
    }

    #[test]
    fn a_transmission_is_found_by_its_time_behind_every_other() {
        for parameters in parameters() {
            let schedule = Schedule::new(&parameters);
            let most = parameters.max_retransmit.min(MOST);
            assert_eq!(u32::from(schedule.most()), most);
            let time = |n: u32| if n == 0 { (0, 0) } else { parameters.retransmission_time(n) };
            let is_due = |first: u32, n: u32, grain: i64, elapsed: i64| {
                let ((from_earliest, from_latest), (earliest, latest)) = (time(first), time(n));
                elapsed >= earliest.saturating_sub(from_earliest) - grain
                    && elapsed <= latest.saturating_sub(from_latest).saturating_add(grain)
            };
            for first in 0..=most + 1 {
                // Just inside and just outside of each window.
                let edges = (first.min(most)..=most).flat_map(|n| {
                    let ((from_earliest, from_latest), (earliest, latest)) = (time(first.min(most)), time(n));
                    let edges = [earliest.saturating_sub(from_earliest), latest.saturating_sub(from_latest)];
                    edges.into_iter().flat_map(|edge| {
                        [-GRAIN - 1, -GRAIN, -1, 0, 1, GRAIN, GRAIN + 1].map(|by| edge.saturating_add(by))
                    })
                });
                for elapsed in edges.step_by(if most > 7 { 5 } else { 1 }) {
                    for behind in first..=most + 1 {
                        let find = |grain| (behind + 1..=most).find(|n| is_due(first, *n, grain, elapsed));
                        let expected = find(GRAIN).filter(|_| first <= most).map(|n| n as u16);
                        assert_eq!(schedule.find(first as u16, behind as u16, elapsed), expected);
                        if [first, behind] == [0, 0] {
                            assert_eq!(schedule.exactly(elapsed), find(0).map(|n| n as u16));
                        }
                    }
                }
            }
        }
    }
}
