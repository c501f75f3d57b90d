//! A live capture, opened in the order that safety asks for: the device, then the user's own rights, then files and threads.

use std::cell::Cell;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::input;
use super::{InputArgs, ReadingArgs};
use crate::capture;
use crate::capture::live::{self, Device, LiveError, LiveHandle, LiveOptions, Output};
use crate::capture::spool::{Spool, SpoolReader, SpoolWriter};
use crate::capture::{Carrier, Opened};
use crate::pipeline::LoaderOptions;
use crate::privilege::{self, Identity};

/// An interface that is being captured on.
pub struct Live {
    /// What it captures, as it grows.
    pub opened: Opened,
    /// Stops it and counts it.
    pub handle: Arc<LiveHandle>,
    /// The interface.
    pub device: Device,
    /// The kernel filter in force.
    pub filter: String,
    /// Who the program is since it gave up its rights.
    pub identity: Identity,
}

/// What is opened with the user's own rights.
struct Files {
    writer: SpoolWriter,
    reader: SpoolReader,
    output: Option<Output>,
}

/// Open the interface, give up all rights, then start to capture. No thread may run before. `is_savable`: it can be saved when it has ended.
///
/// # Errors
/// One line that says what, which interface or file, why, and what to do.
pub fn open(interface: &str, input: &InputArgs, reading: &ReadingArgs, is_savable: bool) -> anyhow::Result<Live> {
    let mut options = LiveOptions::new(interface, input::port_ranges(reading)?);
    options.filter.clone_from(&input.filter);
    options.is_savable = is_savable;
    let capture = live::open(&options).map_err(|error| typed(error, env::args_os().skip(1)))?;
    let (device, filter) = (capture.device().clone(), capture.filter().to_owned());
    let (files, identity) =
        privilege::drop_rights::<_, anyhow::Error>(|| files(input.write.as_deref(), &reading.spool))?;
    let handle = Arc::new(capture.start(files.writer, files.output, input.count)?);
    let opened = capture::open_spool(files.reader, &device.name);
    Ok(Live { opened, handle, device, filter, identity })
}

/// The same error, in whose advice nothing is forgotten of what was typed.
fn typed(mut error: LiveError, arguments: impl Iterator<Item = OsString>) -> LiveError {
    if let LiveError::Permission { command, .. } = &mut error {
        *command = arguments
            .fold(live::sudo_name(), |line, word| format!("{line} {}", capture::quoted(&word.to_string_lossy())));
    }
    error
}

fn files(output: Option<&Path>, spool: &Path) -> anyhow::Result<Files> {
    let (writer, reader) = Spool::create(spool).map_err(|error| {
        anyhow::anyhow!(
            "{}: the working copy of the capture cannot be written there: {error}; choose another folder with --spool",
            spool.display()
        )
    })?;
    let output = output.map(create).transpose()?;
    Ok(Files { writer, reader, output })
}

/// The file of `-w`; `-` is standard output.
fn create(path: &Path) -> anyhow::Result<Output> {
    if path == Path::new("-") {
        anyhow::bail!("-w -: frames and text cannot share standard output; name a file");
    }
    Output::create(path)
        .map_err(|error| anyhow::anyhow!("{}: cannot be written: {error}; name another file with -w", path.display()))
}

/// Ends a capture when it is dropped, whoever else still holds its handle.
pub struct Running(pub Arc<LiveHandle>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// End the capture at Ctrl-C and its kin: what was captured until then is shown, and the program ends as if the capture had. Asked a
/// second time the program ends at once: the capture may be kept by a pipe behind `-w` that nobody reads.
///
/// # Errors
/// Where the system has no thread left.
pub fn stop_at_signals(handle: &Arc<LiveHandle>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    // Whoever starts it with `nohup` wants it to outlive the terminal. SIGINT is ignored, too, in what a script starts in the background.
    let hangup = Some(SIGHUP).filter(|signal| !crate::signals::is_ignored(*signal));
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM].iter().chain(&hangup))?;
    let handle = Arc::downgrade(handle);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let mut asked = false;
        for signal in signals.forever() {
            match handle.upgrade() {
                Some(handle) if !asked => handle.stop(),
                _ => drop(crate::signals::end_by(signal)),
            }
            asked = true;
        }
    })?;
    Ok(())
}

/// What the loader of a live capture needs: what waits for an answer grows older though nothing comes, what the kernel drops is counted, and
/// whether the interface can carry anything is looked for.
pub fn loading(handle: &Arc<LiveHandle>, interface: &str) -> LoaderOptions {
    let handle = Arc::clone(handle);
    LoaderOptions {
        clock: Some(clock),
        dropped: Some(Box::new(move || u64::from(handle.stats().dropped))),
        carrier: Some(Box::new(carrier(interface.to_owned()))),
    }
}

/// Asks for what an interface can carry, once a second.
fn carrier(interface: String) -> impl Fn() -> Carrier + Send {
    const BETWEEN: Duration = Duration::from_secs(1);
    let known = Cell::new((None::<Instant>, Carrier::Up));
    move || {
        let (asked, before) = known.get();
        if asked.is_some_and(|asked| asked.elapsed() < BETWEEN) {
            return before;
        }
        // That it is gone is told by the capture, which ends by that.
        let now = Carrier::of(&interface).unwrap_or(before);
        known.set((Some(Instant::now()), now));
        now
    }
}

/// Reads the clock for the loader: nanoseconds since 1970.
fn clock() -> i64 {
    chrono::Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_has_what_was_typed() {
        let error = LiveError::Permission {
            interface: "eth0".into(),
            root: false,
            command: "coapscope -i eth0".into(),
            program: "/usr/bin/coapscope".into(),
        };
        let words = ["print", "-i", "eth0", "-w", "my file", "-Y", "coap.code == 1"].map(OsString::from);
        let said = typed(error, words.into_iter()).to_string();
        assert!(said.contains(" print -i eth0 -w 'my file' -Y 'coap.code == 1'\","), "{said}");
    }
}
