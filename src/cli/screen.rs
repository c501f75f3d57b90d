//! The screen from the command line: opens what was named, starts the threads, takes the terminal and gives it back.

use std::env;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use nix::unistd::{Uid, User};
use ratatui::Terminal;

use super::input;
use super::output;
use super::{Color, ScreenArgs, ShowingArgs};
use crate::capture::{self, InUse, Input, Opened};
use crate::pipeline::{Fetcher, Loader, LoaderOptions, Pipeline};
use crate::render::time::TimeFormat;
use crate::signals::{self, Asked};
use crate::store::Store;
use crate::tui::{self, Event, Opening, Outcome, Theme};

/// The variable that tells the program which begins again what was looked at.
const TAKEN: &str = "COAPSCOPE_TAKEN_ALONG";

/// Show the screen until the user ends it.
///
/// # Errors
/// Where nothing can be opened, the terminal fails, or the loader breaks.
pub fn run(args: &ScreenArgs) -> anyhow::Result<()> {
    if term() == "dumb" {
        anyhow::bail!("this terminal cannot show a screen (TERM=dumb); `coapscope print` prints a line a message");
    }
    let times = args.showing.time;
    let outcome = show(args, times)?;
    // All that was open is closed by now: the signal may end the program as it would have.
    match outcome {
        Outcome::Signal(signal) => signals::end_by(signal)?,
        Outcome::Decode(port, taken) => return again_with(port, &taken),
        // The page that told it is gone with the screen.
        Outcome::Failed(why) => anyhow::bail!(why),
        Outcome::Quit => {}
    }
    Ok(())
}

/// Begin again in the place of this program, with one port more: nothing of the first reading can stay behind.
fn again_with(port: u16, taken: &str) -> anyhow::Result<()> {
    let program = env::current_exe().context("coapscope cannot be started again; start it with --port yourself")?;
    let error = std::process::Command::new(program)
        .env(TAKEN, taken)
        .args(["--port".to_owned(), port.to_string()])
        .args(env::args_os().skip(1))
        .exec();
    Err(error).with_context(|| format!("coapscope cannot be started again; start it with --port {port} yourself"))
}

fn show(args: &ScreenArgs, times: TimeFormat) -> anyhow::Result<Outcome> {
    let filter = super::print::wanted(&args.reading)?;
    // What a payload breaks stands in the list's problem column and in the table of findings, as `check` tells it.
    let options = input::pipeline_options(&args.reading)?;
    let parameters = options.tracker.parameters;
    let memory = input::memory(&args.reading);
    // A live capture gives up its rights here, before the first thread starts.
    let (opened, opening, loading, capture) = open(args)?;
    let fetcher = Fetcher::new(opened.reader, args.reading.checksums);
    let (sender, events) = tui::channel();
    let updates = sender.clone();
    let loader = Loader::spawn(Pipeline::read_ahead(opened.source, options)?, loading, move |update| {
        updates.send(Event::Update(Box::new(update))).is_ok()
    })?;
    let asked = sender.clone();
    signals::forward(move |signal| {
        match (asked.send(event(signal)), signal) {
            // The screen has ended and the program is about to: nothing that keeps it may keep it from a signal.
            (Err(_), Asked::End(signal)) if !tui::is_taken() => signals::end_by(signal).is_ok(),
            _ => true,
        }
    })
    .context("signals cannot be received")?;
    let ask = sender.clone();
    let session = tui::Session {
        opening,
        store: Store::with_limit(memory),
        fetchers: Box::new(move || fetcher.clone()),
        events,
        sender: sender.clone(),
        clock: Instant::now,
        wall,
        theme: theme(&args.showing, args.ascii),
        times,
        filter,
        parameters,
        files: files(args),
        taken_along: env::var(TAKEN).ok(),
    };
    let guard =
        tui::Guard::take().context("the terminal cannot be taken; run coapscope in one, or `coapscope print`")?;
    tui::spawn_keyboard(sender)?;
    signals::forward_hangup(move |signal| drop(ask.send(event(signal)))).context("the keyboard cannot be read")?;
    let mut terminal = Terminal::new(tui::Quiet::stdout()).context("the terminal cannot be written to")?;
    let outcome = tui::run(session, &mut terminal, &mut tui::Tty { stop: signals::stop_here });
    // In this order: whatever may still take time does so with the terminal given back.
    drop(guard);
    drop(loader);
    drop(capture);
    match outcome {
        // Nobody is left to read what failed.
        Err(tui::ScreenError::Terminal(_)) if signals::is_hung_up() => Ok(Outcome::Signal(signals::HANGUP)),
        outcome => Ok(outcome?),
    }
}

