"""What tests need from the machine: each gets a PostgreSQL of its own, a schema that is dropped when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator

import pytest

URL = os.environ.get("IMAGECHAT_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/test")
"""Where schemas may be made."""


def needed(what: str, why: BaseException) -> None:
    """A service that tests need is not there: a failure where all tests have to run, else they are skipped."""
    told = f"needs {what} ({why})"
    if os.environ.get("IMAGECHAT_CI"):
        pytest.fail(told)
    pytest.skip(told)


@contextlib.asynccontextmanager
async def own_database() -> AsyncIterator[str]:
    """The URL of an empty database, dropped in the end."""
    url = await new_database()
    try:
        yield url
    finally:
        await drop_database(url)


async def drop_database(url: str) -> None:
    """Drop it with all that is in it."""
    await ask(URL, f"DROP SCHEMA {url.rpartition('=')[2]} CASCADE")


async def new_database() -> str:
    """The URL of an empty database."""
    import asyncpg

    schema = f"imagechat_{uuid.uuid4().hex}"
    try:
        await ask(URL, f"CREATE SCHEMA {schema}")
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        needed(f"PostgreSQL at {URL}, or another one in IMAGECHAT_TEST_DATABASE_URL", error)
    return f"{URL}{'&' if '?' in URL else '?'}search_path={schema}"


async def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    """What a statement of another session answers."""
    import asyncpg

    connection = await asyncpg.connect(url, timeout=5)
    try:
        async with asyncio.timeout(10):
            return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()
