"""What comes to the folders that are shown, and what goes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from imagechat_tui.cli.folder_watch import SETTLES, FolderChange, FolderWatch

NOTHING = FolderChange()


@pytest.fixture
def shots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shots = Path("shots")
    shots.mkdir()
    for name in ("shot2.png", "shot10.png"):
        (shots / name).write_bytes(b"pixels")
    return shots


def watching(*more: str) -> FolderWatch:
    watch = FolderWatch(["shots"], ["shots/shot2.png", "shots/shot10.png", *more])
    assert all(watch.look() == NOTHING for _ in range(SETTLES + 1))
    return watch


def test_pictures_that_come_go_and_come_back_are_told_once(shots: Path) -> None:
    watch = watching()
    for name in ("shot12.png", "shot3.png", "notes.txt", ".hidden.png"):
        (shots / name).write_bytes(b"pixels")
    assert watch.look() == FolderChange(added=("shots/shot3.png", "shots/shot12.png"))
    (shots / "shot2.png").unlink()
    assert watch.look() == FolderChange(gone=("shots/shot2.png",))
    (shots / "shot2.png").write_bytes(b"pixels")
    assert watch.look() == FolderChange(back=("shots/shot2.png",))
    assert watch.look() == NOTHING


def test_a_file_that_is_empty_at_first_is_a_picture_when_it_holds_something(shots: Path) -> None:
    watch = watching()
    (shots / "shot3.png").touch()
    assert watch.look() == NOTHING
    (shots / "shot3.png").write_bytes(b"pixels")
    assert watch.look() == FolderChange(added=("shots/shot3.png",))


def test_of_a_folder_that_vanishes_all_is_gone_until_it_is_there_again(shots: Path) -> None:
    watch = watching("elsewhere/a.png")
    shutil.move(shots, "away")
    assert watch.look() == FolderChange(gone=("shots/shot2.png", "shots/shot10.png"))
    shutil.move("away", shots)
    assert watch.look() == FolderChange(back=("shots/shot2.png", "shots/shot10.png"))


def test_a_folder_that_is_still_is_not_listed(shots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watching()
    monkeypatch.setattr("imagechat_tui.cli.folder_watch.pictures_in", lambda folder: pytest.fail("listed"))
    assert watch.look() == NOTHING


def test_what_came_while_the_screen_was_opened_is_new(shots: Path) -> None:
    (shots / "shot3.png").write_bytes(b"pixels")
    watch = FolderWatch(["shots"], ["shots/shot2.png", "shots/shot10.png"])
    assert watch.look() == FolderChange(added=("shots/shot3.png",))
