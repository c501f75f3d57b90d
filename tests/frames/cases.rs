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
fn a_chain_of_extension_headers_is_passed_up_to_a_limit_that_is_named() {
    let limit = "more than 16 IP extension headers, which is the limit here";
    for (headers, expected) in [(15, "[2001:db8::2]:40000"), (16, "[2001:db8::2]:40000"), (17, limit), (100, limit)] {
        let (options, length) = ("3c00010400000000".repeat(headers - 1), headers * 8 + 14);
        let addresses = "20010db800000000000000000000000220010db8000000000000000000000001";
        let packet =
            bytes(&format!("60000000{length:04x}3c40{addresses}{options}11000104000000009c401633000e007b40010001b16c"));
        let told = described(&peeler().peel(&frame(101, None, &packet)));
        assert!(told.starts_with(expected), "{headers}: {told}");
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
