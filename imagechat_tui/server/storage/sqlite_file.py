"""SQLite's file, looked at from beside the server: by a connection that only reads, and applies no migration.

SQLite itself sees to it that such a reader has one moment before it, in whatever process it is. Whoever writes does not
wait for it, but for 0.1 s where the log beside the file is to be emptied (``WIPE_MS``): that grows meanwhile.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.storage import StoreError
from imagechat_tui.server.storage.contents import Contents, Orphans
from imagechat_tui.server.storage.sqlite import BUSY_MS, is_full

Rows = list[tuple[Any, ...]]

MOST_DAMAGE = 20
"""Lines of SQLite's check that are told."""
_TELL_EVERY = 100_000
"""Steps of SQLite's machine: some milliseconds."""


def copy_database(database: Path, target: Path, told: Callable[[], None]) -> None:
    """Write all that is committed now to a new file, whose pages have nothing of what was deleted.

    Args:
        database: The file, which a server may have open.
        target: Where to; there is no such file. It is not synced.
        told: Called from time to time.

    Raises:
        StoreError: It cannot be read, or there is no room for the copy.
    """
    with _reading(database) as connection:
        connection.set_progress_handler(told, _TELL_EVERY)
        connection.execute("VACUUM INTO ?", (str(target),))


def counted(database: Path) -> Contents:
    """What is in a file, without a look at whether it is whole.

    Raises:
        StoreError: It cannot be read.
    """
    with _reading(database) as connection:
        return _contents(partial(_rows, connection))


def examined(database: Path) -> Contents:
    """What is in a file, as far as that can be read, and what is wrong with it.

    Raises:
        StoreError: It cannot be opened, or has no tables of ours.
    """
    damage: list[str] = []
    with _reading(database) as connection:
        connection.execute("BEGIN")

        def rows(statement: str) -> Rows:
            try:
                return _rows(connection, statement)
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
                    raise
                damage.append(str(error))
                return []

        lines = [str(row[0]) for row in rows(f"PRAGMA integrity_check({MOST_DAMAGE})")]
        damage += [line for line in lines if line != "ok"]
        lost = Counter((str(row[0]), str(row[2])) for row in rows("PRAGMA foreign_key_check"))
        contents = _contents(rows)
        return replace(
            contents,
            damage=tuple(dict.fromkeys(damage)),
            orphans=tuple(Orphans(table, of, count) for (table, of), count in sorted(lost.items())),
        )


def _rows(connection: sqlite3.Connection, statement: str) -> Rows:
    return connection.execute(statement).fetchall()


def _contents(rows: Callable[[str], Rows]) -> Contents:
    return Contents(
        steps=sum(row[0] for row in rows("PRAGMA user_version")),
        sealed={
            TenantId(row[0]): row[1] for row in rows("SELECT id, api_secret_sealed FROM tenant ORDER BY id")
        },
        comments=sum(row[0] for row in rows("SELECT count(*) FROM comment")),
    )


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    try:
        uri = f"{database.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA mmap_size = 0")
            yield connection
    except sqlite3.Error as error:
        raise StoreError(str(error), disk_full=is_full(error)) from error
