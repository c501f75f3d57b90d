#!/usr/bin/env python3
"""An alarm on CoAP: GET tells its state, PUT "ON" or "OFF" sets it, observers are told of every change.

Prints "ready" once it listens. --bind ADDRESS: where (default: everywhere). --confirmable: notifications are CON.
"""
import argparse
import asyncio

import aiocoap
from aiocoap import resource


class Alarm(resource.ObservableResource):
    """Its state is the payload, as plain text."""

    STATES = (b"ON", b"OFF")

    def __init__(self, confirmable):
        super().__init__()
        self.state = b"OFF"
        self.message_type = aiocoap.CON if confirmable else aiocoap.NON

    def content(self, **more):
        return aiocoap.Message(payload=self.state, content_format=0, **more)

    async def render_get(self, request):
        return self.content()

    async def render_put(self, request):
        if request.payload not in self.STATES:
            return aiocoap.Message(code=aiocoap.BAD_REQUEST, payload=b"say ON or OFF")
        self.state = request.payload
        self.updated_state(self.content(code=aiocoap.CONTENT, _mtype=self.message_type))
        return aiocoap.Message(code=aiocoap.CHANGED)


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bind", default=None)
    parser.add_argument("--confirmable", action="store_true")
    arguments = parser.parse_args()

    site = resource.Site()
    site.add_resource(["alarm"], Alarm(arguments.confirmable))
    bind = (arguments.bind, 5683) if arguments.bind else None
    await aiocoap.Context.create_server_context(site, bind=bind)
    print("ready", flush=True)
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
