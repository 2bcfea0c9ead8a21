"""Whether the data of a server is whole. Only reads, so it works while the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from imagechat_tui import problems
from imagechat_tui.owned import check_file, check_folder
from imagechat_tui.problems import AdminRefused, DataFault
from imagechat_tui.server.guard.seal import KeyFileExposed, SealBroken, Sealer
from imagechat_tui.server.process.data_folder import (
    DATABASE_NAME,
    KEY_FILE_NAME,
    PICTURES_NAME,
    without_credentials,
)
from imagechat_tui.server.storage import StoreError
from imagechat_tui.server.storage.contents import Contents
from imagechat_tui.server.storage.migrations import steps
from imagechat_tui.server.storage.pictures import kept_pictures, read_picture


class Checked(Struct, frozen=True):
    """What was looked at, and what is wrong with it."""

    tenants: int
    comments: int
    pictures: int
    faults: tuple[DataFault, ...]


def check(data_dir: Path, *, database_url: str | None = None) -> Checked:
    """Look at all data of a server: its database, its key, its pictures.

    Raises:
        AdminRefused: There is no database, or it cannot be read at all.
        OSError: The folder is none, or somebody else's.
    """
    contents = _contents(data_dir, database_url)
    damaged = [problems.DatabaseDamaged(line) for line in contents.damage]
    lost = [problems.RowsLost(lost.table, lost.of, lost.rows) for lost in contents.orphans]
    newer: list[DataFault] = []
    known = len(steps("sqlite" if database_url is None else "postgres"))
    if contents.steps > known:
        newer.append(problems.StepsUnknown(contents.steps, known))
    pictures, folder = 0, data_dir / PICTURES_NAME
    spoilt: list[DataFault] = []
    for _tenant, _sha256, path in kept_pictures(folder):
        pictures += 1
        if read_picture(path) is None:
            spoilt.append(problems.PictureDamaged(str(path.relative_to(data_dir))))
    faults = (*newer, *damaged, *lost, *_sealed_otherwise(data_dir, contents), *spoilt)
    return Checked(len(contents.sealed), contents.comments, pictures, faults)


def database_in(data_dir: Path) -> Path:
    """The SQLite file of a folder that is ours.

    Raises:
        AdminRefused: There is none.
        OSError: The folder or the file is somebody else's.
    """
    database = data_dir / DATABASE_NAME
    if not database.exists():
        raise AdminRefused(problems.NoDatabase(str(data_dir)))
    check_folder(data_dir)
    for ending in ("", "-wal", "-shm", "-journal"):
        check_file(data_dir / f"{DATABASE_NAME}{ending}")
    return database


def _contents(data_dir: Path, database_url: str | None) -> Contents:
    try:
        if database_url is None:
            from imagechat_tui.server.storage.sqlite_file import examined

            return examined(database_in(data_dir))
        from imagechat_tui.server.storage.postgres_tables import tables_read

        return asyncio.run(tables_read(database_url))
    except ModuleNotFoundError as error:
        raise AdminRefused(problems.ExtraMissing("server-scale")) from error
    except StoreError as error:
        if database_url is not None:
            where = without_credentials(database_url)
            raise AdminRefused(problems.DatabaseUnusable(where, str(error))) from error
        raise AdminRefused(problems.DataBroken(str(data_dir))) from error


def _sealed_otherwise(data_dir: Path, contents: Contents) -> Iterator[DataFault]:
    seal = Sealer(data_dir / KEY_FILE_NAME)
    for tenant_id, sealed in contents.sealed.items():
        try:
            if sealed:
                seal.open(tenant_id, sealed)
        except SealBroken:
            yield problems.SecretLocked(tenant_id)
        except KeyFileExposed as error:
            yield problems.KeyExposed(str(error.path))
            return
