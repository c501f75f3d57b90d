//! The table of frames.

use super::{bytes, described, frame, peeler};

/// A line of `cases.txt`.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) link: u16,
    pub(crate) original_length: Option<u32>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: String,
}

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let lines = include_str!("cases.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(case).collect()
}

fn case(line: &str) -> Case {
    let [name, link, length, hex, expected] = line.splitn(5, " | ").collect::<Vec<_>>()[..] else {
        panic!("not five columns: {line}");
    };
    Case {
        name: name.to_owned(),
        link: link.parse().unwrap(),
        original_length: length.parse().ok(),
        bytes: bytes(hex),
        expected: expected.to_owned(),
    }
}

#[test]
fn every_frame_is_peeled_as_the_table_says() {
    let mut wrong = Vec::new();
    for case in cases() {
        let got = described(&peeler().peel(&frame(case.link, case.original_length, &case.bytes)));
        if got != case.expected {
            wrong.push(format!("{}\n     got {got}\nexpected {}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
