//! What paths are called.

use coapscope::payload::names::{convention, lwm2m, sizes};

#[test]
fn tables_are_read_in_full() {
    let lines = |text: &str| text.lines().count() - 1;
    let expected = [
        lines(include_str!("../../src/payload/names/uri_conventions.csv")),
        lines(include_str!("../../src/payload/names/lwm2m_objects.csv")),
        lines(include_str!("../../src/payload/names/lwm2m_resources.csv")),
    ];
    assert_eq!(sizes(), expected);
    assert_eq!(expected[1..], [340, 821]);
    println!("{expected:?} rows");
}

#[test]
fn paths_have_names() {
    for (path, expected) in [
        ("/3/0/0", Some("Device, instance 0, Manufacturer")),
        ("/3", Some("Device")),
        ("/3303/1/5700", Some("Temperature, instance 1, Sensor Value")),
        ("/3/0/6/1", Some("Device, instance 0, Available Power Sources [1]")),
        ("/3/0/999", Some("Device, instance 0, resource 999")),
        ("/3/0/0?pmin=1", Some("Device, instance 0, Manufacturer")),
        ("/03/0", None),
        ("/+3", None),
        ("/3/0/0/0/0", None),
        ("/65000", None),
        ("/3/", None),
        ("/temp", None),
        ("/", None),
        ("", None),
    ] {
        assert_eq!(lwm2m(path).as_deref(), expected, "{path}");
    }
    for (path, expected) in [
        ("/.well-known/core", Some("Resource discovery")),
        ("/.well-known/core?rt=core.rd", Some("Resource discovery")),
        ("/oic/res", Some("OCF: discovery")),
        ("/a/aq", Some("Thread: Address Query")),
        ("/rd?ep=node1&lt=60", Some("Resource directory: registration")),
        ("/rd?ep=node1&lwm2m=1.1&b=U", Some("LwM2M: registration")),
        ("/rd/4521?lt=60", Some("A registration (resource directory or LwM2M)")),
        ("/rd/", None),
        ("/rdx", None),
        ("/A/AQ", None),
        ("/a/aq/", None),
    ] {
        assert_eq!(convention(path).map(|row| row.meaning), expected, "{path}");
    }
}

