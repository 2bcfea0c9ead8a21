"""Numbers for a shell: of a server that is there and quick, and else none, without a word."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest

from imagechat_tui.cli import cli, shell_completion
from imagechat_tui.cli.shell_completion import Bash, Fish, Zsh, markers


def completed(*words: str, param: str, begun: str = "") -> list[str]:
    """What is offered behind ``words``."""
    context = cli.make_context("imagechat", list(words), resilient_parsing=True)
    command = cli.get_command(context, words[0])
    assert command is not None
    inner = command.make_context(words[0], list(words[1:]), parent=context, resilient_parsing=True)
    wanted = next(one for one in command.params if one.name == param)
    return [item.value for item in markers(inner, wanted, begun)]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_a_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shell_completion, "ANSWER_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert completed("resolve", "a.png", "--server", server, "--tenant", "t", param="markers") == []
    assert capfd.readouterr() == ("", "")


TIMED = """
import asyncio, sys
timeout = asyncio.timeout
def timed(delay):
    print("httpx" in sys.modules)
    return timeout(delay)
asyncio.timeout = timed
from tests.cli.test_shell_completion import completed
completed("resolve", "a.png", "--server", "http://127.0.0.1:9", "--tenant", "t", param="markers")
"""


def test_the_time_of_the_server_is_not_spent_on_loading_ourselves() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", TIMED], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "True"


@pytest.mark.parametrize(
    "words",
    [("resolve",), ("resolve", ""), ("resolve", "a.png"), ("resolve", "a.png", "--server", "no address"),
     ("resolve", "a.png", "--server", "https://review.example"), ("resolve", "https://["), ("resolve", "-")],
)  # fmt: skip
def test_a_line_that_is_wrong_or_not_finished_offers_nothing_and_starts_nothing(
    words: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert completed(*words, param="markers") == []
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_first_word_is_a_verb_or_a_file() -> None:
    context = click.Context(cli)
    offered = [(item.type, item.value) for item in cli.shell_complete(context, "re")]
    verbs = [("plain", verb) for verb in ("reply", "resolve", "reopen", "restore")]
    assert offered == [*verbs, ("file", "re")]


@pytest.mark.parametrize(
    ("shell", "words", "at", "offered"),
    [
        (Bash, ["imagechat", "show", "a.png", "--glyphs", "=", "s"], "5", "plain,sextant"),
        (Bash, ["imagechat", "show", "--glyphs", "=", "s"], "4", "plain,sextant"),
        (Bash, ["imagechat", "show", "--glyphs=s"], "2", "plain,--glyphs=sextant"),
        (Bash, ["imagechat", "show", "--glyphs", "=", "half", "a"], "5", "file,a"),
        (Bash, ["imagechat", "show", "--glyphs", "s"], "3", "plain,sextant"),
        (Zsh, ["imagechat", "show", "a.png", "--glyphs=s"], "3", "plain\n--glyphs=sextant\n_"),
        (Fish, ["imagechat", "show", "a.png", "--glyphs=s"], "--glyphs=s", "plain,--glyphs=sextant"),
    ],
)
def test_a_value_behind_an_equals_sign_is_completed_as_the_shell_splits_it(
    monkeypatch: pytest.MonkeyPatch, shell: type[Bash | Zsh | Fish], words: list[str], at: str, offered: str
) -> None:
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", at)
    assert shell(cli, {}, "imagechat", "_IMAGECHAT_COMPLETE").complete() == offered
