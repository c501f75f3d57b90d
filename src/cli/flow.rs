//! `coapscope flow`: the sequence diagram of a capture, or of one exchange, as text and for Mermaid.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::output::locale_is_utf8;
use super::{Context, FileArgs, ReadingArgs, ShowingArgs, input, named, print, target, values, without};
use crate::capture::Opened;
use crate::coap::{Parameters, count, escape};
use crate::filter::{Filter, Selection};
use crate::pipeline::{Fetcher, Pipeline, Step};
use crate::render::Aliases;
use crate::render::ladder::text::{self, TextForm};
use crate::render::ladder::{ASCII, Idle, Ladder, Ports, Scope, Source, UNICODE, mermaid, svg};
use crate::render::paint::Paint;
use crate::store::{Ended, Store, Update};
use crate::tracking::{ExchangeId, RecordId};

/// Columns where neither a terminal nor the user says how many.
const COLUMNS: usize = 100;

/// Arguments of `flow`.
#[derive(Debug, Args)]
pub struct FlowArgs {
    /// What to read.
    #[command(flatten)]
    pub input: FileArgs,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How to show it.
    #[command(flatten)]
    pub showing: ShowingArgs,
    /// Only the messages of this exchange, by its number in `print -T json`.
    #[arg(long, value_name = "N", value_parser = values::number_of, allow_negative_numbers = true, conflicts_with = "frame", help_heading = "Showing")]
    pub exchange: Option<u32>,
    /// Only the messages of the exchange that this frame belongs to.
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true, help_heading = "Showing")]
    pub frame: Option<u64>,
    /// Form of the diagram (default: as the name behind -o ends, else text).
    #[arg(short = 'T', long = "format", value_enum, value_name = "FORMAT", help_heading = "Showing")]
    pub format: Option<FlowFormat>,
    /// Write to this file: .txt is text, .mmd Mermaid, .md Mermaid in Markdown, .svg a picture, .html a page with it.
    #[arg(short = 'o', long = "output", value_name = "FILE", help_heading = "Showing")]
    pub output: Option<PathBuf>,
    /// Columns of the text (default: those of the terminal, else 100).
    #[arg(long, value_name = "N", value_parser = values::width, allow_negative_numbers = true, help_heading = "Showing")]
    pub width: Option<u16>,
    /// What has a lane of its own: every endpoint, every host, or what fits.
    #[arg(long, value_enum, value_name = "WHAT", default_value = "auto", help_heading = "Showing")]
    pub lanes: PortLanes,
    /// Show block transfers message by message, and pauses to scale.
    #[arg(long, help_heading = "Showing")]
    pub unfold: bool,
    /// Stop after this many messages.
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = values::count, allow_negative_numbers = true, help_heading = "Showing")]
    pub count: Option<u64>,
    /// Draw with ASCII characters only (the default where the locale is not UTF-8).
    #[arg(long, help_heading = "Showing")]
    pub ascii: bool,
}

/// Form of a sequence diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FlowFormat {
    /// A ladder of characters.
    Text,
    /// The language of Mermaid.
    Mermaid,
    /// The same, as a block in Markdown.
    Markdown,
    /// A picture.
    Svg,
    /// A page with the picture.
    Html,
}

/// What has a lane in a sequence diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PortLanes {
    /// Endpoints where their lanes fit, else hosts.
    Auto,
    /// Each address with its port.
    Endpoints,
    /// Each address.
    Hosts,
}

