//! `stats -Y`: the counts of the messages that a filter lets through, taken from their records.

use std::collections::{HashMap, HashSet};

use super::printer::{self, threads};
use super::{Context, StatsArgs, input};
use crate::capture::Opened;
use crate::coap::MessageType;
use crate::filter::{Filter, Selection};
use crate::pipeline::{Fetcher, Sweep};
use crate::store::{Ended, Record, RecordFlags, RecordKind, Store, Summary, Update};
use crate::tracking::{AnswerKind, Counters, ExchangeId, NO_RECORD, ObserveOrder, Patch, RecordId, Relation, Role};

/// Read the capture, and give an update that holds just what was chosen of it: the messages, rows of exchanges whose request was chosen,
/// and counts; with all endpoints and resources, so that these keep their numbers. Beside it, how many endpoints were chosen.
///
/// # Errors
/// Where the capture cannot be opened or read.
pub(super) fn chosen(args: &StatsArgs, filter: &Filter, context: &mut Context<'_>) -> anyhow::Result<(Update, usize)> {
    let Opened { source, reader, .. } = input::open(args.input.paths("stats")?, false, &args.reading)?;
    let fetcher = Fetcher::new(reader, args.reading.checksums);
    let mut store = Store::default();
    let ended = printer::read_whole(source, input::pipeline_options(&args.reading)?, &mut store, context)?;
    if let Some(why) = ended.as_ref().and_then(Ended::fault) {
        anyhow::bail!("{why}");
    }
    let Selection::Chosen(ids) = filter.select(&store, &fetcher, threads(), &|| false)? else {
        anyhow::bail!("nobody stopped the search; please report it");
    };
    let mut update = Update::default();
    let mut sweep = Sweep::new(&fetcher);
    let mut ends = HashSet::new();
    let members = members(&store);
    let all = store.summary();
    let Summary { first_time, last_time, unsure_times, .. } = *all;
    update.summary = Summary { first_time, last_time, unsure_times, ..Summary::default() };
    for id in ids.iter() {
        let Some(record) = store.get(id) else { continue };
        update.summary.frames += 1;
        // The last block of a body tells what the body breaks.
        let is_block = store.part(id).is_some();
        if let Some(view) = if is_block { sweep.whole(&store, id)? } else { sweep.findings(&store, id)? } {
            for severity in view.findings().iter().map(|finding| finding.severity) {
                if let Some(count) = update.summary.findings.get_mut(severity as usize) {
                    *count += 1;
                }
            }
            let is_whole = !record.flags.has(RecordFlags::EVIDENCE | RecordFlags::CUT | RecordFlags::FRAGMENTED);
            if is_whole {
                let (coap, payload) = (view.message.bytes().len() as u64, view.message.payload().len() as u64);
                update.summary.sizes.add(u64::from(view.frame.original_length), coap, payload);
            }
        }
        update.records.push(record);
        if record.kind() == RecordKind::Message {
            ends.extend([record.source, record.destination]);
            update.summary.coap_messages += 1;
            count(&record, &mut update.summary.counters);
            exchange(&store, id, &record, &mut update);
            update.summary.counters.observations += members.get(&id).copied().unwrap_or_default();
        }
    }
    let all = (0..store.endpoints() as u32).filter_map(|id| store.endpoint(crate::tracking::EndpointId(id)));
    update.endpoints = all.copied().collect();
    let texts = (1..=store.resources() as u32).filter_map(|id| store.resource(crate::tracking::ResourceId(id)));
    update.resources = texts.map(Into::into).collect();
    Ok((update, ends.len()))
}

/// What a message counts as by itself.
fn count(record: &Record, counters: &mut Counters) {
    // A frame that was captured twice counts by its type alone.
    let is_copy = record.relation() == Relation::CopyOf;
    if record.flags.has(RecordFlags::MALFORMED) {
        counters.malformed += u64::from(!is_copy);
        return;
    }
    match record.message_type {
        MessageType::Confirmable => counters.con += 1,
        MessageType::NonConfirmable => counters.non += 1,
        MessageType::Acknowledgement => counters.ack += 1,
        MessageType::Reset => counters.rst += 1,
    }
    match record.relation() {
        Relation::Retransmits if !record.code.is_empty() => counters.retransmissions += 1,
        Relation::Duplicates if record.message_type == MessageType::Acknowledgement && record.code.is_response() => {
            counters.duplicate_acks += 1;
        }
        _ => {}
    }
    if record.is_repeat() || is_copy {
        return;
    }
    if record.role == Role::Deregistration {
        counters.deregistrations += 1;
    }
    // What answers nothing counts by its type alone.
    if record.exchange == ExchangeId(0) {
        return;
    }
    match record.role {
        Role::PiggybackedResponse => counters.piggybacked_responses += 1,
        Role::SeparateResponse => counters.separate_responses += 1,
        Role::NonResponse => counters.non_responses += 1,
        Role::Notification => counters.notifications += 1,
        _ => {}
    }
    // The answer to a registration may have been overtaken, too, but is no notification.
    let behind = matches!(record.order(), ObserveOrder::Stale | ObserveOrder::Same);
    if behind && record.role == Role::Notification {
        counters.notifications_stale += 1;
    }
}

/// How many members of a group accepted a registration, by its record: each is observed by itself, beside the exchange with the group.
fn members(store: &Store) -> HashMap<RecordId, u64> {
    let mut members = HashMap::new();
    for (id, row) in store.observations().filter(|(_, row)| row.accepted != NO_RECORD) {
        if store.exchange(row.exchange).is_some_and(|exchange| exchange.observation != id) {
            *members.entry(row.registration).or_default() += 1;
        }
    }
    members
}

/// What the exchange of a chosen request counts as.
fn exchange(store: &Store, id: RecordId, record: &Record, update: &mut Update) {
    let Some(row) = store.exchange(record.exchange).filter(|row| row.request == id) else { return };
    let counters = &mut update.summary.counters;
    counters.exchanges += 1;
    counters.exchanges_retransmitted += u64::from(row.confirmable && row.transmissions > 1);
    match row.answer {
        AnswerKind::Reset => counters.exchanges_reset += 1,
        _ => counters.exchanges_answered += u64::from(row.response != NO_RECORD),
    }
    let accepted = store.observation(row.observation).is_some_and(|observation| observation.accepted != NO_RECORD);
    counters.observations += u64::from(accepted && record.role == Role::Registration);
    update.patches.push(Patch::Exchange(record.exchange, row));
}
