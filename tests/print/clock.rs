//! Times on the clock here, whatever its zone: what is printed can be typed again, and is what tshark prints.

use std::path::Path;
use std::process::Command;

use super::{coapscope, root};

const CAPTURE: &str = "captures/lab-session.pcap";

fn fields(zone: &str, filter: &str) -> String {
    let mut command = coapscope(&format!("print {CAPTURE} -T fields -e frame.number -e frame.time -Y"));
    let output = command.arg(filter).env("TZ", zone).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{zone} {filter}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn times_are_those_of_the_zone_and_can_be_typed_again() {
    for (zone, expected) in [
        ("UTC", "Nov 25, 2026 20:07:15.750367000 UTC"),
        ("CET-1", "Nov 25, 2026 21:07:15.750367000 CET"),
        ("<-03>3", "Nov 25, 2026 17:07:15.750367000 -03"),
        ("IST-5:30", "Nov 26, 2026 01:37:15.750367000 IST"),
    ] {
        let all = fields(zone, "coap");
        assert_eq!(all.lines().next(), Some(&*format!("1\t{expected}")), "{zone}");
        assert_eq!(fields(zone, &format!("frame.time == \"{expected}\"")).lines().count(), 1, "{zone}");
        assert_eq!(fields(zone, &format!("string(frame.time) == \"{expected}\"")).lines().count(), 1, "{zone}");
        let without = expected.rsplit_once(' ').unwrap().0;
        assert_eq!(fields(zone, &format!("frame.time == \"{without}\"")).lines().count(), 1, "{zone}");
    }
}

#[test]
fn times_are_printed_as_tshark_prints_them() {
    for zone in ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata"] {
        let arguments =
            ["-r", CAPTURE, "-Y", "coap && !icmp && !icmpv6", "-T", "fields", "-e", "frame.number", "-e", "frame.time"];
        let Ok(theirs) = Command::new("tshark").args(arguments).current_dir(root()).env("TZ", zone).output() else {
            return;
        };
        // Without tables of time zones the one is UTC, the other an error.
        if Path::new("/usr/share/zoneinfo").join(zone).exists() {
            assert_eq!(fields(zone, "coap"), String::from_utf8(theirs.stdout).unwrap(), "{zone}");
        }
    }
}