/// A pcap of raw IPv4: sender, destination (last bytes of their addresses, port 5683 each), message.
pub fn capture_of(messages: &[(u8, u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    for (second, (source, destination, message)) in messages.iter().enumerate() {
        let length = (message.len() + 28) as u32;
        for word in [1_700_000_000 + second as u32, 0, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0, (length >> 8) as u8, length as u8, 0, 0, 0, 0, 64, 17, 0, 0]);
        file.extend([10, 0, 0, *source, 10, 0, 0, *destination, 0x16, 0x33, 0x16, 0x33]);
        file.extend([((length - 20) >> 8) as u8, (length - 20) as u8, 0, 0]);
        file.extend(message);
    }
    file
}

/// A message: first two bytes, message ID and token in one, options in hexadecimal, payload.
fn message(head: [u8; 2], id: u8, options: &str, payload: &str) -> Vec<u8> {
    let mut bytes = vec![head[0] | 1, head[1], 0, id, id];
    bytes.extend(super::unhex(options));
    if !payload.is_empty() {
        bytes.push(0xff);
        bytes.extend(payload.as_bytes());
    }
    bytes
}

/// Uri-Path options of `/3/0/0`.
const DEVICE: &str = "b1330130 0130";

/// What `print -T json` makes of a capture.
fn objects_of(capture: &[u8]) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.pcap");
    std::fs::write(&path, capture).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_coapscope"));
    let output = command.args(["print", "-T", "json"]).arg(&path).output().unwrap();
    let objects = String::from_utf8(output.stdout).unwrap();
    objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names_in(capture: &[u8]) -> Vec<(u64, String)> {
    objects_of(capture)
        .into_iter()
        .flat_map(|object| {
            let names = object["resource_names"].as_array().cloned().unwrap_or_default();
            let frame = object["frame"]["number"].as_u64().unwrap();
            names.into_iter().map(move |name| {
                let word = |key: &str| name[key].as_str().unwrap().to_owned();
                (frame, format!("{}: {} ({})", word("by"), word("name"), word("source")))
            })
        })
        .collect()
}

#[test]
fn servers_name_their_resources() {
    let discovery = "bb2e77656c6c2d6b6e6f776e04636f7265";
    let links = "</t>;rt=\"temp\";title=\"Kitchen\",</3/0/0>;if=x,<coap://other/t>;rt=no,<u>";
    let capture = capture_of(&[
        (1, 2, message([0x40, 1], 1, discovery, "")),
        (2, 1, message([0x60, 0x45], 1, "c128", links)),
        (1, 2, message([0x40, 1], 2, "b174", "")),
        (2, 1, message([0x60, 0x45], 2, "c0", "22")),
        // Another server, of which nothing is known.
        (1, 3, message([0x40, 1], 3, "b174", "")),
        (1, 2, message([0x40, 1], 4, &DEVICE.replace(' ', ""), "")),
    ]);
    let said = "frame 2";
    let expected = [
        (1, "convention: Resource discovery (RFC 6690 section 4)".to_owned()),
        (2, "convention: Resource discovery (RFC 6690 section 4)".to_owned()),
        (3, format!("description: \"Kitchen\", rt \"temp\" ({said})")),
        (4, format!("description: \"Kitchen\", rt \"temp\" ({said})")),
        (6, format!("description: if \"x\" ({said})")),
        (6, "LwM2M: Device, instance 0, Manufacturer (if it is one)".to_owned()),
    ];
    assert_eq!(names_in(&capture), expected);
}

#[test]
fn servers_name_their_resources_by_whole_uris() {
    let discovery = "bb2e77656c6c2d6b6e6f776e04636f7265";
    let links = "<coap://10.0.0.2/a>;title=A,<COAP://10.0.0.2:5683/b?x>;title=B,<//10.0.0.2:/c>;title=C,<coap://10.0.0.2>;title=root,\
                 <coap://10.0.0.3/d>;title=no,<coap://10.0.0.2:61616/d>;title=no,<coaps://10.0.0.2/d>;title=no,\
                 <coap://host/d>;title=no,<coap:/d>;title=no,<coap://[::1]/d>;title=no,<http://10.0.0.2:5683/d>;title=no,\
                 </e>;title=plain;title*=UTF-8'de'K%C3%BCche,</f>;title*=iso-8859-1''%a3;rt=one;rt=two,</g>;title*=UTF-8''%ff;title=g";
    let mut messages =
        vec![(1, 2, message([0x40, 1], 1, discovery, "")), (2, 1, message([0x60, 0x45], 1, "c128", links))];
    // /a, /b?x, /c, /, /d, /e, /f, /g
    for (path, id) in ["b161", "b1624178", "b163", "", "b164", "b165", "b166", "b167"].into_iter().zip(2..) {
        messages.push((1, 2, message([0x40, 1], id, path, "")));
    }
    let mut names = names_in(&capture_of(&messages));
    names.retain(|(_, name)| !name.starts_with("convention"));
    let said = |frame, what: &str| (frame, format!("description: {what} (frame 2)"));
    let expected = [
        said(3, "\"A\""),
        said(4, "\"B\""),
        said(5, "\"C\""),
        said(6, "\"root\""),
        said(8, "\"K\u{fc}che\""),
        said(9, "\"\u{a3}\", rt \"one\""),
        said(10, "\"g\""),
    ];
    assert_eq!(names, expected);
}

#[test]
fn who_registers_as_a_lwm2m_client_has_its_objects() {
    // Uri-Path rd, Content-Format 40, Uri-Query lwm2m=1.1 and ep=n.
    let register = "b27264 1128 39 6c776d326d3d312e31 04 65703d6e";
    let capture = capture_of(&[
        (1, 9, message([0x40, 2], 1, &register.replace(' ', ""), "</>;rt=\"oma.lwm2m\",</3/0>")),
        (9, 1, message([0x60, 0x41], 1, "", "")),
        (9, 1, message([0x40, 1], 2, "b133", "")),
        (9, 2, message([0x40, 1], 3, "b133", "")),
    ]);
    let expected = [
        (1, "convention: LwM2M: registration (OMA LwM2M)".to_owned()),
        (2, "convention: LwM2M: registration (OMA LwM2M)".to_owned()),
        (3, "LwM2M: Device (its server has registered as a LwM2M client)".to_owned()),
    ];
    assert_eq!(names_in(&capture), expected);
}

/// Names by frame, without those by convention, of what is asked of a device that has registered with these links, and got this code.
fn named_after_registration(code: u8, links: &str, paths: &[&str]) -> Vec<(u64, String)> {
    let register = "b272641128396c776d326d3d312e310465703d6e";
    let mut messages = vec![(1, 9, message([0x40, 2], 1, register, links)), (9, 1, message([0x60, code], 1, "", ""))];
    messages.extend(paths.iter().zip(2..).map(|(options, id)| (9, 1, message([0x40, 1], id, options, ""))));
    let mut names = names_in(&capture_of(&messages));
    names.retain(|(_, name)| !name.starts_with("convention"));
    names
}

#[test]
fn a_registration_counts_once_it_is_accepted() {
    let device = DEVICE.replace(' ', "");
    let links = "</3/0/0>;title=T";
    let certain = "LwM2M: Device, instance 0, Manufacturer (its server has registered as a LwM2M client)".to_owned();
    let likely = "LwM2M: Device, instance 0, Manufacturer (if it is one)".to_owned();
    let accepted = named_after_registration(0x41, links, &[&device]);
    assert_eq!(accepted, [(3, "description: \"T\" (frame 1)".to_owned()), (3, certain.clone())]);
    for refused in [0x80, 0x83, 0xa0, 0x44] {
        assert_eq!(named_after_registration(refused, links, &[&device]), [(3, likely.clone())], "{refused:#x}");
    }
    // Objects under another root than `/`: /lw/3/0/0, and /3/0/0 beside them.
    let apart = named_after_registration(0x41, "</lw>;rt=\"oma.lwm2m\",</lw/3/0>", &["b26c77013301300130", &device]);
    assert_eq!(apart, [(3, certain), (4, likely)]);
}

#[test]
fn names_are_those_that_were_said_before() {
    let discovery = "bb2e77656c6c2d6b6e6f776e04636f7265";
    let told =
        |id, links| [(1, 2, message([0x40, 1], id, discovery, "")), (2, 1, message([0x60, 0x45], id, "c128", links))];
    let asked = |id, options: &str| (1, 2, message([0x40, 1], id, options, ""));
    let mut messages = vec![asked(1, "b174")];
    messages.extend(told(2, "</t>;title=one,</c?x=1>;title=q,</a%20b>;title=ab,</%2f>;title=slash"));
    messages.push(asked(3, "b174"));
    messages.extend(told(4, "</t>;title=two,</t?u=a://b>;title=url,<//h/t>;title=host,<urn:t>;title=urn"));
    // /t, /c, /c?x=1, /a b, /%2F, /t?u=C, /t?u=a://b, //h/t, /urn:t
    let paths = [
        "b174",
        "b163",
        "b16343783d31",
        "b3612062",
        "b12f",
        "b17443753d43",
        "b17447753d613a2f2f62",
        "b001680174",
        "b575726e3a74",
    ];
    messages.extend(paths.iter().zip(5..).map(|(options, id)| asked(id, options)));
    let mut names = names_in(&capture_of(&messages));
    names.retain(|(_, name)| !name.starts_with("convention"));
    let said = |frame, title: &str, by| (frame, format!("description: \"{title}\" (frame {by})"));
    let expected = [
        said(4, "one", 3),
        said(7, "two", 6),
        said(9, "q", 3),
        said(10, "ab", 3),
        said(11, "slash", 3),
        said(12, "two", 6),
        said(13, "url", 6),
    ];
    assert_eq!(names, expected);

    // Whoever tells of one frame says the same.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.pcap");
    std::fs::write(&path, capture_of(&messages)).unwrap();
    let text = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_coapscope")).args(arguments).arg(&path).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert_eq!(text(&["print", "-V"]).matches("[Resource: ").count(), expected.len());
    for (frame, count) in [("1", 0), ("4", 1), ("7", 1), ("8", 0)] {
        let told = text(&["explain", "--frame", frame, "-r"]);
        assert_eq!(told.matches("as its server says").count(), count, "{frame}: {told}");
    }
}

/// A request for a resource in blocks of 16 bytes, and the answers: Content-Format, path options, body.
fn in_blocks(format: u8, path: &str, body: &str) -> Vec<(u8, u8, Vec<u8>)> {
    let mut messages = Vec::new();
    let blocks: Vec<&str> = (0..body.len()).step_by(16).map(|at| &body[at..body.len().min(at + 16)]).collect();
    for (number, block) in blocks.iter().enumerate() {
        let (id, more) = (number as u8 + 1, number + 1 < blocks.len());
        let asked = format!("c1{:02x}", number << 4);
        messages.push((1, 2, message([0x40, 1], id, &format!("{path}{}", if number > 0 { &*asked } else { "" }), "")));
        let options = format!("c1{format:02x}b1{:02x}", number << 4 | usize::from(more) << 3);
        messages.push((2, 1, message([0x60, 0x45], id, &options, block)));
    }
    messages
}

#[test]
fn bodies_in_blocks_are_read_as_one() {
    let core = "bb2e77656c6c2d6b6e6f776e04636f7265";
    let mut messages = in_blocks(40, core, "</first>;rt=one,</second>;rt=two,</t>;title=\"Third\"");
    messages.push((1, 2, message([0x40, 1], 9, "b174", "")));
    let named = names_in(&capture_of(&messages));
    assert_eq!(named.last().unwrap().1, "description: \"Third\" (frame 8)", "{named:?}");

    let last = |body: &str| objects_of(&capture_of(&in_blocks(50, "b174", body))).pop().unwrap();
    let whole = last("{\"a\": [1, 2, 3], \"b\": true}");
    assert_eq!(whole["body"]["value"], serde_json::json!({"a": [1, 2, 3], "b": true}), "{whole}");
    assert_eq!(whole["body"]["form"], "JSON");
    let ids = |object: &serde_json::Value| -> Vec<String> {
        let findings = object["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["id"].as_str().unwrap().to_owned()).filter(|id| id.starts_with("cf.")).collect()
    };
    assert_eq!(ids(&whole), [""; 0]);
    let broken = last("{\"a\": [1, 2, 3], \"b\": tru}");
    assert_eq!(ids(&broken), ["cf.parse-failed"], "{broken}");
    assert_eq!(broken["body"]["flaws"][0]["offset"], 25, "{broken}");
}