/// What must not be written over, and whose folder `~` is: as in the shell that the program was started from, that of the user behind `sudo`.
fn files(args: &ScreenArgs) -> tui::Files {
    let mut inputs = input::named_inputs(args.input.paths());
    inputs.extend(args.input.write.clone().map(Input::Path));
    let (behind_sudo, _) = capture::behind_sudo();
    let home = |user| User::from_uid(user).ok().flatten().map(|user| user.dir);
    let named = || env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = behind_sudo.map(Uid::from_raw).and_then(home).or_else(named).or_else(|| home(Uid::current()));
    tui::Files { in_use: InUse::of(&inputs), home }
}

/// The time of day, nanoseconds since 1970.
fn wall() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn event(asked: Asked) -> Event {
    match asked {
        Asked::End(signal) => Event::End(signal),
        Asked::Stop => Event::Stop,
        Asked::GoOn => Event::GoOn,
    }
}

/// What goes on as long as the capture does: the handle that stops it when it is dropped.
type Capture = Option<Box<dyn std::any::Any>>;

fn open(args: &ScreenArgs) -> anyhow::Result<(Opened, Opening, LoaderOptions, Capture)> {
    if let Some(interface) = &args.input.interface {
        return open_live(interface, args);
    }
    let paths = args.input.paths();
    if paths.is_empty() {
        let opening = Opening::BuiltIn { live: first_interface(), unread: has_standard_input() };
        return Ok((input::open_built_in(&args.reading)?, opening, LoaderOptions::default(), None));
    }
    let opening = if paths.iter().all(|path| path.as_os_str() == "-") {
        Opening::StandardInput
    } else {
        Opening::Files {
            names: paths.iter().map(|path| path.display().to_string()).collect(),
            follow: args.input.follow,
        }
    };
    Ok((input::open_for_screen(paths, args.input.follow, &args.reading)?, opening, LoaderOptions::default(), None))
}

#[cfg(feature = "live")]
fn open_live(interface: &str, args: &ScreenArgs) -> anyhow::Result<(Opened, Opening, LoaderOptions, Capture)> {
    use super::live;
    let live = live::open(interface, &args.input, &args.reading, true)?;
    let user = live.identity.uid;
    let rights = if user.is_root() {
        "the interface is open; root without any capability since then".to_owned()
    } else {
        format!("the interface is open; user {user} without any capability since then")
    };
    let opening = Opening::Live {
        interface: live.device.name.clone(),
        filter: live.filter.clone(),
        own_filter: args.input.filter.is_some(),
        rights,
        saved_to: args.input.write.as_ref().map(|path| path.display().to_string()),
        wireless: live.device.wireless,
    };
    let loading = live::loading(&live.handle, &live.device.name);
    Ok((live.opened, opening, loading, Some(Box::new(live::Running(live.handle)))))
}

#[cfg(not(feature = "live"))]
fn open_live(interface: &str, _args: &ScreenArgs) -> anyhow::Result<(Opened, Opening, LoaderOptions, Capture)> {
    anyhow::bail!("{interface}: this coapscope was built without live capture; build it with the feature `live`")
}

/// Standard input is a file or a pipe.
fn has_standard_input() -> bool {
    let input = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let kind = input.and_then(|input| input.metadata()).map(|input| input.file_type());
    kind.is_ok_and(|kind| kind.is_file() || kind.is_fifo())
}

/// The command that opens the first interface.
#[cfg(feature = "live")]
fn first_interface() -> String {
    use crate::capture::live::{Access, devices, sudo_name};
    let Some(device) = devices().ok().and_then(|devices| devices.into_iter().next()) else {
        return "coapscope -i IFACE".into();
    };
    match device.access() {
        Access::Ready => format!("coapscope -i {}", device.name),
        _ => format!("sudo {} -i {}", sudo_name(), device.name),
    }
}

#[cfg(not(feature = "live"))]
fn first_interface() -> String {
    String::new()
}

/// What kind of terminal this is.
fn term() -> String {
    env::var("TERM").unwrap_or_default()
}

/// Colours and signs that this terminal is given.
fn theme(showing: &ShowingArgs, ascii: bool) -> Theme {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let colour = match showing.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !set("NO_COLOR") && env::var_os("CLICOLOR").is_none_or(|value| value != "0"),
    };
    // The console of Linux has few signs beyond ASCII, whatever the locale says.
    Theme { colour, unicode: !ascii && term() != "linux" && output::locale_is_utf8() }
}
