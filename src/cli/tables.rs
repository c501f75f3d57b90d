//! `print --table`: exchanges, observations, findings, resources and bodies as tables of their own.

use std::collections::HashSet;
use std::io::{self, Write};

use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr;

use super::TableName;
use crate::capture::CaptureError;
use crate::coap::{Code, escape};
use crate::field;
use crate::pipeline::Fetcher;
use crate::render::columns::csv_cell;
use crate::render::json::{finding, line};
use crate::render::time::known_rfc3339;
use crate::store::{Store, round_trip};
use crate::tracking::{BodyId, EndpointId, ExchangeId, ExchangeRow, NO_RECORD, ObservationId, RecordId, ResourceId};

/// The forms of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Json,
    Csv,
}

/// Rows of one kind; each has as many cells as there are columns.
pub(super) struct Table {
    kind: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

/// The messages that count; None for all of them.
pub(super) type Chosen<'a> = Option<&'a [RecordId]>;

impl Table {
    /// The table of that name.
    ///
    /// # Errors
    /// Where the capture cannot be read.
    pub fn new(name: TableName, store: &Store, fetcher: &Fetcher, chosen: Chosen<'_>) -> Result<Self, CaptureError> {
        Ok(match name {
            TableName::Exchanges => exchanges(store, chosen),
            TableName::Observations => observations(store, chosen),
            TableName::Findings => findings(store, fetcher, chosen)?,
            TableName::Resources => resources(store, chosen),
            TableName::Bodies => bodies(store, chosen),
        })
    }

    /// Print at most so many rows.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn print(&self, shape: Shape, most: usize, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.rows.iter().take(most);
        match shape {
            Shape::Text => self.text(&rows.collect::<Vec<_>>(), out),
            Shape::Csv => {
                writeln!(out, "{}", self.columns.join(","))?;
                for row in rows {
                    // Spelt as in the columns of messages, so that tables can be joined.
                    let cell = |cell: &Value| csv_cell(&escape::text(&plain(cell)), cell.is_string(), ",");
                    let cells: Vec<String> = row.iter().map(cell).collect();
                    writeln!(out, "{}", cells.join(","))?;
                }
                Ok(())
            }
            Shape::Json => {
                for row in rows {
                    let mut object = Map::new();
                    object.insert("kind".into(), json!(self.kind));
                    object.extend(self.columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned()));
                    writeln!(out, "{}", line(&Value::Object(object)))?;
                }
                Ok(())
            }
        }
    }

    fn text(&self, rows: &[&Vec<Value>], out: &mut dyn Write) -> io::Result<()> {
        let shown: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| if cell.is_null() { "-".into() } else { escape::text(&plain(cell)).into_owned() })
                    .collect()
            })
            .collect();
        let widths: Vec<usize> = (self.columns.iter().enumerate())
            .map(|(at, name)| {
                shown.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max().unwrap_or(0).max(name.len())
            })
            .collect();
        let is_number = |at: usize| rows.iter().any(|row| row.get(at).is_some_and(Value::is_number));
        let numbers: Vec<bool> = (0..self.columns.len()).map(is_number).collect();
        let names: Vec<String> = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&names).chain(&shown) {
            text.clear();
            for ((cell, width), number) in row.iter().zip(&widths).zip(&numbers) {
                let space = std::iter::repeat_n(' ', width.saturating_sub(columns(cell)));
                if *number {
                    text.extend(space);
                    text.push_str(cell);
                } else {
                    text.push_str(cell);
                    text.extend(space);
                }
                text.push_str("  ");
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
            out.write_all(text.as_bytes())?;
        }
        Ok(())
    }
}

/// Columns of a terminal that a cell takes.
fn columns(cell: &str) -> usize {
    if escape::is_plain(cell.as_bytes()) { cell.len() } else { cell.width() }
}

