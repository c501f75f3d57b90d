//! Link types by number, with their names and the header that each begins with.

use std::fmt;

use super::Protocol;

/// Link type of a frame, as numbered in savefiles (LINKTYPE_*; DLT numbers are normalised to these).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// IPv4 or IPv6 without a link header.
    pub const RAW: Self = Self(101);

    /// What is known of it.
    pub fn row(self) -> Option<&'static LinkTypeRow> {
        LINK_TYPES.iter().find(|row| row.number == self.0)
    }

    /// The header that its frames begin with; none where it is not read.
    pub fn first(self) -> Option<Protocol> {
        self.row().and_then(|row| row.first)
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(row) => write!(f, "{} ({})", self.0, row.name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A link type of the registry at <https://www.tcpdump.org/linktypes.html>.
#[derive(Debug)]
pub struct LinkTypeRow {
    /// Number in savefiles.
    pub number: u16,
    /// Name, without `LINKTYPE_`.
    pub name: &'static str,
    /// The first header of a frame, where it can be read.
    pub first: Option<Protocol>,
}

const fn read(number: u16, name: &'static str, first: Protocol) -> LinkTypeRow {
    LinkTypeRow { number, name, first: Some(first) }
}

const fn named(number: u16, name: &'static str) -> LinkTypeRow {
    LinkTypeRow { number, name, first: None }
}

/// The link types that are read, the usual ones first, then those that are only named.
pub static LINK_TYPES: &[LinkTypeRow] = &[
    read(1, "ETHERNET", Protocol::Ethernet),
    read(276, "LINUX_SLL2", Protocol::Sll2),
    read(113, "LINUX_SLL", Protocol::Sll),
    read(101, "RAW", Protocol::Ip),
    read(0, "NULL", Protocol::Loopback),
    read(108, "LOOP", Protocol::Loopback),
    read(228, "IPV4", Protocol::Ip),
    read(229, "IPV6", Protocol::Ip),
    // DLT_RAW on most systems and on OpenBSD; some programs write these into files.
    read(12, "RAW (DLT 12)", Protocol::Ip),
    read(14, "RAW (DLT 14)", Protocol::Ip),
    read(9, "PPP", Protocol::Ppp),
    read(50, "PPP_HDLC", Protocol::Ppp),
    read(51, "PPP_ETHER", Protocol::Pppoe),
    read(166, "PPP_PPPD", Protocol::PppWithDirection),
    read(204, "PPP_WITH_DIR", Protocol::PppWithDirection),
    read(104, "C_HDLC", Protocol::CiscoHdlc),
    read(239, "NFLOG", Protocol::Nflog),
    named(3, "AX25"),
    named(6, "IEEE802_5"),
    named(7, "ARCNET_BSD"),
    named(8, "SLIP"),
    named(10, "FDDI"),
    named(100, "ATM_RFC1483"),
    named(105, "IEEE802_11"),
    named(107, "FRELAY"),
    named(114, "LTALK"),
    named(117, "PFLOG"),
    named(119, "IEEE802_11_PRISM"),
    named(127, "IEEE802_11_RADIOTAP"),
    named(143, "DOCSIS"),
    named(147, "USER0"),
    named(148, "USER1"),
    named(149, "USER2"),
    named(150, "USER3"),
    named(162, "USER15"),
    named(163, "IEEE802_11_AVS"),
    named(187, "BLUETOOTH_HCI_H4"),
    named(189, "USB_LINUX"),
    named(191, "IEEE802_15_4_LINUX"),
    named(192, "PPI"),
    named(195, "IEEE802_15_4_WITHFCS"),
    named(201, "BLUETOOTH_HCI_H4_WITH_PHDR"),
    named(202, "AX25_KISS"),
    named(215, "IEEE802_15_4_NONASK_PHY"),
    named(220, "USB_LINUX_MMAPPED"),
    named(227, "CAN_SOCKETCAN"),
    named(230, "IEEE802_15_4_NOFCS"),
    named(231, "DBUS"),
    named(242, "IPOIB"),
    named(247, "INFINIBAND"),
    named(248, "SCTP"),
    named(249, "USBPCAP"),
    named(251, "BLUETOOTH_LE_LL"),
    named(252, "WIRESHARK_UPPER_PDU"),
    named(253, "NETLINK"),
    named(254, "BLUETOOTH_LINUX_MONITOR"),
    named(256, "BLUETOOTH_LE_LL_WITH_PHDR"),
    named(258, "PKTAP"),
    named(270, "LORATAP"),
    named(271, "VSOCK"),
    named(272, "NORDIC_BLE"),
    named(274, "ETHERNET_MPACKET"),
    named(283, "IEEE802_15_4_TAP"),
    named(287, "Z_WAVE_SERIAL"),
    named(288, "USB_2_0"),
    named(290, "ETW"),
];
