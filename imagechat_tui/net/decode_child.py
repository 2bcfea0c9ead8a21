"""Decodes one picture in a process of its own, under limits; run as a script, by its path.

Reads the file from descriptor ``IN``, writes RGB bytes to descriptor ``OUT``, and tells how far it is, one fraction
a line, then about the pixels in one line of JSON, on stdout. Imports Pillow only: nothing here may reach the
network or the person's secrets.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import sys
import warnings
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from PIL import Image, ImageFile

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
GROUND = (128, 128, 128)
"""What shows through where a picture is transparent."""
BAND = 256
"""Rows converted and written at once: no second copy of the picture is ever made."""
ORIENTATION = 0x0112
"""The EXIF tag that tells how the camera was held."""


class Watched:
    """A file that tells on stdout how much of it has been read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = max(1, os.fstat(file.fileno()).st_size)
        self._told = 0.0
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """As a file does."""
        data = self._file.read(size)
        if len(data) >= 4096:  # headers are read in small pieces
            done = min(1.0, self._file.tell() / self._size)
            if done >= self._told + 0.02:
                self._told = done
                print(f"{done:.2f}", flush=True)
        return data


def main() -> None:
    """Decode descriptor ``argv[1]`` into descriptor ``argv[2]``; ``argv[3]`` is the largest number of pixels."""
    source, target, most = (int(arg) for arg in sys.argv[1:4])
    guard(most)
    print(json.dumps(outcome(source, target, most)))


def guard(most: int) -> None:
    """Limit this process: 1 GiB or what ``most`` pixels need, 10 s of processor time, no core dump, few files."""
    memory = max(1 << 30, most * 12)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def outcome(source: int, target: int, most: int) -> dict[str, object]:
    """Decode, and say what came of it.

    Returns:
        ``width`` and ``height`` of the picture as stored, ``columns`` and ``rows`` of the pixels in ``target``,
        ``reduced``: how many pixels, each way, one of these stands for, and ``turn``: the EXIF orientation, 1–8,
        which is not applied. Or a ``problem`` as ``net.pictures`` names it.
    """
    warnings.simplefilter("ignore")  # an odd EXIF word is no reason to decline a picture
    try:
        return _decode(source, target, most)
    except MemoryError:
        return {"problem": "memory"}
    except Exception as error:
        return {"problem": "corrupt", "detail": type(error).__name__}


def _decode(source: int, target: int, most: int) -> dict[str, object]:
    from PIL import Image, ImageFile, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # the limit below is the person's own and is checked before any decoding
    with open(source, "rb", closefd=False) as file:
        try:
            image = Image.open(cast("IO[bytes]", Watched(file)), formats=FORMATS)
        except UnidentifiedImageError:
            file.seek(0)
            known = file.read(12).startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM"))
            return {"problem": "corrupt" if known else "not-an-image"}
        width, height = image.size
        # Only a JPEG can be decoded smaller than it is, which takes memory for the smaller one alone.
        for reduced in (1, 2, 4, 8) if image.format == "JPEG" else (1,):
            if -(-width // reduced) * -(-height // reduced) <= most:
                break
        else:
            return {"problem": "too-many-pixels", "width": width, "height": height}
        if reduced > 1:
            image.draft(image.mode, (width // reduced, height // reduced))
        if (
            image.mode == "RGB"
            and "transparency" not in image.info
            and isinstance(image, ImageFile.ImageFile)
        ):
            _in_place(image, target)
        else:
            _in_bands(image, target)
        columns, rows = image.size
        return {
            "width": width, "height": height, "columns": columns, "rows": rows,
            "reduced": reduced, "turn": _turn(image),
        }  # fmt: skip


def _turn(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # whatever is wrong with it, the picture itself has been decoded
        return 1
    return orientation if orientation in range(1, 9) else 1


def _in_place(image: ImageFile.ImageFile, target: int) -> None:
    """Have Pillow decode into ``target`` itself, then close the gaps that it leaves: four bytes a pixel, not three.

    This is half the memory of decoding and then copying. Should Pillow stop using an image that it is given, the
    pixels are where they usually are, and are copied.
    """
    from PIL import Image

    columns, rows = image.size
    os.ftruncate(target, columns * rows * 4)
    memory = mmap.mmap(target, columns * rows * 4)
    buffer = cast("bytearray", memory)  # what Pillow asks for is a buffer
    canvas = Image.frombuffer("RGBX", (columns, rows), buffer, "raw", "RGBX", 0, 1)
    image.im = canvas.im
    image.load()
    if image.im is not canvas.im:
        _in_bands(image, target)
        return
    for top in range(0, rows, BAND):
        bottom = min(rows, top + BAND)
        # Read before it is written: the narrower rows end where the next wide ones have not begun.
        band = canvas.crop((0, top, columns, bottom)).tobytes("raw", "RGB")
        memory[top * columns * 3 : bottom * columns * 3] = band
    os.ftruncate(target, columns * rows * 3)


def _in_bands(image: Image.Image, target: int) -> None:
    """Convert and write the picture, some rows at a time."""
    image.load()
    columns, rows = image.size
    with open(target, "wb", closefd=False) as out:
        out.truncate(columns * rows * 3)
        for top in range(0, rows, BAND):
            band = image.crop((0, top, columns, min(rows, top + BAND)))
            out.write(_flat(band).tobytes())


def _flat(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        # 16 bits a pixel: its upper byte. Pillow would cut off what is above 255.
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*GROUND, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


if __name__ == "__main__":
    main()
