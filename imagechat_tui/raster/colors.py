"""Colour depths: which one a terminal has, and colours in each of them. A colour is an int; -1 is the default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float32]

DEFAULT: Final = -1
"""The terminal's own colour."""

_ANSI: Final = (
    0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
    0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
)  # fmt: skip
_STEPS: Final = (0, 95, 135, 175, 215, 255)
_FEWEST: Final = 8
"""Terminals of fewer colours are drawn on without."""
_FIRST_FIXED: Final = 16
"""Each theme has its own idea of the first sixteen of 256 colours."""
_DITHER: Final = 0.5
"""Share of the error that is passed on. All of it gives the truest average, and a noise that hides the picture:
cells are large."""
_DIRECT: Final = ("xterm-kitty", "xterm-ghostty", "ghostty", "foot", "alacritty", "wezterm", "contour")
_XTERM_DIRECT: Final = 331
"""The first xterm with direct colours, which it does not tell of in COLORTERM; looked at in 379."""
_NOTHING_KNOWN: Final = ("", "unknown", "dumb", "emacs")
_COLORLESS: Final = re.compile(r"vt\d|.*-(m|mono)(-|$)", re.ASCII)
"""Names without colours, for where the database of terminals is not installed."""
_SIXTEEN: Final = re.compile(r"linux|.*-(8|16)color$|cons25|cygwin", re.ASCII)
"""Names of terminals that have no more, whatever they inherited."""


class ColorDepth(StrEnum):
    """How many colours are written."""

    TRUECOLOR = "truecolor"
    PALETTE = "256"
    ANSI = "16"
    NONE = "none"


class Reason(StrEnum):
    """Why a depth was chosen."""

    ASKED = "asked"
    NO_COLOR = "no-color"
    TERM = "term"
    """What TERM names is known to have no more, or no less."""
    SCREEN = "screen"
    """GNU screen stands between, and drops or garbles true colours."""
    TMUX = "tmux"
    """It takes true colours, and turns them into what the terminal has; its own TERM names it over SSH, too."""
    COLORTERM = "colorterm"
    XTERM = "xterm"
    """The version in XTERM_VERSION."""
    TERMINFO = "terminfo"
    """What the database of terminals tells."""
    UNKNOWN = "unknown"
    """The database does not know this name: it is younger, and the younger ones have 256."""
    ANSWER = "answer"
    """The terminal was asked, and keeps a true colour as it was set."""


def in_screen(env: Mapping[str, str]) -> bool:
    """Whether GNU screen is what we write to, as far as the environment tells.

    Started in each other, both leave their variables: then TERM says which is the inner one, unless tmux was told
    to call itself screen, and to take it for screen is the safe mistake.
    """
    term = env.get("TERM", "")
    if env.get("STY"):
        return not term.startswith("tmux")
    return term.startswith("screen") and not env.get("TMUX")


def depth_for(env: Mapping[str, str], flag: str | None, told: int | None = None) -> ColorDepth:
    """The depth that `chosen_depth` finds."""
    return chosen_depth(env, flag, told)[0]


def chosen_depth(
    env: Mapping[str, str], flag: str | None, told: int | None = None
) -> tuple[ColorDepth, Reason]:
    """Choose the depth, and say why. The first of these rules that fits decides.

    COLORTERM and XTERM_VERSION are inherited by whatever was started from there; TERM is set by what is in front
    of us. So a TERM without colours is believed first. `xterm` alone, which anything calls itself, says no more
    than the database does.

    Args:
        env: the environment.
        flag: what the person said; ``auto`` is nothing.
        told: how many colours the database of terminals tells for TERM; None if it does not know it.
    """
    if flag and flag != "auto":
        return ColorDepth(flag), Reason.ASKED
    if env.get("NO_COLOR"):
        return ColorDepth.NONE, Reason.NO_COLOR
    term = env.get("TERM", "")
    if term in _NOTHING_KNOWN or (told is None and _COLORLESS.match(term)):
        return ColorDepth.NONE, Reason.TERM
    if told is not None and told < _FEWEST:
        return ColorDepth.NONE, Reason.TERMINFO
    if _SIXTEEN.match(term.removeprefix("screen.")):
        return ColorDepth.ANSI, Reason.TERM
    if in_screen(env):
        # Of its own name the database tells 8 colours; it takes 256 and turns them into what the terminal has.
        return ColorDepth.PALETTE, Reason.SCREEN
    if env.get("TMUX") or term.startswith("tmux"):
        return ColorDepth.TRUECOLOR, Reason.TMUX
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return ColorDepth.TRUECOLOR, Reason.COLORTERM
    if term.startswith(_DIRECT) or "-direct" in term:
        return ColorDepth.TRUECOLOR, Reason.TERM
    if term.startswith("xterm") and env.get("XTERM_VERSION"):
        version = re.fullmatch(r"XTerm\((\d{1,5})\)", env["XTERM_VERSION"], re.ASCII)
        direct = version is not None and int(version[1]) >= _XTERM_DIRECT
        return ColorDepth.TRUECOLOR if direct else ColorDepth.PALETTE, Reason.XTERM
    if "256color" in term:
        return ColorDepth.PALETTE, Reason.TERM
    if told is None:
        return ColorDepth.PALETTE, Reason.UNKNOWN
    if told >= 1 << 24:
        return ColorDepth.TRUECOLOR, Reason.TERMINFO
    # Those with 88 number them otherwise; those with 8 have the bright ones, too, as their consoles do.
    return ColorDepth.PALETTE if told >= 256 else ColorDepth.ANSI, Reason.TERMINFO


