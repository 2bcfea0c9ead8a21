"""Whether a terminal takes pictures in pixels, and true colours: what it is asked, and what its answers mean.

Only who knows a terminal by name and version can know that it has kitty's Unicode placeholders: that it answers a
question about graphics with OK does not say so (Konsole, WezTerm), and what others print as text nobody may send them
(Terminal.app). So first the name is asked, with what every terminal answers behind it: once that comes, nothing more
comes before it.

Where nothing in the environment tells of true colours, as over SSH, the same question sets one and asks which is set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet, glyphs_of, xterm_of

Choice = Literal["auto", "kitty", "off"]
Stage = Literal["asked", "tried", "pixels", "cells"]
Fault = Literal[
    "off",
    "between",
    "plain",
    "colors",
    "not asked",
    "silent",
    "nameless",
    "unknown",
    "lacking",
    "old",
    "refused",
    "doubled",
    "slow",
]
"""Why a terminal is sent cells: it was not wished otherwise; tmux or the like stands between; TERM names one that has
no pictures; there are fewer colours than pixels have; it could not be asked, or has not answered yet; it did not tell
its name; nothing is known of it; it has no placeholders; this version has none; it does not take the picture; two
answer where one was asked; the way there is slow."""

_ASK_NAME: Final = "\x1b[>q\x1b[16t"
ASK_COLOR: Final = "\x1b7\x1b[38;2;1;2;3m\x1bP$qm\x1b\\\x1b8\x1b[K"
"""Set a true colour and ask which one is set (DECRQSS). Terminal.app prints the question as text: that is erased."""
ASK_SCREEN: Final = "\x1b[>c"
"""Which program of which version it is (DA2); GNU screen answers for itself."""
SLOW: Final = 256_000 // 8
"""Bytes a second below which a picture in pixels is on its way for too long."""
_FENCE: Final = "\x1b[c"
ASK: Final = f"{_ASK_NAME}{_FENCE}"
"""Name and version (XTVERSION), the size of a cell in pixels, and what every terminal answers (DA1)."""
ALIVE: Final = "\x1b[5n"
"""A question whose answer says that all before it was taken in."""

_TRIED: Final = 0x690001
TRY: Final = f"\x1b_Gi={_TRIED},a=q,s=1,v=1,t=d,f=24;AAAA\x1b\\\x1b[c"
"""Whether a picture of one pixel would be taken; it is not kept."""

_NAME: Final = re.compile(r"\x1bP>\|([^\x00-\x1f\x7f-\x9f]{1,80})(?:\x1b\\|\x9c|\x07)")
_TRUE: Final = re.compile(r"\x1bP1\$r(?:0;)?38[:;]2[:;](?:1?:)?1[:;]2[:;]3m(?:\x1b\\|\x9c)")
"""The colour as it was set; some name a colour space."""
_NEAREST: Final = re.compile(r"\x1bP1\$r(?:0;)?38[:;]5[:;]\d{1,3}m(?:\x1b\\|\x9c)", re.ASCII)
"""The nearest one of 256."""
_PROGRAM: Final = re.compile(r"\x1b\[>(\d{1,5});(\d{1,8})[\d;]*c", re.ASCII)
_SCREEN: Final = 83
_SCREEN_SINCE: Final = 50_000
"""The first GNU screen with true colours, if it is told so (``truecolor on``); 4.9 takes them for underlines."""
_CELL: Final = re.compile(r"\x1b\[6;(\d{1,3});(\d{1,3})t")
_DA1: Final = re.compile(r"\x1b\[\?[\d;]*c")
_ANSWERS: Final = re.compile(r"\x1b(?:\[[ -?]*[@-~]|[P_][^\x00-\x1f]*\x1b\\)")
_IS_ALIVE: Final = "\x1b[0n"
_VERSION: Final = re.compile(r"([A-Za-z][A-Za-z.]*)[ (]+v?(\d{1,8}(?:\.\d{1,8})*)", re.ASCII)

_HAVE: Final[Mapping[str, tuple[int, ...]]] = {"kitty": (0, 28), "ghostty": (1,)}
"""Terminals that have Unicode placeholders, and since which version: kitty 0.41 was looked at, Ghostty's core tried."""
_HAVE_NOT: Final = frozenset(
    {
        "alacritty",
        "apple",
        "contour",
        "foot",
        "konsole",
        "mintty",
        "mlterm",
        "screen",
        "tmux",
        "vte",
        "wezterm",
        "xterm",
    }
    | {"xterm.js", "windows", "zellij"}
)
"""Those that do not, some of which answer that they take graphics."""


