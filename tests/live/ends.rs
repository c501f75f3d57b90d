//! How a live capture ends, and what it says while nothing comes: no frame is left behind, and none is missing without a word.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::network::{self, ALARM, INTERFACE, Network, Peers, Process, Quiet, open_folder, wait_until};
use super::{Lines, count_frames, is_begun};

/// A NON GET with message ID 0x1234 and Uri-Path "a".
const MESSAGE: &str = r"b'\x50\x01\x12\x34\xb1a'";

/// `print -i` of the client's end of the cable, and its files.
struct Printing {
    process: Process,
    lines: Lines,
    file: PathBuf,
    folder: TempDir,
}

impl Printing {
    /// `script`: what a shell does before it becomes the program.
    fn start(network: &Network, script: &str, arguments: &[&str]) -> Self {
        let folder = open_folder();
        let file = folder.path().join("x.pcap");
        // Also where whoever runs the tests has told them to outlive the terminal.
        let mut command = network.command("env");
        command
            .args(["--default-signal=HUP", "sh", "-c"])
            .arg(format!("{script} exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_coapscope"));
        command.args(["print", "-i", INTERFACE, "-w", file.to_str().unwrap()]).args(arguments);
        command.stdin(std::process::Stdio::null()).stderr(File::create(folder.path().join("said")).unwrap());
        let (process, lines) = Lines::of(&mut command);
        wait_until("coapscope", || is_begun(&file));
        Self { process, lines, file, folder }
    }

    /// What stands on standard error.
    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("said")).unwrap()
    }

    /// Python in the client's namespace, with a socket `s`, the server's address `to` and this process's number `pid`.
    fn python(&self, network: &Network, peers: &Peers, script: &str) -> Command {
        let head = format!(
            "import os, socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nto = ('{ALARM}', 5683)\npid = {}\n",
            self.process.0.id()
        );
        let mut command = network.command(&peers.python);
        command.arg("-c").arg(head + script);
        command
    }

    fn wait(&mut self) {
        let status = self.process.0.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.said());
    }
}

#[test]
fn what_came_before_an_end_is_kept() {
    let Some(peers) = Peers::or_skip("what_came_before_an_end_is_kept") else { return };
    let network = Network::start(&peers);
    network.halt();
    for signal in [2, 15, 1, 2, 15] {
        let mut printing = Printing::start(&network, "", &[]);
        // The kernel still holds the frames when the signal comes.
        let script = format!("for _ in range(3): s.sendto({MESSAGE}, to)\nos.kill(pid, {signal})");
        assert!(printing.python(&network, &peers, &script).status().unwrap().success());
        printing.wait();
        wait_until("three lines", || printing.lines.text().lines().filter(|line| line.contains(" 4660 ")).count() == 3);
        assert!(count_frames(&printing.file) >= 3 && printing.said().is_empty(), "{}", printing.said());
    }
}

#[test]
fn a_capture_outlives_its_terminal_where_it_is_told_to() {
    let Some(peers) = Peers::or_skip("a_capture_outlives_its_terminal_where_it_is_told_to") else { return };
    let network = Network::start(&peers);
    // As nohup starts it.
    let mut printing = Printing::start(&network, "trap '' HUP;", &[]);
    let script = format!("os.kill(pid, 1)\ns.sendto({MESSAGE}, to)");
    assert!(printing.python(&network, &peers, &script).status().unwrap().success());
    wait_until("the message behind the signal", || printing.lines.text().contains(" 4660 "));
    assert!(printing.process.0.try_wait().unwrap().is_none(), "it ended");
    printing.process.signal(Signal::SIGTERM);
    printing.wait();
}

#[test]
fn what_the_kernel_dropped_is_told() {
    let Some(peers) = Peers::or_skip("what_the_kernel_dropped_is_told") else { return };
    let network = Network::start(&peers);
    network.halt();
    let mut printing = Printing::start(&network, "", &[]);
    printing.process.signal(Signal::SIGSTOP);
    // More than the kernel's buffer holds.
    let script = format!("for _ in range(30000): s.sendto({MESSAGE} + b'\\xff' + bytes(1300), to)");
    assert!(printing.python(&network, &peers, &script).status().unwrap().success());
    printing.process.signal(Signal::SIGCONT);
    wait_until("the word", || printing.said().contains(": the kernel has dropped "));
    printing.process.signal(Signal::SIGINT);
    printing.wait();
    assert!(printing.said().starts_with(&format!("coapscope: warning: {INTERFACE}: ")), "{}", printing.said());
}

