//! Frames of every link type peeled down to their datagrams: by tables of bytes, damaged, and against a second opinion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "frames/cases.rs"]
mod cases;
#[path = "frames/damage.rs"]
mod damage;
#[path = "frames/fields.rs"]
mod fields;
#[path = "frames/findings.rs"]
mod findings;
#[path = "frames/fragments.rs"]
mod fragments;
#[path = "frames/layers.rs"]
mod layers;
#[path = "frames/links.rs"]
mod links;
#[path = "frames/quick.rs"]
mod quick;
#[path = "frames/runs.rs"]
mod runs;
#[path = "common/skipped.rs"]
mod skipped;
#[path = "frames/tshark.rs"]
mod tshark;

use coapscope::frame::{Datagram, Endpoint, Frame, LinkType, PeelOptions, Peeled, Peeler, Position};

/// A frame of the tests, first of its capture.
fn frame(link: u16, original_length: Option<u32>, bytes: &[u8]) -> Frame<'_> {
    Frame {
        number: 1,
        time: 0,
        link: LinkType(link),
        original_length: original_length.unwrap_or(bytes.len() as u32),
        bytes,
        position: Position::default(),
    }
}

fn peeler() -> Peeler {
    Peeler::new(PeelOptions { checksums: true, ..PeelOptions::default() })
}

/// Hex digits as bytes.
#[track_caller]
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "odd number of hex digits: {hex}");
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    match bytes {
        [] => "-".to_owned(),
        bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn endpoint(endpoint: &Endpoint) -> String {
    let scope = if endpoint.scope == 0 { String::new() } else { format!("%{}", endpoint.scope) };
    if endpoint.address.is_ipv6() {
        format!("[{}{scope}]:{}", endpoint.address, endpoint.port)
    } else {
        format!("{}{scope}:{}", endpoint.address, endpoint.port)
    }
}

/// What was found, in the words of `frames/cases.txt`.
fn described(peeled: &Peeled<'_>) -> String {
    match peeled {
        Peeled::Datagram(datagram) => described_datagram(datagram),
        Peeled::Icmp(quote) => format!(
            "icmp{} {}/{} {} tells {} about {} > {} {} at {} of {}",
            quote.version,
            quote.kind,
            quote.code,
            quote.reporter,
            quote.receiver,
            endpoint(&quote.source),
            endpoint(&quote.destination),
            hex(quote.payload),
            quote.payload_offset,
            quote.wire_length,
        ),
        Peeled::Other(reason) => reason.to_string(),
    }
}

fn described_datagram(datagram: &Datagram<'_>) -> String {
    let mut text = format!(
        "{} > {} {} at {} of {}",
        endpoint(&datagram.source),
        endpoint(&datagram.destination),
        hex(datagram.payload),
        datagram.payload_offset,
        datagram.wire_length,
    );
    if datagram.cut {
        text += " cut";
    }
    if datagram.multicast {
        text += " multicast";
    }
    if let Some((claimed, held)) = datagram.notes.udp_length {
        text += &format!(" udp.length {claimed} {held}");
    }
    if let Some((found, fits)) = datagram.notes.udp_checksum {
        text += &format!(" udp.checksum {found:04x} {fits:04x}");
    }
    if datagram.notes.no_checksum {
        text += " udp.no-checksum";
    }
    text
}
