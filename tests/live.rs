//! Live captures of real peers: nothing is missed, all of it is in time, and no right is left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(all(feature = "live", target_os = "linux"))]

#[path = "terminal/ending.rs"]
mod ending;
#[path = "live/ends.rs"]
mod ends;
#[path = "live/network.rs"]
mod network;
#[cfg(feature = "tui")]
#[path = "live/screen.rs"]
mod screen;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use network::{INTERFACE, LAST, Network, Peers, Process, Quiet, open_folder, wait_until};
use serde_json::Value;

/// What a message should need at most from the wire to the eye; printed beside what it took.
const AIM: Duration = Duration::from_millis(200);
/// More than this on a busy machine is a fault.
const LIMIT: Duration = Duration::from_secs(2);
/// The user behind `sudo` in these tests.
const USER: u32 = 65534;

/// Says something even when the test passes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The command line, in the client's namespace.
fn coapscope(network: &Network, arguments: &[&str]) -> Command {
    let mut command = network.command(env!("CARGO_BIN_EXE_coapscope"));
    command.args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Lines of a process as they come, each with the time it came.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(SystemTime, String)>>>);

impl Lines {
    fn of(command: &mut Command) -> (Process, Self) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines = Self::default();
        let theirs = lines.clone();
        std::thread::spawn(move || {
            for line in output.lines() {
                theirs.0.lock().unwrap().push((SystemTime::now(), line.unwrap()));
            }
        });
        (Process(child), lines)
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().iter().map(|(_, line)| format!("{line}\n")).collect()
    }

    /// The lines of JSON that are messages: when they came, and what they say.
    fn messages(&self) -> Vec<(SystemTime, Value)> {
        let lines = self.0.lock().unwrap();
        let values = lines.iter().map(|(time, line)| (*time, serde_json::from_str::<Value>(line).unwrap()));
        values.filter(|(_, value)| value["kind"] == "message").collect()
    }
}

/// What `coapscope print` says of a file, with these arguments.
fn print(file: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_coapscope"))
        .args(["print", "-r"])
        .arg(file)
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The messages among lines of JSON.
fn values(lines: &str) -> Vec<Value> {
    let values = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    values.filter(|value| value["kind"] == "message").collect()
}

/// What tells messages apart, in an order that does not depend on which processor saw which frame first.
fn identities(messages: &[Value]) -> Vec<String> {
    let identity = |value: &Value| {
        let coap = &value["coap"];
        format!("{} {} {} from {}", coap["type"], coap["code"], coap["message_id"], value["source"])
    };
    let mut identities: Vec<String> = messages.iter().map(identity).collect();
    identities.sort();
    identities
}

fn frame_time(message: &Value) -> SystemTime {
    let text = message["frame"]["time"].as_str().unwrap();
    chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
}

/// tcpdump beside, which counts too. It is up when this returns.
fn tcpdump(network: &Network, peers: &Peers, interface: &str, file: &Path) -> Process {
    let child = network
        .command(&peers.tcpdump)
        // With the default length the ring of immediate mode holds eight frames, too few on a busy machine.
        .args(["-i", interface, "--immediate-mode", "-s", "2048", "-B", "16384", "-U", "-w"])
        .arg(file)
        .args(["udp", "port", "5683"])
        .quiet()
        .spawn()
        .unwrap();
    wait_until("tcpdump", || is_begun(file));
    Process(child)
}

/// Whether a capture's header has been written, which both programs do once the interface is open.
fn is_begun(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|entry| entry.len() >= 24)
}

/// Whether a capture has the last message that the peers send.
fn holds_last(file: &Path) -> bool {
    let bytes = std::fs::read(file).unwrap();
    bytes.windows(LAST.len()).any(|window| window == LAST.as_bytes())
}

/// Frames in a pcap file that no program writes to any more.
fn count_frames(file: &Path) -> usize {
    let bytes = std::fs::read(file).unwrap();
    let mut rest = &bytes[24..];
    let mut count = 0;
    while rest.len() >= 16 {
        let captured = u32::from_le_bytes(rest[8..12].try_into().unwrap());
        rest = &rest[16 + captured as usize..];
        count += 1;
    }
    assert!(rest.is_empty(), "{} ends in the middle of a frame", file.display());
    count
}

