//! `stats --json`: one object.

use super::groups::Sum;
use super::sums::Observed;
use super::times::Times;
use super::waits::Waits;
use super::{LISTED, Stats, findings, rows, share};
use crate::coap::Code;
use crate::render::members::Members;
use crate::tracking::{EndpointId, ResourceId};

impl Stats<'_> {
    pub(super) fn json(&self, object: &mut Members<'_>) {
        let summary = self.summary;
        rows(summary).for_each(|(key, value)| object.put(key, value));
        object.put("evicted", summary.counters.evicted);
        object.object("findings", |object| findings(summary).for_each(|(name, count)| object.put(name, count)));
        object.array("resources", self.resources.iter(), |text, (id, sum)| {
            Members::write(text, |row| self.resource_row(*id, sum, row));
        });
        object.put("exchanges_without_resource", self.without_resource());
        object.put("endpoints", self.sums.heard());
        put_times(object, self.times.as_ref());
        if summary.secrets > 0 {
            object.put("decryption_secrets", summary.secrets);
        }
        object.put("not_coap", &summary.reasons);
        object.object("looks_like_coap_on_port", |object| {
            summary.offers.iter().for_each(|(port, offer)| object.put(&port.to_string(), offer.datagrams));
        });
        object.put("duration", summary.duration().map(|duration| duration as f64 / 1e9));
        object.put("retransmission_rate", self.retransmission_rate());
        object.object("codes", |object| self.codes(object));
        object.object("bytes", |object| self.sizes(object));
        if self.sums.chosen.is_none() {
            object.object("observation_ends", |object| {
                self.ends().iter().for_each(|(end, count)| object.put(end, count));
            });
            object.array("observed", self.observed(LISTED), |text, observed| {
                Members::write(text, |row| self.observed_row(observed, row));
            });
            object.put("observed_not_listed", self.sums.observations().count().saturating_sub(LISTED));
            object.array("waits", self.waits.iter().take(LISTED), |text, waits| {
                Members::write(text, |row| self.waits_row(waits, row));
            });
        }
        object.array("pairs", self.pairs.iter(), |text, pair| {
            Members::write(text, |row| {
                row.put("client", self.endpoint(pair.client));
                row.put("server", self.endpoint(pair.server));
                put_sum(row, &pair.sum);
            });
        });
        object.put("pairs_not_listed", self.all_pairs - self.pairs.len());
    }

    fn resource_row(&self, id: ResourceId, sum: &Sum, row: &mut Members<'_>) {
        row.put("resource", self.resource(id).unwrap_or_default());
        put_sum(row, sum);
        if self.sums.chosen.is_none() {
            row.put("notifications", sum.notifications);
            row.put("notifications_stale", sum.stale);
        }
    }

    /// Messages by code.
    fn codes(&self, object: &mut Members<'_>) {
        let counts = self.sums.codes.iter().zip(0_u8..=255).filter(|(count, _)| **count > 0);
        counts.for_each(|(count, code)| object.put(&Code(code).to_string(), count));
    }

    fn sizes(&self, object: &mut Members<'_>) {
        let sizes = &self.summary.sizes;
        object.put("messages", sizes.messages);
        object.put("frames", sizes.frames);
        object.put("coap", sizes.coap);
        object.put("payload", sizes.payload);
        object.put("overhead", share(sizes.frames - sizes.payload.min(sizes.frames), sizes.frames));
        object.put("coap_overhead", share(sizes.coap - sizes.payload, sizes.coap));
    }

    fn observed_row(&self, observed: &Observed, row: &mut Members<'_>) {
        row.put("resource", self.resource(observed.resource));
        row.put("client", self.endpoint(observed.client));
        row.put("server", self.endpoint(observed.server));
        row.put("notifications", observed.notifications);
        row.put("gaps", observed.gaps);
        row.put("late", observed.late);
        row.put("end", crate::field::end(observed.end));
        row.put("registration_captured", observed.accepted);
    }

    /// Path and query of a resource, where it is known.
    pub(super) fn resource(&self, id: ResourceId) -> Option<&str> {
        self.sums.resources.get((id.0 as usize).checked_sub(1)?).map(|name| &**name)
    }

    /// What the waits of a sender show; null where they are too few to tell.
    fn waits_row(&self, waits: &Waits, row: &mut Members<'_>) {
        row.put("sender", self.endpoint(waits.sender));
        row.put("messages", waits.messages);
        row.put("apparent_ack_timeout", seconds(waits.shortest));
        row.put("longest_first_wait", seconds(waits.longest));
        row.put("apparent_ack_random_factor", waits.factor());
        row.put("apparent_growth", waits.growth);
    }

    pub(super) fn endpoint(&self, id: EndpointId) -> String {
        self.sums.endpoints.get(id.0 as usize).map_or_else(|| "?".into(), ToString::to_string)
    }
}

/// What a resource and a pair have both.
fn put_sum(row: &mut Members<'_>, sum: &Sum) {
    row.put("exchanges", sum.exchanges);
    row.put("retransmitted", sum.retransmitted);
    row.put("retransmissions", sum.retransmissions);
    row.put("answered", sum.answered);
    row.put("reset", sum.reset);
    row.put("unanswered", sum.unanswered());
    row.put("observations", sum.observations);
    put_times(row, sum.times.as_ref());
}

fn put_times(row: &mut Members<'_>, times: Option<&Times>) {
    const KEY: &str = "round_trip";
    let Some(times) = times else { return row.put(KEY, None::<f64>) };
    row.object(KEY, |object| {
        object.put("count", times.count);
        object.put("min", seconds(times.min));
        object.put("p50", seconds(times.p50));
        object.put("p95", seconds(times.p95));
        object.put("p99", seconds(times.p99));
        object.put("max", seconds(times.max));
    });
}

/// Of nanoseconds.
fn seconds(time: i64) -> f64 {
    time as f64 / 1e9
}
