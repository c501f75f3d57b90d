//! What the user may type: the arguments, as `clap` reads them. Help, manual page and completions are printed from here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::flow::FlowArgs;
use super::{pages, values};
use crate::render::time::TimeFormat;

/// Dissect CoAP in captures and on live interfaces.
#[derive(Debug, Parser)]
#[command(name = "coapscope", version, about, long_about = LONG_ABOUT, args_conflicts_with_subcommands = true, max_term_width = 100, after_help = pages::exit_status("coapscope"))]
pub struct Cli {
    /// What to do; without one, the screen.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Of the screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

const LONG_ABOUT: &str = "coapscope shows CoAP (RFC 7252) traffic: every message down to the bit, what it answers or repeats, and what is odd about it.\n\n\
Without a file and without -i it opens its built-in capture of a lab session.";

/// One row a subcommand.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print messages: one line each, the dissection tree, annotated bytes, JSON, fields or CSV.
    Print(Box<PrintArgs>),
    /// Explain one message byte by byte.
    #[command(mut_arg("display_filter", |filter| filter.hide(true)))]
    Explain(Box<ExplainArgs>),
    /// Count messages, exchanges, observations and findings.
    Stats(Box<StatsArgs>),
    /// Judge a capture: list its findings endpoint by endpoint, and end with status 1 where there are errors (see --fail-on).
    #[command(after_help = pages::exit_status("check"))]
    Check(Box<CheckArgs>),
    /// List the fields that -e, -Y and columns know, or those that have some words in their name, meaning or values.
    Fields(FieldsArgs),
    /// Draw who said what to whom: the sequence diagram, as text or for Mermaid.
    Flow(Box<FlowArgs>),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Arguments of the screen.
#[derive(Debug, Args)]
pub struct ScreenArgs {
    /// List the interfaces and what is needed to open them.
    #[arg(short = 'D', long = "list-interfaces", exclusive = true)]
    pub list_interfaces: bool,
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How to show it.
    #[command(flatten)]
    pub showing: ShowingArgs,
    /// Draw with ASCII characters only (the default where the locale is not UTF-8).
    #[arg(long, help_heading = "Showing")]
    pub ascii: bool,
}

/// Arguments of `print`.
#[derive(Debug, Args)]
pub struct PrintArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How to show it.
    #[command(flatten)]
    pub showing: ShowingArgs,
    /// Print the dissection tree of each message: of a file with what becomes known only after it, such as where it is answered (as tshark -2
    /// does); of standard input and live at once, without that.
    #[arg(short = 'V', long = "tree", help_heading = "Showing")]
    pub tree: bool,
    /// Print the annotated bytes of each message.
    #[arg(short = 'x', long = "hex", help_heading = "Showing")]
    pub hex: bool,
    /// Print as text lines, JSON (one object a line), tab-separated fields, or CSV.
    ///
    /// Text lines have the marks that were known when the message came, of a file as of what is live; -V and JSON of a file, and all
    /// forms where -Y or -e asks for findings or for what is known later, have what its end tells.
    #[arg(
        short = 'T',
        long = "format",
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Showing"
    )]
    pub format: PrintFormat,
    /// A field to print, with -T fields or csv; may be given several times.
    #[arg(short = 'e', long = "field", value_name = "FIELD", value_parser = values::fields(), hide_possible_values = true, help_heading = "Showing")]
    pub fields: Vec<String>,
    /// Print a table of these instead of messages; with -Y, of those in which some message is let through.
    #[arg(long, value_enum, value_name = "TABLE", help_heading = "Showing")]
    pub table: Option<TableName>,
    /// Write each message out at once: of what grows that is always done, so this says what is so already.
    #[arg(short = 'l', help_heading = "Showing")]
    pub at_once: bool,
    /// Write each body that went in blocks to a file of its own in this folder; with -Y, those in which some message is let through.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Saving")]
    pub export_objects: Option<PathBuf>,
    /// With -w: save the other messages of the chosen ones' exchanges as well.
    #[arg(long, help_heading = "Saving")]
    pub whole_exchanges: bool,
    /// Form of -T fields: separator=C (or /t, /s), aggregator=C, occurrence=f|l|a, header=y|n, quote=d|s|n, bom=y|n.
    #[arg(short = 'E', long = "field-option", value_name = "OPTION=VALUE", value_parser = values::field_options(), hide_possible_values = true, help_heading = "Showing")]
    pub field_options: Vec<String>,
}

/// What `print --table` has rows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableName {
    /// A request with all that belongs to it.
    Exchanges,
    /// A registration with its notifications.
    Observations,
    /// What is odd.
    Findings,
    /// What is asked for.
    Resources,
    /// What went in blocks.
    Bodies,
}

/// Output of `print`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrintFormat {
    /// One line a message, or -V, or -x.
    Text,
    /// One JSON object a line.
    Json,
    /// tshark's -T fields.
    Fields,
    /// Fields as comma-separated values with a header.
    Csv,
}

