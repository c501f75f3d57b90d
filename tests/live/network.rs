//! Two network namespaces joined by a cable, and processes in them.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ending::{PATIENCE, end_of};

/// Address of the aiocoap alarm, documentation range.
pub const ALARM: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// Address of libcoap's server.
pub const LIBCOAP: &str = "2001:db8::2";
/// The client's end of the cable.
pub const INTERFACE: &str = "cable";

/// Path of the last message that [`Network::talk`] sends.
pub const LAST: &str = "nobody-hears-this";

/// Asks until the answer is yes; fails after [`PATIENCE`].
#[track_caller]
pub fn wait_until(what: &str, mut answer: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !answer() {
        assert!(Instant::now() < deadline, "in vain waited for {what}");
        std::thread::yield_now();
    }
}

/// A name for namespaces that nobody else has.
fn unique() -> String {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    format!("cs{}n{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed))
}

/// A folder that any user may write to, gone with this.
pub fn open_folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::Builder::new().prefix("coapscope-").tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// A process that ends with this.
pub struct Process(pub Child);

impl Process {
    pub fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.0.id().cast_signed()), signal);
    }

    /// Whether it has taken over what Ctrl-C does.
    fn catches_interrupts(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        let bit = 1 << (Signal::SIGINT as u64 - 1);
        u64::from_str_radix(caught.trim(), 16).unwrap() & bit != 0
    }

    /// Interrupts it as Ctrl-C does, and waits.
    #[track_caller]
    pub fn interrupt(mut self, what: &str) {
        wait_until(&format!("{what} to be ready for Ctrl-C"), || self.catches_interrupts());
        self.signal(Signal::SIGINT);
        let status = end_of(&mut self.0, what);
        assert!(status.success(), "{what}: {status}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A client's and a server's namespace, with both servers up.
pub struct Network {
    client: String,
    server: String,
    running: Vec<Process>,
}

impl Network {
    pub fn start(peers: &Peers) -> Self {
        let name = unique();
        let mut network = Self { client: format!("{name}c"), server: format!("{name}s"), running: Vec::new() };
        let (client, server) = (network.client.clone(), network.server.clone());
        for namespace in [&client, &server] {
            ip(&["netns", "add", namespace]);
            ip(&["-n", namespace, "link", "set", "lo", "up"]);
        }
        ip(&["-n", &client, "link", "add", INTERFACE, "type", "veth", "peer", "name", INTERFACE, "netns", &server]);
        for (namespace, v4, v6) in
            [(&client, "192.0.2.1/24", "2001:db8::1/64"), (&server, "192.0.2.2/24", "2001:db8::2/64")]
        {
            ip(&["-n", namespace, "addr", "add", v4, "dev", INTERFACE]);
            ip(&["-n", namespace, "addr", "add", v6, "dev", INTERFACE, "nodad"]);
            ip(&["-n", namespace, "link", "set", INTERFACE, "up"]);
        }
        network.serve(peers);
        network
    }

    fn serve(&mut self, peers: &Peers) {
        let mut alarm = inside(&self.server, &peers.python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/alarm_server.py"))
            .args(["--bind", &ALARM.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = alarm.stdout.take().unwrap();
        self.running.push(Process(alarm));
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the alarm did not start");

        let libcoap = inside(&self.server, &peers.server).args(["-A", LIBCOAP]).quiet().spawn().unwrap();
        self.running.push(Process(libcoap));
        wait_until("libcoap's server", || {
            let sockets = inside(&self.server, "cat").arg("/proc/net/udp6").output().unwrap();
            let sockets = String::from_utf8_lossy(&sockets.stdout).into_owned();
            sockets.lines().any(|line| line.contains("B80D0120000000000000000002000000:1633"))
        });
    }

    /// Switches the client's end of the cable on or off.
    pub fn switch(&self, way: &str) {
        ip(&["-n", &self.client, "link", "set", INTERFACE, way]);
    }

    /// The same for the server's end.
    pub fn switch_other(&self, way: &str) {
        ip(&["-n", &self.server, "link", "set", INTERFACE, way]);
    }

    /// The servers stand still: their sockets are open, and nothing answers.
    pub fn halt(&self) {
        self.running.iter().for_each(|server| server.signal(Signal::SIGSTOP));
    }

    /// A command in the client's namespace.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        inside(&self.client, program)
    }

    /// Sends a frame, given in hex, from the server's end of the cable.
    pub fn send_from_server(&self, peers: &Peers, frame: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/send_frame.py");
        let frame = frame.replace(' ', "");
        let sent = inside(&self.server, &peers.python).arg(script).args([INTERFACE, &frame]).status().unwrap();
        assert!(sent.success(), "send_frame.py");
    }

    /// GET and PUT, Confirmable and not, observations of both servers, an error: some seconds of it. Then the servers
    /// are stopped, and one message follows that nothing comes after, see [`LAST`].
    pub fn talk(&mut self, peers: &Peers) {
        let alarm = format!("coap://{ALARM}/alarm");
        let client = |arguments: &[&str], path: &str| {
            self.command(&peers.client).args(arguments).arg(path).quiet().spawn().map(Process).unwrap()
        };
        let libcoap = |path: &str| format!("coap://[{LIBCOAP}]/{path}");
        let mut observers = vec![client(&["-s", "3"], &alarm), client(&["-s", "2"], &libcoap("time"))];
        let missing = libcoap("missing");
        for (arguments, path) in [
            (&["-m", "get"][..], alarm.as_str()),
            (&["-N", "-m", "get"], &alarm),
            (&["-m", "put", "-e", "ON"], &alarm),
            (&["-N", "-m", "put", "-e", "OFF"], &alarm),
            (&["-m", "put", "-e", "LOUD"], &alarm),
            (&["-m", "get"], &libcoap("")),
            (&["-N", "-m", "get"], &libcoap("time")),
            (&["-m", "put", "-e", "hello"], &libcoap("example_data")),
            (&["-m", "get"], &missing),
        ] {
            // Clients end by themselves, after their answer.
            client(arguments, path).0.wait().unwrap();
        }
        for observer in &mut observers {
            observer.0.wait().unwrap();
        }
        let last = format!("coap://{ALARM}/{LAST}");
        self.running.clear();
        let mut client = self.command(&peers.client).args(["-N", "-B", "1", &last]).quiet().spawn().unwrap();
        client.wait().unwrap();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.running.clear();
        for namespace in [&self.client, &self.server] {
            let _ = Command::new("ip").args(["netns", "del", namespace]).quiet().status();
        }
    }
}

#[track_caller]
fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output().unwrap();
    assert!(output.status.success(), "ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
}

/// The program replaces `ip`, so that the process is the program's own.
fn inside(namespace: &str, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(program.as_ref());
    command
}

/// No input, no output.
pub trait Quiet {
    fn quiet(&mut self) -> &mut Self;
}

impl Quiet for Command {
    fn quiet(&mut self) -> &mut Self {
        self.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
    }
}

/// The other programs, as they are called here.
pub struct Peers {
    pub client: PathBuf,
    pub server: PathBuf,
    pub python: PathBuf,
    pub tcpdump: PathBuf,
}

impl Peers {
    /// What is here, or the reason why nothing can be tested.
    fn find() -> Result<Self, String> {
        // Debian has one build of libcoap's tools a TLS library.
        let libcoap = |tool: &str| {
            let names = ["", "-notls", "-openssl", "-gnutls"].map(|ending| format!("{tool}{ending}"));
            names.iter().find_map(|name| on_path(name)).ok_or(format!("{tool} is missing (libcoap3-bin)"))
        };
        on_path("ip").ok_or("ip is missing (iproute2)")?;
        let peers = Self {
            client: libcoap("coap-client")?,
            server: libcoap("coap-server")?,
            python: python()?,
            tcpdump: on_path("tcpdump").ok_or("tcpdump is missing")?,
        };
        let probe = format!("{}probe", unique());
        let made = Command::new("ip").args(["netns", "add", &probe]).quiet().status();
        if !made.is_ok_and(|status| status.success()) {
            return Err("no rights to make network namespaces (root is needed)".to_owned());
        }
        let raw = inside(&probe, &peers.python)
            .args(["-c", "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"])
            .quiet()
            .status();
        let _ = Command::new("ip").args(["netns", "del", &probe]).quiet().status();
        if !raw.is_ok_and(|status| status.success()) {
            return Err("this machine grants no raw sockets".to_owned());
        }
        Ok(peers)
    }

    /// The peers, or none and a line that says which test is skipped and why. With `COAPSCOPE_PEERS=1` a test that
    /// would be skipped fails.
    pub fn or_skip(test: &str) -> Option<Self> {
        match Self::find() {
            Ok(peers) => Some(peers),
            Err(reason) => {
                assert!(
                    std::env::var_os("COAPSCOPE_PEERS").is_none_or(|value| value != "1"),
                    "{test}: {reason}; COAPSCOPE_PEERS=1 forbids to skip"
                );
                super::say(&format!("skipped {test}: {reason}; \"make peers\" installs what is missing"));
                None
            }
        }
    }
}

fn python() -> Result<PathBuf, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let candidates = [Some(own), on_path("python3")];
    let has_aiocoap = |python: &PathBuf| {
        let import = Command::new(python).args(["-c", "import aiocoap"]).quiet().status();
        import.is_ok_and(|status| status.success())
    };
    candidates.into_iter().flatten().find(has_aiocoap).ok_or("aiocoap is missing (in .venv)".to_owned())
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Where ordinary users' paths do not lead.
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join(program)).find(|file| file.is_file())
}
