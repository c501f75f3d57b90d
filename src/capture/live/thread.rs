//! The thread that copies frames from the kernel to the spool, and does nothing else.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::Builder;
use std::time::{Duration, Instant, SystemTime};

use pcap::{Active, BreakLoop, Capture, PacketHeader};

use super::error::{LiveError, message};
use super::{LiveCapture, Output, TIMEOUT_MS};
use crate::capture::spool::SpoolWriter;
use crate::capture::{PcapWriter, STILL_SAVABLE};

/// Frames taken at once before readers are told, even if the kernel has more.
const BATCH: u64 = 4096;

/// How long an end waits for files to be closed; who reads a pipe behind `-w` may have stopped to.
const CLOSING: Duration = Duration::from_secs(1);

/// How long an end waits for frames that had come by then: the kernel holds a block that is not full back, at the longest half of this.
const DRAINING: Duration = Duration::from_millis(2 * TIMEOUT_MS as u64);

/// Between two looks at whether the kernel has handed over what it held.
const LOOK: Duration = Duration::from_millis(5);

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

/// A capture that runs. Dropping it ends the capture, as [`LiveHandle::finish`] does.
pub struct LiveHandle {
    shared: Arc<Shared>,
    wakeup: BreakLoop,
    /// Closed when the thread has ended.
    ended: Mutex<Receiver<()>>,
}

impl LiveHandle {
    /// Asks the capture to end with the frames that have come so far. Returns at once.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.wakeup.breakloop();
    }

    /// Ends the capture and waits until its files are written, a second at most.
    pub fn finish(&self) {
        self.stop();
        if let Ok(ended) = self.ended.lock() {
            // Nothing is ever sent. A panic in there has reached the reader of the spool as an error.
            let _ = ended.recv_timeout(CLOSING);
        }
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
        self.finish();
    }
}

/// See [`LiveCapture::start`].
pub(super) fn start(
    live: LiveCapture,
    spool: SpoolWriter,
    output: Option<Output>,
    limit: Option<u64>,
) -> Result<LiveHandle, LiveError> {
    let name = live.device.name.clone();
    let failed = |error: io::Error| LiveError::Start { interface: name.clone(), message: error.to_string() };
    let mut sinks = Sinks::begin(&live, spool, output).map_err(failed)?;
    let LiveCapture { mut capture, device, .. } = live;

    let shared = Arc::new(Shared::default());
    let wakeup = capture.breakloop_handle();
    let theirs = Arc::clone(&shared);
    let (running, ended) = channel::<()>();
    Builder::new()
        .name("capture".to_owned())
        .spawn(move || {
            let mut room = Room { taken: 0, limit };
            let result = run(&mut capture, &theirs, &mut sinks, &mut room);
            let result = drain(capture, &theirs, &mut sinks, &mut room).and(result);
            match result {
                Ok(()) => drop(sinks),
                Err(error) => sinks.fail(&error, &device.name),
            }
            drop(running);
        })
        .map_err(failed)?;
    Ok(LiveHandle { shared, wakeup, ended: Mutex::new(ended) })
}

/// How many frames were taken, and may be.
struct Room {
    taken: u64,
    limit: Option<u64>,
}

impl Room {
    /// Frames that may be taken at once; none where there are enough.
    fn batch(&self) -> Option<usize> {
        let left = self.limit.map_or(BATCH, |limit| BATCH.min(limit.saturating_sub(self.taken)));
        usize::try_from(left).ok().filter(|left| *left > 0)
    }
}

/// Copies until told to stop, until the limit is reached, or until something fails.
fn run(capture: &mut Capture<Active>, shared: &Shared, sinks: &mut Sinks, room: &mut Room) -> io::Result<()> {
    while !shared.stopping.load(Ordering::SeqCst) {
        let Some(batch) = room.batch() else { break };
        if let Err(error) = take(capture, shared, sinks, room, batch)?
            && !shared.stopping.load(Ordering::SeqCst)
        {
            return Err(io::Error::other(message(&error)));
        }
    }
    count(capture, shared);
    Ok(())
}

/// Copies what had come when the capture ended and the kernel has not handed over: a block that is not full waits there for its time.
fn drain(capture: Capture<Active>, shared: &Shared, sinks: &mut Sinks, room: &mut Room) -> io::Result<()> {
    // Where the system cannot do it, no more can be had.
    let Ok(mut capture) = capture.setnonblock() else { return Ok(()) };
    let (ended, deadline) = (SystemTime::now(), Instant::now() + DRAINING);
    sinks.until =
        ended.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_nanos()).ok());
    while !sinks.is_past
        && let Some(batch) = room.batch()
    {
        let before = room.taken;
        // The first is the break that ended the capture; an interface that is gone may have left frames behind.
        let _ = take(&mut capture, shared, sinks, room, batch)?;
        // Whatever still comes: where the clock was set back, nothing is later than the end.
        if Instant::now() >= deadline + if room.taken == before { Duration::ZERO } else { CLOSING } {
            break;
        }
        if room.taken == before {
            std::thread::sleep(LOOK);
        }
    }
    count(&mut capture, shared);
    Ok(())
}

