"""What every verb refuses of its command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from imagechat_tui.cli import USAGE, cli, run
from imagechat_tui.cli.verb import Verb
from imagechat_tui.commands import VERBS


def commands() -> Iterator[tuple[list[str], click.Command]]:
    """All verbs with the words that call them, those inside of groups too."""
    context = click.Context(cli)
    for name in VERBS:
        command = cli.get_command(context, name)
        assert command is not None
        inside = command.commands if isinstance(command, click.Group) else {}
        yield from ([([name, word], other) for word, other in inside.items()] or [([name], command)])


HOLDERS = [
    pytest.param(words, command, param, id=" ".join([*words, *param.opts]))
    for words, command in commands()
    for param in command.params
    if not (isinstance(param, click.Option) and param.is_flag)
]


def test_all_verbs_are_looked_at() -> None:
    assert all(isinstance(command, Verb) for _, command in commands())
    assert len(HOLDERS) > 60


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize(("words", "command", "param"), HOLDERS)
def test_whatever_must_hold_something_refuses_nothing(
    words: list[str], command: click.Command, param: click.Parameter, blank: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    argv = [*words]
    for other in command.params:
        if isinstance(other, click.Argument):
            argv.append(blank if other is param else "x")
    if isinstance(param, click.Option):
        argv += [max(param.opts, key=len), blank]
    elif blank:
        return  # a file may be called so
    assert run(argv) == USAGE
    assert "is empty." in capsys.readouterr().err


def test_a_file_that_is_called_like_an_option_is_told_how_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-x.png").write_bytes(b"pixels")
    for argv in (["ls", "-x.png"], ["-x.png"]):
        assert run(argv) == USAGE
        assert "is written ./-x.png" in capsys.readouterr().err
    assert run(["ls", "-y.png"]) == USAGE
    assert "./-y.png" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["pin", "shot.png", "-1"], "-1 is no number here"),
        (["rm", "shot.png", "7", "-12.3"], "-12.3 is no number here"),
        (["reply", "shot.png", "-7", "-m", "x"], "-7 is no number here"),
        (["vote", "shot.png", "-7.2", "up"], "-7.2 is no number here"),
        (["pin", "shot.png", "-x"], "No such option"),
    ],
)
def test_a_number_below_0_is_no_option(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) == USAGE
    err = capsys.readouterr().err
    assert said in err
    assert ("counted from 1" in err) is ("number" in said)
