//! Plays a scenario through the tracker and holds its claims against what came out.

use std::collections::BTreeMap;

use coapscope::coap::{Copies, Finding, Rule, Severity};
use coapscope::frame::Position;
use coapscope::store::{Record, Store, Update, round_trip};
use coapscope::tracking::{
    Arrival, BodyId, BodyPart, BodyRow, Counters, EndpointId, ExchangeId, ExchangeRow, NO_RECORD, ObservationId,
    ObservationRow, Patch, RecordId, Relation, Tracked,
};

use crate::script::{Script, Step, number_sign};
use crate::ways::{self, EVIDENCE, Way};

/// What the tracker said of a scenario.
#[derive(Default)]
pub struct Seen {
    pub tracked: Vec<Tracked>,
    pub answered_by: BTreeMap<RecordId, RecordId>,
    pub findings: Vec<(RecordId, Finding)>,
    pub exchanges: BTreeMap<ExchangeId, ExchangeRow>,
    pub observations: BTreeMap<ObservationId, ObservationRow>,
    pub bodies: BTreeMap<BodyId, BodyRow>,
    pub parts: BTreeMap<RecordId, BodyPart>,
    /// Which copy of a message each ICMP error was about.
    pub about: Vec<RecordId>,
    /// All of the above, as whoever receives it keeps it; only where messages keep their numbers.
    pub store: Store,
    pub counters: Counters,
    /// The same, without what strangers added.
    pub counted: [u64; ways::KEYS],
    pub resources: Vec<String>,
}

impl Seen {
    /// The record of a message that was tracked just now, with what became known with it; the number of its frame is that of the message.
    pub fn keep(&mut self, arrival: Option<&Arrival>, patches: &[Patch]) {
        let records = arrival.zip(self.tracked.last()).map(|(arrival, tracked)| {
            let number = arrival.record + 1;
            let mut record =
                Record::new(arrival.time, Position::default(), number, arrival.source, arrival.destination);
            record.relate(tracked);
            record
        });
        let records = records.into_iter().collect();
        let apart = |tracked: &&Tracked| tracked.observation.0 != 0 && (tracked.exchange.0 == 0 || tracked.apart);
        let observed = arrival.zip(self.tracked.last().filter(apart));
        let observed = observed.map(|(arrival, tracked)| (arrival.record, tracked.observation)).into_iter().collect();
        self.store.apply(Update { records, observed, patches: patches.to_vec(), ..Update::default() });
    }

    pub fn take(&mut self, patches: &[Patch]) {
        for patch in patches.iter().flat_map(Patch::each) {
            match patch {
                Patch::Answered(..) => {}
                Patch::Exchange(id, row) => drop(self.exchanges.insert(id, row)),
                Patch::Observation(id, row) => drop(self.observations.insert(id, row)),
                Patch::AnsweredBy { record, by } => drop(self.answered_by.insert(record, by)),
                Patch::Finding(record, finding) => self.findings.push((record, finding)),
                Patch::Withdrawn { record, rule, was } => {
                    let same =
                        |(on, one): &(RecordId, Finding)| *on == record && one.rule == rule && one.severity == was;
                    let at = self.findings.iter().position(same).expect("nothing was said that could be withdrawn");
                    self.findings.remove(at);
                }
                Patch::Related { record, tracked } => self.tracked[record as usize] = tracked,
                Patch::Graver { record, finding, was } => {
                    let same = |(on, one): &&mut (RecordId, Finding)| {
                        *on == record && one.rule == finding.rule && one.severity == was
                    };
                    self.findings.iter_mut().find(same).expect("nothing was said that could be graver").1 = finding;
                }
                Patch::Body(id, row) => drop(self.bodies.insert(id, row)),
                Patch::Part(record, part) => drop(self.parts.insert(record, part)),
            }
        }
    }

    fn finding(&self, record: Option<RecordId>, id: &str) -> Option<Severity> {
        let of = |wanted: RecordId| record.is_none_or(|record| record == wanted);
        self.findings
            .iter()
            .find(|(on, finding)| of(*on) && finding.rule.row().id == id)
            .map(|(_, finding)| finding.severity)
    }
}

/// The claims that do not hold, each as a line of text.
pub fn check(script: &Script) -> Vec<String> {
    let seen = ways::play(script, Way::Plain);
    let mut wrong = Vec::new();
    for step in &script.steps {
        let Step::Claim { line, words } = step else { continue };
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        if let Err(why) = claim(&seen, &words) {
            wrong.push(format!("{}, line {line}: {}\n    {why}", script.name, words.join(" ")));
        }
    }
    if !wrong.is_empty() {
        let findings: Vec<_> = seen
            .findings
            .iter()
            .map(|(record, finding)| format!("#{} {}", record + 1, finding.rule.row().id))
            .collect();
        wrong.push(format!("    all findings: {}", findings.join(", ")));
    }
    wrong.extend(
        mixed_up(&seen).chain(misplaced(&seen)).chain(mistimed(&seen)).map(|why| format!("{}: {why}", script.name)),
    );
    wrong.extend(ways::differences(script));
    wrong
}