/// Copies frames that are there. The inner error is the capture's, the outer one that of a file.
fn take(
    capture: &mut Capture<Active>,
    shared: &Shared,
    sinks: &mut Sinks,
    room: &mut Room,
    batch: usize,
) -> io::Result<Result<usize, pcap::Error>> {
    let before = room.taken;
    let mut written = Ok(());
    let ended = capture.dispatch(Some(batch), |frame| {
        if written.is_ok() && sinks.is_wanted(frame.header) {
            written = sinks.frame(frame.header, frame.data);
            room.taken += 1;
        }
    });
    if room.taken > before && written.is_ok() {
        // Whoever sees the frames finds them counted.
        shared.frames.store(room.taken, Ordering::Relaxed);
        count(capture, shared);
        written = sinks.commit();
    }
    if written.is_err() {
        // There is no room in a file that cannot be written.
        room.limit = Some(0);
    }
    written.map(|()| ended)
}

fn count(capture: &mut Capture<Active>, shared: &Shared) {
    // Counts that cannot be had stay as they were.
    if let Ok(stats) = capture.stats() {
        shared.received.store(stats.received, Ordering::Relaxed);
        shared.dropped.store(stats.dropped, Ordering::Relaxed);
        shared.if_dropped.store(stats.if_dropped, Ordering::Relaxed);
    }
}

/// When a frame was captured, in nanoseconds since 1970.
fn time(header: &PacketHeader) -> i64 {
    // The fraction is nanoseconds in spite of its name where they were asked for, which is on Linux.
    let unit = if cfg!(target_os = "linux") { 1 } else { 1000 };
    #[allow(clippy::useless_conversion, reason = "both are narrower on 32-bit systems")]
    let (seconds, fraction) = (i64::from(header.ts.tv_sec), i64::from(header.ts.tv_usec));
    seconds.saturating_mul(1_000_000_000).saturating_add(fraction.saturating_mul(unit))
}

/// Bytes of frames that go to the files at once, at the most, unless one has more by itself.
const GATHERED: usize = 32 << 10;

/// Where the frames go.
struct Sinks {
    spool: PcapWriter<SpoolWriter>,
    output: Option<PcapWriter<Output>>,
    /// When the capture ended, in nanoseconds since 1970: what came later is not wanted.
    until: Option<i64>,
    /// Something came later.
    is_past: bool,
    /// Bytes of frames that may not be in the files yet.
    gathered: usize,
    /// Where the frames are that came before an error, to be said behind it.
    kept: String,
}

impl Sinks {
    /// Begins both, and lets readers see that.
    fn begin(live: &LiveCapture, spool: SpoolWriter, output: Option<Output>) -> io::Result<Self> {
        let kept = match &output {
            Some(output) => format!("; what was captured before is kept in {}", output.name()),
            None if live.is_savable => STILL_SAVABLE.to_owned(),
            None => String::new(),
        };
        let way = format!("; choose another folder with --spool{kept}");
        let spool = spool.blaming("the working copy of the capture cannot be written: ", way);
        let begun = PcapWriter::new(spool, live.link, live.snaplen)?;
        let output = output.map(|output| PcapWriter::new(output, live.link, live.snaplen)).transpose()?;
        let mut sinks = Self { spool: begun, output, until: None, is_past: false, gathered: 0, kept };
        sinks.commit()?;
        sinks.output.iter_mut().for_each(|output| output.get_mut().keep());
        Ok(sinks)
    }

    /// Whether a frame came before the capture ended. Processors do not hand theirs over in one order.
    fn is_wanted(&mut self, header: &PacketHeader) -> bool {
        let is_later = self.until.is_some_and(|until| time(header) > until);
        self.is_past |= is_later;
        !is_later
    }

    fn frame(&mut self, header: &PacketHeader, bytes: &[u8]) -> io::Result<()> {
        // The user's file has it all when the working copy turns out to be full.
        if self.gathered + bytes.len() > GATHERED {
            self.commit()?;
        }
        self.gathered += bytes.len();
        let time = time(header);
        if let Some(output) = &mut self.output {
            output.record(time, header.len, bytes)?;
        }
        self.spool.record(time, header.len, bytes)
    }

    /// The user's file first: what is shown is also saved.
    fn commit(&mut self) -> io::Result<()> {
        self.gathered = 0;
        if let Some(output) = &mut self.output {
            output.flush()?;
        }
        self.spool.flush()
    }

    /// Ends the spool with the reason, behind the last whole frame, and says where the frames are that came before.
    fn fail(mut self, error: &io::Error, interface: &str) {
        // What came before the reason belongs into the file, too. That it cannot be written is said instead of the reason, if it is not that.
        let saved = self.output.as_mut().map_or(Ok(()), PcapWriter::flush);
        let error = saved.as_ref().err().unwrap_or(error);
        let lacks = self.output.is_some_and(|mut output| output.get_mut().has_failed());
        let kept = if lacks { "" } else { &self.kept };
        let error = io::Error::new(error.kind(), format!("{interface}: {error}{kept}"));
        self.spool.into_inner().fail(&error);
    }
}
