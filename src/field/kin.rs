//! Fields of what stands in the tables: who speaks to whom, how the exchange went, how the observation goes.

use super::coap::frame;
use super::words::{ANSWERS, answer};
use super::{Field, Kind, Value, Words};
use crate::coap::Code;
use crate::store::View;
use crate::tracking::{BodyRow, EndpointId, NO_RECORD, ObservationRow, Role};

pub(super) fn rows() -> Vec<Field> {
    let all = [ends(), exchange(), observation(), body()].into_iter().flatten();
    all.map(Field::of_record).collect()
}

/// Who asks and who is asked, as far as the message or its exchange tells.
fn client_and_server(view: &View<'_>) -> Option<(EndpointId, EndpointId)> {
    let record = view.record;
    if let Some(row) = view.exchange() {
        // A request to a group is answered by each of its members.
        let server = match (row.multicast, row.client == record.source) {
            (true, false) => record.source,
            (true, true) => record.destination,
            (false, _) => row.server,
        };
        return Some((row.client, server));
    }
    if let Some(row) = observation_of(view) {
        return Some((row.client, row.server));
    }
    match record.role {
        _ if !view.is_message() => None,
        Role::Ping | Role::Pong => None,
        _ if record.code.is_request() => Some((record.source, record.destination)),
        _ if record.code.is_response() => Some((record.destination, record.source)),
        _ => None,
    }
}

fn endpoint(view: &View<'_>, id: Option<EndpointId>, visit: &mut dyn FnMut(Value<'_>)) {
    if let Some(endpoint) = id.and_then(|id| view.store.endpoint(id)) {
        visit(Value::string(endpoint.to_string()));
    }
}

fn ends() -> Vec<Field> {
    use Kind::{Frame, Text};
    vec![
        Field::new(
            "coapscope.kind",
            Text,
            "What it is: a message, or evidence: a frame that speaks of a message, such as an ICMP error.",
            |view, visit| visit(Value::text(if view.is_message() { "message" } else { "evidence" })),
        )
        .words(Words::OneOf(|| &["message", "evidence"])),
        Field::new("coapscope.about", Frame, "Of evidence: the frame of the message it speaks of.", |view, visit| {
            frame(view, view.about_message(), visit);
        }),
        Field::new("coapscope.client", Text, "Endpoint of the client.", |view, visit| {
            endpoint(view, client_and_server(view).map(|(client, _)| client), visit);
        }),
        Field::new("coapscope.server", Text, "Endpoint of the server.", |view, visit| {
            endpoint(view, client_and_server(view).map(|(_, server)| server), visit);
        }),
        Field::new("coapscope.direction", Text, "Whether it goes to the server or to the client.", |view, visit| {
            if let Some((client, _)) = client_and_server(view).filter(|_| view.is_message()) {
                visit(Value::text(if client == view.record.source { "to-server" } else { "to-client" }));
            }
        })
        .words(Words::OneOf(|| &["to-server", "to-client"])),
    ]
}

fn exchange() -> Vec<Field> {
    use Kind::{Boolean, Frame, Text, Time};
    vec![
        Field::new("coapscope.exchange.method", Text, "Method of the exchange's request: GET.", |view, visit| {
            if let Some(row) = view.exchange() {
                let code = Code(row.method);
                visit(Value::string(code.name().map_or_else(|| code.to_string(), str::to_owned)));
            }
        })
        .words(Words::METHODS),
        Field::new("coapscope.exchange.code", Text, "Code of the exchange's first response: 2.05.", |view, visit| {
            if let Some(row) = view.exchange().filter(|row| row.code != 0) {
                visit(Value::string(Code(row.code).to_string()));
            }
        })
        .words(Words::CODES)
        .later(),
        Field::new(
            "coapscope.exchange.answer",
            Text,
            "How the exchange was answered: piggybacked, separate, non, reset or none.",
            |view, visit| {
                if let Some(row) = view.exchange() {
                    visit(Value::text(answer(row.answer)));
                }
            },
        )
        .words(Words::OneOf(|| ANSWERS))
        .later(),
        Field::new("coapscope.exchange.response", Frame, "The frame of the exchange's first answer.", |view, visit| {
            let response = view.exchange().map(|row| row.response).filter(|id| *id != NO_RECORD);
            frame(view, response, visit);
        })
        .later(),
        Field::new(
            "coapscope.exchange.confirmable",
            Boolean,
            "The exchange's request is Confirmable.",
            |view, visit| {
                if let Some(row) = view.exchange() {
                    visit(Value::Boolean(row.confirmable));
                }
            },
        ),
        Field::new("coapscope.exchange.started", Time, "When the exchange's request was sent.", |view, visit| {
            if let Some(row) = view.exchange() {
                visit(Value::Time(row.started));
            }
        }),
    ]
}

