//! What a filter on relations lets through of a stream, sooner or later, is what it lets through of the file.

use std::fs::File;

use super::{coapscope, objects, root};

const CAPTURES: [&str; 5] = [
    "lab-session.pcap",
    "lab/05-block-loss.client.pcap",
    "lab/03-observe-dies-icmp.pcap",
    "lab/04-server-down-icmp.pcap",
    "lab/04-reorder.server.pcap",
];

const FILTERS: [&str; 10] = [
    // Evidence of messages that are chosen with their exchange only after it.
    "whole_exchange(coap.retransmitted)",
    "whole_exchange(icmp)",
    // Copies of blocks, and answers to them.
    "whole_body(coap.opt.block_number == 3)",
    "coapscope.body.complete",
    // What becomes known of an earlier message chooses its exchange.
    "whole_exchange(coapscope.severity >= warn)",
    "whole_exchange(coapscope.exchange.responses > 1)",
    "whole_observation(coapscope.observation.end == reset)",
    "whole_observation(coapscope.observe.order == stale)",
    // A relation in another.
    "whole_exchange(whole_body(coap.opt.block_number == 2))",
    "coapscope.repeated_in",
];

#[test]
fn a_stream_lets_through_in_the_end_what_a_file_does() {
    let mut chosen = 0;
    for capture in CAPTURES {
        let path = root().join("captures").join(capture);
        for filter in FILTERS {
            let frames = |name: &str, input: Option<File>| {
                let mut command = coapscope("print -T json -Y");
                command.arg(filter).arg(name);
                if let Some(file) = input {
                    command.stdin(file);
                }
                let output = command.output().unwrap();
                assert!(output.status.success(), "{output:?}");
                let mut frames: Vec<u64> = objects(&String::from_utf8(output.stdout).unwrap())
                    .iter()
                    .filter(|object| object["kind"] != "update")
                    .map(|object| object["frame"]["number"].as_u64().unwrap())
                    .collect();
                frames.sort_unstable();
                frames
            };
            let read = frames(path.to_str().unwrap(), None);
            assert_eq!(frames("-", Some(File::open(&path).unwrap())), read, "{capture} {filter}");
            chosen += read.len();
        }
    }
    assert!(chosen > 600, "{chosen}");
}
