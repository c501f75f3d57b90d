//! What is said of filters that cannot be used, how soon, and that none of them breaks anything.

use std::time::{Duration, Instant};

use coapscope::field::FIELDS;
use coapscope::filter::{Filter, propose, quoted};
use proptest::prelude::*;

/// Filters, the character that the error is at, and what it says.
const FAULTS: &[(&str, usize, &str)] = &[
    ("coap.mit == 3", 1, "no field is called `coap.mit`; did you mean coap.mid?"),
    ("coap.type == 0 && coap.opt.uri_pat == \"x\"", 19, "did you mean coap.opt.uri_path"),
    ("uri_path contains \"x\"", 1, "no field is called `uri_path`; did you mean coap.opt.uri_path"),
    ("coap.opt.echo", 1, "did you mean coap.opt.opt_echo"),
    ("coap.opt.q_block2", 1, "did you mean coapscope.q_block2."),
    ("coap.path == \"x\"", 1, "did you mean coap.opt.uri_path or coap.opt.location_path?"),
    ("coap.message_id == 1", 1, "has the name here that Wireshark gives it; here: coap.mid"),
    ("ethh", 1, "no field is called `ethh`; did you mean eth"),
    // What Wireshark has and is called otherwise here, or is not here.
    ("coap.payload contains \"x\"", 1, "not the payload; here: coapscope.payload, coapscope.payload.text"),
    ("coap.mid == coap.length", 13, "`coap.length` is of CoAP over TCP, which is not read; here: coapscope.length"),
    ("coap.block.count > 1", 1, "mixes bodies up; here: coapscope.body.blocks"),
    ("coap.block.overlap.conflicts", 1, "here: coapscope.finding"),
    ("frame.time_delta > 1", 1, "here: coapscope.delta"),
    ("tcp.port in {5683}", 1, "what is shown is CoAP over UDP; here: udp.port"),
    ("_ws.col.info contains \"GET\"", 1, "here: coapscope.resource, coapscope.code.name"),
    ("_ws.col.Info contains \"GET\"", 1, "here: coapscope.resource, coapscope.code.name"),
    ("udp.time_delta > 1", 1, "counts within a pair of endpoints; here: coapscope.delta"),
    ("_ws.expert.message matches \"x\"", 1, "here: coapscope.finding"),
    ("json.value.string == \"x\"", 1, "here: coapscope.payload.value"),
    ("coap.mid == ${coap.mid}", 13, "`${coap.mid}` is of Wireshark alone; here write the value itself"),
    ("$mine", 1, "`$mine` is of Wireshark alone; here a filter has no macros"),
    ("@coap.mid == 34:fe", 1, "a slice of its protocol: coap[2:2]"),
    ("ip.src#1 == 10.0.0.1", 7, "`#1` is of Wireshark alone; here a field has the values of all layers"),
    ("vals(coap.code) == \"GET\"", 1, "need no function: coap.code == GET"),
    ("coap.opt.uri_path =~ \"x\"", 19, "a regular expression is written ~, not =~"),
    ("coap.mid <> 3", 10, "a comparison is written !=, not <>"),
    ("coap.mid in {3..1}", 14, "nothing is between `3` and `1`: a range begins with its lower end, 1..3"),
    ("coap.mid in {1, 0x10..9}", 17, "a range begins with its lower end, 9..0x10"),
    ("coapscope.rtt in {2s..5ms}", 19, "a range begins with its lower end, 5ms..2s"),
    ("ip.src in {10.0.0.9..10.0.0.1}", 12, "a range begins with its lower end"),
    ("coap.token in {02:01..01:02}", 16, "a range begins with its lower end"),
    ("coap.code in {PUT..GET}", 15, "a range begins with its lower end, GET..PUT"),
    ("frame.time in {\"2026-11-24 08:00:00Z\"..\"2026-11-23 08:00:00Z\"}", 16, "a range begins with its lower end"),
    ("coapscope.payload.value in {\"b\"..\"a\"}", 29, "a range begins with its lower end"),
    ("coapscope.severity in {\"error\"..\"note\"}", 24, "a range begins with its lower end"),
    ("coap.mid => 3", 10, "a comparison is written >=, not =>"),
    ("coap.opt.uri_path == \u{201c}x\u{201d}", 22, "a quotation mark is written \", not \u{201c}"),
    (
        "coap.opt.ctype == 0",
        19,
        "`0` is no media type, which coap.opt.ctype is; the number is coapscope.content_format",
    ),
    ("coap.opt.accept == \"text/plain\"", 20, "coap.opt.accept is never `text/plain`; did you mean"),
    (
        "coapscope.code == GET",
        19,
        "is no code in digits, which coapscope.code is; write 0.01 or 2.05, or coapscope.code.name",
    ),
    ("coapscope.block1.size == 17", 26, "coapscope.block1.size is never `17`; it is 16, 32, 64"),
    (
        "coapscope.answered_by == null",
        26,
        "a field without a value is not there, which is written !coapscope.answered_by",
    ),
    ("coap.token != null", 15, "which is written !coap.token"),
    ("coapscope.client == 10.0.0.1", 21, "is no address and port, which coapscope.client is; write \"10.0.0.1:5683\""),
    ("coapscope.server == 10.0.0.1", 21, "write \"10.0.0.1:5683\", or ask for a part: coapscope.server contains"),
    ("coapscope.source == 10.0.0.1", 21, "is no address and port, which coapscope.source is; write \"10.0.0.1:5683\""),
    ("coapscope.destination in {\"fe80::1\"}", 27, "or ask for the address alone: ip.dst == 10.0.0.1"),
    ("GET", 1, "`GET` is no field but a value; write coap.code == GET"),
    ("coap.mid == 3 && con", 18, "write coap.type == CON"),
    ("2.05 or coap.mid == 5", 1, "write coapscope.code == 2.05"),
    ("\"x\" == GET", 1, "no field in this comparison"),
    ("coapscope.resource == /alarm", 23, "text stands in quotation marks: \"/alarm\""),
    ("(coapscope.resource == /alarm/x)", 24, "\"/alarm/x\""),
    ("coapscope.rtt > 20 ms", 20, "a unit stands at its number without a blank: 20ms"),
    ("host 10.0.0.1", 1, "`host 10.0.0.1` is of the language of kernel filters (-f); here ip.addr == 10.0.0.1"),
    ("udp port 5683", 1, "here udp.port == 5683"),
    ("src host 10.0.0.1", 1, "is of the language of kernel filters (-f)"),
    ("payload.value.", 1, "did you mean coapscope.payload.value"),
    ("coap.opt.uri_path == \"\\777\"", 23, "is no escape"),
    ("coap.opt.uri_path == \"\\u{110000}\"", 23, "`\\u{110000}` is no escape"),
    ("coap.opt.uri_path == \"\\u{}\"", 23, "is no escape"),
    ("coap.opt.uri_path == \"\\u{1b\"", 23, "is no escape"),
    ("coap.mid == 0x1e+x", 18, "`x` is no number"),
    ("coap.mid == 3 | coap.mid == 4", 15, "one or the other is written ||, not |"),
    ("coap.mid matches \"^1\"", 1, "`matches` cannot be asked of a number, but of it as text: string(...)"),
    ("ip.src contains \"10\"", 1, "`contains` cannot be asked of an address, but of it as text"),
    ("coap.mid == coap.mit", 13, "did you mean coap.mid?"),
    ("coap.mid == abc", 13, "`abc` is no number, which coap.mid is; write 69, 0x45, 0105 or 0b1000101"),
    ("coap.mid == 0x", 13, "`0x` is no number"),
    ("coap.code == 2.5", 14, "`2.5` is no number"),
    ("coap.mid == 09", 13, "`09` is no number"),
    ("coap.mid == 0xFFFF1", 13, "coap.mid is never `0xFFFF1`: it is 65535 at most"),
    ("coap.mid < 65536", 12, "coap.mid is never `65536`: it is 65535 at most"),
    ("coap.mid in {5, 70000}", 17, "coap.mid is never `70000`"),
    ("coap.mid == -1", 13, "coap.mid is never `-1`: it is never less than 0"),
    ("coap.version == 4", 17, "it is 3 at most"),
    ("coap.token_len == 16", 19, "it is 15 at most"),
    ("coap.code == 256", 14, "it is 255 at most"),
    ("ip.ttl == 256", 11, "it is 255 at most"),
    ("ip.hdr_len == 61", 15, "it is 60 at most"),
    ("vlan.id == 4096", 12, "it is 4095 at most"),
    ("coapscope.block2.number == 1048576", 28, "it is 1048575 at most"),
    ("frame.number == 4294967296", 17, "it is 4294967295 at most"),
    ("coap.response_in == 4294967296", 21, "it is 4294967295 at most"),
    ("udp.port == 68000 + 1", 13, "it is 65535 at most"),
    ("coap.opt.observe == \"Registr\"", 21, "coap.opt.observe is never `Registr`; did you mean Register"),
    ("ip.proto == \"UPD\"", 13, "ip.proto is never `UPD`; did you mean"),
    ("coap.code == GOT", 14, "coap.code is never `GOT`; did you mean GET, PUT or POST?"),
    (
        "coap.code == xyzzy",
        14,
        "`xyzzy` is no number, which coap.code is; write 69, 0x45, 0105 or 0b1000101, or one of its names",
    ),
    ("coapscope.code.name == xyzzy", 24, "coapscope.code.name is never `xyzzy`"),
    ("coap.token == xyz", 15, "`xyz` is no string of bytes, which coap.token is; write be:ef"),
    ("ip.src == 10.0.0.0/40", 11, "`10.0.0.0/40` is no address"),
    ("ip.src == localhost", 11, "is no address, which ip.src is; write 10.0.0.1 or 10.0.0.0/8"),
    ("coapscope.rtt > soon", 17, "is no duration, which coapscope.rtt is; write 1.5, 1.5s"),
    ("frame.time > \"2026-02-30 08:00Z\"", 14, "is no time, which frame.time is"),
    ("frame.time > \"2026-11\"", 14, "or neither for local time"),
    ("coapscope.role == reqest", 19, "coapscope.role is never `reqest`; did you mean request"),
    ("coapscope.severity >= bad", 23, "coapscope.severity is never `bad`; it is chat, note, warn or error"),
    ("coapscope.finding == \"opt.overun\"", 22, "did you mean opt.overrun"),
    ("coapscope.multicast == maybe", 24, "write true or false"),
    ("coap.mid = 3", 10, "a comparison is written =="),
    ("coap.mid == ", 13, "expected a field, a value or `(`, found the end"),
    ("coap.mid ==", 12, "found the end"),
    ("coap.mid == 3 &&", 17, "found the end"),
    ("coap.mid == 3 coap.type == 0", 15, "expected `and`, `or` or the end, found `coap.type`"),
    ("(coap.mid == 3", 15, "expected `)`, found the end"),
    ("coap.mid == 3)", 14, "expected `and`, `or` or the end, found `)`"),
    ("coap.mid in 3", 13, "expected `{` and the members of the set, found `3`"),
    ("coap.mid in {}", 13, "the set is empty"),
    ("coap.mid in {1, 2", 18, "found the end"),
    ("coap.mid in {ip.src}", 14, "a number cannot be compared with an address"),
    ("coap.mid in {coap.type..3}", 14, "expected a value, found"),
    ("coap.opt.uri_path == \"x", 22, "the text has no end"),
    ("coap.opt.uri_path == \"\\q\"", 23, "`\\q` is no escape"),
    ("coap.opt.uri_path == 'ab'", 22, "between single quotation marks stands one character"),
    ("coap.opt.uri_path matches \"(\"", 27, "the regular expression cannot be used: unclosed group"),
    ("coap.opt.uri_path matches \"(a{1000}){1000}\"", 27, "it is too large"),
    ("coap.token[0 == 1", 11, "the slice has no end"),
    ("coap.token[] == 1", 12, "`[]` is no slice"),
    ("coap.token[x] == 1", 12, "`[x]` is no slice; there are [3], [3:2]"),
    (
        "udp[8:2] == 41:01",
        5,
        "udp has 8 bytes at most, and [8:2] is not within them; those of the message are coap[..]",
    ),
    ("udp[6:3] == 41:01:02", 5, "udp has 8 bytes at most"),
    ("udp[-9:1] == 41", 5, "udp has 8 bytes at most"),
    ("eth[14]", 5, "eth has 14 bytes at most"),
    ("ip[0,60] == 00:00", 4, "ip has 60 bytes at most"),
    ("ipv6[40:] == 00", 6, "ipv6 has 40 bytes at most"),
    ("eth.src[4:4] == 00", 9, "eth.src has 6 bytes at most"),
    ("ip.src[4] == 00", 8, "ip.src has 4 bytes at most"),
    ("vlan.dei == 2", 13, "vlan.dei is never `2`; it is Eligible or Ineligible"),
    ("coap.mid[0] == 1", 1, "`[...]` cannot be asked of a number"),
    ("coap.mid contains 3", 1, "`contains` cannot be asked of a number"),
    ("dtls == 3", 1, "`==` cannot be asked of a protocol"),
    ("coap.retransmitted contains \"x\"", 1, "`contains` cannot be asked of a protocol"),
    ("eth.src == \"router\"", 12, "`\"router\"` is no string of bytes, which eth.src is; write be:ef"),
    ("coap.response_time + 1", 1, "a value is neither true nor false"),
    ("coap == xyz", 9, "`xyz` is no string of bytes"),
    ("coap.mid == ip.src", 13, "a number cannot be compared with an address"),
    ("3 == 3", 1, "there is no field in this comparison"),
    ("\"x\"", 1, "a value is neither true nor false"),
    ("len(coap.token)", 1, "a function is neither true nor false"),
    ("lenn(coap.token) == 2", 1, "no function is called `lenn`; did you mean len"),
    ("len(coap.mid) == 2", 1, "`len` cannot be asked of a number"),
    ("len() == 2", 1, "len takes one field"),
    ("whole_exchange()", 1, "a relation takes one test"),
    ("whole_exchage(coap)", 1, "did you mean whole_exchange?"),
    ("member(3 + 4)", 1, "member takes the names of members"),
    ("coap.mid == 3 # x", 15, "`#` means nothing here"),
    ("\u{fc}ml == 3 && coap.mid == 5 ?", 27, "`?` means nothing here"),
    ("any coap.mid", 1, "`any` or `all` alone is neither true nor false"),
    ("frame.number + \"x\" == 3", 16, "`\"x\"` is no number"),
    ("1 + 2 == 3", 1, "there is no field in this comparison"),
    ("coap.mit + 1 == 3", 1, "did you mean coap.mid?"),
    ("coap.mid == coap.mit + 1", 13, "did you mean coap.mid?"),
    ("coap.mid == 3 / 0", 13, "`3 / 0` is no number"),
    ("ip.src + 10.0.0.1 == 10.0.0.2", 1, "`+` cannot be calculated with an address and an address"),
    ("ip.src == 10.0.0.1 + 1", 11, "`+` cannot be calculated"),
    ("whole_exchange(coap.mid) == 1", 1, "whole_exchange(...) is a test of its own"),
    ("len(whole_exchange(coap)) == 1", 5, "whole_exchange(...) is a test of its own"),
    ("whole_exchange", 1, "asked about a field or a test: whole_exchange(coap.retransmitted)"),
    ("len == 2", 1, "asked about a field or a test: len(coap.token) > 2"),
    ("ipv6.addr == 2001:db8:1ab::22%eth0", 14, "leave out `%eth0`"),
    ("ip.addr == 2001:db8::1", 12, "ip.addr is never an IPv6 address; those are in ipv6.addr"),
    ("ipv6.addr == 198.51.100.21", 14, "ipv6.addr is never an IPv4 address; those are in ip.addr"),
    ("ip.addr in {2001:db8::/32}", 13, "never an IPv6 address"),
    ("ip.src == ipv6.src", 11, "ip.src is never an IPv6 address"),
    ("ipv6.src == here", 13, "write fe80::1"),
    ("frame[5-2] == 00", 7, "`[5-2]` is no slice"),
    ("eth.src == ff", 12, "`ff` is no MAC address"),
    ("coap.opt.uri_path matches \"(?=a)\"", 27, "look-ahead and look-behind, is not supported"),
];

