//! coapscope: a CoAP packet dissector and live traffic inspector for the terminal.
//!
//! This page is the project's architecture. The program is one library and one small binary; everything below can be used
//! from another program as well.
//!
//! # How a byte becomes a row on the screen
//!
//! ```text
//! Source -> Frame -> Datagram -> Message -> Tracker -> Record and relations -> Update -> Store -> field -> render, draw
//! ```
//!
//! A *capture* is always a file on disk: the one that was opened, or the *spool* that a live capture, standard input or a
//! compressed file is written to first. The loader reads frames from it ([`capture`]), peels the lower layers off ([`frame`]), decodes the
//! message ([`coap`]), relates it to earlier ones ([`tracking`]) and keeps a record ([`store`]) that points to the bytes: 56 bytes, and about 20 once
//! it is packed together with its neighbours.
//! Whoever looks at a message reads and decodes those bytes again ([`pipeline::Fetcher`]): nothing decoded is kept.
//!
//! From another program the same takes ten lines: `examples/decode.rs` decodes a message, `examples/slow_answers.rs` reads a capture,
//! relates its messages and filters them.
//!
//! # Floors
//!
//! Folders are floors, and imports point down only; `tests/floors.rs` holds them to it.
//!
//! | floor | folder | holds |
//! |---|---|---|
//! | 0 | [`coap`] | the facts of CoAP as tables, the decoder, the rules |
//! | 1 | [`frame`] | captured frame to UDP datagram, with the spans of every layer |
//! | 1 | [`payload`] | payloads by Content-Format, with the bytes of every value, within limits |
//! | 2 | [`capture`] | where frames come from and go to: savefiles, interfaces, standard input, the spool |
//! | 2 | [`tracking`] | how messages relate over time |
//! | 3 | [`store`] | records, tables, counts |
//! | 4 | [`pipeline`] | the loader: the one place that joins all of the above |
//! | 4 | [`field`] | one row a field: its name, help and getter |
//! | 5 | [`filter`] | the display filter: Wireshark's language, and relations |
//! | 5 | [`render`] | a record as line, tree, bytes and JSON |
//! | 6 | [`tui`] | the screen |
//! | 7 | [`cli`], [`privilege`] | arguments, one file per subcommand; giving up rights |
//!
//! `capture` and `tracking` never import each other, nor do `pipeline` and `field`, nor `filter` and `render`. Without the features `live` and `tui` the library needs neither
//! libpcap nor a terminal.
//!
//! # What always holds
//!
//! * [`coap::Message::decode`] is a total function: for any bytes it returns what it understood, and where and why it stopped. It neither
//!   panics nor allocates. The same goes for [`frame::Peeler::peel`], which holds memory only for fragments, up to a cap.
//! * Everything decoded carries its [`coap::Span`] in bits. Tree, hex highlight, annotated bytes and JSON need no code of their own to find bytes.
//! * A protocol fact is one row in one table: names, help, checks and JSON keys follow from the row.
//! * Below [`cli`] and [`tui`] nothing reads a clock. Time comes with the frame, or through [`tracking::Tracker::advance`].
//! * Each state has one owner: the loader's thread owns source and tracker, the receiver owns the [`store::Store`]; between them goes one
//!   channel of [`store::Update`]s. A snapshot of the store is cheap, since its rows lie in shared chunks. Where two threads are to be busy all
//!   the time, the source alone is shared: whoever has nothing else to do reads on ([`pipeline::Apart::reading`]).
//! * The loader never reads past what the capture thread has committed to the spool, and the capture thread does nothing but write it.
//! * Threads start only after rights are given up, because capabilities belong to threads.
//! * Record ids rise and are never reused; looking one up is an `Option`, since the oldest may have left.
//! * Nothing from the wire reaches a terminal unescaped ([`coap::escape()`]).
//!
//! # Where do I add ...?
//!
//! | what | where |
//! |---|---|
//! | an option | one row in `src/coap/option/registry.rs` |
//! | a code, a content format | one row in `src/coap/code.rs`, `src/coap/content_format.rs` |
//! | a rule that raises a finding | one row in `src/coap/rules.rs`, and the check in `src/coap/check/`, `src/pipeline/check.rs` or `src/tracking/` |
//! | a payload format | one row in `FORMS` of `src/payload/mod.rs`, and its reader beside it |
//! | a name of a URI, a LwM2M object or resource | one row in a table of `src/payload/names/` |
//! | a link type | one row and one arm in `src/frame/link.rs` |
//! | a field for `-e` and `-Y` | one row in `src/field/` |
//! | a function or a relation of the filter | one row in `src/filter/operand.rs`, `src/filter/relation.rs` |
//! | a key | one row in `src/tui/keymap.rs` |
//! | a subcommand | one file in `src/cli/` |
//!
//! # Decisions
//!
//! * Findings that follow from a message's bytes or its frame are derived again when somebody looks; those of the tracker are stored by record.
//!   What the loader keeps of the former is only the worst severity, for the problem column.
//! * Of a message that the capture cut nothing is judged but that it was cut: the sender may have been right.
//! * A filter asks the record and the tables first and reads a message only where these leave the answer open ([`field::Reads`] tells what a
//!   field needs). Plain lines of a file are printed while it is read, and are those that
//!   `print -i` wrote when it was captured; where filter or form ask for what becomes known later, it is read to its end first.
//!   From a stream a message is printed when the filter lets it through, be that later, and whole exchanges follow their first message that does.
//! * An absolute time in a filter that tells no zone is local, and `-T fields` prints local times: tshark's habit. JSON has UTC.
//! * `print -w` of a file saves and prints nothing, unless a form of output is asked for: tshark's habit.
//! * A DTLS record on a port of plain CoAP and an ICMP error that quotes CoAP are records of their own kind (*evidence*), never messages.
//! * Payloads are decoded by whoever looks, and by the loader only for `check` and the screen, which tell every finding; the counts of `stats`
//!   do not know theirs. JSON, CBOR and the rest end up in one kind of node ([`payload::Item`]), from which tree, bytes and JSON follow.
//! * What servers say of their resources is learned by the [`pipeline::Fetcher`] from the records it passes, not by the tracker.
//! * A write error because the reader has gone ends the program quietly with status 0.

pub mod capture;
pub mod cli;
pub mod coap;
pub mod field;
pub mod filter;
pub mod frame;
pub mod payload;
pub mod pipeline;
#[cfg(feature = "live")]
pub mod privilege;
pub mod render;
pub mod signals;
pub mod store;
pub mod tracking;
#[cfg(feature = "tui")]
pub mod tui;
