//! Fields under `coapscope.`: what Wireshark lacks, or gets wrong.

use super::coap::frame;
use super::words::{ENDS, ORDERS, ROLES, SEVERITIES, STANDINGS, end, exchange_state, order, role, severity};
use super::{Field, Kind, Value, Words};
use crate::coap::OptionNumber;
use crate::store::{RecordFlags, View, round_trip};
use crate::tracking::ObserveOrder;

/// The field of the findings' identifiers.
pub const FINDING: &str = "coapscope.finding";
/// The field of the worst finding's severity.
pub const SEVERITY: &str = "coapscope.severity";

pub(super) fn rows() -> Vec<Field> {
    [message(), relations(), exchange(), observation(), findings()].into_iter().flatten().collect()
}

/// The message is long enough for a header, which then stands in the record.
fn has_header(view: &View<'_>) -> bool {
    !view.record.flags.has(RecordFlags::HEADERLESS)
}

fn message() -> Vec<Field> {
    use Kind::{Boolean, Bytes, Text, Unsigned};
    vec![
        Field::new("coapscope.type", Text, "Type in letters: CON, NON, ACK or RST.", |view, visit| {
            if has_header(view) {
                visit(Value::text(view.record.message_type.abbreviation()));
            }
        })
        .words(Words::TYPES)
        .of_record(),
        Field::new("coapscope.code", Text, "Code as the RFCs write it: 0.01, 2.05.", |view, visit| {
            if has_header(view) {
                visit(Value::string(view.record.code.to_string()));
            }
        })
        .words(Words::CODES)
        .of_record(),
        Field::new(
            "coapscope.code.class",
            Unsigned,
            "Class of the code: 0 request, 2 success, 4 client error, 5 server error.",
            |view, visit| {
                if has_header(view) {
                    visit(Value::Unsigned(view.record.code.class().into()));
                }
            },
        )
        .bits(3)
        .of_record(),
        Field::new("coapscope.code.name", Text, "Name of the code: GET, Content.", |view, visit| {
            if let Some(name) = view.record.code.name().filter(|_| has_header(view)) {
                visit(Value::text(name));
            }
        })
        .words(Words::CODE_NAMES)
        .of_record(),
        Field::new("coapscope.source", Text, "Endpoint of the sender: address and port.", |view, visit| {
            if let Some(endpoint) = view.source() {
                visit(Value::string(endpoint.to_string()));
            }
        })
        .of_record(),
        Field::new("coapscope.destination", Text, "Endpoint of the receiver: address and port.", |view, visit| {
            if let Some(endpoint) = view.destination() {
                visit(Value::string(endpoint.to_string()));
            }
        })
        .of_record(),
        Field::new("coapscope.multicast", Boolean, "The message was sent to a group.", |view, visit| {
            visit(Value::Boolean(view.record.flags.has(RecordFlags::MULTICAST)));
        })
        .of_record(),
        Field::new(
            "coapscope.length",
            Unsigned,
            "Bytes of the message, as far as they were captured.",
            |view, visit| {
                visit(Value::Unsigned(view.record.coap_length.into()));
            },
        )
        .of_record(),
        Field::new(
            "coapscope.read_as",
            Text,
            "The document by which the message was read: RFC 7252, or an old draft.",
            |view, visit| visit(Value::text(view.record.mode.name())),
        )
        .words(Words::READINGS)
        .of_record(),
        Field::new(
            "coapscope.malformed",
            Boolean,
            "The message breaks the format so that a receiver must not take it.",
            |view, visit| {
                visit(Value::Boolean(view.record.flags.has(RecordFlags::MALFORMED)));
            },
        )
        .of_record(),
        Field::new("coapscope.content_format", Unsigned, "Content-Format as a number.", |view, visit| {
            number(view, OptionNumber::CONTENT_FORMAT, visit);
        })
        .words(Words::FORMAT_NUMBERS),
        Field::new("coapscope.accept", Unsigned, "Accept as a number.", |view, visit| {
            number(view, OptionNumber::ACCEPT, visit);
        })
        .words(Words::FORMAT_NUMBERS),
        Field::new("coapscope.option", Unsigned, "Number of each option.", |view, visit| {
            view.message.options().for_each(|option| visit(Value::Unsigned(option.number.0.into())));
        })
        .words(Words::OPTION_NUMBERS)
        .bits(16),
        Field::new("coapscope.payload", Bytes, "The payload, as far as it was captured.", |view, visit| {
            let payload = view.message.payload();
            if !payload.is_empty() {
                visit(Value::bytes(payload));
            }
        }),
        Field::new(
            "coapscope.payload.text",
            Text,
            "The payload, as far as it was captured, if that is UTF-8.",
            |view, visit| {
                let payload = view.message.payload();
                if !payload.is_empty() && std::str::from_utf8(payload).is_ok() {
                    visit(Value::Text(payload.into()));
                }
            },
        ),
    ]
}

