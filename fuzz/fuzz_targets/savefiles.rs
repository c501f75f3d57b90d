//! Bytes as a capture file: read every frame, peel it, and read the first ones again from where they stand.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use coapscope::capture::{Input, Next, open};
use coapscope::frame::{PeelOptions, Peeler};
use libfuzzer_sys::fuzz_target;

/// Frames after which a file has been read enough.
const FRAMES: u64 = 10_000;

/// The one file that every input is written to.
fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::temp_dir().join(format!("coapscope-fuzz-{}.pcap", std::process::id())))
}

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(path(), bytes).expect("the temporary folder takes a file");
    let Ok(mut opened) = open(&Input::Path(path().clone()), &std::env::temp_dir()) else {
        return;
    };
    let mut peeler = Peeler::new(PeelOptions::default());
    let (mut frames, mut waits, mut again) = (0, 0, Vec::new());
    loop {
        match opened.source.next() {
            Ok(Next::Frame(frame)) => {
                let _ = peeler.peel(&frame);
                frames += 1;
                if again.len() < 8 {
                    again.push((frame.position, frame.number, frame.bytes.to_vec()));
                }
            }
            // A compressed file is unpacked by a thread of its own.
            Ok(Next::Pending) if waits < 1000 => {
                waits += 1;
                opened.source.wait(Duration::from_millis(1));
            }
            _ => break,
        }
        if frames == FRAMES {
            break;
        }
    }
    let _ = opened.source.take_warnings();
    let mut buffer = Vec::new();
    for (position, number, bytes) in again {
        let frame = opened.reader.read(position, number, &mut buffer).expect("what was read can be read again");
        assert_eq!(frame.bytes, bytes);
    }
});
