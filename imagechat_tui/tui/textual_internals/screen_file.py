"""The terminal as a file for Textual's thread that writes to it, which ends with the first error it meets.

The queue before that thread holds 30 writes. With nobody who empties it, the event loop waits for ever in the next.
"""

from __future__ import annotations

import os
import select
from typing import Final

TOGETHER: Final = 1 << 16
"""Bytes at most that wait for a flush."""


class ScreenFile:
    """Text goes out in UTF-8. It never fails: what a terminal that is gone does not take is for nobody else.

    Args:
        number: the terminal's descriptor.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._waiting = bytearray()
        self._gone = False

    def fileno(self) -> int:
        """The terminal's descriptor."""
        return self._number

    def write(self, text: str) -> None:
        """Have a text go out, now or with the next flush."""
        self._waiting += text.encode("utf-8", "replace")
        if len(self._waiting) >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Have everything go out that was written, however long the terminal takes."""
        left = memoryview(bytes(self._waiting))
        self._waiting.clear()
        while left and not self._gone:
            try:
                left = left[os.write(self._number, left) :]
            except BlockingIOError:
                # Another program on the same terminal has it never block: the setting is shared.
                select.select((), (self._number,), ())
            except OSError:
                self._gone = True
