//! A scene: a capture, a size, and what happens to the screen, one event a frame; and the film that comes of it.

#[path = "picture.rs"]
mod picture;
#[path = "strokes.rs"]
mod strokes;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use coapscope::capture::{self, FrameReader, InUse, Input};
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step as Stepped};
use coapscope::render::time::TimeFormat;
use coapscope::store::{Ended, Store, Summary, Update};
use coapscope::tracking::Patch;
use coapscope::tui::{self, Event, Opening, Outcome, Session, Surroundings, Theme};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use picture::{check_frame, styles, text};
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Color;
use strokes::keys_of;

/// What happens next.
enum Step {
    Key(KeyEvent),
    Paste(String),
    Update(Box<Update>),
    /// An update and keys between which nothing is drawn.
    Together(Box<Update>, Vec<KeyEvent>),
    Resize(u16, u16),
    /// Nothing: a worker's answer brings the next frame.
    Wait,
    /// The same, until a frame is as wanted, but not for ever.
    Until(Shows, Instant),
}

type Shows = Box<dyn Fn(&str) -> bool>;

/// How long a worker may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A scene to be played.
pub struct Scene {
    capture: Option<PathBuf>,
    opening: Opening,
    size: (u16, u16),
    pieces: Option<usize>,
    after_first: Vec<Step>,
    with_second: Vec<KeyEvent>,
    steps: Vec<Step>,
    theme: Theme,
    lost: bool,
    memory: usize,
    filter: coapscope::filter::Filter,
    files: tui::Files,
    taken: Option<String>,
}

/// What was drawn.
pub struct Film {
    /// Every frame as text.
    pub frames: Vec<String>,
    /// Cells with a colour, over all frames.
    pub colours: usize,
    /// What of the last frame has a style, row by row.
    pub styles: String,
    /// What was put on the clipboard.
    pub copied: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Column of the terminal's cursor at last.
    pub cursor: u16,
}

impl Film {
    /// The frame that the user is left with.
    pub fn last(&self) -> &str {
        self.frames.last().unwrap()
    }
}

fn captures() -> PathBuf {
    // Relative, so that frames which name the file are the same everywhere; tests run in the package's folder.
    PathBuf::from("captures")
}

impl Scene {
    fn new(capture: Option<PathBuf>, opening: Opening) -> Self {
        Self {
            capture,
            opening,
            size: (80, 24),
            pieces: None,
            after_first: Vec::new(),
            with_second: Vec::new(),
            steps: Vec::new(),
            theme: Theme { colour: true, unicode: true },
            lost: false,
            memory: 0,
            filter: coapscope::filter::Filter::default(),
            files: tui::Files::default(),
            taken: None,
        }
    }

    /// On a capture of the lab.
    pub fn lab(name: &str) -> Self {
        let opening = Opening::Files { names: vec![format!("captures/lab/{name}")], follow: false };
        Self::new(Some(captures().join("lab").join(name)), opening)
    }

    /// On a capture of one's own.
    pub fn file(path: &Path) -> Self {
        Self::called(path, "own.pcap")
    }

    /// The same by a name.
    pub fn called(path: &Path, name: &str) -> Self {
        Self::new(Some(path.to_owned()), Opening::Files { names: vec![name.into()], follow: false })
    }

    /// On the built-in capture.
    pub fn built_in() -> Self {
        let opening = Opening::BuiltIn { live: "sudo coapscope -i eth0".into(), unread: false };
        Self::new(Some(captures().join("lab-session.pcap")), opening)
    }

    /// On an interface on which nothing comes.
    pub fn live() -> Self {
        Self::new(None, live())
    }

    /// On a file of which nothing is known yet.
    pub fn files() -> Self {
        Self::new(None, Opening::Files { names: vec!["x.pcap".into()], follow: false })
    }

    /// The loader tells so much.
    pub fn told(mut self, summary: Summary, ended: Option<Ended>) -> Self {
        self.steps.push(Step::Update(Box::new(Update { summary, ended, ..Update::default() })));
        self
    }

    /// The loader finds this out, and nothing comes.
    pub fn patched(mut self, patch: Patch) -> Self {
        self.steps.push(Step::Update(Box::new(Update { patches: vec![patch], ..Update::default() })));
        self
    }

    /// The loader met so much that is odd, and no frame.
    pub fn warned(mut self, count: u64) -> Self {
        let warning =
            |block: u64| format!("x.pcap: the block at byte {} is damaged; 32 bytes were skipped", 28 + 32 * block);
        let warnings = (0..count).map(warning).collect();
        let update = Update { warnings, ended: Some(Ended::Complete), ..Update::default() };
        self.steps.push(Step::Update(Box::new(update)));
        self
    }

    /// The capture's frames, as if they came from an interface.
    pub fn made_live(mut self) -> Self {
        self.opening = live();
        self
    }

    /// The interface was opened with the default kernel filter or with the user's, and what comes is saved or not.
    pub fn opened(mut self, own: bool, to: Option<&str>) -> Self {
        if let Opening::Live { own_filter, saved_to, .. } = &mut self.opening {
            (*own_filter, *saved_to) = (own, to.map(str::to_owned));
        }
        self
    }

