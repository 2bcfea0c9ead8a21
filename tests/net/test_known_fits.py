"""How far a picture is seen first is found again, and what is on the disk can break nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagechat_tui.net import known_fits
from imagechat_tui.net.known_fits import KnownFits


def test_what_was_chosen_is_found_again_for_its_own_picture(tmp_path: Path) -> None:
    fits = KnownFits(tmp_path / "fits")
    assert fits.of("acme/web/tall.png") is None
    fits.keep("acme/web/tall.png", False)
    fits.keep("b/ \udcff.png", True)
    again = KnownFits(tmp_path / "fits")
    assert [again.of(name) for name in ("acme/web/tall.png", "b/ \udcff.png", "c.png")] == [False, True, None]
    again.keep("acme/web/tall.png", None)
    assert again.of("acme/web/tall.png") is None
    assert not [path for path in (tmp_path / "fits").iterdir() if "tall" in path.name]
    assert (tmp_path / "fits").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kept", [b"", b"maybe", b"whole\n", b"\xff" * 5000])
def test_what_makes_no_sense_is_nothing(tmp_path: Path, kept: bytes) -> None:
    fits = KnownFits(tmp_path)
    fits.keep("a.png", True)
    [path] = tmp_path.iterdir()
    path.write_bytes(kept)
    assert fits.of("a.png") is None


def test_nothing_is_kept_where_nothing_can_be_or_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = KnownFits(tmp_path / "file")
    blocked.keep("a.png", True)
    assert blocked.of("a.png") is None
    fits = KnownFits(tmp_path / "fits")
    fits.keep("a.png", True)
    [path] = (tmp_path / "fits").iterdir()
    path.unlink()
    path.symlink_to(tmp_path / "file")
    fits.keep("a.png", False)
    assert (tmp_path / "file").read_text() == ""
    assert fits.of("a.png") is None


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_fits, "MOST", 2)
    fits = KnownFits(tmp_path)
    for age, name in enumerate(("a", "b", "c")):
        before = {*tmp_path.iterdir()}
        fits.keep(name, True)
        for path in {*tmp_path.iterdir()} - before:
            os.utime(path, (age, age))
    assert [fits.of(name) for name in ("a", "b", "c")] == [None, True, True]