/// Prints how long messages took from the wire; fails where one took too long.
#[track_caller]
fn check_latency(what: &str, mut latencies: Vec<Duration>) {
    latencies.sort();
    let (median, longest) = (latencies[latencies.len() / 2], latencies[latencies.len() - 1]);
    let late = latencies.iter().filter(|latency| **latency > AIM).count();
    say(&format!(
        "{what}: {} messages, from the wire in {median:.0?} (median), {longest:.0?} (longest); {late} over {AIM:?}",
        latencies.len()
    ));
    assert!(longest < LIMIT, "{what}: a message took {longest:?}");
}

/// `print -i` in both forms, on the traffic of all peers, beside tcpdump.
fn check_print(test: &str, interface: &str) {
    let Some(peers) = Peers::or_skip(test) else {
        return;
    };
    let mut network = Network::start(&peers);
    let folder = open_folder();
    let path = |name: &str| folder.path().join(name);
    let (beside, text_file, json_file) = (path("tcpdump.pcap"), path("text.pcap"), path("json.pcap"));
    let tcpdump = tcpdump(&network, &peers, interface, &beside);
    let start = |file: &Path, more: &[&str]| {
        let arguments = ["print", "-i", interface, "-w", file.to_str().unwrap()];
        let started = Lines::of(coapscope(&network, &arguments).args(more));
        wait_until("coapscope", || is_begun(file));
        started
    };
    let (text_process, text) = start(&text_file, &[]);
    let (json_process, json) = start(&json_file, &["-T", "json"]);

    network.talk(&peers);
    for file in [&beside, &text_file, &json_file] {
        wait_until("the last message in each file", || holds_last(file));
    }
    wait_until("the last message to be printed", || json.text().contains(LAST));
    tcpdump.interrupt("tcpdump");
    text_process.interrupt("print -i");
    json_process.interrupt("print -i -T json");

    let (messages, expected) = (json.messages(), count_frames(&beside));
    assert!(expected >= 30, "only {expected} messages were exchanged");
    let theirs = values(&print(&beside, &["-T", "json"]));
    let ours: Vec<Value> = messages.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(identities(&ours), identities(&theirs), "messages captured here, and by tcpdump");
    assert_eq!(messages.len(), expected, "messages printed, and counted by tcpdump");
    for (kind, code) in
        [("CON", "0.01"), ("NON", "0.01"), ("CON", "0.03"), ("NON", "0.03"), ("ACK", "2.05"), ("ACK", "4.04")]
    {
        let found = messages.iter().any(|(_, value)| value["coap"]["type"] == kind && value["coap"]["code"] == code);
        assert!(found, "no {kind} {code} among the messages");
    }
    let latencies = messages.iter().map(|(seen, value)| seen.duration_since(frame_time(value)).unwrap_or_default());
    check_latency(&format!("{test}: print -T json"), latencies.collect());
    assert_eq!(text.text(), print(&text_file, &[]), "print -i, and print -r of its -w file");
}

#[test]
fn print_on_one_interface() {
    check_print("print_on_one_interface", INTERFACE);
}

#[test]
fn print_on_any() {
    check_print("print_on_any", "any");
}

/// What `/proc` says of a thread, one field.
fn status<'a>(text: &'a str, field: &str) -> Vec<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {field}")).split_whitespace().collect()
}

/// No thread of the process has a right that the user behind `sudo` has not.
#[track_caller]
fn check_rights(process: u32) {
    let user = USER.to_string();
    let tasks = || std::fs::read_dir(format!("/proc/{process}/task")).unwrap().collect::<Vec<_>>();
    wait_until("the thread that a live capture has of its own", || tasks().len() > 1);
    let tasks = tasks();
    assert!(tasks.len() > 1, "a live capture has a thread of its own");
    for task in tasks {
        let text = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let thread = status(&text, "Name")[0];
        for field in ["Uid", "Gid"] {
            assert_eq!(status(&text, field), [user.as_str(); 4], "{field} of thread {thread}");
        }
        assert_eq!(status(&text, "Groups"), [user.as_str()], "groups of thread {thread}");
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(status(&text, set), ["0000000000000000"], "{set} of thread {thread}");
        }
        assert_eq!(status(&text, "NoNewPrivs"), ["1"], "thread {thread}");
    }
}

/// As `sudo` starts it, for [`USER`].
fn under_sudo(command: &mut Command) -> &mut Command {
    command.env("SUDO_UID", USER.to_string()).env("SUDO_GID", USER.to_string())
}

