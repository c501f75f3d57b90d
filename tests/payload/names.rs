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
        ("/rdx", None),
        ("/A/AQ", None),
        ("/a/aq/", None),
    ] {
        assert_eq!(convention(path).map(|row| row.meaning), expected, "{path}");
    }
}
