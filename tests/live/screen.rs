//! The program in a pseudo-terminal, and when each row was first seen on its screen.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Rows of the terminal, so many that every message fits on the list.
const ROWS: NonZero<u16> = NonZero::new(160).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(120).unwrap();

/// What was seen: each different row, and when first.
#[derive(Default)]
struct Seen {
    rows: HashMap<String, SystemTime>,
    now: String,
}

pub struct Screen {
    pub child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    seen: Arc<Mutex<Seen>>,
    // Closing it hangs up.
    _master: Box<dyn MasterPty + Send>,
}

impl Screen {
    /// Starts a command line in a terminal of its own.
    pub fn start(command: &std::process::Command) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.cwd(env!("CARGO_MANIFEST_DIR"));
        builder.env("TERM", "xterm-256color");
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                builder.env(name, value);
            }
        }
        let child = pair.slave.spawn_command(builder).unwrap();
        // The reader below ends when the last copy of the other end is closed.
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let theirs = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
            let mut bytes = [0; 65536];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                terminal.process(&bytes[..length]);
                let now = SystemTime::now();
                let mut seen = theirs.lock().unwrap();
                seen.now = terminal.screen().contents();
                for row in terminal.screen().rows(0, COLUMNS.get()) {
                    seen.rows.entry(row).or_insert(now);
                }
            }
        });
        Self { child, keys, seen, _master: pair.master }
    }

    /// What stands on it now.
    pub fn text(&self) -> String {
        self.seen.lock().unwrap().now.clone()
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// When a row was first seen that has these words and ends with the last of them.
    pub fn first_with(&self, words: &[&str]) -> Option<SystemTime> {
        let seen = self.seen.lock().unwrap();
        let has = |row: &str| words.iter().all(|word| row.split_whitespace().any(|other| other == *word));
        let last = words.last().copied().unwrap_or_default();
        let rows = seen.rows.iter().filter(|(row, _)| has(row) && row.trim_end().ends_with(last));
        rows.map(|(_, time)| *time).min()
    }

    /// When a row was first seen that shows message `number` (its frame's) with this message ID.
    pub fn first_seen(&self, number: u64, message_id: u64) -> Option<SystemTime> {
        let (number, message_id) = (number.to_string(), message_id.to_string());
        let seen = self.seen.lock().unwrap();
        let rows = seen.rows.iter().filter(|(row, _)| {
            let mut words = row.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
            words.next() == Some(&number) && words.any(|word| word == message_id)
        });
        rows.map(|(_, time)| *time).min()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
