//! Names that Wireshark users type for what has another name here, or is not here: what to write instead.

/// One name, or with a dot at its end all names that begin with it: why it is no field, and what is asked in its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Elsewhere {
    name: &'static str,
    /// Why, behind the name.
    pub why: &'static str,
    /// Fields that say what is wanted; the first takes its place where it can.
    pub instead: &'static [&'static str],
}

const fn row(name: &'static str, why: &'static str, instead: &'static [&'static str]) -> Elsewhere {
    Elsewhere { name, why, instead }
}

const ONLY_UDP: &str = "is of a protocol that is not read: what is shown is CoAP over UDP";
const REASSEMBLY: &str = "is of Wireshark's reassembly, which goes by addresses alone and mixes bodies up";
const PAYLOADS: &str = "is of Wireshark's payload dissectors; here the values of every payload are members";

/// Single names stand before those that hold for many.
const ROWS: &[Elsewhere] = &[
    row(
        "coap.payload",
        "is a sentence about the payload in Wireshark, not the payload",
        &["coapscope.payload", "coapscope.payload.text"],
    ),
    row("coap.length", "is of CoAP over TCP, which is not read", &["coapscope.length"]),
    row(
        "coap.opt.uri_path_recon",
        "is Wireshark's guess at the whole URI, in responses by the token alone",
        &["coapscope.resource"],
    ),
    row("coap.oscore_kid", "is what Wireshark adds to a response from its request", &["coap.opt.object_security_kid"]),
    row(
        "coap.oscore_kid_context",
        "is what Wireshark adds to a response from its request",
        &["coap.opt.object_security_kid_context"],
    ),
    row("coap.oscore_piv", "is what Wireshark adds to a response from its request", &["coap.opt.object_security_piv"]),
    row("coap.message_id", "has the name here that Wireshark gives it", &["coap.mid"]),
    row(
        "coap.opt.oscore",
        "has the names here that Wireshark gives its parts",
        &["coap.opt.object_security_kid", "coap.opt.object_security_piv"],
    ),
    row("coap.block", REASSEMBLY, &["coapscope.body"]),
    row("coap.blocks", REASSEMBLY, &["coapscope.body"]),
    row("coap.block.count", REASSEMBLY, &["coapscope.body.blocks"]),
    row("coap.block.reassembled.in", REASSEMBLY, &["coapscope.body.complete", "coapscope.body"]),
    row("coap.block.reassembled.length", REASSEMBLY, &["coapscope.body.length"]),
    row("coap.block.", REASSEMBLY, &["coapscope.finding"]),
    row(
        "coap.unknown_option_number",
        "goes by Wireshark's list of options, which is older than the registry",
        &["coap.opt.unknown", "coapscope.option"],
    ),
    row(
        "coap.invalid_option_number",
        "goes by Wireshark's list of options, which is older than the registry",
        &["coap.opt.unknown", "coapscope.option"],
    ),
    row(
        "coap.option_oscore_bad",
        "is what Wireshark calls reserved bits that are set",
        &["coap.opt.object_security_reserved"],
    ),
    row(
        "frame.time_delta",
        "counts from the frame before, and of frames that are not CoAP no time is kept",
        &["coapscope.delta"],
    ),
    row("frame.time_delta_displayed", "depends on what else is displayed", &["coapscope.delta"]),
    row("frame.coloring_rule.name", "is of Wireshark's colours", &["coapscope.severity"]),
    row("udp.stream", "numbers pairs of endpoints", &["coapscope.client", "coapscope.server"]),
    row("udp.time_delta", "counts within a pair of endpoints", &["coapscope.delta", "coapscope.rtt"]),
    row("udp.time_relative", "counts within a pair of endpoints", &["frame.time_relative"]),
    row("frame.time_utc", "is the time in UTC, which all times are here", &["frame.time"]),
    row("ip.fragment", "is of Wireshark's reassembly", &["ip.frag_offset", "ip.flags.mf"]),
    row("ip.fragments", "is of Wireshark's reassembly", &["ip.frag_offset", "ip.flags.mf"]),
    row(
        "ip.reassembled_in",
        "is of Wireshark's reassembly; messages have the number of their last fragment",
        &["frame.number"],
    ),
    row("ip.reassembled.length", "is of Wireshark's reassembly", &["udp.length"]),
    row("ip.stream", "numbers pairs of addresses", &["ip.addr"]),
    row("ipv6.stream", "numbers pairs of addresses", &["ipv6.addr"]),
    row("ip.host", "is the name of a host, and no names are looked up", &["ip.addr"]),
    row("ip.src_host", "is the name of a host, and no names are looked up", &["ip.src"]),
    row("ip.dst_host", "is the name of a host, and no names are looked up", &["ip.dst"]),
    row("ipv6.host", "is the name of a host, and no names are looked up", &["ipv6.addr"]),
    row("ipv6.src_host", "is the name of a host, and no names are looked up", &["ipv6.src"]),
    row("ipv6.dst_host", "is the name of a host, and no names are looked up", &["ipv6.dst"]),
    row(
        "udp.checksum.status",
        "is a verdict, which is a finding here, where --checksums asks for it",
        &["coapscope.finding"],
    ),
    row(
        "udp.checksum_bad",
        "is a verdict, which is a finding here, where --checksums asks for it",
        &["coapscope.finding"],
    ),
    row("_ws.malformed", "is where Wireshark runs out of bytes", &["coapscope.malformed"]),
    row("_ws.expert.severity", "is of Wireshark's expert information", &["coapscope.severity"]),
    row("_ws.expert", "is Wireshark's expert information", &["coapscope.finding"]),
    row("_ws.expert.", "is of Wireshark's expert information", &["coapscope.finding"]),
    row("_ws.col.number", "is a column of Wireshark", &["frame.number"]),
    row("_ws.col.time", "is a column of Wireshark", &["frame.time_relative"]),
    row("_ws.col.source", "is a column of Wireshark", &["coapscope.source"]),
    row("_ws.col.destination", "is a column of Wireshark", &["coapscope.destination"]),
    row("_ws.col.length", "is a column of Wireshark", &["frame.len"]),
    row("_ws.col.info", "is a column of Wireshark", &["coapscope.resource", "coapscope.code.name"]),
    row("_ws.col.protocol", "is a column of Wireshark", &["coapscope.kind"]),
    row("_ws.", "is a column or a note of Wireshark", &["coapscope.finding"]),
    row("oscore", "is of decrypted messages, and nothing is decrypted here", &["coap.opt.object_security_kid"]),
    row("oscore.", "is of decrypted messages, and nothing is decrypted here", &["coap.opt.object_security_kid"]),
    row("dtls.", "is of DTLS, of which only that it is there is told", &["dtls", "coapscope.kind"]),
    row("json", PAYLOADS, &["coapscope.payload.value", "coapscope.payload.form"]),
    row("json.", PAYLOADS, &["coapscope.payload.value", "coapscope.payload.form"]),
    row("cbor", PAYLOADS, &["coapscope.payload.value", "coapscope.payload.form"]),
    row("cbor.", PAYLOADS, &["coapscope.payload.value", "coapscope.payload.form"]),
    row("xml", PAYLOADS, &["coapscope.payload.value", "coapscope.payload.form"]),
    row("xml.", PAYLOADS, &["coapscope.payload.value", "coapscope.payload.form"]),
    row("data", "is what no dissector of Wireshark took", &["coapscope.payload"]),
    row("data.", "is what no dissector of Wireshark took", &["coapscope.payload"]),
    row("tcp", ONLY_UDP, &["udp"]),
    row("tcp.port", ONLY_UDP, &["udp.port"]),
    row("tcp.srcport", ONLY_UDP, &["udp.srcport"]),
    row("tcp.dstport", ONLY_UDP, &["udp.dstport"]),
    row("tcp.", ONLY_UDP, &["udp"]),
    row("tls", ONLY_UDP, &["coap"]),
    row("tls.", ONLY_UDP, &["coap"]),
    row("http", ONLY_UDP, &["coap"]),
    row("http.", ONLY_UDP, &["coap.code", "coap.opt.uri_path"]),
    row("mqtt", ONLY_UDP, &["coap"]),
    row("arp", ONLY_UDP, &["coap"]),
    row("dns", ONLY_UDP, &["coap"]),
    row("mdns", ONLY_UDP, &["coap"]),
    row("wpan", ONLY_UDP, &["coap"]),
    row("6lowpan", ONLY_UDP, &["coap"]),
];

/// The row of a name, if it has one.
pub(super) fn find(name: &str) -> Option<&'static Elsewhere> {
    // Wireshark 4.0 writes the names of columns in capitals, 4.2 does not.
    let name = name.to_ascii_lowercase();
    ROWS.iter().find(|row| row.name == name || row.name.ends_with('.') && name.starts_with(row.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_instead_is_there() {
        for row in ROWS {
            assert!(super::super::get(row.name.trim_end_matches('.')).is_none() || row.name == "dtls.", "{}", row.name);
            assert!(!row.instead.is_empty(), "{}", row.name);
            for name in row.instead {
                assert!(super::super::get(name).is_some(), "{} names {name}", row.name);
            }
            // A name that no row before it takes away.
            let name = if row.name.ends_with('.') { format!("{}x", row.name) } else { row.name.to_owned() };
            assert_eq!(find(&name), Some(row));
        }
    }
}
