"""The picture in pixels, where the terminal takes it so: handed over once, shown through cells that name its parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from imagechat_tui.raster.kitty import handover, removal
from imagechat_tui.tui.picture.frame import Pixels

IMAGE_ID: Final = 0x690000 | os.getpid() & 0xFFFF
"""By which a terminal that takes pixels knows ours; other programs in it have theirs."""
BESIDE_ID: Final = 0x6A0000 | os.getpid() & 0xFFFF
"""As above, of the picture beside it."""


class TerminalImage:
    """What the terminal has of the picture in pixels."""

    def __init__(self, write: Callable[[str], None], image_id: int = IMAGE_ID) -> None:
        """Nothing yet; ``write`` sends to the terminal, which knows the picture by ``image_id``."""
        self._write = write
        self.id = image_id
        self._pixels: Pixels | None = None

    def show(self, pixels: Pixels | None, *, again: bool = False) -> None:
        """Have the terminal show these, if it does not yet; None: it needs none any more."""
        if pixels is not None and (again or pixels is not self._pixels):
            self._write(handover(self.id, pixels.data, pixels.size, pixels.cells))
        self._pixels = pixels

    def remove(self) -> None:
        """Let the terminal forget them."""
        if self._pixels is not None:
            self._write(removal(self.id))
            self._pixels = None
