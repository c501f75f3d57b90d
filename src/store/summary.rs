//! What the capture holds besides messages: frames by reason, offers on other ports, progress.

use std::collections::BTreeMap;

use crate::capture::Carrier;
use crate::frame::time_between;
use crate::tracking::Counters;

/// What looks like CoAP on a port that is not one of CoAP's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Datagrams that decode cleanly.
    pub datagrams: u64,
    /// Frame number of the first one.
    pub first_frame: u64,
}

/// Bytes of the messages that came whole, each in one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// How many messages these are.
    pub messages: u64,
    /// Bytes of their frames on the wire.
    pub frames: u64,
    /// Bytes of the messages.
    pub coap: u64,
    /// Bytes of their payloads.
    pub payload: u64,
}

impl Sizes {
    /// Add a message.
    #[inline(always)]
    pub fn add(&mut self, frame: u64, coap: u64, payload: u64) {
        self.messages += 1;
        self.frames += frame;
        self.coap += coap;
        self.payload += payload;
    }

    /// Add what was summed up elsewhere.
    pub fn join(&mut self, other: Self) {
        self.messages += other.messages;
        self.frames += other.frames;
        self.coap += other.coap;
        self.payload += other.payload;
    }
}

/// How far the loader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read of the source.
    pub read: u64,
    /// Bytes in all, where that is known.
    pub total: Option<u64>,
}

/// Counts of everything that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Frames of the capture, all of them.
    pub frames: u64,
    /// Frames that hold a CoAP message.
    pub coap_messages: u64,
    /// What the tracker counted.
    pub counters: Counters,
    /// Bytes of messages, of their payloads and of their frames.
    pub sizes: Sizes,
    /// Findings by severity: chat, note, warn, error.
    pub findings: [u64; 4],
    /// Frames that are not CoAP, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// What looks like CoAP elsewhere, by UDP port.
    pub offers: BTreeMap<u16, Offer>,
    /// Blocks with keys for what is encrypted in the capture.
    pub secrets: u64,
    /// Time of the first and the last frame, nanoseconds since 1970.
    pub first_time: Option<i64>,
    /// Time of the last frame.
    pub last_time: Option<i64>,
    /// A frame has no time, or an earlier one than that before it: how long the capture took is not known.
    pub unsure_times: bool,
    /// Frames that the kernel dropped (live).
    pub dropped: u64,
    /// What the interface can carry at the moment (live).
    pub carrier: Carrier,
    /// How far the loader is.
    pub progress: Progress,
}

impl Summary {
    /// Nanoseconds from the first frame to the last; None where a time is missing, or goes back on the way.
    pub fn duration(&self) -> Option<i64> {
        let (first, last) = self.first_time.zip(self.last_time).filter(|_| !self.unsure_times)?;
        time_between(first, last)
    }
}
