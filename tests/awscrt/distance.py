"""A TCP relay that delays what passes through it: the distance between a device and its endpoint."""

import asyncio
import contextlib
import threading

CHUNK = 65536
# Pieces of one direction that are under way; the sender waits beyond them.
UNDER_WAY = 256


async def deliver(pieces, writer):
    """Writes each piece when its time has come; `None` is the end of the stream."""
    clock = asyncio.get_running_loop()
    while True:
        due, piece = await pieces.get()
        await asyncio.sleep(max(0, due - clock.time()))
        if piece is None:
            break
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def carry(reader, writer, delay):
    """One direction, from its first byte to its end."""
    clock = asyncio.get_running_loop()
    pieces = asyncio.Queue(UNDER_WAY)
    delivery = asyncio.ensure_future(deliver(pieces, writer))
    with contextlib.suppress(OSError):
        while piece := await reader.read(CHUNK):
            await pieces.put((clock.time() + delay, piece))
    await pieces.put((clock.time() + delay, None))
    with contextlib.suppress(OSError):
        await delivery


async def relay(port, delay, started):
    """Listens on a free port of loopback for as long as the loop runs."""

    async def connected(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                carry(reader, far_writer, delay), carry(far_reader, writer, delay)
            )
            far_writer.close()
        finally:
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    started(listener.sockets[0].getsockname()[1])
    await listener.serve_forever()


@contextlib.contextmanager
def away(port, delay):
    """A port of loopback that leads to `port`, `delay` seconds away in each direction."""
    running, listening = {}, threading.Event()

    def started(found):
        running["port"] = found
        listening.set()

    async def run():
        running["loop"] = asyncio.get_running_loop()
        running["relay"] = asyncio.ensure_future(relay(port, delay, started))
        with contextlib.suppress(asyncio.CancelledError):
            await running["relay"]

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert listening.wait(10), "the relay did not start"
    try:
        yield running["port"]
    finally:
        running["loop"].call_soon_threadsafe(running["relay"].cancel)
        thread.join(10)
