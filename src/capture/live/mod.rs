//! Live interfaces, through libpcap: list them, open one, and copy its frames to a spool.
//!
//! The order of things under `sudo`: [`open`] with the rights that it takes, give them up, create the spool, and only
//! then [`LiveCapture::start`], which starts the first thread (rights are given up thread by thread).
//!
//! Two habits of libpcap shape this. In its immediate mode every slot of the ring is as large as the snapshot length,
//! so that a burst of two dozen frames fills it; here it is off, and the kernel hands frames over in blocks, at the
//! latest every [`TIMEOUT_MS`]. And a read on a quiet interface never comes back; so it has a thread of its own, which
//! a break handle wakes.

mod abi;
mod devices;
mod error;
mod filter;
mod output;
mod thread;

pub use devices::{Access, Device, devices};
pub use error::LiveError;
pub use filter::kernel_filter;
pub use output::Output;
pub use thread::{LiveHandle, LiveStats};

use std::ops::RangeInclusive;
use std::path::Path;

use pcap::{Active, Capture, Linktype};

use super::Carrier;
use super::spool::SpoolWriter;
use crate::frame::LinkType;
use error::{Trouble, message, trouble};

/// After how many milliseconds the kernel hands over a block that is not full.
pub const TIMEOUT_MS: i32 = 20;

/// Largest snapshot length that libpcap takes, and the default: no frame is cut.
pub const MAX_SNAPLEN: u32 = 262_144;

/// Kernel buffer by default, in bytes: room for a burst of tens of thousands of messages.
pub const DEFAULT_BUFFER: u32 = 16 * 1024 * 1024;

/// What to capture, and how.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// The interface's name, `any`, or its number in [`devices`] (from 1).
    pub interface: String,
    /// The user's kernel filter; none means [`kernel_filter`] on `ports`, an empty one means everything.
    pub filter: Option<String>,
    /// The ports that are taken for CoAP.
    pub ports: Vec<RangeInclusive<u16>>,
    /// Bytes kept of a frame, at most [`MAX_SNAPLEN`].
    pub snaplen: u32,
    /// Whether the card is asked for frames to other stations too.
    pub promiscuous: bool,
    /// Kernel buffer in bytes.
    pub buffer: u32,
    /// Whoever looks at the capture can save it yet when it has ended: an error that ends it says so.
    pub is_savable: bool,
}

impl LiveOptions {
    /// The defaults, for `interface` and CoAP on `ports`.
    pub fn new(interface: impl Into<String>, ports: Vec<RangeInclusive<u16>>) -> Self {
        Self {
            interface: interface.into(),
            filter: None,
            ports,
            snaplen: MAX_SNAPLEN,
            promiscuous: true,
            buffer: DEFAULT_BUFFER,
            is_savable: false,
        }
    }
}

/// An interface that is open, its filter set; the kernel gathers frames from here on.
pub struct LiveCapture {
    capture: Capture<Active>,
    device: Device,
    link: LinkType,
    filter: String,
    snaplen: u32,
    is_savable: bool,
}

/// Opens an interface and sets its kernel filter. Starts no thread.
///
/// # Errors
/// See [`LiveError`]: no permission, no such interface, an interface that is down, a filter libpcap does not take.
pub fn open(options: &LiveOptions) -> Result<LiveCapture, LiveError> {
    check_lengths(options)?;
    if !abi::time_has_the_same_width() {
        return Err(LiveError::TimeWidth);
    }
    let device = find(&options.interface);
    let mut capture = activate(options, &device.name)?;
    let link = prefer_interfaces(&mut capture);
    let filter = match &options.filter {
        Some(filter) => filter.clone(),
        None => kernel_filter(link, &options.ports),
    };
    if let Err(error) = capture.filter(&filter, true) {
        return Err(refused_filter(&capture, filter, &message(&error)));
    }
    Ok(LiveCapture { capture, device, link, filter, snaplen: options.snaplen, is_savable: options.is_savable })
}

/// libpcap takes signed numbers, and silently makes something else of lengths it does not like.
fn check_lengths(options: &LiveOptions) -> Result<(), LiveError> {
    for (what, value, most) in
        [("snapshot length", options.snaplen, MAX_SNAPLEN), ("buffer", options.buffer, i32::MAX.unsigned_abs())]
    {
        if value == 0 || value > most {
            return Err(LiveError::Length { what, value, most });
        }
    }
    Ok(())
}

/// What is known of the interface called `wanted`, or with that number; of one not listed, only its name.
fn find(wanted: &str) -> Device {
    let mut devices = devices().unwrap_or_default();
    let named = devices.iter().position(|device| device.name == wanted);
    let numbered = || wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match named.or_else(numbered) {
        Some(index) if index < devices.len() => devices.swap_remove(index),
        _ => Device {
            name: wanted.to_owned(),
            description: None,
            addresses: Vec::new(),
            up: false,
            loopback: false,
            wireless: false,
        },
    }
}

