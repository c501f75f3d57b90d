#!/usr/bin/env python3
"""client_put.py URI STATE: the course's client, sets the alarm."""
import asyncio
import sys

import aiocoap


async def main():
    context = await aiocoap.Context.create_client_context()
    request = aiocoap.Message(code=aiocoap.PUT, uri=sys.argv[1], payload=sys.argv[2].encode(), content_format=0)
    response = await context.request(request).response
    print(response.code, response.payload)
    await context.shutdown()


asyncio.run(main())
