//! Bodies made to hurt: deep nesting, lengths of 2^32 and more, broken UTF-8, thousands of names. Each is read in every format on a small
//! stack; the time of the slowest is printed, and ten times what a datagram may take fails the test.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::{Duration, Instant};

use coapscope::coap::flaw::Flaw;

use super::cases::{BY_PATH, read_by_path};
use super::{FORMATS, check_bounds, read};

/// What the decoding of a datagram may take at most; a test build on a busy machine gets ten times that.
const PER_DATAGRAM: Duration = Duration::from_millis(50);
/// Stack of the thread that decodes: an eighth of what a thread has by default.
const STACK: usize = 256 * 1024;

/// How long something took: the time on the clock, or, where other programs held the processor meanwhile, the time that this thread had it
/// (which the system counts in ticks of some milliseconds).
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let on_processor = || -> Option<u64> {
        std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
    };
    let (begin, before) = (Instant::now(), on_processor());
    let made = work();
    let (clock, after) = (begin.elapsed(), on_processor());
    let own = after.zip(before).map(|(after, before)| Duration::from_nanos(after - before) + Duration::from_millis(10));
    (made, own.map_or(clock, |own| own.min(clock)))
}

struct Hostile {
    name: Cow<'static, str>,
    /// The Content-Format that it is made against, and the flaw that is to be noted there; None where it is sound.
    format: u16,
    flaw: Option<Flaw>,
    body: Vec<u8>,
}

fn hostile(name: impl Into<Cow<'static, str>>, format: u16, flaw: Flaw, body: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name: name.into(), format, flaw: Some(flaw), body: body.into() }
}

/// What is read as CBOR first: its Content-Format, and what stands before and behind the part in which anything may be.
const IN_CBOR: &[(u16, &str, &[u8], &[u8])] = &[
    (112, "SenML in CBOR", &[0x81, 0xa2, 0x02, 0x01, 0x61, b'x'], &[]),
    (257, "problem details", &[0xa1, 0x20], &[]),
    (601, "claims", &[0xa1, 0x01], &[]),
    (19, "ACE parameters", &[0xa1, 0x01], &[]),
    (16, "COSE_Encrypt0", &[0x83, 0x40, 0xa1, 0x04], &[0x40]),
    (17, "COSE_Mac0", &[0x84, 0x40, 0xa1, 0x04], &[0xf6, 0x40]),
    (18, "COSE_Sign1", &[0x84, 0x40, 0xa1, 0x04], &[0xf6, 0x40]),
    (96, "COSE_Encrypt", &[0x84, 0x40, 0xa1, 0x04], &[0xf6, 0x80]),
    (97, "COSE_Mac", &[0x85, 0x40, 0xa1, 0x04], &[0xf6, 0x40, 0x80]),
    (98, "COSE_Sign", &[0x84, 0x40, 0xa1, 0x04], &[0xf6, 0x80]),
    (101, "COSE_Key", &[0xa1, 0x01], &[]),
    (102, "COSE_KeySet", &[0x81, 0xa1, 0x01], &[]),
    (61, "CWT", &[0xd2, 0x84, 0x40, 0xa1, 0x04], &[0xf6, 0x40]),
    (62, "several representations", &[0x82], &[0x41, 0x00]),
    (63, "CBOR sequence", &[0x01], &[0x02]),
];

/// Each of them with every kind of trouble in that part, or behind the whole.
fn in_cbor() -> Vec<Hostile> {
    let mut bodies = Vec::new();
    for (format, name, before, behind) in IN_CBOR {
        let around = |inside: &[u8]| [before, inside, behind].concat();
        let mut add = |what: &str, flaw: Option<Flaw>, body: Vec<u8>| {
            bodies.push(Hostile { name: format!("{name}, {what}").into(), format: *format, flaw, body });
        };
        add("100,000 deep", Some(Flaw::TooDeep), [before, &[0x81].repeat(100_000)[..]].concat());
        add("text of 2^32 bytes", Some(Flaw::TooLong), around(&[0x7b, 0, 0, 0, 1, 0, 0, 0, 0]));
        add("array of 2^32 items", Some(Flaw::TooLong), around(&[0x9b, 0, 0, 0, 1, 0, 0, 0, 0]));
        add("broken UTF-8", Some(Flaw::NotUtf8), around(&[0x62, 0xff, 0x61]));
        add("a key twice", Some(Flaw::Key), around(&[0xa2, 0x01, 0x00, 0x01, 0x00]));
        // Where a number has no place, it is not its being none that is told.
        add("NaN", None, around(&[0xf9, 0x7e, 0x00]));
        if *format != 63 {
            add("bytes behind", Some(Flaw::Trailing), [around(&[0x00]), vec![0x00; 9]].concat());
        }
        add("an end in the middle", Some(Flaw::EndsEarly), [before, &[0x19, 0x01][..]].concat());
    }
    bodies
}

