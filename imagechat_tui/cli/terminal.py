"""The terminal before the screen: whether there is one, and what Textual is told about it."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from collections.abc import Mapping
from typing import Final

from imagechat_tui.cli.failures import USAGE, VerbFailed
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.words import Words

USUAL_ASPECT: Final = 2.0
"""Height of a cell divided by its width, where the terminal does not tell."""

USUAL_WIDTH: Final = 10
"""Pixels across a cell, where the terminal does not tell."""

MOST_PIXELS: Final = 40
"""Pixels across or down a cell at most: more is a mistake."""


def cell_size() -> tuple[float, float] | None:
    """Width and height of a cell of the terminal in pixels; from the kernel, which need not know."""
    for descriptor in (2, 1, 0):
        try:
            answer = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            continue
        rows, columns, width, height = struct.unpack("HHHH", answer)
        if rows and columns and width and height:
            return width / columns, height / rows
    return None


def cell_aspect() -> float:
    """Height of a cell of the terminal divided by its width."""
    size = cell_size()
    aspect = size[1] / size[0] if size is not None else USUAL_ASPECT
    # Some terminals tell nonsense; no font is like that.
    return aspect if 1.0 <= aspect <= 3.5 else USUAL_ASPECT


def pixels_per_cell(environ: Mapping[str, str], aspect: float, depth: ColorDepth) -> tuple[int, int]:
    """How many pixels the terminal is handed for a cell, if it takes pictures in pixels.

    Raises:
        VerbFailed: between us and it is something that does not.
    """
    between = next((name for name in ("TMUX", "STY", "ZELLIJ") if environ.get(name)), None)
    if between is not None or environ.get("TERM", "").startswith(("tmux", "screen")):
        raise VerbFailed(
            Words(
                "No pixels here",
                "tmux, screen and zellij do not pass kitty's graphics on.",
                "Start it outside of them, or without --graphics kitty.",
            ),
            USAGE,
        )
    if depth is not ColorDepth.TRUECOLOR:
        raise VerbFailed(
            Words(
                "No pixels here",
                f"Kitty's graphics need true colours, and {depth.value} was chosen.",
                "Add --colors truecolor, or leave out --graphics kitty.",
            ),
            USAGE,
        )
    size = cell_size()
    width = round(size[0]) if size is not None else USUAL_WIDTH
    width = min(MOST_PIXELS, max(1, width))
    return width, min(MOST_PIXELS, max(1, round(width * aspect)))


def told_colors(environ: Mapping[str, str]) -> int | None:
    """How many colours the database of terminals (terminfo) tells for TERM; 0 is none, None is not known to it."""
    try:
        import curses
    except ImportError:  # some Pythons are built without
        return None
    try:
        curses.setupterm(environ.get("TERM", ""), 2)
        ink = curses.tigetstr("setaf") or b""
        # The colours of teletext terminals are no SGR.
        return max(0, curses.tigetnum("colors")) if ink.startswith(b"\x1b[") else 0
    except (curses.error, ValueError):
        return None


def tell_textual(depth: ColorDepth) -> None:
    """Have Textual draw with these colours; it reads the environment when it is imported."""
    if depth is ColorDepth.NONE:
        os.environ["NO_COLOR"] = "1"
    else:
        os.environ["TEXTUAL_COLOR_SYSTEM"] = "standard" if depth is ColorDepth.ANSI else depth.value


def need_terminal(*, stdin_is_picture: bool = False) -> None:
    """Make sure that there are keys and a screen.

    Textual draws on stderr and reads keys from stdin. If the picture came through stdin, the keys come from
    the controlling terminal, which takes stdin's place.

    Raises:
        VerbFailed: there is no terminal.
    """
    if stdin_is_picture:
        try:
            keys = os.open("/dev/tty", os.O_RDWR)
        except OSError:
            raise _no_terminal() from None
        os.dup2(keys, 0)
        os.close(keys)
    if not (os.isatty(0) and sys.stderr.isatty()):
        raise _no_terminal()


def _no_terminal() -> VerbFailed:
    return VerbFailed(
        Words(
            "No terminal",
            "The screen needs a terminal for keys (stdin) and drawing (stderr).",
            "In scripts use imagechat ls, add, watch or show.",
        ),
        USAGE,
    )
