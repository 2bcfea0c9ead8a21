from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from imagechat_tui.owned import (
    NotOurs,
    check_file,
    check_folder,
    is_private,
    open_file,
    replaceable_at,
    try_lock,
    way_to,
)

pytestmark = pytest.mark.security

SOMEBODY = 61_001
"""A user id that nobody has."""
ME = os.geteuid()
needs_root = pytest.mark.skipif(ME != 0, reason="only root can give files away")


@pytest.fixture
def place() -> Iterator[Path]:
    """A short directory whose way from the root has no links, unlike one of pytest's."""
    with TemporaryDirectory(prefix="ic") as directory:
        yield Path(directory).resolve()


def link(path: Path) -> None:
    path.with_name("target").write_text("private")
    path.symlink_to(path.with_name("target"))


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("new"))


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


def folder(path: Path) -> None:
    path.mkdir()


def somebody_elses(path: Path) -> None:
    path.touch()
    os.chown(path, SOMEBODY, -1)


PLANTED = [
    link,
    link_to_nothing,
    pipe,
    bound_socket,
    folder,
    pytest.param(somebody_elses, marks=needs_root),
]


@pytest.mark.parametrize("plant", PLANTED)
@pytest.mark.parametrize(
    "flags",
    [os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_CREAT | os.O_APPEND],
)
def test_what_is_no_plain_file_of_ours_is_neither_opened_nor_created(
    place: Path, plant: Callable[[Path], None], flags: int
) -> None:
    plant(place / "name")
    before = sorted(place.iterdir())
    with pytest.raises(NotOurs) as refused:
        open_file(place / "name", flags)
    assert refused.value.filename == str(place / "name")
    with pytest.raises(NotOurs):
        check_file(place / "name")
    if flags & os.O_CREAT:
        with pytest.raises(NotOurs):
            try_lock(place / "name")
    assert sorted(place.iterdir()) == before


def test_a_file_of_ours_is_opened_and_made_for_us_alone(place: Path) -> None:
    check_file(place / "new")
    descriptor = open_file(place / "new", os.O_RDWR | os.O_CREAT)
    try:
        os.write(descriptor, b"words")
        assert not os.get_inheritable(descriptor)
        assert os.fstat(descriptor).st_mode & 0o777 == 0o600
    finally:
        os.close(descriptor)
    check_file(place / "new")
    with pytest.raises(FileNotFoundError):
        open_file(place / "missing", os.O_RDONLY)


def test_a_lock_is_held_by_one(place: Path) -> None:
    held = try_lock(place / "lock")
    assert held is not None
    assert try_lock(place / "lock") is None
    os.close(held)
    again = try_lock(place / "lock")
    assert again is not None
    os.close(again)


def test_the_lock_is_on_the_file_that_stands_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken away and made anew between opening and locking: both would hold a lock, and neither the other out."""
    flock = fcntl.flock
    tries: list[int] = []

    def replaced_meanwhile(descriptor: int, how: int) -> None:
        tries.append(descriptor)
        if len(tries) == 1:
            (place / "lock").rename(place / "old")
            (place / "lock").touch(0o600)
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", replaced_meanwhile)
    held = try_lock(place / "lock")
    assert held is not None
    assert os.fstat(held).st_ino == (place / "lock").stat().st_ino
    assert len(tries) == 2
    os.close(held)


@pytest.mark.parametrize(
    ("mode", "right"),
    [(0o700, True), (0o755, True), (0o2750, True), (0o770, False), (0o757, False), (0o1777, False)],
)
def test_a_folder_for_files_is_for_us_alone_to_write_to(place: Path, mode: int, right: bool) -> None:
    place.chmod(mode)
    os.chown(place, -1, 61_010 if ME == 0 else -1)
    if right:
        check_folder(place)
    else:
        with pytest.raises(NotOurs, match="others can write"):
            check_folder(place)
    assert is_private(place) == (mode == 0o700)


def test_a_link_of_ours_leads_to_a_folder(place: Path) -> None:
    (place / "data").mkdir(mode=0o700)
    (place / "link").symlink_to("data")
    check_folder(place / "link")
    assert not is_private(place / "link")
    with pytest.raises(NotADirectoryError):
        check_folder(Path("/etc/passwd") if ME == 0 else Path(__file__))


@needs_root
def test_somebody_elses_link_or_folder_is_not_gone_through(place: Path) -> None:
    (place / "data" / "deep").mkdir(mode=0o700, parents=True)
    (place / "link").symlink_to("data")
    check_folder(place / "link" / "deep")
    os.chown(place / "link", SOMEBODY, -1, follow_symlinks=False)
    for path in (place / "link", place / "link" / "deep"):
        with pytest.raises(NotOurs, match="somebody else's link"):
            check_folder(path)
    os.chown(place / "data" / "deep", SOMEBODY, -1)
    with pytest.raises(NotOurs, match="somebody else's folder"):
        check_folder(place / "data" / "deep")


def test_where_a_folder_could_be_replaced(place: Path) -> None:
    (place / "above" / "end").mkdir(parents=True)
    trusted = {0, ME}
    place.chmod(0o755)
    for mode, weak in [(0o755, None), (0o1777, None), (0o777, place / "above"), (0o757, place / "above")]:
        (place / "above").chmod(mode)
        (place / "above" / "end").chmod(0o777)  # the end itself is not looked at
        assert replaceable_at(place / "above" / "end", trusted) == weak
    (place / "above").chmod(0o777)
    (place / "link").symlink_to("above/end")
    assert replaceable_at(place / "link", trusted) == place / "above"
    with pytest.raises(FileNotFoundError):
        replaceable_at(place / "nowhere" / "end", trusted)


@needs_root
def test_who_owns_a_folder_or_link_above_could_replace_what_is_below(place: Path) -> None:
    (place / "above" / "end").mkdir(parents=True)
    (place / "link").symlink_to("above")
    os.chown(place / "link", SOMEBODY, -1, follow_symlinks=False)
    assert replaceable_at(place / "above" / "end", {0}) is None
    assert replaceable_at(place / "link" / "end", {0}) == place / "link"
    assert replaceable_at(place / "link" / "end", {0, SOMEBODY}) is None
    os.chown(place / "above", SOMEBODY, -1)
    assert replaceable_at(place / "above" / "end", {0}) == place / "above"


def test_the_way_to_a_path_goes_through_its_links(place: Path) -> None:
    (place / "a" / "b").mkdir(parents=True)
    (place / "a" / "up").symlink_to("../a/b")
    (place / "far").symlink_to(place / "a" / "up")
    to_place = [step for step, _ in way_to(place)]
    steps = [step for step, _ in way_to(place / "far")]
    above, below = place / "a", place / "a" / "b"
    assert steps == [*to_place, place / "far", *to_place[1:], above, above / "up", above, below]
    (place / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        list(way_to(place / "loop"))
