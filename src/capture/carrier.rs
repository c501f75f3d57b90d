//! Whether an interface can carry anything at the moment.

use std::path::Path;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// What an interface can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// Frames.
    #[default]
    Up,
    /// Nothing: it is switched on, and lacks this: nothing is at the other end of its cable, say.
    Unplugged(&'static str),
    /// Nothing: it is switched off.
    Down,
}

impl Carrier {
    /// What an interface lacks of which the system does not tell the kind.
    pub const NEITHER: &str = "cable out, or in no Wi-Fi network";

    /// That of an interface now. `None` for what is no single one, such as `any`, for one that is gone, and where the system does not tell.
    pub fn of(interface: &str) -> Option<Self> {
        let mut addresses = getifaddrs().ok()?;
        let flags = addresses.find(|address| address.interface_name == interface)?.flags;
        Some(Self::by(flags, || missing(&|entry| Path::new(CLASS).join(interface).join(entry).exists())))
    }

    fn by(flags: InterfaceFlags, missing: impl FnOnce() -> &'static str) -> Self {
        match (flags.contains(InterfaceFlags::IFF_UP), flags.contains(InterfaceFlags::IFF_RUNNING)) {
            (false, _) => Self::Down,
            (true, false) => Self::Unplugged(missing()),
            (true, true) => Self::Up,
        }
    }

    /// What is to be told of an interface, and what to do; `None` where all is well.
    pub fn words(self, interface: &str) -> Option<String> {
        match self {
            Self::Up => None,
            Self::Unplugged(lack) => Some(format!("{interface} has no link ({lack}): nothing comes until it has one")),
            Self::Down => {
                let way = format!("sudo ip link set {interface} up");
                Some(format!("{interface} is switched off: nothing comes until `{way}`"))
            }
        }
    }

    /// The same where it has changed to that.
    pub fn news(self, interface: &str) -> String {
        self.words(interface).unwrap_or_else(|| format!("{interface} is up again, and the capture goes on"))
    }
}

/// Where Linux tells what kind of interface one is.
const CLASS: &str = "/sys/class/net";

/// What an interface lacks that has no link, by the entries that the system has for it.
fn missing(has: &dyn Fn(&str) -> bool) -> &'static str {
    const LACKS: [(&str, &str); 5] = [
        ("bridge", "none of the bridge's ports is up"),
        ("bonding", "none of the interfaces in it is up"),
        ("tun_flags", "the program behind the tunnel does not run"),
        ("phy80211", "in no Wi-Fi network"),
        ("device", "cable out"),
    ];
    LACKS.iter().find(|(entry, _)| has(entry)).map_or(Carrier::NEITHER, |(_, lack)| lack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_tell_what_can_come() {
        let (up, running) = (InterfaceFlags::IFF_UP, InterfaceFlags::IFF_RUNNING);
        for (flags, expected) in [
            (up | running, Carrier::Up),
            (up, Carrier::Unplugged("cable out")),
            (running, Carrier::Down),
            (InterfaceFlags::empty(), Carrier::Down),
        ] {
            assert_eq!(Carrier::by(flags, || "cable out"), expected, "{flags:?}");
        }
    }

    #[test]
    fn what_is_missing_depends_on_the_kind() {
        for (entries, expected) in [
            (&["device", "phy80211"][..], "in no Wi-Fi network"),
            (&["device"], "cable out"),
            (&["bridge"], "none of the bridge's ports is up"),
            (&["tun_flags"], "the program behind the tunnel does not run"),
            (&[], Carrier::NEITHER),
        ] {
            assert_eq!(missing(&|entry| entries.contains(&entry)), expected);
        }
    }

    #[test]
    fn what_is_no_interface_has_none() {
        assert_eq!(Carrier::of("no such one"), None);
    }
}