    /// Files that must not be written over, and the folder that `~` stands for.
    pub fn knowing(mut self, in_use: &[Input], home: &Path) -> Self {
        self.files = tui::Files { in_use: InUse::of(in_use), home: Some(home.to_owned()) };
        self
    }

    /// The file is followed.
    pub fn followed(mut self) -> Self {
        if let Opening::Files { follow, .. } = &mut self.opening {
            *follow = true;
        }
        self
    }

    /// Updates of so many records at most.
    pub fn pieces(mut self, records: usize) -> Self {
        self.pieces = Some(records);
        self
    }

    pub fn at(mut self, size: (u16, u16)) -> Self {
        self.size = size;
        self
    }

    pub fn plain(mut self) -> Self {
        self.theme.colour = false;
        self
    }

    pub fn ascii(mut self) -> Self {
        self.theme.unicode = false;
        self
    }

    /// The file goes away once it was read.
    pub fn lose_file(mut self) -> Self {
        self.lost = true;
        self
    }

    /// The oldest messages leave the memory when all take more bytes than this.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Keys by name, blanks between them; single letters may stand together.
    pub fn keys(mut self, keys: &str) -> Self {
        self.steps.extend(keys_of(keys).map(Step::Key));
        self
    }

    /// A text, letter by letter.
    pub fn typed(mut self, text: &str) -> Self {
        let letters = text.chars().map(|letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        self.steps.extend(letters.map(Step::Key));
        self
    }

    /// A text that the terminal tells from keys.
    pub fn pasted(mut self, text: &str) -> Self {
        self.steps.push(Step::Paste(text.to_owned()));
        self
    }

    /// It begins again with what another had looked at.
    pub fn going_on_with(mut self, taken: &str) -> Self {
        self.taken = Some(taken.to_owned());
        self
    }

    /// A filter is in force from the start.
    pub fn filtered(mut self, text: &str) -> Self {
        self.filter = coapscope::filter::Filter::parse(text).unwrap();
        self
    }

    /// Keys between the first piece and the second.
    pub fn keys_after_first(mut self, keys: &str) -> Self {
        self.after_first.extend(keys_of(keys).map(Step::Key));
        self
    }

    /// Keys behind the second piece, before that is drawn.
    pub fn keys_with_second(mut self, keys: &str) -> Self {
        self.with_second.extend(keys_of(keys));
        self
    }

    pub fn resize(mut self, size: (u16, u16)) -> Self {
        self.steps.push(Step::Resize(size.0, size.1));
        self
    }

    pub fn wait(mut self) -> Self {
        self.steps.push(Step::Wait);
        self
    }

    /// Wait until a frame is as wanted.
    pub fn until(mut self, shows: impl Fn(&str) -> bool + 'static) -> Self {
        self.steps.push(Step::Until(Box::new(shows), Instant::now() + PATIENCE));
        self
    }

    /// Play it.
    pub fn run(self) -> Film {
        let (sender, events) = sync_channel(64);
        let (updates, reader, folder) = self.load();
        let mut script: VecDeque<Step> = VecDeque::new();
        let mut after_first = Some(self.after_first);
        let mut with_second = Some(self.with_second).filter(|keys| !keys.is_empty());
        for (place, update) in updates.into_iter().enumerate() {
            script.push_back(match with_second.take_if(|_| place == 1) {
                Some(keys) => Step::Together(Box::new(update), keys),
                None => Step::Update(Box::new(update)),
            });
            script.extend(after_first.take().into_iter().flatten());
        }
        script.extend(self.steps);
        let fetcher = reader.map(|reader| Fetcher::new(reader, false));
        let session = Session {
            opening: self.opening,
            store: Store::with_limit(self.memory),
            fetchers: Box::new(move || fetcher.clone().unwrap_or_else(empty_fetcher)),
            events,
            sender: sender.clone(),
            clock: Instant::now,
            wall: || 0,
            theme: self.theme,
            filter: self.filter,
            times: TimeFormat::Relative,
            parameters: Default::default(),
            files: self.files,
            taken_along: self.taken,
        };
        let camera = Camera {
            inner: TestBackend::new(self.size.0, self.size.1),
            script,
            sender,
            frames: Vec::new(),
            colours: 0,
        };
        let mut terminal = Terminal::new(camera).unwrap();
        let mut surroundings = Nowhere::default();
        let outcome = tui::run(session, &mut terminal, &mut surroundings).unwrap();
        let is_end = matches!(outcome, Outcome::Signal(15) | Outcome::Decode(..) | Outcome::Quit | Outcome::Failed(_));
        assert!(is_end, "{outcome:?}");
        drop(folder);
        let camera = terminal.backend_mut();
        Film {
            styles: styles(camera.inner.buffer()),
            frames: std::mem::take(&mut camera.frames),
            colours: camera.colours,
            copied: surroundings.copied,
            cursor: camera.inner.cursor_position().x,
            outcome,
        }
    }

    /// Reads the capture through, into updates.
    fn load(&self) -> (Vec<Update>, Option<FrameReader>, Option<tempfile::TempDir>) {
        let Some(path) = &self.capture else { return (Vec::new(), None, None) };
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join(path.file_name().unwrap());
        std::fs::copy(path, &copy).unwrap();
        let read = if self.lost { &copy } else { path };
        let opened = capture::open(&Input::Path(read.clone()), folder.path()).unwrap();
        let mut pipeline =
            Pipeline::new(opened.source, PipelineOptions { payloads: true, ..PipelineOptions::default() });
        let mut updates = Vec::new();
        loop {
            let mut update = Update::default();
            let step = match self.pieces {
                Some(frames) => pipeline.step_frames(frames, &mut update),
                None => pipeline.step(&mut update),
            };
            if self.opening.is_followed() {
                update.ended = None;
            }
            // What unpacks a file works beside this, and most of the time has nothing new.
            if step != Stepped::Pending || !update.records.is_empty() {
                updates.push(update);
            }
            if step == Stepped::Ended {
                break;
            }
        }
        if self.lost {
            std::fs::write(&copy, []).unwrap();
        }
        (updates, Some(opened.reader), Some(folder))
    }
}

/// A fetcher over a capture without frames.
fn empty_fetcher() -> Fetcher {
    let path = captures().join("lab").join("02-alarm-plain.pcap");
    let opened = capture::open(&Input::Path(path), Path::new("/var/tmp")).unwrap();
    Fetcher::new(opened.reader, false)
}

fn live() -> Opening {
    Opening::Live {
        interface: "eth0".into(),
        filter: "(udp or tcp) and (portrange 5683-5684 or portrange 61616-61631) or icmp or icmp6".into(),
        own_filter: false,
        rights: "the interface is open; user 1000 without any capability since then".into(),
        saved_to: None,
        wireless: false,
    }
}

/// Surroundings without a process to stop; what is copied is kept.
#[derive(Default)]
struct Nowhere {
    copied: Vec<String>,
}

impl Surroundings for Nowhere {
    fn suspend(&mut self) -> std::io::Result<()> {
        Ok(())
    }
    fn resume(&mut self) -> std::io::Result<()> {
        Ok(())
    }
    fn copy(&mut self, text: &str) -> std::io::Result<()> {
        self.copied.push(text.to_owned());
        Ok(())
    }
}

/// A terminal that keeps every frame, checks it, and then lets the next thing happen.
struct Camera {
    inner: TestBackend,
    script: VecDeque<Step>,
    sender: SyncSender<Event>,
    frames: Vec<String>,
    colours: usize,
}

impl Camera {
    fn shoot(&mut self) {
        let buffer = self.inner.buffer();
        self.colours +=
            buffer.content().iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count();
        let frame = text(buffer);
        check_frame(&frame, buffer.area.width, buffer.area.height);
        self.frames.push(frame);
    }

