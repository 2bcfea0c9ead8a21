"""PostgreSQL's tables, read from beginning to end by a connection that writes nothing and applies no migration."""

from __future__ import annotations

import asyncpg

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.storage import StoreError
from imagechat_tui.server.storage.contents import Contents
from imagechat_tui.server.storage.postgres_connection import CONNECT_S, Failures

_DAMAGE = ("XX001", "XX002")
"""What PostgreSQL calls broken pages of tables, and of indexes."""


async def tables_read(url: str) -> Contents:
    """What is in a database, and which tables cannot be read through. That rows refer to what is there PostgreSQL
    sees to.

    Raises:
        StoreError: It cannot be reached, or has no tables of ours.
    """
    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_S, server_settings={"default_transaction_read_only": "on"}
        )
        try:
            return await _read(connection)
        finally:
            await connection.close(timeout=CONNECT_S)
    except (*Failures, ValueError) as error:
        raise StoreError(str(error)) from error


async def _read(connection: asyncpg.Connection) -> Contents:
    applied = await connection.fetchval("SELECT coalesce(max(number), 0) FROM migration")
    tenants = await connection.fetch("SELECT id, api_secret_sealed FROM tenant ORDER BY id")
    comments = await connection.fetchval("SELECT count(*) FROM comment")
    tables = await connection.fetch(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    )
    damage = []
    for (table,) in tables:
        try:  # as text, so that long values, which lie elsewhere, are read as well
            await connection.fetchval(f"SELECT count(CAST({table}.* AS text)) FROM {table}")
        except asyncpg.PostgresError as error:
            if error.sqlstate not in _DAMAGE:
                raise
            damage.append(f"{table}: {error}")
    sealed = {TenantId(name): bytes(secret) for name, secret in tenants}
    return Contents(int(applied), sealed, int(comments), damage=tuple(damage))
