//! What is read ahead of messages, and remembered of those that come again, is what the message itself says.

use coapscope::coap::{DecodeMode, Message, UsualMessage};
use coapscope::tracking::{Facts, Seed, UsualFacts};

use crate::script::{Step, encode};

/// Every whole message of the scenarios, each once.
fn messages() -> Vec<Vec<u8>> {
    let steps = crate::scripts().into_iter().flat_map(|script| script.steps);
    let whole = steps.filter_map(|step| match step {
        Step::Message(sent) if !sent.cut && sent.mode == DecodeMode::Rfc7252 => Some(sent.bytes),
        _ => None,
    });
    let mut all: Vec<_> = whole.collect();
    all.sort();
    all.dedup();
    all
}

/// The same with another Message ID, another token of that length, and another Observe of its length, if it is one of the usual.
fn twin(bytes: &[u8]) -> Vec<u8> {
    let mut twin = bytes.to_vec();
    let behind = 4 + usize::from(bytes[0] & 15);
    twin[2..behind].iter_mut().for_each(|byte| *byte ^= 0x55);
    if let Some(0x61..=0x63) = bytes.get(behind)
        && bytes[1] >= 0x40
    {
        let last = behind + usize::from(bytes[behind] & 3);
        twin[last] ^= 0x12;
    }
    twin
}

/// Messages that are nearly the same: of another type or code, with a token, an Observe or a payload of another length.
fn others(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (head, behind) = bytes.split_at(4 + usize::from(bytes[0] & 15));
    let mut others: Vec<_> = [(0, 0x10), (0, 0x20), (1, 0x01), (1, 0x05), (1, 0x44)]
        .map(|(at, bits)| {
            let mut other = bytes.to_vec();
            other[at] ^= bits;
            other
        })
        .into();
    if head.len() < 12 {
        let mut longer = [head, &[7], behind].concat();
        longer[0] += 1;
        others.push(longer);
    }
    others.extend([&b"\x60"[..], b"\x61\x01", b"\x61\x02", b"\x62\x01\x02", b"\x62\x00\x01", b"\x63\x01\x02\x03"].map(
        |observe| {
            let rest = behind.strip_prefix(b"\x60").unwrap_or(behind);
            [head, observe, rest].concat()
        },
    ));
    others.push([bytes, b"\xff!"].concat());
    others
}

/// Reads messages one after the other as the loader does, and holds each to what it says itself.
struct Reader {
    usual: UsualFacts<usize>,
    read: usize,
    /// So many of them were remembered.
    remembered: usize,
}

impl Reader {
    fn new() -> Self {
        Self { usual: UsualFacts::new(Seed::default()), read: 0, remembered: 0 }
    }

    /// Reads a message; tells whether what it says was remembered.
    fn read(&mut self, bytes: &[u8]) -> bool {
        let (mut all, mut asked) = (Vec::new(), false);
        let is_usual = UsualMessage::read(bytes, |_, _, _| {}).is_some();
        let length = Message::decode(bytes).payload().len();
        // What lies behind the message in memory changes nothing.
        let memory = [bytes, &[0xa5; 64]].concat();
        let told = self.usual.read(&mut all, bytes, memory.first_chunk(), |usual| {
            asked = true;
            Some(usual.message.payload().len())
        });
        assert_eq!(told, is_usual.then_some(length), "{bytes:02x?}");
        assert_eq!(all.len(), usize::from(is_usual), "{bytes:02x?}");
        let facts = Facts::read(&Message::decode(bytes), self.usual.seed());
        all.iter().for_each(|read| assert_eq!(format!("{read:?}"), format!("{facts:?}"), "{bytes:02x?}"));
        self.read += usize::from(is_usual);
        self.remembered += usize::from(is_usual && !asked);
        is_usual && !asked
    }
}

#[test]
fn what_is_remembered_is_what_the_message_says() {
    let mut reader = Reader::new();
    for bytes in messages().iter().filter(|bytes| bytes.len() >= 4 + usize::from(bytes[0] & 15)) {
        others(bytes).iter().for_each(|other| _ = reader.read(other));
        for bytes in [&twin(bytes), bytes] {
            reader.read(bytes);
        }
    }
    let Reader { read, remembered, .. } = reader;
    assert!(remembered > read / 4, "{remembered} of {read} usual messages were remembered");
}

/// What facts tell to others is what the message says.
#[test]
fn facts_are_those_of_the_message() {
    let seed = Seed::default();
    let cut = [&b"\x41\x01\x1f"[..], b"", b"\x41\x01\x1f\x04", b"\x81\x01\x1f\x04\x05"].map(<[u8]>::to_vec);
    for bytes in messages().iter().chain(&cut) {
        for mode in [DecodeMode::Rfc7252, DecodeMode::Draft12] {
            let message = Message::decode_as(bytes, mode);
            let (facts, header) = (Facts::read(&message, &seed), message.header());
            assert_eq!((facts.mode(), facts.mode().is_draft()), (message.mode(), mode.is_draft()));
            assert_eq!((facts.has_header(), facts.is_malformed()), (header.is_some(), message.is_malformed()));
            let told = (facts.message_type(), facts.code(), facts.message_id());
            let Some(header) = header else { continue };
            assert_eq!(told, (header.message_type, header.code, header.message_id), "{bytes:02x?}");
        }
    }
}

#[test]
fn whoever_says_the_same_again_is_remembered() {
    for line in [
        "CON 1 a1 GET /a",
        "NON 1 a1 GET /a",
        "CON 1 a1b2c3d4e5f60718 POST /a/b?c accept=50 cf=0 payload=20",
        "CON 1 a1 GET /a obs=0",
        "CON 1 a1 GET /a obs=1",
        // Not 1: in a request that takes the observation back, and is remembered apart.
        "ACK 1 a1 2.05 obs=2 cf=0 payload=3",
        "ACK 1 a1 2.05 obs=200 cf=0 payload=3",
        "NON 1 a1 2.05 obs=256 cf=0 payload=3",
        "CON 1 a1 2.05 obs=40000 max-age=5 cf=0 payload=3",
        "CON 1 a1 2.05 obs=65536 cf=0 etag=1234 payload=2",
        "CON 1 a1 2.05 obs=16777215 cf=0 size2=9 payload=9",
        "RST 1",
    ] {
        let bytes = encode(&line.split(' ').collect::<Vec<_>>()).unwrap();
        let mut reader = Reader::new();
        let remembered = [&bytes, &twin(&bytes), &bytes].map(|bytes| reader.read(bytes));
        assert_eq!(remembered, [false, true, true], "{line}");
    }
}
