//! What can go wrong with a live capture, each as one line that says what and the way out.

use std::fmt;

/// Why an interface could not be opened, or could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveError {
    /// This process may not capture.
    Permission {
        /// The interface asked for.
        interface: String,
        /// Whether it runs as root already, so that `sudo` does not help.
        root: bool,
        /// What to call under `sudo`: this program, see [`super::sudo_name`], and its arguments.
        command: String,
        /// The running program's file, for the line that gives it the right for good.
        program: String,
    },
    /// There is no such interface.
    Unknown {
        /// The interface asked for.
        interface: String,
        /// Those there are, the likeliest first.
        available: Vec<String>,
    },
    /// The interface is there but switched off.
    Down {
        /// The interface asked for.
        interface: String,
    },
    /// libpcap does not take the filter.
    Filter {
        /// The filter as given.
        filter: String,
        /// What libpcap says.
        message: String,
        /// The longest start of the filter that libpcap takes, where the message itself names no place.
        understood: Option<String>,
    },
    /// A length outside what libpcap takes.
    Length {
        /// Which: "snapshot length" or "buffer".
        what: &'static str,
        /// The value asked for.
        value: u32,
        /// The largest value possible.
        most: u32,
    },
    /// This is a 32-bit system whose libpcap counts time in 64 bits; frames would be read wrongly.
    TimeWidth,
    /// The thread that captures could not be started, or the spool not begun.
    Start {
        /// The interface asked for.
        interface: String,
        /// What the system says.
        message: String,
    },
    /// Anything else that libpcap complains of.
    Other {
        /// The interface, or "interfaces" for the list of all.
        interface: String,
        /// What libpcap says.
        message: String,
    },
}

impl std::error::Error for LiveError {}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission { interface, root: false, command, program } => write!(
                f,
                "cannot capture on {interface}: no permission; run \"sudo {command}\", \
                 or allow it for good with \"sudo setcap cap_net_raw=ep {program}\", \
                 or read a capture with \"coapscope -r FILE\""
            ),
            Self::Permission { interface, root: true, .. } => write!(
                f,
                "cannot capture on {interface}: no permission, although this is root; a container must be started \
                 with CAP_NET_RAW; or read a capture with \"coapscope -r FILE\""
            ),
            Self::Unknown { interface, available } if available.is_empty() => write!(
                f,
                "cannot capture on {interface}: there is no such interface, and no other; \
                 read a capture with \"coapscope -r FILE\""
            ),
            Self::Unknown { interface, available } => write!(
                f,
                "cannot capture on {interface}: there is no such interface; there are {} (see \"coapscope -D\")",
                available.join(", ")
            ),
            Self::Down { interface } => write!(
                f,
                "cannot capture on {interface}: the interface is down; \
                 switch it on with \"sudo ip link set {interface} up\""
            ),
            Self::Filter { filter, message, understood } => {
                write!(f, "kernel filter \"{filter}\": {message}")?;
                match understood.as_deref() {
                    Some("") => write!(f, ", at its start")?,
                    Some(part) => write!(f, ", after \"{part}\"")?,
                    None => {}
                }
                write!(f, "; -f takes libpcap's language (man pcap-filter)")
            }
            Self::Length { what, value, most } => {
                write!(f, "{what} {value} is out of range; choose 1 to {most}")
            }
            Self::TimeWidth => write!(
                f,
                "cannot capture here: this is a 32-bit program and its libpcap counts time in 64 bits; \
                 use a 64-bit system, or capture with tcpdump and read with \"coapscope -r FILE\""
            ),
            Self::Start { interface, message } => {
                write!(f, "cannot start to capture on {interface}: {message}")
            }
            Self::Other { interface, message } => {
                write!(f, "cannot capture on {interface}: {message}; see \"coapscope -D\"")
            }
        }
    }
}

/// What libpcap said, without the crate's heading.
pub(super) fn message(error: &pcap::Error) -> String {
    let text = match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    };
    // One line, whatever libpcap puts in.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What kind of trouble a message of libpcap's speaks of; it gives no numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Permission,
    Missing,
    Down,
    Other,
}

/// Phrases of libpcap 1.9 and 1.10 on Linux, the BSDs and macOS, and of the system's own error texts.
const PHRASES: &[(&str, Trouble)] = &[
    ("not permitted", Trouble::Permission),
    ("ermission", Trouble::Permission),
    ("No such device", Trouble::Missing),
    ("no such device", Trouble::Missing),
    ("doesn't exist", Trouble::Missing),
    ("not up", Trouble::Down),
    ("etwork is down", Trouble::Down),
];

pub(super) fn trouble(message: &str) -> &'static Trouble {
    let found = PHRASES.iter().find(|(phrase, _)| message.contains(phrase));
    found.map_or(&Trouble::Other, |(_, trouble)| trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpcaps_words_are_understood() {
        for (text, expected) in [
            ("socket: Operation not permitted", Trouble::Permission),
            (
                "eth0: You don't have permission to perform this capture on that device (socket: Operation not permitted)",
                Trouble::Permission,
            ),
            ("(cannot open BPF device) /dev/bpf0: Permission denied", Trouble::Permission),
            ("nosuch: No such device exists (SIOCGIFHWADDR: No such device)", Trouble::Missing),
            ("SIOCETHTOOL(ETHTOOL_GET_TS_INFO) ioctl failed: No such device", Trouble::Missing),
            ("veth1: That device is not up", Trouble::Down),
            ("Network is down", Trouble::Down),
            ("can't mmap rx ring: Cannot allocate memory", Trouble::Other),
        ] {
            assert_eq!(trouble(text), &expected, "{text}");
        }
    }

    #[test]
    fn every_error_is_one_line_that_names_the_way_out() {
        let interface = || "eth0".to_owned();
        let errors = [
            (
                LiveError::Permission {
                    interface: interface(),
                    root: false,
                    command: "coapscope -i eth0".into(),
                    program: "/bin/coapscope".into(),
                },
                &["sudo coapscope -i eth0", "setcap cap_net_raw=ep /bin/coapscope", "-r FILE"][..],
            ),
            (
                LiveError::Permission {
                    interface: interface(),
                    root: true,
                    command: String::new(),
                    program: String::new(),
                },
                &["eth0", "CAP_NET_RAW", "-r FILE"],
            ),
            (
                LiveError::Unknown { interface: interface(), available: vec!["eth1".into(), "lo".into()] },
                &["eth0", "eth1, lo", "coapscope -D"],
            ),
            (LiveError::Unknown { interface: interface(), available: Vec::new() }, &["eth0", "-r FILE"]),
            (LiveError::Down { interface: interface() }, &["ip link set eth0 up"]),
            (
                LiveError::Filter {
                    filter: "udp prot 5683".into(),
                    message: "syntax error".into(),
                    understood: Some("udp".into()),
                },
                &["\"udp prot 5683\": syntax error, after \"udp\"", "pcap-filter"],
            ),
            (LiveError::Length { what: "snapshot length", value: 0, most: 262_144 }, &["1 to 262144"]),
            (LiveError::TimeWidth, &["32-bit", "tcpdump"]),
            (LiveError::Start { interface: interface(), message: "no".into() }, &["eth0"]),
            (LiveError::Other { interface: interface(), message: "odd".into() }, &["odd", "-D"]),
        ];
        for (error, parts) in errors {
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 300, "{text}");
            for part in parts {
                assert!(text.contains(part), "{part:?} is missing in: {text}");
            }
        }
    }
}
