#!/usr/bin/env python3
"""Compare coapscope with tshark on one capture: wall time and peak memory, alternating in one run, medians.

    against_tshark.py COAPSCOPE [CAPTURE] [--frames N] [--runs N]

Without a capture, one is generated (see make_capture.py). Prints one line a tool and the ratios.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def measure(argv):
    """Wall seconds and peak resident memory in MiB of one run."""
    started = time.monotonic()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    elapsed = time.monotonic() - started
    if status:
        sys.exit(f"{' '.join(argv)}: status {status}")
    return elapsed, usage.ru_maxrss / 1024


def main():
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("coapscope")
    cli.add_argument("capture", nargs="?")
    cli.add_argument("--frames", type=int, default=1_000_000)
    cli.add_argument("--runs", type=int, default=5)
    args = cli.parse_args()
    tshark = shutil.which("tshark")
    if not tshark:
        sys.exit("tshark is not installed: make peers installs it")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        capture = args.capture or os.path.join(folder, "generated.pcap")
        if not args.capture:
            subprocess.run([sys.executable, os.path.join(HERE, "make_capture.py"), capture, "--frames", str(args.frames), "--seed", "7"],
                           check=True, stdout=subprocess.DEVNULL)
        tools = {"coapscope stats": [os.path.abspath(args.coapscope), "stats", "-r", capture, "--json"], "tshark -r": [tshark, "-r", capture]}
        runs = {name: [] for name in tools}
        for _ in range(args.runs):
            for name, argv in tools.items():
                runs[name].append(measure(argv))
        print(f"{os.path.basename(capture)}, {os.path.getsize(capture) / 1e6:.1f} MB, medians of {args.runs} alternating runs")
        medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in runs.items()}
        for name, (seconds, memory) in medians.items():
            print(f"  {name:<16} {seconds:8.3f} s {memory:8.1f} MiB")
        (ours, ours_memory), (theirs, theirs_memory) = medians.values()
        print(f"  coapscope takes 1/{theirs / ours:.0f} of tshark's time and 1/{theirs_memory / ours_memory:.1f} of its memory")


if __name__ == "__main__":
    main()
