//! What nearly answers a request that nothing answers.

use super::Context;
use crate::coap::{MessageType, Rule};
use crate::frame::time_between;
use crate::pipeline::Fetcher;
use crate::store::{Record, RecordFlags};
use crate::tracking::{ExchangeId, ExchangeRow, RecordId, Relation};

/// Messages behind a request that are looked through for answers that cannot be read, and how many of those are fetched.
const LOOKED: RecordId = 4_000;
const FETCHED: usize = 50;

/// Messages behind a request that nearly answer it.
#[derive(Debug, Default)]
pub(super) struct Nearly {
    /// They would, by token or message ID, if they could be read.
    pub malformed: Vec<RecordId>,
    /// ACKs of its message ID with a response that has another token.
    pub other_token: Vec<RecordId>,
    /// ACKs of another message ID with a response that has its token.
    pub other_id: Vec<RecordId>,
    /// The first that has its message ID: the request has reached the server.
    pub reached: Option<RecordId>,
}

/// Looks for them among what the server sent to the client, and what belongs to no exchange.
pub(super) fn nearly(context: &Context<'_>, row: &ExchangeRow, fetcher: &mut Fetcher) -> Nearly {
    let store = context.store;
    let mut nearly = Nearly::default();
    let Some(request) = store.get(row.request) else { return nearly };
    let token =
        fetcher.view(store, row.request).ok().flatten().and_then(|view| view.message.token().map(<[u8]>::to_vec));
    let Some(token) = token else { return nearly };
    let lifetime = context.parameters.exchange_lifetime();
    let in_time = |record: &Record| time_between(row.started, record.time).is_some_and(|time| time <= lifetime);
    let might = |record: &Record| {
        let is_malformed = record.flags.has(RecordFlags::MALFORMED);
        let is_astray = record.message_type == MessageType::Acknowledgement && record.exchange == ExchangeId(0);
        (is_malformed || is_astray && record.code.is_response())
            && (record.source, record.destination) == (row.server, row.client)
            && (record.code.is_response() || record.code.is_empty())
    };
    let asks_next = |record: &Record| {
        record.code.is_request()
            && (record.source, record.destination) == (row.client, row.server)
            && record.relation() == Relation::None
    };
    let behind =
        (row.request.saturating_add(1)..row.request.saturating_add(LOOKED)).map_while(|id| Some((id, store.get(id)?)));
    let wanted = behind.filter(|(_, record)| (might(record) || asks_next(record)) && in_time(record));
    // Who has sent another request with the token means that from then on.
    let (mut taken, mut others) = (false, Vec::new());
    for (id, record) in wanted.take(FETCHED) {
        let Some(view) = fetcher.view(store, id).ok().flatten() else { continue };
        let its_token = view.message.token() == Some(&token[..]);
        if asks_next(&record) {
            taken |= its_token;
            others.push(record.message_id);
            continue;
        }
        let (kind, code, message_id) = (record.message_type, record.code, record.message_id);
        let answers_id = matches!(kind, MessageType::Acknowledgement | MessageType::Reset);
        let has_id = answers_id && message_id == request.message_id;
        // Whose message ID it has, that one it is for.
        let of_another = answers_id && !has_id && others.contains(&message_id);
        let has_token = code.is_response() && its_token && !taken && !of_another;
        match (record.flags.has(RecordFlags::MALFORMED), has_id, has_token) {
            (true, true, _) | (true, _, true) => nearly.malformed.push(id),
            (false, true, false) => nearly.other_token.push(id),
            (false, false, true) => nearly.other_id.push(id),
            _ => {}
        }
        if has_id {
            nearly.reached.get_or_insert(id);
        }
    }
    nearly
}

/// Responses with the token of a request that came from another endpoint than the one that was asked.
pub(super) fn astray(context: &Context<'_>, row: &ExchangeRow) -> Vec<RecordId> {
    let is_astray = |id: &RecordId| {
        let mut findings = context.store.findings(*id);
        findings.any(|it| it.rule == Rule::RespWrongEndpoint && it.numbers.first() == Some(&i64::from(row.request)))
    };
    let behind = row.request.saturating_add(1)..row.request.saturating_add(LOOKED);
    behind.take_while(|id| context.store.get(*id).is_some()).filter(is_astray).collect()
}
