"""Makes a port of this machine's loopback address reachable from one network of containers, and from nowhere else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import IPv4Network, ip_address
from threading import Thread

HERE = "127.0.0.1"
PIECE = 1 << 16
START_SECONDS = 10.0


class Relay:
    """Listens on the address that this machine has in the network. OSError if that is not possible.

    The address can be reached from elsewhere where routes say so: only connections of the network's own addresses are
    accepted.
    """

    def __init__(self, address: str, network: IPv4Network, port: int) -> None:
        self._network, self._port = network, port
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="localcloud-relay", daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._serve, address, port)
        try:
            self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(START_SECONDS)
        except BaseException:
            self._stop()
            raise

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(START_SECONDS)
        self._stop()

    async def _end(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            if ip_address(writer.get_extra_info("peername")[0]) in self._network:
                target_reader, target = await asyncio.open_connection(HERE, self._port)
                writers.append(target)
                await asyncio.gather(_pump(reader, target), _pump(target_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass  # one side went away, or the relay is closed
        finally:
            for each in writers:
                each.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(PIECE):
        target.write(piece)
        await target.drain()
    with suppress(OSError):
        target.write_eof()