/// Read the capture to its end and write its sequence diagram.
///
/// # Errors
/// Where the capture cannot be opened or read, has no such exchange, or the output cannot be written.
pub fn run(args: &FlowArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let options = input::pipeline_options(&args.reading)?;
    let parameters = options.tracker.parameters;
    let form = form(args)?;
    let filter = print::wanted(&args.reading)?;
    if let Some(path) = &args.output {
        target::refuse_inputs("-o", path, args.input.paths("flow")?)?;
    }
    let opened = input::open(args.input.paths("flow")?, false, &args.reading)?;
    let Opened { source, reader, name } = opened;
    let mut read = Read { store: Store::default(), aliases: Aliases::default(), ended: None };
    read.all(Pipeline::read_ahead(source, options)?, context)?;
    let fetcher = Fetcher::new(reader, args.reading.checksums);
    let mut flow = Flow { read, fetcher, parameters, filter, name, chose_nothing: false };
    if let Some(why) = flow.fault().filter(|_| flow.read.store.summary().frames == 0) {
        bail!("{why}");
    }
    let cut = match &args.output {
        Some(path) => {
            // A file that is there stays as it was until there is something to write.
            let mut text = Vec::new();
            let cut = flow.write(args, form, false, &mut text)?;
            let mut draft = target::create(path)?;
            let written = draft.write_all(&text).and_then(|()| draft.finish());
            written.with_context(|| format!("{}: cannot be written", path.display()))?;
            cut
        }
        None => {
            if args.ascii {
                context.out.only_ascii();
            }
            flow.write(args, form, true, &mut context.out)?
        }
    };
    context.out.flush()?;
    if cut > 0 {
        let why = if form == FlowFormat::Text {
            "-c shows more"
        } else {
            "a diagram holds no more; --exchange N and -c choose"
        };
        context.tell(&format!("{} not shown: {why}", count(cut, "message")));
    }
    if let Some(why) = flow.fault() {
        bail!("{why}");
    }
    if let Some(line) = without::line(&flow.name, flow.read.store.summary()) {
        context.tell(&line);
    } else if flow.chose_nothing {
        context.tell(&format!("{}: no message of the diagram passes the filter of -Y", flow.name));
    }
    Ok(())
}

/// The form, as it is named, or as the output's name ends.
fn form(args: &FlowArgs) -> anyhow::Result<FlowFormat> {
    match (args.format, &args.output) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(FlowFormat::Text),
        (None, Some(path)) => of_ending(path).with_context(|| {
            format!(
                "-o {}: what form this is to have cannot be told; end it in .txt, .md, .mmd, .svg or .html, or name the form with --format",
                path.display()
            )
        }),
    }
}

/// The form that a file's name asks for.
pub fn of_ending(path: &Path) -> Option<FlowFormat> {
    match path.extension()?.to_string_lossy().to_lowercase().as_str() {
        "txt" | "text" => Some(FlowFormat::Text),
        "mmd" | "mermaid" => Some(FlowFormat::Mermaid),
        "md" => Some(FlowFormat::Markdown),
        "svg" => Some(FlowFormat::Svg),
        "html" | "htm" => Some(FlowFormat::Html),
        _ => None,
    }
}

struct Read {
    store: Store,
    aliases: Aliases,
    ended: Option<Ended>,
}

impl Read {
    fn all(&mut self, mut pipeline: Pipeline, context: &mut Context<'_>) -> anyhow::Result<()> {
        let mut update = Update::default();
        loop {
            let step = pipeline.step(&mut update);
            context.warn(&update.warnings);
            context.progress(&update.summary.progress);
            let before = self.store.len() as RecordId;
            self.ended = update.ended.clone();
            self.store.apply(std::mem::take(&mut update));
            for id in before..self.store.len() as RecordId {
                if let Some(record) = self.store.get(id) {
                    self.aliases.note(&record);
                }
            }
            match step {
                Step::More => {}
                Step::Pending => pipeline.wait(super::WAIT),
                Step::Ended => break,
            }
        }
        context.progress_done();
        Ok(())
    }
}

struct Flow {
    read: Read,
    fetcher: Fetcher,
    parameters: Parameters,
    filter: Filter,
    name: String,
    /// The filter let no message through that was asked for.
    chose_nothing: bool,
}

impl Flow {
    /// Why not all of the capture was read, if so.
    fn fault(&self) -> Option<&str> {
        self.read.ended.as_ref().and_then(Ended::fault)
    }

