//! The terminal taken and given back, and a backend that sends nothing where nothing changed.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{Command, cursor, execute, queue, terminal};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Give the terminal back: the one function for every way out. Doing it twice does no harm.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Each step is tried whatever became of the one before: a terminal that is gone must not keep raw mode on another.
        // What was drawn goes first: a terminal that was made larger meanwhile may keep rows of it among those of the shell.
        let _ = execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            Clear(terminal::ClearType::All),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = terminal::disable_raw_mode();
    }
}

/// Whether the terminal is the screen's at the moment.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Take the terminal: raw mode, alternate screen, no cursor; what is pasted comes as a text, not as keys.
fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

type Hook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync + 'static>;

/// The terminal while it is ours. Dropping it gives the terminal back, and a panic of this thread does so before it is reported.
pub struct Guard {
    earlier: Arc<Mutex<Option<Hook>>>,
}

impl Guard {
    /// Take the terminal; the calling thread is the screen's.
    pub fn take() -> io::Result<Self> {
        let screen = thread::current().id();
        let earlier = Arc::new(Mutex::new(Some(panic::take_hook())));
        let kept = Arc::clone(&earlier);
        panic::set_hook(Box::new(move |info| on_panic(info, screen, &kept)));
        let guard = Self { earlier };
        take()?;
        Ok(guard)
    }
}

/// The screen's own panic is reported on the terminal given back. That of another thread arrives as an event: the screen lives on
/// until it is read, and a report written across it would be lost.
fn on_panic(info: &panic::PanicHookInfo<'_>, screen: ThreadId, earlier: &Mutex<Option<Hook>>) {
    if thread::current().id() != screen && TAKEN.load(Ordering::SeqCst) {
        return;
    }
    give_back();
    if let Ok(hook) = earlier.lock()
        && let Some(hook) = hook.as_ref()
    {
        hook(info);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
        if !thread::panicking()
            && let Ok(mut hook) = self.earlier.lock()
            && let Some(hook) = hook.take()
        {
            panic::set_hook(hook);
        }
    }
}

/// What the screen asks of its surroundings besides drawing.
pub trait Surroundings {
    /// Give the terminal back, stop until somebody continues the process, take it again.
    fn suspend(&mut self) -> io::Result<()>;
    /// The process was stopped without being asked and goes on: take the terminal again.
    fn resume(&mut self) -> io::Result<()>;
    /// Put text on the clipboard.
    fn copy(&mut self, text: &str) -> io::Result<()>;
}

/// A real terminal.
pub struct Tty<F> {
    /// Stops the process.
    pub stop: F,
}

impl<F: FnMut() -> io::Result<()>> Surroundings for Tty<F> {
    fn suspend(&mut self) -> io::Result<()> {
        give_back();
        (self.stop)()?;
        take()
    }

    fn resume(&mut self) -> io::Result<()> {
        // Whoever was at the terminal meanwhile may have changed its modes; crossterm, which does not know, would leave them.
        let _ = terminal::disable_raw_mode();
        take()
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(to_clipboard(text, std::env::var_os("TMUX").is_some()).as_bytes())?;
        out.flush()
    }
}

/// What puts a text on the clipboard: OSC 52, which reaches the machine that the user sits at, over SSH as well. Tmux acts on it by itself
/// only where it is told to; it hands on what is wrapped for the terminal around it, where that is allowed. So it gets both.
fn to_clipboard(text: &str, in_tmux: bool) -> String {
    let mut plain = String::new();
    // A string takes all that is written to it.
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
    if !in_tmux {
        return plain;
    }
    let wrapped = plain.replace('\x1b', "\x1b\x1b");
    format!("{plain}\x1bPtmux;{wrapped}\x1b\\")
}

/// A backend over `W` that wraps each frame in a synchronized update, and sends no byte for a frame that changes nothing.
pub struct Quiet<W: Write> {
    inner: CrosstermBackend<W>,
    /// A frame was begun and is not flushed yet.
    open: bool,
    cursor_shown: bool,
}

impl Quiet<BufWriter<Stdout>> {
    /// The backend of the program.
    pub fn stdout() -> Self {
        Self::new(BufWriter::with_capacity(1 << 16, io::stdout()))
    }
}

impl<W: Write> Quiet<W> {
    /// A backend that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { inner: CrosstermBackend::new(writer), open: false, cursor_shown: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.open {
            self.open = true;
            queue!(self.inner, BeginSynchronizedUpdate)?;
        }
        Ok(())
    }
}

impl<W: Write> Backend for Quiet<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.begin()?;
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.cursor_shown) {
            self.begin()?;
            self.inner.hide_cursor()?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        // Ratatui asks for it at the end once more, and prints where it fails; by then it was shown with all else given back.
        if is_taken() && !std::mem::replace(&mut self.cursor_shown, true) {
            self.begin()?;
            self.inner.show_cursor()?;
        }
        Ok(())
    }

    /// Never asked of the terminal: some do not answer, and the answer would arrive among the keys.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.begin()?;
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.begin()?;
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.begin()?;
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.open) {
            queue!(self.inner, EndSynchronizedUpdate)?;
            return Backend::flush(&mut self.inner);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    /// What reaches the terminal for these cells.
    fn sent(buffer: &Buffer, cells: usize) -> String {
        let mut out = Vec::new();
        let mut backend = Quiet::new(&mut out);
        backend.draw(buffer.content().iter().take(cells).map(|cell| (0, 0, cell))).unwrap();
        backend.hide_cursor().unwrap();
        Backend::flush(&mut backend).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tmux_hands_the_clipboard_on() {
        assert_eq!(to_clipboard("ab", false), "\x1b]52;c;YWI=\x1b\\");
        let both = "\x1b]52;c;YWI=\x1b\\\x1bPtmux;\x1b\x1b]52;c;YWI=\x1b\x1b\\\x1b\\";
        assert_eq!(to_clipboard("ab", true), both);
    }

    #[test]
    fn a_frame_is_synchronized_and_an_unchanged_one_silent() {
        let buffer = Buffer::with_lines(["x"]);
        assert_eq!(buffer.area, Rect::new(0, 0, 1, 1));
        assert_eq!(sent(&buffer, 0), "");
        let frame = sent(&buffer, 1);
        assert!(frame.starts_with("\x1b[?2026h") && frame.contains('x') && frame.ends_with("\x1b[?2026l"), "{frame:?}");
    }
}
