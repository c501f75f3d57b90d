//! What the screen costs: a capture of a million frames, and a capture on which nothing happens.

use super::skipped::skipped;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use portable_pty::CommandBuilder;

use super::pty::Pty;
use super::{CAPTURE, DRAWN, coapscope};

/// Frames of the large capture; what is not optimized gets a tenth.
const FRAMES: u32 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
/// First rows should stand on the screen after so long.
const FIRST_ROWS: Duration = Duration::from_millis(100);
/// A key should be answered after so long.
const ANSWER: Duration = Duration::from_millis(16);
/// On a busy machine, so many times as much is a fault.
const FAULT: u32 = 10;
/// Keys that are pressed.
const KEYS: usize = 500;
/// A fifth of what tshark takes for the large capture, in bytes.
const ROOM: u64 = 130_050 << 10;

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What a test needs is here; or it is [skipped].
fn needs(what: Option<()>, reason: &str) -> bool {
    if what.is_none() {
        skipped(reason);
    }
    what.is_some()
}

/// The generator's capture of so many frames.
fn capture(folder: &Path) -> Option<PathBuf> {
    let file = folder.join("large.pcap");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/make_capture.py");
    let made = Command::new("python3")
        .arg(script)
        .arg(&file)
        .args(["--truth", "/dev/null", "--seed", "7", "--frames", &FRAMES.to_string()])
        .stdout(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success()).then_some(file)
}

fn opening(file: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_coapscope"));
    command.arg(file);
    command
}

/// Bytes of memory that a process had at most.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Keys over all views, each of which changes what is below the title: with a search for what is not there, with every order of a table and with
/// a filter that lets everything through.
const SCRIPT: &str = "1 j j } ] PgDn Tab j j Tab l l Esc Esc k ] PgUp C-f zzqqzz Enter j k Esc f j j j ] PgDn h 3 j j PgDn Tab j j Tab \
                      G k g o o o o o o o O O b b b b b 4 j PgDn Tab j j Tab k 5 1 t t d x x r : 9 9 9 Esc G k PgUp g \
                      / coap.mid>=0 Enter j ] f j PgDn 3 j G k g 1 j / C-u Enter ? j Esc 2";

/// Keys over all views that let workers put every table in every order, and look for findings.
const ORDERS: &str = "o o o o o o o o O b b b b b 4 o o o o o o o o O b b b b 5 G f G g 1 G";

/// Keys that let every worker look through what is there, again and again: filters, a search, orders, findings.
const WORKERS: &str = "1 / coap.mid>=0 Enter 5 3 o b 1 f j C-f zzqqzz Enter 5 4 o 1 j / C-u whole_exchange(coap.code==69) Enter 5 3 O b j f G g";

/// What a terminal sends for a key.
fn sent(key: &str) -> &str {
    match key {
        "C-f" => "\x06",
        "C-u" => "\x15",
        "Enter" => "\r",
        "Tab" => "\t",
        "Esc" => "\x1b",
        "PgDn" => "\x1b[6~",
        "PgUp" => "\x1b[5~",
        letter => letter,
    }
}

#[test]
fn a_large_capture_is_there_at_once() {
    const TEST: &str = "a_large_capture_is_there_at_once";
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let file = capture(folder.path());
    if !needs(file.as_ref().map(drop), "python3 is missing, which makes the capture") {
        return;
    }
    let file = file.unwrap();
    let begun = Instant::now();
    let mut pty = Pty::start(opening(&file));
    pty.wait_for("the first rows", |screen| screen.rows(0, 80).nth(2).is_some_and(|row| row.contains("c1")));
    let first = begun.elapsed();
    // An order that is asked for while the file is read.
    pty.press("3oo");
    pty.wait_for("the end of the reading", |screen| !screen.contents().contains("reading"));
    let whole = begun.elapsed();
    let read = peak(pty.process()).unwrap();
    let (mut sorted, mut judged) = (0, false);
    for key in ORDERS.split_whitespace() {
        pty.answer_to(sent(key), ANSWER * FAULT);
        sorted += u32::from(pty.text().contains("sort: ") && key == "o");
        let busy = ["sorting", "looking for findings"];
        pty.wait_for("the workers", |screen| !busy.iter().any(|word| screen.contents().contains(word)));
        judged |= pty.text().contains("Verdict on");
    }
    assert!(
        sorted > 10 && judged,
        "{sorted} orders, findings {judged}: the keys did not reach the views\n{}",
        pty.text()
    );
    let orders = peak(pty.process()).unwrap();
    drop(pty);
    let (busy, keys) = peak_with_workers(&file);
    say(&format!(
        "{TEST}: {FRAMES} frames, first rows after {first:.1?}, all read after {whole:.2?}; {} MB, with every order {} MB, with {keys} \
         keys for workers meanwhile {} MB",
        read >> 20,
        orders >> 20,
        busy >> 20
    ));
    assert!(first < FIRST_ROWS * FAULT, "first rows after {first:?}");
    let own = orders.max(busy);
    let beside = Command::new("tshark").arg("-r").arg(&file).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut tshark) = beside else {
        needs(None, "tshark is missing, whose memory is compared");
        return;
    };
    // Each part of what it prints tells that it went on.
    let (mut most, mut printed, mut part) = (0, tshark.stdout.take().unwrap(), vec![0; 1 << 16]);
    while printed.read(&mut part).unwrap() > 0 {
        most = most.max(peak(tshark.id()).unwrap_or(0));
    }
    tshark.wait().unwrap();
    say(&format!(
        "{TEST}: tshark {} MB, {:.1} times as much; of a million frames 5 times is the aim",
        most >> 20,
        most as f64 / own as f64
    ));
    // Of few frames tshark keeps little beside what it needs for itself.
    let least = if cfg!(debug_assertions) { 1 } else { 5 };
    assert!(own * least <= most, "{own} bytes, tshark {most}");
}