/// A cell as text.
fn plain(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn frame(store: &Store, id: RecordId) -> Value {
    json!((id != NO_RECORD).then(|| store.get(id)).flatten().map(|record| record.frame))
}

fn endpoint(store: &Store, id: EndpointId) -> Value {
    json!(store.endpoint(id).map(ToString::to_string))
}

fn resource(store: &Store, id: ResourceId) -> Value {
    json!(store.resource(id))
}

fn seconds(time: i64) -> Value {
    json!((time >= 0).then_some(time as f64 / 1e9))
}

fn code(byte: u8) -> Value {
    json!((byte != 0).then(|| Code(byte).to_string()))
}

/// The exchanges of which some message was chosen.
fn chosen_exchanges(store: &Store, chosen: Chosen<'_>) -> impl Iterator<Item = (ExchangeId, ExchangeRow)> {
    let ids: Option<HashSet<ExchangeId>> =
        chosen.map(|ids| ids.iter().filter_map(|id| Some(store.get(*id)?.exchange)).collect());
    store.exchanges().filter(move |(id, _)| ids.as_ref().is_none_or(|ids| ids.contains(id)))
}

fn exchanges(store: &Store, chosen: Chosen<'_>) -> Table {
    let row = |(id, row): (ExchangeId, ExchangeRow)| {
        let method = Code(row.method);
        vec![
            json!(id.0),
            frame(store, row.request),
            json!(known_rfc3339(row.started)),
            endpoint(store, row.client),
            endpoint(store, row.server),
            json!(method.name().map_or_else(|| method.to_string(), str::to_owned)),
            resource(store, row.resource),
            json!(row.confirmable),
            json!(row.transmissions),
            json!(field::exchange_state(store, &row)),
            json!(field::answer(row.answer)),
            code(row.code),
            frame(store, row.response),
            seconds(row.round_trip),
            seconds(store.attempts(row.response).and_then(|attempts| round_trip(&attempts)).unwrap_or(-1)),
            json!(row.responses),
            json!((row.observation.0 != 0).then_some(row.observation.0)),
        ]
    };
    Table {
        kind: "exchange",
        columns: &[
            "exchange",
            "request",
            "started",
            "client",
            "server",
            "method",
            "resource",
            "confirmable",
            "transmissions",
            "state",
            "answer",
            "code",
            "response",
            "round_trip",
            "round_trip_of_attempt",
            "responses",
            "observation",
        ],
        rows: chosen_exchanges(store, chosen).map(row).collect(),
    }
}

fn bodies(store: &Store, chosen: Chosen<'_>) -> Table {
    let ids: Option<HashSet<BodyId>> =
        chosen.map(|ids| ids.iter().filter_map(|id| store.part(*id)).map(|part| part.body).collect());
    let rows = store.bodies().filter(|(id, _)| ids.as_ref().is_none_or(|ids| ids.contains(id)));
    let rows = rows.map(|(id, row)| {
        vec![
            json!(id.0),
            endpoint(store, row.client),
            endpoint(store, row.server),
            json!(if row.upload { "upload" } else { "download" }),
            json!(Code(row.method).name()),
            resource(store, row.resource),
            json!(row.blocks),
            json!(row.bytes),
            json!((row.complete || row.length > 0).then_some(row.length)),
            json!(row.announced),
            json!(row.complete),
            frame(store, row.first),
            frame(store, row.last),
        ]
    });
    Table {
        kind: "body",
        columns: &[
            "body",
            "client",
            "server",
            "direction",
            "method",
            "resource",
            "blocks",
            "received",
            "length",
            "announced",
            "complete",
            "first",
            "last",
        ],
        rows: rows.collect(),
    }
}

fn observations(store: &Store, chosen: Chosen<'_>) -> Table {
    let ids: Option<HashSet<ObservationId>> =
        chosen.map(|ids| ids.iter().filter_map(|id| store.observation_of(*id)).collect());
    let rows = store.observations().filter(|(id, _)| ids.as_ref().is_none_or(|ids| ids.contains(id)));
    let rows = rows.map(|(id, row)| {
        vec![
            json!(id.0),
            frame(store, row.registration),
            endpoint(store, row.client),
            endpoint(store, row.server),
            resource(store, row.resource),
            frame(store, row.accepted),
            json!(row.notifications),
            json!(row.gaps),
            json!(row.stale),
            frame(store, row.last),
            json!((row.freshest != u32::MAX).then_some(row.freshest)),
            json!(field::end(row.end)),
            frame(store, row.ended_by),
        ]
    });
    Table {
        kind: "observation",
        columns: &[
            "observation",
            "registration",
            "client",
            "server",
            "resource",
            "accepted",
            "notifications",
            "gaps",
            "stale",
            "last",
            "freshest",
            "end",
            "ended_by",
        ],
        rows: rows.collect(),
    }
}

fn findings(store: &Store, fetcher: &Fetcher, chosen: Chosen<'_>) -> Result<Table, CaptureError> {
    let mut fetcher = fetcher.clone();
    let mut rows = Vec::new();
    let number = |id: RecordId| crate::render::frame_number(store, id);
    let all: Vec<RecordId>;
    let ids = match chosen {
        Some(ids) => ids,
        None => {
            all = (store.first()..store.len() as RecordId).collect();
            &all
        }
    };
    for id in ids {
        let Some(view) = fetcher.view(store, *id)? else { continue };
        for one in view.findings() {
            let text = finding(&one, &number);
            let take = |key: &str| text.get(key).cloned().unwrap_or_default();
            rows.push(vec![
                json!(view.record.frame),
                take("severity"),
                take("id"),
                endpoint(store, view.record.source),
                endpoint(store, view.record.destination),
                json!((view.record.exchange.0 != 0).then_some(view.record.exchange.0)),
                resource(store, store.resource_of(&view.record)),
                take("reference"),
                take("text"),
            ]);
        }
    }
    let columns = &["frame", "severity", "id", "source", "destination", "exchange", "resource", "reference", "text"];
    Ok(Table { kind: "finding", columns, rows })
}

/// What is summed up of a resource.
#[derive(Clone, Default)]
struct Sum {
    exchanges: u64,
    retransmitted: u64,
    retransmissions: u64,
    answered: u64,
    reset: u64,
    observations: u64,
    evicted: u64,
    times: Vec<i64>,
}

fn resources(store: &Store, chosen: Chosen<'_>) -> Table {
    use crate::tracking::{AnswerKind, ExchangeState};
    let mut sums = vec![Sum::default(); store.resources() + 1];
    for (_, row) in chosen_exchanges(store, chosen) {
        let Some(sum) = sums.get_mut(row.resource.0 as usize) else { continue };
        sum.exchanges += 1;
        sum.retransmitted += u64::from(row.transmissions > 1);
        sum.retransmissions += u64::from(row.transmissions.saturating_sub(1));
        sum.reset += u64::from(row.answer == AnswerKind::Reset);
        sum.answered += u64::from(row.response != NO_RECORD && row.answer != AnswerKind::Reset);
        sum.observations += u64::from(row.state.is_accepted());
        sum.evicted += u64::from(row.state == ExchangeState::Evicted);
        if row.response != NO_RECORD && row.round_trip >= 0 {
            sum.times.push(row.round_trip);
        }
    }
    let mut rows: Vec<(u64, Vec<Value>)> = Vec::new();
    for (number, mut sum) in sums.into_iter().enumerate().filter(|(_, sum)| sum.exchanges > 0) {
        sum.times.sort_unstable();
        // Nearest rank.
        let at = |percent: usize| sum.times.get((sum.times.len() * percent).div_ceil(100).saturating_sub(1));
        let time = |time: Option<&i64>| time.map_or(Value::Null, |time| seconds(*time));
        let cells = vec![
            resource(store, ResourceId(number as u32)),
            json!(sum.exchanges),
            json!(sum.retransmitted),
            json!(sum.retransmissions),
            json!(sum.answered),
            json!(sum.reset),
            json!(sum.exchanges - sum.answered - sum.reset - sum.evicted),
            json!(sum.observations),
            time(at(50)),
            time(at(95)),
            time(sum.times.last()),
        ];
        rows.push((sum.exchanges, cells));
    }
    rows.sort_by_key(|(exchanges, _)| std::cmp::Reverse(*exchanges));
    Table {
        kind: "resource",
        columns: &[
            "resource",
            "exchanges",
            "retransmitted",
            "retransmissions",
            "answered",
            "reset",
            "unanswered",
            "observations",
            "round_trip_p50",
            "round_trip_p95",
            "round_trip_max",
        ],
        rows: rows.into_iter().map(|(_, cells)| cells).collect(),
    }
}
