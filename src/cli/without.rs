//! What a capture holds that is no CoAP, and which option would make some of it CoAP.

use std::io::{self, Write};

use crate::store::Summary;

/// Reasons that fit a line.
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
        writeln!(out, "  {count:>10}  {reason}")?;
    }
    let rest: u64 = reasons.iter().skip(most).map(|(_, count)| count).sum();
    if rest > 0 {
        writeln!(out, "  {rest:>10}  for {} other reasons (--json lists all)", reasons.len() - most)?;
    }
    Ok(())
}

/// Which option would help; None where none would.
pub fn advice(summary: &Summary) -> Option<String> {
    let offers: Vec<String> = summary
        .offers
        .iter()
        .map(|(port, offer)| {
            let (datagrams, look) = if offer.datagrams == 1 { ("datagram", "looks") } else { ("datagrams", "look") };
            format!("{} {datagrams} on UDP port {port} {look} like CoAP: --port {port} decodes them", offer.datagrams)
        })
        .collect();
    if !offers.is_empty() {
        return Some(offers.join("; "));
    }
    let has_ports = summary.reasons.keys().any(|reason| reason.starts_with("UDP "));
    (summary.coap_messages == 0 && has_ports).then(|| "--port N decodes a UDP port as CoAP".to_owned())
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
    let frames = if summary.frames == 1 { "frame" } else { "frames" };
    let advice = advice(summary).or_else(|| (rest > 0).then(|| "`coapscope stats` lists all".to_owned()));
    let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
    Some(format!("{name}: no CoAP message in {} {frames} ({}){advice}", summary.frames, told.join(", ")))
}