def may_have_more(depth: ColorDepth, reason: Reason) -> bool:
    """Whether a terminal may have true colours though nothing says so: then it is worth asking.

    COLORTERM does not come along over SSH. GNU screen is never asked: it hands the question to the terminal round it.
    """
    if reason in (Reason.ASKED, Reason.SCREEN):
        return False
    return depth is ColorDepth.PALETTE or (depth is ColorDepth.ANSI and reason is Reason.TERMINFO)


def lacks_chosen(env: Mapping[str, str], flag: str | None, told: int | None = None) -> Reason | None:
    """How it is known that the terminal has fewer colours than the person chose; None if it has them, or may.

    Arguments as for `chosen_depth`.
    """
    if not flag or flag == "auto":
        return None
    depth, reason = chosen_depth({**env, "NO_COLOR": ""}, None, told)
    fewer = [*ColorDepth].index(depth) > [*ColorDepth].index(ColorDepth(flag))
    return reason if fewer and not may_have_more(depth, reason) else None


def quantised(rgb: Ints, depth: ColorDepth) -> Ints:
    """Turn ``0xRRGGBB`` into the numbers of a depth; the default stays."""
    import numpy as np

    if depth is ColorDepth.TRUECOLOR:
        return rgb
    if depth is ColorDepth.NONE:
        return np.full_like(rgb, DEFAULT)
    channels = np.stack([rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255], axis=-1)
    if depth is ColorDepth.ANSI:
        table = np.array([[c >> 16, c >> 8 & 255, c & 255] for c in _ANSI], dtype=np.int32)
        away = ((channels[..., None, :] - table) ** 2).sum(axis=-1)
        nearest = away.argmin(axis=-1)
    else:
        steps = np.array(_STEPS, dtype=np.int32)
        cube = np.searchsorted((steps[1:] + steps[:-1]) // 2, channels, side="left")
        grey = np.clip((channels.mean(axis=-1) - 3).astype(np.int32) // 10, 0, 23)
        off_cube = ((channels - steps[cube]) ** 2).sum(axis=-1)
        off_grey = ((channels - (8 + 10 * grey)[..., None]) ** 2).sum(axis=-1)
        in_cube = 16 + 36 * cube[..., 0] + 6 * cube[..., 1] + cube[..., 2]
        nearest = np.where(off_grey < off_cube, 232 + grey, in_cube)
    return np.where(rgb < 0, DEFAULT, nearest).astype(np.int32)


def dithered(rgb: Ints, depth: ColorDepth) -> Ints:
    """As `quantised`, but an area has nearly the right colour on average (Floyd–Steinberg): for photographs.

    Letters and lines get holes by it, so screenshots are better off without; and with 16 colours only noise is
    left of a photograph, so these are the nearest ones always.
    """
    import numpy as np
    from PIL import Image

    if depth is not ColorDepth.PALETTE:
        return quantised(rgb, depth)
    wanted = np.stack([rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255], axis=-1)
    nearest = _fixed()[np.maximum(quantised(rgb, depth), _FIRST_FIXED) - _FIRST_FIXED]
    aim = np.rint(nearest + _DITHER * (wanted - nearest)).astype(np.uint8)
    index = Image.fromarray(aim).quantize(palette=_fixed_image(), dither=Image.Dither.FLOYDSTEINBERG)
    numbers = np.asarray(index, dtype=np.int32) + _FIRST_FIXED
    return np.where(rgb < 0, DEFAULT, numbers).astype(np.int32)


def packed(channels: Floats) -> Ints:
    """Three planes of 0–255 as ``0xRRGGBB``."""
    import numpy as np

    red, green, blue = np.rint(channels).astype(np.int32)
    whole: Ints = red << 16 | green << 8 | blue
    return whole


@cache
def _fixed() -> NDArray[np.int32]:
    """Red, green and blue of the fixed colours of 256."""
    import numpy as np

    colors = np.array(
        [rgb_of(color, ColorDepth.PALETTE) for color in range(_FIRST_FIXED, 256)], dtype=np.int32
    )
    return np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1)


@cache
def _fixed_image() -> Image.Image:
    from PIL import Image

    image = Image.new("P", (1, 1))
    image.putpalette(_fixed().astype("uint8").tobytes())
    return image


def one(rgb: int, depth: ColorDepth) -> int:
    """One colour in the numbers of a depth."""
    if depth is ColorDepth.TRUECOLOR:
        return rgb
    import numpy as np

    return int(quantised(np.array([rgb], dtype=np.int32), depth)[0])


def rgb_of(color: int, depth: ColorDepth) -> int:
    """``0xRRGGBB`` of a colour of a depth."""
    if depth is ColorDepth.TRUECOLOR or color < 0:
        return max(color, 0)
    if color < 16:
        return _ANSI[color]
    if color >= 232:
        return (8 + 10 * (color - 232)) * 0x010101
    color -= 16
    return _STEPS[color // 36] << 16 | _STEPS[color // 6 % 6] << 8 | _STEPS[color % 6]


def luma(rgb: int) -> float:
    """How bright a colour looks, 0–255."""
    return 0.299 * (rgb >> 16) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255)


def sgr(color: int, depth: ColorDepth, *, ground: bool) -> str:
    """The SGR parameters that set a colour as foreground or background."""
    base = 48 if ground else 38
    if color < 0:
        return str(base + 1)
    if depth is ColorDepth.TRUECOLOR:
        return f"{base};2;{color >> 16};{color >> 8 & 255};{color & 255}"
    if depth is ColorDepth.PALETTE:
        return f"{base};5;{color}"
    return str((base - 8 if color < 8 else base + 44) + color)
