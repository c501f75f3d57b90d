//! The interfaces of this machine, and what it takes to open each.

use std::fmt;
use std::net::IpAddr;

use super::error::{LiveError, Trouble, message, trouble};
use crate::capture::Carrier;

/// Devices that libpcap lists but that carry no IP: their names begin so.
const NOT_NETWORKS: &[&str] = &["bluetooth", "dbus-", "nfqueue", "rdma", "usbmon"];

/// An interface that frames can be captured from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The name that `-i` takes.
    pub name: String,
    /// What libpcap calls it, where it has something to say.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether it is switched on.
    pub up: bool,
    /// Whether it is this machine talking to itself.
    pub loopback: bool,
    /// Whether it is a radio; there one sees this machine's own and multicast traffic only.
    pub wireless: bool,
}

/// What it takes to open an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Nothing more.
    Ready,
    /// Rights that this process lacks.
    Permission,
    /// It must be switched on first.
    Down,
    /// It cannot be opened, as libpcap says.
    Refused(String),
}

/// The interfaces, the likeliest to be wanted first: as libpcap orders them, switched on before switched off, with
/// addresses before without, `any` and loopback behind the rest.
///
/// # Errors
/// [`LiveError::Other`] where libpcap cannot list them. Listing takes no rights.
pub fn devices() -> Result<Vec<Device>, LiveError> {
    let list = pcap::Device::list()
        .map_err(|error| LiveError::Other { interface: "interfaces".to_owned(), message: message(&error) })?;
    let mut devices: Vec<Device> = list
        .into_iter()
        .filter(|device| !NOT_NETWORKS.iter().any(|start| device.name.starts_with(start)))
        .map(|device| Device {
            up: device.flags.is_up() || device.name == "any",
            loopback: device.flags.is_loopback(),
            wireless: device.flags.is_wireless(),
            addresses: device.addresses.iter().map(|address| address.addr).collect(),
            description: device.desc,
            name: device.name,
        })
        .collect();
    devices.sort_by_key(|device| {
        (!device.up, device.name == "any" || device.name == "nflog", device.loopback, device.addresses.is_empty())
    });
    Ok(devices)
}

impl Device {
    /// Finds out by opening it for a moment.
    pub fn access(&self) -> Access {
        let opened = pcap::Capture::from_device(self.name.as_str()).and_then(pcap::Capture::open);
        let Err(error) = opened else {
            return Access::Ready;
        };
        let text = message(&error);
        match trouble(&text) {
            // Nobody can open it as long as it is down, with whatever rights.
            Trouble::Permission if Carrier::of(&self.name) == Some(Carrier::Down) => Access::Down,
            Trouble::Permission => Access::Permission,
            Trouble::Down => Access::Down,
            Trouble::Missing | Trouble::Other => Access::Refused(text),
        }
    }

    /// The line of `-D`: number, name, state and addresses, and the command that opens it.
    pub fn line(&self, number: usize, access: &Access) -> String {
        let name = &self.name;
        let way = match access {
            Access::Ready => format!("coapscope -i {name}"),
            Access::Permission => format!("sudo {} -i {name}", super::sudo_name()),
            Access::Down => format!("sudo ip link set {name} up"),
            Access::Refused(message) => message.clone(),
        };
        format!("{number}. {name:<15} {way:<33} {self}")
    }
}

/// State, kind and addresses.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.up { "up" } else { "down" })?;
        for (holds, word) in [(self.loopback, "loopback"), (self.wireless, "wireless")] {
            if holds {
                write!(f, ", {word}")?;
            }
        }
        if let (Some(description), true) = (&self.description, self.addresses.is_empty()) {
            write!(f, ", {description}")?;
        }
        for (index, address) in self.addresses.iter().enumerate() {
            write!(f, "{}{address}", if index == 0 { ", " } else { " " })?;
        }
        Ok(())
    }
}

/// The names of all interfaces, those most like `wanted` first.
pub(super) fn names_like(wanted: &str) -> Vec<String> {
    let mut names: Vec<String> = devices().unwrap_or_default().into_iter().map(|device| device.name).collect();
    names.sort_by_key(|name| likeness(name, wanted));
    names
}

/// How far apart two names are: pairs of letters that only one of them has.
fn likeness(one: &str, other: &str) -> usize {
    let pairs = |name: &str| -> Vec<(u8, u8)> {
        let lower = name.to_ascii_lowercase().into_bytes();
        lower.iter().copied().zip(lower.iter().copied().skip(1)).collect()
    };
    let (one, other) = (pairs(one), pairs(other));
    let shared = one.iter().filter(|pair| other.contains(pair)).count();
    (one.len() + other.len()).saturating_sub(2 * shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str) -> Device {
        Device {
            name: name.to_owned(),
            description: Some("Some card".to_owned()),
            addresses: vec!["10.0.0.1".parse().unwrap(), "fe80::1".parse().unwrap()],
            up: true,
            loopback: false,
            wireless: true,
        }
    }

    #[test]
    fn a_line_says_what_it_takes() {
        for (access, expected) in [
            (Access::Ready, " coapscope -i wlan0 "),
            (Access::Permission, " -i wlan0 "),
            (Access::Down, " sudo ip link set wlan0 up "),
            (Access::Refused("broken".to_owned()), " broken "),
        ] {
            let line = device("wlan0").line(2, &access);
            assert!(line.starts_with("2. wlan0 ") && line.contains(expected), "{line}");
            assert!(line.ends_with("up, wireless, 10.0.0.1 fe80::1"), "{line}");
        }
    }

    #[test]
    fn likely_names_come_first() {
        for (wanted, nearest) in [("eth1", "eth0"), ("wlan1", "wlan0"), ("loo", "lo"), ("ANY", "any")] {
            let mut names = ["lo", "any", "eth0", "wlan0"];
            names.sort_by_key(|name| likeness(name, wanted));
            assert_eq!(names[0], nearest, "{wanted}");
        }
    }

    #[test]
    fn this_machine_lists_networks_only() {
        let devices = devices().unwrap();
        assert!(devices.iter().all(|device| !device.name.starts_with("usbmon")));
    }
}
