//! The times beside a ladder: deltas count from the row before, numbers keep their digits, and a cut payload says that it is.

use std::path::{Path, PathBuf};

use coapscope::capture::PcapWriter;
use coapscope::frame::LinkType;
use coapscope::render::ladder::Ports;
use coapscope::render::time::{TimeFormat, brief};

use crate::capture::{Capture, Form, lab};
use crate::text::udp;

/// Checks of every row that its delta in seconds is the rounded one beside it; answers how many have both.
fn check_deltas(name: &str, ladder: &str) -> usize {
    let mut checked = 0;
    for row in ladder.lines() {
        let words: Vec<&str> = row.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| word.starts_with('+')).filter(|at| *at > 1 && *at < 5) else {
            continue;
        };
        let (whole, parts) = words[at - 1].split_once('.').unwrap_or_else(|| panic!("{name}: no delta in\n{row}"));
        let nanoseconds = whole.parse::<i64>().unwrap() * 1_000_000_000 + parts.parse::<i64>().unwrap() * 1000;
        let rounded = format!("+{}", brief(nanoseconds));
        // What is below a microsecond is not shown.
        if words[at] != rounded && nanoseconds > 10_000 {
            let above = format!("+{}", brief(nanoseconds + 999));
            assert_eq!(words[at], above, "{name}:\n{row}");
        }
        checked += 1;
    }
    checked
}

#[test]
fn deltas_count_from_the_row_before() {
    let mut checked = 0;
    for path in lab() {
        for unfolded in [false, true] {
            let form = Form { width: 140, unfolded, times: TimeFormat::Delta, ..Form::default() };
            checked += check_deltas(&path.display().to_string(), &Capture::read(&path).text(form).0);
        }
    }
    assert!(checked > 2000, "{checked}");
}

#[cfg(feature = "tui")]
#[test]
fn deltas_count_from_the_row_before_on_the_screen() {
    use crate::script::Scene;
    let walks = [
        "2 d",
        "2 d zR",
        "2 d G",
        "2 d :60 Enter j j j j j",
        "2 d zb :70 Enter",
        "2 d :41 Enter =",
        "2 d H",
        "2 d PgDn H PgDn",
    ];
    let mut checked = 0;
    for keys in walks {
        for scene in [Scene::built_in(), Scene::lab("04-giveup-libcoap.pcap"), Scene::lab("05-block-loss.client.pcap")]
        {
            let film = scene.at((140, 40)).keys(keys).run();
            checked += check_deltas(keys, film.last());
        }
    }
    assert!(checked > 200, "{checked}");
    let film = Scene::lab("04-giveup-libcoap.pcap").at((80, 24)).keys("2 d G").run();
    for (frame, delta) in [("11", "11.375"), ("12", "22.752")] {
        let row =
            film.last().lines().find(|row| row.trim_start_matches(['\u{25b6}', '\u{2022}', ' ']).starts_with(frame));
        let row = row.unwrap_or_else(|| panic!("no {frame} in\n{}", film.last()));
        assert!(row.split_whitespace().any(|word| word.starts_with(delta)), "{frame}:\n{}", film.last());
    }
    let film = Scene::built_in().at((80, 24)).filtered("coap.type == 0").keys("2 d").run();
    assert!(film.last().lines().filter(|row| row.contains("CON")).count() > 5);
}

/// Requests at these seconds after 1970.
fn at_seconds(times: &[i64]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("times.pcap");
    let mut writer = PcapWriter::new(std::fs::File::create(&file).unwrap(), LinkType::RAW, 65535).unwrap();
    for (at, seconds) in times.iter().enumerate() {
        let packet = udp((10_000, 5683), &[0x40, 1, 0, at as u8, 0xb1, b'a']);
        writer.record(seconds * 1_000_000_000 + 123_000_000, packet.len() as u32, &packet).unwrap();
    }
    writer.finish().unwrap();
    (folder, file)
}

/// A word stands whole in a line that begins with this frame number.
#[track_caller]
fn has(text: &str, frame: &str, word: &str) {
    let row = text.lines().find(|row| row.trim_start_matches(['\u{25b6}', ' ', '\u{2022}']).starts_with(frame));
    let row = row.unwrap_or_else(|| panic!("no row of {frame} in\n{text}"));
    assert!(row.split_whitespace().any(|other| other == word), "no {word} in\n{row}\nof\n{text}");
}

