//! The layers of a frame: names, values and places.

use coapscope::frame::layers;

use super::cases::cases;
use super::frame;

/// The layers of a case of the table as text: `name: summary @bit+bits`, fields indented.
fn shown(name: &str) -> String {
    let case = cases().into_iter().find(|case| case.name == name).expect(name);
    let mut text = String::new();
    for layer in layers(&frame(case.link, case.original_length, &case.bytes)) {
        text += &format!("{}: {} @{}+{}\n", layer.name, layer.summary, layer.span.bit, layer.span.bits);
        for field in layer.fields {
            text += &format!("  {}: {} @{}+{}\n", field.name, field.value, field.span.bit, field.span.bits);
        }
    }
    text
}

#[test]
fn every_kind_of_header_is_laid_out() {
    let names = [
        "padding and check sequence",
        "three tags",
        "two service tags",
        "802.3 with SNAP",
        "PPPoE in a tag, IPv6",
        "cooked v1",
        "cooked v2, loopback",
        "loopback, family 30, big-endian",
        "PPP with direction",
        "PPP with a compressed protocol",
        "Cisco HDLC under the number of PPP in HDLC",
        "NFLOG",
        "IPv4 options",
        "IPv4 loose source route, at its first stop",
        "IPv4 authentication header",
        "IPv6 hop-by-hop and destination options",
        "IPv6 routing header",
        "IPv6 atomic fragment",
        "UDP length too short",
        "checksum wrong",
        "no checksum in IPv4",
        "no checksum in IPv6",
        "host on the way, with its home address",
        "cut in UDP",
        "cut in the payload",
        "TCP",
        "port unreachable",
        "ICMPv6 port unreachable",
        "port unreachable, 8 bytes quoted",
        "ICMPv6 error that cut its quote",
        "segment route, last segment first",
        "route of a kind that nobody knows",
        "cooked v1, CAN",
        "802.15.4",
    ];
    let text: String = names.iter().map(|name| format!("== {name}\n{}", shown(name))).collect();
    insta::assert_snapshot!(text);
}
