"""The screen is on the terminal, wherever stdin, stdout and stderr lead."""

from __future__ import annotations

import shlex

import pytest

from tests.e2e.conftest import IMAGECHAT, Desk, skip_without_locale
from tests.e2e.test_terminal_manners import restored
from tests.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

RUN = shlex.join(IMAGECHAT)


def shell(desk: Desk, script: str, **env: str) -> Terminal:
    """A script in a terminal of 120 × 40, in which ``$IC`` runs the program."""
    terminal = Terminal(["sh", "-c", script], env={**desk.env, "IC": RUN, **env}, cwd=desk.root)
    desk.keep(terminal)
    return terminal


def fills(terminal: Terminal, columns: int, rows: int) -> bool:
    """Whether header and footer are on the edges of a screen of this size, and the picture is there."""
    first, last = terminal.lines[0], terminal.lines[rows - 1]
    return "1440" in first and first.endswith("markers") and len(first) >= columns - 2 and "quit" in last


@pytest.mark.parametrize(
    "script",
    [
        "printf 'shot.png\\n' | xargs $IC",
        "$IC shot.png >/dev/null",
        "$IC shot.png </dev/null >out 2>log",
        "$IC shot.png <&- >&- 2>&-",
        "$IC - <shot.png 2>log",
        "COLUMNS=80 LINES=24 $IC shot.png",
    ],
)
def test_keys_and_drawing_are_on_the_terminal_in_its_size(desk: Desk, script: str) -> None:
    terminal = shell(desk, script)
    terminal.wait_for(lambda: fills(terminal, 120, 40), what="a screen of 120 × 40")
    terminal.resize(100, 30)
    terminal.wait_for(lambda: fills(terminal, 100, 30), what="a screen of 100 × 30")
    terminal.press("q")
    assert terminal.exit_code() == 0
    assert restored(terminal)
    for file in ("out", "log"):
        if (desk.root / file).exists():
            assert (desk.root / file).read_bytes() == b""


def test_a_loop_over_a_list_goes_on_with_the_next_picture(desk: Desk) -> None:
    (desk.root / "second.png").write_bytes(desk.picture.read_bytes())
    (desk.root / "list").write_text("shot.png\nsecond.png\n")
    terminal = shell(desk, 'while read -r name; do $IC "$name"; done <list; echo over; cat')
    for name in ("shot.png", "second.png"):
        terminal.wait_for(
            lambda: name in terminal.lines[0] and fills(terminal, 120, 40),  # noqa: B023
            what=name,
        )
        terminal.press("q")
    terminal.shows("over")
    assert restored(terminal)


def test_without_any_terminal_there_are_words(desk: Desk) -> None:
    done = desk.run("shot.png")
    assert done.returncode == 2
    assert "No terminal" in done.stderr


@pytest.mark.parametrize(
    ("env", "refusal", "remedy"),
    [
        ({"LANG": "ru_RU.KOI8-R"}, "LANG=ru_RU.KOI8-R", "export LANG=ru_RU.UTF-8"),
        ({"LC_CTYPE": "de_DE.ISO-8859-1"}, "LC_CTYPE=de_DE.ISO-8859-1", "export LC_CTYPE=de_DE.UTF-8"),
        (
            {"LC_ALL": "zh_CN.GB18030", "LC_CTYPE": "C.UTF-8"},
            "LC_ALL=zh_CN.GB18030",
            "export LC_ALL=zh_CN.UTF-8",
        ),
    ],
)
def test_a_terminal_that_takes_no_utf8_is_told_in_a_sentence(
    desk: Desk, env: dict[str, str], refusal: str, remedy: str
) -> None:
    if (
        env.get("LC_CTYPE") == "de_DE.ISO-8859-1"
    ):  # Python's start hides it where it is not installed (PEP 538)
        skip_without_locale("de_DE.ISO-8859-1")
    terminal = shell(desk, "$IC shot.png", **env)
    assert terminal.exit_code() == 2
    said = " ".join("".join(terminal.screen.display).split())
    assert refusal in said
    assert remedy in said
    assert b"\x1b[" not in terminal.raw


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"LANG": "C", "PYTHONIOENCODING": "latin-1"}])
def test_the_picture_is_drawn_where_nobody_says_another_encoding_of_the_terminal(
    desk: Desk, env: dict[str, str]
) -> None:
    terminal = shell(desk, "$IC shot.png", **env)
    terminal.wait_for(lambda: fills(terminal, 120, 40), what="the screen")
    assert "×" in terminal.lines[0]
    assert "\\u" not in terminal.text


@pytest.mark.parametrize("early", [True, False])
def test_a_terminal_that_draws_signs_two_cells_wide_is_found_out(desk: Desk, early: bool) -> None:
    terminal = shell(desk, "$IC shot.png")
    # As it is told before there is anything on the screen, and when the question has come out.
    terminal.wait_for(lambda: early or b"\x1b[6n" in terminal.raw, what="the question")
    terminal.send("\x1b[2;7R")
    terminal.wait_for(
        lambda: (
            terminal.lines[0].startswith(" shot.png - 1440x1000") and "LIVE - 1 here" in terminal.lines[0]
        ),
        what="signs of ASCII",
    )
    terminal.wait_for(lambda: terminal.text.isascii(), what="a picture of ASCII")
    terminal.press("q")
    assert terminal.exit_code() == 0


@pytest.mark.parametrize(
    ("answer", "wide"), [("\x1b[9;7R", True), ("\x1b[9;8R", True), ("\x1b[9;5R", False), ("", False)]
)
def test_the_printed_picture_is_of_ascii_in_such_a_terminal(desk: Desk, answer: str, wide: bool) -> None:
    terminal = shell(desk, "$IC show shot.png; echo over; cat")
    terminal.wait_for(lambda: b"\x1b[6n" in terminal.raw, what="the question")
    terminal.send(answer)
    terminal.shows("over")
    asked = bytes(terminal.raw).index(b"\x1b[6n")
    assert bytes(terminal.raw)[asked:].isascii() is wide
    assert "[9;" not in terminal.text


def test_who_says_what_to_draw_with_is_not_asked(desk: Desk) -> None:
    terminal = shell(desk, "$IC shot.png --glyphs half")
    terminal.shows("LIVE")
    assert b"\x1b[6n" not in terminal.raw


def test_a_terminal_of_another_encoding_is_not_asked(desk: Desk) -> None:
    terminal = shell(desk, "$IC show shot.png --size 20x5; echo over", LANG="ru_RU.KOI8-R")
    terminal.exit_code()
    assert b"\x1b[6n" not in terminal.raw
