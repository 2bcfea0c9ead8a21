"""One connection to PostgreSQL with calls that block, as the SQL of this package wants them.

asyncpg speaks the protocol, on an event loop that belongs to the connection and runs only inside of its calls: whoever
makes them has a thread for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, TypeVar

import asyncpg

from imagechat_tui.server.storage import StoreUnavailable

CONNECT_S = 5.0
CALL_S = 10.0
"""How long the server may take for an answer: longer than it gives itself, which is ``STATEMENT_MS``."""
STATEMENT_MS = 8_000
LOCK_MS = 6_000
"""How long another process may take for its transaction."""
IDLE_IN_TRANSACTION_MS = 4_000
"""A process that stands still inside a transaction loses it: others wait for what it has locked."""
GOODBYE_S = 2.0

T = TypeVar("T")

Failures = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What asyncpg raises when a call fails."""

_SETTINGS = {
    "application_name": "imagechat",
    "statement_timeout": str(STATEMENT_MS),
    "lock_timeout": str(LOCK_MS),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
    "jit": "off",
}
_READING = {"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on"}
_HINT = re.compile(r" INDEXED BY \w+")
_ORDERED_JOIN = re.compile(r"\bCROSS JOIN (\w+) ON\b")
_VALUE = re.compile(r"\?(\d*)")


@lru_cache(maxsize=512)
def postgres_statement(statement: str) -> str:
    """A statement of this package as PostgreSQL takes it."""
    statement = _ORDERED_JOIN.sub(r"JOIN \1 ON", _HINT.sub("", statement))
    numbers = count(1)
    return _VALUE.sub(lambda mark: f"${mark[1] or next(numbers)}", statement)


class PostgresRows:
    """An answer that is here already."""

    def __init__(self, found: Sequence[Any]) -> None:
        self._left = iter(found)

    def __iter__(self) -> Iterator[Any]:
        return self._left

    def fetchone(self) -> Any:
        """See Rows."""
        return next(self._left, None)

    def fetchall(self) -> list[Any]:
        """See Rows."""
        return list(self._left)


class PostgresConnection:
    """A connection that is made when it is first wanted, and anew when it is lost. For one thread at a time."""

    def __init__(self, url: str, *, reads_only: bool = False) -> None:
        self._url = url
        self._settings = _SETTINGS | (_READING if reads_only else {})
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None

    @property
    def is_lost(self) -> bool:
        """Whether there is none, or none any more."""
        return self._connection is None or self._connection.is_closed()

    def begin(self, statements: str) -> None:
        """Begin a transaction. A connection that was lost meanwhile, as by a restart of the server, is made anew.

        Args:
            statements: One or more, without values.
        """
        if not self.is_lost:
            try:
                self.run(statements)
                return
            except Failures:
                if not self.is_lost:
                    raise
        self.connect()
        self.run(statements)

    def connect(self) -> None:
        """Make the connection, in place of the one there was."""
        self.drop()
        made = asyncpg.connect(
            self._url, timeout=CONNECT_S, command_timeout=CALL_S, server_settings=self._settings
        )
        self._connection = self._wait(made)

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> PostgresRows:
        """See Database."""
        return PostgresRows(self._call(lambda held: held.fetch(postgres_statement(statement), *values)))

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> None:
        """See Database."""
        self._call(lambda held: held.executemany(postgres_statement(statement), list(values)))

    def run(self, statements: str) -> None:
        """Run statements without values, all in one message."""
        self._call(lambda held: held.execute(statements))

    def server_version(self) -> int:
        """The major version of the server."""
        return int(self._connection.get_server_version().major)

    def close(self) -> None:
        """Say goodbye, and let go of the loop."""
        if not self.is_lost:
            try:
                self._wait(self._connection.close(timeout=GOODBYE_S))
            except Failures:
                self.drop()
        self._loop.close()

    def _call(self, call: Any) -> Any:
        if self._connection is None:
            raise ConnectionError("not connected")
        try:
            return self._wait(call(self._connection))
        except TimeoutError:  # whatever comes yet would be taken for the answer to something else
            self.drop()
            raise

    def drop(self) -> None:
        """Let go of the connection at once, whatever it was doing."""
        held, self._connection = self._connection, None
        if held is not None and not held.is_closed():
            held.terminate()
            self._wait(asyncio.sleep(0))

    def _wait(self, awaited: Awaitable[T]) -> T:
        async def done() -> T:
            return await awaited

        return self._loop.run_until_complete(done())


def unavailable(error: BaseException) -> StoreUnavailable:
    """The driver's error in the store's words. What the server adds to its message may quote what people wrote."""
    told = str(error.args[0]) if error.args else type(error).__name__
    if isinstance(error, OSError):
        told = str(error)
    return StoreUnavailable(told, disk_full=getattr(error, "sqlstate", None) == "53100")
