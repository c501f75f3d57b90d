"""What Python makes of payloads: reads lines `kind hex` (kind: json, cbor, links), writes one line of JSON for each: {"value": ..} in the
terms of coapscope's JSON, or {"error": ".."}."""

import datetime
import json
import math
import sys

import cbor2
from aiocoap.util import linkformat


def key(value):
    """A key as coapscope names it: text as it is, anything else in diagnostic notation."""
    if isinstance(value, str):
        return value
    return notation(value)


def notation(value):
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, bytes):
        return "h'" + value.hex() + "'"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, cbor2.CBORSimpleValue):
        return f"simple({value.value})"
    if value is cbor2.undefined:
        return "undefined"
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(notation, value)) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    raise ValueError(f"no notation for {value!r}")


def plain(value):
    """A value of cbor2 in terms of JSON."""
    if isinstance(value, str) and any(0xD800 <= ord(letter) < 0xE000 for letter in value):
        return {"$other": "half of a surrogate pair"}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, datetime.datetime):
        return {"$time": value.timestamp()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, cbor2.CBORTag):
        return plain(value.value)
    if value is cbor2.undefined or isinstance(value, cbor2.CBORSimpleValue):
        return None
    if hasattr(value, "items"):
        return {key(name): plain(item) for name, item in value.items()}
    return {"$other": str(value)}


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def read(kind, body):
    if kind == "json":
        return plain(json.loads(body.decode("utf-8"), parse_constant=no_constant))
    if kind == "cbor":
        import io

        source = io.BytesIO(body)
        value = cbor2.CBORDecoder(source).decode()
        if source.read():
            raise ValueError("bytes behind the value")
        return plain(value)
    links = linkformat.parse(body.decode("utf-8")).links
    return [[link.href, [[name, value] for name, value in link.attr_pairs]] for link in links]


for line in sys.stdin:
    kind, body = line.split(" ", 1)
    try:
        print(json.dumps({"value": read(kind, bytes.fromhex(body.strip()))}))
    except Exception as error:  # whatever it is: the body is refused
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
