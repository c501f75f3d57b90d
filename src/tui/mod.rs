//! The screen: a state, what events do to it, and how it is drawn. Everything outside reaches it through its [`Session`].

mod action;
mod again;
mod app;
mod arrange;
mod cells;
mod compare;
mod detail;
mod drawn;
mod event;
mod filter_bar;
mod find;
mod findings;
mod flow;
mod job;
mod judging;
mod jumps;
mod keymap;
mod list;
mod marks;
mod moving;
mod narrow;
mod navigate;
mod news;
mod occurrence;
mod offer;
mod opening;
mod paste;
mod pending;
mod places;
mod saving;
mod seeking;
mod tables;
mod take;
mod terminal;
mod theme;
mod times;
mod view;
mod worker;

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;

use crate::capture::STILL_SAVABLE;
use crate::coap::Parameters;
use crate::filter::Filter;
use crate::pipeline::Fetcher;
use crate::render::time::TimeFormat;
use crate::store::{Ended, Store};

use app::{App, Effect};

pub use event::{Event, Sender, channel, spawn_keyboard};
pub use filter_bar::Filtered;
pub use find::Found;
pub use opening::Opening;
pub use saving::Files;
pub use terminal::{Guard, Quiet, Surroundings, Tty, give_back, is_taken};
pub use theme::Theme;

/// Data is drawn at most so often: 25 times a second. Keys are answered at once.
const BETWEEN_DRAWS: Duration = Duration::from_millis(40);
/// So often is drawn anew what grows older by itself, and how far a search is.
const BETWEEN_AGES: Duration = Duration::from_millis(500);
/// Events taken in before a draw that is due: keys that come in a burst are drawn once.
const BEFORE_A_DRAW: usize = 16;

/// All that the screen gets from outside.
pub struct Session {
    /// What was opened.
    pub opening: Opening,
    /// An empty store with its limit.
    pub store: Store,
    /// Makes readers of records: one for the screen, one for each search.
    pub fetchers: Box<dyn Fn() -> Fetcher>,
    /// What happens: keys, signals, updates.
    pub events: Receiver<Event>,
    /// The other end, for the screen's own workers.
    pub sender: Sender,
    /// Reads the clock.
    pub clock: fn() -> Instant,
    /// Reads the time of day, nanoseconds since 1970: while an interface is open, what waits grows older.
    pub wall: fn() -> i64,
    /// Colours and signs.
    pub theme: Theme,
    /// How times are shown at first.
    pub times: TimeFormat,
    /// Which messages are shown at first.
    pub filter: Filter,
    /// The schedule of RFC 7252 section 4.8 that retransmissions are held against.
    pub parameters: Parameters,
    /// What is known of files where messages are saved.
    pub files: Files,
    /// What was looked at when another port was to be decoded, too: the text of [`Outcome::Decode`].
    pub taken_along: Option<String>,
}

/// How the screen ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user ended it.
    Quit,
    /// So it was, and what was read had failed before: one line that says what, where, why and what to do.
    Failed(String),
    /// A signal did; its number.
    Signal(i32),
    /// The user wants the capture read again, with this UDP port as CoAP, and to go on with what was looked at.
    Decode(u16, String),
}

/// Why the screen had to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScreenError {
    /// The terminal cannot be written to or read from.
    Terminal(String),
    /// The loader broke on a fault of its own.
    Loader(String),
}

