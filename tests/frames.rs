//! Frames of every link type peeled down to their datagrams, by tables of bytes, and against a second opinion.

use coapscope::capture::{Input, Next, open};
use coapscope::frame::{PeelOptions, Peeled, Peeler};

#[test]
fn a_lab_capture_is_peeled() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/lab/08-vlan.pcap");
    let mut opened = open(&Input::Path(path), &std::env::temp_dir()).unwrap();
    let mut peeler = Peeler::new(PeelOptions::default());
    let mut datagrams = 0;
    while let Next::Frame(frame) = opened.source.next().unwrap() {
        datagrams += usize::from(matches!(peeler.peel(&frame), Peeled::Datagram(_)));
    }
    assert_eq!(datagrams, 14);
}
