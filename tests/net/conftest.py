from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.net.stub_server import StubServer, running


@pytest.fixture(params=["tcp", "unix"])
async def stub(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StubServer]:
    """A stub server, on both kinds of socket."""
    async with running(tmp_path / "s" if request.param == "unix" else None) as server:
        yield server


@pytest.fixture
async def tcp_stub() -> AsyncIterator[StubServer]:
    async with running() as server:
        yield server


@pytest.fixture
def unused_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port