#[test]
fn print_gives_up_its_rights() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let Some(peers) = Peers::or_skip("print_gives_up_its_rights") else {
        return;
    };
    let network = Network::start(&peers);
    let folder = open_folder();
    let file = folder.path().join("own.pcap");
    let arguments = ["print", "-i", INTERFACE, "-w", file.to_str().unwrap()];
    let process = Process(under_sudo(&mut coapscope(&network, &arguments)).quiet().spawn().unwrap());
    wait_until("the capture file", || is_begun(&file));
    check_rights(process.0.id());
    assert_eq!(std::fs::metadata(&file).unwrap().uid(), USER, "owner of the -w file");
    process.interrupt("print -i");

    // What the user may not write, coapscope under sudo does not write either.
    let roots = folder.path().join("roots.pcap");
    std::fs::write(&roots, "precious").unwrap();
    std::fs::set_permissions(&roots, std::fs::Permissions::from_mode(0o644)).unwrap();
    let arguments = ["print", "-i", INTERFACE, "-w", roots.to_str().unwrap()];
    let output = under_sudo(&mut coapscope(&network, &arguments)).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.lines().count() == 1 && error.contains("roots.pcap"), "{error}");
    assert_eq!(std::fs::read_to_string(&roots).unwrap(), "precious");
}