#[test]
fn what_waits_in_vain_is_told_though_nothing_comes() {
    let Some(peers) = Peers::or_skip("what_waits_in_vain_is_told_though_nothing_comes") else { return };
    let network = Network::start(&peers);
    network.halt();
    let schedule = ["-T", "json", "--ack-timeout", "0.2", "--max-retransmit", "1"];
    let mut printing = Printing::start(&network, "", &schedule);
    let path = format!("coap://{}/halted", network::ALARM);
    network.command(&peers.client).args(["-B", "1", &path]).quiet().status().unwrap();
    wait_until("the update", || printing.lines.text().contains(r#""exchange_state":"timed-out""#));
    printing.process.signal(Signal::SIGINT);
    printing.wait();
}

/// A capture whose files may not grow beyond some kilobytes, while more is sent at once: what it printed and said.
fn without_room(network: &Network, peers: &Peers, arguments: &[&str]) -> (String, String) {
    let folder = open_folder();
    let said = File::create(folder.path().join("said")).unwrap();
    let mut command = network.command("sh");
    command.args(["-c", "ulimit -f 8; exec \"$0\" \"$@\""]).arg(env!("CARGO_BIN_EXE_coapscope"));
    let (mut process, lines) = Lines::of(command.args(["print", "-i", INTERFACE]).args(arguments).stderr(said));
    let flood = format!(
        "import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor _ in range(500):\n for _ in range(8): s.sendto({MESSAGE} + b'\\xff' + bytes(1300), ('{ALARM}', 5683))\n time.sleep(0.1)"
    );
    let mut flood = Process(network.command(&peers.python).args(["-c", &flood]).spawn().unwrap());
    assert_eq!(process.0.wait().unwrap().code(), Some(2));
    flood.0.kill().unwrap();
    let said = std::fs::read_to_string(folder.path().join("said")).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    wait_until("a line", || !lines.text().is_empty());
    (lines.text(), said)
}

#[test]
fn a_full_folder_of_the_working_copy_is_named_as_that() {
    let Some(peers) = Peers::or_skip("a_full_folder_of_the_working_copy_is_named_as_that") else { return };
    let network = Network::start(&peers);
    network.halt();
    let (lines, said) = without_room(&network, &peers, &[]);
    // All that had room, though it came at once.
    assert!(lines.lines().count() > 1, "{lines}");
    let expected = "the working copy of the capture cannot be written: File too large (os error 27); choose another folder with --spool\n";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn a_full_disk_leaves_whole_frames_in_the_file() {
    let Some(peers) = Peers::or_skip("a_full_disk_leaves_whole_frames_in_the_file") else { return };
    let network = Network::start(&peers);
    network.halt();
    let folder = open_folder();
    let file = folder.path().join("x.pcap");
    let (_, said) = without_room(&network, &peers, &["-w", file.to_str().unwrap()]);
    let frames = count_frames(&file);
    let expected = format!(
        "/x.pcap cannot be written: File too large (os error 27); it holds the first {frames} frames; name a file elsewhere with -w\n"
    );
    assert!(frames > 1 && said.ends_with(&expected), "{frames}: {said}");
    let whole =
        std::process::Command::new(env!("CARGO_BIN_EXE_coapscope")).args(["stats", file.to_str().unwrap()]).output();
    assert_eq!(String::from_utf8_lossy(&whole.unwrap().stderr), "", "it is not cut");
}

#[test]
fn an_interface_that_disappears_ends_the_capture_and_its_file_is_named() {
    let Some(peers) = Peers::or_skip("an_interface_that_disappears_ends_the_capture_and_its_file_is_named") else {
        return;
    };
    let network = Network::start(&peers);
    let mut printing = Printing::start(&network, "", &[]);
    assert!(network.command("ip").args(["link", "delete", INTERFACE]).status().unwrap().success());
    assert_eq!(printing.process.0.wait().unwrap().code(), Some(2));
    let said = printing.said();
    let kept = format!("; what was captured before is kept in {}\n", printing.file.display());
    assert!(
        said.starts_with(&format!("coapscope: {INTERFACE}: the interface disappeared")) && said.ends_with(&kept),
        "{said}"
    );
}
