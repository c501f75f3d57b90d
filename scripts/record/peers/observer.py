#!/usr/bin/env python3
"""observer.py URI N: observe, show N notifications, then forget about it without a word to the server."""
import asyncio
import sys

import aiocoap


async def main():
    context = await aiocoap.Context.create_client_context()
    request = context.request(aiocoap.Message(code=aiocoap.GET, uri=sys.argv[1], observe=0))
    print("registered:", (await request.response).payload, flush=True)
    seen = 0
    async for notification in request.observation:
        seen += 1
        print("notification:", notification.opt.observe, notification.payload, flush=True)
        if seen == int(sys.argv[2]):
            break
    request.observation.cancel()
    print("forgotten", flush=True)
    await asyncio.get_running_loop().create_future()  # the socket stays open, and answers with Reset


asyncio.run(main())
