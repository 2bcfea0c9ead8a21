"""A terminal's screen as a picture: every cell as a good terminal draws it.

Block elements, quadrants and box-drawing lines are drawn as geometry that fills the cell, as kitty, foot,
Ghostty and Windows Terminal do; everything else comes from the font.
"""

from __future__ import annotations

import functools

import pyte
import pyte.screens
from PIL import Image, ImageDraw, ImageFont

CELL_WIDTH, CELL_HEIGHT = 10, 20
"""Pixels of one cell."""

FOREGROUND, BACKGROUND = "d4d4d4", "121212"
NAMED = {
    "black": "000000",
    "red": "cd3131",
    "green": "0dbc79",
    "brown": "e5e510",
    "blue": "2472c8",
    "magenta": "bc3fbc",
    "cyan": "11a8cd",
    "white": "e5e5e5",
    "brightblack": "666666",
    "brightred": "f14c4c",
    "brightgreen": "23d18b",
    "brightbrown": "f5f543",
    "brightblue": "3b8eea",
    "brightmagenta": "d670d6",
    "brightcyan": "29b8db",
    "brightwhite": "ffffff",
}
QUADRANTS = {
    "▘": 0b1000,
    "▝": 0b0100,
    "▖": 0b0010,
    "▗": 0b0001,
    "▀": 0b1100,
    "▄": 0b0011,
    "▌": 0b1010,
    "▐": 0b0101,
    "▚": 0b1001,
    "▞": 0b0110,
    "▛": 0b1110,
    "▜": 0b1101,
    "▙": 0b1011,
    "▟": 0b0111,
    "█": 0b1111,
}
"""Upper left, upper right, lower left, lower right."""

LOWER_EIGHTHS = "▁▂▃▄▅▆▇"
LEFT_EIGHTHS = "▏▎▍▌▋▊▉"
LINES = {
    "─": "lr",
    "━": "LR",
    "│": "ud",
    "┃": "UD",
    "┼": "lrud",
    "╋": "LRUD",
    "├": "udr",
    "┤": "udl",
    "┬": "lrd",
    "┴": "lru",
    "┌": "rd",
    "┐": "ld",
    "└": "ru",
    "┘": "lu",
    "╭": "rd",
    "╮": "ld",
    "╰": "ru",
    "╯": "lu",
    "╴": "l",
    "╵": "u",
    "╶": "r",
    "╷": "d",
    "╺": "R",
    "╸": "L",
    "╹": "U",
    "╻": "D",
}
"""Arms from the middle: left, right, up, down; capitals are heavy."""


def paint(screen: pyte.Screen, *, cursor: bool = True) -> Image.Image:
    """Draw ``screen`` (rows × columns cells) as an RGB image of rows·20 × columns·10 pixels."""
    image = Image.new("RGB", (screen.columns * CELL_WIDTH, screen.lines * CELL_HEIGHT), f"#{BACKGROUND}")
    draw = ImageDraw.Draw(image)
    for row in range(screen.lines):
        for column in range(screen.columns):
            _cell(draw, column * CELL_WIDTH, row * CELL_HEIGHT, screen.buffer[row][column])
    if cursor and not screen.cursor.hidden:
        x, y = screen.cursor.x * CELL_WIDTH, screen.cursor.y * CELL_HEIGHT
        draw.rectangle((x, y, x + 1, y + CELL_HEIGHT - 1), fill=f"#{FOREGROUND}")
    return image


def _colour(name: str, default: str) -> str:
    return f"#{default}" if name == "default" else f"#{NAMED.get(name, name)}"


def _cell(draw: ImageDraw.ImageDraw, x: int, y: int, char: pyte.screens.Char) -> None:
    fg, bg = _colour(char.fg, FOREGROUND), _colour(char.bg, BACKGROUND)
    if char.reverse:
        fg, bg = bg, fg
    right, bottom = x + CELL_WIDTH - 1, y + CELL_HEIGHT - 1
    draw.rectangle((x, y, right, bottom), fill=bg)
    glyph = char.data
    if not glyph.strip():
        pass
    elif glyph in QUADRANTS:
        _quadrants(draw, x, y, QUADRANTS[glyph], fg)
    elif glyph in LOWER_EIGHTHS:
        height = round((LOWER_EIGHTHS.index(glyph) + 1) / 8 * CELL_HEIGHT)
        draw.rectangle((x, y + CELL_HEIGHT - height, right, bottom), fill=fg)
    elif glyph in LEFT_EIGHTHS:
        width = round((LEFT_EIGHTHS.index(glyph) + 1) / 8 * CELL_WIDTH)
        draw.rectangle((x, y, x + width - 1, bottom), fill=fg)
    elif glyph == "▔":
        draw.rectangle((x, y, right, y + CELL_HEIGHT // 8), fill=fg)
    elif glyph == "▕":
        draw.rectangle((right - CELL_WIDTH // 8, y, right, bottom), fill=fg)
    elif glyph in LINES:
        _lines(draw, x, y, LINES[glyph], fg)
    else:
        draw.text((x, y + 1), glyph, font=_font(char.bold), fill=fg)
    if char.underscore:
        draw.line((x, bottom - 1, right, bottom - 1), fill=fg)
    if char.strikethrough:
        draw.line((x, y + CELL_HEIGHT // 2, right, y + CELL_HEIGHT // 2), fill=fg)


def _quadrants(draw: ImageDraw.ImageDraw, x: int, y: int, bits: int, fg: str) -> None:
    half_width, half_height = CELL_WIDTH // 2, CELL_HEIGHT // 2
    for bit, dx, dy in ((8, 0, 0), (4, half_width, 0), (2, 0, half_height), (1, half_width, half_height)):
        if bits & bit:
            draw.rectangle((x + dx, y + dy, x + dx + half_width - 1, y + dy + half_height - 1), fill=fg)


def _lines(draw: ImageDraw.ImageDraw, x: int, y: int, arms: str, fg: str) -> None:
    middle_x, middle_y = x + CELL_WIDTH // 2, y + CELL_HEIGHT // 2
    ends = {
        "l": (x, middle_y),
        "r": (x + CELL_WIDTH - 1, middle_y),
        "u": (middle_x, y),
        "d": (middle_x, y + CELL_HEIGHT - 1),
    }
    for arm in arms:
        draw.line((middle_x, middle_y, *ends[arm.lower()]), fill=fg, width=3 if arm.isupper() else 1)


@functools.cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    try:
        return ImageFont.truetype(name, 16)
    except OSError as missing:
        raise SystemExit(f"{name} is not installed (Debian: apt-get install fonts-dejavu).") from missing
