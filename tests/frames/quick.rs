//! The quick way of peeling against the general one, which is taken wherever checksums are to be verified.

use coapscope::capture::{Input, Next, open};
use coapscope::frame::{Frame, PeelOptions, Peeled, Peeler};

use super::cases::cases;
use super::tshark::captures;
use super::{frame, peeler};

/// Peels a frame both ways; they may differ in nothing but the checksum.
#[track_caller]
fn check_with(quick: &mut Peeler, general: &mut Peeler, frame: &Frame<'_>) -> bool {
    let quick = quick.peel(frame);
    let mut general = general.peel(frame);
    if let Peeled::Datagram(datagram) = &mut general {
        datagram.notes.udp_checksum = None;
        datagram.notes.no_checksum = false;
    }
    assert_eq!(format!("{quick:?}"), format!("{general:?}"));
    matches!(quick, Peeled::Datagram(_))
}

#[track_caller]
fn check(frame: &Frame<'_>) {
    check_with(&mut Peeler::new(PeelOptions::default()), &mut peeler(), frame);
}

/// Checks a frame, then cut, with other lengths on the wire, and with bytes of its headers changed.
#[track_caller]
fn check_damaged(whole: &Frame<'_>, values: &[u8]) {
    let length = whole.bytes.len();
    for wire in [0, length.saturating_sub(1), length, length + 1, usize::from(u16::MAX)] {
        check(&Frame { original_length: wire as u32, ..*whole });
    }
    for end in [14, 33, 34, 41, 42, 43, length.saturating_sub(1)] {
        check(&Frame { bytes: &whole.bytes[..end.min(length)], ..*whole });
    }
    let mut bytes = whole.bytes.to_vec();
    for at in 0..length.min(44) {
        let was = bytes[at];
        for value in values {
            bytes[at] = was ^ value;
            check(&Frame { bytes: &bytes, ..*whole });
        }
        bytes[at] = was;
    }
}

#[test]
fn the_frames_of_the_table_damaged() {
    let bits: Vec<u8> = (0..8).map(|bit| 1 << bit).chain([0xff]).collect();
    for case in cases() {
        check_damaged(&frame(case.link, case.original_length, &case.bytes), &bits);
    }
}

/// A broadcast, a group, addresses good on one link only, and lengths at their limits.
#[test]
fn addresses_and_lengths_of_every_kind() {
    let case = cases().into_iter().find(|case| case.name == "ethernet, IPv4").unwrap();
    let addresses =
        [[255; 4], [255, 255, 255, 254], [224, 0, 1, 187], [239, 255, 255, 255], [240, 0, 0, 0], [169, 254, 1, 3]];
    for to in [case.bytes[..6].to_vec(), vec![0xff; 6]] {
        for address in addresses {
            for at in [26, 30] {
                let mut bytes = case.bytes.clone();
                bytes[..6].copy_from_slice(&to);
                bytes[at..at + 4].copy_from_slice(&address);
                check(&frame(1, None, &bytes));
            }
        }
    }
    for total in (0..80).chain(65_500..=65_535) {
        for length in [total - 22, total - 21, total - 20, total - 19, 0, 7, 8] {
            let mut bytes = case.bytes.clone();
            bytes[16..18].copy_from_slice(&(total as u16).to_be_bytes());
            bytes[38..40].copy_from_slice(&(length as u16).to_be_bytes());
            check(&frame(1, None, &bytes));
            bytes.resize(total.max(42) as usize + 14, 0);
            check(&frame(1, None, &bytes));
        }
    }
}

#[test]
fn the_frames_of_every_capture() {
    let mut datagrams = 0;
    for path in captures() {
        let mut source = open(&Input::Path(path.clone()), &std::env::temp_dir()).unwrap().source;
        let (mut quick, mut general) = (Peeler::new(PeelOptions::default()), peeler());
        loop {
            let frame = match source.next().unwrap() {
                Next::Frame(frame) => frame,
                Next::Pending => {
                    source.wait(std::time::Duration::from_secs(1));
                    continue;
                }
                Next::End => break,
            };
            datagrams += u32::from(check_with(&mut quick, &mut general, &frame));
            if frame.number % 64 == 1 {
                check_damaged(&frame, &[0x01, 0x20, 0xff]);
            }
        }
        assert_eq!(quick.fragment_counters(), general.fragment_counters(), "{}", path.display());
    }
    assert!(datagrams > 1000, "{datagrams}");
}
