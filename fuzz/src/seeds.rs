//! Cuts captures into seeds for the fuzz targets: `seeds CORPUS FILE...` writes their frames, messages and texts below CORPUS.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use coapscope::capture::{Input, Next, open};
use coapscope::coap::{CONTENT_FORMATS, Message};
use coapscope::frame::{PeelOptions, Peeled, Peeler};

/// Longest seed in bytes; the fuzzer grows longer ones by itself.
const LONGEST: usize = 1500;

/// The seeds of one target.
struct Seeds {
    folder: PathBuf,
    written: BTreeSet<u64>,
}

impl Seeds {
    fn new(corpus: &Path, target: &str) -> std::io::Result<Self> {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, written: BTreeSet::new() })
    }

    fn add(&mut self, seed: &[u8]) -> std::io::Result<()> {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        let name = hasher.finish();
        if seed.len() <= LONGEST && self.written.insert(name) {
            fs::write(self.folder.join(format!("{name:016x}")), seed)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let corpus = arguments.next().ok_or("usage: seeds CORPUS FILE...")?;
    let mut frames = Seeds::new(&corpus, "frames")?;
    let mut messages = Seeds::new(&corpus, "messages")?;
    let mut texts = Seeds::new(&corpus, "escaping")?;
    let mut payloads = Seeds::new(&corpus, "payloads")?;
    for path in arguments {
        let mut opened = open(&Input::Path(path), &std::env::temp_dir())?;
        let mut peeler = Peeler::new(PeelOptions::default());
        loop {
            match opened.source.next()? {
                Next::End => break,
                Next::Pending => opened.source.wait(Duration::from_millis(10)),
                Next::Frame(frame) => {
                    frames.add(&[&frame.link.0.to_le_bytes(), frame.bytes].concat())?;
                    if let Peeled::Datagram(datagram) = peeler.peel(&frame) {
                        messages.add(datagram.payload)?;
                        let message = Message::decode(datagram.payload);
                        for option in message.options() {
                            texts.add(option.value)?;
                        }
                        let format = message.content_format();
                        let row = CONTENT_FORMATS.iter().position(|row| format.is_some_and(|is| is.0 == row.number));
                        payloads.add(&[&[row.map_or(255, |row| row as u8), 0], message.payload()].concat())?;
                    }
                }
            }
        }
    }
    for seeds in [frames, messages, texts, payloads] {
        println!("{}: {} seeds", seeds.folder.display(), seeds.written.len());
    }
    Ok(())
}
