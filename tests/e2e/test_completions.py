"""Tab in real shells: files where a picture is expected, numbers of markers where one is."""

from __future__ import annotations

import shlex
import shutil
import sys

import pytest

from tests.e2e.conftest import Desk
from tests.terminal import Terminal, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], "PS1='$ '; bind 'set bell-style none'; source completion.bash"),
    "zsh": (["-f", "-i"], "PS1='$ '; autoload -U compinit; compinit -u -D; source ./completion.zsh"),
    "fish": (["--no-config", "-i"], "function fish_prompt; echo -n '$ '; end; source completion.fish"),
}


PATIENT = """
import sys
from imagechat_tui.cli import shell_completion
from imagechat_tui.__main__ import main
shell_completion.ANSWER_S = 60.0
sys.argv[0] = "imagechat"
main()
"""
"""`imagechat` on a machine so busy that no server answers at once."""


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, desk: Desk) -> Terminal:
    """A shell with our completions, in the desk's folder."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"There is no {name} here.")
    program = desk.root / "bin" / "imagechat"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-c", PATIENT])} "$@"\n')
    program.chmod(0o755)
    (desk.root / f"completion.{name}").write_text(desk.run("completions", name).stdout)
    options, begin = SHELLS[name]
    path = f"{program.parent}:{desk.env['PATH']}"
    terminal = desk.command(name, *options, PATH=path, INPUTRC="/dev/null", columns=100)
    wait_for(lambda: bool(terminal.text.strip()), within_s=30, what="a prompt")
    terminal.send(f"{begin}; clear; echo re''ady\r")
    terminal.shows("ready", within_s=60)
    return terminal


def completes(shell: Terminal, typed: str, *shown: str) -> None:
    """Tab behind what is typed completes or lists it; then the line is thrown away."""
    shell.send(f"{typed}\t\t")
    shell.shows(*shown, within_s=60)
    shell.send("\x15")  # not Ctrl+C: that would come at once, and end a completion that is still at work
    shell.send("clear; echo ne''xt\r")
    shell.shows("next", within_s=60)


def test_files_complete_wherever_a_picture_is_expected(desk: Desk, shell: Terminal) -> None:
    pictures = desk.root / "pics"
    pictures.mkdir()
    for name in ("dashboard.png", "with space.png"):
        shutil.copy(desk.picture, pictures / name)
    for verb in ("resolve", "watch"):  # of the others, tests/cli look at what they offer
        completes(shell, f"imagechat {verb} pics/da", "pics/dashboard.png")
    completes(shell, "imagechat pics/da", "pics/dashboard.png")
    completes(shell, "imagechat sho", "show", "shot.png")
    completes(shell, "imagechat ls pics/wi", "with\\ space.png")
    completes(shell, "imagechat show shot.png --glyphs=s", "--glyphs=sextant")


def test_numbers_of_markers_and_comments_complete(desk: Desk, shell: Terminal) -> None:
    for n in range(11, 14):
        desk.json("add", "shot.png", "--at", f"{n},10", "-m", "x", "--json")
    desk.json("reply", "shot.png", "3", "-m", "y", "--json")
    completes(shell, "imagechat resolve shot.png ", "1", "2", "3")
    completes(shell, "imagechat edit shot.png 3.", "3.1", "3.2")
    desk.json("rm", "shot.png", "1", "2", "--yes", "--json")
    completes(shell, "imagechat rm shot.png ", "rm shot.png 3")
    completes(shell, "imagechat resolve nosuch.png ", "nosuch.png")
