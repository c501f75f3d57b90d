//! Frames that are read many at once against the same ones read singly, and against the general way, which looks at all layers of each.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use coapscope::capture::{CaptureError, Input, Interface, Next, Run, Source, Warning, open};
use coapscope::frame::LinkType;
use coapscope::pipeline::{Pipeline, PipelineOptions, Step};
use coapscope::store::Update;

use super::tshark::captures;

/// A source that gives its frames one by one.
struct Singly(Box<dyn Source>);

impl Source for Singly {
    fn next(&mut self) -> Result<Next<'_>, CaptureError> {
        self.0.next()
    }

    fn next_run(&mut self, _most: usize) -> Run<'_> {
        Run::default()
    }

    fn interfaces(&self) -> &[Interface] {
        self.0.interfaces()
    }

    fn progress(&self) -> (u64, Option<u64>) {
        self.0.progress()
    }

    fn take_warnings(&mut self) -> Vec<Warning> {
        self.0.take_warnings()
    }

    fn wait(&mut self, timeout: Duration) {
        self.0.wait(timeout);
    }
}

/// Numbers that look random.
struct Random(u32);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % most
    }
}

fn open_source(path: &Path) -> Box<dyn Source> {
    open(&Input::Path(path.to_owned()), &std::env::temp_dir()).unwrap().source
}

/// All Ethernet frames with IPv4 of all captures as one pcap file: many of them with changed bytes, cut, or with a time that goes back. None has a UDP
/// checksum that could be wrong.
fn damaged(to: &mut impl Write, big_endian: bool, random: &mut Random) -> usize {
    let word = |number: u32| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let half = |number: u16| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut file = [&word(0xa1b2_c3d4)[..], &half(2), &half(4), &[0; 8], &word(65_535), &word(1)].concat();
    let (mut frames, mut time) = (0, 1_700_000_000_000_000_u64);
    for path in captures() {
        let mut source = open_source(&path);
        loop {
            let frame = match source.next().unwrap() {
                Next::Frame(frame) => frame,
                Next::Pending => {
                    source.wait(Duration::from_secs(1));
                    continue;
                }
                Next::End => break,
            };
            if frame.link != LinkType::ETHERNET || frame.bytes.get(12..15) != Some(&[8, 0, 0x45]) {
                continue;
            }
            let (mut bytes, mut original) = (frame.bytes.to_vec(), frame.original_length.max(1));
            match random.below(8) {
                0 => {
                    let at = random.below(bytes.len().min(70));
                    // Another length of the IP header would have other bytes be the checksum.
                    bytes[at] ^= if at == 14 { 0x20 } else { 1 << random.below(8) };
                }
                1 => {
                    bytes.extend_from_slice(&[0x5a; 7][..random.below(8)]);
                    original = original.max(bytes.len() as u32);
                }
                // Those with more than they had are read singly.
                4 if random.below(128) == 0 => original = 1,
                2 if random.below(4) == 0 => bytes.truncate(1 + random.below(bytes.len())),
                3 if random.below(4) == 0 => original += 1,
                _ => {}
            }
            if let Some(checksum) = bytes.get_mut(40..42) {
                checksum.fill(0);
            }
            time += 1000 * random.below(50) as u64;
            time -= 100_000 * u64::from(random.below(3000) == 0);
            let numbers = [(time / 1_000_000) as u32, (time % 1_000_000) as u32, bytes.len() as u32, original];
            numbers.iter().for_each(|number| file.extend(word(*number)));
            file.extend(bytes);
            frames += 1;
        }
    }
    to.write_all(&file).unwrap();
    frames
}

/// All that comes of a source.
fn read(source: Box<dyn Source>, checksums: bool) -> Vec<String> {
    let mut pipeline =
        Pipeline::new(source, PipelineOptions { checksums, payloads: true, ..PipelineOptions::default() });
    let (mut update, mut all) = (Update::default(), Vec::new());
    loop {
        let step = pipeline.step(&mut update);
        all.extend(update.records.iter().map(|record| format!("{record:?}")));
        all.extend(update.patches.iter().map(|patch| format!("{patch:?}")));
        all.extend(update.endpoints.iter().map(|endpoint| format!("{endpoint}")));
        all.extend(update.observed.iter().map(|observed| format!("{observed:?}")));
        if step == Step::Ended {
            all.push(format!("{:?} {:?}", update.summary, update.ended));
            // Updates end where it suits, and tell of all kinds of things in turn.
            all.sort();
            return all;
        }
    }
}

#[track_caller]
fn check(one: &[String], other: &[String]) {
    let differing = one.iter().zip(other).find(|(one, other)| one != other);
    assert_eq!((differing, one.len()), (None, other.len()));
}

#[test]
fn it_does_not_matter_how_frames_are_read() {
    let (mut random, mut quick) = (Random(7), 0);
    for big_endian in [false, true, false, true] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let frames = damaged(&mut file, big_endian, &mut random);
        assert!(frames > 1000, "{frames}");
        let source = || open_source(file.path());
        let mut first = source();
        assert!(matches!(first.next(), Ok(Next::Frame(_))));
        quick += first.next_run(usize::MAX).len();
        let together = read(source(), false);
        check(&together, &read(Box::new(Singly(source())), false));
        check(&together, &read(source(), true));
    }
    assert!(quick > 400, "{quick} records are read together");
}
