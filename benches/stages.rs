//! What each stage costs per frame, on a generated capture held in memory's page cache.
#![allow(clippy::expect_used, missing_docs, reason = "a bench fails by panicking, and its macros write functions")]

use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use coapscope::capture::{self, Input, Next};
use coapscope::coap::Message;
use coapscope::frame::{Frame, PeelOptions, Peeled, Peeler};
use coapscope::pipeline::{Pipeline, PipelineOptions, Step};
use coapscope::store::{Store, Update};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Frames of the generated capture.
const FRAMES: usize = 200_000;

fn generate(folder: &std::path::Path) -> PathBuf {
    let capture = folder.join("bench.pcap");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/make_capture.py");
    let status = Command::new("python3")
        .arg(script)
        .arg(&capture)
        .args(["--frames", &FRAMES.to_string(), "--seed", "7"])
        .output();
    assert!(status.expect("python3 makes the capture").status.success());
    capture
}

fn open(path: &std::path::Path) -> Box<dyn capture::Source> {
    capture::open(&Input::Path(path.to_owned()), std::path::Path::new("/var/tmp"))
        .expect("the generated capture opens")
        .source
}

/// All frames with their bytes, so that a stage is measured without reading.
fn frames(path: &std::path::Path) -> Vec<(Frame<'static>, Vec<u8>)> {
    let mut source = open(path);
    let mut frames = Vec::new();
    while let Next::Frame(frame) = source.next().expect("the generated capture is whole") {
        frames.push((Frame { bytes: &[], ..frame }, frame.bytes.to_vec()));
    }
    frames
}

fn stages(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let path = generate(folder.path());
    let frames = frames(&path);
    let mut group = criterion.benchmark_group("per frame");
    group
        .throughput(Throughput::Elements(frames.len() as u64))
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));

    group.bench_function("reading", |bench| {
        bench.iter(|| {
            let mut source = open(&path);
            let mut bytes = 0;
            while let Next::Frame(frame) = source.next().expect("whole") {
                bytes += frame.bytes.len();
            }
            bytes
        });
    });
    group.bench_function("peeling", |bench| {
        bench.iter(|| {
            let mut peeler = Peeler::new(PeelOptions::default());
            frames
                .iter()
                .filter(|(head, bytes)| matches!(peeler.peel(&Frame { bytes, ..*head }), Peeled::Datagram(_)))
                .count()
        });
    });
    let messages: Vec<&[u8]> = frames.iter().map(|(_, bytes)| bytes.get(42..).unwrap_or_default()).collect();
    group.bench_function("decoding", |bench| {
        bench.iter(|| messages.iter().map(|bytes| Message::decode(bytes).options().count()).sum::<usize>());
    });
    group.bench_function("findings of the bytes", |bench| {
        bench.iter(|| {
            let mut count = 0_u64;
            for bytes in &messages {
                Message::decode(bytes).visit_findings(&mut |_| count += 1);
            }
            count
        });
    });
    group.bench_function("all but storing (tracking is what is left)", |bench| {
        bench.iter(|| {
            let mut pipeline = Pipeline::new(open(&path), PipelineOptions::default());
            let mut update = Update::default();
            while pipeline.step(&mut update) != Step::Ended {}
            black_box(update.summary.coap_messages)
        });
    });
    group.bench_function("storing", |bench| {
        bench.iter_batched(
            || updates(&path),
            |updates| {
                let mut store = Store::default();
                updates.into_iter().for_each(|update| store.apply(update));
                store
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn updates(path: &std::path::Path) -> Vec<Update> {
    let mut pipeline = Pipeline::new(open(path), PipelineOptions::default());
    let mut updates = Vec::new();
    loop {
        let mut update = Update::default();
        let step = pipeline.step(&mut update);
        updates.push(update);
        if step == Step::Ended {
            return updates;
        }
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
