//! Values as they are printed: members in their order, names that occur twice, numbers of any size.

use std::process::Command;

use super::{body, names::capture_of};

/// Content-Format, body, its `value` in `print -T json`, and the member `n` in fields.
const CASES: &[(u16, &str, &str, &str)] = &[
    (50, "{\"b\":1,\"a\":2,\"b\":{\"z\":1,\"z\":2}}", "[{\"b\":1},{\"a\":2},{\"b\":[{\"z\":1},{\"z\":2}]}]", ""),
    (50, "{\"a\":{\"z\":1},\"b\":{\"z\":1}}", "{\"a\":{\"z\":1},\"b\":{\"z\":1}}", ""),
    (50, " { \"n\" : 9007199254740993 } ", "{\"n\":9007199254740993}", "9007199254740993"),
    (50, r#"{"b":"\ud83d\ude00\ud83d\u0041\n\udc00x"}"#, r#"{"b":"😀\\ud83dA\n\\udc00x"}"#, ""),
    (50, "{\"n\":1E999}", "{\"n\":1E999}", "1E999"),
    (50, "{\"n\":-0.10}", "{\"n\":-0.10}", "-0.1"),
    (
        50,
        "{\"n\":1234567890123456789012345678901234567890}",
        "{\"n\":1234567890123456789012345678901234567890}",
        "1.2345678901234568e39",
    ),
    (50, "{\"n\":1e-300}", "{\"n\":1e-300}", "1e-300"),
    // The key 1, the text "1", the key 1 again.
    (60, "h'a301616161316162016163'", "[{\"1\":\"a\"},{\"1\":\"b\"},{\"1\":\"c\"}]", ""),
    (60, "h'a2f5016474727565 02'", "[{\"true\":1},{\"true\":2}]", ""),
    (40, "</a>;href=z", "[{\"href\":[\"/a\",\"z\"]}]", ""),
    (60, "h'a2616101616e1bffffffffffffffff'", "{\"a\":1,\"n\":18446744073709551615}", "18446744073709551615"),
    (60, "h'a1616ec249010000000000000000'", "{\"n\":18446744073709551616}", "18446744073709551616"),
    (60, "h'a1616e3bffffffffffffffff'", "{\"n\":-18446744073709551616}", "-18446744073709551616"),
    (60, "h'a1616efb7e37e43c8800759c'", "{\"n\":1e+300}", "1e300"),
    (60, "h'a1616ef97e00'", "{\"n\":null}", "NaN"),
    // Bignums: as the numbers that they are, or as their bytes and the sign.
    (60, "h'a1616ec25f41014100ff'", "{\"n\":256}", "256"),
    (60, "h'a1616ec35100000000000000000000000000000000ff'", "{\"n\":-256}", "-256"),
    (
        60,
        "h'a1616ec250ffffffffffffffffffffffffffffffff'",
        "{\"n\":\"ffffffffffffffffffffffffffffffff\"}",
        "3.402823669209385e38",
    ),
    (
        60,
        "h'a1616ec350ffffffffffffffffffffffffffffffff'",
        "{\"n\":\"~ffffffffffffffffffffffffffffffff\"}",
        "-3.402823669209385e38",
    ),
    // A name in pieces is the same name.
    (60, "h'bf7f616eff01ff'", "{\"n\":1}", "1"),
    // What is no value is not printed as one.
    (50, "{\"n\":null}", "{\"n\":null}", "null"),
    (60, "h'a1616ef7'", "{\"n\":null}", "undefined"),
    (50, "{\"n\":[1,null,{},[],{\"x\":2}]}", "{\"n\":[1,null,{},[],{\"x\":2}]}", "1,null,{},[],{..}"),
];

fn print(arguments: &[&str], path: &std::path::Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_coapscope")).args(arguments).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn values_are_printed_as_they_came() {
    let messages = CASES.iter().zip(0..).map(|((format, written, ..), id)| {
        let head = [0x41, 0x45, 0, id, id, 0xc1, *format as u8, 0xff];
        (2, 1, [&head[..], &body(written)].concat())
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.pcap");
    std::fs::write(&path, capture_of(&messages.collect::<Vec<_>>())).unwrap();
    let objects = print(&["print", "-T", "json"], &path);
    let fields = print(&["print", "-T", "fields", "-e", "coapscope.payload.value.n"], &path);
    assert_eq!((objects.lines().count(), fields.lines().count()), (CASES.len(), CASES.len()));
    for (((_, written, value, field), object), (printed, frame)) in
        CASES.iter().zip(objects.lines()).zip(fields.lines().zip(1..))
    {
        let expected = format!("\"value\":{value},\"form\":");
        assert!(object.contains(&expected), "{written}: {expected} is not in {object}");
        assert_eq!(printed, *field, "{written}");
        let explained = print(&["explain", "--format", "json", "--frame", &frame.to_string(), "-r"], &path);
        assert!(explained.contains(&expected), "{written}: {expected} is not in {explained}");
    }
}

#[test]
fn what_is_only_guessed_has_no_form_and_a_body_of_one_block_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guessed.pcap");
    let of = |head: &[u8]| [head, b"{\"n\":1}"].concat();
    let messages = [
        (1, 2, vec![0x40, 0x01, 0, 1]),
        (2, 1, of(&[0x60, 0x45, 0, 1, 0xff])),
        (1, 2, vec![0x40, 0x01, 0, 2]),
        (2, 1, of(&[0x60, 0x45, 0, 2, 0xc1, 50, 0xb0, 0xff])),
    ];
    std::fs::write(&path, capture_of(&messages)).unwrap();
    let names = ["coapscope.payload.form", "coapscope.payload.value.n", "coapscope.body.data"];
    let fields: Vec<&str> = names.iter().flat_map(|name| ["-e", name]).collect();
    let printed = print(&[&["print", "-T", "fields"], &fields[..]].concat(), &path);
    assert_eq!(printed.lines().collect::<Vec<_>>(), ["\t\t", "\t\t", "\t\t", "JSON\t1\t7b226e223a317d"]);
}

#[test]
fn what_one_value_means_is_not_said_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("links.pcap");
    let of = |body: &str| [&[0x40, 0x45, 0, 1, 0xc1, 40, 0xff], body.as_bytes()].concat();
    let messages = [(2, 1, of("</a>;title=\"A\",</b>")), (2, 1, of("</a>;title=\"A\""))];
    std::fs::write(&path, capture_of(&messages)).unwrap();
    let tree = print(&["print", "-V"], &path);
    for line in ["link format: 2 values\n", "/a: 2 members (A)\n", "link format: 2 members (A)\n"] {
        assert!(tree.contains(line), "{line} is not in {tree}");
    }
}