/// Messages whose observation is another than that of their exchange, without a word of it, or the same though it is said to be another.
fn mixed_up(seen: &Seen) -> impl Iterator<Item = String> {
    let both = seen.tracked.iter().enumerate().filter(|(_, it)| it.exchange.0 != 0 && it.observation.0 != 0);
    both.filter_map(|(at, it)| {
        let row = seen.exchanges.get(&it.exchange)?;
        let apart = row.observation != it.observation;
        (it.apart != apart).then(|| format!("#{} is said to be apart: {}, which is wrong", at + 1, it.apart))
    })
}

/// Messages that the row of an exchange names, though they say that they belong to another.
fn misplaced(seen: &Seen) -> impl Iterator<Item = String> {
    seen.exchanges.iter().flat_map(|(id, row)| {
        let named = [row.request, row.response, row.last].into_iter();
        let named = named.filter_map(|record| Some((record, seen.tracked.get(record as usize)?)));
        let others = named.filter(|(_, it)| it.exchange != *id);
        others.map(move |(record, it)| format!("{} is of {id:?}, but says {:?}", name(record), it.exchange))
    })
}

/// First answers of which what `print` tells of their time is not what `stats` counts.
fn mistimed(seen: &Seen) -> impl Iterator<Item = String> {
    let answered = seen.exchanges.values().filter(|row| row.response != NO_RECORD);
    answered.filter_map(|row| {
        let (counted, told) = (row.round_trip, seen.store.answered_after(row.request, row.response));
        let same = told.unwrap_or(-1) == counted.max(-1);
        (!same).then(|| format!("{} came after {told:?}, counted as {counted}", name(row.response)))
    })
}

fn claim(seen: &Seen, words: &[&str]) -> Result<(), String> {
    match words {
        ["counters", rest @ ..] => counters(&seen.counters, rest),
        ["no-finding", ids @ ..] => absent(seen, None, ids),
        ["no-findings", level] => quiet(seen, None, level),
        ["finding", id] => seen.finding(None, id).map(drop).ok_or("it is not raised".into()),
        ["exchange", number, rest @ ..] => {
            let id = ExchangeId(number.parse().map_err(|_| "not a number")?);
            let row = seen.exchanges.get(&id).ok_or("no such exchange")?;
            pairs(rest, |key| exchange(seen, row, key))
        }
        ["body", number, rest @ ..] => {
            let id = BodyId(number.parse().map_err(|_| "not a number")?);
            let row = seen.bodies.get(&id).ok_or("no such body")?;
            pairs(rest, |key| body(row, key))
        }
        ["observation", number, rest @ ..] => {
            let id = ObservationId(number.parse().map_err(|_| "not a number")?);
            let row = seen.observations.get(&id).ok_or("no such observation")?;
            pairs(rest, |key| match key {
                "alone-since" => Ok(name(seen.store.first_observed(id).unwrap_or(NO_RECORD))),
                _ => observation(row, key),
            })
        }
        ["icmp", number, "about", what] => {
            let about =
                number.parse::<usize>().ok().and_then(|number| seen.about.get(number - 1)).ok_or("no such error")?;
            // As JSON has it: the first copy.
            let quoted = seen.tracked.get(*about as usize);
            let repeats = quoted.filter(|it| matches!(it.relation, Relation::Retransmits | Relation::Duplicates));
            equal(&name(repeats.map_or(*about, |it| it.relates_to)), what)
        }
        ["icmp", number, "quotes", what] => {
            let about =
                number.parse::<usize>().ok().and_then(|number| seen.about.get(number - 1)).ok_or("no such error")?;
            equal(&name(*about), what)
        }
        ["evidence", number, "finding", id] => {
            let record = EVIDENCE + number.parse::<u32>().map_err(|_| "not a number")? - 1;
            seen.finding(Some(record), id).map(drop).ok_or("it is not raised".into())
        }
        [number, rest @ ..] if number.starts_with('#') => {
            let index = number_sign(Some(&number.to_string()))?;
            message(seen, index, rest)
        }
        _ => Err("no claim begins like this".into()),
    }
}

