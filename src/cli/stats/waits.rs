//! How long senders wait before they repeat a Confirmable message: what their own waits show of ACK_TIMEOUT, ACK_RANDOM_FACTOR and the
//! doubling (RFC 7252 sections 4.2 and 4.8).

use super::groups::{add_up, parts, put};
use super::sums::{Repeat, Sums};
use crate::tracking::EndpointId;

/// First waits from which the spread of a sender's waits can be told.
const ENOUGH: usize = 5;

/// What the waits of one sender show. Only copies count before which none was lost to the capture, as far as the clock can tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Waits {
    pub sender: EndpointId,
    /// Messages whose first wait was captured.
    pub messages: usize,
    /// The shortest first wait in nanoseconds: ACK_TIMEOUT is no more.
    pub shortest: i64,
    /// The longest first wait in nanoseconds.
    pub longest: i64,
    /// How many times the wait before it a wait is: the median; none where nothing was repeated twice.
    pub growth: Option<f64>,
}

impl Waits {
    /// The longest first wait as a multiple of the shortest; none of too few.
    pub fn factor(&self) -> Option<f64> {
        (self.messages >= ENOUGH && self.shortest > 0).then(|| self.longest as f64 / self.shortest as f64)
    }
}

/// Of each sender, those with the most messages first.
pub(super) fn by_sender(sums: &Sums) -> Vec<Waits> {
    let senders = sums.repeats.iter().map(|repeat| repeat.sender.0 as usize + 1).max().unwrap_or(0);
    let mut starts = vec![0; senders + 1];
    for repeat in &sums.repeats {
        if let Some(count) = starts.get_mut(repeat.sender.0 as usize + 1) {
            *count += 1;
        }
    }
    // The places of each sender's side by side.
    let mut order = vec![0; add_up(&mut starts)];
    let mut next = starts.clone();
    for (at, repeat) in sums.repeats.iter().enumerate() {
        put(&mut order, &mut next, repeat.sender.0, at as u32);
    }
    let mut repeats = Vec::new();
    let of_one = |places: &[u32]| {
        repeats.clear();
        repeats.extend(places.iter().filter_map(|at| sums.repeats.get(*at as usize)));
        repeats.sort_by_key(|repeat: &&Repeat| (repeat.first, repeat.captured));
        of_one_sender(&waited(&repeats))
    };
    let mut all: Vec<Waits> = parts(&order, &starts).filter_map(of_one).collect();
    all.sort_by_key(|waits| (std::cmp::Reverse(waits.messages), waits.sender));
    all
}

/// Without the copies at once behind another, which the network may have doubled: the time to the next one counts from that other, and so
/// does its number.
fn waited(repeats: &[&Repeat]) -> Vec<Repeat> {
    let (mut first, mut since, mut left_out) = (None, 0, 0);
    let mut waited = Vec::with_capacity(repeats.len());
    for repeat in repeats {
        if first != Some(repeat.first) {
            (first, since, left_out) = (Some(repeat.first), 0, 0);
        }
        if repeat.copy == repeat.before {
            (since, left_out) = (since + repeat.gap.max(0), left_out + 1);
            continue;
        }
        let gap = repeat.gap.saturating_add(std::mem::take(&mut since));
        waited.push(Repeat { gap, captured: repeat.captured - left_out, ..**repeat });
    }
    waited
}

