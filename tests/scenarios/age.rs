//! Age: each message is found for as long as it lives, and takes no room when its time is over.

use coapscope::coap::Rule;
use coapscope::tracking::{Patch, Relation};

use crate::room::Wire;

const SECOND: i64 = 1_000_000_000;

#[test]
fn every_number_is_found_while_it_lives() {
    const COUNT: usize = 3_000;
    let mut wire = Wire::new(256 << 20);
    let mut records = Vec::new();
    for number in 0..COUNT {
        wire.time += 5 * SECOND;
        let confirmable = number % 3 < 2;
        wire.say(&format!("> {} {number} {number:08x} GET /a", if confirmable { "CON" } else { "NON" }));
        records.push((wire.record, confirmable));
        // Two hundred seconds later.
        let Some(before) = number.checked_sub(40) else { continue };
        let (record, confirmable) = records[before];
        let answer = if confirmable { format!("< ACK {before} {before:08x} 2.05") } else { format!("< RST {before}") };
        let tracked = wire.say(&answer);
        let relation = if confirmable { Relation::Answers } else { Relation::Resets };
        assert_eq!((tracked.relation, tracked.relates_to), (relation, record), "number {before}");
    }
    // The time of all is over.
    let full = wire.tracker.bytes();
    wire.time += 300 * SECOND;
    wire.say("> NON 60000 f0 GET /a");
    // The last forty were not answered, and are open for ever.
    let left = wire.tracker.bytes();
    assert!(left < full * 41 / 50, "{left} of {full} bytes are left for forty requests");
    let mut recycled = 0;
    for number in 0..COUNT {
        wire.say(&format!("> CON {number} {number:08x} POST /a"));
        recycled += usize::from(wire.found(Rule::MidRecycled));
    }
    assert!(recycled > COUNT * 3 / 4, "only {recycled} of {COUNT} numbers are known to have been used before");
}

#[test]
fn a_request_outlives_an_older_one_with_its_token() {
    const TOKENS: u32 = 1_000;
    let mut wire = Wire::new(1 << 20);
    let ask = |wire: &mut Wire, number: u32| {
        wire.say(&format!("> NON {number} {:08x} GET /a", number % TOKENS));
        wire.record
    };
    (0..TOKENS).for_each(|number| _ = ask(&mut wire, number));
    let newer: Vec<_> = (TOKENS..TOKENS * 2).map(|number| ask(&mut wire, number)).collect();
    let mut more = 0;
    // Until about half of the older ones had to leave.
    while wire.counters().exchanges_evicted < u64::from(TOKENS) / 2 {
        wire.say(&format!("> NON {} {more:06x} GET /a", 20_000 + more));
        more += 1;
    }
    for (token, record) in (0..).zip(newer) {
        let tracked = wire.say(&format!("< NON {} {token:08x} 2.05", 40_000 + token));
        assert_eq!((tracked.relation, tracked.relates_to), (Relation::Answers, record), "token {token}");
    }
    assert!(wire.counters().exchanges_evicted < u64::from(TOKENS), "{more} more");
}

impl Wire {
    /// Whether a rule is raised by what was said last.
    fn found(&self, rule: Rule) -> bool {
        self.out.iter().any(|patch| matches!(patch, Patch::Finding(_, finding) if finding.rule == rule))
    }
}
