//! Members of payloads by their names: of SenML by what the base fields make of them.

use super::Loaded;
use super::packets::{capture, datagram};

/// Content-Format, payload.
const PAYLOADS: &[(&str, &[u8])] = &[
    ("6e", br#"[{"bn":"urn:dev:ow:264437f5000000ed_","bv":20,"n":"temp","v":1.5},{"n":"hum","vs":"damp"},{"n":"sum","s":7}]"#),
    ("6e", br#"[{"bn":"dev1","n":"temp","v":3},{"bn":"/3303/0/","n":"5700","v":22.5}]"#),
    // [{-2: "a:b:", 0: "temp", 2: 4([-1, 215])}], [{0: "raw", 8: h'0102'}, {0: "temp", 2: 5}]
    ("70", b"\x81\xa3\x21\x64a:b:\x00\x64temp\x02\xc4\x82\x20\x18\xd7"),
    ("70", b"\x82\xa2\x00\x63raw\x08\x42\x01\x02\xa2\x00\x64temp\x02\x05"),
    // {"temp": 4([-1, 215]), "big": 2(h'010000000000000000'), "when": 1(5)}
    ("3c", b"\xa3\x64temp\xc4\x82\x20\x18\xd7\x63big\xc2\x49\x01\0\0\0\0\0\0\0\0\x64when\xc1\x05"),
    // A text where the number should be: the record means nothing, its fields are there.
    ("6e", br#"[{"n":"temp","v":"hot"},{"n":"ok","v":1}]"#),
    // {"t": h'dead', "u": h'616263', "w": 1e-7}, {"t": "de:ad", "u": 616263}
    ("3c", b"\xa3\x61t\x42\xde\xad\x61u\x43abc\x61w\xfb\x3e\x7a\xd7\xf2\x9a\xbc\xaf\x48"),
    ("3c", b"\xa2\x61t\x65de:ad\x61u\x1a\0\x09\x67\x47"),
    // Nothing, and what is called so; {"un": undefined, "nil": null}.
    ("32", br#"{"nil":null,"word":"null","some":[1,null]}"#),
    ("3c", b"\xa2\x62un\xf7\x63nil\xf6"),
    // Neither true nor 1 is the other.
    ("32", br#"{"f":true,"g":[false,0]}"#),
    ("32", br#"{"f":1,"g":"true"}"#),
    // Links are a list of objects without names.
    ("28", br#"</a>;rt="x",</b>;rt="y";ct=40"#),
    // {"bits": h'10', "low": 2(_ h'01', h'00'), "sub": 3(h'00ff..ff')}
    ("3c", b"\xa3\x64bits\x41\x10\x63low\xc2\x5f\x41\x01\x41\x00\xff\x63sub\xc3\x52\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
];

const FILTERS: &[(&str, &[u32])] = &[
    ("coapscope.payload.value.temp", &[1, 2, 3, 4, 5]),
    ("coapscope.payload.value.temp == 21.5", &[1, 3, 5]),
    ("coapscope.payload.value.temp < 0 || coapscope.payload.value.temp == 215", &[]),
    ("coapscope.payload.value == 21.5", &[3, 5]),
    ("coapscope.payload.value.temp == 3", &[2]),
    ("member(\"dev1temp\") == 3", &[2]),
    ("coapscope.payload.value.emp", &[]),
    ("coapscope.payload.value.b:temp == 21.5", &[3]),
    ("coapscope.payload.value.urn:dev:ow:264437f5000000ed_temp > 21", &[1]),
    ("member(\"264437f5000000ed_temp\")", &[1]),
    ("coapscope.payload.value.hum == damp", &[1]),
    ("coapscope.payload.value.hum == \"d\\u{61}mp\"", &[1]),
    ("coapscope.payload.value.sum == 7", &[1]),
    ("coapscope.payload.value.5700 > 22", &[2]),
    ("member(\"0/5700\") && member(\"/3303/0/5700\") == 22.5", &[2]),
    ("coapscope.payload.value.raw == \"\\x01\\x02\"", &[4]),
    ("coapscope.payload.value.big == 18446744073709551616", &[5]),
    ("coapscope.payload.value.when == 5", &[5]),
    ("coapscope.payload.value.v == hot", &[6]),
    ("coapscope.payload.value.ok == 1", &[6]),
    // Bytes as they are printed, as Wireshark writes them, and as text; no number is in order with them.
    ("coapscope.payload.value.t == dead", &[7]),
    ("coapscope.payload.value.t == de:ad", &[7, 8]),
    ("coapscope.payload.value.t == \"de:ad\"", &[8]),
    ("coapscope.payload.value.t != 0xdead && coapscope.payload.value.t", &[8]),
    ("coapscope.payload.value.t in {dead, beef}", &[7]),
    ("coapscope.payload.value.u == 616263", &[7, 8]),
    ("coapscope.payload.value.u == \"abc\"", &[7]),
    ("coapscope.payload.value.u contains 62:63", &[7]),
    ("coapscope.payload.value.u > 20", &[8]),
    ("coapscope.payload.value.w == 1e-7", &[7]),
    ("coapscope.payload.value.w < 1e-6 && coapscope.payload.value.w > 5e-9", &[7]),
    ("coapscope.payload.value.u > 1e-7", &[8]),
    ("coapscope.payload.value.u < 1.0e+6", &[8]),
    ("coapscope.payload.value.nil == null", &[9, 10]),
    ("coapscope.payload.value.nil != null", &[]),
    ("coapscope.payload.value.nil in {5, null}", &[9, 10]),
    ("coapscope.payload.value.nil > null || coapscope.payload.value.nil < null", &[]),
    ("member(\"word\") == null", &[]),
    ("coapscope.payload.value.word == \"null\"", &[9]),
    ("coapscope.payload.value.word != null", &[9]),
    ("any coapscope.payload.value.some == null && coapscope.payload.value.some == 1", &[9]),
    ("coapscope.payload.value.un == undefined", &[10]),
    ("coapscope.payload.value == null", &[9, 10]),
    ("null", &[]),
    ("coapscope.payload.value.f == true", &[11]),
    ("coapscope.payload.value.f == 1", &[12]),
    ("coapscope.payload.value.f >= 0", &[12]),
    ("coapscope.payload.value.f != FALSE", &[11, 12]),
    ("coapscope.payload.value.f != true", &[12]),
    ("coapscope.payload.value.g == false", &[11]),
    ("coapscope.payload.value.g == 0", &[11]),
    ("coapscope.payload.value.g in {true, 1}", &[]),
    ("coapscope.payload.value.g == \"true\"", &[12]),
    ("string(coapscope.payload.value.f) == \"true\"", &[11]),
    ("coapscope.payload.value.f == coapscope.payload.value.f", &[11, 12]),
    ("coapscope.payload.value.rt == \"x\"", &[13]),
    ("coapscope.payload.value.href == \"/b\" && member(\"/b\", \"ct\") == \"40\"", &[13]),
    ("coapscope.payload.value.low == 256", &[14]),
    ("coapscope.payload.value.sub < -3e38", &[14]),
    ("coapscope.payload.value.low & 256", &[14]),
    ("coapscope.payload.value.low & 255", &[]),
    // Zero is a value, also of bytes.
    ("coap[0] & 20 == 00 && coapscope.payload.value.low", &[14]),
    ("coap[0] & 20", &[]),
    ("!(coap[0] & 20 == 00)", &[]),
    ("coap[0:2] & 10:40 == 10:40 && coap[0] & 10 && coapscope.payload.value.low", &[14]),
];

#[test]
fn records_are_found_by_their_resolved_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("members.pcap");
    let packets: Vec<Vec<u8>> = PAYLOADS
        .iter()
        .zip(1..)
        .map(|((format, payload), id)| {
            let header = [0x50, 0x45, 0, id, 0xc1, u8::from_str_radix(format, 16).unwrap(), 0xff];
            datagram(40_001, false, &[&header, *payload].concat())
        })
        .collect();
    capture(&path, &packets);
    let all = Loaded::of(&path);
    let wrong: Vec<String> = FILTERS
        .iter()
        .map(|(filter, expected)| (filter, all.frames(filter), expected))
        .filter(|(_, found, expected)| found != *expected)
        .map(|(filter, found, expected)| format!("{filter}: {found:?}, not {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