fn bodies() -> Vec<Hostile> {
    let mut all = plain();
    all.extend(in_cbor());
    all
}

fn plain() -> Vec<Hostile> {
    let deep = 100_000;
    let long = 60_000;
    let members = |format: fn(usize) -> String, count| (0..count).map(format).collect::<Vec<_>>().join(",");
    let mut wide_map = vec![0xbf];
    (0..10_000u32).for_each(|key| wide_map.extend([&[0x1a][..], &key.to_be_bytes(), &[0]].concat()));
    let mut multipart = vec![0x00];
    for _ in 0..2000 {
        let mut outer = vec![0x82, 0x18, 62, 0x59];
        outer.extend((multipart.len() as u16).to_be_bytes());
        outer.extend(multipart);
        multipart = outer;
    }
    let mut embedded = vec![0x00];
    for _ in 0..2000 {
        let mut outer = vec![0xd8, 24, 0x59];
        outer.extend((embedded.len() as u16).to_be_bytes());
        outer.extend(embedded);
        embedded = outer;
    }
    let mut broken_deep = b"{\"a\":[".repeat(10_000);
    broken_deep.extend([0xff]);
    vec![
        hostile("JSON arrays, 100,000 deep", 50, Flaw::TooDeep, [b"[".repeat(deep), b"]".repeat(deep)].concat()),
        hostile("JSON arrays never closed", 50, Flaw::EndsEarly, b"[".repeat(deep)),
        hostile("JSON objects never closed", 50, Flaw::EndsEarly, b"{\"a\":".repeat(long / 5)),
        hostile("JSON, broken UTF-8 deep inside", 50, Flaw::NotUtf8, broken_deep),
        hostile("JSON, 60,000 elements", 50, Flaw::TooMany, format!("[{}]", members(|_| "1".into(), 30_000))),
        hostile(
            "JSON, one name 6,000 times",
            50,
            Flaw::Duplicate,
            format!("{{{}}}", members(|_| "\"a\":1".into(), 6000)),
        ),
        hostile("JSON, 60,000 backslashes", 50, Flaw::EndsEarly, [b"\"".to_vec(), b"\\".repeat(long)].concat()),
        hostile("JSON, 60,000 digits", 50, Flaw::EndsEarly, [b"[".to_vec(), b"9".repeat(long)].concat()),
        hostile("CBOR arrays, 100,000 deep", 60, Flaw::TooDeep, [0x81].repeat(deep)),
        hostile("CBOR maps, 100,000 deep", 60, Flaw::TooDeep, [0xa1, 0x00].repeat(deep)),
        hostile("CBOR tags, 100,000 deep", 60, Flaw::TooDeep, [0xc1].repeat(deep)),
        hostile("CBOR open arrays, 100,000 deep", 60, Flaw::TooDeep, [0x9f].repeat(deep)),
        hostile("CBOR maps as keys", 60, Flaw::TooDeep, [0xa1].repeat(long)),
        hostile("CBOR text of 2^32 bytes", 60, Flaw::TooLong, [0x7b, 0, 0, 0, 1, 0, 0, 0, 0, 0x61]),
        hostile("CBOR bytes of 2^64-1 bytes", 60, Flaw::TooLong, [0x5b, 255, 255, 255, 255, 255, 255, 255, 255, 0x61]),
        hostile("CBOR array of 2^64-1 items", 60, Flaw::TooLong, [0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 0x01]),
        hostile("CBOR map of 2^63 pairs", 60, Flaw::TooLong, [0xbb, 128, 0, 0, 0, 0, 0, 0, 0, 0x01]),
        hostile("CBOR, 60,000 items", 60, Flaw::TooMany, [[0x9f].to_vec(), [0x01].repeat(long)].concat()),
        hostile("CBOR map of 10,000 names", 60, Flaw::TooMany, wide_map),
        hostile("CBOR text of 60,000 pieces", 60, Flaw::TooMany, [[0x7f].to_vec(), [0x60].repeat(long)].concat()),
        hostile("CBOR in CBOR, 2,000 deep", 60, Flaw::TooDeep, embedded),
        hostile("CBOR sequence of 60,000", 63, Flaw::TooMany, [0x01].repeat(long)),
        hostile("CBOR sequence, each broken", 63, Flaw::Reserved, [0x1c].repeat(long)),
        hostile("parts in parts, 2,000 deep", 62, Flaw::TooDeep, multipart),
        hostile("COSE recipients, deep", 97, Flaw::TooDeep, [0x85, 0x40, 0xa0, 0xf6, 0x40].repeat(long / 5)),
        hostile("links, 20,000", 40, Flaw::TooMany, vec!["</>"; 20_000].join(",")),
        hostile("one link, 30,000 attributes", 40, Flaw::TooMany, [b"</>".to_vec(), b";a".repeat(long / 2)].concat()),
        hostile("a link that never ends", 40, Flaw::EndsEarly, [b"</>;a=\"".to_vec(), b"\\".repeat(long + 1)].concat()),
        hostile("XML elements, 20,000 deep", 41, Flaw::TooDeep, b"<a>".repeat(long / 3)),
        hostile("XML elements, 100,000 deep, of a body in blocks", 41, Flaw::TooDeep, b"<a>".repeat(deep)),
        hostile("XML, broken UTF-8 deep inside", 41, Flaw::NotUtf8, [&b"<a>".repeat(long / 3)[..], &[0xff]].concat()),
        hostile("XML, an attribute twice", 41, Flaw::Syntax, "<a b=\"1\" b=\"2\"/>"),
        hostile("XML, bytes behind", 41, Flaw::Trailing, [b"<a/>".to_vec(), b"x".repeat(long)].concat()),
        hostile("links, broken UTF-8", 40, Flaw::NotUtf8, [&b"</>,".repeat(5000)[..], &[0xff]].concat()),
        hostile(
            "a link with one attribute 9,000 times",
            40,
            Flaw::Duplicate,
            [b"</>".to_vec(), b";rt=x".repeat(9000)].concat(),
        ),
        hostile("links, bytes behind", 40, Flaw::Syntax, [b"</>".to_vec(), b"x".repeat(long)].concat()),
        hostile("JSON, bytes behind", 50, Flaw::Trailing, [b"1".to_vec(), b" x".repeat(long / 2)].concat()),
        hostile("JSON, NaN", 50, Flaw::Syntax, format!("[{}]", members(|_| "NaN".into(), 10_000))),
        hostile(
            "SenML in JSON, 100,000 deep",
            110,
            Flaw::TooDeep,
            [b"[{\"v\":".to_vec(), b"[".repeat(deep), b"]".repeat(deep), b"}]".to_vec()].concat(),
        ),
        hostile("SenML in JSON, broken UTF-8", 110, Flaw::NotUtf8, b"[{\"n\":\"\xff\"}]"),
        hostile("SenML in JSON, a name twice", 110, Flaw::Duplicate, "[{\"n\":\"a\",\"n\":\"b\",\"v\":1}]"),
        hostile("SenML in JSON, NaN", 110, Flaw::Syntax, "[{\"n\":\"a\",\"v\":NaN}]"),
        hostile("SenML in JSON, bytes behind", 110, Flaw::Trailing, "[{\"n\":\"a\",\"v\":1}]]"),
        hostile("XML, 10,000 attributes", 41, Flaw::Syntax, format!("<a {}/>", "a=\"\" ".repeat(10_000))),
        hostile(
            "XML, a million laughs",
            41,
            Flaw::TooMany,
            format!("<!DOCTYPE a [<!ENTITY b \"&c;&c;\">]><a>{}</a>", "&b;".repeat(15_000)),
        ),
        hostile("XML, a tag that never ends", 41, Flaw::EndsEarly, b"<".repeat(long)),
        hostile(
            "SenML, 5,000 records",
            110,
            Flaw::TooMany,
            format!("[{}]", members(|n| format!("{{\"n\":\"{n}\"}}"), 5100)),
        ),
        hostile(
            "SenML, a long base name in each of 3,900 records",
            110,
            Flaw::TooMany,
            format!("[{{\"bn\":\"{}\",\"v\":1}}{}]", "x".repeat(30_000), ",{\"v\":1}".repeat(3900)),
        ),
        hostile(
            "SenML, a long base name in each of 2,900 records with flaws",
            110,
            Flaw::TooMany,
            format!("[{{\"bn\":\"{}\",\"v\":1}}{}]", "x".repeat(8_000), ",{\"n\":\" \",\"v\":1}".repeat(2900)),
        ),
        hostile(
            "SenML, a long base unit in each of 3,900 records",
            110,
            Flaw::TooMany,
            format!("[{{\"bu\":\"{}\",\"n\":\"a\",\"v\":1}}{}]", "x".repeat(30_000), ",{\"v\":1}".repeat(3900)),
        ),
        hostile("TLV in TLV", 11542, Flaw::Nesting, [0x08, 0x00, 0x05, 0x08, 0x00, 0x02, 0xc1, 0x00]),
        hostile("TLV of 16 million bytes", 11542, Flaw::TooLong, [0x18, 0x00, 255, 255, 255, 0]),
        hostile("TLV, 30,000 entries", 11542, Flaw::TooMany, [0xc0, 0x00].repeat(long / 2)),
        Hostile { name: "Thread TLVs, 30,000".into(), format: 42, flaw: None, body: [0x0c, 0x00].repeat(long / 2) },
        Hostile {
            name: "a Thread TLV of 65,535 bytes".into(),
            format: 42,
            flaw: None,
            body: vec![0x0c, 255, 255, 255, 1],
        },
        hostile("TLV, bytes behind", 11542, Flaw::EndsEarly, [0xc1, 0x00, 0x05, 0xc1]),
        hostile("text, 60,000 lines", 0, Flaw::TooMany, b"\n".repeat(long)),
        hostile("text that is none", 0, Flaw::NotUtf8, [0xff].repeat(long)),
    ]
}

