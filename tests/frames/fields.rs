//! Fields of the headers below CoAP: their values, and that a filter finds the message by them.

use coapscope::field::{self, Kind};
use coapscope::filter::{Filter, Selection};
use coapscope::render::{Known, tree};
use coapscope::tracking::RecordId;

use super::findings::read;

/// 2001:db8::2 and 2001:db8::1.
const CLIENT: &str = "20010db8000000000000000000000002";
const SERVER: &str = "20010db8000000000000000000000001";
/// A datagram from port 40000 to port 5683.
const DATAGRAM: &str = "9c401633000e000040010001b16c";
/// Destination options with nothing but padding, before UDP.
const OPTIONS: &str = "1100010400000000";

/// An IPv6 packet from the client.
fn packet(next: u8, destination: &str, carried: &str) -> String {
    format!("60000000{:04x}{next:02x}40{CLIENT}{destination}{carried}", carried.len() / 2)
}

/// The fields of the last message of a capture with these frames print so, and a filter on each value finds it.
#[track_caller]
fn check(link: &str, frames: &str, expected: &[(&str, &str)]) {
    let (store, mut fetcher) = read(link, "-", frames);
    let last = store.len().checked_sub(1).expect("a message") as RecordId;
    for (name, expected) in expected {
        let field = field::find(name).unwrap();
        let view = fetcher.view(&store, last).unwrap().unwrap();
        let mut values = Vec::new();
        field.visit(&view, &mut |value| values.push(value.to_string()));
        assert_eq!(values.join(","), *expected, "{name} of {frames}");
        let filters = values.iter().map(|value| match field.kind {
            Kind::Presence => (*name).to_owned(),
            Kind::Text => format!("{name} == \"{value}\""),
            _ => format!("{name} == {value}"),
        });
        let without = values.is_empty().then(|| format!("!{name}"));
        for filter in filters.chain(without) {
            let chosen = Filter::parse(&filter).unwrap().select(&store, &fetcher, 1, &|| false).unwrap();
            let Selection::Chosen(chosen) = chosen else { panic!("nobody stops it") };
            assert!(chosen.iter().any(|id| id == last), "{filter} of {frames}");
        }
    }
}

/// These bytes behind a fragment header, in two fragments of a packet from the client, each with what comes `before` that header.
fn fragments(before: &str, first: u8, next: u8, carried: &str) -> [String; 2] {
    let (head, tail) = carried.split_at(32);
    [(1, head), (16, tail)]
        .map(|(place, part)| packet(first, SERVER, &format!("{before}{next:02x}00{place:04x}00000007{part}")))
}

#[test]
fn extension_headers_count_on_either_side_of_the_fragment_header() {
    let divided = format!("{OPTIONS}{DATAGRAM}");
    let routing = format!("1100030000000000{DATAGRAM}");
    let authentication = format!("11020000000000010000000100000000{DATAGRAM}");
    // Before the fragment header stand hop-by-hop options or nothing, behind it what is divided.
    for (before, first, hop) in [("", 44, ""), ("2c00010400000000", 0, "1")] {
        let begin = if first == 44 { "raw:ipv6:ipv6.fraghdr" } else { "raw:ipv6:ipv6.hopopts:ipv6.fraghdr" };
        for (next, carried, name) in
            [(60, &divided, "ipv6.dstopts"), (43, &routing, "ipv6.routing"), (51, &authentication, "ah")]
        {
            let parts = fragments(before, first, next, carried);
            let protocols = format!("{begin}:{name}:udp:coap");
            for frames in [parts.join(" "), [&parts[1][..], &parts[0]].join(" ")] {
                check(
                    "101",
                    &frames,
                    &[
                        (name, "1"),
                        ("ipv6.hopopts", hop),
                        ("ipv6.fraghdr.ident", "0x00000007"),
                        ("frame.protocols", &protocols),
                        ("udp.length", "14"),
                    ],
                );
            }
        }
    }
    // What every fragment repeats is there once.
    let repeated = fragments("2c00010400000000", 60, 17, &format!("{DATAGRAM}{OPTIONS}"));
    check(
        "101",
        &repeated.join(" "),
        &[("ipv6.dstopts", "1"), ("frame.protocols", "raw:ipv6:ipv6.dstopts:ipv6.fraghdr:udp:coap")],
    );
}

