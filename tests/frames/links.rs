//! Addresses that are good on one link only: the same address on another interface or VLAN is another endpoint (RFC 4007 section 6).

use coapscope::frame::{Endpoint, Frame, PeelOptions, Peeled, Peeler, Position};

use super::{bytes, frame};

/// A datagram from fe80::2, port 40000, to fe80::1, port 5683.
const DATAGRAM: &str =
    "60000000000e1140fe800000000000000000000000000002fe8000000000000000000000000000019c401633000e000040010001b16c";
/// The same between addresses that are good everywhere.
const GLOBAL: &str =
    "60000000000e114020010db800000000000000000000000220010db80000000000000000000000019c401633000e000040010001b16c";
/// Port unreachable: fe80::1 quotes that datagram.
const QUOTE: &str = "60000000003e3a40fe800000000000000000000000000001fe8000000000000000000000000000020104000000000000";

/// Both endpoints, or those of what is quoted.
fn ends(link: u16, network: u16, hex: &str) -> [Endpoint; 2] {
    let raw = bytes(hex);
    let frame = Frame { position: Position { network, ..Position::default() }, ..frame(link, None, &raw) };
    match Peeler::new(PeelOptions::default()).peel(&frame) {
        Peeled::Datagram(datagram) => [datagram.source, datagram.destination],
        Peeled::Icmp(quote) => [quote.source, quote.destination],
        other => panic!("{other:?}: {hex}"),
    }
}

/// Link type, number of the interface, and the frame of a packet.
type Link<'a> = (u16, u16, &'a dyn Fn(&str) -> String);

#[test]
fn each_link_has_its_own_addresses() {
    let ethernet = |tags: &str, packet: &str| format!("020000000001020000000002{tags}86dd{packet}");
    let any = |index: u8, packet: &str| format!("86dd0000000000{index:02x}000100060200000000020000{packet}");
    let quote = format!("{QUOTE}{DATAGRAM}");
    let links: [Link<'_>; 8] = [
        (1, 0, &|packet| ethernet("", packet)),
        (1, 1, &|packet| ethernet("", packet)),
        (1, 0, &|packet| ethernet("8100a00a", packet)),
        (1, 0, &|packet| ethernet("8100a014", packet)),
        (1, 1, &|packet| ethernet("8100a00a", packet)),
        (1, 0, &|packet| ethernet("88a8a00a8100a014", packet)),
        (276, 2, &|packet| any(3, packet)),
        (276, 2, &|packet| any(4, packet)),
    ];
    let all: Vec<_> = links.iter().map(|(link, network, before)| ends(*link, *network, &before(DATAGRAM))).collect();
    for (at, one) in all.iter().enumerate() {
        let (link, network, before) = links[at];
        assert!(one.iter().all(|end| end.scope != 0) && one[0].scope == one[1].scope, "{at}: {one:?}");
        assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}: {all:?}");
        assert_eq!(ends(link, network, &before(&quote)), *one, "{at}: what is quoted");
        assert!(ends(link, network, &before(GLOBAL)).iter().all(|end| end.scope == 0), "{at}");
    }
    // A tag that only gives a priority is no other link, nor is another priority.
    assert_eq!(ends(1, 0, &ethernet("8100a000", DATAGRAM)), all[0]);
    assert_eq!(ends(1, 0, &ethernet("8100000a", DATAGRAM)), all[2]);
}

/// See [`Datagram::heard`](coapscope::frame::Datagram::heard).
fn heard(link: u16, interface: u16, hex: &str) -> u16 {
    let raw = bytes(hex);
    let frame = Frame { position: Position { interface, ..Position::default() }, ..frame(link, None, &raw) };
    match Peeler::new(PeelOptions::default()).peel(&frame) {
        Peeled::Datagram(datagram) => datagram.heard,
        other => panic!("{other:?}: {hex}"),
    }
}

#[test]
fn one_datagram_on_two_links_is_heard_in_two_places() {
    let ethernet = |tags: &str| format!("020000000001020000000002{tags}86dd{GLOBAL}");
    // In and out again on another interface, and where only the kind of the packet tells.
    let any = |index: u8, kind: u8| format!("86dd0000000000{index:02x}0001{kind:02x}060200000000020000{GLOBAL}");
    let old = |kind: u8| format!("00{kind:02x}00010006020000000002000086dd{GLOBAL}");
    let places = [
        [heard(1, 0, &ethernet("")), heard(1, 1, &ethernet("")), heard(1, 0, &ethernet("8100a00a"))],
        [heard(276, 0, &any(3, 0)), heard(276, 0, &any(4, 0)), heard(276, 0, &any(3, 4))],
        [heard(113, 0, &old(0)), heard(113, 0, &old(4)), heard(113, 1, &old(4))],
    ];
    for [one, two, three] in places.map(|places| places.map(|place| place as u8)) {
        assert!(one != two && two != three && three != one, "{places:?}");
    }
    // To whom a packet that came was sent tells nothing.
    assert_eq!(heard(276, 0, &any(3, 0)), heard(276, 0, &any(3, 2)));
}
