"""What is wrong with the place for the data is told apart."""

from __future__ import annotations

import errno

from imagechat_tui.server.process.data_folder import is_disk_full
from imagechat_tui.server.storage import StoreError


def test_a_full_disk_is_told_from_a_broken_one() -> None:
    assert is_disk_full(StoreError("database or disk is full", disk_full=True))
    assert is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    assert is_disk_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
    assert not is_disk_full(StoreError("file is not a database"))
    assert not is_disk_full(None)
