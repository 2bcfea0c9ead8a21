"""Pictures in pixels for terminals with kitty's graphics protocol, by Unicode placeholders.

A picture is handed over once and then drawn by text: each cell of it is a placeholder whose foreground names
the picture and whose two combining marks name the row and the column of the part to show there. So whatever is
written over a cell hides that part and no other, and every part comes back with its cell.

Source: the protocol's "Unicode placeholders" (kitty 0.28 or later, Ghostty).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from typing import Final

PLACEHOLDER: Final = "\U0010eeee"

MOST_CELLS: Final = 297
"""Rows or columns at most: so many marks there are."""

CHUNK: Final = 4096
"""Bytes of base64 in one command at most."""

PIECE: Final = 4 * CHUNK
"""Bytes of base64 that are sent at once at most."""

EFFORT: Final = 3
"""Of zlib, 0-9: beyond it a screenshot gets hardly smaller, and takes twice as long."""

_MARKS: Final = """
0305 030D-030E 0310 0312 033D-033F 0346 034A-034C 0350-0352 0357 035B 0363-036F 0483-0487 0592-0595 0597-0599
059C-05A1 05A8-05A9 05AB-05AC 05AF 05C4 0610-0617 0657-065B 065D-065E 06D6-06DC 06DF-06E2 06E4 06E7-06E8
06EB-06EC 0730 0732-0733 0735-0736 073A 073D 073F-0741 0743 0745 0747 0749-074A 07EB-07F1 07F3 0816-0819
081B-0823 0825-0827 0829-082D 0951 0953-0954 0F82-0F83 0F86-0F87 135D-135F 17DD 193A 1A17 1A75-1A7C 1B6B
1B6D-1B73 1CD0-1CD2 1CDA-1CDB 1CE0 1DC0-1DC1 1DC3-1DC9 1DCB-1DCC 1DD1-1DE6 1DFE 20D0-20D1 20D4-20D7 20DB-20DC
20E1 20E7 20E9 20F0 2CEF-2CF1 2DE0-2DFF A66F A67C-A67D A6F0-A6F1 A8E0-A8F1 AAB0 AAB2-AAB3 AAB7-AAB8 AABE-AABF
AAC1 FE20-FE26 10A0F 10A38 1D185-1D189 1D1AA-1D1AD 1D242-1D244
"""
"""The marks above a letter that Unicode 6.0 has and that no normalisation touches, in order: 0, 1, 2 ..."""


@cache
def marks() -> str:
    """The combining mark of each number."""
    ranges = (part.partition("-") for part in _MARKS.split())
    return "".join(
        chr(code) for first, _, last in ranges for code in range(int(first, 16), int(last or first, 16) + 1)
    )


def cells_text(image_id: int, row: int, column: int, count: int, ground: int) -> str:
    """Placeholders of ``count`` parts of a row from ``column`` on, on a ground of ``0xRRGGBB``, and a reset.

    Each names its own place: a neighbour may be overwritten at any time.
    """
    signs = marks()
    beginning = PLACEHOLDER + signs[row]
    ink, paper = (f"{color >> 16};{color >> 8 & 255};{color & 255}" for color in (image_id, ground))
    cells = "".join(beginning + mark for mark in signs[column : column + count])
    return f"\x1b[38;2;{ink};48;2;{paper}m{cells}\x1b[0m"


def pieces(
    image_id: int, data: bytes, size: tuple[int, int], *, png: bool, most: int = PIECE
) -> Iterator[str]:
    """The commands that hand a picture over, in place of the one before it; text may stand between two pieces.

    Args:
        image_id: 1–0xFFFFFF, by which the terminal knows it.
        data: a PNG file, or the pixels as RGB, packed by zlib.
        size: pixels across and down.
        png: which of the two it is.
        most: bytes of base64 in a piece; at least a command's are.
    """
    text = b64encode(data).decode()
    form = "f=100" if png else f"f=24,o=z,s={size[0]},v={size[1]}"
    # q=2: no answers, they would come as keys.
    keys = f"a=t,{form},t=d,i={image_id},q=2"
    step = max(CHUNK, most // CHUNK * CHUNK)
    for start in range(0, len(text), step):
        commands = []
        for chunk in range(start, min(len(text), start + step), CHUNK):
            more = int(chunk + CHUNK < len(text))
            commands.append(f"\x1b_G{keys},m={more};{text[chunk : chunk + CHUNK]}\x1b\\")
            keys = "q=2"
        yield "".join(commands)


BREAK_OFF: Final = "\x1b_Gq=2,m=0;\x1b\\"
"""Ends a picture of which pieces are missing: until then no other command is taken."""


def placement(image_id: int, cells: tuple[int, int]) -> str:
    """The command that lays a picture out in so many columns and rows, to be shown by placeholders."""
    return f"\x1b_Ga=p,U=1,i={image_id},p=1,c={cells[0]},r={cells[1]},q=2\x1b\\"


def removal(image_id: int) -> str:
    """The command that makes the terminal forget a picture."""
    return f"\x1b_Ga=d,d=I,i={image_id},q=2\x1b\\"
