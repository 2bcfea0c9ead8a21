"""What the SQL of this package runs on: one connection with an open transaction, whatever the database.

Statements are in the SQL that SQLite and PostgreSQL share, with marks that PostgreSQL has otherwise or does without
(``postgres_connection``): ``?`` and ``?1`` for values; ``INDEXED BY`` and ``CROSS JOIN … ON`` where SQLite would choose
badly. Truth is 0 and 1. What cannot be said in both stands in ``sqlite_transaction`` and ``postgres_transaction``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol


class Row(Protocol):
    """One row of an answer."""

    def __getitem__(self, key: Any, /) -> Any:
        """A value, by its column's number or name."""

    def __iter__(self) -> Iterator[Any]:
        """The values in order."""


class Rows(Protocol):
    """The answer to a statement, read once."""

    def fetchone(self) -> Any:
        """The next Row; None if there is no more."""

    def fetchall(self) -> list[Any]:
        """All Rows that follow."""

    def __iter__(self) -> Iterator[Any]:
        """The Rows that follow."""


class Database(Protocol):
    """A connection inside a transaction. Its calls block."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Rows:
        """Run one statement."""

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object:
        """Run one statement for each of several rows of values."""
