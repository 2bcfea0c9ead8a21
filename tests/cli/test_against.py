"""Which picture another one is compared with."""

from __future__ import annotations

import json
import os
import sys
import threading
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from PIL import Image

from imagechat_tui.cli import ERROR, NOT_FOUND, USAGE, run


@pytest.fixture
def shot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture, an older one of the same name in a folder, and much that is none."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "empty").mkdir()
    Image.new("RGB", (90, 60), "white").save(tmp_path / "shot.png")
    Image.new("RGB", (90, 60), "black").save(tmp_path / "old" / "shot.png")
    Image.new("RGB", (90, 60), "white").save(tmp_path / "old" / "a-other.png")
    (tmp_path / "text.png").write_text("words")
    (tmp_path / "nothing.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes((tmp_path / "shot.png").read_bytes()[:40])
    (tmp_path / "nowhere.png").symlink_to("gone.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "huge.bmp").write_bytes(
        b"BM" + (54).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
        + (99_999).to_bytes(4, "little") * 2 + (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    )  # fmt: skip
    return tmp_path / "shot.png"


def differs(capsys: pytest.CaptureFixture[str], against: str) -> bool:
    assert run(["show", "shot.png", "--against", against, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)["boxes"]
    assert found in ([], [[0, 0, 90, 60]])
    return bool(found)


@pytest.mark.parametrize("against", ["old/shot.png", "old", "old/", "./old"])
def test_in_a_folder_it_is_the_one_of_the_same_name(
    shot: Path, capsys: pytest.CaptureFixture[str], against: str
) -> None:
    assert differs(capsys, against)
    assert not differs(capsys, "old/a-other.png")


@pytest.mark.parametrize("named", ["shot.png", "old/shot.png"])
def test_it_comes_through_stdin_or_a_pipe(
    shot: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(Path(named).read_bytes())))
    assert differs(capsys, "-") is (named != "shot.png")
    os.mkfifo("pipe")
    data = Path(named).read_bytes()
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(data))
    writer.start()
    assert differs(capsys, "pipe") is (named != "shot.png")
    writer.join()


@pytest.mark.parametrize(
    ("against", "code", "words"),
    [
        ("missing.png", NOT_FOUND, "missing.png does not exist"),
        ("empty", NOT_FOUND, "empty/shot.png does not exist"),
        ("nowhere.png", NOT_FOUND, "leads nowhere"),
        ("loop.png", NOT_FOUND, "leads nowhere"),
        ("text.png", ERROR, "is text"),
        ("nothing.png", ERROR, "is empty"),
        ("cut.png", ERROR, "cut off"),
        ("huge.bmp", ERROR, "--max-megapixels"),
        ("/dev/null", ERROR, "device"),
        ("x" * 300, NOT_FOUND, "does not exist"),
        ("ftp://host/a.png", USAGE, "ftp"),
        ("\x1b[2J\u202e.png", NOT_FOUND, "does not exist"),
    ],
)
def test_what_is_no_picture_is_told_and_nothing_printed(
    shot: Path, capsys: pytest.CaptureFixture[str], against: str, code: int, words: str
) -> None:
    assert run(["show", "shot.png", "--against", against]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "\x1b" not in err
    assert "Traceback" not in err


def test_stdin_is_one_of_them_only(
    shot: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(shot.read_bytes())))
    assert run(["show", "-", "--against", "-"]) != 0
    assert "One stdin" in capsys.readouterr().err
