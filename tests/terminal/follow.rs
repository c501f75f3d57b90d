//! A file that grows while the screen is open: what another program is writing.

use std::fs::File;
use std::io::Write;

use portable_pty::CommandBuilder;

use super::pty::Pty;
use super::{CAPTURE, DRAWN};

/// Bytes of the header of a pcap, and of the one before each of its frames.
const HEADER: usize = 24;
const BEFORE: usize = 16;

/// Where each frame of a pcap ends.
fn ends(capture: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = HEADER;
    while let Some(length) = capture.get(at + 8..at + 12) {
        at += BEFORE + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        ends.push(at);
    }
    assert_eq!(ends.last(), Some(&capture.len()), "not a capture in whole frames");
    ends
}

/// The title counts so many messages, and the newest of them stands on the last row of the list.
fn shows(screen: &vt100::Screen, count: usize) -> bool {
    let rows: Vec<String> = screen.rows(0, 80).collect();
    let newest = rows.iter().take_while(|row| !row.starts_with("\u{2500}\u{2500}")).filter(|row| {
        let number = row.trim_start_matches(['\u{25b6}', '\u{2502}', ' ']).split(' ').next();
        number.is_some_and(|number| number.parse() == Ok(count))
    });
    rows[0].contains(&format!(" {count} msg ")) && newest.count() == 1
}

#[test]
fn a_file_that_grows_is_followed() {
    let capture = std::fs::read(CAPTURE).unwrap();
    let ends = ends(&capture);
    assert!(ends.len() > 10);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.pcap");
    let mut file = File::create(&path).unwrap();
    let mut write = |from: usize, to: usize| {
        file.write_all(&capture[from..to]).unwrap();
        file.flush().unwrap();
    };
    // Only a part of the header is there: nothing can be shown, and nothing is wrong.
    write(0, HEADER + BEFORE + 5);
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
    command.arg("--follow");
    command.arg(&path);
    let mut pty = Pty::start(command);
    pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN) && screen.contents().contains(" 0 msg "));
    // The first frame is completed, and two more come.
    write(HEADER + BEFORE + 5, ends[2]);
    pty.wait_for("three messages", |screen| shows(screen, 3));
    // One more, and the next one cut at each place where a record can be cut: in its header, behind it, in its frame.
    let mut written = ends[2];
    for (count, cut) in [(4, 7), (5, BEFORE), (6, BEFORE + 40)] {
        let (whole, next) = (ends[count - 1], ends[count - 1] + cut);
        write(written, next);
        written = next;
        pty.wait_for("one more", |screen| shows(screen, count));
        assert!(ends[count] > whole + cut, "the frame is no longer than what was to be a part of it");
        // A key is answered, and what is cut is neither shown nor complained of.
        assert!(pty.answer_to("k", std::time::Duration::from_secs(20)).is_some());
        pty.press("G");
        pty.wait_for("the same number", |screen| shows(screen, count));
        let text = pty.text().to_lowercase();
        assert!(!["cut short", "truncated", "damaged", "cannot"].iter().any(|word| text.contains(word)), "{text}");
    }
    // The rest at once, while another view is open.
    pty.press("3");
    pty.wait_for("the exchanges", |screen| screen.contents().contains("Request"));
    write(written, capture.len());
    let last = format!(" {} msg ", ends.len());
    pty.wait_for("the rest", |screen| screen.contents().contains(&last));
    pty.press("1G");
    pty.wait_for("the last message", |screen| shows(screen, ends.len()));
    pty.press("q");
    assert_eq!(pty.wait_for_end(), 0);
}