/// Claims about one message.
fn message(seen: &Seen, index: usize, words: &[&str]) -> Result<(), String> {
    let tracked = seen.tracked.get(index).ok_or("no such message")?;
    let record = index as RecordId;
    let relation = |wanted: Relation, to: &str| {
        if tracked.relation != wanted {
            return Err(format!("its relation is {:?} {}", tracked.relation, name(tracked.relates_to)));
        }
        equal(&name(tracked.relates_to), to)
    };
    match words {
        ["answers", to] => relation(Relation::Answers, to),
        ["acknowledges", to] => relation(Relation::Acknowledges, to),
        ["resets", to] => relation(Relation::Resets, to),
        ["retransmits", to] => relation(Relation::Retransmits, to),
        ["duplicates", to] => relation(Relation::Duplicates, to),
        ["copy-of", to] => relation(Relation::CopyOf, to),
        ["relates-to", "nothing"] => equal(&format!("{:?}", tracked.relation), "None"),
        ["attempts", copies @ ..] => {
            let attempts = seen.store.attempts(record).unwrap_or_default();
            let found: Vec<_> = attempts.iter().map(|attempt| name(attempt.record)).collect();
            equal(&found.join(" "), &copies.join(" "))
        }
        ["round-trip", time] => {
            let found = seen.store.attempts(record).and_then(|attempts| round_trip(&attempts));
            equal(&found.map_or("none".into(), |time| format!("{}", time as f64 / 1e9)), time)
        }
        ["response-time", time] => {
            let answers = seen.store.answers(record);
            let found = answers.and_then(|asked| seen.store.answered_after(asked, record));
            equal(&found.map_or("none".into(), |time| format!("{}", time as f64 / 1e9)), time)
        }
        ["answered-by", by] => equal(&name(seen.store.answered_by(record).unwrap_or(NO_RECORD)), by),
        ["answer-to", to] => equal(&name(seen.store.answers(record).unwrap_or(NO_RECORD)), to),
        ["previous", to] => equal(&name(tracked.previous_in_exchange), to),
        ["transmission", number] => equal(&tracked.transmission.to_string(), number),
        ["exchange", number] => equal(&tracked.exchange.0.to_string(), number),
        ["body", number] => equal(&seen.parts.get(&record).map_or(0, |part| part.body.0).to_string(), number),
        ["offset", number] => equal(&seen.parts.get(&record).map_or(0, |part| part.offset).to_string(), number),
        ["block-before", to] => equal(&name(seen.parts.get(&record).map_or(NO_RECORD, |part| part.previous)), to),
        ["observation", number] => {
            equal(&tracked.observation.0.to_string(), number)?;
            let kept = seen.store.observation_of(record).unwrap_or_default();
            equal(&kept.0.to_string(), number).map_err(|why| format!("in the store {why}"))
        }
        ["role", role] => equal(&format!("{:?}", tracked.role), role),
        ["order", order] => equal(&format!("{:?}", tracked.order), order),
        ["finding", id] => seen.finding(Some(record), id).map(drop).ok_or("it is not raised there".into()),
        ["finding", id, severity] => {
            let found = seen.finding(Some(record), id).ok_or("it is not raised there")?;
            equal(&format!("{found:?}").to_lowercase(), severity)
        }
        ["copy", rest @ ..] => {
            let said = |(on, finding): &&(RecordId, Finding)| *on == record && finding.rule == Rule::MidRetransmission;
            let (_, finding) = seen.findings.iter().find(said).ok_or("it is no retransmission")?;
            let copies = Copies::of(finding.numbers[0]);
            pairs(rest, |key| match key {
                "captured" => Ok(copies.captured.to_string()),
                "by-clock" => Ok(copies.by_clock.to_string()),
                "before" => Ok(copies.before.to_string()),
                "unsure" => Ok(copies.unsure.to_string()),
                _ => Err(format!("copies have no {key}")),
            })
        }
        ["ambiguous"] => equal(&tracked.ambiguous.to_string(), "true"),
        ["unambiguous"] => equal(&tracked.ambiguous.to_string(), "false"),
        ["once", id] => {
            let kept = seen.store.findings(record).filter(|finding| finding.rule.row().id == *id).count();
            equal(&kept.to_string(), "1")
        }
        ["raised", id, times] => {
            let raised = seen.findings.iter().filter(|(on, finding)| *on == record && finding.rule.row().id == *id);
            equal(&raised.count().to_string(), times)
        }
        ["says", id, words @ ..] => {
            let rule = |(on, finding): &&(RecordId, Finding)| *on == record && finding.rule.row().id == *id;
            let (_, finding) = seen.findings.iter().find(rule).ok_or("it is not raised there")?;
            let text = finding.text_with(&|record| name(record));
            if text.contains(&words.join(" ")) { Ok(()) } else { Err(format!("it says: {text}")) }
        }
        ["no-finding", ids @ ..] => absent(seen, Some(record), ids),
        ["no-findings", level] => quiet(seen, Some(record), level),
        _ => Err("no claim about a message reads like this".into()),
    }
}

fn absent(seen: &Seen, record: Option<RecordId>, ids: &[&str]) -> Result<(), String> {
    match ids.iter().find(|id| seen.finding(record, id).is_some()) {
        Some(id) => Err(format!("{id} is raised")),
        None => Ok(()),
    }
}

