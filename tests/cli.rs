//! The command line as its user meets it: one table of arguments, and what comes of them on standard output and standard error.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
#[path = "cli/pipeline.rs"]
mod pipeline;
#[path = "cli/refused.rs"]
mod refused;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const CAPTURE: &str = "captures/lab-session.pcap";

fn command(arguments: &[&str]) -> Command {
    set(Command::new(env!("CARGO_BIN_EXE_coapscope")), arguments)
}

/// A command with what all runs have.
fn set(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    command
}

fn run(arguments: &str) -> Output {
    let arguments = arguments.replace("FILE", CAPTURE);
    command(&arguments.split_whitespace().collect::<Vec<_>>()).output().unwrap()
}

/// The one line on standard error of a run that fails before it prints anything.
#[track_caller]
fn refusal(output: &Output, what: &str) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{what}: {text}");
    assert!(output.stdout.is_empty(), "{what} prints something");
    assert!(text.lines().count() == 1 && text.starts_with("coapscope: ") && text.len() < 250, "{what}: {text}");
    text
}

#[test]
fn refusals_are_one_line_with_the_way_out() {
    for (arguments, expected) in refused::REFUSED {
        let text = refusal(&run(arguments), arguments);
        assert!(text.replace(CAPTURE, "FILE").contains(expected), "{arguments}: {text}");
    }
    let long = "9".repeat(400);
    assert!(refusal(&run(&format!("print -c {long} FILE")), "a long number").contains("999..: a whole number"));
}

#[test]
fn what_is_common_to_all_that_read_is_taken_by_all() {
    for (plain, common) in [
        ("stats FILE", "stats -t ad --color always FILE"),
        ("check FILE", "check --time e --color never FILE"),
        ("explain -r FILE --frame 1", "explain -t ad --color never -r FILE --frame 1"),
    ] {
        let (plain, common) = (run(plain), run(common));
        assert_eq!(common.status.code(), plain.status.code(), "{common:?}");
        assert!(common.stdout == plain.stdout && common.stderr.is_empty(), "{common:?}");
    }
    assert!(refusal(&run("stats -t bogus FILE"), "-t").contains("-t/--time bogus: the values are r, d, a"));
}

/// What may be called anything: no value of these is wrong by itself.
const FREE: [&str; 5] = ["FILE", "DIR", "IFACE", "BPF", "CARRIER"];

#[test]
fn every_option_is_named_with_the_value_that_it_does_not_take() {
    let mut tried = 0;
    for (subcommand, with) in [
        ("", "FILE"),
        ("print", "-T fields -e coap.mid FILE"),
        ("explain", "-r FILE --frame 1"),
        ("stats", "FILE"),
        ("check", "FILE"),
        ("flow", "FILE"),
    ] {
        let help = String::from_utf8(run(&format!("{subcommand} --help")).stdout).unwrap();
        let options = help.lines().filter_map(|line| {
            let (names, value) = line.trim().strip_prefix('-')?.split_once(" <")?;
            let names: Vec<String> =
                names.split(", ").map(|name| format!("-{}", name.trim_start_matches('-'))).collect();
            Some((names, value.trim_end_matches('>').to_owned()))
        });
        for (names, _) in options.filter(|(_, value)| !FREE.contains(&value.as_str())) {
            let long = format!("-{}", names.last().unwrap());
            // What can be given once only is not given twice, and the lines' options go with lines.
            let with = match long.as_str() {
                "--frame" => "-r FILE",
                "--format" | "--table" | "--time" | "--color" => with.trim_start_matches("-T fields -e coap.mid "),
                _ => with,
            };
            if subcommand == "explain" && ["--display-filter", "--endpoint"].contains(&long.as_str()) {
                continue;
            }
            let with = if subcommand == "flow" && long == "--frame" { "FILE" } else { with };
            let arguments = format!("{subcommand} {long} bogus {with}");
            let text = refusal(&run(&arguments), &arguments);
            let (option, rest) = text.trim_start_matches("coapscope: ").split_once(": ").unwrap();
            let named = names.iter().any(|name| {
                option.split([' ', '/']).any(|word| word.trim_start_matches('-') == name.trim_start_matches('-'))
            });
            assert!(named && text.contains("bogus") && rest.len() > 12, "{arguments}: {text}");
            assert!(!text.contains("invalid"), "{arguments}: {text}");
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried} options");
}

#[test]
fn no_output_replaces_the_capture_that_is_read() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::copy(CAPTURE, path("x.pcap")).unwrap();
    fs::copy(CAPTURE, path("other.pcap")).unwrap();
    std::os::unix::fs::symlink(path("x.pcap"), path("symbolic")).unwrap();
    fs::hard_link(path("x.pcap"), path("hard")).unwrap();
    for name in ["x.pcap", "./x.pcap", "symbolic", "hard"] {
        for (option, arguments) in [
            ("-w", &["print", "-r", "x.pcap", "-r", "other.pcap", "-w", name][..]),
            ("-w", &["print", "-", "-w", name]),
            ("-o", &["flow", "x.pcap", "--format", "text", "-o", name]),
            ("--write-baseline", &["check", "x.pcap", "--write-baseline", name]),
            ("--export-objects", &["print", "x.pcap", "--export-objects", name]),
        ] {
            let input = File::open(path("x.pcap")).unwrap();
            let output = command(arguments).current_dir(folder.path()).stdin(input).output().unwrap();
            let text = refusal(&output, &arguments.join(" "));
            assert!(text.starts_with(&format!("coapscope: {option} {name}: ")), "{arguments:?}: {text}");
            assert!(
                fs::read(path("x.pcap")).unwrap() == fs::read(CAPTURE).unwrap(),
                "{arguments:?} wrote to the capture"
            );
        }
    }
}

