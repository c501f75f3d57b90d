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
    named(15, "SLIP_BSDOS"),
    named(16, "PPP_BSDOS"),
    named(19, "ATM_CLIP"),
    named(99, "SYMANTEC_FIREWALL"),
    named(100, "ATM_RFC1483"),
    named(105, "IEEE802_11"),
    named(106, "LINUX_ATM_CLIP"),
    named(107, "FRELAY"),
    named(109, "ENC"),
    named(114, "LTALK"),
    named(117, "PFLOG"),
    named(118, "CISCO_IOS"),
    named(119, "IEEE802_11_PRISM"),
    named(122, "IP_OVER_FC"),
    named(123, "SUNATM"),
    named(127, "IEEE802_11_RADIOTAP"),
    named(129, "ARCNET_LINUX"),
    named(130, "JUNIPER_MLPPP"),
    named(131, "JUNIPER_MLFR"),
    named(132, "JUNIPER_ES"),
    named(133, "JUNIPER_GGSN"),
    named(134, "JUNIPER_MFR"),
    named(135, "JUNIPER_ATM2"),
    named(136, "JUNIPER_SERVICES"),
    named(137, "JUNIPER_ATM1"),
    named(138, "APPLE_IP_OVER_IEEE1394"),
    named(139, "MTP2_WITH_PHDR"),
    named(140, "MTP2"),
    named(141, "MTP3"),
    named(142, "SCCP"),
    named(143, "DOCSIS"),
    named(144, "LINUX_IRDA"),
    named(145, "IBM_SP"),
    named(146, "IBM_SN"),
    named(147, "USER0"),
    named(148, "USER1"),
    named(149, "USER2"),
    named(150, "USER3"),
    named(151, "USER4"),
    named(152, "USER5"),
    named(153, "USER6"),
    named(154, "USER7"),
    named(155, "USER8"),
    named(156, "USER9"),
    named(157, "USER10"),
    named(158, "USER11"),
    named(159, "USER12"),
    named(160, "USER13"),
    named(161, "USER14"),
    named(162, "USER15"),
    named(163, "IEEE802_11_AVS"),
    named(164, "JUNIPER_MONITOR"),
    named(165, "BACNET_MS_TP"),
    named(167, "JUNIPER_PPPOE"),
    named(168, "JUNIPER_PPPOE_ATM"),
    named(169, "GPRS_LLC"),
    named(170, "GPF_T"),
    named(171, "GPF_F"),
    named(174, "JUNIPER_PIC_PEER"),
    named(175, "ERF_ETH"),
    named(176, "ERF_POS"),
    named(177, "LINUX_LAPD"),
    named(178, "JUNIPER_ETHER"),
    named(179, "JUNIPER_PPP"),
    named(180, "JUNIPER_FRELAY"),
    named(181, "JUNIPER_CHDLC"),
    named(182, "MFR"),
    named(183, "JUNIPER_VP"),
    named(184, "A429"),
    named(185, "A653_ICM"),
    named(186, "USB_FREEBSD"),
    named(187, "BLUETOOTH_HCI_H4"),
    named(188, "IEEE802_16_MAC_CPS"),
    named(189, "USB_LINUX"),
    named(190, "CAN20B"),
    named(191, "IEEE802_15_4_LINUX"),
    named(192, "PPI"),
    named(193, "IEEE802_16_MAC_CPS_RADIO"),
    named(194, "JUNIPER_ISM"),
    named(195, "IEEE802_15_4_WITHFCS"),
    named(196, "SITA"),
    named(197, "ERF"),
    named(198, "RAIF1"),
    named(199, "IPMB_KONTRON"),
    named(200, "JUNIPER_ST"),
    named(201, "BLUETOOTH_HCI_H4_WITH_PHDR"),
    named(202, "AX25_KISS"),
    named(203, "LAPD"),
    named(205, "C_HDLC_WITH_DIR"),
    named(206, "FRELAY_WITH_DIR"),
    named(207, "LAPB_WITH_DIR"),
    named(209, "IPMB_LINUX"),
    named(210, "FLEXRAY"),
    named(211, "MOST"),
    named(212, "LIN"),
    named(213, "X2E_SERIAL"),
    named(214, "X2E_XORAYA"),
    named(215, "IEEE802_15_4_NONASK_PHY"),
    named(216, "LINUX_EVDEV"),
    named(217, "GSMTAP_UM"),
    named(218, "GSMTAP_ABIS"),
    named(219, "MPLS"),
    named(220, "USB_LINUX_MMAPPED"),
    named(221, "DECT"),
    named(222, "AOS"),
    named(223, "WIHART"),
    named(224, "FC_2"),
    named(225, "FC_2_WITH_FRAME_DELIMS"),
    named(226, "IPNET"),
    named(227, "CAN_SOCKETCAN"),
    named(230, "IEEE802_15_4_NOFCS"),
    named(231, "DBUS"),
    named(232, "JUNIPER_VS"),
    named(233, "JUNIPER_SRX_E2E"),
    named(234, "JUNIPER_FIBRECHANNEL"),
    named(235, "DVB_CI"),
    named(236, "MUX27010"),
    named(237, "STANAG_5066_D_PDU"),
    named(238, "JUNIPER_ATM_CEMIC"),
    named(240, "NETANALYZER"),
    named(241, "NETANALYZER_TRANSPARENT"),
    named(242, "IPOIB"),
    named(243, "MPEG_2_TS"),
    named(244, "NG40"),
    named(245, "NFC_LLCP"),
    named(246, "PFSYNC"),
    named(247, "INFINIBAND"),
    named(248, "SCTP"),
    named(249, "USBPCAP"),
    named(250, "RTAC_SERIAL"),
    named(251, "BLUETOOTH_LE_LL"),
    named(252, "WIRESHARK_UPPER_PDU"),
    named(253, "NETLINK"),
    named(254, "BLUETOOTH_LINUX_MONITOR"),
    named(255, "BLUETOOTH_BREDR_BB"),
    named(256, "BLUETOOTH_LE_LL_WITH_PHDR"),
    named(257, "PROFIBUS_DL"),
    named(258, "PKTAP"),
    named(259, "EPON"),
    named(260, "IPMI_HPM_2"),
    named(261, "ZWAVE_R1_R2"),
    named(262, "ZWAVE_R3"),
    named(263, "WATTSTOPPER_DLM"),
    named(264, "ISO_14443"),
    named(265, "RDS"),
    named(266, "USB_DARWIN"),
    named(267, "OPENFLOW"),
    named(268, "SDLC"),
    named(269, "TI_LLN_SNIFFER"),
    named(270, "LORATAP"),
    named(271, "VSOCK"),
    named(272, "NORDIC_BLE"),
    named(273, "DOCSIS31_XRA31"),
    named(274, "ETHERNET_MPACKET"),
    named(275, "DISPLAYPORT_AUX"),
    named(277, "SERCOS_MONITOR"),
    named(278, "OPENVIZSLA"),
    named(279, "EBHSCR"),
    named(280, "VPP_DISPATCH"),
    named(281, "DSA_TAG_BRCM"),
    named(282, "DSA_TAG_BRCM_PREPEND"),
    named(283, "IEEE802_15_4_TAP"),
    named(284, "DSA_TAG_DSA"),
    named(285, "DSA_TAG_EDSA"),
    named(286, "ELEE"),
    named(287, "Z_WAVE_SERIAL"),
    named(288, "USB_2_0"),
    named(289, "ATSC_ALP"),
    named(290, "ETW"),
    named(291, "NETANALYZER_NG"),
    named(292, "ZBOSS_NCP"),
    named(293, "USB_2_0_LOW_SPEED"),
    named(294, "USB_2_0_FULL_SPEED"),
    named(295, "USB_2_0_HIGH_SPEED"),
    named(296, "AUERSWALD_LOG"),
    named(297, "ZWAVE_TAP"),
    named(298, "SILABS_DEBUG_CHANNEL"),
    named(299, "FIRA_UCI"),
    named(301, "DECT_NR"),
];
