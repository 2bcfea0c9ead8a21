"""What tmux tells of the terminal round it, and that nobody waits for one that does not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagechat_tui.cli.tmux_client import TmuxClient, ask_tmux, client_in, client_told_by

INSIDE = {"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"}


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("1 xterm-256color 256,RGB,title\n", TmuxClient(True, "xterm-256color", frozenset({"256", "RGB", "title"}))),
        ("0 xterm 256\n", TmuxClient(False, "xterm", frozenset({"256"}))),
        ("1 screen.xterm \n", TmuxClient(True, "screen.xterm", frozenset())),  # before 3.2
        ("  \n", None),  # nobody is attached
        ("", None),
        ("2 xterm RGB\n", None),
        ("1 \x1b[31m RGB\n", None),
        ("no server running on /tmp/tmux-0/default\n", None),
    ],
)  # fmt: skip
def test_an_answer_is_a_client_or_nothing(told: str, client: TmuxClient | None) -> None:
    assert client_in(told) == client


def listed(tty: str, *capabilities: str) -> str:
    """A terminal as ``tmux show-messages -T`` lists it."""
    lines = (f" {number:3}: {text}" for number, text in enumerate(("am: (flag) true", *capabilities), 200))
    return "\n".join((f"Terminal 0: xterm for {tty}, flags=0x20:", *lines, ""))


@pytest.mark.parametrize(
    ("told", "lacks"),
    [
        ("1 xterm 256,RGB", False),
        ("1 xterm 256", True),
        ("1 xterm ", False),
        ("1 xterm title /dev/pts/1\n" + listed("/dev/pts/1", "Tc: (flag) true"), False),
        ("1 xterm title /dev/pts/1\n" + listed("/dev/pts/1", "RGB: (flag) true"), False),
        ("1 xterm title /dev/pts/1\n" + listed("/dev/pts/1", "setrgbf: (string) \\033[38:2:%p1%d:"), False),
        ("1 xterm title /dev/pts/1\n" + listed("/dev/pts/1", "Tc: [missing]", "RGB: [missing]"), True),
        ("1 xterm title /dev/pts/1\n" + listed("/dev/pts/1", "Tc: (flag) false", "setrgbf: [missing]"), True),
        # Another terminal's.
        (
            "1 xterm title /dev/pts/1\n" + listed("/dev/pts/1") + listed("/dev/pts/11", "Tc: (flag) true"),
            True,
        ),
        (
            "1 xterm title /dev/pts/1\n" + listed("/dev/pts/11", "Tc: (flag) true") + listed("/dev/pts/1"),
            True,
        ),
        ("1 xterm title /dev/pts/1\n", True),
        ("1 xterm  /dev/pts/1\n", False),
    ],
)
def test_fewer_colours_are_told_of_only_where_tmux_knows(told: str, lacks: bool) -> None:
    client = client_in(told)
    assert client is not None
    assert client.lacks_colors is lacks


@pytest.mark.parametrize(
    "env", [{}, {"TERM": "tmux-256color"}, {"TERM": "xterm-256color", "TMUX": "x"}, {**INSIDE, "TMUX": ""}]
)
def test_outside_of_tmux_nobody_is_asked(env: dict[str, str]) -> None:
    assert ask_tmux(env) is None
    assert client_told_by(None) is None


@pytest.mark.parametrize(
    ("program", "client"),
    [
        ('echo "0 xterm $2"', TmuxClient(False, "xterm", frozenset({"-p"}))),
        ("exec sleep 60", None),
        ("exit 1", None),
    ],
)
def test_a_tmux_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, client: TmuxClient | None
) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text(f"#!/bin/sh\n{program}\n")
    tmux.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    asked = ask_tmux(INSIDE)
    assert asked is not None
    assert client_told_by(asked, within_s=0.05 if "sleep" in program else 60) == client
    assert asked.returncode is not None
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert ask_tmux(INSIDE) is None