fn observation_of<'a>(view: &View<'a>) -> Option<&'a ObservationRow> {
    view.store.observation(view.store.observation_of(view.id)?)
}

fn observation() -> Vec<Field> {
    use Kind::{Text, Unsigned};
    macro_rules! count {
        ($name:literal $column:ident $help:literal) => {
            Field::new($name, Unsigned, $help, |view, visit| {
                if let Some(row) = observation_of(view) {
                    visit(Value::Unsigned(row.$column.into()));
                }
            })
            .later()
        };
    }
    vec![
        Field::new("coapscope.observation.resource", Text, "Path and query of what is observed.", |view, visit| {
            if let Some(resource) = observation_of(view).and_then(|row| view.store.resource(row.resource)) {
                visit(Value::text(resource));
            }
        }),
        count!("coapscope.observation.notifications" notifications "Notifications of the observation, repeats counted once."),
        count!("coapscope.observation.gaps" gaps "Places where the observation skipped numbers, which did not come late either."),
        count!("coapscope.observation.stale" stale "Notifications of the observation that a newer one overtook."),
    ]
}

fn body_of<'a>(view: &View<'a>) -> Option<&'a BodyRow> {
    view.store.body(view.store.part(view.id)?.body)
}

/// Bytes of a body, as its last block or its Size option tells; None where neither was captured.
fn whole_length(row: &BodyRow) -> Option<u64> {
    if row.length > 0 { Some(row.length) } else { row.announced.map(u64::from) }
}

fn body() -> Vec<Field> {
    use Kind::{Boolean, Text, Unsigned};
    macro_rules! field {
        ($name:literal $kind:ident $help:literal $get:expr) => {
            Field::new($name, $kind, $help, |view, visit| {
                let get: fn(&BodyRow) -> Option<Value<'static>> = $get;
                body_of(view).and_then(get).into_iter().for_each(visit);
            })
            .later()
        };
    }
    vec![
        Field::new("coapscope.body", Unsigned, "Number of the body that the message has a block of.", |view, visit| {
            if let Some(part) = view.store.part(view.id) {
                visit(Value::Unsigned(part.body.0.into()));
            }
        }),
        Field::new(
            "coapscope.body.offset",
            Unsigned,
            "Where in the body the message's block begins, in bytes.",
            |view, visit| {
                if let Some(part) = view.store.part(view.id) {
                    visit(Value::Unsigned(part.offset));
                }
            },
        ),
        field!("coapscope.body.way" Text "Which way the body goes: upload (Block1) or download (Block2)." |row| {
            Some(Value::text(if row.upload { "upload" } else { "download" }))
        })
        .words(Words::OneOf(|| &["upload", "download"])),
        field!("coapscope.body.length" Unsigned "Bytes of the whole body, where that was told." |row| {
            whole_length(row).map(Value::Unsigned)
        }),
        field!("coapscope.body.blocks" Unsigned "Blocks of the body that were captured, each counted once." |row| {
            Some(Value::Unsigned(row.blocks.into()))
        }),
        field!("coapscope.body.bytes" Unsigned "Bytes of the body that were captured, each counted once." |row| {
            Some(Value::Unsigned(row.bytes))
        }),
        field!("coapscope.body.complete" Boolean "All of the body was captured." |row| Some(Value::Boolean(row.complete))),
        Field::new(
            "coapscope.body.completed_by",
            Kind::Frame,
            "The frame with which the body of the message's block was complete.",
            |view, visit| {
                let by = body_of(view).map(|row| row.completed_by).filter(|by| *by != NO_RECORD);
                frame(view, by, visit);
            },
        )
        .later(),
        field!("coapscope.body.progress" Unsigned "Per cent of the body that were captured, where its length was told." |row| {
            let length = whole_length(row).filter(|length| *length > 0)?;
            Some(Value::Unsigned((row.bytes.saturating_mul(100) / length).min(100)))
        }),
    ]
}
