"""A small TCP or Unix proxy that breaks links on purpose, for tests without privileges."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_CHUNK = 65_536
_SLOW_STEPS = 10
"""A slow link passes a tenth of its rate every tenth of a second."""


class Mode(Enum):
    """What happens to connections."""

    PASS = "pass"
    REFUSE = "refuse"
    """Nobody listens: connecting fails. Open connections stay."""
    RESET = "reset"
    """New connections are accepted and reset at once; open ones with the next byte."""
    BLACK_HOLE = "black hole"
    """Connecting works, and nothing ever arrives on either side. Open connections freeze as well."""


class FaultProxy:
    """Forwards connections to one target, or breaks them.

    Args:
        target: Port on the loopback, or the path of a Unix socket.
        listen: Path of the Unix socket to listen on; else a free port of the loopback.
        mode: To begin with; ``mode`` may be set at any time.
    """

    def __init__(self, target: int | Path, *, listen: Path | None = None, mode: Mode = Mode.PASS) -> None:
        self.port = 0
        self.connections = 0
        """Accepted so far."""
        self.connected = asyncio.Event()
        """Set once a connection has been accepted."""
        self._target = target
        self._listen = listen
        self._mode = mode
        self._listener: socket.socket | None = None
        self._untaken: set[socket.socket] = set()
        """Accepted, and no transport has them yet: a task that is cancelled before its first turn takes none."""
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thawed = asyncio.Event()
        self._cut_up: int | None = None
        self._cut_down: int | None = None
        self._rate: int | None = None
        self._changes: asyncio.Queue[Mode] = asyncio.Queue()

    @property
    def mode(self) -> Mode:
        """What happens to connections now."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        if mode is Mode.BLACK_HOLE:
            self._thawed.clear()
        else:
            self._thawed.set()
        if mode is Mode.REFUSE:
            self._close_listener()
        elif self._listener is None:
            self._open_listener()

    def cut_after(self, *, up: int | None = None, down: int | None = None) -> None:
        """Reset a connection once so many bytes went up (to the target) or came down; None: never."""
        self._cut_up, self._cut_down = up, down

    def slow(self, bytes_per_s: int | None) -> None:
        """Let no more than so many bytes a second come down on each connection; None: as fast as it goes."""
        self._rate = bytes_per_s

    def cut(self) -> None:
        """Reset all open connections now, on both sides."""
        for writer in tuple(self._open):
            _reset(writer)
        self._open.clear()

    async def start(self) -> None:
        """Listen."""
        self.mode = self._mode

    async def stop(self) -> None:
        """Close everything."""
        self._close_listener()
        self._thawed.set()
        self.cut()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in self._untaken:
            connection.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _open_listener(self) -> None:
        # Not asyncio's server: between its accept and the transport's first turn, closing it leaves a transport open.
        if self._listen is not None:
            self._listen.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(self._listen))
        else:
            listener = socket.create_server(("127.0.0.1", self.port))
            self.port = listener.getsockname()[1]
        listener.listen(100)
        listener.setblocking(False)
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)
        self._listener = listener

    def _close_listener(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # whoever called has left
        connection.setblocking(False)
        self.connections += 1
        self.connected.set()
        self._untaken.add(connection)
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        self._untaken.discard(connection)
        reader, writer = await asyncio.open_connection(sock=connection)
        self._open.add(writer)
        try:
            if self._mode is Mode.RESET:
                _reset(writer)
                return
            await self._thawed.wait()
            up_reader, up_writer = await self._dial()
            self._open.add(up_writer)
            try:
                async with asyncio.TaskGroup() as pumps:
                    pumps.create_task(self._pump(reader, up_writer, lambda: self._cut_up, writer))
                    pumps.create_task(
                        self._pump(up_reader, writer, lambda: self._cut_down, up_writer, lambda: self._rate)
                    )
            finally:
                self._open.discard(up_writer)
                up_writer.close()
        except (OSError, ExceptionGroup):
            _reset(writer)
        except asyncio.CancelledError:
            _reset(writer)  # stopped
        finally:
            self._open.discard(writer)
            writer.close()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        limit: Callable[[], int | None],
        other: asyncio.StreamWriter,
        rate: Callable[[], int | None] = lambda: None,
    ) -> None:
        passed = 0
        while data := await source.read(_CHUNK if rate() is None else max(1, (rate() or 0) // _SLOW_STEPS)):
            await self._thawed.wait()
            if rate() is not None:
                await asyncio.sleep(1 / _SLOW_STEPS)
            most = limit()
            if self._mode is Mode.RESET or (most is not None and passed + len(data) >= most):
                if self._mode is not Mode.RESET and most is not None:
                    sink.write(data[: max(0, most - passed)])
                    with contextlib.suppress(OSError):
                        await sink.drain()
                    sink.close()
                else:
                    _reset(sink)
                _reset(other)
                return
            passed += len(data)
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            with contextlib.suppress(OSError):
                sink.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the peer gets a reset, not an orderly end (a Unix socket just ends)."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


class FaultProxyThread:
    """A FaultProxy with a loop of its own in a thread: for tests that block.

    Args:
        port: The target's port on the loopback.
    """

    def __init__(self, port: int) -> None:
        self.port = 0
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._proxy: FaultProxy | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._on_loop(FaultProxy.stop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def mode(self) -> Mode:
        """What happens to connections now."""
        assert self._proxy is not None
        return self._proxy.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        async def change(proxy: FaultProxy) -> None:
            proxy.mode = mode

        self._call(self._on_loop(change))

    @property
    def connections(self) -> int:
        """Accepted so far."""
        assert self._proxy is not None
        return self._proxy.connections

    def cut(self) -> None:
        """Reset all open connections now."""

        async def cut(proxy: FaultProxy) -> None:
            proxy.cut()

        self._call(self._on_loop(cut))

    def cut_after(self, *, up: int | None = None, down: int | None = None) -> None:
        """As ``FaultProxy.cut_after``."""

        async def cut_after(proxy: FaultProxy) -> None:
            proxy.cut_after(up=up, down=down)

        self._call(self._on_loop(cut_after))

    def slow(self, bytes_per_s: int | None) -> None:
        """As ``FaultProxy.slow``."""

        async def slow(proxy: FaultProxy) -> None:
            proxy.slow(bytes_per_s)

        self._call(self._on_loop(slow))

    async def _begin(self) -> None:
        self._proxy = FaultProxy(self._target)
        await self._proxy.start()
        self.port = self._proxy.port

    async def _on_loop(self, act: Callable[[FaultProxy], Coroutine[Any, Any, None]]) -> None:
        assert self._proxy is not None
        await act(self._proxy)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)
