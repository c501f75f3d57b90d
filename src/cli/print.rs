//! `coapscope print`: messages as lines, trees, annotated bytes, JSON, fields or comma-separated values.

use std::collections::{HashMap, HashSet};
use std::io::{self, IsTerminal, Write};

use anyhow::bail;
use serde_json::Value;

use super::export::Export;
use super::input;
use super::printer::{Printer, Whole};
use super::save::Save;
use super::tables::Shape;
use super::usage::BadFilter;
use super::{Color, Context, InputArgs, PrintArgs, PrintFormat, ReadingArgs, ScreenArgs, ShowingArgs};
use crate::capture::{Opened, Source};
use crate::field::{Reads, exchange_state};
use crate::filter::Filter;
use crate::render::annotated::{self, Detail};
use crate::render::columns::Columns;
use crate::render::paint::Paint;
use crate::render::rows::{Rows, tree_lines};
use crate::render::{Known, json, tree};
use crate::store::{Store, View};
use crate::tracking::{ExchangeId, NO_RECORD, Patch, RecordId};

/// Print what the arguments name, in the form they name.
///
/// # Errors
/// Where the arguments make no sense, the capture cannot be opened or read, or the output cannot be written.
pub fn run(args: &PrintArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let whole = whole(args)?;
    let form = form(args)?;
    match form {
        Form::Text { .. } => {}
        Form::Json { .. } => context.out.json(),
        Form::Columns(_) => context.out.data(),
    }
    print(&args.input, &args.reading, form, whole, context)
}

fn form(args: &PrintArgs) -> anyhow::Result<Form> {
    Ok(match args.format {
        PrintFormat::Text if !args.fields.is_empty() => {
            bail!("-e: fields are printed by -T fields and -T csv; name one of them")
        }
        PrintFormat::Text => Form::text(&args.showing, args.tree, args.hex)?,
        _ if args.tree || args.hex => bail!("-V and -x belong to the text form; leave out -T or leave out -V and -x"),
        PrintFormat::Json => Form::Json { told: Told::default() },
        PrintFormat::Fields => Form::Columns(Columns::fields(&args.fields, &args.field_options)?),
        PrintFormat::Csv => Form::Columns(Columns::csv(&args.fields, &args.field_options)?),
    })
}

/// What is done with a capture as a whole, from a file.
fn whole(args: &PrintArgs) -> anyhow::Result<Option<Whole>> {
    let save = args.input.write.as_deref().filter(|_| args.input.interface.is_none());
    let is_text = args.format == PrintFormat::Text && !args.tree && !args.hex;
    if args.export_objects.is_some() && (args.table.is_some() || save.is_some() || !is_text) {
        bail!("--export-objects: it writes files and says which; leave out --table, -w, -T, -V and -x");
    }
    match (args.table, save) {
        (Some(_), Some(_)) => bail!("--table and -w: one of them prints, the other saves; leave one out"),
        (Some(_), None) if args.tree || args.hex || !args.fields.is_empty() => {
            bail!("--table: a table has columns of its own; leave out -V, -x and -e")
        }
        (Some(table), None) => {
            let shape = match args.format {
                PrintFormat::Text => Shape::Text,
                PrintFormat::Json => Shape::Json,
                PrintFormat::Csv => Shape::Csv,
                PrintFormat::Fields => bail!("--table: a table is printed as text, -T json or -T csv"),
            };
            Ok(Some(Whole::Table(table, shape)))
        }
        (None, Some(path)) => {
            // As tshark has it: what is saved is printed only where a form is asked for.
            let prints = args.tree || args.hex || args.format != PrintFormat::Text;
            Ok(Some(Whole::Save(Save::new(path, args.whole_exchanges, args.input.paths(), prints)?, prints)))
        }
        (None, None) => Ok(args.export_objects.as_deref().map(|folder| Whole::Export(Export::new(folder)))),
    }
}

/// What the screen was asked for, where standard output is no terminal: one line a message.
///
/// # Errors
/// As for [`run`].
pub fn run_plain(args: &ScreenArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let form = Form::text(&args.showing, false, false)?;
    if args.ascii {
        context.out.only_ascii();
    }
    if !args.input.paths().is_empty() || args.input.interface.is_some() {
        return print(&args.input, &args.reading, form, None, context);
    }
    context.warn(&[format!("no capture is named: this is the {}", input::BUILT_IN_NAME)]);
    let filter = wanted(&args.reading)?;
    let Opened { source, reader, name } = input::open_built_in(&args.reading)?;
    read(Printer::new(name, reader, &args.reading, form, filter, args.input.count), source, false, context)
}

/// The form of the output.
pub(super) enum Form {
    /// Lines, or trees, or annotated bytes, or both of those.
    Text { rows: Box<Rows>, tree: bool, bytes: bool, paint: Paint },
    /// One object a line.
    Json { told: Told },
    /// Fields.
    Columns(Columns),
}

/// What was told of exchanges, lest it be told again.
#[derive(Default)]
pub(super) struct Told {
    /// Of these it was said what they observe.
    observed: HashSet<ExchangeId>,
    /// In which state each is: of the newest many.
    states: HashMap<ExchangeId, &'static str>,
}