#[test]
fn errors_say_what_and_where() {
    let mut wrong = Vec::new();
    for (filter, character, expected) in FAULTS {
        match Filter::parse(filter) {
            Ok(_) => wrong.push(format!("{filter}: nothing is found wrong")),
            Err(error) => {
                let text = error.to_string();
                if error.character != *character || !text.contains(expected) {
                    wrong.push(format!("{filter}: {text}"));
                }
                let (shown, carets) = error.carets(filter, |_| 1);
                assert_eq!(shown, *filter);
                assert_eq!(carets.find('^'), Some(character - 1), "{filter}");
                assert!(!text.contains('\n') && text.len() < 220, "{filter}: {text}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn proposals_mend_the_filter() {
    for (filter, mended) in [
        ("coap.mit == 3", "coap.mid == 3"),
        ("coapscope.role == reqest", "coapscope.role == request"),
        ("whole_exchage(coap)", "whole_exchange(coap)"),
        ("coap.mid = 3", "coap.mid == 3"),
        ("coap.opt.uri_path =~ \"x\"", "coap.opt.uri_path ~ \"x\""),
        ("coap.payload contains \"x\"", "coapscope.payload contains \"x\""),
        ("tcp.port == 5683", "udp.port == 5683"),
        ("coap.code == PT", "coap.code == PUT"),
        ("coap.code in {GET, \"Not Fond\"}", "coap.code in {GET, \"Not Found\"}"),
        ("coap.type == CN", "coap.type == CON"),
        ("coapscope.type == con", "coapscope.type == CON"),
        ("coapscope.exchange.state == time", "coapscope.exchange.state == timed-out"),
        ("coapscope.state == timed-out", "coapscope.exchange.state == timed-out"),
        ("finding == mid", "coapscope.finding == mid"),
        ("coapscope.finding == mid.spuri", "coapscope.finding == mid.spurious"),
        ("coapscope.finding == icmp.unreach", "coapscope.finding == icmp.unreachable"),
        ("coapscope.exchange.method == get", "coapscope.exchange.method == GET"),
        ("coapscope.content_format == json", "coapscope.content_format == application/json"),
        ("coapscope.option == uripath", "coapscope.option == Uri-Path"),
        ("coapscope.payload.form == senml", "coapscope.payload.form == \"SenML in CBOR\""),
        ("coapscope.payload.value.-1 == 3", "member(\"-1\") == 3"),
        ("coapscope.payload.value.a.@x", "member(\"a\", \"@x\")"),
        ("coapscope.payload.value.\"k k\" > 2", "member(\"k k\") > 2"),
    ] {
        let error = Filter::parse(filter).unwrap_err();
        let mut text = filter.to_owned();
        let proposal = error.proposal().unwrap_or_else(|| panic!("{filter}: {error}"));
        text.replace_range(error.span.clone(), &proposal);
        assert_eq!(text, mended);
        // One slip at a time.
        assert!(Filter::parse(&text).is_ok() || text.ends_with("== mid"), "{text}");
    }
}

#[test]
fn what_is_typed_is_completed() {
    for (text, first) in [
        ("coap.op", "coap.opt.echo"),
        ("coap.type == 0 && coapscope.obs", "coapscope.observation"),
        ("whole_ex", "whole_exchange"),
        ("uri_pa", "coap.opt.uri_path"),
        ("coap.code == PT", ""),
        ("coap.code == P", "POST"),
        ("coap.code == pu", "PUT"),
        ("coap.code == \"Not", "\"Not Found\""),
        ("coap.code in {GET, PU", "PUT"),
        ("coap.type == ", "CON"),
        ("coap.mid == 3 || coap.type != a", "ACK"),
        ("coapscope.exchange.state == time", "timed-out"),
        ("coapscope.finding == mid", "mid.spurious"),
        ("coapscope.finding in {\"mid.spurious\", icmp", "icmp.unreachable"),
        ("coapscope.exchange.method eq de", "DELETE"),
        ("coapscope.content_format == senml+cb", ""),
        ("coapscope.content_format == \"senml+cb", "\"application/senml+cbor\""),
        ("coap.opt.ctype == json", "application/json"),
        ("coapscope.multicast == t", "true"),
        ("coapscope.severity >= w", "warn"),
        ("coap.mid == uri", "coap.opt.uri_port"),
        ("coapscope.finding == ", ""),
        ("coapscope.finding == \"coap", ""),
        ("coap.opt.uri_path == ", ""),
    ] {
        let proposals = propose(text, text.len());
        assert_eq!(proposals.is_empty(), first.is_empty(), "{text}: {proposals:?}");
        if text.ends_with("mid") {
            assert!(proposals.iter().all(|proposal| proposal.word.contains("mid")), "{proposals:?}");
            assert!(proposals[0].word.starts_with("mid.") && proposals.iter().any(|proposal| proposal.word == first));
        } else if text != "coap.op" {
            assert_eq!(proposals.first().map_or("", |proposal| &proposal.word), first, "{text}");
        }
        assert!(proposals.iter().all(|proposal| text.ends_with(&text[proposal.replaces.clone()])), "{text}");
    }
    assert!(propose("coap.opt.uri_path == \"coap", 26).is_empty());
    assert!(propose("", 0).is_empty());
}

/// Filters that try to take long or deep; each is refused, or taken, at once.
fn hostile() -> Vec<String> {
    vec![
        "(".repeat(30_000),
        "!".repeat(30_000),
        "not ".repeat(8_000),
        "- ".repeat(15_000),
        "len(".repeat(8_000),
        "whole_exchange(".repeat(2_000),
        "coap.mid + ".repeat(2_500),
        "coap.token".to_owned() + &"[0]".repeat(10_000),
        "coap and ".repeat(3_600) + "coap",
        "coap.mid == 1 or ".repeat(1_900) + "coap",
        "coap xor ".repeat(3_600) + "coap",
        format!("coap.mid in {{{}}}", "1..2, ".repeat(5_000)),
        format!("coap.opt.uri_path == \"{}\"", "x".repeat(32_000)),
        format!("coap.opt.uri_path matches \"{}\"", "(a*)*".repeat(6_000)),
        format!("coap.opt.uri_path matches \"{}\"", "(".repeat(30_000)),
        "x".repeat(32_000),
        "1".repeat(32_000),
        "x".repeat(1 << 20),
        "any ".repeat(8_000),
        "\u{202e}".repeat(10_000),
    ]
}

#[test]
fn no_filter_takes_long_or_deep() {
    let all = super::Loaded::of(&super::root().join("captures/lab-session.pcap"));
    let mut chosen = 0;
    for filter in hostile() {
        let begun = Instant::now();
        let result = Filter::parse(&filter);
        let taken = begun.elapsed();
        let start: String = filter.chars().take(30).collect();
        // Each is tens of thousands of bytes; this is a build without optimisation on a busy machine.
        assert!(
            taken < Duration::from_secs(2),
            "{start}: {taken:?} {:?}",
            result.as_ref().err().map(ToString::to_string)
        );
        // What is accepted is also answered.
        if let Ok(filter) = result {
            let begun = Instant::now();
            let answer = filter.select(&all.store, &all.fetcher, 2, &|| false).unwrap();
            assert!(matches!(answer, coapscope::filter::Selection::Chosen(_)), "{start}");
            assert!(begun.elapsed() < Duration::from_secs(5), "{start}: {:?}", begun.elapsed());
            chosen += 1;
        }
    }
    assert!(chosen >= 3, "only {chosen} of the long filters are accepted");
}

#[test]
fn a_bad_filter_is_refused_under_a_millisecond() {
    // The tables are made once.
    let _ = Filter::parse("coap.mit");
    let best = |filter: &str| {
        (0..20)
            .map(|_| {
                let begun = Instant::now();
                assert!(Filter::parse(filter).is_err());
                begun.elapsed()
            })
            .min()
            .unwrap()
    };
    let (slowest, filter) = FAULTS.iter().map(|(filter, ..)| (best(filter), filter)).max().unwrap();
    let build = if cfg!(debug_assertions) { "without optimisation" } else { "release" };
    println!("the slowest of {} bad filters was refused within {slowest:.1?} ({build}): {filter}", FAULTS.len());
    // The best of many, so that it holds on a busy machine. The regular expressions take longer without optimisation.
    let bar = Duration::from_millis(if cfg!(debug_assertions) { 4 } else { 1 });
    assert!(slowest < bar, "{filter}: {slowest:?}");
}

/// Pieces that filters are made of.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "coap",
        "coap.mid",
        "coap.opt.uri_path",
        "coap.token",
        "ip.src",
        "frame.time",
        "coapscope.rtt",
        "coapscope.role",
        "coapscope.payload.value.x",
        "==",
        "!=",
        "<",
        ">=",
        "in",
        "{",
        "}",
        "(",
        ")",
        "[0:2]",
        "[1-",
        "contains",
        "matches",
        "&&",
        "||",
        "!",
        "not",
        "any",
        "all",
        "xor",
        "+",
        "-",
        "*",
        "/",
        "%",
        "&",
        "1",
        "0x7f",
        "\"te\\x00xt\"",
        "r\"^a\"",
        "'c'",
        "..",
        ",",
        "10.0.0.0/8",
        "fe80::1",
        "be:ef",
        "2.05",
        "eth.src",
        "frame",
        "${coap.mid}",
        "#1",
        "=~",
        "500ms",
        "len(",
        "max(",
        "whole_exchange(",
        "member(",
        "\"2026-11-23 08:00:00Z\"",
        "request",
        "TRUE",
        "\"",
    ];
    prop_oneof![
        9 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Fields, and what is made of them.
fn asked() -> Vec<String> {
    let all = FIELDS.iter().map(|field| field.name.to_string());
    let made = ["len(coap.token)", "coap.token[1:]", "frame[-3:]", "udp[0-1]", "max(coap.opt.delta)", "string(ip.src)"];
    let made = made.into_iter().map(str::to_owned);
    let counts = ["coap.opt.uri_path", "coapscope.payload.value.x"].map(|field| format!("count({field})"));
    all.chain(made).chain(counts).chain(["all coap.opt.delta".into(), "whole_exchange(coap.mid)".into()]).collect()
}

/// Asks a filter of messages that are odd in every way, of this thread's own copy of them.
fn answered(filter: &Filter) {
    thread_local! {
        static ALL: super::Loaded = super::Loaded::of(&super::root().join("captures/lab/11-malformed-libcoap.pcap"));
    }
    ALL.with(|all| {
        let answer = filter.select(&all.store, &all.fetcher, 1, &|| false).unwrap();
        assert!(matches!(answer, coapscope::filter::Selection::Chosen(_)), "{}", filter.text());
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_it(pieces in proptest::collection::vec(piece(), 0..14), space in any::<bool>()) {
        let text = pieces.join(if space { " " } else { "" });
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(filter.text(), &text),
            Err(error) => {
                prop_assert!(error.span.end <= text.len() && text.is_char_boundary(error.span.start));
                let (_, carets) = error.carets(&text, |_| 1);
                prop_assert!(carets.ends_with('^'));
                prop_assert!(!error.to_string().is_empty());
            }
        }
        for cursor in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let _ = propose(&text, cursor);
        }
    }

    #[test]
    fn whatever_is_accepted_is_answered(
        first in proptest::sample::select(asked()),
        operator in proptest::sample::select(vec!["==", "!=", "<", ">=", "contains", "matches", "in", "===", "&", "%", "-"]),
        second in prop_oneof![piece(), proptest::sample::select(asked())],
        not in any::<bool>(),
    ) {
        let second = if operator == "in" { format!("{{{second}, 1..2}}") } else { second };
        let text = format!("{}{first} {operator} {second}", if not { "!" } else { "" });
        if let Ok(filter) = Filter::parse(&text) {
            answered(&filter);
        }
    }

    #[test]
    fn what_is_quoted_finds_itself(text in any::<String>()) {
        use coapscope::field::{Kind, Value};
        let filter = format!("coapscope.resource == {}", quoted(Kind::Text, &Value::text(&text)).unwrap());
        prop_assert!(Filter::parse(&filter).is_ok(), "{}", filter);
    }
}

#[test]
fn every_field_can_be_asked_for() {
    let all = super::Loaded::of(&super::root().join("captures/lab-session.pcap"));
    for field in FIELDS.iter() {
        let there = all.frames(&field.name).len();
        let absent = all.frames(&format!("!{}", field.name)).len();
        assert_eq!(there + absent, 88, "{}", field.name);
    }
}