fn number(view: &View<'_>, option: OptionNumber, visit: &mut dyn FnMut(Value<'_>)) {
    if let Some(number) = view.message.uint(option) {
        visit(Value::Unsigned(number));
    }
}

fn relations() -> Vec<Field> {
    use Kind::{Boolean, Duration, Frame, Text, Unsigned};
    vec![
        Field::new(
            "coapscope.role",
            Text,
            "The part that the message plays: request, notification, empty-ack and so on.",
            |view, visit| {
                visit(Value::text(role(view.record.role)));
            },
        )
        .words(Words::OneOf(|| ROLES))
        .of_record()
        .later(),
        Field::new(
            "coapscope.answers",
            Frame,
            "The frame of the message that this one answers, acknowledges or resets.",
            |view, visit| {
                frame(view, view.store.answers(view.id), visit);
            },
        )
        .of_record()
        .later(),
        Field::new(
            "coapscope.ambiguous",
            Boolean,
            "Another open request had the response's token: it may be for that one as well.",
            |view, visit| visit(Value::Boolean(view.is_ambiguous())),
        )
        .of_record()
        .later(),
        Field::new("coapscope.answered_by", Frame, "The frame of the first answer.", |view, visit| {
            frame(view, view.store.answered_by(view.id), visit);
        })
        .of_record()
        .later(),
        Field::new(
            "coapscope.rtt",
            Duration,
            "Round-trip time: since the first copy of the message that this one answers.",
            |view, visit| {
                if let Some(time) = view.response_time() {
                    visit(Value::Duration(time));
                }
            },
        )
        .of_record()
        .later(),
        Field::new(
            "coapscope.rtt.attempt",
            Duration,
            "Round-trip time of the copy that a first answer is for: nothing where it may be for several.",
            |view, visit| {
                if let Some(time) = view.store.attempts(view.id).and_then(|attempts| round_trip(&attempts)) {
                    visit(Value::Duration(time));
                }
            },
        )
        .of_record()
        .later(),
        Field::new(
            "coapscope.rtt.copies",
            Duration,
            "Round-trip times: since each copy that a first answer may be for, oldest first.",
            |view, visit| {
                let attempts = view.store.attempts(view.id).unwrap_or_default();
                attempts.iter().filter_map(|attempt| attempt.elapsed).for_each(|time| visit(Value::Duration(time)));
            },
        )
        .of_record()
        .later(),
        Field::new(
            "coapscope.transmission",
            Unsigned,
            "Which captured copy of a Confirmable message this is, from 1.",
            |view, visit| {
                if view.record.transmission > 0 {
                    visit(Value::Unsigned(view.record.transmission.into()));
                }
            },
        )
        .of_record(),
        Field::new(
            "coapscope.retransmission_of",
            Frame,
            "The frame of the first copy of a Confirmable message.",
            |view, visit| frame(view, view.retransmission_of(), visit),
        )
        .of_record(),
        Field::new(
            "coapscope.duplicate_of",
            Frame,
            "The frame of the first copy of a NON, ACK or RST.",
            |view, visit| frame(view, view.duplicate_of(), visit),
        )
        .of_record(),
        Field::new(
            "coapscope.repeated_in",
            Frame,
            "The frames of later copies, where this message is the first.",
            |view, visit| view.store.repeated_in(view.id).into_iter().for_each(|copy| frame(view, Some(copy), visit)),
        )
        .of_record()
        .later(),
        Field::new("coapscope.copy_of", Frame, "The same frame, captured before.", |view, visit| {
            frame(view, view.copy_of(), visit);
        })
        .of_record(),
        Field::new(
            "coapscope.elapsed_since_first",
            Duration,
            "Time since the first captured copy of the same message.",
            |view, visit| {
                if let Some(time) = view.elapsed_since_first() {
                    visit(Value::Duration(time));
                }
            },
        )
        .of_record(),
    ]
}

