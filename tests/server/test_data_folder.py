"""What is wrong with the place for the data is told apart."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from imagechat_tui.server.process.data_folder import is_disk_full
from imagechat_tui.server.storage import StoreError


def sqlite_that_is_full(folder: Path) -> sqlite3.Error:
    with sqlite3.connect(folder / "small.sqlite") as db:
        db.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.Error) as raised:
            db.execute("CREATE TABLE a (b)").execute("INSERT INTO a VALUES (zeroblob(100000))")
    db.close()
    return raised.value


def test_a_full_disk_is_told_from_a_broken_one(tmp_path: Path) -> None:
    wrapped = StoreError("database or disk is full")
    wrapped.__cause__ = sqlite_that_is_full(tmp_path)
    assert is_disk_full(wrapped)
    assert is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    assert is_disk_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
    assert not is_disk_full(StoreError("file is not a database"))
    assert not is_disk_full(None)
