"""A balancer in front of servers: each new connection goes to the next one for its first path."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence


class Balancer:
    """Passes bytes on; `ports` on 127.0.0.1 by what a path begins with, the first that fits."""

    def __init__(self, ports: Mapping[str, Sequence[int]]) -> None:
        self._turns = {prefix: itertools.cycle(each) for prefix, each in ports.items()}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first_line = await reader.readline()
            path = first_line.split()[1].decode()
            turns = next(turns for prefix, turns in self._turns.items() if path.startswith(prefix))
            inner = await asyncio.open_connection("127.0.0.1", next(turns))
        except (ConnectionError, IndexError):
            writer.close()
            return
        inner[1].write(first_line)
        await asyncio.gather(_copy(reader, inner[1]), _copy(inner[0], writer))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(64 * 1024):
            target.write(data)
            await target.drain()
    target.close()


@contextlib.contextmanager
def balanced(ports: Mapping[str, Sequence[int]], *, port: int) -> Iterator[None]:
    """Balance connections to `port` from a thread, for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(Balancer(ports).handle, "127.0.0.1", port)
        ready.set()
        await stop.wait()
        server.close()
        passing = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(5), "the balancer did not start"
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()