#[test]
fn service_tags_are_no_tags_of_802_1q() {
    // Priority 5, may be dropped, VLAN 107; priority 0, VLAN 6; priority 1, VLAN 7. The values are tshark's.
    let (one, two, three) = ("b06b", "0006", "2007");
    let packet = packet(17, SERVER, DATAGRAM);
    let tagged = |tags: &[&str]| format!("020000000001020000000002{}86dd{packet}", tags.concat());
    let begin = "eth:ethertype";
    let end = "ethertype:ipv6:udp:coap";
    check(
        "1",
        &tagged(&["88a8", one, "8100", two]),
        &[
            ("frame.protocols", &format!("{begin}:ieee8021ad:ethertype:vlan:{end}")),
            ("ieee8021ad", "1"),
            ("ieee8021ad.id", "107"),
            ("ieee8021ad.priority", "5"),
            ("ieee8021ad.dei", "1"),
            ("ieee8021ah.etype", "0x8100"),
            ("ieee8021ad.svid", ""),
            ("ieee8021ad.cvid", ""),
            ("vlan.id", "6"),
            ("vlan.priority", "0"),
            ("vlan.dei", "0"),
            ("vlan.etype", "0x86dd"),
        ],
    );
    check(
        "1",
        &tagged(&["88a8", two]),
        &[
            ("frame.protocols", &format!("{begin}:ieee8021ad:{end}")),
            ("ieee8021ad.id", "6"),
            ("ieee8021ah.etype", "0x86dd"),
            ("vlan", ""),
            ("vlan.id", ""),
        ],
    );
    // Two of them are one header, with a name for each number.
    check(
        "1",
        &tagged(&["88a8", one, "88a8", two, "8100", three]),
        &[
            ("frame.protocols", &format!("{begin}:ieee8021ad:ethertype:vlan:{end}")),
            ("ieee8021ad.id", ""),
            ("ieee8021ad.svid", "107"),
            ("ieee8021ad.cvid", "6"),
            ("ieee8021ad.priority", "5,0"),
            ("ieee8021ad.dei", "1,0"),
            ("ieee8021ah.etype", "0x8100"),
            ("vlan.id", "7"),
            ("vlan.priority", "1"),
        ],
    );
    check(
        "1",
        &tagged(&["88a8", one, "88a8", two, "88a8", three]),
        &[
            ("frame.protocols", &format!("{begin}:ieee8021ad:ethertype:ieee8021ad:{end}")),
            ("ieee8021ad.svid", "107"),
            ("ieee8021ad.cvid", "6"),
            ("ieee8021ad.id", "7"),
            ("ieee8021ah.etype", "0x88a8,0x86dd"),
        ],
    );
    // The old number of an outer tag is Wireshark's `vlan`, as that of a tag inside is.
    check(
        "1",
        &tagged(&["9100", one, "8100", two, "88a8", three]),
        &[
            ("frame.protocols", &format!("{begin}:vlan:ethertype:vlan:ethertype:ieee8021ad:{end}")),
            ("vlan.id", "107,6"),
            ("ieee8021ad.id", "7"),
        ],
    );
}

/// Destination options with the home address 2001:db8::9, before UDP.
const AT_HOME: &str = "110201020000c91020010db8000000000000000000000009";
/// A routing header of type 2 that leads on to 2001:db8::9, before UDP.
const HOMEWARD: &str = "110202010000000020010db8000000000000000000000009";

#[test]
fn addresses_of_a_packet_on_the_way_are_those_of_its_header() {
    check(
        "101",
        &packet(43, SERVER, &format!("{HOMEWARD}{DATAGRAM}")),
        &[
            ("ipv6.src", "2001:db8::2"),
            ("ipv6.dst", "2001:db8::1"),
            ("ipv6.addr", "2001:db8::2,2001:db8::1"),
            ("ip.dst", ""),
            ("coapscope.source", "[2001:db8::2]:40000"),
            ("coapscope.destination", "[2001:db8::9]:5683"),
        ],
    );
    check(
        "101",
        &packet(60, SERVER, &format!("{AT_HOME}{DATAGRAM}")),
        &[
            ("ipv6.src", "2001:db8::2"),
            ("ipv6.dst", "2001:db8::1"),
            ("ipv6.addr", "2001:db8::2,2001:db8::1"),
            ("coapscope.source", "[2001:db8::9]:40000"),
        ],
    );
    // In fragments, with the routing header in each.
    let parts = fragments(&HOMEWARD.replacen("11", "2c", 1), 43, 17, &format!("{DATAGRAM}{OPTIONS}"));
    check("101", &parts.join(" "), &[("ipv6.dst", "2001:db8::1"), ("coapscope.destination", "[2001:db8::9]:5683")]);
    // Of a route of IPv4 Wireshark has the end.
    let loose = "4800002e0001000040116324c0000202c000020901830b04c0000205c0000201";
    check(
        "101",
        &format!("{loose}{DATAGRAM}"),
        &[("ip.dst", "192.0.2.1"), ("ip.cur_rt", "192.0.2.9"), ("ip.addr", "192.0.2.2,192.0.2.1")],
    );
    // What is selected in the tree makes a filter of that.
    let (store, mut fetcher) = read("101", "-", &format!("{loose}{DATAGRAM}"));
    let tree = tree(&fetcher.view(&store, 0).unwrap().unwrap(), Known::Later);
    let header = tree.children.iter().find(|layer| layer.name == "ip").unwrap();
    let stop = header.children.iter().find(|field| field.value == "192.0.2.9").unwrap();
    assert_eq!((&*stop.name, &*stop.label), ("ip.cur_rt", "Current Route"));
    // One that is over, and one that points into an address.
    for pointer in ["0c", "05", "03"] {
        let over = loose.replace("830b04", &format!("830b{pointer}"));
        check("101", &format!("{over}{DATAGRAM}"), &[("ip.dst", "192.0.2.9"), ("ip.cur_rt", "")]);
    }
}

#[test]
fn a_host_on_the_way_is_answered_at_home() {
    let request = packet(60, SERVER, &format!("{AT_HOME}{DATAGRAM}"));
    let answer = format!("6000000000242b40{SERVER}{CLIENT}{HOMEWARD}16339c40000c000060450001");
    check("101", &format!("{request} {answer}"), &[("coapscope.answers", "1"), ("ipv6.dst", "2001:db8::2")]);
}

#[test]
fn an_authentication_header_of_ipv4_that_was_divided_is_there() {
    let part = |place: &str, part: &str| {
        format!("4500{:04x}0007{place}4033{}{part}", 20 + part.len() / 2, "0000c0000202c0000201")
    };
    let carried = format!("11020000000000010000000100000000{DATAGRAM}");
    let (head, tail) = carried.split_at(32);
    let frames = format!("{} {}", part("2000", head), part("0002", tail));
    check("101", &frames, &[("ah", "1"), ("frame.protocols", "raw:ip:ah:udp:coap"), ("ip.proto", "51")]);
}
