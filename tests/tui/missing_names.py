"""A Textual that lacks a private name, for each that we use: the app works on it all the same.

Not among the tests that run always: each starts the program in a terminal. ``.ci/missing_names`` runs them. The name
is another one in a copy of Textual, where it is defined and wherever Textual itself uses it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
import textual

from imagechat_tui.tui.textual_internals.probe import NAMES, Feature
from tests.terminal import Terminal, wait_for
from tests.tui.test_exit import handed_back, line_mode, notice_of_defect, type_something

pytestmark = pytest.mark.pty

TEXTUAL = Path(textual.__file__).parent
ROOT = Path(__file__).parents[2]
GREY = "5a5a5a"
"""The picture that the program shows."""
OF_RICH = frozenset({"spans"})
"""Names that objects of Rich have as well: they are renamed in one module only."""
PROGRAM = """
import json, sys
from imagechat_tui.tui.textual_internals.probe import Feature, missing
from tests.tui.scripted_app import main
with open(sys.argv[3], "w") as file:
    json.dump({feature.name: missing(feature) for feature in Feature if missing(feature)}, file)
main()
"""


def renamings() -> dict[str, Feature]:
    """What is renamed, each in turn: names, and modules."""
    found: dict[str, Feature] = {}
    for feature, names in NAMES.items():
        for name in names:
            module = name.partition(":")[0]
            if "._" in module:
                found.setdefault(module, feature)
            found[name] = feature
    return found


def textual_without(name: str, place: Path) -> None:
    """Make a copy of Textual in which a name is another one; files that do not say it are links."""
    module, _, path = name.partition(":")
    word = (path or module).rpartition(".")[2]
    if path:
        # What stands behind a dot is an attribute of whatever object; a module is known by the package before it.
        pattern = re.compile(rf"(?<!textual\.)(?<![\w]){word}\b")
    else:
        pattern = re.compile(rf"(?<=textual\.){word}\b|(?<=from textual import ){word}\b")
    only = f"{module.replace('.', '/')}.py" if word in OF_RICH else None
    renamed = 0
    for folder, _, files in os.walk(TEXTUAL):
        there = place / Path(folder).relative_to(TEXTUAL.parent)
        there.mkdir(parents=True)
        for file in files:
            source = Path(folder, file)
            relative = source.relative_to(TEXTUAL.parent)
            if file.endswith(".py") and (only is None or str(relative) == only):
                text, count = pattern.subn(f"{word}_renamed", source.read_text())
                if count:
                    renamed += count
                    (there / file).write_text(text)
                    continue
            if not (
                source.parent.name == "__pycache__"
                and (there.parent / f"{file.partition('.')[0]}.py").is_file()
            ):
                (there / file).symlink_to(source)
    if not path:
        target = place / f"{module.replace('.', '/')}.py"
        target.rename(target.with_name(f"{word}_renamed.py"))
    assert renamed


def started(place: Path, mode: str = "") -> Terminal:
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("TEXTUAL", "COV", "NO_COLOR"))
    }
    env |= {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONPATH": f"{place}{os.pathsep}{ROOT}",
    }
    argv = [sys.executable, "-c", PROGRAM, str(place / "drafts"), mode, str(place / "missing")]
    terminal = Terminal(argv, env=env, cwd=place)
    terminal.shows("LIVE", "60×40", within_s=60)
    return terminal


def shows_picture(terminal: Terminal) -> bool:
    """Whether most of the left half is of its colour."""
    screen = terminal.screen
    cells = [screen.buffer[row][column] for row in range(5, 30) for column in range(20, 60)]
    return sum(cell.bg == GREY for cell in cells) > len(cells) * 0.8


def goes_through_all(terminal: Terminal, place: Path) -> None:
    """Picture, dialog, keys, a note, a draft, and the end."""
    terminal.wait_for(lambda: shows_picture(terminal), what="the picture")
    terminal.press("?")
    terminal.shows("Move left by a tenth")
    terminal.press("esc")
    wait_for(lambda: "Move left by a tenth" not in terminal.text, within_s=15, what="the dialog to go")
    terminal.wait_for(lambda: shows_picture(terminal), what="the picture behind the dialog")
    terminal.press("right", "right", "down")
    terminal.press("w")
    terminal.shows("does nothing here")
    type_something(terminal)
    terminal.press("esc")
    terminal.wait_for(lambda: "Enter send" not in terminal.text, what="the text to be left")
    terminal.press("q")
    assert terminal.exit_code() == 0
    assert handed_back(terminal)
    assert line_mode(terminal)
    assert (place / "drafts").read_text() == "unsent words"
    assert not (place / "crash").exists()


def ends_by_a_defect(terminal: Terminal, place: Path) -> None:
    terminal.press("R")
    said = notice_of_defect(terminal)
    assert "hunter2" not in said
    assert [*(place / "crash").iterdir()]


@pytest.mark.parametrize(
    "name", [pytest.param(name, id=f"{name}-{feature.name}") for name, feature in renamings().items()]
)
def test_without_a_name_the_app_works(name: str, tmp_path: Path) -> None:
    textual_without(name, tmp_path)
    with started(tmp_path) as terminal:
        off = json.loads((tmp_path / "missing").read_text())
        assert renamings()[name].name in off
        goes_through_all(terminal, tmp_path)
    if renamings()[name] is Feature.CRASH_NOTICE:
        with started(tmp_path, "crash") as terminal:
            ends_by_a_defect(terminal, tmp_path)


def test_with_every_name_it_works_as_well(tmp_path: Path) -> None:
    with started(tmp_path) as terminal:
        assert json.loads((tmp_path / "missing").read_text()) == {}
        goes_through_all(terminal, tmp_path)
    with started(tmp_path, "crash") as terminal:
        ends_by_a_defect(terminal, tmp_path)
