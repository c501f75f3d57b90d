//! Savefiles of every form: sound, damaged, growing, compressed, and what is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "files/binary.rs"]
mod binary;
#[path = "files/blocks.rs"]
mod blocks;
#[path = "files/captures.rs"]
mod captures;
#[path = "files/classic.rs"]
mod classic;
#[path = "files/damage.rs"]
mod damage;
#[path = "files/lies.rs"]
mod lies;
#[path = "files/opening.rs"]
mod opening;
#[path = "files/pcapng.rs"]
mod pcapng;
#[path = "files/resync.rs"]
mod resync;
#[path = "files/writing.rs"]
mod writing;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use coapscope::capture::{Input, Interface, Next, OpenOptions, Opened, open_all};
use coapscope::frame::Position;

/// A frame that was read, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    number: u64,
    time: i64,
    link: u16,
    original_length: u32,
    bytes: Vec<u8>,
    position: Position,
}

/// All that a capture gave.
#[derive(Debug, Default)]
struct Read {
    frames: Vec<Seen>,
    interfaces: Vec<Interface>,
    warnings: Vec<String>,
    error: Option<String>,
}

impl Read {
    /// The payloads, as text.
    fn payloads(&self) -> Vec<String> {
        self.frames.iter().map(|frame| String::from_utf8_lossy(&frame.bytes).into_owned()).collect()
    }
}

fn options() -> OpenOptions {
    OpenOptions { spool: std::env::temp_dir(), ..OpenOptions::default() }
}

/// Reads all there is, and every frame again by its place: it must be the same.
fn drain(mut opened: Opened) -> Read {
    let mut read = Read::default();
    let mut buffer = Vec::new();
    loop {
        match opened.source.next() {
            Ok(Next::Frame(frame)) => {
                let seen = Seen {
                    number: frame.number,
                    time: frame.time,
                    link: frame.link.0,
                    original_length: frame.original_length,
                    bytes: frame.bytes.to_vec(),
                    position: frame.position,
                };
                let again = opened.reader.read(frame.position, frame.number, &mut buffer).unwrap();
                assert_eq!(
                    (again.time, again.link, again.original_length),
                    (frame.time, frame.link, frame.original_length)
                );
                assert_eq!((again.bytes, again.position), (frame.bytes, frame.position));
                read.frames.push(seen);
            }
            Ok(Next::Pending) => opened.source.wait(Duration::from_secs(10)),
            Ok(Next::End) => break,
            Err(error) => {
                read.error = Some(error.to_string());
                break;
            }
        }
    }
    read.interfaces = opened.source.interfaces().to_vec();
    read.warnings = opened.source.take_warnings().iter().map(ToString::to_string).collect();
    read
}

/// Reads a file.
fn read_path(path: &Path) -> Read {
    match open_all(&[Input::Path(path.to_owned())], &options()) {
        Ok(opened) => drain(opened),
        Err(error) => Read { error: Some(error.to_string()), ..Read::default() },
    }
}

/// Reads bytes as a file named `capture`; the name is left out of what is said.
fn read(bytes: &[u8]) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    let mut read = read_path(&path);
    let short = |text: &String| text.replace(&format!("{}/", folder.path().display()), "");
    read.warnings = read.warnings.iter().map(short).collect();
    read.error = read.error.as_ref().map(short);
    read
}
