"""Decodes one picture in a process of its own, under limits; run as a script, by its path.

Reads the file from descriptor ``IN``, writes pixels to descriptor ``OUT``, and tells how far it is, one fraction
a line, then about the pixels in one line of JSON, on stdout. Imports Pillow and ``net.decoder`` only: nothing here
may reach the network or the person's secrets.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
import traceback
import warnings

BAD_DATA = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, ArithmeticError, struct.error,
)  # fmt: skip
"""What Pillow raises when a file makes no sense."""
UNPACKED = "its pixels cannot be unpacked"
ORIENTATION = 0x0112
"""The EXIF tag that tells how the camera was held."""


def main() -> None:
    """Decode descriptor ``argv[1]`` into descriptor ``argv[2]``; ``argv[3]`` is the largest number of pixels."""
    source, target, most = (int(arg) for arg in sys.argv[1:4])
    guard(most, os.fstat(source).st_size)
    try:
        answer = outcome(source, target, most)
    except Exception:
        answer = {"defect": traceback.format_exc()}
    print(json.dumps(answer))


def guard(most: int, size: int = 0) -> None:
    """Limit this process: 10 s of processor time, no core dump, few files, and memory.

    Of that it has 1 GiB, or what ``most`` pixels need, and a few copies of a file of ``size`` bytes.
    """
    memory = max(1 << 30, most * 12) + 4 * size
    for name, limit in (
        ("RLIMIT_AS", memory), ("RLIMIT_CPU", 10), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", 64),
    ):  # fmt: skip
        try:
            resource.setrlimit(getattr(resource, name), (limit, limit))
        except (AttributeError, ValueError, OSError):
            # macOS has no limit of the address space, and refuses one below what is mapped already.
            continue


def outcome(source: int, target: int, most: int) -> dict[str, object]:
    """Decode, and say what came of it.

    Returns:
        ``width`` and ``height`` of the picture as stored, ``columns`` and ``rows`` of the pixels in ``target``,
        ``clear``: whether these are followed by a byte of opacity each, and are multiplied by it already,
        ``reduced``: how many pixels, each way, one of these stands for, ``turn``: the EXIF orientation, 1–8,
        which is not applied, and ``lost``, the fields of ``decoder.drawing.Lost`` by name, if not all of it is
        there. Or a ``problem`` as ``net.pictures`` names it. A defect of ours is raised, and ends the process.
    """
    warnings.simplefilter("ignore")  # an odd EXIF word is no reason to decline a picture
    try:
        return _decode(source, target, most)
    except MemoryError:
        return {"problem": "memory"}


def _decode(source: int, target: int, most: int) -> dict[str, object]:
    from PIL import Image

    from imagechat_tui.net.decoder import drawing, kinds
    from imagechat_tui.net.decoder.lost import Unfinished
    from imagechat_tui.net.decoder.page import Page

    Image.MAX_IMAGE_PIXELS = None  # the limit below is the person's own and is checked before any decoding
    with open(source, "rb", closefd=False) as file:
        data = file.read()
    start = kinds.start_of(data[: kinds.HEAD])
    data = data[start:] if start else data
    kind = kinds.kind_of(data[: kinds.HEAD])
    format_ = drawing.FORMATS.get(kind)
    if format_ is None:
        return {"problem": "not-an-image", "detail": kind}
    try:
        found = format_.read(data)
    except Unfinished as error:
        if not error.cut:
            return {"problem": "not-an-image", "detail": f"{kind}-without-picture"}
        return {"problem": "cut-off", "detail": format_.name}
    del data  # what is needed of it was taken
    if found is None:
        return {"problem": "corrupt", "detail": f"{format_.name}: its header makes no sense"}
    odd = getattr(found, "odd", "")
    if odd:
        return {"problem": "odd-kind", "detail": f"{format_.name} {odd}"}
    (width, height), reduced = found.size, 1
    if not (width and height):
        return {"problem": "corrupt", "detail": f"{format_.name}: it has no size"}
    # Only a JPEG can be decoded smaller than it is, which takes memory for the smaller one alone.
    for reduced in (1, 2, 4, 8) if kind == "jpeg" else (1,):
        if -(-width // reduced) * -(-height // reduced) <= most:
            break
    else:
        return {"problem": "too-many-pixels", "width": width, "height": height}
    page = Page(target)
    try:
        drawn = format_.draw(found, page, reduced)
    except Unfinished as error:
        if error.cut:
            return {"problem": "cut-off", "detail": format_.name}
        return {"problem": "corrupt", "detail": f"{format_.name}: {UNPACKED}"}
    except BAD_DATA:
        return {"problem": "corrupt", "detail": f"{format_.name}: {UNPACKED}"}
    clear = page.write(drawn)
    return {
        "width": width, "height": height, "columns": drawn.canvas[0], "rows": drawn.canvas[1],
        "clear": clear, "reduced": reduced, "turn": _turn(getattr(found, "exif", b"")),
        "lost": drawn.lost and drawn.lost._asdict(),
    }  # fmt: skip


def _turn(exif: bytes) -> int:
    from PIL import Image

    try:
        camera = Image.Exif()
        camera.load(exif)
        orientation = camera.get(ORIENTATION, 1)
    except Exception:  # whatever is wrong with it, the picture itself has been decoded
        return 1
    return orientation if orientation in range(1, 9) else 1


if __name__ == "__main__":
    main()
