//! t
use coapscope::capture::{self, Input};
use coapscope::pipeline::*;
use coapscope::store::Update;
use std::path::Path;
use std::time::Instant;
fn main() {
    let p = std::env::args().nth(1).unwrap();
    for mode in ["sync"] {
        let t = Instant::now();
        let o = capture::open(&Input::Path(p.clone().into()), Path::new("/var/tmp")).unwrap();
        let mut pl = if mode == "sync" {
            Pipeline::new(o.source, PipelineOptions::default())
        } else {
            Pipeline::read_ahead(o.source, PipelineOptions::default()).unwrap()
        };
        let mut u = Update::default();
        while pl.step(&mut u) != Step::Ended {}
        println!("{mode} {:?} {}", t.elapsed(), u.summary.frames);
    }
}