#[test]
fn mistakes_are_told_in_one_line() {
    let Some(peers) = Peers::or_skip("mistakes_are_told_in_one_line") else {
        return;
    };
    let network = Network::start(&peers);
    for (arguments, expected) in [
        (&["-i", "nosuch"][..], &["nosuch", "there is no such interface", INTERFACE, "-D"][..]),
        (&["-i", INTERFACE, "-f", "udp prot 5683"], &["\"udp prot 5683\"", "syntax error", "after \"udp\""]),
        (&["-i", INTERFACE, "-f", "host"], &["\"host\"", "syntax error"]),
        (
            &["-i", INTERFACE, "-w", "/dev/full"],
            &["/dev/full cannot be written", "No space left", "name a file elsewhere with -w"],
        ),
    ] {
        let output = coapscope(&network, &[&["print"], arguments].concat()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        for part in expected {
            assert!(error.contains(part), "{part:?} is missing in: {error}");
        }
    }
}

#[test]
fn tagged_messages_are_captured() {
    // Ethernet with VLAN tag 5, IPv4, UDP, and a Confirmable GET with message ID 0x1234 and Uri-Path "a".
    const FRAME: &str = "ffffffffffff020000000001810000050800\
        4500002100010000401100 00c0000201c0000202 9c401633000d0000 40011234b161";
    let Some(peers) = Peers::or_skip("tagged_messages_are_captured") else { return };
    let network = Network::start(&peers);
    let folder = open_folder();
    for interface in [INTERFACE, "any"] {
        let file = folder.path().join(interface);
        let arguments = ["print", "-i", interface, "-T", "json", "-w", file.to_str().unwrap()];
        let (process, lines) = Lines::of(&mut coapscope(&network, &arguments));
        wait_until("coapscope", || is_begun(&file));
        network.send_from_server(&peers, FRAME);
        wait_until("the tagged message", || {
            lines.messages().iter().any(|(_, message)| message["coap"]["message_id"] == 0x1234)
        });
        process.interrupt("print -i");
    }
}

#[cfg(feature = "tui")]
#[test]
fn the_screen_shows_every_message_in_time() {
    use screen::Screen;
    const TEST: &str = "the_screen_shows_every_message_in_time";
    let Some(peers) = Peers::or_skip(TEST) else {
        return;
    };
    let mut network = Network::start(&peers);
    let folder = open_folder();
    let (file, beside) = (folder.path().join("screen.pcap"), folder.path().join("tcpdump.pcap"));
    let tcpdump = tcpdump(&network, &peers, INTERFACE, &beside);
    let arguments = ["-i", INTERFACE, "-w", file.to_str().unwrap()];
    let mut screen = Screen::start(under_sudo(&mut coapscope(&network, &arguments)));
    wait_until("the capture file", || is_begun(&file));
    wait_until("the empty page", || screen.text().contains(INTERFACE));
    let process = screen.child.process_id().unwrap();
    check_rights(process);

    network.talk(&peers);
    for file in [&beside, &file] {
        wait_until("the last message in each file", || holds_last(file));
    }
    tcpdump.interrupt("tcpdump");
    let expected = count_frames(&beside);
    let wanted = values(&print(&file, &["-T", "json"]));
    assert_eq!(wanted.len(), expected, "messages captured, and counted by tcpdump");
    let seen = |message: &Value| {
        let number = message["frame"]["number"].as_u64().unwrap();
        screen.first_seen(number, message["coap"]["message_id"].as_u64().unwrap())
    };
    let last = wanted.last().unwrap();
    wait_until("the last message on the screen", || seen(last).is_some());
    let mut latencies = Vec::new();
    for message in &wanted {
        let time = seen(message).unwrap_or_else(|| panic!("never on the screen: {message}\n{}", screen.text()));
        latencies.push(time.duration_since(frame_time(message)).unwrap_or_default());
    }
    check_latency(&format!("{TEST}: screen"), latencies);
    check_rights(process);
    screen.press("q");
    wait_until("the end of the screen", || screen.child.try_wait().unwrap().is_some());
}

/// The schedule of RFC 7252 section 4.8 with shorter waits, and the seconds at which a request is open, its first wait is over, and all of them are.
#[cfg(feature = "tui")]
const SCHEDULES: &[(&[&str], [f64; 3])] = &[
    (&["--ack-timeout", "1", "--ack-random-factor", "1.5", "--max-retransmit", "1"], [0.0, 1.5, 4.5]),
    (&["--ack-timeout", "0.5", "--ack-random-factor", "2", "--max-retransmit", "2"], [0.0, 1.0, 7.0]),
];

#[cfg(feature = "tui")]
#[test]
fn what_waits_grows_older_on_the_screen() {
    use screen::Screen;
    const TEST: &str = "what_waits_grows_older_on_the_screen";
    let Some(peers) = Peers::or_skip(TEST) else {
        return;
    };
    let network = Network::start(&peers);
    network.halt();
    for (schedule, due) in SCHEDULES {
        let folder = open_folder();
        let file = folder.path().join("halted.pcap");
        let arguments = [&["-i", INTERFACE, "-w", file.to_str().unwrap()][..], *schedule].concat();
        let mut screen = Screen::start(&coapscope(&network, &arguments));
        wait_until("the empty page", || screen.text().contains(INTERFACE));
        screen.press("3");
        // It gives up before its first retransmission.
        let path = format!("coap://{}/halted", network::ALARM);
        let mut client = network.command(&peers.client).args(["-B", "1", &path]).quiet().spawn().unwrap();
        let row = |state| ["CON", "GET", "/halted", state];
        wait_until("the exchange timed out", || screen.first_with(&row("timed-out")).is_some());
        client.wait().unwrap();
        let captured = values(&print(&file, &["-T", "json"]));
        let request = captured.first().unwrap();
        let sent = frame_time(request);
        let mut said = Vec::new();
        for (state, due) in ["open", "slow", "timed-out"].into_iter().zip(due) {
            let seen = screen.first_with(&row(state)).unwrap_or_else(|| panic!("never {state}\n{}", screen.text()));
            let after = seen.duration_since(sent).unwrap_or_default();
            said.push(format!("{state} after {:.2} s ({due} s due)", after.as_secs_f64()));
            let late =
                after.checked_sub(Duration::from_secs_f64(*due)).unwrap_or_else(|| panic!("too early: {said:?}"));
            assert!(late < LIMIT, "{said:?}");
        }
        say(&format!("{TEST}: {}", said.join(", ")));
        // Another frame may have been captured before it.
        let number = format!("#{}", request["frame"]["number"]);
        let told = ["exchange", "1", "timed", "out:", &number];
        wait_until("the problem to be announced", || screen.first_with(&told).is_some());
        screen.press("qq");
        wait_until("the end of the screen", || screen.child.try_wait().unwrap().is_some());
    }
}

#[cfg(feature = "tui")]
#[test]
fn an_interface_that_goes_down_is_told() {
    use screen::Screen;
    let Some(peers) = Peers::or_skip("an_interface_that_goes_down_is_told") else {
        return;
    };
    let network = Network::start(&peers);
    let mut screen = Screen::start(under_sudo(&mut coapscope(&network, &["-i", INTERFACE])));
    wait_until("the empty page", || screen.text().contains("Listening on"));
    let first = |screen: &Screen| screen.text().lines().next().unwrap_or_default().to_owned();
    for (change, title, said) in [
        (Network::switch as fn(&Network, &str), "DOWN", "sudo ip link set cable up"),
        (Network::switch_other, "NO LINK", "cable has no link"),
    ] {
        change(&network, "down");
        wait_until("the title", || first(&screen).contains(&format!("LIVE {INTERFACE}  {title}")));
        assert!(screen.text().contains(said), "{}", screen.text());
        change(&network, "up");
        wait_until("the title of an interface that is up", || !first(&screen).contains(title));
        wait_until("a word on it", || screen.text().contains("cable is up again, and the capture goes on"));
    }
    screen.press("q");
    wait_until("the end of the screen", || screen.child.try_wait().unwrap().is_some());
}
