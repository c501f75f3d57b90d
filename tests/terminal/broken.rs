//! A program made with the library that breaks: in the screen's thread or in the loader's. The tests run it in a terminal.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use coapscope::capture::{self, CaptureError, Input, Next, Source};
use coapscope::pipeline::{Fetcher, Loader, LoaderOptions, Pipeline, PipelineOptions};
use coapscope::render::time::TimeFormat;
use coapscope::store::Store;
use coapscope::tui::{self, Event, Opening, Session, Theme};
use ratatui::Terminal;

/// Set once the clock is to break.
static BREAK: AtomicBool = AtomicBool::new(false);

/// The screen's clock; a key lets it break.
fn clock() -> Instant {
    assert!(!BREAK.load(Ordering::SeqCst), "the screen broke on purpose");
    Instant::now()
}

/// A source that breaks when it is told to.
struct Broken {
    told: Receiver<()>,
}

impl Source for Broken {
    fn next(&mut self) -> Result<Next<'_>, CaptureError> {
        assert!(self.told.try_recv().is_err(), "the loader broke on purpose");
        Ok(Next::Pending)
    }
    fn wait(&mut self, timeout: Duration) {
        std::thread::park_timeout(timeout);
    }
}

#[test]
#[ignore = "a program for the tests of this file, not a test"]
fn breaks() {
    let what = std::env::var("COAPSCOPE_TEST_BREAKS").unwrap();
    let reader = capture::open(&Input::Path(super::CAPTURE.into()), "/var/tmp".as_ref()).unwrap().reader;
    let fetcher = Fetcher::new(reader, false);
    let (sender, events) = tui::channel();
    let (keys, pressed) = tui::channel();
    let (tell, told) = channel();
    let updates = sender.clone();
    let pipeline = Pipeline::new(Box::new(Broken { told }), PipelineOptions::default());
    let loader = Loader::spawn(pipeline, LoaderOptions::default(), move |update| {
        updates.send(Event::Update(Box::new(update))).is_ok()
    });
    let forward = sender.clone();
    std::thread::spawn(move || {
        for event in pressed {
            match what.as_str() {
                "screen" => BREAK.store(true, Ordering::SeqCst),
                _ => tell.send(()).unwrap(),
            }
            if forward.send(event).is_err() {
                return;
            }
        }
    });
    let guard = tui::Guard::take().unwrap();
    tui::spawn_keyboard(keys).unwrap();
    let session = Session {
        opening: Opening::StandardInput,
        store: Store::default(),
        fetchers: Box::new(move || fetcher.clone()),
        events,
        sender,
        clock,
        theme: Theme { colour: true, unicode: true },
        filter: coapscope::filter::Filter::default(),
        wall: || 0,
        times: TimeFormat::Relative,
        parameters: Default::default(),
        files: tui::Files::default(),
        taken_along: None,
    };
    let mut terminal = Terminal::new(tui::Quiet::stdout()).unwrap();
    let outcome = tui::run(session, &mut terminal, &mut tui::Tty { stop: || Ok(()) });
    drop(guard);
    drop(loader);
    if let Err(error) = outcome {
        writeln!(std::io::stderr(), "coapscope: {error}").unwrap();
        std::process::exit(2);
    }
}