def answers_in(said: str) -> list[str]:
    """The whole answers among all that a terminal sent."""
    return _ANSWERS.findall(said)


def is_fence(answer: str) -> bool:
    """Whether an answer ends those to one question."""
    return answer == _IS_ALIVE or _DA1.fullmatch(answer) is not None


def is_alive(answer: str) -> bool:
    """Whether it answers `ALIVE`."""
    return answer == _IS_ALIVE


def named(said: str) -> tuple[str, tuple[int, ...]]:
    """Name, in small letters, and version of a terminal, by what it says of itself: ``kitty(0.41.1)``."""
    match = _VERSION.match(said)
    if match is None:
        return said.partition(" ")[0].partition("(")[0].lower(), ()
    return match[1].lower(), tuple(map(int, match[2].split(".")))


def fault_of(said: str, choice: Choice) -> Fault | None:
    """Why a terminal that says this of itself is sent no picture; None if it may well take one.

    Only who asks for pixels gets them tried in a terminal that nothing is known of.
    """
    name, version = named(said)
    if name in _HAVE:
        return "old" if version < _HAVE[name] else None
    if name in _HAVE_NOT:
        return "lacking"
    return None if choice == "kitty" else "unknown"


def fault_before(choice: Choice, env: Mapping[str, str], depth: ColorDepth) -> Fault | None:
    """Why a terminal is not even asked; None if it shall be."""
    term = env.get("TERM", "")
    if choice == "off":
        return "off"
    if any(env.get(name) for name in ("TMUX", "STY", "ZELLIJ")) or term.startswith(("tmux", "screen")):
        return "between"
    if term in ("", "dumb", "linux"):
        return "plain"
    return "colors" if depth is not ColorDepth.TRUECOLOR else None