/// No finding of this severity or above.
fn quiet(seen: &Seen, record: Option<RecordId>, level: &str) -> Result<(), String> {
    let least = match level {
        "chat" => Severity::Chat,
        "note" => Severity::Note,
        "warn" => Severity::Warn,
        "error" => Severity::Error,
        _ => return Err("not a severity".into()),
    };
    let loud =
        |(on, finding): &&(RecordId, Finding)| record.is_none_or(|record| record == *on) && finding.severity >= least;
    match seen.findings.iter().find(loud) {
        Some((on, finding)) => Err(format!("#{} has {}", on + 1, finding.rule.row().id)),
        None => Ok(()),
    }
}

fn name(record: RecordId) -> String {
    if record == NO_RECORD { "nothing".into() } else { format!("#{}", record + 1) }
}

fn equal(found: &str, wanted: &str) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("it is {found}")) }
}

/// The name of an endpoint, as [`ways::play`] numbers it.
fn endpoint(id: EndpointId) -> String {
    let [group, last, _, _] = id.0.to_be_bytes();
    match (group, last) {
        (1, last) => format!("c{last}"),
        (_, 187..) => format!("g{}", last - 186),
        (_, last) => format!("s{last}"),
    }
}

/// `key=value` words, each held against what `get` finds.
fn pairs(words: &[&str], get: impl Fn(&str) -> Result<String, String>) -> Result<(), String> {
    for word in words {
        let (key, value) = word.split_once('=').ok_or("expected key=value")?;
        equal(&get(key)?, value).map_err(|why| format!("{key}: {why}"))?;
    }
    Ok(())
}

fn exchange(seen: &Seen, row: &ExchangeRow, key: &str) -> Result<String, String> {
    Ok(match key {
        "state" => format!("{:?}", row.state),
        "answer" => format!("{:?}", row.answer),
        "request" => name(row.request),
        "response" => name(row.response),
        "last" => name(row.last),
        "round-trip" if row.round_trip < 0 => "none".into(),
        "round-trip" => format!("{}", row.round_trip as f64 / 1e9),
        "resource" => row.resource.0.checked_sub(1).map_or("none".into(), |at| seen.resources[at as usize].clone()),
        "transmissions" => row.transmissions.to_string(),
        "responses" => row.responses.to_string(),
        "observation" => row.observation.0.to_string(),
        _ => return Err(format!("exchanges have no {key}")),
    })
}

fn body(row: &BodyRow, key: &str) -> Result<String, String> {
    Ok(match key {
        "first" => name(row.first),
        "last" => name(row.last),
        "blocks" => row.blocks.to_string(),
        "bytes" => row.bytes.to_string(),
        "length" => row.length.to_string(),
        "announced" => row.announced.map_or("none".into(), |size| size.to_string()),
        "complete" => row.complete.to_string(),
        "completed-by" => name(row.completed_by),
        "upload" => row.upload.to_string(),
        _ => return Err(format!("bodies have no {key}")),
    })
}

fn observation(row: &ObservationRow, key: &str) -> Result<String, String> {
    Ok(match key {
        "registration" => name(row.registration),
        "accepted" => name(row.accepted),
        "last" => name(row.last),
        "ended-by" => name(row.ended_by),
        "end" => format!("{:?}", row.end),
        "freshest" => row.freshest.to_string(),
        "notifications" => row.notifications.to_string(),
        "gaps" => row.gaps.to_string(),
        "stale" => row.stale.to_string(),
        "same" => row.same().to_string(),
        "max-age" => row.max_age.to_string(),
        "client" => endpoint(row.client),
        "server" => endpoint(row.server),
        _ => return Err(format!("observations have no {key}")),
    })
}

fn counters(counters: &Counters, words: &[&str]) -> Result<(), String> {
    pairs(words, |key| {
        let value = match key {
            "con" => counters.con,
            "non" => counters.non,
            "ack" => counters.ack,
            "rst" => counters.rst,
            "exchanges" => counters.exchanges,
            "exchanges_retransmitted" => counters.exchanges_retransmitted,
            "exchanges_unanswered" => counters.exchanges_unanswered(),
            "exchanges_reset" => counters.exchanges_reset,
            "retransmissions" => counters.retransmissions,
            "duplicate_acks" => counters.duplicate_acks,
            "piggybacked_responses" => counters.piggybacked_responses,
            "separate_responses" => counters.separate_responses,
            "non_responses" => counters.non_responses,
            "observations" => counters.observations,
            "notifications" => counters.notifications,
            "notifications_stale" => counters.notifications_stale,
            "deregistrations" => counters.deregistrations,
            "malformed" => counters.malformed,
            "evicted" => counters.evicted,
            _ => return Err(format!("there is no counter {key}")),
        };
        Ok(value.to_string())
    })
}