#[test]
fn hostile_bodies_are_noted_and_take_no_time() {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let (mut wrong, mut text) = (Vec::new(), String::new());
        let mut slowest = Duration::ZERO;
        for Hostile { name, format, flaw, body } in bodies() {
            let (decoded, took) = timed(|| read(&body, format));
            slowest = slowest.max(took);
            println!("{took:>10.1?}  {:>6} bytes  {name}", body.len());
            check_bounds(&decoded, &body, &name);
            let flaws =
                decoded.problems.iter().map(|problem| format!("@{} {}", problem.bytes.start, problem.flaw.says()));
            let flaws = flaws.collect::<Vec<_>>().join("; ");
            writeln!(text, "{name}: {} values; {flaws}", decoded.len()).unwrap();
            let noted: Vec<Flaw> = decoded.problems.iter().map(|problem| problem.flaw).collect();
            if flaw.is_some_and(|flaw| !noted.contains(&flaw)) {
                wrong.push(format!("{name}: {noted:?}"));
            }
            assert!(took < PER_DATAGRAM * 10, "{name}: {took:?}");
            assert!(decoded.len() <= 2 * coapscope::payload::ITEMS, "{name}: {} items", decoded.len());
            let _ = decoded.json(&body);
            for other in FORMATS {
                let (decoded, took) = timed(|| read(&body, *other));
                check_bounds(&decoded, &body, &name);
                assert!(took < PER_DATAGRAM * 10, "{name} as {other}: {took:?}");
            }
            for subject in BY_PATH {
                let (decoded, took) = timed(|| read_by_path(&body, *subject));
                check_bounds(&decoded, &body, &name);
                assert!(took < PER_DATAGRAM * 10, "{name} as {subject:?}: {took:?}");
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let path = super::root().join("tests/payload/hostile.txt");
        if std::env::var_os("COAPSCOPE_UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "tests/payload/hostile.txt");
        println!(
            "the slowest took {slowest:.1?}; a datagram may take {PER_DATAGRAM:?}, in a test build ten times that"
        );
    });
    thread.unwrap().join().unwrap();
}

/// The same bodies as messages of a capture, in every form of output: whole lines of JSON, and an end.
#[test]
fn hostile_bodies_are_printed_in_every_form() {
    let mut messages = Vec::new();
    for Hostile { format, body, .. } in bodies() {
        let mut message = vec![0x41, 0x45, 0, messages.len() as u8, messages.len() as u8, 0xc2];
        message.extend(format.to_be_bytes());
        message.push(0xff);
        message.extend(&body[..body.len().min(24_000)]);
        messages.push((2, 1, message));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.pcap");
    std::fs::write(&path, super::names::capture_of(&messages)).unwrap();
    for form in ["", "-T json", "-V", "-x", "-T fields -e coapscope.finding -e coapscope.payload"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_coapscope"));
        let begin = Instant::now();
        let output = command.arg("print").args(form.split_whitespace()).arg(&path).output().unwrap();
        println!("{:>10.1?}  print {form}", begin.elapsed());
        assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        if form == "-T json" {
            let found = text.lines().filter(|line| {
                let object: serde_json::Value = serde_json::from_str(line).unwrap();
                let findings = object["findings"].as_array().unwrap();
                findings.iter().any(|finding| finding["id"] == "cf.parse-failed" || finding["id"] == "payload.too-deep")
            });
            // Those that are read as something without a flaw are told by no finding.
            let broken = bodies().iter().filter(|hostile| hostile.flaw.is_some()).count();
            assert!(found.count() >= broken && broken > 30, "{broken}");
        }
        assert!(text.lines().count() >= messages.len(), "{form}");
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_coapscope"));
    let output = command.args(["explain", "--format", "json", "--frame", "9", "-r"]).arg(&path).output().unwrap();
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(object["payload_values"].as_array().unwrap().len() >= coapscope::payload::DEPTH, "{object}");
}
