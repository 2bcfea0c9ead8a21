"""Pictures as they were are kept for their owner alone, up to a limit; whatever lies there instead is no picture."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from imagechat_tui.net.kept_pictures import NEW, KeptPictures

ONE, TWO, THREE = ("1" * 64, "2" * 64, "3" * 64)


@pytest.fixture
def kept(tmp_path: Path) -> KeptPictures:
    return KeptPictures(tmp_path / "cache" / "pictures", 100)


def names(kept: KeptPictures) -> set[str]:
    return {path.name for path in kept.folder.iterdir()}


def used(kept: KeptPictures, pixels: str, at_s: float) -> None:
    os.utime(kept.folder / pixels, (at_s, at_s))


def test_what_was_kept_is_found_by_nobody_else(kept: KeptPictures) -> None:
    kept.keep(ONE, b"picture")
    assert kept.find(ONE) == b"picture"
    assert kept.find(TWO) is None
    assert kept.used_bytes == 7
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept.folder / ONE).stat().st_mode) == 0o600


def test_the_longest_unused_go_first(kept: KeptPictures) -> None:
    kept.keep(ONE, b"a" * 40)
    kept.keep(TWO, b"b" * 40)
    used(kept, ONE, 1_000.0)
    used(kept, TWO, 2_000.0)
    assert kept.find(ONE) is not None  # and so it was used just now
    kept.keep(THREE, b"c" * 40)
    assert names(kept) == {ONE, THREE}
    kept.keep(TWO, b"d" * 101)
    assert names(kept) == {ONE, THREE}


def test_what_was_left_half_written_goes_after_a_while(kept: KeptPictures) -> None:
    kept.keep(ONE, b"a")
    for name in ("old", "now"):
        (kept.folder / f"{NEW}{name}").write_bytes(b"ha")
    used(kept, f"{NEW}old", 1_000.0)
    kept.keep(TWO, b"b")
    assert names(kept) == {ONE, TWO, f"{NEW}now"}


def test_nothing_is_kept_or_found_where_that_is_switched_off(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    KeptPictures(folder, 100).keep(ONE, b"picture")
    off = KeptPictures(folder, 0)
    assert off.find(ONE) is None
    off.keep(TWO, b"")
    assert names(off) == {ONE}


@pytest.mark.parametrize("pixels", ["", "..", "../" + "1" * 61, "A" * 64, "1" * 63, "1" * 64 + "\n"])
def test_no_other_name_is_looked_at(kept: KeptPictures, pixels: str) -> None:
    kept.keep(pixels, b"picture")
    kept.forget(pixels)
    assert kept.find(pixels) is None
    assert not kept.folder.exists()


def test_what_is_there_but_cannot_be_what_was_kept_is_written_anew(kept: KeptPictures) -> None:
    kept.keep(ONE, b"picture")
    (kept.folder / ONE).write_bytes(b"pict")
    kept.keep(ONE, b"picture")
    assert kept.find(ONE) == b"picture"
    kept.forget(ONE)
    assert kept.find(ONE) is None


IN_THE_WAY: dict[str, Callable[[Path, Path], object]] = {
    "a link": lambda path, other: path.symlink_to(other),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a folder": lambda path, _: path.mkdir(),
    "too much": lambda path, _: path.write_bytes(b"x" * 101),
}


@pytest.mark.parametrize("how", IN_THE_WAY)
def test_what_is_no_plain_file_of_ours_is_not_read_and_not_written_through(
    kept: KeptPictures, tmp_path: Path, how: str
) -> None:
    kept.keep(TWO, b"b")
    other = tmp_path / "private"
    other.write_bytes(b"mine")
    IN_THE_WAY[how](kept.folder / ONE, other)
    assert kept.find(ONE) is None
    kept.keep(ONE, b"picture")
    assert other.read_bytes() == b"mine"


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_can_look_into_is_not_used(kept: KeptPictures, mode: int) -> None:
    kept.folder.mkdir(parents=True)
    (kept.folder / ONE).write_bytes(b"picture")
    kept.folder.chmod(mode)
    assert kept.find(ONE) is None
    kept.keep(TWO, b"b")
    assert names(kept) == {ONE}


def test_a_link_in_place_of_the_folder_is_not_followed(kept: KeptPictures, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    kept.folder.parent.mkdir()
    kept.folder.symlink_to(elsewhere)
    kept.keep(ONE, b"picture")
    assert list(elsewhere.iterdir()) == []


def test_a_disk_that_refuses_is_no_failure(kept: KeptPictures) -> None:
    kept.folder.parent.parent.mkdir(exist_ok=True)
    kept.folder.parent.write_text("a file where the folder should be")
    kept.keep(ONE, b"picture")
    assert kept.find(ONE) is None
    assert kept.used_bytes == 0
