"""Before any verb runs: which one is meant, and what to say if none is."""

from __future__ import annotations

import pytest

from imagechat_tui.cli import OK, USAGE, run


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
