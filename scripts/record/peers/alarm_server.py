#!/usr/bin/env python3
"""The alarm of the course: GET, PUT and Observe on /alarm, a manual in blocks, a log of events."""
import asyncio
import itertools

import aiocoap
from aiocoap import resource

MANUAL = """\
THE ALARM

GET /alarm   tells the state, ON or OFF.
PUT /alarm   sets it. Anything but ON or OFF is refused with 4.00.
Add Observe to the GET and every change is sent to you, until you
say that you have had enough (GET with Observe 1) or answer a
notification with Reset.

Changes are sent Non-confirmable, but every fourth one Confirmable:
if nobody acknowledges it, the observer is gone and is forgotten.

POST /events adds a line to the log: JSON with a name and a value.

This page is longer than one message should be on a small device.
You have asked for it in blocks of 256 bytes, so it came in pieces,
each with its number in the option Block2 and the same ETag: were
the ETag to change in the middle, somebody would have rewritten the
page while you were reading it, and you would have to begin again.
The last piece has the bit "more" cleared.

If the alarm does not answer, count to two before you ask again;
your client does. Then to four, to eight, to sixteen. After four
repetitions it gives up, and so should you: look for the cable.
"""


class Alarm(resource.ObservableResource):
    def __init__(self):
        super().__init__()
        self.state = b"OFF"
        self.changes = itertools.count(1)

    def message(self, **more):
        return aiocoap.Message(code=aiocoap.CONTENT, payload=self.state, content_format=0, **more)

    async def render_get(self, request):
        return self.message()

    async def render_put(self, request):
        if request.payload not in (b"ON", b"OFF"):
            return aiocoap.Message(code=aiocoap.BAD_REQUEST, payload=b"ON or OFF, please")
        self.state = request.payload
        kind = aiocoap.NON if next(self.changes) % 4 else aiocoap.CON
        self.updated_state(self.message(_mtype=kind))
        return aiocoap.Message(code=aiocoap.CHANGED, payload=self.state)


class Manual(resource.Resource):
    async def render_get(self, request):
        return aiocoap.Message(payload=MANUAL.encode(), content_format=0, etag=b"\x03\x15")


class Events(resource.Resource):
    def __init__(self):
        super().__init__()
        self.numbers = itertools.count(1)

    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.CREATED, location_path=("events", str(next(self.numbers))))


async def main():
    site = resource.Site()
    site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader, impl_info=None))
    site.add_resource(["alarm"], Alarm())
    site.add_resource(["manual"], Manual())
    site.add_resource(["events"], Events())
    await aiocoap.Context.create_server_context(site, multicast=["eth0"])
    print("ready", flush=True)
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
