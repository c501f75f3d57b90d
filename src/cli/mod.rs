//! The command line: arguments, one file per subcommand, and what they share.

mod args;
mod around;
mod bodies;
mod check;
mod chooser;
mod counted;
mod devices;
mod effect;
mod enclosed;
mod explain;
mod export;
mod fields;
mod flow;
mod held;
mod hex_dump;
mod hex_text;
mod input;
#[cfg(feature = "live")]
mod live;
mod named;
mod news;
mod output;
mod pages;
mod print;
mod printer;
mod save;
#[cfg(feature = "tui")]
mod screen;
mod several;
mod source_text;
mod stats;
mod tables;
mod target;
mod usage;
mod values;
mod without;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use indicatif::{ProgressBar, ProgressStyle};

pub use args::*;
pub use output::Out;
use output::complain;

use crate::store::Progress;

/// How long a command waits at a time for a source that has nothing now.
const WAIT: Duration = Duration::from_millis(100);
/// Work that takes longer than this shows a progress bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// Exit status where something could not be done.
const FAILED: u8 = 2;

/// What every command is given: where it prints, and how it tells of trouble and progress.
pub struct Context<'a> {
    /// Standard output, buffered.
    pub out: Out<'a>,
    /// Exit status where nothing goes wrong.
    pub status: u8,
    started: std::time::Instant,
    bar: Option<ProgressBar>,
}

impl Context<'_> {
    /// Print warnings of the source on standard error, one line each.
    pub fn warn(&mut self, warnings: &[String]) {
        for warning in warnings {
            self.tell(&format!("warning: {warning}"));
        }
    }

    /// Print a line on standard error that is neither an error nor a warning.
    pub fn tell(&mut self, text: &str) {
        let line = format!("coapscope: {text}");
        match &self.bar {
            Some(bar) => bar.suspend(|| complain(&line)),
            None => complain(&line),
        }
    }

    /// Show how far the source is read, on standard error where that is a terminal, once the work takes long.
    pub fn progress(&mut self, progress: &Progress) {
        if self.bar.is_none() && self.started.elapsed() >= PATIENCE && io::stderr().is_terminal() {
            let bar = progress.total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            let form = if progress.total.is_some() {
                "{bar:40} {bytes} of {total_bytes}, {eta} left"
            } else {
                "{spinner} {bytes}"
            };
            self.bar = Some(
                ProgressStyle::with_template(form).map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)),
            );
        }
        if let Some(bar) = &self.bar {
            bar.set_position(progress.read);
        }
    }

    /// Take the progress bar away.
    pub fn progress_done(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Run the program: the whole of `main`.
pub fn main() -> ExitCode {
    crate::signals::outlive_file_limits();
    let mut context = Context { out: Out::stdout(), status: 0, started: std::time::Instant::now(), bar: None };
    match run(&mut context).and_then(|()| Ok(context.out.flush()?)) {
        Ok(()) => ExitCode::from(context.status),
        Err(error) if is_closed_pipe(&error) => {
            let status = context.status;
            context.out.abandon();
            ExitCode::from(status)
        }
        Err(error) => {
            context.progress_done();
            // What was printed before stands before the error; where it cannot be written, it is not tried again.
            if context.out.flush().is_err() {
                context.out.abandon();
            }
            complain(&format!("coapscope: {}", one_line(&error)));
            // Programs get one line; whoever looks at it sees the place as well.
            if let Some(bad) = error.downcast_ref::<usage::BadFilter>().filter(|_| io::stderr().is_terminal()) {
                let (text, carets) = bad.carets();
                complain(&format!("  {text}"));
                complain(&format!("  {carets}"));
            }
            ExitCode::from(FAILED)
        }
    }
}

fn run(context: &mut Context<'_>) -> anyhow::Result<()> {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayVersion && arguments().len() > 1 => {
            anyhow::bail!("{}", usage::of_print("-V"));
        }
        Err(error) if !error.use_stderr() => {
            let page = error.render();
            let inked = print::paint(Color::Auto).0;
            return Ok(if inked { write!(context.out, "{}", page.ansi()) } else { write!(context.out, "{page}") }?);
        }
        Err(error) => {
            anyhow::bail!("{}", usage::line(&error, &arguments()));
        }
    };
    effect::check(&matches)?;
    dispatch(&Cli::from_arg_matches(&matches)?, context)
}

/// What was typed behind the program's name.
fn arguments() -> Vec<String> {
    std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect()
}

fn dispatch(cli: &Cli, context: &mut Context<'_>) -> anyhow::Result<()> {
    match &cli.command {
        Some(Command::Print(args)) => print::run(args, context),
        Some(Command::Explain(args)) => explain::run(args, context),
        Some(Command::Stats(args)) => stats::run(args, context),
        Some(Command::Check(args)) => check::run(args, context),
        Some(Command::Fields(args)) => fields::run(args, context),
        Some(Command::Flow(args)) => flow::run(args, context),
        Some(Command::Completions { shell }) => pages::completions(*shell, context),
        Some(Command::Man) => pages::manual(context),
        None if cli.screen.list_interfaces => devices::run(context),
        None => screen_or_print(&cli.screen, context),
    }
}

/// The screen where standard output is a terminal; else what `print` would say.
fn screen_or_print(args: &ScreenArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    if let Some(line) = args.input.file.as_ref().and_then(|file| usage::no_such_word(&file.to_string_lossy())) {
        anyhow::bail!("{line}");
    }
    #[cfg(feature = "tui")]
    if io::stdout().is_terminal() {
        return screen::run(args);
    }
    print::run_plain(args, context)
}

/// The error and what caused it, in one line. Our own errors tell their cause already; it is not said twice.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

/// The reader of our output has gone: it has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}
