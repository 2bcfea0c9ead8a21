"""Where connections come in: a few at a time, and none that would be sent away at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

from imagechat_tui.server.http.connections import Connections

COMES_A_TURN = 8
"""Connections taken in, or sent away, before the loop turns to those that are there."""
FULL_PAUSE_S = 1.0
"""When the process or the machine has no room for another."""

_log = logging.getLogger(__name__)


class Door:
    """A listening socket.

    asyncio's own server makes a task and a transport of each connection before anybody can say no. Who is sent away
    comes back as fast as that goes, and everybody else would wait for it.

    Args:
        listener: The socket; it is closed with the door.
        book: Who may come.
        serve: The factory of the protocol behind each gate.
        tls: What certifies the server, if it is to.
        tls_within_s: How long the handshake may take.
    """

    def __init__(
        self,
        listener: socket.socket,
        book: Connections,
        serve: Callable[[], asyncio.Protocol],
        *,
        tls: ssl.SSLContext | None = None,
        tls_within_s: float | None = None,
    ) -> None:
        self._listener = listener
        self._book = book
        self._gate = book.guarded(serve)
        self._tls = tls
        self._tls_within_s = None if tls is None else tls_within_s
        self._coming: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listener.setblocking(False)

    def open(self) -> None:
        """Let people in from now on."""
        self._pause = None
        asyncio.get_running_loop().add_reader(self._listener, self._come)

    def close(self) -> None:
        """Let nobody in any more; who is inside stays."""
        if self._pause is not None:
            self._pause.cancel()
        if self._listener.fileno() != -1:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()

    def _come(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(COMES_A_TURN):
            try:
                link, peer = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("no connection can be taken in: %s", error)
                loop.remove_reader(self._listener)
                self._pause = loop.call_later(FULL_PAUSE_S, self.open)
                return
            if self._book.turns_away(peer):
                link.close()
                continue
            link.setblocking(False)
            coming = loop.create_task(self._let_in(link))
            self._coming.add(coming)
            coming.add_done_callback(self._coming.discard)

    async def _let_in(self, link: socket.socket) -> None:
        with contextlib.suppress(
            OSError
        ):  # it has gone, or its handshake failed: the transport is closed then
            await asyncio.get_running_loop().connect_accepted_socket(
                self._gate, link, ssl=self._tls, ssl_handshake_timeout=self._tls_within_s
            )