fn exchange() -> Vec<Field> {
    use Kind::{Duration, Frame, Text, Unsigned};
    vec![
        Field::new("coapscope.exchange", Unsigned, "Number of the exchange.", |view, visit| {
            if view.record.exchange.0 > 0 {
                visit(Value::Unsigned(view.record.exchange.0.into()));
            }
        })
        .of_record()
        .later(),
        Field::new(
            "coapscope.exchange.state",
            Text,
            "State of the exchange: open, acknowledged, spared, answered, observing, observed, reset, timed-out, unreachable or evicted.",
            |view, visit| {
                if let Some(row) = view.exchange() {
                    visit(Value::text(exchange_state(view.store, &row)));
                }
            },
        )
        .words(Words::OneOf(|| &STANDINGS))
        .of_record()
        .later(),
        Field::new("coapscope.exchange.request", Frame, "The frame of the exchange's request.", |view, visit| {
            frame(view, view.exchange().map(|row| row.request), visit);
        })
        .of_record()
        .later(),
        Field::new(
            "coapscope.exchange.rtt",
            Duration,
            "Round-trip time: from the first copy of the request to the first response or Reset.",
            |view, visit| {
                if let Some(row) = view.exchange().filter(|row| row.round_trip >= 0) {
                    visit(Value::Duration(row.round_trip));
                }
            },
        )
        .of_record()
        .later(),
        Field::new(
            "coapscope.exchange.transmissions",
            Unsigned,
            "Captured copies of the exchange's request.",
            |view, visit| {
                if let Some(row) = view.exchange() {
                    visit(Value::Unsigned(row.transmissions.into()));
                }
            },
        )
        .of_record()
        .later(),
        Field::new("coapscope.exchange.responses", Unsigned, "Different responses in the exchange.", |view, visit| {
            if let Some(row) = view.exchange() {
                visit(Value::Unsigned(row.responses.into()));
            }
        })
        .of_record()
        .later(),
        Field::new(
            "coapscope.resource",
            Text,
            "Path and query of the resource that the exchange is about.",
            |view, visit| {
                if let Some(resource) = view.exchange().and_then(|row| view.store.resource(row.resource)) {
                    visit(Value::text(resource));
                }
            },
        )
        .of_record()
        .later(),
    ]
}

fn observation() -> Vec<Field> {
    use Kind::{Text, Unsigned};
    vec![
        Field::new("coapscope.observation", Unsigned, "Number of the observation.", |view, visit| {
            if let Some(id) = view.store.observation_of(view.id) {
                visit(Value::Unsigned(id.0.into()));
            }
        })
        .of_record()
        .later(),
        Field::new("coapscope.observation.end", Text, "How the observation ended, or `open`.", |view, visit| {
            if let Some(row) = view.store.observation_of(view.id).and_then(|id| view.store.observation(id)) {
                visit(Value::text(end(row.end)));
            }
        })
        .words(Words::OneOf(|| ENDS))
        .of_record()
        .later(),
        Field::new(
            "coapscope.observe.order",
            Text,
            "How a notification stands to the freshest before it: first, next, gap, newer, newer-by-time, stale or same.",
            |view, visit| {
                if view.record.order() != ObserveOrder::None {
                    visit(Value::text(order(view.record.order())));
                }
            },
        )
        .words(Words::OneOf(|| ORDERS))
        .of_record()
        .later(),
    ]
}

fn findings() -> Vec<Field> {
    vec![
        Field::new(FINDING, Kind::Text, "Identifier of each finding, such as opt.overrun.", |view, visit| {
            view.findings().iter().for_each(|finding| visit(Value::text(finding.rule.row().id)));
        })
        .of_findings()
        .words(Words::FINDINGS)
        .later(),
        Field::new(SEVERITY, Kind::Text, "Severity of the worst finding: chat, note, warn or error.", |view, visit| {
            // The record knows all but what is odd about the payload.
            let of_payload = view.payload_findings();
            let worst = of_payload.iter().map(|finding| finding.severity).max().max(view.record.severity());
            if let Some(worst) = worst {
                visit(Value::text(severity(worst)));
            }
        })
        .of_findings()
        .words(Words::Ranked(SEVERITIES))
        .later(),
    ]
}
