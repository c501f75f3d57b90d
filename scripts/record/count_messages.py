#!/usr/bin/env python3
"""Compare every lab capture with what the peers' own logs say crossed that point.

    count_messages.py [FOLDER]       reads FOLDER/manifest.json (default captures/lab), writes FOLDER/counts.tsv

One row per capture, message type and code: how many the capture holds (tshark's
decoding), how many the peers logged, the difference and, where there is one, why.
A capture on loopback, on a trunk or on a mirror port must hold what all peers
together *sent*; one at a host, what the peers of that host sent and received.
"""
import collections
import json
import pathlib
import subprocess
import sys

TYPES = ("CON", "NON", "ACK", "RST")
METHODS = {0: "EMPTY", 1: "GET", 2: "POST", 3: "PUT", 4: "DELETE", 5: "FETCH", 6: "PATCH", 7: "iPATCH"}
OTHER_PORTS = ["-d", "udp.port==5783,coap", "-d", "udp.port==61616,coap"]

# Encrypted from end to end, or with peers that do not log what they reject.
SKIPPED = ("06-dtls-psk-openssl", "06-dtls-psk-gnutls", "06-dtls-psk-ccm8", "11-malformed")
# One peer of these also talks to its own host: compared with all senders, what crossed lo only is a difference.
ALL_SENDERS = ("08-any", "08-ether", "08-snaplen", "08-filter", "08-dumpcap", "08-comments", "08-big", "08-truncated",
               "08-other", "08-vlan")
OWN_HOST = "the exchange of host c with itself crossed lo, not this interface"
GONE = "arrived after the client process had exited, so no peer logged it"
WHY = {
    "04-duplicates.client.pcap": GONE,
    "04-reorder.client.pcap": "held back by the relay; " + GONE,
    "04-late-answer.pcap": "the second answer " + GONE,
    "04-libcoap-own-loss.pcap": "coap-server -l drops its own datagrams after logging them as sent",
    "08-ether-nano.pcap": OWN_HOST,
    "08-ether-nano.pcap.gz": OWN_HOST,
    "08-filter-port.pcap": OWN_HOST,
    "08-dumpcap-nano.pcapng": OWN_HOST,
    "08-comments.pcapng": OWN_HOST,
    "08-big-endian.pcap": OWN_HOST,
    "08-truncated-file.pcap": OWN_HOST + "; the last record of the file is cut",
    "08-snaplen-60.pcap": OWN_HOST + "; two messages are cut inside their UDP header",
    "10-proxy-libcoap.client.pcap": GONE,
    "10-proxy-libcoap.mirror.pcap": "sent after the capture had ended",
    "10-proxy-libcoap.mirror.pcap CON GET": "the proxy's requests to an address that answers no ARP never became frames",
}

def code_name(code):
    return METHODS.get(code, f"{code >> 5}.{code & 31:02d}")


def in_capture(path):
    """Messages by type and code, without those that an ICMP error quotes."""
    done = subprocess.run(
        ["tshark", "-r", path, *OTHER_PORTS, "-Y", "coap && !icmp && !icmpv6",
         "-T", "fields", "-e", "coap.type", "-e", "coap.code"], capture_output=True, text=True)
    counts = collections.Counter()
    for line in done.stdout.splitlines():
        types, codes = (column.split(",") if column else [] for column in line.split("\t"))
        for n, code in enumerate(codes):
            kind = TYPES[int(types[n])] if types else "REL"
            counts[f"{kind} {code_name(int(code))}"] += 1
    return counts


def in_logs(scenario, host, everyone):
    counts = collections.Counter()
    for peer in scenario["peers"].values():
        if everyone:
            counts.update(peer["tx"])
        elif peer["host"] == host:
            counts.update(peer["tx"])
            counts.update(peer["rx"])
    return counts


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "captures/lab")
    scenarios = json.loads((folder / "manifest.json").read_text())
    at = {name: (s, f) for s in scenarios.values() for name, f in s["files"].items()}
    rows = ["file\tmessage\tcapture\tlogs\tdifference\twhy"]
    unexplained = 0
    for path in sorted(folder.glob("*.pcap*")):
        if path.name not in at or path.name.startswith(SKIPPED):
            continue
        scenario, place = at[path.name]
        place = scenario["files"].get(place.get("derived_from"), place)
        host = place["host"]
        everyone = host[:2] == "lo" or host == "m" or path.name.startswith(ALL_SENDERS)
        seen, logged = in_capture(path), in_logs(scenario, host, everyone)
        for message in sorted(set(seen) | set(logged)):
            more = seen[message] - logged[message]
            why = WHY.get(f"{path.name} {message}", WHY.get(path.name, "")) if more else ""
            unexplained += bool(more) and not why
            rows.append(f"{path.name}\t{message}\t{seen[message]}\t{logged[message]}\t{more:+d}\t{why}".replace("+0", "0"))
    (folder / "counts.tsv").write_text("\n".join(rows) + "\n")
    print(f"{len(rows) - 1} rows, {unexplained} differences without a reason")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
