"""libuv's loop with an aiohttp server and client that keep their connection over the freeze."""

import asyncio
import secrets

import uvloop
from aiohttp import ClientSession, web

loop = uvloop.new_event_loop()
asyncio.set_event_loop(loop)


async def hello(request):
    await asyncio.sleep(0.001)
    return web.json_response({"token": secrets.token_hex(8)})


async def chat(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data.upper())
    return socket


async def start():
    app = web.Application()
    app.add_routes([web.get("/", hello), web.get("/chat", chat)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    session = ClientSession()
    async with session.get(url) as answer:
        await answer.json()
    socket = await session.ws_connect(url + "/chat")
    await socket.send_str("warm")
    assert (await socket.receive()).data == "WARM"
    return session, url, socket


session, url, socket = loop.run_until_complete(start())


async def ask():
    async def one():
        async with session.get(url) as answer:
            return (await answer.json())["token"]

    tokens = await asyncio.gather(*(one() for _ in range(10)))
    await socket.send_str("thawed")
    assert (await socket.receive(timeout=10)).data == "THAWED"
    process = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0] == b"child\n"
    return tokens


def use(context):
    tokens = loop.run_until_complete(ask())
    assert len(set(tokens)) == 10
    return tokens
