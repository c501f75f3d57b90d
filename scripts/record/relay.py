"""A small network of namespaces whose only cable is a relay in this process.

Each host is a network namespace with one TAP device. The relay carries the frames
between them, a few milliseconds late as a wireless network would, and may drop or
hold back chosen ones. What a rule holds back, the mirror port sees late; what a rule
drops, the mirror port has seen: so one capture there shows both lost and overtaken
messages. No traffic control of the kernel (netem) is needed.
"""
import collections
import dataclasses
import fcntl
import heapq
import itertools
import os
import pathlib
import random
import select
import struct
import subprocess
import threading
import time
import typing

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
MIRROR = "mirror"


def run(*argv):
    subprocess.run(argv, check=True, capture_output=True)


Datagram = collections.namedtuple("Datagram", "kind code message_id options")


def coap_of(frame):
    """The CoAP header and options in an Ethernet frame on port 5683, or None."""
    try:
        ethertype = struct.unpack_from("!H", frame, 12)[0]
        if ethertype == 0x0800 and frame[23] == 17:
            udp = 14 + (frame[14] & 15) * 4
        elif ethertype == 0x86DD and frame[20] == 17:
            udp = 54
        else:
            return None
        if 5683 not in struct.unpack_from("!HH", frame, udp):
            return None
        message = frame[udp + 8:]
        at, number, options = 4 + (message[0] & 15), 0, {}
        while at < len(message) and message[at] != 0xFF:
            delta, length, at = message[at] >> 4, message[at] & 15, at + 1
            delta, at = extended(message, delta, at)
            length, at = extended(message, length, at)
            number += delta
            options.setdefault(number, message[at:at + length])
            at += length
        kind = ("CON", "NON", "ACK", "RST")[message[0] >> 4 & 3]
        return Datagram(kind, f"{message[1] >> 5}.{message[1] & 31:02d}", message[2] << 8 | message[3], options)
    except (IndexError, struct.error):
        return None


def extended(message, nibble, at):
    if nibble == 13:
        return 13 + message[at], at + 1
    if nibble == 14:
        return 269 + (message[at] << 8 | message[at + 1]), at + 2
    return nibble, at


@dataclasses.dataclass
class Rule:
    """Do something to the next `count` CoAP datagrams from host to host that match."""
    source: str
    target: str
    match: typing.Callable[[Datagram], bool]
    count: int
    drop: bool = False
    hold: float = 0.0      # seconds


class Network:
    """hosts: name -> number n; the host is 198.51.100.n, 2001:db8:1ab::n, 00:00:5e:00:53:n and NAME.example."""

    def __init__(self, hosts, seed):
        self.hosts, self.rules, self.log = dict(hosts), [], []
        self.random = random.Random(seed)
        self.fd, self.by_mac, self.queue = {}, {}, []
        self.order, self.last = itertools.count(), collections.defaultdict(float)
        self.stopping = threading.Event()
        for name in [*hosts, MIRROR]:
            self.fd[name] = self.make_host(name, self.hosts.get(name))
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def namespace(self, name):
        return f"coaplab-{os.getpid()}-{name}"

    def inside(self, name, *argv):
        return ["ip", "netns", "exec", self.namespace(name), *argv]

    def make_host(self, name, number):
        space, device = self.namespace(name), f"tap{os.getpid() % 10000}{name[:4]}"
        run("ip", "netns", "add", space)
        # What "ip netns exec" shows its programs as /etc/hosts.
        etc = pathlib.Path("/etc/netns") / space
        etc.mkdir(parents=True)
        (etc / "hosts").write_text("".join(f"198.51.100.{n} {h}.example\n" for h, n in self.hosts.items()))
        run("ip", "-n", space, "link", "set", "lo", "up")
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP_NO_PI))
        run("ip", "link", "set", device, "netns", space, "name", "eth0")
        if number is None:
            run(*self.inside(name, "sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1"))
            run("ip", "-n", space, "link", "set", "eth0", "promisc", "on", "up")
            return fd
        mac = f"00:00:5e:00:53:{number:02x}"
        run("ip", "-n", space, "link", "set", "eth0", "address", mac)
        run("ip", "-n", space, "addr", "add", f"198.51.100.{number}/24", "dev", "eth0")
        run("ip", "-n", space, "addr", "add", f"2001:db8:1ab::{number}/64", "dev", "eth0", "nodad")
        run("ip", "-n", space, "link", "set", "eth0", "up")
        run("ip", "-n", space, "route", "add", "224.0.0.0/4", "dev", "eth0")
        self.by_mac[bytes.fromhex(mac.replace(":", ""))] = name
        return fd

    def carry(self):
        poll = select.poll()
        names = {fd: name for name, fd in self.fd.items()}
        for fd in names:
            poll.register(fd, select.POLLIN)
        while not self.stopping.is_set():
            now = time.monotonic()
            while self.queue and self.queue[0][0] <= now:
                _, _, source, frame, drop = heapq.heappop(self.queue)
                self.arrive(source, frame, drop)
            wait = 50 if not self.queue else max(0.0, (self.queue[0][0] - now) * 1000)
            for fd, _ in poll.poll(min(50, wait)):
                try:
                    frame = os.read(fd, 65536)
                except OSError:
                    continue
                if names[fd] != MIRROR:
                    self.depart(names[fd], frame)

    def depart(self, source, frame):
        message, rule = coap_of(frame), None
        target = self.by_mac.get(frame[:6])
        if message:
            rule = next((r for r in self.rules if r.count and (r.source, r.target) == (source, target)
                         and r.match(message)), None)
        # Frames of one host stay in order, unless a rule holds one back.
        due = max(time.monotonic() + self.random.uniform(0.002, 0.006), self.last[source] + 0.0002)
        if rule is None or not rule.hold:
            self.last[source] = due
        if rule:
            rule.count -= 1
            self.log.append(f"{source} to {target}: {message.kind} {message.code} {message.message_id}: "
                            + ("dropped" if rule.drop else f"held {rule.hold} s"))
            due += rule.hold
        heapq.heappush(self.queue, (due, next(self.order), source, frame, bool(rule and rule.drop)))

    def arrive(self, source, frame, drop):
        target = self.by_mac.get(frame[:6])
        targets = [target] if target else [h for h in self.hosts if h != source]
        for name in [MIRROR] + ([] if drop else targets):
            try:
                os.write(self.fd[name], frame)
            except OSError:
                pass

    def close(self):
        self.stopping.set()
        self.thread.join()
        for fd in self.fd.values():
            os.close(fd)
        for name in self.fd:
            space = self.namespace(name)
            run("ip", "netns", "del", space)
            (pathlib.Path("/etc/netns") / space / "hosts").unlink()
            (pathlib.Path("/etc/netns") / space).rmdir()
