//! The ladder as a picture: well-formed whatever the wire holds, one arrow a message.

use crate::capture::{Capture, Form, lab};
use crate::golden;
use crate::text::{HOSTILE, hostile};

/// Every line is one element, and no text in it is markup. Answers the arrows: lines with a head.
fn check(picture: &str) -> usize {
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
    let mut arrows = 0;
    for line in picture.lines() {
        arrows += usize::from(line.starts_with("<line ") && line.contains("marker-end"));
        // From an endpoint to itself.
        arrows += usize::from(line.contains('\u{21ba}'));
        let Some(rest) = line.strip_prefix("<text ") else {
            assert!(
                ["<svg ", "</svg>", "<style>", "<rect ", "<line "].iter().any(|tag| line.starts_with(tag)),
                "{line}"
            );
            continue;
        };
        let (_, words) = rest.split_once('>').unwrap();
        let words = words.strip_suffix("</text>").unwrap();
        assert!(!words.contains(['<', '>', '"']) && !words.chars().any(coapscope::coap::escape::is_hidden), "{line}");
        for entity in words.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)), "{line}");
        }
    }
    arrows
}

#[test]
fn pictures_are_well_formed() {
    golden("04-reorder.client.svg", &Capture::lab("04-reorder.client.pcap").svg(Form::default()).0);
    for text in HOSTILE {
        assert_eq!(check(&hostile(text.as_bytes()).svg(Form::default()).0), 2, "{text}");
    }
    for path in lab() {
        let mut capture = Capture::read(&path);
        let (picture, left) = capture.svg(Form { unfolded: true, limit: 500, ..Form::default() });
        let messages = capture.store.len() as u64;
        // A multicast has a head for each who answered.
        assert!(check(&picture) as u64 >= messages - left, "{}", path.display());
        assert_eq!(left, messages.saturating_sub(500), "{}", path.display());
    }
}
