//! Messages from the unit tests of other implementations: an error in the invalid ones, none in the valid ones.

use coapscope::coap::Severity;

use super::{has_severity, ids, lines, unhex};

/// Where the catalogue of findings and the verdict of the vector disagree, the catalogue stands: hex, what it says, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("55691234746f6b656e", "code.reserved-class", "class 3 is reserved, and the author tests only the framing"),
    ("55731234746f6b656e00c100", "code.reserved-class", "class 3 is reserved, and the author tests only the framing"),
    ("50731234ff7061796c6f6164", "code.reserved-class", "class 3 is reserved, and the author tests only the framing"),
    ("60640506", "code.reserved-class", "class 3 is reserved, and the author tests only the framing"),
    (
        "60640506ff687474703a2f2f7777772e73746167676572696e676265617574792e636f6d2f",
        "code.reserved-class",
        "class 3 is reserved, and the author tests only the framing",
    ),
    ("50000000", "empty.non", "an Empty message cannot be Non-confirmable, and the author tests only the framing"),
    (
        "58806baa86ed9e849613139f4814d20e17e7a0b79180b10e5214d2",
        "block.size-mismatch",
        "random bytes of a fuzzer make a block option",
    ),
];

#[test]
fn vectors_are_judged_as_their_authors_do() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    for line in lines(include_str!("../vectors/hex_vectors.txt")) {
        let bytes = unhex(line[1]);
        judged += 1;
        let is_invalid = has_severity(&bytes, Severity::Error);
        let exception = EXCEPTIONS.iter().find(|(hex, ..)| *hex == line[1]);
        if let Some((_, id, why)) = exception {
            assert!(ids(&bytes).contains(id), "{} should raise {id} ({why})", line[1]);
            assert_ne!(is_invalid, line[2] == "invalid", "{} is no exception", line[1]);
        } else if is_invalid != (line[2] == "invalid") {
            let hex: String = line[1].chars().take(100).collect();
            wrong.push(format!("{} {hex} {} {:?}", line[0], line[2], ids(&bytes)));
        }
    }
    assert!(judged >= 110, "only {judged} vectors");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
