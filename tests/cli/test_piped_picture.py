"""Pictures through pipes: read once, within a limit, and never waited for without an end."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from imagechat_tui.cli import piped_picture
from imagechat_tui.problems import PictureError, TooManyBytes
from imagechat_tui.settings import ClientSettings

SETTINGS = ClientSettings(max_file_mib=1.0)


@contextmanager
def written(path: Path, data: bytes) -> Iterator[None]:
    """While somebody else writes ``data`` into a named pipe."""

    def write() -> None:
        with suppress(BrokenPipeError):
            path.write_bytes(data)

    writer = threading.Thread(target=write)
    writer.start()
    yield
    writer.join()


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_named_pipe_is_read_to_its_end(pipe: Path, size: int) -> None:
    with written(pipe, b"x" * size):
        assert piped_picture.from_pipe(str(pipe), SETTINGS) == b"x" * size


def test_the_pipe_of_a_shell_is_read_as_it_is() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"picture")
    os.close(writing)
    try:
        assert piped_picture.from_pipe(f"/dev/fd/{reading}", SETTINGS) == b"picture"
    finally:
        os.close(reading)


def test_no_more_is_read_than_a_file_may_have(pipe: Path) -> None:
    with written(pipe, b"x" * (3 << 20)), pytest.raises(PictureError) as caught:
        piped_picture.from_pipe(str(pipe), SETTINGS)
    assert caught.value.problem == TooManyBytes(str(pipe), 1 << 20)


def test_stdin_is_read_no_further_either(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"x" * (3 << 20)))
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(PictureError) as caught:
        piped_picture.from_pipe("-", SETTINGS)
    assert caught.value.problem == TooManyBytes("stdin", 1 << 20)
    assert stdin.buffer.tell() <= (1 << 20) + 1


def test_a_stdin_that_is_closed_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert piped_picture.from_pipe("-", SETTINGS) == b""


def test_a_pipe_that_nobody_writes_to_is_given_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piped_picture, "WRITER_S", 0.05)
    with pytest.raises(PictureError, match="PipeSilent"):
        piped_picture.from_pipe(str(pipe), SETTINGS)


def test_a_writer_that_does_nothing_is_given_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piped_picture, "SILENCE_S", 0.05)
    held = os.open(pipe, os.O_RDWR)
    try:
        with pytest.raises(PictureError, match="PipeSilent"):
            piped_picture.from_pipe(str(pipe), SETTINGS)
    finally:
        os.close(held)


@pytest.mark.parametrize("name", ["file.png", "nothing.png", ".", "https://example.org/a.png", "a\0b"])
def test_what_is_no_pipe_is_left_to_others(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file.png").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert piped_picture.from_pipe(name, SETTINGS) is None


def test_a_picture_through_a_pipe_is_shown(pipe: Path, tmp_path: Path) -> None:
    picture = Path(__file__).parents[1] / "benchmarks" / "images" / "diagram.png"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "imagechat_tui", "show", str(pipe), "--size", "20x8", "--colors", "none"]
    with written(pipe, picture.read_bytes()):
        shown = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert len(shown.stdout.splitlines()) > 3
