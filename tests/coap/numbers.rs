//! Our tables of numbers against an independent copy of the registries.

use coap_numbers::{code, content_format, option, signaling_option};
use coapscope::coap::option::signaling;
use coapscope::coap::{CODES, CONTENT_FORMATS, Code, ContentFormat, OPTIONS, OptionNumber, OptionStatus};

/// Where the names differ, or where the copy is older than the registry: number, our name, why.
const OPTION_EXCEPTIONS: &[(u16, &str, &str)] = &[];

#[test]
fn options_are_those_of_the_registry() {
    for number in 0..=u16::MAX {
        let ours = OptionNumber(number);
        let row = ours.definition().filter(|row| row.status == OptionStatus::Assigned);
        if OPTION_EXCEPTIONS.iter().any(|(except, name, _)| *except == number && ours.name() == Some(*name)) {
            continue;
        }
        assert_eq!(row.map(|row| row.name), option::to_name(number), "option {number}");
        assert_eq!(ours.is_critical(), option::get_criticality(number) == option::Criticality::Critical);
        match option::get_proxy_safety(number) {
            option::ProxySafety::Unsafe => assert!(ours.is_unsafe()),
            option::ProxySafety::SafeToForward { cache_key } => {
                assert_eq!((ours.is_unsafe(), ours.is_no_cache_key()), (false, !cache_key));
            }
        }
    }
}

#[test]
fn codes_are_those_of_the_registry() {
    for number in 0..=u8::MAX {
        assert_eq!(Code(number).name(), code::to_name(number), "code {number}");
    }
}

#[test]
fn content_formats_are_those_of_the_registry() {
    for number in 0..=u16::MAX {
        let format = ContentFormat(number);
        let row = format.row().filter(|_| format.is_registered());
        let ours = row.map(|row| {
            if row.coding.is_empty() {
                row.media_type.to_string()
            } else {
                format!("{}@{}", row.media_type, row.coding)
            }
        });
        assert_eq!(ours.as_deref(), content_format::to_str(number), "Content-Format {number}");
    }
}

#[test]
fn signaling_options_are_those_of_the_registry() {
    for code in 0xe1..=0xe5 {
        for number in 0..64 {
            let ours = signaling::table(Code(code)).iter().find(|row| row.number.0 == number).map(|row| row.name);
            // The copy is older than RFC 8974.
            if ours != Some("Extended-Token-Length") {
                assert_eq!(ours, signaling_option::to_name(code, number), "option {number} of {}", Code(code));
            }
        }
    }
}

#[test]
fn tables_rise_and_have_their_prose() {
    assert!(OPTIONS.windows(2).all(|pair| pair[0].last < pair[1].number));
    assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
    assert!(CONTENT_FORMATS.windows(2).all(|pair| pair[0].last < pair[1].number));
    assert!(OPTIONS.len() >= 44 && CONTENT_FORMATS.len() >= 122);
    for row in OPTIONS {
        assert!(row.meaning.ends_with('.') && row.min <= row.max && !row.reference.is_empty(), "{}", row.name);
    }
}
