#!/usr/bin/env python3
"""Write lab captures again with other link layers, for machines where nobody could record such.

    scripts/record/rewrap.py [FOLDER]     (default captures/rewrapped)

The IP packets, their times and their lengths stay; the Ethernet header is replaced by what
Linux cooked mode v1 (link type 113), BSD loopback (0) or nothing at all (raw IP, 101) would
have in its place.
"""
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent.parent / "captures"
SOURCES = ("02-alarm-plain", "03-observe-alarm-two", "08-filter-port")


def read(path):
    """(seconds, microseconds, frame) of a little-endian pcap of Ethernet."""
    data = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, link) == (0xA1B2C3D4, 1), path
    at = 24
    while at < len(data):
        seconds, micros, kept, length = struct.unpack_from("<IIII", data, at)
        assert kept == length, path
        yield seconds, micros, data[at + 16:at + 16 + kept]
        at += 16 + kept


def cooked(ethertype, frame):
    """Linux cooked v1: to us or from us, ARP hardware type, address length, address, protocol."""
    source = frame[6:12]
    loopback = source == bytes(6)
    direction = 0 if loopback or source[5] % 2 == 0 else 4
    return struct.pack("!HHH6s2xH", direction, 772 if loopback else 1, 6, source, ethertype)


def loopback(order):
    def header(ethertype, _frame):
        # The family of IPv6 differs between the BSDs: 24, 28 and 30; IPv4 is 2 everywhere.
        return struct.pack(order + "I", 2 if ethertype == 0x0800 else 30)
    return header


# name: link type, what stands before the IP packet
VARIANTS = {
    "sll": (113, cooked),
    "null": (0, loopback("<")),
    "null-big-endian": (0, loopback(">")),
    "raw": (101, lambda _ethertype, _frame: b""),
}


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "rewrapped"
    out.mkdir(exist_ok=True)
    for source in SOURCES:
        for name, (link, header) in VARIANTS.items():
            records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
            for seconds, micros, frame in read(HERE / "lab" / f"{source}.pcap"):
                ethertype = struct.unpack_from("!H", frame, 12)[0]
                if ethertype not in (0x0800, 0x86DD):
                    continue
                packet = header(ethertype, frame) + frame[14:]
                records += [struct.pack("<IIII", seconds, micros, len(packet), len(packet)), packet]
            (out / f"{source}.{name}.pcap").write_bytes(b"".join(records))


main()