fn activate(options: &LiveOptions, name: &str) -> Result<Capture<Active>, LiveError> {
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let inactive = Capture::from_device(name).map_err(|error| explain(name, &message(&error)))?;
    let inactive = inactive
        .snaplen(number(options.snaplen))
        .buffer_size(number(options.buffer))
        .timeout(TIMEOUT_MS)
        .immediate_mode(false)
        .promisc(options.promiscuous);
    // Elsewhere libpcap may refuse nanoseconds, and the crate does not tell.
    #[cfg(target_os = "linux")]
    let inactive = inactive.precision(pcap::Precision::Nano);
    inactive.open().map_err(|error| explain(name, &message(&error)))
}

/// The error behind libpcap's words. Without permission libpcap says so of interfaces that do not exist, too.
fn explain(name: &str, text: &str) -> LiveError {
    let interface = name.to_owned();
    let trouble = trouble(text);
    let available = devices::names_like(name);
    let missing = !available.is_empty() && !available.iter().any(|known| known == name);
    match trouble {
        Trouble::Missing => LiveError::Unknown { interface, available },
        Trouble::Permission if missing => LiveError::Unknown { interface, available },
        Trouble::Permission if Carrier::of(name) == Some(Carrier::Down) => LiveError::Down { interface },
        Trouble::Permission => LiveError::Permission {
            interface,
            root: runs_as_root(),
            command: format!("{} -i {name}", sudo_name()),
            program: program().unwrap_or_else(|| NAME.to_owned()),
        },
        Trouble::Down => LiveError::Down { interface },
        Trouble::Other => LiveError::Other { interface, message: text.to_owned() },
    }
}

const NAME: &str = "coapscope";

/// The file of the running program.
fn program() -> Option<String> {
    Some(std::env::current_exe().ok()?.display().to_string())
}

/// How to call this program under `sudo`: by its name alone only where `sudo` looks for programs.
pub fn sudo_name() -> String {
    const SEARCHED: &[&str] = &["/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"];
    match program() {
        Some(path) if SEARCHED.iter().any(|folder| path.strip_prefix(folder) == Some(NAME)) => NAME.to_owned(),
        Some(path) => path,
        None => NAME.to_owned(),
    }
}

/// A process's own entry belongs to its effective user.
fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|entry| entry.uid() == 0)
}

/// On `any`, version 2 of the cooked header says which interface a frame was seen on; version 1 does not.
fn prefer_interfaces(capture: &mut Capture<Active>) -> LinkType {
    const SLL: i32 = 113;
    const SLL2: i32 = 276;
    if capture.get_datalink() == Linktype(SLL)
        && capture.list_datalinks().is_ok_and(|links| links.contains(&Linktype(SLL2)))
    {
        // Version 1 will do where this fails.
        let _ = capture.set_datalink(Linktype(SLL2));
    }
    savefile_number(capture.get_datalink().0)
}

/// The number that savefiles use for a link type, where it is not libpcap's own: raw IP, whose own number differs from
/// system to system.
fn savefile_number(link: i32) -> LinkType {
    LinkType(match link {
        12 | 14 => 101,
        other => u16::try_from(other).unwrap_or(u16::MAX),
    })
}

/// libpcap names no place in a syntax error: find the longest row of words that it takes.
fn refused_filter(capture: &Capture<Active>, filter: String, text: &str) -> LiveError {
    let understood = text.contains("syntax error").then(|| {
        let ends = filter.match_indices(char::is_whitespace).map(|(index, _)| index);
        let mut starts: Vec<&str> = ends.filter_map(|end| filter.get(..end)).collect();
        starts.reverse();
        let longest = starts.into_iter().find(|start| capture.compile(start, false).is_ok());
        longest.unwrap_or_default().trim().to_owned()
    });
    LiveError::Filter { filter, message: text.to_owned(), understood }
}

impl LiveCapture {
    /// The interface.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Link type of its frames, as savefiles number it.
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// The kernel filter in force.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Starts the thread that copies frames to `spool` as a pcap with nanoseconds, and beside it to `output` (`-w`).
    ///
    /// It stops by [`LiveHandle::stop`], after `limit` frames, when the interface goes away, or when one of the two
    /// cannot be written; a reader of the spool then meets the end, or the error.
    ///
    /// # Errors
    /// [`LiveError::Start`] where the spool or `output` cannot be begun, or the thread not be started.
    pub fn start(
        self,
        spool: SpoolWriter,
        output: Option<Output>,
        limit: Option<u64>,
    ) -> Result<LiveHandle, LiveError> {
        thread::start(self, spool, output, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(options: &LiveOptions, expected: &[&str]) {
        let error = open(options).err().expect("an error").to_string();
        for part in expected {
            assert!(error.contains(part), "{part:?} is missing in: {error}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let options = |interface: &str| LiveOptions::new(interface, vec![5683..=5683]);
        check(&options("nosuch0"), &["nosuch0", "there is no such interface"]);
        check(&options("99"), &["99", "there is no such interface"]);
        check(&LiveOptions { snaplen: 0, ..options("lo") }, &["snapshot length 0", "1 to 262144"]);
        check(&LiveOptions { buffer: u32::MAX, ..options("lo") }, &["buffer"]);
    }

    #[test]
    fn raw_ip_has_one_number() {
        for (given, expected) in [(12, 101), (14, 101), (101, 101), (1, 1), (276, 276), (-1, u16::MAX)] {
            assert_eq!(savefile_number(given), LinkType(expected));
        }
    }
}