fn of_one_sender(repeats: &[Repeat]) -> Option<Waits> {
    // One wait lies before it, whichever that is.
    let sure = |repeat: &&Repeat| repeat.copy == repeat.before + 1 && repeat.gap > 0;
    let firsts = |later: bool| {
        let fits =
            |repeat: &&Repeat| if later { repeat.copy > 2 && repeat.gap > 0 } else { sure(repeat) && repeat.copy == 2 };
        let seconds = repeats.iter().filter(|repeat| repeat.captured == 2).filter(fits);
        seconds.map(|repeat| repeat.gap).collect::<Vec<_>>()
    };
    // Where the clock takes the second captured copy for a later one each time, it is rather the schedule that is another.
    let firsts = match (firsts(false), firsts(true)) {
        (own, others) if own.is_empty() && others.len() > 1 => others,
        (own, _) => own,
    };
    let mut growth: Vec<f64> = repeats
        .windows(2)
        .filter_map(|pair| {
            let [before, next] = pair else { return None };
            let follows = before.first == next.first && before.captured + 1 == next.captured;
            (follows && sure(&before) && sure(&next)).then(|| next.gap as f64 / before.gap as f64)
        })
        .collect();
    growth.sort_by(f64::total_cmp);
    Some(Waits {
        sender: repeats.first()?.sender,
        messages: firsts.len(),
        shortest: firsts.iter().copied().min()?,
        longest: firsts.iter().copied().max()?,
        growth: growth.get(growth.len() / 2).copied(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    /// Repeats of one message of a sender: which copy by the clock, and the gap in seconds, over six with a copy lost in it.
    fn repeats(sender: u32, first: u32, copies: &[(i64, f64)]) -> Vec<Repeat> {
        let repeat = |(at, &(copy, gap)): (usize, &(i64, f64))| Repeat {
            record: 0,
            sender: EndpointId(sender),
            first,
            copy,
            before: if at == 0 { 1.max(copy - 1 - i64::from(gap > 6.0)) } else { copies[at - 1].0 },
            captured: at as i64 + 2,
            gap: (gap * SECOND as f64) as i64,
        };
        copies.iter().enumerate().map(repeat).collect()
    }

    fn check(repeats: &[Vec<Repeat>], expected: &[(u32, usize, f64, f64, Option<f64>)]) {
        let mut sums = Sums::default();
        sums.repeats = repeats.concat();
        let said: Vec<_> = by_sender(&sums)
            .iter()
            .map(|waits| {
                let seconds = |time: i64| time as f64 / SECOND as f64;
                (waits.sender.0, waits.messages, seconds(waits.shortest), seconds(waits.longest), waits.growth)
            })
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn waits_show_what_a_sender_does() {
        check(&[], &[]);
        // By the book.
        check(&[repeats(1, 10, &[(2, 2.5), (3, 5.0), (4, 10.0)])], &[(1, 1, 2.5, 2.5, Some(2.0))]);
        // Two senders; one of them repeats at equal intervals.
        check(
            &[
                repeats(2, 20, &[(2, 0.5), (3, 0.5)]),
                repeats(1, 10, &[(2, 2.0)]),
                repeats(1, 11, &[(2, 3.0), (3, 6.0)]),
            ],
            &[(1, 2, 2.0, 3.0, Some(2.0)), (2, 1, 0.5, 0.5, Some(1.0))],
        );
        // Another schedule, or the first copy is missing: one message does not tell.
        check(&[repeats(1, 10, &[(3, 5.0), (4, 10.0)])], &[]);
        let slow = |first| repeats(1, first, &[(3, 5.0), (4, 10.0)]);
        check(&[slow(10), slow(11)], &[(1, 2, 5.0, 5.0, Some(2.0))]);
        // The clock puts copies in between.
        let slower = |first, gap| vec![Repeat { before: 1, ..repeats(1, first, &[(4, gap)])[0] }];
        check(&[slower(10, 15.2)], &[]);
        check(&[slower(10, 15.2), slower(11, 16.0)], &[(1, 2, 15.2, 16.0, None)]);
        check(&[slower(10, 15.2), slower(11, 16.0), repeats(1, 12, &[(2, 2.0)])], &[(1, 1, 2.0, 2.0, None)]);
        // A copy was lost before the capture point: the waits behind it are not one wait.
        check(&[repeats(1, 10, &[(3, 6.5), (4, 9.0)])], &[]);
        check(&[repeats(1, 10, &[(2, 2.0), (4, 12.0)])], &[(1, 1, 2.0, 2.0, None)]);
    }

    #[test]
    fn what_the_network_may_have_doubled_is_no_wait() {
        let repeat = |captured, [copy, before]: [i64; 2], gap: f64| {
            let gap = (gap * SECOND as f64) as i64;
            Repeat { record: 0, sender: EndpointId(1), first: 10, copy, before, captured, gap }
        };
        // 0, 2.5, 2.52, 7.5.
        let doubled = vec![repeat(2, [2, 1], 2.5), repeat(3, [2, 2], 0.02), repeat(4, [3, 2], 4.98)];
        check(&[doubled], &[(1, 1, 2.5, 2.5, Some(2.0))]);
        // Each copy in a pair.
        let pairs = [[1, 1], [2, 1], [2, 2], [3, 2], [3, 3]];
        let gaps = [0.25, 2.25, 0.25, 4.75, 0.25];
        let pairs = pairs.into_iter().zip(gaps).zip(2..).map(|((which, gap), captured)| repeat(captured, which, gap));
        check(&[pairs.collect()], &[(1, 1, 2.5, 2.5, Some(2.0))]);
        // The first alone.
        check(&[vec![repeat(2, [1, 1], 0.02)]], &[]);
    }

    #[test]
    fn few_waits_tell_no_factor() {
        let waits = |messages| Waits {
            sender: EndpointId(1),
            messages,
            shortest: 2 * SECOND,
            longest: 3 * SECOND,
            growth: None,
        };
        assert_eq!([4, 5].map(|messages| waits(messages).factor()), [None, Some(1.5)]);
    }
}