#[test]
fn a_file_that_may_not_grow_is_told_as_a_full_disk() {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/lab/05-block-aiocoap.pcap");
    for (script, expected) in [
        ("print -w out.pcapng FILE", "out.pcapng: cannot be written: File too large"),
        ("print --export-objects bodies FILE", ": cannot be written: File too large"),
        ("print - < FILE", "the working copy of the capture cannot be written there: File too large"),
        ("print FILE > text", "standard output: cannot be written: File too large"),
    ] {
        let script = script.replace("FILE", capture.to_str().unwrap());
        let limited = format!("ulimit -f 4; \"$0\" {script}");
        let mut command = Command::new("sh");
        command.arg("-c").arg(limited).arg(env!("CARGO_BIN_EXE_coapscope")).current_dir(folder.path());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{script}: {said}");
        assert!(said.lines().count() == 1 && said.contains(expected), "{script}: {said}");
    }
    // One that was there stays, and nothing else is left.
    let kept = folder.path().join("kept.pcapng");
    fs::write(&kept, "what was there").unwrap();
    let script = format!("ulimit -f 4; \"$0\" print -w kept.pcapng {}", capture.display());
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_coapscope")).current_dir(folder.path());
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "what was there");
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["bodies", "kept.pcapng", "text"]);
    // A body that is there only in part is not left under the name of a whole one.
    for entry in fs::read_dir(folder.path().join("bodies")).unwrap() {
        let entry = entry.unwrap();
        assert!(entry.metadata().unwrap().len() <= 4096, "{}", entry.path().display());
    }
}