/// Output of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For the terminal.
    Text,
    /// A table for a handout.
    Markdown,
    /// A page of its own, fit for printing.
    Html,
    /// A picture: the bits in rows of 32, with the fields below.
    Svg,
    /// A document that needs no further package.
    Latex,
    /// One JSON object.
    Json,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The message in hexadecimal, with or without spaces, colons, commas and 0x; `-` reads it from standard input.
    #[arg(value_name = "HEX", conflicts_with = "read", allow_negative_numbers = true)]
    pub hex: Vec<OsString>,
    /// Take the message from a capture; several are merged by time.
    #[arg(short = 'r', long = "read", value_name = "FILE", requires = "frame")]
    pub read: Vec<PathBuf>,
    /// Which frame of the capture, from 1.
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub frame: Option<u64>,
    /// Form of the explanation.
    #[arg(short = 'T', long = "format", value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: ExplainFormat,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Colour on the terminal.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Taken, and of no effect.
    #[command(flatten)]
    pub times: NoTimesArgs,
}

/// Arguments of `stats`.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// What to read.
    #[command(flatten)]
    pub input: FileArgs,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Print text, or one JSON object.
    #[arg(short = 'T', long = "format", value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: StatsFormat,
    /// The same as -T json.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Taken, and of no effect.
    #[command(flatten)]
    pub times: NoTimesArgs,
    /// Taken, and of no effect.
    #[command(flatten)]
    pub colors: NoColorsArgs,
}

/// Output of `stats`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatsFormat {
    /// Tables for 80 columns.
    Text,
    /// One JSON object.
    Json,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What to read.
    #[command(flatten)]
    pub input: FileArgs,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// End with status 1 where there is a finding of this severity or a worse one, that is neither ignored nor known.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "error", help_heading = "Judging")]
    pub fail_on: Level,
    /// Tell findings of this severity and of worse ones (default: note).
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Judging")]
    pub show: Option<Level>,
    /// Leave the findings of this identifier out, such as mid.retransmission; several with commas, or given several times.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = values::rules(), hide_possible_values = true, help_heading = "Judging")]
    pub ignore: Vec<String>,
    /// Judge only what this endpoint sent (address, or address and port); may be given several times.
    #[arg(long, value_name = "ADDRESS", help_heading = "Judging")]
    pub endpoint: Vec<String>,
    /// Findings that this file lists are known, and do not count.
    #[arg(long, value_name = "FILE", help_heading = "Judging")]
    pub baseline: Option<PathBuf>,
    /// Write the findings to this file, whatever --fail-on says, as a baseline for later runs; status 0.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline", help_heading = "Judging")]
    pub write_baseline: Option<PathBuf>,
    /// Text, Markdown (to send to whoever made a device), one JSON object, or SARIF 2.1.0.
    #[arg(
        short = 'T',
        long = "format",
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Showing"
    )]
    pub format: CheckFormat,
    /// Taken, and of no effect.
    #[command(flatten)]
    pub times: NoTimesArgs,
    /// Taken, and of no effect.
    #[command(flatten)]
    pub colors: NoColorsArgs,
}

/// A severity, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// The message is broken, or the protocol was violated.
    Error,
    /// Probably a fault.
    Warn,
    /// Odd, allowed.
    Note,
    /// Worth knowing.
    Chat,
}

/// Output of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A verdict on each endpoint.
    Text,
    /// A verdict on each device, all its ports together, in Markdown.
    Markdown,
    /// One JSON object.
    Json,
    /// Static Analysis Results Interchange Format 2.1.0.
    Sarif,
}

/// Arguments of `fields`.
#[derive(Debug, Args)]
pub struct FieldsArgs {
    /// Only fields that have all these words in their name, their meaning or their values.
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
}

/// Which file.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// The capture: pcap or pcapng, also gzipped; `-` is standard input.
    #[arg(value_name = "FILE", conflicts_with = "read")]
    pub file: Option<PathBuf>,
    /// The same as FILE; several, of one capture point, are merged by time.
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    pub read: Vec<PathBuf>,
}

/// A file or an interface.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// The capture: pcap or pcapng, also gzipped; `-` is standard input.
    #[arg(value_name = "FILE", conflicts_with_all = ["read", "interface"])]
    pub file: Option<PathBuf>,
    /// The same as FILE; several, of one capture point, are merged by time.
    #[arg(short = 'r', long = "read", value_name = "FILE", conflicts_with = "interface")]
    pub read: Vec<PathBuf>,
    /// At the end of the file wait for more, as for one that is still being written. Where it is written anew, or another file takes its
    /// name, go on with that, as `tail -F` does.
    #[arg(long, conflicts_with = "interface")]
    pub follow: bool,
    /// Capture from this interface; `any` is all of them.
    #[arg(short = 'i', long = "interface", value_name = "IFACE", value_hint = ValueHint::Other, help_heading = "Live")]
    pub interface: Option<String>,
    /// Kernel filter in libpcap's language, instead of the one that lets CoAP, fragments and ICMP through.
    #[arg(short = 'f', long = "kernel-filter", value_name = "BPF", value_hint = ValueHint::Other, help_heading = "Live")]
    pub filter: Option<String>,
    /// Live: write every captured frame to this file, as pcap. `print` of a capture: save the chosen messages to it, as pcapng; `-` is
    /// standard output.
    #[arg(short = 'w', long = "write", value_name = "FILE", help_heading = "Saving")]
    pub write: Option<PathBuf>,
    /// Stop after this many frames (live) or messages (from a file).
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub count: Option<u64>,
}

