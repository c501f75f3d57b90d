//! A program in a pseudo-terminal, and what its terminal shows.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
    raw: Vec<u8>,
    /// Modes of the terminal before the program was started.
    pub before: String,
    master: Box<dyn MasterPty + Send>,
    // Kept open, so that the modes can be read after the program has ended.
    _slave: Box<dyn portable_pty::SlavePty + Send>,
}

impl Pty {
    pub fn start(command: CommandBuilder) -> Self {
        Self::start_on(command, "xterm-256color", "C.UTF-8")
    }

    /// On a terminal of this type, in this locale.
    pub fn start_on(mut command: CommandBuilder, terminal: &str, locale: &str) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.env("TERM", terminal);
        command.env("LC_ALL", locale);
        // A report of a panic fits on it.
        command.env("RUST_BACKTRACE", "0");
        let before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 1 << 16];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
        Self { child, keys, output, terminal, raw: Vec::new(), before, master: pair.master, _slave: pair.slave }
    }

    /// Waits until the terminal shows what is wanted.
    pub fn wait_for(&mut self, what: &str, shown: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !shown(self.terminal.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(self.more_within(left), "waited in vain for {what}; the terminal shows\n{}", self.text());
        }
    }

    /// Takes in what comes next; false where nothing comes in that time.
    pub fn more_within(&mut self, time: Duration) -> bool {
        let Ok(bytes) = self.output.recv_timeout(time) else { return false };
        self.terminal.process(&bytes);
        self.raw.extend(bytes);
        true
    }

    /// Presses keys, and tells after how long a whole frame came that shows something else below the title; `None` where none came in time.
    /// The title counts what is read, whatever the user does.
    pub fn answer_to(&mut self, keys: &str, time: Duration) -> Option<Duration> {
        while self.more_within(Duration::ZERO) {}
        let below =
            |terminal: &vt100::Parser| terminal.screen().rows_formatted(0, COLUMNS.get()).skip(1).collect::<Vec<_>>();
        let before = below(&self.terminal);
        let pressed = Instant::now();
        self.press(keys);
        while let Some(left) = time.checked_sub(pressed.elapsed()) {
            let bytes = self.output.recv_timeout(left).ok()?;
            let came = pressed.elapsed();
            self.terminal.process(&bytes);
            self.raw.extend(bytes);
            if self.raw.ends_with(b"\x1b[?2026l") && below(&self.terminal) != before {
                return Some(came);
            }
        }
        None
    }

    /// The process in it.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn wait_for_end(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "the program does not end; the terminal shows\n{}", self.text());
            // What it writes wakes us; its end does not.
            self.more_within(Duration::from_millis(10));
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn send(&mut self, signal: Signal) {
        kill(Pid::from_raw(self.child.process_id().unwrap() as i32), signal).unwrap();
    }

    /// Modes of the terminal, to be compared.
    pub fn modes(&self) -> String {
        modes(&*self.master)
    }

    pub fn text(&self) -> String {
        self.terminal.screen().contents()
    }

    /// All bytes that came.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
}

fn modes(master: &dyn MasterPty) -> String {
    let modes = master.get_termios().unwrap();
    format!("{:?} {:?} {:?}", modes.local_flags, modes.input_flags, modes.output_flags)
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
