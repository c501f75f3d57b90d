#!/usr/bin/env python3
"""Sends frames as they are: send_frame.py INTERFACE HEX..."""
import socket
import sys

interface, *frames = sys.argv[1:]
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind((interface, 0))
    for frame in frames:
        raw.send(bytes.fromhex(frame))