/// How bytes are read, whatever is done with them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadingArgs {
    /// Only the messages that this lets through, in Wireshark's language: coap.code == GET && ip.src == 10.0.0.0/8; see `coapscope fields`.
    ///
    /// Of standard input and live a message is printed once it passes, and stays printed: what is known later is not known yet where that is
    /// negated. `matches` takes regular expressions of the Rust crate regex.
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", value_hint = ValueHint::Other, allow_hyphen_values = true)]
    pub display_filter: Option<String>,
    /// No names of hosts or ports: none is ever looked up, so this says what is so already.
    #[arg(short = 'n')]
    pub numeric: bool,
    /// Further UDP ports that carry CoAP.
    #[arg(long = "port", value_name = "N[,N...]", value_delimiter = ',', value_parser = values::port, allow_negative_numbers = true)]
    pub ports: Vec<u16>,
    /// Decode a port as CoAP, in tshark's words: udp.port==N,coap.
    #[arg(short = 'd', long = "decode-as", value_name = "RULE")]
    pub decode_as: Vec<String>,
    /// Whether token lengths above 8 are read as RFC 8974's.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub extended_tokens: When,
    /// Verify UDP checksums.
    #[arg(long)]
    pub checksums: bool,
    /// Memory for messages on the screen, such as 500M or 2G (default: a quarter of the machine's); the oldest leave first.
    #[arg(long, value_name = "SIZE", value_parser = values::size, allow_hyphen_values = true)]
    pub memory: Option<usize>,
    /// Folder for the copy of what is captured live, read from standard input or unpacked.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "/var/tmp")]
    pub spool: PathBuf,
    /// ACK_TIMEOUT in seconds (RFC 7252 section 4.8).
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = values::timeout,
        allow_negative_numbers = true,
        default_value_t = 2.0,
        help_heading = "Transmission parameters (RFC 7252 section 4.8)"
    )]
    pub ack_timeout: f64,
    /// ACK_RANDOM_FACTOR.
    #[arg(
        long,
        value_name = "FACTOR",
        value_parser = values::factor,
        allow_negative_numbers = true,
        default_value_t = 1.5,
        help_heading = "Transmission parameters (RFC 7252 section 4.8)"
    )]
    pub ack_random_factor: f64,
    /// MAX_RETRANSMIT.
    #[arg(
        long,
        value_name = "N",
        value_parser = values::retransmissions,
        allow_negative_numbers = true,
        default_value_t = 4,
        help_heading = "Transmission parameters (RFC 7252 section 4.8)"
    )]
    pub max_retransmit: u32,
    /// NSTART.
    #[arg(
        long,
        value_name = "N",
        value_parser = values::nstart,
        allow_negative_numbers = true,
        default_value_t = 1,
        help_heading = "Transmission parameters (RFC 7252 section 4.8)"
    )]
    pub nstart: u32,
    /// DEFAULT_LEISURE in seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = values::leisure,
        allow_negative_numbers = true,
        default_value_t = 5.0,
        help_heading = "Transmission parameters (RFC 7252 section 4.8)"
    )]
    pub default_leisure: f64,
    /// PROBING_RATE in bytes a second.
    #[arg(
        long,
        value_name = "BYTES",
        value_parser = values::rate,
        allow_negative_numbers = true,
        default_value_t = 1,
        help_heading = "Transmission parameters (RFC 7252 section 4.8)"
    )]
    pub probing_rate: u32,
}

/// How messages are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Showing")]
pub struct ShowingArgs {
    /// Time: a absolute, ad absolute with date, r since the first frame, d since the message before, e since 1970, u UTC.
    #[arg(short = 't', long = "time", value_name = "FORMAT", value_parser = values::times(), hide_possible_values = true, default_value = "r")]
    pub time: TimeFormat,
    /// Colour on the terminal; NO_COLOR and CLICOLOR are obeyed.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// How times are shown, where none is: taken lest what goes everywhere else is refused here.
#[derive(Debug, Args)]
pub struct NoTimesArgs {
    /// As elsewhere; no time is shown here.
    #[arg(short = 't', long = "time", value_name = "FORMAT", value_parser = values::times(), hide = true)]
    pub time: Option<TimeFormat>,
}

/// The same of colours.
#[derive(Debug, Args)]
pub struct NoColorsArgs {
    /// As elsewhere; nothing is coloured here.
    #[arg(long, value_enum, value_name = "WHEN", hide = true)]
    pub color: Option<Color>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether to take token lengths above 8 as extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// 13 and 14 where the rest then parses.
    Auto,
    /// Always.
    On,
    /// Never: they are errors.
    Off,
}
