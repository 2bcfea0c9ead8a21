"""Before any verb runs: which one is meant, and what to say if none is."""

from __future__ import annotations

import contextlib
import errno
import io
import sys
from pathlib import Path
from typing import Any, cast

import pytest

import imagechat_tui.cli
from imagechat_tui.__main__ import _print_whole
from imagechat_tui.cli import OK, READER_GONE, USAGE, run


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda _: False)
    monkeypatch.setattr("imagechat_tui.cli.terminal.CONTROLLING", "/nowhere/tty")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize("argv", [["shot.png", "--theme", "light"], ["--theme", "light", "shot.png"]])
def test_a_picture_is_opened_whichever_side_its_options_are_on(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(argv) == USAGE
    assert "No terminal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("env", "remedy"),
    [
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "ssh -t HOST imagechat IMAGE"),
        ({}, "over SSH, ssh -t."),
    ],
)
def test_who_has_no_terminal_over_ssh_is_told_how_to_ask_for_one(
    env: dict[str, str], remedy: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert run(["shot.png"]) == USAGE
    assert remedy in capsys.readouterr().err


def test_options_before_a_verb_are_sent_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--server", "http://localhost:1", "ls", "shot.png"]) == USAGE
    assert "imagechat ls --server ..." in capsys.readouterr().err


def test_a_mistyped_verb_is_answered_with_those_it_may_have_been(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["relpy", "shot.png"]) == USAGE
    assert "Did you mean reply" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["--version"]])
def test_its_own_options_stand_alone(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(argv) == OK
    assert "imagechat" in capsys.readouterr().out


class Gone(io.RawIOBase):
    """A pipe that nobody reads any more."""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


class Narrow(io.RawIOBase):
    """A pipe that takes three bytes at once."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.taken += bytes(data[:3])
        return min(3, len(data))


@pytest.mark.parametrize(
    "argv", [["--help"], ["--version"], ["ls", "--help"], ["config", "path"]], ids=" ".join
)
def test_a_reader_that_has_gone_is_no_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, argv: list[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(imagechat_tui.cli, "flush_or_discard", lambda stream: None)
    out = io.TextIOWrapper(io.BufferedWriter(Gone()))
    monkeypatch.setattr(sys, "stdout", out)
    assert run(argv) == READER_GONE
    with contextlib.suppress(BrokenPipeError):
        out.close()


def test_what_a_pipe_takes_in_part_is_printed_whole_without_a_buffer_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = Narrow()
    unbuffered = io.TextIOWrapper(cast("io.BufferedWriter", pipe), write_through=True)
    monkeypatch.setattr(sys, "stdout", unbuffered)
    monkeypatch.setattr(sys, "stderr", None)
    _print_whole()
    print("all of it\n")
    assert pipe.taken == b"all of it\n\n"
