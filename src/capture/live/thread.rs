//! The thread that copies frames from the kernel to the spool, and does nothing else.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};

use pcap::{Active, BreakLoop, Capture, PacketHeader};

use super::LiveCapture;
use super::error::{LiveError, message};
use crate::capture::spool::SpoolWriter;
use crate::frame::LinkType;

/// Frames taken at once before readers are told, even if the kernel has more.
const BATCH: u64 = 4096;

/// Counts of a live capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiveStats {
    /// Frames written to the spool.
    pub frames: u64,
    /// Frames that passed the kernel filter, as the kernel counts them. On the loopback interface, and on `any` for
    /// loopback traffic, it counts each frame twice, leaving and arriving, and libpcap hands over one of the two: no
    /// ratio to `frames` or `dropped` means anything there.
    pub received: u32,
    /// Frames lost because the kernel's buffer was full (counted twice where `received` is).
    pub dropped: u32,
    /// Frames lost by the card or its driver.
    pub if_dropped: u32,
}

/// What the thread and its handle share.
#[derive(Default)]
struct Shared {
    /// Tells the end of a capture that was asked for from one that was not: libpcap does not.
    stopping: AtomicBool,
    frames: AtomicU64,
    received: AtomicU32,
    dropped: AtomicU32,
    if_dropped: AtomicU32,
}

/// A capture that runs. Dropping it stops the capture.
pub struct LiveHandle {
    shared: Arc<Shared>,
    wakeup: BreakLoop,
    thread: Option<JoinHandle<()>>,
}

impl LiveHandle {
    /// Asks the capture to end; what the kernel still holds is let go. Returns at once.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.wakeup.breakloop();
    }

    /// The counts so far.
    pub fn stats(&self) -> LiveStats {
        let shared = &self.shared;
        LiveStats {
            frames: shared.frames.load(Ordering::Relaxed),
            received: shared.received.load(Ordering::Relaxed),
            dropped: shared.dropped.load(Ordering::Relaxed),
            if_dropped: shared.if_dropped.load(Ordering::Relaxed),
        }
    }
}

impl Drop for LiveHandle {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // A panic in there has reached the reader of the spool as an error.
            let _ = thread.join();
        }
    }
}

/// See [`LiveCapture::start`].
pub(super) fn start(
    live: LiveCapture,
    spool: SpoolWriter,
    output: Option<Box<dyn Write + Send>>,
    limit: Option<u64>,
    wake: impl Fn() + Send + 'static,
) -> Result<LiveHandle, LiveError> {
    let LiveCapture { mut capture, device, link, snaplen, .. } = live;
    let failed = |error: io::Error| LiveError::Start { interface: device.name.clone(), message: error.to_string() };
    let mut sinks = Sinks { spool, output, record: Vec::new() };
    sinks.begin(link, snaplen).map_err(failed)?;

    let shared = Arc::new(Shared::default());
    let wakeup = capture.breakloop_handle();
    let theirs = Arc::clone(&shared);
    let name = device.name.clone();
    let thread = Builder::new()
        .name("capture".to_owned())
        .spawn(move || {
            let result = run(&mut capture, &theirs, &mut sinks, limit, &wake);
            match result {
                Ok(()) => drop(sinks),
                Err(error) => {
                    sinks.spool.fail(&io::Error::new(error.kind(), format!("{name}: {error}")));
                }
            }
            wake();
        })
        .map_err(failed)?;
    Ok(LiveHandle { shared, wakeup, thread: Some(thread) })
}

/// Copies until told to stop, until `limit` is reached, or until something fails.
fn run(
    capture: &mut Capture<Active>,
    shared: &Shared,
    sinks: &mut Sinks,
    limit: Option<u64>,
    wake: &impl Fn(),
) -> io::Result<()> {
    let mut taken = 0;
    while !shared.stopping.load(Ordering::SeqCst) {
        let wanted = limit.map_or(BATCH, |limit| BATCH.min(limit.saturating_sub(taken)));
        if wanted == 0 {
            break;
        }
        let before = taken;
        let mut written = Ok(());
        let ended = capture.dispatch(usize::try_from(wanted).ok(), |frame| {
            if written.is_ok() {
                written = sinks.frame(frame.header, frame.data);
                taken += 1;
            }
        });
        written?;
        if taken > before {
            sinks.commit()?;
            shared.frames.store(taken, Ordering::Relaxed);
            count(capture, shared);
            wake();
        }
        if let Err(error) = ended
            && !shared.stopping.load(Ordering::SeqCst)
        {
            return Err(io::Error::other(message(&error)));
        }
    }
    count(capture, shared);
    Ok(())
}

fn count(capture: &mut Capture<Active>, shared: &Shared) {
    // Counts that cannot be had stay as they were.
    if let Ok(stats) = capture.stats() {
        shared.received.store(stats.received, Ordering::Relaxed);
        shared.dropped.store(stats.dropped, Ordering::Relaxed);
        shared.if_dropped.store(stats.if_dropped, Ordering::Relaxed);
    }
}

/// Where the frames go, all of them in the same form.
struct Sinks {
    spool: SpoolWriter,
    output: Option<Box<dyn Write + Send>>,
    record: Vec<u8>,
}

impl Sinks {
    /// Writes the header of a pcap file with nanoseconds, and lets readers see it.
    fn begin(&mut self, link: LinkType, snaplen: u32) -> io::Result<()> {
        const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
        const VERSION: [u8; 4] = [2, 0, 4, 0];
        self.record.extend_from_slice(&MAGIC_NANOSECONDS.to_le_bytes());
        self.record.extend_from_slice(&VERSION);
        self.record.extend_from_slice(&[0; 8]); // time zone and accuracy, by custom
        self.record.extend_from_slice(&snaplen.to_le_bytes());
        self.record.extend_from_slice(&u32::from(link.0).to_le_bytes());
        self.write_record()?;
        self.commit()
    }

    fn frame(&mut self, header: &PacketHeader, bytes: &[u8]) -> io::Result<()> {
        // Nanoseconds in spite of its name where they were asked for, which is on Linux.
        let factor = if cfg!(target_os = "linux") { 1 } else { 1000 };
        let fraction = u32::try_from(header.ts.tv_usec).unwrap_or(0) * factor;
        // 32 bits of seconds, taken as unsigned, last until 2106.
        let seconds = u32::try_from(header.ts.tv_sec).unwrap_or(u32::MAX);
        for field in [seconds, fraction, header.caplen, header.len] {
            self.record.extend_from_slice(&field.to_le_bytes());
        }
        self.record.extend_from_slice(bytes);
        self.write_record()
    }

    fn write_record(&mut self) -> io::Result<()> {
        self.spool.write_all(&self.record)?;
        if let Some(output) = &mut self.output {
            output.write_all(&self.record)?;
        }
        self.record.clear();
        Ok(())
    }

    /// The user's file first: what is shown is also saved.
    fn commit(&mut self) -> io::Result<()> {
        if let Some(output) = &mut self.output {
            output.flush()?;
        }
        self.spool.commit()
    }
}