#[test]
fn what_cannot_be_read_replaces_nothing() {
    let folder = std::env::temp_dir().join(format!("coapscope-kept-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let [junk, kept] = ["junk", "kept"].map(|name| folder.join(name));
    let head = &fs::read(CAPTURE).unwrap()[..20];
    for content in [b"no capture".as_slice(), b"", head] {
        fs::write(&junk, content).unwrap();
        let [junk, output] = [&junk, &kept].map(|path| path.to_str().unwrap());
        let runs: [&[&str]; 5] = [
            &["print", junk, "-w", output],
            &["print", junk, "-w", output, "-Y", "coap", "--whole-exchanges"],
            &["print", "-r", CAPTURE, "-r", junk, "-w", output],
            &["flow", junk, "-o", output],
            &["flow", CAPTURE, "--exchange", "999999", "-o", output],
        ];
        for arguments in runs {
            fs::write(&kept, "what was there").unwrap();
            let told = command(arguments).output().unwrap();
            let told = (told.status.code(), String::from_utf8(told.stderr).unwrap());
            let is_kept = fs::read(&kept).unwrap() == b"what was there";
            assert!(is_kept && told.0 == Some(2), "{arguments:?} {content:?}: {told:?}");
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_said_again_steers_no_terminal() {
    let evil = "\u{1b}[31m\u{9b}\u{202e}x\r\n";
    for arguments in [
        &["print", evil][..],
        &[evil],
        &["print", "-t", evil, CAPTURE],
        &["print", "-d", evil, CAPTURE],
        &["print", "-T", evil, CAPTURE],
        &["print", "-T", "fields", "-e", evil, CAPTURE],
        &["print", "-T", "csv", "-E", evil, CAPTURE],
        &["print", "--spool", evil, "-"],
        &["print", "--port", evil, CAPTURE],
        &["print", "-i", evil],
        &["print", "-i", "lo", "-f", evil],
        &["print", "-w", &format!("nowhere/{evil}"), CAPTURE],
        &["print", "-Y", evil, CAPTURE],
        &["fields", evil],
        &["print", CAPTURE, evil],
        &["print", &format!("--{evil}")],
        &["stats", evil],
        &["explain", evil],
        &["explain", "--format", evil, "40"],
        &["completions", evil],
        &[evil, evil],
    ] {
        for locale in ["C.UTF-8", "C"] {
            let output = command(arguments).env("LC_ALL", locale).stdin(Stdio::null()).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
            let line = text.strip_suffix('\n').unwrap();
            assert!(!line.chars().any(coapscope::coap::escape::is_hidden), "{arguments:?}: {line:?}");
            assert!(locale != "C" || line.is_ascii(), "{arguments:?}: {line:?}");
        }
    }
}

/// A pcap of raw IPv4 with one datagram for each port and payload.
fn capture_of(messages: &[(u16, &[u8])]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0];
    for (second, (port, message)) in messages.iter().enumerate() {
        let length = message.len() as u16 + 28;
        for word in [1_700_000_000 + second as u32, 0, u32::from(length), u32::from(length)] {
            file.extend(word.to_le_bytes());
        }
        let [high, low] = length.to_be_bytes();
        file.extend([0x45, 0, high, low, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        file.extend([0x9c, 0x40]);
        file.extend(port.to_be_bytes());
        file.extend((length - 20).to_be_bytes());
        file.extend([0, 0]);
        file.extend(*message);
    }
    file
}

const GET: &[u8] = b"\x40\x01\x00\x01\xb2hi";

/// Segments, how all views spell the path of each for people, and how it stands in the URI (RFC 7252 section 6.5).
const SPELLED: &[(&[u8], &str, &str)] = &[
    (b"%41", "/%2541", "/%2541"),
    (b"a/b", "/a%2Fb", "/a%2Fb"),
    (b"\x1b[m", "/%1B[m", "/%1B%5Bm"),
    (b"\xff", "/%FF", "/%FF"),
    ("\u{fc}\u{202e}".as_bytes(), "/\u{fc}\\u{202e}", "/%C3%BC%E2%80%AE"),
    (b"a\\b", "/a\\\\b", "/a%5Cb"),
];

#[test]
fn a_path_is_spelled_alike_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    for (segment, path_text, uri) in SPELLED {
        let uri = format!("coap://10.0.0.2{uri}");
        let message = [&[0x40, 1, 0, 1, 0xb0 | segment.len() as u8], *segment].concat();
        let path = folder.path().join("x.pcap");
        fs::write(&path, capture_of(&[(5683, &message)])).unwrap();
        for arguments in [
            &["print"][..],
            &["print", "-V"],
            &["flow", "--width", "120"],
            &["print", "--table", "exchanges"],
            &["print", "--table", "resources"],
            &["stats"],
        ] {
            let output = command(arguments).arg(&path).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let expected = if arguments.contains(&"-V") { uri.as_str() } else { path_text };
            let words = |text: &str| text.split([' ', '\n', ']', ',']).any(|word| word == expected);
            assert!(words(&text), "{arguments:?} does not say {expected}:\n{text}");
        }
    }
}

#[test]
fn a_verdict_on_nothing_is_none() {
    let output = run("check captures/lab/06-tcp-libcoap.pcap");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("\nnothing was judged: there is no CoAP message in it\n"), "{text}");
    assert_eq!(output.status.code(), Some(0));
    let judged = String::from_utf8(run("check FILE").stdout).unwrap();
    assert!(!judged.contains("nothing was judged"), "{judged}");
}

#[test]
fn a_diagram_of_nothing_says_so() {
    for arguments in ["flow -Y coap.code==99 FILE", "flow -Y coap.mid==13566 --frame 3 FILE"] {
        let output = run(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {text}");
        let expected = "coapscope: captures/lab-session.pcap: no message of the diagram passes the filter of -Y\n";
        assert_eq!(text, expected, "{arguments}");
    }
    assert!(run("flow -Y coap.code==1 FILE").stderr.is_empty());
}

#[test]
fn without_a_message_it_is_said_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.pcap");
    let name = file.to_str().unwrap();
    for (messages, expected) in [
        (
            &[(7000, GET), (7000, GET), (53, b"x")][..],
            "no CoAP message in 3 frames (2 UDP port 7000, 1 UDP port 53); 2 datagrams on UDP port 7000 look like CoAP: --port 7000 decodes them",
        ),
        (&[(53, b"x")], "no CoAP message in 1 frame (1 UDP port 53); --port N decodes a UDP port as CoAP"),
        (&[], "no frame is in it"),
        (&[(5683, GET)], ""),
    ] {
        fs::write(&file, capture_of(messages)).unwrap();
        for form in [&["print"][..], &["print", "-T", "json"], &["print", "-V"], &[]] {
            let output = command(&[form, &[name]].concat()).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{form:?}: {text}");
            let expected = if expected.is_empty() { String::new() } else { format!("coapscope: {name}: {expected}\n") };
            assert_eq!(text, expected, "{form:?}");
        }
    }
    fs::write(&file, capture_of(&[(7000, GET), (53, b"x")])).unwrap();
    let text = String::from_utf8(command(&["stats", name]).output().unwrap().stdout).unwrap();
    assert!(text.ends_with("\n1 datagram on UDP port 7000 looks like CoAP: --port 7000 decodes them\n"), "{text}");
}

#[test]
fn output_fits_the_locale() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.pcap");
    let name = file.to_str().unwrap();
    let path = "\u{6db}\u{fc}\u{1f600}\u{202e}";
    let mut message = b"\x40\x01\x00\x01".to_vec();
    message.push(0xb0 + path.len() as u8);
    message.extend(path.as_bytes());
    fs::write(&file, capture_of(&[(5683, &message)])).unwrap();
    let hex: String = message.iter().map(|byte| format!("{byte:02x}")).collect();
    for (arguments, is_json) in [
        (&["print", name][..], false),
        (&["print", "-V", name], false),
        (&["print", "-x", name], false),
        (&["print", "-T", "json", name], true),
        (&["stats", name], false),
        (&["stats", "--json", name], true),
        (&["explain", &hex], false),
        (&["explain", "--format", "json", &hex], true),
    ] {
        let printed = |locale: &str| {
            let output = command(arguments).env("LC_ALL", locale).output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let (wide, narrow) = (printed("C.UTF-8"), printed("C"));
        assert!(wide.contains("\u{fc}") && !wide.contains('\u{202e}'), "{arguments:?}: {wide}");
        assert!(narrow.is_ascii(), "{arguments:?}: {narrow}");
        if is_json {
            let read = |text: &str| {
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>()
            };
            assert_eq!(read(&wide), read(&narrow), "{arguments:?}");
        } else {
            assert!(narrow.contains("\\u{fc}"), "{arguments:?}: {narrow}");
        }
    }
    let fields =
        command(&["print", "-T", "fields", "-e", "coap.opt.uri_path", name]).env("LC_ALL", "C").output().unwrap();
    assert!(
        String::from_utf8(fields.stdout).unwrap().contains("\u{fc}"),
        "data for programs is the same in every locale"
    );
}

#[test]
fn errors_name_what_they_are_of() {
    let root = env!("CARGO_MANIFEST_DIR");
    let with = |arguments: &[&str], input: File| command(arguments).stdin(input).output().unwrap();
    for (arguments, input, expected) in [
        (&["print", "-"][..], root, "standard input: is a folder"),
        (&["stats", "-"], root, "standard input: is a folder"),
        (
            &["print", "--spool", "nowhere", "-"],
            CAPTURE,
            "nowhere: the working copy of the capture cannot be written there",
        ),
        (&["explain", "-"], "/dev/zero", "explain: standard input holds more than one message can"),
    ] {
        let input = File::open(std::path::Path::new(root).join(input)).unwrap();
        let text = refusal(&with(arguments, input), &arguments.join(" "));
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    for arguments in [
        &["print", CAPTURE][..],
        &["print", "-T", "json", CAPTURE],
        &["stats", CAPTURE],
        &["explain", "40010001"],
        &["man"],
        &["--help"],
        &["--version"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(arguments).stdout(full).output().unwrap();
        assert!(refusal(&output, &arguments.join(" ")).contains("standard output: cannot be written: No space"));
    }
}

#[test]
fn hex_of_programs_is_read_rightly() {
    let expected = run("explain 40010001b26869").stdout;
    for text in [
        r"b'\x40\x01\x00\x01\xb2hi'",
        r"b'@\x01\x00\x01\xb2hi'",
        "uint8_t m[] = {0x40, 0x01, 0x00, 0x01, 0xb2, 0x68, 0x69};",
        "{0x40, 1, 0, 1, 0xb2, 0x68, 0x69}",
        "0000  40 01 00 01 b2 68 69                              @....hi",
        "00000000  40 01 00 01 b2 68 69                              |@....hi|",
    ] {
        let output = command(&["explain", text]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), String::from_utf8(expected.clone()).unwrap(), "{text}");
    }
}

#[test]
fn the_manual_names_no_page_that_is_not_there() {
    let page = String::from_utf8(run("man").stdout).unwrap();
    let own = page.split_once(".SH SUBCOMMANDS").unwrap().1.split_once(".SH VERSION").unwrap().0;
    assert!(own.contains("\ncoapscope print\n") && !page.contains("(1)"), "{own}");
}

#[test]
fn a_frame_that_is_not_there_is_told_alike() {
    let capture = "captures/lab/04-retransmit-libcoap.client.pcap";
    for (frame, why) in [
        ("29", "has 28 frames, so there is no frame 29"),
        ("1", "frame 1 holds no CoAP message; `coapscope print` lists those that do"),
    ] {
        for command in ["flow", "explain -r"] {
            let output = run(&format!("{command} {capture} --frame {frame}"));
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), told), (Some(2), format!("coapscope: {capture}: {why}\n")), "{command}");
        }
    }
}

/// The form of the output has the same two names with every command that has several; what a command cannot use is not in its help.
#[test]
fn options_are_called_alike_everywhere() {
    let text = |arguments: &str| {
        let output = run(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for arguments in ["print", "stats", "check", "flow", "explain -r"] {
        let (arguments, form) = match arguments {
            "explain -r" => ("explain --frame 1 -r", "json"),
            "flow" => ("flow", "mermaid"),
            other => (other, "json"),
        };
        let [short, long] = ["-T", "--format"].map(|option| text(&format!("{arguments} FILE {option} {form}")));
        assert!(!short.is_empty() && short == long, "{arguments}");
        assert_ne!(short, text(&format!("{arguments} FILE")), "{arguments}");
        let help = text(&format!("{} --help", arguments.split(' ').next().unwrap()));
        assert!(help.contains("-T, --format <FORMAT>"), "{help}");
    }
    assert_eq!(text("stats FILE --json"), text("stats FILE -T json"));
    assert!(!text("explain --help").contains("--display-filter") && text("flow --help").contains("--display-filter"));
}

#[test]
fn fields_are_found_by_words_of_their_descriptions() {
    for (words, found) in [
        ("round trip", "coapscope.exchange.rtt"),
        ("TIME round-trip", "coap.response_time"),
        ("timed-out", "coapscope.exchange.state"),
        ("mid.spurious", "coapscope.finding"),
        ("senml", "coapscope.payload.value"),
        ("application/json", "coapscope.content_format"),
        ("uri-path", "coap.opt.uri_path"),
    ] {
        let output = run(&format!("fields {words}"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().any(|line| line.starts_with(&format!("{found} "))), "{words}: {text}");
        assert!(text.lines().count() < 20, "{words}: {text}");
    }
    let one = command(&["fields", "round trip"]).output().unwrap();
    assert_eq!(one.stdout, run("fields round trip").stdout);
}

#[test]
fn the_habit_of_asking_for_numbers_is_taken() {
    for command in ["print", "stats", "check", "flow"] {
        assert_eq!(run(&format!("{command} -n FILE")), run(&format!("{command} FILE")));
    }
    assert_eq!(run("print -l FILE"), run("print FILE"));
}
