//! What a capture holds that is no CoAP, and which option would make some of it CoAP.

use std::io::{self, Write};

use crate::coap::count;
use crate::render::wrap::wrap;
use crate::store::Summary;

/// Columns of a list.
const WIDTH: usize = 80;
/// Reasons, and ports, that fit a line.
const TOLD: usize = 3;

/// Frames that are not CoAP by reason, the most frequent first.
fn reasons(summary: &Summary) -> Vec<(&str, u64)> {
    let mut reasons: Vec<(&str, u64)> = summary.reasons.iter().map(|(reason, count)| (&**reason, *count)).collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    reasons
}

/// Print the reasons, `most` of them.
///
/// # Errors
/// Where the output cannot be written.
pub fn list(summary: &Summary, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let reasons = reasons(summary);
    if reasons.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nframes that are not CoAP")?;
    for (reason, count) in reasons.iter().take(most) {
        let mut before = format!("  {count:>10}  ");
        for line in wrap(reason, WIDTH - before.len()) {
            writeln!(out, "{before}{line}")?;
            before = " ".repeat(before.len());
        }
    }
    let rest: u64 = reasons.iter().skip(most).map(|(_, count)| count).sum();
    if rest > 0 {
        writeln!(out, "  {rest:>10}  for {} other reasons (--json lists all)", reasons.len() - most)?;
    }
    Ok(())
}

/// Which option would help; None where none would.
pub fn advice(summary: &Summary) -> Option<String> {
    let mut found: Vec<_> = summary.offers.iter().collect();
    found.sort_by_key(|(port, offer)| (std::cmp::Reverse(offer.datagrams), **port));
    let mut offers: Vec<String> = found
        .iter()
        .take(TOLD)
        .map(|(port, offer)| {
            let (datagrams, look) = if offer.datagrams == 1 { ("datagram", "looks") } else { ("datagrams", "look") };
            format!("{} {datagrams} on UDP port {port} {look} like CoAP: --port {port} decodes them", offer.datagrams)
        })
        .collect();
    match found.len().saturating_sub(TOLD) {
        0 => {}
        1 => offers.push("as do those on 1 other port (`coapscope stats --json` lists all)".into()),
        more => offers.push(format!("as do those on {more} other ports (`coapscope stats --json` lists all)")),
    }
    if !offers.is_empty() {
        return Some(offers.join("; "));
    }
    let has_ports = summary.reasons.keys().any(|reason| reason.starts_with("UDP "));
    (summary.coap_messages == 0 && has_ports).then(|| "--port N decodes a UDP port as CoAP".to_owned())
}

/// The line for a live capture that has shown no message so far, once something on another port looks like CoAP; None else.
pub fn line_so_far(name: &str, summary: &Summary) -> Option<String> {
    if summary.coap_messages > 0 || summary.offers.is_empty() {
        return None;
    }
    advice(summary).map(|advice| format!("{name}: no CoAP message so far; {advice}"))
}

/// The line for a live capture on which no frame came: the kernel filter is why none of another port is known.
pub fn line_of_silence(name: &str, kernel_filter: Option<&str>) -> String {
    match kernel_filter {
        Some("") => format!("{name}: no frame came"),
        Some(filter) => format!("{name}: no frame came that the kernel filter `{filter}` lets through"),
        None => format!(
            "{name}: no frame came on the ports of CoAP; `-f udp` captures all of UDP and tells which ports look like CoAP, --port N adds one"
        ),
    }
}

/// The line for a live capture of which the kernel dropped frames, `dropped` by its own count, which has some of the loopback interface twice.
pub fn line_of_dropped(name: &str, dropped: u64) -> String {
    format!(
        "{name}: the kernel has dropped {} by its count, for want of room: what is missing here may have been there all the same",
        count(dropped, "frame")
    )
}

/// The line for a capture without any message; None where it has some.
pub fn line(name: &str, summary: &Summary) -> Option<String> {
    if summary.coap_messages > 0 {
        return None;
    }
    if summary.frames == 0 {
        return Some(format!("{name}: no frame is in it"));
    }
    let reasons = reasons(summary);
    let mut told: Vec<String> = reasons.iter().take(TOLD).map(|(reason, count)| format!("{count} {reason}")).collect();
    let rest: u64 = reasons.iter().skip(TOLD).map(|(_, count)| count).sum();
    if rest > 0 {
        told.push(format!("{rest} for other reasons"));
    }
    let frames = count(summary.frames, "frame");
    let advice = advice(summary).or_else(|| (rest > 0).then(|| "`coapscope stats` lists all".to_owned()));
    let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
    Some(format!("{name}: no CoAP message in {frames} ({}){advice}", told.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Offer;

    #[test]
    fn a_silent_interface_is_told_with_the_way_out() {
        let mut summary = Summary { frames: 9, ..Summary::default() };
        assert_eq!(line_so_far("lo", &summary), None);
        summary.offers.insert(5783, Offer { datagrams: 8, ..Offer::default() });
        let told = "8 datagrams on UDP port 5783 look like CoAP: --port 5783 decodes them";
        assert_eq!(line_so_far("lo", &summary), Some(format!("lo: no CoAP message so far; {told}")));
        summary.coap_messages = 1;
        assert_eq!(line_so_far("lo", &summary), None);
        assert!(line_of_silence("lo", None).contains("`-f udp`"));
        assert_eq!(line_of_silence("lo", Some("")), "lo: no frame came");
        assert!(line_of_silence("lo", Some("tcp")).ends_with("the kernel filter `tcp` lets through"));
    }
}
