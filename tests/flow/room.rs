//! Where words have their room: beside a lane that is alone, where names are long, on late notifications, in forms without columns.

use std::path::Path;

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;

use crate::capture::{Capture, Form};
use crate::folds::ladder;
use crate::text::{hostile, udp};

/// A capture of datagrams of raw IPv4, a millisecond apart.
fn save(file: &Path, packets: impl Iterator<Item = Vec<u8>>) {
    let mut writer = PcapWriter::new(std::fs::File::create(file).unwrap(), LinkType::RAW, 65535).unwrap();
    for (at, packet) in packets.enumerate() {
        writer.record(1_000_000_000 + at as i64 * 1_000_000, packet.len() as u32, &packet).unwrap();
    }
    writer.finish().unwrap();
}

/// CON GET of /sensors/humidity.
fn get(id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    [&[0x40, 1, high, low, 0xb7][..], b"sensors", &[0x08], b"humidity"].concat()
}

#[test]
fn an_endpoint_that_talks_to_itself_has_room_for_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("self.pcap");
    let mut packet = udp((5683, 5683), &get(7));
    packet.copy_within(16..20, 12);
    save(&file, std::iter::once(packet));
    for (width, said) in
        [(80, "CON 7 GET /sensors/humidity"), (60, "GET /sensors/humidity"), (40, "CON 7 GET /senso..idity")]
    {
        let text = Capture::read(&file).text(Form { width, ..Form::default() }).0;
        assert!(text.contains(said), "{width}:\n{text}");
    }
}

#[cfg(feature = "tui")]
#[test]
fn no_label_is_cut_without_a_sign_where_names_are_long() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many.pcap");
    // So many clients that the first ones have four digits at the end of the capture.
    save(&file, (0..1200).map(|at| udp((10_000 + at, 5683), &get(at))));
    let mut cut = 0;
    for width in 50..=110 {
        // Two lanes far to the right: most rows are beyond the left edge.
        let film = crate::script::Scene::file(&file).at((width, 20)).keys("2 \\ P G").run();
        for row in film.last().lines().filter(|row| row.contains('\u{ab}') && row.contains(">s1 ")) {
            let label = row.split(">s1 ").nth(1).unwrap();
            let label = label.split(['\u{2502}', '\u{bb}']).next().unwrap().trim_end();
            let whole = label.contains("/sensors/humidity") || label.contains("..");
            assert!(whole, "{width}:\n{row}");
            cut += 1;
        }
    }
    assert!(cut > 100, "{cut}");
}

#[test]
fn every_late_notification_is_slanted() {
    let notification = |id: u8, observe: u8| vec![0x51, 0x45, 0, id, 1, 0x61, observe, 0xff, b'v'];
    let mut messages = vec![
        (0, true, vec![0x41, 1, 0, 1, 1, 0x60, 0x51, b'x']),
        (10, false, {
            let mut accepted = notification(1, 5);
            accepted[0] = 0x61;
            accepted
        }),
    ];
    messages.extend([9, 6, 7, 8].iter().enumerate().map(|(at, observe)| {
        let at = at as u8;
        (1000 + i64::from(at) * 1000, false, notification(100 + at, *observe))
    }));
    let text = ladder(&messages);
    let stale: Vec<&str> = text.lines().filter(|row| row.contains("stale")).collect();
    assert_eq!(stale.len(), 3, "{text}");
    assert!(stale.iter().all(|row| row.contains('\u{2571}')), "{text}");
}

#[test]
fn a_long_path_is_cut_where_a_form_has_no_columns() {
    let path = "0123456789".repeat(25);
    let (diagram, _) = hostile(path.as_bytes()).mermaid(Form::default());
    let longest = diagram.lines().map(str::len).max();
    assert!(longest < Some(200) && diagram.contains(".."), "{diagram}");
}
