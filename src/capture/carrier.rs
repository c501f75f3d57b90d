//! Whether an interface can carry anything at the moment.

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// What an interface can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// Frames.
    #[default]
    Up,
    /// Nothing: it is switched on, and nothing is at the other end of its cable, or its radio is in no network.
    Unplugged,
    /// Nothing: it is switched off.
    Down,
}

impl Carrier {
    /// That of an interface now. `None` for what is no single one, such as `any`, for one that is gone, and where the system does not tell.
    pub fn of(interface: &str) -> Option<Self> {
        let mut addresses = getifaddrs().ok()?;
        Some(Self::by(addresses.find(|address| address.interface_name == interface)?.flags))
    }

    fn by(flags: InterfaceFlags) -> Self {
        match (flags.contains(InterfaceFlags::IFF_UP), flags.contains(InterfaceFlags::IFF_RUNNING)) {
            (false, _) => Self::Down,
            (true, false) => Self::Unplugged,
            (true, true) => Self::Up,
        }
    }

    /// What is to be told of an interface, and what to do; `None` where all is well.
    pub fn words(self, interface: &str) -> Option<String> {
        match self {
            Self::Up => None,
            Self::Unplugged => Some(format!(
                "{interface} has no link (cable out, or in no Wi-Fi network): nothing comes until it has one"
            )),
            Self::Down => {
                let way = format!("sudo ip link set {interface} up");
                Some(format!("{interface} is switched off: nothing comes until `{way}`"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_tell_what_can_come() {
        let (up, running) = (InterfaceFlags::IFF_UP, InterfaceFlags::IFF_RUNNING);
        for (flags, expected) in [
            (up | running, Carrier::Up),
            (up, Carrier::Unplugged),
            (running, Carrier::Down),
            (InterfaceFlags::empty(), Carrier::Down),
        ] {
            assert_eq!(Carrier::by(flags), expected, "{flags:?}");
        }
    }

    #[test]
    fn what_is_no_interface_has_none() {
        assert_eq!(Carrier::of("no such one"), None);
    }
}
