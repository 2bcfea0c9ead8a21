"""The proxy itself leaves nothing open behind it, however early it is stopped."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from tests.fault_proxy import FaultProxy, Mode


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_proxy_stopped_while_connections_arrive_leaves_none_open(mode: Mode) -> None:
    peer = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with peer:
        for turns in range(8):
            proxy = FaultProxy(peer.sockets[0].getsockname()[1])
            await proxy.start()
            callers = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(5)]
            proxy.mode = mode
            for _ in range(turns):
                await asyncio.sleep(0)
            await proxy.stop()
            for caller in callers:
                caller.close()
    gc.collect()  # what is still open warns now, and a warning is a failure here