    /// Writes the diagram; answers how many messages were left out. `terminal`: it may go to one.
    fn write(&mut self, args: &FlowArgs, form: FlowFormat, terminal: bool, out: &mut dyn Write) -> anyhow::Result<u64> {
        let store = &self.read.store;
        let mut ladder = Ladder::default();
        ladder.fold_blocks(!args.unfold);
        ladder.idle = if args.unfold { Idle::Drawn } else { Idle::Folded };
        ladder.set_scope(scope(args, &self.name, store)?, store);
        if !self.filter.is_empty()
            && let Selection::Chosen(ids) = self.filter.select(store, &self.fetcher, THREADS, &|| false)?
        {
            self.chose_nothing = !ids.iter().any(|id| ladder.includes(id));
            ladder.choose(&ids, store);
        }
        let mut source = Source { store, fetcher: &mut self.fetcher, parameters: &self.parameters, ended: true };
        let range = store.first()..store.len() as RecordId;
        let limit = args.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
        let ports = match args.lanes {
            PortLanes::Auto => Ports::Auto,
            PortLanes::Endpoints => Ports::Apart,
            PortLanes::Hosts => Ports::Merged,
        };
        let aliases = &self.read.aliases;
        if form == FlowFormat::Text {
            let screen = terminal_size::terminal_size_of(io::stdout()).filter(|_| terminal);
            let width =
                args.width.map(usize::from).or(screen.map(|(width, _)| usize::from(width.0))).unwrap_or(COLUMNS);
            let paint = if terminal { print::paint(args.showing.color) } else { Paint(false) };
            let signs = if args.ascii || !locale_is_utf8() { &ASCII } else { &UNICODE };
            let form = TextForm { width, signs, paint, times: args.showing.time, ports, limit, left_out: None };
            return Ok(text::write(&mut ladder, &mut source, aliases, &range, &form, out)?);
        }
        ladder.lanes.arrange(ports, LANES);
        ladder.lanes_changed();
        if matches!(form, FlowFormat::Svg | FlowFormat::Html) {
            let page = form == FlowFormat::Html;
            if page {
                let title = svg::escaped(&escape::visible(&self.name));
                writeln!(
                    out,
                    "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1>"
                )?;
            }
            let shape = (args.showing.time, limit);
            let left = svg::write(&mut ladder, &mut source, aliases, &range, shape, out)?;
            if page {
                writeln!(out, "</html>")?;
            }
            return Ok(left);
        }
        if form == FlowFormat::Markdown {
            writeln!(out, "```mermaid")?;
        }
        let written = mermaid::write(&mut ladder, &mut source, aliases, &range, limit, out)?;
        if form == FlowFormat::Markdown {
            writeln!(out, "```")?;
        }
        Ok(written.cut)
    }
}

/// Threads that look at messages for a filter.
const THREADS: usize = 2;
/// Lanes of a diagram beside which there is no room for more: with ports apart they are merged by host then.
const LANES: usize = 8;

/// The messages that are asked for.
fn scope(args: &FlowArgs, name: &str, store: &Store) -> anyhow::Result<Scope> {
    let exchange = match (args.exchange, args.frame) {
        (None, None) => return Ok(Scope::All),
        (Some(number), _) => ExchangeId(number),
        (None, Some(frame)) => {
            let (_, record) = named::record(store, frame, name)?;
            let about = store.get(record.relates_to).filter(|_| record.exchange.0 == 0);
            about.map_or(record.exchange, |about| about.exchange)
        }
    };
    if store.exchange(exchange).is_none() {
        match (args.exchange, args.frame) {
            (None, Some(frame)) => bail!("{name}: the message of frame {frame} belongs to no exchange"),
            _ => bail!(
                "--exchange {}: there is none; `coapscope print -T json` tells the exchange of each message, or name one of its frames with --frame",
                exchange.0
            ),
        }
    }
    Ok(Scope::Exchange(exchange))
}
