"""Pixels of a picture in memory that processes share."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.image import Picture

    Pixels = NDArray[np.uint8]


def new_memory() -> int:
    """A descriptor of a file without a name, which is gone once it is closed."""
    try:
        return os.memfd_create("imagechat", os.MFD_CLOEXEC)
    except (AttributeError, OSError):
        # Not everywhere: on Linux alone, and not where a sandbox forbids it.
        import tempfile

        descriptor, path = tempfile.mkstemp(prefix="imagechat-")
        os.unlink(path)  # noqa: PTH108 (as mkstemp gives it)
        return descriptor


class PixelMemory:
    """A descriptor of pixels as the decoder lays them: the colours, then the opacity if there is any.

    It is closed when nothing knows of the object any more.
    """

    def __init__(self, descriptor: int, columns: int, rows: int, *, clear: bool, turn: int = 1) -> None:
        """Take a descriptor over.

        Args:
            descriptor: of ``rows`` × ``columns`` × 3 bytes, then × 1 more if ``clear``.
            columns: pixels across, as they lie there.
            rows: pixels down.
            clear: whether not all of them are opaque.
            turn: the EXIF orientation, 1–8, which is not applied.
        """
        self.descriptor = descriptor
        self.columns, self.rows, self.clear, self.turn = columns, rows, clear, turn

    def __del__(self) -> None:
        os.close(self.descriptor)

    @classmethod
    def of(cls, picture: Picture) -> PixelMemory:
        """What a picture's pixels lie in; a copy of them, if they lie nowhere that can be shared."""
        if isinstance(picture.memory, cls):
            return picture.memory
        rows, columns = picture.pixels.shape[:2]
        made = cls(new_memory(), columns, rows, clear=picture.opacity is not None)
        for layer in (picture.pixels, picture.opacity):
            if layer is not None:
                view = memoryview(layer.tobytes())
                while view:
                    view = view[os.write(made.descriptor, view) :]
        return made

    @property
    def size(self) -> int:
        """In bytes."""
        return self.columns * self.rows * (4 if self.clear else 3)

    @property
    def told(self) -> tuple[int, int, int, int, int]:
        """What another process needs to know: the arguments, in order."""
        return self.descriptor, self.columns, self.rows, int(self.clear), self.turn

    def layers(self) -> tuple[Pixels, Pixels | None]:
        """Rows × columns × 3, and × 1 if ``clear``, as the camera was held: the memory itself, for reading."""
        import numpy as np

        count = self.columns * self.rows
        array = np.frombuffer(mmap.mmap(self.descriptor, self.size, prot=mmap.PROT_READ), dtype=np.uint8)
        color = _turned(array[: count * 3].reshape(self.rows, self.columns, 3), self.turn)
        if not self.clear:
            return color, None
        return color, _turned(array[count * 3 :].reshape(self.rows, self.columns), self.turn)


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """The pixels as the camera was held, by the EXIF word: the same memory, read in another order."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
