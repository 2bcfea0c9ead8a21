"""What is wrong with the place for the data is told apart."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from imagechat_tui.owned import try_lock
from imagechat_tui.problems import DataHolder
from imagechat_tui.server.process import data_folder
from imagechat_tui.server.process.data_folder import (
    LOCK_NAME,
    DataInUse,
    held_folder,
    is_disk_full,
    opened_store,
)
from imagechat_tui.server.storage import StoreError

ANYBODY = 1
"""A process that lives."""
NOBODY = 2**22 + 1
"""More than the number of any process."""


def test_a_full_disk_is_told_from_a_broken_one() -> None:
    assert is_disk_full(StoreError("database or disk is full", disk_full=True))
    assert is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    assert is_disk_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
    assert not is_disk_full(StoreError("file is not a database"))
    assert not is_disk_full(None)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it slept, on a clock that only that moves."""
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(data_folder, "time", clock)
    return slept


@pytest.mark.parametrize(
    ("written", "pid", "holder", "patience_s"),
    [
        (f"{ANYBODY} server", ANYBODY, "server", 0),
        (f"{ANYBODY} verb", ANYBODY, "verb", data_folder.VERB_WAIT_S),
        (f"{ANYBODY}", ANYBODY, "server", 0),  # by a version before this one
        ("", None, None, data_folder.VERB_WAIT_S),
        (f"{NOBODY} server", None, None, data_folder.VERB_WAIT_S),  # left by one that was killed
        ("9" * 40, None, None, data_folder.VERB_WAIT_S),
        ("nonsense", None, None, data_folder.VERB_WAIT_S),
    ],
)
def test_who_holds_the_folder_is_told_and_a_verb_is_waited_for(
    tmp_path: Path,
    waited: list[float],
    written: str,
    pid: int | None,
    holder: DataHolder | None,
    patience_s: float,
) -> None:
    lock = try_lock(tmp_path / LOCK_NAME)
    assert lock is not None
    os.pwrite(lock, written.encode(), 0)
    for taker, expected_s in (("server", patience_s), ("verb", 0.0)):
        waited.clear()
        with pytest.raises(DataInUse) as refused, held_folder(tmp_path, taker):  # type: ignore[arg-type]
            pass
        assert (refused.value.pid, refused.value.holder) == (pid, holder)
        assert sum(waited) == pytest.approx(expected_s, abs=0.1)
    os.close(lock)


def test_a_server_starts_once_the_verb_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as verb:
        verb.enter_context(held_folder(tmp_path, "verb"))
        clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: verb.close())
        monkeypatch.setattr(data_folder, "time", clock)
        with held_folder(tmp_path, "server"):
            assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()} server"
    assert (tmp_path / LOCK_NAME).read_text() == ""


async def test_a_lock_file_that_was_taken_away_locks_nobody_out_of_saying_so(tmp_path: Path) -> None:
    with held_folder(tmp_path, "server"):
        async with opened_store(tmp_path):
            (tmp_path / LOCK_NAME).unlink()
            with held_folder(tmp_path, "server"), pytest.raises(DataInUse):
                async with opened_store(tmp_path):
                    pass
