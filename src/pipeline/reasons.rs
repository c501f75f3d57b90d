//! Frames that are not CoAP, counted by reason.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::frame::Reason;

/// Distinct ports that are counted each on its own; the rest together.
const PORTS: usize = 256;

/// What is said of fragments that waited for others which came.
const JOINED: &str = "IP fragment, put together with others";

/// Why a frame holds no CoAP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum NotCoap {
    /// It holds no UDP datagram that could be read.
    Frame(Reason),
    /// UDP on a port that is not CoAP's.
    Port(u16),
    /// UDP on one of many other ports.
    OtherPorts,
    /// TCP, by the port that its service is likely to have.
    Tcp(u16),
    /// TCP on one of many other ports.
    OtherTcpPorts,
    /// A DTLS record.
    Dtls,
    /// A STUN message, on a port of CoAP.
    Stun,
    /// ICMP for IP version 4 or 6.
    Icmp(u8),
}

impl fmt::Display for NotCoap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(reason) => reason.fmt(f),
            Self::Port(port) => write!(f, "UDP port {port}"),
            Self::OtherPorts => f.write_str("UDP on other ports"),
            Self::Tcp(port @ 5683) => write!(f, "TCP port {port} (CoAP over TCP is not decoded yet)"),
            Self::Tcp(port @ 5684) => write!(f, "TCP port {port} (CoAP over TLS is not decoded yet)"),
            Self::Tcp(port) => write!(f, "TCP port {port}"),
            Self::OtherTcpPorts => f.write_str("TCP on other ports"),
            Self::Dtls => f.write_str("DTLS (encrypted CoAP)"),
            Self::Stun => f.write_str("STUN"),
            Self::Icmp(4) => f.write_str("ICMP"),
            Self::Icmp(_) => f.write_str("ICMPv6"),
        }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    counts: HashMap<NotCoap, u64>,
    ports: usize,
    /// Fragments that were counted as such, and turned out to be part of a datagram.
    joined: u64,
    changed: bool,
}

impl Reasons {
    pub(super) fn count(&mut self, mut reason: NotCoap) {
        let together = match reason {
            NotCoap::Port(_) => Some(NotCoap::OtherPorts),
            NotCoap::Tcp(_) => Some(NotCoap::OtherTcpPorts),
            _ => None,
        };
        if let Some(together) = together
            && !self.counts.contains_key(&reason)
        {
            if self.ports == PORTS {
                reason = together;
            } else {
                self.ports += 1;
            }
        }
        *self.counts.entry(reason).or_default() += 1;
        self.changed = true;
    }

    /// So many of the fragments that were counted became part of a datagram.
    pub(super) fn set_joined(&mut self, joined: u64) {
        self.joined = joined;
    }

    /// Write the counts as text, if they changed.
    pub(super) fn write(&mut self, into: &mut BTreeMap<String, u64>) {
        if std::mem::take(&mut self.changed) {
            into.clear();
            for (reason, count) in &self.counts {
                let joined = if *reason == NotCoap::Frame(Reason::Fragment) { self.joined.min(*count) } else { 0 };
                for (text, count) in [(reason.to_string(), count - joined), (JOINED.to_owned(), joined)] {
                    if count > 0 {
                        *into.entry(text).or_default() += count;
                    }
                }
            }
        }
    }
}
