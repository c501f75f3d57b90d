//! The command line: arguments, one file per subcommand, and what they share.

mod args;
mod devices;
mod explain;
mod hex_text;
mod input;
#[cfg(feature = "live")]
mod live;
mod pages;
mod print;
#[cfg(feature = "tui")]
mod screen;
mod stats;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

pub use args::*;

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
    pub out: io::BufWriter<io::StdoutLock<'a>>,
    started: std::time::Instant,
    bar: Option<ProgressBar>,
}

impl Context<'_> {
    /// Print warnings of the source on standard error, one line each.
    pub fn warn(&mut self, warnings: &[String]) {
        for warning in warnings {
            let line = format!("coapscope: warning: {warning}");
            match &self.bar {
                Some(bar) => bar.suspend(|| complain(&line)),
                None => complain(&line),
            }
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

/// One line on standard error. Where even that is closed there is nobody left to tell.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Run the program: the whole of `main`.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { FAILED } else { 0 });
        }
    };
    let mut context = Context {
        out: io::BufWriter::with_capacity(1 << 16, io::stdout().lock()),
        started: std::time::Instant::now(),
        bar: None,
    };
    match run(&cli, &mut context).and_then(|()| Ok(context.out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => {
            // What is still buffered has no reader: forget it, since dropping the buffer would write it.
            let (_, _) = context.out.into_parts();
            ExitCode::SUCCESS
        }
        Err(error) => {
            context.progress_done();
            complain(&format!("coapscope: {}", one_line(&error)));
            ExitCode::from(FAILED)
        }
    }
}

fn run(cli: &Cli, context: &mut Context<'_>) -> anyhow::Result<()> {
    match &cli.command {
        Some(Command::Print(args)) => print::run(args, context),
        Some(Command::Explain(args)) => explain::run(args, context),
        Some(Command::Stats(args)) => stats::run(args, context),
        Some(Command::Completions { shell }) => pages::completions(*shell, context),
        Some(Command::Man) => pages::manual(context),
        None if cli.screen.list_interfaces => devices::run(context),
        None => screen_or_print(&cli.screen, context),
    }
}

/// The screen where standard output is a terminal; else what `print` would say.
fn screen_or_print(args: &ScreenArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    #[cfg(feature = "tui")]
    if io::stdout().is_terminal() {
        return screen::run(args);
    }
    print::run_plain(args, context)
}

/// The error and what caused it, in one line. Our own errors tell their cause already; it is not said twice.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string).map(|text| text.replace('\n', " ")) {
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