/// The most memory that the screen has while a file is read and every worker is kept busy, and how many keys did that.
fn peak_with_workers(file: &Path) -> (u64, usize) {
    let mut pty = Pty::start(opening(file));
    pty.wait_for("the first rows", |screen| screen.rows(0, 80).nth(2).is_some_and(|row| row.contains("c1")));
    let mut pressed = 0;
    for key in WORKERS.split_whitespace().cycle() {
        pty.answer_to(sent(key), ANSWER);
        pressed += 1;
        if !pty.text().contains("reading") {
            break;
        }
    }
    // What was begun last goes on for a while; only the search would go on for long.
    pty.press("\x1b");
    pty.wait_for("the workers", |screen| {
        ["filtering", "sorting", "looking for"].iter().all(|word| !screen.contents().contains(word))
    });
    (peak(pty.process()).unwrap(), pressed)
}

#[test]
fn keys_are_answered_while_a_large_capture_is_read() {
    const TEST: &str = "keys_are_answered_while_a_large_capture_is_read";
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let file = capture(folder.path());
    if !needs(file.as_ref().map(drop), "python3 is missing, which makes the capture") {
        return;
    }
    // Through a pipe, so that each key lets a part in, and the reading goes on until the last one.
    let pipe = folder.path().join("pipe.pcap");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let mut pty = Pty::start(opening(&pipe));
    let (tell, told) = channel::<()>();
    let (mut from, length) =
        (File::open(file.unwrap()).unwrap(), folder.path().join("large.pcap").metadata().unwrap().len());
    let part = length as usize / (KEYS + KEYS / 10);
    let writer = std::thread::spawn(move || {
        let mut pipe = File::options().write(true).open(pipe).unwrap();
        let mut bytes = vec![0; part * KEYS / 10];
        from.read_exact(&mut bytes).unwrap();
        pipe.write_all(&bytes).unwrap();
        bytes.truncate(part);
        // The screen may have ended before all is written.
        while told.recv().is_ok() && from.read_exact(&mut bytes).is_ok() && pipe.write_all(&bytes).is_ok() {}
    });
    pty.wait_for("the first rows", |screen| screen.rows(0, 80).nth(2).is_some_and(|row| row.contains("c1")));
    let (mut answers, mut silent) = (Vec::new(), Vec::new());
    for key in SCRIPT.split_whitespace().cycle().take(KEYS) {
        tell.send(()).unwrap();
        match pty.answer_to(sent(key), ANSWER * FAULT * 3) {
            Some(time) => answers.push((time, key)),
            None => silent.push((answers.len(), key)),
        }
    }
    assert!(pty.text().contains("reading"), "the reading had ended\n{}", pty.text());
    let own = peak(pty.process()).unwrap();
    drop(tell);
    drop(pty);
    writer.join().unwrap();
    answers.sort();
    let at = |share: usize| answers[(answers.len() * share / 100).min(answers.len() - 1)];
    let slowest: Vec<String> = answers.iter().rev().take(5).map(|(time, key)| format!("{key} {time:.1?}")).collect();
    say(&format!(
        "{TEST}: {} keys on {FRAMES} frames, {} MB, answered in {:.1?} (median), {:.1?} (99 of 100); slowest: {}",
        answers.len(),
        own >> 20,
        at(50).0,
        at(99).0,
        slowest.join(", ")
    ));
    say(&format!("{TEST}: keys that changed nothing below the title: {silent:?}"));
    // Of what is not optimized, and of fewer frames, nothing is asked.
    assert!(own <= ROOM || cfg!(debug_assertions), "{own} bytes");
    // A key of the script that changes nothing would come six times; a busy machine may be late with one or two.
    assert!(silent.len() <= 2, "keys without an answer: {silent:?}");
    assert!(at(99).0 < ANSWER * FAULT, "answered after {:?}", at(99).0);
}

/// Clock ticks of the processor that a process has had.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn ten_idle_seconds_cost_nothing() {
    const TEST: &str = "ten_idle_seconds_cost_nothing";
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let trace = folder.path().join("trace");
    for keys in ["1", "f", "3", "4", "5"] {
        let mut pty = Pty::start(coapscope());
        pty.wait_for("the screen", |screen| screen.contents().contains(DRAWN));
        pty.press(keys);
        while pty.more_within(Duration::from_millis(400)) {}
        let before = ticks(pty.process());
        // The clock is strace's: it lets go after ten seconds. The other views are looked at for one.
        let seconds = if keys == "3" { "10" } else { "1" };
        let traced = Command::new("timeout")
            .args(["-s", "INT", seconds, "strace", "-f", "-e", "trace=write,writev,pwrite64,sendto,sendmsg", "-o"])
            .arg(&trace)
            .args(["-p", &pty.process().to_string()])
            .stderr(Stdio::null())
            .status();
        let written = std::fs::read_to_string(&trace).unwrap_or_default();
        let attached =
            traced.is_ok_and(|status| [Some(0), Some(124), Some(130)].contains(&status.code())) && trace.exists();
        if !needs(attached.then_some(()), "strace is missing, or may not look at other processes") {
            return;
        }
        let writes = written.lines().filter(|line| line.contains("write") || line.contains("send")).count();
        let spent = ticks(pty.process()) - before;
        say(&format!("{TEST}: {CAPTURE}, view {keys}: {seconds} s, {writes} writes, {spent} ticks of the processor"));
        assert_eq!(writes, 0, "{written}");
        assert!(spent <= 1, "{spent} ticks");
        assert!(!pty.more_within(Duration::ZERO), "bytes came");
    }
}
