"""The memory that a decoded picture is written to, a band of rows at a time."""

from __future__ import annotations

import io
import mmap
import os
from typing import IO, TYPE_CHECKING, cast

from imagechat_tui.net.decoder.drawing import BAND, colors

if TYPE_CHECKING:
    from PIL import Image

    from imagechat_tui.net.decoder.drawing import Drawing


class Watched:
    """A file that tells on stdout how much of it has been read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = max(1, size)
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


class Page:
    """The descriptor that pixels are written to: loads pictures for it, and then writes one."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._memory: mmap.mmap | None = None
        self._placed: Image.Image | None = None

    def open(self, data: bytes, format_: str) -> Image.Image:
        """A picture of a file, not loaded yet."""
        from PIL import Image

        file = cast("IO[bytes]", Watched(io.BytesIO(data), len(data)))
        return Image.open(file, formats=(format_,))

    def load(self, image: Image.Image, *, final: bool) -> None:
        """Load a picture, right into its place if nothing is done with it afterwards but writing it.

        Pillow decodes into memory that it is given: this is half the memory of decoding and then copying.
        """
        from PIL import Image

        if not final or image.mode != "RGB" or "transparency" in image.info:
            image.load()
            return
        columns, rows = image.size
        os.ftruncate(self._target, columns * rows * 4)
        self._memory = mmap.mmap(self._target, columns * rows * 4)
        buffer = cast("bytearray", self._memory)  # what Pillow asks for is a buffer
        canvas = Image.frombuffer("RGBX", (columns, rows), buffer, "raw", "RGBX", 0, 1)
        image.im = canvas.im
        try:
            image.load()
        except BaseException:
            self._memory = None
            os.ftruncate(self._target, 0)
            raise
        self._placed = image

    def write(self, drawn: Drawing) -> bool:
        """Write a picture on its canvas; whether it is transparent somewhere."""
        if drawn.image is self._placed and drawn.image.mode == "RGB":
            self._close_gaps(drawn.image)
            return False
        return self._write_bands(drawn)

    def _close_gaps(self, image: Image.Image) -> None:
        """Pillow leaves four bytes a pixel, and three are wanted.

        Should it stop using an image that it is given, the pixels are where they usually are, and are copied.
        """
        assert self._memory is not None
        columns, rows = image.size
        for top in range(0, rows, BAND):
            bottom = min(rows, top + BAND)
            # What is written ends before what is read next: three bytes a pixel where the next ones have not begun.
            band = image.crop((0, top, columns, bottom)).tobytes("raw", "RGB")
            self._memory[top * columns * 3 : bottom * columns * 3] = band
        os.ftruncate(self._target, columns * rows * 3)

    def _write_bands(self, drawn: Drawing) -> bool:
        """Convert and write the picture, some rows at a time."""
        from PIL import Image

        columns, rows = drawn.canvas
        image, whole = drawn.image, drawn.image.size == drawn.canvas
        clear = not whole or "A" in image.mode or "a" in image.mode or "transparency" in image.info
        os.ftruncate(self._target, columns * rows * (4 if clear else 3))
        seen = False
        for top in range(0, rows, BAND):
            bottom = min(rows, top + BAND)
            if whole:
                band = image.crop((0, top, columns, bottom))
            else:
                band = Image.new("RGBA", (columns, bottom - top))
                left, above = drawn.at
                first, last = max(top, above), min(bottom, above + image.height)
                if first < last:
                    part = image.crop((0, first - above, image.width, last - above))
                    part.info = image.info
                    band.paste(_rgba(part), (left, first - top))
            if not clear:
                _put(self._target, colors(band).tobytes(), top * columns * 3)
                continue
            band.info = image.info if whole else {}
            layer = _rgba(band)
            alpha = layer.getchannel("A")
            seen = seen or alpha.getextrema() != (255, 255)
            black = Image.new("RGB", layer.size)
            black.paste(layer.convert("RGB"), (0, 0), alpha)
            _put(self._target, black.tobytes(), top * columns * 3)
            _put(self._target, alpha.tobytes(), columns * rows * 3 + top * columns)
        if clear and not seen:
            os.ftruncate(self._target, columns * rows * 3)
        return seen


def _put(target: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(target, view, at)
        view, at = view[written:], at + written


def _rgba(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGBA" else image.convert("RGBA")