impl Told {
    /// The states of so many are known; then they are forgotten, and told once more at worst.
    const MOST: usize = 1 << 16;

    /// The state of an exchange is another than was told.
    fn is_news(&mut self, id: ExchangeId, state: &'static str) -> bool {
        if self.states.len() >= Self::MOST {
            self.states.clear();
        }
        self.states.insert(id, state) != Some(state)
    }
}

impl Form {
    fn text(showing: &ShowingArgs, tree: bool, bytes: bool) -> anyhow::Result<Self> {
        let time = showing.time;
        let paint = paint(showing.color);
        let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        Ok(Self::Text { rows: Box::new(Rows::new(time, paint, width)), tree, bytes, paint })
    }

    /// It holds what becomes known only after a message, so that a file is read to its end first.
    pub fn needs_later(&self) -> bool {
        match self {
            Self::Text { tree, .. } => *tree,
            Self::Json { .. } => true,
            Self::Columns(columns) => columns.need_later(),
        }
    }

    /// What has to be read of a message for it.
    pub fn reads(&self) -> Reads {
        match self {
            Self::Text { tree: false, .. } => Reads::Message,
            Self::Text { .. } | Self::Json { .. } => Reads::All,
            Self::Columns(columns) => columns.reads(),
        }
    }

    /// What stands before the first message.
    pub fn heading(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Columns(columns) => match columns.heading() {
                Some(heading) if columns.has_header() => writeln!(out, "{heading}"),
                Some(mark) => write!(out, "{mark}"),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    pub fn message(&mut self, view: &View<'_>, known: Known, out: &mut dyn Write) -> io::Result<()> {
        if let Self::Text { rows, tree: false, .. } = self {
            out.write_all(rows.lines(view).as_bytes())?;
        }
        self.apart(view, known, out)
    }

    /// What is printed of one message does not depend on those before it: several can be printed at once.
    pub fn is_apart(&self) -> bool {
        !matches!(self, Self::Text { tree: false, .. })
    }

    /// A message in a form in which it stands for itself; of the lines only what is below them.
    pub fn apart(&self, view: &View<'_>, known: Known, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Text { tree: with_tree, bytes, paint, .. } => {
                if *with_tree {
                    write_lines(&tree_lines(&tree(view, known), *paint), out)?;
                }
                if *bytes {
                    let about = Some(view.about());
                    write_lines(&annotated::lines_about(&view.message, about, Detail::Fields, *paint), out)?;
                }
                if *with_tree || *bytes { writeln!(out) } else { Ok(()) }
            }
            Self::Json { .. } => write_line(&json::record_line(view, known), out),
            Self::Columns(columns) if view.is_message() => write_line(&columns.row(view), out),
            Self::Columns(_) => Ok(()),
        }
    }

    /// Lines for what became known of earlier messages that were printed. Only JSON has them. `before`: the new message; `just_now`: those that
    /// were printed since.
    pub fn updates(
        &mut self,
        store: &Store,
        patches: &[Patch],
        (before, just_now): (RecordId, &[RecordId]),
        was_printed: &dyn Fn(RecordId) -> bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Self::Json { told } = self else { return Ok(()) };
        for ref patch in patches.iter().flat_map(Patch::each) {
            tell_others(store, patch, before, told, was_printed, out)?;
            // What is known of a message when it is printed stands in its own object.
            let (of, is_told) = match patch {
                Patch::Finding(record, _)
                | Patch::Graver { record, .. }
                | Patch::Withdrawn { record, .. }
                | Patch::Related { record, .. } => (*record, just_now.contains(record)),
                Patch::Exchange(_, row) if row.request >= before => continue,
                Patch::Exchange(id, row) => (row.request, !told.is_news(*id, exchange_state(store, row))),
                Patch::AnsweredBy { record, .. } => (*record, false),
                Patch::Answered(_, row) => (row.request, false),
                Patch::Observation(..) | Patch::Body(..) | Patch::Part(..) => continue,
            };
            if is_told || !was_printed(of) {
                continue;
            }
            write_object(json::update(store, patch), out)?;
            if let Patch::Related { record, .. } = patch {
                let copies = store.repeated_in(*record);
                let mut copies = copies.into_iter().filter(|copy| was_printed(*copy) && !just_now.contains(copy));
                copies.try_for_each(|copy| write_object(json::related(store, copy), out))?;
            }
        }
        // A copy of what has been answered already shares the answer.
        let is_copy = store.get(before).is_some_and(|record| record.is_repeat());
        match store.answered_by(before) {
            Some(by) if is_copy && was_printed(before) => write_object(json::answered(store, before, by), out),
            _ => Ok(()),
        }
    }
}

impl Form {
    /// Lines for the blocks of bodies that the capture has ended within. Only JSON has them.
    pub fn unfinished(
        &self,
        store: &Store,
        was_printed: &dyn Fn(RecordId) -> bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Self::Json { .. } = self else { return Ok(()) };
        let mut unfinished = store.bodies().filter(|(_, row)| row.completed_by == NO_RECORD);
        unfinished.try_for_each(|(_, row)| tell_blocks(store, row.last, was_printed, out))
    }
}

