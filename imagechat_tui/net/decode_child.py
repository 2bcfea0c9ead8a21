"""Decodes one picture in a process of its own, under limits; run as a script, by its path.

Reads the file from descriptor ``IN``, writes RGB bytes to descriptor ``OUT``, tells about them in one line of
JSON on stdout. Imports Pillow only: nothing here may reach the network or the person's secrets.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
GROUND = (128, 128, 128)
"""What shows through where a picture is transparent."""


def main() -> None:
    """Decode descriptor ``argv[1]`` into descriptor ``argv[2]``; ``argv[3]`` is the largest number of pixels."""
    source, target, most = (int(arg) for arg in sys.argv[1:4])
    memory = max(1 << 30, most * 12)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    warnings.simplefilter("error")
    try:
        answer = _decode(source, target, most)
    except MemoryError:
        answer = {"problem": "memory"}
    except Exception as error:
        answer = {"problem": "corrupt", "detail": type(error).__name__}
    sys.stdout.write(json.dumps(answer))


def _decode(source: int, target: int, most: int) -> dict[str, object]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # the limit below is the person's own and is checked before any decoding
    with open(source, "rb", closefd=False) as file:
        try:
            image: Image.Image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError:
            file.seek(0)
            known = file.read(12).startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM"))
            return {"problem": "corrupt" if known else "not-an-image"}
        width, height = image.size
        if width * height > most:
            return {"problem": "too-many-pixels", "width": width, "height": height}
        image = ImageOps.exif_transpose(image)
        rgb = _flat(image)
    with open(target, "wb", closefd=False) as out:
        out.truncate(rgb.width * rgb.height * 3)
        for top in range(0, rgb.height, 256):
            bottom = min(rgb.height, top + 256)
            out.write(rgb.crop((0, top, rgb.width, bottom)).tobytes())
    return {"width": rgb.width, "height": rgb.height}


def _flat(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode == "RGB" and "transparency" not in image.info:
        image.load()
        return image
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