#[test]
fn no_number_loses_digits() {
    // The longest of them is neither the first nor the last.
    let (_folder, file) = at_seconds(&[1_000_000_000, 1_000_000_001, 4_000_000_000, 1_000_000_500, 500]);
    for (width, cut) in [(60, 3), (80, 3), (100, 3), (104, 6), (200, 6)] {
        let digits = |number: &str| format!("{number}.{}", &"123000"[..cut]);
        for (times, longest) in [(TimeFormat::Epoch, "4000000000"), (TimeFormat::Delta, "2999999999")] {
            let text = Capture::read(&file).text(Form { width, times, ..Form::default() }).0;
            let zeros =
                if times == TimeFormat::Delta { format!("{longest}.{}", &"000000"[..cut]) } else { digits(longest) };
            has(&text, "3 ", &zeros);
        }
        let text = Capture::read(&file).text(Form { width, ..Form::default() }).0;
        has(&text, "3 ", &format!("3000000000.{}", &"000000"[..cut]));
        has(&text, "5 ", &format!("-999999500.{}", &"000000"[..cut]));
    }
}

#[test]
fn pictures_have_room_for_their_numbers() {
    let (_folder, file) = at_seconds(&[1_000_000_000, 4_000_000_000, 500]);
    for times in [TimeFormat::Relative, TimeFormat::AbsoluteDate, TimeFormat::Epoch] {
        let picture = Capture::read(&file).svg(Form { times, ..Form::default() }).0;
        let lane: usize = attribute(picture.lines().find(|line| line.contains("class=\"l\"")).unwrap(), "x1");
        let mut before = 0;
        for line in picture.lines().filter(|line| line.contains("text-anchor=\"end\"")) {
            let words = line.split_once('>').unwrap().1.strip_suffix("</text>").unwrap();
            let (end, wide) = (attribute(line, "x"), words.len() * 73 / 10);
            let is_number = words.parse::<u32>().is_ok();
            let from = if is_number { 0 } else { before };
            assert!(end >= from + wide && end < lane, "{times:?}: {line}");
            before = if is_number { end } else { before };
        }
    }
}

fn attribute(line: &str, name: &str) -> usize {
    let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

#[cfg(feature = "tui")]
#[test]
fn no_number_loses_digits_on_the_screen() {
    use crate::script::Scene;
    let (_folder, file) = at_seconds(&[1_000_000_000, 1_000_000_001, 4_000_000_000, 1_000_000_500, 500]);
    for width in [60, 80, 103] {
        let last = |keys: &str| Scene::file(&file).at((width, 30)).keys(keys).run().last().to_owned();
        has(&last("2"), "3 ", "3000000000.000");
        has(&last("2"), "5 ", "-999999500.000");
        // Times count from the last message: what comes before it has a sign.
        has(&last("2 G r"), "3 ", "3999999500.000");
        has(&last("2 3G r"), "1 ", "-3000000000.000");
    }
}

/// A capture of the lab with so many bytes of each frame.
fn cut_to(snaplen: usize, name: &str) -> (tempfile::TempDir, PathBuf) {
    let bytes = std::fs::read(Path::new("captures/lab").join(name)).unwrap();
    let (header, mut rest) = bytes.split_at(24);
    let mut cut = header.to_vec();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let kept = length.min(snaplen);
        cut.extend(&rest[..8]);
        cut.extend((kept as u32).to_le_bytes());
        cut.extend(&rest[12..16 + kept]);
        rest = &rest[16 + length..];
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.pcap");
    std::fs::write(&file, cut).unwrap();
    (folder, file)
}

#[test]
fn a_payload_that_the_capture_cut_says_so() {
    let mut capture = Capture::lab("08-snaplen-60.pcap");
    let wide = Form { width: 180, ports: Ports::Merged, ..Form::default() };
    let forms = [capture.text(wide).0, capture.mermaid(wide).0, capture.svg(wide).0.replace("&quot;", "\"")];
    for text in forms {
        for row in text.lines().filter(|row| row.contains("\"Nov 23")) {
            assert!(row.contains("B captured \"Nov 23"), "{row}");
        }
        assert!(text.contains("7 B captured \"Nov 23 \""), "{text}");
    }
    // A fold tells of all its messages.
    let (_folder, file) = cut_to(80, "05-block2-libcoap.pcap");
    let text = Capture::read(&file).text(Form { width: 140, ..Form::default() }).0;
    let fold = text.lines().find(|row| row.contains("[+]")).unwrap_or_else(|| panic!("{text}"));
    assert!(fold.contains(" B captured"), "{fold}");
    // Where nothing was cut nothing says so.
    let whole = Capture::read(Path::new("captures/lab-session.pcap")).text(wide).0;
    assert!(!whole.contains("captured"));
}
