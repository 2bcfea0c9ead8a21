"""Colour depths: which one a terminal has, and colours in each of them. A colour is an int; -1 is the default."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]

DEFAULT: Final = -1
"""The terminal's own colour."""

_ANSI: Final = (
    0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
    0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
)  # fmt: skip
_STEPS: Final = (0, 95, 135, 175, 215, 255)
_DIRECT: Final = ("xterm-kitty", "xterm-ghostty", "ghostty", "foot", "alacritty", "wezterm", "contour")


class ColorDepth(StrEnum):
    """How many colours are written."""

    TRUECOLOR = "truecolor"
    PALETTE = "256"
    ANSI = "16"
    NONE = "none"


def depth_for(env: Mapping[str, str], flag: str | None) -> ColorDepth:
    """Choose the depth: flag, NO_COLOR, COLORTERM, tmux (which converts down itself), known terminals, 256."""
    if flag and flag != "auto":
        return ColorDepth(flag)
    term = env.get("TERM", "")
    if env.get("NO_COLOR") or term == "dumb":
        return ColorDepth.NONE
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit") or env.get("TMUX"):
        return ColorDepth.TRUECOLOR
    if term.startswith(_DIRECT) or term.endswith("-direct"):
        return ColorDepth.TRUECOLOR
    return ColorDepth.ANSI if term == "linux" else ColorDepth.PALETTE


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


def one(rgb: int, depth: ColorDepth) -> int:
    """One colour in the numbers of a depth."""
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