/// Lines for the other messages that share what a patch tells of one: the copies of what was answered, the messages of an exchange that
/// turns out to be of an observation.
fn tell_others(
    store: &Store,
    patch: &Patch,
    before: RecordId,
    told: &mut Told,
    was_printed: &dyn Fn(RecordId) -> bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    match patch {
        Patch::AnsweredBy { record, by } => {
            let copies = (record + 1..before).filter(|id| store.is_copy_of(*id, *record));
            copies
                .filter(|copy| was_printed(*copy))
                .try_for_each(|copy| write_object(json::answered(store, copy, *by), out))
        }
        Patch::Exchange(id, row) if row.observation.0 != 0 && told.observed.insert(*id) => {
            let messages = (row.request..before).filter(|of| store.get(*of).is_some_and(|one| one.exchange == *id));
            messages
                .filter(|of| was_printed(*of))
                .try_for_each(|of| write_object(json::observed(store, of, row.observation), out))
        }
        // With the block that completes a body, all before it are told of the whole.
        Patch::Body(_, row) if row.completed_by == before => tell_blocks(store, before, was_printed, out),
        _ => Ok(()),
    }
}

/// Lines for the blocks of a body before that in a message, which are told of the body as it is by now.
fn tell_blocks(
    store: &Store,
    last: RecordId,
    was_printed: &dyn Fn(RecordId) -> bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let previous = |id: &RecordId| store.part(*id).map(|part| part.previous).filter(|other| other < id);
    let mut blocks: Vec<RecordId> = std::iter::successors(previous(&last), previous).collect();
    blocks.reverse();
    blocks
        .into_iter()
        .filter(|block| was_printed(*block))
        .try_for_each(|block| write_object(json::body(store, block), out))
}

fn write_object(object: Option<Value>, out: &mut dyn Write) -> io::Result<()> {
    object.map_or(Ok(()), |object| writeln!(out, "{}", json::line(&object)))
}

fn write_lines(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    lines.iter().try_for_each(|line| write_line(line, out))
}

fn write_line(line: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")
}

/// Colours as the user wants them: `--color`, then NO_COLOR, CLICOLOR_FORCE and CLICOLOR, then whether it is a terminal.
pub(super) fn paint(color: Color) -> Paint {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is = |name: &str, wanted: &str| std::env::var_os(name).is_some_and(|value| value == wanted);
    Paint(match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
        Color::Auto => io::stdout().is_terminal() && !is("CLICOLOR", "0"),
    })
}

/// What the user wants of all messages.
pub(super) fn wanted(reading: &ReadingArgs) -> anyhow::Result<Filter> {
    let text = reading.display_filter.as_deref().unwrap_or_default();
    Ok(Filter::parse(text).map_err(|error| BadFilter { text: text.to_owned(), error })?)
}

fn print(
    input: &InputArgs,
    reading: &ReadingArgs,
    form: Form,
    whole: Option<Whole>,
    context: &mut Context<'_>,
) -> anyhow::Result<()> {
    if let Some(interface) = &input.interface {
        return live(interface, input, reading, form, context);
    }
    if input.paths().is_empty() {
        bail!("no capture is named; name a file, `-` for standard input, or an interface with -i");
    }
    let filter = wanted(reading)?;
    let grows = input.may_grow();
    let Opened { source, reader, name } = input::open(input.paths(), input.follow, reading)?;
    // What is saved or summed up waits for the end of standard input, too.
    let grows = grows && whole.is_none();
    let printer = Printer::new(name, reader, reading, form, filter, input.count).with(whole);
    read(printer, source, grows, context)
}

/// What asks for later messages waits for all; the lines of a file are those that were printed live when it was captured.
fn read(printer: Printer, source: Box<dyn Source>, grows: bool, context: &mut Context<'_>) -> anyhow::Result<()> {
    if !grows && printer.needs_later() {
        printer.whole(source, context)
    } else {
        printer.stream(source, grows, context)
    }
}

#[cfg(feature = "live")]
fn live(
    interface: &str,
    input: &InputArgs,
    reading: &ReadingArgs,
    form: Form,
    context: &mut Context<'_>,
) -> anyhow::Result<()> {
    let filter = wanted(reading)?;
    let capture = super::live::open(interface, input, reading, false)?;
    super::live::stop_at_signals(&capture.handle)?;
    // The kernel's count is what `-c` means for an interface.
    let Opened { source, reader, name } = capture.opened;
    let loading = super::live::loading(&capture.handle, &capture.device.name);
    let _running = super::live::Running(capture.handle);
    let printer = Printer::new(name, reader, reading, form, filter, None).live(input.filter.clone(), loading);
    printer.stream(source, true, context)
}

#[cfg(not(feature = "live"))]
fn live(interface: &str, _: &InputArgs, _: &ReadingArgs, _: Form, _: &mut Context<'_>) -> anyhow::Result<()> {
    bail!("{interface}: this build cannot capture; build it with the feature `live`, or read a file with -r")
}