impl fmt::Display for ScreenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal(why) => write!(f, "the terminal failed: {why}; try another one, or `coapscope print`"),
            Self::Loader(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ScreenError {}

fn terminal_failed(error: impl fmt::Display) -> ScreenError {
    ScreenError::Terminal(error.to_string())
}

/// Run the screen until the user or a signal ends it, or nobody is left who could send an event.
///
/// # Errors
/// Where the terminal fails, or the loader broke.
pub fn run<B: Backend>(
    session: Session,
    terminal: &mut Terminal<B>,
    surroundings: &mut impl Surroundings,
) -> Result<Outcome, ScreenError> {
    let Session {
        opening,
        store,
        fetchers,
        events,
        sender,
        clock,
        wall,
        theme,
        times,
        filter,
        parameters,
        files,
        taken_along,
    } = session;
    let mut screen = Screen {
        app: App::new(store, opening, theme, times, (parameters, wall), fetchers, sender),
        outcome: None,
        wanted: Wanted::Soon,
        clear: false,
    };
    screen.app.files = files;
    match taken_along {
        Some(taken) => screen.app.go_on_with(&taken),
        None => screen.app.apply_filter(filter),
    }
    // What is read at once is drawn at once, instead of an empty page before it.
    let mut drawn_at = clock();
    loop {
        let due = drawn_at + BETWEEN_DRAWS;
        let now = clock();
        if screen.wanted == Wanted::Now || (screen.wanted == Wanted::Soon && due <= now) {
            screen.draw(terminal)?;
            drawn_at = clock();
        }
        let first = match screen.wanted {
            Wanted::Soon => match events.recv_timeout(due.saturating_duration_since(now)) {
                Err(RecvTimeoutError::Timeout) => continue,
                other => other.ok(),
            },
            Wanted::No if screen.app.ages() || screen.app.finder.running => match events.recv_timeout(BETWEEN_AGES) {
                Err(RecvTimeoutError::Timeout) => {
                    screen.wanted = Wanted::Soon;
                    continue;
                }
                other => other.ok(),
            },
            Wanted::No | Wanted::Now => events.recv().ok(),
        };
        let Some(first) = first else {
            return screen.draw(terminal).map(|()| screen.quit());
        };
        screen.take(first, surroundings)?;
        for _ in 0..BEFORE_A_DRAW {
            let Ok(event) = events.try_recv() else { break };
            if screen.outcome.is_some() {
                break;
            }
            // Of the data no more than what has come in between: a busy loader must not keep a key from its answer.
            let is_data = matches!(event, Event::Update(_));
            screen.take(event, surroundings)?;
            if is_data && screen.wanted == Wanted::Now {
                break;
            }
        }
        if let Some(outcome) = screen.outcome.take() {
            return Ok(outcome);
        }
    }
}

/// When the next draw is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Nothing changed.
    No,
    /// Data came: when the time between two draws has passed.
    Soon,
    /// A key came.
    Now,
}

/// State, and what the loop is to do next.
struct Screen {
    app: App,
    outcome: Option<Outcome>,
    wanted: Wanted,
    /// What is on the terminal cannot be relied on.
    clear: bool,
}

impl Screen {
    fn draw<B: Backend>(&mut self, terminal: &mut Terminal<B>) -> Result<(), ScreenError> {
        if std::mem::take(&mut self.clear) {
            terminal.clear().map_err(terminal_failed)?;
        }
        terminal.draw(|frame| view::draw(frame, &mut self.app)).map_err(terminal_failed)?;
        self.wanted = Wanted::No;
        Ok(())
    }

    fn take(&mut self, event: Event, surroundings: &mut impl Surroundings) -> Result<(), ScreenError> {
        match event {
            Event::Update(update) => {
                if let Some(Ended::Panicked(why)) = &update.ended {
                    return Err(ScreenError::Loader(why.clone()));
                }
                self.app.take(*update);
                if self.wanted == Wanted::No {
                    self.wanted = Wanted::Soon;
                }
                return Ok(());
            }
            Event::Judged(judged) => {
                self.app.judged(*judged);
                // What it found of the newest messages is drawn no more often than these are.
                if self.wanted == Wanted::No {
                    self.wanted = Wanted::Soon;
                }
                return Ok(());
            }
            Event::Key(key) => {
                let effect = self.app.press(&key);
                self.effect(effect, surroundings)?;
            }
            Event::Paste(text) => self.app.paste(&text),
            Event::Found(found) => self.app.found(&found),
            Event::Ordered(ordered) => self.app.ordered(ordered),
            Event::Saved(saved) => self.app.saved(saved),
            Event::Filtered(filtered) => self.app.filtered(filtered),
            Event::Resize => {}
            Event::End(signal) => self.outcome = Some(Outcome::Signal(signal)),
            Event::Stop => self.effect(Effect::Suspend, surroundings)?,
            Event::GoOn => {
                surroundings.resume().map_err(terminal_failed)?;
                self.clear = true;
            }
            Event::KeyboardGone(why) => return Err(ScreenError::Terminal(why)),
        }
        self.wanted = Wanted::Now;
        Ok(())
    }

    /// How it ends where nothing else ends it.
    fn quit(&self) -> Outcome {
        let fault = self.app.newest().ended().and_then(Ended::fault);
        // The screen is gone, and with it what could have been saved from there.
        fault.map_or(Outcome::Quit, |why| Outcome::Failed(why.replace(STILL_SAVABLE, "")))
    }

    fn effect(&mut self, effect: Effect, surroundings: &mut impl Surroundings) -> Result<(), ScreenError> {
        match effect {
            Effect::None => {}
            Effect::Quit => self.outcome = Some(self.quit()),
            Effect::Suspend => {
                surroundings.suspend().map_err(terminal_failed)?;
                self.clear = true;
            }
            Effect::Redraw => self.clear = true,
            Effect::Decode(port) => self.outcome = Some(Outcome::Decode(port, self.app.taken_along())),
            Effect::Copy(text) => surroundings.copy(&text).map_err(terminal_failed)?,
        }
        Ok(())
    }
}