    fn go_on(&mut self) {
        let event = match self.script.pop_front() {
            Some(Step::Key(key)) => Event::Key(key),
            Some(Step::Paste(text)) => Event::Paste(text),
            Some(Step::Update(update)) => Event::Update(update),
            Some(Step::Together(update, keys)) => {
                self.sender.send(Event::Update(update)).unwrap();
                return keys.into_iter().for_each(|key| self.sender.send(Event::Key(key)).unwrap());
            }
            Some(Step::Resize(width, height)) => {
                self.inner.resize(width, height);
                Event::Resize
            }
            // The answer may have come in the frame of the question.
            Some(Step::Wait)
                if self.frames.last().is_some_and(|frame| {
                    ["looking for", "filtering", "sorting", "saving to"].iter().any(|word| frame.contains(word))
                }) =>
            {
                self.script.push_front(Step::Wait);
                return;
            }
            Some(Step::Until(shows, end))
                if Instant::now() < end && !self.frames.last().is_some_and(|it| shows(it)) =>
            {
                self.script.push_front(Step::Until(shows, end));
                // Where no answer comes, another frame does.
                let sender = self.sender.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(20));
                    let _ = sender.send(Event::Resize);
                });
                return;
            }
            Some(Step::Wait | Step::Until(..)) => return self.go_on(),
            None => Event::End(15),
        };
        self.sender.send(event).unwrap();
    }
}

impl Backend for Camera {
    type Error = Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Result<(), Infallible> {
        self.inner.draw(content)
    }
    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.hide_cursor()
    }
    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.show_cursor()
    }
    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.inner.get_cursor_position()
    }
    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.inner.set_cursor_position(position)
    }
    fn clear(&mut self) -> Result<(), Infallible> {
        self.inner.clear()
    }
    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.inner.clear_region(clear_type)
    }
    fn size(&self) -> Result<Size, Infallible> {
        self.inner.size()
    }
    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.inner.window_size()
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        self.shoot();
        self.go_on();
        Ok(())
    }
}
