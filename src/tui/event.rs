//! What reaches the screen, all of it through one channel: keys, sizes, signals, updates, what workers found.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crossterm::event::{self, KeyEvent, KeyEventKind};

use super::filter_bar::Filtered;
use super::find::Found;
use super::job::Saved;
use super::judging::Judged;
use super::tables::Ordered;
use crate::store::Update;

/// How many events may wait. An update holds up to a thousand records or so: few of them may stand between a key and its answer.
const WAITING: usize = 2;

/// Something happened outside.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// A signal came that ends the program, this one.
    End(i32),
    /// SIGTSTP came: give the terminal back and stop.
    Stop,
    /// SIGCONT came: take the terminal again.
    GoOn,
    /// The loader sends records.
    Update(Box<Update>),
    /// The find worker answers.
    Found(Found),
    /// A worker put a table in order.
    Ordered(Ordered),
    /// A worker has looked for findings.
    Judged(Box<Judged>),
    /// A worker has saved a file, or could not.
    Saved(Saved),
    /// The filter's worker answers.
    Filtered(Filtered),
    /// The keyboard is gone: one line why.
    KeyboardGone(String),
}

/// Where events are sent.
pub type Sender = SyncSender<Event>;

/// The channel of the screen.
pub fn channel() -> (Sender, Receiver<Event>) {
    sync_channel(WAITING)
}

/// Read the keyboard in a thread of its own until the screen is gone.
pub fn spawn_keyboard(events: Sender) -> std::io::Result<()> {
    thread::Builder::new().name("keyboard".into()).spawn(move || {
        loop {
            let event = match event::read() {
                Ok(event::Event::Key(key)) if key.kind != KeyEventKind::Release => Event::Key(key),
                Ok(event::Event::Paste(text)) => Event::Paste(text),
                Ok(event::Event::Resize(..)) => Event::Resize,
                Ok(_) => continue,
                Err(error) => {
                    let _ = events.send(Event::KeyboardGone(error.to_string()));
                    return;
                }
            };
            if events.send(event).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}
