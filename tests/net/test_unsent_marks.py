"""What was read and not told, on disk: of several sessions, and of files that others have touched."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from imagechat_tui.net import unsent_marks
from imagechat_tui.net.unsent_marks import UnsentMarksFile, UnsentMarksKeeper, unsent_marks_path
from imagechat_tui.owned import try_lock
from imagechat_tui.protocol.ids import ConversationId, TenantId
from imagechat_tui.protocol.models import ReadMark
from imagechat_tui.sync.state import UnsentMarks
from tests import examples as eg

MINE = UnsentMarks(eg.ALICE, eg.IMAGE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return unsent_marks_path(tmp_path, "https://example.org", TenantId("demo"))


def marks(**numbers: int) -> tuple[ReadMark, ...]:
    return tuple(ReadMark(ConversationId(key), number) for key, number in numbers.items())


def mine(*, read: tuple[ReadMark, ...] = (), unread: tuple[ReadMark, ...] = ()) -> UnsentMarks:
    return UnsentMarks(eg.ALICE, eg.IMAGE, read, unread)


def test_what_was_stored_is_found_by_the_next_session_and_what_was_told_is_not(path: Path) -> None:
    here = UnsentMarksFile(path)
    here.store(mine(read=marks(a=3), unread=marks(b=1)))
    assert UnsentMarksFile(path).load() == (mine(read=marks(a=3), unread=marks(b=1)),)
    assert path.stat().st_mode & 0o077 == path.parent.stat().st_mode & 0o077 == 0
    here.store(mine(unread=marks(b=1)))
    assert UnsentMarksFile(path).load() == (mine(unread=marks(b=1)),)
    here.store(mine())
    assert UnsentMarksFile(path).load() == ()
    assert not path.exists()


def test_two_sessions_keep_what_each_has_to_tell(path: Path) -> None:
    one, other, elsewhere = (UnsentMarksFile(path) for _ in range(3))
    away = UnsentMarks(eg.BOB, eg.IMAGE, marks(a=9))
    one.store(mine(read=marks(a=3, c=1)))
    other.store(mine(read=marks(b=2, c=4)))
    elsewhere.store(away)
    one.store(mine())
    assert set(UnsentMarksFile(path).load()) == {mine(read=marks(c=4, b=2)), away}


def test_the_last_word_about_a_thread_holds(path: Path) -> None:
    one, other = UnsentMarksFile(path), UnsentMarksFile(path)
    one.store(mine(read=marks(a=3)))
    other.store(mine(unread=marks(a=1)))
    assert UnsentMarksFile(path).load() == (mine(unread=marks(a=1)),)
    one.store(mine(read=marks(a=4)))
    assert UnsentMarksFile(path).load() == (mine(read=marks(a=4)),)


def test_another_server_or_tenant_has_another_file(tmp_path: Path) -> None:
    places = [("s", "t"), ("s", "u"), ("r", "t"), ("st", ""), ("", "st")]
    assert len({unsent_marks_path(tmp_path, server, TenantId(name)) for server, name in places}) == 5


WHOLE: dict[str, object] = {"user": "u", "room": "r", "read": {"a": 1}, "unread": {}}
ODD: tuple[dict[str, object], ...] = (
    {"user": 7},
    {"read": {"a": -1}},
    {"read": {"a": True}},
    {"read": {"a": 1.5}},
    {"unread": {"a": 10**40}},
    {"unread": []},
)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"version":2,"unsent":[]}',
        b'{"version":1,"unsent":7}',
        *(json.dumps({"version": 1, "unsent": [WHOLE | odd]}).encode() for odd in ODD),
        b'{"version":1,"unsent":[],"x":"' + b"x" * unsent_marks.MAX_FILE_BYTES + b'"}',
    ],
)
def test_a_file_that_is_none_of_ours_is_nothing_and_is_replaced(path: Path, text: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(text)
    file = UnsentMarksFile(path)
    assert file.load() == ()
    file.store(mine(read=marks(a=3)))
    assert UnsentMarksFile(path).load() == (mine(read=marks(a=3)),)


@pytest.mark.parametrize("what", ["link", "fifo", "folder"])
def test_what_is_no_plain_file_is_neither_read_nor_written_to(path: Path, tmp_path: Path, what: str) -> None:
    path.parent.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("keep")
    match what:
        case "link":
            path.symlink_to(secret)
        case "fifo":
            os.mkfifo(path)
        case _:
            path.mkdir()
    file = UnsentMarksFile(path)
    assert file.load() == ()
    file.store(mine(read=marks(a=3)))
    assert secret.read_text() == "keep"


def test_a_lock_that_nobody_lets_go_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent_marks, "LOCK_PAUSE_S", 0.0)
    file = UnsentMarksFile(path)
    file.store(mine(read=marks(a=1)))
    lock = try_lock(path.with_suffix(".lock"))
    assert lock is not None
    file.store(mine())
    assert file.load() == (mine(read=marks(a=1)),)
    os.close(lock)
    file.store(mine())
    assert file.load() == ()


async def test_the_newest_marks_are_on_disk_when_the_session_has_left(path: Path) -> None:
    keeper = UnsentMarksKeeper(UnsentMarksFile(path))
    for number in range(20):
        keeper.store(mine(read=marks(a=number)))
    keeper.leave()
    assert UnsentMarksFile(path).load() == (mine(read=marks(a=19)),)
