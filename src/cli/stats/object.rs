//! `stats --json`: one object.

use serde_json::{Map, Value, json};

use super::groups::Sum;
use super::sums::Observed;
use super::times::Times;
use super::waits::Waits;
use super::{LISTED, Stats, findings, rows, share};
use crate::coap::Code;
use crate::tracking::{EndpointId, ResourceId};

impl Stats<'_> {
    pub(super) fn json(&self) -> Value {
        let summary = self.summary;
        let mut object: Map<String, Value> = rows(summary).map(|(key, value)| (key.to_owned(), json!(value))).collect();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("evicted", json!(summary.counters.evicted));
        put(
            "findings",
            findings(summary).map(|(name, count)| (name.to_owned(), json!(count))).collect::<Map<_, _>>().into(),
        );
        put(
            "resources",
            self.resources
                .iter()
                .map(|(id, sum)| {
                    let mut row = Map::new();
                    row.insert("resource".into(), json!(self.resource(*id).unwrap_or_default()));
                    add(&mut row, sum);
                    if self.sums.chosen.is_none() {
                        row.insert("notifications".into(), json!(sum.notifications));
                        row.insert("notifications_stale".into(), json!(sum.stale));
                    }
                    Value::Object(row)
                })
                .collect(),
        );
        put("exchanges_without_resource", json!(self.without_resource()));
        put("endpoints", json!(self.sums.heard()));
        put("round_trip", self.times.map_or(Value::Null, |times| seconds(&times)));
        if summary.secrets > 0 {
            put("decryption_secrets", json!(summary.secrets));
        }
        put("not_coap", json!(summary.reasons));
        let offers = summary.offers.iter().map(|(port, offer)| (port.to_string(), json!(offer.datagrams)));
        put("looks_like_coap_on_port", offers.collect::<Map<_, _>>().into());
        put("duration", json!(summary.duration().map(|duration| duration as f64 / 1e9)));
        put("retransmission_rate", json!(self.retransmission_rate()));
        put("codes", self.codes().into());
        let sizes = &summary.sizes;
        put(
            "bytes",
            json!({
                "messages": sizes.messages,
                "frames": sizes.frames,
                "coap": sizes.coap,
                "payload": sizes.payload,
                "overhead": share(sizes.frames - sizes.payload.min(sizes.frames), sizes.frames),
                "coap_overhead": share(sizes.coap - sizes.payload, sizes.coap),
            }),
        );
        if self.sums.chosen.is_none() {
            put(
                "observation_ends",
                self.ends()
                    .into_iter()
                    .map(|(end, count)| (end.to_owned(), json!(count)))
                    .collect::<Map<_, _>>()
                    .into(),
            );
            put("observed", self.observed(LISTED).map(|observed| self.row_of(observed)).collect());
            put("observed_not_listed", json!(self.sums.observations().count().saturating_sub(LISTED)));
            put("waits", self.waits.iter().take(LISTED).map(|waits| self.waits_of(waits)).collect());
        }
        put(
            "pairs",
            self.pairs
                .iter()
                .map(|pair| {
                    let mut row = Map::new();
                    row.insert("client".into(), json!(self.endpoint(pair.client)));
                    row.insert("server".into(), json!(self.endpoint(pair.server)));
                    add(&mut row, &pair.sum);
                    Value::Object(row)
                })
                .collect(),
        );
        put("pairs_not_listed", json!(self.all_pairs - self.pairs.len()));
        Value::Object(object)
    }

    /// Messages by code.
    fn codes(&self) -> Map<String, Value> {
        let counts = self.sums.codes.iter().zip(0_u8..=255).filter(|(count, _)| **count > 0);
        counts.map(|(count, code)| (Code(code).to_string(), json!(count))).collect()
    }

    fn row_of(&self, observed: &Observed) -> Value {
        json!({
            "resource": self.resource(observed.resource),
            "client": self.endpoint(observed.client),
            "server": self.endpoint(observed.server),
            "notifications": observed.notifications,
            "gaps": observed.gaps,
            "late": observed.late,
            "end": crate::field::end(observed.end),
            "registration_captured": observed.accepted,
        })
    }

    /// Path and query of a resource, where it is known.
    pub(super) fn resource(&self, id: ResourceId) -> Option<&str> {
        self.sums.resources.get((id.0 as usize).checked_sub(1)?).map(|name| &**name)
    }

    /// What the waits of a sender show; null where they are too few to tell.
    fn waits_of(&self, waits: &Waits) -> Value {
        let of = |time: i64| time as f64 / 1e9;
        json!({
            "sender": self.endpoint(waits.sender),
            "messages": waits.messages,
            "apparent_ack_timeout": of(waits.shortest),
            "longest_first_wait": of(waits.longest),
            "apparent_ack_random_factor": waits.factor(),
            "apparent_growth": waits.growth,
        })
    }

    pub(super) fn endpoint(&self, id: EndpointId) -> String {
        self.sums.endpoints.get(id.0 as usize).map_or_else(|| "?".into(), ToString::to_string)
    }
}

/// What a resource and a pair have both.
fn add(row: &mut Map<String, Value>, sum: &Sum) {
    for (key, value) in [
        ("exchanges", sum.exchanges),
        ("retransmitted", sum.retransmitted),
        ("retransmissions", sum.retransmissions),
        ("answered", sum.answered),
        ("reset", sum.reset),
        ("unanswered", sum.unanswered()),
        ("observations", sum.observations),
    ] {
        row.insert(key.into(), json!(value));
    }
    row.insert("round_trip".into(), sum.times.map_or(Value::Null, |times| seconds(&times)));
}

fn seconds(times: &Times) -> Value {
    let of = |time: i64| time as f64 / 1e9;
    json!({"count": times.count, "min": of(times.min), "p50": of(times.p50), "p95": of(times.p95), "p99": of(times.p99), "max": of(times.max)})
}