class Graphics(Struct, frozen=True):
    """What is known of a terminal's graphics. Each answer makes another one of it."""

    choice: Choice
    """What the person said."""
    stage: Stage
    cell: tuple[int, int]
    """Pixels across and down a cell."""
    terminal: str = ""
    """What it says of itself."""
    fault: Fault | None = None
    """Why it is sent cells."""
    depth: ColorDepth = ColorDepth.TRUECOLOR
    """The colours that are drawn with."""
    asks_color: bool = False
    """Whether the terminal was asked for true colours, which nothing else tells of, and has not said what it has."""

    asks_screen: bool = False
    """Whether GNU screen was asked for its version, and has not said it: the person wishes for true colours in it."""
    inherited: str = ""
    """What the environment says that it would say of itself, if it were asked."""

    @property
    def known_as(self) -> str:
        """What it says of itself, or would, as far as is known: with ``--graphics off`` it is not asked."""
        return self.terminal or self.inherited

    def sharpest(self, glyphs: GlyphSet) -> GlyphSet:
        """What to draw with in a terminal that the environment says draws these: more, if it names itself as one."""
        if not self.terminal:  # the console is never asked, and has not even what all others draw
            return glyphs
        name, version = named(self.terminal)
        told = glyphs_of(name, version)
        return max(glyphs, told, key=[*GlyphSet].index)

    @property
    def question(self) -> str:
        """What to ask, in this stage."""
        if self.stage == "asked":
            name = "" if self.fault else _ASK_NAME
            color = ASK_COLOR if self.asks_color else ASK_SCREEN if self.asks_screen else ""
            return f"{name}{color}{_FENCE}"
        return TRY if self.stage == "tried" else ""

    @property
    def lacks_colors(self) -> bool:
        """Whether the terminal was asked for true colours and keeps silent about them."""
        return self.asks_color and self.stage != "asked"

    def without(self, fault: Fault) -> Graphics:
        """The same, in cells for good."""
        return replace(self, stage="cells", fault=fault)

    def over(self, rate: float | None) -> Graphics:
        """The same over a way that takes so many bytes a second; None where that is not known."""
        slow = self.stage == "pixels" and self.choice != "kitty" and rate is not None and rate < SLOW
        return self.without("slow") if slow else self

    def heard(self, answer: str) -> Graphics:
        """What is known after an answer; itself if that says nothing."""
        if self.stage == "asked":
            if match := _NAME.fullmatch(answer):
                return replace(self, terminal=match[1])
            if (match := _CELL.fullmatch(answer)) and _makes_sense(int(match[2]), int(match[1])):
                return replace(self, cell=(int(match[2]), int(match[1])))
            if self.asks_color and _TRUE.fullmatch(answer):
                return replace(self, depth=ColorDepth.TRUECOLOR, asks_color=False)
            if self.asks_color and _NEAREST.fullmatch(answer):
                return replace(self, depth=ColorDepth.PALETTE, asks_color=False)
            if self.asks_screen and (match := _PROGRAM.fullmatch(answer)):
                old = int(match[1]) == _SCREEN and int(match[2]) < _SCREEN_SINCE
                depth = self.depth if old else ColorDepth.TRUECOLOR
                return replace(self, depth=depth, asks_screen=False)
            if _DA1.fullmatch(answer):
                if self.asks_screen:  # the person may know better
                    return replace(self, depth=ColorDepth.TRUECOLOR, asks_screen=False).heard(answer)
                fault = self.fault or self._fault
                return replace(self, stage="tried") if fault is None else self.without(fault)
        elif self.stage == "tried":
            if answer.startswith(f"\x1b_Gi={_TRIED};OK"):
                return replace(self, stage="pixels")
            if _DA1.fullmatch(answer):
                return self.without("refused")
        elif self.fault == "refused" and _DA1.fullmatch(answer):
            return self.without("doubled")  # what ended it was the second answer to the question before
        return self

    @property
    def _fault(self) -> Fault | None:
        if self.depth is not ColorDepth.TRUECOLOR:
            return "colors"
        return fault_of(self.terminal, self.choice) if self.terminal else "nameless"


def begun(
    choice: Choice,
    env: Mapping[str, str],
    depth: ColorDepth,
    cell: tuple[int, int],
    *,
    asks_color: bool = False,
    asks_screen: bool = False,
) -> Graphics:
    """What is known before the terminal is asked: whether to ask it.

    Args:
        choice: what the person said.
        env: the environment.
        depth: the colours that are drawn with.
        cell: pixels across and down a cell, as far as is known without asking.
        asks_color: whether the terminal may have true colours (`may_have_more`): then it is asked for them at least.
        asks_screen: whether they were chosen in GNU screen, which before version 5 makes noise of them.
    """
    fault = fault_before(choice, env, ColorDepth.TRUECOLOR if asks_color else depth)
    stage: Stage = "asked" if fault is None or asks_color or asks_screen else "cells"
    return Graphics(
        choice,
        stage,
        cell,
        fault=fault,
        depth=ColorDepth.PALETTE if asks_screen else depth,
        asks_color=asks_color,
        asks_screen=asks_screen,
        inherited=xterm_of(env),
    )


def _makes_sense(width: int, height: int) -> bool:
    return 2 <= width <= 200 and 1.0 <= height / width <= 3.5
