//! What comes from the wire, or from the command line, in forms that give it a meaning: markup, control characters, paths.

use serde_json::Value;

use super::packets::{capture, datagram};
use super::{CLIENT, Known, command};

/// PUT of a path without Content-Format (`cf.missing`), and what Markdown shows of the path.
const NAMES: &[(&str, &str)] = &[
    ("<script>", "`/<script>`"),
    ("[x](javascript:1)", "`/[x](javascript:1)`"),
    ("![x](http://a/b)", "`/![x](http:%2F%2Fa%2Fb)`"),
    ("*bold* _it_ ~~gone~~", "`/*bold* _it_ ~~gone~~`"),
    ("@maker #1 :smile: $x$", "`/@maker %231 :smile: $x$`"),
    ("a|b|c", "`/a|b|c`"),
    ("tick`tock", "``/tick`tock``"),
    ("``", "``` /`` ```"),
    ("- item", "`/- item`"),
    ("new\nline", "`/new%0Aline`"),
    ("\u{1b}[31m\u{202e}", "`/%1B[31m\\u{202e}`"),
    ("&lt;", "`/&lt;`"),
    (" space ", "` / space  `"),
];

#[test]
fn names_from_the_wire_are_no_markup() {
    let known = Known::new();
    for (name, shown) in NAMES {
        let head = match name.len() {
            ..13 => vec![0xb0 | name.len() as u8],
            long => vec![0xbd, long as u8 - 13],
        };
        let request = [&b"\x41\x03\x00\x07\xdd"[..], &head, name.as_bytes(), b"\xffon"].concat();
        let packets = [datagram(CLIENT, true, &request), datagram(CLIENT, false, b"\x61\x44\x00\x07\xdd")];
        capture(&known.path("one.pcap"), &packets);
        let text = known.check("check -T markdown @one.pcap", 0);
        let line = text.lines().find(|line| line.starts_with("**`cf.missing`**")).unwrap();
        assert_eq!(line, format!("**`cf.missing`**, note, once, on {shown}"), "{name:?}");
        let hidden =
            |text: &str| text.chars().any(|letter| letter != '\n' && coapscope::coap::escape::is_hidden(letter));
        assert!(!hidden(&text) && !hidden(&known.check("check @one.pcap", 0)), "{name:?}");
    }
}

#[test]
fn names_from_the_wire_are_no_links_of_sarif() {
    let known = Known::new();
    let name = "[x](javascript:1){0}\u{202e}\\";
    let request = [&b"\x41\x03\x00\x07\xdd\xbd"[..], &[name.len() as u8 - 13], name.as_bytes(), b"\xffon"].concat();
    capture(
        &known.path("one.pcap"),
        &[datagram(CLIENT, true, &request), datagram(CLIENT, false, b"\x61\x44\x00\x07\xdd")],
    );
    let run = run(&known, "one.pcap", false);
    let result = &run["results"][0];
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.contains(" on /%5Bx%5D(javascript:1)%7B0%7D%E2%80%AE%5C, first in frame 1: "), "{text}");
    assert_eq!(result["properties"]["resource"], format!("/{name}"));
}

/// The one run of a SARIF log, and the file name that stands for `@`.
fn run(known: &Known, name: &str, folder: bool) -> Value {
    let mut command = command("check -T sarif");
    if folder {
        command.current_dir(known.0.path()).arg(name);
    } else {
        command.arg(known.path(name));
    }
    let output = command.output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"));
    super::sarif::follows_the_schema(&value);
    value["runs"][0].clone()
}

#[test]
fn paths_are_uris_and_offsets_are_those_of_the_file() {
    let known = Known::new();
    let folder = known.0.path().to_str().unwrap().to_owned();
    for (name, uri) in [
        ("three.pcap", "three.pcap"),
        ("a b#1%.pcap", "a%20b%231%25.pcap"),
        ("\u{fc}\u{65e5}.pcap", "%C3%BC%E6%97%A5.pcap"),
        ("a:b.pcap", "a%3Ab.pcap"),
        ("-x.pcap", "-x.pcap"),
        ("q?x=1&y.pcap", "q%3Fx%3D1%26y.pcap"),
    ] {
        if name != "three.pcap" {
            std::fs::copy(known.path("three.pcap"), known.path(name)).unwrap();
        }
        let absolute = run(&known, name, false);
        assert_eq!(absolute["artifacts"][0]["location"]["uri"], format!("file://{folder}/{uri}"));
        if !name.starts_with('-') {
            let relative = run(&known, name, true);
            assert_eq!(relative["artifacts"][0]["location"]["uri"], uri);
            let place = &relative["results"][0]["locations"][0]["physicalLocation"];
            assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["byteOffset"]), (&uri.into(), &24.into()));
        }
    }
    // Nothing is at that byte of a packed file, nor of a pipe.
    known.packed();
    let packed = run(&known, "packed.pcap.gz", true);
    let place = &packed["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]), (&"packed.pcap.gz".into(), &Value::Null));
    let output = command("check -T sarif -").stdin(std::fs::File::open(known.path("three.pcap")).unwrap()).output();
    let value: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    super::sarif::follows_the_schema(&value);
    let place = &value["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["description"]["text"], "standard input");
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]), (&Value::Null, &Value::Null));
    // Nothing found is a log, too.
    let clean = run(&known, "clean.pcap", true);
    assert_eq!((&clean["results"], &clean["invocations"][0]["exitCode"]), (&Value::Array(vec![]), &0.into()));
}

#[test]
fn identifiers_are_whole() {
    let known = Known::new();
    for (given, expected) in [
        ("ack", "ack: findings are named one by one: ack.request,ack.changed,"),
        ("ack.*", "ack.*: findings are named one by one: ack.request,ack.changed,"),
        ("Ack.Changed", "did you mean ack.changed?"),
        ("cf.missing,", "\"\": no finding has this identifier"),
    ] {
        let error = known.check(&format!("check @three.pcap --ignore {given}"), 2);
        assert!(error.contains(expected), "{error}");
    }
}
